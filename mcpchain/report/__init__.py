"""What we tell people. One format, one file."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from mcpchain import loader
from mcpchain.inventory import Inventory
from mcpchain.policy import Policy
from mcpchain.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that a report may tell of one run of the gate."""

    inventory: Inventory
    verdict: Verdict
    policy: Policy
    now: dt.datetime
    version: str
    """Of mcpchain."""
    sources: tuple[str, ...] = ()
    """What answered about advisories, with its age, a line each."""
    downloaded: int | None = None
    """How many files were fetched and hashed; `None` if that was not asked for."""


class Format(Protocol):
    """Renders an account."""

    id: ClassVar[str]

    def render(self, account: Account, *, colour: bool) -> str:
        """Return the report, with a final newline.

        Args:
            account: What to tell.
            colour: Whether the reader's terminal shows colour.
        """
        ...


def all_formats() -> Mapping[str, Format]:
    """Return the formats in this package by id, sorted."""
    return {part.id: part for part in loader.parts(__name__, "FORMAT")}


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
