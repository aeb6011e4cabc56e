import os
import socket
import tempfile
from pathlib import Path

import pytest

from mcpchain.inventory import Gap, State
from mcpchain.tree import File, Tree, UnreadableError, beneath
from mcpchain.tree.root import DEPTH_LIMIT, Root
from mcpchain.tree.walk import Walk


def files(tree: Tree | Path) -> dict[str, bytes]:
    walked = (Tree(tree) if isinstance(tree, Path) else tree).files()
    return {each.path: each.head for each in walked if isinstance(each, File)}


def gaps(tree: Tree | Path) -> dict[str, Gap]:
    walked = (Tree(tree) if isinstance(tree, Path) else tree).files()
    return {each.location.path: each for each in walked if isinstance(each, Gap)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def put(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_every_file_is_found_with_its_first_bytes(root: Path) -> None:
    put(root / "a", b"1")
    put(root / "z" / "y" / "b", bytes(100))
    put(root / ".hidden" / "c", b"")
    put(root / "__pycache__" / "model.pkl", b"3")
    assert files(root) == {
        "a": b"1",
        "z/y/b": bytes(64),
        ".hidden/c": b"",
        "__pycache__/model.pkl": b"3",
    }
    assert not gaps(root)


def test_by_path_the_walk_finds_the_same(root: Path) -> None:
    put(root / "a" / "b")
    (root / "l").symlink_to("a")
    walked = [list(Walk(Root(root, at=at), 100).all()) for at in (True, False)]
    assert walked[0] == walked[1]
    assert [each.path for each in walked[0] if not isinstance(each, Gap)] == [
        "a/b",
        "l/b",
    ]


def test_the_order_does_not_depend_on_the_system(root: Path) -> None:
    for name in ["b", "a/z", "a/b/c", "c", "A"]:
        put(root / name)
    assert list(files(root)) == ["A", "a/b/c", "a/z", "b", "c"]


@pytest.mark.parametrize(
    "layout",
    [
        [".git/HEAD", ".git/objects/pack/x"],
        [".hg/requires", ".hg/store/x"],
        [".hg/requires", ".hg/sharedpath"],
        [".svn/wc.db", ".svn/pristine/x"],
    ],
)
@pytest.mark.parametrize("at", [True, False])
def test_what_version_control_keeps_for_itself_is_passed(
    root: Path, layout: list[str], *, at: bool
) -> None:
    for each in [*layout, layout[0].split("/")[0] + "/config"]:
        put(root / "sub" / each)
    assert not list(Walk(Root(root, at=at), 100).all())


@pytest.mark.parametrize(
    "layout",
    [
        [".git/m.pkl"],
        [".git/HEAD", ".git/m.pkl"],
        [".git/HEAD/x", ".git/objects/x"],
        [".git/HEAD", ".git/objects"],
        [".git/wc.db"],
        [".hg/.mcp.json"],
        [".hg/requires"],
        [".hg/store/x"],
        [".svn/m.pkl"],
        [".svn/wc.db/x"],
        [".svn/HEAD", ".svn/objects/x"],
    ],
)
@pytest.mark.parametrize("at", [True, False])
def test_a_folder_that_is_only_called_like_version_control_is_walked(
    root: Path, layout: list[str], *, at: bool
) -> None:
    for each in layout:
        put(root / each)
    found = Walk(Root(root, at=at), 100).all()
    assert sorted(each.path for each in found if not isinstance(each, Gap)) == layout


@pytest.mark.parametrize("name", ["node_modules", ".tox", ".nox"])
def test_installed_packages_are_a_gap(root: Path, name: str) -> None:
    put(root / "app" / name / "x" / "package.json")
    assert gaps(root)[f"app/{name}"].state is State.PARTIAL
    assert not files(root)


def test_an_environment_is_a_gap_and_the_target_itself_is_none(root: Path) -> None:
    put(root / "pyvenv.cfg")
    environment(root / "env")
    assert list(files(root)) == ["env/pyvenv.cfg", "pyvenv.cfg"]
    assert gaps(root)["env"].state is State.PARTIAL


def environment(folder: Path) -> None:
    put(folder / "pyvenv.cfg")
    put(folder / "lib" / "python3.12" / "site-packages" / "x" / "m.pkl")
    (folder / "lib64").symlink_to("lib")
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to("/usr/bin/python3")


@pytest.mark.parametrize("at", [True, False])
def test_an_environment_of_windows_is_a_gap(root: Path, *, at: bool) -> None:
    put(root / "env" / "pyvenv.cfg")
    put(root / "env" / "Scripts" / "python.exe")
    put(root / "env" / "Lib" / "site-packages" / "m.pkl")
    file, gap = sorted(
        Walk(Root(root, at=at), 100).all(), key=lambda x: isinstance(x, Gap)
    )
    assert isinstance(gap, Gap)
    assert not isinstance(file, Gap)
    assert (file.path, gap.location.path) == ("env/pyvenv.cfg", "env")


@pytest.mark.parametrize(
    "layout",
    [
        ["m.pkl", "pyvenv.cfg"],
        ["bin/python", "m.pkl", "pyvenv.cfg"],
        ["bin/python", "lib/python3/m.pkl", "pyvenv.cfg"],
        ["bin/python", "lib", "pyvenv.cfg"],
        ["lib/python3/site-packages/m.pkl", "pyvenv.cfg"],
        ["Scripts/python.exe", "m.pkl", "pyvenv.cfg"],
        ["Lib/site-packages/m.pkl", "pyvenv.cfg"],
        ["bin/python", "lib/python3/site-packages/m.pkl", "pyvenv.cfg/x"],
    ],
)
@pytest.mark.parametrize("at", [True, False])
def test_a_file_called_like_that_of_an_environment_hides_nothing(
    root: Path, layout: list[str], *, at: bool
) -> None:
    for each in layout:
        put(root / "models" / each)
    found = list(Walk(Root(root, at=at), 100).all())
    assert not [each for each in found if isinstance(each, Gap)]
    paths = sorted(each.path for each in found if not isinstance(each, Gap))
    assert paths == sorted(f"models/{each}" for each in layout)


def test_what_is_put_beside_the_folders_of_an_environment_is_found(root: Path) -> None:
    environment(root / "env")
    put(root / "env" / "m.pkl")
    put(root / "env" / "models" / ".mcp.json")
    assert list(files(root)) == ["env/m.pkl", "env/models/.mcp.json", "env/pyvenv.cfg"]
    assert gaps(root)["env"].state is State.PARTIAL


# Links


def test_links_inside_are_what_they_point_to(root: Path) -> None:
    put(root / "blobs" / "1f", b"weights")
    put(root / "conf" / "mcp.json", b"{}")
    (root / "model.safetensors").symlink_to("blobs/1f")
    (root / ".vscode").symlink_to("conf")
    assert files(root) == {
        "blobs/1f": b"weights",
        "conf/mcp.json": b"{}",
        "model.safetensors": b"weights",
        ".vscode/mcp.json": b"{}",
    }
    assert not gaps(root)
    tree = Tree(root)
    assert tree.file(".vscode/mcp.json").read() == b"{}"
    assert tree.file("model.safetensors").size() == 7


@pytest.mark.parametrize("kind", ["file", "folder", "relative", "through"])
def test_a_link_out_of_the_tree_is_a_gap_and_is_not_opened(
    root: Path, kind: str
) -> None:
    secret = put(root.parent / "outside" / "secret", b"secret")
    target = {
        "file": secret,
        "folder": secret.parent,
        "relative": Path("../outside/secret"),
        "through": Path("second"),
    }[kind]
    (root / "link").symlink_to(target)
    if kind == "through":
        (root / "second").symlink_to(secret)
    assert "link" not in files(root)
    assert gaps(root)["link"].state is State.UNREADABLE
    for path in ("link", "link/secret"):
        with pytest.raises(UnreadableError):
            Tree(root).file(path)


def test_a_sibling_whose_name_starts_like_the_root_is_outside(root: Path) -> None:
    put(root.parent / "root-evil" / "f")
    (root / "link").symlink_to("../root-evil/f")
    assert gaps(root)["link"].state is State.UNREADABLE


def test_loops_of_links_end(root: Path) -> None:
    put(root / "a" / "f")
    (root / "a" / "up").symlink_to("..")
    (root / "a" / "self").symlink_to("../a")
    (root / "same").symlink_to(".")
    (root / "round").symlink_to("trip")
    (root / "trip").symlink_to("round")
    found = files(root)
    assert set(found) == {"a/f", "round", "trip"}
    assert {path: gap.state for path, gap in gaps(root).items()} == {
        "a/up": State.PARTIAL,
        "a/self": State.PARTIAL,
        "same": State.PARTIAL,
    }
    with pytest.raises(UnreadableError):
        Tree(root).file("round")


def test_two_folders_that_link_to_each_other_are_walked_twice_and_no_more(
    root: Path,
) -> None:
    put(root / "a" / "f")
    put(root / "b" / "g")
    (root / "a" / "to").symlink_to("../b")
    (root / "b" / "to").symlink_to("../a")
    assert set(files(root)) == {"a/f", "a/to/g", "b/g", "b/to/f"}
    assert not gaps(root)


def test_a_dangling_link_is_a_name_without_content(root: Path) -> None:
    (root / ".mcp.json").symlink_to("gone")
    assert files(root) == {".mcp.json": b""}
    with pytest.raises(UnreadableError, match="cannot be read"):
        Tree(root).file(".mcp.json")


@pytest.mark.parametrize("hidden", [".git", "env/lib", "node_modules"])
def test_nothing_hides_behind_a_link_into_a_folder_that_is_not_walked(
    root: Path, hidden: str
) -> None:
    put(root / hidden / "x" / "model.pkl", b"p")
    put(root / hidden / "y" / "f")
    put(root / ".git" / "HEAD")
    put(root / ".git" / "objects" / "x")
    environment(root / "env")
    (root / hidden / "x" / "more").symlink_to("../y")
    (root / "models").symlink_to(f"{hidden}/x")
    assert files(root) == {"env/pyvenv.cfg": b"x", "models/model.pkl": b"p"}
    assert gaps(root)["models/more"].state is State.PARTIAL


def test_a_link_named_like_a_folder_that_is_not_walked_is_not_followed(
    root: Path,
) -> None:
    put(root / "real" / "f")
    (root / "node_modules").symlink_to("real")
    assert list(files(root)) == ["real/f"]
    assert list(gaps(root)) == ["node_modules"]


def test_a_link_called_like_version_control_is_what_it_leads_to(root: Path) -> None:
    put(root / "real" / "f")
    put(root / "kept" / "HEAD")
    put(root / "kept" / "objects" / "x")
    (root / ".git").symlink_to("real")
    (root / "sub").mkdir()
    (root / "sub" / ".git").symlink_to("../kept")
    assert set(files(root)) == {".git/f", "real/f", "kept/HEAD", "kept/objects/x"}
    assert not gaps(root)


@pytest.mark.parametrize("at", [True, False])
def test_many_links_to_one_folder_cost_no_more_than_a_few(
    root: Path, *, at: bool
) -> None:
    for each in range(500):
        put(root / "data" / "inner" / f"f{each}")
    for each in range(200):
        (root / f"l{each:03}").symlink_to("data")
    found = list(Walk(Root(root, at=at), 1_000_000).all())
    assert 50_000 < len(found) < 60_000
    refused = [each for each in found if isinstance(each, Gap)]
    assert {each.state for each in refused} == {State.LIMIT}
    assert refused[-1].location.path.startswith("l199")


def test_some_links_to_one_folder_are_all_followed(root: Path) -> None:
    for each in range(100):
        put(root / "shared" / f"f{each}")
    for each in range(50):
        put(root / "apps" / f"a{each}" / "f")
        (root / "apps" / f"a{each}" / "shared").symlink_to("../../shared")
    assert len(files(root)) == 100 + 50 * 101
    assert not gaps(root)


def test_the_root_may_be_a_link_itself(root: Path) -> None:
    put(root / "f")
    (root.parent / "link").symlink_to(root)
    assert list(files(root.parent / "link")) == ["f"]


# What is no regular file


def test_pipes_and_sockets_are_met_and_never_opened(root: Path) -> None:
    os.mkfifo(root / "model.gguf")
    (root / "link").symlink_to("model.gguf")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(root / "s"))
        assert files(root) == {"link": b"", "model.gguf": b"", "s": b""}
        for name in ("model.gguf", "link", "s"):
            with pytest.raises(UnreadableError) as caught:
                File(tree=Tree(root), path=name).read()
            assert caught.value.gap().state is State.UNREADABLE


def test_a_folder_is_no_file(root: Path) -> None:
    (root / "d").mkdir()
    with pytest.raises(UnreadableError, match="not a regular file"):
        Tree(root).file("d")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_a_locked_file_and_a_locked_folder_are_gaps_for_who_has_no_key() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        put(root / "good")
        put(root / "file").chmod(0)
        put(root / "folder" / "f").parent.chmod(0)
        os.seteuid(65534)
        try:
            found, refused = files(root), gaps(root)
        finally:
            os.seteuid(0)
    assert set(found) == {"good"}
    assert set(refused) == {"file", "folder"}
    assert {gap.state for gap in refused.values()} == {State.UNREADABLE}


# Names


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (b"new\nline", "new%0Aline"),
        (b"\xff\xfe.pt", "%FF%FE.pt"),
        (b"%41", "%2541"),
        (b"tab\tand\x1b[0m", "tab%09and%1B[0m"),
    ],
)
def test_an_odd_name_is_shown_escaped_and_still_opens(
    root: Path, name: bytes, path: str
) -> None:
    folder = os.path.join(os.fsencode(root), name + b".d")
    os.mkdir(folder)
    for at in (os.path.join(os.fsencode(root), name), os.path.join(folder, name)):
        with open(at, "wb") as stream:
            stream.write(b"content")
    assert files(root) == {path: b"content", f"{path}.d/{path}": b"content"}
    tree = Tree(root)
    assert tree.file(f"{path}.d/{path}").read() == b"content"
    only = Tree(root, only=os.fsdecode(name))
    assert files(only) == {path: b"content"}


