"""Keep what another BOM says and we have no words for, without its secrets.

A `carried` is a JSON object as text. That of a component has the members of its entry
that `encode` would not write in just that way; that of an inventory has those of the
document. `place` puts them back.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import Any, Final

from mcpchain.bom import makers, properties
from mcpchain.bom.entry import Entry
from mcpchain.bom.marks import Properties
from mcpchain.bom.tally import Tally
from mcpchain.component import Component, Kind
from mcpchain.inventory import Inventory, State

SERVICE: Final = "service"
"""The `type`, which CycloneDX does not give them, of services that are carried."""
COMPONENT: Final = frozenset(
    {
        "type",
        "bom-ref",
        "group",
        "name",
        "version",
        "versionRange",
        "isExternal",
        "scope",
        "hashes",
        "licenses",
        "purl",
        "externalReferences",
        "evidence",
        "modelCard",
        "tags",
        "pedigree",
        "data",
    }
)
"""The members of a component that we may write ourselves."""
SERVICES: Final = frozenset(
    {
        "bom-ref",
        "provider",
        "group",
        "name",
        "version",
        "endpoints",
        "authenticated",
        "x-trust-boundary",
        "licenses",
        "externalReferences",
    }
)
"""The members of a service that we may write ourselves."""
MAKERS: Final = makers.MEMBERS
"""Members of a component that we write for some, and leave to others for the rest."""
NEWER: Final = frozenset({"data", "pedigree", "provider"})
"""Members that we left to others once: in a BOM from then they are not ours."""
OF_OLD: Final = COMPONENT - NEWER
"""The members of a component that we have always written, and of a package still."""
WITHOUT_SECRETS: Final = "addresses that were kept without their passwords or keys"
NESTED: Final = frozenset({"components", "services"})
"""Members that are entries in their own right; `properties` are kept one by one."""

_SERVICES: Final = frozenset({Kind.MCP_SERVER, Kind.SERVICE})
_DEPTH: Final = 64
_ENCODE: Final = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":")
).encode
_ADDRESS: Final = re.compile("://|%3a(?:/|%2f){2}|:%2f", re.IGNORECASE)
_USER: Final = re.compile(
    r"(?<=://)(?:([^\s/?#\"'<>]{0,512})"
    # A password with a slash in it; what follows the colon is no port.
    r"|[^\s/?#\"'<>:@\[]{0,512}:(?!\d*(?:[\s/?#\"'<>,;)]|\Z))"
    # Up to the next address, so that nothing is looked at again and again.
    r"(?:[^\s\"'<>:]|:(?!//)){0,512})@"
)
_NAMELESS: Final = frozenset({"anonymous", "git", "hg", "svn"})
"""Users of a repository that are nobody."""
_QUERY: Final = re.compile(r"(?<=[?&;])([^=&;#\s\"'<>]{1,128})=([^&;#\s\"'<>]+)")
_SECRET: Final = re.compile(
    r"auth(?!or)|bearer|cred|jwt|key$|passw|passp|^pass$|pwd|secret|session|^sig|token"
    r"|^x-amz-|^x-goog-",
    re.IGNORECASE,
)

_Object = dict[str, Any]


def is_service(component: Component) -> bool:
    """Say whether *component* stands for a service."""
    if component.kind is not Kind.OTHER:
        return component.kind in _SERVICES
    return bool(component.carried) and load(component.carried).get("type") == SERVICE


def has_signature(inventory: Inventory) -> bool:
    """Say whether something in *inventory*, or all of it, carries a signature."""
    texts = [inventory.carried, *(each.carried for each in inventory.components)]
    return any('"signature"' in each and "signature" in load(each) for each in texts)


def load(carried: str) -> _Object:
    """Return the object that *carried* spells out; an empty one for no text."""
    if not carried:
        return {}
    value: _Object = json.loads(carried)
    return value


def dump(members: _Object) -> str:
    """Return *members* as canonical text; none at all as no text."""
    return _ENCODE(members) if members else ""


class Carrier:
    """Takes over what a document says beside what is read from it.

    Args:
        tally: Counts what cannot be kept.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def beyond(self, entry: Entry, written: _Object) -> _Object:
        """Return the members of a stranger's *entry* that *written* does not have."""
        found: _Object = {}
        for key, value in entry.raw().items():
            if key in NESTED or (key in written and written[key] == value):
                continue
            if key == "properties" and value == []:
                continue
            if key == "purl" and key in written and _ADDRESS.search(value):
                # It is read without what may be a secret in there.
                continue
            found[key] = self.clean(value, f"{entry.pointer}/{key}")
        return found

    def of_ours(self, entry: Entry, marks: Properties, ours: frozenset[str]) -> _Object:
        """Return what an *entry* that we wrote carries of another BOM.

        Args:
            entry: What we wrote.
            marks: Our properties on it.
            ours: The members that we may have written ourselves.

        Raises:
            MalformedError: It is not as we write it.
        """
        kept = homeless(entry, marks)
        read_as = as_read(entry, marks)
        found: _Object = {}
        for key, value in entry.raw().items():
            if key == "properties":
                value = others(value)  # noqa: PLW2901 - ours are no part of it
                if not value:
                    continue
            elif key in NESTED or (key in ours and key not in read_as):
                continue
            if key not in kept:
                found[key] = self.clean(value, f"{entry.pointer}/{key}")
        bare: _Object = self.clean(kept, entry.pointer)
        return found | bare

    def clean(self, value: Any, pointer: str, depth: int = 0) -> Any:  # noqa: ANN401 - JSON
        """Return *value* as it can be kept; what cannot is counted."""
        if isinstance(value, str):
            bare = without_secrets(value) if "://" in value else value
            if bare != value:
                self._tally.note(WITHOUT_SECRETS, pointer, State.PARTIAL)
            return bare
        if isinstance(value, float) and not math.isfinite(value):
            self._tally.note("numbers that are too large", pointer, State.LIMIT)
            return None
        if not isinstance(value, (dict, list)):
            return value
        if depth >= _DEPTH:
            self._tally.note("values that nest too deeply", pointer, State.LIMIT)
            return None
        if isinstance(value, list):
            return [self.clean(each, pointer, depth + 1) for each in value]
        if type(value) is not dict:
            what = "objects in which a key appears twice, of which one was kept"
            self._tally.note(what, pointer, State.UNREADABLE)
        return {k: self.clean(each, pointer, depth + 1) for k, each in value.items()}


