"""What the maker of a model says of it, as `modelCard` and `pedigree`, and back.

A `modelCard` repeats in the words of CycloneDX and of its official property taxonomy
what properties of ours hold exactly (architecture, number of parameters), and is the
only place of the rest: task, languages, metrics, considerations, settings. The data
that a model was trained on are references in it, so that a relation is said once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from mcpchain import purl
from mcpchain.bom import properties, purls
from mcpchain.bom.carry import Carrier
from mcpchain.bom.entry import Entry
from mcpchain.bom.marks import UNNAMED, Properties, compact, property_entry
from mcpchain.bom.tally import Tally
from mcpchain.component import BaseModel, Kind, Metric, ModelCard, ModelFacts

_KNOWN: Final = frozenset(
    {
        *("activation_dropout", "context_length", "hidden_act", "hidden_size"),
        *("intermediate_size", "layer_norm_epsilon", "layer_norm_type"),
        *("max_position_embeddings", "num_attention_heads", "num_hidden_layers"),
        *("num_key_value_heads", "quantization", "tokenizer_class", "vocab_size"),
    }
)
"""The settings that the taxonomy names (cdx:ai-ml:model:hyperparameter)."""
_UNDEFINED: Final = "_undefined:"
_QUANTIZATION: Final = "quantization"
_TEXTS: Final = frozenset(
    {"performanceTradeoffs", "technicalLimitations", "useCases", "users"}
)
"""Considerations that are lists of text."""
_OBJECTS: Final = {"ethicalConsiderations": "name", "fairnessAssessments": "harms"}
"""Considerations that are lists of objects, and the member that takes a text."""
_ENVIRONMENT: Final = "environmentalConsiderations"
"""It is an object that takes text in properties alone."""

_T, _I, _A, _V = ("text",), ("image",), ("audio",), ("video",)
_THROUGH: Final = {
    "any-to-any": ((*_T, *_I, *_A), (*_T, *_I, *_A)),
    "audio-classification": (_A, _T),
    "audio-text-to-text": ((*_A, *_T), _T),
    "audio-to-audio": (_A, _A),
    "automatic-speech-recognition": (_A, _T),
    "conversational": (_T, _T),
    "depth-estimation": (_I, _I),
    "document-question-answering": ((*_I, *_T), _T),
    "feature-extraction": (_T, ("embedding",)),
    "fill-mask": (_T, _T),
    "image-classification": (_I, _T),
    "image-feature-extraction": (_I, ("embedding",)),
    "image-segmentation": (_I, _I),
    "image-text-to-text": ((*_I, *_T), _T),
    "image-to-image": (_I, _I),
    "image-to-text": (_I, _T),
    "image-to-video": (_I, _V),
    "object-detection": (_I, _T),
    "question-answering": (_T, _T),
    "sentence-similarity": (_T, ("number",)),
    "summarization": (_T, _T),
    "table-question-answering": (("table", *_T), _T),
    "tabular-classification": (("table",), _T),
    "tabular-regression": (("table",), ("number",)),
    "text-classification": (_T, _T),
    "text-generation": (_T, _T),
    "text-ranking": (_T, ("number",)),
    "text-to-audio": (_T, _A),
    "text-to-image": (_T, _I),
    "text-to-speech": (_T, _A),
    "text-to-video": (_T, _V),
    "text2text-generation": (_T, _T),
    "time-series-forecasting": (("table",), ("number",)),
    "token-classification": (_T, _T),
    "translation": (_T, _T),
    "video-classification": (_V, _T),
    "video-text-to-text": ((*_V, *_T), _T),
    "visual-question-answering": ((*_I, *_T), _T),
    "zero-shot-classification": (_T, _T),
    "zero-shot-image-classification": ((*_I, *_T), _T),
}
"""What goes into a model and what comes out, by its task on the hub."""

_Object = dict[str, Any]


def card(told: ModelFacts, datasets: Sequence[str] = ()) -> _Object:
    """Return the `modelCard`; empty if there is nothing to say.

    Args:
        told: What is known of the model.
        datasets: The refs of what it was trained on.
    """
    said = told.card or ModelCard()
    found: _Object = {}
    if parameters := _parameters(told, said.task, datasets):
        found["modelParameters"] = parameters
    if said.metrics:
        measured = [_metric(each) for each in said.metrics]
        found["quantitativeAnalysis"] = {"performanceMetrics": measured}
    considerations, more = _considerations(said)
    if considerations:
        found["considerations"] = considerations
    marks = [property_entry(*each) for each in _marks(told, said)]
    if marks := [*marks, *more]:
        found["properties"] = marks
    return found


def pedigree(bases: Sequence[BaseModel]) -> _Object:
    """Return the `pedigree` of a model that was made from *bases*."""
    found: _Object = {"ancestors": [_ancestor(each) for each in bases]}
    notes = [f"{each.relation} of {each.name}" for each in bases if each.relation]
    return found | ({"notes": "; ".join(notes)} if notes else {})


def trained_on(entry: Entry) -> list[str]:
    """Return the refs of the data that the model *entry* was trained on.

    Raises:
        MalformedError: Its card is not as CycloneDX has it.
    """
    parameters = _inner(entry, "modelCard", "modelParameters")
    if parameters is None:
        return []
    refs = [each.text("ref") for each in parameters.entries("datasets")]
    return [each for each in refs if each]


def read_card(entry: Entry, *, ours: bool) -> ModelCard:
    """Read what the maker of the model *entry* says.

    Args:
        entry: A model.
        ours: We wrote it, so that our properties count.

    Raises:
        MalformedError: It is not as CycloneDX has it.
    """
    parameters = _inner(entry, "modelCard", "modelParameters")
    analysis = _inner(entry, "modelCard", "quantitativeAnalysis")
    named = properties.LANGUAGE
    return ModelCard(
        task=(parameters.text("task") or "") if parameters else "",
        languages=tuple(value for name, value in _named(entry) if name == named),
        metrics=tuple(
            Metric(
                type=each.text("type") or "",
                value=each.text("value") or "",
                slice=each.text("slice") or "",
            )
            for each in (analysis.entries("performanceMetrics") if analysis else ())
        ),
        considerations=tuple(sorted(_considered(entry, ours=ours))),
    )


def _architecture(entry: Entry) -> tuple[str, str | None]:
    """Return family and architecture of the model *entry*, as its card says.

    Raises:
        MalformedError: It is not as CycloneDX has it.
    """
    parameters = _inner(entry, "modelCard", "modelParameters")
    if parameters is None:
        return "", None
    family = parameters.text("architectureFamily") or ""
    return family, parameters.text("modelArchitecture") or None


def hyperparameters(entry: Entry, quantization: str) -> tuple[tuple[str, str], ...]:
    """Return the settings that the card of *entry* names.

    Args:
        entry: A model.
        quantization: What is known of it beside; the card repeats that first.

    Raises:
        MalformedError: It is not as CycloneDX has it.
    """
    begin = properties.HYPERPARAMETER
    found = [
        (name.removeprefix(begin), value)
        for name, value in _named(entry)
        if name.startswith(begin)
    ]
    if quantization and found[:1] == [(_QUANTIZATION, quantization)]:
        del found[0]
    return tuple(found)


def read_bases(entry: Entry, *, ours: bool) -> tuple[BaseModel, ...]:
    """Return what the model *entry* was made from.

    Args:
        entry: A model.
        ours: Only what we wrote counts.

    Raises:
        MalformedError: It is not as CycloneDX has it.
    """
    lineage = entry.entry("pedigree")
    found = []
    for each in lineage.entries("ancestors") if lineage else ():
        marks = Properties(each)
        if ours and properties.MODEL_BASE not in marks:
            continue
        if each.text("type") != Kind.MODEL.value:
            continue
        group, name = each.text("group"), marks.one(properties.NAME) if ours else None
        shown = each.required("name") if name is None else name
        known, text = None, each.text("purl")
        try:
            known = None if text is None else purls.parse(text)
        except ValueError as error:
            if ours:
                raise each.malformed(str(error)) from error
        relation = marks.one(properties.MODEL_BASE) if ours else ""
        found.append(
            BaseModel(
                name=f"{group}/{shown}" if group else shown,
                relation=relation or "",
                purl=known,
            )
        )
    return tuple(found)


def told(entry: Entry) -> ModelFacts:
    """Return what a stranger's *entry* of a model says of it, without secrets.

    Raises:
        MalformedError: It is not as CycloneDX has it.
    """
    tidy = Carrier(Tally(entry.source))
    members = ("modelCard", "pedigree")
    said = {key: tidy.clean(entry.raw()[key], "") for key in members if key in entry}
    bare = Entry(said, entry.source, entry.pointer)
    family, architecture = _architecture(bare)
    card = read_card(bare, ours=False)
    return ModelFacts(
        format="",
        family=family,
        architecture=architecture,
        hyperparameters=hyperparameters(bare, ""),
        bases=tuple(
            replace(each, purl=purls.without_secrets(each.purl) if each.purl else None)
            for each in read_bases(bare, ours=False)
        ),
        card=None if card == ModelCard() else card,
    )


def _parameters(told: ModelFacts, task: str, datasets: Sequence[str]) -> _Object:
    found: _Object = {}
    if task:
        found["task"] = task
    if told.family:
        found["architectureFamily"] = told.family
    if told.architecture is not None:
        found["modelArchitecture"] = told.architecture
    if datasets:
        found["datasets"] = [{"ref": each} for each in sorted(datasets)]
    if task in _THROUGH:
        taken, given = _THROUGH[task]
        found["inputs"] = [{"format": each} for each in taken]
        found["outputs"] = [{"format": each} for each in given]
    return found


def _metric(metric: Metric) -> _Object:
    found = {"type": metric.type, "value": metric.value}
    return found | ({"slice": metric.slice} if metric.slice else {})


def _considerations(said: ModelCard) -> tuple[_Object, list[_Object]]:
    """Return the considerations, and properties for those that have no place there."""
    found: _Object = {}
    more: list[_Object] = []
    for subject, text in said.considerations:
        if subject in _TEXTS:
            found.setdefault(subject, []).append(text)
        elif subject in _OBJECTS:
            found.setdefault(subject, []).append({_OBJECTS[subject]: text})
        elif subject == _ENVIRONMENT:
            holder = found.setdefault(subject, {"properties": []})
            mark = property_entry(properties.MODEL_CONSIDERATION, text)
            holder["properties"].append(mark)
        else:
            value = compact({"subject": subject, "text": text})
            more.append(property_entry(properties.MODEL_CONSIDERATION, value))
    return found, more


def _considered(entry: Entry, *, ours: bool) -> Iterator[tuple[str, str]]:
    said = _inner(entry, "modelCard", "considerations")
    if said is not None:
        for subject in _TEXTS:
            yield from ((subject, text) for text in said.texts(subject))
        for subject, member in _OBJECTS.items():
            for each in said.entries(subject):
                if (text := each.text(member)) is not None:
                    yield subject, text
        if ours and (about := said.entry(_ENVIRONMENT)) is not None:
            marks = Properties(about)
            for text in marks.many(properties.MODEL_CONSIDERATION):
                yield _ENVIRONMENT, text
    for name, value in _named(entry):
        if ours and name == properties.MODEL_CONSIDERATION:
            each = Entry.from_text(value, entry)
            yield each.required("subject"), each.required("text")


def _marks(told: ModelFacts, said: ModelCard) -> Iterator[tuple[str, str]]:
    if told.parameters is not None:
        yield properties.PARAMETER_COUNT, _rounded(told.parameters)
    for each in said.languages:
        yield properties.LANGUAGE, each
    if told.quantization:
        yield f"{properties.HYPERPARAMETER}{_QUANTIZATION}", told.quantization
    for name, value in told.hyperparameters:
        official = name in _KNOWN or name.startswith(_UNDEFINED)
        yield properties.HYPERPARAMETER + _UNDEFINED * (not official) + name, value


def _rounded(count: int) -> str:
    for power, unit in ((12, "T"), (9, "B"), (6, "M"), (3, "K")):
        if count >= 10**power:
            return f"{count / 10**power:.3g}{unit}"
    return str(count)


def _ancestor(base: BaseModel) -> _Object:
    found: _Object = {"type": Kind.MODEL.value, "name": base.name or UNNAMED}
    if base.purl is not None:
        found["purl"] = purl.write(base.purl)
    marks = [property_entry(properties.MODEL_BASE, base.relation)]
    if not base.name:
        marks.append(property_entry(properties.NAME, ""))
    return found | {"properties": marks}


def _inner(entry: Entry, *keys: str) -> Entry | None:
    found: Entry | None = entry
    for key in keys:
        found = found.entry(key) if found is not None else None
    return found


def _named(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield the properties of the card of *entry*."""
    holder = entry.entry("modelCard")
    for each in holder.entries("properties") if holder else ():
        yield each.required("name"), each.text("value") or ""
