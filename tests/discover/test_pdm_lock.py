import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import Component, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.pdm_lock import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HEAD = "[metadata]\nlock_version = '4.5.0'\n"


def package(name: str, more: str = "", version: str = "1.0") -> str:
    return f"\n[[package]]\nname = '{name}'\nversion = '{version}'\n{more}\n"


def read(folder: Path, text: str | bytes) -> Inventory:
    data = text.encode() if isinstance(text, str) else text
    (folder / "pdm.lock").write_bytes(data)
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


def test_wants_the_lock_of_pdm() -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path="a/pdm.lock"))
    assert not DISCOVERER.wants(File(tree=Tree(Path()), path="a/my-pdm.lock"))


def test_a_package_has_its_files_and_leaves_the_index_to_the_client(
    tmp_path: Path,
) -> None:
    files = (
        "groups = ['default']\nmarker = 'm'\n"
        f"files = [{{file = 'a.whl', hash = '{A}'}},"
        f" {{url = 'https://u:secret@f.example/a.zip?k=secret', hash = '{B}'}}]"
    )
    component = only(discover(tmp_path, HEAD + package("A.B_c", files)))
    assert str(component.purl) == "pkg:pypi/a-b-c@1.0"
    assert (component.pin, component.graph) == (Pin.EXACT, True)
    assert component.facts == PackageFacts(marker="m")
    seen = [(each.name, each.url, str(each.digests[0])) for each in component.artifacts]
    assert seen == [
        ("a.whl", None, A),
        ("a.zip", "https://f.example/a.zip", B),
    ]


def test_files_of_an_old_lock_stand_under_name_and_version(tmp_path: Path) -> None:
    files = f"[metadata.files]\n\"X_Y 1.0\" = [{{url = 'https://f/x', hash = '{A}'}}]\n"
    text = HEAD.replace("4.5.0", "4.2") + files + package("x-y")
    (artifact,) = only(discover(tmp_path, text)).artifacts
    assert [str(each) for each in artifact.digests] == [A]


def test_the_entries_of_one_package_with_its_extras_are_one(tmp_path: Path) -> None:
    files = f"files = [{{file = 'x.whl', hash = '{A}'}}]\n"
    found = discover(
        tmp_path,
        HEAD
        + package("x", f"groups = ['dev']\n{files}dependencies = ['a>=1']")
        + package(
            "X",
            f"extras = ['e']\ngroups = ['docs']\n{files}"
            "dependencies = ['b', 'x==1.0', 'x[f]==1.0']",
        )
        + package("a")
        + package("b"),
    )
    assert not found.gaps
    assert facts(found, "x") == PackageFacts(groups=("dev", "docs"))
    x = next(each for each in found.components if each.name == "x")
    assert [each.pointer for each in x.locations] == ["/package/0", "/package/1"]
    assert edges(found) == {
        ("pkg:pypi/x@1.0", "pkg:pypi/a@1.0"),
        ("pkg:pypi/x@1.0", "pkg:pypi/b@1.0"),
    }


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ("['default', 'dev']", PackageFacts()),
        ("['dev']", PackageFacts(groups=("dev",), development=True)),
        ("['cli']", PackageFacts(extras=("cli",), optional=True)),
        (
            "['cli', 'dev']",
            PackageFacts(groups=("dev",), extras=("cli",), optional=True),
        ),
        ("[]", PackageFacts()),
    ],
)
def test_the_manifest_tells_extras_from_groups(
    tmp_path: Path, groups: str, expected: PackageFacts
) -> None:
    manifest = "[project]\nname = 'a'\noptional-dependencies = {CLI = ['x']}\n"
    (tmp_path / "pyproject.toml").write_text(manifest)
    found = discover(tmp_path, HEAD + package("x", f"groups = {groups}"))
    assert facts(found, "x") == expected


