"""Delivered bytes are verified only if they were hashed and are the pinned ones."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Component
from mcpchain.evidence import Evidence, Outcome
from mcpchain.registries import resolve
from mcpchain.release import Release
from mcpchain.verify.delivered_bytes import download
from tests.making import component
from tests.world.world import World

NPM = "pkg:npm/files@1.2.0"
PYPI = "pkg:pypi/files@1.2.0"
WHEEL = "files-1.2.0-py3-none-any.whl"
SDIST = "files-1.2.0.tar.gz"
TARBALL = b"files@1.2.0"


def digest(data: bytes, algorithm: str = "sha512") -> Digest:
    return Digest.of(algorithm, hashlib.new(algorithm, data).hexdigest())


def package(purl: str, *pins: Artifact) -> Component:
    return component(purl, ref=purl, artifacts=pins)


def pin(data: bytes, algorithm: str = "sha512", name: str = "") -> Artifact:
    return Artifact(name=name, digests=(digest(data, algorithm),))


def releases(world: World, about: Component, **environ: str) -> Mapping[str, Release]:
    with world.fetcher() as fetcher:
        return resolve(
            [about],
            settings=world.settings(**environ),
            trusted=frozenset(),
            fetcher=fetcher,
        ).releases


def deliver(
    world: World,
    about: Component,
    offered: Mapping[str, Release] | None = None,
    limit: int = 1 << 20,
) -> Evidence:
    seen: list[tuple[int, int]] = []
    with world.fetcher() as fetcher:
        found = download(
            [about, component(ref="other")],
            releases(world, about) if offered is None else offered,
            fetcher=fetcher,
            settings=world.settings(),
            limit=limit,
            progress=lambda done, total: seen.append((done, total)),
        )
    assert seen == [(1, 1)]
    assert list(found) == [about.ref]
    return found[about.ref]


def test_the_pinned_and_published_bytes_are_verified(world: World) -> None:
    world.npm.publish("files", "1.2.0")
    evidence = deliver(world, package(NPM, pin(TARBALL)))
    assert evidence.outcome is Outcome.VERIFIED
    assert evidence.subject == digest(TARBALL)
    assert "pinned and published" in evidence.detail


def test_without_a_pin_they_are_what_is_published(world: World) -> None:
    world.npm.publish("files", "1.2.0")
    evidence = deliver(world, package(NPM))
    assert evidence.outcome is Outcome.VERIFIED
    assert "as it is published" in evidence.detail


def test_a_swapped_tarball_is_refuted_with_both_digests(world: World) -> None:
    world.npm.publish("files", "1.2.0").swap_tarball()
    for about in (package(NPM), package(NPM, pin(TARBALL)), package(NPM, pin(b"evil"))):
        evidence = deliver(world, about)
        assert evidence.outcome is Outcome.REFUTED
        assert evidence.subject == digest(b"evil")
        assert evidence.detail.startswith("`files-1.2.0.tgz` was delivered as")
        assert "but published as" in evidence.detail


def test_bytes_that_change_together_with_the_packument_are_refuted_by_the_pin(
    world: World,
) -> None:
    files = world.npm.publish("files", "1.2.0")
    files.republish("1.2.0")
    files.version("1.2.0")["dist"].pop("shasum")
    assert deliver(world, package(NPM)).outcome is Outcome.VERIFIED
    evidence = deliver(world, package(NPM, pin(TARBALL)))
    assert evidence.outcome is Outcome.REFUTED
    assert evidence.detail == (
        f"`files-1.2.0.tgz` was delivered as `{digest(b'evil')}`, but pinned as "
        f"`{digest(TARBALL)}`"
    )


@pytest.mark.parametrize(
    ("pins", "dist", "outcome"),
    [
        ([pin(TARBALL, "sha1")], {}, Outcome.UNCHECKED),
        ([pin(b"x", "sha1")], {}, Outcome.REFUTED),
        ([pin(TARBALL, "sha256")], {}, Outcome.VERIFIED),
        ([pin(b"x"), pin(TARBALL)], {}, Outcome.VERIFIED),
        ([pin(b"x"), pin(TARBALL, "sha1")], {}, Outcome.UNCHECKED),
        ([pin(TARBALL)], {"integrity": None}, Outcome.VERIFIED),
        ([], {"integrity": None}, Outcome.UNCHECKED),
        ([], {"integrity": None, "shasum": None}, Outcome.UNCHECKED),
        ([pin(TARBALL)], {"shasum": "a" * 40}, Outcome.REFUTED),
    ],
)
def test_only_a_strong_digest_verifies_and_any_digest_refutes(
    world: World, pins: list[Artifact], dist: dict[str, object], outcome: Outcome
) -> None:
    world.npm.publish("files", "1.2.0").version("1.2.0")["dist"].update(dist)
    assert deliver(world, package(NPM, *pins)).outcome is outcome


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (lambda w: w.npm["files"].tarball("1.2.0").answer(404), "404"),
        (lambda w: w.npm["files"].tarball("1.2.0").endless(), "more than 1,048,576"),
        (lambda w: w.npm["files"].tarball("1.2.0").promise(5), "broke off"),
        (lambda w: w.npm["files"].tarball("1.2.0").redirect_to("file:///x"), "HTTP"),
    ],
)
def test_bytes_that_did_not_come_are_not_verified(
    world: World, attack: Callable[[World], object], words: str
) -> None:
    world.npm.publish("files", "1.2.0")
    attack(world)
    evidence = deliver(world, package(NPM, pin(TARBALL)))
    assert evidence.outcome is Outcome.UNCHECKED
    assert words in evidence.detail


def test_the_wheel_that_fits_this_machine_is_fetched(world: World) -> None:
    for name in (SDIST, "files-1.2.0-cp27-none-win32.whl", WHEEL, "bad-name.whl"):
        world.pypi.upload("files", name)
    evidence = deliver(world, package(PYPI))
    assert f"`{WHEEL}`" in evidence.detail
    assert evidence.outcome is Outcome.VERIFIED


def test_of_the_pinned_files_one_is_fetched(world: World) -> None:
    world.pypi.upload("files", WHEEL).upload(SDIST)
    about = package(PYPI, pin(SDIST.encode(), "sha256", SDIST))
    evidence = deliver(world, about)
    assert (evidence.outcome, f"`{SDIST}`" in evidence.detail) == (
        Outcome.VERIFIED,
        True,
    )
    assert f"/files/{WHEEL}" not in world.server.paths()


def test_a_pin_of_another_file_does_not_vouch_for_this_one(world: World) -> None:
    world.pypi.upload("files", WHEEL).upload(SDIST)
    pins = (
        pin(b"x", "sha256", WHEEL),
        pin(WHEEL.encode(), "sha256", SDIST),
        pin(WHEEL.encode(), "sha256"),
    )
    assert deliver(world, package(PYPI, *pins)).outcome is Outcome.REFUTED


def test_without_a_fitting_wheel_the_source_is_fetched(world: World) -> None:
    world.pypi.upload("files", "files-1.2.0-cp27-none-win32.whl").upload(SDIST)
    assert f"`{SDIST}`" in deliver(world, package(PYPI)).detail


def test_a_wheel_whose_name_no_installer_reads_is_not_fetched(world: World) -> None:
    about = package(PYPI)
    bad = Artifact(name="files.whl", url=f"{world.server.address}/files/files.whl")
    release = Release(
        registry=world.pypi.address, name="files", version="1.2.0", artifacts=(bad,)
    )
    assert deliver(world, about, {PYPI: release}).outcome is Outcome.UNCHECKED
    assert world.server.asked == []


def test_a_release_without_a_file_that_fits_is_not_verified(world: World) -> None:
    world.pypi.upload("files", "files-1.2.0-cp27-none-win32.whl")
    evidence = deliver(world, package(PYPI))
    assert evidence.outcome is Outcome.UNCHECKED
    assert "no file that fits" in evidence.detail


def test_a_file_never_comes_by_a_weaker_way_than_its_registry(world: World) -> None:
    world.npm.publish("files", "1.2.0")
    about = package(NPM, pin(TARBALL))
    offered = releases(world, about)
    strict = replace(offered[NPM], registry="https://registry.example")
    evidence = deliver(world, about, {NPM: strict})
    assert evidence.outcome is Outcome.UNCHECKED
    assert "unencrypted" in evidence.detail


@pytest.mark.parametrize(("scope", "sent"), [("npm", True), ("other", False)])
def test_a_login_goes_with_a_file_of_its_own_registry_only(
    world: World, scope: str, *, sent: bool
) -> None:
    files = world.npm.publish("files", "1.2.0")
    files.version("1.2.0")["dist"]["tarball"] = f"{world.server.address}/{scope}/x.tgz"
    world.server.place(f"/{scope}/x.tgz").answer(200, TARBALL)
    host = world.server.address.removeprefix("http:")
    own = world.settings(
        **{
            f"npm_config_{host}/npm/:_authToken": "one",
            f"npm_config_{host}/other/:_authToken": "two",
        }
    )
    about = package(NPM, pin(TARBALL))
    with world.fetcher() as fetcher:
        found = download([about], releases(world, about), fetcher=fetcher, settings=own)
    assert found[NPM].outcome is Outcome.VERIFIED
    header = world.server.asked[-1].headers.get("Authorization")
    assert header == ("Bearer one" if sent else None)


def test_nothing_to_download_is_no_evidence(world: World) -> None:
    with world.fetcher() as fetcher:
        assert (
            download([package(NPM)], {}, fetcher=fetcher, settings=world.settings())
            == {}
        )
