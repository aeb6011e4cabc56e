"""What npm's registry signs, and the attestations that it keeps beside a package.

A registry signature says that the registry delivers these bytes under this name. The
publish attestation says so again, in a log. Provenance says who built them, and is the
only one of the three that somebody else than the registry has signed.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from packageurl import PackageURL

from mcpchain.bundle import keys
from mcpchain.bundle.parse import Bundle, binary
from mcpchain.bundle.parse import bundle as read_bundle
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import TrustedRoot, Window, moment, window
from mcpchain.bundle.verify import Artifact, Opinion, Trust, verify
from mcpchain.document import Node
from mcpchain.naming import npm_purl
from mcpchain.signature import Check, Status, Verification

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

SIGNATURE: Final = "npm-signature"
ATTESTATION: Final = "npm-attestation"
PUBLISH: Final = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
PROVENANCE: Final = (
    "https://slsa.dev/provenance/v1",
    "https://slsa.dev/provenance/v0.2",
)
_FOR_PACKAGES: Final = "npm:signatures"
_FOR_ATTESTATIONS: Final = "npm:attestations"
_USAGES: Final = (_FOR_PACKAGES, _FOR_ATTESTATIONS)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LIMIT: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of the registry."""

    id: str
    usage: str
    key: "PublicKeyTypes"
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What a signature should be about."""

    name: str
    version: str
    integrity: str
    """The Subresource Integrity value, as the packument has it."""
    sha512: bytes
    """Of the tarball."""
    published: dt.datetime | None = None
    """When, as the registry says; it decides only whether a key was old by then."""

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """One attestation of npm's, not yet verified."""

    predicate_type: str
    """As the registry says it; what is signed has to say the same."""
    bundle: Bundle


def read_keys(data: bytes, *, source: str) -> tuple[Key, ...]:
    """Read the keys of a registry, as TUF delivers them, or the registry itself.

    Raises:
        MalformedError: There are none, or one cannot be used.
    """
    node = Node.from_json(data, source=source)
    found: list[Key] = []
    for each in node.at("keys").elements():
        if each.at("keyid").exists:
            found += (_of_registry(each, usage) for usage in _USAGES)
            continue
        public = each.at("publicKey")
        found.append(
            Key(
                id=each.at("keyId").text(),
                usage=each.at("keyUsage").text(),
                key=_key(public.at("rawBytes")),
                window=window(public.at("validFor")),
            )
        )
    if not found:
        raise node.malformed("has no key in it")
    return tuple(found)


def _of_registry(node: Node, usage: str) -> Key:
    end = node.at("expires")
    return Key(
        id=node.at("keyid").text(),
        usage=usage,
        key=_key(node.at("key")),
        window=Window(start=_EPOCH, end=moment(end) if end.exists else None),
    )


def _key(node: Node) -> "PublicKeyTypes":
    try:
        return keys.load(binary(node))
    except ValueError as error:
        raise node.malformed(f"holds no key: {error}") from None


def verify_signatures(
    dist: Node, package: Package, known: tuple[Key, ...], root: str
) -> Verification:
    """Say whether the registry has signed *package*.

    Args:
        dist: The member of the manifest that may hold `signatures`.
        package: What they should be about.
        known: The keys of the registry.
        root: What the keys are called, with their digest.

    Raises:
        MalformedError: The signatures have not the shape of any.
    """
    told = Verification(
        status=Status.MISSING,
        reason="the registry that was asked gives no signature of it; a mirror may "
        "leave them out",
        kind=SIGNATURE,
        subject=package.title,
        root=root,
    )
    listed = [*dist.at("signatures").elements()]
    if len(listed) > _LIMIT:
        raise dist.at("signatures").malformed(f"more than {_LIMIT} signatures")
    message = f"{package.title}:{package.integrity}".encode()
    by_id = {each.id: each for each in known if each.usage == _FOR_PACKAGES}
    unknown = []
    for each in listed:
        name, signature = each.at("keyid").text(), binary(each.at("sig"))
        key = by_id.get(name)
        if key is None:
            unknown.append(name)
        elif not keys.holds(key.key, signature, message):
            return _ended(told, Status.INVALID, "the registry's signature is wrong")
        elif package.published is not None and package.published not in key.window:
            reason = f"it was published when the key `{name[:80]}` was not valid"
            return _ended(told, Status.INVALID, reason)
        else:
            reason = f"the registry has signed it with `{name[:80]}`"
            told = replace(
                _ended(told, Status.VERIFIED, reason), key=keys.fingerprint(key.key)
            )
    if told.status is Status.MISSING and unknown:
        reason = f"the key `{unknown[0][:80]}` of the registry is not known here"
        return _ended(told, Status.UNVERIFIABLE, reason)
    return told


