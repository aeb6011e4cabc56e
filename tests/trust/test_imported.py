"""Imported roots are kept under their digest, and refused once they were changed."""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mcpchain.errors import McpchainError, UnavailableError, UsageError
from mcpchain.pipeline.trusting import Wish, choose, import_root, listing
from mcpchain.trust import Source, TrustFile
from tests.world.sigstore.instance import Instance

NOW = dt.datetime.now(dt.UTC)
ROOT = Instance(NOW).trusted_root()
EVIL = Instance(NOW, host="evil.example").trusted_root()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "trust"


def bring(
    folder: Path,
    data: bytes = ROOT,
    *,
    name: str | None = "acme",
    line: int | None = None,
    replace: bool = False,
) -> TrustFile:
    wish = Wish(name=name, line=line, replace=replace)
    return import_root(data, "root.json", wish, folder, NOW.date())[0]


def test_what_is_imported_is_used_by_its_name(folder: Path) -> None:
    made = bring(folder)
    assert made.data == ROOT
    assert made.source is Source.IMPORTED
    assert made.sha256 == hashlib.sha256(ROOT).hexdigest()
    chosen = choose("acme", folder, NOW + dt.timedelta(days=9))
    assert (chosen.data, chosen.age, chosen.note) == (ROOT, 9, "")
    assert str(chosen.root) == f"acme, imported (sha256:{made.sha256})"


def test_it_belongs_to_its_user_alone(folder: Path) -> None:
    made = bring(folder)
    modes = {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()}
    assert modes == {"imported.json": 0o600, f"{made.sha256}.json": 0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_nothing_that_is_imported_is_used_unasked(folder: Path) -> None:
    shipped = choose(None, folder, NOW)
    bring(folder, name="sigstore", replace=True)
    assert choose(None, folder, NOW) == shipped
    assert choose("sigstore", folder, NOW).data == ROOT


def test_a_line_of_several_is_chosen_by_its_number(folder: Path) -> None:
    both = ROOT + b"\n" + EVIL + b"\n"
    with pytest.raises(UsageError, match=r"holds 2 roots: line 1 is of .*evil.example"):
        bring(folder, both)
    assert bring(folder, both, line=2).data == EVIL
    assert bring(folder, ROOT + b"\n", name="one").data == ROOT + b"\n"
    with pytest.raises(UsageError, match="has no line 3"):
        bring(folder, both, line=3)


def test_a_root_over_several_lines_is_one(folder: Path) -> None:
    wide = json.dumps(json.loads(ROOT), indent=2).encode()
    assert bring(folder, wide).data == wide


def test_a_name_that_is_taken_needs_a_word(folder: Path) -> None:
    old = bring(folder)
    assert bring(folder) == old
    with pytest.raises(UsageError, match="there is a root called `acme`"):
        bring(folder, EVIL)
    assert bring(folder, EVIL, replace=True).data == EVIL
    assert not (folder / f"{old.sha256}.json").exists()


def test_two_names_may_have_one_root(folder: Path) -> None:
    one = bring(folder)
    bring(folder, name="other")
    bring(folder, EVIL, replace=True)
    assert (folder / f"{one.sha256}.json").exists()
    assert choose("other", folder, NOW).data == ROOT


def test_without_a_name_it_is_called_like_its_file(folder: Path) -> None:
    assert bring(folder, name=None).name == "root"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sigstore", "there is a root called `sigstore`"),
        ("npm", "comes with mcpchain and is no trusted root"),
        ("sigstore.tuf", "comes with mcpchain and is no trusted root"),
        ("../evil", "is no name"),
        ("/etc/passwd", "is no name"),
        ("A", "is no name"),
        ("a\n", "is no name"),
        ("a" * 65, "is no name"),
        (".", "is no name"),
    ],
)
def test_a_name_that_cannot_be_given(name: str, words: str, folder: Path) -> None:
    with pytest.raises(UsageError, match=words):
        bring(folder, name=name)
    assert not folder.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        ROOT[:-1],
        ROOT + b"\n{}",
        ROOT.replace(b"trustedroot", b"untrusted"),
        b'{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
    ],
    ids=range(10),
)
def test_what_is_no_root_is_not_imported(data: bytes, folder: Path) -> None:
    with pytest.raises(UsageError, match="is no trusted root") as found:
        bring(folder, data)
    assert "gh attestation trusted-root" in found.value.hint
    assert not folder.exists()


def change_file(folder: Path, made: TrustFile) -> None:
    (folder / f"{made.sha256}.json").write_bytes(EVIL)


