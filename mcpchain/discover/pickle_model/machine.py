"""The unpickler's stack and memo, on which nothing is ever made or called.

Only short texts and the names of imports are kept, to say what the next import is.
"""

import pickletools
import re
from collections.abc import Callable
from typing import Final

from mcpchain.discover.pickle_model.source import Budget, Source, StopError
from mcpchain.inventory import State

JOBLIB: Final = ("joblib.numpy_pickle.", "sklearn.externals.joblib.numpy_pickle.")
"""Where joblib keeps its wrappers of arrays."""
_IMPORTS: Final = 1_000
_TEXT: Final = 255
_LINE: Final = 4_096
"""Limits: imports, bytes of a text that might name one and of a line that is kept."""


class _Name(str):
    """What a global names, or what a call of it made."""

    __slots__ = ()


_Value = str | None
"""A short text, or a name, on the stack; `None` for everything else."""

_PROTOCOL: Final = max(each.proto for each in pickletools.opcodes)
TABLE: Final = {ord(each.code): each for each in pickletools.opcodes}
_LENGTHS: Final = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
CALLS: Final = frozenset({"NEWOBJ", "NEWOBJ_EX", "REDUCE", "BUILD"})
GLOBALS: Final = frozenset({"GLOBAL", "INST"})
TEXTS: Final = frozenset(
    {
        "BINSTRING",
        "BINUNICODE",
        "BINUNICODE8",
        "SHORT_BINSTRING",
        "SHORT_BINUNICODE",
        "STRING",
        "UNICODE",
    }
)


