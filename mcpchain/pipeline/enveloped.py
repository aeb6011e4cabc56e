"""Signatures that a BOM holds in itself."""

import json
from pathlib import Path
from typing import Any, Final

from mcpchain.bom import jsf
from mcpchain.bom.formats import unread
from mcpchain.bom.validate import validate
from mcpchain.bundle import keys
from mcpchain.document import Node
from mcpchain.errors import MalformedError, UsageError
from mcpchain.sign import Key

_LIMIT: Final = 512 << 20
_HINT: Final = "name a CycloneDX BOM in JSON"
_HINT_SPDX: Final = f"{_HINT}, or sign the file itself, with a bundle beside it"


def signed(path: Path, key: Key) -> tuple[bytes, bool]:
    """Return the BOM in *path* with a signature by *key*.

    And whether it had one, in whose place that is.

    One entry a line is not kept: what is signed is not the layout.

    Raises:
        UsageError: It is no BOM.
        UnavailableError: The key does not answer.
    """
    document = _document(path)
    try:
        made = jsf.sign(document, key)
        jsf.verify(made, key.public)
        validate(made, source=path.name)
    except (jsf.RefusedError, MalformedError) as error:
        raise UsageError(f"`{path}`: {error}", hint=_HINT) from None
    data = json.dumps(made, ensure_ascii=False, indent=1).encode() + b"\n"
    return data, jsf.MEMBER in document


def flaw(path: Path, key: Path) -> str:
    """Say why the signature in the BOM is not by the public key in *key*; empty: it is.

    Raises:
        UsageError: There is no BOM, or no key.
    """
    try:
        public = keys.load(key.read_bytes()[:_LIMIT])
    except (OSError, ValueError):
        raise UsageError(
            f"`{key}` holds no public key that is accepted",
            hint="name a file that begins with `-----BEGIN PUBLIC KEY-----`",
        ) from None
    try:
        jsf.verify(_document(path), public)
    except jsf.RefusedError as error:
        return str(error)
    return ""


def is_broken(path: Path) -> bool:
    """Say whether the BOM in *path* was changed after its own key had signed it."""
    try:
        return jsf.is_broken(_document(path))
    except UsageError:
        return False  # no BOM that could hold one


def _document(path: Path) -> dict[str, Any]:
    try:
        if path.is_dir():
            make = f"`mcpchain sbom {path} -o FILE` makes one, which can be signed"
            raise UsageError(f"`{path}` is a folder, and no BOM", hint=make)
        if path.stat().st_size > _LIMIT:
            raise UsageError(f"`{path}` is larger than {_LIMIT >> 20} MiB", hint=_HINT)
        data = path.read_bytes()
        if kind := unread(data):
            raise UsageError(f"`{path}` is {kind}, which is not signed", hint=_HINT)
        node = Node.from_json(data, source=path.name)
        if node.at("spdxVersion").exists:
            problem = "is SPDX, which has no place for a signature"
            raise UsageError(f"`{path}` {problem}", hint=_HINT_SPDX)
        mark = node.at("bomFormat")
        found = mark.exists and mark.text() == "CycloneDX"
    except OSError as error:
        raise UsageError(
            f"`{path}` cannot be read: {error.strerror}", hint="check who may read it"
        ) from None
    except MalformedError as error:
        raise UsageError(f"`{path}`: {error}", hint=_HINT) from None
    if not found or type(node.value) is not dict:
        raise UsageError(f"`{path}` is no CycloneDX BOM that can be signed", hint=_HINT)
    return dict(node.value)
