import base64
import contextlib
import hashlib
import json
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.component import Component, Kind, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.yarn_lock import DISCOVERER
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Inventory, State
from mcpchain.tree import File, Tree

SRI = "sha512-" + base64.b64encode(hashlib.sha512(b"files").digest()).decode()
OTHER = "sha512-" + base64.b64encode(hashlib.sha512(b"other").digest()).decode()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HOST = "https://packages.example"


class Bytes(File):
    """A file that never was on a disk."""

    def read(self, limit: int = 0) -> bytes:
        del limit
        return self.head


def read(data: bytes | str, path: str = "app/yarn.lock") -> Inventory:
    found = Collector("test")
    head = data.encode() if isinstance(data, str) else data
    file = Bytes(tree=Tree(Path("/nowhere")), path=path, head=head)
    with found.entry():
        DISCOVERER.discover(file, found)
    return found.inventory()


def write(folder: Path, path: str, data: str | bytes) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data.encode() if isinstance(data, str) else data)


def examined(folder: Path) -> Inventory:
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


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


FILES = f"""
files@^1.0.0, "files@1 - 2":
  version "1.2.0"
  resolved "{HOST}/files/-/files-1.2.0.tgz#{COMMIT}"
  integrity {SRI}
"""


@pytest.mark.parametrize("name", ["yarn.lock", "Yarn.LOCK"])
def test_wants_the_lock_of_yarn(name: str) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=f"a/{name}"))


def test_wants_nothing_else() -> None:
    assert not DISCOVERER.wants(File(tree=Tree(Path()), path=".yarnrc.yml"))


# yarn 1


def test_reads_a_package_with_its_tarball() -> None:
    inventory = read(f"# yarn lockfile v1\n\n{FILES}")
    (component,) = inventory.components
    assert not inventory.gaps
    assert str(component.purl) == "pkg:npm/files@1.2.0"
    assert (component.pin, component.graph) == (Pin.EXACT, True)
    assert facts(component) == PackageFacts(registry=HOST)
    (artifact,) = component.artifacts
    assert artifact.url == f"{HOST}/files/-/files-1.2.0.tgz"
    assert str(artifact.digests[0]) == f"sha512:{hashlib.sha512(b'files').hexdigest()}"
    assert str(component.location) == "app/yarn.lock#/files@^1.0.0"


def test_a_package_without_integrity_has_the_sha1_of_its_address() -> None:
    text = FILES.replace(f"  integrity {SRI}\n", "")
    (component,) = read(text).components
    assert str(component.artifacts[0].digests[0]) == f"sha1:{COMMIT}"


CLASSIC = f"""
"@acme/a@^1.0.0":
  version "1.0.0"
  resolved "{HOST}/@acme/a/-/a-1.0.0.tgz"
  integrity {SRI}
  dependencies:
    b "^2.0.0 || ^3"
    "@acme/a" "^1.0.0"
  optionalDependencies:
    c "1.0.0"
    absent "1"

"b@^2.0.0 || ^3":
  version "2.0.0"
  integrity {SRI}

c@1.0.0:
  version "1.0.0"
  integrity {SRI}

"mine@npm:real@^3":
  version "3.0.0"
  resolved "{HOST}/real/-/real-3.0.0.tgz"
  integrity {SRI}

dev@1:
  version "1.1.1"
  integrity {SRI}
"""


def test_what_the_project_asks_for_is_in_its_manifest(tmp_path: Path) -> None:
    manifest = {
        "name": "shop",
        "version": "2.0.0",
        "dependencies": {"@acme/a": "^1.0.0", "mine": "npm:real@^3"},
        "devDependencies": {"dev": "1"},
        "peerDependencies": {"p": "1"},
    }
    write(tmp_path, "package.json", json.dumps(manifest))
    write(tmp_path, "yarn.lock", CLASSIC)
    inventory = examined(tmp_path)
    assert not inventory.gaps
    assert edges(inventory) == {
        ("shop", "@acme/a"),
        ("shop", "real"),
        ("shop", "dev"),
        ("@acme/a", "@acme/a"),
        ("@acme/a", "b"),
        ("@acme/a", "c"),
    }
    shop = named(inventory, "shop")
    assert (shop.kind, shop.version, shop.purl) == (Kind.APPLICATION, "2.0.0", None)
    assert facts(named(inventory, "real")) == PackageFacts(registry=HOST, alias="mine")
    assert facts(named(inventory, "dev")) == PackageFacts(development=True)
    assert facts(named(inventory, "c")) == PackageFacts(optional=True)
    assert facts(named(inventory, "b")) == PackageFacts()


