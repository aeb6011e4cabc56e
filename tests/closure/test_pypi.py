"""What pip would choose: honest projects, odd ones, and hostile ones."""

import hashlib
import io
import zipfile
from dataclasses import replace
from typing import Any

import pytest

from mcpchain.artifact import Algorithm
from mcpchain.closure.graph import Graph
from mcpchain.closure.group import Group, Sources
from mcpchain.closure.library import Door
from mcpchain.closure.project import Interpreter
from mcpchain.closure.provider import Limits
from mcpchain.closure.pypi import PypiCloser
from mcpchain.component import Basis, Component, Kind, Origin, PackageFacts, Pin
from mcpchain.inventory import State
from tests.closure.servers import closed, one, package, told, tree
from tests.world.pypi import core_metadata
from tests.world.world import World

FILES = package("pkg:pypi/files@1.0")
WHEEL = "left-1.0-py3-none-any.whl"


def wheel(
    *needs: str,
    name: str = "left",
    folder: str = "left-1.0.dist-info",
    method: int = zipfile.ZIP_DEFLATED,
    more: int = 0,
) -> bytes:
    stream = io.BytesIO()
    data = core_metadata(name, "1.0", *needs) + b" " * more
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr(f"{folder}/METADATA", data)
    return stream.getvalue()


def test_all_that_hangs_on_a_server_is_listed_with_edges_and_digests(
    world: World,
) -> None:
    world.pypi.release("files", "1.0", "Left_Pad>=1,<2", "up")
    world.pypi.release("left-pad", "1.0").release("1.5", "right").release("2.0")
    world.pypi.upload("left-pad", "left_pad-1.5.tar.gz")
    world.pypi.release("right", "3")
    world.pypi.release("up", "1")
    found = closed(world, FILES)
    assert found.gaps == ()
    assert tree(found) == [
        "files==1.0 > left-pad==1.5",
        "files==1.0 > up==1",
        "left-pad==1.5 > right==3",
    ]
    left = one(found, "left-pad")
    assert [each.name for each in left.artifacts] == [
        "left_pad-1.5-py3-none-any.whl",
        "left_pad-1.5.tar.gz",
    ]
    assert all(each.digest(Algorithm.SHA256) and each.size for each in left.artifacts)
    assert left == Component(
        kind=Kind.LIBRARY,
        name="left-pad",
        version="1.5",
        purl=left.purl,
        pin=Pin.RANGE,
        requested="<2,>=1",
        basis=Basis.RESOLVED,
        artifacts=left.artifacts,
        graph=True,
        facts=PackageFacts(),
        locations=FILES.locations,
    )


def test_only_pages_and_metadata_are_asked_for_and_each_once(world: World) -> None:
    world.pypi.release("files", "1.0", "left", "right")
    world.pypi.release("left", "1.0", "right")
    world.pypi.release("right", "1.0")
    closed(world, FILES, (FILES, package("pkg:pypi/right")))
    pages = [f"/pypi/simple/{each}/" for each in ("files", "left", "right")]
    wheels = [f"/files/{e}-1.0-py3-none-any.whl" for e in ("files", "left", "right")]
    assert sorted(world.server.paths()) == [*(f"{e}.metadata" for e in wheels), *pages]


@pytest.mark.parametrize(
    ("need", "version"),
    [
        ("left", "2.0"),
        ("left<2", "1.5"),
        ("left~=1.0", "1.5"),
        ("left==1.0", "1.0"),
        ("left==1.*", "1.5"),
        ("left===1.0", "1.0"),
        ("left==1.7", "1.7"),
        ("left>=3.0rc1", "3.0rc1"),
        ("left>2", "3.0rc1"),
        ("left!=2.0", "1.5"),
        ("left ; python_version < '3'", ""),
        ("left==1.0 ; python_version >= '3'", "1.0"),
        ("left ; extra == 'cli'", ""),
    ],
)
def test_a_requirement_gets_the_version_that_pip_chooses(
    need: str, version: str, world: World
) -> None:
    world.pypi.release("files", "1.0", need)
    left = world.pypi.release("left", "1.0").release("1.5").release("1.7")
    left.file("left-1.7-py3-none-any.whl")["yanked"] = "broken"
    left.release("2.0").release("2.2").release("3.0rc1")
    left.file("left-2.2-py3-none-any.whl")["requires-python"] = ">=99"
    world.pypi.upload("left", "left-2.1-cp27-cp27m-win32.whl")
    found = closed(world, FILES)
    assert found.gaps == ()
    assert tree(found) == ([f"files==1.0 > left=={version}"] if version else [])


