"""Every entry of a folder is listed, whatever others would pass over."""

import os
from pathlib import Path

import pytest

from mcpchain.tree import UnreadableError
from mcpchain.tree.listing import Entry, Form, entries
from mcpchain.tree.root import Root


def test_nothing_is_passed_over_and_no_link_is_followed(tmp_path: Path) -> None:
    for path in (".git/HEAD", "node_modules/a.js", "b/c/d", ".e", "venv/pyvenv.cfg"):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"abc")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("b")
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "out").symlink_to("/")
    os.mkfifo(tmp_path / "pipe")
    found = [*entries(Root(tmp_path))]
    assert [each._replace(stamp=()) for each in found] == [
        Entry(".e", Form.FILE, 3),
        Entry(".git/HEAD", Form.FILE, 3),
        Entry("b/c/d", Form.FILE, 3),
        Entry("gone", Form.LINK, 0),
        Entry("link", Form.LINK, 0),
        Entry("node_modules/a.js", Form.FILE, 3),
        Entry("out", Form.LINK, 0),
        Entry("pipe", Form.OTHER, 0),
        Entry("venv/pyvenv.cfg", Form.FILE, 3),
    ]
    os.utime(tmp_path / ".e", ns=(1, 1))
    (changed,) = {*entries(Root(tmp_path))} - {*found}
    assert changed.path == ".e"


def test_a_name_is_told_so_that_it_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / "a\nb").write_bytes(b"")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).write_bytes(b"")
    assert [each.path for each in entries(Root(tmp_path))] == ["a%0Ab", "%FF"]


def test_one_entry_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(b"")
    assert len([*entries(Root(tmp_path), limit=3)]) == 3
    with pytest.raises(UnreadableError, match="more files than are looked at"):
        [*entries(Root(tmp_path), limit=2)]


def test_a_folder_that_is_too_deep_is_refused(tmp_path: Path) -> None:
    (tmp_path / "/".join("d" * 101)).mkdir(parents=True)
    with pytest.raises(UnreadableError, match="more than 100 folders deep"):
        [*entries(Root(tmp_path))]


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="cannot be read"):
        [*entries(Root(tmp_path / "gone"))]
