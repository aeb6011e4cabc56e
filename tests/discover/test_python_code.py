import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import (
    ANY_CODE,
    Basis,
    Component,
    DataFacts,
    Kind,
    Location,
    ModelFacts,
    Pin,
    UsedServiceFacts,
)
from mcpchain.discover import survey
from mcpchain.discover.python_code import DISCOVERER
from mcpchain.discover.python_code.hub import _LOADERS
from mcpchain.discover.python_code.hub_names import LOADERS
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

COMMIT = "0123456789abcdef" * 2 + "01234567"


def discover(folder: Path, code: str | bytes, name: str = "app.py") -> Inventory:
    data = code.encode() if isinstance(code, str) else code
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def facts(component: Component) -> UsedServiceFacts:
    assert isinstance(component.facts, UsedServiceFacts)
    return component.facts


def only(found: Inventory) -> Component:
    assert not found.gaps
    (component,) = found.components
    return component


def test_a_service_is_told_with_all_that_the_code_says(tmp_path: Path) -> None:
    found = discover(
        tmp_path,
        "import os\n"
        "from openai import OpenAI as Client\n"
        "BASE = 'https://me:secret@API.groq.com/openai/v1?key=secret#x'\n"
        "client = Client(base_url=BASE, api_key=os.environ['GROQ_API_KEY'])\n"
        "def ask(model='llama-3.3-70b'):\n"
        "    return client.chat.completions.create(model=model, messages=[])\n",
    )
    assert only(found) == Component(
        kind=Kind.SERVICE,
        name="Groq",
        basis=Basis.DECLARED,
        facts=UsedServiceFacts(
            provider="Groq",
            category="model-api",
            endpoint="https://api.groq.com/openai/v1",
            models=("llama-3.3-70b",),
            env=("GROQ_API_KEY",),
            authenticated=True,
            external=True,
            packages=("openai",),
        ),
        locations=(Location(path="app.py", line=3), Location(path="app.py", line=4)),
    )


