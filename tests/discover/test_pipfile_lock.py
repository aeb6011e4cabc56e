import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import Component, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.pipfile_lock import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
INDEX = "https://packages.example/simple"
SOURCES = [{"name": "main", "url": f"{INDEX}/", "verify_ssl": True}]
PINNED = {"version": "==1.0", "hashes": [A]}


def lock(sources: object = None, spec: object = 6, **categories: object) -> str:
    meta = {"pipfile-spec": spec, "sources": SOURCES if sources is None else sources}
    return json.dumps({"_meta": meta, **categories})


def read(folder: Path, text: str | bytes) -> Inventory:
    data = text.encode() if isinstance(text, str) else text
    (folder / "Pipfile.lock").write_bytes(data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def discover(folder: Path, text: str | bytes) -> Inventory:
    found = read(folder, text)
    assert "secret" not in repr(found)
    return found


def only(found: Inventory) -> Component:
    assert not found.gaps
    (component,) = found.components
    return component


def one(folder: Path, entry: object, **more: object) -> Component:
    return only(discover(folder, lock(default={"x": entry}, **more)))


def test_wants_the_lock_of_pipenv() -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path="a/Pipfile.lock"))
    assert DISCOVERER.wants(File(tree=Tree(Path()), path="a/pipfile.lock"))
    assert not DISCOVERER.wants(File(tree=Tree(Path()), path="a/Pipfile"))


def test_a_package_has_its_hashes_and_no_known_edges(tmp_path: Path) -> None:
    entry = PINNED | {"index": "main", "markers": "os_name == 'nt'", "extras": ["e"]}
    found = discover(tmp_path, lock(default={"A.B_c": entry}))
    component = only(found)
    assert str(component.purl) == "pkg:pypi/a-b-c@1.0"
    assert (component.pin, component.graph) == (Pin.EXACT, False)
    assert component.facts == PackageFacts(
        registry=f"{INDEX}/", marker="os_name == 'nt'"
    )
    assert [str(d) for each in component.artifacts for d in each.digests] == [A]
    assert str(component.location) == "Pipfile.lock#/default/A.B_c"


@pytest.mark.parametrize(
    ("version", "pin", "requested"),
    [
        ("==1.0", Pin.EXACT, ""),
        ("===1.0", Pin.EXACT, ""),
        ("*", Pin.FLOATING, ""),
        (None, Pin.FLOATING, ""),
        ("==1.*", Pin.RANGE, "==1.*"),
        (">=1", Pin.RANGE, ">=1"),
    ],
)
def test_only_one_version_is_exact(
    tmp_path: Path, version: str | None, pin: Pin, requested: str
) -> None:
    component = one(tmp_path, {"version": version, "hashes": [A]})
    assert (component.pin, component.requested) == (pin, requested)


def test_an_entry_that_names_no_index_may_come_from_all_of_them(tmp_path: Path) -> None:
    more = {"name": "more", "url": "https://u:secret@more.example/${SECRET}?secret"}
    component = one(tmp_path, PINNED, sources=[*SOURCES, more])
    assert component.facts == PackageFacts(
        registry=f"{INDEX}/", extra_registries=("https://more.example/${SECRET}",)
    )


def test_an_index_on_this_machine_is_not_told(tmp_path: Path) -> None:
    sources = [{"name": "a", "url": "file:///home/secret/simple"}]
    component = one(tmp_path, PINNED, sources=sources)
    assert component.facts == PackageFacts(registry="file:")


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        (("default", "develop"), PackageFacts()),
        (("develop",), PackageFacts(groups=("develop",), development=True)),
        (("docs",), PackageFacts(groups=("docs",))),
        (("docs", "develop"), PackageFacts(groups=("develop", "docs"))),
    ],
)
def test_categories_say_who_asks(
    tmp_path: Path, categories: tuple[str, ...], expected: PackageFacts
) -> None:
    text = lock([], **{each: {"x": PINNED} for each in categories})
    component = only(discover(tmp_path, text))
    assert component.facts == expected
    assert len(component.locations) == len(categories)


