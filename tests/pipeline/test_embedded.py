import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mcpchain.bom.read import read
from mcpchain.bom.validate import validate
from mcpchain.cli import main
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    Origin,
    PackageFacts,
    Pin,
)
from mcpchain.inventory import (
    Collector,
    Embedded,
    Inventory,
    RelationKind,
    State,
)
from mcpchain.naming import pypi_purl
from mcpchain.pipeline.embedded import unfold
from mcpchain.pipeline.target import survey

PARENT = "pkg:pypi/files@1.0"
PLACE = "environment/files-1.0.dist-info/sboms/files.cdx.json"
SERDE = {
    "type": "library",
    "bom-ref": "path+file:///home/me/serde",
    "name": "serde",
    "version": "1.0.1",
    "purl": "pkg:cargo/serde@1.0.1",
}
ROOT = {
    "type": "library",
    "bom-ref": "root",
    "name": "files-rust",
    "version": "0.1",
    "purl": "pkg:cargo/files-rust@0.1?download_url=file://.",
}
WHEEL = {
    "type": "library",
    "bom-ref": "wheel",
    "name": "Files",
    "version": "1.0",
    "purl": "pkg:pypi/Files@1.0?file_name=files-1.0.whl",
}
BUNDLED = PackageFacts(origin=Origin.BUNDLED)


def bom(*components: object, root: object = None, **more: object) -> bytes:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": list(components),
        **more,
    }
    if root is not None:
        document["metadata"] = {"component": root}
    return json.dumps(document).encode()


def unfolded(*documents: bytes) -> Inventory:
    found = Collector("x")
    ref = found.add(
        Component(
            kind=Kind.LIBRARY,
            name="files",
            version="1.0",
            purl=pypi_purl("files", "1.0"),
            pin=Pin.EXACT,
            basis=Basis.OBSERVED,
            locations=(Location(path="environment/files-1.0.dist-info/METADATA"),),
            facts=PackageFacts(),
        )
    )
    for number, data in enumerate(documents):
        place = Location(path=PLACE + str(number or ""))
        found.embed(Embedded(ref=ref, location=place, data=data))
    return unfold(found.inventory())


def parts(inventory: Inventory) -> dict[str, Component]:
    return {
        each.ref.removeprefix(f"{PARENT}#"): each
        for each in inventory.components
        if each.ref != PARENT
    }


def edges(inventory: Inventory) -> list[str]:
    marks = {RelationKind.CONTAINS: ">", RelationKind.DEPENDS_ON: "->"}
    return [
        " ".join(
            [
                each.source.removeprefix(f"{PARENT}#"),
                marks[each.kind],
                each.target.removeprefix(f"{PARENT}#"),
            ]
        )
        for each in inventory.relations
    ]


def told(inventory: Inventory) -> list[str]:
    return [f"{each.state.value} {each.reason}" for each in inventory.gaps]


def test_what_a_bom_lists_is_a_part_of_the_package_that_it_came_with() -> None:
    dependencies = [{"ref": "root", "dependsOn": [SERDE["bom-ref"]]}]
    inventory = unfolded(bom(SERDE, root=ROOT, dependencies=dependencies))
    assert told(inventory) == []
    found = parts(inventory)
    assert {*found} == {"pkg:cargo/files-rust@0.1", "pkg:cargo/serde@1.0.1"}
    serde = found["pkg:cargo/serde@1.0.1"]
    assert serde.kind is Kind.LIBRARY
    assert serde.basis is Basis.DECLARED
    assert serde.pin is Pin.EXACT
    assert serde.facts == BUNDLED
    assert serde.locations == (Location(path=PLACE, pointer="/components/0"),)
    rust = found["pkg:cargo/files-rust@0.1"]
    assert rust.pin is Pin.EXACT
    assert str(rust.purl) == "pkg:cargo/files-rust@0.1"
    assert rust.facts == BUNDLED
    assert edges(inventory) == [
        f"{PARENT} > pkg:cargo/files-rust@0.1",
        f"{PARENT} > pkg:cargo/serde@1.0.1",
        "pkg:cargo/files-rust@0.1 -> pkg:cargo/serde@1.0.1",
    ]
    assert inventory.embedded == ()


