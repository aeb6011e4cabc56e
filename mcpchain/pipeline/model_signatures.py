"""Who stands for a model? Find its signatures, and read what goes with them."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

from mcpchain.bundle import private
from mcpchain.bundle.parse import Envelope, parse
from mcpchain.bundle.private import PrivateAuthority
from mcpchain.bundle.verify import Trust
from mcpchain.errors import MalformedError, UsageError
from mcpchain.signature import Verification
from mcpchain.tree.paths import shown
from mcpchain.verify import model_signature
from mcpchain.verify.model_signature import Given, look
from mcpchain.verify.model_signature.folder import absent, some

__all__ = [
    "Given",
    "answer",
    "beside",
    "is_signature",
    "listed",
    "paths",
    "read_authority",
]

_INSIDE: Final = ("model.sig", "model.sig.json")
_BESIDE: Final = (".sig", ".sig.json", ".sigstore.json")
_LIMIT: Final = 32 << 20
_SOME: Final = 16
"""How many files that end in `.sig` are looked at."""
_SMALL: Final = 64 << 10
"""Larger than any signature over bytes."""


def beside(target: Path) -> list[Path]:
    """Return the signatures in or beside the model *target*.

    Those under the usual names in it, or else others in it that may be bundles, or else
    such beside it.
    """
    usual = [target / name for name in _INSIDE]
    others = sorted(target.glob("*.sig"))[:_SOME] if target.is_dir() else []
    whole = target.resolve()
    around = [whole.with_name(whole.name + suffix) for suffix in _BESIDE]
    around += [whole.with_name(name) for name in _INSIDE]
    if found := [each for each in usual if each.is_file()]:
        return found
    for group in (others, around):
        found = [each for each in group if each.is_file() and _may_be_one(each)]
        if found:
            return found
    return []


def is_signature(path: Path) -> bool:
    """Say whether the file at *path* says that it is a signature of a model."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_LIMIT)
        bundle = parse(data, source=path.name, chains=True)
    except (OSError, MalformedError):
        return False
    return model_signature.is_model_signature(bundle)


def listed(target: Path, signatures: Sequence[Path], ignored: Sequence[str]) -> Given:
    """List the model at *target*.

    Raises:
        UnreadableError: A part of it cannot be listed.
        OSError: There is none.
    """
    inside = []
    if target.is_dir():
        root = target.resolve()
        for each in signatures:
            place = each.parent.resolve() / each.name
            if place.is_relative_to(root):
                inside.append(shown(place.relative_to(root).as_posix()))
    return Given(model=look(target), signatures=tuple(inside), ignored=tuple(ignored))


def answer(
    data: bytes, source: str, given: Given, trust: Trust, count: Callable[[int], None]
) -> Verification:
    """Return the answer for one signature of a model.

    Raises:
        MalformedError: It is none.
    """
    bundle = parse(data, source=source, chains=True)
    found = model_signature.verify(bundle, given, trust, count)
    if not isinstance(bundle.content, Envelope):
        found = replace(found, reason=f"`{source}`: {found.reason}")
    if not (idle := absent(given.ignored, (e.path for e in given.model.entries))):
        return found
    note = f"`--ignore` leaves out nothing: {some(idle)}; it is seen from the folder"
    return replace(found, notes=(*found.notes, note))


def paths(given: Sequence[str]) -> tuple[str, ...]:
    """Return what the user leaves out of a folder, as its paths are compared.

    Raises:
        UsageError: It is not in the folder, or all of it.
    """
    found = []
    for each in given:
        path = PurePosixPath(each)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise UsageError(
                f"`{each}` is no path in the folder",
                hint="write it as seen from the folder: `--ignore docs`",
            )
        found.append(shown(path.as_posix()))
    return tuple(found)


def read_authority(path: Path, time: dt.datetime, subject: str) -> PrivateAuthority:
    """Return the authority whose certificates are in *path*.

    Args:
        path: PEM.
        time: Now.
        subject: Whom it has to have certified; empty: anybody.

    Raises:
        UsageError: There are none.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_LIMIT)
        return private.load(data, name=path.name, time=time, subject=subject)
    except OSError as error:
        problem = f"`{path}` cannot be read: {error.strerror}"
    except ValueError:
        problem = f"`{path}` holds no certificate that can be read"
    raise UsageError(
        problem, hint="name a file that begins with `-----BEGIN CERTIFICATE-----`"
    )


def _may_be_one(path: Path) -> bool:
    """Say whether it may be a signature of a model: other signatures lie about too."""
    try:
        with path.open("rb") as stream:
            start = stream.read(_SMALL + 1)
    except OSError:
        return True
    if not start.lstrip().startswith(b"{") or len(start) > _SMALL:
        return start.lstrip().startswith(b"{")
    try:
        bundle = parse(start, source=path.name, chains=True)
    except MalformedError:
        return True
    return isinstance(bundle.content, Envelope)
