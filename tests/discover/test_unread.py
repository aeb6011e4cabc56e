import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.discover import survey
from mcpchain.discover.unread import DISCOVERER
from mcpchain.inventory import Gap, State
from mcpchain.tree import Tree


def write(folder: Path, path: str, data: str | bytes) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data.encode() if isinstance(data, str) else data)


def gaps(folder: Path) -> tuple[Gap, ...]:
    found = survey(Tree(folder), name="x", discoverers=[DISCOVERER])
    assert not found.components
    return found.gaps


NAMES_NPM = '{"dependencies": {"left": "1"}}'
NAMES_PYPI = "[project]\nname = 'x'\ndependencies = ['flask']\n"


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("bun.lockb", b"\0"),
        ("Cargo.lock", "version = 4\n"),
        ("pixi.lock", "version: 6\n"),
        ("Pipfile", "[packages]\nflask = '*'\n"),
        ("Pipfile", "[dev-packages]\nflask = '*'\n"),
        ("srv/go.sum", ""),
        ("Gemfile.lock", ""),
        ("composer.lock", "{}"),
        ("Package.json", NAMES_NPM),
        ("PyProject.toml", NAMES_PYPI),
        ("requirements.in", "flask\n"),
        ("dev-requirements.in", "flask\n"),
        ("requirements/base.in", "flask\n"),
        ("Requirements-dev.IN", "-r requirements.in\n"),
        ("uv.toml", "index-url = 'https://evil.example'\n"),
        ("uv.toml", "[[index]]\nurl = 'https://evil.example'\n"),
        ("uv.toml", "[pip]\nextra-index-url = ['https://evil.example']\n"),
        ("pyproject.toml", "[[tool.uv.index]]\nurl = 'https://evil.example'\n"),
        ("pyproject.toml", "[tool.uv]\nfind-links = ['./evil']\n"),
        ("pyproject.toml", "[tool.uv.pip]\nindex-url = 'https://evil.example'\n"),
        ("package.json", NAMES_NPM),
        ("package.json", '{"devDependencies": {"left": "1"}}'),
        ("pyproject.toml", NAMES_PYPI),
        ("pyproject.toml", "[dependency-groups]\ndev = ['pytest']\n"),
        ("pyproject.toml", "[tool.poetry.dependencies]\nflask = '*'\n"),
        ("setup.py", "setup(install_requires=['flask'])\n"),
        ("setup.py", "setup(\n    **{'extras_require': x}\n)\n"),
        ("pkg/setup.cfg", "[options]\ninstall_requires =\n    flask\n"),
    ],
)
def test_what_names_components_and_is_not_read_is_a_gap(
    tmp_path: Path, path: str, data: str | bytes
) -> None:
    write(tmp_path, path, data)
    (gap,) = gaps(tmp_path)
    assert gap.state is State.UNSUPPORTED
    assert gap.location.path == path
    assert gap.hint


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("package.json", '{"name": "x", "dependencies": {}}'),
        ("pyproject.toml", "[tool.ruff]\nline-length = 88\n"),
        ("Pipfile", "[packages]\n[requires]\npython_version = '3'\n"),
        ("pyproject.toml", "[project]\nname = 'x'\ndependencies = []\n"),
        ("README.md", "mcpServers"),
        ("requirements.in", "# nothing\n\n"),
        ("other.in", "flask"),
        ("uv.toml", "offline = true\n"),
        ("data.pb", b"\x08"),
        ("setup.py", "from setuptools import setup\nsetup()  # install_requires\n"),
        ("setup.cfg", "[flake8]\nmax-line-length = 88\n"),
    ],
)
def test_what_names_nothing_is_no_gap(
    tmp_path: Path, path: str, data: str | bytes
) -> None:
    write(tmp_path, path, data)
    assert not gaps(tmp_path)


@pytest.mark.parametrize(
    ("manifest", "data", "lock", "locked"),
    [
        ("pyproject.toml", NAMES_PYPI, "uv.lock", ""),
        ("pyproject.toml", NAMES_PYPI, "pylock.toml", ""),
        ("pyproject.toml", NAMES_PYPI, "poetry.lock", ""),
        ("pyproject.toml", NAMES_PYPI, "pdm.lock", ""),
        ("pyproject.toml", NAMES_PYPI, "Pipfile.lock", "{}"),
        ("Pipfile", "[packages]\nflask = '*'\n", "Pipfile.lock", "{}"),
        ("setup.py", "setup(install_requires=x)", "uv.lock", ""),
        (
            "setup.py",
            "setup(install_requires=x)",
            "pyproject.toml",
            "[project]\nname='x'",
        ),
        ("pyproject.toml", NAMES_PYPI, "requirements.txt", "flask==3.0.0"),
        ("requirements.in", "flask", "requirements.txt", "flask==3.0.0"),
        ("requirements/dev.in", "flask", "requirements/dev.txt", "flask==3.0.0"),
        ("uv.toml", "index-url = 'https://x.example'", "uv.lock", ""),
    ],
)
def test_a_lock_that_is_read_speaks_for_its_manifest(
    tmp_path: Path, manifest: str, data: str, lock: str, locked: str
) -> None:
    write(tmp_path, manifest, data)
    write(tmp_path, lock, locked)
    assert not gaps(tmp_path)


@pytest.mark.parametrize("text", ["", "[tool.ruff]\nx = 1\n", "[project\n"])
def test_a_manifest_that_says_nothing_does_not_speak_for_what_sets_up(
    tmp_path: Path, text: str
) -> None:
    write(tmp_path, "setup.py", "setup(install_requires=['flask'])\n")
    write(tmp_path, "pyproject.toml", text)
    assert "setup.py" in {each.location.path for each in gaps(tmp_path)}


@pytest.mark.parametrize("text", ["", "flask", "# flask"])
def test_a_list_that_locks_nothing_does_not_speak_for_a_manifest(
    tmp_path: Path, text: str
) -> None:
    write(tmp_path, "pyproject.toml", NAMES_PYPI)
    write(tmp_path, "requirements.txt", text)
    assert len(gaps(tmp_path)) == 1


@pytest.mark.parametrize(
    ("manifest", "lock"),
    [
        ("requirements.in", "requirements/base.txt"),
        ("sub/requirements.in", "requirements.txt"),
        ("requirements/dev.in", "requirements/base.txt"),
    ],
)
def test_another_list_does_not_speak_for_one_that_is_not_compiled(
    tmp_path: Path, manifest: str, lock: str
) -> None:
    write(tmp_path, manifest, "flask")
    write(tmp_path, lock, "flask==3.0.0")
    assert len(gaps(tmp_path)) == 1


@pytest.mark.parametrize("name", ["package.json", "pyproject.toml", "uv.toml"])
@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b"[[", b'{"a": 1, "a": 2'])
def test_a_broken_manifest_is_a_gap(tmp_path: Path, name: str, data: bytes) -> None:
    write(tmp_path, name, data)
    (gap,) = gaps(tmp_path)
    assert gap.state is State.UNREADABLE


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["package.json", "pyproject.toml", "uv.toml"]), st.binary())
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, name: str, data: bytes) -> None:
    with contextlib.suppress(OSError):
        write(tmp_path, name, data)
        gaps(tmp_path)
