"""What npm would install: honest packages, odd ones, and hostile ones."""

import json
from typing import Any

import pytest

from mcpchain.artifact import Algorithm
from mcpchain.closure import packument
from mcpchain.closure.group import Group, Sources
from mcpchain.closure.library import Door, Library
from mcpchain.closure.npm import NpmCloser
from mcpchain.closure.shelf import Shelf
from mcpchain.closure.wish import Wish
from mcpchain.component import Basis, Component, Kind, Origin, PackageFacts, Pin
from mcpchain.fetch import FetchError
from mcpchain.inventory import State
from mcpchain.npm_range import parse_version
from tests.closure.servers import closed, one, package, told, tree
from tests.world.world import World

FILES = package("pkg:npm/files@1.0.0")


def test_all_that_hangs_on_a_server_is_listed_with_edges_and_digests(
    world: World,
) -> None:
    world.npm.publish("files", "1.0.0", dependencies={"left": "^1.0.0", "@a/b": "2"})
    world.npm.publish("left", "1.0.0").publish("1.2.0", dependencies={"right": "*"})
    world.npm.publish("left", "2.0.0")
    world.npm.publish("right", "3.0.0")
    world.npm.publish("@a/b", "2.5.0")
    found = closed(world, FILES)
    assert found.gaps == ()
    assert tree(found) == [
        "files@1.0.0 > @a/b@2.5.0",
        "files@1.0.0 > left@1.2.0",
        "left@1.2.0 > right@3.0.0",
    ]
    left = one(found, "left")
    (artifact,) = left.artifacts
    assert {d.algorithm for d in artifact.digests} == {Algorithm.SHA1, Algorithm.SHA512}
    assert artifact.url == f"{world.npm.address}/left/-/left-1.2.0.tgz"
    assert left == Component(
        kind=Kind.LIBRARY,
        name="left",
        version="1.2.0",
        purl=left.purl,
        pin=Pin.RANGE,
        requested="^1.0.0",
        basis=Basis.RESOLVED,
        artifacts=(artifact,),
        graph=True,
        facts=PackageFacts(),
        locations=FILES.locations,
    )
    assert str(left.purl) == "pkg:npm/left@1.2.0"


def test_the_package_that_is_pinned_gets_digests_and_one_that_floats_no_version(
    world: World,
) -> None:
    world.npm.publish("files", "1.0.0", dependencies={"left": "1.0.0"})
    world.npm.publish("left", "1.0.0")
    exact, left = (c for c in closed(world, FILES).components if c.purl)
    assert exact.artifacts
    assert exact.graph
    assert (left.pin, left.requested) == (Pin.EXACT, "")
    floating, _ = (
        c for c in closed(world, package("pkg:npm/files")).components if c.purl
    )
    assert (floating.version, floating.artifacts, floating.graph) == (None, (), True)


def test_nothing_but_packuments_is_asked_for_and_each_once(world: World) -> None:
    world.npm.publish("files", "1.0.0", dependencies={"left": "*", "right": "*"})
    world.npm.publish("left", "1.0.0", dependencies={"right": "^1.0.0"})
    world.npm.publish("right", "1.0.0")
    closed(world, FILES, (FILES, package("pkg:npm/left")))
    assert sorted(world.server.paths()) == ["/npm/files", "/npm/left", "/npm/right"]
    assert "npm.install-v1" in world.server.asked[0].headers["Accept"]


@pytest.mark.parametrize(
    ("spec", "version"),
    [
        ("^1.0.0", "1.2.0"),
        ("~1.1.0", "1.1.5"),
        ("1.1.0", "1.1.0"),
        ("=v1.1.0", "1.1.0"),
        ("1.x", "1.2.0"),
        ("<1.2.0", "1.1.5"),
        ("1.0.0 - 1.1", "1.1.5"),
        ("^9.0.0 || ~1.1.0", "1.1.5"),
        ("", "1.2.0"),
        ("*", "1.2.0"),
        ("latest", "1.2.0"),
        ("next", "2.0.0-rc.1"),
        (">=1", "1.2.0"),
        (">1.2.0", "1.9.0"),
        ("1.1.x || 1.9.x", "1.1.5"),
        ("^2.0.0-rc.0", "2.0.0-rc.1"),
        ("npm:left@~1.1.0", "1.1.5"),
    ],
)
def test_a_range_gets_the_version_that_npm_picks(
    spec: str, version: str, world: World
) -> None:
    left = world.npm.publish("left", "1.0.0").publish("1.1.0").publish("1.1.5")
    left.publish("1.9.0", deprecated="no").publish("2.0.0-rc.1").publish("1.2.0")
    left.document["dist-tags"]["next"] = "2.0.0-rc.1"
    world.npm.publish("files", "1.0.0", dependencies={"left": spec})
    found = closed(world, FILES)
    assert tree(found) == [f"files@1.0.0 > left@{version}"]
    assert found.gaps == ()


