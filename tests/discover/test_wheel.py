import base64
import hashlib
import io
import json
import struct
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from mcpchain.artifact import Algorithm
from mcpchain.component import Basis, Component, Kind, Origin, PackageFacts, Pin
from mcpchain.core_metadata import BOMS
from mcpchain.discover import survey
from mcpchain.discover.wheel import DISCOVERER
from mcpchain.inventory import Inventory
from mcpchain.tree import Tree

INFO = "files-1.0.dist-info"
META = b"Metadata-Version: 2.4\nName: Files\nVersion: 1.0\nLicense-Expression: MIT\n\n"
NAME = "files-1.0-py3-none-any.whl"
MODULE = {"files/__init__.py": b"x = 1\n"}
HONEST = {**MODULE, f"{INFO}/METADATA": META, f"{INFO}/WHEEL": b"Wheel-Version: 1.0\n"}


def digest(data: bytes) -> str:
    value = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"sha256={value.decode().rstrip('=')}"


def record(members: Mapping[str, bytes]) -> bytes:
    rows = [f"{name},{digest(data)},{len(data)}" for name, data in members.items()]
    return "\n".join([*rows, f"{INFO}/RECORD,,"]).encode()


def packed(
    members: Mapping[str, bytes], *more: tuple[str | zipfile.ZipInfo, bytes]
) -> bytes:
    stream = io.BytesIO()
    with (
        warnings.catch_warnings(action="ignore"),
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for entry, data in [*members.items(), *more]:
            archive.writestr(entry, data)
    return stream.getvalue()


def honest(**more: bytes) -> bytes:
    members = {**HONEST, **{f"{INFO}/sboms/{k}": v for k, v in more.items()}}
    return packed({**members, f"{INFO}/RECORD": record(members)})


def found(folder: Path, data: bytes, name: str = NAME) -> Inventory:
    (folder / name).write_bytes(data)
    return survey(Tree(folder), name="project", discoverers=[DISCOVERER])


def told(inventory: Inventory) -> str:
    return "\n".join(f"{each.state.value}: {each.reason}" for each in inventory.gaps)


def only(inventory: Inventory) -> Component:
    (component,) = inventory.components
    return component


def test_a_wheel_is_what_it_says_with_the_digest_of_its_bytes(tmp_path: Path) -> None:
    data = honest()
    inventory = found(tmp_path, data)
    assert told(inventory) == ""
    component = only(inventory)
    assert str(component.purl) == "pkg:pypi/files@1.0"
    assert component.kind is Kind.LIBRARY
    assert component.pin is Pin.LOCAL
    assert component.basis is Basis.OBSERVED
    assert component.facts == PackageFacts(origin=Origin.PATH)
    assert component.licenses == component.concluded == ("MIT",)
    (artifact,) = component.artifacts
    assert artifact.name == NAME
    assert artifact.size == len(data)
    known = artifact.digest(Algorithm.SHA256)
    assert known is not None
    assert known.value == hashlib.sha256(data).hexdigest()


def test_the_same_wheel_in_two_folders_is_one_component(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / NAME).write_bytes(honest())
    component = only(found(tmp_path, honest()))
    assert [each.path for each in component.locations] == [f"a/{NAME}", NAME]


def test_the_boms_in_it_are_kept_for_whoever_reads_them(tmp_path: Path) -> None:
    inventory = found(tmp_path, honest(**{"a.json": b"{}", "b.json": b"[]"}))
    assert told(inventory) == ""
    assert [(e.ref, e.location.path, e.data) for e in inventory.embedded] == [
        ("pkg:pypi/files@1.0", f"{NAME}/{INFO}/sboms/a.json", b"{}"),
        ("pkg:pypi/files@1.0", f"{NAME}/{INFO}/sboms/b.json", b"[]"),
    ]


def _link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("files/link.py")
    info.external_attr = 0o120777 << 16
    return info


OTHER = META.replace(b"Files", b"Evil")
LISTED = {**HONEST, f"{INFO}/RECORD": record(HONEST)}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "unreadable: the wheel is no zip", id="empty"),
        pytest.param(b"PK\3\4" + b"x" * 99, "is no zip", id="no zip"),
        pytest.param(honest()[:-30], "is no zip", id="cut off"),
        pytest.param(
            packed({**HONEST, f"{INFO}/METADATA": OTHER}),
            "is called otherwise than its metadata say, `evil 1.0`",
            id="metadata of another package",
        ),
        pytest.param(
            packed({**LISTED, "evil-2.dist-info/METADATA": OTHER}),
            "has 2 folders of metadata",
            id="two dist-info",
        ),
        pytest.param(
            packed({**LISTED, "evil-2.DIST-INFO/METADATA": OTHER}),
            "has 2 folders of metadata",
            id="another dist-info in upper case",
        ),
        pytest.param(packed(MODULE), "has 0 folders of metadata", id="no dist-info"),
        pytest.param(packed(HONEST), f"has no `{INFO}/RECORD`", id="no RECORD"),
        pytest.param(
            packed({f"{INFO}/WHEEL": b""}),
            f"has no `{INFO}/METADATA`",
            id="no METADATA",
        ),
        pytest.param(
            packed({**HONEST, f"{INFO}/METADATA": META + b" " * (5 << 20)}),
            "limit: the wheel `files-1.0.dist-info/METADATA` is larger than",
            id="a bomb for METADATA",
        ),
        pytest.param(
            packed({**HONEST, f"{INFO}/METADATA": b"Name: ..\n"}),
            "METADATA: `..` is not the name of a package",
            id="METADATA without name",
        ),
        pytest.param(
            packed(LISTED, ("files/__init__.py", b"evil")),
            "holds `files/__init__.py` more than once",
            id="a member twice",
        ),
        pytest.param(
            packed(LISTED, (f"{INFO}/METADATA", OTHER)),
            "holds `files-1.0.dist-info/METADATA` more than once",
            id="METADATA twice",
        ),
        pytest.param(
            packed(LISTED, ("../evil.py", b"")),
            "holds `../evil.py`, which would be unpacked elsewhere",
            id="a member that leads out",
        ),
        pytest.param(
            packed(LISTED, ("/etc/evil", b"")),
            "unpacked elsewhere",
            id="an absolute path",
        ),
        pytest.param(
            packed(LISTED, ("a\\..\\evil.py", b"")),
            "unpacked elsewhere",
            id="backslashes",
        ),
        pytest.param(packed(LISTED, (_link(), b"/x")), "which are links", id="a link"),
        pytest.param(
            packed(LISTED, ("evil.py", b"")),
            "holds `evil.py`, which RECORD does not list",
            id="a file that RECORD does not list",
        ),
        pytest.param(
            packed({**HONEST, f"{INFO}/RECORD": record({**HONEST, "gone.py": b""})}),
            "lacks `gone.py`, which RECORD lists",
            id="a file that is not there",
        ),
        pytest.param(
            packed({**LISTED, "files/__init__.py": b"longer than it was"}),
            "holds `files/__init__.py` with other bytes than RECORD says",
            id="a file of another size",
        ),
        pytest.param(
            packed({**LISTED, f"{INFO}/METADATA": META.replace(b"MIT", b"ISC")}),
            "holds `files-1.0.dist-info/METADATA` with other bytes than RECORD says",
            id="METADATA of the same size",
        ),
    ],
)
def test_a_wheel_that_is_not_as_it_says_is_listed_with_a_gap(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    inventory = found(tmp_path, data)
    assert reason in told(inventory)
    component = only(inventory)
    assert component.artifacts[0].digests
    assert {each.ref for each in inventory.gaps} == {component.ref}


def test_of_two_folders_of_metadata_the_one_counts_that_the_name_means(
    tmp_path: Path,
) -> None:
    data = packed({"evil-2.dist-info/METADATA": OTHER, **LISTED})
    assert only(found(tmp_path, data)).name == "files"


def test_a_file_whose_name_and_content_say_nothing_is_a_gap(tmp_path: Path) -> None:
    inventory = found(tmp_path, b"x", "x.whl")
    assert inventory.components == ()
    assert told(inventory) == "unreadable: is no zip: File is not a zip file"
    assert "is not called" in told(found(tmp_path, honest(), "x.whl"))


def test_a_bom_that_is_too_large_or_one_too_many_is_a_gap(tmp_path: Path) -> None:
    large = honest(**{"a.json": b" " * (17 << 20), "b.json": b"{}"})
    inventory = found(tmp_path, large)
    assert "limit: the wheel `files-1.0.dist-info/sboms/a.json` is larger" in told(
        inventory
    )
    assert [each.data for each in inventory.embedded] == [b"{}"]
    many = honest(**{f"{n}.json": b"{}" for n in range(BOMS + 1)})
    inventory = found(tmp_path, many)
    assert "limit: the wheel has more than 100 BOMs" in told(inventory)
    assert len(inventory.embedded) == BOMS


def test_a_list_of_members_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    data = bytearray(honest())
    end = data.rfind(b"PK\5\6")
    data[end + 12 : end + 16] = b"\xff" * 4
    assert "limit: the wheel has a list of members" in told(
        found(tmp_path, bytes(data))
    )


@pytest.mark.parametrize(
    ("length", "behind"),
    [
        pytest.param(1 << 45, 0, id="large"),
        pytest.param((1 << 63) + 9, 0, id="negative"),
        pytest.param(1 << 45, 8, id="where only its locator leads"),
    ],
)
def test_a_second_end_counts_whatever_the_plain_one_says(
    tmp_path: Path, length: int, behind: int
) -> None:
    head, end = honest()[:-22], honest()[-22:]
    large = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, length, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(head), 1)
    data = head + large + bytes(behind) + locator + end
    assert "limit: the wheel has a list of members" in told(found(tmp_path, data))


def test_any_bytes_are_read_or_a_gap(tmp_path: Path) -> None:
    whole = honest(**{"a.json": json.dumps({"x": [1] * 50}).encode()})
    for at in range(0, len(whole), 7):
        data = bytearray(whole)
        data[at] ^= 0xFF
        inventory = found(tmp_path, bytes(data))
        assert len(inventory.components) == 1
