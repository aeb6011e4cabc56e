"""The verdict for people, at a terminal or in a log."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from packageurl import PackageURL

from mcpchain.component import (
    BuildFacts,
    Component,
    Kind,
    PackageFacts,
    ServerFacts,
)
from mcpchain.finding import Finding
from mcpchain.inventory import State
from mcpchain.policy.waivers import UNWAIVABLE
from mcpchain.printable import printable
from mcpchain.purl import write
from mcpchain.report import Account, Format, Signed
from mcpchain.rules import why
from mcpchain.verdict import Decision, Waiver

_COLOURS: Final = {"deny": "31", "undecided": "33", "warn": "33", "allow": "32"}
_TOLD: Final = 5
"""How many findings with the same remedy are told one by one."""
_TITLES: Final = (
    *("package", "server package", "MCP server", "model", "model file", "data set"),
    *("service", "file", "image", "build step", "project"),
)
"""What is counted in the summary, in its order."""


class Text:
    """What, where, why it matters and what to do, then the counts and the verdict."""

    id: ClassVar[str] = "text"

    def render(self, account: Account, *, colour: bool) -> str:
        """Return the report."""
        return "".join(f"{line}\n" for line in _lines(account, _Paint(colour=colour)))


class _Paint:
    """Colours a word, or not."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, meaning: str) -> str:
        code = _COLOURS.get(meaning, "36")
        return f"\x1b[1;{code}m{text}\x1b[0m" if self._colour else text


def _lines(account: Account, paint: _Paint) -> Iterator[str]:
    verdict = account.verdict
    told: set[str] = set()
    yield from _findings("deny", verdict.denied, told, paint)
    yield from _findings("warn", verdict.warned, told, paint)
    for each in verdict.waived:
        yield from _finding("waived", each.finding, told, paint)
        until = f"until {each.waiver.expires}, {each.waiver.owner}"
        yield f"  waiver: {printable(f'{until}: {each.waiver.reason}')}"
        yield ""
    for waiver in verdict.unused_waivers:
        yield from _unused(waiver, account, paint)
    yield from _unused_publishers(account, paint)
    yield from _summary(account, paint)


def _findings(
    level: str, findings: Sequence[Finding], told: set[str], paint: _Paint
) -> Iterator[str]:
    """Tell findings; of many with the same remedy the first, and how many more."""
    counts = Counter((each.rule, each.variant, each.hint) for each in findings)
    seen: Counter[tuple[str, str, str]] = Counter()
    # What ships first, since of many only the first are told.
    for finding in sorted(findings, key=lambda each: (each.rule, not _ships(each))):
        kind = (finding.rule, finding.variant, finding.hint)
        seen[kind] += 1
        if seen[kind] <= _TOLD or counts[kind] <= _TOLD + 1:
            yield from _finding(level, finding, told, paint)
        elif seen[kind] == counts[kind]:
            head = paint(f"{level}[{finding.rule}]", level)
            more = counts[kind] - _TOLD
            yield f"{head}: {more:,} more with the same hint"
            yield f"  hint: {printable(finding.hint)}; `--format json` tells all"
            yield ""


def _ships(finding: Finding) -> bool:
    """Say whether a finding is about what runs, and not only how that is made."""
    facts = finding.about.facts
    match facts:
        case BuildFacts():
            return facts.role.ships
        case PackageFacts():
            return not facts.development
        case _:
            return True


def _finding(
    level: str, finding: Finding, told: set[str], paint: _Paint
) -> Iterator[str]:
    """Tell one finding; why its rule matters is told once."""
    head = paint(f"{level}[{finding.rule}]", level)
    yield f"{head}: {printable(finding.message)}"
    more = 0 if finding.gap else len(finding.about.locations) - 1
    others = f" (and {more} more)" if more > 0 else ""
    where = "the target as a whole" if finding.where == "." else finding.where
    yield f"  --> {printable(where)}{others}"
    facts = finding.about.facts
    if isinstance(facts, ServerFacts) and facts.disabled:
        yield "  note: its client is told not to start it, for now"
    if finding.rule not in told:
        told.add(finding.rule)
        reason = why(finding.rule)
        if reason:
            yield f"  why: {reason}"
    for reference in finding.references[:1]:
        yield f"  see: {printable(reference)}"
    waivable = level != "waived" and finding.rule not in UNWAIVABLE
    if waivable and finding.about.purl:
        yield f"  purl: {printable(_waivable(finding.about))}"
        if finding.gap:
            yield f"  variant: {finding.variant}"  # which its waiver has to name
    if level != "waived":
        yield f"  hint: {printable(finding.hint)}"
        yield ""


def _waivable(component: Component) -> str:
    """Return the purl by which a waiver covers *component*.

    With the capitals of an npm package, which a purl folds and `Waiver.name` does not.
    """
    told = write(component.purl) if component.purl else ""
    name = f"pkg:npm/{component.name.replace('@', '%40', 1)}"
    begins = told.startswith(name.lower()) and component.kind is not Kind.MCP_SERVER
    return f"{name}{told[len(name) :]}" if begins else told


