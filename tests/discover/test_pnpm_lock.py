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
from mcpchain.discover.pnpm_lock import DISCOVERER
from mcpchain.discover.pnpm_lock.key import Key, read_key, refer
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Inventory, State
from mcpchain.tree import File, Tree

SRI = "sha512-" + base64.b64encode(hashlib.sha512(b"files").digest()).decode()
OTHER = "sha512-" + base64.b64encode(hashlib.sha512(b"other").digest()).decode()
SHA1 = "sha1-" + base64.b64encode(hashlib.sha1(b"x").digest()).decode()  # noqa: S324 - as old locks have it
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HOST = "https://packages.example"


class Bytes(File):
    """A file that never was on a disk."""

    def read(self, limit: int = 0) -> bytes:
        del limit
        return self.head


def read(data: bytes | str, path: str = "app/pnpm-lock.yaml") -> Inventory:
    found = Collector("test")
    head = data.encode() if isinstance(data, str) else data
    with found.entry():
        DISCOVERER.discover(
            Bytes(tree=Tree(Path("/nowhere")), path=path, head=head), found
        )
    return found.inventory()


def lock(version: object = "9.0", **members: Any) -> Inventory:  # noqa: ANN401 - YAML
    """Read a lock; JSON is YAML."""
    return read(json.dumps({"lockfileVersion": version, **members}))


def ninth(
    packages: dict[str, Any],
    snapshots: dict[str, Any] | None = None,
    importer: dict[str, Any] | None = None,
) -> Inventory:
    known = snapshots if snapshots is not None else {key: {} for key in packages}
    importers = {".": importer} if importer is not None else {}
    return lock(packages=packages, snapshots=known, importers=importers)


def named(inventory: Inventory, name: str) -> Component:
    (component,) = (c for c in inventory.components if c.name == name)
    return component


def facts(component: Component) -> PackageFacts:
    assert isinstance(component.facts, PackageFacts)
    return component.facts


def edges(inventory: Inventory) -> set[tuple[str, str]]:
    names = {each.ref: each.name for each in inventory.components}
    return {(names[r.source], names[r.target]) for r in inventory.relations}


def reasons(inventory: Inventory) -> list[str]:
    return [gap.reason for gap in inventory.gaps]


FILES = {"files@1.2.0": {"resolution": {"integrity": SRI}}}


def test_reads_a_package_with_its_digest() -> None:
    inventory = ninth(FILES)
    (component,) = inventory.components
    assert not inventory.gaps
    assert str(component.purl) == "pkg:npm/files@1.2.0"
    assert (component.pin, component.graph) == (Pin.EXACT, True)
    assert facts(component) == PackageFacts()
    (artifact,) = component.artifacts
    assert str(artifact.digests[0]) == f"sha512:{hashlib.sha512(b'files').hexdigest()}"
    assert str(component.location) == "app/pnpm-lock.yaml#/packages/files@1.2.0"


@pytest.mark.parametrize("name", ["pnpm-lock.yaml", "PNPM-lock.yaml"])
def test_wants_the_lock_of_pnpm(name: str) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=f"a/{name}"))


def test_wants_nothing_else() -> None:
    assert not DISCOVERER.wants(File(tree=Tree(Path()), path="pnpm-workspace.yaml"))


# How entries are called, in each version of the format