def test_what_is_at_the_top_serves_all_that_it_fits(world: World) -> None:
    world.npm.publish(
        "files", "1.0.0", dependencies={"left": "~1.0.0", "right": "*", "up": "*"}
    )
    world.npm.publish("left", "1.0.0").publish("1.5.0").publish("2.0.0")
    world.npm.publish("right", "1.0.0", dependencies={"left": "^1.0.0"})
    world.npm.publish("up", "1.0.0", dependencies={"left": "^2.0.0"})
    assert tree(closed(world, FILES)) == [
        "files@1.0.0 > left@1.0.0",
        "files@1.0.0 > right@1.0.0",
        "files@1.0.0 > up@1.0.0",
        "right@1.0.0 > left@1.0.0",
        "up@1.0.0 > left@2.0.0",
    ]


def test_optional_and_peer_packages_and_their_platforms_are_told(world: World) -> None:
    world.npm.publish(
        "files",
        "1.0.0",
        dependencies={"native": "*", "left": "*"},
        optionalDependencies={"native": "*"},
    )
    world.npm.publish(
        "left",
        "1.0.0",
        peerDependencies={"peer": "*", "unwanted": "*"},
        peerDependenciesMeta={"unwanted": {"optional": True}},
    )
    world.npm.publish("native", "1.0.0", os=["darwin"], cpu=["!arm"])
    world.npm.publish("peer", "1.0.0")
    found = closed(world, FILES)
    assert one(found, "native").facts == PackageFacts(
        optional=True, marker="os=darwin cpu=!arm"
    )
    assert one(found, "peer").facts == PackageFacts(peer=True)
    assert one(found, "left").facts == PackageFacts()
    assert "unwanted" not in {each.name for each in found.components}


def test_a_peer_lies_beside_whoever_expects_it_and_may_lower_what_is_there(
    world: World,
) -> None:
    world.npm.publish("files", "1.0.0", dependencies={"api": "^1.9.0", "sdk": "*"})
    world.npm.publish("api", "1.9.1").publish("1.10.0", dependencies={"left": "*"})
    world.npm.publish("left", "1.0.0")
    world.npm.publish("sdk", "1.0.0", peerDependencies={"api": "<1.10.0"})
    assert tree(closed(world, FILES)) == [
        "files@1.0.0 > api@1.9.1",
        "files@1.0.0 > sdk@1.0.0",
        "sdk@1.0.0 > api@1.9.1",
    ]


@pytest.mark.parametrize(("steps", "enough"), [(3, True), (2, False)])
def test_askers_are_asked_to_a_limit_which_is_told(
    world: World, steps: int, *, enough: bool
) -> None:
    """Three ask for `api` when its version is found to be too high for `sdk`."""
    needs = {"a": "*", "api": "^1.9.0", "b": "*", "c": "*"}
    world.npm.publish("files", "1.0.0", dependencies=needs)
    world.npm.publish("api", "1.9.1").publish("1.10.0")
    world.npm.publish("a", "1.0.0", dependencies={"api": "*"})
    world.npm.publish("b", "1.0.0", dependencies={"api": "*"})
    world.npm.publish("c", "1.0.0", dependencies={"sdk": "*"})
    world.npm.publish("sdk", "1.0.0", peerDependencies={"api": "<1.10.0"})
    group = Group(
        roots=(FILES,), sources=Sources.of((FILES,), world.settings(), frozenset())
    )
    with world.fetcher() as fetcher:
        door = Door(fetcher, world.settings())
        graph = NpmCloser(door, steps=steps).close(group)
    versions = {e.version for e in graph.members.values() if e.name == "api"}
    assert versions == ({"1.9.1"} if enough else {"1.9.1", "1.10.0"})
    assert [each.state for each in graph.troubles] == [State.LIMIT] * (not enough)


