import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import Basis, Component, DataFacts, Kind
from mcpchain.discover import survey
from mcpchain.discover.data_file import DISCOVERER as DATA_FILE
from mcpchain.discover.dataset_info import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree

INFO = {
    "builder_name": "acme",
    "dataset_name": "acme_corpus",
    "description": "Texts\nof  Acme.",
    "citation": "",
    "features": {"id": {"dtype": "int64", "_type": "Value"}, "text": {}},
    "license": "mit",
    "version": {"version_str": "1.2.0", "major": 1, "minor": 2, "patch": 0},
    "splits": {
        "train": {"name": "train", "num_examples": 30},
        "test": {"name": "test", "num_examples": 4},
    },
}
STATE = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_split": None}
ARROW = b"\xff\xff\xff\xff" + bytes(60)


def write(root: Path, path: str, value: object) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    data = value if isinstance(value, bytes) else json.dumps(value, indent=2).encode()
    (root / path).write_bytes(data)


def discover(root: Path) -> Inventory:
    return survey(Tree(root), name="set", discoverers=[DISCOVERER, DATA_FILE])


def whole(found: Inventory) -> Component:
    (component,) = [e for e in found.components if e.basis is Basis.DECLARED]
    return component


def test_what_a_library_writes_describes_the_data(tmp_path: Path) -> None:
    write(tmp_path, "dataset_info.json", INFO)
    found = discover(tmp_path)
    assert found.gaps == ()
    component = whole(found)
    assert (component.kind, component.name) == (Kind.DATA, "acme_corpus")
    assert (component.version, component.licenses) == ("1.2.0", ("MIT",))
    assert component.facts == DataFacts(
        format="hugging-face",
        description="Texts of Acme.",
        records=34,
        columns=("id", "text"),
    )


def test_what_was_saved_is_no_longer_as_many_records(tmp_path: Path) -> None:
    write(tmp_path, "dataset_info.json", INFO)
    write(tmp_path, "state.json", STATE)
    write(tmp_path, "data-00000-of-00001.arrow", ARROW)
    found = discover(tmp_path)
    assert found.gaps == ()
    component = whole(found)
    assert [each.path for each in component.locations] == [
        "dataset_info.json",
        "state.json",
    ]
    assert isinstance(component.facts, DataFacts)
    assert component.facts.records is None
    (edge,) = found.relations
    assert edge.source == component.ref


def test_a_data_set_of_splits_holds_each_of_them(tmp_path: Path) -> None:
    write(tmp_path, "dataset_dict.json", {"splits": ["train", "test"]})
    for split in ("train", "test"):
        write(tmp_path, f"{split}/dataset_info.json", INFO | {"dataset_name": "csv"})
        write(tmp_path, f"{split}/state.json", STATE)
        write(tmp_path, f"{split}/data-00000-of-00001.arrow", ARROW)
    found = discover(tmp_path)
    assert found.gaps == ()
    names = {each.ref: each.name for each in found.components}
    edges = sorted((names[e.source], names[e.target]) for e in found.relations)
    assert edges == [
        ("set", "test"),
        ("set", "train"),
        ("test", "data-00000-of-00001.arrow"),
        ("train", "data-00000-of-00001.arrow"),
    ]


def test_of_several_configurations_records_are_added(tmp_path: Path) -> None:
    write(tmp_path, "dataset_infos.json", {"a": INFO, "b": INFO | {"features": None}})
    component = whole(discover(tmp_path))
    assert (component.name, component.version, component.licenses) == ("set", None, ())
    assert component.facts == DataFacts(format="hugging-face", records=68)


def test_what_tensorflow_writes_is_read_too(tmp_path: Path) -> None:
    info = {
        "name": "acme",
        "version": "3.0.1",
        "fileFormat": "tfrecord",
        "redistributionInfo": {"license": "cc-by-4.0"},
        "splits": [{"name": "train", "numBytes": "9", "shardLengths": ["7", "5"]}],
    }
    write(tmp_path, "acme/3.0.1/dataset_info.json", info)
    component = whole(discover(tmp_path))
    assert (component.name, component.version) == ("acme", "3.0.1")
    assert component.licenses == ("CC-BY-4.0",)
    assert component.facts == DataFacts(format="hugging-face", records=12)