@pytest.mark.parametrize(
    ("text", "major", "key"),
    [
        ("/a/1.0.0", 5, Key(base="/a/1.0.0", name="a", version="1.0.0")),
        (
            "/@s/a/1.0.0_b@2.0.0",
            5,
            Key(base="/@s/a/1.0.0_b@2.0.0", name="@s/a", version="1.0.0"),
        ),
        ("file:x.tgz", 5, Key(base="file:x.tgz")),
        ("github.com/o/r/0123", 5, Key(base="github.com/o/r/0123")),
        ("/a@1.0.0", 6, Key(base="/a@1.0.0", name="a", version="1.0.0")),
        (
            "/@s/a@1.0.0(b@2.0.0)(@c/d@3.0.0)",
            6,
            Key(base="/@s/a@1.0.0", name="@s/a", version="1.0.0"),
        ),
        (
            "a@1.0.0(b@2.0.0(c@3.0.0))",
            9,
            Key(base="a@1.0.0", name="a", version="1.0.0"),
        ),
        (
            "a@1.0.0(patch_hash=x)",
            9,
            Key(base="a@1.0.0", name="a", version="1.0.0", patched=True),
        ),
        (
            "@s/a@file:v(1)/a.tgz",
            9,
            Key(base="@s/a@file:v(1)/a.tgz", name="@s/a", version="file:v(1)/a.tgz"),
        ),
        ("a@1.0.0)", 9, Key(base="a@1.0.0)", name="a", version="1.0.0)")),
        ("a@1.0.0((", 9, Key(base="a@1.0.0((", name="a", version="1.0.0((")),
        ("", 9, Key(base="")),
        ("@", 9, Key(base="@", name="@")),
    ],
)
def test_the_name_of_an_entry_says_what_it_is(text: str, major: int, key: Key) -> None:
    assert read_key(text, major) == key


@pytest.mark.parametrize(
    ("reference", "major", "key"),
    [
        ("1.0.0", 5, "/a/1.0.0"),
        ("1.0.0_b@2.0.0", 5, "/a/1.0.0_b@2.0.0"),
        ("/b/1.0.0", 5, "/b/1.0.0"),
        ("file:x.tgz", 5, "file:x.tgz"),
        ("github.com/o/r/0123", 5, "github.com/o/r/0123"),
        ("1.0.0", 6, "/a@1.0.0"),
        ("1.0.0(@s/b@2.0.0)", 6, "/a@1.0.0(@s/b@2.0.0)"),
        ("/b@1.0.0(@s/c@2.0.0)", 6, "/b@1.0.0(@s/c@2.0.0)"),
        ("file:x.tgz", 6, "file:x.tgz"),
        ("1.0.0", 9, "a@1.0.0"),
        ("1.0.0(b@2.0.0)", 9, "a@1.0.0(b@2.0.0)"),
        ("b@1.0.0", 9, "b@1.0.0"),
        ("@s/b@1.0.0", 9, "@s/b@1.0.0"),
        ("b@1.0.0(c@2.0.0)", 9, "b@1.0.0(c@2.0.0)"),
        ("file:x@1.tgz", 9, "a@file:x@1.tgz"),
        ("https://u@h.example/x.tgz", 9, "a@https://u@h.example/x.tgz"),
    ],
)
def test_a_dependency_refers_to_an_entry(reference: str, major: int, key: str) -> None:
    assert refer(reference, "a", major) == key


def test_version_5_is_read() -> None:
    inventory = lock(
        5.3,
        specifiers={"a": "^1.0.0"},
        dependencies={"a": "1.0.0_c@3.0.0", "m": "/b/2.0.0"},
        packages={
            "/a/1.0.0_c@3.0.0": {
                "resolution": {"integrity": SRI},
                "dependencies": {"b": "2.0.0"},
            },
            "/b/2.0.0": {"resolution": {"integrity": OTHER}},
            "github.com/o/r/" + COMMIT: {
                "resolution": {
                    "tarball": f"https://codeload.github.com/o/r/tar.gz/{COMMIT}"
                },
                "name": "r",
                "version": "3.0.0",
            },
        },
    )
    assert not inventory.gaps
    assert edges(inventory) == {("app", "a"), ("a", "b"), ("app", "b")}
    assert facts(named(inventory, "b")).alias == "m"
    component = named(inventory, "r")
    assert (component.pin, facts(component).origin) == (Pin.COMMIT, Origin.VCS)


