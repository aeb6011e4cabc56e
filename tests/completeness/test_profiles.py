from typing import Any

import pytest

from mcpchain.bom.validate import problems
from mcpchain.completeness import PROFILES, facts, profile
from mcpchain.completeness.requirement import Assessment, assess
from tests.bom.spdx.documents import edge, package, purl, spdx
from tests.completeness.boms import ACME, HEX, data, entry, model, whole


def assessed(document: dict[str, Any], id_: str) -> Assessment:
    return assess(facts(document), profile(id_))


def missing(document: dict[str, Any], id_: str) -> list[str]:
    return [
        each.requirement.id
        for each in assessed(document, id_).results
        if not each.is_met
    ]


@pytest.mark.parametrize("id_", PROFILES)
def test_a_bom_that_says_everything_has_100(id_: str) -> None:
    assert missing(whole(), id_) == []
    assert assessed(whole(), id_).score == 100


def test_that_bom_is_a_valid_one() -> None:
    assert [*problems(whole())] == []


@pytest.mark.parametrize("id_", PROFILES)
def test_every_profile_is_described_and_every_requirement_once(id_: str) -> None:
    found = profile(id_)
    assert found.id == id_
    ids = [each.id for each in found.requirements]
    assert len(ids) == len(set(ids))
    for each in found.requirements:
        assert all([each.title, each.clause, each.hint])
        assert (each.bom is None) != (each.part is None)


@pytest.mark.parametrize("id_", PROFILES)
def test_a_bom_of_nothing_has_nothing(id_: str) -> None:
    # BSI forbids what it does not have either, and the format is what it is.
    free = {"bsi": 13}.get(id_, 0)
    empty = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}
    assert assessed(empty, id_).score == free
    assert assessed({}, id_).score < 10


WITHOUT = [
    ("name", ["name"], {"name"}),
    ("version", ["version"], {"version"}),
    ("purl", ["identifier"], {"identifier"}),
    ("manufacturer", ["supplier"], {"producer"}),
]


@pytest.mark.parametrize("nothing", ["", " ", "NOASSERTION", "unknown", "n/a", None, 5])
@pytest.mark.parametrize(("key", "of_ntia", "of_cisa"), WITHOUT)
def test_what_says_nothing_is_missing(
    key: str, of_ntia: list[str], of_cisa: set[str], nothing: object
) -> None:
    value = {"name": nothing} if key == "manufacturer" else nothing
    document = whole(entry(), entry("b") | {key: value})
    assert missing(document, "ntia") == of_ntia
    assert of_cisa <= set(missing(document, "cisa"))


@pytest.mark.parametrize("text", ["pkg:npm", "npm/x", "pkg:", "x"])
def test_what_is_no_purl_identifies_nothing(text: str) -> None:
    assert missing(whole(entry(purl=text)), "ntia") == ["identifier"]


@pytest.mark.parametrize(
    "other",
    [
        {"cpe": "cpe:2.3:a:acme:a:1.0:*:*:*:*:*:*:*"},
        {"swid": {"tagId": "acme-a", "name": "a"}},
    ],
    ids=["CPE", "SWID"],
)
def test_a_cpe_or_swid_tag_identifies_as_well(other: dict[str, Any]) -> None:
    assert missing(whole(entry(purl="") | other), "ntia") == []


@pytest.mark.parametrize(
    ("algorithm", "content"),
    [
        ("SHA-512", "ab"),
        ("SHA-512", "z" * 128),
        ("SHA-512", ""),
        ("SHA-512", None),
        ("SHA-999", HEX),
        ("SHA-256", HEX),
        (None, HEX),
    ],
)
def test_a_hash_that_is_none_is_missing(algorithm: object, content: object) -> None:
    bad = [{"alg": algorithm, "content": content}]
    there = [{"type": "distribution", "url": "x", "hashes": bad}]
    document = whole(entry(hashes=bad, externalReferences=there))
    assert missing(document, "cisa") == ["hash"]
    assert missing(document, "bsi") == ["sha512"]


def test_for_bsi_the_hash_is_that_of_what_is_delivered() -> None:
    assert missing(whole(entry(externalReferences=[])), "bsi") == ["sha512"]
    assert missing(whole(entry(externalReferences=[])), "cisa") == []


