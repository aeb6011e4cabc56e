"""Read a Dockerfile without building it: what its stages are made on, and fetch.

The reference is BuildKit's own parser (moby/buildkit, frontend/dockerfile) and the
description of the format that Docker publishes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mcpchain.artifact import Digest
from mcpchain.build_step import (
    add_file,
    add_image,
    add_repository,
    add_undecided,
    beyond,
    shown,
    unreadable,
)
from mcpchain.component import BuildFacts, Location, Role
from mcpchain.dockerfile.lines import (
    EndlessError,
    Instruction,
    directives,
    first,
    flags,
    instructions,
    mounted,
    sources,
    unquoted,
    words,
)
from mcpchain.interpolation import UndecidedError, interpolate
from mcpchain.inventory import Collector

BYTES: Final = 1 << 20
"""How many bytes of a Dockerfile are read."""
_MOST: Final = 500
"""How many stages, and how many variables of a stage, are kept."""
_OTHER: Final = re.compile(
    r"(?i:.*\.(?:dockerignore|md|rst|j2|jinja2?|tmpl|tpl|template|erb))"
    r"|[a-z].*\.(?:c|cc|css|el|go|html?|java|jsx?|json|lua|map|php|png|pyc|pyi?|rb|rs"
    r"|sh|so|svg|toml|tsx?|txt|vim|xml|ya?ml)"
)
"""What is called like one, and is none. `Dockerfile.go` is one, `dockerfile.go` not."""
_NAME: Final = re.compile(r"(?:dockerfile|containerfile)(?:\..*)?|.*\.dockerfile")
_REMOTE: Final = re.compile(r"(?:https?|ftp)://", re.IGNORECASE)
_GIT: Final = re.compile(
    r"(?:git|ssh)://|git@|https?://[^#?]*\.git(?:[#?]|$)", re.IGNORECASE
)
_PLATFORM: Final = re.compile(
    r"\$(?:\{(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)\}"
    r"|(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)(?![A-Za-z0-9_]))"
)
"""What a builder sets by itself."""


def is_dockerfile(name: str) -> bool:
    """Say whether a file of this *name* is a Dockerfile."""
    return bool(_NAME.fullmatch(name.casefold())) and not _OTHER.fullmatch(name)


def read_dockerfile(
    text: str,
    place: Location,
    found: Collector,
    role: Role = Role.BASE_IMAGE,
    given: Mapping[str, str | None] | None = None,
) -> None:
    """Declare the images and files that the Dockerfile *text* is built from.

    Args:
        text: All of it.
        place: Where it stands; with a pointer, it is a part of that file.
        found: Where to keep what it names.
        role: Of the image that the last stage is made on.
        given: What whoever builds it says that its arguments are; `None`: something
            that nobody knows.
    """
    reader = _Reader(place, found, role)
    reader.given = given or {}
    reader.read(text)


@dataclass(slots=True, kw_only=True)
class _Stage:
    """One stage: on what it is made, and what its variables are."""

    name: str
    place: Location
    image: str | None = None
    """The image, if it is made on one, and not on `scratch` or another stage."""
    unknown: str = ""
    """Why it cannot be told what `image` is."""
    parents: tuple[int, ...] = ()
    platform: str = ""
    values: dict[str, str] = field(default_factory=dict)


class _Reader:
    """Reads one Dockerfile."""

    def __init__(self, place: Location, found: Collector, role: Role) -> None:
        self._place = place
        self._found = found
        self._role = role
        self._stages: list[_Stage] = []
        self._named: dict[str, int] = {}
        """The stages so far, by name."""
        self._all: frozenset[str] = frozenset()
        """The names of all stages, in lower case."""
        self._values: dict[str, str] = {}
        """The variables of every `FROM`."""
        self.given: Mapping[str, str | None] = {}
        """What counts more than the defaults of arguments."""
        self._escape = "\\"

    def read(self, text: str) -> None:
        lines = text.removeprefix("\ufeff").split("\n")
        self._direct(lines)
        read: list[Instruction] = []
        try:
            read.extend(instructions(lines, self._escape))
        except EndlessError as error:
            unreadable(self._found, self._at(error.line), str(error))
        begun = [_names(each.args) for each in read if each.word == "FROM"]
        self._all = frozenset(name for _, name in begun if name)
        if not begun:
            # It may be a part of one, whose stage stands elsewhere.
            unreadable(self._found, self._place, "has no `FROM`, so it builds nothing")
            self._stages.append(_Stage(name="", place=self._place))
        for each in read:
            if each.word == "FROM" and len(self._stages) == _MOST:
                reason = f"more than {_MOST} stages; the rest was not read"
                beyond(self._found, self._at(each.line), reason)
                break
            self._read(each, self._at(each.line))
        self._declare()

    def _at(self, line: int) -> Location:
        if self._place.pointer:
            return self._place
        return Location(path=self._place.path, line=line)

    def _direct(self, lines: list[str]) -> None:
        for each in directives(lines):
            if each.key == "escape" and each.value in {"\\", "`"}:
                self._escape = each.value
            elif each.key == "syntax":
                # It is run with all that the build sees; what follows are options.
                named = each.value.split()[0]
                facts = BuildFacts(role=Role.BUILD_IMAGE)
                add_image(self._found, named, self._at(each.line), facts)

    def _read(self, instruction: Instruction, place: Location) -> None:
        word, args = instruction.word, instruction.args
        stage = self._stages[-1] if self._stages else None
        if word == "FROM":
            self._from(args, place)
        elif word == "ARG":
            self._arguments(args, stage)
        elif stage is None:
            unreadable(self._found, place, f"`{word[:40]}` stands before any `FROM`")
        elif word == "ENV":
            self._environment(args, stage)
        else:
            self._taken(instruction.inner, stage, place)

    def _from(self, args: str, place: Location) -> None:
        given, _ = flags(args)
        asked, name = _names(args)
        stage = _Stage(name=name or "", place=place)
        self._stages.append(stage)
        if asked is None:
            problem = f"`FROM {shown(args)}` names no single image"
            unreadable(self._found, place, problem)
        else:
            stage.platform = self._platform(first(given, "platform"))
            self._rest_on(stage, unquoted(asked))
        if name:
            self._named[name] = len(self._stages) - 1

    def _rest_on(self, stage: _Stage, asked: str) -> None:
        try:
            base = interpolate(asked, self._values, escape=self._escape)
        except UndecidedError as error:
            stage.parents = self._by_platform(asked)
            if not stage.parents:
                stage.image, stage.unknown = asked, str(error)
            return
        parent = self._named.get(base.lower())
        if parent is not None:
            stage.parents = (parent,)
            stage.values = dict(self._stages[parent].values)
        elif base != "scratch":
            stage.image = base

    def _platform(self, text: str) -> str:
        try:
            return interpolate(text, self._values, escape=self._escape)
        except UndecidedError:
            return shown(text)

    def _by_platform(self, asked: str) -> tuple[int, ...]:
        """Return the stages that `FROM build-$TARGETARCH` chooses from."""
        parts = [each.lower() for each in _PLATFORM.split(asked)]
        if len(parts) == 1 or not any(parts) or any("$" in each for each in parts):
            return ()
        pattern = re.compile("[a-z0-9_/]+".join(map(re.escape, parts)))
        return tuple(sorted(i for n, i in self._named.items() if pattern.fullmatch(n)))

    def _arguments(self, args: str, stage: _Stage | None) -> None:
        """Read `ARG`: before all stages it speaks to every `FROM`."""
        values = self._values if stage is None else stage.values
        for word in words(args):
            name, equals, value = word.partition("=")
            if name in self.given:
                values.pop(name, None)
                if (known := self.given[name]) is not None and len(values) < _MOST:
                    values[name] = known
            elif equals:
                self._set(values, name, value)
            elif stage is not None and name in self._values:
                values[name] = self._values[name]
            else:
                values.pop(name, None)

    def _environment(self, args: str, stage: _Stage) -> None:
        pairs = [each.partition("=") for each in words(args)]
        if pairs and not pairs[0][1]:
            pairs = [args.partition(" ")]  # the old form, of one variable
        for name, _, value in pairs:
            self._set(stage.values, name, value.strip())

    def _set(self, values: dict[str, str], name: str, value: str) -> None:
        """Keep what a variable is, or that nobody knows."""
        values.pop(name, None)
        if len(values) == _MOST:
            reason = f"more than {_MOST} variables; the rest was not read"
            beyond(self._found, self._place, reason)
            return
        try:
            values[name] = interpolate(unquoted(value), values, escape=self._escape)
        except UndecidedError:
            return  # whoever uses it says that it has no value

    def _taken(self, instruction: Instruction, stage: _Stage, place: Location) -> None:
        """Declare what an instruction takes from elsewhere than the context."""
        if instruction.word not in {"ADD", "COPY", "RUN"}:
            return
        given, rest = flags(instruction.args)
        if instruction.word == "RUN":
            mounts = [value for name, value in given if name == "mount"]
            for each in (source for mount in mounts for source in mounted(mount)):
                self._source(each, stage, place)
            return
        for name, value in given:
            if name == "from":
                self._source(unquoted(value), stage, place)
        if instruction.word == "ADD":
            for each in sources(rest):
                self._fetched(each, given, stage, place)

    def _source(self, text: str, stage: _Stage, place: Location) -> None:
        """Declare the image that is copied from or mounted, unless it is a stage."""
        facts = BuildFacts(role=Role.BUILD_IMAGE, stage=stage.name)
        try:
            source = interpolate(text, stage.values, escape=self._escape)
        except UndecidedError as error:
            add_undecided(self._found, text, str(error), place, facts)
            return
        if source.isascii() and source.isdigit():
            before = len(self._stages) - 1
            if len(source) > len(str(_MOST)) or int(source) >= before:
                problem = f"`{source[:40]}` is no stage before this one"
                unreadable(self._found, place, problem)
        elif source and source.lower() not in self._all and source != "scratch":
            add_image(self._found, source, place, facts)

    def _fetched(
        self, text: str, given: list[tuple[str, str]], stage: _Stage, place: Location
    ) -> None:
        """Declare what `ADD` fetches from a web address or a repository."""
        facts = BuildFacts(role=Role.FETCHED, stage=stage.name)
        try:
            url = interpolate(text, stage.values, escape=self._escape)
        except UndecidedError as error:
            if _REMOTE.match(text) or _GIT.match(text) or text.startswith("$"):
                add_undecided(self._found, text, str(error), place, facts)
            return
        checksum = first(given, "checksum")
        if _GIT.match(url):
            address, _, fragment = url.partition("#")
            revision = checksum or fragment.partition(":")[0]
            add_repository(self._found, address, revision, place, facts)
        elif _REMOTE.match(url):
            digest = self._digest(checksum, stage, place)
            add_file(self._found, url, digest, place, facts)

    def _digest(self, text: str, stage: _Stage, place: Location) -> Digest | None:
        if not text:
            return None
        try:
            value = interpolate(text, stage.values, escape=self._escape)
            digest = Digest.parse(value)
        except ValueError as error:
            unreadable(self._found, place, f"`--checksum` is no digest: {error}")
            return None
        return digest if digest.algorithm.identifies else None

    def _declare(self) -> None:
        """Declare the images under the stages, now that the last one is known."""
        shipped: set[int] = set()
        pending = [len(self._stages) - 1]
        while pending:
            index = pending.pop()
            if index >= 0 and index not in shipped:
                shipped.add(index)
                pending += self._stages[index].parents
        for index, stage in enumerate(self._stages):
            role = self._role if index in shipped else Role.BUILD_IMAGE
            facts = BuildFacts(role=role, stage=stage.name, platform=stage.platform)
            if stage.image is None:
                continue  # it adds nothing of its own
            if stage.unknown:
                why = stage.unknown
                add_undecided(self._found, stage.image, why, stage.place, facts)
            else:
                add_image(self._found, stage.image, stage.place, facts)


def _names(args: str) -> tuple[str | None, str | None]:
    """Return what `FROM` is made on and the stage's name, both `None` if unclear."""
    match words(flags(args)[1]):
        case [asked]:
            return asked, ""
        case [asked, keyword, name] if keyword.upper() == "AS":
            return asked, name.lower()
        case _:
            return None, None
