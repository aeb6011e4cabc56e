"""Attestations of files on a Python index (PEP 740).

An index gives a provenance object beside a file: bundles of attestations, each with the
publisher that the index says it had. What the publisher is said to be is not signed; an
attestation that agrees with it agrees with the index, and with nobody else.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from mcpchain.bundle.parse import Bundle, Envelope, binary, entries
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.statement import PAYLOAD_TYPE
from mcpchain.bundle.verify import Artifact, Opinion, Trust, verify
from mcpchain.component import Attester
from mcpchain.document import Node
from mcpchain.publisher import attested
from mcpchain.signature import Check, Status, Verification

KIND: Final = "pep740"
PUBLISH: Final = re.compile(r"https://docs\.[a-z0-9.-]+/attestations/publish/v1")
"""Says who published the file, and nothing else; on the host of an index's manual."""
SLSA: Final = "https://slsa.dev/provenance/v1"
"""Says how the file was built."""
_LIMIT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """One attestation, not yet verified."""

    bundle: Bundle
    publisher: Expected | None = None
    """Whom the index says to have published it, as far as that can be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """The file that attestations should be about."""

    name: str
    sha256: bytes


def read_provenance(data: bytes, *, source: str) -> tuple[Attestation, ...]:
    """Read a provenance object: every attestation in it, at least one.

    Raises:
        MalformedError: It is none, or has none: an empty list verifies nothing.
    """
    node = Node.from_json(data, source=source)
    _versioned(node)
    found: list[Attestation] = []
    for each in node.at("attestation_bundles").elements():
        publisher = _publisher(each.at("publisher"))
        inner = [*each.at("attestations").elements()]
        if not inner:
            raise each.malformed("has no attestation in it")
        found += (_attestation(one, publisher) for one in inner)
    if not found:
        raise node.malformed("has no attestation in it")
    if len(found) > _LIMIT:
        raise node.malformed(f"more than {_LIMIT} attestations")
    return tuple(found)


def read_attestation(data: bytes, *, source: str) -> Attestation:
    """Read an attestation that stands by itself.

    Raises:
        MalformedError: It is none.
    """
    return _attestation(Node.from_json(data, source=source), None)


def verify_all(
    attestations: tuple[Attestation, ...],
    file: File,
    root: TrustedRoot,
    expected: Expected | None,
    opinion: Opinion | None = None,
) -> Iterator[Verification]:
    """Yield the answer for each of *attestations*, all of which have to hold.

    Args:
        attestations: Those of the file.
        file: What they should be about.
        root: Whom to trust.
        expected: Whom the user, a lock or a policy expects. `None`: whom the index
            says, and the answer says that it rests on that.
        opinion: Asked about each of them besides.
    """
    for each in attestations:
        who = expected or each.publisher
        found = verify(
            each.bundle,
            Artifact(digests={"sha256": file.sha256}),
            Trust(root=root, expected=who, opinion=opinion),
        )
        by = "user" if expected else "index"
        told = replace(
            found, kind=KIND, subject=file.name, expected_by=by if who else ""
        )
        yield _about(told, file) if told.status is Status.VERIFIED else told


def _about(found: Verification, file: File) -> Verification:
    """Check that it says one of two things, of the file by its name (PEP 740)."""
    subjects = found.statement.subjects if found.statement else ()
    said = found.statement.predicate_type if found.statement else ""
    problem = ""
    if said != SLSA and not PUBLISH.fullmatch(said):
        problem = f"it is a `{said[:140]}`, which no index takes"
    elif len(subjects) != 1:
        problem = f"the statement has {len(subjects)} subjects, not one"
    elif not _same_name(subjects[0].name, file.name):
        problem = f"the statement is about `{subjects[0].name[:140]}`"
    if not problem:
        return found
    check = Check(id="statement", ok=False, detail=problem)
    checks = (*found.checks, check)
    return replace(found, status=Status.INVALID, reason=problem, checks=checks)


def _same_name(one: str, other: str) -> bool:
    """Compare two file names as installers read them: `a_B-1.0` is `a-b-1.0`."""
    return one == other or (_parsed(one) is not None and _parsed(one) == _parsed(other))


def _parsed(name: str) -> tuple[object, ...] | None:
    try:
        if name.endswith(".whl"):
            return parse_wheel_filename(name)
        return (*parse_sdist_filename(name), name.endswith(".zip"))
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def _attestation(node: Node, publisher: Expected | None) -> Attestation:
    _versioned(node)
    material, envelope = node.at("verification_material"), node.at("envelope")
    return Attestation(
        bundle=Bundle(
            version="0.3",
            certificate=binary(material.at("certificate")),
            key_hint=None,
            content=Envelope(
                payload=_loose(envelope.at("statement")),
                payload_type=PAYLOAD_TYPE,
                signature=_loose(envelope.at("signature")),
            ),
            entries=entries(material, "transparency_entries"),
        ),
        publisher=publisher,
    )


def _versioned(node: Node) -> None:
    version = node.at("version").integer()
    if version != 1:
        raise node.at("version").malformed(f"version {version} is not read, only 1")


def _loose(node: Node) -> bytes:
    """Decode base64 that may be wrapped in lines, as PyPI has it."""
    try:
        data = base64.b64decode(node.text().replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise node.malformed("is not base64") from None
    if not data:
        raise node.malformed("is empty")
    return data


def _publisher(node: Node) -> Expected | None:
    """Read whom the index names; `None` for a kind that is not known."""
    if not node.exists:
        return None
    kind = node.at("kind").text()
    claims = sorted(
        (key, value.text()) for key, value in node.items() if value.is_text()
    )
    try:
        return attested(Attester(kind=kind, claims=tuple(claims)))
    except ValueError as error:
        raise node.malformed(str(error)) from None
