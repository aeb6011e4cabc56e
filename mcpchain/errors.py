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


@enum.unique
class State(enum.Enum):
    """Why something could not be seen."""

    UNREADABLE = "unreadable"
    """Malformed, wrongly encoded, locked away, not a regular file, or not all here."""
    UNSUPPORTED = "unsupported"
    """Readable, but not by us: a format or version that we do not know."""
    PARTIAL = "partial"
    """Read in part."""
    CONFLICT = "conflict"
    """Two places in the target say different things of the same, both read."""
    LIMIT = "limit"
    """Larger, deeper or more than we read of an untrusted file."""
    MISSING = "missing"
    """A source that should know it does not: a registry answers 404."""
    UNMATCHED = "unmatched"
    """It names nothing that can be looked up: no version, an unknown ecosystem."""
    NO_SOURCE = "no-source"
    """Nothing that could answer is configured."""
    STALE = "stale"
    """The source that answered is older than the policy accepts."""
    OFFLINE = "offline"
    """We were told not to use the network."""
    UNASKED = "unasked"
    """The policy names who has to stand for it, and nobody could be asked for now."""
    UNREACHABLE = "unreachable"
    """The network, the registry or a tool failed."""

    @property
    def transient(self) -> bool:
        """Whether looking again, elsewhere or later, could see it.

        Such a gap leaves the question open; the others are answers about the input.
        """
        return self in {
            *(State.OFFLINE, State.UNASKED, State.UNREACHABLE),
            *(State.NO_SOURCE, State.STALE),
        }


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
