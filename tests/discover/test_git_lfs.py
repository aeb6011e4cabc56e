import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Basis, DataFacts, Kind, ModelFacts, Pin
from mcpchain.discover import LFS_POINTER, survey
from mcpchain.discover.git_lfs import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree

OID = "sha256:" + "4d" * 32
TEXT = f"version https://git-lfs.github.com/spec/v1\noid {OID}\nsize 12345\n"


def discover(root: Path, name: str, text: str | bytes = TEXT) -> Inventory:
    """Examine one file with every part, as `mcpchain sbom` does."""
    data = text if isinstance(text, bytes) else text.encode()
    (root / name).write_bytes(data)
    return survey(Tree(root, only=name), name="x")


@pytest.mark.parametrize(
    ("name", "kind", "facts"),
    [
        ("model.safetensors", Kind.MODEL, ModelFacts(format="safetensors")),
        ("M.GGUF", Kind.MODEL, ModelFacts(format="gguf")),
        ("pytorch_model.bin", Kind.MODEL, ModelFacts(format="")),
        ("train.parquet", Kind.DATA, DataFacts(format="parquet")),
        ("any.csv", Kind.DATA, DataFacts(format="csv")),
    ],
)
def test_a_pointer_declares_what_is_not_here(
    tmp_path: Path, name: str, kind: Kind, facts: ModelFacts | DataFacts
) -> None:
    found = discover(tmp_path, name)
    (component,) = found.components
    assert (component.kind, component.name, component.facts) == (kind, name, facts)
    assert (component.basis, component.pin) == (Basis.DECLARED, Pin.DIGEST)
    assert component.purl is None
    assert component.artifacts == (
        Artifact(name=name, digests=(Digest.parse(OID),), size=12345),
    )
    (gap,) = found.gaps
    assert (gap.state, gap.ref) == (State.UNREADABLE, component.ref)
    assert "12,345 bytes" in gap.reason
    assert "git lfs pull" in gap.hint


@pytest.mark.parametrize(
    "name",
    ["uv.lock", "tokenizer.json", "README.md", ".mcp.json", "package.json", "weights"],
)
def test_a_pointer_in_place_of_anything_else_is_a_gap_too(
    tmp_path: Path, name: str
) -> None:
    found = discover(tmp_path, name)
    assert found.components == ()
    assert [each.state for each in found.gaps] == [State.UNREADABLE]


def test_a_picture_that_is_not_here_is_nothing(tmp_path: Path) -> None:
    assert not discover(tmp_path, "logo.PNG")


@pytest.mark.parametrize(
    "text",
    [
        "version https://git-lfs.github.com/spec/v1\n",
        "version https://git-lfs.github.com/spec/v2\nsize 1\n",
        TEXT.replace(OID, OID[:-1]),
        TEXT.replace(OID, OID.upper()),
        TEXT.replace("sha256", "md5"),
        TEXT.replace("12345", "-1"),
        TEXT.replace("12345", "1e3"),
        TEXT.replace("12345", "9" * 30),
        TEXT + f"oid {OID}\n",
        TEXT.encode() + b"\xff\n" + b"size 3\n",
    ],
    ids=[
        *("no-digest", "other-version", "short", "capitals", "weak", "below-zero"),
        *("fraction", "huge", "two-digests", "two-sizes"),
    ],
)
def test_a_pointer_that_nobody_can_follow_is_a_gap(
    tmp_path: Path, text: str | bytes
) -> None:
    found = discover(tmp_path, "model.safetensors", text)
    assert found.components == ()
    assert [each.state for each in found.gaps] == [State.UNREADABLE]


def test_a_file_that_only_starts_like_a_pointer_is_too_long(tmp_path: Path) -> None:
    found = discover(tmp_path, "model.gguf", TEXT + "x" * 1000)
    assert found.components == ()
    assert [each.state for each in found.gaps] == [State.LIMIT]


def test_other_text_is_no_pointer(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(TEXT.replace("version", "Version"))
    assert not survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_pointer_is_read_or_leaves_a_gap(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = discover(Path(folder), "m.gguf", LFS_POINTER + b"v1\n" + data)
    assert len(found.gaps) == 1
