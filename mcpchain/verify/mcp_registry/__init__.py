"""Is a server of an MCP registry whose it is said to be? Every link for itself.

    name of the server - package - file - building repository - declared repository

An entry of a registry is signed by nobody. What holds it to the bytes that run are
links, and each has one of four answers, which are never made one: it was verified, it
is contradicted, nobody says it, or it was not looked at.

1. `package`: the file is the package that the entry names, by name and version.
2. `marker`: the package itself says the name of the server. For an MCP bundle, which
   has no registry of its own, both are the next one.
3. `digest`: the file has the digest that the entry says.
4. `repository`: the certificate of its provenance names the declared repository,
5. `repository-id`: and the declared number of it, which no other one gets.
6. `namespace`: the owner in that certificate is the account that the name belongs to.
   That a domain is somebody's was proven to the registry, and is not looked at here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mcpchain import image
from mcpchain.bundle.policy import Expected
from mcpchain.evidence import Outcome
from mcpchain.signature import GITHUB, GITLAB, Check, Identity, Status, Verification
from mcpchain.source_repository import place
from mcpchain.verify.mcp_registry.server import (
    Package,
    Server,
    read_server,
)

__all__ = [
    "Link",
    "Package",
    "Seen",
    "Server",
    "as_image",
    "expected_of",
    "follow",
    "read_server",
    "summary",
]

KIND: Final = "mcp-registry"
_MARKED: Final = frozenset({"npm", "pypi", "nuget", "oci"})
_BUNDLE: Final = "mcpb"
_OF_SIGNER: Final = frozenset({"repository", "repository-id", "namespace"})
_OPTIONAL: Final = frozenset({"repository-id"})
"""Links that few entries have; without them the others hold it."""
_BELIEVED: Final = frozenset({Status.VERIFIED, Status.UNTRUSTED_IDENTITY})
"""With these the certificate is what it says."""
_ISSUERS: Final = {
    "github.com": (GITHUB, f"{GITHUB}/"),
    "gitlab.com": (GITLAB, None),
}
"""Who vouches for repositories there. Others build them, and say so, with steps that
the owner of the repository never wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link, and what came of it."""

    id: str
    outcome: Outcome
    detail: str
    """What was compared with what, for a reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was looked at of a package. `None`: it was not."""

    package: tuple[str, str] | None = None
    """Name and version, as its file says."""
    markers: tuple[str, ...] | None = None
    """The names of servers that it says it is."""
    sha256: bytes | None = None
    """Of its file."""
    verifications: tuple[Verification, ...] | None = None
    """Of everything that is signed about its file."""
    unlooked: str = "it was not looked at"
    """Why something was not."""


def expected_of(server: Server) -> Expected | None:
    """Return whom an entry makes one expect to have built its packages.

    It is the word of the entry, and not of the user; `None` if it names no repository
    of a host whose issuer is known.
    """
    host, path = place(server.repository)
    issuer, _ = _ISSUERS.get(host, (None, None))
    if issuer is None:
        return None
    return Expected(issuer=issuer, repository=f"https://{host}/{path}")


def follow(server: Server, package: Package, seen: Seen) -> tuple[Link, ...]:
    """Return the links of *package*, which is one of *server*'s."""
    return (
        *_package(package, seen),
        *_marker(server, package, seen),
        *_digest(package, seen),
        _repository(server, seen),
        _number(server, seen),
        _namespace(server, seen),
    )


def _package(package: Package, seen: Seen) -> Iterator[Link]:
    fold = _NAMED.get(package.kind)
    if fold is None:
        return
    wanted, found = (package.identifier, package.version), seen.package
    what = "image" if package.kind == "oci" else "file"
    title = f"`{wanted[0][:140]}` {wanted[1][:60]}".rstrip()
    if found is None:
        outcome, detail = Outcome.UNCHECKED, seen.unlooked
    elif package.kind == "oci" and not fold(*wanted)[0]:
        outcome = Outcome.UNCHECKED
        detail = "the entry does not say in which registry the image is"
    elif not package.version and package.kind != "oci":
        outcome, detail = Outcome.ABSENT, "the entry says no version of the package"
    elif fold(*found) == fold(*wanted):
        outcome, detail = Outcome.VERIFIED, f"the {what} is {title}"
    else:
        outcome = Outcome.REFUTED
        detail = f"the {what} is `{found[0][:140]}` {found[1][:60]}, not {title}"
    yield Link(id="package", outcome=outcome, detail=detail)


