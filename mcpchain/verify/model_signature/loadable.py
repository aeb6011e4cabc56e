"""Which files a program that loads a model may read, run or import.

What a signer leaves out of a signature is nobody's word. For a picture that matters
little; for what decides what the model does it is everything.
"""

import re
from typing import Final

_PROGRAMS: Final = """
bash bat class cmd cu dll dylib exe ipynb jar js lua mjs node pl ps1 py pyc pyd pyi
pyw pyx pyz r rb sh so wasm whl zip tar gz bz2 xz 7z egg
"""
"""Programs, and what is imported beside them."""
_PICKLES: Final = """
bin ckpt dat data dill joblib mar mdl nemo npy npz p pickle pk pkl pt pt2 pte pth
sav th
"""
"""Pickles, by themselves or inside."""
_WEIGHTS: Final = """
caffemodel engine ggml gguf h5 hdf5 keras mlmodel mlpackage model msgpack onnx ot
params pb pbtxt pdiparams plan rten safetensors tflite torchscript trt
"""
"""Other weights, and graphs that may name code."""
_SETTINGS: Final = """
cfg conf ini jinja jinja2 json jsonl prompt spm tiktoken toml vocab xml yaml yml
"""
"""What says how a model is loaded, prompted and answered."""
_SUFFIXES: Final = frozenset(
    suffix
    for each in (_PROGRAMS, _PICKLES, _WEIGHTS, _SETTINGS)
    for suffix in each.split()
)
_LIBRARY: Final = re.compile(r"\.so(\.\d+)+$")
_NAMES: Final = frozenset({"modelfile", "merges.txt", "vocab.txt", "dockerfile"})
_HEADS: Final = (
    *(bytes((0x80, each)) for each in range(2, 6)),  # a pickle
    b"\x7fELF",
    b"MZ",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"PK",
    b"#!",
    b"\x1f\x8b",
    b"GGUF",
    b"\x89HDF",
    b"\x93NUMPY",
    b"\0asm",
)
_OLD_PICKLE: Final = re.compile(rb"[(\]}]*[ci][A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n")


def is_loadable(path: str, head: bytes) -> bool:
    """Say whether the file at *path*, which starts with *head*, may be loaded."""
    name = path.rpartition("/")[2].lower()
    suffix = name.rpartition(".")[2]
    return (
        (suffix in _SUFFIXES and suffix != name)
        or name in _NAMES
        or _LIBRARY.search(name) is not None
        or head.startswith(_HEADS)
        or _OLD_PICKLE.match(head) is not None
    )
