"""What came of looking at one signature. Six answers, never collapsed into two."""

import datetime as dt
import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

GITHUB: Final = "https://token.actions.githubusercontent.com"
"""Who vouches for workflows there, as `Identity.issuer` has it."""
GITLAB: Final = "https://gitlab.com"
_WORKFLOW: Final = re.compile(
    r"(?P<repository>https://[^/@\s]+(?:/[^/@\s]+)+?)"
    r"(?:/(?=\.github/workflows/)|//)(?P<path>[^@\s]+)@(?P<ref>\S+)"
)
"""`https://github.com/O/R/.github/workflows/W@ref`, or GitLab's with two slashes."""


@enum.unique
class Status(enum.Enum):
    """The answer to: who stands for these bytes? Only the first is a yes."""

    VERIFIED = "verified"
    """The signature holds, and it is of whom the user asked for."""
    INVALID = "invalid"
    """Something that is signed, logged or certified does not hold."""
    UNTRUSTED_IDENTITY = "untrusted-identity"
    """The signature holds, and it is somebody else's."""
    UNVERIFIABLE = "unverifiable"
    """It cannot be told here: a root that is too old, a format that is not read."""
    MISSING = "missing"
    """Nobody signed it, as far as could be looked."""
    ERROR = "error"
    """We could not look: the network, a file, a limit."""


@enum.unique
class Demand(enum.Enum):
    """Whether a second opinion is asked for."""

    REQUIRED = "required"
    """What they cannot be asked about is not verified."""
    WHEN_SUPPORTED = "when-supported"
    OFF = "off"


@enum.unique
class SanKind(enum.Enum):
    """Which kind of name the certificate is for. Equal texts of two kinds differ."""

    EMAIL = "email"
    URI = "uri"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a certificate says of the signer. Empty: it does not say."""

    issuer: str
    """Who vouches for it: the OpenID Connect issuer."""
    san: str
    """The subject alternative name: the workflow that signed, or a person."""
    kind: SanKind
    repository: str = ""
    """The source repository that was built, as an address (.12)."""
    commit: str = ""
    """Its commit (.13)."""
    ref: str = ""
    """Its branch or tag (.14)."""
    repository_id: str = ""
    owner: str = ""
    owner_id: str = ""
    signer_workflow: str = ""
    """The workflow that signed (.9); of a reusable one that of another repository."""
    signer_digest: str = ""
    build_config: str = ""
    """The workflow that was started, and called the other (.18)."""
    build_config_digest: str = ""
    runner: str = ""
    """`github-hosted` or `self-hosted` (.11)."""
    trigger: str = ""
    run: str = ""
    visibility: str = ""
    environment: str = ""

    @property
    def signer_repository(self) -> str:
        """The repository of the workflow that signed; empty if it is none."""
        found = _WORKFLOW.fullmatch(self.signer_workflow or self.san)
        return found["repository"] if found else ""

    @property
    def signer_path(self) -> str:
        """The path of that workflow in its repository."""
        found = _WORKFLOW.fullmatch(self.signer_workflow or self.san)
        return found["path"] if found else ""

    @property
    def started_path(self) -> str:
        """The path of the workflow that was started, in the source repository."""
        found = _WORKFLOW.fullmatch(self.build_config)
        return found["path"] if found else ""

    @property
    def signer_ref(self) -> str:
        """The branch, tag or commit of that workflow."""
        found = _WORKFLOW.fullmatch(self.signer_workflow or self.san)
        return found["ref"] if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something that a statement is about."""

    name: str
    digests: Mapping[str, str]
    """Hexadecimal, by the algorithm's name as written: `sha256`, `gitCommit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a signer says of its subjects: unsigned until its envelope is verified."""

    type: str
    predicate_type: str
    subjects: tuple[Subject, ...]
    predicate: Any
    """JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One step of a verification, and what came of it."""

    id: str
    """`signature`, `log`, `time`, `chain`, `sct`, `identity`, `statement`, ..."""
    ok: bool
    detail: str
    """What was compared with what, for a reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTime:
    """A time that somebody whom the root trusts has signed."""

    source: str
    """`log` or `timestamp`, and whose."""
    time: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The answer for one signature, and all that it rests on."""

    status: Status
    reason: str
    """Why it is that answer, in one sentence; the failed check's words."""
    checks: tuple[Check, ...] = ()
    """In the order in which they were made. After one that failed none is made."""
    identity: Identity | None = None
    """Who the certificate says signed; believed only if `status` is `VERIFIED` or
    `UNTRUSTED_IDENTITY`."""
    key: str = ""
    """SHA-256 of the public key (SubjectPublicKeyInfo), where a managed key signed."""
    times: tuple[SignedTime, ...] = ()
    root: str = ""
    """Which trusted root was used: its name and SHA-256."""
    expected_by: str = ""
    """Who says whom to expect: the `user`, whose are policies and locks, or the `index`
    that delivers the file. Empty: nobody."""
    kind: str = "sigstore-bundle"
    """What was verified: `sigstore-bundle`, `pep740`, `npm-signature`, ..."""
    subject: str = ""
    """What it is about, for a reader: a file, a purl, a digest."""
    notes: tuple[str, ...] = ()
    """What a reader has to know besides: of what it says nothing, though it may seem
    so."""
    statement: Statement | None = field(default=None, repr=False)
    """What the envelope says; believed as little as `identity`."""
    sha256: str = ""
    """Of the bytes of the statement."""
    target: str = ""
    """What the user named: a path, a purl or a digest."""
    bundle: str = ""
    """The path of the file that the signature is in; empty: it is in none beside it."""
    bytes_sha256: str = ""
    """Of the bytes that it has to be about, where they were looked at."""

    def __bool__(self) -> bool:
        """Say whether it is a yes."""
        return self.status is Status.VERIFIED
