"""Turn a document that we made into CycloneDX XML, as far as XML of it can be had.

cyclonedx-python-lib writes it, and drops in silence what its model has no place for:
model cards, compositions, newer fields of services. What it dropped of one document is
found out by comparison, returned, and said in the document itself. So is what no XML
can hold, which is written as an escape.
"""

import json
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any, Final

from mcpchain.bom import properties
from mcpchain.errors import UsageError

MOST: Final = 4000
"""How many components and services become XML: the library takes time that grows as
their number squared, half a minute for these and minutes for ten thousand."""
_HINT: Final = "write JSON; another tool may convert it"
_PLACE: Final = re.compile('<occurrence bom-ref="mcpchain-place-[0-9]{9,}">')
_HEAD: Final = frozenset({"$schema", "metadata.timestamp"})

_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is no character of XML 1.0 (section 2.2)."""

_Object = dict[str, Any]


def convert(document: _Object) -> tuple[bytes, tuple[str, ...]]:
    """Return *document* as XML, and a text for each kind of thing that is not in it.

    Raises:
        UsageError: It is too large, or holds what the library or XML cannot.
    """
    entries = sum(1 for each in _leaves(document) if each.endswith(".bom-ref"))
    if entries > MOST:
        raise UsageError(
            f"{entries:,} components and services are too many for XML, which takes "
            f"{MOST:,}",
            hint=_HINT,
        )
    from xml.parsers.expat import ExpatError

    from cyclonedx.exception import CycloneDxException

    mistakes = (ValueError, TypeError, LookupError, AttributeError, SyntaxError)
    try:
        with warnings.catch_warnings():
            # Of what it cannot tell, such as which components are at the top.
            warnings.simplefilter("ignore")
            return _converted(document)
    except (CycloneDxException, ExpatError, *mistakes) as error:
        raise UsageError(
            f"this BOM cannot be written as XML: {str(error)[:140]}", hint=_HINT
        ) from error


def _converted(document: _Object) -> tuple[bytes, tuple[str, ...]]:
    from xml.etree import ElementTree as ET

    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom
    from cyclonedx.output import make_outputter
    from cyclonedx.schema import OutputFormat, SchemaVersion

    version = SchemaVersion.from_version(document["specVersion"])
    document, escaped = _legible(document)
    document = _ordered(document)
    bom = Bom.from_json(_known(_unmixed(document)))  # type: ignore[attr-defined] # made by serializable
    again = make_outputter(bom, OutputFormat.JSON, version).output_as_string()
    whole = Counter(_leaves(document))
    lost = whole - Counter(_leaves(json.loads(again)))
    lacks = (*_grouped(whole, lost), *escaped)
    for each in lacks:
        bom.metadata.properties.add(Property(name=properties.XML_LACKS, value=each))
    text = make_outputter(bom, OutputFormat.XML, version).output_as_string(indent=1)
    data = _PLACE.sub("<occurrence>", text).encode()
    ET.fromstring(data)  # noqa: S314 - made here; it only has to be XML
    return data, lacks


def _ordered(document: _Object) -> _Object:
    """Return *document* with a name for each place that has none.

    The library sorts places by their names first, and those without by chance.
    """
    number = count(1)

    def named(value: Any, key: str = "") -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, list):
            return [named(each, key) for each in value]
        if not isinstance(value, dict):
            return value
        if key == "occurrences" and "bom-ref" not in value:
            return value | {"bom-ref": f"mcpchain-place-{next(number):09}"}
        return {each: named(value[each], each) for each in value}

    ordered: _Object = named(document)
    return ordered


def _legible(document: _Object) -> tuple[_Object, tuple[str, ...]]:
    """Return *document* without what no XML can hold, and a text if there was any.

    Raises:
        UsageError: Two entries differ in nothing else.
    """
    texts = [each for each in _texts(document) if _ILLEGAL.search(each)]
    if not texts:
        return document, ()
    legible: _Object = _escaped(document)
    refs = [*_refs(legible)]
    if len(refs) != len(set(refs)):
        raise UsageError(
            "this BOM cannot be written as XML: entries differ only in characters that "
            "XML cannot hold",
            hint=_HINT,
        )
    escapes = sum(len(_ILLEGAL.findall(each)) for each in texts)
    plural = "s"[: escapes != 1]
    return legible, (
        f"{escapes:,} control character{plural}, written as escapes such as `\\x01`",
    )


def _escaped(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return _ILLEGAL.sub(lambda x: ascii(x[0])[1:-1], value)
    if isinstance(value, list):
        return [_escaped(each) for each in value]
    if isinstance(value, dict):
        return {key: _escaped(each) for key, each in value.items()}
    return value


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield every text in *value*."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _refs(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield every `bom-ref` in *value*."""
    if isinstance(value, list | dict):
        if isinstance(value, dict) and isinstance(value.get("bom-ref"), str):
            yield value["bom-ref"]
        for each in value.values() if isinstance(value, dict) else value:
            yield from _refs(each)


def _unmixed(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return *value* with no licence expression beside other licences.

    CycloneDX 1.7 has them, and the library refuses them.
    """
    if isinstance(value, list):
        mixed = len(value) > 1 and any(
            isinstance(each, dict) and "expression" in each for each in value
        )
        kept = [each for each in value if not (mixed and "expression" in each)]
        return [_unmixed(each) for each in kept or value[:1]]
    if isinstance(value, dict):
        return {key: _unmixed(each) for key, each in value.items()}
    return value


def _known(document: _Object) -> _Object:
    """Return *document* without edges from or to what only a formula lists.

    The library knows no formulas, and refuses such edges.
    """
    formed = {*_refs(document.get("formulation", []))}
    if not formed:
        return document
    kept = []
    for each in document.get("dependencies", []):
        targets = {
            key: [ref for ref in each[key] if ref not in formed]
            for key in ("dependsOn", "provides")
            if key in each
        }
        if each["ref"] not in formed:
            kept.append(each | targets)
    return document | {"dependencies": kept}


def _grouped(whole: Counter[str], lost: Counter[str]) -> Iterator[str]:
    """Name the members that are lost: of one that is lost as a whole, nothing below."""
    before, after = _sums(whole), _sums(lost)
    gone = {path for path, times in after.items() if times == before[path]}
    for path in sorted(after):
        above = path.rpartition(".")[0]
        named = path in gone or path in lost
        if named and path not in _HEAD and not (above and above in gone):
            yield f"`{path}`: {after[path]:,} value{'s'[: after[path] != 1]}"


def _sums(leaves: Counter[str]) -> Counter[str]:
    """Count values by each member that they are below."""
    sums: Counter[str] = Counter()
    for path, times in leaves.items():
        steps = path.split(".")
        for length in range(1, len(steps) + 1):
            sums[".".join(steps[:length])] += times
    return sums


def _leaves(value: Any, path: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the path of every single value, without the places in lists."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, path)
    else:
        yield path
