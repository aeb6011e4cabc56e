"""A lock speaks for the manifests that it lists, and only for those."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from mcpchain.component import Kind
from mcpchain.discover import survey
from mcpchain.inventory import Inventory
from mcpchain.tree import Tree

SRI = "sha512-" + base64.b64encode(hashlib.sha512(b"a").digest()).decode()


def examined(folder: Path, files: dict[str, object]) -> Inventory:
    for path, data in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(data if isinstance(data, str) else json.dumps(data))
    return survey(Tree(folder), name="x")


def packages(inventory: Inventory) -> set[str]:
    return {
        f"{each.name} {each.version or each.requested}".rstrip()
        for each in inventory.components
        if each.kind is Kind.LIBRARY
    }


def reasons(inventory: Inventory) -> list[str]:
    return [gap.reason for gap in inventory.gaps]


APP = {"name": "app", "dependencies": {"a": "1"}}
SUB = {"name": "sub", "dependencies": {"evil": "*"}}
MEMBER = {"name": "sub", "dependencies": {"a": "1"}}
_ENTRY = {"version": "1.0.0", "resolved": "https://r.example/a/-/a-1.0.0.tgz"}
NPM = {
    "lockfileVersion": 3,
    "packages": {"": APP, "node_modules/a": {**_ENTRY, "integrity": SRI}},
}
PNPM = f"""lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a: {{specifier: '1', version: 1.0.0}}
packages:
  a@1.0.0: {{resolution: {{integrity: {SRI}}}}}
snapshots:
  a@1.0.0: {{}}
"""
YARN_1 = f"""# yarn lockfile v1

a@1:
  version "1.0.0"
  resolved "https://r.example/a/-/a-1.0.0.tgz"
  integrity {SRI}
"""
BERRY = """__metadata:
  version: 8
"a@npm:1":
  version: 1.0.0
  resolution: "a@npm:1.0.0"