def test_a_peer_lowers_nothing_that_somebody_else_needs(world: World) -> None:
    world.npm.publish("files", "1.0.0", dependencies={"api": "1.10.0", "sdk": "*"})
    world.npm.publish("api", "1.9.1").publish("1.10.0")
    world.npm.publish("sdk", "1.0.0", peerDependencies={"api": "<1.10.0"})
    assert tree(closed(world, FILES)) == [
        "files@1.0.0 > api@1.10.0",
        "files@1.0.0 > sdk@1.0.0",
        "sdk@1.0.0 > api@1.9.1",
    ]


def test_a_peer_may_lower_what_lies_there_under_two_names(world: World) -> None:
    needs = {"api": "^1.9.0", "alias": "npm:api@^1.9.0", "sdk": "*", "tool": "*"}
    world.npm.publish("files", "1.0.0", dependencies=needs)
    world.npm.publish("api", "1.9.1").publish("1.10.0")
    world.npm.publish("sdk", "1.0.0", peerDependencies={"api": "<1.10.0"})
    world.npm.publish(
        "tool", "1.0.0", peerDependencies={"alias": "npm:api@<1.10.0", "no": "file:x"}
    )
    found = closed(world, FILES)
    assert one(found, "api").version == "1.9.1"
    assert "tool@1.0.0 > api@1.9.1" in tree(found)


def test_a_tag_is_held_against_what_is_there(world: World) -> None:
    needs = {"left": "1.0.0", "right": "*", "up": "*"}
    world.npm.publish("files", "1.0.0", dependencies=needs)
    world.npm.publish("right", "1.0.0", dependencies={"left": "latest"})
    world.npm.publish("up", "1.0.0", dependencies={"left": "old"})
    left = world.npm.publish("left", "1.0.0").publish("2.0.0")
    left.document["dist-tags"]["old"] = "1.0.0"
    assert tree(closed(world, FILES))[-2:] == [
        "right@1.0.0 > left@2.0.0",
        "up@1.0.0 > left@1.0.0",
    ]


def test_a_peer_never_replaces_the_package_of_the_server_itself(world: World) -> None:
    world.npm.publish("files", "1.0.0")
    world.npm.publish("files", "1.1.0", dependencies={"sdk": "*", "up": "*"})
    world.npm.publish("sdk", "1.0.0", peerDependencies={"files": "1.0.0"})
    world.npm.publish("up", "1.0.0", dependencies={"files": "^1.1.0"})
    assert tree(closed(world, package("pkg:npm/files"))) == [
        "files > sdk@1.0.0",
        "files > up@1.0.0",
        "sdk@1.0.0 > files@1.0.0",
        "up@1.0.0 > files",
    ]


def test_a_peer_that_its_asker_installs_anyway_is_left_to_that_one(
    world: World,
) -> None:
    world.npm.publish("files", "1.0.0", dependencies={"sdk": "*", "up": "~1.0.0"})
    world.npm.publish("sdk", "1.0.0", peerDependencies={"up": ">=1"})
    world.npm.publish("up", "1.0.0").publish("1.1.0")
    assert tree(closed(world, FILES)) == [
        "files@1.0.0 > sdk@1.0.0",
        "files@1.0.0 > up@1.0.0",
        "sdk@1.0.0 > up@1.0.0",
    ]


def test_a_version_below_another_package_serves_nobody_else(world: World) -> None:
    needs = {"left": "~1.0.0", "right": "*", "up": "*"}
    world.npm.publish("files", "1.0.0", dependencies=needs)
    world.npm.publish("left", "1.0.0").publish("2.0.0")
    world.npm.publish("right", "1.0.0", dependencies={"left": "^2.0.0"})
    world.npm.publish("up", "1.0.0", dependencies={"left": ">=1.0.0"})
    assert tree(closed(world, FILES))[-2:] == [
        "right@1.0.0 > left@2.0.0",
        "up@1.0.0 > left@1.0.0",
    ]


def test_a_package_is_looked_for_upwards_before_one_is_put_anywhere(
    world: World,
) -> None:
    needs = {"left": "~1.0.0", "right": "*"}
    world.npm.publish("files", "1.0.0", dependencies=needs)
    world.npm.publish("left", "1.0.0").publish("2.0.0").publish("2.1.0")
    needs = {"left": "2.0.0", "up": "~1.0.0"}
    world.npm.publish("right", "1.0.0", dependencies=needs)
    world.npm.publish("up", "1.0.0", dependencies={"left": "^2.0.0"})
    found = tree(closed(world, FILES))
    assert "up@1.0.0 > left@2.1.0" in found
    needs = {"left": "~1.0.0", "right": "*", "up": "2"}
    world.npm["files"].version("1.0.0")["dependencies"] = needs
    world.npm["up"].publish("2.0.0")
    assert "up@1.0.0 > left@2.0.0" in tree(closed(world, FILES))