def test_the_package_itself_is_no_part_of_itself() -> None:
    libgomp = {"type": "library", "bom-ref": "g", "name": "libgomp", "version": "8"}
    dependencies = [{"ref": "wheel", "dependsOn": ["g"]}]
    inventory = unfolded(bom(WHEEL, libgomp, root=WHEEL, dependencies=dependencies))
    assert told(inventory) == []
    assert {*parts(inventory)} == {"libgomp@8"}
    assert edges(inventory) == [f"{PARENT} > libgomp@8", f"{PARENT} -> libgomp@8"]


def test_what_names_no_package_is_listed_and_concerns_no_rule() -> None:
    thing = {"type": "library", "name": "shim", "version": "1.x"}
    (part,) = parts(unfolded(bom(thing))).values()
    assert part.kind is Kind.OTHER


def test_a_part_of_the_package_that_bears_its_purl_is_not_judged_twice() -> None:
    purl = "pkg:pypi/files@1.0#c-ext/files._native"
    (part,) = parts(unfolded(bom({**WHEEL, "purl": purl}, root=WHEEL))).values()
    assert part.kind is Kind.OTHER
    assert part.purl is not None
    assert part.purl.subpath == "c-ext/files._native"


def test_a_package_of_an_ecosystem_that_is_looked_up_stays_one() -> None:
    urllib = {"type": "library", "name": "x", "purl": "pkg:pypi/urllib3@1.26.4"}
    (part,) = parts(unfolded(bom(urllib))).values()
    assert (part.kind, part.name, part.version) == (Kind.LIBRARY, "urllib3", "1.26.4")


@pytest.mark.parametrize(
    ("entry", "pin"),
    [
        ({"name": "x", "purl": "pkg:github/o/x@main"}, Pin.EXACT),
        ({"name": "x", "purl": "pkg:generic/x"}, None),
        ({"name": "x", "purl": "pkg:npm/x", "version": "^1"}, None),
        (
            {"name": "x", "purl": "pkg:pypi/x@1?download_url=http://h.example/x"},
            Pin.EXACT,
        ),
        (
            {"name": "x", "purl": "pkg:pypi/x@1?vcs_url=git+ssh://h.example/x"},
            Pin.EXACT,
        ),
    ],
    ids=lambda each: each.get("purl") if isinstance(each, dict) else str(each),
)
def test_a_part_is_as_firm_as_its_package_wherever_it_came_from(
    entry: dict[str, str], pin: Pin | None
) -> None:
    (part,) = parts(unfolded(bom({"type": "library", **entry}))).values()
    assert part.pin is pin
    assert part.facts == BUNDLED


def test_the_same_crate_in_two_boms_stays_two() -> None:
    inventory = unfolded(bom(SERDE), bom(SERDE, {**SERDE, "bom-ref": "other"}))
    refs = [*parts(inventory)]
    assert len(refs) == 3
    assert all(each.startswith("pkg:cargo/serde@1.0.1") for each in refs)
    assert inventory == unfolded(bom(SERDE), bom(SERDE, {**SERDE, "bom-ref": "other"}))


def test_refs_that_collide_with_others_change_nothing_outside() -> None:
    evil = {**SERDE, "bom-ref": PARENT}
    inventory = unfolded(bom(evil, dependencies=[{"ref": PARENT, "dependsOn": []}]))
    assert {each.ref for each in inventory.components} == {
        PARENT,
        f"{PARENT}#pkg:cargo/serde@1.0.1",
    }
    assert edges(inventory) == [f"{PARENT} > pkg:cargo/serde@1.0.1"]


def test_parts_may_depend_on_each_other_in_a_circle() -> None:
    other = {**SERDE, "bom-ref": "b", "name": "b", "purl": "pkg:cargo/b@1"}
    dependencies = [
        {"ref": "b", "dependsOn": [SERDE["bom-ref"], "b"]},
        {"ref": SERDE["bom-ref"], "dependsOn": ["b"]},
    ]
    inventory = unfolded(bom(SERDE, other, dependencies=dependencies))
    assert edges(inventory)[2:] == [
        "pkg:cargo/b@1 -> pkg:cargo/serde@1.0.1",
        "pkg:cargo/serde@1.0.1 -> pkg:cargo/b@1",
    ]


