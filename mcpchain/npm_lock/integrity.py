"""Which bytes a lock accepts for a package (W3C Subresource Integrity)."""

from contextlib import suppress

from mcpchain.artifact import Artifact, Digest
from mcpchain.document import Node
from mcpchain.inventory import Collector


def artifacts_of(
    node: Node, key: str, address: str, found: Collector
) -> tuple[Artifact, ...]:
    """Read an integrity value. A bad one is a gap, and accepts nothing.

    Args:
        node: The entry of the package.
        key: Where in it the value is.
        address: Where the tarball is, if the lock says so.
        found: Gets the gap.
    """
    return artifacts(digests_of(node, key, found), address)


def digests_of(node: Node, key: str, found: Collector) -> tuple[Digest, ...]:
    """Read an integrity value. A bad one is a gap, and accepts nothing."""
    digests: tuple[Digest, ...] = ()
    value = node.value.get(key)
    if isinstance(value, str) and type(node.value) is dict:
        with suppress(ValueError):
            return Digest.parse_sri(value)
    if key in node.value:
        with found.entry():
            digests = digests_at(node.at(key))
    return digests


def artifacts(digests: tuple[Digest, ...], address: str) -> tuple[Artifact, ...]:
    """Return the files that have one of *digests* and lie at *address*."""
    name = address.rpartition("/")[2]
    if len(digests) == 1:
        return (Artifact(name=name, digests=digests, url=address or None),)
    return tuple(
        Artifact(name=name, digests=(digest,), url=address or None)
        for digest in dict.fromkeys(digests)
    )


def digests_at(node: Node) -> tuple[Digest, ...]:
    """Read an integrity value; none of nothing.

    Raises:
        MalformedError: It is none.
    """
    text = node.optional_text()
    if text is None:
        return ()
    try:
        return Digest.parse_sri(text)
    except ValueError as error:
        raise node.malformed(str(error)) from None
