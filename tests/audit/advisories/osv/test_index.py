import datetime as dt
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpchain.audit.advisories import Package
from mcpchain.audit.advisories.osv import Index, open_index
from mcpchain.audit.advisories.osv.index import TABLES, cached
from mcpchain.audit.advisories.osv.source import Item, Limits
from mcpchain.errors import UnavailableError, UsageError
from mcpchain.inventory import State

TOOL = Package("pypi", "tool", "1.0")


def record(number: int = 1, name: str = "tool", **parts: object) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": name}
    return {
        "id": f"x_TEST-{number}",
        "modified": "2026-11-20T00:00:00Z",
        "affected": [{"package": package, "versions": ["1.0"]}],
        **parts,
    }


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[..., Path]:
    def write(*records: object, name: str = "all.zip") -> Path:
        with zipfile.ZipFile(tmp_path / name, "w") as target:
            for number, each in enumerate(records):
                raw = each if isinstance(each, bytes) else json.dumps(each)
                target.writestr(f"{number}.json", raw)
        return tmp_path / name

    return write


def ids(index: Index, now: dt.datetime, package: Package = TOOL) -> list[str]:
    with index:
        found = index.look_up([package], now=now).advisories
    return [each.id for known in found.values() for each in known]


def built(cache: Path) -> list[Path]:
    return sorted(cache.iterdir())


def test_a_source_is_indexed_once(
    zipped: Callable[..., Path], cache: Path, now: dt.datetime
) -> None:
    source = zipped(record())
    assert ids(open_index(source, cache=cache), now) == ["x_TEST-1"]
    (file,) = built(cache)
    before = file.stat()
    assert stat.S_IMODE(before.st_mode) == 0o600
    assert ids(open_index(source, cache=cache), now) == ["x_TEST-1"]
    (file,) = built(cache)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
    )


def test_a_changed_source_is_indexed_again_even_if_size_and_time_are_the_same(
    zipped: Callable[..., Path], cache: Path, now: dt.datetime
) -> None:
    source = zipped(record(1))
    status = source.stat()
    assert ids(open_index(source, cache=cache), now) == ["x_TEST-1"]
    source = zipped(record(2))
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert source.stat().st_size == status.st_size
    assert ids(open_index(source, cache=cache), now) == ["x_TEST-2"]
    assert len(built(cache)) == 1


def test_a_changed_folder_is_indexed_again(
    folder: Callable[..., Path], cache: Path, now: dt.datetime
) -> None:
    assert ids(open_index(folder(record(1)), cache=cache), now) == ["x_TEST-1"]
    assert ids(open_index(folder(record(2)), cache=cache), now) == ["x_TEST-2"]
    assert len(built(cache)) == 1


def test_the_indexes_of_other_sources_stay(
    zipped: Callable[..., Path], cache: Path
) -> None:
    for name in ("a.zip", "b.zip"):
        open_index(zipped(record(), name=name), cache=cache).close()
    assert len(built(cache)) == 2


def test_an_index_can_be_a_source_itself(
    zipped: Callable[..., Path], cache: Path, tmp_path: Path, now: dt.datetime
) -> None:
    open_index(zipped(record()), cache=cache).close()
    file = shutil.copy(built(cache)[0], tmp_path / "pypi.sqlite")
    os.chmod(file, 0o400)
    with open_index(Path(file), cache=tmp_path / "unused") as index:
        assert index.name == "pypi.sqlite"
        assert index.look_up([TOOL], now=now).advisories
    assert not (tmp_path / "unused").exists()


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\x00", b"x" * 5000])
def test_a_damaged_cache_is_built_again(
    zipped: Callable[..., Path], cache: Path, now: dt.datetime, data: bytes
) -> None:
    source = zipped(record())
    open_index(source, cache=cache).close()
    (file,) = built(cache)
    file.write_bytes(data)
    assert ids(open_index(source, cache=cache), now) == ["x_TEST-1"]
    assert built(cache) == [file]
    assert file.stat().st_size > 5000


