"""The packages of targets: those that registries are asked about, and what is not."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain.component import Component, Kind, Location, Origin, PackageFacts
from mcpchain.errors import NothingToCheckError, UsageError
from mcpchain.inventory import Gap, Inventory, State
from mcpchain.pipeline.circumstances import Circumstances
from mcpchain.pipeline.registry_signatures import is_package, verify_packages
from mcpchain.pipeline.sorting import lists_packages
from mcpchain.purl import parse
from mcpchain.signature import Status, Verification

if TYPE_CHECKING:
    from mcpchain.pipeline.registry_signatures.lead import RegistryKeys
    from mcpchain.pipeline.verification import Terms

KIND: Final = "gap"
INSTALLED: Final = (
    "of what is installed names and versions were asked about: the release is "
    "verified, and not the bytes that were installed"
)
_ASKED: Final = frozenset({"npm", "pypi"})
_PACKAGES: Final = frozenset({Kind.APPLICATION, Kind.LIBRARY})
_GAPS: Final = {
    State.UNMATCHED: Status.INVALID,
    State.UNREADABLE: Status.ERROR,
    State.CONFLICT: Status.ERROR,
    State.LIMIT: Status.ERROR,
}
"""Of what could not be read nobody knows which packages it names."""
_ENVIRONMENT: Final = "environment"
"""What the inventory of one is called."""
_SOME: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What is asked about, and what is known of the rest."""

    packages: tuple[Component, ...]
    answers: tuple[Verification, ...] = ()
    """About what could not be read, or is not as it should be."""
    notes: tuple[str, ...] = ()
    """What nobody is asked about."""


def of_purl(text: str) -> Component:
    """Return the package that is named.

    Raises:
        UsageError: It is no purl.
    """
    try:
        purl = parse(text)
    except ValueError as error:
        raise UsageError(
            f"`{text[:140]}` is no purl: {error}",
            hint="write `pkg:pypi/NAME@VERSION` or `pkg:npm/NAME@VERSION`",
        ) from None
    name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
    return Component(
        kind=Kind.LIBRARY,
        name=name,
        version=purl.version,
        purl=purl,
        locations=(Location(path="."),),
        facts=PackageFacts(),
    )


def installed(
    location: Path, *, verify: bool, progress: Callable[[int, int], None] | None
) -> Inventory:
    """Return what is installed in an environment.

    Args:
        location: Its interpreter, or its folder.
        verify: Whether to compare every file with RECORD.
        progress: Called with (bytes done, bytes in all).

    Raises:
        UsageError: There is none.
    """
    from mcpchain.discover.environment.installed import Wish, read_environment

    return read_environment(location, Wish(verify=verify, progress=progress))


def gather(
    purls: Iterable[str], inventories: Sequence[tuple[str, Inventory]]
) -> Gathered:
    """Return the packages of all of them, each once.

    Args:
        purls: Packages that are named.
        inventories: What there is, by how the user calls it.

    Raises:
        NothingToCheckError: There is no package in one of them.
    """
    found = [of_purl(each) for each in purls]
    answers: list[Verification] = []
    notes: list[str] = []
    for title, inventory in inventories:
        packages = [each for each in inventory.components if _is_asked(each)]
        found += packages
        # A model that cannot be read is no list of packages.
        weighty: list[Gap] = []
        light: list[Gap] = []
        for gap in inventory.gaps:
            matters = inventory.name == _ENVIRONMENT or Path(title).is_file()
            listed = matters or lists_packages(gap.location.path)
            (weighty if gap.state in _GAPS and listed else light).append(gap)
        if not packages and not weighty:
            raise _nothing(title, inventory)
        answers += map(_answer, weighty)
        notes += _notes(title, inventory, light)
    return Gathered(
        packages=tuple(_once(found)), answers=tuple(answers), notes=tuple(notes)
    )


def verify(
    packages: Sequence[Component],
    ask: Circumstances,
    terms: "Terms",
    known: "RegistryKeys",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Verification, ...]:
    """Return what the user's own registries have that stands for *packages*.

    Args:
        packages: What to verify.
        ask: When and where it is asked.
        terms: Whom the user trusts. Without an identity, that of PyPI is whom the index
            names, and that of npm the repository that the package itself declares.
        known: By which keys the registry of npm signs.
        progress: Called with (pages read, pages known of).
    """
    from mcpchain.closure.library import Door
    from mcpchain.fetch import Fetcher
    from mcpchain.settings import load

    settings = load(ask.environ, home=ask.home, projects=ask.projects)
    with Fetcher(
        offline=ask.offline,
        cache=ask.cache / "http",
        route=settings.route,
        clock=ask.now.timestamp,
    ) as fetcher:
        door = Door(fetcher, settings, progress)
        return tuple(verify_packages(packages, door, terms, known))


def _once(packages: Iterable[Component]) -> Iterator[Component]:
    """Yield what differs in name, version, registry or bytes: the rest is one."""
    known = set()
    for each in packages:
        facts = each.facts
        where = facts.registry if isinstance(facts, PackageFacts) else None
        digests = frozenset(d for file in each.artifacts for d in file.digests)
        if (key := (str(each.purl), where, digests)) not in known:
            known.add(key)
            yield each


def _is_asked(component: Component) -> bool:
    purl = component.purl
    return is_package(component) and purl is not None and purl.type in _ASKED


def _answer(gap: Gap) -> Verification:
    status = _GAPS[gap.state]
    return Verification(
        status=status, reason=gap.reason, kind=KIND, subject=str(gap.location)
    )


def _notes(title: str, inventory: Inventory, gaps: Sequence[Gap]) -> Iterator[str]:
    """Yield what of *inventory* nobody is asked about."""
    rest = Counter(_kind(each) for each in inventory.components if not _is_asked(each))
    if rest:
        told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(rest.items()))
        yield f"`{title}`: no registry was asked about {told}"
    for gap in gaps[:_SOME]:
        yield f"`{title}`: not looked at: `{gap.location}`: {gap.reason}"
    if (more := len(gaps) - _SOME) > 0:
        yield f"`{title}`: {more:,} more that were not looked at; `mcpchain gate` "
        "names them"


def _kind(component: Component) -> str:
    """Say what a component is that is not asked about."""
    facts = component.facts
    if component.kind not in _PACKAGES or not isinstance(facts, PackageFacts):
        return component.kind.value
    if facts.origin is not Origin.REGISTRY:
        return f"package from a {facts.origin.value}"
    return f"package of {component.purl.type if component.purl else 'nobody'}"


def _nothing(title: str, inventory: Inventory) -> NothingToCheckError:
    if any(each.kind is Kind.MODEL for each in inventory.components):
        return NothingToCheckError(
            f"`{title}` is a model, and names no package of a registry",
            hint=f"without `--packages`, its signature is verified: `mcpchain verify "
            f"{title}`",
        )
    if inventory.components:
        kinds = Counter(_kind(each) for each in inventory.components)
        told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
        names = sorted({each.title for each in inventory.components})
        shown = ", ".join(f"`{each[:140]}`" for each in names[:_SOME])
        more = f" and {len(names) - _SOME:,} more" * (len(names) > _SOME)
        return NothingToCheckError(
            f"`{title}` names no package of PyPI or npm, only: {told}: {shown}{more}",
            hint="no registry stands for these: `mcpchain gate` judges them; name a "
            "lock, a BOM, or a folder with one for others",
        )
    from mcpchain.pipeline.target import nothing

    return nothing(inventory)
