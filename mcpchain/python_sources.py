"""The package indexes that a Python project names: those of pipenv, Poetry and PDM."""

import re
from dataclasses import dataclass, replace
from typing import Final

from mcpchain.component import Location, PackageFacts
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.naming import bare_url
from mcpchain.tree import File, UnreadableError

_BYTES: Final = 4 << 20
_MOST: Final = 100
"""How many indexes of one project are read."""
_HERE: Final = re.compile(r"(?:\w+\+)*file:", re.IGNORECASE)
USUAL: Final = "pypi"
"""What managers call the index that they ask by themselves, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An index."""

    name: str
    """As packages name it; its address where it has no name."""
    url: str
    """Without secrets. Of a place on this machine nothing but `file:` is left."""
    explicit: bool = False
    """Whether only packages that name it come from it."""


def read_sources(nodes: Node, found: Collector) -> tuple[Source, ...]:
    """Read tables of `name` and `url`, in their order.

    One without address is the usual one, about which nothing is said here. Two of one
    name are both kept, and a gap: managers do not agree which of them counts.
    """
    sources: list[Source] = []
    names: dict[str, str] = {}
    for count, node in enumerate(nodes.elements()):
        with found.entry():
            if count == _MOST:
                raise node.malformed(f"one more than the {_MOST} that are read")
            if count > _MOST:
                break
            written = node.at("url").optional_text()
            if written is None:
                continue
            # Where on this machine tells who works there.
            remote = "://" in written and not _HERE.match(written)
            url = bare_url(written) if remote else "file:"
            name = node.at("name").optional_text() or url
            with found.entry():
                _check(node.at("verify_ssl"), found)
            explicit = False
            with found.entry():
                explicit = node.at("priority").optional_text() == "explicit"
            sources.append(Source(name=name, url=url, explicit=explicit))
            if names.setdefault(name.casefold(), url) != url:
                raise node.malformed(f"is a second index called `{name[:140]}`")
    return tuple(sources)


def named(sources: tuple[Source, ...], name: str) -> tuple[str, ...]:
    """Return the addresses of the indexes called *name*, the first of them first."""
    same = (each.url for each in sources if each.name.casefold() == name.casefold())
    return tuple(dict.fromkeys(same))


def usual(sources: tuple[Source, ...], facts: PackageFacts) -> PackageFacts:
    """Return *facts* with the indexes that may deliver what names none of them."""
    first = named(sources, USUAL)[:1]
    others = (each.url for each in sources if not each.explicit)
    return replace(
        facts,
        registry=next(iter(first), None),
        extra_registries=tuple(dict.fromkeys(u for u in others if u not in first)),
    )


def manifest_sources(lock: File, tool: str) -> tuple[Source, ...]:
    """Return the indexes that `pyproject.toml` beside *lock* names for *tool*.

    What cannot be read there is told where the manifest itself is read.
    """
    try:
        file = lock.beside("pyproject.toml")
        document = Node.from_toml(file.read(_BYTES), source=file.path)
        table = document.at("tool").at(tool).at("source")
        return read_sources(table, Collector(""))
    except (UnreadableError, MalformedError):
        return ()


def _check(verify: Node, found: Collector) -> None:
    """Leave a gap where the certificate of a server is not looked at."""
    if verify.exists and not verify.flag():
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=verify.source, pointer=verify.pointer),
                reason="`verify_ssl` turns off the check of a server's certificate, "
                "which is not checked",
                state=State.UNSUPPORTED,
                hint="let it be verified",
            )
        )
