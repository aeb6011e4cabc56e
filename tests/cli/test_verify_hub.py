"""`mcpchain verify` on models of a hub on loopback, which nobody has signed."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from tests.world.server import Server
from tests.world.sigstore.models import FILES, lay

COMMIT = "1" * 40
API = "/api/models/acme/llama"
NOBODY = "  note: nobody has signed it: these are the digests that the hub gives now"
MINE = "hf_of_the_user"
STRANGE = "not on the hub, and a program may load it (`--ignore` accepts that): "
AWAY = f"commit {COMMIT} is not in your cache of the hub, so that no file of it can be"
BESIDES = "with `--hub`, or where nobody is named, a hub is asked for its digests"
ELSEWHERE = (
    "check its name and revision; where it lies in a folder of yours, name that: "
    "`mcpchain verify FOLDER --hub OWNER/NAME@REVISION`"
)
PURL = f"pkg:huggingface/acme/llama@{COMMIT}"
LARGE = "model.safetensors"


def git(data: bytes) -> str:
    blob = b"blob %d\0" % len(data) + data
    return hashlib.sha1(blob, usedforsecurity=False).hexdigest()


def listed(path: str, data: bytes, *, large: bool = False) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "file", "path": path, "size": len(data)}
    if not large:
        return made | {"oid": git(data)}
    oid = hashlib.sha256(data).hexdigest()
    return made | {"oid": "2" * 40, "lfs": {"oid": oid, "size": len(data)}}


class Hub:
    """A hub with one model in one commit, and a user who has a copy of it."""

    def __init__(self, server: Server, home: Path) -> None:
        self.server = server
        self.home = home
        self.files = [listed(p, d, large=p == LARGE) for p, d in FILES.items()]
        self.files.append({"type": "directory", "path": "code", "oid": "3" * 40})
        self.folder = lay(home / "models" / "llama")
        self.cache = home / ".cache/huggingface/hub/models--acme--llama"
        for revision in ("main", COMMIT):
            self.says(revision)
        self.tree = server.place(f"{API}/tree/{COMMIT}")
        self.list(self.files)

    def says(self, revision: str, **more: str) -> None:
        place = self.server.place(f"{API}/revision/{revision}")
        place.answer_json({"id": "acme/llama", "sha": COMMIT} | more)

    def list(self, files: object) -> None:
        self.tree.answer_json(files)

    def snapshot(self) -> Path:
        """Keep a copy as the hub's library does: by links to what it has fetched."""
        folder = self.cache / "snapshots" / COMMIT
        for path, data in FILES.items():
            blob = self.cache / "blobs" / git(data)
            blob.parent.mkdir(parents=True, exist_ok=True)
            blob.write_bytes(data)
            link = folder / path
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(blob)
        return folder

    def run(self, *args: str | Path, **environ: str) -> Result:
        env: dict[str, str | None] = {
            "HOME": str(self.home),
            "XDG_CACHE_HOME": None,
            "HF_ENDPOINT": self.server.address,
            **dict.fromkeys(("HF_HOME", "HF_HUB_CACHE", "HF_TOKEN", "VIRTUAL_ENV")),
            **environ,
        }
        words = ["verify", *(str(each) for each in args)]
        return CliRunner().invoke(main, words, env=env)

    def verify(self, revision: str = "main", *more: str) -> Result:
        return self.run(self.folder, "--hub", f"acme/llama@{revision}", *more)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with Server() as server:
        yield Hub(server, tmp_path)


def test_a_folder_has_the_files_of_the_hub_and_is_not_called_signed(hub: Hub) -> None:
    result = hub.verify()
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"verified: {hub.folder} (acme/llama@{COMMIT})",
        f"  note: `main` can be moved, and is commit {COMMIT} now",
        NOBODY,
        "  compared: 3 files as the hub has them, 2 of them by git's SHA-1",
        f"  hub: {hub.server.address}",
        "",
        "1 verified",
    ]
    assert "signed by" not in result.stdout


