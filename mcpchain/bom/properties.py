"""Every property name that mcpchain writes into a BOM, and what it means.

CycloneDX has no taxonomy for MCP servers, pins or gaps, so these are ours. A value is
text; `true` stands for a fact that is otherwise absent; where it says JSON, the value
is a JSON object. A name that may occur several times says so. Names that begin with
`cdx:` are those of the official taxonomy
(github.com/CycloneDX/cyclonedx-property-taxonomy).
"""

from typing import Final

PREFIX: Final = "mcpchain:"
"""Every name of ours begins with this."""

VOCABULARY: Final = "1"
"""The version of these names and of what they mean."""

# On the BOM (`metadata.properties`)
INVENTORY: Final = "mcpchain:inventory"
"""The version of this vocabulary. Without it, none of our names is read."""
GAP: Final = "mcpchain:gap"
"""JSON: a place that could not be examined. Several."""
RELATION: Final = "mcpchain:relation"
"""JSON: an edge that `dependencies` cannot hold, such as one component in another.
Several."""
RESOLVED_FOR: Final = "mcpchain:resolved-for"
"""For what it was found out what servers pull in: `CPython 3.11.9 linux x86_64`."""
ESCAPED: Final = "mcpchain:escaped"
"""`true`: some text is no Unicode (a file name, say), so everywhere in this BOM a
backslash is written as two, and half a surrogate pair as `\\udc80`."""
XML_LACKS: Final = "mcpchain:xml:lacks"
"""A member of the JSON document that this XML document leaves out, and how often: the
library that writes XML has no place for it. Several."""
CARRIED: Final = "mcpchain:carried"
"""JSON: what another BOM says of this, as it says it, that has no place here: because
this version of CycloneDX has none for it, or because it is not valid, or because it
would not be true here, such as a signature over other bytes. On the BOM also its serial
number, version and time. Also on components and services."""
AS_READ: Final = "mcpchain:as-read"
"""JSON: what this entry is read as, where its own members, which are those of another
BOM, say it in another way or not at all (`null`). On components and services."""
REPRODUCIBLE: Final = "cdx:reproducible"
"""`true`: the same inventory gives the same bytes, time included."""

# On every component and service of ours
BASIS: Final = "mcpchain:basis"
"""What it rests on: `observed`, `declared`, `configured`, `resolved`. An entry without
it was added by somebody else, and is read as such."""
NAME: Final = "mcpchain:name"
"""The real name, where it is empty and `name` could not be. Also on the BOM."""
PIN: Final = "mcpchain:pin"
"""How firmly it is named: `exact`, `digest`, `commit`, `tag`, `range`, `floating`,
`local`, `remote`."""
REQUESTED: Final = "mcpchain:requested"
"""What the source asks for, where that is not an exact version."""
KIND: Final = "mcpchain:kind"
"""What it is judged as, where its `type` is not that: `library`, `other`, `build`; on a
service that is no MCP server, `service`."""
CONCLUDED: Final = "mcpchain:license:concluded"
"""A licence expression that was concluded, where `licenses` cannot hold it beside
what is declared. Several."""
REGISTRY: Final = "mcpchain:registry"
"""The registry that the source itself names."""
EXTRA_REGISTRY: Final = "mcpchain:extra-registry"
"""A further registry that it may come from. Several."""

# On a package
ORIGIN: Final = "mcpchain:origin"
"""Where its bytes come from: `registry`, `vcs`, `url`, `path`, `bundled`."""
DEVELOPMENT: Final = "mcpchain:development"
"""`true`: needed to develop the system, not to run it."""
OPTIONAL: Final = "mcpchain:optional"
"""`true`: installed only where it is asked for or fits."""
ALIAS: Final = "mcpchain:alias"
"""The name under which it is installed, where that is not its own."""
PEER: Final = "mcpchain:peer"
"""`true`: there only because another package expects it beside itself."""
WORKSPACE: Final = "mcpchain:workspace"
"""`true`: a member of the project itself, beside its root."""
GROUP: Final = "mcpchain:group"
"""A dependency group that asks for it. Several."""
EXTRA: Final = "mcpchain:extra"
"""An extra of the project that asks for it. Several."""
WITH_EXTRA: Final = "mcpchain:with-extra"
"""An extra of its own that is asked for with it, as in `x[cli]`. Several."""
MARKER: Final = "mcpchain:marker"
"""When it is installed: a marker (PEP 508), or npm's `os`, `cpu` and `libc`."""
ATTESTED_BY: Final = "mcpchain:attested-by"
"""JSON: who has to have attested its files, as its lock says. Several."""

