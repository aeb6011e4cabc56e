import datetime as dt
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cyclonedx.model.bom import Bom
from hypothesis import given, settings
from packageurl import PackageURL

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.bom import properties
from mcpchain.bom.read import read
from mcpchain.bom.validate import validate
from mcpchain.bom.write import write
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    ModelFacts,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.inventory import Collector, Inventory, RelationKind
from tests.bom.inventories import NOW, inventories, written
from tests.making import component, gap

SHA256 = Digest(algorithm=Algorithm.SHA256, value="ab" * 32)
SHA512 = Digest(algorithm=Algorithm.SHA512, value="cd" * 64)
SERVER = Component(
    kind=Kind.MCP_SERVER,
    name="files",
    version="1.2.0",
    purl=PackageURL.from_string("pkg:npm/%40acme/files@1.2.0"),
    pin=Pin.EXACT,
    basis=Basis.CONFIGURED,
    locations=(Location(path=".mcp.json", pointer="/mcpServers/files"),),
    facts=ServerFacts(
        client="claude-code",
        transport=Transport.STDIO,
        launcher="npx",
        env=("TOKEN",),
        headers=("X-Team",),
    ),
)


def document(*components: Component, relations: bool = False) -> dict[str, Any]:
    found = Collector("demo")
    refs = [found.add(each) for each in components]
    if relations:
        for source, target in itertools.pairwise(refs):
            found.relate(source, target)
    data = written(found.inventory())
    validate(data)
    parsed: dict[str, Any] = json.loads(data)
    return parsed


def entry(made: Component) -> dict[str, Any]:
    only: dict[str, Any] = document(made)["components"][0]
    return only


def marks(holder: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in holder["properties"]}


def test_a_package_is_a_library_with_its_place_and_its_pin() -> None:
    place = Location(path="uv.lock", pointer="/package/3", line=17)
    made = component(
        "pkg:pypi/idna@3.10",
        locations=(place,),
        pin=Pin.EXACT,
        licenses=("BSD-3-Clause",),
        artifacts=(Artifact(digests=(SHA256, SHA512)),),
    )
    assert entry(made) == {
        "type": "library",
        "bom-ref": "pkg:pypi/idna@3.10",
        "name": "idna",
        "version": "3.10",
        "hashes": [
            {"alg": "SHA-256", "content": "ab" * 32},
            {"alg": "SHA-512", "content": "cd" * 64},
        ],
        "licenses": [
            {"license": {"id": "BSD-3-Clause", "acknowledgement": "declared"}}
        ],
        "purl": "pkg:pypi/idna@3.10",
        "evidence": {
            "identity": [
                {
                    "field": "purl",
                    "confidence": 0.8,
                    "methods": [
                        {
                            "technique": "manifest-analysis",
                            "confidence": 0.8,
                            "value": "declared",
                        }
                    ],
                }
            ],
            "occurrences": [
                {
                    "location": "uv.lock",
                    "line": 17,
                    "additionalContext": "/package/3",
                }
            ],
        },
        "properties": [
            {"name": "mcpchain:basis", "value": "declared"},
            {"name": "mcpchain:pin", "value": "exact"},
        ],
    }


def test_a_server_is_a_service_that_depends_on_its_package() -> None:
    package = component("pkg:npm/%40acme/files@1.2.0", kind=Kind.APPLICATION)
    made = document(SERVER, package, relations=True)
    (service,) = made["services"]
    (application,) = made["components"]
    ref = "urn:mcpchain:mcp:claude-code:project:.mcp.json:files"
    assert {key: service[key] for key in service if key != "properties"} == {
        "bom-ref": ref,
        "group": "mcp",
        "name": "files",
        "version": "1.2.0",
        "x-trust-boundary": False,
    }
    assert marks(service) == {
        "mcpchain:basis": "configured",
        "mcpchain:pin": "exact",
        "mcpchain:mcp:client": "claude-code",
        "mcpchain:mcp:scope": "project",
        "mcpchain:mcp:transport": "stdio",
        "mcpchain:mcp:launcher": "npx",
        "mcpchain:mcp:env": "TOKEN",
        "mcpchain:mcp:header": "X-Team",
        "mcpchain:mcp:purl": "pkg:npm/%40acme/files@1.2.0",
        "mcpchain:location": '{"path": ".mcp.json", "pointer": "/mcpServers/files"}',
    }
    assert application["group"] == "@acme"
    assert application["name"] == "files"
    assert application["tags"] == ["mcp-server"]
    assert made["dependencies"] == [
        {"ref": ref, "dependsOn": ["pkg:npm/@acme/files@1.2.0"]},
        {"ref": "urn:mcpchain:target", "dependsOn": [ref]},
    ]


