import io
import json
import struct
import tarfile
import tempfile
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import Basis, FileFacts, Kind, ModelFacts
from mcpchain.discover import survey
from mcpchain.discover.other_model import DISCOVERER, SUFFIXES
from mcpchain.discover.pickle_model import DISCOVERER as PICKLES
from mcpchain.inventory import Inventory, RelationKind, State
from mcpchain.tree import File, Tree
from tests.any_bytes import any_bytes

FLAT = b"\x1c\0\0\0TFL3" + bytes(20)


def flat(*names: str | None, count: int | None = None) -> bytes:
    """Write a FlatBuffer with a list of operators; one without a name is built in."""
    tables = []
    for name in names:
        text = b"" if name is None else struct.pack("<I", len(name)) + name.encode()
        # Table of fields, the table with the offset to its name, and the name.
        fields = struct.pack("<4H", 8, 8, 0, 4 if name is not None else 0)
        tables.append(fields + struct.pack("<iI", 8, 4) + text)
    start = struct.pack("<I4s", 16, b"TFL3")
    start += struct.pack("<4H", 8, 8, 0, 4) + struct.pack("<iI", 8, 4)
    listed = len(names) if count is None else count
    places, at = b"", 4 * len(names)
    for number, table in enumerate(tables):
        places += struct.pack("<I", at - 4 * number + 8)
        at += len(table)
    return start + struct.pack("<I", listed) + places + b"".join(tables)


TFLITE = flat(None)
NET = b'<?xml version="1.0"?>\n<net name="m" version="11">\n<layers/></net>'


def discover(root: Path, name: str, data: bytes) -> Inventory:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return survey(Tree(root), name="x", discoverers=[DISCOVERER])


def facts(found: Inventory) -> ModelFacts:
    (model,) = [each.facts for each in found.components if each.kind is Kind.MODEL]
    assert isinstance(model, ModelFacts)
    return model


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("./model_config.yaml"))
    return out.getvalue()


def skops(schema: object) -> bytes:
    return zipped(("schema.json", json.dumps(schema).encode()))


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        ("m.tflite", TFLITE, "tflite"),
        ("m.bin", TFLITE, "tflite"),
        ("m.pte", FLAT.replace(b"TFL3", b"ET12"), "executorch"),
        ("m.ort", FLAT.replace(b"TFL3", b"ORTM"), "ort"),
        ("flax_model.msgpack", b"\x81\xa1a\x01", "flax"),
        ("flax_model-00001-of-00001.msgpack", b"\xde\0\0", "flax"),
        ("m.cbm", b"CBM1\x10\0\0\0", "catboost"),
        ("m", b"CBM1\x10\0\0\0", "catboost"),
        ("m.mlmodel", b"\x08\x04\x12\x02\n\0", "coreml"),
        ("m.skops", skops({}), "skops"),
        ("m.pt2", zipped(("m/archive_format", b"pt2")), "pt2"),
        ("m.pt2", zipped(("serialized_exported_program.json", b"{}")), "pt2"),
    ],
)
def test_a_model_is_observed_and_hashed(
    tmp_path: Path, name: str, data: bytes, form: str
) -> None:
    found = discover(tmp_path, name, data)
    assert found.gaps == ()
    assert facts(found) == ModelFacts(format=form)
    (component,) = found.components
    assert (component.name, component.basis) == (name, Basis.OBSERVED)
    assert component.artifacts[0].digests


@pytest.mark.parametrize("name", [f"m{suffix.upper()}" for suffix in sorted(SUFFIXES)])
@pytest.mark.parametrize("data", [b"", b"hello world", b"\x80\x04N.", bytes(99)])
def test_another_content_under_the_name_is_a_gap(
    tmp_path: Path, name: str, data: bytes
) -> None:
    found = discover(tmp_path, name, data)
    assert len(found.gaps) == 1
    assert not found.components


