"""Which files are one data set: examined as a whole tree, with every part."""

import hashlib
import io
import tarfile
import time
from pathlib import Path

import pytest

from mcpchain.component import Basis, Component, DataFacts, Kind
from mcpchain.data_sets import described, licensed
from mcpchain.data_sets.folders import is_split
from mcpchain.discover import survey
from mcpchain.inventory import Inventory, RelationKind, State
from mcpchain.tree import Tree

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CARD = "---\npretty_name: Acme\ntask_categories: [other]\n---\n"


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(CARD.encode() if path.endswith(".md") else b"x\n")


def examine(root: Path) -> Inventory:
    return survey(Tree(root), name="project")


def contained(found: Inventory) -> dict[str, list[str]]:
    """Return the paths of the files in each data set, by its name."""
    by_ref = {each.ref: each for each in found.components}
    sets: dict[str, list[str]] = {}
    for edge in found.relations:
        assert edge.kind is RelationKind.CONTAINS
        part = by_ref[edge.target]
        sets.setdefault(by_ref[edge.source].name, []).append(part.location.path)
    return {name: sorted(paths) for name, paths in sets.items()}


def data(found: Inventory) -> list[Component]:
    return [each for each in found.components if each.kind is Kind.DATA]


@pytest.mark.parametrize(
    "paths",
    [
        ["config.json", "data/schema.json", "i18n/data/en.json"],
        ["data/countries.csv"],
        ["tests/data/test.csv", "tests/data/test_2.jsonl"],
        ["train.csv"],
        ["src/train.json", "train/x.csv"],
        ["database/train.csv", "metadata/train.csv"],
        ["logs.jsonl", "report.tsv"],
        ["data/train.py", "data/train.txt"],
        ["data/training.md5", "data/constrain.csv", "data/devices.csv"],
        ["README.txt", "a.csv"],
        ["data/test/a.csv", "data/test/b.csv"],
        ["train/data/a.csv"],
    ],
)
def test_text_that_nothing_speaks_for_is_no_component(
    tmp_path: Path, paths: list[str]
) -> None:
    write(tmp_path, *paths)
    assert not examine(tmp_path)


@pytest.mark.parametrize(
    "paths",
    [
        ["data/train.jsonl", "data/test.jsonl"],
        ["Datasets/acme/my_train.csv", "Datasets/acme/labels.csv"],
        ["ml/data/validation-00000-of-00002.json", "ml/data/x.json"],
        ["data/dev.tsv.gz"],
        ["my/data/train/a.csv", "my/data/train/b.csv", "my/data/test/a.csv"],
    ],
)
def test_a_folder_of_data_with_a_split_is_a_data_set(
    tmp_path: Path, paths: list[str]
) -> None:
    write(tmp_path, *paths)
    found = examine(tmp_path)
    folder = paths[0].rpartition("/")[0].removesuffix("/train")
    assert contained(found) == {folder: sorted(paths)}
    (whole,) = [each for each in data(found) if not each.artifacts]
    assert (whole.name, whole.basis) == (folder, Basis.OBSERVED)
    assert whole.location.path == folder
    for each in data(found):
        assert (each is whole) != bool(each.artifacts)
        assert all(artifact.digests for artifact in each.artifacts)


def test_tables_and_archives_for_data_count_wherever_they_lie(tmp_path: Path) -> None:
    paths = ["a.tfrecord-00000-of-00001", "x/b.arrow", "x/c.feather", "d.ARRAY_RECORD"]
    write(tmp_path, *paths)
    (tmp_path / "e.orc").write_bytes(b"ORC")
    (tmp_path / "f").write_bytes(b"Obj\x01")
    (tmp_path / "g.orc").write_bytes(b"an essay on orcs")
    found = examine(tmp_path)
    assert {each.name: _facts(each).format for each in data(found)} == {
        "a.tfrecord-00000-of-00001": "tfrecord",
        "b.arrow": "arrow",
        "c.feather": "arrow",
        "d.ARRAY_RECORD": "array-record",
        "e.orc": "orc",
        "f": "avro",
    }
    assert [(e.location.path, e.state) for e in found.gaps] == [
        ("x/b.arrow", State.UNREADABLE),
        ("x/c.feather", State.UNREADABLE),
    ]


