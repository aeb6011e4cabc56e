"""What may differ between the configurations of two clients."""

import enum
from dataclasses import dataclass

from mcpchain.component import Transport


@enum.unique
class Beside(enum.Enum):
    """What else may stand beside the servers of a file."""

    NOTHING = "nothing"
    """The file has no other use: any other object or list may hold servers."""
    SETTINGS = "settings"
    """Other settings, none of which looks like a server."""
    ANYTHING = "anything"
    """The settings of a whole program, some of which start other things."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a client writes the entry of one server."""

    command: str = "command"
    lists: bool = False
    """Whether the command may be a list: the program and its arguments."""
    splits: bool = False
    """Whether the client divides the command into words, as a shell does."""
    tables: bool = False
    """Whether the command may be an object with `path`, `args` and `env`."""
    env: tuple[str, ...] = ("env",)
    """Members that map variables to values."""
    passed: tuple[str, ...] = ()
    """Members that name variables whose values come from elsewhere."""
    headers: tuple[str, ...] = ("headers",)
    """Members that map headers to values. In all three, with a dot, a member's own."""
    url: Transport = Transport.UNKNOWN
    """What `url` means where the entry does not say."""
    inside: frozenset[str] = frozenset()
    """Types of servers that are part of the client itself."""
    substitutes: bool = False
    """Whether the client runs commands in values, written `$(command)`."""
    inner: str = ""
    """The member in which all of that may stand, but not whether it is enabled."""
    image: str = ""
    """The member that names a container image, or a package as `npx://name`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A kind of file in which a client looks for servers."""

    client: str
    files: tuple[str, ...] = ()
    """How its path in a project ends. `*` is any name, `**` any folders."""
    user: tuple[str, ...] = ()
    """Where it lies in a home folder: see `places.BASES` for what is in braces."""
    managed: tuple[str, ...] = ()
    """Where an administrator puts it, for all users."""
    keys: tuple[str, ...] = ("mcpServers", "servers")
    """The paths of keys that lead to the servers. A dot may be part of one key or
    stand between two; `*` is any key."""
    lists: bool = False
    """Whether the servers may stand in a list, with their names in `name`."""
    manifest: bool = False
    """Whether the paths of other files may stand in the place of the servers."""
    references: bool = False
    """Whether a list may hold names of servers that are configured elsewhere."""
    commands: tuple[str, ...] = ()
    """Paths of keys at which a command starts a server in a way that is not read."""
    plugins: tuple[str, ...] = ()
    """Paths of keys that lead to the packages that the client loads into itself."""
    code: bool = False
    """Whether the file is code that the client loads into itself."""
    single: bool = False
    """Whether the whole file is the entry of one server."""
    catalog: bool = False
    """Whether it only names servers of a catalogue that lies beside it."""
    beside: Beside = Beside.NOTHING
    dialect: Dialect = Dialect()
    opaque: bool = False
    """Whether it is in a format that is not read."""

    @property
    def marks(self) -> tuple[bytes, ...]:
        """What must stand in such a file, in lower case, for it to name something."""
        return tuple(
            _mark(key.split(".")) for key in (*self.keys, *self.commands, *self.plugins)
        )


def _mark(parts: list[str]) -> bytes:
    named = [part for part in parts if "mcp" in part.lower()]
    return (named or parts)[-1].lower().encode()
