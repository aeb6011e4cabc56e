"""npm's locks of version 1."""

import base64
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
from mcpchain.discover.package_lock import DISCOVERER
from mcpchain.inventory import Collector, Inventory
from mcpchain.tree import File, Tree

SRI = "sha512-" + base64.b64encode(hashlib.sha512(b"files").digest()).decode()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HOST = "https://packages.example"
FILES = {
    "version": "1.2.0",
    "resolved": f"{HOST}/files/-/files-1.2.0.tgz",
    "integrity": SRI,
}


class Bytes(File):
    """A file that never was on a disk."""

    def read(self, limit: int = 0) -> bytes:
        del limit
        return self.head


def lock(dependencies: object, **members: Any) -> Inventory:  # noqa: ANN401 - JSON
    document = {
        "name": "shop",
        "version": "1.0.0",
        "lockfileVersion": 1,
        "requires": True,
        "dependencies": dependencies,
        **members,
    }
    found = Collector("test")
    file = Bytes(
        tree=Tree(Path("/nowhere")),
        path="app/package-lock.json",
        head=json.dumps(document).encode(),
    )
    with found.entry():
        DISCOVERER.discover(file, found)
    return found.inventory()


def write(folder: Path, path: str, data: object) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())


def named(inventory: Inventory, name: str) -> Component:
    (component,) = (c for c in inventory.components if c.name == name)
    return component


def facts(component: Component) -> PackageFacts:
    assert isinstance(component.facts, PackageFacts)
    return component.facts


def edges(inventory: Inventory) -> set[tuple[str, str]]:
    names = {each.ref: each.title for each in inventory.components}
    return {(names[r.source], names[r.target]) for r in inventory.relations}


def test_reads_a_package_with_its_tarball() -> None:
    inventory = lock({"files": FILES})
    assert not inventory.gaps
    component = named(inventory, "files")
    assert str(component.purl) == "pkg:npm/files@1.2.0"
    assert (component.pin, component.graph) == (Pin.EXACT, True)
    assert facts(component) == PackageFacts(registry=HOST)
    assert component.artifacts[0].digests[0].algorithm.identifies
    assert str(component.location) == "app/package-lock.json#/dependencies/files"
    shop = named(inventory, "shop")
    assert (shop.kind, shop.purl, shop.pin) == (Kind.APPLICATION, None, Pin.LOCAL)


def test_what_the_project_asks_for_is_in_its_manifest(tmp_path: Path) -> None:
    manifest = {"dependencies": {"a": "^1"}, "devDependencies": {"d": "1", "lost": "1"}}
    write(tmp_path, "package.json", manifest)
    one = {"version": "1.0.0", "integrity": SRI}
    document = {
        "name": "shop",
        "version": "1.0.0",
        "lockfileVersion": 1,
        "requires": True,
        "dependencies": {
            "a": {
                **one,
                "requires": {"b": "2"},
                "dependencies": {"b": {**one, "version": "2.0.0"}},
            },
            "b": one,
            "d": {**one, "dev": True, "requires": {"b": "1"}},
            "o": {**one, "optional": True},
        },
    }
    write(tmp_path, "package-lock.json", document)
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert edges(inventory) == {
        ("shop@1.0.0", "a@1.0.0"),
        ("shop@1.0.0", "d@1.0.0"),
        ("a@1.0.0", "b@2.0.0"),
        ("d@1.0.0", "b@1.0.0"),
    }
    assert facts(named(inventory, "d")) == PackageFacts(development=True)
    assert facts(named(inventory, "o")) == PackageFacts(optional=True)
    assert [gap.reason for gap in inventory.gaps] == []


def test_a_dependency_that_the_lock_does_not_hold_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, "package.json", {"dependencies": {"lost": "1"}})
    write(tmp_path, "package-lock.json", {"lockfileVersion": 1, "dependencies": {}})
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    (gap,) = inventory.gaps
    assert gap.reason == "depends on `lost`, which the lock does not hold"


@pytest.mark.parametrize(
    ("entry", "name", "origin", "pin"),
    [
        ({"version": "npm:real@1.0.0"}, "real", Origin.REGISTRY, Pin.EXACT),
        ({"version": "npm:@s/real@1.0.0"}, "@s/real", Origin.REGISTRY, Pin.EXACT),
        (
            {"version": f"git+https://u:p@git.example/r.git#{COMMIT}", "from": "x"},
            "x",
            Origin.VCS,
            Pin.COMMIT,
        ),
        ({"version": f"github:o/r#{COMMIT}"}, "x", Origin.VCS, Pin.COMMIT),
        (
            {"version": f"{HOST}/x.tgz", "integrity": SRI},
            "x",
            Origin.URL,
            Pin.DIGEST,
        ),
        (
            {"version": f"{HOST}/x/-/x-1.0.0.tgz", "integrity": SRI},
            "x",
            Origin.REGISTRY,
            Pin.EXACT,
        ),
    ],
)
def test_a_version_may_say_where_a_package_is_from(
    entry: dict[str, object], name: str, origin: Origin, pin: Pin
) -> None:
    inventory = lock({"x": entry})
    assert not inventory.gaps
    component = named(inventory, name)
    assert (facts(component).origin, component.pin) == (origin, pin)
    assert facts(component).alias == ("" if name == "x" else "x")
    assert "u:p" not in repr(inventory)


