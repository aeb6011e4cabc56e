"""The bytes that a registry delivers are those that were pinned and published.

The file that would be installed on this machine is fetched and hashed; nothing of it is
kept, unpacked or run. Its digest has to be the pinned one and the published one.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.component import Component
from mcpchain.evidence import Claim, Evidence, Outcome
from mcpchain.fetch import Fetcher, FetchError, Request
from mcpchain.fetch.message import FILE_LIMIT
from mcpchain.release import Release
from mcpchain.settings import Settings

VERIFIER: Final = "delivered-bytes"
_THREADS: Final = 4
_ALGORITHMS: Final = (Algorithm.SHA256, Algorithm.SHA384, Algorithm.SHA512)


def download(
    components: Sequence[Component],
    releases: Mapping[str, Release],
    *,
    fetcher: Fetcher,
    settings: Settings,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Evidence]:
    """Fetch one file of every release and return what its bytes say, by ref."""
    wanted = [each for each in components if each.ref in releases]

    def one(component: Component) -> Evidence:
        return _check(component, releases[component.ref], fetcher, settings)

    found: dict[str, Evidence] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        for done, (component, evidence) in enumerate(
            zip(wanted, pool.map(one, wanted), strict=True), 1
        ):
            found[component.ref] = evidence
            if progress:
                progress(done, len(wanted))
    return found


def _check(
    component: Component, release: Release, fetcher: Fetcher, settings: Settings
) -> Evidence:
    chosen = _choose(release.artifacts)
    if chosen is None or chosen.url is None:
        return _evidence(Outcome.UNCHECKED, "the registry offers no file to fetch")
    request = Request(
        url=chosen.url,
        accept="*/*",
        limit=FILE_LIMIT,
        credential=settings.credential(chosen.url),
        seconds=600.0,
    )
    try:
        got = fetcher.download(request, _ALGORITHMS).digests
    except FetchError as error:
        return _evidence(Outcome.UNCHECKED, error.reason)
    name = f"`{chosen.name[:140]}`"
    published = _same(got, chosen)
    if published is False:
        detail = (
            f"{name} was delivered with {_shown(got)}, which is not what is published"
        )
        return _evidence(Outcome.REFUTED, detail, got[0])
    pins = [each for each in component.artifacts if each.digests]
    named = [each for each in pins if each.name == chosen.name] or pins
    answers = [_same(got, each) for each in named]
    if pins and True not in answers and False in answers:
        detail = f"{name} was delivered with {_shown(got)}, which is not pinned"
        return _evidence(Outcome.REFUTED, detail, got[0])
    if True in answers or (not pins and published):
        return _evidence(Outcome.VERIFIED, f"{name} was fetched and hashed", got[0])
    return _evidence(Outcome.UNCHECKED, f"{name}: no strong digest to compare with")


def _choose(artifacts: Sequence[Artifact]) -> Artifact | None:
    """Return what pip would take here: the best wheel, else a source distribution."""
    wheels = {each.name: each for each in artifacts if each.name.endswith(".whl")}
    if wheels:
        from packaging.tags import sys_tags
        from packaging.utils import InvalidWheelFilename, parse_wheel_filename

        ranks = {tag: rank for rank, tag in enumerate(sys_tags())}
        fitting: list[tuple[int, str]] = []
        for name in wheels:
            try:
                tags = parse_wheel_filename(name)[3]
            except InvalidWheelFilename:
                continue  # pip cannot take it either
            if best := [ranks[tag] for tag in tags if tag in ranks]:
                fitting.append((min(best), name))
        if fitting:
            return wheels[min(fitting)[1]]
    others = [each for each in artifacts if each.name not in wheels]
    return (others or list(artifacts) or [None])[0]


def _same(got: Sequence[Digest], artifact: Artifact) -> bool | None:
    """Compare by the strongest common digest; `None` where there is none."""
    for digest in reversed(got):
        theirs = artifact.digest(digest.algorithm)
        if theirs is not None:
            return theirs == digest
    return None


def _shown(digests: Sequence[Digest]) -> str:
    return f"`{digests[0]}`"


def _evidence(outcome: Outcome, detail: str, subject: Digest | None = None) -> Evidence:
    return Evidence(
        claim=Claim.DELIVERED_BYTES,
        outcome=outcome,
        verifier=VERIFIER,
        detail=detail,
        subject=subject,
    )
