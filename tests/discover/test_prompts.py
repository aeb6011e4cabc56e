import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Basis, Component, FileFacts, Kind, Location
from mcpchain.discover import survey
from mcpchain.discover.prompts import DISCOVERER
from mcpchain.inventory import Inventory, Relation, RelationKind, State
from mcpchain.tree import Tree


def discover(folder: Path, files: dict[str, str | bytes]) -> Inventory:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def facts(component: Component) -> FileFacts:
    assert isinstance(component.facts, FileFacts)
    return component.facts


def roles(found: Inventory) -> dict[str, str]:
    return {each.location.path: facts(each).role for each in found.components}


def test_a_skill_is_told_with_its_front_matter_and_its_hash(tmp_path: Path) -> None:
    text = (
        "---\nname: pdf\ndescription: Reads PDFs\n"
        "allowed-tools: Bash(git add:*), Read\nmodel: opus\n---\n# Do it\n"
    )
    found = discover(tmp_path, {"skills/pdf/SKILL.md": text})
    digest = Digest.parse("sha256:" + hashlib.sha256(text.encode()).hexdigest())
    (component,) = found.components
    assert not found.gaps
    assert component == Component(
        kind=Kind.FILE,
        name="SKILL.md",
        purl=component.purl,
        basis=Basis.OBSERVED,
        artifacts=(
            Artifact(name="skills/pdf/SKILL.md", size=len(text), digests=(digest,)),
        ),
        facts=FileFacts(
            role="skill",
            description="Reads PDFs",
            tools=("Bash(git add:*)", "Read"),
            models=("opus",),
        ),
        locations=(Location(path="skills/pdf/SKILL.md"),),
    )
    assert str(component.purl) == f"pkg:generic/SKILL.md?checksum={digest}"


ROLES = {
    "CLAUDE.md": "instructions",
    "sub/AGENTS.md": "instructions",
    "GEMINI.md": "instructions",
    ".github/copilot-instructions.md": "instructions",
    ".github/instructions/py.instructions.md": "instructions",
    ".github/prompts/x.prompt.md": "prompt",
    ".github/chatmodes/x.chatmode.md": "agent",
    ".github/agents/x.md": "agent",
    ".claude/agents/x.md": "agent",
    ".claude/commands/deep/x.md": "command",
    ".claude/skills/s/SKILL.md": "skill",
    ".claude/hooks/x.sh": "code",
    ".cursor/rules/deep/x.mdc": "instructions",
    ".cursorrules": "instructions",
    ".windsurfrules": "instructions",
    ".clinerules": "instructions",
    "sub/.clinerules/x.md": "instructions",
    ".kiro/steering/x.md": "instructions",
    "x.prompty": "prompt",
    "x.prompt": "prompt",
    "x.prompt.md": "prompt",
    "x.prompt.yml": "prompt",
    "app/prompts/deep/x.jinja": "prompt",
    "app/prompts/x.yaml": "prompt",
    "prompts/x.txt": "prompt",
    "SKILL.md": "skill",
}


@pytest.mark.parametrize(("path", "role"), ROLES.items(), ids=ROLES.keys())
def test_a_file_that_a_client_gives_to_a_model_has_a_role(
    tmp_path: Path, path: str, role: str
) -> None:
    found = discover(tmp_path, {path: "hello: there\n"})
    assert roles(found) == {path: role}
    assert found.components[0].artifacts[0].digests
    assert not found.gaps


@pytest.mark.parametrize(
    "path",
    [
        "docs/agents.md",
        "docs/skill.md",
        "README.md",
        "prompts/README.md",
        "prompts/load.py",
        "my-prompts/x.txt",
        "scripts/a.py",
        "skills/readme.md",
        "references/x.md",
        ".claude/settings.json",
        ".github/workflows/agents.yml",
        "xSKILL.md",
    ],
)
def test_what_only_looks_like_one_is_none(tmp_path: Path, path: str) -> None:
    assert not discover(tmp_path, {path: "{}"})


def test_what_lies_in_the_folder_of_a_skill_belongs_to_it(tmp_path: Path) -> None:
    found = discover(
        tmp_path,
        {
            "skills/a/SKILL.md": "x",
            "skills/a/scripts/run.py": "x",
            "skills/a/deep/b/note.md": "x",
            "skills/a/tool": b"#!/bin/sh",
            "skills/a/logo.bin": b"x",
            "skills/a/inner.prompt": "x",
            "skills/a/skills/b/SKILL.md": "x",
            "skills/a/skills/b/run.sh": "x",
            "skills/none/run.sh": "x",
            "scripts/build.sh": "x",
        },
    )
    a, b = "file:skills/a/SKILL.md", "file:skills/a/skills/b/SKILL.md"
    assert set(found.relations) == {
        Relation(source=owner, target=f"file:{path}", kind=RelationKind.CONTAINS)
        for owner, path in [
            (a, "skills/a/scripts/run.py"),
            (a, "skills/a/deep/b/note.md"),
            (a, "skills/a/tool"),
            (a, "skills/a/logo.bin"),
            (a, "skills/a/inner.prompt"),
            (b, "skills/a/skills/b/run.sh"),
        ]
    }
    assert roles(found)["skills/a/scripts/run.py"] == "code"
    assert roles(found)["skills/a/tool"] == "code"
    assert roles(found)["skills/a/logo.bin"] == "resource"
    assert roles(found)["skills/a/deep/b/note.md"] == "instructions"


