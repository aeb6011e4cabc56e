"""A package that comes from a registry nobody has agreed to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.address import normalise
from mcpchain.case import Case
from mcpchain.component import Kind, PackageFacts, ServerFacts
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class UntrustedRegistry:
    """A lock, a configuration or a command line names a registry of its own.

    Why it matters: whoever writes that file chooses who delivers the code. A second
    index beside the usual one is enough: whoever registers the same name there with a
    higher version wins (dependency confusion).

    Use instead: the registry of your own pip or npm configuration. If the named one
    is right, add it to `registries` in the policy.

    Variants:
        registry: the package comes from there.
        extra: the package may also come from there.
    """

    id: ClassVar[str] = "untrusted-registry"
    variants: ClassVar[Mapping[str, Level]] = {
        "registry": Level.DENY,
        "extra": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding for every named registry that is not trusted."""
        facts = case.component.facts
        if not isinstance(facts, PackageFacts | ServerFacts):
            return
        if case.component.kind is Kind.MCP_SERVER and case.component.purl is not None:
            return  # the package that it starts is a case of its own
        named = [("registry", facts.registry)] if facts.registry is not None else []
        named += [("extra", each) for each in facts.extra_registries]
        for variant, registry in named:
            if normalise(registry) not in case.trusted_registries:
                verb = "comes" if variant == "registry" else "may also come"
                yield Finding(
                    rule=self.id,
                    variant=variant,
                    about=case.component,
                    message=f"`{case.component.title}` {verb} from `{registry}`, which "
                    "is not a trusted registry",
                    hint="if it is right, trust it in the policy: "
                    f"`registries: [{normalise(registry)}]`",
                )


RULE: Final[type[Rule]] = UntrustedRegistry
