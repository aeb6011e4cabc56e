"""What npm's registry signs, and what it keeps beside a package."""

import base64
import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.signature import Status, Verification
from mcpchain.trust import NPM, find
from mcpchain.verify.npm_signatures import (
    PUBLISH,
    Key,
    Package,
    read_attestations,
    read_keys,
    verify_attestations,
    verify_signatures,
)
from tests.world.sigstore.changing import changed, leaves, others
from tests.world.sigstore.instance import SHA256, Instance, b64, spki
from tests.world.sigstore.minting import ARTIFACT, ISSUER, SLSA, Minter, statement

CORPUS = (
    Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "attestations"
)
INSTANCE = Instance()
ROOT = parse_root(INSTANCE.trusted_root(), name="test")
PRIVATE = ec.generate_private_key(ec.SECP256R1())
SHA512 = hashlib.sha512(ARTIFACT).digest()
PACKAGE = Package(
    name="@acme/files",
    version="1.2.0",
    integrity=f"sha512-{b64(SHA512)}",
    sha512=SHA512,
    published=INSTANCE.now,
)
PURL = "pkg:npm/%40acme/files@1.2.0"
ACME = Expected(issuer=ISSUER, repository="acme/files")
Json = dict[str, Any]


def keys(end: dt.datetime | None = None, name: str = "SHA256:ours") -> tuple[Key, ...]:
    valid = {"start": "1999-01-01T00:00:00Z"}
    if end is not None:
        valid["end"] = end.isoformat()
    public = {"rawBytes": b64(spki(PRIVATE.public_key())), "validFor": valid}
    listed = [
        {"keyId": name, "keyUsage": usage, "publicKey": public}
        for usage in ("npm:signatures", "npm:attestations")
    ]
    return read_keys(json.dumps({"keys": listed}).encode(), source="keys")


def dist(message: str, *names: str) -> Node:
    signature = b64(PRIVATE.sign(message.encode(), ec.ECDSA(SHA256)))
    listed = [{"keyid": name, "sig": signature} for name in names]
    data = json.dumps({"signatures": listed}).encode()
    return Node.from_json(data, source="packument")


MESSAGE = f"@acme/files@1.2.0:{PACKAGE.integrity}"
OURS = "SHA256:ours"


def test_the_registry_has_signed_name_version_and_integrity() -> None:
    found = verify_signatures(dist(MESSAGE, OURS), PACKAGE, keys(), "keys")
    assert (found.status, found.subject) == (Status.VERIFIED, "@acme/files@1.2.0")
    assert found.key


@pytest.mark.parametrize(
    ("message", "names", "status"),
    [
        (MESSAGE, (), Status.MISSING),
        (MESSAGE, ("SHA256:other",), Status.UNVERIFIABLE),
        (MESSAGE.replace("1.2.0", "1.2.1"), (OURS,), Status.INVALID),
        (MESSAGE.replace("@acme/", ""), (OURS,), Status.INVALID),
        (MESSAGE.partition(":")[0], (OURS,), Status.INVALID),
        (MESSAGE.replace("1.2.0", "9"), (OURS, "SHA256:other"), Status.INVALID),
        (MESSAGE, ("SHA256:other", OURS), Status.VERIFIED),
    ],
    ids=str,
)
def test_whatever_else_it_signed_is_none_of_this(
    message: str, names: tuple[str, ...], status: Status
) -> None:
    found = verify_signatures(dist(message, *names), PACKAGE, keys(), "keys")
    assert found.status is status, found.reason


def test_a_key_that_had_expired_when_it_was_published_signs_nothing() -> None:
    day = dt.timedelta(days=1)
    old = verify_signatures(dist(MESSAGE, OURS), PACKAGE, keys(INSTANCE.now - day), "k")
    assert (old.status, "was not valid" in old.reason) == (Status.INVALID, True)
    good = verify_signatures(
        dist(MESSAGE, OURS), PACKAGE, keys(INSTANCE.now + day), "k"
    )
    assert good.status is Status.VERIFIED


def attestation(
    kind: str,
    *,
    managed: bool = False,
    name: str = PURL,
    **more: Any,  # noqa: ANN401 - of the statement
) -> Json:
    subject = [{"name": name, "digest": {"sha512": SHA512.hex()}}]
    said = statement(predicate_type=kind, **({"subject": subject} | more))
    minter = Minter(
        instance=INSTANCE, managed=managed, entries=("intoto/0.0.2",), version="0.2"
    )
    if managed:
        minter.key = PRIVATE
    bundle = minter.attest(said)
    if managed:
        bundle["verificationMaterial"]["publicKey"]["hint"] = OURS
    return {"predicateType": kind, "bundle": bundle}


