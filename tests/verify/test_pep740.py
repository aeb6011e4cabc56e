"""Attestations on a Python index: what is a yes, and what must never be one."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.errors import MalformedError
from mcpchain.signature import Demand, Status, Verification
from mcpchain.verify.pep740 import File, read_attestation, read_provenance, verify_all
from mcpchain.verify.second_opinion import SecondOpinion
from tests.world.sigstore.changing import changed, leaves, others
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import ARTIFACT, ISSUER, Minter, statement

CORPUS = (
    Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "attestations"
)
INSTANCE = Instance()
ROOT = parse_root(INSTANCE.trusted_root(), name="test")
NAME = "acme_files-1.2.0-py3-none-any.whl"
FILE = File(name=NAME, sha256=hashlib.sha256(ARTIFACT).digest())
PUBLISH = "https://docs.index.example/attestations/publish/v1"
PUBLISHER = {"kind": "GitHub", "repository": "acme/files", "workflow": "release.yml"}
Json = dict[str, Any]


def attestation(**said: Any) -> Json:  # noqa: ANN401 - of the statement
    given = {"name": NAME, "predicate_type": PUBLISH} | said
    minter = Minter(instance=INSTANCE, entries=("dsse/0.0.1",))
    bundle = minter.attest(statement(**given))
    material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
    return {
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {
            "statement": envelope["payload"],
            "signature": envelope["signatures"][0]["sig"],
        },
    }


def provenance(*attestations: Json, publisher: Json | None = None) -> Json:
    given = PUBLISHER if publisher is None else publisher
    bundles = [{"publisher": given, "attestations": [*attestations]}]
    return {"version": 1, "attestation_bundles": bundles}


def answers(
    document: Json, expected: Expected | None = None, file: File = FILE
) -> list[Verification]:
    found = read_provenance(json.dumps(document).encode(), source="p")
    return [*verify_all(found, file, ROOT, expected)]


def test_what_the_index_says_of_the_publisher_is_the_words_of_the_index() -> None:
    (found,) = answers(provenance(attestation()))
    assert (found.status, found.expected_by) == (Status.VERIFIED, "index")
    assert (found.kind, found.subject) == ("pep740", NAME)


def test_what_the_user_says_counts_for_more() -> None:
    acme = Expected(issuer=ISSUER, repository="acme/files")
    (found,) = answers(provenance(attestation()), acme)
    assert (found.status, found.expected_by) == (Status.VERIFIED, "user")
    other = Expected(issuer=ISSUER, repository="evil/files")
    (found,) = answers(provenance(attestation()), other)
    assert found.status is Status.UNTRUSTED_IDENTITY


@pytest.mark.parametrize(
    "publisher",
    [
        PUBLISHER | {"repository": "evil/files"},
        PUBLISHER | {"workflow": "other.yml"},
        {"kind": "GitLab", "repository": "acme/files", "workflow_filepath": "x.yml"},
        {"kind": "Google", "email": "a@b.example"},
        {"kind": "CircleCI", "project_id": "1", "pipeline_definition_id": "2"},
        {"kind": "Unheard-of"},
    ],
    ids=str,
)
def test_a_publisher_who_did_not_sign_it_is_refused(publisher: Json) -> None:
    (found,) = answers(provenance(attestation(), publisher=publisher))
    assert found.status is Status.UNTRUSTED_IDENTITY


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"data": b"other bytes"}, "about other artifacts"),
        ({"name": "evil-1.2.0-py3-none-any.whl"}, "is about `evil-1.2.0"),
        ({"name": "acme_files-1.2.1-py3-none-any.whl"}, "is about `acme_files-1.2.1"),
        ({"name": "acme_files-1.2.0.tar.gz"}, "is about `acme_files-1.2.0.tar.gz`"),
        ({"name": ""}, "is about ``"),
        ({"predicate_type": "https://evil.example/v1"}, "which no index takes"),
        ({"predicate_type": f"{PUBLISH}/more"}, "which no index takes"),
        (
            {
                "subject": [
                    {"name": NAME, "digest": {"sha256": FILE.sha256.hex()}},
                    {"name": "other", "digest": {"sha256": "0" * 64}},
                ]
            },
            "has 2 subjects",
        ),
    ],
    ids=str,
)
def test_a_statement_about_something_else_is_invalid(said: Json, reason: str) -> None:
    (found,) = answers(provenance(attestation(**said)))
    assert (found.status, reason in found.reason) == (Status.INVALID, True)
    assert not found.checks[-1].ok


@pytest.mark.parametrize(
    ("said", "name", "same"),
    [
        ("Acme.Files-1.2.0-py3-none-any.whl", NAME, True),
        ("acme_files-1.2-py3-none-any.whl", NAME, True),
        ("acme_files-1.2.0-1-py3-none-any.whl", NAME, False),
        ("Acme-Files-1.2.0.tar.gz", "acme_files-1.2.0.tar.gz", True),
        ("acme_files-1.2.0.zip", "acme_files-1.2.0.tar.gz", False),
        ("one.exe", "other.exe", False),
    ],
)
def test_a_file_is_known_by_any_spelling_of_its_name(
    said: str, name: str, *, same: bool
) -> None:
    file = File(name=name, sha256=FILE.sha256)
    (found,) = answers(provenance(attestation(name=said)), file=file)
    assert found.status is (Status.VERIFIED if same else Status.INVALID)
    assert same or found.reason == f"the statement is about `{said}`"


def test_base64_may_be_in_lines() -> None:
    wrapped = attestation()
    for key, text in wrapped["envelope"].items():
        wrapped["envelope"][key] = f"{text[:60]}\n{text[60:]}\n"
    (found,) = answers(provenance(wrapped))
    assert found.status is Status.VERIFIED


def test_too_many_attestations_are_malformed() -> None:
    with pytest.raises(MalformedError, match="more than 100 attestations"):
        answers(provenance(*[attestation()] * 101))


def test_every_attestation_has_its_answer() -> None:
    broken = attestation()
    broken["envelope"]["signature"] = attestation()["envelope"]["signature"]
    found = answers(provenance(attestation(), broken))
    assert [each.status for each in found] == [Status.VERIFIED, Status.INVALID]


MALFORMED: dict[str, Callable[[Json], Any]] = {
    "no version": lambda d: d.pop("version"),
    "another version": lambda d: d.update(version=2),
    "no bundles": lambda d: d.update(attestation_bundles=[]),
    "an empty bundle": lambda d: d["attestation_bundles"][0].update(attestations=[]),
    "an empty bundle beside a good one": lambda d: d["attestation_bundles"].append(
        {"publisher": PUBLISHER, "attestations": []}
    ),
    "a publisher of no kind": lambda d: d["attestation_bundles"][0].update(
        publisher={}
    ),
    "a publisher without repository": lambda d: d["attestation_bundles"][0].update(
        publisher={"kind": "GitHub"}
    ),
    "no certificate": lambda d: one(d)["verification_material"].pop("certificate"),
    "no statement": lambda d: one(d)["envelope"].update(statement=""),
    "no base64": lambda d: one(d)["envelope"].update(signature="*"),
    "attestation of another version": lambda d: one(d).update(version=2),
}


def one(document: Json) -> Json:
    found: Json = document["attestation_bundles"][0]["attestations"][0]
    return found


@pytest.mark.parametrize("flaw", MALFORMED)
def test_what_is_no_provenance_is_malformed(flaw: str) -> None:
    document = provenance(attestation())
    MALFORMED[flaw](document)
    with pytest.raises(MalformedError):
        answers(document)


def test_real_attestations_are_verified_and_good_for_nothing_else() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"the attestations with known outcomes are not at {CORPUS}")
    count = 0
    for case in json.loads((CORPUS / "index.json").read_bytes()):
        if not case["kind"].startswith("pep740"):
            continue
        path = CORPUS / case["path"]
        name = path.name
        for end in (".provenance", ".publish.attestation", ".slsa.attestation"):
            name = name.removesuffix(end)
        name = name.removesuffix(".attestation")
        trusted = (CORPUS / case["trusted_root"]).read_bytes()
        root = parse_root(trusted, name="root")
        both = SecondOpinion(trusted, Demand.REQUIRED)
        who = Expected(issuer=case["issuer"], san=case["identity"])
        data = path.read_bytes()
        if path.suffix == ".provenance":
            found = read_provenance(data, source=name)
            (by_index,) = verify_all(found, file_of(case, name), root, None)
            assert by_index, by_index.reason
        else:
            found = (read_attestation(data, source=name),)
        assert all(verify_all(found, file_of(case, name), root, who, both)), name
        for other in (
            File(name=name, sha256=hashlib.sha256(b"other").digest()),
            File(name="evil-1.0.tar.gz", sha256=file_of(case, name).sha256),
        ):
            assert not any(verify_all(found, other, root, who)), name
        assert not any(verify_all(found, file_of(case, name), ROOT, who)), name
        count += 1
    assert count > 10


def file_of(case: Json, name: str) -> File:
    return File(name=name, sha256=bytes.fromhex(case["digest"][-64:]))


def test_no_field_of_an_attestation_changes_unnoticed() -> None:
    document = provenance(attestation())
    expected = Expected(issuer=ISSUER, repository="acme/files")
    for path, leaf in leaves(one(document)):
        whole = ("attestation_bundles", 0, "attestations", 0, *path)
        if path[-1] == "version" and isinstance(leaf, int):
            changes: list[tuple[str, Any]] = [("other", 2), ("text", "1")]
        else:
            changes = [*others(leaf, path, 5)]
        for what, value in changes:
            try:
                (found,) = answers(changed(document, whole, value), expected)
            except MalformedError:
                continue
            assert found.status is not Status.ERROR, (path, what)
            if found:
                # Base64 may be in lines here, and the name of who signs a checkpoint
                # is no part of what is signed. The proof needs no promise.
                lines = path[0] == "envelope" and what == "line feed"
                assert lines or path[-1] == "envelope", (path, what)
