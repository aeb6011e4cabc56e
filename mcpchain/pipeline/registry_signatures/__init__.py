"""Who stands for the packages of a target? Asked of the user's own registries.

PyPI keeps attestations beside files (PEP 740); npm's registry signs every version, and
keeps attestations too. What a package pins is what they have to be about: of one that
pins files, the attested ones among those; of one that does not, any of its release.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from mcpchain import trust
from mcpchain.closure.group import Sources
from mcpchain.closure.library import Door, Library
from mcpchain.closure.project import Page
from mcpchain.component import Component, Kind, Origin, PackageFacts
from mcpchain.errors import MalformedError, UsageError
from mcpchain.fetch import FetchError, Response
from mcpchain.pipeline.registry_signatures import of_npm, of_pypi
from mcpchain.pipeline.registry_signatures.answers import failed, told
from mcpchain.pipeline.registry_signatures.lead import (
    Documents,
    Lead,
    Offered,
    RegistryKeys,
    Trusted,
)
from mcpchain.pipeline.registry_signatures.whom import Whom
from mcpchain.pipeline.trusting import npm_keys
from mcpchain.pipeline.verification import Terms
from mcpchain.registries import npm, pypi
from mcpchain.signature import Status, Verification
from mcpchain.verify import npm_signatures

_PACKAGES: Final = frozenset({Kind.APPLICATION, Kind.LIBRARY})
_FILES: Final = 4
"""How many attested files of one release are looked at."""


def read_registry_keys(path: Path | None, folder: Path) -> RegistryKeys:
    """Return the keys in *path*; `None`: npm's own, as last updated in *folder*.

    Raises:
        UsageError: There are none.
        UnavailableError: There is an update, and it cannot be trusted.
    """
    if path is None:
        held = npm_keys(folder)
        data, name = held.data, held.title
    else:
        data, name = path.read_bytes(), path.name
    digest = hashlib.sha256(data).hexdigest()
    try:
        keys = npm_signatures.read_keys(data, source=name)
    except MalformedError as error:
        raise UsageError(
            f"`{path}` holds no keys of a registry: {error}",
            hint="name what the registry gives at `/-/npm/v1/keys`",
        ) from None
    return RegistryKeys(keys=keys, origin=f"{name} (sha256:{digest})")


def verify_packages(
    components: Sequence[Component],
    door: Door,
    terms: Terms,
    known: RegistryKeys,
) -> Iterator[Verification]:
    """Yield the answers for every package of PyPI and npm among *components*.

    Args:
        components: What a target is made of.
        door: The way to the registries.
        terms: Whom the user trusts.
        known: By which keys the registry of npm signs.
    """
    trusted = Trusted(
        root=terms.root or trust.public_root(), keys=known, opinion=terms.opinion
    )
    by = Whom(expected=(terms.expected,), by="user") if terms.expected else None
    leads = [*_leads(components, door, trusted)]
    documents = Documents(door)
    documents.load(each for _, lead in leads for each in lead.documents)
    for package, lead in leads:
        named = str(package.purl)
        yield from (replace(each, target=named) for each in lead.told)
        for each in lead.documents:
            for found in documents.verify(each, package, trusted, by):
                yield replace(found, target=named)


def _leads(
    components: Sequence[Component], door: Door, trusted: Trusted
) -> Iterator[tuple[Component, Lead]]:
    """Yield what the pages of the user's registries say of each package."""
    packages = [each for each in components if is_package(each)]
    for kind in ("npm", "pypi"):
        asked: list[tuple[Component, Page]] = []
        for each in packages:
            if each.purl is None or each.purl.type != kind:
                continue
            sources = Sources.of((each,), door.settings, frozenset())
            where = sources.of_package(each.name)
            if sources.refused or not where:
                reason = sources.refused or f"no registry for {kind} is configured"
                unknown = told(each, Status.UNVERIFIABLE, reason)
                yield each, Lead(told=(unknown,))
            elif each.version is None:
                reason = "it names no version, so that nothing says which one runs"
                unknown = told(each, Status.UNVERIFIABLE, reason)
                yield each, Lead(told=(unknown,))
            else:
                asked.append((each, (each.name, where[0])))
        wanted: dict[Page, dict[str, None]] = {}
        for package, page in asked:
            wanted.setdefault(page, {})[package.version or ""] = None
        pages = Library(door, _ASK[kind], partial(_read, kind, wanted))
        pages.load(sorted(wanted))
        for package, page in asked:
            found = pages[page]
            if isinstance(found, FetchError):
                yield package, Lead(told=(failed(package, found),))
            elif offered := found.get(package.version or ""):
                yield package, offered.lead(package, trusted, _FILES)
            else:
                reason = "the registry does not know this version"
                unknown = told(package, Status.UNVERIFIABLE, reason)
                yield package, Lead(told=(unknown,))


_ASK: Final = {
    "npm": lambda page: npm.REGISTRY.request(*page),
    "pypi": lambda page: pypi.REGISTRY.request(*page),
}


def _read(
    kind: str, wanted: Mapping[Page, Mapping[str, None]], page: Page, response: Response
) -> Mapping[str, Offered]:
    document, versions = response.document(), tuple(wanted[page])
    name, registry = page
    check, read = (
        (npm.check, of_npm.offers) if kind == "npm" else (pypi.check, of_pypi.offers)
    )
    check(document, name)
    return read(document, name, versions, registry=registry, url=response.url)


def is_package(component: Component) -> bool:
    """Say whether it is a package that its source has from a registry."""
    facts = component.facts
    return (
        component.kind in _PACKAGES
        and component.purl is not None
        and isinstance(facts, PackageFacts)
        and facts.origin is Origin.REGISTRY
    )
