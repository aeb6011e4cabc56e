"""A difference for people, for programs, and for a comment on a pull request."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from mcpchain.component import Component, Kind
from mcpchain.difference.record import Alarm, Change, Difference, Values
from mcpchain.inventory import Gap
from mcpchain.printable import printable

FORMAT_VERSION: Final = "mcpchain/bom-diff/v1"
"""Changes when a field changes its meaning or goes; not when one is added."""
MEANINGS: Final[Mapping[Alarm, str]] = {
    Alarm.HASH: "has other bytes under the same name",
    Alarm.TOOL: "shows a model another text of a tool",
    Alarm.REMOTE: "ran here, and now runs on somebody else's machine",
    Alarm.ENDPOINT: "is reached at a new address",
    Alarm.SERVICE: "is a service that was not used before",
    Alarm.CODE: "brings code that it did not bring before",
    Alarm.TEMPLATE: "is told another text around every message",
    Alarm.ENVIRONMENT: "is given a variable or header that it did not have",
    Alarm.REGISTRY: "comes from another place",
    Alarm.ATTESTER: "is no longer to be attested by the same ones",
    Alarm.PIN: "was fixed, and can now be changed by its publisher",
}
_LONG: Final = frozenset({"columns", "hashes", "hyperparameters", "tools"})
"""Fields of which a person is told how many values changed, not which."""
_SHOWN: Final = 300


def text(difference: Difference) -> str:
    """Return the difference for a reader at a terminal."""
    return "".join(f"{line}\n" for line in _text(difference))


def _text(difference: Difference) -> Iterator[str]:
    for each in difference.alarms:
        title = printable(_title(each.about))
        yield f"alarm[{each.alarm.value}]: {title} {MEANINGS[each.alarm]}"
        yield f"  --> {printable(str(each.about.location))}"
        yield f"  {printable(each.detail[:_SHOWN])}"
        yield ""
    for mark, components in (("+", difference.added), ("-", difference.removed)):
        for component in components:
            place = printable(str(component.location))
            yield f"{mark} {printable(_title(component))}  ({place})"
    for change in difference.changed:
        yield f"~ {printable(_title(change.new))}: {printable(_said(change))}"
    for mark, gaps in (("+", difference.gaps_added), ("-", difference.gaps_removed)):
        for gap in gaps:
            yield f"{mark} gap: {printable(_gap_words(gap))}"
    yield _summary(difference)


def markdown(difference: Difference) -> str:
    """Return the difference as Markdown, in which no name can do anything."""
    return "".join(f"{line}\n" for line in _markdown(difference))


def _markdown(difference: Difference) -> Iterator[str]:
    yield f"## What changed: {_summary(difference)}"
    sections = {
        "Alarms": [
            f"**{each.alarm.value}**: {_code(_title(each.about))} "
            f"{MEANINGS[each.alarm]}: {_code(each.detail)}"
            f" ({_code(str(each.about.location))})"
            for each in difference.alarms
        ],
        "Added": [_placed(each) for each in difference.added],
        "Removed": [_placed(each) for each in difference.removed],
        "Changed": [
            f"{_code(_title(each.new))}: {_code(_said(each))}"
            for each in difference.changed
        ],
        "New gaps": [_code(_gap_words(each)) for each in difference.gaps_added],
        "Closed gaps": [_code(_gap_words(each)) for each in difference.gaps_removed],
    }
    for heading, items in sections.items():
        if items:
            yield f"\n### {heading}\n"
            yield from (f"- {each}" for each in items)


def _placed(component: Component) -> str:
    return f"{_code(_title(component))} ({_code(str(component.location))})"


def _code(words: str) -> str:
    """Return a code span (CommonMark 6.1) that *words* cannot end."""
    shown = printable(words[:_SHOWN])
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def as_json(difference: Difference) -> str:
    """Return the difference for programs; every list in a total order."""
    report = {
        "format": FORMAT_VERSION,
        "old": difference.old,
        "new": difference.new,
        "alarms": [
            {
                "alarm": each.alarm.value,
                "component": _component(each.about),
                "detail": each.detail,
            }
            for each in difference.alarms
        ],
        "added": [_component(each) for each in difference.added],
        "removed": [_component(each) for each in difference.removed],
        "changed": [
            {
                "component": _component(each.new),
                "fields": {
                    name: {"old": list(before), "new": list(after)}
                    for name, (before, after) in each.fields.items()
                },
            }
            for each in difference.changed
        ],
        "gapsAdded": [_gap(each) for each in difference.gaps_added],
        "gapsRemoved": [_gap(each) for each in difference.gaps_removed],
    }
    return json.dumps(report, indent=2, ensure_ascii=True) + "\n"


RENDERERS: Final[Mapping[str, Callable[[Difference], str]]] = {
    "text": text,
    "json": as_json,
    "markdown": markdown,
}


def _title(component: Component) -> str:
    if component.kind is not Kind.MCP_SERVER:
        return f"{component.kind.value} {component.title}"
    starts = f" ({component.purl.to_string()})" if component.purl else ""
    return f"{component.kind.value} {component.name}{starts}"


def _said(change: Change) -> str:
    """Say what changed, in one line."""
    fields = change.fields
    # Another version has other files, of which nothing needs to be said.
    told = [name for name in fields if name != "hashes" or "version" not in fields]
    # What only another tool says is named here, and told whole in JSON.
    others = [name for name in told if name.startswith("`")]
    said = [
        f"{name} {_turn(name, *fields[name])}" for name in told if name not in others
    ]
    return "; ".join([*said, *([f"also {', '.join(others)}"] if others else [])])


def _turn(name: str, old: Values, new: Values) -> str:
    if name in _LONG:
        gone, came = len({*old} - {*new}), len({*new} - {*old})
        return f"-{gone} +{came}"
    return f"{', '.join(old) or 'none'} -> {', '.join(new) or 'none'}"


def _gap_words(gap: Gap) -> str:
    return f"{gap.location}: {gap.reason}"


def _summary(difference: Difference) -> str:
    if not difference:
        return "no changes"
    counts = {
        "alarms": len(difference.alarms),
        "added": len(difference.added),
        "removed": len(difference.removed),
        "changed": len(difference.changed),
        "new gaps": len(difference.gaps_added),
        "closed gaps": len(difference.gaps_removed),
    }
    return ", ".join(
        f"{count} {word.removesuffix('s') if count == 1 else word}"
        for word, count in counts.items()
        if count
    )


def _component(component: Component) -> Mapping[str, object]:
    return {
        "ref": component.ref,
        "kind": component.kind.value,
        "name": component.name,
        "version": component.version,
        "purl": component.purl.to_string() if component.purl else None,
        "locations": [str(each) for each in component.locations],
    }


def _gap(gap: Gap) -> Mapping[str, object]:
    return {
        "location": str(gap.location),
        "stage": gap.stage,
        "state": gap.state.value,
        "reason": gap.reason,
    }
