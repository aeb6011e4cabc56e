"""Valid BOMs as other tools may write them, and what such a document says."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from mcpchain.bom.fits import Fits
from mcpchain.bom.validate import validate

HEX = "ab" * 32
YES_OR_NO: st.SearchStrategy[Any] = st.booleans()
WORD = st.text("abcxyz019", min_size=1, max_size=4)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)
NAME = WORD | st.sampled_from(["é", "@x", "a/b", "(unnamed)"])
URL = st.builds("https://{}.example/{}".format, WORD, WORD) | st.just("x#1")
NUMBER = st.integers(0, 2**40) | st.sampled_from([0.5, 1.0])
PURL = st.one_of(
    st.builds("pkg:{}/{}@{}".format, st.sampled_from(["npm", "pypi"]), WORD, WORD),
    st.builds("pkg:maven/org.{}/{}@1".format, WORD, WORD),
    st.sampled_from(
        [
            "pkg:npm/@acme/files@1.0.0",
            "pkg:npm/x@latest",
            "pkg:npm/x@%5E1.2",
            "pkg:PyPI/A_b@1.0",
            "pkg:generic/m?checksum=sha256:00",
            "pkg:github/o/r@main#sub",
            "pkg:docker/library/python@3.12",
            "pkg:oci/i@sha256:" + HEX + "?repository_url=r.example/i&tag=1",
            "pkg:huggingface/o/d@main?repo_type=dataset",
        ]
    ),
)
VERSION = WORD | st.sampled_from(["1.0.0", "latest", "^1.2", ""])
PROPERTIES = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["cdx:npm:package:path", "x", "mcpchain:pin", ""])},
        optional={"value": TEXT},
    ),
    max_size=2,
)
ENTITY = st.fixed_dictionaries(
    {"name": TEXT},
    optional={"url": st.lists(URL, max_size=2), "contact": st.just([{"name": "x"}])},
)
ALGORITHM = {
    "MD5": 32,
    "SHA-1": 40,
    "SHA-256": 64,
    "SHA-512": 128,
    "BLAKE3": 64,
    "SHA3-256": 64,
}
HASH = st.sampled_from([*ALGORITHM]).flatmap(
    lambda name: st.fixed_dictionaries(
        {
            "alg": st.just(name),
            "content": st.sampled_from(
                [HEX * 2, HEX.upper() * 2, "0" * 128],
            ).map(lambda text: text[: ALGORITHM[name]]),
        }
    )
)
LICENSE = st.one_of(
    st.sampled_from(
        [
            {"license": {"id": "MIT"}},
            {"license": {"name": "Own", "url": "https://l.example"}},
            {"license": {"id": "Apache-2.0", "text": {"content": "…"}}},
            {"license": {"name": "x", "acknowledgement": "concluded"}},
        ]
    )
)
LICENSES = st.lists(LICENSE, max_size=2) | st.just([{"expression": "MIT OR 0BSD"}])
REFERENCE = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["website", "vcs", "distribution", "bom", "license", "model-card"]
        ),
        "url": URL,
    },
    optional={"comment": TEXT, "hashes": st.lists(HASH, max_size=2)},
)
EVIDENCE = st.sampled_from(
    [
        {"identity": {"field": "purl", "confidence": 0.5}},
        {"occurrences": [{"location": "a/b.py"}, {"location": "c"}]},
        {"copyright": [{"text": "(c) x"}]},
        {"licenses": [{"license": {"name": "x", "text": {"content": "y"}}}]},
    ]
)
BASE = st.fixed_dictionaries(
    {"type": st.sampled_from(["library", "machine-learning-model"]), "name": NAME},
    optional={"purl": PURL | st.just("?"), "group": WORD, "properties": PROPERTIES},
)
PEDIGREE = st.fixed_dictionaries(
    {"ancestors": st.lists(BASE, max_size=2)}, optional={"notes": TEXT}
)
CARD = st.fixed_dictionaries(
    {},
    optional={
        "bom-ref": st.just("card"),
        "modelParameters": st.fixed_dictionaries(
            {},
            optional={
                "task": TEXT,
                "architectureFamily": TEXT,
                "modelArchitecture": TEXT,
                "approach": st.just({"type": "supervised"}),
                "datasets": st.lists(
                    st.sampled_from(
                        [{"ref": "r0"}, {"ref": "r1"}, {"ref": "no"}, {"type": "other"}]
                    ),
                    max_size=2,
                ),
                "inputs": st.just([{"format": "text"}]),
            },
        ),
        "quantitativeAnalysis": st.just(
            {"performanceMetrics": [{"type": "F1", "value": "1", "slice": "s"}, {}]}
        ),
        "considerations": st.fixed_dictionaries(
            {},
            optional={
                "users": st.lists(TEXT, max_size=2),
                "useCases": st.lists(TEXT, max_size=2),
                "ethicalConsiderations": st.just(
                    [{"name": "n", "mitigationStrategy": "m"}, {}]
                ),
                "fairnessAssessments": st.just([{"groupAtRisk": "g", "harms": "h"}]),
                "environmentalConsiderations": st.just(
                    {"properties": [{"name": "mcpchain:model:consideration"}]}
                ),
            },
        ),
        "properties": st.lists(
            st.fixed_dictionaries(
                {
                    "name": st.sampled_from(
                        [
                            "cdx:ai-ml:model:language",
                            "cdx:ai-ml:model:parameter:count",
                            "cdx:ai-ml:model:hyperparameter:hidden_size",
                            "cdx:ai-ml:model:hyperparameter:quantization",
                            "mcpchain:model:consideration",
                        ]
                    )
                },
                optional={"value": TEXT},
            ),
            max_size=3,
        ),
    },
)
DATA = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["dataset", "definition", "other"])},
        optional={
            "name": TEXT,
            "description": TEXT,
            "sensitiveData": st.lists(TEXT, max_size=1),
        },
    ),
    max_size=2,
)
MORE = st.fixed_dictionaries(
    {},
    optional={
        "group": NAME | st.just(""),
        "version": VERSION,
        "purl": PURL,
        "hashes": st.lists(HASH, max_size=3),
        "licenses": LICENSES,
        "externalReferences": st.lists(REFERENCE, max_size=3),
        "evidence": EVIDENCE,
        "properties": PROPERTIES,
        "supplier": ENTITY,
        "manufacturer": ENTITY,
        "author": TEXT,
        "authors": st.just([{"name": "x"}]),
        "publisher": TEXT,
        "description": TEXT,
        "scope": st.sampled_from(["required", "optional", "excluded"]),
        "copyright": TEXT,
        "cpe": st.just("cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"),
        "swid": st.just({"tagId": "t", "name": "n"}),
        "modified": st.booleans(),
        "mime-type": st.just("text/plain"),
        "tags": st.lists(WORD, max_size=2),
        "omniborId": st.just(["gitoid:blob:sha1:" + "a" * 40]),
        "pedigree": PEDIGREE,
        "modelCard": CARD,
        "data": DATA,
        "cryptoProperties": st.just({"assetType": "algorithm"}),
        "releaseNotes": st.just(
            {"type": "major", "notes": [{"text": {"content": ""}}]}
        ),
        "isExternal": st.booleans(),
        "versionRange": st.just("vers:npm/>=1.0.0"),
        "patentAssertions": st.just(
            [{"assertionType": "no-assertion", "asserter": "a"}]
        ),
    },
)
KINDS = st.sampled_from(
    [
        "application",
        "framework",
        "library",
        "container",
        "operating-system",
        "device",
        "firmware",
        "file",
        "platform",
        "machine-learning-model",
        "data",
        "cryptographic-asset",
        "device-driver",
    ]
)
COMPONENT = st.builds(
    lambda kind, name, more: {"type": kind, "name": name} | more, KINDS, NAME, MORE
)
SERVICE = st.fixed_dictionaries(
    {"name": NAME},
    optional={
        "group": st.sampled_from(["mcp", "api"]),
        "version": VERSION,
        "provider": ENTITY,
        "description": TEXT,
        "endpoints": st.lists(URL, max_size=2),
        "authenticated": st.booleans(),
        "x-trust-boundary": st.booleans(),
        "trustZone": WORD,
        "data": st.just([{"flow": "inbound", "classification": "PII"}]),
        "licenses": LICENSES,
        "externalReferences": st.lists(REFERENCE, max_size=2),
        "properties": PROPERTIES,
        "tags": st.lists(WORD, max_size=2),
    },
)
METADATA = st.fixed_dictionaries(
    {},
    optional={
        "timestamp": st.just("2020-01-01T00:00:00Z"),
        "lifecycles": st.just([{"phase": "build"}, {"phase": "pre-build"}])
        | st.just([{"name": "x"}]),
        "tools": st.just([{"vendor": "v", "name": "t", "version": "1"}])
        | st.just({"components": [{"type": "application", "name": "syft"}]})
        | st.just({"services": [{"name": "s"}]}),
        "authors": st.just([{"name": "me", "email": "me@x.example"}]),
        "manufacturer": ENTITY,
        "manufacture": ENTITY,
        "supplier": ENTITY,
        "licenses": LICENSES,
        "properties": PROPERTIES,
        "distributionConstraints": st.just({"tlp": "GREEN"}),
    },
)
WHOLE = st.fixed_dictionaries(
    {},
    optional={
        "serialNumber": st.just("urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"),
        "version": st.integers(1, 9),
        "externalReferences": st.lists(REFERENCE, max_size=2),
        "properties": PROPERTIES,
        "vulnerabilities": st.just(
            [{"bom-ref": "v", "id": "CVE-1", "affects": [{"ref": "r0"}]}]
        ),
        "annotations": st.just(
            [
                {
                    "subjects": ["r0"],
                    "annotator": {"individual": {"name": "x"}},
                    "timestamp": "2020-01-01T00:00:00Z",
                    "text": "t",
                }
            ]
        ),
        "formulation": st.just([{"components": [{"type": "library", "name": "gcc"}]}]),
        "declarations": st.just({"claims": [{"bom-ref": "cl", "predicate": "p"}]}),
        "definitions": st.just({"standards": [{"bom-ref": "st", "name": "s"}]}),
        "citations": st.just(
            [
                {
                    "pointers": ["/components"],
                    "timestamp": "2020-01-01T00:00:00Z",
                    "attributedTo": "r0",
                }
            ]
        ),
        "signature": st.just({"algorithm": "ES256", "value": "x"}),
    },
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Any valid document of version 1.4 to 1.7, with a `bom-ref` on every entry."""
    version = draw(st.sampled_from(["1.4", "1.5", "1.6", "1.7"]))
    document = {"bomFormat": "CycloneDX", "specVersion": version, "version": 1}
    sound = _Sound(version)
    document |= sound.members(draw(WHOLE))
    count = itertools.count()
    components = _nested(draw, COMPONENT, "components", sound, count)
    services = _nested(draw, SERVICE, "services", sound, count)
    metadata = sound.members(draw(METADATA), "metadata")
    if draw(YES_OR_NO):
        subject = sound.entry(draw(COMPONENT), "components") | {"bom-ref": "subject"}
        if draw(YES_OR_NO) and components:
            subject["components"] = [components.pop()]
        metadata["component"] = subject
    document |= {"components": components, "services": services, "metadata": metadata}
    refs = [f"r{number}" for number in range(next(count))]
    refs += ["subject"] if "component" in metadata else []
    if refs:
        document |= _edges(draw, refs, provides=version in {"1.6", "1.7"})
    validate(document)
    return document


