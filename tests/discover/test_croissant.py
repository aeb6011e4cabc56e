import copy
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Basis, Component, DataFacts, Kind, Pin
from mcpchain.discover import survey
from mcpchain.discover.croissant import DISCOVERER
from mcpchain.discover.data_file import DISCOVERER as DATA_FILE
from mcpchain.discover.dataset_card import DISCOVERER as CARD
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree

DATA = b"a,b\n1,2\n"
SHA = hashlib.sha256(DATA).hexdigest()
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
OTHER = "0" * 64


def described(*files: dict[str, Any], **more: object) -> dict[str, Any]:
    return {
        "@context": {
            "@language": "en",
            "@vocab": "https://schema.org/",
            "cr": "http://mlcommons.org/croissant/",
            "dct": "http://purl.org/dc/terms/",
        },
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "acme",
        "distribution": [{"@type": "cr:FileObject", **each} for each in files],
        **more,
    }


def write(root: Path, value: object, path: str = "croissant.json") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    data = value if isinstance(value, bytes) else json.dumps(value, indent=1).encode()
    (root / path).write_bytes(data)


def discover(root: Path) -> Inventory:
    parts = [DISCOVERER, DATA_FILE, CARD]
    return survey(Tree(root), name="set", discoverers=parts)


def whole(found: Inventory) -> tuple[Component, DataFacts]:
    (component,) = [e for e in found.components if not e.artifacts]
    assert isinstance(component.facts, DataFacts)
    return component, component.facts


def parts(found: Inventory) -> list[Component]:
    return [each for each in found.components if each.artifacts]


def test_a_description_declares_the_data_set(tmp_path: Path) -> None:
    value = described(
        description="Sales\nof Acme.",
        version="1.2.0",
        license="https://creativecommons.org/licenses/by/4.0/",
        inLanguage=["en", "de"],
        citeAs="@misc{x}",
        recordSet=[
            {
                "@type": "cr:RecordSet",
                "field": {"@id": "splits/name"},
                "data": [{"splits/name": "train"}],
            },
            {
                "@type": "cr:RecordSet",
                "field": [{"@id": "all/a", "name": "all/a"}, {"@id": "all/b"}],
            },
        ],
        **{"rai:personalSensitiveInformation": ["Gender", "Age"]},
    )
    write(tmp_path, value)
    found = discover(tmp_path)
    assert found.gaps == ()
    component, facts = whole(found)
    assert (component.kind, component.basis) == (Kind.DATA, Basis.DECLARED)
    assert (component.name, component.version) == ("acme", "1.2.0")
    assert component.licenses == ("CC-BY-4.0",)
    assert facts == DataFacts(
        format="croissant",
        description="Sales of Acme.",
        columns=("a", "b"),
        languages=("de", "en"),
        sensitive=("Age", "Gender"),
    )


def test_terms_may_have_prefixes_and_stand_alone(tmp_path: Path) -> None:
    value = {
        "@context": "https://schema.org/",
        "dct:conformsTo": [
            {"@id": "http://mlcommons.org/croissant/1.1"},
            {"@id": "http://mlcommons.org/croissant/RAI/1.0"},
        ],
        "sc:name": "acme",
        "sc:version": 2,
        "sc:license": {"@type": "sc:CreativeWork", "name": "MIT"},
        "sc:distribution": {
            "@type": ["cr:FileObject"],
            "@id": "x",
            "sc:contentUrl": "x.csv",
            "cr:sha256": SHA.upper(),
        },
        "rai:personalSensitiveInformation": "Gender",
    }
    write(tmp_path, value, "metadata.json")
    found = discover(tmp_path)
    assert found.gaps == ()
    component, facts = whole(found)
    assert (component.name, component.version) == ("acme", "2")
    assert component.licenses == ("MIT",)
    assert facts.sensitive == ("Gender",)
    (part,) = parts(found)
    assert part.artifacts[0].digests == (Digest.of("sha256", SHA),)


