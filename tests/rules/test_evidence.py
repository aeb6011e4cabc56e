"""The rules about what registries and advisories say."""

import datetime as dt

import pytest

from mcpchain.advisory import Advisory, Severity
from mcpchain.artifact import Artifact
from mcpchain.component import Kind, Origin, PackageFacts, ServerFacts, Transport
from mcpchain.evidence import Claim, Evidence, Outcome
from mcpchain.inventory import State
from mcpchain.release import Release, Withdrawal
from mcpchain.rules.digest_mismatch import DigestMismatch
from mcpchain.rules.fresh_release import FreshRelease
from mcpchain.rules.gap import Unseen
from mcpchain.rules.known_vulnerability import KnownVulnerability
from mcpchain.rules.malicious_release import MaliciousRelease
from mcpchain.rules.untrusted_registry import UntrustedRegistry
from mcpchain.rules.withdrawn_release import WithdrawnRelease
from tests.making import NOW, case, component, gap

HOUR = dt.timedelta(hours=1)


def evidence(outcome: Outcome, claim: Claim = Claim.PINNED_DIGEST) -> Evidence:
    return Evidence(claim=claim, outcome=outcome, verifier="t", detail="a is not b")


def release(*published: dt.datetime | None, **fields: object) -> Release:
    artifacts = tuple(Artifact(name="x", published=each) for each in published)
    given: dict[str, object] = {
        "registry": "https://r.example",
        "name": "files",
        "version": "1.2.0",
        "artifacts": artifacts,
    }
    return Release(**(given | fields))  # type: ignore[arg-type]  # fields of Release


@pytest.mark.parametrize(
    ("claim", "variant"),
    [(Claim.PINNED_DIGEST, "published"), (Claim.DELIVERED_BYTES, "delivered")],
)
def test_objects_to_other_bytes(claim: Claim, variant: str) -> None:
    refuted = evidence(Outcome.REFUTED, claim)
    (finding,) = DigestMismatch().check(case(evidence=(refuted,)))
    assert finding.variant == variant
    assert finding.message == "`files@1.2.0`: a is not b"


@pytest.mark.parametrize(
    "outcome", [Outcome.VERIFIED, Outcome.ABSENT, Outcome.UNCHECKED]
)
def test_only_a_refuted_digest_is_a_mismatch(outcome: Outcome) -> None:
    assert not [*DigestMismatch().check(case(evidence=(evidence(outcome),)))]


def test_every_refuted_claim_is_told() -> None:
    both = (evidence(Outcome.REFUTED), evidence(Outcome.REFUTED, Claim.DELIVERED_BYTES))
    assert len([*DigestMismatch().check(case(evidence=both))]) == 2


VULNERABLE = Advisory(
    id="CVE-2030-1",
    aliases=("GHSA-aaaa-bbbb-cccc",),
    severity=Severity.HIGH,
    summary="it leaks",
    fixed_in=("1.2.9", "2.0.0"),
)
MALWARE = Advisory(id="MAL-2030-1", malicious=True, summary="it steals")


def test_names_the_advisory_and_the_fixed_versions() -> None:
    known = case(component("pkg:pypi/x@1.0"), advisories=(VULNERABLE, MALWARE))
    (finding,) = KnownVulnerability().check(known)
    assert finding.message == "`x==1.0` has CVE-2030-1, severity high: it leaks"
    assert finding.hint == "upgrade to `1.2.9` or `2.0.0`"
    assert finding.ids == {"CVE-2030-1", "GHSA-aaaa-bbbb-cccc"}
    assert finding.variant == "high"


def test_an_advisory_without_severity_and_fix_says_so() -> None:
    bare = Advisory(id="PYSEC-2030-1", confidence="low")
    (finding,) = KnownVulnerability().check(case(advisories=(bare,)))
    assert finding.variant == "unknown"
    assert "severity unknown (matched by its public version)" in finding.message
    assert finding.hint.startswith("no fixed version is known")


