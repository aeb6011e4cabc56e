import json
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import Basis, DataFacts, Kind, ModelFacts
from mcpchain.discover import survey
from mcpchain.discover.hdf5 import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree
from tests.any_bytes import any_bytes

MAGIC = b"\x89HDF\r\n\x1a\n"
NOWHERE = b"\xff" * 8
HEADER = 96
"""Where the root group stands in the files that are made here."""
HEAP = 1 << 16
"""Where their global heap does."""
SCALAR = {1: bytes([1, 0, 0, 0, 0, 0, 0, 0]), 2: bytes([2, 0, 0, 0])}
CONFIG = json.dumps(
    {
        "class_name": "Sequential",
        "config": {"layers": [{"class_name": "Lambda", "config": {}}]},
    }
)
HARMLESS = '{"class_name": "Functional", "config": {}}'


def discover(root: Path, data: bytes, name: str = "m.h5") -> Inventory:
    (root / name).write_bytes(data)
    return survey(Tree(root, only=name), name="x", discoverers=[DISCOVERER])


def facts(found: Inventory) -> ModelFacts | DataFacts:
    (component,) = found.components
    assert isinstance(component.facts, ModelFacts | DataFacts)
    return component.facts


def operators(found: Inventory) -> tuple[str, ...]:
    told = facts(found)
    assert isinstance(told, ModelFacts)
    return told.operators


def attribute(
    name: str,
    value: str | int = CONFIG,
    *,
    version: int = 3,
    space: bytes = SCALAR[1],
    shared: int = 0,
) -> bytes:
    """Write an attribute: a text, or the one of index *value* in the heap."""
    called = name.encode() + b"\0"
    if isinstance(value, int):
        kind = bytes([0x19, 1, 0, 0]) + struct.pack("<I", 16) + bytes(8)
        data = struct.pack("<IQI", 1 << 20, HEAP, value)
    else:
        kind = bytes([0x13, 0, 0, 0]) + struct.pack("<I", len(value.encode()))
        data = value.encode()
    sizes = struct.pack("<3H", len(called), len(kind), len(space))
    front = bytes([version, shared]) + sizes + (b"\0" if version > 2 else b"")
    parts = [called, kind, space]
    if version == 1:
        parts = [each + bytes(-len(each) % 8) for each in parts]
    return front + b"".join(parts) + data


def message(data: bytes, kind: int = 0x0C, flags: int = 0, *, new: bool) -> bytes:
    if new:
        return struct.pack("<BHB", kind, len(data), flags) + data
    data += bytes(-len(data) % 8)
    return struct.pack("<2HB3x", kind, len(data), flags) + data


def heap(*texts: str, lie: int = 0) -> bytes:
    out = b""
    for index, text in enumerate(texts, 1):
        data = text.encode()
        out += struct.pack("<2H4xQ", index, 1, lie or len(data)) + data
        out += bytes(-len(data) % 8)
    size = 16 + len(out)
    return b"GCOL" + bytes([1, 0, 0, 0]) + struct.pack("<Q", size) + out


def hdf5(
    *messages: bytes, texts: bytes = b"", base: int = 0, new: bool = False
) -> bytes:
    """Write a file with its root group and heap; *base* bytes stand before it."""
    body = b"".join(messages)
    where = struct.pack("<Q", base)
    if new:
        start = MAGIC + bytes([2, 8, 8, 0]) + where + NOWHERE + bytes(8)
        start += struct.pack("<Q", HEADER) + bytes(4)
        group = b"OHDR" + bytes([2, 2]) + struct.pack("<I", len(body)) + body
        group += bytes(4)
    else:
        start = MAGIC + bytes([0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0, 0, 0, 0, 0])
        start += where + NOWHERE + bytes(8) + NOWHERE
        start += bytes(8) + struct.pack("<Q", HEADER) + bytes(24)
        front = struct.pack("<BxHII4x", 1, len(messages), 1, len(body))
        group = front + body
    data = (start.ljust(HEADER, b"\0") + group).ljust(HEAP, b"\0") + texts
    return bytes(base) + data


def config(*args: str | int, new: bool = False, **options: object) -> bytes:
    """Write the message of a `model_config`."""
    made = attribute("model_config", *args, **options)  # type: ignore[arg-type]
    return message(made, new=new)