def _nested(
    draw: st.DrawFn,
    entries: st.SearchStrategy[dict[str, Any]],
    key: str,
    sound: "_Sound",
    count: Iterator[int],
) -> list[dict[str, Any]]:
    """Draw entries, of which some are in the one before."""
    outermost: list[dict[str, Any]] = []
    last: dict[str, Any] = {}
    for each in draw(st.lists(entries, max_size=3)):
        entry = sound.entry(each, key) | {"bom-ref": f"r{next(count)}"}
        if last and draw(YES_OR_NO):
            last.setdefault(key, []).append(entry)
        else:
            outermost.append(entry)
        last = entry
    return outermost


def _edges(draw: st.DrawFn, refs: list[str], *, provides: bool) -> dict[str, Any]:
    ref = st.sampled_from(refs)
    some = st.lists(ref, max_size=3, unique=True)
    others = some if provides else st.just([])
    dependencies = [
        {"ref": source}
        | ({"dependsOn": targets} if targets or draw(YES_OR_NO) else {})
        | ({"provides": given} if (given := draw(others)) else {})
        for source, targets in draw(st.dictionaries(ref, some, max_size=3)).items()
    ]
    aggregates = ["complete", "incomplete", "unknown", "incomplete_first_party_only"]
    compositions = draw(
        st.lists(
            st.fixed_dictionaries(
                {"aggregate": st.sampled_from(aggregates)},
                optional={"assemblies": some, "dependencies": some},
            ),
            max_size=2,
            unique_by=lambda each: json.dumps(each, sort_keys=True),
        )
    )
    return {"dependencies": dependencies, "compositions": compositions}