def test_a_file_that_is_elsewhere_is_declared_with_its_digest(tmp_path: Path) -> None:
    value = described(
        {
            "@id": "big.parquet",
            "name": "big.parquet",
            "contentUrl": "https://u:pass@data.example/v1/big.parquet?token=secret",
            "contentSize": "123 B",
            "encodingFormat": "application/x-parquet",
            "sha256": SHA,
            "md5": MD5,
        }
    )
    write(tmp_path, value, "sub/croissant.json")
    found = discover(tmp_path)
    assert found.gaps == ()
    (part,) = parts(found)
    assert (part.basis, part.pin) == (Basis.DECLARED, Pin.DIGEST)
    assert part.name == "big.parquet"
    assert part.location.pointer == "/distribution/0"
    assert part.facts == DataFacts(format="parquet")
    assert part.artifacts == (
        Artifact(
            name="sub/big.parquet",
            digests=(Digest.of("sha256", SHA), Digest.of("md5", MD5)),
            url="https://data.example/v1/big.parquet",
            size=123,
        ),
    )
    (edge,) = found.relations
    assert (edge.source, edge.target) == (whole(found)[0].ref, part.ref)
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    "entry",
    [
        {"@id": "x.csv", "contentUrl": "x.csv", "sha256": SHA},
        {"@id": "f1", "contentUrl": "./x.csv", "sha256": SHA},
        {"@id": "f1", "contentUrl": "https://data.example/a/x.csv?v=1", "sha256": SHA},
        {"@id": "f1", "name": "x.csv", "contentUrl": "https://d.example/1", "md5": MD5},
        {"@id": "x.csv", "sha256": SHA, "md5": MD5, "contentSize": "8"},
        {"@id": "x.csv", "contentUrl": "C:\\data\\x.csv", "sha256": SHA},
        {"@id": "f1", "contentUrl": "/home/alice/x.csv", "sha256": SHA},
        {"@id": "f1", "contentUrl": "file:///home/alice/x.csv"},
    ],
)
@pytest.mark.parametrize("name", ["x.csv", "x.bin"])
def test_a_file_beside_that_is_what_is_said_stands_for_itself(
    tmp_path: Path, entry: dict[str, str], name: str
) -> None:
    text = json.dumps(described(entry)).replace("x.csv", name)
    write(tmp_path, text.encode(), "sub/my-croissant.json")
    (tmp_path / "sub" / name).write_bytes(DATA)
    found = discover(tmp_path)
    assert found.gaps == ()
    (part,) = parts(found)
    assert part.basis is Basis.OBSERVED
    assert part.artifacts == (
        Artifact(
            name=f"sub/{name}", digests=(Digest.of("sha256", SHA),), size=len(DATA)
        ),
    )
    assert [(e.source, e.target) for e in found.relations] == [
        (whole(found)[0].ref, part.ref)
    ]
    assert "alice" not in repr(found)


@pytest.mark.parametrize(
    "entry",
    [
        {"contentUrl": "x.csv", "sha256": OTHER},
        {"contentUrl": "x.csv", "md5": "0" * 32},
        {"contentUrl": "x.csv", "md5": MD5, "sha256": OTHER},
        {"contentUrl": "x.csv", "sha256": SHA, "contentSize": "9 bytes"},
        {"contentUrl": "https://data.example/x.csv", "sha256": OTHER},
        {"contentUrl": "x.csv", "sha256": OTHER, "containedIn": {"@id": "repo"}},
    ],
)
def test_a_file_beside_that_is_another_is_a_conflict(
    tmp_path: Path, entry: dict[str, str]
) -> None:
    repository = {
        "@id": "repo",
        "contentUrl": "https://hub.example/acme/data",
        "encodingFormat": "git+https",
        "sha256": "https://example.com/issues/80",
    }
    write(tmp_path, described(repository, {"@id": "f", **entry}))
    (tmp_path / "x.csv").write_bytes(DATA)
    found = discover(tmp_path)
    (part,) = parts(found)
    assert part.artifacts[0].digests == (Digest.of("sha256", SHA),)
    (gap,) = found.gaps
    assert (gap.state, gap.ref) == (State.CONFLICT, part.ref)
    assert str(gap.location) == "croissant.json#/distribution/1"


