import base64
import contextlib
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.component import Component, Kind, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.bun_lock import DISCOVERER
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Inventory, State
from mcpchain.tree import File, Tree

SRI = "sha512-" + base64.b64encode(hashlib.sha512(b"files").digest()).decode()
OTHER = "sha512-" + base64.b64encode(hashlib.sha512(b"other").digest()).decode()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HOST = "https://packages.example"
FILES = {"files": ["files@1.2.0", "", {}, SRI]}


class Bytes(File):
    """A file that never was on a disk."""

    def read(self, limit: int = 0) -> bytes:
        del limit
        return self.head


def read(data: bytes | str, path: str = "app/bun.lock") -> Inventory:
    found = Collector("test")
    head = data.encode() if isinstance(data, str) else data
    file = Bytes(tree=Tree(Path("/nowhere")), path=path, head=head)
    with found.entry():
        DISCOVERER.discover(file, found)
    return found.inventory()


def lock(
    packages: object,
    workspaces: object = None,
    version: object = 1,
    **members: Any,  # noqa: ANN401 - any JSON
) -> Inventory:
    document = {"lockfileVersion": version, "packages": packages, **members}
    if workspaces is not None:
        document["workspaces"] = workspaces
    return read(json.dumps(document))


def write(folder: Path, path: str, data: str | bytes) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data.encode() if isinstance(data, str) else data)


def named(inventory: Inventory, name: str) -> Component:
    (component,) = (c for c in inventory.components if c.name == name)
    return component


def facts(component: Component) -> PackageFacts:
    assert isinstance(component.facts, PackageFacts)
    return component.facts


def edges(inventory: Inventory) -> set[tuple[str, str]]:
    names = {each.ref: each.title for each in inventory.components}
    return {(names[r.source], names[r.target]) for r in inventory.relations}


def reasons(inventory: Inventory) -> list[str]:
    return [gap.reason for gap in inventory.gaps]


def test_reads_a_package_with_its_digest() -> None:
    inventory = lock(FILES)
    (component,) = inventory.components
    assert not inventory.gaps
    assert str(component.purl) == "pkg:npm/files@1.2.0"
    assert (component.pin, component.graph) == (Pin.EXACT, True)
    assert facts(component) == PackageFacts()
    (artifact,) = component.artifacts
    assert str(artifact.digests[0]) == f"sha512:{hashlib.sha512(b'files').hexdigest()}"
    assert str(component.location) == "app/bun.lock#/packages/files"


@pytest.mark.parametrize("name", ["bun.lock", "Bun.lock"])
def test_wants_the_lock_of_bun(name: str) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=f"a/{name}"))


@pytest.mark.parametrize("name", ["bun.lockb", "bunfig.toml"])
def test_wants_nothing_else(name: str) -> None:
    assert not DISCOVERER.wants(File(tree=Tree(Path()), path=name))


WHOLE = f"""{{
  "lockfileVersion": 1,
  "workspaces": {{
    "": {{
      "name": "shop",
      "dependencies": {{ "m": "workspace:*", "z": "npm:files@1", }},
      "devDependencies": {{ "d": "1", }},
      "optionalDependencies": {{ "o": "1", }},
    }},
    "packages/m": {{
      "name": "m", "version": "0.1.0",
      "dependencies": {{ "d": "2" }},
      "peerDependencies": {{ "p": "1", "absent": "1" }},
      "optionalPeers": ["absent"],
    }},
  }},
  "packages": {{ // as bun has it
    "d": ["d@1.0.0", "", {{ "dependencies": {{ "e": "1" }} }}, "{SRI}"],
    "d/e": ["e@1.0.0", "", {{}}, "{SRI}"],
    "e": ["e@2.0.0", "", {{}}, "{SRI}"],
    "m": ["m@workspace:packages/m"],
    "m/d": ["d@2.0.0", "", {{ "dependencies": {{ "e": "2" }} }}, "{OTHER}"],
    "o": ["o@1.0.0", "", {{ "os": "linux", "cpu": ["x64", "arm64"] }}, "{SRI}"],
    "p": ["p@1.0.0", "", {{ "peerDependencies": {{ "p": "1" }} }}, "{SRI}"],
    "z": ["files@1.2.0", "", {{}}, "{SRI}"],
  }}
}}"""


