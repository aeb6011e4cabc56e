"""`mcpchain sign` on folders of models, and what the reference tool says of them."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from tests.sign.keys import KINDS, lay_key
from tests.sign.reference import model_signing
from tests.world.sigstore.models import FILES, lay, resources, root_of

Json = dict[str, Any]


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(each) for each in args])


def sign(*args: str | Path) -> Result:
    return run("sign", *args, "--key", "release.key")


def verify(*args: str | Path) -> int:
    return run("verify", *args, "--key", "release.pub").exit_code


@pytest.fixture
def llama(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay_key(tmp_path)
    return lay(tmp_path / "llama")


def statement(file: Path) -> Json:
    bundle = json.loads(file.read_bytes())
    found: Json = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    return found


@pytest.mark.parametrize("words", [("llama",), ("model", "llama"), ("llama/",)])
def test_a_folder_is_signed_as_a_model(words: tuple[str, ...], llama: Path) -> None:
    done = sign(*words)
    assert done.exit_code == 0, done.output
    assert "  bundle: llama/model.sig\n" in done.stdout
    assert verify("llama") == 0
    listed = resources(FILES)
    assert statement(llama / "model.sig") == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "llama", "digest": {"sha256": root_of(listed)}}],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": [
                    *(".git", ".gitattributes", ".github", ".gitignore"),
                    "model.sig",
                ],
            },
            "resources": listed,
        },
    }
    (llama / "config.json").write_bytes(b"{}")
    assert verify("llama") == 10


def test_folders_are_ordered_as_in_the_reference(llama: Path) -> None:
    lay(llama, {"a.b": b"", "a/b": b"", "a-b": b"", "é": b"", "Z": b"", "%41": b""})
    assert sign("llama").exit_code == 0
    found = statement(llama / "model.sig")["predicate"]["resources"]
    assert [each["name"] for each in found] == [
        *("%41", "Z", "a/b", "a-b", "a.b"),
        *("code/modeling.py", "config.json", "model.safetensors", "é"),
    ]
    assert verify("llama") == 0


def test_it_is_signed_again_only_if_asked(llama: Path) -> None:
    assert sign("llama").exit_code == 0
    done = sign("llama")
    assert (done.exit_code, "`llama/model.sig` exists" in done.output) == (2, True)
    lay(llama, {"new.json": b"{}"})
    assert verify("llama") == 10
    assert sign("llama", "--force").exit_code == 0
    assert verify("llama") == 0


def test_the_signature_may_lie_elsewhere(llama: Path) -> None:
    assert sign("llama", "--bundle", "llama.sig").exit_code == 0
    assert verify("llama") == 0
    (llama.parent / "out").mkdir()
    assert sign("llama", "--output-dir", "out").exit_code == 0
    assert os.listdir("out") == ["llama.sig"]
    assert verify("llama", "--bundle", "out/llama.sig") == 0
    ignored = statement(llama.parent / "llama.sig")["predicate"]["serialization"]
    assert "model.sig" not in ignored["ignore_paths"]


def test_a_file_is_a_model_after_the_word(tmp_path: Path, llama: Path) -> None:
    (tmp_path / "w.gguf").write_bytes(b"GGUF")
    assert sign("model", "w.gguf").exit_code == 0
    assert verify("w.gguf") == 0
    found = statement(tmp_path / "w.gguf.sig")["predicate"]
    assert [each["name"] for each in found["resources"]] == ["."]
    assert "ignore_paths" not in found["serialization"]
    (tmp_path / "model").mkdir()
    done = sign("model", llama)
    assert (done.exit_code, "is a word of this command" in done.output) == (2, True)
    assert sign("./model").exit_code == 2  # a folder of nothing


def test_what_is_left_out_is_recorded_and_told(llama: Path) -> None:
    lay(llama, {"docs/a.md": b"", "run.py": b"", ".git/HEAD": b"", "x/.git": b""})
    done = sign("llama", "--ignore", "docs/", "--ignore", "run.py")
    assert done.exit_code == 0, done.output
    told = "note: not signed: `--ignore` leaves out `docs/a.md`, `run.py`"
    assert told in done.stdout
    assert "note: not signed, and a program may load it: `run.py`" in done.stdout
    predicate = statement(llama / "model.sig")["predicate"]
    assert {"docs", "run.py"} < {*predicate["serialization"]["ignore_paths"]}
    signed = {each["name"] for each in predicate["resources"]}
    assert signed == {*FILES, "x/.git"}
    assert verify("llama") == 10
    assert verify("llama", "--ignore", "run.py") == 0


@pytest.mark.parametrize("path", ["..", "/etc", "", "."])
def test_only_a_part_of_the_folder_is_left_out(path: str, llama: Path) -> None:
    done = sign("llama", "--ignore", path)
    assert (done.exit_code, "is no path in the folder" in done.output) == (2, True)
    assert not (llama / "model.sig").exists()


def test_links_are_signed_only_if_asked(llama: Path) -> None:
    (llama / "link.json").symlink_to("config.json")
    done = sign("llama")
    assert (done.exit_code, "is a symbolic link" in done.output) == (2, True)
    assert sign("llama", "--allow-symlinks").exit_code == 0
    assert verify("llama") == 0
    serialization = statement(llama / "model.sig")["predicate"]["serialization"]
    assert serialization["allow_symlinks"] is True
    (llama / "gone.json").symlink_to("nowhere")
    left_out = ("--ignore=gone.json", "--allow-symlinks", "--force")
    assert sign("llama", *left_out).exit_code == 0


def out(llama: Path) -> None:
    (llama / "evil").symlink_to("/etc/passwd")


def beside(llama: Path) -> None:
    (llama.parent / "secret").write_text("s")
    (llama / "evil").symlink_to("../secret")


def nowhere(llama: Path) -> None:
    (llama / "evil").symlink_to("nothing")


def round_and_round(llama: Path) -> None:
    (llama / "evil").symlink_to("evil")


def to_a_folder(llama: Path) -> None:
    (llama / "evil").symlink_to("code")


def pipe(llama: Path) -> None:
    os.mkfifo(llama / "evil")


def twin(llama: Path) -> None:
    (llama / "CONFIG.json").write_bytes(b"evil")


def no_utf8(llama: Path) -> None:
    (llama / os.fsdecode(b"evil\xff")).write_bytes(b"")


def backslash(llama: Path) -> None:
    (llama / "..\\evil").write_bytes(b"")


def drive(llama: Path) -> None:
    (llama / "C:evil").write_bytes(b"")


HOSTILE = {
    out: "out of the model",
    beside: "out of the model",
    nowhere: "leads nowhere",
    round_and_round: "leads nowhere",
    to_a_folder: "to no regular file",
    pipe: "is no regular file",
    twin: "differs only in case",
    no_utf8: "is no UTF-8",
    backslash: "parts folders on some systems only",
    drive: "is no path within the model",
}


@pytest.mark.parametrize("attack", HOSTILE, ids=lambda attack: attack.__name__)
def test_what_nobody_could_verify_is_not_signed(attack: Any, llama: Path) -> None:  # noqa: ANN401 - a function
    attack(llama)
    done = sign("llama", "--allow-symlinks")
    assert (done.exit_code, HOSTILE[attack] in done.output) == (2, True), done.output
    assert "hint: " in done.output
    assert not (llama / "model.sig").exists()
    assert not [*llama.glob(".mcpchain-*")]


def test_a_folder_that_cannot_be_listed_is_an_error(llama: Path) -> None:
    deep = llama / "/".join(["d"] * 102)
    deep.mkdir(parents=True)
    done = sign("llama")
    assert (done.exit_code, "folders deep" in done.output) == (4, True)


@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521"])
@pytest.mark.parametrize("target", ["llama", "w.gguf"])
def test_the_reference_tool_agrees(
    kind: str, target: str, llama: Path, tmp_path: Path
) -> None:
    lay_key(tmp_path, KINDS[kind])
    lay(llama, {"a.b": b"", "a/b": b"", ".git/HEAD": b"", "%41": b"", "é": b""})
    (tmp_path / "w.gguf").write_bytes(b"GGUF")
    assert sign("model", target, "--bundle", "ours.sig").exit_code == 0
    given = ("key", target, "--signature=ours.sig", "--public_key=release.pub")
    model_signing("verify", *given)
    given = ("key", target, "--signature=theirs.sig", "--private_key=release.key")
    model_signing("sign", *given)
    assert verify(target, "--bundle", "theirs.sig") == 0
    mine, other = statement(Path("ours.sig")), statement(Path("theirs.sig"))
    assert mine["subject"] == other["subject"]
    assert mine["predicate"]["resources"] == other["predicate"]["resources"]
