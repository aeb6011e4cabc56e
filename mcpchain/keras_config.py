"""What the configuration of a Keras model makes a loader import or run.

The same JSON stands in the zip of Keras 3 and in an attribute of the HDF5 of Keras 2.
A loader imports each `module` that it names, whatever it is (CVE-2025-1550), runs the
bytecode of a Lambda, and finds functions of Keras that open files (CVE-2025-8747).
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from mcpchain.inventory import Collector, State
from mcpchain.json_objects import every_object
from mcpchain.tree import UnreadableError

_DISTINCT: Final = 1_000
_KEPT: Final = 140
"""Limits: names that are told, and their characters."""
_STEPS: Final = re.compile(r"[.>]")
_CODE: Final = frozenset({"Lambda", "__lambda__"})
_REACHING: Final = frozenset(
    {"FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"}
)
"""Layers of Keras that load what another library saved."""
_TABLES: Final = frozenset(
    {"IndexLookup", "IntegerLookup", "StringLookup", "TextVectorization"}
)
"""Layers of Keras that open a file if their vocabulary is a path."""
_TOOLS: Final = frozenset({"config", "datasets", "export", "saving", "utils"})
"""Parts of Keras that no model is made of."""
_TOOLS_SAVED: Final = frozenset({"Cross", "Feature", "FeatureSpace"})
"""What models are made of there all the same."""


@dataclass(slots=True)
class KerasConfig:
    """What was read so far."""

    architecture: str | None = None
    imports: set[str] = field(default_factory=set)
    """`module.name` of what does not belong to Keras, or is no part of a model."""
    operators: set[str] = field(default_factory=set)
    """Layers that hold code, or reach out of the model: `Lambda`."""

    def read(self, data: bytes, found: Collector, *, source: str) -> None:
        """Read one configuration, a JSON document.

        Args:
            data: The document.
            found: Gets a gap for what two readers may take differently.
            source: The file that it stands in.

        Raises:
            MalformedError: It is no JSON object.
            UnreadableError: It is more than is read.
        """
        for count, each in enumerate(every_object(data, found, source=source)):
            name = each.get("class_name")
            if not count and self.architecture is None and isinstance(name, str):
                self.architecture = _shown(name)
            self._object(each)
            if len(self.imports) + len(self.operators) > _DISTINCT:
                raise UnreadableError(
                    source,
                    f"more than we read: {_DISTINCT:,} names to import",
                    State.LIMIT,
                    hint="check where the file comes from",
                )

    def _object(self, value: dict[str, Any]) -> None:
        """Read what may describe a layer, a function, or another part."""
        name = value.get("class_name")
        if not isinstance(name, str):
            return
        module, registered = value.get("module"), value.get("registered_name")
        inner = value.get("config")
        if name == "function" and isinstance(inner, str):
            name = inner
        elif name == "__typespec__" and isinstance(value.get("spec_name"), str):
            name = value["spec_name"]
        own = not isinstance(module, str) or module.partition(".")[0] == "keras"
        steps = _STEPS.split(f"{module}.{name}" if isinstance(module, str) else name)
        leaves = {steps[-1]}
        if isinstance(registered, str):
            leaves.add(_STEPS.split(registered)[-1])
        if not own:
            self.imports.add(_shown(f"{module}.{name}"))
        elif not _TOOLS.isdisjoint(steps[:-1]) and steps[-1] not in _TOOLS_SAVED:
            self.imports.add(_shown(".".join(steps)))
        elif isinstance(registered, str) and _custom(registered):
            self.imports.add(_shown(registered))
        elif _custom(name):
            self.imports.add(_shown(name))
        self._reaches(leaves, inner)

    def _reaches(self, leaves: set[str], inner: object) -> None:
        if leaves & _CODE:
            self.operators.add("Lambda")
        self.operators |= leaves & _REACHING
        if isinstance(inner, dict) and isinstance(inner.get("vocabulary"), str):
            self.operators |= leaves & _TABLES


def _custom(name: str) -> bool:
    """Say whether *name* is one that somebody registered, as in `package>name`."""
    package, sign, _ = name.partition(">")
    return bool(sign) and package.partition(".")[0] != "keras"


def _shown(name: str) -> str:
    return name[:_KEPT].encode("utf-8", "backslashreplace").decode()
