"""Tell the files of a model from others that bear the same names."""

import re
from typing import Final

from mcpchain import hub_card
from mcpchain.artifact import Artifact
from mcpchain.component import Basis, Component, FileFacts, Kind, Location
from mcpchain.discover.hugging_face import CARD, CONFIGURATION, ROLES
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector
from mcpchain.tree import File

_CONFIGURES: Final = re.compile(
    rb'"(?:model_type|architectures|_class_name|auto_map)"|\\u00[4-7]'
)
"""What no `config.json` has but that of a model; or a letter, written as its number."""
_INDEXES: Final = b'"weight_map"'


def discover(file: File, found: Collector) -> None:
    """Declare the file, if it is about a model.

    Raises:
        UnreadableError: It cannot be read.
    """
    role = _role(file)
    if role:
        found.add(
            Component(
                kind=Kind.FILE,
                name=file.name,
                locations=(Location(path=file.path),),
                basis=Basis.OBSERVED,
                artifacts=(Artifact(name=file.path, size=file.size()),),
                facts=FileFacts(role=role),
            )
        )


def _role(file: File) -> str:
    """Return what the file is to a model; empty if it is nothing to one."""
    name = file.name.casefold()
    if name in ROLES:
        return ROLES[name]
    data = file.read()
    if name == CARD:
        return "model-card" if _is_card(data, file.path) else ""
    if name == CONFIGURATION:
        return "configuration" if _CONFIGURES.search(data) else ""
    return "index" if _INDEXES in data else ""


def _is_card(data: bytes, path: str) -> bool:
    try:
        card = hub_card.front_matter(data, path)
    except MalformedError:
        # Beside weights it is told; elsewhere nobody knows what it was to be.
        return False
    return card is not None and hub_card.is_model(card)
