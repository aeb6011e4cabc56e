"""Which licence a file holds, if it is word for word one that nearly everybody uses.

The words are compared, not the layout; names of owners may differ, as the matching
guidelines of SPDX allow (SPDX 2.3, annex B). A text with one word more is another text,
and says nothing here.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Final

LIMIT: Final = 64 << 10
"""How many characters of a text are looked at; none of the known has more."""
_NOTICE: Final = re.compile(
    r"^\W*(?:(?:portions )?copyright\b.{0,40}?(?:\(c\)|©|\d{4}|<|\[|\{)|\(c\)|©"
    r"|all rights reserved).{0,200}$",
    re.IGNORECASE | re.MULTILINE,
)
_WORD: Final = re.compile(r"[a-z0-9]+")
_NUMBER: Final = re.compile(r"\b[1-4] (?=redistributions|neither|the )")
_TITLE: Final = re.compile(
    r"^(?:license )?(?:the )?(?:mit|isc|apache|(?:new |modified |simplified |revised )?"
    r"bsd(?: [23] clause)?(?: new or revised| simplified)?|[23] clause bsd)"
    r"(?: license)?(?: mit| isc)?(?: license)? (?=permission |redistribution |version )"
)
_OWNERS: Final = (
    (
        re.compile(
            r"neither the names? of .{1,160}? nor the names of (?:its |their |any |the "
            r"|other |specific )*contributors"
        ),
        "neither the name of X nor the names of its contributors",
    ),
    (
        re.compile(r"software is provided by .{1,100}? as is"),
        "software is provided by X as is",
    ),
    (re.compile(r"and .{1,60}? disclaims? all"), "and X disclaims all"),
    (
        re.compile(r"in no event shall .{1,100}? be liable"),
        "no event shall X be liable",
    ),
    (re.compile(r"https?(?= www apache org)"), "http"),
)
_KNOWN: Final = {
    "698b72cdad590a1f55ab9ea88f8cd41e1e75d04050bfe706965be51e42defab0": "MIT",
    "cb86dec8c4166ea4edf074b64e46fc1d1607b58d546f8017d1e98232f89b88ca": "ISC",
    "c0158f4255db3ad59ad917fd7fc8fbbf1c1514f3b0a98e9cad89e20f490d5c30": "ISC",
    "1386f9c7b396a410a0693d09a2eb1606bb3c4088d728d9d275245c6c00d1973b": "BSD-2-Clause",
    "4d2161a91ec63bf3cc8674dd4ca6ed84ed682ab9e034816f31a81a61ebb162b6": "BSD-3-Clause",
    "b31b6a558f1b7cf88503facef31a5737c9f10ac92e775c8d5ad4cf00983dca32": "Apache-2.0",
    "fe0caa2f2cfca9f7cb16111274b3473c8c4409c6cd0acc920e4ae626e0ea746f": "Apache-2.0",
    "b377bfa007ab0e9a136e5c4292f0d46ea1129276a69d044afe8b0ffc73a051a5": "Apache-2.0",
    "39fd83d5e04a4b515bac7ce824de12c6f0f026dfe99bc9ea09867bf3b9fefd80": "MPL-2.0",
    "6cffa606d4960a0fadb3c8161a99b92c53dbe7b999697a5e26d35cfdc1d80f3d": "BlueOak-1.0.0",
}
"""SHA-256 of the words of each, in the forms that are usual: the Apache License with
its appendix, without it, and without its last line."""


def identified(text: str) -> str | None:
    """Return the SPDX identifier of the licence that *text* is; `None`: another one."""
    if len(text) > LIMIT:
        return None
    return _KNOWN.get(_fingerprint(text))


def identified_all(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the one licence that all of *texts* are; nothing if there is another."""
    found = {identified(each) for each in texts}
    return tuple(each for each in found if each) if len(found) == 1 else ()


def _fingerprint(text: str) -> str:
    return hashlib.sha256(_words(text).encode()).hexdigest()


def _words(text: str) -> str:
    bare = _NOTICE.sub(" ", text.replace("\r", ""))
    words = " ".join(_WORD.findall(bare.lower()))
    words = _NUMBER.sub("", _TITLE.sub("", words))
    for pattern, name in _OWNERS:
        words = pattern.sub(name, words)
    return words
