import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Artifact
from mcpchain.bom.read import read
from mcpchain.component import (
    Basis,
    Kind,
    PackageFacts,
    Pin,
)
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Inventory, State
from tests.bom.documents import HEX, OURS, SHA256, bom, found, library, prop, reasons
from tests.bom.inventories import written
from tests.bom.test_write import SERVER
from tests.making import component, gap


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe{", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "expected an object"),
        (b"{}", "this is not CycloneDX"),
        (b" <?xml version='1.0'?><bom/>", "XML is not read"),
        (b"\xef\xbb\xbf<bom/>", "XML is not read"),
        (b'{"spdxVersion": "SPDX-2.3"}', "this is an SPDX document"),
        (b'{"@context": "x", "@graph": []}', "this is an SPDX document"),
        (b'{"bomFormat": "SPDX"}', "this is not CycloneDX"),
        (b'{"bomFormat": "CycloneDX"}', "CycloneDX `` is not read; 1.4 to 1.7 are"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.3"}', "CycloneDX `1.3` is not"),
        (b'{"bomFormat": "CycloneDX", "specVersion": 1.6}', "expected a string"),
        (b'{"bomFormat": "CycloneDX", "bomFormat": "x"}', "a key appears twice"),
        (
            bom(metadata={"properties": [prop("mcpchain:inventory", "2")]}),
            "written by a later mcpchain",
        ),
        (
            bom(metadata={"properties": [prop("mcpchain:inventory", "1")] * 2}),
            "is given 2 times",
        ),
    ],
)
def test_what_is_no_cyclonedx_json_is_refused_by_name(
    data: bytes, problem: str
) -> None:
    with pytest.raises(MalformedError) as caught:
        read(data, source="b.json")
    assert problem in caught.value.problem
    assert caught.value.source == "b.json"


def test_text_that_nests_too_deeply_to_be_unescaped_is_refused() -> None:
    marks = [prop("mcpchain:inventory", "1"), prop("mcpchain:escaped", "true")]
    entry = library()
    for _ in range(300):
        entry = library(components=[entry])
    with pytest.raises(MalformedError, match="nested too deeply"):
        found(entry, metadata={"properties": marks})


SMUGGLED = [
    prop("mcpchain:basis", "observed"),
    prop("mcpchain:pin", "digest"),
    prop("mcpchain:origin", "bundled"),
    prop("mcpchain:development", "true"),
]


def test_our_properties_mean_nothing_in_the_bom_of_another_tool() -> None:
    entry = library("pkg:npm/x", properties=SMUGGLED)
    inventory = found(entry)
    (made,) = inventory.components
    assert (made.pin, made.basis, made.facts) == (
        Pin.FLOATING,
        Basis.DECLARED,
        PackageFacts(),
    )
    (reason,) = reasons(inventory)
    assert reason.startswith(
        "entries with properties of mcpchain in a BOM that is not its own: 1 in all"
    )


def test_the_properties_of_another_tool_are_its_own_business() -> None:
    entry = library("pkg:npm/x@1.0.0", properties=[prop("cdx:npm:package:path", "x")])
    assert not found(entry, metadata={"properties": [prop("a", "b")]}).gaps


def test_our_properties_on_the_bom_mean_nothing_without_the_first() -> None:
    hidden = [prop("mcpchain:name", "")]
    inventory = found(metadata={"properties": hidden, "component": library()})
    assert inventory.name == "x"
    assert len(inventory.gaps) == 1


def own(change: Callable[[dict[str, Any]], object]) -> Inventory:
    """Change an entry of a BOM of ours, and read it."""
    made = component(
        "pkg:npm/x@1.0.0",
        artifacts=(
            Artifact(name="x.tgz", url="https://r.example/{x}", digests=(SHA256,)),
        ),
        pin=Pin.EXACT,
        facts=PackageFacts(),
    )
    named = Inventory(name="demo", components=(replace(made, ref="x"),))
    document = json.loads(written(named))
    entry = document["components"][0]
    change(entry)
    return read(json.dumps(document).encode(), source="b.json")


def test_a_reference_that_somebody_added_to_an_entry_of_ours_does_no_harm() -> None:
    website = {"type": "website", "url": "https://x.example"}
    inventory = own(lambda entry: entry["externalReferences"].append(website))
    assert not inventory.gaps
    assert inventory.components[0].artifacts[0].name == "x.tgz"


