"""RECORD: which files a distribution installed, and their digests (PEP 376)."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mcpchain.errors import MalformedError

LIMIT: Final = 64 << 20
STRONG: Final = frozenset(
    {"blake2b", "blake2s", "sha256", "sha384", "sha3_256", "sha3_384", "sha3_512"}
    | {"sha512"}
)
"""The algorithms of hashlib that name bytes. PEP 427 forbids weaker ones."""
_SIZE: Final = re.compile(r"\d{1,15}")


@dataclass(frozen=True, slots=True)
class Row:
    """A file that was installed."""

    path: str
    """As RECORD has it: relative to the folder of packages, with forward slashes."""
    algorithm: str
    digest: str
    """Base 64 for URLs, without padding; empty if there is none."""
    size: int


def rows(data: bytes, *, source: str) -> Iterator[Row]:
    """Yield the files that a RECORD lists.

    Raises:
        MalformedError: It is no list of files. What came before was yielded.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedError("RECORD is not UTF-8", source=source) from None
    try:
        for fields in csv.reader(io.StringIO(text, newline="")):
            if not fields or not fields[0]:
                continue
            path, told, size, *_ = [*fields, "", ""]
            algorithm, _, digest = told.partition("=")
            count = int(size) if _SIZE.fullmatch(size) else 0
            yield Row(path.replace("\\", "/"), algorithm.lower(), digest, count)
    except csv.Error as error:
        raise MalformedError(f"RECORD: {error}"[:200], source=source) from None
