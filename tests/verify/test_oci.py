"""Signatures of images: what is a yes, and what must never be one."""

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.artifact import Digest
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Trust
from mcpchain.oci.attached import Attached, Form, Piece, Problem
from mcpchain.oci.manifest import parse
from mcpchain.signature import Status, Verification
from mcpchain.verify.oci import verify_image
from tests.world.oci import (
    Layer,
    bundled,
    cosign,
    cosign_attest,
    digest_of,
    image,
    index,
    manifest,
    of_image,
    simple_signing,
)
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import CLAIMS, ISSUER, REPOSITORY, WORKFLOW, Minter

INSTANCE = Instance()
ROOT = parse_root(INSTANCE.trusted_root(), name="test")
ACME = Expected(issuer=ISSUER, repository="acme/files")
TRUST = Trust(root=ROOT, expected=ACME)
IMAGE = image()
DIGEST = digest_of(IMAGE)
KEY = ec.generate_private_key(ec.SECP256R1())
BY_KEY = Trust(root=ROOT, key=KEY.public_key())
PREFIX = "dev.sigstore.cosign/"
SIGNATURE = "dev.cosignproject.cosign/signature"
FORMS = {
    "application/vnd.dev.cosign.simplesigning.v1+json": Form.SIGNATURE,
    "application/vnd.dsse.envelope.v1+json": Form.ATTESTATION,
}
Json = dict[str, Any]


def minter(**shape: Any) -> Minter:  # noqa: ANN401 - of Minter
    return Minter(instance=INSTANCE, **shape)


def other(**shape: Any) -> Minter:  # noqa: ANN401 - of Minter
    """Return somebody else, who is known to the same authority."""
    claims = CLAIMS | {12: "https://github.com/evil/files"}
    return minter(claims=claims, **shape)


def by_key(**shape: Any) -> Minter:  # noqa: ANN401 - of Minter
    return minter(managed=True, key=KEY, **shape)


def attached(*layers: Layer, data: bytes = IMAGE, **more: Any) -> Attached:  # noqa: ANN401 - of Attached
    known = Digest.parse(digest_of(data))
    listed = parse(manifest(*layers), known, source="m").layers
    pieces = (
        Piece(form=FORMS.get(each.media_type, Form.BUNDLE), layer=each, data=layer.data)
        for each, layer in zip(listed, layers, strict=True)
    )
    return Attached(
        title="registry.example/acme/files",
        image=parse(data, known, source="image"),
        pieces=tuple(pieces),
        **more,
    )


def answers(
    *layers: Layer,
    trust: Trust = TRUST,
    reference: str = "",
    **more: Any,  # noqa: ANN401 - of Attached
) -> list[Verification]:
    return [*verify_image(attached(*layers, **more), trust, reference)]


def signature(by: Minter | None = None, **changes: str) -> Layer:
    return cosign(by or minter(), simple_signing(DIGEST), **changes)


def attestation(by: Minter | None = None, **changes: str) -> Layer:
    by = by or minter(entries=("intoto/0.0.1",))
    return cosign_attest(by, of_image(IMAGE), **changes)


def changed(layer: Layer, key: str, value: str | None) -> Layer:
    notes = dict(layer.annotations)
    if value is None:
        del notes[key]
    else:
        notes[key] = value
    return replace(layer, annotations=notes)


def test_a_signature_of_cosign_is_verified() -> None:
    (found,) = answers(signature())
    assert (found.status, found.kind) == (Status.VERIFIED, "oci-signature")
    assert found.subject == f"registry.example/acme/files@{DIGEST}"
    assert found.identity is not None
    assert found.identity.repository == REPOSITORY
    assert found.reason == (
        "the signature names this image, as `registry.example/acme/files`"
    )
    assert [each.id for each in found.checks] == [
        *("signature", "log", "time", "chain", "sct", "identity", "image"),
    ]