def test_members_packages_and_what_they_need_are_read(tmp_path: Path) -> None:
    write(tmp_path, "bun.lock", WHOLE)
    write(tmp_path, "package.json", '{"version": "3.0.0"}')
    write(tmp_path, "packages/m/package.json", "{}")
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert not inventory.gaps
    assert edges(inventory) == {
        ("shop@3.0.0", "m@0.1.0"),
        ("shop@3.0.0", "files@1.2.0"),
        ("shop@3.0.0", "d@1.0.0"),
        ("shop@3.0.0", "o@1.0.0"),
        ("d@1.0.0", "e@1.0.0"),
        ("m@0.1.0", "d@2.0.0"),
        ("m@0.1.0", "p@1.0.0"),
        ("d@2.0.0", "e@2.0.0"),
        ("p@1.0.0", "p@1.0.0"),
    }
    by = {each.title: facts(each) for each in inventory.components}
    assert by["d@1.0.0"] == PackageFacts(development=True)
    assert by["e@1.0.0"] == PackageFacts(development=True)
    assert by["d@2.0.0"] == PackageFacts()
    assert by["p@1.0.0"] == PackageFacts(peer=True)
    assert by["files@1.2.0"] == PackageFacts(alias="z")
    assert by["o@1.0.0"] == PackageFacts(
        optional=True, marker="os=linux & (cpu=x64 | cpu=arm64)"
    )
    assert by["m@0.1.0"].workspace
    assert named(inventory, "shop").kind is Kind.APPLICATION


@pytest.mark.parametrize("version", [0, 1, 2])
def test_these_versions_are_read(version: int) -> None:
    assert not lock(FILES, version=version).gaps


@pytest.mark.parametrize(
    ("version", "state"),
    [
        (3, State.UNSUPPORTED),
        (-1, State.UNSUPPORTED),
        ("1", State.UNREADABLE),
        (None, State.UNREADABLE),
    ],
)
def test_another_version_is_a_gap(version: object, state: State) -> None:
    inventory = lock(FILES, version=version)
    assert inventory.components == ()
    assert [gap.state for gap in inventory.gaps] == [state]


@pytest.mark.parametrize(
    ("entry", "origin", "pin", "registry"),
    [
        (["x@1.0.0", "", {}, SRI], Origin.REGISTRY, Pin.EXACT, None),
        (
            ["x@1.0.0", f"{HOST}/download/x/1.0.0/{COMMIT}", {}, SRI],
            Origin.REGISTRY,
            Pin.EXACT,
            HOST,
        ),
        (
            ["x@1.0.0", "https://u:p@packages.example/npm/", {}, SRI],
            Origin.REGISTRY,
            Pin.EXACT,
            f"{HOST}/npm",
        ),
        (
            ["x@1.0.0", f"{HOST}/npm/x/-/x-1.0.0.tgz", {}, SRI],
            Origin.REGISTRY,
            Pin.EXACT,
            f"{HOST}/npm",
        ),
        ([f"x@{HOST}/x.tgz", {}, SRI], Origin.URL, Pin.DIGEST, f"{HOST}/x.tgz"),
        ([f"x@{HOST}/x.tgz", {}], Origin.URL, Pin.TAG, f"{HOST}/x.tgz"),
        (
            [f"x@git+https://u:p@git.example/r.git#{COMMIT}", {}, COMMIT],
            Origin.VCS,
            Pin.COMMIT,
            "https://git.example/r.git",
        ),
        (
            ["x@github:o/r#0123456", {}, "o-r-0123456", SRI],
            Origin.VCS,
            Pin.TAG,
            "https://github.com/o/r",
        ),
        (
            [f"x@git@git.example:o/r.git#{COMMIT}", {}, COMMIT],
            Origin.VCS,
            Pin.COMMIT,
            "ssh://git.example/o/r.git",
        ),
    ],
)
def test_an_entry_says_where_a_package_is_from(
    entry: list[object], origin: Origin, pin: Pin, registry: str | None
) -> None:
    inventory = lock({"x": entry})
    (component,) = inventory.components
    assert not inventory.gaps
    assert (facts(component).origin, component.pin) == (origin, pin)
    assert facts(component).registry == registry
    assert "u:p" not in repr(inventory)


