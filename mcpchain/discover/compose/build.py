"""How a service is built: from which Dockerfile, and with which further images."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from mcpchain.build_file import read_named_dockerfile
from mcpchain.build_step import (
    add_image,
    add_repository,
    add_undecided,
    beyond,
    partial,
    shown,
)
from mcpchain.component import BuildFacts, Location, Role
from mcpchain.dockerfile import read_dockerfile
from mcpchain.document import Node
from mcpchain.interpolation import UndecidedError, interpolate
from mcpchain.inventory import Collector
from mcpchain.tree import File

_ELSEWHERE: Final = re.compile(r"[a-z][a-z0-9+.-]*://|git@|github\.com/", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[\w./:@+-]{0,300}", re.ASCII)
_WAYS: Final = 50
"""How often Dockerfiles are read because of arguments."""
_IMAGE: Final = "docker-image://"


def is_elsewhere(path: str) -> bool:
    """Say whether *path* is a web address or a repository."""
    return _ELSEWHERE.match(path) is not None


def add_build(
    build: Node,
    stage: str,
    file: File,
    values: Mapping[str, str | None],
    seen: set[object],
    found: Collector,
) -> None:
    """Declare what the build of a service takes that no Dockerfile names.

    A Dockerfile is read here where its name does not tell that it is one, or where
    arguments are given that it does not know itself; each way *seen* only once.

    Raises:
        MalformedError: The entry is not one of a build.
    """
    options, given = build.is_object(), dict[str, str | None]()
    if options:
        with found.entry():
            given = _arguments(build.at("args"), values)
        with found.entry():
            for node, text in _contexts(build.at("additional_contexts")):
                _context(text, node, stage, values, found)
    context = build.at("context") if options else build
    place = Location(path=build.source, pointer=build.pointer)
    try:
        folder = _text(context, values) or "."
        named = (options and _text(build.at("dockerfile"), values)) or "Dockerfile"
    except UndecidedError as error:
        reason = f"which Dockerfile it is built from cannot be told: {error}"
        partial(found, place, reason, "give the variable a default")
        return
    if options and build.at("dockerfile_inline").exists:
        node = build.at("dockerfile_inline")
        inline = Location(path=node.source, pointer=node.pointer)
        read_dockerfile(node.text(), inline, found, given=given)
    elif is_elsewhere(folder):
        _fetched(folder, place, stage, found)
    else:
        path = f"{folder}/{named}"
        way = (path, *sorted(given.items(), key=repr))
        if way in seen:
            return
        seen.add(way)
        if len(seen) > _WAYS and given:
            beyond(
                found, place, f"more than {_WAYS} builds; its arguments were not read"
            )
            given = {}
        read_named_dockerfile(file, path, place, found, Role.BASE_IMAGE, given)


def _arguments(node: Node, values: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the arguments of a build, which are a map or a list of `name=value`.

    One without a value is whatever the environment of the builder says.
    """
    pairs: dict[str, str | None] = {}
    if node.is_list():
        for each in node.elements():
            name, equals, value = each.text().partition("=")
            pairs[name] = value if equals else None
    else:
        pairs = {name: _scalar(each) for name, each in node.items()}
    given: dict[str, str | None] = {}
    for name, text in pairs.items():
        try:
            known = None if text is None else interpolate(text, values, escape="$")
        except UndecidedError:
            known = None
        # What no image, tag or address is written with may be a secret.
        given[name] = known if known is None or _PLAIN.fullmatch(known) else None
    return given


def _scalar(node: Node) -> str | None:
    """Return a value as a text; `None` for one that is not written."""
    value = node.value
    return None if value is None or isinstance(value, list | dict) else str(value)


def _text(node: Node, values: Mapping[str, str | None]) -> str:
    """Return a path or an address: without the values that only `.env` knows."""
    return interpolate(node.optional_text() or "", dict.fromkeys(values), escape="$")


def _fetched(url: str, place: Location, stage: str, found: Collector) -> None:
    address, _, fragment = url.partition("#")
    facts = BuildFacts(role=Role.FETCHED, stage=stage)
    if address.lower().startswith("github.com/"):
        address = f"https://{address}"
    add_repository(found, address, fragment.partition(":")[0], place, facts)
    partial(
        found,
        place,
        f"is built from `{shown(address)}`, whose Dockerfile is not read",
        "examine that repository, or name the image that is built from it by digest",
    )


def _contexts(node: Node) -> Iterator[tuple[Node, str]]:
    """Yield further contexts, which are a map or a list of `name=context`."""
    if node.is_list():
        for each in node.elements():
            yield each, each.text().partition("=")[2]
    else:
        for _, each in node.items():
            yield each, each.text()


def _context(
    text: str,
    node: Node,
    stage: str,
    values: Mapping[str, str | None],
    found: Collector,
) -> None:
    place = Location(path=node.source, pointer=node.pointer)
    image = text.startswith(_IMAGE)
    facts = BuildFacts(role=Role.BUILD_IMAGE if image else Role.FETCHED, stage=stage)
    try:
        source = interpolate(text, values, escape="$")
    except UndecidedError as error:
        add_undecided(found, text, str(error), place, facts)
        return
    if source.startswith(_IMAGE):
        source = source.removeprefix(_IMAGE)
        add_image(found, source, place, facts, written=text)
    elif is_elsewhere(source) and not source.startswith("oci-layout:"):
        address, _, fragment = source.partition("#")
        add_repository(found, address, fragment.partition(":")[0], place, facts)
