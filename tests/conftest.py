import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.world.world import World, open_world

# What a machine does besides is no property of the code, and a change is judged by the
# same inputs twice: those that are new each time are `make fuzz`.
settings.register_profile("mcpchain", deadline=None, derandomize=True)
settings.register_profile("fuzz", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "mcpchain"))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A PyPI and an npm registry on loopback, empty and honest until told otherwise."""
    with open_world(tmp_path) as opened:
        yield opened