def test_files_and_folders_are_looked_at(tmp_path: Path) -> None:
    write(tmp_path, "v/f.tgz", b"files")
    write(tmp_path, "l/package.json", "{}")
    packages = {
        "f": ["f@./v/f.tgz", {}, SRI],
        "g": ["g@v/f.tgz", {}],
        "l": ["l@file:l", {}],
        "k": ["k@link:l", {}],
        "j": ["j@./l", {}],
    }
    document = {"lockfileVersion": 1, "packages": packages}
    write(tmp_path, "bun.lock", json.dumps(document))
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert not inventory.gaps
    assert {each.pin for each in inventory.components} == {Pin.LOCAL}
    assert named(inventory, "f").artifacts[0].name == "v/f.tgz"
    assert {named(inventory, each).purl for each in "lkj"} == {None}


@pytest.mark.parametrize(
    "entry",
    [
        None,
        5,
        "x@1.0.0",
        {},
        [],
        [5],
        [None],
        [[]],
        [""],
        ["x"],
        ["x@"],
        ["@x"],
        ["__proto__@1.0.0"],
        ["../x@1.0.0"],
        ["x@^1"],
        ["x@latest"],
        ["x@npm:1.0.0"],
        ["x@workspace:gone"],
        ["x@root:"],
        ["x@1.0.0", 5],
        ["x@1.0.0", "", {}, 5],
        ["x@1.0.0", "", {}, "sha512-AAAA"],
        ["x@1.0.0", "", {}, "sha9-AAAA"],
        ["x@1.0.0", "", {}, "x"],
        ["x@1.0.0", "", {"dependencies": []}, SRI],
        ["x@1.0.0", "", {"dependencies": {"gone": "1"}}, SRI],
        ["x@1.0.0", "", {"peerDependencies": {"gone": "1"}}, SRI],
        ["x@1.0.0", "", {"os": 5}, SRI],
        ["x@1.0.0", "", {"os": ["\n"]}, SRI],
        ["x@1.0.0", f"{HOST}/evil/-/evil-6.6.6.tgz", {}, SRI],
        ["x@1.0.0", f"{HOST}/@evil/x/-/x-1.0.0.tgz", {}, SRI],
        ["x@file:../../x"],
        ["x@link:/etc"],
        ["x@./../../x.tgz", {}],
    ],
    ids=repr,
)
def test_a_broken_entry_is_a_gap_and_its_siblings_are_read(entry: object) -> None:
    inventory = lock({"bad": entry, **FILES})
    assert len(inventory.gaps) == 1
    assert named(inventory, "files").artifacts


@pytest.mark.parametrize("name", ["evil", "@evil/files"])
def test_the_tarball_of_another_package_is_that_package(name: str) -> None:
    last = name.rpartition("/")[2]
    address = f"{HOST}/{name}/-/{last}-6.6.6.tgz"
    (component,) = lock({"x": ["x@1.0.0", address, {}, SRI]}).components
    assert component.title == f"{name}@6.6.6"


@pytest.mark.parametrize("key", ["x/" * 300 + "y", "y" * 3000])
def test_a_path_too_deep_is_a_gap(key: str) -> None:
    inventory = lock({key: ["x@1.0.0", "", {}, SRI], **FILES})
    assert [each.name for each in inventory.components] == ["files"]
    assert len(inventory.gaps) == 1


def test_one_package_with_two_digests_is_a_gap() -> None:
    inventory = lock({"a": ["x@1.0.0", "", {}, SRI], "b/x": ["x@1.0.0", "", {}, OTHER]})
    assert reasons(inventory) == ["`x@1.0.0` is listed with two digests"]
    assert len(inventory.components) == 2


def test_an_entry_cannot_take_the_place_of_a_member() -> None:
    inventory = lock({"member ": ["x@1.0.0", "", {}, SRI], **FILES}, {"": {}})
    assert {each.name for each in inventory.components} == {"app", "files"}
    assert reasons(inventory) == ["has the name of another entry"]


def test_a_patched_package_is_a_gap() -> None:
    inventory = lock(FILES, patchedDependencies={"files@1.2.0": "patches/x.patch"})
    assert "`files@1.2.0` is changed by a patch" in reasons(inventory)[0]


