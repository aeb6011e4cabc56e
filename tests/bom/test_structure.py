import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from mcpchain.bom.read import read
from mcpchain.bom.validate import validate
from mcpchain.component import Basis, Component, Kind, PackageFacts
from mcpchain.inventory import Collector, Inventory, RelationKind
from tests.bom.inventories import written
from tests.bom.test_write import SERVER
from tests.making import component

Edges = list[tuple[str, str]]


def inventory(edges: Edges, *more: Component) -> Inventory:
    """Make packages, and say which contains which."""
    found = Collector("demo")
    names = sorted({name for edge in edges for name in edge})
    refs = {name: found.add(component(f"pkg:npm/{name}@1.0.0")) for name in names}
    for each in more:
        found.add(each)
    for outer, inner in edges:
        found.relate(refs[outer], refs[inner], RelationKind.CONTAINS)
    return found.inventory()


def rendered(made: Inventory) -> dict[str, Any]:
    data = written(made)
    validate(data)
    assert read(data, source="x") == made
    document: dict[str, Any] = json.loads(data)
    return document


def nested(holder: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: nested(each) for each in holder.get("components", ())}


def beside(document: dict[str, Any]) -> set[tuple[str, str]]:
    edges = [
        json.loads(each["value"])
        for each in document["metadata"]["properties"]
        if each["name"] == "mcpchain:relation"
    ]
    name = "pkg:npm/"
    return {
        (e["source"].removeprefix(name)[0], e["target"].removeprefix(name)[0])
        for e in edges
    }


@pytest.mark.parametrize(
    ("edges", "tree", "others"),
    [
        ([("a", "b")], {"a": {"b": {}}}, set()),
        ([("a", "b"), ("b", "c")], {"a": {"b": {"c": {}}}}, set()),
        (
            [("a", "c"), ("b", "c")],
            {"a": {}, "b": {}, "c": {}},
            {("a", "c"), ("b", "c")},
        ),
        ([("a", "a")], {"a": {}}, {("a", "a")}),
        ([("a", "b"), ("b", "a")], {"a": {}, "b": {}}, {("a", "b"), ("b", "a")}),
        (
            [("a", "b"), ("b", "a"), ("b", "c")],
            {"a": {}, "b": {"c": {}}},
            {("a", "b"), ("b", "a")},
        ),
    ],
    ids=["one", "chain", "two containers", "itself", "circle", "on a circle"],
)
def test_what_is_in_one_other_is_nested(
    edges: Edges, tree: dict[str, Any], others: set[tuple[str, str]]
) -> None:
    document = rendered(inventory(edges))
    assert nested(document) == tree
    assert beside(document) == others


def test_what_would_nest_too_deeply_stands_beside() -> None:
    names = [f"p{number:03}" for number in range(100)]
    made = inventory(list(itertools.pairwise(names)))
    document = rendered(made)
    assert len(document["components"]) == 4
    depth = json.dumps(document["components"][0]).count('"components": [')
    assert depth == 31


def test_a_server_holds_no_package() -> None:
    found = Collector("demo")
    server, package = found.add(SERVER), found.add(component())
    found.relate(server, package, RelationKind.CONTAINS)
    document = rendered(found.inventory())
    assert len(document["services"]) == len(document["components"]) == 1


def test_a_leaf_says_that_it_depends_on_nothing_and_others_do_not() -> None:
    found = Collector("demo")
    leaf = found.add(component("pkg:npm/leaf@1.0.0", graph=True))
    node = found.add(component("pkg:npm/node@1.0.0", graph=True))
    unknown = found.add(component("pkg:npm/unknown@1.0.0"))
    found.relate(node, leaf)
    document = rendered(found.inventory())
    assert document["dependencies"] == [
        {"ref": leaf, "dependsOn": []},
        {"ref": node, "dependsOn": [leaf]},
        {"ref": "urn:mcpchain:target", "dependsOn": [node, unknown]},
    ]
    assert document["compositions"] == [
        {
            "aggregate": "unknown",
            "assemblies": ["urn:mcpchain:target"],
            "dependencies": ["urn:mcpchain:target"],
        },
        {"aggregate": "complete", "dependencies": [leaf, node]},
        {"aggregate": "unknown", "dependencies": [unknown]},
    ]


INSTALLED = component(basis=Basis.OBSERVED, facts=PackageFacts())


@pytest.mark.parametrize(
    ("made", "phases"),
    [
        ([], ["pre-build"]),
        ([component()], ["pre-build"]),
        ([INSTALLED], ["post-build"]),
        ([component(None, kind=Kind.MODEL, basis=Basis.OBSERVED)], ["pre-build"]),
        ([SERVER], ["operations"]),
        ([component(basis=Basis.RESOLVED)], ["discovery"]),
        (
            [INSTALLED, SERVER, component("pkg:npm/y@1"), component(None)],
            ["operations", "post-build", "pre-build"],
        ),
    ],
    ids=["nothing", "lock", "environment", "model", "server", "registry", "several"],
)
def test_the_life_cycle_has_the_phases_in_which_things_were_seen(
    made: list[Component], phases: list[str]
) -> None:
    components = tuple(
        replace(each, ref=f"r{index}") for index, each in enumerate(made)
    )
    document = json.loads(written(Inventory(name="x", components=components)))
    assert [each["phase"] for each in document["metadata"]["lifecycles"]] == phases