SERVICES = {
    "module": ("import openai as o\no.OpenAI()", "OpenAI", "OpenAI"),
    "old-style": (
        (
            "import openai\nopenai.api_base = 'https://api.x.ai/v1'\n"
            "openai.ChatCompletion.create(model='grok-4')"
        ),
        "OpenAI xAI",
        "OpenAI xAI",
    ),
    "by-import-module": (
        "from importlib import import_module\nimport_module('openai').OpenAI()",
        "OpenAI",
        "OpenAI",
    ),
    "conditional": (
        (
            "try:\n    import anthropic\nexcept ImportError:\n    anthropic = None\n"
            "def f():\n    return anthropic.Anthropic()"
        ),
        "Anthropic",
        "Anthropic",
    ),
    "in-a-function": (
        "def f():\n from groq import Groq\n return Groq()",
        "Groq",
        "Groq",
    ),
    "on-self": (
        (
            "import cohere\nclass A:\n def g(self):\n  self.c = cohere.Client()\n"
            " def f(self):\n  self.c.chat(model='command-r')"
        ),
        "Cohere",
        "Cohere",
    ),
    "unknown-address": (
        "from openai import OpenAI\nimport os\nOpenAI(base_url=os.environ['BASE'])",
        "OpenAI-compatible API",
        "unknown",
    ),
    "left-out": (
        "from openai import OpenAI\nOpenAI(base_url='...', api_key='...')",
        "OpenAI-compatible API",
        "unknown",
    ),
    "cloudflare": (
        (
            "import openai\n"
            "openai.OpenAI(base_url=f'https://api.cloudflare.com/client/v4/{a}/ai/v1')"
        ),
        "Cloudflare AI",
        "Cloudflare AI",
    ),
    "unknown-host": (
        "from openai import OpenAI\nOpenAI(base_url='https://llm.acme.example/v1')",
        "llm.acme.example",
        "llm.acme.example",
    ),
    "own-machine": (
        "from openai import OpenAI\nOpenAI(base_url='http://127.0.0.1:8000/v1')",
        "OpenAI-compatible API",
        "self-hosted",
    ),
    "ollama-by-port": (
        (
            "from openai import OpenAI\n"
            "OpenAI(base_url='http://host.docker.internal:11434/v1')"
        ),
        "Ollama",
        "self-hosted",
    ),
    "compose-name": (
        "from openai import OpenAI\nOpenAI(base_url='http://vllm:8000/v1')",
        "OpenAI-compatible API",
        "self-hosted",
    ),
    "azure": (
        (
            "from openai import AzureOpenAI\nimport os\n"
            "AzureOpenAI(azure_endpoint=os.environ['E'], azure_deployment='d')"
        ),
        "Azure OpenAI",
        "Azure OpenAI",
    ),
    "azure-template": (
        "from openai import OpenAI\nOpenAI(base_url=f'https://{r}.openai.azure.com/')",
        "Azure OpenAI",
        "Azure OpenAI",
    ),
    "template": (
        "from openai import OpenAI\nOpenAI(base_url=f'https://{r}.acme.example/')",
        "OpenAI-compatible API",
        "unknown",
    ),
    "bedrock": (
        "import boto3\nboto3.Session().client('bedrock-runtime')",
        "Amazon Bedrock",
        "Amazon Bedrock",
    ),
    "vertex": (
        "from google import genai\ngenai.Client(vertexai=True)",
        "Google Vertex AI",
        "Google Vertex AI",
    ),
    "gemini": ("from google import genai\ngenai.Client()", *["Google Gemini"] * 2),
    "litellm": (
        "import litellm\nlitellm.completion(model='bedrock/anthropic.claude')",
        "Amazon Bedrock",
        "Amazon Bedrock",
    ),
    "litellm-bare": (
        "from litellm import acompletion\nawait acompletion(model='claude-opus-4')",
        "Anthropic",
        "Anthropic",
    ),
    "litellm-unknown": (
        "import litellm\nlitellm.completion(model=m)",
        "LiteLLM",
        "unknown",
    ),
    "litellm-ollama": (
        "import litellm\nlitellm.completion(model='ollama/llama3')",
        "Ollama",
        "self-hosted",
    ),
    "pydantic-ai": (
        "from pydantic_ai import Agent\nAgent('mistral:mistral-large')",
        "Mistral AI",
        "Mistral AI",
    ),
    "pydantic-ai-provider": (
        (
            "from pydantic_ai.models.openai import OpenAIChatModel\n"
            "from pydantic_ai.providers.openai import OpenAIProvider\n"
            "OpenAIChatModel('m', provider=OpenAIProvider(base_url='https://api.x.ai/v1'))"
        ),
        "xAI",
        "xAI",
    ),
    "langchain": (
        "from langchain_anthropic import ChatAnthropic\nChatAnthropic()",
        "Anthropic",
        "Anthropic",
    ),
    "init-chat-model": (
        (
            "from langchain.chat_models import init_chat_model\n"
            "init_chat_model('gpt-4o', model_provider='azure_openai')"
        ),
        "Azure OpenAI",
        "Azure OpenAI",
    ),
    "llama-index": (
        (
            "from llama_index.embeddings.voyageai import VoyageEmbedding\n"
            "VoyageEmbedding(model_name='voyage-3')"
        ),
        "Voyage AI",
        "Voyage AI",
    ),
    "haystack": (
        "from haystack.components.generators import OpenAIGenerator\nOpenAIGenerator()",
        "OpenAI",
        "OpenAI",
    ),
    "crewai": (
        "from crewai import LLM\nLLM(model='gemini/gemini-2.5-pro')",
        "Google Gemini",
        "Google Gemini",
    ),
    "dspy": ("import dspy\ndspy.LM('groq/llama')", "Groq", "Groq"),
    "raw-http": (
        "import requests\nrequests.post('https://api.anthropic.com/v1/messages')",
        "Anthropic",
        "Anthropic",
    ),
    "only-the-address": (
        "URL = 'https://openrouter.ai/api/v1'",
        "OpenRouter",
        "OpenRouter",
    ),
    "passed-around": ("from openai import OpenAI\nmake(OpenAI)", "OpenAI", "OpenAI"),
    "qdrant-cloud": (
        (
            "from qdrant_client import QdrantClient\n"
            "QdrantClient(url='https://x.eu.aws.cloud.qdrant.io:6333', api_key=k)"
        ),
        "Qdrant",
        "Qdrant",
    ),
    "qdrant-own": (
        "from qdrant_client import QdrantClient\nQdrantClient(host='qdrant', port=1)",
        "Qdrant",
        "self-hosted",
    ),
    "qdrant-elsewhere": (
        "from qdrant_client import QdrantClient\nQdrantClient(url=settings.url)",
        "Qdrant",
        "unknown",
    ),
    "chroma-http": (
        "import chromadb\nchromadb.HttpClient(host='chroma', port=8000)",
        "Chroma",
        "self-hosted",
    ),
    "lancedb-cloud": (
        "import lancedb\nlancedb.connect('db://x', api_key=k)",
        "LanceDB",
        "LanceDB",
    ),
    "pgvector": (
        "from pgvector.psycopg import register_vector\nregister_vector(c)",
        "pgvector",
        "unknown",
    ),
    "tracing": (
        "from langfuse import observe\n@observe()\ndef f(): ...",
        "Langfuse",
        "Langfuse",
    ),
}


@pytest.mark.parametrize(
    ("code", "names", "providers"), SERVICES.values(), ids=SERVICES.keys()
)
def test_a_service_has_a_name_and_somebody_who_runs_it(
    tmp_path: Path, code: str, names: str, providers: str
) -> None:
    found = discover(tmp_path, code)
    assert not found.gaps
    assert {each.name for each in found.components} in [{names}, set(names.split())]
    told = {facts(each).provider for each in found.components}
    assert told in [{providers}, set(providers.split())]
    for each in found.components:
        assert facts(each).external == (facts(each).provider != "self-hosted")


