"""Timestamps are asked for, and kept only if they hold."""

from collections.abc import Iterator

import pytest

from mcpchain import trust
from mcpchain.bundle.root import parse as parse_root
from mcpchain.errors import UnavailableError
from mcpchain.fetch import Fetcher
from mcpchain.sign.timestamp import TimestampAuthority
from tests.world.server import Server
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.server import SigstoreServer, open_sigstore

PATH = "/api/v1/timestamp"
INSTANCE = Instance()
ROOT = parse_root(INSTANCE.trusted_root(), name="loopback")


@pytest.fixture
def sigstore() -> Iterator[SigstoreServer]:
    with open_sigstore(INSTANCE) as opened:
        yield opened


def refused(authority: TimestampAuthority, signature: bytes = b"signature") -> str:
    with pytest.raises(UnavailableError) as caught:
        authority(signature)
    assert "nothing was signed" in caught.value.hint
    return str(caught.value)


def test_a_timestamp_that_holds_is_kept(sigstore: SigstoreServer) -> None:
    with Fetcher() as fetcher:
        ask = TimestampAuthority(
            url=sigstore.address + PATH, fetcher=fetcher, root=ROOT
        )
        assert ask(b"signature") != ask(b"signature")  # each has its own nonce


def test_an_authority_that_the_root_does_not_know_is_refused(
    sigstore: SigstoreServer,
) -> None:
    with Fetcher() as fetcher:
        ask = TimestampAuthority(
            url=sigstore.address + PATH, fetcher=fetcher, root=trust.public_root()
        )
        assert "no timestamp authority of the trusted root" in refused(ask)


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_an_authority_that_refuses_is_told(
    sigstore: SigstoreServer, status: int
) -> None:
    sigstore.failing[PATH] = status
    with Fetcher(sleep=lambda _: None) as fetcher:
        ask = TimestampAuthority(
            url=sigstore.address + PATH, fetcher=fetcher, root=ROOT
        )
        assert f"answered {status}" in refused(ask)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "it is no timestamp"),
        (b"<html>", "it is no timestamp"),
        (b"\x30\x03\x02\x01\x02", "it is no timestamp"),
        (INSTANCE.timestamp(b"another"), "of another signature"),
        (INSTANCE.timestamp(b"signature"), "answers another request"),
        (Instance().timestamp(b"signature"), "no timestamp authority of the trusted"),
    ],
    ids=["nothing", "a page", "a refusal", "another", "an old one", "somebody else's"],
)
def test_an_answer_that_is_another_is_not_kept(answer: bytes, reason: str) -> None:
    with Server() as server, Fetcher() as fetcher:
        server.place(PATH).answer(200, answer)
        ask = TimestampAuthority(url=server.address + PATH, fetcher=fetcher, root=ROOT)
        assert reason in refused(ask)


def test_an_authority_that_is_down_is_not_waited_for() -> None:
    with Server() as server:
        address = server.address + PATH
    with Fetcher(sleep=lambda _: None) as fetcher:
        ask = TimestampAuthority(url=address, fetcher=fetcher, root=ROOT)
        assert "cannot be reached" in refused(ask)


def test_nothing_is_asked_offline() -> None:
    with Fetcher(offline=True) as fetcher:
        url = "https://tsa.example"
        ask = TimestampAuthority(url=url, fetcher=fetcher, root=ROOT)
        assert "(offline)" in refused(ask)
