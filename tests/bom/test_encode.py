import json

import pytest

from mcpchain.bom.read import read
from mcpchain.bom.validate import validate
from mcpchain.bom.write import write
from mcpchain.component import (
    Basis,
    Kind,
    LicenseText,
    Location,
    Pin,
    ServerFacts,
    Tool,
    Transport,
)
from mcpchain.inventory import Inventory
from tests.bom.documents import prop
from tests.bom.inventories import NOW
from tests.bom.test_write import SHA256, document, entry
from tests.making import component


@pytest.mark.parametrize(
    ("declared", "concluded", "placed", "beside"),
    [
        (("MIT",), ("MIT",), [("id", "declared"), ("id", "concluded")], []),
        ((), ("MIT OR 0BSD",), [("expression", "concluded")], []),
        (("MIT OR 0BSD",), ("MIT",), [("expression", "declared")], ["MIT"]),
        (("BSD",), ("MIT OR 0BSD",), [("name", "declared")], ["MIT OR 0BSD"]),
    ],
)
def test_what_is_concluded_stands_beside_what_is_declared(
    declared: tuple[str, ...],
    concluded: tuple[str, ...],
    placed: list[tuple[str, str]],
    beside: list[str],
) -> None:
    made = entry(component(licenses=declared, concluded=concluded))
    choices = [each.get("license", each) for each in made["licenses"]]
    assert [(next(iter(c)), c["acknowledgement"]) for c in choices] == placed
    assert [
        each["value"]
        for each in made["properties"]
        if each["name"] == "mcpchain:license:concluded"
    ] == beside


def test_licences_of_every_kind_stand_together_in_1_7() -> None:
    made = component(licenses=("MIT OR 0BSD",), concluded=("MIT",), ref="x")
    data = write(
        Inventory(name="demo", components=(made,)),
        timestamp=NOW,
        version="1",
        reproducible=True,
        spec_version="1.7",
    )
    validate(data)
    (only,) = json.loads(data)["components"]
    assert [*map(len, only["licenses"])] == [2, 1]


def test_what_floats_has_a_range_in_1_7() -> None:
    made = component("pkg:npm/x", pin=Pin.RANGE, requested="^1.2", ref="x")
    data = write(
        Inventory(name="demo", components=(made,)),
        timestamp=NOW,
        version="1",
        reproducible=True,
        spec_version="1.7",
    )
    validate(data)
    (only,) = json.loads(data)["components"]
    assert only["versionRange"] == "vers:npm/>=1.2.0|<2.0.0"
    assert only["isExternal"] is True
    assert read(data, source="x").components == (made,)


def test_a_licence_file_is_evidence() -> None:
    text = LicenseText(name="LICENSE", text="Do as you like.")
    assert entry(component(license_texts=(text,)))["evidence"]["licenses"] == [
        {
            "license": {
                "name": "LICENSE",
                "text": {"contentType": "text/plain", "content": "Do as you like."},
            }
        }
    ]


def test_a_tool_of_a_server_is_a_service_inside_it() -> None:
    facts = ServerFacts(
        client="vscode",
        transport=Transport.STDIO,
        scope="user",
        disabled=True,
        wrappers=("cmd", "env"),
        tools=(Tool(name="read", digest=SHA256),),
    )
    made = component(None, kind=Kind.MCP_SERVER, facts=facts)
    parsed = document(made)
    (service,) = parsed["services"]
    assert service["services"] == [
        {
            "name": "read",
            "properties": [prop("mcpchain:mcp:tool", f"sha256:{SHA256.value}")],
        }
    ]
    (back,) = read(json.dumps(parsed).encode(), source="x").components
    assert back.facts == facts


@pytest.mark.parametrize(
    ("basis", "place", "technique"),
    [
        (Basis.OBSERVED, "x.dist-info/METADATA", "manifest-analysis"),
        (Basis.OBSERVED, "server.py", "source-code-analysis"),
        (Basis.DECLARED, "uv.lock", "manifest-analysis"),
        (Basis.CONFIGURED, ".mcp.json", "manifest-analysis"),
        (Basis.RESOLVED, ".mcp.json", "other"),
    ],
)
def test_evidence_says_how_and_on_what_it_rests(
    basis: Basis, place: str, technique: str
) -> None:
    made = component(basis=basis, locations=(Location(path=place),))
    (identity,) = entry(made)["evidence"]["identity"]
    (method,) = identity["methods"]
    assert (method["technique"], method["value"]) == (technique, basis.value)
