"""Folders of models, as small as they can be."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcpchain.component import Component, Kind, ModelFacts
from mcpchain.discover import survey
from mcpchain.inventory import Inventory, RelationKind
from mcpchain.tree import Tree

CONFIG = {"model_type": "acme", "architectures": ["AcmeForCausalLM"]}


def weights(
    *names: str, shape: int = 4, metadata: dict[str, str] | None = None
) -> bytes:
    """Return a file of safetensors with one tensor of each name."""
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    size = 2 * shape
    for at, name in enumerate(names):
        offsets = [at * size, at * size + size]
        header[name] = {"dtype": "F16", "shape": [shape], "data_offsets": offsets}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(len(names) * size)


def gguf(*tensors: str, **said: str | int) -> bytes:
    """Return a file of GGUF; two underscores stand for a dot."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    data = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(said))
    for key, value in said.items():
        data += text(key.replace("__", "."))
        if isinstance(value, str):
            data += struct.pack("<I", 8) + text(value)
        else:
            data += struct.pack("<II", 4, value)
    for name in tensors:
        data += text(name) + struct.pack("<IQIQ", 1, 4, 1, 0)
    return data + bytes(64)


def put(root: Path, files: Mapping[str, object]) -> Path:
    """Write *files*: bytes and text as they are, other values as JSON."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            text = content if isinstance(content, str) else json.dumps(content)
            path.write_text(text, encoding="utf-8")
    return root


def look(root: Path, name: str = "x") -> Inventory:
    """Return what *root* is made of."""
    return survey(Tree(root), name=name)


def model(found: Inventory, path: str = "m") -> Component:
    """Return the model at *path*."""
    (component,) = (
        each
        for each in found.components
        if each.kind is Kind.MODEL and each.location.path == path
    )
    return component


def facts(found: Inventory, path: str = "m") -> ModelFacts:
    """Return the facts of the model at *path*."""
    known = model(found, path).facts
    assert isinstance(known, ModelFacts)
    return known


def targets(found: Inventory, source: Component, kind: RelationKind) -> list[str]:
    """Return the refs to which *source* is related so."""
    return [
        each.target
        for each in found.relations
        if each.source == source.ref and each.kind is kind
    ]


def contained(found: Inventory, path: str = "m") -> list[str]:
    """Return the refs that the model at *path* contains."""
    return targets(found, model(found, path), RelationKind.CONTAINS)


def told(found: Inventory) -> list[tuple[str, str]]:
    """Return state and place of every gap."""
    return [(each.state.value, str(each.location)) for each in found.gaps]
