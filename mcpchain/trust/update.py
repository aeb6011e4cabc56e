"""Ask the owner of the public instance for newer roots (python-tuf).

The client of TUF keeps the rules: signatures, versions that only grow, expiry. It works
in a folder of its own that is thrown away; what it has accepted is put together as one
file, and verified again as on every later use.
"""

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.api.metadata import Metadata, Targets
from tuf.ngclient import FetcherInterface, Updater

from mcpchain.errors import UnavailableError
from mcpchain.trust.updated import Record, Update, npm_keys, read, verify

PUBLIC: Final = "https://tuf-repo-cdn.sigstore.dev"
"""Where the public instance keeps its TUF repository. Whoever answers there is believed
nothing that is not signed under the TUF root that came with mcpchain."""
_ROOT: Final = "trusted_root.json"
_HISTORY: Final = "root_history"

Download = Callable[[str], bytes | None]
"""Returns what is at an address; `None` if there is nothing. Raises an error of ours
if that cannot be told, and for more than `updated` would take."""


class _Door(FetcherInterface):
    """Lets the client of TUF reach the network through our own door alone."""

    def __init__(self, download: Download) -> None:
        super().__init__()
        self._download = download

    def _fetch(self, url: str) -> Iterator[bytes]:
        # A generator: what our door raises passes as it is, with its hint.
        data = self._download(url)
        if data is None:
            raise DownloadHTTPError(f"`{url}` is not there", 404)
        yield data


def update(
    bootstrap: bytes,
    before: bytes | None,
    download: Download,
    *,
    url: str,
    date: dt.date,
) -> tuple[Record, Update]:
    """Return the newest of what is offered at *url*.

    Args:
        bootstrap: The TUF root that is trusted beforehand.
        before: The last update, which nothing may be older than.
        download: How to reach the network.
        url: Of the repository; its files lie below `targets/`.
        date: Today.

    Raises:
        UnavailableError: It is not signed, older than what is known, or expired.
    """
    url = url.rstrip("/")
    with tempfile.TemporaryDirectory(prefix="mcpchain-") as made:
        folder = Path(made)
        if before is not None:
            old = read(before)
            verify(old, bootstrap)
            _lay_out(old, folder)
        (folder / "files").mkdir()
        updater = Updater(
            metadata_dir=made,
            metadata_base_url=url,
            target_dir=str(folder / "files"),
            target_base_url=f"{url}/targets",
            fetcher=_Door(download),
            bootstrap=bootstrap,
        )
        try:
            files = _files(updater, folder)
        except (RepositoryError, DownloadError, ValueError) as error:
            raise UnavailableError(
                f"what `{url}` offers is refused: {error}",
                hint="try again later; if it stays so, ask who keeps the repository",
            ) from error
        record = Record(
            date=date,
            url=url,
            roots={
                int(each.name.partition(".")[0]): each.read_bytes()
                for each in (folder / _HISTORY).iterdir()
            },
            metadata={
                unquote(each.stem): each.read_bytes()
                for each in folder.glob("*.json")
                if each.stem != "root"
            },
            files=files,
        )
        return record, verify(record, bootstrap)


def _lay_out(old: Record, folder: Path) -> None:
    """Put the metadata where the client of TUF looks for what it knew before."""
    (folder / _HISTORY).mkdir()
    for version, data in old.roots.items():
        (folder / _HISTORY / f"{version}.root.json").write_bytes(data)
    for role, data in old.metadata.items():
        (folder / f"{quote(role, '')}.json").write_bytes(data)


def _files(updater: Updater, folder: Path) -> dict[str, bytes]:
    updater.refresh()
    wanted = [_ROOT]
    targets = Metadata[Targets].from_file(str(folder / "targets.json")).signed
    if (keys := npm_keys(targets)) is not None:
        wanted.append(keys[1])
    found = {}
    for path in wanted:
        target = updater.get_targetinfo(path)
        if target is not None:
            found[path] = Path(updater.download_target(target)).read_bytes()
        elif path == _ROOT:
            raise ValueError(f"it has no `{_ROOT}`")
    return found
