"""G7, minimum elements of an SBOM for AI (12 May 2026), in seven clusters.

Metadata, system, models, data sets, infrastructure, security and measures of quality.
CycloneDX has a place for each: `modelCard`, `data`, services with their flows of data.
What is asked of models is asked of every `machine-learning-model`, what is asked of
data sets of every `data`. A BOM that lists none of them answers none of that, and gets
nothing for it: an AI system has a model somewhere.

The text was read at second hand when this was written; where it leaves open what fills
an element, anything that says it does.
"""

from collections.abc import Callable
from typing import Final

from mcpchain.completeness import hints
from mcpchain.completeness.parts import Bom, Part, members, objects, words
from mcpchain.completeness.requirement import Profile, Requirement

_MODEL: Final = "machine-learning-model"
_DATA: Final = "data"
_INFRASTRUCTURE: Final = frozenset(
    {"container", "device", "firmware", "operating-system", "platform"}
)
_COUNTS: Final = (":records", ":rows", ":size")
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
    return Requirement(
        id=f"model-{element}",
        title=title,
        clause="models",
        hint=hint,
        part=met,
        kinds=(_MODEL,),
    )


def _of_data(
    element: str, title: str, hint: str, met: Callable[[Part], bool]
) -> Requirement:
    return Requirement(
        id=f"data-{element}",
        title=title,
        clause="data sets",
        hint=hint,
        part=met,
        kinds=(_DATA,),
    )


_CARD: Final = "keep the model card beside the model, and say it there (`README.md`)"
_SHEET: Final = (
    "keep the card of the data set beside it, and say it there (`README.md`)"
)
_COMMIT: Final = "load it from the hub by a commit, or keep it in the project"

PROFILE: Final = Profile(
    id="g7-ai",
    title="G7 minimum elements for AI (2026)",
    requirements=(
        _of_bom(
            "author", "an author", "metadata", hints.AUTHOR, lambda b: bool(b.authors)
        ),
        _of_bom(
            "identifier",
            "a serial number",
            "metadata",
            "write `serialNumber`; `mcpchain sbom` does",
            lambda b: bool(b.identifier),
        ),
        _of_bom("tool", "the tool", "metadata", hints.TOOL, lambda b: bool(b.tools)),
        _of_bom(
            "context",
            "the phase of the life cycle",
            "metadata",
            hints.CONTEXT,
            lambda b: bool(b.phases),
        ),
        _of_bom(
            "timestamp",
            "the time at which it was made",
            "metadata",
            hints.TIMESTAMP,
            lambda b: bool(b.timestamp),
        ),
        _of_bom(
            "signature",
            "a signature",
            "metadata",
            "sign it with `mcpchain bom sign`; a signature beside it is not seen here",
            lambda b: b.signed,
        ),
        _of_bom(
            "relations",
            "what its subject depends on",
            "metadata",
            hints.DEPENDENCY,
            lambda b: b.direct,
        ),
        _of_bom(
            "system",
            "the name of the system",
            "system",
            "name it in `metadata.component`",
            lambda b: b.subject is not None and bool(b.subject.name),
        ),
        _of_bom(
            "producer",
            "the producer of the system",
            "system",
            hints.PRODUCER,
            lambda b: bool(b.makers),
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
            "say with each service what goes there, in `services[].data`",
            _flows,
        ),
        _of_model("name", "a name", hints.NAME, lambda p: bool(p.name)),
        _of_model(
            "identifier", "an identifier", _COMMIT, lambda p: bool(p.identifiers)
        ),
        _of_model("version", "a version", _COMMIT, lambda p: bool(p.version)),
        _of_model("producer", "a producer", _CARD, lambda p: bool(p.supplier)),
        _of_model(
            "limits",
            "its limits",
            _CARD,
            lambda p: any(_considerations(p).values()),
        ),
        _of_model(
            "lineage",
            "its lineage",
            _CARD,
            lambda p: p.ancestors,
        ),
        _of_model("hash", "a hash", hints.HASH, lambda p: bool(p.hashes)),
        _of_model(
            "properties",
            "its architecture",
            "formats that say it are read: safetensors with `config.json`, GGUF, ONNX",
            lambda p: any(
                words(_parameters(p).get(key))
                for key in ("architectureFamily", "modelArchitecture")
            ),
        ),
        _of_model(
            "io",
            "its inputs and outputs",
            _CARD,
            lambda p: all(_parameters(p).get(key) for key in ("inputs", "outputs")),
        ),
        _of_model(
            "training",
            "the data that it was trained on",
            _CARD,
            lambda p: bool(_parameters(p).get("datasets")),
        ),
        _of_model(
            "license", "a licence", _CARD, lambda p: bool(p.declared or p.concluded)
        ),
        _of_data("name", "a name", hints.NAME, lambda p: bool(p.name)),
        _of_data("content", "what is in it", _SHEET, _content),
        _of_data("identifier", "an identifier", _COMMIT, lambda p: bool(p.identifiers)),
        _of_data("hash", "a hash", hints.HASH, lambda p: bool(p.hashes)),
        _of_data("provenance", "who made it", _SHEET, lambda p: bool(p.supplier)),
        _of_data(
            "statistics",
            "how large it is",
            _SHEET,
            lambda p: any(key.endswith(_COUNTS) for key in p.properties),
        ),
        _of_data("sensitivity", "how sensitive it is", _SHEET, _sensitivity),
        _of_data(
            "license", "a licence", _SHEET, lambda p: bool(p.declared or p.concluded)
        ),
        _of_bom(
            "infrastructure",
            "what it runs on",
            "infrastructure",
            "list images and services beside the code",
            lambda b: (
                bool(b.services) or any(p.kind in _INFRASTRUCTURE for p in b.parts)
            ),
        ),
        _of_bom(
            "security-policy",
            "where its security is described",
            "security",
            "refer to it with `security-contact`, `rfc-9116` or `threat-model`",
            lambda b: bool(b.addresses & _POLICIES),
        ),
        _of_bom(
            "vulnerability-reference",
            "where its vulnerabilities are told",
            "security",
            "refer to a VEX document with `exploitability-statement`",
            lambda b: bool(b.vulnerabilities or b.addresses & _ASSESSED),
        ),
        _of_model("metrics", "how well it does", _CARD, _metrics),
    ),
)
