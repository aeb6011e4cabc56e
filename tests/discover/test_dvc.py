import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Basis, Component, DataFacts, Kind, Location, ModelFacts
from mcpchain.discover import survey
from mcpchain.discover.data_file import DISCOVERER as DATA_FILE
from mcpchain.discover.dvc import DISCOVERER
from mcpchain.inventory import Inventory, RelationKind, State
from mcpchain.tree import Tree

DATA = b"a,b\r\n1,2\r\n"
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
SHA = hashlib.sha256(DATA).hexdigest()
OTHER = "0123456789abcdef" * 2
CONFIG = """\
[core]
    remote = storage
['remote "storage"']
    url = s3://bucket/path
[ 'remote "other"' ]
    url = https://user:secret@data.example/dvc/?token=secret
['remote "mine"']
    url = /home/alice/dvc
"""


def out(path: str, md5: str = OTHER, **more: object) -> str:
    lines = [f"path: {path}", f"md5: {md5}", "hash: md5"]
    lines += [f"{key}: {value}" for key, value in more.items()]
    return "\n".join(["outs:", f"- {lines[0]}", *(f"  {each}" for each in lines[1:])])


def put(root: Path, path: str, content: str | bytes) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    data = content if isinstance(content, bytes) else content.encode()
    (root / path).write_bytes(data)


def discover(root: Path) -> Inventory:
    return survey(Tree(root), name="x", discoverers=[DISCOVERER, DATA_FILE])


def only(found: Inventory) -> Component:
    (component,) = found.components
    return component


def test_what_is_kept_elsewhere_is_declared_by_a_digest_that_identifies_nothing(
    tmp_path: Path,
) -> None:
    put(tmp_path, ".dvc/config", CONFIG)
    put(tmp_path, "data/x.csv.dvc", out("x.csv", size=10))
    found = discover(tmp_path)
    assert found.gaps == ()
    assert only(found) == Component(
        kind=Kind.DATA,
        name="x.csv",
        locations=(Location(path="data/x.csv.dvc", pointer="/outs/0"),),
        basis=Basis.DECLARED,
        artifacts=(
            Artifact(
                name="data/x.csv",
                digests=(Digest.of("md5", OTHER),),
                url=f"s3://bucket/path/files/md5/{OTHER[:2]}/{OTHER[2:]}",
                size=10,
            ),
        ),
        facts=DataFacts(format="csv"),
    )


def test_a_model_that_is_kept_elsewhere_is_a_model(tmp_path: Path) -> None:
    put(tmp_path, "model.safetensors.dvc", out("model.safetensors"))
    component = only(discover(tmp_path))
    assert component.kind is Kind.MODEL
    assert component.facts == ModelFacts(format="safetensors")
    assert component.pin is None


def test_a_folder_is_a_data_set_with_what_is_here_of_it(tmp_path: Path) -> None:
    put(tmp_path, "data/raw.dvc", out("raw", f"{OTHER}.dir", size=4, nfiles=2))
    put(tmp_path, "data/raw/deep/x.csv", DATA)
    put(tmp_path, "data/raw/notes.txt", DATA)
    put(tmp_path, "data/other.csv", DATA)
    found = discover(tmp_path)
    assert found.gaps == ()
    file, folder = found.components
    assert folder.facts == DataFacts(format="dvc", columns=())
    assert folder.artifacts == (
        Artifact(name="data/raw.dir", digests=(Digest.of("md5", OTHER),)),
    )
    assert file.location.path == "data/raw/deep/x.csv"
    (edge,) = found.relations
    assert (edge.source, edge.target) == (folder.ref, file.ref)
    assert edge.kind is RelationKind.CONTAINS


@pytest.mark.parametrize("name", ["x.csv", "x.zip"])
def test_a_file_that_is_here_is_compared_and_stands_for_itself(
    tmp_path: Path, name: str
) -> None:
    put(tmp_path, f"a/{name}.dvc", out(name, MD5, size=len(DATA)))
    put(tmp_path, f"a/{name}", DATA)
    found = discover(tmp_path)
    assert found.gaps == ()
    assert only(found).basis is Basis.OBSERVED
    assert only(found).artifacts == (
        Artifact(name=f"a/{name}", digests=(Digest.of("sha256", SHA),), size=len(DATA)),
    )


@pytest.mark.parametrize(
    "text",
    [
        out("x.csv"),
        out("x.csv", MD5, size=9),
        out("./sub/../x.csv"),
        out("x.csv").replace("outs:", "wdir: .\nouts:"),
        out("x.csv", MD5).replace("hash: md5", "size: 3"),
    ],
    ids=["digest", "size", "detour", "folder", "size-of-old"],
)
def test_a_file_that_is_another_by_now_is_a_conflict(tmp_path: Path, text: str) -> None:
    put(tmp_path, "a/x.csv.dvc", text)
    put(tmp_path, "a/x.csv", DATA)
    found = discover(tmp_path)
    (gap,) = found.gaps
    assert (gap.state, gap.ref) == (State.CONFLICT, only(found).ref)
    assert only(found).basis is Basis.OBSERVED


