"""Bad input, all in one tree: a gap or a conflict each, and all else is found."""

import gzip
import io
import json
import lzma
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mcpchain.component import Kind
from mcpchain.inventory import Inventory
from tests.model_folder.making import CONFIG, look, put, weights
from tests.protobuf_bytes import field

HUGE = 1 << 28


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Return a pickle of one text of 256 MB, none of which says anything."""
    return b"\x80\x04\x8d" + struct.pack("<Q", HUGE) + bytes(HUGE) + b"."


def zipped(name: str, *beside: str) -> Callable[[bytes], bytes]:
    def pack(data: bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
            for each in beside:
                archive.writestr(each, "{}")
        return buffer.getvalue()

    return pack


def shards(*names: str) -> dict[str, object]:
    return {
        "model.safetensors.index.json": {"weight_map": {"a": names[0], "b": names[1]}}
    }


def external(path: str) -> bytes:
    entry = field(1, "location") + field(2, path)
    tensor = field(8, "w") + field(2, 1) + field(1, 4) + field(13, entry) + field(14, 1)
    node = field(1, "x") + field(2, "y") + field(4, "Relu")
    graph = field(1, node) + field(5, tensor) + field(2, "main")
    return field(1, 8) + field(2, "acme") + field(7, graph) + field(8, field(2, 17))


FIRST = "model-00001-of-00002.safetensors"
SECOND = "model-00002-of-00002.safetensors"
THIRD = "model-00003-of-00002.safetensors"
GOOD = {"config.json": CONFIG, "model.safetensors": weights("a")}
BAD: dict[str, tuple[dict[str, object], str, str, str]] = {
    "header of 2^63 bytes": (
        {"m.safetensors": (2**63).to_bytes(8, "little") + b"{}"},
        "unreadable",
        "m.safetensors",
        "says that its header has 9,223,372,036,854,775,808 bytes",
    ),
    "more tensors than the file can hold": (
        {"m.gguf": b"GGUF" + struct.pack("<IQQ", 3, 2**40, 0)},
        "unreadable",
        "m.gguf",
        "byte 16 promises 26,388,279,066,624 more bytes than a file of 24 can hold",
    ),
    "more pairs than the file can hold": (
        {"m.gguf": b"GGUF" + struct.pack("<IQQ", 3, 0, 999_999)},
        "unreadable",
        "m.gguf",
        "byte 24 promises 12,999,987 more bytes than a file of 24 can hold",
    ),
    "numbers out of the folder": (
        {"m.onnx": external("../../etc/passwd")},
        "unreadable",
        "m.onnx",
        "the numbers of `w` are in `passwd`, which leads out of the folder",
    ),
    "shard that is missing": (
        {"config.json": CONFIG, FIRST: weights("a"), **shards(FIRST, SECOND)},
        "unreadable",
        "model.safetensors.index.json#/weight_map",
        "parts of the weights are not here",
    ),
    "shard that is missing without an index": (
        {FIRST: weights("a")},
        "unreadable",
        "",
        f"parts of the weights are not here: `{SECOND}`",
    ),
    "shard too many": (
        {
            "config.json": CONFIG,
            FIRST: weights("a"),
            SECOND: weights("b"),
            THIRD: weights("c"),
            **shards(FIRST, SECOND),
        },
        "conflict",
        THIRD,
        "model.safetensors.index.json` does not name it",
    ),
    "shard too many without an index": (
        {FIRST: weights("a"), SECOND: weights("b"), THIRD: weights("c")},
        "conflict",
        THIRD,
        "is called part 3 of 2",
    ),
    "front matter that is not YAML": (
        {"README.md": "---\nlicense: [mit\n---\n", "model.safetensors": weights("a")},
        "unreadable",
        "README.md",
        "not YAML that we read",
    ),
    "front matter without end": (
        {"README.md": "---\nlicense: mit\n", "model.safetensors": weights("a")},
        "unreadable",
        "README.md",
        "the front matter has no end",
    ),
    "another licence than the configuration": (
        {
            "README.md": "---\nlicense: mit\n---\n",
            "config.json": CONFIG | {"license": "apache-2.0"},
            "model.safetensors": weights("a"),
        },
        "conflict",
        "config.json#/license",
        "README.md#/license` says `mit`",
    ),
}


def is_all_there(found: Inventory) -> None:
    good = [e for e in found.components if e.location.path.startswith("good")]
    assert [each.kind for each in good] == [Kind.MODEL, Kind.FILE, Kind.MODEL]
    assert all(each.purl for each in good)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    """Return what is found in one tree of all of them."""
    root = tmp_path_factory.mktemp("all")
    put(root / "good", GOOD)
    for case, (files, *_) in BAD.items():
        put(root / case.replace(" ", "-"), files)
    return look(root)


@pytest.mark.parametrize("case", [each.replace(" ", "-") for each in BAD])
def test_bad_input_is_a_gap_in_its_place_and_a_component_all_the_same(
    found: Inventory, case: str
) -> None:
    files, state, place, reason = BAD[case.replace("-", " ")]
    (gap,) = (e for e in found.gaps if e.location.path.split("/")[0] == case)
    assert (gap.state.value, str(gap.location)) == (state, f"{case}/{place}".strip("/"))
    assert reason in gap.reason
    here = {each.location.path for each in found.components}
    weighty = (".safetensors", ".gguf", ".onnx")
    assert {f"{case}/{name}" for name in files if name.endswith(weighty)} <= here


def test_bad_input_hides_nothing_beside_it(found: Inventory) -> None:
    is_all_there(found)
    assert len(found.gaps) == len(BAD)


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("m.pt", zipped("m/data.pkl")),
        ("m.npz", zipped("a.npy")),
        ("m.keras", zipped("config.json", "metadata.json")),
        ("m.skops", zipped("schema.json")),
        ("m.pkl.gz", lambda data: gzip.compress(data, 1)),
        ("m.joblib", lambda data: lzma.compress(data, preset=0)),
    ],
    ids=["torch", "numpy", "keras", "skops", "gzip", "xz"],
)
def test_a_bomb_is_a_model_with_a_gap_and_costs_little(
    tmp_path: Path, bomb: bytes, name: str, pack: Callable[[bytes], bytes]
) -> None:
    data = pack(bomb)
    assert len(data) < HUGE / 50
    put(tmp_path, {f"bad/{name}": data})
    put(tmp_path / "good", GOOD)
    found = look(tmp_path)
    assert [each.location.path for each in found.gaps] == [f"bad/{name}"]
    assert f"bad/{name}" in {each.location.path for each in found.components}
    is_all_there(found)


def test_a_folder_of_links_into_a_cache_outside_is_gaps_and_not_silence(
    tmp_path: Path,
) -> None:
    cache = put(tmp_path / "cache", GOOD)
    examined = tmp_path / "examined"
    (examined / "bad").mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (examined / "bad" / name).symlink_to(cache / name)
    put(examined / "good", GOOD)
    found = look(examined)
    assert {"bad/config.json", "bad/model.safetensors"} <= {
        each.location.path for each in found.gaps
    }
    assert str(tmp_path) not in json.dumps([each.reason for each in found.gaps])
    is_all_there(found)