def test_a_lock_without_a_manifest_is_read_too() -> None:
    inventory = read(CLASSIC)
    assert not inventory.gaps
    assert len(inventory.components) == 5
    assert not any(facts(each).development for each in inventory.components)


def test_a_resolution_of_the_project_takes_the_place_of_what_is_asked_for() -> None:
    inventory = read(
        'a@1:\n  version "1.0.0"\n  dependencies:\n    b "^1"\n\nb@2.0.0:\n'
        '  version "2.0.0"\n'
    )
    assert not inventory.gaps
    assert edges(inventory) == {("a", "b")}


@pytest.mark.parametrize(
    ("pattern", "lines", "origin", "pin"),
    [
        (
            "files@1",
            f'resolved "{HOST}/x.tgz"\n  integrity {SRI}',
            Origin.URL,
            Pin.DIGEST,
        ),
        ("files@1", f'resolved "{HOST}/x.tgz#{COMMIT}"', Origin.URL, Pin.TAG),
        (
            "files@1",
            f'resolved "git+https://u:p@h.example/r.git#{COMMIT}"',
            Origin.VCS,
            Pin.COMMIT,
        ),
        (
            "files@1",
            f'resolved "git://h.example/r.git#{COMMIT}"',
            Origin.VCS,
            Pin.COMMIT,
        ),
        (
            "files@o/r",
            f'resolved "https://codeload.github.com/o/r/tar.gz/{COMMIT}"',
            Origin.VCS,
            Pin.COMMIT,
        ),
        ("files@1", 'resolved "git+https://h.example/r.git#main"', Origin.VCS, Pin.TAG),
        (
            "files@1",
            f'resolved "https://u:p@packages.example/files/-/files-1.2.0.tgz?t=1#{COMMIT}"',
            Origin.REGISTRY,
            Pin.EXACT,
        ),
        ("files@git+https://u:p@h.example/r.git?t=1", "", Origin.VCS, Pin.FLOATING),
        ("files@https://u:p@h.example/x.tgz?t=1", "", Origin.URL, Pin.TAG),
        ("files@o/r", "", Origin.VCS, Pin.FLOATING),
    ],
)
def test_a_resolved_address_says_where_a_package_is_from(
    pattern: str, lines: str, origin: Origin, pin: Pin
) -> None:
    inventory = read(f'"{pattern}":\n  version "1.2.0"\n  {lines}\n')
    (component,) = inventory.components
    assert not inventory.gaps
    assert (facts(component).origin, component.pin) == (origin, pin)
    assert "u:p" not in repr(inventory)
    assert "t=1" not in repr(inventory)


def test_files_and_folders_are_looked_at(tmp_path: Path) -> None:
    write(tmp_path, "v/f.tgz", b"files")
    write(tmp_path, "l/package.json", "{}")
    sha1 = hashlib.sha1(b"files").hexdigest()  # noqa: S324 - as yarn 1 has it
    write(
        tmp_path,
        "yarn.lock",
        f'"f@file:./v/f.tgz":\n  version "1.0.0"\n  resolved "file:./v/f.tgz#{sha1}"\n'
        '\n"l@file:./l":\n  version "1.0.0"\n'
        '\n"gone@file:../../gone":\n  version "1.0.0"\n',
    )
    inventory = examined(tmp_path)
    assert named(inventory, "f").artifacts[0].name == "v/f.tgz"
    for name in ("l", "gone"):
        assert named(inventory, name).purl is None
        assert named(inventory, name).pin is Pin.LOCAL
    assert len(inventory.gaps) == 1


