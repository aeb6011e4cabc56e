"""Who makes a package, as its maker declares it: `Acme GmbH <oss@acme.example>`.

Of several the first counts, and an organisation before a person: it stays when people
leave. Whoever merely uploads a package, such as the maintainers that npm lists, is none
of them. Nothing is made up: where a maker declares nothing that can be read, nothing is
said.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from mcpchain.naming import bare_url

_LONGEST: Final = 2_000
_NAME: Final = 200
"""How much of a field is looked at, and how long a name may be."""
_SEVERAL: Final = 10
_KEPT: Final = 4096
_MAIL: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}"
    r"[A-Za-z]{2,24}"
)
_ADDRESS: Final = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24}"
    r"(?:/[A-Za-z0-9._~/-]{0,200})?"
)
_WHOLE: Final = re.compile(r"(?P<name>.*\S) <(?P<contact>[^<>\s]+)>", re.DOTALL)
_PIECES: Final = re.compile(r'(?:[^",;]|"[^"]*")+')
_FORM: Final = re.compile(
    r"\s*(?:a\.?s\.?|ag|b\.?v\.?|co|corp|corporation|gmbh|inc|llc|llp|ltd|limited|pbc|plc"
    r"|s\.?a\.?|s\.?r\.?l\.?)\b\.?",
    re.IGNORECASE,
)
"""What follows a comma in the name of a company, and is no second one."""
_ORGANISATION: Final = re.compile(
    r"\b(?:ab|ag|alliance|apache|association|authority|authors|bv|collective|committee"
    r"|commons|community|company|consortium|contributors|corp|corporation|council"
    r"|developers|devs|enterprise|foundation|gmbh|group|inc|inria|institute|initiative"
    r"|labs?|laboratory|library|limited|llc|llp|ltd|maintainers|organi[sz]ation|oy"
    r"|partners|pbc|plc|project|research|sarl|sas|services|software|solutions|srl"
    r"|studios?|systems|team|technologies|technology|university|web services"
    r"|working group)\b",
    re.IGNORECASE,
)
_OF_MANY: Final = re.compile(
    r"(?:admin|contact|core|devs?|engineering|hello|help|info|opensource|oss|press"
    r"|psirt|security|support|team)@|[^@]*[-_.](?:devs?|discuss|maintainers|team|users)@"
    r"|[^@]*@(?:googlegroups\.com|groups\.io|lists\.)",
    re.IGNORECASE,
)
"""Mail that more than one person reads."""
_OTHERS: Final = re.compile(r"(?:and )?(?:(?:many )?others|et al)\b", re.IGNORECASE)
_NOBODY: Final = frozenset(
    {"", "-", "?", "anonymous", "author", "me", "n/a", "na", "nil", "noassertion"}
    | {"nobody", "none", "null", "tbd", "todo", "undefined", "unknown", "unnamed"}
    | {"unspecified", "various", "your name"}
)


@lru_cache(_KEPT)
def of_fields(names: str, mails: str) -> tuple[str, ...]:
    """Return who two fields of Python's core metadata name: `Author`, `Author-email`.

    A name of its own beside an address, as `Author-email` may have, goes with that.
    """
    listed = [_said(each) for each in _pieces(mails)]
    called = [
        whole for name, contact in listed if name and (whole := _join(name, contact))
    ]
    bare = [contact for name, contact in listed if contact and not name]
    for number, each in enumerate(_pieces(names)):
        name, contact = _said(each)
        own = contact or (bare[0] if bare and not number else "")
        if whole := _join(name or own, own):
            called.append(whole)
    return tuple(dict.fromkeys(called or (_join(each, each) for each in bare)))


@lru_cache(_KEPT)
def of_text(text: str) -> str:
    """Return whom a line of a `package.json` names: `Name <mail> (address)`."""
    return first(tuple(_join(n or c, c) for n, c in map(_said, _pieces(text))))


def of_member(value: object) -> str:
    """Return whom a member of a manifest names: a line, or an object.

    Such an object has `name`, `email` and `url`, as npm and PEP 621 spell them.
    """
    if isinstance(value, list):
        listed = (e for e in value[:_SEVERAL] if not isinstance(e, list))
        return first(tuple(map(of_member, listed)))
    if isinstance(value, str):
        return of_text(value[:_LONGEST])
    if not isinstance(value, dict):
        return ""
    name, *contacts = (
        each[:_LONGEST] if isinstance(each := value.get(key), str) else ""
        for key in ("name", "email", "url")
    )
    contact = next(filter(None, map(_contact, contacts)), "")
    plain, inner = _said(name)
    return _join(plain or contact or inner, contact or inner)


def of_manifest(manifest: Mapping[str, object]) -> str:
    """Return who makes the package of a `package.json`: its author.

    If it names none, some of those who contribute to it do; the `maintainers` there are
    accounts that may upload it.
    """
    return of_member(manifest.get("author")) or of_member(manifest.get("contributors"))


def first(candidates: tuple[str, ...]) -> str:
    """Return the first organisation of *candidates*, else the first at all."""
    said = [each for each in candidates if each]
    return next(filter(is_organisation, said), said[0] if said else "")


def parts(text: str) -> tuple[str, str]:
    """Return name and contact of one who is written as `Name <contact>`."""
    match = _WHOLE.fullmatch(text)
    if match is None or _contact(match["contact"]) != match["contact"]:
        return text, ""
    return match["name"], match["contact"]


def joined(name: str, contact: str) -> str:
    """Return what `parts` takes apart."""
    return f"{name} <{contact}>" if contact else name


@lru_cache(_KEPT)
def is_organisation(text: str) -> bool:
    """Say whether who is written as `Name <contact>` seems to be more than a person.

    Nobody declares it: words in the name tell it, or that many read the mail for what
    has no first name.
    """
    name, contact = parts(text)
    if _ORGANISATION.search(name):
        return True
    return len(name.split()) == 1 and _OF_MANY.match(contact) is not None


def is_mail(contact: str) -> bool:
    """Say whether a contact is an address of mail; else it is one of the web."""
    return "@" in contact


def _pieces(text: str) -> Iterator[str]:
    """Yield the people in a list; what belongs to the name of a company, with it."""
    found: list[str] = []
    for each in _PIECES.findall(text[:_LONGEST])[: 2 * _SEVERAL]:
        if found and _FORM.match(each):
            found[-1] += f",{each}"
        else:
            found.append(each)
    yield from found[:_SEVERAL]


def _said(text: str) -> tuple[str, str]:
    """Return name and contact of one, as far as each can be read."""
    name, _, rest = text.partition("<")
    mail, _, after = rest.partition(">")
    name, _, address = name.partition("(") if "://" in name else (name, "", after)
    contact = _contact(mail) or _contact(address.strip(" ()"))
    name = " ".join(name.strip().strip("\"'").split())
    if own := _contact(name):
        return "", contact or own
    return (name if _is_name(name) else ""), contact


def _is_name(name: str) -> bool:
    return (
        name.casefold() not in _NOBODY
        and not _OTHERS.match(name)
        and len(name) <= _NAME
        and name.isprintable()
        and not any(each in name for each in ("<", ">", "@", "://", "=?"))
        and any(map(str.isalnum, name))
    )


def _contact(text: str) -> str:
    """Return *text* if it is an address that can be shown; else nothing."""
    text = text.strip()
    if text[:4].casefold() == "http":
        text = bare_url(text)
        return text if _ADDRESS.fullmatch(text) else ""
    return text if _MAIL.fullmatch(text) else ""


def _join(name: str, contact: str) -> str:
    return joined(name, contact) if name else ""
