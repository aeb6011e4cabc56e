"""What changed between two inventories?

    match    which component of the old inventory is a new one
    fields   what is compared of the two, and which changes are alarms
    render   a difference as text, JSON or Markdown

Serial numbers, times and tool versions are no part of an inventory: they do not count.
"""

from collections.abc import Iterable, Iterator

from mcpchain.component import Component, Kind
from mcpchain.difference.fields import alarms, changes
from mcpchain.difference.match import matched
from mcpchain.difference.record import Alarm, Change, Difference, Warned
from mcpchain.inventory import Gap, Inventory

__all__ = ["Alarm", "Change", "Difference", "Warned", "compare"]


def compare(old: Inventory, new: Inventory) -> Difference:
    """Return what changed from *old* to *new*. Nothing is left out of the two."""
    added: list[Component] = []
    removed: list[Component] = []
    changed: list[Change] = []
    warned: list[Warned] = []
    for before, after in matched(old.components, new.components):
        if after is None:
            removed += [before] if before else []
            continue
        warned += alarms(before, after)
        if before is None:
            added.append(after)
        elif fields := changes(before, after):
            changed.append(Change(old=before, new=after, fields=fields))
    gaps = {*old.gaps}, {*new.gaps}
    warned += _unlike(new, [each for each in new.gaps if each not in gaps[0]])
    return Difference(
        old=old.name,
        new=new.name,
        alarms=tuple(sorted(warned, key=_rank)),
        added=tuple(added),
        removed=tuple(removed),
        changed=tuple(changed),
        gaps_added=tuple(each for each in new.gaps if each not in gaps[0]),
        gaps_removed=tuple(each for each in old.gaps if each not in gaps[1]),
    )


def _unlike(new: Inventory, gaps: Iterable[Gap]) -> Iterator[Warned]:
    """Yield an alarm for each of *gaps* that says that bytes are not as they should."""
    known = {each.ref: each for each in new.components}
    for gap in gaps:
        if gap.stage == "verify":
            place = gap.location
            file = Component(kind=Kind.OTHER, name=place.path, locations=(place,))
            about = known.get(gap.ref or "", file)
            yield Warned(alarm=Alarm.HASH, about=about, detail=gap.reason)


_ALARMS = [*Alarm]


def _rank(warned: Warned) -> tuple[int, str, str]:
    return (_ALARMS.index(warned.alarm), warned.about.ref, warned.detail)
