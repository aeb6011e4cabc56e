"""What do the MCP servers pull in? From an inventory to one that lists that too."""

from collections.abc import Callable

from mcpchain.closure import close
from mcpchain.fetch import Fetcher
from mcpchain.inventory import Inventory
from mcpchain.pipeline.knowledge import Circumstances
from mcpchain.settings import load


def resolve_servers(
    inventory: Inventory,
    terms: Circumstances,
    trusted: frozenset[str] = frozenset(),
    progress: Callable[[int, int], None] | None = None,
) -> Inventory:
    """Return *inventory* with every package that its servers install at their start.

    Args:
        inventory: What is there.
        terms: When and where it is asked.
        trusted: Registries that may be asked beside those of the user, normalised.
        progress: Called with (pages read, pages known of).
    """
    settings = load(terms.environ, home=terms.home, projects=terms.projects)
    with Fetcher(
        offline=terms.offline,
        cache=terms.cache / "http",
        route=settings.route,
        clock=terms.now.timestamp,
    ) as fetcher:
        return close(
            inventory,
            settings=settings,
            trusted=trusted,
            fetcher=fetcher,
            progress=progress,
        )
