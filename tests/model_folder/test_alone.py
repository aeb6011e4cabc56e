"""One file of a model as target: what was not looked at is told."""

from pathlib import Path

import pytest

from mcpchain.component import Kind
from mcpchain.discover import survey
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree
from tests.model_folder.making import (
    CONFIG,
    contained,
    facts,
    gguf,
    look,
    model,
    put,
    weights,
)

CODE = CONFIG | {"auto_map": {"AutoModel": "modeling_acme.Acme"}}
INDEX = {
    "weight_map": {
        "a": "model-00001-of-00002.safetensors",
        "b": "model-00002-of-00002.safetensors",
    }
}
SPLIT: dict[str, object] = {
    "config.json": CODE,
    "modeling_acme.py": "x = 1",
    "model.safetensors.index.json": INDEX,
    "model-00001-of-00002.safetensors": weights("a"),
    "model-00002-of-00002.safetensors": weights("b"),
}


def one(root: Path, name: str) -> Inventory:
    return survey(Tree(root, only=name), name=name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("config.json", "is one file of a model, whose weights were not looked at"),
        ("model.safetensors.index.json", "is one file of a model, whose weights"),
        ("model-00001-of-00002.safetensors", "is part 1 of 2 of a model, by its name"),
    ],
)
def test_a_file_of_a_model_is_not_all_of_it(
    tmp_path: Path, name: str, reason: str
) -> None:
    found = one(put(tmp_path, SPLIT), name)
    (gap,) = found.gaps
    assert gap.reason.startswith(reason)
    assert (gap.state, str(gap.location)) == (State.PARTIAL, name)
    assert gap.ref == f"file:{name}"
    paths = {e.location.path for e in found.components} - {"."}
    assert paths == {name}, "what was not asked for is not read"
    assert not any(each.graph for each in found.components)


def test_a_configuration_alone_says_whose_code_would_run(tmp_path: Path) -> None:
    found = one(put(tmp_path, SPLIT), "config.json")
    assert facts(found, ".").remote_code == ("modeling_acme.Acme",)


def test_a_part_of_gguf_says_that_there_are_others(tmp_path: Path) -> None:
    name = "m-00001-of-00003.gguf"
    (gap,) = one(put(tmp_path, {name: gguf("a")}), name).gaps
    assert gap.reason.startswith("is part 1 of 3 of a model")


@pytest.mark.parametrize(
    ("files", "name", "beside"),
    [
        ({"model.safetensors": weights("a"), "config.json": CODE}, "", "config.json"),
        (
            {"model.safetensors": weights("a"), "adapter_config.json": {}},
            "",
            "adapter_config.json",
        ),
        ({"model.safetensors": weights("a"), "config.json": {"port": 1}}, "", ""),
        ({"model.safetensors": weights("a")}, "", ""),
        ({"m.gguf": gguf("a"), "config.json": CODE}, "m.gguf", ""),
    ],
    ids=["config", "adapter", "of-something-else", "nothing", "gguf-has-it-all"],
)
def test_weights_without_what_configures_them_are_not_all(
    tmp_path: Path, files: dict[str, object], name: str, beside: str
) -> None:
    gaps = one(put(tmp_path, files), name or "model.safetensors").gaps
    assert len(gaps) == bool(beside)
    assert all(f"`{beside}` beside it" in each.reason for each in gaps)


def test_code_of_a_model_whose_weights_are_to_come_is_told(tmp_path: Path) -> None:
    found = look(put(tmp_path, {"m/config.json": CODE, "m/modeling_acme.py": "x = 1"}))
    assert facts(found).remote_code == ("modeling_acme.Acme",)
    assert model(found).purl is not None
    assert not found.gaps


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.json", '{"auto_map": {"AutoConfig": "m.A"}}'),
        ("config.json", r'{"auto\u005fmap": {"AutoConfig": "m.A"}}'),
        ("tokenizer_config.json", '{"auto_map": {"AutoTokenizer": ["m.A", null]}}'),
        ("preprocessor_config.json", '{"auto_map": {"AutoProcessor": "m.A"}}'),
        (
            "config.json",
            '{"auto_map": {}, "custom_pipelines": {"a": {"impl": "m.A"}}}',
        ),
    ],
    ids=["configuration", "escaped", "tokenizer", "processor", "pipeline"],
)
def test_code_without_any_weights_is_told(tmp_path: Path, name: str, text: str) -> None:
    found = look(put(tmp_path, {f"m/{name}": text, "m/m.py": "x = 1"}))
    assert facts(found).remote_code == ("m.A",)
    assert not found.gaps


def test_code_that_only_some_readers_find_is_a_gap(tmp_path: Path) -> None:
    twice = '{"model_type": "x", "model_type": "y", "auto_map": {"AutoModel": "m.A"}}'
    (gap,) = look(put(tmp_path, {"m/config.json": twice, "m/m.py": ""})).gaps
    assert gap.location.path == "m/config.json"


def test_a_part_of_a_model_keeps_the_files_that_name_no_code(tmp_path: Path) -> None:
    files = {"m/config.json": CONFIG, "m/model.safetensors": weights("a")}
    put(tmp_path, files | {"m/tokenizer/tokenizer_config.json": {"a": 1}})
    found = look(tmp_path)
    assert len(contained(found)) == 3


def test_a_configuration_without_code_and_weights_is_a_file(tmp_path: Path) -> None:
    found = look(put(tmp_path, {"m/config.json": CONFIG}))
    assert [each.kind for each in found.components] == [Kind.FILE]


@pytest.mark.parametrize("suffix", ["safetensors", "bin"])
def test_a_part_that_no_document_speaks_of_tells_what_is_missing(
    tmp_path: Path, suffix: str
) -> None:
    name = f"model-00001-of-00002.{suffix}"
    (gap,) = look(put(tmp_path, {f"m/{name}": weights("a")})).gaps
    assert f"`model-00002-of-00002.{suffix}`" in gap.reason
    assert gap.state is State.UNREADABLE
