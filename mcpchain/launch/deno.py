"""Deno runs packages of npm and JSR, modules from the web, and files."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from packageurl import PackageURL

from mcpchain.component import Pin
from mcpchain.launch.bridge import bridged
from mcpchain.launch.npm import variable_registries
from mcpchain.launch.npm_spec import firmness, read_npm_spec
from mcpchain.launch.record import (
    Code,
    CodeKind,
    Launch,
    Outcome,
    Requested,
    UndecidableError,
    Wrapped,
    fetched,
    plain,
    started,
    undecidable,
    web_address,
)
from mcpchain.launch.sway import swayed_by
from mcpchain.launch.words import Grammar, read_options

_PERMISSIONS: Final = ("read", "write", "net", "env", "run", "sys", "ffi", "import")
# Settings, other modules for the names in the code, and whom a download is believed
# from. Left out on purpose, since they run code, or may take a value or not:
# `--preload`, `--import`, `--lock`.
_DOUBTED_VALUES: Final = frozenset({"--config", "-c", "--import-map", "--cert"})
_DOUBTED_SWITCHES: Final = frozenset(
    {
        *("--env-file", "--env", "--unsafely-ignore-certificate-errors"),
        *("--node-modules-dir", "--vendor", "--unstable-byonm", "--tunnel"),
    }
)
_RUN: Final = Grammar(
    valued=_DOUBTED_VALUES | {"--seed", "--log-level", "-L", "--ext", "--location"},
    # A value of these is attached by `=`, or it is none.
    switches=_DOUBTED_SWITCHES
    | {f"--{verb}-{each}" for verb in ("allow", "deny") for each in _PERMISSIONS}
    | {
        *("--allow-all", "-A", "-R", "-W", "-N", "-E", "-S", "-I", "--no-prompt"),
        *("--allow-hrtime", "--allow-scripts", "--permission-set", "-P", "--quiet"),
        *("-q", "--no-check", "--check", "--no-remote", "--no-npm", "--cached-only"),
        *("--no-config", "--no-lock", "--frozen", "--reload", "-r", "--watch"),
        *("--unstable", "--unstable-kv", "--unstable-net", "--unstable-ffi"),
        *("--unstable-cron", "--unstable-temporal", "--unstable-worker-options"),
        *("--unstable-node-globals", "--unstable-detect-cjs", "--inspect", "-y"),
        *("--no-code-cache", "--no-clear-screen", "--yes"),
    },
    doubted=_DOUBTED_VALUES | _DOUBTED_SWITCHES,
)
_SPEC: Final = re.compile(
    r"/?(?P<name>(?:@[^@/]+/)?[^@/:%]+)(?:@(?P<version>[^/:%?#@]*))?(?:/[^?#%]*)?"
)
_SCOPED: Final = re.compile(r"(@[a-z0-9][a-z0-9-]*)/([a-z0-9][a-z0-9-]*)")
_FILE: Final = re.compile(r"(?!.*://).*(?:[/\\]|\.[cm]?[jt]sx?$).*")
_CLOSED: Final = ({"--cached-only"}, {"--no-remote", "--no-npm"})
"""Switches with which nothing is downloaded while a file runs."""


def read_deno(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read `deno run X`, `deno X`, and `deno x X`."""
    line = read_options(args, _RUN)
    command = line.words[0] if line.words else ""
    if command in {"run", "x", "serve"}:
        line = line.joined(read_options(line.words[1:], _RUN))
    elif command == "task" and line.words[1:]:
        code = Code(path=line.words[1], kind=CodeKind.SCRIPT)
        return Launch(launcher=launcher, pin=Pin.LOCAL, code=(code,))
    if not line.words:
        raise UndecidableError("it names nothing to run")
    entry = line.words[0]
    package = _package(entry, env)
    if package is None:
        return _file(launcher, entry, line.switches, line.doubt)
    package = replace(package, swayed_by=swayed_by(launcher, line, env))
    wrapped = Wrapped(
        command=[package.name, *line.words[1:]],
        env=env,
        packages=(package,),
        otherwise=started(launcher, [package]),
        doubt=line.doubt,
    )
    return bridged(wrapped, line.words[1:])


def _package(text: str, env: Mapping[str, str]) -> Requested | None:
    """Say which package or module *text* names; `None` for a file."""
    scheme, colon, rest = plain(text).partition(":")
    match scheme.lower() if colon else "":
        case "npm":
            name, version = _divided(rest)
            spec = name if version is None else f"{name}@{version}"
            return read_npm_spec(spec, variable_registries(env))
        case "jsr":
            return _jsr(*_divided(rest), env)
        case "http" | "https":
            return fetched(text)
        case _:
            return None


def _divided(text: str) -> tuple[str, str | None]:
    """Return name and version of `name@version/path`."""
    match = _SPEC.fullmatch(text)
    if match is None:
        raise UndecidableError("what it is asked for is not the name of a package")
    return match["name"], match["version"]


def _jsr(name: str, spec: str | None, env: Mapping[str, str]) -> Requested:
    """Read a package of JSR, which has no purl type of its own."""
    match = _SCOPED.fullmatch(name)
    if match is None:
        raise UndecidableError("what it is asked for is not the name of a package")
    version, pin, requested = firmness((spec or "").strip())
    registry = env.get("JSR_URL")
    space = f"jsr/{match[1]}"
    return Requested(
        name=name,
        purl=PackageURL(
            type="generic", namespace=space, name=match[2], version=version
        ),
        version=version,
        pin=pin,
        requested=requested,
        registry=web_address(registry) if registry else None,
    )


def _file(launcher: str, entry: str, switches: set[str], doubt: str) -> Launch:
    """Read a file, for which Deno downloads what is imported."""
    if not _FILE.fullmatch(entry) or entry.lower().startswith(("data:", "blob:")):
        raise UndecidableError("what it runs is neither a package nor clearly a file")
    local = Launch(launcher=launcher, pin=Pin.LOCAL, code=(Code(path=entry),))
    if doubt:
        return undecidable(local, f"`{launcher}`: {doubt}")
    if any(closed <= switches for closed in _CLOSED):
        return local
    return undecidable(
        local,
        f"`{launcher}`: it downloads whatever the modules that it runs import",
        "add `--cached-only`, or run a package by an exact version",
    )
