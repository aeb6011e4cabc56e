"""Licences of a model: what its files say, and where they contradict each other."""

import re
from collections.abc import Sequence
from typing import Final

from mcpchain.component import Location
from mcpchain.inventory import State
from mcpchain.license import declared_expression
from mcpchain.license_text import identified
from mcpchain.model_folder.shelf import Shelf, shown

_START: Final = 4_000
_LIMIT: Final = 1 << 20
_TEXTS: Final = (
    ("AGPL-3.0", r"gnu affero general public license version 3"),
    ("LGPL-3.0", r"gnu lesser general public license version 3"),
    ("GPL-3.0", r"gnu general public license version 3"),
    ("GPL-2.0", r"gnu general public license version 2"),
    ("Apache-2.0", r"apache license version 2\.0"),
    ("MPL-2.0", r"mozilla public license version 2\.0"),
    ("MIT", r"permission is hereby granted, free of charge, to any person obtaining"),
    ("llama", r"llama \d[\d.]* (?:version|community license)"),
    ("gemma", r"gemma terms of use"),
)
"""How the texts of some licences start, in lower case and with single spaces."""
_LATER: Final = re.compile(r"-(?:only|or-later)\b")
_SILENT: Final = frozenset({"", "other", "unknown"})
Stated = tuple[str, Location]


def name(text: str) -> str:
    """Return the SPDX expression that *text* is; otherwise *text*."""
    return declared_expression(text) or shown(text)


def is_known(text: str) -> bool:
    """Say whether *text* is a licence of SPDX, and not a name of its maker's own."""
    return declared_expression(text) is not None


def of_file(shelf: Shelf, path: str, *, exact: bool) -> str:
    """Return which licence the text in the file at *path* is, if that is plain.

    Args:
        shelf: Where it is read.
        path: The file.
        exact: Whether only the very words count. A licence that has a name of its own
            may start like another one, and go on with more terms.
    """
    text = (shelf.data(path, _LIMIT) or b"").decode("utf-8", "replace")
    if exact:
        return identified(text) or ""
    text = " ".join(text[:_START].lower().split())
    text = text.replace(" license, version", " license version")
    return next((known for known, start in _TEXTS if re.search(start, text)), "")


def agreed(shelf: Shelf, stated: Sequence[Sequence[Stated]]) -> tuple[str, ...]:
    """Return what the first says that says something, and tell who contradicts it.

    Args:
        shelf: Where conflicts are kept.
        stated: The licences that each file gives, the most telling file first.
    """
    files = [
        kept
        for each in stated
        if (kept := [e for e in each if e[0].strip().lower() not in _SILENT])
    ]
    if not files:
        return ()
    first = files[0]
    known = {_comparable(text) for text, _ in first}
    told: set[tuple[str, str]] = set()
    for file in files[1:]:
        text, place = file[0]
        other = {_comparable(each) for each, _ in file}
        if known & other or (text, place.path) in told:
            continue
        told.add((text, place.path))
        shelf.gap(
            place,
            f"is under `{shown(text)}` by this, but `{first[0][1]}` says "
            f"`{shown(first[0][0])}`",
            State.CONFLICT,
            "find out from its maker under which licence the model is",
        )
    return tuple(dict.fromkeys(name(text) for text, _ in first))


def _comparable(text: str) -> str:
    plain = " ".join(text.lower().split())
    return _LATER.sub("", declared_expression(text) or plain).lower()
