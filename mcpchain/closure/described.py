"""Licences and suppliers that registries tell of packages whose source tells none.

Locks of Python never hold licences, those of npm not always, and no lock says who makes
a package. What a maker declares to the registry for that very version is declared, too.

An npm registry is asked for that one version (`GET /<name>/<version>`), since all of a
package may be megabytes; one that does not know such an address is asked for all.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from packaging.version import InvalidVersion, Version

from mcpchain import supplier
from mcpchain.address import plain
from mcpchain.closure import metadata, project
from mcpchain.closure.group import Sources
from mcpchain.closure.library import Door, Library
from mcpchain.closure.metadata import Metadata, Sheet
from mcpchain.closure.project import Interpreter, Listing, Page
from mcpchain.component import Basis, Component, Kind, Location, Origin, PackageFacts
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.fetch import FetchError, Request, Response, unreadable
from mcpchain.inventory import Gap, Inventory, State
from mcpchain.license import concluded
from mcpchain.registries import npm
from mcpchain.registries.pypi import Project

_PACKAGES: Final = frozenset({Kind.APPLICATION, Kind.LIBRARY})
_LONGEST: Final = 200
_SHOWN: Final = 3
_VERSION: Final = re.compile(r"[0-9A-Za-z.+-]{1,100}")
_MANIFEST: Final = 4 << 20
"""How many bytes the manifest of one version may have."""
_ASK_FOR_ALL: Final = frozenset({State.MISSING, State.UNREACHABLE, State.UNREADABLE})
"""What it looks like if a registry does not know the address of one version."""
_WHEEL: Final = 8 << 20
"""How many bytes a wheel may have whose metadata are read out of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a registry tells of one version."""

    licenses: tuple[str, ...] = ()
    concluded: tuple[str, ...] = ()
    supplier: str = ""


def described(inventory: Inventory, door: Door, trusted: frozenset[str]) -> Inventory:
    """Return *inventory* with the licences and suppliers that registries tell.

    Args:
        inventory: What is there.
        door: The way to the registries.
        trusted: Further registries that may be asked, normalised.
    """
    bare = [each for each in inventory.components if _lacks(each)]
    sources = {e.ref: Sources.of((e,), door.settings, trusted) for e in bare}
    asked = [each for each in bare if not sources[each.ref].refused]
    answers: dict[str, Told | FetchError] = {}
    for kind, ask in (("npm", _of_npm), ("pypi", _of_pypi)):
        ours = [each for each in asked if each.purl and each.purl.type == kind]
        if ours:
            answers |= ask(ours, sources, door)
    components = tuple(_with(e, answers.get(e.ref)) for e in inventory.components)
    failed = [(e, a) for e in asked if isinstance(a := answers.get(e.ref), FetchError)]
    return replace(
        inventory, components=components, gaps=(*inventory.gaps, *_gaps(failed))
    )


def _lacks(component: Component) -> bool:
    facts = component.facts
    return (
        component.kind in _PACKAGES
        and component.purl is not None
        and component.version is not None
        and not (_is_licensed(component) and _has_told(component))
        and isinstance(facts, PackageFacts)
        and facts.origin is Origin.REGISTRY
    )


def _has_told(component: Component) -> bool:
    """Say whether its supplier is known, or its own metadata were read, and name none.

    A registry would give those metadata once more.
    """
    return bool(component.supplier) or component.basis is Basis.OBSERVED


def _is_licensed(component: Component) -> bool:
    own = component.licenses or component.concluded or component.license_texts
    return bool(own)


def _with(component: Component, told: Told | FetchError | None) -> Component:
    if not isinstance(told, Told):
        return component
    made = replace(component, supplier=component.supplier or told.supplier)
    if _is_licensed(made):
        return made
    return replace(made, licenses=told.licenses, concluded=told.concluded)


def _gaps(failed: Sequence[tuple[Component, FetchError]]) -> Iterator[Gap]:
    """Yield one gap for each way in which asking failed."""
    ways: dict[State, list[tuple[Component, FetchError]]] = {}
    for component, error in failed:
        ways.setdefault(error.state, []).append((component, error))
    for state, some in sorted(ways.items(), key=lambda way: way[0].value):
        names = ", ".join(f"`{each.title}`" for each, _ in some[:_SHOWN])
        more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
        first = some[0][1]
        yield Gap(
            stage="resolve",
            location=Location(path="."),
            reason=f"licence or supplier of {names}{more} are not known: "
            f"{first.reason}",
            state=state,
            hint=first.hint or "ask again, or write both into the BOM",
        )


def _of_npm(
    packages: Sequence[Component], sources: Mapping[str, Sources], door: Door
) -> dict[str, Told | FetchError]:
    asked: dict[str, tuple[Page, str]] = {}
    for each in packages:
        where = sources[each.ref].of_package(each.name)[:1]
        if where:
            asked[each.ref] = ((each.name, where[0]), each.version or "")
    single: Library[tuple[Page, str], Told] = Library(door, _one_version, _read_version)
    single.load(sorted(set(asked.values())))
    found: dict[str, Told | FetchError] = {r: single[one] for r, one in asked.items()}
    unknown = {
        ref: asked[ref]
        for ref, told in found.items()
        if isinstance(told, FetchError) and told.state in _ASK_FOR_ALL
    }
    wanted: dict[Page, set[str]] = {}
    for page, version in unknown.values():
        wanted.setdefault(page, set()).add(version)

    def read(page: Page, response: Response) -> Mapping[str, Told]:
        node = Node.from_json(response.body, source=response.url)
        npm.check(node, page[0])
        versions = node.at("versions")
        known = {v: versions.at(v) for v in wanted[page] if v in versions}
        return {version: _manifest(each) for version, each in known.items()}

    whole: Library[Page, Mapping[str, Told]] = Library(
        door, lambda page: npm.REGISTRY.request(*page), read
    )
    whole.load(sorted(wanted))
    for ref, (page, version) in unknown.items():
        answer = whole[page]
        if isinstance(answer, FetchError):
            found[ref] = answer
        else:
            found[ref] = answer.get(version, Told())
    return found


def _one_version(asked: tuple[Page, str]) -> Request:
    page, version = asked
    request = npm.REGISTRY.request(*page)
    if not _VERSION.fullmatch(version):
        raise FetchError(State.MISSING, f"`{version[:140]}` is no version", hint="")
    return replace(request, url=f"{request.url}/{quote(version)}", limit=_MANIFEST)


def _read_version(asked: tuple[Page, str], response: Response) -> Told:
    (name, _), version = asked
    node = Node.from_json(response.body, source=response.url)
    for key, expected in (("name", name), ("version", version)):
        told = node.at(key).text()
        if told != expected:
            what = f"`{told[:140]}` where `{expected}` should be"
            raise unreadable(plain(response.url), f"answered with {what}")
    return _manifest(node)


def _manifest(node: Node) -> Told:
    """Read what a package.json declares, in the old forms of it too."""
    if not node.is_object():
        return Told()
    value = node.value.get("license") or node.value.get("licenses")
    texts = [
        text
        for each in (value if isinstance(value, list) else [value])
        if isinstance(text := each.get("type") if isinstance(each, dict) else each, str)
        and 0 < len(text) <= _LONGEST
    ]
    return Told(
        licenses=tuple(dict.fromkeys(texts)),
        concluded=concluded(texts),
        supplier=supplier.of_manifest(node.value),
    )


def _of_pypi(
    packages: Sequence[Component], sources: Mapping[str, Sources], door: Door
) -> dict[str, Told | FetchError]:
    interpreter = Interpreter.running()
    pages: Library[Page, Project] = Library(door, project.request, project.read)
    sheets: Library[Sheet, Metadata] = Library(door, metadata.request, metadata.read)
    where = {
        each.ref: [(each.name, one) for one in sources[each.ref].of_package(each.name)]
        for each in packages
    }
    pages.load(sorted({page for some in where.values() for page in some}))
    chosen: dict[str, Sheet] = {}
    found: dict[str, Told | FetchError] = {}
    for each in packages:
        answers = [pages[page] for page in where[each.ref]]
        errors = [answer for answer in answers if isinstance(answer, FetchError)]
        there = [answer for answer in answers if not isinstance(answer, FetchError)]
        if there:
            listing = Listing.of(each.name, there, interpreter)
            if sheet := _sheet(listing, each.version or ""):
                chosen[each.ref] = sheet
        elif errors:
            found[each.ref] = errors[0]
    sheets.load(sorted(set(chosen.values()), key=lambda sheet: sheet.url))
    for ref, sheet in chosen.items():
        answer = sheets[sheet]
        if isinstance(answer, FetchError):
            found[ref] = answer
        else:
            found[ref] = Told(
                licenses=answer.licenses,
                concluded=answer.concluded,
                supplier=answer.supplier,
            )
    return found


def _sheet(listing: Listing, version: str) -> Sheet | None:
    """Return where the metadata are; no large wheel is fetched for their sake."""
    try:
        known = Version(version)
        sheet = listing.sheet(known) if known in listing.files else None
    except (InvalidVersion, MalformedError):
        return None
    return None if sheet is None or sheet.wheel > _WHEEL else sheet