def test_a_floating_package_is_judged_by_what_would_come_today() -> None:
    floating = component("pkg:npm/files")
    known = case(floating, release=release(), advisories=(VULNERABLE,))
    (finding,) = KnownVulnerability().check(known)
    assert finding.message.startswith("`files (today 1.2.0)` has CVE-2030-1")


def test_malware_is_a_finding_of_its_own() -> None:
    (finding,) = MaliciousRelease().check(case(advisories=(VULNERABLE, MALWARE)))
    assert finding.message == (
        "`files@1.2.0` is reported as malware by MAL-2030-1: it steals"
    )


@pytest.mark.parametrize("withdrawal", Withdrawal)
def test_objects_to_a_withdrawn_release(withdrawal: Withdrawal) -> None:
    gone = release(NOW, withdrawal=withdrawal, reason="broken")
    (finding,) = WithdrawnRelease().check(case(release=gone))
    assert finding.variant == withdrawal.value
    assert finding.message.endswith(": broken")


def test_accepts_a_release_that_is_offered() -> None:
    assert not [*WithdrawnRelease().check(case(release=release(NOW)))]
    assert not [*WithdrawnRelease().check(case())]


@pytest.mark.parametrize(
    ("published", "variants"),
    [
        ([NOW - 73 * HOUR], []),
        ([NOW - 72 * HOUR], []),
        ([NOW - 71 * HOUR], ["fresh"]),
        ([NOW + HOUR], ["fresh"]),
        ([NOW - 1000 * HOUR, NOW - HOUR], ["fresh"]),
        ([NOW - 1000 * HOUR, None], ["undated"]),
        ([None], ["undated"]),
        ([], ["undated"]),
    ],
    ids=[
        "old",
        "just old enough",
        "young",
        "from the future",
        "a new file of an old release",
        "one file without a date",
        "no date",
        "no file",
    ],
)
def test_objects_to_a_release_that_is_too_young(
    published: list[dt.datetime | None], variants: list[str]
) -> None:
    found = [*FreshRelease().check(case(release=release(*published)))]
    assert [finding.variant for finding in found] == variants


def test_says_how_long_to_wait() -> None:
    rule = FreshRelease(min_age=dt.timedelta(hours=50))
    (finding,) = rule.check(case(release=release(NOW - HOUR)))
    assert finding.message == (
        "`files@1.2.0` was uploaded 2030-01-01 11:00 UTC, less than 50 hours ago"
    )
    assert finding.hint == "use an older release, or wait until 2030-01-03 13:00 UTC"


@pytest.mark.parametrize("given", [None, release(withdrawal=Withdrawal.MISSING)])
def test_has_nothing_to_say_where_there_is_no_release(given: Release | None) -> None:
    assert not [*FreshRelease().check(case(release=given))]


TRUSTED = frozenset(
    {
        "https://mirror.example/simple",
        "https://mine.example/npm",
        "http://mine.example/simple",
        "http://127.0.0.1:4873",
    }
)


@pytest.mark.parametrize(
    ("registry", "extra", "variants"),
    [
        (None, (), []),
        ("https://mirror.example/simple", (), []),
        ("https://mirror.example/simple/", (), []),
        ("https://MIRROR.example:443/simple", (), []),
        ("http://mirror.example/simple", (), ["registry"]),
        ("https://mirror.example.evil/simple", (), ["registry"]),
        ("https://mirror.example/simple/evil", (), ["registry"]),
        ("https://mirror.example@evil.example/simple", (), ["registry"]),
        ("https://evil.example/simple", (), ["registry"]),
        ("http://mine.example/simple/", (), ["plaintext"]),
        (None, ("http://mine.example/simple",), ["plaintext"]),
        ("http://127.0.0.1:4873", (), []),
        (None, ("https://evil.example/simple",), ["extra"]),
        ("", ("", "https://mirror.example/simple"), ["registry", "extra"]),
    ],
)
@pytest.mark.parametrize("server", [True, False])
def test_objects_to_a_registry_nobody_agreed_to(
    registry: str | None, extra: tuple[str, ...], variants: list[str], *, server: bool
) -> None:
    facts: ServerFacts | PackageFacts = PackageFacts(
        registry=registry, extra_registries=extra
    )
    if server:
        facts = ServerFacts(
            client="cursor",
            transport=Transport.STDIO,
            registry=registry,
            extra_registries=extra,
        )
    kind = Kind.MCP_SERVER if server else Kind.LIBRARY
    about = component(None if server else "pkg:npm/files@1", kind, facts=facts)
    found = [*UntrustedRegistry().check(case(about, trusted_registries=TRUSTED))]
    assert [finding.variant for finding in found] == variants