@pytest.mark.parametrize(
    ("path", "value", "pointers"),
    [
        ("dataset_info.json", [], [""]),
        ("dataset_info.json", b"{", [""]),
        ("dataset_info.json", b"\xff{}", [""]),
        ("dataset_infos.json", b"", [""]),
        ("dataset_dict.json", 3, [""]),
        ("dataset_info.json", {"splits": 3}, ["/splits"]),
        ("dataset_info.json", {"splits": {"a": 3}}, ["/splits/a"]),
        (
            "dataset_info.json",
            {"splits": {"a": {"num_examples": -3}}},
            ["/splits/a/num_examples"],
        ),
        (
            "dataset_info.json",
            {"splits": {"a": {"num_examples": 10**4000}}},
            ["/splits/a/num_examples"],
        ),
        (
            "dataset_info.json",
            {"splits": [{"shardLengths": ["x"]}]},
            ["/splits/0/shardLengths"],
        ),
        (
            "dataset_info.json",
            b'{"splits": [{"num_examples": ' + b"9" * 5000 + b"}]}",
            [""],
        ),
        ("dataset_info.json", {"features": [1]}, ["/features/0"]),
        ("dataset_info.json", {"version": 1}, ["/version"]),
        ("dataset_info.json", {"license": ["mit"]}, ["/license"]),
        ("dataset_info.json", {"description": {}}, ["/description"]),
        ("dataset_info.json", {"redistributionInfo": 3}, ["/redistributionInfo"]),
        ("dataset_infos.json", {"a": 3}, ["/a"]),
        ("dataset_dict.json", {"splits": [3]}, ["/splits/0"]),
    ],
)
def test_a_flaw_is_a_gap(
    tmp_path: Path, path: str, value: object, pointers: list[str]
) -> None:
    write(tmp_path, path, value)
    found = discover(tmp_path)
    assert sorted({each.location.pointer for each in found.gaps}) == pointers
    assert {each.state for each in found.gaps} == {State.UNREADABLE}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("state.json", STATE),
        ("state.json", {"_data_files": [{"filename": "../../../etc/passwd"}]}),
        ("state.json", {"_data_files": [{"filename": "a\0b"}]}),
        ("dataset_dict.json", {"splits": ["train"]}),
    ],
)
def test_a_file_that_is_listed_and_not_here_is_a_gap(
    tmp_path: Path, path: str, value: object
) -> None:
    write(tmp_path, path, value)
    found = discover(tmp_path)
    assert [each.state for each in found.gaps] == [State.PARTIAL]
    assert whole(found).name == "set"


@pytest.mark.parametrize(
    "value",
    [{"version": 4, "resources": []}, b"{", {"lineage": "x" * 60} | STATE],
    ids=["terraform", "broken", "later"],
)
def test_a_state_of_something_else_is_nothing(tmp_path: Path, value: object) -> None:
    write(tmp_path, "state.json", value)
    assert not discover(tmp_path)


@pytest.mark.parametrize("name", ["csv", "json", "parquet", "imagefolder"])
def test_the_format_is_not_the_name_of_the_data(tmp_path: Path, name: str) -> None:
    write(tmp_path, "my/dataset_info.json", {"dataset_name": name})
    assert whole(discover(tmp_path)).name == "my"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["splits", "features", "name", "version", "license", "train"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@settings(deadline=None, max_examples=60)
@given(
    JSON | st.binary(max_size=50),
    st.sampled_from(["dataset_info.json", "dataset_infos.json", "dataset_dict.json"]),
)
def test_anything_is_read_or_leaves_a_gap(value: object, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), name, value)
        assert discover(Path(folder))
