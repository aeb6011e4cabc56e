from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import BuildFacts, Component, Kind, Location, Pin, Role
from mcpchain.discover import survey
from mcpchain.discover.dockerfile import DISCOVERER as DOCKERFILE
from mcpchain.discover.github_actions import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

SHA = "a" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
CI = ".github/workflows/ci.yml"
TEXT = st.text(alphabet="jobs:steps-uses{}$[]&*<!\n \"'#/@abc", max_size=200)


def read(folder: Path, files: dict[str, str | bytes]) -> Inventory:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = survey(Tree(folder), name="x", discoverers=[DISCOVERER, DOCKERFILE])
    assert "secret" not in repr(found)
    return found


def step(uses: str) -> str:
    return f"jobs:\n  a:\n    steps:\n    - uses: {uses}\n"


def job(text: str) -> str:
    return f"jobs: {{a: {text}}}"


def said(found: Inventory) -> list[tuple[str, str, str, str]]:
    rows = []
    for each in found.components:
        assert isinstance(each.facts, BuildFacts)
        pin = each.pin.value if each.pin else ""
        name = str(each.purl or each.name)
        rows.append((name, pin, each.requested, each.facts.role.value))
    return sorted(rows)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (CI, True),
        ("sub/.github/workflows/x.yaml", True),
        ("action.yml", True),
        (".github/actions/x/action.yaml", True),
        (".github/workflows/deep/x.yml", False),
        (".github/workflows/x.json", False),
        (".github/dependabot.yml", False),
        ("reaction.yml", False),
    ],
)
def test_wants_workflows_and_actions(path: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=path)) is wanted


