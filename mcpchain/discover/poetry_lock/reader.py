"""Poetry's lock file, `poetry.lock`, lock-version 1.1, 2.0 and 2.1.

Poetry publishes no specification of it; what is read here is what Poetry 1.1 and later
write.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mcpchain.artifact import Artifact
from mcpchain.component import Component, Location, PackageFacts
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.marker import askers
from mcpchain.naming import bare_url
from mcpchain.python_files import TabledFiles, listed_files
from mcpchain.python_graph import Names, Reach, add_all, follow
from mcpchain.python_package import (
    Beside,
    contradict,
    declared,
    facts_of,
    from_address,
    from_repository,
    is_local,
    unplaced,
)
from mcpchain.python_sources import manifest_sources, named, usual
from mcpchain.requirement import clauses, public_address
from mcpchain.tree import File

_BYTES: Final = 32 << 20
_CLAUSES: Final = 50
_MAIN: Final = "main"
"""Poetry's name for what the project needs in any case."""


def read(file: File, found: Collector) -> None:
    """Declare every package of the lock, with its files and dependencies.

    Raises:
        MalformedError: It is not TOML, or has no version.
        UnreadableError: It cannot be read.
    """
    lock = Node.from_toml(file.read(_BYTES), source=file.path)
    metadata = lock.at("metadata")
    if not _supported(metadata.at("lock-version"), found):
        return
    reader = _Reader(file, metadata.at("files"), found)
    packages: list[_Package] = []
    for node in lock.at("package").elements():
        with found.entry():
            component = declared(node, node.at("name"), node.at("version"), found)
            packages.append(_Package(node=node, component=component))
    reader.complete(packages)
    _connect(packages, found)
    contradict((each.component for each in packages), found)
    with found.entry():
        _mark(packages, lock.at("extras"))
    add_all((e.component for e in packages), (e.needs for e in packages), found)


@dataclass(slots=True, kw_only=True)
class _Package:
    """A package of the lock, and the packages that it needs."""

    node: Node
    component: Component
    needs: list[int] = field(default_factory=list)


def _supported(node: Node, found: Collector) -> bool:
    """Say whether we know the version of the format; leave a gap where we do not."""
    text = node.text()
    try:
        version = Version(text)
    except ValueError:
        raise node.malformed(f"`{text[:140]}` is no version") from None
    known = Version("1.1") <= version < Version("3")
    if version > Version("2.1"):
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=node.source, pointer=node.pointer),
                reason=f"lock-version `{str(version)[:140]}` is newer than 2.1"
                + (", and what is new in it was not read" if known else ""),
                state=State.PARTIAL if known else State.UNSUPPORTED,
                hint="lock with a Poetry that writes lock-version 2.1",
            )
        )
    elif not known:
        raise node.malformed(f"lock-version `{str(version)[:140]}` is not read")
    return known


class _Reader:
    """Reads what each entry says beside name and version.

    Args:
        file: The lock.
        table: The files of an older one, by the name of a package.
        found: Where gaps are left.
    """

    def __init__(self, file: File, table: Node, found: Collector) -> None:
        self._files = TabledFiles(table, found)
        self._beside = Beside(file, found)
        self._sources = manifest_sources(file, "poetry")
        self._found = found

    def complete(self, packages: list[_Package]) -> None:
        """Give each of *packages* its files, its source, and who asks for it."""
        sets: dict[str, set[str]] = {}
        for each in packages:
            own = sets.setdefault(each.component.name, set())
            own.add(each.component.version or "")
        versions = {name: frozenset(each) for name, each in sets.items()}
        for each in packages:
            component, node = each.component, each.node
            with self._found.entry():
                artifacts = self._artifacts(node, component, versions[component.name])
                component = replace(component, artifacts=artifacts)
            placed = unplaced(component)
            with self._found.entry():
                placed = self._placed(component, node.at("source"), node)
            with self._found.entry():
                facts = _facts(node, facts_of(placed))
                placed = replace(placed, facts=facts)
            each.component = placed

    def _artifacts(
        self, node: Node, component: Component, versions: frozenset[str]
    ) -> tuple[Artifact, ...]:
        own = node.at("files")
        if own.exists:
            return tuple(listed_files(own, self._found))
        name, version = component.name, component.version
        return self._files.share(node, name, version, versions)

    def _placed(self, component: Component, source: Node, node: Node) -> Component:
        """Return *component* as it comes from where its entry says."""
        if not source.exists:
            facts = usual(self._sources, facts_of(component))
            return replace(component, facts=facts)
        kind, url = source.at("type").text(), source.at("url").text()
        if kind == "legacy" and not is_local(url):
            # Poetry looks the name up in the manifest, and takes the address there.
            theirs = named(self._sources, source.at("reference").optional_text() or "")
            facts = replace(
                facts_of(component),
                registry=public_address(url),
                extra_registries=tuple(u for u in theirs if not _same(u, url)),
            )
            return replace(component, facts=facts)
        if kind == "git":
            commit = source.at("resolved_reference").optional_text()
            called = source.at("reference").optional_text() or ""
            # `HEAD` is no name of anything but whatever is newest.
            commit = commit or ("" if called == "HEAD" else called)
            folder = source.at("subdirectory").optional_text()
            return from_repository(component, url, commit, folder)
        if kind == "url" and not is_local(url):
            return from_address(component, source.at("url"), url, self._found)
        if kind == "directory":
            return self._beside.folder(component, node, url)
        if kind in {"file", "legacy", "url"}:
            return self._beside.archive(component, node, url)
        raise source.at("type").malformed(f"`{kind[:140]}` is no kind of source here")


