"""Why a file cannot be read, and the gap that it leaves."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from mcpchain.errors import McpchainError, State

if TYPE_CHECKING:
    from mcpchain.inventory import Gap

_T = TypeVar("_T")


class UnreadableError(McpchainError):
    """A file of the tree cannot be read.

    Args:
        path: The file, relative to the root, as `File.path` has it.
        reason: Why not, for a reader.
        state: The kind of gap that it leaves.
        hint: What the reader can do about it.
    """

    def __init__(self, path: str, reason: str, state: State, *, hint: str) -> None:
        super().__init__(f"{path}: {reason}", hint=hint)
        self.path = path
        self.reason = reason
        self.state = state

    def gap(self, stage: str = "discover") -> "Gap":
        """Return the gap that this leaves."""
        from mcpchain.component import Location
        from mcpchain.inventory import Gap

        return Gap(
            stage=stage,
            location=Location(path=self.path),
            reason=self.reason,
            state=self.state,
            hint=self.hint,
        )


def refused(path: str, error: OSError) -> UnreadableError:
    """Make the error for a file that the system refuses."""
    reason = error.strerror or str(error)
    return UnreadableError(
        path,
        f"cannot be read: {reason}",
        State.UNREADABLE,
        hint="make it a readable, regular file, or leave it out of what is examined",
    )


def guarded(path: str, action: Callable[[], _T]) -> _T:
    """Do *action* on the file at *path*.

    Raises:
        UnreadableError: The system refuses.
    """
    try:
        return action()
    except OSError as error:
        raise refused(path, error) from error
