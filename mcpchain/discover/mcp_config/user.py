"""The servers that a user, or an administrator for all users, has configured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mcpchain.discover.mcp_config.clients import CONFIGS
from mcpchain.discover.mcp_config.places import Place, Places
from mcpchain.discover.mcp_config.reader import read_config
from mcpchain.discover.mcp_config.shape import Config
from mcpchain.inventory import Collector, Inventory
from mcpchain.tree import File, UnreadableError

_NAME: Final = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFolder:
    """Whose configurations to read."""

    home: Path
    environ: Mapping[str, str]
    """The variables that move folders, such as `CODEX_HOME`."""
    root: Path = Path("/")
    """What stands for `/`, where administrators put theirs."""


def read_user_configs(user: UserFolder) -> Inventory:
    """Return the servers in the configurations of *user*, and in the managed ones.

    The home folder appears as `~`, one that a variable names as `$NAME`. Links may lead
    anywhere inside that folder. What is broken is a gap; the rest is read.
    """
    found = Collector(_NAME)
    places = Places(home=user.home, environ=user.environ, root=user.root)
    seen: set[tuple[Config, tuple[int, int]]] = set()
    for config, scope, place in _all(places):
        # Another collector: what was found in a file before it failed is kept.
        inner = Collector(_NAME)
        try:
            file = _present(place)
            if file is None or (key := (config, file.identity())) in seen:
                continue
            seen.add(key)
            with inner.entry():
                read_config(file, config, inner, scope=scope)
        except UnreadableError as error:
            inner.gap(error.gap())
        found.include(inner.inventory())
    for gap in places.gaps:
        found.gap(gap)
    return found.inventory()


def _all(places: Places) -> Iterator[tuple[Config, str, Place]]:
    """Yield each file that may be there, with its kind and its scope."""
    for config in CONFIGS:
        for scope, patterns in (("user", config.user), ("managed", config.managed)):
            for pattern in patterns:
                for place in places.find(pattern):
                    yield config, scope, place


def _present(place: Place) -> File | None:
    """Return the file at *place*; `None` if there is none.

    Raises:
        UnreadableError: It is there, and cannot be read.
    """
    try:
        return place.tree.file(place.path)
    except UnreadableError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            return None
        raise
