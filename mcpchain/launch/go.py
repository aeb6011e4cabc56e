"""`go run`: a module at a version, or the code in a folder."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Final

from packageurl import PackageURL

from mcpchain.component import Pin
from mcpchain.launch.record import (
    Code,
    Launch,
    Outcome,
    Requested,
    UndecidableError,
    Wrapped,
    plain,
    started,
    undecidable,
    web_address,
)
from mcpchain.launch.variables import deciding
from mcpchain.launch.words import Grammar, read_options
from mcpchain.naming import is_commit

# Left out on purpose: `-exec`, `-toolexec`, `-ldflags`, `-gcflags` and their kin (other
# programs), `-C`, `-modfile`, `-overlay`, `-pkgdir` (other files).
_RUN: Final = Grammar(
    valued=frozenset({"-tags", "-p"}),
    switches=frozenset({"-v", "-x", "-race", "-trimpath", "-buildvcs", "-a"}),
    clusters=False,
)
_DECIDING: Final = re.compile(
    r"GO(?:111MODULE|AUTH|BIN|CACHE|CACHEPROG|ENV|EXPERIMENT|FLAGS|INSECURE|MODCACHE"
    r"|NOPROXY|NOSUMCHECK|NOSUMDB|PATH|PRIVATE|ROOT|SUMDB|TMPDIR|TOOLCHAIN|TOOLDIR|VCS"
    r"|WORK)|CGO_.*|CC|CXX|FC|AR|PKG_CONFIG(?:_.*)?"
)
"""Variables that choose whom Go believes, what it builds, and with what."""
_PATH: Final = re.compile(
    r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+"
)
_HOSTED: Final = re.compile(
    r"(?P<module>(?:github\.com|bitbucket\.org)/[^/]+/[^/]+(?:/v[0-9]+)?)(?:/(?P<rest>.+))?"
)
"""Hosts at which the third part of the path ends the name of the repository."""
_NUMBER: Final = r"(?:0|[1-9][0-9]*)"
_EXACT: Final = re.compile(
    rf"v{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-[0-9A-Za-z.-]+)?(?:\+incompatible)?"
)
_RANGE: Final = re.compile(r"v[0-9]+(?:\.[0-9]+)?|[<>]=?.+")
_SHOWN: Final = 140


def read_go(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `go`."""
    if args[:1] != ["run"]:
        raise UndecidableError("its subcommand is not one that is read here")
    words = read_options(args[1:], _RUN).words
    if not words:
        raise UndecidableError("it names nothing to run")
    variables = [name for name in sorted(env) if _DECIDING.fullmatch(name.upper())]
    doubt = str(deciding(variables[0])) if variables else ""
    path, at, query = plain(words[0]).partition("@")
    if not at:
        local = _local(launcher, words)
        return undecidable(local, f"`{launcher}`: {doubt}") if doubt else local
    package = _module(path, query, env)
    return Wrapped(
        command=[package.name, *words[1:]],
        env=env,
        packages=(package,),
        otherwise=started(launcher, [package]),
        doubt=doubt,
    )


def _local(launcher: str, words: Sequence[str]) -> Launch:
    """Read a folder of the project, or the files of one command in it."""
    files = [*itertools.takewhile(lambda each: each.endswith(".go"), words)]
    if files:
        code = tuple(Code(path=each) for each in files)
        return Launch(launcher=launcher, pin=Pin.LOCAL, code=code)
    if not re.match(r"\.{1,2}(?:/|$)", words[0]) or "..." in words[0]:
        raise UndecidableError(
            "it runs a package at the version that a `go.mod` names, which is not "
            "looked at",
            "name a version: `<package>@v<version>`",
        )
    code = (Code(path=words[0].rstrip("/"), suffixes=("/main.go",)),)
    return Launch(launcher=launcher, pin=Pin.LOCAL, code=code)


def _module(path: str, query: str, env: Mapping[str, str]) -> Requested:
    """Read `path@version`; where in the path the module ends, only its host tells."""
    if not query or not _PATH.fullmatch(path):
        raise UndecidableError("what it is asked for is not the path of a package")
    hosted = _HOSTED.fullmatch(path)
    module, folder = (hosted["module"], hosted["rest"]) if hosted else (path, None)
    space, _, name = module.rpartition("/")
    version = query if _EXACT.fullmatch(query) else None
    pin, requested = _firmness(query)
    purl = PackageURL(
        type="golang",
        namespace=space,
        name=name,
        version=version or (query if pin is Pin.COMMIT else None),
        subpath=folder,
    )
    return Requested(
        name=path,
        purl=purl,
        version=version,
        pin=pin,
        requested=requested[:_SHOWN],
        registry=_proxy(env),
    )


def _firmness(query: str) -> tuple[Pin, str]:
    """Say how firm a version query is (Go modules reference, "version queries")."""
    if _EXACT.fullmatch(query):
        return Pin.EXACT, ""
    if is_commit(query):
        return Pin.COMMIT, ""
    if query in {"latest", "upgrade", "patch"}:
        return Pin.FLOATING, query
    return (Pin.RANGE if _RANGE.fullmatch(query) else Pin.TAG), query


def _proxy(env: Mapping[str, str]) -> str | None:
    """Return the module proxy that a variable names, if it names just one."""
    value = env.get("GOPROXY", "")
    if re.search(r"[,|]", value):
        raise deciding("GOPROXY")
    return web_address(value) if value else None
