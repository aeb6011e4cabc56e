"""A package that comes from a place nobody has agreed to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.address import is_loopback, lies_below, normalise, origin, plain
from mcpchain.case import Case
from mcpchain.component import Kind, Origin, PackageFacts, ServerFacts
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class UntrustedRegistry:
    """A package comes from a registry, host or repository that nobody has agreed to.

    Why it matters: whoever writes the lock, configuration or command line that names
    it chooses who delivers the code. A second index beside the usual one is enough:
    whoever registers the same name there with a higher version wins (dependency
    confusion). What comes from a URL or a repository is compared with no registry at
    all, and advisories about its name may speak of other code.

    Use instead: the registry of your own pip or npm configuration. If the named one
    is right, add it to `registries` in the policy. For a URL or a repository, an
    address there trusts what lies below it: `https://github.com/acme` trusts all
    repositories of acme, fetched by HTTPS or by SSH, and by nothing else. A channel
    of conda that is named without an address is trusted as `conda:conda-forge`.

    Variants:
        registry: the package comes from there.
        extra: the package may also come from there.
        plaintext: the registry is yours, and is named with plain HTTP: whoever is on
            the way can answer in its place.
    """

    id: ClassVar[str] = "untrusted-registry"
    variants: ClassVar[Mapping[str, Level]] = {
        "registry": Level.DENY,
        "extra": Level.DENY,
        "plaintext": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding for every named address that is not trusted."""
        facts = case.component.facts
        if not isinstance(facts, PackageFacts | ServerFacts):
            return
        if case.component.kind is Kind.MCP_SERVER and case.component.purl is not None:
            return  # the package that it starts is a case of its own
        if isinstance(facts, PackageFacts) and facts.origin in _ELSEWHERE:
            yield from self._elsewhere(case, facts.registry or "")
            return
        named = [("registry", facts.registry)] if facts.registry is not None else []
        named += [("extra", each) for each in facts.extra_registries]
        for variant, registry in named:
            if normalise(registry) not in case.trusted_registries:
                verb = "comes" if variant == "registry" else "may also come"
                yield Finding(
                    rule=self.id,
                    variant=variant,
                    about=case.component,
                    message=f"`{case.component.title}` {verb} from "
                    f"`{plain(registry)}`, which is not a trusted registry",
                    hint=_advice(registry),
                )
            elif normalise(registry).startswith("http:") and not is_loopback(registry):
                yield Finding(
                    rule=self.id,
                    variant="plaintext",
                    about=case.component,
                    message=f"`{case.component.title}` comes from "
                    f"`{plain(registry)}` without encryption",
                    hint="name the registry with `https://`",
                )

    def _elsewhere(self, case: Case, address: str) -> Iterator[Finding]:
        """Yield a finding for a URL or repository below no address of the policy."""
        fetched = _encrypted(address)
        if any(lies_below(fetched, each) for each in case.trusted_addresses):
            return
        where = f"`{plain(address)}`" if address else "an address that is not told"
        yield Finding(
            rule=self.id,
            variant="registry",
            about=case.component,
            message=f"`{case.component.title}` comes from {where}, "
            "which is below no trusted address",
            hint=_advice(fetched),
        )


_ELSEWHERE: Final = frozenset({Origin.URL, Origin.VCS})
_LONGEST: Final = 140


def _encrypted(address: str) -> str:
    """Return the HTTPS address of a host that SSH reaches by its usual port.

    Both know the host before they believe it, and npm writes `git+ssh` of what it
    fetches by HTTPS. A policy names hosts by HTTPS only.
    """
    scheme, slash, rest = address.partition("://")
    return f"https://{rest}" if slash and scheme == "ssh" else address


def _advice(address: str) -> str:
    """Say how a policy can trust *address*, in a form that policies have."""
    trusted = normalise(address)
    if trusted.startswith("conda:"):
        return f"if it is right, trust it in the policy: `registries: [{trusted}]`"
    where = origin(trusted)
    if where is None or where[0] != "https":
        return "name it with `https://`, and trust that address in the policy"
    if any(c in trusted for c in "*?#@%") or len(trusted) > _LONGEST:
        return (
            "if it is right, trust its host or a folder there in the policy, under "
            "`registries`"
        )
    return f"if it is right, trust it in the policy: `registries: [{trusted}]`"


RULE: Final[type[Rule]] = UntrustedRegistry
