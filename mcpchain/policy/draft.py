"""The first draft of a policy: a shipped one, with what was found of a project."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mcpchain.component import Component
from mcpchain.license import declared_expression
from mcpchain.printable import printable
from mcpchain.secret import masked
from mcpchain.verdict import Verdict

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Names of policies and stages that need no thought in a shell, an address or YAML."""
_PLAIN: Final = re.compile(r"(?!(?:true|false|null|yes|no|on|off)\Z)[a-z][a-z0-9_-]*")
_RULE: Final = re.compile(r"  ([a-z-]+):")
_WARNING: Final = frozenset({"dev", "development", "local"})
_SHOWN: Final = 140
_PUBLISHERS: Final = """\
# Who has to stand for which packages: without it, anybody may have signed them.
#
# publishers:
#   - packages: [pkg:pypi/acme-*, "pkg:npm/%40acme/*"]
#     repository: acme/files
#     workflow: release.yml
#     ref: refs/tags/v*
"""
_WAIVERS: Final = """\
# A waiver accepts one finding about one package until a day, and names who said so.
#
# waivers:
#   - rule: known-vulnerability
#     purl: pkg:pypi/example@1.2.3
#     advisory: CVE-2026-0001
#     reason: the vulnerable parser is never called with foreign input
#     owner: platform-security
#     approver: security@acme.example
#     until: fixed
#     expires: 2027-01-31
"""
_LIMITS: Final = """\
limits:
  max-waiver-days: 90
  # Each waiver names somebody else than its owner who agreed.
  approvers: true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a new policy is to say."""

    name: str
    base: str
    """The name of the shipped policy that it is like."""
    text: str
    """How that is written."""
    stages: tuple[str, ...] = ()
    licenses: Mapping[str, str] | None = None
    """Ids in use with their category. `None`: nothing was found."""
    accept: bool = False
    """Whether those of them that are permissive are listed as accepted."""
    registries: tuple[str, ...] = ()
    today: Mapping[str, str] | None = None
    """What was found, by rule. `None`: nothing was judged."""

    def write(self) -> str:
        """Return it as YAML."""
        parts = (
            f"{self._head()}apiVersion: mcpchain/policy/v1\nname: {_text(self.name)}\n",
            "".join(self._rules()),
            "".join(self._licenses()),
            "".join(self._registries()),
            "".join(self._stages()),
            _PUBLISHERS,
            _block(self.text, "signatures"),
            _block(self.text, "advisories"),
            _block(self.text, "limits") or _LIMITS,
            _WAIVERS,
        )
        return "\n".join(filter(None, parts))

    def _head(self) -> str:
        told = "Nothing was judged"
        if self.today is not None:
            told = '"Today" is what was found without a network'
        return (
            f"{self.text.splitlines()[0]}\n"
            f"# Begun from `{self.base}`: see `mcpchain explain {self.base}`.\n"
            f"# {told} when this was written. A level is\n"
            "# `deny` (the gate closes), `warn` (it is said) or `allow` (it is "
            "counted); a\n# rule that is not named still runs, at its own level.\n"
        )

    def _rules(self) -> Iterator[str]:
        """Yield the rules of the base, each with what it would say today."""
        today = dict(self.today or {})
        for line in _block(self.text, "rules").splitlines(keepends=True):
            found = _RULE.match(line)
            if found and (said := today.pop(found[1], "")):
                yield f"  # {said}\n"
            yield line
        for rule, said in today.items():
            yield f"  # Not named here, `{rule}`. {said}\n"

    def _licenses(self) -> Iterator[str]:
        used = self.licenses or {}
        allow = [e for e in used if self.accept and used[e] == "Permissive"]
        head = _block(self.text, "licenses")
        if head or allow:
            yield head or "licenses:\n"
        elif used:
            yield "# Licences in use; nothing looks at them until some are listed.\n"
            yield "#\n# licenses:\n#   allow:\n"
        if allow:
            yield "  # Those in use that are permissive; all others are denied.\n"
            yield "  allow:\n"
            yield from (f"    - {each}\n" for each in allow)
        if head or allow:
            rest = [e for e in used if e not in allow and f"- {e}\n" not in head]
            if rest:
                yield "  # In use, and for you to decide:\n"
            yield from (f"  #   - {e}  # {used[e]}\n" for e in rest)
        else:
            yield from (f"#     - {e}  # {used[e]}\n" for e in used)

    def _registries(self) -> Iterator[str]:
        yield "# Trusted beside those of everybody's own pip and npm settings.\n"
        if self.registries:
            yield "registries:\n"
            yield from (f"  - {json.dumps(each)}\n" for each in self.registries)
        else:
            yield "registries: []\n"

    def _stages(self) -> Iterator[str]:
        names = [_text(each) for each in self.stages]
        if not names:
            yield "# The way to production, each judged by `gate --stage NAME`.\n#\n"
            yield "# stages:\n#   staging: {}\n#   production: {}\n"
            return
        yield "# Each is judged by `gate --stage NAME`.\nstages:\n"
        for number, name in enumerate(names):
            if len(names) > 1 and not number and name in _WARNING:
                yield "  # Here what is denied is only said.\n"
                yield f"  {name}: {{enforce: warn}}\n"
            else:
                yield f"  {name}: {{}}\n"
        blocking = [e for n, e in enumerate(names) if n or e not in _WARNING]
        if len(blocking) > 1:
            *_, before, last = blocking
            yield (
                f"# To let into {last} only what {before} has passed, say who judges "
                f"there, and in\n# place of `{last}: {{}}` what it requires:\n"
                '#   verifiers: [{id: "https://gate.acme.example", repository: '
                "acme/gate}]\n"
                f"#   {last}: {{requires: {{stage: {before}, verifier: "
                '"https://gate.acme.example", max-age: 7d}}\n'
            )


