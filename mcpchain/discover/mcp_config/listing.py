"""List a server: a component for it, and one for all that it starts."""

from dataclasses import dataclass, replace
from typing import Final

from mcpchain.artifact import Artifact
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    PackageFacts,
    Pin,
    ServerFacts,
)
from mcpchain.discover.mcp_config.code import CodeError, Project
from mcpchain.discover.mcp_config.entry import Server, read_server
from mcpchain.discover.mcp_config.shape import Dialect
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.launch.record import Launch, Requested, undecidable
from mcpchain.secret import masked

_SERVERS: Final = 10_000
_PACKAGES: Final = 20_000
"""How many servers of one file, and packages that they start, are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose servers they are."""

    client: str
    scope: str
    dialect: Dialect


class Listing:
    """Lists the servers of one file, within limits.

    Args:
        owner: Whose they are.
        project: Where the code of the project is looked for.
        found: Where components and gaps are kept.
    """

    def __init__(self, owner: Owner, project: Project, found: Collector) -> None:
        self._owner = owner
        self._project = project
        self._found = found
        self._servers = 0
        self._packages = 0
        self._full = False

    def declare(
        self,
        name: str,
        entry: Node,
        *,
        place: Location | None = None,
        disabled: bool = False,
        problem: str = "",
    ) -> None:
        """Declare the server *name*; it is listed whatever is wrong with its entry.

        Args:
            name: What it is called.
            entry: What the client is told of it.
            place: Where that stands, if not where *entry* does.
            disabled: Whether it is switched off elsewhere.
            problem: What is wrong with it beforehand.
        """
        if self._full:
            return
        self._servers += 1
        if self._servers > _SERVERS or self._packages > _PACKAGES:
            self._full = True
            self._found.gap(_too_many(entry))
            return
        place = place or Location(path=entry.source, pointer=entry.pointer)
        server = read_server(entry, self._found, self._owner.dialect)
        server.disabled = server.disabled or disabled
        if problem:
            server.sound = False
            with self._found.entry():
                raise entry.malformed(problem)
        self._add(name, server, place)

    def _add(self, name: str, server: Server, place: Location) -> None:
        launch = server.launch
        code: list[Component] = []
        doubt: Gap | None = None
        if launch is not None:
            code, error = self._code(launch, server.folder)
            if launch.problem:
                doubt = _undecidable(launch, place)
            elif error is not None:
                launch = undecidable(launch, f"`{launch.launcher}`: {error}")
                doubt = _undecidable(launch, place, state=error.state)
        component = _component(name, server, launch, place, self._owner)
        source = self._found.add(component)
        for each in code:
            self._found.relate(source, self._found.add(each))
        for package in launch.packages if launch else ():
            self._packages += 1
            self._found.relate(
                source, self._found.add(package_component(package, place))
            )
        if doubt is not None:
            self._found.gap(replace(doubt, ref=source))

    def _code(
        self, launch: Launch, folder: str
    ) -> tuple[list[Component], CodeError | None]:
        """Return the files that *launch* runs, and why it is in doubt if it is.

        They are listed in any case, so that a change of one is seen.
        """
        found: list[Component] = []
        doubt: CodeError | None = None
        try:
            self._project.refuse_nearby(launch, folder)
        except CodeError as error:
            doubt = error
        try:
            for each in self._project.code(launch, folder):
                found.append(each)  # noqa: PERF402 - what is found before it fails
        except CodeError as error:
            doubt = doubt or error
        return found, doubt


def _component(
    name: str,
    server: Server,
    launch: Launch | None,
    place: Location,
    owner: Owner,
) -> Component:
    """Make the component; `server.sound` decides whether it says what it runs."""
    main = launch.main if launch and server.sound else None
    pin = Pin.REMOTE if server.remote else launch.pin if launch else None
    if server.inside:
        pin = Pin.LOCAL
    endpoint = server.endpoint or (launch.endpoint if launch else None)
    return Component(
        kind=Kind.MCP_SERVER,
        name=name,
        version=main.version if main else None,
        purl=main.purl if main else None,
        pin=pin if server.sound else None,
        requested=main.requested if main else "",
        basis=Basis.CONFIGURED,
        artifacts=_artifacts(main) if main else (),
        facts=ServerFacts(
            client=owner.client,
            scope=owner.scope,
            disabled=server.disabled,
            transport=server.transport,
            wrappers=launch.wrappers if launch else (),
            launcher=launch.launcher if launch else "",
            endpoint=masked(endpoint) if endpoint else None,
            env=tuple(sorted(server.env)),
            headers=tuple(sorted(server.headers)),
            registry=main.registry if main else None,
            extra_registries=main.extra_registries if main else (),
            swayed_by=launch.swayed_by if launch else (),
        ),
        locations=(place,),
    )


def package_component(package: Requested, place: Location) -> Component:
    """Return the component for a *package* that the entry at *place* names."""
    return Component(
        kind=Kind.LIBRARY if package.beside else Kind.APPLICATION,
        name=package.name,
        version=package.version,
        purl=package.purl,
        pin=package.pin,
        requested=package.requested,
        basis=Basis.CONFIGURED,
        artifacts=_artifacts(package),
        facts=PackageFacts(
            origin=package.origin,
            registry=package.registry,
            extra_registries=package.extra_registries,
            alias=package.alias,
            with_extras=package.extras,
        ),
        locations=(place,),
    )


def _artifacts(package: Requested) -> tuple[Artifact, ...]:
    return (Artifact(digests=(package.digest,)),) if package.digest else ()


def _undecidable(
    launch: Launch, place: Location, state: State = State.UNSUPPORTED
) -> Gap:
    return Gap(
        stage="discover",
        location=place,
        reason=f"it cannot be told what this server runs: {launch.problem}",
        state=state,
        hint=launch.hint
        or "start it from one package with an exact version, or from a file in the "
        "examined folder, without a shell",
    )


def _too_many(entry: Node) -> Gap:
    """Return the one gap for all that is too much."""
    return Gap(
        stage="discover",
        location=Location(path=entry.source, pointer=entry.pointer.rpartition("/")[0]),
        reason=f"more than {_SERVERS:,} servers, or {_PACKAGES:,} packages that they "
        "start; the rest was not read",
        state=State.LIMIT,
        hint="divide the file",
    )
