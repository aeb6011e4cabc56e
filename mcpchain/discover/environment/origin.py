"""Where an installed distribution came from, as it says itself (PEP 610)."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from mcpchain.component import Origin, Pin
from mcpchain.discover.environment.info import Info
from mcpchain.document import Node
from mcpchain.naming import bare_url, is_commit, source_address, vcs_url

_LIMIT: Final = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where it came from; without a word about it, from an index."""

    origin: Origin = Origin.REGISTRY
    pin: Pin = Pin.EXACT
    registry: str | None = None
    qualifiers: tuple[tuple[str, str], ...] = ()
    project: str | None = None
    """The folder that it is edited in."""


def read(info: Info) -> Source:
    """Read the `direct_url.json` of a distribution, if there is one.

    Raises:
        MalformedError: It says nothing that can be understood.
        UnreadableError: It cannot be read.
    """
    record = info.beside("direct_url.json")
    if record is None:
        return Source()
    direct = Node.from_json(record.read(_LIMIT), source=record.path)
    url = direct.at("url").text()
    address = bare_url(url)
    if not address:
        raise direct.at("url").malformed("names no place")
    if address.lower().startswith("file:"):
        folder = direct.at("dir_info")
        edited = folder.exists and folder.at("editable").flag()
        project = unquote(urlsplit(url).path) if edited else None
        return Source(origin=Origin.PATH, pin=Pin.LOCAL, project=project)
    if not direct.at("vcs_info").exists:
        return Source(
            origin=Origin.URL,
            registry=source_address(url),
            qualifiers=(("download_url", address),),
        )
    commit = direct.at("vcs_info").at("commit_id").text()
    return Source(
        origin=Origin.VCS,
        pin=Pin.COMMIT if is_commit(commit) else Pin.TAG,
        registry=source_address(url),
        qualifiers=(("vcs_url", vcs_url(url, commit)),),
    )
