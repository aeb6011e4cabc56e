from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import BuildFacts, Component, Kind, Location, Pin, Role
from mcpchain.discover import survey
from mcpchain.discover.azure_pipelines import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

SHA = "a" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
ROOT = "azure-pipelines.yml"
TASK = "pkg:generic/azure-pipelines-task/"
TEXT = st.text(alphabet="steps:-task@ jobs{}$[]&*<!\n \"'#/template", max_size=200)
Files = dict[str, str | bytes]


def read(folder: Path, text: str | bytes, files: Files | None = None) -> Inventory:
    for name, each in {ROOT: text, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each if isinstance(each, bytes) else each.encode())
    found = survey(Tree(folder), name="x", discoverers=[DISCOVERER])
    assert "secret" not in repr(found)
    return found


def task(name: str) -> str:
    return f"steps:\n- task: {name}\n  inputs: {{key: secret}}\n"


def source(text: str) -> str:
    return f"resources: {{repositories: [{{repository: t, {text}}}]}}\n"


def said(found: Inventory) -> list[tuple[str, str, str]]:
    return sorted(
        (str(each.purl or each.name), each.pin.value if each.pin else "",
         each.requested)
        for each in found.components
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("azure-pipelines.yml", True),
        ("azure-pipeline.yaml", True),
        ("azure-pipelines-ci.yml", True),
        ("Azure-Pipelines.yml", True),
        ("ci.azure-pipelines.yml", True),
        (".azure-pipelines/steps/x.yml", True),
        ("a/azure-pipelines/x.yaml", True),
        (".azuredevops/pipelines/x.yml", True),
        (".vsts-ci.yml", True),
        ("pipelines/x.yml", False),
        ("azure.yml", False),
        (".azuredevops/x.md", False),
    ],
)
def test_wants_pipelines(path: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=path)) is wanted


def test_a_task_by_its_whole_version_is_exact(tmp_path: Path) -> None:
    found = read(tmp_path, task("PublishTests@2.1.3"))
    (component,) = found.components
    assert not found.gaps
    assert component == Component(
        kind=Kind.BUILD,
        name="PublishTests",
        version="2.1.3",
        purl=component.purl,
        pin=Pin.EXACT,
        facts=BuildFacts(role=Role.TASK),
        locations=(Location(path=ROOT, pointer="/steps/0/task"),),
    )
    assert str(component.purl) == f"{TASK}PublishTests@2.1.3"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (task("Bash@3"), [(f"{TASK}Bash", "range", "3")]),
        (task("Bash@3.1"), [(f"{TASK}Bash", "range", "3.1")]),
        (task("Bash"), [(f"{TASK}Bash", "floating", "")]),
        (task("acme.run.Do-It@1"), [(f"{TASK}acme.run.Do-It", "range", "1")]),
        # Wherever steps may stand.
        ("stages: [{stage: a, jobs: [{job: b, steps: [{task: X@1}]}]}]",
         [(f"{TASK}X", "range", "1")]),
        (("jobs: [{deployment: a, strategy: {runOnce: {deploy: {steps: [{task: X@1}]}, "
         "on: {failure: {steps: [{task: Y@1}]}}}}}]"),
         [(f"{TASK}X", "range", "1"), (f"{TASK}Y", "range", "1")]),
        ("steps:\n- ${{ if eq(1) }}:\n  - task: X@1\n- ${{ else }}:\n  - task: Y@1\n",
         [(f"{TASK}X", "range", "1"), (f"{TASK}Y", "range", "1")]),
        ("parameters: [{name: s, type: stepList, default: [{task: X@1}]}]",
         [(f"{TASK}X", "range", "1")]),
        # What is no step.
        ("steps: [{task: X@1, inputs: {task: Evil@1, list: [{task: Evil@1}]}}]",
         [(f"{TASK}X", "range", "1")]),
        (("steps: [{template: azure-pipelines.yml, parameters: {template: evil.yml, "
         "container: evil, steps: [{task: X@1}]}}]"), [(f"{TASK}X", "range", "1")]),
        ("variables: [{name: task, value: x}, {task: Evil@1}]", []),
        # Repositories.
        (source(f"type: github, endpoint: e, name: o/r, ref: {COMMIT}"),
         [(f"pkg:github/o/r@{COMMIT}", "commit", "")]),
        (source("type: github, name: o/r, ref: refs/tags/v1"),
         [("pkg:github/o/r@v1", "tag", "v1")]),
        (source("type: github, name: o/r, ref: refs/heads/a/b"),
         [("pkg:github/o/r@a/b", "tag", "a/b")]),
        (source(f"type: github, name: o/r, ref: refs/heads/{COMMIT}"),
         [(f"pkg:github/o/r@{COMMIT}", "tag", COMMIT)]),
        (source("type: GitHub, name: o/r"), [("pkg:github/o/r", "floating", "")]),
        (source("type: bitbucket, name: o/r"), [("pkg:bitbucket/o/r", "floating", "")]),
        (source(f"type: git, name: Project/r, ref: {COMMIT}"),
         [("Project/r", "tag", COMMIT)]),
        (source("name: r"), [("r", "floating", "")]),
        (source("type: githubenterprise, name: o/r, ref: refs/tags/v1"),
         [("o/r", "tag", "v1")]),
        (source("type: github, name: o/r") + "extends: {template: x.yml@t}",
         [("pkg:github/o/r", "floating", "")]),
        # Images.
        ((f"resources: {{containers: [{{container: c, image: 'a:1@sha256:{SHA}'}}]}}\n"
         "jobs: [{job: j, container: c, services: {s: c, t: 'b:1'}}]"),
         [(f"pkg:docker/library/a@sha256:{SHA}", "digest", "1"),
          ("pkg:docker/library/b@1", "tag", "1")]),
        ("container: a:1\nsteps: []", [("pkg:docker/library/a@1", "tag", "1")]),
        ("jobs: [{job: j, container: {image: 'r.example/a'}}]",
         [("pkg:oci/a?repository_url=r.example/a", "floating", "")]),
        ("steps: [{task: X@1, inputs: {container: e}}]", [(f"{TASK}X", "range", "1")]),
        ("", []),
    ],
)  # fmt: skip
def test_what_a_pipeline_uses_is_listed(
    tmp_path: Path, text: str, expected: list[tuple[str, str, str]]
) -> None:
    found = read(tmp_path, text)
    assert not found.gaps
    assert said(found) == sorted(expected)


