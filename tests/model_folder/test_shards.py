import json
from pathlib import Path

import pytest

from tests.model_folder.making import (
    CONFIG,
    contained,
    facts,
    gguf,
    look,
    model,
    put,
    told,
    weights,
)

FIRST = "model-00001-of-00002.safetensors"
SECOND = "model-00002-of-00002.safetensors"
MAP = {"a": FIRST, "b": FIRST, "c": SECOND}
INDEX = "m/model.safetensors.index.json"
SIZE = 3 * 8
"""Bytes of all tensors."""


def folder(
    weight_map: object = None, total: object = SIZE, **more: object
) -> dict[str, object]:
    """Return a model of two shards with an index."""
    index = {"metadata": {"total_size": total}, "weight_map": weight_map or MAP}
    files = {
        "m/config.json": CONFIG,
        INDEX: index,
        f"m/{FIRST}": weights("a", "b"),
        f"m/{SECOND}": weights("c"),
    }
    return {
        name: content for name, content in (files | more).items() if content is not None
    }


def test_shards_that_their_index_names_are_one_model(tmp_path: Path) -> None:
    found = look(put(tmp_path, folder()))
    known = facts(found)
    assert told(found) == []
    assert (known.parameters, known.tensors) == (12, 3)
    assert contained(found) == [
        *("file:m/config.json", f"file:m/{FIRST}", f"file:m/{SECOND}"),
        f"file:{INDEX}",
    ]


@pytest.mark.parametrize(
    ("files", "state", "place", "words"),
    [
        (folder(**{f"m/{SECOND}": None}), "unreadable", f"{INDEX}#/weight_map", SECOND),
        (
            folder(**{"m/model-00003-of-00002.safetensors": weights("z")}),
            "conflict",
            "m/model-00003-of-00002.safetensors",
            "does not name it",
        ),
        (
            folder(total=SIZE + 1),
            "conflict",
            f"{INDEX}#/metadata/total_size",
            "25 bytes, but they are 24",
        ),
        (
            folder(MAP | {"x": FIRST, "y": FIRST}),
            "conflict",
            f"{INDEX}#/weight_map",
            "`x` and 1 more",
        ),
        (
            folder(MAP | {"x": "../up.safetensors"}),
            "unreadable",
            f"{INDEX}#/weight_map/x",
            "outside the folder",
        ),
        (
            folder(MAP | {"x": "/etc/passwd", "y": "/etc/passwd"}),
            "unreadable",
            f"{INDEX}#/weight_map/x",
            "outside the folder",
        ),
        (
            folder(MAP | {"x": "..\\up.safetensors"}),
            "unreadable",
            f"{INDEX}#/weight_map/x",
            "outside the folder",
        ),
        (
            folder(MAP | {"x": "inner/../../m/../up.safetensors"}),
            "unreadable",
            f"{INDEX}#/weight_map/x",
            "outside the folder",
        ),
        (folder(MAP | {"x": 7}), "unreadable", f"{INDEX}#/weight_map/x", "string"),
        (folder(["weight_map"]), "unreadable", f"{INDEX}#/weight_map", "object"),
        (folder(**{INDEX: '{"weight_map": '}), "unreadable", INDEX, "not JSON"),
        (
            folder(MAP | {"x": "notes.bin"}, **{"m/notes.bin": "text"}),
            "unreadable",
            f"{INDEX}#/weight_map",
            "no weights",
        ),
    ],
    ids=[
        *("missing", "surplus", "another size", "another tensor", "above", "absolute"),
        *("backslash", "around", "no text", "no object", "broken", "no weights"),
    ],
)
def test_where_index_and_shards_disagree_there_is_a_gap(
    tmp_path: Path, files: dict[str, object], state: str, place: str, words: str
) -> None:
    found = look(put(tmp_path, {"up.safetensors": weights("x"), **files}))
    assert told(found) == [(state, place)]
    assert words in found.gaps[0].reason
    assert found.gaps[0].ref == "file:m"
    whole = {f"file:m/{FIRST}", f"file:m/{SECOND}"}
    here = {f"file:{each}" for each in files}
    assert whole & here <= set(contained(found))