def test_files_and_folders_are_looked_at(tmp_path: Path) -> None:
    write(tmp_path, "v/f.tgz", b"files")
    write(tmp_path, "l/package.json", {})
    dependencies = {
        "f": {"version": "file:v/f.tgz", "integrity": SRI},
        "l": {"version": "file:l", "requires": {"f": "1"}},
        "gone": {"version": "file:../gone"},
    }
    document = {"lockfileVersion": 1, "dependencies": dependencies}
    write(tmp_path, "package-lock.json", document)
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert named(inventory, "f").artifacts[0].name == "v/f.tgz"
    assert {named(inventory, n).pin for n in ("f", "l", "gone")} == {Pin.LOCAL}
    assert edges(inventory) == {("l", "f")}
    assert len(inventory.gaps) == 1


def test_an_older_lock_does_not_tell_what_needs_what() -> None:
    inventory = lock({"files": FILES}, requires=None)
    assert not named(inventory, "files").graph


def test_no_package_is_bundled_because_it_says_so() -> None:
    inner = {"version": "1.0.0", "bundled": True}
    inventory = lock({"a": {**FILES, "dependencies": {"evil": inner}}})
    assert facts(named(inventory, "evil")).origin is Origin.REGISTRY


@pytest.mark.parametrize(
    "entry",
    [
        None,
        5,
        [],
        {},
        {"version": 5},
        {"version": None},
        {"version": ""},
        {"version": "latest"},
        {"version": "^1"},
        {"version": "npm:"},
        {"version": "npm:x"},
        {"version": "npm:@x"},
        {"version": "npm:../x@1.0.0"},
        {"version": "1.0.0", "integrity": "sha512-AAAA"},
        {"version": "1.0.0", "integrity": 5},
        {"version": "1.0.0", "resolved": 5},
        {"version": "1.0.0", "dev": "yes"},
        {"version": "1.0.0", "dependencies": []},
        {"version": "1.0.0", "dependencies": {"x": 5}},
        {"version": "1.0.0", "requires": {"gone": "1"}},
        {"version": "1.0.0", "resolved": f"{HOST}/evil/-/evil-6.6.6.tgz"},
    ],
    ids=repr,
)
def test_a_broken_entry_is_a_gap_and_its_siblings_are_read(entry: object) -> None:
    inventory = lock({"bad": entry, "files": FILES})
    assert inventory.gaps
    assert named(inventory, "files").artifacts


@pytest.mark.parametrize("name", ["__proto__", "../x", "", "a b", "node_modules", "@s"])
def test_an_entry_of_no_package_is_a_gap(name: str) -> None:
    inventory = lock({name: FILES, "good": {**FILES, "resolved": None}})
    assert len(inventory.gaps) == 1
    assert {each.name for each in inventory.components} == {"shop", "good"}


@pytest.mark.parametrize("dependencies", [5, [], "x"])
def test_a_list_of_another_shape_is_a_gap(dependencies: object) -> None:
    assert lock(dependencies).gaps


def test_folders_too_deep_are_a_gap() -> None:
    deep: dict[str, object] = {}
    for _ in range(300):
        deep = {"a": {"version": "1.0.0", "dependencies": deep}}
    inventory = lock(deep)
    assert inventory.gaps
    assert len(inventory.components) < 300


def test_the_time_grows_with_the_size_and_not_faster() -> None:
    count = 5_000
    one = {
        f"a{i}": {"version": "1.0.0", "requires": {f"a{i + 1}": "1"}}
        for i in range(count)
    }
    start = time.process_time()
    inventory = lock(one)
    assert time.process_time() - start < 20  # it takes one second
    assert len(inventory.components) == count + 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.text("npm:@1.0/fileg+#x", max_size=9),
        lambda inner: st.dictionaries(
            st.sampled_from(["a", "version", "resolved", "requires", "dependencies"]),
            inner,
        ),
        max_leaves=9,
    )
)
def test_any_list_is_read_or_a_gap(value: object) -> None:
    for gap in lock({"a": value}).gaps:
        str(gap.location).encode()


@pytest.mark.parametrize(
    "asked", ["1.2.0", "=1.2.0", "^1", "*", "npm:files@1.2.0", "npm:files@^1",
              "npm:files", "latest", "https://packages.example/x.tgz"]
)  # fmt: skip
def test_what_the_project_asks_for_may_be_what_the_lock_has(
    tmp_path: Path, asked: str
) -> None:
    assert not asking(tmp_path, asked)


@pytest.mark.parametrize(
    "asked", ["9.0.0", "^9", "<1.2.0", "npm:files@9.0.0", "npm:evil@1.2.0",
              "npm:@s/files", "npm:evil"]
)  # fmt: skip
def test_what_the_project_asks_for_by_another_name_or_version_is_a_gap(
    tmp_path: Path, asked: str
) -> None:
    (reason,) = asking(tmp_path, asked)
    assert reason.startswith(f"asks for `files` as `{asked}`, ")


def asking(folder: Path, text: str) -> list[str]:
    lock = {"lockfileVersion": 1, "dependencies": {"files": {"version": "1.2.0"}}}
    (folder / "package-lock.json").write_text(json.dumps(lock))
    manifest = {"name": "app", "dependencies": {"files": text}}
    (folder / "package.json").write_text(json.dumps(manifest))
    return [gap.reason for gap in survey(Tree(folder), name="x").gaps]


def test_a_lock_that_does_not_tell_what_is_optional_to_a_package_is_believed(
    tmp_path: Path,
) -> None:
    one = {"version": "1.0.0", "integrity": SRI}
    document = {
        "lockfileVersion": 1,
        "dependencies": {
            "a": {**one, "optional": True, "requires": {"o": "1"}},
            "o": {**one, "optional": True, "dev": True},
        },
    }
    write(tmp_path, "package-lock.json", document)
    write(tmp_path, "package.json", {"dependencies": {"a": "1"}})
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert facts(named(inventory, "a")) == PackageFacts()
    assert facts(named(inventory, "o")) == PackageFacts(optional=True)
