"""What a project's `.npmrc` says is told, and never followed."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import PackageFacts
from mcpchain.discover import survey
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree

A, B, C = "https://a.example", "https://b.example", "https://c.example"
OPEN = {"version": "1.2.0", "integrity": "sha512-" + "A" * 86 + "=="}
NAMED = {**OPEN, "resolved": f"{A}/files/-/files-1.2.0.tgz"}

LOCKS = {
    "pnpm-lock.yaml": "lockfileVersion: '6.0'\npackages:\n  /files@1.2.0:\n"
    f"    resolution: {{integrity: {OPEN['integrity']}}}\n",
    "yarn.lock": f'files@1:\n  version "1.2.0"\n  integrity {OPEN["integrity"]}\n',
    "bun.lock": json.dumps(
        {
            "lockfileVersion": 1,
            "packages": {"files": ["files@1.2.0", "", {}, OPEN["integrity"]]},
        }
    ),
    "package.json": '{"dependencies": {"files": "1.2.0"}}',
}


def write(path: Path, text: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def lock(
    folder: Path, entry: dict[str, str], name: str = "files", at: str = ""
) -> None:
    packages = {f"node_modules/{name}": entry}
    document = {"lockfileVersion": 3, "packages": packages}
    write(folder / at / "package-lock.json", json.dumps(document))


def found(folder: Path, only: str | None = None) -> Inventory:
    return survey(Tree(folder, only=only), name="x")


def facts(inventory: Inventory) -> PackageFacts:
    (component,) = (c for c in inventory.components if c.purl)
    assert isinstance(component.facts, PackageFacts)
    return component.facts


@pytest.mark.parametrize("only", [None, "package-lock.json"])
def test_a_lock_without_addresses_comes_from_the_registry_beside_it(
    tmp_path: Path, only: str | None
) -> None:
    lock(tmp_path, OPEN)
    write(tmp_path / ".npmrc", f"registry={B}/${{TOKEN}}\n")
    assert facts(found(tmp_path, only)).registry == f"{B}/${{TOKEN}}"


def test_a_scope_may_have_a_registry_of_its_own(tmp_path: Path) -> None:
    lock(tmp_path, OPEN, name="@acme/files")
    write(tmp_path / ".npmrc", f"registry={B}\n@acme:registry={C}\n")
    assert facts(found(tmp_path)) == PackageFacts(registry=C)


@pytest.mark.parametrize(
    ("npmrc", "registry"),
    [("sub/.npmrc", B), (".npmrc", B), ("other/.npmrc", None), ("sub/x/.npmrc", None)],
)
def test_the_nearest_file_at_or_above_a_lock_counts(
    tmp_path: Path, npmrc: str, registry: str | None
) -> None:
    lock(tmp_path, OPEN, at="sub")
    write(tmp_path / npmrc, f"registry={B}")
    assert facts(found(tmp_path)).registry == registry


def test_a_nearer_file_wins(tmp_path: Path) -> None:
    lock(tmp_path, OPEN, at="sub")
    write(tmp_path / ".npmrc", f"registry={B}")
    write(tmp_path / "sub/.npmrc", f"registry={C}")
    assert facts(found(tmp_path)) == PackageFacts(registry=C)


def test_the_address_in_a_lock_may_be_replaced_by_the_configured_registry(
    tmp_path: Path,
) -> None:
    lock(tmp_path, NAMED)
    write(tmp_path / ".npmrc", f"registry={B}")
    assert facts(found(tmp_path)) == PackageFacts(registry=A, extra_registries=(B,))
    write(tmp_path / ".npmrc", f"registry={A}")
    assert facts(found(tmp_path)) == PackageFacts(registry=A)


@pytest.mark.parametrize(
    ("args", "registry"),
    [(["files@1.2.0"], B), ([f"--registry={A}", "files@1.2.0"], A)],
)
def test_a_server_is_started_from_there_too_unless_its_command_says_otherwise(
    tmp_path: Path, args: list[str], registry: str
) -> None:
    config = {"mcpServers": {"files": {"command": "npx", "args": ["-y", *args]}}}
    write(tmp_path / ".cursor/mcp.json", json.dumps(config))
    write(tmp_path / ".npmrc", f"registry={B}")
    (package,) = (
        c.facts for c in found(tmp_path).components if isinstance(c.facts, PackageFacts)
    )
    assert (package.registry, package.extra_registries) == (registry, ())


def test_other_packages_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "requirements.txt", "files==1.2.0")
    write(tmp_path / ".npmrc", f"registry={B}\nproxy=http://evil.example")
    inventory = found(tmp_path)
    assert facts(inventory) == PackageFacts()
    assert not inventory.gaps


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("strict-ssl=false", "strict-ssl"),
        ("strict-ssl = no ; x", "strict-ssl"),
        ("proxy=http://u:secret@evil.example", "proxy"),
        ("https-proxy=http://evil.example", "https-proxy"),
        ("noproxy=*", "noproxy"),
        ("cafile=./evil.pem", "cafile"),
        ("ca[]=secret", "ca[]"),
        ("node-options=--require ./evil.js", "node-options"),
        ("script-shell=./evil.sh", "script-shell"),
        ("prefix=./evil", "prefix"),
        ("globalconfig=./evil", "globalconfig"),
        ("userconfig=./evil", "userconfig"),
        ("git=./evil", "git"),
        ("python=./evil", "python"),
        ("disturl=http://evil.example", "disturl"),
        ("sharp_binary_host=http://evil.example", "sharp_binary_host"),
        ("replace-registry-host=always", "replace-registry-host"),
        ("package-lock=false", "package-lock"),
        ("'onload-script'=./evil.js", "onload-script"),
        ("[x]\nproxy=http://evil.example", "proxy"),
        ("//a.example/:tokenHelper=./secret", "//a.example/…"),
        ('"\\u0072egistry"=http://evil.example', "\\u0072egistry"),
        ("a\u202eb=1", "a\\u202eb…"),
        ("k" * 99, "k" * 40 + "…"),
    ],
)
def test_what_changes_more_than_a_registry_is_a_gap(
    tmp_path: Path, line: str, key: str
) -> None:
    lock(tmp_path, OPEN)
    write(tmp_path / ".npmrc", f"fund=false\n{line}\n")
    (gap,) = found(tmp_path).gaps
    assert gap.state is State.UNSUPPORTED
    assert gap.location.path == ".npmrc"
    assert gap.reason.startswith(f"sets `{key}`, ")
    assert "secret" not in repr(gap)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# proxy=x\n; proxy=x\n\n",
        "strict-ssl=true\nstrict-ssl",
        "package-lock=true",
        "save-exact=true\nfund=false\naudit=false\nengine-strict=true\nloglevel=warn",
        "ignore-scripts=true\nlegacy-peer-deps=true",
        "//a.example/npm/:_authToken=${TOKEN}",
        "always-auth=true\nemail=x@a.example",
        f"@acme:registry={B}",
    ],
)
def test_what_everybody_sets_is_no_gap(tmp_path: Path, text: str) -> None:
    lock(tmp_path, OPEN)
    write(tmp_path / ".npmrc", text)
    assert not found(tmp_path).gaps


@pytest.mark.parametrize("data", [b"\xff\xfe", b"#" * ((1 << 20) + 1)])
def test_a_file_that_cannot_be_read_is_a_gap(tmp_path: Path, data: bytes) -> None:
    lock(tmp_path, OPEN)
    write(tmp_path / ".npmrc", data)
    (gap,) = found(tmp_path).gaps
    assert gap.location.path == ".npmrc"


def test_a_folder_or_a_link_outwards_of_its_name_is_a_gap(tmp_path: Path) -> None:
    root = tmp_path / "root"
    lock(root, OPEN)
    (root / ".npmrc").mkdir()
    assert {gap.location.path for gap in found(root).gaps} == {".npmrc"}
    (root / ".npmrc").rmdir()
    write(tmp_path / "npmrc", f"registry={B}")
    (root / ".npmrc").symlink_to(tmp_path / "npmrc")
    assert {gap.location.path for gap in found(root).gaps} == {".npmrc"}


def test_settings_without_end_are_a_gap(tmp_path: Path) -> None:
    lock(tmp_path, OPEN)
    write(tmp_path / ".npmrc", "\n".join(f"x{n}=1" for n in range(9999)))
    gaps = found(tmp_path).gaps
    assert len(gaps) == 51
    assert State.LIMIT in {gap.state for gap in gaps}


@pytest.mark.parametrize(
    ("lock_name", "config", "text"),
    [
        ("pnpm-lock.yaml", "pnpm-workspace.yaml", f"registries: {{default: '{B}'}}"),
        ("pnpm-lock.yaml", ".npmrc", f"registry={B}"),
        ("yarn.lock", ".yarnrc.yml", f"npmRegistryServer: {B}"),
        ("yarn.lock", ".yarnrc", f'registry "{B}"'),
        ("yarn.lock", ".npmrc", f"registry={B}"),
        ("bun.lock", "bunfig.toml", f"[install]\nregistry = '{B}'"),
        ("bun.lock", ".npmrc", f"registry={B}"),
        ("package.json", "bunfig.toml", f"[install]\nregistry = '{B}'"),
        ("package.json", ".yarnrc.yml", f"npmRegistryServer: {B}"),
    ],
)
def test_each_manager_has_a_file_of_its_own(
    tmp_path: Path, lock_name: str, config: str, text: str
) -> None:
    write(tmp_path / "sub" / lock_name, LOCKS[lock_name])
    write(tmp_path / config, text)
    assert facts(found(tmp_path)).registry == B


@pytest.mark.parametrize(
    "config", [".yarnrc.yml", "pnpm-workspace.yaml", "bunfig.toml"]
)
def test_the_files_of_other_managers_do_not_count(tmp_path: Path, config: str) -> None:
    lock(tmp_path, OPEN)
    write(tmp_path / config, "x: [")
    inventory = found(tmp_path)
    assert facts(inventory) == PackageFacts()
    assert not inventory.gaps


def test_two_files_that_choose_name_two_registries(tmp_path: Path) -> None:
    write(tmp_path / "yarn.lock", LOCKS["yarn.lock"])
    write(tmp_path / ".npmrc", f"registry={B}")
    write(tmp_path / ".yarnrc.yml", f"npmRegistryServer: {C}\nplugins: [x]")
    inventory = found(tmp_path)
    assert facts(inventory) == PackageFacts(registry=B, extra_registries=(C,))
    (gap,) = inventory.gaps
    assert gap.location.path == ".yarnrc.yml"
    assert gap.reason.startswith("sets `plugins`, ")


@pytest.mark.parametrize("text", ["npmRegistryServer: [", "npmRegistryServer: 5"])
def test_a_broken_file_of_another_manager_is_a_gap(tmp_path: Path, text: str) -> None:
    write(tmp_path / "yarn.lock", LOCKS["yarn.lock"])
    write(tmp_path / ".yarnrc.yml", text)
    (gap,) = found(tmp_path).gaps
    assert (gap.location.path, gap.state) == (".yarnrc.yml", State.UNREADABLE)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    lock(tmp_path, OPEN)
    with contextlib.suppress(OSError):
        write(tmp_path / ".npmrc", b"proxy=x\r\n" + data)
    assert found(tmp_path).gaps


@pytest.mark.parametrize(
    ("config", "text"),
    [(".yarnrc.yml", "yarnPath: .yarn/y.cjs"), (".yarnrc", 'yarn-path "./y.js"')],
)
def test_a_program_in_the_place_of_yarn_is_a_gap(
    tmp_path: Path, config: str, text: str
) -> None:
    write(tmp_path / "yarn.lock", LOCKS["yarn.lock"])
    write(tmp_path / config, text)
    (gap,) = found(tmp_path).gaps
    assert (gap.location.path, gap.state) == (config, State.PARTIAL)
    assert gap.reason.endswith("a program in the project runs in the place of yarn")


def test_it_is_none_where_yarn_is_not_run(tmp_path: Path) -> None:
    lock(tmp_path, OPEN)
    write(tmp_path / ".yarnrc.yml", "yarnPath: .yarn/y.cjs")
    assert not found(tmp_path).gaps
