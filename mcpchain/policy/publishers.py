"""Whom a policy trusts: the publishers of packages, and those who build them.

Each field is compared for itself. There are no regular expressions, and `*` stands only
where no stranger can choose what it stands for: at the end of the name of a package or
of a repository, and in a branch or tag.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from mcpchain.bundle import keys
from mcpchain.bundle.policy import Expected
from mcpchain.policy.values import known, unlike, words
from mcpchain.publisher import Pattern, Publisher, Signer
from mcpchain.signature import GITHUB, GITLAB, Demand, SanKind
from mcpchain.standing import Builders
from mcpchain.strict_yaml import YamlNode

Beside = Callable[[str], bytes]
"""Returns the bytes of a file beside the policy."""
IDENTITY: Final = {
    "repository",
    "workflow",
    "ref",
    "identity",
    "issuer",
    "runner",
    "trigger",
    "repository-id",
    "owner-id",
}
_ISSUERS: Final = {"github.com": GITHUB, "gitlab.com": GITLAB}
CERTIFIED: Final = frozenset({"npm", "pypi"})
RUNNERS: Final = frozenset({"github-hosted", "gitlab-hosted", "self-hosted"})
_SLUG: Final = 2
_REF: Final = re.compile(r"refs/(?:tags|heads)/[^?\[\]]+|[^*?\[\]]+")
_NAME: Final = r"[^/@?*\[\]\s]+"
_REPOSITORY: Final = re.compile(rf"{_NAME}(?:/{_NAME})*/(?:{_NAME}\*?|\*)")
ISOLATING: Final = re.compile(
    rf"https://github\.com/{_NAME}/{_NAME}/\.github/workflows/{_NAME}@[0-9a-f]{{40}}"
)


def read_publishers(node: YamlNode, beside: Beside | None) -> Iterator[Publisher]:
    """Yield each publisher, with the key that lies beside the policy."""
    for each in node.elements():
        known(each, {"packages", "key", *IDENTITY})
        packages = tuple(map(pattern, each.at("packages").elements()))
        if not packages:
            raise each.malformed("names no `packages`, so it asks for nothing")
        signer = read_signer(each, {"packages"}, beside)
        if signer.key and any(one.type in CERTIFIED for one in packages):
            raise each.malformed(
                "has a key for packages of PyPI or npm, and what attests those has a "
                "certificate; name a `repository` or an `identity`"
            )
        yield Publisher(
            packages=packages,
            expected=signer.expected,
            key=signer.key,
            line=each.line,
        )


def read_signer(
    node: YamlNode, beside_it: AbstractSet[str], beside: Beside | None
) -> Signer:
    """Read an identity, or the key that lies beside the policy.

    Args:
        node: Says which.
        beside_it: The keys of it that say something else.
        beside: Returns the bytes of the key.
    """
    known(node, {"key", *beside_it, *IDENTITY})
    named = {key for key, _ in node.items()} - beside_it
    if "key" not in named:
        return Signer(expected=_expected(node))
    if named == {"key"}:
        return Signer(key=_key(node.at("key"), beside))
    raise node.malformed("has a key and an identity; give it one of them")


def pattern(node: YamlNode) -> Pattern:
    """Return what names packages without a version."""
    text = node.text()
    try:
        return Pattern.parse(text)
    except ValueError as error:
        raise node.malformed(f"`{text[:140]}` names no packages: {error}") from None


def _key(node: YamlNode, beside: Beside | None) -> bytes:
    name = words(node)
    if beside is None:
        raise node.malformed("only a policy in a file can name a key beside it")
    try:
        data = beside(name)
        keys.load(data)
    except OSError as error:
        problem = f"`{name[:140]}` cannot be read: {error.strerror or error}"
        raise node.malformed(problem) from None
    except ValueError:
        problem = f"`{name[:140]}` holds no public key that is accepted"
        raise node.malformed(problem) from None
    return data


def _expected(node: YamlNode) -> Expected:
    given = {key: _field(node.at(key), key) for key in IDENTITY if key in node}
    kind = None
    if "identity" in given:
        if other := sorted(set(given) - {"identity", "issuer"}):
            names = ", ".join(f"`{each}`" for each in other)
            raise node.malformed(f"has an identity and {names}; give it one of them")
        kind = SanKind.URI if "://" in given["identity"] else SanKind.EMAIL
    try:
        return Expected(
            issuer=given.get("issuer") or _issuer(given),
            san=given.get("identity", ""),
            kind=kind,
            repository=given.get("repository", ""),
            workflow=given.get("workflow", ""),
            ref=given.get("ref", ""),
            runner=given.get("runner", ""),
            trigger=given.get("trigger", ""),
            repository_id=given.get("repository-id", ""),
            owner_id=given.get("owner-id", ""),
        )
    except ValueError as error:
        raise node.malformed(f"names nobody: {error}") from None


def _issuer(given: Mapping[str, str]) -> str:
    """Return who vouches for the host of a repository; empty: nobody knows."""
    slug = _without_scheme(given.get("repository", ""))
    host, *rest = slug.split("/")
    return GITHUB if len(rest) == 1 else _ISSUERS.get(host, "")


def _without_scheme(address: str) -> str:
    return address.removeprefix("https://").removesuffix("/").removesuffix(".git")


def _field(node: YamlNode, key: str) -> str:
    """Read one field of an identity, as strictly as it can be compared."""
    if key.endswith("-id"):
        # A number in YAML; nobody counts with it.
        text = str(node.value) if node.exists else node.text()
        if not re.fullmatch(r"[1-9]\d*", text):
            raise node.malformed(f"`{text[:40]}` is no id; it is a number")
        return text
    text = words(node)
    match key:
        case "repository":
            _check_repository(node, _without_scheme(text))
        case "ref":
            if not _REF.fullmatch(text):
                raise node.malformed(
                    f"`{text[:140]}` fits more than tags or branches; write "
                    "`refs/tags/v*`"
                )
        case "runner":
            if text not in RUNNERS:
                raise node.malformed(unlike(text, RUNNERS, "runner"))
        case "issuer" if not text.startswith("https://"):
            raise node.malformed(f"`{text[:140]}` is no `https://` address")
        case _:
            if re.search(r"[*?\[\]\s]", text):
                problem = f"`{text[:140]}` has to be named whole, without wildcards"
                raise node.malformed(problem)
    return text


def _check_repository(node: YamlNode, slug: str) -> None:
    host, *rest = slug.split("/")
    named = len(rest) >= _SLUG if "." in host else len(rest) == 1
    if not named or not _REPOSITORY.fullmatch(slug):
        raise node.malformed(
            f"`{slug[:140]}` is no repository; write `OWNER/NAME` of GitHub, or the "
            "`https://` address"
        )


def read_builders(node: YamlNode) -> Builders:
    """Read what is said of builders, beside `second-opinion`."""
    if not node.exists:
        return Builders()
    known(node, {"second-opinion", "self-hosted-runners", "isolating-workflows"})
    own = node.at("self-hosted-runners")
    workflows = node.at("isolating-workflows")
    for each in workflows.elements():
        if not ISOLATING.fullmatch(each.text()):
            raise each.malformed(
                f"`{each.text()[:140]}` is no workflow at a commit; write "
                "`https://github.com/O/R/.github/workflows/W@<40 hexadecimal digits>`"
            )
    return Builders(
        isolating=frozenset(workflows.texts()),
        self_hosted=own.flag() if own.exists else False,
    )


def read_demand(node: YamlNode) -> Demand:
    """Read whether a second verifier is asked; it is not unless the policy wants it."""
    asked = node.at("second-opinion") if node.exists else node
    if not asked.exists:
        return Demand.OFF
    text = asked.text()
    try:
        return Demand(text)
    except ValueError:
        known_words = [each.value for each in Demand]
        raise asked.malformed(unlike(text, known_words, "demand")) from None
