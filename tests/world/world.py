"""A PyPI and an npm registry on loopback, and whoever attacks them.

Every attack is one line: `world.npm["files"].swap_tarball()`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mcpchain.address import Route
from mcpchain.fetch import Fetcher
from mcpchain.settings import Settings, load
from tests.world.npm import NpmWorld
from tests.world.pypi import PypiWorld
from tests.world.server import Server


class World:
    """Two registries, and the configuration of a user who asks them."""

    def __init__(self, server: Server, home: Path) -> None:
        self.server = server
        self.home = home
        self.npm = NpmWorld(server)
        self.pypi = PypiWorld(server)
        self.waited: list[float] = []
        """How long fetchers of this world have slept between attempts."""

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a user whose registries these are."""
        return {
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_INDEX_URL": self.pypi.address,
            "npm_config_registry": self.npm.address,
        }

    def settings(self, **more: str) -> Settings:
        return load(self.environ | more, home=self.home)

    def fetcher(
        self,
        *,
        offline: bool = False,
        cache: Path | None = None,
        route: Route | None = None,
        now: float = 1e9,
    ) -> Fetcher:
        return Fetcher(
            offline=offline,
            cache=cache,
            route=route,
            clock=lambda: now,
            sleep=self.waited.append,
        )


@contextmanager
def open_world(home: Path) -> Iterator[World]:
    with Server() as server:
        yield World(server, home)
