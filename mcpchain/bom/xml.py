"""Turn a document that we made into CycloneDX XML, as far as XML of it can be had.

cyclonedx-python-lib writes it, and drops in silence what its model has no place for:
model cards, compositions, newer fields of services. What it dropped of one document is
found out by comparison, returned, and said in the document itself.
"""

import json
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from mcpchain.bom import properties
from mcpchain.errors import UsageError

MOST: Final = 4000
"""How many components and services become XML: the library takes time that grows as
their number squared, half a minute for these and minutes for ten thousand."""
_HINT: Final = "write JSON; another tool may convert it"
_HEAD: Final = frozenset({"$schema", "metadata.timestamp"})

_Object = dict[str, Any]


def convert(document: _Object) -> tuple[bytes, tuple[str, ...]]:
    """Return *document* as XML, and a text for each kind of thing that is not in it.

    Raises:
        UsageError: It is too large, or holds what the library or XML cannot.
    """
    count = sum(1 for each in _leaves(document) if each.endswith(".bom-ref"))
    if count > MOST:
        raise UsageError(
            f"{count:,} components and services are too many for XML, which takes "
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
    bom = Bom.from_json(_unmixed(document))  # type: ignore[attr-defined] # made by serializable
    again = make_outputter(bom, OutputFormat.JSON, version).output_as_string()
    whole = Counter(_leaves(document))
    lacks = tuple(_grouped(whole, whole - Counter(_leaves(json.loads(again)))))
    for each in lacks:
        bom.metadata.properties.add(Property(name=properties.XML_LACKS, value=each))
    text = make_outputter(bom, OutputFormat.XML, version).output_as_string(indent=1)
    data = text.encode()
    ET.fromstring(data)  # noqa: S314 - made here; it only has to be XML
    return data, lacks


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


def _grouped(whole: Counter[str], lost: Counter[str]) -> Iterator[str]:
    """Name the members that are lost: of one that is lost as a whole, nothing below."""
    before, after = _sums(whole), _sums(lost)
    gone = {path for path, count in after.items() if count == before[path]}
    for path in sorted(after):
        above = path.rpartition(".")[0]
        named = path in gone or path in lost
        if named and path not in _HEAD and not (above and above in gone):
            yield f"`{path}`: {after[path]:,} value{'s'[: after[path] != 1]}"


def _sums(leaves: Counter[str]) -> Counter[str]:
    """Count values by each member that they are below."""
    sums: Counter[str] = Counter()
    for path, count in leaves.items():
        steps = path.split(".")
        for length in range(1, len(steps) + 1):
            sums[".".join(steps[:length])] += count
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
