"""A part of the user's configuration that could not be read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LIMIT: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong where. Values are left out: any of them may be a secret."""

    where: str
    """The name of a file or an environment variable."""
    reason: str


def read(path: Path, problems: list[Problem]) -> str | None:
    """Return the text of a configuration file; `None` if there is none to read."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_LIMIT + 1)
        if len(data) > _LIMIT:
            problems.append(
                Problem(where=path.name, reason=f"larger than {_LIMIT:,} bytes")
            )
            return None
        return data.decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        problems.append(Problem(where=path.name, reason="not UTF-8 text"))
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        problems.append(Problem(where=path.name, reason=reason))
    return None
