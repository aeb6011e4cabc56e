"""The lock file of conda-lock, `conda-lock.yml`, version 1.

It locks packages of conda, and of Python where pip adds some, for several platforms.
What it says is described by the schema that conda-lock publishes.
"""

from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote

from packaging.utils import canonicalize_name

from mcpchain.artifact import Artifact
from mcpchain.component import Component, Location, Origin
from mcpchain.conda_package import digests_of, from_url, text_of
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.naming import bare_url
from mcpchain.python_graph import add_all
from mcpchain.python_package import (
    contradict,
    declared,
    facts_of,
    from_address,
)
from mcpchain.requirement import Request
from mcpchain.tree import File

_BYTES: Final = 32 << 20
_FITTING: Final = 50
"""How many packages one edge may fit."""
_MAIN: Final = "main"


def read(file: File, found: Collector) -> None:
    """Declare every package of the lock, with its hashes and dependencies.

    Raises:
        MalformedError: It is not YAML, or has no version.
        UnreadableError: It cannot be read.
    """
    lock = Node.from_yaml(file.read(_BYTES), source=file.path)
    version = lock.at("version").integer()
    if version != 1:
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=file.path, pointer="/version"),
                reason=f"version {str(version)[:40]} of conda-lock is not read",
                state=State.UNSUPPORTED,
                hint="lock with a conda-lock that writes version 1",
            )
        )
        return
    packages: list[_Package] = []
    for node in lock.at("package").elements():
        with found.entry():
            packages.append(_package(node, found))
    packages = _joined(packages)
    _connect(packages, found)
    contradict((each.component for each in packages), found)
    add_all(map(_marked, packages), (each.needs for each in packages), found)


@dataclass(slots=True, kw_only=True)
class _Package:
    """A package of the lock, its entries there, and the packages that it needs."""

    nodes: list[Node]
    component: Component
    platforms: set[str]
    categories: set[str]
    pip: bool
    needs: dict[int, None] = field(default_factory=dict)


def _package(node: Node, found: Collector) -> _Package:
    manager = node.at("manager").text()
    if manager not in {"conda", "pip"}:
        raise node.at("manager").malformed("is a manager that is not known here")
    pip = manager == "pip"
    categories: set[str] = set()
    with found.entry():
        categories.add(node.at("category").optional_text() or _MAIN)
    return _Package(
        nodes=[node],
        component=(_from_pip if pip else _from_conda)(node, found),
        platforms={node.at("platform").text()},
        categories=categories,
        pip=pip,
    )


def _from_conda(node: Node, found: Collector) -> Component:
    digests = digests_of(node.at("hash"), found)
    url = node.at("url")
    place = Location(path=node.source, pointer=node.pointer)
    try:
        component = from_url(url.text(), digests, place)
    except ValueError as error:
        raise url.malformed(str(error)) from None
    stated = (node.at("name").text().lower(), text_of(node.at("version")))
    if stated != (component.name, component.version):
        raise url.malformed("is the address of another package than the entry names")
    return component


def _from_pip(node: Node, found: Collector) -> Component:
    """Declare what pip adds, which is fetched from one address."""
    version = node.at("version")
    if not version.is_text():
        version = replace(version, value=text_of(version))
    component = declared(node, node.at("name"), version, found)
    url = node.at("url")
    try:
        asked = Request.parse(f"{component.name} @ {url.text()}", component.location)
    except ValueError as error:
        raise url.malformed(str(error)) from None
    if asked.local:
        raise url.malformed("is of this machine, and is not read")
    elsewhere = asked.component()
    if facts_of(elsewhere).origin is Origin.VCS:
        return elsewhere
    address = bare_url(url.text())
    artifact = Artifact(
        name=unquote(address.rpartition("/")[2]),
        digests=digests_of(node.at("hash"), found),
        url=address,
    )
    component = replace(component, artifacts=(artifact,))
    return from_address(component, url, address, found)


def _joined(packages: list[_Package]) -> list[_Package]:
    """Join the entries of one package: it has one for each platform and category."""
    known: dict[Component, list[_Package]] = {}
    for each in packages:
        known.setdefault(replace(each.component, locations=()), []).append(each)
    for first, *others in known.values():
        places = [*first.component.locations]
        for each in others:
            first.nodes += each.nodes
            first.platforms |= each.platforms
            first.categories |= each.categories
            places += each.component.locations
        first.component = replace(first.component, locations=tuple(places))
    return [first for first, *_ in known.values()]


def _connect(packages: list[_Package], found: Collector) -> None:
    """Follow the edges of every package, on the platforms for which it is locked."""
    named: dict[tuple[str, bool, str], dict[int, None]] = {}
    for index, package in enumerate(packages):
        for platform in package.platforms:
            key = (package.component.name, package.pip, platform)
            named.setdefault(key, {})[index] = None
    for package in packages:
        whole = True
        for node in package.nodes:
            platform = node.at("platform").text()
            complete = False
            with found.entry():
                edges = list(node.at("dependencies").items())
                complete = True
                for name, edge in edges:
                    targets = _targets(name, package, platform, named)
                    if 0 < len(targets) <= _FITTING:
                        package.needs |= targets
                    elif not name.startswith("__"):
                        complete = False
                        _unclear(name, edge, len(targets), package, found)
            whole = whole and complete
        package.component = replace(package.component, graph=whole)


def _targets(
    name: str,
    package: _Package,
    platform: str,
    named: dict[tuple[str, bool, str], dict[int, None]],
) -> dict[int, None]:
    """Return the packages that a name means there: of pip, else of conda."""
    if package.pip:
        own = named.get((canonicalize_name(name), True, platform))
        if own:
            return own
    return named.get((name.lower(), False, platform), {})


def _unclear(
    name: str, edge: Node, fitting: int, package: _Package, found: Collector
) -> None:
    """Leave a gap for a dependency that is not one package of the lock.

    Not where pip asks for what is not there: conda may have it under another name,
    which the lock does not tell. Then only the graph is known to be incomplete.
    """
    if package.pip and not fitting:
        return
    with found.entry():
        raise edge.malformed(f"`{name[:140]}` fits {fitting} packages of this lock")


def _marked(package: _Package) -> Component:
    component = package.component
    if _MAIN in package.categories:
        return component
    facts = replace(
        facts_of(component),
        groups=tuple(sorted(package.categories)),
        development=package.categories == {"dev"},
    )
    return replace(component, facts=facts)
