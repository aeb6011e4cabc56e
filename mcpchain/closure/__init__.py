"""What MCP servers pull in when they start, to the last dependency.

A command such as `npx -y files@1.2.0` names one package; its launcher installs whatever
that one asks for, and so on. Here the registries are asked the same questions, from
their descriptions of packages alone: nothing is downloaded, unpacked, built or run.

    library     pages of registries, each asked for once, within limits
    group       what one server installs together, and whom to ask
    npm         packument, wish, shelf: as npm chooses
    pypi        project, metadata, provider: as pip chooses
    graph       what hangs on what; joined: as part of the inventory
    swayed      where a launcher may choose otherwise
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from mcpchain.closure.graph import Graph
from mcpchain.closure.group import Group, Sources
from mcpchain.closure.joined import joined
from mcpchain.closure.library import Door
from mcpchain.closure.swayed import doubts
from mcpchain.component import Component, Kind, Origin, PackageFacts
from mcpchain.fetch import Fetcher
from mcpchain.inventory import Inventory, RelationKind, State, joined_targets
from mcpchain.settings import Settings

_GROUPS: Final = 500
"""How many servers with different packages are followed."""
_KINDS: Final = frozenset({"npm", "pypi"})
_WHOLE: Final = frozenset({"docker", "oci", "nuget"})
_ELSEWHERE: Final = frozenset({Origin.URL, Origin.VCS})


def close(
    inventory: Inventory,
    *,
    settings: Settings,
    trusted: frozenset[str],
    fetcher: Fetcher,
    progress: Callable[[int, int], None] | None = None,
) -> Inventory:
    """Return *inventory* with everything that its MCP servers pull in.

    Python packages are chosen for the interpreter that runs us; npm's for the Node on
    the PATH, if there is one, and for every system.

    Args:
        inventory: What is there.
        settings: Whom the user's own clients would ask.
        trusted: Further registries that may be asked, normalised.
        fetcher: The network.
        progress: Called with (pages read, pages known of).
    """
    door = Door(fetcher, settings, progress)
    closers: dict[str, _Closer] = {}
    graphs: list[Graph] = []
    started = _started(inventory)
    for roots in _launched(started):
        kind = _type(roots[0])
        if kind not in _KINDS or _from_elsewhere(roots[0]):
            graphs.append(_unknown(roots))
            continue
        group = Group(roots=roots, sources=Sources.of(roots, settings, trusted))
        if refused := _refused(group, len(graphs)):
            graphs.append(refused)
            continue
        if kind not in closers:
            closers[kind] = _closer(kind, door)
        graphs.append(closers[kind].close(group))
    chosen = {ref for graph in graphs for ref in graph.delivered}
    servers = {each.ref: each for each in inventory.components if each.ref in started}
    followed = {s: [p for p in started[s] if p.ref in chosen] for s in sorted(started)}
    graphs.append(doubts(servers, followed, settings))
    targets = [inventory.resolved_for, *(each.target for each in closers.values())]
    return replace(joined(inventory, graphs), resolved_for=joined_targets(targets))


def _refused(group: Group, before: int) -> Graph | None:
    """Say why *group* is not followed; `None`: it is."""
    if reason := group.sources.refused:
        told = f"what this server pulls in is not known: {reason}"
        hint = "if it is right, trust it in the policy, under `registries`"
        return _failed(group.roots, told, State.UNMATCHED, hint)
    if before >= _GROUPS:
        told = f"more than {_GROUPS} servers; what this one pulls in is not known"
        hint = "examine fewer servers at a time"
        return _failed(group.roots, told, State.LIMIT, hint)
    return None


class _Closer(Protocol):
    target: str
    """For what it is chosen, as `Inventory.resolved_for` says it."""

    def close(self, group: Group) -> Graph: ...


def _closer(kind: str, door: Door) -> _Closer:
    # Imported when used: an npm server need not pay for PEP 440 and the resolver.
    if kind == "npm":
        from mcpchain.closure.npm import NpmCloser

        return NpmCloser(door, door.settings.node_version())
    from mcpchain.closure.project import Interpreter
    from mcpchain.closure.pypi import PypiCloser

    return PypiCloser(door, Interpreter.running())


def _started(inventory: Inventory) -> dict[str, list[Component]]:
    """Return the packages that each server starts, by its ref."""
    known = {each.ref: each for each in inventory.components}
    started: dict[str, list[Component]] = {}
    for each in inventory.relations:
        source, target = known.get(each.source), known.get(each.target)
        if (
            each.kind is RelationKind.DEPENDS_ON
            and source is not None
            and source.kind is Kind.MCP_SERVER
            and target is not None
            and target.kind in {Kind.APPLICATION, Kind.LIBRARY}
            and isinstance(target.facts, PackageFacts)
            and target.facts.origin is not Origin.PATH
        ):
            started.setdefault(source.ref, []).append(target)
    return started


def _launched(
    started: Mapping[str, Sequence[Component]],
) -> Iterator[tuple[Component, ...]]:
    """Yield the packages that each server starts, one kind at a time and each once."""
    seen: set[tuple[str, ...]] = set()
    for server in sorted(started):
        kinds: dict[str, list[Component]] = {}
        for package in started[server]:
            apart = package.ref if _from_elsewhere(package) else ""
            kinds.setdefault(f"{_type(package)} {apart}", []).append(package)
        for kind in sorted(kinds):
            roots = tuple(sorted(kinds[kind], key=lambda root: root.ref))
            refs = tuple(each.ref for each in roots)
            if refs not in seen:
                seen.add(refs)
                yield roots


def _type(root: Component) -> str:
    return root.purl.type if root.purl else ""


def _from_elsewhere(root: Component) -> bool:
    return isinstance(root.facts, PackageFacts) and root.facts.origin in _ELSEWHERE


def _unknown(roots: tuple[Component, ...]) -> Graph:
    """Say of what is not followed that it is not.

    An image, and a tool of .NET, brings everything with it, and so pulls in nothing. Of
    others the inventory may know already.
    """
    hint = "start the server from a package of a registry, or look into it yourself"
    if _from_elsewhere(roots[0]):
        reason = "it comes from no registry; what it pulls in is not known"
        return _failed(roots, reason, State.PARTIAL, hint)
    if _type(roots[0]) in _WHOLE:
        return Graph()
    reason = "packages of its kind are not followed; what it pulls in is not known"
    unlisted = tuple(each for each in roots if not each.graph)
    return _failed(unlisted, reason, State.UNSUPPORTED, hint)


def _failed(
    roots: tuple[Component, ...], reason: str, state: State, hint: str
) -> Graph:
    graph = Graph()
    for each in roots:
        graph.fail(each.ref, f"`{each.title}`: {reason}", state, hint)
    return graph
