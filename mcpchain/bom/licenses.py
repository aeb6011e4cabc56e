"""Licences as CycloneDX holds them: ids, names and SPDX expressions.

CycloneDX 1.6 takes ids and names, or one expression alone; 1.7 takes any mixture. What
its maker declares comes first, in either, and what does not fit goes elsewhere.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from mcpchain.bom.entry import Entry
from mcpchain.bom.schemas import spdx_ids
from mcpchain.component import LicenseText
from mcpchain.license import declared_expression

_DECLARED: Final = "declared"
_CONCLUDED: Final = "concluded"
_Object = dict[str, Any]


def encode(
    declared: Sequence[str], concluded: Sequence[str], *, mixed: bool
) -> tuple[list[_Object], tuple[str, ...]]:
    """Return the `licenses` of a component, and the conclusions that have no place.

    Args:
        declared: As its maker declares them.
        concluded: What follows from that.
        mixed: Expressions may stand beside others (CycloneDX 1.7).
    """
    if mixed:
        places = [_any(each, _DECLARED) for each in declared]
        return [*places, *(_any(each, _CONCLUDED) for each in concluded)], ()
    first = _side(declared, _DECLARED)
    second = _side(concluded, _CONCLUDED)
    if first and second and any("expression" in each for each in (*first, *second)):
        return first, tuple(concluded)
    return [*first, *second], ()


def _side(texts: Sequence[str], who: str) -> list[_Object]:
    if len(texts) == 1:
        return [_any(texts[0], who)]
    return [_single(each, who) for each in texts]


def _any(text: str, who: str) -> _Object:
    if text not in spdx_ids() and is_spdx(text):
        return {"expression": text, "acknowledgement": who}
    return _single(text, who)


def _single(text: str, who: str) -> _Object:
    key = "id" if text in spdx_ids() else "name"
    return {"license": {key: text, "acknowledgement": who}}


def decode(entry: Entry) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the licences of a component or service: declared, and concluded.

    Raises:
        MalformedError: One of them is neither an expression, an id nor a name.
    """
    declared: list[str] = []
    concluded: list[str] = []
    for each in entry.entries("licenses"):
        choice = each.entry("license")
        text = (
            each.text("expression")
            if choice is None
            else choice.text("id") or choice.text("name")
        )
        if text is None:
            raise each.malformed("a licence is an expression, an id or a name")
        who = (each if choice is None else choice).text("acknowledgement")
        (concluded if who == _CONCLUDED else declared).append(text)
    return tuple(declared), tuple(concluded)


def encode_texts(texts: Iterable[LicenseText]) -> list[_Object]:
    """Return licence files as the `licenses` of `evidence`."""
    return [
        {
            "license": {
                "name": each.name,
                "text": {"contentType": "text/plain", "content": each.text},
            }
        }
        for each in texts
    ]


def decode_texts(evidence: Entry) -> tuple[LicenseText, ...]:
    """Return the licence files that an `evidence` holds.

    Raises:
        MalformedError: They are not as we write them.
    """
    found = []
    for each in evidence.entries("licenses"):
        choice = each.entry("license")
        text = choice.entry("text") if choice else None
        if choice is None or text is None:
            raise each.malformed("a licence file has a name and a text")
        content = text.required("content")
        found.append(LicenseText(name=choice.required("name"), text=content))
    return tuple(found)


def is_spdx(text: str) -> bool:
    """Say whether *text* is a valid SPDX licence expression."""
    return declared_expression(text) is not None