@pytest.mark.parametrize("manifest", [b"[", b"project = 7", b"", b"\xff"])
def test_without_a_manifest_that_tells_a_group_is_not_known_to_be_for_development(
    tmp_path: Path, manifest: bytes
) -> None:
    (tmp_path / "pyproject.toml").write_bytes(manifest)
    found = discover(tmp_path, HEAD + package("x", "groups = ['cli']"))
    assert facts(found, "x") == PackageFacts(groups=("cli",))


@pytest.mark.parametrize(
    ("source", "pin", "origin", "purl"),
    [
        (
            (
                "git = 'https://u:secret@h.example/o/r.git'\nref = 'v1'\n"
                f"revision = '{COMMIT}'\nsubdirectory = 'py'"
            ),
            Pin.COMMIT,
            Origin.VCS,
            f"pkg:pypi/x@1.0?vcs_url=git%2Bhttps://h.example/o/r.git%40{COMMIT}#py",
        ),
        (
            "git = 'https://h.example/r'\nref = 'v1'",
            Pin.TAG,
            Origin.VCS,
            "pkg:pypi/x@1.0?vcs_url=git%2Bhttps://h.example/r%40v1",
        ),
        (
            "git = 'https://h.example/r'",
            Pin.FLOATING,
            Origin.VCS,
            "pkg:pypi/x@1.0?vcs_url=git%2Bhttps://h.example/r",
        ),
        (
            f"hg = 'https://h.example/r'\nrevision = '{COMMIT}'",
            Pin.COMMIT,
            Origin.VCS,
            f"pkg:pypi/x@1.0?vcs_url=hg%2Bhttps://h.example/r%40{COMMIT}",
        ),
        (
            "url = 'https://u:secret@f.example/x.zip?k=secret'",
            Pin.TAG,
            Origin.URL,
            "pkg:pypi/x@1.0?download_url=https://f.example/x.zip",
        ),
        (
            f"url = 'https://f.example/x.zip'\nfiles = [{{hash = '{A}'}}]",
            Pin.DIGEST,
            Origin.URL,
            "pkg:pypi/x@1.0?download_url=https://f.example/x.zip",
        ),
        ("path = './sub'\neditable = true", Pin.LOCAL, Origin.PATH, "None"),
        ("url = 'file:///${PROJECT_ROOT}/sub'", Pin.LOCAL, Origin.PATH, "None"),
        ("path = './x-1.0-py3-none-any.whl'", Pin.LOCAL, Origin.PATH, "pkg:pypi/x@1.0"),
    ],
)
def test_a_package_is_as_firm_as_its_source(
    tmp_path: Path, source: str, pin: Pin, origin: Origin, purl: str
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "pyproject.toml").touch()
    (tmp_path / "x-1.0-py3-none-any.whl").touch()
    component = only(discover(tmp_path, HEAD + package("x", source)))
    assert isinstance(component.facts, PackageFacts)
    assert (component.pin, component.facts.origin) == (pin, origin)
    assert str(component.purl) == purl


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("path = '../x'", "lies outside"),
        ("path = '/srv/x'", "lies outside"),
        ("path = '../x.whl'", "lies outside"),
        ("path = '//evil.example/x.whl'", "lies outside"),
        ("path = 'gone'", "is no folder with"),
        ("path = 'gone.whl'", "No such file"),
        ("url = 'file:///srv/x.whl'", "is an address on this machine"),
        ("url = 'file:///srv/x'", "is an address on this machine"),
        ("path = 'file:x'", "is an address on this machine"),
        ("url = 'file:///${PROJECT_ROOT}/../x'", "lies outside"),
        ("url = 'file:///${PROJECT_ROOT}//srv/x'", "is no folder with"),
    ],
)
def test_what_does_not_lie_in_the_tree_is_a_gap(
    tmp_path: Path, source: str, reason: str
) -> None:
    found = discover(tmp_path, HEAD + package("x", source))
    (gap,) = found.gaps
    assert reason in gap.reason
    assert [each.pin for each in found.components] == [Pin.LOCAL]


