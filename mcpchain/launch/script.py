"""Interpreters, which run a file or an installed module of this machine."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from mcpchain.component import Pin
from mcpchain.launch.record import Launch, Outcome, UndecidableError, Wrapped
from mcpchain.launch.words import Grammar, read_options

# `-c`, `-e`, `-p`, `--eval`, `--print` run code from the command line.
_PYTHON: Final = Grammar(
    valued=frozenset({"-W", "-X", "-m", "--check-hash-based-pycs"}),
    switches=frozenset(f"-{letter}" for letter in "bBdEiIOPqRsSuvx"),
)
_NODE: Final = Grammar(
    valued=frozenset(
        {
            *("--require", "-r", "--import", "--loader", "--experimental-loader"),
            *("--env-file", "--env-file-if-exists", "--conditions", "-C"),
            *("--max-old-space-size", "--title", "--input-type", "--tsconfig"),
        }
    ),
    switches=frozenset(
        {
            *("--no-warnings", "--inspect", "--enable-source-maps", "--trace-warnings"),
            *("--experimental-strip-types", "--experimental-modules", "--no-cache"),
            *("--experimental-transform-types", "--use-system-ca", "--esm"),
            *("--trace-deprecation", "--no-deprecation", "--expose-gc"),
        }
    ),
)
_PRELOADED: Final = ("--require", "-r", "--import", "--loader", "--experimental-loader")
_ADDRESS: Final = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_MODULES: Final = {"uv": "uv", "pipx": "pipx"}
_NPM_FILES: Final = {"npx-cli.js": "npx", "npm-cli.js": "npm"}


def read_python(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `python`. `-m` ends its options, as a file does."""
    if launcher == "py" and args and re.fullmatch(r"-[23][\d.-]*", args[0]):
        args = args[1:]
    before, module, after = _module(args)
    line = read_options(before, _PYTHON)
    if module is not None:
        if module in _MODULES:
            return Wrapped(command=[_MODULES[module], *after], env=env)
        return Launch(launcher=launcher, pin=Pin.LOCAL, entry=module)
    return _file(launcher, line.words)


def _module(args: Sequence[str]) -> tuple[Sequence[str], str | None, Sequence[str]]:
    """Split *args* at `-m module`, which may hide in a cluster such as `-Im`."""
    for at, arg in enumerate(args):
        if not arg.startswith("-") or arg in {"-", "--"}:
            break
        if arg in {"-W", "-X", "--check-hash-based-pycs"}:
            return _skipped(args, at)
        if match := re.fullmatch(r"-([bBdEiIOPqRsSuvx]*)m(.*)", arg):
            before = [*args[:at], *([f"-{match[1]}"] if match[1] else [])]
            rest = [*([match[2]] if match[2] else []), *args[at + 1 :]]
            if not rest:
                raise UndecidableError("`-m` lacks its value")
            return before, rest[0], rest[1:]
    return args, None, ()


def _skipped(
    args: Sequence[str], at: int
) -> tuple[Sequence[str], str | None, Sequence[str]]:
    """Split what follows the option with a value at *at*."""
    before, module, after = _module(args[at + 2 :])
    return [*args[: at + 2], *before], module, after


def read_node(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `node` and of what runs TypeScript with it."""
    if launcher == "tsx" and args[:1] == ["watch"]:
        args = args[1:]
    line = read_options(args, _NODE)
    if any(_ADDRESS.match(each) for each in line.values(*_PRELOADED)):
        raise UndecidableError("it loads code from an address")
    name = re.split(r"[/\\]", line.words[0])[-1] if line.words else ""
    if name in _NPM_FILES:
        return Wrapped(command=[_NPM_FILES[name], *line.words[1:]], env=env)
    return _file(launcher, line.words)


def _file(launcher: str, words: Sequence[str]) -> Launch:
    if not words or words[0] in {"", "-"} or "://" in words[0]:
        raise UndecidableError("it runs something else than a file of this machine")
    return Launch(launcher=launcher, pin=Pin.LOCAL, entry=words[0])
