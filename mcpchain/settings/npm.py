"""npm's configuration: `.npmrc` files and `npm_config_` variables (npm docs, npmrc)."""

import base64
import binascii
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from mcpchain.address import Credential, is_http, normalise
from mcpchain.settings.npmrc import Registries, parse
from mcpchain.settings.problem import Problem, read

_SECONDS: Final = 15
_SWAYING: Final = frozenset(
    {
        *("before", "min-release-age", "omit", "include", "legacy-peer-deps", "force"),
        *("offline", "prefer-offline", "production", "only", "os", "cpu", "libc"),
        *("tag", "install-strategy", "global-style", "legacy-bundling"),
        "prefer-dedupe",
    }
)
"""Settings that change which versions are chosen, or which of them are installed."""
_NONE: Final = frozenset({"", "0", "false", "null", "undefined"})
_NEEDED: Final = ("SYSTEMROOT", "APPDATA", "LOCALAPPDATA", "PREFIX")


@dataclass(frozen=True, slots=True, kw_only=True)
class NpmSettings:
    """What npm would do."""

    registries: Registries = Registries()  # noqa: RUF009  (frozen)
    cafile: str | None = None
    proxy: str | None = None
    https_proxy: str | None = None
    noproxy: str = ""
    credentials: tuple[Credential, ...] = ()
    swayed_by: tuple[str, ...] = ()
    """The names of what changes which versions are chosen, sorted."""


@dataclass(frozen=True, slots=True)
class Program:
    """An npm to ask for its default, and all that it gets to see."""

    path: str
    environ: tuple[tuple[str, str], ...] = field(repr=False)
    node: str = ""
    """The Node beside it, which would run what it installs; empty: none was found."""


def load(
    environ: Mapping[str, str], home: Path, problems: list[Problem]
) -> NpmSettings:
    """Read the global and the user's `.npmrc`, and the environment over them."""
    values: dict[str, str] = {}
    variables = _variables(environ)
    for path in (_global_file(variables), user_file(environ, home)):
        text = read(path, problems) if path else None
        if text is not None:
            values.update(parse(text, environ))
    values.update(variables)
    return _settings(values)


def user_file(environ: Mapping[str, str], home: Path) -> Path:
    """Return where the user's `.npmrc` is."""
    named = _variables(environ).get("userconfig")
    return Path(named) if named else home / ".npmrc"


def find_program(
    environ: Mapping[str, str], home: Path, projects: Sequence[Path]
) -> Program | None:
    """Find npm on the PATH, but in no project, whose programs we do not run.

    `npm run` puts `node_modules/.bin` of the project and of all folders above it first.

    Args:
        environ: The environment variables.
        home: The user's home folder.
        projects: Folders in projects: what is examined, and where we were started.
    """
    roots = [_project_root(each.resolve(), home.resolve()) for each in projects]

    def ours(path: Path) -> bool:
        real = path.resolve()
        inside = any(real.is_relative_to(root) for root in roots)
        return path.is_absolute() and not inside and "node_modules" not in path.parts

    folders = [Path(each) for each in environ.get("PATH", "").split(os.pathsep) if each]
    path = os.pathsep.join(str(each) for each in folders if ours(each))

    def find(name: str) -> str:
        found = shutil.which(name, path=path) if path else None
        inside = found and any(Path(found).resolve().is_relative_to(r) for r in roots)
        return "" if found is None or inside else found

    if not (found := find("npm")):
        return None
    kept = {key: environ[key] for key in _NEEDED if key in environ}
    seen = {"PATH": path, "HOME": str(home), "USERPROFILE": str(home), **kept}
    return Program(found, tuple(seen.items()), find("node"))


def _project_root(folder: Path, home: Path) -> Path:
    """Return the outermost folder around *folder*, below home, that is a project."""
    marks = (".git", "package.json", "pyproject.toml", "node_modules")
    root = folder
    for each in (folder, *folder.parents[:-1]):
        if each == home:
            break
        if any((each / mark).exists() for mark in marks):
            root = each
    return root


@cache
def default_registry(program: Program) -> str | None:
    """Ask npm for the registry that it uses where none is configured.

    It runs in the root folder with `--global`, so that no project's `.npmrc` is read.
    """
    command = [program.path, "config", "get", "registry", "--global"]
    address = _told(command, program)
    return normalise(address) if is_http(address) else None


@cache
def node_version(program: Program) -> str:
    """Ask Node for its version, such as `v22.1.0`; empty if it does not tell."""
    return _told([program.node, "--version"], program) if program.node else ""


def _told(command: Sequence[str], program: Program) -> str:
    """Return what *command* says, run where no project can change it."""
    try:
        done = subprocess.run(  # noqa: S603  (npm or Node, found outside the project)
            command,
            env=dict(program.environ),
            cwd=Path(command[0]).anchor,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("ascii", "replace").strip()


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the `npm_config_` variables, in any case; npm takes none that is empty."""
    prefix = "npm_config_"
    found: dict[str, str] = {}
    for key, value in environ.items():
        if key.lower().startswith(prefix) and value:
            name = key[len(prefix) :]
            # `npm_config_//host/:_authToken` and `npm_config_@scope:registry` are
            # taken as they are, the rest in lower case with dashes.
            plain = name if name.startswith(("//", "@")) else _folded(name)
            found[plain] = value
    return found


def _folded(name: str) -> str:
    return re.sub(r"(?!^)_", "-", name.lower())


def _global_file(variables: Mapping[str, str]) -> Path | None:
    if named := variables.get("globalconfig"):
        return Path(named)
    prefix = variables.get("prefix")
    return Path(prefix) / "etc" / "npmrc" if prefix else None


def _settings(values: Mapping[str, str]) -> NpmSettings:
    return NpmSettings(
        registries=Registries.chosen(values),
        cafile=values.get("cafile"),
        proxy=values.get("proxy") or values.get("http-proxy"),
        https_proxy=values.get("https-proxy"),
        noproxy=values.get("noproxy", ""),
        credentials=tuple(_credentials(values)),
        swayed_by=tuple(sorted(_swaying(values))),
    )


def _swaying(values: Mapping[str, str]) -> Iterator[str]:
    for key, value in values.items():
        # Several values are written as `omit[]`.
        name, said = key.removesuffix("[]"), value.strip().lower()
        left_out = name == "optional" and said == "false"
        if left_out or (name in _SWAYING and said not in _NONE):
            yield name


def _credentials(values: Mapping[str, str]) -> Iterator[Credential]:
    """Yield what `//host/path/:_authToken` and its kin say.

    npm names no scheme there. Ours is https; the same on this machine may be http.
    """
    fields: dict[str, dict[str, str]] = {}
    for key, value in values.items():
        place, colon, name = key.rpartition(":")
        if colon and place.startswith("//"):
            fields.setdefault(place, {})[name] = value
    for place, each in fields.items():
        header = _header(each)
        for scheme in ("https", "http"):
            if header and is_http(f"{scheme}:{place}"):
                yield Credential(scope=normalise(f"{scheme}:{place}"), header=header)


def _header(values: Mapping[str, str]) -> str | None:
    if token := values.get("_authToken"):
        return f"Bearer {token}"
    if pair := values.get("_auth"):
        return f"Basic {pair}"
    user, password = values.get("username"), values.get("_password")
    if not user or not password:
        return None
    try:
        secret = base64.b64decode(password, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return Credential.basic("", user, secret).header
