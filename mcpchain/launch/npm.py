"""The launchers of the npm world: npx, npm exec, pnpm dlx, yarn dlx."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from mcpchain.component import Pin
from mcpchain.launch.bridge import bridged
from mcpchain.launch.npm_spec import read_npm_spec
from mcpchain.launch.record import (
    Code,
    CodeKind,
    Launch,
    Outcome,
    UndecidableError,
    Wrapped,
    started,
    undecidable,
    web_address,
)
from mcpchain.launch.sway import swayed_by
from mcpchain.launch.words import Grammar, Line, read_options, simple_command

_VALUED: Final = frozenset(
    {
        *("--package", "--call", "-c", "--registry", "--loglevel", "--before"),
        *("--tag", "--scope", "--fetch-retries", "--fetch-timeout", "--maxsockets"),
        *("--min-release-age", "--omit", "--include", "--user-agent", "--logs-max"),
    }
)
_SWITCHES: Final = frozenset(
    {
        *("--yes", "-y", "--no", "-n", "--no-yes", "--no-install"),
        *("--quiet", "-q", "--silent", "-s", "--verbose", "-d", "-dd", "-ddd"),
        *("--offline", "--prefer-offline", "--prefer-online", "--ignore-scripts"),
        *("--no-audit", "--no-fund", "--no-update-notifier", "--no-progress"),
        *("--audit", "--fund", "--update-notifier", "--progress"),
        *("--legacy-peer-deps", "--force", "-f"),
        *("--color", "--no-color", "--timing"),
        *("--ignore-existing", "--always-spawn", "--production", "--global", "-g"),
    }
)
# Other registries; other programs, or code before the package; packages and settings
# of another folder; somebody else who may answer for the registry.
_DOUBTED_VALUES: Final = frozenset(
    {
        *("--userconfig", "--globalconfig", "--script-shell", "--shell"),
        *("--node-options", "--prefix", "-C", "--workspace", "-w", "--cache"),
        *("--proxy", "--https-proxy", "--noproxy", "--cafile", "--ca"),
    }
)
_DOUBTED_SWITCHES: Final = frozenset(
    {"--no-strict-ssl", "--strict-ssl", "--workspaces", "-ws"}
)
_DOUBTED: Final = _DOUBTED_VALUES | _DOUBTED_SWITCHES
_NPX: Final = Grammar(
    valued=_VALUED | _DOUBTED_VALUES | {"-p"},
    switches=(_SWITCHES | _DOUBTED_SWITCHES) - {"-n"},
    suffix=":registry",
    clusters=False,
    doubted=_DOUBTED,
)
# npm's own `-p` is `--parseable`; only npx makes it `--package`. npm reads its options
# from the whole line up to `--`, also after the package.
_NPM: Final = Grammar(
    valued=_VALUED | _DOUBTED_VALUES,
    switches=_SWITCHES | _DOUBTED_SWITCHES | {"-p", "--parseable"},
    suffix=":registry",
    clusters=False,
    interspersed=True,
    doubted=_DOUBTED,
)
_PNPM: Final = Grammar(
    valued=frozenset(
        {
            *("--package", "--registry", "--reporter", "--loglevel"),
            *("--allow-build", "--dir", "-C"),
        }
    ),
    switches=frozenset(
        {
            *("--silent", "-s", "--offline", "--prefer-offline", "--ignore-scripts"),
            *("--color", "--no-color", "--yes", "-y"),
        }
    ),
    suffix=":registry",
    clusters=False,
    doubted=frozenset({"--dir", "-C"}),
)
_YARN: Final = Grammar(
    valued=frozenset({"--package", "-p"}),
    switches=frozenset({"--quiet", "-q"}),
    clusters=False,
)
PROJECT_SCRIPTS: Final = frozenset({"run", "run-script", "start", "test"})
"""Subcommands that run a script of the project."""
_PACKAGES: Final = 100
"""How many packages of one command are read."""
_REGISTRY_VARIABLES: Final = frozenset(
    {"npm_config_registry", "bun_config_registry", "yarn_npm_registry_server"}
)


def read_npx(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `npx`."""
    return run_packages(launcher, read_options(args, _NPX), env)