@pytest.mark.parametrize("written", ["../m/up.safetensors", "/etc/passwd", ".."])
def test_nothing_lies_outside_of_a_model_at_the_root_either(
    tmp_path: Path, written: str
) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": written}}
    files = {"model.safetensors": weights("a"), "model.safetensors.index.json": index}
    found = look(put(tmp_path / "m", files))
    place = "model.safetensors.index.json#/weight_map/b"
    assert told(found) == [("unreadable", place)]
    assert "outside the folder" in found.gaps[0].reason


@pytest.mark.parametrize("lost", [FIRST, SECOND])
def test_of_an_incomplete_model_nothing_is_counted(tmp_path: Path, lost: str) -> None:
    found = look(put(tmp_path, folder(**{f"m/{lost}": None})))
    known = facts(found)
    assert (known.parameters, known.tensors, known.quantization) == (None, None, "F16")
    assert not model(found).graph


def test_an_index_alone_is_a_model_of_which_all_is_missing(tmp_path: Path) -> None:
    found = look(put(tmp_path, {INDEX: {"weight_map": MAP}}))
    assert told(found) == [("unreadable", f"{INDEX}#/weight_map")]
    assert f"`m/{FIRST}`, `m/{SECOND}`" in found.gaps[0].reason
    assert model(found).name == "m"


def test_the_index_of_weights_that_were_left_out_is_no_alarm(tmp_path: Path) -> None:
    other = {"weight_map": {"a": "pytorch_model-00001-of-00001.bin"}}
    found = look(put(tmp_path, folder(**{"m/pytorch_model.bin.index.json": other})))
    assert told(found) == []
    assert facts(found).parameters == 12


