import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from mcpchain.artifact import Artifact, Digest
from mcpchain.bom.spdx.validate import problems
from mcpchain.bom.spdx.write import Written, compose
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    LicenseText,
    Location,
    ModelFacts,
    PackageFacts,
    Pin,
    ServerFacts,
    Tool,
    Transport,
    UsedServiceFacts,
)
from mcpchain.inventory import Collector, Inventory, RelationKind
from tests.making import component, gap

NOW = dt.datetime(2030, 1, 1, 13, tzinfo=dt.timezone(dt.timedelta(hours=1)))
A, B = (Digest.parse(f"sha256:{each * 64}") for each in "ab")


def inventory(*components: Component, **members: Any) -> Inventory:  # noqa: ANN401 - fields
    found = Collector("shop")
    refs = [found.add(each) for each in components]
    for source, target, kind in members.get("edges", ()):
        found.relate(refs[source], refs[target], kind)
    for each in members.get("gaps", ()):
        found.gap(each)
    return found.inventory()


def written(*components: Component, **members: Any) -> Written:  # noqa: ANN401 - fields
    made = compose(inventory(*components, **members), timestamp=NOW, version="1.2.3")
    assert [*problems(made.document)] == []
    return made


def one(about: Component) -> dict[str, Any]:
    """Return the package for *about*, without the annotation that is read back."""
    package: dict[str, Any] = written(about).document["packages"][1]
    (annotation,) = package.pop("annotations")
    assert annotation["comment"].startswith("mcpchain:entry: {")
    return package


def edges(document: dict[str, Any]) -> list[str]:
    names = {each["SPDXID"]: each["name"] for each in document["packages"]}
    return [
        f"{names.get(r['spdxElementId'], r['spdxElementId'])} {r['relationshipType']} "
        f"{names.get(r['relatedSpdxElement'], r['relatedSpdxElement'])}"
        for r in document["relationships"]
    ]


def test_a_package_is_written_with_all_that_spdx_has_a_place_for() -> None:
    about = component(
        "pkg:npm/%40acme/files@1.2.0",
        artifacts=(
            Artifact(
                name="files-1.2.0.tgz",
                digests=(A,),
                url="https://packages.example/files.tgz",
            ),
        ),
        licenses=("MIT",),
        concluded=("MIT",),
        pin=Pin.EXACT,
        facts=PackageFacts(),
        carried=json.dumps(
            {
                "supplier": {
                    "name": "Acme (EU)",
                    "contact": [{"email": "psirt@acme.example"}],
                },
                "author": "Jane",
                "copyright": "© Acme",
                "cpe": "cpe:2.3:a:acme:files:1.2.0:*:*:*:*:*:*:*",
            }
        ),
    )
    package = one(about)
    name = package.pop("SPDXID")
    assert name.startswith("SPDXRef-acme-files-1.2.0-")
    assert package == {
        "name": "@acme/files",
        "versionInfo": "1.2.0",
        "packageFileName": "files-1.2.0.tgz",
        "supplier": "Organization: Acme (EU) (psirt@acme.example)",
        "originator": "Person: Jane",
        "downloadLocation": "https://packages.example/files.tgz",
        "filesAnalyzed": False,
        "checksums": [{"algorithm": "SHA256", "checksumValue": "a" * 64}],
        "licenseConcluded": "MIT",
        "licenseDeclared": "MIT",
        "copyrightText": "© Acme",
        "primaryPackagePurpose": "LIBRARY",
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": "pkg:npm/%40acme/files@1.2.0",
            },
            {
                "referenceCategory": "SECURITY",
                "referenceType": "cpe23Type",
                "referenceLocator": "cpe:2.3:a:acme:files:1.2.0:*:*:*:*:*:*:*",
            },
        ],
        "comment": "kind: library\nbasis: declared\npin: exact\n"
        "found in: package-lock.json#/packages/x",
    }


