"""Declare a file as a model, and the files beside it as its parts.

What a model says about other files is not trusted: nothing outside its own folder is
opened, whatever its names and the links in the folder say.
"""

from pathlib import PureWindowsPath
from typing import NamedTuple

from mcpchain.artifact import Artifact
from mcpchain.component import (
    Basis,
    Component,
    DataFacts,
    FileFacts,
    Kind,
    Location,
    ModelFacts,
)
from mcpchain.inventory import Collector, State
from mcpchain.tree import File, UnreadableError

_KINDS = {ModelFacts: Kind.MODEL, DataFacts: Kind.DATA, FileFacts: Kind.FILE}


class Part(NamedTuple):
    """A file that belongs to a model."""

    ref: str
    file: File
    size: int


def observed(
    file: File, facts: ModelFacts | DataFacts | FileFacts, *, name: str = ""
) -> Component:
    """Make the component that *file* is: of the kind that *facts* are about.

    Raises:
        UnreadableError: The system refuses to tell its size.
    """
    named = isinstance(facts, ModelFacts) and facts.license
    return Component(
        kind=_KINDS[type(facts)],
        name=name or file.name,
        locations=(Location(path=file.path),),
        basis=Basis.OBSERVED,
        artifacts=(Artifact(name=file.path, size=file.size()),),
        licenses=(named,) if named else (),
        facts=facts,
    )


def last_name(path: str) -> str:
    """Return the last part of *path*: the rest may tell whose machine it was."""
    return PureWindowsPath(path).name[:140]


def part_of(
    model: File, path: str, facts: ModelFacts | FileFacts, found: Collector
) -> Part:
    r"""Declare the file at *path*, seen from the folder of *model*.

    A `\` counts as a separator, and a letter with a colon as a drive: on some system
    it is one.

    Raises:
        UnreadableError: It would lie outside the folder, or is no file.
    """
    place = PureWindowsPath(path)
    if not place.name or path.endswith(("/", "\\")):
        raise _refused(model, "names no file")
    if place.drive or place.root or ".." in place.parts:
        raise _refused(model, "leads out of the folder of the model")
    file = model.beside(path)
    component = observed(file, facts)
    return Part(found.add(component), file, component.artifacts[0].size or 0)


def _refused(model: File, reason: str) -> UnreadableError:
    return UnreadableError(
        model.path,
        reason,
        State.UNREADABLE,
        hint="put the files of the model into its own folder, all of them",
    )
