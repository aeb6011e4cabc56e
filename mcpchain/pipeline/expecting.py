"""Whom does the user expect? From what is said of that to terms that can be verified.

There are four ways to name somebody, and each is about another kind of signature. Two
of them at once say two things, of which one would not be looked at: that is refused.
"""

import datetime as dt
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain.bundle import keys
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.statement import PREDICATES
from mcpchain.errors import UsageError
from mcpchain.pipeline.verification import Terms
from mcpchain.signature import GITHUB, GITLAB, Demand

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
    from cryptography.x509 import Certificate

    from mcpchain.bundle.private import PrivateAuthority
    from mcpchain.bundle.verify import Opinion
    from mcpchain.pipeline.trusting import Chosen

_KEY: Final = 1 << 20
_REPOSITORY: Final = re.compile(r"(?:https://[^/\s]+/)?[^/\s]+(?:/[^/\s]+)+")
_TENANT: Final = re.compile(r"https://([a-z0-9-]+\.ghe\.com)/")
_OFF: Final = "off"


def _issuer(repository: str) -> str:
    """Return who vouches for what is built of it."""
    if repository.startswith(f"{GITLAB}/"):
        return GITLAB
    tenant = _TENANT.match(repository)
    return f"https://token.actions.{tenant[1]}" if tenant else GITHUB


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """Whom a user expects to have signed, as the options of a command say it."""

    identity: str = ""
    issuer: str = ""
    repository: str = ""
    workflow: str = ""
    ref: str = ""
    predicate_type: str = ""
    key: Path | None = None
    ca: Path | None = None
    certificate: Path | None = None
    no_log: bool = False
    ignored: tuple[str, ...] = ()
    trusted_root: Path | None = None
    root: str = ""
    second_opinion: str = _OFF

    def check(self) -> None:
        """Refuse what would say two things.

        Raises:
            UsageError: It does.
        """
        identity = self._identity
        if self.ca and (self.key or any(each != "--identity" for each in identity)):
            raise UsageError(
                "`--ca` stands in place of an issuer, a repository and a key",
                hint="name, besides, only whom it has certified: `--identity`",
            )
        if self.key and identity:
            raise UsageError(
                f"a key has no identity: `--key` and `{identity[0]}` exclude each "
                "other",
                hint="name the key, or whom a certificate has to be of",
            )
        if self.certificate and (others := self._beside_certificate):
            raise UsageError(
                f"`--certificate` says by itself who signs MCP bundles, and `{others}` "
                "says it too",
                hint="name one of the two; what is signed otherwise, verify by itself",
            )
        if self.no_log and not self.key:
            raise UsageError(
                "`--no-log` is for signatures by a key",
                hint="name the key: `--key`",
            )
        if self.trusted_root and self.root:
            raise UsageError(
                "`--root` and `--trusted-root` say the same in two ways",
                hint="name a root, or a file",
            )
        if (self.ca or self.certificate) and (self.trusted_root or self.root):
            told = "--ca" if self.ca else "--certificate"
            raise UsageError(
                f"`{told}` stands in place of a trusted root",
                hint="leave out the root, or the certificates",
            )

    def at(self, home: str) -> "Expectations":
        """Return the same, where `OWNER/NAME` is on the GitHub of the user's own.

        Args:
            home: The host of that; empty: there is none.
        """
        bare = self.repository.count("/") == 1
        if not home or home == "github.com" or not bare or self.issuer:
            return self
        return replace(self, repository=f"https://{home.lower()}/{self.repository}")

    @property
    def _identity(self) -> list[str]:
        """The options that say something of the identity in a certificate."""
        names = ("identity", "issuer", "repository", "workflow", "ref")
        return [f"--{name}" for name in names if getattr(self, name)]

    @property
    def _beside_certificate(self) -> str:
        keys = [f"--{name}" for name in ("key", "ca") if getattr(self, name)]
        return next(iter((*keys, *self._identity)), "")

    @property
    def private(self) -> str:
        """The option that names somebody whom no registry and no hub knows."""
        names = ("key", "ca", "certificate")
        return next((f"--{name}" for name in names if getattr(self, name)), "")

    @property
    def named(self) -> str:
        """The first option that names somebody; empty: nobody is named."""
        return self.private or next(iter(self._identity), "")

    def expected(self) -> Expected | None:
        """Return which identity is expected; `None`: none.

        Raises:
            UsageError: It is none that could be compared.
        """
        if self.ca or not self._identity:
            return None
        repository, issuer = self.repository, self.issuer
        if repository and not _REPOSITORY.fullmatch(repository):
            raise UsageError(
                f"`--repository {repository[:140]}` is no repository",
                hint="write `OWNER/NAME`, or its address: `https://HOST/OWNER/NAME`",
            )
        if not issuer and repository and not self.identity:
            issuer = _issuer(repository)
        try:
            return Expected(
                issuer=issuer,
                san=self.identity,
                repository=repository,
                workflow=self.workflow,
                ref=self.ref,
            )
        except ValueError as error:
            raise UsageError(
                str(error),
                hint="`--repository OWNER/NAME`, or `--identity` and `--issuer`",
            ) from None

    def terms(self, chosen: "Chosen", now: dt.datetime) -> Terms:
        """Return the terms, with whatever the files that are named hold.

        Args:
            chosen: The trusted root.
            now: The time on the wall.

        Raises:
            UsageError: One of them cannot be used.
        """
        return Terms(
            expected=self.expected(),
            key=_key(self.key) if self.key else None,
            root=chosen.root,
            opinion=self._opinion(chosen.data),
            log_needed=not self.no_log,
            predicate_types=_statements(self.predicate_type),
            authority=self._authority(now),
            ignored=self._ignored(),
            certificates=self._certificates(),
            now=now,
        )

    def _opinion(self, root: bytes) -> "Opinion | None":
        if self.second_opinion == _OFF:
            return None
        from mcpchain.verify.second_opinion import SecondOpinion

        return SecondOpinion(root, Demand(self.second_opinion))

    def _authority(self, now: dt.datetime) -> "PrivateAuthority | None":
        if self.ca is None:
            return None
        from mcpchain.pipeline.model_signatures import read_authority

        return read_authority(self.ca, now, self.identity)

    def _ignored(self) -> tuple[str, ...]:
        if not self.ignored:
            return ()
        from mcpchain.pipeline.model_signatures import paths

        return paths(self.ignored)

    def _certificates(self) -> "tuple[Certificate, ...]":
        if self.certificate is None:
            return ()
        from mcpchain.pipeline.mcp_bundles import read_certificates

        return read_certificates(self.certificate)


def _statements(name: str) -> tuple[str, ...]:
    if not name:
        return ()
    kind = PREDICATES.get(name, name)
    if ":" not in kind:
        raise UsageError(
            f"`--predicate-type {name[:140]}` is no type of statement",
            hint=f"one of {', '.join(PREDICATES)}, or its address: `https://...`",
        )
    return (kind,)


def _key(path: Path) -> "PublicKeyTypes":
    """Return the public key in *path*.

    Raises:
        UsageError: There is none, or none that is accepted.
    """
    try:
        return keys.load(path.read_bytes()[:_KEY])
    except OSError as error:
        problem = f"`{path}` cannot be read: {error.strerror}"
    except ValueError:
        problem = f"`{path}` holds no public key that is accepted"
    raise UsageError(
        problem, hint="name a file that begins with `-----BEGIN PUBLIC KEY-----`"
    )
