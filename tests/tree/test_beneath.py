import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpchain.tree import beneath

WAYS = {"by descriptor": True, "by path": False}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(tmp_path: Path, way: str) -> Iterator[beneath.Place]:
    root = tmp_path / "root"
    (root / "inner").mkdir(parents=True)
    (root / "inner" / "file").write_bytes(b"inside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_bytes(b"outside")
    (root / "folder-link").symlink_to("inner")
    (root / "way-out").symlink_to(tmp_path / "outside")
    (root / "file-link").symlink_to("inner/file")
    os.mkfifo(root / "pipe")
    opened = beneath.enter(str(root), at=WAYS[way])
    yield opened
    beneath.leave(opened)


def read(place: beneath.Place, name: str) -> bytes:
    with os.fdopen(beneath.open_file(place, name), "rb") as stream:
        return stream.read()


def test_a_file_two_folders_down_is_opened(tmp_path: Path, way: str) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"x")
    place = beneath.descend(str(tmp_path), ["a", "b"], at=WAYS[way])
    try:
        assert read(place, "c") == b"x"
    finally:
        beneath.leave(place)


def test_a_step_into_a_folder_is_taken(place: beneath.Place) -> None:
    inner = beneath.step(place, "inner")
    try:
        assert read(inner, "file") == b"inside"
    finally:
        beneath.leave(inner)


@pytest.mark.parametrize(
    "name", ["folder-link", "way-out", "pipe", "none", "..", ".", "", "a/b", "a\0b"]
)
def test_no_step_leads_through_a_link_or_up(place: beneath.Place, name: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - whichever the system gives
        beneath.step(place, name)


@pytest.mark.parametrize(
    "name",
    [
        "file-link",
        "inner",
        "pipe",
        "none",
        "..",
        ".",
        "",
        "inner/file",
        "x\0",
        "way-out",
    ],
)
def test_nothing_but_a_regular_file_is_opened(place: beneath.Place, name: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - whichever the system gives
        beneath.open_file(place, name)


@pytest.mark.parametrize("name", ["file", "none"])
def test_a_root_that_is_no_folder_is_refused(
    tmp_path: Path, name: str, way: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError):  # noqa: PT011 - whichever the system gives
        beneath.enter(str(tmp_path / name), at=WAYS[way])


def test_a_refusal_on_the_way_down_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    before = len(os.listdir("/proc/self/fd"))
    for names in (["a", "none"], ["none"]):
        with pytest.raises(FileNotFoundError):
            beneath.descend(str(tmp_path), names)
    assert len(os.listdir("/proc/self/fd")) == before
