"""The user's own configuration: which registries, with which credentials, by what way.

It is read the way pip and npm read it, and from nowhere else. What the author of the
examined project wrote decides nothing here: a `.npmrc` beside the target is recorded,
so that a rule can object, and never followed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mcpchain.address import (
    Credential,
    Route,
    credential_for,
    is_http,
    normalise,
)
from mcpchain.component import Component, Origin, PackageFacts
from mcpchain.settings import npm, pip, route
from mcpchain.settings.npm import NpmSettings, Program, default_registry
from mcpchain.settings.pip import PipSettings, default_index
from mcpchain.settings.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Whom the user's own clients would ask. Make one with `load`."""

    pip: PipSettings
    npm: NpmSettings
    project_npm: NpmSettings = NpmSettings()  # noqa: RUF009  (frozen)
    """What a `.npmrc` beside the target asks for. It is not the user's word."""
    route: Route = Route()  # noqa: RUF009  (frozen)
    logins: tuple[Credential, ...] = ()
    """From netrc."""
    program: Program | None = None
    """How npm can be asked for its own default."""
    problems: tuple[Problem, ...] = ()
    """Files and values that could not be read, each a gap for the caller to report."""

    @property
    def local_sources(self) -> tuple[str, ...]:
        """Folders and `file:` indexes from which packages may come, unasked."""
        return self.pip.local_sources

    def addresses(self, purl_type: str, name: str = "") -> tuple[str, ...]:
        """Return the registries that the user's client asks for a package.

        Finds out the client's default if none is configured. That costs a third of a
        second and no network: call it when the answer matters.

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
        own = self.npm.registry_for(name) or self._npm_default()
        return (own,) if own and is_http(own) else ()

    def trusted(self, purl_types: frozenset[str]) -> frozenset[str]:
        """Return every registry of the user for *purl_types*, normalised."""
        found = {each for kind in purl_types for each in self.addresses(kind)}
        if "npm" in purl_types:
            found.update(each for _, each in self.npm.scopes)
        return frozenset(map(normalise, found))

    def credential(self, address: str) -> Credential | None:
        """Return what the user has configured to present at *address*."""
        own = (*self.pip.credentials, *self.npm.credentials)
        return credential_for(address, own) or credential_for(address, self.logins)

    def attribute(self, component: Component) -> Component:
        """Name the registry that the project's `.npmrc` chooses for *component*.

        Installing in that project would take it from there, so it must be judged as
        if its lock named that registry.
        """
        facts, purl = component.facts, component.purl
        if not isinstance(facts, PackageFacts) or purl is None or purl.type != "npm":
            return component
        if facts.registry is not None or facts.origin is not Origin.REGISTRY:
            return component
        theirs = self.project_npm.registry_for(component.name)
        if theirs is None:
            return component
        return replace(component, facts=replace(facts, registry=theirs))

    def _npm_default(self) -> str | None:
        return default_registry(self.program) if self.program else None


def load(
    environ: Mapping[str, str], *, home: Path, project: Path | None = None
) -> Settings:
    """Read the user's configuration.

    Args:
        environ: The environment variables.
        home: The user's home folder.
        project: The folder that is examined. Nothing in it is trusted.
    """
    problems: list[Problem] = []
    ours = pip.load(environ, home, problems)
    user = npm.load(environ, home, problems)
    theirs = NpmSettings()
    if project and npm.user_file(environ, home).resolve() != _npmrc(project).resolve():
        theirs = npm.load_project(_npmrc(project), problems)
    return Settings(
        pip=ours,
        npm=user,
        project_npm=theirs,
        route=route.load(environ, pip=ours, npm=user),
        logins=tuple(route.netrc_logins(environ, home, problems)),
        program=npm.find_program(environ, home, project),
        problems=tuple(problems),
    )


def _npmrc(project: Path) -> Path:
    return project / ".npmrc"
