"""What of a name, a version or an address may stand in a message."""

import json
from pathlib import Path

import pytest

from mcpchain.discover import survey
from mcpchain.npm_lock.name import shown
from mcpchain.tree import Tree


@pytest.mark.parametrize(
    "text",
    [
        "/home/bob/x",
        " /home/bob/x",
        "~/x",
        r"C:\Users\bob\x",
        "c:/Users/bob/x",
        r"\\host\bob",
        "file:/home/bob/x.tgz",
        "FILE:///home/bob/x.tgz",
        "link:/home/bob/x",
        "portal:/home/bob/x",
        "file:C:/Users/bob",
        "x@file:/home/bob/x",
        "@s/x@link:/home/bob/x",
    ],
)
def test_a_path_from_the_root_is_not_shown(text: str) -> None:
    assert shown(text) == "an absolute path"


@pytest.mark.parametrize(
    "text",
    ["~1.2.0", "./x", "../x", "file:x", "link:../x", "x@^1", "@s/x@1.0.0", "@s/x",
     "npm:@s/x@1", "github:o/r", "https://h.example/x", "workspace:*", ""],
)  # fmt: skip
def test_everything_else_is(text: str) -> None:
    assert shown(text) == text


_PNPM = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n"
_BERRY = "__metadata:\n  version: 8\n'x@npm:1':\n  version: 1.0.0\n  resolution: "


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pnpm-lock.yaml", f"{_PNPM}      x: {{specifier: '1', version: 'link:PATH'}}"),
        (
            "pnpm-lock.yaml",
            (
                "lockfileVersion: '9.0'\npackages:\n  x@1.0.0:\n"
                "    resolution: {type: directory, directory: PATH}\n"
            ),
        ),
        ("yarn.lock", f"{_BERRY}'x@portal:PATH::locator=app%40workspace%3A.'\n"),
        ("yarn.lock", f"{_BERRY}'x@file:PATH.tgz::locator=app%40workspace%3A.'\n"),
        ("yarn.lock", '# yarn lockfile v1\n"x@file:PATH":\n  version "1.0.0"\n'),
        ("bun.lock", '{"lockfileVersion": 1, "packages": {"x": ["x@link:PATH"]}}'),
        ("bun.lock", '{"lockfileVersion": 1, "packages": {"x": ["x@PATH.tgz"]}}'),
        (
            "package-lock.json",
            (
                '{"lockfileVersion": 3, "packages": {"node_modules/x":'
                ' {"version": "1.0.0", "resolved": "file:PATH.tgz"}}}'
            ),
        ),
        (
            "package-lock.json",
            (
                '{"lockfileVersion": 3, "packages": {"node_modules/x":'
                ' {"resolved": "PATH", "link": true}}}'
            ),
        ),
    ],
)
def test_no_gap_says_where_on_a_machine_something_lies(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text.replace("PATH", "/home/bob/x"))
    asked = {"dependencies": {"x": "file:/home/bob/y"}}
    (tmp_path / "package.json").write_text(json.dumps(asked))
    gaps = survey(Tree(tmp_path), name="x").gaps
    assert gaps
    assert not [gap.reason for gap in gaps if "bob" in gap.reason]
