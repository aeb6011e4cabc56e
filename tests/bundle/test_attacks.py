"""What must never be a yes, each with the reason that is given."""

import base64
import copy
import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from mcpchain.bundle import keys
from mcpchain.bundle.parse import parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Artifact, Trust, verify
from mcpchain.errors import MalformedError
from mcpchain.signature import Status, Verification
from tests.world.sigstore.instance import CODE, SHA256, Authority, Instance, b64
from tests.world.sigstore.minting import (
    ARTIFACT,
    CLAIMS,
    ISSUER,
    Minter,
    statement,
)

INSTANCE = Instance()
OTHER = Instance()
OURS = parse_root(INSTANCE.trusted_root(), name="test")
EXPECTED = Expected(issuer=ISSUER, repository="acme/files")
WHAT = Artifact(digests={"sha256": hashlib.sha256(ARTIFACT).digest()})
CA_TRUE = x509.BasicConstraints(ca=True, path_length=None)
OUR_DIGEST = hashlib.sha256(ARTIFACT).hexdigest()
OURS_9 = CLAIMS[9]
Json = dict[str, Any]


def minted(**shape: Any) -> Json:  # noqa: ANN401 - of Minter
    return Minter(**{"instance": INSTANCE} | shape).sign()


def attested(
    payload: bytes | None = None,
    kind: str | None = None,
    **shape: Any,  # noqa: ANN401 - of Minter
) -> Json:
    given: Json = {"instance": INSTANCE, "entries": ("dsse/0.0.1",)} | shape
    minter = Minter(**given)
    return minter.attest(payload, kind) if kind else minter.attest(payload)


def check(bundle: Json, what: Artifact = WHAT, **trust: Any) -> Verification:  # noqa: ANN401 - of Trust
    given = {"root": OURS, "expected": None if "key" in trust else EXPECTED} | trust
    return verify(parse(json.dumps(bundle).encode(), source="b"), what, Trust(**given))


def entries(bundle: Json) -> list[Json]:
    found: list[Json] = bundle["verificationMaterial"]["tlogEntries"]
    return found


def with_entries(*listed: Json) -> Json:
    bundle = minted()
    bundle["verificationMaterial"]["tlogEntries"] = [*listed]
    return bundle


def twice(bundle: Json) -> Json:
    entries(bundle).append(copy.deepcopy(entries(bundle)[0]))
    return bundle


def stamps_of(bundle: Json, other: Json) -> Json:
    theirs = other["verificationMaterial"]["timestampVerificationData"]
    bundle["verificationMaterial"]["timestampVerificationData"] = theirs
    return bundle


def stamped_twice(bundle: Json) -> Json:
    data = bundle["verificationMaterial"]["timestampVerificationData"]
    data["rfc3161Timestamps"] *= 2
    return bundle


