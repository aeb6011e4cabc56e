import json
from typing import Any

import pytest

from mcpchain.artifact import Artifact, Digest
from mcpchain.bom.formats import read
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    PackageFacts,
    Pin,
)
from mcpchain.errors import MalformedError
from mcpchain.inventory import State
from tests.bom.spdx.documents import (
    HEX,
    edge,
    edges,
    found,
    package,
    purl,
    reasons,
    spdx,
)
from tests.making import component

NPM = [purl("pkg:npm/%40acme/files@1.2.0")]


def test_a_package_of_another_tool_is_a_declared_dependency() -> None:
    inventory = found(
        package(
            name="@acme/files",
            versionInfo="1.2.0",
            downloadLocation="https://u:p@r.example/f.tgz?token=x",
            checksums=[{"algorithm": "SHA256", "checksumValue": HEX.upper()}],
            licenseDeclared="MIT",
            licenseConcluded="NOASSERTION",
            externalRefs=NPM,
            supplier="Organization: Acme (psirt@acme.example)",
            primaryPackagePurpose="LIBRARY",
            summary="files",
        )
    )
    (made,) = inventory.components
    assert json.loads(made.carried)["supplier"] == {
        "name": "Acme",
        "contact": [{"email": "psirt@acme.example"}],
    }
    assert json.loads(made.carried)["spdx"] == {
        "summary": "files",
        "primaryPackagePurpose": "LIBRARY",
    }
    assert inventory.components == (
        Component(
            kind=Kind.LIBRARY,
            name="@acme/files",
            version="1.2.0",
            purl=component("pkg:npm/%40acme/files@1.2.0").purl,
            pin=Pin.EXACT,
            basis=Basis.DECLARED,
            locations=(Location(path="b.json", pointer="/packages/0"),),
            artifacts=(
                Artifact(
                    digests=(Digest.parse(f"sha256:{HEX}"),),
                    url="https://r.example/f.tgz",
                ),
            ),
            licenses=("MIT",),
            facts=PackageFacts(),
            carried=made.carried,
        ),
    )
    assert "token=x" not in repr(inventory)


@pytest.mark.parametrize("version", ["SPDX-2.2", "SPDX-2.3"])
def test_both_versions_are_read(version: str) -> None:
    assert found(package(externalRefs=NPM), spdxVersion=version).components


def test_what_an_api_delivers_in_a_wrapper_is_read() -> None:
    data = json.dumps({"sbom": spdx(package(externalRefs=NPM))}).encode()
    (made,) = read(data, source="b.json").components
    assert made.location.pointer == "/sbom/packages/0"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(b"SPDXVersion: SPDX-2.3\n", "SPDX as tag-value", id="tag-value"),
        pytest.param(
            b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",'
            b' "@graph": []}',
            "SPDX 3",
            id="SPDX 3",
        ),
        pytest.param(b"spdxVersion: SPDX-2.3\n", "SPDX as YAML", id="YAML"),
        pytest.param(
            b'<rdf:RDF xmlns:spdx="http://spdx.org/rdf/terms#">',
            "SPDX as RDF/XML",
            id="RDF",
        ),
        pytest.param(b'{"spdxVersion": "SPDX-2.1"}', "`SPDX-2.1`", id="2.1"),
        pytest.param(b'{"spdxVersion": "SPDX-3.0"}', "`SPDX-3.0`", id="3.0 as 2"),
        pytest.param(b'{"spdxVersion": ["SPDX-2.3"]}', "`['SPDX-2.3']`", id="a list"),
    ],
)
def test_spdx_of_another_kind_is_unsupported(data: bytes, told: str) -> None:
    inventory = read(data, source="b.json")
    (gap,) = inventory.gaps
    assert (gap.state, gap.reason.startswith(f"{told} is not read")) == (
        State.UNSUPPORTED,
        True,
    )
    assert inventory.components == ()


def test_a_document_of_two_formats_is_neither() -> None:
    data = json.dumps(spdx() | {"bomFormat": "CycloneDX"}).encode()
    with pytest.raises(MalformedError, match="cannot be both"):
        read(data, source="b.json")