NOTHING = {
    "comment": "# import openai\nx = 1",
    "docstring": '"""\nimport openai\nhttps://api.openai.com/v1\n"""',
    "address-in-a-docstring": '"""https://api.openai.com/v1"""\nimport openai_like',
    "text-of-code": "CODE = 'import openai\\nopenai.OpenAI()'",
    "prose": "print('see https://api.openai.com/v1 for more')\nimport cohere_x",
    "relative": "from . import openai\nopenai.OpenAI()",
    "of-the-project": "from .openai import OpenAI\nOpenAI()",
    "another-openai": "from mine.openai import OpenAI\nOpenAI()",
    "only-errors": "from openai import RateLimitError\nRetry(RateLimitError)",
    "errors-of-the-module": "import openai\ntry: f()\nexcept openai.APIError: pass",
    "types": "from openai.types.chat import ChatCompletion\nChatCompletion()",
    "annotation": "from openai import OpenAI\ndef f(c: OpenAI) -> OpenAI: ...",
    "type-checking-and-a-value": (
        "import typing\nif typing.TYPE_CHECKING:\n    from openai import OpenAI\n"
        "register(OpenAI)"
    ),
    "type-checking": (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from openai import OpenAI\nx: 'OpenAI'"
    ),
    "never-used": "import openai",
    "in-memory": "from qdrant_client import QdrantClient\nQdrantClient(':memory:')",
    "in-memory-location": (
        "from qdrant_client import QdrantClient\nQdrantClient(location=':memory:')"
    ),
    "in-a-file": "from qdrant_client import QdrantClient\nQdrantClient(path='./q')",
    "milvus-lite": "from pymilvus import MilvusClient\nMilvusClient('./m.db')",
    "milvus-lite-uri": "from pymilvus import MilvusClient\nMilvusClient(uri='m.db')",
    "chroma-in-a-file": "import chromadb\nchromadb.PersistentClient('x')",
    "lancedb-in-a-file": "import lancedb\nlancedb.connect('./x')",
    "other-cloudflare": "URL = 'https://api.cloudflare.com/client/v4/zones'",
    "other-aws": "import boto3\nboto3.client('s3')\nx = 'bedrock'",
    "site-not-api": "URL = 'https://openrouter.ai/docs'",
    "site-of-an-api": "URL = 'https://docs.weaviate.cloud/x'",
    "host-that-ends-alike": "URL = 'https://api.openai.com.evil.example/v1'",
    "host-that-begins-alike": "URL = 'https://evil-api.openai.com/v1'",
    "parser": (
        "from langchain.agents.output_parsers import OpenAIFunctionsAgentOutputParser\n"
        "OpenAIFunctionsAgentOutputParser()"
    ),
    "agent-without-model": "from pydantic_ai import Agent\nAgent(model)",
    "isinstance": "import openai\nisinstance(x, openai.OpenAI)",
}


@pytest.mark.parametrize("code", NOTHING.values(), ids=NOTHING.keys())
def test_what_asks_nobody_is_no_service(tmp_path: Path, code: str) -> None:
    found = discover(tmp_path, code)
    assert found.components == ()
    assert found.gaps == ()


@pytest.mark.parametrize(
    "path",
    ["tests/app.py", "a/test/b/app.py", "test_app.py", "app_test.py", "conftest.py"],
)
def test_tests_are_not_read(tmp_path: Path, path: str) -> None:
    found = discover(tmp_path, "import openai\nopenai.OpenAI()", path)
    assert not found


@pytest.mark.parametrize("path", ["latest/app.py", "contest.py", "attest/a.py"])
def test_what_only_ends_like_a_test_is_read(tmp_path: Path, path: str) -> None:
    found = discover(tmp_path, "import openai\nopenai.OpenAI()", path)
    assert only(found).location.path == path


def test_a_region_is_no_address_and_an_argument_no_credential(tmp_path: Path) -> None:
    code = "import vertexai\nvertexai.init(project='p', location='us-central1')"
    told = facts(only(discover(tmp_path, code)))
    assert told.endpoint is None
    assert told.authenticated is None
    assert told.provider == "Google Vertex AI"


SECRETS = {
    "key": "from openai import OpenAI\nOpenAI(api_key='sk-SECRET0123456789')",
    "positional": "import cohere\ncohere.Client('SECRET0123456789')",
    "header": "import openai\nopenai.OpenAI(default_headers={'x': 'SECRET'})",
    "model": "import litellm\nlitellm.completion(model='sk-SECRET0123456789')",
    "address": "import openai\nopenai.OpenAI(base_url='https://u:SECRET@h.example/v1')",
    "query": "X = 'https://api.openai.com/v1?api_key=SECRET'",
    "path": "import openai\n"
    "openai.OpenAI(base_url='https://h.example/key/SECRET0123456789SECRET0123456789')",
    "default": "import os, openai\nopenai.OpenAI(api_key=os.getenv('K', 'SECRET'))",
    "variable": "import os, openai\nopenai.OpenAI(api_key=os.environ['SECRET=1'])",
}


@pytest.mark.parametrize("code", SECRETS.values(), ids=SECRETS.keys())
def test_no_secret_is_told(tmp_path: Path, code: str) -> None:
    found = discover(tmp_path, code)
    assert found.components
    assert "SECRET" not in repr(found)


@pytest.mark.parametrize(
    ("key", "authenticated"),
    [
        ("'sk-1234'", True),
        ("os.environ['K']", True),
        ("settings.key", True),
        ("None", None),
        ("'EMPTY'", None),
        ("'not-needed'", None),
        ("''", None),
    ],
)
def test_a_credential_is_told_apart_from_a_dummy(
    tmp_path: Path, key: str, authenticated: object
) -> None:
    found = discover(tmp_path, f"import os, openai\nopenai.OpenAI(api_key={key})")
    assert facts(only(found)).authenticated is authenticated


def test_models_go_to_the_client_that_is_asked(tmp_path: Path) -> None:
    found = discover(
        tmp_path,
        "import openai, anthropic\n"
        "a = openai.OpenAI() if key else None\nb = anthropic.Anthropic()\n"
        "a.responses.create(model='one')\n"
        "b.messages.create(model='two')\n"
        "other.messages.create(model='claude-3')\n"
        "other.messages.create(model='unknown')\n",
    )
    models = {each.name: facts(each).models for each in found.components}
    assert models == {"OpenAI": ("one",), "Anthropic": ("claude-3", "two")}