ATTACKS: dict[str, tuple[Callable[[], Json], Status, str]] = {
    "another artifact": (
        lambda: Minter(instance=INSTANCE).sign(b"other bytes"),
        Status.INVALID,
        "about another digest",
    ),
    "another instance": (
        lambda: minted(instance=OTHER),
        Status.UNVERIFIABLE,
        "does not know the log",
    ),
    "certificate of another authority": (
        lambda: minted(instance=mixed(fulcio=OTHER.fulcio)),
        Status.INVALID,
        "no certificate authority of the trusted root",
    ),
    "promise of another certificate log": (
        lambda: minted(instance=mixed(promising=[OTHER.ct])),
        Status.UNVERIFIABLE,
        "may be older than the log",
    ),
    "promise by another key under the known name": (
        lambda: minted(instance=mixed(promising=[impostor(INSTANCE.ct, OTHER.ct)])),
        Status.INVALID,
        "no log has promised to take this certificate in",
    ),
    "no promise of a certificate log": (
        lambda: minted(promised=False),
        Status.INVALID,
        "has no promise of a log",
    ),
    "entry by another key under the known name": (
        lambda: minted(instance=mixed(rekor=impostor(INSTANCE.rekor, OTHER.rekor))),
        Status.INVALID,
        "has not signed this entry",
    ),
    "timestamp of another authority": (
        lambda: minted(instance=mixed(tsa=OTHER.tsa), stamped=True),
        Status.INVALID,
        "no timestamp authority of the trusted root",
    ),
    "timestamp of another signature": (
        lambda: stamps_of(minted(), minted(stamped=True)),
        Status.INVALID,
        "timestamp is of another signature",
    ),
    "timestamp twice": (
        lambda: stamped_twice(minted(stamped=True)),
        Status.INVALID,
        "a timestamp is there twice",
    ),
    "timestamp beside a certificate of its own": (
        lambda: minted(instance=mixed(tsa=OTHER.tsa, bags=True), stamped=True),
        Status.INVALID,
        "no timestamp authority of the trusted root",
    ),
    "timestamp under the name of ours": (
        lambda: minted(instance=mixed(tsa=impersonating(), bags=True), stamped=True),
        Status.INVALID,
        "no timestamp authority of the trusted root",
    ),
    "chain with the root of another authority": (
        lambda: minted(instance=mixed(fulcio=OTHER.fulcio), version="0.1"),
        Status.INVALID,
        "no certificate authority of the trusted root",
    ),
    "certificate of an authority": (
        lambda: minted(instance=mixed(more=(CA_TRUE,))),
        Status.INVALID,
        "the certificate is that of an authority",
    ),
    "signature as two numbers, without DER": (
        lambda: two_numbers(),  # noqa: PLW0108 - it stands below
        Status.INVALID,
        "the signature over the artifact does not hold",
    ),
    "hint of another kind of digest": (
        lambda: hinted("SHA2_224"),
        Status.INVALID,
        "the bundle is about another digest",
    ),
    "statement with a digest that is cut": (
        lambda: attested(
            statement(subject=[{"name": "x", "digest": {"sha256": OUR_DIGEST[:40]}}])
        ),
        Status.INVALID,
        "about other artifacts",
    ),
    "statement with our digest as a name": (
        lambda: attested(
            statement(
                subject=[{"name": OUR_DIGEST, "digest": {"gitCommit": OUR_DIGEST}}]
            )
        ),
        Status.INVALID,
        "about other artifacts",
    ),
    "source that is the signer's repository": (
        lambda: minted(
            claims=CLAIMS | {12: "https://github.com/evil/files", 9: OURS_9}
        ),
        Status.UNTRUSTED_IDENTITY,
        "repository is `https://github.com/evil/files`",
    ),
    "no time": (
        lambda: minted(entries=("hashedrekord/0.0.2",)),
        Status.INVALID,
        "nobody has signed for when",
    ),
    "no log, of another authority": (
        lambda: minted(instance=mixed(fulcio=OTHER.fulcio), entries=(), stamped=True),
        Status.UNVERIFIABLE,
        "no authority that the trusted root knows",
    ),
    "no log": (lambda: minted(entries=()), Status.INVALID, "in no transparency log"),
    "no log, but a timestamp": (
        lambda: minted(entries=(), stamped=True),
        Status.INVALID,
        "in no transparency log",
    ),
    "entry of another signature": (
        lambda: with_entries(entries(minted())[0]),
        Status.INVALID,
        "the entry is of another signature",
    ),
    "own entry and a foreign one": (
        lambda: with_entries(*entries(minted()), *entries(minted())),
        Status.INVALID,
        "the entry is of another signature",
    ),
    "entry twice": (
        lambda: twice(minted()),
        Status.INVALID,
        "an entry of a log is there twice",
    ),
    "entry of a kind that nobody knows": (
        lambda: minted(entries=("helm/0.0.1",)),
        Status.UNVERIFIABLE,
        "entries of type `helm` 0.0.1 are not read",
    ),
    "statement about another artifact": (
        lambda: attested(statement(b"other bytes")),
        Status.INVALID,
        "about other artifacts",
    ),
    "statement with the name and not the digest": (
        lambda: attested(
            statement(subject=[{"name": "files", "digest": {"sha1": "0"}}])
        ),
        Status.INVALID,
        "about other artifacts",
    ),
    "statement without subjects": (
        lambda: attested(statement(subject=[])),
        Status.INVALID,
        "no subject",
    ),
    "statement of a subject without digests": (
        lambda: attested(statement(subject=[{"name": "files", "digest": {}}])),
        Status.INVALID,
        "names no bytes",
    ),
    "statement of no type": (
        lambda: attested(statement(_type="https://in-toto.io/Statement/v9")),
        Status.INVALID,
        "no type of in-toto statement",
    ),
    "payload of another type": (
        lambda: attested(kind="application/json"),
        Status.UNVERIFIABLE,
        "envelope of `application/json`",
    ),
    "payload that is no JSON": (
        lambda: attested(b"{"),
        Status.INVALID,
        "the statement is malformed",
    ),
    "payload with a key twice": (
        lambda: attested(statement()[:-1] + b', "subject": []}'),
        Status.INVALID,
        "the statement is malformed",
    ),
    "two issuers": (
        lambda: minted(claims=CLAIMS | {1: "https://evil.example"}),
        Status.INVALID,
        "names two issuers",
    ),
    "no issuer": (
        lambda: minted(claims={12: CLAIMS[12]}),
        Status.INVALID,
        "names no issuer",
    ),
    "another repository": (
        lambda: minted(claims=CLAIMS | {12: "https://github.com/evil/files"}),
        Status.UNTRUSTED_IDENTITY,
        "repository is `https://github.com/evil/files`",
    ),
    "another issuer": (
        lambda: minted(
            claims=CLAIMS | {1: "https://i.example", 8: "https://i.example"}
        ),
        Status.UNTRUSTED_IDENTITY,
        "issuer is `https://i.example`",
    ),
    "a person": (
        lambda: minted(
            san=x509.RFC822Name("acme@files.example"), claims={1: ISSUER, 8: ISSUER}
        ),
        Status.UNTRUSTED_IDENTITY,
        "repository is ``",
    ),
    "a managed key that nobody named": (
        lambda: minted(managed=True),
        Status.UNTRUSTED_IDENTITY,
        "name the key that you trust",
    ),
}


