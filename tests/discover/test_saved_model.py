import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import Basis, FileFacts, Kind, ModelFacts
from mcpchain.discover import survey
from mcpchain.discover.saved_model import DISCOVERER
from mcpchain.inventory import Inventory, RelationKind, State
from mcpchain.tree import File, Tree
from tests.any_bytes import any_bytes
from tests.protobuf_bytes import field, varint


def discover(
    root: Path,
    data: bytes,
    others: Mapping[str, bytes] = MappingProxyType({}),
    name: str = "m/saved_model.pb",
) -> Inventory:
    """Write the model, and *others* beside it."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(data)
    for path, content in others.items():
        file = (root / name).parent / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return survey(Tree(root), name="x", discoverers=[DISCOVERER])


def facts(found: Inventory) -> ModelFacts:
    (model,) = [each.facts for each in found.components if each.kind is Kind.MODEL]
    assert isinstance(model, ModelFacts)
    return model


def node(*names: str) -> bytes:
    return field(1, "n") + b"".join(field(2, each) for each in names) + field(3, "in")


def graph(*nodes: bytes, library: bytes = b"") -> bytes:
    return b"".join(field(1, each) for each in nodes) + field(2, library)


def function(*nodes: bytes, at: int = 3) -> bytes:
    return field(1, field(1, field(1, "f")) + b"".join(field(at, n) for n in nodes))


def model(graph_def: bytes = graph(node("MatMul")), *more: bytes) -> bytes:
    info = field(1, field(4, "serve") + field(5, "2.16.1"))
    return field(1, 1) + field(2, info + field(2, graph_def) + b"".join(more))


def asset(name: str) -> bytes:
    return field(6, field(1, field(1, "t")) + field(2, name))


def index(shards: int) -> bytes:
    header = field(1, shards) + field(3, field(1, 1))
    return b"\0\0" + varint(len(header)) + header + bytes(40)


def test_a_model_is_its_folder_with_all_that_it_names(tmp_path: Path) -> None:
    found = discover(
        tmp_path,
        model(graph(node("MatMul"), node("SaveV2"), node("RestoreV2")), asset("v")),
        {
            "variables/variables.index": index(2),
            "variables/variables.data-00000-of-00002": b"0",
            "variables/variables.data-00001-of-00002": b"1",
            "assets/v": b"a\nb\n",
            "assets.extra/note": b"",
            "fingerprint.pb": b"\x08\x01",
        },
    )
    assert found.gaps == ()
    assert facts(found) == ModelFacts(format="saved-model")
    (whole,) = [each for each in found.components if each.kind is Kind.MODEL]
    assert (whole.name, whole.basis) == ("m", Basis.OBSERVED)
    parts = {
        each.location.path: each.facts.role
        for each in found.components
        if isinstance(each.facts, FileFacts)
    }
    assert parts == {
        "m/assets/v": "asset",
        "m/fingerprint.pb": "configuration",
        "m/variables/variables.data-00000-of-00002": "weights",
        "m/variables/variables.data-00001-of-00002": "weights",
        "m/variables/variables.index": "weights",
    }
    assert all(each.artifacts[0].digests for each in found.components)
    assert {(r.source, r.kind) for r in found.relations} == {
        (whole.ref, RelationKind.CONTAINS)
    }
    assert len(found.relations) == len(parts)


EVIL = node("PyFunc")


@pytest.mark.parametrize(
    "data",
    [
        model(graph(EVIL)),
        model(graph(library=function(EVIL))),
        model(graph(library=function(EVIL, at=2))),
        model(graph(node("MatMul", "PyFunc"))),
        model() + field(2, field(2, graph(EVIL))),
        model(graph(), field(2, graph(EVIL))),
    ],
    ids=[
        "graph",
        "function",
        "older-function",
        "said-twice",
        "second-meta-graph",
        "second-graph",
    ],
)
def test_an_operator_that_runs_python_is_told_wherever_it_hides(
    tmp_path: Path, data: bytes
) -> None:
    found = discover(tmp_path, data)
    assert facts(found).operators == ("PyFunc",)
    assert found.gaps == ()


@pytest.mark.parametrize(
    "name",
    [
        "EagerPyFunc",
        "PyFuncStateless",
        "ReadFile",
        "WriteFile",
        "MatchingFiles",
        "TFRecordDatasetV2",
        "WholeFileReaderV2",
        "RpcClient",
        "DebugIdentityV3",
        "ImmutableConst",
        "Acme>Fused",
    ],
)
def test_an_operator_that_reaches_out_of_the_graph_is_told(
    tmp_path: Path, name: str
) -> None:
    assert facts(discover(tmp_path, model(graph(node(name))))).operators == (name,)


@pytest.mark.parametrize(
    "name", ["SaveV2", "RestoreV2", "MergeV2Checkpoints", "ReadVariableOp", "MyPyFunc"]
)
def test_what_every_model_has_is_not_told(tmp_path: Path, name: str) -> None:
    assert facts(discover(tmp_path, model(graph(node(name))))).operators == ()


LAMBDA = json.dumps({"class_name": "Lambda", "config": {"function": ["4wE="]}})
OTHER = json.dumps({"class_name": "Evil", "module": "os", "config": {}})


def saved(text: str, kind: str = "_tf_keras_layer") -> bytes:
    return field(1, field(2, 1) + field(3, "root") + field(4, kind) + field(5, text))


def test_layers_of_keras_that_hold_code_are_told(tmp_path: Path) -> None:
    data = saved(LAMBDA) + saved("{") + saved("x", "_other") + saved(OTHER)
    found = discover(tmp_path, model(), {"keras_metadata.pb": data})
    assert facts(found).operators == ("Lambda",)
    assert facts(found).imports == ("os.Evil",)
    assert facts(found).architecture == "Lambda"
    assert [each.location.path for each in found.gaps] == ["m/keras_metadata.pb"]


def test_layers_that_stand_in_the_model_itself_are_told(tmp_path: Path) -> None:
    user = field(4, field(1, "_tf_keras_layer") + field(3, LAMBDA))
    found = discover(tmp_path, model(graph(), field(7, field(1, user))))
    assert facts(found).operators == ("Lambda",)


def test_layers_that_cannot_be_read_are_a_gap(tmp_path: Path) -> None:
    data = {"keras_metadata.pb": saved(LAMBDA) + b"\x0f"}
    found = discover(tmp_path, model(), data)
    assert facts(found).operators == ("Lambda",)
    assert [each.state for each in found.gaps] == [State.UNREADABLE]


@pytest.mark.parametrize(
    "name",
    [
        "../saved_model.pb",
        "/etc/passwd",
        "..\\x",
        "C:\\x",
        "sub/../../x",
        "",
        "missing",
        "link",
    ],
)
def test_an_asset_that_must_not_or_cannot_be_read_is_a_gap(
    tmp_path: Path, name: str
) -> None:
    root = tmp_path / "root"
    (root / "m/assets").mkdir(parents=True)
    (tmp_path / "outside").write_bytes(b"x")
    (root / "m/assets/link").symlink_to(tmp_path / "outside")
    found = discover(root, model(graph(), asset(name)))
    gaps = [each for each in found.gaps if each.location.path == "m/saved_model.pb"]
    assert [each.state for each in gaps] == [State.UNREADABLE]
    assert len(found.components) == 1


@pytest.mark.parametrize(
    "others",
    [
        {"variables/variables.index": index(2), "variables/x": b""},
        {
            "variables/variables.index": index(2),
            "variables/variables.data-00000-of-00002": b"",
        },
        {"variables/variables.index": b""},
        {"variables/variables.index": b"\0\0\x02\x08"},
        {"variables/variables.index": b"\0\0\x02\x08\0"},
        {"variables/variables.index": index(10_001)},
    ],
    ids=["no-shard", "one-missing", "empty", "cut", "none", "many"],
)
def test_variables_that_are_missing_are_a_gap(
    tmp_path: Path, others: dict[str, bytes]
) -> None:
    found = discover(tmp_path, model(), others)
    assert {each.state for each in found.gaps} == {State.UNREADABLE}
    assert facts(found).format == "saved-model"


def test_many_missing_files_leave_a_hundred_gaps(tmp_path: Path) -> None:
    others = {"variables/variables.index": index(9_000)}
    assert len(discover(tmp_path, model(), others).gaps) == 101


def test_an_index_that_leads_out_is_a_gap_and_not_read(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "m/variables").mkdir(parents=True)
    (tmp_path / "outside").write_bytes(index(1))
    (root / "m/variables/variables.index").symlink_to(tmp_path / "outside")
    found = discover(root, model())
    assert "m/saved_model.pb" in {each.location.path for each in found.gaps}
    assert len(found.components) == 1


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (b"", State.UNREADABLE),
        (b"hello world", State.UNREADABLE),
        (field(1, 1), State.UNREADABLE),
        (model()[:-1], State.UNREADABLE),
        (
            model(graph(*(node(f"a>{each}") for each in range(1_001)))),
            State.LIMIT,
        ),
        (model(graph(node("x" * (2 << 20)))), State.LIMIT),
        (model(graph(), *(asset(str(each)) for each in range(10_001))), State.LIMIT),
    ],
    ids=["empty", "text", "no-graph", "cut", "operators", "name", "assets"],
)
def test_a_damaged_model_is_a_component_and_a_gap(
    tmp_path: Path, data: bytes, state: State
) -> None:
    found = discover(tmp_path, data)
    assert [each.state for each in found.gaps] == [state]
    assert facts(found).format == "saved-model"
    assert found.components[0].artifacts[0].digests


def test_what_was_read_before_the_damage_is_kept(tmp_path: Path) -> None:
    found = discover(
        tmp_path,
        model(graph(EVIL)) + b"\x0f",
        {"variables/variables.index": index(1)},
    )
    assert facts(found).operators == ("PyFunc",)
    assert "m/variables/variables.index" in {
        each.location.path for each in found.components
    }


@pytest.mark.parametrize("name", ["saved_model.pbtxt", "saved_model.cpb"])
def test_a_form_that_is_not_read_is_a_model_and_a_gap(
    tmp_path: Path, name: str
) -> None:
    found = discover(tmp_path, b"x", name=f"m/{name}")
    assert facts(found).format == "saved-model"
    assert [each.state for each in found.gaps] == [State.UNSUPPORTED]


def test_a_model_without_a_folder_has_the_name_of_its_file(tmp_path: Path) -> None:
    found = discover(tmp_path, model(), name="saved_model.pb")
    assert [each.name for each in found.components] == ["saved_model.pb"]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("a/saved_model.pb", True), ("SAVED_MODEL.PB", True), ("graph.pb", False)],
)
def test_it_is_recognised_by_name(path: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=path)) is wanted


@settings(max_examples=60, deadline=None)
@given(any_bytes(80), st.sampled_from([b"", model(graph(EVIL))]))
def test_any_bytes_are_read_or_a_gap(data: bytes, start: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = discover(
            Path(folder), start + data, {"variables/variables.index": data}
        )
    assert facts(found).operators or found.gaps


@settings(max_examples=60, deadline=None)
@given(any_bytes(80))
def test_any_bytes_beside_a_model_are_read_or_a_gap(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = discover(Path(folder), model(), {"keras_metadata.pb": data})
    assert len(found.components) == 2
