"""What is compared of two components, and which changes are alarms.

Places in files and the order of entries are no change. Of hashes, it is one if a file
has other bytes; that more files are listed than before is a change, and no alarm.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mcpchain.artifact import contradiction, identified
from mcpchain.component import (
    BuildFacts,
    Component,
    DataFacts,
    Kind,
    ModelFacts,
    PackageFacts,
    Pin,
    ServerFacts,
    UsedServiceFacts,
)
from mcpchain.difference.record import Alarm, Values, Warned
from mcpchain.difference.told import ATTESTED_BY, in_order, told, word

_SHOWN: Final = 200
_FIRM: Final = frozenset({Pin.EXACT, Pin.COMMIT, Pin.DIGEST})
_BY_BYTES: Final = frozenset({Kind.DATA, Kind.FILE, Kind.MODEL})
"""Kinds that are named by a digest."""
_STEPS: Final = frozenset({Kind.BUILD, Kind.CONTAINER})


def changes(old: Component, new: Component) -> Mapping[str, tuple[Values, Values]]:
    """Return the fields in which the two differ, by name, sorted."""
    before, after = _fields(old), _fields(new)
    pairs = {
        name: (before.get(name, ()), after.get(name, ()))
        for name in sorted({*before, *after})
    }
    found = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if "version" in found or (new.kind in _BY_BYTES and "hashes" in found):
        found.pop("purl", None)  # it holds the version, or the digest: said already
    return found


def alarms(old: Component | None, new: Component) -> Iterator[Warned]:
    """Yield what is alarming about *new*; *old* is `None` if it was added."""
    for alarm, detail in _alarms(old, new):
        yield Warned(alarm=alarm, about=new, detail=detail)


def _alarms(old: Component | None, new: Component) -> Iterator[tuple[Alarm, str]]:
    before = old.facts if old else None
    match new.facts:
        case ServerFacts():
            yield from _server(before if isinstance(before, ServerFacts) else None, new)
        case ModelFacts() | DataFacts():
            yield from _code(before, new.facts)
            yield from _model(before, new.facts)
        case UsedServiceFacts():
            yield from _service(before, new.facts)
        case _:
            pass
    if old is None:
        return
    if new.kind in _STEPS:
        yield from _step(old, new)
    elif old.version == new.version:
        yield from _bytes(old, new)
    if _registries(old) != _registries(new):
        were = ", ".join(_registries(old)) or "of the client's own choice"
        yield Alarm.REGISTRY, f"{were} -> {', '.join(_registries(new)) or 'its choice'}"
    yield from _attesters(old, new)
    was, now = old.pin, new.pin
    if new.kind is Kind.MCP_SERVER and new.purl is not None:
        return  # the package that it starts has a pin of its own
    if was is not None and now is not None and was in _FIRM and now not in _FIRM:
        yield Alarm.PIN, f"{was.value} -> {now.value}"


def _attesters(old: Component, new: Component) -> Iterator[tuple[Alarm, str]]:
    were, are = (told(each.facts).get(ATTESTED_BY, ()) for each in (old, new))
    if were and were != are:
        said = f"{', '.join(were)[:_SHOWN]} -> {', '.join(are)[:_SHOWN] or 'nobody'}"
        yield Alarm.ATTESTER, said


def _bytes(old: Component, new: Component) -> Iterator[tuple[Alarm, str]]:
    """Compare the bytes that one version may have."""
    before, after = _nameless(old), _nameless(new)
    gone, came = before - after, after - before
    if said := contradiction(old.artifacts, new.artifacts):
        yield Alarm.HASH, said
    elif gone and came and min(gone).partition(":")[0] == min(came).partition(":")[0]:
        # Of a list without names, one more is another file, and one less may be too.
        yield Alarm.HASH, f"{min(gone)} -> {min(came)}"
    elif identified(old.artifacts) and not identified(new.artifacts):
        yield Alarm.PIN, "its digests are no longer named"


def _called(step: Component) -> tuple[str, str | None]:
    """Return what is said to be there, where a commit or digest is what it is."""
    fixed = step.pin in {Pin.COMMIT, Pin.DIGEST} and step.purl is not None
    bare = fixed and step.purl is not None and step.version == step.purl.version
    return step.requested, None if bare else step.version


def _step(old: Component, new: Component) -> Iterator[tuple[Alarm, str]]:
    """Compare what a tag, or a claim beside a commit, is said to stand for."""
    if _called(old) != _called(new):
        return
    was, now = (each.purl.version if each.purl else None for each in (old, new))
    if old.pin not in _FIRM or new.pin not in _FIRM:
        return  # that it is not fixed any more is told by its pin
    if was != now and was and now:
        called = f", both called `{new.requested}`" if new.requested else ""
        yield Alarm.HASH, f"{was} -> {now}{called}"
    else:
        yield from _bytes(old, new)


def _code(old: object, new: ModelFacts | DataFacts) -> Iterator[tuple[Alarm, str]]:
    """Compare what runs when a model or data set is loaded."""
    known = old.remote_code if isinstance(old, ModelFacts | DataFacts) else ()
    for each in sorted({*new.remote_code} - {*known}):
        yield Alarm.CODE, f"`{each}`"


def _model(before: object, new: object) -> Iterator[tuple[Alarm, str]]:
    """Compare what a model does when it is loaded and asked."""
    if not isinstance(before, ModelFacts) or not isinstance(new, ModelFacts):
        return
    known = {*before.imports, *before.operators}
    for each in sorted({*new.imports, *new.operators} - known):
        yield Alarm.CODE, f"`{each}`"
    if before.chat_template != new.chat_template:
        told = (before.chat_template, new.chat_template)
        was, now = (str(each) if each else "none" for each in told)
        yield Alarm.TEMPLATE, f"{was} -> {now}"


def _service(old: object, new: UsedServiceFacts) -> Iterator[tuple[Alarm, str]]:
    """Compare to whom data go."""
    if not isinstance(old, UsedServiceFacts):
        yield Alarm.SERVICE, f"{new.provider}, as {new.category}"
        return
    if new.external and not old.external:
        yield Alarm.REMOTE, new.endpoint or new.provider
    elif new.endpoint is not None and new.endpoint != old.endpoint:
        yield Alarm.ENDPOINT, new.endpoint


def _nameless(component: Component) -> set[str]:
    return {
        str(digest)
        for artifact in component.artifacts
        if not artifact.name
        for digest in artifact.digests
    }


def _server(old: ServerFacts | None, new: Component) -> Iterator[tuple[Alarm, str]]:
    facts = new.facts
    if not isinstance(facts, ServerFacts):
        return
    if facts.endpoint is not None and (old is None or old.endpoint != facts.endpoint):
        if old is not None and old.endpoint is None:
            yield Alarm.REMOTE, facts.endpoint
        else:
            yield Alarm.ENDPOINT, facts.endpoint
    known = {*old.env, *old.headers} if old else set()
    for name in sorted({*facts.env, *facts.headers} - known):
        yield Alarm.ENVIRONMENT, name
    if old is None:
        return
    texts = {each.name: each.digest for each in old.tools}
    for tool in facts.tools:
        if texts.get(tool.name) != tool.digest:
            what = "another text" if tool.name in texts else "new"
            yield Alarm.TOOL, f"`{tool.name}`: {what}"


def _registries(component: Component) -> Values:
    facts = component.facts
    if isinstance(facts, BuildFacts):
        return (facts.registry,) if facts.registry else ()
    if not isinstance(facts, PackageFacts | ServerFacts):
        return ()
    first = (facts.registry,) if facts.registry else ()
    return (*first, *facts.extra_registries)


def _fields(component: Component) -> dict[str, Values]:
    """Return all that is compared, without what is not said."""
    found: dict[str, Values] = {
        "version": word(component.version),
        "purl": word(component.purl.to_string() if component.purl else None),
        "pin": word(component.pin.value if component.pin else None),
        "requested": word(component.requested),
        "hashes": in_order(str(d) for a in component.artifacts for d in a.digests),
        "licences": in_order(component.licenses),
        "concluded licences": in_order(component.concluded),
        "registries": _registries(component),
        "supplier": word(component.supplier),
        **_carried(component.carried),
        **told(component.facts),
    }
    return {name: values for name, values in found.items() if values}


def _carried(text: str) -> dict[str, Values]:
    """Return what a BOM says besides, by its members."""
    members: Any = json.loads(text) if text else {}
    if not isinstance(members, dict):
        return {}
    return {f"`{key}`": (_compact(value),) for key, value in members.items()}


def _compact(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
