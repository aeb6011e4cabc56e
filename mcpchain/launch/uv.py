"""The launchers of the Python world that install: uvx, uv, pipx."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from packaging.utils import canonicalize_name

from mcpchain.component import Origin, Pin
from mcpchain.launch.bridge import bridged, served_file
from mcpchain.launch.pypi_spec import read_pypi_spec
from mcpchain.launch.record import (
    Code,
    CodeKind,
    Launch,
    Outcome,
    Requested,
    UndecidableError,
    Wrapped,
    doubted,
    started,
    undecidable,
    weakest,
    web_address,
)
from mcpchain.launch.sway import swayed_by
from mcpchain.launch.words import Grammar, Line, read_options

_UV_VALUED: Final = frozenset(
    {
        *("--color", "--directory", "--preview-features", "--python-preference"),
        *("--python", "-p"),
    }
)
_UV_SWITCHES: Final = frozenset(
    {
        *("--quiet", "-q", "--verbose", "-v", "--no-cache", "-n", "--no-config"),
        *("--offline", "--no-progress", "--no-python-downloads", "--managed-python"),
        *("--no-managed-python", "--native-tls", "--system-certs", "--preview"),
    }
)
# Another index, packages from a file, what another folder says, somebody else who may
# answer for the index, words for whatever builds a package.
_DOUBTED: Final = frozenset(
    {
        *("--config-file", "--overrides", "--constraints", "--with-requirements"),
        *("--env-file", "--project", "--cache-dir", "--allow-insecure-host"),
        *("--config-setting", "--config-settings-package", "-C", "-c", "-b"),
        "--build-constraints",
    }
)
_UV_DOUBTED: Final = frozenset(
    {"--config-file", "--project", "--cache-dir", "--allow-insecure-host"}
)
_UV: Final = Grammar(
    valued=_UV_VALUED | _UV_DOUBTED, switches=_UV_SWITCHES, doubted=_UV_DOUBTED
)
_RUN: Final = Grammar(
    valued=_UV_VALUED
    | _DOUBTED
    | {
        *("--from", "--with", "-w", "--with-editable", "--index"),
        *("--python-platform", "--default-index", "--index-url", "-i"),
        *("--extra-index-url", "--find-links", "-f", "--upgrade-package", "-P"),
        *("--index-strategy", "--keyring-provider", "--resolution", "--prerelease"),
        *("--fork-strategy", "--exclude-newer", "--link-mode"),
        *("--exclude-newer-package", "--refresh-package", "--reinstall-package"),
        *("--no-build-package", "--no-binary-package", "--torch-backend"),
        *("--prerelease-package", "--no-sources-package", "--upgrade-group"),
    },
    switches=_UV_SWITCHES
    | {
        *("--isolated", "--no-env-file", "--no-index", "--upgrade", "-U"),
        *("--no-sources", "--reinstall", "--refresh"),
        *("--no-build", "--no-binary", "--compile-bytecode", "--pre", "--lfs"),
        *("--require-build-hashes", "--no-require-build-hashes"),
    },
    doubted=_DOUBTED,
)
_PROJECT: Final = Grammar(
    valued=(_RUN.valued - {"--from"})
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
    doubted=_DOUBTED,
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
            *("--timeout", "--retries"),
        }
    ),
    switches=frozenset({"--no-cache-dir", "--pre", "--quiet", "-q", "--no-index"}),
    clusters=False,
)

_INTERPRETER: Final = re.compile(r"(?:c?python|pypy|graalpy)[\d.]*(?:@.*)?", re.ASCII)
_PACKAGES: Final = 100
_LONGEST: Final = 4000
"""How many further packages, and characters that name some, are read."""
_VERSION: Final = re.compile(r"(?:c?python|pypy)?[\d.]+", re.ASCII)
_INDEX_NAME: Final = re.compile(r"[\w.-]+=(?=https?://)", re.IGNORECASE)
_UV_DEFAULTS: Final = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
_PIP_DEFAULTS: Final = ("PIP_INDEX_URL",)
"""Variables that replace the default index."""


def read_uvx(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `uvx`, which are those of `uv tool run`."""
    return _tool(launcher, read_options(args, _RUN), env)


