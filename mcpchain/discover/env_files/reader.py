"""Read files of environment variables: names, and addresses of services."""

import re
from dataclasses import dataclass, field
from typing import Final

from mcpchain.ai_providers import KEYS, NAMED, PROGRAMS, Provider, by_address
from mcpchain.component import Basis, Location
from mcpchain.document import decode
from mcpchain.inventory import Collector
from mcpchain.tree import File
from mcpchain.used_services import Address, Client, Use, read_address

_BYTES: Final = 1 << 20
_LINE: Final = re.compile(
    r"^[ \t]*+(?:export[ \t]++)?(?P<name>[A-Za-z_]\w{0,99})[ \t]*+=[ \t]*+"
    r"(?P<quote>['\"]?)(?P<value>[^\r\n'\"]*+)",
    re.MULTILINE | re.ASCII,
)
_ADDRESS: Final = re.compile(
    r"(?P<stem>\w+?_)(?:API_)?(?:BASE_URL|BASE|HOST|ENDPOINT|URL|URI)", re.ASCII
)
_EXAMPLE: Final = re.compile(
    r"your|<|>|\{|\$|xxx|\.\.\.|example|change|replace|placeholder|resource-name",
    re.IGNORECASE,
)
"""What stands in a sample where everybody puts their own."""
_TENANTS: Final = frozenset({"Azure OpenAI", "Azure AI"})
"""Services of which each customer has an address of their own."""
_SUFFIX: Final = re.compile(
    r"(?:API_KEY|KEY|API_TOKEN|SECRET_KEY|PUBLIC_KEY|AUTH_TOKEN|REST_TOKEN)$"
)
_OWNERS: Final = {_SUFFIX.sub("", key): provider for key, provider in KEYS.items()} | {
    f"{name.upper().replace(' ', '_')}_": NAMED[name] for name in PROGRAMS
}
"""Who is meant by the beginning of a variable's name: `OPENAI_`."""
_ADDRESSES: Final = {
    variable: NAMED[name]
    for name, variables in {
        "Amazon Bedrock": "AWS_ENDPOINT_URL_BEDROCK AWS_ENDPOINT_URL_BEDROCK_RUNTIME "
        "ANTHROPIC_BEDROCK_BASE_URL BEDROCK_BASE_URL",
        "Amazon SageMaker": "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME",
        "Azure AI": "AZURE_INFERENCE_ENDPOINT AZURE_AI_PROJECT_ENDPOINT",
        "Chroma": "CHROMADB_HOST CHROMADB_URL",
        "Databricks": "DATABRICKS_API_BASE",
        "Google Gemini": "GOOGLE_GEMINI_BASE_URL",
        "Google Vertex AI": "GOOGLE_VERTEX_BASE_URL ANTHROPIC_VERTEX_BASE_URL",
        "Hugging Face Inference": "HF_INFERENCE_ENDPOINT",
        "LM Studio": "LMSTUDIO_BASE_URL LMSTUDIO_HOST LMSTUDIO_URL",
        "LiteLLM": "LITELLM_PROXY_API_BASE LITELLM_PROXY_URL",
        "Opik": "OPIK_URL_OVERRIDE",
        "Phoenix": "PHOENIX_COLLECTOR_ENDPOINT",
        "Pinecone": "PINECONE_INDEX_HOST PINECONE_CONTROLLER_HOST",
        "Portkey": "PORTKEY_GATEWAY_URL",
        "Qdrant": "QDRANT_CLUSTER_URL",
        "Upstash Vector": "UPSTASH_VECTOR_REST_URL",
        "Weaviate": "WEAVIATE_CLUSTER_URL",
        "Zilliz": "ZILLIZ_CLOUD_URI",
    }.items()
    for variable in variables.split()
}
"""Variables that hold an address, and are called in another way."""


@dataclass(slots=True)
class _Seen:
    """What a file says of one service."""

    provider: Provider
    line: int
    keyed: bool = False
    env: set[str] = field(default_factory=set)
    address: Address | None = None
    sample: bool = False
    """Whether an address of somebody's own belongs there, which is not written."""


def discover(file: File, found: Collector) -> None:
    """Declare every service that the names of variables tell.

    Raises:
        MalformedError: It is not text.
        UnreadableError: It cannot be read.
    """
    text = decode(file.read(_BYTES), source=file.path)
    seen: dict[str, _Seen] = {}
    names: list[str] = []
    line, at = 1, 0
    for match in _LINE.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        name = match["name"]
        names.append(name)
        _read(name, match["value"].strip(), line, seen)
    for each in seen.values():
        _declare(each, names, file, found)


def _read(name: str, value: str, line: int, seen: dict[str, _Seen]) -> None:
    """Note what one variable says."""
    match = _ADDRESS.fullmatch(name)
    own = _ADDRESSES.get(name)
    sample = _EXAMPLE.search(value) is not None
    written = (match is not None or own is not None) and value and not sample
    address = read_address(value) if written else None
    provider = KEYS.get(name)
    if provider is None and value and (match or own):
        named = own or (_OWNERS.get(match["stem"]) if match else None)
        provider = (named if address or sample else None) or by_address(value)
    if provider is None:
        return
    one = seen.setdefault(provider.name, _Seen(provider, line))
    one.env.add(name)
    one.keyed = one.keyed or name in KEYS
    one.address = one.address or address
    one.sample = one.sample or (sample and name not in KEYS)


def _declare(seen: _Seen, names: list[str], file: File, found: Collector) -> None:
    stems = tuple(stem for stem, owner in _OWNERS.items() if owner is seen.provider)
    akin = {each for each in names if stems and each.startswith(stems)}
    name = seen.provider.name
    use = Use(
        client=Client(product=name, own=name in _TENANTS),
        address=seen.address,
        # A program may run anywhere, whoever made it.
        opaque=name in PROGRAMS or seen.sample,
        env=tuple(seen.env | akin),
        authenticated=seen.keyed,
    )
    place = Location(path=file.path, line=seen.line)
    found.add(use.component(place, Basis.CONFIGURED))