def test_files_that_ask_the_same_service_are_one(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import openai\nopenai.OpenAI(api_key='sk-1')\n")
    (tmp_path / "c.py").write_text("X = 'https://api.openai.com/v1/responses'\n")
    found = discover(
        tmp_path, "import openai\nopenai.chat.completions.create(model='gpt-5')", "b.py"
    )
    component = only(found)
    assert [str(each) for each in component.locations] == ["a.py:2", "b.py:2", "c.py:1"]
    assert facts(component) == UsedServiceFacts(
        provider="OpenAI",
        category="model-api",
        endpoint="https://api.openai.com/v1/responses",
        models=("gpt-5",),
        authenticated=True,
        packages=("openai",),
    )


@pytest.mark.parametrize(
    "path", ["openai.py", "openai/__init__.py", "src/openai/__init__.py"]
)
def test_a_module_of_the_project_is_no_library(tmp_path: Path, path: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("class OpenAI: ...\n")
    assert not discover(tmp_path, "import openai\nopenai.OpenAI()")
    assert not discover(tmp_path, "from openai import OpenAI\nmake(OpenAI)")


def test_a_module_that_only_bears_its_name_inside_a_package_hides_no_library(
    tmp_path: Path,
) -> None:
    code = "from openai import OpenAI\nOpenAI()"
    assert only(discover(tmp_path, code, "providers/openai.py")).name == "OpenAI"


def test_a_model_that_two_files_load_is_one(tmp_path: Path) -> None:
    code = "from transformers import AutoModel as A\nA.from_pretrained('acme/m')\n"
    (tmp_path / "a.py").write_text(code)
    component = only(discover(tmp_path, code, "b.py"))
    assert component.ref == "pkg:huggingface/acme/m"
    assert [str(each) for each in component.locations] == ["a.py:2", "b.py:2"]


def hub(component: Component) -> tuple[Kind, str, str, Pin | None, str]:
    return (
        component.kind,
        component.name,
        str(component.purl),
        component.pin,
        component.requested,
    )


MODEL, DATA = Kind.MODEL, Kind.DATA
TRANSFORMERS = "from transformers import AutoModel, pipeline\n"
LOADED = {
    "floating": (
        TRANSFORMERS + "AutoModel.from_pretrained('acme/m')",
        (MODEL, "acme/m", "pkg:huggingface/acme/m", Pin.FLOATING, ""),
    ),
    "commit": (
        TRANSFORMERS + f"AutoModel.from_pretrained('acme/m', revision='{COMMIT}')",
        (MODEL, "acme/m", f"pkg:huggingface/acme/m@{COMMIT}", Pin.COMMIT, ""),
    ),
    "short-commit": (
        TRANSFORMERS + "AutoModel.from_pretrained('acme/m', revision='0123456')",
        (MODEL, "acme/m", "pkg:huggingface/acme/m", Pin.TAG, "0123456"),
    ),
    "commit-of-the-environment": (
        TRANSFORMERS + "import os\nAutoModel.from_pretrained('acme/m', "
        f"revision=os.getenv('R', '{COMMIT}'))",
        (MODEL, "acme/m", "pkg:huggingface/acme/m", Pin.TAG, COMMIT),
    ),
    "commit-or-else": (
        TRANSFORMERS + "AutoModel.from_pretrained('acme/m', "
        f"revision='{COMMIT}' if x else 'main')",
        (MODEL, "acme/m", "pkg:huggingface/acme/m", None, ""),
    ),
    "no-revision": (
        TRANSFORMERS + "AutoModel.from_pretrained('acme/m', revision=None)",
        (MODEL, "acme/m", "pkg:huggingface/acme/m", Pin.FLOATING, ""),
    ),
    "revision-of-a-variable": (
        TRANSFORMERS + "AutoModel.from_pretrained('acme/m', revision=args.r)",
        (MODEL, "acme/m", "pkg:huggingface/acme/m", None, ""),
    ),
    "unpacked": (
        TRANSFORMERS + "k = {}\nk['revision'] = r\n"
        "AutoModel.from_pretrained('acme/m', **k)",
        (MODEL, "acme/m", "pkg:huggingface/acme/m", None, ""),
    ),
    "unpacked-without": (
        TRANSFORMERS + "AutoModel.from_pretrained('acme/m', **k)",
        (MODEL, "acme/m", "pkg:huggingface/acme/m", Pin.FLOATING, ""),
    ),
    "revision-or-another": (
        TRANSFORMERS + "r = api.sha or 'unknown'\n"
        "AutoModel.from_pretrained('acme/m', revision=r)",
        (MODEL, "acme/m", "pkg:huggingface/acme/m", None, ""),
    ),
    "constant": (
        TRANSFORMERS + "M = 'acme/m'\nR = 'v1'\n"
        "AutoModel.from_pretrained(M, revision=R)",
        (MODEL, "acme/m", "pkg:huggingface/acme/m", Pin.TAG, "v1"),
    ),
    "pipeline": (
        TRANSFORMERS + "pipeline('text-generation', model='gpt2')",
        (MODEL, "gpt2", "pkg:huggingface/gpt2", Pin.FLOATING, ""),
    ),
    "download": (
        (
            "from huggingface_hub import hf_hub_download\n"
            f"hf_hub_download('acme/m', 'w.gguf', revision='{COMMIT}')"
        ),
        (MODEL, "acme/m", f"pkg:huggingface/acme/m@{COMMIT}", Pin.COMMIT, ""),
    ),
    "data-set": (
        "from datasets import load_dataset\nload_dataset('acme/d', revision='main')",
        (DATA, "acme/d", "pkg:huggingface/acme/d?repo_type=dataset", Pin.TAG, "main"),
    ),
    "snapshot-of-a-data-set": (
        (
            "import huggingface_hub as h\n"
            "h.snapshot_download('acme/d', repo_type='dataset')"
        ),
        (DATA, "acme/d", "pkg:huggingface/acme/d?repo_type=dataset", Pin.FLOATING, ""),
    ),
    "sentence-transformers": (
        (
            "from sentence_transformers import SentenceTransformer\n"
            "SentenceTransformer('all-MiniLM-L6-v2')"
        ),
        (
            MODEL,
            "sentence-transformers/all-MiniLM-L6-v2",
            "pkg:huggingface/sentence-transformers/all-MiniLM-L6-v2",
            Pin.FLOATING,
            "",
        ),
    ),
    "vllm": (
        "from vllm import LLM\nLLM(model='acme/m')",
        (MODEL, "acme/m", "pkg:huggingface/acme/m", Pin.FLOATING, ""),
    ),
    "torch-hub": (
        "import torch\ntorch.hub.load('acme/r:v1', 'net')",
        (MODEL, "acme/r:net", "pkg:github/acme/r@v1", Pin.TAG, "v1"),
    ),
    "torch-hub-floating": (
        "from torch import hub\nhub.load('acme/r', 'net')",
        (MODEL, "acme/r:net", "pkg:github/acme/r", Pin.FLOATING, ""),
    ),
}


@pytest.mark.parametrize(("code", "expected"), LOADED.values(), ids=LOADED.keys())
def test_what_is_loaded_from_a_hub_says_how_firm_it_is(
    tmp_path: Path, code: str, expected: tuple[Kind, str, str, Pin | None, str]
) -> None:
    component = only(discover(tmp_path, code))
    assert hub(component) == expected
    assert component.basis is Basis.DECLARED
    assert component.artifacts == ()


NOT_LOADED = {
    "path": TRANSFORMERS + "AutoModel.from_pretrained('./m')",
    "absolute": TRANSFORMERS + "AutoModel.from_pretrained('/srv/m')",
    "folder-of-the-project": TRANSFORMERS + "AutoModel.from_pretrained('models/m')",
    "there": TRANSFORMERS + "AutoModel.from_pretrained('acme/here')",
    "written-before": TRANSFORMERS
    + "m.save_pretrained('acme/m')\nAutoModel.from_pretrained('acme/m')",
    "variable": TRANSFORMERS + "AutoModel.from_pretrained(name)",
    "builder": "from datasets import load_dataset\nload_dataset('csv', data_files='x')",
    "space": "from huggingface_hub import snapshot_download as s\n"
    "s('acme/x', repo_type='space')",
    "another-library": "from mine import AutoModel\nimport transformers\n"
    "AutoModel.from_pretrained('acme/m')",
    "torch-hub-local": "import torch\ntorch.hub.load('acme/r', 'n', source='local')",
    "another-LLM": "from transformers import x\nfrom mine import LLM\nLLM('acme/m')",
}


@pytest.mark.parametrize("code", NOT_LOADED.values(), ids=NOT_LOADED.keys())
def test_what_is_of_the_project_comes_from_no_hub(tmp_path: Path, code: str) -> None:
    (tmp_path / "acme" / "here").mkdir(parents=True)
    found = discover(tmp_path, code)
    assert found.components == ()
    assert found.gaps == ()


@pytest.mark.parametrize(
    ("trust", "remote"),
    [("True", (ANY_CODE,)), ("T", (ANY_CODE,)), ("False", ()), ("None", ())],
)
def test_trust_in_code_of_a_hub_is_told(
    tmp_path: Path, trust: str, remote: tuple[str, ...]
) -> None:
    code = (
        f"T = True\n{TRANSFORMERS}"
        f"AutoModel.from_pretrained('acme/m', trust_remote_code={trust})"
    )
    expected = ModelFacts(format="hugging-face", remote_code=remote)
    assert only(discover(tmp_path, code)).facts == expected


LOAD = TRANSFORMERS + "AutoModel.from_pretrained('acme/m', {})\n"
TRUSTED = {
    "one": LOAD.format("trust_remote_code=1"),
    "not-false": LOAD.format("trust_remote_code=not False"),
    "default-of-a-getter": LOAD.format("trust_remote_code=c.get('trust', True)"),
    "chosen": LOAD.format("trust_remote_code=True if x else False"),
    "or": LOAD.format("trust_remote_code=args.trust or True"),
    "unpacked": LOAD.format("**{'trust_remote_code': True}"),
    "unpacked-twice": LOAD.format("**{**{'trust_remote_code': True}}"),
    "unpacked-name": "o = {'trust_remote_code': True}\n" + LOAD.format("**o"),
    "unpacked-dict": "o = dict(trust_remote_code=True)\n" + LOAD.format("**o"),
    "unpacked-copy": "o = dict(trust_remote_code=True)\n" + LOAD.format("**o.copy()"),
    "merged": "o = {'trust_remote_code': True}\n" + LOAD.format("**(o | {'a': 1})"),
    "put": "o = {}\no['trust_remote_code'] = True\n" + LOAD.format("**o"),
    "updated": "o = {}\no.update(trust_remote_code=True)\n" + LOAD.format("**o"),
    "updated-by-a-dict": "o = {}\no.update({'trust_remote_code': True})\n"
    + LOAD.format("**o"),
    "set-by-default": "o = {}\no.setdefault('trust_remote_code', True)\n"
    + LOAD.format("**o"),
    "attribute": "class A:\n  def __init__(self):\n    self.t = True\n"
    f"  def b(self):\n    {LOAD.format('trust_remote_code=self.t').splitlines()[-1]}\n"
    + TRANSFORMERS,
    "partial": TRANSFORMERS + "from functools import partial\n"
    "load = partial(AutoModel.from_pretrained, trust_remote_code=True)\n"
    "load('acme/m')",
    "partial-at-once": TRANSFORMERS + "import functools\n"
    "functools.partial(AutoModel.from_pretrained, trust_remote_code=True)('acme/m')",
    "another-name": TRANSFORMERS + "load = AutoModel.from_pretrained\n"
    "load('acme/m', trust_remote_code=True)",
}


@pytest.mark.parametrize("code", TRUSTED.values(), ids=TRUSTED.keys())
def test_trust_is_told_by_whatever_way_it_comes(tmp_path: Path, code: str) -> None:
    expected = ModelFacts(format="hugging-face", remote_code=(ANY_CODE,))
    assert only(discover(tmp_path, code)).facts == expected


UNTRUSTED = {
    "option": LOAD.format("trust_remote_code=args.trust"),
    "off-by-default": LOAD.format("trust_remote_code=c.get('trust', False)"),
    "word": LOAD.format("trust_remote_code='false'"),
    "another-key": LOAD.format("**{'x': True}"),
    "another-dictionary": "o = {'trust_remote_code': True}\n" + LOAD.format("**p"),
    "unknown": LOAD.format("**kwargs"),
    "overridden": "from functools import partial\n"
    + TRANSFORMERS
    + "partial(AutoModel.from_pretrained, trust_remote_code=True)("
    "'acme/m', trust_remote_code=False)",
}


@pytest.mark.parametrize("code", UNTRUSTED.values(), ids=UNTRUSTED.keys())
def test_no_trust_is_told_where_none_is_written(tmp_path: Path, code: str) -> None:
    expected = ModelFacts(format="hugging-face")
    assert only(discover(tmp_path, code)).facts == expected


def test_large_dictionaries_do_not_take_long(tmp_path: Path) -> None:
    options = f"o = {{{'1:1,' * 60_000}}}\n"
    calls = "pipeline('x', 'a/b', **o)\n" * 8_000
    found = discover(tmp_path, TRANSFORMERS + options + calls)
    assert len(only(found).locations) == 8_000


MOVED = {
    "loop": f"r = '{COMMIT}'\nfor r in names: " + LOAD.splitlines()[-1],
    "tuple": f"r = '{COMMIT}'\nr, x = names\n" + LOAD.splitlines()[-1],
    "added": f"r = '{COMMIT}'\nr += x\n" + LOAD.splitlines()[-1],
    "chosen": f"r = '{COMMIT}' if x else y\n" + LOAD.splitlines()[-1],
}


@pytest.mark.parametrize("code", MOVED.values(), ids=MOVED.keys())
def test_a_name_that_is_assigned_anew_is_no_commit(tmp_path: Path, code: str) -> None:
    text = TRANSFORMERS + code.format("revision=r")
    assert only(discover(tmp_path, text)).pin is None


def test_a_function_of_the_hub_is_known_by_another_name(tmp_path: Path) -> None:
    code = "from sentence_transformers import SentenceTransformer as S\nS('acme/m')"
    assert only(discover(tmp_path, code)).name == "acme/m"


def test_a_data_set_is_no_model(tmp_path: Path) -> None:
    code = "from datasets import load_dataset\nload_dataset('squad')"
    assert only(discover(tmp_path, code)).facts == DataFacts(format="hugging-face")


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("load_dataset('acme/d', trust_remote_code=True)", ("*",)),
        ("load_dataset('acme/d', **{'trust_remote_code': True})", ("*",)),
        ("load_dataset_builder('acme/d', trust_remote_code=1)", ("*",)),
        ("load_dataset('acme/d', trust_remote_code=False)", ()),
    ],
)
def test_a_data_set_may_run_code_of_its_own(
    tmp_path: Path, call: str, code: tuple[str, ...]
) -> None:
    text = f"from datasets import load_dataset, load_dataset_builder\n{call}"
    component = only(discover(tmp_path, text))
    assert component.facts == DataFacts(format="hugging-face", remote_code=code)


