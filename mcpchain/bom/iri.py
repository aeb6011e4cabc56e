"""Addresses that a validator of IRIs accepts (RFC 3987).

Real metadata holds others: two `#`, a `{template}`, a space. One of them would make the
whole BOM invalid.
"""

import ipaddress
import re
from typing import Final
from urllib.parse import quote

_HEX: Final = "%[0-9A-Fa-f]{2}"
_CHARS: Final = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]++|{_HEX})*+"
_TAIL: Final = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]++|{_HEX})*+"
_HOST: Final = rf"(?:[A-Za-z0-9._~!$&'()*+,;=-]++|{_HEX})*+(?::[0-9]*)?"
_SCHEME: Final = "[A-Za-z][A-Za-z0-9+.-]*"
_VALID: Final = re.compile(
    rf"{_SCHEME}://{_HOST}(?:/{_CHARS})?(?:\?{_TAIL})?(?:#{_TAIL})?"
)
_PARTS: Final = re.compile(
    rf"({_SCHEME}://)([^/?#]*)(/[^?#]*)?(\?[^#]*)?(#.*)?", re.DOTALL
)
_AUTHORITY: Final = re.compile(_HOST)
_LITERAL: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]*)?")
_LONE_PERCENT: Final = re.compile("%(?![0-9A-Fa-f]{2})")


def iri(url: str) -> str:
    """Return *url* with every character percent-encoded that may not stand there.

    A valid address stays as it is; what is no address becomes a relative one.
    """
    if _VALID.fullmatch(url):
        return url
    parts = _PARTS.fullmatch(url)
    if parts is None:
        return _encoded(url, "/")
    scheme, host, path, query, fragment = parts.groups(default="")
    if not (_AUTHORITY.fullmatch(host) or _is_ipv6(host)):
        host = _encoded(host, "")
    text = scheme + host + _encoded(path, "/!$&'()*+,;=:@%")
    if query:
        text += "?" + _encoded(query[1:], "/!$&'()*+,;=:@%?")
    if fragment:
        text += "#" + _encoded(fragment[1:], "/!$&'()*+,;=:@%?")
    return text


def _is_ipv6(host: str) -> bool:
    literal = _LITERAL.fullmatch(host)
    try:
        return literal is not None and bool(ipaddress.IPv6Address(literal[1]))
    except ValueError:
        return False


def _encoded(text: str, safe: str) -> str:
    if "%" in safe:
        text = _LONE_PERCENT.sub("%25", text)
    return quote(text, safe=safe, errors="surrogatepass")
