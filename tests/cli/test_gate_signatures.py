"""Who stands for packages, as the gate asks registries on loopback and judges it."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from tests.world.npm import sri
from tests.world.signed import INSTANCE, Signed, registry_keys
from tests.world.sigstore.instance import Instance
from tests.world.world import World

POLICY = """\
apiVersion: mcpchain/policy/v1
name: signatures
rules:
  gap: {level: {no-source: allow, other: deny}}
  unsafe-model-format: deny
"""
PYPI, NPM = "acme-files==1.2.0", "@acme/files@1.2.0"
WHEEL = "acme_files-1.2.0-py3-none-any.whl"
OFFLINE = ("--offline",)
LOCKED = f"--hash=sha256:{hashlib.sha256(WHEEL.encode()).hexdigest()}"


class Gate:
    """A project that locks one package of each registry, and the gate in front."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.signed = Signed(world)
        self.folder = folder / "project"
        self.folder.mkdir()
        self.policy = folder / "policy.yaml"
        self.policy.write_text(POLICY, encoding="utf-8")
        (folder / "root.json").write_bytes(INSTANCE.trusted_root())
        (folder / "keys.json").write_bytes(registry_keys())

    def want_pypi(self, line: str = f"acme-files==1.2.0 {LOCKED}") -> None:
        (self.folder / "requirements.txt").write_text(f"{line}\n", encoding="utf-8")

    def want_npm(self, version: str = "1.2.0") -> None:
        entry = {
            "version": version,
            "integrity": sri(f"@acme/files@{version}".encode()),
        }
        packages = {"": {"name": "p"}, "node_modules/@acme/files": entry}
        lock = {"lockfileVersion": 3, "packages": packages}
        file = self.folder / "package-lock.json"
        file.write_text(json.dumps(lock), encoding="utf-8")

    def want_both(self) -> None:
        self.want_pypi()
        self.want_npm()

    def name(self, packages: str, repository: str, **more: str) -> None:
        """Let the policy name who has to stand for *packages*."""
        entry = {"packages": [packages], "repository": repository} | more
        text = self.policy.read_text(encoding="utf-8")
        known = "" if "publishers:" in text else "publishers:\n"
        self.policy.write_text(f"{text}{known}  - {json.dumps(entry)}\n")

    def __call__(self, *args: str) -> Result:
        around = self.folder.parent
        trusted = ("--trusted-root", f"{around}/root.json")
        keys = ("--registry-keys", f"{around}/keys.json")
        given = ("--policy", str(self.policy), "--no-pip-audit", *trusted, *keys)
        return CliRunner().invoke(
            main,
            ["gate", *given, *args, str(self.folder)],
            env={
                "VIRTUAL_ENV": None,
                "HOME": str(around),
                "XDG_CACHE_HOME": str(around / "cache"),
                "XDG_DATA_HOME": str(around / "data"),
                **self.world.environ,
            },
        )

    def told(self) -> dict[str, Any]:
        """Return the report in JSON."""
        report: dict[str, Any] = json.loads(self("--format", "json").stdout)
        return report


@pytest.fixture
def gate(world: World, tmp_path: Path) -> Gate:
    return Gate(world, tmp_path)


def rules(result: Result) -> list[str]:
    heads = (line.partition("]")[0] for line in result.output.splitlines())
    return sorted(each.removeprefix("deny[") for each in heads if "deny[" in each)


def counted(result: Result) -> str:
    lines = result.output.splitlines()
    return next((line for line in lines if line.startswith("signatures: ")), "")


