import pytest

from mcpchain.source_repository import place


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/acme/files",
        "https://GitHub.com/Acme/Files",
        "https://github.com/acme/files/",
        "https://github.com/acme/files.git",
        "git+https://github.com/acme/files.git",
        "git+ssh://git@github.com/acme/files.git",
        "git@github.com:acme/files.git",
        "https://user:secret@github.com/acme/files#readme",
    ],
)
def test_spellings_of_one_repository_are_equal(address: str) -> None:
    assert place(address) == ("github.com", "acme/files")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "github.com/acme/files",
        "acme/files",
        "https://github.com/acme",
        "https://github.com/acme/files/tree/main",
        "https://github.com/acme/../evil",
        "https://github.com//acme/files",
        "https://github.com:443/acme/files",
        "https://www.github.com",
        "javascript://github.com/acme/files",
        "https://gіthub.com/acme/files",  # noqa: RUF001 - a Cyrillic letter
        "https://github.com/acme/fіles",  # noqa: RUF001 - a Cyrillic letter
        "https://github.com/acme/fi les",
        "https://github.com\\@evil.example/acme/files",
    ],
)
def test_what_is_not_clearly_a_repository_is_none(address: str) -> None:
    assert place(address) == ("", "")


def test_the_path_of_an_unknown_host_keeps_its_case() -> None:
    assert place("https://git.example/A/b/C") == ("git.example", "A/b/C")