def test_an_action_at_a_commit_is_declared_with_all_that_is_said(
    tmp_path: Path,
) -> None:
    uses = f"Acme/Tools/sub/x@{COMMIT} # v4.1.1"
    found = read(tmp_path, {CI: step(uses)})
    (action,) = found.components
    assert not found.gaps
    assert action == Component(
        kind=Kind.BUILD,
        name="Acme/Tools/sub/x",
        version=action.purl.version if action.purl else None,
        purl=action.purl,
        pin=Pin.COMMIT,
        requested="v4.1.1",
        facts=BuildFacts(role=Role.ACTION),
        locations=(Location(path=CI, pointer="/jobs/a/steps/0/uses"),),
    )
    assert str(action.purl) == f"pkg:github/acme/tools@{COMMIT}#sub/x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (step("o/r@v4"), [("pkg:github/o/r@v4", "tag", "v4", "action")]),
        (step("o/r@main"), [("pkg:github/o/r@main", "tag", "main", "action")]),
        (step("'o/r@releases/v1'"),
         [("pkg:github/o/r@releases/v1", "tag", "releases/v1", "action")]),
        (step(f"o/r@{COMMIT.upper()}"), [(f"pkg:github/o/r@{COMMIT}", "commit", "",
                                         "action")]),
        # What only looks like a commit.
        (step(f"o/r@{COMMIT[:7]}"),
         [(f"pkg:github/o/r@{COMMIT[:7]}", "tag", COMMIT[:7], "action")]),
        (step(f"o/r@x-{COMMIT}"),
         [(f"pkg:github/o/r@x-{COMMIT}", "tag", f"x-{COMMIT}", "action")]),
        (step(f"o/r@{COMMIT}/x"),
         [(f"pkg:github/o/r@{COMMIT}/x", "tag", f"{COMMIT}/x", "action")]),
        (step(f"o/r@{SHA}"), [(f"pkg:github/o/r@{SHA}", "tag", SHA, "action")]),
        (step(f"o/r@{COMMIT[:-1]}g"),
         [(f"pkg:github/o/r@{COMMIT[:-1]}g", "tag", f"{COMMIT[:-1]}g", "action")]),
        # What a comment claims.
        (step(f"o/r@{COMMIT}  #tag=1.2"),
         [(f"pkg:github/o/r@{COMMIT}", "commit", "1.2", "action")]),
        (step(f"'o/r@{COMMIT}' # pin@v2 and more"),
         [(f"pkg:github/o/r@{COMMIT}", "commit", "v2", "action")]),
        (step(f"o/r@{COMMIT} # ratchet:o/r@v3"),
         [(f"pkg:github/o/r@{COMMIT}", "commit", "v3", "action")]),
        (step(f"o/r@{COMMIT} # main, secret"),
         [(f"pkg:github/o/r@{COMMIT}", "commit", "", "action")]),
        (step(f"o/r@{COMMIT} # v1") + f"    - uses: o/r@{COMMIT} # v2",
         [(f"pkg:github/o/r@{COMMIT}", "commit", "", "action")]),
        (step("o/r@v4 # v4.1.1"), [("pkg:github/o/r@v4", "tag", "v4", "action")]),
        # Images.
        (step(f"docker://r.example/a:1@sha256:{SHA}"),
         [(f"pkg:oci/a@sha256:{SHA}?repository_url=r.example/a&tag=1", "digest", "1",
           "build-image")]),
        (step("docker://alpine"),
         [("pkg:docker/library/alpine", "floating", "", "build-image")]),
        (job("{container: 'a:1', services: {db: {image: 'b:2'}, c: 'c:3', d: ''}}"),
         [("pkg:docker/library/a@1", "tag", "1", "build-image"),
          ("pkg:docker/library/b@2", "tag", "2", "build-image"),
          ("pkg:docker/library/c@3", "tag", "3", "build-image")]),
        (job("{container: {image: 'a:1', credentials: {password: secret}}}"),
         [("pkg:docker/library/a@1", "tag", "1", "build-image")]),
        (job("{container: 'a:${{ matrix.v }}', strategy: {matrix: {v: [1, 2.10], "
             "include: [{v: '3'}, {w: x}]}}}"),
         [("pkg:docker/library/a@1", "tag", "1", "build-image"),
          ("pkg:docker/library/a@2.10", "tag", "2.10", "build-image"),
          ("pkg:docker/library/a@3", "tag", "3", "build-image")]),
        (job("{container: {image: '${{matrix.os.image}}'}, strategy: {matrix: "
             "{os: [{image: 'a:1'}, {image: ''}]}}}"),
         [("pkg:docker/library/a@1", "tag", "1", "build-image")]),
        # Workflows of others.
        (job(f"{{uses: o/r/.github/workflows/x.yml@{COMMIT}}}"),
         [(f"pkg:github/o/r@{COMMIT}#.github/workflows/x.yml", "commit", "",
           "workflow")]),
        # Data that is called like a step.
        (job("{strategy: {matrix: {uses: [e/vil@v1], steps: [{uses: e/vil@v1}]}}}"),
         []),
        ("on: {workflow_call: {inputs: {uses: {default: e/vil@v1}}}}\n"
         + step("o/r@v1 # uses: e/vil@v1"),
         [("pkg:github/o/r@v1", "tag", "v1", "action")]),
        # Anchors.
        ("jobs:\n  a: &a\n    steps: [{uses: o/r@v1}]\n  b: *a\n",
         [("pkg:github/o/r@v1", "tag", "v1", "action")]),
        ("", []),
        ("# nothing here\n", []),
    ],
)  # fmt: skip
def test_what_a_workflow_uses_is_listed(
    tmp_path: Path, text: str, expected: list[tuple[str, str, str, str]]
) -> None:
    found = read(tmp_path, {CI: text})
    assert not found.gaps
    assert said(found) == sorted(expected)


def test_one_action_in_many_places_is_one(tmp_path: Path) -> None:
    text = "jobs: {a: {steps: [{uses: o/r@v1}]}, b: {steps: [{}, {uses: o/r@v1}]}}"
    (action,) = read(tmp_path, {CI: text}).components
    pointers = [each.pointer for each in action.locations]
    assert pointers == ["/jobs/a/steps/0/uses", "/jobs/b/steps/1/uses"]