def test_what_its_index_and_it_itself_name_is_verified(gate: Gate) -> None:
    gate.want_both()
    (
        gate.signed.upload("acme-files", "1.2.0"),
        gate.signed.publish("@acme/files", "1.2.0"),
    )
    result = gate()
    assert (rules(result), result.exit_code) == ([], 0), result.output
    assert counted(result) == "signatures: 2 verified"
    report = gate.told()["signatures"]
    assert report["root"].startswith("root.json (sha256:")
    assert report["counts"] == {"verified": 2}
    npm, pypi = report["components"]
    assert (npm["purl"], npm["declared"]) == (
        "pkg:npm/%40acme/files@1.2.0",
        "https://github.com/acme/files",
    )
    assert [(a["kind"], a["status"], a["expectedBy"]) for a in npm["answers"]] == [
        ("npm-signature", "verified", ""),
        ("npm-attestation-publish", "verified", ""),
        ("npm-attestation-provenance", "verified", "index"),
    ]
    (answer,) = pypi["answers"]
    assert [each["id"] for each in answer["checks"]] == [
        *("signature", "log", "time", "chain", "sct", "statement", "identity")
    ]
    assert answer["identity"]["repository"] == "https://github.com/acme/files"
    assert (answer["subject"], len(answer["times"])) == (WHEEL, 1)


Act = Callable[[Gate], object]


def other_bytes(gate: Gate) -> None:
    """Attest another wheel of the same name."""
    gate.signed.upload("acme-files", "1.2.0", data=b"other")
    gate.world.pypi["acme-files"].file(WHEEL)["hashes"] = {
        "sha256": hashlib.sha256(WHEEL.encode()).hexdigest()
    }


def of_another(gate: Gate) -> None:
    """Give the attestation of one file for another."""
    gate.signed.upload("acme-files", "1.1.0")
    gate.signed.upload("acme-files", "1.2.0")
    other = gate.world.pypi["acme-files"].file("acme_files-1.1.0-py3-none-any.whl")
    gate.world.pypi["acme-files"].file(WHEEL)["provenance"] = other["provenance"]


def hidden(gate: Gate) -> None:
    gate.signed.upload("acme-files", "1.1.0")
    gate.signed.upload("acme-files", "1.2.0")
    del gate.world.pypi["acme-files"].file(WHEEL)["provenance"]


def of_old(gate: Gate) -> None:
    """Attest only a release that lies further back."""
    gate.signed.upload("acme-files", "1.0.0")
    gate.world.pypi.upload("acme-files", "acme_files-1.1.0-py3-none-any.whl")
    gate.world.pypi.upload("acme-files", WHEEL)


def moved(gate: Gate) -> None:
    gate.signed.upload(
        "acme-files", "1.1.0", repository="old/files", publisher="old/files"
    )
    gate.signed.upload("acme-files", "1.2.0")


def answering(status: int, title: str = PYPI) -> Act:
    def act(gate: Gate) -> None:
        gate.signed.upload("acme-files", "1.1.0")
        gate.signed.upload("acme-files", "1.2.0")
        gate.signed.at[title].answer(status)

    return act


def in_part(gate: Gate) -> None:
    """Attest one of two wheels, either of which may be installed."""
    gate.signed.upload("acme-files", "1.2.0")
    other = "acme_files-1.2.0-cp311-cp311-win_amd64.whl"
    gate.world.pypi.upload("acme-files", other)
    digest = hashlib.sha256(other.encode()).hexdigest()
    gate.want_pypi(f"acme-files==1.2.0 {LOCKED} --hash=sha256:{digest}")


def of_another_instance(gate: Gate) -> None:
    gate.signed.instance = Instance()
    gate.signed.upload("acme-files", "1.2.0")


def malformed(gate: Gate) -> None:
    gate.signed.upload("acme-files", "1.2.0")
    gate.signed.at[PYPI].answer(200, b'{"version": 1, "attestation_bundles": []}')


def broken_off(gate: Gate) -> None:
    gate.signed.upload("acme-files", "1.2.0")
    gate.signed.at[PYPI].hang_up()


def by_a_stranger(gate: Gate) -> None:
    gate.signed.upload("acme-files", "1.2.0", repository="evil/files")


def no_address(gate: Gate) -> None:
    gate.signed.upload("acme-files", "1.2.0")
    gate.world.pypi["acme-files"].file(WHEEL)["provenance"] = {"url": 7}