def test_operators_that_are_not_of_the_format_are_told(tmp_path: Path) -> None:
    found = discover(tmp_path, "m.tflite", flat(None, "FlexReadFile", None, "Acme"))
    assert found.gaps == ()
    assert facts(found) == ModelFacts(
        format="tflite", operators=("Acme", "FlexReadFile")
    )


@pytest.mark.parametrize(
    ("data", "state", "operators"),
    [
        (FLAT, State.UNREADABLE, ()),
        (b"\xff\xff\xff\0TFL3", State.UNREADABLE, ()),
        (flat("Acme", count=2), State.UNREADABLE, ("Acme",)),
        (flat(None)[:-6], State.UNREADABLE, ()),
        (flat("Acme")[:-2], State.UNREADABLE, ()),
        (flat(count=10_001), State.LIMIT, ()),
        (flat(count=2**32 - 1), State.LIMIT, ()),
    ],
    ids=["root", "far-root", "one-more", "cut-table", "cut-name", "many", "most"],
)
def test_a_damaged_list_of_operators_is_a_model_and_a_gap(
    tmp_path: Path, data: bytes, state: State, operators: tuple[str, ...]
) -> None:
    found = discover(tmp_path, "m.tflite", data)
    assert [each.state for each in found.gaps] == [state]
    assert facts(found) == ModelFacts(format="tflite", operators=operators)


def test_the_first_bytes_count_and_not_the_name(tmp_path: Path) -> None:
    found = discover(tmp_path, "m.cbm", TFLITE)
    assert facts(found).format == "tflite"
    assert [each.state for each in found.gaps] == [State.CONFLICT]


def test_a_network_and_its_numbers_are_one_model(tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(b"numbers")
    found = discover(tmp_path, "m.xml", NET)
    assert found.gaps == ()
    assert facts(found) == ModelFacts(format="openvino")
    model, part = sorted(found.components, key=lambda e: e.name, reverse=True)
    assert part.facts == FileFacts(role="weights")
    assert [(r.source, r.target, r.kind) for r in found.relations] == [
        (model.ref, part.ref, RelationKind.CONTAINS)
    ]


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n  "])
def test_a_network_without_its_numbers_is_a_gap(tmp_path: Path, start: bytes) -> None:
    found = discover(tmp_path, "m.xml", start + NET[NET.index(b"<net") :])
    assert facts(found).format == "openvino"
    assert [each.state for each in found.gaps] == [State.UNREADABLE]


@pytest.mark.parametrize(
    "data",
    [b"", b"<note/>", b"<network version='1'/>", b'<net name="petri"/>'],
)
def test_other_xml_is_nothing(tmp_path: Path, data: bytes) -> None:
    assert not discover(tmp_path, "m.xml", data)


def package(*paths: object) -> bytes:
    items = {str(n): {"name": "x", "path": path} for n, path in enumerate(paths)}
    return json.dumps({"fileFormatVersion": "1.0.0", "itemInfoEntries": items}).encode()


CORE = "m.mlpackage/Data/com.apple.CoreML"


def test_a_package_of_core_ml_is_a_model_with_its_files(tmp_path: Path) -> None:
    (tmp_path / CORE / "weights").mkdir(parents=True)
    (tmp_path / CORE / "model.mlmodel").write_bytes(b"\x08\x06\x12\0")
    (tmp_path / CORE / "weights/weight.bin").write_bytes(b"numbers")
    manifest = package("com.apple.CoreML/weights", "com.apple.CoreML/model.mlmodel")
    found = discover(tmp_path, "m.mlpackage/Manifest.json", manifest)
    assert found.gaps == ()
    assert {each.name: each.facts for each in found.components} == {
        "m.mlpackage": ModelFacts(format="coreml"),
        "model.mlmodel": ModelFacts(format="coreml"),
        "weight.bin": FileFacts(role="weights"),
    }
    assert len(found.relations) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        package("../../outside.bin"),
        package("/etc/passwd"),
        package("..\\x.mlmodel"),
        package("missing.mlmodel"),
        package(7),
        package("com.apple.CoreML/weights"),
        package("link.bin"),
    ],
    ids=[
        "empty",
        "list",
        "cut",
        "parent",
        "absolute",
        "backslash",
        "missing",
        "number",
        "no-weights",
        "link",
    ],
)
def test_a_package_that_cannot_be_read_is_a_model_and_a_gap(
    tmp_path: Path, data: bytes
) -> None:
    root = tmp_path / "root"
    (root / "m.mlpackage/Data").mkdir(parents=True)
    (tmp_path / "outside.bin").write_bytes(b"x")
    (root / "m.mlpackage/Data/link.bin").symlink_to(tmp_path / "outside.bin")
    found = discover(root, "m.mlpackage/Manifest.json", data)
    place = "m.mlpackage/Manifest.json"
    assert [e.state for e in found.gaps if e.location.path == place] == [
        State.UNREADABLE
    ]
    assert [each.name for each in found.components] == ["m.mlpackage"]