def test_ten_thousand_nested_parts_are_read_in_a_moment() -> None:
    wide = [
        {**SERDE, "bom-ref": str(n), "purl": f"pkg:cargo/c{n}@1"} for n in range(9999)
    ]
    inventory = unfolded(bom({**SERDE, "components": wide}))
    assert len(inventory.components) == 10_001
    assert edges(inventory)[0] == f"{PARENT} > pkg:cargo/serde@1.0.1"
    assert edges(inventory)[-1] == "pkg:cargo/serde@1.0.1 > pkg:cargo/c9@1"
    assert len(inventory.relations) == 10_000


def test_parts_that_an_spdx_document_lists_are_parts_as_well() -> None:
    references = [{"referenceType": "purl", "referenceLocator": SERDE["purl"]}]
    document = {
        "spdxVersion": "SPDX-2.3",
        "packages": [
            {"SPDXID": "SPDXRef-w", "name": "Files", "versionInfo": "1.0"},
            {"SPDXID": "SPDXRef-s", "name": "serde", "externalRefs": references},
        ],
        "documentDescribes": ["SPDXRef-w"],
    }
    inventory = unfolded(json.dumps(document).encode())
    assert edges(inventory) == [f"{PARENT} > pkg:cargo/serde@1.0.1"]
    assert told(inventory) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", "unreadable the BOM of a package: not JSON", id="empty"),
        pytest.param(b"{", "unreadable the BOM of a package: not JSON", id="no JSON"),
        pytest.param(b"\0" * 99, "unreadable the BOM of a package: not JSON", id="NUL"),
        pytest.param(
            b"[" * 9999, "unreadable the BOM of a package: not JSON", id="deep"
        ),
        pytest.param(
            b"{}", "unreadable the BOM of a package: this is not", id="nothing"
        ),
        pytest.param(
            b"<?xml version='1.0'?><bom/>",
            "partial the BOM of a package: XML, which is not read",
            id="XML",
        ),
        pytest.param(
            b'{"spdxVersion": "SPDX-2.1"}',
            "partial the BOM of a package: `SPDX-2.1` is not read",
            id="an old SPDX",
        ),
        pytest.param(
            b"""{"spdxVersion": "SPDX-2.3", "documentDescribes": ["SPDXRef-a"],
                "packages": [{"SPDXID": "SPDXRef-a", "name": "libfiles"}]}""",
            "partial the BOM of a package: is about `libfiles`, and came with",
            id="SPDX of another thing",
        ),
        pytest.param(
            b'{"@context": "https://spdx.org/rdf/3.0.1/x", "@graph": []}',
            "partial the BOM of a package: SPDX 3, which is not read",
            id="SPDX 3",
        ),
        pytest.param(
            b"SPDXVersion: SPDX-2.3\n",
            "partial the BOM of a package: SPDX as tag-value, which is not read",
            id="SPDX as text",
        ),
        pytest.param(
            b'{"bomFormat": "CycloneDX", "specVersion": "9.9"}',
            "unreadable the BOM of a package: CycloneDX `9.9` is not read",
            id="a later version",
        ),
        pytest.param(
            bom(root={**WHEEL, "purl": "pkg:pypi/evil@1.0"}),
            "unmatched the BOM of a package: is about `evil 1.0`, "
            "and came with `files 1.0`",
            id="another package",
        ),
        pytest.param(
            bom(root={**WHEEL, "purl": "pkg:pypi/files@2.0", "version": "2.0"}),
            "unmatched the BOM of a package: is about `files 2.0`, "
            "and came with `files 1.0`",
            id="another version",
        ),
        pytest.param(
            bom(root={"type": "library", "name": "files", "version": "3"}),
            "unmatched the BOM of a package: is about `files 3`, "
            "and came with `files 1.0`",
            id="another version by name alone",
        ),
        pytest.param(
            bom(root={"type": "library", "name": "libfiles", "version": "3"}),
            "partial the BOM of a package: is about `libfiles 3`, "
            "and came with `files 1.0`",
            id="another thing by name alone",
        ),
        pytest.param(
            bom({"type": "file", "name": "x"}, {"name": 5}),
            "partial the BOM of a package: ",
            id="entries that are not read",
        ),
    ],
)
def test_a_bom_that_cannot_be_believed_is_a_gap_and_loses_no_other(
    data: bytes, expected: str
) -> None:
    inventory = unfolded(data, bom(SERDE))
    (said,) = told(inventory)
    assert said.startswith(expected)
    assert {each.ref for each in inventory.gaps} == {PARENT}
    assert "pkg:cargo/serde@1.0.1" in parts(inventory)


