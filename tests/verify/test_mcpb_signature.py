"""Signatures in MCP bundles: of whom, and what must never pass for one."""

import datetime as dt
import hashlib
import io
import time
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mcpchain.bundle import private
from mcpchain.signature import Status, Verification
from mcpchain.verify.mcpb_signature import BundleTrust, der, verify

NOW: Final = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
DAY: Final = dt.timedelta(days=1)
CODE: Final = ExtendedKeyUsageOID.CODE_SIGNING
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
HEAD, FOOT = b"MCPB_SIG_V1", b"MCPB_SIG_END"


def zipped(comment: bytes = b"", **members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in {"manifest.json": b"{}", **members}.items():
            archive.writestr(zipfile.ZipInfo(name), data)
        archive.comment = comment
    return made.getvalue()


ZIP: Final = zipped()


@cache
def key(name: str) -> Key:
    if name.endswith("EC"):
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 1024 if name == "Weak" else 2048)


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@cache
def certificate(  # noqa: PLR0913 - one parameter a property of the certificate
    of: str,
    by: str,
    *,
    ca: bool = False,
    usage: x509.ObjectIdentifier | None = CODE,
    start: dt.datetime = NOW - DAY,
    end: dt.datetime = NOW + DAY,
    forged: bool = False,
) -> x509.Certificate:
    signer = key("forger") if forged else key(by)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(of))
        .issuer_name(name(by))
        .public_key(key(of).public_key())
        .serial_number(int.from_bytes(f"{of}{ca}{usage}{start}".encode()[:15]))
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not ca,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=ca,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if usage and not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(signer, hashes.SHA256())


ROOT: Final = certificate("Root", "Root", ca=True)
INTER: Final = certificate("Inter", "Root", ca=True)
LEAF: Final = certificate("Acme", "Inter")
ALONE: Final = certificate("Alone", "Alone")
OTHER_ROOT: Final = certificate("Other", "Other", ca=True)


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    width = (size.bit_length() + 7) // 8
    return bytes([tag, 128 | width]) + size.to_bytes(width) + content


def oid(text: str) -> bytes:
    return tlv(6, bytes.fromhex(text))


DATA, SIGNED = oid("2a864886f70d010701"), oid("2a864886f70d010702")
TYPE, DIGEST, TIME = (oid(f"2a864886f70d01090{each}") for each in (3, 4, 5))
NULL = b"\5\0"
SHA256 = tlv(48, oid("608648016503040201"), NULL)
SHA512 = tlv(48, oid("608648016503040203"), NULL)
RSA = tlv(48, oid("2a864886f70d010101"), NULL)
ECDSA = tlv(48, oid("2a8648ce3d040302"))
ONE = b"\2\1\1"


def attribute(kind: bytes, *values: bytes) -> bytes:
    return tlv(48, kind, tlv(49, *values))


def attributes(signed: bytes) -> list[bytes]:
    """As the reference tool orders them, which is not DER's order."""
    return [
        attribute(TYPE, DATA),
        attribute(DIGEST, tlv(4, hashlib.sha256(signed).digest())),
        attribute(TIME, tlv(23, b"261101000000Z")),
    ]


def signed_by(private_key: Key, message: bytes) -> bytes:
    if isinstance(private_key, rsa.RSAPrivateKey):
        return private_key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return private_key.sign(message, ec.ECDSA(hashes.SHA256()))


def message(  # noqa: PLR0913 - one parameter a part of the message
    signed: bytes = ZIP,
    *,
    by: x509.Certificate = LEAF,
    others: tuple[x509.Certificate, ...] = (INTER,),
    said: list[bytes] | None = None,
    algorithm: bytes | None = None,
    private_key: Key | None = None,
    digest: bytes = SHA256,
    version: bytes = ONE,
    signer_version: bytes = ONE,
    content: bytes = tlv(48, DATA),
    kind: bytes = SIGNED,
    unsigned: bytes = b"",
    revoked: bytes = b"",
    signers: int = 1,
    bag: bytes | None = None,
    algorithms: bytes | None = None,
    over: Callable[[bytes], bytes] = lambda each: tlv(49, each),
) -> bytes:
    """Write PKCS #7, whole or with one part that is wrong."""
    common = by.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    used = private_key or key(str(common))
    listed = b"".join(attributes(signed) if said is None else said)
    is_rsa = isinstance(used, rsa.RSAPrivateKey)
    serial = by.serial_number
    width = serial.bit_length() // 8 + 1
    signer = tlv(
        48,
        signer_version,
        tlv(48, by.issuer.public_bytes(), tlv(2, serial.to_bytes(width))),
        digest,
        tlv(0xA0, listed) if listed else b"",
        algorithm or (RSA if is_rsa else ECDSA),
        tlv(4, signed_by(used, over(listed))),
        unsigned,
    )
    every = b"".join(each.public_bytes(Encoding.DER) for each in (by, *others))
    body = tlv(
        48,
        version,
        tlv(49, digest) if algorithms is None else algorithms,
        content,
        tlv(0xA0, every if bag is None else bag),
        revoked,
        tlv(49, signer * signers),
    )
    return tlv(48, kind, tlv(0xA0, body))


