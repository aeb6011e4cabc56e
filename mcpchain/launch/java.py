"""The launchers of the Java world: `java -jar`, and JBang."""

import re
from collections.abc import Mapping, Sequence
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
    fetched,
    plain,
    started,
)
from mcpchain.launch.words import Grammar, read_options

_PROPERTY: Final = re.compile(
    r"-D(?!(?:javax?|jdk|sun|com\.sun|loader|spring\.(?:config|cloud)|log4j\w*|logback"
    r"|logging\.config)\b)[A-Za-z][^=]*(?:=.*)?",
    re.DOTALL,
)
"""A property for the program. Those of the machine itself can load other code."""
_MACHINE: Final = re.compile(
    r"-X(?:m[sxn]|ss)[0-9]+[kKmMgG]?|-XX:[+-]Use\w+|-XX:\w*(?:Size|Percentage|Threads)="
    r"[0-9.]+[kKmMgG]?|-Djava\.awt\.headless=\w+|-Djava\.net\.preferIP\w+=\w+"
    r"|-server|-ea|-esa|--enable-preview|--enable-native-access=[\w.,-]+"
    r"|--add-(?:opens|exports)=[\w.,/=-]+|--sun-misc-unsafe-memory-access=\w+",
    re.ASCII,
)
# Left out on purpose: `-cp`, `-javaagent`, `-XX:OnError` and `@file`, which add code.

_JBANG: Final = Grammar(
    valued=frozenset({"--java", "-j", "--main", "-m", "--deps", "--repos", "--cp"}),
    switches=frozenset(
        {
            *("--quiet", "--verbose", "--fresh", "--offline", "-o", "--preview"),
            *("--no-integrations", "--enable-preview"),
        }
    ),
    clusters=False,
    doubted=frozenset({"--deps", "--repos", "--cp"}),
)
_COORDINATES: Final = re.compile(
    r"(?P<group>[A-Za-z0-9_.-]+):(?P<artifact>[A-Za-z0-9_.-]+)"
    r"(?::(?P<version>[^:@]*))?(?::(?P<classifier>[A-Za-z0-9_.-]+))?"
    r"(?:@(?P<type>[A-Za-z0-9]+))?"
)
_VERSION: Final = re.compile(r"[0-9][A-Za-z0-9_.-]*(?:\+[A-Za-z0-9_.-]+)?")
_WEB: Final = re.compile(r"https?://", re.IGNORECASE)
_SHOWN: Final = 140


def read_java(launcher: str, args: Sequence[str], _env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `java`: options of the machine, then `-jar FILE`."""
    for at, arg in enumerate(args):
        if arg == "-jar" and at + 1 < len(args) and "://" not in args[at + 1]:
            code = Code(path=args[at + 1])
            return Launch(launcher=launcher, pin=Pin.LOCAL, code=(code,))
        if not _MACHINE.fullmatch(arg) and not _PROPERTY.fullmatch(arg):
            break
    raise UndecidableError(
        "it runs something else than a single archive", "use `java -jar <file>`"
    )


def read_jbang(launcher: str, args: Sequence[str], env: Mapping[str, str]) -> Outcome:
    """Read the arguments of `jbang`: `g:a:v`, an address, or a file."""
    line = read_options(args, _JBANG)
    if line.words[:1] == ["run"]:
        line = line.joined(read_options(line.words[1:], _JBANG))
    if not line.words:
        raise UndecidableError("it names nothing to run")
    package = _package(plain(line.words[0]))
    return Wrapped(
        command=[package.name, *line.words[1:]],
        env=env,
        packages=(package,),
        otherwise=started(launcher, [package]),
        doubt=line.doubt,
    )


def _package(text: str) -> Requested:
    if _WEB.match(text):
        return fetched(text)
    if (match := _COORDINATES.fullmatch(text)) is not None:
        return _artifact(match)
    if re.fullmatch(r"[\w.-]+@[\w./~-]+", text, re.ASCII):
        raise UndecidableError(
            "it runs what a catalogue elsewhere keeps under an alias, which can change",
            "name the artifact by its coordinates: `<group>:<artifact>:<version>`",
        )
    raise UndecidableError(
        "it installs what a file names in its comments, which is not read here",
        "build it first, and start it with `java -jar`",
    )


def _artifact(match: re.Match[str]) -> Requested:
    text = match["version"] or ""
    exact = bool(_VERSION.fullmatch(text)) and not text.upper().endswith("-SNAPSHOT")
    snapshot = text.upper().endswith("-SNAPSHOT")
    pin = Pin.EXACT if exact else Pin.TAG if snapshot else Pin.FLOATING
    if re.match(r"[\[(]", text):
        pin = Pin.RANGE
    qualifiers = {key: match[key] for key in ("classifier", "type") if match[key]}
    return Requested(
        name=f"{match['group']}:{match['artifact']}",
        purl=PackageURL(
            type="maven",
            namespace=match["group"],
            name=match["artifact"],
            version=text if exact else None,
            qualifiers=qualifiers,
        ),
        version=text if exact else None,
        pin=pin,
        requested="" if exact else text[:_SHOWN],
    )
