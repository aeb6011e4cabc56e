"""Sign a model: every file of a folder, or one file (OMS)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mcpchain.bundle.verify import Artifact
from mcpchain.errors import UnavailableError
from mcpchain.pipeline.model_signatures import Given
from mcpchain.pipeline.signing import Count, Made, verified
from mcpchain.sign import Signer, model
from mcpchain.tree.paths import shown
from mcpchain.tree.pieces import Piece, digest_pieces
from mcpchain.tree.unreadable import UnreadableError
from mcpchain.verify.model_signature.folder import compare, look
from mcpchain.verify.model_signature.manifest import MODEL
from mcpchain.verify.model_signature.manifest import read as read_manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelJob:
    """A folder, or a file, as a model."""

    path: Path
    subject: str
    output: Path
    given: Given
    """What is there, and what of it is not to be signed."""
    links: bool
    kind: str = "model"

    @property
    def size(self) -> int:
        """How many bytes will be hashed."""
        return self.given.model.size

    def make(self, signer: Signer, count: Count) -> Made:
        """Hash every file, sign the list and verify it.

        The files are not hashed again to verify it: when all is done, they have to be
        those that were listed before.
        """
        given, listing = self.given, self.given.model
        choice = model.Choice(
            name=shown(Path(os.path.realpath(self.path)).name),
            ignored=given.ignored,
            signatures=given.signatures,
            links=self.links,
        )
        pieces = model.pieces(listing, choice)
        digests = _digests(given, pieces, count)
        payload, top = model.statement(listing, choice, digests)
        # What would be refused is not signed: a log has it for ever.
        notes = _compared(payload, given)
        data = signer.sign_statement(payload)
        trust = replace(signer.trust, predicate_types=(MODEL,))

        def check() -> None:
            now = look(self.path).entries
            if now != listing.entries:
                path = min(path for path, *_ in {*now} ^ {*listing.entries})
                problem = f"`{path[:200]}` changed meanwhile"
                raise UnavailableError(problem, hint="run again")

        return Made(
            bundle=data,
            verification=verified(data, Artifact(digests={"sha256": top}), trust),
            digest=f"sha256:{top.hex()}",
            check=check,
            notes=notes,
        )


def _digests(
    given: Given, pieces: tuple[Piece, ...], count: Count
) -> Mapping[Piece, bytes]:
    """Return the digest of each piece, in their order.

    Raises:
        UnreadableError: One cannot be read, or changed while it was hashed.
    """
    digests = {}
    found = digest_pieces(given.model.root, pieces, model.ALGORITHM, count)
    for piece, digest in found.items():
        if isinstance(digest, UnreadableError):
            raise digest
        digests[piece] = digest
    return digests


def _compared(payload: bytes, given: Given) -> tuple[str, ...]:
    """Return what the signature says nothing of.

    Raises:
        UnavailableError: It is not about all that is there.
    """
    there = compare(
        read_manifest(payload, source="statement"),
        given.model,
        signatures=given.signatures,
        ignored=given.ignored,
    )
    if there.problems:
        raise UnavailableError(
            f"what was signed is not what is there: {there.problems[0]}",
            hint="report this",
        )
    return tuple(there.notes())
