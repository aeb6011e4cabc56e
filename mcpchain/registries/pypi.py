"""Python indexes: the Simple API in JSON (PEP 691, 700, 592, 740, 792)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidWheelFilename,
    canonicalize_name,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.fetch import FetchError, Request, unreadable
from mcpchain.inventory import State
from mcpchain.registries.page import Offer, Problems, Want, instant, link, size
from mcpchain.release import Release, Withdrawal

_JSON: Final = "application/vnd.pypi.simple.v1+json"
_SDIST: Final = re.compile(
    r"(.+)\.(?:tar(?:\.(?:gz|bz2|xz|lz|lzma))?|tgz|tbz|txz|tlz|zip)"
)
"""What pip takes for a source distribution, far more than PEP 625 and PEP 527 allow."""
_FOR_PYTHON: Final = re.compile(r"-py[123]\.?[0-9]?\Z")
"""pip takes this off a version, and looks whether it is the running Python's."""
_NAME_LIMIT: Final = 1000
_KNOWN: Final = frozenset(each.value for each in Algorithm)


_POETRY: Final = ("^", "~")
"""Begin ranges that Poetry has and PEP 440 has not; what they choose is not told."""


class Pypi:
    """Asks an index for the page of a project."""

    id: ClassVar[str] = "pypi"
    purl_type: ClassVar[str] = "pypi"
    title: ClassVar[str] = "PyPI"

    def request(self, name: str, registry: str) -> Request:
        """Return the request for the page of the project *name*.

        Raises:
            ValueError: *name* is not the name of a project.
        """
        try:
            folded = canonicalize_name(name, validate=True)
        except ValueError:
            raise ValueError(f"`{name[:140]}` is not the name of a project") from None
        return Request(url=f"{registry.rstrip('/')}/{folded}/", accept=_JSON)

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
            FetchError: It is not the page of this project, or of an unknown form.
            MalformedError: It has not the shape of one.
        """
        check(page, name)
        project = Project.read(page, name, registry, url)
        return {want: project.offer(want) for want in wants}

    def merge(self, offers: Iterable[Offer]) -> Offer:
        """Join what several indexes offer, which pip takes for one."""
        every = tuple(offers)
        problems = tuple(each for offer in every for each in offer.problems)
        found = [each.release for each in every if each.release]
        there = [each for each in found if each.withdrawal is not Withdrawal.MISSING]
        if not there:
            return Offer(release=found[0] if found else None, problems=problems)
        best = max(_version(each.version) for each in there)
        same = [each for each in there if _version(each.version) == best]
        if len(same) == 1:
            return Offer(release=same[0], problems=problems)
        files = tuple(file for each in same for file in each.artifacts)
        severe = next(
            (each for each in same if each.withdrawal is Withdrawal.QUARANTINED), None
        )
        yanked = bool(files) and all(file.withdrawn is not None for file in files)
        worst = severe or (same[0] if yanked else None)
        return Offer(
            release=replace(
                same[0],
                registry=" ".join(each.registry for each in same),
                artifacts=files,
                withdrawal=worst.withdrawal if worst else None,
                reason=worst.reason if worst else "",
            ),
            problems=problems,
        )


def check(page: Node, name: str) -> None:
    """Check that *page* is the page of the project *name*.

    Raises:
        FetchError: It is that of another one, or of an unknown form.
        MalformedError: It has not the shape of one.
    """
    api = page.at("meta").at("api-version").text()
    if api.partition(".")[0] != "1":
        raise FetchError(
            State.UNSUPPORTED,
            f"`{page.source}` speaks version `{api[:40]}` of the Simple API, not 1",
            hint="look for a newer mcpchain",
        )
    told = page.at("name").text()
    if canonicalize_name(told) != canonicalize_name(name):
        problem = f"answered with the data of another package, `{told[:140]}`"
        raise unreadable(page.source, problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One page, its files sorted by version and not yet read."""

    name: str
    registry: str
    url: str
    """Where the page came from: addresses in it are relative to that."""
    files: Mapping[Version, tuple[Node, ...]]
    listed: frozenset[Version]
    """Versions that the page names, with files or without (PEP 700): there is nothing
    to install of the latter."""
    unnamed: int
    """How many files have a name that tells no version."""
    status: str
    reason: str

    @classmethod
    def read(cls, page: Node, name: str, registry: str, url: str) -> "Project":
        """Sort the files of *page*, which came from *url*.

        Raises:
            MalformedError: It has not the shape of a page.
        """
        files: dict[Version, list[Node]] = {}
        unnamed = 0
        for node in page.at("files").elements():
            version = _version_of(node, name)
            if version is None:
                unnamed += 1
            else:
                files.setdefault(version, []).append(node)
        listed = {
            version
            for each in page.at("versions").elements()
            if (version := _parsed(each.text())) is not None
        }
        status = page.at("project-status") if "project-status" in page else None
        return cls(
            name=name,
            registry=registry,
            url=url,
            files={version: tuple(nodes) for version, nodes in files.items()},
            listed=frozenset(listed),
            unnamed=unnamed,
            status=(status.at("status").optional_text() or "") if status else "",
            reason=(status.at("reason").optional_text() or "") if status else "",
        )

    def offer(self, want: Want) -> Offer:
        """Return the release that *want* means."""
        if want.version is not None:
            version = _parsed(want.version)
            if version is None:
                problem = f"`{want.version[:140]}` is not a version (PEP 440)"
                return Offer(release=None, problems=(problem,))
            return self._release(version, want.version)
        return self._newest(want.requested)

    def _newest(self, requested: str) -> Offer:
        """Choose as pip does: neither yanked nor a pre-release, if there is another."""
        if requested.startswith(_POETRY) and not requested.startswith("~="):
            return Offer(release=None)
        try:
            # `latest` is what uvx calls the newest; to pip it means nothing.
            allowed = SpecifierSet("" if requested in {"latest", "*"} else requested)
        except InvalidSpecifier:
            problem = f"`{requested[:140]}` is not a version specifier (PEP 440)"
            return Offer(release=None, problems=(problem,))
        usable = {
            version
            for version, nodes in self.files.items()
            if not all(is_yanked(node) for node in nodes)
        }
        fitting = list(allowed.filter(usable))
        if fitting:
            version = max(fitting)
            return self._release(version, str(version))
        return Offer(release=self._missing(requested or "newest"))

    def _release(self, version: Version, spelling: str) -> Offer:
        problems = Problems()
        nodes = self.files.get(version, ())
        if not nodes:
            listed = version in self.listed
            return Offer(release=self._missing(spelling, listed=listed))
        artifacts = tuple(file_of(node, self.url, problems) for node in nodes)
        withdrawal, reason = self._withdrawal(artifacts)
        release = Release(
            registry=self.registry,
            name=self.name,
            version=spelling,
            artifacts=artifacts,
            withdrawal=withdrawal,
            reason=reason,
        )
        return Offer(release=release, problems=tuple(problems))

    def _withdrawal(
        self, artifacts: tuple[Artifact, ...]
    ) -> tuple[Withdrawal | None, str]:
        if self.status == "quarantined":
            return Withdrawal.QUARANTINED, self.reason[:500]
        if all(each.withdrawn is not None for each in artifacts):
            reasons = sorted({each.withdrawn for each in artifacts if each.withdrawn})
            return Withdrawal.YANKED, "; ".join(reasons)[:500]
        if self.status == "deprecated":
            return Withdrawal.DEPRECATED, self.reason[:500]
        return None, ""

    def _missing(self, spelling: str, *, listed: bool = False) -> Release:
        reason = f"not among the {len(self.files)} versions at `{self.registry}`"
        if listed:
            reason = (
                f"listed at `{self.registry}` without a file that could be installed"
            )
        if self.unnamed:
            reason += f"; {self.unnamed} files have names that tell no version"
        if self.status == "quarantined":
            withdrawal, reason = Withdrawal.QUARANTINED, self.reason[:500]
        else:
            withdrawal = Withdrawal.MISSING
        return Release(
            registry=self.registry,
            name=self.name,
            version=spelling,
            withdrawal=withdrawal,
            reason=reason,
        )


