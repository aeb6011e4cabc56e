"""What a manifest asks for counts as long as no lock speaks for that manifest.

A lock speaks for the project beside it and for the members that it lists, and for
nothing else that happens to lie below it.
"""

from collections.abc import Sequence

from mcpchain.component import Origin, PackageFacts
from mcpchain.inventory import Collector, Inventory


def settle_npm(
    inventory: Inventory, manifests: Sequence[tuple[str, Inventory]]
) -> Inventory:
    """Return *inventory* with what *manifests* declare, so far as no lock has it.

    Args:
        inventory: What everything else declares. Of a project in a lock, one of the
            places is the manifest that was held against it.
        manifests: The path of each manifest, and what it declares.
    """
    known = {
        place.path
        for each in inventory.components
        if isinstance(each.facts, PackageFacts) and each.facts.origin is Origin.PATH
        for place in each.locations
    }
    alone = [declared for path, declared in manifests if path not in known]
    if not any(alone):
        return inventory
    found = Collector(inventory.name)
    found.include(inventory)
    for declared in alone:
        found.include(declared)
    return found.inventory()