def test_the_document_says_who_made_it_when_and_what_it_is_about() -> None:
    document = written(component()).document
    head = {key: value for key, value in document.items() if key != "packages"}
    space = head.pop("documentNamespace")
    assert space.startswith("urn:uuid:")
    name = document["packages"][1]["SPDXID"]
    assert head == {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "shop",
        "comment": "mcpchain:inventory: 1\nAnnotations hold what SPDX has no member "
        "for, in the words of CycloneDX and in properties of mcpchain.",
        "creationInfo": {
            "created": "2030-01-01T12:00:00Z",
            "creators": ["Tool: mcpchain-1.2.3"],
        },
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": "SPDXRef-Target",
            },
            {
                "spdxElementId": "SPDXRef-Target",
                "relationshipType": "DEPENDS_ON",
                "relatedSpdxElement": name,
            },
        ],
    }


def test_the_same_inventory_gives_the_same_bytes_and_another_time_the_same_name() -> (
    None
):
    about = inventory(component(), component("pkg:pypi/x@1"), gaps=[gap()])
    first = compose(about, timestamp=NOW, version="1")
    assert compose(about, timestamp=NOW, version="1") == first
    later = compose(about, timestamp=NOW + dt.timedelta(days=1), version="2")
    key = "documentNamespace"
    assert later.data != first.data
    assert later.document[key] == first.document[key]
    other = compose(inventory(component()), timestamp=NOW, version="1")
    assert other.document[key] != first.document[key]


def test_every_entry_has_a_line_of_its_own() -> None:
    lines = written(component(), component("pkg:pypi/x@1")).data.decode().splitlines()
    assert sum(line.startswith('{"SPDXID"') for line in lines) == 3
    assert sum(line.startswith('{"spdxElementId"') for line in lines) == 3


def test_edges_gaps_and_what_depends_on_nothing_are_told() -> None:
    made = written(
        component("pkg:npm/a@1"),
        component("pkg:npm/b@1", graph=True),
        component("pkg:npm/c@1"),
        component("pkg:npm/d@1", facts=PackageFacts(development=True)),
        component("pkg:npm/e@1", facts=PackageFacts(optional=True)),
        edges=[(0, 1, RelationKind.DEPENDS_ON), (0, 2, RelationKind.CONTAINS)],
        gaps=[gap(ref="pkg:npm/a@1")],
    )
    assert edges(made.document) == [
        "SPDXRef-DOCUMENT DESCRIBES shop",
        "shop DEPENDS_ON a",
        "d DEV_DEPENDENCY_OF shop",
        "e OPTIONAL_DEPENDENCY_OF shop",
        "a DEPENDS_ON b",
        "a CONTAINS c",
        "b DEPENDS_ON NONE",
    ]
    (annotation,) = made.document["annotations"]
    assert annotation == {
        "annotationDate": "2030-01-01T12:00:00Z",
        "annotationType": "OTHER",
        "annotator": "Tool: mcpchain-1.2.3",
        "comment": "gap: unreadable: x.json: not JSON (about pkg:npm/a@1); repair it\n"
        'mcpchain:gap: {"hint":"repair it","location":{"path":"x.json"},'
        '"reason":"not JSON","ref":"pkg:npm/a@1","stage":"discover",'
        '"state":"unreadable"}',
    }


def test_what_is_said_of_the_whole_is_written_with_what_it_needs_itself() -> None:
    about = inventory(
        component("pkg:npm/a@1"),
        component("pkg:npm/b@1"),
        edges=[(0, 1, RelationKind.DEPENDS_ON)],
    )
    carried = {
        "metadata": {
            "authors": [{"name": "Jane", "email": "jane@acme.example"}],
            "manufacturer": {"name": "Acme"},
            "component": {
                "version": "2.0",
                "description": "a shop",
                "licenses": [{"license": {"id": "MIT"}}],
            },
        },
        "dependencies": [
            {"ref": "urn:mcpchain:target", "dependsOn": ["pkg:npm/b@1", "gone"]}
        ],
    }
    made = compose(
        replace(about, carried=json.dumps(carried)), timestamp=NOW, version="1"
    )
    assert [*problems(made.document)] == []
    assert made.lacks == ()
    assert made.document["creationInfo"]["creators"] == [
        "Organization: Acme",
        "Person: Jane (jane@acme.example)",
        "Tool: mcpchain-1",
    ]
    target = made.document["packages"][0]
    said = ("versionInfo", "supplier", "licenseDeclared", "description")
    assert [target[key] for key in said] == [
        "2.0",
        "Organization: Acme",
        "MIT",
        "a shop",
    ]
    assert edges(made.document) == [
        "SPDXRef-DOCUMENT DESCRIBES shop",
        "shop DEPENDS_ON a",
        "shop DEPENDS_ON b",
        "a DEPENDS_ON b",
    ]


