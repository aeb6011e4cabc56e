import hashlib
import os
import threading
from pathlib import Path

import pytest

from mcpchain.artifact import Digest
from mcpchain.inventory import Gap, State
from mcpchain.tree import File, Tree, UnreadableError, digest_all


def file(root: Path, name: str = "f") -> File:
    return File(tree=Tree(root), path=name)


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_the_digest_is_that_of_the_bytes(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "f").write_bytes(data)
    seen: list[int] = []
    assert file(tmp_path).digest(seen.append).value == hashlib.sha256(data).hexdigest()
    assert sum(seen) == size


@pytest.mark.parametrize("change", ["grow", "shrink", "rewrite"])
def test_a_file_that_changes_meanwhile_has_no_digest(
    tmp_path: Path, change: str
) -> None:
    target = tmp_path / "f"
    target.write_bytes(bytes(3 << 20))
    status = target.stat()

    def interfere(_: int) -> None:
        size = {"grow": 4 << 20, "shrink": 1 << 20, "rewrite": 3 << 20}[change]
        with target.open("r+b") as stream:
            stream.truncate(size)
            stream.write(b"x")
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))

    with pytest.raises(UnreadableError, match="changed while it was hashed"):
        file(tmp_path).digest(interfere)


def test_every_file_has_its_digest_or_its_gap(tmp_path: Path) -> None:
    names = [f"f{each}" for each in range(20)]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    files = [file(tmp_path, name) for name in [*names, "none"]]
    outcomes = digest_all(files)
    assert set(outcomes) == {*names, "none"}
    for name in names:
        digest = outcomes[name]
        assert isinstance(digest, Digest)
        assert digest.value == hashlib.sha256(name.encode()).hexdigest()
    gap = outcomes["none"]
    assert isinstance(gap, Gap)
    assert (gap.location.path, gap.state) == ("none", State.UNREADABLE)


def test_two_names_of_the_same_bytes_are_hashed_once(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(bytes(1000))
    (tmp_path / "link").symlink_to("blob")
    os.link(tmp_path / "blob", tmp_path / "hard")
    names = ["blob", "link", "hard"]
    seen: list[int] = []
    outcomes = digest_all([file(tmp_path, n) for n in names], progress=seen.append)
    assert sum(seen) == 1000
    assert len({str(outcomes[name]) for name in names}) == 1


def test_a_file_that_changes_is_a_gap_under_each_of_its_names(tmp_path: Path) -> None:
    target = tmp_path / "blob"
    target.write_bytes(bytes(2 << 20))
    (tmp_path / "link").symlink_to("blob")
    files = [file(tmp_path, name) for name in ("blob", "link")]
    outcomes = digest_all(files, progress=lambda _: os.truncate(target, 10))
    assert {gap.location.path for gap in outcomes.values() if isinstance(gap, Gap)} == {
        "blob",
        "link",
    }


def test_progress_is_told_by_one_thread_at_a_time(tmp_path: Path) -> None:
    for each in range(6):
        (tmp_path / f"f{each}").write_bytes(bytes(2 << 20) + bytes([each]))
    inside = threading.Semaphore(1)

    def progress(_: int) -> None:
        assert inside.acquire(blocking=False)
        inside.release()

    files = [file(tmp_path, f"f{each}") for each in range(6)]
    assert all(
        isinstance(d, Digest) for d in digest_all(files, progress=progress).values()
    )


def test_an_interrupt_ends_the_hashing_of_what_is_left(tmp_path: Path) -> None:
    for each in range(8):
        (tmp_path / f"f{each}").write_bytes(bytes(4 << 20) + bytes([each]))
    calls: list[int] = []

    def interrupt(done: int) -> None:
        calls.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        digest_all([file(tmp_path, f"f{e}") for e in range(8)], progress=interrupt)
    assert len(calls) < 8


def test_nothing_to_hash_is_no_trouble() -> None:
    assert digest_all([]) == {}


def test_a_digest_needs_nobody_to_watch(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    assert file(tmp_path).digest().value == hashlib.sha256(b"").hexdigest()
