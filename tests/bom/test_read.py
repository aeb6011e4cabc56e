import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Artifact, Digest
from mcpchain.bom.read import declared, read
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    Origin,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Inventory, RelationKind, State
from tests.bom.inventories import COMMIT, written
from tests.bom.test_write import SERVER
from tests.making import component, gap

HEX = "ab" * 32
SHA256 = Digest.parse(f"sha256:{HEX}")
OURS = {"properties": [{"name": "mcpchain:inventory", "value": "1"}]}


def bom(**members: Any) -> bytes:  # noqa: ANN401 - anything may be wrong
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6"}
    return json.dumps(head | members).encode()


def found(*entries: Any, **members: Any) -> Inventory:  # noqa: ANN401 - as above
    return read(bom(components=list(entries), **members), source="b.json")


def library(purl: str | None = None, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    entry = {"type": "library", "name": "x"} | ({"purl": purl} if purl else {})
    return entry | members


def reasons(inventory: Inventory) -> list[str]:
    return [each.reason for each in inventory.gaps]


def prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


# --- BOMs of others


def test_a_package_of_another_tool_is_a_declared_dependency() -> None:
    entry = {
        "type": "library",
        "bom-ref": "a",
        "group": "@acme",
        "name": "files",
        "version": "1.2.0",
        "scope": "optional",
        "purl": "pkg:npm/%40acme/files@1.2.0",
        "hashes": [{"alg": "SHA-256", "content": HEX.upper()}],
        "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "Other"}}],
        "externalReferences": [
            {"type": "website", "url": "https://acme.example"},
            {"type": "distribution", "url": "https://u:p@r.example/f.tgz?token=x"},
        ],
    }
    assert found(entry).components == (
        Component(
            kind=Kind.LIBRARY,
            name="@acme/files",
            version="1.2.0",
            purl=component("pkg:npm/%40acme/files@1.2.0").purl,
            pin=Pin.EXACT,
            basis=Basis.DECLARED,
            locations=(Location(path="b.json", pointer="/components/0"),),
            artifacts=(Artifact(digests=(SHA256,), url="https://r.example/f.tgz"),),
            licenses=("MIT", "Other"),
            facts=PackageFacts(),
        ),
    )
    assert not found(entry).gaps


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
def test_each_version_of_the_specification_is_read(version: str) -> None:
    assert found(library("pkg:npm/x@1.0.0"), specVersion=version).components


@pytest.mark.parametrize(
    ("purl", "version", "pin", "kept"),
    [
        ("pkg:pypi/x@1.0", None, Pin.EXACT, "1.0"),
        ("pkg:pypi/x", "1.0", Pin.EXACT, "1.0"),
        ("pkg:pypi/x", None, Pin.FLOATING, None),
        ("pkg:pypi/x", "", Pin.FLOATING, None),
        ("pkg:npm/x@latest", "latest", Pin.FLOATING, None),
        ("pkg:npm/x", "^1.2", Pin.RANGE, None),
        ("pkg:npm/x@%5E1.2", None, Pin.RANGE, None),
        ("pkg:npm/x", ">=1 <2", Pin.RANGE, None),
        ("pkg:pypi/x", "1.*", Pin.RANGE, None),
        (f"pkg:github/o/r@{COMMIT}", None, Pin.COMMIT, COMMIT),
        ("pkg:github/o/r@main", None, Pin.TAG, "main"),
        ("pkg:huggingface/o/m@main", None, Pin.TAG, "main"),
        ("pkg:docker/o/i@1.2", None, Pin.TAG, "1.2"),
        (f"pkg:oci/i@sha256:{HEX}", None, Pin.DIGEST, f"sha256:{HEX}"),
        (None, "1.0", Pin.EXACT, "1.0"),
        (None, None, None, None),
    ],
)
def test_a_version_that_can_change_pins_nothing(
    purl: str | None, version: str | None, pin: Pin | None, kept: str | None
) -> None:
    (made,) = found(library(purl, version=version)).components
    assert (made.pin, made.version) == (pin, kept)
    assert made.purl is None or made.purl.version == kept or purl == "pkg:pypi/x"


def test_a_range_is_a_request() -> None:
    entry = library("pkg:npm/x", versionRange="vers:npm/*")
    (made,) = found(entry, specVersion="1.7").components
    assert (made.pin, made.requested) == (Pin.RANGE, "vers:npm/*")


@pytest.mark.parametrize(
    ("purl", "facts"),
    [
        ("pkg:npm/x@1", PackageFacts()),
        ("pkg:github/o/r@v1", PackageFacts(origin=Origin.VCS)),
        (
            "pkg:pypi/x@1?repository_url=https://u:p@evil.example/simple?k=v",
            PackageFacts(registry="https://evil.example/simple"),
        ),
        (
            "pkg:pypi/x?vcs_url=git%2Bhttps://h.example/r",
            PackageFacts(origin=Origin.VCS),
        ),
        (
            "pkg:generic/x@1?download_url=https://h.example/x.zip",
            PackageFacts(origin=Origin.URL),
        ),
    ],
)
def test_a_purl_tells_where_a_package_comes_from(
    purl: str, facts: PackageFacts
) -> None:
    (made,) = found(library(purl)).components
    assert made.facts == facts


@pytest.mark.parametrize(
    "kind", ["application", "container", "framework", "firmware", "file", "data", "?"]
)
def test_whatever_its_type_a_package_is_held_to_what_a_package_is(kind: str) -> None:
    (made,) = found(library("pkg:npm/x@1.0.0", type=kind)).components
    assert made.kind is Kind.LIBRARY


@pytest.mark.parametrize("kind", ["library", "application", "container", "?"])
def test_a_component_without_purl_stays(kind: str) -> None:
    (made,) = found(library(type=kind, group="g")).components
    assert (made.name, made.purl) == ("g/x", None)


def test_a_model_is_listed_with_a_gap_since_its_format_is_not_told() -> None:
    entry = library(f"pkg:huggingface/o/m@{COMMIT}", type="machine-learning-model")
    inventory = found(entry, library(type="machine-learning-model", name="y"))
    assert [each.kind for each in inventory.components] == [Kind.MODEL] * 2
    assert reasons(inventory) == [
        "models whose file format a BOM does not tell: 2 in all, the first here"
    ]


def test_the_subject_of_a_model_bom_is_examined_too() -> None:
    subject = {"type": "machine-learning-model", "name": "m", "bom-ref": "m"}
    inventory = found(
        library("pkg:npm/x@1.0.0", **{"bom-ref": "x"}),
        metadata={"component": subject},
        dependencies=[{"ref": "m", "dependsOn": ["x"]}],
    )
    assert {each.name for each in inventory.components} == {"m", "x"}
    assert len(inventory.relations) == 1


def test_an_mcp_service_of_another_tool_is_a_server() -> None:
    service = {
        "name": "crm",
        "group": "mcp",
        "endpoints": ["http://u:p@crm.example/mcp?key=s3cret"],
    }
    (made,) = found(services=[service]).components
    assert made.kind is Kind.MCP_SERVER
    assert made.pin is Pin.REMOTE
    assert made.facts == ServerFacts(
        client="", transport=Transport.UNKNOWN, endpoint="http://crm.example/mcp"
    )


def test_a_server_without_endpoint_is_opaque() -> None:
    (made,) = found(services=[{"name": "crm", "group": "mcp"}]).components
    assert (made.pin, made.facts.endpoint) == (None, None)  # type: ignore[union-attr] # a server's


@pytest.mark.parametrize(
    ("members", "reason", "state"),
    [
        (
            {"services": [{"name": "api", "services": [{"name": "inner"}]}]},
            "services that are not recognised as MCP servers: 2 in all",
            State.UNSUPPORTED,
        ),
        (
            {"services": [{"name": "s", "group": "mcp", "endpoints": ["a", "b"]}]},
            "MCP servers with more than one endpoint, of which one was read: 1",
            State.PARTIAL,
        ),
        (
            {"vulnerabilities": [{"id": "CVE-1"}, {"id": "CVE-2"}]},
            "entries of `vulnerabilities`: 2 in all",
            State.UNSUPPORTED,
        ),
        (
            {"declarations": {"claims": []}},
            "entries of `declarations`: 1 in all",
            State.UNSUPPORTED,
        ),
        ({"vulnerabilities": {}}, "expected a list, got an object", State.UNREADABLE),
        (
            {"packages": [], "colour": "red"},
            "members of the document that CycloneDX does not have: 2 in all",
            State.UNSUPPORTED,
        ),
        (
            {"components": [{"type": "file", "name": "a"}] * 3},
            "components of type `file` that name no package: 3 in all",
            State.UNSUPPORTED,
        ),
        (
            {"components": [library("pkg:npm/x@1", type="thing")]},
            "components of a type that CycloneDX does not have: 1 in all",
            State.PARTIAL,
        ),
        (
            {"components": [library("pkg:npm/x@1", version="2")]},
            "components whose version is not that of their purl: 1 in all",
            State.PARTIAL,
        ),
        (
            {"components": [library(hashes=[{"alg": "BLAKE3", "content": HEX}])]},
            "hashes of an algorithm that is not supported: 1 in all",
            State.UNSUPPORTED,
        ),
        (
            {"externalReferences": [{"type": "bom", "url": "b"}, {"type": "vcs"}]},
            "references to other BOMs, which were not followed: 1 in all",
            State.UNSUPPORTED,
        ),
        (
            {
                "components": [
                    library(externalReferences=[{"type": "bom", "url": "b.json"}])
                ]
            },
            "references to other BOMs, which were not followed: 1 in all",
            State.UNSUPPORTED,
        ),
        (
            {"dependencies": [{"ref": "gone", "dependsOn": ["a", "b"]}]},
            "dependencies from or to something that is not listed or not read: 2 in",
            State.PARTIAL,
        ),
        (
            {"dependencies": [{"ref": "a", "provides": ["b"]}]},
            "edges that say what a component provides: 1 in all",
            State.UNSUPPORTED,
        ),
        (
            {"compositions": [{"aggregate": "incomplete_third_party_only"}]},
            "parts of the list that the BOM itself calls incomplete: 1 in all",
            State.PARTIAL,
        ),
        (
            {"components": [library(**{"bom-ref": "a"}), library(**{"bom-ref": "a"})]},
            "entries that share their `bom-ref` with another: 1 in all",
            State.UNREADABLE,
        ),
    ],
)
def test_what_is_not_read_leaves_one_gap_for_its_kind(
    members: dict[str, Any], reason: str, state: State
) -> None:
    (only,) = read(bom(**members), source="b.json").gaps
    assert only.reason.startswith(reason)
    assert only.state is state
    assert only.location.path == "b.json"


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"purl": "idna"}, "`idna` is not a purl"),
        ({"purl": "pkg:pypi/%0D"}, "is not a purl"),
        ({"purl": "pkg:pypi/\ud800"}, "is not a purl"),
        ({"purl": "pkg:pypi/a%2Fb"}, "is not a purl"),
        ({"purl": 1}, "expected a string, got a number"),
        ({"version": 1}, "expected a string, got a number"),
        ({"hashes": {}}, "expected a list, got an object"),
        ({"hashes": [1]}, "expected an object, got a number"),
        ({"hashes": [{"alg": "SHA-256"}]}, "`content` is missing"),
        ({"hashes": [{"alg": "SHA-256", "content": "ab"}]}, "is not a sha256 digest"),
        ({"externalReferences": ["x"]}, "expected an object, got a string"),
        ({"licenses": [{"license": {}}]}, "an expression, an id or a name"),
        ({"licenses": "MIT"}, "expected a list, got a string"),
        ({"components": 1}, "expected a list, got a number"),
        ({"properties": [{"value": "x"}]}, "`name` is missing"),
    ],
)
def test_a_component_with_one_bad_field_stays(
    members: dict[str, Any], reason: str
) -> None:
    inventory = found(library(**members), library("pkg:npm/other@1.0.0"))
    assert len(inventory.components) == 2
    (only,) = inventory.gaps
    assert reason in only.reason
    assert only.state is State.UNREADABLE
    assert only.location.pointer.startswith("/components/0")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (1, "expected an object, got a number"),
        ({}, "`name` is missing"),
        ({"name": "x"}, "`type` is missing"),
        ({"name": "", "type": "library"}, "`name` is empty"),
        ({"name": ["x"], "type": "library"}, "expected a string, got a list"),
        ({"name": "x", "type": "library", "bom-ref": 1}, "expected a string"),
    ],
)
def test_a_bad_entry_is_a_gap_and_its_siblings_stay(entry: object, reason: str) -> None:
    inventory = found(entry, library("pkg:npm/other@1.0.0"))
    assert [each.name for each in inventory.components] == ["other"]
    (only,) = inventory.gaps
    assert reason in only.reason
    assert only.location.pointer.startswith("/components/0")


