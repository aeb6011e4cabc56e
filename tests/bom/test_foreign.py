import json
from typing import Any

import pytest

from mcpchain.artifact import Artifact
from mcpchain.bom.read import read
from mcpchain.bom.worth import declared
from mcpchain.component import (
    BaseModel,
    Basis,
    BuildFacts,
    Component,
    Kind,
    Location,
    Metric,
    ModelCard,
    ModelFacts,
    Origin,
    PackageFacts,
    Pin,
    Role,
    ServerFacts,
    Transport,
)
from mcpchain.inventory import RelationKind, State
from tests.bom.documents import HEX, SHA256, bom, found, library, reasons
from tests.bom.inventories import COMMIT
from tests.making import component


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
    carried = {key: entry[key] for key in ("scope", "hashes", "licenses")} | {
        "externalReferences": [
            {"type": "website", "url": "https://acme.example"},
            {"type": "distribution", "url": "https://r.example/f.tgz?token="},
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
            carried=json.dumps(carried, sort_keys=True, separators=(",", ":")),
        ),
    )
    (reason,) = reasons(found(entry))
    assert reason.startswith("addresses that were kept without their passwords or keys")


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
        ("pkg:oci/i?tag=1.2", None, Pin.TAG, None),
        ("pkg:oci/i?tag=latest", None, Pin.FLOATING, None),
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
        (
            "pkg:github/o/r@v1",
            PackageFacts(origin=Origin.VCS, registry="https://github.com/o/r"),
        ),
        (
            "pkg:pypi/x@1?repository_url=https://u:p@evil.example/simple?k=v",
            PackageFacts(registry="https://evil.example/simple"),
        ),
        (
            "pkg:pypi/x?vcs_url=git%2Bhttps://u:p@h.example/r%40v1",
            PackageFacts(origin=Origin.VCS, registry="https://h.example/r"),
        ),
        (
            "pkg:generic/x@1?download_url=https://h.example/x.zip",
            PackageFacts(origin=Origin.URL, registry="https://h.example/x.zip"),
        ),
    ],
)
def test_a_purl_tells_where_a_package_comes_from(
    purl: str, facts: PackageFacts
) -> None:
    (made,) = found(library(purl)).components
    assert made.facts == facts
    assert "u:p@" not in repr(made)
    assert "k=v" not in repr(made)


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
            State.UNSUPPORTED,
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
            State.UNMATCHED,
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
            State.UNMATCHED,
        ),
        (
            {"dependencies": [{"ref": "a", "provides": ["b"]}]},
            "edges that say what a component provides: 1 in all",
            State.UNSUPPORTED,
        ),
        (
            {"compositions": [{"aggregate": "incomplete_third_party_only"}]},
            "parts of the list that the BOM itself calls incomplete: 1 in all",
            State.UNMATCHED,
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


def test_an_edge_from_something_that_is_not_listed_is_no_edge() -> None:
    inventory = found(
        library("pkg:npm/a@1.0.0", **{"bom-ref": "a"}),
        dependencies=[{"ref": "gone", "dependsOn": ["a"]}],
    )
    assert not inventory.relations
    assert len(inventory.gaps) == 1


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


def test_what_is_not_examined_is_listed_with_what_it_contains() -> None:
    file = {"type": "file", "name": "f", "components": [library("pkg:npm/x@1.0.0")]}
    inventory = found(library("pkg:npm/top@1.0.0", components=[file]))
    refs = {each.ref: each.name for each in inventory.components}
    assert {(refs[e.source], refs[e.target]) for e in inventory.relations} == {
        ("top", "f"),
        ("f", "x"),
    }
    kinds = {each.name: each.kind for each in inventory.components}
    assert kinds["f"] is Kind.OTHER


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
    ("purl", "hashed", "pin"),
    [
        (
            f"pkg:pypi/x@1.0?vcs_url=git%2Bhttps://h.example/r%40{COMMIT}",
            False,
            Pin.COMMIT,
        ),
        ("pkg:pypi/x@1.0?vcs_url=git%2Bhttps://h.example/r%40main", True, Pin.TAG),
        ("pkg:pypi/x@1.0?vcs_url=git%2Bhttps://h.example/r", False, Pin.TAG),
        ("pkg:pypi/x@1.0?download_url=https://h.example/x.whl", False, Pin.TAG),
        ("pkg:pypi/x@1.0?download_url=https://h.example/x.whl", True, Pin.DIGEST),
    ],
)
def test_an_address_is_as_firm_as_in_a_lock(purl: str, hashed: bool, pin: Pin) -> None:  # noqa: FBT001 - a row of a table
    hashes = [{"alg": "SHA-256", "content": HEX}] if hashed else []
    (made,) = found(library(purl, hashes=hashes)).components
    assert (made.pin, made.version) == (pin, "1.0")


