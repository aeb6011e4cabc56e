"""The user's own configuration: which registries, with which credentials, by what way.

It is read the way pip and npm read it, and from nowhere else. What the author of the
examined project wrote decides nothing here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mcpchain.address import (
    Credential,
    Route,
    credential_for,
    is_http,
    normalise,
)
from mcpchain.settings import npm, pip, route, uv
from mcpchain.settings.npm import NpmSettings, Program, default_registry
from mcpchain.settings.pip import PipSettings, default_index
from mcpchain.settings.problem import Problem

_OF_UV: Final = frozenset({"uv", "uvx", "fastmcp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Whom the user's own clients would ask. Make one with `load`."""

    pip: PipSettings
    npm: NpmSettings
    route: Route = Route()  # noqa: RUF009  (frozen)
    logins: tuple[Credential, ...] = ()
    """From netrc."""
    program: Program | None = None
    """How npm can be asked for its own default."""
    uv: tuple[str, ...] = ()
    """The names of what changes which versions uv chooses, sorted."""
    problems: tuple[Problem, ...] = ()
    """Files and values that could not be read, each a gap for the caller to report."""

    @property
    def local_sources(self) -> tuple[str, ...]:
        """Folders and `file:` indexes from which packages may come, unasked."""
        return self.pip.local_sources

    def addresses(self, purl_type: str, name: str = "") -> tuple[str, ...]:
        """Return the registries that the user's client asks for a package.

        Finds out the client's default if none is configured. Of npm that costs a third
        of a second and no network: call it when the answer matters.

        Args:
            purl_type: `pypi` or `npm`.
            name: The full name, for scopes that have a registry of their own.
        """
        if purl_type == "pypi":
            if self.pip.no_index:
                return ()
            first = self.pip.index or default_index()
            every = (first, *self.pip.extra_indexes)
            return tuple(dict.fromkeys(each for each in every if is_http(each)))
        own = self.npm.registries.of(name) or self._npm_default()
        return (own,) if own and is_http(own) else ()

    def swayed_by(self, purl_type: str, launcher: str) -> tuple[str, ...]:
        """Return what changes which versions are chosen, by name and sorted.

        Args:
            purl_type: `pypi` or `npm`.
            launcher: The program that installs; empty if that is unknown.
        """
        if purl_type == "npm":
            return self.npm.swayed_by
        names: set[str] = set()
        if launcher not in _OF_UV:
            names.update(self.pip.swayed_by)
        elif self.pip.extra_indexes:
            # We ask those too, and uv does not know of them.
            names.add("extra-index-url of pip")
        if launcher != "pipx":
            names.update(self.uv)
        return tuple(sorted(names))

    def node_version(self) -> str:
        """Return the version of the user's Node, such as `v22.1.0`; empty: unknown.

        Asks it, which costs some hundredths of a second.
        """
        return npm.node_version(self.program) if self.program else ""

    def trusted(self, purl_types: frozenset[str]) -> frozenset[str]:
        """Return every registry of the user for *purl_types*, normalised."""
        found = {each for kind in purl_types for each in self.addresses(kind)}
        if "npm" in purl_types:
            found.update(each for _, each in self.npm.registries.scopes)
        return frozenset(map(normalise, found))

    def credential(self, address: str) -> Credential | None:
        """Return what the user has configured to present at *address*."""
        own = (*self.pip.credentials, *self.npm.credentials)
        return credential_for(address, own) or credential_for(address, self.logins)

    def _npm_default(self) -> str | None:
        return default_registry(self.program) if self.program else None


def load(
    environ: Mapping[str, str], *, home: Path, projects: Sequence[Path] = ()
) -> Settings:
    """Read the user's configuration.

    Args:
        environ: The environment variables.
        home: The user's home folder.
        projects: Folders in projects: what is examined, and where we were started. No
            program in one is run.
    """
    problems: list[Problem] = []
    ours = pip.load(environ, home, problems)
    user = npm.load(environ, home, problems)
    return Settings(
        pip=ours,
        npm=user,
        route=route.load(environ, pip=ours, npm=user),
        logins=tuple(route.netrc_logins(environ, home, problems)),
        program=npm.find_program(environ, home, projects),
        uv=uv.load(environ, home, ours.index),
        problems=tuple(problems),
    )
