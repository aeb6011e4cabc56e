"""Tell by its path whose configuration a file is."""

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Final

from mcpchain.discover.mcp_config.clients import CONFIGS
from mcpchain.discover.mcp_config.shape import Config

_FOLDERS: Final = {
    "claude": ".claude/",
    "codex": ".codex/",
    "copilot": ".copilot/",
    "kimi": ".kimi/",
    "opencode": "opencode/",
}
"""What the folder is called that a place in braces means, where that matters."""
_PLACE: Final = re.compile(r"\{([\w-]+)\}/?")
_Row = tuple[str, Config]


def config_of(path: str) -> Config | None:
    """Return what kind of configuration *path* is, if it is one.

    In any case, since that makes no difference to some file systems.
    """
    folded = path.lower()
    name = folded.rpartition("/")[2]
    for key in (name, _suffix(name)):
        for pattern, config in _ROWS.get(key, ()):
            if _compiled(pattern).fullmatch(folded):
                return config
    return None


def _suffix(name: str) -> str:
    return "." + name.rpartition(".")[2]


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?:.*/)?{regex(pattern)}", re.DOTALL)


def regex(pattern: str) -> str:
    """Return *pattern*, of which `*` is any name and `**` any folders, as a regex."""
    parts = re.split(r"(\*\*/|\*)", pattern)
    wild = {"**/": "(?:[^/]+/)*", "*": "[^/]*"}
    return "".join(wild.get(part) or re.escape(part) for part in parts)


def _patterns(config: Config) -> Iterator[str]:
    """Yield how the path of such a file ends: that in a home folder may be kept too."""
    yield from config.files
    for place in config.user:
        if match := _PLACE.match(place):
            tail = _FOLDERS.get(match[1], "") + place[match.end() :]
            if tail:
                yield tail


def _index(configs: Iterable[Config]) -> dict[str, list[_Row]]:
    """Sort the patterns under the name, or else the suffix, of what they mean."""
    named = {
        pattern.lower(): config
        for config in reversed(tuple(configs))
        for pattern in _patterns(config)
    }
    rows: dict[str, list[_Row]] = {}
    for pattern in sorted(named, key=lambda each: (-len(each), each)):
        name = pattern.rpartition("/")[2]
        key = _suffix(name) if "*" in name else name
        rows.setdefault(key, []).append((pattern, named[pattern]))
    return rows


_ROWS: Final = _index(CONFIGS)
