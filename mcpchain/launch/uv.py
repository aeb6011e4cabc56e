"""The launchers of the Python world that install: uvx, uv, pipx."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from mcpchain.component import Origin, Pin
from mcpchain.launch.bridge import bridged
from mcpchain.launch.pypi_spec import read_pypi_spec
from mcpchain.launch.record import (
    Launch,
    Outcome,
    Requested,
    UndecidableError,
    Wrapped,
    started,
    weakest,
    web_address,
)
from mcpchain.launch.words import Grammar, Line, read_options

_UV_VALUED: Final = frozenset(
    {
        *("--color", "--directory", "--project", "--cache-dir", "--preview-features"),
        *("--allow-insecure-host", "--python-preference", "--python", "-p"),
    }
)
_UV_SWITCHES: Final = frozenset(
    {
        *("--quiet", "-q", "--verbose", "-v", "--no-cache", "-n", "--no-config"),
        *("--offline", "--no-progress", "--no-python-downloads", "--managed-python"),
        *("--no-managed-python", "--native-tls", "--system-certs", "--preview"),
    }
)
# Left out on purpose: `--config-file` (another index), `--overrides` and
# `--with-requirements` (packages from a file).
_UV: Final = Grammar(valued=_UV_VALUED, switches=_UV_SWITCHES)
_RUN: Final = Grammar(
    valued=_UV_VALUED
    | {
        *("--from", "--with", "-w", "--with-editable", "--constraints", "-c"),
        *("--constraint", "--build-constraints", "-b", "--env-file", "--index"),
        *("--python-platform", "--default-index", "--index-url", "-i"),
        *("--extra-index-url", "--find-links", "-f", "--upgrade-package", "-P"),
        *("--index-strategy", "--keyring-provider", "--resolution", "--prerelease"),
        *("--fork-strategy", "--config-setting", "--config-settings", "-C"),
        *("--no-build-isolation-package", "--exclude-newer", "--link-mode"),
        *("--exclude-newer-package", "--refresh-package", "--reinstall-package"),
        *("--no-build-package", "--no-binary-package", "--torch-backend"),
    },
    switches=_UV_SWITCHES
    | {
        *("--isolated", "--no-env-file", "--no-index", "--upgrade", "-U"),
        *("--no-build-isolation", "--no-sources", "--reinstall", "--refresh"),
        *("--no-build", "--no-binary", "--compile-bytecode", "--pre"),
    },
)
_PROJECT: Final = Grammar(
    valued=(_RUN.valued - {"--from", "-c", "-b"})
    | {
        *("--extra", "--no-extra", "--group", "--no-group", "--only-group"),
        "--package",
    },
    switches=_RUN.switches
    | {
        *("--module", "-m", "--script", "-s", "--gui-script", "--all-extras", "--dev"),
        *("--no-dev", "--only-dev", "--all-groups", "--no-default-groups", "--exact"),
        *("--no-editable", "--no-sync", "--locked", "--frozen", "--active"),
        *("--no-project", "--all-packages"),
    },
)
_PIPX: Final = Grammar(
    valued=frozenset(
        {"--spec", "--with", "--python", "--pip-args", "--index-url", "-i", "--backend"}
    ),
    switches=frozenset(
        {
            *("--no-cache", "--pypackages", "--verbose", "-v", "--quiet", "-q"),
            *("--system-site-packages", "--fetch-missing-python", "--path"),
        }
    ),
    clusters=False,
    greedy=frozenset({"--pip-args"}),
)
_PIP: Final = Grammar(
    valued=frozenset(
        {
            *("--index-url", "-i", "--extra-index-url", "--find-links", "-f"),
            *("--trusted-host", "--timeout", "--retries", "--proxy", "--cert"),
        }
    ),
    switches=frozenset({"--no-cache-dir", "--pre", "--quiet", "-q", "--no-index"}),
    clusters=False,
)

_INTERPRETER: Final = re.compile(r"(?:c?python|pypy|graalpy)[\d.]*(?:@.*)?", re.ASCII)
_COMMA: Final = re.compile(r",(?=\s*[A-Za-z])(?![^\[]*\])")
"""A comma between two packages: not in a version range, not between extras."""
_LONGEST: Final = 4000
_INDEX_NAME: Final = re.compile(r"[\w.-]+=(?=https?://)", re.IGNORECASE)
_UV_DEFAULTS: Final = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
_PIP_DEFAULTS: Final = ("PIP_INDEX_URL",)
"""Variables that replace the default index."""
_DECIDING: Final = frozenset({"UV_CONFIG_FILE", "UV_OVERRIDE", "PIP_CONFIG_FILE"})
"""Variables that name a file with another index or another version."""


def read_uvx(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `uvx`, which are those of `uv tool run`."""
    return _tool(launcher, read_options(args, _RUN), env)