def test_an_unchanged_entry_of_ours_has_no_gap() -> None:
    assert not own(lambda _: None).gaps


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda e: e["properties"].append(prop("mcpchain:pin", "digest")),
            "`mcpchain:pin` is given 2 times",
        ),
        (
            lambda e: e["properties"].__setitem__(1, prop("mcpchain:pin", "firm")),
            "`firm` is no pin that is known here",
        ),
        (
            lambda e: e["properties"].__setitem__(0, prop("mcpchain:basis", "")),
            "`` is no basis that is known here",
        ),
        (
            lambda e: e["properties"].append(prop("mcpchain:optional", "no")),
            "`mcpchain:optional` is `no`",
        ),
        (lambda e: e.__setitem__("type", "thing"), "`thing` is no kind"),
        (lambda e: e.__setitem__("purl", "x"), "`x` is not a purl"),
        (lambda e: e.pop("evidence"), "does not say where it was found"),
        (
            lambda e: e["externalReferences"][0].__setitem__("comment", "{"),
            "`{` is not JSON",
        ),
        (
            lambda e: e["externalReferences"][0].__setitem__(
                "comment", '{"published": "soon"}'
            ),
            "`soon` is not a time",
        ),
        (
            lambda e: e["externalReferences"][0].__setitem__(
                "url", "https://evil.example"
            ),
            "`url` and the comment name different addresses",
        ),
        (
            lambda e: e["externalReferences"].append(e["externalReferences"][0]),
            "`hashes` and the distributions name different files",
        ),
        (
            lambda e: e["hashes"].append({"alg": "BLAKE3", "content": HEX}),
            "`BLAKE3` is no digest algorithm",
        ),
    ],
)
def test_an_entry_that_is_not_as_we_write_it_is_read_like_anybody_elses(
    change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    inventory = own(change)
    assert any(reason in each for each in reasons(inventory))
    (made,) = inventory.components
    assert made.location.path == "b.json"


@pytest.mark.parametrize(
    ("members", "extra", "reason"),
    [
        ({"endpoints": ["https://evil.example"]}, [], "name different addresses"),
        (
            {"endpoints": ["https://evil.example"]},
            [prop("mcpchain:mcp:endpoint", "https://x.example")],
            "name different addresses",
        ),
        ({}, [prop("mcpchain:location", "[]")], "expected an object, got a list"),
        (
            {},
            [prop("mcpchain:location", '{"path": "x", "line": "3"}')],
            "expected a whole number, got a string",
        ),
    ],
)
def test_a_service_that_is_not_as_we_write_it_is_read_like_anybody_elses(
    members: dict[str, Any], extra: list[dict[str, str]], reason: str
) -> None:
    document = json.loads(
        written(Inventory(name="demo", components=(replace(SERVER, ref="s"),)))
    )
    document["services"][0] |= members
    document["services"][0]["properties"] += extra
    inventory = read(json.dumps(document).encode(), source="b.json")
    (made,) = inventory.components
    assert made.kind is Kind.MCP_SERVER
    assert made.location.path == "b.json"
    assert any(reason in each for each in reasons(inventory))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "[]",
        "[" * 100_000,
        "{}",
        '{"stage": "discover", "reason": "x", "state": "stale"}',
        '{"stage": "d", "reason": "x", "state": "fine", "location": {"path": "x"}}',
        '{"stage": "d", "reason": "x", "state": "stale", "location": {}}',
    ],
)
def test_a_gap_that_cannot_be_read_is_a_gap(value: str) -> None:
    metadata = {"properties": [*OURS["properties"], prop("mcpchain:gap", value)]}
    (only,) = found(metadata=metadata).gaps
    assert only.state is State.UNREADABLE
    assert len(only.reason) < 200


def test_an_edge_that_cannot_be_read_is_a_gap() -> None:
    marks = [*OURS["properties"], prop("mcpchain:relation", '{"source": "a"}')]
    assert reasons(found(metadata={"properties": marks})) == ["`target` is missing"]


def test_a_number_that_is_none_is_not_read() -> None:
    marks = [
        prop("mcpchain:basis", "observed"),
        prop("mcpchain:model:format", "gguf"),
        prop("mcpchain:model:parameters", "9" * 5_000),
    ]
    entry = library(
        type="machine-learning-model",
        properties=marks,
        evidence={"occurrences": [{"location": "m.gguf"}]},
    )
    inventory = found(entry, metadata=OURS)
    assert "`mcpchain:model:parameters` is no whole number" in reasons(inventory)


def test_our_own_incomplete_list_needs_no_second_gap() -> None:
    collector = Collector("demo")
    collector.gap(gap())
    assert len(read(written(collector.inventory()), source="b.json").gaps) == 1


def test_a_bom_of_ours_that_lost_its_gaps_still_calls_itself_incomplete() -> None:
    collector = Collector("demo")
    collector.gap(gap())
    document = json.loads(written(collector.inventory()))
    document["metadata"]["properties"] = OURS["properties"]
    (only,) = read(json.dumps(document).encode(), source="b.json").gaps
    assert "incomplete" in only.reason


def test_an_entry_that_was_added_to_a_bom_of_ours_is_anybody_elses() -> None:
    document = json.loads(written(Inventory(name="demo")))
    document["components"] = [library("pkg:npm/x@1.0.0", properties=[])]
    document["services"] = [{"name": "s", "group": "mcp"}]
    inventory = read(json.dumps(document).encode(), source="b.json")
    assert {each.basis for each in inventory.components} == {Basis.DECLARED}
    assert len(inventory.components) == 2


@given(st.binary())
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedError):
        read(data, source="b.json")


KEYS = """
    type name purl version hashes alg content group components services properties value
    licenses license externalReferences url evidence bom-ref ref dependsOn endpoints
    component id expression aggregate
"""
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(["library", "pkg:npm/x@1.0.0", "mcp", "1.0", "SHA-256", HEX]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS.split()),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)
MEMBERS = st.sampled_from(
    ["components", "services", "metadata", "dependencies", "compositions"]
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(MEMBERS, JSON, max_size=4))
def test_any_document_is_read_and_can_be_written_again(
    members: dict[str, Any],
) -> None:
    inventory = read(bom(**members), source="b.json")
    again = read(written(inventory), source="b.json")
    assert again == inventory


@settings(max_examples=50, deadline=None)
@given(st.lists(JSON, max_size=4))
def test_every_entry_is_a_component_or_counted_in_a_gap(entries: list[Any]) -> None:
    inventory = found(*entries)
    assert len(entries) == 0 or inventory
