import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import Component, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.requirements import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

A = "a" * 64
B = "b" * 64


def discover(root: Path, **files: str | bytes) -> Inventory:
    """Read `requirements.txt` among *files*, whose names lack `.txt`."""
    for name, content in files.items():
        path = root / f"{name}.txt"
        path.parent.mkdir(exist_ok=True, parents=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(data)
    tree = Tree(root, only="requirements.txt")
    return survey(tree, name="x", discoverers=[DISCOVERER])


def titles(found: Inventory) -> list[str]:
    return [each.title for each in found.components]


def hashes(component: Component) -> list[str]:
    return [str(digest) for each in component.artifacts for digest in each.digests]


def gaps(found: Inventory) -> list[tuple[str, State]]:
    return [(str(each.location), each.state) for each in found.gaps]


def facts(component: Component) -> PackageFacts:
    assert isinstance(component.facts, PackageFacts)
    return component.facts


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("requirements.txt", True),
        ("a/Requirements-dev.txt", True),
        ("dev-requirements.txt", True),
        ("requirements/base.txt", True),
        ("requirements/constraints.txt", False),
        ("constraints.txt", False),
        ("requirements.in", False),
        ("requirements.txt.bak", False),
        ("a.txt", False),
        ("REQUIREMENTS.TXT", True),
        ("Requirements/Base.TXT", True),
        ("requirements/a/b.txt", False),
    ],
)
def test_wants_what_is_called_requirements(path: str, *, wanted: bool) -> None:
    file = File(tree=Tree(Path()), path=path)
    assert DISCOVERER.wants(file) is wanted


def test_a_requirement_keeps_each_hash_that_it_accepts(tmp_path: Path) -> None:
    text = f"""
        # a lock
        A==1.0 ; python_version >= "3" \\
            --hash=sha256:{A.upper()} \\
            --hash=md5:{A[:32]}  # weak
        b==2.0 --hash sha256:{B}
    """
    one, two = discover(tmp_path, requirements=text).components
    assert (one.title, hashes(one)) == ("a==1.0", [f"md5:{A[:32]}", f"sha256:{A}"])
    assert (two.title, hashes(two)) == ("b==2.0", [f"sha256:{B}"])
    assert str(one.location) == "requirements.txt:3"


