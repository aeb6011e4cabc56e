"""The whole gate against registries on loopback: honest, attacked and broken."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from tests.world.npm import sri
from tests.world.world import World

POLICY = """\
apiVersion: mcpchain/policy/v1
name: online
rules:
  gap: {level: {no-source: allow, other: deny}}
  fresh-release: {level: deny, min-age: 72h}
  unsigned-artifact: allow
  missing-provenance: allow
"""
WHEEL = "flask-3.0.0-py3-none-any.whl"
Judge = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one package of each registry, and a server, all of it pinned."""
    folder = tmp_path / "project"
    folder.mkdir()
    lock = {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "project"},
            "node_modules/left": {
                "version": "1.0.0",
                "integrity": sri(b"left@1.0.0"),
            },
        },
    }
    (folder / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    digest = hashlib.sha256(WHEEL.encode()).hexdigest()
    (folder / "requirements.txt").write_text(
        f"flask==3.0.0 --hash=sha256:{digest}\n", encoding="utf-8"
    )
    server = {"command": "npx", "args": ["-y", "@acme/files@1.2.0"]}
    (folder / ".mcp.json").write_text(
        json.dumps({"mcpServers": {"files": server}}), encoding="utf-8"
    )
    return folder


@pytest.fixture
def judge(world: World, project: Path, tmp_path: Path) -> Judge:
    world.npm.publish("left", "1.0.0")
    world.npm.publish("@acme/files", "1.2.0")
    world.pypi.upload("flask", WHEEL)
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")

    def run(*args: str, **environ: str) -> Result:
        return CliRunner().invoke(
            main,
            ["gate", "--policy", str(policy), "--no-pip-audit", *args, str(project)],
            env={
                "VIRTUAL_ENV": None,
                "HOME": str(tmp_path),
                "XDG_CACHE_HOME": str(tmp_path / "cache"),
                **world.environ,
                **environ,
            },
        )

    return run


def told(result: Result) -> list[str]:
    return [line for line in result.output.splitlines() if line.startswith("deny[")]


def test_what_is_pinned_and_delivered_as_published_is_allowed(judge: Judge) -> None:
    result = judge("--download")
    assert result.exit_code == 0, result.output
    assert "downloaded and hashed: 3 files\n" in result.output


def test_offline_nobody_is_asked(judge: Judge, world: World) -> None:
    result = judge("--offline")
    assert result.exit_code == 4
    assert not world.server.asked
    assert told(result) == [
        f"deny[gap]: registry: {what} not compared with a registry (offline)"
        for what in ("PyPI: 1 package was", "npm: 2 packages were")
    ]


def swap_npm(world: World) -> None:
    world.npm["left"].swap_tarball()


def swap_pypi(world: World) -> None:
    world.pypi["flask"].swap_file(WHEEL)


@pytest.mark.parametrize("attack", [swap_npm, swap_pypi])
def test_other_bytes_than_published_are_found_by_downloading(
    judge: Judge, world: World, attack: Callable[[World], None]
) -> None:
    attack(world)
    assert judge().exit_code == 0
    result = judge("--download")
    assert result.exit_code == 10
    (line,) = told(result)
    assert line.startswith("deny[digest-mismatch]")


def republish(world: World) -> None:
    world.npm["left"].republish("1.0.0")


def replace_wheel(world: World) -> None:
    file = world.pypi["flask"].file(WHEEL)
    file["hashes"] = {"sha256": "0" * 64}


@pytest.mark.parametrize("attack", [republish, replace_wheel])
def test_a_release_that_was_replaced_does_not_fit_its_pin(
    judge: Judge, world: World, attack: Callable[[World], None]
) -> None:
    attack(world)
    result = judge()
    assert result.exit_code == 10
    (line,) = told(result)
    assert line.startswith("deny[digest-mismatch]")


def yank(world: World) -> None:
    world.pypi["flask"].file(WHEEL)["yanked"] = "broken"


def deprecate(world: World) -> None:
    world.npm["@acme/files"].version("1.2.0")["deprecated"] = "use something else"


def unpublish(world: World) -> None:
    del world.npm["@acme/files"].document["versions"]["1.2.0"]


@pytest.mark.parametrize("act", [yank, deprecate, unpublish])
def test_a_release_that_was_taken_back_is_denied(
    judge: Judge, world: World, act: Callable[[World], None]
) -> None:
    act(world)
    result = judge()
    assert result.exit_code == 10
    (line,) = told(result)
    assert line.startswith("deny[withdrawn-release]")


def test_a_release_of_this_morning_is_too_fresh(judge: Judge, world: World) -> None:
    morning = dt.datetime.now(tz=dt.UTC) - dt.timedelta(hours=2)
    world.npm["left"].document["time"]["1.0.0"] = morning.isoformat()
    result = judge()
    assert result.exit_code == 10
    assert told(result)[0].startswith("deny[fresh-release]: `left@1.0.0` was uploaded")


Break = Callable[[Any], object]


@pytest.mark.parametrize(
    ("break_it", "exit_code", "words"),
    [
        (lambda page: page.answer(404), 10, "answered 404"),
        (lambda page: page.answer(500), 4, "answered 500"),
        (lambda page: page.answer_html(), 10, "HTML"),
        (lambda page: page.other_package(), 10, "evil"),
        (lambda page: page.hang_up(), 4, ""),
        (lambda page: page.gzip_bomb(1 << 27), 10, ""),
        (lambda page: page.answer_json([]), 10, "expected an object"),
    ],
    ids=["404", "500", "html", "other package", "hang-up", "bomb", "no object"],
)
def test_a_registry_that_gives_no_good_answer_loses_no_other_component(
    judge: Judge, world: World, break_it: Break, exit_code: int, words: str
) -> None:
    break_it(world.npm["left"])
    result = judge()
    assert result.exit_code == exit_code, result.output
    (line,) = told(result)
    assert line.startswith("deny[gap]: registry: ")
    assert words in line
    assert (
        "looked at: project: 2 packages, 1 server package, 1 MCP server, 1 project"
        in (result.output)
    )


def test_a_registry_that_nobody_trusts_is_denied_and_not_asked(
    judge: Judge, world: World, project: Path
) -> None:
    lock = project / "requirements.txt"
    text = lock.read_text(encoding="utf-8")
    evil = world.pypi.beside("evil")
    evil.upload("flask", WHEEL)
    lock.write_text(f"--index-url {evil.address}\n{text}", encoding="utf-8")
    result = judge()
    assert result.exit_code == 10
    assert [line.partition("]")[0] for line in told(result)] == [
        "deny[untrusted-registry"
    ]
    assert not [path for path in world.server.paths() if "evil" in path]


def test_the_npmrc_of_a_project_chooses_no_registry(
    judge: Judge, world: World, project: Path
) -> None:
    (project / ".npmrc").write_text(
        f"registry={world.server.address}/evil/\n", encoding="utf-8"
    )
    result = judge()
    assert result.exit_code == 10
    rules = {line.partition("]")[0] for line in told(result)}
    assert rules == {"deny[untrusted-registry"}
    assert not [path for path in world.server.paths() if "evil" in path]


def malicious(_: World, osv: Path) -> None:
    record = {
        "id": "MAL-2030-1",
        "modified": "2030-01-01T00:00:00Z",
        "affected": [
            {
                "package": {"ecosystem": "npm", "name": "@acme/files"},
                "versions": ["1.2.0"],
            }
        ],
    }
    (osv / "MAL-2030-1.json").write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.parametrize(
    ("act", "version"),
    [
        (lambda *_: None, "1.2.0"),
        (lambda world, _: deprecate(world), None),
        (malicious, None),
    ],
    ids=["fine", "deprecated", "malicious"],
)
def test_a_floating_server_can_be_pinned_to_what_is_known_and_fine(
    judge: Judge,
    world: World,
    project: Path,
    tmp_path: Path,
    act: Callable[[World, Path], None],
    version: str | None,
) -> None:
    server = {"command": "npx", "args": ["-y", "@acme/files"]}
    (project / ".mcp.json").write_text(
        json.dumps({"mcpServers": {"files": server}}), encoding="utf-8"
    )
    osv = tmp_path / "osv"
    osv.mkdir()
    act(world, osv)
    more = ["--advisories", str(osv)] if [*osv.iterdir()] else []
    output = judge(*more).output
    such = f", such as `@acme/files@{version}`"
    shown = such if version else ": `@acme/files@<version>`"
    assert f"  hint: name a version{shown}\n" in output, output
