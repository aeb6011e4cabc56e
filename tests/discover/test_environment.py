import json
import os
import venv
from pathlib import Path
from urllib.parse import unquote

import pytest

from mcpchain.component import Basis, Component, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.environment import DISCOVERER
from mcpchain.discover.environment.installed import read_environment
from mcpchain.errors import UsageError
from mcpchain.inventory import State
from mcpchain.tree import Tree

ALONE = "home = /usr/bin\ninclude-system-site-packages = false\n"
FLASK = "Metadata-Version: 2.4\nName: Flask\nVersion: 3.0.0\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The site-packages of a virtual environment whose interpreter is a link."""
    env = tmp_path / "venv"
    site = env / "lib/python3.11/site-packages"
    site.mkdir(parents=True)
    (env / "pyvenv.cfg").write_text(ALONE, encoding="utf-8")
    (env / "bin").mkdir()
    (env / "bin/python").symlink_to("/usr/bin/env")
    return site


def install(
    site: Path, metadata: str | bytes, folder: str = "flask-3.0.0.dist-info"
) -> Path:
    info = site / folder
    info.mkdir()
    data = metadata.encode() if isinstance(metadata, str) else metadata
    (info / "METADATA").write_bytes(data)
    return info


def python(site: Path) -> Path:
    return site.parents[2] / "bin/python"


def only(site: Path) -> Component:
    found = read_environment(python(site))
    assert not found.gaps
    (component,) = found.components
    return component


def test_reads_what_is_installed_without_starting_the_interpreter(site: Path) -> None:
    install(site, FLASK + "License-Expression: BSD-3-Clause\n\nbody\nName: evil\n")
    component = only(site)
    assert str(component.purl) == "pkg:pypi/flask@3.0.0"
    assert component.pin is Pin.EXACT
    assert component.basis is Basis.OBSERVED
    assert component.licenses == ("BSD-3-Clause",)
    assert component.location.path == (
        "environment/lib/python3.11/site-packages/flask-3.0.0.dist-info/METADATA"
    )


def test_an_environment_is_named_by_its_folder_too(site: Path) -> None:
    install(site, FLASK)
    assert read_environment(site.parents[2]) == read_environment(python(site))


@pytest.mark.parametrize(
    ("license_", "expected"),
    [
        ("License: MIT\n", ("MIT",)),
        ("License: " + "x" * 200 + "\n", ()),
        ("License: UNKNOWN\n", ()),
        (
            "Classifier: License :: OSI Approved :: MIT License\n",
            ("License :: OSI Approved :: MIT License",),
        ),
        ("", ()),
    ],
)
def test_takes_the_licence_from_where_it_stands(
    site: Path, license_: str, expected: tuple[str, ...]
) -> None:
    install(site, FLASK + license_)
    assert only(site).licenses == expected


@pytest.mark.parametrize(
    ("direct", "pin", "origin", "purl"),
    [
        (
            {"url": "https://u:p@h.example/f.whl?t=s", "archive_info": {}},
            Pin.EXACT,
            Origin.URL,
            "pkg:pypi/flask@3.0.0?download_url=https://h.example/f.whl",
        ),
        (
            {"url": "https://github.com/o/r", "vcs_info": {"commit_id": "a" * 40}},
            Pin.COMMIT,
            Origin.VCS,
            "pkg:pypi/flask@3.0.0?vcs_url=git+https://github.com/o/r@" + "a" * 40,
        ),
        (
            {"url": "https://u:p@github.com/o/r", "vcs_info": {"commit_id": "main"}},
            Pin.TAG,
            Origin.VCS,
            "pkg:pypi/flask@3.0.0?vcs_url=git+https://github.com/o/r@main",
        ),
        (
            {"url": "file:///home/me/flask", "dir_info": {"editable": True}},
            Pin.LOCAL,
            Origin.PATH,
            "pkg:pypi/flask@3.0.0",
        ),
        (
            {"url": "file:///home/me/flask-3.0.0.whl", "archive_info": {}},
            Pin.LOCAL,
            Origin.PATH,
            "pkg:pypi/flask@3.0.0",
        ),
        (
            {"url": "FILE:///home/me/repo", "vcs_info": {"commit_id": "a" * 40}},
            Pin.LOCAL,
            Origin.PATH,
            "pkg:pypi/flask@3.0.0",
        ),
    ],
)
def test_direct_url_says_where_it_came_from_and_never_what_it_is(
    site: Path, direct: object, pin: Pin, origin: Origin, purl: str
) -> None:
    info = install(site, FLASK)
    (info / "direct_url.json").write_text(json.dumps(direct), encoding="utf-8")
    component = only(site)
    assert component.pin is pin
    assert isinstance(component.facts, PackageFacts)
    assert component.facts.origin is origin
    assert unquote(str(component.purl)) == purl
    assert "home" not in repr(component)


