"""npm registries: the packument, `GET /<name>` (npm's registry API)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import ClassVar, Final
from urllib.parse import quote, unquote, urlsplit

from mcpchain.artifact import Artifact, Digest
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.fetch import Request, unreadable
from mcpchain.naming import npm_purl
from mcpchain.registries.page import Offer, Problems, Want, instant, link
from mcpchain.release import Release, Withdrawal

_PART: Final = re.compile(r"(?!\.)[^\s/\\?#%@\x00-\x20\x7f]{1,214}")
_RANGE: Final = re.compile(r"[\s<>=^~|*]|^\d|^[vx]?\d")
"""What npm reads as a range of versions and never as the name of a tag."""


class Npm:
    """Asks a registry for the packument of a package."""

    id: ClassVar[str] = "npm"
    purl_type: ClassVar[str] = "npm"
    title: ClassVar[str] = "npm"

    def request(self, name: str, registry: str) -> Request:
        """Return the request for the packument of *name*.

        The short form of a packument has no times, so the long one is asked for.

        Raises:
            ValueError: *name* is not the name of a package.
        """
        npm_purl(name)
        parts = name.split("/")
        if not all(_PART.fullmatch(each.removeprefix("@")) for each in parts):
            raise ValueError(f"`{name[:140]}` is not the name of a package")
        return Request(url=f"{registry.rstrip('/')}/{quote(name, safe='@')}")

    def read(
        self,
        page: Node,
        name: str,
        wants: Iterable[Want],
        *,
        registry: str,
        url: str,
    ) -> Mapping[Want, Offer]:
        """Return what *page* offers for each of *wants*.

        Raises:
            FetchError: It is not the packument of this package.
            MalformedError: It has not the shape of one.
        """
        check(page, name)
        return {want: _offer(page, name, want, registry, url) for want in wants}

    def merge(self, offers: Iterable[Offer]) -> Offer:
        """Join what several registries offer: npm asks only one, so the first."""
        return next(iter(offers))


def check(page: Node, name: str) -> None:
    """Check that *page* is the packument of the package *name*.

    Raises:
        FetchError: It is that of another one.
        MalformedError: It has not the shape of one.
    """
    told = page.at("name").text()
    if told != name:
        problem = f"answered with the data of another package, `{told[:140]}`"
        raise unreadable(page.source, problem)
    if page.at("versions").exists and not page.at("versions").is_object():
        raise page.at("versions").unexpected("an object")


def _offer(page: Node, name: str, want: Want, registry: str, url: str) -> Offer:
    missing = Release(
        registry=registry,
        name=name,
        version=want.version or want.requested or "latest",
        withdrawal=Withdrawal.MISSING,
        reason=f"not among the versions at `{registry}`",
    )
    try:
        version = want.version or _tagged(page, want.requested)
        if version is None:
            return Offer(release=None)
        versions = page.at("versions")
        if version not in versions:
            return Offer(release=missing)
        unread = replace(missing, version=version)
        return _release(page, versions.at(version), unread, url)
    except MalformedError as error:
        return Offer(
            release=None, problems=(f"{error.pointer}: {error.problem}"[:300],)
        )


def _tagged(page: Node, requested: str) -> str | None:
    """Return the version that a tag stands for now; `None` for a range."""
    tag = requested if requested not in {"", "*", "x"} else "latest"
    if _RANGE.search(tag):
        return None
    found = page.at("dist-tags")
    # A tag that is not there stands for a version that is not there.
    return found.at(tag).text() if tag in found else tag


def _release(page: Node, node: Node, unread: Release, url: str) -> Offer:
    """Read one version. What of it is malformed is left out and noted."""
    for key, expected in (("name", unread.name), ("version", unread.version)):
        told = node.at(key).text()
        if told != expected:
            raise node.at(key).malformed(f"`{told[:140]}` where `{expected}` should be")
    problems = Problems()
    artifact = tarball(node, url, page.at("time"), problems)
    withdrawal, reason = _deprecation(node.at("deprecated"))
    release = replace(
        unread,
        artifacts=(artifact,),
        withdrawal=withdrawal,
        reason=reason,
    )
    return Offer(release=release, problems=tuple(problems))


def tarball(node: Node, base: str, times: Node, problems: Problems) -> Artifact:
    """Read the tarball of one version. What is malformed is left out and noted.

    Args:
        node: The version.
        base: Where the packument came from.
        times: Of all versions, as far as it tells any.
        problems: Takes what could not be read.
    """
    artifact = Artifact()
    try:
        dist = node.at("dist")
        url = link(dist.at("tarball"), base)
        name = unquote(urlsplit(url).path.rpartition("/")[2])
        artifact = replace(artifact, name=name, url=url)
        artifact = replace(artifact, digests=_digests(dist))
        version = node.at("version").text()
        if times.exists:
            artifact = replace(artifact, published=instant(times.at(version)))
    except MalformedError as error:
        problems.note(error)
    return artifact


def _digests(dist: Node) -> tuple[Digest, ...]:
    """Read `integrity` (SRI) and `shasum` (SHA-1, in hexadecimal)."""
    found: dict[str, Digest] = {}
    integrity, shasum = dist.at("integrity"), dist.at("shasum")
    try:
        if text := shasum.optional_text():
            found["sha1"] = Digest.of("sha1", text)
    except ValueError as error:
        raise shasum.malformed(str(error)) from None
    try:
        strongest = (
            Digest.parse_sri(text) if (text := integrity.optional_text()) else ()
        )
    except ValueError as error:
        raise integrity.malformed(str(error)) from None
    if len(set(strongest)) > 1:
        raise integrity.malformed("names several digests for one file")
    found.update({each.algorithm.value: each for each in strongest})
    return tuple(found.values())


def _deprecation(node: Node) -> tuple[Withdrawal | None, str]:
    """Read `deprecated`: a reason; empty or false takes it back."""
    if node.is_text():
        text = node.text()[:500]
        return (Withdrawal.DEPRECATED if text else None), text
    return (Withdrawal.DEPRECATED if node.exists and node.value else None), ""


REGISTRY: Final = Npm()