def framed(made: bytes, signed: bytes = ZIP) -> bytes:
    return signed + HEAD + len(made).to_bytes(4, "little") + made + FOOT


CA: Final = private.load(ROOT.public_bytes(Encoding.PEM), name="ca.pem", time=NOW)
BY_CA: Final = BundleTrust(now=NOW, authority=CA)
NOBODY: Final = BundleTrust(now=NOW)


def look(data: bytes, trust: BundleTrust = BY_CA) -> Verification:
    return verify(io.BytesIO(data), len(data), trust, "files.mcpb")


def pinned(*certificates: x509.Certificate) -> BundleTrust:
    return BundleTrust(now=NOW, certificates=certificates)


GOOD: Final = framed(message())


def test_a_bundle_signed_under_the_authority_that_the_user_names_is_verified() -> None:
    found = look(GOOD)
    assert found.status is Status.VERIFIED
    assert found.reason == "signed by `CN=Acme`"
    assert [each.id for each in found.checks] == [
        *("frame", "message", "signature", "time", "chain", "identity")
    ]
    assert found.identity is not None
    assert (found.identity.san, found.identity.issuer) == ("CN=Acme", "CN=Inter")
    assert (found.kind, found.subject) == ("mcpb-signature", "files.mcpb")
    assert (found.expected_by, found.root) == ("user", str(CA))


@pytest.mark.parametrize("made", [LEAF, ALONE, certificate("AnEC", "AnEC")])
def test_a_bundle_signed_by_the_certificate_that_the_user_names_is_verified(
    made: x509.Certificate,
) -> None:
    found = look(framed(message(by=made, others=())), pinned(made))
    assert found.status is Status.VERIFIED
    assert found.reason == "by the certificate that you name"


def test_a_bundle_signed_by_the_key_that_the_user_names_is_verified() -> None:
    trust = BundleTrust(now=NOW, key=key("Acme").public_key())
    assert look(GOOD, trust).reason == "by the key that you name"
    other = BundleTrust(now=NOW, key=key("Alone").public_key())
    assert look(GOOD, other).status is Status.UNTRUSTED_IDENTITY


def test_what_another_library_writes_is_verified() -> None:
    acme = key("Acme")
    made = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(ZIP)
        .add_signer(LEAF, acme, hashes.SHA256())
        .add_certificate(INTER)
        .sign(
            Encoding.DER,
            [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary],
        )
    )
    assert look(framed(made)).status is Status.VERIFIED


@pytest.mark.parametrize("comment", [b"", b"by acme"])
def test_a_zip_whose_comment_has_come_to_include_the_signature_is_verified(
    comment: bytes,
) -> None:
    signed = zipped(comment)
    made = bytearray(framed(message(signed), signed))
    end = made.rindex(b"PK\5\6") + 20
    covering = len(made) - len(signed) + len(comment)
    made[end : end + 2] = covering.to_bytes(2, "little")
    assert look(bytes(made)).status is Status.VERIFIED
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.namelist() == ["manifest.json"]
    for wrong in (covering - 1, covering + 1):
        made[end : end + 2] = wrong.to_bytes(2, "little")
        found = look(bytes(made))
        assert found.reason == "the zip does not end where the signature begins"


