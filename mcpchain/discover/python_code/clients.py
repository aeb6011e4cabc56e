"""By which names in Python code a service is asked."""

import re
from functools import lru_cache
from typing import Final

from mcpchain.ai_providers import NAMED
from mcpchain.used_services import Client

_CLIENTS: Final = {
    "openai": "OpenAI",
    "openai.AzureOpenAI": "Azure OpenAI *",
    "openai.AsyncAzureOpenAI": "Azure OpenAI *",
    "langfuse.openai": "OpenAI",
    "langfuse.openai.AzureOpenAI": "Azure OpenAI *",
    "langfuse.openai.AsyncAzureOpenAI": "Azure OpenAI *",
    "anthropic": "Anthropic",
    "anthropic.AnthropicBedrock": "Amazon Bedrock *",
    "anthropic.AsyncAnthropicBedrock": "Amazon Bedrock *",
    "anthropic.AnthropicVertex": "Google Vertex AI *",
    "anthropic.AsyncAnthropicVertex": "Google Vertex AI *",
    "anthropic.AnthropicFoundry": "Azure AI *",
    "google.genai": "Google Gemini",
    "google.generativeai": "Google Gemini",
    "google.cloud.aiplatform": "Google Vertex AI *",
    "vertexai": "Google Vertex AI *",
    "azure.ai.inference": "Azure AI *",
    "mistralai": "Mistral AI",
    "cohere": "Cohere",
    "groq": "Groq",
    "together": "Together AI",
    "fireworks": "Fireworks AI",
    "perplexity": "Perplexity",
    "xai_sdk": "xAI",
    "openrouter": "OpenRouter",
    "replicate": "Replicate",
    "huggingface_hub.InferenceClient": "Hugging Face Inference",
    "huggingface_hub.AsyncInferenceClient": "Hugging Face Inference",
    "huggingface_hub.InferenceApi": "Hugging Face Inference",
    "cerebras.cloud.sdk": "Cerebras",
    "sambanova": "SambaNova",
    "ai21": "AI21",
    "dashscope": "Alibaba Model Studio",
    "zhipuai": "Zhipu AI",
    "zai": "Zhipu AI",
    "ibm_watsonx_ai": "IBM watsonx *",
    "portkey_ai": "Portkey",
    "fal_client": "fal",
    "ollama": "Ollama",
    "lmstudio": "LM Studio",
    "voyageai": "Voyage AI",
    "nomic.embed": "Nomic",
    "elevenlabs": "ElevenLabs",
    "deepgram": "Deepgram",
    "assemblyai": "AssemblyAI",
    "cartesia": "Cartesia",
    "stability_sdk": "Stability AI",
    "pinecone": "Pinecone *",
    "weaviate.Client": "Weaviate",
    "weaviate.connect_to_local": "Weaviate",
    "weaviate.connect_to_custom": "Weaviate",
    "weaviate.use_async_with_local": "Weaviate",
    "weaviate.use_async_with_custom": "Weaviate",
    "weaviate.connect_to_wcs": "Weaviate *",
    "weaviate.connect_to_weaviate_cloud": "Weaviate *",
    "weaviate.use_async_with_weaviate_cloud": "Weaviate *",
    "qdrant_client.QdrantClient": "Qdrant",
    "qdrant_client.AsyncQdrantClient": "Qdrant",
    "pymilvus.MilvusClient": "Milvus",
    "pymilvus.AsyncMilvusClient": "Milvus",
    "pymilvus.connections.connect": "Milvus",
    "chromadb.HttpClient": "Chroma",
    "chromadb.AsyncHttpClient": "Chroma",
    "chromadb.CloudClient": "Chroma *",
    "pgvector": "pgvector",
    "turbopuffer": "Turbopuffer *",
    "lancedb.connect": "LanceDB *",
    "lancedb.connect_async": "LanceDB *",
    "upstash_vector": "Upstash Vector *",
    "langfuse": "Langfuse",
    "langsmith": "LangSmith",
    "wandb": "Weights & Biases",
    "weave": "Weights & Biases",
    "opik": "Opik",
    "agentops": "AgentOps",
    "braintrust": "Braintrust",
    "traceloop.sdk": "Traceloop",
    "arize.otel": "Arize",
    "phoenix.otel": "Phoenix",
}
"""Modules, and names in them. With a star: at an address of one's own there."""

MANY: Final = frozenset(
    {
        *("litellm.completion", "litellm.acompletion", "litellm.text_completion"),
        *("litellm.embedding", "litellm.aembedding", "litellm.responses"),
        *("litellm.aresponses", "litellm.rerank", "litellm.arerank"),
        *("litellm.image_generation", "litellm.transcription", "litellm.speech"),
        *("litellm.atext_completion", "litellm.aimage_generation"),
        *("dspy.LM", "dspy.Embedder", "crewai.LLM", "crewai.Agent"),
        *("instructor.from_provider", "pydantic_ai.Agent", "pydantic_ai.Embedder"),
        *("smolagents.LiteLLMModel", "agents.extensions.models.litellm_model"),
        *("google.adk.models.lite_llm.LiteLlm", "strands.models.litellm"),
    }
)
"""What asks whichever provider the name of the model says."""
CHOOSERS: Final = frozenset({"init_chat_model", "init_embeddings"})
"""The same, in packages whose modules move."""