@pytest.mark.parametrize(
    ("licenses", "cisa", "bsi"),
    [
        ([], ["license"], ["license"]),
        ([{"license": {"name": "NOASSERTION"}}], ["license"], ["license"]),
        ([{"expression": "NONE"}], ["license"], ["license"]),
        ([{"license": {"text": {"content": "Do."}}}], ["license"], ["license"]),
        ([{"license": {"name": "Permission is hereby"}}], [], ["license"]),
        ([{"expression": "MIT OR LicenseRef-x"}], [], []),
        ("MIT", ["license"], ["license"]),
        ([5], ["license"], ["license"]),
    ],
)
def test_a_licence_has_a_name_and_for_bsi_an_spdx_expression(
    licenses: object, cisa: list[str], bsi: list[str]
) -> None:
    document = whole(entry(licenses=licenses))
    assert (missing(document, "cisa"), missing(document, "bsi")) == (cisa, bsi)


@pytest.mark.parametrize(
    "edges",
    [
        [],
        None,
        5,
        [{"ref": "root", "dependsOn": ["a"]}],
        [{"ref": "root"}, {"ref": 5, "dependsOn": ["b"]}, {"ref": "a"}],
        [{"ref": "root"}, {"ref": "a", "dependsOn": "b"}],
    ],
)
def test_what_is_in_no_dependency_is_missing_there(edges: object) -> None:
    document = whole(entry(), entry("b"), dependencies=edges)
    assert "dependency" in missing(document, "ntia")


def test_what_is_inside_another_has_its_place() -> None:
    outer = entry(components=[entry("b", components=[entry("c")])])
    document = whole(outer)
    assert missing(document, "ntia") == []
    assert len(facts(document).parts) == 3


def test_without_a_ref_nothing_is_in_the_graph() -> None:
    document = whole(entry("") | {"name": "x"})
    document["dependencies"].append({"ref": "", "dependsOn": [""]})
    assert "dependency" in missing(document, "ntia")


@pytest.mark.parametrize(
    ("key", "value", "id_", "expected"),
    [
        ("timestamp", "2030-01-01", "ntia", ["timestamp"]),
        ("timestamp", "2030-01-01T00:00:00", "ntia", ["timestamp"]),
        ("timestamp", None, "cra", ["timestamp"]),
        ("tools", [], "cisa", ["tool"]),
        ("tools", [{"name": "x"}], "cisa", []),
        ("lifecycles", [{}], "cisa", ["context"]),
        ("component", None, "cra", ["product", "top-level"]),
    ],
)
def test_what_the_bom_does_not_say_of_itself_is_missing(
    key: str, value: object, id_: str, expected: list[str]
) -> None:
    document = whole()
    document["metadata"][key] = value
    assert missing(document, id_) == expected


def test_a_tool_is_an_author_for_ntia_and_none_for_cisa() -> None:
    document = whole()
    for key in ("authors", "manufacturer"):
        del document["metadata"][key]
    assert missing(document, "ntia") == []
    assert missing(document, "cisa") == ["author"]


@pytest.mark.parametrize("contact", ["psirt", "", None, "@", "jane@acme"])
def test_what_is_no_address_is_no_contact(contact: object) -> None:
    document = whole(externalReferences=[])
    document["metadata"]["manufacturer"] = ACME | {"contact": [{"email": contact}]}
    document["metadata"]["component"]["manufacturer"] = {"name": "Acme"}
    assert missing(document, "cra") == ["contact"]
    document["metadata"]["authors"] = []
    assert missing(document, "bsi") == ["sbom-creator", "creator"]


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.x", "", None, 1.6])
def test_bsi_accepts_cyclonedx_from_1_6(version: object) -> None:
    assert missing(whole(specVersion=version), "bsi") == ["format"]
    assert missing(whole(specVersion="1.7"), "bsi") == []


def test_a_supplier_of_the_product_is_no_author_of_the_bom() -> None:
    document = whole()
    document["metadata"]["supplier"] = ACME
    for key in ("authors", "manufacturer"):
        del document["metadata"][key]
    assert missing(document, "cisa") == ["author"]
    assert missing(document, "bsi") == ["sbom-creator"]
    assert missing(document, "cra") == []


