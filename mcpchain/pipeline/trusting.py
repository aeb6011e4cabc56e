"""Which roots are there, which is used, and how a user brings others.

What a user names comes first, then an update of the public instance, then what came
with mcpchain. A file that is there and cannot be trusted is an error, and never a
reason to quietly use another one. Nothing here asks the network.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain import trust
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.root import parse as parse_root
from mcpchain.errors import (
    MalformedError,
    McpchainError,
    UnavailableError,
    UsageError,
)
from mcpchain.trust import Source, TrustFile, imported
from mcpchain.trust.folder import Folder

if TYPE_CHECKING:
    from mcpchain.pipeline.circumstances import Circumstances
    from mcpchain.trust.listing import Listed

_LIMIT: Final = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The trusted root that is used."""

    root: TrustedRoot
    data: bytes
    age: int | None = None
    """In days; `None` where nobody has written down when it came."""
    note: str = ""
    """What to know about it."""


def choose(name: str | None, folder: Path, now: dt.datetime) -> Chosen:
    """Return the root that is called *name*; `None`: that of the public instance.

    Raises:
        UsageError: There is none of that name.
        UnavailableError: It is there, and cannot be trusted.
    """
    file = _named(name, Folder(folder)) if name else _public(Folder(folder))
    note = ""
    if file.expires is not None and file.expires < now:
        days = (now - file.expires).days
        note = (
            f"the update of the trusted root was vouched for until {days} days ago; "
            "`mcpchain trust update` asks for a newer one"
        )
    return Chosen(root=file.root(), data=file.data, age=file.age(now.date()), note=note)


def used(terms: "Circumstances") -> Chosen:
    """Return the root of a run: the file, or the name, that the user gave.

    Raises:
        UsageError: There is none.
        UnavailableError: It is there, and cannot be trusted.
    """
    if terms.trusted_root:
        return from_file(terms.trusted_root)
    return choose(terms.root, terms.trust, terms.now)


def from_file(path: Path) -> Chosen:
    """Return the trusted root in *path*.

    Raises:
        UsageError: There is none.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_LIMIT)
        return Chosen(root=parse_root(data, name=path.name), data=data)
    except OSError as error:
        problem = f"`{path}` cannot be read: {error.strerror}"
    except MalformedError as error:
        problem = f"`{path}` is no trusted root: {error}"
    raise UsageError(
        problem,
        hint="name a file such as `gh attestation trusted-root` prints (a line of it)",
    )


def npm_keys(folder: Path) -> TrustFile:
    """Return the keys of npm's registry: updated, or those that came with mcpchain.

    Raises:
        UnavailableError: There is an update, and it cannot be trusted.
    """
    found = [each for each in updated(Folder(folder)) if each.name == trust.NPM]
    return found[0] if found else trust.find(trust.NPM)


def _named(name: str, folder: Folder) -> TrustFile:
    if name in imported.names(folder):
        return imported.find(folder, name)
    if name == trust.SIGSTORE:
        return _public(folder)
    known = ", ".join((trust.SIGSTORE, *imported.names(folder)))
    raise UsageError(
        f"there is no root called `{name}`, only {known}",
        hint=f"import it: `mcpchain trust import FILE --name {name}`",
    )


def _public(folder: Folder) -> TrustFile:
    found = [each for each in updated(folder) if each.name == trust.SIGSTORE]
    return found[0] if found else trust.find(trust.SIGSTORE)


def updated(folder: Folder, bootstrap: bytes | None = None) -> tuple[TrustFile, ...]:
    """Return what the last update brought, verified; empty if there was none.

    Also where it is older than what came with mcpchain since.

    Raises:
        UnavailableError: It is not what its owner has signed.
    """
    data = folder.read(trust.UPDATE)
    if data is None:
        return ()
    from mcpchain.trust.updated import read, verify

    record = read(data)
    if record.date < shipped_on():
        return ()
    found = verify(record, bootstrap or trust.find(trust.TUF).data)
    # The date is only what was written down; this is signed.
    if found.expires.date() < shipped_on():
        return ()
    return tuple(
        TrustFile(
            name=name,
            source=Source.UPDATED,
            sha256=hashlib.sha256(file).hexdigest(),
            date=record.date,
            origin=record.url,
            data=file,
            expires=found.expires,
        )
        for name, file in found.files.items()
    )


def shipped_on() -> dt.date:
    """Return since when what came with mcpchain is known: what is older is no newer."""
    return max(each.date for each in trust.shipped())


def listing(folder: Path) -> "tuple[Listed, ...]":
    """Return every file of trust, those that are refused among them."""
    return tuple(_listing(Folder(folder)))


def _listing(folder: Folder) -> "Iterator[Listed]":
    newer: tuple[TrustFile, ...] = ()
    try:
        newer = updated(folder)
    except McpchainError as error:
        yield _refused(trust.SIGSTORE, Source.UPDATED, error)
    replaced = {each.name for each in newer}
    for each in trust.shipped():
        yield _listed(each, used=each.name not in replaced)
    for each in newer:
        yield _listed(each, used=True)
    try:
        named = imported.names(folder)
    except McpchainError as error:
        yield _refused("(all)", Source.IMPORTED, error)
        return
    for name in named:
        try:
            yield _listed(imported.find(folder, name), used=False)
        except McpchainError as error:
            yield _refused(name, Source.IMPORTED, error)


def _listed(file: TrustFile, *, used: bool) -> "Listed":
    from mcpchain.trust.listing import Listed, parties

    source = file.source.value
    return Listed(
        name=file.name, source=source, used=used, file=file, parties=parties(file)
    )


def _refused(name: str, source: Source, error: McpchainError) -> "Listed":
    from mcpchain.trust.listing import Listed

    return Listed(
        name=name,
        source=source.value,
        used=False,
        problem=str(error),
        hint=error.hint,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to import."""

    name: str | None = None
    line: int | None = None
    """Which root of several, from 1 on."""
    replace: bool = False


