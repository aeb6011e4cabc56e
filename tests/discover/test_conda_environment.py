import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.conda_environment import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

HEAD = "name: x\nchannels: [forge, nodefaults]\ndependencies:\n"


def read(folder: Path, text: str | bytes) -> Inventory:
    data = text.encode() if isinstance(text, str) else text
    (folder / "environment.yml").write_bytes(data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def discover(folder: Path, text: str | bytes) -> Inventory:
    found = read(folder, text)
    assert "secret" not in repr(found)
    return found


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("environment.yml", True),
        ("Environment.yaml", True),
        ("environment-dev.yml", True),
        ("dev_environment.yml", True),
        ("conda.yaml", True),
        ("conda_env.yml", True),
        ("conda-linux-64.lock.yml", True),
        ("conda-lock.yml", False),
        ("environment.json", False),
        ("my.yml", False),
    ],
)
def test_wants_files_of_environments(name: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=f"a/{name}")) is wanted


def test_what_is_asked_of_conda_and_of_pip_is_declared(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "setup.py").touch()
    found = discover(
        tmp_path,
        HEAD + "- python=3.10 # [unix]\n- NumPy=1.26.4=h0\n- other::scipy>=1\n- pip\n"
        "- https://u:secret@c.example/forge/noarch/x-1.0-0.conda\n"
        "- pip:\n  - Flask==3.0.0\n  - idna; os_name == 'nt'\n  - -r requirements.txt\n"
        "  - -e ./lib\nprefix: /home/secret/x\nvariables: {A: secret}\n",
    )
    assert not found.gaps
    forge = PackageFacts(registry="conda:forge")
    assert {each.ref: (each.pin, each.facts) for each in found.components} == {
        "pkg:conda/python": (Pin.RANGE, forge),
        "pkg:conda/numpy@1.26.4?build=h0": (Pin.EXACT, forge),
        "pkg:conda/scipy?channel=other": (
            Pin.RANGE,
            PackageFacts(registry="conda:other"),
        ),
        "pkg:conda/pip": (Pin.FLOATING, forge),
        "pkg:conda/x@1.0?build=0&channel=forge&subdir=noarch&type=conda": (
            Pin.EXACT,
            PackageFacts(registry="https://c.example/forge"),
        ),
        "pkg:pypi/flask@3.0.0": (Pin.EXACT, PackageFacts()),
        "pkg:pypi/idna": (Pin.FLOATING, PackageFacts(marker='os_name == "nt"')),
        "urn:mcpchain:library:./lib": found_lib(found),
    }
    assert not any(each.graph for each in found.components)


def test_hashes_of_what_pip_takes_are_kept(tmp_path: Path) -> None:
    digests = ["sha256:" + each * 64 for each in "ab"]
    line = f"b == 1.0 --hash={digests[0]} --hash={digests[1]}"
    found = discover(tmp_path, f"{HEAD}- pip:\n  - {line}\n")
    assert not found.gaps
    (component,) = found.components
    assert (component.title, component.pin) == ("b==1.0", Pin.EXACT)
    assert [str(d) for a in component.artifacts for d in a.digests] == digests


def found_lib(found: Inventory) -> tuple[Pin | None, object]:
    (lib,) = (each for each in found.components if each.pin is Pin.LOCAL)
    return lib.pin, lib.facts


@pytest.mark.parametrize("text", ["", "name: x\n", "[1, 2]", "env: 1", "# nothing"])
def test_a_file_that_asks_for_nothing_says_nothing(tmp_path: Path, text: str) -> None:
    found = discover(tmp_path, text)
    assert not found.components
    assert not found.gaps


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("- 7\n", "expected a string"),
        ("- [x]\n", "expected a string"),
        ("- null\n", "expected a string"),
        ("- =1\n", "is not the name of a package"),
        ("- x[md5=zz]\n", "is not a md5 digest"),
        ("- file:///srv/noarch/x-1.0-0.conda\n", "names a file of this machine"),
        ("- https://c.example/x.whl\n", "is not called like a package of conda"),
        ("- npm: [x]\n", "is for a tool that is not known here"),
        ("- pip: x\n", "expected a list"),
        ("- pip: [7]\n", "expected a string"),
        ("- pip: ['=']\n", "is not a requirement"),
        ("- pip: ['--index-url https://u:secret@x.example']\n", "is an option"),
        ("- pip: ['-r other.txt']\n", "is no `requirements.txt`"),
        ("- pip: ['-r ../requirements.txt']\n", "is no `requirements.txt`"),
        ("- pip: ['-r requirements.txt']\n", "is no `requirements.txt`"),
        ("- pip: ['../x']\n", "lies outside"),
        ("- pip: ['x==1 --hash=md4:aa']\n", "no digest algorithm"),
        ("- pip: ['x==1 --no-deps']\n", "is not a requirement"),
        ("- pip: ['-e /srv/x']\n", "lies outside"),
        ("- pip: [./x.whl]\n", "No such file"),
    ],
)
def test_a_bad_entry_is_a_gap_and_loses_no_other(
    tmp_path: Path, bad: str, reason: str
) -> None:
    found = discover(tmp_path, f"{HEAD}{bad}- good\n")
    assert [reason in gap.reason for gap in found.gaps] == [True]
    assert "pkg:conda/good" in {each.ref for each in found.components}


def test_channels_that_cannot_be_read_are_a_gap(tmp_path: Path) -> None:
    found = discover(tmp_path, "channels: forge\ndependencies: [x]\n")
    assert len(found.gaps) == 1
    assert [each.name for each in found.components] == ["x"]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        "dependencies: x",
        "dependencies: {x: 1}",
        "dependencies: [",
        "dependencies: !!python/object/apply:os.system [x]",
        b"\xff\xfe",
        "[" * 5000,
        f"{BOMB}dependencies: *i\n",
        "a: &a\n  dependencies: [*a]\n",
    ],
)
def test_a_file_that_is_no_environment_is_a_gap(
    tmp_path: Path, text: str | bytes
) -> None:
    found = discover(tmp_path, text)
    assert not found.components
    assert [gap.state for gap in found.gaps] == [State.UNREADABLE]


def test_a_file_that_is_too_large_is_a_gap(tmp_path: Path) -> None:
    with (tmp_path / "environment.yml").open("wb") as stream:
        stream.truncate(200 << 20)
    (gap,) = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER]).gaps
    assert gap.state is State.LIMIT


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.text().map(lambda text: f"{HEAD}- '{text}'".encode()))
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        read(tmp_path, data)
