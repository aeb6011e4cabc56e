"""What an AI system is made of."""

import enum
from dataclasses import dataclass, field

from packageurl import PackageURL

from mcpchain.artifact import Artifact, Digest


@enum.unique
class Kind(enum.Enum):
    """What a component is to the system that contains it."""

    APPLICATION = "application"
    """The system itself, or a package that one of its MCP servers runs."""
    LIBRARY = "library"
    MCP_SERVER = "mcp-server"
    """A server as a client is configured to start or reach it."""
    MODEL = "machine-learning-model"
    OTHER = "other"
    """What a BOM lists that is neither loaded nor run by itself, such as a data set. It
    stays in the inventory, and no rule speaks of it."""


@enum.unique
class Basis(enum.Enum):
    """What a fact rests on. Only observed and verified facts satisfy a rule."""

    OBSERVED = "observed"
    """We read the bytes themselves."""
    DECLARED = "declared"
    """A manifest or lock file says so."""
    CONFIGURED = "configured"
    """The configuration of a client says so."""
    RESOLVED = "resolved"
    """A registry says so."""


@enum.unique
class Pin(enum.Enum):
    """How firmly a source says what it means."""

    EXACT = "exact"
    """One version."""
    DIGEST = "digest"
    """Exact bytes, by digest."""
    COMMIT = "commit"
    """A full commit id."""
    TAG = "tag"
    """A name that its publisher can move: a tag, a branch."""
    RANGE = "range"
    FLOATING = "floating"
    """Whatever is newest."""
    LOCAL = "local"
    """Files beside the configuration."""
    REMOTE = "remote"
    """Somebody else's machine."""

    @property
    def moves(self) -> bool:
        """Whether the publisher alone can change what it means."""
        return self in {Pin.TAG, Pin.RANGE, Pin.FLOATING}


@enum.unique
class Origin(enum.Enum):
    """Where the bytes of a package come from."""

    REGISTRY = "registry"
    VCS = "vcs"
    URL = "url"
    PATH = "path"
    """A folder or file beside the source; an editable install too."""
    BUNDLED = "bundled"
    """Inside the archive of another package."""


