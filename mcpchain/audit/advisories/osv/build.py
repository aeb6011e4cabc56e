"""Turn a source of OSV records into the tables of an index."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from mcpchain.audit.advisories.osv.index import APPLICATION, INDEXES, TABLES, VERSION
from mcpchain.audit.advisories.osv.record import Record, parse
from mcpchain.audit.advisories.osv.source import Flaw, Item, Source
from mcpchain.errors import MalformedError, UnavailableError
from mcpchain.inventory import State

_BATCH: Final = 500
_MEMBER: Final = 140


def build(
    connection: sqlite3.Connection,
    source: Source,
    digest: str,
    progress: Callable[[int], None] | None,
) -> None:
    """Write an index of *source*, whose digest is *digest*, into an empty database.

    Raises:
        UnavailableError: The source changed while it was read.
    """
    for pragma in (
        "journal_mode = OFF",
        "synchronous = OFF",
        f"application_id = {APPLICATION}",
        f"user_version = {VERSION}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    for table in TABLES:
        connection.execute(table)
    _Writer(connection).write(_counted(source.items(), progress))
    for index in INDEXES:
        connection.execute(index)
    # After the last byte: what changed before was read, what changes later has
    # another digest.
    if source.digest() != digest:
        raise UnavailableError(
            "the advisory source changed while it was read", hint="run again"
        )
    connection.execute("INSERT INTO meta VALUES ('sha256', ?)", (digest,))
    connection.commit()


def _counted(
    items: Iterable[Item], progress: Callable[[int], None] | None
) -> Iterator[Item]:
    for count, item in enumerate(items, 1):
        yield item
        if progress and count % _BATCH == 0:
            progress(count)


class _Writer:
    """Writes records into the tables, and ties those that are aliases together."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._kin = _Kin()
        self._counts: dict[str, int] = {}
        self._affected: list[tuple[object, ...]] = []
        self._records: list[tuple[object, ...]] = []
        self._flaws: list[tuple[object, ...]] = []
        self._ids: list[str] = []
        self._dates: set[tuple[str, str]] = set()

    def write(self, items: Iterable[Item]) -> None:
        for item in items:
            self._item(item)
            if len(self._records) >= _BATCH or len(self._flaws) >= _BATCH:
                self._flush()
        self._flush()
        self._tie()
        insert = self._connection.executemany
        insert("INSERT INTO ecosystem VALUES (?, ?)", sorted(self._counts.items()))
        insert("INSERT INTO dated VALUES (?, ?)", sorted(self._dates))

    def _item(self, item: Item) -> None:
        if isinstance(item.content, Flaw):
            self._flaw(item.member, item.content)
            return
        try:
            record = parse(item.content, source=item.member)
        except MalformedError as error:
            problem = f"{error.pointer or '/'}: {error.problem}"[:280]
            self._flaw(item.member, Flaw(state=State.UNREADABLE, problem=problem))
            return
        self._record(record)
        for flaw in record.flaws:
            self._flaw(item.member, flaw, record)

    def _record(self, record: Record) -> None:
        number = len(self._ids)
        self._ids.append(record.id)
        self._kin.add(record.id)
        if not record.withdrawn:
            # Whoever takes a record back takes back what it says of aliases, too; and
            # where that is still to come, apart is told twice and never lost.
            for alias in record.aliases:
                self._kin.unite(record.id, alias)
        self._records.append(
            (
                number,
                record.id,
                number,  # alone until `_tie`
                record.modified,
                record.withdrawn,
                record.malicious,
                record.summary,
                json.dumps(record.references),
            )
        )
        for purl_type in {each.purl_type for each in record.affected}:
            self._counts[purl_type] = self._counts.get(purl_type, 0) + 1
            if record.modified:
                self._dates.add((purl_type, record.modified))
        self._affects(number, record)

    def _affects(self, number: int, record: Record) -> None:
        for each in record.affected:
            key = (each.purl_type, each.name, number, each.severity.value)
            for i in each.intervals:
                row = (*key, i.introduced, i.fixed, i.last, i.limit, None)
                self._affected.append(row)
            if each.versions:
                text = json.dumps(each.versions)
                self._affected.append((*key, None, None, None, None, text))

    def _flaw(self, member: str, flaw: Flaw, record: Record | None = None) -> None:
        clean = "".join(c if c.isprintable() else "?" for c in member[:_MEMBER])
        problem = flaw.problem.encode("utf-8", "replace").decode()
        about = (record.id, record.withdrawn) if record else ("", "")
        row = (flaw.purl_type, flaw.name, *about, clean, flaw.state.value, problem)
        self._flaws.append(row)

    def _flush(self) -> None:
        insert = self._connection.executemany
        insert("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._records)
        insert("INSERT INTO affected VALUES (?,?,?,?,?,?,?,?,?)", self._affected)
        insert("INSERT INTO flaw VALUES (?, ?, ?, ?, ?, ?, ?)", self._flaws)
        for each in (self._records, self._affected, self._flaws):
            each.clear()

    def _tie(self) -> None:
        """Give records that are aliases of one another, however far, one number."""
        first: dict[str, int] = {}
        moved = []
        for number, record_id in enumerate(self._ids):
            kin = first.setdefault(self._kin.root(record_id), number)
            if kin != number:
                moved.append((kin, number))
        insert = self._connection.executemany
        insert("UPDATE record SET kin = ? WHERE n = ?", moved)
        names = ((first[self._kin.root(each)], each) for each in self._kin)
        insert("INSERT INTO name VALUES (?, ?)", names)


class _Kin:
    """Disjoint sets of ids (union-find with path halving)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._parent)

    def add(self, one: str) -> None:
        self._parent.setdefault(one, one)

    def root(self, one: str) -> str:
        parent = self._parent
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    def unite(self, one: str, other: str) -> None:
        self.add(one)
        self.add(other)
        self._parent[self.root(one)] = self.root(other)
