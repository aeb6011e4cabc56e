import pytest
from packageurl import PackageURL

from mcpchain.bundle.policy import Expected
from mcpchain.component import Attester
from mcpchain.publisher import Pattern, Publisher, attested
from mcpchain.signature import GITHUB, GITLAB, SanKind
from tests.making import component

IMAGE = "pkg:oci/files@sha256%3A00?repository_url=r.example/acme/files"
HUB = (
    "docker/debian",
    "docker/library/debian",
    "oci/debian?repository_url=docker.io/debian",
    "oci/debian?repository_url=docker.io/library/debian",
    "oci/debian?repository_url=index.docker.io/library/debian",
    "oci/debian?repository_url=registry-1.docker.io/debian",
)
R443 = "pkg:oci/a?repository_url=R.example:443/b/a"


@pytest.mark.parametrize(
    ("pattern", "purl", "fits"),
    [
        ("pkg:pypi/acme-files", "pkg:pypi/acme-files@1", True),
        ("pkg:pypi/Acme_Files", "pkg:pypi/acme-files", True),
        ("pkg:pypi/acme.files", "pkg:pypi/acme-files", True),
        ("pkg:pypi/acme-*", "pkg:pypi/acme-files@1?download_url=https://x", True),
        ("pkg:pypi/acme_*", "pkg:pypi/acme-files", True),
        ("pkg:pypi/acme*", "pkg:pypi/acme", True),
        ("pkg:pypi/acme-*", "pkg:pypi/acme", False),
        ("pkg:pypi/acme-*", "pkg:pypi/evil-acme-files", False),
        ("pkg:pypi/acme-files", "pkg:pypi/acme-files-evil", False),
        ("pkg:pypi/acme-*", "pkg:npm/acme-files", False),
        ("pkg:pypi/acme-*", "pkg:pypi/evil/acme-files", False),
        ("pkg:npm/%40acme/*", "pkg:npm/%40acme/files@1", True),
        ("pkg:npm/@acme/*", "pkg:npm/%40acme/files", True),
        ("pkg:npm/%40Acme/fi*", "pkg:npm/%40acme/Files", True),
        ("pkg:npm/%40acme/*", "pkg:npm/%40acme-evil/files", False),
        ("pkg:npm/%40acme/*", "pkg:npm/acme/files", False),
        ("pkg:npm/%40acme/*", "pkg:npm/files", False),
        ("pkg:npm/acme-*", "pkg:npm/%40evil/acme-files", False),
        ("pkg:golang/example.com/acme/*", "pkg:golang/example.com/acme/a/b", False),
        ("pkg:huggingface/acme/*", "pkg:huggingface/Acme/Llama@abc", True),
        ("pkg:huggingface/acme/*", "pkg:huggingface/evil/llama", False),
        ("pkg:docker/mcp/*", "pkg:docker/mcp/files@1", True),
        ("pkg:docker/python", "pkg:docker/library/python@3", True),
        ("pkg:docker/mcp/*", "pkg:docker/library/mcp", False),
        *(
            (f"pkg:{one}", f"pkg:{other}", True)
            for one in HUB
            for other in (
                *HUB,
                "docker/debian@sha256:00?repository_url=docker.io",
                "oci/debian?repository_url=https://registry-1.docker.io:443/debian",
            )
        ),
        ("pkg:oci/deb*?repository_url=docker.io/deb*", "pkg:docker/debian", True),
        ("pkg:docker/debian", "pkg:docker/acme/debian", False),
        (
            "pkg:docker/debian",
            "pkg:oci/debian?repository_url=r.example/library/debian",
            False,
        ),
        (
            "pkg:docker/debian",
            "pkg:docker/library/debian?repository_url=r.example",
            False,
        ),
        ("pkg:oci/a?repository_url=r.example/b/a", R443, True),
        ("pkg:oci/files?repository_url=r.example/acme/files", IMAGE, True),
        ("pkg:oci/*?repository_url=R.example/Acme/*", IMAGE, True),
        ("pkg:oci/files?repository_url=evil.example/acme/files", IMAGE, False),
        (
            "pkg:oci/*?repository_url=r.example/acme/*",
            "pkg:oci/a?repository_url=r.example/acme/x/a",
            False,
        ),
        ("pkg:oci/*?repository_url=r.example/acme/*", "pkg:oci/files", False),
    ],
)
def test_a_pattern_names_packages(pattern: str, purl: str, *, fits: bool) -> None:
    assert Pattern.parse(pattern).fits(PackageURL.from_string(purl)) is fits


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("acme-*", "scheme"),
        ("", "purl"),
        ("pkg:pypi/*", "it fits every package"),
        ("pkg:npm/*", "it fits every package"),
        ("pkg:npm/acme/*", "a scope begins with `@`: `pkg:npm/@acme/...`"),
        ("pkg:oci/*?repository_url=docker.io/*", "it fits every package"),
        ("pkg:oci/*?repository_url=r.example/*", "it fits every package"),
        ("pkg:oci/files", "name the image where it lies"),
        ("pkg:oci/*?repository_url=r.example/acme/files", "where it lies"),
        ("pkg:pypi/acme-*@1", "without version"),
        ("pkg:pypi/acme-*@*", "without version"),
        ("pkg:pypi/acme?vcs_url=x", "without version, qualifiers"),
        ("pkg:pypi/acme#sub", "without version, qualifiers and path"),
        ("pkg:pypi/*-acme", "at the end of the name only"),
        ("pkg:pypi/a**", "at the end of the name only"),
        ("pkg:npm/%40*/files", "at the end of the name only"),
        ("pkg:npm/%40a*/*", "at the end of the name only"),
        ("pkg:pypi/acme[a-z]", "at the end of the name only"),
        ("pkg:pypi/acme%3F", "at the end of the name only"),
    ],
)
def test_what_fits_too_much_names_nothing(pattern: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Pattern.parse(pattern)


def test_a_publisher_has_several_patterns_and_none_for_what_has_no_purl() -> None:
    patterns = ("pkg:pypi/acme-*", "pkg:npm/%40acme/*")
    publisher = Publisher(packages=tuple(map(Pattern.parse, patterns)), key=b"pem")
    fitting = [
        "pkg:pypi/acme-files@1",
        "pkg:npm/%40acme/files@1",
        "pkg:npm/files",
        None,
    ]
    found = [publisher.fits(component(each)) for each in fitting]
    assert found == [True, True, False, False]


def locked(kind: str, **claims: str) -> Attester:
    return Attester(kind=kind, claims=tuple(sorted(claims.items())))


@pytest.mark.parametrize(
    ("attester", "expected"),
    [
        (
            locked("GitHub", repository="acme/files", workflow="release.yml", x="y"),
            Expected(
                issuer=GITHUB,
                repository="https://github.com/acme/files",
                workflow=".github/workflows/release.yml",
            ),
        ),
        (
            locked("GitLab", repository="g/p/files", workflow_filepath="ci/r.yml"),
            Expected(
                issuer=GITLAB,
                repository="https://gitlab.com/g/p/files",
                workflow="ci/r.yml",
            ),
        ),
        (
            locked("Google", email="release@acme.example"),
            Expected(
                issuer="https://accounts.google.com",
                san="release@acme.example",
                kind=SanKind.EMAIL,
            ),
        ),
        (
            locked("CircleCI", project_id="p", pipeline_definition_id="d"),
            Expected(
                issuer="https://oidc.circleci.com",
                san="https://circleci.com/api/v2/projects/p/pipeline-definitions/d",
                kind=SanKind.URI,
            ),
        ),
        (locked("new", repository="acme/files"), None),
        (locked("github", repository="acme/files", workflow="release.yml"), None),
    ],
    ids=lambda each: each.kind if isinstance(each, Attester) else "",
)
def test_whom_a_lock_names_can_be_compared(
    attester: Attester, expected: Expected | None
) -> None:
    assert attested(attester) == expected


@pytest.mark.parametrize(
    ("attester", "missing"),
    [
        (locked("GitHub", workflow="release.yml"), "repository"),
        (locked("GitHub", repository="acme/files"), "workflow"),
        (locked("GitHub", repository="", workflow="release.yml"), "repository"),
        (locked("GitHub", repository="*", workflow="release.yml"), "repository"),
        (locked("GitHub", repository="acme/files", workflow="?*"), "workflow"),
        (locked("GitLab", repository="[a-z]/b", workflow_filepath="c"), "repository"),
        (locked("GitLab", repository="a/b", workflow="c"), "workflow_filepath"),
        (locked("Google", email="*@acme.example"), "email"),
        (locked("CircleCI", project_id="*", pipeline_definition_id="d"), "project_id"),
    ],
)
def test_whom_a_lock_does_not_name_whole_is_nobody(
    attester: Attester, missing: str
) -> None:
    with pytest.raises(ValueError, match=f"`{missing}` of a `{attester.kind}`"):
        attested(attester)
