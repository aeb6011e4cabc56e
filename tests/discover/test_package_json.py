import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import Component, Kind, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.package_json import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def write(folder: Path, path: str, data: object) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(data if isinstance(data, str) else json.dumps(data))


def found(folder: Path) -> Inventory:
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def named(inventory: Inventory, name: str) -> Component:
    (component,) = (c for c in inventory.components if c.name == name)
    return component


def facts(component: Component) -> PackageFacts:
    assert isinstance(component.facts, PackageFacts)
    return component.facts


def test_wants_the_manifest_of_npm() -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path="a/package.json"))
    assert not DISCOVERER.wants(File(tree=Tree(Path()), path="a/package-lock.json"))


def test_a_project_without_a_lock_asks_for_what_its_manifest_says(
    tmp_path: Path,
) -> None:
    manifest = {
        "name": "@acme/shop",
        "version": "2.0.0",
        "dependencies": {"a": "^1.2.0", "mine": "npm:@acme/real@1.0.0"},
        "devDependencies": {"d": "1.0.0"},
        "optionalDependencies": {"o": "*"},
        "peerDependencies": {"p": ">=1", "q": "1"},
        "peerDependenciesMeta": {"q": {"optional": True}},
    }
    write(tmp_path, "package.json", manifest)
    inventory = found(tmp_path)
    assert not inventory.gaps
    shop = named(inventory, "@acme/shop")
    assert (shop.kind, shop.pin, shop.purl) == (Kind.APPLICATION, Pin.LOCAL, None)
    assert (shop.version, shop.graph) == ("2.0.0", True)
    assert facts(shop) == PackageFacts(origin=Origin.PATH)
    a = named(inventory, "a")
    assert (a.pin, a.requested, a.version) == (Pin.RANGE, "^1.2.0", None)
    assert str(a.purl) == "pkg:npm/a"
    assert str(a.location) == "package.json#/dependencies/a"
    assert facts(named(inventory, "@acme/real")) == PackageFacts(alias="mine")
    assert named(inventory, "@acme/real").version == "1.0.0"
    assert facts(named(inventory, "d")) == PackageFacts(development=True)
    assert facts(named(inventory, "o")) == PackageFacts(optional=True)
    assert facts(named(inventory, "p")) == PackageFacts(peer=True)
    assert facts(named(inventory, "q")) == PackageFacts(peer=True, optional=True)
    assert {each.source for each in inventory.relations} == {shop.ref}
    assert len(inventory.relations) == 6


@pytest.mark.parametrize(
    ("text", "pin", "origin"),
    [
        ("1.2.3", Pin.EXACT, Origin.REGISTRY),
        ("^1", Pin.RANGE, Origin.REGISTRY),
        ("1.x", Pin.RANGE, Origin.REGISTRY),
        ("", Pin.FLOATING, Origin.REGISTRY),
        ("latest", Pin.FLOATING, Origin.REGISTRY),
        ("catalog:", Pin.RANGE, Origin.REGISTRY),
        ("catalog:old", Pin.RANGE, Origin.REGISTRY),
        ("o/r", Pin.FLOATING, Origin.VCS),
        ("github:o/r#main", Pin.TAG, Origin.VCS),
        (f"git+https://git.example/r.git#{COMMIT}", Pin.COMMIT, Origin.VCS),
        ("git+https://u:p@git.example/r.git#semver:^1", Pin.RANGE, Origin.VCS),
        ("https://u:p@files.example/x.tgz?t=secret", Pin.TAG, Origin.URL),
        ("file:../x", Pin.LOCAL, Origin.PATH),
        ("./x.tgz", Pin.LOCAL, Origin.PATH),
        ("/home/somebody/x", Pin.LOCAL, Origin.PATH),
        ("~/x", Pin.LOCAL, Origin.PATH),
        ("link:./x", Pin.LOCAL, Origin.PATH),
        ("portal:./x", Pin.LOCAL, Origin.PATH),
        ("workspace:^", Pin.LOCAL, Origin.PATH),
    ],
)
def test_a_specification_says_how_firm_it_is(
    tmp_path: Path, text: str, pin: Pin, origin: Origin
) -> None:
    write(tmp_path, "package.json", {"name": "shop", "dependencies": {"x": text}})
    inventory = found(tmp_path)
    (component,) = (c for c in inventory.components if c.kind is Kind.LIBRARY)
    assert not inventory.gaps
    assert (component.pin, facts(component).origin) == (pin, origin)
    assert (component.version is not None) == (pin is Pin.EXACT)
    assert (component.purl is None) == (origin is Origin.PATH)
    for secret in ("u:p", "secret", "somebody"):
        assert secret not in repr(inventory)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bad", 5),
        ("bad", None),
        ("bad", {}),
        ("bad", "exec:./x.js"),
        ("bad", "npm:"),
        ("bad", "${VERSION}"),
        ("bad", "git+ssh:"),
        ("bad", "1\n2"),
        ("bad", "x" * 2000),
        ("../bad", "1"),
        ("__proto__", "1"),
        ("", "1"),
        ("a b", "1"),
        ("@s", "1"),
        ("node_modules", "1"),
    ],
)
def test_a_broken_dependency_is_a_gap_and_its_siblings_are_read(
    tmp_path: Path, name: str, text: object
) -> None:
    write(tmp_path, "package.json", {"dependencies": {name: text, "good": "1.0.0"}})
    inventory = found(tmp_path)
    assert named(inventory, "good").version == "1.0.0"
    assert [gap.state for gap in inventory.gaps] == [State.UNREADABLE]
    assert inventory.gaps[0].location.pointer.startswith("/dependencies/")


@pytest.mark.parametrize(
    "text",
    ['{"dependencies": []}', '{"name": "x"}', "{}", '{"dependencies": {}}',
     '{"devDependencies": null}'],
)  # fmt: skip
def test_a_manifest_that_asks_for_nothing_is_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path, "package.json", text)
    assert not found(tmp_path)


@pytest.mark.parametrize(
    "text",
    ['{"dependencies": ["a"]}', '{"dependencies": "a"}', "[]", "5", "{", "null",
     '{"dependencies": {"a": "1"}, "dependencies": {"b": "1"}}'],
)  # fmt: skip
def test_a_manifest_of_another_shape_is_a_gap(tmp_path: Path, text: str) -> None:
    write(tmp_path, "package.json", text)
    inventory = found(tmp_path)
    assert len(inventory.gaps) == 1
    assert all(each.kind is Kind.APPLICATION for each in inventory.components)


def test_a_dependency_named_twice_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, "package.json", '{"dependencies": {"a": "1", "a": "2", "b": "1"}}')
    inventory = found(tmp_path)
    assert {each.name for each in inventory.components if each.purl} == {"b"}
    assert len(inventory.gaps) == 1


@pytest.mark.parametrize(
    "lock", ["bun.lockb", "b/yarn.lock", "uv.lock", "../yarn.lock"]
)
def test_another_file_does_not(tmp_path: Path, lock: str) -> None:
    root = tmp_path / "root"
    write(root, "package.json", {"dependencies": {"a": "1"}})
    write(root, lock, "")
    assert named(found(root), "a").purl


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=60)
    | st.dictionaries(st.text(max_size=5), st.text(max_size=12), max_size=4).map(
        lambda members: json.dumps({"dependencies": members}).encode()
    )
)
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "package.json").write_bytes(data)
    for gap in found(tmp_path).gaps:
        str(gap.location).encode()
