"""Poetry's lock file, `poetry.lock`, lock-version 1.1, 2.0 and 2.1.

Poetry publishes no specification of it; what is read here is what Poetry 1.1 and later
write.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from packaging.specifiers import SpecifierSet
from packaging.utils import (
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from mcpchain.artifact import Artifact
from mcpchain.component import Component, Location, PackageFacts
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.marker import askers
from mcpchain.naming import bare_url
from mcpchain.python_package import (
    Beside,
    Names,
    Reach,
    contradict,
    declared,
    facts_of,
    from_address,
    from_repository,
    is_local,
    listed_files,
)
from mcpchain.requirement import clauses
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
    files: dict[str, Node] = {}
    with found.entry():
        for name, node in metadata.at("files").items():
            files[canonicalize_name(name)] = node
    beside = Beside(file, found)
    packages: list[_Package] = []
    for node in lock.at("package").elements():
        with found.entry():
            packages.append(_package(node, files, beside, found))
    packages = [*_separate(packages)]
    _connect(packages, found)
    contradict((each.component for each in packages), found)
    with found.entry():
        _mark(packages, lock.at("extras"))
    refs = [found.add(each.component) for each in packages]
    for ref, package in zip(refs, packages, strict=True):
        for target in package.needs:
            found.relate(ref, refs[target])


@dataclass(slots=True, kw_only=True)
class _Package:
    """A package of the lock, and the packages that it needs."""

    node: Node
    component: Component
    shared: bool = False
    """Whether its files stand in one list with those of its other versions."""
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


def _package(
    node: Node, files: dict[str, Node], beside: Beside, found: Collector
) -> _Package:
    component = declared(node, node.at("name"), node.at("version"), found)
    own = node.at("files")
    shared = not own.exists and component.name in files
    listed = files[component.name] if shared else own
    artifacts: tuple[Artifact, ...] = ()
    with found.entry():
        artifacts = tuple(listed_files(listed, found))
    component = replace(component, artifacts=artifacts)
    component = _from_source(component, node.at("source"), node, beside)
    with found.entry():
        facts = _facts(node, facts_of(component))
        component = replace(component, facts=facts)
    return _Package(node=node, component=component, shared=shared)


def _from_source(
    component: Component, source: Node, node: Node, beside: Beside
) -> Component:
    if not source.exists:
        return component
    kind, url = source.at("type").text(), source.at("url").text()
    if kind == "legacy" and not is_local(url):
        facts = replace(facts_of(component), registry=bare_url(url))
        return replace(component, facts=facts)
    if kind == "git":
        commit = source.at("resolved_reference").optional_text()
        named = source.at("reference").optional_text() or ""
        # `HEAD` is no name of anything but whatever is newest.
        commit = commit or ("" if named == "HEAD" else named)
        folder = source.at("subdirectory").optional_text()
        return from_repository(component, url, commit, folder)
    if kind == "url" and not is_local(url):
        return from_address(component, url)
    if kind == "directory":
        return beside.folder(component, node, url)
    if kind in {"file", "legacy", "url"}:
        return beside.archive(component, node, url)
    raise source.at("type").malformed(f"`{kind[:140]}` is no kind of source here")


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
    needed = _MAIN in groups and not extras and not optional
    return replace(
        facts,
        optional=optional or bool(extras),
        development=_MAIN not in groups,
        groups=() if needed else tuple(sorted({*groups} - {_MAIN})),
        extras=extras,
        marker=text,
    )


def _separate(packages: list[_Package]) -> Iterator[_Package]:
    """Give each of several versions its own of the files that they share."""
    versions: dict[str, int] = {}
    for each in packages:
        versions[each.component.name] = versions.get(each.component.name, 0) + 1
    for each in packages:
        component = each.component
        if each.shared and versions[component.name] > 1:
            own = tuple(a for a in component.artifacts if _of(a, component.version))
            each.component = replace(component, artifacts=own)
        yield each


def _of(artifact: Artifact, version: str | None) -> bool:
    """Say whether *artifact* may be a file of *version*, going by its name."""
    wheel = artifact.name.lower().endswith(".whl")
    try:
        if wheel:
            told = parse_wheel_filename(artifact.name)[1]
        else:
            told = parse_sdist_filename(artifact.name)[1]
    except ValueError:
        return True
    return str(told) == version


def _connect(packages: list[_Package], found: Collector) -> None:
    """Follow the edges of every package."""
    names = Names(each.component for each in packages)
    for package in packages:
        complete = False
        with found.entry():
            edges = list(package.node.at("dependencies").items())
            complete = True
            for name, node in edges:
                followed = False
                with found.entry():
                    package.needs += _targets(name, node, names)
                    followed = True
                complete = complete and followed
        package.component = replace(package.component, graph=complete)


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
