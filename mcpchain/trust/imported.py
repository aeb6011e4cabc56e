"""Trusted roots that a user has imported, each kept under its SHA-256.

The index says which digest a name stands for. The file that has it is hashed on every
use: whoever changes the file alone changes nothing but that it is refused.
"""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mcpchain.bundle.root import parse as parse_root
from mcpchain.document import Node
from mcpchain.errors import MalformedError, UnavailableError, UsageError
from mcpchain.trust import SIGSTORE, Source, TrustFile, shipped
from mcpchain.trust.folder import Folder

_INDEX: Final = "imported.json"
_VERSION: Final = 1
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_AGAIN: Final = "if you did not change it, somebody else did: import the root again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the index says of one name."""

    sha256: str
    date: dt.date
    origin: str


def read_roots(data: bytes, *, source: str) -> tuple[bytes, ...]:
    """Return the trusted roots in *data*: one in JSON, or one a line (JSON Lines).

    Raises:
        MalformedError: One is none, or there are none.
    """
    lines = [each for each in data.splitlines() if each.strip()]
    try:
        for each in lines:
            parse_root(each, name=source)
    except MalformedError:
        # Not a root a line; then it is one over several lines, or says why not.
        parse_root(data, name=source)
        return (data,)
    if not lines:
        raise MalformedError("holds nothing", source=source)
    return tuple(lines) if len(lines) > 1 else (data,)


def keep(
    folder: Folder,
    root: bytes,
    *,
    name: str,
    date: dt.date,
    origin: str,
    replace: bool = False,
) -> TrustFile:
    """Keep *root* under *name*.

    Raises:
        MalformedError: It is no trusted root.
        UsageError: The name cannot be given.
        UnavailableError: The folder cannot be used.
    """
    parse_root(root, name=origin)
    _check_name(name)
    known = dict(_index(folder))
    sha256 = hashlib.sha256(root).hexdigest()
    taken = name == SIGSTORE or (name in known and known[name].sha256 != sha256)
    if taken and not replace:
        raise UsageError(
            f"there is a root called `{name}`",
            hint="choose another name with `--name`, or say `--replace`",
        )
    before = known.get(name)
    if before is None or before.sha256 != sha256 or replace:
        known[name] = Entry(sha256=sha256, date=date, origin=origin)
    folder.write(f"{sha256}.json", root)
    folder.write(_INDEX, _written(known))
    if before is not None and before.sha256 not in {e.sha256 for e in known.values()}:
        folder.remove(f"{before.sha256}.json")
    return find(folder, name)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"`{name[:80]}` is no name for a root",
            hint="use small letters, digits, `.`, `_` and `-`: `--name github`",
        )
    if name != SIGSTORE and name in {each.name for each in shipped()}:
        raise UsageError(
            f"`{name}` comes with mcpchain and is no trusted root",
            hint="choose another name with `--name`",
        )


def names(folder: Folder) -> tuple[str, ...]:
    """Return the names of what was imported, sorted.

    Raises:
        UnavailableError: The index cannot be used.
    """
    return tuple(sorted(_index(folder)))


def find(folder: Folder, name: str) -> TrustFile:
    """Return the root that was imported as *name*, if it still is what it was.

    Raises:
        KeyError: None was.
        UnavailableError: It was changed since.
    """
    entry = _index(folder)[name]
    data = folder.read(f"{entry.sha256}.json")
    if data is None:
        raise UnavailableError(
            f"the root `{name}` is no longer in the trust folder",
            hint=f"import it again: `mcpchain trust import FILE --name {name}`",
        )
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise UnavailableError(
            f"the root `{name}` was changed since it was imported", hint=_AGAIN
        )
    return TrustFile(
        name=name,
        source=Source.IMPORTED,
        sha256=entry.sha256,
        date=entry.date,
        origin=entry.origin,
        data=data,
    )


def _index(folder: Folder) -> Mapping[str, Entry]:
    data = folder.read(_INDEX)
    if data is None:
        return {}
    try:
        node = Node.from_json(data, source=_INDEX)
        if node.at("version").integer() != _VERSION:
            raise node.malformed("is of another version")
        return dict(_entries(node.at("roots")))
    except MalformedError as error:
        raise UnavailableError(
            f"the index of the trust folder cannot be read: {error}",
            hint=f"remove `{_INDEX}`, and import your roots again",
        ) from error


def _entries(node: Node) -> Iterator[tuple[str, Entry]]:
    for name, each in node.items():
        sha256, date = each.at("sha256"), each.at("date")
        # The digest is part of a path.
        if not _NAME.fullmatch(name) or not _SHA256.fullmatch(sha256.text()):
            raise each.malformed("has no name or digest of a root")
        try:
            day = dt.date.fromisoformat(date.text())
        except ValueError:
            raise date.malformed("is no date") from None
        yield (
            name,
            Entry(sha256=sha256.text(), date=day, origin=each.at("from").text()),
        )


def _written(known: Mapping[str, Entry]) -> bytes:
    roots = {
        name: {
            "sha256": entry.sha256,
            "date": entry.date.isoformat(),
            "from": entry.origin,
        }
        for name, entry in sorted(known.items())
    }
    document = {"version": _VERSION, "roots": roots}
    return json.dumps(document, indent=1).encode() + b"\n"
