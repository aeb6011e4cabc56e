"""Advisories from a folder or zip of OSV records, without a network."""

import datetime as dt
import itertools
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from mcpchain.advisory import Advisory
from mcpchain.audit.advisories import (
    STAGE,
    Lookup,
    Miss,
    Package,
    missed,
    normal_name,
    sift,
)
from mcpchain.audit.advisories.osv.source import Limits, open_source
from mcpchain.component import Location
from mcpchain.errors import UnavailableError
from mcpchain.inventory import Gap, State

_TOLD: Final = 10
"""How many unreadable records are told one by one."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much an index knows of one ecosystem."""

    purl_type: str
    records: int
    newest: dt.datetime | None
    """When its newest record was modified. Dates that have yet to come do not count."""
    future: int
    """How many dates have yet to come."""


class Index:
    """Advisories from one source of OSV records. Close it, or use it in `with`."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self.name = name
        """The base name of the source."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the index."""
        self._connection.close()

    def coverage(self, now: dt.datetime) -> tuple[Coverage, ...]:
        """Return the ecosystems with at least one record, as seen at *now*.

        Raises:
            UnavailableError: The index is damaged.
        """
        return self._guarded(lambda: tuple(self._coverage(now)))

    def look_up(
        self,
        packages: Sequence[Package],
        *,
        now: dt.datetime,
        max_age: dt.timedelta | None = None,
    ) -> Lookup:
        """Return what is known against *packages*, and which could not be looked up.

        Args:
            packages: In any order; PyPI and npm ones are matched.
            now: In UTC. A record that was modified later is no proof of freshness, and
                one that is withdrawn later still counts.
            max_age: How old the newest record of an ecosystem may be; `None` for any.
                Advisories of an older source count, and its silence is a gap.

        Raises:
            UnavailableError: The index is damaged.
        """
        return self._guarded(lambda: self._look_up(packages, now, max_age))

    def _guarded(self, action: Callable[[], _T]) -> _T:
        try:
            return action()
        # What a foreign or damaged index holds need not be what we wrote.
        except (sqlite3.Error, ValueError, TypeError, LookupError) as error:
            raise UnavailableError(
                f"{self.name}: the advisory index is damaged: {str(error)[:140]}",
                hint="delete it; it is built again from the folder or zip of records",
            ) from error

    def _look_up(
        self,
        packages: Sequence[Package],
        now: dt.datetime,
        max_age: dt.timedelta | None,
    ) -> Lookup:
        from mcpchain.audit.advisories.osv import match

        good, misses = sift(packages)
        silent = tuple(self._silences(good, now, max_age))
        found: dict[Package, tuple[Advisory, ...]] = {}
        today, source = _written(now), f"osv:{self.name}"
        for package in good:
            known = match.advisories(self._connection, package, source, today)
            if known:
                found[package] = known
        flaws = tuple(self._flaws(good, found, today))
        unsaid = {p for miss in (*silent, *flaws) for p in miss.packages}
        return Lookup(
            advisories=found,
            answered=frozenset(good) - unsaid,
            misses=(*misses, *silent, *flaws),
            troubles=tuple(self._troubles(today)),
        )

    def _coverage(self, now: dt.datetime) -> Iterator[Coverage]:
        today = _written(now)
        ecosystems = "SELECT purl_type, records FROM ecosystem ORDER BY purl_type"
        for purl_type, records in self._connection.execute(ecosystems):
            past = "SELECT max(modified) FROM dated WHERE purl_type=? AND modified<=?"
            later = "SELECT count(*) FROM dated WHERE purl_type=? AND modified>?"
            key = (purl_type, today)
            (newest,) = self._connection.execute(past, key).fetchone()
            (future,) = self._connection.execute(later, key).fetchone()
            yield Coverage(
                purl_type=purl_type,
                records=records,
                newest=dt.datetime.fromisoformat(newest) if newest else None,
                future=future,
            )

    def _silences(
        self,
        packages: Sequence[Package],
        now: dt.datetime,
        max_age: dt.timedelta | None,
    ) -> Iterator[Miss]:
        """Yield the misses of ecosystems of which nothing new is known."""
        known = {each.purl_type: each for each in self._coverage(now)}
        for purl_type in sorted({each.purl_type for each in packages}):
            group = [each for each in packages if each.purl_type == purl_type]
            coverage = known.get(purl_type)
            if coverage is None:
                yield from missed(
                    group,
                    state=State.NO_SOURCE,
                    problem=f"the source has no record of any {purl_type} package",
                    hint="add OSV's export of this ecosystem with `--advisories`",
                    source=self.name,
                )
            elif max_age is not None and _is_old(coverage, now, max_age):
                yield from missed(
                    group,
                    state=State.STALE,
                    problem=_age(coverage, max_age),
                    hint="fetch the newest export of OSV for this ecosystem",
                    source=self.name,
                )

    def _flaws(
        self,
        packages: Sequence[Package],
        found: Mapping[Package, tuple[Advisory, ...]],
        today: str,
    ) -> Iterator[Miss]:
        """Yield a miss for each package of which a record could not be read.

        A record that was matched in spite of it (a date is no date, say) is worth a
        word only where it is told.
        """
        query = (
            "SELECT DISTINCT id, member, state, problem FROM flaw "
            "WHERE purl_type = ? AND name = ? AND (withdrawn = '' OR withdrawn > ?) "
            "ORDER BY member, problem"
        )
        for package in packages:
            name = normal_name(package.purl_type, package.name)
            told = {each for one in found.get(package, ()) for each in one.ids}
            rows = self._connection.execute(query, (package.purl_type, name, today))
            relevant = (
                row for row in rows if row[2] != State.PARTIAL.value or row[0] in told
            )
            for _, member, state, problem in itertools.islice(relevant, _TOLD):
                yield Miss(
                    packages=(package,),
                    state=State(state),
                    problem=f"advisory record `{member}` was not read in full: "
                    f"{problem}",
                    hint="read that record, and repair it or report it to its database",
                    source=self.name,
                    each=True,
                )

    def _troubles(self, today: str) -> Iterator[Gap]:
        """Yield a gap for each record that could be about anything, up to a limit."""
        query = (
            "SELECT count(*) FROM flaw "
            "WHERE purl_type IS NULL AND (withdrawn = '' OR withdrawn > ?)"
        )
        (count,) = self._connection.execute(query, (today,)).fetchone()
        query = (
            "SELECT member, state, problem FROM flaw "
            "WHERE purl_type IS NULL AND (withdrawn = '' OR withdrawn > ?) "
            "ORDER BY member, problem LIMIT ?"
        )
        for member, state, problem in self._connection.execute(query, (today, _TOLD)):
            path = f"{self.name}/{member}" if member else self.name
            yield _trouble(path, State(state), f"advisory record not read: {problem}")
        if count > _TOLD:
            reason = f"{count - _TOLD:,} more advisory records were not read"
            yield _trouble(self.name, State.UNREADABLE, reason)