def impersonating() -> Any:  # noqa: ANN401 - an authority
    """Return a timestamp authority whose certificate is named as ours is."""
    made = copy.copy(OTHER.tsa)
    made.key = ec.generate_private_key(ec.SECP256R1())
    ours = INSTANCE.tsa.chain[0]
    builder = (
        x509.CertificateBuilder()
        .subject_name(ours.subject)
        .issuer_name(ours.issuer)
        .serial_number(ours.serial_number)
        .public_key(made.key.public_key())
        .not_valid_before(ours.not_valid_before_utc)
        .not_valid_after(ours.not_valid_after_utc)
    )
    for each in ours.extensions:
        builder = builder.add_extension(each.value, critical=each.critical)
    made.chain = [builder.sign(made.root_key, SHA256), *made.chain[1:]]
    return made


def two_numbers() -> Json:
    bundle = minted()
    signature = base64.b64decode(bundle["messageSignature"]["signature"])
    halves = [each.to_bytes(32) for each in decode_dss_signature(signature)]
    bundle["messageSignature"]["signature"] = b64(b"".join(halves))
    return bundle


def hinted(algorithm: str) -> Json:
    bundle = minted()
    bundle["messageSignature"]["messageDigest"]["algorithm"] = algorithm
    return bundle


def mixed(**parts: Any) -> Instance:  # noqa: ANN401 - of Instance
    """Return our instance with some *parts* of somebody else."""
    made = copy.copy(INSTANCE)
    for name, part in parts.items():
        setattr(made, name, part)
    return made


def impostor(known: Any, other: Any) -> Any:  # noqa: ANN401 - logs
    made = copy.copy(other)
    made.id = known.id
    return made


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_is_refused_for_the_right_reason(attack: str) -> None:
    make, status, reason = ATTACKS[attack]
    result = check(make())
    assert (result.status, reason in result.reason) == (status, True), result.reason
    assert not result.checks[-1].ok
    assert all(each.ok for each in result.checks[:-1])


def test_every_digest_of_a_subject_that_is_known_here_is_ours() -> None:
    digest = {"sha256": OUR_DIGEST, "sha512": "0" * 128}
    said = attested(statement(subject=[{"name": "x", "digest": digest}]))
    both = {each: hashlib.new(each, ARTIFACT).digest() for each in digest}
    found = check(said, Artifact(digests=both))
    assert found.reason == "the statement is about other artifacts"


def test_without_an_expectation_no_certificate_verifies_anything() -> None:
    result = check(minted(), expected=None)
    assert result.status is Status.UNTRUSTED_IDENTITY
    assert "nobody says whom to expect" in result.reason
    assert result.identity is not None


