"""Say which records of an index cover a version (osv-schema, "Evaluation")."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from mcpchain.advisory import Advisory, Severity
from mcpchain.audit.advisories import Package, headline, normal_name, worst
from mcpchain.audit.versions import Scheme, scheme

_IDS: Final = 200
"""How many ids of one advisory are told."""
_Row = tuple[int, str, str | None, str | None, str | None, str | None, str | None]


@dataclass(slots=True)
class _Claims:
    """What one record says of one package."""

    severities: set[Severity] = field(default_factory=set)
    rows: list[_Row] = field(default_factory=list)
    hits: list[_Row] = field(default_factory=list)
    """Those that cover our version."""
    literal: bool = False
    """Our version is listed as it is, local label included."""


class _Version:
    """A version of a package, prepared for comparison."""

    def __init__(self, version: str, rules: Scheme) -> None:
        self.rules = rules
        self.full = rules.canonical(version)
        public = rules.public(version)
        self.local = public != version
        self.canonicals = {self.full, rules.canonical(public)}
        self.keys = [rules.key(each) for each in {version, public}]

    def within(self, row: _Row) -> bool:
        """Say whether this version, or its public part, is covered by *row*."""
        *_, introduced, fixed, last, bound, versions = row
        if versions is not None:
            return not self.canonicals.isdisjoint(json.loads(versions))
        if introduced is None:
            return False
        of = self.rules.key
        return any(
            (introduced == "0" or of(introduced) <= key)
            and (fixed is None or key < of(fixed))
            and (last is None or key <= of(last))
            and (bound is None or key < of(bound))
            for key in self.keys
        )


def advisories(
    connection: sqlite3.Connection, package: Package, source: str, now: str
) -> tuple[Advisory, ...]:
    """Return what the index knows against *package*, which has an exact version.

    A record that is withdrawn by *now*, a time as the index writes it, says nothing.
    """
    rules = scheme(package.purl_type)
    name = normal_name(package.purl_type, package.name)
    if rules is None or name is None or package.version is None:
        raise AssertionError(package)  # sift() has taken these out
    ours = _Version(package.version, rules)
    claims: dict[int, _Claims] = {}
    query = (
        "SELECT n, severity, introduced, fixed, last, bound, versions "
        "FROM affected LEFT JOIN record USING (n) WHERE purl_type = ? AND name = ? "
        # A row without its record is damage, which shows when the record is read.
        "AND (withdrawn IS NULL OR withdrawn = '' OR withdrawn > ?) ORDER BY n"
    )
    for row in connection.execute(query, (package.purl_type, name, now)):
        claim = claims.setdefault(row[0], _Claims())
        claim.rows.append(row)
        if ours.within(row):
            claim.hits.append(row)
            claim.severities.add(Severity(row[1]))
            listed = row[6] is not None and ours.full in json.loads(row[6])
            claim.literal = claim.literal or listed
    kin = _kin(connection, claims)
    found = (
        _advisory(connection, group, [claims[n] for n in numbers], ours, source)
        for group, numbers in kin.items()
    )
    return tuple(sorted(found, key=lambda each: each.id))


def _kin(
    connection: sqlite3.Connection, claims: dict[int, _Claims]
) -> dict[int, list[int]]:
    """Group the records by kin, and keep the groups in which one covers us."""
    groups: dict[int, list[int]] = {}
    for number in claims:
        query = "SELECT kin FROM record WHERE n = ?"
        (kin,) = connection.execute(query, (number,)).fetchone()
        groups.setdefault(kin, []).append(number)
    return {k: ns for k, ns in groups.items() if any(claims[n].hits for n in ns)}


def _advisory(
    connection: sqlite3.Connection,
    kin: int,
    claims: list[_Claims],
    ours: _Version,
    source: str,
) -> Advisory:
    query = "SELECT id FROM name WHERE kin = ? ORDER BY id LIMIT ?"
    first, rest = headline(i for (i,) in connection.execute(query, (kin, _IDS)))
    hits = [each for each in claims if each.hits]
    records = [_record(connection, each.hits[0][0]) for each in hits]
    literal = any(each.literal for each in hits)
    return Advisory(
        id=first,
        aliases=rest,
        severity=worst(s for each in hits for s in each.severities),
        summary=next((each[2] for each in records if each[2]), ""),
        fixed_in=_fixes(claims, ours),
        malicious=any(each[1] for each in records),
        sources=(source,),
        references=tuple(dict.fromkeys(u for r in records for u in json.loads(r[3]))),
        modified=max(each[0] for each in records),
        confidence="low" if ours.local and not literal else "high",
    )


def _record(connection: sqlite3.Connection, number: int) -> tuple[str, int, str, str]:
    query = "SELECT modified, malicious, summary, urls FROM record WHERE n = ?"
    row: tuple[str, int, str, str] = connection.execute(query, (number,)).fetchone()
    return row


def _fixes(claims: Iterable[_Claims], ours: _Version) -> tuple[str, ...]:
    """Return where the intervals around our version end; else the next way out.

    Never a version that a record of the same advisory still calls affected.
    """
    rows = [row for claim in claims for row in claim.rows]
    hits = {row[3] for claim in claims for row in claim.hits}
    top = max(ours.keys)
    later = {
        key: fixed
        for fixed in (row[3] for row in rows)
        if fixed is not None and (key := ours.rules.key(fixed)) > top
    }
    ways = [later[key] for key in sorted(later)]
    safe = [way for way in ways if not _affected(way, rows, ours.rules)]
    ends = tuple(way for way in safe if way in hits)
    return ends or tuple(safe[:1])


def _affected(version: str, rows: Iterable[_Row], rules: Scheme) -> bool:
    candidate = _Version(version, rules)
    return any(candidate.within(row) for row in rows)
