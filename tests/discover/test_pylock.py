import datetime as dt
import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import Attester, Component, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.pylock import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

A = "a" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HEAD = 'lock-version = "1.0"\ncreated-by = "test"\n'
EMPTY = hashlib.sha256(b"").hexdigest()
MD5 = hashlib.md5(b"", usedforsecurity=False).hexdigest()
HASHES = f'hashes={{sha256="{A}"}}'
EMPTY_HASH = f'hashes={{sha256="{EMPTY}"}}'
TWO = f'hashes={{md5="{A[:32]}", sha256="{EMPTY}"}}'
NAME = "a-1.0-py3-none-any.whl"
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
        f'sdist = {{url = "https://f.example/{name}-1.0.tar.gz", '
        f'hashes = {{sha256 = "{A}"}}}}\n'
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
        ('directory = {path="sub"}', Pin.LOCAL, Origin.PATH, "None"),
        ('directory = {path=".", subdirectory="sub"}', Pin.LOCAL, Origin.PATH, "None"),
        (
            f'archive = {{path="a.zip", hashes={{sha256="{EMPTY}"}}}}',
            Pin.LOCAL,
            Origin.PATH,
            "None",
        ),
        (
            f'version = "1.0"\nsdist = {{path="a-1.0.tar.gz", {EMPTY_HASH}}}',
            Pin.LOCAL,
            Origin.PATH,
            "pkg:pypi/a@1.0",
        ),
        (
            f'version = "1.0"\nwheels = [{{path="sub/{NAME}", {EMPTY_HASH}}}]',
            Pin.LOCAL,
            Origin.PATH,
            "pkg:pypi/a@1.0",
        ),
        (
            'version = "1.0"\ndirectory = {path="sub"}',
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
                f'sdist = {{path="a-1.0.tar.gz", {EMPTY_HASH}}}'
            ),
            Pin.DIGEST,
            Origin.REGISTRY,
            "pkg:pypi/a",
        ),
    ],
)
def test_a_package_is_as_firm_as_its_source(
    tmp_path: Path, source: str, pin: Pin, origin: Origin, purl: str
) -> None:
    beside(tmp_path)
    found = one(tmp_path, f'[[packages]]\nname = "a"\n{source}\n')
    assert (found.pin, facts(found).origin) == (pin, origin)
    assert str(found.purl) == purl


def beside(root: Path) -> None:
    (root / "sub").mkdir()
    for name in ("a.zip", "a-1.0.tar.gz", f"sub/{NAME}", "sub/pyproject.toml"):
        (root / name).touch()