@pytest.mark.parametrize("kind", ["intoto/0.0.1", "intoto/0.0.2", "dsse/0.0.1"])
def test_an_attestation_of_cosign_is_verified(kind: str) -> None:
    (found,) = answers(attestation(minter(entries=(kind,))))
    assert (found.status, found.kind) == (Status.VERIFIED, "oci-attestation")
    assert found.statement is not None
    assert found.statement.predicate_type == "https://slsa.dev/provenance/v1"


def test_the_log_has_the_envelope_as_it_was_written() -> None:
    """It need not be written as we would write it, but as it is."""
    layer = attestation()
    shown = json.loads(layer.data)
    spaced = replace(layer, data=json.dumps(shown, indent=1).encode())
    (found,) = answers(spaced)
    assert (found.status, found.reason) == (
        Status.INVALID,
        "the entry is of another envelope",
    )


def test_a_key_that_the_user_names_is_as_good() -> None:
    signed = signature(by_key())
    attested = attestation(by_key(entries=("dsse/0.0.1",)))
    found = answers(signed, attested, trust=BY_KEY)
    assert [each.status for each in found] == [Status.VERIFIED, Status.VERIFIED]
    assert {each.expected_by for each in found} == {"user"}
    assert {len(each.key) for each in found} == {64}


def test_a_time_may_be_that_of_an_authority_for_timestamps() -> None:
    (found,) = answers(signature(minter(stamped=True)))
    assert [each.source.split()[0] for each in found.times] == ["log", "timestamp"]


def test_a_bundle_is_verified_as_it_is_anywhere() -> None:
    made = minter(entries=("hashedrekord/0.0.2",), stamped=True).attest(of_image(IMAGE))
    (found,) = answers(bundled(made))
    assert (found.status, found.kind) == (Status.VERIFIED, "oci-bundle")


def test_a_bundle_over_the_bytes_of_the_manifest_is_over_the_image() -> None:
    assert answers(bundled(minter().sign(IMAGE)))[0].status is Status.VERIFIED
    assert answers(bundled(minter().sign(b"evil")))[0].status is Status.INVALID


def _payload(**changes: Any) -> Layer:  # noqa: ANN401 - JSON
    document = simple_signing(DIGEST)
    document["critical"] |= changes
    return cosign(minter(), document)


