"""Keys in AWS KMS, through AWS's own client: against moto, and against liars."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mcpchain.bundle import keys
from mcpchain.errors import McpchainError, UnavailableError, UsageError
from mcpchain.sign.local_key import LocalKey
from mcpchain.sign.remote.aws import open_aws
from tests.sign.keys import MESSAGE, check_signatures, sign_by_command, unsaid
from tests.world.aws import REGION, SECRET, SESSION, Aws, open_aws_world
from tests.world.key_services import KEYS
from tests.world.server import Place, Server

BY_ANOTHER = b64encode(LocalKey(title="", private=KEYS["other"]).sign(MESSAGE)).decode()


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with open_aws_world() as opened:
        yield opened


@pytest.fixture
def liar(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Somebody who answers in the place of AWS."""
    del aws  # but for the logins that it leaves
    with Server() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", server.address)
        place = server.place("/")
        place.headers["Connection"] = "close"
        yield place


def shown(**change: object) -> dict[str, object]:
    """Return what is answered to GetPublicKey."""
    return {
        "KeyId": "arn:aws:kms:eu-west-1:123456789012:key/1",
        "PublicKey": b64encode(keys.spki(KEYS["p256"].public_key())).decode(),
        "KeyUsage": "SIGN_VERIFY",
        "SigningAlgorithms": ["ECDSA_SHA_256"],
    } | change


@pytest.mark.parametrize("name", ["p256", "p384", "p521", "rsa"])
def test_what_aws_signs_is_verified(aws: Aws, name: str) -> None:
    key = open_aws(f"awskms:{aws.arns[name]}")
    check_signatures(key)
    assert key.title == f"awskms:{aws.arns[name]}"
    assert SECRET not in repr(key)


def test_the_command_signs_with_a_key_of_aws(aws: Aws, tmp_path: Path) -> None:
    uri = f"awskms:{aws.arns['p384']}"
    said = sign_by_command(tmp_path, uri, open_aws(uri).public)
    assert f"by: key {uri}" in said
    assert SECRET not in said
    assert SESSION not in said


@pytest.mark.parametrize(
    "form",
    [
        "awskms:{id}",
        "awskms:///{id}",
        "awskms:{arn}",
        "awskms:///{arn}",
        "awskms:alias/release/1",
        "awskms:///alias/release/1",
        "awskms:arn:aws:kms:eu-west-1:123456789012:alias/release/1",
    ],
)
def test_a_key_is_named_as_securesystemslib_and_cosign_name_it(
    aws: Aws, form: str
) -> None:
    aws.alias("release/1", "p256")
    arn = aws.arns["p256"]
    key = open_aws(form.format(id=arn.rpartition("/")[2], arn=arn))
    assert keys.holds(key.public, key.sign(MESSAGE), MESSAGE)


def test_an_alias_that_moves_on_is_still_the_key_that_was_opened(aws: Aws) -> None:
    alias = aws.alias("moving", "p256")
    key = open_aws(f"awskms:{alias}")
    aws.alias("moving", "rsa")
    assert keys.holds(key.public, key.sign(MESSAGE), MESSAGE)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("koblitz", "the key is none of ECDSA P-256"),
        ("symmetric", "its public key: it answered UnsupportedOperationException"),
    ],
)
def test_a_key_that_signs_nothing_of_ours_is_not_opened(
    aws: Aws, name: str, problem: str
) -> None:
    with pytest.raises(McpchainError) as caught:
        open_aws(f"awskms:{aws.arns[name]}")
    assert problem in unsaid(caught.value, SECRET, SESSION)


def test_a_key_that_is_not_there_is_told(aws: Aws) -> None:
    del aws
    with pytest.raises(UnavailableError) as caught:
        open_aws("awskms:alias/nothing")
    assert "it answered NotFoundException" in unsaid(caught.value, SECRET, SESSION)
    assert caught.value.hint == "check the name of the key, its region and its account"


