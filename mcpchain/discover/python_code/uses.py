"""Find in a module of Python which services it asks, where, and for what."""

import ast
import re
from typing import Final

from mcpchain.ai_providers import (
    KEYS,
    NAMED,
    PROGRAMS,
    by_address,
    by_family,
    by_model,
    is_akin,
)
from mcpchain.component import Component, Location, UsedServiceFacts
from mcpchain.discover.python_code.arguments import MODELS, Arguments, Draft, text_of
from mcpchain.discover.python_code.clients import asks_many, client_by, is_dull
from mcpchain.discover.python_code.module import Called, Module, last
from mcpchain.used_services import Client, client_of, read_address

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
_MOST: Final = 500
"""How many uses in one file are told."""


def services(module: Module) -> tuple[list[Component], bool]:
    """Return the services that *module* asks, and whether these are all."""
    finder = _Finder(module)
    finder.calls()
    finder.settings()
    finder.addresses()
    finder.imports()
    finder.models()
    complete = len(finder.drafts) <= _MOST
    del finder.drafts[_MOST:]
    finder.environment()
    return [each.component() for each in finder.drafts], complete


class _Finder:
    def __init__(self, module: Module) -> None:
        self._module = module
        self._read = Arguments(module)
        self.drafts: list[Draft] = []
        self._made: dict[int, Draft | None] = {}
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
            product = _AWS[_aws_service(called)]
            client = Client(product=product, own=True, package="boto3")
            self._keep(called, Draft(client=client, place=place))
        elif asks_many(name):
            self._keep(called, self._by_model(called, name, place))
        elif known := client_by(name):
            draft = Draft(client=known, place=place)
            self._keep(called, draft if self._read.fill(called, draft, name) else None)
        elif last(called.node.func) in _ASKING:
            self._loose.append(called)

    def _keep(self, called: Called, draft: Draft | None) -> None:
        self._made[id(called.node)] = draft
        if draft is not None:
            self.drafts.append(draft)
        elif traced := self._module.trace(called.node.func, called.scope):
            self._quiet.add(traced.name.partition(".")[0])

    def _by_model(self, called: Called, name: str, place: Location) -> Draft | None:
        """Return what a library for many providers is asked for."""
        draft = Draft(client=Client(product="LiteLLM"), place=place)
        given = any(key in called.keywords for key in MODELS) or called.node.args
        if not self._read.fill(called, draft, name) or not given:
            return None
        texts, draft.models = draft.models, set()
        vendor = text_of(called.keywords.get("model_provider"))
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
                draft = Draft(client=client, place=place, opaque=True)
                self._keep_maker(maker, draft)
        if draft is None:
            if last(called.node.func) in _ASKING and not client_by(name):
                self._loose.append(called)
            return
        for text in self._read.models(called, called.keywords):
            draft.models.add(text)

    def _keep_maker(self, maker: ast.Call, draft: Draft) -> None:
        self._made[id(maker)] = draft
        self.drafts.append(draft)

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
            draft = Draft(
                client=client, place=code.place(target.lineno), env=set(words.env)
            )
            texts = [read_address(each) for each in words.texts if "://" in each]
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
                    Draft(
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
            if origin.partition(".")[0] in self._module.own:
                continue
            if client is None or client.package in known or not self._used(local):
                continue
            opaque = client.product in PROGRAMS
            draft = Draft(client=client, place=code.place(line), opaque=opaque)
            self.drafts.append(draft)

    def _used(self, local: str) -> bool:
        parts = self._module.parts.get(local, ())
        return bool(self._module.loads.get(local)) or not all(map(is_dull, parts))

    def models(self) -> None:
        """Give models, for which something unknown is asked, to whom they fit."""
        asked = [each for each in self.drafts if _is_asked(each)]
        products = {each.client.product: each for each in reversed(asked)}
        for called in self._loose:
            for text in self._read.models(called, called.keywords):
                family = by_family(text)
                if family is not None and family.name in products:
                    products[family.name].models.add(text)
                elif len(products) == 1:
                    next(iter(products.values())).models.add(text)

    def environment(self) -> None:
        """Give variables that the module reads to the service that they belong to."""
        akin: dict[str, set[str]] = {}
        for each in self.drafts:
            component = each.component()
            facts = component.facts
            if not isinstance(facts, UsedServiceFacts):
                continue
            named = component.name in {facts.provider, *PROGRAMS}
            own = NAMED.get(component.name) if named else None
            if own is None:
                continue
            if own.name not in akin:
                akin[own.name] = {name for name in self._env if is_akin(own, name)}
            each.env.update(akin[own.name])
            each.authenticated |= not akin[own.name].isdisjoint(KEYS)


def _is_asked(draft: Draft) -> bool:
    return NAMED[draft.client.product].category in {"model-api", "embedding"}


def _is_aws(called: Called) -> bool:
    return last(called.node.func) in _AWS_MAKERS and _aws_service(called) in _AWS


def _aws_service(called: Called) -> str:
    first = called.node.args[0] if called.node.args else None
    return text_of(first or called.keywords.get("service_name"))
