"""Whose signature counts: what a user says of the signer, each field for itself.

A field is compared whole, or by a glob with `*`. There are no regular expressions: an
unescaped dot or a missing anchor has made a stranger trusted more than once.
"""

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mcpchain.signature import Identity, SanKind

_FOLDED: Final = ("github.com/", "gitlab.com/")
"""Hosts on which the names of owners and repositories have no case."""
_WORKFLOWS: Final = ".github/workflows/"
"""Where GitHub wants all of them, so that a bare name says enough."""
_GLOB: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must be true of the signer. Empty: it does not matter.

    Raises:
        ValueError: No issuer is named, or nothing but an issuer.
    """

    issuer: str
    """Without it nothing else means anything: anybody can run one that says so."""
    san: str = ""
    kind: SanKind | None = None
    repository: str = ""
    """The source repository: an address, or `owner/name` on the host of the issuer."""
    workflow: str = ""
    """The workflow that signed: its path, the name of a file in `.github/workflows`, or
    its whole address without the ref."""
    ref: str = ""
    runner: str = ""
    trigger: str = ""
    repository_id: str = ""
    owner_id: str = ""

    def __post_init__(self) -> None:
        if not self.issuer:
            raise ValueError("name the issuer that vouches for the identity")
        if not any((self.san, self.repository, self.repository_id, self.owner_id)):
            raise ValueError(
                "an issuer alone is no identity: name a subject or a repository"
            )
        if _GLOB.search(self.issuer):
            raise ValueError("the issuer has to be named whole")

    def differences(self, found: Identity) -> Iterator[str]:
        """Yield each thing in which *found* is not what is expected."""
        if found.issuer != self.issuer:
            yield _differs("issuer", self.issuer, found.issuer)
        if self.kind is not None and found.kind is not self.kind:
            yield _differs("kind of subject", self.kind.value, found.kind.value)
        if self.san and not _fits(self.san, found.san):
            yield _differs("subject", self.san, found.san)
        if self.repository and not _same_repository(self.repository, found.repository):
            yield _differs("repository", self.repository, found.repository)
        if self.workflow and not _same_workflow(self.workflow, found):
            yield _differs(
                "workflow", self.workflow, found.signer_workflow or found.san
            )
        for name in ("ref", "runner", "trigger", "repository_id", "owner_id"):
            wanted, got = getattr(self, name), getattr(found, name)
            if wanted and not _fits(wanted, got):
                yield _differs(name.replace("_", " "), wanted, got)


def _differs(what: str, wanted: str, got: str) -> str:
    return f"{what} is `{got[:200]}`, not `{wanted[:200]}`"


def _fits(wanted: str, got: str) -> bool:
    """Compare whole, or by a glob; nothing at all fits no glob."""
    if not got:
        return False
    return got == wanted or bool(
        _GLOB.search(wanted) and fnmatch.fnmatchcase(got, wanted)
    )


def _same_repository(wanted: str, got: str) -> bool:
    """Compare addresses; `owner/name` is on the host of the certificate.

    Some issuers leave the scheme out. Any other than https stays another address.
    """
    wanted, got = (
        each.removeprefix("https://").removesuffix(".git").rstrip("/")
        for each in (wanted, got)
    )
    if wanted.count("/") == 1 and "://" not in wanted:
        wanted = f"{got.partition('/')[0]}/{wanted}"
    if got.lower().startswith(_FOLDED):
        wanted, got = wanted.lower(), got.lower()
    return _fits(wanted, got)


def _same_workflow(wanted: str, found: Identity) -> bool:
    if "/" not in wanted and _fits(f"{_WORKFLOWS}{wanted}", found.signer_path):
        return True
    if "://" not in wanted:
        return _fits(wanted, found.signer_path)
    return _fits(wanted, f"{found.signer_repository}/{found.signer_path}")