def test_versions_are_chosen_anew_where_the_newest_do_not_agree(world: World) -> None:
    world.pypi.release("files", "1.0", "left", "right")
    world.pypi.release("left", "1.0", "up<2").release("2.0", "up<2")
    world.pypi.release("right", "1.0", "up<2").release("2.0", "up>=2")
    world.pypi.release("up", "1.0").release("2.0")
    assert tree(closed(world, FILES)) == [
        "files==1.0 > left==2.0",
        "files==1.0 > right==1.0",
        "left==2.0 > up==1.0",
        "right==1.0 > up==1.0",
    ]


def test_a_conflict_is_a_gap_that_names_both_sides(world: World) -> None:
    world.pypi.release("files", "1.0", "left", "right")
    world.pypi.release("left", "1.0", "up<2")
    world.pypi.release("right", "1.0", "up>=2")
    world.pypi.release("up", "1.0").release("2.0")
    found = closed(world, FILES)
    assert told(found) == [
        (
            "unmatched: `files==1.0`: no set of versions suits all: `up<2` for "
            "`left==1.0`, `up>=2` for `right==1.0`"
        )
    ]
    assert found.gaps[0].ref == "pkg:pypi/files@1.0"


def test_extras_bring_what_they_name_and_unknown_ones_nothing(world: World) -> None:
    world.pypi.release("files", "1.0", "left[More_Fun,nonsense]")
    world.pypi.release(
        "left", "1.0", "right ; extra == 'more-fun'", "up ; extra == 'other'"
    )
    world.pypi.release("right", "1.0", "left[all]")
    found = closed(world, FILES)
    assert found.gaps == ()
    assert tree(found) == [
        "files==1.0 > left==1.0",
        "left==1.0 > right==1.0",
        "right==1.0 > left==1.0",
    ]
    facts = one(found, "right").facts
    assert isinstance(facts, PackageFacts)
    assert facts.marker == 'extra == "more-fun"'


def test_circles_and_projects_that_need_themselves_end(world: World) -> None:
    world.pypi.release("files", "1.0", "left", "files[all]")
    world.pypi.release("left", "1.0", "files", "left")
    found = closed(world, FILES)
    assert tree(found) == ["files==1.0 > left==1.0", "left==1.0 > files==1.0"]


def test_without_metadata_beside_it_a_small_wheel_is_read_in_memory(
    world: World,
) -> None:
    world.pypi.release("files", "1.0", "left")
    world.pypi.upload("left", WHEEL, wheel("right"))
    world.pypi.release("right", "1.0")
    found = closed(world, FILES)
    assert found.gaps == ()
    assert "left==1.0 > right==1.0" in tree(found)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"not a zip", "is not the wheel that its name promises"),
        (wheel("right")[:-10], "is not the wheel that its name promises"),
        (wheel("right", name="evil"), "is the metadata of another package, `evil"),
        (wheel(folder="a/left-1.0.dist-info"), "holds 0 files of metadata"),
        (wheel(method=zipfile.ZIP_LZMA), "is packed in an unusual way"),
        (wheel(more=17 << 20), "has metadata of more than 16,777,216 bytes"),
        (wheel(folder="..\\left-1.0.dist-info"), "holds 0 files of metadata"),
    ],
    ids=lambda each: "" if isinstance(each, bytes) else each[:30],
)
def test_a_wheel_that_is_none_is_a_gap(data: bytes, words: str, world: World) -> None:
    world.pypi.release("files", "1.0", "left")
    world.pypi.upload("left", WHEEL, data)
    found = closed(world, FILES)
    (gap,) = told(found)
    assert words in gap
    assert not one(found, "left").graph


@pytest.mark.parametrize(
    "change",
    [
        {"hashes": {}},
        {"hashes": {"md5": "a" * 32}},
        {"size": (32 << 20) + 1},
        {"size": None},
        {"url": "file:///etc/passwd"},
    ],
    ids=str,
)
def test_a_wheel_that_may_be_another_or_too_large_is_not_read(
    change: dict[str, object], world: World
) -> None:
    world.pypi.release("files", "1.0", "left")
    world.pypi.upload("left", WHEEL, wheel("right")).file(WHEEL).update(change)
    found = closed(world, FILES)
    assert f"/files/{WHEEL}" not in world.server.paths()
    assert any("what `left==1.0` depends on is not known" in e for e in told(found))
    assert not one(found, "left").graph


def test_other_bytes_than_the_index_names_are_not_read(world: World) -> None:
    world.pypi.release("files", "1.0", "left")
    left = world.pypi.upload("left", WHEEL, wheel())
    left.swap_file(WHEEL, wheel("evil"))
    found = closed(world, FILES)
    assert "which the index says that it is" in told(found)[0]
    assert "evil" not in {each.name for each in found.components}


