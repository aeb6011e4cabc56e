"""What the page of a registry says of who stands for a release."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.verify import Opinion
from mcpchain.closure.library import Door, Library
from mcpchain.component import Component
from mcpchain.errors import MalformedError
from mcpchain.fetch import FetchError, Request
from mcpchain.pipeline.registry_signatures.answers import lacking, told
from mcpchain.pipeline.registry_signatures.whom import Whom
from mcpchain.signature import Status, Verification
from mcpchain.verify.npm_signatures import Key

_BYTES: Final = 8 << 20
"""How large attestations of one file or package may be."""
_DOCUMENTS: Final = 100_000
_TOLD: Final = 5
"""How many earlier releases are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryKeys:
    """The keys by which a registry of npm's kind signs what it delivers."""

    keys: tuple[Key, ...]
    origin: str
    """What they are called, with their SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """By what signatures are verified."""

    root: TrustedRoot
    keys: RegistryKeys
    opinion: Opinion | None = None


Read = Callable[[bytes, Trusted, Whom | None], Iterator[Verification]]
"""Verifies attestations. Without anybody who is named, by whom the index or the package
itself names. Raises `MalformedError`, before anything else, for what are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Where attestations lie, and how they are verified."""

    url: str
    read: Read
    accept: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """An earlier release that is attested."""

    version: str
    nearest: bool
    """Whether no other release lies between."""
    document: Document | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """Where to look for who stands for one package, and what is known already."""

    told: tuple[Verification, ...] = ()
    documents: tuple[Document, ...] = ()
    declared: str = ""
    """The repository that the package itself says to come from, as an address."""
    before: tuple[Before, ...] = ()
    """Nearest first."""


class Offered(Protocol):
    """What one registry offers of one release, as far as signatures go."""

    def lead(self, package: Component, trusted: Trusted, files: int) -> Lead:
        """Return where to look for *package*, and in how many files at most."""
        ...

    def beside(self, other: Self) -> Self:
        """Return what this registry and another one offer together."""
        ...


class Documents:
    """Documents, each asked for once.

    Args:
        door: The way to the registries.
    """

    def __init__(self, door: Door) -> None:
        self._library: Library[tuple[str, str], bytes] = Library(
            door,
            lambda key: Request(url=key[0], accept=key[1], limit=_BYTES),
            lambda _, response: response.body,
            _DOCUMENTS,
        )

    def load(self, documents: Iterable[Document]) -> None:
        """Ask for *documents* at once."""
        self._library.load((each.url, each.accept) for each in documents)

    def verify(
        self, document: Document, package: Component, trusted: Trusted, by: Whom | None
    ) -> Iterator[Verification]:
        """Yield the answer for each attestation in *document*, or why there is none."""
        data = self._library[document.url, document.accept]
        if isinstance(data, FetchError):
            yield lacking(package, data)
            return
        try:
            yield from document.read(data, trusted, by)
        except MalformedError as error:
            reason = f"its attestations are malformed: {error.problem}"
            yield told(package, Status.UNVERIFIABLE, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A release among the others of its package."""

    version: str
    order: Any
    """Compares as the versions do."""
    line: object
    """Equal for releases of one line, which is that of a major version."""
    early: bool
    """Whether it is a pre-release."""
    attested: bool


def preceding(own: Step, steps: Iterable[Step]) -> Sequence[tuple[str, bool]]:
    """Return the attested releases before *own*, nearest first.

    Those of its line; where it is the first of one, the release before it. Pre-releases
    count only before another one. Each with whether no other release lies between.
    """
    lower = [e for e in steps if e.order < own.order and (own.early or not e.early)]
    lower.sort(key=lambda each: each.order, reverse=True)
    line = [each for each in lower if each.line == own.line] or lower[:1]
    attested = [(e.version, not i) for i, e in enumerate(line) if e.attested]
    return attested[:_TOLD]
