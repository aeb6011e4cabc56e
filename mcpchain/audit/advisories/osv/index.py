"""An SQLite file with what a source of OSV records says, ready to be looked up.

A cache, never the truth: its name holds the digest of the source, so that it cannot
outlive it.
"""

import contextlib
import hashlib
import os
import sqlite3
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from mcpchain.audit.advisories.osv.source import Source
from mcpchain.errors import UnavailableError

VERSION: Final = 3
"""Of the tables and of how records are read. Raise it when either changes."""
APPLICATION: Final = 0x6D637061
TABLES: Final = (
    """CREATE TABLE meta(
        key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE ecosystem(
        purl_type TEXT PRIMARY KEY, records INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE dated(
        purl_type TEXT NOT NULL, modified TEXT NOT NULL,
        PRIMARY KEY(purl_type, modified)) WITHOUT ROWID""",
    """CREATE TABLE record(
        n INTEGER PRIMARY KEY, id TEXT NOT NULL, kin INTEGER NOT NULL,
        modified TEXT NOT NULL, withdrawn TEXT NOT NULL,
        malicious INTEGER NOT NULL, summary TEXT NOT NULL, urls TEXT NOT NULL)""",
    """CREATE TABLE name(
        kin INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY(kin, id)) WITHOUT ROWID""",
    """CREATE TABLE affected(
        purl_type TEXT NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL,
        severity TEXT NOT NULL, introduced TEXT, fixed TEXT, last TEXT, bound TEXT,
        versions TEXT)""",
    """CREATE TABLE flaw(
        purl_type TEXT, name TEXT, id TEXT NOT NULL, withdrawn TEXT NOT NULL,
        member TEXT NOT NULL, state TEXT NOT NULL, problem TEXT NOT NULL)""",
)
"""`affected` has a row for each interval, and one for a list of versions. `kin` is one
number for all records that are aliases of one another. `withdrawn` is the time from
which a record, or a flaw of one, no longer counts; empty for never."""
INDEXES: Final = (
    "CREATE INDEX affected_by_name ON affected(purl_type, name, n)",
    "CREATE INDEX flaw_by_name ON flaw(purl_type, name)",
)
_TEXT_LIMIT: Final = 32 << 20
"""The longest value that is accepted from an index, in bytes."""


def cached(
    source: Source,
    place: str,
    cache: Path,
    progress: Callable[[int], None] | None = None,
) -> sqlite3.Connection:
    """Open the index of *source* in the folder *cache*, and build it if need be.

    Where the folder cannot hold it, or others can write to it, the index is built in
    memory.

    Args:
        source: What to index.
        place: A name for where the source lies. Its older indexes are removed.
        cache: The folder; made if it does not exist.
        progress: Called with the number of records read so far.

    Raises:
        UnavailableError: The source changed while it was read.
    """
    digest = source.digest()
    mark = hashlib.sha256(os.fsencode(place)).hexdigest()[:12]
    file = cache / f"osv-{mark}-{digest[:32]}-{VERSION}.sqlite"
    usable = _private(cache)
    if usable:
        with contextlib.suppress(UnavailableError):
            return opened(file, digest=digest)
        with contextlib.suppress(OSError):
            _build_file(source, digest, file, progress)
            _prune(cache, mark, file)
            with contextlib.suppress(UnavailableError):
                return opened(file, digest=digest)
    from mcpchain.audit.advisories.osv.build import build

    connection = sqlite3.connect(":memory:", check_same_thread=False)
    build(connection, source, digest, progress)
    return connection


def opened(file: Path, *, digest: str | None = None) -> sqlite3.Connection:
    """Open an index for reading only.

    It may come from anywhere, so its tables must be exactly ours: a view or trigger
    could do anything else.

    Raises:
        UnavailableError: It is damaged, of another version, or not of the source with
            this *digest*.
    """
    try:
        # `immutable`: nobody changes it, and no journal beside it is to be believed.
        uri = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    except (sqlite3.Error, OSError, ValueError) as error:
        raise _unusable(file, str(error)) from error
    try:
        _check(connection, file, digest)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        connection.close()
        raise _unusable(file, str(error)) from error
    except UnavailableError:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, file: Path, digest: str | None) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _TEXT_LIMIT)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise _unusable(file, "it is no index of OSV records")
    if version != VERSION:
        raise _unusable(file, f"it has version {version}, not {VERSION}")
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    if sorted(sql for (sql,) in rows) != sorted((*TABLES, *INDEXES)):
        raise _unusable(file, "its tables are not those of an index")
    row = connection.execute("SELECT value FROM meta WHERE key = 'sha256'").fetchone()
    if row is None or (digest is not None and row[0] != digest):
        raise _unusable(file, "it was built from something else")


def _unusable(file: Path, why: str) -> UnavailableError:
    return UnavailableError(
        f"{file.name}: cannot be used as an advisory index: {why[:140]}",
        hint="delete it; it is built again from the folder or zip of records",
    )


def _build_file(
    source: Source, digest: str, file: Path, progress: Callable[[int], None] | None
) -> None:
    """Write an index under a name of its own, and give it its name when it is whole."""
    from mcpchain.audit.advisories.osv.build import build

    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".osv-")
    os.close(descriptor)
    try:
        connection = sqlite3.connect(temporary)
        try:
            build(connection, source, digest, progress)
        except sqlite3.OperationalError as error:  # the disk is full, say
            raise OSError(str(error)) from error
        finally:
            connection.close()
        with open(temporary, "rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _prune(cache: Path, mark: str, kept: Path) -> None:
    for old in cache.glob(f"osv-{mark}-*.sqlite"):
        if old != kept:
            with contextlib.suppress(OSError):
                old.unlink()


def _private(folder: Path) -> bool:
    """Make *folder*, and say whether nobody else can write to it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(status.st_mode):
        return False
    if os.name != "posix":
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022