def test_an_old_digest_may_be_of_other_line_ends_and_is_not_compared(
    tmp_path: Path,
) -> None:
    put(tmp_path, "x.csv.dvc", out("x.csv").replace("hash: md5", f"size: {len(DATA)}"))
    put(tmp_path, "x.csv", DATA)
    found = discover(tmp_path)
    assert found.gaps == ()
    assert only(found).basis is Basis.OBSERVED


LOCK = f"""\
schema: '2.0'
stages:
  prepare@0:
    cmd: python prepare.py --token secret
    deps:
    - path: prepare.py
      hash: md5
      md5: {OTHER}
    - path: raw.parquet
      hash: md5
      md5: {OTHER}
    params:
      params.yaml:
        secret: secret
    outs:
    - path: train.csv
      hash: md5
      md5: {MD5}
    - path: features
      hash: md5
      md5: {OTHER}.dir
    - path: metrics.json
      hash: md5
      md5: {OTHER}
    - path: model.pkl
      hash: md5
      md5: {OTHER}
"""


def test_of_a_pipeline_models_and_data_are_declared(tmp_path: Path) -> None:
    put(tmp_path, "dvc.lock", LOCK)
    found = discover(tmp_path)
    assert found.gaps == ()
    assert sorted((e.kind.value, e.artifacts[0].name) for e in found.components) == [
        ("data", "features.dir"),
        ("data", "raw.parquet"),
        ("data", "train.csv"),
        ("machine-learning-model", "model.pkl"),
    ]
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("folder", "place"),
    [
        ("stages: {prepare: {wdir: src}}", "src/train.csv"),
        ("stages: {prepare: {foreach: [0], do: {wdir: ./src}}}", "src/train.csv"),
        ("stages: {prepare: {wdir: '${where}'}}", "${where}/train.csv"),
        ("stages: {prepare: {wdir: [x]}}", "train.csv"),
        ("stages: {other: {wdir: src}}", "train.csv"),
        ("stages: [", "train.csv"),
        ("", "train.csv"),
    ],
)
def test_a_stage_may_run_in_another_folder(
    tmp_path: Path, folder: str, place: str
) -> None:
    put(tmp_path, "dvc.lock", LOCK)
    put(tmp_path, "dvc.yaml", folder)
    names = {e.artifacts[0].name for e in discover(tmp_path).components}
    assert place in names


def test_a_lock_of_the_first_schema_is_read(tmp_path: Path) -> None:
    put(tmp_path, "dvc.lock", f"prepare:\n  outs:\n  - {{path: a.csv, md5: {OTHER}}}\n")
    assert only(discover(tmp_path)).artifacts[0].digests == (Digest.of("md5", OTHER),)


def test_what_is_said_twice_is_one_thing(tmp_path: Path) -> None:
    put(tmp_path, "train.csv.dvc", out("train.csv", MD5))
    put(tmp_path, "dvc.lock", LOCK)
    found = discover(tmp_path)
    (component,) = [e for e in found.components if e.name == "train.csv"]
    assert [e.path for e in component.locations] == ["dvc.lock", "train.csv.dvc"]


@pytest.mark.parametrize(
    ("more", "url"),
    [
        ({"remote": "other"}, f"https://data.example/dvc/files/md5/01/{OTHER[2:]}"),
        ({"remote": "mine"}, None),
        ({"remote": "unknown"}, None),
        ({}, f"s3://bucket/path/files/md5/01/{OTHER[2:]}"),
    ],
)
def test_the_remote_is_told_without_its_secrets(
    tmp_path: Path, more: dict[str, str], url: str | None
) -> None:
    put(tmp_path, ".dvc/config", CONFIG)
    put(tmp_path, "deep/er/x.csv.dvc", out("x.csv", **more))
    found = discover(tmp_path)
    assert only(found).artifacts[0].url == url
    assert "secret" not in repr(found)
    assert "alice" not in repr(found)


@pytest.mark.parametrize(
    ("deps", "url"),
    [
        ("path: https://u:secret@data.example/x.csv?key=secret",
         "https://data.example/x.csv"),
        ("path: data.csv\n  repo: {url: 'https://git.example/acme/data', rev_lock: x}",
         "https://git.example/acme/data"),
        ("path: /home/alice/x.csv", f"s3://bucket/path/files/md5/01/{OTHER[2:]}"),
        ("path: file:///home/alice/x", f"s3://bucket/path/files/md5/01/{OTHER[2:]}"),
    ],
)  # fmt: skip
def test_what_was_imported_comes_from_where_it_was(
    tmp_path: Path, deps: str, url: str
) -> None:
    put(tmp_path, ".dvc/config", CONFIG)
    put(tmp_path, "x.csv.dvc", f"deps:\n- {deps}\n{out('x.csv')}")
    found = discover(tmp_path)
    assert found.gaps == ()
    assert only(found).artifacts[0].url == url
    assert "secret" not in repr(found)
    assert "alice" not in repr(found)