@pytest.mark.parametrize(
    "uri",
    [
        "awskms:",
        "awskms:///",
        "awskms://localhost:4566/alias/release",
        "awskms:arn:aws:s3:eu-west-1:123456789012:key/1",
        "awskms:arn:aws:kms:eu-west-1:12345:key/1",
        "awskms:arn:aws:kms:../x:123456789012:key/1",
        "awskms:alias/a?b",
        "awskms:alias/",
        f"awskms:user:{SECRET}@host",
        "gcpkms:alias/a",
    ],
)
def test_an_address_that_is_none_is_refused(uri: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_aws(uri)
    assert "the address of the key is not one of `awskms:`" in unsaid(
        caught.value, SECRET, SESSION
    )


@pytest.mark.parametrize(
    ("change", "kind", "problem"),
    [
        ({"PublicKey": b64encode(b"none").decode()}, UnavailableError, "no public key"),
        ({"PublicKey": None}, UnavailableError, "no public key"),
        ({"SigningAlgorithms": []}, UsageError, "it is not for `ECDSA_SHA_256`"),
        ({"SigningAlgorithms": None}, UsageError, "it is not for `ECDSA_SHA_256`"),
        (
            {
                "PublicKey": b64encode(keys.spki(KEYS["rsa"].public_key())).decode(),
                "SigningAlgorithms": ["RSASSA_PSS_SHA_256"],
            },
            UsageError,
            "it is not for `RSASSA_PKCS1_V1_5_SHA_256`",
        ),
        (
            {"PublicKey": b64encode(keys.spki(KEYS["ed25519"].public_key())).decode()},
            UsageError,
            "AWS signs no digest with this key",
        ),
        ({"KeyId": None}, UnavailableError, "no public key of that name"),
        ({"KeyId": "arn:aws:kms:eu-west-1:123456789012:key/2"}, UnavailableError, "no"),
    ],
    ids=[
        *("no-key", "null", "for-nothing", "silent", "pss", "ed25519", "nameless"),
        "another-key",
    ],
)
def test_what_is_shown_instead_of_a_key_is_none(
    liar: Place, change: dict[str, object], kind: type[McpchainError], problem: str
) -> None:
    liar.answer_json(shown(**change))
    with pytest.raises(McpchainError) as caught:
        open_aws("awskms:1")
    assert type(caught.value) is kind
    assert problem in unsaid(caught.value, SECRET, SESSION)


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, {"Signature": b64encode(b"a" * 70).decode()}, "is no signature by"),
        (200, {"Signature": BY_ANOTHER}, "is no signature by"),
        (200, {"Signature": ""}, "is no signature by"),
        (200, {}, "AWS did not sign: KeyError"),
        (400, {"__type": "ExpiredTokenException"}, "it answered ExpiredTokenExcep"),
        (400, {"__type": "AccessDeniedException", "message": SESSION}, "AccessDenied"),
        (400, {"__type": "ThrottlingException"}, "it answered ThrottlingException"),
        (400, {"__type": SECRET, "message": SESSION}, "it answered an error"),
        (503, {"message": SESSION}, "it answered an error"),
    ],
    ids=[
        *(
            "garbage",
            "by-another-key",
            "empty",
            "nothing",
            "expired",
            "denied-echo",
            "throttled",
        ),
        *("echo", "unavailable"),
    ],
)
def test_what_is_answered_instead_of_a_signature_is_given_to_nobody(
    liar: Place,
    status: int,
    body: dict[str, str],
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # between two attempts
    liar.answer_json(shown())
    key = open_aws("awskms:alias/release")
    liar.answer(status, json.dumps(body).encode(), Connection="close")
    with pytest.raises(UnavailableError) as caught:
        key.sign(MESSAGE)
    assert problem in unsaid(caught.value, SECRET, SESSION)


@pytest.mark.parametrize("attack", ["slow", "drip", "drip_body"])
def test_who_is_late_is_not_waited_for(liar: Place, attack: str) -> None:
    liar.answer_json(shown())
    key = open_aws("awskms:alias/release")
    getattr(liar, attack)()
    with pytest.raises(UnavailableError, match=r"did not answer within 0\.3 s"):
        replace(key, seconds=0.3).sign(MESSAGE)


def test_nobody_is_logged_in(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(UnavailableError, match="nobody is logged in for") as caught:
        open_aws(f"awskms:{aws.arns['p256']}")
    assert "log in to AWS" in caught.value.hint


def test_an_alias_is_in_some_region(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    alias = aws.alias("somewhere", "p256")
    with pytest.raises(UsageError, match="is in no region") as caught:
        open_aws(f"awskms:{alias}")
    assert caught.value.hint == "name the key by its ARN, or set AWS_REGION"
    named = open_aws(f"awskms:{aws.arns['p256']}").public
    monkeypatch.setenv("AWS_REGION", REGION)
    sign_by_command(tmp_path, f"awskms:{alias}", named)


def test_who_cannot_be_reached_is_told(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    del aws
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1")
    with pytest.raises(UnavailableError, match="it cannot be reached, or is late"):
        open_aws("awskms:alias/release")