def test_a_hash_in_a_url_counts_like_an_option(tmp_path: Path) -> None:
    url = "https://h.example/a-1.0-py3-none-any.whl"
    text = f"{url}#sha256={A} --hash=sha256:{B}"
    (found,) = discover(tmp_path, requirements=text).components
    assert hashes(found) == [f"sha256:{A}", f"sha256:{B}"]
    assert found.pin is Pin.DIGEST


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a==1.0\r\nb==2.0\r\n", ["a==1.0", "b==2.0"]),
        ("\ufeffa==1.0", ["a==1.0"]),
        ("a==1.0\u2028b==2.0\x0cc==3.0", ["a==1.0", "b==2.0", "c==3.0"]),
        ("a==1.0 # b==2.0", ["a==1.0"]),
        ("# a==1.0 \\\nb==2.0", ["b==2.0"]),
        ("a==1.0 \\\n# comment\nb==2.0", ["a==1.0", "b==2.0"]),
        ("a==\\\n1.0\\", ["a==1.0"]),
        ("a==1.0 \\\n", ["a==1.0"]),
        ("\n\n", []),
        ("--pre\na", ["a"]),
        ("# coding: utf-8\na", ["a"]),
    ],
)
def test_lines_are_joined_and_split_as_pip_does(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    found = discover(tmp_path, requirements=text)
    assert titles(found) == expected
    assert not found.gaps


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pip's, while it starts
@pytest.mark.parametrize(
    "text",
    [
        "a==1.0\n# b==2.0 \\\nc==3.0\n\\\nd==4.0 \\\n # e\n",
        "a==1.0\u2028b==2.0\r\nc==3.0\x0bd\x85e\n",
        "-e .\n-e./b\n--pre\n--index-url x\n-ix\n",
        "a --hash=sha256:" + A + "\n#x\n  #y\nb # c\nd#e\n",
    ],
)
def test_pip_sees_requirements_on_the_same_lines(tmp_path: Path, text: str) -> None:
    reader = pytest.importorskip("pip._internal.req.req_file")
    network = pytest.importorskip("pip._internal.network.session")
    found = discover(tmp_path, requirements=text)
    theirs = reader.parse_requirements(
        str(tmp_path / "requirements.txt"), session=network.PipSession()
    )
    lines = [int(each.comes_from.rpartition(" ")[2].rstrip(")")) for each in theirs]
    ours = [place.line for each in found.components for place in each.locations]
    ours += [each.location.line for each in found.gaps]
    assert sorted(lines) == sorted({line for line in ours if line})


@pytest.mark.parametrize(
    ("line", "reason", "kept"),
    [
        ("!!!", "`!!!` is not a requirement (PEP 508)", []),
        (f"b==1 --hash=sha999:{A}", "`sha999` is no digest algorithm here", ["b==1"]),
        ("b==1 --hash=sha256:abc", "is not a sha256 digest", ["b==1"]),
        ("b==1 --hash=abc", "names no digest algorithm", ["b==1"]),
        ("b==1 --frob", "no such option: --frob", ["b==1"]),
        ("--frob=secret", "no such option: --frob", []),
        ("--no", "ambiguous option", []),
        ("b --hash 'x", "No closing quotation", ["b"]),
        ("-r", "-r option requires 1 argument", []),
        ("--pre b==1", "`b==1` stands after an option", None),
        (f"--hash=sha256:{A}", "belongs to no requirement", []),
        ("-e !!!@x", "is not a requirement", []),
        ("b==1\x00", "holds characters that do not show", []),
        ("b" * (300 << 10), "longer than 262,144 characters", []),
        ("-r https://u:secret@h.example/x", "not a file of the tree", []),
        ("-c file:///etc/passwd", "not a file of the tree", []),
        ("-r ../outside.txt", "outside the examined folder", []),
        ("-r /etc/passwd", "outside the examined folder", []),
        ("-r missing.txt", "No such file", []),
        ("-r 'nu\x00ll'", "includes", []),
        ("-r .", "cannot be read", []),
        ("-f ./wheels", "`./wheels` may be installed", []),
        ("https://u:secret@h.example/\x1b", "do not show", []),
        ("--trusted-host evil.example", "`--trusted-host` turns off", []),
        ("--trusted evil.example", "`--trusted-host` turns off", []),
        ("b==1 --config-settings x=secret", "`--config-setting` changes", ["b==1"]),
        ("b==1 -C x=secret", "`--config-setting` changes", ["b==1"]),
        ("b==1 --global-option=secret", "`--global-option` changes", ["b==1"]),
        ("b==1 --install-option=secret", "`--install-option` changes", ["b==1"]),
        ("b>=1" + ",>=1" * 50, "more than 50 parts", []),
        ("b; python_version>'3'" + " or os_name=='x'" * 50, "more than 50 parts", []),
    ],
)
def test_a_bad_line_leaves_a_gap_and_its_siblings(
    tmp_path: Path, line: str, reason: str, kept: list[str] | None
) -> None:
    found = discover(tmp_path, requirements=f"a==1.0\n{line}\nz==1.0")
    names = [each for each in titles(found) if each not in {"a==1.0", "z==1.0"}]
    assert len(names) + 2 == len(found.components)
    assert kept is None or names == kept
    assert {str(each.location) for each in found.gaps} == {"requirements.txt:2"}
    assert any(reason in each.reason for each in found.gaps)
    assert "secret" not in repr(found)


@pytest.mark.parametrize("line", ["-e ;", "-e [x]", "-e ''", "-e ';x'", "-e '[x] ;y'"])
def test_an_editable_nothing_is_a_gap(tmp_path: Path, line: str) -> None:
    found = discover(tmp_path, requirements=f"{line}\na==1\n")
    assert ["names nothing" in gap.reason for gap in found.gaps] == [True]
    assert titles(found) == ["a==1"]


@pytest.mark.parametrize(
    "line",
    [
        "-r /home/bob/x.txt",
        "-r '~/bob/x.txt'",
        "-c /home/bob/x.txt",
        "-f /home/bob/x",
        "-f '//bob/bob/x'",
        "-e '/home/bob/x y'",
        "a==1 /home/bob/x",
        "a ! /home/bob/x",
        "a;b /home/bob/x",
        "a==1 -e /home/bob/x /home/bob/y",
    ],
)
def test_no_gap_tells_who_works_where(tmp_path: Path, line: str) -> None:
    found = discover(tmp_path, requirements=line)
    assert found.gaps
    assert "/bob" not in repr(found).replace("…/bob", "")


def test_a_known_hash_survives_an_unknown_option(tmp_path: Path) -> None:
    text = f"a==1.0 --frob --hash=sha256:{A}"
    (found,) = discover(tmp_path, requirements=text).components
    assert hashes(found) == [f"sha256:{A}"]


@pytest.mark.parametrize(
    "data",
    [
        "a==1.0".encode("utf-16"),
        b"\xff\xfe",
        b"a==1.0\n\x80",
        b"# -*- coding: utf-7 -*-\n# x +AAo-b==2.0\n",
        b"#!x\n# coding=latin-1\na==1.0",
    ],
)
def test_an_encoding_that_pip_may_read_otherwise_is_a_gap(
    tmp_path: Path, data: bytes
) -> None:
    found = discover(tmp_path, requirements=data)
    assert not found.components
    assert gaps(found) == [("requirements.txt", State.UNREADABLE)]


@pytest.mark.parametrize(
    ("options", "registry", "extra"),
    [
        ("", None, ()),
        ("-i https://u:secret@i.example/simple", "https://i.example/simple", ()),
        ("--index-url https://i.example/?k=secret", "https://i.example/", ()),
        ("--extra-index https://x.example", None, ("https://x.example",)),
        ("--ind https://i.example", "https://i.example", ()),
        ("-f https://f.example/x", None, ("https://f.example/x",)),
        ("-i https://i.example\n-i https://j.example", "https://j.example", None),
        (
            (
                "-i https://i.example --extra-index-url https://x.example\n--extra "
                "https://y.example"
            ),
            "https://i.example",
            ("https://x.example", "https://y.example"),
        ),
        ("-i https://i.example --no-index -f https://f.example", None, None),
        ("-i https://${U}:${P}@i.example/${P}", "https://i.example/${P}", ()),
        ("-i ''", None, ()),
    ],
)
def test_an_index_counts_for_the_whole_set(
    tmp_path: Path, options: str, registry: str | None, extra: tuple[str, ...] | None
) -> None:
    found = discover(tmp_path, requirements="a==1.0\n-r b.txt", b=f"{options}\nb==1.0")
    assert titles(found) == ["a==1.0", "b==1.0"]
    for each in found.components:
        assert facts(each).registry == registry
        assert extra is None or facts(each).extra_registries == extra
    assert "secret" not in repr(found)


def test_without_an_index_only_links_are_left(tmp_path: Path) -> None:
    text = "a\n-i https://i.example\n--no-index\n-f https://f.example"
    (found,) = discover(tmp_path, requirements=text).components
    assert facts(found).registry is None
    assert facts(found).extra_registries == ("https://f.example",)


def test_an_earlier_index_is_still_a_registry(tmp_path: Path) -> None:
    text = "a\n-i https://i.example\n-i https://j.example"
    (found,) = discover(tmp_path, requirements=text).components
    assert facts(found).extra_registries == ("https://i.example",)


def test_files_that_include_each_other_are_read_once(tmp_path: Path) -> None:
    found = discover(
        tmp_path,
        requirements="a==1.0\n-r sub/b.txt\n-r requirements.txt",
        **{"sub/b": "b==1.0\n-r ../requirements.txt\n-r c.txt", "sub/c": "c"},
    )
    assert titles(found) == ["a==1.0", "b==1.0", "c"]
    assert [str(each.location) for each in found.components] == [
        "requirements.txt:1",
        "sub/b.txt:1",
        "sub/c.txt:1",
    ]
    assert not found.gaps


def test_a_link_out_of_the_tree_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.txt").write_text("b==1.0")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    found = discover(root, requirements="-r link.txt\na==1.0")
    assert titles(found) == ["a==1.0"]
    assert gaps(found) == [("requirements.txt:1", State.UNREADABLE)]


def test_a_pin_in_a_constraint_reaches_every_requirement(tmp_path: Path) -> None:
    found = discover(
        tmp_path,
        requirements="A\n-c c.txt\n-r b.txt",
        b="a>=0.5",
        c=f"a==1.0 --hash=sha256:{A}\nunused==9",
    )
    (component,) = found.components
    assert (component.title, component.pin) == ("a==1.0", Pin.EXACT)
    assert hashes(component) == [f"sha256:{A}"]


@pytest.mark.parametrize(
    ("requirement", "constraint", "title", "requested"),
    [
        ("a", "a<2", "a", "<2"),
        ("a>=1", "a<2", "a", "<2,>=1"),
        ("a", "a==1.0; python_version < '3'", "a", ""),
        ("a; python_version < '3'", "a==1.0; python_version<'3'", "a==1.0", ""),
        ("a; python_version < '3'", "a==1.0", "a==1.0", ""),
        (
            "a",
            "a @ https://h.example/a-1.0-py3-none-any.whl",
            "a==1.0",
            "https://h.example/a-1.0-py3-none-any.whl",
        ),
    ],
)
def test_a_constraint_narrows_what_it_certainly_concerns(
    tmp_path: Path, requirement: str, constraint: str, title: str, requested: str
) -> None:
    found = discover(tmp_path, requirements=f"{requirement}\n-cc.txt", c=constraint)
    (component,) = found.components
    assert (component.title, component.requested) == (title, requested)


def test_only_a_hash_that_both_sides_accept_is_accepted(tmp_path: Path) -> None:
    both = f"--hash=sha256:{A} --hash=sha256:{B}"
    found = discover(
        tmp_path, requirements=f"a==1 {both}\n-c c.txt", c=f"a --hash=sha256:{B}"
    )
    assert hashes(found.components[0]) == [f"sha256:{B}"]


def test_hashes_that_exclude_each_other_are_a_gap(tmp_path: Path) -> None:
    found = discover(
        tmp_path,
        requirements=f"a==1 --hash=sha256:{A}\n-c c.txt",
        c=f"a --hash=sha256:{B}",
    )
    assert gaps(found) == [("c.txt:1", State.UNREADABLE)]


@pytest.mark.parametrize("line", ["-e ./a", "https://h.example/x.zip"])
def test_a_constraint_without_a_name_is_a_gap(tmp_path: Path, line: str) -> None:
    found = discover(tmp_path, requirements="b\n-c c.txt", c=line)
    assert titles(found) == ["b"]
    assert gaps(found) == [("c.txt:1", State.UNREADABLE)]


def test_the_same_requirement_twice_is_one_with_both_places(tmp_path: Path) -> None:
    (found,) = discover(tmp_path, requirements="a==1.0\n" * 10).components
    assert [place.line for place in found.locations] == list(range(1, 11))


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"requirements": "!\n" * 200 + "a"}, "requirements.txt:101"),
        ({"requirements": "a\n" * 50_001}, "requirements.txt:50001"),
        ({"requirements": "a\n-c c.txt", "c": "a<9\n" * 21}, "c.txt:21"),
        (
            {"requirements": ("a>=1" + ",>=1" * 49 + "\n") * 5000},
            "requirements.txt:4001",
        ),
        (
            {
                "requirements": "-c c.txt\n"
                + "\n".join(f"a>={n}" for n in range(9000)),
                "c": "a<9,<8,<7\n" * 20,
            },
            "requirements.txt:295",
        ),
        (
            {
                "requirements": "\n".join(f"-r r{n}.txt" for n in range(120)),
                **{f"r{n}": "" for n in range(120)},
            },
            "requirements.txt:100",
        ),
    ],
)
def test_more_than_we_read_is_a_gap(
    tmp_path: Path, files: dict[str, str], place: str
) -> None:
    found = discover(tmp_path, **files)
    assert place in {str(each.location) for each in found.gaps}
    assert len(found.gaps) <= 101


