"""What METADATA and its neighbours say beyond name and version."""

from pathlib import Path

import pytest

from mcpchain.component import LicenseText
from mcpchain.core_metadata import BOM_LIMIT, BOMS
from mcpchain.discover import survey
from mcpchain.discover.environment import DISCOVERER
from mcpchain.discover.environment.installed import Wish, read_environment
from mcpchain.discover.environment.requires import Conditions, Needs
from mcpchain.inventory import Inventory, Relation, State
from mcpchain.tree import Tree

HEAD = "Metadata-Version: 2.4\nName: {}\nVersion: 1.0\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    site = tmp_path / "venv/lib/python3.11/site-packages"
    site.mkdir(parents=True)
    alone = "home = /x\nversion = 3.11.7\ninclude-system-site-packages = false\n"
    (tmp_path / "venv/pyvenv.cfg").write_text(alone, encoding="utf-8")
    return site


def install(site: Path, name: str, *lines: str) -> Path:
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    text = "".join([HEAD.format(name), *(f"{line}\n" for line in lines)])
    (info / "METADATA").write_text(text, encoding="utf-8")
    return info


def read(site: Path, wish: Wish | None = None) -> Inventory:
    return read_environment(site.parents[2], wish)


def edges(site: Path) -> list[str]:
    def short(ref: str) -> str:
        return ref.removeprefix("pkg:pypi/").removesuffix("@1.0")

    return [f"{short(r.source)} {short(r.target)}" for r in read(site).relations]


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        pytest.param(["b"], ["a b"], id="plain"),
        pytest.param(["B>=1,<2"], ["a b"], id="another spelling"),
        pytest.param(["b [x] >= 1"], ["a b"], id="spaces"),
        pytest.param(["b @ https://h.example/b;c.zip"], ["a b"], id="a URL"),
        pytest.param(["gone"], [], id="what is not installed"),
        pytest.param(["a"], [], id="itself"),
        pytest.param(["b; python_version < '3.9'"], [], id="another Python"),
        pytest.param(["b; python_version >= '3.9'"], ["a b"], id="this Python"),
        pytest.param(["b; python_full_version < '3.11.7'"], [], id="an older patch"),
        pytest.param(["b; sys_platform == 'win32'"], [], id="another system"),
        pytest.param(
            ["b; sys_platform == 'darwin'"], ["a b"], id="a system that may be"
        ),
        pytest.param(["b; platform_machine == 'x'"], ["a b"], id="an unknown machine"),
        pytest.param(["b; nonsense"], ["a b"], id="a marker that is none"),
        pytest.param(
            ["b; " + "(" * 900 + "x" + ")" * 900], ["a b"], id="a deep marker"
        ),
        pytest.param(["b; extra == 'x'"], ["a b"], id="an extra that is there"),
        pytest.param(
            ["b; extra == 'x'", "gone; extra == 'x'"],
            [],
            id="an extra that lacks a part",
        ),
        pytest.param(
            ["b; extra == 'x'", "gone; extra == 'x' and os_name == 'nt'"],
            ["a b"],
            id="an extra that lacks what is for another system",
        ),
        pytest.param(
            ["b; python_version < '3.9' and extra == 'x'", "c; extra == 'x'"],
            ["a c"],
            id="an extra of which a part is for another Python",
        ),
        pytest.param(["b", "-r x", "c"], ["a b", "a c"], id="a broken one in between"),
    ],
)
def test_an_edge_leads_to_what_is_installed_and_may_be_meant(
    site: Path, requires: list[str], expected: list[str]
) -> None:
    install(site, "a", *(f"Requires-Dist: {each}" for each in requires))
    install(site, "b")
    install(site, "c")
    assert edges(site) == expected
    whole = {each.name: each.graph for each in read(site).components}
    assert whole == {"a": "-r x" not in requires, "b": True, "c": True}


def test_dependencies_may_go_in_a_circle(site: Path) -> None:
    install(site, "a", "Requires-Dist: b")
    install(site, "b", "Requires-Dist: a")
    assert edges(site) == ["a b", "b a"]


def test_of_two_that_are_installed_the_first_is_imported(site: Path) -> None:
    install(site, "a", "Requires-Dist: b")
    install(site, "b")
    second = site.parents[2] / "lib64/python3.11/site-packages"
    second.mkdir(parents=True)
    install(second, "b", "License: MIT")
    (relation,) = read(site).relations
    first = next(c for c in read(site).components if c.name == "b" and not c.licenses)
    assert relation == Relation(source="pkg:pypi/a@1.0", target=first.ref)


def test_hostile_markers_take_a_moment() -> None:
    marker = " or ".join(f"extra == '{n}'" for n in range(25))
    requires = [f"b; {marker} or sys_platform == '{n}'" for n in range(4000)]
    needs = Needs.parse(requires)
    found = list(Conditions("3.11.7", windows=False).targets(needs, {"b": "ref"}))
    assert set(found) == {"ref"}


LICENSE = "License-File: LICENSE"


