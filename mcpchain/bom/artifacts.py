"""The files that a component may be, as hashes and distributions, and back."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.bom.entry import Entry
from mcpchain.bom.iri import iri

ALGORITHMS: Final = {
    Algorithm.MD5: "MD5",
    Algorithm.SHA1: "SHA-1",
    Algorithm.SHA256: "SHA-256",
    Algorithm.SHA384: "SHA-384",
    Algorithm.SHA512: "SHA-512",
}
"""The digest algorithms as CycloneDX spells them."""
_ALGORITHMS: Final = {spelt: each for each, spelt in ALGORITHMS.items()}
NO_ADDRESS: Final = "urn:mcpchain:artifact:"
"""Begins the address, which CycloneDX demands, of a file that has none."""
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False).encode

_Object = dict[str, Any]


def hashes(digests: tuple[Digest, ...]) -> list[_Object]:
    """Return *digests* as CycloneDX has them."""
    return [{"alg": ALGORITHMS[d.algorithm], "content": d.value} for d in digests]


def all_hashes(artifacts: tuple[Artifact, ...]) -> list[_Object]:
    """Return the digests of everything that the component may be, each once.

    Most readers look at no others than those of the component itself.
    """
    return hashes(tuple(dict.fromkeys(d for each in artifacts for d in each.digests)))


def distributions(artifacts: tuple[Artifact, ...], *, inline: bool) -> list[_Object]:
    """Return a reference for each artifact, in their order.

    Args:
        artifacts: What the component may be.
        inline: A component holds the digests of its only artifact itself, and an
            artifact of which there is nothing else to say needs no reference.
    """
    single = inline and len(artifacts) == 1
    if single and artifacts[0].digests and artifacts[0] == _only_digests(artifacts[0]):
        return []
    references = []
    for index, artifact in enumerate(artifacts):
        facts = _facts(artifact)
        url = f"{NO_ADDRESS}{index}"
        if artifact.url is not None:
            url = iri(artifact.url)
            if url != artifact.url:
                facts["url"] = artifact.url
        reference: _Object = {"type": "distribution", "url": url}
        if facts:
            reference["comment"] = _ENCODE(facts)
        if artifact.digests and not single:
            reference["hashes"] = hashes(artifact.digests)
        references.append(reference)
    return references


def _only_digests(artifact: Artifact) -> Artifact:
    return Artifact(digests=artifact.digests)


def _facts(artifact: Artifact) -> _Object:
    facts: _Object = {}
    if artifact.name:
        facts["name"] = artifact.name
    if artifact.size is not None:
        facts["size"] = artifact.size
    if artifact.published is not None:
        facts["published"] = artifact.published.isoformat()
    if artifact.withdrawn is not None:
        facts["withdrawn"] = artifact.withdrawn
    return facts


def read(entry: Entry) -> tuple[Artifact, ...]:
    """Read artifacts. The digests of a single one stand on the component alone.

    Raises:
        MalformedError: They are not as we write them.
    """
    digests = tuple(digest(each) for each in entry.entries("hashes"))
    found = tuple(distribution(each) for each in references(entry))
    if not digests:
        return found
    if not found:
        return (Artifact(digests=digests),)
    if len(found) > 1 and {*digests} == {d for each in found for d in each.digests}:
        return found
    if len(found) > 1 or found[0].digests:
        raise entry.malformed("`hashes` and the distributions name different files")
    return (replace(found[0], digests=digests),)


def references(entry: Entry) -> Iterator[Entry]:
    """Yield the external references that are distributions."""
    for each in entry.entries("externalReferences"):
        if each.text("type") == "distribution":
            yield each


def distribution(entry: Entry) -> Artifact:
    """Read one distribution that we wrote.

    Raises:
        MalformedError: It is not as we write it.
    """
    shown = entry.required("url")
    digests = tuple(digest(each) for each in entry.entries("hashes"))
    url = None if shown.startswith(NO_ADDRESS) else shown
    text = entry.text("comment")
    if text is None:
        return Artifact(url=url, digests=digests)
    facts = Entry.from_text(text, entry)
    real = facts.text("url")
    if real is not None and iri(real) != shown:
        raise entry.malformed("`url` and the comment name different addresses")
    published = facts.text("published")
    return Artifact(
        name=facts.text("name") or "",
        digests=digests,
        url=url if real is None else real,
        size=facts.integer("size"),
        published=None if published is None else _moment(published, entry),
        withdrawn=facts.text("withdrawn"),
    )


def digest(entry: Entry) -> Digest:
    """Read one hash.

    Raises:
        MalformedError: Its algorithm is none that we know, or its length is wrong.
    """
    name = entry.required("alg")
    algorithm = _ALGORITHMS.get(name)
    if algorithm is None:
        raise entry.malformed(f"`{name[:40]}` is no digest algorithm that is read")
    try:
        return Digest(algorithm=algorithm, value=entry.required("content").lower())
    except ValueError as error:
        raise entry.malformed(str(error)) from error


def _moment(text: str, entry: Entry) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise entry.malformed(f"`{text[:40]}` is not a time") from error
