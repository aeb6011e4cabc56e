"""What the message of a SavedModel says: operators, assets, and layers of Keras.

A comment beside a number names the field (`tensorflow/core/protobuf/*.proto`).
"""

import re
from dataclasses import dataclass, field
from typing import Final

from mcpchain.protobuf import Field, Walk

_REACHING: Final = re.compile(
    r"PyFunc(?:Stateless)?|EagerPyFunc|ReadFile|WriteFile"
    r"|(?:Experimental)?MatchingFiles(?:Dataset)?|FileSystemSetConfiguration"
    r"|ImmutableConst|LoadAndRemapMatrix|GenerateVocabRemapping|RecordInput"
    r"|(?:WholeFile|TextLine|FixedLengthRecord|TFRecord|LMDB)Reader(?:V\d)?"
    r"|(?:Experimental)?(?:TextLine|FixedLengthRecord|TFRecord|Sql|CSV|LMDB|Cache"
    r"|Snapshot|Load|Save|DataService)Dataset(?:V\d)?"
    r"|(?:Experimental)?DatasetToTFRecord|CreateSummary(?:File|Db)Writer"
    r"|Debug(?:Identity|NanCount|NumericSummary)(?:V\d)?|DumpTensor|PrintV2"
    r"|DistributedSave|Rpc\w+"
)
"""Operators of TensorFlow that reach files, the network or Python. What saves and
restores the variables is left out: every model has it."""
_KERAS: Final = "_tf_keras"
_KEPT: Final = 140
_DISTINCT: Final = 1_000
_ASSETS: Final = 10_000
_METADATA: Final = 50_000
"""Limits: characters of a name, operators that are told, assets, layers of Keras."""


@dataclass(slots=True)
class Graphs:
    """What was read so far of one model."""

    walk: Walk
    seen: bool = False
    """Whether there is a graph at all."""
    operators: set[str] = field(default_factory=set)
    assets: set[str] = field(default_factory=set)
    """The names of the files that the model says are its assets."""
    layers: list[str] = field(default_factory=list)
    """What Keras 2 saved with its layers: JSON documents."""

    def read(self) -> None:
        """Read the whole model (`SavedModel`).

        Raises:
            MalformedError: It is none.
            UnreadableError: It is more than is read.
        """
        for each in self.walk.fields():
            if each.number == 2:  # noqa: PLR2004 - meta_graphs
                for inner in each.fields():
                    match inner.number:
                        case 2:  # graph_def
                            self.seen = True
                            self._graph(inner)
                        case 6:  # asset_file_def
                            self._asset(inner)
                        case 7:  # object_graph_def
                            self._objects(inner)
                        case _:
                            pass

    def read_keras(self) -> None:
        """Read what Keras 2 wrote beside the model (`SavedMetadata`).

        Raises:
            MalformedError: It is none.
            UnreadableError: It is more than is read.
        """
        for each in self.walk.fields():
            if each.number == 1:  # nodes, whose fields are identifier and metadata
                self._layer(each, 4, 5)

    def _graph(self, message: Field) -> None:
        for each in message.fields():
            if each.number == 1:
                self._node(each)
            elif each.number == 2:  # noqa: PLR2004 - library
                for function in each.fields():
                    if function.number == 1:
                        self._function(function)

    def _function(self, message: Field) -> None:
        for each in message.fields():
            if each.number in {2, 3}:  # node_def, in an older form and now
                self._node(each)

    def _node(self, message: Field) -> None:
        name = ""
        for each in message.fields():
            if each.number == 2:  # noqa: PLR2004 - op
                name = each.text()
        # Libraries of others put their own name in front of an operator's.
        if ">" in name or _REACHING.fullmatch(name):
            if len(self.operators) >= _DISTINCT:
                raise self.walk.limit(f"more than {_DISTINCT:,} operators")
            self.operators.add(name[:_KEPT])

    def _asset(self, message: Field) -> None:
        name = ""
        for each in message.fields():
            if each.number == 2:  # noqa: PLR2004 - filename
                name = each.text()
        if len(self.assets) >= _ASSETS:
            raise self.walk.limit(f"more than {_ASSETS:,} assets")
        self.assets.add(name)

    def _objects(self, message: Field) -> None:
        for node in message.fields():
            if node.number == 1:
                for each in node.fields():
                    if each.number == 4:  # noqa: PLR2004 - user_object
                        self._layer(each, 1, 3)

    def _layer(self, message: Field, identifier: int, metadata: int) -> None:
        """Keep the JSON of a layer, which until TensorFlow 2.5 stood in the model."""
        kind = text = ""
        for each in message.fields():
            if each.number == identifier:
                kind = each.text()
            elif each.number == metadata:
                text = each.text()
        if kind.startswith(_KERAS) and text:
            if len(self.layers) >= _METADATA:
                raise self.walk.limit(f"more than {_METADATA:,} layers of Keras")
            self.layers.append(text)
