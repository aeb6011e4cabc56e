import contextlib
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import Component, Kind, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.uv_lock import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree

SHA = "sha256:" + "a" * 64
HEAD = "version = 1\nrequires-python = '>=3.11'\n"
REGISTRY = "source = { registry = 'https://pypi.example/simple' }"


def discover(folder: Path, text: str | bytes) -> Inventory:
    data = text.encode() if isinstance(text, str) else text
    (folder / "uv.lock").write_bytes(data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def package(name: str, more: str = "version = '1.0'\n" + REGISTRY) -> str:
    return f"\n[[package]]\nname = '{name}'\n{more}\n"


def only(found: Inventory) -> Component:
    (component,) = found.components
    return component


def test_a_package_of_a_registry_is_exact_and_has_its_files(tmp_path: Path) -> None:
    text = package(
        "A.B_c",
        f"version = '1.0.0'\n{REGISTRY}\n"
        f"sdist = {{ url = 'https://u:p@f.example/a.tar.gz?k=s', hash = '{SHA}' }}\n"
        f"wheels = [{{ url = 'https://f.example/a.whl', hash = '{SHA}', size = 7, "
        "upload-time = '2024-01-02T03:04:05Z' }]",
    )
    found = discover(tmp_path, HEAD + text)
    component = only(found)
    assert not found.gaps
    assert str(component.purl) == "pkg:pypi/a-b-c@1.0.0"
    assert component.pin is Pin.EXACT
    assert component.facts == PackageFacts(registry="https://pypi.example/simple")
    wheel, sdist = component.artifacts
    assert (wheel.name, wheel.size, str(wheel.digests[0])) == ("a.whl", 7, SHA)
    assert wheel.published is not None
    assert sdist.url == "https://f.example/a.tar.gz"


@pytest.mark.parametrize(
    ("source", "pin", "origin", "purl"),
    [
        (
            f"{{ git = 'https://h.example/o/r?rev=main#{'a' * 40}' }}",
            Pin.COMMIT,
            Origin.VCS,
            f"git+https://h.example/o/r@{'a' * 40}",
        ),
        ("{ git = 'https://h.example/o/r#main' }", Pin.TAG, Origin.VCS, "@main"),
        ("{ git = 'https://h.example/o/r' }", Pin.FLOATING, Origin.VCS, "o/r"),
        ("{ url = 'https://f.example/x.whl' }", Pin.TAG, Origin.URL, "x.whl"),
        ("{ registry = './wheels' }", Pin.LOCAL, Origin.PATH, None),
        ("{ path = 'x.whl' }", Pin.LOCAL, Origin.PATH, None),
        ("{ directory = 'x' }", Pin.LOCAL, Origin.PATH, None),
        ("{ editable = 'x' }", Pin.LOCAL, Origin.PATH, None),
    ],
)
def test_where_it_comes_from_says_how_firm_it_is(
    tmp_path: Path, source: str, pin: Pin, origin: Origin, purl: str | None
) -> None:
    text = package("x", f"version = '1.0'\nsource = {source}")
    component = only(discover(tmp_path, HEAD + text))
    assert component.pin is pin
    assert isinstance(component.facts, PackageFacts)
    assert component.facts.origin is origin
    if purl:
        assert component.purl is not None
        assert purl in " ".join(component.purl.qualifiers.values())


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("{ git = 'https://u:secret@h.example/r?rev=x#v1' }", "https://h.example/r"),
        ("{ git = 'ssh://git@h.example/r.git' }", "ssh://h.example/r.git"),
        ("{ git = 'file:///srv/r' }", "file:///r"),
        ("{ git = 'u:secret@h.example/r' }", ""),
        ("{ url = 'http://u:secret@h.example/x.whl?secret' }",
         "http://h.example/x.whl"),
        ("{ url = '//h.example/x.whl' }", ""),
    ],
)  # fmt: skip
def test_what_comes_from_no_registry_tells_its_address(
    tmp_path: Path, source: str, address: str
) -> None:
    text = package("x", f"version = '1.0'\nsource = {source}")
    found = discover(tmp_path, HEAD + text)
    facts = only(found).facts
    assert not found.gaps
    assert isinstance(facts, PackageFacts)
    assert facts.origin in {Origin.VCS, Origin.URL}
    assert facts.registry == address


