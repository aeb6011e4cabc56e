"""What was signed, by whom and where it is: for a reader and for a program."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mcpchain.printable import printable
from mcpchain.signature import Verification

SCHEMA: Final = "mcpchain/signing/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One bundle, and what our own core found when it was asked about it."""

    subject: str
    """What was signed, as the user named it."""
    kind: str
    """`file`, `digest`, `model` or `attestation`."""
    bundle: str
    """Where it is."""
    digest: str = ""
    """`sha256:...` of what was signed; of a model, of the list of its digests."""
    verification: Verification | None = None
    """`None`: it would be signed, and was not."""
    log_indexes: tuple[int, ...] = ()
    """Where it stands in transparency logs."""
    notes: tuple[str, ...] = ()
    """What a reader has to know besides."""
    sha256: str = ""
    """Of the bundle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All of a run."""

    signer: str
    signed: Sequence[Signed]
    version: str
    """Of mcpchain."""


def as_text(summary: Summary) -> str:
    """Return *summary* for a reader, with a final newline."""
    return "".join(f"{printable(line)}\n" for line in _lines(summary))


def _lines(summary: Summary) -> Iterator[str]:
    dry = False
    for each in summary.signed:
        dry = each.verification is None
        yield f"{'would sign' if dry else 'signed'}: {each.subject}"
        if each.kind == "model" and len(summary.signed) > 1:
            yield "  as: a model, with every file in it"
        yield f"  bundle: {each.bundle}"
        if each.digest:
            yield f"  digest: {each.digest}"
        if each.verification is not None:
            yield from _details(each, each.verification)
        yield from (f"  note: {note}" for note in each.notes)
    yield f"by: {summary.signer}"
    count = f"{len(summary.signed):,}"
    yield f"{count} would be signed; nothing was" if dry else f"{count} signed"


def _details(signed: Signed, found: Verification) -> Iterator[str]:
    if found.statement is not None and signed.kind == "attestation":
        yield f"  says: {found.statement.predicate_type}"
    for index in signed.log_indexes:
        yield f"  log: entry {index}"
    for time in found.times:
        yield f"  time: {time.time:%Y-%m-%d %H:%M:%S} UTC, by {time.source}"
    if found.key and not signed.log_indexes:
        told = "`--key`" if signed.kind == "model" else "`--key` and `--no-log`"
        yield f"  log: none; `mcpchain verify` takes it with {told}"


def as_json(summary: Summary) -> str:
    """Return *summary* as JSON, with a final newline."""
    document = {
        "schema": SCHEMA,
        "mcpchain": summary.version,
        "signer": summary.signer,
        "signed": [_entry(each) for each in summary.signed],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _entry(signed: Signed) -> dict[str, Any]:
    found = signed.verification
    entry: dict[str, Any] = {
        "subject": signed.subject,
        "kind": signed.kind,
        "bundle": signed.bundle,
        "digest": signed.digest or None,
        "signed": found is not None,
        "logIndexes": [*signed.log_indexes],
        "notes": [*signed.notes],
    }
    if found is None:
        return entry
    entry["times"] = [
        {"source": each.source, "time": each.time.isoformat()} for each in found.times
    ]
    if found.key:
        entry["key"] = f"sha256:{found.key}"
    if found.identity is not None:
        who = found.identity
        entry["identity"] = {"issuer": who.issuer, "san": who.san}
    if found.statement is not None:
        entry["predicateType"] = found.statement.predicate_type
    return entry


RENDERERS: Final[Mapping[str, Callable[[Summary], str]]] = {
    "text": as_text,
    "json": as_json,
}
