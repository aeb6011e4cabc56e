"""Whom the policy or a lock names, and nobody could ask about.

What a name in `publishers` fits is asked about wherever it comes from. It has a gap of
its own, so that no other that the policy allows stands for it. Only a folder of the
project itself is the project's own code, has no purl, and is nobody's to sign.
"""

from collections.abc import Iterator, Sequence

from mcpchain.component import Component, Kind, Origin, PackageFacts
from mcpchain.inventory import Gap, State
from mcpchain.pipeline.standing import (
    AGAIN,
    Stood,
    has_digest,
    is_image,
    is_package,
)
from mcpchain.policy import Policy


def unattended(
    components: Sequence[Component],
    policy: Policy,
    stood: Stood,
    gaps: Sequence[Gap],
    *,
    offline: bool,
) -> Iterator[Gap]:
    """Yield a gap for each component that somebody has to stand for, unasked.

    Args:
        components: With their refs.
        policy: Who has to stand for what.
        stood: What came of asking.
        gaps: Those that are known already.
        offline: Whether nobody could be asked for that reason.
    """
    told = {each.ref for each in gaps}
    lost = {e.ref for e in gaps if e.stage == "resolve" and e.state.transient}
    for each in components:
        if each.kind is Kind.MCP_SERVER or each.ref in stood.standings:
            continue  # what a server starts is a component of its own
        if not any(one.fits(each) for one in policy.publishers):
            facts = each.facts
            locked = isinstance(facts, PackageFacts) and facts.attested_by
            if not locked or each.ref in told or (offline and is_package(each)):
                continue
        state, hint = _unasked(each, offline=offline, lost=each.ref in lost)
        yield Gap(
            stage="verify",
            location=each.location,
            reason=f"who stands for `{each.title}` is not known, though the policy or "
            "its lock names who has to: no registry was asked about this release",
            state=state,
            hint=hint,
            ref=each.ref,
        )


def _unasked(component: Component, *, offline: bool, lost: bool) -> tuple[State, str]:
    """Return why nobody was asked about *component*, and what would help."""
    facts = component.facts
    if is_image(component):
        if not has_digest(component):
            return State.UNMATCHED, "name it by its digest"
    elif not is_package(component):
        return State.UNSUPPORTED, "verify it by itself: `mcpchain verify`"
    elif isinstance(facts, PackageFacts) and facts.origin is not Origin.REGISTRY:
        return State.UNSUPPORTED, "take it from a registry, which can be asked"
    if offline:
        return State.UNASKED, "run without `--offline`"
    if lost:
        return State.UNASKED, AGAIN
    return State.UNMATCHED, "pin it to a release of a trusted registry"
