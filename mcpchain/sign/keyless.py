"""Signing without a key of one's own, by sigstore-python.

An identity token says who somebody is. The certificate authority of a Sigstore instance
certifies a key for it that lives for one run, and the log of the instance keeps what
was signed. The token is shown to that authority and to nobody else.
"""

import base64
import binascii
import json
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.timestamp import verify_timestamp
from mcpchain.bundle.verify import Artifact, Trust
from mcpchain.document import Node
from mcpchain.errors import MalformedError, UnavailableError, UsageError
from mcpchain.printable import printable
from mcpchain.signature import SanKind

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse
    from sigstore._internal.timestamp import TimestampAuthorityClient
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
_ENDED: Final = "ExpiredCertificate"
_NEEDED: Final = {
    "GITHUB_ACTIONS": (
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"),
        "in GitHub Actions: `permissions: {id-token: write}`",
    ),
    "GITLAB_CI": (
        ("SIGSTORE_ID_TOKEN",),
        "in GitLab: `id_tokens: {SIGSTORE_ID_TOKEN: {aud: sigstore}}` in the job",
    ),
    "BUILDKITE": ((), "see to `buildkite-agent` in the job"),
    "CIRCLECI": ((), "see to `circleci` in the job"),
}
"""How a CI system is known, what it gives no token without, and what to do then."""
_PRODUCT: Final = Path("/sys/class/dmi/id/product_name")
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
    from sigstore.oidc import detect_credential

    try:
        return detect_credential()
    except Exception as error:  # noqa: BLE001 - every system has its own client
        raise _no_token(_told(error, ""), os.environ) from None  # noqa: TID251 - theirs


def may_have_token(environ: Mapping[str, str]) -> bool:
    """Say whether the surroundings may give a token, without asking for it.

    Raises:
        UsageError: They should, and cannot.
    """
    for system, (needed, _) in _NEEDED.items():
        if environ.get(system):
            if missing := [each for each in needed if not environ.get(each)]:
                raise _no_token(f"`{missing[0]}` is not set", environ)
            return True
    with suppress(OSError):
        if _PRODUCT.read_text().startswith("Google"):  # a machine in its cloud
            return True
    return bool(environ.get("GOOGLE_SERVICE_ACCOUNT_NAME"))


def _no_token(why: str, environ: Mapping[str, str]) -> UsageError:
    hints = (hint for system, (_, hint) in _NEEDED.items() if environ.get(system))
    return UsageError(
        f"the surroundings give no identity token: {why}",
        hint=next(hints, "name a token, `--identity-token`, or a key, `--key`"),
    )


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


@dataclass(slots=True, kw_only=True)
class Keyless:
    """Signs with a certificate for the identity of a token. Implements `Signer`."""

    title: str
    trust: Trust
    instance: Instance
    token: str = field(repr=False)
    signer: "TheirSigner" = field(repr=False)
    renew: Callable[[], str] = field(repr=False)

    @classmethod
    def open(
        cls, instance: Instance, token: str, renew: Callable[[], str] | None = None
    ) -> "Keyless":
        """Get a certificate.

        Args:
            instance: From whom.
            token: For whom.
            renew: Returns another token of the same identity, where hashing takes
                longer than a certificate is valid. `None`: the same is used again.

        Raises:
            UsageError: The token is none that could be used.
            UnavailableError: The authority did not answer, or refused.
        """
        known, expected = _known(token)
        ask = partial(_certified, known, instance)
        return cls(
            title=f"{expected.san} ({expected.issuer})",
            trust=Trust(root=instance.root, expected=expected),
            instance=instance,
            token=token,
            signer=_ask("the certificate authority", token, instance.patience, ask),
            renew=renew or (lambda: token),
        )

    def sign_artifact(self, artifact: Artifact) -> bytes:
        """Return a bundle with a message signature over *artifact*."""
        from sigstore.hashes import Hashed

        hashed = Hashed.model_validate(
            {"algorithm": "SHA2_256", "digest": artifact.digests["sha256"]}
        )
        return self._bundle(lambda signer: signer.sign_artifact(hashed))

    def sign_statement(self, statement: bytes) -> bytes:
        """Return a bundle with a DSSE envelope around *statement*."""
        from sigstore.dsse import Statement

        return self._bundle(lambda signer: signer.sign_dsse(Statement(statement)))

    def _bundle(self, make: "Callable[[TheirSigner], Bundle]") -> bytes:
        try:
            made = self._made(make)
        except _ExpiredError:
            other = Keyless.open(self.instance, self.renew(), self.renew)
            if other.trust != self.trust:
                raise UsageError(
                    f"the new token is of `{printable(other.title)}`, not of "
                    f"`{printable(self.title)}`",
                    hint="run again",
                ) from None
            self.token, self.signer = other.token, other.signer
            made = self._made(make)
        return made.to_json().encode()

    def _made(self, make: "Callable[[TheirSigner], Bundle]") -> "Bundle":
        ask = partial(make, self.signer)
        return _ask("the transparency log", self.token, self.instance.patience, ask)