def change_index(folder: Path, _: TrustFile) -> None:
    index = folder / "imported.json"
    told = json.loads(index.read_bytes())
    told["roots"]["acme"]["sha256"] = hashlib.sha256(EVIL).hexdigest()
    index.write_text(json.dumps(told))


def remove_file(folder: Path, made: TrustFile) -> None:
    (folder / f"{made.sha256}.json").unlink()


def link_file(folder: Path, made: TrustFile) -> None:
    file = folder / f"{made.sha256}.json"
    file.rename(folder.parent / "elsewhere")
    file.symlink_to(folder.parent / "elsewhere")


def make_folder(folder: Path, made: TrustFile) -> None:
    file = folder / f"{made.sha256}.json"
    file.unlink()
    file.mkdir()


def path_as_digest(folder: Path, _: TrustFile) -> None:
    (folder.parent / "evil.json").write_bytes(EVIL)
    index = folder / "imported.json"
    told = json.loads(index.read_bytes())
    told["roots"]["acme"]["sha256"] = "../evil"
    index.write_text(json.dumps(told))


def index_of(data: bytes) -> Callable[[Path, TrustFile], None]:
    def attack(folder: Path, _: TrustFile) -> None:
        (folder / "imported.json").write_bytes(data)

    return attack


def make_pipe(folder: Path, _: TrustFile) -> None:
    (folder / "imported.json").unlink()
    os.mkfifo(folder / "imported.json", mode=0o600)


def mode(target: str, bits: int) -> Callable[[Path, TrustFile], None]:
    def attack(folder: Path, made: TrustFile) -> None:
        name = f"{made.sha256}.json" if target == "file" else target
        (folder / name).resolve().chmod(bits)

    return attack


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        pytest.param(change_file, "was changed since it was imported", id="file"),
        pytest.param(change_index, "no longer in the trust folder", id="index"),
        pytest.param(remove_file, "no longer in the trust folder", id="removed"),
        pytest.param(link_file, "trust folder", id="link"),
        pytest.param(make_folder, "it is no file", id="folder"),
        pytest.param(make_pipe, "it is no file", id="pipe"),
        pytest.param(path_as_digest, "no name or digest", id="path"),
        pytest.param(index_of(b"{"), "index of the trust folder", id="cut index"),
        pytest.param(index_of(b"{}"), "index of the trust folder", id="empty index"),
        pytest.param(
            index_of(b'{"version": 1, "roots": {"acme": 1}}'),
            "index of the trust folder",
            id="odd index",
        ),
        pytest.param(mode("file", 0o622), "others can write", id="file of others"),
        pytest.param(mode("imported.json", 0o606), "others can", id="index of others"),
        pytest.param(mode(".", 0o770), "others can write", id="folder of a group"),
        pytest.param(mode(".", 0o703), "others can write", id="folder of others"),
        pytest.param(mode("..", 0o777), "above the trust folder", id="folder above"),
    ],
)
def test_what_was_changed_is_refused_and_listed(
    attack: Callable[[Path, TrustFile], None], words: str, folder: Path
) -> None:
    attack(folder, bring(folder))
    with pytest.raises(UnavailableError, match=words) as found:
        choose("acme", folder, NOW)
    assert found.value.hint
    refused = [each for each in listing(folder) if each.problem]
    assert [words in each.problem for each in refused] == [True]


def test_a_folder_that_others_can_write_to_is_not_written_to(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with pytest.raises(UnavailableError, match="others can write to the trust folder"):
        bring(folder)
    assert [*folder.iterdir()] == []


def test_a_name_that_is_none_says_which_are(folder: Path) -> None:
    bring(folder)
    with pytest.raises(UsageError, match="only sigstore, acme") as found:
        choose("github", folder, NOW)
    assert isinstance(found.value, McpchainError)
    assert "trust import FILE --name github" in found.value.hint


def test_everything_is_listed_with_what_it_knows(folder: Path) -> None:
    bring(folder)
    found = {each.name: each for each in listing(folder)}
    assert {*found} == {"npm", "sigstore", "sigstore.tuf", "acme"}
    assert {name for name, each in found.items() if each.used} == {
        *("npm", "sigstore", "sigstore.tuf")
    }
    roles = {each.role for each in found["acme"].parties}
    assert roles == {"log", "certificate log", "authority", "timestamp authority"}
    assert {each.role for each in found["npm"].parties} == {"key"}
    assert {each.role for each in found["sigstore.tuf"].parties} == {"tuf root"}