@pytest.mark.parametrize(
    ("layer", "trust", "status", "reason"),
    [
        pytest.param(
            cosign(minter(), simple_signing(digest_of(image("evil")))),
            TRUST,
            Status.INVALID,
            "the signature is of the image `sha256:",
            id="of-another-image",
        ),
        pytest.param(
            cosign(minter(), simple_signing(DIGEST.upper())),
            TRUST,
            Status.INVALID,
            "the signature is of the image `SHA256:",
            id="of-a-digest-written-otherwise",
        ),
        pytest.param(
            cosign(minter(), simple_signing(DIGEST.removeprefix("sha256:"))),
            TRUST,
            Status.INVALID,
            "the signature is of the image",
            id="of-a-digest-without-an-algorithm",
        ),
        pytest.param(
            _payload(image={}),
            TRUST,
            Status.INVALID,
            "/critical/image/docker-manifest-digest",
            id="of-no-image",
        ),
        pytest.param(
            _payload(type="some other letter"),
            TRUST,
            Status.UNVERIFIABLE,
            "of type `some other letter` are not read",
            id="of-another-type",
        ),
        pytest.param(
            cosign(minter(), b"not json"),
            TRUST,
            Status.INVALID,
            "not JSON",
            id="of-something-else",
        ),
        pytest.param(
            cosign(
                minter(),
                json.dumps(simple_signing(DIGEST))
                .replace('"image":', '"image": {}, "image":')
                .encode(),
            ),
            TRUST,
            Status.INVALID,
            "appears twice",
            id="of-two-images",
        ),
        pytest.param(
            replace(
                signature(), data=json.dumps(simple_signing(DIGEST)).encode() + b" "
            ),
            TRUST,
            Status.INVALID,
            "the signature over the artifact does not hold",
            id="with-another-layer",
        ),
        pytest.param(
            changed(signature(), SIGNATURE, signature().annotations[SIGNATURE]),
            TRUST,
            Status.INVALID,
            "does not hold",
            id="with-the-signature-of-another-key",
        ),
        pytest.param(
            changed(signature(), SIGNATURE, None),
            TRUST,
            Status.INVALID,
            "is empty",
            id="without-a-signature",
        ),
        pytest.param(
            changed(signature(), SIGNATURE, "???"),
            TRUST,
            Status.INVALID,
            "is not base64",
            id="with-a-signature-that-is-none",
        ),
        pytest.param(
            changed(signature(), f"{PREFIX}bundle", None),
            TRUST,
            Status.INVALID,
            "it is in no transparency log",
            id="in-no-log",
        ),
        pytest.param(
            changed(
                signature(),
                f"{PREFIX}bundle",
                signature().annotations[f"{PREFIX}bundle"],
            ),
            TRUST,
            Status.INVALID,
            "the entry is of another signature",
            id="with-an-entry-about-another-signature",
        ),
        pytest.param(
            changed(signature(), f"{PREFIX}bundle", "{}"),
            TRUST,
            Status.INVALID,
            "`dev.sigstore.cosign/bundle` is malformed",
            id="with-an-empty-entry",
        ),
        pytest.param(
            changed(signature(), f"{PREFIX}certificate", None),
            TRUST,
            Status.UNTRUSTED_IDENTITY,
            "a managed key signed it",
            id="without-a-certificate",
        ),
        pytest.param(
            changed(signature(), f"{PREFIX}certificate", "-----BEGIN"),
            TRUST,
            Status.INVALID,
            "holds not one certificate",
            id="with-a-certificate-that-is-none",
        ),
        pytest.param(
            changed(
                signature(),
                f"{PREFIX}certificate",
                signature().annotations[f"{PREFIX}certificate"] * 2,
            ),
            TRUST,
            Status.INVALID,
            "holds not one certificate",
            id="with-two-certificates",
        ),
        pytest.param(
            changed(signature(minter(stamped=True)), f"{PREFIX}rfc3161timestamp", "{}"),
            TRUST,
            Status.INVALID,
            "/SignedRFC3161Timestamp",
            id="with-a-timestamp-that-is-none",
        ),
        pytest.param(
            changed(
                signature(minter(stamped=True)),
                f"{PREFIX}rfc3161timestamp",
                signature(minter(stamped=True)).annotations[
                    f"{PREFIX}rfc3161timestamp"
                ],
            ),
            TRUST,
            Status.INVALID,
            "the timestamp is of another signature",
            id="with-the-timestamp-of-another-signature",
        ),
        pytest.param(
            signature(other()),
            TRUST,
            Status.UNTRUSTED_IDENTITY,
            "repository is `https://github.com/evil/files`",
            id="by-somebody-else",
        ),
        pytest.param(
            signature(),
            Trust(root=ROOT),
            Status.UNTRUSTED_IDENTITY,
            "nobody says whom to expect",
            id="by-nobody-in-particular",
        ),
        pytest.param(
            signature(),
            BY_KEY,
            Status.UNTRUSTED_IDENTITY,
            "a certificate signed it, and not the key",
            id="by-a-certificate-where-a-key-is-named",
        ),
        pytest.param(
            signature(minter(managed=True)),
            BY_KEY,
            Status.INVALID,
            "does not hold",
            id="by-another-key",
        ),
        pytest.param(
            changed(signature(by_key()), f"{PREFIX}bundle", None),
            BY_KEY,
            Status.INVALID,
            "it is in no transparency log",
            id="by-the-key-in-no-log",
        ),
        pytest.param(
            cosign_attest(minter(entries=("intoto/0.0.1",)), of_image(image("evil"))),
            TRUST,
            Status.INVALID,
            "the statement is about other artifacts",
            id="an-attestation-of-another-image",
        ),
        pytest.param(
            attestation(minter(entries=("hashedrekord/0.0.1",))),
            TRUST,
            Status.INVALID,
            "the entry is of a file, and the bundle an envelope",
            id="an-attestation-with-an-entry-of-a-file",
        ),
        pytest.param(
            replace(attestation(), data=b'{"payloadType":"x","signatures":[]}'),
            TRUST,
            Status.INVALID,
            "0 signatures; a bundle has one",
            id="an-envelope-without-a-signature",
        ),
        pytest.param(
            replace(
                attestation(), media="application/vnd.dev.sigstore.bundle.v0.3+json"
            ),
            TRUST,
            Status.INVALID,
            "/mediaType",
            id="an-envelope-in-the-place-of-a-bundle",
        ),
        pytest.param(
            Layer(data=b"", media="application/vnd.dev.sigstore.bundle.v0.3+json"),
            TRUST,
            Status.INVALID,
            "not JSON",
            id="an-empty-bundle",
        ),
    ],
)
def test_what_is_not_signed_so_by_whom_is_expected_is_no_yes(
    layer: Layer, trust: Trust, status: Status, reason: str
) -> None:
    (found,) = answers(layer, trust=trust)
    assert (found.status, reason in found.reason) == (status, True), found.reason