def test_version_6_is_read() -> None:
    inventory = lock(
        "6.0",
        dependencies={"a": {"specifier": "^1", "version": "1.0.0(c@3.0.0)"}},
        devDependencies={"b": {"specifier": "2", "version": "2.0.0"}},
        packages={
            "/a@1.0.0(c@3.0.0)": {
                "resolution": {"integrity": SRI},
                "peerDependencies": {"c": "*"},
                "dependencies": {"c": "3.0.0"},
                "dev": False,
            },
            "/b@2.0.0": {"resolution": {"integrity": OTHER}, "dev": True},
            "/c@3.0.0": {"resolution": {"integrity": OTHER}, "dev": False},
        },
    )
    assert not inventory.gaps
    assert edges(inventory) == {("app", "a"), ("app", "b"), ("a", "c")}
    assert facts(named(inventory, "b")).development
    assert facts(named(inventory, "c")).peer


def test_members_packages_and_what_they_need_are_read() -> None:
    inventory = lock(
        importers={
            ".": {
                "dependencies": {
                    "a": {"specifier": "workspace:*", "version": "link:packages/a"},
                    "z": {"specifier": "npm:files@1", "version": "files@1.2.0"},
                },
                "devDependencies": {"d": {"specifier": "1", "version": "1.0.0"}},
                "optionalDependencies": {"o": {"specifier": "1", "version": "1.0.0"}},
            },
            "packages/a": {
                "devDependencies": {"e": {"specifier": "1", "version": "1.0.0"}}
            },
        },
        packages={
            **FILES,
            "d@1.0.0": {"resolution": {"integrity": SRI}},
            "e@1.0.0": {"resolution": {"integrity": SRI}},
            "o@1.0.0": {
                "resolution": {"integrity": SRI},
                "os": ["linux"],
                "cpu": ["x64", "arm64"],
                "libc": ["glibc"],
            },
        },
        snapshots={
            "files@1.2.0": {},
            "d@1.0.0": {},
            "e@1.0.0": {},
            "o@1.0.0": {"optional": True},
        },
    )
    assert edges(inventory) == {
        ("app", "a"),
        ("app", "files"),
        ("app", "d"),
        ("app", "o"),
        ("a", "e"),
    }
    app, member = named(inventory, "app"), named(inventory, "a")
    assert (app.kind, app.purl, app.pin) == (Kind.APPLICATION, None, Pin.LOCAL)
    assert not facts(app).workspace
    assert (member.kind, facts(member).workspace) == (Kind.APPLICATION, True)
    assert facts(named(inventory, "files")) == PackageFacts(alias="z")
    assert facts(named(inventory, "d")) == PackageFacts(development=True)
    assert facts(named(inventory, "e")) == PackageFacts(development=True)
    assert facts(named(inventory, "o")) == PackageFacts(
        optional=True, marker="os=linux & (cpu=x64 | cpu=arm64) & libc=glibc"
    )


def test_what_is_needed_in_two_ways_is_what_binds_most() -> None:
    one = {"specifier": "1", "version": "1.0.0"}
    inventory = ninth(
        {f"{n}@1.0.0": {"resolution": {"integrity": SRI}} for n in "abc"},
        {
            "a@1.0.0": {"dependencies": {"c": "1.0.0"}},
            "b@1.0.0": {"optionalDependencies": {"c": "1.0.0"}},
            "c@1.0.0": {},
        },
        {"dependencies": {"b": one}, "devDependencies": {"a": one}},
    )
    assert facts(named(inventory, "c")) == PackageFacts()
    assert facts(named(inventory, "a")) == PackageFacts(development=True)


def test_a_package_with_several_sets_of_peers_is_one() -> None:
    one = {"specifier": "1", "version": "1.0.0(b@1.0.0)"}
    two = {"specifier": "1", "version": "1.0.0(b@2.0.0)"}
    inventory = lock(
        importers={".": {"dependencies": {"a": one}, "devDependencies": {"a": two}}},
        packages={
            "a@1.0.0": {
                "resolution": {"integrity": SRI},
                "peerDependencies": {"b": "*"},
            },
            "b@1.0.0": {"resolution": {"integrity": SRI}},
            "b@2.0.0": {"resolution": {"integrity": SRI}},
        },
        snapshots={
            "a@1.0.0(b@1.0.0)": {"dependencies": {"b": "1.0.0"}},
            "a@1.0.0(b@2.0.0)": {"dependencies": {"b": "2.0.0"}},
            "b@1.0.0": {},
            "b@2.0.0": {},
        },
    )
    assert not inventory.gaps
    assert facts(named(inventory, "a")) == PackageFacts()
    assert len(inventory.components) == 4
    assert ("a", "b") in edges(inventory)


