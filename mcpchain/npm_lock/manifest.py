"""The `package.json` beside a lock, for what some locks leave out."""

from collections.abc import Iterator
from typing import Final

from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.npm_lock.name import is_name
from mcpchain.tree import File, UnreadableError

_BYTES: Final = 4 << 20
_TOTAL: Final = 32 << 20
"""How many bytes are read of one manifest, and of all beside one lock."""
KINDS: Final = (
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
)
"""The members of a manifest that name packages."""


class Manifests:
    """The manifests of a project and its members, each read once.

    Args:
        lock: The file beside which they are.
    """

    def __init__(self, lock: File) -> None:
        self._lock = lock
        self._known: dict[str, Node | None] = {}
        self._bytes = _TOTAL

    def at(self, folder: str = "") -> Node | None:
        """Return the manifest in *folder*, seen from that of the lock.

        `None`: there is none that can be read, or too many were. A broken one has its
        gap elsewhere.
        """
        if folder not in self._known:
            self._known[folder] = self._read(folder)
        return self._known[folder]

    def _read(self, folder: str) -> Node | None:
        path = f"{folder}/package.json" if folder else "package.json"
        try:
            file = self._lock.beside(path)
            data = file.read(min(_BYTES, self._bytes))
            self._bytes -= len(data)
            node = Node.from_json(data, source=file.path)
        except (UnreadableError, MalformedError):
            return None
        return node if node.is_object() else None


def own_name(manifest: Node | None, default: str) -> str:
    """Return the name that *manifest* gives its package, if it gives it one."""
    value = manifest.value.get("name") if manifest is not None else None
    return value if isinstance(value, str) and is_name(value) else default


def own_version(manifest: Node | None) -> str | None:
    """Return the version that *manifest* gives its package."""
    value = manifest.value.get("version") if manifest is not None else None
    return value if isinstance(value, str) else None


def declared(manifest: Node | None) -> Iterator[tuple[str, str, str]]:
    """Yield (name, kind, specification) of each package that *manifest* asks for.

    What is not of the right type has its gap elsewhere.
    """
    for kind in KINDS if manifest is not None else ():
        members = manifest.value.get(kind) if manifest is not None else None
        for name, text in members.items() if isinstance(members, dict) else ():
            if isinstance(text, str):
                yield name, kind, text
