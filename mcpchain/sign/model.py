"""Write what the OpenSSF Model Signing specification (1.0) signs of a model.

Listed and hashed by the code that verifies: what is signed here is what is found there.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcpchain.errors import UsageError
from mcpchain.sign.bundle import canonical
from mcpchain.sign.statement import TYPE
from mcpchain.tree.listing import Entry, Form
from mcpchain.tree.paths import raw
from mcpchain.tree.pieces import Piece
from mcpchain.verify.model_signature.folder import NEVER, Model, above, followed
from mcpchain.verify.model_signature.manifest import MODEL, PLAIN, WHOLE, flaw, folded

ALGORITHM: Final = "sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What of a model is signed."""

    name: str
    """Of the model; nothing rests on it."""
    ignored: tuple[str, ...] = ()
    """What the user leaves out, with all that is below it, as `File.path` has it."""
    signatures: tuple[str, ...] = ()
    """The paths in the folder of its signature."""
    links: bool = False
    """Whether symbolic links to files in it are signed as what they lead to."""


def pieces(model: Model, choice: Choice) -> tuple[Piece, ...]:
    """Return every file that is to be signed, in the order of the format.

    Raises:
        UsageError: One cannot be signed so that everybody finds it, or there is none.
    """
    left_out = {*choice.ignored, *choice.signatures, *NEVER}
    found: list[Piece] = []
    twins: dict[str, str] = {}
    for entry in model.entries:
        path, form, size, _ = entry
        if not model.whole and not left_out.isdisjoint(above(path)):
            continue
        if form is not Form.FILE:
            size = _followed(model, entry, choice)
        if not model.whole:
            if not PLAIN.fullmatch(path):
                _check_name(path)
            twin = twins.setdefault(folded(path), path)
            if twin != path:
                raise _refused(path, f"differs only in case from `{twin[:140]}`")
        found.append(Piece(path, 0, size, size))
    if not found:
        raise UsageError("the model has no file to sign", hint="name another folder")
    return tuple(found)  # the listing has the order of the format


def statement(
    model: Model, choice: Choice, digests: Mapping[Piece, bytes]
) -> tuple[bytes, bytes]:
    """Return the statement about a model, and the digest that stands for it.

    Args:
        model: What is signed.
        choice: What of it.
        digests: Of every piece, in the order of the format.
    """
    resources = [
        {
            "name": WHOLE if model.whole else raw(piece.path),
            "algorithm": ALGORITHM,
            "digest": digest.hex(),
        }
        for piece, digest in digests.items()
    ]
    root = hashlib.sha256(b"".join(digests.values()))
    serialization: dict[str, Any] = {
        "method": "files",
        "hash_type": ALGORITHM,
        "allow_symlinks": choice.links,
    }
    if not model.whole:
        left_out = {*NEVER, *map(raw, (*choice.ignored, *choice.signatures))}
        serialization["ignore_paths"] = sorted(left_out)
    document = {
        "_type": TYPE,
        "subject": [{"name": choice.name, "digest": {"sha256": root.hexdigest()}}],
        "predicateType": MODEL,
        "predicate": {"serialization": serialization, "resources": resources},
    }
    return canonical(document), root.digest()


def _followed(model: Model, entry: Entry, choice: Choice) -> int:
    if entry.form is Form.OTHER:
        raise _refused(entry.path, "is no regular file")
    try:
        size = followed(model.root, entry.path)
    except ValueError as error:
        raise _refused(entry.path, str(error)) from None
    if not choice.links:
        raise UsageError(
            f"`{entry.path[:200]}` is a symbolic link",
            hint="`--allow-symlinks` signs what it leads to, `--ignore` leaves it out",
        )
    return size


def _check_name(path: str) -> None:
    name = raw(path)
    problem = flaw(name)
    try:
        name.encode()
    except UnicodeEncodeError:
        problem = "has a name that is no UTF-8, which no signature can hold"
    if problem:
        raise _refused(path, problem)


def _refused(path: str, problem: str) -> UsageError:
    return UsageError(
        f"`{path[:200]}` {problem}", hint="rename it, or leave it out: `--ignore`"
    )