def test_a_document_of_pnpm_s_own_tools_is_read_too() -> None:
    text = (
        "---\nlockfileVersion: '9.0'\n"
        "importers:\n  .:\n    packageManagerDependencies:\n"
        "      pnpm: {specifier: 12.0.0, version: 12.0.0}\n"
        f"packages:\n  pnpm@12.0.0: {{resolution: {{integrity: {SRI}}}}}\n"
        "snapshots:\n  pnpm@12.0.0: {}\n"
        "---\nlockfileVersion: '9.0'\n"
        f"packages:\n  files@1.2.0: {{resolution: {{integrity: {SRI}}}}}\n"
        "snapshots:\n  files@1.2.0: {}\n"
    )
    inventory = read(text)
    assert not inventory.gaps
    assert facts(named(inventory, "pnpm")).development
    assert named(inventory, "files").version == "1.2.0"


# Where packages come from


@pytest.mark.parametrize(
    ("resolution", "origin", "pin", "registry"),
    [
        ({"integrity": SRI}, Origin.REGISTRY, Pin.EXACT, None),
        (
            {"integrity": SRI, "tarball": f"{HOST}/npm/files/-/files-1.2.0.tgz"},
            Origin.REGISTRY,
            Pin.EXACT,
            f"{HOST}/npm",
        ),
        (
            {"integrity": SRI, "registry": "https://u:p@Packages.example/x?t=1"},
            Origin.REGISTRY,
            Pin.EXACT,
            f"{HOST}/x",
        ),
        (
            {"integrity": SRI, "tarball": f"{HOST}/x.tgz"},
            Origin.URL,
            Pin.DIGEST,
            f"{HOST}/x.tgz",
        ),
        ({"tarball": f"{HOST}/x.tgz"}, Origin.URL, Pin.TAG, f"{HOST}/x.tgz"),
        (
            {"type": "git", "repo": "https://u:p@git.example/r.git", "commit": COMMIT},
            Origin.VCS,
            Pin.COMMIT,
            "https://git.example/r.git",
        ),
        (
            {"type": "git", "repo": "https://git.example/r.git", "commit": "main"},
            Origin.VCS,
            Pin.TAG,
            "https://git.example/r.git",
        ),
        (
            {
                "tarball": f"https://codeload.github.com/o/r/tar.gz/{COMMIT}",
                "gitHosted": True,
            },
            Origin.VCS,
            Pin.COMMIT,
            "https://github.com/o/r.git",
        ),
        (
            {"tarball": f"https://bitbucket.org/o/r/get/{COMMIT}.tar.gz"},
            Origin.VCS,
            Pin.COMMIT,
            "https://bitbucket.org/o/r.git",
        ),
        (
            {"tarball": "https://codeload.github.com/o/r/tar.gz/main"},
            Origin.URL,
            Pin.TAG,
            "https://codeload.github.com/o/r/tar.gz/main",
        ),
    ],
)
def test_a_resolution_says_where_a_package_is_from(
    resolution: dict[str, object], origin: Origin, pin: Pin, registry: str | None
) -> None:
    inventory = ninth({"files@1.2.0": {"resolution": resolution, "version": "1.2.0"}})
    (component,) = inventory.components
    assert facts(component).origin is origin
    assert (component.pin, facts(component).registry) == (pin, registry)
    assert "u:p" not in repr(inventory)
    assert "t=1" not in repr(inventory)


def test_a_package_in_a_folder_of_a_repository_is_told_with_it() -> None:
    resolution = {
        "type": "git",
        "repo": "https://git.example/r.git",
        "commit": COMMIT,
        "path": "/a/b",
    }
    (component,) = ninth({"files@x": {"resolution": resolution}}).components
    assert component.purl is not None
    assert component.purl.subpath == "a/b"


def write(folder: Path, path: str, data: str | bytes) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data.encode() if isinstance(data, str) else data)


