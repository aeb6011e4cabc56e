"""Make BOMs of every kind, and say only what a test is about."""

import json
from typing import Any

from mcpchain.artifact import Digest
from mcpchain.bom.read import read
from mcpchain.inventory import Inventory

HEX = "ab" * 32
SHA256 = Digest.parse(f"sha256:{HEX}")
OURS = {"properties": [{"name": "mcpchain:inventory", "value": "1"}]}


def bom(**members: Any) -> bytes:  # noqa: ANN401 - anything may be wrong
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6"}
    return json.dumps(head | members).encode()


def found(*entries: Any, **members: Any) -> Inventory:  # noqa: ANN401 - as above
    return read(bom(components=list(entries), **members), source="b.json")


def library(purl: str | None = None, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    entry = {"type": "library", "name": "x"} | ({"purl": purl} if purl else {})
    return entry | members


def reasons(inventory: Inventory) -> list[str]:
    return [each.reason for each in inventory.gaps]


def prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}
