"""pipenv's lock file, `Pipfile.lock`, pipfile-spec 6.

The format is described in the README of pypa/pipfile, and by what pipenv writes. It
does not tell which package needs which.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from packaging.utils import canonicalize_name

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Component, Location, PackageFacts, Pin
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.python_files import digest_of
from mcpchain.python_package import (
    Beside,
    facts_of,
    from_address,
    from_repository,
    is_local,
    unplaced,
)
from mcpchain.python_sources import Source, named, read_sources
from mcpchain.requirement import ARCHIVE, Request, harmless
from mcpchain.tree import File

_BYTES: Final = 32 << 20
_SPEC: Final = 6
_DEFAULT: Final = "default"
_DEVELOP: Final = "develop"
_VCS: Final = ("git", "hg", "svn", "bzr")


def read(file: File, found: Collector) -> None:
    """Declare every package of the lock, with its hashes and categories.

    Raises:
        MalformedError: It is not JSON, or has no version.
        UnreadableError: It cannot be read.
    """
    lock = Node.from_json(file.read(_BYTES), source=file.path)
    spec = lock.at("_meta").at("pipfile-spec")
    if spec.integer() != _SPEC:
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=file.path, pointer=spec.pointer),
                reason=f"pipfile-spec {str(spec.integer())[:40]} is not read",
                state=State.UNSUPPORTED,
                hint="lock with a pipenv that writes pipfile-spec 6",
            )
        )
        return
    sources: tuple[Source, ...] = ()
    with found.entry():
        sources = read_sources(lock.at("_meta").at("sources"), found)
    reader = _Reader(file, sources, found)
    for category, packages in lock.items():
        if category != "_meta":
            with found.entry():
                for name, node in packages.items():
                    with found.entry():
                        reader.read(name, node, category)
    for component in reader.components():
        found.add(component)


def _facts(node: Node, sources: tuple[Source, ...]) -> PackageFacts:
    """Say where the package at *node* comes from.

    pipenv takes what names no index from the first of them, and older ones from all.

    Raises:
        MalformedError: From an index that the lock does not have.
    """
    name = node.at("index").optional_text()
    if name is None:
        urls = tuple(dict.fromkeys(each.url for each in sources))
    elif not (urls := named(sources, name)):
        raise node.at("index").malformed("is an index that the lock lacks")
    return PackageFacts(registry=next(iter(urls), None), extra_registries=urls[1:])


class _Reader:
    """Gathers the packages of one lock, each with the categories that ask for it."""

    def __init__(
        self, file: File, sources: tuple[Source, ...], found: Collector
    ) -> None:
        self._beside = Beside(file, found)
        self._sources = sources
        self._found = found
        self._categories: dict[Component, dict[str, Location]] = {}

    def read(self, name: str, node: Node, category: str) -> None:
        """Keep one entry.

        Raises:
            MalformedError: It is none.
        """
        place = Location(path=node.source, pointer=node.pointer)
        component = self._component(name, node, place)
        with self._found.entry():
            facts = facts_of(component)
            marker = node.at("markers").optional_text() or ""
            component = replace(component, facts=replace(facts, marker=marker))
        key = replace(component, locations=())
        self._categories.setdefault(key, {})[category] = place

    def components(self) -> list[Component]:
        """Return what was read, marked by who asks for it."""
        components: list[Component] = []
        for key, categories in self._categories.items():
            needed = _DEFAULT in categories
            facts = replace(
                facts_of(key),
                groups=() if needed else tuple(sorted(categories)),
                development=categories.keys() == {_DEVELOP},
            )
            places = tuple(categories.values())
            components.append(replace(key, facts=facts, locations=places))
        self._contradict(components)
        return components

    def _component(self, name: str, node: Node, place: Location) -> Component:
        text = node.at("version").optional_text() or ""
        try:
            request = _request(name, "" if text.strip() == "*" else text, place)
        except ValueError as error:
            raise node.malformed(str(error)) from None
        component = request.component()
        artifacts = tuple(self._artifacts(node))
        component = replace(component, artifacts=artifacts)
        with self._found.entry():
            return self._placed(component, node)
        return unplaced(component)

    def _placed(self, component: Component, node: Node) -> Component:
        if node.at("pip_args").exists:
            raise node.at("pip_args").malformed("may have pip take it from anywhere")
        kinds = [key for key in (*_VCS, "path", "file") if node.at(key).exists]
        if len(kinds) > 1:
            raise node.malformed("names several sources, of which pipenv takes one")
        if not kinds:
            return self._indexed(component, node)
        (kind,) = kinds
        return self._elsewhere(component, node, kind)

    def _indexed(self, component: Component, node: Node) -> Component:
        """Say from which index it comes; one that is unknown is a gap."""
        facts = PackageFacts()
        with self._found.entry():
            facts = _facts(node, self._sources)
        return replace(component, facts=facts)

    def _elsewhere(self, component: Component, node: Node, kind: str) -> Component:
        place = node.at(kind).text()
        if kind in _VCS:
            commit = node.at("ref").optional_text() or ""
            folder = node.at("subdirectory").optional_text()
            url = place if kind == "git" else f"{kind}+{place.removeprefix(f'{kind}+')}"
            return from_repository(component, url, commit, folder)
        if "://" in place and not is_local(place):
            # pipenv holds it to what stands behind the address, and to no `hashes`.
            artifacts = tuple(_pinned(place))
            component = replace(component, artifacts=artifacts)
            return from_address(component, node, place, self._found)
        if ARCHIVE.search(place) or is_local(place):
            return self._beside.archive(component, node, place)
        return self._beside.folder(component, node, place)

    def _artifacts(self, node: Node) -> list[Artifact]:
        """Read the hashes, each of a file that is not named."""
        artifacts: list[Artifact] = []
        with self._found.entry():
            for each in node.at("hashes").elements():
                digests = digest_of(each, self._found)
                artifacts += [Artifact(digests=digests)] if digests else []
        return artifacts

    def _contradict(self, components: list[Component]) -> None:
        """Leave a gap for one release with hashes of which none is the same."""
        known: dict[tuple[object, ...], Component] = {}
        for each in components:
            if not each.artifacts or each.pin is not Pin.EXACT:
                continue
            facts = facts_of(each)
            key = (each.name, each.version, facts.origin, facts.registry)
            first = known.setdefault(key, each)
            if first is not each and not {*first.artifacts} & {*each.artifacts}:
                self._found.gap(
                    Gap(
                        stage="discover",
                        location=each.location,
                        reason=f"two sets of hashes for `{each.title[:140]}` that have "
                        "none in common",
                        state=State.UNREADABLE,
                        hint="find out who changed the lock, and lock again",
                    )
                )


def _pinned(place: str) -> Iterator[Artifact]:
    """Yield the file that the fragment of an address names by its digest."""
    algorithm, _, value = place.partition("#")[2].partition("&")[0].partition("=")
    with contextlib.suppress(ValueError):
        yield Artifact(digests=(Digest.of(algorithm, value),))


def _request(name: str, version: str, place: Location) -> Request:
    own = canonicalize_name(name)
    request = Request.parse(f"{own}{version}", place)
    # `x` in version `1.0` must not become `x1.0`.
    if request.source or request.name != own or request.marker or request.extras:
        raise ValueError(f"`{harmless(f'{name} {version}')}` is no package and version")
    return request
