import dataclasses
from typing import Any

import pytest

from mcpchain.bundle.policy import Expected
from mcpchain.signature import Identity, SanKind
from tests.world.sigstore.minting import ISSUER, REPOSITORY, WORKFLOW

FOUND = Identity(
    issuer=ISSUER,
    san=WORKFLOW,
    kind=SanKind.URI,
    repository=REPOSITORY,
    ref="refs/tags/v1.2.0",
    signer_workflow=WORKFLOW,
    runner="github-hosted",
    trigger="release",
    repository_id="1001",
    owner_id="2002",
)


def differences(found: Identity = FOUND, **expected: Any) -> list[str]:  # noqa: ANN401
    return [*Expected(**{"issuer": ISSUER} | expected).differences(found)]


@pytest.mark.parametrize(
    "expected",
    [
        {"san": WORKFLOW},
        {"san": WORKFLOW, "kind": SanKind.URI},
        {"repository": REPOSITORY},
        {"repository": "acme/files"},
        {"repository": "Acme/Files"},
        {"repository": f"{REPOSITORY}.git"},
        {"repository": f"{REPOSITORY}/"},
        {"repository": "acme/*"},
        {"repository": "acme/files", "ref": "refs/tags/v1.2.0"},
        {"repository": "acme/files", "ref": "refs/tags/*"},
        {"repository": "acme/files", "workflow": ".github/workflows/release.yml"},
        {"repository": "acme/files", "workflow": ".github/workflows/*"},
        {"repository": "acme/files", "workflow": "release.yml"},
        {"repository": "github.com/acme/files"},
        {
            "repository": "acme/files",
            "workflow": f"{REPOSITORY}/.github/workflows/release.yml",
        },
        {"repository_id": "1001"},
        {"owner_id": "2002", "runner": "github-hosted", "trigger": "release"},
    ],
    ids=str,
)
def test_what_is_so_is_accepted(expected: dict[str, Any]) -> None:
    assert differences(**expected) == []


@pytest.mark.parametrize(
    "expected",
    [
        {"issuer": f"{ISSUER}/", "san": WORKFLOW},
        {"issuer": ISSUER.upper(), "san": WORKFLOW},
        {"san": WORKFLOW[:-1]},
        {"san": WORKFLOW.upper()},
        {"san": f"{WORKFLOW}x"},
        {"san": "https://github.com/acme/files"},
        {"san": WORKFLOW, "kind": SanKind.EMAIL},
        {"repository": "files"},
        {"repository": "acme/file"},
        {"repository": "acme/files2"},
        {"repository": "cme/files"},
        {"repository": "gitlab.com/acme/files"},
        {"repository": "github.com/files"},
        {"repository": "https://github.com.evil.example/acme/files"},
        {"repository": "https://gitlab.com/acme/files"},
        {"repository": "http://github.com/acme/files"},
        {"repository": "acme/fil.s"},
        {"repository": ".*"},
        {"repository": "acme/files", "ref": "refs/tags/v1.2"},
        {"repository": "acme/files", "ref": "refs/heads/*"},
        {"repository": "acme/files", "ref": "v1.2.0"},
        {"repository": "acme/files", "workflow": "elease.yml"},
        {"repository": "acme/files", "workflow": "workflows/release.yml"},
        {
            "repository": "acme/files",
            "workflow": "https://github.com/evil/files/.github/workflows/release.yml",
        },
        {"repository": "acme/files", "runner": "self-hosted"},
        {"repository": "acme/files", "trigger": "pull_request_target"},
        {"repository_id": "10011"},
        {"owner_id": "*3"},
    ],
    ids=str,
)
def test_what_is_not_so_is_told(expected: dict[str, Any]) -> None:
    (said,) = differences(**expected)
    assert "not `" in said


def test_an_issuer_may_leave_the_scheme_out() -> None:
    found = dataclasses.replace(FOUND, repository="github.com/acme/files")
    for same in ("acme/files", "github.com/acme/files", REPOSITORY):
        assert differences(found, repository=same) == []
    assert differences(found, repository="http://github.com/acme/files")


def test_everything_that_differs_is_told() -> None:
    said = differences(repository="evil/files", ref="refs/heads/main")
    assert [each.split()[0] for each in said] == ["repository", "ref"]


@pytest.mark.parametrize(
    "missing", ["repository", "ref", "runner", "trigger", "repository_id", "owner_id"]
)
def test_what_the_certificate_does_not_say_fits_nothing_not_even_a_glob(
    missing: str,
) -> None:
    nothing: dict[str, Any] = {missing: ""}
    found = dataclasses.replace(FOUND, **nothing)
    assert differences(found, **{"san": WORKFLOW, missing: "*"})


def test_the_workflow_of_a_person_is_none() -> None:
    person = Identity(issuer=ISSUER, san="a@b.example", kind=SanKind.EMAIL)
    assert differences(person, san="a@b.example") == []
    assert differences(person, san="a@b.example", workflow="*")


def test_a_reusable_workflow_is_of_another_repository_than_the_source() -> None:
    signer = "https://github.com/acme/ci/.github/workflows/build.yml@refs/heads/main"
    found = dataclasses.replace(FOUND, san=signer, signer_workflow=signer)
    assert found.signer_repository == "https://github.com/acme/ci"
    assert differences(found, repository="acme/files") == []
    assert differences(found, repository="acme/ci")
    address = ".github/workflows/build.yml"
    for repository, wrong in (("acme/ci", 0), ("acme/files", 1)):
        workflow = f"https://github.com/{repository}/{address}"
        said = differences(found, repository="acme/files", workflow=workflow)
        assert len(said) == wrong


def test_only_hosts_that_know_no_case_are_asked_without_it() -> None:
    found = dataclasses.replace(FOUND, repository="https://git.example/acme/files")
    assert differences(found, repository="https://git.example/acme/files") == []
    assert differences(found, repository="https://git.example/Acme/files")


@pytest.mark.parametrize(
    ("workflow", "parts"),
    [
        (
            "https://gitlab.com/group/sub/project//ci/build.yml@refs/tags/v1",
            ("https://gitlab.com/group/sub/project", "ci/build.yml", "refs/tags/v1"),
        ),
        ("https://circleci.example/projects/1/pipeline-definitions/2", ("", "", "")),
        ("a@b.example", ("", "", "")),
    ],
)
def test_a_workflow_is_taken_apart(workflow: str, parts: tuple[str, str, str]) -> None:
    found = dataclasses.replace(FOUND, signer_workflow=workflow)
    assert (found.signer_repository, found.signer_path, found.signer_ref) == parts


@pytest.mark.parametrize(
    "expected",
    [
        {"issuer": "", "san": WORKFLOW},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "ref": "refs/tags/v1"},
        {"issuer": "https://*", "san": WORKFLOW},
    ],
    ids=str,
)
def test_an_expectation_that_anybody_meets_is_none(expected: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="issuer"):
        Expected(**expected)
