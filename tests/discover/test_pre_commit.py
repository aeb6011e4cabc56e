from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import BuildFacts, Component, Kind, Location, Pin, Role
from mcpchain.discover import survey
from mcpchain.discover.pre_commit import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

SHA = "a" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAME = ".pre-commit-config.yaml"
TEXT = st.text(alphabet="repos:-rev hook{}[]&*<!\n \"'#/@=1", max_size=200)


def read(folder: Path, text: str | bytes) -> Inventory:
    (folder / NAME).write_bytes(text if isinstance(text, bytes) else text.encode())
    found = survey(Tree(folder), name="x", discoverers=[DISCOVERER])
    assert "secret" not in repr(found)
    return found


def repo(url: str, rev: str) -> str:
    return f"repos:\n- repo: {url}\n  rev: {rev}\n  hooks: [{{id: a}}]\n"


def hook(text: str) -> str:
    return f"repos: [{{repo: local, hooks: [{{id: h, {text}}}]}}]"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (NAME, True),
        (".pre-commit-config.yml", True),
        (".pre-commit-hooks.yaml", False),
        ("pre-commit-config.yaml", False),
    ],
)
def test_wants_the_configuration(name: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=f"a/{name}")) is wanted


def test_hooks_at_a_commit_are_declared_with_all_that_is_said(tmp_path: Path) -> None:
    found = read(
        tmp_path, repo("https://u:secret@github.com/o/r", f"{COMMIT}  # frozen: v1.2")
    )
    (component,) = found.components
    assert not found.gaps
    assert component == Component(
        kind=Kind.BUILD,
        name="o/r",
        version=component.purl.version if component.purl else None,
        purl=component.purl,
        pin=Pin.COMMIT,
        requested="v1.2",
        facts=BuildFacts(role=Role.HOOK, registry="https://github.com/o/r"),
        locations=(Location(path=NAME, pointer="/repos/0/repo"),),
    )
    assert str(component.purl) == f"pkg:github/o/r@{COMMIT}"


