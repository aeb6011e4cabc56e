import json
from dataclasses import replace
from typing import Any

import pytest

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.bom.read import read
from mcpchain.bom.validate import validate
from mcpchain.bom.write import VERSIONS, write
from mcpchain.component import (
    BaseModel,
    Basis,
    BuildFacts,
    Component,
    DataFacts,
    FileFacts,
    Kind,
    Location,
    Metric,
    ModelCard,
    ModelFacts,
    Pin,
    Role,
    UsedServiceFacts,
)
from mcpchain.inventory import Collector, Gap, Inventory, RelationKind, State
from tests.bom.inventories import NOW
from tests.making import component

SHA256 = Digest(algorithm=Algorithm.SHA256, value="ab" * 32)
HASHED = (Artifact(digests=(SHA256,)),)


def at(path: str, kind: Kind, **fields: Any) -> Component:  # noqa: ANN401 - Component's
    given = {"name": path.rpartition("/")[2], "locations": (Location(path=path),)}
    return Component(kind=kind, **(given | fields))


def document(inventory: Inventory, version: str = "1.6") -> dict[str, Any]:
    """Write *inventory*; it must be valid, and read back as it was."""
    data = write(
        inventory,
        timestamp=NOW,
        version="1",
        reproducible=True,
        spec_version=version,
    )
    validate(data)
    assert read(data, source="b.json") == inventory
    parsed: dict[str, Any] = json.loads(data)
    return parsed


def of(*made: Component) -> Inventory:
    found = Collector("demo")
    for each in made:
        found.add(each)
    return found.inventory()


def own(entry: dict[str, Any]) -> dict[str, Any]:
    """Return properties by name; those that occur several times as a list."""
    found: dict[str, Any] = {}
    for each in entry["properties"]:
        name, value = each["name"], each["value"]
        found[name] = [*found[name], value] if name in found else [value]
    return {
        name: values[0] if len(values) == 1 else values
        for name, values in found.items()
    }


CARD = ModelCard(
    task="text-generation",
    languages=("de", "en"),
    metrics=(Metric(type="accuracy", value="0.5", slice="mmlu test"),),
    considerations=(
        ("environmentalConsiderations", "12 t CO2"),
        ("ethicalConsiderations", "bias"),
        ("fairnessAssessments", "worse for some"),
        ("technicalLimitations", "arithmetic"),
        ("useCases", "chat"),
        ("useCases", "code"),
    ),
)
MODEL = at(
    "m",
    Kind.MODEL,
    basis=Basis.OBSERVED,
    facts=ModelFacts(
        format="hugging-face",
        parameters=7_241_732_096,
        family="llama",
        architecture="LlamaForCausalLM",
        quantization="Q4_K",
        hyperparameters=(("_undefined:rope_theta", "1e4"), ("hidden_size", "4096")),
        chat_template=SHA256,
        remote_code=("modeling_acme.Acme",),
        operators=("ai.acme::Fused",),
        bases=(
            BaseModel(
                name="acme/base",
                relation="finetune",
                purl=component("pkg:huggingface/acme/base").purl,
            ),
            BaseModel(name="./adapter"),
        ),
        card=CARD,
    ),
)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_model_has_a_card_in_the_words_of_cyclonedx(version: str) -> None:
    found = Collector("demo")
    model = found.add(MODEL)
    data = found.add(at("train.csv", Kind.DATA, facts=DataFacts(format="csv")))
    found.relate(model, data, RelationKind.TRAINED_ON)
    parsed = document(found.inventory(), version)
    entry = next(e for e in parsed["components"] if e["bom-ref"] == model)
    assert entry["modelCard"] == {
        "modelParameters": {
            "task": "text-generation",
            "architectureFamily": "llama",
            "modelArchitecture": "LlamaForCausalLM",
            "datasets": [{"ref": data}],
            "inputs": [{"format": "text"}],
            "outputs": [{"format": "text"}],
        },
        "quantitativeAnalysis": {
            "performanceMetrics": [
                {"type": "accuracy", "value": "0.5", "slice": "mmlu test"}
            ]
        },
        "considerations": {
            "environmentalConsiderations": {
                "properties": [
                    {"name": "mcpchain:model:consideration", "value": "12 t CO2"}
                ]
            },
            "ethicalConsiderations": [{"name": "bias"}],
            "fairnessAssessments": [{"harms": "worse for some"}],
            "technicalLimitations": ["arithmetic"],
            "useCases": ["chat", "code"],
        },
        "properties": [
            {"name": "cdx:ai-ml:model:parameter:count", "value": "7.24B"},
            {"name": "cdx:ai-ml:model:language", "value": "de"},
            {"name": "cdx:ai-ml:model:language", "value": "en"},
            {"name": "cdx:ai-ml:model:hyperparameter:quantization", "value": "Q4_K"},
            {
                "name": "cdx:ai-ml:model:hyperparameter:_undefined:rope_theta",
                "value": "1e4",
            },
            {"name": "cdx:ai-ml:model:hyperparameter:hidden_size", "value": "4096"},
        ],
    }
    assert entry["pedigree"] == {
        "ancestors": [
            {
                "type": "machine-learning-model",
                "name": "acme/base",
                "purl": "pkg:huggingface/acme/base",
                "properties": [{"name": "mcpchain:model:base", "value": "finetune"}],
            },
            {
                "type": "machine-learning-model",
                "name": "./adapter",
                "properties": [{"name": "mcpchain:model:base", "value": ""}],
            },
        ],
        "notes": "finetune of acme/base",
    }
    assert own(entry) == {
        "mcpchain:basis": "observed",
        "mcpchain:model:format": "hugging-face",
        "mcpchain:model:parameters": "7241732096",
        "mcpchain:model:architecture": "LlamaForCausalLM",
        "mcpchain:model:family": "llama",
        "mcpchain:model:operator": "ai.acme::Fused",
        "mcpchain:model:remote-code": "modeling_acme.Acme",
        "mcpchain:model:quantization": "Q4_K",
        "mcpchain:model:chat-template": f"sha256:{SHA256.value}",
        "mcpchain:model:card": "true",
    }


