from pathlib import Path

import pytest

from mcpchain.component import Basis, Component, Kind, Pin
from mcpchain.inventory import Inventory, RelationKind
from tests.model_folder.making import (
    CONFIG,
    facts,
    gguf,
    look,
    model,
    put,
    targets,
    told,
    weights,
)

COMMIT = "0a" * 20
BASE: dict[str, object] = {
    "base/config.json": CONFIG,
    "base/model.safetensors": weights("a"),
}


def adapter(base: object, **more: object) -> dict[str, object]:
    config = {"peft_type": "LORA", "base_model_name_or_path": base} | more
    return {
        "m/adapter_config.json": config,
        "m/adapter_model.safetensors": weights("lora"),
    }


def needed(found: Inventory) -> Component:
    """Return what the adapter is loaded onto."""
    (ref,) = targets(found, model(found), RelationKind.DEPENDS_ON)
    (component,) = (each for each in found.components if each.ref == ref)
    return component


@pytest.mark.parametrize(
    ("revision", "version", "pin", "requested"),
    [
        (None, None, Pin.FLOATING, ""),
        ("main", None, Pin.TAG, "main"),
        (COMMIT, COMMIT, Pin.COMMIT, ""),
        (COMMIT[:7], None, Pin.TAG, COMMIT[:7]),
        (COMMIT.upper(), None, Pin.TAG, COMMIT.upper()),
    ],
)
def test_the_base_of_an_adapter_is_fetched_from_the_hub(
    tmp_path: Path, revision: str | None, version: str | None, pin: Pin, requested: str
) -> None:
    found = look(put(tmp_path, adapter("acme/base", revision=revision)))
    base = needed(found)
    at = f"@{version}" if version else ""
    assert told(found) == []
    assert (base.kind, base.name, base.version) == (Kind.MODEL, "acme/base", version)
    assert (base.pin, base.requested, base.basis) == (pin, requested, Basis.DECLARED)
    assert base.ref == str(base.purl) == f"pkg:huggingface/acme/base{at}"
    assert str(base.location) == "m/adapter_config.json#/base_model_name_or_path"
    (known,) = facts(found).bases
    assert (known.name, known.relation) == ("acme/base", "adapter")


@pytest.mark.parametrize("written", ["../base", "base", "./../base/", "..\\base"])
def test_a_base_that_lies_in_the_tree_is_the_one_there(
    tmp_path: Path, written: str
) -> None:
    found = look(put(tmp_path, BASE | adapter(written)))
    assert told(found) == []
    assert needed(found).ref == "file:base"


def test_a_base_in_a_cache_of_the_tree_is_the_snapshot(tmp_path: Path) -> None:
    folder = f"models--acme--base/snapshots/{COMMIT}"
    cache = {f"{folder}/config.json": CONFIG, f"{folder}/m.safetensors": weights()}
    found = look(put(tmp_path, cache | adapter("acme/base")))
    assert needed(found).version == COMMIT


def test_of_two_snapshots_none_is_chosen_by_guess(tmp_path: Path) -> None:
    files: dict[str, object] = {}
    for commit in (COMMIT, "0b" * 20):
        folder = f"models--acme--base/snapshots/{commit}"
        files |= {f"{folder}/config.json": CONFIG, f"{folder}/m.safetensors": weights()}
    first = look(put(tmp_path / "a", files | adapter("acme/base")))
    assert needed(first).pin is Pin.FLOATING
    second = look(put(tmp_path / "b", files | adapter("acme/base", revision=COMMIT)))
    assert needed(second).locations[0].path.endswith(COMMIT)


@pytest.mark.parametrize(
    "written",
    [
        *("/home/bob/base", "C:\\Users\\bob\\base", "~/base", "../../base", "./gone"),
        *("gone/", "a/b/c", "gone.gguf", "file:///home/bob/base", "acme/ba se"),
    ],
)
def test_a_base_that_is_nowhere_is_a_gap_that_tells_no_user(
    tmp_path: Path, written: str
) -> None:
    found = look(put(tmp_path, adapter(written)))
    place = "m/adapter_config.json#/base_model_name_or_path"
    assert told(found) == [("unreadable", place)]
    assert found.gaps[0].ref == "file:m"
    assert "bob" not in repr(found)
    assert targets(found, model(found), RelationKind.DEPENDS_ON) == []