def test_an_index_of_something_else_under_our_name_is_not_believed(
    zipped: Callable[..., Path], cache: Path, now: dt.datetime
) -> None:
    source, other = zipped(record()), zipped(name="empty.zip")
    open_index(source, cache=cache).close()
    (file,) = built(cache)
    open_index(other, cache=cache).close()
    (empty,) = set(built(cache)) - {file}
    shutil.copy(empty, file)
    assert ids(open_index(source, cache=cache), now) == ["x_TEST-1"]


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA user_version = 999",
        "PRAGMA application_id = 1",
        "DROP TABLE affected",
        "CREATE VIEW v AS SELECT 1",
        "ALTER TABLE name ADD COLUMN more",
        "CREATE TRIGGER t AFTER INSERT ON name BEGIN SELECT 1; END",
        "DELETE FROM meta",
        "CREATE TABLE more(x)",
    ],
)
def test_an_index_that_is_not_exactly_ours_is_refused(
    zipped: Callable[..., Path], cache: Path, tmp_path: Path, statement: str
) -> None:
    open_index(zipped(record()), cache=cache).close()
    file = Path(shutil.copy(built(cache)[0], tmp_path / "x.sqlite"))
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()
    with pytest.raises(UnavailableError, match=r"x\.sqlite: cannot be used"):
        open_index(file, cache=cache)


def test_a_view_in_the_place_of_a_table_is_refused(tmp_path: Path, cache: Path) -> None:
    file = tmp_path / "x.sqlite"
    with sqlite3.connect(file) as connection:
        for table in TABLES:
            if "TABLE affected" not in table:
                connection.execute(table)
        connection.execute("CREATE VIEW affected AS SELECT 1")
    connection.close()
    with pytest.raises(UnavailableError, match="no index"):
        open_index(file, cache=cache)


@pytest.mark.parametrize("data", [b"SQLite format 3\x00", b"SQLite format 3\x00" * 99])
def test_a_damaged_index_is_refused(tmp_path: Path, cache: Path, data: bytes) -> None:
    (tmp_path / "x.sqlite").write_bytes(data)
    with pytest.raises(UnavailableError, match=r"x\.sqlite: cannot be used"):
        open_index(tmp_path / "x.sqlite", cache=cache)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE affected SET versions = '{'",
        "UPDATE affected SET versions = 5",
        "UPDATE affected SET severity = 'nice'",
        "UPDATE affected SET versions = NULL, introduced = 'a b'",
        "DELETE FROM record",
        "DELETE FROM name",
        "UPDATE record SET urls = 'x'",
        "UPDATE ecosystem SET purl_type = 'npm'",
        "UPDATE affected SET versions = x'ff'",
        "INSERT INTO flaw VALUES ('pypi', 'tool', 'i', '', 'm', 'nice', 'p')",
        "INSERT INTO flaw VALUES (NULL, NULL, '', '', 'm', 'nice', 'p')",
        "UPDATE dated SET modified = '2026'",
    ],
)
def test_an_index_with_nonsense_in_it_is_never_clean(
    zipped: Callable[..., Path],
    cache: Path,
    tmp_path: Path,
    now: dt.datetime,
    statement: str,
) -> None:
    open_index(zipped(record()), cache=cache).close()
    file = Path(shutil.copy(built(cache)[0], tmp_path / "x.sqlite"))
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()
    with open_index(file, cache=cache) as index:
        try:
            lookup = index.look_up([TOOL], now=now)
        except UnavailableError as error:
            assert "damaged" in str(error)  # noqa: PT017 - a gap is as good
        else:
            assert lookup.gaps or lookup.advisories


