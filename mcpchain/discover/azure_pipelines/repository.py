"""Repositories that a pipeline takes templates from."""

import re
from typing import Final

from packageurl import PackageURL

from mcpchain.build_step import add_undecided, shown
from mcpchain.component import BuildFacts, Component, Kind, Location, Pin, Role
from mcpchain.document import Node
from mcpchain.inventory import Collector

_KINDS: Final = frozenset({"git", "github", "githubenterprise", "bitbucket"})
_PUBLIC: Final = frozenset({"github", "bitbucket"})
"""Those whose repositories have one name for everybody."""
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_COMMIT: Final = re.compile(r"[0-9a-fA-F]{40}")


def repository(node: Node, found: Collector) -> Component | None:
    """Return the repository that an entry of `resources` declares.

    One that depends on a variable is declared here, and none is returned.

    Raises:
        MalformedError: It is none.
    """
    kind = (node.at("type").optional_text() or "git").lower()
    name = node.at("name").text()
    ref = node.at("ref").optional_text() or ""
    place = Location(path=node.source, pointer=node.pointer)
    facts = BuildFacts(role=Role.WORKFLOW)
    if "$" in f"{name}{ref}":
        why = "it is put together when the pipeline runs"
        add_undecided(found, f"{name}@{ref}" if ref else name, why, place, facts)
        return None
    if kind not in _KINDS:
        raise node.at("type").malformed(f"`{kind[:40]}` is no type of repository")
    public = kind in _PUBLIC
    if public and (not _NAME.fullmatch(name) or {".", ".."} & {*name.split("/")}):
        raise node.at("name").malformed(f"`{shown(name)}` is no `owner/repository`")
    # Elsewhere a branch may be called like a commit; GitHub lets none be.
    fixed = kind == "github" and _COMMIT.fullmatch(ref) is not None
    short = re.sub(r"refs/(?:heads|tags)/", "", ref, count=1)
    purl = None
    if public:
        owner, _, own = name.partition("/")
        version = ref.lower() if fixed else short or None
        purl = PackageURL(type=kind, namespace=owner, name=own, version=version)
    moving = Pin.TAG if ref else Pin.FLOATING
    return Component(
        kind=Kind.BUILD,
        name=shown(name) or "unnamed",
        version=ref.lower() if fixed else None,
        purl=purl,
        pin=Pin.COMMIT if fixed else moving,
        requested="" if fixed else short,
        facts=facts,
        locations=(place,),
    )
