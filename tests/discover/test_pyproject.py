import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import Basis, Component, Kind, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.pyproject import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PROJECT = "[project]\nname = 'My_App'\nversion = '1.0'\n"


def read(folder: Path, text: str | bytes) -> Inventory:
    data = text.encode() if isinstance(text, str) else text
    (folder / "pyproject.toml").write_bytes(data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def discover(folder: Path, text: str | bytes) -> Inventory:
    found = read(folder, text)
    assert "secret" not in repr(found)
    return found


def asked(found: Inventory) -> dict[str, Component]:
    return {
        f"{each.name}{each.requested}": each
        for each in found.components
        if each.kind is Kind.LIBRARY
    }


def one(folder: Path, text: str) -> Component:
    found = discover(folder, text)
    assert not found.gaps
    (component,) = asked(found).values()
    return component


def test_wants_manifests_only() -> None:
    tree = Tree(Path())
    assert DISCOVERER.wants(File(tree=tree, path="a/pyproject.toml"))
    assert DISCOVERER.wants(File(tree=tree, path="PyProject.toml"))
    assert not DISCOVERER.wants(File(tree=tree, path="a/my-pyproject.toml"))


def test_the_project_is_an_application_that_asks_for_what_it_declares(
    tmp_path: Path,
) -> None:
    found = discover(
        tmp_path,
        f"{PROJECT}license = 'MIT'\ndependencies = ['Flask[async]>=2', 'idna==3.0']\n",
    )
    assert not found.gaps
    (app,) = (each for each in found.components if each.kind is Kind.APPLICATION)
    assert (app.name, app.version, app.purl) == ("my-app", "1.0", None)
    assert (app.pin, app.graph, app.basis) == (Pin.LOCAL, True, Basis.DECLARED)
    assert app.facts == PackageFacts(origin=Origin.PATH)
    assert (app.licenses, app.concluded) == (("MIT",), ("MIT",))
    assert {each.target for each in found.relations} == {
        "pkg:pypi/flask",
        "pkg:pypi/idna@3.0",
    }
    flask = asked(found)["flask>=2"]
    assert (flask.pin, flask.requested, flask.version) == (Pin.RANGE, ">=2", None)
    assert str(flask.location) == "pyproject.toml#/project/dependencies/0"
    assert not flask.graph


def test_extras_and_groups_are_told_from_what_is_always_needed(tmp_path: Path) -> None:
    found = discover(
        tmp_path,
        PROJECT + "dependencies = ['a', 'm; os_name == \"nt\"']\n"
        "[project.optional-dependencies]\nX_1 = ['a', 'b']\n"
        "all = ['b', 'my-app[x-1]']\n"
        "[dependency-groups]\ndev = ['c', 'b', {include-group = 'Li_nt'}]\n"
        "li-nt = ['d']\n"
        "[tool.uv]\ndev-dependencies = ['e']\n"
        "[tool.pdm.dev-dependencies]\nold = ['f']\n",
    )
    assert not found.gaps
    assert {name: each.facts for name, each in asked(found).items()} == {
        "a": PackageFacts(),
        "m": PackageFacts(marker='os_name == "nt"'),
        "b": PackageFacts(extras=("all", "x-1"), groups=("dev",), optional=True),
        "c": PackageFacts(groups=("dev",), development=True),
        "d": PackageFacts(groups=("dev", "li-nt"), development=True),
        "e": PackageFacts(groups=("dev",), development=True),
        "f": PackageFacts(groups=("old",), development=True),
    }


def test_what_poetry_declares_is_read(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "setup.py").touch()
    found = discover(
        tmp_path,
        "[tool.poetry]\nname = 'app'\n"
        "[tool.poetry.dependencies]\npython = '^3.9'\na = '^1.2'\nb = '1.2'\nc = '*'\n"
        "d = {version = '~2', optional = true}\n"
        "e = {path = 'sub', develop = true}\n"
        f"f = {{git = 'https://u:secret@h.example/r', rev = '{COMMIT}'}}\n"
        "g = {git = 'https://h.example/r', branch = 'main'}\n"
        "h = {url = 'https://f.example/h.zip'}\n"
        "i = [{version = '1.0', python = '<3.12'}, {version = '2.*', markers = 'm'}]\n"
        "[tool.poetry.extras]\ncli = ['D']\n"
        "[tool.poetry.dev-dependencies]\nj = '>=1'\n"
        "[tool.poetry.group.docs.dependencies]\nk = '==1.0'\n",
    )
    assert not found.gaps
    seen = {
        name: (each.version, each.pin, each.facts)
        for name, each in asked(found).items()
    }
    here = PackageFacts(origin=Origin.VCS, registry="https://h.example/r")
    at = f"git+https://h.example/r@{COMMIT}"
    assert seen == {
        "a^1.2": (None, Pin.RANGE, PackageFacts()),
        "b": ("1.2", Pin.EXACT, PackageFacts()),
        "c": (None, Pin.FLOATING, PackageFacts()),
        "d~2": (None, Pin.RANGE, PackageFacts(extras=("cli",), optional=True)),
        "e": (None, Pin.LOCAL, PackageFacts(origin=Origin.PATH)),
        f"f{at}": (None, Pin.COMMIT, here),
        "ggit+https://h.example/r@main": (None, Pin.TAG, here),
        "hhttps://f.example/h.zip": (
            None,
            Pin.TAG,
            PackageFacts(origin=Origin.URL, registry="https://f.example/h.zip"),
        ),
        "i": ("1.0", Pin.EXACT, PackageFacts(marker='python_version < "3.12"')),
        "i2.*": (None, Pin.RANGE, PackageFacts(marker="m")),
        "j>=1": (None, Pin.RANGE, PackageFacts(groups=("dev",), development=True)),
        "k": ("1.0", Pin.EXACT, PackageFacts(groups=("docs",), development=True)),
    }


@pytest.mark.parametrize(
    "text",
    [
        (
            "[project]\nname = 'app'\nrequires-python = '>=3.9'\n"
            "dependencies = ['a', 'b; python_version < \"3.8\"']"
        ),
        (
            "[tool.poetry]\nname = 'app'\n[tool.poetry.dependencies]\npython = '^3.9'\n"
            "a = '*'\nb = {version = '*', python = '>=3.6,<3.8'}"
        ),
        (
            "[tool.poetry]\nname = 'app'\n[tool.poetry.dependencies]\n"
            "python = '>=3.9'\na = '*'\n"
            "b = {version = '*', markers = 'python_version < \"3.8\"'}"
        ),
    ],
)
def test_what_no_python_of_the_project_installs_is_not_asked_for(
    tmp_path: Path, text: str
) -> None:
    found = discover(tmp_path, text)
    assert not found.gaps
    assert [each.name for each in found.components] == ["a", "app"]


@pytest.mark.parametrize("requires", ["7", "'x'", "[]", "'^^3'", f"'{'>=3,' * 99}'"])
def test_a_limit_on_python_that_cannot_be_read_excuses_nothing(
    tmp_path: Path, requires: str
) -> None:
    text = f"{PROJECT}requires-python = {requires}\n"
    text += "dependencies = ['b; python_version < \"3.8\"']"
    assert one(tmp_path, text).name == "b"


def test_indexes_of_poetry_are_told(tmp_path: Path) -> None:
    text = """
    [tool.poetry.dependencies]
    a = '1.0'
    b = {version = '1.0', source = 'Torch'}
    c = {version = '1.0', source = 'pypi'}
    d = {version = '1.0', source = 'gone'}
    e = {git = 'https://h.example/o/r'}
    [[tool.poetry.source]]
    name = 'main'
    url = 'https://u:secret@main.example/simple'
    [[tool.poetry.source]]
    name = 'torch'
    url = 'https://torch.example/simple'
    priority = 'explicit'
    """
    found = discover(tmp_path, text)
    assert [gap.location.pointer for gap in found.gaps] == [
        "/tool/poetry/dependencies/d/source"
    ]
    main = PackageFacts(extra_registries=("https://main.example/simple",))
    assert {each.name: each.facts for each in found.components} == {
        "a": main,
        "b": PackageFacts(registry="https://torch.example/simple"),
        "c": main,
        "d": main,
        "e": PackageFacts(origin=Origin.VCS, registry="https://h.example/o/r"),
    }


def test_indexes_of_pdm_are_told(tmp_path: Path) -> None:
    text = f"""{PROJECT}
    dependencies = ['a==1.0']
    [[tool.pdm.source]]
    name = 'pypi'
    url = 'https://u:secret@packages.example/simple'
    verify_ssl = false
    [[tool.pdm.source]]
    url = 'https://more.example/simple'
    [[tool.pdm.source]]
    name = 'pypi'
    url = 'https://evil.example/simple'
    """
    found = discover(tmp_path, text)
    assert [(gap.location.pointer, gap.state) for gap in found.gaps] == [
        ("/tool/pdm/source/0/verify_ssl", State.UNSUPPORTED),
        ("/tool/pdm/source/2", State.UNREADABLE),
    ]
    assert asked(found)["a"].facts == PackageFacts(
        registry="https://packages.example/simple",
        extra_registries=(
            "https://more.example/simple",
            "https://evil.example/simple",
        ),
    )


def test_details_of_poetry_do_not_ask_twice(tmp_path: Path) -> None:
    text = PROJECT + "dependencies = ['a>=1']\n[tool.poetry.dependencies]\na = '*'\n"
    assert one(tmp_path, text).requested == ">=1"


@pytest.mark.parametrize(
    ("requirement", "pin", "origin"),
    [
        ("a", Pin.FLOATING, Origin.REGISTRY),
        ("a==1.*", Pin.RANGE, Origin.REGISTRY),
        ("a>=1,==1.5", Pin.EXACT, Origin.REGISTRY),
        ("a @ https://u:secret@f.example/a.zip", Pin.TAG, Origin.URL),
        ("a @ git+https://h.example/r@main", Pin.TAG, Origin.VCS),
        (f"a @ git+https://h.example/r@{COMMIT}", Pin.COMMIT, Origin.VCS),
        ("a @ file:sub", Pin.LOCAL, Origin.PATH),
        ("a @ file:///${PROJECT_ROOT}/sub", Pin.LOCAL, Origin.PATH),
        ("-e file:///${PROJECT_ROOT}/sub#egg=a", Pin.LOCAL, Origin.PATH),
        ("a @ file:a-1.0-py3-none-any.whl", Pin.LOCAL, Origin.PATH),
    ],
)
def test_what_is_declared_is_as_firm_as_it_says(
    tmp_path: Path, requirement: str, pin: Pin, origin: Origin
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "setup.py").touch()
    (tmp_path / "a-1.0-py3-none-any.whl").touch()
    component = one(tmp_path, f"{PROJECT}dependencies = ['{requirement}']")
    assert isinstance(component.facts, PackageFacts)
    assert (component.pin, component.facts.origin) == (pin, origin)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("dependencies = ['good', 'a @ file:../x']", "lies outside"),
        ("dependencies = ['good', 'a @ file:///srv/a.whl']", "names a machine or"),
        ("dependencies = ['good', 'a @ file://evil.example/x']", "names a machine"),
        ("dependencies = ['good', 'a @ file:gone']", "is no folder with"),
        ("dependencies = ['good', 7]", "expected a string"),
        ("dependencies = ['good', '=']", "is not a requirement"),
        ("dependencies = 'good'", "expected a list"),
        ("optional-dependencies = {a = 7, b = ['good']}", "expected a list"),
        ("optional-dependencies = []\ndependencies = ['good']", "expected an object"),
        ("dynamic = 7\ndependencies = ['good']", "expected a list"),
        ("license = 7\ndependencies = ['good']", "expected a string"),
        ("[tool]\nuv = 7\n[dependency-groups]\na = ['good']", "expected an object"),
        ("[tool]\npoetry = 7\n[dependency-groups]\na = ['good']", "expected an object"),
        ("[dependency-groups]\na = ['good', {include-group = 'b'}]", "does not exist"),
        ("[dependency-groups]\na = ['good', {include-group = 7}]", "expected a string"),
        ("[dependency-groups]\na = ['good', {}]", "expected a string"),
        ("[dependency-groups]\na = ['good', 7]", "expected a string"),
        ("[dependency-groups]\na = 'x'\nb = ['good']", "expected a list"),
        ("[tool.poetry.dependencies]\na = 7\ngood = '*'", "expected a string"),
        ("[tool.poetry.dependencies]\na = 'x y'\ngood = '*'", None),
        ("[tool.poetry.dependencies]\n'-a' = '*'\ngood = '*'", "is not the name"),
        ("[tool.poetry.dependencies]\na = '@latest'\ngood = '*'", "is no constraint"),
        ("[tool.poetry.dependencies]\na = {path = '../x'}\ngood = '*'",
         "lies outside"),
        ("[tool.poetry.dependencies]\na = {url = 'file:///x.whl'}\ngood = '*'",
         "is an address on this machine"),
        ("[tool.poetry.dependencies]\na = {git = 'a', url = 'b'}\ngood = '*'",
         "several sources"),
        ("[tool.poetry]\ngroup = 7\ndependencies = {good = '*'}", "expected an object"),
        ("[tool.poetry]\ngroup = {a = 7}\ndependencies = {good = '*'}",
         "expected an object"),
        ("[tool.poetry]\nextras = {a = 7}\ndependencies = {good = '*'}",
         "expected a list"),
    ],
)  # fmt: skip
def test_a_bad_entry_is_a_gap_and_loses_no_other(
    tmp_path: Path, text: str, reason: str | None
) -> None:
    found = discover(tmp_path, PROJECT + text)
    if reason is not None:
        assert [gap.reason for gap in found.gaps if reason not in gap.reason] == []
        assert found.gaps
    if text != "dependencies = 'good'":
        assert "good" in asked(found)


