"""Walk a pickle without running it, to say what loading it would import.

The reference for opcodes is CPython's `pickletools`, whose table says what each takes
from the stack and leaves there.
"""

import ast
import io
import pickletools
from typing import BinaryIO, Final

from mcpchain.inventory import State

JOBLIB: Final = ("joblib.numpy_pickle.", "sklearn.externals.joblib.numpy_pickle.")
"""Where joblib keeps its wrappers of arrays."""
_OPCODES: Final = 2_000_000
_STREAMS: Final = 1_000
_KEPT: Final = 64 << 10
_IMPORTS: Final = 1_000
"""Limits: opcodes, pickles in a row, bytes of one argument that are kept, imports."""


class StopError(Exception):
    """The walk cannot go on."""

    def __init__(self, reason: str, state: State = State.UNREADABLE) -> None:
        super().__init__(reason)
        self.reason = reason
        self.state = state


class Source:
    """Bytes of a stream, in order, and not more than *limit* of them.

    Args:
        stream: Where they come from.
        limit: How many.
        over: What it means that more are asked for.
    """

    def __init__(
        self, stream: BinaryIO, limit: int, over: State = State.UNREADABLE
    ) -> None:
        self.stream = stream
        self.limit = limit
        self.over = over
        self.position = 0

    def read(self, count: int) -> bytes:
        """Return exactly *count* bytes."""
        self._count(count)
        data = self.stream.read(count)
        if len(data) < count:
            raise StopError(f"ends within an opcode, at byte {self.position:,}")
        return data

    def more(self) -> bytes:
        """Return the next byte, or none at the end."""
        data = self.stream.read(1)
        self._count(len(data))
        return data

    def line(self) -> bytes:
        """Return the next line without its end."""
        data = self.stream.readline(_KEPT)
        self._count(len(data))
        if not data.endswith(b"\n"):
            raise StopError(f"a line without an end at byte {self.position:,}")
        return data[:-1]

    def skip(self, count: int) -> None:
        """Go past *count* bytes."""
        self._count(count)
        if self.stream.seekable():
            self.stream.seek(count, io.SEEK_CUR)
            return
        while count and (data := self.stream.read(min(count, 1 << 20))):
            count -= len(data)

    def _count(self, count: int) -> None:
        self.position += count
        if self.position > self.limit:
            raise StopError(f"goes on behind byte {self.limit:,}", self.over)


class _Mark:
    """The mark on the stack of a pickle."""


class _Name(str):
    """What a global names, or what a call of it made."""

    __slots__ = ()


_Value = str | _Mark | None
"""A text or name on the stack; `None` for everything else."""

_PROTOCOL: Final = max(each.proto for each in pickletools.opcodes)
_TABLE: Final = {ord(each.code): each for each in pickletools.opcodes}
_LENGTHS: Final = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_CALLS: Final = frozenset({"NEWOBJ", "NEWOBJ_EX", "REDUCE", "BUILD", "OBJ"})
_TEXTS: Final = frozenset({"UNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING"})


