"""Read a description in Croissant."""

import re
from typing import Final

from mcpchain.component import Component, DataFacts, Kind, Location
from mcpchain.data_sets import CROISSANT, SHOWN, described, licensed
from mcpchain.data_sets.info import texts
from mcpchain.discover.croissant.files import add_files
from mcpchain.discover.croissant.terms import elements, term
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.tree import File

_IS: Final = re.compile(r"https?://(?:www\.)?mlcommons\.org/croissant/(?!RAI)")
_VERSION: Final = re.compile(r"mlcommons\.org/croissant/(\d+)")
_READ: Final = "1"
_COLUMNS: Final = 10_000


def discover(file: File, found: Collector) -> None:
    """Declare the data set and each file that it lists.

    Raises:
        MalformedError: It seems to be Croissant, and cannot be read.
        UnreadableError: The system refuses.
    """
    data = file.read()
    sure = "croissant" in file.name.casefold()
    try:
        document = Node.from_json(data, source=file.path)
        versions = _conforms_to(document)
    except MalformedError:
        if sure or b"mlcommons.org/croissant" in data:
            raise
        return  # JSON-LD of something else
    if not _is_croissant(document, versions):
        if sure and document.is_object() and "@context" in document:
            raise document.malformed("JSON-LD that does not say that it is Croissant")
        return
    _check_version(file, versions, found)
    whole = found.add(_component(document, found))
    add_files(document, file, whole, found)


def _conforms_to(document: Node) -> tuple[str, ...]:
    """Return what the document says that it conforms to.

    Raises:
        MalformedError: It is no object, or says so in no known way.
    """
    said = elements(term(document, "conformsTo"))
    return tuple((e.at("@id") if e.is_object() else e).text() for e in said)


def _is_croissant(document: Node, versions: tuple[str, ...]) -> bool:
    if any(map(_IS.match, versions)):
        return True
    contexts = [document.at("@context").value]
    if isinstance(contexts[0], list):
        contexts = contexts[0]
    spaces = [v for c in contexts if isinstance(c, dict) for v in c.values()]
    return any(isinstance(e, str) and _IS.match(e) for e in [*contexts, *spaces])


def _check_version(file: File, versions: tuple[str, ...], found: Collector) -> None:
    """Say so where it conforms to a version that came later than this reader."""
    majors = [match[1] for each in versions if (match := _VERSION.search(each))]
    if majors and _READ not in majors:
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=file.path, pointer="/conformsTo"),
                reason=f"Croissant {majors[0][:SHOWN]}; {_READ} is read",
                state=State.PARTIAL,
                hint="what is new in it is not told; check it by other means",
            )
        )


def _component(document: Node, found: Collector) -> Component:
    return Component(
        kind=Kind.DATA,
        name=_text(document, "name", found)[:SHOWN],
        version=_version(document, found),
        locations=(Location(path=document.source),),
        licenses=_licenses(document, found),
        facts=DataFacts(
            format=CROISSANT,
            description=described(_text(document, "description", found)),
            columns=_columns(document, found),
            languages=_sorted(document, "inLanguage", found),
            sensitive=_sorted(document, "personalSensitiveInformation", found),
        ),
    )


def _text(document: Node, name: str, found: Collector) -> str:
    with found.entry():
        return term(document, name).optional_text() or ""
    return ""


def _sorted(document: Node, name: str, found: Collector) -> tuple[str, ...]:
    with found.entry():
        said = texts(term(document, name))
        return tuple(sorted({" ".join(each.split())[:SHOWN] for each in said}))
    return ()


def _version(document: Node, found: Collector) -> str | None:
    with found.entry():
        node = term(document, "version")
        number = isinstance(node.value, int | float) and not node.problem
        said = str(node.value) if number else node.optional_text()
        return said[:SHOWN] if said else None
    return None


def _licenses(document: Node, found: Collector) -> tuple[str, ...]:
    """Return the licences: an address or a name, or an object that has them."""
    licenses: dict[str, None] = {}
    with found.entry():
        for node in elements(term(document, "license")):
            said = node
            if node.is_object():
                own = (term(node, key) for key in ("name", "url", "@id"))
                said = next((each for each in own if each.exists), node)
            if text := licensed(said.text()):
                licenses[text] = None
    return tuple(licenses)


def _columns(document: Node, found: Collector) -> tuple[str, ...]:
    """Return the fields of the records, if there is one kind of them.

    A set of records that holds them itself is a list of splits or classes.
    """
    with found.entry():
        sets = [
            each
            for each in elements(term(document, "recordSet"))
            if not term(each, "data").exists
        ]
        if len(sets) != 1:
            return ()
        fields = elements(term(sets[0], "field"))
        if len(fields) > _COLUMNS:
            raise sets[0].malformed(f"more than {_COLUMNS:,} fields")
        return tuple(_column(each) for each in fields)
    return ()


def _column(field: Node) -> str:
    """Return the name of a field, which may have that of its set in front."""
    name = term(field, "name")
    text = (name if name.exists else field.at("@id")).text()
    return text.rpartition("/")[2][:SHOWN]
