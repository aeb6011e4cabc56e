from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world.world import World, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A PyPI and an npm registry on loopback, empty and honest until told otherwise."""
    with open_world(tmp_path) as opened:
        yield opened
