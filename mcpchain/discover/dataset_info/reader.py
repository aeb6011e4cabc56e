"""Read what the libraries that make data sets write beside them."""

from typing import Final

from mcpchain.component import Component, DataFacts, Kind, Location
from mcpchain.data_sets import CARD, SHOWN, described, licensed, observed
from mcpchain.data_sets.info import Subset, subset, together
from mcpchain.discover.dataset_info import INFO, INFOS, SPLITS, STATE
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.tree import File, UnreadableError

_FILES: Final = 10_000
_SUBSETS: Final = 10_000
_LOADERS: Final = frozenset(
    {
        *(
            "arrow",
            "audiofolder",
            "cache",
            "csv",
            "default",
            "generator",
            "imagefolder",
        ),
        *("json", "pandas", "parquet", "sql", "text", "webdataset", "xml"),
    }
)
"""Names that data read from plain files get."""


def discover(file: File, found: Collector) -> None:
    """Declare the data set.

    Raises:
        MalformedError: It is not what its name says.
        UnreadableError: It cannot be read.
    """
    document = Node.from_json(file.read(), source=file.path)
    if not document.is_object():
        raise document.unexpected("an object")
    name = file.name.casefold()
    infos = _infos(document, name)
    known = together([_subset(each, found) for each in infos])
    first = infos[0] if len(infos) == 1 else Node(value={}, source=file.path)
    found.add(
        Component(
            kind=Kind.DATA,
            name=_name(first, found),
            version=_version(first, found),
            locations=(Location(path=file.path),),
            licenses=_licenses(first, found),
            facts=DataFacts(
                format=CARD,
                description=described(_text(first, "description", found)),
                records=None if _saved(file, name) else known.records,
                columns=known.columns,
            ),
        )
    )
    if name in {STATE, SPLITS}:
        _add_files(document, file, found)


def _infos(document: Node, name: str) -> list[Node]:
    """Return what is known of each configuration.

    Raises:
        MalformedError: There are too many.
    """
    if name == INFO:
        return [document]
    if name != INFOS:
        return []  # only says where the rest is
    infos = [each for _, each in document.items()]
    if len(infos) > _SUBSETS:
        raise document.malformed(f"more than {_SUBSETS:,} configurations")
    return infos


def _subset(info: Node, found: Collector) -> Subset:
    with found.entry():
        return subset(info, found)
    return Subset()


def _saved(file: File, name: str) -> bool:
    """Say whether a part of a data set was saved (`save_to_disk`).

    Then the numbers are still those of the whole that it was taken from.
    """
    if name != INFO:
        return False
    try:
        file.beside(STATE)
    except UnreadableError:
        return False
    return True


def _text(info: Node, key: str, found: Collector) -> str:
    with found.entry():
        return info.at(key).optional_text() or ""
    return ""


def _name(info: Node, found: Collector) -> str:
    """Return what the data set is called, if anything but its format is known."""
    name = _text(info, "dataset_name", found) or _text(info, "name", found)
    return "" if name in _LOADERS else name[:SHOWN]


def _version(info: Node, found: Collector) -> str | None:
    version = None
    with found.entry():
        node = info.at("version")
        if node.is_object():
            node = node.at("version_str")
        version = node.optional_text()
    return version[:SHOWN] if version else None


def _licenses(info: Node, found: Collector) -> tuple[str, ...]:
    said = _text(info, "license", found)
    with found.entry():
        own = info.at("redistributionInfo")
        said = said or (_text(own, "license", found) if own.exists else "")
    licence = licensed(said)
    return (licence,) if licence else ()


def _add_files(document: Node, file: File, found: Collector) -> None:
    """Declare the files that are listed, and say which of them are not here."""
    with found.entry():
        if "splits" in document:
            listed = [
                (e, f"{e.text()}/{STATE}") for e in document.at("splits").elements()
            ]
        else:
            names = (e.at("filename") for e in document.at("_data_files").elements())
            listed = [(each, each.text()) for each in names]
        if len(listed) > _FILES:
            raise document.malformed(f"more than {_FILES:,} files")
        for node, path in listed:
            try:
                beside = file.beside(path)
                if beside.name != STATE:
                    found.add(observed(beside, None))
            except UnreadableError:
                found.gap(_missing(node, path))


def _missing(node: Node, path: str) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=node.source, pointer=node.pointer),
        reason=f"lists `{path[:SHOWN]}`, which is not here or cannot be read",
        state=State.PARTIAL,
        hint="fetch the whole data set, or examine the folder that holds it",
    )