def test_a_cyclonedx_bom_that_speaks_of_spdx_is_one() -> None:
    entry = {"type": "library", "name": "x", "spdxVersion": "x"}
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [entry]}
    (made,) = read(json.dumps(document).encode(), source="b.json").components
    assert made.name == "x"


# What a package is.


@pytest.mark.parametrize(
    ("purpose", "kind"),
    [
        ("LIBRARY", Kind.LIBRARY),
        ("SOURCE", Kind.LIBRARY),
        ("APPLICATION", Kind.LIBRARY),
        ("OTHER", Kind.LIBRARY),
        ("FILE", Kind.LIBRARY),
        ("no purpose", Kind.LIBRARY),
        (None, Kind.LIBRARY),
    ],
)
def test_what_names_a_package_is_held_to_what_a_package_is(
    purpose: str | None, kind: Kind
) -> None:
    (made,) = found(package(externalRefs=NPM, primaryPackagePurpose=purpose)).components
    assert (made.kind, made.pin) == (kind, Pin.EXACT)


FROM_WORKFLOW = (
    "acquired package info from GitHub Actions workflow file or composite action file: "
    "/.github/workflows/ci.yml"
)


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"externalRefs": [purl("pkg:docker/library/x@1")]}, Kind.CONTAINER),
        ({"externalRefs": [purl("pkg:oci/x?tag=1")]}, Kind.CONTAINER),
        (
            {
                "externalRefs": [purl("pkg:oci/x?tag=1")],
                "primaryPackagePurpose": "APPLICATION",
            },
            Kind.LIBRARY,
        ),
        ({"externalRefs": [purl("pkg:githubactions/o/r@v4")]}, Kind.BUILD),
        ({"externalRefs": [purl("pkg:github/o/r@v4")]}, Kind.LIBRARY),
        (
            {
                "externalRefs": [purl("pkg:github/o/r@v4")],
                "sourceInfo": FROM_WORKFLOW,
            },
            Kind.BUILD,
        ),
        (
            {"externalRefs": [purl("pkg:npm/r@4.0.0")], "sourceInfo": FROM_WORKFLOW},
            Kind.LIBRARY,
        ),
        ({"sourceInfo": FROM_WORKFLOW}, Kind.LIBRARY),
    ],
)
def test_images_and_actions_are_known_by_their_purls(
    members: dict[str, Any], kind: Kind
) -> None:
    (made,) = found(package(**members)).components
    assert made.kind is kind


def test_software_without_a_purl_stays_and_names_no_package() -> None:
    (made,) = found(package(versionInfo="1.0")).components
    assert (made.kind, made.purl, made.version) == (Kind.LIBRARY, None, "1.0")


@pytest.mark.parametrize("purpose", ["OTHER", "FILE"])
def test_what_is_no_software_is_listed_with_a_gap(purpose: str) -> None:
    inventory = found(package(primaryPackagePurpose=purpose))
    assert len(inventory.components) == 1
    (reason,) = reasons(inventory)
    assert "that name no package: 1" in reason


def test_a_model_of_a_hub_is_a_model() -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    refs = [purl(f"pkg:huggingface/acme/m@{commit}")]
    (made,) = found(package(externalRefs=refs)).components
    assert (made.kind, made.pin) == (Kind.MODEL, Pin.COMMIT)


@pytest.mark.parametrize("nothing", ["NOASSERTION", "NONE", "", "  "])
def test_what_says_nothing_is_no_version_licence_or_name(nothing: str) -> None:
    inventory = found(
        package(
            name=nothing,
            versionInfo=nothing,
            licenseDeclared=nothing,
            licenseConcluded=nothing,
            supplier=nothing,
            copyrightText=nothing,
            externalRefs=[purl("pkg:npm/x")],
        )
    )
    (made,) = inventory.components
    assert (made.name, made.version, made.pin) == ("x", None, Pin.FLOATING)
    assert (made.licenses, made.concluded, made.carried) == ((), (), "")


