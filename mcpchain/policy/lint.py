"""What is odd about a policy that can be applied as it is written.

Nothing here changes a verdict. It is about what its author may have meant otherwise: a
waiver that has ended or accepts more than one thing, what can never decide, and who is
named so loosely that others fit too.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from mcpchain.finding import Level
from mcpchain.policy import Policy
from mcpchain.policy.levels import Entry, Key, Place
from mcpchain.policy.limits import DEFAULTS
from mcpchain.policy.scope import Scope
from mcpchain.publisher import Pattern, Publisher
from mcpchain.rules import all_rules
from mcpchain.strict_yaml import YamlNode
from mcpchain.verdict import Waiver

_LONG: Final = 365
"""How many days a waiver lasts at most, if the policy has no limit."""
_ADVISED: Final = frozenset({"known-vulnerability", "malicious-release"})
_ALL: Final = re.compile(r"([\w.]*)\.all\(")
_FACT: Final = re.compile(r"\b(?:component|server|release|advisories|signed)\.")
_TRUE: Final = re.compile(r"\|\|\s*true\b|\btrue\s*\|\|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing to look at."""

    id: str
    place: Place
    text: str
    hint: str
    mild: bool = False
    """Whether it may well be meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a policy is held against."""

    today: dt.date
    soon: dt.timedelta
    """What ends within that ends soon."""
    asked: Collection[str]
    """The types of packages of which the gate asks who stands for them."""
    unused: Collection[Waiver] = ()
    """Waivers that covered nothing when something was judged."""


def lint(policy: Policy, root: YamlNode, known: Known) -> list[Remark]:
    """Return what is odd about *policy*, which was read from *root*, by place."""
    found = [
        *_end(policy, root, known),
        *_levels(policy),
        *_defaults(policy, root),
        *_scopes(policy, root),
        *_expressions(root),
        *_publishers(policy, root, known.asked),
        *_stages(policy, root),
        *_waivers(policy, known),
    ]
    if policy.max_advisory_age is None:
        found.append(
            Remark(
                id="no-advisory-age",
                place=Place(source=policy.source, line=1),
                text="advisories may be of any age",
                hint="say how old they may be: `advisories: {max-age: 7d}`",
                mild=True,
            )
        )
    return sorted(found, key=lambda each: (each.place.source, each.place.line, each.id))


def _end(policy: Policy, root: YamlNode, known: Known) -> Iterator[Remark]:
    last = policy.expires
    if last is None or last > known.today + known.soon:
        return
    ended = last < known.today
    yield Remark(
        id="expired-policy" if ended else "policy-ends-soon",
        place=Place(source=policy.source, line=root.at("expires").line),
        text=f"the policy {'ended' if ended else 'ends'} on {last}",
        hint="look through it, and give it a new end",
        mild=not ended,
    )


def _possible(policy: Policy, key: Key) -> Iterator[Level]:
    """Yield each level that may become of *key*, stages and scopes included."""
    yield policy.levels.get(key, Level.DENY)
    for stage in policy.stages:
        if key in stage.levels:
            yield stage.levels[key]
    for entry in policy.scoped.get(key[0], ()):
        if key in entry.levels:
            yield entry.levels[key]


def _levels(policy: Policy) -> Iterator[Remark]:
    blocks = any(each.blocks for each in policy.stages) or not policy.stages
    if blocks and any(Level.DENY in _possible(policy, key) for key in policy.levels):
        return
    yield Remark(
        id="nothing-denied",
        place=Place(source=policy.source, line=1),
        text="nothing is ever denied" if blocks else "no stage blocks",
        hint="whatever is found, the gate stays open; deny what must not pass",
    )


def _defaults(policy: Policy, root: YamlNode) -> Iterator[Remark]:
    """Tell of defaults in place of which a rule decides."""
    for name, node in root.at("defaults").items():
        here = Place(source=node.source, line=node.line)
        others = {
            key: place
            for key in DEFAULTS[name]
            if (place := policy.places.get(key, here)) != here
        }
        if not others:
            continue
        variants = ", ".join(f"`{rule} {variant}`" for rule, variant in others)
        lines = ", ".join(str(each) for each in dict.fromkeys(others.values()))
        yield Remark(
            id="overridden-default",
            place=here,
            text=f"`{name}` does not decide {variants}: {lines} does",
            hint="say it in one of the two places",
            mild=len(others) < len(DEFAULTS[name]),
        )


