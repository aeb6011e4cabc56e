import base64
import contextlib
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcpchain.component import Component, Kind, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.package_lock import DISCOVERER
from mcpchain.document import join
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Inventory, State
from mcpchain.tree import File, Tree

SRI = "sha512-" + base64.b64encode(hashlib.sha512(b"files").digest()).decode()
HOST = "https://registry.example/npm"
OTHER = "sha512-" + base64.b64encode(hashlib.sha512(b"other").digest()).decode()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "version": "1.2.0",
    "resolved": "https://registry.example/npm/files/-/files-1.2.0.tgz",
    "integrity": SRI,
}
TOP = {"version": "1.2.0", "resolved": f"{HOST}/top/-/top-1.2.0.tgz", "integrity": SRI}


class Bytes(File):
    """A file that never was on a disk."""

    def read(self, limit: int = 0) -> bytes:
        del limit
        return self.head


def read(data: bytes, path: str = "app/package-lock.json") -> Inventory:
    found = Collector("test")
    file = Bytes(tree=Tree(Path("/nowhere")), path=path, head=data)
    DISCOVERER.discover(file, found)
    return found.inventory()


def lock(packages: object, version: object = 3) -> Inventory:
    document = {"lockfileVersion": version, "packages": packages}
    return read(json.dumps(document).encode())


def named(inventory: Inventory, name: str) -> Component:
    (component,) = (each for each in inventory.components if each.name == name)
    return component


def one(entry: dict[str, object], path: str = "node_modules/files") -> Component:
    inventory = lock({path: entry})
    assert inventory.gaps == ()
    (component,) = inventory.components
    return component


def facts(component: Component) -> PackageFacts:
    assert isinstance(component.facts, PackageFacts)
    return component.facts


def edges(inventory: Inventory) -> set[tuple[str, str]]:
    return {(each.source, each.target) for each in inventory.relations}


def test_reads_a_package_with_its_tarball() -> None:
    component = one({**FILES, "license": "MIT"})
    assert str(component.purl) == "pkg:npm/files@1.2.0"
    assert component.pin is Pin.EXACT
    assert component.licenses == ("MIT",)
    assert facts(component) == PackageFacts(registry="https://registry.example/npm")
    (artifact,) = component.artifacts
    assert artifact.name == "files-1.2.0.tgz"
    assert artifact.url == FILES["resolved"]
    assert [str(d) for d in artifact.digests] == [
        f"sha512:{hashlib.sha512(b'files').hexdigest()}"
    ]
    assert str(component.location) == (
        "app/package-lock.json#/packages/node_modules~1files"
    )


@pytest.mark.parametrize(
    "name", ["package-lock.json", "npm-shrinkwrap.json", "Package-Lock.json"]
)
def test_wants_the_two_names_of_npm(name: str) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=f"a/{name}"))


def test_wants_nothing_else() -> None:
    assert not DISCOVERER.wants(File(tree=Tree(Path()), path="a/package.json"))


@pytest.mark.parametrize(
    ("resolved", "registry"),
    [
        ("https://h.example/@acme/files/-/files-1.2.0.tgz", "https://h.example"),
        ("https://h.example/@acme%2ffiles/-/files-1.2.0.tgz", "https://h.example"),
        ("https://h.example/%40acme%2Ffiles/-/files-1.2.0.tgz", "https://h.example"),
        ("https://u:p@H.example/a/b/@acme/files/-/files-1.2.0.tgz?t=secret",
         "https://h.example/a/b"),
        ("http://h.example:4873/@acme/files/-/files-1.2.0.tgz",
         "http://h.example:4873"),
    ],
)  # fmt: skip
def test_the_address_of_a_tarball_tells_its_registry(
    resolved: str, registry: str
) -> None:
    entry: dict[str, object] = {**FILES, "resolved": resolved}
    component = one(entry, "node_modules/@acme/files")
    assert facts(component).registry == registry
    assert str(component.purl) == "pkg:npm/%40acme/files@1.2.0"
    assert "secret" not in repr(component)
    assert "u:p" not in repr(component)


HASH = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "resolved",
    [
        f"https://h.example/a/download/@acme/files/1.2.0/{HASH}",
        "https://h.example/a/@acme/files/-/@acme/files-1.2.0.tgz",
        "https://h.example/a/@acme/files/-/1.2.0/files-1.2.0.tgz",
        "https://h.example/a/%40acme/files/%2D/fil%65s-1.2.0.tgz",
    ],
)
def test_the_ways_of_some_registries_are_known(resolved: str) -> None:
    entry: dict[str, object] = {**FILES, "resolved": resolved}
    found = facts(one(entry, "node_modules/@acme/files"))
    assert found == PackageFacts(registry="https://h.example/a")


@pytest.mark.parametrize(
    ("resolved", "address"),
    [
        ("https://registry.example/@evil/files/-/files-1.2.0.tgz/x", None),
        ("https://registry.example/files-1.2.0.tgz", None),
        ("http://evil.example/x.tgz", None),
        ("https://github.com/o/r/archive/v1.tar.gz", None),
        ("https://github.com/o/r/tarball/main", None),
        ("https://gitlab.com/o/r/-/archive/v1/r-v1.tar.gz", None),
        ("https://codeload.github.com/evil/r/tar.gz/main", None),
        ("https://registry.example/download/files/1.2.0/evil", None),
        ("https://registry.example/evil.tgz?/files/-/files-1.2.0.tgz",
         "https://registry.example/evil.tgz"),
        ("https://u:secret@registry.example/evil.tgz#/files/-/files-1.2.0.tgz",
         "https://registry.example/evil.tgz"),
    ],
)  # fmt: skip
def test_an_address_in_no_registry_is_a_url_and_is_told(
    resolved: str, address: str | None
) -> None:
    component = one({**FILES, "resolved": resolved})
    assert facts(component).origin is Origin.URL
    assert facts(component).registry == (address or resolved)
    assert component.pin is Pin.DIGEST
    assert component.purl is not None
    assert component.purl.qualifiers.keys() == {"download_url"}


