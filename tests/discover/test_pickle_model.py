import bz2
import gzip
import io
import lzma
import os
import pickle
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import DataFacts, Kind, ModelFacts
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


def tarred(members: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(data), kind, "x"
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


OLD = pickle.dumps(Harmless(), 0)
TORCH = zipped(archive__data_pkl=CALL, archive__version=b"3")
OBJECTS = npy("'|O'", body=CALL)


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_names_what_it_imports(tmp_path: Path, protocol: int) -> None:
    value = [Harmless(), {"k": (1, 2.5, "text", None, True)}, [[]], 2**80, Harmless()]
    found = discover(tmp_path, "m.pkl", pickle.dumps(value, protocol))
    assert facts(found) == ModelFacts(format="pickle", imports=("os.getenv",))
    assert found.gaps == ()
    assert found.components[0].artifacts[0].digests


@pytest.mark.parametrize(
    "name", ["m.bin", "m.sav", "m.model", "m.npz", "notes", "m.txt"]
)
@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {"k": x}])
def test_a_pickle_is_one_under_any_name(
    tmp_path: Path, protocol: int, name: str, wrap: Callable[[object], object]
) -> None:
    data = pickle.dumps(wrap(Harmless()), protocol)
    found = discover(tmp_path, name, data)
    assert facts(found) == ModelFacts(format="pickle", imports=("os.getenv",))
    assert found.gaps == ()


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, zlib.compress]
)
@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ["c.bin", "d.sav", "notes", "x.gz"])
def test_a_packed_pickle_is_one_under_any_name(
    tmp_path: Path, name: str, protocol: int, pack: Callable[[bytes], bytes]
) -> None:
    found = discover(tmp_path, name, pack(pickle.dumps(Harmless(), protocol)))
    assert facts(found) == ModelFacts(format="joblib", imports=("os.getenv",))


@pytest.mark.parametrize(
    "name", ["p.bin", "p.sav", "p.p", "p.pk", "p.model", "p.mdl", "p.data", "p.BIN"]
)
@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x01cos\nsystem\n.",
        b"N0cos\nsystem\n.",
        b"(I1\n1V" + b"x" * 70_000 + b"\n0cos\nsystem\n.",
        b"S'\xe9'\n0cos\nsystem\n.",
        b"S'\\q\\x41\\101\\n'\r\n0cos\nsystem\n.",
        # What is imported is imported, however the rest ends.
        b"cos\nsystem\n(S'id'\ntR\xff",
        b"cos\nsystem?",
        b"ios\nsystem\n.",
        # A loader that reads several in a row, as torch does, meets the last.
        b"N.cos\nsystem\n.",
        MAGIC + pickle.dumps(1001, 2) + b"cos\nsystem\n.",
        MAGIC + pickle.dumps(1001, 2) + b"N0cos\nsystem\nN\xff",
    ],
)
def test_what_would_be_run_is_told_whatever_is_around_it(
    tmp_path: Path, name: str, data: bytes
) -> None:
    assert facts(discover(tmp_path, name, data)).imports == ("os.system",)


@pytest.mark.parametrize("first", [40, 99, 128, 640])
def test_the_numbers_behind_the_pickles_of_torch_are_none(
    tmp_path: Path, first: int
) -> None:
    storage = first.to_bytes(8, "little") + b"\n\x80" * first
    data = MAGIC + pickle.dumps(1001, 2) + CALL + storage
    found = discover(tmp_path, "m.pt", data)
    assert facts(found).imports == ("os.getenv",)
    assert found.gaps == ()


@pytest.mark.parametrize("name", ["m.bin", "m.pt", "m.tar", "notes"])
def test_the_tar_of_an_old_torch_is_unpickled_member_by_member(
    tmp_path: Path, name: str
) -> None:
    system = b"cos\nsystem\n."
    data = tarred(
        {"sys_info": b"N.", "pickle": OLD, "tensors": system, "storages": b"I0\n.\xff"}
    )
    found = discover(tmp_path, name, data)
    assert facts(found).format == "torch-legacy"
    assert facts(found).imports == ("os.getenv", "os.system")
    assert [each.state for each in found.gaps] == [State.PARTIAL]


