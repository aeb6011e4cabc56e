"""Which packages are followed, whom is asked, and what the inventory holds then."""

from dataclasses import replace

import pytest

from mcpchain.closure import close
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    Origin,
    PackageFacts,
    Pin,
)
from mcpchain.inventory import Inventory, State
from mcpchain.pipeline.closure import pulls
from tests.closure.servers import closed, one, package, servers, told, tree
from tests.making import component
from tests.world.world import World

OTHER = "https://packages.example/npm"


def publish(world: World) -> None:
    world.npm.publish("files", "1.0.0", dependencies={"left": "^1"})
    world.npm.publish("left", "1.0.0")


def names(inventory: Inventory) -> set[str]:
    return {each.name for each in inventory.components if each.kind is Kind.LIBRARY}


def asked_at(registry: str, purl: str = "pkg:npm/files@1.0.0") -> Component:
    return package(purl, facts=PackageFacts(registry=registry))


@pytest.mark.parametrize(
    "facts",
    [
        PackageFacts(registry=OTHER),
        PackageFacts(extra_registries=(OTHER,)),
        PackageFacts(registry="http://[bad"),
    ],
)
def test_a_registry_that_nobody_trusts_is_not_asked(
    facts: PackageFacts, world: World
) -> None:
    publish(world)
    found = closed(world, package("pkg:npm/files@1.0.0", facts=facts))
    assert not world.server.asked
    (gap,) = found.gaps
    assert gap.state is State.UNMATCHED
    assert "is not a trusted registry and was not asked" in gap.reason
    assert gap.ref == "pkg:npm/files@1.0.0"


def test_a_trusted_registry_delivers_what_its_packages_pull_in(world: World) -> None:
    publish(world)
    world.npm["left"].answer(404)
    mirror = f"{world.server.address}/mirror"
    for path in ("files", "left"):
        document = world.npm[path].document
        world.server.place(f"/mirror/{path}").answer_json(document)
    found = closed(world, asked_at(f"{mirror}/"), trusted=frozenset({mirror}))
    assert found.gaps == ()
    assert world.server.paths() == ["/mirror/files", "/mirror/left"]
    assert one(found, "left").facts == PackageFacts(registry=mirror)


def test_the_registry_of_a_scope_is_not_asked_for_other_packages(world: World) -> None:
    needs = {"left": "*", "@acme/up": "*"}
    world.npm.publish("@acme/files", "1.0.0", dependencies=needs)
    world.npm.publish("@acme/up", "1.0.0")
    world.npm.publish("left", "1.0.0")
    scoped = f"{world.server.address}/scoped"
    for name in ("@acme/files", "@acme/up"):
        path = name.replace("/", "%2F")
        document = world.npm[name].document
        world.server.place(f"/scoped/{path}").answer_json(document)
    root = asked_at(scoped, "pkg:npm/%40acme/files@1.0.0")
    found = closed(world, root, trusted=frozenset({scoped}))
    assert found.gaps == ()
    assert sorted(world.server.paths()) == [
        "/npm/left",
        "/scoped/@acme%2Ffiles",
        "/scoped/@acme%2Fup",
    ]


def test_a_name_that_another_registry_has_too_is_not_asked_for_there(
    world: World,
) -> None:
    publish(world)
    world.server.place("/evil/left").answer_json(world.npm["left"].document)
    both = (
        (package("pkg:npm/files@1.0.0"),),
        (asked_at(f"{world.server.address}/evil"),),
    )
    found = closed(world, *both)
    assert not any("/evil" in path for path in world.server.paths())
    assert len(tree(found)) == 1


@pytest.mark.parametrize(
    ("root", "environ"),
    [
        (package("pkg:pypi/files@1.0"), {"PIP_NO_INDEX": "1"}),
        (package("pkg:npm/files@1.0.0"), {"npm_config_registry": "file:///srv"}),
    ],
)
def test_without_a_registry_nothing_is_known(
    root: Component, environ: dict[str, str], world: World
) -> None:
    with world.fetcher() as fetcher:
        found = close(
            servers(root),
            settings=world.settings(**environ),
            trusted=frozenset(),
            fetcher=fetcher,
        )
    assert [gap.state for gap in found.gaps] == [State.NO_SOURCE]


@pytest.mark.parametrize(
    ("root", "states"),
    [
        (
            package(
                "pkg:github/acme/files@main", facts=PackageFacts(origin=Origin.VCS)
            ),
            [State.PARTIAL],
        ),
        (
            package(
                "pkg:generic/x.tgz?download_url=https://h.example/x.tgz",
                facts=PackageFacts(origin=Origin.URL),
            ),
            [State.PARTIAL],
        ),
        (package("pkg:golang/h.example/acme/files@v1.0.0"), [State.UNSUPPORTED]),
        (package("pkg:maven/acme/files@1.0"), [State.UNSUPPORTED]),
        (package("pkg:generic/jsr/%40acme/files@1.0.0"), [State.UNSUPPORTED]),
        (package("pkg:cargo/files@1.0.0", graph=True), []),
        (package("pkg:nuget/Files@1.0.0"), []),
        (package("pkg:docker/acme/files@1"), []),
        (package("pkg:pypi/x@1", facts=PackageFacts(origin=Origin.PATH)), []),
    ],
    ids=[
        *("repository", "address", "go", "java", "jsr", "listed", "dotnet", "image"),
        "folder",
    ],
)
def test_what_is_not_followed_is_a_gap_and_nobody_is_asked(
    root: Component, states: list[State], world: World
) -> None:
    found = closed(world, root)
    assert [gap.state for gap in found.gaps] == states
    assert not world.server.asked


