"""Read one OSV record (ossf.github.io/osv-schema, version 1).

The parts that decide a match are read strictly, block by block: a block that cannot be
understood is a flaw that names its package, beside blocks that can. Text for readers is
read as far as it goes.
"""

import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeVar

from mcpchain.advisory import Severity
from mcpchain.audit.advisories import is_id, normal_name
from mcpchain.audit.advisories.osv import severity as severities
from mcpchain.audit.advisories.osv.source import Flaw
from mcpchain.audit.versions import Scheme, scheme
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import State

PURL_TYPES: Final = {"pypi": "pypi", "npm": "npm"}
"""OSV's names of the ecosystems that we match, in lower case."""
_MALWARE: Final = "CWE-506"
"""Embedded malicious code."""
_EVENTS: Final = frozenset({"introduced", "fixed", "last_affected", "limit"})
_RANGES: Final = frozenset({"SEMVER", "ECOSYSTEM", "GIT"})
_ODD: Final = 160
_TOLD: Final = 3
"""How many small flaws of one record are told."""
_SUMMARY: Final = 200
_REFERENCES: Final = 8
_URL: Final = re.compile(r"https?://[!-~]{1,400}")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s")
_NONE: Final[tuple[str, ...]] = ()
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Versions from *introduced* on, up to whatever ends them."""

    introduced: str
    """`0` is below every version."""
    fixed: str | None = None
    """The first version that is not affected."""
    last: str | None = None
    """The last version that is affected."""
    limit: str | None = None
    """Versions from here on are none of the record's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """What a record says of one package."""

    purl_type: str
    name: str
    """As the ecosystem compares it."""
    severity: Severity
    intervals: tuple[Interval, ...]
    versions: tuple[str, ...]
    """Single versions, in canonical form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One OSV record, as far as matching needs it."""

    id: str
    aliases: tuple[str, ...] = ()
    modified: str = ""
    """UTC, as `2026-01-31T12:00:00Z`; empty if the record does not say."""
    withdrawn: str = ""
    """When it is taken back, which may be still to come; as `modified`."""
    malicious: bool = False
    summary: str = ""
    references: tuple[str, ...] = ()
    affected: tuple[Affected, ...] = ()
    flaws: tuple[Flaw, ...] = field(default=())


def parse(data: bytes, *, source: str) -> Record:
    """Read a record.

    Raises:
        MalformedError: It is no OSV record of schema version 1, or has no usable id.
    """
    root = Node.from_json(data, source=source)
    version = root.at("schema_version").optional_text() or "1.0.0"
    if version.split(".")[0] != "1":
        problem = f"schema version `{version[:40]}` is not known here"
        raise root.at("schema_version").malformed(problem)
    record_id = _id(root.at("id"))
    reader = _Reader(root)
    aliases = reader.soft(lambda: reader.ids(root.at("aliases")), _NONE)
    withdrawn = reader.soft(lambda: _moment(root.at("withdrawn")), "")
    affected = tuple(reader.affected())
    return Record(
        id=record_id,
        aliases=aliases,
        modified=reader.soft(lambda: _moment(root.at("modified")), ""),
        withdrawn=withdrawn,
        malicious=reader.soft(lambda: _classified(root), default=False)
        or reader.malicious
        or any(each.startswith("MAL-") for each in (record_id, *aliases)),
        summary=reader.soft(lambda: _summary(root), ""),
        references=reader.soft(lambda: _references(root), _NONE),
        affected=affected,
        flaws=reader.flaws(affected),
    )


