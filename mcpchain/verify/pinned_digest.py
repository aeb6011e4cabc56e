"""The digests that a lock pins are those that the registry publishes.

Steps, for a component with pinned artifacts and the release that a registry offers:

1. No release: nothing to compare with, so `UNCHECKED`.
2. No pinned digest: nobody claims anything, so `ABSENT`.
3. Every pinned artifact is compared on its own.
   a. If the registry publishes a file of its name, that file's digests count, else
      those of all files of the release.
   b. Of every algorithm that pin and file have in common the digests must be equal:
      one that is not is enough for `REFUTED`.
   c. Where only MD5 or SHA-1 are in common, or nothing is, it stays open.
4. One refuted pin refutes the claim; one open pin leaves it `UNCHECKED`; only if every
   pin matches is it `VERIFIED`.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Component
from mcpchain.evidence import Claim, Evidence, Outcome
from mcpchain.release import Release

VERIFIER = "pinned-digest"


class _Match(enum.Enum):
    EQUAL = enum.auto()
    UNEQUAL = enum.auto()
    OPEN = enum.auto()


def compare_all(
    components: Sequence[Component],
    releases: Mapping[str, Release],
    unasked: Mapping[str, str],
) -> dict[str, Evidence]:
    """Return the evidence about the pins of every package that was resolved, by ref."""
    return {
        each.ref: compare(each, releases.get(each.ref), unasked.get(each.ref, ""))
        for each in components
        if each.ref in releases or each.ref in unasked
    }


def compare(component: Component, release: Release | None, unasked: str) -> Evidence:
    """Say whether the pins of *component* are what *release* publishes.

    Args:
        component: With the artifacts that its lock accepts.
        release: What the registry offers; `None` if it was not asked.
        unasked: Why not.
    """
    if release is None:  # 1
        return _evidence(Outcome.UNCHECKED, unasked or "no registry was asked")
    pins = [each for each in component.artifacts if each.digests]
    if not pins:  # 2
        return _evidence(Outcome.ABSENT, "no digest is pinned")
    open_pin: Artifact | None = None
    for pin in pins:  # 3
        match = _compare(pin, release.artifacts)
        if match is _Match.UNEQUAL:  # 4
            return _evidence(Outcome.REFUTED, _refusal(pin, release), pin.digests[0])
        if match is _Match.OPEN:
            open_pin = open_pin or pin
    if open_pin is not None:
        have = _names(open_pin.digests)
        offered = _names(d for a in release.artifacts for d in a.digests)
        detail = (
            f"pinned by {have}, while `{release.registry}` publishes "
            f"{offered or 'no digest'}: nothing strong enough to compare"
        )
        return _evidence(Outcome.UNCHECKED, detail, open_pin.digests[0])
    count = f"{len(pins)} pinned digest{'s' if len(pins) > 1 else ''}"
    detail = f"{count} published by `{release.registry}`"
    return _evidence(Outcome.VERIFIED, detail, pins[0].digests[0])


def _compare(pin: Artifact, offered: Iterable[Artifact]) -> _Match:
    files = [*offered]
    named = [each for each in files if pin.name and each.name == pin.name]
    matches = [_pair(pin, each) for each in named or files]
    if _Match.EQUAL in matches:
        return _Match.EQUAL
    # Of files that cannot be compared with the pin, any could be the pinned one.
    return _Match.OPEN if _Match.OPEN in matches else _Match.UNEQUAL


def _pair(pin: Artifact, offered: Artifact) -> _Match:
    common = [
        (ours, theirs)
        for ours in pin.digests
        if (theirs := offered.digest(ours.algorithm)) is not None
    ]
    if any(ours != theirs for ours, theirs in common):
        return _Match.UNEQUAL
    strong = any(ours.algorithm.identifies for ours, _ in common)
    return _Match.EQUAL if strong else _Match.OPEN


def _refusal(pin: Artifact, release: Release) -> str:
    what = f"`{pin.name[:140]}`" if pin.name else "a file"
    lead = f"{what} is pinned as `{pin.digests[0]}`, "
    named = [each for each in release.artifacts if pin.name and each.name == pin.name]
    if named:
        theirs = " and ".join(f"`{each}`" for each in named[0].digests)
        return f"{lead}but `{release.registry}` publishes it as {theirs}"
    if not release.artifacts:
        return f"{lead}but `{release.registry}` offers no file of this version"
    return f"{lead}which is none of the files that `{release.registry}` publishes"


def _names(digests: Iterable[Digest]) -> str:
    return ", ".join(sorted({each.algorithm.value for each in digests}))


def _evidence(outcome: Outcome, detail: str, subject: Digest | None = None) -> Evidence:
    return Evidence(
        claim=Claim.PINNED_DIGEST,
        outcome=outcome,
        verifier=VERIFIER,
        detail=detail,
        subject=subject,
    )
