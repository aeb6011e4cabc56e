"""Who stands for a file? From a file and its bundles to the answers."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain import trust
from mcpchain.bundle import keys
from mcpchain.bundle.parse import parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Artifact, Trust, verify
from mcpchain.errors import MalformedError, UsageError
from mcpchain.signature import Status, Verification

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_BUNDLES: Final = (".sigstore.json", ".sigstore", ".bundle")
_ATTESTATIONS: Final = (".publish.attestation", ".slsa.attestation", ".attestation")
_PROVENANCE: Final = ".provenance"
_LIMIT: Final = 32 << 20
_MESSAGE: Final = 1 << 30
"""How many bytes of an artifact a key is given that signs no digest."""
_DIGEST: Final = "sha256:"
_HEX: Final = 64
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Whom the user trusts."""

    expected: Expected | None = None
    key: "PublicKeyTypes | None" = None
    root: TrustedRoot | None = None
    """`None`: the public instance, as it came with mcpchain."""
    log_needed: bool = True


def read_key(path: Path) -> "PublicKeyTypes":
    """Return the public key in *path*.

    Raises:
        UsageError: There is none, or none that is accepted.
    """
    try:
        return keys.load(path.read_bytes()[:_LIMIT])
    except OSError as error:
        problem = f"`{path}` cannot be read: {error.strerror}"
    except ValueError:
        problem = f"`{path}` holds no public key that is accepted"
    raise UsageError(
        problem, hint="name a file that begins with `-----BEGIN PUBLIC KEY-----`"
    )


def read_root(path: Path) -> TrustedRoot:
    """Return the trusted root in *path*.

    Raises:
        UsageError: There is none.
    """
    hint = "name a file such as `gh attestation trusted-root` prints (a line of it)"
    try:
        return parse_root(path.read_bytes()[:_LIMIT], name=path.name)
    except OSError as error:
        problem = f"`{path}` cannot be read: {error.strerror}"
    except MalformedError as error:
        problem = f"`{path}` is no trusted root: {error}"
    raise UsageError(problem, hint=hint)


def verify_targets(
    targets: Sequence[str],
    bundles: Sequence[Path],
    terms: Terms,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Verification]:
    """Yield an answer for each bundle of each target, and one where there is none.

    Args:
        targets: Files, or `sha256:` and the digest of one that is elsewhere.
        bundles: The bundles to look at; empty: those beside the files.
        terms: Whom the user trusts.
        progress: Called with (bytes hashed, bytes in all).

    Raises:
        UsageError: A target is neither, or a digest has no bundle to go with it.
    """
    paths = [Path(each) for each in targets if not _is_digest(each)]
    total, done = sum(each.stat().st_size for each in paths if each.is_file()), 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if progress:
            progress(done, total)

    for target in targets:
        if _is_digest(target):
            artifact = Artifact(digests={"sha256": _hex(target)})
            found = bundles
            if not found:
                raise UsageError(
                    f"`{target}` is a digest, beside which no bundle can lie",
                    hint="name the bundle: `--bundle FILE`",
                )
        else:
            path = Path(target)
            found = bundles or _beside(path)
            artifact = _artifact(path, count)
        yield from _verified(target, artifact, found, terms)


def _is_digest(target: str) -> bool:
    return target.startswith(_DIGEST) and not Path(target).exists()


def _hex(target: str) -> bytes:
    value = target.removeprefix(_DIGEST)
    try:
        digest = bytes.fromhex(value) if len(value) == _HEX else b""
    except ValueError:
        digest = b""
    if not digest:
        raise UsageError(
            f"`{target[:140]}` is no SHA-256",
            hint="write `sha256:` and 64 hexadecimal digits",
        )
    return digest


def _artifact(path: Path, count: Callable[[int], None]) -> Artifact:
    if not path.is_file():
        raise UsageError(
            f"`{path}` is no file",
            hint="name a file that was signed, or `sha256:` and its digest",
        )
    state = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            state.update(block)
            count(len(block))

    def read() -> bytes:
        if path.stat().st_size > _MESSAGE:
            raise UsageError(
                f"`{path}` is too large for a key that signs no digest",
                hint="sign it with an ECDSA key",
            )
        return path.read_bytes()

    return Artifact(digests={"sha256": state.digest()}, read=read)


def _beside(path: Path) -> list[Path]:
    """Return the bundles that lie beside *path*, by the names that are in use."""
    suffixes = (*_BUNDLES, *_ATTESTATIONS, _PROVENANCE)
    candidates = [path.with_name(path.name + suffix) for suffix in suffixes]
    return [each for each in candidates if each.is_file()]


def _verified(
    target: str, artifact: Artifact, bundles: Sequence[Path], terms: Terms
) -> Iterator[Verification]:
    root = terms.root or trust.public_root()
    if not bundles:
        reason = "no bundle or attestation lies beside it"
        yield Verification(
            status=Status.MISSING, reason=reason, subject=target, root=str(root)
        )
    for path in bundles:
        subject = target if len(bundles) == 1 else f"{target} ({path.name})"
        try:
            data = _read(path)
            for found in _answers(target, path, data, artifact, terms, root):
                yield replace(found, subject=subject)
        except MalformedError as error:
            yield Verification(
                status=Status.INVALID,
                reason=f"`{path.name}` is no bundle: {error.pointer} {error.problem}",
                subject=subject,
                root=str(root),
            )
        except OSError as error:
            yield Verification(
                status=Status.ERROR,
                reason=f"`{path.name}` cannot be read: {error.strerror}",
                subject=subject,
                root=str(root),
            )


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise MalformedError(f"larger than {_LIMIT >> 20} MiB", source=path.name)
    return data


def _answers(
    target: str,
    path: Path,
    data: bytes,
    artifact: Artifact,
    terms: Terms,
    root: TrustedRoot,
) -> Iterator[Verification]:
    """Yield the answers for one file of bundles, by the form that its name says."""
    name = path.name
    if name.endswith((_PROVENANCE, *_ATTESTATIONS)):
        from mcpchain.verify import pep740

        if name.endswith(_PROVENANCE):
            attestations = pep740.read_provenance(data, source=name)
        else:
            attestations = (pep740.read_attestation(data, source=name),)
        # What lies beside a file names its publisher itself: that is nobody's word.
        bare = tuple(replace(each, publisher=None) for each in attestations)
        file = pep740.File(name=Path(target).name, sha256=artifact.digests["sha256"])
        yield from pep740.verify_all(bare, file, root, terms.expected)
        return
    given = Trust(
        root=root,
        expected=terms.expected,
        key=terms.key,
        log_needed=terms.log_needed,
    )
    lines = data.splitlines() if name.endswith(".jsonl") else [data]
    for line in lines:
        found = verify(parse(line, source=name), artifact, given)
        yield replace(found, expected_by="user" if terms.expected else "")