class _Reader:
    """Reads one record, and keeps what went wrong."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._soft: list[str] = []
        self._hard: list[Flaw] = []
        self.malicious = False
        """A block that was read is classified as malware."""

    def soft(self, read: Callable[[], _T], default: _T) -> _T:
        """Read a part without which the record can still be matched."""
        try:
            return read()
        except MalformedError as error:
            self._soft.append(_told(error))
            return default

    def ids(self, node: Node) -> tuple[str, ...]:
        """Read a list of ids, and leave out what is none."""
        found = []
        for each in node.elements():
            try:
                found.append(_id(each))
            except MalformedError as error:
                self._soft.append(_told(error))
        return tuple(found)

    def affected(self) -> Iterator[Affected]:
        top = self.soft(lambda: self._severity(self._root), Severity.UNKNOWN)
        blocks = self._root.at("affected")
        try:
            nodes = list(blocks.elements())
        except MalformedError as error:
            self._hard.append(Flaw(state=State.UNREADABLE, problem=_told(error)))
            return
        for node in nodes:
            try:
                purl_type, name = _package(node.at("package"))
            except MalformedError as error:
                self._hard.append(Flaw(state=State.UNREADABLE, problem=_told(error)))
                continue
            rules = scheme(purl_type)
            if rules is None:
                continue
            yield from self._block(node, purl_type, name, rules, top)

    def _block(
        self, node: Node, purl_type: str, name: str, rules: Scheme, top: Severity
    ) -> Iterator[Affected]:
        def flaw(state: State, problem: str) -> None:
            flaw = Flaw(state=state, problem=problem, purl_type=purl_type, name=name)
            self._hard.append(flaw)

        before = len(self._hard)
        versions: list[str] = []
        intervals: list[Interval] = []
        try:
            versions, odd = _versions(node.at("versions"), rules)
            if odd:
                flaw(State.UNREADABLE, f"{len(odd)} odd versions, such as {odd[0]}")
        except MalformedError as error:
            flaw(State.UNREADABLE, _told(error))
        try:
            for each in node.at("ranges").elements():
                try:
                    intervals += _intervals(each, rules)
                except MalformedError as error:
                    flaw(State.UNREADABLE, _told(error))
        except MalformedError as error:
            flaw(State.UNREADABLE, _told(error))
        if not versions and not intervals and len(self._hard) == before:
            flaw(
                State.UNMATCHED,
                "no version can match it: it names none, or only commits",
            )
        self.malicious |= self.soft(lambda: _classified_block(node), default=False)
        own = self.soft(lambda: self._severity(node), Severity.UNKNOWN)
        yield Affected(
            purl_type=purl_type,
            name=name,
            severity=top if own is Severity.UNKNOWN else own,
            intervals=tuple(intervals),
            versions=tuple(versions),
        )

    def _severity(self, node: Node) -> Severity:
        """Read the vectors of a record or block; else its publisher's word."""
        found = severities.of_vectors(node.at("severity"))
        if found is not Severity.UNKNOWN:
            return found
        word = _specific(node, "severity")
        return severities.of_word(word.value if word and word.is_text() else "")

    def flaws(self, affected: tuple[Affected, ...]) -> tuple[Flaw, ...]:
        """Return all that went wrong, each with the packages that it may concern."""
        packages = sorted({(each.purl_type, each.name) for each in affected})
        parts = [
            Flaw(state=State.PARTIAL, problem=problem, purl_type=kind, name=name)
            for problem in self._soft[:_TOLD]
            for kind, name in packages
        ]
        return (*self._hard, *parts)


def _package(node: Node) -> tuple[str, str]:
    """Return the purl type and normal name; a type that we do not match as it is."""
    ecosystem = node.at("ecosystem").text().partition(":")[0].strip().lower()
    purl_type = PURL_TYPES.get(ecosystem)
    if purl_type is None:
        return "", ""
    name = normal_name(purl_type, node.at("name").text())
    if name is None:
        problem = f"`{node.at('name').text()[:140]!a}` is no package name"
        raise node.at("name").malformed(problem)
    return purl_type, name


def _versions(node: Node, rules: Scheme) -> tuple[list[str], list[str]]:
    """Return the versions of a list in canonical form, and what is no version."""
    if not node.exists or next(node.elements(), None) is None:
        return [], []
    values: list[Any] = node.value  # a sound list, says elements(); a Node each is slow
    found: dict[str, None] = {}
    odd: list[str] = []
    for each in values:
        try:
            found[rules.canonical(each) if isinstance(each, str) else _no(each)] = None
        except ValueError as error:
            odd.append(str(error)[:_ODD])
    return list(found), odd


def _no(value: object) -> str:
    raise ValueError(f"a value of type {type(value).__name__}")