def texts(site: Path) -> tuple[LicenseText, ...]:
    (component,) = read(site, Wish(license_texts=True)).components
    return component.license_texts


def test_licence_files_are_read_if_they_are_asked_for(site: Path) -> None:
    info = install(site, "a", LICENSE, "License-File: x/NOTICE", "License-File: OLD")
    (info / "licenses/x").mkdir(parents=True)
    (info / "licenses/LICENSE").write_text("be nice", encoding="utf-8")
    (info / "licenses/x/NOTICE").write_bytes(b"\xff")
    (info / "OLD").write_text("old", encoding="utf-8")
    assert texts(site) == (
        LicenseText(name="LICENSE", text="be nice"),
        LicenseText(name="x/NOTICE", text="\ufffd"),
        LicenseText(name="OLD", text="old"),
    )
    assert read(site).components[0].license_texts == ()


def test_a_licence_field_that_is_a_text_is_one(site: Path) -> None:
    install(site, "a", "License: Be nice", "  to all.", "Classifier: License :: X")
    assert texts(site) == (LicenseText(name="METADATA", text="Be nice\n  to all."),)
    assert read(site).components[0].licenses == ("License :: X",)


@pytest.mark.parametrize(
    "name", ["../b-1.0.dist-info/METADATA", "/etc/passwd", "gone", "a\\..\\b", "out"]
)
def test_a_licence_file_that_is_none_of_the_distribution_is_a_gap(
    site: Path, name: str
) -> None:
    info = install(site, "a", f"License-File: {name}")
    (info / "licenses").mkdir()
    (info / "licenses/out").symlink_to("/etc/hostname")
    install(site, "b")
    found = read(site, Wish(license_texts=True))
    assert [each.license_texts for each in found.components] == [(), ()]
    (gap,) = found.gaps
    assert gap.reason.startswith(f"licence file `{name}`: ")


def test_boms_of_a_distribution_are_kept_for_whoever_reads_them(site: Path) -> None:
    info = install(site, "a")
    (info / "sboms/deep").mkdir(parents=True)
    (info / "sboms/a.cdx.json").write_bytes(b"{}")
    (info / "sboms/deep/b.xml").write_bytes(b"<")
    found = read(site)
    start = "environment/lib/python3.11/site-packages/a-1.0.dist-info/sboms"
    assert [(e.ref, e.location.path, e.data) for e in found.embedded] == [
        ("pkg:pypi/a@1.0", f"{start}/a.cdx.json", b"{}"),
        ("pkg:pypi/a@1.0", f"{start}/deep/b.xml", b"<"),
    ]
    assert found.gaps == ()
    other = survey(Tree(site), name="x", discoverers=[DISCOVERER])
    assert [(e.ref, e.location.path) for e in other.embedded] == [
        ("pkg:pypi/a@1.0", "a-1.0.dist-info/sboms/a.cdx.json"),
        ("pkg:pypi/a@1.0", "a-1.0.dist-info/sboms/deep/b.xml"),
    ]


def test_a_bom_that_cannot_be_read_is_a_gap_and_loses_no_other(site: Path) -> None:
    info = install(site, "a")
    (info / "sboms").mkdir()
    (info / "sboms/a").symlink_to("/etc/hostname")
    (info / "sboms/b").symlink_to("/etc")
    (info / "sboms/c").write_bytes(b" " * (BOM_LIMIT + 1))
    (info / "sboms/d").write_bytes(b"{}")
    found = read(site)
    assert [each.location.path[-7:] for each in found.gaps] == [
        "sboms/a",
        "sboms/b",
        "sboms/c",
    ]
    assert {each.ref for each in found.gaps} == {"pkg:pypi/a@1.0"}
    assert found.gaps[2].state is State.LIMIT
    assert [each.data for each in found.embedded] == [b"{}"]


def test_a_folder_of_boms_that_leads_out_is_a_gap_and_a_file_is_a_bom(
    site: Path,
) -> None:
    (install(site, "a") / "sboms").write_bytes(b"{}")
    (install(site, "b") / "sboms").symlink_to("/etc")
    found = read(site)
    assert {each.ref for each in found.gaps} == {"pkg:pypi/b@1.0"}
    (document,) = found.embedded
    assert document.location.path.endswith("a-1.0.dist-info/sboms")


def test_too_many_boms_are_read_in_part(site: Path) -> None:
    info = install(site, "a")
    (info / "sboms").mkdir()
    for number in range(BOMS + 5):
        (info / f"sboms/{number:03}").write_bytes(b"{}")
    found = read(site)
    assert len(found.embedded) == BOMS
    (gap,) = found.gaps
    assert gap.state is State.LIMIT


def test_metadata_that_is_too_large_is_a_gap(site: Path) -> None:
    info = install(site, "a")
    install(site, "b")
    with (info / "METADATA").open("ab") as stream:
        stream.truncate(50 << 20)
    found = read(site)
    assert [each.name for each in found.components] == ["b"]
    assert [each.state for each in found.gaps] == [State.LIMIT]
