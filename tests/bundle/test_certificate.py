"""What a certificate says of its signer, number by number."""

import dataclasses
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from mcpchain.bundle.certificate import read
from mcpchain.signature import Identity, SanKind
from tests.world.sigstore import der
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import WORKFLOW

INSTANCE = Instance()
KEY = ec.generate_private_key(ec.SECP256R1()).public_key()
URI = x509.UniformResourceIdentifier(WORKFLOW)
FIELDS = {
    8: "issuer",
    9: "signer_workflow",
    10: "signer_digest",
    11: "runner",
    12: "repository",
    13: "commit",
    14: "ref",
    15: "repository_id",
    16: "owner",
    17: "owner_id",
    18: "build_config",
    19: "build_config_digest",
    20: "trigger",
    21: "run",
    22: "visibility",
    23: "environment",
}


def named(claims: dict[int, str], san: x509.GeneralName = URI) -> Identity:
    return read(INSTANCE.certificate(KEY, san, claims))


def test_every_number_has_its_field() -> None:
    given = {number: f"value {number}" for number in FIELDS}
    expected: Any = {name: given[number] for number, name in FIELDS.items()}
    assert named(given) == Identity(san=WORKFLOW, kind=SanKind.URI, **expected)
    names = {each.name for each in dataclasses.fields(Identity)} - {"san", "kind"}
    assert names == {*FIELDS.values()}


def test_an_old_certificate_names_the_issuer_and_no_source() -> None:
    old = {1: "i", 2: "push", 3: "commit", 4: "name", 5: "acme/files", 6: "ref"}
    assert named(old) == Identity(
        issuer="i", san=WORKFLOW, kind=SanKind.URI, trigger="push", ref="ref"
    )


def test_equal_texts_of_two_kinds_are_two_names() -> None:
    text = "me@acme.example"
    other = x509.OtherName(
        x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7"), der.utf8(text)
    )
    kinds = {
        SanKind.EMAIL: x509.RFC822Name(text),
        SanKind.URI: x509.UniformResourceIdentifier(text),
        SanKind.OTHER: other,
    }
    for kind, san in kinds.items():
        found = named({8: "i"}, san)
        assert (found.san, found.kind) == (text, kind)


@pytest.mark.parametrize(
    ("san", "reason"),
    [
        (x509.DNSName("acme.example"), "of no kind that Fulcio gives"),
        (
            x509.OtherName(x509.ObjectIdentifier("1.2.3"), der.utf8("x")),
            "of no kind that Fulcio gives",
        ),
        (
            x509.OtherName(
                x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7"), der.octets(b"x")
            ),
            "is no UTF8String",
        ),
    ],
    ids=["host", "other name of others", "other name that is no text"],
)
def test_another_kind_of_name_is_none(san: x509.GeneralName, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        named({8: "i"}, san)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"i", "is no UTF8String"),
        (der.octets(b"i"), "is no UTF8String"),
        (der.utf8("i") + b"x", "longer than it says"),
        (der.utf8("ii")[:-1], "longer than it says"),
        (b"\x0c\x85" + b"i" * 9, "has no sound length"),
    ],
    ids=["raw", "another tag", "longer", "shorter", "a huge length"],
)
def test_a_newer_value_is_der(
    raw: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(der, "utf8", lambda _: raw)
    with pytest.raises(ValueError, match=reason):
        named({8: "i"})