class _Sound:
    """Leaves out what the version of the document does not have."""

    def __init__(self, version: str) -> None:
        self._fits = Fits(version)

    def members(self, drawn: dict[str, Any], key: str = "") -> dict[str, Any]:
        fits = self._fits.metadata if key else self._fits.document
        return {k: v for k, v in drawn.items() if fits({k: v})}

    def entry(self, drawn: dict[str, Any], key: str) -> dict[str, Any]:
        fits = self._fits.component if key == "components" else self._fits.service
        kept = {k: v for k, v in drawn.items() if k in {"type", "name"}}
        if not fits(kept):
            kept["type"] = "library"
        for name, value in drawn.items():
            if name not in kept and fits(kept | {name: value}):
                kept[name] = value
        return kept


def said(document: dict[str, Any]) -> set[tuple[Any, ...]]:
    """Return every single thing that *document* says, wherever it says it.

    What stands in our own properties as JSON is taken for what it stands for.
    """
    facts: set[tuple[Any, ...]] = set()
    document = dict(document)
    metadata = dict(document.pop("metadata", {}))
    subject = metadata.pop("component", None)
    pending = [("components", each) for each in document.pop("components", [])]
    pending += [("services", each) for each in document.pop("services", [])]
    if subject is not None:
        pending.append(("components", subject))
    while pending:
        key, entry = pending.pop()
        entry = dict(entry)
        inner = entry.pop(key, [])
        owner = entry["bom-ref"] if "bom-ref" in entry else entry["name"]
        _fact(facts, (owner,), _unfolded(entry, facts, (owner,)))
        for each in inner:
            if isinstance(each, dict) and "bom-ref" in each:
                facts.add((owner, key, json.dumps(each["bom-ref"])))
            pending.append((key, each))
    _graph(facts, document.pop("dependencies", []))
    more = _unfolded(metadata, facts, ("metadata",))
    carried = more.pop("", {})
    _graph(facts, carried.pop("dependencies", []))
    for part in (more, carried.pop("metadata", {})):
        for key, value in part.items():
            _fact(facts, ("metadata", key), value)
    for part in (document, carried):
        _fact(facts, (), part)
    return facts


