"""`mcpchain policy export`, `sign` and `verify`, as users call them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from mcpchain.cli import main
from mcpchain.pipeline.policies import load_policy

HEAD = "apiVersion: mcpchain/policy/v1\nname: Acme Prod\nrules: {gap: deny}\n"
APP = "pkg:oci/app?repository_url=r.example/acme/app"
ALL = "pkg:oci/*?repository_url=r.example/acme/*"
OTHER = "pkg:oci/b?repository_url=r.example/b"
HUB = "pkg:docker/nginx"
STAGES = """\
verifiers:
  - {id: "https://gate.acme.example", key: release.pub}
stages:
  staging: {}
  try: {enforce: warn}
  production:
    requires: {stage: staging, verifier: "https://gate.acme.example", max-age: 7d}
"""


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["policy", *map(str, args)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = CliRunner().invoke(
        main, ["key", "generate", "--unencrypted", "-o", str(tmp_path / "release")]
    )
    assert made.exit_code == 0, made.output
    return tmp_path


Write = Callable[..., Path]


@pytest.fixture
def write(folder: Path) -> Write:
    def written(*publishers: str, more: str = "") -> Path:
        file = folder / "acme.yaml"
        listed = "".join(f"  - {each}\n" for each in publishers)
        listed = f"publishers:\n{listed}" if listed else ""
        file.write_text(HEAD + listed + more, encoding="utf-8")
        return file

    return written


def exported(kind: str, *args: object) -> tuple[list[dict[str, Any]], str]:
    told = run("export", f"--{kind}", *args)
    assert told.exit_code == 0, told.output
    return [*yaml.safe_load_all(told.stdout)], told.stderr


IMAGES = "images.containers + images.initContainers + images.ephemeralContainers"
CIP, IVP = "cluster-image-policy", "kyverno"


def test_a_workflow_becomes_a_subject_that_no_other_repository_has(
    write: Write,
) -> None:
    file = write(
        f'{{packages: ["{APP}"], repository: acme/app, workflow: release.yml, '
        "ref: refs/tags/v*}"
    )
    (found,), told = exported(CIP, file)
    (authority,) = found["spec"]["authorities"]
    (identity,) = authority["keyless"]["identities"]
    assert identity["issuer"] == "https://token.actions.githubusercontent.com"
    pattern = re.compile(identity["subjectRegExp"])
    path = "/.github/workflows/release.yml@refs/tags/v1.0"
    assert pattern.search(f"https://github.com/acme/app{path}")
    assert pattern.search(f"https://github.com/Acme/App{path}")
    for stranger in (
        f"https://github.com/acme/app-evil{path}",
        f"https://github.com/evil/app{path}",
        f"https://githubxcom/acme/app{path}",
        f"https://evil.example/?https://github.com/acme/app{path}",
        "https://github.com/acme/app/.github/workflows/other.yml@refs/tags/v1.0",
        "https://github.com/acme/app/.github/workflows/releaseXyml@refs/tags/v1.0",
        "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/v1.0",
    ):
        assert not pattern.search(stranger), stranger
    (other,), _ = exported(IVP, file)
    assert other["spec"]["attestors"] == [
        {
            "name": "signer1",
            "cosign": {
                "keyless": {"identities": [identity]},
                "ctlog": {"url": "https://rekor.sigstore.dev"},
            },
        }
    ]
    assert "a workflow that another repository lends is not accepted" in told


def test_a_cluster_image_policy_has_what_its_definition_asks(write: Write) -> None:
    file = write(f'{{packages: ["{APP}"], key: release.pub}}')
    (found,), told = exported(CIP, file)
    key = (file.parent / "release.pub").read_text()
    assert found == {
        "apiVersion": "policy.sigstore.dev/v1beta1",
        "kind": "ClusterImagePolicy",
        "metadata": {"name": "acme-prod-images-1"},
        "spec": {
            "mode": "enforce",
            "images": [{"glob": "r.example/acme/app*"}],
            "authorities": [
                {
                    "name": "signer-1",
                    "key": {"data": key},
                    "ctlog": {"url": "https://rekor.sigstore.dev"},
                }
            ],
        },
    }
    assert "note: an image's name stands for all that begin with it" in told
    assert "note: rules, levels, limits and waivers are left to the gate" in told


def test_an_image_validating_policy_has_what_its_definition_asks(write: Write) -> None:
    file = write(f'{{packages: ["{APP}"], key: release.pub}}')
    (found,), _ = exported(IVP, file)
    spec = found["spec"]
    assert (found["apiVersion"], found["kind"]) == (
        "policies.kyverno.io/v1",
        "ImageValidatingPolicy",
    )
    assert spec["validationActions"] == ["Deny"]
    assert spec["failurePolicy"] == "Fail"
    assert spec["matchImageReferences"] == [
        {"glob": "r.example/acme/app"},
        {"glob": "r.example/acme/app:*"},
        {"glob": "r.example/acme/app@*"},
    ]
    assert [each["expression"] for each in spec["validations"]] == [
        f"({IMAGES}).all(image, verifyImageSignatures(image, [attestors.signer1]) > 0)"
    ]


def test_of_several_publishers_one_is_enough(write: Write) -> None:
    file = write(
        f'{{packages: ["{APP}"], key: release.pub}}',
        f'{{packages: ["{APP}"], identity: a@acme.example, issuer: "https://i.example"}}',
    )
    (found,), _ = exported(CIP, file)
    assert [each["name"] for each in found["spec"]["authorities"]] == [
        "signer-1",
        "signer-2",
    ]
    identity = {"issuer": "https://i.example", "subject": "a@acme.example"}
    assert found["spec"]["authorities"][1]["keyless"]["identities"] == [identity]
    (other,), _ = exported(IVP, file)
    (check,) = other["spec"]["validations"]
    assert "signer1]) > 0 || verify" in check["expression"]


def test_images_of_docker_hub_are_asked_about_under_all_their_names(
    write: Write,
) -> None:
    file = write(f'{{packages: ["{HUB}"], key: release.pub}}')
    (found,), _ = exported(CIP, file)
    assert found["spec"]["images"] == [{"glob": "index.docker.io/library/nginx*"}]
    (other,), _ = exported(IVP, file)
    globs = {each["glob"] for each in other["spec"]["matchImageReferences"]}
    assert {"nginx", "nginx:*", "library/nginx@*", "docker.io/library/nginx"} <= globs


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("repository: acme/app, runner: github-hosted", "`runner` cannot be said"),
        ("repository: acme/app, trigger: push", "`trigger` cannot be said"),
        ("repository: acme/app, owner-id: 7", "`owner-id` cannot be said"),
    ],
)
def test_what_a_cluster_cannot_compare_is_said_and_stands_in_the_file(
    who: str, told: str, write: Write
) -> None:
    file = write(f'{{packages: ["{APP}"], {who}}}')
    out = file.parent / "out.yaml"
    result = run("export", "--kyverno", file, "-o", out)
    assert f"note: {file}:5: {told}, so the cluster accepts more" in result.stderr
    assert result.stdout == ""
    assert told in out.read_text(encoding="utf-8").partition("---")[0]


@pytest.mark.parametrize(
    "who",
    [
        'owner-id: 7, issuer: "https://token.actions.githubusercontent.com"',
        'repository: "https://git.acme.example/acme/app", issuer: "https://i.example"',
    ],
)
def test_who_cannot_be_said_at_all_is_nobody_rather_than_anybody(
    who: str, write: Write
) -> None:
    file = write(f'{{packages: ["{APP}"], {who}}}')
    (found,), told = exported(CIP, file)
    (authority,) = found["spec"]["authorities"]
    assert authority["static"]["action"] == "fail"
    (other,), _ = exported(IVP, file)
    assert [e["expression"][-13:] for e in other["spec"]["validations"]] == [
        "image, false)"
    ]
    assert "nobody is accepted for it" in told


@pytest.mark.parametrize("kind", [CIP, IVP])
def test_the_verdict_that_a_stage_requires_is_asked_for_too(
    kind: str, write: Write
) -> None:
    file = write(f'{{packages: ["{APP}"], key: release.pub}}', more=STAGES)
    (_, found), told = exported(kind, file, "--stage", "production")
    text = yaml.safe_dump(found)
    for part in (
        "https://slsa.dev/verification_summary/v1",
        "https://gate.acme.example#stage=staging",
        load_policy(str(file)).sha256,
        "PASSED",
    ):
        assert part in text.replace("\\\n", ""), part
    assert "`max-age` of the verdict of `staging`: any age is accepted" in told
    (only,), _ = exported(kind, file, "--stage", "try")
    spec = only["spec"]
    assert spec.get("mode", spec.get("validationActions")) in ("warn", ["Audit"])


IDENTITIES = {"identities": [{"issuer": "", "subject": "", "subjectRegExp": ""}]}
RULE = {key: [""] for key in ("apiGroups", "apiVersions", "operations", "resources")}
SHAPES: dict[str, dict[str, Any]] = {
    CIP: {
        "mode": "",
        "images": [{"glob": ""}],
        "authorities": [
            {
                "name": "",
                "key": {"data": ""},
                "keyless": {"url": "", **IDENTITIES},
                "ctlog": {"url": ""},
                "static": {"action": "", "message": ""},
                "attestations": [
                    {
                        "name": "",
                        "predicateType": "",
                        "policy": {"type": "", "data": ""},
                    }
                ],
            }
        ],
    },
    IVP: {
        "validationActions": [""],
        "failurePolicy": "",
        "matchConstraints": {"resourceRules": [RULE]},
        "matchImageReferences": [{"glob": ""}],
        "attestors": [
            {
                "name": "",
                "cosign": {
                    "key": {"data": ""},
                    "keyless": IDENTITIES,
                    "ctlog": {"url": ""},
                },
            }
        ],
        "attestations": [{"name": "", "intoto": {"type": ""}}],
        "validations": [{"expression": "", "message": ""}],
    },
}
"""What the definitions of the two have, of that which is written. A cluster drops what
they do not have, and says nothing."""


def fits(value: Any, shape: Any) -> bool:  # noqa: ANN401 - any value of YAML
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            key in shape and fits(each, shape[key]) for key, each in value.items()
        )
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(each, shape[0]) for each in value)
    return isinstance(value, str)


@pytest.mark.parametrize("kind", [CIP, IVP])
def test_nothing_is_written_that_a_cluster_would_drop(kind: str, write: Write) -> None:
    file = write(
        f'{{packages: ["{APP}", "{ALL}"], key: release.pub}}',
        f'{{packages: ["{APP}"], repository: acme/app}}',
        f'{{packages: ["{HUB}"], identity: a@acme.example, issuer: "https://i.example"}}',
        f'{{packages: ["{OTHER}"], repository: "https://git.acme.example/a/b", '
        'issuer: "https://i.example"}',
        more=STAGES,
    )
    documents, told = exported(kind, file, "--stage", "production")
    assert len(documents) == 5  # four kinds of images, and the verdict
    for each in documents:
        assert set(each) == {"apiVersion", "kind", "metadata", "spec"}
        assert re.fullmatch("[a-z0-9-]{1,63}", each["metadata"]["name"])
        assert fits(each["spec"], SHAPES[kind])
    assert "where two patterns fit an image, each wants a signer of its own" in told


@pytest.mark.parametrize(
    ("args", "publishers", "code", "complaint"),
    [
        (
            (),
            (f'{{packages: ["{APP}"], key: release.pub}}',),
            2,
            "for which controller",
        ),
        (("--kyverno",), (), 3, "says of no image who has to sign it"),
        (
            ("--kyverno",),
            ("{packages: [pkg:pypi/acme-*], repository: acme/a}",),
            3,
            "says of no image",
        ),
        (("--kyverno", "--stage", "x"), (), 2, "has no stage `x`"),
    ],
)
def test_nothing_is_exported_where_there_is_nothing_to_ask(
    args: tuple[str, ...],
    publishers: tuple[str, ...],
    code: int,
    complaint: str,
    write: Write,
) -> None:
    told = run("export", *args, write(*publishers))
    assert told.exit_code == code, told.output
    assert complaint in told.output
    assert told.stdout == ""


# sign and verify


def test_a_policy_is_signed_and_verified_and_its_digest_is_told(write: Write) -> None:
    file = write(more="limits: {max-waivers: 3}\n")
    signed = run("sign", file, "--key", file.parent / "release.key")
    assert signed.exit_code == 0, signed.output
    assert Path(f"{file}.sigstore.json").is_file()
    key = ("--key", file.parent / "release.pub", "--no-log", "--offline")
    told = run("verify", file, *key)
    assert told.exit_code == 0, told.output
    assert f"sha256:{load_policy(str(file)).sha256}" in told.stderr
    file.write_text(file.read_text().replace("waivers: 3", "waivers: 9"))
    changed = run("verify", file, *key)
    assert changed.exit_code == 10, changed.output


def test_nobody_is_expected_so_nothing_is_verified(write: Write) -> None:
    file = write()
    assert run("sign", file, "--key", file.parent / "release.key").exit_code == 0
    assert run("verify", file, "--offline").exit_code == 10


def test_a_policy_that_is_broken_is_neither_signed_nor_verified(write: Write) -> None:
    file = write(more="rulez: {}\n")
    signed = run("sign", file, "--key", file.parent / "release.key")
    assert (signed.exit_code, "`rulez` is no key here" in signed.output) == (2, True)
    assert not Path(f"{file}.sigstore.json").exists()
    assert run("verify", file, "--key", file.parent / "release.pub").exit_code == 2


def test_an_unsigned_policy_is_not_verified(write: Write) -> None:
    file = write()
    key = file.parent / "release.pub"
    told = run("verify", file, "--key", key, "--no-log", "--offline")
    assert told.exit_code == 10, told.output


# the gate


@pytest.mark.parametrize(
    ("given", "code", "complaint"),
    [
        ("sha256:{}", 3, "nothing"),
        ("", 2, "`--policy-digest` is empty"),
        (" ", 2, "is no SHA-256"),
        ("{}", 2, "is no SHA-256"),
        ("sha256:" + "a" * 64, 2, "has the digest sha256:"),
        ("SHA256:{}", 2, "is no SHA-256"),
    ],
)
def test_the_gate_takes_the_policy_of_one_digest_and_no_other(
    given: str, code: int, complaint: str, write: Write
) -> None:
    file = write()
    (file.parent / "empty").mkdir()
    digest = given.format(load_policy(str(file)).sha256)
    args = ["gate", "--offline", "--policy", str(file), f"--policy-digest={digest}"]
    told = CliRunner().invoke(main, [*args, str(file.parent / "empty")])
    assert told.exit_code == code, told.output
    assert complaint in told.output


@pytest.mark.parametrize("value", ["", "x"])
def test_a_variable_without_a_digest_is_no_wish_for_any_policy(
    value: str, write: Write
) -> None:
    args = ["gate", "--offline", "--policy", str(write())]
    told = CliRunner().invoke(main, args, env={"MCPCHAIN_GATE_POLICY_DIGEST": value})
    assert told.exit_code == 2, told.output
    assert "--policy-digest" in told.output
