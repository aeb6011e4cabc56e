"""Say which of the seldom formats a file is in, and what belongs to it."""

import re
from pathlib import PurePosixPath
from typing import Final

from mcpchain.component import FileFacts, Location, ModelFacts
from mcpchain.discover.other_model import (
    SUFFIXES,
    by_magic,
    is_flax,
    is_network,
    is_package,
)
from mcpchain.discover.other_model.flat import operators
from mcpchain.discover.other_model.zipped import discover_zip
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, RelationKind, State
from mcpchain.model_file import last_name, observed, part_of
from mcpchain.tree import File, UnreadableError

_START: Final = 4 << 10
_ITEMS: Final = 1_000
"""Limits: bytes of a file that are looked at to recognise it, items of a package."""
_NET: Final = re.compile(rb"<net\s[^>]*\bversion=\"\d+\"")
_TAR: Final = 257
"""Where an archive of tar has its mark."""
_COREML: Final = re.compile(
    rb"\x08[\x01-\x20](?:[\x12\xa2\xaa\xb2\xba\xc2\xca\xd2\xda]|\Z)"
)
"""How a model of Core ML begins: its version, then a description or the network."""
_MAPS: Final = frozenset(bytes([each]) for each in (*range(0x80, 0x90), 0xDE, 0xDF))
"""How a map of MessagePack begins, of which Flax restores nothing but numbers."""
_GZIP: Final = b"\x1f\x8b"
_ZIPPED: Final = frozenset({"pt2", "skops"})
_WEIGHTS: Final = FileFacts(role="weights")
_HINT: Final = "check where the file comes from"


def discover(file: File, found: Collector) -> None:
    """Declare the model; another content under its name is a gap."""
    named = SUFFIXES.get(file.suffix, "")
    if known := by_magic(file.head):
        _plain(file, known, found)
        if named not in {"", known}:
            _note(file, found, f"named like {named}, and is {known}", State.CONFLICT)
    elif is_package(file):
        _package(file, found)
    elif is_network(file):
        _network(file, found)
    elif is_flax(file) and file.head[:1] in _MAPS:
        found.add(observed(file, ModelFacts(format="flax")))
    elif named in _ZIPPED:
        discover_zip(file, named, found)
    elif named == "nemo" and _is_archive(file):
        found.add(observed(file, ModelFacts(format=named)))
        reason = "an archive of torch checkpoints, which was not looked into"
        _note(file, found, reason, State.PARTIAL)
    elif named == "coreml" and _COREML.match(file.head):
        found.add(observed(file, ModelFacts(format=named)))
    else:
        kind = named or "flax"
        reason = f"named like a model of {kind}, and nothing that we know"
        _note(file, found, reason, State.UNSUPPORTED)


def _plain(file: File, known: str, found: Collector) -> None:
    """Declare a model that its first bytes tell, and its operators if they are told."""
    names: set[str] = set()
    size = file.size()
    try:
        with found.entry(), file.open() as stream:
            if known == "tflite":
                names.update(operators(stream, size, file.path))
    finally:
        facts = ModelFacts(format=known, operators=tuple(sorted(names)))
        found.add(observed(file, facts))


def _network(file: File, found: Collector) -> None:
    """Declare a model of OpenVINO: a description, and the numbers beside it."""
    with file.open() as stream:
        if not _NET.search(stream.read(_START)):
            return
    ref = found.add(observed(file, ModelFacts(format="openvino")))
    _part(file, f"{PurePosixPath(file.name).stem}.bin", ref, found)


def _package(file: File, found: Collector) -> None:
    """Declare a package of Core ML, by the list of what is in it.

    A folder in that list is the one of the weights, which writers put into one file.
    """
    folder = PurePosixPath(file.path).parent.name
    ref = found.add(observed(file, ModelFacts(format="coreml"), name=folder))
    items = Node.from_json(file.read(), source=file.path).at("itemInfoEntries")
    for count, (_, item) in enumerate(items.items()):
        if count >= _ITEMS:
            raise UnreadableError(
                file.path,
                f"more than we read: {_ITEMS:,} items of a package",
                State.LIMIT,
                hint=_HINT,
            )
        with found.entry():
            path = item.at("path").text()
            inner = PurePosixPath(path)
            if inner.suffix.lower() == ".mlmodel":
                _part(file, f"Data/{path}", ref, found, ModelFacts(format="coreml"))
            else:
                weights = inner if inner.suffix else inner / "weight.bin"
                _part(file, f"Data/{weights}", ref, found)


def _part(
    file: File,
    path: str,
    ref: str,
    found: Collector,
    facts: ModelFacts | FileFacts = _WEIGHTS,
) -> None:
    try:
        part = part_of(file, path, facts, found)
    except UnreadableError as error:
        reason = f"its file `{last_name(path)}` {error.reason}"
        _note(file, found, reason, State.UNREADABLE)
    else:
        found.relate(ref, part.ref, RelationKind.CONTAINS)


def _is_archive(file: File) -> bool:
    with file.open() as stream:
        start = stream.read(_START)
    return start.startswith(_GZIP) or start[_TAR:].startswith(b"ustar")


def _note(file: File, found: Collector, reason: str, state: State) -> None:
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=file.path),
            reason=reason,
            state=state,
            hint=_HINT,
        )
    )