@pytest.mark.parametrize(
    "carried",
    [
        {"metadata": 5, "dependencies": 5},
        {"metadata": {"component": []}, "dependencies": [5, {"ref": 5}]},
        {"metadata": {"component": {"licenses": [5], "version": 5}, "authors": {}}},
        {"metadata": {"manufacturer": {"name": " ", "contact": 5}, "authors": [5]}},
    ],
    ids=["no objects", "no subject", "no licences", "no people"],
)
def test_what_is_carried_in_another_shape_is_not_written(
    carried: dict[str, Any],
) -> None:
    about = replace(inventory(component()), carried=json.dumps(carried))
    made = compose(about, timestamp=NOW, version="1")
    assert [*problems(made.document)] == []
    assert made.document["creationInfo"]["creators"] == ["Tool: mcpchain-1"]


def test_a_model_is_generated_from_what_it_was_trained_on() -> None:
    made = written(
        component(None, Kind.MODEL, name="m", facts=ModelFacts(format="gguf")),
        component(None, Kind.DATA, name="d"),
        edges=[(0, 1, RelationKind.TRAINED_ON)],
    )
    assert "m GENERATED_FROM d" in edges(made.document)


def test_a_server_is_a_package_whose_comment_says_how_it_is_started() -> None:
    server = component(
        "pkg:npm/files@1.2.0",
        Kind.MCP_SERVER,
        basis=Basis.CONFIGURED,
        pin=Pin.RANGE,
        requested="^1.2",
        facts=ServerFacts(
            client="cursor",
            transport=Transport.STDIO,
            launcher="npx",
            env=("TOKEN",),
            tools=(Tool(name="read", digest=A),),
        ),
    )
    package = one(server)
    # Otherwise the package that it starts would be listed twice.
    assert "externalRefs" not in package
    assert package["primaryPackagePurpose"] == "OTHER"
    assert package["comment"].splitlines() == [
        "kind: mcp-server",
        "basis: configured",
        "pin: range",
        "requested: ^1.2",
        "starts: pkg:npm/files@1.2.0",
        "client: cursor",
        "transport: stdio",
        "launcher: npx",
        'env: ["TOKEN"]',
        f'tools: [{{"name":"read","digest":"sha256:{"a" * 64}"}}]',
        "found in: package-lock.json#/packages/x",
    ]


@pytest.mark.parametrize(
    ("licenses", "expression", "explained"),
    [
        pytest.param((), "NOASSERTION", [], id="none"),
        pytest.param(("NOASSERTION", "NONE", " "), "NOASSERTION", [], id="nothing"),
        pytest.param(
            ("mit or gpl-2.0+",), "MIT OR GPL-2.0-or-later", [], id="an expression"
        ),
        pytest.param(("MIT OR ISC", "Zlib"), "(MIT OR ISC) AND Zlib", [], id="several"),
        pytest.param(
            ("MIT AND LicenseRef-x",),
            "MIT AND LicenseRef-x",
            [("LicenseRef-x", "LicenseRef-x")],
            id="a reference",
        ),
        pytest.param(
            ("Acme\nLicence",),
            "LicenseRef-Acme-Licence-81d829fff843e6f9",
            [("LicenseRef-Acme-Licence-81d829fff843e6f9", "Acme Licence")],
            id="a name",
        ),
        pytest.param(
            ("DocumentRef-x:LicenseRef-y",),
            "LicenseRef-DocumentRef-x-LicenseRef-y-042642976af088c3",
            [
                (
                    "LicenseRef-DocumentRef-x-LicenseRef-y-042642976af088c3",
                    "DocumentRef-x:LicenseRef-y",
                )
            ],
            id="another document",
        ),
    ],
)
def test_a_licence_is_an_expression_and_what_is_none_is_explained(
    licenses: tuple[str, ...], expression: str, explained: list[tuple[str, str]]
) -> None:
    document = written(component(licenses=licenses)).document
    assert document["packages"][1]["licenseDeclared"] == expression
    told = document.get("hasExtractedLicensingInfos", [])
    assert [(each["licenseId"], each["name"]) for each in told] == explained


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://packages.example/x.tgz", "https://packages.example/x.tgz"),
        ("https://u:p@packages.example/x?t=1", "https://packages.example/x"),
        ("git+https://git.example/o/r@main", "git+https://git.example/o/r@main"),
        ("../x.tgz", "NOASSERTION"),
        ("file:///home/jane/x.tgz", "NOASSERTION"),
        ("javascript:alert(1)", "NOASSERTION"),
        ("https://", "NOASSERTION"),
        (None, "NOASSERTION"),
    ],
)
def test_only_a_public_address_is_a_download_location(
    url: str | None, location: str
) -> None:
    about = component(artifacts=(Artifact(digests=(A,), url=url),))
    assert one(about)["downloadLocation"] == location


