import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import (
    Component,
    Kind,
    Origin,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.discover import survey
from mcpchain.discover.server_json import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.launch.command import read_launch
from mcpchain.settings.pip import default_index
from mcpchain.tree import Tree

SCHEMA = "https://static.modelcontextprotocol.io/schemas/{}/server.schema.json"
SHA = "ab" * 32
NPM = {
    "registryType": "npm",
    "identifier": "@acme/files",
    "version": "1.2.0",
    "transport": {"type": "stdio"},
}
PYPI = NPM | {"registryType": "pypi", "identifier": "Acme.Files"}
OCI = {"registryType": "oci", "identifier": "r.example/a/files:1.2.0"}
MCPB = {
    "registryType": "mcpb",
    "identifier": "https://d.example/files.mcpb",
    "fileSha256": SHA,
}
REMOTE = {"type": "streamable-http", "url": "https://a.example/mcp"}


def discover(folder: Path, data: str | bytes, path: str = "server.json") -> Inventory:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def manifest(*packages: object, **members: object) -> str:
    entries: dict[str, object] = {"packages": [*packages]} if packages else {}
    return json.dumps({"name": "io.github.acme/files", **entries, **members})


def one(folder: Path, entry: object) -> Component:
    found = discover(folder, manifest(entry))
    (server,) = servers(found)
    return server


def servers(found: Inventory) -> list[Component]:
    return [each for each in found.components if each.kind is Kind.MCP_SERVER]


def packages(found: Inventory) -> list[Component]:
    return [each for each in found.components if each.kind is not Kind.MCP_SERVER]


def facts(server: Component) -> ServerFacts:
    assert isinstance(server.facts, ServerFacts)
    return server.facts


def positional(*words: str) -> list[dict[str, str]]:
    return [{"type": "positional", "value": each} for each in words]


def named(name: str, value: str) -> list[dict[str, str]]:
    return [{"type": "named", "name": name, "value": value}]


@pytest.mark.parametrize("path", ["server.json", ".mcp/server.json", "a/Server.JSON"])
def test_a_package_is_a_server_and_an_application(tmp_path: Path, path: str) -> None:
    found = discover(tmp_path, manifest(NPM), path)
    (server,), (package,) = servers(found), packages(found)
    assert not found.gaps
    assert str(server.purl) == str(package.purl) == "pkg:npm/%40acme/files@1.2.0"
    assert server.name == "io.github.acme/files"
    assert server.pin is package.pin is Pin.EXACT
    assert facts(server) == ServerFacts(
        client="server.json", transport=Transport.STDIO, launcher="npx"
    )
    assert package.kind is Kind.APPLICATION
    assert package.facts == PackageFacts()
    assert str(package.location) == f"{path}#/packages/0"
    (edge,) = found.relations
    assert (edge.source, edge.target) == (server.ref, package.ref)


def test_the_first_version_of_the_format_wrote_underscores(tmp_path: Path) -> None:
    entry = {
        "registry_type": "pypi",
        "identifier": "files",
        "version": "1.2.0",
        "file_sha256": SHA,
        "runtime_hint": "uvx",
        "runtime_arguments": named("--index-url", "https://evil.example/simple"),
        "package_arguments": [{"type": "positional", "value_hint": "folder"}],
        "environment_variables": [{"name": "KEY", "is_secret": True}],
    }
    remote = {"transport_type": "sse", "url": "https://a.example/sse"}
    schema = SCHEMA.format("2025-07-09")
    found = discover(tmp_path, manifest(entry, remotes=[remote], **{"$schema": schema}))
    assert not found.gaps
    (package,) = packages(found)
    assert isinstance(package.facts, PackageFacts)
    assert package.facts.registry == "https://evil.example/simple"
    assert [str(d) for a in package.artifacts for d in a.digests] == [f"sha256:{SHA}"]
    assert {facts(each).env for each in servers(found)} == {("KEY",), ()}
    assert {facts(each).transport for each in servers(found)} == {
        Transport.STDIO,
        Transport.SSE,
    }


@pytest.mark.parametrize(
    ("entry", "purl", "pin", "requested"),
    [
        (NPM | {"version": "^1.2.0"}, "pkg:npm/%40acme/files", Pin.RANGE, "^1.2.0"),
        (NPM | {"version": "1.x"}, "pkg:npm/%40acme/files", Pin.RANGE, "1.x"),
        (NPM | {"version": "1"}, "pkg:npm/%40acme/files", Pin.RANGE, "1"),
        (NPM | {"version": "latest"}, "pkg:npm/%40acme/files", Pin.FLOATING, "latest"),
        (NPM | {"version": "next"}, "pkg:npm/%40acme/files", Pin.FLOATING, "next"),
        (NPM | {"version": ""}, "pkg:npm/%40acme/files", Pin.FLOATING, ""),
        (PYPI, "pkg:pypi/acme-files@1.2.0", Pin.EXACT, ""),
        (PYPI | {"version": ">=1.2"}, "pkg:pypi/acme-files", Pin.RANGE, ">=1.2"),
        (PYPI | {"version": "1.*"}, "pkg:pypi/acme-files", Pin.RANGE, "==1.*"),
        (PYPI | {"version": "Latest"}, "pkg:pypi/acme-files", Pin.FLOATING, "Latest"),
        (OCI, "pkg:oci/files?repository_url=r.example/a/files&tag=1.2.0",
         Pin.TAG, "1.2.0"),
        (OCI | {"identifier": "r.example/a/files"},
         "pkg:oci/files?repository_url=r.example/a/files", Pin.FLOATING, ""),
        (OCI | {"identifier": "r.example/a/files:latest"},
         "pkg:oci/files?repository_url=r.example/a/files", Pin.FLOATING, "latest"),
        (OCI | {"identifier": f"r.example/a/files@sha256:{SHA}"},
         f"pkg:oci/files@sha256:{SHA}?repository_url=r.example/a/files",
         Pin.DIGEST, ""),
        (OCI | {"identifier": "a/files", "version": "2.0"},
         "pkg:docker/a/files@2.0", Pin.TAG, "2.0"),
        (OCI | {"identifier": "a/files", "version": f"sha256:{SHA}"},
         f"pkg:docker/a/files@sha256:{SHA}", Pin.DIGEST, ""),
        ({"registryType": "docker", "name": "a/files"}, "pkg:docker/a/files",
         Pin.FLOATING, ""),
        (OCI | {"identifier": "a/files", "registryBaseUrl": "https://r.example"},
         "pkg:oci/files?repository_url=r.example/a/files", Pin.FLOATING, ""),
        ({"registryType": "nuget", "identifier": "Acme.F", "version": "1.2.0-beta"},
         "pkg:nuget/Acme.F@1.2.0-beta", Pin.EXACT, ""),
        ({"registryType": "nuget", "identifier": "Acme.F", "version": "1.*"},
         "pkg:nuget/Acme.F", Pin.RANGE, "1.*"),
        ({"registryType": "nuget", "identifier": "Acme.F"},
         "pkg:nuget/Acme.F", Pin.FLOATING, ""),
        (MCPB, "pkg:generic/files.mcpb?checksum=sha256:" + SHA
         + "&download_url=https://d.example/files.mcpb",
         Pin.DIGEST, "https://d.example/files.mcpb"),
        (MCPB | {"fileSha256": None},
         "pkg:generic/files.mcpb?download_url=https://d.example/files.mcpb",
         Pin.TAG, "https://d.example/files.mcpb"),
    ],
)  # fmt: skip
def test_an_entry_says_how_firm_it_is(
    tmp_path: Path, entry: object, purl: str, pin: Pin, requested: str
) -> None:
    found = discover(tmp_path, manifest(entry))
    (server,), (package,) = servers(found), packages(found)
    assert not found.gaps
    assert (str(server.purl), server.pin, server.requested) == (purl, pin, requested)
    assert (str(package.purl), package.pin) == (purl, pin)
    assert (package.version is None) == (pin is not Pin.EXACT)


def test_the_digest_of_a_bundle_is_that_of_its_file(tmp_path: Path) -> None:
    entry = MCPB | {"identifier": "https://u:p@d.example/files.mcpb?token=t"}
    (package,) = packages(discover(tmp_path, manifest(entry)))
    assert [str(d) for a in package.artifacts for d in a.digests] == [f"sha256:{SHA}"]
    assert package.facts == PackageFacts(
        origin=Origin.URL, registry="https://d.example/files.mcpb"
    )


@pytest.mark.parametrize(
    ("entry", "registry"),
    [
        (NPM | {"registryBaseUrl": "https://u:p@r.example/npm/?t=1"},
         "https://r.example/npm"),
        (PYPI | {"registryBaseUrl": "https://p.example/simple"},
         "https://p.example/simple"),
        (PYPI | {"registryBaseUrl": default_index().removesuffix("/simple")},
         default_index()),
        (PYPI | {"registryBaseUrl": default_index()}, default_index()),
        (PYPI | {"registryBaseUrl": f"{default_index()}/evil"},
         f"{default_index()}/evil"),
        (OCI, "https://r.example"),
        (NPM, None),
    ],
)  # fmt: skip
def test_a_registry_that_is_named_is_told(
    tmp_path: Path, entry: object, registry: str | None
) -> None:
    found = discover(tmp_path, manifest(entry))
    assert not found.gaps
    for each in found.components:
        assert isinstance(each.facts, PackageFacts | ServerFacts)
        assert each.facts.registry == registry


@pytest.mark.parametrize(
    "more",
    [
        {"runtimeArguments": named("--registry", "https://evil.example")},
        {"environmentVariables": [
            {"name": "npm_config_registry", "value": "https://evil.example"}]},
        {"environmentVariables": [
            {"name": "NPM_CONFIG_REGISTRY", "default": "https://evil.example"}]},
    ],
)  # fmt: skip
def test_a_registry_on_the_command_line_is_obeyed(
    tmp_path: Path, more: dict[str, object]
) -> None:
    entry = NPM | {"registryBaseUrl": "https://r.example"} | more
    (package,) = packages(discover(tmp_path, manifest(entry)))
    assert package.facts == PackageFacts(
        registry="https://evil.example", extra_registries=("https://r.example",)
    )


EVIL: list[tuple[str, dict[str, Any]]] = [
    ("another package", NPM | {"runtimeArguments": named("-p", "evil@1.0.0")}),
    ("a switch with a value", NPM | {"runtimeArguments": named("-y", "evil")}),
    ("a word before", NPM | {"runtimeArguments": positional("evil")}),
    ("an asked word before", NPM | {"runtimeArguments": [{"type": "positional"}]}),
    ("a call", NPM | {"runtimeArguments": named("-c", "evil")}),
    ("another program", NPM | {"runtimeHint": "node"}),
    ("a shell", NPM | {"runtimeHint": "sh", "runtimeArguments": positional("-c")}),
    ("words in the hint", NPM | {"runtimeHint": "npx -p evil"}),
    ("a program of the project", NPM | {"runtimeHint": "./npx"}),
    ("uvx from", PYPI | {"runtimeArguments": named("--from", "evil")}),
    ("uvx python", PYPI | {"runtimeHint": "python"}),
    ("an entry point", OCI | {"runtimeArguments": named("--entrypoint", "npx"),
                              "packageArguments": positional("evil")}),
    ("an image before", OCI | {"runtimeArguments": positional("evil/image")}),
    ("a mount over programs", OCI | {"runtimeArguments": named("-v", "/e:/usr/bin")}),
    ("node options", NPM | {"environmentVariables": [
        {"name": "NODE_OPTIONS", "value": "--require ./evil.js"}]}),
    ("a loader", MCPB | {"environmentVariables": [{"name": "LD_PRELOAD"}]}),
    ("a launcher after", NPM | {"packageArguments": positional("npx", "evil")}),
    ("a runtime of nuget", {"registryType": "nuget", "identifier": "A",
                            "version": "1.0.0", "runtimeHint": "npx"}),
    ("a source of nuget", {"registryType": "nuget", "identifier": "A",
                           "version": "1.0.0", "runtimeArguments":
                           named("--source", "https://evil.example")}),
]  # fmt: skip


@pytest.mark.parametrize("entry", [e for _, e in EVIL], ids=[i for i, _ in EVIL])
def test_what_changes_what_runs_leaves_nothing_decided(
    tmp_path: Path, entry: dict[str, Any]
) -> None:
    found = discover(tmp_path, manifest(entry))
    (server,) = servers(found)
    assert (server.purl, server.pin, server.version) == (None, None, None)
    (gap,) = found.gaps
    assert gap.state is State.UNSUPPORTED
    assert gap.ref == server.ref
    assert packages(found)
    assert "evil" not in gap.reason


def test_a_publisher_may_write_the_whole_command(tmp_path: Path) -> None:
    switch = {"type": "named", "name": "-i", "value": "true", "format": "boolean"}
    off = {"type": "named", "name": "--privileged", "value": "false"}
    before = [*positional("run"), switch, off | {"format": "boolean"}]
    before += named("-e", "TOKEN={token}")
    entry = OCI | {"runtimeHint": "docker", "runtimeArguments": before}
    found = discover(tmp_path, manifest(entry))
    (known,) = servers(found)
    assert not found.gaps
    assert known.pin is Pin.TAG


def test_an_image_without_tag_before_the_one_with_it_is_what_runs(
    tmp_path: Path,
) -> None:
    before = positional("run", "r.example/a/files")
    found = discover(tmp_path, manifest(OCI | {"runtimeArguments": before}))
    (known,) = servers(found)
    assert known.pin is None
    assert len(packages(found)) == 2


def test_a_package_that_arguments_add_is_listed(tmp_path: Path) -> None:
    entry = PYPI | {"runtimeArguments": named("--with", "evil==1.0")}
    found = discover(tmp_path, manifest(entry))
    kinds = {str(each.purl): each.kind for each in packages(found)}
    assert kinds == {
        "pkg:pypi/acme-files@1.2.0": Kind.APPLICATION,
        "pkg:pypi/evil@1.0": Kind.LIBRARY,
    }


BROKEN: list[tuple[str, object]] = [
    ("no object", "x"),
    ("no kind", {"identifier": "files", "version": "1.0.0"}),
    ("no identifier", {"registryType": "npm", "version": "1.0.0"}),
    ("a number", NPM | {"version": 1}),
    ("a git address", NPM | {"identifier": "github:evil/files"}),
    ("a folder", NPM | {"identifier": "./evil"}),
    ("an alias", NPM | {"version": "npm:evil@1.0.0"}),
    ("an address for a version", NPM | {"version": "https://evil.example/x.tgz"}),
    ("a repository for a version", NPM | {
        "identifier": "files", "version": "git+https://h.example/files.git"}),
    ("two versions", NPM | {"identifier": "files@1.0.0"}),
    ("extras and more", PYPI | {"identifier": "files @ https://evil.example/x.whl"}),
    ("a version that is none", PYPI | {"version": "one"}),
    ("a marker", PYPI | {"version": "1.0; python_version > '3'"}),
    ("two tags", OCI | {"version": "2.0"}),
    ("an image that is none", OCI | {"identifier": "Not An Image"}),
    ("a file of this machine", MCPB | {"identifier": "file:///x.mcpb"}),
    ("a bundle without file", MCPB | {"identifier": "https://d.example/"}),
    ("a short digest", MCPB | {"fileSha256": "ab"}),
    ("a base of no web", NPM | {"registryBaseUrl": "file:///srv"}),
    ("both spellings", NPM | {"registry_type": "pypi"}),
    ("another case", NPM | {"Version": "6.6.6"}),
    ("a transport", NPM | {"transport": {"type": "smoke"}}),
    ("a transport of no type", NPM | {"transport": []}),
    ("arguments", NPM | {"runtimeArguments": "-y"}),
    ("an argument", NPM | {"packageArguments": [{"type": "flag"}]}),
    ("variables", NPM | {"environmentVariables": {"A": "b"}}),
    ("a variable twice", NPM | {"environmentVariables": [
        {"name": "npm_config_registry", "value": "https://evil.example"},
        {"name": "npm_config_registry", "value": ""}]}),
    ("another kind", NPM | {"registryType": "cargo"}),
    ("a kind with a line break", NPM | {"registryType": "a\nb"}),
]  # fmt: skip


@pytest.mark.parametrize("entry", [e for _, e in BROKEN], ids=[i for i, _ in BROKEN])
def test_a_broken_entry_is_a_gap_and_its_siblings_are_read(
    tmp_path: Path, entry: object
) -> None:
    found = discover(tmp_path, manifest(PYPI, entry, OCI, remotes=[REMOTE]))
    assert found.gaps
    for gap in found.gaps:
        assert gap.location.pointer.startswith("/packages/1")
    pins = [each.pin for each in servers(found)]
    assert sorted(str(each) for each in pins if each) == [
        "Pin.EXACT",
        "Pin.REMOTE",
        "Pin.TAG",
    ]
    assert all(each.pin is None for each in servers(found) if each.purl is None
               and each.pin is not Pin.REMOTE)  # fmt: skip


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://u:secret@a.example/mcp?k=secret#secret", "https://a.example/mcp"),
        ("https://{tenant}.a.example/mcp", "https://{tenant}.a.example/mcp"),
        ("https://a.example/{tenant}/mcp", "https://a.example/{tenant}/mcp"),
        ("http://localhost:{port}/mcp", "http://localhost:{port}/mcp"),
        ("{baseUrl}/mcp?k=secret", "{baseUrl}/mcp"),
        ("https://a.example/abcdefghijkl1a2b3c4d/mcp", "https://a.example/***/mcp"),
        ("https://a.example/x/https://b.example/deadbeefdeadbeef",
         "https://a.example/x/https://b.example/***"),
        ("https://a.example/token/{token}", "https://a.example/token/{token}"),
        ("{baseUrl}/deadbeefdeadbeef", "{baseUrl}/***"),
        ("https://{user}:{secret}@a.example/mcp", "https://a.example/mcp"),
        ("https://a.example:0/mcp", "https://a.example:0/mcp"),
    ],
)  # fmt: skip
def test_an_address_is_told_without_what_may_be_secret(
    tmp_path: Path, url: str, endpoint: str
) -> None:
    headers = [{"name": "X-Key", "value": "secret", "isSecret": True}]
    remote = {"type": "streamable-http", "url": url, "headers": headers}
    found = discover(tmp_path, manifest(remotes=[remote]))
    (server,) = found.components
    assert not found.gaps
    assert server.pin is Pin.REMOTE
    assert facts(server).endpoint == endpoint
    assert facts(server).headers == ("X-Key",)
    assert facts(server).transport is Transport.STREAMABLE_HTTP