def test_files_and_folders_are_looked_at(tmp_path: Path) -> None:
    write(tmp_path, "v/f.tgz", b"files")
    write(tmp_path, "l/package.json", '{"name": "l"}')
    write(tmp_path, "package.json", '{"name": "@acme/shop", "version": "2.0.0"}')
    document = {
        "lockfileVersion": "9.0",
        "importers": {
            ".": {
                "dependencies": {
                    "f": {"specifier": "x", "version": "file:v/f.tgz"},
                    "l": {"specifier": "x", "version": "file:l"},
                    "k": {"specifier": "x", "version": "link:l"},
                }
            }
        },
        "packages": {
            "f@file:v/f.tgz": {
                "resolution": {"integrity": SRI, "tarball": "file:v/f.tgz"},
                "version": "1.0.0",
            },
            "l@file:l": {"resolution": {"directory": "l", "type": "directory"}},
        },
        "snapshots": {"f@file:v/f.tgz": {}, "l@file:l": {}},
    }
    write(tmp_path, "pnpm-lock.yaml", json.dumps(document))
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert not inventory.gaps
    assert named(inventory, "@acme/shop").version == "2.0.0"
    file = named(inventory, "f")
    assert (file.pin, facts(file).origin) == (Pin.LOCAL, Origin.PATH)
    assert file.artifacts[0].name == "v/f.tgz"
    for name in ("l", "k"):
        assert named(inventory, name).purl is None
        assert named(inventory, name).pin is Pin.LOCAL


@pytest.mark.parametrize(
    "packages",
    [
        {"f@file:x.tgz": {"resolution": {"tarball": "file:x.tgz"}, "version": "1.0.0"}},
        {"f@file:/etc/x.tgz": {"resolution": {"tarball": "file:/etc/x.tgz"}}},
        {
            "f@file:../../x": {
                "resolution": {"type": "directory", "directory": "../../x"}
            }
        },
        {"f@file:/etc": {"resolution": {"type": "directory", "directory": "/etc"}}},
    ],
    ids=["no such file", "absolute file", "folder outside", "absolute folder"],
)
def test_what_is_not_in_the_tree_is_a_gap(packages: dict[str, Any]) -> None:
    inventory = ninth(packages)
    assert len(inventory.gaps) == 1
    assert len(inventory.components) == 1


# What must never be a yes, and never get lost


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"resolution": {"integrity": "sha512-AAAA"}}, "not a sha512 digest"),
        ({"resolution": {"integrity": "sha3-AAAA"}}, "no digest algorithm"),
        ({"resolution": {"integrity": "x"}}, "not an integrity value"),
        ({"resolution": {"integrity": ""}}, "is empty"),
        ({"resolution": {"integrity": 5}}, "expected a string"),
        ({"resolution": {"integrity": [SRI]}}, "expected a string"),
        ({"resolution": {"integrity": f"{SRI} sha9-x"}}, "not valid base64"),
    ],
)
def test_a_bad_digest_is_a_gap_and_pins_nothing(
    entry: dict[str, Any], problem: str
) -> None:
    inventory = ninth({**FILES, "bad@1.0.0": entry})
    assert named(inventory, "bad").artifacts == ()
    assert named(inventory, "files").artifacts != ()
    (reason,) = reasons(inventory)
    assert problem in reason


def test_sha1_is_what_it_is() -> None:
    (component,) = ninth({"a@1.0.0": {"resolution": {"integrity": SHA1}}}).components
    assert not component.artifacts[0].digests[0].algorithm.identifies


