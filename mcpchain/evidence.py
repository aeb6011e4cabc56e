"""What was learnt by checking a claim about a component."""

import enum
from dataclasses import dataclass

from mcpchain.artifact import Digest


@enum.unique
class Outcome(enum.Enum):
    """The four answers to a claim. Only the first is good.

    The other three are different kinds of no, and a policy may treat them
    differently: the claim is false, nobody made it, or we could not look.
    """

    VERIFIED = "verified"
    REFUTED = "refuted"
    ABSENT = "absent"
    UNCHECKED = "unchecked"


@enum.unique
class Claim(enum.Enum):
    """What is checked."""

    PINNED_DIGEST = "pinned-digest"
    """The digests that a lock pins are those that the registry publishes."""
    DELIVERED_BYTES = "delivered-bytes"
    """The bytes that the registry delivers have the pinned and published digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The outcome of one claim, and who checked it how."""

    claim: Claim
    outcome: Outcome
    verifier: str
    """Which part of mcpchain looked."""
    detail: str
    """What was compared with what, for a reader."""
    subject: Digest | None = None
    """The bytes that it is about."""