@pytest.mark.parametrize(
    "remote",
    [
        {"type": "streamable-http"},
        {"url": "https://a.example"},
        {"type": "sse", "url": "file:///x"},
        {"type": "sse", "url": "{a}://u:secret@a.example"},
        {"type": "sse", "url": "https://"},
        {"type": "sse", "url": "https://a.example/\nx"},
        {"type": "sse", "url": "https://a:secret:{port}/x"},
        {"type": "sse", "url": "https://a.example", "headers": ["X"]},
        {"type": "sse", "url": 1},
    ],
)
def test_an_address_that_cannot_be_read_is_a_gap_and_a_server(
    tmp_path: Path, remote: object
) -> None:
    found = discover(tmp_path, manifest(remotes=[remote]))
    assert found.gaps
    (server,) = found.components
    assert server.pin is Pin.REMOTE
    assert "secret" not in repr(found)


def test_a_local_server_may_be_reached_by_http(tmp_path: Path) -> None:
    transport = {"type": "streamable-http", "url": "http://evil.example/mcp"}
    server = one(tmp_path, NPM | {"transport": transport})
    assert facts(server).endpoint == "http://evil.example/mcp"
    assert facts(server).transport is Transport.STREAMABLE_HTTP


def test_values_are_never_told(tmp_path: Path) -> None:
    entry = NPM | {
        "runtimeArguments": named("--loglevel", "t0p-s3cret"),
        "packageArguments": [*named("--key", "t0p-s3cret"), *positional("t0p-s3cret")],
        "environmentVariables": [
            {"name": "KEY", "value": "t0p-s3cret"},
            {"name": "NODE_OPTIONS", "default": "t0p-s3cret"},
        ],
    }
    found = discover(tmp_path, manifest(entry))
    assert facts(servers(found)[0]).env == ("KEY", "NODE_OPTIONS")
    assert "t0p-s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("members", "state"),
    [
        ({"status": "deprecated"}, State.UNSUPPORTED),
        ({"_meta": {"io.modelcontextprotocol.registry/official":
                    {"status": "deleted"}}}, State.UNSUPPORTED),
        ({"status": "\u202egnihtyna"}, State.UNSUPPORTED),
        ({"$schema": SCHEMA.format("2099-01-01")}, State.PARTIAL),
        ({"$schema": 1}, State.UNREADABLE),
        ({"_meta": {"io.modelcontextprotocol.registry/official":
                    {"status": []}}}, State.UNREADABLE),
    ],
)  # fmt: skip
def test_what_a_manifest_says_of_itself_is_told(
    tmp_path: Path, members: dict[str, object], state: State
) -> None:
    found = discover(tmp_path, manifest(NPM, **members))
    (gap,) = found.gaps
    assert gap.state is state
    assert gap.reason.isprintable()
    assert len(found.components) == 2


