import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mcpchain.audit.advisories import Lookup, Package
from mcpchain.audit.advisories.osv import open_index

Look = Callable[..., Lookup]


@pytest.fixture
def now() -> dt.datetime:
    return dt.datetime(2026, 11, 25, tzinfo=dt.UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Write a folder of records, given as objects or as raw bytes."""

    def write(*records: object) -> Path:
        path = tmp_path / "osv"
        path.mkdir(exist_ok=True)
        for number, record in enumerate(records):
            raw = record if isinstance(record, bytes) else json.dumps(record).encode()
            (path / f"{number}.json").write_bytes(raw)
        return path

    return write


@pytest.fixture
def look(
    folder: Callable[..., Path], tmp_path: Path, now: dt.datetime
) -> Iterator[Look]:
    """Look packages (`pypi/name@version`) up in some records."""
    with ExitStack() as stack:

        def look_up(
            records: list[object], *packages: str, max_age: dt.timedelta | None = None
        ) -> Lookup:
            index = open_index(folder(*records), cache=tmp_path / "cache")
            stack.enter_context(index)
            asked = []
            for each in packages:
                purl_type, _, rest = each.partition("/")
                name, at, version = rest.rpartition("@")
                asked.append(
                    Package(purl_type, name, version)
                    if at and name
                    else Package(purl_type, rest, None)
                )
            return index.look_up(asked, now=now, max_age=max_age)

        yield look_up
