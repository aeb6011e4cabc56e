import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import Basis, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.conda_meta import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

MD5, SHA = "a" * 32, "b" * 64


def record(name: str = "x", **changes: object) -> dict[str, object]:
    return {
        "name": name,
        "version": "1.0",
        "build": "h0",
        "subdir": "linux-64",
        "channel": "https://u:secret@c.example/t/secret/forge/linux-64",
        "url": f"https://u:secret@c.example/forge/linux-64/{name}-1.0-h0.conda",
        "md5": MD5,
        "sha256": SHA,
        "license": "BSD-3-Clause",
        "depends": [],
        "extracted_package_dir": "/home/secret/pkgs",
    } | changes


def read(folder: Path, *records: object, env: str = "env") -> Inventory:
    meta = folder / env / "conda-meta"
    meta.mkdir(parents=True, exist_ok=True)
    for index, each in enumerate(records):
        data = each if isinstance(each, bytes) else json.dumps(each).encode()
        (meta / f"{index}.json").write_bytes(data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def discover(folder: Path, *records: object, env: str = "env") -> Inventory:
    found = read(folder, *records, env=env)
    assert "secret" not in repr(found)
    return found


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("conda-meta/x.json", True),
        ("opt/conda/conda-meta/x.json", True),
        ("conda-meta/history", False),
        ("conda-meta/a/x.json", False),
        ("my-conda-meta/x.json", False),
        ("x.json", False),
    ],
)
def test_wants_records_of_installed_packages(path: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=path)) is wanted


def test_an_installed_package_is_observed(tmp_path: Path) -> None:
    (component,) = discover(tmp_path, record()).components
    assert str(component.purl) == (
        "pkg:conda/x@1.0?build=h0&channel=forge&subdir=linux-64&type=conda"
    )
    assert (component.basis, component.pin, component.graph) == (
        Basis.OBSERVED,
        Pin.EXACT,
        True,
    )
    assert component.facts == PackageFacts(registry="https://c.example/forge")
    assert (component.licenses, component.concluded) == (
        ("BSD-3-Clause",),
        ("BSD-3-Clause",),
    )
    (artifact,) = component.artifacts
    assert artifact.name == "x-1.0-h0.conda"
    assert artifact.url == "https://c.example/forge/linux-64/x-1.0-h0.conda"
    assert [str(each) for each in artifact.digests] == [f"md5:{MD5}", f"sha256:{SHA}"]


def test_edges_lead_to_the_packages_of_the_same_environment(tmp_path: Path) -> None:
    a = record("a", depends=["B >=1.0", "__glibc >=2.17", "b 1.* *_h0"])
    discover(tmp_path, a, record("b"), env="one")
    found = discover(tmp_path, a, record("b", version="2.0"), env="two")
    assert not found.gaps
    titles = {each.ref: each.title for each in found.components}
    assert {(titles[e.source], titles[e.target]) for e in found.relations} == {
        ("a@1.0", "b@1.0"),
        ("a@1.0", "b@2.0"),
    }


def test_a_package_that_an_environment_lacks_is_a_gap(tmp_path: Path) -> None:
    found = discover(tmp_path, record("a", depends=["gone >=1", "b"]), record("b"))
    (gap,) = found.gaps
    assert gap.reason == "needs `gone`, which the environment lacks"
    assert (gap.state, gap.location.path) == (
        State.MISSING,
        "env/conda-meta/0.json",
    )
    assert len(found.relations) == 1


def test_a_channel_of_this_machine_is_not_named(tmp_path: Path) -> None:
    place = "file:///home/secret/channel"
    found = discover(
        tmp_path, record(channel=place, url=f"{place}/linux-64/x-1.0-h0.conda")
    )
    (component,) = found.components
    assert str(component.purl) == "pkg:conda/x@1.0?build=h0&subdir=linux-64"
    assert component.facts == PackageFacts(registry="file:")


@pytest.mark.parametrize(
    ("bad", "complete"),
    [
        ({"depends": 7}, False),
        ({"depends": [7, "good"]}, False),
        ({"depends": ["=1", "good"]}, False),
        ({"license": 7}, True),
        ({"build": 7}, True),
        ({"channel": 7}, True),
        ({"md5": "zz"}, True),
        ({"sha256": 7}, True),
    ],
)
def test_what_cannot_be_read_of_a_package_is_a_gap_and_it_stays(
    tmp_path: Path, bad: dict[str, object], *, complete: bool
) -> None:
    found = discover(tmp_path, record() | bad, record("good"))
    assert [gap.state for gap in found.gaps] == [State.UNREADABLE]
    assert {each.name: each.graph for each in found.components} == {
        "x": complete,
        "good": True,
    }


def test_a_record_without_dependencies_knows_none(tmp_path: Path) -> None:
    found = discover(tmp_path, {"name": "x", "version": "1.0"})
    (component,) = found.components
    assert not found.gaps
    assert not component.graph


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        record("") | {"url": ""},
        record("-x"),
        record() | {"name": 7},
        record() | {"version": 7},
        record() | {"version": None},
    ],
)
def test_a_record_of_no_package_is_a_gap_and_loses_no_other(
    tmp_path: Path, bad: object
) -> None:
    found = discover(tmp_path, bad, record("good"))
    assert [gap.state for gap in found.gaps] == [State.UNREADABLE]
    assert [each.name for each in found.components] == ["good"]


def test_a_record_that_is_too_large_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    with (tmp_path / "conda-meta" / "x.json").open("wb") as stream:
        stream.truncate(200 << 20)
    (gap,) = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER]).gaps
    assert gap.state is State.LIMIT


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary() | st.text().map(lambda t: json.dumps(record(t, depends=[t])).encode())
)
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        found = read(tmp_path, data)
        assert found
