"""A pin is verified by an equal digest of the right file, and by nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Component
from mcpchain.evidence import Claim, Outcome
from mcpchain.release import Release, Withdrawal
from mcpchain.verify.pinned_digest import compare, compare_all
from tests.making import component

A, B = Digest.of("sha256", "a" * 64), Digest.of("sha256", "b" * 64)
A512, B512 = Digest.of("sha512", "a" * 128), Digest.of("sha512", "b" * 128)
SHA1, SHA1_B = Digest.of("sha1", "a" * 40), Digest.of("sha1", "b" * 40)
MD5 = Digest.of("md5", "a" * 32)


def file(*digests: Digest, name: str = "") -> Artifact:
    return Artifact(name=name, digests=digests)


def pinned(*artifacts: Artifact) -> Component:
    return component(ref="files", artifacts=artifacts)


def release(*artifacts: Artifact, withdrawal: Withdrawal | None = None) -> Release:
    return Release(
        registry="https://registry.example",
        name="files",
        version="1.2.0",
        artifacts=artifacts,
        withdrawal=withdrawal,
    )


def outcome(pins: list[Artifact], published: list[Artifact]) -> Outcome:
    evidence = compare(pinned(*pins), release(*published), "")
    assert (evidence.claim, evidence.verifier) == (Claim.PINNED_DIGEST, "pinned-digest")
    assert evidence.detail
    return evidence.outcome


@pytest.mark.parametrize(
    ("pins", "published"),
    [
        ([file(A)], [file(A)]),
        ([file(A)], [file(B), file(A)]),
        ([file(A, name="x.whl")], [file(A, name="x.whl"), file(B, name="y.whl")]),
        ([file(A, name="x.whl")], [file(A)]),
        ([file(A), file(B)], [file(A), file(B)]),
        ([file(A512)], [file(SHA1, A512)]),
        ([file(A, A512)], [file(A)]),
    ],
)
def test_an_equal_digest_is_verified(
    pins: list[Artifact], published: list[Artifact]
) -> None:
    assert outcome(pins, published) is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("pins", "published"),
    [
        ([file(A)], [file(B)]),
        ([file(A), file(B)], [file(A)]),
        ([file(A, name="x.whl")], [file(B, name="x.whl"), file(A, name="y.whl")]),
        ([file(A, name="x.whl")], [file(B)]),
        ([file(A, B512)], [file(A, A512)]),
        ([file(B, A512)], [file(A, A512)]),
        ([file(SHA1)], [file(SHA1_B)]),
        ([file(SHA1, A)], [file(SHA1_B, A)]),
        ([file(A)], []),
    ],
)
def test_a_digest_that_nobody_publishes_refutes(
    pins: list[Artifact], published: list[Artifact]
) -> None:
    assert outcome(pins, published) is Outcome.REFUTED


@pytest.mark.parametrize(
    ("pins", "published"),
    [
        ([file(SHA1)], [file(SHA1)]),
        ([file(MD5)], [file(MD5)]),
        ([file(SHA1)], [file(A)]),
        ([file(A)], [file(A512)]),
        ([file(A)], [file()]),
        ([file(A)], [file(B), file()]),
        ([file(A), file(SHA1)], [file(A, SHA1)]),
    ],
)
def test_what_cannot_be_compared_stays_open(
    pins: list[Artifact], published: list[Artifact]
) -> None:
    pins = [*pins]
    if pins == [file(A), file(SHA1)]:
        # One file that is pinned well does not vouch for one that is not.
        published = [file(A, name="x"), file(SHA1, name="y")]
    assert outcome(pins, published) is Outcome.UNCHECKED


def test_without_a_pin_nobody_claims_anything() -> None:
    for pins in ([], [file()], [file(name="x.whl")]):
        assert outcome(pins, [file(A)]) is Outcome.ABSENT
        assert outcome(pins, []) is Outcome.ABSENT


def test_without_a_release_nothing_is_known() -> None:
    evidence = compare(pinned(file(A)), None, "offline")
    assert (evidence.outcome, evidence.detail) == (Outcome.UNCHECKED, "offline")
    assert compare(pinned(file(A)), None, "").detail == "no registry was asked"


def test_a_refusal_names_the_file_and_both_digests() -> None:
    evidence = compare(
        pinned(file(A, name="x.whl")), release(file(B, name="x.whl")), ""
    )
    assert evidence.detail == (
        f"`x.whl` is pinned as `{A}`, but `https://registry.example` publishes it as "
        f"`{B}`"
    )
    assert evidence.subject == A


def test_a_version_that_is_gone_refutes_its_pins() -> None:
    gone = release(withdrawal=Withdrawal.MISSING)
    assert "no file of this version" in compare(pinned(file(A)), gone, "").detail


def test_only_what_was_resolved_has_evidence() -> None:
    files, other = pinned(file(A)), component(ref="other", artifacts=(file(A),))
    third = component(ref="third")
    found = compare_all(
        [files, other, third], {"files": release(file(A))}, {"other": "offline"}
    )
    assert {ref: each.outcome for ref, each in found.items()} == {
        "files": Outcome.VERIFIED,
        "other": Outcome.UNCHECKED,
    }


digests = st.sampled_from([A, B, A512, B512, SHA1, SHA1_B, MD5])
files = st.builds(
    lambda name, chosen: Artifact(
        name=name, digests=tuple({d.algorithm: d for d in chosen}.values())
    ),
    st.sampled_from(["", "x.whl", "y.whl"]),
    st.lists(digests, max_size=3),
)


@given(st.lists(files, max_size=4), st.lists(files, max_size=4))
def test_verified_means_that_every_pin_has_an_equal_strong_digest(
    pins: list[Artifact], published: list[Artifact]
) -> None:
    if outcome(pins, published) is not Outcome.VERIFIED:
        return
    theirs = {d for each in published for d in each.digests if d.algorithm.identifies}
    real = [each for each in pins if each.digests]
    assert real
    assert all(theirs & set(each.digests) for each in real)