@pytest.mark.parametrize("name", ["NOASSERTION", "", " ", None, 5, {}])
def test_a_package_without_any_name_is_a_gap_and_its_sibling_is_read(
    name: object,
) -> None:
    inventory = found(package(name=name), package("SPDXRef-b", externalRefs=NPM))
    assert [each.name for each in inventory.components] == ["@acme/files"]
    (gap,) = inventory.gaps
    assert (gap.state, gap.location.pointer[:11]) == (State.UNREADABLE, "/packages/0")


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        pytest.param([*NPM, *NPM], [], id="the same twice"),
        pytest.param(
            [*NPM, purl("pkg:npm/evil@1.0.0")],
            ["conflict: packages with several purls, of which the first was read"],
            id="two",
        ),
        pytest.param(
            [*NPM, purl("not a purl")],
            ["conflict: packages with several purls, of which the first was read"],
            id="one and none",
        ),
        pytest.param([*NPM, 5], ["unreadable: "], id="no object"),
        pytest.param([*NPM, {}], ["unreadable: `referenceType` is missing"], id="{}"),
        pytest.param(
            [*NPM, {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a"}],
            [],
            id="a cpe",
        ),
        pytest.param(
            [{**NPM[0], "referenceType": "http://spdx.org/rdf/references/purl"}],
            [],
            id="the long name",
        ),
    ],
)
def test_the_first_purl_counts_and_a_contradiction_is_told(
    references: list[Any], expected: list[str]
) -> None:
    inventory = found(package(externalRefs=references))
    assert str(inventory.components[0].purl) == "pkg:npm/%40acme/files@1.2.0"
    told = reasons(inventory)
    assert len(told) == len(expected)
    assert all(a.startswith(b) for a, b in zip(told, expected, strict=True))


@pytest.mark.parametrize(
    ("checksum", "told"),
    [
        pytest.param(
            {"algorithm": "SHA256", "checksumValue": "ab"},
            "unreadable: `ab` is not a sha256 digest",
            id="short",
        ),
        pytest.param(
            {"algorithm": "SHA256", "checksumValue": "z" * 64},
            "unreadable: `zzz",
            id="no hexadecimal",
        ),
        pytest.param(
            {"algorithm": "BLAKE3", "checksumValue": HEX},
            "unsupported: hashes of an algorithm that is not supported: 1",
            id="another algorithm",
        ),
        pytest.param(
            {"algorithm": "SHA256"}, "unreadable: `checksumValue` is missing", id="none"
        ),
        pytest.param("x", "unreadable: expected an object", id="text"),
    ],
)
def test_a_checksum_that_is_none_is_no_digest(checksum: object, told: str) -> None:
    good = {"algorithm": "SHA1", "checksumValue": "a" * 40}
    inventory = found(package(externalRefs=NPM, checksums=[checksum, good]))
    (made,) = inventory.components
    assert [str(d) for a in made.artifacts for d in a.digests] == [f"sha1:{'a' * 40}"]
    (reason,) = reasons(inventory)
    assert reason.startswith(told)


def test_checksums_of_one_algorithm_are_of_several_files() -> None:
    sums = [{"algorithm": "SHA256", "checksumValue": c * 64} for c in "ab"]
    (made,) = found(package(externalRefs=NPM, checksums=sums)).components
    assert len(made.artifacts) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("LicenseRef-1", "The Acme Licence"),
        ("LicenseRef-2", "LicenseRef-2"),
        ("MIT/X11", "MIT/X11"),
        ("MIT AND LicenseRef-1", "MIT AND LicenseRef-1"),
    ],
)
def test_a_licence_of_the_document_goes_by_its_name(text: str, expected: str) -> None:
    (made,) = found(
        package(licenseDeclared=text, licenseConcluded=text),
        hasExtractedLicensingInfos=[
            {"licenseId": "LicenseRef-1", "name": "The Acme Licence"},
            {"licenseId": "LicenseRef-2", "name": "NOASSERTION"},
            5,
        ],
    ).components
    assert (made.licenses, made.concluded) == ((expected,), (expected,))


# How they hang together.

