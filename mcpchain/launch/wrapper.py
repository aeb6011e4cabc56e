"""Programs that only start another program: a shell, `env`, `sudo`."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from mcpchain.component import Pin
from mcpchain.launch.record import Code, Launch, Outcome, UndecidableError, Wrapped
from mcpchain.launch.words import (
    Grammar,
    read_options,
    shell_command,
    simple_command,
)

_SHELL: Final = Grammar(
    valued=frozenset({"-o"}),
    switches=frozenset(
        {
            *("-c", "-l", "-i", "-e", "-u", "-x", "--login", "--noprofile", "--norc"),
            *("-f", "--posix"),
        }
    ),
)
_ENV: Final = Grammar(
    valued=frozenset({"-u", "--unset"}),
    switches=frozenset({"-i", "--ignore-environment", "-v", "--debug"}),
)
_SUDO: Final = Grammar(
    valued=frozenset({"-u", "--user", "-g", "--group", "-p", "--prompt"}),
    switches=frozenset({"-E", "--preserve-env", "-n", "-H", "-S", "-k", "-b"}),
)
_WSL: Final = Grammar(
    valued=frozenset({"-d", "--distribution", "-u", "--user"}),
    switches=frozenset({"-e", "--exec", "--system"}),
    clusters=False,
)
_OP: Final = Grammar(
    valued=frozenset({"--account", "--env-file", "--environment"}),
    switches=frozenset({"--no-masking"}),
    clusters=False,
    doubted=frozenset({"--env-file", "--environment"}),
)
# Left out on purpose: what changes to another folder.
_INJECTED: Final = "it sets variables from a place that is not looked at"
_INJECTORS: Final = {
    "dotenvx": (
        Grammar(
            valued=frozenset(
                {"-f", "--env-file", "-e", "--env", "-fk", "--env-keys-file", "-fv"}
            ),
            switches=frozenset(
                {"-o", "--overload", "-q", "--quiet", "--strict", "--ignore"}
            ),
            clusters=False,
        ),
        True,
    ),
    "dotenv": (
        Grammar(
            valued=frozenset({"-e", "-v", "-f", "--file"}),
            switches=frozenset({"-o", "--override", "--quiet"}),
            clusters=False,
        ),
        False,
    ),
    "doppler": (
        Grammar(
            valued=frozenset({"--project", "-p", "--config", "-c", "--token", "-t"}),
            switches=frozenset({"--silent", "--preserve-env"}),
            clusters=False,
        ),
        True,
    ),
    "infisical": (
        Grammar(
            valued=frozenset(
                {"--env", "--path", "--projectId", "--token", "--domain", "--tags"}
            ),
            switches=frozenset({"--silent", "--recursive", "--expand"}),
            clusters=False,
        ),
        True,
    ),
}
"""The options of each, and whether its subcommand is `run`."""
_MANAGERS: Final = {
    "mise": (
        frozenset({"exec", "x"}),
        Grammar(valued=frozenset(), switches=frozenset()),
    ),
    "fnm": (
        frozenset({"exec"}),
        Grammar(valued=frozenset({"--using"}), switches=frozenset(), clusters=False),
    ),
    "volta": (
        frozenset({"run"}),
        Grammar(
            valued=frozenset({"--node", "--npm", "--yarn", "--pnpm"}),
            switches=frozenset(),
            clusters=False,
        ),
    ),
}
"""The subcommands of each, and their options."""
_ASSIGNMENT: Final = re.compile(r"([A-Za-z_][\w@:/.-]*)=(.*)", re.DOTALL | re.ASCII)
_CMD: Final = re.compile(r"[&|<>^%!()\r\n\x00]")
_CMD_VARIABLE: Final = re.compile(r"%[A-Za-z_]\w*%", re.ASCII)
_CMD_SWITCHES: Final = frozenset({"/d", "/s", "/q", "/a", "/u", "/v:off", "/e:on"})


def read_cmd(_launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read `cmd /c COMMAND`."""
    known = itertools.takewhile(lambda each: each.lower() in _CMD_SWITCHES, args)
    rest = args[len([*known]) :]
    if not rest or rest[0].lower() not in {"/c", "/k"}:
        raise UndecidableError("it is not asked to run one command")
    words = rest[1:]
    if len(words) == 1:
        words = words[0].split()
    plain = [_CMD_VARIABLE.sub("x", each) for each in words]
    if any(_CMD.search(each) or '"' in each for each in plain):
        raise UndecidableError("it is a shell command that can run anything")
    doubt = "it is a shell command with a variable" if plain != [*words] else ""
    return replace(_program(words, env), doubt=doubt)


