"""Read what stands in place of a file."""

import re
from typing import Final

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Component, Kind, Location, ModelFacts, Pin
from mcpchain.data_sets.absent import facts_of
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.tree import File

_LIMIT: Final = 1023
"""Bytes: a pointer is shorter than 1,024 (docs/spec.md)."""
_OID: Final = re.compile(rb"^oid (sha256:[0-9a-f]{64})\r?$", re.MULTILINE)
_SIZE: Final = re.compile(rb"^size (0|[1-9][0-9]{0,18})\r?$", re.MULTILINE)


def discover(file: File, found: Collector) -> None:
    """Say that the file is not here, and what is known of it.

    Raises:
        MalformedError: It is no pointer that Git LFS could follow.
        UnreadableError: It is longer than one, or cannot be read.
    """
    data = file.read(_LIMIT)
    oids, sizes = _OID.findall(data), _SIZE.findall(data)
    if len(oids) != 1 or len(sizes) != 1:
        problem = "a pointer of Git LFS that does not name one SHA-256 and one size"
        raise MalformedError(problem, source=file.path)
    digest, size = Digest.parse(oids[0].decode()), int(sizes[0])
    facts = facts_of(file.name)
    ref = None
    if facts is not None:
        ref = found.add(
            Component(
                kind=Kind.MODEL if isinstance(facts, ModelFacts) else Kind.DATA,
                name=file.name,
                locations=(Location(path=file.path),),
                pin=Pin.DIGEST,
                artifacts=(Artifact(name=file.path, digests=(digest,), size=size),),
                facts=facts,
            )
        )
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=file.path),
            reason=f"a pointer of Git LFS; the {size:,} bytes that it stands for are "
            "not here",
            state=State.UNREADABLE,
            hint="fetch them with `git lfs pull`",
            ref=ref,
        )
    )
