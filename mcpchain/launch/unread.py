"""Programs that start or fetch others in ways that are not read, and why not."""

from collections.abc import Iterator, Mapping
from typing import Final

from mcpchain.launch.record import UndecidableError

_PROJECT: Final = (
    "it runs something in an environment that a project describes",
    "start the file with `python`, or the package with `uvx <name>==<version>`",
)
_TASK: Final = (
    "it runs a task that a project gives a name to",
    "start the program itself",
)
_BUILD: Final = (
    "it builds a project together with the packages that the project names",
    "build it first, and start the file that comes out",
)
_INSTALLER: Final = (
    "it is a package manager, which can run or install anything",
    "install the server when the machine is set up, or start it with `npx` or `uvx`",
)
_VERSIONS: Final = (
    "it starts a program in the version that other files choose",
    "start the program itself",
)
_AROUND: Final = (
    "it starts another program in a way that is not read here",
    "start the server without it",
)
_AWAY: Final = (
    "what it runs is chosen on another machine",
    "give the server an address, and configure that",
)
_CODE: Final = (
    "it runs code from its arguments, or a file in a way that is not read here",
    "",
)
_REGISTRY: Final = (
    "it starts what its own catalogue keeps under a name, which can change",
    "start the package or the image itself, by an exact version or a digest",
)
_PROGRAMS: Final = (
    (_PROJECT, "poetry pdm hatch rye pipenv pixi conda mamba micromamba"),
    (_TASK, "make rake composer npm-run"),
    (_BUILD, "cargo mvn mvnw gradle gradlew bazel cmake"),
    (_INSTALLER, "pip gem nix apt apt-get brew apk dnf yum snap easy_install bundle"),
    (_VERSIONS, "corepack asdf nvm rbenv pyenv direnv env-cmd"),
    (_AROUND, "fish busybox xargs timeout nice nohup exec eval setsid stdbuf time"),
    (_AROUND, "gtime command script watch flock chroot unshare nsenter strace gdb su"),
    (_AROUND, "doas ionice chrt taskset parallel find screen tmux open systemd-run"),
    (_AROUND, "launchctl start git firejail bwrap sandbox-exec"),
    (_AWAY, "ssh kubectl socat nc curl wget"),
    (_CODE, "perl lua awk gawk sed tclsh expect osascript cscript wscript mshta"),
    (_CODE, "rundll32 msiexec regsvr32 wmic"),
    (_REGISTRY, "toolhive thv smithery"),
)


def _each() -> Iterator[tuple[str, tuple[str, str]]]:
    for words, names in _PROGRAMS:
        for name in names.split():
            yield name, words


UNREAD: Final[Mapping[str, tuple[str, str]]] = dict(_each())
"""By name: what is wrong, and what to write instead."""


def unread(launcher: str) -> UndecidableError:
    """Say why the command of *launcher*, one of `UNREAD`, is not read."""
    problem, hint = UNREAD[launcher]
    return UndecidableError(problem, hint)
