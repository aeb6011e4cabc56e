import datetime as dt
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import Component, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.pylock import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

A = "a" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HEAD = 'lock-version = "1.0"\ncreated-by = "test"\n'
WHEEL = f"""[[packages.wheels]]
url = "https://u:secret@f.example/a-1.0-py3-none-any.whl?token=secret"
upload-time = 2026-01-02T03:04:05Z
size = 7
hashes = {{sha256 = "{A}", md5 = "{A[:32]}"}}
"""
GOOD = f'[[packages]]\nname = "a"\nversion = "1.0"\n{WHEEL}'


def discover(root: Path, text: str | bytes) -> Inventory:
    data = text.encode() if isinstance(text, str) else text
    (root / "pylock.toml").write_bytes(data)
    return survey(Tree(root), name="x", discoverers=[DISCOVERER])


def one(root: Path, text: str) -> Component:
    found = discover(root, HEAD + text)
    assert not found.gaps
    (component,) = found.components
    assert "secret" not in repr(found)
    return component


def facts(component: Component) -> PackageFacts:
    assert isinstance(component.facts, PackageFacts)
    return component.facts


def package(name: str, rest: str = "", marker: str = "") -> str:
    line = f"marker = '''{marker}'''\n" if marker else ""
    return (
        f'[[packages]]\nname = "{name}"\nversion = "1.0"\n{line}{rest}\n'
        f'sdist = {{path = "{name}-1.0.tar.gz", hashes = {{sha256 = "{A}"}}}}\n'
    )


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("pylock.toml", True),
        ("pylock.dev.toml", True),
        ("pylock.a.b.toml", False),
        ("pylock..toml", False),
        ("Pylock.toml", False),
        ("my-pylock.toml", False),
    ],
)
def test_wants_the_names_of_the_specification(name: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=f"a/{name}")) is wanted


def test_a_wheel_keeps_what_identifies_it_and_no_secret(tmp_path: Path) -> None:
    index = 'index = "https://u:secret@i.example/simple"\n'
    found = one(tmp_path, GOOD.replace("[[packages.w", index + "[[packages.w"))
    (artifact,) = found.artifacts
    assert (found.title, found.pin) == ("a==1.0", Pin.EXACT)
    assert [str(each) for each in artifact.digests] == [
        f"md5:{A[:32]}",
        f"sha256:{A}",
    ]
    assert artifact.name == "a-1.0-py3-none-any.whl"
    assert artifact.url == "https://f.example/a-1.0-py3-none-any.whl"
    assert artifact.size == 7
    assert artifact.published == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert facts(found).registry == "https://i.example/simple"
    assert str(found.location) == "pylock.toml#/packages/0"


def test_a_time_without_a_zone_is_in_utc(tmp_path: Path) -> None:
    (artifact,) = one(tmp_path, GOOD.replace("05Z", "05")).artifacts
    assert artifact.published == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("source", "pin", "origin", "purl"),
    [
        (
            (
                f'vcs = {{type="git", url="https://u:secret@h.example/o/r", '
                f'commit-id="{COMMIT}", subdirectory="py"}}'
            ),
            Pin.COMMIT,
            Origin.VCS,
            f"pkg:pypi/a?vcs_url=git%2Bhttps://h.example/o/r%40{COMMIT}#py",
        ),
        (
            'vcs = {type="git", url="https://h.example/o/r", commit-id="main"}',
            Pin.TAG,
            Origin.VCS,
            "pkg:pypi/a?vcs_url=git%2Bhttps://h.example/o/r%40main",
        ),
        (
            f'vcs = {{type="git", path="../r", commit-id="{COMMIT}"}}',
            Pin.LOCAL,
            Origin.PATH,
            "None",
        ),
        ('directory = {path="."}', Pin.LOCAL, Origin.PATH, "None"),
        (
            f'archive = {{url="https://h.example/a.zip", hashes={{sha256="{A}"}}}}',
            Pin.DIGEST,
            Origin.URL,
            "pkg:pypi/a?download_url=https://h.example/a.zip",
        ),
        (
            f'archive = {{url="https://h.example/a.zip", hashes={{md5="{A[:32]}"}}}}',
            Pin.TAG,
            Origin.URL,
            "pkg:pypi/a?download_url=https://h.example/a.zip",
        ),
        (
            f'archive = {{path="a.zip", hashes={{sha256="{A}"}}}}',
            Pin.LOCAL,
            Origin.PATH,
            "None",
        ),
        (
            (
                f'sdist = {{url="https://f.example/a-1.0.tar.gz", '
                f'hashes={{sha256="{A}"}}}}'
            ),
            Pin.DIGEST,
            Origin.REGISTRY,
            "pkg:pypi/a",
        ),
        (
            (
                'index = "https://i.example"\n'
                f'sdist = {{path="a-1.0.tar.gz", hashes={{md5="{A[:32]}"}}}}'
            ),
            Pin.FLOATING,
            Origin.REGISTRY,
            "pkg:pypi/a",
        ),
    ],
)
def test_a_package_is_as_firm_as_its_source(
    tmp_path: Path, source: str, pin: Pin, origin: Origin, purl: str
) -> None:
    found = one(tmp_path, f'[[packages]]\nname = "a"\n{source}\n')
    assert (found.pin, facts(found).origin) == (pin, origin)
    assert str(found.purl) == purl


