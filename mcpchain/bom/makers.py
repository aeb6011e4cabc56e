"""Who makes a component, as CycloneDX tells it.

Whom its maker declares both makes and supplies it: an organisation is its
`manufacturer`, a person one of its `authors`, and either its `supplier`.
"""

from functools import lru_cache
from typing import Any, Final

from mcpchain.supplier import is_mail, is_organisation, joined, parts

MEMBERS: Final = frozenset({"authors", "manufacturer", "supplier"})
_KEPT: Final = 4096

_Object = dict[str, Any]


@lru_cache(_KEPT)
def members(supplier: str) -> _Object:
    """Return the members that say who *supplier* is, not to be changed."""
    name, contact = parts(supplier)
    entity: _Object = {"name": name}
    if is_mail(contact):
        entity["contact"] = [{"email": contact}]
    elif contact:
        entity["url"] = [contact]
    if is_organisation(supplier):
        return {"supplier": entity, "manufacturer": entity}
    person = {"name": name, "email": contact} if is_mail(contact) else {"name": name}
    return {"supplier": entity, "authors": [person]}


def told(entry: _Object) -> str:
    """Return whom *entry* names as its supplier, if it says it just as we do."""
    entity = entry.get("supplier")
    if not isinstance(entity, dict) or not isinstance(entity.get("name"), str):
        return ""
    text = joined(entity["name"], _contact(entity))
    said = members(text)
    return text if all(entry.get(key) == said[key] for key in said) else ""


def _contact(entity: _Object) -> str:
    people, urls = entity.get("contact"), entity.get("url")
    first = people[0] if isinstance(people, list) and people else None
    found = first.get("email") if isinstance(first, dict) else None
    found = found or (urls[0] if isinstance(urls, list) and urls else None)
    return found if isinstance(found, str) else ""