def test_what_no_card_can_hold_of_training_stands_beside() -> None:
    found = Collector("demo")
    library, model = found.add(component()), found.add(MODEL)
    found.relate(library, model, RelationKind.TRAINED_ON)
    metadata = document(found.inventory())["metadata"]
    assert json.loads(own(metadata)["mcpchain:relation"])["kind"] == "trained-on"


def test_a_setting_that_the_taxonomy_does_not_name_is_marked_as_such() -> None:
    facts = ModelFacts(format="gguf", hyperparameters=(("rope_theta", "1"),))
    data = write(
        of(at("m", Kind.MODEL, facts=facts)),
        timestamp=NOW,
        version="1",
        reproducible=True,
    )
    assert b'"cdx:ai-ml:model:hyperparameter:_undefined:rope_theta"' in data


def test_a_data_set_says_what_it_holds() -> None:
    facts = DataFacts(
        format="parquet",
        description="mails",
        records=5,
        columns=("from", "to"),
        tasks=("summarization",),
        languages=("de",),
        sensitive=("e-mail",),
        remote_code=("*",),
    )
    (entry,) = document(of(at("d.parquet", Kind.DATA, facts=facts)))["components"]
    assert (entry["type"], entry["data"]) == (
        "data",
        [
            {
                "type": "dataset",
                "name": "d.parquet",
                "sensitiveData": ["e-mail"],
                "description": "mails",
            }
        ],
    )
    assert own(entry) == {
        "mcpchain:basis": "declared",
        "mcpchain:data:format": "parquet",
        "mcpchain:data:description": "mails",
        "mcpchain:data:records": "5",
        "mcpchain:data:column": ["from", "to"],
        "mcpchain:data:task": "summarization",
        "mcpchain:data:language": "de",
        "mcpchain:data:sensitive": "e-mail",
        "mcpchain:data:remote-code": "*",
    }


def test_a_file_says_what_it_is_there_for() -> None:
    facts = FileFacts(role="skill", description="d", tools=("Bash",), models=("opus",))
    made = at("SKILL.md", Kind.FILE, artifacts=HASHED, facts=facts)
    (entry,) = document(of(made))["components"]
    assert entry["type"] == "file"
    assert entry["hashes"] == [{"alg": "SHA-256", "content": SHA256.value}]
    assert own(entry) == {
        "mcpchain:basis": "declared",
        "mcpchain:file:role": "skill",
        "mcpchain:file:description": "d",
        "mcpchain:file:tool": "Bash",
        "mcpchain:file:model": "opus",
    }