class Walk:
    """Reads pickles opcode by opcode, with what is on the stack and in the memo."""

    def __init__(self, source: Source, imports: set[str]) -> None:
        self.source = source
        self.imports = imports
        self.opcodes = 0
        self.streams = 0
        self.framed = False
        self.stack: list[_Value] = []
        self.memo: dict[int, _Value] = {}

    def all(self) -> None:
        """Walk every pickle that starts where the one before it ended.

        What follows the last is data, such as torch's storages.

        Raises:
            StopError: It breaks off, or is more than is read.
        """
        self._one(self.source.read(1))
        while (first := self.source.more()) == b"\x80":
            if self.streams >= _STREAMS:
                raise StopError(f"more than {_STREAMS:,} pickles", State.LIMIT)
            self._one(first)

    def _one(self, first: bytes) -> None:
        self.stack, self.memo = [], {}
        code = first
        while True:
            self.opcodes += 1
            if self.opcodes > _OPCODES:
                raise StopError(f"more than {_OPCODES:,} opcodes", State.LIMIT)
            opcode = _TABLE.get(code[0])
            if opcode is None:
                raise StopError(
                    f"no opcode `0x{code.hex()}` at byte {self.source.position:,}"
                )
            try:
                self._step(opcode)
            except (IndexError, KeyError, ValueError) as error:
                raise StopError(
                    f"`{opcode.name}` at byte {self.source.position:,} "
                    "has nothing to work on"
                ) from error
            if opcode.name == "STOP":
                self.streams += 1
                return
            code = self.source.read(1)

    def _argument(self, opcode: pickletools.OpcodeInfo) -> bytes:
        """Read the argument; a long one is passed over and counts as empty."""
        if opcode.arg is None:
            return b""
        if opcode.arg.n == pickletools.UP_TO_NEWLINE:
            first = self.source.line()
            pair = opcode.name in {"GLOBAL", "INST"}
            return first + b"\n" + self.source.line() if pair else first
        if opcode.arg.n >= 0:
            return self.source.read(opcode.arg.n)
        width = _LENGTHS[opcode.arg.n]
        length = int.from_bytes(self.source.read(width), "little")
        if length <= _KEPT:
            return self.source.read(length)
        self.source.skip(length)
        return b""

    def _step(self, opcode: pickletools.OpcodeInfo) -> None:
        """Do to our stack what the opcode does to that of the unpickler."""
        argument = self._argument(opcode)
        name = opcode.name
        if name == "PROTO" and argument[0] > _PROTOCOL:
            raise StopError(f"protocol `{argument[0]}`", State.UNSUPPORTED)
        self.framed = self.framed or name == "FRAME"
        if name == "MEMOIZE":
            self.memo[len(self.memo)] = self.stack[-1]
        elif "PUT" in name:
            self.memo[_index(name, argument)] = self.stack[-1]
        elif "GET" in name:
            self.stack.append(self.memo[_index(name, argument)])
        elif name == "DUP":
            self.stack.append(self.stack[-1])
        elif name == "MARK":
            self.stack.append(_Mark())
        else:
            popped = self._pop(opcode)
            self.stack += self._made(opcode, argument, popped)

    def _pop(self, opcode: pickletools.OpcodeInfo) -> list[_Value]:
        """Take from the stack what *opcode* takes, lowest first."""
        before = opcode.stack_before
        popped: list[_Value] = []
        count = len(before)
        if pickletools.stackslice in before:
            while not isinstance(top := self.stack.pop(), _Mark):
                popped.append(top)
            count = before.index(pickletools.markobject)
        popped += [self.stack.pop() for _ in range(count)]
        return popped[::-1]

    def _made(
        self, opcode: pickletools.OpcodeInfo, argument: bytes, popped: list[_Value]
    ) -> list[_Value]:
        """Return what *opcode* leaves on the stack."""
        name = opcode.name
        if name in {"GLOBAL", "INST"}:
            return [self._import(*argument.decode("utf-8", "replace").split("\n", 1))]
        if name == "STACK_GLOBAL":
            return [self._import(*popped)]
        if name.startswith("EXT"):
            return [self._import(None, None)]
        if name == "BUILD" and (popped[0] or "") in _RAW:
            raise StopError(
                f"raw numbers follow at byte {self.source.position:,}; what lies "
                "behind them was not read",
                State.PARTIAL,
            )
        if name in _CALLS:
            made = popped[0] if isinstance(popped[0], _Name) else None
            return [made]
        if name in _TEXTS or name.endswith("BINUNICODE") or name == "BINUNICODE8":
            return [_text(name, argument)]
        return [None] * len(opcode.stack_after)

    def _import(self, module: _Value, name: _Value) -> _Name:
        """Note an import; `?` stands for what is no literal text."""
        parts = [
            each
            if each and isinstance(each, str) and not isinstance(each, _Name)
            else "?"
            for each in (module, name)
        ]
        shown = ".".join(ascii(each)[1:-1][:140] for each in parts)
        if shown == "?.?":
            shown = "?"
        if len(self.imports) >= _IMPORTS and shown not in self.imports:
            raise StopError(f"more than {_IMPORTS:,} imports", State.LIMIT)
        self.imports.add(shown)
        return _Name(shown)


_RAW: Final = frozenset(f"{each}NumpyArrayWrapper" for each in JOBLIB)


def _text(name: str, argument: bytes) -> str:
    """Return the text that an opcode pushes, with its escapes decoded."""
    if name == "UNICODE":
        return argument.decode("raw-unicode-escape", "replace")
    if name == "STRING":
        quoted = ast.literal_eval("b" + argument.decode("ascii"))
        return str(quoted, "utf-8", "replace")
    return argument.decode("utf-8", "replace")


def _index(name: str, argument: bytes) -> int:
    """Return the slot of the memo, which old opcodes write in decimal."""
    binary = "BIN" in name
    return int.from_bytes(argument, "little") if binary else int(argument)
