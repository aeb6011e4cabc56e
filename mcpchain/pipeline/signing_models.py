"""Sign a model: every file of a folder, or one file (OMS)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mcpchain.bundle.verify import Artifact
from mcpchain.errors import UnavailableError
from mcpchain.pipeline.model_signatures import Given, listed
from mcpchain.pipeline.signing import Count, Made, Models, stamps, verified
from mcpchain.sign import Signer, model
from mcpchain.tree.paths import raw, shown
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
    models: Models
    kind: str = "model"

    @property
    def size(self) -> int:
        """How many bytes will be hashed."""
        return look(self.path).size

    def make(self, signer: Signer, count: Count) -> Made:
        """Hash every file, sign the list and verify it.

        The files are not hashed again to verify it: those that were hashed are held
        against what is there then.
        """
        given = listed(self.path, [self.output], self.models.ignored)
        choice = model.Choice(
            name=shown(Path(os.path.realpath(self.path)).name),
            ignored=given.ignored,
            signatures=given.signatures,
            links=self.models.links,
        )
        pieces = model.pieces(given.model, choice)
        root = given.model.root
        before = stamps(os.path.join(root.path, raw(each.path)) for each in pieces)
        digests = _digests(given, pieces, count)
        payload, top = model.statement(given.model, choice, digests)
        data = signer.sign_statement(payload)
        trust = replace(signer.trust, predicate_types=(MODEL,))
        return Made(
            bundle=data,
            verification=verified(data, Artifact(digests={"sha256": top}), trust),
            digest=f"sha256:{top.hex()}",
            stamps=before,
            notes=_compared(self.path, payload, given),
        )


def _digests(
    given: Given, pieces: tuple[Piece, ...], count: Count
) -> Mapping[Piece, bytes]:
    """Return the digest of each piece, in their order.

    Raises:
        UnreadableError: One cannot be read, or changed while it was hashed.
    """
    found = digest_pieces(given.model.root, pieces, model.ALGORITHM, count)
    digests = {}
    for each in pieces:
        digest = found[each]
        if isinstance(digest, UnreadableError):
            raise digest
        digests[each] = digest
    return digests


def _compared(path: Path, payload: bytes, given: Given) -> tuple[str, ...]:
    """Return what the signature says nothing of.

    Raises:
        UnavailableError: The folder has other files than were signed.
    """
    there = compare(
        read_manifest(payload, source="statement"),
        look(path),
        signatures=given.signatures,
        ignored=given.ignored,
    )
    if there.problems:
        raise UnavailableError(
            f"the folder changed meanwhile: {there.problems[0]}", hint="run again"
        )
    return tuple(there.notes())
