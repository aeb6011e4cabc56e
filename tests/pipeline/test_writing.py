"""Files are written as a whole, and together, or not at all."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mcpchain.errors import McpchainError, UnavailableError, UsageError
from mcpchain.pipeline.writing import write_all


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_all_are_written(mode: int, tmp_path: Path) -> None:
    files = {tmp_path / "a": b"1", tmp_path / "b": b"2"}
    write_all(files, replace=False, mode=mode)
    assert names(tmp_path) == ["a", "b"]
    assert {path: path.read_bytes() for path in files} == files
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == mode
        assert path.stat().st_nlink == 1


def test_what_is_there_is_replaced_only_if_asked(tmp_path: Path) -> None:
    there = tmp_path / "b"
    there.write_bytes(b"old")
    files = {tmp_path / "a": b"1", there: b"2"}
    with pytest.raises(UsageError, match="File exists"):
        write_all(files, replace=False)
    assert (names(tmp_path), there.read_bytes()) == (["b"], b"old")
    write_all(files, replace=True)
    assert there.read_bytes() == b"2"


def test_a_link_is_followed_or_in_the_way(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "real").write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to(inner / "real")
    with pytest.raises(UsageError):
        write_all({link: b"new"}, replace=False)
    write_all({link: b"new"}, replace=True)
    assert ((inner / "real").read_bytes(), link.is_symlink()) == (b"new", True)


@pytest.mark.parametrize("place", ["no/such", "file/x"])
def test_a_place_that_is_none_leaves_nothing(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(McpchainError):
        write_all({tmp_path / "a": b"1", tmp_path / place: b"2"}, replace=False)
    assert names(tmp_path) == ["file"]


FULL = """\
import resource, sys
from pathlib import Path
from mcpchain.errors import UnavailableError
from mcpchain.pipeline.writing import write_all
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
folder = Path(sys.argv[1])
try:
    write_all({folder / "a": b"1", folder / "b": b"2" * 2000}, replace=True)
except UnavailableError as error:
    print(error)
"""


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"`{tmp_path}/b` cannot be written: File too large\n"
    assert (names(tmp_path), (tmp_path / "a").read_bytes()) == (["a"], b"old")


def test_what_cannot_be_placed_is_ours_to_tell(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises((UsageError, UnavailableError)):
        write_all({tmp_path / "folder": b"1"}, replace=True)
    assert names(tmp_path) == ["folder"]
    assert os.listdir(tmp_path / "folder") == []


ENDED = """\
import os, sys
from pathlib import Path
from mcpchain.pipeline import writing
folder, link = Path(sys.argv[1]), os.link
def ended(part, path):
    link(part, path)
    if path.name == "b":
        raise KeyboardInterrupt
os.link = ended
writing.write_all({folder / "a": b"1", folder / "b": b"2"}, replace=False)
"""


def test_an_interrupt_between_two_leaves_neither(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ENDED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert b"KeyboardInterrupt" in done.stderr
    assert names(tmp_path) == []


def test_what_was_replaced_before_a_failure_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    files = {tmp_path / "a": b"1", tmp_path / "folder": b"2"}
    with pytest.raises(UnavailableError, match=r"; 1 replaced before: `.*/a`"):
        write_all(files, replace=True)
    assert names(tmp_path) == ["a", "folder"]
