"""Read the footer of a table in Parquet."""

import os
from typing import Final

from mcpchain.component import DataFacts
from mcpchain.data_sets import observed
from mcpchain.discover.parquet import ENCRYPTED, MAGIC
from mcpchain.discover.parquet.compact import (
    BINARY,
    INTEGERS,
    LISTS,
    STRUCT,
    Compact,
    CutError,
    LongError,
)
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, State
from mcpchain.tree import File, UnreadableError
from mcpchain.tree.unreadable import guarded

FOOTER: Final = 16 << 20
"""How many bytes of the footer are read. What we look for comes first in it."""
_TAIL: Final = 8
"""Bytes at the end: the length of the footer and the magic number."""
_COLUMNS: Final = 10_000
_NAME: Final = 140
_SCHEMA: Final = 2
_ROWS: Final = 3
_ELEMENT_NAME: Final = 4
_ELEMENT_CHILDREN: Final = 5
"""Numbers of fields in `parquet.thrift`."""


def discover(file: File, found: Collector) -> None:
    """Declare the table, whatever becomes of its footer."""
    facts = DataFacts(format="parquet")
    try:
        footer, whole = guarded(file.path, lambda: _footer(file))
        facts = _facts(footer, file.path, whole=whole)
    finally:
        found.add(observed(file, facts))


def _footer(file: File) -> tuple[bytes, bool]:
    """Return the footer, and whether that is all of it.

    Raises:
        MalformedError: There is none.
        UnreadableError: It is encrypted.
        OSError: The system refuses.
    """
    with file.open() as stream:
        size = os.fstat(stream.fileno()).st_size
        head = stream.read(len(MAGIC))
        if head == ENCRYPTED:
            raise UnreadableError(
                file.path,
                "the footer is encrypted",
                State.UNREADABLE,
                hint="ask its owner for what is in it",
            )
        if head != MAGIC or size < len(MAGIC) + _TAIL:
            problem = "does not start with `PAR1`, or ends right behind it"
            raise MalformedError(problem, source=file.path)
        stream.seek(size - _TAIL)
        tail = stream.read(_TAIL)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != MAGIC or length > size - _TAIL - len(MAGIC):
            problem = "does not end with a footer and `PAR1`; is it complete?"
            raise MalformedError(problem, source=file.path)
        stream.seek(size - _TAIL - length)
        return stream.read(min(length, FOOTER)), length <= FOOTER


def _facts(footer: bytes, path: str, *, whole: bool) -> DataFacts:
    """Read the names of the columns and the number of rows.

    Raises:
        MalformedError: The footer is none.
        UnreadableError: It is more than we read.
    """
    try:
        columns, rows = _metadata(Compact(footer))
    except CutError:
        if whole:
            raise MalformedError("the footer ends too early", source=path) from None
        raise _limit(path, f"a footer of more than {FOOTER:,} bytes") from None
    except LongError:
        raise _limit(path, "a footer of too many values") from None
    except ValueError as error:
        raise MalformedError(f"the footer holds {error}", source=path) from error
    if len(columns) > _COLUMNS:
        raise _limit(path, f"`{len(columns):,}` columns")
    return DataFacts(format="parquet", records=rows, columns=tuple(columns))


def _metadata(footer: Compact) -> tuple[list[str], int]:
    columns: list[str] | None = None
    rows: int | None = None
    for number, kind in footer.fields():
        if number == _SCHEMA and kind in LISTS and columns is None:
            columns = _columns(footer)
        elif number == _ROWS and kind in INTEGERS and rows is None:
            rows = footer.integer()
        else:
            footer.skip(kind)
        if columns is not None and rows is not None:
            if rows < 0:
                raise ValueError(f"`{rows}` rows")
            return columns, rows  # what follows grows with the table
    raise ValueError("no schema, or no number of rows")


def _columns(footer: Compact) -> list[str]:
    """Return the outermost names of a schema, each node of which precedes its own."""
    size, kind = footer.list_head()
    if kind != STRUCT or not size:
        raise ValueError("a schema that is no list of columns")
    _, missing = _element(footer)
    names: list[str] = []
    open_: list[int] = []
    for _ in range(size - 1):
        name, children = _element(footer)
        if open_:
            open_[-1] -= 1
        else:
            missing -= 1
            names.append(name)
        if children:
            open_.append(children)
        while open_ and not open_[-1]:
            open_.pop()
    if open_ or missing:
        raise ValueError("a schema that is no tree")
    return names


def _element(footer: Compact) -> tuple[str, int]:
    """Return the name of a node and how many children it has."""
    name, children = "", 0
    for number, kind in footer.fields():
        if number == _ELEMENT_NAME and kind == BINARY:
            name = footer.binary().decode("utf-8", "replace")[:_NAME]
        elif number == _ELEMENT_CHILDREN and kind in INTEGERS:
            children = footer.integer()
            if children < 0:
                raise ValueError("a column with a negative number of parts")
        else:
            footer.skip(kind)
    return name, children


def _limit(path: str, what: str) -> UnreadableError:
    return UnreadableError(
        path,
        f"more than we read: {what}",
        State.LIMIT,
        hint="check where the file comes from",
    )
