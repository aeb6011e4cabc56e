import contextlib
import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import Component, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.poetry_lock import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
EMPTY = "sha256:" + hashlib.sha256(b"").hexdigest()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
INDEX = "{ type = 'legacy', url = 'https://u:secret@packages.example/simple' }"


def end(version: str = "2.1", more: str = "") -> str:
    return f"\n{more}\n[metadata]\nlock-version = '{version}'\n"


def package(name: str, more: str = "", version: str = "1.0") -> str:
    return (
        f"\n[[package]]\nname = '{name}'\nversion = '{version}'\noptional = false\n"
        f"{more}\n"
    )


def read(folder: Path, text: str | bytes) -> Inventory:
    data = text.encode() if isinstance(text, str) else text
    (folder / "poetry.lock").write_bytes(data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def discover(folder: Path, text: str | bytes) -> Inventory:
    found = read(folder, text)
    assert "secret" not in repr(found)
    return found


def only(found: Inventory) -> Component:
    assert not found.gaps
    (component,) = found.components
    return component


def facts(found: Inventory, name: str) -> PackageFacts:
    (component,) = (each for each in found.components if each.name == name)
    assert isinstance(component.facts, PackageFacts)
    return component.facts


def edges(found: Inventory) -> set[tuple[str, str]]:
    return {(each.source, each.target) for each in found.relations}


@pytest.mark.parametrize("name", ["poetry.lock", "Poetry.lock"])
def test_wants_the_lock_of_poetry(name: str) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=f"a/{name}"))
    assert not DISCOVERER.wants(File(tree=Tree(Path()), path=f"a/my-{name}"))


def test_a_package_has_its_files_and_the_index_it_comes_from(tmp_path: Path) -> None:
    text = package(
        "A.B_c",
        f"groups = ['main']\nsource = {INDEX}\n"
        f"files = [{{file = 'a-1.0.whl', hash = '{A}'}},"
        f" {{file = 'a-1.0.tar.gz', hash = '{B}'}}]",
    )
    component = only(discover(tmp_path, text + end()))
    assert str(component.purl) == "pkg:pypi/a-b-c@1.0"
    assert (component.pin, component.graph) == (Pin.EXACT, True)
    assert component.facts == PackageFacts(registry="https://packages.example/simple")
    named = [(each.name, str(each.digests[0])) for each in component.artifacts]
    assert named == [("a-1.0.whl", A), ("a-1.0.tar.gz", B)]


def test_files_of_an_old_lock_stand_in_one_table_for_all_versions(
    tmp_path: Path,
) -> None:
    files = (
        f"[metadata.files]\nX_y = [{{file = 'x_y-1.0-py3-none-any.whl', hash = '{A}'}},"
        f" {{file = 'x-y-2.0.tar.gz', hash = '{B}'}}]"
    )
    found = discover(
        tmp_path,
        package("x-y", "category = 'main'")
        + package("x-y", "category = 'dev'", "2.0")
        + end("1.1")
        + files,
    )
    assert not found.gaps
    seen = {c.title: [str(d) for a in c.artifacts for d in a.digests]
            for c in found.components}  # fmt: skip
    assert seen == {"x-y==1.0": [A], "x-y==2.0": [B]}
    development = [each.facts for each in found.components]
    assert development == [
        PackageFacts(),
        PackageFacts(development=True, groups=("dev",)),
    ]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("groups = ['main']", PackageFacts()),
        ("groups = ['dev', 'docs']",
         PackageFacts(groups=("dev", "docs"), development=True)),
        ("groups = ['main', 'dev']", PackageFacts()),
        ("groups = ['main']\nmarkers = \"sys_platform == 'win32'\"",
         PackageFacts(marker="sys_platform == 'win32'")),
        ("groups = ['main']\nmarkers = 'extra == \"cli\" or extra == \"all\"'",
         PackageFacts(extras=("all", "cli"), optional=True,
                      marker='extra == "cli" or extra == "all"')),
        ("groups = ['main']\nmarkers = 'os_name == \"nt\" or extra == \"cli\"'",
         PackageFacts(marker='os_name == "nt" or extra == "cli"')),
        (("groups = ['main', 'dev']\n"
         "markers = {main = 'extra == \"cli\"', dev = 'os_name == \"nt\"'}"),
         PackageFacts(extras=("cli",), groups=("dev",), optional=True,
                      marker='(os_name == "nt") or (extra == "cli")')),
        ("groups = ['main', 'dev']\nmarkers = {dev = 'os_name == \"nt\"'}",
         PackageFacts()),
        ("category = 'dev'", PackageFacts(groups=("dev",), development=True)),
        ("", PackageFacts()),
    ],
)  # fmt: skip
def test_who_asks_for_a_package_is_told(
    tmp_path: Path, entry: str, expected: PackageFacts
) -> None:
    assert facts(discover(tmp_path, package("x", entry) + end()), "x") == expected


