"""Where the bytes of a package in a lock come from: what npm's `resolved` means.

npm reads it as it reads any specification of a package (npm-package-arg), so a path, a
short name of a repository and an address have to be told apart as npm does. What is
none of them clearly is a gap: it may be anything.
"""

import re
from dataclasses import dataclass
from typing import Final

from mcpchain.artifact import Artifact, identified
from mcpchain.component import Origin, Pin
from mcpchain.inventory import State
from mcpchain.naming import bare_url, is_commit, source_address, vcs_url
from mcpchain.npm_lock.name import SHOWN, shown
from mcpchain.npm_lock.tarball import Tarball, read_tarball
from mcpchain.tree.named import Named

_GIT: Final = re.compile(r"git(?:\+[a-z]+)?:|[^@/:]+@[^:/]+:", re.IGNORECASE)
_SHORT: Final = re.compile(
    r"(?:(github|gitlab|bitbucket):)?([\w-][\w.-]*/[\w.-]+)(#.*)?", re.IGNORECASE
)
"""`owner/name` and `github:owner/name` (hosted-git-info)."""
_HOSTS: Final = {
    "github": "github.com",
    "gitlab": "gitlab.com",
    "bitbucket": "bitbucket.org",
}
_REPOSITORY: Final = re.compile(
    r"https?://(?:[^/@]*@)?(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org)/"
    r"(?!.*(?:/-/|\.tgz|\.tar|\.zip|/tarball/|/archive/|/zipball/))",
    re.IGNORECASE,
)
"""An address on one of these hosts that is no archive, which npm clones."""
_ADDRESS: Final = re.compile(r"https?://", re.IGNORECASE)
_PATH: Final = re.compile(r"file:|\.\.?(?:/|$)", re.IGNORECASE)
_TARBALL: Final = re.compile(r"\.(?:tgz|tar\.gz|tar)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the bytes of a package come from, and so how firm its entry is."""

    origin: Origin
    pin: Pin
    requested: str = ""
    registry: str | None = None
    qualifiers: dict[str, str] | None = None
    named: bool = True
    """Whether name and version are those of a package that others know too."""
    artifact: Artifact | None = None
    """The file itself, where it lies in the tree."""
    other: Tarball | None = None
    """The package that the address is of, where that is not the one of the entry."""
    problem: str = ""
    """Why it cannot be told, or looked at."""
    state: State = State.UNREADABLE
    """What kind of gap that leaves."""


# A folder's name is nobody's in a registry: looked up, it names a stranger.
FOLDER: Final = Source(origin=Origin.PATH, pin=Pin.LOCAL, named=False)


def address_of(resolved: str) -> str:
    """Return the address of a tarball, without secrets; empty if it is none."""
    clone = _REPOSITORY.match(resolved.partition("#")[0])
    return bare_url(resolved) if _ADDRESS.match(resolved) and not clone else ""


def source_of(
    resolved: str,
    package: tuple[str, str | None],
    artifacts: tuple[Artifact, ...],
    named: Named,
    base: str,
) -> Source:
    """Read what an entry that names a source says.

    Args:
        resolved: As the lock has it, not empty.
        package: Name and version.
        artifacts: What `integrity` accepts.
        named: The files of the tree.
        base: The folder of the lock.
    """
    clone = _REPOSITORY.match(resolved.partition("#")[0])
    if _GIT.match(resolved) or clone:
        return _repository(resolved)
    if short := _SHORT.fullmatch(resolved):
        host = _HOSTS[(short[1] or "github").lower()]
        return _repository(f"https://{host}/{short[2]}{short[3] or ''}")
    if _PATH.match(resolved):
        return _local(resolved, package, artifacts, named, base)
    address = address_of(resolved)
    if not address:
        return Source(
            origin=Origin.URL,
            pin=Pin.FLOATING,
            registry=source_address(resolved),
            problem=f"`{_shown(resolved)}` is no address of a package that is read",
        )
    return _downloaded(address, package, artifacts)


def folder_problem(path: str, named: Named, base: str) -> str:
    """Say why the folder *path* is not to be looked at; empty if it is there."""
    try:
        named.folder(path, [base], ["package.json"])
    except ValueError as error:
        return f"the folder `{_shown(path)}` {error}"
    return ""


def _shown(text: str) -> str:
    """Return so much of a text as cannot be a secret."""
    return re.split(r"[@?#]", shown(text), maxsplit=1)[0]


def _local(
    resolved: str,
    package: tuple[str, str | None],
    artifacts: tuple[Artifact, ...],
    named: Named,
    base: str,
) -> Source:
    path = re.sub(r"^file:", "", resolved, flags=re.IGNORECASE)
    if not _TARBALL.search(path):
        return Source(
            origin=Origin.PATH,
            pin=Pin.LOCAL,
            named=False,
            problem=folder_problem(path, named, base),
        )
    known = package[1] is not None
    artifact, problem = None, ""
    pins = [digest for each in artifacts for digest in each.digests]
    try:
        artifact = named.artifact(path, [base], pins)
    except ValueError as error:
        problem = f"the tarball `{_shown(path)}` {error}"
    if "%" in path:
        problem = f"the tarball `{_shown(path)}` has an escape that not every npm reads"
    return Source(
        origin=Origin.PATH,
        pin=Pin.LOCAL,
        named=known,
        artifact=artifact,
        problem=problem,
    )


def _downloaded(
    address: str, package: tuple[str, str | None], artifacts: tuple[Artifact, ...]
) -> Source:
    """Tell the tarball of a registry from a file elsewhere.

    A registry's tarball counts as the package that its address names, whatever the
    entry calls it: that one's bytes are installed.
    """
    path = read_tarball(address)
    tarball, problem = path.tarball, path.problem
    # An entry without a version has its gap for that.
    own = tarball is not None and tarball.names(*package)
    if tarball is not None and not own and not problem:
        name, version = package
        entry = f"{name}@{version}" if version else name
        problem = (
            f"is the tarball of `{str(tarball)[:SHOWN]}`, not of `{entry[:SHOWN]}`"
        )
    if problem:
        problem = f"`{address[:SHOWN]}` {problem}"
    if tarball is not None:
        return Source(
            origin=Origin.REGISTRY,
            pin=Pin.EXACT if package[1] or not own else Pin.FLOATING,
            registry=tarball.registry,
            other=None if own else tarball,
            problem=problem,
            state=State.UNMATCHED,
        )
    return Source(
        origin=Origin.URL,
        pin=Pin.DIGEST if identified(artifacts) else Pin.TAG,
        requested=address,
        registry=source_address(address),
        qualifiers={"download_url": address},
        problem=problem,
        state=State.UNMATCHED,
    )


def _repository(resolved: str) -> Source:
    url, _, revision = resolved.partition("#")
    where = vcs_url(url, revision or None)
    firm = Pin.COMMIT if is_commit(revision) else Pin.TAG
    return Source(
        origin=Origin.VCS,
        pin=firm if revision else Pin.FLOATING,
        requested=where,
        registry=source_address(url),
        qualifiers={"vcs_url": where},
    )
