"""Write in-toto statements (v1): something is said of subjects."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mcpchain.bundle.statement import BUNDLE, OTHER, PREDICATES, SUBJECTS
from mcpchain.document import Node
from mcpchain.errors import MalformedError, UsageError
from mcpchain.sign.bundle import canonical
from mcpchain.signature import Subject

TYPE: Final = "https://in-toto.io/Statement/v1"
_LIMIT: Final = 16 << 20
"""Bytes of a predicate: the bundle around it has to be read again."""
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,1000}")

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.]+")
_VERSION: Final = re.compile(r"/v[0-9][0-9.]*$")
"""What some add to the type of a BOM."""


def predicate_type(name: str) -> str:
    """Return the type that *name* stands for: a short name, or a URI.

    Raises:
        UsageError: It is neither.
    """
    found = PREDICATES.get(name, name)
    if not _URI.fullmatch(found):
        raise UsageError(
            f"`{name[:140]}` is no type of predicate",
            hint=f"one of {', '.join(PREDICATES)}, or a URI",
        )
    return found


def suffix(kind: str) -> str:
    """Return what is added to the name of a file for a bundle of this *kind*.

    No two kinds have the same: one statement never takes the place of another.
    """
    for name, known in PREDICATES.items():
        if known == kind:
            return f".{name}{BUNDLE}"
    last = "-".join(_UNSAFE.sub("-", kind).strip("-.").split("-")[-2:])[-40:]
    digest = hashlib.sha256(kind.encode()).hexdigest()[:8]
    return f".{last.strip('-.') or OTHER}-{digest}{BUNDLE}"


def read_predicate(data: bytes, kind: str, *, source: str) -> dict[str, Any]:
    """Read a predicate, strictly: what is signed must mean one thing to everybody.

    Args:
        data: JSON.
        kind: Its type; of those that are known, what they must have is looked for.
        source: What to call it.

    Raises:
        MalformedError: It is no JSON object, has a key twice, or lacks what it must
            have.
    """
    if len(data) > _LIMIT:
        raise MalformedError(f"larger than {_LIMIT >> 20} MiB", source=source)
    node = Node.from_json(data, source=source)
    if not isinstance(node.value, dict):
        raise node.unexpected("an object")
    _check_keys(node)
    value: dict[str, Any] = node.value
    try:
        canonical(value)
    except (RecursionError, ValueError) as error:
        problem = f"it cannot be written again: {str(error)[:140]}"
        raise node.malformed(problem) from None
    if shape := _SHAPES.get(kind) or _SHAPES.get(_VERSION.sub("", kind)):
        shape(node)
    return value


def make(subjects: Sequence[Subject], kind: str, predicate: dict[str, Any]) -> bytes:
    """Return a statement.

    Args:
        subjects: What it is about; each has a digest.
        kind: The type of the predicate.
        predicate: What is said.

    Raises:
        UsageError: There is no subject, too many, or one is there twice.
    """
    counts = Counter(each.name for each in subjects if each.name)
    twice = next((name for name, count in counts.items() if count > 1), None)
    if not subjects or len(subjects) > SUBJECTS:
        raise UsageError(
            f"{len(subjects):,} subjects; a statement has 1 to {SUBJECTS:,}",
            hint="name what the statement is about",
        )
    if twice is not None:
        raise UsageError(
            f"two subjects are called `{twice[:140]}`",
            hint="attest them one by one, or name them: `NAME@sha256:...`",
        )
    return canonical(
        {
            "_type": TYPE,
            "subject": [_subject(each) for each in subjects],
            "predicateType": kind,
            "predicate": predicate,
        }
    )


def _subject(subject: Subject) -> dict[str, Any]:
    named = {"name": subject.name} if subject.name else {}
    return named | {"digest": dict(subject.digests)}


def _check_keys(node: Node) -> None:
    """Refuse a key on which two readers may disagree, however deep."""
    # Not as nodes: the pointers of a deep document take more than the document.
    stack: list[object] = [node.value]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack += value
        elif isinstance(value, dict):
            stack += value.values()
            # One that is sound is a plain `dict`.
            for key, each in (
                ()
                if type(value) is dict
                else Node(value=value, source=node.source).items()
            ):
                if each.problem:
                    raise node.malformed(f"`{key[:140]}`: {each.problem}")


def _provenance(node: Node) -> None:
    build = node.at("buildDefinition")
    build.at("buildType").text()
    if not build.at("externalParameters").is_object():
        raise build.at("externalParameters").unexpected("an object")
    node.at("runDetails").at("builder").at("id").text()


def _cyclonedx(node: Node) -> None:
    if node.at("bomFormat").text() != "CycloneDX":
        raise node.at("bomFormat").malformed("is not `CycloneDX`")
    node.at("specVersion").text()


def _spdx(node: Node) -> None:
    if not node.at("@context").exists:  # SPDX 3 is JSON-LD
        node.at("spdxVersion").text()
        node.at("SPDXID").text()


def _vsa(node: Node) -> None:
    node.at("verifier").at("id").text()
    node.at("resourceUri").text()
    result = node.at("verificationResult")
    if result.text() not in {"PASSED", "FAILED"}:
        raise result.malformed("is neither `PASSED` nor `FAILED`")
    if not node.at("policy").is_object():
        raise node.at("policy").unexpected("an object")


def _scan(node: Node) -> None:
    if not node.at("scanner").is_object():
        raise node.at("scanner").unexpected("an object")


_SHAPES: Final[Mapping[str, Callable[[Node], None]]] = {
    PREDICATES["slsaprovenance1"]: _provenance,
    PREDICATES["cyclonedx"]: _cyclonedx,
    PREDICATES["spdx"]: _spdx,
    PREDICATES["vsa"]: _vsa,
    PREDICATES["vuln"]: _scan,
    "https://in-toto.io/attestation/vulns/v0.2": _scan,
}
