"""By what a model is known that may be a pickle: its name, and its first bytes."""

import re
from pathlib import PurePosixPath
from typing import Final

from mcpchain.tree import File

_SUFFIXES: Final = frozenset(
    {".ckpt", ".dill", ".joblib", ".p", ".pickle", ".pk", ".pkl", ".pt", ".pth", ".sav"}
)
"""Suffixes of pickles: what is none of ours under one is a gap."""
_LOOSE: Final = frozenset({".bin", ".data", ".mdl", ".model"})
"""Suffixes of models and much else: only what is a pickle is told."""
_COMPRESSED: Final = frozenset({".bz2", ".gz", ".lz4", ".lzma", ".xz", ".z"})
PROTOCOLS: Final = tuple(bytes([0x80, each]) for each in range(6))
ZIP: Final = b"PK"
NPY: Final = b"\x93NUMPY"
PACKED: Final = (
    *(b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x5d\0\0"),
    *(b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"),
)
"""How gzip, bzip2, xz, LZMA and zlib start. Text may start like the last."""
TAR: Final = ("pickle", "storages", "sys_info", "tensors")
"""The members that torch unpickles of a tar archive."""
TARS: Final = tuple(each.encode() + b"\0" * 8 for each in TAR)
"""What such an archive starts with as torch writes it."""
_SPSS: Final = (b"$FL2", b"$FL3")
"""What the files of statistics start with that are called `.sav` too."""
OLD: Final = re.compile(
    rb"[(\]}]*(?:c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n|i[A-Za-z_][\w.]*\n"
    rb"|[ldt]?p0\n|q\0)"
)
"""How pickles of protocols 0 and 1, which have no mark of their own, often start."""


def is_named(file: File) -> bool:
    """Say whether the name is one that pickles have, packed or not."""
    name = PurePosixPath(file.path.lower())
    if name.suffix in _COMPRESSED:
        name = PurePosixPath(name.stem)
    other = name.suffix == ".sav" and file.head.startswith(_SPSS)
    return name.suffix in _SUFFIXES and not other


def is_loose(file: File) -> bool:
    """Say whether the name is one that pickles have, and other things as well."""
    return file.suffix in _LOOSE