@pytest.mark.parametrize(
    ("act", "signed", "denied", "exit_code"),
    [
        (other_bytes, "invalid", ["invalid-signature"], 10),
        (of_another, "invalid", ["invalid-signature"], 10),
        (by_a_stranger, "by somebody else", ["untrusted-identity"], 10),
        (hidden, "not signed", ["provenance-downgrade"], 10),
        (of_old, "not signed", ["provenance-downgrade"], 10),
        (moved, "verified", ["identity-change"], 10),
        (in_part, "only in part", ["missing-provenance"], 10),
        (answering(404), "not signed", ["provenance-downgrade"], 10),
        (answering(403), "not known", ["gap"], 4),
        (answering(500), "not known", ["gap"], 4),
        (broken_off, "not known", ["gap"], 4),
        (malformed, "not known", ["gap"], 10),
        (no_address, "not known", ["gap"], 10),
        (of_another_instance, "not known", ["gap"], 10),
    ],
)
def test_each_answer_of_an_index_is_another_verdict(
    gate: Gate, act: Act, signed: str, denied: list[str], exit_code: int
) -> None:
    gate.want_pypi()
    act(gate)
    result = gate()
    assert counted(result) == f"signatures: 1 {signed}", result.output
    assert (rules(result), result.exit_code) == (denied, exit_code), result.output


def signed_wrong(gate: Gate) -> None:
    """Give the registry's signature of another version."""
    other = gate.signed.publish("@acme/files", "1.1.0", attested=False)
    dist = gate.signed.publish("@acme/files", "1.2.0", attested=False)
    dist["signatures"] = other["signatures"]


def unsigned(gate: Gate) -> None:
    del gate.signed.publish("@acme/files", "1.2.0", attested=False)["signatures"]


def only_signed(gate: Gate) -> None:
    gate.signed.publish("@acme/files", "1.2.0", attested=False)


def by_unknown_key(gate: Gate) -> None:
    dist = gate.signed.publish("@acme/files", "1.2.0", attested=False)
    dist["signatures"][0]["keyid"] = "SHA256:theirs"


def malformed_signature(gate: Gate) -> None:
    gate.signed.publish("@acme/files", "1.2.0", attested=False)["signatures"] = [7]


def from_elsewhere(gate: Gate) -> None:
    gate.signed.publish("@acme/files", "1.2.0", repository="evil/files")


def undeclared(gate: Gate) -> None:
    gate.signed.publish("@acme/files", "1.2.0", declared="somewhere")


def never_again(gate: Gate) -> None:
    gate.signed.publish("@acme/files", "1.1.0")
    gate.signed.publish("@acme/files", "1.2.0", attested=False)


def taken_over(gate: Gate) -> None:
    """Build it elsewhere, and declare that too."""
    gate.signed.publish("@acme/files", "1.1.0")
    evil = "https://github.com/evil/files"
    gate.signed.publish("@acme/files", "1.2.0", repository="evil/files", declared=evil)


def replayed(gate: Gate) -> None:
    """Give the attestations of another version."""
    gate.signed.publish("@acme/files", "1.1.0")
    dist = gate.signed.publish("@acme/files", "1.2.0")
    other = gate.world.npm["@acme/files"].version("1.1.0")["dist"]
    dist["attestations"] = other["attestations"]


def published_only(gate: Gate) -> None:
    """Leave only the attestation of the registry itself."""
    gate.signed.publish("@acme/files", "1.1.0")
    gate.signed.publish("@acme/files", "1.2.0")
    del gate.signed.documents[NPM]["attestations"][1]


def upwards(gate: Gate) -> None:
    dist = gate.signed.publish("@acme/files", "1.2.0")
    dist["attestations"] = {"url": "https://upstream.example/../secret"}


def npm_answering(status: int) -> Act:
    def act(gate: Gate) -> None:
        gate.signed.publish("@acme/files", "1.1.0")
        gate.signed.publish("@acme/files", "1.2.0")
        gate.signed.at[NPM].answer(status)

    return act


