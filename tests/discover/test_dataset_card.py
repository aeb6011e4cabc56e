import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import Basis, Component, DataFacts, Kind
from mcpchain.discover import survey
from mcpchain.discover.data_file import DISCOVERER as DATA_FILE
from mcpchain.discover.dataset_card import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree

CARD = """\
pretty_name: Acme Corpus
license: apache-2.0
language:
- en
- no
task_categories: [text-classification]
size_categories: [1K<n<10K]
tags: [medical, not-for-all-audiences]
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*.parquet
dataset_info:
  features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names: {'0': neg, '1': pos}
  splits:
  - name: train
    num_bytes: 10
    num_examples: 1000
  - name: test
    num_bytes: 10
    num_examples: 24
"""


def write(root: Path, yaml: str | bytes, path: str = "README.md") -> None:
    data = yaml if isinstance(yaml, bytes) else yaml.encode()
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(b"---\n" + data + b"\n---\n# Acme\n")


def discover(root: Path) -> Inventory:
    return survey(Tree(root), name="corpus", discoverers=[DISCOVERER, DATA_FILE])


def card_of(found: Inventory) -> tuple[Component, DataFacts]:
    (component,) = [e for e in found.components if e.basis is Basis.DECLARED]
    assert isinstance(component.facts, DataFacts)
    return component, component.facts


def test_a_card_is_what_its_maker_says_of_the_data(tmp_path: Path) -> None:
    write(tmp_path, CARD)
    found = discover(tmp_path)
    assert found.gaps == ()
    (component,) = found.components
    assert (component.kind, component.name) == (Kind.DATA, "Acme Corpus")
    assert (component.version, component.purl, component.pin) == (None, None, None)
    assert component.licenses == ("Apache-2.0",)
    assert component.artifacts == ()
    assert component.location.path == "README.md"
    assert component.facts == DataFacts(
        format="hugging-face",
        records=1024,
        columns=("text", "label"),
        tasks=("text-classification",),
        languages=("en", "no"),
        sensitive=("not-for-all-audiences",),
    )


def test_a_card_without_a_name_is_called_by_its_folder(tmp_path: Path) -> None:
    write(tmp_path, "task_categories: [other]", "sets/acme/README.md")
    write(tmp_path, "task_categories: [other]", "Readme.md")
    names = {e.location.path: e.name for e in discover(tmp_path).components}
    assert names == {"sets/acme/README.md": "sets/acme", "Readme.md": "corpus"}


@pytest.mark.parametrize(
    ("yaml", "licenses"),
    [
        ("license: cc-by-4.0", ("CC-BY-4.0",)),
        ("license: [mit, MIT, cc0-1.0]", ("MIT", "CC0-1.0")),
        ("license: llama3.1", ("llama3.1",)),
        ("license: unknown", ()),
        ("license: other", ("other",)),
        ("license: other\nlicense_name: acme-1", ("acme-1",)),
        (
            "license: other\nlicense_link: https://u:p@acme.example/l?key=secret",
            ("https://acme.example/l",),
        ),
        ("license: []", ()),
        ("", ()),
    ],
)
def test_a_licence_is_an_id_of_spdx_or_its_name(
    tmp_path: Path, yaml: str, licenses: tuple[str, ...]
) -> None:
    write(tmp_path, f"task_ids: []\n{yaml}")
    assert card_of(discover(tmp_path))[0].licenses == licenses


