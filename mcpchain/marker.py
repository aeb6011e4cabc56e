"""Who asks for a package, as far as its marker says (PEP 508, PEP 751).

A marker speaks of machines, of extras and of dependency groups. Machines differ, so
what it says of them counts as true: a package counts as needed unless it clearly is
not.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Final

from packaging.specifiers import SpecifierSet

_LENGTH: Final = 8 << 10
_DEPTH: Final = 50
_ASKERS: Final = 200
"""How long and deep a marker may be, and how many groups and extras it may name."""
_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<bracket>[()])
    | (?P<word>and|or)\b
    | (?P<atom>(?:"[^"]*"|'[^']*'|[\w.]+)\s*
        (?:===|==|!=|<=|>=|~=|<|>|not\s+in\b|in\b)\s*(?:"[^"]*"|'[^']*'|[\w.]+))
    )""",
    re.VERBOSE,
)
_MEMBER: Final = re.compile(
    r"""["'](?P<name>[^"']*)["']\s*(?P<no>not\s+)?in\s+(?P<of>extras|dependency_groups)"""
)
_EXTRA: Final = re.compile(
    r"""extra\s*(?P<op>===?|!=)\s*["'](?P<a>[^"']*)["']"""
    r"""|["'](?P<b>[^"']*)["']\s*(?P<po>===?|!=)\s*extra"""
)

_PYTHON: Final = re.compile(
    r"""python(?:_full)?_version\s*(?P<op>===?|!=|<=|>=|~=|<|>)\s*"""
    r"""["'](?P<version>[\d.*]{1,20})["']"""
)
_ASKING: Final = frozenset({"groups", "extras"})
_MINORS: Final = ("2.7", *(f"3.{minor}" for minor in range(40)), "4.0")
"""The versions of Python that there may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Askers:
    """The groups and extras that ask for a package, if it is not needed in any case."""

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


_Atom = tuple[str, str, bool]
"""(`groups` or `extras`, its name, whether it must be absent); or (`python`, which ones
as a specifier, false)."""


def askers(marker: str) -> Askers:
    """Return who asks for what has *marker*; nobody, where it is needed in any case.

    So it is, too, where the marker cannot be read.
    """
    if len(marker) > _LENGTH:
        return Askers()
    try:
        ways = _Parser(marker).parse()
    except ValueError:
        return Askers()
    named = sorted({(k, name) for k, name, _ in ways.atoms() if k in _ASKING})
    if len(named) > _ASKERS:
        return Askers()
    # One bit for each way to install: the first is that nobody asks for more.
    bits = {each: 2 << index for index, each in enumerate(named)}
    holding = ways.holding(bits, (2 << len(named)) - 1)
    if holding & 1:
        return Askers()
    alone = [each for each in named if holding & bits[each]] or named
    return Askers(
        groups=tuple(name for kind, name in alone if kind == "groups"),
        extras=tuple(name for kind, name in alone if kind == "extras"),
    )


def ever_holds(marker: str, requires: SpecifierSet) -> bool:
    """Say whether *marker* may hold for a Python that *requires* allows.

    True where that cannot be told.
    """
    if len(marker) > _LENGTH:
        return True
    try:
        ways = _Parser(marker).parse()
        pythons = {name for kind, name, _ in ways.atoms() if kind == "python"}
        if len(pythons) > _ASKERS:
            return True
        bits = {("python", each): _pythons(SpecifierSet(each)) for each in pythons}
    except ValueError:
        return True
    allowed = _pythons(requires)
    return not allowed or ways.holding(bits, allowed) & allowed != 0


@lru_cache(maxsize=1000)
def _pythons(specifier: SpecifierSet) -> int:
    """Return one bit for each minor version of which *specifier* takes some release."""
    return sum(
        1 << index
        for index, minor in enumerate(_MINORS)
        if any(specifier.contains(f"{minor}{end}") for end in ("", ".99"))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """A marker: an atom, or parts of which any or all must hold."""

    atom: _Atom = ("", "", False)
    parts: "tuple[_Ways, ...]" = ()
    every: bool = True

    def atoms(self) -> Iterator[_Atom]:
        if not self.parts:
            yield self.atom
        for each in self.parts:
            yield from each.atoms()

    def holding(self, bits: Mapping[tuple[str, str], int], every: int) -> int:
        """Return in which of several ways to install it may hold.

        Args:
            bits: For each atom that does not hold in all of them, where it does.
            every: All ways.
        """
        if not self.parts:
            kind, name, absent = self.atom
            asked = bits.get((kind, name), every)
            return every & ~asked if absent else asked
        join = int.__and__ if self.every else int.__or__
        return reduce(join, (each.holding(bits, every) for each in self.parts))


class _Parser:
    """Reads a marker; `ValueError` if it is none."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def parse(self) -> _Ways:
        ways = self._either(0)
        if self._at != len(self._tokens):
            raise ValueError("something is left")
        return ways

    def _either(self, depth: int) -> _Ways:
        if depth > _DEPTH:
            raise ValueError("too deep")
        alternatives = [self._all(depth)]
        while self._take("or"):
            alternatives.append(self._all(depth))
        return _Ways(parts=tuple(alternatives), every=False)

    def _all(self, depth: int) -> _Ways:
        parts = [self._one(depth)]
        while self._take("and"):
            parts.append(self._one(depth))
        return _Ways(parts=tuple(parts))

    def _one(self, depth: int) -> _Ways:
        if self._take("("):
            inner = self._either(depth + 1)
            if not self._take(")"):
                raise ValueError("an open bracket")
            return inner
        if self._at == len(self._tokens):
            raise ValueError("an end too early")
        token = self._tokens[self._at]
        self._at += 1
        return _Ways(atom=_atom(token))

    def _take(self, token: str) -> bool:
        taken = self._at < len(self._tokens) and self._tokens[self._at] == token
        self._at += taken
        return taken


def _tokens(text: str) -> Iterator[str]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError("no marker")
        yield match[match.lastgroup or 0]
        at = match.end()


def _atom(token: str) -> _Atom:
    if token in {"and", "or", "(", ")"}:
        raise ValueError("a word too early")
    if member := _MEMBER.fullmatch(token):
        kind = "extras" if member["of"] == "extras" else "groups"
        return kind, member["name"], bool(member["no"])
    if extra := _EXTRA.fullmatch(token):
        name = extra["a"] if extra["a"] is not None else extra["b"]
        return "extras", name, (extra["op"] or extra["po"]) == "!="
    if python := _PYTHON.fullmatch(token):
        return "python", f"{python['op']}{python['version']}", False
    return "", "", False
