"""Signatures of npm's registry, and the attestations that it keeps (npm provenance)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Self
from urllib.parse import urlsplit

from mcpchain.artifact import Algorithm, Digest
from mcpchain.audit.versions.npm import Npm
from mcpchain.bundle.policy import Expected
from mcpchain.component import Component
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.pipeline.registry_signatures.answers import told
from mcpchain.pipeline.registry_signatures.lead import (
    Before,
    Document,
    Lead,
    Step,
    Trusted,
    preceding,
)
from mcpchain.pipeline.registry_signatures.whom import Whom, own_name
from mcpchain.registries.page import instant, link
from mcpchain.signature import GITHUB, GITLAB, Status, Verification
from mcpchain.verify import npm_signatures

_ISSUERS: Final = {"github.com": GITHUB, "gitlab.com": GITLAB}
_PAIR: Final = 2
_ADDRESS: Final = re.compile(
    r"(?:(?:git\+)?(?:https?|git|ssh)://(?:[^@/\s]+@)?(?:www\.)?(?P<host>[a-z0-9.-]+)/"
    r"|git@(?P<scp>[a-z0-9.-]+):|(?P<short>github|gitlab|bitbucket):)?"
    r"(?P<path>[\w.~-]+(?:/[\w.~-]+)+)/?(?:[?#]\S*)?",
    re.ASCII,
)
_SHORT: Final = {"bitbucket": "bitbucket.org", "gitlab": "gitlab.com"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfNpm:
    """What npm's registry says of one version, as far as signatures go."""

    problem: str = ""
    """Why the rest cannot be relied upon."""
    package: npm_signatures.Package | None = None
    dist: Node | None = None
    attestations: str = ""
    """Where they are; empty if there are none."""
    declared: str = ""
    """The repository that the package declares."""
    before: tuple[Before, ...] = ()

    def beside(self, other: Self) -> Self:
        """Return this: npm asks one registry."""
        del other
        return self

    @classmethod
    def read(cls, manifest: Node, times: Node, registry: str, base: str) -> "OfNpm":
        """Read the *manifest* of a version; what is malformed is told by `problem`."""
        try:
            return cls._read(manifest, times, registry, base)
        except MalformedError as error:
            what = f"{error.pointer}: {error.problem}"
            problem = f"what the registry says of its signatures is malformed: {what}"
            return cls(problem=problem[:400])

    @classmethod
    def _read(cls, manifest: Node, times: Node, registry: str, base: str) -> "OfNpm":
        dist, version = manifest.at("dist"), manifest.at("version").text()
        integrity = dist.at("integrity").optional_text() or ""
        time = times.at(version) if times.exists else None
        where = dist.at("attestations")
        package = npm_signatures.Package(
            name=manifest.at("name").text(),
            version=version,
            integrity=integrity,
            sha512=_sha512(integrity),
            published=instant(time) if time is not None and time.exists else None,
        )
        url = _of_registry(where.at("url"), registry, base) if where.exists else ""
        declared = _declared(manifest.at("repository"))
        return cls(package=package, dist=dist, attestations=url, declared=declared)

    def document(self) -> Document | None:
        """Return where its attestations lie, if it has any."""
        if self.package is None or not self.attestations:
            return None
        read = partial(_verify, self.package, self.declared)
        return Document(url=self.attestations, read=read)

    def lead(self, package: Component, trusted: Trusted, files: int) -> Lead:
        """Return where to look for *package*, of which there is one file."""
        del files
        lead = Lead(declared=self.declared, before=self.before)
        if self.problem or self.package is None or self.dist is None:
            unread = told(package, Status.UNVERIFIABLE, self.problem)
            return replace(lead, told=(unread,))
        unsigned = not self.dist.at("signatures").exists and not self.attestations
        problem = "" if unsigned else self._flaw(package)
        if problem:
            return replace(lead, told=(told(package, Status.INVALID, problem),))
        document = self.document()
        return replace(
            lead,
            told=(_signed(self.dist, self.package, package, trusted),),
            documents=(document,) if document else (),
        )

    def _flaw(self, package: Component) -> str:
        """Say how the version differs from what is pinned; empty: it does not."""
        if self.package is None or not self.package.sha512:
            return "the registry gives no SHA-512 of it, which all signatures are over"
        pinned = {d for each in package.artifacts for d in each.digests}
        ours = {d for d in pinned if d.algorithm is Algorithm.SHA512}
        theirs = self.package.sha512.hex()
        if ours and all(each.value != theirs for each in ours):
            return "the registry delivers other bytes than those that are pinned"
        return ""