@pytest.mark.parametrize(
    "entry",
    [
        "bad@1:\n",
        "bad@1:\n  version 1.x\n",
        'bad@1:\n  version "1.0.0"\n  version "1.0.0"\n',
        'bad@1:\n  version "1.0.0\n',
        'bad@1:\n   version "1.0.0"\n',
        'bad@1:\n  version "1.0.0"\n      deep "1"\n',
        'bad@1:\n  version "1.0.0"\n    deep "1"\n',
        'bad@1:\n\tversion "1.0.0"\n',
        'bad@1:\n  version:\n    x "1"\n',
        'bad@1:\n  version "1.0.0"\n  integrity:\n    x "1"\n',
        'bad@1:\n  version "1.0.0"\n  dependencies "x"\n',
        'bad@1:\n  version "1.0.0"\n  ???:::\n',
        'bad@1\n  version "1.0.0"\n',
        'bad@1 x:\n  version "1.0.0"\n',
        '"bad@1:\n  version "1.0.0"\n',
        '"b\\qd@1":\n  version "1.0.0"\n',
        '"":\n  version "1.0.0"\n',
        '__proto__@1:\n  version "1.0.0"\n',
        'bad@1, other@1:\n  version "1.0.0"\n',
        '"files@^1.0.0":\n  version "6.6.6"\n',
        "<<<<<<< HEAD\n",
        "=======\n",
        '"bad@1":\n  version "1.0.0"\n  name "../x"\n',
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_a_broken_entry_is_a_gap_and_its_siblings_are_read(
    entry: str, *, first: bool
) -> None:
    inventory = read(f"{entry}\n{FILES}" if first else f"{FILES}\n{entry}")
    assert inventory.gaps
    if "files@" not in entry:
        assert named(inventory, "files").version == "1.2.0"
    assert "6.6.6" not in repr(inventory) or first


@pytest.mark.parametrize("indent", ["  ", "    ", "\t", " "])
def test_members_of_no_entry_are_a_gap(indent: str) -> None:
    inventory = read(f'{indent}version "1.0.0"\n\n{FILES}')
    assert named(inventory, "files").version == "1.2.0"
    assert len(inventory.gaps) == 1


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (f"{HOST}/evil/-/evil-6.6.6.tgz", "evil"),
        (f"{HOST}/@evil/files/-/files-1.2.0.tgz", "@evil/files"),
        (f"{HOST}/files/-/../../evil/-/evil-1.0.0.tgz", "evil"),
    ],
)
def test_the_tarball_of_another_package_is_that_package(
    address: str, name: str
) -> None:
    text = f'files@1:\n  version "1.2.0"\n  resolved "{address}"\n  integrity {SRI}\n'
    inventory = read(text)
    assert [each.name for each in inventory.components] == [name]
    assert inventory.gaps[0].state is State.UNMATCHED


@pytest.mark.parametrize(
    "value", ["sha512-AAAA", "sha9-AAAA", "x", '""', f'"{SRI} sha3-x"']
)
def test_a_bad_digest_is_a_gap_and_pins_nothing(value: str) -> None:
    inventory = read(f'bad@1:\n  version "1.0.0"\n  integrity {value}\n\n{FILES}')
    assert named(inventory, "bad").artifacts == ()
    assert len(inventory.gaps) == 1


def test_one_package_with_two_digests_is_a_gap() -> None:
    inventory = read(
        f'a@1:\n  version "1.0.0"\n  resolved "{HOST}/a/-/a-1.0.0.tgz"\n'
        f"  integrity {SRI}\n\n"
        f'a@~1:\n  version "1.0.0"\n  resolved "{HOST}/a/-/a-1.0.0.tgz"\n'
        f"  integrity {OTHER}\n"
    )
    assert len(inventory.components) == 2
    assert reasons(inventory) == ["`a@1.0.0` is listed with two digests"]


def test_a_dependency_that_the_lock_does_not_hold_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, "package.json", '{"dependencies": {"lost": "1", "k": "link:./k"}}')
    write(
        tmp_path,
        "yarn.lock",
        'a@1:\n  version "1.0.0"\n  dependencies:\n    gone "1"\n',
    )
    assert sorted(reasons(examined(tmp_path))) == [
        "depends on `gone`, which the lock does not hold",
        "depends on `lost`, which the lock does not hold",
    ]


