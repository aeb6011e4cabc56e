import bz2
import gzip
import io
import lzma
import os
import pickle
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import ModelFacts
from mcpchain.discover import survey
from mcpchain.discover.pickle_model import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree


class Harmless:
    """Pickles into a call that would only read a variable."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.getenv, ("HOME",)


CALL = pickle.dumps(Harmless(), 4)
MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, 2)


def discover(root: Path, name: str, data: bytes) -> Inventory:
    (root / name).write_bytes(data)
    return survey(Tree(root, only=name), name="x", discoverers=[DISCOVERER])


def facts(found: Inventory) -> ModelFacts:
    (component,) = found.components
    assert isinstance(component.facts, ModelFacts)
    return component.facts


def zipped(method: int = zipfile.ZIP_STORED, /, **members: bytes) -> bytes:
    """Make a zip; `__` in a name stands for a slash, `_` before pkl/npy for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            path = name.replace("__", "/").replace("_", ".")
            archive.writestr(path, data)
    return out.getvalue()


def npy(kind: str, shape: str = "(2, 3)", version: int = 1, body: bytes = b"") -> bytes:
    header = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}}}\n"
    width = "<H" if version == 1 else "<I"
    text = header.encode()
    prefix = b"\x93NUMPY" + bytes([version, 0]) + struct.pack(width, len(text))
    return prefix + text + body


TORCH = zipped(archive__data_pkl=CALL, archive__version=b"3")
OBJECTS = npy("'|O'", body=CALL)


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_names_what_it_imports(tmp_path: Path, protocol: int) -> None:
    value = [Harmless(), {"k": (1, 2.5, "text", None, True)}, [[]], 2**80, Harmless()]
    found = discover(tmp_path, "m.pkl", pickle.dumps(value, protocol))
    assert facts(found) == ModelFacts(format="pickle", imports=("os.getenv",))
    assert found.gaps == ()
    assert found.components[0].artifacts[0].digests


@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_pickle_is_one_under_any_name(tmp_path: Path, protocol: int) -> None:
    found = discover(tmp_path, "weights.bin", pickle.dumps(Harmless(), protocol))
    assert facts(found).imports == ("os.getenv",)


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        ("m.pt", TORCH, "torch-zip"),
        ("m.bin", TORCH, "torch-zip"),
        ("m.zip", zipped(data_pkl=CALL), "torch-zip"),
        ("m.pt", zipped(zipfile.ZIP_DEFLATED, a__data_pkl=CALL), "torch-zip"),
        ("m.pt", zipped(a__data_pkl=b"", a__constants_pkl=CALL), "torch-zip"),
        ("m.pt", MAGIC + pickle.dumps(1001, 2) + CALL + b"storage", "torch-legacy"),
        ("m.bin", MAGIC + pickle.dumps(1001, 2) + CALL, "torch-legacy"),
        ("m.npy", OBJECTS, "numpy-object"),
        (
            "m.bin",
            npy("[('a', '<f4'), ('b', [('c', 'O')])]", body=CALL),
            "numpy-object",
        ),
        ("m.npy", npy("('O', (2,))", version=2, body=CALL), "numpy-object"),
        ("m.npz", zipped(a_npy=npy("'<f4'"), b_npy=OBJECTS), "numpy-object"),
        ("m.joblib", zlib.compress(CALL), "joblib"),
        ("m.z", zlib.compress(CALL), "joblib"),
        ("m.pkl", gzip.compress(CALL, mtime=0), "joblib"),
        ("m.pkl.gz", gzip.compress(CALL, mtime=0), "joblib"),
        ("m.pkl", bz2.compress(CALL), "joblib"),
        ("m.pkl", lzma.compress(CALL), "joblib"),
        ("m.pkl", lzma.compress(CALL, format=lzma.FORMAT_ALONE), "joblib"),
    ],
)
def test_the_content_says_which_format_it_is(
    tmp_path: Path, name: str, data: bytes, form: str
) -> None:
    found = discover(tmp_path, name, data)
    assert facts(found).format == form
    assert facts(found).imports == ("os.getenv",)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("m.npy", npy("'<f4'")),
        ("m.npy", npy("[('One', '<f4')]", version=3)),
        ("m.npz", zipped(a_npy=npy("'<f4'"))),
        ("m.bin", zipped(zipfile.ZIP_DEFLATED, a_npy=npy("'<f4'"))),
    ],
)
def test_arrays_of_numbers_are_harmless(tmp_path: Path, name: str, data: bytes) -> None:
    found = discover(tmp_path, name, data)
    assert facts(found) == ModelFacts(format="numpy", parameters=6, tensors=1)
    assert found.gaps == ()