def test_what_has_no_wheel_is_listed_and_its_needs_are_a_gap(world: World) -> None:
    world.pypi.release("files", "1.0", "left", "right")
    world.pypi.upload("left", "left-1.0.tar.gz")
    world.pypi.release("right", "1.0")
    found = closed(world, FILES)
    (gap,) = found.gaps
    assert gap.ref == "pkg:pypi/left@1.0"
    assert "cannot be known without building it" in gap.reason
    assert one(found, "left").artifacts
    assert not one(found, "left").graph
    assert one(found, "right").graph


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (b"", "is the metadata of another package"),
        (
            core_metadata("evil", "1.0"),
            "is the metadata of another package, `evil 1.0`",
        ),
        (core_metadata("left", "1.1"), "is the metadata of another package"),
        (core_metadata("left", "x"), "is the metadata of another package"),
        (core_metadata("left", "1.0", "???"), "is not a requirement (PEP 508)"),
        (core_metadata("left", "1.0", "a ; nonsense"), "is not a requirement"),
        (core_metadata("left", "1.0", "a ; b == 'c'"), "is not a requirement"),
        (core_metadata("left", "1.0", "a" + "(" * 9_000), "too long to be read"),
        (core_metadata("left", "1.0", "a ; " + "'x'=='x' or " * 60), "too long"),
        (core_metadata("left", "1.0", "a ; sys_platform~='x'"), "`a` has a marker"),
        (b"Name: left\nVersion: 1.0\nX: " + b"x" * (1 << 20), "its header has more"),
        (b" " * ((16 << 20) + 1), "answered more than 16,777,216 bytes"),
        (core_metadata("left", "1.0", *["left"] * 2_001), "more than 2,000 depend"),
        (b"\xff\xfe\x00" * 100, "is the metadata of another package"),
    ],
    ids=lambda each: "" if isinstance(each, bytes) else each[:30],
)
def test_metadata_that_cannot_be_believed_are_a_gap(
    metadata: bytes, words: str, world: World
) -> None:
    world.pypi.release("files", "1.0", "left", "right")
    world.pypi.release("left", "1.0", metadata=metadata)
    world.pypi.release("right", "1.0")
    found = closed(world, FILES)
    assert any(words in each for each in told(found)), told(found)
    assert not one(found, "left").graph
    assert "files==1.0 > right==1.0" in tree(found)


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (lambda p: p.metadata("1.0").answer(200, b"evil"), "which the index says"),
        (lambda p: p.metadata("1.0").answer(404), "answered 404"),
        (lambda p: p.metadata("1.0").answer(500), "answered 500"),
        (
            lambda p: p.file(WHEEL).update({"core-metadata": {"sha256": "x"}}),
            "is not a sha256 digest",
        ),
        (lambda p: p.file(WHEEL).update({"core-metadata": 5}), "expected true or"),
    ],
)
def test_metadata_that_are_not_what_the_index_promises_are_a_gap(
    attack: Any,  # noqa: ANN401 - of a PypiProject
    words: str,
    world: World,
) -> None:
    world.pypi.release("files", "1.0", "left")
    attack(world.pypi.release("left", "1.0"))
    found = closed(world, FILES)
    assert words in told(found)[0]
    assert not one(found, "left").graph


def test_metadata_are_not_whole_that_end_at_a_line_that_is_no_field(
    world: World,
) -> None:
    head = b"Metadata-Version: 2.4\nName: left\nVersion: 1.0\nRequires-Dist: up\n"
    data = head + b"no field\nRequires-Dist: right\n\ntext"
    world.pypi.release("files", "1.0", "left")
    world.pypi.release("left", "1.0", metadata=data)
    world.pypi.release("up", "1.0")
    found = closed(world, FILES)
    assert tree(found) == ["files==1.0 > left==1.0", "left==1.0 > up==1.0"]
    assert not one(found, "left").graph
    (gap,) = told(found)
    assert gap.startswith("partial: what `left==1.0` depends on is not known")
    assert gap.endswith("its header ends at a line that is no field")


