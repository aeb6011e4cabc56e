"""Data sets: the words that all readers of them use, and what makes one of files.

A table or archive in a format that is made for data sets is one wherever it lies. Text
is not: nearly every project has some CSV and JSON, and most of it is configuration, a
fixture or a translation. See `data_sets.folders` for what makes data of text.
"""

import re
from pathlib import PurePosixPath
from typing import Final

from mcpchain.artifact import Artifact
from mcpchain.component import Basis, Component, DataFacts, Kind, Location
from mcpchain.license import declared_expression
from mcpchain.naming import bare_url
from mcpchain.tree import File

CARD: Final = "hugging-face"
"""The format of a whole data set that a card, or the hub's library, describes."""
CROISSANT: Final = "croissant"
DVC: Final = "dvc"
WHOLE: Final = frozenset({CARD, CROISSANT, DVC})
TEXT: Final = frozenset({"csv", "tsv", "json-lines", "json"})
"""Formats of text, in which most files are no data set."""
SHOWN: Final = 140
"""How many characters of a name are kept."""
_DESCRIPTION: Final = 1_000
_CC: Final = re.compile(
    r"/licenses/(by(?:-nc)?(?:-nd|-sa)?)/(\d\.\d)(?:/(?:deed|legalcode)[.a-z]*)?/?"
)
"""Creative Commons' licences, but for those of one country."""


def observed(file: File, facts: DataFacts | None) -> Component:
    """Declare *file*, which is hashed later.

    Args:
        file: A file of the tree.
        facts: What is known of it. `None`: another reader may know more of the file.
    """
    return Component(
        kind=Kind.DATA,
        name=file.name,
        locations=(Location(path=file.path),),
        basis=Basis.OBSERVED,
        artifacts=(Artifact(name=file.path, size=file.size()),),
        facts=facts,
    )


def licensed(text: str) -> str:
    """Return a licence as SPDX writes it, if it is one of its own; else its name.

    Args:
        text: An id, a name, or the address of a text that is known to be one.
    """
    text = " ".join(text.split())
    text = bare_url(text) if "://" in text else text
    return _by_address(text) or declared_expression(text) or text[:SHOWN]


def _by_address(text: str) -> str | None:
    host, slash, path = text.partition("://")[2].removeprefix("www.").partition("/")
    path = slash + path
    if host == "creativecommons.org":
        if path.startswith("/publicdomain/zero/1.0"):
            return "CC0-1.0"
        match = _CC.fullmatch(path)
        return f"CC-{match[1].upper()}-{match[2]}" if match else None
    if host in {"choosealicense.com", "spdx.org", "opensource.org"}:
        last = PurePosixPath(path).name.removesuffix(".html").removesuffix(".json")
        return declared_expression(last) if last else None
    return None


def described(text: str) -> str:
    """Return the beginning of a description, on one line."""
    return " ".join(text[: 4 * _DESCRIPTION].split())[:_DESCRIPTION]
