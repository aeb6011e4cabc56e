"""The log of decisions, as a file that only ever grows."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from mcpchain import decision_log
from mcpchain.decision_log import LINE, Ends
from mcpchain.errors import MalformedError, UnavailableError, UsageError
from mcpchain.pipeline.writing import failed
from mcpchain.report import Account

_SEE: Final = "`mcpchain log verify` says which line it is; begin a new log elsewhere"


def entry(account: Account, verdict: str) -> dict[str, Any]:
    """Return what is told of one decision.

    Args:
        account: What came of it.
        verdict: The SHA-256 of the bundle; empty: none was signed.
    """
    policy, found = account.policy, account.verdict
    return {
        "time": account.now.isoformat(),
        "target": [
            {"name": each.name, "digest": dict(each.digests)}
            for each in account.subjects
        ],
        "policy": {
            "name": policy.name,
            "sha256": policy.sha256,
            "stage": policy.stage.name if policy.stage else None,
        },
        "decision": found.decision.value,
        "counts": {
            each: len(getattr(found, each))
            for each in ("denied", "warned", "waived", "allowed")
        },
        "verdict": verdict or None,
        "version": account.version,
    }


def append(path: Path, told: Mapping[str, Any]) -> Ends:
    """Add a line, as the only one who writes meanwhile; return where the log stands.

    Raises:
        UsageError: There is no such place, or it is not ours to write to.
        UnavailableError: What is there is no log, or the system fails.
    """
    try:
        with _locked(path, "a+b") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - LINE - 1))
            data = stream.read()
            before = Ends()
            if data:
                last = data[data.rfind(b"\n", 0, -1) + 1 :]
                before = decision_log.follow(last, path.name)
            line = decision_log.line(before, told)
            _write(stream, line, size)
            return decision_log.follow(line, path.name)
    except MalformedError as error:
        problem = f"`{path}`, {error.pointer}: {error.problem}"
        raise UnavailableError(f"{problem}; nothing was added", hint=_SEE) from None
    except OSError as error:
        raise failed(path, error) from None


def _write(stream: BinaryIO, line: bytes, size: int) -> None:
    """Add *line* to the log of *size* bytes, as a whole or not at all."""
    done = 0
    try:
        done = stream.write(line)
        os.fsync(stream.fileno())
    except OSError:
        os.ftruncate(stream.fileno(), size)
        raise
    if done != len(line):
        os.ftruncate(stream.fileno(), size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def verify(path: Path, head: str) -> Ends:
    """Return where the log at *path* stands.

    Raises:
        MalformedError: It is not what was written; says which line broke.
        OSError: It cannot be read.
    """
    with _locked(path, "rb") as stream:
        lines = iter(lambda: stream.readline(LINE + 1), b"")
        return decision_log.verify(lines, path.name, head)


@contextmanager
def _locked(path: Path, mode: str) -> Iterator[BinaryIO]:
    """Open a regular file, for us alone if it is written to."""
    try:
        import fcntl
    except ImportError:  # no POSIX
        raise UsageError(
            "a log needs a system that can lock files", hint="leave it out"
        ) from None
    if path.exists() and not path.is_file():
        raise UsageError(f"`{path}` is no file", hint="name a file for the log")
    # Unbuffered: what the system refuses is refused where it is written.
    with path.open(mode, buffering=0 if mode != "rb" else -1) as stream:
        fcntl.flock(stream, fcntl.LOCK_SH if mode == "rb" else fcntl.LOCK_EX)
        yield stream  # type: ignore[misc]  # it is binary, by its mode