@pytest.mark.parametrize(
    "entry",
    [
        None,
        5,
        [],
        {},
        {"resolution": None},
        {"resolution": "x"},
        {"resolution": {"type": "custom"}},
        {"resolution": {"type": "variations", "variants": []}},
        {"resolution": {"type": "git"}},
        {"resolution": {"type": "git", "repo": "https://g.example/r"}},
        {"resolution": {"type": "directory"}},
        {"resolution": {"tarball": 5}},
        {"resolution": {"integrity": SRI}, "version": "latest"},
        {"resolution": {"integrity": SRI}, "version": 5},
        {"resolution": {"integrity": SRI}, "os": {}},
        {"resolution": {"integrity": SRI}, "cpu": ["\n"]},
        {"resolution": {"integrity": SRI}, "dependencies": []},
        {"resolution": {"integrity": SRI}, "dependencies": {"x": 5}},
    ],
    ids=repr,
)
def test_a_broken_entry_is_a_gap_and_its_siblings_are_read(entry: object) -> None:
    packages = {"/bad@1.0.0": entry, "/files@1.2.0": {"resolution": {"integrity": SRI}}}
    inventory = lock("6.0", packages=packages)
    assert named(inventory, "files").version == "1.2.0"
    assert inventory.gaps
    assert all(gap.location.path == "app/pnpm-lock.yaml" for gap in inventory.gaps)


@pytest.mark.parametrize(
    "key",
    [
        "__proto__@1.0.0",
        "files",
        "@1.0.0",
        "a b@1.0.0",
        "../x@1.0.0",
        "a@1.x",
        "a@^1",
        "node_modules@1.0.0",
        "@s@1.0.0",
        "a@",
        "",
        "a@v1.0.0",
        "a@latest",
    ],
)
def test_an_entry_of_no_package_and_version_is_a_gap(key: str) -> None:
    inventory = ninth({key: {"resolution": {"integrity": SRI}}, **FILES})
    assert [c.name for c in inventory.components] == ["files"]
    assert len(inventory.gaps) == 1


@pytest.mark.parametrize(
    ("tarball", "name", "state"),
    [
        (f"{HOST}/evil/-/evil-6.6.6.tgz", "evil", State.UNMATCHED),
        (f"{HOST}/@evil/files/-/files-1.2.0.tgz", "@evil/files", State.UNMATCHED),
        (f"{HOST}/files/-/files-1.2.1.tgz", "files", State.UNMATCHED),
        (f"{HOST}/files/-/../../evil/-/evil-1.0.0.tgz", "evil", State.UNMATCHED),
        ("files/-/files-1.2.0.tgz", "files", State.UNREADABLE),
    ],
)
def test_the_tarball_of_another_package_is_that_package(
    tarball: str, name: str, state: State
) -> None:
    resolution = {"integrity": SRI, "tarball": tarball}
    inventory = ninth({"files@1.2.0": {"resolution": resolution}})
    (component,) = inventory.components
    assert component.name == name
    assert inventory.gaps[0].state is state


def test_one_package_with_two_digests_is_a_gap() -> None:
    inventory = lock(
        5.4,
        packages={
            "/a/1.0.0_b@1.0.0": {"resolution": {"integrity": SRI}},
            "/a/1.0.0_b@2.0.0": {"resolution": {"integrity": OTHER}},
        },
    )
    assert [c.name for c in inventory.components if c.purl] == ["a", "a"]
    assert reasons(inventory) == ["`a@1.0.0` is listed with two digests"]


def test_a_dependency_that_the_lock_does_not_hold_is_a_gap() -> None:
    inventory = ninth(
        FILES,
        {"files@1.2.0": {"dependencies": {"gone": "1.0.0"}}},
        {"dependencies": {"lost": {"specifier": "1", "version": "1.0.0"}}},
    )
    assert sorted(reasons(inventory)) == [
        "depends on `gone`, which the lock does not hold",
        "depends on `lost`, which the lock does not hold",
    ]
    assert {gap.state for gap in inventory.gaps} == {State.PARTIAL}


def test_what_a_manifest_asks_for_and_its_lock_does_not_is_a_gap(
    tmp_path: Path,
) -> None:
    asked = {
        "dependencies": {"new": "^1", "own": "workspace:*"},
        "devDependencies": {"n": "1"},
    }
    write(tmp_path, "package.json", json.dumps(asked))
    write(tmp_path, "pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters: {.: {}}\n")
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert sorted(reasons(inventory)) == [
        "depends on `n`, which the lock does not hold",
        "depends on `new`, which the lock does not hold",
    ]


