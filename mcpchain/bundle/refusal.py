"""How a step of a verification ends it."""

from mcpchain.signature import Status


class RefusedError(Exception):
    """A check failed. It never leaves the package: `verify` tells it."""

    def __init__(
        self, check: str, reason: str, status: Status = Status.INVALID
    ) -> None:
        super().__init__(reason)
        self.check = check
        self.reason = reason
        self.status = status
