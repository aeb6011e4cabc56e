import hashlib
import os
from pathlib import Path

import pytest

from mcpchain.component import Basis, Kind, Pin
from mcpchain.discover import survey
from mcpchain.tree import Tree
from tests.model_folder.making import (
    CONFIG,
    contained,
    facts,
    look,
    model,
    put,
    told,
    weights,
)

COMMIT = "0a" * 20
CACHE = "models--acme--m"
SNAPSHOT = f"{CACHE}/snapshots/{COMMIT}"
DOWNLOAD = "m/.cache/huggingface/download"


def git(data: bytes) -> str:
    start = b"blob %d\0" % len(data)
    return hashlib.sha1(start + data, usedforsecurity=False).hexdigest()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


CONFIGURED = b'{"model_type": "acme"}'
WEIGHTS = weights("a", "b")
FILES = {
    "config.json": (git(CONFIGURED), CONFIGURED),
    "model.safetensors": (sha256(WEIGHTS), WEIGHTS),
    "onnx/vocab.txt": (git(b"x"), b"x"),
}


def cached(
    root: Path, files: dict[str, tuple[str, bytes]] | None = None, commit: str = COMMIT
) -> Path:
    """Write a cache as huggingface_hub does."""
    for name, (blob, data) in (files or FILES).items():
        path = root / CACHE / "snapshots" / commit / name
        path.parent.mkdir(parents=True, exist_ok=True)
        put(root, {f"{CACHE}/blobs/{blob}": data})
        up = "../" * (name.count("/") + 2)
        path.symlink_to(f"{up}blobs/{blob}")
    return put(root, {f"{CACHE}/refs/main": commit})


def downloaded(root: Path, **more: object) -> Path:
    """Write a folder that huggingface_hub downloaded into."""
    files: dict[str, object] = {}
    for name, (etag, data) in FILES.items():
        files[f"m/{name}"] = data
        files[f"{DOWNLOAD}/{name}.metadata"] = f"{COMMIT}\n{etag}\n1700000000.5\n"
    return put(root, files | more)


def test_a_snapshot_claims_a_commit_and_its_blobs_are_no_other_files(
    tmp_path: Path,
) -> None:
    found = look(cached(tmp_path))
    whole = model(found, SNAPSHOT)
    purl = f"pkg:huggingface/acme/m@{COMMIT}"
    assert told(found) == []
    assert (whole.name, whole.version, whole.ref) == ("acme/m", COMMIT, purl)
    assert (str(whole.purl), whole.pin) == (purl, Pin.COMMIT)
    assert whole.basis is Basis.DECLARED, "the name of a folder proves nothing"
    assert contained(found, SNAPSHOT) == [
        f"file:{SNAPSHOT}/config.json",
        f"file:{SNAPSHOT}/model.safetensors",
    ]
    assert len(found.components) == 3
    assert facts(found, SNAPSHOT).parameters == 8
    for each in found.components:
        if each.ref != purl:
            assert each.basis is Basis.OBSERVED
            assert each.artifacts[0].digests


@pytest.mark.parametrize("inside", ["", CACHE], ids=["above", "cache"])
def test_the_cache_may_be_all_that_is_examined(tmp_path: Path, inside: str) -> None:
    cached(tmp_path)
    found = look(tmp_path / inside, inside or "x")
    (whole,) = (each for each in found.components if each.pin is Pin.COMMIT)
    assert whole.name == "acme/m"
    assert told(found) == []


def test_the_same_bytes_are_hashed_once(tmp_path: Path) -> None:
    cached(tmp_path)
    cached(tmp_path, {"model.safetensors": FILES["model.safetensors"]}, "0b" * 20)
    done: list[int] = []
    found = survey(Tree(tmp_path), name="x", hashing=lambda n, _: done.append(n))
    shards = [each for each in found.components if each.name == "model.safetensors"]
    assert len(shards) == 2
    # The last call is made when all is done, whatever it was.
    assert done[-2] == len(WEIGHTS) + len(CONFIGURED)
    assert len({each.artifacts[0].digests for each in shards}) == 1


def test_a_blob_without_a_name_is_a_file_of_its_own(tmp_path: Path) -> None:
    other = weights("z")
    put(cached(tmp_path), {f"{CACHE}/blobs/{sha256(other)}": other})
    found = look(tmp_path)
    assert f"file:{CACHE}/blobs/{sha256(other)}" in {e.ref for e in found.components}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", weights("evil")),
        ("config.json", b'{"model_type": "evil"}'),
    ],
)
def test_a_blob_that_is_not_what_its_name_says_is_a_conflict(
    tmp_path: Path, name: str, content: bytes
) -> None:
    blob = FILES[name][0]
    put(cached(tmp_path), {f"{CACHE}/blobs/{blob}": content})
    found = look(tmp_path)
    assert told(found) == [("conflict", f"{CACHE}/blobs/{blob}")]
    assert blob in found.gaps[0].reason
    assert found.gaps[0].ref