def test_bsi_wants_no_vulnerabilities_inside() -> None:
    assert missing(whole(vulnerabilities=[{"id": "CVE-1"}]), "bsi") == [
        "no-vulnerabilities"
    ]


@pytest.mark.parametrize("aggregate", ["not_specified", None, 5])
def test_a_composition_that_says_nothing_tells_no_completeness(
    aggregate: object,
) -> None:
    said = [{"aggregate": aggregate, "dependencies": ["root", "a", "m", "d"]}]
    assert missing(whole(compositions=said), "cisa") == ["coverage"]
    assert missing(whole(compositions=said), "bsi") == ["completeness"]


@pytest.mark.parametrize("aggregate", ["complete", "incomplete", "unknown"])
def test_known_unknowns_are_told(aggregate: str) -> None:
    said = [{"aggregate": aggregate, "dependencies": ["root", "a", "m", "d"]}]
    assert missing(whole(compositions=said), "bsi") == []


def test_an_ai_system_without_models_answers_nothing_about_them() -> None:
    found = assessed(whole(entry()), "g7-ai")
    unanswered = [each for each in found.results if not each.asked]
    assert {each.requirement.clause for each in unanswered} == {"models", "data sets"}
    assert not any(each.is_met for each in unanswered)
    assert found.score < 60


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"modelCard": {}}, {"limits", "properties", "io", "training", "metrics"}),
        (
            {"modelCard": {"modelParameters": []}},
            {"limits", "properties", "io", "training", "metrics"},
        ),
        ({"modelCard": 5}, {"limits", "properties", "io", "training", "metrics"}),
        ({"pedigree": {"ancestors": []}}, {"lineage"}),
        ({"licenses": []}, {"license"}),
    ],
)
def test_a_model_answers_by_its_card(
    members: dict[str, Any], expected: set[str]
) -> None:
    told = set(missing(whole(entry(), model(**members), data()), "g7-ai"))
    assert told == {f"model-{each}" for each in expected}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"data": []}, {"content", "sensitivity"}),
        ({"data": [5]}, {"content", "sensitivity"}),
        ({"properties": []}, {"statistics"}),
    ],
)
def test_a_data_set_answers_for_itself(
    members: dict[str, Any], expected: set[str]
) -> None:
    told = set(missing(whole(entry(), model(), data(**members)), "g7-ai"))
    assert told == {f"data-{each}" for each in expected}


def test_one_of_many_without_something_is_never_100() -> None:
    many = [entry(f"c{n}") for n in range(500)]
    found = assessed(whole(*many, entry("x", version="")), "ntia")
    assert found.score == 99
    (lacking,) = [each for each in found.results if each.missing]
    assert lacking.missing == ("x",)


def test_the_weights_of_a_model_are_no_model_of_their_own() -> None:
    part = {"type": "machine-learning-model", "name": "model-00001-of-00002"}
    whole_model = {"type": "machine-learning-model", "name": "m", "components": [part]}
    bom = facts({"bomFormat": "CycloneDX", "components": [whole_model, dict(part)]})
    found = [e.name for e in bom.of_kind("machine-learning-model")]
    assert found == ["m", "model-00001-of-00002"]
    assert len(bom.parts) == 3