@pytest.mark.parametrize("obstacle", ["a file", "open to others", "a link", "closed"])
def test_an_index_is_built_in_memory_where_the_cache_cannot_be_trusted(
    zipped: Callable[..., Path], tmp_path: Path, now: dt.datetime, obstacle: str
) -> None:
    cache = tmp_path / "cache"
    if obstacle == "a file":
        cache.write_bytes(b"")
    elif obstacle == "open to others":
        cache.mkdir()
        cache.chmod(0o777)
    elif obstacle == "a link":
        (tmp_path / "real").mkdir(mode=0o700)
        cache.symlink_to(tmp_path / "real")
    else:
        cache.mkdir(mode=0o500)
        if os.geteuid() == 0:
            # Root may write anywhere, but not below a file.
            cache = zipped(name="empty.zip") / "cache"
    source = zipped(record())
    assert ids(open_index(source, cache=cache), now) == ["x_TEST-1"]
    assert not list(tmp_path.rglob("*.sqlite"))


class Changing:
    """A source that changes between two looks at it."""

    def __init__(self) -> None:
        self._looks = 0

    def digest(self) -> str:
        self._looks += 1
        return f"{self._looks:064}"

    def items(self) -> Iterator[Item]:
        yield Item(member="a", content=json.dumps(record()).encode())

    def is_index(self) -> bool:
        return False

    def close(self) -> None:
        pass


def test_a_source_that_changes_while_it_is_read_leaves_nothing(cache: Path) -> None:
    with pytest.raises(UnavailableError, match="changed while it was read"):
        cached(Changing(), "place", cache)
    assert built(cache) == []


BAD = [
    b"",
    b"\xff",
    b"[]",
    b"[" * 100_000,
    b'{"id": "../x", "affected": []}',
    b'{"id": "x_TEST-8", "schema_version": "2.0.0"}',
    b'{"id": "x_TEST-9", "affected": [7]}',
    b'{"id": "x_TEST-9", "summary": "\\ud800", "affected": "\\ud800"}',
    b'{"id": "x\\ud800"}',
]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_bad_record_is_a_gap_and_never_loses_the_others(
    folder: Callable[..., Path],
    zipped: Callable[..., Path],
    cache: Path,
    now: dt.datetime,
    bad: bytes,
    kind: str,
) -> None:
    write = folder if kind == "folder" else zipped
    source = write(record(1), bad, record(2))
    with open_index(source, cache=cache) as index:
        lookup = index.look_up([TOOL], now=now)
    assert [a.id for a in lookup.advisories[TOOL]] == ["x_TEST-1", "x_TEST-2"]
    (gap,) = lookup.gaps
    assert gap.state is State.UNREADABLE
    assert gap.location.path == f"{source.name}/1.json"
    assert lookup.general == (gap,)


def test_many_bad_records_are_counted_and_ten_are_told(
    zipped: Callable[..., Path], cache: Path, now: dt.datetime
) -> None:
    with open_index(zipped(*[b"{"] * 25, record()), cache=cache) as index:
        lookup = index.look_up([TOOL], now=now)
    assert len(lookup.gaps) == 11
    assert lookup.gaps[-1].reason == "15 more advisory records were not read"


def test_a_flaw_concerns_its_package_alone(
    zipped: Callable[..., Path], cache: Path, now: dt.datetime
) -> None:
    flawed = record(2, "other")
    flawed["affected"][0]["ranges"] = 5
    partly = record(3, "part", references=7)
    other, part = Package("pypi", "other", "2.0"), Package("pypi", "part", "1.0")
    with open_index(zipped(record(), flawed, partly), cache=cache) as index:
        clean = index.look_up([TOOL, Package("pypi", "part", "2.0")], now=now)
        assert (clean.gaps, len(clean.answered)) == ((), 2)
        lookup = index.look_up([TOOL, other, part], now=now)
    assert [(gap.state, gap.reason.partition(":")[0]) for gap in lookup.gaps] == [
        (State.UNREADABLE, "`other@2.0`"),
        (State.PARTIAL, "`part@1.0`"),
    ]
    assert lookup.answered == {TOOL}
    assert lookup.about(other)
    assert {each.name for each in lookup.advisories} == {"tool", "part"}


