from pathlib import Path

import pytest

from mcpchain.component import ModelCard
from tests.model_folder.making import (
    CONFIG,
    facts,
    gguf,
    look,
    model,
    put,
    told,
    weights,
)

APACHE = (
    "                                 Apache License\n   Version 2.0, January 2004\n"
)
HUB = "huggingface.co"
MIT = """MIT License

Copyright (c) 2030 Acme

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
MORE = MIT + "\nOur modification: show the name of the model.\n"
GPL = "GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007\n"
LLAMA = "LLAMA 3.1 COMMUNITY LICENSE AGREEMENT\nLlama 3.1 Version Release Date: ..."


def read(root: Path, front: str, body: str = "", **more: object) -> ModelCard:
    """Return the card of a model whose README this is; there are no gaps."""
    files = {"m/README.md": f"---\n{front}\n---\n{body}", "m/m.safetensors": weights()}
    found = look(put(root, files | more))
    assert told(found) == []
    card = facts(found).card
    assert card is not None
    return card


@pytest.mark.parametrize(
    ("front", "licenses"),
    [
        ("license: mit", ("MIT",)),
        ("license: apache-2.0", ("Apache-2.0",)),
        ("license: cc-by-nc-4.0", ("CC-BY-NC-4.0",)),
        ("license: llama3.1", ("llama3.1",)),
        ("license: [mit, apache-2.0]", ("MIT", "Apache-2.0")),
        ("license: other\nlicense_name: acme-v1\nlicense_link: LICENSE", ("acme-v1",)),
        (
            "license: other\nlicense_link: https://u:p@l.example/x?k=s",
            ("https://l.example/x",),
        ),
        ("license: other", ()),
        ("license: unknown", ()),
        ("license:\ntags: [x]", ()),
    ],
    ids=[
        *("mit", "apache", "cc", "llama", "two", "name", "link", "other", "unknown"),
        "nothing",
    ],
)
def test_a_licence_is_an_id_of_spdx_or_a_name(
    tmp_path: Path, front: str, licenses: tuple[str, ...]
) -> None:
    files = {"m/README.md": f"---\n{front}\n---\n", "m/m.safetensors": weights()}
    found = look(put(tmp_path, {**files}))
    assert told(found) == []
    assert model(found).licenses == licenses
    assert facts(found).license == (licenses[0] if licenses else None)


@pytest.mark.parametrize(
    ("front", "more", "place"),
    [
        (
            "license: mit",
            {"m/config.json": CONFIG | {"license": "apache-2.0"}},
            "m/config.json#/license",
        ),
        (
            "license: mit",
            {"m/q.gguf": gguf("a", general__license="gpl-3.0")},
            "m/q.gguf",
        ),
        (
            "license: mit",
            {"m/n.safetensors": weights("a", metadata={"license": "gpl-3.0"})},
            "m/n.safetensors",
        ),
        ("license: mit", {"m/LICENSE": APACHE}, "m/LICENSE"),
        ("license: apache-2.0", {"m/license.txt": MIT}, "m/license.txt"),
        ("license: llama3.1", {"m/LICENSE.md": MIT}, "m/LICENSE.md"),
        ("license: apache-2.0", {"m/LICENSE": MORE}, "m/LICENSE"),
        ("license: other\nlicense_name: acme-v1", {"m/LICENSE": MIT}, "m/LICENSE"),
        ("license: gpl-2.0", {"m/COPYING": GPL}, "m/COPYING"),
        (
            "tags: [x]",
            {"m/config.json": CONFIG | {"license": "mit"}, "m/LICENSE": APACHE},
            "m/LICENSE",
        ),
    ],
)
def test_a_file_with_another_licence_is_a_conflict(
    tmp_path: Path, front: str, more: dict[str, object], place: str
) -> None:
    files = {"m/README.md": f"---\n{front}\n---\n", "m/m.safetensors": weights()}
    found = look(put(tmp_path, files | more))
    assert told(found) == [("conflict", place)]
    first = "m/config.json#/license" if "tags" in front else "m/README.md#/license"
    assert f"`{first}`" in found.gaps[0].reason
    assert found.gaps[0].ref == "file:m"


@pytest.mark.parametrize(
    ("front", "more"),
    [
        ("license: apache-2.0", {"m/LICENSE": APACHE}),
        ("license: MIT", {"m/LICENSE": MIT}),
        ("license: gpl-3.0", {"m/COPYING": GPL}),
        ("license: GPL-3.0-or-later", {"m/COPYING": GPL}),
        ("license: llama3.1", {"m/LICENSE": LLAMA}),
        ("license: other\nlicense_name: modified-mit", {"m/LICENSE": MORE}),
        ("license: mit", {"m/LICENSE": "All rights reserved.\n"}),
        ("license: mit", {"m/LICENSE": b"\xff\xfe\0"}),
        ("license: mit", {"m/LICENSE.py": APACHE, "LICENSE": APACHE}),
        ("license: [apache-2.0, mit]", {"m/LICENSE": MIT}),
        ("license: other", {"m/config.json": CONFIG | {"license": "mit"}}),
        ("license: mit", {"m/config.json": CONFIG | {"license": "other"}}),
        ("license: mit", {"m/config.json": CONFIG | {"license": None}}),
        ("license: mit", {"m/q.gguf": gguf("a", general__license="MIT")}),
    ],
)
def test_the_same_licence_in_other_words_is_no_conflict(
    tmp_path: Path, front: str, more: dict[str, object]
) -> None:
    files = {"m/README.md": f"---\n{front}\n---\n", "m/m.safetensors": weights()}
    assert told(look(put(tmp_path, files | more))) == []


def test_one_conflict_is_told_for_each_file(tmp_path: Path) -> None:
    metadata = {"license": "gpl-3.0"}
    files = {
        "m/README.md": "---\nlicense: mit\n---\n",
        "m/a.safetensors": weights("a", metadata=metadata),
        "m/b.safetensors": weights("b", metadata=metadata),
    }
    found = look(put(tmp_path, {**files}))
    assert told(found) == [
        ("conflict", "m/a.safetensors"),
        ("conflict", "m/b.safetensors"),
    ]


BODY = """
# Model
## Uses
Chat, <!-- a
comment --> only.