def read_shell(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read `sh -c COMMAND`, or the file that the shell runs."""
    line = read_options(args, _SHELL)
    if not line.words:
        raise UndecidableError("it runs what the client sends")
    if "-c" not in line.switches:
        code = Code(path=line.words[0])
        return Launch(launcher=launcher, pin=Pin.LOCAL, code=(code,))
    command, doubt = shell_command(line.words[0])
    words, env = _assigned(command, env)
    return replace(_program(words, env), doubt=doubt)


def read_env(_launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read `env NAME=value COMMAND`."""
    words, env = _assigned(read_options(args, _ENV).words, env)
    return _program(words, env)


def read_sudo(_launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read `sudo COMMAND`."""
    words, env = _assigned(read_options(args, _SUDO).words, env)
    return _program(words, env)


def read_wsl(_launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read `wsl COMMAND`, which goes through a shell unless `--exec` is given."""
    words = read_options(args, _WSL).words
    for word in words:
        simple_command(word)
    return _program(words, env)


def read_op(_launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read `op run -- COMMAND`."""
    if args[:1] != ["run"]:
        raise UndecidableError("its subcommand is not one that is read here")
    line = read_options(args[1:], _OP)
    return replace(_program(line.words, env), doubt=line.doubt)


def read_cross_env(
    _launcher: str, args: Sequence[str], env: Mapping[str, str]
) -> Outcome:
    """Read `cross-env NAME=value COMMAND`."""
    words, env = _assigned(args, env)
    if words and words[0].startswith("-"):
        raise UndecidableError("an option in its arguments is not one that is read")
    return _program(words, env)


def read_injector(
    launcher: str, args: Sequence[str], env: Mapping[str, str]
) -> Outcome:
    """Read what sets variables from a file or a service: `doppler run -- COMMAND`.

    Any variable may be among them, so the command stays in doubt.
    """
    grammar, subcommand = _INJECTORS[launcher]
    line = read_options(args, grammar)
    if subcommand:
        if line.words[:1] != ["run"]:
            raise UndecidableError("its subcommand is not one that is read here")
        line = read_options(line.words[1:], grammar)
    return replace(_program(line.words, env), doubt=_INJECTED)


def read_manager(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read what starts a program in some version: `fnm exec --using 22 COMMAND`.

    A file of the project may choose the version, and more, so the command stays in
    doubt.
    """
    subcommands, grammar = _MANAGERS[launcher]
    if args[:1] and args[0] not in subcommands:
        raise UndecidableError("its subcommand is not one that is read here")
    if launcher == "mise":
        at = next((n for n, each in enumerate(args) if each == "--"), len(args))
        words: Sequence[str] = args[at + 1 :]
    else:
        words = read_options(args[1:], grammar).words
    return replace(
        _program(words, env), doubt="a file of the project may choose what it starts"
    )


def _assigned(
    words: Sequence[str], env: Mapping[str, str]
) -> tuple[Sequence[str], Mapping[str, str]]:
    """Take the assignments in front of a command into its environment."""
    env = dict(env)
    for at, word in enumerate(words):
        match = _ASSIGNMENT.fullmatch(word)
        if match is None:
            return words[at:], env
        env[match[1]] = match[2]
    return (), env


def _program(words: Sequence[str], env: Mapping[str, str]) -> Wrapped:
    if not words:
        raise UndecidableError("it names no command")
    return Wrapped(command=words, env=env)
