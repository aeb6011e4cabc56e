"""uv's configuration, as far as it changes which versions are chosen.

`uv.toml` of the system and of the user, and `UV_` variables over them; `uvx` reads
those of no project (uv's documentation, Configuration files).
"""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from mcpchain.address import normalise
from mcpchain.settings.pip import default_index
from mcpchain.settings.problem import Problem, read

_KEYS: Final = frozenset(
    {
        *("exclude-newer", "exclude-newer-package", "resolution", "prerelease"),
        *("fork-strategy", "index-strategy", "index", "extra-index-url", "find-links"),
        *("no-index", "offline", "python", "python-preference", "torch-backend"),
        *("no-build", "no-build-package", "no-binary", "no-binary-package"),
        *("constraint", "constraint-dependencies", "override"),
        *("override-dependencies", "exclude-dependencies", "build-constraint"),
        *("index-url", "default-index"),
    }
)
_DEFAULTS: Final = frozenset({"index-url", "default-index"})
_FALSE: Final = frozenset({"", "0", "false", "no", "n", "off", "f"})


def load(environ: Mapping[str, str], home: Path, index: str | None) -> tuple[str, ...]:
    """Return the names of what changes what uv chooses, sorted.

    A file that cannot be read may change anything, and is named itself.

    Args:
        environ: The environment variables.
        home: The user's home folder.
        index: The index that we ask instead of uv's; `None`: the default one.
    """
    found: dict[str, object] = {}
    for path in _files(environ, home):
        found.update(_parsed(path))
    for key in _KEYS:
        name = f"UV_{key.upper().replace('-', '_')}"
        if value := environ.get(name):
            found.pop(key, None)
            found[name] = value
    return tuple(sorted(name for name, v in found.items() if _counts(name, v, index)))


def _counts(name: str, value: object, index: str | None) -> bool:
    """Say whether a setting has a value that changes anything."""
    key = name.lower().removeprefix("uv_").replace("_", "-")
    if key in _DEFAULTS and isinstance(value, str):
        return normalise(value) != normalise(index or default_index())
    return value.lower() not in _FALSE if isinstance(value, str) else bool(value)


def _files(environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    """Yield the files that uv reads, weakest first."""
    if environ.get("UV_NO_CONFIG", "").lower() not in _FALSE:
        return
    if named := environ.get("UV_CONFIG_FILE"):
        yield Path(named)
        return
    if sys.platform == "win32":
        system = [Path(environ.get("PROGRAMDATA", r"C:\ProgramData"))]
        user = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
    else:
        folders = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
        system = [Path("/etc"), *map(Path, reversed(folders.split(os.pathsep)))]
        user = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    for folder in (*system, user):
        yield folder / "uv" / "uv.toml"


def _parsed(path: Path) -> dict[str, Any]:
    problems: list[Problem] = []
    text = read(path, problems)
    if text is None:
        return dict.fromkeys((each.where for each in problems), True)
    import tomllib

    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError):
        return {path.name: True}
    return {key: value for key, value in values.items() if key in _KEYS}
