"""Manifests and indexes: read, or refused with the place of what is wrong."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.artifact import Digest
from mcpchain.errors import MalformedError
from mcpchain.oci.manifest import parse
from tests.world.oci import MANIFEST, descriptor, digest_of, image, index, manifest

KNOWN = Digest.parse(digest_of(b""))
LISTED = descriptor(b"x", MANIFEST)


def read(document: Any) -> object:  # noqa: ANN401 - JSON
    return parse(json.dumps(document).encode(), KNOWN, source="m")


def test_a_manifest_is_read_whole() -> None:
    found = parse(
        manifest(artifactType="application/x", subject=LISTED), KNOWN, source="m"
    )
    assert (found.is_index, found.artifact_type) == (False, "application/x")
    assert str(found.subject) == digest_of(b"x")


def test_an_old_manifest_has_the_type_of_its_configuration() -> None:
    found = parse(image(), KNOWN, source="m")
    assert found.artifact_type == "application/vnd.oci.image.config.v1+json"


def test_an_index_without_images_is_an_index_still() -> None:
    found = parse(index(), KNOWN, source="m")
    assert (found.is_index, found.manifests, found.claims) == (True, (), 0)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"schemaVersion": 1}, "schema version 1"),
        ({"schemaVersion": "2"}, "/schemaVersion"),
        ({"schemaVersion": None}, "/schemaVersion"),
        ({"layers": []}, "a manifest and an index at once"),
        ({"manifests": {}}, "/manifests"),
        ({"manifests": [7]}, "/manifests/0"),
        ({"manifests": [{}]}, "/manifests/0"),
        ({"manifests": [LISTED | {"size": -1}]}, "/manifests/0/size"),
        ({"manifests": [LISTED | {"size": "1"}]}, "/manifests/0/size"),
        ({"manifests": [LISTED | {"size": 1.5}]}, "/manifests/0/size"),
        ({"manifests": [LISTED | {"digest": "x"}]}, "/manifests/0/digest"),
        (
            {"manifests": [LISTED | {"digest": f"md5:{'0' * 32}"}]},
            "/manifests/0/digest",
        ),
        (
            {"manifests": [LISTED | {"digest": f"sha1:{'0' * 40}"}]},
            "/manifests/0/digest",
        ),
        (
            {"manifests": [LISTED | {"digest": f"sha256:{'A' * 64}"}]},
            "/manifests/0/digest",
        ),
        (
            {"manifests": [LISTED | {"digest": f"sha256:{'0' * 64}/../x"}]},
            "/manifests/0/digest",
        ),
        ({"manifests": [LISTED | {"mediaType": 7}]}, "/manifests/0/mediaType"),
        ({"manifests": [LISTED | {"annotations": {"a": 7}}]}, "/annotations/a"),
        ({"manifests": [LISTED] * 10_001}, "more than 10,000"),
        ({"subject": "x"}, "/subject"),
        ({"artifactType": 7}, "/artifactType"),
    ],
    ids=lambda each: str(each)[:60],
)
def test_what_is_none_is_refused_with_its_place(
    changes: dict[str, Any], place: str
) -> None:
    with pytest.raises(MalformedError) as caught:
        read(json.loads(index()) | changes)
    assert place in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("schemaVersion", "layers", "manifests", "digest", "size"),
                    *("subject", "annotations", "mediaType", "config", "artifactType"),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(document=JSON)
def test_any_document_is_read_or_refused(document: object) -> None:
    data = json.dumps(document).encode()
    # Anything but a MalformedError fails this test.
    with contextlib.suppress(MalformedError):
        parse(data, KNOWN, source="m")


@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse(data, KNOWN, source="m")
