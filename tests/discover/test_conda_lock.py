import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.conda_lock import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

MD5, SHA = "a" * 32, "b" * 64
HEAD = "version: 1\nmetadata: {platforms: [linux-64]}\npackage:\n"
FORGE = "https://u:secret@c.example/t/secret/forge"


def package(name: str, more: str = "", /, **changes: str) -> str:
    fields = {
        "name": name,
        "version": "'1.0'",
        "manager": "conda",
        "platform": "linux-64",
        "url": f"{FORGE}/noarch/{name}-1.0-0.conda",
        "hash": f"{{md5: {MD5}, sha256: {SHA}}}",
        "category": "main",
    } | changes
    lines = "".join(f"  {key}: {value}\n" for key, value in fields.items() if value)
    return f"-{lines[1:]}{more}"


def pip(name: str, more: str = "", /, **changes: str) -> str:
    url = f"https://u:secret@f.example/{name}-1.0-py3-none-any.whl?secret"
    given = {"manager": "pip", "url": url, "hash": f"{{sha256: {SHA}}}"}
    return package(name, more, **(given | changes))


def read(folder: Path, text: str | bytes) -> Inventory:
    data = text.encode() if isinstance(text, str) else text
    (folder / "conda-lock.yml").write_bytes(data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def discover(folder: Path, text: str | bytes) -> Inventory:
    found = read(folder, text)
    assert "secret" not in repr(found)
    return found


def edges(found: Inventory) -> set[tuple[str, str]]:
    names = {each.ref: each.name for each in found.components}
    return {(names[each.source], names[each.target]) for each in found.relations}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("conda-lock.yml", True),
        ("gpu-conda-lock.yaml", True),
        ("conda-lock.json", False),
        ("environment.yml", False),
    ],
)
def test_wants_locks_of_conda(name: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=f"a/{name}")) is wanted


def test_packages_of_conda_and_of_pip_have_hashes_and_edges(tmp_path: Path) -> None:
    needs = "  dependencies: {Python: '>=3', __glibc: '>=2', a: ''}\n"
    found = discover(
        tmp_path,
        HEAD
        + package("python")
        + package("a", needs)
        + pip("b", "  dependencies: {A: '*', c_c: '*', unknown: '*'}\n")
        + pip("c-c"),
    )
    assert not found.gaps
    forge = PackageFacts(registry="https://c.example/forge")
    url = "https://f.example/{}-1.0-py3-none-any.whl"
    seen = {each.name: (str(each.purl), each.pin, each.facts, each.graph)
            for each in found.components}  # fmt: skip
    conda = "pkg:conda/{}@1.0?build=0&channel=forge&subdir=noarch&type=conda"
    assert seen == {
        "python": (conda.format("python"), Pin.EXACT, forge, True),
        "a": (conda.format("a"), Pin.EXACT, forge, True),
        "b": (
            f"pkg:pypi/b@1.0?download_url={url.format('b')}",
            Pin.DIGEST,
            PackageFacts(origin=Origin.URL, registry=url.format("b")),
            False,
        ),
        "c-c": (
            f"pkg:pypi/c-c@1.0?download_url={url.format('c-c')}",
            Pin.DIGEST,
            PackageFacts(origin=Origin.URL, registry=url.format("c-c")),
            True,
        ),
    }
    assert edges(found) == {("a", "python"), ("a", "a"), ("b", "a"), ("b", "c-c")}
    digests = {str(d) for c in found.components for a in c.artifacts for d in a.digests}
    assert digests == {f"md5:{MD5}", f"sha256:{SHA}"}


def test_edges_stay_on_their_platform(tmp_path: Path) -> None:
    def of(platform: str) -> str:
        url = f"{FORGE}/{platform}/b-1.0-0.conda"
        return package("a", "  dependencies: {b: ''}\n", platform=platform) + package(
            "b", platform=platform, url=url
        )

    found = discover(tmp_path, HEAD + of("linux-64") + of("osx-64"))
    assert not found.gaps
    assert len(found.components) == 3
    assert len(found.relations) == 2
    noarch = next(each for each in found.components if each.name == "a")
    assert [each.pointer for each in noarch.locations] == ["/package/0", "/package/2"]


@pytest.mark.parametrize(
    ("categories", "groups", "development"),
    [
        (("main", "dev"), (), False),
        (("dev",), ("dev",), True),
        (("gpu",), ("gpu",), False),
        (("gpu", "dev"), ("dev", "gpu"), False),
        (("",), (), False),
    ],
)
def test_categories_say_who_asks(
    tmp_path: Path,
    categories: tuple[str, ...],
    groups: tuple[str, ...],
    *,
    development: bool,
) -> None:
    text = "".join(package("a", category=each) for each in categories)
    (component,) = discover(tmp_path, HEAD + text).components
    assert isinstance(component.facts, PackageFacts)
    assert component.facts.groups == groups
    assert component.facts.development is development