def test_json_says_what_was_compared_and_by_whose_word(hub: Hub) -> None:
    result = hub.verify(COMMIT, "--format", "json")
    (found,) = json.loads(result.stdout)["verifications"]
    assert (found["status"], found["kind"]) == ("verified", "hub-digest")
    assert (found["expectedBy"], found["root"]) == ("index", hub.server.address)
    assert [each["id"] for each in found["checks"]] == ["revision", "bytes"]
    assert "identity" not in found


def change(hub: Hub, path: str, data: bytes) -> None:
    (hub.folder / path).parent.mkdir(exist_ok=True)
    (hub.folder / path).write_bytes(data)


ATTACKS = {
    "large": (LARGE, b"WEIGHTS" * 100, f"other bytes than the hub has: `{LARGE}`"),
    "longer": (LARGE, b"weights" * 101, f"other bytes than the hub has: `{LARGE}`"),
    "small": (
        "code/modeling.py",
        b"class Model: ..!\n",
        "other bytes than the hub has: `code/modeling.py`",
    ),
    "a pointer in place of the weights": (
        LARGE,
        b"version https://git-lfs.github.com/spec/v1\n",
        f"other bytes than the hub has: `{LARGE}`",
    ),
    "a program more": (
        "run.py",
        b"import os",
        f"{STRANGE}`run.py`",
    ),
    "another case": (
        "Config.json",
        b"{}",
        f"{STRANGE}`Config.json`",
    ),
    "a pickle by another name": (
        "notes",
        b"\x80\x04.",
        f"{STRANGE}`notes`",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_other_bytes_are_invalid(attack: str, hub: Hub) -> None:
    path, data, reason = ATTACKS[attack]
    change(hub, path, data)
    result = hub.verify(COMMIT)
    assert result.exit_code == 10
    assert result.stdout.splitlines()[:4] == [
        f"invalid: {hub.folder} (acme/llama@{COMMIT})",
        f"  why: {reason}",
        "  hint: get it again from the hub, or find out who changed it",
        NOBODY,
    ]


def test_a_link_out_of_the_folder_is_not_followed(hub: Hub) -> None:
    file = hub.folder / LARGE
    file.rename(hub.home / LARGE)
    file.symlink_to(hub.home / LARGE)
    result = hub.verify(COMMIT)
    assert result.exit_code == 4
    assert f"  why: `{LARGE}`: " in result.stdout


def test_what_only_one_of_both_has_is_told(hub: Hub) -> None:
    change(hub, "photo.jpg", b"\xff\xd8")
    change(hub, ".git/config", b"[core]")
    (hub.folder / "config.json").unlink()
    result = hub.verify(COMMIT)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[1:4] == [
        NOBODY,
        "  note: the hub does not have `photo.jpg`",
        "  note: not here: `config.json`",
    ]


def test_of_nothing_that_is_here_nothing_is_verified(hub: Hub) -> None:
    hub.list([])
    for path in FILES:
        (hub.folder / path).unlink()
    change(hub, "photo.jpg", b"\xff\xd8")
    result = hub.verify(COMMIT)
    assert result.exit_code == 10
    assert result.stdout.splitlines()[:3] == [
        f"missing: {hub.folder} (acme/llama@{COMMIT})",
        "  why: no file that the hub has of it is here",
        "  hint: name the folder that holds its files",
    ]


def test_what_the_user_leaves_out_is_told(hub: Hub) -> None:
    change(hub, "code/run.py", b"import os")
    result = hub.verify(COMMIT, "--ignore", "code/run.py", "--ignore", "nowhere")
    assert result.exit_code == 0, result.output
    assert "  note: `--ignore` leaves out nothing: `nowhere`\n" in result.stdout
    assert "  note: not compared: `--ignore` leaves out `code/run.py`\n" in (
        result.stdout
    )


def test_a_list_goes_on_over_pages(hub: Hub) -> None:
    hub.list(hub.files[:1])
    hub.tree.headers["Link"] = f'<{hub.server.address}/more?cursor=a>; rel="next"'
    hub.server.place("/more").answer_json(hub.files[1:])
    assert hub.verify(COMMIT).exit_code == 0
    assert hub.server.paths()[-2:] == [
        f"{API}/tree/{COMMIT}?recursive=true",
        "/more?cursor=a",
    ]
    # A list that is cut short must not make files strangers, and none is lost.
    hub.server.place("/more").answer(500)
    result = hub.verify(COMMIT)
    assert (result.exit_code, result.stdout.startswith("error: ")) == (4, True)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"id": "evil/llama"}, "was asked for `acme/llama`, and answers for"),
        ({"sha": "4" * 40}, f"says that `{COMMIT}` is commit `{'4' * 40}`"),
        ({"sha": "main"}, "is commit `main`"),
        ({"sha": ""}, "is commit ``"),
    ],
    ids=["another model", "another commit", "a branch", "nothing"],
)
def test_a_hub_that_answers_for_something_else_is_not_believed(
    answer: dict[str, str], reason: str, hub: Hub
) -> None:
    hub.says(COMMIT, **answer)
    result = hub.verify(COMMIT)
    assert (result.exit_code, reason in result.stdout) == (10, True), result.output
    assert result.stdout.startswith("unverifiable: ")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([{"type": "file"}], "answers what is no list of files"),
        ({"error": "no"}, "answers what is no list of files"),
        ([{"type": "submodule", "path": "x"}], "is neither a file nor a directory"),
        ([listed("a", b"") | {"oid": "1" * 64}], "is no digest of its kind"),
        ([listed("a", b"") | {"lfs": {"oid": "1" * 40}}], "is no digest of its kind"),
        ([listed("a", b"") | {"lfs": {}}], "answers what is no list of files"),
        ([listed("a", b""), listed("a", b"x")], "the hub lists `a` twice"),
    ],
    ids=[
        *("a file of nothing", "no list", "a submodule", "git by sha256"),
        *("large by sha1", "large of nothing", "twice"),
    ],
)
def test_a_list_that_is_none_is_unverifiable(
    files: object, reason: str, hub: Hub
) -> None:
    hub.list(files)
    result = hub.verify(COMMIT)
    assert (result.exit_code, reason in result.stdout) == (10, True), result.output
    assert result.stdout.startswith("unverifiable: ")


