"""A model file that runs code when it is loaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.component import ModelFacts
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsafeModelFormat:
    """A model is stored in a format that can run code when it is loaded.

    Why it matters: a pickle is a program. Whoever can write the file runs commands on
    every machine that loads it, and `weights_only` loading has been broken before
    (CVE-2025-32434, CVE-2026-24747).

    Use instead: safetensors or GGUF from whoever made the model. To convert it means
    to load it: do that once, on a machine that holds nothing and can be thrown away,
    and ship the converted file. A waiver names the file by its purl, which holds its
    digest: the JSON report tells it.

    Formats of graphs are no programs, but have doors: a Lambda layer of Keras holds
    Python bytecode, and an operator of TensorFlow calls Python or opens files.

    Variants: a format that was recognised by content, `pickle`, `torch-zip`,
    `torch-legacy`, `joblib`, `numpy-object`, `nemo`; and what was found inside another:
        keras-lambda: a layer that holds code.
        keras-import: layers that name classes of other libraries than Keras.
        graph-python: an operator that calls Python.
        graph-file: an operator or layer that reaches files or the network by itself.
        pt2-native: compiled code in an exported program.
    """

    id: ClassVar[str] = "unsafe-model-format"
    variants: ClassVar[Mapping[str, Level]] = {
        "pickle": Level.DENY,
        "torch-zip": Level.DENY,
        "torch-legacy": Level.DENY,
        "joblib": Level.DENY,
        "numpy-object": Level.DENY,
        "nemo": Level.DENY,
        "keras-lambda": Level.DENY,
        "keras-import": Level.DENY,
        "graph-python": Level.DENY,
        "graph-file": Level.DENY,
        "pt2-native": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if the case is a model in such a format."""
        facts = case.component.facts
        if not isinstance(facts, ModelFacts):
            return
        if facts.format in self.variants:
            yield self._found(
                case,
                facts.format,
                f"is {facts.format}, which can run code when it is loaded"
                + _listed("; loading it imports", facts.imports),
            )
        for variant, what in _inside(facts):
            yield self._found(case, variant, what)

    def _found(self, case: Case, variant: str, what: str) -> Finding:
        return Finding(
            rule=self.id,
            variant=variant,
            about=case.component,
            message=f"`{case.component.name}` {what}",
            hint="do not load it to find out; get safetensors from its maker, or "
            "convert it on a machine that can be thrown away",
        )


def _inside(facts: ModelFacts) -> Iterator[tuple[str, str]]:
    """Yield each door in a graph that is no program itself."""
    operators = frozenset(facts.operators)
    if facts.format in _KERAS and _LAMBDA in operators:
        yield "keras-lambda", "has a Lambda layer, which holds code that loading runs"
    if facts.format in _KERAS and facts.imports:
        yield "keras-import", "is made of" + _listed("", facts.imports)
    if facts.format in _KERAS:
        python = sorted(operators & _PYTHON)
        # One that somebody registered, `acme>Fused`, needs code that is not here.
        rest = operators - _PYTHON - {_LAMBDA}
        files = sorted(each for each in rest if ">" not in each)
        if python:
            yield "graph-python", "calls Python" + _listed(" by", tuple(python))
        if files:
            what = "reaches files or the network"
            yield "graph-file", what + _listed(" by", tuple(files))
    if facts.format == "pt2" and facts.remote_code:
        yield "pt2-native", "has native code" + _listed(":", facts.remote_code)


def _listed(before: str, names: tuple[str, ...]) -> str:
    if not names:
        return ""
    shown = ", ".join(f"`{each}`" for each in names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{before} {shown}" + (f" and {more} more" if more > 0 else "")


_LAMBDA: Final = "Lambda"
_KERAS: Final = frozenset({"keras", "hdf5", "saved-model"})
_PYTHON: Final = frozenset({"EagerPyFunc", "PyFunc", "PyFuncStateless"})
_SHOWN: Final = 5

RULE: Final[type[Rule]] = UnsafeModelFormat
