"""Read a model in ONNX, and check the files that it keeps its numbers in."""

import re
from pathlib import PurePosixPath
from typing import Final

from mcpchain.component import FileFacts, Location, ModelFacts
from mcpchain.discover.onnx import is_named
from mcpchain.discover.onnx.graph import Graph, Outside
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, RelationKind, State
from mcpchain.model_file import last_name, observed, part_of
from mcpchain.protobuf import Walk
from mcpchain.tree import File, UnreadableError

_NUMBER: Final = re.compile(r"[0-9]{1,19}")
_GAPS: Final = 100
"""How many files of numbers leave a gap before the rest leave one together."""


def discover(file: File, found: Collector) -> None:
    """Declare the model and the files of its numbers; each flaw is a gap."""
    size = file.size()
    whole = False
    with file.open() as stream:
        graph = Graph(Walk(stream, size, file.path))
        try:
            graph.read()
            whole = True
        except (MalformedError, UnreadableError):
            if _is_model(file, graph):
                raise
        finally:
            if _is_model(file, graph):
                ref = found.add(observed(file, _facts(graph, whole=whole)))
                _numbers(file, graph, ref, found)
    if whole and is_named(file) and not graph.seen:
        raise MalformedError("a model without a graph", source=file.path)


def _is_model(file: File, graph: Graph) -> bool:
    """Say whether it is one: by its name, or because there is a graph of operators."""
    return is_named(file) or bool(graph.seen and graph.nodes)


def _facts(graph: Graph, *, whole: bool) -> ModelFacts:
    counted = whole and graph.seen
    return ModelFacts(
        format="onnx",
        # Without one, the numbers are in constants among the operators.
        parameters=graph.parameters if counted and graph.tensors else None,
        tensors=graph.tensors if counted else None,
        license=graph.license or None,
        operators=graph.operators(),
    )


def _numbers(file: File, graph: Graph, ref: str, found: Collector) -> None:
    """Declare each file that holds numbers, with the first flaw of each place."""
    known: dict[str, int | None] = {}
    gaps: dict[str, Gap] = {}
    for each in graph.outside:
        if each.location in gaps:
            continue
        if each.location not in known:
            try:
                known[each.location] = _declared(file, each, ref, found)
            except UnreadableError as error:
                gaps[each.location] = _gap(file, each, error.reason, error.state)
                continue
        size = known[each.location]
        if size is not None and (problem := _beyond(each, size)):
            gaps[each.location] = _gap(file, each, problem, State.UNREADABLE)
    for gap in list(gaps.values())[:_GAPS]:
        found.gap(gap)
    if len(gaps) > _GAPS:
        reason = f"more than {_GAPS} files of numbers cannot be read"
        found.gap(_gap(file, None, reason, State.UNREADABLE))


def _declared(file: File, each: Outside, ref: str, found: Collector) -> int | None:
    """Declare the file that *each* names, and return its size; `None` for the model.

    Raises:
        UnreadableError: It must not be opened, or cannot be.
    """
    if PurePosixPath(each.location) == PurePosixPath(file.name):
        return None
    part = part_of(file, each.location, FileFacts(role="weights"), found)
    found.relate(ref, part.ref, RelationKind.CONTAINS)
    return part.size


def _beyond(each: Outside, size: int) -> str:
    """Say what is wrong with the part of a file of *size* bytes; empty if nothing."""
    bounds = [text or "0" for text in (each.offset, each.length)]
    if not all(map(_NUMBER.fullmatch, bounds)):
        return "is given an offset or a length that is no number"
    end = sum(map(int, bounds))
    return f"ends at byte {size:,}, before byte {end:,}" if end > size else ""


def _gap(file: File, each: Outside | None, reason: str, state: State) -> Gap:
    what = reason
    if each is not None:
        shown = last_name(each.location)
        what = f"the numbers of `{each.tensor}` are in `{shown}`, which {reason}"
    return Gap(
        stage="discover",
        location=Location(path=file.path),
        reason=what,
        state=state,
        hint="put the files of the model's numbers into its own folder, all of them",
    )