@pytest.mark.parametrize(
    ("act", "signed", "denied", "exit_code"),
    [
        (only_signed, "by the registry alone", [], 0),
        (unsigned, "not signed", [], 0),
        (signed_wrong, "invalid", ["invalid-signature"], 10),
        (by_unknown_key, "not known", ["gap"], 10),
        (malformed_signature, "not known", ["gap"], 10),
        (
            from_elsewhere,
            "by somebody whom nobody names",
            ["provenance-repository-mismatch"],
            10,
        ),
        (undeclared, "by somebody whom nobody names", [], 0),
        (never_again, "by the registry alone", ["provenance-downgrade"], 10),
        (taken_over, "verified", ["identity-change"], 10),
        (replayed, "invalid", ["invalid-signature"], 10),
        (published_only, "by the registry alone", ["provenance-downgrade"], 10),
        (upwards, "not known", ["gap"], 10),
        (npm_answering(404), "by the registry alone", ["provenance-downgrade"], 10),
        (npm_answering(403), "not known", ["gap"], 4),
        (npm_answering(500), "not known", ["gap"], 4),
    ],
)
def test_each_answer_of_npm_is_another_verdict(
    gate: Gate, act: Act, signed: str, denied: list[str], exit_code: int
) -> None:
    gate.want_npm()
    act(gate)
    result = gate()
    assert counted(result) == f"signatures: 1 {signed}", result.output
    assert (rules(result), result.exit_code) == (denied, exit_code), result.output


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (hidden, "the index that was asked offers no attestation of its files; a m"),
        (answering(404), "attestations are spoken of, and are not there: `http"),
        (answering(404), "answered 404 (not found)"),
        (answering(403), "who stands for `acme-files==1.2.0` is not known: `http"),
        (answering(403), "answered 403 (not allowed)"),
        (answering(500), "who stands for `acme-files==1.2.0` is not known: `http"),
        (answering(500), "answered 500\n"),
        (broken_off, "broke off"),
        (malformed, "is not known: its attestations are malformed: "),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_each_way_to_have_no_attestation_is_said_for_itself(
    gate: Gate, act: Act, reason: str
) -> None:
    gate.want_pypi()
    act(gate)
    told = gate().output
    assert reason in told
    known = "offers no" in reason or "spoken" in reason or "404" in reason
    assert ("is not signed" in told) is known


LEVELS = {
    "baseline": {
        ("missing-provenance", "allowed"): 34,
        ("unsigned-artifact", "allowed"): 17,
        ("low-build-level", "allowed"): 3,
    },
    "strict": {
        ("missing-provenance", "warned"): 34,
        ("unsigned-artifact", "warned"): 17,
        ("low-build-level", "warned"): 3,
    },
}


@pytest.mark.parametrize("policy", LEVELS)
def test_that_most_packages_have_no_provenance_denies_none_of_them(
    gate: Gate, policy: str
) -> None:
    """Of twenty on each registry, three have some, as in most projects."""
    lines, packages = [], {"": {"name": "p"}}
    for n in range(20):
        wheel = f"p{n}-1.0-py3-none-any.whl"
        if n < 3:
            gate.signed.upload(f"p{n}", "1.0")
        else:
            gate.world.pypi.upload(f"p{n}", wheel)
        gate.signed.publish(f"p{n}", "1.0.0", attested=n < 3)
        digest = hashlib.sha256(wheel.encode()).hexdigest()
        lines.append(f"p{n}==1.0 --hash=sha256:{digest}\n")
        integrity = sri(f"p{n}@1.0.0".encode())
        packages[f"node_modules/p{n}"] = {"version": "1.0.0", "integrity": integrity}
    (gate.folder / "requirements.txt").write_text("".join(lines), encoding="utf-8")
    lock = json.dumps({"lockfileVersion": 3, "packages": packages})
    (gate.folder / "package-lock.json").write_text(lock, encoding="utf-8")
    gate.policy = Path(policy)
    report = gate.told()
    counts = Counter((e["rule"], e["outcome"]) for e in report["findings"])
    ours = {key: n for key, n in counts.items() if key[0] != "gap"}
    assert ours == LEVELS[policy]
    told = [line for line in gate().output.splitlines() if "-provenance]" in line]
    assert len(told) == (6 if policy == "strict" else 0)
    # Off line, a gap for each registry, not for each package.
    blind = [line for line in gate("--offline").output.splitlines() if "[gap]" in line]
    assert sum("20 packages were not compared" in line for line in blind) == 2
    assert not any("who stands for" in line for line in blind)


