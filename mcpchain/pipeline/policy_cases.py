"""Cases on which a policy is tried: what is there, what is known of it, what is wanted.

A file of cases is read as strictly as a policy. What a case does not say of a package
is not known of it; and where it says of no signature, there is none.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, TypeVar

from packageurl import PackageURL

from mcpchain.advisory import Advisory, Severity
from mcpchain.artifact import Artifact, Digest
from mcpchain.component import (
    Component,
    Kind,
    Location,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.evidence import Claim, Evidence, Outcome
from mcpchain.inventory import Gap, State
from mcpchain.policy.values import day, known, unlike, words
from mcpchain.release import Release, Withdrawal
from mcpchain.signature import GITHUB, Identity, SanKind, Status
from mcpchain.standing import Earlier
from mcpchain.strict_yaml import YamlNode, load
from mcpchain.verdict import Decision

VERSION: Final = "mcpchain/policy-test/v1"
WAIVED: Final = "waived"
_LEVELS: Final = ("allow", "deny", "warn", WAIVED)
_CLAIMS: Final = {
    "published": Claim.PINNED_DIGEST,
    "delivered": Claim.DELIVERED_BYTES,
}
_EVIDENCE: Final = {
    *("published", "withdrawn", "digests", "advisories", "signatures", "earlier"),
    *("gaps", "registry"),
}
_COMPONENT: Final = {
    *("purl", "name", "kind", "path", "pin", "licenses", "sha256", "endpoint"),
    *_EVIDENCE,
}
_IDENTITY: Final = {
    *("repository", "workflow", "ref", "identity", "issuer", "runner", "trigger"),
    *("repository-id", "owner-id"),
}
_E = TypeVar("_E", bound=Enum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature that a case tells of."""

    status: Status
    identity: Identity | None = None
    by_index: bool = False
    """Whether the index that delivers the package names who has signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of one component."""

    release: Release | None = None
    evidence: tuple[Evidence, ...] = ()
    advisories: tuple[Advisory, ...] = ()
    signatures: tuple[Signature, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A finding that is expected."""

    rule: str
    level: str
    variant: str = ""
    purl: PackageURL | None = None

    def __str__(self) -> str:
        about = f" of `{self.purl.to_string()}`" if self.purl else ""
        return f"`{' '.join(filter(None, (self.rule, self.variant)))}`{about}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One case."""

    name: str
    line: int
    now: dt.datetime
    decision: Decision
    stage: str | None = None
    target: Path | None = None
    components: tuple[tuple[Component, Told], ...] = ()
    told: Mapping[str, Told]
    """What is known of the packages of the target, by purl."""
    gaps: tuple[Gap, ...] = ()
    wanted: tuple[Wanted, ...] | None = None
    """`None`: only the decision is compared."""


def read_cases(data: bytes, source: str, folder: Path) -> list[Trial]:
    """Read a file of cases.

    Raises:
        MalformedError: It is not as it has to be; says the line.
    """
    root = load(data, source=source)
    known(root, {"apiVersion", "cases"})
    version = root.at("apiVersion").text()
    if version != VERSION:
        problem = f"`{version}` is not known here; this mcpchain reads `{VERSION}`"
        raise root.at("apiVersion").malformed(problem)
    trials = [_trial(each, folder) for each in root.at("cases").elements()]
    if not trials:
        raise root.at("cases").malformed("there is no case, so nothing would be tried")
    seen: set[str] = set()
    for trial, node in zip(trials, root.at("cases").elements(), strict=True):
        if trial.name in seen:
            raise node.at("name").malformed(f"`{trial.name[:140]}` is there twice")
        seen.add(trial.name)
    return trials


def _trial(node: YamlNode, folder: Path) -> Trial:
    keys = {"name", "now", "stage", "target", "components", "evidence", "gaps"}
    known(node, {*keys, "expect"})
    components = tuple(map(_component, node.at("components").elements()))
    if bool(components) == ("target" in node):
        raise node.malformed("has either `components` or a `target`, to be judged")
    if "evidence" in node and "target" not in node:
        problem = "is about packages of a `target`; write it beside the component"
        raise node.at("evidence").malformed(problem)
    told: dict[str, Told] = {}
    for each in node.at("evidence").elements():
        known(each, {"purl", *_EVIDENCE})
        purl = _purl(each.at("purl"))
        place = Location(path="evidence")
        told[purl.to_string()] = _told(each, purl.to_string(), purl.version, place)
    expect = node.at("expect")
    known(expect, {"decision", "findings"})
    return Trial(
        name=words(node.at("name")),
        line=node.line,
        now=_time(node.at("now")),
        stage=node.at("stage").optional_text(),
        target=folder / words(node.at("target")) if "target" in node else None,
        components=components,
        told=told,
        gaps=tuple(
            _gap(each, Location(path=".")) for each in node.at("gaps").elements()
        ),
        decision=_one(expect.at("decision"), Decision, "decision"),
        wanted=tuple(map(_wanted, expect.at("findings").elements()))
        if "findings" in expect
        else None,
    )


def _component(node: YamlNode) -> tuple[Component, Told]:
    known(node, _COMPONENT)
    purl = _purl(node.at("purl")) if "purl" in node else None
    kind = _one(node.at("kind"), Kind, "kind") if "kind" in node else Kind.LIBRARY
    if purl is None and "name" not in node:
        raise node.malformed("has neither `purl` nor `name`")
    name = words(node.at("name")) if "name" in node or purl is None else ""
    if purl is not None and not name:
        # A client names a server as it likes: a rule that takes that for the name of
        # the package has to show it here.
        name = (
            "server"
            if kind is Kind.MCP_SERVER
            else "/".join(filter(None, (purl.namespace, purl.name)))
        )
    place = Location(path=words(node.at("path")) if "path" in node else "case")
    found = Component(
        kind=kind,
        name=name,
        version=purl.version if purl else None,
        purl=purl,
        pin=_one(node.at("pin"), Pin, "pin") if "pin" in node else _pin(node, purl),
        locations=(place,),
        artifacts=_artifacts(node, name),
        licenses=node.at("licenses").texts(),
        facts=_facts(node, kind),
    )
    return found, _told(node, found.title, found.version, place)


def _pin(node: YamlNode, purl: PackageURL | None) -> Pin | None:
    if "endpoint" in node:
        return Pin.REMOTE
    if purl is None:
        return None
    if not purl.version:
        return Pin.FLOATING
    return Pin.DIGEST if ":" in purl.version else Pin.EXACT


def _artifacts(node: YamlNode, name: str) -> tuple[Artifact, ...]:
    if "sha256" not in node:
        return ()
    at = node.at("sha256")
    try:
        digest = Digest.of("sha256", at.text())
    except ValueError as error:
        raise at.malformed(str(error)) from None
    return (Artifact(name=name, digests=(digest,)),)


def _facts(node: YamlNode, kind: Kind) -> PackageFacts | ServerFacts | None:
    registry = node.at("registry").optional_text()
    if kind is Kind.MCP_SERVER:
        endpoint = node.at("endpoint").optional_text()
        return ServerFacts(
            client="case",
            transport=Transport.STREAMABLE_HTTP if endpoint else Transport.STDIO,
            endpoint=endpoint,
            registry=registry,
        )
    if "endpoint" in node:
        raise node.at("endpoint").malformed("only an `mcp-server` has one")
    if kind in {Kind.LIBRARY, Kind.APPLICATION}:
        return PackageFacts(registry=registry)
    return None


def _told(node: YamlNode, title: str, version: str | None, place: Location) -> Told:
    return Told(
        release=_release(node, title, version),
        evidence=tuple(_digests(node.at("digests"))),
        advisories=tuple(map(_advisory, node.at("advisories").elements())),
        signatures=tuple(map(_signature, node.at("signatures").elements())),
        earlier=tuple(map(_earlier, node.at("earlier").elements())),
        gaps=tuple(_gap(each, place) for each in node.at("gaps").elements()),
    )


def _release(node: YamlNode, title: str, version: str | None) -> Release | None:
    if "published" not in node and "withdrawn" not in node:
        return None
    published = _time(node.at("published")) if "published" in node else None
    withdrawn = node.at("withdrawn")
    return Release(
        registry=node.at("registry").optional_text() or "the registry",
        name=title,
        version=version or "",
        artifacts=(Artifact(name=title, published=published),),
        withdrawal=_one(withdrawn, Withdrawal, "withdrawal")
        if "withdrawn" in node
        else None,
    )


def _digests(node: YamlNode) -> Iterator[Evidence]:
    known(node, _CLAIMS)
    for name, each in node.items():
        outcome = _one(each, Outcome, "outcome")
        yield Evidence(
            claim=_CLAIMS[name],
            outcome=outcome,
            verifier="case",
            detail=f"the {name} digest is {outcome.value}, as the case says",
        )


def _advisory(node: YamlNode) -> Advisory:
    known(node, {"id", "aliases", "severity", "fixed-in", "malicious"})
    severity = node.at("severity")
    return Advisory(
        id=words(node.at("id")),
        aliases=tuple(sorted(node.at("aliases").texts())),
        severity=_one(severity, Severity, "severity")
        if "severity" in node
        else Severity.UNKNOWN,
        fixed_in=node.at("fixed-in").texts(),
        malicious=node.at("malicious").flag(),
        sources=("case",),
    )


def _signature(node: YamlNode) -> Signature:
    known(node, {"status", "by-index", *_IDENTITY})
    at = node.at("status")
    status = _one(at, Status, "status") if "status" in node else Status.VERIFIED
    if status is Status.UNTRUSTED_IDENTITY:
        problem = "say who signed it: whether they are trusted is for the policy to say"
        raise at.malformed(problem)
    named = any(key in _IDENTITY for key, _ in node.items())
    if named != (status is Status.VERIFIED):
        problem = "names who signed it if it holds, and only then"
        raise node.malformed(problem)
    return Signature(
        status=status,
        identity=_identity(node) if named else None,
        by_index=node.at("by-index").flag(),
    )


def _earlier(node: YamlNode) -> Earlier:
    known(node, {"version", "nearest", *_IDENTITY})
    named = any(key in _IDENTITY for key, _ in node.items())
    return Earlier(
        version=words(node.at("version")),
        nearest=node.at("nearest").flag(),
        identity=_identity(node) if named else None,
    )


def _identity(node: YamlNode) -> Identity:
    """Return what a certificate would say, as GitHub's do where nothing is said."""

    def given(key: str) -> str:
        # An id is a number in YAML; nobody counts with it.
        return str(node.at(key).value) if key in node else ""

    repository, workflow, ref = given("repository"), given("workflow"), given("ref")
    if repository and "://" not in repository:
        repository = f"https://github.com/{repository}"
    if workflow and "/" not in workflow:
        workflow = f".github/workflows/{workflow}"
    signer = f"{repository}/{workflow}@{ref}" if workflow else ""
    san = given("identity") or signer or repository
    return Identity(
        issuer=given("issuer") or GITHUB,
        san=san,
        kind=SanKind.URI if "://" in san else SanKind.EMAIL,
        repository=repository,
        ref=ref,
        signer_workflow=signer,
        runner=given("runner"),
        trigger=given("trigger"),
        repository_id=given("repository-id"),
        owner_id=given("owner-id"),
    )


def _gap(node: YamlNode, place: Location) -> Gap:
    known(node, {"state", "reason", "path"})
    state = _one(node.at("state"), State, "state")
    path = node.at("path").optional_text()
    reason = node.at("reason").optional_text()
    return Gap(
        stage="case",
        location=Location(path=path) if path else place,
        reason=reason or f"{state.value}, as the case says",
        state=state,
    )


def _wanted(node: YamlNode) -> Wanted:
    known(node, {"rule", "variant", "purl", "level"})
    level = node.at("level").text()
    if level not in _LEVELS:
        raise node.at("level").malformed(unlike(level, _LEVELS, "level"))
    return Wanted(
        rule=words(node.at("rule")),
        level=level,
        variant=node.at("variant").optional_text() or "",
        purl=_purl(node.at("purl")) if "purl" in node else None,
    )


def _one(node: YamlNode, among: type[_E], what: str) -> _E:
    text = node.text()
    try:
        return among(text)
    except ValueError:
        names = [str(each.value) for each in among]
        raise node.malformed(unlike(text, names, what)) from None


def _purl(node: YamlNode) -> PackageURL:
    text = node.text()
    try:
        return PackageURL.from_string(text)
    except ValueError as error:
        raise node.malformed(f"`{text[:140]}` is no purl: {error}") from None


def _time(node: YamlNode) -> dt.datetime:
    """Return a time in UTC; a day alone is its noon."""
    text = node.text()
    if "T" not in text:
        return dt.datetime.combine(day(node), dt.time(12), tzinfo=dt.UTC)
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        problem = f"`{text[:40]}` is no time; write `2027-01-31T12:00:00Z`"
        raise node.malformed(problem) from None
    if found.tzinfo is None:
        raise node.malformed(f"`{text[:40]}` has no zone; add `Z`")
    return found.astimezone(dt.UTC)
