import pytest

from mcpchain.component import Kind, Pin, ServerFacts, Transport
from mcpchain.rules.unpinned_server import UnpinnedServer
from tests.making import case, component

SERVER = Kind.MCP_SERVER


@pytest.mark.parametrize(
    ("purl", "pin", "requested", "variant", "message", "hint"),
    [
        (
            "pkg:npm/%40acme/files",
            Pin.FLOATING,
            "",
            "floating",
            "server `s` runs whatever version of `@acme/files` is newest",
            "name a version: `@acme/files@<version>`",
        ),
        (
            "pkg:pypi/files",
            Pin.RANGE,
            ">=1",
            "range",
            "server `s` runs any `files` that fits `>=1`",
            "name a version: `files==<version>`",
        ),
        (
            "pkg:docker/acme/files@1.4",
            Pin.TAG,
            "1.4",
            "tag",
            "server `s` runs whatever `1.4` of `acme/files` points to",
            "name the image by digest: `acme/files@sha256:<digest>`",
        ),
        (
            "pkg:github/acme/files@main",
            Pin.TAG,
            "main",
            "tag",
            "server `s` runs whatever `main` of `acme/files` points to",
            "name a full commit id instead of a branch or tag",
        ),
        (
            None,
            None,
            "",
            "opaque",
            "server `s` is started by a command that names no package",
            "start it from a package with an exact version",
        ),
        (
            None,
            Pin.FLOATING,
            "",
            "floating",
            "server `s` runs whatever version of `s` is newest",
            "name a version: `s@<version>`",
        ),
    ],
)
def test_objects_to_a_server_that_is_not_pinned(
    purl: str | None,
    pin: Pin | None,
    requested: str,
    variant: str,
    message: str,
    hint: str,
) -> None:
    server = component(purl, SERVER, name="s", pin=pin, requested=requested)
    (finding,) = UnpinnedServer().check(case(server))
    assert (finding.variant, finding.message, finding.hint) == (variant, message, hint)


@pytest.mark.parametrize(
    ("pin", "hint"),
    [
        (Pin.FLOATING, "name a version, such as `files==1.2.0`"),
        (Pin.RANGE, "name a version: `files==<version>`"),
    ],
)
def test_a_version_that_is_known_is_named_where_any_would_do(
    pin: Pin, hint: str
) -> None:
    server = component("pkg:pypi/files", SERVER, pin=pin, requested=">2")
    (finding,) = UnpinnedServer().check(case(server, known_version="1.2.0"))
    assert finding.hint == hint


@pytest.mark.parametrize(
    "pin", [Pin.EXACT, Pin.DIGEST, Pin.COMMIT, Pin.LOCAL, Pin.REMOTE]
)
def test_accepts_a_server_that_does_not_move(pin: Pin) -> None:
    assert not [*UnpinnedServer().check(case(component(kind=SERVER, pin=pin)))]


@pytest.mark.parametrize("kind", [Kind.LIBRARY, Kind.APPLICATION, Kind.MODEL])
def test_has_nothing_to_say_about_other_kinds(kind: Kind) -> None:
    assert not [*UnpinnedServer().check(case(component(None, kind)))]


def test_a_server_without_a_command_is_not_said_to_have_one() -> None:
    facts = ServerFacts(client="cursor", transport=Transport.UNKNOWN)
    (finding,) = UnpinnedServer().check(case(component(None, SERVER, facts=facts)))
    assert finding.variant == "opaque"
    assert finding.message.endswith(" is started by nothing that is configured")
