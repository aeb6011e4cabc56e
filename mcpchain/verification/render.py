"""A run as text for people, and as JSON with a version for programs."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from mcpchain.printable import printable
from mcpchain.signature import Identity, Status, Verification
from mcpchain.verification import Run, links

if TYPE_CHECKING:
    from mcpchain.build_level import BuildLevel

SCHEMA: Final = "mcpchain/verification/v1"
_OLD: Final = 90
"""After how many days a root is said to be old."""
_HINTS: Final = {
    Status.INVALID: "do not use it; get it again from its maker, and ask them",
    Status.UNTRUSTED_IDENTITY: "if that is whom you trust, name them: `--repository`, "
    "or `--identity` with `--issuer`",
    Status.UNVERIFIABLE: "use a newer mcpchain, or give the trusted root that it was "
    "signed under: `--trusted-root`",
    Status.MISSING: "ask its maker to sign it, or name the bundle: `--bundle`",
    Status.ERROR: "nothing was decided; see to this and run again",
}
_OF_BUNDLES: Final = {
    Status.UNTRUSTED_IDENTITY: "if that is whom you trust, name their certificate: "
    "`--certificate`, or who issued it: `--ca`",
    Status.UNVERIFIABLE: "ask its maker for a bundle that the programs of MCP sign",
    Status.MISSING: "ask its maker to sign it",
}
"""Hints for MCP bundles, where those for others are of no use."""
_OF_REGISTRIES: Final = frozenset({"npm-package", "npm-signature", "pypi-package"})


def as_text(run: Run) -> str:
    """Return *run* for a reader, and the counts at the end."""
    return "".join(f"{printable(line)}\n" for line in _lines(run))


def _lines(run: Run) -> Iterator[str]:
    for each in run.verifications:
        yield f"{each.status.value}: {each.subject}"
        of_entry = each.kind == links.KIND
        told = links.details(each) if of_entry else _details(each, run)
        yield from (f"  {line}" for line in told)
        yield ""
    if run.root_age is not None and run.root_age > _OLD:
        yield f"note: the trusted root is {run.root_age} days old"
    if run.root_note:
        yield f"note: {run.root_note}"
    counts = Counter(each.status for each in run.verifications)
    summed = ", ".join(f"{counts[s]} {s.value}" for s in Status if counts[s])
    yield summed or "nothing to verify"


def _hint(each: Verification) -> str:
    """Say what to do about it, by the step that failed where that says more."""
    failed = each.checks[-1].id if each.checks else ""
    if each.kind == "mcpb-signature" and each.status in _OF_BUNDLES:
        return _OF_BUNDLES[each.status]
    if each.status is Status.MISSING and each.kind in _OF_REGISTRIES:
        return "ask its maker to attest it, or the registry itself in place of a mirror"
    if each.status is Status.UNVERIFIABLE and failed == "bundle":
        return "name the bundle or attestation that belongs to the file: `--bundle`"
    if each.status is Status.UNTRUSTED_IDENTITY:
        return _whom(each, failed)
    return _HINTS[each.status]


def _whom(each: Verification, failed: str) -> str:
    if failed == "material" and each.key:
        return "leave `--key` out, and name whom the certificate should be of"
    if failed == "material":
        return "if you trust whoever holds that key, name it: `--key`"
    if each.expected_by == "user":
        return (
            "if that is whom you trust, ask for it as the certificate has it, below: "
            "`--repository`, `--workflow`, `--ref`, `--identity`, `--issuer`"
        )
    return _HINTS[each.status]


def _details(each: Verification, run: Run) -> Iterator[str]:
    if each.status is not Status.VERIFIED:
        yield f"why: {each.reason}"
        yield f"hint: {_hint(each)}"
    # Who signed is known only once the signature holds.
    if each.identity and each.status in {Status.VERIFIED, Status.UNTRUSTED_IDENTITY}:
        yield from _identity(each.identity)
    if each.status is not Status.VERIFIED:
        return
    if each.key:
        yield f"key: sha256:{each.key}"
    if each.expected_by == "index":
        yield "note: the index names this signer; you have not said whom you expect"
    yield from (f"note: {note}" for note in each.notes)
    if each.statement is not None:
        yield f"says: {each.statement.predicate_type}"
    if level := _level(each):
        yield f"build level: {level.level}, {level.reason}"
    for time in each.times:
        yield f"time: {time.time:%Y-%m-%d %H:%M:%S} UTC, by {time.source}"
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
        "verifications": [_entry(each) for each in run.verifications],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _entry(each: Verification) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "status": each.status.value,
        "subject": each.subject,
        "kind": each.kind,
        "reason": each.reason,
        "expectedBy": each.expected_by,
        "root": each.root,
        "notes": [*each.notes],
        "checks": [
            {"id": check.id, "ok": check.ok, "detail": check.detail}
            for check in each.checks
        ],
        "times": [
            {"source": time.source, "time": time.time.isoformat()}
            for time in each.times
        ],
    }
    if each.key:
        entry["key"] = f"sha256:{each.key}"
    if each.identity is not None:
        fields = each.identity.__dataclass_fields__
        told = {name: getattr(each.identity, name) for name in fields}
        entry["identity"] = told | {"kind": each.identity.kind.value}
    if each.statement is not None:
        entry["predicateType"] = each.statement.predicate_type
    if level := _level(each):
        entry["buildLevel"] = {
            "level": level.level,
            "reason": level.reason,
            "builder": level.builder,
        }
    return entry
