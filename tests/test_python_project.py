from pathlib import Path

import pytest

from mcpchain.component import Component, Kind, Location, Pin
from mcpchain.discover import survey
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree

SHA = "sha256:" + "a" * 64
MANIFEST = (
    "[project]\nname = 'app'\nversion = '1'\ndependencies = ['Fla_sk>=2']\n"
    "[project.optional-dependencies]\ncli = ['click']\n"
    "[dependency-groups]\ndev = ['pytest']\n"
)


def poetry(*names: str) -> str:
    text = "".join(
        f"[[package]]\nname = '{name}'\nversion = '2.0'\n"
        f"files = [{{file = 'f', hash = '{SHA}'}}]\n"
        for name in names
    )
    return f"{text}[metadata]\nlock-version = '2.1'\n"


def uv(*names: str) -> str:
    own = "version = 1\n[[package]]\nname = 'app'\nversion = '1'\n"
    needs = ", ".join(f"{{ name = '{name}' }}" for name in names)
    text = f"{own}source = {{ editable = '.' }}\ndependencies = [{needs}]\n"
    return text + "".join(
        f"[[package]]\nname = '{name}'\nversion = '2.0'\n"
        "source = { registry = 'https://packages.example/simple' }\n"
        for name in names
    )


def pylock(*names: str) -> str:
    return "lock-version = '1.0'\ncreated-by = 'x'\n" + "".join(
        f"[[packages]]\nname = '{name}'\nversion = '2.0'\nindex = 'https://p.example'\n"
        f"[packages.sdist]\nhashes = {{ sha256 = '{SHA[7:]}' }}\n"
        f"url = 'https://f.example/{name.replace('-', '_')}-2.0.tar.gz'\n"
        for name in names
    )


def requirements(*names: str) -> str:
    return "".join(f"{name}==2.0 --hash={SHA}\n" for name in names)


LOCKS = {
    "poetry.lock": poetry,
    "uv.lock": uv,
    "pylock.toml": pylock,
    "requirements.txt": requirements,
}
ALL = ("fla-sk", "click", "pytest")


def examine(folder: Path, files: dict[str, str]) -> Inventory:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return survey(Tree(folder), name="x")


def libraries(found: Inventory) -> list[str]:
    return [each.title for each in found.components if each.kind is Kind.LIBRARY]


def application(found: Inventory) -> Component:
    (app,) = (each for each in found.components if each.kind is Kind.APPLICATION)
    return app


@pytest.mark.parametrize(
    ("lock", "folder"),
    [
        *((each, "") for each in LOCKS),
        ("pylock.toml", "packages/app/"),
        ("requirements.txt", "packages/app/"),
    ],
)
def test_a_lock_speaks_for_what_is_declared(
    tmp_path: Path, lock: str, folder: str
) -> None:
    files = {f"{folder}pyproject.toml": MANIFEST, lock: LOCKS[lock](*ALL)}
    found = examine(tmp_path, files)
    assert not found.gaps
    assert libraries(found) == ["click==2.0", "fla-sk==2.0", "pytest==2.0"]
    app = application(found)
    assert app.graph
    own = {each.target for each in found.relations if each.source == app.ref}
    assert {"pkg:pypi/fla-sk@2.0", "pkg:pypi/click@2.0"} <= own


MEMBER = "[[package]]\nname = 'app'\nversion = '1'\nsource = "


@pytest.mark.parametrize(
    ("lock", "text"),
    [
        (
            "poetry.lock",
            f"{MEMBER}{{ type = 'directory', url = 'lib/app' }}\n{poetry(*ALL)}",
        ),
        (
            "uv.lock",
            uv(*ALL).replace("'app'", "'root'")
            + f"{MEMBER}{{ editable = 'lib/app' }}\n",
        ),
    ],
)
def test_a_lock_above_speaks_for_the_projects_in_it(
    tmp_path: Path, lock: str, text: str
) -> None:
    found = examine(tmp_path, {"lib/app/pyproject.toml": MANIFEST, lock: text})
    assert not found.gaps
    (app,) = (each for each in found.components if each.name == "app")
    assert [each.path for each in app.locations] == ["lib/app/pyproject.toml", lock]
    assert {e.target for e in found.relations if e.source == app.ref} == {
        f"pkg:pypi/{name}@2.0" for name in ALL
    }


@pytest.mark.parametrize("lock", ["poetry.lock", "uv.lock"])
def test_the_lock_of_another_project_speaks_for_nothing(
    tmp_path: Path, lock: str
) -> None:
    manifest = MANIFEST.replace("'app'", "'other'")
    files = {"examples/a/pyproject.toml": manifest, lock: LOCKS[lock](*ALL)}
    found = examine(tmp_path, files)
    assert [gap.reason for gap in found.gaps] == [
        f"names dependencies, and `{lock}` is the lock of another project"
    ]
    assert {"click", "fla-sk", "pytest"} <= set(libraries(found))