POLICY = frozenset({"https://mirror.example", "https://github.com/acme"})


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("https://mirror.example/x.tgz", True),
        ("https://MIRROR.example:443/a/b.whl", True),
        ("https://github.com/acme", True),
        ("https://github.com/acme/r", True),
        ("ssh://github.com/acme/r.git", True),
        ("ssh://github.com:22/acme/r.git", False),
        ("http://mirror.example/x.tgz", False),
        ("git://mirror.example/r", False),
        ("ftp://mirror.example/r", False),
        ("file:///srv/r", False),
        ("https://mirror.example.evil.example/x.tgz", False),
        ("https://mirror.example:8443/x.tgz", False),
        ("https://mirror.example\\@evil.example/x.tgz", False),
        ("https://github.com/evil/r", False),
        ("https://github.com/acme-evil/r", False),
        ("https://github.com/Acme/r", False),
        ("https://github.com/acme/../evil/r", False),
        ("https://github.com/acme/%2E%2e/evil/r", False),
        ("https://github.com/acme/%252e%252e/evil/r", False),
        ("https://github.com/acme/..;x/evil/r", False),
        ("https://github.com/acme/..%5cevil/r", False),
        ("ssh://github.com/acme/../evil/r", False),
        ("https://mine.example/npm/x.tgz", False),
        ("http://127.0.0.1:4873/x.tgz", False),
        ("https://", False),
        ("mirror.example/x.tgz", False),
        ("", False),
        (None, False),
    ],
)
@pytest.mark.parametrize("origin", [Origin.URL, Origin.VCS])
def test_a_url_or_repository_is_trusted_below_an_address_of_the_policy(
    address: str | None, origin: Origin, *, trusted: bool
) -> None:
    about = component(facts=PackageFacts(origin=origin, registry=address))
    judged = case(about, trusted_registries=TRUSTED | POLICY, trusted_addresses=POLICY)
    found = [*UntrustedRegistry().check(judged)]
    assert [finding.variant for finding in found] == ([] if trusted else ["registry"])


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("https://github.com/o/r", "`registries: [https://github.com/o/r]`"),
        ("conda:forge", "`registries: [conda:forge]`"),
        ("ssh://github.com/o/r", "`registries: [https://github.com/o/r]`"),
        ("http://h.example/r", "name it with `https://`"),
        ("https://h.example/@o/r", "trust its host or a folder there"),
        ("https://h.example/" + "r" * 200, "trust its host or a folder there"),
    ],
)
def test_advice_is_what_a_policy_can_say(address: str, hint: str) -> None:
    about = component(facts=PackageFacts(origin=Origin.URL, registry=address))
    (finding,) = UntrustedRegistry().check(case(about))
    assert hint in finding.hint
    assert len(finding.message) < 250


def test_a_server_leaves_its_registry_to_the_package_that_it_starts() -> None:
    facts = ServerFacts(
        client="cursor", transport=Transport.STDIO, registry="https://evil.example"
    )
    about = component("pkg:npm/files@1", Kind.MCP_SERVER, facts=facts)
    assert not [*UntrustedRegistry().check(case(about))]


@pytest.mark.parametrize("state", State)
def test_every_gap_is_a_finding(state: State) -> None:
    (finding,) = Unseen().check(case(gaps=(gap(state),)))
    assert finding.variant == state.value
    assert finding.message == "not read: not JSON"
    assert finding.where == "x.json"


def test_a_gap_without_advice_still_has_a_hint() -> None:
    (finding,) = Unseen().check(case(gaps=(gap(hint=""),)))
    assert finding.hint == "repair the input, or give `gap` a level in the policy"
