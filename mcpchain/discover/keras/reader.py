"""Read the configuration in a model of Keras 3."""

import lzma
import struct
import zipfile
import zlib
from typing import BinaryIO, Final

from mcpchain.artifact import Artifact
from mcpchain.component import Basis, Component, Kind, Location, ModelFacts
from mcpchain.discover.keras import ZIP, is_named
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.keras_config import LIMIT, KerasConfig
from mcpchain.tree import File, UnreadableError
from mcpchain.zip_directory import directory_size

_DIRECTORY: Final = 4 << 20
"""How many bytes of a zip's directory are read."""
_CONFIG: Final = "config.json"
_WEIGHTS: Final = ("metadata.json", "model.weights.h5", "model.weights.json")
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Others unpack without a bound, in the standard library."""
_HINT: Final = "check where the file comes from"

_BROKEN: Final = (
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the standard library raises for a damaged, encrypted or unknown archive."""


def discover(file: File, found: Collector) -> None:
    """Declare the model if it is one; another content under its name is a gap."""
    size = file.size()
    config = KerasConfig()
    members: list[zipfile.ZipInfo] = []
    sure = False
    try:
        with file.open() as stream:
            archive = _opened(file, stream, size)
            members = archive.infolist()
            sure = _is_keras(members)
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
            found.add(_component(file, size, config))
    if not sure and is_named(file):
        _note(file, found, _other(members), State.CONFLICT)


def _opened(file: File, stream: BinaryIO, size: int) -> zipfile.ZipFile:
    try:
        length = directory_size(stream, size)
        if length > _DIRECTORY:
            raise _limit(file, f"a directory of {length:,} bytes")
        stream.seek(0)
        return zipfile.ZipFile(stream)
    except _BROKEN as error:
        raise MalformedError(
            f"not a zip that can be read: {str(error)[:140]!a}", source=file.path
        ) from error


def _is_keras(members: list[zipfile.ZipInfo]) -> bool:
    names = {each.filename for each in members}
    return _CONFIG in names and any(each in names for each in _WEIGHTS)


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
            try:
                if member.compress_type not in _METHODS:
                    raise ValueError("compressed as Keras does not")
                with archive.open(member) as stream:
                    data = stream.read(LIMIT + 1)
            except _BROKEN as error:
                raise MalformedError(
                    f"`{_CONFIG}` cannot be unpacked: {str(error)[:140]!a}",
                    source=file.path,
                ) from error
            if len(data) > LIMIT:
                raise _limit(file, f"a configuration of more than {LIMIT:,} bytes")
            config.read(data, found, source=file.path)


def _component(file: File, size: int, config: KerasConfig) -> Component:
    return Component(
        kind=Kind.MODEL,
        name=file.name,
        locations=(Location(path=file.path),),
        basis=Basis.OBSERVED,
        artifacts=(Artifact(name=file.path, size=size),),
        facts=ModelFacts(
            format="keras",
            architecture=config.architecture,
            imports=tuple(sorted(config.imports)),
            operators=tuple(sorted(config.operators)),
        ),
    )


def _other(members: list[zipfile.ZipInfo]) -> str:
    """Say what a zip is that is called a model of Keras and is none."""
    names = [each.filename.lower() for each in members]
    torch = any(each.rpartition("/")[2] == "data.pkl" for each in names)
    what = "a zip of torch" if torch else "a zip without a configuration of Keras"
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


def _limit(file: File, what: str) -> UnreadableError:
    return UnreadableError(
        file.path, f"more than we read: {what}", State.LIMIT, hint=_HINT
    )