@pytest.mark.parametrize(
    "data",
    [
        tarred({"pickle": b""}, tarfile.SYMTYPE),
        tarred({"pickle": b""}, tarfile.LNKTYPE),
        tarred({"pickle": CALL * 99})[:1024],
        tarred({"pickle": b"\xff"}),
        tarred({"pickle": CALL})[:1024] + tarred({"x" * 70_000: b""}),
    ],
)
def test_a_tar_of_torch_that_cannot_be_read_is_a_gap(
    tmp_path: Path, data: bytes
) -> None:
    assert discover(tmp_path, "m.bin", data).gaps


def test_a_tar_that_starts_like_a_pickle_is_both(tmp_path: Path) -> None:
    data = tarred({"\udc80\x02N.": b"", "pickle": OLD})
    found = discover(tmp_path, "m.bin", data)
    assert facts(found).format == "torch-legacy"
    assert facts(found).imports == ("os.getenv",)


@pytest.mark.parametrize("name", ["m.bin", "m.data", "m.p", "m.sav"])
def test_what_joblib_could_unpack_and_we_cannot_is_a_gap(
    tmp_path: Path, name: str
) -> None:
    found = discover(tmp_path, name, b"\x04\x22\x4d\x18" + bytes(20))
    assert [each.state for each in found.gaps] == [State.UNSUPPORTED]


@pytest.mark.parametrize("name", ["m.p", "m.pk", "m.sav"])
def test_unknown_content_under_the_name_of_a_pickle_is_a_gap(
    tmp_path: Path, name: str
) -> None:
    found = discover(tmp_path, name, b"hello")
    assert (found.components, len(found.gaps)) == ((), 1)


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
    (component,) = found.components
    assert component.kind is Kind.DATA
    assert component.facts == DataFacts(format="numpy")
    assert component.artifacts[0].digests
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
    (component,) = found.components
    assert isinstance(component.facts, ModelFacts | DataFacts)
    assert component.facts.format == form
    assert found.gaps


SCRIPT = {
    "a/data.pkl": b"\x80\x02c__torch__.nets\nNet\n.",
    "a/constants.pkl": b"\x80\x02ctorch.jit._pickle\nbuild_intlist\n.",
    "a/code/__torch__/nets.py": b"class Net(Module):\n  pass\n",
    "a/code/__torch__/nets.py.debug_pkl": b"\x80\x02N.",
    "a/version": b"3",
}


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_torchscript_is_told_from_what_torch_unpickles(tmp_path: Path) -> None:
    found = discover(tmp_path, "m.pt", packed(SCRIPT))
    assert facts(found) == ModelFacts(
        format="torchscript",
        imports=("torch.jit._pickle.build_intlist",),
    )
    assert found.gaps == ()


@pytest.mark.parametrize(
    "more",
    [
        {"a/data.pkl": CALL},
        {"a/constants.pkl": CALL},
        {"a/other.pkl": CALL},
        {"a/data.pkl": b"\x80\x02ctorch.utils.cpp_extension\nload_inline\n."},
        {"a/data.pkl": b"\x80\x02ctorch._utils\n_rebuild_tensor_x\n."},
        {"a/data.pkl": b"\x80\x02ctorch.serialization\nStorage\n."},
        {"a/data.pkl": b"\x80\x02c__torch__\nos system\n."},
        {"a/data.pkl": b"\x80\x02c__torch__x\nNet\n."},
        {"a/data.pkl": b"\x80\x02K\x01\x8c\x01x\x93."},
        {"a/data.pkl": b"\x80\x02"},
        {"a/constants.pkl": b"\x80\x02\xff"},
        {"a/constants.pkl": b""},
        {"a/code/x.py": bytes(65 << 20)},
        {"a/code/x.py": b"".join(b"ops.a.b%d " % each for each in range(1_001))},
    ],
    ids=[
        "data",
        "constants",
        "another",
        "of-torch",
        "longer-name",
        "inner-module",
        "space",
        "prefix",
        "unknown",
        "cut",
        "broken",
        "empty",
        "too-much",
        "many-operators",
    ],
)
def test_what_only_looks_like_torchscript_is_a_pickle_of_torch(
    tmp_path: Path, more: dict[str, bytes]
) -> None:
    method = zipfile.ZIP_BZIP2 if "a/code/x.py" in more else zipfile.ZIP_STORED
    found = discover(tmp_path, "m.pt", packed(SCRIPT | more, method))
    assert facts(found).format == "torch-zip"


