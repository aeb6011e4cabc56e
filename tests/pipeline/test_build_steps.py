"""What the build runs is listed, and only its own rule speaks of it."""

import json
import shutil
from collections import Counter
from pathlib import Path

from click.testing import CliRunner

from mcpchain.cli import main
from mcpchain.component import Kind
from mcpchain.pipeline.target import survey

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
AGENT = EXAMPLES / "support-agent"
BUILD = {
    "Dockerfile": "FROM python:latest\nADD https://h.example/x.tgz /x\n",
    "compose.yaml": "services: {db: {image: 'db'}}\nmodels: {m: {model: 'a/b:1'}}",
    ".github/workflows/ci.yml": "jobs: {a: {steps: [{uses: o/r@main}]}}",
    "azure-pipelines.yml": "steps: [{task: Bash@3}]",
    ".devcontainer.json": '{"features": {"r.example/o/x": {}}}',
    ".pre-commit-config.yaml": "repos: [{repo: local, hooks: [{id: a, "
    "language: python, additional_dependencies: [jinja2==2.10, black]}]}]",
    "main.tf": 'module "m" {\n  source = "a/vpc/aws"\n}\n',
}


def rules(target: Path) -> Counter[str]:
    args = ["gate", "--offline", "--no-environment", "--format=json"]
    args += [f"--policy={AGENT / 'policy.yaml'}"]
    args += [f"--advisories={AGENT / 'advisories'}", str(target)]
    result = CliRunner().invoke(main, args)
    return Counter(each["rule"] for each in json.loads(result.stdout)["findings"])


def test_what_the_build_runs_is_no_dependency(tmp_path: Path) -> None:
    target = tmp_path / "agent"
    shutil.copytree(EXAMPLES / "support-agent-repaired", target)
    before = rules(target)
    for name, text in BUILD.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text, encoding="utf-8")
    found = survey(target, environment=None)
    listed = [e for e in found.components if e.kind in {Kind.BUILD, Kind.CONTAINER}]
    assert sorted(each.name for each in listed) == [
        "Bash", "a/vpc/aws", "black", "jinja2", "library/db", "library/python", "o/r",
        "r.example/o/x", "x.tgz",
    ]  # fmt: skip
    # `jinja2` has an advisory, and `black` no version that could be looked up.
    bom = tmp_path / "bom.json"
    command = ["sbom", "--no-environment", f"--output={bom}", str(target)]
    assert CliRunner().invoke(main, command).exit_code == 0
    assert rules(bom) == rules(target)
    assert {*(rules(target) - before)} <= {"unpinned-build-step", "unpinned-model"}
