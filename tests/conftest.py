from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.world.world import World, open_world

# What a machine does besides is no property of the code.
settings.register_profile("mcpchain", deadline=None)
settings.load_profile("mcpchain")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A PyPI and an npm registry on loopback, empty and honest until told otherwise."""
    with open_world(tmp_path) as opened:
        yield opened
