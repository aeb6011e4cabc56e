"""What is asked of a server, what comes back, and what it means when nothing does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mcpchain.address import Credential, plain
from mcpchain.artifact import Digest
from mcpchain.document import Node
from mcpchain.errors import MalformedError, McpchainError
from mcpchain.inventory import State

DOCUMENT_LIMIT: Final = 64 << 20
"""How many bytes of an answer are read, counted after decompression."""
FILE_LIMIT: Final = 4 << 30
"""How many bytes of a package are downloaded."""
Progress = Callable[[int, int], None]
"""Takes (done, in all)."""
RETRY: Final = "try again later, or check proxy and network"


class FetchError(McpchainError):
    """An address gave no usable answer.

    Args:
        state: The kind of gap that this leaves.
        reason: What happened, with the address but without its secrets.
    """

    def __init__(self, state: State, reason: str, *, hint: str) -> None:
        super().__init__(reason, hint=hint)
        self.state = state
        self.reason = reason


class ChallengeError(FetchError):
    """A server wants to know who asks (401).

    Args:
        reason: What happened.
        hint: What to do about it.
        url: The address that answered in the end, perhaps after redirects.
        challenge: What it wants, as it says it (`WWW-Authenticate`, RFC 9110).
    """

    def __init__(self, reason: str, *, hint: str, url: str, challenge: str) -> None:
        super().__init__(State.UNREACHABLE, reason, hint=hint)
        self.url = url
        self.challenge = challenge


class TransientError(FetchError):
    """It may be otherwise a moment later.

    Args:
        reason: What happened.
        again: Whether to try again at once, or after *wait* seconds.
        answered: Whether the server answered at all.
    """

    def __init__(
        self, reason: str, *, wait: float = 0.0, again: bool = True, answered: bool
    ) -> None:
        super().__init__(State.UNREACHABLE, reason, hint=RETRY)
        self.wait = wait
        self.again = again
        self.answered = answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask whom for."""

    url: str
    accept: str = "application/json"
    credential: Credential | None = None
    """Sent where its scope allows, and nowhere after a redirect to elsewhere."""
    limit: int = DOCUMENT_LIMIT
    """In bytes, after decompression."""
    seconds: float = 60.0
    """For everything: all attempts, redirects, headers and the body."""
    keep: bool = True
    """Whether the answer may be kept on disk: not what is secret, or may change."""
    body: bytes = b""
    """Sent by POST; without one it is GET. What is sent is sent nowhere else: a
    redirect is refused, and the answer is never kept."""
    content_type: str = ""
    """Of the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete answer with status 200."""

    url: str
    """The address that answered in the end."""
    media_type: str
    """In lower case, without parameters."""
    body: bytes
    link: str = ""
    """Where the answer goes on, as its server says it (`Link`, RFC 8288)."""

    def document(self) -> Node:
        """Read the body as JSON.

        Raises:
            FetchError: It is something else.
        """
        where = plain(self.url)
        if "html" in self.media_type or self.body[:64].lstrip().startswith(b"<"):
            raise FetchError(
                State.UNREADABLE,
                f"`{where}` answered HTML, not JSON (a proxy or login page?)",
                hint="open the address in a browser, and check proxy and credentials",
            )
        try:
            return Node.from_json(self.body, source=where)
        except MalformedError as error:
            raise unreadable(where, error.problem) from error


def unreadable(where: str, problem: str) -> FetchError:
    """Make the error for an answer that is not what it should be."""
    return FetchError(
        State.UNREADABLE,
        f"`{where}`: {problem}",
        hint="check that this address is a registry and not something in front of it",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What is known about bytes that were read and not kept."""

    digests: tuple[Digest, ...]
    size: int
