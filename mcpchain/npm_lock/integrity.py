"""Which bytes a lock accepts for a package (W3C Subresource Integrity)."""

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
    digests: tuple[Digest, ...] = ()
    if key in node:
        with found.entry():
            digests = _digests(node.at(key))
    return artifacts(digests, address)


def artifacts(digests: tuple[Digest, ...], address: str) -> tuple[Artifact, ...]:
    """Return the files that have one of *digests* and lie at *address*."""
    name = address.rpartition("/")[2]
    return tuple(
        Artifact(name=name, digests=(digest,), url=address or None)
        for digest in dict.fromkeys(digests)
    )


def _digests(node: Node) -> tuple[Digest, ...]:
    text = node.optional_text()
    if text is None:
        return ()
    try:
        return Digest.parse_sri(text)
    except ValueError as error:
        raise node.malformed(str(error)) from None
