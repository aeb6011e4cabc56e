"""Packages that one server installs together, and whom to ask for what they pull in."""

from collections.abc import Mapping
from dataclasses import dataclass

from mcpchain.address import normalise, plain
from mcpchain.component import Component, Location, PackageFacts
from mcpchain.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Whom to ask: the registries that a launch names, else those of the user.

    npm has a registry for each scope. One that is named for a package with a scope
    counts for that scope, and one for a package without counts for all others.
    """

    settings: Settings
    purl_type: str
    named: Mapping[str, str]
    """By scope; `""` is for all others."""
    extra: tuple[str, ...] = ()
    refused: str = ""
    """Why nobody is asked."""

    @classmethod
    def of(
        cls,
        roots: tuple[Component, ...],
        settings: Settings,
        trusted: frozenset[str],
    ) -> "Sources":
        """Find out whom to ask for *roots*, at least one, of one kind."""
        purl_type = _type(roots[0])
        named: dict[str, str] = {}
        extra: dict[str, None] = {}
        refused = ""
        for root in roots:
            facts = root.facts
            if not isinstance(facts, PackageFacts):
                continue
            own = [normalise(a) for a in settings.addresses(purl_type, root.name)]
            every = [*facts.extra_registries]
            if facts.registry:
                every.append(facts.registry)
                scope = root.name.partition("/")[0] if "/" in root.name else ""
                named.setdefault(scope, normalise(facts.registry))
            extra.update(dict.fromkeys(map(normalise, facts.extra_registries)))
            for each in every:
                if normalise(each) not in {*trusted, *own}:
                    refused = (
                        f"`{plain(each)}` is not a trusted registry and was not asked"
                    )
        return cls(
            settings=settings,
            purl_type=purl_type,
            named=named,
            extra=tuple(extra),
            refused=refused,
        )

    def named_for(self, name: str) -> str | None:
        """Return the registry that the launch names for the package *name*."""
        scope = name.partition("/")[0] if "/" in name else ""
        return self.named.get(scope) or self.named.get("")

    def of_package(self, name: str) -> tuple[str, ...]:
        """Return the registries that deliver the package *name*, first choice first."""
        if chosen := self.named_for(name):
            return tuple(dict.fromkeys([chosen, *self.extra]))
        own = map(normalise, self.settings.addresses(self.purl_type, name))
        return tuple(dict.fromkeys([*own, *self.extra]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Packages of one kind that one server installs together, at least one."""

    roots: tuple[Component, ...]
    sources: Sources

    @property
    def locations(self) -> tuple[Location, ...]:
        """Every place that asks for one of them, in order and once."""
        every = {str(each): each for root in self.roots for each in root.locations}
        return tuple(every[key] for key in sorted(every))


def _type(root: Component) -> str:
    return root.purl.type if root.purl else ""