def test_a_remote_server_has_an_endpoint_and_may_say_who_asks() -> None:
    facts = ServerFacts(
        client="vscode",
        transport=Transport.SSE,
        endpoint="https://${HOST}/mcp",
        headers=("authorization",),
    )
    made = component(None, kind=Kind.MCP_SERVER, pin=Pin.REMOTE, facts=facts)
    (service,) = document(made)["services"]
    assert service["endpoints"] == ["https://%24%7BHOST%7D/mcp"]
    assert service["authenticated"] is True
    assert service["x-trust-boundary"] is True
    assert marks(service)["mcpchain:mcp:endpoint"] == "https://${HOST}/mcp"


def test_a_model_has_its_hash_and_a_card_of_what_its_header_says() -> None:
    facts = ModelFacts(
        format="gguf", parameters=7_241_732_096, tensors=291, family="llama"
    )
    file = Artifact(name="models/m.gguf", digests=(SHA256,), size=4_000)
    made = component(
        None,
        kind=Kind.MODEL,
        basis=Basis.OBSERVED,
        artifacts=(file,),
        licenses=("llama3.1",),
        facts=facts,
    )
    model = entry(made)
    assert model["type"] == "machine-learning-model"
    assert model["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert model["modelCard"] == {
        "modelParameters": {"architectureFamily": "llama"},
        "properties": [{"name": "cdx:ai-ml:model:parameter:count", "value": "7.24B"}],
    }
    assert marks(model)["mcpchain:model:parameters"] == "7241732096"
    assert model["licenses"][0]["license"]["name"] == "llama3.1"
    assert [
        (each["field"], each["methods"][0]["technique"], each["confidence"])
        for each in model["evidence"]["identity"]
    ] == [("name", "binary-analysis", 1.0), ("hash", "hash-comparison", 1.0)]


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0"), (999, "999"), (1_000, "1K"), (22_700_000, "22.7M"), (10**12, "1T")],
)
def test_a_number_of_parameters_is_rounded_as_the_taxonomy_has_it(
    count: int, shown: str
) -> None:
    facts = ModelFacts(format="gguf", parameters=count)
    card = entry(component(None, kind=Kind.MODEL, facts=facts))["modelCard"]
    assert card["properties"][0]["value"] == shown


def test_each_of_several_files_is_a_distribution_with_its_hashes() -> None:
    wheel = Artifact(
        name="idna.whl",
        url="https://files.example/idna.whl",
        digests=(SHA256,),
        size=7,
        published=NOW,
        withdrawn="broken",
    )
    made = entry(component(artifacts=(wheel, Artifact(digests=(SHA512,)))))
    assert made["hashes"] == [
        {"alg": "SHA-256", "content": "ab" * 32},
        {"alg": "SHA-512", "content": "cd" * 64},
    ]
    assert made["externalReferences"] == [
        {
            "type": "distribution",
            "url": "https://files.example/idna.whl",
            "comment": '{"name": "idna.whl", "size": 7, '
            '"published": "2030-01-01T12:00:00+00:00", "withdrawn": "broken"}',
            "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
        },
        {
            "type": "distribution",
            "url": "urn:mcpchain:artifact:1",
            "hashes": [{"alg": "SHA-512", "content": "cd" * 64}],
        },
    ]