@pytest.mark.parametrize(
    ("resolved", "title"),
    [
        ("https://h.example/evil/-/evil-6.6.6.tgz", "evil@6.6.6"),
        (" https://h.example/evil/-/evil-6.6.6.tgz", "evil@6.6.6"),
        ("https://h.example/ev%69l/%2d/evil-6.6.6.tgz?x=/files", "evil@6.6.6"),
        ("https://h.example/evil%2f-%2fevil-6.6.6.tgz", "evil@6.6.6"),
        ("https://h.example/@evil/files/-/files-1.2.0.tgz", "@evil/files@1.2.0"),
        (f"https://h.example/download/@evil/x/1.0.0/{HASH}", "@evil/x@1.0.0"),
        ("https://h.example/files/-/files-1.2.1.tgz", "files@1.2.1"),
        ("https://h.example/files/-/files-1.2.0-1.tgz", "files@1.2.0-1"),
        ("https://h.example/files/-/%2e%2e/%2E./evil/-/evil-6.6.6.tgz", "evil@6.6.6"),
        ("https://h.example/files/-/../../evil/-/evil-6.6.6.tgz", "evil@6.6.6"),
        ("https://h.example/x/../../../evil/-/evil-6.6.6.tgz", "evil@6.6.6"),
        ("https://h.example//evil/-/./evil-6.6.6.tgz", "evil@6.6.6"),
        ("https://h.example/x/../files/-/files-1.2.0.tgz", "files@1.2.0"),
        ("https://h.example/files//-/files-1.2.0.tgz", "files@1.2.0"),
    ],
)
def test_the_tarball_of_another_package_is_that_package_and_a_gap(
    resolved: str, title: str
) -> None:
    inventory = lock({"node_modules/files": {**FILES, "resolved": resolved}})
    (component,) = inventory.components
    assert (component.title, component.pin) == (title, Pin.EXACT)
    assert component.purl is not None
    assert not component.purl.qualifiers
    assert facts(component).registry == "https://h.example"
    assert facts(component).alias == ("" if component.name == "files" else "files")
    (gap,) = inventory.gaps
    assert gap.state is State.UNMATCHED
    assert gap.location.pointer == "/packages/node_modules~1files"


@pytest.mark.parametrize(
    "resolved",
    [
        "https://h.example/files/-/evil-6.6.6.tgz",
        "https://h.example/files/-/files-latest.tgz",
        "https://h.example/files/-/files-v1.2.0.tgz",
        "https://h.example/files/-/1.0.0/files-1.2.0.tgz",
        "https://h.example/.files/-/.files-1.2.0.tgz",
        "https://h.example/files/-/files-1.2.0.tgz/%2e%2e/x",
        "https://h.example/files/-/%252e%252e/evil-1.2.0.tgz",
        "https://h.example/evil/..;/files/-/x-1.2.0.tgz",
        "https:///files/-/files-1.2.0.tgz",
        "https://h.example/x/../evil.tgz",
        "https://h.example/x\\..\\evil.tgz",
    ],
)
def test_an_address_that_may_be_anything_is_a_gap(resolved: str) -> None:
    inventory = lock({"node_modules/files": {**FILES, "resolved": resolved}})
    (component,) = inventory.components
    assert component.title == "files@1.2.0"
    assert facts(component).origin is Origin.URL
    (gap,) = inventory.gaps
    assert gap.state is State.UNMATCHED


def test_an_address_without_integrity_can_change() -> None:
    component = one({"version": "1.2.0", "resolved": "https://h.example/x.tgz"})
    assert component.pin is Pin.TAG
    assert component.artifacts == ()


@pytest.mark.parametrize(
    ("resolved", "pin", "where"),
    [
        (f"git+ssh://git@github.com/o/r.git#{COMMIT}", Pin.COMMIT,
         f"git+ssh://github.com/o/r.git@{COMMIT}"),
        ("git+https://u:secret@h.example/r#main", Pin.TAG,
         "git+https://h.example/r@main"),
        ("git://h.example/r", Pin.FLOATING, "git+git://h.example/r"),
        ("git@h.example:o/r.git#v1", Pin.TAG, "git+ssh://h.example/o/r.git@v1"),
        ("evil/repo", Pin.FLOATING, "git+https://github.com/evil/repo"),
        (f"evil/repo#{COMMIT}", Pin.COMMIT,
         f"git+https://github.com/evil/repo@{COMMIT}"),
        ("gitlab:evil/repo#v1", Pin.TAG, "git+https://gitlab.com/evil/repo@v1"),
        ("https://github.com/o/r", Pin.FLOATING, "git+https://github.com/o/r"),
        ("https://u:secret@www.github.com/o/r.git#v1", Pin.TAG,
         "git+https://www.github.com/o/r.git@v1"),
        ("https://gitlab.com/g/sub/r", Pin.FLOATING, "git+https://gitlab.com/g/sub/r"),
        ("https://github.com/o/r#/x/-/files-1.2.0.tgz", Pin.TAG,
         "git+https://github.com/o/r@/x/-/files-1.2.0.tgz"),
    ],
)  # fmt: skip
def test_a_repository_is_as_firm_as_its_revision(
    resolved: str, pin: Pin, where: str
) -> None:
    component = one({"version": "1.2.0", "resolved": resolved})
    assert facts(component).origin is Origin.VCS
    assert component.pin is pin
    assert component.requested == where
    address = where.removeprefix("git+").partition("@")[0]
    assert facts(component).registry == address
    assert component.purl is not None
    assert component.purl.qualifiers == {"vcs_url": where}


def test_a_lock_without_addresses_leaves_the_registry_open() -> None:
    component = one({"version": "1.2.0", "integrity": SRI})
    assert facts(component) == PackageFacts()


INNER = {"version": "1.0.0", "inBundle": True}
OUTER = {**FILES, "bundleDependencies": ["b"], "dependencies": {"b": "1"}}


