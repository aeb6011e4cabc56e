"""Services that AI systems talk to, and by what they are known in code.

One table per kind of sign: the hosts that answer, the variables that hold keys, and the
prefixes that libraries for many providers put before the name of a model.
"""

import re
from dataclasses import dataclass
from typing import Final

SELF_HOSTED: Final = "self-hosted"
UNKNOWN: Final = "unknown"
"""Whoever runs it: the code does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who runs a service, and by what signs it is known."""

    name: str
    category: str = "model-api"
    hosts: tuple[str, ...] = ()
    """Hosts of its API. With a dot in front: every host below, one per customer."""
    keys: tuple[str, ...] = ()
    """Variables that hold a credential for it."""
    prefixes: tuple[str, ...] = ()
    """What stands before the name of a model: `groq/…`, `groq:…`."""


def _of(
    name: str, hosts: str = "", keys: str = "", prefixes: str = "", category: str = ""
) -> Provider:
    return Provider(
        name=name,
        category=category or "model-api",
        hosts=tuple(hosts.split()),
        keys=tuple(keys.split()),
        prefixes=tuple(prefixes.split()),
    )


_VECTORS: Final = "vector-database"
_WATCH: Final = "observability"

PROVIDERS: Final[tuple[Provider, ...]] = (
    _of(
        "OpenAI",
        "api.openai.com eu.api.openai.com us.api.openai.com",
        "OPENAI_API_KEY OPENAI_KEY",
        "openai openai-chat openai-responses text-completion-openai",
    ),
    _of(
        "Azure OpenAI",
        ".openai.azure.com",
        "AZURE_OPENAI_API_KEY AZURE_OPENAI_KEY",
        "azure azure_openai",
    ),
    _of(
        "Azure AI",
        ".cognitiveservices.azure.com .services.ai.azure.com .inference.ai.azure.com "
        ".models.ai.azure.com",
        "AZURE_AI_API_KEY AZURE_INFERENCE_CREDENTIAL",
        "azure_ai",
    ),
    _of(
        "GitHub Models", "models.github.ai models.inference.ai.azure.com", "", "github"
    ),
    _of(
        "Anthropic",
        "api.anthropic.com",
        "ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN CLAUDE_API_KEY",
        "anthropic",
    ),
    _of("Amazon Bedrock", "", "AWS_BEARER_TOKEN_BEDROCK", "bedrock bedrock_converse"),
    _of("Amazon SageMaker", "", "", "sagemaker sagemaker_chat"),
    _of(
        "Google Gemini",
        "generativelanguage.googleapis.com",
        "GEMINI_API_KEY GOOGLE_GENERATIVE_AI_API_KEY GOOGLE_GENAI_API_KEY",
        "gemini google-gla google_genai google",
    ),
    _of(
        "Google Vertex AI",
        "aiplatform.googleapis.com",
        "",
        "vertex_ai google-vertex google_vertexai google_anthropic_vertex",
    ),
    _of(
        "Mistral AI",
        "api.mistral.ai codestral.mistral.ai",
        "MISTRAL_API_KEY CODESTRAL_API_KEY",
        "mistral codestral mistralai",
    ),
    _of(
        "Cohere",
        "api.cohere.com api.cohere.ai",
        "COHERE_API_KEY CO_API_KEY",
        "cohere cohere_chat",
    ),
    _of("Groq", "api.groq.com", "GROQ_API_KEY", "groq"),
    _of(
        "Together AI",
        "api.together.xyz api.together.ai",
        "TOGETHER_API_KEY TOGETHERAI_API_KEY TOGETHER_AI_API_KEY",
        "together_ai together",
    ),
    _of(
        "Fireworks AI",
        "api.fireworks.ai",
        "FIREWORKS_API_KEY FIREWORKS_AI_API_KEY",
        "fireworks_ai fireworks",
    ),
    _of(
        "Perplexity",
        "api.perplexity.ai",
        "PERPLEXITY_API_KEY PERPLEXITYAI_API_KEY PPLX_API_KEY",
        "perplexity",
    ),
    _of("DeepSeek", "api.deepseek.com", "DEEPSEEK_API_KEY", "deepseek"),
    _of("xAI", "api.x.ai .api.x.ai", "XAI_API_KEY GROK_API_KEY", "xai grok"),
    _of("OpenRouter", "openrouter.ai", "OPENROUTER_API_KEY", "openrouter"),
    _of("Replicate", "api.replicate.com", "REPLICATE_API_TOKEN", "replicate"),
    _of("Hugging Face Inference", ".endpoints.huggingface.cloud", "", "huggingface"),
    _of("Cerebras", "api.cerebras.ai", "CEREBRAS_API_KEY", "cerebras"),
    _of("SambaNova", "api.sambanova.ai", "SAMBANOVA_API_KEY", "sambanova"),
    _of(
        "NVIDIA NIM",
        "integrate.api.nvidia.com ai.api.nvidia.com",
        "NVIDIA_API_KEY NVIDIA_NIM_API_KEY",
        "nvidia_nim nvidia",
    ),
    _of(
        "IBM watsonx",
        ".ml.cloud.ibm.com",
        "WATSONX_API_KEY WATSONX_APIKEY WATSONX_TOKEN",
        "watsonx ibm",
    ),
    _of("Databricks", ".cloud.databricks.com .azuredatabricks.net", "", "databricks"),
    _of("AI21", "api.ai21.com", "AI21_API_KEY", "ai21"),
    _of(
        "Alibaba Model Studio",
        "dashscope.aliyuncs.com dashscope-intl.aliyuncs.com",
        "DASHSCOPE_API_KEY",
        "dashscope",
    ),
    _of(
        "Moonshot AI",
        "api.moonshot.ai api.moonshot.cn",
        "MOONSHOT_API_KEY",
        "moonshot moonshotai",
    ),
    _of(
        "Zhipu AI",
        "open.bigmodel.cn api.z.ai",
        "ZHIPUAI_API_KEY ZHIPU_API_KEY ZAI_API_KEY",
        "zai zhipu",
    ),
    _of("MiniMax", "api.minimax.io api.minimax.chat", "MINIMAX_API_KEY", "minimax"),
    _of("SiliconFlow", "api.siliconflow.cn api.siliconflow.com", "SILICONFLOW_API_KEY"),
    _of("Novita AI", "api.novita.ai", "NOVITA_API_KEY", "novita"),
    _of("DeepInfra", "api.deepinfra.com", "DEEPINFRA_API_KEY", "deepinfra"),
    _of("Nebius", "api.studio.nebius.ai api.studio.nebius.com", "NEBIUS_API_KEY"),
    _of("Hyperbolic", "api.hyperbolic.xyz", "HYPERBOLIC_API_KEY", "hyperbolic"),
    _of(
        "Cloudflare AI",
        "gateway.ai.cloudflare.com api.cloudflare.com",
        "CLOUDFLARE_AI_API_KEY",
        "cloudflare",
    ),
    _of(
        "Vercel AI Gateway",
        "ai-gateway.vercel.sh",
        "AI_GATEWAY_API_KEY",
        "vercel_ai_gateway",
    ),
    _of("fal", "fal.run queue.fal.run", "FAL_KEY FAL_API_KEY"),
    _of("Portkey", "api.portkey.ai", "PORTKEY_API_KEY"),
    _of("Ollama", "ollama.com", "", "ollama ollama_chat"),
    _of("vLLM", "", "", "hosted_vllm vllm"),
    _of("LM Studio", "", "", "lm_studio lmstudio"),
    _of("Voyage AI", "api.voyageai.com", "VOYAGE_API_KEY", "voyage", "embedding"),
    _of(
        "Jina AI",
        "api.jina.ai",
        "JINA_API_KEY JINAAI_API_KEY",
        "jina_ai jina",
        "embedding",
    ),
    _of("Nomic", "api-atlas.nomic.ai", "NOMIC_API_KEY", "nomic", "embedding"),
    _of("ElevenLabs", "api.elevenlabs.io", "ELEVENLABS_API_KEY", "", "speech"),
    _of("Deepgram", "api.deepgram.com", "DEEPGRAM_API_KEY", "deepgram", "speech"),
    _of("AssemblyAI", "api.assemblyai.com", "ASSEMBLYAI_API_KEY", "", "speech"),
    _of("Cartesia", "api.cartesia.ai", "CARTESIA_API_KEY", "", "speech"),
    _of(
        "Stability AI",
        "api.stability.ai",
        "STABILITY_API_KEY STABILITY_KEY",
        "stability",
        "image",
    ),
    _of("Pinecone", "api.pinecone.io", "PINECONE_API_KEY", "", _VECTORS),
    _of(
        "Weaviate",
        ".weaviate.cloud .weaviate.network",
        "WEAVIATE_API_KEY WCD_API_KEY WCS_API_KEY",
        "",
        _VECTORS,
    ),
    _of("Qdrant", ".cloud.qdrant.io", "QDRANT_API_KEY", "", _VECTORS),
    _of("Zilliz", ".zillizcloud.com", "ZILLIZ_API_KEY", "", _VECTORS),
    _of("Milvus", category=_VECTORS),
    _of("Chroma", "api.trychroma.com", "CHROMA_API_KEY", "", _VECTORS),
    _of("pgvector", category=_VECTORS),
    _of(
        "Turbopuffer",
        "api.turbopuffer.com .turbopuffer.com",
        "TURBOPUFFER_API_KEY",
        "",
        _VECTORS,
    ),
    _of("LanceDB", ".lancedb.com", "LANCEDB_API_KEY", "", _VECTORS),
    _of(
        "Upstash Vector",
        "",
        "UPSTASH_VECTOR_REST_TOKEN",
        "",
        _VECTORS,
    ),
    _of(
        "Langfuse",
        "cloud.langfuse.com us.cloud.langfuse.com",
        "LANGFUSE_SECRET_KEY LANGFUSE_PUBLIC_KEY",
        "",
        _WATCH,
    ),
    _of(
        "LangSmith",
        "api.smith.langchain.com eu.api.smith.langchain.com",
        "LANGSMITH_API_KEY LANGCHAIN_API_KEY",
        "",
        "tracing",
    ),
    _of(
        "Helicone",
        "oai.helicone.ai ai-gateway.helicone.ai",
        "HELICONE_API_KEY",
        "",
        _WATCH,
    ),
    _of("Weights & Biases", "api.wandb.ai", "WANDB_API_KEY", "", _WATCH),
    _of("LiteLLM"),
    _of("Opik", "", "OPIK_API_KEY", "", _WATCH),
    _of("AgentOps", "api.agentops.ai", "AGENTOPS_API_KEY", "", _WATCH),
    _of("Braintrust", "api.braintrust.dev", "BRAINTRUST_API_KEY", "", _WATCH),
    _of("Traceloop", "api.traceloop.com", "TRACELOOP_API_KEY", "", "tracing"),
    _of("Arize", "otlp.arize.com", "ARIZE_API_KEY", "", "tracing"),
    _of("Phoenix", "app.phoenix.arize.com", "PHOENIX_API_KEY", "", "tracing"),
)

