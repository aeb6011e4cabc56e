"""A SoftHSM of our own: real tokens, in a folder of the tests."""

import datetime as dt
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

if TYPE_CHECKING:
    import pkcs11

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PROGRAM = shutil.which("softhsm2-util")
PIN = "pin-8341-secret"
SO_PIN = "so-pin-8341-secret"
CURVES = {"p256": "secp256r1", "p384": "secp384r1", "p521": "secp521r1"}


@dataclass(frozen=True, kw_only=True)
class SoftHsm:
    """Tokens `Build` (with every kind of key), `Twin` and `Empty`."""

    folder: Path
    module: Path = MODULE

    def uri(self, key: str, *, inside: str = "Build", query: str = "") -> str:
        more = f"&{query}" if query else ""
        return f"pkcs11:token={inside};object={key}?module-path={self.module}{more}"


@contextmanager
def open_softhsm(folder: Path) -> Iterator[SoftHsm]:
    """Make the tokens. A process can do this once: the module reads its file once."""
    if not PROGRAM or not MODULE.is_file():
        reason = "SoftHSM is not installed (`apt-get install softhsm2`)"
        if os.environ.get("MCPCHAIN_NEEDS_SOFTHSM"):
            pytest.fail(reason)
        pytest.skip(reason)
    (folder / "tokens").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(config))
        for label in ("Build", "Twin", "Twin", "Empty"):
            named = ["--label", label, "--pin", PIN, "--so-pin", SO_PIN]
            subprocess.run(
                [PROGRAM, "--init-token", "--free", *named],
                check=True,
                capture_output=True,
            )
        _fill("Build")
        yield SoftHsm(folder=folder)


def _fill(label: str) -> None:
    import pkcs11
    from pkcs11 import Attribute, KeyType
    from pkcs11.util.ec import encode_named_curve_parameters

    token = pkcs11.lib(str(MODULE)).get_token(token_label=label)
    with token.open(rw=True, user_pin=PIN) as session:

        def pair(name: str, curve: str, *, id_: str = "", **more: Any) -> None:  # noqa: ANN401 - of the library
            parameters = {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}
            domain = session.create_domain_parameters(
                KeyType.EC, parameters, local=True
            )
            key_id = (id_ or name).encode()
            domain.generate_keypair(store=True, label=name, id=key_id, **more)

        for name, curve in CURVES.items():
            pair(name, curve)
        pair("koblitz", "secp256k1")
        pair("twins", "secp256r1", id_="twin-1")
        pair("twins", "secp256r1", id_="twin-2")
        careful = {Attribute.ALWAYS_AUTHENTICATE: True}
        pair("careful", "secp256r1", private_template=careful)
        pair("idle", "secp256r1", private_template={Attribute.SIGN: False})
        pair("certified", "secp256r1")
        for bits, name in ((2048, "rsa"), (1024, "weak")):
            session.generate_keypair(
                KeyType.RSA, bits, store=True, label=name, id=name.encode()
            )
        pair("alone", "secp256r1")
        pair("swapped", "secp256r1", id_="swapped")
        pair("other", "secp256r1", id_="swapped-other")
        _disturb(session)


def _disturb(session: "pkcs11.Session") -> None:
    """Take a public key away, and put another's where one was."""
    from pkcs11 import Attribute, CertificateType, ObjectClass, PublicKey
    from pkcs11.util.ec import encode_ec_public_key

    def find(kind: ObjectClass, label: str) -> "pkcs11.Object":
        wanted = {Attribute.CLASS: kind, Attribute.LABEL: label}
        (found,) = session.get_objects(wanted)
        return found

    shown = find(ObjectClass.PUBLIC_KEY, "certified")
    assert isinstance(shown, PublicKey)
    certificate = {
        Attribute.CLASS: ObjectClass.CERTIFICATE,
        Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
        Attribute.TOKEN: True,
        Attribute.ID: b"certified",
        Attribute.SUBJECT: b"0\x00",
        Attribute.VALUE: _certificate(encode_ec_public_key(shown)),
    }
    session.create_object(certificate)
    shown.destroy()
    find(ObjectClass.PUBLIC_KEY, "alone").destroy()
    find(ObjectClass.PUBLIC_KEY, "swapped").destroy()
    find(ObjectClass.PUBLIC_KEY, "other")[Attribute.ID] = b"swapped"


def _certificate(spki: bytes) -> bytes:
    now = dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "certified")])
    key = load_der_public_key(spki)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key)
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
