"""`mcpchain trust`: what is said, and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from tests.world.server import Server
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.tuf import repository

INSTANCE = Instance()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "mcpchain" / "trust"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    file = tmp_path / "acme.json"
    file.write_bytes(INSTANCE.trusted_root())
    return file


def run(*args: str | Path, **given: bytes) -> Result:
    words = ["trust", *(str(each) for each in args)]
    return CliRunner().invoke(main, words, input=given.get("stdin"))


def test_what_came_with_mcpchain_is_listed() -> None:
    result = run("list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [each for each in lines if each and not each.startswith(" ")] == [
        "npm: shipped, used",
        "sigstore: shipped, used",
        "sigstore.tuf: shipped, used",
    ]
    assert "  log: https://rekor.sigstore.dev" in lines
    assert any("days old)" in each for each in lines)


def test_json_lists_the_same() -> None:
    document = json.loads(run("list", "--format", "json").stdout)
    assert document["schema"] == "mcpchain/trust/v1"
    (found,) = (each for each in document["files"] if each["name"] == "sigstore")
    assert (found["source"], found["used"]) == ("shipped", True)
    assert len(found["sha256"]) == 64
    assert {each["role"] for each in found["knows"]} == {
        *("log", "certificate log", "authority", "timestamp authority"),
    }


def test_an_import_is_listed_and_one_that_was_changed_is_refused(
    root: Path, data: Path
) -> None:
    result = run("import", root)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("imported acme: sha256:")
    assert "acme: imported\n" in run("list").stdout
    (file,) = (each for each in data.iterdir() if each.name != "imported.json")
    file.write_bytes(b"{}")
    result = run("list")
    assert result.exit_code == 4
    assert "acme: imported\n  refused: the root `acme` was changed" in result.stdout
    document = json.loads(run("list", "--format", "json").stdout)
    (found,) = (each for each in document["files"] if each["name"] == "acme")
    assert "was changed" in found["problem"]


def test_the_same_root_again_is_no_news_and_keeps_its_age(
    root: Path, data: Path
) -> None:
    assert run("import", root).stderr.startswith("imported acme: sha256:")
    index = data / "imported.json"
    today = json.loads(index.read_text())["roots"]["acme"]["date"]
    index.write_text(index.read_text().replace(today, "2026-01-02"))
    told = run("import", root).stderr
    assert told.startswith("acme is the same since it was imported on 2026-01-02: ")
    assert "2026-01-02" in index.read_text()
    told = run("import", root, "--replace").stderr
    assert told.startswith(f"acme is the same since it was imported on {today}: ")


def test_a_root_that_was_changed_and_is_imported_again_is_news(
    root: Path, data: Path
) -> None:
    told = f"imported {run('import', root).stderr.split()[1]}"
    (file,) = (each for each in data.glob("*.json") if each.name != "imported.json")
    file.write_text("{}")
    assert run("import", root).stderr.startswith(told)
    assert run("import", root).stderr.startswith("acme is the same since")


def test_it_is_told_that_an_ended_root_of_tuf_does_no_harm() -> None:
    lines = run("list").stdout.splitlines()
    at = lines.index("sigstore.tuf: shipped, used")
    told = "  where `mcpchain trust update` begins; that works after its end too"
    assert lines[at + 3] == told


@pytest.mark.parametrize(
    ("stdin", "words"),
    [
        (b"", "error: `standard input` is no trusted root: holds nothing\n"),
        (b"{}", "error: `standard input` is no trusted root: /"),
    ],
    ids=["nothing", "no root"],
)
def test_what_is_no_root_is_told_in_one_sentence(stdin: bytes, words: str) -> None:
    result = run("import", "-", stdin=stdin)
    assert (result.exit_code, result.stderr.startswith(words)) == (2, True)


def test_a_line_beyond_the_last_is_told_how_many_there_are(root: Path) -> None:
    result = run("import", root, "--line", "2")
    assert result.stderr == (
        "error: `acme.json` has no line 2\nhint: it holds 1 root\n"
    )


def test_a_line_of_standard_input_is_imported(root: Path) -> None:
    two = root.read_bytes() + b"\n" + Instance(host="two.example").trusted_root()
    assert run("import", "-", stdin=two).exit_code == 2
    result = run("import", "-", "--line", "2", "--name", "two", stdin=two)
    assert result.exit_code == 0, result.output
    assert "  authority: https://two.example" in run("list").stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("import", "ROOT", "--name", "sigstore"), "there is a root called `sigstore`"),
        (("import", "ROOT", "--name", "../x"), "is no name for a root"),
        (("import", "ROOT", "--line", "2"), "has no line 2"),
        (("import", "-"), "is no trusted root"),
        (("import", "no.json"), "No such file"),
    ],
    ids=str,
)
def test_what_cannot_be_imported_is_a_wrong_use(
    args: tuple[str, ...], words: str, root: Path, data: Path
) -> None:
    result = run(*(root if each == "ROOT" else each for each in args), stdin=b"{}")
    assert (result.exit_code, words in result.output) == (2, True), result.output
    assert not data.exists()


def test_what_is_huge_is_no_root(tmp_path: Path) -> None:
    file = tmp_path / "huge.json"
    file.write_bytes(b" " * (5 << 20))
    result = run("import", file)
    assert (result.exit_code, "is larger than" in result.output) == (2, True)


def test_offline_an_update_fails_and_says_why() -> None:
    result = run("update", "--offline")
    assert result.exit_code == 4
    assert "was not asked (offline)" in result.stderr
    assert "hint: run without `--offline`" in result.stderr


def test_a_mirror_offers_only_what_the_owners_have_signed(data: Path) -> None:
    with Server() as server:
        repository(INSTANCE).place(server)
        result = run("update", "--mirror", server.address)
    assert result.exit_code == 4
    assert "is refused: " in result.stderr
    assert server.paths() == ["/16.root.json", "/timestamp.json"]
    assert not data.exists()


def test_a_mirror_that_is_not_there_is_said() -> None:
    with Server() as server:
        address = server.address
    result = run("update", "--mirror", address)
    assert result.exit_code == 4
    assert "cannot be reached" in result.stderr
    assert "hint: " in result.stderr
