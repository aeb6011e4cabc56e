"""Which files are one data set, once all files of a target are known.

A folder is a data set if something in it says so: a card, the files of the hub's
library, a Croissant description, or a pointer of DVC to the folder. It is one, too, if
its path has a `data` or `datasets` in it and something in it is called like a split to
train or validate with (`data/train.jsonl`, `data/train/1.csv`); `test` alone is not
enough, since that is what fixtures are called.

A file belongs to the nearest such folder around it. Tables and archives in formats made
for data sets stay by themselves where there is none. Of text (`data_sets.TEXT`) nothing
stays but what belongs to a folder, or what a manifest lists by name.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from mcpchain.component import Basis, Component, DataFacts, Kind, Location
from mcpchain.data_sets import DVC, TEXT, WHOLE
from mcpchain.data_sets.cache import Downloads, blobs_of, claim_of_blob
from mcpchain.data_sets.merge import merged, summed
from mcpchain.inventory import Collector, Gap, Inventory, Relation, RelationKind, State
from mcpchain.tree import Tree

DIRECTORY: Final = ".dir"
"""At the end of the name of an artifact that is DVC's list of a folder."""
_DATA: Final = re.compile(r"(?:.*/)?(?:data|datasets?)(?:/.*)?", re.IGNORECASE)
_SPLIT: Final = re.compile(
    r"(?:.*[^a-z])?(?:train|training|validation|valid|val|dev)(?:[^a-z].*)?",
    re.IGNORECASE | re.DOTALL,
)
_TEST: Final = frozenset({"test", "testing", "eval", "evaluation"})


def settle(inventory: Inventory, tree: Tree, beside: Collection[str]) -> Inventory:
    """Return *inventory* with the files of each data set inside it.

    Args:
        inventory: What the readers of single files declare. Text in it is a candidate
            only.
        tree: Where they are.
        beside: Files that the hub's library may have written.
    """
    if not any(each.kind is Kind.DATA for each in inventory.components):
        return inventory
    work = _Work(inventory)
    work.name_blobs(tree, beside)
    work.unite(frozenset(beside))
    if tree.only is not None:
        work.tell_alone()
    work.add_named()
    work.contain(Downloads(tree, beside))
    return work.done()


def folder_of(path: str) -> str:
    """Return the folder that the file at *path* is in; empty for the root."""
    return path.rpartition("/")[0]


def is_split(name: str) -> bool:
    """Say whether a file or folder bears the name of a split, other than `test`."""
    return _SPLIT.fullmatch(name.partition(".")[0]) is not None