@pytest.mark.parametrize(
    ("node", "version"),
    [
        (None, "2.1.0"),
        ("v22.3.0", "2.1.0"),
        ("v20.1.0", "2.0.0"),
        ("v18.0.0", "1.9.0"),
        ("v1.0.0", "1.9.0"),
    ],
)
def test_what_is_not_for_this_node_is_passed_over_as_npm_does(
    node: str | None, version: str, world: World
) -> None:
    left = world.npm.publish("left", "1.8.0", engines={"node": ">=16"}, deprecated="x")
    left.publish("1.9.0").publish("2.0.0", engines={"node": ">=20"})
    left.publish("2.1.0", engines={"node": "^22 || >= 24"})
    with world.fetcher() as fetcher:
        door = Door(fetcher, world.settings())
        pages = Library(door, packument.request, packument.read)
        page = pages["left", world.npm.address]
    assert isinstance(page, packument.Packument)
    assert page.pick("*", parse_version(node) if node else None) == version


@pytest.mark.parametrize("engines", [5, [], {"node": 5}, {"node": "|" * 9_000}])
def test_engines_that_cannot_be_read_lose_no_version(
    engines: object, world: World
) -> None:
    world.npm.publish("left", "1.0.0", engines=engines)
    with world.fetcher() as fetcher:
        door = Door(fetcher, world.settings())
        page = Library(door, packument.request, packument.read)[
            "left", world.npm.address
        ]
    assert isinstance(page, packument.Packument)
    assert page.pick("^1.0.0", parse_version("v22.0.0")) == "1.0.0"


def test_the_newest_that_is_deprecated_is_passed_over(world: World) -> None:
    left = world.npm.publish("left", "1.0.0").publish("1.1.0", deprecated="broken")
    world.npm.publish("files", "1.0.0", dependencies={"left": "*"})
    assert tree(closed(world, FILES)) == ["files@1.0.0 > left@1.0.0"]
    left.version("1.1.0")["deprecated"] = ""
    assert tree(closed(world, FILES)) == ["files@1.0.0 > left@1.1.0"]


def test_a_key_that_is_there_twice_is_never_believed(world: World) -> None:
    files = world.npm.publish("files", "1.0.0", dependencies={"left": "*"})
    text = json.dumps(files.document)
    twice = text.replace('"dependencies":', '"dependencies": {}, "dependencies":')
    files.answer(200, twice.encode())
    (gap,) = told(closed(world, FILES))
    assert "/dependencies: this key appears twice in one object" in gap


def test_versions_without_end_are_compared_to_a_limit(world: World) -> None:
    left = world.npm.publish("left", "1.0.0")
    for number in range(60):
        left.publish(f"2.0.{number}")
    root = package("pkg:npm/left")
    sources = Sources.of((root,), world.settings(), frozenset())
    group = Group(roots=(root,), sources=sources)
    with world.fetcher() as fetcher:
        door = Door(fetcher, world.settings())
        pages = Library(door, packument.request, packument.read)
        shelf = Shelf(group, pages, limit=100)
        ranges = [f"^{number}" for number in range(4)]
        picked = [shelf.pick(Wish(need=_need(e), name="left", spec=e)) for e in ranges]
    assert picked == [None, "1.0.0", None, None]
    assert shelf.tired


def _need(spec: str) -> packument.Need:
    return packument.Need(folder="left", spec=spec)


def test_pages_without_end_are_asked_for_to_a_limit(world: World) -> None:
    for name in ("left", "right"):
        world.npm.publish(name, "1.0.0")
    with world.fetcher() as fetcher:
        door = Door(fetcher, world.settings())
        pages = Library(door, packument.request, packument.read, limit=1)
        pages.load([("left", world.npm.address), ("right", world.npm.address)])
        first, second = (pages[e, world.npm.address] for e in ("left", "right"))
    assert isinstance(first, packument.Packument)
    assert isinstance(second, FetchError)
    assert second.state is State.LIMIT
    assert world.server.paths() == ["/npm/left"]


def test_an_alias_is_the_package_that_it_stands_for(world: World) -> None:
    world.npm.publish("files", "1.0.0", dependencies={"left": "npm:@acme/left@^1"})
    world.npm.publish("@acme/left", "1.0.0")
    left = one(closed(world, FILES), "@acme/left")
    assert left.facts == PackageFacts(alias="left")
    assert left.version == "1.0.0"


