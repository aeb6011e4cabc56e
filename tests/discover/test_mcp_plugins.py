"""opencode loads what `plugin` lists into itself: as good as a server's package.

Its manual, "Plugins": packages of npm with or without a version, and files or folders;
version 2 calls the list `plugins`, and lets an entry be an object.
"""

import hashlib
import json
from pathlib import Path

import pytest

from mcpchain.component import Component, Kind, Location, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.mcp_config import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree

FULL = "0123456789abcdef0123456789abcdef01234567"


def look(folder: Path, content: object, name: str = "opencode.json") -> Inventory:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        content if isinstance(content, str) else json.dumps(content), encoding="utf-8"
    )
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def facts(component: Component) -> PackageFacts:
    assert isinstance(component.facts, PackageFacts)
    return component.facts


@pytest.mark.parametrize("key", ["plugin", "plugins"])
@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        ("@acme/audit@1.2.0", ""),
        (["@acme/audit@1.2.0", {"secret": "x"}], "/0"),
        ({"package": "@acme/audit@1.2.0", "options": {"secret": "x"}}, "/package"),
    ],
    ids=["text", "pair", "object"],
)
def test_a_pinned_plugin_is_a_package_that_is_run(
    tmp_path: Path, key: str, entry: object, pointer: str
) -> None:
    found = look(tmp_path, {key: [entry]})
    (plugin,) = found.components
    assert found.gaps == ()
    assert (plugin.kind, plugin.pin) == (Kind.APPLICATION, Pin.EXACT)
    assert str(plugin.purl) == "pkg:npm/%40acme/audit@1.2.0"
    place = Location(path="opencode.json", pointer=f"/{key}/0{pointer}")
    assert plugin.location == place
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("spec", "purl", "pin"),
    [
        ("audit", "pkg:npm/audit", Pin.FLOATING),
        ("audit@latest", "pkg:npm/audit", Pin.FLOATING),
        ("audit@", "pkg:npm/audit", Pin.FLOATING),
        ("@acme/audit", "pkg:npm/%40acme/audit", Pin.FLOATING),
        ("audit@^1.2.0", "pkg:npm/audit", Pin.RANGE),
        ("audit@1", "pkg:npm/audit", Pin.RANGE),
        ("audit@npm:evil", "pkg:npm/evil", Pin.FLOATING),
        ("github:acme/audit#v1", "pkg:github/acme/audit@v1", Pin.TAG),
        ("acme/audit", "pkg:github/acme/audit", Pin.FLOATING),
    ],
)
def test_a_plugin_that_may_change_is_listed_and_a_gap(
    tmp_path: Path, spec: str, purl: str, pin: Pin
) -> None:
    found = look(tmp_path, {"plugin": [spec]})
    (plugin,) = found.components
    (gap,) = found.gaps
    assert (str(plugin.purl), plugin.pin) == (purl, pin)
    assert (gap.ref, gap.state) == (plugin.ref, State.UNMATCHED)
    assert gap.location == plugin.location


@pytest.mark.parametrize(
    ("spec", "purl"),
    [
        ("audit@npm:evil@1.0.0", "pkg:npm/evil@1.0.0"),
        (f"github:acme/audit#{FULL}", f"pkg:github/acme/audit@{FULL}"),
    ],
)
def test_a_plugin_is_what_is_installed_and_not_what_it_is_called(
    tmp_path: Path, spec: str, purl: str
) -> None:
    found = look(tmp_path, {"plugin": [spec]})
    (plugin,) = found.components
    assert found.gaps == ()
    assert str(plugin.purl) == purl


@pytest.mark.parametrize("name", ["./own.ts", "plugins/../own.ts", ".\\own.ts"])
def test_a_plugin_of_the_project_is_a_file_with_its_digest(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "a" / "plugins").mkdir(parents=True)
    (tmp_path / "a" / "own.ts").write_bytes(b"1")
    content = {"plugin": [name if name.startswith(".") else f"./{name}"]}
    found = look(tmp_path, content, "a/opencode.jsonc")
    (plugin,) = found.components
    assert found.gaps == ()
    assert (plugin.name, plugin.pin) == ("a/own.ts", Pin.LOCAL)
    assert facts(plugin).origin is Origin.PATH
    (artifact,) = plugin.artifacts
    (digest,) = artifact.digests
    assert str(digest) == f"sha256:{hashlib.sha256(b'1').hexdigest()}"