class Machine:
    """What the opcodes of one pickle work on.

    Args:
        source: Where their arguments come from.
        imports: Where the names of imports are put.
        budget: What texts are paid from.
    """

    def __init__(self, source: Source, imports: set[str], budget: Budget) -> None:
        self.source = source
        self.imports = imports
        self.budget = budget
        self.framed = False
        self.named = False
        """Whether an import bears names that a module and its members can have."""
        self.called = False
        self.stack: list[_Value] = []
        self.marks: list[int] = []
        self.memo: dict[int, _Value] = {}

    def name(self, opcode: pickletools.OpcodeInfo) -> None:
        """Note what GLOBAL or INST imports."""
        names = [self.line().decode("utf-8", "replace") for _ in range(2)]
        made = self.note(*names)
        if opcode.name == "INST":
            # As in Python's own unpickler, on which dill builds: C's asks for the mark
            # before it imports.
            self.cut()
            self.called = True
        self.stack.append(made)

    def other(self, opcode: pickletools.OpcodeInfo) -> None:
        """Pass the argument, take what is taken, and leave what is left, unknown."""
        if opcode.arg is None:
            pass
        elif opcode.arg.n == pickletools.UP_TO_NEWLINE:
            self.source.line(0)
        elif opcode.arg.n >= 0:
            self.source.read(opcode.arg.n)
        else:
            self.source.skip(self.length(opcode.arg.n))
        before = opcode.stack_before
        if pickletools.markobject in before:
            self.cut()
            self.pop(before.index(pickletools.markobject))
        else:
            self.pop(len(before))
        self.stack.extend([None] * len(opcode.stack_after))

    def length(self, kind: int) -> int:
        """Read a length of the given kind."""
        return int.from_bytes(self.source.read(_LENGTHS[kind]), "little")

    def line(self) -> bytes:
        """Read a line that is kept."""
        return self.source.line(_LINE)

    def push(self, opcode: pickletools.OpcodeInfo) -> None:
        """Push a text."""
        self.stack.append(self.text(opcode))

    def put(self, opcode: pickletools.OpcodeInfo) -> None:
        """Remember the top."""
        self.memo[self.slot(opcode)] = self.top()

    def get(self, opcode: pickletools.OpcodeInfo) -> None:
        """Push what is remembered."""
        self.stack.append(self.memo[self.slot(opcode)])

    def top(self) -> _Value:
        """Return the value on top, which must lie above the last mark."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise IndexError
        return self.stack[-1]

    def pop(self, count: int) -> list[_Value]:
        """Take *count* values from above the last mark, lowest first."""
        at = len(self.stack) - count
        if at < (self.marks[-1] if self.marks else 0):
            raise IndexError
        popped = self.stack[at:]
        del self.stack[at:]
        return popped

    def cut(self) -> _Value:
        """Take all down to the last mark, and return the lowest."""
        at = self.marks.pop()
        lowest = self.stack[at] if at < len(self.stack) else None
        del self.stack[at:]
        return lowest

    def proto(self) -> None:
        """Check the version."""
        (version,) = self.source.read(1)
        if version > _PROTOCOL:
            raise StopError(f"protocol `{version}`", State.UNSUPPORTED)

    def frame(self) -> None:
        """Pass the length of a frame, which says nothing about the opcodes in it."""
        self.source.read(8)
        self.framed = True

    def drop(self) -> None:
        """Take the top, which may be a mark."""
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()
        else:
            self.pop(1)

    def extension(self, width: int) -> None:
        """Note an import by the number of an extension, of *width* bytes."""
        self.source.read(width)
        self.stack.append(self.note(None, None))

    def make(self) -> None:
        """Make an instance of the class above the mark."""
        made = self.cut()
        self.called = self.called or isinstance(made, _Name)
        self.stack.append(made if isinstance(made, _Name) else None)

    def call(self, opcode: pickletools.OpcodeInfo) -> None:
        """Call, or fill, what was made before."""
        (made, *_) = self.pop(len(opcode.stack_before))
        self.called = self.called or isinstance(made, _Name)
        if opcode.name == "BUILD" and (made or "") in _RAW:
            raise StopError(
                f"raw numbers follow at byte {self.source.position:,}; what lies "
                "behind them was not read",
                State.PARTIAL,
            )
        self.stack.append(made if isinstance(made, _Name) else None)

    def slot(self, opcode: pickletools.OpcodeInfo) -> int:
        """Return the slot of the memo, which old opcodes write in decimal."""
        if "BIN" in opcode.name:
            width = 4 if opcode.name.startswith("LONG") else 1
            return int.from_bytes(self.source.read(width), "little")
        line = self.line()
        if len(line) >= _LINE and self.stack:
            raise StopError(f"a number of more than {_LINE:,} digits", State.LIMIT)
        if (slot := int(line)) < 0:
            raise ValueError
        return slot

    def text(self, opcode: pickletools.OpcodeInfo) -> str | None:
        """Return a text with its escapes decoded; `None` for a long one."""
        kind = opcode.arg.n if opcode.arg is not None else 0
        if kind == pickletools.UP_TO_NEWLINE:
            data = self.line()
            if len(data) > 4 * _TEXT:
                return None
            if opcode.name == "UNICODE":
                return data.decode("raw-unicode-escape", "replace")
            return _unquoted(data)
        length = self.length(kind)
        if length > _TEXT:
            self.source.skip(length)
            return None
        self.budget.texts -= length
        if self.budget.texts < 0:
            raise StopError("more short texts than are read", State.LIMIT)
        return self.source.read(length).decode("utf-8", "replace")

    def note(self, module: _Value, name: _Value) -> _Name:
        """Note an import; `?` stands for what is no literal text."""
        parts = [
            each if each and not isinstance(each, _Name) else "?"
            for each in (module, name)
        ]
        shown = ".".join(ascii(each)[1:-1][:140] for each in parts)
        if shown == "?.?":
            shown = "?"
        self.named = self.named or shown.replace(".", "").isidentifier()
        self.keep(shown)
        return _Name(shown)

    def keep(self, shown: str) -> None:
        """Keep the name of an import."""
        if len(self.imports) >= _IMPORTS and shown not in self.imports:
            raise StopError(f"more than {_IMPORTS:,} imports", State.LIMIT)
        self.imports.add(shown)


_RAW: Final = frozenset(f"{each}NumpyArrayWrapper" for each in JOBLIB)
_Step = Callable[[Machine], None]
_ACTIONS: Final[dict[str, _Step]] = {
    "BINGET": lambda it: it.stack.append(it.memo[it.source.read(1)[0]]),
    "BINPUT": lambda it: it.memo.__setitem__(it.source.read(1)[0], it.top()),
    "DUP": lambda it: it.stack.append(it.top()),
    "EXT1": lambda it: it.extension(1),
    "EXT2": lambda it: it.extension(2),
    "EXT4": lambda it: it.extension(4),
    "FRAME": Machine.frame,
    "MARK": lambda it: it.marks.append(len(it.stack)),
    "MEMOIZE": lambda it: it.memo.__setitem__(len(it.memo), it.top()),
    "OBJ": Machine.make,
    "POP": Machine.drop,
    "PROTO": Machine.proto,
    "STACK_GLOBAL": lambda it: it.stack.append(it.note(*it.pop(2))),
}


def _step(opcode: pickletools.OpcodeInfo) -> _Step:
    """Return what does to our stack what *opcode* does to that of the unpickler."""
    name = opcode.name
    if name in _ACTIONS:
        return _ACTIONS[name]
    act = Machine.other
    if name in TEXTS:
        act = Machine.push
    elif "PUT" in name:
        act = Machine.put
    elif "GET" in name:
        act = Machine.get
    elif name in GLOBALS:
        act = Machine.name
    elif name in CALLS:
        act = Machine.call
    return lambda it: act(it, opcode)


STEPS: Final = {code: _step(opcode) for code, opcode in TABLE.items()}
_ESCAPE: Final = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))")
_CONTROLS: Final = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))


def _unquoted(data: bytes) -> str:
    """Return the text of a STRING, which is written like a literal of bytes."""

    def one(match: re.Match[bytes]) -> bytes:
        if match[1]:
            return bytes([int(match[1], 16)])
        if match[2]:
            return bytes([int(match[2], 8) & 255])
        code = match[3][0]
        if code in _CONTROLS:
            return bytes([_CONTROLS[code]])
        return match[3] if match[3] in b"\\'\"" else match[0]

    data = data.rstrip(b"\r\n")
    if len(data) < len("''") or data[:1] != data[-1:] or data[:1] not in b"\"'":
        raise ValueError
    return _ESCAPE.sub(one, data[1:-1]).decode("utf-8", "replace")
