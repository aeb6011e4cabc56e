"""Make one model of each folder of weights, and say what does not fit."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from mcpchain import hub_name
from mcpchain.artifact import Artifact
from mcpchain.component import (
    Basis,
    Component,
    FileFacts,
    Kind,
    Location,
    ModelFacts,
    Pin,
)
from mcpchain.inventory import Collector, Inventory, Relation, RelationKind, State
from mcpchain.model_folder import (
    alone,
    card,
    config,
    describe,
    lineage,
    repository,
    shards,
    split,
)
from mcpchain.model_folder.folder import (
    MODELFILE,
    Folder,
    above,
    folders,
    is_file,
    is_index,
)
from mcpchain.model_folder.shelf import Shelf
from mcpchain.tree import Tree, UnreadableError

_INDEXES: Final = 100
"""How many indexes of one folder are held against its files."""
_BLOB: Final = re.compile(r"(?:.*/)?blobs/[0-9a-f]+")
_MORE: Final = {
    **dict.fromkeys(("config.json", "modules.json", "params.json"), "configuration"),
    **dict.fromkeys(("vocab.json", "vocab.txt", "merges.txt"), "tokenizer"),
    "readme.md": "model-card",
}
"""Files that are about a model if there is one, by their names in lower case."""


def joined(inventory: Inventory, tree: Tree, beside: Iterable[str]) -> Inventory:
    """Return *inventory* with a model for each folder that is one.

    Args:
        inventory: What single files are, not yet hashed.
        tree: Where they are.
        beside: The paths that `BESIDE` fits, of which most are no component.
    """
    return _Join(inventory, tree, frozenset(beside)).inventory()


@dataclass(slots=True)
class _Model:
    """A folder, and all that was found out about it."""

    folder: Folder
    component: Component
    shelf: Shelf
    said: config.Said
    card: card.Card | None


class _Join:
    """One run of `joined`."""

    def __init__(
        self, inventory: Inventory, tree: Tree, beside: frozenset[str]
    ) -> None:
        self._tree = tree
        self._beside = beside
        self._in_folder: dict[str, list[str]] = defaultdict(list)
        for path in beside:
            self._in_folder[above(path)].append(path)
        blobs = (each for each in beside if _BLOB.fullmatch(each))
        self._blobs = repository.Blobs(tree, blobs)
        self._first = repository.without_blobs(inventory, self._blobs)
        self._components: list[Component] = []
        self._relations: list[Relation] = []
        self._shelves: list[Shelf] = []
        self._models = lineage.Models()

    def inventory(self) -> Inventory:
        """Return the whole."""
        first = self._first
        weights = [each for each in first.components if each.kind is Kind.MODEL]
        for each in weights:
            if is_file(each):
                self._models.by_path[each.location.path] = each.ref
        inside = self._split(weights)
        known = folders(first, self._tree, self._beside)
        shelf = self._shelf(None)
        repository.stale(shelf, self._beside, (each.path for each in known))
        code = _by_folder(self._beside, {each.path for each in known})
        models = [
            self._model(number, each, code.get(each.path, []))
            for number, each in enumerate(known)
        ]
        for model in models:
            self._contain(model, inside)
        for model in models:
            self._hang(model)
        self._modelfiles(weights)
        self._loose(weights, known)
        gaps = [gap for each in self._shelves for gap in each.gaps()]
        gaps += alone.gaps(self._tree, first.components)
        self._doubt(models, (each.location.path for each in (*first.gaps, *gaps)))
        found = Collector(first.name)
        found.include(
            replace(
                first,
                components=tuple(
                    lineage.told_once((*first.components, *self._components))
                ),
                relations=(*first.relations, *self._relations),
                gaps=(*first.gaps, *gaps),
            )
        )
        return found.inventory()

    def _doubt(self, models: Iterable[_Model], unseen: Iterable[str]) -> None:
        """Take back that all is known of a folder in which something was not seen.

        It may have been what names the base of an adapter.
        """
        places = set[str]()
        for path in unseen:
            while path and path not in places:
                places.add(path)
                path = above(path)  # noqa: PLW2901 - a walk upwards
        doubted = {
            each.component.ref
            for each in models
            if (each.folder.path in places if each.folder.path else places)
        }
        self._components = [
            replace(each, graph=False) if each.graph and each.ref in doubted else each
            for each in self._components
        ]

    def _shelf(self, ref: str | None) -> Shelf:
        shelf = Shelf(self._tree, self._first.name, ref)
        self._shelves.append(shelf)
        return shelf

    def _split(self, weights: Sequence[Component]) -> dict[str, str]:
        """Join what was split, and return the refs of the whole by those of parts."""
        inside: dict[str, str] = {}
        for each in split.splits(self._tree, self._first.name, weights):
            self._shelves.append(each.shelf)
            if not each.parts:
                continue
            self._components.append(each.component)
            self._models.by_path[each.component.location.path] = each.component.ref
            for part in each.parts:
                inside[part.ref] = each.component.ref
                self._relate(each.component.ref, part.ref, RelationKind.CONTAINS)
        return inside

    def _relate(self, source: str, target: str, kind: RelationKind) -> None:
        self._relations.append(Relation(source=source, target=target, kind=kind))

    def _model(self, number: int, folder: Folder, code: Sequence[str]) -> _Model:
        """Read the documents of one folder."""
        shelf = self._shelf(f"model-folder:{number}")
        documents = folder.named(self._in_folder.get(folder.path, ()))
        said = config.read(shelf, documents)
        readme = documents.get("readme.md")
        read = card.read(shelf, readme) if readme else None
        folder.files += self._added(folder, documents, code, said, shelf)
        paths = [each.location.path for each in (*folder.weights, *folder.files)]
        place = folder.path
        own = repository.identify(shelf, place, paths, self._beside, self._blobs)
        self._components += own.claims
        whole = self._whole(shelf, folder)
        described = describe.Described(
            folder=folder,
            documents=documents,
            said=said,
            card=read,
            sum=shards.add_up(folder.direct, whole=whole),
        )
        facts, licenses = describe.facts(shelf, described)
        component = Component(
            kind=Kind.MODEL,
            name=own.name or PurePosixPath(place).name or self._first.name,
            version=own.commit or None,
            purl=hub_name.model(own.name, own.commit) if own.name else None,
            pin=Pin.COMMIT if own.commit else None,
            locations=(Location(path=place or "."),),
            basis=Basis.DECLARED if own.commit else Basis.OBSERVED,
            licenses=licenses,
            graph=whole and not facts.remote_code and not facts.imports,
            facts=facts,
            ref=shelf.ref or "",
        )
        self._components.append(component)
        self._models.by_path[place or "."] = component.ref
        if own.name:
            self._models.by_name[own.name][own.commit] = component.ref
        return _Model(folder, component, shelf, said, read)

    def _whole(self, shelf: Shelf, folder: Folder) -> bool:
        """Check that all shards are there; say whether all are, and agree."""
        if self._tree.only is not None:
            return False  # what is beside it was not looked at
        by_path = {each.location.path: each for each in folder.weights}
        whole, indexed = True, False
        indexes = [each for each in folder.files if is_index(each)]
        for each in indexes[:_INDEXES]:
            index = shards.Index(shelf, each.location.path, by_path)
            index.check()
            whole &= index.whole or index.idle
            indexed |= not index.idle
        if len(indexes) > _INDEXES:
            whole = False
            shelf.gap(
                indexes[_INDEXES].location,
                f"more than {_INDEXES} indexes of one model; the rest was not read",
                State.LIMIT,
            )
        others = [
            each.name
            for each in folder.direct
            if shards.facts_of(each).format != "gguf"
        ]
        if not indexed and shards.unnumbered(shelf, folder.path, others):
            whole = False
        return whole

    def _loose(self, weights: Sequence[Component], known: Sequence[Folder]) -> None:
        """Tell which parts are missing where no document makes a model of them."""
        if self._tree.only is not None:
            return
        owned = {each.ref for folder in known for each in folder.weights}
        names: dict[str, list[str]] = defaultdict(list)
        for each in weights:
            if each.ref not in owned and shards.facts_of(each).format != "gguf":
                names[above(each.location.path)].append(each.name)
        for place, some in sorted(names.items()):
            shards.unnumbered(self._shelf(None), place, some)

    def _added(
        self,
        folder: Folder,
        documents: dict[str, str],
        code: Sequence[str],
        said: config.Said,
        shelf: Shelf,
    ) -> Iterator[Component]:
        """Yield the files that are about a model because there is one."""
        known = {each.location.path for each in folder.files}
        wanted = {
            path: _MORE[name]
            for name, path in documents.items()
            if name in _MORE and path not in known
        }
        own = any("--" not in each for each in said.code)
        if own or repository.snapshot(folder.path, self._first.name):
            wanted |= dict.fromkeys(code, "code")
        for path, role in sorted(wanted.items()):
            try:
                size = self._tree.file(path).size()
            except UnreadableError as error:
                shelf.found.gap(error.gap())
                continue
            added = Component(
                kind=Kind.FILE,
                name=PurePosixPath(path).name,
                locations=(Location(path=path),),
                basis=Basis.OBSERVED,
                artifacts=(Artifact(name=path, size=size),),
                facts=FileFacts(role=role),
                ref=f"model-file:{path}",
            )
            self._components.append(added)
            yield added

    def _contain(self, model: _Model, inside: dict[str, str]) -> None:
        """Say which components the folder contains."""
        source = model.component.ref
        parts = [each.ref for each in (*model.folder.weights, *model.folder.files)]
        parts += [self._models.by_path[each] for each in model.folder.inner]
        for ref in dict.fromkeys(inside.get(each, each) for each in parts):
            self._relate(source, ref, RelationKind.CONTAINS)

    def _hang(self, model: _Model) -> None:
        """Say what the model was trained on, and what it is loaded onto."""
        source, shelf = model.component.ref, model.shelf
        for name, place in model.card.data if model.card else ():
            data = lineage.data_set(name, place)
            self._hang_on(source, data, RelationKind.TRAINED_ON)
        bases = [*model.said.bases]
        for code, place in sorted(model.said.code.items()):
            bases += lineage.code_of(shelf, model.folder.path, code, place)
        for base in bases:
            target = lineage.needed(shelf, self._models, model.folder.path, base)
            if target is not None and target != source:
                self._hang_on(source, target, RelationKind.DEPENDS_ON)

    def _hang_on(
        self, source: str, target: str | Component, kind: RelationKind
    ) -> None:
        if isinstance(target, Component):
            ref = f"model-base:{len(self._components)}"
            self._components.append(replace(target, ref=ref))
            target = ref
        self._relate(source, target, kind)

    def _modelfiles(self, weights: Sequence[Component]) -> None:
        """Find the models that a `Modelfile` is made from by their paths."""
        for each in weights:
            if not isinstance(each.facts, ModelFacts) or each.facts.format != MODELFILE:
                continue
            shelf = self._shelf(each.ref)
            for base in each.facts.bases:
                if base.purl is None and lineage.is_path(base.name):
                    asked = config.Base(base.name, "", each.location)
                    place = above(each.location.path)
                    target = lineage.needed(shelf, self._models, place, asked)
                    if isinstance(target, str):
                        self._relate(each.ref, target, RelationKind.DEPENDS_ON)


def _by_folder(beside: Iterable[str], known: set[str]) -> dict[str, list[str]]:
    """Return the code in each folder that is a model, and in folders below it."""
    found: dict[str, list[str]] = {}
    for path in sorted(beside):
        place = above(path)
        if not path.endswith(".py"):
            continue
        while place and place not in known:
            place = above(place)
        if place in known:
            found.setdefault(place, []).append(path)
    return found
