"""What do the MCP servers pull in? From an inventory to one that lists that too."""

from collections.abc import Callable

from mcpchain.closure import close
from mcpchain.closure.described import described
from mcpchain.closure.library import Door
from mcpchain.component import Basis, Component
from mcpchain.fetch import Fetcher
from mcpchain.inventory import Inventory, RelationKind
from mcpchain.pipeline.circumstances import Circumstances
from mcpchain.settings import load


def resolve_servers(
    inventory: Inventory,
    terms: Circumstances,
    trusted: frozenset[str] = frozenset(),
    progress: Callable[[int, int], None] | None = None,
    *,
    wanted: bool = True,
) -> Inventory:
    """Return *inventory* with every package that its servers install at their start.

    And with licences and suppliers of all packages whose own source tells none, if a
    BOM is *wanted*.

    Args:
        inventory: What is there.
        terms: When and where it is asked.
        trusted: Registries that may be asked beside those of the user, normalised.
        progress: Called with (pages read, pages known of).
        wanted: Whether anybody will read what no rule asks for.
    """
    settings = load(terms.environ, home=terms.home, projects=terms.projects)
    with Fetcher(
        offline=terms.offline,
        cache=terms.cache / "http",
        route=settings.route,
        clock=terms.now.timestamp,
    ) as fetcher:
        whole = close(
            inventory,
            settings=settings,
            trusted=trusted,
            fetcher=fetcher,
            progress=progress,
        )
        if not wanted:
            return whole
        return described(whole, Door(fetcher, settings, progress), trusted)


def pulls(inventory: Inventory) -> tuple[frozenset[str], dict[str, Component]]:
    """Tell what is only pulled in, and who pulls in what may be another one tomorrow.

    Returns:
        The refs of what a registry was found to deliver for somebody else's sake; and
        by the refs of all others, the nearest of what they pull in that moves.
    """
    resolved = {
        each.ref: each for each in inventory.components if each.basis is Basis.RESOLVED
    }
    onward: dict[str, list[str]] = {}
    back: dict[str, list[str]] = {}
    for each in inventory.relations:
        if each.kind is RelationKind.DEPENDS_ON and each.target in resolved:
            onward.setdefault(each.source, []).append(each.target)
            back.setdefault(each.target, []).append(each.source)
    pulled_in = _spread([e for e in onward if e not in resolved], onward)
    moving = {r: e for r, e in resolved.items() if e.pin is not None and e.pin.moves}
    pending = [*moving]
    for ref in pending:
        for source in back.get(ref, ()):
            if source not in moving:
                moving[source] = moving[ref]
                pending += [source] if source in resolved else []
    others = {ref: each for ref, each in moving.items() if ref not in resolved}
    return pulled_in & frozenset(resolved), others


def _spread(starts: list[str], onward: dict[str, list[str]]) -> frozenset[str]:
    seen = {*starts}
    pending = [*starts]
    while pending:
        fresh = [each for each in onward.get(pending.pop(), ()) if each not in seen]
        seen.update(fresh)
        pending += fresh
    return frozenset(seen)
