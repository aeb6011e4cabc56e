"""What a version of CycloneDX has a place for, one member at a time."""

from collections.abc import Callable
from typing import Any, Final

from mcpchain.bom import schemas
from mcpchain.bom.validate import part_problems, validator

_Object = dict[str, Any]
_COMPONENT: Final = {"type": "library", "name": "x"}
_SERVICE: Final = {"name": "x"}


class Fits:
    """Says what a document of one version can hold.

    Args:
        version: The version of the specification.
    """

    def __init__(self, version: str) -> None:
        self._version = version

    def component(self, entry: _Object) -> bool:
        """Say whether *entry* can be a component; what it lacks does not matter."""
        return self._part("component", _COMPONENT | entry)

    def service(self, entry: _Object) -> bool:
        """Say whether *entry* can be a service; what it lacks does not matter."""
        return self._part("service", _SERVICE | entry)

    def metadata(self, members: _Object) -> bool:
        """Say whether *members* can stand in `metadata`."""
        return self.document({"metadata": members})

    def document(self, members: _Object) -> bool:
        """Say whether *members* can stand at the top of a document."""
        head = {"bomFormat": "CycloneDX", "specVersion": self._version, "version": 1}
        return self._valid(validator(self._version), head | members)

    def _part(self, name: str, entry: _Object) -> bool:
        if not self._valid(validator(self._version, name), entry):
            return False
        return next(iter(part_problems("", entry)), None) is None

    def _valid(self, check: Any, value: _Object) -> bool:  # noqa: ANN401 - imported late
        try:
            return bool(check.is_valid(value))
        except ValueError:
            # Numbers and text that no JSON document holds.
            return False


def fitting(fits: Callable[[_Object], bool], key: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return *value*, or as much of it as fits under *key*; `None` for nothing.

    Of a list, the elements that fit are enough.
    """
    if value is None or fits({key: value}):
        return value
    if not isinstance(value, list):
        return None
    kept = [each for each in value if fits({key: [each]})]
    return kept if kept and fits({key: kept}) else None


VERSIONS: Final = schemas.VERSIONS[-2:]
"""The versions that we write."""
