"""Models: how long a header takes, and how little more than hashing a whole folder."""

import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

Pair = Callable[[str, Callable[[], float], Callable[[], float]], None]

SHARDS = 8
SHARD = 256 << 20
BIG = 1 << 30
"""Bytes of weights in each."""
VOCABULARY = 150_000
SMALL = 10_000
"""Files of a folder of many."""
REFERENCE = "model_signing"
"""The reference tool for signatures of models."""
HASH = """\
import hashlib, sys
from concurrent.futures import ThreadPoolExecutor
def digest(name):
    with open(name, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
with ThreadPoolExecutor(2) as pool:
    print(*pool.map(digest, sys.argv[1:]))
"""
"""What is to be beaten: every file once, in two threads, and nothing else."""


def parts(pair: Pair, mcpchain: list[str]) -> dict[str, Callable[[Path], None]]:
    """Return the parts of this benchmark by name; each takes an empty folder."""
    return {
        "safetensors": partial(safetensors, pair=pair),
        "gguf": partial(gguf, pair=pair),
        "hugging-face": partial(hugging_face, pair=pair, mcpchain=mcpchain),
        "model-signature": partial(signature, pair=pair, mcpchain=mcpchain),
    }


def safetensors(folder: Path, *, pair: Pair) -> None:
    """Read the header of 14 GB, of which only the header is really on the disk."""
    file = folder / "model.safetensors"
    header = weights(291, 14_000_000_000)
    with file.open("wb") as stream:
        stream.write(header)
        stream.truncate(len(header) + 14_000_000_000 // 291 // 2 * 2 * 291)
    title = "header of a safetensors file of 14 GB, against json.loads of that header"
    pair(title, partial(discover, file), partial(parse, header[8:]))


def gguf(folder: Path, *, pair: Pair) -> None:
    """Go past a vocabulary of 150,000 words."""
    words = [f"token-{n}".encode() for n in range(VOCABULARY)]
    values = b"".join(struct.pack("<Q", len(word)) + word for word in words)
    listed = struct.pack("<IIQ", 9, 8, len(words)) + values
    pairs = [(b"general.architecture", struct.pack("<IQ", 8, 5) + b"llama")]
    pairs.append((b"tokenizer.ggml.tokens", listed))
    data = b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs))
    for key, value in pairs:
        data += struct.pack("<Q", len(key)) + key + value
    file = folder / "model.gguf"
    file.write_bytes(data)
    title = f"GGUF with a vocabulary of {VOCABULARY:,}, against splitting its words"
    pair(title, partial(discover, file), partial(split, b"\n".join(words)))


def hugging_face(folder: Path, *, pair: Pair, mcpchain: list[str]) -> None:
    """List a folder of shards as one model, every byte hashed."""
    model = folder / "model"
    model.mkdir()
    header = weights(40, SHARD)
    block = os.urandom(1 << 20)
    names = []
    for n in range(1, SHARDS + 1):
        name = f"model-{n:05}-of-{SHARDS:05}.safetensors"
        with (model / name).open("wb") as stream:
            stream.write(header.replace(b"tensor-", f"part-{n}-".encode()))
            for _ in range(SHARD >> 20):
                stream.write(block)
        names.append(name)
    config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}
    (model / "config.json").write_text(json.dumps(config))
    (model / "README.md").write_text("---\nlicense: mit\n---\n# A model\n")
    ours = [*mcpchain, "sbom", "--no-environment", str(model), "-o"]
    theirs = [sys.executable, "-c", HASH, *(str(model / name) for name in names)]
    pair(
        f"folder of {SHARDS} shards of {SHARD >> 20} MiB, against hashing them once in "
        "two threads",
        partial(run, [*ours, str(folder / "bom.json")]),
        partial(run, theirs),
    )


def signature(folder: Path, *, pair: Pair, mcpchain: list[str]) -> None:
    """Sign and verify folders of large and of small files, every byte hashed."""
    block = os.urandom(1 << 20)
    large, small = folder / "large", folder / "small"
    large.mkdir()
    for n in range(SHARDS):
        with (large / f"model-{n}.safetensors").open("wb") as stream:
            stream.truncate(BIG)  # holes: zeros that no disk has to deliver
    for n in range(SMALL):
        (small / str(n // 500)).mkdir(parents=True, exist_ok=True)
        (small / str(n // 500) / f"{n}.json").write_bytes(block[n : n + 4096])
    key = folder / "k"
    run([*mcpchain, "key", "generate", "-o", str(key), "--unencrypted"])
    for model, title in (
        (large, f"{SHARDS} files of {BIG >> 20:,} MiB"),
        (small, f"{SMALL:,} files of 4 KiB"),
    ):
        names = [str(each) for each in sorted(model.rglob("*")) if each.is_file()]
        loop = [sys.executable, "-c", HASH, *names]
        mine, theirs = f"{model}.sig", f"{model}.theirs.sig"
        tool = [str(Path(sys.executable).with_name(REFERENCE))]
        for verb, ours, reference in (
            (
                "sign",
                ["--key", f"{key}.key", "--bundle", mine, "--force"],
                ["--private_key", f"{key}.key", "--signature", theirs],
            ),
            (
                "verify",
                ["--key", f"{key}.pub", "--bundle", mine],
                ["--public_key", f"{key}.pub", "--signature", mine],
            ),
        ):
            first = partial(run, [*mcpchain, verb, str(model), *ours])
            other = partial(run, [*tool, verb, "key", str(model), *reference])
            once = "hashing them once in two threads"
            pair(f"{verb} {title}, against {once}", first, partial(run, loop))
            pair(f"{verb} {title}, against {REFERENCE}", first, other)


def weights(tensors: int, size: int) -> bytes:
    """Return length and header of a file with *tensors* in *size* bytes of weights."""
    each = size // tensors // 2 * 2
    sizes = [each] * tensors
    if (rest := size - each * tensors) and size == SHARD:
        sizes[-1] += rest
    header: dict[str, object] = {}
    start = 0
    for n, length in enumerate(sizes):
        header[f"tensor-{n:07}"] = {
            "dtype": "BF16",
            "shape": [length // 2],
            "data_offsets": [start, start + length],
        }
        start += length
    data = json.dumps(header).encode()
    return struct.pack("<Q", len(data)) + data


def discover(file: Path) -> float:
    """Return how long it takes to declare one model file, without hashing."""
    from mcpchain.discover import gguf, safetensors
    from mcpchain.inventory import Collector
    from mcpchain.tree import Tree

    part = {".gguf": gguf, ".safetensors": safetensors}[file.suffix].DISCOVERER
    opened = Tree(file.parent).file(file.name)
    start = time.perf_counter()
    found = Collector("x")
    part.discover(opened, found)
    taken = time.perf_counter() - start
    assert not found.inventory().gaps
    return taken


def parse(header: bytes) -> float:
    start = time.perf_counter()
    assert json.loads(header)
    return time.perf_counter() - start


def split(words: bytes) -> float:
    start = time.perf_counter()
    assert len(words.split(b"\n")) == VOCABULARY
    return time.perf_counter() - start


def run(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - start
