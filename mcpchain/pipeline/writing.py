"""Write files as a whole or not at all, several of them together."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from mcpchain.errors import McpchainError, UnavailableError, UsageError

_READABLE: Final = 0o644
_TOGETHER: Final = 16
_TOLD: Final = 5
_WRONG: Final = (
    FileExistsError,
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)
"""What a user has named wrongly; for the rest the system answers."""


def write_all(
    files: Mapping[Path, bytes], *, replace: bool, mode: int = _READABLE
) -> None:
    """Write *files*, all of them or none; a link is followed.

    Each is written beside its place first, under a name that nobody can foresee, since
    in a foreign folder a link may lie in wait.

    Args:
        files: What to write, by where.
        replace: Whether a file that is there already may be replaced.
        mode: Who may read them.

    Raises:
        UsageError: There is no such place, it is taken, or it is not ours to write to.
        UnavailableError: The system fails.
    """
    from concurrent.futures import ThreadPoolExecutor

    parts: dict[Path, str] = {}
    placed: list[Path] = []
    path = Path()

    def fill(path: Path) -> Path:
        target = Path(os.path.realpath(path)) if replace else path
        try:
            part = str(target.with_name(f".mcpchain-{os.urandom(8).hex()}"))
            with open(part, "xb", opener=_owner_only) as whole:
                parts[target] = part
                whole.write(files[path])
                whole.flush()
                os.fsync(whole.fileno())
            os.chmod(part, mode)
        except OSError as error:
            raise failed(path, error) from None
        return target

    try:
        # A disk is waited for once in place of once for each.
        with ThreadPoolExecutor(_TOGETHER) as pool:
            targets = tuple(pool.map(fill, files))
        for path in targets:
            _place(parts[path], path, replace=replace)
            placed.append(path)
    except BaseException as error:
        if not replace:
            # An interrupt may have come before one that is in its place was counted.
            _remove({*placed, *(each for each in parts if _is_same(parts[each], each))})
        elif placed and isinstance(error, OSError):
            done = ", ".join(f"`{each}`" for each in placed[:_TOLD])
            raise UnavailableError(
                f"{failed(path, error)}; {len(placed)} replaced before: {done}",
                hint="see to it, and run again with `--force`",
            ) from None
        if isinstance(error, OSError):
            raise failed(path, error) from None
        raise
    finally:
        _remove(parts.values())


def failed(path: Path, error: OSError) -> McpchainError:
    """Say that *path* cannot be written, and whose matter that is."""
    problem = f"`{path}` cannot be written: {error.strerror or error}"
    if not isinstance(error, _WRONG):
        return UnavailableError(problem, hint="see to the disk, and run again")
    hint = "name a file in a folder that exists and is writable"
    if isinstance(error, FileExistsError):
        hint = "name another file, or remove this one first"
    return UsageError(problem, hint=hint)


def _place(part: str, path: Path, *, replace: bool) -> None:
    """Put the file *part* in its place."""
    if replace:
        os.replace(part, path)
        return
    try:
        # Unlike a rename this fails where somebody else was quicker.
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError(17, "File exists") from None
        os.replace(part, path)


def _is_same(part: str, path: Path) -> bool:
    try:
        return os.path.samestat(os.lstat(part), os.lstat(path))
    except OSError:
        return False


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _remove(paths: Iterable[Path | str]) -> None:
    for each in paths:
        with suppress(OSError):
            os.unlink(each)