def test_a_file_that_is_too_large_is_a_gap(tmp_path: Path) -> None:
    found = discover(tmp_path, requirements="#" * (17 << 20))
    assert gaps(found) == [("requirements.txt", State.LIMIT)]


def test_a_long_run_of_blanks_is_read_in_time(tmp_path: Path) -> None:
    found = discover(tmp_path, requirements="a" + " " * (8 << 20) + "# b")
    assert titles(found) == ["a"]


WHEEL = "b-1.0-py3-none-any.whl"
BYTES = hashlib.sha256(b"wheel").hexdigest()


def test_a_file_of_the_tree_is_hashed(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / WHEEL).write_bytes(b"wheel")
    md5 = hashlib.md5(b"wheel", usedforsecurity=False).hexdigest()
    for pin, digests in [
        ("", [f"sha256:{BYTES}"]),
        (f" --hash=sha256:{A} --hash=sha256:{BYTES}", [f"sha256:{BYTES}"]),
        (f" --hash=md5:{md5}", [f"md5:{md5}", f"sha256:{BYTES}"]),
    ]:
        found = discover(tmp_path, requirements=f"./w/{WHEEL}{pin}")
        (component,) = found.components
        assert not found.gaps
        assert (component.pin, component.title) == (Pin.LOCAL, "b==1.0")
        assert hashes(component) == digests
        assert [each.name for each in component.artifacts] == [f"w/{WHEEL}"]