def test_before_groups_the_table_of_extras_tells_who_asks(tmp_path: Path) -> None:
    optional = "optional = true\ncategory = 'main'\n"
    text = (
        package("a", "[package.dependencies]\nb = '*'").replace(
            "optional = false", optional
        )
        + package("b").replace("optional = false", optional)
        + package("c").replace("optional = false", optional)
    )
    found = discover(tmp_path, text + end("2.0", "[extras]\ncli = ['A (>=1)', 'gone']"))
    assert not found.gaps
    assert facts(found, "a").extras == ("cli",)
    assert facts(found, "b").extras == ("cli",)
    assert facts(found, "c") == PackageFacts(optional=True)


@pytest.mark.parametrize(
    ("source", "pin", "origin", "purl"),
    [
        ((f"{{type='git', url='https://u:secret@h.example/o/r.git', reference='v1', "
         f"resolved_reference='{COMMIT}', subdirectory='py'}}"), Pin.COMMIT, Origin.VCS,
         f"pkg:pypi/x@1.0?vcs_url=git%2Bhttps://h.example/o/r.git%40{COMMIT}#py"),
        ("{type='git', url='https://h.example/o/r', reference='v1'}", Pin.TAG,
         Origin.VCS, "pkg:pypi/x@1.0?vcs_url=git%2Bhttps://h.example/o/r%40v1"),
        ("{type='git', url='https://h.example/o/r', reference='HEAD'}", Pin.FLOATING,
         Origin.VCS, "pkg:pypi/x@1.0?vcs_url=git%2Bhttps://h.example/o/r"),
        ("{type='git', url='https://h.example/o/r', resolved_reference='abcdef1'}",
         Pin.TAG, Origin.VCS,
         "pkg:pypi/x@1.0?vcs_url=git%2Bhttps://h.example/o/r%40abcdef1"),
        ("{type='url', url='https://u:secret@f.example/x.zip?k=secret'}", Pin.TAG,
         Origin.URL, "pkg:pypi/x@1.0?download_url=https://f.example/x.zip"),
        ("{type='directory', url='sub'}", Pin.LOCAL, Origin.PATH, "None"),
        ("{type='file', url='x-1.0-py3-none-any.whl'}", Pin.LOCAL, Origin.PATH,
         "pkg:pypi/x@1.0"),
    ],
)  # fmt: skip
def test_a_package_is_as_firm_as_its_source(
    tmp_path: Path, source: str, pin: Pin, origin: Origin, purl: str
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "pyproject.toml").touch()
    (tmp_path / "x-1.0-py3-none-any.whl").touch()
    text = package("x", f"source = {source}")
    component = only(discover(tmp_path, text + end()))
    assert isinstance(component.facts, PackageFacts)
    assert (component.pin, component.facts.origin) == (pin, origin)
    assert str(component.purl) == purl


def test_a_url_with_a_hash_is_pinned_by_it(tmp_path: Path) -> None:
    source = "source = {type='url', url='https://f.example/x.zip'}\n"
    files = f"files = [{{file = 'x.zip', hash = '{A}'}}]"
    assert only(discover(tmp_path, package("x", source + files) + end())).pin is (
        Pin.DIGEST
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        *((f"{{type='{kind}', url='{path}'}}", "lies outside")
          for kind, end_ in (("directory", ""), ("file", "/x.whl"))
          for path in (f"..{end_}", f"/srv/secret/x{end_}", f"C:/x{end_}", f"~{end_}",
                       f"//evil.example/x{end_}", f"sub/../..{end_}")),
        ("{type='directory', url='gone'}", "is no folder with `pyproject.toml`"),
        ("{type='file', url='gone.whl'}", "No such file"),
        ("{type='file', url='file:///secret/x.whl'}", "is an address on this"),
        ("{type='legacy', url='file:///secret/simple'}", "is an address on this"),
        ("{type='url', url='FILE:///srv/x.whl'}", "is an address on this machine"),
        ("{type='file', url='y-1.0-py3-none-any.whl'}", "another package or version"),
        ("{type='file', url='x-2.0-py3-none-any.whl'}", "another package or version"),
        (f"{{type='file', url='x-1.0.tar.gz'}}\nfiles=[{{file='x', hash='{A}'}}]",
         "other bytes"),
    ],
)  # fmt: skip
def test_what_does_not_lie_in_the_tree_as_the_lock_says_is_a_gap(
    tmp_path: Path, source: str, reason: str
) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    for name in ("../x.whl", "y-1.0-py3-none-any.whl", "x-2.0-py3-none-any.whl",
                 "x-1.0.tar.gz"):  # fmt: skip
        (root / name).touch()
    found = discover(root, package("x", f"source = {source}") + end())
    (gap,) = found.gaps
    assert reason in gap.reason
    assert (gap.state, gap.location.pointer) == (State.UNREADABLE, "/package/0")
    (component,) = found.components
    assert component.pin is Pin.LOCAL


