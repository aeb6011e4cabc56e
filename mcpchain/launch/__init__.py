"""Read a launch command: which package does it run, and how firmly is that said?

Pure functions. A family of launchers each has a module; none of them runs anything.
What is not understood to the last option is undecidable: a wrong answer is worse than
none. Arguments and values of variables may be secrets: no message repeats one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from mcpchain.component import Pin
from mcpchain.launch.container import read_container
from mcpchain.launch.npm import read_bun, read_npm, read_npx, read_pnpm, read_yarn
from mcpchain.launch.record import (
    Launch,
    Outcome,
    Requested,
    UndecidableError,
    Wrapped,
    weakest,
)
from mcpchain.launch.script import read_node, read_python
from mcpchain.launch.uv import read_pipx, read_uv, read_uvx
from mcpchain.launch.wrapper import (
    read_cmd,
    read_env,
    read_secrets,
    read_shell,
    read_sudo,
    read_wsl,
)

__all__ = ["Launch", "Requested", "read_launch"]


class _Reader(Protocol):
    def __call__(
        self, launcher: str, args: Sequence[str], env: Mapping[str, str], /
    ) -> Outcome: ...


_READERS: Final[Mapping[str, _Reader]] = {
    "npx": read_npx,
    "npm": read_npm,
    "pnpm": read_pnpm,
    "pnpx": read_pnpm,
    "yarn": read_yarn,
    "yarnpkg": read_yarn,
    "bun": read_bun,
    "bunx": read_bun,
    "uvx": read_uvx,
    "uv": read_uv,
    "pipx": read_pipx,
    "python": read_python,
    "py": read_python,
    "node": read_node,
    "nodejs": read_node,
    "tsx": read_node,
    "ts-node": read_node,
    "docker": read_container,
    "podman": read_container,
    "nerdctl": read_container,
    "cmd": read_cmd,
    "env": read_env,
    "sudo": read_sudo,
    "wsl": read_wsl,
    "op": read_secrets,
    "dotenvx": read_secrets,
    **dict.fromkeys(("sh", "bash", "zsh", "dash", "ash", "ksh"), read_shell),
}
_UNREAD: Final = frozenset(
    {
        *("deno", "dnx", "dotnet", "go", "java", "jbang", "cargo", "nix", "gem"),
        *("powershell", "pwsh", "fish", "busybox", "ssh", "xargs", "timeout", "nice"),
        *("nohup", "exec", "eval", "curl", "wget", "corepack", "mise", "asdf", "volta"),
        *("fnm", "nvm", "conda", "mamba", "micromamba", "pixi", "poetry", "pdm"),
        *(
            "hatch",
            "rye",
            "doppler",
            "direnv",
            "perl",
            "ruby",
            "php",
            "lua",
            "osascript",
        ),
        *("cscript", "wscript", "mshta", "rundll32", "start", "toolhive", "thv"),
        *("smithery", "kubectl", "make", "npm-run", "setsid", "stdbuf", "socat", "nc"),
    }
)
"""Programs that start or fetch others in ways that are not read here."""
_DEPTH: Final = 8
_LONGEST: Final = 64 << 10
"""How many commands in a command, and characters of one, are read."""
_SUFFIX: Final = re.compile(r"\.(?:cmd|exe|bat|ps1)$")
_PYTHON: Final = re.compile(r"(?:python|pypy)w?[\d.]*", re.ASCII)
_PROGRAM: Final = re.compile(r"[\w.+-]{1,60}", re.ASCII)


def read_launch(command: str, args: Sequence[str], env: Mapping[str, str]) -> Launch:
    """Say what *command* runs.

    Args:
        command: The program, by name or path.
        args: Its arguments.
        env: The variables that are set for it. Only those that choose a registry or
            a package are looked at.
    """
    words: Sequence[str] = [command, *args]
    if sum(map(len, words)) > _LONGEST:
        return Launch(launcher="", problem="the command is too long to be read")
    chain: list[str] = []
    layers: list[Wrapped] = []
    while True:
        launcher = base_name(words[0])
        chain.append(launcher)
        try:
            outcome = _read(launcher, words, env, depth=len(chain))
        except UndecidableError as error:
            shown = f"`{launcher}`" if launcher else "the command"
            outcome = Launch(launcher=launcher, problem=f"{shown}: {error}")
        if isinstance(outcome, Wrapped):
            if outcome.otherwise is None or _is_launcher(outcome.command):
                layers.append(outcome)
                words, env = outcome.command, outcome.env
                continue
            outcome = outcome.otherwise
        return _joined(outcome, layers, chain)


def base_name(word: str) -> str:
    """Return a program's name without folder and suffix, in lower case.

    Empty for what is no clear name: it may hold arguments, which may be secrets.
    """
    if word.startswith("@") or "://" in word:
        return ""
    name = _SUFFIX.sub("", re.split(r"[/\\]", word)[-1].lower())
    if not _PROGRAM.fullmatch(name):
        return ""
    return "python" if _PYTHON.fullmatch(name) else name


def _is_launcher(words: Sequence[str]) -> bool:
    name = base_name(words[0]) if words else ""
    return name in _READERS or name in _UNREAD


def _read(
    launcher: str, words: Sequence[str], env: Mapping[str, str], *, depth: int
) -> Outcome:
    command = words[0]
    if depth > _DEPTH:
        raise UndecidableError("it starts a command in a command too often")
    if reader := _READERS.get(launcher):
        return reader(launcher, words[1:], env)
    if launcher in _UNREAD:
        raise UndecidableError("it is a launcher that is not read here")
    first = command.split()
    if len(first) > 1 and _is_launcher(first):
        raise UndecidableError("its arguments are part of the command")
    if not re.search(r"[/\\]", command):
        raise UndecidableError("it is no launcher that is read here")
    if "://" in command or not command.isprintable():
        raise UndecidableError("it is no program of this machine")
    return Launch(launcher=launcher, pin=Pin.LOCAL, entry=command)


def _joined(launch: Launch, layers: Sequence[Wrapped], chain: Sequence[str]) -> Launch:
    """Add to *launch* what the commands around it install."""
    for at in reversed(range(len(layers))):
        layer = layers[at]
        if not layer.packages:
            continue
        inside = layer.contained and not launch.packages and not launch.problem
        if inside and layer.otherwise is not None:
            launch = layer.otherwise
            continue
        pins = [launch.pin, *(each.pin for each in layer.packages)]
        launch = replace(
            launch,
            launcher=chain[at],
            packages=(
                *(each for each in layer.packages if each.purl),
                *launch.packages,
            ),
            main=None,
            pin=None
            if launch.problem
            else weakest([each for each in pins if each is not None]),
        )
    outer = chain[: chain.index(launch.launcher)] if launch.launcher in chain else ()
    return replace(launch, wrappers=tuple(outer))
