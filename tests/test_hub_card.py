import pytest

from mcpchain.errors import MalformedError
from mcpchain.hub_card import LIMIT, body, front_matter, is_dataset, is_model


@pytest.mark.parametrize(
    "data",
    [
        b"---\nlicense: mit\n---\n# Data\n",
        b"\xef\xbb\xbf---\nlicense: mit\n---\n# Data\n",
        b"---\r\nlicense: mit\r\n---\r\n# Data\r\n",
        b"---\rlicense: mit\r---\r# Data",
        b"\n \n---  \nlicense: mit\n---  \n# Data\n",
        b"---\nlicense: mit\n---",
    ],
    ids=["unix", "mark", "windows", "old-mac", "blanks", "nothing-else"],
)
def test_yaml_in_front_is_read_and_the_rest_is_the_body(data: bytes) -> None:
    card = front_matter(data, "README.md")
    assert card is not None
    assert card.value == {"license": "mit"}
    assert body(data).strip() in {b"# Data", b""}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"# Data\n---\nlicense: mit\n---\n",
        b"---",
        b"---\nSome text under a rule\n",
        b"---\n# Title: a story\n",
        b"---\nhttps://x.example/\n",
        b"----\nlicense: mit\n----\n",
        b"--- license: mit\n---\n",
        b"\xff\xfe-\x00-\x00-\x00\n\x00",
        b"\n" * 100_000,
    ],
    ids=[
        *("empty", "later", "line-alone"),
        *("text-under-a-rule", "heading", "address"),
        *("longer-line", "one-line", "utf-16", "blanks-alone"),
    ],
)
def test_what_has_no_yaml_in_front_is_all_body(data: bytes) -> None:
    assert front_matter(data, "README.md") is None
    assert body(data) == data


@pytest.mark.parametrize(
    "data",
    [
        b"---\nlicense: mit",
        b"---\r\nlicense: mit\r\n\r\n# Title\r\n",
        b"---\n\n\nlicense:\n  mit\n",
        b"\xef\xbb\xbf\n---\nmodel-index:\n- name: x\n--- x\n",
    ],
    ids=["at-the-end", "before-text", "after-blank-lines", "other-end"],
)
def test_front_matter_without_end_is_malformed_and_not_lost(data: bytes) -> None:
    with pytest.raises(MalformedError, match="has no end"):
        front_matter(data, "README.md")
    assert body(data) == data


def test_front_matter_that_is_empty_is_null() -> None:
    card = front_matter(b"---\n---\n", "README.md")
    assert card is not None
    assert card.value is None
    assert not is_dataset(card)
    assert not is_model(card)


@pytest.mark.parametrize(
    "yaml",
    [
        b"a: [",
        b"a: !!python/object/apply:os.system [x]",
        b"a: &a [*a]",
        b"\xff: x",
        b"- " * 500 + b"x",
        b"x" * (LIMIT + 1),
    ],
    ids=["open", "tag", "loop", "latin-1", "deep", "long"],
)
def test_front_matter_that_is_no_plain_yaml_is_refused(yaml: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        front_matter(b"---\n" + yaml + b"\n---\n", "cards/README.md")
    assert caught.value.source == "cards/README.md"


def test_the_first_line_of_dashes_ends_the_front_matter() -> None:
    card = front_matter(b"---\na: 1\n---\nb: 2\n---\n", "README.md")
    assert card is not None
    assert card.value == {"a": 1}


@pytest.mark.parametrize(
    ("yaml", "kind"),
    [
        ("task_categories: [text-classification]", "data"),
        ("size_categories: [n<1K]", "data"),
        ("dataset_info: {features: []}", "data"),
        ("configs: [{config_name: default, data_files: x.csv}]", "data"),
        ("annotations_creators: [found]", "data"),
        ("size_categories: [n<1K]\nlibrary_name: datasets", "data"),
        ("pipeline_tag: text-generation", "model"),
        ("base_model: acme/base", "model"),
        ("library_name: transformers\ndatasets: [acme/corpus]", "model"),
        ("model-index: []", "model"),
        ("pipeline_tag: text-generation\ntask_categories: [x]", "model"),
        ("license: mit\nlanguage: [en]\ntags: [x]\ndatasets: [acme/corpus]", ""),
        ("title: Demo\nsdk: gradio\napp_file: app.py", ""),
        ("layout: page\ntitle: configs", ""),
        ("configs", ""),
        ("[configs, pipeline_tag]", ""),
        ("3", ""),
    ],
)
def test_a_card_is_about_a_data_set_or_a_model_or_neither(yaml: str, kind: str) -> None:
    card = front_matter(f"---\n{yaml}\n---\n".encode(), "README.md")
    assert card is not None
    assert (is_dataset(card), is_model(card)) == (kind == "data", kind == "model")


def test_many_lines_of_dashes_take_no_time() -> None:
    data = b"---\n" + b"--- x\n" * 200_000
    assert front_matter(data, "README.md") is None
    assert body(data + b"---" + b" " * 200_000 + b"x").startswith(b"---")
