"""Read a SavedModel, and say which files belong to it."""

from pathlib import PurePosixPath
from typing import Final

from mcpchain.component import FileFacts, Location, ModelFacts
from mcpchain.discover.saved_model import READ
from mcpchain.discover.saved_model.graph import Graphs
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, RelationKind, State
from mcpchain.keras_config import KerasConfig
from mcpchain.model_file import last_name, observed, part_of
from mcpchain.protobuf import Walk
from mcpchain.tree import File, UnreadableError

_SHARDS: Final = 10_000
_GAPS: Final = 100
"""Limits: files of variables, and gaps about files."""
_INDEX: Final = "variables/variables.index"
_BESIDE: Final = ("fingerprint.pb", "keras_metadata.pb")
_HINT: Final = "copy the whole folder of the model, as it was saved"


def discover(file: File, found: Collector) -> None:
    """Declare the model and its files; each flaw is a gap."""
    size = file.size()
    config = KerasConfig()
    operators: set[str] = set()
    parts = _Parts(file, found)
    try:
        if file.name.casefold() != READ:
            raise UnreadableError(
                file.path,
                "a SavedModel in a form that is not read",
                State.UNSUPPORTED,
                hint=f"save it as `{READ}`, or check it by other means",
            )
        with file.open() as stream:
            graphs = Graphs(Walk(stream, size, file.path))
            _finish(graphs, config, operators, found)
        if not graphs.seen:
            raise MalformedError("a model without a graph", source=file.path)
        parts.assets(graphs.assets)
    finally:
        parts.variables()
        for name in _BESIDE:
            other = parts.add(name, "configuration", required=False)
            if other is not None and name.startswith("keras"):
                _keras(other, config, found)
        facts = ModelFacts(
            format="saved-model",
            architecture=config.architecture,
            imports=tuple(sorted(config.imports)),
            operators=tuple(sorted(operators | config.operators)),
        )
        folder = PurePosixPath(file.path).parent.name
        parts.relate(found.add(observed(file, facts, name=folder)))


def _finish(
    graphs: Graphs, config: KerasConfig, operators: set[str], found: Collector
) -> None:
    """Read the graphs, and keep what they say however the reading ends."""
    try:
        graphs.read()
    finally:
        operators |= graphs.operators
        _layers(graphs, config, found)


def _keras(file: File, config: KerasConfig, found: Collector) -> None:
    """Read the layers that Keras 2 saved beside the model."""
    try:
        with found.entry(), file.open() as stream:
            graphs = Graphs(Walk(stream, file.size(), file.path))
            try:
                graphs.read_keras()
            finally:
                _layers(graphs, config, found)
    except UnreadableError as error:
        found.gap(error.gap())


def _layers(graphs: Graphs, config: KerasConfig, found: Collector) -> None:
    """Read the JSON of each layer; one that cannot be read does not hide the rest."""
    for text in graphs.layers:
        with found.entry():
            config.read(text.encode(), found, source=graphs.walk.path)


class _Parts:
    """The files that belong to a model, as far as it says which these are."""

    def __init__(self, file: File, found: Collector) -> None:
        self._file = file
        self._found = found
        self._refs: list[str] = []
        self._gaps = 0

    def relate(self, model: str) -> None:
        """Make all that was found a part of *model*."""
        for each in self._refs:
            self._found.relate(model, each, RelationKind.CONTAINS)

    def assets(self, names: set[str]) -> None:
        """Declare the assets that the model names, in its folder `assets`."""
        for name in sorted(names):
            self.add(f"assets/{name}", "asset")

    def variables(self) -> None:
        """Declare the variables: an index, which says how many files there are."""
        index = self.add(_INDEX, "weights", required=False)
        if index is None:
            return
        count = 0
        try:
            with index.open() as stream:
                count = _shards(stream.read(64))
        except UnreadableError as error:
            self._found.gap(error.gap())
        if not 0 < count <= _SHARDS:
            self._gap(f"`{_INDEX}` does not say how many files of variables there are")
            return
        for each in range(count):
            self.add(f"variables/variables.data-{each:05}-of-{count:05}", "weights")

    def add(self, path: str, role: str, *, required: bool = True) -> File | None:
        """Declare the file at *path* beside the model, if it is there."""
        try:
            part = part_of(self._file, path, FileFacts(role=role), self._found)
        except UnreadableError as error:
            if required or not isinstance(error.__cause__, FileNotFoundError):
                self._gap(f"its file `{last_name(path)}` {error.reason}")
            return None
        self._refs.append(part.ref)
        return part.file

    def _gap(self, reason: str) -> None:
        self._gaps += 1
        if self._gaps > _GAPS:
            reason = f"more than {_GAPS} files of the model cannot be read"
        self._found.gap(
            Gap(
                stage="discover",
                location=Location(path=self._file.path),
                reason=reason,
                state=State.UNREADABLE,
                hint=_HINT,
            )
        )


def _shards(head: bytes) -> int:
    """Return how many files the index of variables counts; 0 if it does not say.

    Its first entry has no name and a message (`BundleHeaderProto`), whose first field
    is the number of files.
    """
    if len(head) < 5 or head[:2] != b"\0\0" or head[3] != 8:  # noqa: PLR2004 - entry and field
        return 0
    count = head[4] & 0x7F
    if head[4] & 0x80:
        count |= head[5] << 7 if len(head) > 5 and head[5] < 0x80 else 0  # noqa: PLR2004 - its second byte
    return count
