"""Walk a pickle without running it, to say what loading it would import.

The reference for opcodes is CPython's `pickletools`, whose table says what each takes
from the stack and leaves there.
"""

import pickletools
from typing import Final

from mcpchain.discover.pickle_model.machine import (
    CALLS,
    GLOBALS,
    STEPS,
    TABLE,
    TEXTS,
    Machine,
)
from mcpchain.discover.pickle_model.source import Budget, Source, StopError
from mcpchain.inventory import State

_STREAMS: Final = 1_000
"""How many pickles in a row are read."""

_SPECIAL: Final = (
    {"DUP", "FRAME", "MARK", "POP", "PROTO", "STACK_GLOBAL", "STOP"}
    | {"EXT1", "EXT2", "EXT4"}
    | CALLS
    | GLOBALS
    | TEXTS
)


def _plain(opcode: pickletools.OpcodeInfo) -> tuple[int, int, int] | None:
    """Return how long *opcode* is, and how many values it takes and leaves.

    `None` if there is more to say about it than that.
    """
    length = 0 if opcode.arg is None else opcode.arg.n
    named = opcode.name in _SPECIAL or "PUT" in opcode.name or "GET" in opcode.name
    marked = pickletools.markobject in opcode.stack_before
    if named or marked or length < 0 or opcode.name == "MEMOIZE":
        return None
    return 1 + length, len(opcode.stack_before), len(opcode.stack_after)


_PROTO: Final = 0x80
_STOP: Final = ord(".")
_COSTS: Final = {ord(each): 5 for each in "ci\x93"} | {ord(each): 3 for each in "SV"}
"""What an opcode costs, if it is not 1."""
_HEADER: Final = 2
_PLAIN: Final = [_plain(TABLE[code]) if code in TABLE else None for code in range(256)]
_WIDEST: Final = 9
"""An opcode and the longest argument of fixed length."""


class Walk(Machine):
    """Reads pickles opcode by opcode, with what is on the stack and in the memo."""

    def __init__(self, source: Source, imports: set[str], budget: Budget) -> None:
        super().__init__(source, imports, budget)
        self.start = budget.steps
        self.streams = 0
        self.end = 0
        """Where the last pickle ended."""

    @property
    def steps(self) -> int:
        """How much of the budget this walk has spent."""
        return self.start - self.budget.steps

    def all(self) -> None:
        """Walk every pickle that starts where the one before it ended.

        What follows the last is data, such as torch's storages. They may look like the
        start of a pickle, so one that breaks off before it imports anything is none.

        Raises:
            StopError: It breaks off, or is more than is read.
        """
        self._one()
        while self.source.hold(1):
            if self.streams >= _STREAMS:
                raise StopError(f"more than {_STREAMS:,} pickles", State.LIMIT)
            if not self._next():
                return

    def _next(self) -> bool:
        """Walk one more pickle, if it is one."""
        sure = self.source.data[self.source.at] == _PROTO
        after = Walk(self.source, set(), self.budget)
        try:
            after._one()
        except StopError as stop:
            # Numbers may begin like a header, but nothing sensible follows it.
            broken = after.steps > _HEADER if sure else after.named
            if broken or stop.state is State.LIMIT:
                for each in after.imports:
                    self.keep(each)
                raise
            return False
        self.streams += 1
        self.end = after.end
        self.named |= after.named
        self.called |= after.called
        for each in after.imports:
            self.keep(each)
        return True

    def _one(self) -> None:
        """Walk one pickle to its end."""
        self.stack.clear()
        self.marks.clear()
        self.memo.clear()
        ended = False
        while not ended:
            self._run()
            code = self.source.read(1)[0]
            self.budget.steps -= _COSTS.get(code, 1)
            if self.budget.steps < 0:
                raise StopError("more opcodes than are read", State.LIMIT)
            if (step := STEPS.get(code)) is None:
                raise StopError(
                    f"no opcode `0x{code:02x}` at byte {self.source.position:,}"
                )
            try:
                step(self)
            except (IndexError, KeyError, ValueError) as error:
                raise StopError(
                    f"`{TABLE[code].name}` at byte {self.source.position:,} "
                    "has nothing to work on"
                ) from error
            ended = code == _STOP
        self.streams += 1
        self.end = self.source.position

    def _run(self) -> None:
        """Take all plain opcodes that come next. This loop is most of the cost."""
        source, stack, marks = self.source, self.stack, self.marks
        left = self.budget.steps
        source.hold(_WIDEST)
        data, at = source.data, source.at
        last = len(data) - _WIDEST
        while at <= last and left > 0 and (plain := _PLAIN[data[at]]):
            length, taken, made = plain
            if taken:
                if len(stack) - taken < (marks[-1] if marks else 0):
                    break
                del stack[-taken:]
            if made:
                stack.append(None)
                if made > 1:
                    stack.append(None)
            at += length
            left -= 1
        source.at, self.budget.steps = at, left