@pytest.mark.parametrize(
    "path",
    ["/mnt/alice/x.csv", "C:\\alice\\x.csv", "s3://alice/x.csv", "~/alice/x.csv"],
)
def test_a_file_of_that_name_here_is_not_the_one_elsewhere(
    tmp_path: Path, path: str
) -> None:
    put(tmp_path, "x.csv.dvc", out(path))
    put(tmp_path, "x.csv", DATA)
    found = discover(tmp_path)
    assert found.gaps == ()
    assert (only(found).name, only(found).artifacts[0].name) == ("x.csv", "")
    assert "alice" not in repr(found)


def test_files_that_the_cloud_keeps_by_version_are_listed_each(tmp_path: Path) -> None:
    put(
        tmp_path,
        "raw.dvc",
        f"""
outs:
- path: raw
  hash: md5
  files:
  - {{relpath: a/x.csv, md5: {OTHER}, size: 3, cloud: {{s: {{etag: x}}}}}}
  - {{relpath: y.csv, size: 4}}
""",
    )
    found = discover(tmp_path)
    assert found.gaps == ()
    assert {e.artifacts[0].name: e.artifacts[0].size for e in found.components} == {
        "raw/a/x.csv": 3,
        "raw/y.csv": 4,
    }


@pytest.mark.parametrize(
    ("text", "pointer", "count"),
    [
        ("[]", "", 0),
        ("", "", 0),
        ("outs: [", "", 0),
        ("outs: !!python/object:x {}", "", 0),
        (b"\xff", "", 0),
        ("outs: 3", "/outs", 0),
        ("outs: [3]", "/outs/0", 0),
        ("outs: [{md5: x}]", "/outs/0/path", 0),
        ("outs: [{path: 3}]", "/outs/0/path", 0),
        ("outs: [{path: x, size: -1}]", "/outs/0/size", 0),
        ("outs: [{path: x, size: many}]", "/outs/0/size", 0),
        ("outs: [{path: x, md5: 12}]", "/outs/0/md5", 0),
        ("outs: [{path: x, md5: abc}]", "/outs/0/md5", 1),
        ("outs: [{path: x, files: 3}]", "/outs/0/files", 0),
        ("outs: [{path: x, files: [3]}]", "/outs/0/files/0", 0),
        ("outs: [{path: x, remote: 3}]", "/outs/0/remote", 0),
        ("deps: 3\nouts: [{path: x}]", "/deps", 1),
        ("wdir: 3\nouts: [{path: x}]", "/wdir", 0),
        (f"outs: [{{path: {'x' * 5000}}}]", "/outs/0", 0),
    ],
)
def test_a_flaw_is_a_gap(
    tmp_path: Path, text: str | bytes, pointer: str, count: int
) -> None:
    put(tmp_path, "x.dvc", text)
    found = discover(tmp_path)
    assert [(e.location.pointer, e.state) for e in found.gaps] == [
        (pointer, State.UNREADABLE)
    ]
    assert len(found.components) == count


def test_more_stages_than_anybody_has_are_told_once(tmp_path: Path) -> None:
    stages = "".join(f"  s{number}: 3\n" for number in range(5_000))
    put(tmp_path, "dvc.lock", f"schema: '2.0'\nstages:\n{stages}")
    gaps = discover(tmp_path).gaps
    assert len(gaps) == 2_001
    assert "more than 2,000 stages" in {each.reason for each in gaps}


def test_one_broken_entry_does_not_hide_the_next(tmp_path: Path) -> None:
    put(tmp_path, "dvc.lock", LOCK.replace("stages:\n", "stages:\n  a: 3\n"))
    found = discover(tmp_path)
    assert [each.location.pointer for each in found.gaps] == ["/stages/a"]
    assert len(found.components) == 4


@pytest.mark.parametrize(
    "config",
    [b"\xff\xfe", b"[core", b"[core]\nremote = " + b"x" * 100_000, b"x" * (2 << 20)],
)
def test_a_configuration_that_cannot_be_read_only_leaves_the_place_open(
    tmp_path: Path, config: bytes
) -> None:
    put(tmp_path, ".dvc/config", config)
    put(tmp_path, "x.csv.dvc", out("x.csv"))
    found = discover(tmp_path)
    assert found.gaps == ()
    assert only(found).artifacts[0].url is None


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=60), st.integers(0, len(LOCK)))
def test_any_lock_is_read_or_leaves_a_gap(data: bytes, at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        put(Path(folder), "dvc.lock", LOCK.encode()[:at] + data + LOCK.encode()[at:])
        discover(Path(folder))