PAIR = (package("SPDXRef-a", name="a"), package("SPDXRef-b", name="b"))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("DEPENDS_ON", "SPDXRef-a depends-on SPDXRef-b"),
        ("DEPENDENCY_OF", "SPDXRef-b depends-on SPDXRef-a"),
        ("DEV_DEPENDENCY_OF", "SPDXRef-b depends-on SPDXRef-a"),
        ("BUILD_DEPENDENCY_OF", "SPDXRef-b depends-on SPDXRef-a"),
        ("RUNTIME_DEPENDENCY_OF", "SPDXRef-b depends-on SPDXRef-a"),
        ("TEST_DEPENDENCY_OF", "SPDXRef-b depends-on SPDXRef-a"),
        ("OPTIONAL_DEPENDENCY_OF", "SPDXRef-b depends-on SPDXRef-a"),
        ("PROVIDED_DEPENDENCY_OF", "SPDXRef-b depends-on SPDXRef-a"),
        ("HAS_PREREQUISITE", "SPDXRef-a depends-on SPDXRef-b"),
        ("PREREQUISITE_FOR", "SPDXRef-b depends-on SPDXRef-a"),
        ("STATIC_LINK", "SPDXRef-a depends-on SPDXRef-b"),
        ("BUILD_TOOL_OF", "SPDXRef-b depends-on SPDXRef-a"),
        ("CONTAINS", "SPDXRef-a contains SPDXRef-b"),
        ("CONTAINED_BY", "SPDXRef-b contains SPDXRef-a"),
        ("depends-on", "SPDXRef-a depends-on SPDXRef-b"),
    ],
)
def test_every_relationship_has_its_direction(kind: str, expected: str) -> None:
    inventory = found(*PAIR, relationships=[edge("SPDXRef-a", kind, "SPDXRef-b")])
    assert edges(inventory) == [expected]
    assert inventory.gaps == ()


def test_a_model_that_was_generated_from_data_was_trained_on_it() -> None:
    model = package("SPDXRef-m", externalRefs=[purl("pkg:huggingface/a/m")])
    data = package(
        "SPDXRef-d", externalRefs=[purl("pkg:huggingface/a/d?repo_type=dataset")]
    )
    expected = ["SPDXRef-m trained-on SPDXRef-d"]
    there = [edge("SPDXRef-m", "GENERATED_FROM", "SPDXRef-d")]
    assert edges(found(model, data, relationships=there)) == expected
    back = [edge("SPDXRef-d", "GENERATES", "SPDXRef-m")]
    assert edges(found(model, data, relationships=back)) == expected
    plain = found(*PAIR, relationships=[edge("SPDXRef-a", "GENERATES", "SPDXRef-b")])
    assert edges(plain) == []
    assert "GENERATES" in plain.carried


def test_other_relationships_are_carried_and_unknown_ones_told() -> None:
    inventory = found(
        *PAIR,
        relationships=[
            edge("SPDXRef-a", "PATCH_FOR", "SPDXRef-b"),
            edge("SPDXRef-a", "EATS", "SPDXRef-b"),
        ],
    )
    assert inventory.relations == ()
    carried = json.loads(inventory.carried)["spdx"]["relationships"]
    assert [each["relationshipType"] for each in carried] == ["PATCH_FOR", "EATS"]
    assert reasons(inventory) == [
        "partial: relationships of a type that SPDX does not have: 1"
    ]


@pytest.mark.parametrize(
    ("relationship", "told"),
    [
        pytest.param(
            edge("SPDXRef-a", "DEPENDS_ON", "SPDXRef-gone"),
            "unmatched: relationships from or to something that is not listed",
            id="dangling",
        ),
        pytest.param(
            edge("SPDXRef-gone", "CONTAINED_BY", "SPDXRef-a"),
            "unmatched: relationships from or to something that is not listed",
            id="dangling source",
        ),
        pytest.param(
            edge("SPDXRef-a", "DEPENDS_ON", "DocumentRef-x:SPDXRef-b"),
            "unmatched: relationships with elements of other documents",
            id="another document",
        ),
        pytest.param(
            {"spdxElementId": "SPDXRef-a"},
            "unreadable: `relationshipType` is missing",
            id="half",
        ),
        pytest.param("x", "unreadable: expected an object", id="no object"),
    ],
)
def test_a_relationship_that_leads_nowhere_is_a_gap(
    relationship: object, told: str
) -> None:
    good = edge("SPDXRef-a", "DEPENDS_ON", "SPDXRef-b")
    inventory = found(*PAIR, relationships=[relationship, good])
    assert edges(inventory) == ["SPDXRef-a depends-on SPDXRef-b"]
    assert [each for each in reasons(inventory) if each.startswith(told)]


