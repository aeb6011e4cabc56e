"""By which packages JavaScript code asks a service."""

import re
from typing import Final

from mcpchain.ai_providers import NAMED
from mcpchain.used_services import Client

_PACKAGES: Final = {
    "openai": "OpenAI",
    "@azure/openai": "Azure OpenAI *",
    "@azure-rest/ai-inference": "Azure AI *",
    "@anthropic-ai/sdk": "Anthropic",
    "@anthropic-ai/bedrock-sdk": "Amazon Bedrock *",
    "@anthropic-ai/vertex-sdk": "Google Vertex AI *",
    "@google/genai": "Google Gemini",
    "@google/generative-ai": "Google Gemini",
    "@google-cloud/vertexai": "Google Vertex AI *",
    "@google-cloud/aiplatform": "Google Vertex AI *",
    "@aws-sdk/client-bedrock": "Amazon Bedrock *",
    "@aws-sdk/client-bedrock-runtime": "Amazon Bedrock *",
    "@aws-sdk/client-bedrock-agent-runtime": "Amazon Bedrock *",
    "@aws-sdk/client-sagemaker-runtime": "Amazon SageMaker *",
    "@mistralai/mistralai": "Mistral AI",
    "cohere-ai": "Cohere",
    "groq-sdk": "Groq",
    "together-ai": "Together AI",
    "replicate": "Replicate",
    "@huggingface/inference": "Hugging Face Inference",
    "@cerebras/cerebras_cloud_sdk": "Cerebras",
    "@ibm-cloud/watsonx-ai": "IBM watsonx *",
    "@openrouter/ai-sdk-provider": "OpenRouter",
    "@openrouter/sdk": "OpenRouter",
    "@perplexity-ai/perplexity_ai": "Perplexity",
    "portkey-ai": "Portkey",
    "@fal-ai/client": "fal",
    "@fal-ai/serverless-client": "fal",
    "ollama": "Ollama",
    "@lmstudio/sdk": "LM Studio",
    "ollama-ai-provider": "Ollama",
    "ollama-ai-provider-v2": "Ollama",
    "voyageai": "Voyage AI",
    "elevenlabs": "ElevenLabs",
    "@elevenlabs/elevenlabs-js": "ElevenLabs",
    "@deepgram/sdk": "Deepgram",
    "assemblyai": "AssemblyAI",
    "@cartesia/cartesia-js": "Cartesia",
    "@pinecone-database/pinecone": "Pinecone *",
    "weaviate-client": "Weaviate",
    "weaviate-ts-client": "Weaviate",
    "@qdrant/js-client-rest": "Qdrant",
    "@qdrant/js-client-grpc": "Qdrant",
    "@qdrant/qdrant-js": "Qdrant",
    "@zilliz/milvus2-sdk-node": "Milvus",
    "chromadb": "Chroma",
    "@upstash/vector": "Upstash Vector *",
    "@turbopuffer/turbopuffer": "Turbopuffer *",
    "pgvector": "pgvector",
    "langfuse": "Langfuse",
    "langfuse-langchain": "Langfuse",
    "@langfuse/tracing": "Langfuse",
    "@langfuse/client": "Langfuse",
    "@langfuse/otel": "Langfuse",
    "langsmith": "LangSmith",
    "@helicone/helpers": "Helicone",
    "braintrust": "Braintrust",
    "opik": "Opik",
    "weave": "Weights & Biases",
    "@traceloop/node-server-sdk": "Traceloop",
}
"""With a star: at an address of one's own there."""

_SCOPES: Final = re.compile(r"@(?:ai-sdk|langchain|llamaindex)/(?P<word>[\w-]+)")
_WORDS: Final = {
    "openai": "OpenAI",
    "openai-compatible": "OpenAI",
    "azure": "Azure OpenAI *",
    "anthropic": "Anthropic",
    "google": "Google Gemini",
    "google-genai": "Google Gemini",
    "google-vertex": "Google Vertex AI *",
    "google-vertexai": "Google Vertex AI *",
    "amazon-bedrock": "Amazon Bedrock *",
    "aws": "Amazon Bedrock *",
    "mistral": "Mistral AI",
    "mistralai": "Mistral AI",
    "cohere": "Cohere",
    "groq": "Groq",
    "togetherai": "Together AI",
    "together-ai": "Together AI",
    "fireworks": "Fireworks AI",
    "perplexity": "Perplexity",
    "deepseek": "DeepSeek",
    "xai": "xAI",
    "replicate": "Replicate",
    "huggingface": "Hugging Face Inference",
    "cerebras": "Cerebras",
    "deepinfra": "DeepInfra",
    "ollama": "Ollama",
    "voyage-ai": "Voyage AI",
    "elevenlabs": "ElevenLabs",
    "deepgram": "Deepgram",
    "assemblyai": "AssemblyAI",
    "fal": "fal",
    "gateway": "Vercel AI Gateway",
    "pinecone": "Pinecone *",
    "qdrant": "Qdrant",
    "weaviate": "Weaviate",
    "milvus": "Milvus",
    "upstash": "Upstash Vector *",
}
"""What follows the scope of a library that has a package for each provider."""
SPECIFIERS: Final = frozenset(each.encode() for each in _PACKAGES) | {b"ai"}
SCOPES: Final = (b"@ai-sdk/", b"@langchain/", b"@llamaindex/")
GATEWAY: Final = "ai"
"""Vercel's library, which asks its gateway where a model is a mere text."""
_DULL: Final = re.compile(
    r".*(?:Error|Exception|Parser|Message|Messages|Handler|Command|Schema|Tool|Params"
    r"|Type|Options|Config)|types|toFile|cosineSimilarity|Type|Role|SchemaType"
)


def client_of(specifier: str, name: str) -> Client | None:
    """Return how a service is asked by *name* of the package *specifier*, if one is.

    Args:
        specifier: What is imported, `openai` or `@ai-sdk/openai/internal`.
        name: What of it, as it is called there.
    """
    package = package_of(specifier)
    row = _PACKAGES.get(package)
    if row is None and (match := _SCOPES.fullmatch(package)):
        row = _WORDS.get(match["word"])
    if row is None or _DULL.fullmatch(name):
        return None
    if "Azure" in name:
        row = "Azure OpenAI *"
    elif name in {"CloudClient", "connectToWeaviateCloud", "connectToWCS"}:
        row = f"{row.removesuffix(' *')} *"
    product = row.removesuffix(" *")
    embeds = NAMED[product].category == "model-api" and "Embedding" in name
    return Client(
        product=product,
        category="embedding" if embeds else "",
        own=row.endswith(" *"),
        package=package,
    )


def package_of(specifier: str) -> str:
    """Return the package of which *specifier* names a part."""
    parts = specifier.split("/")
    return "/".join(parts[: 2 if specifier.startswith("@") else 1])
