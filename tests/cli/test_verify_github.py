"""`mcpchain verify` on files that only GitHub has attestations of."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from mcpchain.bundle.policy import Expected
from mcpchain.bundle.verify import Artifact
from mcpchain.cli import main
from mcpchain.fetch import Fetcher
from mcpchain.pipeline.circumstances import Circumstances
from mcpchain.pipeline.github import ask, credential
from mcpchain.pipeline.verification import Terms
from mcpchain.verify.github import Place as Where
from tests.bundle.test_corpus import CORPUS
from tests.verify.test_mcpb_signature import ZIP
from tests.world.server import Place, Server
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import ARTIFACT, ISSUER, SLSA, Minter, statement

INSTANCE = Instance()
PRIVATE = Instance()
TOKEN = "gh-token-of-the-user"  # noqa: S105 - of a test
DIGEST = f"sha256:{hashlib.sha256(ARTIFACT).hexdigest()}"
SBOM = "https://spdx.dev/Document/v2.3"
ATTESTATIONS = f"/api/v3/repos/acme/files/attestations/{DIGEST}"
Json = dict[str, Any]


@dataclass
class GitHub:
    """A GitHub on loopback, and a user who asks it."""

    server: Server
    home: Path
    minter: Minter = field(init=False)

    def __post_init__(self) -> None:
        self.file = self.home / "files.tar.gz"
        self.file.write_bytes(ARTIFACT)
        self.root = self.home / "root.json"
        self.root.write_bytes(INSTANCE.trusted_root())
        self.minter = self.of("acme/files")

    @property
    def host(self) -> str:
        return self.server.address.removeprefix("http://")

    def of(self, repository: str, **shape: Any) -> Minter:  # noqa: ANN401 - its fields
        """Return who signs in a workflow of *repository*."""
        of_all: Json = {"instance": INSTANCE, "entries": ("dsse/0.0.1",)}
        minter = Minter(**of_all | shape)
        address = f"https://{self.host}/{repository}"
        workflow = f"{address}/.github/workflows/release.yml@refs/tags/v1.2.0"
        minter.claims |= {9: workflow, 12: address, 18: workflow}
        minter.san = x509.UniformResourceIdentifier(workflow)
        return minter

    def attest(self, *bundles: Json, path: str = ATTESTATIONS) -> Place:
        """Let it have *bundles*, or what stands for them."""
        listed = [
            each if "bundle_url" in each else {"bundle": each} for each in bundles
        ]
        return self.server.place(path).answer_json({"attestations": listed})

    def away(self, data: bytes, path: str = "/blob") -> Json:
        """Let a bundle lie elsewhere."""
        media = "application/x-snappy"
        self.server.place(path, Place(lambda: data, media))
        return {"bundle": None, "bundle_url": f"{self.server.address}{path}?sig=secret"}

    def run(self, *args: str | Path, repository: str = "acme/files") -> Result:
        words = [str(each) for each in args or (self.file,)]
        given = ["--repository", repository, "--trusted-root", str(self.root)]
        return self.call("verify", *words, *given)

    def call(self, *words: str, **environ: str) -> Result:
        env: dict[str, str | None] = {
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "GH_HOST": self.host,
            "GH_TOKEN": "of-another-host",
            "GH_ENTERPRISE_TOKEN": TOKEN,
            **environ,
        }
        return CliRunner().invoke(main, words, env=env)

    def around(self, **environ: str) -> Circumstances:
        return Circumstances(
            now=dt.datetime.now(dt.UTC),
            version="0",
            environ=environ,
            home=self.home,
            cache=self.home,
            projects=(),
            trust=self.home / "data/mcpchain/trust",
        )


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with Server() as server:
        yield GitHub(server=server, home=tmp_path)


def packed(bundle: Json) -> bytes:
    """Pack it by Snappy, in literals alone."""
    data = json.dumps(bundle).encode()
    head = bytes([len(data) & 127 | 128, len(data) >> 7 & 127 | 128, len(data) >> 14])
    return head + b"\xf4" + (len(data) - 1).to_bytes(2, "little") + data


def outcome(result: Result) -> tuple[int, str]:
    """Return the exit code, and why."""
    why = [e for e in result.stdout.splitlines() if e.startswith("  why: ")]
    return result.exit_code, why[0].removeprefix("  why: ") if why else ""


def test_a_file_beside_which_nothing_lies_is_asked_about(github: GitHub) -> None:
    github.attest(github.minter.attest())
    result = github.run()
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == f"verified: {github.file}"
    query = "?per_page=64&predicate_type=https%3A%2F%2Fslsa.dev%2Fprovenance%2Fv1"
    assert github.server.paths() == [f"{ATTESTATIONS}{query}"]
    assert github.server.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_digest_needs_no_file(github: GitHub) -> None:
    github.attest(github.minter.attest())
    assert github.run(DIGEST).exit_code == 0


def test_a_bundle_that_lies_beside_is_enough(github: GitHub) -> None:
    beside = github.file.with_name("files.tar.gz.sigstore.json")
    beside.write_text(json.dumps(github.minter.attest()))
    assert github.run().exit_code == 0
    assert not github.server.asked


def test_a_bundle_that_lies_elsewhere_is_fetched_without_the_token(
    github: GitHub,
) -> None:
    github.attest(github.away(packed(github.minter.attest())))
    result = github.run()
    assert result.exit_code == 0, result.output
    told, fetched = github.server.asked
    assert ("Authorization" in told.headers, fetched.path) == (True, "/blob?sig=secret")
    assert "Authorization" not in fetched.headers


def test_a_bundle_that_is_not_packed_is_read_too(github: GitHub) -> None:
    github.attest(github.away(json.dumps(github.minter.attest()).encode()))
    assert github.run().exit_code == 0


def test_another_host_is_asked_for_bundles_and_never_told_the_token(
    github: GitHub,
) -> None:
    with Server() as other:
        data = packed(github.minter.attest())
        other.place("/b", Place(lambda: data))
        github.attest({"bundle_url": f"{other.address}/b"})
        assert github.run().exit_code == 0
        assert "Authorization" not in other.asked[0].headers


def test_a_redirect_to_another_host_is_never_told_the_token(github: GitHub) -> None:
    with Server() as other:
        listed = {"attestations": [{"bundle": github.minter.attest()}]}
        other.place("/x").answer_json(listed)
        github.attest().redirect_to(f"{other.address}/x")
        assert github.run().exit_code == 0
        assert "Authorization" not in other.asked[0].headers


def test_all_pages_are_read(github: GitHub) -> None:
    second = f"{ATTESTATIONS}/more"
    first = github.attest(github.minter.attest(statement(b"other")))
    first.headers["Link"] = f'<{github.server.address}{second}?after=x>; rel="next"'
    github.attest(github.minter.attest(), path=second)
    assert github.run().exit_code == 0
    assert [e.headers["Authorization"] for e in github.server.asked] == [
        f"Bearer {TOKEN}"
    ] * 2


@pytest.mark.parametrize("kind", ["orgs", "users"])
def test_any_repository_of_an_owner_may_have_attested_it(
    kind: str, github: GitHub
) -> None:
    path = f"/api/v3/{kind}/acme/attestations/{DIGEST}"
    github.attest(github.of("acme/other").attest(), path=path)
    assert github.run(repository="acme/*").exit_code == 0
    github.attest(github.of("evil/other").attest(), path=path)
    code, why = outcome(github.run(repository="acme/*"))
    assert (code, why.startswith("repository is `https://")) == (10, True)


def test_one_that_holds_is_enough_and_the_others_are_told(github: GitHub) -> None:
    github.attest(
        github.of("acme/other").attest(),
        github.minter.attest(statement(predicate_type=SBOM)),
        github.minter.attest(),
    )
    result = github.run()
    assert result.exit_code == 0
    note = "  note: 1 of 3 attestations on GitHub hold and are what is asked for"
    assert note in result.stdout


def test_other_statements_count_where_they_are_asked_for(github: GitHub) -> None:
    github.attest(github.minter.attest(statement(predicate_type=SBOM)))
    nothing = "no bundle or attestation lies beside it, and GitHub has no"
    where = f"{github.host}/acme/files"
    others = f"only other statements: it is a `{SBOM}`"
    why = f"{nothing} `{SLSA}` about it of `{where}`, {others}"
    assert outcome(github.run()) == (10, why)
    assert github.run(github.file, "--predicate-type", SBOM).exit_code == 0


def broken(bundle: Json) -> Json:
    signature = bundle["dsseEnvelope"]["signatures"][0]
    signature["sig"] = signature["sig"][::-1].replace("=", "") + "="
    return bundle


@pytest.mark.parametrize(
    ("case", "code", "why"),
    [
        ("other repository", 10, "repository is `https://"),
        ("other subject", 10, "the statement is about other artifacts"),
        ("signature over the file", 10, "no bundle or attestation lies beside it, and"),
        ("no identity of a workflow", 10, "issuer is `https://evil.example`"),
        ("nothing", 10, "no bundle or attestation lies beside it, and GitHub has no"),
        ("no bundle", 10, "`application/json` is no media type of a Sigstore bundle"),
        ("bundle of text", 10, "`bundle` is malformed: "),
        ("other root", 10, "it may be older than the log"),
    ],
    ids=str,
)
def test_what_github_says_is_not_believed(
    case: str, code: int, why: str, github: GitHub
) -> None:
    evil = github.of("acme/files")
    evil.claims |= {1: "https://evil.example", 8: "https://evil.example"}
    given: dict[str, list[Json]] = {
        "other repository": [github.of("evil/files").attest()],
        "other subject": [github.minter.attest(statement(b"other"))],
        "signature over the file": [github.minter.sign()],
        "no identity of a workflow": [evil.attest()],
        "nothing": [],
        "no bundle": [{"mediaType": "application/json"}],
        "bundle of text": [github.away(b"\x03\x08abc")],
        "other root": [github.of("acme/files", instance=PRIVATE).attest()],
    }
    github.attest(*given[case])
    found = outcome(github.run())
    assert (found[0], why in found[1]) == (code, True), found


@pytest.mark.parametrize(
    ("status", "code", "why"),
    [
        (401, 4, "answered 401 (not allowed)"),
        (403, 4, "answered 403 (not allowed)"),
        (404, 10, "no bundle or attestation lies beside it, and GitHub has no"),
        (422, 4, "answered 422"),
        (500, 4, "answered 500"),
    ],
    ids=str,
)
@pytest.mark.parametrize("what", ["list", "bundle"])
def test_what_cannot_be_asked_is_no_answer(
    what: str, status: int, code: int, why: str, github: GitHub
) -> None:
    if what == "list":
        github.attest().answer(status, b'{"message": "no"}')
    else:
        github.attest(github.away(b""))
        github.server.places["/blob"].answer(status)
        code, why = 4, f"answered {status}"
    result = github.run()
    found = outcome(result)
    assert (found[0], why in found[1]) == (code, True), found
    assert not {TOKEN, "secret"} & set(result.output.replace("=", " ").split())
    assert TOKEN not in result.output
    assert "sig=" not in result.output


@pytest.mark.parametrize("status", [429, 503])
def test_who_is_too_busy_for_long_has_not_answered(status: int, github: GitHub) -> None:
    github.attest().answer(status, Retry_After="3600")
    code, why = outcome(github.run())
    assert (code, f"answered {status}" in why) == (4, True)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"[]", "expected an object"),
        (b"{", "JSON"),
        (b'{"attestations": 1}', "expected a list"),
        (b'{"attestations": [1]}', "expected an object"),
        (b"<html>", "answered HTML"),
    ],
    ids=["list", "cut", "number", "no-object", "html"],
)
def test_what_is_no_list_of_attestations_is_an_error(
    answer: bytes, why: str, github: GitHub
) -> None:
    github.attest().answer(200, answer)
    found = outcome(github.run())
    assert (found[0], why in found[1]) == (4, True), found


@pytest.mark.parametrize(
    ("case", "code", "why"),
    [
        ("bomb", 10, "packed by Snappy, it says that it has 4,294,967,295 bytes"),
        ("cut", 10, "packed by Snappy, it is cut off"),
        ("too large", 4, "answered more than"),
        ("no address", 4, "which is not asked"),
        ("a file", 4, "which is not asked"),
        ("loop", 4, "more is attested of it than is looked at"),
        ("onward", 4, "its list goes on elsewhere"),
        ("many", 4, "more is attested of it than is looked at"),
    ],
    ids=str,
)
def test_whoever_keeps_bundles_cannot_make_a_yes_of_them(
    case: str, code: int, why: str, github: GitHub
) -> None:
    whole = packed(github.minter.attest())
    data = {"bomb": b"\xff\xff\xff\xff\x0f" + whole, "cut": whole[:-1]}.get(case, whole)
    address = {"no address": "http://192.0.2.1/x", "a file": "file:///etc/passwd"}
    listed = github.away(data)
    github.attest({"bundle_url": address[case]} if case in address else listed)
    if case == "many":
        github.attest(*[github.minter.attest(statement(predicate_type=SBOM))] * 65)
    elif case == "too large":
        github.server.places["/blob"].endless()
    elif case in {"loop", "onward"}:
        place = github.attest()
        base = github.server.address if case == "loop" else "https://evil.example"
        place.headers["Link"] = f'<{base}{ATTESTATIONS}>; rel="next"'
    found = outcome(github.run())
    assert (found[0], why in found[1]) == (code, True), found
    assert len(github.server.asked) < 10


def test_what_could_not_be_looked_at_takes_no_yes_away(github: GitHub) -> None:
    github.attest({"bundle_url": "http://192.0.2.1/x"}, github.minter.attest())
    result = github.run()
    assert result.exit_code == 0
    assert "another: a bundle lies at `http://192.0.2.1/x`, which" in result.stdout


@pytest.mark.parametrize("target", ["file", "digest"])
def test_offline_github_is_not_asked_and_that_is_said(
    target: str, github: GitHub
) -> None:
    github.attest(github.minter.attest())
    given = github.file if target == "file" else DIGEST
    result = github.run(given, "--offline")
    lacks = "no bundle or attestation lies beside it, and " if target == "file" else ""
    assert outcome(result) == (4, f"{lacks}GitHub was not asked (offline)")
    assert "  hint: run without `--offline`\n" in result.stdout
    assert not github.server.asked


def test_a_private_repository_is_trusted_by_the_root_that_was_imported(
    github: GitHub,
) -> None:
    shape = {"instance": PRIVATE, "entries": (), "stamped": True}
    github.attest(github.of("acme/files", **shape).attest())
    words = ("verify", str(github.file), "--repository", "acme/files")
    result = github.call(*words)
    assert result.exit_code == 10
    assert "--name github" in result.stdout
    root = github.home / "github.json"
    root.write_bytes(PRIVATE.trusted_root(tlogs=[], ctlogs=[]))
    imported = github.call("trust", "import", str(root), "--name", "github")
    assert imported.exit_code == 0, imported.output
    result = github.call(*words)
    assert result.exit_code == 0, result.output
    assert github.run().exit_code == 10, "a root that is named is for everything"


def test_a_token_that_cannot_be_sent_is_a_mistake_of_the_user(github: GitHub) -> None:
    words = ("verify", str(github.file), "--repository", "acme/files")
    result = github.call(*words, GH_ENTERPRISE_TOKEN="a b\nX: y")  # noqa: S106 - none
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: `GH_ENTERPRISE_TOKEN` holds no token\n")
    assert not github.server.asked


def test_whoever_is_not_on_github_is_not_asked_for_there(github: GitHub) -> None:
    for words in (("--issuer", ISSUER, "--identity", "x"), ("--key", "KEY")):
        key = github.home / "KEY"
        key.write_bytes(b"")
        result = github.call("verify", str(github.file), *words)
        assert result.exit_code in {2, 10}
    result = github.run(repository="https://gitlab.com/acme/files")
    assert outcome(result) == (10, "no bundle or attestation lies beside it")
    assert not github.server.asked


def test_an_mcp_bundle_that_holds_no_signature_is_asked_about(github: GitHub) -> None:
    file = github.home / "files.mcpb"
    file.write_bytes(ZIP)
    digest = hashlib.sha256(ZIP).hexdigest()
    path = f"/api/v3/repos/acme/files/attestations/sha256:{digest}"
    github.attest(github.minter.attest(statement(ZIP)), path=path)
    result = github.run(file)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "1 verified"


@pytest.mark.parametrize("away", [False, True], ids=["inline", "elsewhere"])
@pytest.mark.parametrize(
    ("artifact", "bundle", "repository"),
    [
        (
            "github_provenance_demo-0.0.12-py3-none-any.whl",
            "github_provenance_demo-0.0.12-py3-none-any-bundle.jsonl",
            "actions/attest-demo",
        ),
        (
            "reusable-workflow-artifact",
            "reusable-workflow-attestation.sigstore.json",
            "malancas/attest-demo",
        ),
    ],
    ids=["private", "public"],
)
def test_what_github_has_attested_is_verified(
    artifact: str, bundle: str, repository: str, *, away: bool, github: GitHub
) -> None:
    """Each by its own root, found by the shape of the bundle."""
    if not CORPUS.is_dir():
        pytest.skip(f"the bundles with known outcomes are not at {CORPUS}")
    root = str(CORPUS / "trust/github-trusted-root.json")
    assert github.call("trust", "import", root, "--name", "github").exit_code == 0
    found = json.loads((CORPUS / "github" / bundle).read_bytes())
    digest = hashlib.sha256((CORPUS / "github" / artifact).read_bytes())
    path = f"/api/v3/repos/{repository}/attestations/sha256:{digest.hexdigest()}"
    github.attest(github.away(packed(found)) if away else found, path=path)
    owner, _, name = repository.partition("/")
    expected = Expected(issuer=ISSUER, repository=f"https://github.com/{repository}")
    with Fetcher() as fetcher:
        (answer,) = ask(
            Artifact(digests={"sha256": digest.digest()}),
            Where(host=github.host, owner=owner, name=name),
            Terms(expected=expected),
            github.around(GH_HOST=github.host),
            fetcher,
        )
    assert answer, answer.reason
    private = "provenance_demo" in artifact
    assert answer.root.startswith("github, imported" if private else "sigstore (")
    assert answer.identity is not None
    assert answer.identity.repository == f"https://github.com/{repository}"


@pytest.mark.parametrize(
    ("wanted", "code", "why"),
    [
        (SLSA, 0, ""),
        (SBOM, 0, ""),
        ("https://x.example/other", 10, f"it is a `{SLSA}`"),
        ("", 10, "repository is"),
    ],
    ids=["provenance", "bom", "another", "any"],
)
def test_of_the_statements_beside_a_file_one_kind_is_meant(
    wanted: str, code: int, why: str, github: GitHub
) -> None:
    made = [
        github.minter.attest(),
        github.minter.attest(statement(predicate_type=SBOM)),
        github.of("evil/files").attest(statement(predicate_type="https://x.example/y")),
    ]
    beside = github.home / "all.jsonl"
    beside.write_text("\n".join(map(json.dumps, made)))
    words = ["--predicate-type", wanted] if wanted else []
    result = github.run(github.file, "--bundle", beside, *words)
    assert (result.exit_code, why in result.stdout) == (code, True), result.output
    if not code:
        assert "  note: left aside: it is a `" in result.stdout


@pytest.mark.parametrize("shape", ["signature", "attestation", "provenance"])
def test_what_is_no_statement_is_none_of_the_kind_that_is_meant(
    shape: str, github: GitHub
) -> None:
    beside = github.home / "files.tar.gz.sigstore.json"
    beside.write_text(json.dumps(github.minter.sign()))
    if shape != "signature":
        beside.unlink()
        bundle = github.minter.attest(statement(name="files.tar.gz"))
        material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
        given: Json = {
            "version": 1,
            "verification_material": {
                "certificate": material["certificate"]["rawBytes"],
                "transparency_entries": material["tlogEntries"],
            },
            "envelope": {
                "statement": envelope["payload"],
                "signature": envelope["signatures"][0]["sig"],
            },
        }
        if shape == "provenance":
            given = {"version": 1, "attestation_bundles": [{"attestations": [given]}]}
        beside = github.home / f"files.tar.gz.{shape}"
        beside.write_text(json.dumps(given))
    told = outcome(github.run(github.file, "--predicate-type", SBOM))
    what = "signature over the file, and no statement"
    other = what if shape == "signature" else f"`{SLSA}`"
    assert (told[0], told[1].startswith("it is a "), other in told[1]) == (
        *(10, True, True),
    )
    assert not github.server.asked


@pytest.mark.parametrize("named", ["https://x.ghe.com/acme/files", "acme/files"])
def test_a_tenant_of_github_vouches_for_its_own_repositories(
    named: str, github: GitHub
) -> None:
    issuer, address = "https://token.actions.x.ghe.com", "https://x.ghe.com/acme/files"
    github.minter.claims |= {1: issuer, 8: issuer, 12: address}
    beside = github.file.with_name("files.tar.gz.sigstore.json")
    beside.write_text(json.dumps(github.minter.attest()))
    root = ("--trusted-root", str(github.root))
    words = ("verify", str(github.file), "--repository", named, *root)
    home = "x.ghe.com" if named == "acme/files" else ""
    assert github.call(*words, GH_HOST=home).exit_code == 0
    github.minter.claims |= {1: ISSUER, 8: ISSUER}
    beside.write_text(json.dumps(github.minter.attest()))
    assert outcome(github.call(*words, GH_HOST=home)) == (
        *(10, f"issuer is `{ISSUER}`, not `{issuer}`"),
    )


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("github.com", "of-another-host"),
        ("x.ghe.com", "of-another-host"),
        ("git.acme.example", TOKEN),
        ("github.com.evil.example", TOKEN),
    ],
)
def test_each_host_is_told_its_own_token_alone(
    host: str, told: str, github: GitHub
) -> None:
    around = github.around(GH_TOKEN="of-another-host", GH_ENTERPRISE_TOKEN=TOKEN)  # noqa: S106 - of a test
    known = credential(Where(host=host, owner="acme", name="files"), around)
    assert known is not None
    assert known.header == f"Bearer {told}"
    assert not known.covers("https://evil.example/")
    assert not known.covers("http://api.github.com/")
