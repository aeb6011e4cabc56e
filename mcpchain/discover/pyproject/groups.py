"""Dependency groups: lists of requirements, which may include each other (PEP 735)."""

from mcpchain.discover.pyproject.wanted import Asker, Wanted, group_name
from mcpchain.document import Node
from mcpchain.python_graph import Reach


def read_groups(table: Node, wanted: Wanted) -> None:
    """Keep what each group asks for, as asked for by all groups that include it.

    A cycle is a gap, and what is in it is asked for by all of its groups.

    Raises:
        MalformedError: The table is none, or its groups include too much.
    """
    groups = {group_name(name): node for name, node in table.items()}
    places = {name: index for index, name in enumerate(groups)}
    edges: list[list[int]] = [[] for _ in places]
    own: list[list[Node]] = [[] for _ in places]
    for name, node in groups.items():
        index = places[name]
        with wanted.found.entry():
            for each in node.elements():
                if not each.is_object():
                    own[index].append(each)
                    continue
                with wanted.found.entry():
                    included = each.at("include-group")
                    target = places.get(group_name(included.text()))
                    if target is None:
                        raise included.malformed("is a group that does not exist")
                    edges[index].append(target)
    try:
        askers = _askers(list(groups.values()), edges, wanted)
    except ValueError as error:
        raise table.malformed(str(error)) from None
    names = list(groups)
    for index, nodes in enumerate(own):
        asker = Asker(groups=tuple(sorted(names[each] for each in askers[index])))
        for node in nodes:
            read = False
            with wanted.found.entry():
                wanted.requirement(node, asker)
                read = True
            wanted.whole = wanted.whole and read


def _askers(
    nodes: list[Node], edges: list[list[int]], wanted: Wanted
) -> list[set[int]]:
    """Return for each group those that include it, itself first of all."""
    reach = Reach(edges)
    askers: list[set[int]] = [set() for _ in edges]
    for index, node in enumerate(nodes):
        for reached in reach.from_([index]):
            askers[reached].add(index)
        if index in reach.from_(edges[index]):
            with wanted.found.entry():
                raise node.malformed("includes itself")
    return askers
