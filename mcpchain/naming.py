"""Name a package the way everybody names it, and keep secrets out of the name.

A name in a lock is spelled as its author liked; two spellings must not become two
packages, and the password in an address must not become part of either.
"""

import re
from typing import Final

from packageurl import PackageURL

from mcpchain import purl

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_SCP: Final = re.compile(r"(?:git\+)?(?:ssh://)?[\w.-]+@([\w.-]+):(?!\d+/)([^/].*)")
"""`git@host:owner/name`, the short form that git takes for SSH."""
_AUTHORITY: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:@\s]*)(:\d*)?")
_HOSTS: Final = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "bitbucket.org": "bitbucket",
}
"""Hosts with a purl type of their own (purl-spec, types)."""
_TOOL: Final = re.compile(r"(?:git|hg|svn|bzr)\+")
_NUGET: Final = re.compile(
    r"(?P<numbers>[0-9]+(?:\.[0-9]+){0,3})(?P<label>-[0-9A-Za-z.-]+)?"
    r"(?:\+[0-9A-Za-z.-]+)?"
)
_COMMIT: Final = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")


def pypi_purl(name: str, version: str | None = None, **qualifiers: str) -> PackageURL:
    """Name a Python distribution, by its normalised name (PEP 503).

    Args:
        name: In any spelling.
        version: `None` where the source names no exact one.
        qualifiers: `vcs_url`, `download_url`: where it comes from, if not from an
            index (purl-spec).

    Raises:
        ValueError: *name* cannot be the name of a distribution (PEP 508).
    """
    from packaging.utils import canonicalize_name

    try:
        folded = canonicalize_name(name, validate=True)
    except ValueError:
        raise ValueError(f"`{name[:140]}` is not the name of a package") from None
    if not qualifiers:
        return purl.make("pypi", None, folded, version)
    return PackageURL(
        type="pypi", name=folded, version=version or None, qualifiers=qualifiers
    )


def npm_purl(name: str, version: str | None = None) -> PackageURL:
    """Name an npm package, `files` or `@acme/files`.

    Raises:
        ValueError: *name* is neither.
    """
    scope, slash, bare = name.rpartition("/")
    scoped = bool(slash) and scope.startswith("@") and len(scope) > 1
    if not bare or "/" in scope or scoped != bool(slash) or bare.startswith("@"):
        raise ValueError(f"`{name[:140]}` is not the name of a package")
    return purl.make("npm", scope, bare, version)


def nuget_version(text: str) -> str | None:
    """Return the exact version of NuGet that *text* is, in its one normal form.

    Without leading zeros and build metadata, and with three numbers; a fourth one
    stays if it is not zero.
    """
    match = _NUGET.fullmatch(text)
    if match is None:
        return None
    numbers = [each.lstrip("0") or "0" for each in match["numbers"].split(".")]
    numbers += ["0"] * (3 - len(numbers))
    if numbers[3:] == ["0"]:
        numbers.pop()
    return ".".join(numbers) + (match["label"] or "")


def vcs_purl(
    url: str, revision: str | None, package: PackageURL | None = None, folder: str = ""
) -> PackageURL:
    """Name what a repository holds at *revision*, which may be a commit, tag or branch.

    Args:
        url: Where the repository is, with or without `git+` in front.
        revision: `None` means whatever is newest, which is no version.
        package: What it is called in its ecosystem: the name for a repository on a
            host that has no purl type of its own.
        folder: The folder of the package in the repository.
    """
    address = bare_url(url).removeprefix("git+")
    host, _, path = address.partition("://")[2].partition("/")
    parts = path.removesuffix("/").removesuffix(".git").split("/")
    kind = _HOSTS.get(host.partition(":")[0])
    if kind and len(parts) > 1 and all(parts):
        return PackageURL(
            type=kind,
            namespace="/".join(parts[:-1]),
            name=parts[-1],
            version=revision or None,
            subpath=folder or None,
        )
    named = package or PackageURL(type="generic", name=parts[-1] or host or "unnamed")
    return named._replace(
        version=None,
        qualifiers={"vcs_url": vcs_url(url, revision)},
        subpath=folder or None,
    )


def vcs_url(url: str, revision: str | None) -> str:
    """Write where a revision is kept, as `git+https://host/path@revision`."""
    address = bare_url(url)
    tool = "" if _TOOL.match(address) else "git+"
    return f"{tool}{address}@{revision}" if revision else f"{tool}{address}"


def source_address(url: str) -> str:
    """Return whence *url* fetches, as `PackageFacts.registry` has it.

    Bare, and without `git+` or its kin. Where the host cannot be told, nothing but the
    scheme is left, or nothing at all: an address that nobody can trust.
    """
    bare = _TOOL.sub("", bare_url(url), count=1)
    return bare if _SCHEME.match(bare) else ""


def purl_address(purl: PackageURL) -> str | None:
    """Return whence the package that *purl* names is fetched, if that is no registry.

    Of a repository without the revision: what follows the last `@` of its `vcs_url`.
    """
    if url := purl.qualifiers.get("vcs_url"):
        address = source_address(url)
        head, slash, path = address.partition("://")
        return head + slash + path.rpartition("@")[0] if "@" in path else address
    if url := purl.qualifiers.get("download_url"):
        return source_address(url)
    host = next((h for h, kind in _HOSTS.items() if kind == purl.type), None)
    return f"https://{host}/{purl.namespace}/{purl.name}" if host else None


def fetched_from(address: str, purl: PackageURL) -> bool:
    """Say whether *purl* names what is fetched from *address*, a `source_address`."""
    if url := purl.qualifiers.get("vcs_url"):
        source = source_address(url)
        return source == address or source.startswith(f"{address}@")
    if url := purl.qualifiers.get("download_url"):
        return source_address(url) == address
    same = vcs_purl(address, None)
    place = (purl.type, purl.namespace, purl.name)
    return (same.type, same.namespace, same.name) == place


def is_commit(revision: str) -> bool:
    """Say whether *revision* is a full commit id, which nobody can move."""
    return _COMMIT.fullmatch(revision) is not None


def bare_url(url: str) -> str:
    """Return *url* without user name, password, query and fragment.

    Scheme and host come in lower case. `git@host:path` becomes `ssh://host/path`. Of an
    address whose host cannot be told from a password only the scheme is left.
    """
    if short := _SCP.fullmatch(url):
        url = f"ssh://{short[1]}/{short[2]}"
    scheme = _SCHEME.match(url)
    if scheme is None:
        return re.split(r"[?#]", url, maxsplit=1)[0]
    rest = re.split(r"[?#]", url[scheme.end() :], maxsplit=1)[0]
    authority, slash, path = rest.replace("\\", "/").partition("/")
    host = authority.rpartition("@")[2]
    if not _AUTHORITY.fullmatch(host):
        return scheme[0].lower()
    return f"{scheme[0].lower()}{host.lower()}{slash}{path}"