def test_a_package_of_too_many_items_is_a_limit(tmp_path: Path) -> None:
    found = discover(tmp_path, "m.mlpackage/manifest.json", package(*range(1_001)))
    assert State.LIMIT in {each.state for each in found.gaps}


def part(module: object, name: object, **more: object) -> dict[str, object]:
    return {"__module__": module, "__class__": name, "__loader__": "O", **more}


@pytest.mark.parametrize(
    ("schema", "imports"),
    [
        (part("sklearn.linear_model._logistic", "LogisticRegression"), ()),
        (part("builtins", "dict", content={"a": part("numpy", "ndarray")}), ()),
        (part("builtins", "eval"), ("builtins.eval",)),
        (part("os", "system"), ("os.system",)),
        (part("sklearnx", "A"), ("sklearnx.A",)),
        (part("builtins", "list", content=[[part("os", "system")]]), ("os.system",)),
        (part("os", None), ("os.None",)),
        (part("os\ud800", "a"), ("os\\ud800.a",)),
    ],
    ids=[
        "own",
        "inner",
        "builtin",
        "module",
        "prefix",
        "nested",
        "no-name",
        "half-a-character",
    ],
)
def test_what_loading_a_model_of_skops_imports_is_told(
    tmp_path: Path, schema: object, imports: tuple[str, ...]
) -> None:
    found = discover(tmp_path, "m.skops", skops(schema))
    assert facts(found) == ModelFacts(format="skops", imports=imports)
    assert found.gaps == ()


@pytest.mark.parametrize(
    ("data", "state", "imports"),
    [
        (zipped(("schema.json", b"")), State.UNREADABLE, ()),
        (zipped(("schema.json", b"[]")), State.UNREADABLE, ()),
        (zipped(("schema.json", b"{" + b"[" * 100_000)), State.UNREADABLE, ()),
        (
            zipped(("schema.json", b'{"__module__": "os", "__module__": "numpy"}')),
            State.UNREADABLE,
            (),
        ),
        (zipped(("schema.json", b"[" + b"1," * 1_000_001)), State.LIMIT, ()),
        (zipped(("schema.json", bytes(17 << 20))), State.LIMIT, ()),
        (skops([part("x", str(n)) for n in range(1_100)]), State.UNREADABLE, ()),
        (skops({"a": [part("x", str(n)) for n in range(1_100)]}), State.LIMIT, ()),
        (
            zipped(
                ("schema.json", json.dumps(part("os", "a")).encode()),
                ("schema.json", json.dumps(part("os", "b")).encode()),
            ),
            State.CONFLICT,
            ("os.a", "os.b"),
        ),
    ],
    ids=[
        "empty",
        "list",
        "deep",
        "twice",
        "values",
        "bomb",
        "top-list",
        "names",
        "two-schemas",
    ],
)
def test_a_schema_that_cannot_be_read_is_a_model_and_a_gap(
    tmp_path: Path, data: bytes, state: State, imports: tuple[str, ...]
) -> None:
    found = discover(tmp_path, "m.skops", data)
    assert [each.state for each in found.gaps] == [state]
    assert facts(found) == ModelFacts(format="skops", imports=imports)


