"""A package of an MCP server whose attestations only its registry has."""

import hashlib
import json
from pathlib import Path

import pytest

from mcpchain.component import Component
from mcpchain.pipeline.mcp_entries import Asking, verify_targets
from mcpchain.pipeline.verification import Terms
from mcpchain.signature import Status, Verification
from tests.pipeline.test_registry_signatures import ACME, NPM, ROOT, answers
from tests.verify.test_mcp_registry import MANIFEST, SERVER, packed
from tests.world.server import Place
from tests.world.signed import INSTANCE
from tests.world.sigstore.minting import SLSA, Minter, statement
from tests.world.world import World

TARBALL = packed(("package/package.json", MANIFEST)).getvalue()


def publish(world: World, data: bytes = TARBALL) -> None:
    """Publish *data*, with provenance."""
    world.npm.publish("@acme/files", "1.2.0", data)
    dist = world.npm["@acme/files"].version("1.2.0")["dist"]
    digest = hashlib.sha512(data)
    subject = [{"name": NPM, "digest": {"sha512": digest.hexdigest()}}]
    minter = Minter(instance=INSTANCE, entries=("dsse/0.0.1",), version="0.2")
    bundle = minter.attest(statement(predicate_type=SLSA, subject=subject))
    listed = [{"predicateType": SLSA, "bundle": bundle}]
    reply = json.dumps({"attestations": listed}).encode()
    world.server.place("/npm/attestations", Place(lambda: reply))
    dist["attestations"] = {"url": f"{world.server.address}/attestations"}


def verified(world: World, folder: Path) -> list[Verification]:
    file = folder / "acme-files-1.2.0.tgz"
    file.write_bytes(TARBALL)

    def ask(package: Component) -> tuple[Verification, ...]:
        found = answers(world, package, expected=ACME)
        # A registry without signatures of its own is told, and is not asked for here.
        return tuple(each for each in found if each.kind != "npm-signature")

    terms = Terms(expected=ACME, root=ROOT)
    return [*verify_targets([str(file)], [], terms, SERVER, None, Asking(ask=ask))]


def test_what_the_registry_attests_holds_the_entry(
    world: World, tmp_path: Path
) -> None:
    publish(world)
    found = verified(world, tmp_path)
    assert [each.status for each in found] == [Status.VERIFIED, Status.VERIFIED]
    assert found[-1].kind == "mcp-registry"


def test_what_the_registry_attests_of_other_bytes_does_not(
    world: World, tmp_path: Path
) -> None:
    publish(world, b"other bytes")
    found = verified(world, tmp_path)
    assert [each.status for each in found] == [Status.INVALID, Status.UNVERIFIABLE]
    assert "other bytes" in found[0].reason


@pytest.mark.parametrize(
    ("status", "answers"),
    [
        (404, [Status.MISSING]),
        (403, [Status.ERROR, Status.UNVERIFIABLE]),
        (500, [Status.ERROR, Status.UNVERIFIABLE]),
    ],
)
def test_a_registry_that_hides_them_is_no_yes(
    world: World, tmp_path: Path, status: int, answers: list[Status]
) -> None:
    publish(world)
    world.server.places["/npm/attestations"].answer(status)
    assert [each.status for each in verified(world, tmp_path)] == answers


def test_a_registry_that_is_not_asked_leaves_the_links_open(tmp_path: Path) -> None:
    file = tmp_path / "acme-files-1.2.0.tgz"
    file.write_bytes(TARBALL)
    terms = Terms(expected=ACME, root=ROOT)
    found = [*verify_targets([str(file)], [], terms, SERVER)]
    assert [each.status for each in found] == [Status.MISSING]