def _facts(component: Component) -> DataFacts:
    assert isinstance(component.facts, DataFacts)
    return component.facts


def test_a_file_belongs_to_the_nearest_data_set_around_it(tmp_path: Path) -> None:
    paths = ["a.csv", "x/b.csv", "sub/c.csv", "sub/data/train.jsonl", "subway/d.csv"]
    write(tmp_path, "README.md", "sub/README.md", *paths)
    (tmp_path / "sub/README.md").write_text(CARD.replace("Acme", "Inner"))
    found = examine(tmp_path)
    assert contained(found) == {
        "Acme": ["a.csv", "sub/README.md", "subway/d.csv", "x/b.csv"],
        "Inner": ["sub/c.csv", "sub/data/train.jsonl"],
    }


def test_cards_that_say_the_same_each_keep_their_files(tmp_path: Path) -> None:
    write(tmp_path, "one/README.md", "one/a.csv", "two/README.md", "two/b.csv")
    found = examine(tmp_path)
    assert contained(found) == {"Acme": ["one/a.csv", "two/b.csv"]}
    (whole,) = [each for each in data(found) if not each.artifacts]
    assert [each.path for each in whole.locations] == ["one/README.md", "two/README.md"]


def test_folders_that_are_called_the_same_are_two_data_sets(tmp_path: Path) -> None:
    write(tmp_path, "one/data/train.csv", "two/data/train.csv")
    assert contained(examine(tmp_path)) == {
        "one/data": ["one/data/train.csv"],
        "two/data": ["two/data/train.csv"],
    }


def test_a_data_set_in_the_cache_of_the_hub_is_named_as_there(tmp_path: Path) -> None:
    folder = f"hub/datasets--acme--corpus/snapshots/{COMMIT}"
    write(tmp_path, f"{folder}/README.md", f"{folder}/data/train.csv")
    found = examine(tmp_path)
    (whole,) = [each for each in data(found) if not each.artifacts]
    assert (whole.name, whole.version) == ("acme/corpus", COMMIT)
    assert str(whole.purl) == (
        f"pkg:huggingface/acme/corpus@{COMMIT}?repo_type=dataset"
    )
    assert contained(found) == {"acme/corpus": [f"{folder}/data/train.csv"]}


TABLE = b"ORC of no consequence"
SHA = hashlib.sha256(TABLE).hexdigest()


def cached(root: Path, blob: str, above: str = "hub/datasets--acme--corpus") -> str:
    """Write what the hub's library leaves, and return the path of the table in it."""
    folder = Path(above, "snapshots", COMMIT)
    write(root, str(folder / "README.md"))
    (root / above / "blobs").mkdir()
    (root / above / "blobs" / blob).write_bytes(TABLE)
    (root / folder / "t.orc").symlink_to(f"../../blobs/{blob}")
    return str(folder / "t.orc")


@pytest.mark.parametrize("blob", [SHA, "a" * 40], ids=["large", "small"])
def test_the_names_of_a_snapshot_stand_for_its_blobs(tmp_path: Path, blob: str) -> None:
    path = cached(tmp_path, blob)
    found = examine(tmp_path)
    assert found.gaps == ()
    assert contained(found) == {"acme/corpus": [path]}
    assert len(data(found)) == 2


def test_a_blob_that_is_not_what_it_is_called_is_a_conflict(tmp_path: Path) -> None:
    path = cached(tmp_path, "b" * 64)
    found = examine(tmp_path)
    (gap,) = found.gaps
    assert gap.state is State.CONFLICT
    assert gap.reason == (
        f"says that `{path}` is sha256:{'b' * 64}, but it is sha256:{SHA}"
    )
    assert gap.location.path == f"hub/datasets--acme--corpus/blobs/{'b' * 64}"
    assert len(data(found)) == 2


def test_a_cache_may_be_examined_by_itself(tmp_path: Path) -> None:
    root = tmp_path / "datasets--corpus"
    root.mkdir()
    cached(root, SHA, above=".")
    found = survey(Tree(root), name="datasets--corpus")
    assert found.gaps == ()
    (whole,) = [each for each in data(found) if not each.artifacts]
    assert (whole.name, whole.version) == ("corpus", COMMIT)