def test_a_key_verifies_nothing_that_a_certificate_signed() -> None:
    minter = Minter(instance=INSTANCE)
    result = check(minter.sign(), key=minter.key.public_key())
    assert result.status is Status.UNTRUSTED_IDENTITY


def test_another_key_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    result = check(minted(managed=True), key=other)
    assert (result.status, result.reason) == (
        Status.INVALID,
        "the signature over the artifact does not hold",
    )


def test_a_key_in_no_log_is_refused_where_a_log_is_needed() -> None:
    minter = Minter(instance=INSTANCE, managed=True, entries=())
    result = check(minter.sign(), key=minter.key.public_key())
    assert (result.status, result.reason) == (
        Status.INVALID,
        "it is in no transparency log",
    )


def test_an_envelope_may_say_only_what_is_asked_for() -> None:
    wanted = ("https://docs.example/attestations/publish/v1",)
    result = check(attested(), predicate_types=wanted)
    assert (result.status, result.checks[-1].id) == (Status.INVALID, "statement")
    assert result.reason.startswith("it is a `https://slsa.dev/")


def test_a_signature_over_the_file_says_nothing_that_is_asked_for() -> None:
    result = check(minted(), predicate_types=("https://slsa.dev/provenance/v1",))
    assert (result.status, result.reason) == (
        Status.INVALID,
        "it is a signature over the file, and no statement",
    )


@pytest.mark.parametrize("days", [-2, 2])
def test_no_certificate_is_good_at_another_time(days: int) -> None:
    made = minted()
    body = json.loads(base64.b64decode(entries(made)[0]["canonicalizedBody"]))
    assert check(made).status is Status.VERIFIED
    later = INSTANCE.now + dt.timedelta(days=days)
    made["verificationMaterial"]["tlogEntries"] = [INSTANCE.rekor.enter(body, later)]
    result = check(made)
    assert (result.status, result.checks[-1].id) == (Status.INVALID, "chain")
    assert "was not valid at" in result.reason


@pytest.mark.parametrize("part", ["tlogs", "certificateAuthorities"])
def test_what_the_root_no_longer_trusts_is_refused(part: str) -> None:
    ended = json.loads(INSTANCE.trusted_root())
    before = (INSTANCE.now - dt.timedelta(days=1)).isoformat()
    for each in ended[part]:
        holder = each["publicKey"] if part == "tlogs" else each
        holder["validFor"]["end"] = before
    root = parse_root(json.dumps(ended).encode(), name="ended")
    result = check(minted(), root=root)
    assert result.status is Status.INVALID
    assert "not valid at" in result.reason


def with_window(*parts: str, **ends: dt.datetime) -> TrustedRoot:
    """Return our root, in which *parts* are valid from or to another time."""
    changed = json.loads(INSTANCE.trusted_root())
    for each in (entry for part in parts for entry in changed[part]):
        holder = each.get("publicKey", each)
        holder["validFor"] |= {end: time.isoformat() for end, time in ends.items()}
    return parse_root(json.dumps(changed).encode(), name="changed")


@pytest.mark.parametrize("end", ["start", "end"])
def test_the_ends_of_a_window_belong_to_it(end: str) -> None:
    parts = "tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities"
    root = with_window(*parts, **{end: INSTANCE.now})
    assert check(minted(stamped=True), root=root).status is Status.VERIFIED


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("tlogs", "the log's key was not valid at"),
        ("ctlogs", "no log has promised to take this certificate in"),
        ("certificateAuthorities", "its authority was not valid at"),
        ("timestampAuthorities", "the authority was not valid at"),
    ],
)
@pytest.mark.parametrize(("end", "second"), [("end", -1), ("start", 1)])
def test_outside_of_its_window_nothing_of_the_root_counts(
    part: str, reason: str, end: str, second: int
) -> None:
    moment = INSTANCE.now + dt.timedelta(seconds=second)
    found = check(minted(stamped=True), root=with_window(part, **{end: moment}))
    assert (found.status, reason in found.reason) == (Status.INVALID, True), found


@pytest.mark.parametrize("seconds", [-5, 600])
def test_the_ends_of_a_certificate_belong_to_it(seconds: int) -> None:
    for away, status in ((0, Status.VERIFIED), (1, Status.INVALID)):
        moved = seconds + (away if seconds > 0 else -away)
        time = INSTANCE.now + dt.timedelta(seconds=moved)
        found = check(entered_at(minted(), time))
        assert found.status is status, found.reason


