"""Pages of registries, each asked for once, within limits that hold for a whole run."""

import threading
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from typing import Final, Generic, TypeVar

from mcpchain.errors import MalformedError
from mcpchain.fetch import Fetcher, FetchError, Request, Response, unreadable
from mcpchain.inventory import State
from mcpchain.settings import Settings

PACKAGES: Final = 5_000
"""How many packages may be asked for."""
BYTES: Final = 1 << 30
"""How many bytes of answers are read, after decompression."""

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Door:
    """The way to the registries, and how much of it is used up.

    Args:
        fetcher: The network.
        settings: Whose credentials are presented.
        progress: Called with (pages read, pages known of).
    """

    def __init__(
        self,
        fetcher: Fetcher,
        settings: Settings,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.fetcher = fetcher
        self.settings = settings
        self._progress = progress
        self._bytes = BYTES
        self._done = 0
        self._lock = threading.Lock()

    @property
    def exhausted(self) -> bool:
        """Whether all the bytes that may be read are read."""
        return self._bytes <= 0

    def weigh(self, response: Response) -> None:
        """Count the bytes of *response*."""
        with self._lock:
            self._bytes -= len(response.body)

    def pass_on(self, done: int, total: int) -> None:
        """Report the progress of one round."""
        if self._progress:
            self._progress(self._done + done, self._done + total)
        if done == total:
            self._done += total


class Library(Generic[_K, _V]):
    """Answers of one kind, by what was asked.

    Args:
        door: The way to the registries.
        ask: Makes the request; raises ValueError where there is nothing to ask.
        read: Makes something small of the answer, in any thread.
        limit: How many answers are asked for.
    """

    def __init__(
        self,
        door: Door,
        ask: Callable[[_K], Request],
        read: Callable[[_K, Response], _V],
        limit: int = PACKAGES,
    ) -> None:
        self._door = door
        self._left = limit
        self._ask = ask
        self._read = read
        self._known: dict[_K, _V | FetchError] = {}

    def __getitem__(self, key: _K) -> _V | FetchError:
        self.load([key])
        return self._known[key]

    def load(self, keys: Iterable[_K]) -> None:
        """Ask for all of *keys* that were not asked for yet, at once."""
        asked: list[tuple[_K, Request]] = []
        for key in dict.fromkeys(keys):
            if key in self._known:
                continue
            try:
                request = self._ask(key)
                self._reserve()
            except ValueError as error:
                hint = "correct the name where it is written"
                self._known[key] = FetchError(State.UNMATCHED, str(error), hint=hint)
            except FetchError as error:
                self._known[key] = error
            else:
                login = self._door.settings.credential(request.url)
                asked.append((key, replace(request, credential=login)))

        def read(index: int, response: Response) -> _V:
            self._door.weigh(response)
            try:
                return self._read(asked[index][0], response)
            except MalformedError as error:
                at = f"{error.pointer}: " if error.pointer else ""
                raise unreadable(error.source, f"{at}{error.problem}") from error

        found = self._door.fetcher.fetch_all(
            [request for _, request in asked], read, self._door.pass_on
        )
        self._known.update(zip((key for key, _ in asked), found, strict=True))

    def _reserve(self) -> None:
        """Take one of the answers that may be asked for.

        Raises:
            FetchError: There is none left.
        """
        if self._left <= 0 or self._door.exhausted:
            raise FetchError(
                State.LIMIT,
                "servers pull in more packages than are looked up in one run",
                hint="examine fewer servers at a time",
            )
        self._left -= 1
