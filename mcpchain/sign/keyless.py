"""Signing without a key of one's own, by sigstore-python.

An identity token says who somebody is. The certificate authority of a Sigstore instance
certifies a key for it that lives for one run, and the log of the instance keeps what
was signed. The token is shown to that authority and to nobody else.
"""

import base64
import binascii
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Artifact, Trust
from mcpchain.document import Node
from mcpchain.errors import MalformedError, UnavailableError, UsageError
from mcpchain.printable import printable
from mcpchain.signature import SanKind

if TYPE_CHECKING:
    from sigstore.models import Bundle, ClientTrustConfig
    from sigstore.oidc import IdentityToken
    from sigstore.sign import Signer as TheirSigner

_T = TypeVar("_T")
_LOGIN: Final = 600.0
_TUF: Final = 120.0
"""Seconds."""
_WHY: Final = {
    "ExpiredSignatureError": "it has expired",
    "NoneType": "it is not valid now, or says too little",
    "InvalidAudienceError": "it is for another audience than `sigstore`",
    "MissingRequiredClaimError": "it lacks one of aud, exp, iat, iss and sub",
}
_ASK_AGAIN: Final = "get a new token for the audience `sigstore`"
_PATTERN: Final = frozenset("*?[")
"""What would be read as a pattern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A Sigstore instance to sign with."""

    config: "ClientTrustConfig"
    """Where its services are."""
    root: TrustedRoot
    """By what their answers are verified."""
    patience: float = 60.0
    """Seconds for one step: sigstore-python by itself would wait for ever."""


def read_instance(data: bytes, *, name: str) -> Instance:
    """Read the client trust configuration of an instance (sigstore protobuf-specs).

    Raises:
        UsageError: It is none.
    """
    from sigstore.models import ClientTrustConfig

    try:
        root = Node.from_json(data, source=name).at("trustedRoot")
        trusted = parse_root(json.dumps(root.value).encode(), name=name)
        config = ClientTrustConfig.from_json(data.decode())
    except MalformedError as error:
        problem = str(error)
    except Exception as error:  # noqa: BLE001 - pydantic, and what it meets
        problem = f"sigstore-python cannot read it ({type(error).__name__})"
    else:
        return Instance(config=config, root=trusted)
    raise UsageError(
        f"`{name}` is no trust configuration: {problem}",
        hint="name a file with `trustedRoot` and `signingConfig`, as its operator has",
    )


def public_instance(root: TrustedRoot) -> Instance:
    """Return the public instance, which is asked where its services are.

    Args:
        root: By what its answers are verified.

    Raises:
        UnavailableError: It did not answer.
    """
    from sigstore.models import ClientTrustConfig

    config = _ask("the public instance", "", _TUF, ClientTrustConfig.production)
    return Instance(config=config, root=root)


def ambient_token() -> str | None:
    """Return the token that the surroundings give, such as GitHub Actions.

    Raises:
        UsageError: They should, and do not.
    """
    from sigstore.oidc import IdentityError, detect_credential

    try:
        return detect_credential()
    except IdentityError as error:
        raise UsageError(
            f"the surroundings give no identity token: {printable(str(error))[:300]}",
            hint="in GitHub Actions: `permissions: {id-token: write}`",
        ) from None