def test_a_signature_in_no_log_is_taken_from_a_key_if_the_user_says_so() -> None:
    layer = changed(signature(by_key()), f"{PREFIX}bundle", None)
    trust = replace(BY_KEY, log_needed=False)
    assert answers(layer, trust=trust)[0].status is Status.VERIFIED


def _logged(**changes: Any) -> Layer:  # noqa: ANN401 - JSON
    layer = signature()
    logged = json.loads(layer.annotations[f"{PREFIX}bundle"])
    logged["Payload"] |= changes
    return changed(layer, f"{PREFIX}bundle", json.dumps(logged))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"integratedTime": 1}, Status.INVALID),
        ({"integratedTime": -1}, Status.INVALID),
        ({"integratedTime": 1e9}, Status.INVALID),
        ({"integratedTime": "soon"}, Status.INVALID),
        ({"logIndex": 0}, Status.INVALID),
        ({"logID": "00" * 32}, Status.UNVERIFIABLE),
        ({"logID": "00"}, Status.INVALID),
        ({"logID": "zz" * 32}, Status.INVALID),
        ({"logID": None}, Status.INVALID),
        ({"body": ""}, Status.INVALID),
        ({"body": "e30="}, Status.INVALID),
        ({"body": "bm8="}, Status.INVALID),
        ({"body": 7}, Status.INVALID),
    ],
    ids=str,
)
def test_every_field_of_the_entry_is_signed_by_the_log(
    changes: Json, status: Status
) -> None:
    (found,) = answers(_logged(**changes))
    assert found.status is status, found.reason


def test_one_by_whom_is_expected_is_enough_and_the_others_are_told() -> None:
    wrong = changed(signature(), SIGNATURE, signature().annotations[SIGNATURE])
    for layers in ([wrong, signature()], [signature(), wrong]):
        (found,) = answers(*layers)
        assert found.status is Status.VERIFIED
        (note,) = found.notes
        assert note == (
            "1 of 2 signatures hold, and one by whom you expect is enough; another: "
            "the signature over the artifact does not hold"
        )


def test_a_place_that_could_not_be_looked_at_is_told_beside_a_yes() -> None:
    problem = Problem(where="the referrers", status=Status.ERROR, reason="no answer")
    (found,) = answers(signature(), problems=(problem,))
    assert found.status is Status.VERIFIED
    assert "another: the referrers: no answer" in found.notes[0]


def test_where_none_holds_each_says_why() -> None:
    problem = Problem(where="the referrers", status=Status.ERROR, reason="no answer")
    wrong = cosign(minter(), simple_signing(digest_of(image("evil"))))
    found = answers(signature(other()), wrong, problems=(problem,))
    assert [each.status for each in found] == [
        Status.UNTRUSTED_IDENTITY,
        Status.INVALID,
        Status.ERROR,
    ]
    assert found[2].reason == "the referrers: no answer"
    assert all(each.root.startswith("test (sha256:") for each in found)