@pytest.mark.parametrize(
    ("source", "address"),
    [
        (f'vcs = {{type="git", url="ssh://git@h.example/r", commit-id="{COMMIT}"}}',
         "ssh://h.example/r"),
        (f'vcs = {{type="git", url="file:///srv/r", commit-id="{COMMIT}"}}',
         "file:///r"),
        (f'vcs = {{type="git", url="git@h.example:r", commit-id="{COMMIT}"}}',
         "ssh://h.example/r"),
        (f'vcs = {{type="git", url="h.example/r", commit-id="{COMMIT}"}}', ""),
        (f'archive = {{url="http://u:secret@h.example/a.zip?secret", {HASHES}}}',
         "http://h.example/a.zip"),
        (f'archive = {{url="//h.example/a.zip", {HASHES}}}', ""),
    ],
)  # fmt: skip
def test_what_comes_from_no_index_tells_its_address(
    tmp_path: Path, source: str, address: str
) -> None:
    found = one(tmp_path, f'[[packages]]\nname = "a"\nversion = "1"\n{source}\n')
    assert facts(found).origin in {Origin.VCS, Origin.URL}
    assert facts(found).registry == address


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (f'wheels = [{{path="{folder}/{NAME}", {EMPTY_HASH}}}]', reason)
        for folder, reason in [
            ("//evil.example/share", "lies outside"),
            ("\\\\\\\\evil.example\\\\share", "lies outside"),
            ("/srv", "lies outside"),
            ("C:/tmp", "lies outside"),
            ("~", "lies outside"),
            ("..", "lies outside"),
            ("sub/../..", "lies outside"),
            ("missing", "cannot be read: No such file"),
        ]
    ]
    + [
        (f'wheels = [{{path="sub/{NAME}", {HASHES}}}]', "other bytes"),
        (f'wheels = [{{path="sub/{NAME}", {TWO}}}]',
         "other bytes than one of its digests"),
        (f'wheels = [{{url="https://f.example/{NAME}", path="../{NAME}", {HASHES}}}]',
         "lies outside"),
        (f'wheels = [{{url="file:///tmp/{NAME}", {HASHES}}}]', "is an address on this"),
        (f'sdist = {{path="../a-1.0.tar.gz", {HASHES}}}', "lies outside"),
        (f'archive = {{path="../a.zip", {HASHES}}}', "lies outside"),
        (f'archive = {{path="a.zip", {HASHES}}}', "other bytes"),
        (f'archive = {{url="FILE:///tmp/a.zip", {HASHES}}}', "is an address on this"),
        (f'archive = {{url="https://f.example/a.zip", path="gone.zip", {HASHES}}}',
         "No such file"),
        ('directory = {path="//evil.example/x"}', "lies outside"),
        ('directory = {path="/tmp/evil"}', "lies outside"),
        ('directory = {path="../x"}', "lies outside"),
        ('directory = {path=".."}', "lies outside"),
        ('directory = {path="gone"}', "is no folder with `pyproject.toml` or"),
        ('directory = {path=".", subdirectory="../x"}', "lies outside"),
        (f'vcs = {{type="git", path="r", commit-id="{COMMIT}"}}', "is of this machine"),
        (f'vcs = {{type="git", path="r", url="https://h", commit-id="{COMMIT}"}}',
         "is of this machine"),
    ],
)  # fmt: skip
def test_what_is_no_file_or_folder_of_the_tree_is_a_gap(
    tmp_path: Path, source: str, reason: str
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    beside(root)
    for name in (NAME, "a.zip", "a-1.0.tar.gz", "pyproject.toml"):
        (tmp_path / name).touch()
    text = f'{HEAD}[[packages]]\nname = "a"\nversion = "1.0"\n{source}\n'
    found = discover(root, text)
    assert [each.name for each in found.components] == ["a"]
    (gap,) = found.gaps
    assert reason in gap.reason
    assert (gap.state, gap.location.pointer) == (State.UNREADABLE, "/packages/0")


def test_a_local_file_counts_with_the_bytes_that_it_has(tmp_path: Path) -> None:
    beside(tmp_path)
    wheel = f'wheels = [{{path="sub/{NAME}", hashes={{md5="{MD5}"}}}}]'
    text = f'{HEAD}[[packages]]\nname = "a"\nversion = "1.0"\n{wheel}\n'
    (found,) = discover(tmp_path, text).components
    (artifact,) = found.artifacts
    assert [str(d) for d in artifact.digests] == [f"md5:{MD5}", f"sha256:{EMPTY}"]


DEV = "'dev' in dependency_groups"
X = "'x' in extras"


@pytest.mark.parametrize(
    ("marker", "groups", "extras"),
    [
        ("", (), ()),
        (DEV, ("dev",), ()),
        (f"{DEV} or 'a' in dependency_groups", ("a", "dev"), ()),
        (f"{DEV} or 'main' in dependency_groups", (), ()),
        (f"{DEV} or python_version < '3'", (), ()),
        (f"{DEV} and python_version < '3'", ("dev",), ()),
        (f"(python_version < '3' or os_name == 'nt') and {DEV}", ("dev",), ()),
        (f"python_version < '3' and ({DEV} or {X})", ("dev",), ("x",)),
        (f"{DEV} and {X}", ("dev",), ("x",)),
        ("'dev' not in dependency_groups", (), ()),
        (X, (), ("x",)),
        (f"{X} or {DEV}", ("dev",), ("x",)),
    ],
)
def test_a_package_is_needed_unless_it_clearly_is_not(
    tmp_path: Path, marker: str, groups: tuple[str, ...], extras: tuple[str, ...]
) -> None:
    text = 'default-groups = ["main", "other"]\n' + package("a", marker=marker)
    found = facts(one(tmp_path, text))
    assert (found.groups, found.extras) == (groups, extras)
    assert found.optional is bool(extras)
    assert found.development is (bool(groups) and not extras)


@pytest.mark.parametrize(
    ("rest", "graph"),
    [("", False), ("dependencies = []", True), ("dependencies = [{name='a'}]", True)],
)
def test_only_a_list_of_dependencies_says_that_there_are_no_more(
    tmp_path: Path, rest: str, *, graph: bool
) -> None:
    assert one(tmp_path, package("a", rest)).graph is graph


def test_a_list_that_names_what_is_not_there_is_not_complete(tmp_path: Path) -> None:
    text = HEAD + package("a", "dependencies = [{name='gone'}]")
    (component,) = discover(tmp_path, text).components
    assert not component.graph


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
    text = '[[packages]]\nname="a"\nversion="1.0"\nsdist={url="https://x/a-1.0.tar.gz"'
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


def test_a_wheel_that_lies_where_another_does_is_a_gap(tmp_path: Path) -> None:
    wheel = (
        'wheels = [{name = "a-1.0-py3-none-any.whl", '
        f'url = "https://f.example/evil-9.0-py3-none-any.whl", {HASHES}}}]\n'
    )
    text = f'[[packages]]\nname = "a"\nversion = "1.0"\n{wheel}'
    found = discover(tmp_path, HEAD + text)
    assert [each.state for each in found.gaps] == [State.CONFLICT]
    assert len(found.components) == 1


ATTESTED = """[[packages.attestation-identities]]
kind = "GitHub"
workflow = "release.yml"
repository = "acme/a"
"""
ACME = Attester(
    kind="GitHub", claims=(("repository", "acme/a"), ("workflow", "release.yml"))
)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", ()),
        (ATTESTED, (ACME,)),
        (ATTESTED + ATTESTED, (ACME,)),
        (
            '[[packages.attestation-identities]]\nkind = "new"\n' + ATTESTED,
            (ACME, Attester(kind="new")),
        ),
        ("attestation-identities = []\n", ()),
    ],
    ids=["nobody", "one", "the same twice", "a kind that is not known", "none"],
)
def test_keeps_who_has_to_have_attested_a_package(
    tmp_path: Path, text: str, named: tuple[Attester, ...]
) -> None:
    lock = GOOD.replace("[[packages.w", text + "[[packages.w", 1)
    assert facts(one(tmp_path, lock)).attested_by == named


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('attestation-identities = "GitHub"\n', ""),
        ("attestation-identities = {}\n", ""),
        ('attestation-identities = ["GitHub"]\n', "/0"),
        ('attestation-identities = [{repository = "acme/a"}]\n', "/0/kind"),
        ("attestation-identities = [{kind = 1}]\n", "/0/kind"),
        ('attestation-identities = [{kind = "GitHub", x = 1}]\n', "/0/x"),
        ('attestation-identities = [{kind = "GitHub", x = {y = "z"}}]\n', "/0/x"),
        ('attestation-identities = [{kind = "GitHub", x = ["z"]}]\n', "/0/x"),
    ],
    ids=[
        "a word",
        "a table",
        "a word in a list",
        "no kind",
        "a kind that is a number",
        "a number",
        "a table in it",
        "a list in it",
    ],
)
def test_an_identity_that_is_none_is_a_gap_and_the_package_stays(
    tmp_path: Path, text: str, place: str
) -> None:
    text = GOOD.replace("[[packages.w", text + "[[packages.w", 1)
    found = discover(tmp_path, HEAD + text)
    (gap,) = found.gaps
    pointer = f"/packages/0/attestation-identities{place}"
    assert (gap.state, gap.location.pointer) == (State.UNREADABLE, pointer)
    (component,) = found.components
    assert component.title == "a==1.0"
    assert facts(component).attested_by == ()


def test_a_bad_identity_does_not_hide_the_good_one(tmp_path: Path) -> None:
    bad = "[[packages.attestation-identities]]\nkind = 1\n"
    text = GOOD.replace("[[packages.w", bad + ATTESTED + "[[packages.w", 1)
    found = discover(tmp_path, HEAD + text)
    assert [facts(each).attested_by for each in found.components] == [(ACME,)]
    assert len(found.gaps) == 1