@pytest.mark.parametrize(
    ("entry", "pin", "origin", "purl"),
    [
        (
            {
                "git": "https://u:secret@h.example/o/r.git",
                "ref": COMMIT,
                "subdirectory": "py",
            },
            Pin.COMMIT,
            Origin.VCS,
            f"pkg:pypi/x?vcs_url=git%2Bhttps://h.example/o/r.git%40{COMMIT}#py",
        ),
        (
            {"git": "https://h.example/r", "ref": "main"},
            Pin.TAG,
            Origin.VCS,
            "pkg:pypi/x?vcs_url=git%2Bhttps://h.example/r%40main",
        ),
        (
            {"git": "https://h.example/r"},
            Pin.FLOATING,
            Origin.VCS,
            "pkg:pypi/x?vcs_url=git%2Bhttps://h.example/r",
        ),
        (
            {"file": "https://u:secret@f.example/x-2.0-py3-none-any.whl?secret"},
            Pin.TAG,
            Origin.URL,
            "pkg:pypi/x@2.0?download_url=https://f.example/x-2.0-py3-none-any.whl",
        ),
        (
            {"file": "https://f.example/x.zip", "hashes": [A]},
            Pin.TAG,
            Origin.URL,
            "pkg:pypi/x?download_url=https://f.example/x.zip",
        ),
        (
            {"path": "https://f.example/x.zip", "version": "==1.0", "hashes": [A]},
            Pin.TAG,
            Origin.URL,
            "pkg:pypi/x@1.0?download_url=https://f.example/x.zip",
        ),
        (
            {"file": "https://f.example/x.zip#sha256=a", "hashes": [A]},
            Pin.TAG,
            Origin.URL,
            "pkg:pypi/x?download_url=https://f.example/x.zip",
        ),
        (
            {"file": f"https://f.example/x.zip#sha256={B[7:]}", "hashes": [A]},
            Pin.DIGEST,
            Origin.URL,
            "pkg:pypi/x?download_url=https://f.example/x.zip",
        ),
        ({"path": "./sub", "editable": True}, Pin.LOCAL, Origin.PATH, "None"),
        ({"path": "."}, Pin.LOCAL, Origin.PATH, "None"),
        (
            {"path": "./x-1.0-py3-none-any.whl"},
            Pin.LOCAL,
            Origin.PATH,
            "pkg:pypi/x@1.0",
        ),
    ],
)
def test_a_package_is_as_firm_as_its_source(
    tmp_path: Path, entry: object, pin: Pin, origin: Origin, purl: str
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "pyproject.toml").touch()
    (tmp_path / "x-1.0-py3-none-any.whl").touch()
    component = one(tmp_path, entry)
    assert isinstance(component.facts, PackageFacts)
    assert (component.pin, component.facts.origin) == (pin, origin)
    assert str(component.purl) == purl


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"path": "../x"}, "lies outside"),
        ({"path": "/srv/x"}, "lies outside"),
        ({"path": "../x.whl"}, "lies outside"),
        ({"file": "../x.zip"}, "lies outside"),
        ({"file": "file:///srv/x.zip"}, "is an address on this machine"),
        ({"path": "gone"}, "is no folder with"),
        ({"path": "y-1.0-py3-none-any.whl"}, "another package or version"),
    ],
)
def test_what_does_not_lie_in_the_tree_is_a_gap(
    tmp_path: Path, entry: object, reason: str
) -> None:
    (tmp_path / "y-1.0-py3-none-any.whl").touch()
    found = discover(tmp_path, lock(default={"x": entry}))
    (gap,) = found.gaps
    assert reason in gap.reason
    assert [(each.pin, each.purl) for each in found.components] == [(Pin.LOCAL, None)]


def test_hashes_of_one_release_that_share_none_are_a_gap(tmp_path: Path) -> None:
    other = {"version": "==1.0", "hashes": [B]}
    found = discover(tmp_path, lock(default={"x": PINNED}, develop={"x": other}))
    assert len(found.components) == 2
    (gap,) = found.gaps
    assert "two sets of hashes for `x==1.0`" in gap.reason


def test_a_server_whose_certificate_nobody_checks_is_a_gap(tmp_path: Path) -> None:
    sources = [{"name": "main", "url": INDEX, "verify_ssl": False}]
    found = discover(tmp_path, lock(sources, default={"x": PINNED}))
    assert [gap.state for gap in found.gaps] == [State.UNSUPPORTED]
    assert len(found.components) == 1


@pytest.mark.parametrize("entry", [{}, {"index": "main"}], ids=["usual", "named"])
def test_two_indexes_of_one_name_are_both_told_and_a_gap(
    tmp_path: Path, entry: dict[str, object]
) -> None:
    sources = [
        {"name": "main", "url": "https://evil.example/simple"},
        {"name": "main", "url": INDEX},
    ]
    found = discover(tmp_path, lock(sources, default={"x": PINNED | entry}))
    assert [(gap.state, gap.location.pointer) for gap in found.gaps] == [
        (State.UNREADABLE, "/_meta/sources/1")
    ]
    (component,) = found.components
    assert component.facts == PackageFacts(
        registry="https://evil.example/simple", extra_registries=(INDEX,)
    )


def test_one_index_twice_is_no_gap(tmp_path: Path) -> None:
    component = one(tmp_path, PINNED, sources=[*SOURCES, *SOURCES])
    assert component.facts == PackageFacts(registry=f"{INDEX}/")


def test_indexes_without_end_are_a_gap(tmp_path: Path) -> None:
    sources = [{"url": f"https://p{each}.example"} for each in range(200)]
    found = discover(tmp_path, lock(sources, default={"x": PINNED}))
    assert ["the 100 that are read" in gap.reason for gap in found.gaps] == [True]
    assert len(found.components) == 1


