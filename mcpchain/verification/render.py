"""A run as text for people, and as JSON with a version for programs."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from mcpchain.answer import record
from mcpchain.bundle.statement import verdict
from mcpchain.printable import printable
from mcpchain.signature import Identity, Status, Verification
from mcpchain.verification import Run, links
from mcpchain.verification.hints import hint

if TYPE_CHECKING:
    from mcpchain.build_level import BuildLevel

SCHEMA: Final = "mcpchain/verification/v1"
_OLD: Final = 90
"""After how many days a root is said to be old."""
_OF_KEYS: Final = frozenset({"model-signature", "sigstore-bundle"})
"""What may be signed by a key alone, so that no root has a part in it."""


def as_text(run: Run) -> str:
    """Return *run* for a reader, and the counts at the end."""
    return "".join(f"{printable(line)}\n" for line in _lines(run))


def _lines(run: Run) -> Iterator[str]:
    # What is the same of many is told once: a lock has hundreds of packages.
    alike: dict[tuple[Status, tuple[str, ...]], list[str]] = {}
    for each in run.verifications:
        of_entry = each.kind == links.KIND
        told = links.details(each) if of_entry else _details(each, run)
        alike.setdefault((each.status, tuple(told)), []).append(each.subject)
    for (status, told_of_all), subjects in alike.items():
        yield from (f"{status.value}: {subject}" for subject in subjects)
        yield from (f"  {line}" for line in told_of_all)
        yield ""
    yield from (f"note: {note}" for note in run.notes)
    used = any(_is_rooted(each) and each.root == run.root for each in run.verifications)
    if used and run.root_age is not None and run.root_age > _OLD:
        yield f"note: the trusted root is {run.root_age} days old"
    if used and run.root_note:
        yield f"note: {run.root_note}"
    counts = Counter(each.status for each in run.verifications)
    summed = ", ".join(f"{counts[s]} {s.value}" for s in Status if counts[s])
    yield summed or "nothing to verify"


def _is_rooted(each: Verification) -> bool:
    """Say whether the trusted root has a part in it: not in what a key signs alone."""
    by_key = each.key and each.kind in _OF_KEYS
    return not by_key or any(check.id in {"log", "time"} for check in each.checks)


def _details(each: Verification, run: Run) -> Iterator[str]:
    if each.status is not Status.VERIFIED:
        yield f"why: {each.reason}"
        yield f"hint: {hint(each, offline=run.offline)}"
    # Who signed is known only once the signature holds.
    if each.identity and each.status in {Status.VERIFIED, Status.UNTRUSTED_IDENTITY}:
        yield from _identity(each.identity)
    yield from (f"note: {note}" for note in each.notes)
    if each.status is not Status.VERIFIED:
        return
    if each.kind == "hub-digest":
        yield f"compared: {each.reason}"
        yield f"hub: {each.root}"
    else:
        yield from _signed(each, run)


def _signed(each: Verification, run: Run) -> Iterator[str]:
    if each.key:
        yield f"key: sha256:{each.key} (of its DER)"
    if each.expected_by == "index":
        yield "note: the index names this signer; you have not said whom you expect"
    if each.statement is not None:
        yield f"says: {each.statement.predicate_type}"
    if said := verdict(each.statement):
        yield f"result: {said}"
    if level := _level(each):
        yield f"build level: {level.level}, {level.reason}"
    for time in each.times:
        yield f"time: {time.time:%Y-%m-%d %H:%M:%S} UTC, by {time.source}"
    if _is_rooted(each):
        aged = run.root_age is not None and each.root == run.root
        yield f"root: {each.root}" + (f", {run.root_age} days old" if aged else "")


def _level(each: Verification) -> "BuildLevel | None":
    """Return the build level of a provenance; `None` if it is none."""
    from mcpchain.build_level import PROVENANCE, build_level

    statement = each.statement
    provenance = statement is not None and statement.predicate_type in PROVENANCE
    return build_level(each) if provenance and each else None


def _identity(identity: Identity) -> Iterator[str]:
    yield f"signed by: {identity.san}"
    yield f"issuer: {identity.issuer}"
    for name in ("repository", "ref", "runner", "trigger"):
        if value := getattr(identity, name):
            yield f"{name}: {value}"


def as_json(run: Run) -> str:
    """Return *run* as JSON, each check included."""
    document = {
        "schema": SCHEMA,
        "mcpchain": run.version,
        "time": run.now.isoformat(),
        "exit": int(run.exit),
        "rootAge": run.root_age,
        "notes": [*run.notes],
        "verifications": [_entry(each, run) for each in run.verifications],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _entry(each: Verification, run: Run) -> dict[str, Any]:
    entry = record(each)
    if each.status is not Status.VERIFIED:
        of_entry = each.kind == links.KIND
        entry["hint"] = (
            links.hint(each) if of_entry else hint(each, offline=run.offline)
        )
    told = {"target": each.target, "bundle": each.bundle, "sha256": each.bytes_sha256}
    entry |= {name: value for name, value in told.items() if value}
    if said := verdict(each.statement):
        entry["verificationResult"] = said
    if level := _level(each):
        entry["buildLevel"] = {
            "level": level.level,
            "reason": level.reason,
            "builder": level.builder,
        }
    return entry
