"""Who stands for packages, as the registries of the user tell it."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from mcpchain.artifact import Artifact, Digest
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.closure.library import Door
from mcpchain.component import Component, Origin, PackageFacts
from mcpchain.errors import UsageError
from mcpchain.fetch import FetchError
from mcpchain.inventory import State
from mcpchain.pipeline.registry_signatures import read_registry_keys, verify_packages
from mcpchain.pipeline.registry_signatures.answers import lacking
from mcpchain.pipeline.registry_signatures.lead import RegistryKeys
from mcpchain.pipeline.verification import Terms
from mcpchain.signature import Status, Verification
from mcpchain.verify.npm_signatures import read_keys
from tests.making import component
from tests.world.signed import INSTANCE, Signed, registry_keys
from tests.world.sigstore.minting import ISSUER
from tests.world.world import World

ROOT = parse_root(INSTANCE.trusted_root(), name="test")
WHEEL = "acme_files-1.2.0-py3-none-any.whl"
ACME = Expected(issuer=ISSUER, repository="acme/files")


def keys() -> RegistryKeys:
    return RegistryKeys(keys=read_keys(registry_keys(), source="k"), origin="k")


def answers(
    world: World,
    *packages: Component,
    expected: Expected | None = None,
    offline: bool = False,
) -> list[Verification]:
    with world.fetcher(offline=offline) as fetcher:
        door = Door(fetcher, world.settings())
        terms = Terms(expected=expected, root=ROOT)
        return [*verify_packages(packages, door, terms, keys())]


def package(purl: str, *digests: str, **facts: Any) -> Component:  # noqa: ANN401 - its fields
    files = tuple(Artifact(digests=(Digest.parse(each),)) for each in digests)
    return component(purl, facts=PackageFacts(**facts), artifacts=files)


PYPI = "pkg:pypi/acme-files@1.2.0"


def upload(world: World, repository: str = "acme/files") -> str:
    """Upload a wheel with provenance; return its digest."""
    data = Signed(world).upload("acme-files", "1.2.0", repository=repository)
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_a_file_on_an_index_is_by_whom_the_index_says(world: World) -> None:
    digest = upload(world)
    (found,) = answers(world, package(PYPI, digest))
    assert (found.status, found.expected_by) == (Status.VERIFIED, "index")
    assert found.subject == WHEEL
    (found,) = answers(world, package(PYPI, digest), expected=ACME)
    assert (found.status, found.expected_by) == (Status.VERIFIED, "user")


def test_built_by_another_repository_than_the_index_says(world: World) -> None:
    (found,) = answers(world, package(PYPI, upload(world, "evil/files")))
    assert found.status is Status.UNTRUSTED_IDENTITY


def test_only_attestations_of_the_pinned_files_count(world: World) -> None:
    upload(world)
    (found,) = answers(world, package(PYPI, f"sha256:{'0' * 64}"))
    assert (found.status, "a mirror may" in found.reason) == (Status.MISSING, True)


def test_an_index_that_strips_attestations_offers_none(world: World) -> None:
    digest = upload(world)
    world.pypi["acme-files"].file(WHEEL)["provenance"] = None
    (found,) = answers(world, package(PYPI, digest))
    assert found.status is Status.MISSING


def test_what_the_index_attests_is_not_other_bytes_of_the_same_name(
    world: World,
) -> None:
    upload(world)
    hashes = world.pypi["acme-files"].file(WHEEL)["hashes"]
    hashes["sha256"] = hashlib.sha256(b"evil").hexdigest()
    (found,) = answers(world, package(PYPI))
    assert (found.status, "other artifacts" in found.reason) == (Status.INVALID, True)


@pytest.mark.parametrize(
    ("status", "answer"),
    [(404, Status.MISSING), (403, Status.ERROR), (500, Status.ERROR)],
)
def test_each_way_to_get_no_provenance_is_another_answer(
    status: int, answer: Status, world: World
) -> None:
    digest = upload(world)
    world.server.places[f"/integrity/{WHEEL}"].answer(status)
    (found,) = answers(world, package(PYPI, digest))
    assert found.status is answer, found.reason
    assert not found


@pytest.mark.parametrize("state", State, ids=lambda state: state.value)
def test_only_what_is_not_there_is_missing(state: State) -> None:
    error = FetchError(state, "`u` did not answer in time", hint="h")
    found = lacking(package(PYPI), error)
    assert (found.status is Status.MISSING) is (state is State.MISSING)
    assert not found
    assert error.reason in found.reason


def test_malformed_provenance_is_unverifiable(world: World) -> None:
    digest = upload(world)
    world.server.places[f"/integrity/{WHEEL}"].answer(200, b'{"version": 1}')
    (found,) = answers(world, package(PYPI, digest))
    assert (found.status, "malformed" in found.reason) == (Status.UNVERIFIABLE, True)


NPM = "pkg:npm/%40acme/files@1.2.0"
TARBALL = b"@acme/files@1.2.0"
SHA512 = hashlib.sha512(TARBALL)


def publish(world: World, *, repository: str = "acme/files") -> dict[str, Any]:
    """Publish a package that is signed and attested; return its `dist`."""
    return Signed(world).publish("@acme/files", "1.2.0", repository=repository)


def statuses(found: list[Verification]) -> dict[str, str]:
    return {each.kind: each.status.value for each in found}


def test_npm_signs_it_and_its_own_repository_built_it(world: World) -> None:
    publish(world)
    digest = f"sha512:{SHA512.hexdigest()}"
    found = answers(world, package(NPM, digest))
    assert statuses(found) == {
        "npm-signature": "verified",
        "npm-attestation-publish": "verified",
        "npm-attestation-provenance": "verified",
    }
    assert [each.expected_by for each in found] == ["", "", "index"]


def test_built_by_another_repository_than_the_package_declares(world: World) -> None:
    publish(world, repository="evil/files")
    found = statuses(answers(world, package(NPM)))
    assert found["npm-attestation-provenance"] == "untrusted-identity"
    assert found["npm-signature"] == "verified"


def test_a_registry_that_signs_nothing_is_missing_a_signature(world: World) -> None:
    dist = publish(world)
    del dist["signatures"], dist["attestations"]
    (found,) = answers(world, package(NPM))
    assert found.status is Status.MISSING


def test_other_bytes_than_those_that_are_pinned_are_invalid(world: World) -> None:
    publish(world)
    (found,) = answers(world, package(NPM, f"sha512:{'0' * 128}"))
    assert (found.status, "other bytes" in found.reason) == (Status.INVALID, True)


def test_without_a_sha512_nothing_that_is_signed_can_be_compared(world: World) -> None:
    dist = publish(world)
    sha1 = base64.b64encode(hashlib.sha1(TARBALL).digest()).decode()  # noqa: S324 - npm's
    dist["integrity"] = f"sha1-{sha1}"
    (found,) = answers(world, package(NPM))
    assert (found.status, "SHA-512" in found.reason) == (Status.INVALID, True)


@pytest.mark.parametrize(
    ("purl", "facts", "status"),
    [
        ("pkg:npm/nobody@1.0.0", {}, Status.UNVERIFIABLE),
        ("pkg:pypi/nobody@1.0.0", {}, Status.UNVERIFIABLE),
        ("pkg:npm/%40acme/files@9.9.9", {}, Status.UNVERIFIABLE),
        ("pkg:npm/%40acme/files", {}, Status.UNVERIFIABLE),
        (NPM, {"registry": "https://evil.example/npm"}, Status.UNVERIFIABLE),
    ],
    ids=str,
)
def test_what_cannot_be_looked_up_is_unverifiable(
    purl: str, facts: dict[str, Any], status: Status, world: World
) -> None:
    publish(world)
    (found,) = answers(world, package(purl, **facts))
    assert found.status is status, found.reason


def test_what_comes_from_no_registry_is_no_package_of_one(world: World) -> None:
    assert answers(world, package(NPM, origin=Origin.PATH)) == []
    assert answers(world, component("pkg:cargo/x@1.0.0", facts=PackageFacts())) == []
    assert not world.server.asked


def test_offline_nobody_is_asked_and_nothing_is_decided(world: World) -> None:
    publish(world), upload(world)
    found = answers(world, package(NPM), package(PYPI), offline=True)
    assert {each.status for each in found} == {Status.ERROR}
    assert not world.server.asked


def test_keys_that_are_none_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text("{}")
    with pytest.raises(UsageError, match="holds no keys"):
        read_registry_keys(file, tmp_path)
    assert read_registry_keys(None, tmp_path).origin.startswith("npm (sha256:")