def test_too_many_indexes_are_a_limit(tmp_path: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors"}}
    many = {f"m/i{n:03}.index.json": index for n in range(101)}
    found = look(put(tmp_path, {"m/model.safetensors": weights("a"), **many}))
    assert told(found) == [("limit", "m/i100.index.json")]


def test_sizes_are_compared_as_numbers_only(tmp_path: Path) -> None:
    assert told(look(put(tmp_path / "a", folder(total=float(SIZE))))) == []
    assert told(look(put(tmp_path / "b", folder(total="24")))) == []
    assert told(look(put(tmp_path / "c", folder(total=True)))) == []


def test_a_shard_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    found = look(put(tmp_path, folder(**{f"m/{SECOND}": b"broken"})))
    assert told(found) == [("unreadable", f"m/{SECOND}")]
    assert facts(found).parameters is None


def test_what_git_lfs_did_not_fetch_is_told_once(tmp_path: Path) -> None:
    pointer = (
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{'a' * 64}\nsize 1000\n"
    )
    found = look(put(tmp_path, folder(**{f"m/{SECOND}": pointer})))
    assert told(found) == [("unreadable", f"m/{SECOND}")]
    assert f"file:m/{SECOND}" in contained(found)
    assert facts(found).parameters is None
    alone = {"m/config.json": CONFIG, "m/model.safetensors": pointer}
    assert "file:m/model.safetensors" in contained(look(put(tmp_path / "b", alone)))


def test_parts_without_an_index_are_counted_by_their_names(tmp_path: Path) -> None:
    files = {
        "m/config.json": CONFIG,
        "m/consolidated-00001-of-00009.safetensors": weights("a"),
    }
    found = look(put(tmp_path, {**files}))
    assert told(found) == [("unreadable", "m")]
    names = "`consolidated-00006-of-00009.safetensors` and 3 more"
    assert found.gaps[0].reason.endswith(names)


def test_a_huge_number_of_parts_costs_nothing(tmp_path: Path) -> None:
    names = [f"m/s{n}-00001-of-99999.safetensors" for n in range(200)]
    found = look(
        put(tmp_path, {"m/config.json": CONFIG, **dict.fromkeys(names, weights())})
    )
    assert len(found.gaps) == len(names)


def split(number: int, count: int, *tensors: str, **said: str | int) -> bytes:
    known = {"split__no": number, "split__count": count, "split__tensors__count": 3}
    return gguf(*tensors, **(known | said))


def parts(**more: object) -> dict[str, object]:
    files: dict[str, object] = {
        "q-00001-of-00002.gguf": split(
            0, 2, "a", general__architecture="llama", general__license="mit"
        ),
        "q-00002-of-00002.gguf": split(1, 2, "b", "c"),
    }
    return {
        name: content for name, content in (files | more).items() if content is not None
    }


WHOLE = "q-*-of-00002.gguf"


def test_parts_of_a_split_are_one_model(tmp_path: Path) -> None:
    found = look(put(tmp_path, parts()))
    known = facts(found, WHOLE)
    assert told(found) == []
    assert (known.format, known.parameters, known.tensors) == ("gguf", 12, 3)
    assert (known.family, model(found, WHOLE).licenses) == ("llama", ("MIT",))
    assert known.hyperparameters == ()
    assert contained(found, WHOLE) == [
        "file:q-00001-of-00002.gguf",
        "file:q-00002-of-00002.gguf",
    ]


@pytest.mark.parametrize(
    ("files", "state", "place"),
    [
        (parts(**{"q-00002-of-00002.gguf": None}), "unreadable", "."),
        (
            parts(**{"q-00002-of-00002.gguf": split(0, 2, "b", "c")}),
            "conflict",
            "q-00002-of-00002.gguf",
        ),
        (
            parts(**{"q-00002-of-00002.gguf": split(1, 3, "b", "c")}),
            "conflict",
            "q-00002-of-00002.gguf",
        ),
        (
            parts(**{"q-00002-of-00002.gguf": split(1, 2, "b")}),
            "conflict",
            "q-00001-of-00002.gguf",
        ),
    ],
    ids=["missing", "number", "count", "tensors"],
)
def test_where_parts_and_their_names_disagree_there_is_a_gap(
    tmp_path: Path, files: dict[str, object], state: str, place: str
) -> None:
    found = look(put(tmp_path, files))
    assert told(found) == [(state, place)]
    assert found.gaps[0].ref == f"file:{WHOLE}"


def test_a_part_that_is_not_called_so_is_a_gap(tmp_path: Path) -> None:
    found = look(put(tmp_path, {"q.gguf": split(0, 2, "a")}))
    assert told(found) == [("unreadable", "q.gguf")]
    assert found.gaps[0].ref == "file:q.gguf"
    assert len(found.components) == 1


def test_a_folder_contains_a_split_and_not_its_parts(tmp_path: Path) -> None:
    files = {f"m/{name}": content for name, content in parts().items()}
    found = look(put(tmp_path, {"m/config.json": CONFIG, **files}))
    assert contained(found) == ["file:m/config.json", f"file:m/{WHOLE}"]
    assert facts(found).parameters == 12


def test_two_splits_of_one_name_in_two_folders_stay_two(tmp_path: Path) -> None:
    files = {f"{n}/{name}": data for n in "ab" for name, data in parts().items()}
    found = look(put(tmp_path, files))
    assert told(found) == []
    assert len(contained(found, f"a/{WHOLE}")) == 2
    assert len(contained(found, f"b/{WHOLE}")) == 2


def test_an_index_may_name_many_tensors_in_a_time_that_grows_with_them(
    tmp_path: Path,
) -> None:
    names = [f"layer.{n}.weight" for n in range(20_000)]
    index = {"weight_map": dict.fromkeys(names, FIRST)}
    files = {INDEX: json.dumps(index), f"m/{FIRST}": weights(*names, shape=1)}
    found = look(put(tmp_path, {**files, f"m/{SECOND}": weights()}))
    assert [each[0] for each in told(found)] == ["conflict"]