def test_edges_lead_to_the_version_that_a_constraint_takes(tmp_path: Path) -> None:
    needs = "[package.dependencies]\n"
    found = discover(
        tmp_path,
        package("a", f"{needs}Num_Py = '>=1,<2'")
        + package("b", f"{needs}num-py = '>=1.5,<1.6 || >=2.0'")
        + package("c", f"{needs}num-py = '*'")
        + package("d", needs + "num-py = [{version='1.*', markers='m'}, '==2.0']")
        + package("e", f"{needs}num-py = '^2'")
        + package("f", f"{needs}a = '>=7'")
        + package("num-py", version="1.2")
        + package("num-py", version="2.0")
        + end(),
    )
    assert not found.gaps
    one, two = "pkg:pypi/num-py@1.2", "pkg:pypi/num-py@2.0"
    assert edges(found) == {
        ("pkg:pypi/a@1.0", one),
        ("pkg:pypi/b@1.0", two),
        ("pkg:pypi/c@1.0", one),
        ("pkg:pypi/c@1.0", two),
        ("pkg:pypi/d@1.0", one),
        ("pkg:pypi/d@1.0", two),
        ("pkg:pypi/e@1.0", one),
        ("pkg:pypi/e@1.0", two),
        ("pkg:pypi/f@1.0", "pkg:pypi/a@1.0"),
    }


@pytest.mark.parametrize(
    ("edge", "complete"),
    [
        ("{version='*', optional=true}", True),
        ("{version='*', markers='os_name == \"nt\"'}", True),
        ("'*'", False),
        ("{version='*', optional=false}", False),
        ("7", False),
        ("[7]", False),
    ],
)
def test_a_dependency_that_is_not_in_the_lock_is_a_gap_unless_it_need_not_be(
    tmp_path: Path, edge: str, *, complete: bool
) -> None:
    text = package("x", f"[package.dependencies]\ngone = {edge}") + package("good")
    found = discover(tmp_path, text + end())
    graph = {each.name: each.graph for each in found.components}
    assert graph == {"x": complete, "good": True}
    assert [each.location.path for each in found.gaps] == ["poetry.lock"] * (
        not complete
    )


def test_cycles_are_kept_and_do_no_harm(tmp_path: Path) -> None:
    text = package("a", "[package.dependencies]\nb = '*'\na = '*'") + package(
        "b", "[package.dependencies]\na = '*'"
    )
    a, b = "pkg:pypi/a@1.0", "pkg:pypi/b@1.0"
    found = discover(tmp_path, text.replace("false", "true") + end("2.0", "[extras]\n"))
    assert edges(found) == {(a, b), (b, a), (a, a)}


def test_one_release_with_two_hashes_is_kept_twice_and_a_gap(tmp_path: Path) -> None:
    text = "".join(
        package("x", f"files = [{{file = 'x-1.0.whl', hash = '{each}'}}]")
        for each in (A, B)
    )
    found = discover(tmp_path, text + end())
    assert len(found.components) == 2
    (gap,) = found.gaps
    assert gap.reason == "two sha256 hashes for `x-1.0.whl` of `x==1.0`"


def test_a_weak_hash_is_kept_as_what_it_is(tmp_path: Path) -> None:
    digest = "md5:" + "a" * 32
    text = package("x", f"files = [{{file = 'x.whl', hash = '{digest}'}}]")
    (artifact,) = only(discover(tmp_path, text + end())).artifacts
    assert [str(each) for each in artifact.digests] == [digest]


