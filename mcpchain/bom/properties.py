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
"""What it is judged as, where its `type` is not that: `library`, `other`."""
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

# On an MCP server, which CycloneDX calls a service
LOCATION: Final = "mcpchain:location"
"""JSON: where it is configured; a service has no `evidence`. Several."""
MCP_PURL: Final = "mcpchain:mcp:purl"
"""The package that it starts; a service has no `purl`."""
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
MCP_LICENSE_TEXT: Final = "mcpchain:mcp:license-text"
"""JSON: the name and text of a licence file; a service has no `evidence`. Several."""
MCP_LAUNCHER: Final = "mcpchain:mcp:launcher"
"""The command that starts it, without path and arguments."""
MCP_ENDPOINT: Final = "mcpchain:mcp:endpoint"
"""Its address as configured, without user name, password and query. `endpoints` has
it once more, made a valid IRI."""
MCP_ENV: Final = "mcpchain:mcp:env"
"""The name of an environment variable that it is given; never the value. Several."""
MCP_HEADER: Final = "mcpchain:mcp:header"
"""The name of a header that it is sent; never the value. Several."""

# On a model
MODEL_FORMAT: Final = "mcpchain:model:format"
"""The file format, recognised by content: `safetensors`, `gguf`, `pickle`, ..."""
MODEL_PARAMETERS: Final = "mcpchain:model:parameters"
"""The exact number of parameters."""
MODEL_TENSORS: Final = "mcpchain:model:tensors"
"""The number of tensors."""
MODEL_ARCHITECTURE: Final = "mcpchain:model:architecture"
"""The architecture, as the header names it."""
MODEL_LICENSE: Final = "mcpchain:model:license"
"""The licence, as the header names it."""
MODEL_IMPORT: Final = "mcpchain:model:import"
"""`module.name` of what unpickling the file would import. Several."""
PARAMETER_COUNT: Final = "cdx:ai-ml:model:parameter:count"
"""The number of parameters as the taxonomy writes it, rounded: `7B`."""
