"""Everything that is known about one component when the rules look at it."""

import datetime as dt
from dataclasses import dataclass

from mcpchain.advisory import Advisory
from mcpchain.component import Component
from mcpchain.evidence import Evidence
from mcpchain.inventory import Gap
from mcpchain.license_terms import LicenseTerms
from mcpchain.release import Release
from mcpchain.standing import Builders, Refused, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A component with all that was learnt about it, and all that was not.

    The target as a whole has a case too: gaps that concern no component are there.
    """

    component: Component
    now: dt.datetime
    """When it is judged, in UTC. A rule has no other clock."""
    trusted_registries: frozenset[str] = frozenset()
    """Addresses that the user or the policy trusts, normalised."""
    trusted_addresses: frozenset[str] = frozenset()
    """Those of the policy, which trusts what lies below them as well, normalised."""
    pulled_in: bool = False
    """Whether it is there only because a package of a server asks for it."""
    moving: Component | None = None
    """A package that this one pulls in, of which another version may be chosen at the
    next start; the nearest, of several."""
    known_version: str = ""
    """Of a server: a version of its package that the registry has, or another server
    names, and of which nothing bad is known."""
    release: Release | None = None
    evidence: tuple[Evidence, ...] = ()
    advisories: tuple[Advisory, ...] = ()
    standing: Standing | None = None
    """Who stands for it. `None`: nobody looked."""
    builders: Builders | None = None
    """What the policy says of builders."""
    licenses: LicenseTerms | None = None
    """Which licences the policy accepts. `None`: it says nothing of them."""
    no_verdict: Refused | None = None
    """Of the target as a whole: why there is no verdict of the stage that the policy
    requires. `None`: there is, or it requires none."""
    gaps: tuple[Gap, ...] = ()
