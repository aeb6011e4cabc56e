"""Make the three small models of this example, byte for byte the same every time.

    python make_models.py models/

The pickle is harmless: loading it would make an ordered dictionary. It is here because
a pickle that is harmless looks, from outside, like one that is not.
"""

import json
import pickle
import struct
import sys
from collections import OrderedDict
from pathlib import Path


def safetensors(weights: dict[str, list[float]]) -> bytes:
    """Return the weights in the safetensors format."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, values in weights.items():
        start = len(data)
        data += struct.pack(f"<{len(values)}f", *values)
        header[name] = {
            "dtype": "F32",
            "shape": [len(values)],
            "data_offsets": [start, len(data)],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def gguf(values: list[float]) -> bytes:
    """Return a GGUF file (version 3) with one tensor."""

    def string(text: str) -> bytes:
        return struct.pack("<Q", len(text)) + text.encode()

    pairs = {"general.architecture": "llama", "general.name": "summary"}
    out = b"GGUF" + struct.pack("<IQQ", 3, 1, len(pairs))
    for key, value in pairs.items():
        out += string(key) + struct.pack("<I", 8) + string(value)
    out += string("output.weight") + struct.pack("<IQIQ", 1, len(values), 0, 0)
    out += b"\0" * (-len(out) % 32)
    return out + struct.pack(f"<{len(values)}f", *values)


def main(folder: Path) -> None:
    """Write the models into *folder*."""
    weights = [index / 8 for index in range(8)]
    (folder / "intent.safetensors").write_bytes(safetensors({"intent.weight": weights}))
    (folder / "summary.gguf").write_bytes(gguf(weights))
    router = OrderedDict([("billing", 0), ("refund", 1)])
    (folder / "router.pkl").write_bytes(pickle.dumps(router, protocol=4))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
