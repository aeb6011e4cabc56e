"""A run loads what it needs: not every reader because there is a folder."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from mcpchain.discover import all_discoverers
from mcpchain.discover.mcp_config import DISCOVERER as MCP_CONFIG
from mcpchain.discover.mcp_config.clients import CONFIGS
from mcpchain.discover.mcp_config.recognise import config_of
from mcpchain.tree import File, Tree

PARTS: Final = {
    f"mcpchain.discover.{each.id.replace('-', '_')}" for each in all_discoverers()
}
SIGNS: Final = {"mcpchain.discover.pickle_model.signs"}
"""By what a part knows its files, where that is more than a name."""
FLOORS: Final = {
    *("mcpchain", "mcpchain.artifact", "mcpchain.component", "mcpchain.discover"),
    *("mcpchain.errors", "mcpchain.inventory", "mcpchain.loader", "mcpchain.purl"),
}
SCRIPT: Final = """
import json, sys
started = set(sys.modules)
import mcpchain.discover
before = set(sys.modules)
mcpchain.discover.all_discoverers()
after = set(sys.modules)
print(json.dumps([sorted(before - started), sorted(after - before)]))
"""


@pytest.fixture(scope="module")
def loaded() -> tuple[set[str], set[str]]:
    """What `mcpchain.discover` loads, and what finding its parts loads besides."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, check=True, text=True
    )
    first, more = json.loads(done.stdout)
    return set(first), set(more)


def test_discovery_loads_nothing_that_only_a_reader_needs(
    loaded: tuple[set[str], set[str]],
) -> None:
    own = {each for each in loaded[0] if each.partition(".")[0] == "mcpchain"}
    tree = {each for each in own if each.startswith("mcpchain.tree")}
    assert own - tree == FLOORS
    tops = {each.partition(".")[0] for each in loaded[0]}
    foreign = tops - sys.stdlib_module_names
    assert foreign == {"mcpchain", "packageurl"}
    assert not tops & {"gzip", "json", "subprocess", "tomllib", "zipfile", "socket"}


def test_a_part_loads_its_reader_when_there_is_a_file_to_read(
    loaded: tuple[set[str], set[str]],
) -> None:
    assert loaded[1] == PARTS | SIGNS


PATTERNS: Final = sorted({each for c in CONFIGS for each in (*c.files, *c.user)})


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_configuration_is_wanted_wherever_the_table_has_it(
    pattern: str, tmp_path: Path
) -> None:
    bare = re.sub(r"\{[\w-]+\}", "folder", pattern)
    path = bare.replace("**/", "inner/").replace("*", "name")
    for each in (path, path.upper(), f"folder/{path}"):
        wanted = MCP_CONFIG.wants(File(tree=Tree(tmp_path), path=each))
        assert wanted == (config_of(each) is not None)
    if "{" not in pattern:
        assert config_of(path) is not None