# On every service
LOCATION: Final = "mcpchain:location"
"""JSON: where it is configured or used; a service has no `evidence`. Several."""
MCP_PURL: Final = "mcpchain:mcp:purl"
"""The package that it starts; a service has no `purl`."""
SUPPLIER: Final = "mcpchain:supplier"
"""Who makes it: a name, and a contact in angle brackets; a service has no `supplier`.
"""
MCP_LICENSE_TEXT: Final = "mcpchain:mcp:license-text"
"""JSON: the name and text of a licence file; a service has no `evidence`. Several."""

# On an MCP server, which CycloneDX calls a service
MCP_CLIENT: Final = "mcpchain:mcp:client"
"""Whose configuration it is: `claude-code`, `vscode`, ..."""
MCP_TRANSPORT: Final = "mcpchain:mcp:transport"
"""`stdio`, `streamable-http`, `sse`, `websocket`, `unknown`."""
MCP_SCOPE: Final = "mcpchain:mcp:scope"
"""Whose servers the file configures: those of a `project`, a `user`, or all users
(`managed`)."""
MCP_DISABLED: Final = "mcpchain:mcp:disabled"
"""`true`: the client is told not to start it, for now."""
MCP_WRAPPER: Final = "mcpchain:mcp:wrapper"
"""A command around the launcher, outermost first. Several."""
MCP_SWAYED_BY: Final = "mcpchain:mcp:swayed-by"
"""The name of an option, a variable or a launcher by which other versions are chosen
than npm or pip would choose by themselves. Several."""
MCP_TOOL: Final = "mcpchain:mcp:tool"
"""On a service inside a server: it is a tool, and this is the digest of all that a
model is told about it, as `sha256:` and hexadecimal digits."""
MCP_LAUNCHER: Final = "mcpchain:mcp:launcher"
"""The command that starts it, without path and arguments."""
MCP_ENDPOINT: Final = "mcpchain:mcp:endpoint"
"""Its address as configured, without user name, password and query. `endpoints` has
it once more, made a valid IRI."""
MCP_ENV: Final = "mcpchain:mcp:env"
"""The name of an environment variable that it is given; never the value. Several."""
MCP_HEADER: Final = "mcpchain:mcp:header"
"""The name of a header that it is sent; never the value. Several."""

# On a hosted service that is no MCP server
SERVICE_PROVIDER: Final = "mcpchain:service:provider"
"""Who runs it, as `provider` names it too: `OpenAI`, `self-hosted`."""
SERVICE_CATEGORY: Final = "mcpchain:service:category"
"""What it is for: `model-api`, `embedding`, `vector-database`, ..."""
SERVICE_ENDPOINT: Final = "mcpchain:service:endpoint"
"""Its address as written, without user name, password and query. `endpoints` has it
once more, made a valid IRI."""
SERVICE_MODEL: Final = "mcpchain:service:model"
"""A model that it is asked for, as written. Several."""
SERVICE_ENV: Final = "mcpchain:service:env"
"""The name of a variable that configures it; never the value. Several."""
SERVICE_PACKAGE: Final = "mcpchain:service:package"
"""The import name of a client library by which it is used. Several."""
SERVICE_AUTHENTICATED: Final = "mcpchain:service:authenticated"
"""`true` or `false`: whether a credential is used with it. Absent: nothing says so."""
SERVICE_INTERNAL: Final = "mcpchain:service:internal"
"""`true`: it is reached on the same machine, within the trust boundary."""