def test_a_lock_of_nothing_is_read_if_yarn_wrote_it() -> None:
    assert not read("# THIS IS GENERATED\n# yarn lockfile v1\n\n\n").gaps


@pytest.mark.parametrize("text", ["", "\n\n", "# by hand\n"])
def test_an_empty_file_is_no_lock(text: str) -> None:
    assert reasons(read(text)) == ["holds nothing that yarn wrote"]


# Later yarns


META = "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n"
ROOT = """
"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
  dependencies:
    "@acme/m": "workspace:*"
    alias: "npm:real@^3"
    d: "npm:1.0.0"
    f: "file:./v/f.tgz"
    k: "link:./l"
    o: "npm:^1"
  dependenciesMeta:
    o:
      optional: true
  languageName: unknown
  linkType: soft
"""
BERRY = f"""{META}{ROOT}
"@acme/m@workspace:*, @acme/m@workspace:packages/m":
  version: 0.0.0-use.local
  resolution: "@acme/m@workspace:packages/m"
  dependencies:
    d: "npm:1.0.0"
    p: "patch:d@npm%3A1.0.0#./d.patch"
  linkType: soft

"alias@npm:real@^3":
  version: 3.10.0
  resolution: "real@npm:3.10.0"
  checksum: 10c0/abcdef
  languageName: node
  linkType: hard

"d@npm:1.0.0":
  version: 1.0.0
  resolution: "d@npm:1.0.0"
  peerDependencies:
    q: "*"

"f@file:./v/f.tgz::locator=shop%40workspace%3A.":
  version: 1.0.0
  resolution: "f@file:./v/f.tgz#./v/f.tgz::hash=49897e&locator=shop%40workspace%3A."
  checksum: 10c0/abcdef

"k@link:./l::locator=shop%40workspace%3A.":
  version: 0.0.0-use.local
  resolution: "k@link:./l::locator=shop%40workspace%3A."

"o@npm:^1":
  version: 1.10.0
  resolution: "o@npm:1.10.0"
  conditions: os=linux & (cpu=x64 | cpu=arm64)

"p@patch:d@npm%3A1.0.0#./d.patch::locator=%40acme%2Fm%40workspace%3Apackages%2Fm":
  version: 1.0.0
  resolution: "d@patch:d@npm%3A1.0.0#./d.patch::version=1.0.0&hash=75a192&locator=x"
"""


def berry(*entries: str) -> Inventory:
    return read(META + "\n".join(entries))


def entry(resolution: str, key: str = "x@npm:1", **members: object) -> str:
    """Make an entry; JSON is YAML."""
    return json.dumps({key: {"version": "1.0.0", "resolution": resolution, **members}})[
        1:-1
    ]


def test_members_packages_and_what_they_need_are_read(tmp_path: Path) -> None:
    write(tmp_path, "v/f.tgz", b"files")
    write(tmp_path, "l/package.json", "{}")
    manifest = {
        "name": "shop",
        "version": "1.0.0",
        "devDependencies": {"o": "^1", "d": "1.0.0"},
    }
    write(tmp_path, "package.json", json.dumps(manifest))
    write(tmp_path, "packages/m/package.json", '{"devDependencies": {"d": "1.0.0"}}')
    write(tmp_path, "yarn.lock", BERRY)
    inventory = examined(tmp_path)
    assert edges(inventory) == {
        ("shop", "@acme/m"),
        ("shop", "real"),
        ("shop", "d"),
        ("shop", "f"),
        ("shop", "k"),
        ("shop", "o"),
        ("@acme/m", "d"),
    }
    shop, member = named(inventory, "shop"), named(inventory, "@acme/m")
    assert (shop.kind, shop.version) == (Kind.APPLICATION, "1.0.0")
    assert (member.kind, facts(member).workspace) == (Kind.APPLICATION, True)
    assert facts(named(inventory, "real")) == PackageFacts(alias="alias")
    assert named(inventory, "real").version == "3.10.0"
    assert facts(named(inventory, "o")) == PackageFacts(
        optional=True, marker="os=linux & (cpu=x64 | cpu=arm64)"
    )
    assert named(inventory, "f").artifacts[0].name == "v/f.tgz"
    assert (named(inventory, "k").purl, named(inventory, "k").pin) == (None, Pin.LOCAL)
    (gap,) = inventory.gaps
    assert gap.reason.startswith("`d@1.0.0` is changed by a patch")