def _scopes(policy: Policy, root: YamlNode) -> Iterator[Remark]:
    """Tell of entries that an earlier, wider one leaves nothing."""
    for rule in (each for each, _ in root.at("rules").items()):
        entries = policy.scoped.get(rule, ())
        before: list[Entry] = []
        for each in entries:
            wider = next((e for e in before if _within(each.scope, e.scope)), None)
            if wider:
                yield Remark(
                    id="never-reached",
                    place=Place(source=policy.source, line=each.line),
                    text=f"`{rule}`: all that this scope fits, the one at line "
                    f"{wider.line} fits too, and the first holds",
                    hint="put it before that one, or remove it",
                )
            before.append(each)


def _within(inner: Scope | None, outer: Scope | None) -> bool:
    """Say whether *outer* fits all that *inner* does."""
    if inner is None or outer is None:
        return outer is None
    return (
        _subset(inner.kinds, outer.kinds)
        and _subset(inner.stages, outer.stages)
        and (
            not outer.packages
            or (
                bool(inner.packages)
                and all(
                    any(_covers(o, i) for o in outer.packages) for i in inner.packages
                )
            )
        )
        and (
            not outer.paths
            or (
                bool(inner.paths)
                and all(
                    any(
                        i == o or (o.endswith("/") and i.startswith(o))
                        for o in outer.paths
                    )
                    for i in inner.paths
                )
            )
        )
    )


def _subset(inner: Collection[object], outer: Collection[object]) -> bool:
    return not outer or (bool(inner) and set(inner) <= set(outer))


def _covers(outer: Pattern, inner: Pattern) -> bool:
    if (outer.type, outer.namespace) != (inner.type, inner.namespace):
        return False
    if outer.begins:
        return inner.name.startswith(outer.name)
    return not inner.begins and inner.name == outer.name


def _expressions(root: YamlNode) -> Iterator[Remark]:
    """Tell of conditions that are true of nothing at all, or always."""
    for rule in root.at("custom").elements() if "custom" in root else ():
        node = rule.at("expr")
        text = node.text()
        place = Place(source=node.source, line=node.line)
        for found in _ALL.finditer(text):
            name = found[1]
            if not _counted(name, text):
                yield Remark(
                    id="vacuous-all",
                    place=place,
                    text=f"`{name}.all(` is true of an empty list: whatever has none "
                    "passes",
                    hint=f"ask for one as well: `{name}.size() > 0 && {name}.all(...)`",
                )
        if _TRUE.search(text) or not _FACT.search(text):
            yield Remark(
                id="always-the-same",
                place=place,
                text="it says the same of everything",
                hint="ask for something that one component has and another has not",
            )


def _counted(name: str, text: str) -> bool:
    """Say whether *text* asks how many there are of *name*."""
    size = rf"(?:size\(\s*{re.escape(name)}\s*\)|{re.escape(name)}\.size\(\))"
    return bool(name and re.search(rf"{size}\s*(?:>\s*\d|>=\s*[1-9]|!=\s*0)", text))


def _publishers(
    policy: Policy, root: YamlNode, asked: Collection[str]
) -> Iterator[Remark]:
    # Those of a policy that is extended come first, and stand elsewhere.
    first = len(policy.publishers) - len([*root.at("publishers").elements()])
    for number, each in [*enumerate(policy.publishers)][first:]:
        place = Place(source=policy.source, line=each.line)
        for other in sorted({p.type for p in each.packages} - set(asked)):
            yield Remark(
                id="never-asked",
                place=place,
                text=f"the gate asks nobody who stands for `pkg:{other}`: each of them "
                "becomes a gap",
                hint="verify them by themselves (`mcpchain verify`), and waive the gap",
            )
        beside = [
            e
            for at, e in enumerate(policy.publishers)
            if at != number and _all_of(each, e)
        ]
        if beside:
            lines = ", ".join(f"{one.line}" for one in beside)
            yield Remark(
                id="publisher-beside",
                place=place,
                text="whoever is named for a wider pattern may stand for these too "
                f"(line {lines}): of several, any one is enough",
                hint="narrow the other pattern if these are for one publisher alone",
                mild=True,
            )
        yield from _open(each, place)


def _all_of(inner: Publisher, outer: Publisher) -> bool:
    return all(any(_covers(o, i) for o in outer.packages) for i in inner.packages)


