"""A folder of roots that belongs to one user, and that nobody else can write to.

Whoever can write here chooses whom its owner trusts. So it is made for its owner alone,
and one that others can write to is not used: what is in it could be anybody's.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from mcpchain.errors import UnavailableError

_LIMIT: Final = 32 << 20
_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


class Folder:
    """Files of trust by name, read and written whole.

    Args:
        path: Where; made when the first file is written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> bytes | None:
        """Return the file called *name*; `None` if there is none.

        Raises:
            UnavailableError: It cannot be read, or others could have written it.
        """
        # What waits for a writer (a pipe) must not make us wait.
        flags = os.O_RDONLY | _flag("O_NOFOLLOW") | _flag("O_NONBLOCK")
        try:
            file = os.open(self._path / name, flags)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed(name, error) from error
        try:
            self._check_folder()
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode) or found.st_size > _LIMIT:
                raise _odd(name, f"it is no file of at most {_LIMIT >> 20} MiB")
            _check_owner(found, f"`{name}` of the trust folder")
            with os.fdopen(file, "rb", closefd=False) as stream:
                return stream.read(_LIMIT)
        except OSError as error:
            raise _failed(name, error) from error
        finally:
            os.close(file)

    def write(self, name: str, data: bytes) -> None:
        """Put *data* in the place of the file called *name*, as a whole or not at all.

        Raises:
            UnavailableError: The system fails, or others can write to the folder.
        """
        import tempfile

        part = None
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_folder()
            descriptor, part = tempfile.mkstemp(prefix=".new-", dir=self._path)
            with os.fdopen(descriptor, "wb") as whole:
                whole.write(data)
                whole.flush()
                os.fsync(whole.fileno())
            os.replace(part, self._path / name)
        except OSError as error:
            if part is not None:
                with suppress(OSError):
                    os.unlink(part)
            raise _failed(name, error) from error

    def remove(self, name: str) -> None:
        """Remove the file called *name*, if it is there.

        Raises:
            UnavailableError: The system fails.
        """
        try:
            (self._path / name).unlink(missing_ok=True)
        except OSError as error:
            raise _failed(name, error) from error

    def _check_folder(self) -> None:
        path = self._path.resolve()
        _check_owner(path.stat(), "the trust folder")
        for above in path.parents:
            mode = above.stat().st_mode
            # Where the sticky bit is set, nobody can rename what is another's.
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                raise _unsafe("a folder above the trust folder")


def _check_owner(found: os.stat_result, what: str) -> None:
    if not hasattr(os, "geteuid"):
        return  # Windows: the profile of a user is theirs
    if found.st_mode & _OTHERS or found.st_uid not in {0, os.geteuid()}:
        raise _unsafe(what)


def _flag(name: str) -> int:
    found: int = getattr(os, name, 0)
    return found


def _unsafe(what: str) -> UnavailableError:
    return UnavailableError(
        f"others can write to {what}, so nothing in it is trusted",
        hint="`mcpchain trust list` names the folder; look at what is in it, then take "
        "the permission away (`chmod -R go-w`)",
    )


def _odd(name: str, problem: str) -> UnavailableError:
    return UnavailableError(
        f"`{name}` of the trust folder cannot be used: {problem}",
        hint="remove it, and import or update again",
    )


def _failed(name: str, error: OSError) -> UnavailableError:
    return UnavailableError(
        f"`{name}` of the trust folder: {error.strerror or error}",
        hint="see to the folder that `mcpchain trust list` names, and run again",
    )
