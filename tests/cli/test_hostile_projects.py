"""What a project's author may try, through the front door: none of it is a yes."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from mcpchain.cli import main
from tests.making import wheel

SRI = "sha512-" + "A" * 86 + "=="
FILES = {
    "version": "1.2.0",
    "resolved": "https://registry.example/files/-/files-1.2.0.tgz",
    "integrity": SRI,
}
OPEN = {"version": "1.2.0", "integrity": SRI}
WHEEL = "evil-1.0-py3-none-any.whl"
BYTES = wheel("evil", "1.0")
HASH = "sha256:" + "a" * 64
PINNED = f"a==1.0 --hash={HASH}\n"
POLICY = """
apiVersion: mcpchain/policy/v1
name: looked-at
rules:
  gap:
    level: {offline: allow, no-source: allow, other: deny}
"""


def lock(packages: dict[str, object], **more: object) -> str:
    return json.dumps({"lockfileVersion": 2, "packages": packages, **more})


def one(**entry: object) -> str:
    return lock({"node_modules/files": entry})


def gate(folder: Path, files: Mapping[str, str | bytes]) -> tuple[int, str]:
    project, home = folder / "project", folder / "home"
    home.mkdir()
    for path, content in files.items():
        file = project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        file.write_bytes(data)
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    done = CliRunner().invoke(
        main,
        ["gate", str(project), "--offline", "--policy", str(policy)],
        env={
            "HOME": str(home),
            "VIRTUAL_ENV": None,
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_INDEX_URL": "https://registry.example",
            "npm_config_registry": "https://registry.example",
        },
    )
    return done.exit_code, done.output


@pytest.mark.parametrize(
    "files",
    [
        {"package-lock.json": one(**FILES)},
        {"package-lock.json": one(**OPEN)},
        {"package-lock.json": one(**OPEN), ".npmrc": "fund=false\nstrict-ssl=true\n"},
        {"package-lock.json": one(**OPEN),
         ".npmrc": "registry=https://registry.example/\n"},
        {"package-lock.json": lock({"node_modules/files": FILES},
                                   dependencies={"files": FILES})},
        {"package-lock.json": one(version="1.2.0", resolved="file:f.tgz"), "f.tgz": ""},
        {"requirements.txt": PINNED},
        {"requirements.txt": f"./{WHEEL}\n", WHEEL: BYTES},
        {"requirements.txt": "-e .\n" + PINNED, "pyproject.toml": ""},
        {"requirements.in": "a", "requirements.txt": PINNED},
    ],
)  # fmt: skip
def test_a_pinned_project_is_allowed(
    tmp_path: Path, files: Mapping[str, str | bytes]
) -> None:
    code, output = gate(tmp_path, files)
    assert code == 0, output


@pytest.mark.parametrize(
    "files",
    [
        {"package-lock.json": one(version="1.2.0", inBundle=True)},
        {"package-lock.json": one(version="1.2.0", resolved="evil/repo")},
        {"package-lock.json": one(**{**FILES, "resolved": "evil/repo"})},
        {"package-lock.json": one(**{**FILES, "resolved": "//evil.example/x.tgz"})},
        {"package-lock.json": one(**{**FILES, "resolved": "/\\evil.example/x.tgz"})},
        {"package-lock.json": one(**{**FILES, "resolved": "https://github.com/e/r"})},
        {"package-lock.json": one(version="1.2.0", resolved="file:evil.tgz")},
        {"package-lock.json": one(**{**FILES, "resolved": "file:x.tgz"}), "x.tgz": ""},
        {"package-lock.json": one(link=True, resolved="https://evil.example/x")},
        {"package-lock.json": one(link=True, resolved="../evil")},
        {"package-lock.json": lock({"": {}}, dependencies={"evil": FILES})},
        {"Package-Lock.json": one(version="1.2.0")},
        {"sub/package-lock.json": one(**OPEN),
         "sub/.npmrc": "registry=https://evil.example"},
        {"package-lock.json": one(**FILES), ".npmrc": "registry=https://evil.example"},
        *({"package-lock.json": one(**FILES), ".npmrc": line} for line in (
            "strict-ssl=false", "proxy=http://evil.example", "cafile=./evil.pem",
            "node-options=--require=./evil.js", "script-shell=./evil.sh",
        )),
        {"requirements.txt": PINNED,
         "pyproject.toml": "[[tool.uv.index]]\nurl='http://evil.example'\n"
                           "default=true\n"},
        *({"requirements.txt": f"{PINNED}{line}\n"} for line in (
            f"./{WHEEL}", f"../{WHEEL}", f"file:///srv/{WHEEL}",
            f"//evil.example/share/{WHEEL}", f"file://evil.example/share/{WHEEL}",
            f"\\\\evil.example\\share\\{WHEEL}", "-e ../evil", "./evil",
            "--trusted-host evil.example", f"b==1 --hash={HASH} --config-settings x=y",
            f"b==1 --hash={HASH} --global-option=x", "a" + ",>=1" * 1600,
            "-r ../\0x",
        )),
        {"requirements.txt": f"./{WHEEL} --hash={HASH}\n", WHEEL: BYTES},
        *({"requirements.txt": PINNED, name: "{}"} for name in (
            "Cargo.lock", "go.sum", "Gemfile.lock", "composer.lock",
        )),
        {"requirements.txt": PINNED, "other-requirements.in": "evil"},
        *({"requirements.txt": PINNED, name: '{"mcpServers": {"x": {}}}'} for name in (
            ".claude/settings.json", ".claude.json", "cline_mcp_settings.json",
            "mcp_settings.json", "mcp_config.json", "gemini-extension.json",
        )),
    ],
)  # fmt: skip
def test_a_hostile_project_is_denied(
    tmp_path: Path, files: Mapping[str, str | bytes]
) -> None:
    code, output = gate(tmp_path, files)
    assert code == 10, output


def test_a_file_in_a_hidden_folder_is_judged_with_its_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / ".vscode").mkdir(parents=True)
    config = project / ".vscode/mcp.json"
    entry = {"command": "npx", "args": ["-y", "files@1.2.0"]}
    config.write_text(json.dumps({"servers": {"x": entry}}))
    (project / ".npmrc").write_text("registry=https://evil.example\n")
    done = CliRunner().invoke(main, ["gate", "--offline", str(config)])
    assert done.exit_code == 10
    assert "deny[untrusted-registry]" in done.output
    assert "--> .vscode/mcp.json#/servers/x" in done.output