def test_what_a_lying_bom_lists_is_listed_all_the_same() -> None:
    inventory = unfolded(bom(SERDE, root={**WHEEL, "purl": "pkg:pypi/evil@1.0"}))
    assert {*parts(inventory)} == {"pkg:cargo/serde@1.0.1", "pkg:pypi/evil@1.0"}


def test_nothing_in_it_counts_as_observed_or_trusted() -> None:
    marks = {
        "mcpchain:inventory": "1",
    }
    properties = [{"name": k, "value": v} for k, v in marks.items()]
    own = {
        **SERDE,
        "properties": [
            {"name": "mcpchain:basis", "value": "observed"},
            {"name": "mcpchain:pin", "value": "local"},
            {"name": "mcpchain:package", "value": '{"origin": "path"}'},
        ],
    }
    server = {"name": "x", "group": "mcp", "bom-ref": "s", "endpoints": ["http://h"]}
    inventory = unfolded(
        bom(own, services=[server], metadata={"properties": properties}), bom(own)
    )
    for part in parts(inventory).values():
        assert part.basis is Basis.DECLARED
        assert part.facts == BUNDLED
        assert part.kind in {Kind.LIBRARY, Kind.OTHER}


def test_any_bytes_are_read_or_a_gap() -> None:
    whole = bom(SERDE, WHEEL, root=ROOT, dependencies=[{"ref": "root"}])
    for at in range(0, len(whole), 3):
        data = bytearray(whole)
        data[at] ^= 0x15
        assert unfolded(bytes(data)).components[0].ref == PARENT


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    site = tmp_path / "venv/lib/python3.11/site-packages"
    info = site / "files-1.0.dist-info"
    (info / "sboms").mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").write_text("include-system-site-packages = false")
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: files\nVersion: 1.0\n")
    parts = [
        {**SERDE, "bom-ref": str(n), "purl": f"pkg:cargo/c{n}@1"} for n in range(99)
    ]
    shim = {"type": "library", "name": "shim", "version": "1.x"}
    (info / "sboms/files.cdx.json").write_bytes(bom(*parts, shim, root=ROOT))
    (tmp_path / "empty").mkdir()
    return tmp_path / "venv"


def test_the_bom_of_an_environment_holds_them_and_is_valid(environment: Path) -> None:
    target = environment.parent / "empty"
    out = environment.parent / "bom.json"
    command = ["sbom", str(target), "--environment", str(environment), "-o", str(out)]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    validate(out.read_bytes(), source="bom")
    expected = survey(target, environment=environment)
    assert read(out.read_bytes(), source="bom").components == expected.components
    assert len(expected.components) == 102


def test_an_honest_environment_is_not_denied_for_them(environment: Path) -> None:
    target = environment.parent / "empty"
    command = ["gate", str(target), "--environment", str(environment), "--offline"]
    result = CliRunner().invoke(main, command)
    assert "deny[unpinned" not in result.output
    assert "deny[unhashed" not in result.output
    assert " is of no kind that mcpchain asks " in result.output
    assert "warn[gap]: 95 more with the same hint" in result.output
    denied = [each for each in result.output.splitlines() if each.startswith("deny[")]
    assert all("offline" in each or "no source" in each for each in denied)
    assert "shim" not in result.output