@pytest.mark.parametrize(
    "line",
    [
        f"./{WHEEL}", f"w/../{WHEEL}", f".\\{WHEEL}", f"b @ file:{WHEEL}",
        f"file:w/%2e%2e/{WHEEL}#egg=b", "-e .", ".[x]", "-e sub/old", "file:sub",
        f"{WHEEL} ; python_version > '3'",
    ],
)  # fmt: skip
def test_what_lies_in_the_tree_is_no_gap(tmp_path: Path, line: str) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "sub/old").mkdir(parents=True)
    (tmp_path / WHEEL).write_bytes(b"wheel")
    for name in ("pyproject.toml", "sub/pyproject.toml", "sub/old/setup.py"):
        (tmp_path / name).touch()
    found = discover(tmp_path, requirements=line)
    assert not found.gaps
    assert [each.pin for each in found.components] == [Pin.LOCAL]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"./{WHEEL}", "cannot be read: No such file"),
        (f"../{WHEEL}", "lies outside"),
        (f"w/../../{WHEEL}", "lies outside"),
        (f"..\\{WHEEL}", "lies outside"),
        (f"/srv/{WHEEL}", "lies outside"),
        (f"~/{WHEEL}", "lies outside"),
        (f"C:\\w\\{WHEEL}", "lies outside"),
        (f"C:w/{WHEEL}", "lies outside"),
        (f"file:/srv/{WHEEL}", "lies outside"),
        (f"file:///srv/{WHEEL}", "names a machine or an absolute path"),
        (f"b @ file:///srv/{WHEEL}", "names a machine or an absolute path"),
        (f"file://evil.example/share/{WHEEL}", "names a machine"),
        (f"FILE://evil.example/share/{WHEEL}", "names a machine"),
        (f"file:%2f%2fevil.example/{WHEEL}", "names a machine"),
        (f"//evil.example/share/{WHEEL}", "names a machine"),
        (f"\\\\evil.example\\share\\{WHEEL}", "names a machine"),
        (f"/\\evil.example/share/{WHEEL}", "names a machine"),
        (f"link/{WHEEL}", "leads out"),
        ("-e ./gone", "is no folder with `pyproject.toml` or `setup.py`"),
        ("-e ..", "lies outside"),
        ("-e /srv/evil", "lies outside"),
        ("./folder", "is no folder with"),
        (f"folder/{WHEEL}", "not a regular file"),
        (f"other.zip --hash=sha256:{A}", "other bytes than its digest says"),
        (f"./other.zip#sha256={A}", "is no folder with"),
    ],
)
def test_what_does_not_lie_in_the_tree_is_a_gap(
    tmp_path: Path, line: str, reason: str
) -> None:
    root = tmp_path / "root"
    (root / "folder" / WHEEL).mkdir(parents=True)
    (tmp_path / "w").mkdir()
    for path in (tmp_path / WHEEL, tmp_path / "w" / WHEEL, root / "other.zip"):
        path.write_bytes(b"wheel")
    (tmp_path / "pyproject.toml").touch()
    (root / "link").symlink_to(tmp_path)
    found = discover(root, requirements=f"a==1.0\n{line}")
    assert len(found.components) == 2
    (gap,) = found.gaps
    assert reason in gap.reason
    assert (str(gap.location), gap.state) == ("requirements.txt:2", State.UNREADABLE)
    assert str(tmp_path) not in repr(gap)