def test_a_wrapper_of_raw_numbers_makes_it_joblib(tmp_path: Path) -> None:
    data = (
        b"\x80\x04\x8c\x13joblib.numpy_pickle\x94\x8c\x11NumpyArrayWrapper\x94\x93\x94"
        b")\x81\x94}\x94b" + b"\x00\xff" * 20 + CALL
    )
    found = discover(tmp_path, "m.bin", data)
    assert facts(found).format == "joblib"
    assert facts(found).imports == ("joblib.numpy_pickle.NumpyArrayWrapper",)
    assert [each.state for each in found.gaps] == [State.PARTIAL]


@pytest.mark.parametrize(
    ("program", "imports"),
    [
        (b"cos\nsystem\n.", ["os.system"]),
        (b"(ios\nsystem\n.", ["os.system"]),
        (b"(cos\nsystem\no.", ["os.system"]),
        (b"V\\u006fs\nVsystem\n\x93.", ["os.system"]),
        (b"S'os'\nS'sy\\x73tem'\n\x93.", ["os.system"]),
        (b"U\x02osX\x06\0\0\0system\x93.", ["os.system"]),
        (b"\x8d\x02\0\0\0\0\0\0\0os\x8c\x06system\x93.", ["os.system"]),
        # The last two texts are not what lies on the stack.
        (b"\x8c\x02os\x8c\x06system\x8c\x04math0\x93.", ["os.system"]),
        (b"\x8c\x02osq\x000\x8c\x06systemq\x010h\x00h\x01\x93.", ["os.system"]),
        (b"\x8c\x02os\x940\x8c\x06system\x94p7\n0g0\ng7\n\x93.", ["os.system"]),
        (b"\x8c\x02osr\x09\0\0\x000j\x09\0\0\0\x8c\x06system\x93.", ["os.system"]),
        (b"\x8c\x02os2\x93.", ["os.os"]),
        (b"(\x8c\x01x1\x8c\x02os\x8c\x06system\x93.", ["os.system"]),
        (b"K\x01\x8c\x06system\x93.", ["?.system"]),
        (b"cos\nname\n\x8c\x06system\x93.", ["?.system", "os.name"]),
        (b"K\x01K\x02\x93.", ["?"]),
        (b"\x82\x01.", ["?"]),
        (b"c\xc3\xb6s\nsys tem\n.", ["\\xf6s.sys tem"]),
        (b"X\x01\0\x01\0" + b"x" * 65537 + b"\x8c\x01n\x93.", ["?.n"]),
    ],
)
def test_a_name_is_found_however_it_got_on_the_stack(
    tmp_path: Path, program: bytes, imports: list[str]
) -> None:
    found = discover(tmp_path, "m.pkl", b"\x80\x04" + program)
    assert list(facts(found).imports) == imports
    assert found.gaps == ()


def test_every_pickle_in_a_row_is_walked(tmp_path: Path) -> None:
    found = discover(tmp_path, "m.bin", pickle.dumps(1, 2) + CALL)
    assert facts(found).imports == ("os.getenv",)


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        ("m.bin", CALL[:-1], "pickle"),
        ("m.bin", CALL[:20], "pickle"),
        ("m.bin", b"\x80\x02cos\nsystem\n\xff", "pickle"),
        ("m.pkl", b"cos\nsystem\n", "pickle"),
        ("m.bin", TORCH[:-30], "torch-zip"),
        ("m.pt", TORCH.replace(CALL, CALL[:-1] + b"x"), "torch-zip"),
        ("m.pt", zipped(a__data_pkl=b"\x80\x04"), "torch-zip"),
        ("m.npz", b"PK\3\4", "numpy"),
        ("m.npz", zipped(a_txt=b"some text that is no array"), "numpy"),
        ("m.npy", npy("'<f4'")[:20], "numpy"),
        ("m.npy", npy("'<f4'", shape="(-1,)"), "numpy"),
        ("m.npy", npy("'<f4'", shape=f"({10**30},)"), "numpy"),
        ("m.npy", npy("'<f4'", shape="None"), "numpy"),
        ("m.npy", npy("[()]"), "numpy"),
        ("m.npy", npy("[('a',)]"), "numpy"),
        ("m.npy", npy("__import__('os')"), "numpy"),
        ("m.npy", npy("'<f4'" + " " * 65537, version=2), "numpy"),
        ("m.npy", npy("'O'"), "numpy-object"),
    ],
)
def test_a_damaged_model_is_a_component_and_a_gap(
    tmp_path: Path, name: str, data: bytes, form: str
) -> None:
    found = discover(tmp_path, name, data)
    assert facts(found).format == form
    assert found.gaps


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (b"", State.UNREADABLE),
        (b"hello world", State.UNREADABLE),
        (b"\x80\x04\xff", State.UNREADABLE),
        (b"\x80\x09N.", State.UNSUPPORTED),
        (b"\x80\x040.", State.UNREADABLE),
        (b"\x80\x04h\x07.", State.UNREADABLE),
        (b"\x80\x04\x8e" + b"\xff" * 8, State.UNREADABLE),
        (b"\x80\x04V" + b"x" * 99, State.UNREADABLE),
        (b"PK\3\4 but no zip", State.UNREADABLE),
        (zipped(readme=b"x"), State.UNSUPPORTED),
        (b"\x04\x22\x4d\x18", State.UNSUPPORTED),
        (gzip.compress(b"hello", mtime=0), State.UNREADABLE),
        (gzip.compress(bytes(range(256)), mtime=0)[:50], State.UNREADABLE),
        (zlib.compress(CALL)[:4], State.UNREADABLE),
        (b"\x78\x9c\xff\xff\xff", State.UNREADABLE),
        (b"\xfd7zXZ\0\0\0", State.UNREADABLE),
        (b"BZh9xxxx", State.UNREADABLE),
        (b"\x89HDF\r\n\x1a\n", State.UNREADABLE),
    ],
)
def test_a_pickle_by_name_alone_is_a_gap(
    tmp_path: Path, data: bytes, state: State
) -> None:
    found = discover(tmp_path, "m.pt", data)
    assert found.components == ()
    assert [each.state for each in found.gaps] == [state]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("m.bin", b"\x80\x04" + b"\xff\x00garbage" * 9),
        ("m.bin", b"\x80\x02"),
        ("m.bin", b"\x00\x01\x02"),
        ("m.whl", zipped(package__data__data_pkl=CALL, package__a_npy=OBJECTS)),
        ("m.docx", zipped(word__document_xml=b"<x/>")),
        ("m.zip", zipped()),
        ("m.zip", b"PK\3\4 but no zip"),
        ("m.gz", gzip.compress(CALL, mtime=0)),
        ("m.z", zlib.compress(b"some text")),
        ("m.z", b"cos\nsystem\n."),
        ("m.txt", b"cos\nsystem\n."),
        ("m.txt", b"PKs are keys"),
    ],
)
def test_what_is_no_model_is_nothing(tmp_path: Path, name: str, data: bytes) -> None:
    assert not discover(tmp_path, name, data)


