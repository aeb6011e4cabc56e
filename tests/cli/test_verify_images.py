"""`mcpchain verify` on images: in a registry on loopback, and in a folder."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from tests.world.oci import (
    OciRepository,
    cosign,
    cosign_attest,
    digest_of,
    image,
    simple_signing,
)
from tests.world.server import Server
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import SLSA, WORKFLOW, Minter, statement

INSTANCE = Instance()
IMAGE = image()
DIGEST = digest_of(IMAGE)
LAYER = cosign(Minter(instance=INSTANCE), simple_signing(DIGEST))
Run = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as opened:
        yield opened


@pytest.fixture
def repository(server: Server) -> OciRepository:
    made = OciRepository(server)
    made.push(IMAGE, "1.2.0", "latest")
    return made


@pytest.fixture
def run(tmp_path: Path) -> Run:
    root = tmp_path / "root.json"
    root.write_bytes(INSTANCE.trusted_root())

    def verify(*args: str, **environ: str | None) -> Result:
        given = ["--trusted-root", str(root), "--repository", "acme/files"]
        return CliRunner().invoke(
            main,
            ["verify", *args, *given],
            env={
                "HOME": str(tmp_path),
                "XDG_CACHE_HOME": str(tmp_path / "cache"),
                "DOCKER_CONFIG": None,
                "COSIGN_REPOSITORY": None,
                **environ,
            },
        )

    return verify


def test_an_image_is_verified_by_its_digest(
    repository: OciRepository, run: Run
) -> None:
    repository.attach(DIGEST, "sig", [LAYER])
    result = run(repository.purl(DIGEST))
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[:2] == [
        f"verified: {repository.name}@{DIGEST}",
        f"  signed by: {WORKFLOW}",
    ]
    assert lines[-1] == "1 verified"


@pytest.mark.parametrize("written", ["tag", "version", "nothing"])
def test_a_tag_is_resolved_and_said_to_move(
    written: str, repository: OciRepository, run: Run
) -> None:
    said = simple_signing(DIGEST, repository.name)
    repository.attach(DIGEST, "sig", [cosign(Minter(instance=INSTANCE), said)])
    purl, tag = {
        "tag": (repository.purl(tag="1.2.0"), "1.2.0"),
        "version": (repository.purl("1.2.0"), "1.2.0"),
        "nothing": (repository.purl(), "latest"),
    }[written]
    result = run(purl)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == f"verified: {repository.name}:{tag}, now {DIGEST}"
    assert f"  note: `{tag}` is a tag, and tags move: use the digest" in lines


def test_a_digest_counts_and_the_tag_beside_it_is_not_asked_for(
    repository: OciRepository, run: Run, server: Server
) -> None:
    repository.attach(DIGEST, "sig", [LAYER])
    repository.at("manifests/1.2.0").answer(200, image("evil"))
    result = run(repository.purl(DIGEST, tag="1.2.0"))
    assert result.exit_code == 0
    assert not [each for each in server.paths() if each.endswith("/1.2.0")]


def test_a_purl_of_docker_has_its_path_in_the_name(
    repository: OciRepository, run: Run
) -> None:
    repository.attach(DIGEST, "sig", [LAYER])
    host = repository.name.partition("/")[0]
    result = run(f"pkg:docker/acme/files@{DIGEST}?repository_url={host}")
    assert result.exit_code == 0, result.output


def test_an_image_of_no_registry_is_a_mistake_of_the_caller(run: Run) -> None:
    result = run(f"pkg:oci/files@{DIGEST}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"error: `pkg:oci/files@{DIGEST}` does not say in which registry the image is\n"
        "hint: write it into the purl: `?repository_url=HOST/PATH`\n"
    )


@pytest.mark.parametrize(
    ("purl", "words"),
    [
        ("pkg:oci/files@sha256:00?repository_url=h.example/files", "is no purl of an"),
        (f"pkg:oci/files@md5:{'0' * 32}?repository_url=h.example/a", "`md5` is no"),
        ("pkg:oci/", "is no purl of an image"),
    ],
)
def test_a_purl_that_is_none_is_a_mistake_of_the_caller(
    purl: str, words: str, run: Run
) -> None:
    result = run(purl)
    assert (result.exit_code, words in result.output) == (2, True), result.output


def test_an_unsigned_image_is_missing_a_signature(
    repository: OciRepository, run: Run
) -> None:
    host = repository.name.partition("/")[0]
    result = run(repository.purl(DIGEST), GH_HOST=host)
    assert result.exit_code == 10
    nor = f"GitHub has no `{SLSA}` about it of `{host}/acme/files`"
    assert result.stdout.splitlines()[:2] == [
        f"missing: {repository.name}@{DIGEST}",
        f"  why: no signature is attached to it, and {nor}",
    ]


@pytest.mark.parametrize("where", ["manifests/1.2.0", f"manifests/{DIGEST}"])
@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_registry_that_does_not_answer_leaves_it_undecided(
    where: str, status: int, repository: OciRepository, run: Run
) -> None:
    repository.at(where).answer(status)
    purl = repository.purl("1.2.0" if where.endswith("1.2.0") else DIGEST)
    result = run(purl)
    assert result.exit_code == 4, result.output
    assert result.stdout.startswith("error: ")


def test_off_line_nothing_is_asked(
    repository: OciRepository, run: Run, server: Server
) -> None:
    result = run(repository.purl(DIGEST), "--offline")
    assert (result.exit_code, "(offline)" in result.stdout) == (4, True)
    assert "  hint: run without `--offline`\n" in result.stdout
    assert server.asked == []


def test_signatures_may_lie_where_cosign_is_told(
    repository: OciRepository, server: Server, run: Run
) -> None:
    beside = OciRepository(server, "acme/signatures")
    beside.attach(DIGEST, "sig", [LAYER])
    host = repository.name.partition("/")[0]
    assert run(repository.purl(DIGEST), GH_HOST=host).exit_code == 10
    result = run(repository.purl(DIGEST), COSIGN_REPOSITORY=beside.name)
    assert result.exit_code == 0, result.output


def test_the_login_of_the_user_is_used(
    repository: OciRepository, run: Run, tmp_path: Path
) -> None:
    repository.attach(DIGEST, "sig", [LAYER])
    pair = base64.b64encode(b"me:secret").decode()
    repository.guard(f"Basic {pair}", 'Basic realm="it"')
    assert run(repository.purl(DIGEST)).exit_code == 4
    folder = tmp_path / ".docker"
    folder.mkdir()
    host = repository.name.partition("/")[0]
    kept = {"auths": {host: {"auth": pair}}}
    (folder / "config.json").write_text(json.dumps(kept))
    result = run(repository.purl(DIGEST))
    assert result.exit_code == 0, result.output
    assert "secret" not in result.output


def test_a_bundle_that_is_named_is_not_set_aside_in_silence(
    repository: OciRepository, run: Run, tmp_path: Path
) -> None:
    bundle = tmp_path / "b.sigstore.json"
    bundle.write_text("{}")
    result = run(repository.purl(DIGEST), "--bundle", str(bundle))
    assert result.exit_code == 2
    assert f"name the digest of the image: `{DIGEST}`" in result.output


def test_a_name_of_a_registry_cannot_write_on_the_terminal(run: Run) -> None:
    result = run(f"pkg:oci/a@{DIGEST}?repository_url=h.example/%1b[2K")
    assert "\x1b" not in result.output
    assert result.exit_code == 2


def test_a_tag_is_of_the_repository_that_its_signature_names(
    repository: OciRepository, run: Run
) -> None:
    said = simple_signing(DIGEST, "registry.example/acme/other")
    repository.attach(DIGEST, "sig", [cosign(Minter(instance=INSTANCE), said)])
    result = run(repository.purl(tag="1.2.0"))
    why = f"is of `registry.example/acme/other`, not of `{repository.name}`\n"
    assert (result.exit_code, why in result.stdout) == (10, True), result.output
    assert "  hint: if it is a mirror of that, name the digest" in result.stdout
    assert run(repository.purl(DIGEST)).exit_code == 0, "whose digest is asked for"


@pytest.mark.parametrize("kind", [SLSA, "https://spdx.dev/Document"])
def test_statements_about_an_image_are_chosen_by_their_kind(
    kind: str, repository: OciRepository, run: Run
) -> None:
    minter = Minter(instance=INSTANCE, entries=("dsse/0.0.1",))
    about = [{"name": "files", "digest": {"sha256": DIGEST.partition(":")[2]}}]
    repository.attach(DIGEST, "sig", [LAYER])
    repository.attach(DIGEST, "att", [cosign_attest(minter, statement(subject=about))])
    host = repository.name.partition("/")[0] if kind != SLSA else None
    result = run(repository.purl(DIGEST), "--predicate-type", kind, GH_HOST=host)
    if kind == SLSA:
        assert result.exit_code == 0, result.output
        assert "signature over the file, and no statement" in result.stdout
    else:
        # Of whom it is does not count: it is of another kind.
        assert result.exit_code == 10
        assert f"GitHub has no `{kind}` about it" in result.stdout


def test_an_image_may_be_attested_on_github_alone(
    repository: OciRepository, run: Run, server: Server
) -> None:
    host = repository.name.partition("/")[0]
    minter = Minter(instance=INSTANCE, entries=("dsse/0.0.1",))
    address = f"https://{host}/acme/files"
    minter.claims |= {12: address}
    about = [{"name": "files", "digest": {"sha256": DIGEST.partition(":")[2]}}]
    listed = [{"bundle": minter.attest(statement(subject=about))}]
    path = f"/api/v3/repos/acme/files/attestations/{DIGEST}"
    server.place(path).answer_json({"attestations": listed})
    result = run(repository.purl(DIGEST), GH_HOST=host)
    assert result.exit_code == 0, result.output
    result = run(repository.purl(DIGEST), "--offline", GH_HOST=host)
    assert (result.exit_code, "(offline)" in result.stdout) == (4, True)