def test_code_of_a_data_set_that_is_chosen_at_run_time_is_told(tmp_path: Path) -> None:
    text = "from datasets import load_dataset\nload_dataset(x, trust_remote_code=True)"
    component = only(discover(tmp_path, text))
    assert component.name == "a data set that is chosen at run time"
    assert component.facts == DataFacts(remote_code=("*",))


def notebook(*cells: object, **more: object) -> str:
    listed = [
        {"cell_type": "code", "source": each, "outputs": [], "metadata": {}}
        for each in cells
    ]
    return json.dumps({"cells": listed, "metadata": {}, "nbformat": 4} | more)


def test_a_notebook_is_read_cell_by_cell(tmp_path: Path) -> None:
    text = notebook(
        ["%pip install openai\n", "import openai\n", "files = !ls\n", "openai?\n"],
        "%%bash\nimport nonsense (",
        "client = openai.OpenAI()\nx = (1\n     % 2)\n",
        "client.responses.create(model='gpt-5')",
    )
    component = only(discover(tmp_path, text, "a.ipynb"))
    assert component.locations == (Location(path="a.ipynb", pointer="/cells/2/source"),)
    assert facts(component).models == ("gpt-5",)


def test_a_notebook_in_another_language_is_not_read(tmp_path: Path) -> None:
    kernel = {"kernelspec": {"language": "R"}}
    text = notebook("from openai import x (", metadata=kernel)
    assert not discover(tmp_path, text, "a.ipynb")


