"""An answer about a signature as members of JSON, for every report that has one."""

import datetime as dt
import re
from typing import Any, Final

from mcpchain.signature import Identity, Verification

_MEMBER: Final = re.compile("_([a-z])")
"""Where members of JSON have a capital letter instead."""


def record(found: Verification) -> dict[str, Any]:
    """Return *found*, each check included."""
    told: dict[str, Any] = {
        "status": found.status.value,
        "subject": found.subject,
        "kind": found.kind,
        "reason": found.reason,
        "expectedBy": found.expected_by,
        "root": found.root,
        "notes": [*found.notes],
        "checks": [
            {"id": each.id, "ok": each.ok, "detail": each.detail}
            for each in found.checks
        ],
        "times": [
            {"source": each.source, "time": each.time.astimezone(dt.UTC).isoformat()}
            for each in found.times
        ],
    }
    if found.key:
        told["key"] = f"sha256:{found.key}"
    if found.identity is not None:
        told["identity"] = whom(found.identity)
    if found.statement is not None:
        told["predicateType"] = found.statement.predicate_type
    return told


def whom(identity: Identity) -> dict[str, str]:
    """Return all that a certificate says of who signed."""
    told = {
        _MEMBER.sub(lambda found: found[1].upper(), name): getattr(identity, name)
        for name in Identity.__dataclass_fields__
    }
    return told | {"kind": identity.kind.value}