@pytest.mark.parametrize(
    ("licenses", "expected"),
    [
        (("MIT OR Apache-2.0",), [("expression", "MIT OR Apache-2.0")]),
        (("MIT AND LicenseRef-x",), [("expression", "MIT AND LicenseRef-x")]),
        (("MIT OR",), [("name", "MIT OR")]),
        (("Apache License 2.0",), [("name", "Apache License 2.0")]),
        (("MIT", "GPL-2.0 OR MIT"), [("id", "MIT"), ("name", "GPL-2.0 OR MIT")]),
    ],
)
def test_a_licence_is_an_id_an_expression_or_a_name(
    licenses: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    written_as = [
        next(iter(each.get("license", each).items()))
        for each in entry(component(licenses=licenses))["licenses"]
    ]
    assert written_as == expected


@pytest.mark.parametrize(
    ("facts", "scope"),
    [
        (PackageFacts(), None),
        (PackageFacts(optional=True), "optional"),
        (PackageFacts(development=True, optional=True), "excluded"),
    ],
)
def test_what_is_not_needed_to_run_is_out_of_scope(
    facts: PackageFacts, scope: str | None
) -> None:
    assert entry(component(facts=facts)).get("scope") == scope


def test_every_component_hangs_on_the_target_even_in_a_circle() -> None:
    found = Collector("demo")
    names = ["alone", "one", "other", "root", "leaf"]
    alone, one, other, root, leaf = (
        found.add(component(f"pkg:npm/{name}@1.0.0")) for name in names
    )
    found.relate(one, other)
    found.relate(other, one)
    found.relate(root, leaf)
    found.relate(root, root)
    graph = {
        each["ref"]: each["dependsOn"]
        for each in json.loads(written(found.inventory()))["dependencies"]
    }
    assert graph["urn:mcpchain:target"] == [alone, one, root]
    assert graph[root] == [leaf, root]
    assert alone not in graph


def test_an_edge_that_cyclonedx_has_no_word_for_is_kept_beside() -> None:
    found = Collector("demo")
    outer = found.add(component())
    inner = found.add(component(kind=Kind.MCP_SERVER, facts=SERVER.facts))
    found.relate(outer, inner, RelationKind.CONTAINS)
    metadata = json.loads(written(found.inventory()))["metadata"]
    assert json.loads(marks(metadata)["mcpchain:relation"]) == {
        "source": outer,
        "target": inner,
        "kind": "contains",
    }


def test_a_component_that_takes_the_name_of_the_target_does_not_get_it() -> None:
    made = Component(
        kind=Kind.LIBRARY,
        name="x",
        ref="urn:mcpchain:target",
        locations=(Location(path="x"),),
    )
    data = written(Inventory(name="demo", components=(made,)))
    validate(data)
    assert json.loads(data)["metadata"]["component"]["bom-ref"].endswith("target#")


@pytest.mark.parametrize("gaps", [False, True])
def test_a_list_with_gaps_calls_itself_incomplete_and_none_complete(
    *, gaps: bool
) -> None:
    found = Collector("demo")
    if gaps:
        found.gap(gap(ref="pkg:npm/x"))
    (composition,) = json.loads(written(found.inventory()))["compositions"]
    assert composition["aggregate"] == ("incomplete" if gaps else "unknown")


def test_the_serial_number_depends_on_the_inventory_alone() -> None:
    def serial(inventory: Inventory, hour: int = 1, version: str = "1") -> str:
        when = dt.datetime(2030, 1, 1, hour, tzinfo=dt.UTC)
        made = write(inventory, timestamp=when, version=version, reproducible=hour > 1)
        return str(json.loads(made)["serialNumber"])

    one = Inventory(name="one")
    assert serial(one) == serial(one, 2, "2")
    assert serial(one) != serial(Inventory(name="other"))


def test_the_time_is_written_in_utc() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    when = dt.datetime(2030, 1, 1, 1, 2, 3, 999, tzinfo=zone)
    data = write(Inventory(name="x"), timestamp=when, version="1", reproducible=False)
    metadata = json.loads(data)["metadata"]
    assert metadata["timestamp"] == "2029-12-31T23:02:03Z"
    assert metadata["tools"]["components"][0]["version"] == "1"


@pytest.mark.parametrize("reproducible", [False, True])
def test_only_a_chosen_time_makes_a_document_reproducible(
    *, reproducible: bool
) -> None:
    inventory = Inventory(name="x")
    data = write(inventory, timestamp=NOW, version="1", reproducible=reproducible)
    metadata = json.loads(data)["metadata"]
    assert ("cdx:reproducible" in marks(metadata)) is reproducible


def test_the_text_has_one_entry_a_line_and_ends_with_a_line_feed() -> None:
    data = written(Inventory(name="x", components=(component(), component())))
    assert data.endswith(b"}\n")
    assert b"\r" not in data
    assert data.count(b'\n{"type": "library"') == 2


def test_what_is_no_unicode_is_escaped_everywhere() -> None:
    place = Location(path="a\\b\udc80")
    parsed = document(component(locations=(place,)))
    occurrence = parsed["components"][0]["evidence"]["occurrences"][0]
    assert occurrence["location"] == r"a\\b\udc80"
    assert marks(parsed["metadata"])["mcpchain:escaped"] == "true"
    back = read(json.dumps(parsed).encode(), source="b.json")
    assert back.components[0].locations == (place,)


def test_names_are_not_normalised() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    found = Collector("demo")
    for name in (composed, decomposed):
        found.add(component(None, name=name))
    names = {c.name for c in read(written(found.inventory()), source="x").components}
    assert names == {composed, decomposed}


def test_an_empty_name_is_written_as_unnamed() -> None:
    made = document(component(None, name="", kind=Kind.MCP_SERVER))
    assert made["services"][0]["name"] == "(unnamed)"


DOCUMENTED = {value for name, value in vars(properties).items() if name.isupper()}


@settings(max_examples=50, deadline=None)
@given(inventories())
def test_every_property_is_documented(inventory: Inventory) -> None:
    data = json.loads(written(inventory))
    names = {each for each in named(data) if each.startswith(("mcpchain:", "cdx:"))}
    hyper = properties.HYPERPARAMETER
    assert {hyper if each.startswith(hyper) else each for each in names} <= DOCUMENTED


def named(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the name of every property, wherever it stands."""
    if isinstance(value, list):
        for each in value:
            yield from named(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == "properties":
                yield from (mark["name"] for mark in each)
            yield from named(each)


def test_cyclonedx_python_lib_reads_what_it_models() -> None:
    found = Collector("demo")
    server = found.add(SERVER)
    package = found.add(
        component(
            "pkg:npm/%40acme/files@1.2.0",
            kind=Kind.APPLICATION,
            licenses=("MIT OR Apache-2.0",),
            artifacts=(
                Artifact(url="https://files.example/a b#c#d", digests=(SHA256,)),
                Artifact(digests=(SHA512,)),
            ),
        )
    )
    found.relate(server, package)
    found.add(component(None, kind=Kind.MODEL, artifacts=(Artifact(),)))
    found.gap(gap())
    data = written(found.inventory())
    validate(data)
    bom = Bom.from_json(json.loads(data))  # type: ignore[attr-defined] # made by serializable
    assert {str(each.bom_ref) for each in bom.components} == {
        "pkg:npm/@acme/files@1.2.0",
        "file:package-lock.json",
    }
    assert [each.name for each in bom.services] == ["files"]
    bom.validate()


def many(count: int) -> Inventory:
    found = Collector("demo")
    before = None
    for number in range(count):
        ref = found.add(
            component(
                f"pkg:pypi/p{number}@1.{number}",
                pin=Pin.EXACT,
                facts=PackageFacts(),
                artifacts=(Artifact(name=f"p{number}.whl", digests=(SHA256,)),),
            )
        )
        if before:
            found.relate(before, ref)
        before = ref
    return found.inventory()


def test_the_work_grows_with_the_size_and_not_faster() -> None:
    def seconds(inventory: Inventory) -> float:
        start = time.process_time()
        data = written(inventory)
        validate(data)
        read(data, source="x")
        return time.process_time() - start

    small, large = many(250), many(2_000)
    written(small)
    least = min(seconds(small) for _ in range(3))
    assert min(seconds(large) for _ in range(2)) < 8 * 3 * least


def test_ten_thousand_components_are_written_and_validated_in_200_mib() -> None:
    code = "from tests.bom.large import cost; print(cost(10_000)[-1])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 200
