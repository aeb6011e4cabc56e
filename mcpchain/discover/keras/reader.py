"""Read the configuration in a model of Keras 3."""

import zipfile
from typing import Final

from mcpchain.component import Location, ModelFacts
from mcpchain.discover.keras import ZIP, is_named
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.keras_config import KerasConfig
from mcpchain.model_file import observed
from mcpchain.tree import File, UnreadableError
from mcpchain.zip_members import open_zip, read_member

_CONFIG: Final = "config.json"
_WEIGHTS: Final = ("metadata.json", "model.weights.h5", "model.weights.json")
_HINT: Final = "check where the file comes from"


def discover(file: File, found: Collector) -> None:
    """Declare the model if it is one; another content under its name is a gap."""
    size = file.size()
    config = KerasConfig()
    members: list[zipfile.ZipInfo] = []
    sure = False
    try:
        with file.open() as stream:
            archive = open_zip(file, stream, size)
            members = archive.infolist()
            sure = _is_keras(members, named=is_named(file))
            if sure:
                _read(file, archive, config, found)
    except (MalformedError, UnreadableError):
        # What cannot be opened is still a model by its name, if it is a zip at all.
        torch = b"/data.pkl" in file.head
        sure = sure or (is_named(file) and file.head.startswith(ZIP) and not torch)
        if sure or is_named(file):
            raise
    finally:
        if sure:
            found.add(observed(file, _facts(config)))
    if is_named(file) and not (sure and _has_weights(members)):
        _note(file, found, _other(members), State.CONFLICT)


def _is_keras(members: list[zipfile.ZipInfo], *, named: bool) -> bool:
    """Say whether it is a model; of one that is *named* so no weights are needed.

    A loader runs what the configuration names before it looks for weights.
    """
    told = named or _has_weights(members)
    return told and any(each.filename == _CONFIG for each in members)


def _has_weights(members: list[zipfile.ZipInfo]) -> bool:
    return any(each.filename in _WEIGHTS for each in members)


def _read(
    file: File, archive: zipfile.ZipFile, config: KerasConfig, found: Collector
) -> None:
    """Read every configuration in *archive*: of two readers differ which counts."""
    members = [each for each in archive.infolist() if each.filename == _CONFIG]
    if len(members) > 1:
        reason = f"{len(members)} members of the name `{_CONFIG}`"
        _note(file, found, reason, State.CONFLICT)
    for member in members[:2] + members[2:][-1:]:
        with found.entry():
            data = read_member(file, archive, member)
            config.read(data, found, source=file.path)


def _facts(config: KerasConfig) -> ModelFacts:
    return ModelFacts(
        format="keras",
        architecture=config.architecture,
        imports=tuple(sorted(config.imports)),
        operators=tuple(sorted(config.operators)),
    )


def _other(members: list[zipfile.ZipInfo]) -> str:
    """Say what a zip is that is called a model of Keras and is none."""
    names = [each.filename.lower() for each in members]
    torch = any(each.rpartition("/")[2] == "data.pkl" for each in names)
    what = "a zip of torch" if torch else "a zip without its configuration or weights"
    return f"named like a model of Keras, and is {what}"


def _note(file: File, found: Collector, reason: str, state: State) -> None:
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=file.path),
            reason=reason,
            state=state,
            hint=_HINT,
        )
    )
