"""What a difference between two inventories is."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from mcpchain.component import Component
from mcpchain.inventory import Gap

Values = tuple[str, ...]
"""What is said in one field: sorted words; empty where nothing is said."""


@enum.unique
class Alarm(enum.Enum):
    """A change that somebody should look at before anything else."""

    HASH = "other-bytes"
    """The same version or tag, with bytes that it did not have before."""
    TOOL = "tool-changed"
    """What a model is told of a tool is another text, or there is a new tool."""
    REMOTE = "turned-remote"
    """A server or service that ran here runs on somebody else's machine."""
    ENDPOINT = "new-endpoint"
    """A server or service is reached at an address that was not named before."""
    SERVICE = "new-service"
    """The system talks to a service that was not named before."""
    CODE = "new-code"
    """Loading a model runs or imports code that was not named before."""
    TEMPLATE = "template-changed"
    """What a model is told around every message is another text."""
    ENVIRONMENT = "new-environment-name"
    """A server is given a variable or a header that it was not given before."""
    REGISTRY = "other-registry"
    """The same package comes from somewhere else."""
    ATTESTER = "other-attester"
    """A lock names other ones who have to have attested a package, or nobody any more.
    """
    PIN = "loosened-pin"
    """What was fixed is now for its publisher to move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """An alarm, about whom, and what it rests on."""

    alarm: Alarm
    about: Component
    """As it is in the new inventory."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A component that is in both inventories, and not the same in both."""

    old: Component
    new: Component
    fields: Mapping[str, tuple[Values, Values]]
    """By the name of the field, what was said before and what is said now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything that changed; every list in a total order."""

    old: str
    """What the old inventory is of."""
    new: str
    alarms: tuple[Warned, ...] = ()
    added: tuple[Component, ...] = ()
    removed: tuple[Component, ...] = ()
    changed: tuple[Change, ...] = ()
    gaps_added: tuple[Gap, ...] = ()
    """Places that could not be examined, and were not named before."""
    gaps_removed: tuple[Gap, ...] = ()

    def __bool__(self) -> bool:
        return bool(
            self.added
            or self.removed
            or self.changed
            or self.gaps_added
            or self.gaps_removed
        )
