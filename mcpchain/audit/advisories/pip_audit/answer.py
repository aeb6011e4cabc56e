"""Read what pip-audit has written, believing as little as possible of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from packaging.version import Version

from mcpchain.advisory import Advisory
from mcpchain.audit.advisories import Package, headline, is_id, normal_name
from mcpchain.document import Node
from mcpchain.errors import MalformedError

NAME: Final = "pip-audit"
_WORDS: Final = 140
_SUMMARY: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one run of pip-audit says."""

    found: Mapping[Package, tuple[Advisory, ...]] = field(default_factory=dict)
    answered: frozenset[Package] = frozenset()
    skipped: Mapping[Package, str] = field(default_factory=dict)
    oddities: tuple[str, ...] = ()
    """What it says that cannot be made sense of."""
    failure: str = ""
    """Why the rest was not answered, if the run failed."""


def read(data: bytes, group: Mapping[str, Package], status: int, words: str) -> Answer:
    """Read the answer of a run that ended of its own will.

    Args:
        data: What it wrote.
        group: The packages that it was asked about, by normal name.
        status: Its exit status: 0 nothing found, 1 something found or an error.
        words: The last that it said.
    """
    end = f"pip-audit ended with status {status}"
    if not data:
        return Answer(failure=f"{end} and without an answer: {words}")
    try:
        root = Node.from_json(data, source=NAME)
        answer = _parse(root.at("dependencies"), group)
    except MalformedError as error:
        return Answer(failure=f"{end}; its answer is unusable: {_told(error)}")
    if status == 0 or (status == 1 and answer.found):
        return answer
    # What it has found is true, what it has not found is not known.
    failure = f"{end} though it reports nothing: {words}" if status == 1 else end
    return Answer(
        found=answer.found,
        answered=frozenset(answer.found) & answer.answered,
        oddities=answer.oddities,
        failure=shown(failure),
    )


def _parse(dependencies: Node, group: Mapping[str, Package]) -> Answer:
    """Read the list of dependencies; an odd entry leaves its siblings as they are."""
    found: dict[Package, tuple[Advisory, ...]] = {}
    answered: set[Package] = set()
    skipped: dict[Package, str] = {}
    oddities: list[str] = []
    for each in _listed(dependencies):
        try:
            package = _spoken_of(each, group)
            if each.at("skip_reason").exists:
                skipped[package] = shown(each.at("skip_reason").text())
                continue
            vulns = [*_listed(each.at("vulns"))]
        except MalformedError as error:
            oddities.append(_told(error))
            continue
        answered.add(package)
        for vuln in vulns:
            try:
                known = found.get(package, ())
                found[package] = (*known, _advisory(vuln, package))
            except MalformedError as error:
                oddities.append(_told(error))
                skipped[package] = "a part of its answer cannot be read"
    return Answer(
        found=found,
        # What is both answered and skipped has not been answered.
        answered=frozenset(answered - skipped.keys()),
        skipped=skipped,
        oddities=tuple(oddities),
    )


def _listed(node: Node) -> Iterator[Node]:
    if not node.is_list():
        raise node.unexpected("a list")
    return node.elements()


def _spoken_of(entry: Node, group: Mapping[str, Package]) -> Package:
    """Return the package that *entry* is about, in the version that was asked for."""
    name = entry.at("name").text()
    package = group.get(normal_name("pypi", name) or "")
    if package is None:
        raise entry.malformed(f"nobody asked about `{shown(name)}`")
    if not entry.at("skip_reason").exists:
        version = entry.at("version").text()
        if _public(version) != asked_version(package):
            asked = f"`{package}`, not about `{shown(version)}`"
            raise entry.malformed(f"it was asked about {asked}")
    return package


def _advisory(vuln: Node, package: Package) -> Advisory:
    ids = [_id(vuln.at("id")), *map(_id, vuln.at("aliases").elements())]
    first, rest = headline(ids)
    return Advisory(
        id=first,
        aliases=rest,
        summary=shown(vuln.at("description").optional_text() or "", _SUMMARY),
        fixed_in=_fixed(vuln.at("fix_versions"), package),
        malicious=any(one.startswith("MAL-") for one in ids),
        sources=(NAME,),
        confidence="low" if "+" in (package.version or "") else "high",
    )


def _id(node: Node) -> str:
    text = node.text()
    if not is_id(text):
        raise node.malformed(f"`{shown(text)}` is no advisory id")
    return text


def _fixed(versions: Node, package: Package) -> tuple[str, ...]:
    """Return the smallest fixed version above ours; the list holds all branches."""
    ours = Version(package.version or "")
    above = []
    for each in versions.elements():
        try:
            version = Version(each.text())
        except ValueError as error:
            raise each.malformed(shown(str(error))) from error
        if version > ours:
            above.append(version)
    return tuple(map(str, sorted(above)[:1]))


def asked_version(package: Package) -> str:
    """Return the version to ask about; empty if it is not one of PEP 440."""
    return _public(package.version or "")


def _public(version: str) -> str:
    """Return *version* in normal form, without local label: PyPI knows none."""
    try:
        return Version(version).public
    except ValueError:
        return ""


def _told(error: MalformedError) -> str:
    return shown(f"{error.pointer}: {error.problem}")


def shown(text: str, limit: int = _WORDS) -> str:
    """Return *text* on one line, bounded, without what could be a secret."""
    bare = re.sub(r"//[^/@\s]*@", "//", text[: 8 * limit])
    bare = re.sub(r"\?[^\s'\")]*", "", bare)
    words = " ".join("".join(c if c.isprintable() else " " for c in bare).split())
    return words if len(words) <= limit else f"{words[: limit - 3]}..."
