"""What a target is made of, and what a BOM says of the whole beside that."""

from pathlib import Path

from mcpchain.bom.write import write
from mcpchain.inventory import Inventory
from mcpchain.pipeline.target import survey
from tests.making import NOW, component


def test_what_a_bom_says_of_the_whole_stays_beside_an_environment(
    tmp_path: Path,
) -> None:
    inventory = Inventory(
        name="app",
        components=(component("pkg:npm/files@1.0.0", ref="files"),),
        carried='{"annotations":[]}',
        resolved_for="Node 20.1.0",
    )
    file = tmp_path / "bom.json"
    file.write_bytes(write(inventory, timestamp=NOW, version="0", reproducible=True))
    packages = tmp_path / "venv/lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").write_text("version = 3.11.1\n", encoding="utf-8")
    found = survey(file, environment=tmp_path / "venv", verbatim=True)
    assert found.resolved_for == "Node 20.1.0"
    assert found.carried == survey(file, environment=None, verbatim=True).carried
    assert survey(file, environment=None).resolved_for == "Node 20.1.0"
