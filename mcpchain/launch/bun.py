"""Bun: `bunx` and `bun x` run packages, `bun` itself files and scripts."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from mcpchain.component import Pin
from mcpchain.launch.npm import run_packages
from mcpchain.launch.record import (
    Code,
    CodeKind,
    Launch,
    Outcome,
    UndecidableError,
    undecidable,
)
from mcpchain.launch.words import Grammar, read_options

# Variables and settings of another place, and whom a download is believed from.
_DOUBTED: Final = frozenset({"--cwd", "--env-file", "--ca", "--cafile"})
_X: Final = Grammar(
    valued=_DOUBTED | {"--package", "-p", "--registry", "--minimum-release-age"},
    switches=frozenset(
        {
            *("--bun", "-b", "--silent", "--verbose", "--no-install", "-y"),
            *("--ignore-scripts", "--trust"),
        }
    ),
    clusters=False,
    doubted=_DOUBTED,
)
# Left out on purpose: `--cwd`, `--config`, `--preload`, `--env-file`, and `-e`, which
# runs code from the command line.
_RUN: Final = Grammar(
    valued=frozenset(),
    switches=frozenset(
        {"--bun", "-b", "--silent", "--no-install", "--smol", "--watch"}
    ),
    clusters=False,
)
_SCRIPT: Final = re.compile(r"(?!.*\.[cm]?[jt]sx?$)[^/\\]+")
_FILE: Final = re.compile(r"(?!.*://).+\.[cm]?[jt]sx?")


def read_bun(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `bunx` or `bun`."""
    if launcher == "bunx":
        return run_packages(launcher, read_options(args, _X), env)
    line = read_options(args, _RUN)
    if line.words[:1] == ["x"]:
        inner = line.joined(read_options(line.words[1:], _X))
        return run_packages(launcher, inner, env)
    if line.words[:1] == ["run"]:
        line = line.joined(read_options(line.words[1:], _RUN))
        if line.words and _SCRIPT.fullmatch(line.words[0]):
            code = Code(path=line.words[0], kind=CodeKind.SCRIPT)
            return Launch(launcher=launcher, pin=Pin.LOCAL, code=(code,))
    if not line.words or not _FILE.fullmatch(line.words[0]):
        raise UndecidableError("its subcommand is not one that is read here")
    return _file(launcher, line.words[0], line.switches)


def _file(launcher: str, path: str, switches: set[str]) -> Launch:
    """Read a file, for which Bun installs what is imported and not there yet."""
    local = Launch(launcher=launcher, pin=Pin.LOCAL, code=(Code(path=path),))
    if "--no-install" in switches:
        return local
    return undecidable(
        local,
        f"`{launcher}`: it installs whatever the file imports and is missing",
        "add `--no-install`, and install from the lock first",
    )
