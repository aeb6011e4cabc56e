import json
import time
from typing import Any

import pytest
from cyclonedx import model
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType, Pedigree
from cyclonedx.model.contact import OrganizationalContact, OrganizationalEntity
from cyclonedx.model.license import LicenseExpression
from cyclonedx.model.vulnerability import BomTarget, Vulnerability
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from hypothesis import HealthCheck, given, settings
from packageurl import PackageURL

from mcpchain.bom.carry import without_secrets
from mcpchain.bom.read import read
from mcpchain.bom.validate import validate
from mcpchain.bom.write import VERSIONS, write
from tests.bom.documents import HEX, bom, found, library, prop, reasons
from tests.bom.inventories import NOW
from tests.bom.strangers import documents, said

LAW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def rewritten(data: bytes, version: str) -> bytes:
    inventory = read(data, source="b.json")
    return write(
        inventory,
        timestamp=NOW,
        version="1",
        reproducible=False,
        spec_version=version,
    )


@pytest.mark.parametrize("version", VERSIONS)
@LAW
@given(documents())
def test_whatever_a_bom_says_is_said_again(
    version: str, document: dict[str, Any]
) -> None:
    data = rewritten(json.dumps(document).encode(), version)
    validate(data)
    assert said(document) - said(json.loads(data)) == set()


@LAW
@given(documents())
def test_a_bom_of_another_tool_is_read_back_as_it_was(document: dict[str, Any]) -> None:
    inventory = read(json.dumps(document).encode(), source="b.json")
    for version in VERSIONS:
        data = rewritten(json.dumps(document).encode(), version)
        assert read(data, source="b.json") == inventory
        assert rewritten(data, version) == data


def made_by_the_library(version: SchemaVersion) -> dict[str, Any]:
    """Write a BOM with cyclonedx-python-lib."""
    part = Component(
        name="x",
        version="1",
        bom_ref="x",
        group="org.acme",
        purl=PackageURL.from_string("pkg:maven/org.acme/x@1?type=jar"),
        type=ComponentType.FRAMEWORK,
        supplier=OrganizationalEntity(name="s"),
        hashes=[model.HashType(alg=model.HashAlgorithm.SHA3_256, content="0" * 64)],
        licenses=[LicenseExpression("MIT OR Apache-2.0")],
        external_references=[
            model.ExternalReference(
                type=model.ExternalReferenceType.ISSUE_TRACKER,
                url=model.XsUri("https://i.example/"),
            )
        ],
        cpe="cpe:2.3:a:x:y:1:*:*:*:*:*:*:*",
        pedigree=Pedigree(notes="n"),
    )
    bom = Bom(components=[part])
    bom.metadata.component = Component(name="app", bom_ref="app")
    bom.metadata.authors.add(OrganizationalContact(name="a"))
    bom.register_dependency(bom.metadata.component, [part])
    bom.vulnerabilities.add(Vulnerability(id="CVE-1", affects=[BomTarget(ref="x")]))
    text = make_outputter(bom, OutputFormat.JSON, version).output_as_string()
    document: dict[str, Any] = json.loads(text)
    validate(document)
    return document


@pytest.mark.parametrize(
    "version", [*SchemaVersion][:4], ids=lambda each: str(each.to_version())
)
def test_what_cyclonedx_python_lib_writes_is_said_again(version: SchemaVersion) -> None:
    document = made_by_the_library(version)
    for ours_is in VERSIONS:
        data = rewritten(json.dumps(document).encode(), ours_is)
        validate(data)
        assert said(document) - said(json.loads(data)) == set()


def test_looking_for_secrets_takes_time_in_proportion_to_the_text() -> None:
    def seconds(text: str) -> float:
        start = time.process_time()
        without_secrets(text)
        return time.process_time() - start

    for part in ("://", "://x:y", "?a=", "https://u:p@h/?token=s&"):
        small = max(min(seconds(part * 2_000) for _ in range(3)), 0.0005)
        assert min(seconds(part * 16_000) for _ in range(2)) < 8 * 3 * small


def again(*entries: Any, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - as in `bom`
    """Read a document of another tool, and write it."""
    data = rewritten(bom(components=list(entries), **members), "1.6")
    validate(data)
    document: dict[str, Any] = json.loads(data)
    return document


def carried(holder: dict[str, Any]) -> dict[str, Any]:
    values = [p["value"] for p in holder["properties"] if p["name"].endswith("carried")]
    return json.loads(values[0]) if values else {}


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("container", {}),
        ("operating-system", {"version": "12"}),
        ("file", {"hashes": [{"alg": "SHA-256", "content": HEX}]}),
        ("data", {"data": [{"type": "dataset"}]}),
        ("cryptographic-asset", {"cryptoProperties": {"assetType": "algorithm"}}),
        ("machine-learning-model", {"modelCard": {"modelParameters": {"task": "x"}}}),
        ("library", {"hashes": [{"alg": "BLAKE3", "content": HEX}]}),
        (
            "library",
            {"cpe": "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*", "supplier": {"name": "s"}},
        ),
        ("library", {"purl": "pkg:maven/org.x/y@1", "group": "org.x"}),
        ("library", {"version": "latest", "purl": "pkg:npm/x@latest"}),
        ("library", {"scope": "optional", "licenses": [{"license": {"id": "MIT"}}]}),
        (
            "library",
            {"externalReferences": [{"type": "vcs", "url": "https://v.example"}]},
        ),
    ],
)
def test_what_an_entry_says_stands_where_it_stood(
    kind: str, members: dict[str, Any]
) -> None:
    entry = {"type": kind, "name": "y", "bom-ref": "r"} | members
    (only,) = again(entry)["components"]
    assert {key: only[key] for key in entry} == entry


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("purl", "idna"),
        ("type", "thing"),
        ("colour", "red"),
        ("supplier", 3),
        ("hashes", [{"alg": "SHA-256", "content": "ab"}]),
        ("licenses", [{"expression": "MIT"}, {"license": {"id": "MIT"}}]),
        ("versionRange", "vers:npm/*"),
        ("signature", {"algorithm": "ES256", "value": "x"}),
        ("properties", [prop("mcpchain:basis", "observed")]),
    ],
)
def test_what_has_no_place_is_kept_beside(member: str, value: object) -> None:
    (only,) = again({"type": "library", "name": "x"} | {member: value})["components"]
    assert carried(only)[member] == value
    assert only.get(member) != value