def test_what_is_bundled_has_no_bytes_of_its_own() -> None:
    files = "node_modules/files/node_modules"
    inventory = lock(
        {
            "node_modules/files": OUTER,
            f"{files}/b": {**INNER, "dependencies": {"d": "1", "e": "1"}},
            f"{files}/b/node_modules/e": INNER,
            f"{files}/d": {**INNER, "dependencies": {"b": "1"}},
        }
    )
    assert inventory.gaps == ()
    assert {c.name: (facts(c).origin, c.pin) for c in inventory.components} == {
        "files": (Origin.REGISTRY, Pin.EXACT),
        "b": (Origin.BUNDLED, Pin.EXACT),
        "d": (Origin.BUNDLED, Pin.EXACT),
        "e": (Origin.BUNDLED, Pin.EXACT),
    }


@pytest.mark.parametrize(
    "packages",
    [
        {"node_modules/evil": INNER},
        {"": {"bundleDependencies": ["evil"]}, "node_modules/evil": INNER},
        {"node_modules/files": OUTER, "node_modules/evil": INNER},
        {"node_modules/files": OUTER, "node_modules/files/node_modules/evil": INNER},
        {"node_modules/files": {**OUTER, "bundleDependencies": ["evil"]},
         "node_modules/evil": INNER},
        {"node_modules/files": {**OUTER, "bundleDependencies": True},
         "node_modules/files/node_modules/evil": INNER},
        {"node_modules/files": {**OUTER, "bundleDependencies": None},
         "node_modules/files/node_modules/evil": INNER},
        {"node_modules/files": {**OUTER, "bundleDependencies": ["../evil"]},
         "node_modules/evil": INNER},
        {"node_modules/files": {**OUTER, "bundleDependencies": ["b"]},
         "node_modules/files/node_modules/b": {**INNER, "dependencies": {"evil": "1"}},
         "node_modules/evil": INNER},
        {"packages/a": {"bundleDependencies": ["evil"]},
         "packages/a/node_modules/evil": INNER},
    ],
)  # fmt: skip
def test_what_no_package_around_it_bundles_comes_from_a_registry(
    packages: dict[str, object],
) -> None:
    (evil,) = (each for each in lock(packages).components if each.name == "evil")
    assert facts(evil).origin is Origin.REGISTRY


@pytest.mark.parametrize("value", [[1], [{}]])
def test_a_list_of_bundled_packages_that_is_none_is_a_gap(value: object) -> None:
    (gap,) = lock({"node_modules/files": {**FILES, "bundleDependencies": value}}).gaps
    assert gap.location.pointer.endswith("/bundleDependencies/0")


def test_a_package_with_an_address_is_not_taken_for_bundled() -> None:
    component = one({**FILES, "inBundle": True})
    assert facts(component).origin is Origin.REGISTRY
    assert component.artifacts


def test_an_alias_is_the_real_package() -> None:
    component = one(
        {
            "name": "string-width",
            "version": "4.2.3",
            "resolved": "https://h.example/string-width/-/string-width-4.2.3.tgz",
        },
        "node_modules/string-width-cjs",
    )
    assert component.name == "string-width"
    assert str(component.purl) == "pkg:npm/string-width@4.2.3"
    assert facts(component).alias == "string-width-cjs"
    assert facts(component).registry == "https://h.example"


