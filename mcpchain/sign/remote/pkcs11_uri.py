"""Addresses of keys in tokens (RFC 7512)."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from mcpchain.errors import UsageError
from mcpchain.sign.remote import malformed

_FORM: Final = "pkcs11:token=LABEL;object=LABEL?module-path=/PATH/TO/MODULE.so"
_PAIR: Final = re.compile(
    r"([a-z0-9-]+)=((?:[A-Za-z0-9_.~:\[\]@!$'()*+,&/?=|-]|%[0-9A-Fa-f]{2})*)"
)
_PATH: Final = frozenset(
    {"token", "serial", "manufacturer", "model", "slot-id", "object", "id", "type"}
)
_QUERY: Final = frozenset({"module-path", "pin-source"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkcs11Uri:
    """Which key in which token. What is `None` is left open."""

    token: str | None = None
    serial: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    slot: int | None = None
    label: str | None = None
    id: bytes | None = None
    module: str | None = None
    pin_source: str | None = None


def parse(uri: str) -> Pkcs11Uri:
    """Read *uri*.

    What it asks for and we do not know is refused: it would choose another key.

    Raises:
        UsageError: It is none, or holds what must not be in it.
    """
    scheme, _, rest = uri.partition(":")
    path, _, query = rest.partition("?")
    if scheme.lower() != "pkcs11" or not path:
        raise malformed(_FORM)
    found = _pairs(path.rstrip(";"), ";", _PATH)
    if found.get("type", b"private") != b"private":
        raise UsageError(
            "the address of the key asks for something else than a private key",
            hint="leave out `type=`, or write `type=private`",
        )
    asked = _pairs(query, "&", _QUERY) if query else {}
    slot = found.get("slot-id")
    if slot is not None and not re.fullmatch(rb"[0-9]{1,20}", slot):
        raise malformed(_FORM)
    return Pkcs11Uri(
        token=_text(found.get("token")),
        serial=_text(found.get("serial")),
        manufacturer=_text(found.get("manufacturer")),
        model=_text(found.get("model")),
        slot=None if slot is None else int(slot),
        label=_text(found.get("object")),
        id=found.get("id"),
        module=_text(asked.get("module-path")),
        pin_source=_text(asked.get("pin-source")),
    )


def _pairs(text: str, separator: str, known: frozenset[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for each in text.split(separator):
        pair = _PAIR.fullmatch(each)
        if each.startswith(("pin-value", "pinfile")):
            raise UsageError(
                "the address of the key holds a PIN, which everybody on this machine "
                "can read there",
                hint="change that PIN, and give it in the variable MCPCHAIN_PKCS11_PIN",
            )
        if pair is None or pair[1] in found:
            raise malformed(_FORM)
        if pair[1] not in known:
            raise UsageError(
                f"the address of the key asks for `{pair[1][:40]}`, which is not "
                "supported",
                hint=f"use {', '.join(sorted(known))}",
            )
        found[pair[1]] = unquote_to_bytes(pair[2])
    return found


def _text(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        raise malformed(_FORM) from None