@pytest.mark.parametrize("new", [False, True], ids=["old", "new"])
@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("value", [CONFIG, 2], ids=["fixed", "heap"])
def test_the_layers_of_a_model_are_read(
    tmp_path: Path, value: str | int, version: int, *, new: bool
) -> None:
    texts = heap("other", CONFIG)
    found = discover(
        tmp_path, hdf5(config(value, new=new, version=version), texts=texts, new=new)
    )
    assert found.gaps == ()
    assert facts(found) == ModelFacts(
        format="hdf5", architecture="Sequential", operators=("Lambda",)
    )
    (component,) = found.components
    assert (component.kind, component.basis) == (Kind.MODEL, Basis.OBSERVED)
    assert component.artifacts[0].digests


@pytest.mark.parametrize("base", [512, 1024, 4096])
def test_something_may_stand_in_front_of_it(tmp_path: Path, base: int) -> None:
    found = discover(tmp_path, hdf5(config(), base=base))
    assert operators(found) == ("Lambda",)
    assert found.gaps == ()


def many(count: int, *, new: bool) -> list[bytes]:
    return [message(attribute(f"a{each}", "x"), new=new) for each in range(count)]


@pytest.mark.parametrize("new", [False, True], ids=["old", "new"])
def test_attributes_in_another_block_are_read(tmp_path: Path, *, new: bool) -> None:
    there = config(new=new)
    place = HEAP - 4 if new else HEAP
    length = len(there) + (8 if new else 0)
    more = message(struct.pack("<2Q", place, length), 0x10, new=new)
    data = hdf5(*many(3, new=new), more, texts=there + bytes(8), new=new)
    found = discover(tmp_path, data)
    assert operators(found) == ("Lambda",)
    assert found.gaps == ()


@pytest.mark.parametrize(
    "messages",
    [
        [config(HARMLESS), config()],
        [config(), config(HARMLESS)],
        [config(HARMLESS), message(attribute("training_config"), new=False)],
        [message(attribute("model_config\0x"), new=False)],
        [config(CONFIG + "\0" * 9)],
        [config(CONFIG + "\0garbage")],
    ],
    ids=["second", "first", "training", "name-with-zero", "padded", "zero"],
)
def test_code_in_the_configuration_is_told_wherever_it_hides(
    tmp_path: Path, messages: list[bytes]
) -> None:
    found = discover(tmp_path, hdf5(*messages))
    assert operators(found) == ("Lambda",)
    assert found.gaps == ()


INFORMATION = bytes([0, 0]) + bytes(8) + NOWHERE
LIST = bytes([1, 1, 0, 0, 0, 0, 0, 0]) + struct.pack("<Q", 1)


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (hdf5(message(INFORMATION, 0x15, new=False)), State.PARTIAL),
        (hdf5(message(attribute("x"), flags=2, new=False)), State.PARTIAL),
        (hdf5(config(shared=1)), State.PARTIAL),
        (hdf5(config(version=4)), State.PARTIAL),
        (hdf5(config(space=LIST)), State.PARTIAL),
        (hdf5(message(b"", new=False)), State.PARTIAL),
        (hdf5(config()[:-8]), State.UNREADABLE),
        (hdf5(config(1)), State.UNREADABLE),
        (hdf5(config(3), texts=heap("a", "b")), State.UNREADABLE),
        (hdf5(config(1), texts=heap("x", lie=2**40)), State.LIMIT),
        (hdf5(config(2), texts=heap("x", lie=2**63)), State.UNREADABLE),
        (hdf5(config("")), State.UNREADABLE),
        (hdf5(config("[]")), State.UNREADABLE),
        (hdf5(config("{")), State.UNREADABLE),
        (hdf5(*[config(HARMLESS)] * 11), State.LIMIT),
        (hdf5(*many(2_000, new=False) * 6), State.LIMIT),
        (hdf5(message(struct.pack("<2Q", 0, 9 << 20), 0x10, new=False)), State.LIMIT),
        (
            hdf5(message(struct.pack("<2Q", HEADER + 16, 24), 0x10, new=False)),
            State.LIMIT,
        ),
        (
            hdf5(message(struct.pack("<2Q", 2**63, 24), 0x10, new=False)),
            State.UNREADABLE,
        ),
        (MAGIC, State.UNREADABLE),
        (MAGIC + b"\x09" + bytes(99), State.UNSUPPORTED),
        (MAGIC + bytes([2, 3, 8]) + bytes(99), State.UNSUPPORTED),
        (hdf5(config())[:100], State.UNREADABLE),
        (
            hdf5().replace(b"\x01\0\0\0\1\0\0\0", b"\x07\0\0\0\1\0\0\0"),
            State.UNSUPPORTED,
        ),
    ],
    ids=[
        "dense",
        "shared",
        "shared-type",
        "unknown-version",
        "list",
        "empty-message",
        "cut-message",
        "no-heap",
        "not-in-the-heap",
        "huge-object",
        "object-beyond",
        "empty",
        "json-list",
        "cut-json",
        "many-texts",
        "many-messages",
        "huge-block",
        "loop",
        "block-beyond",
        "magic",
        "superblock",
        "widths",
        "cut",
        "group",
    ],
)
def test_what_may_hide_layers_is_a_model_and_a_gap(
    tmp_path: Path, data: bytes, state: State
) -> None:
    found = discover(tmp_path, data)
    assert {each.state for each in found.gaps} == {state}
    assert facts(found).format == "hdf5"
    assert found.components[0].kind is Kind.MODEL