EMPTY = "sha256:" + hashlib.sha256(b"").hexdigest()


def beside(root: Path) -> None:
    (root / "sub").mkdir(parents=True)
    for name in ("x.whl", "sub/x.whl", "sub/pyproject.toml"):
        (root / name).touch()


@pytest.mark.parametrize(
    ("source", "purl"),
    [
        (f"{{ path = 'x.whl' }}\nwheels = [{{ filename = 'x.whl', hash = '{EMPTY}' }}]",
         "pkg:pypi/x@1.0"),
        ("{ path = 'sub/x.whl' }", "pkg:pypi/x@1.0"),
        (f"{{ registry = 'sub' }}\nwheels = [{{ path = 'x.whl', hash = '{EMPTY}' }}]",
         "pkg:pypi/x@1.0"),
        (f"{{ registry = '.' }}\nsdist = {{ path = 'x.whl', hash = '{EMPTY}' }}",
         "pkg:pypi/x@1.0"),
        ("{ directory = 'sub' }", None),
        ("{ editable = './sub' }", None),
        ("{ virtual = '.' }", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("folder", ["", "app/"])
def test_a_local_file_is_hashed_and_named_and_a_folder_is_neither(
    tmp_path: Path, folder: str, source: str, purl: str | None
) -> None:
    beside(tmp_path / folder)
    text = HEAD + package("x", f"version = '1.0'\nsource = {source}")
    (tmp_path / folder / "uv.lock").write_text(text)
    found = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    component = only(found)
    assert not found.gaps
    assert component.pin is Pin.LOCAL
    assert component.facts == PackageFacts(origin=Origin.PATH)
    assert (component.purl and str(component.purl)) == purl
    digests = [str(each) for a in component.artifacts for each in a.digests]
    assert digests == ([EMPTY] if purl else [])


def wheels(path: str, digest: str = EMPTY) -> str:
    return f"wheels = [{{ path = '{path}', hash = '{digest}' }}]"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        *((f"{{ {kind} = '{path}/' }}", "lies outside")
          for kind in ("directory", "editable", "virtual")
          for path in ("//evil.example/x", "/srv/evil", "C:/x", "~", "..", "sub/../..",
                       "\\\\evil.example\\x")),
        *((f"{{ path = '{path}' }}", "lies outside")
          for path in ("//evil.example/x.whl", "/srv/x.whl", "../x.whl")),
        *((f"{{ registry = '{path}' }}\n{wheels('x.whl')}", "lies outside")
          for path in ("//evil.example/x", "/srv", "..", "\\\\evil.example\\x")),
        *((f"{{ registry = 'sub' }}\n{wheels(path)}", reason) for path, reason in (
            ("/x.whl", "lies outside"), ("../../x.whl", "lies outside"),
            ("gone.whl", "No such file"),
        )),
        (f"{{ registry = 'sub' }}\n{wheels('x.whl', SHA)}", "other bytes"),
        ("{ registry = 'sub' }", "of which the lock gives no path"),
        ("{ registry = 'file:///srv/simple' }", "of which the lock gives no path"),
        (f"{{ registry = 'file:///srv' }}\n{wheels('x.whl')}", "is no folder with"),
        ("{ registry = 'sub' }\nwheels = [{ url = 'https://f.example/x.whl' }]",
         "of which the lock gives no path"),
        ("{ directory = 'gone' }", "is no folder with `pyproject.toml` or `setup.py`"),
        ("{ editable = 'gone' }", "is no folder with"),
        ("{ path = 'gone.whl' }", "No such file"),
        (f"{{ path = 'x.whl' }}\n{wheels('x.whl', SHA)}", "other bytes"),
        ("{ url = 'file:///srv/x.whl' }", "is an address on this machine"),
        ("{ url = 'FILE:x.whl' }", "is an address on this machine"),
    ],
)  # fmt: skip
def test_what_is_no_file_or_folder_of_the_tree_is_listed_and_a_gap(
    tmp_path: Path, source: str, reason: str
) -> None:
    beside(tmp_path / "root")
    for name in ("x.whl", "pyproject.toml"):
        (tmp_path / name).touch()
    text = package("x", f"version = '1.0'\nsource = {source}")
    found = discover(tmp_path / "root", HEAD + text)
    component = only(found)
    assert component.pin is Pin.LOCAL
    folder = any(
        f"{{ {kind}" in source for kind in ("directory", "editable", "virtual")
    )
    assert str(component.purl) == ("None" if folder else "pkg:pypi/x@1.0")
    (gap,) = found.gaps
    assert reason in gap.reason
    assert (gap.state, gap.location.pointer) == (State.UNREADABLE, "/package/0")


def test_edges_lead_to_the_right_fork_and_mark_what_is_not_required(
    tmp_path: Path,
) -> None:
    own = package(
        "app",
        "version = '0'\nsource = { virtual = '.' }\n"
        "dependencies = [{ name = 'x', version = '2.0' }]\n"
        "[package.optional-dependencies]\nextra = [{ name = 'y' }]\n"
        "[package.dev-dependencies]\ndev = [{ name = 'z' }]",
    )
    forks = package("x") + package("x", f"version = '2.0'\n{REGISTRY}")
    found = discover(tmp_path, HEAD + own + forks + package("y") + package("z"))
    assert not found.gaps
    facts = {each.ref: each.facts for each in found.components}
    app = next(each for each in found.components if each.kind is Kind.APPLICATION)
    targets = {each.target for each in found.relations if each.source == app.ref}
    assert targets == {"pkg:pypi/x@2.0", "pkg:pypi/y@1.0", "pkg:pypi/z@1.0"}
    y, z = facts["pkg:pypi/y@1.0"], facts["pkg:pypi/z@1.0"]
    assert isinstance(y, PackageFacts)
    assert isinstance(z, PackageFacts)
    assert (y.optional, y.development) == (True, False)
    assert (z.optional, z.development) == (False, True)


def test_what_leads_to_a_package_is_told(tmp_path: Path) -> None:
    own = package(
        "app",
        "version = '0'\nsource = { virtual = '.' }\n"
        "dependencies = [{ name = 'a', extra = ['x'] }]\n"
        "[package.optional-dependencies]\ncli = [{ name = 'c' }]\n"
        "all = [{ name = 'c' }, { name = 'app', extra = ['cli'] }]\n"
        "[package.dev-dependencies]\ndev = [{ name = 'd' }, { name = 'c' }]\n"
        "lint = [{ name = 'd', extra = ['y'] }]",
    )
    a = package(
        "a",
        f"version = '1.0'\n{REGISTRY}\n"
        "[package.optional-dependencies]\nx = [{ name = 'ax' }]\nz = [{ name = 'az' }]",
    )
    d = package(
        "d",
        f"version = '1.0'\n{REGISTRY}\ndependencies = [{{ name = 'dd' }}]\n"
        "[package.optional-dependencies]\ny = [{ name = 'dy' }]",
    )
    rest = "".join(map(package, ("ax", "az", "c", "dd", "dy")))
    found = discover(tmp_path, HEAD + own + a + d + rest)
    assert not found.gaps
    registry = "https://pypi.example/simple"
    dev = PackageFacts(registry=registry, groups=("dev", "lint"), development=True)
    marks = {each.name: each.facts for each in found.components}
    assert marks == {
        "app": PackageFacts(origin=Origin.PATH),
        "a": PackageFacts(registry=registry),
        "ax": PackageFacts(registry=registry),
        "az": PackageFacts(registry=registry),
        "c": PackageFacts(
            registry=registry, extras=("all", "cli"), groups=("dev",), optional=True
        ),
        "d": dev,
        "dd": dev,
        "dy": replace(dev, groups=("lint",)),
    }
    assert all(each.graph for each in found.components)


def test_groups_of_every_member_of_a_workspace_count(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "pyproject.toml").touch()
    lib = package(
        "lib",
        "version = '0'\nsource = { editable = 'lib' }\n"
        "[package.dev-dependencies]\ndev = [{ name = 'z' }]",
    )
    members = "[manifest]\nmembers = ['lib', 'z']\n"
    found = discover(tmp_path, HEAD + members + lib + package("z"))
    assert not found.gaps
    facts = {each.name: each.facts for each in found.components}
    assert facts == {
        "lib": PackageFacts(origin=Origin.PATH, workspace=True),
        "z": PackageFacts(
            registry="https://pypi.example/simple", groups=("dev",), development=True
        ),
    }


def test_more_groups_than_can_be_followed_are_a_gap_and_excuse_nothing(
    tmp_path: Path,
) -> None:
    size = 1001
    chain = "".join(
        package(
            f"p{n}",
            f"version = '1.0'\n{REGISTRY}\n"
            f"dependencies = [{{ name = 'p{(n + 1) % size}' }}]",
        )
        for n in range(size)
    )
    groups = "".join(f"g{n} = [{{ name = 'p0' }}]\n" for n in range(size))
    own = package("app", "version = '0'\nsource = { virtual = '.' }\n"
                  f"[package.dev-dependencies]\n{groups}")  # fmt: skip
    found = discover(tmp_path, HEAD + own + chain)
    assert [gap.state for gap in found.gaps] == [State.LIMIT]
    assert not any(
        each.facts.development
        for each in found.components
        if isinstance(each.facts, PackageFacts)
    )


def test_one_release_with_two_hashes_is_kept_twice_and_a_gap(tmp_path: Path) -> None:
    file = "sdist = {{ url = 'https://f.example/x.zip', hash = 'sha256:{}' }}"
    text = "".join(
        package("x", f"version = '1.0'\n{REGISTRY}\n{file.format(each * 64)}")
        for each in "ab"
    )
    found = discover(tmp_path, HEAD + text)
    assert len(found.components) == 2
    assert ["two sha256 hashes" in gap.reason for gap in found.gaps] == [True]


@pytest.mark.parametrize(
    "edges",
    [
        "dependencies = [{ name = 'gone' }]",
        "dependencies = 7",
        "dependencies = [{ name = 'good', extra = 7 }]",
        "optional-dependencies = 7",
        "dev-dependencies = { dev = 7 }",
    ],
)
def test_edges_that_cannot_be_followed_are_not_all_there_are(
    tmp_path: Path, edges: str
) -> None:
    text = package("x", f"version = '1.0'\n{REGISTRY}\n{edges}") + package("good")
    found = discover(tmp_path, HEAD + text)
    assert len(found.gaps) == 1
    assert {each.name: each.graph for each in found.components} == {
        "x": False,
        "good": True,
    }


GOOD = package("good")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (package("-bad"), "is not the name of a package"),
        (package("x", "version = 1\n" + REGISTRY), "expected a string"),
        (package("x", f"version = 'one'\n{REGISTRY}"), "is no version (PEP 440)"),
        (package("x", "version = '1'\nsource = {}"), "names no kind of source"),
        (package("x", "version = '1'\nsource = 'r'"), "expected an object"),
        (
            package("x", "source = { registry = 'https://a', url = 'https://b' }"),
            "names several sources",
        ),
        (package("x", "source = { path = 'a', virtual = '.' }"), "several sources"),
        (
            package("x", f"version = '1'\n{REGISTRY}\nwheels = [{{ hash = 'md4:a' }}]"),
            "no digest algorithm",
        ),
        (
            package("x", f"version = '1'\n{REGISTRY}\nwheels = [{{ size = 'big' }}]"),
            "expected a whole number",
        ),
        (
            package(
                "x", f"version = '1'\n{REGISTRY}\ndependencies = [{{ name = 'n' }}]"
            ),
            "fits 0 packages of this lock",
        ),
        ("\n[[package]]\nversion = '1'\n", "expected a string, got nothing"),
    ],
)
def test_a_bad_entry_is_a_gap_and_loses_no_other(
    tmp_path: Path, bad: str, reason: str
) -> None:
    found = discover(tmp_path, HEAD + bad + GOOD)
    assert any(reason in gap.reason for gap in found.gaps)
    assert "pkg:pypi/good@1.0" in {each.ref for each in found.components}


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("version = 2", State.UNSUPPORTED),
        ("version = '1'", State.UNREADABLE),
        ("", State.UNREADABLE),
        ("version = 1\nversion = 1", State.UNREADABLE),
        (b"\xff\xfe", State.UNREADABLE),
        ("version = 1\npackage = 3", State.UNREADABLE),
        ("a = " + "[" * 5000, State.UNREADABLE),
    ],
)
def test_a_file_that_is_no_lock_of_uv_is_a_gap(
    tmp_path: Path, text: str | bytes, state: State
) -> None:
    found = discover(tmp_path, text)
    assert not found.components
    assert [gap.state for gap in found.gaps] == [state]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.text().map(lambda text: (HEAD + text).encode()))
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        discover(tmp_path, data)