def test_a_list_that_goes_on_elsewhere_is_not_followed(hub: Hub) -> None:
    hub.tree.headers["Link"] = '<https://evil.example/more>; rel="next"'
    result = hub.verify(COMMIT)
    assert result.exit_code == 10
    assert "  why: the hub says that its list goes on elsewhere\n" in result.stdout


@pytest.mark.parametrize(
    ("status", "word", "exit_code"),
    [
        (404, "unverifiable", 10),
        (401, "error", 4),
        (403, "error", 4),
        (500, "error", 4),
    ],
)
def test_each_way_to_get_no_answer_is_another(
    status: int, word: str, exit_code: int, hub: Hub
) -> None:
    hub.tree.answer(status)
    result = hub.verify(COMMIT)
    assert result.exit_code == exit_code
    assert result.stdout.startswith(f"{word}: ")


def test_offline_no_hub_is_asked(hub: Hub) -> None:
    result = hub.verify(COMMIT, "--offline")
    assert (result.exit_code, hub.server.asked) == (4, [])
    assert "(offline)\n  hint: run without `--offline`\n" in result.stdout


def test_a_purl_is_looked_up_in_the_cache_of_the_user(hub: Hub) -> None:
    result = hub.run(PURL)
    assert result.exit_code == 10
    assert result.stdout.splitlines()[:3] == [
        f"unverifiable: {PURL} (acme/llama@{COMMIT})",
        f"  why: {AWAY} compared",
        f"  hint: {ELSEWHERE}",
    ]
    hub.snapshot()
    for name in (PURL, "pkg:huggingface/acme/llama@main", "pkg:huggingface/acme/llama"):
        result = hub.run(name)
        assert result.exit_code == 0, result.output
        assert f"verified: {name} (acme/llama@{COMMIT})" in result.stdout


