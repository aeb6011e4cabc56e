"""Read the entries that mcpchain itself wrote, without loss.

Nothing here is lenient: an entry that is not as we write it raises, and the reader then
treats it like anybody else's.
"""

from collections.abc import Iterator
from dataclasses import replace

from packageurl import PackageURL

from mcpchain.artifact import Digest
from mcpchain.bom import artifacts, facts, licenses, makers, properties, purls
from mcpchain.bom.entry import Entry
from mcpchain.bom.marks import Properties, member
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    LicenseText,
    Location,
    Pin,
    Tool,
)
from mcpchain.inventory import Gap, Relation, RelationKind, State


def component(entry: Entry, marks: Properties) -> Component:
    """Read a component that we wrote.

    Raises:
        MalformedError: It is not as we write it.
    """
    group, name = entry.text("group"), entry.required("name")
    kind = marks.one(properties.KIND)
    evidence = entry.entry("evidence")
    bare = Component(
        kind=member(Kind, entry.required("type") if kind is None else kind, entry),
        name=f"{group}/{name}" if group else name,
        purl=_purl(entry.text("purl"), entry),
        locations=tuple(_occurrences(evidence)),
        artifacts=artifacts.read(entry),
        supplier=makers.told(entry.raw()),
        license_texts=licenses.decode_texts(evidence) if evidence else (),
    )
    return _complete(bare, entry, marks)


def service(entry: Entry, marks: Properties) -> Component:
    """Read a service that we wrote, which is an MCP server unless it says otherwise.

    Raises:
        MalformedError: It is not as we write it.
    """
    kind = marks.one(properties.KIND)
    texts = [
        Entry.from_text(each, entry) for each in marks.many(properties.MCP_LICENSE_TEXT)
    ]
    places = marks.many(properties.LOCATION)
    bare = Component(
        kind=Kind.MCP_SERVER if kind is None else member(Kind, kind, entry),
        name=entry.required("name"),
        purl=_purl(marks.one(properties.MCP_PURL), entry),
        locations=tuple(_location(Entry.from_text(each, entry)) for each in places),
        artifacts=tuple(
            artifacts.distribution(each) for each in artifacts.references(entry)
        ),
        supplier=marks.one(properties.SUPPLIER) or "",
        license_texts=tuple(
            LicenseText(name=each.required("name"), text=each.required("text"))
            for each in texts
        ),
    )
    return _complete(bare, entry, marks)


def tools(entry: Entry) -> Iterator[tuple[str, Tool]]:
    """Yield the tools of a server that we wrote, and where each stands.

    Raises:
        MalformedError: They are not as we write them.
    """
    for each in entry.entries("services"):
        marks = Properties(each)
        digest = marks.one(properties.MCP_TOOL)
        if digest is None:
            continue
        name = marks.one(properties.NAME)
        try:
            tool = Tool(
                name=each.required("name") if name is None else name,
                digest=Digest.parse(digest),
            )
        except ValueError as error:
            raise each.malformed(str(error)) from error
        yield each.pointer, tool


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
        state=member(State, entry.required("state"), entry),
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
        kind=member(RelationKind, entry.required("kind"), entry),
    )


def _complete(bare: Component, entry: Entry, marks: Properties) -> Component:
    """Add what components and services say in the same way."""
    pin = marks.one(properties.PIN)
    name = marks.one(properties.NAME)
    declared, concluded = licenses.decode(entry)
    server = bare.kind is Kind.MCP_SERVER
    whole = replace(
        bare,
        name=bare.name if name is None else name,
        version=entry.text("version"),
        basis=member(Basis, marks.one(properties.BASIS) or "", entry),
        pin=None if pin is None else member(Pin, pin, entry),
        requested=marks.one(properties.REQUESTED) or "",
        licenses=declared,
        concluded=(*concluded, *marks.many(properties.CONCLUDED)),
        facts=facts.read(
            marks, entry, tuple(tool for _, tool in tools(entry)) if server else ()
        ),
        ref=entry.text("bom-ref") or "",
    )
    if not whole.locations:
        raise entry.malformed("it does not say where it was found")
    return whole


def _occurrences(evidence: Entry | None) -> Iterator[Location]:
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