def _version_of(node: Node, name: str) -> Version | None:
    """Return the version of a file of the project *name*, as its name tells pip."""
    try:
        filename = node.at("filename").text()
        if len(filename) > _NAME_LIMIT:
            return None
        if filename.endswith(".whl"):
            # The whole name, with its tags, is slow to read and not needed here.
            parts = filename.split("-")
            same = canonicalize_name(parts[0]) == canonicalize_name(name)
            return _parsed(parts[1]) if same and len(parts) in {5, 6} else None
    except MalformedError:
        return None
    sdist = _SDIST.fullmatch(filename)
    ours = _before_version(name).match(sdist[1]) if sdist else None
    if sdist is None or ours is None:
        return None
    return _parsed(_FOR_PYTHON.sub("", sdist[1][ours.end() :]))


@lru_cache(maxsize=64)
def _before_version(name: str) -> re.Pattern[str]:
    """Match every spelling of the project *name*, and the dash behind it."""
    parts = map(re.escape, canonicalize_name(name).split("-"))
    return re.compile("[-_.]+".join(parts) + "-", re.IGNORECASE | re.ASCII)


def file_of(node: Node, base: str, problems: Problems) -> Artifact:
    """Read one file. What of it is malformed is left out and noted."""
    name = node.at("filename").text()
    artifact = Artifact(name=name)
    try:
        _check_wheel(name, node)
        artifact = replace(artifact, withdrawn=_withdrawn(node.at("yanked")))
        artifact = replace(artifact, url=link(node.at("url"), base))
        artifact = replace(artifact, digests=_digests(node.at("hashes")))
        artifact = replace(artifact, size=size(node.at("size")))
        artifact = replace(artifact, published=instant(node.at("upload-time")))
    except MalformedError as error:
        problems.note(error)
    return artifact


def _check_wheel(name: str, node: Node) -> None:
    try:
        if name.endswith(".whl"):
            parse_wheel_filename(name)
    except InvalidWheelFilename:
        raise node.malformed(f"`{name[:140]}` is not the name of a file") from None


def _withdrawn(node: Node) -> str | None:
    """Read `yanked`: a flag, or the reason (PEP 592). An empty reason counts too."""
    if node.is_text():
        return node.text()[:500]
    return "" if node.flag() else None


def is_yanked(node: Node) -> bool:
    """Say whether the file *node* is withdrawn, or may be (PEP 592)."""
    try:
        return _withdrawn(node.at("yanked")) is not None
    except MalformedError:
        return True


def _digests(node: Node) -> tuple[Digest, ...]:
    """Read `hashes`. Algorithms that we do not know are passed over."""
    found: dict[Algorithm, Digest] = {}
    for algorithm, value in node.items():
        if algorithm.lower() not in _KNOWN:
            continue
        try:
            digest = Digest.of(algorithm, value.text())
        except ValueError as error:
            raise value.malformed(str(error)) from None
        if found.setdefault(digest.algorithm, digest) != digest:
            raise value.malformed("names several digests for one file")
    return tuple(found.values())


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _version(text: str) -> Version:
    return _parsed(text) or Version("0")


REGISTRY: Final = Pypi()
