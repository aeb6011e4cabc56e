"""Pieces of files are hashed once, in threads, and never those of other bytes."""

import hashlib
import os
from pathlib import Path

import pytest

from mcpchain.tree import UnreadableError
from mcpchain.tree.pieces import Piece, digest_pieces
from mcpchain.tree.root import Root

LARGE = os.urandom(3 << 20)


def digests(folder: Path, *pieces: Piece, algorithm: str = "sha256") -> list[object]:
    found = digest_pieces(Root(folder), pieces, algorithm, lambda _: None)
    return [
        found[each]
        if isinstance(found[each], bytes)
        else str(getattr(found[each], "reason", ""))
        for each in pieces
    ]


@pytest.mark.parametrize("algorithm", ["sha256", "blake2b"])
@pytest.mark.parametrize("data", [b"", b"abc", LARGE], ids=["empty", "small", "large"])
def test_a_file_is_hashed(data: bytes, algorithm: str, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x%41").write_bytes(data)
    piece = Piece("a/x%2541", 0, len(data), len(data))
    expected = hashlib.new(algorithm, data).digest()
    assert digests(tmp_path, piece, algorithm=algorithm) == [expected]


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 1), (0, 1 << 20), (5, (1 << 20) + 6), (1 << 20, 3 << 20), (7, 7)],
)
def test_a_piece_is_hashed(start: int, end: int, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(LARGE)
    piece = Piece("x", start, end, len(LARGE))
    assert digests(tmp_path, piece) == [hashlib.sha256(LARGE[start:end]).digest()]


def test_a_piece_of_a_small_file_is_not_the_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abcdef")
    pieces = [Piece("x", 0, 4, 6), Piece("x", 4, 6, 6)]
    expected = [hashlib.sha256(each).digest() for each in (b"abcd", b"ef")]
    assert digests(tmp_path, *pieces) == expected


@pytest.mark.parametrize("size", [2, 4, (1 << 20) + 1])
def test_a_file_of_another_size_than_it_had_has_changed(
    size: int, tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    piece = Piece("x", 0, size, size)
    assert digests(tmp_path, piece) == ["it changed while it was hashed"]


def test_many_files_are_hashed_and_none_is_lost(tmp_path: Path) -> None:
    pieces, total = [], 0
    for n in range(1_000):
        folder = tmp_path / str(n % 7)
        folder.mkdir(exist_ok=True)
        (folder / str(n)).write_bytes(b"x" * n)
        pieces.append(Piece(f"{n % 7}/{n}", 0, n, n))
        total += n
    done: list[int] = []
    found = digest_pieces(Root(tmp_path), pieces, "sha256", done.append)
    assert [found[each] for each in pieces] == [
        hashlib.sha256(b"x" * each.size).digest() for each in pieces
    ]
    assert sum(done) == total


def test_what_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("x")
    (tmp_path / "out").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    names = ("gone", "gone/x", "out", "pipe", "../x", "x/y", "link", "x")
    found = digest_pieces(
        Root(tmp_path),
        [Piece(name, 0, 3, 3) for name in names],
        "sha256",
        lambda _: None,
    )
    good = hashlib.sha256(b"abc").digest()
    read = {piece.path: each for piece, each in found.items() if each == good}
    assert [*read] == ["link", "x"]
    assert sum(isinstance(each, UnreadableError) for each in found.values()) == 6


def test_an_interrupt_does_not_wait_for_the_rest(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as stream:
        stream.truncate(64 << 30)
    size = 64 << 30

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        digest_pieces(Root(tmp_path), [Piece("x", 0, size, size)], "sha256", stop)
