"""What a manifest of npm asks for, each entry as npm reads it (npm-package-arg)."""

from dataclasses import dataclass

from mcpchain.closure import packument
from mcpchain.closure.graph import SHOWN, Ask
from mcpchain.closure.packument import Need
from mcpchain.component import Component, Origin, PackageFacts
from mcpchain.document import Node
from mcpchain.launch.npm_spec import read_npm_spec
from mcpchain.launch.record import Requested, UndecidableError
from mcpchain.naming import npm_purl


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A need, read: a package of a registry, something from elsewhere, or neither."""

    need: Need
    name: str = ""
    """The package's real name, if it comes from a registry."""
    spec: str = ""
    elsewhere: Requested | None = None
    problem: str = ""
    """Why it is neither."""

    @property
    def ask(self) -> Ask:
        """How firmly, and on what conditions, it is asked for."""
        need, elsewhere = self.need, self.elsewhere
        alias = need.folder if self.name and need.folder != self.name else ""
        return Ask(
            requested=elsewhere.requested if elsewhere else self.spec[:SHOWN],
            pin=elsewhere.pin if elsewhere else packument.pin_of(self.spec),
            optional=need.optional,
            peer=need.peer,
            alias=alias,
        )


def wish_of(root: Component) -> Wish:
    """Return what a server's command asks for."""
    facts = root.facts
    alias = facts.alias if isinstance(facts, PackageFacts) else ""
    spec = root.version or root.requested
    need = Need(folder=alias or root.name, spec=spec)
    return Wish(need=need, name=root.name, spec=spec)


def wishes(manifest: Node, problems: list[str]) -> tuple[Wish, ...]:
    """Return everything that the package of *manifest* asks for, sorted by folder.

    Args:
        manifest: One version.
        problems: Takes what could not be read.
    """
    if not manifest.is_object():
        problems.append(f"{manifest.pointer}: expected an object")
        return ()
    inside = packument.bundled(manifest, problems)
    return tuple(
        _bundled(need) if need.folder in inside else _wish(need)
        for need in packument.needs(manifest, problems)
    )


def _wish(need: Need) -> Wish:
    name, spec = need.folder, need.spec
    try:
        npm_purl(name)
        if spec.lower().startswith("npm:"):
            head, at, tail = spec[4:].rpartition("@")
            name, spec = (head, tail) if at and head else (spec[4:], "")
            npm_purl(name)
        if not spec or packument.is_registered(spec):
            return Wish(need=need, name=name, spec=spec)
        elsewhere = read_npm_spec(f"{name}@{spec}", {})
    except UndecidableError as error:
        return Wish(need=need, problem=str(error))
    except ValueError as error:
        return Wish(need=need, problem=str(error)[: 2 * SHOWN])
    if elsewhere.origin is Origin.REGISTRY:
        return Wish(need=need, problem="what it is asked for is no version")
    return Wish(need=need, elsewhere=elsewhere)


def _bundled(need: Need) -> Wish:
    try:
        purl = npm_purl(need.folder)
    except ValueError as error:
        return Wish(need=need, problem=str(error)[: 2 * SHOWN])
    inside = Requested(
        name=need.folder,
        pin=packument.pin_of(need.spec),
        purl=purl,
        requested=need.spec[:SHOWN],
        origin=Origin.BUNDLED,
    )
    return Wish(need=need, elsewhere=inside)
