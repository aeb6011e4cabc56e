"""What a log has signed for, and that is about something else, or in another tree."""

import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mcpchain.bundle.parse import Envelope, parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Artifact, Trust, verify
from mcpchain.signature import Status, Verification
from tests.world.sigstore.instance import Instance, Log, b64, spki
from tests.world.sigstore.minting import ARTIFACT, CLAIMS, ISSUER, WORKFLOW, Minter

INSTANCE = Instance()
ROOT = parse_root(INSTANCE.trusted_root(), name="test")
TRUST = Trust(root=ROOT, expected=Expected(issuer=ISSUER, repository="acme/files"))
WHAT = Artifact(digests={"sha256": hashlib.sha256(ARTIFACT).digest()})
KEY = ec.generate_private_key(ec.SECP256R1())
TWIN = INSTANCE.certificate(
    KEY.public_key(), x509.UniformResourceIdentifier(WORKFLOW), CLAIMS
)
"""Another certificate for the very key."""
PEM = b64(TWIN.public_bytes(Encoding.PEM))
PUBLIC = b64(
    KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)
NONE = b64(b"signature")
Json = dict[str, Any]


def minted(kind: str, **shape: Any) -> Json:  # noqa: ANN401 - of Minter
    made: Json = {"instance": INSTANCE, "key": KEY, "entries": (kind,)} | shape
    envelope = not kind.startswith("hashedrekord") or made.pop("attested", False)
    minter = Minter(stamped=kind == "hashedrekord/0.0.2", **made)
    return minter.attest() if envelope else minter.sign()


def check(bundle: Json) -> Verification:
    return verify(parse(json.dumps(bundle).encode(), source="b"), WHAT, TRUST)


def doubled(spec: Json) -> None:
    spec["signatures"] *= 2


def inner(spec: Json) -> Json:
    found: Json = spec["hashedRekordV002"]
    return found


FIRST, SECOND = "hashedrekord/0.0.1", "hashedrekord/0.0.2"
DSSE, OLD, OLDEST = "dsse/0.0.1", "intoto/0.0.2", "intoto/0.0.1"
DIGEST, SIGNATURE = "about another digest", "of another signature"
SIGNER, PAYLOAD = "of another signer", "of another payload"
ALTERED: dict[str, tuple[str, Callable[[Json], object], str]] = {
    "digest": (FIRST, lambda s: s["data"]["hash"].update(value="00" * 32), DIGEST),
    "algorithm": (FIRST, lambda s: s["data"]["hash"].update(algorithm="md5"), DIGEST),
    "signature": (FIRST, lambda s: s["signature"].update(content=NONE), SIGNATURE),
    "other certificate": (
        FIRST,
        lambda s: s["signature"].update(publicKey={"content": PEM}),
        SIGNER,
    ),
    "key for certificate": (
        FIRST,
        lambda s: s["signature"].update(publicKey={"content": PUBLIC}),
        SIGNER,
    ),
    "digest of version 2": (
        SECOND,
        lambda s: inner(s)["data"].update(digest=b64(bytes(32))),
        DIGEST,
    ),
    "algorithm of version 2": (
        SECOND,
        lambda s: inner(s)["data"].update(algorithm="SHA2_512"),
        DIGEST,
    ),
    "signature of version 2": (
        SECOND,
        lambda s: inner(s)["signature"].update(content=NONE),
        SIGNATURE,
    ),
    "other certificate of version 2": (
        SECOND,
        lambda s: inner(s)["signature"]["verifier"]["x509Certificate"].update(
            rawBytes=b64(TWIN.public_bytes(Encoding.DER))
        ),
        SIGNER,
    ),
    "key for certificate of version 2": (
        SECOND,
        lambda s: inner(s)["signature"].update(
            verifier={"publicKey": {"rawBytes": b64(spki(KEY.public_key()))}}
        ),
        SIGNER,
    ),
    "key beside certificate of version 2": (
        SECOND,
        lambda s: inner(s)["signature"]["verifier"].update(
            publicKey={"rawBytes": b64(spki(KEY.public_key()))}
        ),
        "names not one signer",
    ),
    "nobody of version 2": (
        SECOND,
        lambda s: inner(s)["signature"].update(verifier={}),
        "names not one signer",
    ),
    "payload": (DSSE, lambda s: s["payloadHash"].update(value="00" * 32), PAYLOAD),
    "hash of the payload": (
        DSSE,
        lambda s: s["payloadHash"].update(algorithm="sha512"),
        "is no SHA-256",
    ),
    "two signatures": (DSSE, doubled, "the entry has 2 signatures"),
    "no signature": (
        DSSE,
        lambda s: s.update(signatures=[]),
        "the entry has 0 signatures",
    ),
    "signature of an envelope": (
        DSSE,
        lambda s: s["signatures"][0].update(signature=NONE),
        SIGNATURE,
    ),
    "verifier": (DSSE, lambda s: s["signatures"][0].update(verifier=PEM), SIGNER),
    "payload of intoto": (
        OLD,
        lambda s: s["content"]["payloadHash"].update(value="00" * 32),
        PAYLOAD,
    ),
    "type of payload of intoto": (
        OLD,
        lambda s: s["content"]["envelope"].update(payloadType="text/plain"),
        "of another type of payload",
    ),
    "two signatures of intoto": (
        OLD,
        lambda s: doubled(s["content"]["envelope"]),
        "the entry has 2 signatures",
    ),
    "signature of intoto": (
        OLD,
        lambda s: s["content"]["envelope"]["signatures"][0].update(
            sig=b64(NONE.encode())
        ),
        SIGNATURE,
    ),
    "signer of intoto": (
        OLD,
        lambda s: s["content"]["envelope"]["signatures"][0].update(publicKey=PEM),
        SIGNER,
    ),
    "envelope of the oldest": (
        OLDEST,
        lambda s: s["content"]["hash"].update(value="00" * 32),
        "of another envelope",
    ),
    "signer of the oldest": (OLDEST, lambda s: s.update(publicKey=PEM), SIGNER),
}