def test_records_of_several_configurations_are_added(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
dataset_info:
- config_name: a
  features: [{name: x}]
  splits: [{name: train, num_examples: 3}]
- config_name: b
  features: [{name: y}]
  splits: [{name: train, num_examples: 4}]
""",
    )
    assert card_of(discover(tmp_path))[1] == DataFacts(format="hugging-face", records=7)


@pytest.mark.parametrize(
    "splits",
    ["[]", "[{name: train}]", "[{num_examples: 1}, {}]", "null"],
)
def test_records_that_nobody_counts_are_unknown(tmp_path: Path, splits: str) -> None:
    write(tmp_path, f"dataset_info: {{splits: {splits}}}")
    found = discover(tmp_path)
    assert found.gaps == ()
    assert card_of(found)[1].records is None


@pytest.mark.parametrize(
    ("yaml", "pointers"),
    [
        ("dataset_info: 3", ["/dataset_info", "/dataset_info"]),
        ("dataset_info: {splits: 3}", ["/dataset_info/splits"]),
        (
            "dataset_info: {splits: [{num_examples: x}]}",
            ["/dataset_info/splits/0/num_examples"],
        ),
        (
            "dataset_info: {splits: [{num_examples: -1}]}",
            ["/dataset_info/splits/0/num_examples"],
        ),
        (
            "dataset_info: {splits: [{num_examples: true}]}",
            ["/dataset_info/splits/0/num_examples"],
        ),
        ("dataset_info: {features: [x]}", ["/dataset_info/features/0"]),
        ("dataset_info: {features: [{name: 1}]}", ["/dataset_info/features/0/name"]),
        ("size_categories: []\nlicense: {a: b}", ["/license"]),
        ("size_categories: []\nlanguage: [1]", ["/language/0"]),
        ("size_categories: []\ntask_categories: 1", ["/task_categories"]),
        ("size_categories: []\ntags: {a: b}", ["/tags"]),
        ("size_categories: []\npretty_name: [x]", ["/pretty_name"]),
        ("size_categories: []\nlicense: mit\nlicense: gpl", ["/license"]),
        ("configs: 1", ["/configs"]),
        ("configs: [1]", ["/configs/0"]),
        ("configs: [{data_files: 1}]", ["/configs/0/data_files"]),
        (
            "configs: [{data_files: [{path: [1]}]}]",
            ["/configs/0/data_files/0/path/0"],
        ),
    ],
)
def test_a_flaw_is_a_gap_and_the_rest_is_read(
    tmp_path: Path, yaml: str, pointers: list[str]
) -> None:
    write(tmp_path, f"{yaml}\nmultilinguality: [monolingual]\nsource_datasets: []")
    found = discover(tmp_path)
    got = [each.location.pointer for each in found.gaps]
    assert sorted(set(got)) == sorted(set(pointers))
    assert {each.state for each in found.gaps} == {State.UNREADABLE}
    assert card_of(found)[1].format == "hugging-face"


@pytest.mark.parametrize(
    "data",
    [
        b"---\npipeline_tag: text-generation\ndatasets: [acme/corpus]\n---\n",
        b"---\nbase_model: x\ntask_categories: [x]\n---\n",
        b"---\nlicense: mit\n---\n",
        b"---\ntitle: Docs\nlayout: default\n---\n",
        b"---\ntitle: {{ page.title }}\n---\n",
        b"---\nx: !ruby/object {}\n---\n",
        b"---\n---\n",
        b"---\n",
        b"--- a line, and then text\n---\n\xff",
        b"# Data\n\n---\ntask_categories: [x]\n---\n",
    ],
    ids=[
        *("model", "model-too", "licence", "site", "template", "tag", "empty"),
        *("dashes", "text", "later"),
    ],
)
def test_what_is_no_card_of_data_is_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "README.md").write_bytes(data)
    assert not discover(tmp_path)


@pytest.mark.parametrize(
    "yaml",
    [
        "dataset_info: [",
        "size_categories: []\nx: !!python/object:x {}",
        "configs: &a [*a]",
        "task_categories : {{ x }}",
        b"task_categories: []\n\xff: x",
    ],
)
def test_a_card_of_data_that_cannot_be_read_is_a_gap(
    tmp_path: Path, yaml: str | bytes
) -> None:
    write(tmp_path, yaml)
    found = discover(tmp_path)
    assert found.components == ()
    assert [each.state for each in found.gaps] == [State.UNREADABLE]


@pytest.mark.parametrize(
    "data_files",
    [
        "a.csv",
        "[a.csv]",
        "[{split: train, path: a.csv}]",
        "[{split: train, path: [a.csv, a.csv]}]",
        "{train: a.csv, test: ./a.csv}",
    ],
)
def test_a_file_that_a_card_lists_is_part_of_the_data(
    tmp_path: Path, data_files: str
) -> None:
    write(tmp_path, f"configs: [{{config_name: x, data_files: {data_files}}}]")
    (tmp_path / "a.csv").write_text("x\n")
    found = discover(tmp_path)
    assert found.gaps == ()
    file, card = sorted(found.components, key=lambda e: e.basis is Basis.DECLARED)
    assert file.facts == DataFacts(format="csv")
    assert file.artifacts[0].digests
    assert [(e.source, e.target) for e in found.relations] == [(card.ref, file.ref)]


def test_a_file_in_a_format_of_its_own_is_part_of_it_if_it_is_listed(
    tmp_path: Path,
) -> None:
    write(tmp_path, "configs: [{data_files: raw/all.zip}]", "set/README.md")
    (tmp_path / "set/raw").mkdir()
    (tmp_path / "set/raw/all.zip").write_bytes(b"PK")
    (tmp_path / "set/raw/other.zip").write_bytes(b"PK")
    found = discover(tmp_path)
    assert [each.name for each in found.components] == ["all.zip", "set"]
    assert len(found.relations) == 1


@pytest.mark.parametrize(
    "path", ["gone.csv", "../../etc/passwd", "a\\0b", "x" * 5000, "raw", "../set"]
)
def test_a_file_that_is_not_here_is_a_gap(tmp_path: Path, path: str) -> None:
    write(tmp_path, f'configs: [{{data_files: "{path}"}}]', "set/README.md")
    (tmp_path / "set/raw").mkdir()
    found = discover(tmp_path)
    assert len(found.components) == 1
    assert [each.state for each in found.gaps] == [State.PARTIAL]
    assert found.gaps[0].location.pointer == "/configs/0/data_files"


@pytest.mark.parametrize(
    "path",
    [
        "data/*.csv",
        "https://u:p@data.example/x.csv?key=secret",
        "hf://datasets/acme/x@main/x.csv",
    ],
)
def test_what_names_no_single_file_beside_the_card_is_no_gap(
    tmp_path: Path, path: str
) -> None:
    write(tmp_path, f'configs: [{{data_files: "{path}"}}]')
    found = discover(tmp_path)
    assert len(found.components) == 1
    assert found.gaps == ()
    assert "secret" not in repr(found)


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=100), st.integers(0, len(CARD)))
def test_any_card_is_read_or_leaves_a_gap(data: bytes, at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), CARD.encode()[:at] + data + CARD.encode()[at:])
        found = discover(Path(folder))
    assert len(found.components) <= 1
