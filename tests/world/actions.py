"""Runs the `run:` steps of a workflow as a runner of GitHub does, job by job.

Of the platform there is what a script can see: variables, outputs, artifacts. Actions
are not run; those that move files are stood for. `python -m venv` makes no environment:
what it would hold from the lock is that of the tests, but a wheel is really installed,
and that one is what runs.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{ ([\w.-]+) \}\}")
_JOB = {"environment", "name", "needs", "outputs", "permissions", "runs-on", "steps"}
_STEP = {"env", "id", "name", "run", "uses", "with"}
_PYTHON = """\
#!{python} -I
import json, os, runpy, sys
from pathlib import Path

match sys.argv[1:]:
    case ["-I", "-m", "venv", folder]:
        (Path(folder) / "bin").mkdir(parents=True)
        (Path(folder) / "bin/python").symlink_to(__file__)
    case ["-I", "-m", "pip", "install", *rest] if "--no-index" in rest:
        rest = ["install", "--target", "{site}", "--upgrade", *rest]
        os.execv("{python}", ["{python}", "-I", "-m", "pip", *rest])
    case ["-I", "-m", "pip", "install", *rest] if "--require-hashes" in rest:
        pass
    case ["-I", "-m", "mcpchain", command, *rest]:
        sys.path.insert(0, "{site}")
        more = json.loads(os.environ["WORLD"]).get(command, [])
        sys.argv = ["mcpchain", command, *more, *rest]
        runpy.run_module("mcpchain", run_name="__main__")
    case ["-I", *rest] if "pip" not in rest:
        os.execv("{python}", ["{python}", "-I", *rest])
    case _:
        sys.exit("not run: " + " ".join(sys.argv))
"""


class StepFailedError(Exception):
    """A step has failed, and with it its job."""

    def __init__(self, step: str, told: str) -> None:
        super().__init__(f"{step}: {told}")
        self.step = step


@dataclass(kw_only=True)
class Runner:
    """Where the jobs of a workflow run."""

    workflow: dict[str, Any]
    source: Path
    """The repository, at the tag."""
    folder: Path
    environ: dict[str, str]
    """What the platform sets."""
    token: dict[str, str] = field(default_factory=dict)
    """What it sets for a job that may ask for an identity."""
    options: dict[str, list[str]] = field(default_factory=dict)
    """What says to a command of mcpchain, by its name, which world it is in."""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of the jobs that have run."""
    actions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Those that nothing stands for, and their inputs."""

    def __post_init__(self) -> None:
        self.bin = self.folder / "bin"
        self.bin.mkdir(parents=True)
        python = _PYTHON.format(python=sys.executable, site=self.folder / "site")
        program = f'#!/bin/sh\nprintf "%s\\n" "$@" > {self.folder}/gh\n'
        for name, text in (("python", python), ("gh", program)):
            (self.bin / name).write_text(text, encoding="utf-8")
            (self.bin / name).chmod(0o755)

    @classmethod
    def of(cls, workflow: Path, **more: Any) -> "Runner":  # noqa: ANN401 - its fields
        loaded = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        return cls(workflow=loaded, **more)

    def workspace(self, job: str) -> Path:
        return self.folder / job / "workspace"

    def run(self, job: str) -> None:
        """Run *job* in a workspace of its own.

        Raises:
            StepFailedError: One of its steps failed.
        """
        said = self.workflow["jobs"][job]
        assert set(said) <= _JOB | {"timeout-minutes"}
        workspace = self.workspace(job)
        workspace.mkdir(parents=True)
        (workspace.parent / "temp").mkdir()
        context = {"github.token": "a token"}
        for needed, outputs in self.outputs.items():
            if needed in said.get("needs", []):
                told = (
                    (f"needs.{needed}.outputs.{key}", outputs[key]) for key in outputs
                )
                context.update(told)
        for step in said["steps"]:
            assert set(step) <= _STEP
            if "uses" in step:
                self._use(
                    step["uses"].partition("@")[0], step.get("with", {}), workspace
                )
                continue
            outputs = self.step(job, step["name"], context)
            context |= {
                f"steps.{step.get('id')}.outputs.{k}": outputs[k] for k in outputs
            }
        wanted = said.get("outputs", {})
        self.outputs[job] = {key: _filled(wanted[key], context) for key in wanted}

    def step(
        self, job: str, name: str, context: dict[str, str], where: Path | None = None
    ) -> dict[str, str]:
        """Run one step, in its workspace or in *where*, and return its outputs."""
        said = self.workflow["jobs"][job]
        (step,) = [each for each in said["steps"] if each.get("name") == name]
        assert "${{" not in step["run"]
        workspace = where or self.workspace(job)
        output = self.folder / "output"
        output.write_text("")
        env = step.get("env", {})
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-c", step["run"]],
            check=False,
            capture_output=True,
            cwd=workspace,
            text=True,
            env={
                "HOME": str(self.folder),
                "PATH": f"{self.bin}:/usr/bin:/bin",
                "WORLD": json.dumps(self.options),
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_OUTPUT": str(output),
                "RUNNER_TEMP": str(self.workspace(job).parent / "temp"),
                **self.environ,
                **(self.token if "id-token" in said["permissions"] else {}),
                **{key: _filled(env[key], context) for key in env},
            },
        )
        if done.returncode:
            raise StepFailedError(name, done.stdout + done.stderr)
        return _outputs(output.read_text(encoding="utf-8"))

    def _use(self, action: str, given: dict[str, Any], workspace: Path) -> None:
        kept = self.folder / "artifacts" / str(given.get("name"))
        if action == "actions/checkout":
            git = ["git", "clone", "--quiet", str(self.source), str(workspace)]
            subprocess.run(git, check=True, env={"PATH": os.environ["PATH"]})
        elif action == "actions/upload-artifact":
            paths = given["path"].split()
            for path in paths:
                to = kept if len(paths) == 1 else kept / path
                shutil.copytree(workspace / path, to)
        elif action == "actions/download-artifact":
            to = workspace / given.get("path", ".")
            shutil.copytree(kept, to, dirs_exist_ok=True)
        else:
            self.actions.append((action, given))


def _filled(text: str, context: dict[str, str]) -> str:
    """Put values in the place of expressions; what is not known is an error."""
    return _EXPRESSION.sub(lambda found: context[found[1]], text)


def _outputs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, sign, end = line.partition("<<")
        if sign:
            found[name] = "\n".join(iter(lambda: next(lines), end))
        else:
            name, _, found[name] = line.partition("=")
    return found
