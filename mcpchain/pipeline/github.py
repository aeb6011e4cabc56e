"""What does GitHub have that is signed about a file? Asks its API through the door.

The token of the user goes to the API alone: not to where bundles lie, which the API
says, and not to another host, wherever it points.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urljoin

from mcpchain.address import Credential, is_loopback, lies_below, plain
from mcpchain.bundle.parse import Bundle
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.verify import Artifact
from mcpchain.errors import MalformedError, UsageError
from mcpchain.fetch import Fetcher, FetchError, Request, Response, unreadable
from mcpchain.inventory import State
from mcpchain.settings import load
from mcpchain.signature import Status, Verification
from mcpchain.verify import github
from mcpchain.verify.github import KIND, LIMIT, PROVENANCE, Place, Problem

if TYPE_CHECKING:
    from mcpchain.pipeline.circumstances import Circumstances
    from mcpchain.pipeline.verification import Terms

ROOT: Final = "github"
"""What the root of the instance for private repositories is called, once imported."""
_COUNT: Final = 64
"""How many attestations of a file are looked at."""
_PAGES: Final = 8
_TOTAL: Final = 64 << 20
"""How many bytes of bundles are read that lie elsewhere."""
_AT_ONCE: Final = 8
_HOST: Final = "GH_HOST"
_OWN: Final = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
_TOKENS: Final = ("GH_TOKEN", "GITHUB_TOKEN")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_ISSUERS: Final = "https://token.actions."
_NEXT: Final = re.compile(r'<([^<>]*)>\s*;[^,]*\brel="?next\b')


def place(terms: "Terms", around: "Circumstances") -> Place | None:
    """Return who on GitHub is expected to have signed; `None`: nobody there."""
    expected = terms.expected
    if expected is None or not expected.issuer.startswith(_ISSUERS):
        return None
    return Place.of(expected.repository, around.environ.get(_HOST, ""))


def verify(
    artifact: Artifact, terms: "Terms", around: "Circumstances", lacks: str = ""
) -> tuple[Verification, ...]:
    """Return what GitHub has about a file: every yes, or why there is none.

    Args:
        artifact: The file; it is known by its SHA-256.
        terms: Whom the user trusts: somebody who is there.
        around: When and where it is asked.
        lacks: What else was looked for, and is not there.
    """
    where = place(terms, around)
    if where is None or around.offline:
        reason = f"{lacks}GitHub was not asked (offline)"
        return (Verification(status=Status.ERROR, reason=reason, kind=KIND),)
    settings = load(around.environ, home=around.home, projects=around.projects)
    with Fetcher(offline=around.offline, route=settings.route) as fetcher:
        found = ask(artifact, where, terms, around, fetcher)
    return tuple(
        replace(each, reason=f"{lacks}{each.reason}")
        if each.status in {Status.ERROR, Status.MISSING}
        else each
        for each in found
    )


def ask(
    artifact: Artifact,
    where: Place,
    terms: "Terms",
    around: "Circumstances",
    fetcher: Fetcher,
) -> tuple[Verification, ...]:
    """Ask about *artifact* through *fetcher*; what is verified is only its answers."""
    given = replace(terms.trust, predicate_types=terms.predicate_types or (PROVENANCE,))
    work = _Asking(where, fetcher, credential(where, around))
    found = work.ask(artifact.digests["sha256"].hex(), given.predicate_types)
    return github.answers(found, artifact, given, _unlogged(around), where.title)


def credential(where: Place, around: "Circumstances") -> Credential | None:
    """Return what the user is known by there (as `gh` finds it), if at all.

    Raises:
        UsageError: It is none that can be sent.
    """
    names = _TOKENS
    if where.host != "github.com" and not where.host.endswith(".ghe.com"):
        names = _OWN
    for name in names:
        if token := around.environ.get(name, "").strip():
            if not _TOKEN.fullmatch(token):
                hint = "repair it, or take it out of the environment"
                raise UsageError(f"`{name}` holds no token", hint=hint)
            return Credential(scope=where.api, header=f"Bearer {token}")
    return None


def _unlogged(around: "Circumstances") -> TrustedRoot | None:
    """Return the root for private repositories, if the user has imported it.

    Not where the user has named another: then that one is for everything.
    """
    from mcpchain.pipeline.trusting import choose
    from mcpchain.trust.folder import Folder
    from mcpchain.trust.imported import names

    if around.root or around.trusted_root or ROOT not in names(Folder(around.trust)):
        return None
    return choose(ROOT, around.trust, around.now).root


@dataclass(slots=True)
class _Asking:
    """What was found so far."""

    where: Place
    fetcher: Fetcher
    credential: Credential | None
    found: list[Bundle | Problem] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    """Where further ones lie."""
    size: int = 0

    def ask(self, digest: str, kinds: Sequence[str]) -> list[Bundle | Problem]:
        """Return all that is there about *digest*, and what stood in the way."""
        query = "&predicate_type=" + quote(kinds[0], safe="") if len(kinds) == 1 else ""
        for path in self.where.paths:
            base = f"{self.where.api}/{path}/attestations/sha256:{digest}"
            try:
                self._list(f"{base}?per_page={_COUNT}{query}")
                break
            except FetchError as error:
                if error.state is not State.MISSING:
                    self._fail(error.reason)
                    break
        for start in range(0, len(self.away), _AT_ONCE):
            if self.size > _TOTAL:
                self._stop()
                break
            self._fetch(self.away[start : start + _AT_ONCE])
        return self.found

    def _list(self, url: str) -> None:
        for _ in range(_PAGES):
            response = self.fetcher.fetch(
                Request(url=url, credential=self.credential, keep=False)
            )
            try:
                for each in github.listed(response.document()):
                    if len(self.found) + len(self.away) >= _COUNT:
                        self._stop()
                        return
                    if isinstance(each, str):
                        self.away.append(each)
                    else:
                        self.found.append(each)
            except MalformedError as error:
                raise unreadable(plain(url), error.problem) from None
            onward = _NEXT.search(response.link)
            if onward is None:
                return
            url = self._onward(response.url, onward[1])
        self._stop()

    def _onward(self, url: str, link: str) -> str:
        try:
            target = urljoin(url, link)
        except ValueError:
            target = ""
        if not lies_below(target, self.where.api):
            raise unreadable(plain(url), "its list goes on elsewhere")
        return target

    def _stop(self) -> None:
        self._fail(
            f"more is attested of it than is looked at ({_COUNT}, {_TOTAL >> 20} MiB)"
        )

    def _fail(self, reason: str) -> None:
        self.found.append(Problem(status=Status.ERROR, reason=reason))

    def _fetch(self, addresses: Sequence[str]) -> None:
        """Fetch bundles from where they lie, without saying who asks."""
        asked = []
        for each in addresses:
            if each.startswith("https:") or (
                is_loopback(each) and is_loopback(self.where.api)
            ):
                request = Request(url=each, accept="*/*", limit=LIMIT, keep=False)
                asked.append(request)
            else:
                self._fail(f"a bundle lies at `{plain(each)}`, which is not asked")
        for answer in self.fetcher.fetch_all(asked, self._read):
            if isinstance(answer, FetchError):
                # What is listed and is not there could have been anything.
                self._fail(answer.reason)
            else:
                self.found.append(answer)

    def _read(self, _: int, response: Response) -> Bundle | Problem:
        self.size += len(response.body)
        return github.read(response.body)
