"""Persons and organisations, as CycloneDX tells them and as SPDX 2.3 does."""

import re
from typing import Any, Final

from mcpchain.supplier import is_mail, is_organisation, parts

_ORGANISATIONS: Final = ("supplier", "manufacturer", "manufacture")
_SPELT: Final = re.compile(r"(?P<name>.*?)\s*(?:\((?P<email>[^()]*)\))?", re.DOTALL)

_Object = dict[str, Any]


def supplier(said: _Object) -> str | None:
    """Return who supplies it, as a package of SPDX says it."""
    return _organisation(said.get("supplier"))


def maker(declared: str) -> str | None:
    """Return who makes it, as *declared* by itself: `Name <contact>`."""
    name, contact = parts(declared)
    kind = "Organization" if is_organisation(declared) else "Person"
    return _spelt(kind, name, contact if is_mail(contact) else "")


def organisation(name: str) -> str | None:
    """Return the organisation of that *name*."""
    return _spelt("Organization", name, "")


def originator(said: _Object) -> str | None:
    """Return who made it: the first that a CycloneDX entry names."""
    if found := _organisation(said.get("manufacturer")):
        return found
    authors = said.get("authors")
    for each in authors if isinstance(authors, list) else ():
        if found := _actor("Person", each):
            return found
    name = said.get("author") or said.get("publisher")
    if not isinstance(name, str) or not name.strip():
        return None
    kind = "Person" if said.get("author") else "Organization"
    return _spelt(kind, name, "")


def creators(metadata: _Object) -> list[str]:
    """Return who stands for a document, from the `metadata` of CycloneDX."""
    found = [_organisation(metadata.get(key)) for key in _ORGANISATIONS]
    authors = metadata.get("authors")
    listed = authors if isinstance(authors, list) else ()
    found += [_actor("Person", each) for each in listed]
    return [*dict.fromkeys(each for each in found if each)]


def parsed(text: str) -> tuple[str, str, str] | None:
    """Return what kind of actor *text* names, its name and its address.

    `None` for one that names nobody.
    """
    kind, colon, rest = text.partition(":")
    match = _SPELT.fullmatch(rest.strip())
    if not colon or match is None or not match["name"].strip():
        return None
    return kind.strip(), match["name"].strip(), (match["email"] or "").strip()


def _organisation(value: Any) -> str | None:  # noqa: ANN401 - JSON
    if not isinstance(value, dict):
        return None
    contacts = value.get("contact")
    first = contacts[0] if isinstance(contacts, list) and contacts else {}
    email = first.get("email") if isinstance(first, dict) else None
    name = value.get("name")
    return _spelt("Organization", name, email)


def _actor(kind: str, value: Any) -> str | None:  # noqa: ANN401 - JSON
    if not isinstance(value, dict):
        return None
    return _spelt(kind, value.get("name"), value.get("email"))


def _spelt(kind: str, name: object, email: object) -> str | None:
    if not isinstance(name, str) or not name.strip():
        return None
    address = "".join(email.split()) if isinstance(email, str) else ""
    said = " ".join(name.split())
    # Brackets in a name would be read as an address.
    return (
        f"{kind}: {said} ({address})" if address or "(" in said else f"{kind}: {said}"
    )