QUIET = "\n# import openai\n"
"""A comment that nothing comes of, and for which any code is parsed."""
SEEN_AT_A_GLANCE = {
    "continued-line": "import os, \\\n openai\nopenai.OpenAI()",
    "continued-from": "from \\\r\n openai import OpenAI\r\nOpenAI()",
    "form-feed": "import\x0copenai\nopenai.OpenAI()",
    "many-before": f"import {'some_module, ' * 99} openai as o\no.OpenAI()",
    "wide-letters": "import \uff4fpenai as o\no.OpenAI()",
    "brackets": "from openai import (\n  OpenAI,\n)\nOpenAI()",
    "import-module": "from importlib import import_module\n"
    "import_module (u'openai').OpenAI()",
    "three-quotes": "__import__('''openai''').OpenAI()",
    "torch-alias": "import torch as t\nt.hub.load('acme/r', 'n')",
    "torch-brackets": "from torch import (\n hub)\nhub.load('acme/r', 'n')",
    "chain": "import os, langchain_openai as c\nc.ChatOpenAI()",
    "address": "x = 'https://acme.openai.azure.com/x'",
    "after-a-semicolon": "import os;import openai;openai.OpenAI()",
    "in-a-function": "def f(): import openai; openai.OpenAI()",
}


@pytest.mark.parametrize("code", SEEN_AT_A_GLANCE.values(), ids=SEEN_AT_A_GLANCE.keys())
def test_what_asks_is_seen_before_it_is_parsed(tmp_path: Path, code: str) -> None:
    assert discover(tmp_path, code).components


