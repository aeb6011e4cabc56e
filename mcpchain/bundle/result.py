"""What came of looking at one signature. Six answers, never collapsed into two."""

import datetime as dt
import enum
from dataclasses import dataclass, field

from mcpchain.bundle.identity import Identity
from mcpchain.bundle.statement import Statement


@enum.unique
class Status(enum.Enum):
    """The answer to: who stands for these bytes? Only the first is a yes."""

    VERIFIED = "verified"
    """The signature holds, and it is of whom the user asked for."""
    INVALID = "invalid"
    """Something that is signed, logged or certified does not hold."""
    UNTRUSTED_IDENTITY = "untrusted-identity"
    """The signature holds, and it is somebody else's."""
    UNVERIFIABLE = "unverifiable"
    """It cannot be told here: a root that is too old, a format that is not read."""
    MISSING = "missing"
    """Nobody signed it, as far as could be looked."""
    ERROR = "error"
    """We could not look: the network, a file, a limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One step of a verification, and what came of it."""

    id: str
    """`signature`, `log`, `time`, `chain`, `sct`, `identity`, `statement`, ..."""
    ok: bool
    detail: str
    """What was compared with what, for a reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTime:
    """A time that somebody whom the root trusts has signed."""

    source: str
    """`log` or `timestamp`, and whose."""
    time: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The answer for one bundle, and all that it rests on."""

    status: Status
    reason: str
    """Why it is that answer, in one sentence; the failed check's words."""
    checks: tuple[Check, ...] = ()
    """In the order in which they were made. After one that failed none is made."""
    identity: Identity | None = None
    """Who the certificate says signed; believed only if `status` is `VERIFIED` or
    `UNTRUSTED_IDENTITY`."""
    key: str = ""
    """SHA-256 of the public key (SubjectPublicKeyInfo), where a managed key signed."""
    times: tuple[SignedTime, ...] = ()
    root: str = ""
    """Which trusted root was used: its name and SHA-256."""
    statement: Statement | None = field(default=None, repr=False)
    """What the envelope says; believed as little as `identity`."""

    def __bool__(self) -> bool:
        """Say whether it is a yes."""
        return self.status is Status.VERIFIED


class RefusedError(Exception):
    """A check failed. Never leaves the package: `verify` makes a `Result` of it."""

    def __init__(
        self, check: str, reason: str, status: Status = Status.INVALID
    ) -> None:
        super().__init__(reason)
        self.check = check
        self.reason = reason
        self.status = status