def read_uv(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `uv`: `tool run`, or `run` in a project."""
    outer = read_options(args, _UV)
    if outer.words[:2] == ["tool", "run"]:
        return _tool(launcher, read_options(outer.words[2:], _RUN), env)
    if outer.words[:1] == ["run"]:
        return _project(launcher, read_options(outer.words[1:], _PROJECT), env)
    raise UndecidableError("its subcommand is not one that is read here")


def read_pipx(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `pipx run`."""
    outer = read_options(args, _PIPX)
    if outer.words[:1] != ["run"]:
        raise UndecidableError("its subcommand is not one that is read here")
    line = read_options(outer.words[1:], _PIPX)
    line.options += outer.options
    if not line.words:
        raise UndecidableError("it names no package")
    for text in line.values("--pip-args"):
        line.options += _pip_options(text)
    spec = line.value("--spec")
    name = line.words[0]
    if "--path" in line.switches:
        return Launch(launcher=launcher, pin=Pin.LOCAL, entry=name)
    if spec is None and "://" in name:
        raise UndecidableError("it runs a script from the network")
    packages = [read_pypi_spec(name if spec is None else spec)]
    command = [packages[0].name if spec is None else name, *line.words[1:]]
    return _installed(launcher, line, env, packages, command)


def _tool(launcher: str, line: Line, env: Mapping[str, str]) -> Outcome:
    if not line.words:
        raise UndecidableError("it names no package")
    source = line.value("--from")
    name = line.words[0]
    if source is None and _INTERPRETER.fullmatch(name):
        return Wrapped(
            command=["python", *line.words[1:]],
            env=env,
            packages=_sourced(launcher, _beside(line), line, env),
        )
    packages = [read_pypi_spec(name if source is None else source, at=True)]
    command = [packages[0].name if source is None else name, *line.words[1:]]
    return _installed(launcher, line, env, packages, command)


def _installed(
    launcher: str,
    line: Line,
    env: Mapping[str, str],
    packages: list[Requested],
    command: list[str],
) -> Wrapped:
    every = _sourced(launcher, [*packages, *_beside(line)], line, env)
    return Wrapped(
        command=command,
        env=env,
        packages=every,
        otherwise=bridged(started(launcher, every), command[1:]),
    )


def _project(launcher: str, line: Line, env: Mapping[str, str]) -> Outcome:
    """Read `uv run`: a script or command of the project that surrounds it."""
    if not line.words:
        raise UndecidableError("it names no command")
    entry = line.words[0]
    if "://" in entry or entry == "-":
        raise UndecidableError("it runs a script that is no file of this machine")
    packages = _sourced(launcher, _beside(line), line, env)
    local = Launch(
        launcher=launcher,
        packages=packages,
        pin=weakest([Pin.LOCAL, *(each.pin for each in packages)]),
        entry=entry,
    )
    if line.switches & {"--module", "-m"}:
        command = ["python", "-m", *line.words]
        return Wrapped(command=command, env=env, packages=packages)
    if line.switches & {"--script", "-s", "--gui-script"}:
        return local
    return Wrapped(command=line.words, env=env, packages=packages, otherwise=local)


def _beside(line: Line) -> list[Requested]:
    """Return what `--with` adds; it takes several, divided by commas."""
    values = line.values("--with", "-w")
    if any(len(value) > _LONGEST for value in values):
        raise UndecidableError("its list of further packages is too long")
    texts = [text for value in values for text in _COMMA.split(value)]
    found = [replace(read_pypi_spec(each, at=True), beside=True) for each in texts]
    return [each for each in found if each.purl]


def _sourced(
    launcher: str, packages: Sequence[Requested], line: Line, env: Mapping[str, str]
) -> tuple[Requested, ...]:
    """Say of each package from a registry which ones the command names."""
    registry, extras = _indexes(launcher, line, env)
    return tuple(
        replace(each, registry=registry, extra_registries=extras)
        if each.origin is Origin.REGISTRY
        else each
        for each in packages
    )


def _indexes(
    launcher: str, line: Line, env: Mapping[str, str]
) -> tuple[str | None, tuple[str, ...]]:
    """Return the index that replaces the default one, and all others that count.

    uv asks the others first; pip takes the highest version of any. uv has variables of
    its own; one that only the other tool reads still shows what may be asked.
    """
    variables = {name.upper(): value for name, value in env.items()}
    for name in sorted(_DECIDING & variables.keys()):
        raise UndecidableError(f"the variable `{name}` changes what runs")
    named = line.value("--default-index", "--index-url", "-i")
    defaults = [
        variables.pop(name)
        for name in (_PIP_DEFAULTS if launcher == "pipx" else _UV_DEFAULTS)
        if name in variables
    ]
    if named is None and defaults:
        named = defaults[0]
    others = line.values("--index", "--extra-index-url", "--find-links", "-f")
    for name in (
        *("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"),
        *("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
        *("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"),
    ):
        others += re.split(r"[\s,]+", variables.get(name, "").strip())
    extras = dict.fromkeys(_index(each) for each in others if each)
    return (_index(named) if named else None), tuple(extras)


def _index(text: str) -> str:
    return web_address(_INDEX_NAME.sub("", text.strip()))


def _pip_options(text: str) -> list[tuple[str, str]]:
    """Read `--pip-args`. A word in it would be a further package."""
    try:
        line = read_options(shlex.split(text), _PIP)
    except ValueError as error:
        raise UndecidableError("its `--pip-args` are not read here") from error
    if line.words:
        raise UndecidableError("its `--pip-args` are not read here")
    return line.options
