"""Read the card of a data set."""

import re
from collections.abc import Iterator
from typing import Final

from mcpchain.component import Component, DataFacts, Kind, Location
from mcpchain.data_sets import CARD, SHOWN, licensed, observed
from mcpchain.data_sets.info import Subset, subset, texts, together
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.hub_card import front_matter, is_dataset
from mcpchain.inventory import Collector, Gap, State
from mcpchain.tree import File, UnreadableError

_CLAIMS: Final = re.compile(
    rb"^(?:annotations_creators|configs|dataset_info|size_categories|task_categories)"
    rb"[ \t]*:",
    re.MULTILINE,
)
_PATTERN: Final = re.compile(r"[*?\[\]{}]|://|^[/~]")
"""In what names no single file beside the card."""
_FILES: Final = 10_000
_SUBSETS: Final = 10_000
_UNSAID: Final = frozenset({"", "unknown"})
_ADULT: Final = "not-for-all-audiences"
"""A tag by which the hub hides a data set until its reader agrees."""


def discover(file: File, found: Collector) -> None:
    """Declare the data set, if the card is about one.

    Raises:
        MalformedError: It seems to be about one, and cannot be read.
        UnreadableError: The system refuses.
    """
    data = file.read()
    try:
        card = front_matter(data, file.path)
    except MalformedError:
        if _CLAIMS.search(data):
            raise
        return  # of a model, or of no hub at all
    if card is None or not is_dataset(card):
        return
    found.add(_component(card, found))
    _add_files(card, file, found)


def _component(card: Node, found: Collector) -> Component:
    name, licenses = "", tuple[str, ...]()
    with found.entry():
        name = (card.at("pretty_name").optional_text() or "")[:SHOWN]
    with found.entry():
        licenses = _licenses(card)
    return Component(
        kind=Kind.DATA,
        name=name,
        locations=(Location(path=card.source),),
        licenses=licenses,
        facts=_facts(card, found),
    )


def _licenses(card: Node) -> tuple[str, ...]:
    """Return the licences; of a licence that the hub does not know, its name."""
    said = [each for each in texts(card.at("license")) if each not in _UNSAID]
    if said == ["other"]:
        own = card.at("license_name"), card.at("license_link")
        said = [e.text() for e in own if e.exists][:1] or said
    return tuple(dict.fromkeys(licensed(each) for each in said))


def _facts(card: Node, found: Collector) -> DataFacts:
    tasks = languages = tags = tuple[str, ...]()
    known = Subset()
    with found.entry():
        tasks = texts(card.at("task_categories"))
    with found.entry():
        languages = texts(card.at("language"))
    with found.entry():
        tags = texts(card.at("tags"))
    with found.entry():
        info = card.at("dataset_info")
        infos = list(info.elements()) if info.is_list() else [info]
        if len(infos) > _SUBSETS:
            raise info.malformed(f"more than {_SUBSETS:,} configurations")
        known = together(subset(each, found) for each in infos if each.exists)
    return DataFacts(
        format=CARD,
        records=known.records,
        columns=known.columns,
        tasks=tuple(sorted({each[:SHOWN] for each in tasks})),
        languages=tuple(sorted({each[:SHOWN] for each in languages})),
        sensitive=(_ADULT,) if _ADULT in tags else (),
    )


def _add_files(card: Node, file: File, found: Collector) -> None:
    """Declare the files that the card lists one by one, in whichever format."""
    seen: set[str] = set()
    with found.entry():
        for node in _listed(card, found):
            path = node.text()
            if path in seen or _PATTERN.search(path):
                continue
            seen.add(path)
            if len(seen) > _FILES:
                raise node.malformed(f"more than {_FILES:,} files")
            _add_file(node, file, found)


def _listed(card: Node, found: Collector) -> Iterator[Node]:
    """Yield the path of each file and each pattern, as text."""
    for config in card.at("configs").elements():
        nodes: list[Node] = []
        with found.entry():
            nodes += _paths(config.at("data_files"))
        yield from nodes


def _paths(data_files: Node) -> Iterator[Node]:
    """Yield each path: alone, in lists, by split, or in an object with its split."""
    if data_files.is_text():
        data_files.text()  # or it says what is wrong with it
        yield data_files
    elif data_files.is_list():
        for each in data_files.elements():
            yield from _paths(each)
    elif "path" in data_files:
        yield from _paths(data_files.at("path"))
    else:
        for _, each in data_files.items():
            yield from _paths(each)


def _add_file(node: Node, file: File, found: Collector) -> None:
    try:
        found.add(observed(file.beside(node.text()), None))
    except UnreadableError:
        place = Location(path=node.source, pointer=node.pointer)
        found.gap(
            Gap(
                stage="discover",
                location=place,
                reason=f"lists the data file `{node.text()[:SHOWN]}`, which is not "
                "here or cannot be read",
                state=State.PARTIAL,
                hint="fetch the whole data set, or examine the folder that holds it",
            )
        )