def test_edges_lead_to_the_version_that_a_requirement_takes(tmp_path: Path) -> None:
    found = discover(
        tmp_path,
        HEAD
        + package("a", "dependencies = ['Num_Py[e]<2; os_name == \"nt\"']")
        + package("b", "dependencies = ['num-py @ https://f.example/n.zip']")
        + package("c", "dependencies = ['gone; os_name == \"nt\"', 'a']")
        + package("num-py", version="1.2")
        + package("num-py", version="2.0"),
    )
    assert not found.gaps
    assert edges(found) == {
        ("pkg:pypi/a@1.0", "pkg:pypi/num-py@1.2"),
        ("pkg:pypi/b@1.0", "pkg:pypi/num-py@1.2"),
        ("pkg:pypi/b@1.0", "pkg:pypi/num-py@2.0"),
        ("pkg:pypi/c@1.0", "pkg:pypi/a@1.0"),
    }


def test_one_release_with_two_hashes_is_kept_twice_and_a_gap(tmp_path: Path) -> None:
    text = HEAD + "".join(
        package("x", f"files = [{{file = 'x-1.0.whl', hash = '{each}'}}]")
        for each in (A, B)
    )
    found = discover(tmp_path, text)
    assert len(found.components) == 2
    (gap,) = found.gaps
    assert "two sha256 hashes" in gap.reason


GOOD = package("good")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (package("-bad"), "is not the name of a package"),
        ("\n[[package]]\nversion = '1'\n", "expected a string, got nothing"),
        (package("x", version="one"), "is no version (PEP 440)"),
        (package("x", "files = 7"), "expected a list"),
        (package("x", "files = [{file='x', hash='md4:a'}]"), "no digest algorithm"),
        (package("x", "groups = 'dev'"), "expected a list"),
        (package("x", "marker = 7"), "expected a string"),
        (package("x", "dependencies = 7"), "expected a list"),
        (package("x", "dependencies = [7]"), "expected a string"),
        (package("x", "dependencies = ['gone']"), "fits 0 packages"),
        (package("x", "dependencies = ['=']"), "is not a requirement"),
        (package("x", "dependencies = ['./x']"), "names no package"),
        (package("x", "git = 'https://a'\nurl = 'https://b'"), "several sources"),
        (package("x", "path = 7"), "expected a string"),
    ],
)
def test_a_bad_entry_is_a_gap_and_loses_no_other(
    tmp_path: Path, bad: str, reason: str
) -> None:
    found = discover(tmp_path, HEAD + bad + GOOD)
    assert [reason in gap.reason for gap in found.gaps] == [True]
    assert "pkg:pypi/good@1.0" in {each.ref for each in found.components}
    assert all(not each.graph for each in found.components if "depend" in bad
               and each.name == "x")  # fmt: skip


@pytest.mark.parametrize(
    "source",
    ["git = 'https://a.example'\nurl = 'https://b.example'", "path = 7"],
    ids=["two", "number"],
)
def test_what_comes_from_a_source_that_cannot_be_read_is_listed_and_trusted_by_nobody(
    tmp_path: Path, source: str
) -> None:
    found = discover(tmp_path, HEAD + package("x", source))
    assert [gap.state for gap in found.gaps] == [State.UNREADABLE]
    (component,) = found.components
    assert (component.name, component.version) == ("x", "1.0")
    assert (component.pin, component.purl) == (Pin.FLOATING, None)
    assert component.facts == PackageFacts(origin=Origin.URL, registry="")


def test_an_address_of_another_wheel_is_a_gap(tmp_path: Path) -> None:
    url = "https://f.example/evil-1.0-py3-none-any.whl"
    found = discover(tmp_path, HEAD + package("x", f"url = '{url}'"))
    assert [gap.reason for gap in found.gaps] == [
        f"`{url}` is a wheel of another package or version"
    ]
    assert [each.title for each in found.components] == ["x==1.0"]


