"""The launchers of .NET: `dnx`, which is `dotnet tool exec`, and `dotnet` itself."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from packageurl import PackageURL

from mcpchain.component import Pin
from mcpchain.launch.record import (
    Code,
    Launch,
    Outcome,
    Requested,
    UndecidableError,
    Wrapped,
    plain,
    started,
    web_address,
)
from mcpchain.launch.variables import deciding
from mcpchain.naming import nuget_version

_VALUED: Final = {
    **{
        name: name for name in ("--version", "--add-source", "--source", "--configfile")
    },
    **{name: name for name in ("--framework", "--arch", "--verbosity")},
    "-v": "--verbosity",
    "-a": "--arch",
}
_SWITCHES: Final = frozenset(
    {
        *("--yes", "-y", "--prerelease", "--allow-roll-forward", "--interactive"),
        *("--no-http-cache", "--ignore-failed-sources", "--disable-parallel"),
    }
)
_DECIDING: Final = re.compile(
    r"(?:DOTNET_(?!CLI_TELEMETRY_OPTOUT|NOLOGO|ENVIRONMENT|RUNNING_IN_CONTAINER"
    r"|SYSTEM_GLOBALIZATION_INVARIANT|gc|GC|TieredPGO|SKIP_FIRST_TIME_EXPERIENCE).*"
    r"|NUGET_.*|MSBUILD.*)",
    re.IGNORECASE,
)
"""Variables that choose sources, folders or programs of the launcher."""
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_BRACED: Final = re.compile(r"\[?(?P<version>[0-9][0-9A-Za-z.+-]*)\]?")
_RANGE: Final = re.compile(
    r"[\[(][0-9A-Za-z.,*+ -]*[\])]|[0-9A-Za-z.-]*\*[0-9A-Za-z.*-]*"
)
_SHOWN: Final = 140


@dataclass(slots=True)
class _Line:
    """A command line of `dnx`, taken apart."""

    options: dict[str, list[str]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


def read_dnx(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `dnx`: `P@1.0.0 --yes`, `P --version 1.0.0 -- serve`."""
    line = _taken(args)
    if not line.words:
        raise UndecidableError("it names no package")
    package = _package(line.words[0], line.options)
    variables = [name for name in sorted(env) if _DECIDING.fullmatch(name)]
    doubt = str(deciding(variables[0])) if variables else ""
    if "--configfile" in line.options:
        doubt = "it takes settings from a file that is not looked at"
    return Wrapped(
        command=[package.name, *line.words[1:]],
        env=env,
        packages=(package,),
        otherwise=started(launcher, [package]),
        doubt=doubt,
    )


def read_dotnet(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `dotnet`: a built program, or a package to run."""
    match [*args]:
        case ["tool", "exec", *rest] | ["dnx", *rest]:
            return read_dnx(launcher, rest, env)
        case ["tool", "run", *_]:
            raise UndecidableError(
                "it runs a tool of a manifest, which is not looked at",
                "run the package by an exact version: `dnx <package>@<version>`",
            )
        case ["run" | "watch" | "script", *_]:
            raise UndecidableError(
                "it builds a project together with packages that the project names, "
                "which are not looked at",
                "build it first, and start the file that comes out",
            )
        case ["exec", path, *_] | [path, *_] if path.lower().endswith(".dll"):
            code = Code(path=path)
            return Launch(launcher=launcher, pin=Pin.LOCAL, code=(code,))
        case _:
            pass
    raise UndecidableError("its subcommand is not one that is read here")


def _taken(args: Sequence[str]) -> _Line:
    """Tell the options of `dnx` from its words.

    They may follow the package as well, up to `--`; there what it does not know goes to
    the package.

    Raises:
        UndecidableError: A word may be an option that is not known here.
    """
    line = _Line()
    rest = iter(args)
    for arg in rest:
        if arg == "--":
            line.words += rest
            break
        name, mark, value = _parted(arg)
        if name in _SWITCHES:
            continue
        if (option := _VALUED.get(name)) is not None:
            if not mark and (value := next(rest, "-")).startswith("-"):
                raise UndecidableError(f"`{option}` lacks its value")
            line.options.setdefault(option, []).append(value)
        elif arg.startswith("@") or (arg.startswith("-") and not line.words):
            raise UndecidableError("an option in its arguments is not one that is read")
        elif re.match(r"-[yva]", arg):
            raise UndecidableError("its options are written in a way that is not read")
        else:
            line.words.append(arg)
    return line


def _parted(arg: str) -> tuple[str, str, str]:
    """Split `--name=value` or `--name:value`."""
    match = re.fullmatch(r"(-[^=:]*)([=:])(.*)", arg, re.DOTALL)
    return (match[1], match[2], match[3]) if match else (arg, "", "")


def _package(word: str, options: Mapping[str, list[str]]) -> Requested:
    name, at, version = plain(word).partition("@")
    versions = [*options.get("--version", []), *([version] if at else [])]
    if not _NAME.fullmatch(name) or len(versions) > 1:
        raise UndecidableError("what it is asked for is not the name of a package")
    exact, pin, requested = _firmness(plain(versions[0]) if versions else "")
    sources = [*map(web_address, options.get("--source", []))]
    extras = [*sources[1:], *map(web_address, options.get("--add-source", []))]
    return Requested(
        name=name,
        purl=PackageURL(type="nuget", name=name, version=exact),
        version=exact,
        pin=pin,
        requested=requested[:_SHOWN],
        registry=sources[0] if sources else None,
        extra_registries=tuple(dict.fromkeys(extras)),
    )


def _firmness(text: str) -> tuple[str | None, Pin, str]:
    """Read a version of NuGet, which `dnx` takes for that one alone; or a range."""
    match = _BRACED.fullmatch(text)
    exact = nuget_version(match["version"]) if match is not None else None
    if exact is not None and text.startswith("[") == text.endswith("]"):
        return exact, Pin.EXACT, ""
    if not text:
        return None, Pin.FLOATING, ""
    if not _RANGE.fullmatch(text):
        raise UndecidableError("the version it is asked for cannot be read")
    return None, Pin.RANGE, text