@pytest.mark.parametrize(
    "text",
    [
        step("'o/r@${{ github.ref }}'"),
        step("${{ matrix.action }}@v1"),
        step(f"'o/${{{{ inputs.x }}}}@{COMMIT}'"),
        step("'docker://a:${{ env.x }}'"),
        job("{uses: '${{ inputs.x }}'}"),
        job("{container: '${{ inputs.image }}'}"),
        job(f"{{container: 'a@sha256:{SHA}${{{{ inputs.x }}}}'}}"),
        job("{container: '${{ matrix.x }}'}"),
        job("{container: '${{ matrix.x }}', strategy: {matrix: '${{ inputs.x }}'}}"),
        job("{container: '${{ matrix.x }}', strategy: {matrix: {x: '${{ y }}'}}}"),
        job("{container: '${{ matrix.x }}', strategy: {matrix: {x: ['${{ y }}']}}}"),
        job("{container: '${{ matrix.x }}', strategy: {matrix: {x: [[a]]}}}"),
        job("{container: '${{ matrix.x }}', strategy: {matrix: {y: [a]}}}"),
        job("{container: '${{ matrix.x || y }}', strategy: {matrix: {x: [a]}}}"),
        job("{container: '${{ matrix.x }}${{ matrix.y }}', "
            "strategy: {matrix: {x: [a], y: [b]}}}"),
        job("{container: '${{ matrix.x }}', strategy: {matrix: {x: "
            f"{[*range(300)]}}}}}}}"),
    ],
)  # fmt: skip
def test_what_depends_on_the_run_is_listed_and_doubted(
    tmp_path: Path, text: str
) -> None:
    found = read(tmp_path, {CI: text})
    (component,) = found.components
    assert (component.purl, component.pin) == (None, Pin.FLOATING)
    (gap,) = found.gaps
    assert (gap.state, gap.ref) == (State.PARTIAL, component.ref)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (step("o/r"), "`o/r` is no action"),
        (step("o@v1"), "is no action"),
        (step("o/r@"), "is no action"),
        (step("o/r@v1@v2"), "is no action"),
        (step(f"o/r@v1@{COMMIT}"), "is no action"),
        (step("o/r/../x@v1"), "is no action"),
        (step("o/..@v1"), "is no action"),
        (step("../o/r@v1"), "is no action"),
        (step("o/r@a..b^"), "is no action"),
        (step("https://u:secret@h.example/o/r@v1"), "is no action"),
        (step("''"), "is no action"),
        (step("[o/r@v1]"), "expected a string, got a list"),
        (step("o/r@v1\n      uses: e/vil@v2"), "appears twice"),
        (step("docker://Alpine"), "is not the name of an image"),
        (step("docker://alpine@sha256:abc"), "is not the name of an image"),
        ("jobs: {a: {steps: x}}", "expected a list"),
        ("jobs: {a: []}", "expected an object"),
        ("jobs: [a]", "expected an object"),
        ("name: x", "has no jobs"),
        ("[]", "expected an object"),
        ("jobs: {a: {<<: {}}}", "a merge key"),
        ("jobs: !x {}", "a tag"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_wrong_is_a_gap(tmp_path: Path, text: str | bytes, reason: str) -> None:
    found = read(tmp_path, {CI: text})
    assert not found.components
    (gap,) = found.gaps
    assert reason in gap.reason
    assert gap.state is State.UNREADABLE


def test_a_wrong_step_hides_no_other(tmp_path: Path) -> None:
    text = (
        "jobs:\n  a: {container: [], services: x, steps: [1, {uses: 1}, "
        "{uses: o/r@v1}]}\n  b: 1\n  c: {uses: 1, steps: [{uses: o/s@v1}]}"
    )
    found = read(tmp_path, {CI: text})
    assert [each.name for each in found.components] == ["o/r", "o/s"]
    assert [each.location.pointer for each in found.gaps] == [
        "/jobs/a/container", "/jobs/a/services", "/jobs/a/steps/0",
        "/jobs/a/steps/1/uses", "/jobs/b", "/jobs/c/uses",
    ]  # fmt: skip


LOCAL = {
    "action.yml": "runs: {using: composite, steps: [{uses: o/r@v1}]}",
    ".github/actions/x/action.yaml": "runs: {using: docker, image: Dockerfile}",
    ".github/actions/x/Dockerfile": "FROM scratch",
    "docker/Dockerfile": "FROM scratch",
    ".github/workflows/other.yml": "jobs: {}",
}


@pytest.mark.parametrize(
    ("text", "there"),
    [
        (step("./"), True),
        (step("$/"), True),
        (step("./.github/actions/x"), True),
        (step("$/./.github/actions/x/"), True),
        (step("./docker"), True),
        (job("{uses: ./.github/workflows/other.yml}"), True),
        (job("{uses: $/.github/workflows/other.yml}"), True),
        (step("./.github/actions/y"), False),
        (step("./.github/actions/x/action.yaml"), False),
        (step("./../x"), False),
        (step("./" + "x/" * 2000), False),
        (step("'./a\\0'"), False),
        (job("{uses: ./.github/workflows/none.yml}"), False),
        (job("{uses: ./.github/actions/x}"), False),
    ],
)
def test_what_is_used_from_the_repository_itself_must_be_there(
    tmp_path: Path, text: str, *, there: bool
) -> None:
    for root in ("", "inner/"):
        folder = tmp_path / f"at-{root}"
        files = {f"{root}{name}": each for name, each in LOCAL.items()}
        found = read(folder, {**files, f"{root}{CI}": text})
        assert [each.name for each in found.components] == ["o/r"]
        assert [each.state for each in found.gaps] == [State.PARTIAL] * (not there)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("runs: {using: composite, steps: [{uses: o/r@v1}, {run: x}]}", ["o/r"]),
        ("runs: {using: docker, image: 'docker://a/b:1'}", ["a/b"]),
        ("runs: {using: docker, image: build/own.txt}", ["library/python"]),
        ("runs: {using: node24, main: x.js}", []),
        ("tasks: [!custom x]", []),
    ],
)
def test_actions_of_our_own_are_read(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    files: dict[str, str | bytes] = {
        "x/action.yml": text,
        "x/build/own.txt": "FROM python:3",
    }
    found = read(tmp_path, files)
    assert not found.gaps
    assert [each.name for each in found.components] == expected


@pytest.mark.parametrize(
    "text",
    [
        "runs: {using: docker, image: build/none.txt}",
        "runs: {using: docker, image: ../../x.txt}",
        "runs: {using: docker, image: 'docker://${{ inputs.x }}'}",
        "runs: []",
        "runs: {steps: 1}",
    ],
)
def test_actions_that_cannot_be_read_leave_a_gap(tmp_path: Path, text: str) -> None:
    assert len(read(tmp_path, {"x/action.yml": text}).gaps) == 1


@pytest.mark.parametrize(
    "text",
    [
        "jobs: {" + "".join(f"j{i}: {{uses: o/r@v1}}, " for i in range(20_000)) + "}",
        job("{strategy: {matrix: {v: " + str([*range(256)]) + "}}, services: {"
            + "".join(f"s{i}: 'a:${{{{matrix.v}}}}', " for i in range(20_000)) + "}}"),
        "jobs:\n" + "- uses: " + "x" * 1_000_000 + " " * 1_000_000,
        "jobs:\n" + "- uses: x #" * 200_000,
        step("o/r" + "/a" * 1_000_000 + "@v1"),
        job("{container: '" + "${{" * 500_000 + "'}"),
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_a_large_file_takes_no_longer_than_it_is_large(
    tmp_path: Path, text: str
) -> None:
    assert read(tmp_path, {CI: text})


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | TEXT.map(str.encode))
def test_any_bytes_are_read_or_become_a_gap(tmp_path: Path, data: bytes) -> None:
    read(tmp_path, {CI: data, "action.yml": b"runs: " + data})
