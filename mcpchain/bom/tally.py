"""Count what a BOM holds that we do not read.

It is said once, not a thousand times, and never not at all.
"""

from collections.abc import Iterator
from typing import Final

from mcpchain.component import Location
from mcpchain.inventory import Gap, State

_ENDING: Final = " in all, the first here"


class Tally:
    """Counts things by what they are.

    Args:
        source: The BOM.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._counts: dict[tuple[str, State], int] = {}
        self._first: dict[tuple[str, State], Location] = {}
        self._said: set[tuple[str, State]] = set()

    def said(self, gap: Gap) -> None:
        """Say no more of what *gap*, which a BOM of ours lists, has said already."""
        if gap.reason.endswith(_ENDING):
            self._said.add((gap.reason.rpartition(": ")[0], gap.state))

    def note(
        self, what: str, pointer: str, state: State = State.UNSUPPORTED, count: int = 1
    ) -> None:
        """Count one more of *what*, found at *pointer*."""
        self.note_at(what, Location(path=self._source, pointer=pointer), state, count)

    def note_at(
        self,
        what: str,
        place: Location,
        state: State = State.UNSUPPORTED,
        count: int = 1,
    ) -> None:
        """Count one more of *what*, found at *place*."""
        key = (what, state)
        self._first.setdefault(key, place)
        self._counts[key] = self._counts.get(key, 0) + count

    def gaps(self) -> Iterator[Gap]:
        """Yield one gap for each kind of thing."""
        for (what, state), count in self._counts.items():
            if (what, state) in self._said:
                continue
            yield Gap(
                stage="discover",
                location=self._first[what, state],
                reason=f"{what}: {count:,}{_ENDING}",
                state=state,
                hint="examine the files that the BOM was made from, or check these by "
                "hand",
            )
