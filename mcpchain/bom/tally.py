"""Count what a BOM holds that we do not read.

It is said once, not a thousand times, and never not at all.
"""

from mcpchain.component import Location
from mcpchain.inventory import Collector, Gap, State


class Tally:
    """Counts things by what they are.

    Args:
        source: The BOM.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._counts: dict[tuple[str, State], int] = {}
        self._first: dict[tuple[str, State], str] = {}

    def note(
        self, what: str, pointer: str, state: State = State.UNSUPPORTED, count: int = 1
    ) -> None:
        """Count one more of *what*, found at *pointer*."""
        key = (what, state)
        self._first.setdefault(key, pointer)
        self._counts[key] = self._counts.get(key, 0) + count

    def report(self, found: Collector) -> None:
        """Leave one gap for each kind of thing in *found*."""
        for (what, state), count in self._counts.items():
            place = Location(path=self._source, pointer=self._first[what, state])
            found.gap(
                Gap(
                    stage="discover",
                    location=place,
                    reason=f"{what}: {count:,} in all, the first here",
                    state=state,
                    hint="examine the files that the BOM was made from, or check "
                    "these by hand",
                )
            )
