"""The bytes that a registry delivers are those that were pinned and published.

The file that would be installed on this machine is fetched and hashed; nothing of it is
kept, unpacked or run. Steps, for one component and its release:

1. Choose the file that pip or npm would take here, among the pinned ones if some are
   pinned by name.
2. Read it as it is delivered, by a way no weaker than the one to its registry.
3. Compare its digests with those that the registry publishes for this file, and with
   those that are pinned for it: by name, or else by any pin without one. Unequal is
   `REFUTED`.
4. `VERIFIED` only if a digest that identifies bytes (not MD5, SHA-1) was equal, and a
   pinned one if anything is pinned.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Final

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.component import Component
from mcpchain.evidence import Claim, Evidence, Outcome
from mcpchain.fetch import FILE_LIMIT, Fetcher, FetchError, Request
from mcpchain.fetch.message import Progress
from mcpchain.inventory import State
from mcpchain.release import Release
from mcpchain.settings import Settings

if TYPE_CHECKING:
    from packaging.tags import Tag

VERIFIER: Final = "delivered-bytes"
_THREADS: Final = 4
_SECONDS: Final = 1800.0


def download(
    components: Sequence[Component],
    releases: Mapping[str, Release],
    *,
    fetcher: Fetcher,
    settings: Settings,
    limit: int = FILE_LIMIT,
    progress: Progress | None = None,
) -> dict[str, Evidence]:
    """Fetch one file of every release and return what its bytes say, by ref.

    Args:
        components: With their refs.
        releases: What their registries offer, by ref.
        fetcher: The network.
        settings: Finds what to present at a registry. It is sent with a file only
            where the file lies within the same scope.
        limit: How many bytes a file may have.
        progress: Called with (files done, files in all).
    """
    wanted = [each for each in components if each.ref in releases]

    def one(component: Component) -> Evidence:
        return _check(component, releases[component.ref], fetcher, settings, limit)

    found: dict[str, Evidence] = {}
    pool = ThreadPoolExecutor(_THREADS)
    try:
        results = zip(wanted, pool.map(one, wanted), strict=True)
        for done, (component, evidence) in enumerate(results, 1):
            found[component.ref] = evidence
            if progress:
                progress(done, len(wanted))
    finally:
        # Who interrupts us does not wait for what has not begun.
        pool.shutdown(cancel_futures=True)
    return found


def _check(
    component: Component,
    release: Release,
    fetcher: Fetcher,
    settings: Settings,
    limit: int,
) -> Evidence:
    chosen = choose(component, release)  # 1
    if chosen is None or chosen.url is None:
        return _evidence(
            Outcome.UNCHECKED, "the registry offers no file that fits this machine"
        )
    pins = _pins(component, chosen)
    asked = {each.algorithm for file in (chosen, *pins) for each in file.digests}
    try:  # 2
        request = _request(chosen.url, release, settings, limit)
        got = fetcher.download(request, sorted(asked | {Algorithm.SHA256}, key=_rank))
    except FetchError as error:
        return _evidence(Outcome.UNCHECKED, error.reason)
    name, subject = f"`{chosen.name[:140]}`", got.digests[-1]
    published, wrong = _compare(chosen, got.digests)  # 3
    if wrong:
        detail = f"{name} was delivered as {wrong[0]}, but published as {wrong[1]}"
        return _evidence(Outcome.REFUTED, detail, subject)
    results = [_compare(each, got.digests) for each in pins]
    refusals = [refusal for _, refusal in results if refusal]
    if refusals and len(refusals) == len(pins):
        detail = f"{name} was delivered as {refusals[0][0]}, but pinned as "
        return _evidence(Outcome.REFUTED, detail + refusals[0][1], subject)
    pinned = any(strong for strong, refusal in results if not refusal)
    if not (pinned if pins else published):  # 4
        what = "pinned" if pins else "published"
        detail = f"{name} was delivered as `{subject}`, but no SHA-2 digest is {what}"
        return _evidence(Outcome.UNCHECKED, detail, subject)
    what = "pinned and published" if pins and published else "pinned"
    detail = f"{name} was delivered as it is {what if pins else 'published'}"
    return _evidence(Outcome.VERIFIED, detail, subject)


def _request(url: str, release: Release, settings: Settings, limit: int) -> Request:
    """Ask for the file at *url* with no more than its registry may see.

    Raises:
        FetchError: It would come unencrypted, though its registry does not.
    """
    registries = release.registry.split()
    if url.startswith("http:") and all(r.startswith("https:") for r in registries):
        raise FetchError(
            State.UNSUPPORTED,
            f"`{url[:140]}` would come unencrypted and was not downloaded",
            hint="use a registry that delivers its files by https",
        )
    logins = (settings.credential(each) for each in registries)
    login = next((each for each in logins if each and each.covers(url)), None)
    return Request(
        url=url,
        accept="*/*",
        credential=login,
        limit=limit,
        seconds=_SECONDS,
    )


def choose(component: Component, release: Release) -> Artifact | None:
    """Return the file that pip or npm would take here."""
    names = {each.name for each in component.artifacts if each.name}
    known = [each for each in release.artifacts if each.name in names]
    files = [each for each in known or release.artifacts if each.url]
    if component.purl is None or component.purl.type != "pypi":
        return files[0] if files else None
    wheels = [each for each in files if each.name.endswith(".whl")]
    others = [each for each in files if not each.name.endswith(".whl")]
    return _best_wheel(wheels) or (others[0] if others else None)


def _best_wheel(wheels: Sequence[Artifact]) -> Artifact | None:
    """Return the wheel with the tag that this interpreter prefers (PEP 425)."""
    from packaging.utils import (
        InvalidWheelFilename,
        parse_wheel_filename,
    )

    if not wheels:
        return None
    rank = _preferred()
    fitting = []
    for wheel in wheels:
        try:
            _, _, build, tags = parse_wheel_filename(wheel.name)
        except InvalidWheelFilename:
            continue  # no installer takes it either
        order = min((rank[tag] for tag in tags if tag in rank), default=None)
        if order is not None:
            fitting.append((-order, build, wheel.name, wheel))
    return max(fitting, key=lambda each: each[:3])[3] if fitting else None


@cache
def _preferred() -> "Mapping[Tag, int]":
    from packaging.tags import sys_tags

    return {tag: index for index, tag in reversed([*enumerate(sys_tags())])}


def _pins(component: Component, chosen: Artifact) -> list[Artifact]:
    """Return the pins that speak of *chosen*: by its name, else by none, else all."""
    pins = [each for each in component.artifacts if each.digests]
    named = [each for each in pins if each.name == chosen.name]
    return named or [each for each in pins if not each.name] or pins


def _compare(
    claim: Artifact, got: Sequence[Digest]
) -> tuple[bool, tuple[str, str] | None]:
    """Return whether a digest that identifies bytes is equal, and one that is not.

    Of the unequal ones the delivered and the claimed digest, for a reader.
    """
    theirs = {each.algorithm: each for each in got}
    for digest in claim.digests:
        if theirs[digest.algorithm] != digest:
            return False, (f"`{theirs[digest.algorithm]}`", f"`{digest}`")
    return any(each.algorithm.identifies for each in claim.digests), None


def _rank(algorithm: Algorithm) -> int:
    return list(Algorithm).index(algorithm)


def _evidence(outcome: Outcome, detail: str, subject: Digest | None = None) -> Evidence:
    return Evidence(
        claim=Claim.DELIVERED_BYTES,
        outcome=outcome,
        verifier=VERIFIER,
        detail=detail,
        subject=subject,
    )