def downloaded(root: Path, text: str) -> Inventory:
    write(root, "in/README.md")
    (root / "in/sub").mkdir()
    (root / "in/sub/t.orc").write_bytes(TABLE)
    notes = root / "in/.cache/huggingface/download/sub"
    notes.mkdir(parents=True)
    (notes / "t.orc.metadata").write_text(text)
    return examine(root)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (f"{COMMIT}\n{SHA}\n1700000000.0\n", COMMIT),
        (f"{COMMIT}\n{'a' * 40}\n1700000000.0\n", COMMIT),
        (f"main\n{SHA}\n", None),
        (COMMIT, COMMIT),
        ("", None),
        ("x" * 5000, None),
    ],
    ids=["large", "small", "branch", "short", "empty", "long"],
)
def test_a_folder_that_was_downloaded_into_knows_its_commit(
    tmp_path: Path, text: str, version: str | None
) -> None:
    found = downloaded(tmp_path, text)
    assert found.gaps == ()
    (whole,) = [each for each in data(found) if not each.artifacts]
    assert (whole.name, whole.version, whole.purl) == ("Acme", version, None)
    assert len(data(found)) == 2


def test_a_file_that_changed_since_it_was_downloaded_is_a_conflict(
    tmp_path: Path,
) -> None:
    found = downloaded(tmp_path, f"{COMMIT}\n{'b' * 64}\n1700000000.0\n")
    (gap,) = found.gaps
    assert gap.state is State.CONFLICT
    assert gap.location.path == "in/.cache/huggingface/download/sub/t.orc.metadata"


def archive(*names: str, kind: bytes = tarfile.REGTYPE) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.type = kind
            entry.size = 700 if kind == tarfile.REGTYPE else 0
            tar.addfile(entry, io.BytesIO(b"x" * entry.size))
    return data.getvalue()


@pytest.mark.parametrize(
    "names",
    [
        ["0.jpg", "0.cls", "1.cls", "1.jpg", "2.jpg", "2.cls"],
        ["a/0.jpg", "a/0.seg.png", "a/0.json", "a/1.jpg", "a/1.seg.png", "a/1.json"],
        ["0.jpg", "0.txt", "1.jpg", "1.txt"],
    ],
)
def test_an_archive_of_samples_is_a_webdataset(
    tmp_path: Path, names: list[str]
) -> None:
    (tmp_path / "shard-000000.tar").write_bytes(archive(*names))
    found = examine(tmp_path)
    assert found.gaps == ()
    (component,) = found.components
    assert component.facts == DataFacts(format="webdataset")


OTHER = {
    "nothing": b"",
    "text": b"a.txt\n",
    "no-members": archive(),
    "source": archive("p/setup.py", "p/setup.cfg", "p/main.py", "p/util.py"),
    "one-part": archive("0.jpg", "1.jpg", "2.jpg"),
    "one-sample": archive("README.md", "README.rst"),
    "folder": archive("d/", kind=tarfile.DIRTYPE) + archive("0.a", "0.b", "1.a", "1.b"),
    "links": archive("0.a", "0.b", "1.a", "1.b", kind=tarfile.SYMTYPE),
    "cut": archive("0.a", "0.b", "1.a", "1.b")[:600],
    "below-zero": archive("0.a").replace(b"00000001274", b"-0000001274"),
    "long": archive(*[f"0.{index}" for index in range(100)], "1.0", "1.1"),
}


@pytest.mark.parametrize("case", OTHER)
def test_another_archive_is_none(tmp_path: Path, case: str) -> None:
    (tmp_path / "x.tar").write_bytes(OTHER[case])
    assert not examine(tmp_path)


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("mit", "MIT"),
        ("cc-by-sa-4.0", "CC-BY-SA-4.0"),
        ("gpl-3.0", "GPL-3.0-only"),
        ("llama3", "llama3"),
        (" Acme\n  Data 1 ", "Acme Data 1"),
        ("https://creativecommons.org/licenses/by-nc/4.0/", "CC-BY-NC-4.0"),
        ("http://www.creativecommons.org/licenses/by/4.0/deed.en", "CC-BY-4.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        (
            "https://creativecommons.org/licenses/by/3.0/de/",
            "https://creativecommons.org/licenses/by/3.0/de/",
        ),
        ("https://choosealicense.com/licenses/apache-2.0/", "Apache-2.0"),
        ("https://spdx.org/licenses/MIT.html", "MIT"),
        ("https://evil.example/licenses/mit", "https://evil.example/licenses/mit"),
        ("https://u:p@acme.example/x?key=secret", "https://acme.example/x"),
        ("x" * 200, "x" * 140),
    ],
)
def test_a_licence_is_an_id_if_it_is_one(text: str, licence: str) -> None:
    assert licensed(text) == licence


