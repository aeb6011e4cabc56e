"""What a project hides from the gate, under a name or in a place, is found."""

import gzip
import io
import json
import pickle
import tarfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main

POLICY = """\
apiVersion: mcpchain/policy/v1
name: plain
rules:
  gap: {level: {offline: allow, no-source: allow, partial: warn, other: deny}}
  unpinned-server: deny
  unsafe-model-format: deny
"""
SAFE = {"mcpServers": {"files": {"command": "npx", "args": ["-y", "files@1.2.0"]}}}
EVIL = json.dumps({"mcpServers": {"x": {"command": "npx", "args": ["evil"]}}}).encode()
OLD = b"cos\nsystem\n(S'id'\ntR."
ENVIRONMENT = {
    "env/pyvenv.cfg": b"home = /usr/bin\n",
    "env/bin/python": b"",
    "env/lib/python3.12/site-packages/m.pkl": OLD,
}


def gate(folder: Path, files: Mapping[str, bytes]) -> Result:
    project = folder / "project"
    for name, data in {".mcp.json": json.dumps(SAFE).encode(), **files}.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    policy = folder / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    options = ("--offline", "--no-environment", "--policy", str(policy))
    return CliRunner().invoke(main, ["gate", *options, str(project)])


def tarred(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("pytorch_model.bin", OLD),
        ("b.bin", b"\x80\x01" + OLD),
        ("c.bin", gzip.compress(OLD, mtime=0)),
        ("d.sav", gzip.compress(OLD, mtime=0)),
        ("pytorch_model-2.bin", tarred("pickle", OLD)),
        ("e.model", OLD),
        ("models/m.pkl", OLD),
        (".git/m.pkl", OLD),
        (".hg/.mcp.json", EVIL),
        (".svn/m.bin", OLD),
    ],
)
def test_a_hidden_pickle_or_server_is_denied(
    tmp_path: Path, name: str, data: bytes
) -> None:
    told = gate(tmp_path, {"models/pyvenv.cfg": b"", name: data})
    assert told.exit_code == 10, told.output
    assert f"--> {name}" in told.output


@pytest.mark.parametrize(
    "files",
    [
        {"weights.bin": bytes(range(256)) * 9, "iris.data": b"5.1,3.5,setosa\n"},
        {"tokenizer.model": b"\n\x0e\n\x05<unk>\x15\0\0\0\0\x18\x02"},
        {"a.gz": gzip.compress(b"text", mtime=0), "a.tar": tarred("x/a.py", b"pass")},
        {"a.py": b"import os\n", "c.py": b"class A: ...\n", "i.py": b"import a\n"},
        {"a.docx": zipped({"word/document.xml": b"<x/>"})},
        {"a.zip": zipped({"a/__init__.py": b"", "a/data.txt": b"x"})},
        {".git/HEAD": b"ref: refs/heads/main\n", ".git/objects/m.pkl": OLD},
        ENVIRONMENT,
        {"node_modules/x/m.pkl": OLD},
    ],
)
def test_what_is_ordinary_is_no_reason_to_deny(
    tmp_path: Path, files: Mapping[str, bytes]
) -> None:
    told = gate(tmp_path, files)
    assert told.exit_code == 0, told.output
    installed = "env/pyvenv.cfg" in files or "node_modules/x/m.pkl" in files
    assert (
        f"({'0 denied, 1 warned' if installed else '0 denied, 0 warned'}" in told.output
    )


def header(tensors: int) -> bytes:
    entry = {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}
    text = json.dumps({str(each): entry for each in range(tensors)}).encode()
    return len(text).to_bytes(8, "little") + text


MANY = b"N0" * 100_000 + b"N."


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("m.safetensors", header(120_000)),
        (
            "m.pt",
            zipped({"a/data.pkl": b"N.", **{f"a/{n}.pkl": MANY for n in range(900)}}),
        ),
        ("m.bin", b"]q\0" * 700_000 + OLD),
    ],
)
def test_a_file_that_costs_too_much_is_denied_soon(
    tmp_path: Path, name: str, data: bytes
) -> None:
    start = time.process_time()
    told = gate(tmp_path, {name: data})
    assert time.process_time() - start < 10, "the limit of a file does not hold"
    assert told.exit_code == 10, told.output
    assert f"--> {name}" in told.output


def test_a_folder_with_many_links_to_it_is_denied_soon(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for each in range(400):
        (project / f"l{each}").symlink_to("data")
    told = gate(tmp_path, {f"data/{each}": b"" for each in range(500)})
    assert told.exit_code == 10, told.output
    assert "too many symbolic links" in told.output


def test_a_sound_pickle_of_a_protocol_is_denied_whatever_it_is_called(
    tmp_path: Path,
) -> None:
    told = gate(tmp_path, {"weights": pickle.dumps([1.5], 4)})
    assert told.exit_code == 10, told.output