def test_the_bom_of_an_honest_environment_is_not_denied_for_them_either(
    environment: Path,
) -> None:
    out = environment.parent / "bom.json"
    info = "lib/python3.11/site-packages/files-1.0.dist-info/sboms/other.json"
    openssl = {**SERDE, "name": "openssl", "purl": "pkg:generic/openssl"}
    source = {**SERDE, "purl": "pkg:generic/z@1?download_url=https://h.example/z"}
    native = {**SERDE, "purl": "pkg:pypi/files@1.0#c-ext/files._native"}
    entries = [{**each, "bom-ref": None} for each in (openssl, source, native)]
    (environment / info).write_bytes(bom(*entries))
    target = str(environment.parent / "empty")
    command = ["sbom", target, "--environment", str(environment), "-o", str(out)]
    assert CliRunner().invoke(main, command).exit_code == 0
    result = CliRunner().invoke(main, ["gate", str(out), "--offline"])
    denied = [each for each in result.output.splitlines() if each.startswith("deny[")]
    assert all("offline" in each or "no source" in each for each in denied), denied
    assert "bears that out" not in result.output


def test_a_package_that_is_said_to_be_bundled_is_judged_like_any(
    environment: Path,
) -> None:
    out = environment.parent / "bom.json"
    info = "lib/python3.11/site-packages/files-1.0.dist-info/sboms/other.json"
    (environment / info).write_bytes(bom({**SERDE, "purl": "pkg:pypi/evil@1"}))
    target = str(environment.parent / "empty")
    command = ["sbom", target, "--environment", str(environment), "-o", str(out)]
    assert CliRunner().invoke(main, command).exit_code == 0
    result = CliRunner().invoke(main, ["gate", str(out), "--offline"])
    assert "warn[gap]: not read: `evil` is said to be one that comes from" in (
        result.output
    )
    assert "warn[unhashed-dependency]: `evil==1` is pinned with no digest" in (
        result.output
    )


def test_boms_that_are_too_many_bytes_in_all_are_not_kept() -> None:
    data = bytes(16 << 20)
    inventory = unfolded(*[data] * 17, bom(SERDE))
    states = [each.state for each in inventory.gaps]
    assert states.count(State.LIMIT) == 2
    assert states.count(State.UNREADABLE) == 16


def test_how_a_package_was_built_is_none_of_its_parts() -> None:
    inventory = unfolded(
        bom(
            SERDE,
            root=WHEEL,
            formulation=[
                {"bom-ref": "f", "components": [{**SERDE, "bom-ref": "tool"}]}
            ],
            dependencies=[{"ref": "tool", "dependsOn": ["other"]}],
            compositions=[{"aggregate": "incomplete", "assemblies": ["wheel"]}],
        )
    )
    assert told(inventory) == []
    assert {*parts(inventory)} == {"pkg:cargo/serde@1.0.1"}


def test_no_secret_in_it_is_handed_on() -> None:
    address = "https://me:pa55@h.example/x?token=pa55"
    entry = {"type": "library", "name": address, "version": address}
    licenses = [{"license": {"name": address}}]
    inventory = unfolded(
        bom(entry, {**SERDE, "licenses": licenses}, {**SERDE, "purl": address}),
        bom(root={"type": "library", "name": address}),
    )
    assert len(inventory.components) == 4
    assert "pa55" not in repr(inventory)


def test_of_dependencies_beyond_a_limit_the_parts_are_listed_still() -> None:
    names = [f"n{n}" for n in range(500)]
    crates = [{"type": "library", "bom-ref": n, "name": n} for n in names]
    dense = [{"ref": n, "dependsOn": names} for n in names]
    whole = [{"aggregate": "complete", "dependencies": names}]
    data = bom(*crates, dependencies=dense, compositions=whole)
    inventory = unfolded(data, bom(SERDE), data)
    assert len(parts(inventory)) == 500 + 1 + 500
    assert not any(each.graph for each in inventory.components)
    depends = [e for e in inventory.relations if e.kind is RelationKind.DEPENDS_ON]
    assert len(depends) <= 200_000
    assert [gap.state for gap in inventory.gaps] == [State.LIMIT] * 2
    assert "beyond those that are read" in inventory.gaps[0].reason