_FRAMEWORKS: Final = re.compile(
    r"langchain\w*|llama_index|haystack|haystack_integrations|semantic_kernel|agno"
    r"|autogen_ext|strands|smolagents|pydantic_ai|camel"
)
_WRAPPED: Final = (
    (r"VLLMOpenAI", "vLLM"),
    (r"Azure(?:Chat)?OpenAI|AzureChatCompletion|AzureText", "Azure OpenAI *"),
    (r"AzureAI", "Azure AI *"),
    (r"OpenAI", "OpenAI"),
    (r"Anthropic(?:Vertex)|VertexAI|Vertex|GoogleVertex", "Google Vertex AI *"),
    (r"Anthropic|Claude", "Anthropic"),
    (r"Bedrock|AmazonBedrock", "Amazon Bedrock *"),
    (r"GoogleGenerativeAI|GoogleGenAI|GoogleAI|Gemini|Google", "Google Gemini"),
    (r"Mistral", "Mistral AI"),
    (r"Cohere", "Cohere"),
    (r"Groq", "Groq"),
    (r"Together", "Together AI"),
    (r"Fireworks", "Fireworks AI"),
    (r"Perplexity", "Perplexity"),
    (r"Deep[Ss]eek", "DeepSeek"),
    (r"XAI|xAI|Grok", "xAI"),
    (r"OpenRouter", "OpenRouter"),
    (r"Replicate", "Replicate"),
    (
        r"HuggingFace(?:Endpoint|InferenceAPI|API|Model)|InferenceClient|HfApi",
        "Hugging Face Inference",
    ),
    (r"Ollama", "Ollama"),
    (r"Voyage", "Voyage AI"),
    (r"Jina", "Jina AI"),
    (r"NVIDIA|Nvidia", "NVIDIA NIM"),
    (r"Watsonx|WatsonX", "IBM watsonx *"),
    (r"Databricks", "Databricks *"),
    (r"Cerebras", "Cerebras"),
    (r"SambaNova", "SambaNova"),
    (r"Pinecone", "Pinecone *"),
    (r"Qdrant", "Qdrant"),
    (r"Weaviate", "Weaviate"),
    (r"Milvus", "Milvus"),
    (r"Zilliz", "Zilliz *"),
    (r"PGVector|PGEngine|Pgvector", "pgvector"),
    (r"UpstashVector", "Upstash Vector *"),
    (r"Langfuse", "Langfuse"),
)
"""How classes begin that a library for many providers has for one."""
_CLASSES: Final = tuple(
    (re.compile(rf"(?:Async)?(?:Chat)?(?:{start})"), name) for start, name in _WRAPPED
)
_NO_CLIENT: Final = re.compile(
    r".*(?:Parser|Handler|Settings|Config|Messages?|Formatter|Options|Params|Tools?"
    r"|Toolkit|Agent|Name|Info|Schema|Profile|Tokenizer|Loader|Retriever|Prompt"
    r"|Type|Filter|Base)"
)
_DULL: Final = re.compile(
    r"(?:.*(?:Error|Exception|Warning)|_?types|_?exceptions?|errors|__version__)"
)
_SPLIT: Final = re.compile(r"\(\)|\[\]")

ROOTS: Final = frozenset(
    {name.partition(".")[0].encode() for name in (*_CLIENTS, *MANY)}
    | {b"agno", b"autogen_ext", b"camel", b"haystack", b"haystack_integrations"}
    | {b"llama_index", b"pydantic_ai", b"semantic_kernel", b"smolagents", b"strands"}
)


@lru_cache(maxsize=4096)
def client_by(origin: str) -> Client | None:
    """Return how a service is asked by what *origin* names, if one is.

    Args:
        origin: A name with the module that it is from, `openai.OpenAI`, perhaps with
            what is done with it: `openai.OpenAI().chat.completions.create`.
    """
    path = _SPLIT.split(origin, maxsplit=1)[0].rstrip(".").split(".")
    if any(map(_DULL.fullmatch, path[1:])):
        return None
    for length in range(min(len(path), 4), 0, -1):
        if row := _CLIENTS.get(".".join(path[:length])):
            return _client(row, path[0])
    if _FRAMEWORKS.fullmatch(path[0]):
        return _wrapped(path)
    return None


@lru_cache(maxsize=4096)
def asks_many(origin: str) -> bool:
    """Say whether *origin* asks whichever provider the name of the model says."""
    path = origin.split(".")
    if path[0].startswith("langchain"):
        return path[-1] in CHOOSERS
    return any(".".join(path[:length]) in MANY for length in range(2, len(path) + 1))


def is_dull(name: str) -> bool:
    """Say whether *name* in a client library asks nobody: an error, a type."""
    return _DULL.fullmatch(name) is not None


def _wrapped(path: list[str]) -> Client | None:
    """Return the client that a class of a library for many providers stands for."""
    name = next((each for each in path[1:] if each[:1].isupper()), "")
    if not name or _NO_CLIENT.fullmatch(name):
        return None
    for pattern, row in _CLASSES:
        if match := pattern.match(name):
            return _client(row, path[0], name[match.end() :])
    return None


def _client(row: str, package: str, rest: str = "") -> Client:
    product = row.removesuffix(" *")
    category = ""
    if NAMED[product].category == "model-api":
        if re.search(r"Embed", rest):
            category = "embedding"
        elif re.search(r"Rerank|Ranker", rest):
            category = "reranking"
    return Client(
        product=product,
        category=category,
        own=row.endswith(" *"),
        package=package,
    )