def test_the_project_in_the_lock_is_that_of_the_manifest(tmp_path: Path) -> None:
    text = MANIFEST.replace("[project.opt", "license = 'MIT'\n[project.opt")
    found = examine(tmp_path, {"pyproject.toml": text, "uv.lock": uv(*ALL)})
    app = application(found)
    assert app.licenses == ("MIT",)
    assert app.locations == (
        Location(path="pyproject.toml", pointer="/project"),
        Location(path="uv.lock", pointer="/package/0"),
    )


@pytest.mark.parametrize(
    ("lock", "locked", "lacking"),
    [
        ("poetry.lock", ("click", "pytest"), ["fla-sk"]),
        ("poetry.lock", ("fla-sk",), ["pytest", "click"]),
        ("uv.lock", ("fla-sk", "click"), ["pytest"]),
        ("pylock.toml", ("click",), ["fla-sk"]),
        ("pylock.toml", ("fla-sk",), []),
        ("requirements.txt", ("click",), ["fla-sk"]),
        ("requirements.txt", ("fla-sk",), []),
    ],
)
def test_what_a_lock_lacks_is_a_gap_if_the_lock_should_have_it(
    tmp_path: Path, lock: str, locked: tuple[str, ...], lacking: list[str]
) -> None:
    found = examine(tmp_path, {"pyproject.toml": MANIFEST, lock: LOCKS[lock](*locked)})
    assert [gap.reason for gap in found.gaps] == [
        f"asks for `{name}`, which `{lock}` lacks" for name in lacking
    ]
    assert {gap.state for gap in found.gaps} <= {State.MISSING}
    # What a group or an extra asks for stays, where the lock is not of those.
    whole = lock in {"poetry.lock", "uv.lock"}
    left = () if whole else {"click", "pytest"} - {*locked}
    assert libraries(found) == sorted([*(f"{name}==2.0" for name in locked), *left])
    assert lock == "uv.lock" or not application(found).graph


def test_a_marker_excuses_nothing_from_a_lock_for_all_machines(tmp_path: Path) -> None:
    text = MANIFEST.replace(">=2'", "', 'evil; python_version > \"3\"'")
    found = examine(tmp_path, {"pyproject.toml": text, "uv.lock": uv(*ALL)})
    assert ["`evil`" in gap.reason for gap in found.gaps] == [True]
    (tmp_path / "uv.lock").unlink()
    found = examine(tmp_path, {"requirements.txt": requirements("fla-sk")})
    assert not found.gaps


def test_without_a_lock_what_is_declared_is_listed_and_a_gap(tmp_path: Path) -> None:
    found = examine(tmp_path, {"pyproject.toml": MANIFEST})
    assert libraries(found) == ["click", "fla-sk", "pytest"]
    assert ["no lock" in gap.reason for gap in found.gaps] == [True]
    pins = {each.name: each.pin for each in found.components}
    assert pins["fla-sk"] is Pin.RANGE


@pytest.mark.parametrize("lock", ["[", "[metadata]\nlock-version = '2.1'\n"])
def test_a_lock_that_says_nothing_speaks_for_nothing(tmp_path: Path, lock: str) -> None:
    found = examine(tmp_path, {"pyproject.toml": MANIFEST, "poetry.lock": lock})
    assert libraries(found) == ["click", "fla-sk", "pytest"]


def test_each_of_two_manifests_is_settled_by_itself(tmp_path: Path) -> None:
    files = {"a/pyproject.toml": MANIFEST, "b/pyproject.toml": MANIFEST}
    found = examine(tmp_path, files | {"a/poetry.lock": poetry(*ALL)})
    assert libraries(found) == [
        *("click", "click==2.0", "fla-sk", "fla-sk==2.0", "pytest", "pytest==2.0")
    ]
    click = next(each for each in found.components if each.title == "click")
    assert [each.path for each in click.locations] == ["b/pyproject.toml"]
    assert [gap.location.path for gap in found.gaps] == ["b/pyproject.toml"]


def test_a_stale_lock_is_not_excused_by_a_list_beside_it(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": MANIFEST,
        "uv.lock": uv("click", "pytest"),
        "requirements.txt": requirements(*ALL),
    }
    found = examine(tmp_path, files)
    assert [gap.reason for gap in found.gaps] == [
        "asks for `fla-sk`, which `uv.lock` lacks"
    ]


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ("fla-sk", True),
        ("fla-sk>=2", True),
        ("fla-sk>=2.0a1,<3", True),
        ("fla-sk==2", True),
        ("fla-sk==3.0", False),
        ("fla-sk>=3", False),
        ("fla-sk!=2.0", False),
        ("fla-sk @ https://f.example/x.zip", True),
    ],
)
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_with_another_version_than_is_asked_for_is_stale(
    tmp_path: Path, lock: str, asked: str, *, fits: bool
) -> None:
    text = MANIFEST.replace("Fla_sk>=2", asked)
    found = examine(tmp_path, {"pyproject.toml": text, lock: LOCKS[lock](*ALL)})
    assert ["has another version" in gap.reason for gap in found.gaps] == (
        [] if fits else [True]
    )
    assert libraries(found) == ["click==2.0", "fla-sk==2.0", "pytest==2.0"]