@pytest.mark.parametrize(
    "text",
    [
        "a = [{include-group = 'a'}, 'x']",
        "a = [{include-group = 'b'}, 'x']\nb = [{include-group = 'a'}]",
        (
            "a = [{include-group = 'b'}]\nb = [{include-group = 'c'}]\n"
            "c = ['x', {include-group = 'b'}]"
        ),
    ],
)
def test_groups_that_include_themselves_are_a_gap(tmp_path: Path, text: str) -> None:
    found = discover(tmp_path, f"[dependency-groups]\n{text}")
    assert found.gaps
    assert {gap.reason for gap in found.gaps} == {"includes itself"}
    assert "x" in asked(found)


def test_groups_that_include_each_other_without_end_are_bounded(tmp_path: Path) -> None:
    included = [f"{{include-group = 'g{n}'}}" for n in range(300)]
    lines = [f"g{n} = ['p{n}', {', '.join(included[:n])}]" for n in range(300)]
    found = discover(tmp_path, "[dependency-groups]\n" + "\n".join(lines))
    assert found.gaps or len(asked(found)) == 300


@pytest.mark.parametrize(
    ("text", "partial"),
    [
        (PROJECT + "dynamic = ['dependencies']", True),
        (PROJECT + "dynamic = ['optional-dependencies', 'version']", True),
        (PROJECT + "dynamic = ['version']\ndependencies = ['a']", False),
        (
            PROJECT
            + "dynamic = ['dependencies']\n[tool.poetry.dependencies]\na = '*'\n",
            False,
        ),
    ],
)
def test_what_only_the_back_end_knows_is_a_gap(
    tmp_path: Path, text: str, *, partial: bool
) -> None:
    found = discover(tmp_path, text)
    assert [gap.state for gap in found.gaps] == [State.PARTIAL] * partial
    (app,) = (each for each in found.components if each.kind is Kind.APPLICATION)
    assert app.graph is not partial