def test_what_is_denied_can_be_waived_by_the_purl_that_it_shows(gate: Gate) -> None:
    gate.want_npm()
    never_again(gate)
    (purl,) = {
        line.removeprefix("  purl: ")
        for line in gate().output.splitlines()
        if line.startswith("  purl: ")
    }
    waiver = {
        "rule": "provenance-downgrade",
        "purl": purl,
        "reason": "its maker was asked",
        "owner": "platform",
        "expires": "2999-01-01",
    }
    older = waiver | {"purl": purl.replace("1.2.0", "1.1.0")}
    other = waiver | {"purl": "pkg:npm/other@1.0.0"}
    ended = waiver | {"expires": "2020-01-01"}
    with gate.policy.open("a", encoding="utf-8") as stream:
        stream.write("waivers:\n")
        stream.writelines(f"  - {json.dumps(e)}\n" for e in (older, other, ended))
    result = gate()
    assert result.exit_code == 10
    line = POLICY.count("\n") + 2
    for number, said in enumerate(
        ("names another version", "is not used", "expired on 2020-01-01"), line
    ):
        note = result.output.partition(said)[2]
        assert note.splitlines()[1] == f"  --> {gate.policy}:{number}"
    with gate.policy.open("a", encoding="utf-8") as stream:
        stream.write(f"  - {json.dumps(waiver)}\n")
    result = gate()
    assert (result.exit_code, "waived[provenance-downgrade]" in result.output) == (
        0,
        True,
    )


PURLS = ("pkg:pypi/acme-*", "pkg:npm/%40acme/*")


def both(gate: Gate, repository: str = "acme/files") -> None:
    gate.want_both()
    gate.signed.upload("acme-files", "1.2.0", repository=repository)
    gate.signed.publish("@acme/files", "1.2.0", repository=repository)


def test_whom_the_policy_names_is_enough(gate: Gate) -> None:
    both(gate)
    for purl in PURLS:
        gate.name(purl, "elsewhere/files")
        gate.name(purl, "acme/files", workflow="release.yml")
    result = gate()
    assert (rules(result), counted(result)) == ([], "signatures: 2 verified")
    told = gate.told()["signatures"]["components"]
    named = [[a["expectedBy"] for a in each["answers"]] for each in told]
    assert named == [["", "", "user"], ["user"]]
    assert all(each["named"] for each in told)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("repository", "other/files"),
        ("workflow", "nightly.yml"),
        ("ref", "refs/heads/*"),
    ],
)
def test_whom_the_policy_does_not_name_is_not(
    gate: Gate, field: str, value: str
) -> None:
    both(gate)
    for purl in PURLS:
        gate.name(purl, **({"repository": "acme/files"} | {field: value}))
    result = gate()
    assert result.exit_code == 10
    assert counted(result) == "signatures: 2 by somebody else"
    assert rules(result).count("untrusted-identity") == 2


def test_what_is_signed_by_nobody_is_not_by_whom_the_policy_names(gate: Gate) -> None:
    gate.want_both()
    gate.world.pypi.upload("acme-files", WHEEL)
    gate.signed.publish("@acme/files", "1.2.0", attested=False)
    for purl in PURLS:
        gate.name(purl, "acme/files")
    assert rules(gate()) == [
        *("missing-provenance", "missing-provenance", "unsigned-artifact")
    ]


@pytest.mark.parametrize(
    ("line", "denied"),
    [
        (f"acme-files==1.2.0 --hash=sha256:{'0' * 64}", ["digest-mismatch"]),
        ("acme-files==1.3.0", ["unhashed-dependency", "withdrawn-release"]),
    ],
)
def test_of_what_the_registry_does_not_deliver_nobody_is_asked(
    gate: Gate, line: str, denied: list[str]
) -> None:
    gate.want_pypi(line)
    gate.world.pypi.upload("acme-files", WHEEL)
    result = gate()
    assert (rules(result), counted(result)) == (denied, ""), result.output
    assert "is not signed" not in result.output