def piece(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - anything may be wrong
    hashes = [{"alg": "SHA-256", "content": "ab" * 32}]
    bare = {"type": "file", "bom-ref": "f", "name": "config.json", "hashes": hashes}
    return bare | members


@pytest.mark.parametrize("holder", [model, data])
def test_a_whole_answers_for_its_files_but_for_their_name_and_hash(
    holder: Any,  # noqa: ANN401 - either of two functions
) -> None:
    fine = piece(purl="pkg:generic/config.json?checksum=sha256:" + "ab" * 32)
    assert missing(whole(holder(components=[fine])), "ntia") == []
    assert missing(whole(holder(components=[piece()])), "cra") == ["identifier"]
    bare = piece(hashes=[], purl="cpe:/")
    assert missing(whole(holder(components=[bare])), "cisa") == ["identifier", "hash"]
    found = assessed(whole(holder(version="", components=[fine])), "ntia").results
    assert [each.missing for each in found if each.missing] == [(holder()["name"],)]


@pytest.mark.parametrize(
    "outer",
    [
        pytest.param(entry(components=[piece()]), id="a file in a package"),
        pytest.param(
            model(components=[piece(type="library")]), id="a package in a model"
        ),
        pytest.param(
            model(components=[piece(purl="pkg:npm/x")]), id="a file named as a package"
        ),
        pytest.param(entry(type="file", components=[piece()]), id="a file in a file"),
    ],
)
def test_what_is_more_than_a_file_of_a_model_answers_for_itself(
    outer: dict[str, Any],
) -> None:
    assert "version" in missing(whole(outer), "ntia")


@pytest.mark.parametrize(
    ("members", "is_met"),
    [
        ({}, False),
        ({"components": [piece()]}, True),
        ({"components": [piece(), piece(hashes=[])]}, False),
        ({"components": [piece(type="library")]}, False),
        ({"purl": "pkg:generic/m?checksum=sha256:" + "ab" * 32}, True),
        ({"purl": "pkg:generic/m?checksum=sha256:" + "ab" * 31}, False),
        ({"purl": "pkg:generic/m?checksum=" + "ab" * 32}, False),
        ({"purl": "pkg:generic/m"}, False),
        ({"purl": "checksum=sha256:" + "ab" * 32}, False),
    ],
)
def test_a_model_is_hashed_by_itself_or_all_its_files(
    members: dict[str, Any], *, is_met: bool
) -> None:
    bare = model(hashes=[], externalReferences=[], **members)
    assert ("model-hash" not in missing(whole(bare, data()), "g7-ai")) is is_met


@pytest.mark.parametrize(
    ("purl_", "is_met"),
    [
        ("pkg:oci/x@sha256:" + "ab" * 32, True),
        ("pkg:oci/x@sha256%3A" + "ab" * 32, True),
        ("pkg:oci/x@sha256:" + "ab" * 31, False),
        ("pkg:docker/library/x@16", False),
        ("pkg:oci/x?tag=16", False),
        ("pkg:github/acme/x@" + "ab" * 20, True),
        ("pkg:github/acme/x@v4", False),
        ("pkg:npm/x@1.0.0", False),
    ],
)
def test_a_digest_or_commit_is_the_version_of_what_has_no_other(
    purl_: str, *, is_met: bool
) -> None:
    document = whole(entry(type="container", version="", purl=purl_))
    assert ("version" not in missing(document, "ntia")) is is_met


def test_what_to_do_depends_on_what_lacks_it() -> None:
    lacking = {"version": ""}
    kinds = ("library", "file", "container", "device")
    listed = [entry(kind, type=kind, **lacking) for kind in kinds]
    document = whole(*listed, model(**lacking), data(**lacking))
    document["metadata"]["component"]["version"] = ""
    (version,) = [r for r in assessed(document, "ntia").results if r.missing]
    assert [what for what, _ in version.hints] == [
        "the subject",
        "packages",
        "models",
        "data sets",
        "files",
        "images",
    ]
    alone = assessed(whole(entry(**lacking)), "ntia").results
    assert [what for each in alone for what, _ in each.hints] == [""]


def test_an_address_is_asked_for_where_one_is_missing() -> None:
    nobody: dict[str, Any] = {"manufacturer": {"name": "Acme"}}
    listed = [entry(kind, type=kind, **nobody) for kind in ("file", "container")]
    found = assessed(whole(*listed, model(**nobody), data(**nobody)), "bsi").results
    (creator,) = [each for each in found if each.missing]
    assert creator.hints == (("", "write `manufacturer` with a `url` into its entry"),)


def test_two_of_one_name_are_told_apart() -> None:
    twice = [entry(ref, name="hf", version="") for ref in ("x", "y")]
    (version,) = [r for r in assessed(whole(*twice), "ntia").results if r.missing]
    assert version.missing == ("x", "y")


# SPDX.


def complete() -> dict[str, Any]:
    """Everything that NTIA asks for, in SPDX."""
    acme = "Organization: Acme (psirt@acme.example)"
    root = package(
        "SPDXRef-root",
        versionInfo="1",
        supplier=acme,
        externalRefs=[purl("pkg:generic/shop@1")],
    )
    part = package(versionInfo="1", supplier=acme, externalRefs=[purl("pkg:npm/a@1")])
    return spdx(
        root,
        part,
        relationships=[
            edge("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-root"),
            edge("SPDXRef-a", "DEPENDENCY_OF", "SPDXRef-root"),
        ],
    )


def test_an_spdx_document_can_meet_ntia_and_what_the_law_asks() -> None:
    assert missing(complete(), "ntia") == []
    assert missing(complete(), "cra") == []
    people = complete()
    people["packages"][0]["supplier"] = "Organization: Acme"
    people["creationInfo"]["creators"].append("Person: Jane (jane@acme.example)")
    # An author of the BOM is not the maker of the product.
    assert missing(people, "cra") == ["contact"]
    # SPDX 2 is no format for BSI, and has no word for phases.
    assert "format" in missing(people, "bsi")
    assert "context" in missing(people, "cisa")


def test_what_spdx_cannot_say_is_said_to_have_no_place_there() -> None:
    found = assess(facts(complete()), profile("g7-ai")).results
    hints = {each.requirement.id: each.requirement.hint for each in found}
    for each in ("context", "signature", "data-flow", "model-hash", "data-license"):
        assert (
            hints[each] == "SPDX 2.3 has no place for it; write CycloneDX for this "
            "profile"
        )
    assert "no place" not in hints["author"]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("supplier", "NOASSERTION", "supplier"),
        ("supplier", "Acme", "supplier"),
        ("versionInfo", "NOASSERTION", "version"),
        ("externalRefs", [purl("pkg:npm")], "identifier"),
        ("externalRefs", [{"referenceType": "cpe23Type"}], "identifier"),
        ("name", "NONE", "name"),
    ],
)
def test_what_an_spdx_package_does_not_say_is_missing(
    key: str, value: object, expected: str
) -> None:
    document = complete()
    document["packages"][1][key] = value
    assert missing(document, "ntia") == [expected]