def test_the_checksum_of_yarn_s_own_archive_is_no_digest_of_the_package() -> None:
    inventory = berry(entry("x@npm:1.0.0", checksum="10c0/" + "a" * 128))
    assert named(inventory, "x").artifacts == ()
    assert not inventory.gaps


def test_an_older_lock_leaves_the_protocol_out() -> None:
    inventory = read(
        "__metadata:\n  version: 4\n\n"
        + entry("a@npm:1.0.0", "a@npm:^1", dependencies={"b": "^2", "c": "^1.1"})
        + "\n"
        + entry("b@npm:1.0.0", "b@npm:^2")
        + "\n"
        + entry("c@npm:1.0.0", "c@npm:^1.1")
    )
    assert edges(inventory) == {("a", "b"), ("a", "c")}


def test_a_resolution_of_the_project_is_followed(tmp_path: Path) -> None:
    chosen = {"**/b": "2.0.0", "@s/c": "npm:3.0.0", "p/d@^1": "4.0.0", "e": 5}
    write(tmp_path, "package.json", json.dumps({"resolutions": chosen}))
    entries = [
        entry("a@npm:1.0.0", "a@npm:1", dependencies={"b": "npm:^1", "@s/c": "npm:^1"}),
        entry("b@npm:2.0.0", "b@npm:2.0.0", version="2.0.0"),
        entry("b@npm:1.0.0", "b@npm:1.0.0"),
        entry("@s/c@npm:3.0.0", "@s/c@npm:3.0.0", version="3.0.0"),
        entry("@s/c@npm:1.0.0", "@s/c@npm:1.0.0"),
    ]
    write(tmp_path, "yarn.lock", META + "\n".join(entries))
    inventory = examined(tmp_path)
    assert not inventory.gaps
    assert len(inventory.relations) == 2


@pytest.mark.parametrize(
    ("resolution", "origin", "pin", "registry"),
    [
        ("x@npm:1.0.0", Origin.REGISTRY, Pin.EXACT, None),
        (
            f"x@npm:1.0.0::__archiveUrl={quote(f'{HOST}/npm/x/-/x-1.0.0.tgz')}",
            Origin.REGISTRY,
            Pin.EXACT,
            f"{HOST}/npm",
        ),
        (f"x@{HOST}/x.tgz", Origin.URL, Pin.TAG, f"{HOST}/x.tgz"),
        (
            f"x@https://u:p@git.example/r.git#commit={COMMIT}",
            Origin.VCS,
            Pin.COMMIT,
            "https://git.example/r.git",
        ),
        (
            f"x@git@git.example:o/r.git#commit={COMMIT}",
            Origin.VCS,
            Pin.COMMIT,
            "ssh://git.example/o/r.git",
        ),
        (
            f"x@ssh://git@git.example/o/r.git#workspace=a&commit={COMMIT}",
            Origin.VCS,
            Pin.COMMIT,
            "ssh://git.example/o/r.git",
        ),
        (
            "x@git+https://git.example/r.git#main",
            Origin.VCS,
            Pin.TAG,
            "https://git.example/r.git",
        ),
    ],
)
def test_a_resolution_says_where_a_package_is_from(
    resolution: str, origin: Origin, pin: Pin, registry: str | None
) -> None:
    inventory = berry(entry(resolution))
    (component,) = inventory.components
    assert not inventory.gaps
    assert (facts(component).origin, component.pin) == (origin, pin)
    assert facts(component).registry == registry
    assert "u:p" not in repr(inventory)


