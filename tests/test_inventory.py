import itertools

import pytest

from mcpchain.component import Component, Kind, Location, PackageFacts, Pin
from mcpchain.errors import MalformedError
from mcpchain.inventory import (
    EMBEDDED_LIMIT,
    Collector,
    Embedded,
    Gap,
    Relation,
    RelationKind,
    State,
)
from mcpchain.naming import pypi_purl


def package(version: str = "1.0", place: str = "a", requested: str = "") -> Component:
    return Component(
        kind=Kind.LIBRARY,
        name="files",
        version=version,
        purl=pypi_purl("files", version),
        pin=Pin.EXACT,
        requested=requested,
        locations=(Location(path=place),),
        facts=PackageFacts(),
    )


def gap(ref: str | None = None, reason: str = "x") -> Gap:
    place = Location(path="a")
    return Gap(
        stage="discover", location=place, reason=reason, state=State.PARTIAL, ref=ref
    )


def test_what_says_the_same_in_two_places_is_one() -> None:
    found = Collector("x")
    assert found.add(package(place="b")) == found.add(package(place="a"))
    (component,) = found.inventory().components
    assert [each.path for each in component.locations] == ["a", "b"]
    assert component.ref == "pkg:pypi/files@1.0"


def test_what_differs_is_kept_apart_and_named_by_its_content() -> None:
    variants = [package(requested=each) for each in ("", "1", "2", "1")]
    outcomes = set()
    for order in itertools.permutations(variants):
        found = Collector("x")
        for each in order:
            ref = found.add(each)
            found.gap(gap(ref, f"says {each.requested}"))
            found.relate(ref, ref)
            found.embed(
                Embedded(ref=ref, location=Location(path=each.requested), data=b"x")
            )
            assert ref == found.add(each)
        outcomes.add(found.inventory())
    (inventory,) = outcomes
    refs = {each.ref: each.requested for each in inventory.components}
    assert sorted(refs.values()) == ["", "1", "2"]
    assert "pkg:pypi/files@1.0" in refs
    assert all(each.startswith("pkg:pypi/files@1.0") for each in refs)
    assert {f"says {refs[each.ref or '']}" for each in inventory.gaps} == {
        each.reason for each in inventory.gaps
    }
    assert all(refs[each.ref] == each.location.path for each in inventory.embedded)
    assert {each.source for each in inventory.relations} == set(refs)


def test_including_what_was_collected_changes_nothing() -> None:
    found = Collector("x")
    one, two = found.add(package()), found.add(package(requested="1"))
    found.relate(one, two, RelationKind.CONTAINS)
    found.gap(gap(two))
    found.embed(Embedded(ref=two, location=Location(path="a"), data=b"x"))
    other = Collector("x")
    other.include(found.inventory())
    other.include(found.inventory())
    assert other.inventory() == found.inventory()
    refs = [each.ref for each in found.inventory().components]
    assert [each.ref for each in other.inventory().components] == refs


def test_two_inventories_with_one_name_for_two_things_keep_both() -> None:
    one, two = Collector("x"), Collector("x")
    one.relate(one.add(package()), one.add(package("2.0")))
    two.relate(two.add(package(requested="1")), two.add(package("2.0")))
    both = Collector("x")
    both.include(one.inventory())
    both.include(two.inventory())
    inventory = both.inventory()
    assert len(inventory.components) == 3
    assert len({each.source for each in inventory.relations}) == 2


def test_edges_of_several_kinds_are_several() -> None:
    kinds = [Relation(source="a", target="b", kind=each) for each in RelationKind]
    assert len(set(kinds)) == len(kinds) == 3


def test_a_malformed_entry_is_a_gap_and_anything_else_is_ours() -> None:
    found = Collector("x")
    with found.entry(line=7):
        raise MalformedError("is wrong", source="a", pointer="/b")
    (said,) = found.inventory().gaps
    assert said.location == Location(path="a", pointer="/b", line=7)
    assert (said.reason, said.state) == ("is wrong", State.UNREADABLE)
    with pytest.raises(KeyError), found.entry():
        raise KeyError


def test_boms_of_packages_are_bounded_together() -> None:
    found = Collector("x")
    data = bytes(EMBEDDED_LIMIT // 2)
    for name in "abc":
        found.embed(Embedded(ref="r", location=Location(path=name), data=data))
    inventory = found.inventory()
    assert [each.location.path for each in inventory.embedded] == ["a", "b"]
    (said,) = inventory.gaps
    assert (said.state, said.location.path, said.ref) == (State.LIMIT, "c", "r")