GOOD = package("good")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (package("-bad"), "is not the name of a package"),
        ("\n[[package]]\nversion = '1'\n", "expected a string, got nothing"),
        ("\n[[package]]\nname = 7\n", "expected a string, got a number"),
        (package("x", version="one"), "is no version (PEP 440)"),
        (package("x", "source = 'x'"), "expected an object"),
        (package("x", "source = {}"), "expected a string, got nothing"),
        (package("x", "source = {type='ftp', url='x'}"), "is no kind of source"),
        (package("x", "files = 7"), "expected a list"),
        (package("x", "files = [7]"), "expected an object"),
        (package("x", "files = [{file='x', hash='blake2b:aa'}]"),
         "no digest algorithm"),
        (package("x", "files = [{file='x', hash='sha256:aa'}]"), "is not a sha256"),
        (package("x", "files = [{file='x', hash=7}]"), "expected a string"),
        (package("x", "groups = 'main'"), "expected a list"),
        (package("x", "groups = [7]"), "expected a string"),
        (package("x", "groups = ['main']\nmarkers = 7"), "expected a string"),
        (package("x", "dependencies = []"), "expected an object"),
    ],
)  # fmt: skip
def test_a_bad_entry_is_a_gap_and_loses_no_other(
    tmp_path: Path, bad: str, reason: str
) -> None:
    found = discover(tmp_path, bad + GOOD + end())
    assert [reason in gap.reason for gap in found.gaps] == [True]
    assert "pkg:pypi/good@1.0" in {each.ref for each in found.components}


@pytest.mark.parametrize(
    "source",
    ["'x'", "{}", "{url='https://evil.example'}", "{type='legacy'}",
     "{type='ftp', url='x'}", "{type='pypi', url='https://evil.example'}"],
    ids=["text", "empty", "no-type", "no-url", "unknown", "pypi"],
)  # fmt: skip
def test_what_comes_from_a_source_that_cannot_be_read_is_listed_and_trusted_by_nobody(
    tmp_path: Path, source: str
) -> None:
    found = discover(tmp_path, package("x", f"source = {source}") + end())
    assert [gap.state for gap in found.gaps] == [State.UNREADABLE]
    (component,) = found.components
    assert (component.name, component.version) == ("x", "1.0")
    assert (component.pin, component.purl) == (Pin.FLOATING, None)
    assert component.facts == PackageFacts(origin=Origin.URL, registry="")


@pytest.mark.parametrize(
    "file",
    ["y-1.0-py3-none-any.whl", "x-2.0-py3-none-any.whl"],
    ids=["name", "version"],
)
def test_an_address_of_another_wheel_is_a_gap(tmp_path: Path, file: str) -> None:
    source = f"source = {{type='url', url='https://u:secret@f.example/{file}?secret'}}"
    found = discover(tmp_path, package("x", source) + end())
    assert [gap.reason for gap in found.gaps] == [
        f"`https://f.example/{file}` is a wheel of another package or version"
    ]
    assert [each.title for each in found.components] == ["x==1.0"]


def test_two_lists_of_files_for_one_package_are_a_gap(tmp_path: Path) -> None:
    files = (
        f"[metadata.files]\nX_y = [{{file = 'x_y-1.0.zip', hash = '{A}'}}]\n"
        f"x-Y = [{{file = 'x-y-1.0.tar.gz', hash = '{B}'}}]\n"
    )
    found = discover(tmp_path, package("x-y") + end("1.1") + files)
    assert [str(gap.location) for gap in found.gaps] == [
        "poetry.lock#/metadata/files/x-Y"
    ]
    (component,) = found.components
    assert [str(d) for a in component.artifacts for d in a.digests] == [A, B]


def test_files_of_no_version_of_the_lock_may_be_of_any(tmp_path: Path) -> None:
    files = (
        f"[metadata.files]\nx = [{{file = 'x-3.0.tar.gz', hash = '{A}'}},"
        f" {{file = 'x-1.0.tar.gz', hash = '{B}'}}]"
    )
    text = package("x") + package("x", version="2.0") + end("1.1") + files
    found = discover(tmp_path, text)
    assert {each.title: len(each.artifacts) for each in found.components} == {
        "x==1.0": 2,
        "x==2.0": 1,
    }


def test_files_that_are_shared_without_end_are_a_gap(tmp_path: Path) -> None:
    count = 500
    files = "[metadata.files]\nx = [" + ",".join(
        f"{{file = 'y{each}.zip', hash = '{A}'}}" for each in range(count)
    )
    packages = "".join(package("x", version=str(each)) for each in range(count))
    found = discover(tmp_path, f"{packages}{end('1.1')}{files}]")
    assert len(found.components) == count
    assert {"repeated" in gap.reason for gap in found.gaps} == {True}
    assert sum(len(each.artifacts) for each in found.components) < 101_000