def test_one_of_several_versions_may_fit(tmp_path: Path) -> None:
    text = MANIFEST.replace("Fla_sk>=2'", "fla-sk<3', 'fla-sk>=3'")
    more = "[[package]]\nname = 'fla-sk'\nversion = '3.0'\n"
    files = {"pyproject.toml": text, "poetry.lock": more + poetry(*ALL)}
    assert not examine(tmp_path, files).gaps


def test_a_constraint_of_poetry_is_left_to_poetry(tmp_path: Path) -> None:
    text = "[tool.poetry]\nname = 'app'\n[tool.poetry.dependencies]\nfla-sk = '^3'\n"
    files = {"pyproject.toml": text, "poetry.lock": poetry(*ALL)}
    assert not examine(tmp_path, files).gaps


def test_more_versions_than_are_followed_are_a_gap(tmp_path: Path) -> None:
    many = "".join(
        f"[[package]]\nname = 'click'\nversion = '{n}.0'\n" for n in range(60)
    )
    files = {"pyproject.toml": MANIFEST, "poetry.lock": many + poetry(*ALL[::2])}
    found = examine(tmp_path, files)
    assert [gap.state for gap in found.gaps] == [State.LIMIT]
    assert not application(found).graph


def test_packages_of_conda_lock_none_of_python(tmp_path: Path) -> None:
    url = "https://c.example/forge/noarch/fla-sk-1.0-0.conda"
    files = {
        "pyproject.toml": MANIFEST,
        "requirements.txt": requirements("click"),
        "explicit.txt": f"@EXPLICIT\n{url}\n",
    }
    found = examine(tmp_path, files)
    assert [gap.reason for gap in found.gaps] == [
        "asks for `fla-sk`, which `requirements.txt` lacks"
    ]


def test_a_list_beside_a_lock_does_not_answer_for_it(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": MANIFEST,
        "uv.lock": uv("fla-sk", "click"),
        "requirements.txt": requirements("fla-sk"),
    }
    found = examine(tmp_path, files)
    assert [gap.reason for gap in found.gaps] == [
        "asks for `pytest`, which `uv.lock` lacks"
    ]


def test_lists_that_a_list_includes_belong_to_it(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": MANIFEST,
        "requirements.txt": "-r requirements/base.txt\nclick==2.0\n",
        "requirements/base.txt": requirements("fla-sk"),
    }
    assert not examine(tmp_path, files).gaps


def test_what_is_dynamic_is_known_to_a_lock(tmp_path: Path) -> None:
    text = "[project]\nname = 'app'\ndynamic = ['dependencies']\n"
    found = examine(tmp_path, {"pyproject.toml": text, "poetry.lock": poetry("a")})
    assert not found.gaps
    assert not application(found).graph


def test_what_cannot_be_read_of_a_manifest_stays_a_gap(tmp_path: Path) -> None:
    text = MANIFEST.replace("dep", "dynamic = 7\ndep", 1)
    found = examine(tmp_path, {"pyproject.toml": text, "poetry.lock": poetry(*ALL)})
    assert [gap.state for gap in found.gaps] == [State.UNREADABLE]


def test_several_versions_in_a_lock_are_all_asked_for(tmp_path: Path) -> None:
    more = "[[package]]\nname = 'fla-sk'\nversion = '3.0'\n"
    files = {"pyproject.toml": MANIFEST, "poetry.lock": more + poetry(*ALL)}
    found = examine(tmp_path, files)
    assert {"pkg:pypi/fla-sk@2.0", "pkg:pypi/fla-sk@3.0"} <= {
        each.target for each in found.relations
    }


@pytest.mark.parametrize(
    ("more", "gaps"),
    [
        ("groups = ['main']\n", 0),
        ("groups = ['main', 'dev']\n", 0),
        ("groups = ['dev']\n", 1),
        ("groups = ['main']\nmarkers = 'extra == \"cli\"'\n", 1),
    ],
    ids=repr,
)
def test_what_is_asked_for_in_any_case_and_locked_for_some_is_a_gap(
    tmp_path: Path, more: str, gaps: int
) -> None:
    manifest = "[project]\nname = 'app'\nversion = '1'\ndependencies = ['click']\n"
    lock = poetry("click").replace("files =", f"{more}files =")
    found = examine(tmp_path, {"pyproject.toml": manifest, "poetry.lock": lock})
    assert [each.state for each in found.gaps] == [State.CONFLICT] * gaps