def test_what_is_inside_an_archive_is_not_what_lies_beside(tmp_path: Path) -> None:
    value = described(
        {"@id": "all.zip", "contentUrl": "https://data.example/all.zip", "sha256": SHA},
        {
            "@id": "x.csv",
            "contentUrl": "x.csv",
            "sha256": OTHER,
            "containedIn": {"@id": "all.zip"},
        },
    )
    write(tmp_path, value)
    (tmp_path / "x.csv").write_bytes(DATA)
    found = discover(tmp_path)
    assert found.gaps == ()
    names = sorted(each.artifacts[0].name for each in parts(found))
    assert names == ["all.zip", "all.zip!/x.csv", "x.csv"]


def test_a_file_of_that_name_in_another_folder_is_not_meant(tmp_path: Path) -> None:
    write(tmp_path, described({"@id": "x.csv", "sha256": OTHER}), "sub/croissant.json")
    write(tmp_path, b"---\ntask_ids: []\n---\n", "README.md")
    (tmp_path / "x.csv").write_bytes(DATA)
    found = discover(tmp_path)
    assert found.gaps == ()
    assert sorted(e.artifacts[0].name for e in parts(found)) == ["sub/x.csv", "x.csv"]


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"name": 3}, "/name"),
        ({"description": ["x"]}, "/description"),
        ({"version": [1]}, "/version"),
        ({"license": 3}, "/license"),
        ({"license": [{"x": 1}]}, "/license/0"),
        ({"inLanguage": {"x": 1}}, "/inLanguage"),
        ({"rai:personalSensitiveInformation": 3}, "/rai:personalSensitiveInformation"),
        ({"recordSet": [3]}, "/recordSet/0"),
        ({"recordSet": [{"field": [3]}]}, "/recordSet/0/field/0"),
        ({"distribution": 3}, "/distribution"),
        ({"distribution": [3]}, "/distribution/0"),
        ({"distribution": [{"@type": 3}]}, "/distribution/0/@type"),
        (
            {"distribution": {"@type": "cr:FileObject", "sha256": "abc"}},
            "/distribution/sha256",
        ),
        (
            {"distribution": {"@type": "cr:FileObject", "md5": 3}},
            "/distribution/md5",
        ),
        (
            {"distribution": {"@type": "cr:FileObject", "contentUrl": "x" * 5000}},
            "/distribution",
        ),
        (
            {"distribution": {"@type": "cr:FileObject", "containedIn": 3}},
            "/distribution/containedIn",
        ),
    ],
)
def test_a_flaw_is_a_gap_and_the_rest_is_read(
    tmp_path: Path, more: dict[str, object], pointer: str
) -> None:
    write(tmp_path, described() | more)
    found = discover(tmp_path)
    assert [(e.location.pointer.rstrip("/"), e.state) for e in found.gaps] == [
        (pointer.removesuffix("/@id"), State.UNREADABLE)
    ]
    assert whole(found)[1].format == "croissant"


def test_a_digest_that_is_none_does_not_hide_the_file_or_the_other_digest(
    tmp_path: Path,
) -> None:
    entry = {"@id": "x.csv", "sha256": "TODO", "md5": MD5}
    write(tmp_path, described(entry, {"@id": "y.csv", "sha256": SHA}))
    found = discover(tmp_path)
    assert len(found.gaps) == 1
    digests = {e.name: e.artifacts[0].digests for e in parts(found)}
    assert digests == {
        "x.csv": (Digest.of("md5", MD5),),
        "y.csv": (Digest.of("sha256", SHA),),
    }
    assert {e.name: e.pin for e in parts(found)} == {"x.csv": None, "y.csv": Pin.DIGEST}


@pytest.mark.parametrize(
    "path",
    ["../../../etc/passwd", "/etc/passwd", "a\0b", "..", ".", "sub", "x" * 3000, "\n"],
)
def test_an_address_that_leads_nowhere_is_only_declared(
    tmp_path: Path, path: str
) -> None:
    (tmp_path / "in/sub").mkdir(parents=True)
    entry = {"@id": "f", "contentUrl": path, "sha256": SHA}
    write(tmp_path, described(entry), "in/croissant.json")
    found = discover(tmp_path)
    assert [each.basis for each in parts(found)] == [Basis.DECLARED]
    assert found.gaps == ()