@pytest.mark.parametrize(
    ("text", "purl", "pin"),
    [
        (repo("https://github.com/o/r.git", "v1.2"), "pkg:github/o/r@v1.2", "tag"),
        (repo("https://github.com/o/r", "main"), "pkg:github/o/r@main", "tag"),
        (repo("git@github.com:o/r", "v1"), "pkg:github/o/r@v1", "tag"),
        (repo("https://gitlab.com/o/g/r", COMMIT.upper()),
         f"pkg:gitlab/o/g/r@{COMMIT}", "commit"),
        (repo("https://h.example/r", "v1"),
         "pkg:generic/r?vcs_url=git%2Bhttps://h.example/r%40v1", "tag"),
        # What only looks like a commit.
        (repo("https://github.com/o/r", COMMIT[:8]), f"pkg:github/o/r@{COMMIT[:8]}",
         "tag"),
        (repo("https://github.com/o/r", SHA), f"pkg:github/o/r@{SHA}", "tag"),
        (repo("https://github.com/o/r", f"x{COMMIT}"), f"pkg:github/o/r@x{COMMIT}",
         "tag"),
        # The form before 1.0.
        ("- {repo: 'https://github.com/o/r', sha: x, rev: v1, hooks: []}",
         "pkg:github/o/r@v1", "tag"),
        # What a hook installs, if its language is evident.
        (hook("language: python, additional_dependencies: [A_b==1.0]"),
         "None", "exact"),
        (hook("language: python, additional_dependencies: ['a>=1']"), "None",
         "range"),
        (hook("language: python, additional_dependencies: [a]"), "None",
         "floating"),
        (hook("additional_dependencies: ['a[x]==1.0']"), "None", "exact"),
        (hook("language: node, additional_dependencies: [a]"), "None",
         "floating"),
        (hook("additional_dependencies: ['@s/a@1.0.0']"), "None",
         "exact"),
        (hook("additional_dependencies: ['a@^1.0.0']"), "None", "range"),
        (hook("additional_dependencies: [a]"), "None", "floating"),
        (hook("language: golang, additional_dependencies: ['h.example/a@v1.0.0']"),
         "None", "floating"),
        (hook("language: rust, additional_dependencies: ['cli:a:1.0']"), "None",
         "floating"),
        # Images.
        (hook(f"language: docker_image, entry: 'a/b:1@sha256:{SHA} --x secret'"),
         f"pkg:docker/a/b@sha256:{SHA}", "digest"),
        (hook("language: docker_image, entry: '--entrypoint /x a/b'"),
         "pkg:docker/a/b", "floating"),
        # Anchors.
        ("x: &x {rev: v1, hooks: []}\nrepos: [{repo: 'git://github.com/o/r', <<: *x}]",
         "pkg:github/o/r@v1", "tag"),
    ],
)  # fmt: skip
def test_what_hooks_come_from_is_listed(
    tmp_path: Path, text: str, purl: str, pin: str
) -> None:
    found = read(tmp_path, text)
    assert not found.gaps
    (component,) = found.components
    assert (str(component.purl), component.pin) == (purl, Pin(pin))
    assert component.kind in {Kind.BUILD, Kind.CONTAINER}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "repos: []",
        "repos: [{repo: meta, hooks: [{id: identity}]}]",
        hook("entry: x, language: system"),
        "ci: {autofix: true}\nrepos: [{repo: local, hooks: []}]",
    ],
)
def test_what_comes_from_nowhere_is_nothing(tmp_path: Path, text: str) -> None:
    assert not read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "reason", "state"),
    [
        (repo("https://github.com/o/r", ""), "got nothing|got null", "unreadable"),
        (repo("https://github.com/o/r", "[v1]"), "expected a string", "unreadable"),
        (repo("../secret", "v1"), "on this machine", "partial"),
        (repo("/home/secret/x", "v1"), "on this machine", "partial"),
        ("repos: [{rev: v1}]", "expected a string", "unreadable"),
        ("repos: {a: b}", "expected a list", "unreadable"),
        ("repos: [{repo: local, hooks: 1}]", "expected a list", "unreadable"),
        ("a: b\na: c\nrepos: 1", "expected a list", "unreadable"),
        (hook("language: python, additional_dependencies: ['a b']"),
         "is nothing that can be installed", "unreadable"),
        (hook("language: python, additional_dependencies: ['x; y']"),
         "is nothing that can be installed", "unreadable"),
        (hook("language: node, additional_dependencies: ['a b']"),
         "is nothing that can be installed", "unreadable"),
        (hook("additional_dependencies: ['']"), "`` is nothing", "unreadable"),
        (hook("additional_dependencies: [1]"), "expected a string", "unreadable"),
        (hook("additional_dependencies: a"), "expected a list", "unreadable"),
        (hook("language: docker_image"), "expected a string", "unreadable"),
        (hook("language: docker_image, entry: Image"), "not the name of an image",
         "unreadable"),
        (hook("language: docker_image, entry: '-v /a:/b a/b'"), "cannot be told",
         "partial"),
        ("repos: !x []", "a tag", "unreadable"),
        (b"\xff", "not UTF-8", "unreadable"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_a_gap(
    tmp_path: Path, text: str | bytes, reason: str, state: str
) -> None:
    found = read(tmp_path, text)
    (gap,) = found.gaps
    assert any(each in gap.reason for each in reason.split("|"))
    assert gap.state is State(state)
    assert all(each.pin is Pin.FLOATING for each in found.components)


def test_a_wrong_entry_hides_no_other(tmp_path: Path) -> None:
    text = (
        "repos: [1, {repo: 'https://github.com/o/r', hooks: [1, {id: 1}, {id: a, "
        "additional_dependencies: [1, 'b==1']}]}, {repo: 'https://github.com/o/s', "
        "rev: v1}]"
    )
    found = read(tmp_path, text)
    assert [each.name for each in found.components] == ["o/s", "b"]
    assert [each.location.pointer for each in found.gaps] == [
        "/repos/0", "/repos/1/hooks/0", "/repos/1/hooks/1/id",
        "/repos/1/hooks/2/additional_dependencies/0", "/repos/1/rev",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("language: python, additional_dependencies: [A_b==1.0]", ("a-b", "1.0", "")),
        ("language: python, additional_dependencies: ['a>=1']", ("a", None, ">=1")),
        ("language: node, additional_dependencies: ['@s/a@1.0.0']",
         ("@s/a", "1.0.0", "")),
        ("language: node, additional_dependencies: ['a@^1.0.0']",
         ("a", None, "^1.0.0")),
    ],
)  # fmt: skip
def test_a_package_of_a_hook_is_no_dependency_of_the_system(
    tmp_path: Path, text: str, said: tuple[str, str | None, str]
) -> None:
    (component,) = read(tmp_path, hook(text)).components
    assert (component.name, component.version, component.requested) == said
    assert (component.kind, component.purl) == (Kind.BUILD, None)


def test_a_folder_of_somebody_is_not_told(tmp_path: Path) -> None:
    for language in ("python", "node"):
        deps = "['/home/secret-user/x.tgz']"
        text = hook(f"language: {language}, additional_dependencies: {deps}")
        found = read(tmp_path, text.replace("secret-user", "jo"))
        assert "/home" not in repr(found)
        assert len(found.components) == 1


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | TEXT.map(str.encode), text=st.text(max_size=40))
def test_any_bytes_are_read_or_become_a_gap(
    tmp_path: Path, data: bytes, text: str
) -> None:
    read(tmp_path, data)
    quoted = text.encode("utf-8", "replace").decode().replace("'", "''")
    for language in ("python", "node", "docker_image", "x"):
        dependency = f"language: {language}, entry: '{quoted}'"
        found = read(
            tmp_path, hook(f"{dependency}, additional_dependencies: ['{quoted}']")
        )
        assert found.components or found.gaps
