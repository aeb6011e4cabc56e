"""Python requirements files, as pip reads them, and all that they include.

The reference is pip's manual, "Requirements File Format"; where it is silent, pip's own
reader. Options for indexes and constraints act on the whole set of files, wherever they
stand, so the set is read to its end before anything is declared.
"""

import optparse
import re
import shlex
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NoReturn

from mcpchain.artifact import Digest
from mcpchain.component import Component, Location
from mcpchain.document import decode
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.naming import bare_url
from mcpchain.requirement import Request, clauses, harmless
from mcpchain.tree import File, UnreadableError
from mcpchain.tree.named import Named, folders

_BYTES: Final = 16 << 20
_FILES: Final = 100
_LINES: Final = 50_000
_LINE: Final = 256 << 10
_FAILURES: Final = 100
_CONSTRAINTS: Final = 20
_CLAUSES: Final = 200_000
"""Limits of one set: bytes of a file, files, lines, characters of a line, gaps in one
file before we give it up, constraints on one package, and parts of all requirements,
counted again where a constraint is joined with one."""
_UNSEEN: Final = {
    "trusted-host": "turns off the check of a server's certificate",
    "global-option": "changes how packages are built",
    "install-option": "changes how packages are built",
    "config-setting": "changes how packages are built",
}
"""Options that change what is installed in a way that nothing here checks."""
_ANYWHERE: Final = Location(path="")

_COMMENT: Final = re.compile(r"(?:^|\s)#")
_OPTION: Final = re.compile(r"(?:^|\s)(?=-)")
_CODING: Final = re.compile(rb"coding[:=]\s*([-\w.]+)")
_URL: Final = re.compile(r"(?:https?|file|ftp):", re.IGNORECASE)
_HASH: Final = re.compile(r"--hash[= ](\S+)")
_LINK_HASH: Final = re.compile(r"[#&](md5|sha1|sha224|sha256|sha384|sha512)=([^&\s]*)")


def read(file: File, found: Collector) -> None:
    """Declare every requirement of *file* and of the files that it includes."""
    _Set(found, Named(file.tree)).read(file)


class _Parser(optparse.OptionParser):
    """The options of a line. pip reads them with optparse, so abbreviations count."""

    def error(self, msg: str) -> NoReturn:
        raise ValueError(msg)


def _parser() -> _Parser:
    parser = _Parser(add_help_option=False, usage=optparse.SUPPRESS_USAGE)
    for names in (
        ("-r", "--requirement", "--requirements"),
        ("-c", "--constraint", "--constraints"),
        ("-e", "--editable"),
        ("-i", "--index-url", "--pypi-url"),
        ("--extra-index-url",),
        ("-f", "--find-links"),
        ("--hash",),
        ("--trusted-host",),
        ("--no-binary",),
        ("--only-binary",),
        ("--use-feature",),
        ("--global-option",),
        ("--install-option",),
        ("-C", "--config-settings", "--config-setting"),
    ):
        parser.add_option(*names, dest=names[-1].strip("-"), action="append")
    for name in ("--no-index", "--pre", "--prefer-binary", "--require-hashes"):
        parser.add_option(name, dest=name.strip("-"), action="store_true")
    return parser