@pytest.mark.parametrize(
    ("patch", "told"),
    [
        ("optional!builtin<compat/fsevents>", False),
        ("~builtin<compat/typescript>", False),
        ("builtin<compat/resolve>", False),
        ("./my.patch", True),
        ("~/.yarn/patches/x.patch", True),
        ("optional!./my.patch", True),
        ("builtin<compat/resolve>&./my.patch", True),
        ("builtin<x>./my.patch", True),
        ("", True),
    ],
)
def test_a_patch_is_a_gap_unless_it_is_yarn_s_own(patch: str, *, told: bool) -> None:
    resolution = f"x@patch:x@npm%3A1.0.0#{patch}::version=1.0.0&hash=abc"
    inventory = berry(entry(resolution))
    assert str(named(inventory, "x").purl) == "pkg:npm/x@1.0.0"
    assert bool(inventory.gaps) is told


@pytest.mark.parametrize(
    "text",
    [
        '"x@git+https://u:p@git.example/r.git?t=1":\n  version "1.0.0"\n',
        '"x@https://u:p@h.example/x.tgz?t=1":\n  version "1.x"\n',
        META + entry("x@npm:1.0.0", "x@https://u:p@h.example/x.tgz?t=1"),
        META + entry("x@https://u:p@h.example/x?t=1", "x@https://u:p@h.example/x?t=1"),
        META + entry("x@no:1", "x@patch:y@https%3A%2F%2Fu%3Ap%40h.example%2Fx#z"),
    ],
)
def test_no_secret_in_what_was_asked_for_is_told(text: str) -> None:
    told = repr(read(text))
    assert "yarn.lock" in told
    for secret in ("u:p", "t=1", "u%3Ap"):
        assert secret not in told


def test_a_patch_upon_a_patch_is_a_patch() -> None:
    inner = "x@patch:x@npm%253A1.0.0%23.%2Fown.patch"
    inventory = berry(
        entry(f"x@patch:{inner.replace('@patch:', '%40patch%3A')}#builtin<x>")
    )
    assert "is changed by a patch" in reasons(inventory)[0]


@pytest.mark.parametrize(
    "text",
    [
        entry("x"),
        entry(""),
        entry("x@"),
        entry("x@npm"),
        entry("x@exec:./make.js"),
        entry("x@virtual:abc#npm:1.0.0"),
        entry("x@ftp://h.example/x"),
        entry("x@patch:" * 10),
        entry("__proto__@npm:1.0.0"),
        entry("../x@npm:1.0.0"),
        entry("x@npm:1.0.0", version="latest"),
        entry("x@npm:1.0.0", version=1),
        entry("x@npm:1.0.0", version=None),
        entry("x@npm:1.0.0", conditions=[]),
        entry("x@npm:1.0.0", conditions="\n"),
        entry("x@npm:1.0.0", dependencies=[]),
        entry("x@npm:1.0.0", dependencies={"y": 1}),
        entry("x@npm:1.0.0", dependencies={"gone": "npm:^1"}),
        entry("x@link:../../x"),
        entry("x@portal:/etc"),
        entry("x@file:../../../x.tgz"),
        entry("x@workspace:../x"),
        entry("x@npm:1.0.0", "x@npm:1, files@npm:^1.0.0"),
        f"{entry('x@npm:1.0.0')}\n{entry('x@npm:1.0.0')}",
        '"x@npm:1": 5',
        '"x@npm:1":',
        "1: {}",
    ],
)
def test_a_broken_entry_of_berry_is_a_gap_and_its_siblings_are_read(text: str) -> None:
    inventory = berry(entry("files@npm:1.0.0", "files@npm:^1.0.0"), text)
    assert inventory.gaps
    assert named(inventory, "files").version == "1.0.0"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("__metadata:\n  version: 99\n", State.UNSUPPORTED),
        ("__metadata:\n  version: 3\n", State.UNSUPPORTED),
        ("__metadata:\n  version: x\n", State.UNREADABLE),
        ("__metadata:\n", State.UNREADABLE),
        ("__metadata: {}\n__metadata: {}\n", State.UNREADABLE),
        ("__metadata:\n  version: 8\na: &a [*a]\n", State.UNREADABLE),
        ("__metadata:\n  version: 8\na: !x b\n", State.UNREADABLE),
        ("__metadata:\n  version: 8\n<<: {}\n", State.UNREADABLE),
        ("__metadata:\n  version: 8\n" + "{a: " * 9_999, State.UNREADABLE),
    ],
)
def test_what_is_no_lock_of_berry_is_a_gap(text: str, state: State) -> None:
    inventory = read(text)
    assert inventory.components == ()
    assert [gap.state for gap in inventory.gaps] == [state]