@pytest.mark.parametrize("authenticated", [None, False, True])
def test_a_hosted_service_is_one_that_another_runs(
    *, authenticated: bool | None
) -> None:
    facts = UsedServiceFacts(
        provider="OpenAI",
        category="model-api",
        endpoint="https://api.example/v1",
        models=("gpt-x",),
        env=("OPENAI_API_KEY",),
        authenticated=authenticated,
        packages=("openai",),
    )
    made = at("app.py", Kind.SERVICE, name="OpenAI", facts=facts)
    (entry,) = document(of(made))["services"]
    marks = own(entry)
    said = {} if authenticated is None else {"authenticated": authenticated}
    assert {key: entry[key] for key in entry if key != "properties"} == {
        "bom-ref": "urn:mcpchain:service:OpenAI",
        "name": "OpenAI",
        "provider": {"name": "OpenAI"},
        "endpoints": ["https://api.example/v1"],
        "x-trust-boundary": True,
    } | said
    word = {None: {}, True: "true", False: "false"}[authenticated]
    assert marks == {
        "mcpchain:basis": "declared",
        "mcpchain:kind": "service",
        "mcpchain:service:provider": "OpenAI",
        "mcpchain:service:category": "model-api",
        "mcpchain:service:endpoint": "https://api.example/v1",
        "mcpchain:service:model": "gpt-x",
        "mcpchain:service:env": "OPENAI_API_KEY",
        "mcpchain:service:package": "openai",
        "mcpchain:location": '{"path": "app.py"}',
    } | ({"mcpchain:service:authenticated": word} if word else {})


def test_a_service_on_the_same_machine_crosses_no_boundary() -> None:
    facts = UsedServiceFacts(provider="self-hosted", category="x", external=False)
    (entry,) = document(of(at("a.py", Kind.SERVICE, facts=facts)))["services"]
    assert entry["x-trust-boundary"] is False
    assert own(entry)["mcpchain:service:internal"] == "true"


@pytest.mark.parametrize(
    "members",
    [
        {"provider": {"name": "Anthropic"}},
        {"endpoints": ["https://other.example"]},
    ],
)
def test_a_service_that_shows_another_address_or_provider_is_not_ours(
    members: dict[str, Any],
) -> None:
    facts = UsedServiceFacts(provider="OpenAI", category="model-api", endpoint="a")
    parsed = document(of(at("app.py", Kind.SERVICE, facts=facts)))
    parsed["services"][0] |= members
    inventory = read(json.dumps(parsed).encode(), source="b.json")
    assert [each.kind for each in inventory.components] == [Kind.OTHER]
    assert any("name different" in each.reason for each in inventory.gaps)


def step(role: Role, purl: str | None, **fields: Any) -> Component:  # noqa: ANN401 - Component's
    image = role.value.endswith("image")
    kind = Kind.CONTAINER if image else Kind.BUILD
    facts = BuildFacts(role=role, stage="build", platform="linux/amd64")
    return component(purl, kind, **({"pin": Pin.TAG, "facts": facts} | fields))


def test_what_only_builds_stands_in_a_formula_and_what_ships_does_not() -> None:
    ships = {each for each in Role if each.ships}
    made = [step(each, None, name=each.value, pin=Pin.FLOATING) for each in Role]
    parsed = document(of(*made))
    (formula,) = parsed["formulation"]
    assert formula["bom-ref"] == "urn:mcpchain:formula"
    assert {e["name"] for e in parsed["components"]} == {r.value for r in ships}
    formed = {e["name"]: e for e in formula["components"]}
    assert {*formed} == {r.value for r in Role} - {r.value for r in ships}
    assert formed["build-image"]["type"] == "container"
    assert formed["action"]["type"] == "application"
    assert own(formed["action"]) == {
        "mcpchain:basis": "declared",
        "mcpchain:kind": "build",
        "mcpchain:pin": "floating",
        "mcpchain:build:role": "action",
        "mcpchain:build:stage": "build",
        "mcpchain:build:platform": "linux/amd64",
    }