SOURCES = """
[[tool.poetry.source]]
name = 'Main'
url = 'https://u:secret@main.example/simple/'
[[tool.poetry.source]]
name = 'torch'
url = 'https://torch.example/simple'
priority = 'explicit'
[[tool.poetry.source]]
name = 'PyPI'
"""


@pytest.mark.parametrize(
    ("source", "registry", "extra"),
    [
        ("", None, ("https://main.example/simple/",)),
        ("{type='legacy', url='https://main.example/simple', reference='main'}",
         "https://main.example/simple", ()),
        ("{type='legacy', url='https://good.example/simple', reference='main'}",
         "https://good.example/simple", ("https://main.example/simple/",)),
        ("{type='legacy', url='https://good.example/simple', reference='torch'}",
         "https://good.example/simple", ("https://torch.example/simple",)),
        ("{type='legacy', url='https://good.example/simple', reference='gone'}",
         "https://good.example/simple", ()),
    ],
    ids=["none", "same", "other", "explicit", "unknown"],
)  # fmt: skip
def test_what_the_manifest_calls_an_index_is_told_too(
    tmp_path: Path, source: str, registry: str | None, extra: tuple[str, ...]
) -> None:
    (tmp_path / "pyproject.toml").write_text(SOURCES, encoding="utf-8")
    text = package("x", f"source = {source}" if source else "") + end()
    assert only(discover(tmp_path, text)).facts == PackageFacts(
        registry=registry, extra_registries=extra
    )


@pytest.mark.parametrize("digest", ["blake2b:aa", "sha256:aa"])
def test_a_hash_that_cannot_be_read_leaves_a_file_without_one(
    tmp_path: Path, digest: str
) -> None:
    text = package("x", f"files = [{{file='x.whl', hash='{digest}'}}]")
    (component,) = discover(tmp_path, text + end()).components
    assert [(each.name, each.digests) for each in component.artifacts] == [
        ("x.whl", ())
    ]


def test_an_entry_without_version_floats(tmp_path: Path) -> None:
    text = "[[package]]\nname = 'x'\n"
    component = only(discover(tmp_path, text + end()))
    assert (component.version, component.pin) == (None, Pin.FLOATING)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", State.UNREADABLE),
        ("[metadata]\n", State.UNREADABLE),
        ("[metadata]\nlock-version = 2\n", State.UNREADABLE),
        ("[metadata]\nlock-version = 'x'\n", State.UNREADABLE),
        ("[metadata]\nlock-version = '1.0'\n", State.UNREADABLE),
        ("[metadata]\nlock-version = '3.0'\n", State.UNSUPPORTED),
        ("package = 7\n[metadata]\nlock-version = '2.1'\n", State.UNREADABLE),
        ("[metadata]\nlock-version = '2.1'\nfiles = 7\n", State.UNREADABLE),
        ("metadata = 7", State.UNREADABLE),
        (b"\xff\xfe", State.UNREADABLE),
        ("a = " + "[" * 5000, State.UNREADABLE),
    ],
)
def test_a_file_that_is_no_lock_of_poetry_is_a_gap(
    tmp_path: Path, text: str | bytes, state: State
) -> None:
    found = discover(tmp_path, text)
    assert not found.components
    assert [gap.state for gap in found.gaps] == [state]


def test_a_newer_lock_is_read_and_a_gap(tmp_path: Path) -> None:
    found = discover(tmp_path, GOOD + end("2.7"))
    assert [gap.state for gap in found.gaps] == [State.PARTIAL]
    assert [each.name for each in found.components] == ["good"]


def test_a_lock_that_is_too_large_is_a_gap(tmp_path: Path) -> None:
    with (tmp_path / "poetry.lock").open("wb") as stream:
        stream.truncate(200 << 20)
    (gap,) = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER]).gaps
    assert gap.state is State.LIMIT


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.text().map(lambda text: (text + GOOD + end()).encode()))
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        read(tmp_path, data)


@pytest.mark.parametrize(
    ("more", "optional"),
    [
        ("groups = ['main']", False),
        ("groups = ['main']\nmarkers = 'python_version > \"3\"'", False),
        ("groups = ['main']\nmarkers = 'extra == \"cli\"'", True),
        ("groups = ['main', 'dev']", False),
        ("", True),
    ],
    ids=repr,
)
def test_where_groups_are_told_only_a_marker_makes_a_package_optional(
    tmp_path: Path, more: str, *, optional: bool
) -> None:
    """Poetry 2 installs what is marked `optional` and no extra asks for."""
    text = package("x", more).replace("optional = false", "optional = true")
    found = discover(tmp_path, text + end())
    assert facts(found, "x").optional is optional
