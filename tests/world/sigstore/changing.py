"""JSON with one thing changed, wherever there is one."""

import base64
import copy
from collections.abc import Iterator
from typing import Any

Json = Any
Path = tuple[str | int, ...]


def leaves(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in inner:
            yield from leaves(each, (*path, key))
    else:
        yield path, value


def changed(bundle: Json, path: Path, value: Json) -> Json:
    copied = copy.deepcopy(bundle)
    holder = copied
    for key in path[:-1]:
        holder = holder[key]
    if value is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return copied


def others(value: str, path: Path, step: int = 1) -> Iterator[tuple[str, Json]]:
    """Yield other values for a field, each with a name for the test."""
    yield "nothing", None
    yield "empty", ""
    yield "list", [value]
    if value.isdigit():
        yield "more", str(int(value) + 1)
        yield "negative", "-1"
        yield "huge", "9" * 30
    elif path[-1] == "envelope":
        for at in range(0, len(value), 7):
            other = "A" if value[at] != "A" else "B"
            yield f"char {at}", value[:at] + other + value[at + 1 :]
    else:
        try:
            raw = base64.b64decode(value, validate=True)
        except ValueError:
            yield "other", value + "x"
            return
        yield "line feed", value[:4] + "\n" + value[4:]
        yield "cut", base64.b64encode(raw[:-1]).decode()
        yield "longer", base64.b64encode(raw + b"\0").decode()
        for at in range(0, len(raw), step):
            flipped = raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :]
            yield f"bit in {at}", base64.b64encode(flipped).decode()