class _Set:
    """The files that pip would read together."""

    def __init__(self, found: Collector, named: Named) -> None:
        self.found = found
        self.named = named
        self.parser = _parser()
        self.requests: list[Request] = []
        self.constraints: dict[str, list[Request]] = {}
        self.indexes: list[str] = []
        self.extras: list[str] = []
        self.links: list[str] = []
        self.no_index = False
        self.lines = 0
        self.clauses = 0
        self.gaps = 0
        self.pending: list[tuple[File, bool]] = []
        self.seen: set[tuple[str, bool]] = set()

    def read(self, file: File) -> None:
        """Read *file* and what it includes, then declare all of it."""
        self.pending.append((file, False))
        self.seen.add((file.path, False))
        while self.pending:
            included, constraint = self.pending.pop()
            self._file(included, constraint=constraint)
        places: dict[Request, list[Location]] = {}
        for request in self.requests:
            asked = self._constrained(request)
            if asked is None:
                break
            asked = replace(asked, place=_ANYWHERE)
            places.setdefault(asked, []).append(request.place)
        for asked, found in places.items():
            found.sort(key=lambda each: (each.path, each.line or 0))
            component = self._component(asked)
            if asked.local:
                component = self._observed(asked, component, [file.path], found)
            self.found.add(replace(component, locations=tuple(found)))

    def _file(self, file: File, *, constraint: bool) -> None:
        try:
            text = _decoded(file)
        except UnreadableError as error:
            self.found.gap(error.gap())
            return
        except MalformedError as error:
            self._gap(Location(path=file.path), error.problem, hint=error.hint)
            return
        before = self.gaps
        for number, line in _logical_lines(text):
            if not line:
                continue
            self.lines += 1
            place = Location(path=file.path, line=number)
            self.clauses += clauses(line[:_LINE].partition(" -")[0])
            if (
                self.lines > _LINES
                or self.clauses > _CLAUSES
                or self.gaps - before >= _FAILURES
            ):
                self._gap(
                    place,
                    f"more than {_LINES:,} lines or {_CLAUSES:,} parts of requirements "
                    f"in one set of files, or more than {_FAILURES} lines that cannot "
                    "be read; the rest was not read",
                    State.LIMIT,
                )
                return
            try:
                self._line(line, place, file, constraint=constraint)
            except ValueError as error:
                self._gap(place, str(error))

    def _line(
        self, line: str, place: Location, file: File, *, constraint: bool
    ) -> None:
        if len(line) > _LINE:
            raise ValueError(f"a line longer than {_LINE:,} characters")
        option = _OPTION.search(line)
        start = option.start() if option else len(line)
        text = line[:start].strip()
        options = self._parsed(line[start:], place)
        self._options(options, place, file)
        if text:
            hashes = [f"{a}:{value}" for a, value in _LINK_HASH.findall(text)]
            digests = self._digests([*options["hash"], *hashes], place)
            self._keep(
                replace(Request.parse(text, place), digests=digests),
                constraint=constraint,
            )
        elif options["hash"]:
            self._gap(place, "a `--hash` that belongs to no requirement")
        for each in options["editable"]:
            if constraint:
                raise ValueError("an editable requirement cannot be a constraint")
            self._keep(Request.parse(each, place, editable=True), constraint=constraint)

    def _parsed(self, text: str, place: Location) -> dict[str, list[str]]:
        """Read the options of a line. Hashes survive an option that we do not know."""
        try:
            values, left = self.parser.parse_args(shlex.split(text))
        except ValueError as error:
            self._gap(place, str(error)[:140], State.UNSUPPORTED)
            known = [f"--hash={each}" for each in _HASH.findall(text)]
            values, left = self.parser.parse_args(known)
        if left:
            self._gap(place, f"`{harmless(left[0])}` stands after an option")
        return defaultdict(list, {k: v for k, v in vars(values).items() if v})

    def _keep(self, request: Request, *, constraint: bool) -> None:
        if not constraint:
            self.requests.append(request)
            return
        if not request.name:
            raise ValueError("a constraint needs the name of a package")
        limits = self.constraints.setdefault(request.name, [])
        if len(limits) >= _CONSTRAINTS:
            raise ValueError(
                f"more than {_CONSTRAINTS} constraints on `{request.name}`"
            )
        limits.append(request)

    def _options(
        self, options: dict[str, list[str]], place: Location, file: File
    ) -> None:
        self.indexes += filter(None, map(bare_url, options["pypi-url"]))
        self.extras += filter(None, map(bare_url, options["extra-index-url"]))
        self.no_index = self.no_index or bool(options["no-index"])
        for link in options["find-links"]:
            if _URL.match(link):
                self.links.append(bare_url(link))
            else:
                self._gap(
                    place,
                    f"files in `{harmless(link)}` may be installed, and were not read",
                    State.PARTIAL,
                    hint="pin every requirement with `--hash`",
                )
        for option, what in _UNSEEN.items():
            if options[option]:
                self._gap(
                    place,
                    f"`--{option}` {what}, which is not checked",
                    State.UNSUPPORTED,
                )
        for name in options["requirements"]:
            self._include(name, place, file, constraint=False)
        for name in options["constraints"]:
            self._include(name, place, file, constraint=True)

    def _include(
        self, name: str, place: Location, file: File, *, constraint: bool
    ) -> None:
        shown = harmless(name)
        if _URL.match(name):
            self._gap(
                place,
                f"includes `{shown}`, which is not a file of the tree",
                State.UNSUPPORTED,
                hint="copy it beside this file and include the copy",
            )
            return
        try:
            included = file.beside(name)
        except (UnreadableError, ValueError) as error:
            why = error.reason if isinstance(error, UnreadableError) else str(error)
            self._gap(place, f"includes `{shown}`, which {why}")
            return
        key = (included.path, constraint)
        if key in self.seen:
            return
        if len(self.seen) >= _FILES:
            self._gap(place, f"includes more than {_FILES} files", State.LIMIT)
            return
        self.seen.add(key)
        self.pending.append((included, constraint))

    def _digests(self, texts: list[str], place: Location) -> frozenset[Digest]:
        """Read the hashes of a line; a bad one is a gap, and accepts nothing."""
        digests = set()
        for text in texts:
            try:
                digests.add(Digest.parse(text))
            except ValueError as error:
                self._gap(place, str(error))
        return frozenset(digests)

    def _gap(
        self,
        place: Location,
        reason: str,
        state: State = State.UNREADABLE,
        hint: str = "repair this line, or remove it",
    ) -> None:
        self.gaps += 1
        self.found.gap(
            Gap(stage="discover", location=place, reason=reason, state=state, hint=hint)
        )

    def _constrained(self, request: Request) -> Request | None:
        """Apply the constraints on this name, as pip's resolver does.

        One with a marker counts only for a requirement with the same marker: whether
        it holds elsewhere depends on the machine. `None`: it is too much.
        """
        for limit in self.constraints.get(request.name, ()):
            if limit.marker not in {"", request.marker}:
                continue
            self.clauses += len(request.specifier) + len(limit.specifier)
            if self.clauses > _CLAUSES:
                self._gap(
                    request.place,
                    "more constraints on requirements than are followed; those from "
                    "here on are not known",
                    State.LIMIT,
                )
                return None
            both = request.digests & limit.digests
            if request.digests and limit.digests and not both:
                self._gap(limit.place, f"accepts no hash that `{request.name}` accepts")
            request = replace(
                request,
                specifier=request.specifier & limit.specifier,
                source=request.source or limit.source,
                digests=both or request.digests or limit.digests,
            )
        return request

    def _observed(
        self,
        request: Request,
        component: Component,
        starts: list[str],
        places: list[Location],
    ) -> Component:
        """Look at the file or folder that is asked for.

        pip takes a path from the folder in which it is started: that of the list, or
        one around it.
        """
        lists = [*(place.path for place in places), *starts]
        bases = list(dict.fromkeys(each for path in lists for each in folders(path)))
        try:
            path = request.path()
            if request.archive:
                artifact = self.named.artifact(path, bases, request.digests)
                return replace(component, artifacts=(artifact,))
            self.named.folder(path, bases, ("pyproject.toml", "setup.py"))
        except ValueError as error:
            hint = "put it into the examined folder, and name it by a relative path"
            reason = f"`{component.requested[:140]}` {error}"
            self._gap(places[0], reason, hint=hint)
        return component

    def _component(self, request: Request) -> Component:
        indexes = [] if self.no_index else self.indexes
        extras = [] if self.no_index else self.extras
        others = dict.fromkeys([*indexes[:-1], *extras, *self.links])
        return request.component(indexes[-1] if indexes else None, tuple(others))


def _decoded(file: File) -> str:
    data = file.read(_BYTES)
    for line in data.split(b"\n", 2)[:2]:
        coding = _CODING.search(line) if line.startswith(b"#") else None
        if coding and coding[1].lower() not in {b"utf-8", b"utf8", b"ascii"}:
            name = coding[1][:40].decode("ascii", "replace")
            raise MalformedError(
                f"declares the encoding `{name}`; only UTF-8 is read", source=file.path
            )
    return decode(data, source=file.path)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with its number, as pip joins and splits them.

    A form feed or U+2028 ends a line for pip; so it does here.
    """
    parts: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(), start=1):
        start = start if parts else number
        comment = line.lstrip().startswith("#")
        # Behind a continuation a comment line needs the space that makes it one.
        parts.append(f" {line}" if comment else line.rstrip("\\"))
        if comment or not line.endswith("\\"):
            yield start, _COMMENT.split("".join(parts), maxsplit=1)[0].strip()
            parts = []
    yield start, _COMMENT.split("".join(parts), maxsplit=1)[0].strip()
