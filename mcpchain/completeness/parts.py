"""A BOM of anybody, CycloneDX or SPDX, as the facts that the profiles ask for.

The document may be wrong in any way: what has the wrong type says nothing. A name such
as `NOASSERTION`, `unknown` or a blank says nothing either.
"""

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mcpchain.bom.foreign import IMAGES, REPOSITORIES, may_be_model
from mcpchain.bom.purls import parse
from mcpchain.naming import is_commit

Object = Mapping[str, Any]

_NOTHING: Final = frozenset(
    {"", "-", "?", "n/a", "na", "nil", "noassertion", "none", "not available", "null"}
    | {"(unnamed)", "tbd", "todo", "unknown", "unnamed", "unspecified"}
)
"""What is written, in any case, where there is nothing to say."""
_LENGTHS: Final = {
    "md5": 32,
    "sha1": 40,
    "sha256": 64,
    "sha384": 96,
    "sha512": 128,
    "sha3256": 64,
    "sha3384": 96,
    "sha3512": 128,
    "blake2b256": 64,
    "blake2b384": 96,
    "blake2b512": 128,
    "blake3": 64,
}
"""Hexadecimal digits of a digest, by the name of its algorithm without dashes."""
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_IMAGE_DIGEST: Final = re.compile("sha256:([0-9a-f]{64})")
_MOMENT: Final = re.compile(
    r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)"
)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL: Final = re.compile(r"https?://[^/\s]+\S*")


class Group(enum.Enum):
    """What a component is, as far as that decides what to do about it."""

    PROJECT = "the subject"
    PACKAGE = "packages"
    MODEL = "models"
    DATA = "data sets"
    FILE = "files"
    IMAGE = "images"
    REPOSITORY = "actions and what else is in a repository"


GROUPS: Final = {
    "container": Group.IMAGE,
    "data": Group.DATA,
    "file": Group.FILE,
    "machine-learning-model": Group.MODEL,
}
"""By kind; all else is a package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hash:
    """A digest whose length fits its algorithm."""

    algorithm: str
    """In lower case, without dashes: `sha512`."""
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A component of a BOM, as far as it says anything of itself."""

    label: str
    """How a reader finds it."""
    ref: str
    kind: str
    """The `type` of CycloneDX, or the purpose of SPDX in lower case."""
    name: str = ""
    version: str = ""
    supplier: str = ""
    producers: tuple[str, ...] = ()
    """Who made it: names."""
    contacts: tuple[str, ...] = ()
    """Addresses, of mail or web, of who made it."""
    identifiers: tuple[str, ...] = ()
    """Purls, CPEs and tags of SWID that can be read as such."""
    hashes: tuple[Hash, ...] = ()
    distributed: tuple[Hash, ...] = ()
    """Those of what is delivered, where the BOM tells them apart."""
    declared: tuple[str, ...] = ()
    """Licences, as its maker declares them."""
    concluded: tuple[str, ...] = ()
    related: bool = False
    """Whether the BOM says what it depends on, be that nothing, or what on it."""
    lists_all: bool = False
    """Whether the BOM says if what it lists of its dependencies is all of them."""
    addresses: frozenset[str] = frozenset()
    """The kinds of external references that lead somewhere."""
    properties: Mapping[str, str] = field(default_factory=dict)
    card: Object = field(default_factory=dict)
    """The model card of CycloneDX."""
    data: tuple[Object, ...] = ()
    """What CycloneDX says of data sets: the entries of `data`."""
    description: str = ""
    ancestors: bool = False
    """Whether its pedigree is told."""
    group: Group = Group.PACKAGE
    piece: bool = False
    """Whether it is a file of a model or data set that is listed, and no component."""
    sized: bool = False
    """Whether the size of its files is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bom:
    """A BOM, as far as it says anything of itself."""

    format: str
    """`CycloneDX 1.6`, `SPDX-2.3`."""
    parts: tuple[Part, ...]
    """All components, those inside others too, but for the subject."""
    subject: Part | None = None
    """What the BOM is about."""
    services: tuple[Object, ...] = ()
    formulation: int = 0
    """How many components it lists of those that only build the others."""
    authors: tuple[str, ...] = ()
    """Who made the BOM: persons and organisations, no tools."""
    contacts: tuple[str, ...] = ()
    """Their addresses, of mail or web."""
    makers: tuple[str, ...] = ()
    """Who makes or supplies what the BOM is about."""
    reachable: tuple[str, ...] = ()
    """Their addresses, of mail or web."""
    tools: tuple[str, ...] = ()
    timestamp: str = ""
    """When it was made; empty, if that is no time with a zone."""
    identifier: str = ""
    """Its serial number or name space."""
    phases: tuple[str, ...] = ()
    """The phases of the life cycle in which it was made."""
    signed: bool = False
    vulnerabilities: int = 0
    direct: bool = False
    """Whether it says what its subject depends on."""
    coverage: bool = False
    """Whether it says how complete it is as a whole."""
    addresses: frozenset[str] = frozenset()
    """The kinds of external references of the BOM, and of its subject."""

    @property
    def every(self) -> tuple[Part, ...]:
        """The subject, if there is one, and all parts."""
        return self.parts if self.subject is None else (self.subject, *self.parts)

    def of_kind(self, *kinds: str, pieces: bool = False) -> tuple[Part, ...]:
        """Return the parts of some kinds, of all kinds if none is given.

        Args:
            kinds: Which kinds.
            pieces: Whether files of models and data sets count.
        """
        return tuple(
            each
            for each in self.every
            if (not kinds or each.kind in kinds) and (pieces or not each.piece)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a purl alone tells of a component."""

    version: str = ""
    """The digest of an image, the commit of a repository; of all else, nothing."""
    hashes: tuple[Hash, ...] = ()
    group: Group | None = None
    package: bool = False
    """Whether it names something of an ecosystem, and no mere file or model."""