def test_a_package_that_is_called_a_model_is_a_package() -> None:
    entry = library("pkg:npm/x@1.0.0", type="machine-learning-model")
    inventory = found(entry)
    (made,) = inventory.components
    assert (made.kind, made.pin, made.facts) == (
        Kind.LIBRARY,
        Pin.EXACT,
        PackageFacts(),
    )
    assert not inventory.gaps


@pytest.mark.parametrize(
    "members",
    [
        {"purl": "pkg:npm/evil@1.0.0"},
        {"hashes": [{"alg": "SHA-256", "content": HEX}]},
        {"externalReferences": [{"type": "distribution", "url": "https://r.example"}]},
    ],
)
def test_a_subject_that_names_code_of_its_own_is_examined(
    members: dict[str, Any],
) -> None:
    subject = {"type": "application", "name": "evil", "bom-ref": "e"} | members
    inventory = found(
        library("pkg:npm/x@1.0.0", **{"bom-ref": "x"}),
        metadata={"component": subject},
        dependencies=[{"ref": "e", "dependsOn": ["x"]}],
    )
    assert {each.name for each in inventory.components} == {"evil", "x"}
    assert len(inventory.relations) == 1


@pytest.mark.parametrize("kind", ["data", "cryptographic-asset"])
def test_a_subject_that_is_no_software_is_a_gap(kind: str) -> None:
    (gap,) = found(metadata={"component": {"type": kind, "name": "d"}}).gaps
    assert gap.state is State.UNSUPPORTED


def test_a_subject_of_a_kind_that_nobody_knows_is_not_lost() -> None:
    inventory = found(metadata={"component": {"type": "?", "name": "d"}})
    assert [each.name for each in inventory.components] == ["d"]


@pytest.mark.parametrize("subject", [{"name": "d", "hashes": 1}, {"type": 1}])
def test_a_bad_subject_is_a_gap_and_what_it_holds_stays(
    subject: dict[str, Any],
) -> None:
    subject["components"] = [library("pkg:npm/x@1.0.0")]
    inventory = found(metadata={"component": subject})
    assert [each.name for each in inventory.components] == ["x"]
    assert len(inventory.gaps) == 1


def test_what_the_subject_depends_on_without_listing_it_is_a_gap() -> None:
    inventory = found(
        library("pkg:npm/a@1.0.0", **{"bom-ref": "a"}),
        metadata={"component": library(name="app", **{"bom-ref": "root"})},
        dependencies=[{"ref": "root", "dependsOn": ["a", "pkg:npm/evil@1.0.0"]}],
    )
    (gap,) = inventory.gaps
    assert gap.state is State.UNMATCHED