def answers(
    *attestations: Json,
    known: tuple[Key, ...] | None = None,
    expected: Expected | None = ACME,
) -> list[Verification]:
    data = json.dumps({"attestations": [*attestations]}).encode()
    found = read_attestations(data, source="reply")
    given = keys() if known is None else known
    return [*verify_attestations(found, PACKAGE, given, ROOT, expected)]


def test_both_attestations_are_verified_each_in_its_way() -> None:
    published, built = answers(attestation(PUBLISH, managed=True), attestation(SLSA))
    assert (published.status, published.expected_by) == (Status.VERIFIED, "")
    assert published.kind == "npm-attestation-publish"
    assert (built.status, built.expected_by) == (Status.VERIFIED, "user")
    assert built.kind == "npm-attestation-provenance"


def test_provenance_of_nobody_in_particular_is_not_verified() -> None:
    (found,) = answers(attestation(SLSA), expected=None)
    assert found.status is Status.UNTRUSTED_IDENTITY


@pytest.mark.parametrize(
    ("made", "status", "reason"),
    [
        ({"name": "pkg:npm/files@1.2.0"}, Status.INVALID, "is about `pkg:npm/files"),
        ({"name": "pkg:npm/%40acme/files@1.2.1"}, Status.INVALID, "is about `pkg:npm"),
        ({"name": "@acme/files"}, Status.INVALID, "is about `@acme/files`"),
        (
            {"subject": [{"name": PURL, "digest": {"sha512": "0" * 128}}]},
            Status.INVALID,
            "about other artifacts",
        ),
        (
            {"subject": [{"name": PURL, "digest": {"sha1": "0" * 40}}]},
            Status.INVALID,
            "about other artifacts",
        ),
    ],
    ids=str,
)
def test_an_attestation_of_another_package_is_refused(
    made: Json, status: Status, reason: str
) -> None:
    (found,) = answers(attestation(SLSA, **made))
    assert (found.status, reason in found.reason) == (status, True), found.reason


def test_the_registry_cannot_call_an_attestation_what_it_is_not() -> None:
    lie = attestation(SLSA) | {"predicateType": "https://slsa.dev/provenance/v0.2"}
    (found,) = answers(lie)
    assert (found.status, "calls it otherwise" in found.reason) == (
        Status.INVALID,
        True,
    )
    (found,) = answers(attestation("https://evil.example/v1"))
    assert found.status is Status.INVALID
    # By a certificate, where the registry's own key has to have signed.
    (found,) = answers(attestation(PUBLISH))
    assert found.status is Status.UNVERIFIABLE


def test_keys_that_are_not_known_or_were_old_by_then() -> None:
    published = attestation(PUBLISH, managed=True)
    (found,) = answers(published, known=keys(name="SHA256:other"))
    assert found.status is Status.UNVERIFIABLE
    (found,) = answers(published, known=keys(INSTANCE.now - dt.timedelta(days=1)))
    assert (found.status, "was not valid" in found.reason) == (Status.INVALID, True)


@pytest.mark.parametrize("days", [-1, 1])
def test_without_a_time_no_key_of_the_registry_is_known_to_have_been_valid(
    days: int,
) -> None:
    made = attestation(PUBLISH, managed=True)
    (entry,) = made["bundle"]["verificationMaterial"]["tlogEntries"]
    del entry["inclusionPromise"]
    end = INSTANCE.now + dt.timedelta(days=days)
    (found,) = answers(made, known=keys(end))
    assert (found.status, found.reason) == (
        Status.INVALID,
        "nobody has signed for when it was made, so that its key may be old",
    )


def test_a_key_is_for_one_use() -> None:
    packages, attestations = keys()
    found = verify_signatures(dist(MESSAGE, OURS), PACKAGE, (attestations,), "k")
    assert (found.status, "is not known here" in found.reason) == (
        Status.UNVERIFIABLE,
        True,
    )
    (found,) = answers(attestation(PUBLISH, managed=True), known=(packages,))
    assert (found.status, "is not known here" in found.reason) == (
        Status.UNVERIFIABLE,
        True,
    )


def test_a_key_of_the_registry_itself_expires_too() -> None:
    listed = [
        {
            "keyid": OURS,
            "key": b64(spki(PRIVATE.public_key())),
            "expires": (INSTANCE.now - dt.timedelta(days=1)).isoformat(),
        }
    ]
    old = read_keys(json.dumps({"keys": listed}).encode(), source="keys")
    found = verify_signatures(dist(MESSAGE, OURS), PACKAGE, old, "k")
    assert found.reason == f"it was published when the key `{OURS}` was not valid"