def test_what_a_manifest_asks_for_and_its_lock_does_not_is_a_gap(
    tmp_path: Path,
) -> None:
    write(tmp_path, "package.json", '{"dependencies": {"new": "^1"}}')
    write(tmp_path, "bun.lock", '{"lockfileVersion": 1, "workspaces": {"": {}}}')
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert reasons(inventory) == ["depends on `new`, which the lock does not hold"]


@pytest.mark.parametrize(
    "workspaces",
    [
        5,
        [],
        {"": 5},
        {"": {"name": 5}},
        {"": {"name": "\n"}},
        {"../../x": {}},
        {"/": {}},
    ],
    ids=repr,
)
def test_a_broken_member_is_a_gap_and_the_packages_are_read(workspaces: object) -> None:
    inventory = lock(FILES, workspaces)
    assert inventory.gaps
    assert named(inventory, "files").version == "1.2.0"


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "{}", "{" * 9_999, '{"lockfileVersion"']
)
def test_what_is_no_lock_is_a_gap(text: str) -> None:
    inventory = read(text)
    assert inventory.components == ()
    assert len(inventory.gaps) == 1


@given(
    st.binary(max_size=80)
    | st.text('[]{}":,x@1.0/', max_size=80).map(
        lambda text: f'{{"lockfileVersion": 1, "packages": {{{text}}}}}'.encode()
    )
)
def test_any_bytes_are_read_or_a_gap(data: bytes) -> None:
    with contextlib.suppress(MalformedError):
        read(data)


def test_the_time_grows_with_the_size_and_not_faster() -> None:
    count = 5_000
    packages = {
        f"a{i}": [f"a{i}@1.0.0", "", {"dependencies": {f"a{i + 1}": "1"}}, SRI]
        for i in range(count)
    }
    start = time.process_time()
    inventory = lock(packages)
    assert time.process_time() - start < 20  # it takes one second
    assert len(inventory.relations) == count - 1


def test_more_dependencies_than_are_followed_are_a_gap() -> None:
    deep = "x/" * 190
    needed = {f"n{i}": "1" for i in range(200)}
    packages = {
        f"{deep}y{i}": [f"y{i}@1.0.0", "", {"optionalDependencies": needed}, ""]
        for i in range(120)
    }
    start = time.process_time()
    inventory = lock(packages)
    assert time.process_time() - start < 20
    assert "has more dependencies than are followed" in reasons(inventory)


@pytest.mark.parametrize(
    "entry",
    [
        ["x@1.0.0"],
        ["x@1.0.0", ""],
        ["x@1.0.0", "", {}],
        ["x@1.0.0", {}, SRI],
        ["x@1.0.0", SRI, {}],
        ["x@1.0.0", "", SRI, {}],
    ],
    ids=repr,
)
def test_an_entry_for_which_bun_passes_over_the_lock_is_a_gap(entry: object) -> None:
    inventory = lock({"x": entry})
    (gap,) = inventory.gaps
    assert gap.state is State.UNREADABLE
    assert not inventory.components


@pytest.mark.parametrize(
    ("asked", "overrides", "gaps"),
    [
        ("^1.0.0", {}, 0),
        ("^2.0.0", {}, 1),
        ("latest", {}, 0),
        ("github:o/r", {}, 0),
        ("^2.0.0", {"x": "1.0.0"}, 0),
        ("^2.0.0", {"y": "1.0.0"}, 1),
    ],
    ids=repr,
)
def test_a_version_that_the_project_does_not_ask_for_is_a_gap(
    asked: str, overrides: dict[str, str], gaps: int
) -> None:
    inventory = lock(
        {"x": ["x@1.0.0", "", {}, SRI]},
        workspaces={"": {"dependencies": {"x": asked}}},
        overrides=overrides,
    )
    assert [each.state for each in inventory.gaps] == [State.CONFLICT] * gaps


def test_what_production_needs_and_the_lock_has_for_development_is_a_gap(
    tmp_path: Path,
) -> None:
    """`bun install --production` installs it."""
    document = {
        "lockfileVersion": 1,
        "workspaces": {"": {"devDependencies": {"x": "1"}}},
        "packages": {"x": ["x@1.0.0", "", {}, SRI]},
    }
    (tmp_path / "bun.lock").write_text(json.dumps(document))
    (tmp_path / "package.json").write_text('{"dependencies": {"x": "1"}}')
    found = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert [each.state for each in found.gaps] == [State.CONFLICT]