@pytest.mark.parametrize(
    ("file", "version", "gaps"),
    [
        ("x-1.0-py3-none-any.whl", "1.0", 0),
        ("X-1.0.0-py3-none-any.whl", "1.0.0", 0),
        ("x-1.0+cpu-py3-none-any.whl", "1.0", 0),
        ("x-1.0%2Bcpu-py3-none-any.whl", "1.0+cpu", 0),
        ("x-1.0.tar.gz", "1.0", 0),
        ("no wheel at all.whl", "1.0", 0),
        ("evil-1.0-py3-none-any.whl", "1.0", 1),
        ("x-6.6-py3-none-any.whl", "1.0", 1),
        ("x-1.0-py3-none-any.whl", "1.0+cpu", 1),
    ],
)
@pytest.mark.parametrize("more", ["", "filename = 'x-1.0-py3-none-any.whl', "])
def test_a_wheel_of_another_package_is_a_gap(
    tmp_path: Path, file: str, version: str, gaps: int, more: str
) -> None:
    """uv takes the file from its address, whatever it is said to be called."""
    wheel = f"{{ url = 'https://f.example/{file}', {more}hash = '{SHA}' }}"
    text = package("x", f"version = '{version}'\n{REGISTRY}\nwheels = [{wheel}]")
    found = discover(tmp_path, HEAD + text)
    assert [each.state for each in found.gaps] == [State.CONFLICT] * gaps
    assert only(found).artifacts


