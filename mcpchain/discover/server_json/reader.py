"""Read the `server.json` of an MCP server."""

import re
from dataclasses import dataclass, field, replace
from typing import Final

from packageurl import PackageURL

from mcpchain.artifact import Artifact
from mcpchain.component import (
    Component,
    Kind,
    Location,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.discover.server_json.entry import (
    read_arguments,
    read_names,
    read_transport,
)
from mcpchain.discover.server_json.member import folded, member
from mcpchain.discover.server_json.package import (
    UnknownKindError,
    read_package,
    start_words,
)
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.launch.command import read_launch
from mcpchain.launch.record import Launch, Requested
from mcpchain.secret import is_header, is_variable, masked
from mcpchain.tree import File

_BYTES: Final = 8 << 20
_ENTRIES: Final = 1_000
_LISTS: Final = ("packages", "remotes")
_LONGEST: Final = 255
_OTHERS: Final = frozenset(
    {
        *("$schema", "name", "title", "description", "status", "repository", "version"),
        *("versiondetail", "websiteurl", "icons", "meta", "id"),
    }
)
"""Members that name nothing to run, as `folded` has them."""
_SCHEMA: Final = re.compile(
    r"/(?:schemas/)?([\w-]{1,20})/server\.schema\.json", re.ASCII
)
_SCHEMAS: Final = frozenset(
    {
        *("2025-07-09", "2025-09-16", "2025-09-29", "2025-10-11", "2025-10-17"),
        *("2025-12-11", "draft"),
    }
)
_OFFICIAL: Final = "io.modelcontextprotocol.registry/official"


def discover(file: File, found: Collector) -> None:
    """Declare a server for each package and address, and each package.

    Raises:
        MalformedError: It is not JSON.
        UnreadableError: It cannot be read.
    """
    document = Node.from_jsonc(file.read(_BYTES), source=file.path)
    if _is_manifest(document):
        _Reader(file, found).all(document)


def _is_manifest(document: Node) -> bool:
    if not document.is_object():
        return False
    members = {folded(key): value for key, value in document.value.items()}
    if "modelcontextprotocol" in str(members.get("$schema", "")):
        return True
    lists = [members[each] for each in _LISTS if each in members]
    slash = "/" in str(members.get("name", ""))
    return "name" in members and any(slash or isinstance(x, list) for x in lists)


@dataclass(slots=True, kw_only=True)
class _Entry:
    """What could be read of one entry. Fields stay empty where it is malformed."""

    transport: Transport = Transport.UNKNOWN
    endpoint: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    """With values, to read the command; only the names leave this module."""
    headers: dict[str, str] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    """Words on the command line before and after the package."""
    hint: str = ""


class _Reader:
    """Reads one manifest."""

    def __init__(self, file: File, found: Collector) -> None:
        self._path = file.path
        self._found = found
        self._name = "unnamed"

    def all(self, document: Node) -> None:
        """Declare everything that the manifest names."""
        with self._found.entry():
            self._read_name(document)
        with self._found.entry():
            self._check(document)
        for key, read in zip(_LISTS, (self._package, self._remote), strict=True):
            with self._found.entry():
                for count, node in enumerate(member(document, key).elements()):
                    if count >= _ENTRIES:
                        self._gap(node, f"more than {_ENTRIES:,} `{key}`", State.LIMIT)
                        break
                    with self._found.entry():
                        read(node)
        unknown = {folded(key) for key, _ in document.items()} - _OTHERS
        if not any(member(document, key).exists for key in _LISTS) and unknown:
            raise document.malformed("names neither a package nor an address")

    def _read_name(self, document: Node) -> None:
        name = member(document, "name")
        text = name.text()
        self._name = text[:_LONGEST] if text.strip() else self._name
        if not text.strip() or not text.isprintable() or len(text) > _LONGEST:
            raise name.malformed("is no name that can be shown")

    def _check(self, document: Node) -> None:
        """Say what the manifest says of itself, where that matters."""
        schema = member(document, "$schema")
        match = _SCHEMA.search(schema.optional_text() or "")
        if match and match[1] not in _SCHEMAS:
            self._gap(
                schema,
                f"version `{match[1]}` of the format is not known here; what it has in "
                "common with the known ones was read",
                State.PARTIAL,
            )
        meta = member(document, "_meta")
        official = meta.at(_OFFICIAL) if meta.is_object() else meta
        places = [document, *([official] if official.is_object() else [])]
        for place in places:
            status = member(place, "status")
            text = status.optional_text() or "active"
            if text != "active":
                known = text if text in {"deprecated", "deleted"} else "something else"
                self._gap(
                    status,
                    f"its publisher calls this server {known}, and no rule reads that",
                    State.UNSUPPORTED,
                    hint="use the server that replaces it",
                )

    def _package(self, node: Node) -> None:
        """Declare one package and the server in it."""
        entry, sound = self._entry(node)
        package: Requested | None = None
        kind = ""
        doubt: Gap | None = None
        with self._found.entry():
            try:
                kind, package = read_package(node)
            except UnknownKindError as error:
                shown = str(error)[:40] if str(error).isprintable() else "unknown"
                doubt = self._note(
                    node, f"packages of the kind `{shown}` are not read",
                    State.UNSUPPORTED,
                )  # fmt: skip
        launch = Launch(launcher="")
        if package is not None:
            launch = _launch(kind, package, entry)
            package = _merged(package, launch)
            if launch.problem:
                reason = f"it cannot be told what this server runs: {launch.problem}"
                doubt = self._note(node, reason, State.UNSUPPORTED)
        main = package if sound and not doubt else None
        server = self._found.add(self._server(node, entry, main, launch))
        others = [each for each in launch.packages if each.purl != _purl(package)]
        for each in [*([package] if package else []), *others]:
            self._found.relate(server, self._found.add(self._component(node, each)))
        if doubt is not None:
            self._found.gap(replace(doubt, ref=server))

    def _remote(self, node: Node) -> None:
        """Declare a server that runs elsewhere."""
        entry = _Entry()
        with self._found.entry():
            entry.transport, entry.endpoint = read_transport(node)
            if entry.endpoint is None:
                raise node.malformed("names no address")
        with self._found.entry():
            read_names(member(node, "headers"), entry.headers, is_header)
        self._found.add(self._server(node, entry, None, pin=Pin.REMOTE))

    def _entry(self, node: Node) -> tuple[_Entry, bool]:
        """Return what *node* says, and whether all of it could be read."""
        entry = _Entry()
        parts = (_read_transport, _read_environment, _read_command)
        read = []
        for part in parts:
            with self._found.entry():
                part(node, entry)
                read.append(part)
        return entry, len(read) == len(parts)

    def _server(
        self,
        node: Node,
        entry: _Entry,
        main: Requested | None,
        launch: Launch = Launch(launcher=""),  # noqa: B008 - frozen
        pin: Pin | None = None,
    ) -> Component:
        return Component(
            kind=Kind.MCP_SERVER,
            name=self._name,
            version=main.version if main else None,
            purl=main.purl if main else None,
            pin=main.pin if main else pin,
            requested=main.requested if main else "",
            artifacts=_artifacts(main) if main else (),
            facts=ServerFacts(
                client="server.json",
                transport=entry.transport,
                launcher=launch.launcher,
                endpoint=masked(entry.endpoint) if entry.endpoint else None,
                env=tuple(sorted(entry.env)),
                headers=tuple(sorted(entry.headers)),
                registry=main.registry if main else None,
                extra_registries=main.extra_registries if main else (),
                swayed_by=launch.swayed_by,
            ),
            locations=(Location(path=self._path, pointer=node.pointer),),
        )

    def _component(self, node: Node, package: Requested) -> Component:
        return Component(
            kind=Kind.LIBRARY if package.beside else Kind.APPLICATION,
            name=package.name,
            version=package.version,
            purl=package.purl,
            pin=package.pin,
            requested=package.requested,
            artifacts=_artifacts(package),
            facts=PackageFacts(
                origin=package.origin,
                registry=package.registry,
                extra_registries=package.extra_registries,
                alias=package.alias,
                with_extras=package.extras,
            ),
            locations=(Location(path=self._path, pointer=node.pointer),),
        )

    def _gap(self, node: Node, reason: str, state: State, hint: str = "") -> None:
        self._found.gap(self._note(node, reason, state, hint))

    def _note(self, node: Node, reason: str, state: State, hint: str = "") -> Gap:
        return Gap(
            stage="discover",
            location=Location(path=self._path, pointer=node.pointer),
            reason=reason,
            state=state,
            hint=hint or "check this entry by other means",
        )


def _read_transport(node: Node, entry: _Entry) -> None:
    transport = member(node, "transport")
    if not transport.exists:
        entry.transport = Transport.STDIO
        return
    entry.transport, entry.endpoint = read_transport(transport)
    read_names(member(transport, "headers"), entry.headers, is_header)


def _read_environment(node: Node, entry: _Entry) -> None:
    read_names(member(node, "environmentVariables"), entry.env, is_variable)


def _read_command(node: Node, entry: _Entry) -> None:
    entry.hint = (member(node, "runtimeHint").optional_text() or "").strip()
    entry.before = read_arguments(member(node, "runtimeArguments"))
    entry.after = read_arguments(member(node, "packageArguments"))


def _launch(kind: str, package: Requested, entry: _Entry) -> Launch:
    """Say what a client runs that does what the entry says."""
    if kind not in {"npm", "pypi", "oci"}:
        launch = read_launch("./server", entry.after, entry.env)
        problem = launch.problem
        if entry.before or (kind == "nuget" and entry.hint not in {"", "dnx"}):
            problem = "its runtime has arguments, or is one, that is not read here"
        launcher = "dnx" if kind == "nuget" else ""
        return Launch(launcher=launcher, problem=problem)
    words, spec = start_words(kind, entry.hint, package)
    # Some publishers write `run` themselves.
    program = words[:1] if entry.before[:1] == words[1:2] else words
    line = [*program, *entry.before, spec, *entry.after]
    launch = read_launch(line[0], line[1:], entry.env)
    same = launch.main is not None and launch.main.purl == package.purl
    if launch.problem or same:
        return launch
    return replace(
        launch, main=None, problem="its arguments run something else than its package"
    )


def _merged(package: Requested, launch: Launch) -> Requested:
    """Return the package of an entry with all that its command says of it.

    A command that names a registry is obeyed; the one of the entry may be asked, too.
    """
    named: dict[str, None] = {}
    extras = {*package.extras}
    for each in (*(x for x in launch.packages if x.purl == package.purl), package):
        extras.update(each.extras)
        named |= dict.fromkeys([each.registry] if each.registry else [])
        named |= dict.fromkeys(each.extra_registries)
    first = next(iter(named), None)
    return replace(
        package,
        registry=first,
        extra_registries=tuple(named)[1:],
        extras=tuple(sorted(extras)),
    )


def _purl(package: Requested | None) -> PackageURL | None:
    return package.purl if package else None


def _artifacts(package: Requested) -> tuple[Artifact, ...]:
    return (Artifact(digests=(package.digest,)),) if package.digest else ()