@pytest.mark.parametrize(
    "entry",
    [
        *("./absent.ts", "./folder", "../out.ts", "/etc/passwd", "~/secret.ts"),
        *("file:///home/secret/plugin", "file://./own.ts", "C:\\secret.ts", "./"),
        *("", " ", "-audit", "${PLUGIN}", "{env:PLUGIN}", "a b", "http:", "@", "\0"),
        *(None, 7, True, {}, [], {"package": 7}, [[]], {"options": {}}, [{}]),
    ],
    ids=repr,
)
def test_a_plugin_that_is_not_looked_at_is_a_gap(tmp_path: Path, entry: object) -> None:
    (tmp_path / "folder").mkdir()
    found = look(tmp_path, {"plugin": [entry, "audit@1.0.0"]})
    (plugin,) = found.components
    (gap,) = found.gaps
    assert plugin.name == "audit"
    assert gap.location.pointer.startswith("/plugin/0")
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ({"plugin": "audit@1.0.0"}, "/plugin"),
        ({"plugin": {"audit": "1.0.0"}}, "/plugin"),
        ({"Plugin": ["audit@1.0.0"]}, "/Plugin"),
        ('{"plugin": ["audit@1.0.0"], "plugin": []}', "/plugin"),
        ('{"\\u0070lugin": 1}', "/plugin"),
    ],
    ids=["text", "object", "case", "twice", "escaped"],
)
def test_a_list_of_plugins_that_cannot_be_read_is_a_gap(
    tmp_path: Path, content: object, pointer: str
) -> None:
    found = look(tmp_path, content)
    (gap,) = found.gaps
    assert (found.components, gap.location.pointer) == ((), pointer)


def test_of_too_many_plugins_the_rest_is_one_gap(tmp_path: Path) -> None:
    found = look(tmp_path, {"plugin": [f"a{n}@1.0.0" for n in range(1100)]})
    (gap,) = found.gaps
    assert gap.state is State.LIMIT
    assert len(found.components) == 1000


def test_a_secret_in_the_address_of_a_plugin_is_not_told(tmp_path: Path) -> None:
    url = "git+https://u:secret@h.example/acme/audit.git#v1"
    found = look(tmp_path, {"plugin": [url]})
    assert len(found.components) == len(found.gaps) == 1
    assert "secret" not in repr(found)


def test_servers_and_plugins_of_one_file_are_both_read(tmp_path: Path) -> None:
    server = {"type": "local", "command": ["npx", "files@1.2.0"]}
    found = look(tmp_path, {"mcp": {"a": server}, "plugin": ["audit@1.0.0"]})
    assert found.gaps == ()
    assert sorted(each.name for each in found.components) == ["a", "audit", "files"]


def test_other_clients_may_call_something_else_a_plugin(tmp_path: Path) -> None:
    assert not look(tmp_path, {"plugin": ["audit"]}, ".vscode/settings.json")


@pytest.mark.parametrize("folder", [".opencode", "sub/.opencode", ".config/opencode"])
@pytest.mark.parametrize("kind", ["plugin", "plugins", "tool", "tools"])
@pytest.mark.parametrize("name", ["audit.ts", "audit.js", "Audit.TS"])
def test_code_that_opencode_loads_because_of_where_it_lies_is_listed(
    tmp_path: Path, folder: str, kind: str, name: str
) -> None:
    found = look(tmp_path, "export const Audit = () => ({})", f"{folder}/{kind}/{name}")
    (plugin,) = found.components
    assert found.gaps == ()
    assert plugin.kind is Kind.APPLICATION
    assert facts(plugin).origin is Origin.PATH
    assert plugin.location == Location(path=f"{folder}/{kind}/{name}")
    (artifact,) = plugin.artifacts
    digest = hashlib.sha256(b"export const Audit = () => ({})").hexdigest()
    assert [each.value for each in artifact.digests] == [digest]


@pytest.mark.parametrize(
    "name",
    [
        "plugin/audit.ts",
        ".opencode/audit.ts",
        ".opencode/plugin/inner/audit.ts",
        ".opencode/plugin/audit.md",
        ".opencode/plugin/audit.tsx",
        ".opencode/plugin.ts",
        "my-opencode/plugins.ts",
    ],
)
def test_what_opencode_does_not_load_is_not_listed(tmp_path: Path, name: str) -> None:
    found = look(tmp_path, "x", name)
    assert (found.components, found.gaps) == ((), ())