"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    a: "npm:1"
"""
BUN = {
    "lockfileVersion": 1,
    "workspaces": {"": APP},
    "packages": {"a": ["a@1.0.0", "", {}, SRI]},
}
LOCKS: list[tuple[str, object]] = [
    ("package-lock.json", NPM),
    ("npm-shrinkwrap.json", NPM),
    ("pnpm-lock.yaml", PNPM),
    ("yarn.lock", YARN_1),
    ("yarn.lock", BERRY),
    ("bun.lock", BUN),
]
NAMES = ["npm", "shrinkwrap", "pnpm", "yarn-1", "berry", "bun"]
every_lock = pytest.mark.parametrize(("name", "lock"), LOCKS, ids=NAMES)


@every_lock
def test_a_lock_speaks_for_the_manifest_beside_it(
    tmp_path: Path, name: str, lock: object
) -> None:
    inventory = examined(tmp_path, {name: lock, "package.json": APP})
    assert packages(inventory) == {"a 1.0.0"}
    assert not inventory.gaps


@every_lock
def test_a_lock_does_not_speak_for_a_project_that_it_does_not_list(
    tmp_path: Path, name: str, lock: object
) -> None:
    files = {name: lock, "package.json": APP, "sub/package.json": SUB}
    inventory = examined(tmp_path, files)
    assert packages(inventory) == {"a 1.0.0", "evil *"}
    assert [str(gap.location) for gap in inventory.gaps] == ["sub/package.json"]


MEMBERS: list[tuple[str, object]] = [
    (
        "package-lock.json",
        {
            "lockfileVersion": 3,
            "packages": {
                "": {**APP, "workspaces": ["sub"]},
                "node_modules/a": {**_ENTRY, "integrity": SRI},
                "node_modules/sub": {"resolved": "sub", "link": True},
                "sub": MEMBER,
            },
        },
    ),
    (
        "pnpm-lock.yaml",
        PNPM.replace(
            "packages:\n",
            "  sub:\n    dependencies:\n      a: {specifier: '1', version: 1.0.0}\n"
            "packages:\n",
        ),
    ),
    ("yarn.lock", YARN_1),
    (
        "yarn.lock",
        BERRY + '"sub@workspace:sub":\n  version: 0.0.0-use.local\n  resolution: '
        '"sub@workspace:sub"\n  dependencies:\n    a: "npm:1"\n',
    ),
    ("bun.lock", {**BUN, "workspaces": {"": APP, "sub": MEMBER}}),
]
every_workspace = pytest.mark.parametrize(
    ("name", "lock"), MEMBERS, ids=["npm", "pnpm", "yarn-1", "berry", "bun"]
)


@every_workspace
def test_a_lock_speaks_for_the_members_that_it_lists(
    tmp_path: Path, name: str, lock: object
) -> None:
    root = {**APP, "workspaces": ["sub"]}
    files = {name: lock, "package.json": root, "sub/package.json": MEMBER}
    inventory = examined(tmp_path, files)
    assert packages(inventory) == {"a 1.0.0"}
    assert not inventory.gaps
    assert {e.name for e in inventory.components} == {"app", "sub", "a"}


@every_workspace
def test_what_a_member_asks_for_is_in_its_lock_or_a_gap(
    tmp_path: Path, name: str, lock: object
) -> None:
    root = {**APP, "workspaces": ["sub"]}
    files = {name: lock, "package.json": root, "sub/package.json": SUB}
    (reason,) = reasons(examined(tmp_path, files))
    assert reason == "depends on `evil`, which the lock does not hold"


def test_members_of_yarn_1_may_ask_for_each_other(tmp_path: Path) -> None:
    files: dict[str, object] = {
        "yarn.lock": YARN_1,
        "package.json": {**APP, "workspaces": {"packages": ["packages/*"]}},
        "packages/x/package.json": {"name": "@s/one", "dependencies": {"two": "1"}},
        "packages/y/package.json": {"name": "two", "version": "1.0.0"},
        "other/package.json": {"name": "three", "version": "1.0.0"},
    }
    inventory = examined(tmp_path, files)
    assert not inventory.gaps
    names = {each.ref: each.name for each in inventory.components}
    edges = {(names[r.source], names[r.target]) for r in inventory.relations}
    assert edges == {("app", "a"), ("@s/one", "two")}
    files["packages/x/package.json"] = {"name": "x", "dependencies": {"three": "1"}}
    (reason,) = reasons(examined(tmp_path, files))
    assert reason == "depends on `three`, which the lock does not hold"


@pytest.mark.parametrize("workspaces", [[], ["x"], {}, {"packages": []}], ids=repr)
def test_naming_no_members_hides_nothing(tmp_path: Path, workspaces: object) -> None:
    asked = {"a": "1", "evil": "*"}
    manifest = {"name": "app", "dependencies": asked, "workspaces": workspaces}
    files: dict[str, object] = {"yarn.lock": YARN_1, "package.json": manifest}
    (reason,) = reasons(examined(tmp_path, files))
    assert reason == "depends on `evil`, which the lock does not hold"


@pytest.mark.parametrize(
    ("name", "lock"),
    [
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters: {}\n"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters:\n  other: {}\n"),
        ("pnpm-lock.yaml", ""),
        ("package-lock.json", '{"lockfileVersion": 3, "packages": {}}'),
        ("package-lock.json", '{"lockfileVersion": 3}'),
        ("package-lock.json", '{"lockfileVersion": 9, "packages": {"": {}}}'),
        ("npm-shrinkwrap.json", "{}"),
        ("yarn.lock", "__metadata:\n  version: 8\n"),
        ("yarn.lock", ""),
        ("bun.lock", '{"lockfileVersion": 1}'),
        ("bun.lock", '{"lockfileVersion": 1, "workspaces": {}, "packages": {}}'),
    ],
)
def test_a_lock_of_nothing_speaks_for_nothing(
    tmp_path: Path, name: str, lock: str
) -> None:
    inventory = examined(tmp_path, {name: lock, "package.json": APP})
    assert "a 1" in packages(inventory)
    places = {str(gap.location) for gap in inventory.gaps}
    assert "package.json" in places or name == "yarn.lock"


@every_lock
@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"a": "9"}, "asks for `a` as `9`"),
        ({"a": "npm:evil@1"}, "asks for `a` as `npm:evil@1`"),
        ({"a": "file:x"}, "asks for `a` as `file:x`"),
        ({"a": "1", "evil": "*"}, "depends on `evil`"),
    ],
    ids=["range", "alias", "folder", "missing"],
)
@pytest.mark.parametrize(
    "kind", ["dependencies", "devDependencies", "optionalDependencies"]
)
def test_a_lock_was_written_for_what_the_manifest_asks(
    tmp_path: Path,
    name: str,
    lock: object,
    asked: dict[str, str],
    reason: str,
    kind: str,
) -> None:
    manifest = {"name": "app", kind: asked}
    inventory = examined(tmp_path, {name: lock, "package.json": manifest})
    (gap,) = inventory.gaps
    assert gap.reason.startswith(reason)
    assert gap.location.path == name


@every_lock
def test_what_a_peer_asks_for_is_not_compared(
    tmp_path: Path, name: str, lock: object
) -> None:
    manifest = {**APP, "peerDependencies": {"a": "9", "host": "*"}}
    inventory = examined(tmp_path, {name: lock, "package.json": manifest})
    assert not inventory.gaps


def test_pnpm_writes_down_what_the_project_overrides(tmp_path: Path) -> None:
    lock = PNPM.replace("importers:", "overrides: {'x>a@1': '1'}\nimporters:")
    manifest = {"name": "app", "dependencies": {"a": "^0.9"}}
    files: dict[str, object] = {"pnpm-lock.yaml": lock, "package.json": manifest}
    assert not examined(tmp_path, files).gaps
    files["pnpm-lock.yaml"] = lock.replace("@1': '1'", "@1': '2'")
    assert len(examined(tmp_path, files).gaps) == 1


FOLDERS: list[tuple[str, object]] = [
    (
        "package-lock.json",
        {
            "lockfileVersion": 3,
            "packages": {
                "": {"dependencies": {"loc": "file:loc"}},
                "loc": {"dependencies": {"a": "1"}},
                "node_modules/loc": {"resolved": "loc", "link": True},
                "node_modules/a": {**_ENTRY, "integrity": SRI},
            },
        },
    ),
    (
        "pnpm-lock.yaml",
        ("lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n"
        "      loc: {specifier: 'file:loc', version: 'file:loc'}\npackages:\n"
        f"  a@1.0.0: {{resolution: {{integrity: {SRI}}}}}\n"
        "  loc@file:loc: {resolution: {directory: loc, type: directory}}\n"
        "snapshots:\n  a@1.0.0: {}\n  loc@file:loc: {dependencies: {a: 1.0.0}}\n"),
    ),
    ("yarn.lock", (f'{YARN_1}\n"loc@file:loc":\n  version "0.0.0"\n  dependencies:\n'
     '    a "1"\n')),
    (
        "yarn.lock",
        BERRY.replace('    a: "npm:1"', '    loc: "file:loc"')
        + '"loc@file:loc::locator=app%40workspace%3A.":\n  version: 0.0.0\n'
        '  resolution: "loc@file:loc#loc::hash=1&locator=app%40workspace%3A."\n'
        '  dependencies:\n    a: "npm:1"\n',
    ),
    (
        "bun.lock",
        {
            "lockfileVersion": 1,
            "workspaces": {"": {"name": "app", "dependencies": {"loc": "file:loc"}}},
            "packages": {
                "a": ["a@1.0.0", "", {}, SRI],
                "loc": ["loc@file:loc", {"dependencies": {"a": "1"}}],
            },
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "lock"), FOLDERS, ids=["npm", "pnpm", "yarn-1", "berry", "bun"]
)
def test_a_lock_speaks_for_the_folders_that_it_installs_from(
    tmp_path: Path, name: str, lock: object
) -> None:
    inside: dict[str, object] = {"name": "loc", "dependencies": {"a": "1"}}
    files: dict[str, object] = {
        name: lock,
        "package.json": {"name": "app", "dependencies": {"loc": "file:loc"}},
        "loc/package.json": inside,
    }
    inventory = examined(tmp_path, files)
    assert not inventory.gaps
    assert {each.split()[0] for each in packages(inventory)} == {"a", "loc"}
    inside["dependencies"] = {"a": "1", "evil": "*"}
    (reason,) = reasons(examined(tmp_path, files))
    assert reason == "depends on `evil`, which the lock does not hold"


def test_a_lock_does_not_speak_for_what_it_links_to(tmp_path: Path) -> None:
    lock = PNPM.replace("'1', version: 1.0.0", "'link:loc', version: 'link:loc'")
    manifest = {"name": "app", "dependencies": {"a": "link:loc"}}
    files: dict[str, object] = {
        "pnpm-lock.yaml": lock,
        "package.json": manifest,
        "loc/package.json": SUB,
    }
    inventory = examined(tmp_path, files)
    assert "evil *" in packages(inventory)
    assert [gap.location.path for gap in inventory.gaps] == ["loc/package.json"]


def test_one_lock_beside_what_was_not_walked_is_read_all_the_same(
    tmp_path: Path,
) -> None:
    files: dict[str, object] = {
        "package-lock.json": NPM,
        "node_modules/a/package.json": {"name": "a"},
    }
    inventory = examined(tmp_path, files)
    assert packages(inventory) == {"a 1.0.0"}
    assert [gap.location.path for gap in inventory.gaps] == ["node_modules"]