@pytest.mark.parametrize(
    "line",
    ["acme-files", "acme-files @ https://files.example/acme_files-1.2.0.tar.gz"],
)
def test_whom_the_policy_names_and_nobody_could_ask_about_is_a_gap(
    gate: Gate, line: str
) -> None:
    gate.want_pypi(line)
    gate.signed.upload("acme-files", "1.2.0")
    gate.name("pkg:pypi/acme-files", "acme/files")
    result = gate()
    assert result.exit_code == 10
    assert "though the policy or its lock names who has to" in result.output


def test_a_lock_names_who_has_to_have_attested_it(gate: Gate) -> None:
    lock = """\
lock-version = "1.0"
created-by = "pip"
[[packages]]
name = "acme-files"
version = "1.2.0"
[[packages.wheels]]
name = "{wheel}"
url = "https://files.example/{wheel}"
hashes = {{sha256 = "{digest}"}}
[[packages.attestation-identities]]
kind = "GitHub"
repository = "acme/files"
workflow = "release.yml"
"""
    digest = hashlib.sha256(WHEEL.encode()).hexdigest()
    text = lock.format(wheel=WHEEL, digest=digest)
    (gate.folder / "pylock.toml").write_text(text, encoding="utf-8")
    gate.signed.upload("acme-files", "1.2.0")
    assert counted(gate()) == "signatures: 1 verified"
    evil = text.replace("acme/files", "evil/files")
    (gate.folder / "pylock.toml").write_text(evil, encoding="utf-8")
    result = gate()
    assert counted(result) == "signatures: 1 by somebody else"
    assert rules(result) == ["missing-provenance", "untrusted-identity"]
    # The policy is asked first: its owner is the one who deploys.
    gate.name("pkg:pypi/acme-files", "acme/files")
    assert counted(gate()) == "signatures: 1 verified"


@pytest.mark.parametrize(
    ("demand", "counts"),
    [
        ("off", {"verified": 2}),
        ("when-supported", {"verified": 2}),
        ("required", {"verified": 1, "unknown": 1}),
    ],
)
def test_a_second_opinion_is_asked_as_the_policy_says(
    gate: Gate, demand: str, counts: dict[str, int]
) -> None:
    both(gate)
    with gate.policy.open("a", encoding="utf-8") as stream:
        stream.write(f"signatures: {{second-opinion: {demand}}}\n")
    told = gate.told()["signatures"]
    assert told["counts"] == counts
    checks = {check["id"] for check in told["components"][1]["answers"][0]["checks"]}
    assert ("second-opinion" in checks) is (demand != "off")


def test_offline_nobody_is_asked_and_it_is_said_of_whom_the_policy_names(
    gate: Gate, world: World
) -> None:
    both(gate)
    gate.name("pkg:pypi/acme-files", "acme/files")
    result = gate("--offline")
    assert (rules(result), counted(result)) == (["gap", "gap", "gap"], "")
    assert not world.server.asked
    text = gate.policy.read_text().replace("no-source:", "offline: allow, no-source:")
    gate.policy.write_text(text, encoding="utf-8")
    result = gate("--offline")
    assert (rules(result), result.exit_code) == (["gap"], 4)
    assert "variant: unasked" in result.output
    assert "though the policy or its lock names who has to" in result.output


