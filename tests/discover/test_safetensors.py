import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mcpchain.component import Basis, Kind, ModelFacts
from mcpchain.discover import LFS_POINTER, survey
from mcpchain.discover.safetensors import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree


def discover(root: Path, data: bytes, name: str = "m.safetensors") -> Inventory:
    (root / name).write_bytes(data)
    return survey(Tree(root, only=name), name="x", discoverers=[DISCOVERER])


def model(header: object, weights: int = 0) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(weights)


def tensor(
    kind: object = "F32", shape: object = (2, 3), start: object = 0, end: object = 24
) -> dict[str, Any]:
    return {"dtype": kind, "shape": shape, "data_offsets": [start, end]}


def facts(found: Inventory) -> ModelFacts:
    (component,) = found.components
    assert isinstance(component.facts, ModelFacts)
    return component.facts


def test_a_model_is_observed_hashed_and_counted(tmp_path: Path) -> None:
    header = {
        "__metadata__": {"license": "apache-2.0", "modelspec.architecture": "flux"},
        "a": tensor(),
        "b": tensor("F8_E4M3", [8], 24, 32),
        "c": tensor("F4", [4], 32, 34),
        "empty": tensor("I64", [0, 2**40, 2**40], 34, 34),
        "scalar": tensor("U8", [], 34, 35),
    }
    found = discover(tmp_path, model(header, 35))
    assert found.gaps == ()
    assert facts(found) == ModelFacts(
        format="safetensors",
        parameters=6 + 8 + 4 + 0 + 1,
        tensors=5,
        architecture="flux",
        license="apache-2.0",
        quantization="F8_E4M3",
    )
    (component,) = found.components
    assert (component.kind, component.basis) == (Kind.MODEL, Basis.OBSERVED)
    assert component.licenses == ("Apache-2.0",)
    (artifact,) = component.artifacts
    assert artifact.name == "m.safetensors"
    assert artifact.digests


def test_tensors_may_stand_in_any_order_in_the_header(tmp_path: Path) -> None:
    header = {"b": tensor("U8", [2], 1, 3), "a": tensor("U8", [1], 0, 1)}
    assert discover(tmp_path, model(header, 3)).gaps == ()


@pytest.mark.parametrize(
    ("header", "weights", "pointer"),
    [
        ({"a": tensor("F33")}, 24, "/a/dtype"),
        ({"a": tensor("F33", [0], 0, 0)}, 0, "/a/dtype"),
        ({"a": tensor(shape=[2] * 99)}, 24, "/a/shape"),
        ({"a": tensor("U8", [2], 2, 0)}, 2, "/a/data_offsets"),
        ({"a": tensor(7)}, 24, "/a/dtype"),
        ({"a": tensor(shape=[-2, -3])}, 24, "/a/shape"),
        ({"a": tensor(shape=[2**40, 2**40])}, 24, "/a/shape"),
        ({"a": tensor(shape=[True])}, 24, "/a/shape/0"),
        ({"a": tensor(shape=None)}, 24, "/a/shape"),
        ({"a": tensor(end=23)}, 23, "/a/data_offsets"),
        ({"a": tensor(start=24, end=0)}, 24, "/a/data_offsets"),
        ({"a": tensor(start=-24, end=0)}, 24, "/a/data_offsets"),
        (
            {"a": {"dtype": "U8", "shape": [1], "data_offsets": [0]}},
            1,
            "/a/data_offsets",
        ),
        ({"a": tensor("F4", [3], 0, 2)}, 2, "/a/data_offsets"),
        ({"a": 1}, 0, "/a"),
        ({"__metadata__": {"k": 1}}, 0, "/__metadata__/k"),
        ({"__metadata__": ["k"]}, 0, "/__metadata__"),
        ({"a": tensor(), "b": tensor()}, 24, "/b/data_offsets"),
        ({"a": tensor(start=1, end=25)}, 25, "/a/data_offsets"),
        ({"a": tensor()}, 25, ""),
        ({"a": tensor()}, 23, ""),
        ({"n" * 1001: tensor()}, 24, ""),
        (b'{"a": {}, "a": {}}', 0, "/a"),
        (b'{"__metadata__": {"k": "1", "k": "2"}}', 0, "/__metadata__/k"),
        (b"[]", 0, ""),
        (b"{", 0, ""),
        (b'{"a": ' + b"[" * 200_000, 0, ""),
        (b'{"\xff": 1}', 0, ""),
    ],
)
def test_what_two_readers_may_see_differently_is_a_gap(
    tmp_path: Path, header: object, weights: int, pointer: str
) -> None:
    found = discover(tmp_path, model(header, weights))
    assert [each.location.pointer for each in found.gaps] == [pointer]
    assert {each.state for each in found.gaps} == {State.UNREADABLE}
    assert facts(found).format == "safetensors"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1234567",
        (2**63).to_bytes(8, "little") + b"{}",
        b"\x03" + bytes(7) + b"{}",
    ],
)
def test_a_header_longer_than_the_file_is_a_gap(tmp_path: Path, data: bytes) -> None:
    found = discover(tmp_path, data)
    assert len(found.components) == len(found.gaps) == 1