def import_root(
    data: bytes, origin: str, wish: Wish, folder: Path, today: dt.date
) -> tuple[TrustFile, bool]:
    """Keep the trusted root in *data*; return it, and whether it was kept before.

    Args:
        data: One root, or one a line.
        origin: What the file is called.
        wish: Which of them, and how to call it.
        folder: Where roots are kept.
        today: The date that is recorded.

    Raises:
        UsageError: There is no such root, or the name is taken.
        UnavailableError: The folder cannot be used.
    """
    try:
        roots = imported.read_roots(data, source=origin)
    except MalformedError as error:
        problem = f"{error.pointer} {error.problem}".strip()
        raise UsageError(
            f"`{origin}` is no trusted root: {problem}",
            hint="import what `gh attestation trusted-root` prints, or the "
            "`trusted_root.json` of an instance",
        ) from error
    if wish.line is None and len(roots) > 1:
        raise UsageError(
            f"`{origin}` holds {len(roots)} roots: {'; '.join(_told(roots, origin))}",
            hint="choose one by its line: `--line 2`",
        )
    line = wish.line or 1
    if not 1 <= line <= len(roots):
        raise UsageError(
            f"`{origin}` has no line {line}",
            hint=f"it holds {len(roots)} root{'s'[: len(roots) != 1]}",
        )
    name = wish.name or origin.partition(".")[0]
    place, root = Folder(folder), roots[line - 1]
    try:
        before = imported.find(place, name).sha256
    except (KeyError, UnavailableError):  # what was changed is imported anew
        before = ""
    made = imported.keep(
        place,
        root,
        name=name,
        date=today,
        origin=origin,
        replace=wish.replace,
    )
    return made, made.sha256 == before


def _told(roots: tuple[bytes, ...], origin: str) -> Iterator[str]:
    from mcpchain.trust.listing import parties

    for number, each in enumerate(roots, 1):
        file = TrustFile(
            name=origin,
            source=Source.IMPORTED,
            sha256="",
            date=dt.date.min,
            origin=origin,
            data=each,
        )
        names = {one.name for one in parties(file) if one.role == "authority"}
        yield f"line {number} is of {', '.join(sorted(names)) or 'no authority'}"