def test_a_path_is_seen_from_each_folder_in_which_pip_may_start(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / WHEEL).write_bytes(b"wheel")
    files = {"requirements": "-r sub/more.txt", "sub/more": f"./{WHEEL}"}
    found = discover(tmp_path, **files)
    assert hashes(found.components[0]) == [f"sha256:{BYTES}"]
    (tmp_path / "sub" / WHEEL).write_bytes(b"evil")
    found = discover(tmp_path, **files)
    assert [each.reason for each in found.gaps] == [
        f"`./{WHEEL}` may mean several files, as it depends on the folder"
    ]


def test_local_files_without_end_are_a_gap(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    text = "\n".join(f"-e .{'/.' * n}" for n in range(1100))
    found = discover(tmp_path, requirements=text)
    assert any("the 1,000 that are read" in each.reason for each in found.gaps)


LINES = st.lists(
    st.sampled_from(["a==1.0", "-r x", "-e", ".", "--hash", "@", "\\\n", "\n", "# ", A])
    | st.text(max_size=8),
    max_size=12,
)


@given(LINES)
@settings(max_examples=100, deadline=None)
def test_any_text_is_either_read_or_a_gap(parts: list[str]) -> None:
    text = " ".join(parts)
    with tempfile.TemporaryDirectory() as root:
        found = discover(Path(root), requirements=text.encode("utf-8", "surrogatepass"))
    lines = [line.strip() for line in text.splitlines()]
    assert bool(found) or not any(
        line and not line.startswith(("#", "-", "\\")) for line in lines
    )