def read_npm(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `npm`."""
    if any(
        arg in _NPM.switches and after in {"true", "false", "null"}
        for arg, after in itertools.pairwise(args)
    ):
        raise UndecidableError("a switch of it has a value")
    line = read_options(args, _NPM)
    command, rest = _subcommand(line)
    line.words = rest
    if command in PROJECT_SCRIPTS:
        return project_script(launcher, [command, *rest], line.doubt)
    if command not in {"exec", "x"}:
        raise UndecidableError("its subcommand is not one that is read here")
    return run_packages(launcher, line, env)


def read_pnpm(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `pnpm` or `pnpx`."""
    line = read_options(args, _PNPM)
    if launcher == "pnpm":
        command, rest = _subcommand(line)
        if command in PROJECT_SCRIPTS:
            return project_script(launcher, [command, *rest], line.doubt)
        if command != "dlx":
            raise UndecidableError("its subcommand is not one that is read here")
        inner = read_options(rest, _PNPM)
        line = line.joined(inner)
    return run_packages(launcher, line, env)


def read_yarn(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `yarn`."""
    if args[:1] != ["dlx"]:
        if args and args[0] in PROJECT_SCRIPTS:
            return project_script(launcher, args)
        raise UndecidableError("its subcommand is not one that is read here")
    return run_packages(launcher, read_options(args[1:], _YARN), env)


def project_script(launcher: str, words: Sequence[str], doubt: str = "") -> Launch:
    """Read `start` or `run serve`: a script that the project gives a name to."""
    name = words[1] if words[0].startswith("run") and words[1:] else words[0]
    code = Code(path=name, kind=CodeKind.SCRIPT)
    launch = Launch(launcher=launcher, pin=Pin.LOCAL, code=(code,))
    return undecidable(launch, f"`{launcher}`: {doubt}") if doubt else launch


def _subcommand(line: Line) -> tuple[str, list[str]]:
    if not line.words:
        raise UndecidableError("it has no subcommand")
    return line.words[0], line.words[1:]


def run_packages(launcher: str, line: Line, env: Mapping[str, str]) -> Wrapped:
    """Say what runs: the packages of the options, else that of the first word."""
    registries = _registries(line, env)
    call = line.value("--call", "-c")
    if call is not None and line.words:
        raise UndecidableError("it has both `--call` and a command")
    words = line.words if call is None else simple_command(call)
    if not words:
        raise UndecidableError("it names no command")
    named = line.values("--package", "-p")
    if len(named) > _PACKAGES:
        raise UndecidableError(f"it asks for more than {_PACKAGES} packages")
    packages = [read_npm_spec(each, registries) for each in named]
    if not packages and call is None:
        packages = [read_npm_spec(words[0], registries)]
        words = [packages[0].name, *words[1:]]
    sway = swayed_by(launcher, line, env)
    packages = [replace(each, swayed_by=sway) for each in packages]
    wrapped = Wrapped(
        command=words,
        env=env,
        packages=tuple(packages),
        otherwise=started(launcher, packages, words) if packages else None,
        doubt=line.doubt,
    )
    return bridged(wrapped, words[1:])


def _registries(line: Line, env: Mapping[str, str]) -> dict[str, str]:
    """Return the registry of each scope, and under `""` that of all the others.

    An option counts more than a variable (npm's manual, "config").
    """
    found = variable_registries(env)
    for name, value in line.options:
        if name.endswith(":registry"):
            found[name[2 : -len(":registry")].lower()] = web_address(value)
    if (registry := line.value("--registry")) is not None:
        found[""] = web_address(registry)
    return found


def variable_registries(env: Mapping[str, str]) -> dict[str, str]:
    """Return the registries that variables name, by scope; see `read_npm_spec`."""
    found: dict[str, str] = {}
    for name, value in env.items():
        key = name.lower()
        if not value:
            continue
        if key in _REGISTRY_VARIABLES:
            found[""] = web_address(value)
        elif key.startswith("npm_config_@") and key.endswith(":registry"):
            found[key[len("npm_config_") : -len(":registry")]] = web_address(value)
    return found
