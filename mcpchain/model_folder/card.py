"""What the README of a model says: front matter, and text under known headings.

Claims of its maker, all of them. A heading counts if it is one that names what
CycloneDX calls a consideration, and nothing else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mcpchain import hub_card, hub_name
from mcpchain.component import BaseModel, Location, Metric, ModelCard
from mcpchain.document import Node, without_secrets
from mcpchain.inventory import State
from mcpchain.model_folder.shelf import Shelf, shown

_METRICS: Final = 20_000
_TEXT: Final = 2_000
_CONSIDERATIONS: Final = 20
_LINES: Final = 100_000
"""Limits: metrics, characters of a consideration, considerations, lines of the text."""
_WEAK: Final = frozenset({"license", "language", "tags", "datasets", "metrics"})
_ELSE: Final = frozenset({"sdk", "app_file", "layout", "permalink"})
"""What the front matter of a Space or of a web page has."""
_HEADING: Final = re.compile(r" {0,3}#{1,6}[ \t]++(.{1,200})")
_FENCE: Final = re.compile(r" {0,3}(?:```|~~~)")
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NO_WORD: Final = re.compile(r"\[optional\]|[^\w\s,&/-]")
_OPEN: Final = "[More Information Needed]"
_MEMBERS: Final = {
    name: member
    for member, names in {
        "users": ("intended users", "primary intended users", "users"),
        "useCases": (
            *("uses", "use cases", "intended use", "intended uses", "direct use"),
            *("downstream use", "primary intended uses", "primary use cases"),
            *("intended use cases", "intended uses & limitations"),
        ),
        "technicalLimitations": (
            *("limitations", "out-of-scope use", "out-of-scope uses"),
            *("out-of-scope use cases", "technical limitations", "known limitations"),
            *("bias, risks, and limitations", "bias, risks and limitations"),
            *("limitations and bias", "risks and limitations"),
        ),
        "performanceTradeoffs": ("performance tradeoffs", "performance trade-offs"),
        "ethicalConsiderations": (
            *("ethical considerations", "ethics", "responsible ai considerations"),
            "ethical considerations and limitations",
        ),
        "environmentalConsiderations": (
            *("environmental impact", "environmental considerations"),
            "carbon footprint",
        ),
        "fairnessAssessments": ("bias", "fairness", "fairness assessment"),
    }.items()
    for name in names
}


@dataclass(slots=True)
class Card:
    """What a card says."""

    facts: ModelCard = field(default_factory=ModelCard)
    license: list[tuple[str, Location]] = field(default_factory=list)
    bases: list[tuple[BaseModel, Location]] = field(default_factory=list)
    data: list[tuple[str, Location]] = field(default_factory=list)


def of_model(node: Node) -> bool:
    """Say whether front matter beside weights is that of a model card."""
    if not node.is_object() or hub_card.is_dataset(node):
        return False
    keys = frozenset(node.value)
    return hub_card.is_model(node) or bool(keys & _WEAK and not keys & _ELSE)


def read(shelf: Shelf, path: str) -> Card | None:
    """Return what the card at *path* says; `None` if it is none, or cannot be read."""
    data = shelf.data(path)
    node = None
    if data is not None:
        with shelf.found.entry():
            node = hub_card.front_matter(data, path)
    if data is None or node is None or not of_model(node):
        return None
    card = Card()
    _read_license(shelf, node, card)
    _read_lineage(shelf, node, card)
    task, languages = "", tuple[str, ...]()
    with shelf.found.entry():
        task = shown(node.at("pipeline_tag").optional_text() or "")
    with shelf.found.entry():
        languages = tuple(shown(text) for text, _ in _texts(node.at("language")))
    text = hub_card.body(data).decode("utf-8", "replace")
    card.facts = ModelCard(
        task=task,
        languages=languages,
        metrics=tuple(_metrics(shelf, node)),
        considerations=tuple(sorted(_considerations(text))),
    )
    return card


def _texts(node: Node) -> Iterator[tuple[str, Location]]:
    """Yield one text or a list of them, and where each stands."""
    for each in node.elements() if node.is_list() else iter((node,)):
        if each.exists:
            yield each.text(), Location(path=each.source, pointer=each.pointer)


def _read_license(shelf: Shelf, node: Node, card: Card) -> None:
    with shelf.found.entry():
        for text, place in _texts(node.at("license")):
            name = text
            if text.strip().lower() in {"other", "unknown"}:
                link = node.at("license_link").optional_text()
                name = node.at("license_name").optional_text() or link or text
            card.license.append((without_secrets(shown(name)), place))


def _read_lineage(shelf: Shelf, node: Node, card: Card) -> None:
    relation = ""
    with shelf.found.entry():
        relation = shown(node.at("base_model_relation").optional_text() or "")
    with shelf.found.entry():
        for text, place in _texts(node.at("base_model")):
            card.bases.append((base(text, relation), place))
    with shelf.found.entry():
        for text, place in _texts(node.at("datasets")):
            name = hub_name.from_address(text, of_data=True) or text
            card.data.append((without_secrets(shown(name)), place))


def base(text: str, relation: str = "") -> BaseModel:
    """Name a model that another one was made from, as its maker wrote it.

    Of a path that leads from a root only the end is kept: before it may stand the name
    of a user.
    """
    name = hub_name.from_address(text) or text
    if hub_name.is_name(name):
        return BaseModel(name=name, relation=relation, purl=hub_name.model(name))
    if is_rooted(name):
        name = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    return BaseModel(name=shown(without_secrets(name)), relation=relation)


def is_rooted(text: str) -> bool:
    """Say whether *text* is a path from a root, or from the home of a user."""
    return re.match(r"[/\\~]|[A-Za-z]:[/\\]|file:", text) is not None


def _metrics(shelf: Shelf, node: Node) -> Iterator[Metric]:
    """Yield every metric of `model-index`; see the Hub's model card metadata."""
    count = 0
    for model in _all(shelf, node.at("model-index")):
        for result in _all(shelf, model, "results"):
            where = ""
            with shelf.found.entry():
                data = result.at("dataset")
                keys = ("name", "config", "split")
                parts = (_scalar(data.at(each)) for each in keys if data.exists)
                where = ", ".join(filter(None, parts))
            for metric in _all(shelf, result, "metrics"):
                count += 1
                if count > _METRICS:
                    place = Location(path=node.source, pointer="/model-index")
                    reason = f"more than {_METRICS:,} metrics; the rest was not read"
                    shelf.gap(place, reason, State.LIMIT)
                    return
                with shelf.found.entry():
                    kind = shown(metric.at("type").text())
                    value = _scalar(metric.at("value"))
                    yield Metric(type=kind, value=value, slice=shown(where))