```python
# Limitations of this code
```
### Out-of-Scope Use
[More Information Needed]
#### Bias, Risks, and Limitations ####
May be wrong.
## 🌍 Environmental Impact
Much.
### Training
Nothing.
Uses
====
## Ethical Considerations [optional]
Some.
"""


def test_text_counts_under_the_heading_of_a_consideration(tmp_path: Path) -> None:
    card = read(tmp_path, "tags: [x]", BODY)
    chat = "Chat,  only.\n\n```python\n# Limitations of this code\n```"
    assert card.considerations == (
        ("environmentalConsiderations", "Much."),
        ("ethicalConsiderations", "Some."),
        ("technicalLimitations", "May be wrong."),
        ("useCases", chat),
    )


def test_much_text_is_cut(tmp_path: Path) -> None:
    card = read(tmp_path, "tags: [x]", "# Uses\n" + "x" * 5_000)
    ((_, text),) = card.considerations
    assert len(text) == 2_001


@pytest.mark.parametrize(
    "body",
    [
        "<!--" * 200_000,
        "#" * 500_000,
        "# " + " #" * 200_000,
        "# " + "#" * 200_000 + "x",
        "#" + " " * 200_000 + "x",
        "# Uses\n" * 100_000,
        "```\n" * 200_000,
        "[" * 200_000,
    ],
    ids=[
        "comments",
        "hashes",
        "heading",
        "end",
        "blank",
        "headings",
        "fences",
        "brackets",
    ],
)
def test_a_hostile_text_costs_little(tmp_path: Path, body: str) -> None:
    read(tmp_path, "tags: [x]", body)


def test_metrics_are_kept_as_they_are_written(tmp_path: Path) -> None:
    front = """
model-index:
- results:
  - dataset: {name: D, type: t}
    metrics:
    - {type: acc, value: 1.10}
    - {type: list, value: [1, 2]}
    - {type: yes, value: true}
  - metrics:
    - {type: n, value: 7}
- name: nothing
"""
    card = read(tmp_path, front)
    told_metrics = [(e.type, e.value, e.slice) for e in card.metrics]
    assert told_metrics == [
        ("acc", "1.10", "D"),
        ("list", "", "D"),
        ("yes", "true", "D"),
        ("n", "7", ""),
    ]


def test_too_many_metrics_are_a_limit(tmp_path: Path) -> None:
    some = "\n".join(f"    - {{type: t, value: {n}}}" for n in range(20_001))
    front = f"model-index:\n- results:\n  - metrics:\n{some}"
    files = {"m/README.md": f"---\n{front}\n---\n", "m/m.safetensors": weights()}
    found = look(put(tmp_path, {**files}))
    assert told(found) == [("limit", "m/README.md#/model-index")]


@pytest.mark.parametrize(
    ("written", "name", "purl"),
    [
        ("acme/base", "acme/base", "pkg:huggingface/acme/base"),
        ("/home/bob/models/base", "base", "None"),
        ("C:\\Users\\bob\\base", "base", "None"),
        ("~/base/", "base", "None"),
        ("../base", "../base", "None"),
        ("https://u:p@h.example/base?k=s", "https://h.example/base", "None"),
        (f"https://{HUB}/acme/base", "acme/base", "pkg:huggingface/acme/base"),
    ],
)
def test_a_base_is_told_without_secrets_and_without_a_users_folder(
    tmp_path: Path, written: str, name: str, purl: str
) -> None:
    front = f"tags: [x]\nbase_model: '{written}'"
    files = {"m/README.md": f"---\n{front}\n---\n", "m/m.safetensors": weights()}
    (base,) = facts(look(put(tmp_path, {**files}))).bases
    assert (base.name, str(base.purl)) == (name, purl)
