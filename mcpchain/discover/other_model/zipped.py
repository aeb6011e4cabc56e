"""Models in a zip: what skops saves, and what `torch.export` does."""

import zipfile
from collections.abc import Iterator
from typing import Final

from mcpchain.component import Location, ModelFacts
from mcpchain.inventory import Collector, Gap, State
from mcpchain.json_objects import every_object
from mcpchain.model_file import observed
from mcpchain.tree import File, UnreadableError
from mcpchain.zip_members import open_zip, read_member

_SCHEMA: Final = "schema.json"
_DISTINCT: Final = 1_000
_SHOWN: Final = 100
_KEPT: Final = 140
"""Limits: names that are told, members that are, and characters."""
_OWN: Final = frozenset({"numpy", "scipy", "sklearn"})
"""The libraries whose objects skops is there to save."""
_PLAIN: Final = frozenset(
    {"bool", "bytearray", "bytes", "dict", "float", "int", "list", "set", "slice"}
) | {"NoneType", "str", "tuple", "type"}
_NATIVE: Final = (".so", ".dll", ".dylib", ".pyd")
_PICKLES: Final = (".pkl", ".pt", ".pth")
_EXPORTED: Final = frozenset({"archive_format", "serialized_exported_program.json"})
"""The member that makes a zip what `torch.export` saves, now and before."""
_HINT: Final = "check where the file comes from, or convert it to safetensors"


def discover_zip(file: File, named: str, found: Collector) -> None:
    """Declare the model in the zip *file*, which is called like one of format *named*.

    Raises:
        MalformedError: It is no zip.
        UnreadableError: It is more than is read.
    """
    size = file.size()
    facts: ModelFacts | None = None
    try:
        with file.open() as stream:
            archive = open_zip(file, stream, size)
            read = _skops if named == "skops" else _exported
            for facts in read(file, archive, found):  # noqa: B007 - the last is kept
                pass
    finally:
        if facts is not None:
            found.add(observed(file, facts))
    if facts is None:
        reason = f"named like a model of {named}, and is a zip of something else"
        _note(file, found, reason, State.CONFLICT)


def _skops(
    file: File, archive: zipfile.ZipFile, found: Collector
) -> Iterator[ModelFacts]:
    """Yield what is known of a model of skops, before and after reading its schema."""
    members = [each for each in archive.infolist() if each.filename == _SCHEMA]
    if not members:
        return
    imports: set[str] = set()
    yield ModelFacts(format="skops")
    if len(members) > 1:
        _note(file, found, f"{len(members)} members `{_SCHEMA}`", State.CONFLICT)
    for member in members[:2] + members[2:][-1:]:
        with found.entry():
            data = read_member(file, archive, member)
            for each in _imports(file, data, found):
                imports.add(each)
                if len(imports) > _DISTINCT:
                    raise _limit(file, f"{_DISTINCT:,} names to import")
            yield ModelFacts(format="skops", imports=tuple(sorted(imports)))


def _imports(file: File, data: bytes, found: Collector) -> Iterator[str]:
    """Yield what a schema names that is not of the libraries it is made for."""
    for each in every_object(data, found, source=file.path):
        module, name = each.get("__module__"), each.get("__class__")
        if isinstance(module, str) and not _is_own(module, name):
            text = f"{module}.{name}"[:_KEPT]
            yield text.encode("utf-8", "backslashreplace").decode()


def _is_own(module: str, name: object) -> bool:
    if module == "builtins":
        return name in _PLAIN
    return module.partition(".")[0] in _OWN


def _exported(
    file: File, archive: zipfile.ZipFile, found: Collector
) -> Iterator[ModelFacts]:
    """Yield what is known of a model that `torch.export` saved."""
    names = [each.filename for each in archive.infolist()]
    if _EXPORTED.isdisjoint(each.rpartition("/")[2] for each in names):
        return
    native = {each for each in names if each.lower().endswith(_NATIVE)}
    code = tuple(sorted(each[:_KEPT] for each in native))
    yield ModelFacts(format="pt2", remote_code=code[:_DISTINCT])
    pickles = sorted(each for each in names if each.lower().endswith(_PICKLES))
    for each in pickles[:_SHOWN]:
        reason = f"`{each[:_KEPT]}` in it is a pickle, which was not looked into"
        _note(file, found, reason, State.PARTIAL)
    if max(len(pickles) - _SHOWN, len(code) - _DISTINCT) > 0:
        raise _limit(file, "members that are pickles or native code")


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
