import io
import json
import tempfile
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import Basis, Kind, ModelFacts
from mcpchain.discover import survey
from mcpchain.discover.keras import DISCOVERER
from mcpchain.discover.pickle_model import DISCOVERER as PICKLES
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree
from tests.any_bytes import any_bytes


def discover(root: Path, data: bytes, name: str = "m.keras") -> Inventory:
    (root / name).write_bytes(data)
    return survey(Tree(root, only=name), name="x", discoverers=[DISCOVERER])


def facts(found: Inventory) -> ModelFacts:
    (component,) = found.components
    assert isinstance(component.facts, ModelFacts)
    return component.facts


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as archive:
        warnings.simplefilter("ignore")
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def keras(config: object, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    return zipped(
        ("metadata.json", b'{"keras_version": "3.9.0"}'),
        ("config.json", text),
        ("model.weights.h5", b"\x89HDF\r\n\x1a\n"),
        method=method,
    )


def part(name: str, module: str | None = "keras.layers", **more: object) -> object:
    return {"module": module, "class_name": name, "config": {}, **more}


def model(*layers: object, **more: object) -> dict[str, object]:
    config = {"name": "m", "layers": [part("Dense", registered_name=None), *layers]}
    return {"module": "keras", "class_name": "Sequential", "config": config, **more}


def test_a_model_is_observed_and_hashed(tmp_path: Path) -> None:
    optimizer = part("Adam", "keras.optimizers", registered_name=None)
    functional = part(
        "Functional", "keras.src.models.functional", registered_name="Functional"
    )
    policy = part("DTypePolicy", "keras", config={"name": "float32"})
    tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, 4]}}
    space = part("FeatureSpace", "keras.utils")
    lookup = part("StringLookup", config={"vocabulary": ["a", "b"]})
    config = model(
        *(functional, policy, tensor, space, lookup),
        compile_config={"optimizer": optimizer, "loss": "mse"},
    )
    found = discover(tmp_path, keras(config))
    assert found.gaps == ()
    assert facts(found) == ModelFacts(format="keras", architecture="Sequential")
    (component,) = found.components
    assert (component.kind, component.basis) == (Kind.MODEL, Basis.OBSERVED)
    assert component.artifacts[0].digests


LAMBDA = {"class_name": "__lambda__", "config": {"code": "4wE=", "defaults": None}}


@pytest.mark.parametrize(
    "layer",
    [
        part("Lambda"),
        part("Lambda", None),
        part("layers.Lambda", "keras"),
        part("src.layers.core.lambda_layer.Lambda", "keras"),
        part("keras>Lambda", None),
        part("Innocent", registered_name="keras.layers>Lambda"),
        part("Activation", config={"activation": LAMBDA}),
        part("Wrapper", config={"layer": {"deep": [[part("Lambda")]]}}),
        {"class_name": "Lambda", "config": {"function": ["4wE=", None, None]}},
    ],
    ids=[
        "layer",
        "no-module",
        "dotted",
        "dotted-deep",
        "legacy-package",
        "registered",
        "lambda-argument",
        "nested",
        "keras-2",
    ],
)
def test_code_in_the_configuration_is_told_wherever_it_hides(
    tmp_path: Path, layer: object
) -> None:
    found = discover(tmp_path, keras(model(layer)))
    assert facts(found).operators == ("Lambda",)
    assert facts(found).imports == ()


