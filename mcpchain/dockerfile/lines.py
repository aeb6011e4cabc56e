"""Split a Dockerfile into instructions, and an instruction into words."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_DIRECTIVE: Final = re.compile(r"\s*(?:#|//)\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S.*)")
_WORD: Final = re.compile(
    r"""(?:[^\s"']|"[^"\\]*+(?:\\.[^"\\]*+)*+"|'[^']*+'|["'].*+)++""", re.DOTALL
)
"""An open quote goes on to the end."""
_HEREDOC: Final = re.compile(r"""\d*<<(-?)["']?([^<"'\s]+)["']?""")
_FLAG: Final = re.compile(r"--([a-z][a-z-]*)(?:=(.*))?", re.DOTALL)
_TAKES_INPUT: Final = frozenset({"RUN", "COPY", "ADD"})


class EndlessError(ValueError):
    """A heredoc never ends.

    Args:
        word: That which should end it.
        line: On which line it begins.
    """

    def __init__(self, word: str, line: int) -> None:
        super().__init__(f"`<<{word[:140]}` never ends; the rest was not read")
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """A comment at the top that tells the builder how to read the rest."""

    key: str
    value: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction, its continuation lines joined."""

    word: str
    """In upper case."""
    args: str
    line: int

    @property
    def inner(self) -> "Instruction":
        """What `ONBUILD` puts off; any other is itself."""
        if self.word != "ONBUILD":
            return self
        word, _, args = self.args.partition(" ")
        return Instruction(word=word.upper(), args=args.strip(), line=self.line)


def directives(lines: Sequence[str]) -> Iterator[Directive]:
    """Yield the directives, which stand before everything else."""
    first = 1 if lines[0].startswith("#!") else 0
    for number, line in enumerate(lines[first:], first + 1):
        match = _DIRECTIVE.fullmatch(line.rstrip())
        if match is None:
            return
        yield Directive(key=match[1].lower(), value=match[2], line=number)


def instructions(lines: Sequence[str], escape: str) -> Iterator[Instruction]:
    r"""Yield the instructions, without comments and heredocs.

    Args:
        lines: Of the file.
        escape: The character at the end of a line that goes on, `\` or a backtick.

    Raises:
        EndlessError: A heredoc has no end.
    """
    e = re.escape(escape)
    continued = re.compile(rf"(?<!{e}){e}[ \t]*$")
    index = 0
    while index < len(lines):
        start, parts, more = index + 1, list[str](), True
        while more and index < len(lines):
            line = lines[index].rstrip("\r")
            index += 1
            bare = line.strip()
            if bare.startswith("#") or (parts and not bare):
                continue
            if not parts:
                start = index
            end = continued.search(line)
            more = end is not None
            parts.append(line[: end.start()] if end else line)
        word, *rest = "".join(parts).split(None, 1) or [""]
        if word:
            args = "".join(rest).strip()
            yield Instruction(word=word.upper(), args=args, line=start)
            index = _past_heredocs(word.upper(), args, lines, index)


def _past_heredocs(word: str, args: str, lines: Sequence[str], index: int) -> int:
    """Return where the lines end that an instruction takes as its input."""
    inner = Instruction(word=word, args=args, line=index).inner
    if inner.word not in _TAKES_INPUT or "<<" not in args:
        return index
    for each in words(inner.args):
        heredoc = _HEREDOC.fullmatch(each)
        if heredoc is None:
            continue
        start = index
        while index < len(lines):
            line = lines[index].rstrip("\r")
            index += 1
            if (line.lstrip("\t") if heredoc[1] else line) == heredoc[2]:
                break
        else:
            raise EndlessError(heredoc[2], start)
    return index


def words(args: str) -> list[str]:
    """Return the words of an instruction, with their quotes."""
    return _WORD.findall(args)


def flags(args: str) -> tuple[list[tuple[str, str]], str]:
    """Return the flags in front, each with its value, and what follows them."""
    found: list[tuple[str, str]] = []
    at = 0
    while word := _WORD.match(args, at):
        flag = _FLAG.fullmatch(word[0])
        if flag is None:
            break
        found.append((flag[1], flag[2] or ""))
        at = len(args) - len(args[word.end() :].lstrip())
    return found, args[at:]


def first(given: Sequence[tuple[str, str]], name: str) -> str:
    """Return the value of the first flag of this name; empty if there is none."""
    return next((unquoted(value) for key, value in given if key == name), "")


def sources(args: str) -> list[str]:
    """Return what `ADD` or `COPY` takes: all of its words but the last."""
    if args.startswith("["):
        try:
            listed = json.loads(args)
        except (ValueError, RecursionError):
            listed = None
        if isinstance(listed, list) and all(isinstance(e, str) for e in listed):
            return listed[:-1]
    return [unquoted(each) for each in words(args)][:-1]


def mounted(mount: str) -> list[str]:
    """Return the images or stages that `--mount=...` names."""
    pairs = (each.partition("=") for each in unquoted(mount).split(","))
    return [value.strip() for key, _, value in pairs if key.strip().lower() == "from"]


def unquoted(text: str) -> str:
    """Return *text* without its quotes."""
    return re.sub(r"""["']""", "", text)