@pytest.mark.parametrize(
    "address", ["file:///home/alice/x.csv", "FILE://host/alice/x.csv", "/home/alice/x"]
)
def test_where_its_maker_has_a_file_is_not_told(tmp_path: Path, address: str) -> None:
    write(tmp_path, described({"@id": "f", "contentUrl": address, "sha256": SHA}))
    found = discover(tmp_path)
    assert [each.artifacts[0].url for each in parts(found)] == [None]
    assert "alice" not in repr(found)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.json", {"@context": "https://schema.org", "@type": "Person"}),
        ("metadata.json", {"@context": 3}),
        ("metadata.json", {"@id": 3, "conformsTo": {"@id": 3}}),
        ("metadata.json", b'{"@context": '),
        ("metadata.json", {"keras_version": "3.0"}),
        ("metadata.json", b'"@"'),
        ("croissants.json", {"name": "pain au chocolat"}),
        ("croissants.json", []),
    ],
)
def test_what_is_no_croissant_is_nothing(
    tmp_path: Path, path: str, value: object
) -> None:
    write(tmp_path, value, path)
    found = discover(tmp_path)
    assert not found.components
    assert len(found.gaps) == (value == [])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("croissant.json", b"{"),
        ("croissant.json", {"@context": {"@vocab": "https://schema.org/"}}),
        ("metadata.json", b'{"@context": "http://mlcommons.org/croissant/", '),
        ("metadata.json", json.dumps(described()).encode() + b"}"),
    ],
)
def test_a_croissant_that_cannot_be_read_is_a_gap(
    tmp_path: Path, path: str, value: object
) -> None:
    write(tmp_path, value, path)
    found = discover(tmp_path)
    assert not found.components
    assert [each.state for each in found.gaps] == [State.UNREADABLE]


def test_a_later_version_is_told(tmp_path: Path) -> None:
    write(tmp_path, described(conformsTo="http://mlcommons.org/croissant/2.0"))
    found = discover(tmp_path)
    assert [each.state for each in found.gaps] == [State.PARTIAL]
    assert whole(found)[0].name == "acme"


def test_two_descriptions_of_one_folder_that_differ_are_a_conflict(
    tmp_path: Path,
) -> None:
    write(tmp_path, described(license="mit", version="1.0.0"))
    write(
        tmp_path,
        b"---\npretty_name: Acme\ntask_ids: []\nlicense: gpl-3.0\n---\n",
        "README.md",
    )
    found = discover(tmp_path)
    component, facts = whole(found)
    assert (component.name, component.version) == ("Acme", "1.0.0")
    assert component.licenses == ("GPL-3.0-only", "MIT")
    assert facts.format == "hugging-face"
    (gap,) = found.gaps
    assert (gap.state, gap.ref) == (State.CONFLICT, component.ref)
    assert gap.location.path == "croissant.json"
    assert "`MIT`" in gap.reason
    assert "`GPL-3.0-only`" in gap.reason


def test_a_second_description_of_other_data_stays_by_itself(tmp_path: Path) -> None:
    write(tmp_path, described())
    write(tmp_path, described(name="other", license="mit"), "croissant-2.json")
    found = discover(tmp_path)
    assert found.gaps == ()
    assert sorted(each.name for each in found.components) == ["acme", "other"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["@id", "@type", "name", "contentUrl", "sha256", "field"]),
            inner,
            max_size=4,
        )
    ),
)


@settings(deadline=None, max_examples=80)
@given(
    VALUES,
    st.sampled_from(
        ["@context", "conformsTo", "name", "license", "distribution", "recordSet"]
    ),
)
def test_anything_is_read_or_leaves_a_gap(value: object, key: str) -> None:
    document = copy.deepcopy(described({"@id": "x.csv", "sha256": SHA}))
    document[key] = value
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), document)
        discover(Path(folder))