DIGESTED = {"hashes": [{"alg": "SHA-256", "content": HEX}]}
SYFT = {"properties": [{"name": "syft:package:type", "value": "github-action"}]}
CDXGEN = {"properties": [{"name": "cdx:github:action:uses", "value": "o/r@v4"}]}


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"type": "file"} | DIGESTED, Kind.FILE),
        ({"type": "file"}, Kind.OTHER),
        ({"type": "file", "hashes": [{"alg": "MD5", "content": "0" * 32}]}, Kind.OTHER),
        ({"type": "file", "purl": "pkg:npm/x@1"} | DIGESTED, Kind.LIBRARY),
        ({"type": "data", "data": [{"type": "dataset"}]}, Kind.DATA),
        ({"type": "data", "data": [{"type": "definition"}]}, Kind.OTHER),
        (
            {"type": "data", "data": [{"type": "dataset"}, {"type": "other"}]},
            Kind.OTHER,
        ),
        ({"type": "data", "data": {}}, Kind.OTHER),
        ({"type": "data", "data": [1]}, Kind.OTHER),
        ({"type": "data"} | DIGESTED, Kind.OTHER),
        ({"type": "data", "purl": "pkg:pypi/x@1"}, Kind.LIBRARY),
        (
            {"type": "data", "purl": "pkg:huggingface/o/d?repo_type=dataset"},
            Kind.DATA,
        ),
        (
            {
                "type": "data",
                "purl": "pkg:huggingface/o/d?repository_url=h.example/datasets",
            },
            Kind.DATA,
        ),
        ({"type": "data", "purl": "pkg:huggingface/o/m"}, Kind.LIBRARY),
        ({"type": "library", "purl": "pkg:docker/library/x@1"}, Kind.LIBRARY),
        ({"type": "container", "purl": "pkg:docker/library/x@1"}, Kind.CONTAINER),
        ({"type": "container", "purl": "pkg:oci/x"}, Kind.CONTAINER),
        ({"type": "container", "purl": "pkg:npm/x@1"}, Kind.LIBRARY),
        ({"type": "container"}, Kind.LIBRARY),
        ({"type": "library", "purl": "pkg:githubactions/o/r@v4"}, Kind.BUILD),
        ({"type": "library", "purl": "pkg:github/o/r@v4"}, Kind.LIBRARY),
        ({"type": "library", "purl": "pkg:github/o/r@v4"} | SYFT, Kind.BUILD),
        ({"type": "application", "purl": "pkg:github/o/r@v4"} | CDXGEN, Kind.BUILD),
        ({"type": "library", "purl": "pkg:npm/r@4.0.0"} | SYFT, Kind.LIBRARY),
        ({"type": "library"} | CDXGEN, Kind.LIBRARY),
        (
            {"type": "library", "purl": "pkg:github/o/r@v4", "properties": [7]},
            Kind.LIBRARY,
        ),
        ({"type": "library", "data": [{"type": "dataset"}]}, Kind.LIBRARY),
    ],
)
def test_a_thing_is_what_its_type_says_only_if_its_entry_bears_that_out(
    entry: dict[str, Any], kind: Kind
) -> None:
    (made,) = found({"name": "x"} | entry).components
    assert made.kind is kind


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "file"} | DIGESTED,
        {"type": "data", "data": [{"type": "dataset"}]},
        {"type": "data", "purl": "pkg:huggingface/o/d?repo_type=dataset"},
    ],
)
def test_files_and_data_that_nobody_examined_leave_a_gap(entry: dict[str, Any]) -> None:
    (only,) = found({"name": "x"} | entry).gaps
    assert only.state is State.UNSUPPORTED
    assert only.reason.startswith(f"components of type `{entry['type']}`")


@pytest.mark.parametrize(
    ("version", "pin"),
    [("3.12", Pin.TAG), (f"sha256:{HEX}", Pin.DIGEST), (None, Pin.FLOATING)],
)
def test_an_image_is_as_firm_as_its_purl(version: str | None, pin: Pin) -> None:
    end = f"@{version}" if version else ""
    entry = library(f"pkg:docker/library/python{end}", type="container")
    inventory = found(entry)
    (made,) = inventory.components
    assert (made.name, made.pin, made.version) == ("library/python", pin, version)
    assert made.facts == BuildFacts(role=Role.SERVICE_IMAGE)
    assert declared(inventory) == inventory


@pytest.mark.parametrize(
    ("purl", "pin", "gaps"),
    [
        ("pkg:githubactions/o/r@v4", Pin.TAG, []),
        ("pkg:githubactions/o/r@4.%2A.%2A", Pin.RANGE, []),
        ("pkg:githubactions/o/r", Pin.FLOATING, []),
        (f"pkg:githubactions/o/r@{COMMIT}", Pin.COMMIT, []),
        (f"pkg:github/o/r@{COMMIT}", Pin.COMMIT, [State.PARTIAL]),
    ],
)
def test_an_action_is_as_firm_as_its_purl_and_words_alone_leave_a_gap(
    purl: str, pin: Pin, gaps: list[State]
) -> None:
    inventory = found(library(purl) | SYFT)
    (made,) = inventory.components
    assert (made.name, made.pin) == ("o/r", pin)
    assert isinstance(made.facts, BuildFacts)
    assert made.facts.role is Role.ACTION
    assert [each.state for each in inventory.gaps] == gaps
    assert declared(inventory) == inventory


