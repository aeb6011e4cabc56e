import pytest

from mcpchain import hub_name

HUB = "huggingface.co"


@pytest.mark.parametrize("name", ["gpt2", "acme/base", "Acme-1/Base_2.5", "a/_b"])
def test_names_of_the_hub(name: str) -> None:
    assert hub_name.is_name(name)
    assert str(hub_name.model(name)) == f"pkg:huggingface/{name}"


@pytest.mark.parametrize(
    "name",
    [
        *("", "/", "a/", "/a", "a/b/c", "../a", "./a", ".a", "a/..", "~/a", "C:\\a"),
        *("a--b/c", "a b", "a/b\n", "a/b.gguf", "b.safetensors", "a@b", "é/a", "-a"),
        *("a" * 97, "https://h.example/a", "a\0", "a//b", "a/b.", "a/b?c", "a/b#c"),
    ],
    ids=ascii,
)
def test_what_is_a_path_or_nothing_at_all_is_no_name(name: str) -> None:
    assert not hub_name.is_name(name)


def test_a_purl_has_a_commit_and_a_data_set_says_that_it_is_one() -> None:
    commit = "0a" * 20
    assert str(hub_name.model("a/b", commit)) == f"pkg:huggingface/a/b@{commit}"
    found = str(hub_name.data_set("a/b"))
    assert found == "pkg:huggingface/a/b?repo_type=dataset"


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("0a" * 20, True),
        ("0A" * 20, False),
        ("0a" * 32, False),
        ("0a" * 20 + "\n", False),
        ("main", False),
    ],
    ids=ascii,
)
def test_a_commit_is_forty_digits(text: str, *, known: bool) -> None:
    assert hub_name.is_commit(text) is known


@pytest.mark.parametrize(
    ("url", "model", "data"),
    [
        (f"https://{HUB}/acme/base", "acme/base", "acme/base"),
        (f"https://u:p@{HUB}/acme/base/tree/main?k=v", "acme/base", "acme/base"),
        (f"https://{HUB}/datasets/acme/d", None, "acme/d"),
        (f"https://{HUB}/spaces/acme/d", None, None),
        (f"https://{HUB}/", None, None),
        (f"https://{HUB}.evil.example/acme/base", None, None),
        (f"https://evil.example/{HUB}/acme", None, None),
        ("acme/base", None, None),
    ],
)
def test_only_a_page_of_the_hub_names_a_repository(
    url: str, model: str | None, data: str | None
) -> None:
    assert hub_name.from_address(url) == model
    assert hub_name.from_address(url, of_data=True) == data


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("models--acme--base", "acme/base"),
        ("models--gpt2", "gpt2"),
        ("models--a--b-c", "a/b-c"),
        ("models--a--b--c", None),
        ("models----", None),
        ("datasets--acme--d", None),
        ("models", None),
    ],
)
def test_the_folder_of_a_cache_names_its_model(folder: str, name: str | None) -> None:
    assert hub_name.from_cache(folder) == name