@pytest.mark.parametrize(
    "date",
    ["2025-07-09", "2025-09-16", "2025-09-29", "2025-10-11", "2025-10-17",
     "2025-12-11", "draft"],
)  # fmt: skip
@pytest.mark.parametrize("status", [None, "active"])
def test_known_versions_of_the_format_are_no_gap(
    tmp_path: Path, date: str, status: str | None
) -> None:
    members = {"$schema": SCHEMA.format(date), "status": status}
    assert not discover(tmp_path, manifest(NPM, **members)).gaps


@pytest.mark.parametrize("name", ["", " ", "a/\u202eb", "a/b\n", "x" * 300, 7, None])
def test_a_name_that_is_none_is_a_gap_and_the_servers_are_read(
    tmp_path: Path, name: object
) -> None:
    found = discover(tmp_path, json.dumps({"name": name, "packages": [NPM]}))
    (gap,) = found.gaps
    assert gap.location.pointer == "/name"
    (server,) = servers(found)
    assert server.name


@pytest.mark.parametrize(
    "data",
    ['{"port": 80}', "[]", "7", '{"name": "x", "packages": {}}', '{"packages": []}',
     '// port\n{"port": 80,}', '{"name": "a/b", "$schema": "modelcontextprotocol"}',
     '{"name": "web", "remotes": "x"}'],
)  # fmt: skip
def test_another_server_json_declares_nothing(tmp_path: Path, data: str) -> None:
    found = discover(tmp_path, data)
    assert not found.components
    assert not found.gaps


