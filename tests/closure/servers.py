"""Servers that start packages, and what is found to hang on these."""

from typing import Any

from packageurl import PackageURL

from mcpchain.closure import close
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.inventory import Collector, Inventory
from tests.making import component
from tests.world.world import World


def package(purl: str, **fields: Any) -> Component:  # noqa: ANN401 - Component's
    """Return the package that a command names, pinned if *purl* has a version."""
    exact = PackageURL.from_string(purl).version is not None
    given: dict[str, Any] = {
        "kind": Kind.APPLICATION,
        "pin": Pin.EXACT if exact else Pin.FLOATING,
        "basis": Basis.CONFIGURED,
        "facts": PackageFacts(),
        "locations": (Location(path=".mcp.json", pointer="/mcpServers/s"),),
    }
    return component(purl, **(given | fields))


def servers(
    *packages: Component | tuple[Component, ...],
    **facts: Any,  # noqa: ANN401 - those of every server
) -> Inventory:
    """Return an inventory with a server for each package, or each few of them."""
    given: dict[str, Any] = {"client": "test", "transport": Transport.STDIO}
    found = Collector("project")
    for number, each in enumerate(packages):
        server = Component(
            kind=Kind.MCP_SERVER,
            name=f"s{number}",
            facts=ServerFacts(**(given | facts)),
            locations=(Location(path=".mcp.json", pointer=f"/mcpServers/s{number}"),),
        )
        source = found.add(server)
        for one in each if isinstance(each, tuple) else (each,):
            found.relate(source, found.add(one))
    return found.inventory()


def closed(
    world: World,
    *packages: Component | tuple[Component, ...],
    trusted: frozenset[str] = frozenset(),
    environ: dict[str, str] | None = None,
    **facts: Any,  # noqa: ANN401 - those of every server
) -> Inventory:
    with world.fetcher() as fetcher:
        return close(
            servers(*packages, **facts),
            settings=world.settings(**(environ or {})),
            trusted=trusted,
            fetcher=fetcher,
        )


def tree(inventory: Inventory) -> list[str]:
    """Return every edge from a package, as `files@1.0.0 > left@1.2.0`."""
    known = {each.ref: each for each in inventory.components}
    return [
        f"{known[each.source].title} > {known[each.target].title}"
        for each in inventory.relations
        if known[each.source].kind is not Kind.MCP_SERVER
    ]


def told(inventory: Inventory) -> list[str]:
    return [f"{each.state.value}: {each.reason}" for each in inventory.gaps]


def one(inventory: Inventory, name: str) -> Component:
    """Return the only package of this name that somebody pulls in."""
    (found,) = [
        each
        for each in inventory.components
        if each.name == name and each.basis is Basis.RESOLVED
    ]
    return found
