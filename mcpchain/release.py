"""What a registry would deliver for a component, now."""

import datetime as dt
import enum
from dataclasses import dataclass

from mcpchain.artifact import Artifact


@enum.unique
class Withdrawal(enum.Enum):
    """How a registry or a publisher takes a release back."""

    YANKED = "yanked"
    """PyPI, PEP 592: do not pick this for new installs."""
    DEPRECATED = "deprecated"
    """npm: the publisher advises against it."""
    QUARANTINED = "quarantined"
    """PyPI, PEP 792: the project is held back, as a rule for malware."""
    MISSING = "missing"
    """The registry knows the package, but not (or no longer) this version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version as the registry offers it, with everything it says about it."""

    registry: str
    """The address that answered, without credentials."""
    name: str
    version: str
    artifacts: tuple[Artifact, ...] = ()
    withdrawal: Withdrawal | None = None
    reason: str = ""
    """Why it was withdrawn, in the registry's or publisher's words."""

    @property
    def published(self) -> dt.datetime | None:
        """When its newest file was uploaded, as far as the registry tells.

        The newest, because a file can be added to an old release.
        """
        times = [each.published for each in self.artifacts if each.published]
        return max(times, default=None)
