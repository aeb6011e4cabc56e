"""What is installed into the environment of a hook besides the hook itself."""

import re
from dataclasses import replace
from typing import Final

from mcpchain.artifact import Artifact
from mcpchain.build_step import unreadable
from mcpchain.component import (
    BuildFacts,
    Component,
    Kind,
    Location,
    PackageFacts,
    Pin,
    Role,
)
from mcpchain.document import Node
from mcpchain.inventory import Collector
from mcpchain.launch.npm_spec import read_npm_spec
from mcpchain.requirement import Request, harmless

_PYTHON: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*+(?:\[[^\]]*+\])?\s*+(?:[=~<>!]=|[<>])", re.ASCII
)
_NODE: Final = re.compile(
    r"@[A-Za-z0-9._~-]++/|[A-Za-z0-9][A-Za-z0-9._-]*+@[\^~]?[0-9]", re.ASCII
)
"""How only the one or the other is written."""


def add_dependency(node: Node, language: str, hook: str, found: Collector) -> None:
    """Declare what *node* asks for, in the language of the hook.

    Args:
        node: The text.
        language: The hook's, if the configuration says so.
        hook: Its id.
        found: Where to keep it.
    """
    text = node.text()
    place = Location(path=node.source, pointer=node.pointer)
    python = language.startswith("python") or (not language and _PYTHON.match(text))
    try:
        if python:
            package = Request.parse(text, place).component()
        elif language == "node" or (not language and _NODE.match(text)):
            package = _node(text, place)
        else:
            package = _unknown(text, place)
    except ValueError:
        problem = f"`{harmless(text)}` is nothing that can be installed"
        unreadable(found, place, problem)
        return
    facts = package.facts
    registry = facts.registry if isinstance(facts, PackageFacts) else None
    step = BuildFacts(role=Role.HOOK, stage=hook, registry=registry)
    # With the purl of a package it would be one that is judged as a dependency.
    looked_up = package.purl is not None and package.purl.type in {"npm", "pypi"}
    purl = None if looked_up else package.purl
    found.add(replace(package, kind=Kind.BUILD, facts=step, purl=purl))


def _node(text: str, place: Location) -> Component:
    asked = read_npm_spec(text, {})
    return Component(
        kind=Kind.BUILD,
        name=asked.name[:140] if asked.purl else "a folder or archive",
        version=asked.version,
        purl=asked.purl,
        pin=asked.pin,
        requested=asked.requested,
        artifacts=(Artifact(digests=(asked.digest,)),) if asked.digest else (),
        facts=PackageFacts(registry=asked.registry),
        locations=(place,),
    )


def _unknown(text: str, place: Location) -> Component:
    """Declare what is written in a language that nothing here tells."""
    name = harmless(text)
    if not name:
        raise ValueError("it names nothing")
    return Component(kind=Kind.BUILD, name=name, pin=Pin.FLOATING, locations=(place,))
