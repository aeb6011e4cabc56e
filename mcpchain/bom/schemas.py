"""The official CycloneDX schemas, as cyclonedx-python-lib ships them.

They lie in a folder that the library calls private, which a test of ours watches. We
read the files without importing the library, which would cost a tenth of a second.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from mcpchain.errors import UnavailableError

VERSIONS: Final = ("1.4", "1.5", "1.6", "1.7")
"""The versions of the specification that we read."""
REFERRED: Final = ("spdx", "jsf-0.82", "cryptography-defs")
"""The schemas that those refer to."""


def address(name: str) -> str:
    """Return the address by which the shipped schemas refer to one another."""
    return f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json"


def load(name: str) -> dict[str, Any]:
    """Return the shipped schema *name*: `bom-1.6`, `spdx`, ...

    Raises:
        UnavailableError: The installed library does not ship it.
    """
    spec = find_spec("cyclonedx")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        path = Path(folder, "schema", "_res", f"{name}.SNAPSHOT.schema.json")
        if path.is_file():
            schema: dict[str, Any] = json.loads(path.read_bytes())
            return schema
    raise UnavailableError(
        f"the CycloneDX schema `{name}` is not installed",
        hint="install the cyclonedx-python-lib that mcpchain asks for",
    )


@cache
def spdx_ids() -> frozenset[str]:
    """Return the SPDX licence ids that a BOM may use as `license.id`."""
    return frozenset(load("spdx")["enum"])