def unlike(entry: Entry, written: _Object) -> frozenset[str]:
    """Return those newer members of *entry* that are not as we write them."""
    raw = entry.raw()
    return frozenset(
        key for key in NEWER if key in raw and raw[key] != written.get(key)
    )


def homeless(entry: Entry, marks: Properties) -> _Object:
    """Return what a property of ours keeps of another BOM.

    Raises:
        MalformedError: It is not as we write it.
    """
    text = marks.one(properties.CARRIED)
    return {} if text is None else Entry.from_text(text, entry).raw()


def as_read(entry: Entry, marks: Properties) -> _Object:
    """Return what a property of ours says that *entry* is read as.

    Raises:
        MalformedError: It is not as we write it.
    """
    text = marks.one(properties.AS_READ)
    return {} if text is None else Entry.from_text(text, entry).raw()


def overlaid(entry: Entry, marks: Properties) -> Entry:
    """Return *entry* as we would have written it, had nothing been carried.

    Raises:
        MalformedError: It is not as we write it.
    """
    read_as = as_read(entry, marks)
    if not read_as:
        return entry
    value = {k: v for k, v in {**entry.raw(), **read_as}.items() if v is not None}
    return Entry(value, entry.source, entry.pointer)


def others(marks: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Return those of a list of properties that are not ours."""
    return [
        each for each in (marks if isinstance(marks, list) else ()) if not is_ours(each)
    ]


def is_ours(mark: Any) -> bool:  # noqa: ANN401 - JSON
    """Say whether one property has a name of ours."""
    name = mark.get("name") if isinstance(mark, dict) else None
    return isinstance(name, str) and name.startswith(
        (properties.PREFIX, properties.REPRODUCIBLE)
    )


def without_secrets(text: str) -> str:
    """Return *text*, in which addresses may stand, without what may be a secret.

    Those are user names with and without passwords, unless a name says nothing, and
    parameters of queries whose names say that they open something.
    """
    return _QUERY.sub(_parameter, _USER.sub(_user, text))


def _user(match: re.Match[str]) -> str:
    return match[0] if match[1] in _NAMELESS else ""


def _parameter(match: re.Match[str]) -> str:
    return f"{match[1]}=" if _SECRET.search(match[1]) else match[0]


def rest(listed: Iterable[Any], ours: Iterable[Any]) -> list[Any]:
    """Return what is in *listed* beside *ours*, in its order."""
    known = [*ours]
    return [each for each in listed if each not in known]