PROGRAMS: Final = {
    "Ollama": 11434,
    "vLLM": 8000,
    "LM Studio": 1234,
    "Qdrant": 6333,
    "Weaviate": 8080,
    "Milvus": 19530,
    "Chroma": 8000,
    "pgvector": 5432,
    "Phoenix": 6006,
    "LiteLLM": 4000,
}
"""Programs that anybody may run, and the ports on which they answer by default: without
an address they are asked on this machine."""

NAMED: Final = {each.name: each for each in PROVIDERS}
_EXACT: Final = {
    host: each for each in PROVIDERS for host in each.hosts if host[0] != "."
}
_BELOW: Final = tuple(
    (host, each) for each in PROVIDERS for host in each.hosts if host[0] == "."
)
_PATTERNS: Final = (
    (
        re.compile(r"bedrock[a-z-]{0,30}\.[\w-]+\.amazonaws\.com(?:\.cn)?"),
        "Amazon Bedrock",
    ),
    (
        re.compile(r"runtime\.sagemaker\.[\w-]+\.amazonaws\.com(?:\.cn)?"),
        "Amazon SageMaker",
    ),
    (re.compile(r"[\w-]{1,63}\.svc\.[\w.-]{1,63}\.pinecone\.io"), "Pinecone"),
    (re.compile(r"[\w-]{1,30}-aiplatform\.googleapis\.com"), "Google Vertex AI"),
    (
        re.compile(r"(?:api-inference|router)\.huggingface\.co"),
        "Hugging Face Inference",
    ),
)
"""Hosts that are neither one name nor all names below one."""
KEYS: Final = {key: each for each in PROVIDERS for key in each.keys}
PREFIXES: Final = {prefix: each for each in PROVIDERS for prefix in each.prefixes}
_FAMILIES: Final = (
    (re.compile(r"gpt-|chatgpt-|o[134](?:-|$)|whisper-1|tts-1"), "OpenAI"),
    (re.compile(r"text-embedding-|dall-e-"), "OpenAI"),
    (re.compile(r"claude-"), "Anthropic"),
    (re.compile(r"gemini-"), "Google Gemini"),
    (re.compile(r"(?:mistral|codestral|ministral|pixtral|magistral)-"), "Mistral AI"),
    (re.compile(r"(?:command-|embed-english|embed-multilingual)"), "Cohere"),
    (re.compile(r"deepseek-"), "DeepSeek"),
    (re.compile(r"grok-"), "xAI"),
    (re.compile(r"voyage-"), "Voyage AI"),
)


