"""What a part of a policy speaks of: some kinds, packages, places or stages."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, TypeVar

from mcpchain.component import Component, Kind
from mcpchain.policy.publishers import pattern
from mcpchain.policy.values import known, unlike
from mcpchain.publisher import Pattern
from mcpchain.strict_yaml import YamlNode

KEYS: Final = ("kinds", "packages", "paths", "stages")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Fits a component that fits each of its parts; an empty part fits everything."""

    kinds: frozenset[Kind] = frozenset()
    packages: tuple[Pattern, ...] = ()
    paths: tuple[str, ...] = ()
    """Files, and folders with `/` at the end, relative to what is judged."""
    stages: frozenset[str] = frozenset()

    def fits(self, component: Component, path: str) -> bool:
        """Say whether *component*, as it is found at *path*, is meant."""
        if self.kinds and component.kind not in self.kinds:
            return False
        if self.paths and not any(_lies(path, each) for each in self.paths):
            return False
        purl = component.purl  # the dearest to compare comes last
        return not self.packages or (
            purl is not None
            and any(e.fits(purl) and _named(component, e) for e in self.packages)
        )


def read_scope(node: YamlNode, stages: Collection[str]) -> Scope:
    """Read a scope.

    Raises:
        MalformedError: A part is empty, or names what there is not.
    """
    known(node, KEYS)
    if not any(key in node for key in KEYS):
        raise node.malformed("names nothing; leave it out to mean everything")
    return Scope(
        kinds=frozenset(_each(node, "kinds", _kind)),
        packages=tuple(_each(node, "packages", pattern)),
        paths=tuple(_each(node, "paths", _path)),
        stages=frozenset(_each(node, "stages", lambda each: stage(each, stages))),
    )


def stage(node: YamlNode, stages: Collection[str]) -> str:
    """Return the name of one of *stages*."""
    name = node.text()
    if name not in stages:
        raise node.malformed(
            unlike(name, stages, "stage") if stages else "the policy has no `stages`"
        )
    return name


def _each(node: YamlNode, key: str, read: Callable[[YamlNode], _T]) -> list[_T]:
    if key not in node:
        return []
    values = [read(each) for each in node.at(key).elements()]
    if not values:
        raise node.at(key).malformed("is empty, so it fits nothing; leave it out")
    return values


def _kind(node: YamlNode) -> Kind:
    text = node.text()
    try:
        return Kind(text)
    except ValueError:
        kinds = [each.value for each in Kind]
        raise node.malformed(unlike(text, kinds, "kind")) from None


def _path(node: YamlNode) -> str:
    text = node.text()
    parts = text.removesuffix("/").split("/")
    if not all(parts) or {".", ".."} & set(parts) or any(c in text for c in "*?[]\\"):
        raise node.malformed(
            f"`{text[:140]}` is no path here; write a file, or a folder with `/` at "
            "its end, without wildcards"
        )
    return text


def _named(component: Component, pattern: Pattern) -> bool:
    """Say whether a package of npm has that name in that case, which no purl tells."""
    written, name = pattern.written, component.name
    if not written or component.kind is Kind.MCP_SERVER:
        return True
    return name.startswith(written) if pattern.begins else name == written


def _lies(path: str, where: str) -> bool:
    return path.startswith(where) if where.endswith("/") else path == where
