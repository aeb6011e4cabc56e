"""What mcpchain raises when it cannot do its work.

An exception means *we* failed. A component that fails is data: see `Evidence`, `Gap`
and `Finding`. Nothing here imports another mcpchain module.
"""

import enum
from typing import ClassVar


@enum.unique
class Exit(enum.IntEnum):
    """The process exit codes, all of them.

    1 is never ours: it is what Python, click and the shell give for an accident.
    """

    ALLOWED = 0
    USAGE = 2
    NOTHING_TO_CHECK = 3
    UNDECIDED = 4
    DENIED = 10


class McpchainError(Exception):
    """Base of every error that mcpchain raises on purpose.

    Args:
        message: What happened, where, with the value that caused it.
        hint: What the reader can do about it, as one sentence.
    """

    exit: ClassVar[Exit] = Exit.UNDECIDED

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class MalformedError(McpchainError):
    """An input does not have the shape that its format promises.

    Args:
        problem: What is wrong, without the place.
        source: The document, as a path from the root of what is examined.
        pointer: The place in it, as a JSON pointer (RFC 6901) or `line N`.
    """

    def __init__(self, problem: str, *, source: str, pointer: str = "") -> None:
        where = f"{source}#{pointer}" if pointer else source
        super().__init__(f"{where}: {problem}", hint=f"repair `{source}`")
        self.problem = problem
        self.source = source
        self.pointer = pointer


class UsageError(McpchainError):
    """The command line asks for something that cannot be done as written."""

    exit = Exit.USAGE


class PolicyError(McpchainError):
    """The policy file cannot be applied as written."""

    exit = Exit.USAGE


class NothingToCheckError(McpchainError):
    """No component was found, so no verdict would mean anything."""

    exit = Exit.NOTHING_TO_CHECK


class UnavailableError(McpchainError):
    """Something outside this process could not be read, written or reached."""