def today(verdict: Verdict) -> dict[str, str]:
    """Return a line for each rule that found something, but for what nobody asked.

    Names in it are somebody else's words: a line is plain ASCII, so that no reader of
    YAML takes a part of it for a line of its own.
    """
    by_level = (
        ("denied", verdict.denied),
        ("warned of", verdict.warned),
        ("allowed", verdict.allowed),
    )
    counts: dict[str, Counter[str]] = {}
    first: dict[str, str] = {}
    for level, findings in by_level:
        for each in findings:
            if not each.open:
                counts.setdefault(each.rule, Counter())[level] += 1
                first.setdefault(each.rule, each.message)
    return {
        rule: f"Today {', '.join(f'{n:,} {level}' for level, n in found.items())}: "
        f"{_comment(first[rule])}"
        for rule, found in sorted(counts.items())
    }


def licenses(components: Iterable[Component]) -> dict[str, str]:
    """Return the SPDX ids under which *components* are, with a category of each."""
    from license_expression import (  # type: ignore[import-untyped]  # no types
        get_license_index,
        get_spdx_licensing,
    )

    parse = get_spdx_licensing().parse
    texts = {t for each in components for t in (*each.licenses, *each.concluded)}
    expressions = filter(None, map(declared_expression, texts))
    used = {
        str(symbol).partition(" WITH ")[0]
        for each in expressions
        for symbol in parse(each).literals
    }
    categories = {e["spdx_license_key"]: e["category"] for e in get_license_index()}
    return {
        each: categories.get(each, "unknown")
        for each in sorted(used)
        if declared_expression(each) == each
    }


def shareable(registries: Iterable[str]) -> tuple[str, ...]:
    """Return those of *registries* that a policy can name, and everybody may read."""
    return tuple(
        each
        for each in dict.fromkeys(registries)
        if each.startswith("https://")
        and not re.search(r"[*?#@\s]", each)
        and masked(each) == each
    )


def _comment(text: str) -> str:
    shown = printable(text).encode("ascii", "backslashreplace").decode()
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def _block(text: str, key: str) -> str:
    """Return what *text* says under the top-level *key*, as it is written."""
    found = re.search(rf"^{key}:.*\n(?:(?: .*)?\n)*", text, re.MULTILINE)
    return f"{found[0].rstrip()}\n" if found else ""


def _text(value: str) -> str:
    """Return *value* so that each reader of YAML takes it for text."""
    return value if _PLAIN.fullmatch(value) else json.dumps(value)


def named(text: str) -> str:
    """Return a name for a policy that comes as near to *text* as one can."""
    near = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:64]
    return near if NAME.fullmatch(near) else "policy"


def stages(text: str) -> Sequence[str]:
    """Return the names in *text*, which commas part.

    Raises:
        ValueError: One is no name, or there twice; says which.
    """
    names = [each.strip() for each in text.split(",")] if text.strip() else []
    for each in names:
        if not NAME.fullmatch(each):
            raise ValueError(f"`{each[:80]}` is no name of a stage")
        if names.count(each) > 1:
            raise ValueError(f"the stage `{each}` is there twice")
    return names
