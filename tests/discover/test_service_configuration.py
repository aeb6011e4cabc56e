import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.ai_providers import KEYS
from mcpchain.component import Basis, Component, Kind, Location, UsedServiceFacts
from mcpchain.discover import survey
from mcpchain.discover.env_files import DISCOVERER as ENV
from mcpchain.discover.litellm_config import DISCOVERER as LITELLM
from mcpchain.discover.python_code import DISCOVERER as PYTHON
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree


def discover(folder: Path, files: dict[str, str | bytes]) -> Inventory:
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
    return survey(Tree(folder), name="x", discoverers=[ENV, LITELLM, PYTHON])


def facts(component: Component) -> UsedServiceFacts:
    assert isinstance(component.facts, UsedServiceFacts)
    return component.facts


def test_the_names_of_variables_tell_a_service(tmp_path: Path) -> None:
    text = (
        "# OPENAI_API_KEY=commented\nDEBUG=1\n"
        'export OPENAI_API_KEY="sk-SECRET"\nOPENAI_ORG=SECRET\n'
    )
    found = discover(tmp_path, {".env": text})
    assert not found.gaps
    assert found.components == (
        Component(
            kind=Kind.SERVICE,
            name="OpenAI",
            basis=Basis.CONFIGURED,
            facts=UsedServiceFacts(
                provider="OpenAI",
                category="model-api",
                env=("OPENAI_API_KEY", "OPENAI_ORG"),
                authenticated=True,
            ),
            locations=(Location(path=".env", line=3),),
        ),
    )
    assert "SECRET" not in repr(found)


@pytest.mark.parametrize("key", KEYS)
def test_the_key_of_every_provider_tells_it(tmp_path: Path, key: str) -> None:
    (component,) = discover(tmp_path, {".env": f"{key}=SECRET"}).components
    assert component.name == KEYS[key].name
    assert facts(component).authenticated


ADDRESSES = {
    f"{stem}_{end}": key
    for key in KEYS
    for stem in [
        re.sub(r"_(?:API_KEY|(?:SECRET_|PUBLIC_)?KEY|API_TOKEN|AUTH_TOKEN)$", "", key)
    ]
    for end in ("URL", "BASE_URL", "API_BASE", "HOST")
    if stem != key
} | {"UPSTASH_VECTOR_REST_URL": "UPSTASH_VECTOR_REST_TOKEN"}


@pytest.mark.parametrize("variable", ADDRESSES)
def test_the_address_of_every_provider_tells_it(tmp_path: Path, variable: str) -> None:
    text = f"{variable}=https://u:SECRET@ai.acme.test/x?key=SECRET\n"
    (component,) = discover(tmp_path, {".env": text}).components
    told = facts(component)
    assert told.endpoint == "https://ai.acme.test/x"
    assert told.category == KEYS[ADDRESSES[variable]].category
    assert told.env == (variable,)
    assert told.authenticated is None


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("QDRANT_URL", "Qdrant"),
        ("QDRANT_CLUSTER_URL", "Qdrant"),
        ("ANTHROPIC_BASE_URL", "Anthropic-compatible API"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "Amazon Bedrock-compatible API"),
        ("WEAVIATE_CLUSTER_URL", "Weaviate"),
        ("GOOGLE_GEMINI_BASE_URL", "Google Gemini-compatible API"),
    ],
)
@pytest.mark.parametrize("value", ["https://ai.acme.example", "https://<yours>", "$X"])
def test_an_address_that_everybody_replaces_tells_that_it_is_asked_somewhere(
    tmp_path: Path, variable: str, name: str, value: str
) -> None:
    text = f"{variable}={value}\n"
    (component,) = discover(tmp_path, {".env.example": text}).components
    told = facts(component)
    assert (component.name, told.provider, told.endpoint) == (name, "unknown", None)
    assert told.env == (variable,)


VALUES = {
    "own-endpoint": (
        "AZURE_OPENAI_ENDPOINT=https://u:SECRET@acme.openai.azure.com/?k=SECRET",
        ("Azure OpenAI", "Azure OpenAI", "https://acme.openai.azure.com"),
    ),
    "another-host": (
        "OPENAI_BASE_URL=https://llm.acme.test/v1\nOPENAI_API_KEY=SECRET",
        ("llm.acme.test", "llm.acme.test", "https://llm.acme.test/v1"),
    ),
    "another-provider": (
        "OPENAI_API_BASE='https://api.groq.com/openai/v1'",
        ("Groq", "Groq", "https://api.groq.com/openai/v1"),
    ),
    "own-machine": (
        "OLLAMA_HOST=http://localhost:11434",
        ("Ollama", "self-hosted", "http://localhost:11434"),
    ),
    "any-name": (
        "LLM_URL=https://api.anthropic.com",
        ("Anthropic", "Anthropic", "https://api.anthropic.com"),
    ),
    "program": ("QDRANT_API_KEY=SECRET", ("Qdrant", "unknown", None)),
    "placeholder": (
        "AZURE_OPENAI_ENDPOINT=https://your-resource.openai.azure.com",
        ("Azure OpenAI", "Azure OpenAI", None),
    ),
}