def test_the_system_does_not_depend_on_what_builds_it_and_edges_are_kept() -> None:
    found = Collector("demo")
    action = found.add(step(Role.ACTION, "pkg:github/acme/do@v1"))
    inner = found.add(step(Role.ACTION, "pkg:github/acme/inner@v1"))
    image = found.add(step(Role.BASE_IMAGE, "pkg:docker/library/python@3.12"))
    package = found.add(component())
    found.relate(action, inner)
    found.relate(action, package)
    graph = {
        each["ref"]: each["dependsOn"]
        for each in document(found.inventory())["dependencies"]
    }
    assert graph == {
        action: [inner, package],
        "urn:mcpchain:target": sorted([image, package]),
    }


def test_what_a_step_contains_is_nested_in_it() -> None:
    found = Collector("demo")
    outer = found.add(step(Role.WORKFLOW, "pkg:github/acme/flow@v1"))
    inner = found.add(step(Role.BASE_IMAGE, "pkg:docker/library/python@3.12"))
    found.relate(outer, inner, RelationKind.CONTAINS)
    (formula,) = document(found.inventory())["formulation"]
    (entry,) = formula["components"]
    assert [each["bom-ref"] for each in entry["components"]] == [inner]


FOREIGN = {"bom-ref": "f", "components": [{"type": "library", "name": "gcc"}]}


@pytest.mark.parametrize(
    "formulas",
    [
        [FOREIGN],
        [FOREIGN, {"workflows": []}],
        [{"bom-ref": "urn:mcpchain:formula", "components": [{"name": "x"}]}],
        [{"bom-ref": "urn:mcpchain:formula"}, FOREIGN],
        3,
    ],
    ids=["one", "two", "named like ours", "named like ours and another", "a number"],
)
@pytest.mark.parametrize("with_ours", [False, True], ids=["alone", "beside ours"])
def test_formulas_of_another_bom_are_kept(*, formulas: Any, with_ours: bool) -> None:  # noqa: ANN401 - JSON
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "formulation": formulas}
    stranger = read(json.dumps(head).encode(), source="b.json")
    found = Collector("b.json")
    found.include(stranger)
    if with_ours:
        found.add(step(Role.ACTION, "pkg:github/acme/do@v1"))
    inventory = replace(found.inventory(), carried=stranger.carried)
    parsed = document(inventory)
    (first, *_) = parsed.get("formulation", [None])
    assert (with_ours and first["bom-ref"] == "urn:mcpchain:formula") or not with_ours
    assert json.loads(inventory.carried)["formulation"] == formulas


def test_what_somebody_added_to_our_formula_is_not_lost() -> None:
    parsed = document(of(step(Role.ACTION, "pkg:github/acme/do@v1")))
    parsed["formulation"][0]["properties"] = [{"name": "x", "value": "y"}]
    parsed["formulation"][0]["components"].append(
        {"type": "library", "name": "x", "purl": "pkg:npm/evil@1.0.0", "bom-ref": "e"}
    )
    inventory = read(json.dumps(parsed).encode(), source="b.json")
    assert [each.kind for each in inventory.components] == [Kind.LIBRARY, Kind.BUILD]
    assert json.loads(inventory.carried)["formulation"] == [
        {"properties": [{"name": "x", "value": "y"}]}
    ]
    assert any("`formulation`: 1 in all" in each.reason for each in inventory.gaps)


def folder(*gaps: Gap) -> dict[str, Any]:
    found = Collector("demo")
    whole = found.add(MODEL)
    for name in ("m/a.safetensors", "m/config.json"):
        kind = Kind.FILE if name.endswith("json") else Kind.MODEL
        facts = FileFacts(role="configuration") if kind is Kind.FILE else None
        part = found.add(at(name, kind, artifacts=HASHED, facts=facts))
        found.relate(whole, part, RelationKind.CONTAINS)
    for each in gaps:
        found.gap(each)
    parsed = document(found.inventory())
    (entry,) = parsed["components"]
    assert len(entry["components"]) == 2
    return parsed


def blind(path: str, ref: str | None = None) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=path),
        reason="r",
        state=State.PARTIAL,
        ref=ref,
    )