def test_what_is_nested_in_a_bad_entry_stays() -> None:
    inventory = found({"components": [library("pkg:npm/x@1.0.0")]})
    assert [each.name for each in inventory.components] == ["x"]
    assert len(inventory.gaps) == 1


def test_a_key_that_appears_twice_spoils_its_entry_alone() -> None:
    entry = '{"type": "library", "name": "x", "version": "1", "version": "2"}'
    data = bom(components=[library("pkg:npm/y@1.0.0"), 0]).replace(
        b"0]", entry.encode() + b"]"
    )
    inventory = read(data, source="b.json")
    assert [each.name for each in inventory.components] == ["y"]
    assert reasons(inventory) == ["a key appears twice in this object"]


@pytest.mark.parametrize("targets", [[1], "a", [["a"]]])
def test_a_bad_edge_is_a_gap_and_its_siblings_stay(targets: object) -> None:
    inventory = found(
        library("pkg:npm/a@1.0.0", **{"bom-ref": "a"}),
        dependencies=[
            {"ref": "a", "dependsOn": targets},
            {"ref": "a", "dependsOn": ["a"]},
        ],
    )
    assert len(inventory.relations) == 1
    (only,) = inventory.gaps
    assert only.location.pointer == "/dependencies/0/dependsOn"


def test_the_version_of_the_purl_is_the_one_that_is_looked_up() -> None:
    (made,) = found(library("pkg:npm/x@1.0.0", version="9.9.9")).components
    assert made.version == "1.0.0"


