"""PowerShell: `-Command`, which is read if it only starts a program, and `-File`."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from mcpchain.component import Pin
from mcpchain.launch.record import Code, Launch, Outcome, UndecidableError, Wrapped

_SWITCHES: Final = frozenset(
    {
        *("-noprofile", "-nop", "-nologo", "-nol", "-noninteractive", "-noni"),
        *("-noexit", "-noe", "-sta", "-mta", "-login", "-l"),
    }
)
_VALUED: Final = frozenset(
    {
        *("-executionpolicy", "-ep", "-ex", "-exec", "-windowstyle", "-w"),
        *("-inputformat", "-outputformat", "-version"),
    }
)
# Left out on purpose: `-EncodedCommand`, `-WorkingDirectory`, `-SettingsFile`.
_COMMAND: Final = frozenset({"-command", "-c"})
_FILE: Final = frozenset({"-file", "-f"})
_WORD: Final = re.compile(
    r"[ \t]*(?:'(?P<single>[^'\r\n]*)'"
    r'|"(?P<double>[^"$`\r\n]*)"'
    r"|(?P<bare>[^\s'\"]+))(?=[ \t]|\Z)"
)
_SPECIAL: Final = re.compile(r"[|;&$`(){}<>,#\x00-\x1f\u2013-\u2015\u2018-\u201f]")
"""Marks with a meaning of their own; curly quotes and long dashes are marks as well."""


def read_powershell(
    launcher: str, args: Sequence[str], env: Mapping[str, str]
) -> Outcome:
    """Read the arguments of `powershell` or `pwsh`; names are in any case."""
    rest = [*args]
    while rest:
        name = rest[0].lower()
        if name in _SWITCHES:
            rest = rest[1:]
        elif name in _VALUED and rest[1:]:
            rest = rest[2:]
        else:
            break
    name = rest[0].lower() if rest else ""
    script = name.endswith(".ps1") and not name.startswith("-")
    if name in _FILE and rest[1:] and rest[1] != "-":
        return _file(launcher, rest[1])
    if script and launcher == "pwsh":
        return _file(launcher, rest[0])
    if name in _COMMAND and rest[1:]:
        return Wrapped(command=_words(" ".join(rest[1:])), env=env)
    # Only the newer program takes what has no option for a file.
    if launcher == "powershell" and name and not name.startswith(("-", "/")):
        return Wrapped(command=_words(" ".join(rest)), env=env)
    raise UndecidableError("it is not asked to run one command or file")


def _file(launcher: str, path: str) -> Launch:
    return Launch(launcher=launcher, pin=Pin.LOCAL, code=(Code(path=path),))


def _words(text: str) -> list[str]:
    """Return the words of a command that does nothing but start a program.

    Raises:
        UndecidableError: It does more.
    """
    words: list[str] = []
    at = 0
    text = text.removeprefix("& ").strip()
    while at < len(text):
        match = _WORD.match(text, at)
        bare = match["bare"] if match else None
        if match is None or (bare and (_SPECIAL.search(bare) or bare[0] in "@%")):
            raise UndecidableError("it is a shell command that can run anything")
        words.append(match[match.lastgroup or "bare"])
        at = match.end()
    if not words or words[0] in {"", ".", "&"} or "--%" in words:
        raise UndecidableError("it is a shell command that can run anything")
    return words