@pytest.mark.parametrize(
    ("trust", "reason"),
    [
        (
            NOBODY,
            "`CN=Inter` says it is `CN=Acme`; you name nobody who may say so",
        ),
        (
            pinned(ALONE),
            "`CN=Inter` says it is `CN=Acme`; you name nobody who may say so",
        ),
        (
            BundleTrust(
                now=NOW,
                authority=private.load(
                    OTHER_ROOT.public_bytes(Encoding.PEM), name="x", time=NOW
                ),
            ),
            "no authority that is named has issued its certificate",
        ),
        (
            BundleTrust(
                now=NOW,
                authority=private.load(
                    ROOT.public_bytes(Encoding.PEM), name="x", time=NOW, subject="CN=B"
                ),
            ),
            "the certificate is of `CN=Acme`, not of `CN=B`",
        ),
    ],
    ids=["nobody named", "another certificate", "another authority", "another subject"],
)
def test_a_signature_of_somebody_else_is_no_yes(
    trust: BundleTrust, reason: str
) -> None:
    found = look(GOOD, trust)
    assert (found.status, found.reason) == (Status.UNTRUSTED_IDENTITY, reason)


@pytest.mark.parametrize("trust", [NOBODY, BY_CA, pinned(LEAF)])
def test_self_signed_is_said_to_be_so(trust: BundleTrust) -> None:
    found = look(framed(message(by=ALONE, others=())), trust)
    assert found.status is Status.UNTRUSTED_IDENTITY
    assert found.reason == (
        "it is self-signed: nobody but the certificate itself says it is `CN=Alone`"
    )


@pytest.mark.parametrize(
    "data", [ZIP, zipped(b"a comment"), zipped(x=HEAD, y=FOOT), zipped(x=ZIP)]
)
def test_a_zip_without_a_signature_is_not_signed(data: bytes) -> None:
    found = look(data)
    assert found.status is Status.MISSING
    assert found.reason == "no signature is in the bundle"
    assert found.checks == ()


def test_a_bundle_may_hold_the_words_that_frame_a_signature() -> None:
    signed = zipped(x=HEAD + FOOT, y=GOOD)
    assert look(framed(message(signed), signed)).status is Status.VERIFIED


def second_zip() -> bytes:
    """Return a message in which another zip stands, that ends where the bundle does."""
    evil = zipped(evil=b"x")
    end = bytearray(evil)
    end[-2:] = (len(FOOT)).to_bytes(2, "little")
    made = message(unsigned=tlv(0xA1, attribute(TYPE, tlv(4, bytes(end)))))
    at = made.index(evil[:4])
    return made[: at + len(evil)]


HOSTILE_FRAMES: dict[str, tuple[bytes, Status, str]] = {
    "nothing": (b"", Status.UNVERIFIABLE, "it is no zip archive"),
    "no zip": (b"hello", Status.UNVERIFIABLE, "it is no zip archive"),
    "a zip with a tail": (ZIP + b"x", Status.UNVERIFIABLE, "something follows the zip"),
    "a byte behind": (
        GOOD + b"\n",
        Status.INVALID,
        "its signature is cut off, or has an addition",
    ),
    "a byte before": (b"x" + GOOD, Status.INVALID, "it is about another zip"),
    "cut": (
        GOOD[:-1],
        Status.INVALID,
        "its signature is cut off, or has an addition",
    ),
    "only the head": (
        ZIP + HEAD,
        Status.INVALID,
        "its signature is cut off, or has an addition",
    ),
    "a head in the comment": (
        zipped(HEAD),
        Status.INVALID,
        "its signature is cut off, or has an addition",
    ),
    "only the foot": (
        ZIP + FOOT,
        Status.INVALID,
        "no signature ends where the bundle does",
    ),
    "no message": (
        framed(b""),
        Status.INVALID,
        "it is not such PKCS #7 as bundles have: a value is cut off",
    ),
    "a longer length": (
        ZIP + HEAD + len(message()).to_bytes(4, "little") + message()[:-1] + FOOT,
        Status.INVALID,
        "no signature ends where the bundle does",
    ),
    "a huge length": (
        ZIP + HEAD + b"\xff" * 4 + message() + FOOT,
        Status.INVALID,
        "no signature ends where the bundle does",
    ),
    "a big-endian length": (
        ZIP + HEAD + len(message()).to_bytes(4) + message() + FOOT,
        Status.INVALID,
        "no signature ends where the bundle does",
    ),
    "two signatures": (
        framed(message(), GOOD),
        Status.INVALID,
        "the zip does not end where the signature begins",
    ),
    "a signature of both": (
        framed(message(GOOD), GOOD),
        Status.INVALID,
        "the zip does not end where the signature begins",
    ),
    "a signature in the signature": (
        framed(HEAD + message()),
        Status.INVALID,
        "a second signature stands in the first",
    ),
    "no zip signed": (
        framed(message(b"hello"), b"hello"),
        Status.INVALID,
        "what is signed is no zip archive",
    ),
    "a tail signed": (
        framed(message(ZIP + b"x"), ZIP + b"x"),
        Status.INVALID,
        "the zip does not end where the signature begins",
    ),
    "another zip in the signature": (
        framed(second_zip()),
        Status.INVALID,
        "the end of another zip stands in the signature",
    ),
}


