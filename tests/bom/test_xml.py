import contextlib
import json
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from cyclonedx.model.bom import Bom
from hypothesis import HealthCheck, given, settings

from mcpchain.bom import xml
from mcpchain.bom.read import read
from mcpchain.bom.validate import validate
from mcpchain.bom.write import VERSIONS, compose
from mcpchain.component import (
    BaseModel,
    BuildFacts,
    Kind,
    Location,
    ModelFacts,
    Pin,
    Role,
    UsedServiceFacts,
)
from mcpchain.errors import UsageError
from mcpchain.inventory import Collector, Inventory
from tests.bom.inventories import NOW
from tests.bom.large import large
from tests.bom.strangers import documents
from tests.bom.test_write import SERVER
from tests.making import component


def made(inventory: Inventory, version: str = "1.6") -> dict[str, Any]:
    written = compose(
        inventory,
        timestamp=NOW,
        version="1",
        reproducible=True,
        spec_version=version,
    )
    validate(written.document)
    assert json.loads(written.data) == written.document
    return written.document


def everything() -> Inventory:
    found = Collector("demo")
    server = found.add(SERVER)
    package = component(
        "pkg:npm/%40acme/files@1.2.0",
        kind=Kind.APPLICATION,
        licenses=("MIT OR Apache-2.0",),
        concluded=("MIT",),
        graph=True,
    )
    found.relate(server, found.add(package))
    facts = ModelFacts(format="gguf", parameters=7, architecture="llama")
    found.add(component(None, kind=Kind.MODEL, facts=facts))
    found.add(component("pkg:npm/floating", pin=Pin.FLOATING))
    return found.inventory()


def marks(data: bytes) -> list[str]:
    return [
        each.text or ""
        for each in ET.fromstring(data).iter()  # noqa: S314 - our own
        if each.get("name") == "mcpchain:xml:lacks"
    ]


def test_places_without_names_keep_their_order() -> None:
    places = tuple(
        Location(path="pyproject.toml", pointer=f"/project/dependencies/{number:02}")
        for number in range(20)
    )
    found = Collector("demo")
    found.add(component("pkg:pypi/acme@1", locations=places))
    data, _ = xml.convert(made(found.inventory()))
    root = ET.fromstring(data)  # noqa: S314 - our own
    shown = [
        each.text for each in root.iter() if each.tag.endswith("additionalContext")
    ]
    assert shown == [each.pointer for each in places]
    assert b"mcpchain-place" not in data


def test_xml_says_what_it_leaves_out() -> None:
    data, lacks = xml.convert(made(everything()))
    assert lacks == (
        "`components.modelCard`: 3 values",
        "`compositions`: 9 values",
    )
    assert marks(data) == [*lacks]


def test_xml_of_1_7_leaves_out_more() -> None:
    data, lacks = xml.convert(made(everything(), "1.7"))
    assert lacks == (
        "`components.licenses.acknowledgement`: 1 value",
        "`components.licenses.expression`: 1 value",
        "`components.modelCard`: 3 values",
        "`components.versionRange`: 1 value",
        "`compositions`: 9 values",
    )
    assert b'xmlns="http://cyclonedx.org/schema/bom/1.7"' in data


@pytest.mark.parametrize("version", VERSIONS)
def test_xml_has_no_place_for_what_builds_and_says_so(version: str) -> None:
    found = Collector("demo")
    facts = BuildFacts(role=Role.ACTION)
    outer, inner = (
        found.add(component(f"pkg:github/acme/{name}@v1", Kind.BUILD, facts=facts))
        for name in ("outer", "inner")
    )
    package = found.add(component())
    found.relate(outer, inner)
    found.relate(inner, package)
    data, lacks = xml.convert(made(found.inventory(), version))
    assert [each.partition(":")[0] for each in lacks] == [
        "`compositions`",
        "`dependencies.dependsOn`",
        "`dependencies.ref`",
        "`formulation`",
    ]
    assert marks(data) == [*lacks]
    assert b"acme" not in data


def test_xml_holds_services_and_what_a_model_was_made_from() -> None:
    found = Collector("demo")
    bases = (BaseModel(name="acme/base", relation="finetune"),)
    facts = ModelFacts(format="gguf", bases=bases)
    found.add(component(None, kind=Kind.MODEL, facts=facts))
    served = UsedServiceFacts(provider="OpenAI", category="model-api")
    found.add(component(None, kind=Kind.SERVICE, facts=served))
    data, lacks = xml.convert(made(found.inventory()))
    assert lacks == ("`compositions`: 6 values",)
    assert b"<notes>finetune of acme/base</notes>" in data
    assert b"<name>OpenAI</name>" in data


def test_a_list_that_is_too_long_for_the_library_is_refused() -> None:
    with pytest.raises(UsageError, match="4,002 components and services are too many"):
        xml.convert(made(large(4001)))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\x01b", "a\\x01b"),
        ("\x1b[2Ja", "\\x1b[2Ja"),
        ("a\0", "a\\x00"),
        ("a\uffff", "a\\uffff"),
    ],
    ids=["control", "escape", "zero", "no-character"],
)
def test_what_no_xml_can_hold_is_shown_as_an_escape_and_told(
    name: str, shown: str
) -> None:
    found = Collector("demo")
    found.add(component(None, name=name))
    found.add(component("pkg:npm/files@1.2.0"))
    data, lacks = xml.convert(made(found.inventory()))
    tree = ET.fromstring(data)  # noqa: S314 - our own
    names = {each.text for each in tree.iter() if each.tag.endswith("}name")}
    assert {shown, "files"} <= names
    (told,) = [each for each in lacks if "control character" in each]
    assert told in marks(data)


def test_entries_that_would_become_one_are_refused() -> None:
    found = Collector("demo")
    found.add(component(None, name="a\x01b"))
    found.add(component(None, name="a\\x01b"))
    with pytest.raises(UsageError, match="differ only in characters"):
        xml.convert(made(found.inventory()))


def test_the_library_is_imported_for_xml_alone() -> None:
    code = "import sys, mcpchain.bom.xml; print('cyclonedx' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize("version", VERSIONS)
def test_cyclonedx_python_lib_reads_what_we_write(version: str) -> None:
    document = made(everything(), version)
    if version == "1.7":
        document = json.loads(json.dumps(document))
    bom = Bom.from_json(document)  # type: ignore[attr-defined] # made by serializable
    assert {each.name for each in bom.components} == {"files", "thing", "floating"}
    assert {each.name for each in bom.services} == {"files"}
    assert len(bom.dependencies) == len(document["dependencies"])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_any_bom_becomes_xml_or_is_refused(document: dict[str, Any]) -> None:
    inventory = read(json.dumps(document).encode(), source="b.json")
    written = made(inventory)
    with contextlib.suppress(UsageError):
        data, lacks = xml.convert(written)
        assert sorted(marks(data)) == sorted(lacks)
