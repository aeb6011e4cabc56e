"""Licences as SPDX 2.3 takes them: one expression, and the text of every other one.

SPDX knows its own ids. Whatever else a maker calls a licence becomes a `LicenseRef-`,
which the document has to explain.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any, Final

from mcpchain.license import declared_expression

NOT_SAID: Final = "NOASSERTION"
UNSAID: Final = frozenset({NOT_SAID, "NONE"})
"""What stands where nobody says anything: no licence, no name, no address."""
_REF: Final = re.compile(r"LicenseRef-[A-Za-z0-9.-]+", re.IGNORECASE)
_FOREIGN: Final = "DocumentRef-"
_NOT_ID: Final = re.compile(r"[^A-Za-z0-9.-]+")
_NAME: Final = 140
_SLUG: Final = 40
_UNKNOWN: Final = "The text of this licence is not part of what was read."

_Object = dict[str, Any]


class LicenseRefs:
    """Turns licences into expressions, and keeps what has to be explained."""

    def __init__(self) -> None:
        self._texts: dict[str, tuple[str, str]] = {}

    def expression(self, texts: Iterable[str]) -> str:
        """Return *texts*, expressions and names, as one expression.

        Of several, nobody has said how they go together: `AND` leaves out no duty.
        """
        kept = [each for each in texts if each.strip() and each not in UNSAID]
        parts = [self._one(each) for each in kept]
        if len(parts) < 2:  # noqa: PLR2004 - one needs no brackets
            return parts[0] if parts else NOT_SAID
        return " AND ".join(f"({each})" if " " in each else each for each in parts)

    def _one(self, text: str) -> str:
        known = None if _FOREIGN in text else declared_expression(text)
        if known is None:
            digest = hashlib.sha256(text.encode("utf-8", "backslashreplace"))
            slug = _NOT_ID.sub("-", text[:_SLUG]).strip("-.")
            ref = f"LicenseRef-{slug}-{digest.hexdigest()[:16]}".replace("--", "-")
            self._texts[ref] = (" ".join(text[:_NAME].split()), text)
            return ref
        for ref in _REF.findall(known):
            self._texts.setdefault(ref, (ref, _UNKNOWN))
        return known

    def extracted(self) -> list[_Object]:
        """Return what explains every `LicenseRef-` that was given out."""
        return [
            {"licenseId": ref, "name": name, "extractedText": text}
            for ref, (name, text) in sorted(self._texts.items())
        ]
