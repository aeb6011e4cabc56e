"""The licences that registries tell of packages whose source tells none.

Locks of Python never hold licences, and those of npm not always. What a maker declares
to the registry for that very version is declared, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from packaging.version import InvalidVersion, Version

from mcpchain.closure import metadata, project
from mcpchain.closure.group import Sources
from mcpchain.closure.library import Door, Library
from mcpchain.closure.metadata import Metadata, Sheet
from mcpchain.closure.project import Interpreter, Listing, Page
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.fetch import FetchError, Response
from mcpchain.inventory import Gap, Inventory, State
from mcpchain.license import concluded
from mcpchain.registries import npm
from mcpchain.registries.pypi import Project

_PACKAGES: Final = frozenset({Kind.APPLICATION, Kind.LIBRARY})
_LONGEST: Final = 200
_SHOWN: Final = 3
_WHEEL: Final = 8 << 20
"""How many bytes a wheel may have whose licence is read out of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a registry tells of one version."""

    licenses: tuple[str, ...] = ()
    concluded: tuple[str, ...] = ()


def licensed(inventory: Inventory, door: Door, trusted: frozenset[str]) -> Inventory:
    """Return *inventory* with the licences that registries tell.

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
        and not (component.licenses or component.concluded or component.license_texts)
        and isinstance(facts, PackageFacts)
        and facts.origin is Origin.REGISTRY
    )


def _with(component: Component, told: Told | FetchError | None) -> Component:
    if not isinstance(told, Told):
        return component
    return replace(component, licenses=told.licenses, concluded=told.concluded)


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
            reason=f"the licences of {names}{more} are not known: {first.reason}",
            state=state,
            hint=first.hint or "ask again, or write the licences into the BOM",
        )


def _of_npm(
    packages: Sequence[Component], sources: Mapping[str, Sources], door: Door
) -> dict[str, Told | FetchError]:
    wanted: dict[Page, set[str]] = {}
    pages: dict[str, Page] = {}
    for each in packages:
        where = sources[each.ref].of_package(each.name)[:1]
        if where:
            pages[each.ref] = (each.name, where[0])
            wanted.setdefault(pages[each.ref], set()).add(each.version or "")

    def read(page: Page, response: Response) -> Mapping[str, Told]:
        node = Node.from_json(response.body, source=response.url)
        npm.check(node, page[0])
        versions = node.at("versions")
        known = {v: versions.at(v) for v in wanted[page] if v in versions}
        return {version: _manifest(each) for version, each in known.items()}

    library: Library[Page, Mapping[str, Told]] = Library(
        door, lambda page: npm.REGISTRY.request(*page), read
    )
    library.load(sorted(wanted))
    found: dict[str, Told | FetchError] = {}
    for each in packages:
        if each.ref in pages:
            page = library[pages[each.ref]]
            if isinstance(page, FetchError):
                found[each.ref] = page
            else:
                found[each.ref] = page.get(each.version or "", Told())
    return found


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
    return Told(licenses=tuple(dict.fromkeys(texts)), concluded=concluded(texts))


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
            found[ref] = Told(licenses=answer.licenses, concluded=answer.concluded)
    return found


def _sheet(listing: Listing, version: str) -> Sheet | None:
    """Return where the metadata are; no large wheel is fetched for a licence."""
    try:
        known = Version(version)
        sheet = listing.sheet(known) if known in listing.files else None
    except (InvalidVersion, MalformedError):
        return None
    return None if sheet is None or sheet.wheel > _WHEEL else sheet
