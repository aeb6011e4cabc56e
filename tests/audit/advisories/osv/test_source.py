import io
import json
import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.audit.advisories.osv.source import Archive, Flaw, Limits, open_source
from mcpchain.errors import UsageError
from mcpchain.inventory import State


def items(path: Path, limits: Limits | None = None) -> dict[str, bytes | State]:
    with closing(open_source(path, limits or Limits())) as source:
        return {
            each.member: each.content.state
            if isinstance(each.content, Flaw)
            else each.content
            for each in source.items()
        }


def digest(path: Path) -> str:
    with closing(open_source(path, Limits())) as source:
        return source.digest()


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return path


def patched(path: Path, old: bytes, new: bytes) -> Path:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    return path


def test_a_folder_is_read_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "x.json").write_bytes(b"1")
    (tmp_path / "y.JSON").write_bytes(b"2")
    (tmp_path / "README.md").write_bytes(b"3")
    assert items(tmp_path) == {"a/b/x.json": b"1", "y.JSON": b"2"}


def test_a_link_out_of_the_folder_is_a_flaw_and_its_neighbours_are_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "secret.json").write_bytes(b"secret")
    folder = tmp_path / "osv"
    folder.mkdir()
    (folder / "x.json").write_bytes(b"1")
    (folder / "out.json").symlink_to(tmp_path / "secret.json")
    (folder / "loop").symlink_to(folder)
    (folder / "gone.json").symlink_to(folder / "nothing")
    found = items(folder)
    found.pop("loop", None)
    assert found == {
        "x.json": b"1",
        "out.json": State.UNREADABLE,
        "gone.json": State.UNREADABLE,
    }