def _unused(waiver: Waiver, account: Account, paint: _Paint) -> Iterator[str]:
    today = account.now.astimezone(dt.UTC).date()
    missed = any(
        each.rule == waiver.rule and each.about.purl and _kin(each.about.purl, waiver)
        for each in (*account.verdict.denied, *account.verdict.warned)
    )
    what = "names another version, variant or advisory than what was found"
    if not missed:
        what = "is not used"
    if waiver.expires < today:
        what = f"expired on {waiver.expires}"
    purl = printable(waiver.purl.to_string())
    yield f"{paint('note', 'note')}: the waiver of `{waiver.rule}` for `{purl}` {what}"
    yield f"  --> {printable(waiver.source or account.policy.source)}:{waiver.line}"
    hint = "remove it from the policy, before it hides something new"
    if missed or waiver.expires < today:
        hint = "review it again, or repair what it was for"
    yield f"  hint: {hint}"
    yield ""


def _unused_publishers(account: Account, paint: _Paint) -> Iterator[str]:
    """Tell patterns that fit nothing: by itself what looks mistyped, else together."""
    note, rest = paint("note", "note"), []
    for each in account.unused_publishers:
        if not each.near:
            rest.append(f"`{each.pattern.text}`")
            continue
        told = f"`{each.pattern.text}` of `publishers` fits nothing here"
        yield f"{note}: {printable(told)}; did you mean `{printable(each.near)}`?"
        yield f"  --> {printable(account.policy.source)}:{each.line}"
        yield "  hint: repair it in the policy: what it was to name is not asked about"
        yield ""
    if rest:
        more = f", and {len(rest) - _TOLD} more" if len(rest) > _TOLD else ""
        names = f"{', '.join(rest[:_TOLD])}{more}"
        yield f"{note}: of `publishers`, these fit nothing here: {printable(names)}"
        yield "  hint: see that they are spelled as in the lock"
        yield ""


def _summary(account: Account, paint: _Paint) -> Iterator[str]:
    verdict = account.verdict
    kinds = Counter(_title(each) for each in account.inventory.components)
    seen = ", ".join(
        f"{kinds[title]} {title}{'' if kinds[title] == 1 else 's'}"
        for title in _TITLES
        if kinds[title]
    )
    yield f"looked at: {printable(account.inventory.name)}: {seen or 'nothing'}"
    for each in account.subjects:
        ((algorithm, value), *_) = each.digests.items()
        named = f"{each.name} " if each.name else ""
        yield f"about: {printable(named)}{algorithm}:{value}"
    if account.downloaded is not None:
        yield f"downloaded and hashed: {account.downloaded} files"
    if signed := account.signed():
        counted = ", ".join(f"{signed[each]} {_SIGNED[each]}" for each in signed)
        yield f"signatures: {counted}"
        if account.root_note:
            yield f"note: {printable(account.root_note)}"
    for source in account.sources:
        yield f"advisories from: {printable(source)}"
    policy = account.policy
    yield f"policy: {printable(policy.name)} ({printable(policy.source)})"
    counts = _tally(account)
    gaps = counts.pop("gaps")
    counted = ", ".join(f"{count} {word}" for word, count in counts.items())
    if gaps:
        counted += f"; {gaps} of them {'is a gap' if gaps == 1 else 'are gaps'}"
    word = verdict.decision.value
    yield f"verdict: {paint(word, word)} ({counted})"
    if verdict.decision is Decision.UNDECIDED:
        missing = {each.gap.state for each in verdict.denied if each.gap}
        remedy = "try again with the network, or with the source that could give them"
        if missing <= {State.NO_SOURCE, State.STALE}:
            remedy = "give the source that could give them, such as `--advisories`"
        yield f"hint: only answers were missing; {remedy}"


def _kin(purl: PackageURL, waiver: Waiver) -> bool:
    """Say whether a waiver is about the package, in whatever version."""
    theirs = waiver.purl
    return (purl.type, purl.namespace, purl.name) == (
        theirs.type,
        theirs.namespace,
        theirs.name,
    )


def _title(component: Component) -> str:
    if component.kind is Kind.APPLICATION:
        return "server package" if component.purl else "project"
    if component.kind is Kind.MODEL and not component.artifacts:
        return "model"  # a folder, or what a hub has
    return _CALLED[component.kind]


_SIGNED: Final = {
    Signed.VERIFIED: "verified",
    Signed.PARTLY: "only in part",
    Signed.REGISTRY: "by the registry alone",
    Signed.UNNAMED: "by somebody whom nobody names",
    Signed.OTHER: "by somebody else",
    Signed.INVALID: "invalid",
    Signed.UNKNOWN: "not known",
    Signed.MISSING: "not signed",
}
_CALLED: Final = {
    Kind.LIBRARY: "package",
    Kind.MCP_SERVER: "MCP server",
    Kind.MODEL: "model file",
    Kind.DATA: "data set",
    Kind.SERVICE: "service",
    Kind.FILE: "file",
    Kind.CONTAINER: "image",
    Kind.BUILD: "build step",
    Kind.OTHER: "component",
}


def _tally(account: Account) -> dict[str, int]:
    """Count the findings by what became of them, and the gaps among them."""
    verdict = account.verdict
    everything: list[Finding] = [
        *verdict.denied,
        *verdict.warned,
        *verdict.allowed,
        *(each.finding for each in verdict.waived),
    ]
    gaps = sum(finding.gap is not None for finding in everything)
    return {
        "denied": len(verdict.denied),
        "warned": len(verdict.warned),
        "waived": len(verdict.waived),
        "allowed": len(verdict.allowed),
        "gaps": gaps,
    }


FORMAT: Final[Format] = Text()