def test_of_nothing_nothing_is_verified() -> None:
    (found,) = answers()
    assert (found.status, bool(found)) == (Status.MISSING, False)


def test_what_is_attached_besides_is_no_evidence() -> None:
    (found,) = answers(others=("application/spdx+json",))
    assert found.status is Status.MISSING
    assert found.reason == (
        "no signature is attached to it; attached are also `application/spdx+json`, "
        "which are no signatures"
    )
    (found,) = answers(others=tuple("abcd"))
    assert "`a`, `b`, `c` and more" in found.reason
    (found,) = answers(signature(), others=("a",))
    assert found.notes == ("attached are also `a`, which are no signatures",)


def test_an_index_has_signatures_of_its_own() -> None:
    (found,) = answers(signature(), data=index())
    assert (found.status, "of the image" in found.reason) == (Status.INVALID, True)


@pytest.mark.parametrize(
    ("said", "wanted", "status"),
    [
        ("registry.example/acme/files", "registry.example/acme/files", True),
        ("registry.example/acme/files:1.2.0", "registry.example/acme/files", True),
        ("registry.example/acme/files", "registry.example/acme/other", False),
        ("registry.example/acme/files", "mirror.example/acme/files", False),
        ("acme/files", "registry.example/acme/files", False),
        ("", "registry.example/acme/files", False),
        ("not a name", "registry.example/acme/files", False),
        ("mirror.example/acme/files", "", True),
    ],
)
def test_the_repository_is_compared_where_one_is_asked_for(
    said: str, wanted: str, *, status: bool
) -> None:
    layer = cosign(minter(), simple_signing(DIGEST, said))
    (found,) = answers(layer, reference=wanted)
    assert bool(found) is status, found.reason
    if not status:
        assert found.reason == f"the signature is of `{said}`, not of `{wanted}`"
        assert found.status is Status.INVALID


def test_another_root_knows_none_of_it() -> None:
    strange = parse_root(Instance().trusted_root(), name="strange")
    for layer in (signature(), attestation()):
        (found,) = answers(layer, trust=Trust(root=strange, expected=ACME))
        assert found.status is Status.UNVERIFIABLE


def test_no_byte_of_a_signed_layer_can_be_another() -> None:
    for layer in (signature(), attestation()):
        for at in range(0, len(layer.data), 7):
            data = bytearray(layer.data)
            data[at] ^= 1
            for found in answers(replace(layer, data=bytes(data))):
                assert not found, at


def test_the_workflow_that_signed_is_compared_too() -> None:
    workflow = WORKFLOW.removeprefix(f"{REPOSITORY}/").partition("@")[0]
    trust = Trust(root=ROOT, expected=replace(ACME, workflow=workflow))
    assert answers(signature(), trust=trust)[0]
    evil = Trust(root=ROOT, expected=replace(ACME, workflow="evil.yml"))
    assert answers(signature(), trust=evil)[0].status is Status.UNTRUSTED_IDENTITY


@given(data=st.binary(max_size=60), note=st.text(max_size=30), which=st.integers(0, 3))
def test_whatever_is_attached_is_answered_for(
    data: bytes, note: str, which: int
) -> None:
    key = (
        SIGNATURE,
        f"{PREFIX}bundle",
        f"{PREFIX}certificate",
        f"{PREFIX}rfc3161timestamp",
    )[which]
    for layer in (SIGNED, ATTESTED):
        for changed_layer in (changed(layer, key, note), replace(layer, data=data)):
            for found in answers(changed_layer):
                # The signature of an attestation is in its envelope alone, and a time
                # more than that of the log is not needed.
                spare = layer is ATTESTED and key == SIGNATURE
                unset = not note and key.endswith("rfc3161timestamp")
                assert not found or (changed_layer.data != data and (spare or unset))


SIGNED = signature()
ATTESTED = attestation()