@pytest.mark.parametrize("key", ["components", "services", "dependencies", "metadata"])
@pytest.mark.parametrize("value", [1, "x", True])
def test_a_member_of_the_wrong_type_is_a_gap(key: str, value: object) -> None:
    inventory = read(bom(**{key: value}), source="b.json")
    (only,) = inventory.gaps
    assert only.location.pointer == f"/{key}"


def test_nested_components_are_contained_however_deep() -> None:
    entry = library("pkg:npm/p0@1.0.0")
    for number in range(1, 200):
        entry = library(f"pkg:npm/p{number}@1.0.0", components=[entry])
    inventory = found(entry)
    assert len(inventory.components) == 200
    assert {each.kind for each in inventory.relations} == {RelationKind.CONTAINS}
    assert len(inventory.relations) == 199


def test_what_a_left_out_entry_contains_belongs_to_the_one_above() -> None:
    file = {"type": "file", "name": "f", "components": [library("pkg:npm/x@1.0.0")]}
    inventory = found(library("pkg:npm/top@1.0.0", components=[file]))
    (edge,) = inventory.relations
    refs = {each.ref: each.name for each in inventory.components}
    assert (refs[edge.source], refs[edge.target]) == ("top", "x")


def test_edges_are_kept_except_those_of_the_subject() -> None:
    inventory = found(
        library("pkg:npm/a@1.0.0", **{"bom-ref": "a"}),
        library("pkg:npm/b@1.0.0", **{"bom-ref": "b"}),
        metadata={"component": library(name="app", **{"bom-ref": "root"})},
        dependencies=[
            {"ref": "root", "dependsOn": ["a"]},
            {"ref": "a", "dependsOn": ["b", "root"]},
            {"ref": "b"},
        ],
    )
    (edge,) = inventory.relations
    assert (edge.source, edge.target) == ("a", "b")
    assert (inventory.name, inventory.gaps) == ("app", ())