def by_host(host: str) -> Provider | None:
    """Return who runs the API on *host*; `None` if that is not known."""
    host = host.lower().rstrip(".")
    if exact := _EXACT.get(host):
        return exact
    for suffix, provider in _BELOW:
        if host.endswith(suffix):
            return provider
    for pattern, name in _PATTERNS:
        if pattern.fullmatch(host):
            return NAMED[name]
    return None


_SITES: Final = frozenset(
    {"app", "blog", "cloud", "console", "dashboard", "docs", "help", "status", "www"}
)
_PARTS: Final = {
    "openrouter.ai": re.compile(r"/api"),
    "ollama.com": re.compile(r"/api|/v1"),
    "cloud.databricks.com": re.compile(r"/serving-endpoints"),
    "azuredatabricks.net": re.compile(r"/serving-endpoints"),
    "api.cloudflare.com": re.compile(r"/client/v4/accounts/[^/]{0,80}/ai/"),
}
"""Hosts of which only a part is an API for models."""


def by_address(address: str) -> Provider | None:
    """Return who runs the API at *address*, which nothing else says to be one.

    A site that explains the API, or where one signs up, is none.
    """
    match = _ADDRESS.match(address)
    provider = by_host(match["host"]) if match else None
    if match is None or provider is None:
        return None
    host = match["host"].lower()
    if host not in provider.hosts and host.partition(".")[0] in _SITES:
        return None
    for end, path in _PARTS.items():
        if host.endswith(end) and not path.match(match["path"]):
            return None
    return provider


