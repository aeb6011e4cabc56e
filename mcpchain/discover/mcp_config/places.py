"""Where the clients of a user, and those of all users, keep their configurations.

The layouts of all systems are tried, since a home folder may be that of a container or
a copy; what is not there costs nothing. Variables move some of the folders.
"""

import itertools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mcpchain.component import Location
from mcpchain.discover.mcp_config.mounted import Mounted, below
from mcpchain.discover.mcp_config.recognise import regex
from mcpchain.inventory import Gap, State
from mcpchain.tree.paths import shown

BASES: Final[Mapping[str, tuple[str, ...]]] = {
    "home": ("~",),
    "config": (
        "~/.config",
        "~/Library/Application Support",
        "~/AppData/Roaming",
        "$XDG_CONFIG_HOME",
        "$APPDATA",
    ),
    "local": ("~/AppData/Local", "$LOCALAPPDATA"),
    "state": (
        "~/.local/state",
        "~/Library/Application Support",
        "~/AppData/Local",
        "$XDG_STATE_HOME",
        "$LOCALAPPDATA",
    ),
    "claude": ("~/.claude", "$CLAUDE_CONFIG_DIR"),
    "claude-home": ("~", "$CLAUDE_CONFIG_DIR"),
    "codex": ("~/.codex", "$CODEX_HOME"),
    "copilot": ("~/.copilot", "~/.config", "$COPILOT_HOME", "$XDG_CONFIG_HOME"),
    "kimi": ("~/.kimi", "$KIMI_SHARE_DIR"),
    "opencode": (
        "~/.config/opencode",
        "~/.opencode",
        "$OPENCODE_CONFIG_DIR",
        "$XDG_CONFIG_HOME/opencode",
    ),
    "opencode-config": ("$OPENCODE_CONFIG",),
    "programdata": ("/ProgramData", "$PROGRAMDATA"),
    "programfiles": ("/Program Files", "$PROGRAMFILES"),
    "vibe": ("~/.vibe", "$VIBE_HOME"),
}
"""What a name in braces may be: `~` is the home folder, `$NAME` what the variable says,
and anything else lies below the root of the system."""
_BASE: Final = re.compile(r"\{([\w-]+)\}")
_VARIABLE: Final = re.compile(r"\$(\w+)")
_ENTRIES: Final = 20_000
_DEPTH: Final = 8
"""How many entries of folders are looked at for one pattern, and how deep."""
_PASSED: Final = frozenset({".git", "node_modules"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file that may be there, by the name that a reader may see."""

    tree: Mounted
    path: str


@dataclass(slots=True)
class Places:
    """Finds the files that a pattern means.

    Attributes:
        home: The home folder.
        environ: The variables that move folders.
        root: What stands for `/`.
        gaps: Where we could not look.
    """

    home: Path
    environ: Mapping[str, str]
    root: Path
    gaps: list[Gap] = field(default_factory=list)
    _trees: dict[str, tuple[Path, Mounted]] = field(default_factory=dict)

    def find(self, pattern: str) -> Iterator[Place]:
        """Yield each file that *pattern* may mean, once and in a stable order."""
        match = _BASE.match(pattern)
        bases = BASES[match[1]] if match else ("",)
        rest = pattern[match.end() :] if match else pattern
        found: dict[str, Place] = {}
        for base in bases:
            for place in self._expand(f"{base}{rest}"):
                found.setdefault(place.path, place)
        yield from found.values()

    def _expand(self, pattern: str) -> Iterator[Place]:
        resolved = self._resolve(pattern)
        if resolved is None:
            return
        name, inner = resolved
        root, tree = self._trees[name]
        for each in _Glob(root, name, self.gaps).find(inner.split("/")):
            if _may_be(os.path.join(root, each)):
                yield Place(tree=tree, path=shown(f"{name}/{each}"))

    def _resolve(self, pattern: str) -> tuple[str, str] | None:
        """Return the tree in which *pattern* lies, and what it is called there."""
        if pattern.startswith("~/"):
            return self._tree("~", self.home), pattern[2:]
        match = _VARIABLE.match(pattern)
        if match is None:
            return self._tree("", self.root), pattern.lstrip("/")
        value = self.environ.get(match[1], "")
        if value and not os.path.isabs(value):
            self.gaps.append(_relative(match[0]))
        elif value:
            return self._moved(match[0], value, pattern[match.end() :])
        return None

    def _moved(self, name: str, value: str, rest: str) -> tuple[str, str]:
        """Return where *rest* of a pattern lies in the folder that a variable names."""
        full, home = os.path.normpath(value + rest), os.path.abspath(self.home)
        if full.startswith(os.path.join(home, "")):
            inner = os.path.relpath(full, home).replace(os.sep, "/")
            return self._tree("~", self.home), inner
        if rest:
            return self._tree(name, Path(value)), rest.lstrip("/")
        # The variable names a file.
        folder, file = os.path.split(full)
        return self._tree(name, Path(folder)), file

    def _tree(self, name: str, root: Path) -> str:
        if name not in self._trees:
            self._trees[name] = (root, Mounted(root, name))
        return name


class _Glob:
    """Finds the paths below *root* that fit one pattern, within limits."""

    def __init__(self, root: Path, name: str, gaps: list[Gap]) -> None:
        self._root = root
        self._name = name
        self._gaps = gaps
        self._left = _ENTRIES
        self._seen: set[str] = set()

    def find(
        self, parts: Sequence[str], path: str = "", depth: int = 0
    ) -> Iterator[str]:
        """Yield what *parts* of a pattern lead to from *path*."""
        if not parts:
            yield path
            return
        head, rest = parts[0], parts[1:]
        if "*" not in head:
            yield from self.find(rest, f"{path}/{head}".lstrip("/"), depth)
            return
        if head == "**":
            yield from self.find(rest, path, depth)
        wanted = re.compile(regex(head), re.DOTALL | re.IGNORECASE)
        for entry in self._listing(path, once=head == "**"):
            inner = f"{path}/{entry.name}".lstrip("/")
            if head != "**":
                if wanted.fullmatch(entry.name):
                    yield from self.find(rest, inner, depth)
            elif _may_hold(entry) and depth < _DEPTH:
                yield from self.find(parts, inner, depth + 1)

    def _listing(self, path: str, *, once: bool) -> list[os.DirEntry[str]]:
        """Return what lies in the folder *path*, of one that is walked but *once*."""
        place = shown(f"{self._name}/{path}")
        real = below(self._root, path)
        if real is None and _may_be(os.path.join(self._root, path)):
            self._gaps.append(_outside(place))
        if real is None or (once and real in self._seen) or self._left < 0:
            return []
        if once:
            self._seen.add(real)
        try:
            with os.scandir(real) as entries:
                some = [*itertools.islice(entries, self._left + 1)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self._gaps.append(_unlisted(place, error))
            return []
        self._left -= len(some)
        if self._left < 0:
            self._gaps.append(_too_many(place))
            some.pop()
        return sorted(some, key=lambda each: each.name)


def _may_hold(entry: os.DirEntry[str]) -> bool:
    return os.path.isdir(entry.path) and entry.name not in _PASSED


def _may_be(path: str) -> bool:
    """Say whether there is something at *path*, or whether that cannot be told."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _relative(name: str) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=name),
        reason="it is no absolute path, so that it depends on where a client starts",
        state=State.UNSUPPORTED,
        hint="set it to an absolute path",
    )


def _unlisted(path: str, error: OSError) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=path),
        reason=f"cannot be read: {error.strerror or error}",
        state=State.UNREADABLE,
        hint="make the folder readable",
    )


def _outside(path: str) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=path),
        reason="a symbolic link that leaves the folder that is read",
        state=State.UNREADABLE,
        hint="replace the link by what it points to, or remove it",
    )


def _too_many(path: str) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=path),
        reason=f"more than {_ENTRIES:,} files; the rest was not read",
        state=State.LIMIT,
        hint="remove what is not needed",
    )
