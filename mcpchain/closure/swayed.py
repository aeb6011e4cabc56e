"""Where what a server pulls in was chosen as its launcher might not choose it."""

from collections.abc import Mapping, Sequence
from typing import Final

from mcpchain.closure.graph import Graph
from mcpchain.component import Component, ServerFacts
from mcpchain.inventory import State
from mcpchain.settings import Settings

_CLIENTS: Final = {"npm": "npm", "pypi": "pip"}
_NAMED: Final = 5
_SHOWN: Final = 60
"""How many names are told, and how many characters of one."""


def doubts(
    servers: Mapping[str, Component],
    started: Mapping[str, Sequence[Component]],
    settings: Settings,
) -> Graph:
    """Return what is doubted of the choice for each server.

    Args:
        servers: By their refs.
        started: By the refs of servers, those of their packages that were followed.
        settings: Those of the user.
    """
    graph = Graph()
    for ref, packages in started.items():
        facts = servers[ref].facts
        if not isinstance(facts, ServerFacts):
            continue
        kinds = sorted({each.purl.type for each in packages if each.purl})
        own = {
            name for kind in kinds for name in settings.swayed_by(kind, facts.launcher)
        }
        names = [f"`{each[:_SHOWN]}`" for each in facts.swayed_by]
        names += [f"`{each}` in the settings of the user" for each in sorted(own)]
        if not names or not kinds:
            continue
        clients = " and ".join(_CLIENTS.get(each, each) for each in kinds)
        more = ", …" if len(names) > _NAMED else ""
        graph.fail(
            ref,
            f"what this server pulls in was chosen as {clients} would by default; it "
            f"may be another choice with {', '.join(names[:_NAMED])}{more}",
            State.PARTIAL,
            "leave that out, or look into what is installed by other means",
        )
    return graph
