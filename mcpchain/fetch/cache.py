"""Answers kept on disk, so that the next run asks only what has changed."""

import contextlib
import hashlib
import json
import os
import stat
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

_HEADER: Final = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One answer as it was received, decoded."""

    url: str
    """The address that answered in the end."""
    media_type: str
    stored: float
    """POSIX time."""
    max_age: float
    """Seconds for which it may be used without asking; negative: never keep it."""
    etag: str
    last_modified: str
    link: str
    body: bytes

    @property
    def reusable(self) -> bool:
        """Whether it may be kept and keeping it saves anything."""
        asks = bool(self.etag or self.last_modified)
        return self.max_age > 0 or (self.max_age == 0 and asks)


class Cache:
    """A folder with one file for each address and kind of answer.

    A file that is damaged, foreign or not from this folder's owner is as good as none.
    Whoever can write into the folder can say what a registry says, so it must be ours
    alone; a folder that others can write to is not used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._usable: bool | None = None

    def load(self, url: str, accept: str, *, limit: int) -> Entry | None:
        """Return what is kept for *url*, if it is whole and at most *limit* bytes."""
        if not self._ready():
            return None
        try:
            data = _read(self._path(url, accept), limit + _HEADER)
            head, _, body = data.partition(b"\n")
            header = json.loads(head)
            if header.pop("key") != _key(url, accept) or len(body) > limit:
                return None
            if header.pop("sha256") != hashlib.sha256(body).hexdigest():
                return None
            return _entry(header, body)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None

    def store(self, url: str, accept: str, entry: Entry) -> None:
        """Keep *entry*; where that is impossible, do nothing."""
        if not self._ready():
            return
        header = asdict(entry)
        del header["body"]
        header["key"] = _key(url, accept)
        header["sha256"] = hashlib.sha256(entry.body).hexdigest()
        with contextlib.suppress(OSError):
            _replace(
                self._path(url, accept), json.dumps(header).encode() + b"\n", entry.body
            )

    def _path(self, url: str, accept: str) -> Path:
        return self._folder / _key(url, accept)

    def _ready(self) -> bool:
        if self._usable is None:
            self._usable = _private(self._folder)
        return self._usable


def _private(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(status.st_mode):
        return False
    if sys.platform == "win32":
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _key(url: str, accept: str) -> str:
    return hashlib.sha256(f"{url}\n{accept}".encode()).hexdigest()


def _read(path: Path, limit: int) -> bytes:
    with open(path, "rb", opener=_open) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise ValueError("larger than it can be")
    return data


def _open(path: str, flags: int) -> int:
    """Open a regular file, not what a link or a pipe of its name would give."""
    for each in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"):
        flags |= getattr(os, each, 0)
    return os.open(path, flags)


def _entry(header: dict[str, Any], body: bytes) -> Entry:
    texts = ("url", "media_type", "etag", "last_modified", "link")
    numbers = ("stored", "max_age")
    if not all(isinstance(header[each], str) for each in texts):
        raise ValueError("not a header of ours")
    if not all(isinstance(header[each], float) for each in numbers):
        raise ValueError("not a header of ours")
    return Entry(**header, body=body)


def _replace(path: Path, *parts: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(parts)
        os.replace(name, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