def test_native_code_in_an_exported_model_is_told(tmp_path: Path) -> None:
    names = ("m/data/aotinductor/m/a.wrapper.so", "m/data/x.DLL", "m/data/weights/w")
    data = zipped(("m/archive_format", b"pt2"), *((each, b"") for each in names))
    found = discover(tmp_path, "m.pt2", data)
    assert facts(found) == ModelFacts(format="pt2", remote_code=names[:2])
    assert found.gaps == ()


def test_pickles_in_an_exported_model_are_told_and_not_read(tmp_path: Path) -> None:
    data = zipped(("archive_format", b""), ("data/sample_inputs/model.pt", b"x"))
    found = discover(tmp_path, "m.pt2", data)
    assert [each.state for each in found.gaps] == [State.PARTIAL]
    assert "model.pt" in found.gaps[0].reason


def test_an_exported_model_of_many_pickles_is_a_limit(tmp_path: Path) -> None:
    members = [(f"{each}.pt", b"") for each in range(101)]
    found = discover(tmp_path, "m.pt2", zipped(("archive_format", b""), *members))
    assert facts(found).format == "pt2"
    assert len(found.gaps) == 101


@pytest.mark.parametrize("name", ["m.pt2", "m.skops"])
def test_a_zip_of_torch_under_another_name_is_told_for_what_it_is(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(zipped(("a/data.pkl", b"cos\nsystem\n.")))
    parts = [DISCOVERER, PICKLES]
    found = survey(Tree(tmp_path), name="x", discoverers=parts)
    assert facts(found).format == "torch-zip"
    assert [each.state for each in found.gaps] == [State.CONFLICT]


@pytest.mark.parametrize("data", [tarred(), b"\x1f\x8b\x08" + bytes(20)])
def test_an_archive_of_checkpoints_is_a_model_that_was_not_looked_into(
    tmp_path: Path, data: bytes
) -> None:
    found = discover(tmp_path, "m.nemo", data)
    assert facts(found) == ModelFacts(format="nemo")
    assert [each.state for each in found.gaps] == [State.PARTIAL]


@pytest.mark.parametrize(
    ("path", "head", "wanted"),
    [
        ("a/m.mlpackage/Manifest.json", b"", True),
        ("a/Manifest.json", b"", False),
        ("mlpackage/Manifest.json", b"", False),
        ("m.xml", NET[:64], True),
        ("m.txt", NET[:64], False),
        ("m.txt", b"The TFL3 format", False),
        ("m.bin", b"abcdTFL3", False),
        ("m.bin", TFLITE, True),
    ],
)
def test_it_is_recognised_by_name_or_content(
    path: str, head: bytes, *, wanted: bool
) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=path, head=head)) is wanted


@settings(max_examples=150, deadline=None)
@given(
    any_bytes(80),
    st.sampled_from([b"", b"PK\3\4", b"\x08\x04\x12", TFLITE, NET, skops({})]),
    st.sampled_from([*(f"m{each}" for each in sorted(SUFFIXES)), "m.xml"]),
)
def test_any_bytes_are_read_or_a_gap(data: bytes, start: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = discover(Path(folder), name, start + data)
    assert found or name == "m.xml"


@settings(max_examples=60, deadline=None)
@given(any_bytes(80))
def test_any_bytes_in_a_package_are_read_or_a_gap(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert discover(Path(folder), "m.mlpackage/Manifest.json", data)


def test_what_is_only_called_like_weights_of_flax_is_a_gap(tmp_path: Path) -> None:
    found = discover(tmp_path, "flax_model.msgpack", b"\x80\x04N."[1:])
    assert [each.state for each in found.gaps] == [State.UNSUPPORTED]
    assert not found.components