@pytest.mark.parametrize(
    ("marker", "development", "optional"),
    [
        ("", False, False),
        ("'dev' in dependency_groups", True, False),
        ("'dev' in dependency_groups or 'test' in dependency_groups", True, False),
        ("'dev' in dependency_groups or 'main' in dependency_groups", False, False),
        ("'dev' in dependency_groups or python_version < '3'", False, False),
        ("'dev' not in dependency_groups", False, False),
        ("'x' in extras", False, True),
        ("'x' in extras or 'dev' in dependency_groups", False, False),
    ],
)
def test_a_package_is_needed_unless_it_clearly_is_not(
    tmp_path: Path, marker: str, *, development: bool, optional: bool
) -> None:
    text = 'default-groups = ["main", "other"]\n' + package("a", marker=marker)
    found = facts(one(tmp_path, text))
    assert (found.development, found.optional) == (development, optional)


def test_an_edge_leads_to_every_package_that_it_fits(tmp_path: Path) -> None:
    text = HEAD + package(
        "a", 'dependencies = [{name = "b"}, {name = "b", version = "2.0"}]'
    )
    text += package("b") + package("b").replace("1.0", "2.0")
    found = discover(tmp_path, text)
    edges = [(each.source, each.target) for each in found.relations]
    assert edges == [
        ("pkg:pypi/a@1.0", "pkg:pypi/b@1.0"),
        ("pkg:pypi/a@1.0", "pkg:pypi/b@2.0"),
    ]
    assert not found.gaps


@pytest.mark.parametrize(
    "edge",
    ['{name = "c"}', '{name = "b", version = "9"}', '{version = "1.0"}', "{name = 1}"],
)
def test_an_edge_to_nowhere_is_a_gap(tmp_path: Path, edge: str) -> None:
    text = package("a", f'dependencies = [{edge}, {{name = "b"}}]') + package("b")
    found = discover(tmp_path, HEAD + text)
    assert len(found.relations) == 1
    assert len(found.components) == 2
    assert [each.location.path for each in found.gaps] == ["pylock.toml"]


def test_an_edge_that_fits_very_many_packages_is_a_gap(tmp_path: Path) -> None:
    many = "".join(package("b").replace("1.0", f"1.{n}") for n in range(101))
    text = HEAD + package("a", 'dependencies = [{name = "b"}]') + many
    found = discover(tmp_path, text)
    assert not found.relations
    assert "fits 101 packages" in found.gaps[0].reason


BAD = '[[packages]]\nname = "bad"\nversion = "1.0"\n'


@pytest.mark.parametrize(
    ("entry", "pointer", "reason"),
    [
        ("[[packages]]\n", "/packages/0/name", "Missing"),
        ('[[packages]]\nname = "Bad_Name"', "/packages/0/name", "not normalized"),
        ('[[packages]]\nname = "a\\u0000b"', "/packages/0/name", "not normalized"),
        ('[[packages]]\nname = "b"\nversion = "x"', "/packages/0/version", "x"),
        ('[[packages]]\nname = "b"\nversion = 1', "/packages/0/version", "type int"),
        (BAD, "/packages/0", "Exactly one of"),
        (BAD + "sdist = {}", "/packages/0/sdist/hashes", "Missing"),
        (BAD + "sdist = 1", "/packages/0/sdist", "type int"),
        (BAD + "wheels = [{}]", "/packages/0/wheels/0/hashes", "Missing"),
        (BAD + WHEEL, "/packages/0/wheels/0", "not consistent"),
        (BAD + f"marker = '''{'(' * 4000}'''", "/packages/0/marker", ""),
        (BAD + "dependencies = [1]", "/packages/0/dependencies/0", "type int"),
        (GOOD.replace(A, "b" * 63), "/packages/0/wheels/0/hashes", "not a sha256"),
    ],
)
def test_a_bad_package_leaves_a_gap_and_its_siblings(
    tmp_path: Path, entry: str, pointer: str, reason: str
) -> None:
    found = discover(tmp_path, f"{HEAD}{entry}\n{package('z')}")
    assert "z==1.0" in [each.title for each in found.components]
    assert [each.location.pointer for each in found.gaps] == [pointer]
    assert reason in found.gaps[0].reason


