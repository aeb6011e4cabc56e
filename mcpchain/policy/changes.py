"""What a change of a policy does: whether it allows what was denied before.

Whatever cannot be shown to be at least as strict counts as looser: which of two
identities is narrower, or which of two scopes, is nothing to guess about.
"""

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from mcpchain.finding import Level
from mcpchain.policy import Policy
from mcpchain.policy.custom import VIOLATED
from mcpchain.policy.levels import Entry, Key
from mcpchain.policy.stages import Stage
from mcpchain.policy.values import written
from mcpchain.publisher import Publisher
from mcpchain.signature import Demand

_LEVELS: Final = [*Level]
_L = TypeVar("_L", int | None, dt.date | None, dt.timedelta | None)
_DEMANDS: Final = [Demand.OFF, Demand.WHEN_SUPPORTED, Demand.REQUIRED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between two policies."""

    what: str
    """A rule, or a key of the file."""
    text: str
    loosens: bool

    def __str__(self) -> str:
        how = "loosens" if self.loosens else "tightens"
        return f"{how} `{self.what}`: {self.text}"


def changes(old: Policy, new: Policy) -> Iterator[Change]:
    """Yield what *new* asks otherwise than *old*, rules first."""
    for rule in new.rules:
        yield from _rule(rule.id, old, new)
    yield from _custom(old, new)
    yield from _listed("registries", old.registries, new.registries)
    yield from _licenses(old, new)
    yield from _publishers(old, new)
    yield from _signatures(old, new)
    yield from _limit(
        "advisories", "max-age", old.max_advisory_age, new.max_advisory_age
    )
    yield from _limit("expires", "the last day", old.expires, new.expires)
    yield from _limits(old, new)
    yield from _waivers(old, new)
    yield from _verifiers(old, new)
    yield from _stages(old, new)
    yield from _listed("extended-by", old.loosened_by, new.loosened_by)


def _rule(rule_id: str, old: Policy, new: Policy) -> Iterator[Change]:
    for key in new.levels:
        if key[0] == rule_id:
            yield from _level(rule_id, key, old.levels, new.levels)
    before = next((each for each in old.rules if each.id == rule_id), None)
    after = next(each for each in new.rules if each.id == rule_id)
    for each in dataclasses.fields(after):  # type: ignore[arg-type]  # all are ones
        # Of every setting that there is, more is stricter.
        was, now = getattr(before, each.name, None), getattr(after, each.name)
        if was is not None and was != now:
            text = f"`{each.name.replace('_', '-')}` is {_said(now)}, not {_said(was)}"
            yield Change(what=rule_id, text=text, loosens=now < was)
    yield from _scoped(rule_id, old, new)


def _level(
    what: str, key: Key, old: Mapping[Key, Level], new: Mapping[Key, Level]
) -> Iterator[Change]:
    was, now = old.get(key, Level.DENY), new.get(key, Level.DENY)
    if was is not now:
        text = f"{' '.join(key)} is `{now.value}`, not `{was.value}`"
        loosens = _LEVELS.index(now) < _LEVELS.index(was)
        yield Change(what=what, text=text, loosens=loosens)


def _scoped(rule_id: str, old: Policy, new: Policy) -> Iterator[Change]:
    before, after = old.scoped.get(rule_id, ()), new.scoped.get(rule_id, ())
    if before == after:
        return
    # Whatever was in a scope may be in any now, or in none.
    most, least = [*_asked(rule_id, old, before)], [*_asked(rule_id, new, after)]
    loosens = _sets(rule_id, old, before) or _sets(rule_id, new, after)
    for now in least if before else least[1:]:
        loosens |= any(now[key] < was.get(key, 0) for was in most for key in now)
    yield Change(what=rule_id, text="it has other scopes", loosens=loosens)


def _asked(
    rule_id: str, policy: Policy, entries: Collection[Entry]
) -> Iterator[dict[Key, int]]:
    """Yield the levels out of every scope, and then those in each."""
    for levels in ({}, *(each.levels for each in entries)):
        asked = {**policy.levels, **levels}
        yield {k: _LEVELS.index(v) for k, v in asked.items() if k[0] == rule_id}


def _sets(rule_id: str, policy: Policy, entries: Collection[Entry]) -> bool:
    """Say whether a scope has settings of its own."""
    rule = next(each for each in policy.rules if each.id == rule_id)
    return any(each.rule != rule for each in entries)


def _custom(old: Policy, new: Policy) -> Iterator[Change]:
    """Compare rules of the policies' own: of two expressions nothing tells more."""
    was, now = ({e.id: e for e in each.custom} for each in (old, new))
    for rule_id in sorted(was.keys() | now.keys()):
        one, other = was.get(rule_id), now.get(rule_id)
        if one is None or other is None:
            text = "it is gone" if other is None else "it is new"
            yield Change(what=rule_id, text=text, loosens=other is None)
        elif dataclasses.replace(other, level=one.level) != one:
            yield Change(what=rule_id, text="it asks something else", loosens=True)
        else:
            key = (rule_id, VIOLATED)
            yield from _level(rule_id, key, old.levels, new.levels)


def _listed(what: str, old: Collection[str], new: Collection[str]) -> Iterator[Change]:
    """Compare what is accepted."""
    for each in sorted(set(new) - set(old)):
        yield Change(what=what, text=f"`{each}` is accepted", loosens=True)
    for each in sorted(set(old) - set(new)):
        yield Change(what=what, text=f"`{each}` is no longer accepted", loosens=False)


def _licenses(old: Policy, new: Policy) -> Iterator[Change]:
    was, now, what = old.licenses, new.licenses, "licenses"
    if was is None or now is None:
        if was is not now:
            text = "nothing is said of them" if now is None else "they are listed"
            yield Change(what=what, text=text, loosens=now is None)
        return
    if not was.allow and now.allow:
        # One that is listed with an exception is accepted although it is denied.
        loosens = any(each.partition(" WITH ")[0] in was.deny for each in now.allow)
        text = "only those listed are accepted"
        yield Change(what=what, text=text, loosens=loosens)
    elif was.allow and not now.allow:
        yield Change(what=what, text="all that are not denied are", loosens=True)
    else:
        yield from _listed(what, was.allow, now.allow)
    for each in sorted(was.deny ^ now.deny):
        dropped = each in was.deny
        text = f"`{each}` is {'no longer ' if dropped else ''}denied"
        yield Change(what=what, text=text, loosens=dropped)


def _publishers(old: Policy, new: Policy) -> Iterator[Change]:
    was, now = old.publishers, new.publishers
    for each in was:
        if each not in now:
            text = f"that of {_packages(each)} is another, or nobody"
            yield Change(what="publishers", text=text, loosens=True)
    for each in now:
        if each not in was:
            # Of several that may stand for the same, any one is enough.
            beside = any(_meet(other, each) for other in was)
            text = f"somebody {'else ' if beside else ''}stands for {_packages(each)}"
            yield Change(what="publishers", text=text, loosens=beside)


def _packages(publisher: Publisher) -> str:
    return ", ".join(
        f"`pkg:{each.type}/{each.namespace + '/' if each.namespace else ''}{each.name}"
        f"{'*' if each.begins else ''}`"
        for each in publisher.packages
    )


def _meet(one: Publisher, other: Publisher) -> bool:
    """Say whether some package may be of both."""
    return any(
        a.type == b.type
        and a.namespace == b.namespace
        and (
            (a.begins and b.name.startswith(a.name))
            or (b.begins and a.name.startswith(b.name))
            or a.name == b.name
        )
        for a in one.packages
        for b in other.packages
    )


def _signatures(old: Policy, new: Policy) -> Iterator[Change]:
    what = "signatures"
    if old.second_opinion is not new.second_opinion:
        was, now = (
            _DEMANDS.index(old.second_opinion),
            _DEMANDS.index(new.second_opinion),
        )
        text = f"`second-opinion` is `{new.second_opinion.value}`"
        yield Change(what=what, text=text, loosens=now < was)
    if old.builders.self_hosted is not new.builders.self_hosted:
        trusted = new.builders.self_hosted
        text = f"self-hosted runners are {'' if trusted else 'not '}trusted"
        yield Change(what=what, text=text, loosens=trusted)
    yield from _listed(what, old.builders.isolating, new.builders.isolating)


def _limit(what: str, name: str, old: _L, new: _L) -> Iterator[Change]:
    """Compare a limit; there may be none, which is looser than any."""
    if old != new:
        loosens = new is None or (old is not None and new > old)
        text = f"{name} is {_said(new)}, not {_said(old)}"
        yield Change(what=what, text=text, loosens=loosens)


def _said(value: object) -> str:
    if isinstance(value, dt.timedelta):
        return f"`{written(value)}`"
    return "without limit" if value is None else f"{value}"


def _limits(old: Policy, new: Policy) -> Iterator[Change]:
    was, now, what = old.limits, new.limits, "limits"
    yield from _limit(what, "max-waiver-days", was.max_waiver_days, now.max_waiver_days)
    yield from _limit(what, "max-waivers", was.max_waivers, now.max_waivers)
    if was.approvers is not now.approvers:
        text = f"waivers need {'an' if now.approvers else 'no'} approver"
        yield Change(what=what, text=text, loosens=was.approvers)
    for each in sorted(was.unwaivable ^ now.unwaivable):
        dropped = each in was.unwaivable
        text = f"`{each}` can {'' if dropped else 'not '}be waived"
        yield Change(what=what, text=text, loosens=dropped)


def _waivers(old: Policy, new: Policy) -> Iterator[Change]:
    def bare(policy: Policy) -> list[object]:
        return [dataclasses.replace(w, source="", line=0) for w in policy.waivers]

    before, after = bare(old), bare(new)
    known, left = {*before}, {*after}
    for each, given in zip(new.waivers, after, strict=True):
        if given not in known:
            text = f"{each.rule} of `{each.purl.to_string()}` until {each.expires}"
            yield Change(what="waivers", text=text, loosens=True)
    for each, given in zip(old.waivers, before, strict=True):
        if given not in left:
            text = f"no longer {each.rule} of `{each.purl.to_string()}`"
            yield Change(what="waivers", text=text, loosens=False)


def _stages(old: Policy, new: Policy) -> Iterator[Change]:
    what = "stages"
    was, now = ({e.name: e for e in each.stages} for each in (old, new))
    for name in was.keys() - now.keys():
        yield Change(what=what, text=f"`{name}` is gone", loosens=True)
    for name in now.keys() - was.keys():
        # Whoever chooses it has to be held to as much as at any other.
        others = [old.staged(each) for each in old.stages] or [old]
        loosens = any(_milder(each, new.staged(now[name])) for each in others)
        yield Change(what=what, text=f"`{name}` is new", loosens=loosens)
    for name in sorted(was.keys() & now.keys()):
        yield from _stage(was[name], now[name], old, new)


def _milder(old: Policy, new: Policy) -> bool:
    """Say whether *new* asks less at its stage than *old* does, at its own if any."""
    was, now = old.stage or Stage(name=""), new.stage or Stage(name="")
    return (
        (was.blocks and not now.blocks)
        or (was.requires is not None and not _at_least(was, now))
        or any(each.loosens for rule in new.rules for each in _rule(rule.id, old, new))
        or any(each.loosens for each in _custom(old, new))
    )


def _verifiers(old: Policy, new: Policy) -> Iterator[Change]:
    was, now = ({e.id: e for e in each.verifiers} for each in (old, new))
    for name in sorted(was.keys() | now.keys()):
        if was.get(name) != now.get(name):
            how = (
                "is gone"
                if name not in now
                else "is another"
                if name in was
                else "is new"
            )
            loosens = bool(was) and name in now
            yield Change(what="verifiers", text=f"`{name}` {how}", loosens=loosens)


def _stage(was: Stage, now: Stage, old: Policy, new: Policy) -> Iterator[Change]:
    what = "stages"
    if was.blocks is not now.blocks:
        text = f"`{now.name}` {'blocks' if now.blocks else 'only warns'}"
        yield Change(what=what, text=text, loosens=was.blocks)
    before, after = ({**p.levels, **s.levels} for p, s in ((old, was), (new, now)))
    for key in sorted(was.levels.keys() | now.levels.keys()):
        for each in _level(what, key, before, after):
            yield dataclasses.replace(each, text=f"`{now.name}`: {each.text}")
    then, here = old.staged(was), new.staged(now)
    for rule in new.rules:
        if any(each.loosens for each in _scoped(rule.id, old, new)):
            continue  # is said already
        for each in _scoped(rule.id, then, here):
            if each.loosens:
                yield dataclasses.replace(each, text=f"`{now.name}`: {each.text}")
    if was.requires != now.requires:
        loosens = was.requires is not None and not _at_least(was, now)
        text = f"`{now.name}` requires {'another' if now.requires else 'no'} verdict"
        yield Change(what=what, text=text, loosens=loosens)


def _at_least(was: Stage, now: Stage) -> bool:
    one, other = was.requires, now.requires
    return bool(
        one
        and other
        and dataclasses.replace(other, max_age=one.max_age) == one
        and other.max_age <= one.max_age
    )