def test_only_what_a_server_starts_is_followed(world: World) -> None:
    publish(world)
    library = component("pkg:npm/files@1.0.0", ref="x")
    inventory = replace(servers(), components=(library,))
    with world.fetcher() as fetcher:
        found = close(
            inventory, settings=world.settings(), trusted=frozenset(), fetcher=fetcher
        )
    assert not world.server.asked
    assert len(found.components) == 1


def test_what_two_servers_pull_in_is_one_package_with_both_places(world: World) -> None:
    publish(world)
    world.npm.publish("other", "1.0.0", optionalDependencies={"left": "1.x"})
    second = Location(path=".mcp.json", pointer="/mcpServers/t")
    other = package("pkg:npm/other@1.0.0", locations=(second,))
    found = closed(world, package("pkg:npm/files@1.0.0"), other)
    left = one(found, "left")
    assert left.locations == (
        Location(path=".mcp.json", pointer="/mcpServers/s"),
        second,
    )
    assert left.requested == "1.x, ^1"
    assert left.facts == PackageFacts()
    assert world.server.paths().count("/npm/left") == 1


def test_packages_that_one_server_installs_share_what_they_pull_in(
    world: World,
) -> None:
    world.pypi.release("files", "1.0", "left")
    world.pypi.release("beside", "1.0", "left<2")
    world.pypi.release("left", "1.0").release("2.0")
    beside = package("pkg:pypi/beside@1.0", kind=Kind.LIBRARY)
    found = closed(world, (package("pkg:pypi/files@1.0"), beside))
    assert tree(found) == ["beside==1.0 > left==1.0", "files==1.0 > left==1.0"]


def test_what_a_lock_lists_stays_beside_what_a_registry_would_deliver(
    world: World,
) -> None:
    publish(world)
    inventory = servers(package("pkg:npm/files@1.0.0"))
    locked = component("pkg:npm/left@1.0.0", pin=Pin.EXACT, ref="locked")
    whole = replace(inventory, components=(*inventory.components, locked), carried="{}")
    with world.fetcher() as fetcher:
        found = close(
            whole, settings=world.settings(), trusted=frozenset(), fetcher=fetcher
        )
    left = [each for each in found.components if each.name == "left"]
    assert {each.basis for each in left} == {Basis.DECLARED, Basis.RESOLVED}
    assert found.carried == "{}"
    assert len({each.ref for each in found.components}) == len(found.components)


def test_the_result_does_not_depend_on_the_order_of_anything(world: World) -> None:
    publish(world)
    world.npm.publish("other", "1.0.0", dependencies={"left": "*", "files": "*"})
    roots = package("pkg:npm/files@1.0.0"), package("pkg:npm/other@1.0.0")
    forth, back = servers(*roots), servers(*roots)
    back = replace(
        back,
        components=tuple(reversed(back.components)),
        relations=tuple(reversed(back.relations)),
    )
    with world.fetcher() as fetcher:
        results = [
            close(e, settings=world.settings(), trusted=frozenset(), fetcher=fetcher)
            for e in (forth, back)
        ]
    assert results[0] == results[1]


def test_more_servers_than_are_followed_are_told(world: World) -> None:
    publish(world)
    roots = [package(f"pkg:npm/files@1.0.{number}") for number in range(510)]
    found = closed(world, *roots)
    states = [gap.state for gap in found.gaps]
    assert states.count(State.LIMIT) == 10
    assert len(world.server.asked) == 2


def test_offline_everything_is_a_gap(world: World) -> None:
    with world.fetcher(offline=True) as fetcher:
        found = close(
            servers(package("pkg:npm/files@1.0.0")),
            settings=world.settings(),
            trusted=frozenset(),
            fetcher=fetcher,
        )
    assert [gap.state for gap in found.gaps] == [State.OFFLINE]


def test_progress_never_runs_backwards(world: World) -> None:
    publish(world)
    seen: list[tuple[int, int]] = []
    with world.fetcher() as fetcher:
        close(
            servers(package("pkg:npm/files@1.0.0")),
            settings=world.settings(),
            trusted=frozenset(),
            fetcher=fetcher,
            progress=lambda done, total: seen.append((done, total)),
        )
    assert seen == [(1, 1), (2, 2)]


def test_who_pulls_in_what_moves_is_told_by_its_nearest(world: World) -> None:
    world.npm.publish("files", "1.0.0", dependencies={"left": "1.0.0"})
    world.npm.publish("left", "1.0.0", dependencies={"right": "^1"})
    world.npm.publish("right", "1.0.0", dependencies={"up": "*", "left": "1.0.0"})
    world.npm.publish("up", "1.0.0")
    found = closed(world, package("pkg:npm/files@1.0.0"))
    pulled_in, moving = pulls(found)
    assert pulled_in == {
        "pkg:npm/left@1.0.0",
        "pkg:npm/right@1.0.0",
        "pkg:npm/up@1.0.0",
    }
    assert {ref: each.name for ref, each in moving.items()} == {
        "pkg:npm/files@1.0.0": "right"
    }


def test_what_nobody_pulls_in_is_not_excused_by_its_own_word() -> None:
    alone = component("pkg:npm/left", basis=Basis.RESOLVED, pin=Pin.RANGE, ref="left")
    assert pulls(Inventory(name="bom", components=(alone,))) == (frozenset(), {})


def test_the_reasons_of_gaps_name_no_server_by_a_secret(world: World) -> None:
    root = asked_at("https://user:secret@packages.example/npm?token=secret")
    assert "secret" not in " ".join(told(closed(world, root)))