@pytest.mark.parametrize("row", HOSTILE_FRAMES)
def test_a_frame_is_exact(row: str) -> None:
    data, status, reason = HOSTILE_FRAMES[row]
    found = look(data)
    assert (found.status, found.reason) == (status, reason)


@pytest.mark.parametrize(
    "data",
    [
        b"PK\5\6" * 300_000,
        b"PK\5\6" * 300_000 + FOOT,
        HEAD * 100_000 + FOOT,
        framed(b"PK\5\6" * 200_000),
        framed(b"\x30\x80" * 400_000),
    ],
    ids=["ends", "ends and a foot", "heads", "ends in a message", "open values"],
)
def test_a_frame_is_refused_in_short_time(data: bytes) -> None:
    start = time.process_time()
    assert look(data).status in {Status.INVALID, Status.UNVERIFIABLE}
    assert time.process_time() - start < 2


def test_a_zip_with_two_ends_is_refused() -> None:
    def of(fits: int) -> bytes:
        end = b"PK\5\6" + bytes(16) + fits.to_bytes(2, "little")
        return zipped(b"x" * 4 + end)

    # The zip in the comment is of nothing, and is what some programs would open.
    whole = zipped(b"x" * 4)
    inner = bytearray(whole + b"PK\5\6" + bytes(18))
    inner[len(whole) - 4 - 2 : len(whole) - 4] = (4 + 22).to_bytes(2, "little")
    data = framed(message(bytes(inner)), bytes(inner))
    assert look(data).reason == "two zips end where the signature begins"
    assert look(framed(message(of(7)), of(7))).status is Status.INVALID