class _Work:
    """The components of one inventory, on their way to data sets."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._components = {each.ref: each for each in inventory.components}
        self._gone: dict[str, str] = {}
        """Refs of components that another one stands for now, and which."""
        self._relations = list(inventory.relations)
        self._gaps = list(inventory.gaps)
        self._roots: dict[str, str] = {}
        """The ref of the data set of each folder that is one."""
        self._files = self._observed()

    def _observed(self) -> dict[str, Component]:
        """Return the observed files of data by path, each once.

        Of several readers of one file the one stays that knows most of it.
        """
        known: dict[str, list[Component]] = {}
        for each in self._components.values():
            if each.basis is Basis.OBSERVED and len(each.artifacts) == 1:
                known.setdefault(each.artifacts[0].name, []).append(each)
        files: dict[str, Component] = {}
        for path, some in known.items():
            best = min(some, key=_ignorance)
            for each in some:
                if each is not best and _ignorance(each):
                    self._replace(each, best.ref)
            if best.kind is Kind.DATA:
                files[path] = best
        return files

    def _replace(self, component: Component, ref: str) -> None:
        self._components.pop(component.ref, None)
        self._gone[component.ref] = ref

    def name_blobs(self, tree: Tree, beside: Iterable[str]) -> None:
        """Let the names in a snapshot stand for the blobs that they lead to."""
        names: dict[str, str] = {}
        for path, blob in blobs_of(tree, self._files, beside).items():
            names.setdefault(blob, path)
            for claim in claim_of_blob(path, blob):
                self._claim(claim)
        for blob, path in names.items():
            if blob in self._files:
                self._replace(self._files.pop(blob), self._files[path].ref)
        self._gaps = [
            replace(e, location=replace(e.location, path=names[e.location.path]))
            if e.location.path in names
            else e
            for e in self._gaps
        ]

    def _claim(self, claim: Component) -> None:
        ref = f"claim {claim.name}"
        self._components[ref] = replace(claim, ref=ref)

    def unite(self, beside: frozenset[str]) -> None:
        """Make one data set of all that speaks of the same folder.

        Args:
            beside: Files among which may be the scripts that load one.
        """
        folders: dict[str, list[Component]] = {}
        for each in self._components.values():
            for folder, whole in _roots(each):
                folders.setdefault(folder, []).append(whole)
        for folder, wholes in folders.items():
            component, taken, gaps = merged(wholes, folder, self._inventory.name)
            self._gaps += gaps
            for each in taken:
                self._replace(each, component.ref)
            facts = component.facts
            if isinstance(facts, DataFacts):
                script = self._script(folder, component, beside)
                component = replace(component, facts=replace(facts, remote_code=script))
            self._components[component.ref] = component
            self._roots[folder] = component.ref

    def tell_alone(self) -> None:
        """Tell that what describes a data set was examined without its files."""
        self._gaps += (
            Gap(
                stage="discover",
                location=self._components[ref].location,
                reason="describes a data set, whose files were not looked at",
                state=State.PARTIAL,
                hint="examine the folder that it is in",
                ref=ref,
            )
            for ref in self._roots.values()
        )

    def _script(
        self, folder: str, data: Component, beside: frozenset[str]
    ) -> tuple[str, ...]:
        """Return the script that the hub's library runs to load *folder*.

        It is called like the folder, or like the data set on the hub.
        """
        called = {(folder or self._inventory.name).rpartition("/")[2]}
        if data.purl is not None:
            called.add(data.purl.name)
        names = (f"{each}.py" for each in sorted(called))
        return tuple(each for each in names if f"{folder}/{each}".lstrip("/") in beside)

    def add_named(self) -> None:
        """Make a data set of each folder that is called like one and holds a split."""
        found: dict[str, list[Component]] = {}
        for path, each in self._files.items():
            folder = folder_of(path)
            if self._nearest(folder) is not None:
                continue
            last = folder.rpartition("/")[2]
            if is_split(last) or last.casefold() in _TEST:
                folder = folder_of(folder)
            if _DATA.fullmatch(folder):
                found.setdefault(folder, []).append(each)
        for folder, files in found.items():
            inside = {e.location.path[len(folder) + 1 :] for e in files}
            if not any(is_split(part) for path in inside for part in path.split("/")):
                continue
            ref = f"folder {folder}"
            self._roots[folder] = ref
            self._components[ref] = Component(
                kind=Kind.DATA,
                name=folder or self._inventory.name,
                locations=(Location(path=folder),),
                basis=Basis.OBSERVED,
                facts=DataFacts(format=_common(files)),
                ref=ref,
            )

    def _nearest(self, folder: str) -> str | None:
        """Return the data set of *folder*, or of the nearest folder around it."""
        while folder not in self._roots:
            if not folder:
                return None
            folder = folder_of(folder)
        return self._roots[folder]

    def contain(self, downloads: Downloads) -> None:
        """Put each file and each data set into the one around it; drop other text."""
        parts: dict[str, list[Component]] = {}
        listed = set(self._listed())
        for path, each in self._files.items():
            ref = self._nearest(folder_of(path))
            if ref is not None:
                parts.setdefault(ref, []).append(each)
            elif _is_text(each) and path not in listed:
                del self._components[each.ref]
                self._gone[each.ref] = ""
        for folder, ref in self._roots.items():
            files = parts.get(ref, [])
            told = [downloads.read(each.artifacts[0].name, folder) for each in files]
            for _, claim in told:
                if claim is not None:
                    self._claim(claim)
            commits = {commit for commit, _ in told if commit}
            self._components[ref] = summed(self._components[ref], files, commits)
            self._contain(ref, (each.ref for each in files))
            around = self._nearest(folder_of(folder)) if folder else None
            if around is not None:
                self._contain(around, [ref])

    def _listed(self) -> Iterator[str]:
        """Yield the path of each file that a manifest lists by name."""
        for each in self._components.values():
            if each.kind is Kind.DATA and each.basis is Basis.DECLARED:
                yield from (artifact.name for artifact in each.artifacts)

    def _contain(self, ref: str, parts: Iterable[str]) -> None:
        kind = RelationKind.CONTAINS
        self._relations += (Relation(source=ref, target=e, kind=kind) for e in parts)

    def done(self) -> Inventory:
        """Return the inventory that came of it."""
        relations = (
            replace(e, source=self._now(e.source), target=self._now(e.target))
            for e in self._relations
        )
        found = Collector(self._inventory.name)
        found.include(
            replace(
                self._inventory,
                components=tuple(self._components.values()),
                relations=tuple(
                    e
                    for e in relations
                    if e.source != e.target and e.source and e.target
                ),
                gaps=tuple(self._about(each) for each in self._gaps),
            )
        )
        return replace(
            found.inventory(),
            carried=self._inventory.carried,
            resolved_for=self._inventory.resolved_for,
        )

    def _now(self, ref: str) -> str:
        while ref in self._gone:
            ref = self._gone[ref]
        return ref

    def _about(self, gap: Gap) -> Gap:
        return gap if gap.ref is None else replace(gap, ref=self._now(gap.ref) or None)


def _roots(component: Component) -> Iterator[tuple[str, Component]]:
    """Yield each folder that *component* says is a data set, and what it says of it.

    Equal cards in several folders are one component so far.
    """
    facts = component.facts
    if not isinstance(facts, DataFacts) or facts.format not in WHOLE:
        return
    if component.purl is not None:
        return  # of a hub, wherever it is named
    if facts.format != DVC:
        for place in () if component.artifacts else component.locations:
            yield folder_of(place.path), replace(component, locations=(place,))
    for artifact in component.artifacts[:1]:
        if facts.format == DVC and artifact.name.endswith(DIRECTORY):
            yield artifact.name.removesuffix(DIRECTORY), component


def _ignorance(component: Component) -> int:
    """Return how little a reader knows of a file: 0 is a format of its own."""
    if component.kind is not Kind.DATA:
        return 0
    return 2 if component.facts is None else int(_is_text(component))


def _is_text(component: Component) -> bool:
    facts = component.facts
    return isinstance(facts, DataFacts) and facts.format in TEXT


def _common(files: Sequence[Component]) -> str:
    """Return the one format of all *files*; empty if there are several."""
    formats = {e.facts.format for e in files if isinstance(e.facts, DataFacts)}
    return formats.pop() if len(formats) == 1 else ""
