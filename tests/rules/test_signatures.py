"""The rules about who stands for a component."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.case import Case
from mcpchain.component import Kind
from mcpchain.finding import Finding
from mcpchain.rules import Rule, page
from mcpchain.rules.identity_change import IdentityChange
from mcpchain.rules.invalid_signature import InvalidSignature
from mcpchain.rules.low_build_level import LowBuildLevel
from mcpchain.rules.missing_provenance import MissingProvenance
from mcpchain.rules.provenance_downgrade import ProvenanceDowngrade
from mcpchain.rules.provenance_repository_mismatch import ProvenanceRepositoryMismatch
from mcpchain.rules.unsigned_artifact import UnsignedArtifact
from mcpchain.rules.untrusted_identity import UntrustedIdentity
from mcpchain.signature import Check, Identity, SanKind, Statement, Status, Verification
from mcpchain.standing import Builders, Earlier, Standing
from tests.making import case, component

GITHUB = "https://token.actions.githubusercontent.com"
ACME = "https://github.com/acme/files"
RELEASE = ".github/workflows/release.yml@refs/tags/v1"
RUNNER = "https://github.com/actions/runner/github-hosted"
RULES: tuple[Rule, ...] = (
    IdentityChange(),
    InvalidSignature(),
    LowBuildLevel(),
    MissingProvenance(),
    ProvenanceDowngrade(),
    ProvenanceRepositoryMismatch(),
    UnsignedArtifact(),
    UntrustedIdentity(),
)


def identity(repository: str = ACME, **fields: str) -> Identity:
    workflow = f"{repository}/{RELEASE}"
    given = {
        "issuer": GITHUB,
        "san": fields.get("signer_workflow", workflow),
        "repository": repository,
        "signer_workflow": workflow,
        "build_config": workflow,
        "runner": "github-hosted",
    }
    return Identity(kind=SanKind.URI, **(given | fields))


def somebody(email: str = "release@acme.example") -> Identity:
    return Identity(issuer="https://accounts.google.com", san=email, kind=SanKind.EMAIL)


def slsa(builder: str = RUNNER) -> Statement:
    return Statement(
        type="https://in-toto.io/Statement/v1",
        predicate_type="https://slsa.dev/provenance/v1",
        subjects=(),
        predicate={"runDetails": {"builder": {"id": builder}}},
    )


PUBLISH = replace(slsa(), predicate_type="https://index.example/publish/v1")


def answer(status: Status, who: Identity | None = None, **fields: str) -> Verification:
    given = {"reason": "so it is", "subject": "x-1.0.tar.gz"} | fields
    return Verification(status=status, identity=who, **given)  # type: ignore[arg-type]  # texts


def verified(who: Identity | None, by: str = "index") -> Verification:
    found = answer(Status.VERIFIED, who, expected_by=by)
    return replace(found, statement=slsa()) if who else found


BUILT = verified(identity())
KEYED = verified(None, "")
"""What the registry signs itself."""
MAILED = verified(somebody())
WRONG = answer(Status.INVALID, identity())
NONE = answer(Status.MISSING, subject="x==1.0")
BLIND = answer(Status.UNVERIFIABLE, identity())
FAILED = answer(Status.ERROR)
STRANGER = answer(Status.UNTRUSTED_IDENTITY, identity("https://github.com/evil/x"))
THEIRS = verified(identity(), "user")
BY_KEY = verified(None, "user")


def standing(*answers: Verification, **fields: object) -> Standing:
    return Standing(answers=answers, **fields)  # type: ignore[arg-type]  # its fields


def judged(rule: Rule, known: Standing | None, **fields: object) -> list[str]:
    return [each.variant for each in told(rule, known, **fields)]


def told(rule: Rule, known: Standing | None, **fields: object) -> list[Finding]:
    about = component("pkg:pypi/x@1.0")
    return [*rule.check(case(about, standing=known, **fields))]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize(
    "known",
    [
        None,
        standing(),
        standing(BLIND),
        standing(FAILED),
        standing(BLIND, FAILED, earlier=(Earlier(version="0.9", nearest=True),)),
        standing(THEIRS, declared=ACME, named=True),
        standing(BUILT, declared=ACME),
    ],
    ids=[
        "nobody looked",
        "no answers",
        "unverifiable",
        "an error",
        "both, after one with provenance",
        "by whom the policy names",
        "by whom the index names",
    ],
)
def test_has_nothing_to_say_of(rule: Rule, known: Standing | None) -> None:
    assert judged(rule, known) == []


SERVED = {Kind.APPLICATION: "server", Kind.MCP_SERVER: "server"}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("rule", [UnsignedArtifact(), MissingProvenance()])
def test_what_a_server_runs_is_told_apart(rule: Rule, kind: Kind) -> None:
    about = component("pkg:pypi/x@1.0", kind)
    (finding,) = rule.check(case(about, standing=standing(NONE)))
    assert finding.variant == SERVED.get(kind, "dependency")


@pytest.mark.parametrize(
    ("answers", "variants"),
    [
        ([NONE], ["dependency"]),
        ([NONE, NONE], ["dependency"]),
        ([NONE, BLIND], ["dependency"]),
        ([NONE, WRONG], ["dependency"]),
        ([NONE, STRANGER], ["dependency"]),
        ([NONE, KEYED], []),
        ([NONE, BUILT], []),
        ([WRONG], []),
        ([STRANGER], []),
    ],
    ids=[
        "missing",
        "missing twice",
        "missing and unverifiable",
        "missing and invalid",
        "missing and a stranger's",
        "missing beside the registry's signature",
        "missing beside provenance",
        "invalid",
        "a stranger's",
    ],
)
def test_only_what_nobody_has_signed_is_unsigned(
    answers: list[Verification], variants: list[str]
) -> None:
    assert judged(UnsignedArtifact(), standing(*answers)) == variants
    named = judged(UnsignedArtifact(), standing(*answers, named=True))
    assert named == ["named" for _ in variants]


def test_says_what_is_not_signed_and_why() -> None:
    (finding,) = told(UnsignedArtifact(), standing(NONE))
    assert finding.message == "`x==1.0` is not signed: so it is"


def test_every_invalid_answer_is_told_once() -> None:
    other = answer(Status.INVALID, subject="x==1.0", reason="the log entry is another")
    found = told(InvalidSignature(), standing(WRONG, BUILT, WRONG, other))
    assert [each.message for each in found] == [
        "`x==1.0` (`x-1.0.tar.gz`): so it is",
        "`x==1.0`: the log entry is another",
    ]


@pytest.mark.parametrize(
    ("by", "named", "variant"),
    [
        ("user", True, "named"),
        ("user", False, "named"),
        ("", True, "named"),
        ("index", False, "index"),
        ("index", True, "index"),
        ("", False, "unnamed"),
    ],
)
def test_tells_who_named_somebody_else(by: str, variant: str, *, named: bool) -> None:
    other = replace(STRANGER, expected_by=by)
    known = standing(other, BUILT, other, named=named)
    (finding,) = told(UntrustedIdentity(), known)
    assert finding.variant == variant
    assert finding.message == "`x==1.0` (`x-1.0.tar.gz`): so it is"


@pytest.mark.parametrize(
    ("answers", "variants"),
    [
        ([NONE], ["dependency"]),
        ([NONE, BLIND], ["dependency"]),
        ([NONE, STRANGER], ["dependency"]),
        ([KEYED, NONE], ["dependency"]),
        ([KEYED], []),
        ([KEYED, BLIND], []),
        ([KEYED, FAILED], []),
        ([KEYED, WRONG], []),
        ([MAILED], ["dependency"]),
        ([WRONG], []),
        ([STRANGER], []),
        ([BUILT, KEYED], []),
        ([BUILT, BLIND], []),
        ([BUILT, NONE], ["partial"]),
        ([BUILT, replace(NONE, subject=BUILT.subject)], []),
    ],
    ids=[
        "missing",
        "missing and unverifiable",
        "missing and a stranger's",
        "missing beside the registry's signature",
        "the registry's signature",
        "the registry's signature, and what cannot be verified",
        "the registry's signature, and an error",
        "the registry's signature, and an invalid attestation",
        "somebody without a repository",
        "invalid",
        "a stranger's",
        "provenance and the registry's signature",
        "provenance, and what cannot be verified",
        "files with it and files without",
        "provenance in place of the registry's signature",
    ],
)
def test_provenance_is_missing_only_where_that_is_known(
    answers: list[Verification], variants: list[str]
) -> None:
    assert judged(MissingProvenance(), standing(*answers)) == variants


@pytest.mark.parametrize(
    ("answers", "met"),
    [
        ([THEIRS], True),
        ([BY_KEY], True),
        ([THEIRS, BLIND], True),
        ([THEIRS, replace(NONE, subject=THEIRS.subject)], True),
        ([], False),
        ([NONE], False),
        ([FAILED], True),  # a gap says so
        ([FAILED, NONE], True),
        ([replace(FAILED, checks=(Check(id="c", ok=False, detail=""),))], False),
        ([BLIND], False),
        ([WRONG], False),
        ([KEYED], False),
        ([BUILT], False),
        ([MAILED], False),
        ([replace(STRANGER, expected_by="user")], False),
        ([replace(WRONG, expected_by="user")], False),
        ([THEIRS, NONE], False),
    ],
    ids=[
        "theirs",
        "by their key",
        "theirs, and what cannot be verified",
        "theirs in place of the registry's",
        "no answer at all",
        "missing",
        "no answer was to be had",
        "no answer, and none elsewhere",
        "an error of ours",
        "unverifiable",
        "invalid",
        "the registry's signature",
        "by whom the index names",
        "by somebody without a repository",
        "a stranger's",
        "an invalid one of theirs",
        "some files without",
    ],
)
def test_who_is_named_has_to_stand_for_it(
    answers: list[Verification], *, met: bool
) -> None:
    found = judged(MissingProvenance(), standing(*answers, named=True))
    assert found == ([] if met else ["named"])


@pytest.mark.parametrize(
    ("declared", "built", "same"),
    [
        ("https://github.com/acme/files", ACME, True),
        ("https://github.com/Acme/Files.git", ACME, True),
        ("git+https://github.com/acme/files/", ACME, True),
        ("git+ssh://git@github.com/acme/files.git", ACME, True),
        ("https://gitlab.com/G/p/Sub", "https://gitlab.com/g/p/sub", True),
        ("https://git.example/a/b", "git.example/a/b", True),
        ("https://git.example/A/b", "https://git.example/a/b", False),
        ("https://github.com/acme/files", "https://github.com/acme/files-evil", False),
        ("https://github.com/acme/files-evil", ACME, False),
        ("https://github.com/acme", ACME, False),
        ("https://gitlab.com/g/p", "https://gitlab.com/g/p/sub", False),
        ("https://gitlab.com/acme/files", ACME, False),
        ("https://github.com.evil.example/acme/files", ACME, False),
        ("https://github.com@evil.example/acme/files", ACME, False),
        ("https://github.com/evil/../acme/files", ACME, False),
        ("not an address", "not an address", False),
    ],
)
@pytest.mark.parametrize("status", [Status.VERIFIED, Status.UNTRUSTED_IDENTITY])
def test_compares_the_declared_repository_with_the_one_that_built_it(
    declared: str, built: str, status: Status, *, same: bool
) -> None:
    known = standing(replace(BUILT, status=status, identity=identity(built)))
    found = judged(ProvenanceRepositoryMismatch(), replace(known, declared=declared))
    assert found == ([] if same else ["dependency"])


def test_a_shared_workflow_is_not_where_the_source_is() -> None:
    shared = f"https://github.com/shared/builds/{RELEASE}"
    ours = identity(signer_workflow=shared)
    rule = ProvenanceRepositoryMismatch()
    assert judged(rule, standing(verified(ours), declared=ACME)) == []
    theirs = identity("https://github.com/evil/x", signer_workflow=f"{ACME}/{RELEASE}")
    assert judged(rule, standing(verified(theirs), declared=ACME)) == ["dependency"]


def test_says_the_numbers_by_which_a_renamed_repository_is_known() -> None:
    moved = identity("https://github.com/acme/tools", repository_id="1", owner_id="2")
    known = standing(verified(moved), verified(moved), declared=ACME)
    about = component("pkg:npm/x@1.0", Kind.APPLICATION)
    (finding,) = ProvenanceRepositoryMismatch().check(case(about, standing=known))
    assert finding.variant == "server"
    assert finding.message == (
        "`x@1.0` was built from `https://github.com/acme/tools` (repository 1, owner "
        "2), and declares `https://github.com/acme/files`"
    )


@pytest.mark.parametrize("found", [WRONG, BLIND, FAILED, NONE, KEYED, MAILED])
def test_only_what_holds_says_where_it_was_built(found: Verification) -> None:
    known = standing(found, declared="https://github.com/other/one")
    assert judged(ProvenanceRepositoryMismatch(), known) == []


OWN_RUNNER = replace(BUILT, identity=identity(runner="self-hosted"))
ATTESTED = replace(BUILT, statement=PUBLISH)
SHARED = f"https://github.com/acme/builds/.github/workflows/b.yml@{'1' * 40}"
ISOLATED = replace(
    BUILT,
    identity=identity(signer_workflow=SHARED, signer_digest="1" * 40),
    statement=slsa(SHARED),
)


@pytest.mark.parametrize(
    ("level", "answers", "variants"),
    [
        (2, [BUILT], []),
        (3, [BUILT], ["low"]),
        (2, [OWN_RUNNER], ["low"]),
        (1, [OWN_RUNNER], []),
        (2, [ATTESTED], ["unstated"]),
        (1, [ATTESTED], ["unstated"]),
        (2, [ATTESTED, BUILT], []),
        (2, [BUILT, ATTESTED], []),
        (2, [OWN_RUNNER, BUILT], []),
        (2, [BUILT, replace(OWN_RUNNER, subject="other.whl")], ["low"]),
        (2, [BUILT, replace(ATTESTED, subject="other.whl")], ["unstated"]),
        (2, [replace(BUILT, statement=None)], ["unstated"]),
        (2, [replace(BUILT, statement=replace(slsa(), predicate={}))], ["low"]),
        (3, [ISOLATED], ["low"]),
        (2, [KEYED, MAILED, NONE, BLIND, WRONG, STRANGER], []),
    ],
    ids=[
        "hosted",
        "hosted is not isolated",
        "a runner of its own",
        "a runner of its own is enough",
        "a publish attestation",
        "a publish attestation has no level at all",
        "both",
        "both, in the other order",
        "two builders of one file",
        "another file",
        "another file that says nothing",
        "a signature without a statement",
        "provenance without a builder",
        "a workflow that nobody names",
        "no provenance",
    ],
)
def test_wants_a_build_level(
    level: int, answers: list[Verification], variants: list[str]
) -> None:
    assert judged(LowBuildLevel(min_level=level), standing(*answers)) == variants


@pytest.mark.parametrize(
    ("level", "found", "builders"),
    [
        (2, OWN_RUNNER, Builders(self_hosted=True)),
        (3, ISOLATED, Builders(isolating=frozenset({SHARED}))),
    ],
    ids=["a runner of its own", "a workflow that isolates"],
)
def test_believes_the_builders_that_the_policy_names(
    level: int, found: Verification, builders: Builders
) -> None:
    rule = LowBuildLevel(min_level=level)
    assert judged(rule, standing(found), builders=builders) == []
    assert judged(rule, standing(found)) == ["low"]


BEFORE = Earlier(version="0.9", nearest=True, identity=identity())
LONG_BEFORE = replace(BEFORE, version="0.5", nearest=False)
UNSEEN = replace(BEFORE, identity=None)


@pytest.mark.parametrize(
    ("answers", "earlier", "variants"),
    [
        ([NONE], (BEFORE, LONG_BEFORE), ["nearest"]),
        ([NONE], (UNSEEN,), ["nearest"]),
        ([NONE], (LONG_BEFORE,), ["earlier"]),
        ([NONE, BLIND], (BEFORE,), ["nearest"]),
        ([NONE, WRONG], (BEFORE,), ["nearest"]),
        ([NONE, STRANGER], (BEFORE,), ["nearest"]),
        ([KEYED, NONE], (BEFORE,), ["nearest"]),
        ([KEYED, FAILED], (BEFORE,), []),
        ([MAILED], (BEFORE,), ["nearest"]),
        ([NONE], (), []),
        ([BUILT], (BEFORE,), []),
        ([BUILT, NONE], (BEFORE,), []),
        ([WRONG], (BEFORE,), []),
        ([], (BEFORE,), []),
    ],
    ids=[
        "the one before has it",
        "the one before has some that was not looked at",
        "an earlier one has it",
        "what cannot be verified is none",
        "what is invalid is none",
        "a stranger's is none",
        "the registry's signature is none",
        "what could not be asked beside it may be some",
        "somebody without a repository is none",
        "no earlier one has it",
        "it has it too",
        "some of its files have it too",
        "invalid",
        "no answers",
    ],
)
def test_objects_to_a_release_without_what_others_had(
    answers: list[Verification], earlier: tuple[Earlier, ...], variants: list[str]
) -> None:
    known = standing(*answers, earlier=earlier)
    assert judged(ProvenanceDowngrade(), known) == variants


IDS = {"repository_id": "1", "owner_id": "2"}
OURS = identity(**IDS)
TOOLS, EVIL = "https://github.com/acme/tools", "https://github.com/evil/files"
OTHER_FILE = f"{ACME}/.github/workflows/other.yml@refs/tags/v1"
THEIR_BUILDS = f"https://github.com/evil/builds/{RELEASE}"


@pytest.mark.parametrize(
    ("before", "now", "variant"),
    [
        (OURS, OURS, ""),
        (OURS, replace(OURS, commit="2" * 40, ref="refs/tags/v2", run="2"), ""),
        (OURS, identity("https://github.com/Acme/Files", **IDS), ""),
        (identity(), identity("https://github.com/Acme/Files.git"), ""),
        (OURS, identity(TOOLS, **IDS), ""),
        (OURS, identity("https://github.com/new/files", **IDS), ""),
        (
            identity(repository_id="1"),
            identity("https://github.com/new/files", repository_id="1"),
            "",
        ),
        (OURS, identity(signer_workflow=f"{ACME}/{RELEASE[:-1]}2"), ""),
        (replace(OURS, build_config=""), OURS, ""),
        (MAILED.identity, MAILED.identity, ""),
        (OURS, identity(**(IDS | {"repository_id": "9"})), "repository"),
        (OURS, identity(TOOLS, repository_id="9", owner_id="2"), "repository"),
        (identity(), identity(TOOLS), "repository"),
        (OURS, identity(TOOLS), "repository"),
        (identity(), identity("https://github.com/acme/files-evil"), "repository"),
        (OURS, identity(**(IDS | {"owner_id": "9"})), "owner"),
        (OURS, identity(repository_id="9", owner_id="9"), "owner"),
        (identity(), identity(EVIL), "owner"),
        (OURS, identity(EVIL), "owner"),
        (identity(), identity("https://github.com.evil.example/acme/files"), "owner"),
        (OURS, replace(OURS, issuer=f"{GITHUB}/acme"), "issuer"),
        (OURS, somebody(), "issuer"),
        (somebody(), somebody("evil@acme.example"), "owner"),
        (somebody(), replace(somebody(), repository=ACME), "owner"),
        (OURS, replace(OURS, build_config=OTHER_FILE), "workflow"),
        (OURS, replace(OURS, signer_workflow=OTHER_FILE), "workflow"),
        (OURS, replace(OURS, signer_workflow=THEIR_BUILDS), "workflow"),
        (replace(OURS, signer_workflow=THEIR_BUILDS), OURS, "workflow"),
    ],
    ids=[
        "the same",
        "another run",
        "case",
        "case and spelling, without numbers",
        "renamed",
        "its owner was renamed",
        "its owner was renamed, without a number",
        "another ref",
        "an old certificate that says less",
        "the same mail",
        "registered anew under the old name",
        "another one of the same owner",
        "another one of the same owner, without numbers",
        "another one, and numbers in one place only",
        "a name that begins alike",
        "sold with its number",
        "an account registered anew under the old name",
        "another owner",
        "another owner, and numbers in one place only",
        "another host",
        "another issuer",
        "a person in place of a workflow",
        "another person",
        "a repository in place of a person",
        "another workflow started",
        "another workflow signed",
        "a workflow elsewhere signed",
        "no longer a workflow elsewhere",
    ],
)
@pytest.mark.parametrize("status", [Status.VERIFIED, Status.UNTRUSTED_IDENTITY])
def test_objects_to_another_builder(
    before: Identity, now: Identity, variant: str, status: Status
) -> None:
    earlier = (UNSEEN, replace(BEFORE, identity=before), LONG_BEFORE)
    known = standing(answer(status, now), answer(status, now), earlier=earlier)
    assert judged(IdentityChange(), known) == ([variant] if variant else [])


@pytest.mark.parametrize("found", [WRONG, BLIND, FAILED, NONE, KEYED])
def test_only_what_holds_tells_of_a_change(found: Verification) -> None:
    before = replace(BEFORE, identity=identity(EVIL))
    assert judged(IdentityChange(), standing(found, earlier=(before,))) == []


def test_nobody_known_is_no_change() -> None:
    assert judged(IdentityChange(), standing(BUILT, earlier=(UNSEEN,))) == []
    assert judged(IdentityChange(), standing(BUILT)) == []


def test_says_who_built_it_and_who_did_before() -> None:
    now = verified(identity(EVIL, repository_id="9"))
    known = standing(now, earlier=(replace(BEFORE, identity=OURS),))
    (finding,) = told(IdentityChange(), known)
    assert finding.message == (
        f"`x==1.0` was built by `{EVIL}` (repository 9, workflow "
        f".github/workflows/release.yml, by {GITHUB}), and its release 0.9 by "
        f"`{ACME}` (repository 1, owner 2, workflow .github/workflows/release.yml, "
        f"by {GITHUB})"
    )
    assert finding.hint == "use 0.9 until its maker tells of the move"


HERS = Identity(
    issuer="https://gitlab.com",
    san="https://gitlab.com/acme/files",
    kind=SanKind.URI,
    repository="https://gitlab.com/acme/files",
    repository_id="1",
    owner_id="2",
)
HIS = replace(
    HERS,
    repository="https://gitlab.com/evil/files",
    repository_id="7",
    owner_id="9",
)
NUMBERED = identity("https://github.com/evil/files", repository_id="7", owner_id="9")
WHEEL = "acme_files-1.2.0-py3-none-any.whl"
ON_NPM, ON_PYPI = "pkg:npm/%40acme/files@1.2.0", "pkg:pypi/acme-files@1.2.0"


@pytest.mark.parametrize(
    ("rule", "purl", "known"),
    [
        (
            UnsignedArtifact(),
            ON_PYPI,
            standing(
                replace(
                    NONE,
                    reason="the index that was asked offers no attestation of its "
                    "files; a mirror may leave them out",
                )
            ),
        ),
        (
            InvalidSignature(),
            ON_PYPI,
            standing(
                replace(
                    WRONG,
                    subject=WHEEL,
                    reason="the statement is about other artifacts",
                )
            ),
        ),
        (
            UntrustedIdentity(),
            ON_PYPI,
            standing(
                replace(
                    STRANGER,
                    subject=WHEEL,
                    reason="repository is `https://github.com/evil/files`, not "
                    "`https://github.com/acme/files`",
                )
            ),
        ),
        (MissingProvenance(), ON_NPM, standing(KEYED, NONE)),
        (
            ProvenanceRepositoryMismatch(),
            ON_NPM,
            standing(verified(NUMBERED), declared=ACME),
        ),
        (LowBuildLevel(), ON_NPM, standing(OWN_RUNNER)),
        (
            ProvenanceDowngrade(),
            ON_PYPI,
            standing(NONE, earlier=(replace(BEFORE, version="1.1.0"),)),
        ),
        (
            IdentityChange(),
            ON_PYPI,
            standing(
                verified(HIS),
                earlier=(replace(BEFORE, version="1.1.0", identity=HERS),),
            ),
        ),
    ],
    ids=lambda each: getattr(each, "id", ""),
)
def test_the_manual_shows_what_it_says(rule: Rule, purl: str, known: Standing) -> None:
    (finding,) = rule.check(case(component(purl), standing=known))
    text = " ".join(page(type(rule)).partition("Example:")[2].split())
    assert text.startswith(finding.message)


ANSWERS = [
    BUILT,
    KEYED,
    MAILED,
    THEIRS,
    BY_KEY,
    WRONG,
    NONE,
    BLIND,
    FAILED,
    STRANGER,
    OWN_RUNNER,
    ATTESTED,
    replace(NONE, subject=BUILT.subject),
    replace(STRANGER, expected_by="user"),
    replace(STRANGER, expected_by="index"),
]
CASES = st.builds(
    Case,
    component=st.sampled_from(
        [component("pkg:pypi/x@1.0"), component("pkg:pypi/x@1.0", Kind.APPLICATION)]
    ),
    now=st.just(case().now),
    standing=st.builds(
        Standing,
        answers=st.lists(st.sampled_from(ANSWERS), max_size=5).map(tuple),
        named=st.booleans(),
        declared=st.sampled_from(["", ACME, TOOLS]),
        earlier=st.lists(
            st.sampled_from(
                [BEFORE, LONG_BEFORE, UNSEEN, replace(BEFORE, identity=somebody())]
            ),
            max_size=2,
        ).map(tuple),
    ),
)


@given(
    CASES,
    st.sampled_from([each for each in ANSWERS if not each]),
    st.integers(0, 5),
)
def test_an_answer_that_is_no_yes_excuses_from_nothing(
    known: Case, more: Verification, place: int
) -> None:
    assert known.standing is not None
    answers = [*known.standing.answers]
    answers.insert(place, more)
    worse = replace(known, standing=replace(known.standing, answers=tuple(answers)))
    for rule in RULES:
        before, after = ([e.variant for e in rule.check(c)] for c in (known, worse))
        assert all(after.count(each) >= before.count(each) for each in before)


@given(CASES)
def test_the_order_of_answers_makes_no_difference(known: Case) -> None:
    assert known.standing is not None
    back = replace(known.standing, answers=known.standing.answers[::-1])
    for rule in RULES:
        turned = rule.check(replace(known, standing=back))
        assert {e.message for e in rule.check(known)} == {e.message for e in turned}