def test_the_flaws_of_a_withdrawn_record_do_not_matter(
    zipped: Callable[..., Path], cache: Path, now: dt.datetime
) -> None:
    gone = record(2, withdrawn="2026-01-01", references=7)
    gone["affected"][0]["ranges"] = 5
    with open_index(zipped(record(3, "else"), gone), cache=cache) as index:
        assert index.look_up([TOOL], now=now).gaps == ()


def test_a_source_that_is_no_archive_is_a_gap_and_covers_nothing(
    tmp_path: Path, cache: Path, now: dt.datetime
) -> None:
    (tmp_path / "x.zip").write_bytes(b"<html>not found</html>")
    with open_index(tmp_path / "x.zip", cache=cache) as index:
        lookup = index.look_up([TOOL], now=now)
        assert index.coverage(now) == ()
    assert [gap.state for gap in lookup.gaps] == [State.UNREADABLE, State.NO_SOURCE]
    assert lookup.gaps[0].location.path == "x.zip"
    assert lookup.answered == frozenset()


def test_an_empty_source_covers_nothing(
    folder: Callable[..., Path], cache: Path, now: dt.datetime
) -> None:
    with open_index(folder(), cache=cache) as index:
        assert [g.state for g in index.look_up([TOOL], now=now).gaps] == [
            State.NO_SOURCE
        ]


def test_a_source_that_does_not_exist_is_a_mistake_of_the_user(
    tmp_path: Path, cache: Path
) -> None:
    with pytest.raises(UsageError, match="there is no"):
        open_index(tmp_path / "nothing", cache=cache)


def test_the_name_of_a_member_is_told_without_what_does_not_print(
    tmp_path: Path, cache: Path, now: dt.datetime
) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as target:
        target.writestr("a\x1b[31m\n" + "x" * 500 + ".json", b"{")
    with open_index(tmp_path / "all.zip", cache=cache) as index:
        (gap, *_) = index.look_up([TOOL], now=now).gaps
    assert gap.location.path.startswith("all.zip/a?[31m?xxx")
    assert len(gap.location.path) < 160


def test_the_coverage_of_each_ecosystem_is_told(
    zipped: Callable[..., Path], cache: Path, now: dt.datetime
) -> None:
    later = record(2, modified="2027-01-01T00:00:00Z")
    with open_index(zipped(record(1), later), cache=cache) as index:
        (coverage,) = index.coverage(now)
    assert (coverage.purl_type, coverage.records, coverage.future) == ("pypi", 2, 1)
    assert coverage.newest == dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def test_progress_is_told_while_an_index_is_built(
    zipped: Callable[..., Path], cache: Path
) -> None:
    seen: list[int] = []
    source = zipped(*[record()] * 1100)
    open_index(source, cache=cache, progress=seen.append).close()
    assert seen == [500, 1000]


def test_limits_are_obeyed(
    zipped: Callable[..., Path], cache: Path, now: dt.datetime
) -> None:
    source = zipped(record(1), record(2))
    with open_index(source, cache=cache, limits=Limits(records=1)) as index:
        lookup = index.look_up([TOOL], now=now)
    assert len(lookup.advisories[TOOL]) == 1
    assert [gap.state for gap in lookup.gaps] == [State.LIMIT]


def test_a_look_up_loads_nothing_heavy(
    zipped: Callable[..., Path], cache: Path
) -> None:
    source = zipped(record())
    open_index(source, cache=cache).close()
    program = f"""
import datetime as dt, pathlib, sys
from mcpchain.audit.advisories import Package
from mcpchain.audit.advisories.osv import open_index
source, cache = pathlib.Path({str(source)!r}), pathlib.Path({str(cache)!r})
now = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
with open_index(source, cache=cache) as index:
    assert index.look_up([Package("pypi", "tool", "1.0")], now=now).advisories
heavy = ["cvss", "requests", "yaml", "mcpchain.fetch", "hypothesis", "pip_audit",
         "mcpchain.audit.advisories.osv.record", "mcpchain.audit.versions.npm"]
print([each for each in heavy if each in sys.modules])
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
