"""Show somebody else's words without letting them do anything."""

import re
from typing import Final

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_COMMAND: Final = re.compile(r"##(?=\[|vso\[)")


def printable(text: str) -> str:
    """Return *text* as one line that shows what it holds and does nothing else.

    Names and advisory texts are somebody else's words. Control, direction and invisible
    characters are escaped, and what a CI system would take for a command is broken up
    (GitHub `::`, Azure `##vso[`).
    """
    text = _UNSAFE.sub(lambda match: _escape(match[0]), text)
    text = _COMMAND.sub("# #", text)
    return f" {text}" if text.startswith("::") else text


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