def test_a_pipe_in_the_folder_does_not_hang_us(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.json")
    assert items(tmp_path) == {"x.json": State.UNREADABLE}


def test_a_folder_is_read_within_limits(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.json").write_bytes(b"12345")
    found = items(tmp_path, Limits(record_bytes=4))
    assert set(found.values()) == {State.LIMIT}
    found = items(tmp_path, Limits(records=2))
    assert found == {"a.json": b"12345", "b.json": b"12345", "c.json": State.LIMIT}
    found = items(tmp_path, Limits(total_bytes=4))
    assert found == {"a.json": b"12345", "b.json": State.LIMIT}


def test_an_archive_is_read_whatever_its_members_are_called(tmp_path: Path) -> None:
    names = ["a.json", "/etc/x.json", "../up.json", "d/e.json", "n\nl.json"]
    path = archive(tmp_path / "all.zip", **{name: name.encode() for name in names})
    with zipfile.ZipFile(path, "a") as target:
        target.mkdir("folder.json")
        target.writestr("README.md", "x")
    assert items(path) == {name: name.encode() for name in names}
    assert os.listdir(tmp_path) == ["all.zip"]


def test_two_members_with_one_name_are_both_read(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("a.json", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            target.writestr("a.json", "2")
    with closing(open_source(path, Limits())) as source:
        assert [each.content for each in source.items()] == [b"1", b"2"]


def test_an_empty_archive_holds_nothing(tmp_path: Path) -> None:
    assert items(archive(tmp_path / "all.zip")) == {}


def test_a_bomb_is_a_flaw_and_its_neighbours_are_read(tmp_path: Path) -> None:
    path = archive(tmp_path / "all.zip", **{"a.json": b"0" * 100_000, "b.json": b"1"})
    found = items(path, Limits(record_bytes=1000))
    assert found == {"a.json": State.LIMIT, "b.json": b"1"}


def test_an_archive_is_read_within_limits(tmp_path: Path) -> None:
    path = archive(tmp_path / "all.zip", **{f"{n}.json": b"12345" for n in "abc"})
    assert items(path, Limits(total_bytes=4)) == {
        "a.json": b"12345",
        "b.json": State.LIMIT,
    }
    found = items(path, Limits(records=2))
    assert found == {"a.json": b"12345", "b.json": b"12345", "c.json": State.LIMIT}


@pytest.mark.parametrize("zip64", [False, True])
def test_a_huge_directory_is_refused_before_it_is_loaded(
    tmp_path: Path, *, zip64: bool
) -> None:
    path = tmp_path / "all.zip"
    size = 1 << 40 if zip64 else 1 << 31
    end64 = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, size, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    claimed = 0xFFFFFFFF if zip64 else size
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 1, 1, claimed, 0, 0)
    path.write_bytes((end64 + locator if zip64 else b"") + end)
    assert items(path) == {"": State.LIMIT}


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"PK\x05\x06", b"PK\x03\x04" + b"\x00" * 100, b"\x00" * 70_000],
)
def test_what_is_no_archive_is_a_flaw(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "all.zip"
    path.write_bytes(data)
    assert items(path) == {"": State.UNREADABLE}


def test_a_truncated_archive_is_a_flaw(tmp_path: Path) -> None:
    path = archive(tmp_path / "all.zip", **{"a.json": b"1" * 1000})
    path.write_bytes(path.read_bytes()[:-30])
    assert items(path) == {"": State.UNREADABLE}


@pytest.mark.parametrize(
    ("old", "new", "state"),
    [
        (b"QQQQ", b"QQQR", State.UNREADABLE),  # the checksum is wrong
        (b"PK\x03\x04", b"PK\x03\x05", State.UNREADABLE),  # no local header
    ],
)
def test_a_damaged_member_is_a_flaw_and_its_neighbours_are_read(
    tmp_path: Path, old: bytes, new: bytes, state: State
) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("a.json", "QQQQ")
        start = target.fp.tell() if target.fp else 0
        target.writestr("b.json", "1")
    data = path.read_bytes()
    path.write_bytes(data[:start].replace(old, new) + data[start:])
    assert items(path) == {"a.json": state, "b.json": b"1"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_that_osv_does_not_use_is_a_flaw(tmp_path: Path, method: int) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", method) as target:
        target.writestr("a.json", "1")
    assert items(path) == {"a.json": State.UNSUPPORTED}


@pytest.mark.parametrize("flag", [0x1, 0x20, 0x40])
def test_an_encrypted_or_patched_member_is_a_flaw_and_its_neighbours_are_read(
    tmp_path: Path, flag: int
) -> None:
    path = archive(tmp_path / "all.zip", **{"a.json": b"1", "b.json": b"2"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= flag
    path.write_bytes(data)
    assert items(path) == {"a.json": State.UNSUPPORTED, "b.json": b"2"}


@pytest.mark.parametrize("name", [b"\0.json", b"a\0json", b"\0\0\0\0\0\0"])
def test_a_member_whose_name_is_cut_off_is_a_flaw_and_its_neighbours_are_read(
    tmp_path: Path, name: bytes
) -> None:
    path = archive(tmp_path / "all.zip", **{"a.json": b"1", "b.json": b"2"})
    patched(path, b"a.json", name)
    cut = name.partition(b"\0")[0].decode()
    assert items(path) == {cut: State.UNREADABLE, "b.json": b"2"}


def test_a_member_that_lies_at_the_end_of_the_file_is_a_flaw(tmp_path: Path) -> None:
    path = archive(tmp_path / "all.zip", **{"a.json": b"1", "b.json": b"2"})
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, data.index(b"PK\x01\x02") + 42, len(data) - 10)
    path.write_bytes(data)
    assert items(path) == {"a.json": State.UNREADABLE, "b.json": b"2"}


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_the_digest_changes_with_the_content_even_if_size_and_time_do_not(
    tmp_path: Path, kind: str
) -> None:
    if kind == "folder":
        path = tmp_path / "osv"
        path.mkdir()
        file = path / "a.json"
        file.write_bytes(b"12345")
    else:
        file = path = archive(tmp_path / "all.zip", **{"a.json": b"12345"})
    before, status = digest(path), file.stat()
    assert digest(path) == before
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file.stat().st_size == status.st_size
    assert digest(path) != before


def test_the_digest_of_a_folder_tells_where_names_and_contents_end(
    tmp_path: Path,
) -> None:
    seen = set()
    for number, files in enumerate(
        [{}, {"a": b""}, {"a": b"b"}, {"ab": b""}, {"a": b"", "b": b""}, {"b": b"a"}]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in files.items():
            (folder / f"{name}.json").write_bytes(content)
        seen.add(digest(folder))
    assert len(seen) == 6


def test_what_is_no_source_at_all_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no"):
        open_source(tmp_path / "x", Limits())
    os.mkfifo(tmp_path / "x")
    with pytest.raises(UsageError, match="no regular file"):
        open_source(tmp_path / "x", Limits())


def test_a_name_that_the_system_refuses_is_a_flaw(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    assert items(path) == {"": State.UNREADABLE}
    with closing(open_source(path, Limits())) as source:
        assert source.digest()
        assert not source.is_index()


def test_only_a_file_that_begins_like_sqlite_is_an_index(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"SQLite format 3\x00 and so on")
    (tmp_path / "y").write_bytes(b"SQLite format 3")
    for path, expected in [("x", True), ("y", False), (".", False)]:
        with closing(open_source(tmp_path / path, Limits())) as source:
            assert source.is_index() == expected


def contents(data: bytes) -> Iterator[bytes | Flaw]:
    with closing(Archive(io.BytesIO(data), Limits(record_bytes=1000))) as source:
        yield from (each.content for each in source.items())


def small() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name in "ab":
            target.writestr(f"{name}.json", json.dumps({"id": name}))
    return stream.getvalue()


@settings(max_examples=100)
@given(st.integers(0, len(small()) - 1), st.binary(min_size=1, max_size=4))
def test_any_damage_is_a_flaw_or_changes_nothing(at: int, damage: bytes) -> None:
    data = bytearray(small())
    data[at : at + len(damage)] = damage
    for content in contents(bytes(data)):
        assert isinstance(content, bytes | Flaw)
