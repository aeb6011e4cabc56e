"""What the name of a file tells that is kept elsewhere, and only pointed to."""

from pathlib import PurePosixPath
from typing import Final

from mcpchain.component import DataFacts, ModelFacts

_MODELS: Final = {
    ".bin": "",  # of PyTorch, of ggml, or of anybody else
    ".ckpt": "pickle",
    ".gguf": "gguf",
    ".h5": "hdf5",
    ".joblib": "pickle",
    ".keras": "keras",
    ".npy": "numpy",
    ".npz": "numpy",
    ".onnx": "onnx",
    ".pb": "saved-model",
    ".pickle": "pickle",
    ".pkl": "pickle",
    ".pt": "torch-zip",
    ".pth": "torch-zip",
    ".safetensors": "safetensors",
    ".tflite": "tflite",
}
_DATA: Final = {
    ".arrow": "arrow",
    ".csv": "csv",
    ".jsonl": "json-lines",
    ".parquet": "parquet",
    ".tar": "webdataset",
    ".tfrecord": "tfrecord",
    ".tsv": "tsv",
}


def facts_of(name: str) -> ModelFacts | DataFacts | None:
    """Return what a file called *name* is, if it is a model or data.

    Nobody has seen its bytes: this is what its maker calls it.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in _MODELS:
        return ModelFacts(format=_MODELS[suffix])
    return DataFacts(format=_DATA[suffix]) if suffix in _DATA else None