def test_more_signatures_than_anybody_makes_are_malformed() -> None:
    with pytest.raises(MalformedError, match="more than 32 signatures"):
        verify_signatures(dist(MESSAGE, *[OURS] * 33), PACKAGE, keys(), "k")
    with pytest.raises(MalformedError, match="more than 32 attestations"):
        answers(*[attestation(PUBLISH, managed=True)] * 33)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", '{"attestations": []}', '{"attestations": {}}'),
        '{"attestations": [{"predicateType": "x"}]}',
        '{"attestations": [{"bundle": {}}]}',
    ],
)
def test_a_reply_without_attestations_is_malformed(text: str) -> None:
    with pytest.raises(MalformedError):
        read_attestations(text.encode(), source="reply")


@pytest.mark.parametrize(
    "text",
    ['{"keys": []}', '{"keys": [{"keyid": "x", "key": "AAAA"}]}', '{"keys": [{}]}'],
)
def test_what_holds_no_key_is_malformed(text: str) -> None:
    with pytest.raises(MalformedError):
        read_keys(text.encode(), source="keys")


def test_the_keys_that_come_with_mcpchain_are_two_for_two_uses() -> None:
    found = read_keys(find(NPM).data, source="npm")
    assert {(each.usage, bool(each.window.end)) for each in found} >= {
        ("npm:signatures", False),
        ("npm:attestations", False),
    }


def corpus(kind: str) -> list[Json]:
    if not CORPUS.is_dir():
        pytest.skip(f"the attestations with known outcomes are not at {CORPUS}")
    listed = json.loads((CORPUS / "index.json").read_bytes())
    return [each for each in listed if each["kind"] == kind]


def test_real_replies_are_verified_or_refused_as_a_whole() -> None:
    for case in corpus("npm-attestations"):
        known = read_keys((CORPUS / case["keys"]).read_bytes(), source="keys")
        root = parse_root((CORPUS / case["trusted_root"]).read_bytes(), name="root")
        data = (CORPUS / case["path"]).read_bytes()
        found = read_attestations(data, source="reply")
        sha512 = hashlib.sha512((CORPUS / case["artifact"]).read_bytes()).digest()
        content = json.loads(data)["attestations"][0]["bundle"]["dsseEnvelope"]
        said = json.loads(base64.b64decode(content["payload"]))
        name, _, version = said["subject"][0]["name"].rpartition("@")
        package = Package(
            name=name.removeprefix("pkg:npm/").replace("%40", "@"),
            version=version,
            integrity="",
            sha512=sha512,
        )
        who = Expected(issuer=case["issuer"], repository=case["source_repo"])
        answered = [*verify_attestations(found, package, known, root, who)]
        assert len(answered) == 2
        wrong = [each for each in answered if not each]
        if case["expect"] == "verifies":
            assert not wrong
        else:
            (one,) = wrong
            assert one.reason == "the signature over the envelope does not hold"


def test_a_real_packument_is_signed() -> None:
    (case,) = corpus("npm-packument")
    known = read_keys((CORPUS / case["keys"]).read_bytes(), source="keys")
    document = (CORPUS / case["path"]).read_bytes()
    page = Node.from_json(document, source="packument")
    for version, manifest in page.at("versions").items():
        made = manifest.at("dist")
        time = page.at("time").at(version).text()
        package = Package(
            name=manifest.at("name").text(),
            version=version,
            integrity=made.at("integrity").text(),
            sha512=b"",
            published=dt.datetime.fromisoformat(time),
        )
        assert verify_signatures(made, package, known, "keys")
        late = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        old = Package(
            name=package.name,
            version=version,
            integrity=package.integrity,
            sha512=b"",
            published=late,
        )
        assert verify_signatures(made, old, known, "k").status is Status.INVALID


@pytest.mark.parametrize("kind", [PUBLISH, SLSA])
def test_no_field_of_an_attestation_changes_unnoticed(kind: str) -> None:
    document = attestation(kind, managed=kind == PUBLISH)
    for path, leaf in leaves(document):
        for what, value in others(leaf, path, 5):
            try:
                (found,) = answers(changed(document, path, value))
            except MalformedError:
                continue
            assert found.status is not Status.ERROR, (path, what)
            if found:
                # The name of who signs a checkpoint is no part of what is signed, and
                # certificates beside the leaf are not looked at.
                beside = "certificates" in path and path[-2] != 0
                assert beside or path[-1] == "envelope", (path, what, found.reason)
