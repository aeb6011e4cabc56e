"""What we write as SPDX is read back as it was, and nothing that is said otherwise."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from mcpchain.artifact import Artifact, Digest
from mcpchain.bom.formats import read
from mcpchain.bom.spdx.write import compose
from mcpchain.bom.worth import declared
from mcpchain.component import (
    BuildFacts,
    Kind,
    PackageFacts,
    Pin,
    Role,
    ServerFacts,
    Transport,
)
from mcpchain.difference import compare
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Inventory
from tests.bom.inventories import NOW
from tests.making import component, gap

A = Digest.parse(f"sha256:{'a' * 64}")


def several() -> Inventory:
    found = Collector("shop")
    found.add(
        component(
            "pkg:npm/x@1.0.0",
            pin=Pin.EXACT,
            facts=PackageFacts(registry="https://packages.example"),
            artifacts=(Artifact(name="x.tgz", digests=(A,)),),
        )
    )
    found.add(
        component(
            "pkg:github/actions/checkout@v4",
            kind=Kind.BUILD,
            pin=Pin.TAG,
            requested="v4",
            facts=BuildFacts(role=Role.ACTION, registry="https://git.example"),
        )
    )
    found.add(
        component(
            "pkg:oci/uv?repository_url=registry.example/uv&tag=0.5.1",
            kind=Kind.CONTAINER,
            pin=Pin.TAG,
            requested="0.5.1",
            facts=BuildFacts(role=Role.BUILD_IMAGE, registry="registry.example"),
        )
    )
    server = found.add(
        component(
            "pkg:npm/x@1.0.0",
            kind=Kind.MCP_SERVER,
            name="files",
            pin=Pin.FLOATING,
            facts=ServerFacts(client="cursor", transport=Transport.STDIO),
        )
    )
    found.gap(gap(ref=server))
    return found.inventory()


def document() -> dict[str, Any]:
    made = compose(several(), timestamp=NOW, version="1.2.3")
    return made.document


def again(document: dict[str, Any]) -> Inventory:
    return read(json.dumps(document).encode(), source="b.json")


def of_purl(document: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the package of that type of purl."""
    found: dict[str, Any] = next(
        each
        for each in document["packages"]
        if f"pkg:{kind}/" in json.dumps(each.get("externalRefs"))
    )
    return found


def test_what_was_written_is_read_back_whole_with_its_gaps() -> None:
    inventory = again(document())
    difference = compare(several(), inventory)
    assert difference.alarms == ()
    assert (difference.added, difference.removed, difference.changed) == ((), (), ())
    assert (difference.gaps_added, difference.gaps_removed) == ((), ())
    (about,) = inventory.gaps
    named = {each.ref: each.name for each in inventory.components}
    assert named[about.ref or ""] == "files"


def test_an_action_is_a_part_of_the_build_and_a_tag_stays_a_tag() -> None:
    found = {each.name: each for each in declared(again(document())).components}
    action, image = found["actions/checkout"], found["uv"]
    assert (action.kind, action.pin) == (Kind.BUILD, Pin.TAG)
    assert (image.kind, image.pin) == (Kind.CONTAINER, Pin.TAG)
    assert isinstance(image.facts, BuildFacts)
    assert image.facts.role is Role.BUILD_IMAGE


def _purl(package: dict[str, Any]) -> None:
    package["externalRefs"][0]["referenceLocator"] = "pkg:npm/evil@1.0.0"


def _version(package: dict[str, Any]) -> None:
    package["versionInfo"] = "2.0.0"


def _bytes(package: dict[str, Any]) -> None:
    package["checksums"][0]["checksumValue"] = "b" * 64


def _comment(package: dict[str, Any]) -> None:
    package["comment"] = package["comment"].replace("pin: exact", "pin: digest")


def _twice(package: dict[str, Any]) -> None:
    package["annotations"] *= 2


def _broken(package: dict[str, Any]) -> None:
    package["annotations"][0]["comment"] = "mcpchain:entry: {"


def _empty(package: dict[str, Any]) -> None:
    package["annotations"][0]["comment"] = "mcpchain:entry: {}"


@pytest.mark.parametrize(
    "forge", [_purl, _version, _bytes, _comment, _twice, _broken, _empty]
)
def test_an_annotation_that_says_something_else_is_a_gap_and_not_read(
    forge: Callable[[dict[str, Any]], None],
) -> None:
    forged = document()
    package = of_purl(forged, "npm")
    forge(package)
    inventory = again(forged)
    assert len(inventory.components) == len(several().components)
    ours = next(e for e in inventory.components if e.location.path == "b.json")
    # As anybody's: from the place in the document, not from where it was found.
    assert ours.ref == package["SPDXID"]
    assert any(
        "mcpchain:entry" in each.reason or "not JSON" in each.reason
        for each in inventory.gaps
    )


def test_without_our_word_for_it_no_annotation_is_read() -> None:
    plain = document()
    del plain["comment"]
    inventory = again(plain)
    assert {each.location.path for each in inventory.components} == {"b.json"}


def test_annotations_of_a_later_vocabulary_are_refused() -> None:
    later = document() | {"comment": "mcpchain:inventory: 2\n"}
    with pytest.raises(MalformedError, match="a later mcpchain"):
        again(later)


def test_what_another_tool_adds_to_a_package_is_carried() -> None:
    more = document()
    package = of_purl(more, "npm")
    package["attributionTexts"] = ["thanks"]
    kept = next(e for e in again(more).components if e.carried)
    assert json.loads(kept.carried) == {"spdx": {"attributionTexts": ["thanks"]}}
    assert kept.pin is Pin.EXACT