def test_a_snapshot_of_no_package_is_a_gap() -> None:
    inventory = ninth(FILES, {"files@1.2.0": {}, "ghost@1.0.0": {}})
    assert reasons(inventory) == ["`ghost@1.0.0` is not in `packages`"]


@pytest.mark.parametrize("snapshot", [None, 5, [], "x"], ids=repr)
def test_a_broken_snapshot_is_a_gap_and_its_siblings_are_read(snapshot: object) -> None:
    packages = {**FILES, "bad@1.0.0": {"resolution": {"integrity": SRI}}}
    inventory = ninth(packages, {"bad@1.0.0": snapshot, "files@1.2.0": {}})
    assert len(inventory.gaps) == 1
    assert named(inventory, "files").artifacts


def test_a_package_without_a_snapshot_is_read_all_the_same() -> None:
    inventory = ninth(FILES, {})
    assert named(inventory, "files").version == "1.2.0"


@pytest.mark.parametrize(
    "members",
    [
        {"patchedDependencies": {"files@1.2.0": "abc"}},
        {"patchedDependencies": {"files": {"hash": "abc", "path": "p.patch"}}},
        {},
    ],
    ids=["by version", "by name", "untold"],
)
def test_a_patched_package_is_a_gap(members: dict[str, Any]) -> None:
    inventory = lock(
        packages=FILES, snapshots={"files@1.2.0(patch_hash=abc)": {}}, **members
    )
    (gap,) = inventory.gaps
    assert "is changed by a patch" in gap.reason
    assert gap.state is State.PARTIAL
    assert named(inventory, "files").artifacts


def test_packages_within_an_archive_are_a_gap() -> None:
    entry = {"resolution": {"integrity": SRI}, "bundledDependencies": ["inner"]}
    inventory = ninth({"files@1.2.0": entry})
    (gap,) = inventory.gaps
    assert (gap.reason, gap.state) == (
        "holds bundled packages, which pnpm does not list",
        State.PARTIAL,
    )
    assert not named(inventory, "files").graph


def test_packages_that_need_each_other_are_read() -> None:
    inventory = ninth(
        {f"{n}@1.0.0": {"resolution": {"integrity": SRI}} for n in "ab"},
        {
            "a@1.0.0": {"dependencies": {"b": "1.0.0", "a": "1.0.0"}},
            "b@1.0.0": {"dependencies": {"a": "1.0.0", "x": "a@1.0.0"}},
        },
    )
    assert edges(inventory) == {("a", "b"), ("b", "a"), ("a", "a")}
    assert facts(named(inventory, "a")).alias == "x"


@pytest.mark.parametrize("path", ["../../x", "/etc", "packages/gone", "\\x"])
def test_a_member_outside_the_tree_is_a_gap(path: str) -> None:
    inventory = lock(importers={path: {}, ".": {}})
    assert len(inventory.gaps) == 1
    assert named(inventory, "app").kind is Kind.APPLICATION


def test_an_entry_cannot_take_the_place_of_a_member() -> None:
    inventory = lock(
        packages={
            "/files@1.2.0": {"resolution": {"integrity": SRI}},
            "project:.": {
                "resolution": {"integrity": SRI},
                "name": "x",
                "version": "1.0.0",
            },
        },
        version="6.0",
        importers={".": {}},
    )
    assert {c.name for c in inventory.components} == {"files", "x"}
    assert reasons(inventory) == ["has the name of another entry"]


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ("4.0", State.UNSUPPORTED),
        ("10.0", State.UNSUPPORTED),
        (12, State.UNSUPPORTED),
        ("9.x", State.UNSUPPORTED),
        (None, State.UNREADABLE),
        ([], State.UNREADABLE),
        (True, State.UNREADABLE),
    ],
)
def test_another_version_is_a_gap(version: object, state: State) -> None:
    inventory = lock(version, packages=FILES)
    assert inventory.components == ()
    assert [gap.state for gap in inventory.gaps] == [state]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# none",
        "x",
        "[]",
        "lockfileVersion: '9.0'\nlockfileVersion: '9.0'",
        "lockfileVersion: '9.0'\npackages: []",
        "lockfileVersion: '9.0'\nimporters: 5",
        "lockfileVersion: '9.0'\nsnapshots: x",
        "lockfileVersion: '9.0'\npackages: {a: 1, a: 2}",
        "lockfileVersion: '9.0'\npackages: {<<: {}}",
        "lockfileVersion: '9.0'\na: !x b",
        "lockfileVersion: '9.0'\npackages: " + "{a: " * 10_000,
        "\0",
        "a: &a [*a]",
        "".join(f"a{i}: &a{i} [{f'*a{i - 1},' * 9 if i else 1}]\n" for i in range(20)),
    ],
    ids=range(15),
)
def test_what_is_no_lock_is_a_gap(text: str) -> None:
    inventory = read(text)
    assert inventory.components == ()
    assert inventory.gaps