@pytest.mark.parametrize("linked", ["models", "snapshot"])
def test_a_snapshot_whose_blobs_lie_elsewhere_is_gaps_and_not_silence(
    tmp_path: Path, linked: str
) -> None:
    cached(tmp_path / "hub")
    examined = tmp_path / "hub" / SNAPSHOT
    if linked == "models":
        examined = tmp_path / "project"
        (examined / "m").mkdir(parents=True)
        for name in ("config.json", "model.safetensors"):
            (examined / "m" / name).symlink_to(tmp_path / "hub" / SNAPSHOT / name)
    found = look(examined)
    assert {each.state.value for each in found.gaps} == {"unreadable"}
    start = "m/" if linked == "models" else ""
    assert {f"{start}config.json", f"{start}model.safetensors"} <= {
        each.location.path for each in found.gaps
    }
    assert not any(each.artifacts for each in found.components)


def test_a_folder_of_links_into_a_cache_of_the_tree_is_a_model(tmp_path: Path) -> None:
    cached(tmp_path)
    (tmp_path / "m").mkdir()
    for name in ("config.json", "model.safetensors"):
        (tmp_path / "m" / name).symlink_to(f"../{SNAPSHOT}/{name}")
    found = look(tmp_path)
    assert told(found) == []
    assert facts(found).parameters == 8
    assert model(found).version is None


def test_a_ref_to_a_commit_that_is_not_here_is_a_gap(tmp_path: Path) -> None:
    put(cached(tmp_path), {f"{CACHE}/refs/pr/1": "0b" * 20})
    found = look(tmp_path)
    assert told(found) == [("partial", f"{CACHE}/refs/pr/1")]


def test_refs_of_anything_else_are_nothing(tmp_path: Path) -> None:
    put(tmp_path, {"refs/main": COMMIT, "m/refs/main": "x", "a.safetensors": WEIGHTS})
    assert told(look(tmp_path)) == []


@pytest.mark.parametrize(
    "folder",
    [
        f"models--acme--m/snapshots/{COMMIT[:-1]}",
        f"models--acme--m/snapshots/{COMMIT.upper()}",
        f"models--acme--m/{COMMIT}",
        f"datasets--acme--m/snapshots/{COMMIT}",
        f"acme/m/snapshots/{COMMIT}",
        f"snapshots/{COMMIT}",
    ],
)
def test_a_folder_that_is_called_otherwise_claims_nothing(
    tmp_path: Path, folder: str
) -> None:
    files = {f"{folder}/config.json": CONFIG, f"{folder}/a.safetensors": WEIGHTS}
    found = look(put(tmp_path, {**files}))
    assert not any(each.version or each.pin for each in found.components)
    assert model(found, folder).basis is Basis.OBSERVED


def test_a_snapshot_with_a_name_that_is_none_has_a_commit_only(tmp_path: Path) -> None:
    folder = f"models--a--b--c/snapshots/{COMMIT}"
    found = look(put(tmp_path, {f"{folder}/a.safetensors": WEIGHTS}))
    whole = model(found, folder)
    assert (whole.version, whole.purl, whole.name) == (COMMIT, None, COMMIT)


def test_a_download_claims_a_commit_but_no_repository(tmp_path: Path) -> None:
    found = look(downloaded(tmp_path))
    whole = model(found)
    assert told(found) == []
    assert (whole.name, whole.version, whole.purl) == ("m", COMMIT, None)
    assert (whole.pin, whole.basis) == (Pin.COMMIT, Basis.DECLARED)
    assert not any(
        each.basis is Basis.DECLARED and each.kind is Kind.FILE
        for each in found.components
    ), "a claim that was compared goes"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", weights("evil")),
        ("config.json", b'{"model_type": "evil"}'),
    ],
)
def test_a_file_that_changed_after_its_download_is_a_conflict(
    tmp_path: Path, name: str, content: bytes
) -> None:
    found = look(downloaded(tmp_path, **{f"m/{name}": content}))
    assert told(found) == [("conflict", f"{DOWNLOAD}/{name}.metadata")]
    assert FILES[name][0] in found.gaps[0].reason


def test_files_of_two_commits_are_a_conflict_and_no_version(tmp_path: Path) -> None:
    etag = FILES["config.json"][0]
    metadata = f"{DOWNLOAD}/config.json.metadata"
    found = look(downloaded(tmp_path, **{metadata: f"{'0b' * 20}\n{etag}\n1.0\n"}))
    assert told(found) == [("conflict", metadata)]
    assert (model(found).version, model(found).pin) == (None, None)


@pytest.mark.parametrize(
    "content", ["", "main\nx\n1\n", COMMIT, "\0", f"{COMMIT}\n", f"{COMMIT}x\ny\n1\n"]
)
def test_metadata_that_name_no_commit_are_a_gap(tmp_path: Path, content: str) -> None:
    metadata = f"{DOWNLOAD}/config.json.metadata"
    found = look(downloaded(tmp_path, **{metadata: content}))
    assert told(found) == [("unreadable", metadata)]


def test_an_etag_of_another_kind_is_compared_with_nothing(tmp_path: Path) -> None:
    metadata = f"{DOWNLOAD}/config.json.metadata"
    found = look(downloaded(tmp_path, **{metadata: f'{COMMIT}\nW/"x"\n1.0\n'}))
    assert told(found) == []


def test_links_that_lead_around_change_nothing(tmp_path: Path) -> None:
    cached(tmp_path)
    os.symlink(".", tmp_path / CACHE / "around")
    found = look(tmp_path)
    assert {each[0] for each in told(found)} == {"partial"}
    assert model(found, SNAPSHOT).version == COMMIT