_ADDRESS: Final = re.compile(
    r"(?:https?|wss?)://(?:[^/?#@\s]{0,200}@)?(?P<host>[\w.{}-]{1,255})(?::\d{1,5})?(?P<path>(?:/[^\s]*)?)",
    re.ASCII | re.IGNORECASE,
)


def by_model(model: str) -> tuple[Provider | None, str]:
    """Return who is asked for *model* by a library for many providers, and its name.

    Args:
        model: `groq/llama-3`, `groq:llama-3`, or a name that only one provider has.
    """
    prefix, _, rest = model.partition("/")
    if not rest or prefix.lower() not in PREFIXES:
        prefix, _, rest = model.partition(":")
    if rest and (provider := PREFIXES.get(prefix.lower())):
        return provider, rest
    return by_family(model), model


def is_akin(provider: Provider, variable: str) -> bool:
    """Say whether *variable* belongs to *provider* as its key does, by its beginning.

    `OPENAI_BASE_URL` belongs to whom `OPENAI_API_KEY` does.
    """
    return any(
        variable == key or variable.startswith(_STEM.sub("", key) + "_")
        for key in provider.keys
    )


_STEM: Final = re.compile(
    r"_(?:API_KEY|KEY|API_TOKEN|SECRET_KEY|AUTH_TOKEN|REST_TOKEN)$"
)


def by_family(model: str) -> Provider | None:
    """Return the provider to whose own models *model* belongs by its name."""
    for pattern, name in _FAMILIES:
        if pattern.match(model):
            return NAMED[name]
    return None