@pytest.mark.parametrize(
    ("gap", "aggregate"),
    [
        (None, "complete"),
        (blind("n/x"), "complete"),
        (blind("mm"), "complete"),
        (blind("m.gguf"), "complete"),
        (blind("x", "file:m"), "incomplete"),
        (blind("x", "file:m/config.json"), "incomplete"),
        (blind("m"), "incomplete"),
        (blind("m/deep/er.bin"), "incomplete"),
        (blind("m/config.json"), "incomplete"),
    ],
    ids=lambda each: each if isinstance(each, str) else None,
)
def test_a_folder_says_whether_all_its_files_were_looked_at(
    gap: Gap | None, aggregate: str
) -> None:
    parsed = folder(*([gap] if gap else []))
    assert parsed["compositions"][2:] == [
        {"aggregate": aggregate, "assemblies": ["file:m"]}
    ]


def test_folders_inside_folders_are_each_judged_by_their_own_gaps() -> None:
    found = Collector("demo")
    refs = {}
    for path in (".", "a", "a/b", "a.b", "c"):
        facts = ModelFacts(format="hugging-face")
        refs[path] = found.add(at(path, Kind.MODEL, facts=facts))
        part = found.add(at(f"{path}/x.json", Kind.FILE, artifacts=HASHED))
        found.relate(refs[path], part, RelationKind.CONTAINS)
    found.gap(blind("a/b/c/d"))
    listed = document(found.inventory())["compositions"][2:]
    assert {each["aggregate"]: set(each["assemblies"]) for each in listed} == {
        "complete": {refs["a.b"], refs["c"]},
        "incomplete": {refs["."], refs["a"], refs["a/b"]},
    }


def test_nobody_says_that_the_files_of_a_strangers_model_are_complete() -> None:
    model = {
        "type": "machine-learning-model",
        "name": "m",
        "modelCard": {"modelParameters": {"task": "x"}},
        "components": [{"type": "file", "name": "f"}],
    }
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [model]}
    inventory = read(json.dumps(head).encode(), source="b.json")
    _, unknown = document(inventory)["compositions"]
    assert {*unknown} == {"aggregate", "dependencies"}


def older(members: dict[str, Any], *marks: tuple[str, str]) -> Inventory:
    """Read an entry as versions wrote it that had fewer words."""
    entry = {
        "type": "library",
        "name": "x",
        "bom-ref": "r",
        "evidence": {"occurrences": [{"location": "a"}]},
        "properties": [
            {"name": name, "value": value}
            for name, value in (("mcpchain:basis", "declared"), *marks)
        ],
    }
    mark = {"name": "mcpchain:inventory", "value": "1"}
    head = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"properties": [mark]},
        "components": [entry | members],
    }
    return read(json.dumps(head).encode(), source="b.json")


def test_a_model_of_an_older_bom_is_read() -> None:
    card = {
        "modelParameters": {"architectureFamily": "llama"},
        "properties": [{"name": "cdx:ai-ml:model:parameter:count", "value": "7B"}],
    }
    inventory = older(
        {"type": "machine-learning-model", "modelCard": card},
        ("mcpchain:model:format", "gguf"),
        ("mcpchain:model:architecture", "llama"),
    )
    (made,) = inventory.components
    assert made.facts == ModelFacts(format="gguf", architecture="llama")
    assert (made.carried, inventory.gaps) == ("", ())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pedigree", {"ancestors": [{"type": "library", "name": "a"}]}),
        ("pedigree", {"ancestors": [{"type": "machine-learning-model", "name": "a"}]}),
        ("data", [{"type": "dataset", "name": "d"}]),
    ],
    ids=["ancestor", "base", "data"],
)
@pytest.mark.parametrize(
    "mark",
    [("mcpchain:model:format", "gguf"), ("mcpchain:kind", "other")],
    ids=["model", "other"],
)
def test_what_an_older_bom_carried_of_others_is_still_carried(
    key: str,
    value: Any,  # noqa: ANN401 - JSON
    mark: tuple[str, str],
) -> None:
    inventory = older({"type": "data", key: value}, mark)
    (made,) = inventory.components
    assert json.loads(made.carried) == {key: value}
    (entry,) = document(inventory)["components"]
    assert entry[key] == value
