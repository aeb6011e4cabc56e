"""Two verifiers have to agree, and whom to ask is decided before anybody is asked."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from mcpchain.bundle.parse import parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Artifact, Trust, verify
from mcpchain.signature import Demand, SanKind, Status, Verification
from mcpchain.verify.second_opinion import (
    CHECK,
    NONE,
    Answer,
    SecondOpinion,
    Word,
    demanded,
    unsupported,
    weigh,
    written,
)
from tests.world.sigstore.instance import Instance, Json, moment
from tests.world.sigstore.minting import ARTIFACT, ISSUER, WORKFLOW, Minter

INSTANCE = Instance()
ROOT = INSTANCE.trusted_root()
EXACT = Expected(issuer=ISSUER, san=WORKFLOW)
LOOSE = Expected(issuer=ISSUER, repository="acme/files", ref="refs/tags/*")
WHAT = Artifact(digests={"sha256": hashlib.sha256(ARTIFACT).digest()})
REKOR2 = ("hashedrekord/0.0.2",)


def minter(**shape: Any) -> Minter:  # noqa: ANN401 - of Minter
    return Minter(instance=INSTANCE, **shape)


SHAPES: dict[str, Json] = {
    "artifact": minter().sign(),
    "artifact v0.1": minter(version="0.1").sign(),
    "artifact v0.2": minter(version="0.2").sign(),
    "artifact stamped": minter(stamped=True).sign(),
    "artifact in Rekor 2": minter(entries=REKOR2, stamped=True).sign(),
    "envelope": minter(entries=("dsse/0.0.1",)).attest(),
    "envelope v0.2": minter(entries=("dsse/0.0.1",), version="0.2").attest(),
    "envelope in Rekor 2": minter(entries=REKOR2, stamped=True).attest(),
    "envelope of another thing": minter(entries=("dsse/0.0.1",)).attest(b"{}"),
    "without a promise of a log": minter(promised=False).sign(),
    "in Rekor 2 without a time": minter(entries=REKOR2).sign(),
}
GOOD = {
    *("artifact", "artifact v0.1", "artifact v0.2", "artifact stamped"),
    *("artifact in Rekor 2", "envelope", "envelope v0.2", "envelope in Rekor 2"),
}


def trust_in(root: bytes, expected: Expected | None = EXACT, **more: Any) -> Trust:  # noqa: ANN401 - of Trust
    return Trust(root=parse_root(root, name="test"), expected=expected, **more)


def asked(
    bundle: Json, expected: Expected | None = EXACT, root: bytes = ROOT
) -> tuple[Verification, Answer]:
    trust = trust_in(root, expected)
    read = parse(json.dumps(bundle).encode(), source="b")
    found = verify(read, WHAT, trust)
    opinion = SecondOpinion(root, Demand.REQUIRED)
    return found, opinion.ask(read, WHAT, trust, found)


def told(bundle: Json, demand: Demand, **more: Any) -> Verification:  # noqa: ANN401 - of Trust
    trust = trust_in(ROOT, opinion=SecondOpinion(ROOT, demand), **more)
    return verify(parse(json.dumps(bundle).encode(), source="b"), WHAT, trust)


@pytest.mark.parametrize(
    "expected",
    [EXACT, LOOSE, None, replace(EXACT, kind=SanKind.EMAIL), replace(EXACT, san="x")],
    ids=["exact", "loose", "nobody", "kind", "other"],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_both_say_the_same_of_every_shape(
    shape: str, expected: Expected | None
) -> None:
    found, answer = asked(SHAPES[shape], expected)
    assert answer.word is Word.AGREES, (found.reason, answer.detail)
    assert bool(found) == (shape in GOOD and expected in (EXACT, LOOSE))


@pytest.mark.parametrize("shape", sorted(GOOD))
def test_what_was_part_of_another_document_is_written_for_them(shape: str) -> None:
    read = parse(json.dumps(SHAPES[shape]).encode(), source="b")
    apart = replace(read, document=b"")
    assert parse(written(apart), source="b").entries == read.entries
    trust = trust_in(ROOT)
    found = verify(apart, WHAT, trust)
    opinion = SecondOpinion(ROOT, Demand.REQUIRED)
    assert opinion.ask(apart, WHAT, trust, found).word is Word.AGREES
    assert found


def without_proof() -> Json:
    bundle = minter(version="0.1").sign()
    del bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
    return bundle


def test_a_zero_that_was_left_out_is_no_disagreement() -> None:
    bundle = json.loads(json.dumps(SHAPES["artifact in Rekor 2"]))
    del bundle["verificationMaterial"]["tlogEntries"][0]["logIndex"]
    found, answer = asked(bundle)
    assert found
    assert answer.word is Word.AGREES, answer.detail


UNSUPPORTED: dict[str, tuple[Json, str]] = {
    "intoto": (minter(entries=("intoto/0.0.2",)).attest(), "`intoto` 0.0.2"),
    "old intoto": (
        minter(entries=("intoto/0.0.1",), version="0.1").attest(),
        "`intoto` 0.0.1",
    ),
    "two entries": (
        minter(entries=("hashedrekord/0.0.1", "hashedrekord/0.0.2")).sign(),
        "it has 2 log entries",
    ),
    "promise only": (without_proof(), "no checkpoint"),
}


@pytest.mark.parametrize("shape", UNSUPPORTED)
def test_whom_they_cannot_be_asked_about_is_known_by_its_shape(shape: str) -> None:
    bundle, words = UNSUPPORTED[shape]
    found, answer = asked(bundle)
    assert found
    assert answer.word is Word.UNSUPPORTED
    assert words in answer.detail
    lone = told(bundle, Demand.WHEN_SUPPORTED)
    assert lone
    assert lone.checks[-1].id == NONE
    assert words in lone.checks[-1].detail
    refused = told(bundle, Demand.REQUIRED)
    assert refused.status is Status.UNVERIFIABLE
    assert "a second opinion is required, and there is none" in refused.reason
    assert told(bundle, Demand.OFF) == found


def test_a_managed_key_is_none_of_theirs() -> None:
    made = minter(managed=True)
    key = made.key.public_key()
    refused = told(made.sign(), Demand.REQUIRED, expected=None, key=key)
    assert refused.status is Status.UNVERIFIABLE
    assert refused.reason.endswith(
        "a managed key has signed it, which sigstore-python is not asked about"
    )
    assert told(made.sign(), Demand.WHEN_SUPPORTED, expected=None, key=key)


def test_a_root_without_logs_is_none_of_theirs() -> None:
    read = parse(json.dumps(SHAPES["artifact"]).encode(), source="b")
    for less in ("ctlogs", "tlogs"):
        trust = trust_in(INSTANCE.trusted_root(**{less: []}))
        assert unsupported(read, WHAT, trust) == "the trusted root has no logs"


def test_a_yes_of_both_is_told() -> None:
    found = told(SHAPES["artifact"], Demand.REQUIRED)
    assert found
    assert found.checks[-1].id == CHECK
    assert found.checks[-1].detail.startswith("sigstore-python ")
    assert found.checks[-1].detail.endswith(" agrees")


def test_a_no_of_both_is_as_it_was() -> None:
    bundle = SHAPES["without a promise of a log"]
    assert told(bundle, Demand.REQUIRED) == told(bundle, Demand.OFF)


def at_the_end() -> bytes:
    """Return a root whose timestamp authority ended when it signed.

    For us the last second of a window belongs to it; for them it does not.
    """
    root = json.loads(ROOT)
    window = root["timestampAuthorities"][0]["validFor"]
    window["end"] = moment(INSTANCE.now)
    return json.dumps(root).encode()


def test_where_they_disagree_it_is_invalid_and_both_are_heard() -> None:
    root = at_the_end()
    bundle = SHAPES["artifact in Rekor 2"]
    found, answer = asked(bundle, root=root)
    assert found
    assert answer == Answer(
        word=Word.DISAGREES, detail="not enough sources of verified time"
    )
    for demand in (Demand.REQUIRED, Demand.WHEN_SUPPORTED):
        weighed = weigh(found, answer, demand)
        assert weighed.status is Status.INVALID
        assert "two verifiers disagree: mcpchain says `verified`" in weighed.reason
        assert weighed.reason.endswith("says: not enough sources of verified time")
        assert not weighed.checks[-1].ok


def test_a_yes_of_theirs_makes_none_of_our_no() -> None:
    found, _ = asked(SHAPES["artifact"], replace(EXACT, san="somebody"))
    answer = Answer(word=Word.DISAGREES, detail="it holds")
    weighed = weigh(found, answer, Demand.WHEN_SUPPORTED)
    assert weighed.status is Status.INVALID
    assert "mcpchain says `untrusted-identity`" in weighed.reason
    assert weighed.reason.endswith("says: it holds")


def test_the_two_have_to_trust_the_same() -> None:
    read = parse(json.dumps(SHAPES["artifact"]).encode(), source="b")
    trust = trust_in(ROOT)
    opinion = SecondOpinion(Instance().trusted_root(), Demand.REQUIRED)
    with pytest.raises(ValueError, match="under the same root"):
        opinion.ask(read, WHAT, trust, verify(read, WHAT, trust))


def test_what_never_came_to_them_is_not_verified_where_they_are_required() -> None:
    found = Verification(status=Status.VERIFIED, reason="x", kind="npm-signature")
    assert demanded(found, Demand.OFF) == found
    assert demanded(found, Demand.WHEN_SUPPORTED).checks[-1].id == NONE
    refused = demanded(found, Demand.REQUIRED)
    assert refused.status is Status.UNVERIFIABLE
    assert "a `npm-signature` is no Sigstore bundle" in refused.reason
    missing = Verification(status=Status.MISSING, reason="x")
    assert demanded(missing, Demand.REQUIRED) == missing
    seen = told(SHAPES["artifact"], Demand.REQUIRED)
    assert demanded(seen, Demand.REQUIRED) == seen


def test_another_curve_is_none_of_theirs() -> None:
    read = parse(json.dumps(SHAPES["artifact"]).encode(), source="b")
    key = ec.generate_private_key(ec.SECP384R1())
    made = minter()
    certificate = INSTANCE.certificate(key.public_key(), made.san, made.claims)
    other = replace(read, certificate=certificate.public_bytes(Encoding.DER))
    assert unsupported(other, WHAT, trust_in(ROOT)) == "its key is not ECDSA P-256"
    broken = replace(read, certificate=b"none")
    assert not unsupported(broken, WHAT, trust_in(ROOT))
