"""The baseline policy and models of which something is not here."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from tests.model_folder.making import CONFIG, put, weights

FIRST = "m/model-00001-of-00002.safetensors"
SECOND = "m/model-00002-of-00002.safetensors"
POINTER = (
    f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 1000\n"
)
WHOLE = {"m/config.json": CONFIG, FIRST: weights("a"), SECOND: weights("b")}


def gate(target: Path) -> Result:
    args = ["gate", "--offline", "--no-environment", "--policy=baseline", str(target)]
    return CliRunner().invoke(main, args, env={"VIRTUAL_ENV": None})


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