@pytest.mark.parametrize(
    "data",
    ["{", b"\xff\xfe{", b"", '{"name": "a/b", "packages": 7}',
     '{"name": "a/b", "packages": [], "Packages": []}',
     '{"name": "a/b", "packages": [], "packages": []}',
     '{"name": "a/b", "$schema": "modelcontextprotocol", "package": []}',
     "[" * 100_000],
)  # fmt: skip
def test_a_manifest_that_cannot_be_read_is_a_gap(
    tmp_path: Path, data: str | bytes
) -> None:
    found = discover(tmp_path, data)
    assert not found.components
    (gap,) = found.gaps
    assert gap.state is State.UNREADABLE


def test_the_rest_of_very_many_packages_is_a_gap(tmp_path: Path) -> None:
    many = [NPM | {"version": f"1.0.{each}"} for each in range(1_001)]
    found = discover(tmp_path, manifest(*many))
    assert len(packages(found)) == 1_000
    (gap,) = found.gaps
    assert gap.state is State.LIMIT


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(sorted(NPM)), inner)
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([*NPM, "runtimeArguments", "fileSha256", "registryBaseUrl"]), JSON
)
def test_any_value_is_read_or_a_gap(tmp_path: Path, key: str, value: object) -> None:
    found = discover(tmp_path, manifest(NPM | {key: value}, remotes=[value]))
    assert found.gaps or servers(found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary())
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        discover(tmp_path, data)


