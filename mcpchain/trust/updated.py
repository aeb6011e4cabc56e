"""What an update brought: the metadata of TUF, and the files that it vouches for.

They are kept in one file, so that an update is there as a whole or not at all. It is
believed as little as the network that it came from: on every use all of it is verified
anew, from the TUF root that came with mcpchain. Only that time goes by is no reason to
refuse it, since nobody is asked; until when its owner vouched for it is told instead.

The steps are those of the TUF specification, 1.0.33, section 5:

1. Each root is signed by the one before it and by itself, and its version is the next.
2. The timestamp is signed as the last root says.
3. The snapshot is the one of the timestamp, and signed.
4. The targets are those of the snapshot, and signed; so are those that they delegate.
5. Each file has the length and the digests that its targets say.
"""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Signed, Snapshot, Targets, Timestamp

from mcpchain.document import Node
from mcpchain.errors import MalformedError, UnavailableError
from mcpchain.trust import NPM, SIGSTORE, UPDATE

_VERSION: Final = 1
_HINT: Final = (
    "if you did not change it, somebody else did: remove it, and run "
    "`mcpchain trust update`"
)
_KEYS: Final = "keys.json"
_T = TypeVar("_T", Root, Timestamp, Snapshot, Targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An update as it is kept, not yet verified."""

    date: dt.date
    url: str
    roots: Mapping[int, bytes]
    """By version."""
    metadata: Mapping[str, bytes]
    """By role, all but roots."""
    files: Mapping[str, bytes]
    """By the path of the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """An update that was verified."""

    files: Mapping[str, bytes]
    """By the names of the files of trust that they are newer versions of."""
    expires: dt.datetime
    """Until when all of it is vouched for."""
    version: int
    """Of the timestamp: it grows with every change."""


def write(record: Record) -> bytes:
    """Return *record* as a file."""

    def encoded(files: Mapping[str, bytes]) -> dict[str, str]:
        return {k: base64.b64encode(v).decode() for k, v in sorted(files.items())}

    document = {
        "version": _VERSION,
        "date": record.date.isoformat(),
        "url": record.url,
        "roots": encoded({f"{k:06}": v for k, v in record.roots.items()}),
        "metadata": encoded(record.metadata),
        "files": encoded(record.files),
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def read(data: bytes) -> Record:
    """Read what `write` wrote.

    Raises:
        UnavailableError: It is something else.
    """
    try:
        node = Node.from_json(data, source=UPDATE)
        if node.at("version").integer() != _VERSION:
            raise node.malformed("is of another version")
        return Record(
            date=dt.date.fromisoformat(node.at("date").text()),
            url=node.at("url").text(),
            roots={int(k): v for k, v in _decoded(node.at("roots")).items()},
            metadata=_decoded(node.at("metadata")),
            files=_decoded(node.at("files")),
        )
    except (MalformedError, ValueError) as error:
        raise UnavailableError(
            f"the update in the trust folder cannot be read: {error}", hint=_HINT
        ) from error


def _decoded(node: Node) -> dict[str, bytes]:
    try:
        return {
            key: base64.b64decode(each.text(), validate=True)
            for key, each in node.items()
        }
    except binascii.Error as error:
        raise node.malformed("is not base64") from error


def verify(record: Record, bootstrap: bytes) -> Update:
    """Verify *record* from the TUF root *bootstrap* on.

    Raises:
        UnavailableError: It is not what its owner has signed.
    """
    try:
        return _verify(record, bootstrap)
    except (RepositoryError, ValueError, KeyError, TypeError) as error:
        raise UnavailableError(
            "the update in the trust folder is not what its owner has signed: "
            f"{type(error).__name__}: {error}",
            hint=_HINT,
        ) from error


def _verify(record: Record, bootstrap: bytes) -> Update:
    root = _last_root(record, bootstrap)  # 1
    metadata = record.metadata

    def signed(role: str, kind: type[_T], by: Root | Targets) -> _T:
        found = _loaded(metadata[role], kind)
        by.verify_delegate(role, found.signed_bytes, found.signatures)
        return found.signed

    timestamp = signed("timestamp", Timestamp, root)  # 2
    timestamp.snapshot_meta.verify_length_and_hashes(metadata["snapshot"])  # 3
    snapshot = signed("snapshot", Snapshot, root)
    if snapshot.version != timestamp.snapshot_meta.version:
        raise ValueError("the snapshot is of another version")

    def listed(role: str, by: Root | Targets) -> Targets:
        known = snapshot.meta[f"{role}.json"]
        known.verify_length_and_hashes(metadata[role])
        found = signed(role, Targets, by)
        if found.version != known.version:
            raise ValueError(f"the metadata of `{role}` are of another version")
        return found

    targets = listed("targets", root)  # 4
    seen: list[Signed] = [root, timestamp, snapshot, targets]
    files = {SIGSTORE: _file(record, targets, "trusted_root.json")}  # 5
    keys = npm_keys(targets)
    if keys is not None and keys[1] in record.files:
        role, path = keys
        delegated = listed(role, targets)
        seen.append(delegated)
        files[NPM] = _file(record, delegated, path)
    return Update(
        files=files,
        expires=min(each.expires for each in seen),
        version=timestamp.version,
    )


def _last_root(record: Record, bootstrap: bytes) -> Root:
    first = _loaded(bootstrap, Root)
    root = first.signed
    root.verify_delegate("root", first.signed_bytes, first.signatures)
    while (version := root.version + 1) in record.roots:
        found = _loaded(record.roots[version], Root)
        for each in (root, found.signed):
            each.verify_delegate("root", found.signed_bytes, found.signatures)
        if found.signed.version != version:
            raise ValueError(f"root {version} says that it is another version")
        root = found.signed
    return root


def _loaded(data: bytes, kind: type[_T]) -> Metadata[_T]:
    found = Metadata[_T].from_bytes(data)
    if not isinstance(found.signed, kind):
        raise TypeError(f"the metadata of a `{kind.type}` are of another kind")
    return found


def _file(record: Record, targets: Targets, path: str) -> bytes:
    data = record.files[path]
    targets.targets[path].verify_length_and_hashes(data)
    return data


def npm_keys(targets: Targets) -> tuple[str, str] | None:
    """Return by which role, and as which target, the keys of npm's registry are given.

    A registry has a role of its own, for what is below the name of its host. `None`:
    there is no such role, or more than one.
    """
    delegated = targets.delegations.roles if targets.delegations else None
    found = [
        (role.name, f"{pattern.removesuffix('*')}{_KEYS}")
        for role in (delegated or {}).values()
        for pattern in role.paths or ()
        if pattern.endswith("/*") and pattern.count("*") == 1
    ]
    return found[0] if len(found) == 1 else None
