"""A repository in a registry (OCI distribution-spec 1.1). The network is behind it.

A manifest or a blob is asked for by its digest, and has it. Only a tag has none, and
is asked for once: afterwards it may name something else.
"""

import hashlib
import re
from typing import Final
from urllib.parse import urljoin

from mcpchain import image
from mcpchain.address import Credential, is_loopback, lies_below
from mcpchain.artifact import Algorithm, Digest
from mcpchain.fetch import ChallengeError, Fetcher, FetchError, Request, Response
from mcpchain.inventory import State
from mcpchain.oci import login
from mcpchain.oci.manifest import ACCEPTED, INDEX, LIMIT, Descriptor, Manifest
from mcpchain.oci.source import SourceError, checked, parsed, sized
from mcpchain.settings.docker import DockerSettings
from mcpchain.signature import Status

_ACCEPT: Final = ", ".join(ACCEPTED)
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_NEXT: Final = re.compile(r'<([^<>]{1,2000})>\s*;\s*rel="?next"?', re.IGNORECASE)
_PAGES: Final = 16
_LONGEST: Final = 64
"""How much of a digest stands in a tag (distribution-spec, Referrers Tag Schema)."""


class Registry:
    """One repository.

    Args:
        fetcher: The network.
        repository: `host/path`.
        settings: The user's logins.
        seconds: For each answer.

    Raises:
        ValueError: *repository* names no host, or is no repository.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        repository: str,
        settings: DockerSettings,
        *,
        seconds: float = 60.0,
    ) -> None:
        named = image.parse(repository)
        if named.registry is None:
            raise ValueError(f"`{repository[:140]}` names no registry")
        if named.tag or named.digest:
            raise ValueError(f"`{repository[:140]}` is not only a repository")
        self.title = named.name
        host, _, self._path = image.canonical(named.name).partition("/")
        host = image.HUB_API if host == image.HUB else host
        # As Docker does it: on this machine nobody listens in.
        near = is_loopback(f"http://{host}")
        self._base = f"{'http' if near else 'https'}://{host}"
        self._fetcher = fetcher
        self._settings = settings
        self._seconds = seconds
        self._credential: Credential | None = None

    def resolve(self, tag: str) -> Digest:
        """Return the digest of what *tag* names now.

        Raises:
            SourceError: It names nothing, or that cannot be had.
        """
        return self._by_tag(tag).digest

    def manifest(self, digest: Digest) -> Manifest:
        """Return the manifest with *digest*, whose bytes have it."""
        where = f"manifests/{digest}"
        data = self._ask(where, _ACCEPT, LIMIT).body
        return parsed(checked(data, digest, self.title), digest, self.title)

    def tagged(self, digest: Digest, suffix: str) -> tuple[Manifest, ...]:
        """Return what has the tag that cosign gives to what it attaches."""
        try:
            return (self._by_tag(f"{_tag(digest)}.{suffix}"),)
        except SourceError as error:
            if error.status is Status.MISSING:
                return ()
            raise

    def referrers(self, digest: Digest) -> tuple[Descriptor, ...]:
        """Return what refers to *digest*; by a tag, where the registry keeps no list.

        Anybody who may push can write that tag. What it lists is looked at, and
        believed for its signatures alone.
        """
        try:
            return self._listed(digest)
        except SourceError as error:
            if error.status is not Status.MISSING:
                raise
        try:
            found = self._by_tag(_tag(digest))
        except SourceError as error:
            if error.status is Status.MISSING:
                return ()
            raise
        if not found.is_index:
            problem = f"the tag `{_tag(digest)[:20]}...` is of no index of referrers"
            raise SourceError(Status.UNVERIFIABLE, problem)
        return found.manifests

    def blob(self, descriptor: Descriptor, limit: int) -> bytes:
        """Return the bytes that *descriptor* names; elsewhere without a credential."""
        where = f"blobs/{descriptor.digest}"

        def read() -> bytes:
            try:
                return self._ask(where, "*/*", max(descriptor.size, 1)).body
            except SourceError as error:
                if error.status is not Status.MISSING:
                    raise
                problem = f"blob missing: `{self.title}` has no `{descriptor.digest}`"
                raise SourceError(Status.ERROR, problem) from None

        data = sized(descriptor, limit, read)
        return checked(data, descriptor.digest, self.title)

    def _listed(self, digest: Digest) -> tuple[Descriptor, ...]:
        where = f"referrers/{digest}"
        found: list[Descriptor] = []
        for _ in range(_PAGES):
            response = self._ask(where, INDEX, LIMIT)
            page = self._index(response)
            found += page.manifests
            onward = _NEXT.search(response.link)
            if not onward:
                return tuple(found)
            where = self._onward(response.url, onward[1])
        problem = f"`{self.title}` lists referrers without an end"
        raise SourceError(Status.ERROR, problem)

    def _onward(self, url: str, link: str) -> str:
        try:
            target = urljoin(url, link)
        except ValueError:
            target = ""
        below = f"{self._base}/v2/{self._path}/"
        if not target.startswith(below) or not lies_below(target, below):
            problem = f"`{self.title}` continues its list of referrers elsewhere"
            raise SourceError(Status.ERROR, problem)
        return target.removeprefix(below)

    def _by_tag(self, tag: str) -> Manifest:
        if not _TAG.fullmatch(tag):
            raise SourceError(Status.ERROR, f"`{tag[:140]}` is no tag")
        response = self._ask(f"manifests/{tag}", _ACCEPT, LIMIT, keep=False)
        return self._manifest(response)

    def _index(self, response: Response) -> Manifest:
        found = self._manifest(response)
        if not found.is_index:
            problem = f"`{self.title}` answers with no index of referrers"
            raise SourceError(Status.ERROR, problem)
        return found

    def _manifest(self, response: Response) -> Manifest:
        value = hashlib.sha256(response.body).hexdigest()
        digest = Digest(algorithm=Algorithm.SHA256, value=value)
        return parsed(response.body, digest, self.title)

    def _ask(
        self, where: str, accept: str, limit: int, *, keep: bool = True
    ) -> Response:
        """Ask, and once more with a new token if the registry wants one.

        Raises:
            SourceError: `MISSING` if the registry says that there is none, or else
                why it could not be had.
        """
        url = f"{self._base}/v2/{self._path}/{where}"
        try:
            try:
                return self._fetch(url, accept, limit, keep)
            except ChallengeError as error:
                self._credential = login.answer(
                    error,
                    base=self._base,
                    repository=self._path,
                    fetcher=self._fetcher,
                    settings=self._settings,
                )
                return self._fetch(url, accept, limit, keep)
        except FetchError as error:
            missing = error.state is State.MISSING
            status = Status.MISSING if missing else Status.ERROR
            raise SourceError(status, error.reason) from None

    def _fetch(self, url: str, accept: str, limit: int, keep: bool) -> Response:  # noqa: FBT001 - passed on
        return self._fetcher.fetch(
            Request(
                url=url,
                accept=accept,
                credential=self._credential,
                limit=limit,
                seconds=self._seconds,
                keep=keep,
            )
        )


def _tag(digest: Digest) -> str:
    """Return the tag under which what is attached to *digest* is found."""
    return f"{digest.algorithm.value}-{digest.value[:_LONGEST]}"