def test_what_comes_from_a_source_that_cannot_be_read_is_listed_and_trusted_by_nobody(
    tmp_path: Path,
) -> None:
    entry = PINNED | {"git": "https://a.example", "path": "b"}
    found = discover(tmp_path, lock(default={"x": entry}))
    assert ["several sources" in gap.reason for gap in found.gaps] == [True]
    (component,) = found.components
    assert (component.pin, component.purl) == (Pin.FLOATING, None)
    assert component.facts == PackageFacts(origin=Origin.URL, registry="")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"-bad": PINNED}, "is not a requirement"),
        ({"x y": PINNED}, "is not a requirement"),
        ({"x[e]": PINNED}, "is no package and version"),
        ({"x": PINNED | {"version": "1.0"}}, "is no package and version"),
        ({"x": PINNED | {"version": "-evil==1"}}, "is no package and version"),
        ({"x": PINNED | {"version": "; m"}}, "is not a requirement"),
        ({"x": PINNED | {"version": " @ https://evil.example"}}, "is no package"),
        ({"x": PINNED | {"version": 7}}, "expected a string"),
        ({"x": PINNED | {"version": "==" + "1" * 9000}}, "longer than"),
        ({"x": []}, "expected an object"),
        ({"x": None}, "expected an object"),
        ({"x": PINNED | {"hashes": "a"}}, "expected a list"),
        ({"x": PINNED | {"hashes": [7]}}, "expected a string"),
        ({"x": PINNED | {"hashes": ["blake2b:aa"]}}, "no digest algorithm"),
        ({"x": PINNED | {"index": "gone"}}, "is an index that the lock lacks"),
        ({"x": PINNED | {"index": 7}}, "expected a string"),
        ({"x": PINNED | {"markers": 7}}, "expected a string"),
        ({"x": {"git": "https://a", "path": "b"}}, "several sources"),
        ({"x": {"git": 7}}, "expected a string"),
    ],
)
def test_a_bad_entry_is_a_gap_and_loses_no_other(
    tmp_path: Path, bad: dict[str, object], reason: str
) -> None:
    found = discover(tmp_path, lock(default=bad | {"good": PINNED}))
    assert [reason in gap.reason for gap in found.gaps] == [True]
    assert "pkg:pypi/good@1.0" in {each.ref for each in found.components}


def test_a_hash_that_cannot_be_read_pins_nothing(tmp_path: Path) -> None:
    entry = {"version": "==1.0", "hashes": ["blake2b:aa"]}
    (component,) = discover(tmp_path, lock(default={"x": entry})).components
    assert component.artifacts == ()


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", State.UNREADABLE),
        ("[]", State.UNREADABLE),
        ("{}", State.UNREADABLE),
        ('{"_meta": {}}', State.UNREADABLE),
        (lock(spec="6"), State.UNREADABLE),
        (lock(spec=7), State.UNSUPPORTED),
        (lock({}), State.UNREADABLE),
        (lock([7]), State.UNREADABLE),
        (lock(default=[]), State.UNREADABLE),
        (lock(default=7), State.UNREADABLE),
        (b"\xff\xfe", State.UNREADABLE),
        ("[" * 100_000, State.UNREADABLE),
    ],
)
def test_a_file_that_is_no_lock_of_pipenv_is_a_gap(
    tmp_path: Path, text: str | bytes, state: State
) -> None:
    found = discover(tmp_path, text)
    assert not found.components
    assert [gap.state for gap in found.gaps] == [state]


def test_a_package_that_is_named_twice_is_a_gap(tmp_path: Path) -> None:
    pinned = json.dumps(PINNED)
    text = lock(default={"x": 0}).replace('"x": 0', f'"x": {pinned}, "x": {pinned}')
    (gap,) = discover(tmp_path, text).gaps
    assert "twice" in gap.reason


def test_a_lock_that_is_too_large_is_a_gap(tmp_path: Path) -> None:
    with (tmp_path / "Pipfile.lock").open("wb") as stream:
        stream.truncate(200 << 20)
    (gap,) = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER]).gaps
    assert gap.state is State.LIMIT


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.text().map(lambda text: lock(default={text: PINNED}).encode()))
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        read(tmp_path, data)


def test_of_an_address_only_the_digest_in_it_counts(tmp_path: Path) -> None:
    """pipenv 2026 installs it whatever `hashes` say."""
    entry = {"file": f"https://f.example/x.zip#sha256={B[7:]}", "hashes": [A]}
    (artifact,) = one(tmp_path, entry).artifacts
    assert [str(each) for each in artifact.digests] == [B]
    entry["file"] = "https://f.example/x.zip"
    assert not one(tmp_path, entry).artifacts


@pytest.mark.parametrize("given", [["--index-url", "https://evil.example"], "x", {}])
def test_an_entry_that_gives_pip_options_may_come_from_anywhere(
    tmp_path: Path, given: object
) -> None:
    entry = PINNED | {"index": "main", "pip_args": given}
    found = discover(tmp_path, lock(default={"x": entry}))
    assert [gap.location.pointer for gap in found.gaps] == ["/default/x/pip_args"]
    (component,) = found.components
    assert (component.pin, component.purl) == (Pin.FLOATING, None)
    assert isinstance(component.facts, PackageFacts)
    assert (component.facts.origin, component.facts.registry) == (Origin.URL, "")