@given(
    st.binary(max_size=80)
    | st.text("lockfileVersion:' 9.0\npackages{}[]@/()&*1-", max_size=80).map(
        lambda text: f"lockfileVersion: '9.0'\n{text}".encode()
    )
)
def test_any_bytes_are_read_or_a_gap(data: bytes) -> None:
    with contextlib.suppress(MalformedError):
        read(data)


def test_the_time_grows_with_the_size_and_not_faster() -> None:
    lines = ["lockfileVersion: '9.0'", "packages:"]
    count = 5_000
    lines += [
        f"  a{i}@1.0.0: {{resolution: {{integrity: {SRI}}}}}" for i in range(count)
    ]
    lines += ["snapshots:"]
    lines += [
        f"  a{i}@1.0.0: {{dependencies: {{a{i + 1}: 1.0.0}}}}" for i in range(count)
    ]
    start = time.process_time()
    inventory = read("\n".join(lines))
    assert time.process_time() - start < 30  # it takes one second
    assert len(inventory.components) == count
    assert len(inventory.relations) == count - 1


def test_brackets_without_end_take_no_time() -> None:
    start = time.process_time()
    for text in (
        "a@1" + "(" * 100_000,
        "a@1" + ")" * 100_000,
        "(" * 50_000 + ")" * 50_000,
    ):
        read_key(text, 9)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("version", ["6.0", "9.0"])
@pytest.mark.parametrize("more", ["name: evil", "version: 6.6.6", "version: ^1.0.0"])
def test_an_entry_is_what_its_name_says_or_a_gap(version: str, more: str) -> None:
    slash = "/" if version == "6.0" else ""
    text = (
        f"lockfileVersion: '{version}'\npackages:\n  {slash}files@1.0.0:\n"
        f"    resolution: {{integrity: {SRI}}}\n    {more}\n"
    )
    inventory = read(text)
    assert "files" not in {each.name for each in inventory.components}
    assert len(inventory.gaps) == 1


@pytest.mark.parametrize("member", ["importers", "packages", "snapshots"])
def test_an_entry_of_nothing_does_not_stop_the_reading(
    tmp_path: Path, member: str
) -> None:
    entries: dict[str, Any] = {
        "importers": {".": {}},
        "packages": {"a@1.0.0": {"resolution": {"integrity": SRI}}},
        "snapshots": {"a@1.0.0": {}},
    }
    entries[member] = dict.fromkeys(entries[member])
    document = {"lockfileVersion": "9.0", **entries}
    (tmp_path / "pnpm-lock.yaml").write_text(json.dumps(document))
    (tmp_path / "package.json").write_text('{"dependencies": {"a": "1"}}')
    assert survey(Tree(tmp_path), name="x").gaps


@pytest.mark.parametrize(
    "again",
    [{"version": "2.0.0"}, {"name": "evil"}, {"resolution": {"integrity": SRI}}],
    ids=repr,
)
def test_a_snapshot_that_says_what_a_package_is_is_a_gap(again: dict[str, Any]) -> None:
    """pnpm fetches the version that stands there."""
    inventory = ninth(FILES, {"files@1.2.0": again})
    (gap,) = inventory.gaps
    assert gap.state is State.UNREADABLE
    assert gap.reason.endswith("of its own")
