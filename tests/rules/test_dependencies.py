"""The rules about how firmly a dependency is named."""

from typing import Any

import pytest

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Basis, Component, Kind, Origin, PackageFacts, Pin
from mcpchain.rules.unhashed_dependency import UnhashedDependency
from mcpchain.rules.unpinned_dependency import UnpinnedDependency
from tests.making import case, component

SHA256 = Digest.of("sha256", "a" * 64)
SHA1 = Digest.of("sha1", "a" * 40)
MD5 = Digest.of("md5", "a" * 32)


@pytest.mark.parametrize(
    ("about", "variant", "message"),
    [
        (
            component("pkg:npm/x", pin=Pin.FLOATING, requested="*"),
            "floating",
            "`x` may be any version",
        ),
        (
            component("pkg:pypi/x", pin=Pin.RANGE, requested=">=1,<2"),
            "range",
            "`x` may be any version that fits `>=1,<2`",
        ),
        (
            component("pkg:github/a/x", pin=Pin.TAG, requested="main"),
            "tag",
            "`a/x` is whatever `main` points to",
        ),
        (
            component(None, version="1.0", pin=Pin.LOCAL),
            "opaque",
            "`thing` names no package that could be looked up",
        ),
        (
            component(None, pin=None),
            "opaque",
            "`thing` names no package that could be looked up",
        ),
    ],
)
def test_objects_to_a_dependency_that_moves(
    about: Component, variant: str, message: str
) -> None:
    (finding,) = UnpinnedDependency().check(case(about))
    assert (finding.variant, finding.message) == (variant, message)


@pytest.mark.parametrize(
    "about",
    [
        component(pin=Pin.EXACT),
        component(pin=Pin.COMMIT),
        component(None, pin=Pin.LOCAL, facts=PackageFacts(origin=Origin.PATH)),
        component(pin=None),
        component("pkg:npm/x", Kind.APPLICATION, pin=Pin.FLOATING),
        component(None, Kind.MODEL),
    ],
    ids=["exact", "commit", "local", "a foreign BOM's", "application", "model"],
)
def test_accepts_a_dependency_that_does_not_move(about: Component) -> None:
    assert not [*UnpinnedDependency().check(case(about))]


def test_what_a_server_pulls_in_is_told_once_of_its_package() -> None:
    server = component(kind=Kind.APPLICATION, pin=Pin.EXACT)
    left = component("pkg:npm/left@1.0.0", pin=Pin.RANGE, requested="^1")
    (finding,) = UnpinnedDependency().check(case(server, moving=left))
    assert (finding.variant, finding.about) == ("range", server)
    assert finding.message == (
        "`files@1.2.0` is pinned, but what it pulls in is chosen at every start, such "
        "as `left` by `^1`"
    )
    assert not [*UnpinnedDependency().check(case(left, pulled_in=True))]


def test_of_a_server_that_moves_itself_nothing_more_is_told() -> None:
    server = component("pkg:npm/files", Kind.APPLICATION, pin=Pin.FLOATING)
    left = component("pkg:npm/left@1.0.0", pin=Pin.RANGE)
    assert not [*UnpinnedDependency().check(case(server, moving=left))]


def pinned(
    *artifacts: Artifact,
    origin: Origin = Origin.REGISTRY,
    **fields: Any,  # noqa: ANN401 - the fields of Component
) -> Component:
    given: dict[str, Any] = {"pin": Pin.EXACT, "facts": PackageFacts(origin=origin)}
    return component(artifacts=artifacts, **(given | fields))


@pytest.mark.parametrize(
    ("artifacts", "variant"),
    [
        ((), "none"),
        ((Artifact(name="x.tgz"),), "none"),
        ((Artifact(digests=(SHA1,)),), "weak"),
        ((Artifact(digests=(SHA1, MD5)),), "weak"),
        ((Artifact(digests=(SHA256,)), Artifact(digests=(MD5,))), "weak"),
        ((Artifact(digests=(SHA256,)), Artifact(name="x.whl")), "weak"),
    ],
)
@pytest.mark.parametrize("origin", [Origin.REGISTRY, Origin.URL])
def test_objects_to_bytes_without_a_strong_digest(
    artifacts: tuple[Artifact, ...], variant: str, origin: Origin
) -> None:
    (finding,) = UnhashedDependency().check(case(pinned(*artifacts, origin=origin)))
    assert finding.variant == variant


@pytest.mark.parametrize(
    "about",
    [
        pinned(Artifact(digests=(SHA1, SHA256))),
        pinned(basis=Basis.OBSERVED),
        pinned(pin=Pin.RANGE),
        pinned(kind=Kind.APPLICATION),
        pinned(origin=Origin.PATH),
        pinned(origin=Origin.BUNDLED),
        pinned(origin=Origin.VCS, pin=Pin.COMMIT),
    ],
    ids=["strong", "installed", "range", "server", "path", "bundled", "commit"],
)
def test_accepts_what_is_hashed_or_not_downloaded_by_name(about: Component) -> None:
    assert not [*UnhashedDependency().check(case(about))]
