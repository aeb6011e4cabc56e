"""Licences and suppliers that no lock tells, from the registries of the user."""

import io
import zipfile
from typing import Any

import pytest

from mcpchain.closure.described import described
from mcpchain.closure.library import Door
from mcpchain.component import Basis, Component, Origin, PackageFacts
from mcpchain.inventory import Collector, Inventory, State
from tests.making import component
from tests.world.world import World


def inventory(*components: Component) -> Inventory:
    found = Collector("x")
    for each in components:
        found.add(each)
    return found.inventory()


def asked(world: World, *components: Component) -> Inventory:
    with world.fetcher() as fetcher:
        door = Door(fetcher, world.settings())
        return described(inventory(*components), door, frozenset())


def one(world: World, purl: str, **facts: object) -> Component:
    given = PackageFacts(**facts)  # type: ignore[arg-type]  # its fields
    found = asked(world, component(purl, facts=given))
    assert not found.gaps
    (package,) = found.components
    return package


@pytest.mark.parametrize(
    ("manifest", "licenses", "concluded"),
    [
        ({"license": "MIT"}, ("MIT",), ("MIT",)),
        ({"license": {"type": "ISC"}}, ("ISC",), ("ISC",)),
        ({"licenses": [{"type": "MIT"}, {"type": "X"}]}, ("MIT", "X"), ()),
        ({"license": 7}, (), ()),
        ({"license": "x" * 1000}, (), ()),
        ({}, (), ()),
    ],
    ids=str,
)
def test_npm_tells_the_licence_of_the_very_version(
    manifest: dict[str, Any],
    licenses: tuple[str, ...],
    concluded: tuple[str, ...],
    world: World,
) -> None:
    world.npm.publish("files", "1.2.0", **manifest)
    world.npm.publish("files", "2.0.0", license="EVIL")
    package = one(world, "pkg:npm/files@1.2.0")
    assert (package.licenses, package.concluded) == (licenses, concluded)


@pytest.mark.parametrize(
    ("fields", "licenses", "concluded"),
    [
        ("License-Expression: MIT", ("MIT",), ("MIT",)),
        ("License: Apache 2.0", ("Apache 2.0",), ("Apache-2.0",)),
        ("Summary: nothing", (), ()),
    ],
)
def test_an_index_tells_it_in_the_metadata_of_a_wheel(
    fields: str, licenses: tuple[str, ...], concluded: tuple[str, ...], world: World
) -> None:
    head = "Metadata-Version: 2.4\nName: files\nVersion: 1.2.0\n"
    world.pypi.release("files", "1.2.0", metadata=f"{head}{fields}\n\n".encode())
    package = one(world, "pkg:pypi/files@1.2.0")
    assert (package.licenses, package.concluded) == (licenses, concluded)


@pytest.mark.parametrize(
    ("purl", "facts"),
    [
        ("pkg:npm/files@1.2.0", {"origin": Origin.PATH}),
        ("pkg:npm/files@1.2.0", {"registry": "https://packages.example/npm"}),
        ("pkg:npm/files", {}),
        ("pkg:cargo/files@1.2.0", {}),
    ],
    ids=str,
)
def test_nobody_is_asked_who_could_not_know(
    purl: str, facts: dict[str, object], world: World
) -> None:
    world.npm.publish("files", "1.2.0", license="MIT")
    assert one(world, purl, **facts).licenses == ()
    assert not world.server.asked


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"licenses": ("ISC",)}, (("ISC",), "Ann <ann@acme.example>")),
        ({"supplier": "Acme"}, (("MIT",), "Acme")),
        ({"licenses": ("ISC",), "supplier": "Acme"}, (("ISC",), "Acme")),
        ({"licenses": ("ISC",), "basis": Basis.OBSERVED}, (("ISC",), "")),
    ],
    ids=["licence", "supplier", "both", "metadata that were read"],
)
def test_what_a_source_tells_itself_stays(
    own: dict[str, Any], told: tuple[object, ...], world: World
) -> None:
    world.npm.publish("files", "1.2.0", license="MIT", author="Ann <ann@acme.example>")
    package = component("pkg:npm/files@1.2.0", facts=PackageFacts(), **own)
    (made,) = asked(world, package).components
    assert (made.licenses, made.supplier) == told
    assert bool(world.server.asked) == (len(own) == 1)


