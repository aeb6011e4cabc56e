"""Read a policy file, and the policy that it extends."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol

from mcpchain import controls
from mcpchain.errors import MalformedError, PolicyError
from mcpchain.policy import Policy, default_levels
from mcpchain.policy.changes import changes
from mcpchain.policy.custom import ERROR, VIOLATED, read_custom
from mcpchain.policy.levels import read_rules
from mcpchain.policy.limits import read_defaults, read_licenses, read_limits
from mcpchain.policy.publishers import read_builders, read_demand, read_publishers
from mcpchain.policy.stages import Stage, read_stages, read_verifiers
from mcpchain.policy.values import age, day, known, unlike, words
from mcpchain.policy.waivers import read_waivers
from mcpchain.rules import all_rules
from mcpchain.strict_yaml import YamlNode, load

API_VERSION: Final = "mcpchain/policy/v1"
LISTS: Final = ("licenses", "publishers", "registries", "signatures", "waivers")
"""What a policy may let those loosen that extend it, beside rules."""
KEYS: Final = {
    *("apiVersion", "name", "expires", "extends", "extended-by", "defaults", "rules"),
    *("registries", "licenses", "publishers", "signatures", "advisories"),
    *("verifiers", "stages", "limits", "waivers", "custom", "controls"),
}
CHANNEL: Final = re.compile(r"conda:[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._-]+)?")
SHA256: Final = re.compile("[0-9a-f]{64}")
COMMIT: Final = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_DEEPEST: Final = 8
_TOLD: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The policy that another one extends."""

    file: str
    """Beside that one, or in the repository."""
    sha256: str
    git: str = ""
    """The address of a repository; empty: it is a file."""
    commit: str = ""


class Around(Protocol):
    """What lies around a policy file."""

    def key(self, name: str) -> bytes:
        """Return the bytes of a file beside it, or raise `OSError`."""
        ...

    def base(self, base: Base) -> "tuple[bytes, str, Around]":
        """Return the bytes of a policy, what it is called, and what lies around it.

        Raises:
            OSError: It cannot be had.
        """
        ...


def parse(
    data: bytes,
    *,
    source: str,
    around: Around | None = None,
    today: dt.date | None = None,
) -> Policy:
    """Read a policy file.

    Args:
        data: Its bytes.
        source: What it is called.
        around: Where the keys that it names are, and the policy that it extends.
        today: The day on which it has to hold, in UTC. `None`: nobody asks.

    Raises:
        PolicyError: It cannot be applied as written; says the line and what to do.
    """
    return _parse(data, source, around, today, 1)