def _intervals(node: Node, rules: Scheme) -> list[Interval]:
    """Turn the events of one range into intervals, as OSV's algorithm evaluates them.

    Raises:
        MalformedError: An event is not one `introduced`, `fixed`, `last_affected` or
            `limit` with a version.
    """
    kind = node.at("type").text()
    if kind not in _RANGES:
        raise node.at("type").malformed(f"`{kind[:40]}` is no type of range")
    if kind == "GIT":
        return []
    events = [_event(each) for each in node.at("events").elements()]
    if not any(name == "introduced" for name, _ in events):
        raise node.at("events").malformed("no version is `introduced`")
    try:
        return _walk(events, rules)
    except ValueError as error:
        raise node.at("events").malformed(str(error)) from error


def _event(node: Node) -> tuple[str, str]:
    pairs = list(node.items())
    if len(pairs) != 1 or pairs[0][0] not in _EVENTS:
        names = ", ".join(f"`{key[:20]}`" for key, _ in pairs[:4]) or "nothing"
        raise node.malformed(f"an event holds one of OSV's four keys, not {names}")
    key, value = pairs[0]
    return key, value.text()


def _walk(events: list[tuple[str, str]], rules: Scheme) -> list[Interval]:
    """Find where the events of a range turn "affected" on and off.

    At each version with events, the last of them decides what holds above it; what
    holds at it is decided by the last but for `last_affected`, which acts only above.
    """

    def place(event: tuple[str, str]) -> tuple[int, Any]:
        # Only as `introduced` does `0` mean "from the very first on".
        return (0, ()) if event == ("introduced", "0") else (1, rules.key(event[1]))

    limits = [version for name, version in events if name == "limit"]
    # A version must lie below one of the limits, so only the highest matters.
    limit = None if "*" in limits else max(limits, key=rules.key, default=None)
    turns = sorted((each for each in events if each[0] != "limit"), key=place)
    found: list[Interval] = []
    start: str | None = None
    for _, group in itertools.groupby(turns, key=place):
        names, versions = zip(*group, strict=True)
        acting = [each for each in names if each != "last_affected"]
        here = acting[-1] == "introduced" if acting else start is not None
        version = versions[0]
        if start is None and here:
            start = version
        if start is not None and names[-1] != "introduced":
            fixed, last = (None, version) if here else (version, None)
            interval = Interval(introduced=start, fixed=fixed, last=last, limit=limit)
            found.append(interval)
            start = None
    if start is not None:
        found.append(Interval(introduced=start, limit=limit))
    return found


def _classified(root: Node) -> bool:
    """Say whether the record is malware, as GitHub's own files tell it."""
    cwes = _specific(root, "cwe_ids")
    return cwes is not None and _MALWARE in cwes.texts()


def _classified_block(block: Node) -> bool:
    """Say whether the block is malware, as OSV's older exports tell it."""
    cwes = _specific(block, "cwes")
    elements = cwes.elements() if cwes else ()
    return any(each.at("cweId").optional_text() == _MALWARE for each in elements)


def _specific(node: Node, key: str) -> Node | None:
    """Return a member of `database_specific`, whose shape is its database's affair."""
    specific = node.at("database_specific")
    return specific.at(key) if specific.is_object() else None


def _id(node: Node) -> str:
    text = node.text()
    if not is_id(text):
        raise node.malformed(f"`{text[:140]!a}` is no advisory id")
    return text


def _moment(node: Node) -> str:
    text = node.optional_text()
    return "" if text is None else _utc(text, node)


def _utc(text: str, node: Node) -> str:
    try:
        return _normal_time(text)
    except (ValueError, OverflowError):
        raise node.malformed(f"`{text[:40]!a}` is no time (RFC 3339)") from None


@lru_cache(maxsize=1 << 12)
def _normal_time(text: str) -> str:
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    utc = moment.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)
    return f"{utc.isoformat()}Z"


def _summary(root: Node) -> str:
    text = root.at("summary").optional_text() or ""
    if not text.strip():
        text = (root.at("details").optional_text() or "")[: 10 * _SUMMARY]
        text = _SENTENCE.split(text.strip(), maxsplit=1)[0]
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= _SUMMARY else f"{words[: _SUMMARY - 3]}..."


def _references(root: Node) -> tuple[str, ...]:
    urls = (each.at("url").text() for each in root.at("references").elements())
    return tuple(url for url in urls if _URL.fullmatch(url))[:_REFERENCES]


def _told(error: MalformedError) -> str:
    return f"{error.pointer or '/'}: {error.problem}"[:280]