@pytest.mark.parametrize(
    "direct",
    [
        "{",
        "[]",
        "{}",
        '{"url": 5}',
        '{"url": ""}',
        '{"url": "?x"}',
        '{"url": "file:///x", "dir_info": {"editable": "yes"}}',
        '{"url": "https://h.example/r", "vcs_info": {}}',
        " " * (5 << 20),
    ],
)
def test_an_origin_that_cannot_be_read_leaves_the_distribution_and_a_gap(
    site: Path, direct: str
) -> None:
    (install(site, FLASK) / "direct_url.json").write_text(direct, encoding="utf-8")
    found = read_environment(python(site))
    (component,) = found.components
    assert component.facts == PackageFacts(origin=Origin.REGISTRY)
    (gap,) = found.gaps
    assert gap.reason.startswith("direct_url.json: ")
    assert gap.state in {State.UNREADABLE, State.LIMIT}


@pytest.mark.parametrize(
    ("folder", "metadata"),
    [
        ("Zope.Interface-1.0.dist-info", "Name: zope-interface\nVersion: 1\n"),
        ("a_b-1.0_rc1.dist-info", "Name: a-b\nVersion: 1.0rc1\n"),
        ("a-b-1.0.dist-info", "Name: a-b\nVersion: 1.0\n"),
        ("a-1.0+cpu.dist-info", "Name: a\nVersion: 1.0+CPU\n"),
        ("a-1!1.0.dist-info", "Name: a\nVersion: 1!1.0\n"),
        ("a.dist-info", "Name: a\nVersion: 1.0\n"),
        ("~ip-23.0.dist-info", "Name: pip\nVersion: 23.0\n"),
    ],
)
def test_a_folder_may_spell_name_and_version_in_its_own_way(
    site: Path, folder: str, metadata: str
) -> None:
    install(site, metadata, folder)
    assert only(site).version


@pytest.mark.parametrize(
    "folder",
    [
        "evil-3.0.0.dist-info",
        "flask-2.0.0.dist-info",
        "flask-x.dist-info",
        "flask-evil-3.0.0.dist-info",
        "evil.dist-info",
        "-3.0.0.dist-info",
    ],
)
def test_a_folder_that_is_called_otherwise_than_its_metadata_say_is_a_gap(
    site: Path, tmp_path: Path, folder: str
) -> None:
    install(site, FLASK, folder)
    project = tmp_path / "project"
    project.mkdir()
    install(project, FLASK, folder)
    tree = survey(Tree(project), name="x", discoverers=[DISCOVERER])
    for found in (read_environment(python(site)), tree):
        assert [each.ref for each in found.components] == ["pkg:pypi/flask@3.0.0"]
        assert [gap.state for gap in found.gaps] == [State.UNMATCHED]


def test_an_egg_is_a_distribution(site: Path) -> None:
    info = site / "evil-1.0-py3.11.egg/EGG-INFO"
    info.mkdir(parents=True)
    (info / "PKG-INFO").write_text("Name: evil\nVersion: 1.0\n", encoding="utf-8")
    (site / "easy-install.pth").write_text("./evil-1.0-py3.11.egg\n", encoding="utf-8")
    assert only(site).ref == "pkg:pypi/evil@1.0"


def test_reads_egg_info_as_folder_and_as_file(site: Path) -> None:
    folder = site / "a.egg-info"
    folder.mkdir()
    (folder / "PKG-INFO").write_text("Name: a\nVersion: 1\n", encoding="utf-8")
    (site / "b.egg-info").write_text("Name: b\nVersion: 2\n", encoding="utf-8")
    found = read_environment(python(site))
    assert {each.ref for each in found.components} == {
        "pkg:pypi/a@1",
        "pkg:pypi/b@2",
    }


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "Name: x\n",
        "Version: 1\n",
        "Name: -x\nVersion: 1\n",
        "Name: x\nVersion: latest\n",
        b"\xff\xfeN\x00a\x00m\x00e\x00",
        "Name x\nVersion 1\n",
    ],
)
def test_a_broken_distribution_is_a_gap_and_loses_no_other(
    site: Path, metadata: str | bytes
) -> None:
    install(site, FLASK)
    install(site, metadata, "x-1.dist-info")
    (site / "y-1.dist-info").mkdir()
    found = read_environment(python(site))
    assert [each.ref for each in found.components] == ["pkg:pypi/flask@3.0.0"]
    assert [gap.state for gap in found.gaps] == [State.UNREADABLE] * 2
    assert all(gap.location.path.startswith("environment/lib/") for gap in found.gaps)