def test_an_spdx_package_in_no_relationship_is_missing_there() -> None:
    document = complete()
    del document["relationships"][1]
    assert missing(document, "ntia") == ["dependency"]


@pytest.mark.parametrize(
    ("members", "holder", "is_piece"),
    [
        ({}, "SPDXRef-a", True),
        ({}, "SPDXRef-root", False),
        ({}, "SPDXRef-DOCUMENT", False),
        ({"primaryPackagePurpose": "LIBRARY"}, "SPDXRef-a", False),
        ({"versionInfo": "1"}, "SPDXRef-a", False),
        ({"externalRefs": [purl("pkg:npm/x")]}, "SPDXRef-a", False),
    ],
)
def test_a_file_that_a_package_of_spdx_holds_is_a_piece_of_it(
    members: dict[str, Any], holder: str, *, is_piece: bool
) -> None:
    document = complete()
    of = {"primaryPackagePurpose": "FILE"} | members
    document["packages"].append(package("SPDXRef-f", **of))
    document["relationships"].append(edge(holder, "CONTAINS", "SPDXRef-f"))
    assert [each.piece for each in facts(document).parts] == [False, is_piece]


def test_spdx_has_a_member_for_the_name_of_a_file() -> None:
    document = complete() | {"files": [{"SPDXID": "SPDXRef-f", "fileName": "x"}]}
    assert "filename" in missing(document, "bsi")
    for each in document["packages"]:
        each["packageFileName"] = "a.tgz"
    assert "filename" not in missing(document, "bsi")


def test_files_of_spdx_count_and_a_document_of_one_package_lists_it() -> None:
    document = complete() | {"files": [{"SPDXID": "SPDXRef-f", "fileName": "x"}, 5]}
    assert [each.kind for each in facts(document).parts] == ["", "file"]
    alone = spdx(package(), documentDescribes=["SPDXRef-a"])
    assert (len(facts(alone).parts), facts(alone).subject) == (1, None)