MALFORMED = "it is not such PKCS #7 as bundles have: "
WEAK = (
    "the key is none of ECDSA P-256, P-384, P-521, Ed25519, or RSA of 2048 bits or more"
)
NOT_NOW = (
    "its certificate is valid from {} 00:00:00+00:00 to {} 00:00:00+00:00, and not "
    "now; nothing proves that it was made then"
)
SAID = attributes(ZIP)
HOSTILE_MESSAGES: dict[str, tuple[dict[str, Any], Status, str]] = {
    "another zip": (
        {"signed": zipped(x=b"x")},
        Status.INVALID,
        "it is about another zip",
    ),
    "another key": (
        {"private_key": key("Alone")},
        Status.INVALID,
        "the signature does not hold",
    ),
    "over the tag as it stands": (
        {"over": lambda each: tlv(0xA0, each)},
        Status.INVALID,
        "the signature does not hold",
    ),
    "an algorithm of another key": (
        {"algorithm": ECDSA},
        Status.INVALID,
        "the key of its certificate is not one of EC",
    ),
    "a weak key": (
        {"by": certificate("Weak", "Inter")},
        Status.INVALID,
        WEAK,
    ),
    "an algorithm that is not read": (
        {"algorithm": tlv(48, oid("2a864886f70d01010a"), NULL)},
        Status.UNVERIFIABLE,
        "it is made by an algorithm that is not read",
    ),
    "an algorithm with parameters": (
        {"algorithm": tlv(48, oid("2a864886f70d01010a"), tlv(48))},
        Status.UNVERIFIABLE,
        "it is made by an algorithm with parameters, which is not read",
    ),
    "SHA-512": (
        {"digest": SHA512},
        Status.UNVERIFIABLE,
        "it is not made with SHA-256, which MCP bundles are signed with",
    ),
    "two digest algorithms": (
        {"algorithms": tlv(49, SHA256, SHA256)},
        Status.INVALID,
        f"{MALFORMED}2 values stand where 1 should",
    ),
    "no signed attributes": (
        {"said": [], "over": lambda _: ZIP},
        Status.INVALID,
        f"{MALFORMED}its signer has no signed attributes",
    ),
    "no digest": (
        {"said": [SAID[0], SAID[2]]},
        Status.INVALID,
        f"{MALFORMED}it does not sign one digest",
    ),
    "two digests": (
        {"said": [*SAID, attribute(DIGEST, tlv(4, bytes(32)))]},
        Status.INVALID,
        f"{MALFORMED}an attribute is there twice",
    ),
    "a digest of two values": (
        {"said": [SAID[0], attribute(DIGEST, tlv(4, bytes(32)), tlv(4, bytes(32)))]},
        Status.INVALID,
        f"{MALFORMED}it does not sign one digest",
    ),
    "a digest of no value": (
        {"said": [SAID[0], attribute(DIGEST)]},
        Status.INVALID,
        f"{MALFORMED}an attribute has no value",
    ),
    "a short digest": (
        {"said": [SAID[0], attribute(DIGEST, tlv(4, bytes(20)))]},
        Status.INVALID,
        f"{MALFORMED}it does not sign one digest",
    ),
    "no kind of content": (
        {"said": SAID[1:]},
        Status.INVALID,
        f"{MALFORMED}it does not sign what kind of content it is about",
    ),
    "another kind of content": (
        {"said": [attribute(TYPE, SIGNED), SAID[1]]},
        Status.INVALID,
        f"{MALFORMED}it does not sign what kind of content it is about",
    ),
    "content within": (
        {"content": tlv(48, DATA, tlv(0xA0, tlv(4, b"hello")))},
        Status.INVALID,
        f"{MALFORMED}2 values stand where 1 should",
    ),
    "signed data within": (
        {"content": tlv(48, SIGNED)},
        Status.INVALID,
        f"{MALFORMED}what is signed is not plain data",
    ),
    "no signed data": (
        {"kind": DATA},
        Status.INVALID,
        f"{MALFORMED}its content is not signed data",
    ),
    "attributes that nobody signed": (
        {"unsigned": tlv(0xA1, SAID[2])},
        Status.UNVERIFIABLE,
        "it has attributes that nobody signed, which are not read",
    ),
    "something else in the signer": (
        {"unsigned": tlv(48)},
        Status.INVALID,
        f"{MALFORMED}its signer has no signed attributes",
    ),
    "revoked certificates": (
        {"revoked": tlv(0xA1, tlv(48))},
        Status.INVALID,
        f"{MALFORMED}it has no certificate in it, or lists of revoked ones",
    ),
    "two signers": (
        {"signers": 2},
        Status.INVALID,
        f"{MALFORMED}2 values stand where 1 should",
    ),
    "no signer": (
        {"signers": 0},
        Status.INVALID,
        f"{MALFORMED}0 values stand where 1 should",
    ),
    "no certificate": (
        {"bag": b""},
        Status.INVALID,
        f"{MALFORMED}the certificate of its signer is not in it",
    ),
    "the certificate twice": (
        {"others": (LEAF, INTER)},
        Status.INVALID,
        f"{MALFORMED}two certificates have one issuer and serial number",
    ),
    "something that is no certificate": (
        {"bag": LEAF.public_bytes(Encoding.DER) + tlv(48)},
        Status.INVALID,
        f"{MALFORMED}0 values stand where 3 should",
    ),
    "too many certificates": (
        {
            "others": tuple(
                certificate("Alone", "Alone", start=NOW - DAY * each)
                for each in range(1, 65)
            )
        },
        Status.INVALID,
        f"{MALFORMED}more than 64 values in one",
    ),
    "another version": (
        {"version": b"\2\1\3"},
        Status.INVALID,
        f"{MALFORMED}its version is not 1",
    ),
    "a signer named otherwise": (
        {"signer_version": b"\2\1\3"},
        Status.INVALID,
        f"{MALFORMED}its signer is not named by issuer and serial number",
    ),
    "a certificate for servers": (
        {"by": certificate("Acme", "Inter", usage=ExtendedKeyUsageOID.SERVER_AUTH)},
        Status.INVALID,
        "the certificate is not for signing code",
    ),
    "a certificate without a use": (
        {"by": certificate("Acme", "Inter", usage=None)},
        Status.INVALID,
        "the certificate is not for signing code",
    ),
    "a certificate that is past": (
        {"by": certificate("Acme", "Inter", start=NOW - 2 * DAY, end=NOW - DAY)},
        Status.INVALID,
        NOT_NOW.format("2026-10-30", "2026-10-31"),
    ),
    "a certificate of the future": (
        {"by": certificate("Acme", "Inter", start=NOW + DAY, end=NOW + 2 * DAY)},
        Status.INVALID,
        NOT_NOW.format("2026-11-02", "2026-11-03"),
    ),
    "a past authority": (
        {
            "others": (
                certificate(
                    "Inter", "Root", ca=True, start=NOW - 2 * DAY, end=NOW - DAY
                ),
            )
        },
        Status.INVALID,
        "a certificate of its authority is not valid now",
    ),
    "no authority between": (
        {"others": ()},
        Status.UNTRUSTED_IDENTITY,
        "no authority that is named has issued its certificate",
    ),
    "an authority between that is none": (
        {"others": (certificate("Inter", "Root"),)},
        Status.INVALID,
        "a certificate of its authority is none of an authority",
    ),
    "an authority that the root did not issue": (
        {"others": (certificate("Inter", "Root", ca=True, forged=True),)},
        Status.UNTRUSTED_IDENTITY,
        "no authority that is named has issued its certificate",
    ),
    "a certificate that the authority did not issue": (
        {"by": certificate("Acme", "Inter", forged=True)},
        Status.UNTRUSTED_IDENTITY,
        "no authority that is named has issued its certificate",
    ),
    "self-signed by another": (
        {"by": certificate("Alone", "Alone", forged=True), "others": ()},
        Status.INVALID,
        "its certificate says that it signed itself, and did not",
    ),
}