@pytest.mark.parametrize("row", ALTERED)
def test_an_entry_agrees_with_the_bundle_in_everything(row: str) -> None:
    kind, alter, reason = ALTERED[row]
    version = "0.1" if kind == OLDEST else "0.3"
    assert check(minted(kind, version=version)).status is Status.VERIFIED
    found = check(minted(kind, version=version, alter=alter))
    assert (found.status, reason in found.reason) == (Status.INVALID, True), found


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ((FIRST, "dsse", "0.0.1"), "the entry is of type `hashedrekord` 0.0.1"),
        ((FIRST, "hashedrekord", "0.0.2"), "the entry is of type `hashedrekord` 0.0.1"),
        ((OLD, "intoto", "0.0.1"), "the entry is of type `intoto` 0.0.2"),
    ],
    ids=str,
)
def test_an_entry_is_of_the_type_that_is_said(said: Any, reason: str) -> None:  # noqa: ANN401 - a row
    written, kind, version = said
    bundle = minted(written)
    entry(bundle)["kindVersion"] = {"kind": kind, "version": version}
    assert check(bundle).reason == reason


def test_an_entry_of_an_envelope_is_none_of_a_file() -> None:
    bundle = minted(FIRST)
    bundle["verificationMaterial"] = minted(DSSE)["verificationMaterial"]
    bundle["verificationMaterial"]["certificate"] = {
        "rawBytes": minted(FIRST)["verificationMaterial"]["certificate"]["rawBytes"]
    }
    assert check(bundle).reason == (
        "the entry is of an envelope, and the bundle has none"
    )


def test_the_type_of_a_payload_is_counted_in_bytes() -> None:
    envelope = Envelope(payload=b"{}", payload_type="é", signature=b"x")
    assert envelope.signed() == b"DSSEv1 2 \xc3\xa9 2 {}"


def entry(bundle: Json) -> Json:
    found: Json = bundle["verificationMaterial"]["tlogEntries"][0]
    return found


def forged(proof: Json) -> None:
    """Lead to a root of one's own, by as many hashes."""
    proof["hashes"][0] = b64(bytes(32))


def note(
    log: Log,
    size: str,
    root: str,
    *,
    more: str = "",
    before: str = "",
    after: str = "",
) -> str:
    text = f"rekor - 1\n{size}\n{root}\n{more}"
    line = f"\N{EM DASH} rekor {b64(log.id[:4] + log.sign(text.encode()))}\n"
    return f"{text}\n{before}{line}{after}"


def with_note(**parts: str) -> Json:
    bundle = minted(FIRST)
    proof = entry(bundle)["inclusionProof"]
    given = {"size": proof["treeSize"], "root": proof["rootHash"]} | parts
    proof["checkpoint"]["envelope"] = note(INSTANCE.rekor, **given)
    return bundle


WITNESS = f"\N{EM DASH} witness.example {b64(b'hint' + bytes(8) + bytes(64))}\n"
TAKEN = f"\N{EM DASH} rekor {b64(INSTANCE.rekor.id[:4] + bytes(70))}\n"


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"more": "Timestamp: 1\nanything\n"},
        {"before": WITNESS},
        {"after": WITNESS * 2},
        {"before": TAKEN, "after": WITNESS},
    ],
    ids=["plain", "more lines", "a witness first", "two last", "a hint that is taken"],
)
def test_others_may_sign_a_checkpoint_too(parts: dict[str, str]) -> None:
    assert check(with_note(**parts)).status is Status.VERIFIED


