"""The baseline policy and models of which something is not here."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from tests.model_folder.making import CONFIG, put, weights

FIRST = "m/model-00001-of-00002.safetensors"
SECOND = "m/model-00002-of-00002.safetensors"
POINTER = (
    f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 1000\n"
)
WHOLE: dict[str, Any] = {
    "m/config.json": CONFIG,
    FIRST: weights("a"),
    SECOND: weights("b"),
}


def gate(target: Path, *more: str) -> Result:
    args = ["gate", "--offline", "--no-environment", "--policy=baseline", *more]
    return CliRunner().invoke(main, [*args, str(target)], env={"VIRTUAL_ENV": None})


def test_a_model_that_is_all_here_is_allowed(tmp_path: Path) -> None:
    told = gate(put(tmp_path, WHOLE))
    assert told.exit_code == 0, told.output


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({SECOND: None}, id="a-missing-shard"),
        pytest.param({SECOND: POINTER}, id="a-pointer-for-a-shard"),
        pytest.param(
            {"m/config.json": CONFIG | {"auto_map": {"AutoModel": "gone.M"}}},
            id="code-that-is-not-here",
        ),
    ],
)
def test_a_model_of_which_a_part_is_not_here_is_denied(
    tmp_path: Path, changed: dict[str, object]
) -> None:
    files = {k: v for k, v in (WHOLE | changed).items() if v is not None}
    told = gate(put(tmp_path, files))
    assert told.exit_code == 10, told.output
    assert "deny[gap]" in told.output


CARD = """---
license: mit
base_model: acme/base
datasets: [acme/talk]
pipeline_tag: text-generation
---
# Tiny
## Limitations
few
"""


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="all-here"),
        pytest.param({SECOND: None}, id="a-missing-shard"),
        pytest.param({"m/README.md": "---\nlicense: mit\n"}, id="a-card-without-end"),
    ],
)
@pytest.mark.parametrize("form", [(), ("--spec-version=1.7",), ("--format=spdx",)])
def test_a_folder_of_a_hub_is_judged_alike_by_its_bom_in_any_format(
    form: tuple[str, ...], changed: dict[str, Any], tmp_path: Path
) -> None:
    code = CONFIG | {"auto_map": {"AutoModel": "modeling.M"}}
    files = WHOLE | {"m/README.md": CARD, "m/config.json": code}
    files |= {"m/modeling.py": "class M: pass", "m/weights.pkl": b"\x80\x04N."}
    files = {k: v for k, v in (files | changed).items() if v is not None}
    folder, bom = put(tmp_path / "folder", files), tmp_path / "bom.json"
    command = ["sbom", str(folder), "--no-environment", *form, "-o", str(bom)]
    assert CliRunner().invoke(main, command).exit_code == 0
    told = [
        json.loads(gate(each, "--format=json").stdout)["findings"]
        for each in (folder, bom)
    ]
    assert {each["rule"] for each in told[0]} >= {"remote-model-code"}
    assert told[0] == told[1]
    same = CliRunner().invoke(main, ["bom", "diff", str(folder), str(bom)])
    assert same.output == "no changes\n"
