"""An AWS on loopback (moto), with keys in its key service.

Where moto differs from what AWS documents, and we depend on it, it is corrected here.
"""

import json
import logging
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from moto.core.exceptions import JsonRESTError
from moto.kms.responses import KmsResponse
from moto.server import ThreadedMotoServer

REGION = "eu-west-1"
SECRET = "secret-access-key-5519"  # noqa: S105 - opens nothing
SESSION = "session-token-5519-secret"
_SPECS = {
    "p256": "ECC_NIST_P256",
    "p384": "ECC_NIST_P384",
    "p521": "ECC_NIST_P521",
    "koblitz": "ECC_SECG_P256K1",
    "rsa": "RSA_2048",
}


@dataclass(frozen=True, kw_only=True)
class Aws:
    """What an account has in one region."""

    address: str
    client: Any
    """Of botocore, for whoever owns the account."""
    arns: dict[str, str]

    def alias(self, name: str, target: str) -> str:
        """Let an alias point to a key, for the first time or anew."""
        alias = f"alias/{name}"
        known = [each["AliasName"] for each in self.client.list_aliases()["Aliases"]]
        change = (
            self.client.update_alias if alias in known else self.client.create_alias
        )
        change(AliasName=alias, TargetKeyId=self.arns[target])
        return alias


@contextmanager
def open_aws_world() -> Iterator[Aws]:
    """Start it, and let the environment lead everybody there."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KmsResponse, "sign", _sign)
        patch.setattr(KmsResponse, "get_public_key", _get_public_key)
        for name, value in {
            "AWS_ENDPOINT_URL_KMS": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": SESSION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nowhere",
            "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        }.items():
            patch.setenv(name, value)
        from botocore.session import Session

        client = Session().create_client("kms")
        arns = {name: _create(client, spec) for name, spec in _SPECS.items()}
        arns["symmetric"] = client.create_key()["KeyMetadata"]["Arn"]
        try:
            yield Aws(address=f"http://{host}:{port}", client=client, arns=arns)
        finally:
            client.close()
            server.stop()


def _create(client: Any, spec: str) -> str:  # noqa: ANN401 - it has no types
    made = client.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    return str(made["KeyMetadata"]["Arn"])


def _get_public_key(
    self: KmsResponse,
    honest: Any = KmsResponse.get_public_key,  # noqa: ANN401
) -> str:
    """Name the key by its ARN, and show none of a key that is symmetric."""
    shown = json.loads(honest(self))
    key = self.kms_backend.describe_key(shown["KeyId"])
    if key.key_spec == "SYMMETRIC_DEFAULT":
        raise JsonRESTError("UnsupportedOperationException", SECRET)
    return json.dumps(shown | {"KeyId": key.arn})


def _sign(self: KmsResponse) -> str:
    """Sign the digest that is given; moto would hash it once more."""
    assert self._get_param("MessageType") == "DIGEST"
    name, digest = self._get_param("SigningAlgorithm"), self._get_param("Message")
    key = self.kms_backend.describe_key(self._get_param("KeyId"))
    assert name in key.signing_algorithms
    bits = name.rpartition("_")[2]
    held: Any = key.private_key
    kind = utils.Prehashed(getattr(hashes, f"SHA{bits}")())
    ways = {"ECDSA": (ec.ECDSA(kind),), "RSASSA": (padding.PKCS1v15(), kind)}
    made = held.private_key.sign(digest, *ways[name.partition("_")[0]])
    return json.dumps({"KeyId": key.arn, "Signature": b64encode(made).decode()})