@pytest.mark.parametrize("version", ["2024", "'2024'"])
def test_a_version_may_look_like_a_number(tmp_path: Path, version: str) -> None:
    url = f"{FORGE}/noarch/a-2024-0.conda"
    text = package("a", version=version, url=url) + pip(
        "b", version=version, url="https://f.example/b.zip"
    )
    found = discover(tmp_path, HEAD + text)
    assert not found.gaps
    assert {each.version for each in found.components} == {"2024"}


def test_what_pip_takes_from_a_repository_is_as_firm_as_its_commit(
    tmp_path: Path,
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    found = discover(
        tmp_path,
        HEAD
        + pip("a", url=f"git+https://h.example/a@{commit}")
        + pip("b", url="git+https://h.example/b@main"),
    )
    pins = {each.name: each.pin for each in found.components}
    assert pins == {"a": Pin.COMMIT, "b": Pin.TAG}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (package("x", name="7"), "expected a string"),
        (package("x", name=""), "expected a string, got nothing"),
        (package("x", name="y"), "is the address of another package"),
        (package("x", version="'2.0'"), "is the address of another package"),
        (package("x", version="[1]"), "expected a whole number"),
        (package("x", version=""), "expected a whole number"),
        (package("x", url="file:///srv/secret/noarch/x-1.0-0.conda"), "this machine"),
        (package("x", url="7"), "expected a string"),
        (package("x", manager="npm"), "is a manager that is not known here"),
        (package("x", manager=""), "expected a string"),
        (package("x", platform="7"), "expected a string"),
        (package("x", category="7"), "expected a string"),
        (package("x", hash="{md5: zz}"), "is not a md5 digest"),
        (package("x", hash="[a]"), "expected an object"),
        (package("x", "  dependencies: [a]\n"), "expected an object"),
        (
            package("x", "  dependencies: {gone: ''}\n"),
            "`gone` fits 0 packages of this lock",
        ),
        (pip("x", url="../x.whl"), "is not a requirement"),
        (pip("x", url="file:///srv/secret/x.whl"), "is of this machine"),
        (pip("x", version="one"), "is no version (PEP 440)"),
        (pip("-x"), "is not the name of a package"),
        ("- 7\n", "expected an object"),
    ],
)
def test_a_bad_entry_is_a_gap_and_loses_no_other(
    tmp_path: Path, bad: str, reason: str
) -> None:
    found = discover(tmp_path, HEAD + bad + package("good"))
    assert found.gaps
    assert [gap.reason for gap in found.gaps if reason not in gap.reason] == []
    assert "good" in {each.name for each in found.components}
    assert not any(each.graph for each in found.components if "depend" in bad
                   and each.name == "x")  # fmt: skip


def test_an_address_of_another_wheel_is_a_gap(tmp_path: Path) -> None:
    url = "https://f.example/evil-1.0-py3-none-any.whl"
    found = discover(tmp_path, HEAD + pip("x", url=url))
    assert [gap.reason for gap in found.gaps] == [
        f"`{url}` is a wheel of another package or version"
    ]
    assert [each.title for each in found.components] == ["x==1.0"]


def test_two_hashes_for_one_file_are_kept_apart_and_a_gap(tmp_path: Path) -> None:
    text = package("a") + package("a", hash=f"{{sha256: {'c' * 64}}}")
    found = discover(tmp_path, HEAD + text)
    assert len(found.components) == 2
    assert ["two sha256 hashes" in gap.reason for gap in found.gaps] == [True]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", State.UNREADABLE),
        ("version: '1'\n", State.UNREADABLE),
        ("version: 2\n", State.UNSUPPORTED),
        ("version: 1\npackage: 7\n", State.UNREADABLE),
        ("version: 1\nversion: 1\n", State.UNREADABLE),
        ("[1]", State.UNREADABLE),
        (b"\xff\xfe", State.UNREADABLE),
        ("[" * 5000, State.UNREADABLE),
        ("version: 1\npackage: &a [*a]\n", State.UNREADABLE),
    ],
)
def test_a_file_that_is_no_lock_is_a_gap(
    tmp_path: Path, text: str | bytes, state: State
) -> None:
    found = discover(tmp_path, text)
    assert not found.components
    assert [gap.state for gap in found.gaps] == [state]


def test_a_lock_that_is_too_large_is_a_gap(tmp_path: Path) -> None:
    with (tmp_path / "conda-lock.yml").open("wb") as stream:
        stream.truncate(200 << 20)
    (gap,) = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER]).gaps
    assert gap.state is State.LIMIT


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.text().map(lambda text: (HEAD + text).encode()))
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        read(tmp_path, data)
