"""What Poetry's own tables in a manifest ask for.

Poetry's manual describes them under "Dependency specification".
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mcpchain.component import Component, Kind, Location, PackageFacts, Pin
from mcpchain.discover.pyproject.wanted import (
    ALWAYS,
    Asker,
    Wanted,
    group_name,
    is_archive,
)
from mcpchain.document import Node
from mcpchain.naming import pypi_purl
from mcpchain.python_package import from_address, from_repository, is_local
from mcpchain.python_sources import USUAL, named
from mcpchain.requirement import Request, harmless

_LENGTH: Final = 400
_BARE: Final = re.compile(r"={0,3}\s*(v?\d[\w.!+-]*)")
_CONSTRAINT: Final = re.compile(r"[\w.,|*^~<>=! +-]+")
_CLAUSE: Final = re.compile(r"(==|!=|<=|>=|<|>)\s*(\d[\d.]*(?:\.\*)?)")
_SOURCES: Final = ("git", "url", "path", "file")


def read_poetry(poetry: Node, wanted: Wanted, *, main: bool) -> None:
    """Keep what the tables ask for.

    Args:
        poetry: The table `tool.poetry`.
        wanted: Where it is kept.
        main: Whether its `dependencies` are those of the project, and not only
            further details of them.

    Raises:
        MalformedError: A table is none.
    """
    if not poetry.exists:
        return
    extras = _extras(poetry.at("extras"), wanted)
    if main:
        pythons = poetry.at("dependencies")
        wanted.limit(pythons.at("python") if pythons.is_object() else pythons)
        _read(poetry.at("dependencies"), wanted, ALWAYS, extras)
    _read(poetry.at("dev-dependencies"), wanted, Asker(groups=("dev",)))
    for name, group in poetry.at("group").items():
        with wanted.found.entry():
            asker = Asker(groups=(group_name(name),))
            _read(group.at("dependencies"), wanted, asker)


def _extras(table: Node, wanted: Wanted) -> dict[str, tuple[str, ...]]:
    """Return by name of a dependency the extras that ask for it."""
    extras: dict[str, set[str]] = {}
    with wanted.found.entry():
        for extra, names in table.items():
            for name in names.texts():
                extras.setdefault(group_name(name), set()).add(group_name(extra))
    return {name: tuple(sorted(asking)) for name, asking in extras.items()}


def _read(
    table: Node,
    wanted: Wanted,
    asker: Asker,
    extras: dict[str, tuple[str, ...]] | None = None,
) -> None:
    with wanted.found.entry():
        for name, node in table.items():
            if name.lower() == "python":
                continue
            for each in _alternatives(node):
                read = False
                with wanted.found.entry():
                    _one(name, each, wanted, asker, extras or {})
                    read = True
                wanted.whole = wanted.whole and read


def _alternatives(node: Node) -> Iterator[Node]:
    if node.is_list():
        yield from node.elements()
    else:
        yield node


def _one(
    name: str,
    node: Node,
    wanted: Wanted,
    asker: Asker,
    extras: dict[str, tuple[str, ...]],
) -> None:
    table = node.is_object()
    if table and node.at("optional").flag():
        asker = Asker(extras=extras.get(group_name(name), ()), optional=True)
    try:
        purl = pypi_purl(name)
    except ValueError as error:
        raise node.malformed(str(error)) from None
    component = Component(
        kind=Kind.LIBRARY,
        name=purl.name,
        purl=purl,
        pin=Pin.FLOATING,
        facts=PackageFacts(),
        locations=(Location(path=node.source, pointer=node.pointer),),
    )
    kinds = [key for key in _SOURCES if table and node.at(key).exists]
    if len(kinds) > 1:
        raise node.malformed("names several sources, of which Poetry takes one")
    if kinds:
        component = _elsewhere(component, node, kinds[0], wanted)
    else:
        component = _constrained(component, node.at("version") if table else node)
        with wanted.found.entry():
            component = _from_index(component, node, wanted) if table else component
    marker = node.at("markers").optional_text() or "" if table else ""
    python = node.at("python").optional_text() if table else None
    if python:
        marker = " and ".join(filter(None, [_pythons(python), marker]))
    wanted.keep(component, node, asker, marker)


def _from_index(component: Component, node: Node, wanted: Wanted) -> Component:
    """Say from which index it comes, where it names one."""
    name = node.at("source").optional_text()
    if name is None or name.casefold() == USUAL:
        return component
    urls = named(wanted.sources, name)
    if not urls:
        raise node.at("source").malformed("is an index that the manifest lacks")
    facts = PackageFacts(registry=urls[0], extra_registries=urls[1:])
    return replace(component, facts=facts)


def _pythons(constraint: str) -> str:
    """Write a constraint on Python as a marker, where it has no words of Poetry's."""
    clauses = [_CLAUSE.fullmatch(each.strip()) for each in constraint.split(",")]
    if not all(clauses):
        return f"python {constraint[:_LENGTH]}"
    return " and ".join(f'python_version {c[1]} "{c[2]}"' for c in clauses if c)


def _elsewhere(
    component: Component, node: Node, kind: str, wanted: Wanted
) -> Component:
    place = node.at(kind).text()
    if kind == "git":
        keys = ("rev", "tag", "branch")
        named = (node.at(key).optional_text() for key in keys)
        revision = next(filter(None, named), "")
        folder = node.at("subdirectory").optional_text()
        return from_repository(component, place, revision, folder)
    if kind == "url" and not is_local(place):
        return from_address(component, node, place, wanted.found)
    if is_archive(place) or is_local(place):
        return wanted.beside.archive(component, node, place)
    return wanted.beside.folder(component, node, place)


def _constrained(component: Component, node: Node) -> Component:
    """Say how firmly a constraint pins; `^` and `||` are Poetry's own."""
    text = node.optional_text() or "*"
    text = text.strip()
    if len(text) > _LENGTH or not _CONSTRAINT.fullmatch(text):
        raise node.malformed(f"`{harmless(text)}` is no constraint on a version")
    if text == "*":
        return component
    if (exact := _BARE.fullmatch(text)) and "*" not in text:
        try:
            request = Request.parse(f"{component.name}=={exact[1]}", component.location)
        except ValueError as error:
            raise node.malformed(str(error)) from None
        return request.component()
    return replace(component, pin=Pin.RANGE, requested=text)
