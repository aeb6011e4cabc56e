"""What each file of trust knows, for whoever wonders whom they trust."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from mcpchain.bundle.root import Authority, Log, TrustedRoot, Window, moment, window
from mcpchain.document import Node
from mcpchain.printable import printable
from mcpchain.trust import NPM, TUF, TrustFile

SCHEMA: Final = "mcpchain/trust/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody who is trusted for something."""

    role: str
    """`log`, `certificate log`, `authority`, `timestamp authority`, `key`,
    `tuf root`: for a reader."""
    name: str
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    """`None`: it has no end yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One file of trust, or why it is refused."""

    name: str
    source: str
    used: bool
    """Whether it is what counts under its name where no other is asked for."""
    file: TrustFile | None = None
    parties: tuple[Party, ...] = ()
    problem: str = ""
    hint: str = ""


def parties(file: TrustFile) -> tuple[Party, ...]:
    """Return whom *file* names.

    Raises:
        MalformedError: It is no file of trust.
    """
    if file.name == NPM:
        return tuple(_keys(Node.from_json(file.data, source=file.name)))
    if file.name == TUF:
        node = Node.from_json(file.data, source=file.name).at("signed")
        title = f"version {node.at('version').integer()}"
        end = moment(node.at("expires"))
        return (Party(role="tuf root", name=title, end=end),)
    return tuple(_of_root(file.root()))


def _keys(node: Node) -> Iterator[Party]:
    for each in node.at("keys").elements():
        title = f"{each.at('keyId').text()} ({each.at('keyUsage').text()})"
        valid = window(each.at("publicKey").at("validFor"))
        yield _party("key", title, valid)


def _of_root(root: TrustedRoot) -> Iterator[Party]:
    yield from _logs("log", root.logs)
    yield from _logs("certificate log", root.ct_logs)
    yield from _authorities("authority", root.authorities)
    yield from _authorities("timestamp authority", root.timestamp_authorities)


def _logs(role: str, logs: Iterable[Log]) -> Iterator[Party]:
    for each in logs:
        yield _party(role, each.url or each.id.hex(), each.window)


def _authorities(role: str, authorities: Iterable[Authority]) -> Iterator[Party]:
    for each in authorities:
        # Nothing is valid for longer than the first of its certificates.
        ends = [one.not_valid_after_utc for one in each.chain]
        if each.window.end is not None:
            ends.append(each.window.end)
        valid = Window(start=each.window.start, end=min(ends))
        title = each.uri or each.chain[0].subject.rfc4514_string()
        yield _party(role, title, valid)


def _party(role: str, name: str, valid: Window) -> Party:
    return Party(role=role, name=name, start=valid.start, end=valid.end)


def as_text(listed: Iterable[Listed], now: dt.datetime) -> str:
    """Return *listed* for a reader."""
    return "".join(f"{printable(line)}\n" for line in _lines(listed, now))


def _lines(listed: Iterable[Listed], now: dt.datetime) -> Iterator[str]:
    for each in listed:
        mark = ", used" if each.used else ""
        yield f"{each.name}: {each.source}{mark}"
        if each.file is None:
            yield f"  refused: {each.problem}"
            yield f"  hint: {each.hint}"
            yield ""
            continue
        file = each.file
        yield f"  sha256:{file.sha256}"
        yield f"  from {file.origin}, {file.date} ({file.age(now.date())} days old)"
        if file.name == TUF:
            yield "  where `mcpchain trust update` begins; that works after its end too"
        if file.expires is not None:
            word = "expired" if file.expires < now else "vouched for until"
            yield f"  {word} {file.expires:%Y-%m-%d}"
        for one in each.parties:
            yield f"  {one.role}: {one.name}{_until(one, now)}"
        yield ""


def _until(one: Party, now: dt.datetime) -> str:
    if one.end is None:
        return ""
    return f", {'ended' if one.end < now else 'until'} {one.end:%Y-%m-%d}"


def as_json(listed: Iterable[Listed], now: dt.datetime) -> str:
    """Return *listed* for a program."""
    document = {
        "schema": SCHEMA,
        "time": now.isoformat(),
        "files": [_entry(each, now) for each in listed],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _entry(each: Listed, now: dt.datetime) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": each.name,
        "source": each.source,
        "used": each.used,
    }
    if each.file is None:
        return entry | {"problem": each.problem, "hint": each.hint}
    file = each.file
    return entry | {
        "sha256": file.sha256,
        "date": file.date.isoformat(),
        "age": file.age(now.date()),
        "from": file.origin,
        "expires": _iso(file.expires),
        "knows": [
            {
                "role": one.role,
                "name": one.name,
                "start": _iso(one.start),
                "end": _iso(one.end),
            }
            for one in each.parties
        ],
    }


def _iso(time: dt.datetime | None) -> str | None:
    return time.isoformat() if time else None
