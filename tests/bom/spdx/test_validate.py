from typing import Any

import pytest

from mcpchain.bom.spdx.validate import problems
from tests.bom.spdx.documents import HEX, edge, package, purl, spdx


def told(document: dict[str, Any]) -> list[str]:
    return [f"{pointer}: {problem}" for pointer, problem in problems(document)]


def test_a_document_of_another_tool_is_valid() -> None:
    document = spdx(
        package(
            versionInfo="1",
            filesAnalyzed=True,
            supplier="NOASSERTION",
            originator="Person: Jane (jane@acme.example)",
            licenseDeclared="MIT AND LicenseRef-1",
            licenseConcluded="DocumentRef-x:LicenseRef-y",
            checksums=[
                {"algorithm": "SHA256", "checksumValue": HEX},
                {"algorithm": "BLAKE3", "checksumValue": "ab"},
            ],
            externalRefs=[purl("pkg:npm/x@1")],
            primaryPackagePurpose="OPERATING-SYSTEM",
        ),
        files=[{"SPDXID": "SPDXRef-f", "fileName": "x"}],
        snippets=[{"SPDXID": "SPDXRef-s"}],
        relationships=[
            edge("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-a"),
            edge("SPDXRef-a", "DEPENDS_ON", "NONE"),
            edge("SPDXRef-s", "OTHER", "DocumentRef-x:SPDXRef-b"),
        ],
        documentDescribes=["SPDXRef-a"],
        hasExtractedLicensingInfos=[
            {"licenseId": "LicenseRef-1", "extractedText": "Do."}
        ],
    )
    assert told(document) == []


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        pytest.param({"spdxVersion": "SPDX-3.0"}, "/spdxVersion", id="version"),
        pytest.param({"SPDXID": "SPDXRef-x"}, "/SPDXID", id="id"),
        pytest.param({"SPDXID": None}, "/SPDXID", id="no id"),
        pytest.param({"name": " "}, "/name", id="blank name"),
        pytest.param({"dataLicense": 5}, "/dataLicense", id="licence of the data"),
        pytest.param(
            {"documentNamespace": "https://x.example/#a"},
            "/documentNamespace",
            id="a fragment",
        ),
        pytest.param({"documentNamespace": "x"}, "/documentNamespace", id="no URI"),
        pytest.param({"creationInfo": []}, "/creationInfo", id="no creation"),
        pytest.param(
            {"creationInfo": {"created": "2030-01-01", "creators": ["Tool: x"]}},
            "/creationInfo/created",
            id="a day",
        ),
        pytest.param(
            {"creationInfo": {"created": "2030-01-01T00:00:00Z", "creators": []}},
            "/creationInfo/creators",
            id="nobody",
        ),
        pytest.param(
            {"creationInfo": {"created": "2030-01-01T00:00:00Z", "creators": ["x"]}},
            "/creationInfo/creators/0",
            id="no kind of creator",
        ),
        pytest.param({"packages": {}}, "/packages", id="packages are no list"),
        pytest.param({"packages": [5]}, "/packages/0", id="a package is no object"),
        pytest.param({"files": [{}]}, "/files/0/SPDXID", id="a file without id"),
        pytest.param(
            {"relationships": [edge("SPDXRef-a", "DEPENDS_ON", "SPDXRef-b")]},
            "/relationships/0/relatedSpdxElement",
            id="dangling",
        ),
        pytest.param(
            {"relationships": [edge("SPDXRef-a", "depends", "SPDXRef-a")]},
            "/relationships/0/relationshipType",
            id="no relationship",
        ),
        pytest.param({"relationships": 5}, "/relationships", id="no relationships"),
        pytest.param(
            {"documentDescribes": ["SPDXRef-b"]}, "/documentDescribes/0", id="described"
        ),
        pytest.param(
            {"hasExtractedLicensingInfos": [{"licenseId": "x"}]},
            "/hasExtractedLicensingInfos/0/licenseId",
            id="no reference",
        ),
        pytest.param(
            {"hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-1"}]},
            "/hasExtractedLicensingInfos/0/extractedText",
            id="no text of a licence",
        ),
    ],
)
def test_what_is_wrong_with_a_document_has_its_place(
    members: dict[str, Any], pointer: str
) -> None:
    found = [place for place, _ in problems(spdx(package(), **members))]
    assert pointer in found


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        pytest.param({"SPDXID": "SPDXRef-ä"}, "/SPDXID", id="a letter"),
        pytest.param({"SPDXID": "SPDXRef-DOCUMENT"}, "/SPDXID", id="equal ids"),
        pytest.param({"name": ""}, "/name", id="no name"),
        pytest.param({"downloadLocation": None}, "/downloadLocation", id="nowhere"),
        pytest.param({"primaryPackagePurpose": "x"}, "/primaryPackagePurpose", id="x"),
        pytest.param({"filesAnalyzed": "yes"}, "/filesAnalyzed", id="yes"),
        pytest.param({"supplier": "Acme"}, "/supplier", id="no kind of supplier"),
        pytest.param({"originator": {}}, "/originator", id="no text"),
        pytest.param({"licenseDeclared": "MIT OR"}, "/licenseDeclared", id="half"),
        pytest.param({"licenseConcluded": 5}, "/licenseConcluded", id="a number"),
        pytest.param(
            {"licenseDeclared": "LicenseRef-2"}, "/licenseDeclared", id="not explained"
        ),
        pytest.param(
            {"checksums": [{"algorithm": "SHA256", "checksumValue": "ab"}]},
            "/checksums/0/checksumValue",
            id="short",
        ),
        pytest.param(
            {"checksums": [{"algorithm": "SHA-256", "checksumValue": HEX}]},
            "/checksums/0/algorithm",
            id="as CycloneDX spells it",
        ),
        pytest.param(
            {"checksums": [{"algorithm": "SHA256", "checksumValue": "z" * 64}]},
            "/checksums/0/checksumValue",
            id="no hexadecimal",
        ),
        pytest.param({"checksums": [5]}, "/checksums/0", id="no checksum"),
        pytest.param({"checksums": {}}, "/checksums", id="no checksums"),
        pytest.param({"externalRefs": [5]}, "/externalRefs/0", id="no reference"),
        pytest.param({"externalRefs": [{}]}, "/externalRefs/0", id="empty"),
        pytest.param(
            {"externalRefs": [purl("pkg:x")]},
            "/externalRefs/0/referenceLocator",
            id="no purl",
        ),
        pytest.param(
            {"externalRefs": [purl("pkg:npm/x") | {"referenceCategory": "x"}]},
            "/externalRefs/0/referenceCategory",
            id="no category",
        ),
    ],
)
def test_what_is_wrong_with_a_package_has_its_place(
    members: dict[str, Any], pointer: str
) -> None:
    found = [place for place, _ in problems(spdx(package() | members))]
    assert f"/packages/0{pointer}" in found
