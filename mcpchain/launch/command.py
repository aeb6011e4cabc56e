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
from mcpchain.launch.bun import read_bun
from mcpchain.launch.container import covers, read_container
from mcpchain.launch.deno import read_deno
from mcpchain.launch.dotnet import read_dnx, read_dotnet
from mcpchain.launch.go import read_go
from mcpchain.launch.java import read_java, read_jbang
from mcpchain.launch.nearby import nearby
from mcpchain.launch.npm import read_npm, read_npx, read_pnpm, read_yarn
from mcpchain.launch.place import folder_of, is_launcher_folder
from mcpchain.launch.powershell import read_powershell
from mcpchain.launch.record import (
    Code,
    Launch,
    Outcome,
    UndecidableError,
    Wrapped,
    doubted,
    undecidable,
    weakest,
)
from mcpchain.launch.script import read_file, read_node, read_python
from mcpchain.launch.unread import UNREAD, unread
from mcpchain.launch.uv import read_pipx, read_uv, read_uvx
from mcpchain.launch.variables import refuse_variables
from mcpchain.launch.wrapper import (
    read_cmd,
    read_cross_env,
    read_env,
    read_injector,
    read_manager,
    read_op,
    read_shell,
    read_sudo,
    read_wsl,
)


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
    "op": read_op,
    "cross-env": read_cross_env,
    "deno": read_deno,
    "dnx": read_dnx,
    "dotnet": read_dotnet,
    "go": read_go,
    "java": read_java,
    "jbang": read_jbang,
    **dict.fromkeys(("powershell", "pwsh"), read_powershell),
    **dict.fromkeys(("php", "ruby", "rscript", "julia"), read_file),
    **dict.fromkeys(("dotenvx", "dotenv", "doppler", "infisical"), read_injector),
    **dict.fromkeys(("mise", "fnm", "volta"), read_manager),
    **dict.fromkeys(("sh", "bash", "zsh", "dash", "ash", "ksh"), read_shell),
}
_INSIDE: Final = frozenset({"npx", "pnpx", "bunx", "uvx", "pipx", "dnx", "jbang"})
"""Programs that no argument names but to have them started."""
_MAYBE_INSIDE: Final = frozenset(
    {
        *("npm", "pnpm", "yarn", "bun", "uv", "pip", "deno", "corepack"),
        *("python", "py", "node", "nodejs", "tsx", "ts-node", "docker", "podman"),
        *("nerdctl", "cmd", "sh", "bash", "zsh", "dash", "powershell", "pwsh"),
        *("curl", "wget", "cargo", "dotnet"),
    }
)
"""Programs whose name can be a mere word as well, such as a language."""
_WITH_VERB: Final = frozenset({"go", "java"})
"""Programs whose name is an ordinary word unless a verb follows."""
_VERBS: Final = frozenset(
    {
        *("install", "exec", "run", "x", "dlx", "tool", "add", "create", "i", "init"),
        *("-c", "-m", "-e", "/c", "-lc", "-y", "-jar"),
    }
)
_COMMAND_FOLLOWS: Final = frozenset({"--", "-c", "-lc", "-m", "-x"})
_DEPTH: Final = 8
_LONGEST: Final = 64 << 10
"""How many commands in a command, and characters of one, are read."""
_SUFFIX: Final = re.compile(r"\.(?:cmd|exe|bat|ps1)$")
_PYTHON: Final = re.compile(r"(?:python|pypy)w?[\d.]*", re.ASCII)
_PIP: Final = re.compile(r"pip[\d.]*", re.ASCII)
_PROGRAM: Final = re.compile(r"[\w.+-]{1,60}", re.ASCII)


def read_launch(command: str, args: Sequence[str], env: Mapping[str, str]) -> Launch:
    """Say what *command* runs.

    Args:
        command: The program, by name or path.
        args: Its arguments.
        env: The variables that are set for it. Those that choose a registry are read;
            any other that may change what runs makes the command undecidable.
    """
    words: Sequence[str] = [command, *args]
    if sum(map(len, words)) > _LONGEST:
        return Launch(launcher="", problem="the command is too long to be read")
    chain: list[str] = []
    layers: list[Wrapped] = []
    doubt = ""
    while True:
        launcher = base_name(words[0])
        chain.append(launcher)
        doubt = doubt or _displaced(words[0], layers) or _changed(launcher, env)
        try:
            outcome = _step(words, env, depth=len(chain))
        except UndecidableError as error:
            problem = _about(launcher, str(error))
            outcome = Launch(launcher=launcher, problem=problem, hint=error.hint)
        if isinstance(outcome, Launch):
            launch = _joined(outcome, layers, chain)
            if not doubt:
                return replace(launch, nearby=_nearby(launch, layers, chain))
            return undecidable(launch, launch.problem or doubt, launch.hint)
        if outcome.doubt:
            doubt = doubt or _about(launcher, outcome.doubt)
        layers.append(outcome)
        words, env = outcome.command, outcome.env


def _step(
    words: Sequence[str],
    env: Mapping[str, str],
    *,
    depth: int,
) -> Outcome:
    """Read one command: what runs, or the command in it that is to be read next."""
    outcome = _read(words, env, depth=depth)
    if isinstance(outcome, Launch):
        launch, rest, problem = outcome, words[1:], ""
    elif outcome.otherwise is None or _is_launcher(outcome.command):
        return outcome
    else:
        launch, rest = outcome.otherwise, outcome.command[1:]
        launcher = base_name(words[0])
        problem = _changed(launcher, outcome.env)
        if outcome.doubt:
            problem = _about(launcher, outcome.doubt)
    if not problem and _starts_another(rest):
        launcher = base_name(words[0])
        problem = f"`{launcher}`: one of its arguments is a launcher for it to start"
    if not problem:
        return launch
    return undecidable(launch, launch.problem or problem, launch.hint)


