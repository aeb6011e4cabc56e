"""Which files belong to a skill, once all files of a target are known.

A skill is a folder with a `SKILL.md` (Agent Skills, specification): what lies in it is
what an agent reads and runs when it uses the skill.
"""

from dataclasses import replace
from typing import Final

from mcpchain.component import Component, FileFacts, Kind
from mcpchain.inventory import Collector, Inventory, Relation, RelationKind

SKILL: Final = "skill"


def contain(inventory: Inventory) -> Inventory:
    """Return *inventory* with the files of each skill inside it."""
    skills = {
        _folder(each): each.ref
        for each in inventory.components
        if _role(each) == SKILL and each.location.path.lower().endswith("skill.md")
    }
    edges = [
        Relation(source=owner, target=each.ref, kind=RelationKind.CONTAINS)
        for each in inventory.components
        if _role(each) and (owner := _owner(each, skills)) is not None
    ]
    if not edges:
        return inventory
    found = Collector(inventory.name)
    found.include(replace(inventory, relations=(*inventory.relations, *edges)))
    return found.inventory()


def _owner(component: Component, skills: dict[str, str]) -> str | None:
    """Return the skill in whose folder a file is: the nearest, and not itself."""
    folder = _folder(component)
    while True:
        owner = skills.get(folder)
        if owner is not None and owner != component.ref:
            return owner
        if not folder or owner == component.ref:
            return None
        folder = folder.rpartition("/")[0]


def _role(component: Component) -> str:
    if component.kind is Kind.FILE and isinstance(component.facts, FileFacts):
        return component.facts.role
    return ""


def _folder(component: Component) -> str:
    return component.location.path.rpartition("/")[0]