@pytest.mark.parametrize(
    ("kind", "flags", "marks"),
    [
        ("devDependencies", ["dev"], ["development"]),
        ("devDependencies", ["devOptional"], []),
        ("optionalDependencies", ["optional"], ["optional"]),
        ("peerDependencies", ["peer"], ["peer"]),
        ("optionalDependencies", ["optional", "peer"], ["optional"]),
        ("devDependencies", [], []),
        ("devDependencies", ["optional", "peer"], []),
        ("dependencies", ["dev", "optional", "peer"], []),
        ("dependencies", ["devOptional"], []),
        (None, ["dev", "optional", "peer"], ["development", "optional", "peer"]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("inner", [False, True])
def test_a_mark_counts_only_where_the_project_does_without(
    kind: str | None, flags: list[str], marks: list[str], *, inner: bool
) -> None:
    """`npm ci --omit=dev` installs what is marked `dev` and asked for otherwise."""
    root = {kind: {"top" if inner else "files": "*"}} if kind else {}
    packages: dict[str, object] = {
        "": root,
        "node_modules/files": {**FILES, **dict.fromkeys(flags, True)},
    }
    if inner:
        packages["node_modules/top"] = {**TOP, "dependencies": {"files": "1"}}
    found = facts(named(lock(packages), "files"))
    told = ("development", "optional", "peer")
    assert [mark for mark in told if getattr(found, mark)] == marks


def test_of_a_lock_without_a_project_no_mark_counts() -> None:
    found = facts(one({**FILES, "dev": True, "optional": True, "peer": True}))
    assert found == PackageFacts(registry=HOST)


def test_what_a_manifest_asks_for_in_any_case_is_not_for_development(
    tmp_path: Path,
) -> None:
    packages = {
        "": {"name": "shop", "devDependencies": {"files": "^1.0.0"}},
        "node_modules/files": {**FILES, "dev": True},
    }
    manifest = {"name": "shop", "dependencies": {"files": "^1.0.0"}}
    (tmp_path / "package.json").write_text(json.dumps(manifest))
    inventory = project(tmp_path, packages)
    assert not facts(named(inventory, "files")).development
    (gap,) = inventory.gaps
    assert gap.state is State.CONFLICT
    assert "for development only, and `package.json` asks" in gap.reason


@pytest.mark.parametrize("version", [1, 2, 3])
def test_packages_count_in_a_lock_of_any_version(version: int) -> None:
    """npm installs what stands there, whatever number is above it."""
    evil = {**FILES, "resolved": "https://evil.example/files/-/files-1.2.0.tgz"}
    document = {
        "lockfileVersion": version,
        "requires": True,
        "packages": {"": {"name": "shop"}, "node_modules/files": evil},
        "dependencies": {"files": {"version": "1.2.0", "resolved": FILES["resolved"]}},
    }
    inventory = read(json.dumps(document).encode())
    assert facts(named(inventory, "files")).registry == "https://evil.example"
    (gap,) = inventory.gaps
    assert "has another `resolved` than in `packages`" in gap.reason


@pytest.mark.parametrize(
    ("asked", "more", "gaps"),
    [
        ("^1.0.0", {}, 0),
        ("^2.0.0", {}, 1),
        ("npm:files@^2", {}, 1),
        ("npm:@s/files@^1", {}, 0),
        ("2.x || >=3", {}, 1),
        ("latest", {}, 0),
        ("*", {}, 0),
        ("github:o/r", {}, 0),
        ("https://packages.example/x.tgz", {}, 0),
        ("^2.0.0", {"overrides": {"files": "1.2.0"}}, 0),
        ("^1.0.0", {"overrides": {"files": "npm:evil@9.0.0"}}, 1),
        ("^1.0.0", {"overrides": {"files": "2.0.0"}}, 1),
        ("^2.0.0", {"overrides": {"top": {"files": "1.2.0"}}}, 0),
        ("^2.0.0", {"overrides": {"files@^2": "1.2.0"}}, 0),
        ("^2.0.0", {"overrides": {"other": "1.2.0"}}, 1),
    ],
    ids=repr,
)
def test_a_version_that_nobody_asks_for_is_a_gap(
    tmp_path: Path, asked: str, more: dict[str, object], gaps: int
) -> None:
    """`npm ci` refuses it, and `npm install` installs another one."""
    packages = {
        "": {"name": "shop", "dependencies": {"top": "1.2.0"}},
        "node_modules/top": {**TOP, "dependencies": {"files": asked}},
        "node_modules/files": FILES,
    }
    manifest = {"name": "shop", "dependencies": {"top": "1.2.0"}, **more}
    (tmp_path / "package.json").write_text(json.dumps(manifest))
    found = project(tmp_path, packages).gaps
    assert [each.state for each in found] == [State.CONFLICT] * gaps


@pytest.mark.parametrize(
    ("kind", "entry"),
    [("peerDependencies", {}), ("dependencies", {"inBundle": True})],
    ids=["a peer", "bundled"],
)
def test_what_npm_lets_pass_is_no_gap(
    tmp_path: Path, kind: str, entry: dict[str, object]
) -> None:
    packages = {
        "": {"name": "shop", "dependencies": {"top": "1.2.0"}},
        "node_modules/top": {**TOP, kind: {"files": "^2"}},
        "node_modules/files": {**FILES, **entry},
    }
    manifest = {"name": "shop", "dependencies": {"top": "1.2.0"}}
    (tmp_path / "package.json").write_text(json.dumps(manifest))
    assert not project(tmp_path, packages).gaps


def test_without_a_manifest_nobody_knows_what_is_overridden() -> None:
    root = {"name": "shop", "dependencies": {"files": "^2"}}
    assert not lock({"": root, "node_modules/files": FILES}).gaps


def project(root: Path, packages: object, **more: object) -> Inventory:
    """Read a lock in *root* that lies on a disk."""
    document = {"lockfileVersion": 2, "packages": packages, **more}
    (root / "package-lock.json").write_text(json.dumps(document))
    tree = Tree(root, only="package-lock.json")
    return survey(tree, name="x", discoverers=[DISCOVERER])


@pytest.mark.parametrize("integrity", [SRI, None])
@pytest.mark.parametrize(
    "resolved", ["file:x.tgz", "FILE:./x.tgz", "./x.tgz", "file:sub/../x.tgz"]
)
def test_a_local_tarball_keeps_its_name_and_is_hashed(
    tmp_path: Path, resolved: str, integrity: str | None
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "x.tgz").write_bytes(b"files")
    entry = {"version": "1.2.0", "resolved": resolved, "integrity": integrity}
    inventory = project(tmp_path, {"node_modules/files": entry})
    (component,) = inventory.components
    assert not inventory.gaps
    assert facts(component).origin is Origin.PATH
    assert component.pin is Pin.LOCAL
    assert str(component.purl) == "pkg:npm/files@1.2.0"
    (artifact,) = component.artifacts
    assert artifact.name == "x.tgz"
    assert artifact.digests[0].value == hashlib.sha256(b"files").hexdigest()


def test_a_local_folder_names_no_package(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/package.json").touch()
    entry = {"version": "1.2.0", "resolved": "file:folder"}
    inventory = project(tmp_path, {"node_modules/files": entry})
    (component,) = inventory.components
    assert not inventory.gaps
    assert component.pin is Pin.LOCAL
    assert component.purl is None


@pytest.mark.parametrize(
    ("resolved", "reason"),
    [
        ("file:evil.tgz", "cannot be read: No such file"),
        ("file:../evil.tgz", "lies outside"),
        ("file:/evil.tgz", "lies outside"),
        ("file:///evil.tgz", "lies outside"),
        ("file://evil.example/x.tgz", "lies outside"),
        ("file:\\\\evil.example\\x.tgz", "lies outside"),
        ("file:C:\\evil.tgz", "lies outside"),
        ("file:~/evil.tgz", "lies outside"),
        ("file:x%2etgz/../x.tgz", "has an escape"),
        ("file:x.tgz", "other bytes than its digest says"),
        ("file:folder", "is no folder with `package.json`"),
        ("../folder", "lies outside"),
        ("..", "lies outside"),
        ("//evil.example/x.tgz", "is no address"),
        ("/\\evil.example/x.tgz", "is no address"),
        ("\\\\evil.example\\x.tgz", "is no address"),
        ("/evil.tgz", "is no address"),
        ("~/evil.tgz", "is no address"),
        ("evil.tgz", "is no address"),
        ("evil/", "is no address"),
        ("@evil/repo", "is no address"),
        ("evil/repo/x", "is no address"),
        ("https:evil.example/x.tgz", "is no address"),
        ("https:\\\\evil.example\\x.tgz", "is no address"),
        ("ftp://registry.example/files/-/files-1.2.0.tgz", "is no address"),
        ("ssh://u:secret@evil.example/x", "is no address"),
        ("npm:evil@1.2.0", "is no address"),
        ("gist:0123456789abcdef", "is no address"),
        ("data:,x?secret", "is no address"),
        ("evil@secret", "is no address"),
    ],
)
def test_what_is_no_address_and_no_file_of_the_tree_is_a_gap(
    tmp_path: Path, resolved: str, reason: str
) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (tmp_path / "folder").mkdir()
    for path in ("evil.tgz", "folder/package.json", "package.json", "root/x.tgz"):
        (tmp_path / path).write_bytes(b"evil")
    packages = {"node_modules/files": {**FILES, "resolved": resolved}}
    inventory = project(root, packages)
    (component,) = inventory.components
    assert component.pin in {Pin.LOCAL, Pin.FLOATING}
    assert (component.pin is Pin.FLOATING) == (facts(component).origin is Origin.URL)
    if facts(component).origin is Origin.URL:
        assert facts(component).registry is not None
    (gap,) = inventory.gaps
    assert reason in gap.reason
    assert gap.state is State.UNREADABLE
    assert gap.location.pointer == "/packages/node_modules~1files"
    assert "secret" not in repr(inventory)


@pytest.mark.parametrize(
    "link",
    ["../elsewhere", "elsewhere", "/srv/evil", "https://evil.example/x?secret",
     "\\\\evil.example\\x", "C:\\evil", "~", "file:elsewhere"],
)  # fmt: skip
def test_a_link_to_no_folder_of_the_tree_is_listed_and_a_gap(
    tmp_path: Path, link: str
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/package.json").touch()
    entry = {"resolved": link, "link": True, "version": "1.0.0"}
    inventory = project(root, {"node_modules/files": entry})
    (component,) = inventory.components
    assert component.pin is Pin.LOCAL
    assert component.purl is None
    assert len(inventory.gaps) == 1
    assert "secret" not in repr(inventory)


def test_links_to_each_other_are_listed() -> None:
    def link(to: str) -> dict[str, object]:
        return {"resolved": f"node_modules/{to}", "link": True}

    links = {f"node_modules/{each}": link(to) for each, to in ("ab", "ba", "cc")}
    assert {each.name for each in lock(links).components} == {"a", "b", "c"}


@pytest.mark.parametrize(
    "path", ["packages/gone", "../beside", "xnode_modules/evil", "node_modules"]
)
def test_a_folder_of_the_project_that_is_not_there_is_a_gap(
    tmp_path: Path, path: str
) -> None:
    (gap,) = project(tmp_path, {path: {"version": "1.0.0"}}).gaps
    assert f"the folder `{path}`" in gap.reason


@pytest.mark.parametrize(
    ("dependencies", "reason"),
    [
        ({"evil": FILES}, "`evil` is in `dependencies`, but not in `packages`"),
        ({"evil": FILES, "more": FILES}, "but not in `packages` (and 1 more)"),
        ({"files": {**FILES, "dependencies": {"evil": FILES}}}, "`evil` is in"),
        ({"files": {**FILES, "integrity": OTHER}}, "has another `integrity`"),
        ({"files": {**FILES, "resolved": "http://x"}}, "has another `resolved`"),
        ({"files": {**FILES, "version": "1.2.1"}}, "has another `version`"),
        ({"files": {"version": "https://evil.example"}}, "has another `version`"),
        ({"files": {"version": "npm:evil@1.2.0"}}, "has another `version`"),
        ({"files": {"version": "file:files-1.2.0.tgz"}}, "has another `version`"),
        ({"a": {"version": "file:evil"}}, "`a` has another `version`"),
        ({"a": {"version": "1.0.0"}}, "`a` has another `version`"),
        ({"a": {"resolved": "https://evil.example"}}, "`a` has another `resolved`"),
        ({"x": {"version": "npm:evil@1.2.0"}}, "`x` has another `version`"),
        ({"../a": FILES}, "`../a` is in `dependencies`"),
        ({"files": 1}, "expected an object"),
        ({"files": {"version": 1}}, "expected a string"),
        ([], "expected an object"),
    ],
)
def test_the_list_for_npm_6_must_not_say_anything_else(
    tmp_path: Path, dependencies: object, reason: str
) -> None:
    (tmp_path / "packages/a").mkdir(parents=True)
    (tmp_path / "packages/a/package.json").touch()
    (tmp_path / "t-1.0.0.tgz").touch()
    (gap,) = project(tmp_path, WORKSPACE, dependencies=dependencies).gaps
    assert reason in gap.reason
    assert gap.state is State.UNREADABLE
    assert gap.location.pointer.startswith("/dependencies")


WORKSPACE: dict[str, object] = {
    "node_modules/files": FILES,
    "node_modules/x": {**FILES, "name": "files"},
    "node_modules/a": {"resolved": "packages/a", "link": True},
    "packages/a": {"version": "1.0.0"},
    "packages/a/node_modules/files": FILES,
    "packages/a/node_modules/t": {"version": "1.0.0", "resolved": "file:t-1.0.0.tgz"},
    "node_modules/g": {"version": "1.0.0", "resolved": f"git+ssh://h.example/g#{COMMIT}"},
}  # fmt: skip


def test_the_list_for_npm_6_may_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "packages/a").mkdir(parents=True)
    (tmp_path / "packages/a/package.json").touch()
    (tmp_path / "t-1.0.0.tgz").touch()
    dependencies = {
        "files": FILES,
        "x": {**FILES, "version": "npm:files@1.2.0"},
        "a": {
            "version": "file:packages/a",
            "dependencies": {
                "files": FILES,
                "t": {"version": "file:../../t-1.0.0.tgz"},
            },
        },
        "g": {"version": f"git+ssh://h.example/g#{COMMIT}", "from": "g@x"},
    }
    assert not project(tmp_path, WORKSPACE, dependencies=dependencies).gaps


def test_a_long_name_costs_no_more_than_once() -> None:
    inner = ",".join(f'"{n}":{{}}' for n in range(100_000))
    outer = f'{{"{"a" * 1_000_000}":{{"dependencies":{{{inner}}}}}}}'
    data = f'{{"lockfileVersion":2,"packages":{{}},"dependencies":{outer}}}'
    (gap,) = read(data.encode()).gaps
    assert gap.reason.endswith("(and 1 more)")
    assert len(repr(gap)) < 1000


def test_a_list_for_npm_6_without_end_is_a_gap() -> None:
    entry = '{"version":"1.0.0","dependencies":{"a":' * 300 + "{}" + "}}" * 300
    data = f'{{"lockfileVersion":2,"packages":{{}},"dependencies":{{"a":{entry}}}}}'
    (gap,) = read(data.encode()).gaps
    assert gap.reason.endswith("(and 134 more)")


def test_several_digests_are_alternatives() -> None:
    component = one({**FILES, "integrity": f"{SRI} sha1-{'A' * 27}= {OTHER} {SRI}"})
    assert [a.digests[0].algorithm.value for a in component.artifacts] == ["sha512"] * 2
    assert all(len(a.digests) == 1 for a in component.artifacts)


@pytest.mark.parametrize(
    ("text", "licenses"),
    [
        ("MIT OR Apache-2.0", ("MIT OR Apache-2.0",)),
        ({"type": "MIT", "url": "x"}, ("MIT",)),
        (["MIT", {"type": "BSD"}], ("MIT", "BSD")),
        ({}, ()),
        (None, ()),
    ],
)
def test_reads_a_licence_in_the_old_forms_too(
    text: object, licenses: tuple[str, ...]
) -> None:
    assert one({**FILES, "license": text}).licenses == licenses


def test_the_project_and_its_folders_are_local(tmp_path: Path) -> None:
    (tmp_path / "packages/a").mkdir(parents=True)
    (tmp_path / "packages/a/package.json").touch()
    inventory = project(
        tmp_path,
        {
            "": {"name": "app", "version": "1.0.0", "dependencies": {"a": "^1"}},
            "packages/a": {
                "name": "@acme/a",
                "version": "0.0.1",
                "devDependencies": {"files": "1"},
            },
            "node_modules/a": {"resolved": "packages/a", "link": True},
            "packages/a/node_modules/files": FILES,
        },
    )
    assert inventory.gaps == ()
    assert {(c.name, c.kind, c.pin, str(c.purl)) for c in inventory.components} == {
        ("app", Kind.APPLICATION, Pin.LOCAL, "None"),
        ("@acme/a", Kind.LIBRARY, Pin.LOCAL, "None"),
        ("files", Kind.LIBRARY, Pin.EXACT, "pkg:npm/files@1.2.0"),
    }
    assert edges(inventory) == {
        ("urn:mcpchain:application:app@1.0.0", "urn:mcpchain:library:@acme/a@0.0.1"),
        ("urn:mcpchain:library:@acme/a@0.0.1", "pkg:npm/files@1.2.0"),
    }


def test_a_project_without_a_name_is_called_like_its_folder() -> None:
    (component,) = lock({"": {}}).components
    assert component.name == "app"
    (component,) = read(
        b'{"lockfileVersion":2,"packages":{"":{"name":"A b"}}}', "package-lock.json"
    ).components
    assert component.name == "."


def test_a_folder_beside_the_project_does_not_look_into_it() -> None:
    inventory = lock(
        {
            "../b": {"version": "1.0.0", "peerDependencies": {"files": "1"}},
            "node_modules/files": FILES,
            "node_modules/b": {"resolved": "../b", "link": True},
        }
    )
    assert edges(inventory) == set()


def test_an_edge_leads_to_the_nearest_folder() -> None:
    near = {**FILES, "version": "2.0.0", "resolved": ""}
    inventory = lock(
        {
            "": {"dependencies": {"a": "1", "files": "1"}},
            "node_modules/a": {
                "version": "1.0.0",
                "dependencies": {"files": "2", "b": "1"},
                "optionalDependencies": {"absent": "1", "b": "1"},
                "peerDependencies": {"gone": "1"},
                "devDependencies": {"c": "1"},
            },
            "node_modules/a/node_modules/files": near,
            "node_modules/a/node_modules/b": {
                "version": "1.0.0",
                "dependencies": {"files": "2", "c": "1"},
            },
            "node_modules/c": {"version": "1.0.0", "dependencies": {"files": "1"}},
            "node_modules/files": FILES,
        }
    )
    assert inventory.gaps == ()
    root = "urn:mcpchain:application:app"
    assert edges(inventory) == {
        (root, "pkg:npm/a@1.0.0"),
        (root, "pkg:npm/files@1.2.0"),
        ("pkg:npm/a@1.0.0", "pkg:npm/files@2.0.0"),
        ("pkg:npm/a@1.0.0", "pkg:npm/b@1.0.0"),
        ("pkg:npm/b@1.0.0", "pkg:npm/files@2.0.0"),
        ("pkg:npm/b@1.0.0", "pkg:npm/c@1.0.0"),
        ("pkg:npm/c@1.0.0", "pkg:npm/files@1.2.0"),
    }


def test_a_dependency_that_the_lock_does_not_hold_is_a_gap() -> None:
    inventory = lock({"": {"dependencies": {"absent": "1"}}})
    (gap,) = inventory.gaps
    assert gap.state is State.PARTIAL
    assert gap.reason == "depends on `absent`, which the lock does not hold"
    assert gap.ref == "urn:mcpchain:application:app"


def test_the_same_package_in_two_folders_is_one() -> None:
    inventory = lock({"node_modules/files": FILES, "node_modules/a/node_modules/files":
                      FILES})  # fmt: skip
    (component,) = inventory.components
    assert len(component.locations) == 2


def test_one_version_with_two_hashes_is_two() -> None:
    inventory = lock(
        {
            "node_modules/files": FILES,
            "node_modules/a/node_modules/files": {**FILES, "integrity": OTHER},
        }
    )
    assert len(inventory.components) == 2


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/__proto__",
        "node_modules/../x",
        "node_modules/",
        "node_modules/.bin",
        "node_modules/@acme",
        "node_modules/@acme/a/b",
        "node_modules/a\u202eb",
        "node_modules/node_modules",
        "node_modules//files",
        "a/../../x",
        "/etc/node_modules/files",
        "C:/node_modules/files",
        "a\\b",
        "/".join(["a"] * 300),
        "node_modules/" + "a" * 10_000,
    ],
)
def test_a_path_that_npm_does_not_write_is_a_gap_and_spares_the_others(
    path: str,
) -> None:
    inventory = lock({path: FILES, "node_modules/files": FILES})
    assert [str(c.purl) for c in inventory.components] == ["pkg:npm/files@1.2.0"]
    (gap,) = inventory.gaps
    assert gap.state is State.UNREADABLE
    assert gap.location.pointer.startswith("/packages/")
    assert len(gap.reason) < 300


@pytest.mark.parametrize(
    "entry",
    [
        None,
        1,
        "x",
        [],
        {"link": True},
        {"link": "yes"},
        {**FILES, "name": "../evil"},
        {**FILES, "name": 1},
    ],
)
def test_an_entry_of_another_shape_is_a_gap_and_spares_the_others(
    entry: object,
) -> None:
    inventory = lock({"node_modules/bad": entry, "node_modules/files": FILES})
    assert [str(c.purl) for c in inventory.components] == ["pkg:npm/files@1.2.0"]
    assert len(inventory.gaps) == 1


@pytest.mark.parametrize(
    "version",
    [
        None,
        1,
        "",
        "latest",
        "^1.2.0",
        "1.2",
        "v1.2.0",
        "=1.2.0",
        "1.2.0 evil",
        "01.2.0",
    ],
)
def test_a_package_without_an_exact_version_floats_and_is_a_gap(
    version: object,
) -> None:
    inventory = lock({"node_modules/files": {**FILES, "version": version}})
    (component,) = inventory.components
    assert component.version is None
    assert component.pin is not Pin.EXACT
    (gap,) = inventory.gaps
    assert gap.location.pointer == "/packages/node_modules~1files/version"


def test_an_address_without_a_version_to_compare_is_no_registry() -> None:
    address = "https://registry.example/files/-/files-None.tgz"
    entry = {"version": None, "resolved": address}
    (component,) = lock({"node_modules/files": entry}).components
    assert facts(component).origin is Origin.URL


def test_a_package_without_version_or_address_floats() -> None:
    (component,) = lock({"node_modules/files": {}}).components
    assert component.pin is Pin.FLOATING


@pytest.mark.parametrize(
    "integrity",
    ["", "sha512-", "sha512-!", "md9-AAAA", "x", 1, f"{SRI} evil", SRI[:-4]],
)
def test_a_bad_integrity_value_is_a_gap_and_accepts_nothing(integrity: object) -> None:
    inventory = lock({"node_modules/files": {**FILES, "integrity": integrity}})
    (component,) = inventory.components
    assert component.artifacts == ()
    (gap,) = inventory.gaps
    assert gap.location.pointer.endswith("/integrity")


@pytest.mark.parametrize("key", ["resolved", "license", "dependencies"])
def test_one_malformed_part_of_an_entry_spares_the_rest(key: str) -> None:
    inventory = lock({"node_modules/files": {**FILES, key: 7}})
    (component,) = inventory.components
    assert component.version == "1.2.0"
    (gap,) = inventory.gaps
    assert gap.location.pointer.endswith(f"/{key}")


def test_a_missing_integrity_value_is_no_gap_but_pins_no_bytes() -> None:
    component = one({**FILES, "integrity": None})
    assert component.artifacts == ()


def test_a_key_that_appears_twice_is_a_gap() -> None:
    entry = json.dumps(FILES)
    twice = f'{{"node_modules/a": {entry}, "node_modules/a": {{}}}}'
    data = f'{{"lockfileVersion": 3, "packages": {twice}}}'.encode()
    inventory = read(data)
    assert inventory.components == ()
    assert inventory.gaps[0].reason == "this key appears twice in one object"


@pytest.mark.parametrize("version", [-1, 0, 4, 10**30])
def test_another_version_is_a_gap(version: int) -> None:
    inventory = lock({"node_modules/files": FILES}, version)
    assert inventory.components == ()
    (gap,) = inventory.gaps
    assert gap.state is State.UNSUPPORTED
    assert gap.location.pointer == "/lockfileVersion"
    assert ("--package-lock-only" in gap.hint) == (version == 1)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "expected an object, got a list"),
        (b'{"packages": {}}', "expected a whole number, got nothing"),
        (b'{"lockfileVersion": "3"}', "expected a whole number, got a string"),
        (b'{"lockfileVersion": true}', "expected a whole number, got a boolean"),
        (b'{"lockfileVersion": 3}', "expected an object, got nothing"),
        (b'{"lockfileVersion": 3, "packages": []}', "expected an object, got a list"),
        (b'{"lockfileVersion": 3, "lockfileVersion": 1}', "appears twice"),
        (b"\xff\xfe{\x00}\x00", "UTF-16"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_lock_is_malformed(data: bytes, problem: str) -> None:
    with pytest.raises(MalformedError) as caught:
        read(data)
    assert problem in caught.value.problem


def test_edges_without_end_are_a_gap() -> None:
    deep = "/".join(["node_modules/a"] * 90)
    wanted = {f"x{i}": "1" for i in range(40_000)}
    inventory = lock({deep: {"version": "1.0.0", "peerDependencies": wanted}})
    (gap,) = inventory.gaps
    assert gap.state is State.LIMIT


def test_survey_reads_a_lock_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "package-lock.json").write_text(
        json.dumps({"lockfileVersion": 2, "packages": {"node_modules/files": FILES}})
    )
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert [c.ref for c in inventory.components] == ["pkg:npm/files@1.2.0"]


@given(st.binary())
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedError):
        read(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
ENTRY = st.dictionaries(
    st.sampled_from([*FILES, "name", "link", "dev", "inBundle", "dependencies"]),
    JSON | st.sampled_from([*FILES.values(), "../x", "git+ssh://h/x#1"]),
    max_size=6,
)  # fmt: skip
PATHS = st.sampled_from(["", "node_modules/files", "packages/a", "../b"]) | st.text(
    max_size=99
)


@settings(max_examples=100)
@example({"?//": {}})
@given(st.dictionaries(PATHS, ENTRY | JSON, max_size=4))
def test_every_entry_ends_as_a_component_or_a_gap(packages: dict[str, object]) -> None:
    inventory = lock(packages)
    places = [
        *(place.pointer for c in inventory.components for place in c.locations),
        *(gap.location.pointer for gap in inventory.gaps),
    ]
    for path, entry in packages.items():
        pointer = join("/packages", path)  # without secrets in what is no path
        linked = isinstance(entry, dict) and entry.get("link") is True
        assert linked or any(
            place == pointer or place.startswith(pointer + "/") for place in places
        )


# Why a package is there, and for which machines


def test_a_package_says_why_it_is_there_and_for_which_machines() -> None:
    files = {**FILES, "peer": True, "optional": True, "os": ["linux", "!aix"]}
    component = named(lock({"": {}, "node_modules/files": files}), "files")
    assert facts(component) == PackageFacts(
        registry="https://registry.example/npm",
        peer=True,
        optional=True,
        marker="(os=linux | os=!aix)",
    )
    assert component.graph


@pytest.mark.parametrize("os", [5, {}, [5], ["a b"]], ids=repr)
def test_a_package_for_no_machine_is_a_gap_and_stays(os: object) -> None:
    inventory = lock({"node_modules/files": {**FILES, "os": os}})
    assert len(inventory.gaps) == 1
    assert inventory.components[0].artifacts


@pytest.mark.parametrize(
    ("workspaces", "kind"),
    [
        (["packages/*"], Kind.APPLICATION),
        ({"packages": ["packages/a"]}, Kind.APPLICATION),
        (["apps/*"], Kind.LIBRARY),
        (None, Kind.LIBRARY),
    ],
)
def test_a_folder_is_a_member_if_the_project_says_so(
    tmp_path: Path, workspaces: object, kind: Kind
) -> None:
    packages = {
        "": {"name": "shop", "workspaces": workspaces},
        "packages/a": {"name": "a", "version": "1.0.0"},
        "node_modules/a": {"resolved": "packages/a", "link": True},
    }
    (tmp_path / "packages/a").mkdir(parents=True)
    (tmp_path / "packages/a/package.json").write_text("{}")
    document = {"lockfileVersion": 3, "packages": packages}
    (tmp_path / "package-lock.json").write_text(json.dumps(document))
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    (member,) = (each for each in inventory.components if each.name == "a")
    assert not inventory.gaps
    assert (member.kind, member.purl, member.pin) == (kind, None, Pin.LOCAL)
    assert facts(member).workspace is (kind is Kind.APPLICATION)


def test_members_named_in_no_known_way_are_a_gap() -> None:
    inventory = lock({"": {"workspaces": 5}, "node_modules/files": FILES})
    assert len(inventory.gaps) == 1
    assert len(inventory.components) == 2


def test_a_package_in_two_folders_is_one_that_is_needed_where_one_is() -> None:
    inventory = lock(
        {
            "": {},
            "node_modules/files": {**FILES, "dev": True, "optional": True},
            "node_modules/a/node_modules/files": {**FILES, "dev": True},
            "node_modules/b/node_modules/files": {**FILES, "peer": True, "dev": True},
        }
    )
    component = named(inventory, "files")
    assert len(component.locations) == 3
    assert facts(component).development
    assert not facts(component).optional
    assert not facts(component).peer


def test_one_package_with_two_digests_is_a_gap() -> None:
    inventory = lock(
        {
            "node_modules/files": FILES,
            "node_modules/a/node_modules/files": {**FILES, "integrity": OTHER},
        }
    )
    assert len(inventory.components) == 2
    (gap,) = inventory.gaps
    assert gap.reason == "`files@1.2.0` is listed with two digests"


def test_what_a_manifest_asks_for_and_its_lock_does_not_is_a_gap(
    tmp_path: Path,
) -> None:
    asked = {"files": "1", "new": "1", "own": "workspace:*"}
    manifest = {"dependencies": asked, "peerDependencies": {"p": "1"}}
    (tmp_path / "package.json").write_text(json.dumps(manifest))
    packages = {"": {"dependencies": {"files": "1"}}, "node_modules/files": FILES}
    document = {"lockfileVersion": 3, "packages": packages}
    (tmp_path / "package-lock.json").write_text(json.dumps(document))
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    (gap,) = inventory.gaps
    assert gap.reason == "depends on `new`, which the lock does not hold"
    assert gap.location.path == "package-lock.json"


def test_a_registry_that_ends_like_a_scope_is_not_believed_for_a_package() -> None:
    base = "https://registry.example/@evil"
    inventory = lock(
        {
            "node_modules/@s/files": {
                "version": "1.0.0",
                "resolved": f"{base}/@s/files/-/files-1.0.0.tgz",
            },
            "node_modules/files": {
                "version": "1.0.0",
                "resolved": f"{base}/files/-/files-1.0.0.tgz",
            },
        }
    )
    assert {c.name for c in inventory.components} == {"@s/files", "@evil/files"}
    (gap,) = inventory.gaps
    assert "is the tarball of `@evil/files@1.0.0`, not of `files@1.0.0`" in gap.reason


def test_a_learned_registry_is_believed_only_for_what_its_addresses_name() -> None:
    base = "https://registry.example/npm"
    address = f"{base}/files/-/files-1.0.0.tgz"
    inventory = lock(
        {
            "node_modules/files": {"version": "1.0.0", "resolved": address},
            "node_modules/a/node_modules/files": {
                "version": "1.0.1",
                "resolved": address,
            },
            "node_modules/evil": {"version": "1.0.0", "resolved": address},
            "node_modules/b/node_modules/files": {
                "version": "1.0.0",
                "resolved": f"{base}/../evil/files/-/files-1.0.0.tgz",
            },
        }
    )
    assert len(inventory.gaps) == 3
    assert {(c.name, c.version) for c in inventory.components} == {("files", "1.0.0")}