def test_two_lists_of_files_for_one_package_are_a_gap(tmp_path: Path) -> None:
    files = (
        f"[metadata.files]\n'X_y 1.0' = [{{file = 'x.zip', hash = '{A}'}}]\n"
        f"'x-Y 1.0' = [{{file = 'x.tar.gz', hash = '{B}'}}]\n"
    )
    found = discover(tmp_path, HEAD + files + package("x-y"))
    assert [gap.location.pointer for gap in found.gaps] == ["/metadata/files/x-Y 1.0"]
    (component,) = found.components
    assert [str(d) for a in component.artifacts for d in a.digests] == [A, B]


def test_the_manifest_names_the_indexes(tmp_path: Path) -> None:
    manifest = """
    [[tool.pdm.source]]
    name = 'more'
    url = 'https://u:secret@more.example/simple'
    [[tool.pdm.source]]
    name = 'PyPI'
    url = 'https://packages.example/simple'
    [[tool.pdm.source]]
    name = 'wheels'
    type = 'find_links'
    url = 'file:///srv/secret'
    [[tool.pdm.source]]
    name = 7
    url = 'https://bad.example/simple'
    """
    (tmp_path / "pyproject.toml").write_text(manifest, encoding="utf-8")
    git = "git = 'https://h.example/o/r'"
    found = discover(tmp_path, HEAD + package("x") + package("y", git))
    assert not found.gaps
    assert facts(found, "x") == PackageFacts(
        registry="https://packages.example/simple",
        extra_registries=("https://more.example/simple", "file:"),
    )
    assert facts(found, "y").registry == "https://h.example/o/r"


def test_an_entry_without_version_floats(tmp_path: Path) -> None:
    component = only(discover(tmp_path, HEAD + "[[package]]\nname = 'x'\n"))
    assert (component.version, component.pin) == (None, Pin.FLOATING)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", State.UNREADABLE),
        ("[metadata]\n", State.UNREADABLE),
        ("[metadata]\nlock_version = 4\n", State.UNREADABLE),
        ("[metadata]\nlock_version = 'x'\n", State.UNREADABLE),
        ("[metadata]\nlock_version = '3.1'\n", State.UNSUPPORTED),
        ("[metadata]\nlock_version = '5.0'\n", State.UNSUPPORTED),
        ("package = 7\n" + HEAD, State.UNREADABLE),
        (HEAD + "files = 7\n", State.UNREADABLE),
        ("metadata = 7", State.UNREADABLE),
        (b"\xff\xfe", State.UNREADABLE),
        ("a = " + "[" * 5000, State.UNREADABLE),
    ],
)
def test_a_file_that_is_no_lock_of_pdm_is_a_gap(
    tmp_path: Path, text: str | bytes, state: State
) -> None:
    found = discover(tmp_path, text)
    assert not found.components
    assert [gap.state for gap in found.gaps] == [state]


def test_a_lock_that_is_too_large_is_a_gap(tmp_path: Path) -> None:
    with (tmp_path / "pdm.lock").open("wb") as stream:
        stream.truncate(200 << 20)
    (gap,) = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER]).gaps
    assert gap.state is State.LIMIT


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.text().map(lambda text: (HEAD + text).encode()))
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        read(tmp_path, data)


@pytest.mark.parametrize(("file", "gaps"), [("x-1.0", 0), ("evil-1.0", 1), ("x-2", 1)])
def test_a_wheel_of_another_package_is_a_gap(
    tmp_path: Path, file: str, gaps: int
) -> None:
    """With `static_urls` PDM takes a file from where the lock says that it lies."""
    url = f"https://f.example/{file}-py3-none-any.whl"
    text = package("x", f"files = [{{url = '{url}', hash = '{A}'}}]")
    found = discover(tmp_path, HEAD + text)
    assert [each.state for each in found.gaps] == [State.CONFLICT] * gaps