# Limits


def test_a_thousand_folders_in_one_another_are_a_gap_and_the_rest_is_read(
    root: Path,
) -> None:
    put(root / "a" / "f")
    put(root / "z")
    place = beneath.descend(str(root), ["a"])
    for _ in range(1_000):
        os.mkdir("d", dir_fd=int(place))
        inner = beneath.step(place, "d")
        beneath.leave(place)
        place = inner
    beneath.leave(place)
    found, refused = files(root), gaps(root)
    # What removes temporary folders is recursive, so the depth is taken off first.
    while (root / "a" / "d" / "d").exists():
        os.rename(root / "a" / "d" / "d", root / "rest")
        os.rmdir(root / "a" / "d")
        os.rename(root / "rest", root / "a" / "d")
    assert set(found) == {"a/f", "z"}
    (gap,) = refused.values()
    assert gap.state is State.LIMIT
    assert gap.location.path.count("/") == DEPTH_LIMIT


def test_too_many_files_are_a_gap_and_those_before_it_are_read(root: Path) -> None:
    for each in range(5):
        put(root / "a" / f"f{each}")
        put(root / "b" / f"f{each}")
    tree = Tree(root, limit=9)
    assert len(files(tree)) == 7
    assert gaps(tree)["b"].state is State.LIMIT
    assert "9" in gaps(tree)["b"].reason


