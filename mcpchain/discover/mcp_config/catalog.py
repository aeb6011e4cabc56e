"""The catalogue in which Docker's toolkit finds the servers that a user chose.

`registry.yaml` only names them; the image of each stands in `catalogs/docker-mcp.yaml`.
"""

from typing import Final

from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.tree import File, UnreadableError

_CATALOG: Final = "catalogs/docker-mcp.yaml"


class Catalog:
    """What is known of each server by its name.

    Args:
        file: The file that names servers. The catalogue lies beside it, or nowhere.
    """

    def __init__(self, file: File) -> None:
        self._registry: Node | None = None
        try:
            other = file.beside(_CATALOG)
            document = Node.from_yaml(other.read(), source=other.path)
            registry = document.at("registry")
        except (MalformedError, UnreadableError):
            return
        if registry.is_object():
            self._registry = registry

    def entry(self, name: str, chosen: Node) -> Node | None:
        """Return what the catalogue says of *name*, unless *chosen* means another."""
        other = chosen.at("ref").value if chosen.is_object() else None
        if other or self._registry is None or name not in self._registry:
            return None
        known = self._registry.at(name)
        if not known.is_object() or known.problem:
            return None
        remote = known.at("remote")
        return remote if remote.is_object() and "image" not in known else known
