"""How bad an OSV record says it is.

A vector is better than a word, CVSS 4 better than 3, 3 better than 2; of several of one
version the highest counts. A vector that cannot be read says nothing, which is not 0.
"""

from functools import lru_cache
from typing import Final

from mcpchain.advisory import Severity
from mcpchain.document import Node

_WORDS: Final = {
    "low": Severity.LOW,
    "moderate": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "high": Severity.HIGH,
    "critical": Severity.CRITICAL,
}
_BANDS: Final = (
    (9.0, Severity.CRITICAL),
    (7.0, Severity.HIGH),
    (4.0, Severity.MEDIUM),
    (0.0, Severity.LOW),
)
"""CVSS 3.1, section 5, and CVSS 4.0, section 6; the same for the older version 2."""
_LENGTH: Final = 512
_VECTORS: Final = 20
"""How many vectors of one record are looked at."""


def of_vectors(severities: Node) -> Severity:
    """Return what a list of OSV `severity` objects says; `UNKNOWN` if nothing.

    Raises:
        MalformedError: It is no such list.
    """
    best = (0, -1.0)
    for index, each in enumerate(severities.elements()):
        vector = each.at("score").text()
        if index < _VECTORS and len(vector) <= _LENGTH:
            best = max(best, _score(vector))
    version, score = best
    if not version:
        return Severity.UNKNOWN
    return next(severity for bound, severity in _BANDS if score >= bound)


def of_word(word: str) -> Severity:
    """Return what GitHub's word for it means; `UNKNOWN` for any other word."""
    return _WORDS.get(word.strip().lower(), Severity.UNKNOWN)


@lru_cache(maxsize=1 << 12)
def _score(vector: str) -> tuple[int, float]:
    """Return the CVSS version and base score of *vector*; version 0 for none."""
    from cvss import (  # type: ignore[import-untyped]  # it ships no types
        CVSS2,
        CVSS3,
        CVSS4,
        CVSSError,
    )

    kinds = {"CVSS:4": (4, CVSS4), "CVSS:3": (3, CVSS3)}
    version, kind = kinds.get(vector[:6], (2, CVSS2))
    try:
        return (version, float(kind(vector).base_score))
    except CVSSError:
        return (0, -1.0)