def browser_token(instance: Instance) -> str:
    """Return a token that the user gets by logging in, in a browser.

    Raises:
        UnavailableError: It did not come to that.
    """
    from sigstore.oidc import Issuer

    def ask() -> str:
        issuer = Issuer(instance.config.signing_config.get_oidc_url())
        return str(issuer.identity_token())

    return _ask("the login", "", _LOGIN, ask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyless:
    """Signs with a certificate for the identity of a token. Implements `Signer`."""

    title: str
    trust: Trust
    patience: float
    token: str = field(repr=False)
    signer: "TheirSigner" = field(repr=False)

    @classmethod
    def open(cls, instance: Instance, token: str) -> "Keyless":
        """Get a certificate.

        Raises:
            UsageError: The token is none that could be used.
            UnavailableError: The authority did not answer, or refused.
        """
        from sigstore.sign import Signer, SigningContext

        known = _known(token)
        expected = _expected(_claims(token))

        def ask() -> "TheirSigner":
            context = SigningContext.from_trust_config(instance.config)
            return Signer(known, context)

        return cls(
            title=f"{expected.san} ({expected.issuer})",
            trust=Trust(root=instance.root, expected=expected),
            patience=instance.patience,
            token=token,
            signer=_ask("the certificate authority", token, instance.patience, ask),
        )

    def sign_artifact(self, artifact: Artifact) -> bytes:
        """Return a bundle with a message signature over *artifact*."""
        from sigstore.hashes import Hashed

        hashed = Hashed.model_validate(
            {"algorithm": "SHA2_256", "digest": artifact.digests["sha256"]}
        )
        return self._bundle(lambda: self.signer.sign_artifact(hashed))

    def sign_statement(self, statement: bytes) -> bytes:
        """Return a bundle with a DSSE envelope around *statement*."""
        from sigstore.dsse import Statement

        return self._bundle(lambda: self.signer.sign_dsse(Statement(statement)))

    def _bundle(self, make: "Callable[[], Bundle]") -> bytes:
        made = _ask("the transparency log", self.token, self.patience, make)
        return made.to_json().encode()


def _known(token: str) -> "IdentityToken":
    from sigstore.oidc import IdentityError, IdentityToken

    try:
        return IdentityToken(token)
    except IdentityError as error:
        cause = type(error.__cause__).__name__
        why = _WHY.get(cause, "it is no token of OpenID Connect")
        raise UsageError(
            f"the identity token cannot be used: {why}", hint=_ASK_AGAIN
        ) from None


def _claims(token: str) -> Mapping[str, Any]:
    """Return what the token says. The authority is who verifies it."""
    try:
        part = token.split(".")[1]
        data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        found = Node.from_json(data, source="token").value
    except (IndexError, binascii.Error, MalformedError):
        found = None
    if not isinstance(found, dict):
        raise UsageError("the identity token cannot be read", hint=_ASK_AGAIN)
    return found


def _expected(claims: Mapping[str, Any]) -> Expected:
    """Return whom the certificate has to be for.

    Into which name the authority turns the token of another provider only it knows:
    then the issuer is what is compared, and the name is told.
    """
    federated = claims.get("federated_claims")
    connector = federated.get("connector_id") if isinstance(federated, dict) else None
    issuer = str(connector or claims["iss"])
    if "email" in claims:
        san, kind = str(claims["email"]), SanKind.EMAIL
    elif "job_workflow_ref" in claims:  # GitHub
        san, kind = f"https://github.com/{claims['job_workflow_ref']}", SanKind.URI
    elif "ci_config_ref_uri" in claims:  # GitLab
        san, kind = f"https://{claims['ci_config_ref_uri']}", SanKind.URI
    else:
        return Expected(issuer=issuer, san="*")
    if _PATTERN & set(san):
        raise UsageError(
            f"the identity `{printable(san)[:140]}` has a wildcard in it",
            hint=_ASK_AGAIN,
        )
    return Expected(issuer=issuer, san=san, kind=kind)


def _ask(whom: str, token: str, patience: float, call: Callable[[], _T]) -> _T:
    """Return what *call* returns, within *patience* seconds.

    Raises:
        UnavailableError: It failed, or took too long.
    """
    answers: list[_T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(call())
        except BaseException as error:  # noqa: BLE001 - told by who waits for it
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(patience)
    if answers:
        return answers[0]
    why = f"no answer within {patience:g} seconds"
    if failures:
        why = _told(failures[0], token)
    raise UnavailableError(
        f"{whom} of Sigstore gave nothing: {why}",
        hint="nothing was signed; look at its status page, and run again",
    ) from None


def _told(error: BaseException, token: str) -> str:
    """Say what happened, in the words of the last cause, without the token."""
    while error.__cause__ is not None:
        error = error.__cause__
    text = str(error) or type(error).__name__
    if token:
        text = text.replace(token, "(the token)")
    return printable(text)[:300]