@pytest.mark.parametrize(
    ("attack", "state"),
    [
        (lambda p: p.answer(404), "missing"),
        (lambda p: p.answer(500), "unreachable"),
        (lambda p: p.answer_html(), "unreadable"),
        (lambda p: p.other_package(), "unreadable"),
        (lambda p: p.document.update(files={}), "unreadable"),
    ],
)
def test_a_bad_page_is_a_gap_of_the_project_and_loses_nothing_else(
    attack: Any,  # noqa: ANN401 - of a PypiProject
    state: str,
    world: World,
) -> None:
    world.pypi.release("files", "1.0", "left", "right")
    attack(world.pypi.release("left", "1.0"))
    world.pypi.release("right", "1.0")
    found = closed(world, FILES)
    (gap,) = found.gaps
    assert gap.state.value == state
    assert gap.ref == "pkg:pypi/left"
    assert one(found, "left").version is None
    assert "files==1.0 > right==1.0" in tree(found)


def test_what_comes_from_an_address_is_listed_and_not_followed(world: World) -> None:
    url = "https://h.example/left-1.0-py3-none-any.whl?token=secret"
    world.pypi.release("files", "1.0", f"left @ {url}", "right")
    world.pypi.release("right", "1.0")
    found = closed(world, FILES)
    facts = one(found, "left").facts
    assert isinstance(facts, PackageFacts)
    assert facts.origin is Origin.URL
    assert [gap.ref for gap in found.gaps] == [one(found, "left").ref]
    assert "secret" not in repr(found)
    assert "/pypi/simple/left/" not in world.server.paths()


@pytest.mark.parametrize(
    ("root", "words"),
    [
        (FILES, "answered 404"),
        (package("pkg:pypi/other@9"), "no version of `other` can be installed"),
        (package("pkg:pypi/other", requested="=>1"), "not a version specifier"),
        (package("pkg:pypi/other", requested=">=1" + ",>=1" * 60), "not a version"),
        (package("pkg:pypi/other@nonsense"), "not a version specifier"),
    ],
)
def test_a_server_whose_package_cannot_be_chosen_has_a_gap(
    root: Component, words: str, world: World
) -> None:
    world.pypi.release("other", "1.0")
    found = closed(world, root)
    (gap,) = found.gaps
    assert words in gap.reason
    assert gap.ref == root.purl.to_string() if root.purl else ""


def test_a_range_and_latest_are_what_the_command_says(world: World) -> None:
    world.pypi.release("files", "1.0", "left").release("2.0", "right")
    world.pypi.release("left", "1.0")
    world.pypi.release("right", "1.0")
    ranged = package("pkg:pypi/files", requested="<2")
    assert tree(closed(world, ranged)) == ["files > left==1.0"]
    latest = package("pkg:pypi/files", requested="latest")
    assert tree(closed(world, latest)) == ["files > right==1.0"]


def test_all_indexes_together_are_one(world: World) -> None:
    world.pypi.release("files", "1.0", "left")
    other = world.pypi.beside("other")
    other.release("left", "9.0")
    world.pypi.release("left", "1.0")
    root = package(
        "pkg:pypi/files@1.0", facts=PackageFacts(extra_registries=(other.address,))
    )
    found = closed(world, root, trusted=frozenset({other.address}))
    assert tree(found) == ["files==1.0 > left==9.0"]
    digest = hashlib.sha256(b"left-9.0-py3-none-any.whl").hexdigest()
    assert one(found, "left").artifacts[0].digests[0].value == digest


def test_an_index_that_fails_leaves_it_unknown_what_all_together_deliver(
    world: World,
) -> None:
    world.pypi.release("files", "1.0", "left")
    world.pypi.release("left", "1.0")
    other = world.pypi.beside("other")
    other.release("left", "9.0").answer(500)
    root = package(
        "pkg:pypi/files@1.0", facts=PackageFacts(extra_registries=(other.address,))
    )
    found = closed(world, root, trusted=frozenset({other.address}))
    assert one(found, "left").version is None
    assert [gap.state.value for gap in found.gaps] == ["unreachable"]


def test_a_chain_of_three_hundred_projects_ends(world: World) -> None:
    for number in range(300):
        world.pypi.release(f"p{number}", "1.0", f"p{number + 1}")
    world.pypi.release("p300", "1.0")
    found = closed(world, package("pkg:pypi/p0@1.0"))
    assert found.gaps == ()
    assert len(found.components) == 302


def with_extras(*extras: str, name: str = "files") -> Component:
    return package(f"pkg:pypi/{name}@1.0", facts=PackageFacts(with_extras=extras))


