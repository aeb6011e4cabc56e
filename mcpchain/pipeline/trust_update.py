"""Ask the owner of the public instance for newer roots: the one place that does."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from mcpchain import trust
from mcpchain.bundle.root import parse as parse_root
from mcpchain.errors import MalformedError, UnavailableError
from mcpchain.fetch import Fetcher, FetchError, Request
from mcpchain.inventory import State
from mcpchain.pipeline.circumstances import Circumstances
from mcpchain.pipeline.trusting import shipped_on, updated
from mcpchain.settings import load
from mcpchain.trust import TrustFile
from mcpchain.trust.folder import Folder
from mcpchain.trust.update import PUBLIC
from mcpchain.trust.update import update as ask
from mcpchain.trust.updated import read, write
from mcpchain.verify.npm_signatures import read_keys

_FILE: Final = 5_000_000
"""How many bytes one file of a TUF repository may have (python-tuf's own limit)."""
_STEPS: Final = 7
"""How many files an update asks for, as a rule."""


def update(
    folder: Path,
    terms: Circumstances,
    url: str | None = None,
    bootstrap: bytes | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[TrustFile, ...]:
    """Ask for newer roots, and keep them.

    Args:
        folder: Where roots are kept.
        terms: When and where it is asked.
        url: A mirror of the repository of the public instance.
        bootstrap: The TUF root to begin with. `None`: the one that came with mcpchain.
        progress: Called with (files fetched, files as a rule).

    Raises:
        UnavailableError: The network is off, or what it offers is refused.
    """
    held, first = Folder(folder), bootstrap or trust.find(trust.TUF).data
    before = held.read(trust.UPDATE)
    if before is not None and read(before).date < shipped_on():
        before = None
    settings = load(terms.environ, home=terms.home, projects=terms.projects)
    with Fetcher(
        offline=terms.offline, route=settings.route, clock=terms.now.timestamp
    ) as fetcher:
        record, found = ask(
            first,
            before,
            _download(fetcher, progress),
            url=url or PUBLIC,
            date=terms.now.date(),
        )
    try:
        for name, data in found.files.items():
            if name == trust.NPM:
                read_keys(data, source=name)
            else:
                parse_root(data, name=name)
    except MalformedError as error:
        raise UnavailableError(
            f"what was updated cannot be used: {error}", hint="use a newer mcpchain"
        ) from error
    held.write(trust.UPDATE, write(record))
    return updated(held, bootstrap)


def _download(
    fetcher: Fetcher, progress: Callable[[int, int], None] | None
) -> Callable[[str], bytes | None]:
    done = 0

    def download(url: str) -> bytes | None:
        nonlocal done
        done += 1
        if progress:
            progress(done, max(done, _STEPS))
        asked = Request(url=url, accept="*/*", limit=_FILE, keep=False)
        try:
            return fetcher.fetch(asked).body
        except FetchError as error:
            if error.state is State.MISSING:
                return None
            raise

    return download