@pytest.mark.parametrize("text", ["", "[tool.ruff]\nx = 1", PROJECT, "[tool.poetry]"])
def test_a_manifest_that_asks_for_nothing_says_nothing(
    tmp_path: Path, text: str
) -> None:
    found = discover(tmp_path, text)
    assert not found.components
    assert not found.gaps


def test_groups_without_a_project_are_read(tmp_path: Path) -> None:
    component = one(tmp_path, "[dependency-groups]\ndev = ['a']")
    assert component.facts == PackageFacts(groups=("dev",), development=True)


@pytest.mark.parametrize("data", [b"[", b"\xff\xfe", b"a = " + b"[" * 5000])
def test_a_file_that_is_no_manifest_is_a_gap(tmp_path: Path, data: bytes) -> None:
    found = discover(tmp_path, data)
    assert not found.components
    assert [gap.state for gap in found.gaps] == [State.UNREADABLE]


def test_a_manifest_that_is_too_large_is_a_gap(tmp_path: Path) -> None:
    with (tmp_path / "pyproject.toml").open("wb") as stream:
        stream.truncate(200 << 20)
    (gap,) = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER]).gaps
    assert gap.state is State.LIMIT


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary()
    | st.text().map(lambda text: f"{PROJECT}dependencies = ['''{text}''']".encode())
)
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        read(tmp_path, data)