def test_a_description_is_one_line_of_bounded_length() -> None:
    assert described("a\n\n b\tc") == "a b c"
    assert len(described("x" * 10**6)) == 1000


def test_a_file_that_another_reader_knows_better_is_not_listed_twice(
    tmp_path: Path,
) -> None:
    write(tmp_path, "data/train.csv")
    (tmp_path / "data/x.csv").write_bytes(b"Obj\x01" + bytes(60))
    (tmp_path / "data/train.json").write_bytes(b"GGUF" + bytes(20))
    found = examine(tmp_path)
    kinds = {e.location.path: (e.kind, e.facts) for e in found.components}
    assert len(kinds) == len(found.components)
    assert kinds["data/x.csv"] == (Kind.DATA, DataFacts(format="avro"))
    assert kinds["data/train.json"][0] is Kind.MODEL


@pytest.mark.parametrize("name", ["train.csv", "my-train_2.csv", "Val.json", "dev"])
def test_a_split_is_told_by_a_whole_word(name: str) -> None:
    assert is_split(name)


@pytest.mark.parametrize("name", ["test.csv", "trainer.csv", "strain", "a.train.b"])
def test_what_only_holds_the_word_is_no_split(name: str) -> None:
    assert not is_split(name)


def test_many_files_of_no_data_set_take_no_time(tmp_path: Path) -> None:
    folder = tmp_path / "/".join(["data"] * 30)
    folder.mkdir(parents=True)
    for index in range(2000):
        (folder / f"x{index}.csv").write_bytes(b"")
    start = time.perf_counter()
    assert not examine(tmp_path)
    assert time.perf_counter() - start < 10


def test_data_sets_that_code_loads_are_not_those_of_its_folder(tmp_path: Path) -> None:
    code = "from datasets import load_dataset as l\nl('squad')\nl('acme/d')\n"
    code += "l(name, trust_remote_code=True)\n"
    (tmp_path / "train.py").write_text(code)
    write(tmp_path, "a.parquet")
    found = examine(tmp_path)
    lines = {each.name: each.location.line for each in data(found)}
    unnamed = "a data set that is chosen at run time"
    assert lines == {"a.parquet": None, "squad": 2, "acme/d": 3, unnamed: 4}
    assert not found.relations


SNAPSHOT = f"datasets--acme--d/snapshots/{COMMIT}"


@pytest.mark.parametrize(
    ("paths", "scripts"),
    [
        (["squad/README.md", "squad/squad.py"], ("squad.py",)),
        (["README.md", "project.py"], ("project.py",)),
        ([f"{SNAPSHOT}/README.md", f"{SNAPSHOT}/d.py"], ("d.py",)),
        (["squad/README.md", "squad/prepare.py", "squad.py"], ()),
        (["squad/README.md", "squad/squad/squad.py"], ()),
        (["squad/README.md"], ()),
    ],
    ids=["folder", "root", "hub", "other-scripts", "deeper", "none"],
)
def test_a_script_that_loads_a_data_set_is_code_that_it_brings(
    tmp_path: Path, paths: list[str], scripts: tuple[str, ...]
) -> None:
    write(tmp_path, *paths)
    (found,) = data(examine(tmp_path))
    assert isinstance(found.facts, DataFacts)
    assert found.facts.remote_code == scripts


def test_a_card_alone_tells_that_the_data_were_not_looked_at(tmp_path: Path) -> None:
    write(tmp_path, "README.md", "a.csv")
    found = survey(Tree(tmp_path, only="README.md"), name="README.md")
    (gap,) = found.gaps
    assert gap.reason == "describes a data set, whose files were not looked at"
    assert (gap.state, gap.location.path) == (State.PARTIAL, "README.md")
    assert gap.ref in {each.ref for each in data(found)}
    assert not examine(tmp_path).gaps
