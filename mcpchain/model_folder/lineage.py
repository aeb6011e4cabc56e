"""What a model needs besides its own files, and where in the tree that lies."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from mcpchain import hub_name
from mcpchain.component import (
    Basis,
    Component,
    DataFacts,
    Kind,
    Location,
    ModelFacts,
    Pin,
)
from mcpchain.inventory import State
from mcpchain.model_folder import card
from mcpchain.model_folder.config import Base
from mcpchain.model_folder.shelf import Shelf, shown

_PATH: Final = re.compile(r"\.{0,2}/.*|.*\.(?:gguf|safetensors|bin)|\.{1,2}", re.DOTALL)


_TOLD: Final = DataFacts(format="hugging-face")
"""What is known of a data set that a card names."""


def is_path(name: str) -> bool:
    """Say whether *name* is a path, and can be nothing else."""
    return _PATH.fullmatch(name) is not None or card.is_rooted(name)


@dataclass(slots=True)
class Models:
    """All models of the tree, by where they are and by their names on the Hub."""

    by_path: dict[str, str] = field(default_factory=dict)
    by_name: dict[str, dict[str, str]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """Commits and refs."""

    def at(self, folder: str, path: str) -> str | None:
        """Return the model at *path*, seen from *folder*, else from the root."""
        plain = path.replace("\\", "/")
        for start in (folder, ""):
            ref = self.by_path.get(posixpath.normpath(posixpath.join(start, plain)))
            if ref is not None:
                return ref
        return None

    def named(self, name: str, revision: str) -> str | None:
        """Return the model *name*, if there is only one that can be meant."""
        known = self.by_name.get(name, {})
        if hub_name.is_commit(revision):
            return known.get(revision)
        return next(iter(known.values())) if len(known) == 1 else None


def needed(
    shelf: Shelf, models: Models, folder: str, base: Base
) -> str | Component | None:
    """Return what an adapter is loaded onto: a ref of the tree, or of the Hub.

    A path means a folder before it means a repository, as it does to the libraries.
    Nothing, and a gap, if it is neither here nor on the Hub.
    """
    if ref := models.at(folder, base.name):
        return ref
    if hub_name.is_name(base.name) and not _PATH.fullmatch(base.name):
        return models.named(base.name, base.revision) or hub_model(base)
    name, rooted = card.base(base.name).name, card.is_rooted(base.name)
    shelf.gap(
        base.location,
        f"needs the model `{name}`, which is a path "
        f"{'out of the examined folder' if rooted else 'to nothing that is here'}",
        State.UNREADABLE,
        "examine a folder that holds both, or name a repository and its commit",
    )
    return None


def hub_model(base: Base) -> Component:
    """Declare a model of the Hub that is fetched when it is needed."""
    commit = base.revision if hub_name.is_commit(base.revision) else None
    pin = Pin.TAG if base.revision else Pin.FLOATING
    return Component(
        kind=Kind.MODEL,
        name=base.name,
        version=commit,
        locations=(base.location,),
        purl=hub_name.model(base.name, commit),
        pin=Pin.COMMIT if commit else pin,
        requested="" if commit else base.revision,
        basis=Basis.DECLARED,
        facts=ModelFacts(format="hugging-face"),
    )


def data_set(name: str, place: Location) -> Component:
    """Declare a data set that a model was trained on.

    It is fetched by nobody, so it has no pin.
    """
    hub = hub_name.is_name(name)
    return Component(
        kind=Kind.DATA,
        name=name,
        locations=(place,),
        purl=hub_name.data_set(name) if hub else None,
        facts=DataFacts(format="hugging-face" if hub else ""),
    )


def told_once(components: Iterable[Component]) -> Iterator[Component]:
    """Yield *components*, each data set of the hub as the code that loads it has it.

    What the maker of a model says that it was trained on has neither pin nor version,
    and may be what the code names too.
    """
    known = [*components]
    loaded: dict[str, Component] = {}
    for each in known:
        if each.kind is Kind.DATA and each.purl is not None and each.pin is not None:
            loaded.setdefault(str(each.purl), each)
    for each in known:
        same = loaded.get(str(each.purl)) if each.facts == _TOLD else None
        if same is None or each.pin is not None or each.artifacts:
            yield each
        else:
            yield replace(same, locations=each.locations, ref=each.ref)


def code_of(shelf: Shelf, folder: str, code: str, place: Location) -> Iterator[Base]:
    """Yield the repository that *code* comes from, if that is another one.

    Code of the folder itself that is not in it is a gap: it would run unseen.
    """
    repository, dashes, _ = code.rpartition("--")
    if dashes:
        yield Base(shown(repository), "", place)
        return
    module = code.rpartition(".")[0].replace(".", "/")
    path = "/".join(filter(None, (folder, f"{module}.py")))
    if not shelf.exists(path):
        shelf.gap(
            place,
            f"loading it runs `{shown(code)}`, but `{shown(module)}.py` is not here",
            State.UNREADABLE,
            "get all files of the model",
        )