def test_a_model_is_not_its_own_base(tmp_path: Path) -> None:
    found = look(put(tmp_path, adapter("../m")))
    assert targets(found, model(found), RelationKind.DEPENDS_ON) == []


@pytest.mark.parametrize(
    ("card", "base", "conflict"),
    [
        ("acme/base", "acme/base", False),
        ("Acme/Base", "acme/base", False),
        ("[acme/other, acme/base]", "acme/base", False),
        ("acme/base", "../base", False),
        ("/home/bob/base", "acme/base", False),
        ("acme/other", "acme/base", True),
        ("acme/Base-8B", "copies/base-8b-bnb-4bit", False),
        ("acme/Meta-Base-8B", "copies/base-8b-unsloth-bnb-4bit", False),
        ("copies/Base-8B-GPTQ", "acme/Base-8B", False),
        ("acme/Base-8B", "acme/Base-70B", True),
        ("acme/Base-8B", "copies/base-8b-evil", True),
    ],
)
def test_a_card_that_names_another_base_is_a_conflict(
    tmp_path: Path, card: str, base: str, *, conflict: bool
) -> None:
    readme = {"m/README.md": f"---\nbase_model: {card}\n---\n"}
    found = look(put(tmp_path, BASE | adapter(base) | readme))
    expected = [("conflict", "m/README.md#/base_model")] if conflict else []
    assert told(found) == expected


def test_an_adapter_that_imports_from_elsewhere_says_so(tmp_path: Path) -> None:
    mapping = {"parent_library": "evil.models", "base_model_class": "Evil"}
    found = look(put(tmp_path, adapter("acme/base", auto_mapping=mapping)))
    assert facts(found).imports == ("evil.models.Evil",)
    mapping["parent_library"] = "transformers.models.bert"
    found = look(put(tmp_path, adapter("acme/base", auto_mapping=mapping)))
    assert facts(found).imports == ()


def test_a_modelfile_is_made_from_what_lies_beside_it(tmp_path: Path) -> None:
    files = {
        "o/Modelfile": "FROM ./q.gguf\nADAPTER ../m\n",
        "o/q.gguf": gguf("a"),
    }
    found = look(put(tmp_path, files | adapter("acme/base")))
    assert told(found) == []
    source = model(found, "o/Modelfile")
    known = targets(found, source, RelationKind.DEPENDS_ON)
    assert known == ["file:m", "file:o/q.gguf"]


@pytest.mark.parametrize(
    "written", ["./gone.gguf", "../../q.gguf", "/home/bob/q.gguf", "C:\\bob\\q.gguf"]
)
def test_a_modelfile_that_is_made_from_nothing_here_is_a_gap(
    tmp_path: Path, written: str
) -> None:
    found = look(put(tmp_path, {"Modelfile": f"FROM {written}\n"}))
    assert told(found) == [("unreadable", "Modelfile")]
    assert found.gaps[0].ref == "file:Modelfile"
    assert "bob" not in repr(found)


@pytest.mark.parametrize("path", ["../base", "base", "./../m/../base/"])
def test_a_base_that_lies_beside_is_named_by_its_bytes(
    tmp_path: Path, path: str
) -> None:
    found = look(put(tmp_path, adapter(path) | BASE))
    (base,) = facts(found).bases
    assert base.name == path
    assert base.purl is not None
    assert base.purl == needed(found).purl == model(found, "base").purl


def test_a_base_of_the_hub_is_not_what_lies_beside(tmp_path: Path) -> None:
    card = {"m/README.md": "---\nbase_model: acme/base\n---\n"}
    found = look(put(tmp_path, adapter("../base") | BASE | card))
    purls = {each.name: each.purl for each in facts(found).bases}
    assert purls["../base"] == model(found, "base").purl
    assert str(purls["acme/base"]) == "pkg:huggingface/acme/base"
