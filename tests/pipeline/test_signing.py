"""Whatever happens while something is signed, nothing half-signed remains."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mcpchain import trust
from mcpchain.errors import McpchainError, UnavailableError, UsageError
from mcpchain.pipeline.signing import Models, sign_all
from mcpchain.pipeline.signing_jobs import Where, to_attest, to_sign
from mcpchain.sign import Key
from mcpchain.sign.key_signer import KeySigner
from tests.sign.keys import KEYS, OddKey

ROOT = trust.public_root()
SIGNED = {"a.txt", "b.txt", "m", "p.json"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"a")
    (tmp_path / "b.txt").write_bytes(b"b")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "w.bin").write_bytes(b"weights")
    (tmp_path / "p.json").write_text("{}")
    return tmp_path


def sign(*targets: str, key: Key = KEYS["P-256"], force: bool = False) -> None:
    jobs = to_sign(targets, (), Where(), Models(links=True))
    sign_all(jobs, KeySigner(key=key, root=ROOT), force=force)


def attest(*subjects: str, key: Key = KEYS["P-256"]) -> None:
    where = Where(bundle=Path("it.json"))
    jobs = to_attest(subjects, "https://a.example/t", Path("p.json"), where)
    sign_all(jobs, KeySigner(key=key, root=ROOT))


def add() -> None:
    Path("m/new.py").write_text("import evil")


def rewrite() -> None:
    Path("m/w.bin").write_bytes(b"weightZ")


def replace() -> None:
    Path("other").write_bytes(b"a")
    os.replace("other", "a.txt")


def other_time() -> None:
    os.utime("a.txt", ns=(1, 1))


def lead_elsewhere() -> None:
    Path("m/other").symlink_to("v.bin")
    os.replace("m/other", "m/link")


CHANGES: dict[str, tuple[Callable[[], object], str, str]] = {
    "other bytes": (lambda: Path("a.txt").write_bytes(b"b"), "a.txt", "changed"),
    "more bytes": (lambda: Path("a.txt").write_bytes(b"ab"), "a.txt", "changed"),
    "another file": (replace, "a.txt", "changed meanwhile"),
    "another time": (other_time, "a.txt", "changed meanwhile"),
    "gone": (lambda: Path("a.txt").unlink(missing_ok=True), "a.txt", "No such file"),
    "a file of a model": (rewrite, "m", "`w.bin` changed meanwhile"),
    "a link in a model": (lead_elsewhere, "m", "`link` changed meanwhile"),
    "one more in a model": (add, "m", "`new.py` changed meanwhile"),
    "one less in a model": (
        lambda: Path("m/v.bin").unlink(missing_ok=True),
        "m",
        "`v.bin` changed meanwhile",
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_changes_while_it_is_signed_is_not_signed(case: str, folder: Path) -> None:
    change, target, reason = CHANGES[case]
    (folder / "m" / "v.bin").write_bytes(b"other weights")
    (folder / "m" / "link").symlink_to("w.bin")
    with pytest.raises(UnavailableError, match=reason):
        sign(target, "b.txt", key=OddKey(before=change))
    assert {each.name for each in folder.iterdir()} <= SIGNED
    assert not (folder / "m" / "model.sig").exists()


def test_a_file_that_ed25519_reads_again_is_the_one_that_was_hashed(
    folder: Path,
) -> None:
    job, *_ = to_sign(["a.txt"], (), Where(), Models())
    signer = KeySigner(key=KEYS["Ed25519"], root=ROOT)

    def change(_: int) -> None:
        Path("b.txt").write_bytes(b"x")
        os.replace("b.txt", "a.txt")

    with pytest.raises(McpchainError, match="changed"):
        job.make(signer, change)
    assert not (folder / "a.txt.sigstore.json").exists()


def test_a_subject_that_changes_is_not_attested(folder: Path) -> None:
    key = OddKey(before=lambda: Path("b.txt").write_bytes(b"x"))
    with pytest.raises(UnavailableError, match="changed meanwhile"):
        attest("a.txt", "b.txt", key=key)
    assert {each.name for each in folder.iterdir()} == SIGNED


class Garbage(OddKey):
    """Signs something else."""

    def sign(self, message: bytes) -> bytes:
        return self.inner.sign(message + b"!")

    def sign_digest(self, digest: bytes) -> bytes:
        return self.inner.sign_digest(bytes(len(digest)))


class Empty(OddKey):
    """Gives an empty answer."""

    def sign(self, message: bytes) -> bytes:
        return message[:0]

    def sign_digest(self, digest: bytes) -> bytes:
        return digest[:0]


@pytest.mark.parametrize("kind", [Garbage, Empty])
@pytest.mark.parametrize("how", [sign, attest])
def test_what_does_not_verify_is_not_written(
    kind: type[OddKey], how: Callable[..., None], folder: Path
) -> None:
    with pytest.raises(UnavailableError, match="does not verify"):
        how("a.txt", key=kind(before=lambda: None))
    with pytest.raises(UnavailableError, match="does not verify"):
        sign("m", key=kind(before=lambda: None))
    assert {each.name for each in folder.iterdir()} == SIGNED
    assert os.listdir("m") == ["w.bin"]


def down() -> None:
    raise UnavailableError("the token does not answer", hint="plug it in")


def interrupt() -> None:
    raise KeyboardInterrupt


def test_a_key_that_does_not_answer_is_told_with_what_was_not_signed(
    folder: Path,
) -> None:
    with pytest.raises(UnavailableError) as caught:
        sign("a.txt", key=OddKey(before=down))
    assert str(caught.value) == (
        "`a.txt` was not signed, and nothing was written: the token does not answer"
    )
    assert caught.value.hint == "plug it in"
    assert {each.name for each in folder.iterdir()} == SIGNED


def test_the_second_of_two_takes_the_first_with_it(folder: Path) -> None:
    asked: list[int] = []

    def second() -> None:
        asked.append(1)
        if len(asked) == 2:
            down()

    with pytest.raises(UnavailableError, match=r"`b\.txt` was not signed"):
        sign("a.txt", "b.txt", key=OddKey(before=second))
    assert {each.name for each in folder.iterdir()} == SIGNED


def test_an_interrupt_leaves_nothing(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        sign("a.txt", "m", key=OddKey(before=interrupt))
    assert {each.name for each in folder.iterdir()} == SIGNED


def test_what_failed_replaces_nothing(folder: Path) -> None:
    sign("a.txt", "m")
    before = {
        each: each.read_bytes()
        for each in (folder / "a.txt.sigstore.json", folder / "m" / "model.sig")
    }
    with pytest.raises(UsageError, match="exists"):
        sign("a.txt")
    with pytest.raises(UnavailableError):
        sign("a.txt", "m", key=OddKey(before=down), force=True)
    assert {each: each.read_bytes() for each in before} == before
    sign("a.txt", "m", force=True)
    assert {each: each.read_bytes() for each in before} != before


def test_only_a_bundle_is_ever_replaced(folder: Path) -> None:
    (folder / "a.txt.sigstore.json").write_bytes(b"something of mine")
    with pytest.raises(UsageError, match="is no bundle, so it is not replaced"):
        sign("a.txt", force=True)


def test_a_bundle_that_appears_meanwhile_is_not_replaced(folder: Path) -> None:
    rival = folder / "b.txt.sigstore.json"
    with pytest.raises(UsageError, match="File exists"):
        sign("a.txt", "b.txt", key=OddKey(before=lambda: rival.write_bytes(b"x")))
    assert rival.read_bytes() == b"x"
    assert not (folder / "a.txt.sigstore.json").exists()


def test_a_model_that_nobody_could_verify_is_not_shown_to_a_signer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "deep").mkdir()
    with monkeypatch.context() as inside:
        inside.chdir("deep")
        for _ in range(17):
            Path("d" * 250).mkdir()
            inside.chdir("d" * 250)
        Path("w.bin").write_bytes(b"w")
    with pytest.raises(McpchainError, match="a name of more than 4,096 characters"):
        sign("deep", key=OddKey(before=interrupt))
    assert os.listdir("deep") == ["d" * 250]
