"""What comes of the files of bundles that are named for a file, or lie beside it?"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain.bundle.parse import parse
from mcpchain.bundle.verify import Artifact, another, verify
from mcpchain.errors import MalformedError
from mcpchain.signature import Check, Status, Verification

if TYPE_CHECKING:
    from mcpchain.pipeline.model_signatures import Given
    from mcpchain.pipeline.verification import Terms

ATTESTATIONS: Final = (".publish.attestation", ".slsa.attestation", ".attestation")
PROVENANCE: Final = ".provenance"
_LIMIT: Final = 32 << 20


def answers(
    target: str,
    bundles: Sequence[Path],
    what: "Artifact | Given",
    terms: "Terms",
    count: Callable[[int], None],
) -> Iterator[Verification]:
    """Yield the answer for each bundle.

    Where one kind of statement is meant, others are left aside; if there are only
    others, each says so.

    Args:
        target: The file, or its digest.
        bundles: What is looked at.
        what: What each of them has to be about.
        terms: Whom the user trusts, and for what.
        count: Called with the number of further bytes hashed.
    """
    found = [*_all(target, bundles, what, terms, count)]
    others = [each for each in found if each.status is Status.MISSING]
    if not terms.predicate_types or len(others) in {0, len(found)}:
        yield from found
        return
    kinds = Counter(each.reason for each in others)
    listed = "; ".join(f"{reason} ({kinds[reason]})" for reason in sorted(kinds)[:5])
    more = f"; and {len(kinds) - 5} kinds more" * (len(kinds) > 5)  # noqa: PLR2004
    note = f"left aside: {listed}{more}"
    for each in found:
        if each not in others:
            yield replace(each, notes=(*each.notes, note))


def _all(
    target: str,
    bundles: Sequence[Path],
    what: "Artifact | Given",
    terms: "Terms",
    count: Callable[[int], None],
) -> Iterator[Verification]:
    origin = str(terms.authority or terms.trust.root)
    digest = what.digests["sha256"].hex() if isinstance(what, Artifact) else ""
    for path in bundles:
        told = target if len(bundles) == 1 else f"{target} ({path.name})"
        for found in _of_file(target, path, what, terms, count):
            yield replace(
                found,
                subject=told,
                root=found.root or origin,
                bundle=str(path),
                bytes_sha256=digest,
            )


def _of_file(
    target: str,
    path: Path,
    what: "Artifact | Given",
    terms: "Terms",
    count: Callable[[int], None],
) -> Iterator[Verification]:
    """Yield the answers for one file of bundles, whatever is in it."""
    try:
        yield from _answers(target, path, read_file(path), what, terms, count)
    except MalformedError as error:
        place = f"{error.pointer}: " if error.pointer else ""
        reason = f"`{path.name}` is no bundle that is read: {place}{error.problem}"
        check = Check(id="bundle", ok=False, detail=reason)
        status = Status.UNVERIFIABLE
        yield Verification(status=status, reason=reason, checks=(check,))
    except OSError as error:
        reason = f"`{path.name}` cannot be read: {error.strerror}"
        yield Verification(status=Status.ERROR, reason=reason)


def read_file(path: Path) -> bytes:
    """Return all of a file of bundles.

    Raises:
        MalformedError: It is larger than any is.
        OSError: It cannot be read.
    """
    with path.open("rb") as stream:
        data = stream.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise MalformedError(f"larger than {_LIMIT >> 20} MiB", source=path.name)
    return data


def _answers(
    target: str,
    path: Path,
    data: bytes,
    what: "Artifact | Given",
    terms: "Terms",
    count: Callable[[int], None],
) -> Iterator[Verification]:
    """Yield the answers for one file of bundles, by the form that its name says."""
    name, given = path.name, terms.trust
    by = "user" if terms.expected else ""
    if not isinstance(what, Artifact):
        from mcpchain.pipeline.model_signatures import answer

        found = answer(data, name, what, given, count)
        yield replace(found, expected_by=by)
        return
    if name.endswith((PROVENANCE, *ATTESTATIONS)):
        from mcpchain.verify import pep740

        if name.endswith(PROVENANCE):
            attestations = pep740.read_provenance(data, source=name)
        else:
            attestations = (pep740.read_attestation(data, source=name),)
        # What lies beside a file names its publisher itself: that is nobody's word.
        bare = []
        for each in attestations:
            if other := another(each.bundle, given.predicate_types):
                yield Verification(status=Status.MISSING, reason=other)
            else:
                bare.append(replace(each, publisher=None))
        file = pep740.File(name=Path(target).name, sha256=what.digests["sha256"])
        yield from pep740.verify_all(
            tuple(bare), file, given.root, terms.expected, terms.opinion
        )
        return
    lines = data.splitlines() if name.endswith(".jsonl") else [data]
    for line in lines:
        bundle = parse(line, source=name)
        if other := another(bundle, given.predicate_types):
            yield Verification(status=Status.MISSING, reason=other)
        else:
            yield replace(verify(bundle, what, given), expected_by=by)
