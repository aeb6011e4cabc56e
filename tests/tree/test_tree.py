import os
from pathlib import Path, PurePosixPath

import pytest

from mcpchain.inventory import Gap, State
from mcpchain.tree import File, Tree, UnreadableError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "top.txt").write_bytes(b"top")
    (folder / "sub" / "Mid.TXT").write_bytes(b"mid")
    (tmp_path / "outside.txt").write_bytes(b"outside")
    return folder


@pytest.mark.parametrize(
    "path",
    ["a", "a.B", ".b", "a.", "a.b.C", "d.x/a", "d/.a", "d/a.", "d/..a", "d/a b.C d"],
)
def test_name_and_suffix_are_those_of_a_posix_path(root: Path, path: str) -> None:
    file, pure = File(tree=Tree(root), path=path), PurePosixPath(path)
    assert (file.name, file.suffix) == (pure.name, pure.suffix.lower())


def test_a_file_knows_its_name_suffix_size_and_content(root: Path) -> None:
    file = Tree(root).file("sub/./deep/../Mid.TXT")
    assert (file.path, file.name, file.suffix) == ("sub/Mid.TXT", "Mid.TXT", ".txt")
    assert (file.head, file.read(), file.size()) == (b"mid", b"mid", 3)


def test_a_file_as_large_as_the_limit_is_read_and_a_larger_one_is_a_gap(
    root: Path,
) -> None:
    file = Tree(root).file("top.txt")
    assert file.read(limit=3) == b"top"
    with pytest.raises(UnreadableError, match="larger than 2 bytes") as caught:
        file.read(limit=2)
    gap = caught.value.gap("audit")
    assert (gap.stage, gap.state, gap.location.path) == (
        "audit",
        State.LIMIT,
        "top.txt",
    )


def test_only_one_file_is_looked_at_if_only_it_is_asked_for(root: Path) -> None:
    (found,) = Tree(root, only="top.txt").files()
    assert isinstance(found, File)
    assert found.head == b"top"
    (gap,) = Tree(root, only="none").files()
    assert isinstance(gap, Gap)
    assert gap.reason.startswith("cannot be read")


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt",
        "sub/../../outside.txt",
        "..",
        ".",
        "",
        "/etc/passwd",
        "top.txt/",
        "top.txt/x",
        "%2E%2E/outside.txt",
        "sub%2F..%2F..%2Foutside.txt",
        "a%00b",
        "none",
        "x" * 300,
        "d/" * 3000 + "f",
    ],
)
def test_no_path_leads_out_of_the_tree_or_to_what_is_no_file(
    root: Path, path: str
) -> None:
    if path == "top.txt/":
        assert Tree(root).file(path).read() == b"top"
        return
    with pytest.raises(UnreadableError) as caught:
        Tree(root).file(path)
    assert caught.value.gap().state is State.UNREADABLE


@pytest.mark.parametrize(
    ("relative", "content"),
    [
        ("Mid.TXT", b"mid"),
        ("../top.txt", b"top"),
        ("./deep/../Mid.TXT", b"mid"),
        ("..\\top.txt", b"top"),
    ],
)
def test_a_file_is_found_beside_another(
    root: Path, relative: str, content: bytes
) -> None:
    assert Tree(root).file("sub/Mid.TXT").beside(relative).read() == content


@pytest.mark.parametrize(
    "relative",
    [
        "../../outside.txt",
        "..\\..\\outside.txt",
        "/etc/passwd",
        "C:\\Windows\\win.ini",
        "a\0b",
        "\ud800",
        "none",
        "",
        ".",
    ],
)
def test_what_is_not_beside_a_file_is_refused(root: Path, relative: str) -> None:
    with pytest.raises(UnreadableError):
        Tree(root).file("sub/Mid.TXT").beside(relative)


def test_a_document_names_files_as_they_are_and_not_as_they_are_shown(
    root: Path,
) -> None:
    (root / "%41").write_bytes(b"percent")
    (root / "A").write_bytes(b"letter")
    (root / "a\nb").write_bytes(b"line")
    file = Tree(root).file("top.txt")
    assert file.beside("%41").read() == b"percent"
    assert file.beside("%41").path == "%2541"
    assert file.beside("a\nb").path == "a%0Ab"


def test_a_backslash_in_a_name_is_itself_where_no_folder_fits(root: Path) -> None:
    (root / "odd\\name").write_bytes(b"odd")
    assert Tree(root).file("top.txt").beside("odd\\name").read() == b"odd"


def test_a_name_that_two_systems_read_as_two_files_is_refused(root: Path) -> None:
    (root / "sub\\Mid.TXT").write_bytes(b"evil")
    with pytest.raises(UnreadableError, match="both exist"):
        Tree(root).file("top.txt").beside("sub\\Mid.TXT")


def test_a_step_up_through_a_link_is_refused(root: Path) -> None:
    (root / "link").symlink_to("sub/deep")
    (root / "Mid.TXT").write_bytes(b"what text alone would find")
    with pytest.raises(UnreadableError, match="goes up through a symbolic link"):
        Tree(root).file("link/../Mid.TXT")


def test_a_file_that_became_a_link_out_is_not_opened(root: Path) -> None:
    file = Tree(root).file("top.txt")
    os.remove(root / "top.txt")
    (root / "top.txt").symlink_to(root.parent / "outside.txt")
    with pytest.raises(UnreadableError):
        file.read()


def test_a_folder_that_became_a_link_out_is_not_entered(root: Path) -> None:
    file = Tree(root).file("sub/Mid.TXT")
    os.rename(root / "sub", root / "old")
    (root.parent / "Mid.TXT").write_bytes(b"outside")
    (root / "sub").symlink_to(root.parent)
    with pytest.raises(UnreadableError):
        file.read()