SNIPPETS = (
    *(each[0] for each in (*SERVICES.values(), *LOADED.values())),
    *(*NOTHING.values(), *SECRETS.values(), *NOT_LOADED.values()),
    *SEEN_AT_A_GLANCE.values(),
)


@pytest.mark.parametrize("code", SNIPPETS, ids=range(len(SNIPPETS)))
def test_nothing_is_lost_where_code_is_not_parsed(tmp_path: Path, code: str) -> None:
    found = discover(tmp_path / "a", code)
    parsed = discover(tmp_path / "b", code + QUIET)
    assert found.components == parsed.components


def test_letters_of_a_notebook_may_be_written_as_numbers(tmp_path: Path) -> None:
    text = notebook("import openai\nopenai.OpenAI()").replace("openai", "\\u006fpenai")
    assert only(discover(tmp_path, text, "a.ipynb")).name == "OpenAI"


def test_an_encoding_that_hides_names_is_a_gap(tmp_path: Path) -> None:
    code = "# coding: utf-7\n" + "import openai".encode("utf-7").decode()
    code = code.replace("openai", "+AG8AcABlAG4AYQBp-")
    (gap,) = discover(tmp_path, code).gaps
    assert gap.state is State.UNSUPPORTED


HOSTILE = {
    "syntax": (b"import openai\nopenai.OpenAI(\n", State.PARTIAL),
    "deep-brackets": (b"import openai\nx = " + b"(" * 5_000, State.PARTIAL),
    "deep-minus": (b"import openai\nx = " + b"-" * 200_000 + b"1", State.PARTIAL),
    "deep-dots": (b"import openai\nx = a" + b".a" * 100_000, State.PARTIAL),
    "null-byte": (b"import openai\n\0", State.PARTIAL),
    "huge-number": (b"import openai\nx = " + b"9" * 10_000, State.PARTIAL),
    "newer-syntax": (
        b"import openai\nopenai.OpenAI()\ntype X[T: (int)] = T[!\n",
        State.PARTIAL,
    ),
    "too-much": (b"import openai\n" + b"x = 1\n" * 200_000, State.PARTIAL),
    "too-much-that-may-trust": (
        b"import openai\n" + b"x = 1\n" * 200_000 + b"f(trust_remote_code=True)",
        State.LIMIT,
    ),
}


@pytest.mark.parametrize(("data", "state"), HOSTILE.values(), ids=HOSTILE.keys())
def test_code_that_cannot_be_parsed_is_a_gap_and_its_imports_are_told(
    tmp_path: Path, data: bytes, state: State
) -> None:
    found = discover(tmp_path, data)
    assert [each.state for each in found.gaps] == [state]
    assert [each.name for each in found.components] == ["OpenAI"]
    assert found.components[0].location == Location(path="app.py", line=1)


def test_what_only_looks_like_an_import_is_none_in_broken_code(tmp_path: Path) -> None:
    code = '"""\nimport openai\n"""\n# import groq\nx = (\nimport anthropic as a\n'
    found = discover(tmp_path, code)
    assert [each.name for each in found.components] == ["Anthropic"]
    assert found.components[0].location.line == 6


