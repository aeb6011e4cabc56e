"""Interpreters, which run a file or an installed module of this machine."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from mcpchain.component import Pin
from mcpchain.launch.place import folder_of, is_npm_folder
from mcpchain.launch.record import (
    Code,
    CodeKind,
    Launch,
    Outcome,
    UndecidableError,
    Wrapped,
)
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
            *("--conditions", "-C", "--max-old-space-size", "--title"),
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
# Left out on purpose: `--env-file` and `--tsconfig`, in which more options can stand.
_PRELOADED: Final = ("--require", "-r", "--import", "--loader", "--experimental-loader")
_WARNING: Final = re.compile(r"[a-z]+(?::[^:.]*){0,4}")
"""What `-W` may say without a module that it would import for a category."""
_EXTRA: Final = re.compile(
    r"dev|importtime|faulthandler|no_debug_ranges|warn_default_encoding|perf(?:_jit)?"
    r"|utf8(?:=[01])?|tracemalloc(?:=\d+)?|(?:int_max_str_digits|cpu_count|gil)=\w+"
    r"|frozen_modules(?:=\w+)?|context_aware_warnings=[01]",
    re.ASCII,
)
"""What `-X` may say; other words name folders and modules."""
_ADDRESS: Final = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_MODULES: Final = {"uv": "uv", "pipx": "pipx"}
_NPM_FILES: Final = {"npx-cli.js": "npx", "npm-cli.js": "npm"}
_LAUNCHER_FILE: Final = re.compile(
    r"(?:np[mx]-cli|npm|npx|pnpm|pnpx|yarn(?:-[\w.-]+)?|corepack)(?:\.[cm]?js)?",
    re.ASCII,
)
_INSTALLERS: Final = frozenset(
    {
        *("pip", "pip3", "pip_run", "setuptools", "easy_install", "virtualenv"),
        *("poetry", "pdm", "hatch", "conda", "pex", "shiv", "invoke", "IPython"),
    }
)
_NODE_SUFFIXES: Final = ("", ".js")
# A folder is left out: its `package.json` says which file in it runs.
_PYTHON_SUFFIXES: Final = ("", "/__main__.py")


def read_python(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `python`. `-m` ends its options, as a file does."""
    if launcher == "py" and args and re.fullmatch(r"-[23][\d.-]*", args[0]):
        args = args[1:]
    before, module, after = _module(args)
    line = read_options(before, _PYTHON)
    told = [*map(_WARNING.fullmatch, line.values("-W"))]
    if None in [*told, *map(_EXTRA.fullmatch, line.values("-X"))]:
        raise UndecidableError("one of its options may load more code")
    if module is not None:
        if module in _MODULES:
            return Wrapped(command=[_MODULES[module], *after], env=env)
        _refuse_module(module, line.switches)
        code = Code(path=module, kind=CodeKind.MODULE)
        return Launch(launcher=launcher, pin=Pin.LOCAL, code=(code,))
    return _file(launcher, line.words, _PYTHON_SUFFIXES)


def _refuse_module(module: str, switches: set[str]) -> None:
    """Check that *module* can only be one of the project."""
    first = module.partition(".")[0]
    if first in sys.stdlib_module_names or first in _INSTALLERS:
        raise UndecidableError("it runs a module that can run or install anything")
    if not all(part.isidentifier() for part in module.split(".")):
        raise UndecidableError("what it is asked for is not the name of a module")
    if switches & {"-I", "-P"}:
        raise UndecidableError("it runs a module that is installed somewhere")


def _module(args: Sequence[str]) -> tuple[Sequence[str], str | None, Sequence[str]]:
    """Split *args* at `-m module`, which may hide in a cluster such as `-Im`."""
    valued = False
    for at, arg in enumerate(args):
        if valued:
            valued = False
            continue
        if not arg.startswith("-") or arg in {"-", "--"}:
            break
        valued = arg in {"-W", "-X", "--check-hash-based-pycs"}
        if match := re.fullmatch(r"-([bBdEiIOPqRsSuvx]*)m(.*)", arg):
            before = [*args[:at], *([f"-{match[1]}"] if match[1] else [])]
            rest = [*([match[2]] if match[2] else []), *args[at + 1 :]]
            if not rest:
                raise UndecidableError("`-m` lacks its value")
            return before, rest[0], rest[1:]
    return args, None, ()


def read_node(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `node` and of what runs TypeScript with it."""
    if launcher == "tsx" and args[:1] == ["watch"]:
        args = args[1:]
    line = read_options(args, _NODE)
    if any(_ADDRESS.match(each) for each in line.values(*_PRELOADED)):
        raise UndecidableError("it loads code from an address")
    program = line.words[0] if line.words else ""
    name = re.split(r"[/\\]", program)[-1].lower()
    if name in _NPM_FILES and is_npm_folder(folder_of(program)):
        return Wrapped(command=[_NPM_FILES[name], *line.words[1:]], env=env)
    if _LAUNCHER_FILE.fullmatch(name):
        raise UndecidableError("it runs a file that is called like a launcher")
    launch = _file(launcher, line.words, _NODE_SUFFIXES)
    loaded = [_loaded(each) for each in line.values(*_PRELOADED)]
    return replace(launch, code=(*loaded, *launch.code))


def _loaded(name: str) -> Code:
    """Read what is loaded first: a file of the project, by a path that says so."""
    if not re.match(r"\.{1,2}[/\\]", name):
        raise UndecidableError("it loads code that is no file of the project")
    return Code(path=name, suffixes=_NODE_SUFFIXES)


def read_file(launcher: str, args: Sequence[str], _env: Mapping[str, str]) -> Outcome:
    """Read the arguments of an interpreter whose options are not read: a file."""
    if args and args[0].startswith("-"):
        raise UndecidableError("the options before its file are not read here")
    return _file(launcher, args, ("",))


def _file(launcher: str, words: Sequence[str], suffixes: tuple[str, ...]) -> Launch:
    if not words or words[0] in {"", "-"} or "://" in words[0]:
        raise UndecidableError("it runs something else than a file of this machine")
    code = Code(path=words[0], suffixes=suffixes)
    return Launch(launcher=launcher, pin=Pin.LOCAL, code=(code,))