@pytest.mark.parametrize("row", HOSTILE_MESSAGES)
def test_a_message_is_refused_for_its_own_reason(row: str) -> None:
    shape, status, reason = HOSTILE_MESSAGES[row]
    found = look(framed(message(**shape)))
    assert (found.status, found.reason) == (status, reason)


def test_no_byte_of_a_signed_bundle_can_change_unnoticed() -> None:
    trust = BY_CA
    assert look(GOOD, trust).status is Status.VERIFIED
    for at in range(len(GOOD)):
        for flipped in (1, 0x80):
            mutant = bytearray(GOOD)
            mutant[at] ^= flipped
            found = look(bytes(mutant), trust)
            assert found.status not in {Status.VERIFIED, Status.ERROR}, (at, found)


@pytest.mark.parametrize("by", ["certificate", "key"])
def test_a_certificate_that_is_past_is_so_for_who_named_it_too(by: str) -> None:
    past = certificate("Alone", "Alone", start=NOW - 2 * DAY, end=NOW - DAY)
    data = framed(message(by=past, others=()))
    named = BundleTrust(now=NOW, key=past.public_key())
    found = look(data, pinned(past) if by == "certificate" else named)
    assert (found.status, found.reason) == (
        Status.INVALID,
        NOT_NOW.format("2026-10-30", "2026-10-31"),
    )


def test_no_byte_can_be_missing() -> None:
    for size in range(len(GOOD)):
        found = look(GOOD[:size])
        if size == len(ZIP):
            assert found.status is Status.MISSING
        else:
            assert found.status in {Status.INVALID, Status.UNVERIFIABLE}, size


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "a value is cut off"),
        (b"\x30", "a value is cut off"),
        (b"\x30\x80\0\0", "a length is not definite, or is cut off"),
        (b"\x30\x81\x01\0", "a length is longer than it has to be"),
        (b"\x30\x82\0\x80" + bytes(128), "a length is longer than it has to be"),
        (b"\x30\x85\1\0\0\0\0", "a length is not definite, or is cut off"),
        (b"\x30\x84\xff\xff\xff\xff", "a value is cut off"),
        (b"\x3f\x81\1\0", "a tag has more than one byte"),
        (b"\x30\0\0", "something follows the value"),
        (b"\x30\x02\x30\x01", "a value is cut off"),
        (b"\x31\0", "a value has the tag 0x31, not 0x30"),
        (tlv(48, NULL * 65), "more than 64 values in one"),
    ],
    ids=str,
)
def test_der_has_one_spelling(data: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=rf"^{problem}$"):
        der.read(data).elements(der.SEQUENCE)