@pytest.mark.parametrize(
    "text",
    [
        task("${{ parameters.task }}"),
        task("X@${{ parameters.major }}"),
        source("type: github, name: o/r, ref: '${{ parameters.ref }}'"),
        source("type: github, name: '$(name)'"),
        "steps: [{template: '${{ parameters.x }}.yml'}]",
        "jobs: [{job: j, container: '$[ variables.x ]'}]",
        "container: $(image)",
        (
            "resources: {containers: [{container: c, type: ACR, registry: r, "
            "repository: a/b}]}"
        ),
    ],
)
def test_what_depends_on_the_run_is_listed_and_doubted(
    tmp_path: Path, text: str
) -> None:
    found = read(tmp_path, text)
    (component,) = found.components
    assert (component.purl, component.pin) == (None, Pin.FLOATING)
    (gap,) = found.gaps
    assert (gap.state, gap.ref) == (State.PARTIAL, component.ref)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (task("X@v1"), "is not the name of a task"),
        (task("X@1.2.3.4"), "is not the name of a task"),
        (task("X@latest"), "is not the name of a task"),
        (task("''"), "is not the name of a task"),
        (task("[X@1]"), "expected a string"),
        ("steps:\n- task: X@1\n  task: Y@1", "appears twice"),
        (source("type: github, name: r"), "no `owner/repository`"),
        (source("type: github, name: ../r"), "no `owner/repository`"),
        (source("type: svn, name: o/r"), "no type of repository"),
        (source("type: github"), "expected a string, got nothing"),
        ("container: Alpine", "is not the name of an image"),
        ("jobs: [{job: j, container: 'a@sha256:abc'}]", "is not the name of an image"),
        ("steps: [{template: none.yml}]", "No such file"),
        ("steps: [{template: /none.yml}]", "No such file"),
        ("steps: [{template: ../x.yml}]", "lies outside"),
        ("trigger: [x]\nsteps: [{template: x.yml@t}]", "no repository is called `t`"),
        ("steps: !x []", "a tag"),
        ("[", "not YAML"),
        ("[]", "expected an object"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_wrong_is_a_gap(tmp_path: Path, text: str | bytes, reason: str) -> None:
    found = read(tmp_path, text)
    assert not found.components
    (gap,) = found.gaps
    assert reason in gap.reason


def test_templates_are_read_by_whoever_names_them(tmp_path: Path) -> None:
    text = (
        source("type: github, name: o/r, ref: refs/tags/v1")
        + "steps:\n- template: ci/a.yml\n- template: /ci/b.yml\n"
        "- template: ci/a.yml@self\n- template: .azure-pipelines/c.yml\n"
    )
    files: Files = {
        "ci/a.yml": "steps: [{task: A@1}, {template: b.yml}, {template: x.yml@t}]",
        "ci/b.yml": "steps: [{task: B@1}, {template: a.yml}, {template: none.yml}]",
        ".azure-pipelines/c.yml": "steps: [{task: C@1}, {template: x.yml@t}]",
    }
    found = read(tmp_path, text, files)
    assert [each.name for each in found.components] == ["A", "B", "C", "o/r"]
    places = [str(each) for each in found.components[-1].locations]
    assert places == [
        "azure-pipelines.yml#/resources/repositories/0",
        "ci/a.yml#/steps/2/template",
    ]
    (gap,) = found.gaps
    assert str(gap.location) == "ci/b.yml#/steps/2/template"


def test_a_wrong_step_hides_no_other(tmp_path: Path) -> None:
    text = (
        "resources: {repositories: [1, {repository: t}], containers: x}\n"
        "steps: [1, {task: 1}, {template: 1}, {task: X@1}]\njobs: [{job: 1, "
        "container: 1, steps: [{task: Y@1}]}]"
    )
    found = read(tmp_path, text)
    assert [each.name for each in found.components] == ["X", "Y"]
    assert [each.location.pointer for each in found.gaps] == [
        "/jobs/0/container", "/resources/containers", "/resources/repositories/0",
        "/resources/repositories/1/name", "/steps/1/task", "/steps/2/template",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "steps: [" + "{task: X@1}, " * 40_000 + "]",
        "steps: [" + "{template: x.yml}, " * 20_000 + "]",
        task("X" * 1_000_000 + "!"),
        "steps: " + "[" * 90 + "]" * 90,
    ],
    ids=["tasks", "templates", "name", "deep"],
)
def test_a_large_file_takes_no_longer_than_it_is_large(
    tmp_path: Path, text: str
) -> None:
    read(tmp_path, text)


def test_no_more_than_some_templates_are_read(tmp_path: Path) -> None:
    files: Files = {f"f{i}.yml": f"steps: [{{template: f{i + 1}.yml}}]"
                    for i in range(120)}  # fmt: skip
    found = read(tmp_path, "steps: [{template: f0.yml}]", files)
    assert [each.state for each in found.gaps] == [State.LIMIT]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | TEXT.map(str.encode))
def test_any_bytes_are_read_or_become_a_gap(tmp_path: Path, data: bytes) -> None:
    read(tmp_path, data)
