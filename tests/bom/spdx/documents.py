"""Make SPDX documents of every kind, and say only what a test is about."""

import json
from typing import Any

from mcpchain.bom.formats import read
from mcpchain.inventory import Inventory

HEX = "ab" * 32


def package(spdxid: str = "SPDXRef-a", **members: Any) -> dict[str, Any]:  # noqa: ANN401 - anything may be wrong
    return {"SPDXID": spdxid, "name": "a", "downloadLocation": "NOASSERTION"} | members


def purl(text: str) -> dict[str, str]:
    return {
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": text,
    }


def edge(source: str, kind: str, target: str) -> dict[str, str]:
    return {
        "spdxElementId": source,
        "relationshipType": kind,
        "relatedSpdxElement": target,
    }


def spdx(*packages: Any, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    head = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "doc",
        "documentNamespace": "https://spdx.example/doc-1",
        "creationInfo": {
            "created": "2030-01-01T00:00:00Z",
            "creators": ["Tool: x-1"],
        },
        "packages": [*packages],
    }
    return head | members


def found(*packages: Any, **members: Any) -> Inventory:  # noqa: ANN401 - as above
    data = json.dumps(spdx(*packages, **members)).encode()
    return read(data, source="b.json")


def reasons(inventory: Inventory) -> list[str]:
    return [
        f"{each.state.value}: {each.reason}".removesuffix(" in all, the first here")
        for each in inventory.gaps
    ]


def edges(inventory: Inventory) -> list[str]:
    return [f"{r.source} {r.kind.value} {r.target}" for r in inventory.relations]