def _about(launcher: str, problem: str) -> str:
    return f"`{launcher}`: {problem}" if launcher else f"the command: {problem}"


def _displaced(command: str, layers: Sequence[Wrapped]) -> str:
    """Say that *command* names a launcher where anything of its name could lie."""
    folder = folder_of(command)
    contained = any(each.contained for each in layers)
    if not folder or contained or is_launcher_folder(folder):
        return ""
    launcher = base_name(command)
    if launcher not in _READERS:
        return ""
    return f"`{launcher}`: it is a launcher at a place that is not looked at"


def _changed(launcher: str, env: Mapping[str, str]) -> str:
    """Say which variable in *env* changes what a command means, if one does."""
    try:
        refuse_variables(env)
    except UndecidableError as error:
        return f"`{launcher}`: {error}" if launcher else str(error)
    return ""


def _starts_another(args: Sequence[str]) -> bool:
    """Say whether one of *args* looks like a command for the program to start."""
    for at, arg in enumerate(args):
        words = (arg.partition("=")[2] if arg.startswith("-") else arg).split()
        if not words:
            continue
        folder = folder_of(words[0])
        if folder and not is_launcher_folder(folder):
            continue  # a path of data, which may be called like anything
        name = base_name(words[0])
        if name in _INSIDE:
            return True
        after = [*words[1:], *args[at + 1 : at + 2]]
        before = args[at - 1] if at else ""
        option = before.startswith("-") and before not in _COMMAND_FOLLOWS
        verb = bool(after) and after[0] in _VERBS
        if name in _MAYBE_INSIDE and after and (verb or not option):
            return True
        if name in _WITH_VERB and verb:
            return True
    return False


def base_name(word: str) -> str:
    """Return a program's name without folder and suffix, in lower case.

    Empty for what is no clear name: it may hold arguments, which may be secrets.
    """
    if word.startswith("@") or "://" in word:
        return ""
    name = _SUFFIX.sub("", re.split(r"[/\\]", word)[-1].lower())
    if not _PROGRAM.fullmatch(name):
        return ""
    if _PIP.fullmatch(name):
        return "pip"
    return "python" if _PYTHON.fullmatch(name) else name


def _is_launcher(words: Sequence[str]) -> bool:
    name = base_name(words[0]) if words else ""
    return name in _READERS or name in UNREAD


def _read(words: Sequence[str], env: Mapping[str, str], *, depth: int) -> Outcome:
    command = words[0]
    launcher = base_name(command)
    if depth > _DEPTH:
        raise UndecidableError("it starts a command in a command too often")
    if reader := _READERS.get(launcher):
        return reader(launcher, words[1:], env)
    if launcher in UNREAD:
        raise unread(launcher)
    first = command.split()
    if len(first) > 1 and _is_launcher(first):
        raise UndecidableError("its arguments are part of the command")
    if not re.search(r"[/\\]", command):
        raise UndecidableError("it is no launcher that is read here")
    if "://" in command or not command.isprintable():
        raise UndecidableError("it is no program of this machine")
    return Launch(launcher=launcher, pin=Pin.LOCAL, code=(Code(path=command),))


def _joined(launch: Launch, layers: Sequence[Wrapped], chain: Sequence[str]) -> Launch:
    """Add to *launch* what the commands around it install."""
    for at in reversed(range(len(layers))):
        layer = layers[at]
        inside = layer.contained and not launch.packages and not launch.problem
        if inside and layer.otherwise is not None:
            launch = _contained(launch, layer, layer.otherwise)
            continue
        if layer.contained:
            launch = replace(launch, code=())
        if layer.folder:
            launch = _moved(launch, layer.folder)
        if not layer.packages:
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
        launch = doubted(launch, layer.packages)
    outer = chain[: chain.index(launch.launcher)] if launch.launcher in chain else ()
    return replace(launch, wrappers=tuple(outer))


def _nearby(
    launch: Launch, layers: Sequence[Wrapped], chain: Sequence[str]
) -> tuple[str, ...]:
    """Return the files of this machine that change what runs, by their names."""
    if launch.problem:
        return ()
    outside = next((at for at, each in enumerate(layers) if each.contained), None)
    here = chain if outside is None else chain[: outside + 1]
    packages = launch.packages if outside is None else ()
    return tuple(nearby([each for each in here if each in _READERS], packages))


def _contained(launch: Launch, container: Wrapped, image: Launch) -> Launch:
    """Return *image* for the *launch* in it, whose code is the image's."""
    if not covers(container, launch.code):
        return image
    problem = f"`{image.launcher}`: the code that it runs may lie in a mounted folder"
    return undecidable(image, problem)


def _moved(launch: Launch, folder: str) -> Launch:
    """Say that *launch* happens in *folder*, whose settings choose any package."""
    if launch.packages and not launch.problem:
        return undecidable(
            launch, f"`{launch.launcher}`: it takes settings from another folder"
        )
    return replace(launch, folder=f"{folder}/{launch.folder}".rstrip("/"))