def test_a_component_that_takes_the_ref_of_the_subject_does_not_vanish() -> None:
    subject = library(name="app", **{"bom-ref": "a"})
    inventory = found(library(**{"bom-ref": "a"}), metadata={"component": subject})
    assert len(inventory.components) == 1
    assert len(inventory.gaps) == 1


def test_made_up_refs_stay_unique() -> None:
    taken = "urn:mcpchain:library:x#/components/1"
    inventory = found(library(**{"bom-ref": taken}), library(), library())
    assert len({each.ref for each in inventory.components}) == 3
    assert not inventory.gaps


def test_the_bom_is_called_by_its_source_if_it_names_no_subject() -> None:
    assert found().name == "b.json"
    assert found(metadata={}).name == "b.json"
    assert found(metadata={"component": {"type": "library"}}).name == "b.json"


def test_several_hashes_of_one_kind_are_several_files() -> None:
    other = "cd" * 32
    entry = library(
        hashes=[
            {"alg": "SHA-256", "content": HEX},
            {"alg": "SHA-256", "content": other},
            {"alg": "SHA-1", "content": "0" * 40},
        ],
        externalReferences=[
            {
                "type": "distribution",
                "url": "https://r.example/x",
                "hashes": [{"alg": "SHA-256", "content": HEX}],
            }
        ],
    )
    (made,) = found(entry).components
    assert [len(each.digests) for each in made.artifacts] == [2, 1, 1]
    assert made.artifacts[2].url == "https://r.example/x"


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


