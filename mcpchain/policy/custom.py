"""Rules that a policy writes itself, as expressions in CEL.

An expression says what has to be true of a component. It is parsed and type-checked
when the policy is read, against the facts below: a fact that is misspelt, or compared
with something of another type, is an error there. What is not known of a component has
no value, so that an expression which needs it gives an error; and an error, like
anything that is not `true`, is a finding.

CEL (cel.dev) has no loops without bound, no clock and no I/O. Its values are not
Python's: an error is a value too, of a type of its own, which is why the type is asked
first.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mcpchain.case import Case
from mcpchain.component import (
    Component,
    Kind,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.finding import Finding, Level
from mcpchain.policy.levels import Place, place_of, read_level
from mcpchain.policy.scope import Scope, read_scope
from mcpchain.policy.values import known, unlike, words
from mcpchain.rules import all_rules
from mcpchain.signature import Identity
from mcpchain.strict_yaml import YamlNode

VIOLATED: Final = "violated"
ERROR: Final = "error"
ID: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_FACT: Final = re.compile(r"\b(?:component|server|release|advisories|signed)\.\w+")
_WORDS: Final = {
    "component.kind": [each.value for each in Kind],
    "component.pin": [each.value for each in Pin],
    "server.transport": [each.value for each in Transport],
}
"""The facts that have one of few words: what is compared with another one, never is."""
_COMPARED: Final = re.compile(
    r"\b(component\.kind|component\.pin|server\.transport)\s*"
    r"(?:[=!]=\s*([\"'])(?P<one>[^\"']*)\2|in\s*\[(?P<list>[^\]]*)\])"
    r"|([\"'])(?P<before>[^\"']*)\5\s*[=!]=\s*"
    r"(?P<fact>component\.kind|component\.pin|server\.transport)\b"
)
_QUOTED: Final = re.compile(r"[\"']([^\"']*)[\"']")
_LONGEST: Final = 4_096
_MOST: Final = 1_000
"""How many entries a list may have, so that an expression ends."""

Value = bool | int | str | list[str] | None


@dataclass(frozen=True, slots=True)
class _Fact:
    """Something that an expression can ask of a case."""

    type: str
    """As CEL calls it."""
    of: Callable[[Case], Value]
    """`None`: it is not known."""


def _server(case: Case) -> ServerFacts | None:
    facts = case.component.facts
    return facts if isinstance(facts, ServerFacts) else None


def _signers(case: Case, part: Callable[[Identity], str]) -> list[str] | None:
    if case.standing is None:
        return None
    found = (part(each) for each in case.standing.signers)
    return sorted({each for each in found if each})


def _package_name(component: Component) -> str | None:
    """Return the package that it is, or that a server starts, and not its own name."""
    purl = component.purl
    if purl is None:
        return None
    return f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name


def _age(case: Case) -> int | None:
    if case.release is None or case.release.published is None:
        return None
    return (case.now - case.release.published).days


def _package(case: Case, what: Callable[[PackageFacts], bool]) -> bool:
    facts = case.component.facts
    return isinstance(facts, PackageFacts) and what(facts)


FACTS: Final[Mapping[str, _Fact]] = {
    "component.kind": _Fact("string", lambda c: c.component.kind.value),
    "component.name": _Fact("string", lambda c: c.component.name),
    "component.package": _Fact("string", lambda c: _package_name(c.component)),
    "component.version": _Fact("string", lambda c: c.component.version),
    "component.type": _Fact(
        "string", lambda c: c.component.purl.type if c.component.purl else None
    ),
    "component.purl": _Fact(
        "string", lambda c: c.component.purl.to_string() if c.component.purl else None
    ),
    "component.pin": _Fact(
        "string", lambda c: c.component.pin.value if c.component.pin else None
    ),
    "component.hashed": _Fact("bool", lambda c: bool(c.component.artifacts)),
    "component.supplier": _Fact("string", lambda c: c.component.supplier or None),
    "component.licenses": _Fact(
        "list", lambda c: [*(c.component.concluded or c.component.licenses)]
    ),
    "component.paths": _Fact(
        "list", lambda c: [each.path for each in c.component.locations]
    ),
    "component.development": _Fact(
        "bool", lambda c: _package(c, lambda facts: facts.development)
    ),
    "component.optional": _Fact(
        "bool", lambda c: _package(c, lambda facts: facts.optional)
    ),
    "component.pulled_in": _Fact("bool", lambda c: c.pulled_in),
    "server.client": _Fact("string", lambda c: s.client if (s := _server(c)) else None),
    "server.transport": _Fact(
        "string", lambda c: s.transport.value if (s := _server(c)) else None
    ),
    "server.launcher": _Fact(
        "string", lambda c: s.launcher if (s := _server(c)) else None
    ),
    "server.endpoint": _Fact(
        "string", lambda c: s.endpoint if (s := _server(c)) else None
    ),
    "server.env": _Fact("list", lambda c: [*s.env] if (s := _server(c)) else None),
    "server.headers": _Fact(
        "list", lambda c: [*s.headers] if (s := _server(c)) else None
    ),
    "server.tools": _Fact(
        "list", lambda c: [t.name for t in s.tools] if (s := _server(c)) else None
    ),
    "release.known": _Fact("bool", lambda c: c.release is not None),
    "release.registry": _Fact(
        "string", lambda c: c.release.registry if c.release else None
    ),
    "release.age_days": _Fact("int", _age),
    "advisories.ids": _Fact(
        "list", lambda c: sorted({i for each in c.advisories for i in each.ids})
    ),
    "signed.known": _Fact("bool", lambda c: c.standing is not None),
    "signed.verified": _Fact(
        "bool", lambda c: any(c.standing.answers) if c.standing else None
    ),
    "signed.issuers": _Fact("list", lambda c: _signers(c, lambda i: i.issuer)),
    "signed.identities": _Fact("list", lambda c: _signers(c, lambda i: i.san)),
    "signed.repositories": _Fact("list", lambda c: _signers(c, lambda i: i.repository)),
}
"""What an expression can ask. `signed` counts signatures that hold, whoever made them:
`verified` says that one of them is by whom it has to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRule:
    """A rule of a policy's own."""

    id: str
    expression: str
    message: str
    hint: str
    level: Level
    place: Place = field(compare=False)
    scope: Scope | None = None
    compiled: Any = field(compare=False, repr=False)
    asked: tuple[str, ...] = ()
    """The facts that the expression names."""
    type: Any = field(default=None, compare=False, repr=False)
    """What CEL calls the type of true and false."""

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding unless the expression is true of *case*."""
        component = case.component
        if component.kind is Kind.APPLICATION and component.purl is None:
            return  # the system itself: it is asked about what it is made of
        scope = self.scope
        if scope and not any(
            scope.fits(component, e.path) for e in component.locations
        ):
            return
        given = {name: FACTS[name].of(case) for name in self.asked}
        long = [n for n, v in given.items() if isinstance(v, list) and len(v) > _MOST]
        values = {k: v for k, v in given.items() if v is not None and k not in long}
        try:
            answer = self.compiled.eval(data=values)
            failed, said = answer.type() != self.type, answer.value()
        except (RuntimeError, ValueError) as error:
            # More steps than it may take, or text that is none.
            failed, said = True, error
        if not failed and said is True:
            return
        why = ""
        if failed:
            unknown = ", ".join(f"`{each}`" for each in given if each not in values)
            why = f"{unknown} is not known" if unknown else str(said)[:140]
            why = f" (no answer: {why})"
        yield Finding(
            rule=self.id,
            variant=ERROR if failed else VIOLATED,
            about=component,
            message=f"`{component.title}`: {self.message}{why}",
            hint=self.hint,
        )


def read_custom(
    node: YamlNode, stages: Sequence[str], taken: Sequence[str]
) -> Iterator[CustomRule]:
    """Yield each rule.

    Args:
        node: The list of them.
        stages: Those that a scope may name.
        taken: The ids of rules that there are already.

    Raises:
        MalformedError: An expression does not compile or is no condition, or there is
            no CEL here.
    """
    seen = {*all_rules(), *taken}
    engine = None
    for each in node.elements():
        known(each, {"id", "expr", "message", "hint", "level", "scope"})
        name = each.at("id").text()
        if not ID.fullmatch(name):
            problem = f"`{name[:80]}` is no id; write it like `servers-of-acme`"
            raise each.at("id").malformed(problem)
        if name in seen:
            raise each.at("id").malformed(f"there is a rule `{name}` already")
        seen.add(name)
        engine = engine or _Engine(each)
        text = words(each.at("expr"))
        yield CustomRule(
            id=name,
            expression=text,
            message=words(each.at("message")),
            hint=words(each.at("hint")) if "hint" in each else f"ask for it: {text}",
            level=read_level(each.at("level")) if "level" in each else Level.DENY,
            place=place_of(each),
            scope=read_scope(each.at("scope"), stages) if "scope" in each else None,
            compiled=engine.compiled(each.at("expr"), text),
            asked=tuple(sorted({*_FACT.findall(text)} & {*FACTS})),
            type=engine.bool,
        )


class _Engine:
    """CEL, if it is installed."""

    def __init__(self, node: YamlNode) -> None:
        try:
            from cel_expr_python import cel  # type: ignore[import-untyped]  # no types
        except ImportError:
            problem = (
                "is an expression in CEL, which is not installed here; "
                "`pip install 'mcpchain[cel]'`"
            )
            raise node.malformed(problem) from None
        types = {
            "bool": cel.Type.BOOL,
            "int": cel.Type.INT,
            "string": cel.Type.STRING,
            "list": cel.Type.List(cel.Type.STRING),
        }
        self.bool = cel.Type.BOOL
        # A dot in a name is CEL's own way to qualify it, and no field of anything: so
        # each fact has a type, and what there is not is an error.
        variables = {name: types[fact.type] for name, fact in FACTS.items()}
        self._environment = cel.NewEnv(variables=variables)

    def compiled(self, node: YamlNode, text: str) -> Any:  # noqa: ANN401 - CEL's own
        """Compile a condition."""
        if len(text) > _LONGEST:
            raise node.malformed(f"longer than {_LONGEST:,} characters")
        try:
            compiled = self._environment.compile(text)
        except RuntimeError as error:
            why = str(error).partition("ERROR: <input>:")[2].partition("\n")[0]
            place, _, said = why.partition(": ")
            said = said.replace(" (in container '')", "")
            raise node.malformed(f"at {place}: {said or error}") from None
        if compiled.return_type() != self.bool:
            raise node.malformed("is no condition; it has to be true or false")
        for match in _COMPARED.finditer(text):
            fact = match[1] or match["fact"]
            listed = _QUOTED.findall(match["list"] or "")
            for word in (match["one"], match["before"], *listed):
                if word is not None and word not in _WORDS[fact]:
                    raise node.malformed(unlike(word, _WORDS[fact], f"`{fact}`"))
        return compiled
