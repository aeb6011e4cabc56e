"""What a launch command was found to run."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from packageurl import PackageURL

from mcpchain.artifact import Digest
from mcpchain.component import Origin, Pin
from mcpchain.naming import bare_url, source_address


class UndecidableError(ValueError):
    """What a command runs cannot be told without running it. Says why.

    Args:
        problem: Why, for a reader; repeats no argument.
        hint: What to write instead, where that is not obvious.
    """

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """A package that a command asks for."""

    name: str
    """The full name in its ecosystem; of a folder or file, its path."""
    pin: Pin
    purl: PackageURL | None = None
    """`None`: a folder or file of this machine."""
    version: str | None = None
    requested: str = ""
    """What is asked for, where that is not one version: `latest`, `^1.2`."""
    origin: Origin = Origin.REGISTRY
    registry: str | None = None
    """The registry that the command or its environment names; of what comes from
    elsewhere, the address that it is fetched from."""
    extra_registries: tuple[str, ...] = ()
    alias: str = ""
    digest: Digest | None = None
    """The digest that the command pins, if it pins one."""
    beside: bool = False
    """Installed beside the package that is run (`uvx --with`)."""
    extras: tuple[str, ...] = ()
    """Those of a Python package that are asked for with it; normalised, sorted."""
    swayed_by: tuple[str, ...] = ()
    """What makes its launcher choose other versions than npm or pip would by
    themselves; see `ServerFacts.swayed_by`."""


@enum.unique
class CodeKind(enum.Enum):
    """How a command names the code of this machine that it runs."""

    FILE = "file"
    MODULE = "module"
    """A Python module, found by the interpreter."""
    SCRIPT = "script"
    """A name that the project gives to a command: `npm run x`, `uv run x`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Code of this machine that a command runs; nobody has looked for it yet."""

    path: str
    """As written: the path of a file, or the name of a module or script."""
    kind: CodeKind = CodeKind.FILE
    suffixes: tuple[str, ...] = ("",)
    """What the program adds to the path until there is such a file."""
    installs: bool = False
    """Whether the program installs what the file asks for in a comment (PEP 723)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What a command runs, as far as that is beyond doubt."""

    launcher: str
    """Base name of the program that starts the server: `npx`, `docker`."""
    wrappers: tuple[str, ...] = ()
    """What that program is itself started by, outermost first: `cmd`, `env`."""
    packages: tuple[Requested, ...] = ()
    """Every package that the command asks for, whatever `problem` says."""
    main: Requested | None = None
    """The one of them that is the server; `None` where no single one is."""
    pin: Pin | None = None
    """How firmly the command says what runs; the weakest of its parts."""
    code: tuple[Code, ...] = ()
    """What it runs of this machine. That it exists is for the caller to find out."""
    folder: str = ""
    """The folder that the command changes to before."""
    nearby: tuple[str, ...] = ()
    """Files that change what runs where they lie in the folder that it starts in, or in
    one above. Whether one does is for the caller to find out."""
    endpoint: str | None = None
    """The address that a bridge (`mcp-remote`) connects to."""
    problem: str = ""
    """Why it cannot be told what runs. Then there is neither `main` nor `pin`."""
    hint: str = ""
    """What to write instead, where `problem` does not make that obvious."""

    @property
    def version(self) -> str | None:
        """The exact version of the package that is the server."""
        return self.main.version if self.main else None

    @property
    def requested(self) -> str:
        """What is asked for of it, where that is not one version."""
        return self.main.requested if self.main else ""

    @property
    def registry(self) -> str | None:
        """The registry that the command or its environment names."""
        return self.main.registry if self.main else None

    @property
    def swayed_by(self) -> tuple[str, ...]:
        """All that sways what is chosen with any of the packages, sorted."""
        return tuple(sorted({n for each in self.packages for n in each.swayed_by}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """A command that may install packages, and starts another command."""

    command: Sequence[str]
    """The other command, with its arguments."""
    env: Mapping[str, str]
    packages: tuple[Requested, ...] = ()
    """What it installs first."""
    otherwise: Launch | None = None
    """What runs if the other command is no launcher itself. `None`: a program."""
    folder: str = ""
    """The folder that it changes to before."""
    contained: bool = False
    """Whether the files that the other command sees are those of the packages."""
    mounts: tuple[str, ...] = ()
    """Folders among those files that are of this machine all the same."""
    workdir: str = ""
    """Where the other command starts, if that is said; a path among those files."""
    doubt: str = ""
    """Why it may run something else all the same; what it asks for stays listed."""


Outcome = Launch | Wrapped

_FIRMNESS: Final = (
    Pin.FLOATING,
    Pin.RANGE,
    Pin.TAG,
    Pin.REMOTE,
    Pin.LOCAL,
    Pin.EXACT,
    Pin.COMMIT,
    Pin.DIGEST,
)


def weakest(pins: Sequence[Pin]) -> Pin:
    """Return the pin that promises least. *pins* must not be empty."""
    return min(pins, key=_FIRMNESS.index)


def started(
    launcher: str, packages: Sequence[Requested], command: Sequence[str] = ()
) -> Launch:
    """Say that *launcher* installs *packages* and runs *command* from them.

    Of several packages the server is the one that is called like the command. Any of
    them may bring a command of that name, so the weakest says how firm that is.
    """
    run = [each for each in packages if not each.beside]
    named = [each for each in run if command and _bare(each.name) == command[0]]
    main = run[0] if len(run) == 1 else named[0] if len(named) == 1 else None
    launch = Launch(
        launcher=launcher,
        packages=tuple(each for each in packages if each.purl),
        main=main if main and main.purl else None,
        pin=weakest(
            [each.pin for each in run if main] or [each.pin for each in packages]
        ),
    )
    return doubted(launch, packages)


def doubted(launch: Launch, packages: Sequence[Requested]) -> Launch:
    """Return *launch*, undecidable if one of *packages* is a folder or archive.

    What that one depends on is installed as well, and named nowhere that is read here.
    """
    if launch.problem or all(each.origin is not Origin.PATH for each in packages):
        return launch
    return undecidable(
        launch,
        f"`{launch.launcher}`: it installs a folder or archive of this machine, and "
        "whatever that depends on",
    )


def undecidable(launch: Launch, problem: str, hint: str = "") -> Launch:
    """Return *launch* without what is doubted because of *problem*; packages stay."""
    return replace(
        launch, main=None, pin=None, endpoint=None, problem=problem, hint=hint
    )


def web_address(text: str) -> str:
    """Return the address of a registry without user name, password and query.

    Raises:
        UndecidableError: It is no clear web address.
    """
    address = bare_url(text.strip()).rstrip("/")
    scheme, _, host = address.partition("://")
    if scheme not in {"http", "https"} or not host or not host.isprintable():
        raise UndecidableError("the registry it names is no web address")
    return address


def has_host(url: str) -> bool:
    """Say whether the host of *url* can be told from the rest of it."""
    return bool(bare_url(url).partition("://")[2].partition("/")[0])


def fetched(url: str, named: PackageURL | None = None, *, alias: str = "") -> Requested:
    """Say that a file at a web address is asked for, which its owner can change.

    Args:
        url: The address.
        named: What it is called in its ecosystem, if the command says so.
        alias: The name under which it is installed.

    Raises:
        UndecidableError: The address has no file, or no clear host.
    """
    address = bare_url(url)
    file = address.partition("://")[2].partition("/")[2].rstrip("/").rpartition("/")[2]
    if not file or not has_host(url):
        raise UndecidableError("what it is asked for is an address without a file")
    named = named or PackageURL(type="generic", name=file)
    return Requested(
        name=named.name,
        purl=named._replace(qualifiers={"download_url": address}),
        pin=Pin.TAG,
        requested=address[:_SHOWN],
        origin=Origin.URL,
        registry=source_address(url),
        alias=alias,
    )


def plain(text: str) -> str:
    """Return *text* if a name or version can be read from it.

    Raises:
        UndecidableError: It is empty or too long, has control characters, or a
            variable in it is only known when the command runs.
    """
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise UndecidableError("what it is asked for is not the name of a package")
    if "$" in text or "{{" in text:
        raise UndecidableError("what it is asked for depends on a variable")
    return text


_LONGEST: Final = 1000
_SHOWN: Final = 140


def _bare(name: str) -> str:
    return name.rpartition("/")[2]