def named(text: str) -> Named:
    """Return what the purl *text* tells; nothing, if it is none."""
    try:
        purl = parse(text)
    except ValueError:
        return Named()
    version = words(purl.version)
    hashes: list[Hash | None] = []
    if purl.type in IMAGES and (found := _IMAGE_DIGEST.fullmatch(version)):
        hashes.append(digest("sha256", found[1]))
    elif purl.type not in REPOSITORIES or not is_commit(version):
        version = ""
    for each in purl.qualifiers.get("checksum", "").split(","):
        algorithm, _, value = each.partition(":")
        hashes.append(digest(algorithm, value))
    group = None
    if purl.type in IMAGES:
        group = Group.IMAGE
    elif purl.type in REPOSITORIES:
        group = Group.REPOSITORY
    return Named(
        version=version,
        hashes=tuple(each for each in hashes if each is not None),
        group=group,
        package=not may_be_model(purl),
    )


def group_of(kind: str, told: Named) -> Group:
    """Say what something of a *kind* is, of whose purl *told* is known."""
    return told.group or GROUPS.get(kind, Group.PACKAGE)


def words(value: object) -> str:
    """Return *value* as text that says something; else nothing."""
    if not isinstance(value, str):
        return ""
    text = value.strip()
    return "" if text.casefold() in _NOTHING else text


def objects(value: object) -> Iterator[Object]:
    """Yield the objects in what should be a list of them."""
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict):
            yield each


def members(value: object) -> Object:
    """Return what should be an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def digest(algorithm: object, value: object) -> Hash | None:
    """Return the digest that these are, if they are one."""
    if not isinstance(algorithm, str) or not isinstance(value, str):
        return None
    name = algorithm.strip().lower().replace("-", "").replace("_", "")
    text = value.strip()
    if len(text) != _LENGTHS.get(name) or not _HEX.fullmatch(text):
        return None
    return Hash(algorithm=name, value=text.lower())


def moment(value: object) -> str:
    """Return *value* if it is a time with a zone; else nothing."""
    return value if isinstance(value, str) and _MOMENT.fullmatch(value) else ""


def address(value: object) -> str:
    """Return *value* if it is an address of mail or web; else nothing."""
    text = words(value)
    return text if _EMAIL.fullmatch(text) or _URL.fullmatch(text) else ""
