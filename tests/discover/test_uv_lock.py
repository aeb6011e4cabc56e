import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import Component, Kind, Origin, PackageFacts, Pin
from mcpchain.discover import survey
from mcpchain.discover.uv_lock import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree

SHA = "sha256:" + "a" * 64
HEAD = "version = 1\nrequires-python = '>=3.11'\n"
REGISTRY = "source = { registry = 'https://pypi.example/simple' }"


def discover(folder: Path, text: str | bytes) -> Inventory:
    data = text.encode() if isinstance(text, str) else text
    (folder / "uv.lock").write_bytes(data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def package(name: str, more: str = "version = '1.0'\n" + REGISTRY) -> str:
    return f"\n[[package]]\nname = '{name}'\n{more}\n"


def only(found: Inventory) -> Component:
    (component,) = found.components
    return component


def test_a_package_of_a_registry_is_exact_and_has_its_files(tmp_path: Path) -> None:
    text = package(
        "A.B_c",
        f"version = '1.0.0'\n{REGISTRY}\n"
        f"sdist = {{ url = 'https://u:p@f.example/a.tar.gz?k=s', hash = '{SHA}' }}\n"
        f"wheels = [{{ url = 'https://f.example/a.whl', hash = '{SHA}', size = 7, "
        "upload-time = '2024-01-02T03:04:05Z' }]",
    )
    found = discover(tmp_path, HEAD + text)
    component = only(found)
    assert not found.gaps
    assert str(component.purl) == "pkg:pypi/a-b-c@1.0.0"
    assert component.pin is Pin.EXACT
    assert component.facts == PackageFacts(registry="https://pypi.example/simple")
    wheel, sdist = component.artifacts
    assert (wheel.name, wheel.size, str(wheel.digests[0])) == ("a.whl", 7, SHA)
    assert wheel.published is not None
    assert sdist.url == "https://f.example/a.tar.gz"


@pytest.mark.parametrize(
    ("source", "pin", "origin", "purl"),
    [
        (
            f"{{ git = 'https://h.example/o/r?rev=main#{'a' * 40}' }}",
            Pin.COMMIT,
            Origin.VCS,
            f"git+https://h.example/o/r@{'a' * 40}",
        ),
        ("{ git = 'https://h.example/o/r#main' }", Pin.TAG, Origin.VCS, "@main"),
        ("{ git = 'https://h.example/o/r' }", Pin.FLOATING, Origin.VCS, "o/r"),
        ("{ url = 'https://f.example/x.whl' }", Pin.TAG, Origin.URL, "x.whl"),
        ("{ registry = './wheels' }", Pin.EXACT, Origin.PATH, None),
        ("{ path = 'x.whl' }", Pin.LOCAL, Origin.PATH, None),
        ("{ directory = 'x' }", Pin.LOCAL, Origin.PATH, None),
        ("{ editable = 'x' }", Pin.LOCAL, Origin.PATH, None),
    ],
)
def test_where_it_comes_from_says_how_firm_it_is(
    tmp_path: Path, source: str, pin: Pin, origin: Origin, purl: str | None
) -> None:
    text = package("x", f"version = '1.0'\nsource = {source}")
    component = only(discover(tmp_path, HEAD + text))
    assert component.pin is pin
    assert isinstance(component.facts, PackageFacts)
    assert component.facts.origin is origin
    if purl:
        assert component.purl is not None
        assert purl in " ".join(component.purl.qualifiers.values())


def test_edges_lead_to_the_right_fork_and_mark_what_is_not_required(
    tmp_path: Path,
) -> None:
    own = package(
        "app",
        "version = '0'\nsource = { virtual = '.' }\n"
        "dependencies = [{ name = 'x', version = '2.0' }]\n"
        "[package.optional-dependencies]\nextra = [{ name = 'y' }]\n"
        "[package.dev-dependencies]\ndev = [{ name = 'z' }]",
    )
    forks = package("x") + package("x", f"version = '2.0'\n{REGISTRY}")
    found = discover(tmp_path, HEAD + own + forks + package("y") + package("z"))
    assert not found.gaps
    facts = {each.ref: each.facts for each in found.components}
    app = next(each for each in found.components if each.kind is Kind.APPLICATION)
    targets = {each.target for each in found.relations if each.source == app.ref}
    assert targets == {"pkg:pypi/x@2.0", "pkg:pypi/y@1.0", "pkg:pypi/z@1.0"}
    y, z = facts["pkg:pypi/y@1.0"], facts["pkg:pypi/z@1.0"]
    assert isinstance(y, PackageFacts)
    assert isinstance(z, PackageFacts)
    assert (y.optional, y.development) == (True, False)
    assert (z.optional, z.development) == (False, True)


GOOD = package("good")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (package("-bad"), "is not the name of a package"),
        (package("x", "version = 1\n" + REGISTRY), "expected a string"),
        (package("x", f"version = 'one'\n{REGISTRY}"), "is no version (PEP 440)"),
        (package("x", "version = '1'\nsource = {}"), "names no kind of source"),
        (package("x", "version = '1'\nsource = 'r'"), "expected an object"),
        (
            package("x", f"version = '1'\n{REGISTRY}\nwheels = [{{ hash = 'md4:a' }}]"),
            "no digest algorithm",
        ),
        (
            package("x", f"version = '1'\n{REGISTRY}\nwheels = [{{ size = 'big' }}]"),
            "expected a whole number",
        ),
        (
            package(
                "x", f"version = '1'\n{REGISTRY}\ndependencies = [{{ name = 'n' }}]"
            ),
            "fits 0 packages of this lock",
        ),
        ("\n[[package]]\nversion = '1'\n", "expected a string, got nothing"),
    ],
)
def test_a_bad_entry_is_a_gap_and_loses_no_other(
    tmp_path: Path, bad: str, reason: str
) -> None:
    found = discover(tmp_path, HEAD + bad + GOOD)
    assert any(reason in gap.reason for gap in found.gaps)
    assert "pkg:pypi/good@1.0" in {each.ref for each in found.components}


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("version = 2", State.UNSUPPORTED),
        ("version = '1'", State.UNREADABLE),
        ("", State.UNREADABLE),
        ("version = 1\nversion = 1", State.UNREADABLE),
        (b"\xff\xfe", State.UNREADABLE),
        ("version = 1\npackage = 3", State.UNREADABLE),
        ("a = " + "[" * 5000, State.UNREADABLE),
    ],
)
def test_a_file_that_is_no_lock_of_uv_is_a_gap(
    tmp_path: Path, text: str | bytes, state: State
) -> None:
    found = discover(tmp_path, text)
    assert not found.components
    assert [gap.state for gap in found.gaps] == [state]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.text().map(lambda text: (HEAD + text).encode()))
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        discover(tmp_path, data)