@pytest.mark.parametrize("left", ["a/constants.pkl", "a/code/__torch__/nets.py"])
def test_without_code_or_constants_it_is_no_torchscript(
    tmp_path: Path, left: str
) -> None:
    members = {name: data for name, data in SCRIPT.items() if name != left}
    assert facts(discover(tmp_path, "m.pt", packed(members))).format == "torch-zip"


@pytest.mark.parametrize(
    ("code", "operators"),
    [
        (b"  x = ops.acme.fused(y)\n", ("acme::fused",)),
        (b"  x = ops.prim.NumToTensor(y)\n  z = ops.quantized.linear(y)", ()),
        (b"  torch.save(x, '/tmp/x')\n", ("aten::save",)),
        (b"  torch.from_file ('/etc/passwd')\n", ("aten::from_file",)),
        (b"  torch.add(x, y)\n", ()),
        (b"#" * ((256 << 10) - 5) + b" ops.acme.fused(y)", ("acme::fused",)),
    ],
    ids=["other-library", "own", "writes", "maps", "plain", "across-blocks"],
)
def test_operators_of_other_libraries_and_files_are_told(
    tmp_path: Path, code: bytes, operators: tuple[str, ...]
) -> None:
    data = packed(SCRIPT | {"a/code/x.py": code}, zipfile.ZIP_DEFLATED)
    found = discover(tmp_path, "m.pt", data)
    assert facts(found).operators == operators
    assert facts(found).format == "torchscript"


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
        ("m.gz", gzip.compress(b"some text", mtime=0)),
        ("m.gz", gzip.compress(b"some text", mtime=0)[:-9]),
        ("m.tar.gz", gzip.compress(tarred({"pickle": CALL}), mtime=0)),
        ("m.z", zlib.compress(b"some text")),
        ("m.txt", b"PKs are keys"),
        ("m.txt", b"x^2 + y^2 = z^2"),
        ("m.txt", b"BZh is what bzip2 starts with"),
        ("m.txt", b"cat\ndog\nbird\n"),
        ("m.txt", b"(cats\nand\ndogs)"),
        ("m.py", b"import os\nos.system('id')\n"),
        ("m.bin", b"import os\nimport sys\n"),
        ("m.bin", b"N."),
        ("m.bin", b"X\xff\xff\xff\x7fabc"),
        ("m.bin", gzip.compress(b"X\xff\xff\xff\x7fabc", mtime=0)),
        ("m.bin", b"c" + bytes(70_000) + b"\n\n"),
        ("m.bin", b"ggjt\x03\0\0\0" + bytes(99)),
        ("m.bin", b"\xba\x16\x4f\x2f" + bytes(99)),
        ("m.bin", tarred({"README": b"x"})),
        ("m.data", b"5.1,3.5,1.4,0.2,Iris-setosa\n" * 9),
        ("m.data", b"class,age\nyes,3\n"),
        ("m.model", b"\n\x0e\n\x05<unk>\x15\0\0\0\0\x18\x02\n\x0c\n\x03<s>"),
        ("m.model", b"tree\nversion=v3\nnum_class=1\n"),
        ("m.mdl", b"IDST\x31\0\0\0" + bytes(99)),
        ("m.sav", b"$FL2@(#) SPSS DATA FILE"),
        ("m.tar", tarred({"x/pickle": CALL, "x/a.py": b"import pickle"})),
        ("m.tar", tarred({"pickle.py": b"def dumps(): ..."})),
        ("m.tar", tarred({"tensors": b"x"})),
        ("train.pt", b"#!/usr/bin/env python3\nprint(1)\n"),
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