_NOTHING = {"compositions", "lifecycles", "properties"}
"""Lists that say nothing if they are empty."""


def _graph(facts: set[tuple[Any, ...]], dependencies: list[Any]) -> None:
    for each in dependencies:
        facts.add(("dependency", each["ref"]))
        for key in ("dependsOn", "provides"):
            facts.update((each["ref"], key, ref) for ref in each.get(key, ()))


def _unfolded(
    holder: dict[str, Any], facts: set[tuple[Any, ...]], path: tuple[Any, ...]
) -> dict[str, Any]:
    """Return *holder* with what our properties on it stand for; the BOM's under ``."""
    marks = holder.get("properties", [])
    for mark in marks:
        if mark["name"] == "mcpchain:carried":
            carried = json.loads(mark["value"])
            if path == ("metadata",):
                holder[""] = carried
            else:
                _fact(facts, path, carried)
        if mark["name"] == "mcpchain:relation":
            edge = json.loads(mark["value"])
            for key in ("components", "services"):
                facts.add((edge["source"], key, json.dumps(edge["target"])))
    return holder


def _fact(
    facts: set[tuple[Any, ...]],
    path: tuple[Any, ...],
    value: Any,  # noqa: ANN401 - JSON
) -> None:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            _fact(facts, (*path, key), each)
    elif isinstance(value, list) and value:
        for each in value:
            _fact(facts, path, each)
    elif path and (value != [] or path[-1] not in _NOTHING):
        facts.add((*path, json.dumps(value)))