def test_circles_and_what_holds_itself_are_read() -> None:
    around = [
        edge("SPDXRef-a", "CONTAINS", "SPDXRef-b"),
        edge("SPDXRef-b", "CONTAINS", "SPDXRef-a"),
        edge("SPDXRef-a", "DEPENDS_ON", "SPDXRef-a"),
    ]
    inventory = found(*PAIR, relationships=around)
    assert len(inventory.relations) == 2
    assert inventory.gaps == ()


def test_only_what_depends_on_nothing_says_so() -> None:
    inventory = found(
        *PAIR,
        package("SPDXRef-c", name="c"),
        relationships=[
            edge("SPDXRef-a", "DEPENDS_ON", "NONE"),
            edge("SPDXRef-b", "DEPENDS_ON", "NOASSERTION"),
            edge("SPDXRef-c", "DEPENDS_ON", "NONE"),
            edge("SPDXRef-c", "DEPENDS_ON", "SPDXRef-a"),
        ],
    )
    assert [each.graph for each in inventory.components] == [True, False, False]


def test_beyond_a_limit_relationships_are_told_and_nothing_is_complete() -> None:
    data = json.dumps(
        spdx(
            *PAIR,
            relationships=[
                edge("SPDXRef-a", "DEPENDS_ON", "NONE"),
                edge("SPDXRef-b", "DEPENDS_ON", "SPDXRef-a"),
            ],
        )
    ).encode()
    inventory = read(data, source="b.json", whole=False, edges=1)
    assert (inventory.relations, inventory.components[0].graph) == ((), False)
    assert reasons(inventory)[0].startswith("limit: relationships beyond")
    assert inventory.carried == ""


# What it is about.


def test_a_package_that_is_nothing_but_the_whole_names_it() -> None:
    inventory = found(
        package(
            "SPDXRef-root",
            name="shop",
            versionInfo="1.0",
            licenseDeclared="MIT",
            supplier="Organization: Acme",
        ),
        *PAIR,
        creationInfo={
            "creators": ["Tool: x", "Person: Jane (j@x.example)", "Organization: Acme"]
        },
        relationships=[
            edge("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-root"),
            edge("SPDXRef-root", "DEPENDS_ON", "SPDXRef-a"),
            edge("SPDXRef-root", "CONTAINS", "SPDXRef-b"),
        ],
    )
    assert inventory.name == "shop"
    assert [each.ref for each in inventory.components] == ["SPDXRef-a", "SPDXRef-b"]
    assert (inventory.relations, inventory.gaps) == ((), ())
    carried = json.loads(inventory.carried)
    assert carried["metadata"] == {
        "manufacturer": {"name": "Acme"},
        "authors": [{"name": "Jane", "email": "j@x.example"}],
        "component": {
            "version": "1.0",
            "supplier": {"name": "Acme"},
            "licenses": [{"license": {"id": "MIT", "acknowledgement": "declared"}}],
        },
    }
    assert carried["dependencies"] == [
        {"ref": "urn:mcpchain:target", "dependsOn": ["SPDXRef-a"]}
    ]


def test_what_shares_the_id_of_the_whole_is_not_the_whole() -> None:
    inventory = found(
        package("SPDXRef-root", name="shop"),
        package("SPDXRef-root", name="evil", externalRefs=NPM),
        documentDescribes=["SPDXRef-root"],
    )
    assert [each.name for each in inventory.components] == ["@acme/files"]
    assert reasons(inventory)[0].startswith("unreadable: elements that share")


def test_a_whole_that_depends_on_what_is_not_there_says_so() -> None:
    inventory = found(
        package("SPDXRef-root", name="shop"),
        *PAIR,
        documentDescribes=["SPDXRef-root"],
        relationships=[edge("SPDXRef-root", "DEPENDS_ON", "SPDXRef-gone")],
    )
    assert reasons(inventory)[0].startswith("unmatched: relationships from or to")
    assert "SPDXRef-gone" in inventory.carried