@pytest.mark.parametrize(
    ("layer", "operator"),
    [
        (part("TFSMLayer", config={"filepath": "/evil"}), "TFSMLayer"),
        (part("TorchModuleWrapper"), "TorchModuleWrapper"),
        (part("StringLookup", config={"vocabulary": "/etc/passwd"}), "StringLookup"),
        (
            part("layers.IndexLookup", "keras", config={"vocabulary": "x"}),
            "IndexLookup",
        ),
    ],
    ids=["saved-model", "torch", "file", "file-dotted"],
)
def test_a_layer_that_reaches_out_of_the_model_is_told(
    tmp_path: Path, layer: object, operator: str
) -> None:
    assert facts(discover(tmp_path, keras(model(layer)))).operators == (operator,)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (part("system", "os"), "os.system"),
        (part("Evil", "keras_evil"), "keras_evil.Evil"),
        (part("Evil", "kerasx.layers"), "kerasx.layers.Evil"),
        (part("Evil", "Keras"), "Keras.Evil"),
        (part("Evil", ""), ".Evil"),
        (part("Mine", None, registered_name="acme>Mine"), "acme>Mine"),
        (part("acme>Mine", None), "acme>Mine"),
        (part("function", "builtins", config="eval"), "builtins.eval"),
        (part("function", "keras.utils", config="get_file"), "keras.utils.get_file"),
        (part("utils.get_file", "keras"), "keras.utils.get_file"),
        (part("f", "keras.src.utils.file_utils"), "keras.src.utils.file_utils.f"),
        (
            {
                "module": "evil",
                "class_name": "__typespec__",
                "spec_name": "Spec",
                "config": [],
            },
            "evil.Spec",
        ),
        (part("A", "x\ud800"), "x\\ud800.A"),
    ],
    ids=[
        "module",
        "prefix",
        "prefix-of-a-part",
        "case",
        "empty",
        "registered",
        "legacy-registered",
        "builtin",
        "gadget",
        "gadget-dotted",
        "gadget-inside",
        "typespec",
        "half-a-character",
    ],
)
def test_what_loading_imports_is_told(tmp_path: Path, layer: object, name: str) -> None:
    found = discover(tmp_path, keras(model(layer)))
    assert facts(found).imports == (name,)


@pytest.mark.parametrize(
    "config",
    [
        {"class_name": "A", "module": "os", "config": {}},
        model(compile_config={"loss": part("Loss", "os")}),
        model(build_config=part("A", "os")),
    ],
    ids=["top", "compile", "build"],
)
def test_every_part_of_the_configuration_counts(tmp_path: Path, config: object) -> None:
    assert facts(discover(tmp_path, keras(config))).imports != ()


def test_of_two_configurations_none_is_passed_over(tmp_path: Path) -> None:
    first, last = (
        json.dumps(model(part(name, "evil"))).encode() for name in ("A", "B")
    )
    data = zipped(
        ("config.json", first), ("metadata.json", b"{}"), ("config.json", last)
    )
    found = discover(tmp_path, data)
    assert facts(found).imports == ("evil.A", "evil.B")
    assert [each.state for each in found.gaps] == [State.CONFLICT]


def test_of_two_keys_the_last_is_read_and_the_first_is_told(tmp_path: Path) -> None:
    text = (
        b'{"class_name": "M", "config": {"module": "keras", "module": "os", '
        b'"class_name": "A"}}'
    )
    found = discover(tmp_path, keras(text))
    assert facts(found).imports == ("os.A",)
    assert [each.state for each in found.gaps] == [State.UNREADABLE]


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (keras(b""), State.UNREADABLE),
        (keras(b"[]"), State.UNREADABLE),
        (keras(b"{"), State.UNREADABLE),
        (keras(b"\xff\xfe"), State.UNREADABLE),
        (keras(b'{"a": ' + b"[" * 100_000), State.UNREADABLE),
        (keras(b"[" + b"1," * 1_000_001 + b"1]"), State.LIMIT),
        (keras(b'{"a": "' + b"x" * (17 << 20) + b'"}'), State.LIMIT),
        (
            keras(model(*(part(str(each), "evil") for each in range(1_100)))),
            State.LIMIT,
        ),
        (keras({}, zipfile.ZIP_LZMA), State.UNREADABLE),
        (keras({})[:-30], State.UNREADABLE),
        (b"PK\3\4 but no zip", State.UNREADABLE),
    ],
    ids=[
        "empty",
        "list",
        "cut-json",
        "utf-16",
        "deep",
        "values",
        "bomb",
        "names",
        "unbounded-method",
        "cut-zip",
        "no-zip",
    ],
)
def test_a_damaged_model_is_a_component_and_a_gap(
    tmp_path: Path, data: bytes, state: State
) -> None:
    found = discover(tmp_path, data)
    assert [each.state for each in found.gaps] == [state]
    assert facts(found).format == "keras"
    assert found.components[0].artifacts[0].digests


def test_an_encrypted_configuration_is_a_gap(tmp_path: Path) -> None:
    data = bytearray(keras(model()))
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = data.index(mark, data.index(mark) + 1)
        data[place + at] |= 1
    found = discover(tmp_path, bytes(data))
    assert facts(found).format == "keras"
    assert "encrypted" in found.gaps[0].reason