def _open(publisher: Publisher, place: Place) -> Iterator[Remark]:
    """Tell who else fits what is said of a publisher."""
    expected = publisher.expected
    if expected is None or not (expected.repository or expected.repository_id):
        return
    open_ = []
    if expected.repository.endswith("*"):
        open_.append(f"every repository that `{expected.repository}` fits")
    if not expected.workflow:
        open_.append("any workflow of the repository")
    if not expected.ref:
        open_.append("any branch or tag")
    elif expected.ref in {"refs/heads/*", "refs/tags/*"}:
        open_.append(f"all that `{expected.ref}` fits")
    if open_:
        yield Remark(
            id="loose-publisher",
            place=place,
            text=f"{', '.join(open_)} may sign",
            hint="name the `workflow`, and the `ref` as `refs/tags/v*`",
            mild=True,
        )


def _stages(policy: Policy, root: YamlNode) -> Iterator[Remark]:
    needs = {e.name: e.requires.stage for e in policy.stages if e.requires}
    own = {name for name, _ in root.at("stages").items()}
    for stage in (each for each in policy.stages if each.name in own):
        seen, at = {stage.name}, needs.get(stage.name)
        while at is not None and at not in seen:
            seen.add(at)
            at = needs.get(at)
        if at == stage.name:
            yield Remark(
                id="stages-in-a-circle",
                place=Place(source=policy.source, line=stage.line),
                text=f"`{stage.name}` waits for a verdict that waits for its own",
                hint="let the first stage require none",
            )
    used = {each.requires.verifier.id for each in policy.stages if each.requires}
    first = len(policy.verifiers) - len([*root.at("verifiers").elements()])
    for verifier in policy.verifiers[first:]:
        if verifier.id not in used:
            yield Remark(
                id="unused-verifier",
                place=Place(source=policy.source, line=verifier.line),
                text=f"no stage requires a verdict of `{verifier.id}`",
                hint="name it under `requires` of a stage, or remove it",
                mild=True,
            )


def _waivers(policy: Policy, known: Known) -> Iterator[Remark]:
    copies = Counter(map(_accepted, policy.waivers))
    for each in policy.waivers:
        place = Place(source=each.source, line=each.line)
        what = f"the waiver of `{each.rule}` for `{each.purl.to_string()}`"
        for id_, text, hint, mild in (
            *_time(each, policy, known),
            *_width(each),
            *_use(each, policy, known),
        ):
            yield Remark(
                id=id_, place=place, text=f"{what} {text}", hint=hint, mild=mild
            )
        if copies[_accepted(each)] > 1:
            yield Remark(
                id="duplicate-waiver",
                place=place,
                text=f"{what} is there {copies[_accepted(each)]} times",
                hint="keep one of them, so that its end is one",
            )


_Told = tuple[str, str, str, bool]


def _accepted(waiver: Waiver) -> tuple[object, ...]:
    name = waiver.name or waiver.purl.to_string()
    return (waiver.rule, waiver.variant, name, waiver.purl.version, waiver.advisory)


def _time(waiver: Waiver, policy: Policy, known: Known) -> Iterator[_Told]:
    last, today = waiver.expires, known.today
    if last < today:
        hint = "remove it, or look at it again and give it a new end"
        yield "expired-waiver", f"ended on {last}", hint, False
    elif last <= today + known.soon:
        hint = f"see to it, or ask `{waiver.owner}` whether it goes on"
        yield "waiver-ends-soon", f"ends on {last}", hint, True
    most = policy.limits.max_waiver_days
    if last > today + dt.timedelta(days=most or _LONG):
        hint = "give it an end in sight, and `limits` with `max-waiver-days`"
        if most:
            hint = f"the gate refuses it: `max-waiver-days` is {most}"
        yield "long-waiver", f"lasts until {last}", hint, False


def _width(waiver: Waiver) -> Iterator[_Told]:
    if not waiver.purl.version and not waiver.rule.startswith("unpinned-"):
        text = "names no version, so it accepts whatever version is chosen next"
        yield "wide-waiver", text, "pin the package, and name its version here", False
    rule = all_rules().get(waiver.rule)
    several = [*rule.variants] if rule else []
    if waiver.variant is None and waiver.rule not in _ADVISED and len(several) > 1:
        named = ", ".join(f"`{each}`" for each in several)
        text = f"accepts each variant: {named}"
        yield "wide-waiver", text, "name the `variant` that it accepts", True


def _use(waiver: Waiver, policy: Policy, known: Known) -> Iterator[_Told]:
    keys = [
        key
        for key in policy.levels
        if key[0] == waiver.rule and waiver.variant in {None, key[1]}
    ]
    if all({*_possible(policy, key)} == {Level.ALLOW} for key in keys):
        text = "accepts what the policy allows everywhere"
        yield "idle-waiver", text, "remove it", False
    if waiver in known.unused and waiver.expires >= known.today:
        text = "covers nothing of what was judged"
        yield "unused-waiver", text, "remove it before it hides something new", False
