"""Read the configuration of pre-commit.

What a hook installs besides is declared as a part of the build and not as a dependency:
it never runs with the system.
"""

import re
from collections.abc import Mapping
from typing import Final

from mcpchain.build_step import (
    add_image,
    add_repository,
    add_undecided,
    partial,
    shown,
)
from mcpchain.component import BuildFacts, Location, Role
from mcpchain.discover.pre_commit.addition import add_dependency
from mcpchain.document import Node
from mcpchain.inventory import Collector
from mcpchain.tree import File

_BYTES: Final = 1 << 20
_OWN: Final = frozenset({"local", "meta"})
_REMOTE: Final = re.compile(r"[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:", re.IGNORECASE)
_CLAIM: Final = re.compile(
    r"""^[ \t]*+rev[ \t]*+:[ \t]*+["']?([0-9a-fA-F]{40})["']?[ \t]++"""
    r"\#[ \t]*+(?:frozen:[ \t]*+)?(v?[0-9][A-Za-z0-9._+-]{0,60}+)",
    re.MULTILINE,
)
"""What `pre-commit autoupdate --freeze` says that a commit is."""


def discover(file: File, found: Collector) -> None:
    """Declare the repositories of hooks, and what is installed with them.

    Raises:
        MalformedError: It is not YAML that is read.
        UnreadableError: It cannot be read.
    """
    data = file.read(_BYTES)
    document = Node.from_yaml(data, source=file.path, merging=True)
    if not document.exists:
        return
    claims = _claims(data)
    # Before 1.0 the list of repositories was the whole file.
    for each in (document if document.is_list() else document.at("repos")).elements():
        with found.entry():
            _repository(each, claims, found)


def _claims(data: bytes) -> Mapping[str, str]:
    """Return which version comments say a commit is, where they agree."""
    claims: dict[str, set[str]] = {}
    for match in _CLAIM.finditer(data.decode("utf-8", "replace")):
        claims.setdefault(match[1], set()).add(match[2])
    return {rev: min(said) for rev, said in claims.items() if len(said) == 1}


def _repository(entry: Node, claims: Mapping[str, str], found: Collector) -> None:
    node = entry.at("repo")
    url, place = node.text(), _place(node)
    with found.entry():
        if url not in _OWN:
            revision = entry.at("rev").text()
            if _REMOTE.match(url):
                facts = BuildFacts(role=Role.HOOK)
                claim = claims.get(revision, "")
                add_repository(found, url, revision, place, facts, claim)
            else:
                reason = "takes hooks from a repository on this machine, which is not"
                hint = "keep the hooks in this repository, as `repo: local`"
                partial(found, place, f"{reason} read", hint)
    for hook in entry.at("hooks").elements():
        with found.entry():
            _hook(hook, found)


def _hook(hook: Node, found: Collector) -> None:
    """Declare what a hook installs, or the image that it runs in."""
    name = hook.at("id").optional_text() or ""
    language = hook.at("language").optional_text() or ""
    with found.entry():
        for each in hook.at("additional_dependencies").elements():
            with found.entry():
                add_dependency(each, language, name, found)
    if language == "docker_image":
        _image(hook.at("entry"), name, found)


def _image(entry: Node, name: str, found: Collector) -> None:
    """Declare the image of an entry, which may stand after `--entrypoint`."""
    facts = BuildFacts(role=Role.BUILD_IMAGE, stage=name)
    words = entry.text().split()
    if words[:1] == ["--entrypoint"]:
        words = words[2:]
    if not words or words[0].startswith("-"):
        why = "options of the container runtime stand before it"
        add_undecided(found, shown(entry.text()), why, _place(entry), facts)
    else:
        add_image(found, words[0], _place(entry), facts)


def _place(node: Node) -> Location:
    return Location(path=node.source, pointer=node.pointer)
