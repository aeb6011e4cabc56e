"""What an AI system is made of."""

import enum
from dataclasses import dataclass, field
from typing import Final

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
    """A model: one file of weights, or the folder that holds it with all its files."""
    DATA = "data"
    """A data set, or one file of it."""
    SERVICE = "service"
    """A hosted service that the system talks to: a model API, a vector database."""
    FILE = "file"
    """A file that shapes what a model does or is: a prompt, a skill, a tokenizer."""
    CONTAINER = "container"
    """A container image."""
    BUILD = "build"
    """What the build or the infrastructure around the code runs, and is no image: an
    action, a hook, a task, a provider."""
    OTHER = "other"
    """What a BOM lists that is none of these, such as a device. It stays in the
    inventory, and no rule speaks of it."""


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
class Attester:
    """Whom an index has verified to have attested a file, as a lock names them."""

    kind: str
    """Whose account it is: `GitHub`, `GitLab`, `Google`, ..."""
    claims: tuple[tuple[str, str], ...] = ()
    """What tells it apart there, as names and values, sorted: `repository`,
    `workflow`."""


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
    attested_by: tuple[Attester, ...] = ()
    """Who has to have attested its files, as its lock says: any one of them. Sorted."""


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


ANY_CODE: Final = "*"
"""In `ModelFacts.remote_code`: whatever code comes with the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseModel:
    """A model that another one was made from, as its maker says."""

    name: str
    """`organisation/name`, or the path that the maker wrote."""
    relation: str = ""
    """How: `finetune`, `adapter`, `quantized`, `merge`. Empty: nobody says."""
    purl: PackageURL | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """How well a model did in a test, as its maker says (`model-index`)."""

    type: str
    value: str
    slice: str = ""
    """What it was measured on: data set, configuration and split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What the maker of a model tells its users: claims, all of them."""

    task: str = ""
    """The task on the hub: `text-generation`, `feature-extraction`, ..."""
    languages: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    considerations: tuple[tuple[str, str], ...] = ()
    """Text under a heading that names one of CycloneDX's considerations, as pairs of
    its member and the text: `useCases`, `technicalLimitations`, ...; sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What a model file, or the files around it, say, read without loading it."""

    format: str
    """`safetensors`, `gguf`, `onnx`, `pickle`, `torch-zip`, ... Of a folder, that of
    its weights: `hugging-face`, `saved-model`."""
    parameters: int | None = None
    tensors: int | None = None
    architecture: str | None = None
    """The class or graph that computes it: `LlamaForCausalLM`."""
    family: str = ""
    """The family of architectures: `llama`."""
    license: str | None = None
    imports: tuple[str, ...] = ()
    """`module.name` of what loading would import, sorted: by unpickling, or because the
    configuration names code outside the format's own library."""
    operators: tuple[str, ...] = ()
    """Operators that are not the format's own, or reach out of the graph to files or
    to Python: `ai.acme::Fused`, `PyFunc`; sorted."""
    remote_code: tuple[str, ...] = ()
    """Code that comes with the model and that loading it would run, if the user trusts
    it (`auto_map`): `modeling_acme.AcmeForCausalLM`; sorted. `ANY_CODE`: the project
    trusts it, whatever it is (`trust_remote_code`)."""
    quantization: str = ""
    """How the numbers are stored, as observed: the type of most of them, `Q4_K` or
    `BF16`, or the method that the configuration names, `gptq`."""
    hyperparameters: tuple[tuple[str, str], ...] = ()
    """Names of `cdx:ai-ml:model:hyperparameter` and their values, sorted."""
    chat_template: Digest | None = None
    """SHA-256 of the template that turns messages into the model's input."""
    bases: tuple[BaseModel, ...] = ()
    """What it was made from, as its maker says; sorted by name."""
    card: ModelCard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFacts:
    """What a data set, or the card or manifest that came with it, says."""

    format: str = ""
    """`parquet`, `json-lines`, `csv`, ...; `hugging-face`, `croissant`, `dvc` of what
    stands for a whole data set."""
    description: str = ""
    records: int | None = None
    columns: tuple[str, ...] = ()
    """The names of the columns, in their order."""
    tasks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    """Kinds of sensitive data that its maker says are in it; sorted."""
    remote_code: tuple[str, ...] = ()
    """As `ModelFacts.remote_code`: a data set may come with a script that loads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedServiceFacts:
    """A hosted service, as code and configuration use it. Never a value of a secret."""

    provider: str
    """Who runs it: `OpenAI`, `Anthropic`, `Pinecone`; `self-hosted`."""
    category: str
    """`model-api`, `embedding`, `vector-database`, `observability`, ..."""
    endpoint: str | None = None
    """Its address where one is written, without user name, password and query."""
    models: tuple[str, ...] = ()
    """The models that it is asked for, as written; sorted."""
    env: tuple[str, ...] = ()
    """The names of the variables that configure it; sorted."""
    authenticated: bool | None = None
    """Whether a credential is used with it. `None`: nothing says so."""
    external: bool = True
    """Whether it is reached across the trust boundary, not on the same machine."""
    packages: tuple[str, ...] = ()
    """The client libraries by which it is used, as their import names; sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """A file that shapes what a model does or is, and that is no model itself."""

    role: str
    """`prompt`, `agent`, `skill`, `instructions`, `command`; in a model's folder
    `configuration`, `tokenizer`, `model-card`, `code`, `index`, `chat-template`,
    `weights`, `asset`."""
    description: str = ""
    """What its front matter says that it is for."""
    tools: tuple[str, ...] = ()
    """The tools that its front matter asks for; sorted."""
    models: tuple[str, ...] = ()
    """The models that its front matter asks for; sorted."""


@enum.unique
class Role(enum.Enum):
    """What a part of the build or the infrastructure is there for."""

    BASE_IMAGE = "base-image"
    """The image that a shipped image is made on: of the last stage."""
    SERVICE_IMAGE = "service-image"
    """An image that is run beside the system."""
    BUILD_IMAGE = "build-image"
    """An image that only the build uses: of another stage, or to copy from."""
    DEVELOPMENT_IMAGE = "development-image"
    FEATURE = "feature"
    """A feature of a development container."""
    ACTION = "action"
    WORKFLOW = "workflow"
    """A workflow or template of another repository."""
    TASK = "task"
    HOOK = "hook"
    """A repository of pre-commit hooks."""
    FETCHED = "fetched"
    """What a build fetches by its address, or a repository that it is made from."""
    PROVIDER = "provider"
    MODULE = "module"

    @property
    def ships(self) -> bool:
        """Whether it is part of what runs, and not only of how that is made."""
        return self in {Role.BASE_IMAGE, Role.SERVICE_IMAGE, Role.PROVIDER}


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFacts:
    """A part of the build or of the infrastructure around the code."""

    role: Role
    stage: str = ""
    """The stage, job or service that asks for it, as the file names it."""
    platform: str = ""
    """For which platform an image is asked for, if the file says so."""
    registry: str | None = None
    """The registry or host that the file itself names."""


Facts = (
    PackageFacts
    | ServerFacts
    | ModelFacts
    | DataFacts
    | UsedServiceFacts
    | FileFacts
    | BuildFacts
)


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
    supplier: str = ""
    """Who makes and distributes it, as its maker declares: a name, with `<contact>`
    after it, an address of mail or web, if one is declared. Never whoever merely
    uploads it. Empty: nobody says."""
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
