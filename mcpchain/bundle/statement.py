"""The in-toto statement in an envelope (in-toto attestation framework, v0.1 and v1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcpchain.document import Node
from mcpchain.errors import MalformedError

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
_TYPES: Final = frozenset(
    {"https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"}
)
_SUBJECTS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something that a statement is about."""

    name: str
    digests: Mapping[str, str]
    """Hexadecimal, by the algorithm's name as written: `sha256`, `gitCommit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a signer says of its subjects: unsigned until its envelope is verified."""

    type: str
    predicate_type: str
    subjects: tuple[Subject, ...]
    predicate: Any
    """JSON."""


def parse(payload: bytes, *, source: str) -> Statement:
    """Read the payload of an envelope.

    Raises:
        MalformedError: It is no statement, or says nothing of anything.
    """
    node = Node.from_json(payload, source=source)
    kind = node.at("_type").text()
    if kind not in _TYPES:
        raise node.malformed(f"`{kind[:140]}` is no type of in-toto statement")
    subjects = tuple(_subject(each) for each in node.at("subject").elements())
    if not subjects:
        raise node.malformed("the statement has no subject, so it is about nothing")
    if len(subjects) > _SUBJECTS:
        raise node.malformed(f"more than {_SUBJECTS:,} subjects")
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