def entered_at(bundle: Json, time: dt.datetime) -> Json:
    body = json.loads(base64.b64decode(entries(bundle)[0]["canonicalizedBody"]))
    entries(bundle)[:] = [INSTANCE.rekor.enter(body, time)]
    return bundle


@pytest.mark.parametrize("late", ["log", "timestamp"])
def test_it_is_valid_at_every_time_that_is_signed(late: str) -> None:
    later = INSTANCE.now + dt.timedelta(hours=1)
    if late == "log":
        bundle = entered_at(minted(stamped=True), later)
    else:
        bundle = minted()
        signature = base64.b64decode(bundle["messageSignature"]["signature"])
        stamp = {"signedTimestamp": b64(mixed(now=later).timestamp(signature))}
        bundle["verificationMaterial"]["timestampVerificationData"] = {
            "rfc3161Timestamps": [stamp]
        }
    found = check(bundle)
    assert found.reason == f"it was not valid at {later}"


def test_every_certificate_of_the_chain_is_valid_at_that_time() -> None:
    young = Authority("fulcio", INSTANCE.now + dt.timedelta(seconds=1), CODE)
    theirs = mixed(fulcio=young)
    root = parse_root(theirs.trusted_root(), name="young")
    found = check(minted(instance=theirs), root=root)
    assert found.reason == (
        f"a certificate of its authority was not valid at {INSTANCE.now}"
    )


def test_the_certificates_of_an_authority_are_one_chain() -> None:
    broken = copy.copy(INSTANCE.fulcio)
    broken.chain = [INSTANCE.fulcio.chain[0], OTHER.fulcio.chain[1]]
    root = parse_root(mixed(fulcio=broken).trusted_root(), name="broken")
    found = check(minted(), root=root)
    assert found.reason == "the certificates of its authority are no chain"


def test_what_a_log_of_certificates_says_besides_is_signed() -> None:
    assert check(minted(instance=mixed(said=b"more"))).status is Status.VERIFIED


@pytest.mark.parametrize("false", ["unknown", "forged"])
def test_one_promise_that_holds_is_enough(false: str) -> None:
    other = OTHER.ct if false == "unknown" else impostor(INSTANCE.ct, OTHER.ct)
    both = mixed(promising=[other, INSTANCE.ct])
    assert check(minted(instance=both)).status is Status.VERIFIED


def test_an_instance_without_logs_needs_timestamps_and_no_promises() -> None:
    private = parse_root(INSTANCE.trusted_root(tlogs=[], ctlogs=[]), name="private")
    bundle = minted(entries=(), stamped=True, promised=False)
    assert check(bundle, root=private).status is Status.VERIFIED
    unstamped = minted(entries=(), promised=False)
    assert check(unstamped, root=private).status is Status.INVALID
    assert check(bundle).reason == "it is in no transparency log"


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        rsa.generate_private_key(65537, 1024).public_key(),  # noqa: S505 - refused
    ],
    ids=["curve", "short"],
)
def test_a_weak_key_is_refused(key: Any) -> None:  # noqa: ANN401 - of any kind
    with pytest.raises(keys.WeakKeyError, match="ECDSA P-256"):
        keys.check(key)


def test_a_key_that_signs_no_digest_needs_the_file() -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    bundle = Minter(instance=INSTANCE, managed=True, entries=()).sign()
    signature = b64(private.sign(ARTIFACT))
    bundle["messageSignature"]["signature"] = signature
    trust: Json = {"key": private.public_key(), "log_needed": False}
    assert check(bundle, **trust).status is Status.UNVERIFIABLE
    whole = dataclasses.replace(WHAT, read=lambda: ARTIFACT)
    assert check(bundle, whole, **trust).status is Status.VERIFIED
    other = dataclasses.replace(WHAT, read=lambda: b"other bytes")
    assert check(bundle, other, **trust).status is Status.INVALID


