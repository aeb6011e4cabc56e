"""Find in the tokens of JavaScript which services the code asks, and for what."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
from mcpchain.discover.javascript_code.clients import (
    GATEWAY,
    client_of,
    package_of,
)
from mcpchain.discover.javascript_code.imports import Bound, bindings, closing
from mcpchain.discover.javascript_code.tokens import Lines, Token
from mcpchain.discover.javascript_code.values import Values, variable
from mcpchain.used_services import Address, Client, Use, read_address

_ADDRESSES: Final = frozenset(
    {"baseURL", "baseUrl", "base_url", "basePath", "endpoint", "url", "host", "apiUrl"}
    | {"azureOpenAIEndpoint", "azureOpenAIBasePath", "serverURL", "address", "path"}
    | {"configuration", "clusterURL", "resourceName"}
)
_KEYS: Final = frozenset(
    {"apiKey", "authToken", "token", "auth", "accessToken", "openAIApiKey", "api_key"}
    | {"anthropicApiKey", "credentials", "azureADTokenProvider", "secretKey"}
    | {"azureOpenAIApiKey", "authCredentials"}
)
_MODELS: Final = frozenset(
    {"model", "modelName", "modelId", "deployment", "azureOpenAIApiDeploymentName"}
    | {"embeddingModel", "deploymentName", "model_name"}
)
_NO_KEY: Final = re.compile(
    r"(?:empty|none|null|dummy|fake|test|not[-_ ]?(?:needed|used|required)|ollama"
    r"|lm-?studio|local|x*)?",
    re.IGNORECASE,
)
_SECRET: Final = re.compile(r"(?:sk-|gsk_|hf_|AIza|pk-|r8_|xai-|pplx-|Bearer )")
_VALUES: Final = frozenset({"(", "=", "return", "[", "=>", "??", "||"})
_BEFORE: Final = frozenset({"{", ","})
_AFTER: Final = frozenset({",", "}"})
_ENDS: Final = frozenset({")", ",", ";", "]", "}"})
_WATCHERS: Final = frozenset({"observability", "tracing"})
_MOST: Final = 500
"""How many uses in one file are told."""
_STEPS: Final = 500_000
_ASKERS: Final = frozenset(
    {"generateText", "streamText", "generateObject", "streamObject", "embed"}
    | {"embedMany", "Agent", "ToolLoopAgent", "generateImage"}
)


@dataclass(slots=True, kw_only=True)
class _Draft:
    """What is known so far of one use."""

    client: Client
    at: int
    address: Address | None = None
    opaque: bool = False
    models: set[str] = field(default_factory=set)
    env: set[str] = field(default_factory=set)
    authenticated: bool = False

    def use(self) -> Use:
        return Use(
            client=self.client,
            address=self.address,
            opaque=self.opaque,
            models=tuple(each for each in self.models if not _SECRET.match(each)),
            env=tuple(self.env),
            authenticated=self.authenticated,
        )


def services(
    found: list[Token], lines: Lines, path: str
) -> tuple[list[Component], bool]:
    """Return the services that code asks, and whether these are all.

    Args:
        found: Its tokens.
        lines: Where its lines begin.
        path: Where it is.
    """
    finder = _Finder(found)
    finder.calls()
    finder.addresses()
    finder.imports()
    finder.models()
    complete = len(finder.drafts) <= _MOST
    del finder.drafts[_MOST:]
    finder.environment()
    components = [
        each.use().component(Location(path=path, line=lines.of(each.at)))
        for each in finder.drafts
    ]
    return components, complete


def imported(
    specifiers: Sequence[str], hosts: Sequence[str], place: Location
) -> Iterator[Component]:
    """Yield the services that packages and hosts tell, where no more is known."""
    for host in sorted(hosts):
        address = f"https://{host}"
        if provider := by_address(address):
            client = Client(product=provider.name)
            yield Use(client=client, address=read_address(address)).component(place)
    for each in sorted({package_of(each) for each in specifiers}):
        if known := client_of(each, "default"):
            yield Use(client=known, opaque=True).component(place)


class _Finder:
    def __init__(self, found: list[Token]) -> None:
        self._found = found
        self._bound: dict[str, Bound] = {}
        self._imports = bindings(found)
        for each in self._imports:
            self._bound.setdefault(each.local, each)
        self.drafts: list[_Draft] = []
        self._made: dict[str, _Draft] = {}
        """Clients, by the names of what they are assigned to."""
        self._read: set[int] = set()
        """Places of models that belong to somebody already."""
        self._values = Values(found)
        self._left = _STEPS
        """How many tokens of arguments are still looked at."""

    def _word(self, index: int) -> str:
        return self._found[index].text if 0 <= index < len(self._found) else ""

    def calls(self) -> None:
        """Find clients that are made, and what is asked of them."""
        for index, token in enumerate(self._found):
            if token.kind != "word":
                continue
            if token.text in self._bound and self._word(index - 1) != ".":
                self._imported(index, self._bound[token.text])
            elif made := self._made.get(self._spelled(index)):
                self._asked(index, made)

    def _imported(self, index: int, bound: Bound) -> None:
        """Read what is done with an imported name: `new OpenAI(…)`, `openai("…")`."""
        name, start = bound.name, index + 1
        while self._word(start) in {".", "?."} and start + 1 < len(self._found):
            if name in {"*", "default"} or self._word(index - 1) == "new":
                name = self._word(start + 1)
            start += 2
        if self._word(start) != "(":
            return
        if package_of(bound.specifier) == GATEWAY:
            if bound.name in _ASKERS:
                self._gateway(start)
            return
        client = client_of(bound.specifier, name)
        if client is None:
            return
        draft = _Draft(client=client, at=self._found[index].at)
        draft.opaque = client.product == "pgvector"
        self._arguments(start, draft)
        self.drafts.append(draft)
        self._assign(index, draft)

    def _assign(self, index: int, draft: _Draft) -> None:
        """Remember to what a client is assigned."""
        index -= 1
        while self._word(index) in {"new", "await"}:
            index -= 1
        if index > 0 and self._word(index) == "=":
            self._made[self._spelled(index - 1)] = draft

    def _spelled(self, index: int) -> str:
        """Return a name as it is spelled: `client`, or `this.client`."""
        if self._word(index - 1) not in {".", "?."}:
            return self._word(index)
        return f"{self._word(index - 2)}.{self._word(index)}"

    def _asked(self, index: int, draft: _Draft) -> None:
        """Read what is asked of a client: `groq("…")`, `client.a.b({model: "…"})`."""
        start = index + 1
        while self._word(start) in {".", "?."}:
            start += 2
        if self._word(start) != "(":
            return
        before = draft.address, draft.opaque, draft.authenticated
        self._arguments(start, draft)
        draft.address, draft.opaque, draft.authenticated = before

    def _gateway(self, start: int) -> None:
        """Read a model that Vercel's library takes as a text, `openai/gpt-4o`."""
        for index in range(start, self._end(start)):
            if self._word(index) == "model" and self._word(index + 1) == ":":
                value = self._found[index + 2] if index + 2 < len(self._found) else None
                if value is not None and value.kind == "text" and "/" in value.text:
                    client = Client(product="Vercel AI Gateway", package=GATEWAY)
                    draft = _Draft(client=client, at=value.at, models={value.text})
                    self._read.add(index)
                    self.drafts.append(draft)

    def _arguments(self, start: int, draft: _Draft) -> None:
        """Read the arguments of a call, by their names wherever they stand."""
        first = self._found[start + 1] if start + 1 < len(self._found) else None
        if first is not None and first.kind == "text" and self._takes_model(draft):
            draft.models.add(first.text)
        index, end = start + 1, self._end(start)
        port: int | None = None
        while index < end:
            key = self._found[index]
            index += 1
            if key.kind not in {"word", "text"}:
                continue
            if self._word(index) == ":" and self._word(index - 2) in _BEFORE:
                self._argument(key, index - 1, draft)
                if key.text == "port" and self._word(index + 1).isdecimal():
                    port = int(self._word(index + 1)[:6])
            elif self._word(index - 2) in {"{", ","} and self._word(index) in {
                ",",
                "}",
            }:
                self._shorthand(key.text, draft)
        where = draft.address
        if port and where is not None and where.port is None and where.shown:
            draft.address = read_address(where.shown.removeprefix("tcp://"), port)

    def _end(self, start: int) -> int:
        """Return where the arguments end, so far as they are looked at."""
        end = closing(self._found, start) if self._left > 0 else start
        self._left -= end - start
        return end

    def _takes_model(self, draft: _Draft) -> bool:
        package = draft.client.package
        return package.startswith("@ai-sdk/") or "ai-sdk-provider" in package

    def _argument(self, key: Token, index: int, draft: _Draft) -> None:
        """Read one argument, whose value begins after the next mark."""
        texts, env, opaque = self._values.of(index + 2)
        if key.text in _ADDRESSES:
            draft.env.update(env)
            addresses = (read_address(t) for t in texts if _is_place(t, key.text))
            draft.address = draft.address or next((a for a in addresses if a), None)
            asks = key.text not in {"configuration", "resourceName", "path"}
            unsaid = opaque or any("{}" in each for each in texts)
            draft.opaque |= asks and unsaid and draft.address is None
        elif key.text in _KEYS:
            draft.env.update(env)
            real = any(not _NO_KEY.fullmatch(text) for text in texts)
            draft.authenticated |= bool(env or real or opaque)
        elif key.text in _MODELS:
            self._read.add(index)
            draft.models.update(texts)

    def _shorthand(self, name: str, draft: _Draft) -> None:
        """Read `{ apiKey }`, whose value is a variable of that name."""
        if name in _KEYS:
            draft.authenticated = True
        elif name in _MODELS and name in self._values.texts:
            draft.models.add(self._values.texts[name])
        elif name in _ADDRESSES:
            text = self._values.texts.get(name, "")
            draft.address = draft.address or read_address(text)
            draft.opaque |= draft.address is None

    def addresses(self) -> None:
        """Find addresses of services that are known."""
        for token in self._found:
            if token.kind not in {"text", "open"} or "://" not in token.text[:8]:
                continue
            provider = by_address(token.text.strip())
            if provider is not None and not re.search(r"\s", token.text.strip()):
                client = Client(product=provider.name)
                draft = _Draft(client=client, at=token.at)
                draft.address = read_address(token.text)
                self.drafts.append(draft)

    def imports(self) -> None:
        """Find packages that are used in no way that is read."""
        known = {each.client.package for each in self.drafts}
        used = self._passed_on()
        for bound in self._imports:
            client = client_of(bound.specifier, bound.name)
            if client is None or client.package in known:
                continue
            watches = NAMED[client.product].category in _WATCHERS
            if watches or bound.local in used:
                opaque = client.product in PROGRAMS
                self.drafts.append(_Draft(client=client, at=bound.at, opaque=opaque))
                known.add(client.package)

    def _passed_on(self) -> set[str]:
        """Return the names that are passed on as values, and not only as types."""
        return {
            token.text
            for index, token in enumerate(self._found)
            if token.kind == "word"
            and self._word(index - 1) in _VALUES
            and self._word(index + 1) in _ENDS
        }

    def models(self) -> None:
        """Give models, for which something unknown is asked, to whom they fit."""
        asked = [e for e in self.drafts if NAMED[e.client.product].category in _ASKED]
        products = {each.client.product: each for each in reversed(asked)}
        for index, token in enumerate(self._found):
            if token.text not in _MODELS or self._word(index + 1) != ":":
                continue
            if index in self._read:
                continue
            for text in self._values.of(index + 2)[0]:
                family = by_family(text) or by_model(text)[0]
                if family is not None and family.name in products:
                    products[family.name].models.add(text)

    def environment(self) -> None:
        """Give variables that the code reads to the service that they belong to."""
        names = {
            found[0]
            for index in range(len(self._found))
            if (found := variable(self._found, index))
        }
        akin: dict[str, set[str]] = {}
        for each in self.drafts:
            component = each.use().component(Location(path="x"))
            facts = component.facts
            if not isinstance(facts, UsedServiceFacts):
                continue
            named = component.name in {facts.provider, *PROGRAMS}
            own = NAMED.get(component.name) if named else None
            if own is None:
                continue
            if own.name not in akin:
                akin[own.name] = {name for name in names if is_akin(own, name)}
            each.env.update(akin[own.name])
            each.authenticated |= not akin[own.name].isdisjoint(KEYS)


_ASKED: Final = frozenset({"model-api", "embedding"})


def _is_place(text: str, key: str) -> bool:
    """Say whether a text is an address, and not the path of one or a region."""
    return "://" in text[:24] or (key == "host" and bool(text) and "/" not in text)
