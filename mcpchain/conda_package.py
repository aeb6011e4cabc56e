"""Packages of conda: how files name them, and what a channel's address tells.

The references are conda's manual, "Package match specifications", and the type `conda`
of the purl specification.
"""

import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from packageurl import PackageURL

from mcpchain.artifact import Artifact, Digest, identified
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts, Pin
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, Inventory, Relation, State
from mcpchain.naming import bare_url, source_address

_LENGTH: Final = 4 << 10
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_VERSION: Final = re.compile(r"v?\d[A-Za-z0-9_.!+]*")
_BUILD: Final = re.compile(r"[A-Za-z0-9_.+]+")
_SUBDIR: Final = re.compile(
    r"noarch|(?:linux|osx|win|emscripten|wasi|freebsd|zos)-[a-z0-9]+"
)
_FILE: Final = re.compile(
    r"(?P<name>.+)-(?P<version>[^-]+)-(?P<build>[^-]+)(?P<type>\.conda|\.tar\.bz2)"
)
_TOKEN: Final = re.compile(r"/t/[^/]*")
"""How conda writes the secret of a private channel into its address."""
_HERE: Final = re.compile(r"(?:\w+\+)*file:|[/\\~.]|[A-Za-z]:(?!//)", re.IGNORECASE)
_BRACKET: Final = re.compile(r"\[(?P<pairs>[^\[\]]*)\]$")
_PAIR: Final = re.compile(
    r"""\s*(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^,'"]*))\s*(?:,|$)"""
)
_FORMS: Final = (
    re.compile(r"=\s*(?P<version>[^=\s]+)\s*=\s*(?P<build>[^=\s]+)"),
    re.compile(r"==\s*(?P<version>[^=\s]+)(?:\s*=\s*(?P<build>[^=\s]+))?"),
    re.compile(r"(?P<version>[^=\s<>!~|,*]+)(?:[\s=]+(?P<build>[^=\s]+))?"),
)
"""How one version is asked for: `=1.0=h0`, `==1.0`, ` 1.0 h0`. `=1.0` is any 1.0.x."""
_META: Final = "conda-meta:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A match specification: which package is asked for."""

    name: str
    version: str | None = None
    """The exact one, if one is named."""
    build: str = ""
    channel: str = ""
    """Its name or address, without secrets."""
    subdir: str = ""
    requested: str = ""
    """What is asked for, where that is not an exact version."""
    digests: tuple[Digest, ...] = ()
    url: str = ""
    """Where it is fetched from, if not from a channel."""

    @classmethod
    def parse(cls, text: str) -> "Spec":
        """Read *text* as conda does.

        Raises:
            ValueError: It is no specification.
        """
        text = text.strip()
        if len(text) > _LENGTH or not text.isprintable():
            raise ValueError("a specification that is too long, or does not show")
        keys: dict[str, str] = {}
        if bracket := _BRACKET.search(text):
            text, keys = text[: bracket.start()].rstrip(), _pairs(bracket["pairs"])
        channel, _, text = text.rpartition("::")
        match = _NAME.match(text)
        if match is None:
            raise ValueError(f"`{_safe(text)}` is not the name of a package")
        version, build, requested = _asked(
            keys.get("version", text[match.end() :].strip())
        )
        build = keys.get("build", build)
        if build and not _BUILD.fullmatch(build):
            wanted = requested if version is None else version
            version, build, requested = None, "", f"{wanted or '*'}={build}"
        if re.search(r"[/\\]", requested):
            raise ValueError(f"`{_safe(match[0])}` is asked for in no version")
        channel, subdir = _channel(keys.get("channel", channel))
        return cls(
            name=match[0].lower(),
            version=version,
            build=build,
            channel=channel,
            subdir=keys.get("subdir", subdir),
            requested="" if version else requested,
            digests=tuple(
                Digest.of(key, keys[key]) for key in ("md5", "sha256") if key in keys
            ),
            url=keys.get("url", ""),
        )

    def component(self, place: Location, channels: tuple[str, ...]) -> Component:
        """Declare the package.

        Args:
            place: Where it is asked for.
            channels: Those that are asked, in their order.

        Raises:
            ValueError: It is fetched from an address that is none.
        """
        if self.url:
            return from_url(self.url, self.digests, place)
        asked = [self.channel] if self.channel else [*channels, ""]
        first, *others = map(_registry, asked)
        unpinned = Pin.RANGE if self.requested else Pin.FLOATING
        return Component(
            kind=Kind.LIBRARY,
            name=self.name,
            version=self.version,
            purl=conda_purl(
                self.name,
                self.version,
                build=self.build,
                channel=channel_name(self.channel),
                subdir=self.subdir,
            ),
            pin=Pin.EXACT if self.version else unpinned,
            requested=self.requested,
            artifacts=(Artifact(digests=self.digests),) if self.digests else (),
            facts=PackageFacts(
                registry=first or None, extra_registries=tuple(filter(None, others))
            ),
            locations=(place,),
        )