def identity(token: str) -> str:
    """Return whose *token* is, for a reader, as far as it says so itself.

    Raises:
        UsageError: It is none that could be used.
    """
    _, expected = _known(token)
    return f"{expected.san} ({expected.issuer})"


def _certified(known: "IdentityToken", instance: Instance) -> "TheirSigner":
    from sigstore.sign import Signer, SigningContext

    services = instance.config.signing_config
    stamps = [_Stamps(each, instance.root) for each in services.get_tsas()]
    context = SigningContext(
        fulcio=services.get_fulcio(),
        rekor=services.get_tlogs()[0],
        trusted_root=instance.config.trusted_root,
        tsa_clients=cast("list[TimestampAuthorityClient]", stamps),
    )
    return Signer(known, context)


class _ExpiredError(UnavailableError):
    """A certificate is no longer valid, and nothing was sent."""


@dataclass(frozen=True, slots=True)
class _Stamps:
    """A timestamp authority without which nothing is signed.

    sigstore-python goes on without a timestamp, and takes any: then the log has an
    entry for ever of which nothing comes.
    """

    client: "TimestampAuthorityClient"
    root: TrustedRoot

    @property
    def url(self) -> str:
        return self.client.url

    def request_timestamp(self, signature: bytes) -> "TimeStampResponse":
        try:
            answer = self.client.request_timestamp(signature)
            authorities = self.root.timestamp_authorities
            verify_timestamp(answer.as_bytes(), signature, authorities)
        except Exception as error:  # noqa: BLE001 - a client, and our own core
            raise _nothing("the timestamp authority", _told(error, "")) from None
        return answer


def _known(token: str) -> "tuple[IdentityToken, Expected]":
    from sigstore.oidc import IdentityError, IdentityToken

    try:
        known = IdentityToken(token)
    except IdentityError as error:
        cause = type(error.__cause__).__name__
        why = _WHY.get(cause, "it is no token of OpenID Connect")
        raise UsageError(
            f"the identity token cannot be used: {why}", hint=_ASK_AGAIN
        ) from None
    return known, _expected(_claims(token))


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
        if isinstance(failures[0], UnavailableError):
            raise failures[0]
        why = _told(failures[0], token)
        if why == _ENDED:
            raise _ExpiredError("the certificate has ended", hint=_ASK_AGAIN)
    raise _nothing(whom, why) from None


def _nothing(whom: str, why: str) -> UnavailableError:
    hint = "run again, with a new token, or look at the status page of the instance"
    if "[Errno " in why:
        hint = "look at the network here, or sign with a key: `--key`"
    return UnavailableError(
        f"{whom} of Sigstore gave nothing that holds: {why}",
        hint=f"nothing was signed; {hint}",
    )


def _told(error: BaseException, token: str) -> str:
    """Say what happened, in the last cause's and a service's words, without the token.

    sigstore-python drops what a service says of its refusal.
    """
    while error.__cause__ is not None:
        error = error.__cause__
    said = [str(error) or type(error).__name__]
    answer = getattr(error, "response", None)
    said.append(getattr(answer, "content", b"").decode(errors="replace"))
    if token:
        said = [each.replace(token, "(the token)") for each in said]
    lines = (each.strip().partition("\n")[0] for each in said)
    return printable(": ".join(filter(None, lines)))[:300]