def _all(shelf: Shelf, node: Node, key: str = "") -> Iterator[Node]:
    with shelf.found.entry():
        yield from (node.at(key) if key else node).elements()


def _scalar(node: Node) -> str:
    value = node.value
    if isinstance(value, bool):
        return str(value).lower()
    return shown(str(value)) if isinstance(value, str | int | float) else ""


def _considerations(text: str) -> Iterator[tuple[str, str]]:
    """Yield what stands under each heading that is a consideration, up to the next."""
    member, lines, fenced, count = "", [""], False, 0
    rows = _COMMENT.sub("", text).split("\n", _LINES)[:_LINES]
    for row in [*rows, "# end"]:
        if _FENCE.match(row):
            fenced = not fenced
        heading = (
            None if fenced and row != "# end" else _HEADING.fullmatch(row.rstrip())
        )
        if heading is None:
            lines.append(row)
            continue
        said = "\n".join(lines).replace(_OPEN, "").strip()
        if member and said and count < _CONSIDERATIONS:
            count += 1
            yield member, f"{said[:_TEXT]}…" if len(said) > _TEXT else said
        words = _NO_WORD.sub(" ", heading[1].rstrip(" \t#").casefold()).split()
        member, lines = _MEMBERS.get(" ".join(words), ""), []