def _as_pypi(name: str, version: str) -> tuple[str, str]:
    try:
        return canonicalize_name(name), str(Version(version))
    except InvalidVersion:
        return name, version


def _as_npm(name: str, version: str) -> tuple[str, str]:
    return name, version


def _as_nuget(name: str, version: str) -> tuple[str, str]:
    return name.lower(), version.lower().partition("+")[0]


def as_image(name: str, version: str) -> tuple[str, str]:
    """Return where an image lies, and the digest or tag that it is asked by.

    Empty: it does not say in which registry.
    """
    try:
        found = image.parse(name)
    except ValueError:
        return name, version
    where = "/".join(found.place) if found.registry else ""
    return where, str(found.digest or found.tag or version or "latest")


_NAMED: Final = {
    "npm": _as_npm,
    "nuget": _as_nuget,
    "oci": as_image,
    "pypi": _as_pypi,
}
"""Kinds whose files say what they are."""


def _marker(server: Server, package: Package, seen: Seen) -> Iterator[Link]:
    if package.kind == _BUNDLE:
        return
    name, found = server.name, seen.markers
    if package.kind not in _MARKED:
        detail = f"markers in packages of `{package.kind[:60]}` are not read"
        outcome = Outcome.UNCHECKED
    elif found is None:
        outcome, detail = Outcome.UNCHECKED, seen.unlooked
    elif not found:
        outcome, detail = Outcome.ABSENT, "the package does not say which server it is"
    elif name in found:
        outcome, detail = Outcome.VERIFIED, f"the package says that it is `{name}`"
    else:
        others = ", ".join(f"`{each[:140]}`" for each in found[:3])
        outcome = Outcome.REFUTED
        detail = f"the package says that it is {others}, not `{name}`"
    yield Link(id="marker", outcome=outcome, detail=detail)


def _digest(package: Package, seen: Seen) -> Iterator[Link]:
    said, found = package.sha256, seen.sha256
    if not said and package.kind != _BUNDLE:
        return
    if not said:
        outcome, detail = Outcome.ABSENT, "the entry says no digest of the bundle"
    elif found is None:
        outcome, detail = Outcome.UNCHECKED, seen.unlooked
    elif found == said:
        outcome, detail = Outcome.VERIFIED, f"the file is sha256:{said.hex()}"
    else:
        outcome = Outcome.REFUTED
        detail = f"the file is sha256:{found.hex()}, not sha256:{said.hex()}"
    yield Link(id="digest", outcome=outcome, detail=detail)


def _repository(server: Server, seen: Seen) -> Link:
    host, path = place(server.repository)
    if not server.repository:
        detail = "the entry names no repository"
        return Link(id="repository", outcome=Outcome.ABSENT, detail=detail)
    if not host:
        detail = "what the entry names is not clearly the address of a repository"
        return Link(id="repository", outcome=Outcome.UNCHECKED, detail=detail)

    def read(identity: Identity) -> str:
        return _shown(*place(identity.repository))

    return _compared("repository", _shown(host, path), host, read, seen)


def _shown(host: str, path: str) -> str:
    return f"https://{host}/{path}" if host else ""


def _number(server: Server, seen: Seen) -> Link:
    host, _ = place(server.repository)
    if not server.repository_id:
        detail = "the entry does not say the number of its repository"
        return Link(id="repository-id", outcome=Outcome.ABSENT, detail=detail)
    if not server.repository:
        detail = "the entry says a number, and not of which repository"
        return Link(id="repository-id", outcome=Outcome.ABSENT, detail=detail)

    def read(identity: Identity) -> str:
        return identity.repository_id

    # A number means nothing without the host that gave it.
    return _compared("repository-id", server.repository_id[:60], host, read, seen)


def _namespace(server: Server, seen: Seen) -> Link:
    owner = server.owner
    if not owner:
        domain = server.name.partition("/")[0][:100]
        detail = f"that `{domain}` is of its publisher was shown to the registry only"
        return Link(id="namespace", outcome=Outcome.UNCHECKED, detail=detail)

    def read(identity: Identity) -> str:
        return identity.owner.rstrip("/").lower()

    wanted = f"https://github.com/{owner.lower()}"
    return _compared("namespace", wanted, "github.com", read, seen)


