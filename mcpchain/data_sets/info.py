"""What the hub's library knows of a data set, as a card and its own files hold it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mcpchain.data_sets import SHOWN
from mcpchain.document import Node
from mcpchain.inventory import Collector

_COLUMNS: Final = 10_000
_TEXTS: Final = 10_000
_MOST: Final = 2**63 - 1
_DIGITS: Final = re.compile(r"\d{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subset:
    """One configuration of a data set."""

    records: int | None = None
    columns: tuple[str, ...] = ()


def subset(info: Node, found: Collector) -> Subset:
    """Read the part of *info* (`DatasetInfo`) that both places have.

    Each flaw of it is a gap in *found*.
    """
    records: int | None = None
    columns: tuple[str, ...] = ()
    with found.entry():
        records = _records(info.at("splits"))
    with found.entry():
        columns = tuple(_columns(info.at("features")))
    return Subset(records=records, columns=columns)


def together(subsets: Iterable[Subset]) -> Subset:
    """Return what holds for several configurations of one data set."""
    known = tuple(subsets)
    counts = [each.records for each in known if each.records is not None]
    columns = {each.columns for each in known}
    return Subset(
        records=sum(counts) if counts and len(counts) == len(known) else None,
        columns=columns.pop() if len(columns) == 1 else (),
    )


def texts(node: Node) -> tuple[str, ...]:
    """Return the texts here, of which there may be one, a list, or none.

    Raises:
        MalformedError: There is something else, or there are too many.
    """
    if not node.exists:
        return ()
    if node.is_list() and len(node.value) > _TEXTS:
        raise node.malformed(f"more than {_TEXTS:,} elements")
    return node.texts() if node.is_list() else (node.text(),)


def _records(splits: Node) -> int | None:
    """Add up the splits: a list, or an object of them by name."""
    if not splits.exists:
        return None
    each = splits.elements() if splits.is_list() else (n for _, n in splits.items())
    counts = [_count(split) for split in each]
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


def _count(split: Node) -> int | None:
    """Return the number of records, or the sum over the files (TensorFlow Datasets)."""
    shards = split.at("shardLengths")
    if shards.exists:
        lengths = [each.text() for each in shards.elements()]
        if not all(_DIGITS.fullmatch(each) for each in lengths):
            raise shards.unexpected("numbers of records")
        return sum(map(int, lengths))
    number = split.at("num_examples")
    if not number.exists:
        return None
    if not 0 <= number.integer() <= _MOST:
        raise number.malformed("a number of records that no data set has")
    return number.integer()


def _columns(features: Node) -> Iterator[str]:
    """Yield the names of columns: of a list of them, or an object by name."""
    if not features.exists:
        return
    names = (
        (each.at("name").text() for each in features.elements())
        if features.is_list()
        else (name for name, _ in features.items())
    )
    for index, name in enumerate(names):
        if index >= _COLUMNS:
            raise features.malformed(f"more than {_COLUMNS:,} columns")
        yield name[:SHOWN]
