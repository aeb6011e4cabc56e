"""Files that a build description names, and that are read because of that."""

import re
from collections.abc import Mapping
from typing import Final

from mcpchain.build_step import partial
from mcpchain.component import Location, Role
from mcpchain.dockerfile import BYTES, is_dockerfile, read_dockerfile
from mcpchain.document import decode
from mcpchain.inventory import Collector, Gap
from mcpchain.tree import File, UnreadableError

_ABSOLUTE: Final = re.compile(r"[/\\~]|[A-Za-z]:[/\\]")
_COMPOSE: Final = re.compile(
    r"(?:(?:docker-|podman-)?compose(?:[-_.].*)?|.*\.compose)\.ya?ml", re.DOTALL
)


def is_compose(name: str) -> bool:
    """Say whether a file of this *name* is a compose file."""
    return _COMPOSE.fullmatch(name.casefold()) is not None


def named_file(file: File, path: str, place: Location, found: Collector) -> File | None:
    """Return the file that *file* names at *place*; if it is not there, leave a gap.

    Args:
        file: What names it.
        path: Seen from the folder of *file*.
        place: Where it is named.
        found: Where to leave the gap.
    """
    if _ABSOLUTE.match(path):
        # Such a path may tell who works where, and is not repeated.
        reason = "names a file by an absolute path, which is not read"
        partial(found, place, reason, "name it by a path inside the examined folder")
        return None
    try:
        return file.beside(path)
    except UnreadableError as error:
        found.gap(
            Gap(
                stage="discover",
                location=place,
                reason=f"names `{path[:140]}`, which {error.reason}",
                state=error.state,
                hint=error.hint,
            )
        )
        return None


def read_named_dockerfile(
    file: File,
    path: str,
    place: Location,
    found: Collector,
    role: Role,
    given: Mapping[str, str | None] | None = None,
) -> None:
    """Read a Dockerfile whose name does not tell that it is one; it must be there.

    Any other is read by its own name, and here once more if it is *given* arguments.

    Args:
        file: What names it.
        path: Seen from the folder of *file*.
        place: Where it is named.
        found: Where to keep what it names.
        role: Of the image that the last stage is made on.
        given: What its arguments are; `None`: something that nobody knows.

    Raises:
        MalformedError: It is no UTF-8 text.
    """
    other = named_file(file, path, place, found)
    if other is None or (is_dockerfile(other.name) and not given):
        return
    try:
        data = other.read(BYTES)
    except UnreadableError as error:
        found.gap(error.gap())
        return
    text = decode(data, source=other.path)
    read_dockerfile(text, Location(path=other.path), found, role, given)
