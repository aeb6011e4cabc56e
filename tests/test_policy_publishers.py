"""Publishers in a policy: what can be said of them, and what says too little."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from mcpchain.bundle.policy import Expected
from mcpchain.errors import PolicyError
from mcpchain.pipeline.policies import load_policy
from mcpchain.policy.reading import Around, Base, parse
from mcpchain.publisher import Pattern, Publisher
from mcpchain.signature import GITHUB, GITLAB, SanKind

POLICIES = Path(__file__).resolve().parents[1] / "policies"
RULES = "apiVersion: mcpchain/policy/v1\nname: test\nrules:\n  gap: deny\n"
_KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = _KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
WEAK = (
    ec.generate_private_key(ec.SECP256K1())
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)
PRIVATE = _KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def publishers(*entries: str) -> str:
    return RULES + "publishers:\n" + "".join(f"  - {{{each}}}\n" for each in entries)


ACME = "packages: [pkg:pypi/acme-*]"
MODELS = "packages: [pkg:huggingface/acme/*]"
FILES = "https://github.com/acme/files"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("repository: acme/files", Expected(issuer=GITHUB, repository="acme/files")),
        (f"repository: '{FILES}'", Expected(issuer=GITHUB, repository=FILES)),
        (
            "repository: github.com/acme/fi*",
            Expected(issuer=GITHUB, repository="github.com/acme/fi*"),
        ),
        ("repository: acme/*", Expected(issuer=GITHUB, repository="acme/*")),
        (
            "repository: 'https://gitlab.com/g/p/files'",
            Expected(issuer=GITLAB, repository="https://gitlab.com/g/p/files"),
        ),
        (
            "repository: 'https://git.example/a/b', issuer: 'https://id.example'",
            Expected(issuer="https://id.example", repository="https://git.example/a/b"),
        ),
        (
            (
                "repository: acme/files, workflow: release.yml, ref: refs/tags/v*, "
                "runner: github-hosted, trigger: push, repository-id: 1, owner-id: '34'"
            ),
            Expected(
                issuer=GITHUB,
                repository="acme/files",
                workflow="release.yml",
                ref="refs/tags/v*",
                runner="github-hosted",
                trigger="push",
                repository_id="1",
                owner_id="34",
            ),
        ),
        (
            f"owner-id: 34, issuer: '{GITHUB}'",
            Expected(issuer=GITHUB, owner_id="34"),
        ),
        (
            "identity: me@acme.example, issuer: 'https://id.example'",
            Expected(
                issuer="https://id.example", san="me@acme.example", kind=SanKind.EMAIL
            ),
        ),
        (
            (
                f"identity: '{FILES}/.github/workflows/r.yml@refs/heads/main', "
                f"issuer: '{GITHUB}'"
            ),
            Expected(
                issuer=GITHUB,
                san=f"{FILES}/.github/workflows/r.yml@refs/heads/main",
                kind=SanKind.URI,
            ),
        ),
    ],
)
def test_a_publisher_is_named_field_by_field(given: str, expected: Expected) -> None:
    (publisher,) = parse(
        publishers(f"{ACME}, {given}").encode(), source="p.yaml"
    ).publishers
    assert publisher == Publisher(
        packages=(Pattern.parse("pkg:pypi/acme-*"),), expected=expected, line=6
    )


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (ACME, "`publishers`: names nobody: name the issuer"),
        (f"{ACME}, repo: acme/files", "`repo` is no key here"),
        ("repository: acme/files", "`publishers`: names no `packages`"),
        ("packages: [], repository: acme/files", "names no `packages`"),
        ("packages: pkg:pypi/a, repository: acme/files", "expected a list"),
        ("packages: [1], repository: acme/files", "expected a string"),
        ("packages: ['pkg:pypi/*'], repository: a/b", "it fits every package"),
        ("packages: [acme], repository: a/b", "`acme` names no packages"),
        (f"{ACME}, repository: acme", "`acme` is no repository"),
        (f"{ACME}, repository: ''", "`publishers.repository`: is empty"),
        (f"{ACME}, repository: '*/files'", "is no repository"),
        (f"{ACME}, repository: '*'", "is no repository"),
        (f"{ACME}, repository: 'acme/f*s'", "is no repository"),
        (f"{ACME}, repository: 'acme/file?'", "is no repository"),
        (f"{ACME}, repository: github.com/acme", "is no repository"),
        (f"{ACME}, repository: 'http://github.com/a/b'", "is no repository"),
        (f"{ACME}, repository: 'git@github.com:a/b'", "is no repository"),
        (f"{ACME}, repository: a/b/c", "is no repository"),
        (f"{ACME}, repository: 'https://git.example/a/b'", "name the issuer"),
        (f"{ACME}, repository: a/b, issuer: ''", "`publishers.issuer`: is empty"),
        (f"{ACME}, issuer: 'https://id.example'", "an issuer alone is no identity"),
        (f"{ACME}, repository: a/b, issuer: 'https://*'", "named whole"),
        (f"{ACME}, repository: a/b, issuer: id.example", "no `https://` address"),
        (f"{ACME}, workflow: release.yml", "name the issuer"),
        (f"{ACME}, identity: me@acme.example", "name the issuer"),
        (
            f"{ACME}, identity: '*@acme.example', issuer: 'https://id.example'",
            "has to be named whole",
        ),
        (f"{ACME}, identity: me@x.example, repository: a/b", "an identity and `repos"),
        (f"{ACME}, repository: a/b, workflow: '*.yml'", "named whole"),
        (f"{ACME}, repository: a/b, ref: '*'", "fits more than tags or branches"),
        (f"{ACME}, repository: a/b, ref: refs/*", "fits more than tags or branches"),
        (f"{ACME}, repository: a/b, ref: 'refs/tags/v?'", "fits more than"),
        (f"{ACME}, repository: a/b, runner: github", "did you mean `github-hosted`"),
        (f"{ACME}, repository: a/b, trigger: p*", "named whole"),
        (f"{ACME}, repository: a/b, owner-id: acme", "`acme` is no id"),
        (f"{ACME}, repository: a/b, owner-id: 0", "`0` is no id"),
        (f"{ACME}, repository: a/b, owner-id: true", "`True` is no id"),
        (f"{ACME}, key: acme.pub, repository: a/b", "a key and an identity"),
        (f"{ACME}, key: acme.pub, issuer: 'https://x'", "a key and an identity"),
        (f"{ACME}, key: acme.pub", "only a policy in a file can name a key"),
    ],
)
def test_says_what_is_wrong_with_a_publisher(given: str, complaint: str) -> None:
    text = publishers("packages: [pkg:npm/a], repository: a/b", given)
    with pytest.raises(PolicyError) as caught:
        parse(text.encode(), source="p.yaml")
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("p.yaml:7: `publishers")


class Keys:
    """A folder in which every file is the same key."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def key(self, name: str) -> bytes:
        assert name
        return self.data

    def base(self, base: Base) -> tuple[bytes, str, Around]:
        raise AssertionError(base)


