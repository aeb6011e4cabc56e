"""What a BOM is about is no part of itself."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpchain.bom.read import read
from mcpchain.bom.write import compose
from mcpchain.component import (
    Component,
    Kind,
    Location,
    ModelFacts,
    Origin,
    PackageFacts,
    Pin,
)
from mcpchain.errors import UsageError
from mcpchain.inventory import Collector, Inventory, RelationKind
from mcpchain.pipeline.subject import promoted, stated
from mcpchain.pipeline.target import survey
from tests.making import component, gap

OWN = PackageFacts(origin=Origin.PATH)


def project(name: str = "app", **fields: Any) -> Component:  # noqa: ANN401 - Component's
    given = {
        "name": name,
        "version": "1.0.0",
        "facts": OWN,
        "pin": Pin.LOCAL,
        "licenses": ("Apache-2.0",),
        "locations": (Location(path="package.json"),),
    }
    return component(None, Kind.APPLICATION, **(given | fields))


def inventory(
    *roots: Component, kind: RelationKind = RelationKind.DEPENDS_ON
) -> Inventory:
    """Return one in which the roots need `left`, and `left` needs `right`."""
    found = Collector("folder")
    left, right = (
        found.add(component(f"pkg:npm/{e}@1.0.0")) for e in ("left", "right")
    )
    found.relate(left, right)
    for each in roots:
        root = found.add(each)
        found.relate(root, left, kind)
        found.relate(root, right)
        found.gap(gap(ref=root))
    return found.inventory()


def written(told: Inventory) -> dict[str, Any]:
    moment = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    made = compose(told, timestamp=moment, version="1", reproducible=True)
    again = read(made.data, source="bom.json")
    assert replace(again, carried="") == replace(told, carried="")
    second = compose(again, timestamp=moment, version="1", reproducible=True)
    assert second.data == made.data
    return made.document


def test_the_project_at_the_root_is_what_the_bom_is_about() -> None:
    document = written(promoted(inventory(project())))
    subject = document["metadata"]["component"]
    assert (subject["name"], subject["version"]) == ("app", "1.0.0")
    assert subject["licenses"][0]["license"]["id"] == "Apache-2.0"
    assert [each["name"] for each in document["components"]] == ["left", "right"]
    # What it asks for itself stays known, though something else needs it as well.
    (edges,) = (e for e in document["dependencies"] if e["ref"] == subject["bom-ref"])
    assert edges["dependsOn"] == ["pkg:npm/left@1.0.0", "pkg:npm/right@1.0.0"]
    assert [
        g["value"] for g in document["metadata"]["properties"] if "gap" in g["name"]
    ]


@pytest.mark.parametrize(
    "roots",
    [
        (),
        (project(version=None), project("other", version=None)),
        (component(kind=Kind.APPLICATION, facts=OWN),),
        (project(locations=(Location(path="packages/app/package.json"),)),),
        (project(facts=replace(OWN, workspace=True)),),
        (project(facts=PackageFacts()),),
        (replace(project(), kind=Kind.LIBRARY),),
    ],
    ids=[
        *("none", "two", "a package", "below", "a member", "from a registry"),
        "a library",
    ],
)
def test_what_is_not_the_one_project_at_the_root_stays_a_part(
    roots: tuple[Component, ...],
) -> None:
    found = inventory(*roots)
    assert promoted(found) == found


def test_a_project_that_something_needs_or_that_holds_something_stays_a_part() -> None:
    held = inventory(project(), kind=RelationKind.CONTAINS)
    assert promoted(held) == held
    found = Collector("folder")
    root, member = found.add(project()), found.add(component())
    found.relate(member, root)
    assert promoted(found.inventory()) == found.inventory()


PYTHON: dict[str, Any] = {
    "locations": (Location(path="pyproject.toml", pointer="/project"),)
}


@pytest.mark.parametrize(
    ("other", "name"),
    [
        (project(licenses=("MIT",), **PYTHON), "app"),
        (project("other", **PYTHON), "folder"),
        (project("other", version=None), "folder"),
    ],
    ids=["alike", "called-otherwise", "without-version"],
)
def test_projects_at_the_root_that_agree_say_which_version_the_whole_has(
    other: Component, name: str
) -> None:
    found = inventory(project(), other)
    told = promoted(found)
    assert told.components == found.components
    subject = written(told)["metadata"]["component"]
    assert (subject["name"], subject["version"]) == (name, "1.0.0")


def test_projects_at_the_root_of_several_versions_leave_that_to_their_user() -> None:
    other = project(version="2.0.0", **PYTHON)
    told = promoted(inventory(project(), other))
    (gap,) = set(told.gaps) - set(inventory(project(), other).gaps)
    assert gap.reason.endswith(
        "`package.json` says `1.0.0`, `pyproject.toml#/project` says `2.0.0`"
    )
    assert "version" not in written(told)["metadata"]["component"]
    said = stated(told, manufacturer=None, version="3")
    assert gap not in said.gaps
    assert len(said.gaps) == len(told.gaps) - 1
    assert gap in stated(told, manufacturer="Acme", version=None).gaps


def test_a_project_without_parts_is_listed() -> None:
    found = Collector("folder")
    found.add(project())
    assert promoted(found.inventory()) == found.inventory()


def test_a_list_has_it_and_a_judge_sees_it(tmp_path: Path) -> None:
    lock = (
        '{"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": '
        '{"": {"name": "app", "version": "1.0.0", "dependencies": {"left": "1.0.0"}},'
        ' "node_modules/left": {"version": "1.0.0"}}}'
    )
    (tmp_path / "package-lock.json").write_text(lock)
    for target in (tmp_path, tmp_path / "package-lock.json"):
        listed = survey(target, environment=None, verbatim=True)
        assert (listed.name, [e.name for e in listed.components]) == ("app", ["left"])
        judged = survey(target, environment=None)
        assert {each.name for each in judged.components} == {"app", "left"}


@pytest.mark.parametrize(
    ("text", "maker"),
    [
        ("Acme", {"name": "Acme"}),
        (
            "Acme GmbH <psirt@acme.example>",
            {"name": "Acme GmbH", "contact": [{"email": "psirt@acme.example"}]},
        ),
        (
            "Acme <https://acme.example/security>",
            {"name": "Acme", "url": ["https://acme.example/security"]},
        ),
    ],
)
def test_its_maker_and_how_to_reach_them_are_told(
    text: str, maker: dict[str, Any]
) -> None:
    told = stated(inventory(), manufacturer=text, version="2.0")
    metadata = written(told)["metadata"]
    assert metadata["manufacturer"] == maker
    assert metadata["component"]["version"] == "2.0"
    assert metadata["component"]["manufacturer"] == maker
    assert metadata["component"]["supplier"] == maker


@pytest.mark.parametrize(
    "text",
    ["", "<a@b.example>", "Acme <>", "Acme <acme>", "Acme <https://u:p@h>", "A>"],
)
def test_what_is_no_maker_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no manufacturer"):
        stated(inventory(), manufacturer=text, version=None)


@pytest.mark.parametrize(
    ("place", "purl", "is_theirs"),
    [
        (".", "pkg:generic/m?checksum=sha256:" + "a" * 64, True),
        (".", None, True),
        (".", "pkg:huggingface/acme/m", False),
        ("m", None, False),
    ],
)
def test_a_model_that_is_all_of_it_is_of_the_same_maker(
    place: str, purl: str | None, *, is_theirs: bool
) -> None:
    found = Collector("m")
    facts = ModelFacts(format="hugging-face")
    found.add(
        component(
            purl, Kind.MODEL, name="m", facts=facts, locations=(Location(path=place),)
        )
    )
    maker = "Acme GmbH<psirt@acme.example>"
    told = stated(found.inventory(), manufacturer=maker, version="2")
    (listed,) = written(told)["components"]
    assert ("version" in listed, "supplier" in listed) == (is_theirs, is_theirs)
    if is_theirs:
        subject = written(told)["metadata"]["component"]
        assert listed["supplier"] == subject["supplier"]


def test_nothing_said_changes_nothing() -> None:
    found = inventory()
    assert stated(found, manufacturer=None, version=None) is found