def test_the_extras_and_what_sways_the_choice_are_kept(tmp_path: Path) -> None:
    words = positional("--from", "acme-files[cli]", "--prerelease", "allow")
    entry = {k: v for k, v in PYPI.items() if k != "version"}
    found = discover(tmp_path, manifest(entry | {"runtimeArguments": words}))
    (package,) = packages(found)
    assert package.facts == PackageFacts(with_extras=("cli",))
    (server,) = servers(found)
    assert facts(server).swayed_by == ("--prerelease",)
    assert facts(one(tmp_path, PYPI)).swayed_by == ()


@pytest.mark.parametrize(
    "members",
    [
        {"packages": [NPM | {"environmentVariables": [{"name": "T=t0p-s3cret"}]}]},
        {"packages": [NPM | {"transport": REMOTE | {
            "headers": [{"name": "Authorization: t0p-s3cret"}]}}]},
        {"remotes": [REMOTE | {"headers": [{"name": "Bearer t0p-s3cret"}]}]},
    ],
    ids=["variable", "header", "header-of-a-remote"],
)  # fmt: skip
def test_a_name_that_is_none_is_not_shown(
    tmp_path: Path, members: dict[str, Any]
) -> None:
    found = discover(tmp_path, manifest(**members))
    (server,) = servers(found)
    assert isinstance(server.facts, ServerFacts)
    assert (server.facts.env, server.facts.headers) == ((), ())
    (gap,) = found.gaps
    assert gap.state is State.UNREADABLE
    assert "t0p-s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("version", "normal"),
    [
        ("1.0", "1.0.0"),
        ("1.0.0", "1.0.0"),
        ("1.0.0.0", "1.0.0"),
        ("1.0.0.1", "1.0.0.1"),
        ("01.002.0-rc.1+build", "1.2.0-rc.1"),
        ("1", "1.0.0"),
        ("9" * 5000 + ".0", "9" * 5000 + ".0.0"),
    ],
    ids=["two", "three", "four", "fourth", "zeros", "one", "endless"],
)
def test_a_version_of_nuget_has_one_form(
    tmp_path: Path, version: str, normal: str
) -> None:
    entry = {"registryType": "nuget", "identifier": "A", "version": version}
    assert one(tmp_path, entry).version == normal
    if len(version) < 1000:
        launch = read_launch("dnx", [f"A@{version}"], {})
        assert launch.version == normal
