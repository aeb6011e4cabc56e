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

    Variants: the format that was recognised by content: `pickle`, `torch-zip`,
    `torch-legacy`, `joblib`, `numpy-object`.
    """

    id: ClassVar[str] = "unsafe-model-format"
    variants: ClassVar[Mapping[str, Level]] = {
        "pickle": Level.DENY,
        "torch-zip": Level.DENY,
        "torch-legacy": Level.DENY,
        "joblib": Level.DENY,
        "numpy-object": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if the case is a model in such a format."""
        facts = case.component.facts
        if isinstance(facts, ModelFacts) and facts.format in self.variants:
            names = ", ".join(f"`{each}`" for each in facts.imports[:_SHOWN])
            more = len(facts.imports) - _SHOWN
            names += f" and {more} more" if more > 0 else ""
            imports = f"; loading it imports {names}" if names else ""
            yield Finding(
                rule=self.id,
                variant=facts.format,
                about=case.component,
                message=f"`{case.component.name}` is {facts.format}, which can run "
                f"code when it is loaded{imports}",
                hint="do not load it to find out; get safetensors from its maker, or "
                "convert it on a machine that can be thrown away",
            )


_SHOWN: Final = 5

RULE: Final[type[Rule]] = UnsafeModelFormat