def conda_purl(name: str, version: str | None, **qualifiers: str) -> PackageURL:
    """Name a package of conda (purl-spec, type `conda`).

    Args:
        name: In lower case.
        version: `None` where no exact one is named.
        qualifiers: `build`, `channel`, `subdir`, `type`; empty ones say nothing.

    Raises:
        ValueError: *name* cannot be the name of a package.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"`{name[:140]}` is not the name of a package")
    said = {key: value for key, value in qualifiers.items() if value}
    return PackageURL(type="conda", name=name, version=version, qualifiers=said)


def from_url(url: str, digests: tuple[Digest, ...], place: Location) -> Component:
    """Declare the package that *url* fetches, which a channel lays out in a known way.

    What is not laid out so is a file from somewhere.

    Raises:
        ValueError: It is no address on another machine, or of no package of conda.
    """
    address = bare_channel(url)
    head, _, file = address.rpartition("/")
    match = _FILE.fullmatch(unquote(file))
    if "://" not in head:
        raise ValueError("names a file of this machine, which is not read")
    if match is None:
        raise ValueError(f"`{file[:140]}` is not called like a package of conda")
    channel, _, subdir = head.rpartition("/")
    artifact = Artifact(name=file, digests=digests, url=address)
    purl = conda_purl(
        match["name"].lower(),
        match["version"],
        build=match["build"],
        channel=channel_name(channel),
        subdir=subdir,
        type=match["type"].removeprefix("."),
    )
    component = Component(
        kind=Kind.LIBRARY,
        name=purl.name,
        version=match["version"],
        purl=purl,
        pin=Pin.EXACT,
        artifacts=(artifact,),
        facts=PackageFacts(registry=channel),
        locations=(place,),
    )
    return component if _SUBDIR.fullmatch(subdir) else _elsewhere(component, address)


def _elsewhere(component: Component, address: str) -> Component:
    return replace(
        component,
        purl=conda_purl(component.name, component.version, download_url=address),
        pin=Pin.DIGEST if identified(component.artifacts) else Pin.TAG,
        requested=address,
        facts=PackageFacts(origin=Origin.URL, registry=source_address(address)),
    )


def bare_channel(url: str) -> str:
    """Return an address or name without user, password, query, fragment and token.

    Of a place on this machine nothing but `file:` is left.
    """
    if _HERE.match(url):
        return "file:"
    return _TOKEN.sub("", bare_url(url))


def _registry(channel: str) -> str:
    """Return what a policy calls *channel*: its address, or `conda:` and its name.

    Whoever asks for a name alone leaves the address to the configuration of conda.
    """
    named = channel and channel != "file:" and "://" not in channel
    return f"conda:{channel}" if named else channel


def channel_name(channel: str) -> str:
    """Return what a channel is called: the path of its address, or its name."""
    _, there, rest = channel.partition("://")
    if there:
        return rest.partition("/")[2].strip("/")
    return "" if channel == "file:" else channel


def digests_of(node: Node, found: Collector) -> tuple[Digest, ...]:
    """Read `md5` and `sha256` of the table *node*; a bad one is a gap."""
    digests: list[Digest] = []
    for key in ("md5", "sha256"):
        with found.entry():
            value = node.at(key).optional_text() if node.exists else None
            try:
                digests += [Digest.of(key, value)] if value else []
            except ValueError as error:
                raise node.at(key).malformed(str(error)) from None
    return tuple(digests)


def text_of(node: Node) -> str:
    """Return the text here, or the whole number as text: a version such as `9`.

    Raises:
        MalformedError: It is something else.
    """
    return node.text() if node.is_text() else str(node.integer())


def installed(path: str, name: str) -> str:
    """Return a stand-in for the package *name* in the environment of the file *path*.

    Of one that a file beside it tells of; `join_installed` puts that in its place.
    """
    return f"{_META}{path.rpartition('/')[0]}:{name.lower()}"


def join_installed(inventory: Inventory) -> Inventory:
    """Return *inventory* with its environments joined, each from its many files."""
    if not any(each.target.startswith(_META) for each in inventory.relations):
        return inventory
    known = {each.ref: each for each in inventory.components}
    present = {
        installed(place.path, each.name): each.ref
        for each in inventory.components
        for place in each.locations
        if each.purl is not None and each.purl.type == "conda"
    }
    relations: list[Relation] = []
    gaps = list(inventory.gaps)
    for each in inventory.relations:
        target = present.get(each.target, each.target)
        if target in known or not target.startswith(_META):
            relations.append(replace(each, target=target))
            continue
        name = each.target.rpartition(":")[2]
        gaps.append(
            Gap(
                stage="discover",
                location=known[each.source].location,
                reason=f"needs `{name[:140]}`, which the environment lacks",
                state=State.MISSING,
                hint="repair the environment: `conda install` it again",
            )
        )
    return replace(inventory, relations=tuple(relations), gaps=tuple(gaps))


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _PAIR.match(text, at)
        if match is None or match.end() == at or match[1] in pairs:
            raise ValueError("what stands in `[...]` cannot be read")
        value = next(each for each in match.groups()[1:] if each is not None)
        pairs[match[1]] = value.strip()
        at = match.end()
    return pairs


def _asked(text: str) -> tuple[str | None, str, str]:
    """Return the exact version, the build, and what is asked for instead of both."""
    if not text or text == "*":
        return None, "", ""
    for form in _FORMS:
        if (match := form.fullmatch(text)) and _VERSION.fullmatch(match["version"]):
            return match["version"], match["build"] or "", ""
    return None, "", text


def _channel(text: str) -> tuple[str, str]:
    """Return the channel and its folder: `conda-forge/linux-64` names both."""
    head, _, last = bare_channel(text).rstrip("/").rpartition("/")
    if head and _SUBDIR.fullmatch(last):
        return head, last
    return (f"{head}/{last}" if head else last), ""


def _safe(text: str) -> str:
    return bare_channel(text.partition("=")[0])[:140]