@enum.unique
class Transport(enum.Enum):
    """How a client talks to an MCP server (MCP specification, transports)."""

    STDIO = "stdio"
    STREAMABLE_HTTP = "streamable-http"
    SSE = "sse"
    WEBSOCKET = "websocket"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in a file: its path from the examined root, and where in the file.

    The path is relative and has forward slashes on every system.
    """

    path: str
    pointer: str = ""
    """A JSON pointer (RFC 6901) into the document."""
    line: int | None = None

    def __str__(self) -> str:
        if self.line is not None:
            return f"{self.path}:{self.line}"
        return f"{self.path}#{self.pointer}" if self.pointer else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFacts:
    """What a lock, a manifest or an environment says about a package."""

    origin: Origin = Origin.REGISTRY
    registry: str | None = None
    """The registry that the source itself names, without credentials. `None`: it
    leaves the choice to the configuration of the client. Of a package from a URL or a
    repository, the address that it is fetched from (`naming.source_address`)."""
    extra_registries: tuple[str, ...] = ()
    """Further registries that the package may come from, as the source says."""
    development: bool = False
    optional: bool = False
    peer: bool = False
    """Whether it is there only because another package expects it beside itself."""
    workspace: bool = False
    """Whether it is a member of the project itself, beside its root."""
    alias: str = ""
    """The name under which it is installed, where that is not its own."""
    groups: tuple[str, ...] = ()
    """The dependency groups (PEP 735, or the manager's own) that ask for it, sorted.
    Empty: it is asked for in any case, or the source does not say."""
    extras: tuple[str, ...] = ()
    """The extras of the project that ask for it, sorted. Empty as with `groups`."""
    with_extras: tuple[str, ...] = ()
    """The extras of its own that are asked for with it, as in `x[cli]`; normalised,
    sorted."""
    marker: str = ""
    """When it is installed: a marker (PEP 508), or npm's `os`, `cpu` and `libc`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """How a client is configured to start or reach an MCP server.

    Of environment variables and headers only the names are kept, of a URL neither
    user name nor password nor query, of a command line nothing but the launcher:
    each of the rest may be a secret.
    """

    client: str
    """Whose configuration it is: `claude-code`, `vscode`, `cursor`, ..."""
    transport: Transport
    scope: str = "project"
    """Whose servers the file configures: those of a `project`, of a `user`, or of all
    users, where an administrator has `managed` them."""
    disabled: bool = False
    """Whether the client is told not to start it, for now."""
    wrappers: tuple[str, ...] = ()
    """The commands around the launcher, outermost first: `cmd`, `env`, `op`."""
    launcher: str = ""
    """The command's base name, without suffix and in lower case: `npx`, `docker`."""
    endpoint: str | None = None
    env: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    registry: str | None = None
    """A registry that the command line or its environment names, if it does."""
    extra_registries: tuple[str, ...] = ()
    """Further registries that they name."""
    swayed_by: tuple[str, ...] = ()
    """What of them makes the launcher choose other versions than npm or pip would by
    themselves: options and variables by name, and the launcher where it has ways of
    its own; sorted."""
    tools: "tuple[Tool, ...]" = ()
    """The tools that its publisher says it offers, sorted by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool of an MCP server, by the digest of all that a model is told about it."""

    name: str
    digest: Digest
    """SHA-256 of its definition as canonical JSON (RFC 8785), without `_meta` and
    `icons`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What the header of a model file says, read without loading it."""

    format: str
    """`safetensors`, `gguf`, `pickle`, `torch-zip`, ..."""
    parameters: int | None = None
    tensors: int | None = None
    architecture: str | None = None
    license: str | None = None
    imports: tuple[str, ...] = ()
    """`module.name` of what unpickling would import, sorted."""


Facts = PackageFacts | ServerFacts | ModelFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseText:
    """A licence file that came with a package."""

    name: str
    """Its path in the package."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One thing that the system would load or run, and where it says so."""

    kind: Kind
    name: str
    """The full name of the package: `@acme/files` is not `files`."""
    locations: tuple[Location, ...]
    """Where it was found; never empty, sorted."""
    version: str | None = None
    """The exact version, if one is named. `latest` is no version."""
    purl: PackageURL | None = None
    """The package it is, or that a server starts. `None`: it names no package."""
    pin: Pin | None = None
    requested: str = ""
    """What the source asks for, where that is not an exact version: `^1.2`."""
    basis: Basis = Basis.DECLARED
    artifacts: tuple[Artifact, ...] = ()
    """The exact bytes that it may be, any one of them. Empty: bytes are not pinned."""
    licenses: tuple[str, ...] = ()
    """SPDX expressions or names, as its maker declares them."""
    concluded: tuple[str, ...] = ()
    """SPDX expressions that somebody, or we, concluded from that and from its files."""
    license_texts: tuple[LicenseText, ...] = ()
    graph: bool = False
    """Whether its source lists everything that it depends on, so that no edge means no
    dependency."""
    carried: str = ""
    """What a BOM says of it that has no place here: a JSON object as text."""
    facts: Facts | None = None
    ref: str = field(default="", compare=False)
    """Its name inside one inventory, unique there (CycloneDX `bom-ref`). Given by
    the `Collector`."""

    @property
    def location(self) -> Location:
        """The first place where it was found."""
        return self.locations[0]

    @property
    def title(self) -> str:
        """Name and version for a reader, in the ecosystem's own spelling."""
        if self.version is None:
            return self.name
        pypi = self.purl is not None and self.purl.type == "pypi"
        return f"{self.name}{'==' if pypi else '@'}{self.version}"