@pytest.mark.parametrize(
    ("extras", "edges"),
    [
        ((), ["files==1.0 > up==1.0"]),
        (("cli",), ["files==1.0 > left==1.0", "files==1.0 > up==1.0"]),
        (
            ("b-b", "cli"),
            [
                "files==1.0 > left==1.0",
                "files==1.0 > right==1.0",
                "files==1.0 > up==1.0",
            ],
        ),
        (("all",), ["files==1.0 > right==1.0", "files==1.0 > up==1.0"]),
        (("none",), ["files==1.0 > up==1.0"]),
    ],
    ids=["none", "one", "two", "one by another", "unknown"],
)
def test_the_extras_of_a_command_bring_what_they_name(
    extras: tuple[str, ...], edges: list[str], world: World
) -> None:
    world.pypi.release(
        "files",
        "1.0",
        "up",
        "left ; extra == 'CLI'",
        "right ; extra == 'b_b'",
        "files[b_b] ; extra == 'all'",
    )
    for name in ("left", "right", "up"):
        world.pypi.release(name, "1.0")
    found = closed(world, with_extras(*extras))
    assert found.gaps == ()
    assert tree(found) == edges
    root = next(each for each in found.components if each.name == "files")
    assert root.graph
    assert root.artifacts


def test_a_server_with_an_extra_and_one_without_are_followed_each(world: World) -> None:
    world.pypi.release("files", "1.0", "left ; extra == 'cli'")
    world.pypi.release("left", "1.0")
    found = closed(world, with_extras(), with_extras("cli"))
    assert found.gaps == ()
    (edge,) = (e for e in found.relations if e.target == one(found, "left").ref)
    known = {each.ref: each for each in found.components}
    assert known[edge.source].facts == PackageFacts(with_extras=("cli",))


def test_an_extra_of_what_is_installed_beside_counts_too(world: World) -> None:
    world.pypi.release("files", "1.0")
    world.pypi.release("beside", "1.0", "left ; extra == 'cli'")
    world.pypi.release("left", "1.0")
    found = closed(world, (FILES, with_extras("cli", name="beside")))
    assert tree(found) == ["beside==1.0 > left==1.0"]


def limited(world: World, **limits: int) -> Graph:
    """Return what `files` pulls in, if no more work than that is done for it."""
    root = replace(FILES, ref="root")
    sources = Sources.of((root,), world.settings(), frozenset())
    group = Group(roots=(root,), sources=sources)
    with world.fetcher() as fetcher:
        door = Door(fetcher, world.settings())
        closer = PypiCloser(door, Interpreter.running(), Limits(**limits))
        return closer.close(group)


@pytest.mark.parametrize(
    ("compared", "gaps"),
    [
        # 1 x (1 + 1) for `files`, 30 x (1 + 2) and 30 x (1 + 1) for `left`, and what
        # is asked for again.
        (200, []),
        (151, ["`files==1.0`: more than 151 versions of `left` to compare"]),
    ],
)
def test_versions_without_end_are_compared_to_a_limit(
    compared: int, gaps: list[str], world: World
) -> None:
    world.pypi.release("files", "1.0", "left>=0,<99", "left!=7")
    for number in range(30):
        world.pypi.release("left", f"{number}.0")
    found = limited(world, compared=compared)
    assert [each.reason for each in found.troubles] == gaps
    assert {each.state for each in found.troubles} <= {State.LIMIT}
    assert ("root" in found.whole) is not bool(gaps)
    assert bool(found.members) is not bool(gaps)


def test_a_specifier_is_compared_once_however_often_it_stands(world: World) -> None:
    needs = [f"left>=0,<99 ; python_version >= '3.{n}'" for n in range(9)]
    world.pypi.release("files", "1.0", *needs)
    for number in range(30):
        world.pypi.release("left", f"{number}.0")
    assert limited(world, compared=2 + 90 + 150).troubles == {}


def test_markers_without_end_are_decided_to_a_limit_and_lose_nothing_else(
    world: World,
) -> None:
    world.pypi.release("files", "1.0", "left[a,b]", "left[b,c]", "left[c,d]")
    markers = [f"up ; extra == 'x{number}'" for number in range(9)]
    world.pypi.release("left", "1.0", *markers, "right ; extra == 'd'", "right")
    world.pypi.release("right", "1.0")
    assert limited(world, decided=200).troubles == {}
    found = limited(world, decided=50)
    (gap,) = found.troubles
    assert gap.state is State.LIMIT
    assert gap.reason.startswith("what `left==1.0` depends on is not known: more than")
    assert gap.key not in found.whole
    assert [each.name for each in found.members.values()] == ["left", "right"]
    assert "root" in found.whole


def test_a_marker_is_decided_once_for_each_extra(world: World) -> None:
    world.pypi.release("files", "1.0", "left[a,b]", "left[a]", "left[b]")
    many = " or ".join(f"python_version == '2.{n}'" for n in range(40))
    world.pypi.release("left", "1.0", f"right ; {many}", f"right ; {many}")
    # 1 + 40 clauses, and then seven times that it is known.
    assert limited(world, decided=60).troubles == {}