@pytest.mark.parametrize(
    ("manifest", "supplier"),
    [
        (
            {"author": "Acme Inc. (https://acme.example)"},
            "Acme Inc. <https://acme.example>",
        ),
        (
            {"author": {"name": "Ann", "email": "a@acme.example"}},
            "Ann <a@acme.example>",
        ),
        ({"author": {"name": ["Ann"], "email": 7}}, ""),
        ({"author": None, "maintainers": [{"name": "uploader"}]}, ""),
        ({"_npmUser": {"name": "uploader"}, "contributors": ["Bob"]}, "Bob"),
    ],
    ids=["text", "object", "malformed", "maintainers", "contributors"],
)
def test_npm_tells_who_makes_the_very_version(
    manifest: dict[str, Any], supplier: str, world: World
) -> None:
    world.npm.publish("files", "1.2.0", **manifest)
    world.npm.publish("files", "2.0.0", author="Evil")
    assert one(world, "pkg:npm/files@1.2.0").supplier == supplier


def test_an_index_tells_who_makes_it_in_the_metadata_of_a_wheel(world: World) -> None:
    head = "Metadata-Version: 2.4\nName: files\nVersion: 1.2.0\n"
    people = "Author-email: Ann Lee <ann@acme.example>\nMaintainer: Acme Inc.\n\n"
    world.pypi.release("files", "1.2.0", metadata=f"{head}{people}".encode())
    assert one(world, "pkg:pypi/files@1.2.0").supplier == "Acme Inc."


@pytest.mark.parametrize("status", [404, 405, 500])
def test_a_registry_without_an_address_for_one_version_is_asked_for_all(
    status: int, world: World
) -> None:
    world.npm.publish("@acme/files", "1.2.0", author="Ann", license="MIT")
    world.server.places["/npm/@acme%2Ffiles/1.2.0"].answer(status)
    package = component("pkg:npm/%40acme/files@1.2.0", facts=PackageFacts())
    (made,) = asked(world, package).components
    assert (made.supplier, made.licenses) == ("Ann", ("MIT",))


@pytest.mark.parametrize("key", ["name", "version"])
def test_another_version_than_was_asked_for_tells_nothing(
    key: str, world: World
) -> None:
    world.npm.publish("files", "1.2.0", author="Ann")
    other = {"name": "files", "version": "1.2.0", "author": "Evil"} | {key: "evil"}
    world.server.places["/npm/files/1.2.0"].answer_json(other)
    assert one(world, "pkg:npm/files@1.2.0").supplier == "Ann"


@pytest.mark.parametrize(("size", "licenses"), [(0, ("MIT",)), (9 << 20, ())])
def test_only_a_small_wheel_is_fetched_for_a_licence(
    size: int, licenses: tuple[str, ...], world: World
) -> None:
    name = "files-1.2.0-py3-none-any.whl"
    head = b"Metadata-Version: 2.4\nName: files\nVersion: 1.2.0\nLicense: MIT\n\n"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("files-1.2.0.dist-info/METADATA", head)
    data = stream.getvalue()
    world.pypi.upload("files", name, data)
    world.pypi["files"].file(name)["size"] = size or len(data)
    assert one(world, "pkg:pypi/files@1.2.0").licenses == licenses
    assert len(world.server.asked) == (1 if size else 2)


def test_metadata_of_another_package_tell_nothing_and_are_a_gap(world: World) -> None:
    world.pypi.release("files", "1.2.0", metadata=b"Name: evil\nVersion: 1.2.0\n\n")
    package = component("pkg:pypi/files@1.2.0", facts=PackageFacts())
    found = asked(world, package)
    (gap,) = found.gaps
    assert gap.state is State.UNREADABLE
    told = "licence or supplier of `files==1.2.0` are not known: "
    assert gap.reason.startswith(told)
    assert found.components[0].licenses == ()


def test_many_that_fail_in_one_way_are_one_gap(world: World) -> None:
    packages = [
        component(f"pkg:npm/p{n}@1.0.0", facts=PackageFacts()) for n in range(5)
    ]
    found = asked(world, *packages)
    (gap,) = found.gaps
    assert gap.state is State.MISSING
    assert "`p0@1.0.0`, `p1@1.0.0`, `p2@1.0.0` and 2 more" in gap.reason