@pytest.mark.parametrize(
    "members",
    [
        {"externalRefs": NPM},
        {"checksums": [{"algorithm": "SHA256", "checksumValue": HEX}]},
        {"downloadLocation": "https://files.example/x.tgz"},
    ],
    ids=["a purl", "bytes", "a place"],
)
def test_a_subject_that_is_run_itself_is_a_component(members: dict[str, Any]) -> None:
    inventory = found(
        package("SPDXRef-root", **members), *PAIR, documentDescribes=["SPDXRef-root"]
    )
    assert len(inventory.components) == 3


def test_without_a_subject_every_package_counts() -> None:
    inventory = found(*PAIR)
    assert (inventory.name, len(inventory.components)) == ("doc", 2)


def test_several_subjects_are_components_and_one_that_is_not_there_is_told() -> None:
    described = ["SPDXRef-a", "SPDXRef-b", "SPDXRef-gone"]
    inventory = found(*PAIR, documentDescribes=described)
    assert len(inventory.components) == 2
    assert reasons(inventory)[0].startswith("unmatched: relationships from or to")


# Files, and all else.


def test_a_file_is_held_by_its_package_with_its_digest() -> None:
    inventory = found(
        package(hasFiles=["SPDXRef-f"]),
        files=[
            {
                "SPDXID": "SPDXRef-f",
                "fileName": "./run.sh",
                "checksums": [{"algorithm": "SHA1", "checksumValue": "a" * 40}],
                "licenseConcluded": "MIT",
                "fileTypes": ["SOURCE"],
            }
        ],
    )
    file = next(each for each in inventory.components if each.kind is Kind.FILE)
    assert (file.name, file.concluded) == ("./run.sh", ("MIT",))
    assert str(file.artifacts[0].digests[0]) == f"sha1:{'a' * 40}"
    assert edges(inventory) == ["SPDXRef-a contains SPDXRef-f"]
    assert reasons(inventory) == [
        "unsupported: components of type `file` that name no package: 1"
    ]


def test_two_of_one_id_stay_two_and_edges_lead_to_the_first() -> None:
    inventory = found(
        package(externalRefs=NPM),
        package(externalRefs=[purl("pkg:npm/evil@6.6.6")]),
        package("SPDXRef-b", name="b"),
        package("SPDXRef-DOCUMENT", name="c"),
        relationships=[edge("SPDXRef-b", "DEPENDS_ON", "SPDXRef-a")],
    )
    assert len(inventory.components) == 4
    assert edges(inventory) == ["SPDXRef-b depends-on SPDXRef-a"]
    first = next(each for each in inventory.components if each.ref == "SPDXRef-a")
    assert first.name == "@acme/files"
    assert reasons(inventory) == [
        "unreadable: elements that share their `SPDXID` with another: 2"
    ]


def test_what_is_not_followed_or_examined_is_told_and_carried() -> None:
    inventory = found(
        *PAIR,
        externalDocumentRefs=[{"externalDocumentId": "DocumentRef-x"}],
        snippets=[{"SPDXID": "SPDXRef-s"}, {}],
        annotations=[{"comment": "https://u:p@x.example/?token=abc"}],
        invented=1,
    )
    assert sorted(reasons(inventory)) == [
        "partial: addresses that were kept without their passwords or keys: 1",
        "unsupported: members of the document that SPDX does not have: 1",
        "unsupported: references to other BOMs, which were not followed: 1",
        "unsupported: snippets of files, which were not examined: 2",
    ]
    carried = json.loads(inventory.carried)["spdx"]
    assert carried["snippets"] == [{"SPDXID": "SPDXRef-s"}, {}]
    assert carried["invented"] == 1
    assert "abc" not in inventory.carried


def test_a_key_that_appears_twice_is_a_gap_for_that_package() -> None:
    text = json.dumps(spdx(*PAIR)).replace('"name": "b"', '"name": "b", "name": "c"')
    inventory = read(text.encode(), source="b.json")
    assert [each.name for each in inventory.components] == ["a"]
    assert any("twice" in each for each in reasons(inventory))