def read_uv(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `uv`: `tool run`, or `run` in a project."""
    outer = read_options(args, _UV)
    if outer.words[:2] == ["tool", "run"]:
        line = outer.joined(read_options(outer.words[2:], _RUN))
        return _tool(launcher, line, env)
    if outer.words[:1] == ["run"]:
        line = outer.joined(read_options(outer.words[1:], _PROJECT))
        return _project(launcher, line, env)
    raise UndecidableError("its subcommand is not one that is read here")


def read_pipx(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `pipx run`."""
    outer = read_options(args, _PIPX)
    if outer.words[:1] != ["run"]:
        raise UndecidableError("its subcommand is not one that is read here")
    line = outer.joined(read_options(outer.words[1:], _PIPX))
    if not line.words:
        raise UndecidableError("it names no package")
    _refuse_python(line)
    for text in line.values("--pip-args"):
        inner = _pip_options(text)
        line.options += inner.options
        line.switches |= inner.switches
    spec = line.value("--spec")
    name = line.words[0]
    if "--path" in line.switches:
        code = Code(path=name, installs=True)
        return Launch(launcher=launcher, pin=Pin.LOCAL, code=(code,))
    if spec is None and "://" in name:
        raise UndecidableError("it runs a script from the network")
    packages = [read_pypi_spec(name if spec is None else spec)]
    command = [packages[0].name if spec is None else name, *line.words[1:]]
    return _installed(launcher, line, env, packages, command)


def _tool(launcher: str, line: Line, env: Mapping[str, str]) -> Outcome:
    if not line.words:
        raise UndecidableError("it names no package")
    _refuse_python(line)
    if line.values("--directory"):
        line.doubt = line.doubt or "it takes settings from another folder"
    source = line.value("--from")
    name = line.words[0]
    if source is None and _INTERPRETER.fullmatch(name):
        return Wrapped(
            command=["python", *line.words[1:]],
            env=env,
            packages=_sourced(launcher, _beside(line), line, env),
            doubt=line.doubt,
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
    wrapped = Wrapped(
        command=command,
        env=env,
        packages=every,
        otherwise=started(launcher, every),
        doubt=line.doubt,
    )
    return bridged(wrapped, command[1:])


def _project(launcher: str, line: Line, env: Mapping[str, str]) -> Outcome:
    """Read `uv run`: a script or command of the project that surrounds it."""
    if not line.words:
        raise UndecidableError("it names no command")
    entry = line.words[0]
    if "://" in entry or entry == "-":
        raise UndecidableError("it runs a script that is no file of this machine")
    _refuse_python(line)
    packages = _sourced(launcher, _beside(line), line, env)
    folder = line.value("--directory") or ""
    module = bool(line.switches & {"--module", "-m"})
    script = bool(line.switches & {"--script", "-s", "--gui-script"})
    launch = None
    if not (script or module or folder):
        launch = _provided(launcher, entry, packages, switches=line.switches)
    if launch is None:
        code = _code(entry, script=script)
        launch = replace(_local(launcher, code, packages), folder=folder)
    if script:
        problem = f"`{launcher}`: {line.doubt}" if line.doubt else ""
        return undecidable(launch, problem) if problem else launch
    wrapped = Wrapped(
        command=_inner(line.words, module=module),
        env=env,
        packages=packages,
        otherwise=None if module else launch,
        folder=folder,
        doubt=line.doubt,
    )
    return bridged(wrapped, line.words[1:])


def _local(launcher: str, code: Code, packages: Sequence[Requested]) -> Launch:
    """Say that *code* of the project runs, beside *packages*."""
    launch = Launch(
        launcher=launcher,
        packages=tuple(each for each in packages if each.purl),
        pin=weakest([Pin.LOCAL, *(each.pin for each in packages)]),
        code=(code,),
    )
    return doubted(launch, packages)


def _provided(
    launcher: str, entry: str, packages: Sequence[Requested], *, switches: set[str]
) -> Launch | None:
    """Say that the one of *packages* runs that is called like the command *entry*.

    A project comes first: what it has installed under that name, from wherever it
    says, is good enough for `--with`.
    """
    name = canonicalize_name(entry)
    own = next((each for each in packages if each.purl and each.name == name), None)
    if own is None:
        return None
    others = [each for each in packages if each is not own]
    launch = started(launcher, [replace(own, beside=False), *others])
    if launch.problem:
        return launch
    if "--no-project" in switches:
        return replace(launch, pin=weakest([each.pin for each in packages]))
    return undecidable(
        launch,
        f"`{launcher}`: the project around it may bring a package of that name",
        "add `--no-project`, or start it with `uvx <name>==<version>`",
    )


def _inner(words: Sequence[str], *, module: bool) -> Sequence[str]:
    """Return the command that `uv run` starts, in words that are read elsewhere."""
    if module:
        return ["python", "-m", *words]
    if words[0] in {"mcp", "fastmcp"} and words[1:2] == ["run"]:
        return ["python", served_file(words[1:])]
    return words


def _code(entry: str, *, script: bool) -> Code:
    """Say what `uv run` takes *entry* for: a file, or a command by its name."""
    if not script and not re.search(r"[/\\]|\.pyw?$", entry):
        return Code(path=entry, kind=CodeKind.SCRIPT)
    return Code(
        path=entry, suffixes=("",) if script else ("", "/__main__.py"), installs=True
    )


def _refuse_python(line: Line) -> None:
    """Check that the interpreter is named by a version, not by a path."""
    for value in line.values("--python", "-p"):
        if not _VERSION.fullmatch(value):
            raise UndecidableError("it names an interpreter that is not looked at")


def _beside(line: Line) -> list[Requested]:
    """Return what `--with` adds; it takes several, divided by commas."""
    texts: list[str] = []
    for value in line.values("--with", "-w"):
        if len(value) > _LONGEST:
            raise UndecidableError("its list of further packages is too long")
        texts += _divided(value)
    texts += line.values("--with-editable")
    if len(texts) > _PACKAGES:
        raise UndecidableError(f"it asks for more than {_PACKAGES} further packages")
    return [
        replace(read_pypi_spec(each, at=True), beside=True)
        for each in dict.fromkeys(texts)
    ]


def _divided(text: str) -> list[str]:
    """Split at each comma between two packages, not in a range or between extras."""
    parts: list[str] = []
    start = 0
    bracketed = False
    for at, letter in enumerate(text):
        if letter in "[]":
            bracketed = letter == "["
        elif letter == "," and not bracketed and _NAME.match(text, at + 1):
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


_NAME: Final = re.compile(r"\s{0,40}[A-Za-z./~]")


def _sourced(
    launcher: str, packages: Sequence[Requested], line: Line, env: Mapping[str, str]
) -> tuple[Requested, ...]:
    """Say of each package what sways the launcher, and which registries are named."""
    registry, extras = _indexes(launcher, line, env)
    sway = swayed_by(launcher, line, env)
    return tuple(
        replace(each, registry=registry, extra_registries=extras, swayed_by=sway)
        if each.origin is Origin.REGISTRY
        else replace(each, swayed_by=sway)
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


def _pip_options(text: str) -> Line:
    """Read `--pip-args`. A word in it would be a further package."""
    try:
        line = read_options(shlex.split(text), _PIP)
    except ValueError as error:
        raise UndecidableError("its `--pip-args` are not read here") from error
    if line.words:
        raise UndecidableError("its `--pip-args` are not read here")
    return line
