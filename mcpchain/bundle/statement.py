"""The in-toto statement in an envelope (in-toto attestation framework, v0.1 and v1)."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.signature import Statement, Subject

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
_TYPES: Final = frozenset(
    {"https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"}
)
PREDICATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "slsaprovenance1": "https://slsa.dev/provenance/v1",
        "cyclonedx": "https://cyclonedx.org/bom",
        "spdx": "https://spdx.dev/Document",
        "vsa": "https://slsa.dev/verification_summary/v1",
        "vuln": "https://cosign.sigstore.dev/attestation/vuln/v1",
    }
)
"""What a predicate is called for short, as cosign has it, and its type."""
BUNDLE: Final = ".sigstore.json"
OTHER: Final = "attestation"
SUFFIXES: Final = tuple(f".{each}{BUNDLE}" for each in (*PREDICATES, OTHER))
"""What is added to the name of a file for what is attested of it."""
SUBJECTS: Final = 10_000
"""How many subjects a statement may have."""


_SUMMARY: Final = "https://slsa.dev/verification_summary/"
_PASSED: Final = "PASSED"


def verdict(statement: Statement | None) -> str:
    """Return what *statement* says came of a verification; empty: it is no summary."""
    if statement is None or not statement.predicate_type.startswith(_SUMMARY):
        return ""
    said = statement.predicate if isinstance(statement.predicate, dict) else {}
    result = said.get("verificationResult", said.get("verification_result"))
    levels = said.get("verifiedLevels")
    if result == _PASSED and isinstance(levels, list) and "FAILED" in levels:
        return "FAILED"
    return result[:140] if isinstance(result, str) and result else "nothing"


def objection(statement: Statement | None) -> str:
    """Say why *statement* is a verdict against what it is about; empty: it is none."""
    said = verdict(statement)
    return f"it is a verdict, which says `{said}`" if said not in {"", _PASSED} else ""


@lru_cache(maxsize=1)
def document(payload: bytes, *, source: str) -> Node:
    """Read the payload of an envelope, whatever it says.

    The last one is kept: that of a large model is asked for by several, and long.

    Raises:
        MalformedError: It is no JSON.
    """
    return Node.from_json(payload, source=source)


def parse(payload: bytes, *, source: str) -> Statement:
    """Read the payload of an envelope.

    Raises:
        MalformedError: It is no statement, or says nothing of anything.
    """
    node = document(payload, source=source)
    kind = node.at("_type").text()
    if kind not in _TYPES:
        raise node.malformed(f"`{kind[:140]}` is no type of in-toto statement")
    subjects = tuple(_subject(each) for each in node.at("subject").elements())
    if not subjects:
        raise node.malformed("the statement has no subject, so it is about nothing")
    if len(subjects) > SUBJECTS:
        raise node.malformed(f"more than {SUBJECTS:,} subjects")
    predicate = node.at("predicate")
    return Statement(
        type=kind,
        predicate_type=node.at("predicateType").text(),
        subjects=subjects,
        predicate=predicate.value if predicate.exists else None,
    )


def _subject(node: Node) -> Subject:
    name = node.at("name")
    digests = {key: value.text() for key, value in node.at("digest").items()}
    if not digests:
        raise MalformedError(
            "a subject without a digest names no bytes",
            source=node.source,
            pointer=node.pointer,
        )
    return Subject(name=name.text() if name.exists else "", digests=digests)