def test_a_zip_of_torch_under_the_name_of_keras_is_told_for_what_it_is(
    tmp_path: Path,
) -> None:
    data = zipped(("archive/data.pkl", b"cos\nsystem\n."))
    (tmp_path / "m.keras").write_bytes(data)
    found = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER, PICKLES])
    assert facts(found).format == "torch-zip"
    (gap,) = found.gaps
    assert gap.state is State.CONFLICT
    assert "torch" in gap.reason


def test_a_zip_that_is_both_is_two_models(tmp_path: Path) -> None:
    config = json.dumps(model(part("Lambda"))).encode()
    data = zipped(
        ("data.pkl", b"cos\nsystem\n."),
        ("config.json", config),
        ("metadata.json", b"{}"),
    )
    (tmp_path / "m.keras").write_bytes(data)
    found = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER, PICKLES])
    formats = {
        each.facts.format
        for each in found.components
        if isinstance(each.facts, ModelFacts)
    }
    assert formats == {"keras", "torch-zip"}


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", zipped(), zipped(("readme", b"x"))],
    ids=["empty", "text", "empty-zip", "other-zip"],
)
def test_another_content_under_the_name_of_keras_is_a_gap(
    tmp_path: Path, data: bytes
) -> None:
    found = discover(tmp_path, data)
    assert len(found.gaps) == 1
    assert not found.components


def test_a_configuration_without_weights_is_read_for_it_runs_before_they_are_missed(
    tmp_path: Path,
) -> None:
    config = json.dumps(model(part("Lambda"))).encode()
    found = discover(tmp_path, zipped(("config.json", config)))
    assert facts(found).operators == ("Lambda",)
    (gap,) = found.gaps
    assert "a zip without its configuration or weights" in gap.reason


def test_something_in_front_of_the_zip_does_not_hide_it(tmp_path: Path) -> None:
    found = discover(tmp_path, b"\x89HDF\r\n\x1a\n" + keras(model(part("Lambda"))))
    assert facts(found).operators == ("Lambda",)


@pytest.mark.parametrize("name", ["m.zip", "m.h5", "model", "m.KERAS"])
def test_a_model_is_one_under_any_name(tmp_path: Path, name: str) -> None:
    assert facts(discover(tmp_path, keras(model()), name)).format == "keras"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("m.zip", zipped(("config.json", b"{}"))),
        ("m.zip", b"PK\3\4 but no zip"),
        ("m.h5", zipped(("a", b"b"))),
        ("m", zipped(("metadata.json", b"{}"))),
    ],
    ids=["zip", "no-zip", "h5", "metadata"],
)
def test_what_only_begins_like_a_model_is_nothing(
    tmp_path: Path, name: str, data: bytes
) -> None:
    assert not discover(tmp_path, data, name)


def test_a_directory_that_would_fill_the_memory_is_a_limit(tmp_path: Path) -> None:
    data = b"PK\3\4" + bytes(60) + b"PK\5\6" + b"\x7f" * 16 + b"\0\0"
    found = discover(tmp_path, data)
    assert [each.state for each in found.gaps] == [State.LIMIT]
    assert facts(found).format == "keras"


@pytest.mark.parametrize(
    ("path", "head", "wanted"),
    [
        ("m.keras", b"", True),
        ("m", keras({})[:64], True),
        ("m.zip", b"PK\3\4", True),
        ("m.zip", b"", False),
        ("m.h5", b"\x89HDF", False),
        ("m.whl", b"PK\3\4" + bytes(26) + b"pkg/", False),
    ],
    ids=["name", "members", "zip", "no-zip", "hdf5", "wheel"],
)
def test_it_is_recognised_by_suffix_or_content(
    path: str, head: bytes, *, wanted: bool
) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=path, head=head)) is wanted


@settings(max_examples=60, deadline=None)
@given(any_bytes(100) | st.binary(max_size=100).map(keras))
def test_any_bytes_are_read_or_a_gap(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert discover(Path(folder), data)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_model_cut_anywhere_is_never_taken_for_sound(data: st.DataObject) -> None:
    whole = keras(model(part("Lambda")))
    length = data.draw(st.integers(0, len(whole) - 1))
    with tempfile.TemporaryDirectory() as folder:
        assert discover(Path(folder), whole[:length]).gaps