@pytest.mark.parametrize(
    ("spec", "purl", "origin"),
    [
        ("github:acme/left#v1", "pkg:github/acme/left@v1", Origin.VCS),
        ("git+ssh://git@h.example/l.git", "pkg:generic/l", Origin.VCS),
        ("https://h.example/left-1.tgz?t=secret", "pkg:generic/left-1.tgz", Origin.URL),
    ],
)
def test_what_comes_from_no_registry_is_listed_and_not_followed(
    spec: str, purl: str, origin: Origin, world: World
) -> None:
    world.npm.publish("files", "1.0.0", dependencies={"left": spec, "right": "*"})
    world.npm.publish("right", "1.0.0")
    found = closed(world, FILES)
    (left,) = [
        each
        for each in found.components
        if isinstance(each.facts, PackageFacts) and each.facts.origin is origin
    ]
    assert str(left.purl).startswith(purl)
    assert "secret" not in repr(found)
    assert [gap.ref for gap in found.gaps] == [left.ref]
    assert not left.graph
    assert one(found, "right").graph


def test_what_lies_in_the_archive_of_another_is_listed_as_that(world: World) -> None:
    world.npm.publish(
        "files", "1.0.0", dependencies={"left": "^1"}, bundleDependencies=["left"]
    )
    found = closed(world, FILES)
    assert one(found, "left").facts == PackageFacts(origin=Origin.BUNDLED)
    assert told(found) == [
        (
            "partial: `files@1.0.0` brings in its own archive `left`; which version "
            "that is, and what it pulls in, is not known"
        )
    ]


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ({"dependencies": {"left": "file:../left"}}, "takes from no registry `left`"),
        ({"dependencies": {"left": "workspace:*"}}, "`left`: what it is asked for"),
        ({"dependencies": {"left": "catalog:x"}}, "`left`: what it is asked for"),
        ({"dependencies": {"left": 1}}, "/dependencies/left: expected a string"),
        ({"dependencies": ["left"]}, "/dependencies: expected an object"),
        ({"dependencies": {"../../evil": "1"}}, "is not the name of a package"),
        ({"dependencies": {"": "1"}}, "is not the name of a package"),
        ({"dependencies": {"@x": "1"}}, "is not the name of a package"),
        ({"dependencies": {"a b": "1"}}, "is not the name of a package"),
        ({"dependencies": {"a\u202eb": "1"}}, "answered 404"),
        ({"dependencies": {"x?y=1": "1"}}, "is not the name of a package"),
        ({"dependencies": {"left": "npm:"}}, "is not the name of a package"),
        ({"dependencies": {"left": "npm:@/x@1"}}, "is not the name of a package"),
        ({"dependencies": {"left": "^1 || " * 10_000}}, "`left`: `^1 || ^1"),
        ({"dependencies": {"left": "|" * 4_000}}, "a range too long to be read"),
        ({"dependencies": {"left": "1" * 100_000}}, "a range too long to be read"),
        ({"dependencies": {"left": "^9"}}, "no version of `left` fits `^9` (asked"),
        ({"dependencies": {"left": "nowhere"}}, "no version of `left` fits `nowhere`"),
        ({"dependencies": {"gone": "*"}}, "answered 404 (not found)"),
        ({"bundleDependencies": 7}, "/bundleDependencies: expected a list"),
        ({"peerDependenciesMeta": 7}, "/peerDependenciesMeta: expected an object"),
        (
            {"dependencies": {f"z{n}": "file:x" for n in range(2_001)}},
            "more than 2,000 dependencies",
        ),
        ({"name": "evil"}, "`evil` where `files` should be"),
        ({"version": "6.6.6"}, "`6.6.6` where `1.0.0` should be"),
        ({"dist": None}, "/dist: expected an object"),
        ({"dist": {"tarball": "file:///etc/passwd"}}, "is not an HTTP address"),
    ],
    ids=lambda each: str(each)[:60] if isinstance(each, dict) else "",
)
def test_what_cannot_be_read_is_a_gap_and_loses_nothing_else(
    manifest: dict[str, Any], words: str, world: World
) -> None:
    needs = manifest.get("dependencies", {})
    rest = {"optionalDependencies": {"right": "*"}}
    files = world.npm.publish("files", "1.0.0")
    files.version("1.0.0").update(manifest | rest)
    world.npm.publish("left", "1.0.0")
    world.npm.publish("right", "1.0.0")
    found = closed(world, FILES)
    assert any(words in each for each in told(found)), told(found)
    assert "files@1.0.0 > right@1.0.0" in tree(found)
    assert all(gap.ref in {c.ref for c in found.components} for gap in found.gaps)
    if isinstance(needs, dict) and "gone" in needs:
        assert one(found, "gone").version is None


