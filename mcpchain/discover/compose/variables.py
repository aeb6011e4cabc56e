"""The variables that the `.env` beside a compose file gives it."""

import re
from collections.abc import Mapping
from typing import Final

from mcpchain.tree import File, UnreadableError

_BYTES: Final = 1 << 20
_LINE: Final = re.compile(
    r"""[ \t]*+(?:export[ \t]++)?([A-Za-z_][A-Za-z0-9_]*+)[ \t]*+=[ \t]*+"""
    r"""(?:"([^"\\]*+)"|'([^']*+)'|([^\s"'#]*+))[ \t]*+(?:\#.*)?"""
)
_NAME: Final = re.compile(r"[ \t]*+(?:export[ \t]++)?([A-Za-z_][A-Za-z0-9_]*+)")


def variables(file: File) -> Mapping[str, str | None]:
    """Return the variables, for the names of images and for nothing else.

    Of what is not plainly one value nobody says what it is; nor of a value with a
    variable in it.
    """
    try:
        data = file.beside(".env").read(_BYTES)
    except UnreadableError:
        return {}
    found: dict[str, str | None] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        if name := _NAME.match(line):
            match = _LINE.fullmatch(line)
            values = match.groups()[1:] if match else ()
            value = next((each for each in values if each is not None), None)
            plain = value is not None and "$" not in value
            found[name[1]] = value if plain else None
    return found
