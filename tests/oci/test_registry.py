"""Registries of images: what they deliver, and what must not be taken for it."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mcpchain.artifact import Digest
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Trust
from mcpchain.fetch import Fetcher
from mcpchain.oci.attached import Attached, Form, collect
from mcpchain.oci.registry import Registry
from mcpchain.oci.source import SourceError
from mcpchain.settings.docker import DockerSettings, Login
from mcpchain.signature import Status, Verification
from mcpchain.verify.oci import verify_image
from tests.world.oci import (
    BUNDLE,
    MANIFEST,
    Layer,
    OciRepository,
    bundled,
    cosign,
    cosign_attest,
    descriptor,
    digest_of,
    image,
    index,
    manifest,
    of_image,
    simple_signing,
)
from tests.world.server import Server
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import ISSUER, Minter

INSTANCE = Instance()
ROOT = parse_root(INSTANCE.trusted_root(), name="test")
TRUST = Trust(root=ROOT, expected=Expected(issuer=ISSUER, repository="acme/files"))
IMAGE = image()
DIGEST = digest_of(IMAGE)
NOBODY = DockerSettings()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as opened:
        yield opened


@pytest.fixture
def repository(server: Server) -> OciRepository:
    """A repository with one image, and nothing attached to it."""
    made = OciRepository(server)
    made.push(IMAGE, "1.2.0")
    return made


def minter(**shape: object) -> Minter:
    return Minter(instance=INSTANCE, **shape)  # type: ignore[arg-type]  # as a test wants


def bundle(data: bytes = IMAGE) -> Layer:
    return bundled(minter(entries=("dsse/0.0.1",)).attest(of_image(data)))


def gather(
    repository: OciRepository,
    digest: str = DIGEST,
    settings: DockerSettings = NOBODY,
    cache: Path | None = None,
) -> Attached:
    with Fetcher(sleep=lambda _: None, cache=cache) as fetcher:
        source = Registry(fetcher, repository.name, settings, seconds=1.0)
        return collect(source, Digest.parse(digest))


def answers(
    repository: OciRepository, digest: str = DIGEST, trust: Trust = TRUST
) -> list[Verification]:
    return [*verify_image(gather(repository, digest), trust)]


def statuses(repository: OciRepository, digest: str = DIGEST) -> list[Status]:
    return [each.status for each in answers(repository, digest)]


def test_nothing_attached_is_missing_where_everything_was_looked_at(
    repository: OciRepository,
) -> None:
    (found,) = answers(repository)
    assert (found.status, found.reason) == (
        Status.MISSING,
        "no signature is attached to it",
    )
    assert found.subject == f"{repository.name}@{DIGEST}"


def test_what_cosign_attached_under_tags_is_found(repository: OciRepository) -> None:
    repository.attach(DIGEST, "sig", [cosign(minter(), simple_signing(DIGEST))])
    envelope = cosign_attest(minter(entries=("intoto/0.0.1",)), of_image(IMAGE))
    repository.attach(DIGEST, "att", [envelope])
    found = answers(repository)
    assert [(e.status, e.kind) for e in found] == [
        (Status.VERIFIED, "oci-signature"),
        (Status.VERIFIED, "oci-attestation"),
    ]
    assert {each.expected_by for each in found} == {"user"}


@pytest.mark.parametrize("kept", [True, False], ids=["by-the-api", "by-a-tag"])
def test_a_bundle_is_found_among_the_referrers(server: Server, *, kept: bool) -> None:
    repository = OciRepository(server)
    repository.keeps_referrers = kept
    repository.push(IMAGE)
    repository.refer(DIGEST, bundle())
    (found,) = answers(repository)
    assert (found.status, found.kind) == (Status.VERIFIED, "oci-bundle")


def test_a_list_of_referrers_goes_on_where_it_says(repository: OciRepository) -> None:
    repository.refer(DIGEST, bundle())
    place = repository.at(f"referrers/{DIGEST}")
    listed = index()
    here = f"/v2/{repository.path}/referrers/{DIGEST}"
    repository.at("referrers/more").answer(200, index(_only_referrer(repository)))
    place.answer(200, listed, Link=f'<{here.replace(DIGEST, "more")}>; rel="next"')
    assert statuses(repository) == [Status.VERIFIED]


def _only_referrer(repository: OciRepository) -> dict[str, object]:
    (listed,) = repository.referrers[DIGEST]
    return listed


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v2/acme/files/referrers/x",
        "/v2/evil/files/referrers/x",
        "/v2/acme/files/../../evil/x",
        "/v2/acme/files/%2e%2e/evil/x",
        "//evil.example/x",
        "https://[",
    ],
)
def test_a_list_that_goes_on_elsewhere_is_not_followed(
    link: str, repository: OciRepository, server: Server
) -> None:
    place = repository.at(f"referrers/{DIGEST}")
    place.answer(200, index(), Link=f'<{link}>; rel="next"')
    (found,) = answers(repository)
    assert found.status is Status.ERROR
    assert "continues its list of referrers elsewhere" in found.reason
    assert not [each for each in server.paths() if "evil" in each]


def test_a_list_without_an_end_is_given_up(repository: OciRepository) -> None:
    here = f"/v2/{repository.path}/referrers/{DIGEST}"
    repository.at(f"referrers/{DIGEST}").answer(
        200, index(), Link=f'<{here}>; rel="next"'
    )
    (found,) = answers(repository)
    assert (found.status, "without an end" in found.reason) == (Status.ERROR, True)


Attack = Callable[[OciRepository], object]


@pytest.mark.parametrize(
    ("attack", "status", "reason"),
    [
        pytest.param(
            lambda r: r.at(f"manifests/{DIGEST}").answer(200, image("evil")),
            Status.INVALID,
            "delivers other bytes than `sha256:",
            id="an-image-of-other-bytes",
        ),
        pytest.param(
            lambda r: r.at(f"manifests/{DIGEST}").answer(404),
            Status.ERROR,
            "has no image `sha256:",
            id="no-image",
        ),
        pytest.param(
            lambda r: r.at(f"manifests/{DIGEST}").answer(403),
            Status.ERROR,
            "answered 403 (not allowed)",
            id="an-image-that-is-refused",
        ),
        pytest.param(
            lambda r: r.at(f"manifests/{DIGEST}").answer(500),
            Status.ERROR,
            "answered 500",
            id="an-image-of-a-broken-server",
        ),
        pytest.param(
            lambda r: r.at(f"manifests/{DIGEST}").slow(),
            Status.ERROR,
            "did not answer in time",
            id="an-image-that-does-not-come",
        ),
        pytest.param(
            lambda r: r.at(f"manifests/{DIGEST}").endless(),
            Status.ERROR,
            "answered more than 4,194,304 bytes",
            id="an-image-without-an-end",
        ),
        pytest.param(
            lambda r: r.at(f"manifests/{DIGEST}").answer_html(),
            Status.INVALID,
            "delivers other bytes",
            id="a-login-page",
        ),
    ],
)
def test_an_image_that_cannot_be_had_is_not_unsigned(
    attack: Attack, status: Status, reason: str, repository: OciRepository
) -> None:
    attack(repository)
    with pytest.raises(SourceError) as caught:
        gather(repository)
    assert (caught.value.status, reason in caught.value.reason) == (status, True), (
        caught.value.reason
    )


def _sig(digest: str = DIGEST) -> str:
    return f"manifests/{digest.replace(':', '-')}.sig"


LAYER = cosign(minter(), simple_signing(DIGEST))


@pytest.mark.parametrize(
    ("attack", "status", "reason"),
    [
        pytest.param(
            lambda r: r.at(_sig()).answer(403),
            Status.ERROR,
            "the tag for `.sig`: `",
            id="a-tag-that-is-refused",
        ),
        pytest.param(
            lambda r: r.at(_sig()).answer(500), Status.ERROR, "answered 500", id="500"
        ),
        pytest.param(
            lambda r: r.at(_sig()).slow(), Status.ERROR, "in time", id="a-time-out"
        ),
        pytest.param(
            lambda r: r.at(_sig()).hang_up(), Status.ERROR, "broke off", id="hung-up"
        ),
        pytest.param(
            lambda r: r.at(_sig()).answer_html(),
            Status.INVALID,
            "is no manifest",
            id="a-login-page",
        ),
        pytest.param(
            lambda r: r.at(_sig()).answer(200, b'{"schemaVersion": 1}'),
            Status.INVALID,
            "manifests of schema version 1 are not read",
            id="an-old-manifest",
        ),
        pytest.param(
            lambda r: r.at(_sig()).answer(200, manifest(LAYER, manifests=[])),
            Status.INVALID,
            "a manifest and an index at once",
            id="a-manifest-that-is-an-index",
        ),
        pytest.param(
            lambda r: r.at(f"referrers/{DIGEST}").answer(500),
            Status.ERROR,
            "the referrers: `",
            id="referrers-of-a-broken-server",
        ),
        pytest.param(
            lambda r: r.at(f"referrers/{DIGEST}").answer(200, IMAGE),
            Status.ERROR,
            "no index of referrers",
            id="an-image-for-referrers",
        ),
        pytest.param(
            lambda r: (
                r.at(f"referrers/{DIGEST}").answer(404),
                r.at(f"manifests/{DIGEST.replace(':', '-')}").answer(500),
            ),
            Status.ERROR,
            "answered 500",
            id="a-tag-of-referrers-of-a-broken-server",
        ),
        pytest.param(
            lambda r: (
                r.at(f"referrers/{DIGEST}").answer(404),
                r.manifest(IMAGE, DIGEST.replace(":", "-")),
            ),
            Status.UNVERIFIABLE,
            "is of no index of referrers",
            id="a-tag-of-referrers-that-is-an-image",
        ),
        pytest.param(
            lambda r: (
                r.attach(DIGEST, "sig", [LAYER]),
                r.blob(LAYER.data).answer(200, b"x" * len(LAYER.data)),
            ),
            Status.INVALID,
            "delivers other bytes",
            id="a-blob-of-other-bytes",
        ),
        pytest.param(
            lambda r: (
                r.attach(DIGEST, "sig", [LAYER]),
                r.blob(LAYER.data).answer(200, LAYER.data[:-1]),
            ),
            Status.INVALID,
            "and not the",
            id="a-blob-cut-short",
        ),
        pytest.param(
            lambda r: (
                r.attach(DIGEST, "sig", [LAYER]),
                r.blob(LAYER.data).endless(),
            ),
            Status.ERROR,
            f"more than {len(LAYER.data)} bytes",
            id="a-blob-without-an-end",
        ),
        pytest.param(
            lambda r: (
                r.attach(DIGEST, "sig", [LAYER]),
                r.blob(LAYER.data).answer(404),
            ),
            Status.ERROR,
            "blob missing: `127.0.0.1",
            id="a-blob-that-is-missing",
        ),
        pytest.param(
            lambda r: r.refer(DIGEST, bundle(), subject=f"sha256:{'0' * 64}"),
            Status.INVALID,
            "it refers to `sha256:0000",
            id="a-referrer-of-another-image",
        ),
        pytest.param(
            lambda r: r.refer(DIGEST, bundle(image("evil"))),
            Status.INVALID,
            "the statement is about other artifacts",
            id="a-bundle-over-another-image",
        ),
        pytest.param(
            lambda r: r.at(f"referrers/{DIGEST}").answer(
                200, index(descriptor(b"gone", MANIFEST, artifactType=BUNDLE))
            ),
            Status.ERROR,
            "answered 404",
            id="a-referrer-that-is-missing",
        ),
        pytest.param(
            lambda r: r.at(f"referrers/{DIGEST}").answer(
                200, index({**descriptor(b"x", MANIFEST), "digest": "md5:00"})
            ),
            Status.INVALID,
            "/manifests/0/digest",
            id="a-referrer-by-a-weak-digest",
        ),
    ],
)
def test_what_cannot_be_looked_at_is_not_missing_and_no_yes(
    attack: Attack, status: Status, reason: str, repository: OciRepository
) -> None:
    attack(repository)
    (found,) = answers(repository)
    assert (found.status, reason in found.reason) == (status, True), found.reason


def test_a_blob_larger_than_is_read_is_not_asked_for(
    repository: OciRepository, server: Server
) -> None:
    huge = {**LAYER.descriptor, "size": 1 << 40}
    text = json.loads(manifest(LAYER)) | {"layers": [huge]}
    repository.manifest(json.dumps(text).encode(), _sig().removeprefix("manifests/"))
    (found,) = answers(repository)
    assert found.status is Status.ERROR
    assert "of which 33,554,432 are read" in found.reason
    assert not [each for each in server.paths() if "/blobs/" in each]


def test_an_index_and_the_images_in_it_are_signed_each_for_itself(
    repository: OciRepository,
) -> None:
    both = index(descriptor(IMAGE, MANIFEST), descriptor(image("arm"), MANIFEST))
    outer = repository.push(both)
    repository.attach(DIGEST, "sig", [cosign(minter(), simple_signing(DIGEST))])
    (found,) = answers(repository, outer)
    assert found.status is Status.MISSING
    assert "signatures of the images in it are others" in found.reason
    assert statuses(repository) == [Status.VERIFIED]
    # A signature that was moved from the image to its index is of the image still.
    repository.attach(outer, "sig", [cosign(minter(), simple_signing(DIGEST))])
    (found,) = answers(repository, outer)
    assert (found.status, f"image `{DIGEST}`" in found.reason) == (Status.INVALID, True)


def test_what_buildkit_put_in_is_signed_by_nobody(repository: OciRepository) -> None:
    notes = {
        "vnd.docker.reference.digest": DIGEST,
        "vnd.docker.reference.type": "attestation-manifest",
    }
    claim = Layer(data=of_image(IMAGE), media="application/vnd.in-toto+json")
    claims = manifest(claim)
    repository.blob(claim.data)
    repository.manifest(claims)
    outer = repository.push(
        index(
            descriptor(IMAGE, MANIFEST),
            descriptor(claims, MANIFEST, annotations=notes),
        )
    )
    (found,) = answers(repository, outer)
    assert found.status is Status.MISSING
    assert found.reason == (
        "no signature is attached to it; what BuildKit attests in it (1) is signed by "
        "nobody: no evidence; it is an index, and signatures of the images in it are "
        "others"
    )
    repository.attach(outer, "sig", [cosign(minter(), simple_signing(outer))])
    (found,) = answers(repository, outer)
    assert found.status is Status.VERIFIED
    (note,) = found.notes
    assert note == "what BuildKit attests in it (1) is signed by nobody: no evidence"


def test_an_unsigned_sbom_among_the_referrers_is_no_signature(
    repository: OciRepository,
) -> None:
    sbom = Layer(data=b"{}", media="application/spdx+json")
    repository.refer(DIGEST, sbom, kind="application/spdx+json")
    (found,) = answers(repository)
    assert found.status is Status.MISSING
    assert "also `application/spdx+json`, which are no signatures" in found.reason


def test_a_signature_of_notary_is_not_read_and_not_missing(
    repository: OciRepository,
) -> None:
    signed = Layer(data=b"{}", media="application/jose+json")
    repository.refer(DIGEST, signed, kind="application/vnd.cncf.notary.signature")
    (found,) = answers(repository)
    assert (found.status, "Notary" in found.reason) == (Status.UNVERIFIABLE, True)


def test_what_lies_under_the_tag_of_a_signature_and_is_none_is_set_aside(
    repository: OciRepository,
) -> None:
    repository.attach(DIGEST, "sig", [Layer(data=b"{}", media="text/plain")])
    (found,) = answers(repository)
    assert (found.status, "also `text/plain`" in found.reason) == (Status.MISSING, True)


def test_only_so_many_things_are_looked_at_and_it_is_said(
    repository: OciRepository,
) -> None:
    evil = Minter(
        instance=INSTANCE, claims={**minter().claims, 12: "https://e.example"}
    )
    layer = cosign(evil, simple_signing(DIGEST))
    repository.attach(DIGEST, "sig", [layer] * 70)
    found = gather(repository)
    assert len(found.pieces) == 64
    (problem,) = found.problems
    assert (problem.status, "more is attached" in problem.reason) == (
        Status.ERROR,
        True,
    )


def test_a_tag_is_asked_for_once_and_then_its_digest_counts(
    repository: OciRepository, server: Server
) -> None:
    tagged = repository.at("manifests/1.2.0")
    tagged.answer(200, IMAGE).then(1).answer(200, image("evil"))
    with Fetcher() as fetcher:
        source = Registry(fetcher, repository.name, NOBODY)
        digest = source.resolve("1.2.0")
        assert str(digest) == DIGEST
        assert collect(source, digest).image.data == IMAGE
        assert str(source.resolve("1.2.0")) == digest_of(image("evil"))
    assert server.paths().count(f"/v2/{repository.path}/manifests/1.2.0") == 2


@pytest.mark.parametrize("tag", ["", "../x", "a/b", "a?b", "a#b", "a b", "a" * 129])
def test_a_tag_that_is_none_is_not_asked_for(
    tag: str, repository: OciRepository, server: Server
) -> None:
    with Fetcher() as fetcher, pytest.raises(SourceError, match="is no tag"):
        Registry(fetcher, repository.name, NOBODY).resolve(tag)
    assert server.asked == []


def test_referrers_beyond_the_limit_are_not_looked_at(
    repository: OciRepository,
) -> None:
    gone = [
        descriptor(str(i).encode(), MANIFEST, artifactType=BUNDLE) for i in range(70)
    ]
    repository.at(f"referrers/{DIGEST}").answer(200, index(*gone))
    found = gather(repository)
    assert len(found.problems) == 65
    assert "more is attached than the 64" in found.problems[-1].reason


def test_a_tag_is_never_answered_from_the_cache(
    repository: OciRepository, tmp_path: Path
) -> None:
    place = repository.at("manifests/1.2.0")
    place.answer(200, IMAGE, Cache_Control="max-age=600")
    with Fetcher(cache=tmp_path / "http") as fetcher:
        source = Registry(fetcher, repository.name, NOBODY)
        source.resolve("1.2.0")
        place.answer(200, image("evil"))
        assert str(source.resolve("1.2.0")) == digest_of(image("evil"))


# Who asks


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    with Server() as opened:
        yield opened


def challenge(server: Server, **more: str) -> str:
    given = {"realm": f"{server.address}/token", "service": "registry.example"} | more
    return "Bearer " + ",".join(f'{key}="{value}"' for key, value in given.items())


def signed(repository: OciRepository) -> None:
    repository.attach(DIGEST, "sig", [LAYER])


def test_a_token_is_asked_for_anonymously_and_for_reading_alone(
    repository: OciRepository, server: Server, elsewhere: Server
) -> None:
    signed(repository)
    wants = challenge(elsewhere, scope="repository:acme/files:pull,push,delete")
    repository.guard("Bearer t0ken", wants)
    elsewhere.place("/token").answer_json({"token": "t0ken"})
    assert gather(repository).pieces[0].form is Form.SIGNATURE
    (asked,) = elsewhere.asked
    assert asked.path == (
        "/token?scope=repository%3Aacme%2Ffiles%3Apull&service=registry.example"
    )
    assert "Authorization" not in asked.headers
    refused = [each for each in server.asked if "Authorization" not in each.headers]
    assert len(refused) == 1


def test_a_login_is_presented_where_the_registry_gives_out_tokens(
    repository: OciRepository, server: Server, elsewhere: Server
) -> None:
    signed(repository)
    repository.guard("Bearer t0ken", challenge(elsewhere))
    elsewhere.place("/token").answer_json({"access_token": "t0ken"})
    gather(repository, settings=login(server))
    (asked,) = elsewhere.asked
    assert asked.headers["Authorization"] == "Basic bWU6c2VjcmV0"
    assert all("c2VjcmV0" not in str(each.headers) for each in server.asked)


def login(server: Server) -> DockerSettings:
    host = server.address.removeprefix("http://")
    known = Login(host=host, user="me", password="secret")  # noqa: S106 - of nobody
    return DockerSettings(logins=(known,))


def test_a_login_is_presented_to_a_registry_that_wants_it_itself(
    repository: OciRepository, server: Server
) -> None:
    signed(repository)
    repository.guard("Basic bWU6c2VjcmV0", 'Basic realm="it"')
    assert len(gather(repository, settings=login(server)).pieces) == 1


def test_a_token_of_the_user_is_presented_as_it_is(
    repository: OciRepository, server: Server
) -> None:
    signed(repository)
    repository.guard("Bearer mine", "Bearer realm=")
    host = server.address.removeprefix("http://")
    own = DockerSettings(logins=(Login(host=host, token="mine"),))  # noqa: S106 - none
    assert len(gather(repository, settings=own).pieces) == 1


def test_a_token_does_not_travel_to_another_host(
    repository: OciRepository, server: Server, elsewhere: Server
) -> None:
    signed(repository)
    blob = repository.at(f"blobs/{digest_of(LAYER.data)}")
    blob.redirect_to(f"{elsewhere.address}/storage", 307)
    repository.guard("Bearer t0ken", challenge(server))
    server.place("/token").answer_json({"token": "t0ken"})
    elsewhere.place("/storage").answer(200, LAYER.data)
    assert gather(repository).pieces[0].data == LAYER.data
    (asked,) = elsewhere.asked
    assert "Authorization" not in asked.headers


def test_who_stands_behind_a_redirect_is_told_no_login(
    repository: OciRepository, server: Server, elsewhere: Server
) -> None:
    repository.at(f"manifests/{DIGEST}").redirect_to(f"{elsewhere.address}/m")
    realm = f'Basic realm="it", {challenge(elsewhere)}'
    elsewhere.place("/m").answer(401, WWW_Authenticate=realm)
    with pytest.raises(SourceError) as caught:
        gather(repository, settings=login(server))
    assert caught.value.status is Status.ERROR
    assert "401" in caught.value.reason
    assert [each.path for each in elsewhere.asked] == ["/m"]
    assert "Authorization" not in elsewhere.asked[0].headers


def test_a_token_that_is_no_longer_good_is_replaced(
    repository: OciRepository, server: Server
) -> None:
    signed(repository)
    first = {f"/v2/{repository.path}/manifests/{DIGEST}": "Bearer older"}
    repository.guard("Bearer newer", challenge(server), first)
    server.place("/token").answer(200, b'{"token": "older"}').then(1)
    server.place("/token").answer(200, b'{"token": "newer"}')
    assert len(gather(repository).pieces) == 1


def test_no_token_is_kept_on_disk(
    repository: OciRepository, server: Server, tmp_path: Path
) -> None:
    signed(repository)
    repository.guard("Bearer t0ken", challenge(server))
    server.place("/token").answer(
        200, b'{"token": "t0ken"}', Cache_Control="max-age=600"
    )
    gather(repository, cache=tmp_path / "http")
    kept = [each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()]
    assert not [each for each in kept if b"t0ken" in each]
    gather(repository, cache=tmp_path / "http")
    assert len([each for each in server.paths() if each.startswith("/token")]) == 2


def test_a_registry_that_never_has_enough_is_asked_twice(
    repository: OciRepository, server: Server
) -> None:
    repository.guard("Bearer never", challenge(server))
    server.place("/token").answer_json({"token": "t0ken"})
    with pytest.raises(SourceError) as caught:
        gather(repository)
    assert (caught.value.status, "401" in caught.value.reason) == (Status.ERROR, True)
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("wants", "reason"),
    [
        ('Bearer realm="http://auth.example/token"', "where nobody is asked"),
        ('Bearer realm="ftp://127.0.0.1/token"', "where nobody is asked"),
        ('Bearer realm="https://u:p@auth.example/"', "where nobody is asked"),
        ('Bearer realm="https://[/"', "where nobody is asked"),
        ('Bearer service="x"', "where nobody is asked"),
        ("Bearer", "no login"),
        ("Negotiate", "no login"),
        ("", "no login"),
        ('Basic realm="it"', "no login"),
    ],
)
def test_a_challenge_that_cannot_be_met_says_why(
    wants: str, reason: str, repository: OciRepository, server: Server
) -> None:
    repository.guard("Bearer t0ken", wants)
    with pytest.raises(SourceError) as caught:
        gather(repository)
    assert caught.value.status is Status.ERROR
    assert reason in caught.value.reason, caught.value.reason
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"token": ""},
        {"token": 1},
        {"token": "a\r\nX-Evil: 1"},
        {"token": "a b"},
        [],
        "t0ken",
    ],
    ids=str,
)
def test_a_token_that_is_none_is_not_sent(
    answer: object, repository: OciRepository, server: Server
) -> None:
    repository.guard("Bearer t0ken", challenge(server))
    server.place("/token").answer_json(answer)
    with pytest.raises(SourceError) as caught:
        gather(repository)
    assert caught.value.status is Status.ERROR
    assert len(server.asked) == 2


def test_where_no_tokens_are_given_out_nothing_is_missing(
    repository: OciRepository, server: Server
) -> None:
    guarded = [_sig(), f"manifests/{DIGEST.replace(':', '-')}.att"]
    for each in guarded:
        repository.at(each).answer(401, WWW_Authenticate=challenge(server))
    found = answers(repository)
    assert {each.status for each in found} == {Status.ERROR}
    assert all("no token is given out" in each.reason for each in found)


def test_a_login_that_a_program_keeps_is_not_fetched_but_told(
    repository: OciRepository,
) -> None:
    repository.guard("Bearer t0ken", 'Basic realm="it"')
    kept = DockerSettings(kept_elsewhere=(("", "it is kept by `pass`"),))
    with pytest.raises(SourceError) as caught:
        gather(repository, settings=kept)
    assert caught.value.reason.endswith("it is kept by `pass`")


@pytest.mark.parametrize(
    "name",
    [
        "acme/files",
        "host.example",
        "host.example/a:1",
        "https://host.example/a",
        "",
        "/",
    ],
)
def test_a_name_that_is_no_repository_with_a_host_is_refused(name: str) -> None:
    with Fetcher() as fetcher, pytest.raises(ValueError, match="`"):
        Registry(fetcher, name, NOBODY)


def test_off_line_nobody_is_asked(repository: OciRepository, server: Server) -> None:
    with Fetcher(offline=True) as fetcher:
        source = Registry(fetcher, repository.name, NOBODY)
        with pytest.raises(SourceError) as caught:
            collect(source, Digest.parse(DIGEST))
    assert (caught.value.status, "(offline)" in caught.value.reason) == (
        Status.ERROR,
        True,
    )
    assert server.asked == []


def test_a_longer_digest_is_compared_too(repository: OciRepository) -> None:
    digest = f"sha512:{hashlib.sha512(IMAGE).hexdigest()}"
    repository.at(f"manifests/{digest}").answer(200, IMAGE)
    repository.at(f"referrers/{digest}").answer(200, index())
    assert statuses(repository, digest) == [Status.MISSING]
    repository.at(f"manifests/{digest}").answer(200, image("evil"))
    with pytest.raises(SourceError):
        gather(repository, digest)


def test_a_signature_in_a_repository_beside_is_found(server: Server) -> None:
    repository, beside = OciRepository(server), OciRepository(server, "acme/signatures")
    repository.push(IMAGE)
    beside.attach(DIGEST, "sig", [LAYER])
    with Fetcher() as fetcher:
        other = Registry(fetcher, beside.name, NOBODY)
        source = Registry(fetcher, repository.name, NOBODY)
        found = collect(source, Digest.parse(DIGEST), other)
    assert [each.status for each in verify_image(found, TRUST)] == [Status.VERIFIED]


@pytest.mark.parametrize(
    ("repository", "asked"),
    [
        ("docker.io/debian", "registry-1.docker.io/v2/library/debian/"),
        ("index.docker.io/acme/files", "registry-1.docker.io/v2/acme/files/"),
        ("R.example:443/files", "r.example/v2/files/"),
    ],
)
def test_docker_hub_is_asked_where_it_answers(repository: str, asked: str) -> None:
    with Fetcher(offline=True) as fetcher:
        source = Registry(fetcher, repository, NOBODY)
        with pytest.raises(SourceError, match=f"https://{asked}manifests/1"):
            source.resolve("1")
