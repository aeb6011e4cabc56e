"""Answers about packages, where no signature had to be looked at for them."""

from mcpchain.component import Component
from mcpchain.fetch import FetchError
from mcpchain.inventory import State
from mcpchain.signature import Status, Verification


def told(package: Component, status: Status, reason: str) -> Verification:
    """Say of *package* what needs no signature to be known."""
    kind = package.purl.type if package.purl else ""
    return Verification(
        status=status, reason=reason, kind=f"{kind}-package", subject=package.title
    )


def failed(package: Component, error: FetchError) -> Verification:
    """Tell why there is no page about it; a name that is not known is no failure."""
    if error.state is State.OFFLINE:
        kind = package.purl.type if package.purl else "it"
        # Of hundreds this is told once.
        reason = f"the registry of {kind} was not asked (offline)"
        return told(package, Status.ERROR, reason)
    known = error.state is not State.MISSING
    status = Status.ERROR if known else Status.UNVERIFIABLE
    return told(package, status, error.reason)


def lacking(package: Component, error: FetchError) -> Verification:
    """Tell why attestations that a registry speaks of are not there.

    What may be otherwise the next time is an error; an answer that is none, is not.
    """
    if error.state is State.MISSING:
        reason = f"attestations are spoken of, and are not there: {error.reason}"
        return told(package, Status.MISSING, reason)
    status = Status.ERROR if error.state.transient else Status.UNVERIFIABLE
    return told(package, status, error.reason)