def _same(url: str, other: str) -> bool:
    return url.rstrip("/") == bare_url(other).rstrip("/")


def _facts(node: Node, facts: PackageFacts) -> PackageFacts:
    """Say who asks for a package, as far as its own entry tells.

    Since 2.1 it has `groups`, and a marker for each or one for all; before that a
    `category`, which Poetry 1.5 to 1.8 left out.
    """
    optional, markers = node.at("optional").flag(), node.at("markers")
    groups = node.at("groups").texts()
    text = markers.text() if markers.is_text() else ""
    if not groups:
        category = node.at("category").optional_text() or _MAIN
        others = () if category == _MAIN else (category,)
        return replace(
            facts,
            optional=optional,
            development=category != _MAIN,
            groups=others,
            marker=text,
        )
    if markers.is_object():
        each = {name: value.text() for name, value in markers.items()}
        text = " or ".join(f"({value})" for _, value in sorted(each.items()))
        # A group that has no marker asks for it everywhere.
        text = text if set(groups) <= set(each) else ""
        main = each.get(_MAIN, "")
    elif markers.exists:
        main = text = markers.text()
    else:
        main = ""
    extras = askers(main).extras if _MAIN in groups else ()
    # Where groups are told, Poetry looks at no `optional`.
    needed = _MAIN in groups and not extras
    return replace(
        facts,
        optional=bool(extras),
        development=_MAIN not in groups,
        groups=() if needed else tuple(sorted({*groups} - {_MAIN})),
        extras=extras,
        marker=text,
    )


def _connect(packages: list[_Package], found: Collector) -> None:
    """Follow the edges of every package."""
    names = Names(each.component for each in packages)
    for package in packages:
        whole = follow(
            package.node.at("dependencies").items,
            lambda edge: _targets(*edge, names),
            package.needs,
            found,
        )
        package.component = replace(package.component, graph=whole)


def _targets(name: str, node: Node, names: Names) -> Iterator[int]:
    """Yield the packages that a dependency means: one, or several by circumstance.

    One that is optional, or needed on some machines only, need not be in the lock.
    """
    alternatives = list(node.elements()) if node.is_list() else [node]
    for each in alternatives:
        table = each.is_object()
        version = each.at("version") if table else each
        text = version.optional_text() or "*"
        spared = table and (
            each.at("optional").flag() or each.at("markers").optional_text()
        )
        if name not in names and spared:
            continue
        try:
            yield from names.fitting(name, _accepting(text))
        except ValueError as error:
            raise each.malformed(f"`{name[:140]}` {error}") from None


def _accepting(text: str) -> Callable[[str], bool]:
    """Return a test for versions, which reads *text* when it is first asked."""
    sets = functools.cache(lambda: _alternatives(text))
    return lambda version: any(s.contains(version, prereleases=True) for s in sets())


def _alternatives(text: str) -> list[SpecifierSet]:
    """Read a constraint; of what cannot be read, take every version.

    Poetry writes PEP 440 with `||` between alternatives, and `*` for any.
    """
    every = [SpecifierSet()]
    sets: list[SpecifierSet] = []
    if text.count("|") + clauses(text) > _CLAUSES:
        return every
    for part in text.split("||"):
        clause = part.strip()
        if clause in {"", "*"}:
            return every
        try:
            sets.append(SpecifierSet(f"=={clause}" if clause[0].isdigit() else clause))
        except ValueError:
            return every
    return sets


def _mark(packages: list[_Package], extras: Node) -> None:
    """Tell of what only extras ask for, which ones do; since 2.1 its marker tells.

    Raises:
        MalformedError: The table of extras is none, or too much.
    """
    untold = [
        index
        for index, each in enumerate(packages)
        if (facts := facts_of(each.component)).optional and not facts.extras
    ]
    if not untold:
        return
    reach = Reach([each.needs for each in packages])
    names = Names(each.component for each in packages)
    asking: dict[int, set[str]] = {index: set() for index in untold}
    for extra, node in extras.items():
        start: list[int] = []
        for name in node.texts():
            # Poetry 1.0 wrote requirements here.
            bare = name.partition(" ")[0].partition("[")[0]
            if bare in names:
                start += names.fitting(bare, lambda _: True)
        try:
            reached = reach.from_(start)
        except ValueError as error:
            raise extras.malformed(str(error)) from None
        for index in reached & asking.keys():
            asking[index].add(extra)
    for index, asked in asking.items():
        component = packages[index].component
        facts = replace(facts_of(component), extras=tuple(sorted(asked)))
        packages[index].component = replace(component, facts=facts)