@given(
    st.binary(max_size=80)
    | st.text('ab@1:\n  "\\,#version ', max_size=80).map(str.encode)
    | st.text("ab@npm:1.0\n {}[]\"'&*%#", max_size=80).map(
        lambda t: f"{META}{t}".encode()
    )
)
def test_any_bytes_are_read_or_a_gap(data: bytes) -> None:
    with contextlib.suppress(MalformedError):
        read(data)


@pytest.mark.parametrize("later", [True, False], ids=["berry", "classic"])
def test_the_time_grows_with_the_size_and_not_faster(*, later: bool) -> None:
    count = 5_000
    if later:
        text = META + "\n".join(
            entry(
                f"a{i}@npm:1.0.0", f"a{i}@npm:^1", dependencies={f"a{i - 1}": "npm:^1"}
            )
            for i in range(1, count)
        )
    else:
        text = "\n".join(
            f'a{i}@^1:\n  version "1.0.0"\n  dependencies:\n    a{i - 1} "^1"\n'
            for i in range(1, count)
        )
    start = time.process_time()
    inventory = read(text)
    assert time.process_time() - start < 20  # it takes one second
    assert len(inventory.relations) == count - 2


@pytest.mark.parametrize(
    "unit", ['"', "a, ", "a@1, ", '"\\"', "a:", "  a", '  "a" "b"\n', "a\n", " \n", "#"]
)
def test_lines_without_end_take_no_time(unit: str) -> None:
    start = time.process_time()
    read(unit * (200_000 // len(unit)))
    assert time.process_time() - start < 10


# What yarn reads otherwise than it is written

EVIL = f'resolved "{HOST}/evil-6.6.6.tgz" integrity "{OTHER}"'


@pytest.mark.parametrize(
    "more",
    [
        f"  uid abc {EVIL}\n",
        f'  uid "abc" {EVIL}\n',
        f"  uid 1 {EVIL}\n",
        f"  uid true {EVIL}\n",
        f"  uid abc\r  {EVIL}\n",
        f"  uid abc\r{EVIL}\n",
        f"  dependencies:\n    left latest {EVIL}\n",
        f"  dependencies:\n    left latest\r  {EVIL}\n",
        "  uid abc\r\revil@1:\r  version 6.6.6\n",
        f"  # \r  {EVIL}\n",
        "\n\n  uid abc\n",
        "# a comment\n  uid abc\n",
        "  uid abc # a comment\n",
        "  uid trueish\n",
        "  uid 1abc\n",
        "  uid a:b\n",
        "  uid a,b\n",
        "  a, b c\n",
        "  uid\tabc\n",
    ],
    ids=repr,
)
def test_an_entry_that_yarn_would_not_write_is_a_gap(more: str) -> None:
    inventory = read("# yarn lockfile v1\n" + FILES + more)
    assert not inventory.components
    assert {gap.state for gap in inventory.gaps} == {State.UNREADABLE}


def test_lines_may_end_as_on_windows() -> None:
    text = ("# yarn lockfile v1\n\n" + FILES + "\n# end\n").replace("\n", "\r\n")
    inventory = read(text)
    assert (named(inventory, "files").version, inventory.gaps) == ("1.2.0", ())


@pytest.mark.parametrize(
    "resolution",
    [
        "x@npm:6.6.6",
        "x@npm:evil@1.0.0",
        "x@npm:^1.0.0",
        "x@npm:latest",
        "x@npm:",
        "x@patch:x@npm%3A6.6.6#optional!builtin<compat/x>",
        "x@patch:x@npm%3A6.6.6#./p.patch",
        "x@patch:x@npm%3Aevil@1.0.0#./p.patch",
        f"x@npm:1.0.0::__archiveUrl={quote(HOST)}&__archiveUrl=https://evil.example",
    ],
)
def test_a_resolution_that_contradicts_its_entry_is_a_gap(resolution: str) -> None:
    inventory = read(META + entry(resolution))
    assert not inventory.components
    assert [gap.location.pointer for gap in inventory.gaps] == ["/x@npm:1/resolution"]


def test_many_versions_of_one_package_take_no_longer_than_of_many() -> None:
    classic = "".join(
        f'a@{n}:\n  version "{n}.0.0"\n  dependencies:\n    a z\n' for n in range(4000)
    )
    later = META + "".join(
        f'"a@npm:{n}":\n  version: {n}.0.0\n  resolution: "a@npm:{n}.0.0"\n'
        "  dependencies:\n    a: z\n"
        for n in range(2000)
    )
    start = time.process_time()
    assert len(read(classic).gaps) == 4000
    assert len(read(later).gaps) == 2000
    assert time.process_time() - start < 4


@pytest.mark.parametrize(
    ("asked", "version", "requested", "pin"),
    [
        ("files@^1.0.0", None, "^1.0.0", Pin.RANGE),
        ("files@", None, "", Pin.FLOATING),
        ("files@*", None, "*", Pin.FLOATING),
        (f"files@{'1' * 5000}", None, "1" * 140, Pin.FLOATING),
        ("files@latest", None, "latest", Pin.FLOATING),
        ("files@1.2.0", "1.2.0", "", Pin.EXACT),
    ],
    ids=["a range", "nothing", "anything", "too long", "a tag", "a version"],
)
def test_an_entry_without_an_address_pins_nothing(
    asked: str, version: str | None, requested: str, pin: Pin
) -> None:
    """yarn 1 chooses anew, and looks at no digest, even with `--frozen-lockfile`."""
    text = f'"{asked}":\n  version "1.2.0"\n  integrity {SRI}\n'
    (component,) = read(text).components
    assert (component.version, component.requested) == (version, requested)
    assert (component.pin, component.artifacts) == (pin, ())
    assert component.purl is not None
    assert component.purl.version == version


@pytest.mark.parametrize(
    ("asked", "chosen", "gaps"),
    [
        ("^1.0.0", {}, 0),
        ("^2.0.0", {}, 1),
        ("npm:files@^2", {}, 1),
        ("latest", {}, 0),
        ("^2.0.0", {"files": "1.2.0"}, 0),
        ("^2.0.0", {"**/files": "1.2.0"}, 0),
        ("^2.0.0", {"other": "1.2.0"}, 1),
    ],
    ids=repr,
)
def test_a_version_that_nobody_asks_for_is_a_gap(
    tmp_path: Path, asked: str, chosen: dict[str, str], gaps: int
) -> None:
    """yarn 1 chooses another one, even with `--frozen-lockfile`."""
    manifest = {"dependencies": {"files": asked}, "resolutions": chosen}
    write(tmp_path, "package.json", json.dumps(manifest))
    text = f'"files@{asked}":\n  version "1.2.0"\n'
    where = f'  resolved "{HOST}/files/-/files-1.2.0.tgz"\n  integrity {SRI}\n'
    write(tmp_path, "yarn.lock", text + where)
    found = [each.state for each in examined(tmp_path).gaps]
    assert found == [State.CONFLICT] * gaps


@pytest.mark.parametrize("tarball", ["real", "leaf", "evil"])
def test_an_entry_of_two_packages_is_the_one_that_it_has_the_address_of(
    tarball: str,
) -> None:
    """So yarn 1 writes it where `resolutions` choose another package."""
    inventory = read(
        'leaf@^1.0.0, "leaf@npm:real@1.0.0":\n  version "1.0.0"\n'
        f'  resolved "{HOST}/{tarball}/-/{tarball}-1.0.0.tgz"\n  integrity {SRI}\n'
    )
    if tarball == "evil":
        assert reasons(inventory) == ["is the entry of several packages"]
    else:
        assert not inventory.gaps
        assert [each.name for each in inventory.components] == [tarball]