def open_index(
    source: Path,
    *,
    cache: Path,
    progress: Callable[[int], None] | None = None,
    limits: Limits | None = None,
) -> Index:
    """Open the advisories in *source*; index them first if they are new.

    Args:
        source: A folder of OSV records (`*.json` at any depth), a zip in the layout of
            OSV's `all.zip`, or an index that was built before. A folder or zip that
            cannot be read in whole or part is open, and says so at every look-up.
        cache: The folder for built indexes.
        progress: Called with the number of records indexed so far.
        limits: How much is read; by default, more than all of OSV.

    Raises:
        UsageError: *source* does not exist or is something else.
        UnavailableError: It is an index that cannot be used, or it changed meanwhile.
    """
    from mcpchain.audit.advisories.osv import index

    name = source.resolve().name
    with closing(open_source(source, limits or Limits())) as opened:
        if opened.is_index():
            return Index(index.opened(source), name)
        place = os.path.realpath(source)
        return Index(index.cached(opened, place, cache, progress), name)


def _trouble(path: str, state: State, reason: str) -> Gap:
    return Gap(
        stage=STAGE,
        location=Location(path=path),
        reason=reason,
        state=state,
        hint="repair or remove that record, or fetch the source again",
    )


def _written(moment: dt.datetime) -> str:
    """Write a time as the index does, so that text compares as times do."""
    utc = moment.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)
    return f"{utc.isoformat()}Z"


def _is_old(coverage: Coverage, now: dt.datetime, max_age: dt.timedelta) -> bool:
    return coverage.newest is None or now - coverage.newest > max_age


def _age(coverage: Coverage, max_age: dt.timedelta) -> str:
    newest = coverage.newest
    what = f"of {newest:%Y-%m-%d}" if newest else "without a usable date"
    problem = f"the newest advisory is {what}, and the policy accepts {_days(max_age)}"
    if coverage.future:
        problem += f" ({coverage.future:,} dates yet to come do not count)"
    return problem


def _days(age: dt.timedelta) -> str:
    hours = round(age.total_seconds() / 3600)
    return f"{hours // 24} days" if hours % 24 == 0 else f"{hours} hours"