def _ended(told: Verification, status: Status, reason: str) -> Verification:
    check = Check(id="signature", ok=status is Status.VERIFIED, detail=reason)
    return replace(told, status=status, reason=reason, checks=(*told.checks, check))


def read_attestations(data: bytes, *, source: str) -> tuple[Attestation, ...]:
    """Read a reply with attestations, at least one.

    Raises:
        MalformedError: It is none, or has none: an empty list verifies nothing.
    """
    node = Node.from_json(data, source=source)
    listed = [*node.at("attestations").elements()]
    if not listed:
        raise node.malformed("has no attestation in it")
    if len(listed) > _LIMIT:
        raise node.malformed(f"more than {_LIMIT} attestations")
    return tuple(
        Attestation(
            predicate_type=each.at("predicateType").text(),
            bundle=read_bundle(each.at("bundle")),
        )
        for each in listed
    )


def verify_attestations(
    attestations: tuple[Attestation, ...],
    package: Package,
    known: tuple[Key, ...],
    root: TrustedRoot,
    expected: Expected | None,
    opinion: Opinion | None = None,
) -> Iterator[Verification]:
    """Yield the answer for each of *attestations*, all of which have to hold.

    Args:
        attestations: Those of the package.
        package: What they should be about.
        known: The keys of the registry.
        root: Whom to trust for certificates and logs.
        expected: Whom the user expects to have built it.
        opinion: Asked about each of them besides.
    """
    by_id = {each.id: each for each in known if each.usage == _FOR_ATTESTATIONS}
    for each in attestations:
        by_key = each.predicate_type == PUBLISH
        key = by_id.get(each.bundle.key_hint or "") if by_key else None
        if by_key and key is None:
            hint = (each.bundle.key_hint or "")[:80]
            reason = f"the key `{hint}` of the registry is not known here"
            yield _told(_unverifiable(reason, root), each, package)
            continue
        found = verify(
            each.bundle,
            Artifact(digests={"sha512": package.sha512}),
            Trust(
                root=root,
                expected=None if by_key else expected,
                key=key.key if key else None,
                predicate_types=(PUBLISH,) if by_key else PROVENANCE,
                opinion=opinion,
            ),
        )
        found = replace(found, expected_by="user" if expected and not by_key else "")
        if found.status is Status.VERIFIED:
            found = _checked(found, each, package, key)
        yield _told(found, each, package)


def _unverifiable(reason: str, root: TrustedRoot) -> Verification:
    check = Check(id="material", ok=False, detail=reason)
    return Verification(
        status=Status.UNVERIFIABLE, reason=reason, checks=(check,), root=str(root)
    )


def _told(found: Verification, each: Attestation, package: Package) -> Verification:
    what = "publish" if each.predicate_type == PUBLISH else "provenance"
    return replace(found, kind=f"{ATTESTATION}-{what}", subject=package.title)


def _checked(
    found: Verification, each: Attestation, package: Package, key: Key | None
) -> Verification:
    """Check what is npm's own: kind, name of the package, and age of the key."""
    statement = found.statement
    said = statement.predicate_type if statement else ""
    names = {subject.name for subject in statement.subjects} if statement else set()
    problem = ""
    if said != each.predicate_type:
        problem = f"it is a `{said[:140]}`, and the registry calls it otherwise"
    elif not any(_names(name, package) for name in names):
        problem = f"it is about `{min(names, default='')[:140]}`"
    elif key is not None and not found.times:
        problem = "nobody has signed for when it was made, so that its key may be old"
    elif key is not None and not all(t.time in key.window for t in found.times):
        problem = f"the key `{key.id[:80]}` was not valid when it was made"
    if not problem:
        return found
    check = Check(id="statement", ok=False, detail=problem)
    return replace(
        found,
        status=Status.INVALID,
        reason=problem,
        checks=(*found.checks, check),
    )


def _names(text: str, package: Package) -> bool:
    try:
        found = PackageURL.from_string(text)
        return found == npm_purl(package.name, package.version)
    except ValueError:
        return False
