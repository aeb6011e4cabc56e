"""What several profiles ask for in the same words, and what to do where it is missing.

What to do depends on what lacks it: a lock pins no model, and no registry is asked of
an image.
"""

from typing import Final

from mcpchain.completeness.parts import Group
from mcpchain.completeness.requirement import Requirement

_MANUFACTURER: Final = "name who makes it: `mcpchain sbom --manufacturer NAME`"
_DIGEST: Final = "name the image by its digest: `name@sha256:...`"
_BY_HAND: Final = "write `{}` into its entry: nothing that is read says it"
_FETCHED: Final = (
    "give a full commit id as `revision` where it is loaded, or keep what `hf download "
    "NAME --revision COMMIT --local-dir DIR` leaves in DIR; {}"
)
_IN_PROJECT: Final = (
    "keep its files in the project: what is fetched by its name is not hashed here"
)
FRONT_MATTER: Final = (
    "in the front matter of the `README.md` beside its files, say `{}`"
)
"""Where a card says something that is read."""
HASH_HINT: Final = {
    Group.PROJECT: "write `hashes` of what you deliver into `metadata.component`",
    Group.PACKAGE: "make the BOM from a lock with hashes, or with `mcpchain sbom "
    "--resolve` for MCP servers",
    Group.MODEL: _IN_PROJECT,
    Group.DATA: _IN_PROJECT,
    Group.FILE: "examine the folder that it is in, with `mcpchain sbom`",
    Group.IMAGE: _DIGEST,
    Group.REPOSITORY: _BY_HAND.format("hashes"),
}
SUPPLIER_HINT: Final = {
    Group.PROJECT: _MANUFACTURER,
    Group.PACKAGE: "ask the registries with `mcpchain sbom --resolve`, or read the "
    "installed packages with `--environment PYTHON`: locks do not say it",
    Group.MODEL: "of your own, make the BOM of its folder alone, with "
    "`--manufacturer`; else write `supplier` into its entry: of models, only GGUF says "
    "it (`general.organization`, `general.author`)",
    Group.DATA: _BY_HAND.format("supplier"),
    Group.FILE: _BY_HAND.format("supplier"),
    Group.IMAGE: _BY_HAND.format("supplier"),
    Group.REPOSITORY: _BY_HAND.format("supplier"),
}

AUTHOR: Final = Requirement(
    id="author",
    title="an author who is no tool",
    hint="name who stands for the BOM: `mcpchain sbom --manufacturer NAME`",
    bom=lambda bom: bool(bom.authors),
)
MANUFACTURER: Final = Requirement(
    id="manufacturer",
    title="the manufacturer of the product",
    hint=_MANUFACTURER,
    bom=lambda bom: bool(bom.makers),
)
CONTACT: Final = Requirement(
    id="contact",
    title="an address for reports of vulnerabilities",
    hint="say where to reach them: `mcpchain sbom --manufacturer 'NAME <ADDRESS>'`",
    bom=lambda bom: (
        bool(bom.reachable) or bool(bom.addresses & {"security-contact", "rfc-9116"})
    ),
)
CONTEXT: Final = Requirement(
    id="context",
    title="the phase of the life cycle",
    hint="say in `metadata.lifecycles` when it was made; `mcpchain sbom` does",
    bom=lambda bom: bool(bom.phases),
)
TIMESTAMP: Final = Requirement(
    id="timestamp",
    title="the time at which it was made",
    hint="write `metadata.timestamp` in UTC; `mcpchain sbom` does",
    bom=lambda bom: bool(bom.timestamp),
)
TOOL: Final = Requirement(
    id="tool",
    title="the name of the tool",
    hint="name the tool in `metadata.tools`; `mcpchain sbom` does",
    bom=lambda bom: bool(bom.tools),
)

DEPENDENCY: Final = Requirement(
    id="dependency",
    title="a place in the dependency graph",
    hint="make the BOM from a lock, which knows what needs what, or with `mcpchain "
    "sbom --resolve` for MCP servers",
    part=lambda part: part.related,
)
HASH: Final = Requirement(
    id="hash",
    title="a hash with its algorithm",
    hint=HASH_HINT,
    of_pieces=True,
    part=lambda part: bool(part.hashes),
)
IDENTIFIER: Final = Requirement(
    id="identifier",
    title="a purl, CPE or SWID tag",
    hint={
        Group.PROJECT: "write `purl` or `cpe` into `metadata.component`",
        Group.PACKAGE: "what comes from a registry or a repository has a purl; give "
        "what is local one by hand, in its entry",
        Group.MODEL: "keep its files in the project, whose digest then names it, or "
        "load it from the hub",
        Group.DATA: "load it from the hub, or write `purl` into its entry",
        Group.FILE: "examine the folder that it is in: its digest then names it",
        Group.IMAGE: "write `purl` into its entry",
        Group.REPOSITORY: "write `purl` into its entry",
    },
    of_pieces=True,
    part=lambda part: bool(part.identifiers),
)
LICENSE: Final = Requirement(
    id="license",
    title="a licence",
    hint={
        Group.PROJECT: "name it in the manifest at the root (`license`)",
        Group.PACKAGE: "ask the registries with `mcpchain sbom --resolve`, or read the "
        "installed packages with `--environment PYTHON`: locks of Python name none",
        Group.MODEL: FRONT_MATTER.format("license: ID"),
        Group.DATA: FRONT_MATTER.format("license: ID"),
        Group.FILE: _BY_HAND.format("licenses"),
        Group.IMAGE: _BY_HAND.format("licenses"),
        Group.REPOSITORY: _BY_HAND.format("licenses"),
    },
    part=lambda part: bool(part.declared or part.concluded),
)
NAME: Final = Requirement(
    id="name",
    title="a name",
    hint="correct the entry: nothing can be said of what has no name",
    of_pieces=True,
    part=lambda part: bool(part.name),
)
SUPPLIER: Final = Requirement(
    id="supplier",
    title="a supplier",
    hint=SUPPLIER_HINT,
    part=lambda part: bool(part.supplier),
)
VERSION: Final = Requirement(
    id="version",
    title="a version",
    hint={
        Group.PROJECT: "say it: `mcpchain sbom --project-version VERSION`",
        Group.PACKAGE: "pin it: a lock, or an exact version for an MCP server",
        Group.MODEL: _FETCHED.format(
            "of your own, make the BOM of its folder alone, with `--project-version`"
        ),
        Group.DATA: _FETCHED.format("of your own, a Croissant file can name it"),
        Group.FILE: _BY_HAND.format("version"),
        Group.IMAGE: _DIGEST,
        Group.REPOSITORY: "name the full commit id",
    },
    part=lambda part: bool(part.version),
)
