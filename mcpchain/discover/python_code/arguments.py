"""What the arguments of a call say of the service that it asks."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mcpchain.ai_providers import NAMED, PROGRAMS
from mcpchain.component import Component, Location
from mcpchain.discover.python_code.module import Called, Module
from mcpchain.used_services import Address, Client, Use, read_address

_ADDRESSES: Final = (
    *("base_url", "api_base", "openai_api_base", "azure_endpoint", "endpoint"),
    *("endpoint_url", "api_endpoint", "cluster_url", "url", "uri", "server_url"),
    *("host", "http_host", "inference_server_url", "api_url", "base_uri"),
    *("anthropic_api_url", "langfuse_host", "location", "openai_base_url"),
)
_HOSTS: Final = frozenset({"host", "http_host"})
MODELS: Final = (
    *("model", "model_name", "model_id", "modelId", "deployment_name", "deployment"),
    *("azure_deployment", "deployment_id", "engine", "embedding_model", "llm"),
    *("chat_deployment_name", "ai_model_id"),
)
_KEYS: Final = re.compile(
    r"(?:\w+_)?(?:api_?key|token|secret(?:_key)?|password)|credentials?|auth"
    r"|azure_ad_token_provider|auth_client_secret|auth_credentials"
)
_NO_KEY: Final = re.compile(
    r"(?:empty|none|null|dummy|fake|test|not[-_ ]?(?:needed|used|required)|no[-_]?key"
    r"|ollama|lm[-_]?studio|vllm|local|unused|x*|sk-(?:no-key-required|x*|dummy))?",
    re.IGNORECASE,
)
_FIRST: Final = re.compile(
    r"(?:\w*Model|run|async_run|stream|(?:Async)?InferenceClient|LLM|LM|Agent|Embedder"
    r"|init_chat_model|init_embeddings|from_provider|TextEmbeddingModel)"
)
"""Callables whose first argument is the name of a model, and never a key."""
_SECRET: Final = re.compile(r"(?:sk-|gsk_|hf_|AIza|pk-|r8_|xai-|pplx-|Bearer )")
_INNER: Final = ("provider", "openai_client", "async_client", "client", "http_client")
_LOCAL: Final = frozenset({"path", "persist_directory", "persist_path", "local_path"})
_FILE: Final = re.compile(r":memory:.*|[./~].*|.*\.db|", re.DOTALL)
"""What a client of a database takes for a file, or for memory of its own."""
_DATABASE: Final = "vector-database"


@dataclass(slots=True, kw_only=True)
class Draft:
    """What is known so far of one use."""

    client: Client
    place: Location
    address: Address | None = None
    opaque: bool = False
    models: set[str] = field(default_factory=set)
    env: set[str] = field(default_factory=set)
    authenticated: bool = False

    def component(self) -> Component:
        """Declare the service."""
        return Use(
            client=self.client,
            address=self.address,
            opaque=self.opaque,
            models=tuple(each for each in self.models if not _SECRET.match(each)),
            env=tuple(self.env),
            authenticated=self.authenticated,
        ).component(self.place)


class Arguments:
    """Reads the arguments of calls in one module."""

    def __init__(self, module: Module) -> None:
        self._module = module

    def fill(self, called: Called, draft: Draft, name: str) -> bool:
        """Read the arguments of a call into *draft*; false if it asks nobody."""
        given: Mapping[str, ast.expr] = called.keywords
        for key in _INNER:
            inner = _maker(given.get(key), called)
            if inner is not None:
                given = {**given, **{k.arg: k.value for k in inner.keywords if k.arg}}
        draft.opaque = _is_opaque(called, draft.client.product)
        if _is_local(called, given, draft.client.product):
            return False
        if not self._address(called, given, draft):
            return False
        draft.models.update(self.models(called, given))
        if called.node.args and _FIRST.fullmatch(name.rpartition(".")[2]):
            words = self._module.words(called.node.args[0], called.scope)
            draft.models.update(t for t in words.texts if "://" not in t)
        self._credential(called, given, draft)
        vertex = given.get("vertexai")
        if isinstance(vertex, ast.Constant) and vertex.value is True:
            package = draft.client.package
            draft.client = Client(product="Google Vertex AI", own=True, package=package)
        return True

    def models(self, called: Called, given: Mapping[str, ast.expr]) -> Iterator[str]:
        """Yield the models that are named among the arguments *given*."""
        for key in MODELS:
            if key in given:
                yield from self._module.words(given[key], called.scope).texts

    def _address(
        self, called: Called, given: Mapping[str, ast.expr], draft: Draft
    ) -> bool:
        """Read where it asks; false if that is a file, or this very process."""
        database = NAMED[draft.client.product].category == _DATABASE
        port = given.get("port")
        number = port.value if isinstance(port, ast.Constant) else None
        number = number if isinstance(number, int) else None
        for key in _ADDRESSES:
            if key not in given:
                continue
            words = self._module.words(given[key], called.scope)
            draft.env.update(words.env)
            if database and any(map(_FILE.fullmatch, words.texts)):
                return False
            # A region may be called `location`, and is no address.
            places = (t for t in words.texts if key in _HOSTS or _is_place(t))
            found = (read_address(each, number) for each in places)
            draft.address = draft.address or next((a for a in found if a), None)
            # What is written and is no address stands for one: `...`.
            odd = key != "location" and any(words.texts)
            draft.opaque |= (words.opaque or odd) and draft.address is None
        if not database or draft.client.own or not called.node.args:
            return True
        # A first argument may be anything, also a key.
        words = self._module.words(called.node.args[0], called.scope)
        addresses = (read_address(each) for each in words.texts if "://" in each[:24])
        draft.address = draft.address or next((a for a in addresses if a), None)
        draft.opaque |= words.opaque and draft.address is None
        return not any(map(_FILE.fullmatch, words.texts))

    def _credential(
        self, called: Called, given: Mapping[str, ast.expr], draft: Draft
    ) -> None:
        """Read whether a credential is used and from which variables, not its value."""
        for key, node in given.items():
            if not _KEYS.fullmatch(key):
                continue
            words = self._module.words(node, called.scope)
            draft.env.update(words.env)
            real = any(not _NO_KEY.fullmatch(text) for text in words.texts)
            if words.env or real or words.opaque:
                draft.authenticated = True


def text_of(node: ast.expr | None) -> str:
    """Return the text that *node* is; empty for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


def _maker(node: ast.expr | None, called: Called) -> ast.Call | None:
    """Return the call that made what is passed on, `OpenAIProvider(…)`."""
    if isinstance(node, ast.Name) and (found := called.scope.lookup(node.id)):
        return next((e for e in found[0] if isinstance(e, ast.Call)), None)
    return node if isinstance(node, ast.Call) else None


def _is_opaque(called: Called, product: str) -> bool:
    """Say whether an address may be among arguments that are not written."""
    more = any(each.arg is None for each in called.node.keywords)
    # With pgvector it is that of whichever database is connected.
    return (more and product in PROGRAMS) or product == "pgvector"


def _is_local(called: Called, given: Mapping[str, ast.expr], product: str) -> bool:
    """Say whether a client of a database keeps it in a file."""
    if NAMED[product].category != _DATABASE:
        return False
    if product == "LanceDB":
        first = text_of(called.node.args[0]) if called.node.args else ""
        return not first.startswith("db://")
    return not _LOCAL.isdisjoint(given)


def _is_place(text: str) -> bool:
    """Say whether a text is an address or a host, and no name of a region."""
    return "." in text or ":" in text or text == "localhost"