CARD = {
    "modelParameters": {
        "task": "text-generation",
        "architectureFamily": "llama",
        "modelArchitecture": "LlamaForCausalLM",
        "datasets": [{"ref": "d"}, {"ref": "gone"}, {"type": "dataset"}],
    },
    "quantitativeAnalysis": {"performanceMetrics": [{"type": "F1", "value": "0.5"}]},
    "considerations": {
        "users": ["all"],
        "ethicalConsiderations": [{"name": "see https://u:s3cret@h.example"}, {}],
    },
    "properties": [
        {"name": "cdx:ai-ml:model:parameter:count", "value": "7B"},
        {"name": "cdx:ai-ml:model:language", "value": "de"},
        {"name": "cdx:ai-ml:model:hyperparameter:hidden_size", "value": "8"},
    ],
}
PEDIGREE = {
    "ancestors": [
        {
            "type": "machine-learning-model",
            "group": "o",
            "name": "base",
            "purl": "pkg:huggingface/o/base?vcs_url=https://u:s3cret@h.example/r",
        },
        {"type": "machine-learning-model", "name": "odd", "purl": "?"},
        {"type": "library", "name": "llama.cpp"},
    ]
}
DATA_SET = {"type": "data", "name": "d", "bom-ref": "d", "data": [{"type": "dataset"}]}


def test_the_card_of_another_tools_model_is_read_without_secrets() -> None:
    model = {"type": "machine-learning-model", "name": "m", "bom-ref": "m"}
    inventory = found(model | {"modelCard": CARD, "pedigree": PEDIGREE}, DATA_SET)
    (made,) = (each for each in inventory.components if each.kind is Kind.MODEL)
    assert made.facts == ModelFacts(
        format="",
        family="llama",
        architecture="LlamaForCausalLM",
        hyperparameters=(("hidden_size", "8"),),
        bases=(
            BaseModel(
                name="o/base",
                purl=component(
                    "pkg:huggingface/o/base?vcs_url=https://h.example/r"
                ).purl,
            ),
            BaseModel(name="odd"),
        ),
        card=ModelCard(
            task="text-generation",
            languages=("de",),
            metrics=(Metric(type="F1", value="0.5"),),
            considerations=(
                ("ethicalConsiderations", "see https://h.example"),
                ("users", "all"),
            ),
        ),
    )
    assert [(r.source, r.target, r.kind) for r in inventory.relations] == [
        ("m", "d", RelationKind.TRAINED_ON)
    ]
    assert "s3cret" not in repr(inventory)
    assert any(
        each.startswith("data that a model was trained on and that is not listed: 1")
        for each in reasons(inventory)
    )


def test_a_card_makes_no_model_safe() -> None:
    model = {"type": "machine-learning-model", "name": "m", "modelCard": CARD}
    inventory = declared(found(model))
    (made,) = inventory.components
    assert isinstance(made.facts, ModelFacts)
    assert made.facts.card is not None
    assert (State.UNSUPPORTED, made.ref) in {(e.state, e.ref) for e in inventory.gaps}


@pytest.mark.parametrize(
    "card",
    [
        1,
        {"modelParameters": []},
        {"modelParameters": {"task": 1}},
        {"modelParameters": {"datasets": [1]}},
        {"quantitativeAnalysis": {"performanceMetrics": {}}},
        {"considerations": {"users": "x"}},
        {"properties": [{"value": "x"}]},
    ],
)
def test_a_bad_card_is_a_gap_and_the_model_and_its_card_stay(card: object) -> None:
    entry = {"type": "machine-learning-model", "name": "m", "modelCard": card}
    inventory = found(entry, library("pkg:npm/other@1.0.0"))
    assert len(inventory.components) == 2
    assert [each.state for each in inventory.gaps].count(State.UNREADABLE) == 1
    carried = [json.loads(each.carried or "{}") for each in inventory.components]
    assert {"modelCard": card} in carried