# On a model
MODEL_FORMAT: Final = "mcpchain:model:format"
"""The file format, recognised by content: `safetensors`, `gguf`, `pickle`, ...; that of
its weights if it is a folder. Empty: nobody says."""
MODEL_PARAMETERS: Final = "mcpchain:model:parameters"
"""The exact number of parameters."""
MODEL_TENSORS: Final = "mcpchain:model:tensors"
"""The number of tensors."""
MODEL_ARCHITECTURE: Final = "mcpchain:model:architecture"
"""The class or graph that computes it, as the file names it."""
MODEL_FAMILY: Final = "mcpchain:model:family"
"""The family of architectures, as the file names it."""
MODEL_LICENSE: Final = "mcpchain:model:license"
"""The licence, as the header names it."""
MODEL_IMPORT: Final = "mcpchain:model:import"
"""`module.name` of what loading the file would import. Several."""
MODEL_OPERATOR: Final = "mcpchain:model:operator"
"""An operator that is not the format's own, or reaches out of the graph. Several."""
MODEL_REMOTE_CODE: Final = "mcpchain:model:remote-code"
"""Code that comes with the model and that loading it would run, if the user trusts it;
`*`: it is trusted, whatever it is. Several."""
MODEL_QUANTIZATION: Final = "mcpchain:model:quantization"
"""How the numbers are stored, as observed."""
MODEL_CHAT_TEMPLATE: Final = "mcpchain:model:chat-template"
"""The digest of the template that turns messages into the model's input, as `sha256:`
and hexadecimal digits. Its text may be long, and is not ours to hand on."""
MODEL_CARD: Final = "mcpchain:model:card"
"""`true`: `modelCard` holds what its maker tells users (task, metrics, ...)."""

# On what a model was made from, an ancestor in its `pedigree`
MODEL_BASE: Final = "mcpchain:model:base"
"""How it was: `finetune`, `adapter`, `quantized`, `merge`. Empty: nobody says."""

# In a `modelCard`
MODEL_CONSIDERATION: Final = "mcpchain:model:consideration"
"""What its maker wants considered, where CycloneDX has no member that takes text: below
`environmentalConsiderations`, the text; on the card, JSON: the subject and the text.
Several."""
PARAMETER_COUNT: Final = "cdx:ai-ml:model:parameter:count"
"""The number of parameters as the taxonomy writes it, rounded: `7B`."""
LANGUAGE: Final = "cdx:ai-ml:model:language"
"""A language that it is made for. Several."""
HYPERPARAMETER: Final = "cdx:ai-ml:model:hyperparameter:"
"""Begins the name of each of its settings: `hidden_size`, `quantization`, ...; before
one that the taxonomy does not name, `_undefined:`."""

# On a data set
DATA_FORMAT: Final = "mcpchain:data:format"
"""`parquet`, `json-lines`, ...; `hugging-face`, `croissant`, `dvc` of what stands for a
whole data set. Empty: nobody says."""
DATA_DESCRIPTION: Final = "mcpchain:data:description"
"""What it says of itself, as `data` has it too."""
DATA_RECORDS: Final = "mcpchain:data:records"
"""The number of records."""
DATA_COLUMN: Final = "mcpchain:data:column"
"""The name of a column, in their order. Several."""
DATA_TASK: Final = "mcpchain:data:task"
"""A task that it is made for. Several."""
DATA_LANGUAGE: Final = "mcpchain:data:language"
"""A language that is in it. Several."""
DATA_SENSITIVE: Final = "mcpchain:data:sensitive"
"""A kind of sensitive data that its maker says is in it, as `data` has it too.
Several."""
DATA_REMOTE_CODE: Final = "mcpchain:data:remote-code"
"""Code that loading it runs, as with a model. Several."""

# On a file that shapes what a model does or is
FILE_ROLE: Final = "mcpchain:file:role"
"""What it is there for: `prompt`, `skill`, `tokenizer`, ..."""
FILE_DESCRIPTION: Final = "mcpchain:file:description"
"""What its front matter says that it is for."""
FILE_TOOL: Final = "mcpchain:file:tool"
"""A tool that its front matter asks for. Several."""
FILE_MODEL: Final = "mcpchain:file:model"
"""A model that its front matter asks for. Several."""

# On a part of the build or the infrastructure
BUILD_ROLE: Final = "mcpchain:build:role"
"""What it is there for: `base-image`, `action`, `hook`, `provider`, ..."""
BUILD_STAGE: Final = "mcpchain:build:stage"
"""The stage, job or service that asks for it, as the file names it."""
BUILD_PLATFORM: Final = "mcpchain:build:platform"
"""For which platform an image is asked for."""