def test_a_folder_that_is_one_skill_has_its_scripts(tmp_path: Path) -> None:
    found = discover(tmp_path, {"SKILL.md": "x", "scripts/run.py": "x", "app.py": "x"})
    assert roles(found) == {"SKILL.md": "skill", "scripts/run.py": "code"}
    assert len(found.relations) == 1


def test_hooks_are_code_and_so_are_the_scripts_that_they_run(tmp_path: Path) -> None:
    command = (
        '"$CLAUDE_PROJECT_DIR"/tools/check.sh --token SECRET && ./b.py; /etc/passwd'
    )
    hooks = {"PreToolUse": [{"hooks": [{"type": "command", "command": command}]}]}
    found = discover(
        tmp_path,
        {
            ".claude/settings.json": json.dumps({"hooks": hooks}),
            "tools/check.sh": "x",
            "b.py": "x",
            "c.py": "x",
        },
    )
    assert roles(found) == dict.fromkeys(
        (".claude/settings.json", "tools/check.sh", "b.py"), "code"
    )
    assert [each.target for each in found.relations] == [
        "file:b.py",
        "file:tools/check.sh",
    ]
    assert "SECRET" not in repr(found)


FRONT = {
    "globs": ("globs: *.ts,*.tsx\n", FileFacts(role="instructions")),
    "hint": ("argument-hint: [a] [b]\n", FileFacts(role="instructions")),
    "colon": (
        "description: Use: when\n",
        FileFacts(role="instructions", description="Use: when"),
    ),
    "lines": (
        "description: Use\n  when you\n  can\n",
        FileFacts(role="instructions", description="Use when you can"),
    ),
    "all-tools": ("tools: *\n", FileFacts(role="instructions", tools=("*",))),
    "brackets": (
        "allowed-tools: Bash(*), Read(*)\nargument-hint:\n",
        FileFacts(role="instructions", tools=("Bash(*)", "Read(*)")),
    ),
    "dialogue": (
        "description: Use. user: \"do it\" assistant: 'I do'\n",
        FileFacts(
            role="instructions",
            description="Use. user: \"do it\" assistant: 'I do'",
        ),
    ),
    "list": (
        "tools: ['b', a]\nmodels: [x, y]\n",
        FileFacts(role="instructions", tools=("a", "b"), models=("x", "y")),
    ),
    "table": (
        "tools:\n  write: false\n  read: true\n",
        FileFacts(role="instructions", tools=("read",)),
    ),
    "prompty": (
        "model:\n  api: chat\n  configuration:\n    azure_deployment: gpt\n",
        FileFacts(role="instructions", models=("gpt",)),
    ),
    "empty": ("\n", FileFacts(role="instructions")),
    "long": (
        f"description: {'x' * 5_000}\n",
        FileFacts(role="instructions", description="x" * 1_024),
    ),
}


@pytest.mark.parametrize(("text", "expected"), FRONT.values(), ids=FRONT.keys())
def test_front_matter_is_read_as_its_clients_read_it(
    tmp_path: Path, text: str, expected: FileFacts
) -> None:
    found = discover(tmp_path, {"CLAUDE.md": f"---\n{text}---\nx"})
    assert not found.gaps
    assert [each.facts for each in found.components] == [expected]


BROKEN: dict[str, tuple[str, bytes, State]] = {
    "open-list": ("CLAUDE.md", b"---\nname: [x\n---\n", State.UNREADABLE),
    "no-keys": ("CLAUDE.md", b"---\n- a\n---\n", State.UNREADABLE),
    "wrong-shape": ("CLAUDE.md", b"---\ndescription: [a]\n---\n", State.UNREADABLE),
    "no-text": ("CLAUDE.md", b"---\ndescription: \xff\n---\n", State.UNREADABLE),
    "tools-of-numbers": ("CLAUDE.md", b"---\ntools: [1]\n---\n", State.UNREADABLE),
    "twice": ("CLAUDE.md", b"---\nmodel: a\nmodel: b\n---\n", State.UNREADABLE),
    "endless": ("CLAUDE.md", b"---\n" + b"x: y\n" * 20_000, State.UNREADABLE),
    "yaml": ("x.prompt.yml", b"model: [", State.UNREADABLE),
}


@pytest.mark.parametrize(("path", "data", "state"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_front_matter_is_a_gap_and_the_file_is_hashed(
    tmp_path: Path, path: str, data: bytes, state: State
) -> None:
    found = discover(tmp_path, {path: data})
    assert [each.state for each in found.gaps] == [state]
    (component,) = found.components
    digest = hashlib.sha256(data).hexdigest()
    assert component.artifacts[0].digests[0].value == digest
    assert facts(component).tools == ()


HOOKS: dict[str, bytes] = {
    "no-json": b"{",
    "no-object": b"[]",
    "deep": b'{"hooks": ' + b"[" * 50 + b"]" * 50 + b"}",
    "wide-text": b"\xff",
}


@pytest.mark.parametrize("data", HOOKS.values(), ids=HOOKS.keys())
def test_settings_that_cannot_be_read_are_a_gap(tmp_path: Path, data: bytes) -> None:
    found = discover(tmp_path, {".claude/settings.json": data})
    assert [each.state for each in found.gaps] == [State.UNREADABLE]


def test_a_link_out_of_the_folder_is_never_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("---\nname: x\n---\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "CLAUDE.md").symlink_to("../secret")
    found = discover(root, {})
    assert not found.components
    assert [each.state for each in found.gaps] == [State.UNREADABLE]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_any_bytes_are_listed(tmp_path: Path, data: bytes) -> None:
    found = discover(tmp_path, {"CLAUDE.md": b"---\n" + data + b"\n---\n"})
    assert roles(found) == {"CLAUDE.md": "instructions"}
