"""Services that code and configuration use: told by an address, and joined over files.

One service is seen in many places: here its client is made, there a model is named, and
elsewhere stands the name of the variable that holds its key.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from mcpchain.address import public
from mcpchain.ai_providers import (
    NAMED,
    PROGRAMS,
    SELF_HOSTED,
    UNKNOWN,
    Provider,
    by_host,
)
from mcpchain.component import Basis, Component, Kind, Location, UsedServiceFacts
from mcpchain.inventory import Collector, Inventory
from mcpchain.secret import is_variable, masked

_ADDRESS: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]{1,20})://(?:[^/?#\s]*@)?"
    r"(?P<host>\[[0-9a-f:.]{2,45}\]|[^/?#:\s\[\]]{1,255})(?::(?P<port>\d{1,5}))?(?=[/?#]|$)",
    re.IGNORECASE,
)
_HOST: Final = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){0,10}\.?", re.ASCII)
_BARE: Final = re.compile(
    r"(?P<host>[\w-]{1,63}(?:\.[\w-]{1,63}){0,10})(?::(?P<port>\d{1,5}))?", re.ASCII
)
_HERE: Final = re.compile(
    r"(?:.+\.)?(?:localhost|local|lan|internal|svc|intranet|home\.arpa)"
)
_LONGEST: Final = 500
_MODEL: Final = re.compile(r"[\w@][\w./:@+ -]{0,139}", re.ASCII)
_BY_PORT: Final = {11434: "Ollama", 1234: "LM Studio"}
"""Programs that are known by the port on which they answer on this machine."""
_ORDER: Final = ("model-api", "vector-database", "embedding", "reranking")
"""Which of two categories says more of what is sent there."""
_ASKED: Final = frozenset({"model-api", "embedding", "reranking", "speech", "image"})


class Address(NamedTuple):
    """Where a service is asked."""

    host: str
    port: int | None
    shown: str | None
    """The address without what may be secret; `None` where it is written in part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A way in which code asks a service."""

    product: str
    """A name in the table of providers."""
    category: str = ""
    """Another one than the provider's."""
    own: bool = False
    """Whether it is asked at a customer's own address, which the provider runs too."""
    package: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What one place says about how a service is used."""

    client: Client
    address: Address | None = None
    opaque: bool = False
    """Whether an address is given that is not written there."""
    models: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    authenticated: bool = False

    def component(self, place: Location, basis: Basis = Basis.DECLARED) -> Component:
        """Declare the service that is used at *place*."""
        name, provider = self._whose()
        known = NAMED[self.client.product]
        address = self.address
        category = self.client.category or known.category
        return Component(
            kind=Kind.SERVICE,
            name=name,
            basis=basis,
            facts=UsedServiceFacts(
                provider=provider,
                category=category,
                endpoint=address.shown if address else None,
                models=tuple(sorted({m for m in self.models if is_model(m)})),
                env=tuple(sorted({e for e in self.env if is_variable(e)})),
                authenticated=True if self.authenticated else None,
                external=provider != SELF_HOSTED,
                packages=(self.client.package,) if self.client.package else (),
            ),
            locations=(place,),
        )

    def _whose(self) -> tuple[str, str]:
        """Return what the service is called, and who runs it."""
        product, own = self.client.product, self.client.own
        program = product in PROGRAMS
        alike = product if program else f"{product}-compatible API"
        if self.address is None:
            if own or not (self.opaque or program):
                return product, product
            return alike, UNKNOWN if self.opaque else SELF_HOSTED
        host = self.address.host.lower()
        if provider := by_host(host):
            return provider.name, provider.name
        if self.address.shown is None and not own:
            return alike, UNKNOWN
        if is_here(host):
            return _BY_PORT.get(self.address.port or 0, alike), SELF_HOSTED
        return (product, product) if own else (product if program else host, host)


def is_model(text: str) -> bool:
    """Say whether *text* can be the name of a model, and may be shown."""
    return _MODEL.fullmatch(text) is not None


def read_address(text: str, port: int | None = None) -> Address | None:
    """Return the address that *text* is or begins with; `None` if it is none.

    Of one that is only written in part, as in a template, the host is still told if
    that is whole.

    Args:
        text: As code has it.
        port: The port, where that is given by itself.
    """
    text = text.strip()[:_LONGEST]
    match = _ADDRESS.match(text)
    if match is None:
        bare = _BARE.fullmatch(text)
        if bare is None:
            return None
        number = int(bare["port"]) if bare["port"] else port
        # How it is spoken to is not said: over TCP, in any case.
        shown = f"tcp://{bare['host']}" + (f":{number}" if number else "")
        return Address(bare["host"], number, shown)
    host = match["host"].strip("[]")
    if not _HOST.fullmatch(host) and ":" not in host:
        return Address(host, None, None) if "." in host else None
    number = int(match["port"]) if match["port"] else port
    whole = not re.search(r"[{}<>$%\s]", text)
    shown = text if whole else match[0]
    if number and not match["port"]:
        shown = f"{match['scheme']}://{match['host']}:{number}"
    return Address(host, number, masked(public(shown)))


def is_here(host: str) -> bool:
    """Say whether *host* lies on this side of the trust boundary."""
    host = host.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or _HERE.fullmatch(host) is not None
    return address.is_private or address.is_loopback or address.is_unspecified


def client_of(provider: Provider, package: str = "") -> Client:
    """Return how *provider* is asked by a library for many, or without any."""
    return Client(product=provider.name, package=package)


def join_services(inventory: Inventory) -> Inventory:
    """Return *inventory* with all sightings of one service as one component."""
    groups: dict[_Key, list[Component]] = {}
    for each in inventory.components:
        if each.kind is Kind.SERVICE and isinstance(each.facts, UsedServiceFacts):
            groups.setdefault(_key(each, each.facts), []).append(each)
    _adopt(groups)
    united = {each.ref: _union(group) for group in groups.values() for each in group}
    components = tuple(
        replace(united[each.ref], locations=each.locations, ref=each.ref)
        if each.ref in united
        else each
        for each in inventory.components
    )
    found = Collector(inventory.name)
    found.include(replace(inventory, components=components))
    return found.inventory()


class _Key(NamedTuple):
    name: str
    provider: str
    group: str
    where: str


def _key(component: Component, facts: UsedServiceFacts) -> _Key:
    group = "model" if facts.category in _ASKED else facts.category
    where = ""
    if facts.endpoint and (address := read_address(facts.endpoint)):
        known = NAMED.get(component.name)
        usual = known is not None and address.host in known.hosts
        lone = facts.provider == SELF_HOSTED and _is_default(component.name, address)
        if not usual and not lone:
            where = f"{address.host}:{address.port or ''}"
    return _Key(component.name, facts.provider, group, where)


def _is_default(name: str, address: Address) -> bool:
    loopback = address.host in {"localhost", "127.0.0.1", "::1"}
    return loopback and PROGRAMS.get(name) == address.port


def _adopt(groups: dict[_Key, list[Component]]) -> None:
    """Give code that has no address the one that a variable of its has elsewhere."""
    for key in [key for key in groups if key.where]:
        plain = key._replace(where="")
        if plain not in groups or any(
            each.basis is not Basis.CONFIGURED for each in groups[key]
        ):
            continue
        if not _env(groups[key]).isdisjoint(_env(groups[plain])):
            groups[plain] += groups.pop(key)


def _env(components: Iterable[Component]) -> set[str]:
    facts = (each.facts for each in components)
    return {n for f in facts if isinstance(f, UsedServiceFacts) for n in f.env}


def _union(components: Sequence[Component]) -> Component:
    facts = [e.facts for e in components if isinstance(e.facts, UsedServiceFacts)]
    endpoints = {f.endpoint for f in facts if f.endpoint}
    categories = {f.category for f in facts}
    declared = any(each.basis is Basis.DECLARED for each in components)
    return replace(
        components[0],
        basis=Basis.DECLARED if declared else Basis.CONFIGURED,
        facts=replace(
            facts[0],
            category=min(categories, key=_rank),
            endpoint=min(endpoints, key=lambda e: (len(e), e), default=None),
            models=tuple(sorted({m for f in facts for m in f.models})),
            env=tuple(sorted({e for f in facts for e in f.env})),
            authenticated=True if any(f.authenticated for f in facts) else None,
            external=any(f.external for f in facts),
            packages=tuple(sorted({p for f in facts for p in f.packages})),
        ),
    )


def _rank(category: str) -> tuple[int, str]:
    order = _ORDER.index(category) if category in _ORDER else len(_ORDER)
    return order, category