def bomb(pack: Callable[[BinaryIO], io.BufferedIOBase], size: int) -> bytes:
    """Pack a pickle of one value of *size* mebibytes."""
    out = io.BytesIO()
    with pack(out) as stream:
        stream.write(b"\x80\x04\x8e" + struct.pack("<Q", size << 20))
        for _ in range(size):
            stream.write(bytes(1 << 20))
        stream.write(b"0cos\nsystem\n.")
    return out.getvalue()


@pytest.mark.parametrize(
    "pack",
    [
        lambda: bomb(
            lambda out: gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1), 257
        ),
        lambda: bomb(lambda out: bz2.BZ2File(out, "wb"), 65),
        lambda: pickle.dumps(1, 2) * 1001,
        lambda: b"\x80\x02" + b"".join(b"ca\nb%d\n0" % each for each in range(1001)),
        lambda: b"\x80\x02cos\nsystem\n" + b"N0" * 1_000_001 + b".",
        lambda: b"N0" * 1_000_001 + b"cos\nsystem\n.",
        lambda: b"N.N0" + b"N0" * 1_000_001 + b"cos\nsystem\n.",
        lambda: b"\x80\x04" + (b"\x8c\xff" + b"x" * 255) * 140_000,
        lambda: b"Np" + b"0" * 9_000 + b"1\n.",
        lambda: zipped(
            zipfile.ZIP_DEFLATED,
            **{f"a__{each}_pkl": b"N0" * 60_000 + b"N." for each in range(9)},
            a__data_pkl=b"N.",
        ),
        lambda: zipped(
            **{
                f"{each}_npy": npy("'<f4'" + " " * 65_000, version=2)
                for each in range(20)
            }
        ),
        lambda: npy("'<f4'", version=2).replace(b"\x02\0", b"\x02\0\xff\xff\xff", 1),
        lambda: (
            b"PK\3\4" + bytes(26) + b"a/data.pkl" + b"PK\5\6" + b"\x7f" * 16 + b"\0\0"
        ),
        lambda: zipped(
            a__data_pkl=b"N.", **{f"a__{each}_pkl": b"N." for each in range(1001)}
        ),
    ],
)
@pytest.mark.parametrize("name", ["m.pt", "m.bin"])
def test_a_file_that_costs_too_much_is_a_limit(
    tmp_path: Path, name: str, pack: Callable[[], bytes]
) -> None:
    found = discover(tmp_path, name, pack())
    assert State.LIMIT in {each.state for each in found.gaps}


def with_directory(length: int, plain: int, before: bytes, comment: bytes) -> bytes:
    """Return the beginning and the end of a large zip (Zip64), and nothing between."""
    end = 8 << 20
    large = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, length, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    last = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, plain, 0, len(comment))
    start = b"PK\3\4".ljust(end, b"\0")
    return start + large + before + locator + last + comment


@pytest.mark.parametrize(
    ("length", "plain", "before", "comment"),
    [
        (7 << 20, 0xFFFFFFFF, b"", b""),
        (7 << 20, 46, b"", b""),
        (46, 7 << 20, b"", b""),
        (7 << 20, 46, b"", b"PK\6\6" + bytes(60)),
        (7 << 20, 46, bytes(60), b""),
    ],
    ids=["honest", "plain-lies", "plain", "comment", "elsewhere"],
)
def test_a_directory_that_would_fill_the_memory_is_a_limit(
    tmp_path: Path, length: int, plain: int, before: bytes, comment: bytes
) -> None:
    data = with_directory(length, plain, before, comment)
    found = discover(tmp_path, "x.pt", data)
    assert [each.state for each in found.gaps] == [State.LIMIT]


def test_what_starts_like_a_pickle_and_costs_too_much_is_a_limit_under_any_name(
    tmp_path: Path,
) -> None:
    found = discover(tmp_path, "notes.txt", b"(lp0\n" + b"N0" * 500_001 + b"cos\nid\n.")
    assert facts(found).format == "pickle"
    assert [each.state for each in found.gaps] == [State.LIMIT]


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