def test_the_wheels_of_one_package_are_told_once(tmp_path: Path) -> None:
    wheels = ", ".join(
        f"{{ url = 'https://f.example/evil-{i}-py3-none-any.whl', hash = '{SHA}' }}"
        for i in range(9)
    )
    text = package("x", f"version = '1.0'\n{REGISTRY}\nwheels = [{wheels}]")
    assert len(discover(tmp_path, HEAD + text).gaps) == 1


@pytest.mark.parametrize(
    ("manifest", "group", "development"),
    [
        ("default-groups = ['prod']", "prod", False),
        ("default-groups = ['dev', 'Prod']", "prod", False),
        ("default-groups = 'all'", "prod", False),
        ("default-groups = 'all'", "dev", True),
        ("default-groups = ['dev']", "dev", True),
        ("default-groups = ['dev']", "prod", True),
        ("default-groups = 5", "prod", True),
        ("default-groups = [5]", "prod", True),
        ("", "prod", True),
    ],
    ids=repr,
)
def test_a_group_that_is_installed_by_default_is_not_for_development(
    tmp_path: Path, manifest: str, group: str, *, development: bool
) -> None:
    """`uv sync --no-dev` leaves out the group `dev`, and no other."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.uv]\n{manifest}\n")
    own = "version = '1'\nsource = { editable = '.' }\n[package.dev-dependencies]\n"
    own += f"{group} = [{{ name = 'x' }}]"
    found = discover(tmp_path, HEAD + package("app", own) + package("x"))
    (component,) = (each for each in found.components if each.name == "x")
    assert isinstance(component.facts, PackageFacts)
    assert component.facts.groups == (group,)
    assert component.facts.development is development