def test_as_many_files_as_the_limit_are_no_gap(root: Path) -> None:
    for each in range(5):
        put(root / f"f{each}")
    assert len(files(Tree(root, limit=5))) == 5
    assert not gaps(Tree(root, limit=5))


def test_a_root_that_is_not_there_is_a_gap(root: Path) -> None:
    assert gaps(root / "none")["."].state is State.UNREADABLE


# Races


def test_a_folder_that_turns_into_a_link_during_the_walk_leads_nowhere(
    root: Path,
) -> None:
    put(root.parent / "outside" / "secret", b"secret")
    put(root / "a" / "f")
    put(root / "b" / "f")
    walk = Tree(root).files()
    first = next(walk)
    assert isinstance(first, File)
    assert first.path == "a/f"
    os.rename(root / "b", root.parent / "b")
    (root / "b").symlink_to(root.parent / "outside")
    (gap,) = walk
    assert isinstance(gap, Gap)
    assert gap.location.path == "b"


def test_a_file_that_turns_into_a_link_or_pipe_after_the_listing_is_a_gap(
    root: Path,
) -> None:
    secret = put(root.parent / "secret", b"secret")
    for name in ("a", "b", "c"):
        put(root / name)
    walk = Tree(root).files()
    next(walk)
    (root / "b").unlink()
    (root / "b").symlink_to(secret)
    (root / "c").unlink()
    os.mkfifo(root / "c")
    rest = list(walk)
    assert [each.location.path for each in rest if isinstance(each, Gap)] == ["b", "c"]


def test_a_walk_that_is_given_up_leaves_nothing_open(root: Path) -> None:
    put(root / "a" / "b" / "f")
    before = len(os.listdir("/proc/self/fd"))
    walk = Tree(root).files()
    next(walk)
    walk.close()  # type: ignore[attr-defined]
    assert len(os.listdir("/proc/self/fd")) == before