def test_an_encrypted_member_is_a_gap(tmp_path: Path) -> None:
    data = bytearray(TORCH)
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    found = discover(tmp_path, "m.pt", bytes(data))
    assert facts(found).format == "torch-zip"
    assert "encrypted" in found.gaps[0].reason


def test_a_second_member_of_the_same_name_is_read_too(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a/data.pkl", CALL)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a/data.pkl", pickle.dumps(1))
    assert facts(discover(tmp_path, "m.pt", out.getvalue())).imports == ("os.getenv",)


BOMB = b"\x80\x04\x8e" + struct.pack("<Q", 300 << 20) + bytes(1 << 20)


@pytest.mark.parametrize(
    "pack",
    [
        lambda: zlib.compress(BOMB + b".", 1),
        lambda: zipped(zipfile.ZIP_DEFLATED, a__data_pkl=BOMB + b"."),
        lambda: pickle.dumps(1, 2) * 1001,
        lambda: b"\x80\x02" + b"".join(b"ca\nb%d\n0" % each for each in range(1001)),
        lambda: b"\x80\x02cos\nsystem\n" + b"N0" * 1_000_001 + b".",
        lambda: npy("'<f4'", version=2).replace(b"\x02\0", b"\x02\0\xff\xff\xff", 1),
        lambda: (
            b"PK\3\4" + bytes(26) + b"a/data.pkl" + b"PK\5\6" + b"\x7f" * 16 + b"\0\0"
        ),
        lambda: zipped(
            a__data_pkl=b"N.", **{f"a__{each}_pkl": b"N." for each in range(1001)}
        ),
    ],
)
def test_a_file_that_costs_too_much_is_a_limit(
    tmp_path: Path, pack: Callable[[], bytes]
) -> None:
    found = discover(tmp_path, "m.pt", pack())
    assert State.LIMIT in {each.state for each in found.gaps}


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=60), st.sampled_from([b"", b"\x80\x04", b"PK\3\4", b"\x93NUMPY"])
)
def test_any_bytes_named_like_a_pickle_are_read_or_a_gap(
    data: bytes, start: bytes
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert discover(Path(folder), "m.pkl", start + data)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([CALL, TORCH, OBJECTS]), st.data())
def test_a_model_cut_anywhere_is_never_taken_for_sound(
    whole: bytes, data: st.DataObject
) -> None:
    length = data.draw(st.integers(0, len(whole) - 1))
    with tempfile.TemporaryDirectory() as folder:
        assert discover(Path(folder), "m.pt", whole[:length]).gaps


@pytest.mark.parametrize("pack", [bytes, zlib.compress, gzip.compress])
def test_a_large_value_is_passed_over_and_what_follows_is_read(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    data = pickle.dumps([bytes(3 << 20), Harmless()], 4)
    found = discover(tmp_path, "m.pkl", pack(data))
    assert facts(found).imports == ("os.getenv",)
    assert found.gaps == ()