NOTES = {
    "another size": ({"size": "1"}, "of a tree of another size"),
    "a size in hexadecimal": ({"size": "0x1"}, "of a tree of another size"),
    "another root": ({"root": b64(bytes(32))}, "of a tree with another root"),
    "no root": ({"root": ""}, "is no signed note"),
    "a line that is no signature": ({"after": "hello\n"}, "checkpoint are malformed"),
    "a hyphen for a dash": (
        {"before": WITNESS.replace("\N{EM DASH}", "-")},
        "checkpoint are malformed",
    ),
    "a signature of no bytes": (
        {"after": "\N{EM DASH} x AAAA\n"},
        "checkpoint are malformed",
    ),
    "no end of line": ({"after": WITNESS.rstrip()}, "checkpoint are malformed"),
    "very many": ({"after": WITNESS * 64}, "checkpoint are malformed"),
}


@pytest.mark.parametrize("row", NOTES)
def test_a_checkpoint_is_of_the_very_tree(row: str) -> None:
    parts, reason = NOTES[row]
    found = check(with_note(**parts))
    assert (found.status, reason in found.reason) == (Status.INVALID, True), found


def test_only_the_log_signs_its_checkpoint() -> None:
    bundle = minted(FIRST)
    proof = entry(bundle)["inclusionProof"]
    given = proof["treeSize"], proof["rootHash"]
    proof["checkpoint"]["envelope"] = note(INSTANCE.ct, *given)
    assert check(bundle).reason == "the log has not signed the checkpoint"
    liar = copy.copy(INSTANCE.ct)
    liar.id = INSTANCE.rekor.id
    proof["checkpoint"]["envelope"] = note(liar, *given)
    assert check(bundle).reason == "the log's signature of the checkpoint is wrong"


PROOFS: dict[str, tuple[Callable[[Json], object], str]] = {
    "to a root of one's own": (forged, "leads to another root"),
    "a hash more": (
        lambda p: p["hashes"].append(b64(bytes(32))),
        "the inclusion proof has",
    ),
    "a hash less": (lambda p: p["hashes"].pop(), "the inclusion proof has"),
    "no hashes": (lambda p: p.update(hashes=[]), "the inclusion proof has 0 hashes"),
    "behind the last": (lambda p: p.update(logIndex=p["treeSize"]), "of a tree of"),
    "of an empty tree": (lambda p: p.update(treeSize="0"), "of a tree of 0 entries"),
    "of no log": (lambda p: p.pop("checkpoint"), "no inclusion proof with a checkp"),
}


@pytest.mark.parametrize("row", PROOFS)
def test_a_proof_is_exact(row: str) -> None:
    alter, reason = PROOFS[row]
    bundle = minted(FIRST)
    alter(entry(bundle)["inclusionProof"])
    found = check(bundle)
    assert (found.status, reason in found.reason) == (Status.INVALID, True), found


def test_a_tree_of_ones_own_is_not_that_of_the_log() -> None:
    bundle = minted(FIRST)
    proof = entry(bundle)["inclusionProof"]
    leaf = hashlib.sha256(b"\0" + body_of(bundle)).digest()
    proof["logIndex"], proof["treeSize"], proof["hashes"] = "0", "1", []
    proof["rootHash"] = b64(leaf)
    assert "of a tree of another size" in check(bundle).reason
    # A tree of the same size, whose root no log has signed.
    size = len(INSTANCE.rekor.tree.leaves)
    signed = note(INSTANCE.rekor, "1", b64(INSTANCE.rekor.tree.root()))
    proof["checkpoint"]["envelope"] = signed
    assert size > 1
    assert "of a tree with another root" in check(bundle).reason


def body_of(bundle: Json) -> bytes:
    (found,) = parse(json.dumps(bundle).encode(), source="b").entries
    return found.body


@pytest.mark.parametrize(
    ("version", "without", "reason"),
    [
        ("0.1", ("inclusionProof",), ""),
        ("0.2", ("inclusionProof",), "the entry has no inclusion proof"),
        ("0.3", ("inclusionProof",), "the entry has no inclusion proof"),
        (
            "0.1",
            ("inclusionProof", "inclusionPromise"),
            "neither a promise nor a proof",
        ),
        ("0.1", ("inclusionPromise",), "nobody has signed for when it was made"),
    ],
    ids=str,
)
def test_old_bundles_may_have_the_promise_only(
    version: str, without: tuple[str, ...], reason: str
) -> None:
    bundle = minted(FIRST, version=version)
    for each in without:
        del entry(bundle)[each]
    found = check(bundle)
    expected = Status.INVALID if reason else Status.VERIFIED
    assert (found.status, reason in found.reason) == (expected, True), found