def test_packages_that_are_no_tables_leave_a_gap_each(tmp_path: Path) -> None:
    found = discover(tmp_path, HEAD + 'packages = [1, "x"]')
    assert len(found.gaps) == 2


@pytest.mark.parametrize(
    ("hashes", "kept", "gaps"),
    [
        (f'{{blake2b = "{A}", sha256 = "{A}"}}', [f"sha256:{A}"], 0),
        (f'{{blake2b = "{A}"}}', [], 1),
        (f'{{sha256 = "{A}", md5 = "x"}}', [f"sha256:{A}"], 1),
    ],
)
def test_an_unknown_algorithm_is_a_gap_unless_a_known_one_stands_beside_it(
    tmp_path: Path, hashes: str, kept: list[str], gaps: int
) -> None:
    text = '[[packages]]\nname="a"\nversion="1.0"\nsdist={path="a-1.0.tar.gz"'
    found = discover(tmp_path, f"{HEAD}{text}, hashes={hashes}}}")
    (artifact,) = found.components[0].artifacts
    assert [str(each) for each in artifact.digests] == kept
    assert len(found.gaps) == gaps


def test_a_negative_size_is_no_size(tmp_path: Path) -> None:
    (artifact,) = one(tmp_path, GOOD.replace("size = 7", "size = -7")).artifacts
    assert artifact.size is None


@pytest.mark.parametrize(
    ("version", "kept", "state"),
    [("1.1", 1, State.PARTIAL), ("2.0", 0, State.UNSUPPORTED), ("0.9", 0, None)],
)
def test_a_version_that_we_do_not_know_is_a_gap(
    tmp_path: Path, version: str, kept: int, state: State | None
) -> None:
    head = f'lock-version = "{version}"\ncreated-by = "x"\n'
    found = discover(tmp_path, head + GOOD)
    assert len(found.components) == kept
    assert [each.state for each in found.gaps] == [state or State.UNSUPPORTED]


def test_a_bad_header_does_not_hide_the_packages(tmp_path: Path) -> None:
    text = 'lock-version = "1.0"\nenvironments = ["x"]\n' + GOOD
    found = discover(tmp_path, text)
    assert [each.title for each in found.components] == ["a==1.0"]
    assert [each.location.pointer for each in found.gaps] == ["/environments/0"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[",
        b"packages = []",
        b'lock-version = "x"\npackages = []',
        b"lock-version = 1.0\npackages = []",
        b'lock-version = "1.0"\ncreated-by = "x"\n',
        b'lock-version = "1.0"\npackages = 1\ncreated-by = "x"',
        b'lock-version = "1.0"\nlock-version = "1.0"',
        (HEAD + GOOD).encode()[:-20],
        (HEAD + GOOD).encode("utf-16"),
        b"a = " + b"[" * 100_000,
        b"a = 1" + b"0" * 5000,
        (HEAD + GOOD).encode() + b"\x00",
        b'lock-version = "' + b"1" * 5000 + b'"',
    ],
)
def test_what_is_no_lock_is_a_gap(tmp_path: Path, data: bytes) -> None:
    found = discover(tmp_path, data)
    assert not found.components
    assert found.gaps
    assert all(len(each.reason) < 300 for each in found.gaps)


def test_a_lock_that_is_too_large_is_a_gap(tmp_path: Path) -> None:
    found = discover(tmp_path, b"#" * (33 << 20))
    assert [each.state for each in found.gaps] == [State.LIMIT]


@given(st.lists(st.sampled_from([GOOD, BAD, WHEEL, "=", "[", "a = 1\n"]), max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_text_is_either_read_or_a_gap(parts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as root:
        found = discover(Path(root), HEAD + "".join(parts))
    assert found.components or found.gaps
