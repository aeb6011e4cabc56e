"""Tell the options of a command line from its words."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mcpchain.launch.record import UndecidableError


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """The options of one program. One that is not here makes a line undecidable."""

    valued: frozenset[str]
    """Options that take a value."""
    switches: frozenset[str]
    """Options that take none and do not change what runs."""
    suffix: str = "\0"
    """Long options with this end take a value too."""
    clusters: bool = True
    """Whether `-it` is `-i -t` and `-p1` is `-p 1`."""
    greedy: frozenset[str] = frozenset()
    """Options whose value may begin with a dash."""
    interspersed: bool = False
    """Whether options that follow a word still belong to the program."""
    doubted: frozenset[str] = frozenset()
    """Those of the options that may change what runs."""


@dataclass(slots=True)
class Line:
    """A command line, taken apart."""

    options: list[tuple[str, str]] = field(default_factory=list)
    """Options that take a value, with it, in order."""
    switches: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)
    doubt: str = ""
    """Why the words may not mean what they seem to, if an option is to blame."""

    def values(self, *names: str) -> list[str]:
        """Return the values of the options that are called one of *names*."""
        return [value for name, value in self.options if name in names]

    def value(self, *names: str) -> str | None:
        """Return the one value of an option.

        Raises:
            UndecidableError: It is given twice, with different values.
        """
        values = set(self.values(*names))
        if len(values) > 1:
            raise UndecidableError(f"`{names[0]}` is given twice")
        return values.pop() if values else None

    def joined(self, inner: "Line") -> "Line":
        """Return this line with the words of *inner*, its subcommand."""
        return Line(
            options=[*self.options, *inner.options],
            switches=self.switches | inner.switches,
            words=inner.words,
            doubt=self.doubt or inner.doubt,
        )


def read_options(args: Sequence[str], grammar: Grammar) -> Line:
    """Take *args* apart as *grammar* says.

    Raises:
        UndecidableError: An option is unknown, or lacks its value.
    """
    line = Line()
    at = 0
    while at < len(args):
        arg = args[at]
        at += 1
        if arg == "--":
            line.words += args[at:]
            break
        if not arg.startswith("-") or arg == "-":
            line.words.append(arg)
            if not grammar.interspersed:
                line.words += args[at:]
                break
            continue
        name, attached = _name(arg, grammar, line)
        if name is None:
            continue
        if attached is None:
            if at >= len(args):
                raise UndecidableError(f"`{name}` lacks its value")
            attached = args[at]
            at += 1
            if attached.startswith("-") and name not in grammar.greedy:
                raise UndecidableError(f"`{name}` lacks its value")
        line.options.append((name, attached))
    used = {*line.switches, *(name for name, _ in line.options)}
    if doubted := min(used & grammar.doubted, default=""):
        line.doubt = f"the option `{doubted}` may change what runs, and is not followed"
    return line


def _name(arg: str, grammar: Grammar, line: Line) -> tuple[str | None, str | None]:
    """Return the option that takes a value in *arg*, and the value attached to it."""
    name, equals, value = arg.partition("=")
    if name in grammar.switches:
        line.switches.add(name)
        return None, None
    long = name.startswith("--")
    if name in grammar.valued or (long and name.endswith(grammar.suffix)):
        return name, value if equals else None
    if not long and grammar.clusters:
        for at, letter in enumerate(arg[1:], start=2):
            short = f"-{letter}"
            if short in grammar.valued:
                return short, arg[at:].removeprefix("=") or None
            if short not in grammar.switches:
                break
            line.switches.add(short)
        else:
            return None, None
    raise UndecidableError(f"the option {_shown(name)} is not one that is read here")


def _shown(name: str) -> str:
    """Return an option for a message; what only looks like one may be a secret."""
    return f"`{name}`" if _OPTION.fullmatch(name) else "in its arguments"


_OPTION: Final = re.compile(r"--?[a-z][a-z-]{0,30}")


def simple_command(text: str) -> list[str]:
    """Return the words of a shell command that does nothing but start a program.

    Raises:
        UndecidableError: It does more: a pipe, a list, an expansion, a redirection.
    """
    if len(text) > _LONGEST:
        raise UndecidableError("it is a shell command that is too long to be read")
    if found := _SHELL.search(text) or re.search(r"[\[\]]", _QUOTED.sub("", text)):
        mark = found[0] if found[0].isprintable() else "line break"
        raise UndecidableError(
            f"it is a shell command with `{mark}`, which can run anything"
        )
    return _split(text)


def shell_command(text: str) -> tuple[list[str], str]:
    """Return the words of a shell command, and why they may be others, if they may.

    A variable in it becomes as many words as it likes, or none.

    Raises:
        UndecidableError: It does more than to start a program.
    """
    plain = _PARAMETER.sub("x", text)
    if plain == text:
        return simple_command(text), ""
    simple_command(plain)
    return _split(text), "it is a shell command with a variable"


def _split(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UndecidableError("it is a shell command with open quotes") from error
    if words and words[0] == "exec":
        words = words[1:]
    if not words:
        raise UndecidableError("it is an empty shell command")
    return words


_PARAMETER: Final = re.compile(r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})", re.ASCII)
_LONGEST: Final = 8_000
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_SHELL: Final = re.compile(r"[|;&$`<>(){}*?!\r\n\x00]|(?:^|\s)[#~]")