@pytest.mark.parametrize(
    ("attack", "state"),
    [
        (lambda p: p.answer(404), "missing"),
        (lambda p: p.answer(500), "unreachable"),
        (lambda p: p.answer_html(), "unreadable"),
        (lambda p: p.answer_json([]), "unreadable"),
        (lambda p: p.other_package(), "unreadable"),
        (lambda p: p.document.update(versions=[]), "unreadable"),
        (lambda p: p.document["versions"].update({"1.0.0": 5}), "partial"),
        (lambda p: p.document["versions"].clear(), "missing"),
        (lambda p: p.document.update({"dist-tags": 5}), "unreadable"),
        (lambda p: p.gzip_bomb(65 << 20), "limit"),
    ],
)
def test_a_bad_page_is_a_gap_of_the_package_and_no_version(
    attack: Any,  # noqa: ANN401 - of an NpmPackage
    state: str,
    world: World,
) -> None:
    world.npm.publish("files", "1.0.0", dependencies={"left": "^1", "right": "*"})
    attack(world.npm.publish("left", "1.0.0"))
    world.npm.publish("right", "1.0.0")
    found = closed(world, FILES)
    (gap, *_) = found.gaps
    assert gap.state.value == state
    assert gap.ref == one(found, "left").ref
    assert "files@1.0.0 > right@1.0.0" in tree(found)


def test_the_tag_latest_may_point_nowhere(world: World) -> None:
    left = world.npm.publish("left", "1.0.0").publish("1.1.0")
    left.document["dist-tags"] = {"latest": "9.9.9", "odd": 5}
    world.npm.publish("files", "1.0.0", dependencies={"left": "*"})
    assert tree(closed(world, FILES)) == ["files@1.0.0 > left@1.1.0"]
    world.npm["files"].version("1.0.0")["dependencies"] = {"left": "latest"}
    assert told(closed(world, FILES)) == [
        "missing: no version of `left` fits `latest` (asked for by `files@1.0.0`)"
    ]


def test_a_range_of_a_command_that_may_have_been_cut_is_not_followed(
    world: World,
) -> None:
    world.npm.publish("files", "1.0.0")
    root = package("pkg:npm/files", requested="^1.0.0 || " * 14)
    assert "range too long to be read" in told(closed(world, root))[0]


def test_a_server_whose_package_is_not_there_has_a_gap(world: World) -> None:
    found = closed(world, FILES)
    assert len(found.gaps) == 1
    assert found.gaps[0].ref == "pkg:npm/files@1.0.0"
    world.npm.publish("files", "2.0.0")
    assert told(closed(world, FILES)) == ["missing: no version of `files` fits `1.0.0`"]


def test_circles_and_packages_that_need_themselves_end(world: World) -> None:
    world.npm.publish(
        "files", "1.0.0", dependencies={"left": "*", "files": "npm:files"}
    )
    world.npm.publish("left", "1.0.0", dependencies={"left": "1", "files": "1.0.0"})
    found = closed(world, FILES)
    assert found.gaps == ()
    assert tree(found) == ["files@1.0.0 > left@1.0.0", "left@1.0.0 > files@1.0.0"]


def test_a_chain_of_a_thousand_packages_ends(world: World) -> None:
    for number in range(1_000):
        needs = {f"p{number + 1}": "^1.0.0"}
        world.npm.publish(f"p{number}", "1.0.0", dependencies=needs)
    world.npm.publish("p1000", "1.0.0")
    found = closed(world, package("pkg:npm/p0@1.0.0"))
    assert found.gaps == ()
    assert len(found.components) == 1_002


def test_a_package_with_versions_without_end_is_cut_and_says_so(world: World) -> None:
    for number in range(6_000):
        world.npm.publish("p", f"1.0.{number}", dependencies={"p": f"1.0.{number + 1}"})
    found = closed(world, package("pkg:npm/p@1.0.0"))
    assert [gap.state.value for gap in found.gaps] == ["limit"]
    assert len(found.components) > 4_000