def test_what_may_be_any_of_several_files_has_all_their_digests_and_no_address() -> (
    None
):
    files = tuple(
        Artifact(name=f"x-{n}.whl", digests=(d,), url=f"https://p.example/{n}")
        for n, d in enumerate([A, B])
    )
    made = written(component(artifacts=files))
    package = made.document["packages"][1]
    assert [each["checksumValue"][0] for each in package["checksums"]] == ["a", "b"]
    assert package["downloadLocation"] == "NOASSERTION"
    assert "checksums: of 2 files, of which it may be any one" in package["comment"]
    assert "which digest is of which file: 1" in made.told


def test_what_stands_in_annotations_alone_is_named() -> None:
    made = written(
        component(
            "pkg:npm/a@1",
            graph=True,
            license_texts=(LicenseText(name="LICENSE", text="x"),),
            carried='{"pedigree":{},"supplier":{"name":"A"}}',
        ),
        component("pkg:npm/b@1"),
        edges=[(0, 1, RelationKind.DEPENDS_ON)],
    )
    assert made.lacks == ()
    assert made.told == (
        "where things were found: 2",
        "texts of licences: 1",
        "that all dependencies are listed: 1",
    )


def test_names_of_any_characters_become_ids_that_differ() -> None:
    names = ["a b", "a/b", "a_b", "é", "", " ", "\ud800", "x" * 500]
    made = written(
        *(component(None, name=name, locations=(Location(path="x"),)) for name in names)
    )
    ids = [each["SPDXID"] for each in made.document["packages"]]
    assert len(set(ids)) == len(names) + 1
    assert all(len(each) < 100 for each in ids)
    shown = {each["name"] for each in made.document["packages"]}
    assert {"(unnamed)", "\\ud800", "é"} <= shown


@pytest.mark.parametrize(
    ("supplier", "actor"),
    [
        ("Acme Inc. <oss@acme.example>", "Organization: Acme Inc. (oss@acme.example)"),
        ("Acme Inc. <https://acme.example>", "Organization: Acme Inc."),
        ("Ann Lee <ann@acme.example>", "Person: Ann Lee (ann@acme.example)"),
        ("Ann (EU)", "Person: Ann (EU) ()"),
    ],
)
def test_who_makes_a_package_supplies_and_originates_it(
    supplier: str, actor: str
) -> None:
    package = one(component(supplier=supplier))
    assert (package["supplier"], package["originator"]) == (actor, actor)


def test_whoever_makes_what_a_server_starts_supplies_the_server() -> None:
    library = component("pkg:npm/files@1.2.0", supplier="Ann")
    server = component("pkg:npm/files@1.2.0", Kind.MCP_SERVER, name="files")
    other = component("pkg:npm/other@1.2.0", Kind.MCP_SERVER, name="other")
    nameless = component(None, Kind.MCP_SERVER, name="remote")
    document = written(library, server, other, nameless).document
    suppliers = {each["name"]: each.get("supplier") for each in document["packages"]}
    assert suppliers["files"] == "Person: Ann"
    assert (suppliers["other"], suppliers["remote"]) == (None, None)


@pytest.mark.parametrize(
    ("provider", "actor"),
    [("OpenAI", "Organization: OpenAI"), ("self-hosted", None), (" ", None)],
)
def test_whoever_runs_a_service_supplies_it(provider: str, actor: str | None) -> None:
    facts = UsedServiceFacts(provider=provider, category="model-api")
    package = one(component(None, Kind.SERVICE, name="api", facts=facts))
    assert package.get("supplier") == actor
