"""The entry point that the public conformance suite calls (sigstore-conformance).

    python -m tests.conformance verify-bundle --bundle B --certificate-identity ID \
        --certificate-oidc-issuer URL [--trusted-root R] FILE_OR_DIGEST

The exit code is the answer: 0 yes, 1 no. We verify, and sigstore-python signs.
"""

import argparse
import hashlib
import importlib.metadata
import json
import sys
from pathlib import Path

from mcpchain import trust
from mcpchain.bundle import keys
from mcpchain.bundle.parse import parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Artifact, Trust, verify
from mcpchain.errors import MalformedError

STAGING = "https%3A%2F%2Ftuf-repo-cdn.sigstage.dev"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    commands = parser.add_subparsers(required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--staging", action="store_true")
    shared.add_argument("--bundle", type=Path, required=True)
    shared.add_argument("--trusted-root", type=Path)
    shared.add_argument("file")
    signing = commands.add_parser("sign-bundle", parents=[shared])
    signing.add_argument("--in-toto", action="store_true")
    signing.add_argument("--identity-token", required=True)
    signing.add_argument("--signing-config", type=Path)
    signing.set_defaults(run=sign_bundle)
    verifying = commands.add_parser("verify-bundle", parents=[shared])
    verifying.add_argument("--certificate-identity")
    verifying.add_argument("--certificate-oidc-issuer")
    verifying.add_argument("--key", type=Path)
    verifying.set_defaults(run=verify_bundle)
    given = parser.parse_args(arguments)
    code: int = given.run(given)
    return code


def verify_bundle(given: argparse.Namespace) -> int:
    try:
        key = keys.load(given.key.read_bytes()) if given.key else None
        expected = None
        if key is None:
            issuer, san = given.certificate_oidc_issuer, given.certificate_identity
            expected = Expected(issuer=issuer or "", san=san or "")
        bundle = parse(given.bundle.read_bytes(), source=given.bundle.name)
        terms = Trust(root=root_of(given), expected=expected, key=key)
        found = verify(bundle, artifact_of(given.file), terms)
    except (MalformedError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{found.status.value}: {found.reason}", file=sys.stderr)
    return 0 if found else 1


def root_of(given: argparse.Namespace) -> TrustedRoot:
    if given.trusted_root:
        return parse_root(given.trusted_root.read_bytes(), name="given")
    if not given.staging:
        return trust.public_root()
    (file,) = (
        each
        for each in importlib.metadata.files("sigstore") or ()
        if each.parent.name == STAGING and each.name == "trusted_root.json"
    )
    return parse_root(file.read_binary(), name="staging")


def artifact_of(file: str) -> Artifact:
    path = Path(file)
    if file.startswith("sha256:") and not path.exists():
        return Artifact(digests={"sha256": bytes.fromhex(file.removeprefix("sha256:"))})
    data = path.read_bytes()
    digest = hashlib.sha256(data).digest()
    return Artifact(digests={"sha256": digest}, read=lambda: data)


def sign_bundle(given: argparse.Namespace) -> int:
    from sigstore.dsse import Statement
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken
    from sigstore.sign import SigningContext

    if given.trusted_root and given.signing_config:
        parts = {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": json.loads(given.trusted_root.read_bytes()),
            "signingConfig": json.loads(given.signing_config.read_bytes()),
        }
        config = ClientTrustConfig.from_json(json.dumps(parts))
    elif given.trusted_root or given.signing_config:
        sys.exit("a signing configuration goes with its trusted root")
    else:
        kind = ClientTrustConfig
        config = kind.staging() if given.staging else kind.production()
    context = SigningContext.from_trust_config(config)
    data = Path(given.file).read_bytes()
    with context.signer(IdentityToken(given.identity_token)) as signer:
        if given.in_toto:
            bundle = signer.sign_dsse(Statement(data))
        else:
            bundle = signer.sign_artifact(data)
    given.bundle.write_text(bundle.to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