def _signed(
    dist: Node, about: npm_signatures.Package, package: Component, trusted: Trusted
) -> Verification:
    """Say whether the registry has signed it."""
    known = trusted.keys
    try:
        return npm_signatures.verify_signatures(dist, about, known.keys, known.origin)
    except MalformedError as error:
        reason = f"its signatures are malformed: {error.problem}"
        return told(package, Status.UNVERIFIABLE, reason)


def offers(
    page: Node, name: str, versions: Sequence[str], *, registry: str, url: str
) -> Mapping[str, OfNpm]:
    """Return what *page*, which came from *url*, offers of each of *versions*.

    Raises:
        MalformedError: It has not the shape of a packument.
    """
    del name
    listed, times = page.at("versions"), page.at("time")
    raw = listed.value if isinstance(listed.value, dict) else {}
    attested = {version for version, each in raw.items() if _attested(each)}
    steps = [*_steps(raw, attested)] if attested else []
    found: dict[str, OfNpm] = {}
    for version in versions:
        if version not in listed:
            continue
        offered = OfNpm.read(listed.at(version), times, registry, url)
        own = next((each for each in steps if each.version == version), None)
        before: list[Before] = []
        for text, nearest in preceding(own, steps) if own else ():
            document = None
            if not before:
                earlier = OfNpm.read(listed.at(text), times, registry, url)
                document = earlier.document()
            before.append(Before(version=text, nearest=nearest, document=document))
        found[version] = replace(offered, before=tuple(before))
    return found


def _attested(manifest: Any) -> bool:  # noqa: ANN401 - JSON, of which there is much
    dist = manifest.get("dist") if isinstance(manifest, dict) else None
    return isinstance(dist, dict) and bool(dist.get("attestations"))


def _steps(versions: Mapping[str, Any], attested: set[str]) -> Iterator[Step]:
    for version in versions:
        try:
            key = Npm().key(version)
        except ValueError:
            continue  # npm would not install it either
        numbers, final, _ = key
        yield Step(
            version=version,
            order=key,
            line=numbers[0] if numbers else (0, ""),
            early=not final,
            attested=version in attested,
        )


def _of_registry(node: Node, registry: str, base: str) -> str:
    """Return where *registry* has what the original one has at the address here.

    A mirror leaves the address as it is, and npm asks its own registry all the same.

    Raises:
        MalformedError: It is no address, or leads out of the registry.
    """
    url, own = link(node, base), registry.rstrip("/")
    path = urlsplit(url).path
    if {".", ".."} & {*path.split("/")}:
        raise node.malformed(f"`{url[:140]}` leads upwards")
    return url if url.startswith(f"{own}/") else f"{own}{path}"


def _verify(
    about: npm_signatures.Package,
    declared: str,
    data: bytes,
    trusted: Trusted,
    by: Whom | None,
) -> Iterator[Verification]:
    whom = by or _by_itself(declared)
    for each in npm_signatures.read_attestations(data, source="attestations"):
        own = own_name(each.bundle)
        for found in npm_signatures.verify_attestations(
            (each,), about, trusted.keys.keys, trusted.root, own, trusted.opinion
        ):
            answer = whom.judge(found)
            # That a package declares another repository, nobody else says.
            alone = answer.status is Status.UNTRUSTED_IDENTITY and by is None
            yield replace(answer, expected_by="") if alone else answer


def _by_itself(declared: str) -> Whom:
    """Return whom a package itself says to be built by, where that is known."""
    host = declared.removeprefix("https://").partition("/")[0]
    if host not in _ISSUERS:
        return Whom()
    expected = Expected(issuer=_ISSUERS[host], repository=declared)
    return Whom(expected=(expected,), by="index")


def _sha512(integrity: str) -> bytes:
    try:
        found = Digest.parse_sri(integrity)
    except ValueError:
        return b""
    for each in found:
        if each.algorithm is Algorithm.SHA512:
            return bytes.fromhex(each.value)
    return b""


def _declared(node: Node) -> str:
    """Return the address of a repository, in the forms that npm takes."""
    if node.is_object():
        node = node.at("url")
    text = node.value if node.is_text() else ""
    found = _ADDRESS.fullmatch(text.strip())
    if found is None:
        return ""
    host = found["host"] or found["scp"] or _SHORT.get(found["short"], "github.com")
    parts = found["path"].removesuffix(".git").split("/")
    if host == "github.com":
        parts = parts[:_PAIR]
    elif "-" in parts:
        parts = parts[: parts.index("-")]  # GitLab: what follows is a page of it
    return f"https://{host}/{'/'.join(parts).removesuffix('.git')}"