@pytest.mark.parametrize("page", [True, False], ids=["its page", "its attestation"])
def test_an_answer_that_could_not_be_had_is_a_gap_whoever_is_named(
    gate: Gate,
    page: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    gate.want_pypi()
    answering(403)(gate)
    gate.name("pkg:pypi/acme-files", "acme/files")
    if page:
        gate.world.server.place("/pypi/simple/acme-files/").answer(403)
    result = gate()
    assert ({*rules(result)}, result.exit_code) == ({"gap"}, 4), result.output
    assert "variant: unasked" in result.output


@pytest.mark.parametrize(
    ("line", "more"),
    [
        (f"acme-files @ git+https://git.example/evil/acme-files@{'1' * 40}", ()),
        (f"acme-files @ git+https://git.example/evil/acme-files@{'1' * 40}", OFFLINE),
        ("./wheels/acme_files-1.2.0-py3-none-any.whl", ()),
        ("acme-files @ https://files.example/acme_files-1.2.0.tar.gz", OFFLINE),
    ],
    ids=["git", "git offline", "a wheel beside it", "an address offline"],
)
def test_whom_the_policy_names_is_missed_wherever_a_package_comes_from(
    gate: Gate, line: str, more: tuple[str, ...]
) -> None:
    gate.want_pypi(line)
    gate.name("pkg:pypi/acme-*", "acme/files")
    text = gate.policy.read_text().replace("no-source:", "unmatched: allow, no-source:")
    gate.policy.write_text(text, encoding="utf-8")
    result = gate(*more)
    assert result.exit_code == 10
    assert "though the policy or its lock names who has to" in result.output
    assert "variant: unsupported" in result.output


def test_a_folder_of_the_project_is_its_own_code_and_nobody_signs_it(
    gate: Gate,
) -> None:
    gate.want_pypi("./acme-files")
    (gate.folder / "acme-files").mkdir()
    file = gate.folder / "acme-files" / "pyproject.toml"
    file.write_text('[project]\nname = "acme-files"\nversion = "1"\n')
    gate.name("pkg:pypi/acme-*", "acme/files")
    assert "who stands for" not in gate().output


def test_a_publisher_of_what_is_not_there_is_told(gate: Gate) -> None:
    both(gate)
    gate.name("pkg:pypi/acme-flies", "acme/files")
    gate.name("pkg:npm/@acne/fi*", "acme/files")
    gate.name("pkg:pypi/elsewhere", "acme/files")
    gate.name("pkg:pypi/acme-*", "acme/files")
    result = gate()
    line = POLICY.count("\n") + 2
    assert (
        "note: `pkg:pypi/acme-flies` of `publishers` fits nothing here; "
        f"did you mean `pkg:pypi/acme-files`?\n  --> {gate.policy}:{line}\n"
    ) in result.output
    assert "these fit nothing here: `pkg:pypi/elsewhere`\n" in result.output
    assert gate.told()["unusedPublishers"] == [
        {"packages": told, "line": at, "near": near}
        for at, (told, near) in enumerate(
            [
                ("pkg:pypi/acme-flies", "pkg:pypi/acme-files"),
                ("pkg:npm/@acne/fi*", "pkg:npm/@acme/fi*"),
                ("pkg:pypi/elsewhere", None),
            ],
            line,
        )
    ]


def test_pages_are_asked_for_once_and_predecessors_only_of_what_is_known(
    gate: Gate, world: World
) -> None:
    gate.want_both()
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        gate.signed.upload("acme-files", version)
        gate.signed.upload("acme-files", version, tag="cp311-cp311-linux_x86_64")
        gate.signed.publish("@acme/files", version)
    gate()
    wheels = [f"/integrity/acme_files-{v}-py3-none-any.whl" for v in ("1.1.0", "1.2.0")]
    documents = [
        f"/npm/-/npm/v1/attestations/@acme/files@{v}" for v in ("1.1.0", "1.2.0")
    ]
    pages = ["/npm/@acme%2Ffiles", "/pypi/simple/acme-files/"]
    assert sorted(world.server.paths()) == sorted([*wheels, *documents, *pages])
    world.server.asked.clear()
    world.server.places[wheels[1]].answer(403), gate.signed.at[NPM].answer(403)
    gate()
    asked = [each for each in world.server.paths() if "1.1.0" in each]
    assert not asked


def test_a_root_has_one_name(gate: Gate) -> None:
    result = gate("--root", "sigstore")
    assert (result.exit_code, "in two ways" in result.output) == (2, True)


def test_roots_that_cannot_be_trusted_end_it_before_anybody_is_asked(
    gate: Gate, world: World
) -> None:
    both(gate)
    (gate.folder.parent / "root.json").write_text("{}", encoding="utf-8")
    result = gate()
    assert (result.exit_code, "is no trusted root" in result.output) == (2, True)
    assert not world.server.asked
