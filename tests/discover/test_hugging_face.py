from pathlib import Path

import pytest

from mcpchain.component import Basis, FileFacts
from mcpchain.discover import survey
from mcpchain.discover.hugging_face import DISCOVERER, ROLES
from mcpchain.inventory import Inventory
from mcpchain.tree import File, Tree

CARD = "---\nlibrary_name: transformers\n---\n"


def discover(folder: Path, name: str, text: str | bytes) -> Inventory:
    data = text.encode() if isinstance(text, str) else text
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def roles(found: Inventory) -> list[str]:
    return [
        each.facts.role
        for each in found.components
        if isinstance(each.facts, FileFacts)
    ]


@pytest.mark.parametrize("name", sorted(ROLES))
def test_a_name_that_nothing_else_has_is_enough(tmp_path: Path, name: str) -> None:
    found = discover(tmp_path, f"m/{name.upper()}", b"\xff")
    (component,) = found.components
    assert found.gaps == ()
    assert roles(found) == [ROLES[name]]
    assert component.basis is Basis.OBSERVED
    assert component.artifacts[0].digests


@pytest.mark.parametrize(
    ("name", "text", "role"),
    [
        ("config.json", '{"model_type": "bert"}', "configuration"),
        ("config.json", '{"architectures": []}', "configuration"),
        ("config.json", '{"_class_name": "UNet"}', "configuration"),
        ("README.md", CARD, "model-card"),
        ("README.md", "\ufeff" + CARD, "model-card"),
        ("model.safetensors.index.json", '{"weight_map": {}}', "index"),
        ("pytorch_model.bin.index.json", '{"weight_map": {}}', "index"),
        ("model.safetensors.index.fp16.json", '{"weight_map": {}}', "index"),
    ],
)
def test_of_other_names_the_content_decides(
    tmp_path: Path, name: str, text: str, role: str
) -> None:
    assert roles(discover(tmp_path, name, text)) == [role]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.json", '{"port": 80}'),
        ("config.json", "{"),
        ("config.json", b"\xff\xfe"),
        ("README.md", "# A project\n"),
        ("README.md", "---\ntitle: A page\n---\n"),
        ("README.md", "---\nlicense: mit\n---\n"),
        ("README.md", "---\n- a\n---\n"),
        ("README.md", "---\n{\n---\n"),
        ("README.md", "---\n\nA line above\n\n---\n"),
        ("README.md", "---\ndataset_info: {}\npretty_name: D\n---\n"),
        ("search.index.json", '{"documents": []}'),
        ("index.json", '{"weight_map": {}}'),
        ("tokenizer.py", "x"),
    ],
)
def test_what_is_about_no_model_is_nothing_and_no_alarm(
    tmp_path: Path, name: str, text: str | bytes
) -> None:
    found = discover(tmp_path, name, text)
    assert (found.components, found.gaps) == ((), ())


@pytest.mark.parametrize("name", ["config.json", "README.md", "tokenizer.json"])
def test_a_name_of_no_file_is_a_gap(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("nowhere")
    found = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert [each.location.path for each in found.gaps] == [name]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("a/CONFIG.JSON", True), ("a/xconfig.json", False), ("a/readme.md", True)],
)
def test_names_are_whole_and_in_any_case(path: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=path)) is wanted
