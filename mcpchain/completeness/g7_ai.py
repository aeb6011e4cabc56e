"""G7, minimum elements of an SBOM for AI (12 May 2026), in seven clusters.

Metadata, system, models, data sets, infrastructure, security and measures of quality.
CycloneDX has a place for each: `modelCard`, `data`, services with their flows of data.
What is asked of models is asked of every `machine-learning-model`, what is asked of
data sets of every `data`. A BOM that lists none of them answers none of that, and gets
nothing for it: an AI system has a model somewhere. The files of a model, or of a data
set, that is listed are parts of it: its hash may be that of all of them.

The text was read at second hand when this was written; where it leaves open what fills
an element, anything that says it does.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mcpchain.completeness import elements
from mcpchain.completeness.parts import Bom, Part, members, objects, words
from mcpchain.completeness.requirement import Profile, Requirement

_MODEL: Final = "machine-learning-model"
_DATA: Final = "data"
_INFRASTRUCTURE: Final = frozenset(
    {"container", "device", "firmware", "operating-system", "platform"}
)
_COUNTS: Final = (":records", ":rows", ":size")
_CARD: Final = elements.FRONT_MATTER
_ASSESSED: Final = frozenset(
    {"exploitability-statement", "vulnerability-assertion", "advisories"}
)
_POLICIES: Final = frozenset({"security-contact", "rfc-9116", "threat-model"})


def _parameters(part: Part) -> dict[str, object]:
    return dict(members(part.card.get("modelParameters")))


def _considerations(part: Part) -> dict[str, object]:
    return dict(members(part.card.get("considerations")))


def _metrics(part: Part) -> bool:
    analysis = members(part.card.get("quantitativeAnalysis"))
    return any(
        words(each.get("value")) for each in objects(analysis.get("performanceMetrics"))
    )


def _flows(bom: Bom) -> bool:
    return any([*objects(each.get("data"))] for each in bom.services)


def _content(part: Part) -> bool:
    return bool(part.description) or any(
        words(each.get("description")) or members(each.get("contents"))
        for each in part.data
    )


def _sensitivity(part: Part) -> bool:
    return any(
        each.get("sensitiveData") or words(each.get("classification"))
        for each in part.data
    )


def _of_bom(
    id_: str, title: str, cluster: str, hint: str, met: Callable[[Bom], bool]
) -> Requirement:
    return Requirement(id=id_, title=title, clause=cluster, hint=hint, bom=met)


def _of_model(
    element: str, title: str, hint: str, met: Callable[[Part], bool]
) -> Requirement:
    asked = Requirement(id=element, title=title, hint=hint, part=met)
    return _asked(asked, _MODEL, "models")


def _of_data(
    element: str, title: str, hint: str, met: Callable[[Part], bool]
) -> Requirement:
    asked = Requirement(id=element, title=title, hint=hint, part=met)
    return _asked(asked, _DATA, "data sets")


def _asked(
    asked: Requirement, kind: str, cluster: str, id_: str = "", title: str = ""
) -> Requirement:
    """Return *asked* as it is asked of a *kind*, and not of the files of one."""
    begin = "model" if kind == _MODEL else "data"
    return replace(
        asked,
        id=f"{begin}-{id_ or asked.id}",
        title=title or asked.title,
        clause=cluster,
        kinds=(kind,),
        of_pieces=False,
    )


_METADATA: Final = (
    replace(elements.AUTHOR, title="an author", clause="metadata"),
    _of_bom(
        "identifier",
        "a serial number",
        "metadata",
        "write `serialNumber`; `mcpchain sbom` does",
        lambda b: bool(b.identifier),
    ),
    replace(elements.TOOL, clause="metadata"),
    replace(elements.CONTEXT, clause="metadata"),
    replace(elements.TIMESTAMP, clause="metadata"),
    _of_bom(
        "signature",
        "a signature",
        "metadata",
        "sign it: `mcpchain bom sign FILE --key KEY -o SIGNED`; a signature beside it "
        "is not seen here",
        lambda b: b.signed,
    ),
    replace(
        elements.DEPENDENCY,
        id="relations",
        title="what its subject depends on",
        clause="metadata",
        part=None,
        bom=lambda b: b.direct,
    ),
)
_SYSTEM: Final = (
    _of_bom(
        "system",
        "the name of the system",
        "system",
        "name it in `metadata.component`",
        lambda b: b.subject is not None and bool(b.subject.name),
    ),
    replace(
        elements.MANUFACTURER,
        id="producer",
        title="the producer of the system",
        clause="system",
    ),
    _of_bom(
        "use",
        "what the system is for",
        "system",
        "describe it in `metadata.component.description`",
        lambda b: b.subject is not None and bool(b.subject.description),
    ),
    _of_bom(
        "data-flow",
        "flows of data",
        "system",
        "write with each service what goes there: `services[].data`, with `flow` and "
        "`classification`",
        _flows,
    ),
)
_MODELS: Final = (
    *(
        _asked(each, _MODEL, "models")
        for each in (elements.NAME, elements.VERSION, elements.LICENSE)
    ),
    _asked(elements.IDENTIFIER, _MODEL, "models", title="an identifier"),
    _asked(elements.SUPPLIER, _MODEL, "models", "producer", "a producer"),
    _asked(elements.HASH, _MODEL, "models", title="a hash"),
    _of_model(
        "limits",
        "its limits",
        "write a heading such as `Limitations` or `Uses` in the `README.md` beside its "
        "files, and front matter above it",
        lambda p: any(_considerations(p).values()),
    ),
    _of_model(
        "lineage",
        "its lineage",
        _CARD.format("base_model: OWNER/NAME"),
        lambda p: p.ancestors,
    ),
    _of_model(
        "properties",
        "its architecture",
        "keep it in a format that says it: safetensors with `config.json`, GGUF, ONNX",
        lambda p: any(
            words(_parameters(p).get(key))
            for key in ("architectureFamily", "modelArchitecture")
        ),
    ),
    _of_model(
        "io",
        "its inputs and outputs",
        _CARD.format("pipeline_tag: text-generation") + ", or what task it has",
        lambda p: all(_parameters(p).get(key) for key in ("inputs", "outputs")),
    ),
    _of_model(
        "training",
        "the data that it was trained on",
        _CARD.format("datasets: [OWNER/NAME]"),
        lambda p: bool(_parameters(p).get("datasets")),
    ),
)
_DATA_SETS: Final = (
    *(_asked(each, _DATA, "data sets") for each in (elements.NAME, elements.LICENSE)),
    _asked(elements.IDENTIFIER, _DATA, "data sets", title="an identifier"),
    _asked(elements.SUPPLIER, _DATA, "data sets", "provenance", "who made it"),
    _asked(elements.HASH, _DATA, "data sets", title="a hash"),
    _of_data(
        "content",
        "what is in it",
        "describe it in a Croissant file or `dataset_info.json` beside it "
        "(`description`)",
        _content,
    ),
    _of_data(
        "statistics",
        "how large it is",
        "keep its files in the project, whose sizes are then told, or "
        + _CARD.format("dataset_info")
        + " with `num_examples`",
        lambda p: p.sized or any(key.endswith(_COUNTS) for key in p.properties),
    ),
    _of_data(
        "sensitivity",
        "how sensitive it is",
        "name `personalSensitiveInformation` in a Croissant file beside it, or write "
        "`classification` into its `data`",
        _sensitivity,
    ),
)
_REST: Final = (
    _of_bom(
        "infrastructure",
        "what it runs on",
        "infrastructure",
        "keep a Dockerfile or compose file in the project: images are listed",
        lambda b: bool(b.services) or any(p.kind in _INFRASTRUCTURE for p in b.parts),
    ),
    _of_bom(
        "security-policy",
        "where its security is described",
        "security",
        "write `externalReferences` of the type `security-contact`, `rfc-9116` or "
        "`threat-model`",
        lambda b: bool(b.addresses & _POLICIES),
    ),
    _of_bom(
        "vulnerability-reference",
        "where its vulnerabilities are told",
        "security",
        "write `externalReferences` of the type `exploitability-statement`: the "
        "address of a VEX document",
        lambda b: bool(b.vulnerabilities or b.addresses & _ASSESSED),
    ),
    _of_model(
        "metrics",
        "how well it does",
        _CARD.format("model-index") + " with results",
        _metrics,
    ),
)

PROFILE: Final = Profile(
    id="g7-ai",
    title="G7 minimum elements for AI (2026)",
    reference="G7 Cybersecurity Working Group, Software Bill of Materials (SBOM) for "
    "Artificial Intelligence: Minimum Elements, 12 May 2026",
    requirements=(*_METADATA, *_SYSTEM, *_MODELS, *_DATA_SETS, *_REST),
)
