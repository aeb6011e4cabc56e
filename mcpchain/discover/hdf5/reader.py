"""Say what a file in HDF5 is, and what a model in it would import."""

from typing import Final

from mcpchain.component import DataFacts, Location, ModelFacts
from mcpchain.discover.hdf5 import is_named
from mcpchain.discover.hdf5.attributes import HdfError, Root, start_of
from mcpchain.inventory import Collector, Gap, State
from mcpchain.keras_config import KerasConfig
from mcpchain.model_file import observed
from mcpchain.tree import File, UnreadableError

_CONFIGS: Final = ("model_config", "training_config")
"""What a loader builds the model from, and how it is trained."""
_KERAS: Final = frozenset({*_CONFIGS, "keras_version", "layer_names"})
"""The attributes of which one is there in everything that Keras 2 saves."""


def discover(file: File, found: Collector) -> None:
    """Declare the model or the data; another content under its name is a gap."""
    size = file.size()
    config = KerasConfig()
    names: set[str] = set()
    whole = False
    with file.open() as stream:
        start = start_of(stream, size)
        if start is None:
            if is_named(file):
                reason = "named like HDF5, and nothing that we know"
                _note(file, found, reason, State.UNSUPPORTED)
            return
        try:
            for name, text in Root(stream, size, start).attributes(_CONFIGS):
                names.add(name)
                if isinstance(text, bytes):
                    with found.entry():
                        config.read(text, found, source=file.path)
                elif text is not None:
                    reason = f"`{name}` cannot be read: {text.reason}"
                    _note(file, found, reason, text.state)
            whole = True
        except HdfError as error:
            _note(file, found, f"its layers were not read: {error.reason}", error.state)
        except UnreadableError as error:
            found.gap(error.gap())
    model = not whole or not _KERAS.isdisjoint(names) or _is_weights(file)
    facts = ModelFacts(
        format="hdf5",
        architecture=config.architecture,
        imports=tuple(sorted(config.imports)),
        operators=tuple(sorted(config.operators)),
    )
    found.add(observed(file, facts if model else DataFacts(format="hdf5")))


def _is_weights(file: File) -> bool:
    """Say whether it is called as Keras wants its weights to be."""
    return file.name.lower().endswith((".weights.h5", ".weights.hdf5"))


def _note(file: File, found: Collector, reason: str, state: State) -> None:
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=file.path),
            reason=reason,
            state=state,
            hint="check where the file comes from, or convert it to safetensors",
        )
    )
