"""An MCP server whose code is chosen anew at every start."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.component import Kind, Pin, ServerFacts, Transport
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpinnedServer:
    """An MCP server is started without an exact version.

    Why it matters: what runs is chosen anew at every start. A release that was pushed a
    minute ago, by whoever holds the account, runs with the user's credentials before
    anyone has looked at it.

    Use instead: name an exact version (`npx files@1.2.0`, `uvx files==1.2.0`), a full
    commit, or an image digest (`image@sha256:...`).

    Variants:
        floating: no version at all, or `latest`.
        range: several versions, such as `^1.2.0`.
        tag: a branch, a git tag or an image tag, which its publisher can move.
        opaque: a command that names no package, so that nothing can be looked up.
    """

    id: ClassVar[str] = "unpinned-server"
    variants: ClassVar[Mapping[str, Level]] = {
        "floating": Level.DENY,
        "range": Level.DENY,
        "tag": Level.DENY,
        "opaque": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if the case is a server that is not pinned."""
        server = case.component
        if server.kind is not Kind.MCP_SERVER:
            return
        if server.pin is None:
            yield Finding(
                rule=self.id,
                variant="opaque",
                about=server,
                message=f"server `{server.name}` is started by "
                + ("a command that names no package" if _starts(case) else _NOTHING),
                hint="start it from a package with an exact version",
            )
        elif server.pin.moves:
            yield Finding(
                rule=self.id,
                variant=server.pin.value,
                about=server,
                message=f"server `{server.name}` runs {_what(case)}",
                hint=_hint(case),
            )


def _starts(case: Case) -> bool:
    """Say whether a command is known, or whoever knew did not say."""
    facts = case.component.facts
    if not isinstance(facts, ServerFacts):
        return True
    known = facts.launcher or facts.transport is not Transport.UNKNOWN
    return bool(known or not facts.client)


def _what(case: Case) -> str:
    server = case.component
    package = _package(case)
    match server.pin:
        case Pin.RANGE:
            return f"any `{package}` that fits `{server.requested}`"
        case Pin.TAG:
            return f"whatever `{server.requested}` of `{package}` points to"
        case _:
            return f"whatever version of `{package}` is newest"


def _hint(case: Case) -> str:
    purl = case.component.purl
    kind = purl.type if purl else ""
    package = _package(case)
    match kind:
        case "docker" | "oci":
            return f"name the image by digest: `{package}@sha256:<digest>`"
        case "github" | "gitlab" | "bitbucket" | "generic":
            return "name a full commit id instead of a branch or tag"
        case _:
            sign = "==" if kind == "pypi" else "@"
            if case.component.pin is Pin.FLOATING and case.known_version:
                return f"name a version, such as `{package}{sign}{case.known_version}`"
            return f"name a version: `{package}{sign}<version>`"


def _package(case: Case) -> str:
    purl = case.component.purl
    if purl is None:
        return case.component.name
    if purl.type == "oci" and (image := purl.qualifiers.get("repository_url")):
        return str(image)
    return "/".join(filter(None, (purl.namespace, purl.name)))


_NOTHING: Final = "nothing that is configured"

RULE: Final[type[Rule]] = UnpinnedServer