def test_a_heap_of_many_objects_is_a_limit(tmp_path: Path) -> None:
    data = hdf5(config(9), texts=heap(*[""] * 3) + bytes(0))
    whole = struct.pack("<2H4xQ", 1, 1, 0) * 100_001
    fake = b"GCOL" + bytes([1, 0, 0, 0]) + struct.pack("<Q", 16 + len(whole)) + whole
    found = discover(tmp_path, data[:HEAP] + fake)
    assert [each.state for each in found.gaps] == [State.LIMIT]


def test_a_configuration_that_cannot_be_read_does_not_hide_the_others(
    tmp_path: Path,
) -> None:
    found = discover(tmp_path, hdf5(config("{"), config()))
    assert operators(found) == ("Lambda",)
    assert len(found.gaps) == 1


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("m.h5", hdf5(), Kind.DATA),
        ("m.hdf5", hdf5(new=True), Kind.DATA),
        ("m.nc", hdf5(message(attribute("title", "x"), new=False)), Kind.DATA),
        ("m.weights.h5", hdf5(), Kind.MODEL),
        ("m.h5", hdf5(message(attribute("layer_names", space=LIST), new=False)), None),
        ("m.h5", hdf5(message(attribute("keras_version", "3"), new=False)), None),
        ("m.bin", hdf5(config(HARMLESS)), None),
    ],
    ids=["data", "new", "other-suffix", "weights", "layers", "version", "any-name"],
)
def test_a_model_has_a_sign_of_one_and_all_else_is_data(
    tmp_path: Path, name: str, data: bytes, kind: Kind | None
) -> None:
    found = discover(tmp_path, data, name)
    assert found.gaps == ()
    assert found.components[0].kind is (kind or Kind.MODEL)
    assert facts(found).format == "hdf5"


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\3\4", bytes(600) + MAGIC])
def test_another_content_under_the_name_is_a_gap(tmp_path: Path, data: bytes) -> None:
    found = discover(tmp_path, data)
    assert [each.state for each in found.gaps] == [State.UNSUPPORTED]
    assert not found.components


@pytest.mark.parametrize(
    ("path", "head", "wanted"),
    [
        ("m.h5", b"", True),
        ("M.HDF5", b"", True),
        ("m.keras", MAGIC, True),
        ("m.bin", b"HDF", False),
    ],
)
def test_it_is_recognised_by_suffix_or_content(
    path: str, head: bytes, *, wanted: bool
) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=path, head=head)) is wanted


@settings(max_examples=100, deadline=None)
@given(any_bytes(120), st.sampled_from([b"", MAGIC, hdf5()[:HEADER]]))
def test_any_bytes_are_read_or_a_gap(data: bytes, start: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert discover(Path(folder), start + data)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_model_cut_anywhere_is_never_taken_for_sound(data: st.DataObject) -> None:
    whole = hdf5(config(1), texts=heap(CONFIG))
    length = data.draw(st.integers(0, len(whole) - len(CONFIG) % 8 - 8))
    with tempfile.TemporaryDirectory() as folder:
        assert discover(Path(folder), whole[:length]).gaps
