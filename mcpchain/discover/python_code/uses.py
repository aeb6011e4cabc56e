"""Find in a module of Python which services it asks, where, and for what."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mcpchain.ai_providers import (
    KEYS,
    NAMED,
    PROGRAMS,
    by_address,
    by_family,
    by_model,
)
from mcpchain.component import Component, Location, UsedServiceFacts
from mcpchain.discover.python_code.clients import asks_many, client_by, is_dull
from mcpchain.discover.python_code.module import Called, Module, last
from mcpchain.used_services import Address, Client, Use, client_of, read_address

_ADDRESSES: Final = (
    *("base_url", "api_base", "openai_api_base", "azure_endpoint", "endpoint"),
    *("endpoint_url", "api_endpoint", "cluster_url", "url", "uri", "server_url"),
    *("host", "http_host", "inference_server_url", "api_url", "base_uri"),
    *("anthropic_api_url", "langfuse_host", "location", "openai_base_url"),
)
_MODELS: Final = (
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
_ASKING: Final = frozenset(
    {
        *("create", "acreate", "parse", "stream", "generate", "generate_content"),
        *("generate_content_stream", "chat", "complete", "completion", "embed"),
        *("embed_content", "invoke_model", "converse", "converse_stream", "rerank"),
        *("invoke_model_with_response_stream", "embeddings", "completions"),
    }
)
_AWS: Final = {
    "bedrock-runtime": "Amazon Bedrock",
    "bedrock": "Amazon Bedrock",
    "bedrock-agent-runtime": "Amazon Bedrock",
    "sagemaker-runtime": "Amazon SageMaker",
}
_AWS_MAKERS: Final = frozenset({"client", "create_client", "resource"})
_INNER: Final = ("provider", "openai_client", "async_client", "client", "http_client")
_LOCAL: Final = frozenset({"path", "persist_directory", "persist_path", "local_path"})
_MOST: Final = 500
"""How many uses in one file are told."""


@dataclass(slots=True, kw_only=True)
class _Draft:
    """What is known so far of one use."""

    client: Client
    place: Location
    address: Address | None = None
    opaque: bool = False
    models: set[str] = field(default_factory=set)
    env: set[str] = field(default_factory=set)
    authenticated: bool = False

    def component(self) -> Component:
        return Use(
            client=self.client,
            address=self.address,
            opaque=self.opaque,
            models=tuple(each for each in self.models if not _SECRET.match(each)),
            env=tuple(self.env),
            authenticated=self.authenticated,
        ).component(self.place)


def services(module: Module) -> tuple[list[Component], bool]:
    """Return the services that *module* asks, and whether these are all."""
    finder = _Finder(module)
    finder.calls()
    finder.settings()
    finder.addresses()
    finder.imports()
    finder.models()
    finder.environment()
    found = [each.component() for each in finder.drafts[:_MOST]]
    return found, len(finder.drafts) <= _MOST


class _Finder:
    def __init__(self, module: Module) -> None:
        self._module = module
        self.drafts: list[_Draft] = []
        self._made: dict[int, _Draft | None] = {}
        """What each call asks, by the identity of its node; `None` where nobody."""
        self._env: set[str] = set(module.variables)
        self._quiet: set[str] = set()
        """Packages that were called in a way that asks nobody."""
        self._loose: list[Called] = []

    def calls(self) -> None:
        """Find calls that make a client, or that ask without one."""
        methods: list[tuple[Called, str, ast.Call]] = []
        for called in self._module.calls:
            node = called.node
            traced = self._module.trace(node.func, called.scope)
            name = traced.name if traced else ""
            self._read_variable(called, name)
            if traced is None or traced.made_by is None:
                self._direct(called, name)
            else:
                methods.append((called, name, traced.made_by))
        for called, name, maker in methods:
            if _is_aws(called):
                self._direct(called, name)
            else:
                self._method(called, name, maker)

    def _read_variable(self, called: Called, name: str) -> None:
        if name.startswith("os."):
            self._env.update(self._module.words(called.node, called.scope).env)

    def _direct(self, called: Called, name: str) -> None:
        place = called.code.place(called.node.lineno)
        if _is_aws(called):
            service = _first_text(called) or _text(called.keywords.get("service_name"))
            client = Client(product=_AWS[service], own=True, package="boto3")
            self._keep(called, _Draft(client=client, place=place))
        elif asks_many(name):
            self._keep(called, self._by_model(called, name, place))
        elif known := client_by(name):
            draft = _Draft(client=known, place=place)
            self._keep(called, draft if self._fill(called, draft, name) else None)
        elif last(called.node.func) in _ASKING:
            self._loose.append(called)

    def _keep(self, called: Called, draft: _Draft | None) -> None:
        self._made[id(called.node)] = draft
        if draft is not None:
            self.drafts.append(draft)
        elif traced := self._module.trace(called.node.func, called.scope):
            self._quiet.add(traced.name.partition(".")[0])

    def _by_model(self, called: Called, name: str, place: Location) -> _Draft | None:
        """Return what a library for many providers is asked for."""
        draft = _Draft(client=Client(product="LiteLLM"), place=place)
        given = any(key in called.keywords for key in _MODELS) or called.node.args
        if not self._fill(called, draft, name) or not given:
            return None
        texts, draft.models = draft.models, set()
        vendor = _text(called.keywords.get("model_provider"))
        owner = None
        for text in sorted(texts):
            provider, model = by_model(f"{vendor}:{text}" if vendor else text)
            owner = owner or provider
            draft.models.add(model)
        package = name.partition(".")[0]
        if owner is not None:
            cloud = owner.name in {"Azure OpenAI", "Amazon Bedrock", "Google Vertex AI"}
            draft.client = Client(product=owner.name, own=cloud, package=package)
        elif draft.address is None:
            if package in {"crewai", "pydantic_ai"} and not texts:
                return None  # an agent whose model is chosen elsewhere
            draft.client = Client(product="LiteLLM", package=package)
            draft.opaque = True
        else:
            draft.client = Client(product="LiteLLM", package=package)
        return draft

    def _fill(self, called: Called, draft: _Draft, name: str) -> bool:
        """Read the arguments of a call into *draft*; false if it asks nobody."""
        given = called.keywords
        for key in _INNER:
            inner = self._inner(given.get(key), called)
            if inner is not None:
                given = {**given, **inner.keywords}
        if not self._address(called, given, draft):
            return False
        for key in _MODELS:
            if key in given:
                words = self._module.words(given[key], called.scope)
                draft.models.update(words.texts)
        leaf = name.rpartition(".")[2]
        if called.node.args and _FIRST.fullmatch(leaf):
            words = self._module.words(called.node.args[0], called.scope)
            draft.models.update(t for t in words.texts if "://" not in t)
        self._credential(called, given, draft)
        if _is_true(given.get("vertexai")):
            draft.client = Client(
                product="Google Vertex AI", own=True, package=draft.client.package
            )
        return True

    def _inner(self, node: ast.expr | None, called: Called) -> Called | None:
        """Return the call that made what is passed on, `OpenAIProvider(…)`."""
        if node is None:
            return None
        if isinstance(node, ast.Name) and (found := called.scope.lookup(node.id)):
            node = next((e for e in found[0] if isinstance(e, ast.Call)), None)
        if not isinstance(node, ast.Call):
            return None
        return Called(node=node, scope=called.scope, code=called.code)

    def _address(
        self, called: Called, given: dict[str, ast.expr], draft: _Draft
    ) -> bool:
        """Read where it asks; false if that is a file, or this very process."""
        vectors = NAMED[draft.client.product].category == "vector-database"
        more = any(each.arg is None for each in called.node.keywords)
        draft.opaque = more and draft.client.product in PROGRAMS
        if draft.client.product == "pgvector":  # in whichever database is connected
            draft.opaque = True
        elif draft.client.product == "LanceDB":
            texts = (_text(each) for each in called.node.args[:1])
            return any(each.startswith("db://") for each in texts)
        if vectors and not _LOCAL.isdisjoint(given):
            return False
        port = given.get("port")
        number = port.value if isinstance(port, ast.Constant) else None
        nodes = [given[key] for key in _ADDRESSES if key in given]
        hosts = [given[key] for key in ("host", "http_host") if key in given]
        first = called.node.args[:1]
        candidates = [*nodes, *first] if vectors else nodes
        for node in candidates:
            words = self._module.words(node, called.scope)
            draft.env.update(words.env)
            for text in words.texts:
                if vectors and node in first and not _is_url(text) and "." not in text:
                    if text == ":memory:" or not text:
                        return False
                    continue
                if vectors and re.search(r"^:memory:|^\.|^/|\.db$", text):
                    return False
                address = read_address(
                    text, number if isinstance(number, int) else None
                )
                if (
                    address
                    and draft.address is None
                    and (_is_place(text) or node in hosts)
                ):
                    draft.address = address
            # A first argument may be anything, and a `None` chooses the default.
            if node in nodes and words.opaque and draft.address is None:
                draft.opaque = True
        return True

    def _credential(
        self, called: Called, given: dict[str, ast.expr], draft: _Draft
    ) -> None:
        for key, node in given.items():
            if not _KEYS.fullmatch(key):
                continue
            words = self._module.words(node, called.scope)
            draft.env.update(words.env)
            real = any(not _NO_KEY.fullmatch(text) for text in words.texts)
            none = isinstance(node, ast.Constant) and node.value is None
            if (words.env or real or words.opaque) and not none:
                draft.authenticated = True

    def _method(self, called: Called, name: str, maker: ast.Call) -> None:
        """Read what is asked for by a method of a client."""
        if id(maker) in self._made:
            draft = self._made[id(maker)]
        else:
            # Made elsewhere: what is here is its type, in an annotation.
            client = client_by(name)
            draft = None
            if client is not None and not hasattr(maker, "lineno"):
                place = called.code.place(called.node.lineno)
                draft = _Draft(client=client, place=place, opaque=True)
                self._keep_maker(maker, draft)
        if draft is None:
            if last(called.node.func) in _ASKING and not client_by(name):
                self._loose.append(called)
            return
        for text in self._asked_for(called):
            draft.models.add(text)

    def _keep_maker(self, maker: ast.Call, draft: _Draft) -> None:
        self._made[id(maker)] = draft
        self.drafts.append(draft)

    def _asked_for(self, called: Called) -> Iterator[str]:
        for key in _MODELS:
            if key in called.keywords:
                words = self._module.words(called.keywords[key], called.scope)
                yield from words.texts

    def settings(self) -> None:
        """Find what is set on the module of a library: `openai.api_base = …`."""
        for target, value, scope, code in self._module.set:
            if target.attr not in {"api_base", "base_url", "azure_endpoint"}:
                continue
            traced = self._module.trace(target, scope)
            client = client_by(traced.name) if traced else None
            if client is None or (traced and traced.made_by is not None):
                continue
            words = self._module.words(value, scope)
            draft = _Draft(
                client=client, place=code.place(target.lineno), env=set(words.env)
            )
            texts = [read_address(each) for each in words.texts if _is_url(each)]
            draft.address = next((each for each in texts if each), None)
            draft.opaque = words.opaque and draft.address is None
            self.drafts.append(draft)

    def addresses(self) -> None:
        """Find addresses of services that are known."""
        for node, code in self._module.texts:
            text = node.value if isinstance(node.value, str) else ""
            provider = by_address(text.strip())
            if provider is not None and not re.search(r"\s", text.strip()):
                self.drafts.append(
                    _Draft(
                        client=client_of(provider),
                        address=read_address(text),
                        place=code.place(node.lineno),
                    )
                )

    def imports(self) -> None:
        """Find client libraries that are imported, and used in no way that is read."""
        known = {each.client.package for each in self.drafts} | self._quiet
        for local, origin, code, line in self._module.imports:
            client = client_by(origin)
            if client is None or client.package in known or not self._used(local):
                continue
            opaque = client.product in PROGRAMS
            draft = _Draft(client=client, place=code.place(line), opaque=opaque)
            self.drafts.append(draft)

    def _used(self, local: str) -> bool:
        parts = self._module.parts.get(local, ())
        return bool(self._module.loads.get(local)) or not all(map(is_dull, parts))

    def models(self) -> None:
        """Give models, for which something unknown is asked, to whom they fit."""
        asked = [each for each in self.drafts if _is_asked(each)]
        products = {each.client.product for each in asked}
        for called in self._loose:
            for text in self._asked_for(called):
                family = by_family(text)
                if family is not None and family.name in products:
                    product = family.name
                elif len(products) == 1:
                    (product,) = products
                else:
                    continue
                next(e for e in asked if e.client.product == product).models.add(text)

    def environment(self) -> None:
        """Give variables that the module reads to the service that they belong to."""
        for each in self.drafts:
            component = each.component()
            facts = component.facts
            if not isinstance(facts, UsedServiceFacts):
                continue
            named = component.name in {facts.provider, *PROGRAMS}
            own = NAMED.get(component.name) if named else None
            for name in self._env:
                if name in KEYS and KEYS[name] is own:
                    each.authenticated = True
                    each.env.add(name)
                elif own and any(_akin(name, key) for key in own.keys):
                    each.env.add(name)


def _akin(name: str, key: str) -> bool:
    """Say whether two variables begin alike: `OPENAI_BASE_URL`, `OPENAI_API_KEY`."""
    stem = re.sub(r"_(?:API_KEY|KEY|API_TOKEN|SECRET_KEY|AUTH_TOKEN)$", "", key)
    return name.startswith(f"{stem}_")


def _is_asked(draft: _Draft) -> bool:
    return NAMED[draft.client.product].category in {"model-api", "embedding"}


def _is_aws(called: Called) -> bool:
    if last(called.node.func) not in _AWS_MAKERS:
        return False
    text = _first_text(called) or _text(called.keywords.get("service_name"))
    return text in _AWS


def _first_text(called: Called) -> str:
    return _text(called.node.args[0]) if called.node.args else ""


def _text(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _is_url(text: str) -> bool:
    return "://" in text[:24]


def _is_place(text: str) -> bool:
    """Say whether a text is an address or a host, and no name of a region."""
    return _is_url(text) or "." in text or ":" in text or text == "localhost"
