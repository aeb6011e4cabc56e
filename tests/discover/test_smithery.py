import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.discover import survey
from mcpchain.discover.smithery import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree

FUNCTION = """\
startCommand:
  type: stdio
  configSchema:
    type: object
  commandFunction: |-
    (config) => ({ command: 'npx', args: ['-y', 'evil', config.key] })
"""


def discover(folder: Path, data: str | bytes, name: str = "smithery.yaml") -> Inventory:
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


@pytest.mark.parametrize("name", ["smithery.yaml", "smithery.yml", "Smithery.YAML"])
def test_a_command_that_a_function_returns_is_a_gap(tmp_path: Path, name: str) -> None:
    (gap,) = discover(tmp_path, FUNCTION, name).gaps
    assert gap.state is State.UNSUPPORTED
    assert str(gap.location) == f"{name}#/startCommand/commandFunction"


@pytest.mark.parametrize(
    "data",
    [
        "runtime: typescript\nenv:\n  KEY: x\n",
        "runtime: container\nbuild:\n  dockerfile: Dockerfile\n",
        "startCommand:\n  type: http\n",
        "startCommand: null\n",
        "startCommand:\n  commandFunction:\n",
    ],
)
def test_what_is_built_from_the_folder_is_no_gap(tmp_path: Path, data: str) -> None:
    found = discover(tmp_path, data)
    assert not found.gaps
    assert not found.components


@pytest.mark.parametrize(
    "data", ["[", "- a", "startCommand: x", "a: *b", "a: !!python/name:x y", b"\xff"]
)
def test_what_cannot_be_read_is_a_gap(tmp_path: Path, data: str | bytes) -> None:
    (gap,) = discover(tmp_path, data).gaps
    assert gap.state is State.UNREADABLE


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary())
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        discover(tmp_path, data)