def test_metadata_that_lies_outside_is_not_read(site: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text(FLASK, encoding="utf-8")
    info = site / "flask-3.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").symlink_to(outside)
    found = read_environment(python(site))
    assert not found.components
    assert len(found.gaps) == 1


def test_a_distribution_that_is_installed_twice_is_said(site: Path) -> None:
    install(site, FLASK)
    install(site, FLASK.replace("3.0.0", "2.0.0"), "flask-2.0.0.dist-info")
    found = read_environment(python(site))
    assert len(found.components) == 2
    assert [gap.reason for gap in found.gaps] == ["`flask` is installed twice"]


def test_what_is_no_environment_is_a_usage_error(tmp_path: Path) -> None:
    file = tmp_path / "a/b/python"
    file.parent.mkdir(parents=True)
    file.touch()
    with pytest.raises(UsageError, match="belongs to no Python environment"):
        read_environment(file)


def test_a_distribution_that_lies_in_a_project_is_found(tmp_path: Path) -> None:
    install(tmp_path, FLASK)
    found = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert [each.ref for each in found.components] == ["pkg:pypi/flask@3.0.0"]


def test_our_own_environment_is_read_without_a_gap() -> None:
    found = read_environment(Path(os.path.dirname(pytest.__file__)).parents[3])
    assert "pytest" in {each.name for each in found.components}
    assert not found.gaps


def test_a_new_environment_is_read_without_a_gap(tmp_path: Path) -> None:
    venv.create(tmp_path / "env")
    assert not read_environment(tmp_path / "env").gaps


@pytest.mark.parametrize(
    ("configuration", "shared"),
    [
        (ALONE, False),
        ("Include-System-Site-Packages=FALSE", False),
        ("include-system-site-packages = true\n" + ALONE, False),
        (ALONE + "include-system-site-packages = true\n", True),
        ("include-system-site-packages = TRUE", True),
        ("home = /usr/bin\n", True),
        ("include-system-site-packages: false", True),
        ("", True),
    ],
)
def test_an_environment_that_uses_the_packages_of_the_system_is_a_gap(
    site: Path, configuration: str, *, shared: bool
) -> None:
    (site.parents[2] / "pyvenv.cfg").write_text(configuration, encoding="utf-8")
    states = [gap.state for gap in read_environment(python(site)).gaps]
    assert states == ([State.UNSUPPORTED] if shared else [])


@pytest.mark.parametrize("content", ["x" * 100_000, None])
def test_an_environment_whose_configuration_cannot_be_read_is_a_gap(
    site: Path, tmp_path: Path, content: str | None
) -> None:
    file = site.parents[2] / "pyvenv.cfg"
    if content is None:
        (tmp_path / "other").write_text(ALONE, encoding="utf-8")
        file.unlink()
        file.symlink_to(tmp_path / "other")
    else:
        file.write_text(content, encoding="utf-8")
    (gap,) = read_environment(python(site)).gaps
    assert gap.location.path == "environment/pyvenv.cfg"


def test_an_installation_is_read_like_a_virtual_environment(site: Path) -> None:
    root = site.parents[2]
    (root / "pyvenv.cfg").unlink()
    install(site, FLASK)
    (root / "bin/python3.11").touch()
    for location in (root, root / "bin/python3.11"):
        found = read_environment(location)
        assert [each.name for each in found.components] == ["flask"]
        assert not found.gaps


def test_a_file_that_is_no_interpreter_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "x.txt").touch()
    with pytest.raises(UsageError, match="neither a Python interpreter nor"):
        read_environment(tmp_path / "x.txt")


def test_what_is_in_lib64_is_read_too(site: Path) -> None:
    other = site.parents[2] / "lib64/python3.11/site-packages"
    other.mkdir(parents=True)
    install(other, FLASK)
    assert only(site).name == "flask"