def test_of_a_list_what_is_valid_stays_in_place() -> None:
    good = {"type": "vcs", "url": "https://v.example"}
    bad = {"type": "vcs", "url": "x#y#z"}
    (only,) = again(library(externalReferences=[good, bad]))["components"]
    assert only["externalReferences"] == [good]
    assert carried(only)["externalReferences"] == [good, bad]


def test_a_service_that_is_no_server_is_one_again() -> None:
    service = {"bom-ref": "s", "name": "api", "endpoints": ["https://a.example"]}
    inner = service | {"bom-ref": "i", "provider": {"name": "p"}}
    document = again(services=[service | {"services": [inner]}])
    (only,) = document["services"]
    assert {key: only[key] for key in service} == service
    assert {key: only["services"][0][key] for key in inner} == inner
    assert not document["components"]


def test_a_dangling_reference_is_kept_beside() -> None:
    composition = {"aggregate": "complete", "assemblies": ["gone"]}
    document = again(
        library(**{"bom-ref": "a"}),
        dependencies=[{"ref": "a", "dependsOn": ["gone"]}, {"ref": "lost"}],
        compositions=[composition],
    )
    kept = carried(document["metadata"])
    assert kept["compositions"] == [composition]
    assert kept["dependencies"] == [
        {"ref": "a", "dependsOn": ["gone"]},
        {"ref": "lost"},
    ]


def test_a_signature_is_kept_where_nobody_takes_it_for_one() -> None:
    signature = {"algorithm": "ES256", "value": "x"}
    document = again(signature=signature)
    assert "signature" not in document
    assert carried(document["metadata"])["signature"] == signature


def test_a_bom_ref_that_is_given_twice_is_kept_once() -> None:
    document = again(library(**{"bom-ref": "a"}), library(**{"bom-ref": "a"}))
    first, second = sorted(document["components"], key=lambda each: each["bom-ref"])
    assert first["bom-ref"] == "a"
    assert carried(second)["bom-ref"] == "a"


def test_dependencies_in_a_circle_are_kept() -> None:
    edges = [{"ref": "a", "dependsOn": ["b"]}, {"ref": "b", "dependsOn": ["a"]}]
    parts = (library(**{"bom-ref": "a"}), library(**{"bom-ref": "b"}))
    assert all(
        each in again(*parts, dependencies=edges)["dependencies"] for each in edges
    )


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://u:s3cret@h.example/x", "https://h.example/x"),
        ("https://s3cret@h.example/x", "https://h.example/x"),
        ("https://u:p@s3cret@h.example/x", "https://h.example/x"),
        ("https://u:a/s3cret@h.example/x", "https://h.example/x"),
        ("https://h.example/x?token=s3cret", "https://h.example/x?token="),
        ("https://h.example/x?a=1&X-Amz-Signature=s3cret&b=2", None),
        ("https://h.example/x?api_key=s3cret", "https://h.example/x?api_key="),
        ("see https://u:s3cret@h.example for more", "see https://h.example for more"),
    ],
)
def test_a_secret_in_an_address_is_not_kept_and_a_gap(
    url: str, kept: str | None
) -> None:
    entry = library(externalReferences=[{"type": "vcs", "url": url}], description=url)
    inventory = found(entry, metadata={"supplier": {"name": url}})
    assert "s3cret" not in repr(inventory)
    assert any("without their passwords" in each for each in reasons(inventory))
    if kept is not None:
        assert json.loads(inventory.components[0].carried)["description"] == kept


@pytest.mark.parametrize(
    "url",
    [
        "https://h.example/@acme/x",
        "https://h.example:8080/@acme",
        "git+ssh://git@github.com/o/r.git",
        "https://h.example/?q=1&author=x",
        "https://[::1]:80/a@b",
        "me@h.example",
        "https://h.example:80, me@h.example",
    ],
)
def test_an_address_without_secret_stays_as_it_is(url: str) -> None:
    inventory = found(library("pkg:npm/x@1.0.0", description=url))
    assert json.loads(inventory.components[0].carried)["description"] == url
    assert not inventory.gaps


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"name": "s", "name": "t"}', "objects in which a key appears twice"),
        ("1e999", "numbers that are too large"),
        ("[" * 100 + "]" * 100, "values that nest too deeply"),
    ],
)
def test_what_cannot_be_kept_is_a_gap(text: str, reason: str) -> None:
    data = bom(components=[library("pkg:npm/x@1.0.0", supplier=0)]).replace(
        b'"supplier": 0', b'"supplier": ' + text.encode()
    )
    inventory = read(data, source="b.json")
    assert len(inventory.components) == 1
    assert [each.startswith(reason) for each in reasons(inventory)] == [True]
    validate(rewritten(data, "1.6"))
