"""Addresses are equal only if they are the same server and path."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.address import (
    Credential,
    Route,
    credential_for,
    is_http,
    is_loopback,
    normalise,
    origin,
    plain,
    public,
)


@pytest.mark.parametrize(
    "spelling",
    [
        "https://host.example/simple",
        "https://host.example/simple/",
        "https://host.example/simple//",
        "HTTPS://Host.EXAMPLE/simple",
        "https://host.example:443/simple/",
        "https://host.example:/simple",
        "https://ada:secret@host.example/simple/",
        "https://host.example/simple/?x=1",
        "https://host.example/simple#x",
        "  https://host.example/simple\n",
        "https://evil.example@host.example/simple",
    ],
)
def test_two_spellings_of_one_registry_are_equal(spelling: str) -> None:
    assert normalise(spelling) == "https://host.example/simple"


@pytest.mark.parametrize(
    "other",
    [
        "http://host.example/simple",
        "https://host.example/Simple",
        "https://host.example",
        "https://host.example/simple/evil",
        "https://host.example/simple/../evil",
        "https://host.example.evil/simple",
        "https://host.example.evil.example/simple",
        "https://evil-host.example/simple",
        "https://host.example:8443/simple",
        "https://host.example@evil.example/simple",
        "https://host.example:443@evil.example/simple",
        "https://evil.example/host.example/simple",
        "https://evil.example\\@host.example/simple",
        "https://host.example\\.evil.example/simple",
        "https://ho\u0455t.example/simple",
        "https://host.example\u2044simple",
        "https://host.example\t.evil/simple",
        "https://host.example:99999/simple",
        "https://host.example:x/simple",
        "https:host.example/simple",
        "https:///host.example/simple",
        "//host.example/simple",
        "host.example/simple",
        "file://host.example/simple",
        "",
    ],
)
def test_no_other_address_is_that_registry(other: str) -> None:
    assert normalise(other) != normalise("https://host.example/simple")


def test_ipv6_keeps_its_brackets() -> None:
    assert normalise("http://[::1]:80/x/") == "http://[::1]/x"
    assert normalise("http://[::1]:8080/x/") == "http://[::1]:8080/x"


@settings(max_examples=100)
@given(st.text(max_size=60).map(lambda text: f"https://{text}") | st.text(max_size=60))
def test_normalising_twice_changes_nothing(address: str) -> None:
    once = normalise(address)
    assert normalise(once) == once
    assert origin(once) == origin(address.strip())


@pytest.mark.parametrize("address", ["http://[", "x", "ftp://h/", "http://", "http:x"])
def test_what_is_no_http_address_has_no_origin(address: str) -> None:
    assert origin(address) is None
    assert not is_http(address)
    assert not is_loopback(address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(f"http://{host}:1/x")


@pytest.mark.parametrize(
    "host", ["localhost.example", "127.0.0.1.example", "127.evil", "10.0.0.1", "[::2]"]
)
def test_no_other_host_is_this_machine(host: str) -> None:
    assert not is_loopback(f"http://{host}:1/x")


def test_a_credential_hides_its_secret() -> None:
    login = Credential.basic("https://host.example", "ada", "secret")
    assert login.header == "Basic YWRhOnNlY3JldA=="
    assert "YWRh" not in repr(login)


@pytest.mark.parametrize(
    "address",
    [
        "https://host.example/npm",
        "https://host.example/npm/",
        "https://host.example/npm/@acme%2ffiles",
        "https://host.example:443/npm/x?y",
    ],
)
def test_a_credential_covers_what_is_below_it(address: str) -> None:
    login = Credential.basic("https://host.example/npm/", "ada", "secret")
    assert login.covers(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://host.example/",
        "https://host.example/npm-evil/x",
        "https://host.example/npm/../x",
        "https://host.example/npm/%2e%2e/x",
        "https://host.example/npm/..%2fx",
        "https://host.example/npm/..%5cx",
        "http://host.example/npm/x",
        "https://host.example:8443/npm/x",
        "https://host.example@evil.example/npm/x",
        "https://evil.example/npm/x",
        "/npm/x",
    ],
)
def test_a_credential_covers_nothing_else(address: str) -> None:
    login = Credential.basic("https://host.example/npm", "ada", "secret")
    assert not login.covers(address)


def test_the_narrowest_credential_is_chosen() -> None:
    wide = Credential.basic("https://host.example", "a", "1")
    narrow = Credential.basic("https://host.example/npm", "b", "2")
    both = [narrow, wide]
    assert credential_for("https://host.example/npm/x", both) is narrow
    assert credential_for("https://host.example/pypi", both) is wide
    assert credential_for("https://evil.example/npm", both) is None


def test_a_credential_is_taken_out_of_an_address() -> None:
    login = Credential.of("https://ada%40x:se%3Acret@host.example/simple/")
    assert login == Credential.basic("https://host.example/simple", "ada@x", "se:cret")
    token = Credential.of("https://token@host.example/")
    assert token == Credential.basic("https://host.example", "token", "")
    assert Credential.of("https://host.example/") is None
    assert Credential.of("http://[") is None


def test_an_address_is_shown_without_secrets_and_not_at_any_length() -> None:
    assert plain("https://a:b@host.example/x?token=y#z") == "https://host.example/x"
    assert len(plain("https://host.example/" + "x" * 1000)) < 160


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        (" https://a:b@Host.example/x/?token=y ", "https://host.example/x"),
        ("file:///srv/index", "file:///srv/index"),
        ("/srv/wheels", "/srv/wheels"),
        ("https://a:secret@host.example\\x", "https:"),
        ("https://a:sec ret@host.example/x", "https:"),
    ],
)
def test_an_address_is_kept_without_secrets(address: str, kept: str) -> None:
    assert public(address) == kept
    assert "secret" not in kept


def test_a_proxy_is_for_what_is_not_exempt() -> None:
    route = Route(
        proxies=(("https", "http://proxy.example:3128"),),
        no_proxy=("inner.example", ".corp.example", "*.lab.example", "h.example:8443"),
        roots=(Path("x"),),
    )
    asked = {
        "https://pypi.example/": True,
        "https://notinner.example/": True,
        "https://h.example/": True,
        "https://inner.example/": False,
        "https://a.inner.example/": False,
        "https://corp.example/": False,
        "https://a.corp.example/": False,
        "https://a.lab.example/": False,
        "https://h.example:8443/": False,
        "http://pypi.example/": False,
        "https://localhost/": False,
        "x": False,
    }
    assert {a: route.proxy(a) is not None for a in asked} == asked
    assert Route(proxies=route.proxies, no_proxy=("*",)).proxy("https://h.example") is (
        None
    )
    assert "proxy.example" not in repr(route)
