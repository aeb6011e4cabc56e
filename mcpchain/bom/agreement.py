"""Hold what an entry of ours is read as against what stands in its place.

An entry that carries the words of another BOM says twice what it is: in those words, as
every other tool reads them, and in a property, as we do. Were the two about different
things, people would be shown one and a judge another.
"""

from mcpchain.bom.entry import Entry
from mcpchain.bom.foreign import Foreign
from mcpchain.bom.marks import UNNAMED
from mcpchain.bom.tally import Tally
from mcpchain.component import Component, Kind, ServerFacts
from mcpchain.inventory import Collector


def check(entry: Entry, read_as: Component, *, service: bool = False) -> None:
    """Check that *entry* names what *read_as* names.

    Args:
        entry: As it stands in the document.
        read_as: What it was read as.
        service: It is a service.

    Raises:
        MalformedError: It names something else, or bytes that *read_as* does not have.
    """
    foreign = Foreign(Collector(entry.source), Tally(entry.source))
    shown = foreign.service(entry) if service else foreign.component(entry)
    same = (shown.version, _address(shown)) == (read_as.version, _address(read_as))
    if not service:
        same &= shown.purl == read_as.purl and _bytes(shown) <= _bytes(read_as)
    if read_as.purl is None or service:
        same &= shown.name == (read_as.name or UNNAMED)
    if not same:
        raise entry.malformed("it is read as something else than it shows")


def _address(component: Component) -> str | None:
    facts = component.facts
    if component.kind is Kind.MCP_SERVER and isinstance(facts, ServerFacts):
        return facts.endpoint
    return None


def _bytes(component: Component) -> set[str]:
    return {str(d) for each in component.artifacts for d in each.digests}