def _compared(
    name: str, wanted: str, host: str, read: Callable[[Identity], str], seen: Seen
) -> Link:
    """Compare *wanted* with what every certificate says.

    One that says otherwise refutes it; for a yes all that is signed has to hold, and at
    least one certificate has to say so.
    """
    answers = _answers(wanted, host, read, seen)
    yes = (Outcome.VERIFIED, f"its certificate says `{wanted}`")
    outcome, detail = next(answers, yes)
    return Link(id=name, outcome=outcome, detail=detail)


def _answers(
    wanted: str, host: str, read: Callable[[Identity], str], seen: Seen
) -> Iterator[tuple[Outcome, str]]:
    """Yield what stands against a yes, the weightiest first."""
    if seen.verifications is None:
        yield Outcome.UNCHECKED, seen.unlooked
    signed = [e for e in seen.verifications or () if e.status is not Status.MISSING]
    said = [
        (each, each.identity)
        for each in signed
        if each.status in _BELIEVED and each.identity and each.identity.repository
    ]
    for _, identity in said:
        if (got := read(identity)) and got != wanted:
            detail = f"its certificate says `{got[:200]}`, not `{wanted}`"
            yield Outcome.REFUTED, detail
    for each in signed:
        if each.status not in _BELIEVED:
            detail = f"what is signed about it is {each.status.value}: {each.reason}"
            yield Outcome.UNCHECKED, detail[:300]
    if not said:
        yield Outcome.ABSENT, "no certificate says who built it"
    for each, identity in said:
        yield from _doubts(each.status, identity, host, read)


def _doubts(
    status: Status, identity: Identity, host: str, read: Callable[[Identity], str]
) -> Iterator[tuple[Outcome, str]]:
    """Yield why a certificate that says what it should is not enough."""
    if not read(identity):
        yield Outcome.ABSENT, "its certificate does not clearly say it"
    if not _vouches(identity.issuer, host):
        issuer = identity.issuer[:140]
        detail = f"`{issuer}` does not vouch for repositories of `{host}`"
        yield Outcome.UNCHECKED, detail
    if status is not Status.VERIFIED:
        # Then nobody has looked whether it is about this file at all.
        detail = "its certificate says so, and is of somebody who was not expected"
        yield Outcome.UNCHECKED, detail


def _vouches(issuer: str, host: str) -> bool:
    whole, prefix = _ISSUERS.get(host, (f"https://{host}", f"https://{host}/"))
    return issuer == whole or bool(host and prefix and issuer.startswith(prefix))


def summary(server: Server, package: Package, links: tuple[Link, ...]) -> Verification:
    """Return the answer for a package, with every link as a check.

    It is a yes only if every link is one, but for those that few entries have and that
    say nothing here.
    """
    asked = [
        each
        for each in links
        if each.id not in _OPTIONAL or each.outcome is not Outcome.ABSENT
    ]
    worst = min(asked, key=_order, default=None)
    checks = tuple(
        Check(
            id=each.id,
            ok=each.outcome is Outcome.VERIFIED,
            detail=f"{each.outcome.value}: {each.detail}",
        )
        for each in links
    )
    return Verification(
        status=_status(worst) if worst else Status.MISSING,
        reason=worst.detail if worst else "nothing was looked at",
        checks=checks,
        kind=KIND,
        subject=f"{server.name} ({package.title})",
        expected_by="index",
    )


def _status(link: Link) -> Status:
    if link.outcome is Outcome.REFUTED:
        of_signer = link.id in _OF_SIGNER
        return Status.UNTRUSTED_IDENTITY if of_signer else Status.INVALID
    return {
        Outcome.UNCHECKED: Status.UNVERIFIABLE,
        Outcome.ABSENT: Status.MISSING,
        Outcome.VERIFIED: Status.VERIFIED,
    }[link.outcome]


_WORST: Final = (
    Status.INVALID,
    Status.UNTRUSTED_IDENTITY,
    Status.UNVERIFIABLE,
    Status.MISSING,
    Status.VERIFIED,
)


def _order(link: Link) -> int:
    return _WORST.index(_status(link))