def test_a_snapshot_that_nobody_signed_is_compared_where_nobody_is_named(
    hub: Hub,
) -> None:
    folder = hub.snapshot()
    result = hub.run(folder)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[:3] == [
        f"verified: {folder} (acme/llama@{COMMIT})",
        "  note: which model it is, only the name of its folder says",
        NOBODY,
    ]
    blob = hub.cache / "blobs" / git(FILES[LARGE])
    blob.write_bytes(b"WEIGHTS" * 100)
    assert hub.run(folder).exit_code == 10
    # Who is named has to have signed it: taking the signature away changes nothing.
    result = hub.run(folder, "--repository", "acme/llama")
    assert result.exit_code == 10
    assert result.stdout.splitlines()[:4] == [
        f"missing: {folder}",
        "  why: no signature of a model lies in it or beside it",
        "  hint: ask its maker to sign it, or name the bundle: `--bundle`",
        f"  note: {BESIDES}",
    ]


def test_a_token_is_shown_to_the_hub_and_to_nobody_else(hub: Hub) -> None:
    result = hub.run(hub.folder, "--hub", "acme/llama", HF_TOKEN=MINE)
    assert result.exit_code == 0
    sent = {each.headers.get("Authorization") for each in hub.server.asked}
    assert sent == {f"Bearer {MINE}"}
    assert MINE not in result.output


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (
            ("FOLDER", "--hub", "no model!"),
            "`no model!` is no name of a model on a hub",
        ),
        (("FOLDER", "--hub", ""), "`` is no name of a model on a hub"),
        (("FOLDER", "--hub", "a/b", "--key", "KEY"), "which names nobody: `--key`"),
        (("FOLDER", "--hub", "a/b", "--repository", "a/b"), "`--repository` means"),
        ((PURL, "--identity", "x", "--issuer", "y"), "`--identity` means nothing"),
        ((PURL, "--hub", "acme/llama"), "`--hub` is for the folder of a model"),
        (("KEY", "--hub", "acme/llama"), "`--hub` is for the folder of a model"),
        ((f"{PURL}?repo_type=dataset",), "names more than a model and its revision"),
        ((f"{PURL}?repository_url=evil.example",), "names more than a model"),
        (("FOLDER", "--hub", "a/b", "--bundle", "KEY"), "`--bundle` is for files"),
        (("FOLDER", "--hub", "a/b", "--server", "s"), "with `--server` each TARGET is"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_what_says_two_things_is_a_mistake_of_the_user(
    args: tuple[str, ...], words: str, hub: Hub
) -> None:
    key = hub.home / "acme.pub"
    key.write_text("key")
    given = {"FOLDER": str(hub.folder), "KEY": str(key)}
    result = hub.run(*(given.get(each, each) for each in args))
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert words in result.stderr
    assert not hub.server.asked


def test_a_hub_that_is_no_address_is_a_mistake_of_the_user(hub: Hub) -> None:
    result = hub.run(PURL, HF_ENDPOINT="hub.example")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "HF_ENDPOINT is no web address" in result.stderr


def test_a_name_on_a_hub_cannot_write_on_the_terminal(hub: Hub) -> None:
    hub.list([listed("a\x1b[2K", b"")])
    assert "\x1b" not in hub.verify(COMMIT).output


def test_nobody_else_was_asked_where_somebody_had_to_be(hub: Hub) -> None:
    result = hub.verify(COMMIT, "--second-opinion", "required")
    assert result.exit_code == 10
    assert "a `hub-digest` is no Sigstore bundle" in result.stdout
