"""Files that name components in a format which mcpchain does not read.

Passing over a lock file in silence would read as if there were nothing in it.
"""

import re
from collections.abc import Mapping
from typing import ClassVar, Final

from mcpchain.component import Location
from mcpchain.discover import Discoverer
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.tree import File, UnreadableError

_EXPORT: Final = "export it to `requirements.txt` with hashes, or to `pylock.toml`"
_NPM_LOCK: Final = "make a `package-lock.json`: `npm install --package-lock-only`"
_LOCKS: Final = {
    "Pipfile.lock": _EXPORT,
    "pdm.lock": _EXPORT,
    "poetry.lock": _EXPORT,
    "bun.lock": _NPM_LOCK,
    "bun.lockb": _NPM_LOCK,
    "pnpm-lock.yaml": _NPM_LOCK,
    "yarn.lock": _NPM_LOCK,
    "conda-lock.yml": "examine the installed environment with `--environment`",
    "environment.yaml": "examine the installed environment with `--environment`",
    "environment.yml": "examine the installed environment with `--environment`",
}
_PYTHON_LOCKS: Final = ("requirements.txt", "uv.lock", "pylock.toml")
_NPM_LOCKS: Final = ("package-lock.json", "npm-shrinkwrap.json")
_MODELS: Final = frozenset({".h5", ".hdf5", ".keras", ".onnx", ".pt2", ".tflite"})
_SERVERS: Final = {
    r"(?:.*/)?\.codex/.*\.toml": b"mcp_servers",
    r"(?:.*/)?\.gemini/settings\.json": b"mcpServers",
    r"(?:.*/)?\.zed/settings\.json": b"context_servers",
    r"(?:.*/)?\.vscode/settings\.json": b"mcp",
    r"(?:.*/)?\.continue/.*\.ya?ml": b"mcpServers",
    r"(?:.*/)?\.(?:amazonq|kiro)/.*\.json": b"mcpServers",
    r"(?:.*/)?opencode\.jsonc?": b'"mcp"',
    r"(?:.*/)?\.?crush\.json": b'"mcp"',
    r"(?:.*/)?devcontainer\.json": b'"mcp"',
    r".*\.code-workspace": b'"mcp"',
}
"""Configurations of other clients, and what stands in one that starts servers."""
_SERVER_FILES: Final = re.compile("|".join(_SERVERS))


class Unread:
    """Leaves a gap for each such file."""

    id: ClassVar[str] = "unread"

    def wants(self, file: File) -> bool:
        """Say whether it is a file that names components and is not read."""
        return (
            file.name in _LOCKS
            or file.name in {"package.json", "pyproject.toml", "saved_model.pb"}
            or file.suffix in _MODELS
            or _SERVER_FILES.fullmatch(file.path) is not None
        )

    def discover(self, file: File, found: Collector) -> None:
        """Leave the gap, unless the file names nothing or a lock beside it speaks.

        Raises:
            MalformedError: A manifest is not what its name says.
            UnreadableError: It cannot be read.
        """
        gap = _gap(file)
        if gap is not None:
            reason, hint = gap
            found.gap(
                Gap(
                    stage="discover",
                    location=Location(path=file.path),
                    reason=reason,
                    state=State.UNSUPPORTED,
                    hint=hint,
                )
            )


def _gap(file: File) -> tuple[str, str] | None:
    """Return what is not read and what to do about it; `None` if there is nothing."""
    if file.name in _LOCKS:
        return "a lock file whose format is not read", _LOCKS[file.name]
    if file.name in {"package.json", "pyproject.toml"}:
        hint = _unlocked(file)
        what = "names dependencies, and no lock that is read lies beside it"
        return (what, hint) if hint else None
    if file.suffix in _MODELS or file.name == "saved_model.pb":
        hint = "use safetensors or GGUF, or check this file by other means"
        return "a model in a format that is not read", hint
    marks = [m for pattern, m in _SERVERS.items() if re.fullmatch(pattern, file.path)]
    if not any(mark in file.read() for mark in marks):
        return None
    hint = "declare the servers in `.mcp.json`, or check them by other means"
    return "MCP servers in the configuration of a client that is not read", hint


def _unlocked(file: File) -> str | None:
    """Return how to lock a manifest that names dependencies and is not locked."""
    data = file.read()
    if file.name == "package.json":
        document = Node.from_json(data, source=file.path).value
        unlocked = _names(document, _NODE) and not _locked(file, _NPM_LOCKS)
        return _NPM_LOCK if unlocked else None
    document = Node.from_toml(data, source=file.path).value
    unlocked = _names(document, _PYTHON) and not _locked(file, _PYTHON_LOCKS)
    hint = "lock it: `uv lock`, or `pip-compile --generate-hashes`"
    return hint if unlocked else None


_NODE: Final = (
    ("dependencies",),
    ("devDependencies",),
    ("optionalDependencies",),
    ("peerDependencies",),
)
_PYTHON: Final = (
    ("project", "dependencies"),
    ("project", "optional-dependencies"),
    ("dependency-groups",),
    ("tool", "poetry", "dependencies"),
    ("tool", "poetry", "group"),
    ("tool", "pdm", "dev-dependencies"),
    ("tool", "uv", "dev-dependencies"),
)


def _names(document: object, places: tuple[tuple[str, ...], ...]) -> bool:
    """Say whether there is something at one of *places*, each a path of keys."""
    for place in places:
        value = document
        for key in place:
            value = value.get(key) if isinstance(value, Mapping) else None
        if value:
            return True
    return False


def _locked(file: File, locks: tuple[str, ...]) -> bool:
    """Say whether a lock lies beside *file*, or above it as in a workspace."""
    for depth in range(file.path.count("/") + 1):
        for lock in locks:
            try:
                found = file.beside("../" * depth + lock)
                # An empty file locks nothing, and neither does a list of bare names.
                if lock != "requirements.txt" or b"==" in found.read():
                    return True
            except UnreadableError:
                continue
    return False


DISCOVERER: Final[Discoverer] = Unread()