@pytest.mark.parametrize(("text", "expected"), VALUES.values(), ids=VALUES.keys())
def test_an_address_tells_who_runs_it(
    tmp_path: Path, text: str, expected: tuple[str, str, str | None]
) -> None:
    found = discover(tmp_path, {".env.example": text})
    (component,) = found.components
    told = facts(component)
    assert (component.name, told.provider, told.endpoint) == expected
    assert "SECRET" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "MY_OPENAI_API_KEY=1",
        "OPENAI=1",
        "DATABASE_URL=postgres://h/x",
        "APP_URL=https://acme.test",
        "OPENAI_BASE_URL=",
        "X=OPENAI_API_KEY=1",
        "NOTE='https://api.openai.com'",
        "  # GROQ_API_KEY=1",
        "",
    ],
)
def test_other_variables_tell_no_service(tmp_path: Path, text: str) -> None:
    assert not discover(tmp_path, {".env": text})


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (".env", True),
        (".env.example", True),
        (".env-sample", True),
        ("prod.env", True),
        ("env.example", True),
        (".dev.vars", False),
        (".envrc", False),
        ("environment.py", False),
        ("environment.yml", False),
        ("venv", False),
    ],
)
def test_files_of_variables_are_known_by_name(
    tmp_path: Path, name: str, wanted: object
) -> None:
    assert ENV.wants(File(tree=Tree(tmp_path), path=name)) is wanted


def test_code_takes_its_address_from_the_configuration(tmp_path: Path) -> None:
    found = discover(
        tmp_path,
        {
            "a.py": "import os, openai\n"
            "openai.AzureOpenAI(azure_endpoint=os.environ['AZURE_OPENAI_ENDPOINT'])",
            ".env": "AZURE_OPENAI_ENDPOINT=https://acme.openai.azure.com",
        },
    )
    (component,) = found.components
    assert component.basis is Basis.DECLARED
    assert facts(component).endpoint == "https://acme.openai.azure.com"
    assert [str(each) for each in component.locations] == [".env:1", "a.py:2"]


CONFIG = """
model_list:
  - model_name: fast
    litellm_params:
      model: groq/llama-3
      api_key: os.environ/GROQ_API_KEY
  - model_name: azure
    litellm_params:
      model: azure/gpt-prod
      api_base: https://acme.openai.azure.com/
      api_key: SECRET
  - model_name: local
    litellm_params: {model: openai/qwen, api_base: "http://vllm:8000/v1"}
  - model_name: elsewhere
    litellm_params: {model: openai/x, api_base: os.environ/BASE}
  - model_name: broken
  - model_name: worse
    litellm_params: {model: 1}
"""


def test_the_models_of_a_proxy_are_told_and_what_is_broken_is_a_gap(
    tmp_path: Path,
) -> None:
    found = discover(tmp_path, {"litellm_config.yaml": CONFIG})
    told = {
        each.name: (
            facts(each).provider,
            facts(each).endpoint,
            facts(each).models,
            facts(each).env,
            facts(each).authenticated,
        )
        for each in found.components
        if facts(each).provider != "unknown"
    }
    assert told == {
        "Groq": ("Groq", None, ("llama-3",), ("GROQ_API_KEY",), True),
        "Azure OpenAI": (
            "Azure OpenAI",
            "https://acme.openai.azure.com",
            ("gpt-prod",),
            (),
            True,
        ),
        "OpenAI-compatible API": (
            "self-hosted",
            "http://vllm:8000/v1",
            ("qwen",),
            (),
            None,
        ),
    }
    (unknown,) = (e for e in found.components if facts(e).provider == "unknown")
    assert facts(unknown).env == ("BASE",)
    assert [each.location.pointer for each in found.gaps] == [
        "/model_list/4",
        "/model_list/5/litellm_params/model",
    ]
    assert "SECRET" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "model_list: []",
        "model_list: 1",
        "model_list: [x, {y: z}]",
        "a: b",
        "models:\n  - model_list",
        ": [",
    ],
)
def test_another_configuration_is_not_read(tmp_path: Path, text: str) -> None:
    assert not discover(tmp_path, {"config.yaml": text})


@pytest.mark.parametrize(
    "text",
    [
        "model_list: [\nlitellm_params",
        "model_list: 1\nx: litellm_params",
        "model_list: [1]\nx: litellm_params",
    ],
)
def test_a_broken_list_of_models_is_a_gap(tmp_path: Path, text: str) -> None:
    found = discover(tmp_path, {"config.yaml": text})
    assert [each.state for each in found.gaps] == [State.UNREADABLE]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_leave_a_gap(tmp_path: Path, data: bytes) -> None:
    found = discover(tmp_path, {".env": b"GROQ_API_KEY=1\n" + data})
    assert found.components or found.gaps
    more = b"model_list:\n- litellm_params: {model: groq/x}\n"
    assert discover(tmp_path, {"config.yaml": more + data})