def _parse(
    data: bytes, source: str, around: Around | None, today: dt.date | None, depth: int
) -> Policy:
    try:
        return _Reader(load(data, source=source), data, around, today, depth).policy()
    except MalformedError as error:
        place = error.pointer.removeprefix("line ")
        where = f"{error.source}:{place}" if place else error.source
        hint = "repair the policy; `mcpchain explain baseline` shows every key"
        raise PolicyError(f"{where}: {error.problem}", hint=hint) from error


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one file, over what the policy that it extends asks."""

    root: YamlNode
    data: bytes
    around: Around | None
    today: dt.date | None
    depth: int

    def policy(self) -> Policy:
        root = self.root
        known(root, KEYS)
        version = root.at("apiVersion").text()
        if version != API_VERSION:
            problem = (
                f"`{version}` is not known here; this mcpchain reads `{API_VERSION}`"
            )
            raise root.at("apiVersion").malformed(problem)
        if "extends" not in root:
            asked = any(True for _ in root.at("rules").items())
            if not asked and not any(True for _ in root.at("custom").elements()):
                problem = "names no rule, so it asks for nothing"
                raise root.at("rules").malformed(problem)
            return self._over(_BARE)
        base = self._base(root.at("extends"))
        policy = self._over(base)
        found = [e for e in changes(base, policy) if e.loosens]
        each = {e.what: f"{e}" for e in reversed(found)}  # the first of each
        refused = [t for w, t in each.items() if w not in base.loosened_by][::-1]
        if refused:
            more = f" (and {len(refused) - _TOLD} more)" if len(refused) > _TOLD else ""
            problem = f"{'; '.join(refused[:_TOLD])}{more}"
            problem = f"{problem}; `{base.name}` does not allow that"
            raise root.at("extends").malformed(problem)
        return policy

    def _over(self, base: Policy) -> Policy:
        """Return *base* with what the file says in place of what that says."""
        root = self.root
        policy = replace(
            self._judging(base),
            name=root.at("name").text(),
            source=root.source,
            expires=self._expires(),
            loosened_by=frozenset(self._loosened_by()),
        )
        policy = replace(policy, sha256=self._digest(base, policy))
        if "registries" in root:
            addresses = tuple(_addresses(root.at("registries")))
            policy = replace(policy, registries=addresses)
        if "licenses" in root:
            policy = replace(policy, licenses=read_licenses(root.at("licenses")))
        if "signatures" in root:
            node = root.at("signatures")
            builders, demand = read_builders(node), read_demand(node)
            policy = replace(policy, builders=builders, second_opinion=demand)
        if "advisories" in root:
            oldest = _max_age(root.at("advisories"))
            policy = replace(policy, max_advisory_age=oldest)
        return self._waiving(policy)

    def _judging(self, base: Policy) -> Policy:
        """Return *base* with the rules, publishers and stages of the file."""
        root = self.root
        beside = self.around.key if self.around else None
        publishers = tuple(read_publishers(root.at("publishers"), beside))
        verifiers = (*base.verifiers, *read_verifiers(root.at("verifiers"), beside))
        own = read_stages(root.at("stages"), verifiers, {e.name for e in base.stages})
        stages = {each.name: each for each in (*base.stages, *own)}
        for step in stages.values():
            self._check_stage(step, stages)
        levels, places = dict(base.levels), dict(base.places)
        for key, level, place in read_defaults(root.at("defaults")):
            levels[key], places[key] = level, place
        rules = {each.id: each for each in base.rules}
        scoped = dict(base.scoped)
        for rule_id, entries in read_rules(root.at("rules"), tuple(stages), rules):
            scoped.pop(rule_id, None)
            if within := tuple(each for each in entries if each.scope):
                scoped[rule_id] = within
            for each in entries:
                if each.scope is None:
                    rules[rule_id] = each.rule
                    levels.update(each.levels)
                    places.update(each.places)
        ids = [each.id for each in base.custom]
        own_rules = tuple(read_custom(root.at("custom"), tuple(stages), ids))
        for rule in own_rules:
            levels[rule.id, VIOLATED] = rule.level
            places[rule.id, VIOLATED] = places[rule.id, ERROR] = rule.place
        return replace(
            base,
            rules=tuple(rules.values()),
            custom=(*base.custom, *own_rules),
            controls={
                **base.controls,
                **dict(
                    _controls(
                        root.at("controls"),
                        {*rules, *ids, *(each.id for each in own_rules)},
                    )
                ),
            },
            levels=levels,
            places=places,
            scoped=scoped,
            publishers=(*base.publishers, *publishers),
            verifiers=verifiers,
            stages=tuple(stages.values()),
        )

    def _check_stage(self, stage: Stage, stages: Mapping[str, Stage]) -> None:
        """Refuse a verdict that nothing rests on, or that says nothing."""
        if stage.requires is None:
            return
        node = self.root.at("stages")
        node = node.at(stage.name) if stage.name in node else node
        if not stage.blocks:
            problem = f"`{stage.name}` requires a verdict, and only warns without it"
            raise node.malformed(problem)
        before = stages[stage.requires.stage]
        if not before.blocks:
            problem = f"`{before.name}` only warns, so its verdict says nothing"
            raise node.malformed(problem)

    def _waiving(self, policy: Policy) -> Policy:
        root = self.root
        limits = read_limits(root.at("limits"), policy.limits)
        stages = [each.name for each in policy.stages]
        variants = {each.id: (VIOLATED,) for each in policy.custom}
        read = partial(read_waivers, variants=variants, stages=stages, limits=limits)
        own = tuple(read(root.at("waivers"), today=self.today))
        # What it will not have waived, what it extends does not waive either.
        kept = (
            each
            for each in policy.waivers
            if each.rule not in limits.unwaivable
            and (each.approver or not limits.approvers)
        )
        waivers = (*kept, *own)
        most = limits.max_waivers
        if most is not None and len(waivers) > most:
            problem = f"{len(waivers)} are more than `max-waivers` allows ({most})"
            raise root.at("waivers").malformed(problem)
        return replace(policy, limits=limits, waivers=waivers)

    def _expires(self) -> dt.date | None:
        if "expires" not in self.root:
            return None
        last = day(self.root.at("expires"))
        if self.today is not None and self.today > last:
            problem = "the policy has ended; look through it, and give it a new end"
            raise self.root.at("expires").malformed(problem)
        return last

    def _loosened_by(self) -> Iterator[str]:
        node = self.root.at("extended-by")
        known(node, {"may-loosen"})
        words = {*all_rules(), *LISTS}
        for each in node.at("may-loosen").elements() if node.exists else ():
            if each.text() not in words:
                raise each.malformed(unlike(each.text(), words, "part of a policy"))
            yield each.text()

    def _digest(self, base: Policy, policy: Policy) -> str:
        """Return that of all that decides: the file, its keys, and what it extends."""
        own = [each.key for each in policy.publishers[len(base.publishers) :]]
        own += [each.signer.key for each in policy.verifiers[len(base.verifiers) :]]
        beside = [hashlib.sha256(each).hexdigest() for each in own if each]
        # No YAML holds this byte, so nothing of one part can be taken for another.
        parts = [self.data, *(e.encode() for e in (*beside, base.sha256) if e)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def _base(self, node: YamlNode) -> Policy:
        known(node, {"file", "sha256", "git", "commit"})
        wanted = Base(
            file=words(node.at("file")),
            sha256=_hexadecimal(node.at("sha256"), SHA256, "a SHA-256"),
            git=words(node.at("git")) if "git" in node else "",
            commit=_hexadecimal(node.at("commit"), COMMIT, "a commit")
            if "git" in node or "commit" in node
            else "",
        )
        if wanted.commit and not wanted.git:
            raise node.malformed("has a `commit`, and no `git` in which it is")
        if self.around is None:
            raise node.malformed("only a policy in a file can extend another one")
        if self.depth == _DEEPEST:
            raise node.malformed(f"{_DEEPEST} policies that extend each other")
        try:
            data, source, around = self.around.base(wanted)
        except (OSError, ValueError) as error:  # a name that no file can have
            why = getattr(error, "strerror", "") or error
            problem = f"`{wanted.file[:140]}` cannot be read: {why}"
            raise node.malformed(problem) from None
        found = hashlib.sha256(data).hexdigest()
        if found != wanted.sha256:
            raise node.at("sha256").malformed(
                f"`{wanted.file[:140]}` has the SHA-256 {found}; read what changed, "
                "and give that digest"
            )
        return _parse(data, source, around, self.today, self.depth + 1)


def _hexadecimal(node: YamlNode, form: re.Pattern[str], what: str) -> str:
    # Digits alone are a number in YAML.
    text = node.text() if isinstance(node.value, str) or not node.exists else ""
    if not form.fullmatch(text):
        raise node.malformed(f"is not {what} in hexadecimal digits; put it in quotes")
    return text


def _max_age(advisories: YamlNode) -> dt.timedelta | None:
    known(advisories, {"max-age"})
    return age(advisories.at("max-age")) if advisories.exists else None


def _controls(
    node: YamlNode, rules: AbstractSet[str]
) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Yield the controls that each rule speaks of."""
    known(node, rules, what="rule")
    for rule, listed in node.items():
        found = []
        for each in listed.elements():
            try:
                found.append(controls.parse(each.text()))
            except ValueError as error:
                raise each.malformed(str(error)) from None
        if not found:
            raise listed.malformed("is empty; leave it out")
        yield rule, tuple(dict.fromkeys(found))


def _addresses(node: YamlNode) -> Iterator[str]:
    for each in node.elements():
        address = each.text()
        if CHANNEL.fullmatch(address):
            yield address
            continue
        if not address.startswith("https://") or any(c in address for c in "*?#@ "):
            problem = (
                f"`{address[:140]}` is no registry; write its full `https://` address, "
                "without user name, wildcard or query (of conda: `conda:<channel>`)"
            )
            raise each.malformed(problem)
        yield address


_BARE: Final = Policy(
    name="",
    rules=tuple(rule() for rule in all_rules().values()),
    levels=default_levels(),
)
"""What holds where no policy speaks."""