MALFORMED: dict[str, Callable[[Json], Any]] = {
    "unknown version": lambda b: b.update(mediaType="application/x;version=0.9"),
    "no material": lambda b: b.pop("verificationMaterial"),
    "no content": lambda b: b.pop("messageSignature"),
    "two contents": lambda b: b.update(dsseEnvelope=attested()["dsseEnvelope"]),
    "two signers": lambda b: b["verificationMaterial"].update(publicKey={"hint": "x"}),
    "no signer": lambda b: b["verificationMaterial"].pop("certificate"),
    "a chain in version 0.3": lambda b: b["verificationMaterial"].update(
        x509CertificateChain={
            "certificates": [b["verificationMaterial"].pop("certificate")]
        }
    ),
    "an empty chain": lambda b: (
        b["verificationMaterial"].pop("certificate"),
        b["verificationMaterial"].update(x509CertificateChain={"certificates": []}),
    ),
    "too many entries": lambda b: entries(b).extend(entries(b) * 40),
    "33 entries": lambda b: entries(b).extend(entries(b) * 32),
    "two signatures": lambda b: (
        b.pop("messageSignature"),
        b.update(dsseEnvelope=twice_signed()),
    ),
    "base64 with bits to spare": lambda b: b["messageSignature"].update(
        signature="QUJ="
    ),
    "a number with a zero before it": lambda b: entries(b)[0].update(logIndex="01"),
    "a number of 65 bits": lambda b: entries(b)[0].update(logIndex=str(1 << 63)),
    "a number that is a float": lambda b: entries(b)[0].update(logIndex=1.5),
    "a number that is true": lambda b: entries(b)[0].update(logIndex=True),
    "entries that are an object": lambda b: b["verificationMaterial"].update(
        tlogEntries={}
    ),
    "a signature that is null": lambda b: b["messageSignature"].update(signature=None),
}


def twice_signed() -> Json:
    envelope: Json = attested()["dsseEnvelope"]
    envelope["signatures"] *= 2
    return envelope


@pytest.mark.parametrize("flaw", MALFORMED)
def test_what_is_no_bundle_is_malformed(flaw: str) -> None:
    bundle = minted()
    MALFORMED[flaw](bundle)
    with pytest.raises(MalformedError):
        parse(json.dumps(bundle).encode(), source="b")


@pytest.mark.parametrize(
    "change",
    [
        {"mediaType": "application/json"},
        {"certificateAuthorities": [], "tlogs": []},
        {"certificateAuthorities": [{"certChain": {"certificates": []}}]},
        {"tlogs": [{"publicKey": {"rawBytes": "AAAA"}, "logId": {"keyId": "AAAA"}}]},
    ],
    ids=str,
)
def test_a_root_that_trusts_nobody_is_none(change: Json) -> None:
    with pytest.raises(MalformedError):
        parse_root(INSTANCE.trusted_root(**change), name="broken")


def test_a_log_without_a_start_is_malformed() -> None:
    root = json.loads(INSTANCE.trusted_root())
    del root["tlogs"][0]["publicKey"]["validFor"]["start"]
    with pytest.raises(MalformedError, match="from when on"):
        parse_root(json.dumps(root).encode(), name="broken")


def test_a_root_with_a_certificate_of_no_version_is_malformed() -> None:
    root = json.loads(INSTANCE.trusted_root())
    held = root["certificateAuthorities"][0]["certChain"]["certificates"][0]
    der = base64.b64decode(held["rawBytes"])
    held["rawBytes"] = b64(
        der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x12")
    )
    with pytest.raises(MalformedError, match="holds no certificate"):
        parse_root(json.dumps(root).encode(), name="x")


def test_a_time_without_a_zone_is_none() -> None:
    root = json.loads(INSTANCE.trusted_root())
    root["tlogs"][0]["publicKey"]["validFor"]["start"] = "2026-01-01T00:00:00"
    with pytest.raises(MalformedError, match="with its offset"):
        parse_root(json.dumps(root).encode(), name="broken")


def test_what_nobody_foresaw_is_an_error_and_no_yes() -> None:
    def fails() -> bytes:
        raise RuntimeError

    private = ed25519.Ed25519PrivateKey.generate()
    bundle = Minter(instance=INSTANCE, managed=True, entries=()).sign()
    what = dataclasses.replace(WHAT, read=fails)
    found = check(bundle, what, key=private.public_key(), log_needed=False)
    assert (found.status, found.reason) == (
        Status.ERROR,
        "a library could not read it: RuntimeError",
    )
