import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Algorithm, Digest
from mcpchain.component import (
    BaseModel,
    Basis,
    Component,
    Kind,
    LicenseText,
    ModelFacts,
    Pin,
)
from mcpchain.discover import survey
from mcpchain.discover.modelfile import DISCOVERER
from mcpchain.inventory import Inventory, RelationKind
from mcpchain.tree import File, Tree

HUB = "hf.co"


def discover(folder: Path, text: str | bytes, name: str = "Modelfile") -> Inventory:
    data = text.encode() if isinstance(text, str) else text
    (folder / name).write_bytes(data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def own(found: Inventory) -> Component:
    (component,) = (e for e in found.components if e.basis is Basis.OBSERVED)
    return component


def bases(found: Inventory) -> list[Component]:
    return [each for each in found.components if each.basis is Basis.DECLARED]


WHOLE = '''# A helper
FROM llama3.2:3b
ADAPTER ./lora.gguf
parameter num_ctx 4096
PARAMETER temperature 0.7
PARAMETER stop "<|a|>"
PARAMETER stop <|b|>
TEMPLATE """{{ .System }}
FROM evil
{{ .Prompt }}"""
SYSTEM You are "helpful".
MESSAGE user Is """this
one text"""?
LICENSE mit
LICENSE """
Copyright (c) Acme
All rights reserved.
"""
'''


def test_a_modelfile_is_a_model_with_all_that_it_adds(tmp_path: Path) -> None:
    (tmp_path / "lora.gguf").write_bytes(b"")
    found = discover(tmp_path, WHOLE)
    component = own(found)
    (base,) = bases(found)
    template = b"{{ .System }}\nFROM evil\n{{ .Prompt }}"
    digest = hashlib.sha256(template).hexdigest()
    assert component.facts == ModelFacts(
        format="modelfile",
        license="MIT",
        hyperparameters=(
            ("_undefined:stop", '"<|a|>", <|b|>'),
            ("_undefined:temperature", "0.7"),
            ("context_length", "4096"),
        ),
        chat_template=Digest(algorithm=Algorithm.SHA256, value=digest),
        bases=(
            BaseModel(name="./lora.gguf", relation="adapter"),
            BaseModel(name="llama3.2:3b"),
        ),
    )
    assert component.licenses == ("MIT",)
    text = "Copyright (c) Acme\nAll rights reserved."
    assert component.license_texts == (LicenseText(name="LICENSE", text=text),)
    assert component.artifacts[0].digests
    assert (base.name, base.requested, base.pin) == ("llama3.2", "3b", Pin.TAG)
    assert (base.kind, base.purl, base.location.line) == (Kind.MODEL, None, 2)
    (edge,) = found.relations
    assert (edge.source, edge.target) == (component.ref, base.ref)
    assert edge.kind is RelationKind.DEPENDS_ON


@pytest.mark.parametrize(
    ("written", "name", "tag", "purl"),
    [
        ("llama3.2", "llama3.2", "", "None"),
        ("llama3.2:latest", "llama3.2", "", "None"),
        ("acme/helper:7b", "acme/helper", "7b", "None"),
        ("registry.example:5000/a/b:c", "registry.example:5000/a/b", "c", "None"),
        (
            f"{HUB}/acme/q-GGUF:Q4_K_M",
            "acme/q-GGUF",
            "Q4_K_M",
            "pkg:huggingface/acme/q-GGUF",
        ),
        (f"https://{HUB}/acme/q", "acme/q", "", "pkg:huggingface/acme/q"),
        ("https://u:p@h.example/a?k=s", "https://h.example/a", "", "None"),
    ],
)
def test_a_model_in_a_registry_is_whatever_its_tag_means(
    tmp_path: Path, written: str, name: str, tag: str, purl: str
) -> None:
    found = discover(tmp_path, f"FROM {written}\n")
    (base,) = bases(found)
    assert found.gaps == ()
    assert (base.name, base.requested, str(base.purl)) == (name, tag, purl)
    assert base.pin is (Pin.TAG if tag else Pin.FLOATING)
    assert base.version is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no `FROM`"),
        ("SYSTEM x\n", "no `FROM`"),
        ("FROM\n", "no instruction"),
        ("FROM a\nEVIL b\n", "`EVIL`"),
        ('FROM a\nSYSTEM """x\nFROM b\n', "never ends"),
        (b"FROM a\xff\n", "not UTF-8"),
        ("FROM a\n" + "x" * 1_000 + "\n", "line 2"),
        ("https://u:secret@h.example/?k=v x\n", "no instruction"),
    ],
)
def test_what_is_malformed_is_a_gap_and_the_file_is_hashed(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    found = discover(tmp_path, text)
    assert any(words in each.reason for each in found.gaps)
    assert own(found).artifacts[0].digests
    assert "secret" not in repr(found)


def test_what_stands_before_a_flaw_is_kept(tmp_path: Path) -> None:
    found = discover(tmp_path, "FROM a\nEVIL b\nFROM c\n")
    assert [each.name for each in bases(found)] == ["a"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Modelfile", True),
        ("modelfile.helper", True),
        ("Modelfile-7b", True),
        ("helper.Modelfile", True),
        ("Modelfile.md", False),
        ("modelfile.py", False),
        ("MyModelfile", False),
        ("Dockerfile", False),
    ],
)
def test_it_is_known_by_its_name(name: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=f"a/{name}")) is wanted


def test_too_many_instructions_are_a_limit(tmp_path: Path) -> None:
    found = discover(tmp_path, "FROM a\n" + "PARAMETER stop x\n" * 10_001)
    assert [each.state.value for each in found.gaps] == ["limit"]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_text_is_a_component_or_a_gap(text: str | bytes) -> None:
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    with tempfile.TemporaryDirectory() as folder:
        found = discover(Path(folder), b"FROM " + data)
    assert own(found).artifacts[0].digests
    assert found.gaps or bases(found)