# --- Our properties


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


@pytest.mark.parametrize(
    ("pin", "members"),
    [
        ("exact", {"purl": "pkg:npm/x"}),
        ("exact", {}),
        ("commit", {"version": "v1"}),
        ("commit", {"version": COMMIT[:-1]}),
        ("digest", {"version": "1.0.0", "purl": "pkg:npm/x@1.0.0"}),
        ("digest", {"hashes": [{"alg": "SHA-1", "content": "0" * 40}]}),
    ],
)
def test_a_pin_that_nothing_bears_out_is_not_believed(
    pin: str, members: dict[str, Any]
) -> None:
    entry = library(
        **members,
        properties=[prop("mcpchain:basis", "declared"), prop("mcpchain:pin", pin)],
        evidence={"occurrences": [{"location": "a"}]},
    )
    inventory = found(entry, metadata=OURS)
    (made,) = inventory.components
    assert made.pin is not Pin(pin)
    assert reasons(inventory) == [f"`{pin}` is more than it shows"]


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
    document = json.loads(written(Inventory(name="demo", components=(made,))))
    entry = document["components"][0]
    entry["bom-ref"] = "x"
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


def test_nothing_that_a_bom_says_was_observed() -> None:
    made = (component(basis=Basis.OBSERVED), component(basis=Basis.CONFIGURED))
    bases = [
        each.basis for each in declared(Inventory(name="x", components=made)).components
    ]
    assert bases == [Basis.DECLARED, Basis.CONFIGURED]


# --- Laws


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
