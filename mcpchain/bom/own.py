"""Read the entries that mcpchain itself wrote, without loss.

Nothing here is lenient: an entry that is not as we write it raises, and the reader then
treats it like anybody else's.
"""

import datetime as dt
import enum
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, TypeVar

from packageurl import PackageURL

from mcpchain.artifact import Artifact, Digest
from mcpchain.bom import properties, purls
from mcpchain.bom.encode import ALGORITHMS, NO_ADDRESS
from mcpchain.bom.entry import Entry
from mcpchain.bom.iri import iri
from mcpchain.component import (
    Basis,
    Component,
    Facts,
    Kind,
    Location,
    ModelFacts,
    Origin,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.inventory import Gap, Relation, RelationKind, State

_ALGORITHMS: Final = {spelt: each for each, spelt in ALGORITHMS.items()}
_NUMBER: Final = re.compile("-?[0-9]{1,400}")
_E = TypeVar("_E", bound=enum.Enum)


class Properties:
    """The properties of one object whose names are ours.

    Raises:
        MalformedError: A property is no pair of strings.
    """

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._values: dict[str, list[str]] = {}
        for each in entry.entries("properties"):
            name = each.required("name")
            if name.startswith(properties.PREFIX):
                self._values.setdefault(name, []).append(each.text("value") or "")

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __bool__(self) -> bool:
        return bool(self._values)

    def one(self, name: str) -> str | None:
        """Return the value of the only property *name*.

        Raises:
            MalformedError: There are several.
        """
        values = self._values.get(name)
        if values is None:
            return None
        if len(values) > 1:
            raise self._entry.malformed(f"`{name}` is given {len(values)} times")
        return values[0]

    def many(self, name: str) -> tuple[str, ...]:
        """Return the values of every property *name*, in their order."""
        return tuple(self._values.get(name, ()))

    def true(self, name: str) -> bool:
        """Say whether *name* is `true`, which is all that it may be.

        Raises:
            MalformedError: It is something else.
        """
        value = self.one(name)
        if value not in {None, "true"}:
            raise self._entry.malformed(f"`{name}` is `{value[:40]}`")
        return value is not None

    def number(self, name: str) -> int | None:
        """Return the whole number that *name* spells out.

        Raises:
            MalformedError: It spells something else.
        """
        value = self.one(name)
        if value is None:
            return None
        if not _NUMBER.fullmatch(value):
            raise self._entry.malformed(f"`{name}` is no whole number")
        return int(value)


def component(entry: Entry, marks: Properties) -> Component:
    """Read a component that we wrote.

    Raises:
        MalformedError: It is not as we write it.
    """
    group, name = entry.text("group"), entry.required("name")
    bare = Component(
        kind=_member(Kind, entry.required("type"), entry),
        name=f"{group}/{name}" if group else name,
        purl=_purl(entry.text("purl"), entry),
        locations=tuple(_occurrences(entry)),
        artifacts=_artifacts(entry),
    )
    return _complete(bare, entry, marks)


def server(entry: Entry, marks: Properties) -> Component:
    """Read a service that we wrote for an MCP server.

    Raises:
        MalformedError: It is not as we write it.
    """
    places = marks.many(properties.LOCATION)
    bare = Component(
        kind=Kind.MCP_SERVER,
        name=entry.required("name"),
        purl=_purl(marks.one(properties.MCP_PURL), entry),
        locations=tuple(_location(Entry.from_text(each, entry)) for each in places),
        artifacts=tuple(_distribution(each) for each in _references(entry)),
    )
    return _complete(bare, entry, marks)


def gap(text: str, holder: Entry) -> Gap:
    """Read the value of a `mcpchain:gap`.

    Raises:
        MalformedError: It is not as we write it.
    """
    entry = Entry.from_text(text, holder)
    place = entry.entry("location")
    if place is None:
        raise entry.malformed("`location` is missing")
    return Gap(
        stage=entry.required("stage"),
        location=_location(place),
        reason=entry.required("reason"),
        state=_member(State, entry.required("state"), entry),
        hint=entry.text("hint") or "",
        ref=entry.text("ref"),
    )


def relation(text: str, holder: Entry) -> Relation:
    """Read the value of a `mcpchain:relation`.

    Raises:
        MalformedError: It is not as we write it.
    """
    entry = Entry.from_text(text, holder)
    return Relation(
        source=entry.required("source"),
        target=entry.required("target"),
        kind=_member(RelationKind, entry.required("kind"), entry),
    )


def _complete(bare: Component, entry: Entry, marks: Properties) -> Component:
    """Add what components and services say in the same way."""
    pin = marks.one(properties.PIN)
    name = marks.one(properties.NAME)
    whole = replace(
        bare,
        name=bare.name if name is None else name,
        version=entry.text("version"),
        basis=_member(Basis, marks.one(properties.BASIS) or "", entry),
        pin=None if pin is None else _member(Pin, pin, entry),
        requested=marks.one(properties.REQUESTED) or "",
        licenses=tuple(license_texts(entry)),
        facts=_facts(marks, entry),
        ref=entry.text("bom-ref") or "",
    )
    if not whole.locations:
        raise entry.malformed("it does not say where it was found")
    return whole


def _facts(marks: Properties, entry: Entry) -> Facts | None:
    if properties.ORIGIN in marks:
        return PackageFacts(
            origin=_member(Origin, marks.one(properties.ORIGIN) or "", entry),
            registry=marks.one(properties.REGISTRY),
            extra_registries=marks.many(properties.EXTRA_REGISTRY),
            development=marks.true(properties.DEVELOPMENT),
            optional=marks.true(properties.OPTIONAL),
            alias=marks.one(properties.ALIAS) or "",
        )
    if properties.MCP_CLIENT in marks:
        transport = marks.one(properties.MCP_TRANSPORT) or ""
        return ServerFacts(
            client=marks.one(properties.MCP_CLIENT) or "",
            transport=_member(Transport, transport, entry),
            launcher=marks.one(properties.MCP_LAUNCHER) or "",
            endpoint=_endpoint(marks, entry),
            env=marks.many(properties.MCP_ENV),
            headers=marks.many(properties.MCP_HEADER),
            registry=marks.one(properties.REGISTRY),
            extra_registries=marks.many(properties.EXTRA_REGISTRY),
        )
    if properties.MODEL_FORMAT in marks:
        return ModelFacts(
            format=marks.one(properties.MODEL_FORMAT) or "",
            parameters=marks.number(properties.MODEL_PARAMETERS),
            tensors=marks.number(properties.MODEL_TENSORS),
            architecture=marks.one(properties.MODEL_ARCHITECTURE),
            license=marks.one(properties.MODEL_LICENSE),
            imports=marks.many(properties.MODEL_IMPORT),
        )
    return None


def _endpoint(marks: Properties, entry: Entry) -> str | None:
    """Return the address, which stands in two places that must agree."""
    endpoint = marks.one(properties.MCP_ENDPOINT)
    shown = entry.texts("endpoints")
    if shown and shown != [iri(endpoint or "")]:
        raise entry.malformed(
            f"`endpoints` and `{properties.MCP_ENDPOINT}` name different addresses"
        )
    return endpoint


def license_texts(entry: Entry) -> Iterator[str]:
    """Yield the licences of a component or service as text.

    Raises:
        MalformedError: One of them is neither an expression, an id nor a name.
    """
    for each in entry.entries("licenses"):
        choice = each.entry("license")
        text = (
            each.text("expression")
            if choice is None
            else choice.text("id") or choice.text("name")
        )
        if text is None:
            raise each.malformed("a licence is an expression, an id or a name")
        yield text


def _occurrences(entry: Entry) -> Iterator[Location]:
    evidence = entry.entry("evidence")
    for each in evidence.entries("occurrences") if evidence else ():
        yield Location(
            path=each.required("location"),
            pointer=each.text("additionalContext") or "",
            line=each.integer("line"),
        )


def _location(entry: Entry) -> Location:
    return Location(
        path=entry.required("path"),
        pointer=entry.text("pointer") or "",
        line=entry.integer("line"),
    )


def _artifacts(entry: Entry) -> tuple[Artifact, ...]:
    """Read artifacts, of which a single one has its digests on the component."""
    digests = tuple(digest(each) for each in entry.entries("hashes"))
    found = tuple(_distribution(each) for each in _references(entry))
    if not digests:
        return found
    if not found:
        return (Artifact(digests=digests),)
    if len(found) > 1 or found[0].digests:
        raise entry.malformed("`hashes` and the distributions name different files")
    return (replace(found[0], digests=digests),)


def _references(entry: Entry) -> Iterator[Entry]:
    for each in entry.entries("externalReferences"):
        if each.text("type") == "distribution":
            yield each


def _distribution(entry: Entry) -> Artifact:
    shown = entry.required("url")
    digests = tuple(digest(each) for each in entry.entries("hashes"))
    url = None if shown.startswith(NO_ADDRESS) else shown
    text = entry.text("comment")
    if text is None:
        return Artifact(url=url, digests=digests)
    facts = Entry.from_text(text, entry)
    real = facts.text("url")
    if real is not None and iri(real) != shown:
        raise entry.malformed("`url` and the comment name different addresses")
    published = facts.text("published")
    return Artifact(
        name=facts.text("name") or "",
        digests=digests,
        url=url if real is None else real,
        size=facts.integer("size"),
        published=None if published is None else _moment(published, entry),
        withdrawn=facts.text("withdrawn"),
    )


def digest(entry: Entry) -> Digest:
    """Read one hash.

    Raises:
        MalformedError: Its algorithm is none that we know, or its length is wrong.
    """
    name = entry.required("alg")
    algorithm = _ALGORITHMS.get(name)
    if algorithm is None:
        raise entry.malformed(f"`{name[:40]}` is no digest algorithm that is read")
    try:
        return Digest(algorithm=algorithm, value=entry.required("content").lower())
    except ValueError as error:
        raise entry.malformed(str(error)) from error


def _purl(text: str | None, entry: Entry) -> PackageURL | None:
    return None if text is None else parse_purl(text, entry)


def parse_purl(text: str, entry: Entry) -> PackageURL:
    """Read a purl.

    Raises:
        MalformedError: It is none.
    """
    try:
        return purls.parse(text)
    except ValueError as error:
        raise entry.malformed(str(error)) from error


def _moment(text: str, entry: Entry) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise entry.malformed(f"`{text[:40]}` is not a time") from error


def _member(kind: type[_E], value: str, entry: Entry) -> _E:
    try:
        return kind(value)
    except ValueError:
        raise entry.malformed(
            f"`{value[:40]}` is no {kind.__name__.lower()} that is known here"
        ) from None
