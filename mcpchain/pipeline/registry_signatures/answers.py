"""What is known of a package before any signature of it is looked at."""

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
    """Tell a failure: a registry that does not know it is no failure of ours."""
    known = error.state is not State.MISSING
    status = Status.ERROR if known else Status.UNVERIFIABLE
    return told(package, status, error.reason)