UNREADABLE = {
    "encoding": (b"# coding: utf-7\nimport openai\n", "a.py", State.UNSUPPORTED),
    "escapes": (b"# coding: unicode_escape\nimport openai", "a.py", State.UNSUPPORTED),
    "no-json": (b"{import openai", "a.ipynb", State.UNREADABLE),
    "no-notebook": (b'{"cells": 1, "x": "import openai"}', "a.ipynb", State.UNREADABLE),
    "no-cell": (b'{"cells": [1, "import openai"]}', "a.ipynb", State.UNREADABLE),
}


@pytest.mark.parametrize(
    ("data", "name", "state"), UNREADABLE.values(), ids=UNREADABLE.keys()
)
def test_what_cannot_be_read_is_a_gap(
    tmp_path: Path, data: bytes, name: str, state: State
) -> None:
    found = discover(tmp_path, data, name)
    assert [each.state for each in found.gaps] == [state]


READ_ANYWAY = {
    "latin": b"# coding: latin-1\nimport openai\nopenai.OpenAI() # \xe9",
    "wrong-byte": b"import openai\nopenai.OpenAI() # \xe9",
    "byte-order-mark": b"\xef\xbb\xbfimport openai\nopenai.OpenAI()",
    "old-line-ends": b"import openai\r\nopenai.OpenAI()\r\n",
    "recursive-names": b"import openai\na = b\nb = a\na.b()\nopenai.OpenAI()",
    "recursive-texts": b"import openai\nopenai.OpenAI(api_key=a)\na = a or a + a",
    "unpacked": b"import openai\nopenai.OpenAI(*a, **{**b})",
    "bad-escape": b"import openai\nopenai.OpenAI()\nx = '\\d'",
}


@pytest.mark.parametrize("data", READ_ANYWAY.values(), ids=READ_ANYWAY.keys())
def test_odd_code_is_read(tmp_path: Path, data: bytes) -> None:
    assert only(discover(tmp_path, data)).name == "OpenAI"


def test_names_that_mean_each_other_do_not_take_long(tmp_path: Path) -> None:
    names = [f"a{n}" for n in range(8)]
    web = "\n".join(f"{a} = {' or '.join(names)}" for a in names * 8)
    code = f"import openai\n{web}\n" + "openai.OpenAI(base_url=a0)\n" * 200
    found = discover(tmp_path, code)
    assert {facts(each).provider for each in found.components} == {"unknown"}


def test_more_services_than_anybody_has_are_a_limit(tmp_path: Path) -> None:
    code = "import openai\n" + "\n".join(
        f"openai.OpenAI(base_url='https://h{n}.example')" for n in range(600)
    )
    found = discover(tmp_path, code)
    assert len(found.components) == 500
    assert [each.state for each in found.gaps] == [State.LIMIT]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.sampled_from(["a.py", "a.ipynb"]))
def test_any_bytes_are_read_or_leave_a_gap(
    tmp_path: Path, data: bytes, name: str
) -> None:
    found = discover(tmp_path, b"import openai\n" + data, name)
    assert found.gaps or found.components or name == "a.py"


def test_only_code_in_python_is_wanted(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    wanted = {
        name: DISCOVERER.wants(File(tree=tree, path=name))
        for name in ("a.py", "A.PY", "a.ipynb", "a.pyi", "a.pyc", "py", "a.txt")
    }
    assert [name for name, yes in wanted.items() if yes] == ["a.py", "A.PY", "a.ipynb"]


@pytest.mark.parametrize(
    "call",
    [
        'AutoModel.from_pretrained(os.environ["MODEL"], trust_remote_code=True)',
        "AutoModel.from_pretrained(cfg.name, trust_remote_code=True)",
        "AutoModel.from_pretrained(M, trust_remote_code=True)",
        'AutoModel.from_pretrained(cfg["name"], **{"trust_remote_code": True})',
    ],
)
def test_code_that_is_trusted_is_told_of_whatever_model_it_is(
    call: str, tmp_path: Path
) -> None:
    code = f"import os\nfrom transformers import AutoModel\n{call}\n"
    (tmp_path / "app.py").write_text(code)
    found = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    (model,) = (each for each in found.components if each.kind is Kind.MODEL)
    assert isinstance(model.facts, ModelFacts)
    assert model.facts.remote_code == (ANY_CODE,)
    assert (model.purl, model.location.line) == (None, 3)


@pytest.mark.parametrize("trust", ["False", "None", "0"])
def test_a_model_that_is_chosen_at_run_time_and_not_trusted_is_nothing(
    trust: str, tmp_path: Path
) -> None:
    call = f"AutoModel.from_pretrained(cfg.name, trust_remote_code={trust})"
    (tmp_path / "app.py").write_text(f"from transformers import AutoModel\n{call}\n")
    found = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert not found.components


def test_code_that_names_no_function_that_loads_is_not_parsed(tmp_path: Path) -> None:
    assert {each.decode() for each in LOADERS} == {*_LOADERS}
    start = "from transformers import AutoModel\n"
    assert not discover(tmp_path, f"{start}this is (no code\n")
    assert discover(tmp_path, f"{start}AutoModel.from_pretrained((\n").gaps
    wide = "AutoModel.\uff46rom_pretrained('acme/m')\n"
    assert only(discover(tmp_path, start + wide)).name == "acme/m"
