"""Read the entries that another tool, or a person, wrote.

What they say is declared, no more. An entry says only what CycloneDX has words for:
properties of ours in it are not read, since whoever wrote them was not us. Whatever
`type` it has, something with the purl of a package is a package like any other, and is
held to what a package is held to; `scope` is not read, so that nothing counts as
optional. An action of GitHub is no package, where its purl says so, or the words of a
tool that reads workflows, which leaves a gap. A file with a digest, a data set and an
image are what they are called, if no purl calls them something else.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from packageurl import PackageURL

from mcpchain.artifact import Algorithm, Artifact, Digest, identified
from mcpchain.bom import licenses, model_card, purls
from mcpchain.bom.artifacts import ALGORITHMS, digest
from mcpchain.bom.carry import WITHOUT_SECRETS, without_secrets
from mcpchain.bom.encode import SERVER_GROUP
from mcpchain.bom.entry import Entry
from mcpchain.bom.own import parse_purl
from mcpchain.bom.tally import Tally
from mcpchain.bom.unread import OTHER_BOMS
from mcpchain.component import (
    BuildFacts,
    Component,
    Kind,
    Location,
    Origin,
    PackageFacts,
    Pin,
    Role,
    ServerFacts,
    Transport,
)
from mcpchain.inventory import Collector, State
from mcpchain.naming import bare_url, is_commit, purl_address

PACKAGES: Final = frozenset(
    {
        "application",
        "container",
        "device",
        "device-driver",
        "firmware",
        "framework",
        "library",
        "operating-system",
        "platform",
    }
)
"""The types of component that are software. One without purl is listed all the same."""
OTHERS: Final = frozenset({"cryptographic-asset", "data", "file"})
"""The types that are no software. One without purl is not examined."""
UNEXAMINED_SERVICE: Final = "services that are not recognised as MCP servers"

REPOSITORIES: Final = frozenset({"github", "gitlab", "bitbucket"})
_BY_COMMIT: Final = REPOSITORIES | {"githubactions", "huggingface"}
_OF_MODELS: Final = frozenset({"generic", "huggingface", "mlflow"})
"""The types of purl that name models. In any other ecosystem, packages are named."""
IMAGES: Final = frozenset({"docker", "oci"})
"""The types of purl that name container images."""
ACTIONS: Final = "githubactions"
"""The type of purl by which GitHub itself names what a workflow runs."""
_MARKS_OF_ACTIONS: Final = ("cdx:github:action:", "syft:package:type=github-action")
_FROM_WORKFLOW: Final = "acquired package info from GitHub Actions workflow file"
"""What cdxgen and syft say of actions, whose purl is that of a repository."""
_IMAGE_DIGEST: Final = re.compile("sha256:[0-9a-f]{64}")
_RANGE: Final = re.compile(r"[\^~*<>=|\s]")
"""What makes a version more than one, in any ecosystem."""
_MODEL: Final = Kind.MODEL.value
_TYPES: Final = PACKAGES | OTHERS | {_MODEL}
_SHOWN: Final = 140
_KNOWN_HASHES: Final = frozenset(ALGORITHMS.values())


class Foreign:
    """Reads entries one by one, and keeps what it could not read in *found*."""

    def __init__(self, found: Collector, tally: Tally) -> None:
        self._found = found
        self._tally = tally

    def component(self, entry: Entry) -> Component:
        """Read a component.

        Raises:
            MalformedError: It has no type or name.
        """
        name, group = entry.required("name"), entry.text("group")
        kind = entry.required("type")
        if not name:
            raise entry.malformed("`name` is empty")
        purl = self._purl(entry)
        declared, concluded = self._licenses(entry)
        bare = Component(
            kind=self._kind(kind, purl, entry),
            name=f"{group}/{name}" if group else name,
            locations=(Location(path=entry.source, pointer=entry.pointer),),
            version=self._version(entry, purl),
            purl=purl,
            artifacts=self._artifacts(entry),
            licenses=declared,
            concluded=concluded,
        )
        if purl is None and kind in OTHERS:
            return replace(bare, kind=_kind_of_other(kind, entry, bare.artifacts))
        stated = as_stated(bare, entry.text("versionRange"))
        if stated.kind is Kind.MODEL and ("modelCard" in entry or "pedigree" in entry):
            with self._found.entry():
                return replace(stated, facts=model_card.told(entry))
        return stated

    def _kind(self, kind: str, purl: PackageURL | None, entry: Entry) -> Kind:
        pointer = entry.pointer
        if purl is not None and _is_action(purl, entry):
            if purl.type != ACTIONS:
                # Nothing but words tells it from a package that is fetched from there.
                what = "actions of GitHub, which only the BOM calls so"
                self._tally.note(what, pointer, State.PARTIAL)
            return Kind.BUILD
        if purl is None and kind in OTHERS:
            self._tally.note(unexamined(kind), pointer)
            return Kind.OTHER
        if purl is not None and kind == Kind.DATA.value and names_data_set(purl):
            self._tally.note(unexamined(kind), pointer)
            return Kind.DATA
        if purl is not None and kind == Kind.CONTAINER.value and purl.type in IMAGES:
            return Kind.CONTAINER
        if kind == _MODEL and may_be_model(purl):
            what = "models whose file format a BOM does not tell"
            self._tally.note(what, pointer)
            return Kind.MODEL
        if kind not in _TYPES:
            what = "components of a type that CycloneDX does not have"
            self._tally.note(what, pointer, State.PARTIAL)
        return Kind.LIBRARY

    def service(self, entry: Entry) -> Component:
        """Read a service, which may be recognisable as an MCP server.

        Raises:
            MalformedError: It has no name, or something has the wrong type.
        """
        name = entry.required("name")
        bare = Component(
            kind=Kind.OTHER,
            name=name,
            locations=(Location(path=entry.source, pointer=entry.pointer),),
            version=entry.text("version") or None,
        )
        if entry.text("group") != SERVER_GROUP:
            self._tally.note(UNEXAMINED_SERVICE, entry.pointer)
            return bare
        endpoints = entry.texts("endpoints")
        if len(endpoints) > 1:
            what = "MCP servers with more than one endpoint, of which one was read"
            self._tally.note(what, entry.pointer)
        return replace(
            bare,
            kind=Kind.MCP_SERVER,
            pin=Pin.REMOTE if endpoints else None,
            facts=ServerFacts(
                client="",
                transport=Transport.UNKNOWN,
                endpoint=bare_url(endpoints[0]) if endpoints else None,
            ),
        )

    def _purl(self, entry: Entry) -> PackageURL | None:
        """Read the purl. One that is none leaves a gap, and the component stays."""
        purl = None
        with self._found.entry():
            if text := entry.text("purl"):
                whole = parse_purl(text, entry)
                purl = purls.without_secrets(whole)
                if any(without_secrets(v) != v for v in whole.qualifiers.values()):
                    self._tally.note(WITHOUT_SECRETS, entry.pointer, State.PARTIAL)
        return purl

    def _version(self, entry: Entry, purl: PackageURL | None) -> str | None:
        """Read the version. If the purl names another one, the purl is right.

        It is what an advisory is looked up by.
        """
        stated = None
        with self._found.entry():
            stated = entry.text("version") or None
        if purl is None or purl.version is None:
            return stated
        if stated is not None and stated != purl.version:
            what = "components whose version is not that of their purl"
            self._tally.note(what, entry.pointer, State.UNMATCHED)
        return purl.version

    def _artifacts(self, entry: Entry) -> tuple[Artifact, ...]:
        """Read the files that it may be: those that are named by a digest."""
        found: list[Artifact] = []
        addresses: list[str] = []
        with self._found.entry():
            found += _files(self._digests(entry))
        sole = len(found) == 1
        with self._found.entry():
            for each in entry.entries("externalReferences"):
                kind, url = each.text("type"), each.text("url")
                if kind == "bom":
                    self._tally.note(OTHER_BOMS, each.pointer)
                if kind != "distribution" or url is None:
                    continue
                files = list(_files(self._digests(each), bare_url(url)))
                found += files
                if not files:
                    addresses.append(bare_url(url))
        if sole and len(addresses) == 1:
            found[0] = replace(found[0], url=addresses[0])
        return tuple(dict.fromkeys(found))

    def _digests(self, entry: Entry) -> list[Digest]:
        digests = []
        for index, value in enumerate(entry.items("hashes")):
            with self._found.entry():
                each = Entry(value, entry.source, f"{entry.pointer}/hashes/{index}")
                if each.required("alg") in _KNOWN_HASHES:
                    digests.append(digest(each))
                else:
                    what = "hashes of an algorithm that is not supported"
                    self._tally.note(what, each.pointer)
        return digests

    def _licenses(self, entry: Entry) -> tuple[tuple[str, ...], tuple[str, ...]]:
        declared: tuple[str, ...] = ()
        concluded: tuple[str, ...] = ()
        with self._found.entry():
            declared, concluded = licenses.decode(entry)
        return declared, concluded


def is_root(subject: Entry) -> bool:
    """Say whether the subject of a BOM is nothing but the whole that it lists.

    One that names a package, a model or bytes of its own is what will be run.
    """
    bytes_of_its_own = subject.items("hashes") or any(
        each.text("type") == "distribution"
        for each in subject.entries("externalReferences")
    )
    named = "purl" in subject or bool(bytes_of_its_own)
    return not named and (subject.text("type") or "") in {*PACKAGES, "", "file"}


def unexamined(kind: str) -> str:
    """Name, for a gap, the components of a *kind* that is not examined."""
    return f"components of type `{kind}` that name no package"


def names_data_set(purl: PackageURL) -> bool:
    """Say whether *purl* names a data set on the Hugging Face Hub.

    The type is that of models; either of two qualifiers tells them apart.
    """
    place = purl.qualifiers.get("repository_url", "").rstrip("/")
    of_data = purl.qualifiers.get("repo_type") == "dataset"
    return purl.type == "huggingface" and (of_data or place.endswith("/datasets"))


def _kind_of_other(kind: str, entry: Entry, artifacts: tuple[Artifact, ...]) -> Kind:
    """Return what something without purl is, if its entry bears that out."""
    if kind == Kind.FILE.value and identified(artifacts):
        return Kind.FILE
    held = entry.raw().get("data")
    sets = [
        isinstance(each, dict) and each.get("type") == "dataset"
        for each in (held if isinstance(held, list) else ())
    ]
    if kind == Kind.DATA.value and sets and all(sets):
        return Kind.DATA
    return Kind.OTHER


def _is_action(purl: PackageURL, entry: Entry) -> bool:
    """Say whether *purl* says so, or a tool that reads workflows and found it there."""
    if purl.type != "github":
        return purl.type == ACTIONS
    raw = entry.raw()
    listed = raw.get("properties")
    for each in listed if isinstance(listed, list) else ():
        mark = isinstance(each, dict) and f"{each.get('name')}={each.get('value')}"
        if mark and mark.startswith(_MARKS_OF_ACTIONS):
            return True
    rest = raw.get("spdx")
    source = rest.get("sourceInfo") if isinstance(rest, dict) else None
    return isinstance(source, str) and source.startswith(_FROM_WORKFLOW)


def may_be_model(purl: PackageURL | None) -> bool:
    """Say whether *purl* can name a model, and not a package of an ecosystem."""
    return purl is None or purl.type in _OF_MODELS


def as_stated(component: Component, scope: str | None = None) -> Component:
    """Return *component* as its purl, version and digests alone tell it.

    Args:
        component: A package or model, with whatever it claims to be besides.
        scope: Its `versionRange` (CycloneDX 1.7).
    """
    purl = component.purl
    stated = component.version if purl is None else purl.version or component.version
    pin, version, requested = pinned(purl, stated, component.artifacts, scope)
    if purl and purl.version and version is None:
        purl = purl._replace(version=None)
    return replace(
        component,
        name=full_name(purl) if purl else component.name,
        version=version,
        purl=purl,
        pin=pin,
        requested=requested,
        facts=_facts_of(component.kind, purl),
    )


def _facts_of(kind: Kind, purl: PackageURL | None) -> BuildFacts | PackageFacts | None:
    if kind is Kind.BUILD:
        address = purl_address(purl) if purl is not None else None
        return BuildFacts(role=Role.ACTION, registry=address)
    if kind is Kind.CONTAINER:
        place = facts_of(purl).registry
        # Nothing says what it is for but that it is part of the system.
        return BuildFacts(role=Role.SERVICE_IMAGE, registry=place)
    return None if kind in {Kind.DATA, Kind.MODEL} else facts_of(purl)


def full_name(purl: PackageURL) -> str:
    """Name the package in full, as its own ecosystem does."""
    mark = ":" if purl.type == "maven" else "/"
    return f"{purl.namespace}{mark}{purl.name}" if purl.namespace else purl.name


def pinned(
    purl: PackageURL | None,
    version: str | None,
    artifacts: tuple[Artifact, ...],
    scope: str | None = None,
) -> tuple[Pin | None, str | None, str]:
    """Say how firmly the BOM names the component: pin, exact version, request.

    Args:
        purl: What it is.
        version: What the BOM gives as its version, whatever that is.
        artifacts: The bytes that it may be.
        scope: The `versionRange` (CycloneDX 1.7).
    """
    if purl is not None and (address := _elsewhere(purl)):
        # Where it is fetched from decides; the version is what it calls itself.
        return _fetched(purl, artifacts), version, address[:_SHOWN]
    if version is None:
        if scope:
            return Pin.RANGE, None, scope[:_SHOWN]
        return _versionless(purl)
    if version.lower() == "latest":
        return Pin.FLOATING, None, version
    if _RANGE.search(version):
        return Pin.RANGE, None, version[:_SHOWN]
    if purl is not None and purl.type in IMAGES:
        firm = Pin.DIGEST if _IMAGE_DIGEST.fullmatch(version) else None
    elif purl is not None and purl.type in _BY_COMMIT:
        firm = Pin.COMMIT if is_commit(version) else None
    else:
        firm = Pin.EXACT
    return (firm, version, "") if firm else (Pin.TAG, version, version[:_SHOWN])


def _versionless(purl: PackageURL | None) -> tuple[Pin | None, None, str]:
    """Say how firm a purl without version is: of an image, by its tag."""
    if purl is None:
        return None, None, ""
    tag = purl.qualifiers.get("tag") if purl.type in IMAGES else None
    if tag and tag != "latest":
        return Pin.TAG, None, tag[:_SHOWN]
    return Pin.FLOATING, None, ""


def _elsewhere(purl: PackageURL) -> str | None:
    """Return the address outside any registry that a purl says it comes from."""
    found = purl.qualifiers.get("vcs_url") or purl.qualifiers.get("download_url")
    return None if found is None else str(found)


def _fetched(purl: PackageURL, artifacts: tuple[Artifact, ...]) -> Pin:
    """Say how firm an address is, as locks are read: a commit, or bytes by digest."""
    repository = purl.qualifiers.get("vcs_url")
    if repository is None:
        return Pin.DIGEST if identified(artifacts) else Pin.TAG
    revision = repository.partition("#")[0].rpartition("@")[2]
    return Pin.COMMIT if is_commit(revision) else Pin.TAG


def facts_of(purl: PackageURL | None) -> PackageFacts:
    """Read from the qualifiers of a purl (purl-spec) where the package comes from."""
    if purl is None:
        return PackageFacts()
    qualifiers = purl.qualifiers
    origin = Origin.REGISTRY
    if purl.type in REPOSITORIES or "vcs_url" in qualifiers:
        origin = Origin.VCS
    elif "download_url" in qualifiers:
        origin = Origin.URL
    if origin is not Origin.REGISTRY:
        return PackageFacts(origin=origin, registry=purl_address(purl))
    repository = qualifiers.get("repository_url")
    return PackageFacts(registry=bare_url(repository) if repository else None)


def _files(digests: list[Digest], url: str | None = None) -> Iterator[Artifact]:
    """Group digests into files, of which each has one digest of an algorithm."""
    columns: dict[Algorithm, list[Digest]] = {}
    for each in digests:
        columns.setdefault(each.algorithm, []).append(each)
    for index in range(max(map(len, columns.values()), default=0)):
        row = tuple(column[index] for column in columns.values() if index < len(column))
        yield Artifact(digests=row, url=url)