def test_the_publishers_in_the_comments_of_the_baseline_can_be_named() -> None:
    text = (POLICIES / "baseline.yaml").read_text(encoding="utf-8")
    shown = text[: text.index("publishers: []")].rpartition("\n\n")[2]
    lines = [each[2:] for each in shown.splitlines() if each.startswith("#   ")]
    data = (RULES + "publishers:\n" + "\n".join(lines)).encode()
    keys: list[str] = []

    class Beside(Keys):
        def key(self, name: str) -> bytes:
            keys.append(name)
            return PUBLIC

    policy = parse(data, source="p.yaml", around=Beside(PUBLIC))
    assert keys == ["acme.pub"]
    assert [each.key for each in policy.publishers] == [b"", PUBLIC, b""]


def test_keys_are_part_of_the_policys_digest() -> None:
    data = publishers(f"{MODELS}, key: acme.pub").encode()
    one, other = (
        parse(data, source="p.yaml", around=Keys(key))
        for key in (PUBLIC, b"of acme\n" + PUBLIC)
    )
    assert one.sha256 != other.sha256
    (publisher,) = one.publishers
    assert (publisher.expected, publisher.key) == (None, PUBLIC)


@pytest.mark.parametrize("kind", ["npm", "pypi"])
def test_a_key_attests_no_package_of_a_registry(kind: str) -> None:
    text = publishers(
        f"packages: [pkg:oci/a?repository_url=r.example/a/a, pkg:{kind}/a], key: k"
    )
    with pytest.raises(PolicyError, match="what attests those has a certificate"):
        parse(text.encode(), source="p.yaml", around=Keys(PUBLIC))


@pytest.mark.parametrize(
    "key", [b"", b"nothing", PRIVATE, WEAK], ids=["empty", "text", "private", "weak"]
)
def test_what_is_no_key_is_told_with_its_line(key: bytes) -> None:
    data = publishers(f"{MODELS}, key: acme.pub").encode()
    with pytest.raises(PolicyError) as caught:
        parse(data, source="p.yaml", around=Keys(key))
    assert str(caught.value) == (
        "p.yaml:6: `publishers.key`: `acme.pub` holds no public key that is accepted"
    )


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("keys/acme.pub", ""),
        ("none.pub", "No such file"),
        ("keys", "Is a directory"),
        ("../acme.pub", "does not lie beside the policy"),
        ("keys/../../acme.pub", "does not lie beside the policy"),
        ("/etc/acme.pub", "does not lie beside the policy"),
    ],
)
def test_a_key_lies_beside_the_policy(tmp_path: Path, name: str, problem: str) -> None:
    folder = tmp_path / "policy"
    (folder / "keys").mkdir(parents=True)
    for each in (tmp_path, folder / "keys"):
        (each / "acme.pub").write_bytes(PUBLIC)
    file = folder / "p.yaml"
    file.write_text(publishers(f"{MODELS}, key: {name}"))
    if not problem:
        (publisher,) = load_policy(str(file)).publishers
        assert publisher.key == PUBLIC
        return
    with pytest.raises(PolicyError, match=problem):
        load_policy(str(file))
