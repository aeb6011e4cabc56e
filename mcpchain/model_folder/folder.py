"""Which folders are models, and which files belong to which of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from mcpchain import hub_card
from mcpchain.component import Basis, Component, FileFacts, Kind, ModelFacts, Pin
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Inventory
from mcpchain.model_folder import card, repository
from mcpchain.tree import Tree, UnreadableError

MODELFILE: Final = "modelfile"
_ROLES: Final = frozenset(
    {"chat-template", "configuration", "index", "model-card", "tokenizer"}
)
_PLAIN: Final = frozenset({"gguf", "safetensors", "torch-zip"})
_KEYS: Final = frozenset({"adapter_config.json", "config.json", "model_index.json"})
"""What makes a model of a folder of weights."""
_CODED: Final = ("/config.json", "tokenizer_config.json", "processor_config.json")
"""How documents end that may name code: a tokenizer has some without any weights."""


@dataclass(slots=True)
class Folder:
    """A folder that is a model."""

    path: str
    """From the root; empty for the root itself."""
    weights: list[Component] = field(default_factory=list)
    files: list[Component] = field(default_factory=list)
    inner: list[str] = field(default_factory=list)
    """Folders below that are models too, but for those inside one another."""

    @property
    def direct(self) -> list[Component]:
        """The weights in the folder itself."""
        return [each for each in self.weights if above(each.location.path) == self.path]

    def named(self, beside: Iterable[str]) -> dict[str, str]:
        """Return all documents in the folder itself, by name in lower case.

        Args:
            beside: The files in it that may be documents, and are no component.
        """
        paths = [*beside, *(each.location.path for each in self.files)]
        return {
            each.rpartition("/")[2].casefold(): each
            for each in paths
            if above(each) == self.path
        }


def above(path: str) -> str:
    """Return the folder that *path* is in."""
    return path.rpartition("/")[0]


def folders(inventory: Inventory, tree: Tree, beside: frozenset[str]) -> list[Folder]:
    """Return the folders that are models, by path.

    What lies in no such folder belongs to the nearest above it, since weights are kept
    in folders of their own: `onnx`, `original`.
    """
    weights = [each for each in inventory.components if _is_weights(each)]
    files = [each for each in inventory.components if _is_document(each)]
    keys = {above(each.location.path) for each in files if _is_key(each)}
    for each in (*weights, *files):
        snapshot = repository.root(each.location.path, inventory.name)
        keys |= {snapshot} if snapshot is not None else set()
    models = {above(each.location.path) for each in weights if _is_plain(each)}
    coded = {above(each.location.path) for each in files if _runs_code(each, tree)}
    for place in {above(each.location.path) for each in weights} - keys - coded:
        told = _is_told(place, tree, beside, unread=place in models)
        keys |= {place} if told else set()
    return _filled(keys | coded, weights, files, coded)


def _filled(
    keys: set[str],
    weights: Iterable[Component],
    files: Iterable[Component],
    coded: set[str],
) -> list[Folder]:
    found = {each: Folder(each) for each in keys}

    @cache
    def owner(place: str) -> str | None:
        if place in found:
            return place
        return owner(above(place)) if place else None

    for weight in weights:
        if (key := owner(above(weight.location.path))) is not None:
            found[key].weights.append(weight)
    for file in files:
        if (key := owner(above(file.location.path))) is not None:
            found[key].files.append(file)
    kept: list[Folder] = []
    for path in sorted(found, key=lambda each: (-_depth(each), each)):
        folder = found[path]
        here = folder.weights or folder.inner or any(map(is_index, folder.files))
        if here or path in coded:
            kept.append(folder)
            outer = owner(above(path)) if path else None
            if outer is not None:
                found[outer].inner.append(path)
    return sorted(kept, key=lambda each: each.path)


def _runs_code(file: Component, tree: Tree) -> bool:
    """Say whether loading runs code of the folder, also where no weights are."""
    path = file.location.path
    if not f"/{path}".casefold().endswith(_CODED):
        return False
    try:
        data = tree.file(path).read()
    except UnreadableError:
        return False
    try:
        node = Node.from_json(data, source=path)
    except MalformedError:
        return b"auto_map" in data  # which another reader may take
    return node.is_object() and ("auto_map" in node or "custom_pipelines" in node)


def _depth(path: str) -> int:
    return path.count("/") + 1 if path else 0


def is_file(component: Component) -> bool:
    """Say whether it is a file of the tree, or what stands in place of one."""
    here = component.basis is Basis.OBSERVED or component.pin is Pin.DIGEST
    names = [each.name for each in component.artifacts]
    return here and names == [component.location.path]


def _is_weights(component: Component) -> bool:
    facts = component.facts
    other = isinstance(facts, ModelFacts) and facts.format == MODELFILE
    return component.kind is Kind.MODEL and not other and is_file(component)


def _is_document(component: Component) -> bool:
    facts = component.facts
    known = isinstance(facts, FileFacts) and facts.role in _ROLES
    return known and component.basis is Basis.OBSERVED


def is_index(component: Component) -> bool:
    """Say whether it is a file that names the shards of a model."""
    return isinstance(component.facts, FileFacts) and component.facts.role == "index"


def _is_key(component: Component) -> bool:
    card = isinstance(component.facts, FileFacts) and (
        component.facts.role == "model-card"
    )
    return card or is_index(component) or component.name.casefold() in _KEYS


def _is_plain(component: Component) -> bool:
    """Say whether nothing but a model is stored in the format: no pickle, no array."""
    facts = component.facts
    return isinstance(facts, ModelFacts) and facts.format in _PLAIN


def _is_told(place: str, tree: Tree, beside: frozenset[str], *, unread: bool) -> bool:
    """Say whether a document beside weights was meant to be about them.

    Args:
        place: The folder.
        tree: Where it is.
        beside: All that is known to lie anywhere.
        unread: Whether one that cannot be read was. That it cannot is told when it is
            read again.
    """
    for name in ("config.json", "README.md"):
        path = f"{place}/{name}" if place else name
        if path not in beside:
            continue
        try:
            data = tree.file(path).read()
            if name == "README.md":
                node = hub_card.front_matter(data, path)
                if node is not None and card.of_model(node):
                    return True
            else:
                Node.from_json(data, source=path)
        except UnreadableError:
            continue
        except MalformedError:
            if unread:
                return True
    return False