def test_one_bad_tensor_does_not_hide_the_others(tmp_path: Path) -> None:
    found = discover(tmp_path, model({"a": 1, "b": tensor()}, 24))
    assert facts(found).tensors == 2
    assert facts(found).parameters is None


@pytest.mark.parametrize(
    "header",
    [
        {str(each): tensor("U8", [0], 0, 0) for each in range(100_001)},
        {"__metadata__": {}, "a": [0] * 2_000_000},
        {"a": [[]] * 1_000_000},
        {"a": [{}] * 1_000_000},
    ],
)
def test_more_than_we_read_is_a_limit_and_still_a_model(
    tmp_path: Path, header: object
) -> None:
    found = discover(tmp_path, model(header))
    assert [each.state for each in found.gaps] == [State.LIMIT]
    assert facts(found) == ModelFacts(format="safetensors")
    assert found.components[0].artifacts[0].digests


def test_as_many_tensors_as_the_limit_are_read(tmp_path: Path) -> None:
    header = {str(each): tensor("U8", [0], 0, 0) for each in range(100_000)}
    found = discover(tmp_path, model({"__metadata__": {"license": "mit"}, **header}))
    assert facts(found).tensors == 100_000
    assert found.gaps == ()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "the file is empty"),
        (b"\x10\0\0", "the file ends after 3 bytes, before its header"),
        (bytes(8), "the header is not a JSON object"),
        (b"\x40" + bytes(7) + b"{}", "ends within its header, after 2 of 64 bytes"),
        (
            (2**63).to_bytes(8, "little") + b"{}",
            "says that its header has 9,223,372,036,854,775,808 bytes",
        ),
        (model({"a": tensor()}, 20), "the file ends 4 bytes before its last tensor"),
        (model({"a": tensor()}, 29), "5 bytes follow the last tensor"),
    ],
    ids=["empty", "prefix", "zero", "header", "2^63", "truncated", "surplus"],
)
def test_a_file_that_is_cut_off_says_where(
    tmp_path: Path, data: bytes, problem: str
) -> None:
    (gap,) = discover(tmp_path, data).gaps
    assert problem in gap.reason
    assert gap.state is State.UNREADABLE


def test_a_header_of_nothing_but_errors_is_given_up(tmp_path: Path) -> None:
    found = discover(tmp_path, model(dict.fromkeys(map(str, range(500)), 1)))
    assert len(found.gaps) == 101


@pytest.mark.parametrize(
    ("path", "head", "wanted"),
    [
        ("m.safetensors", b"", True),
        ("M.SAFETENSORS", b"x", True),
        ("m.bin", model({"a": 1}), True),
        ("m.bin", b'x{"a": 1}', False),
        ("m.json", b'{"a": 1234567}', False),
        ("m.bin", b"\xff" * 8 + b'{"', False),
    ],
)
def test_it_is_recognised_by_suffix_or_content(
    path: str, head: bytes, *, wanted: bool
) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=path, head=head)) is wanted


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=100).map(model) | st.binary(max_size=100))
def test_any_bytes_are_a_component_and_read_or_a_gap(data: bytes) -> None:
    assume(not data.startswith(LFS_POINTER))
    with tempfile.TemporaryDirectory() as folder:
        found = discover(Path(folder), data)
    assert facts(found).tensors is not None or found.gaps
