import base64
import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main

INFO = "files-1.0.dist-info"
META = "Metadata-Version: 2.4\nName: files\nVersion: 1.0\nLicense-File: LICENSE\n"


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    env = tmp_path / "venv"
    site = env / "lib/python3.11/site-packages"
    files = {
        "files/__init__.py": "import os\n",
        f"{INFO}/METADATA": META,
        f"{INFO}/licenses/LICENSE": "be nice\n",
    }
    rows = [f"{INFO}/RECORD,,"]
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, encoding="utf-8")
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
        rows.append(f"{name},sha256={digest.decode().rstrip('=')},{len(text)}")
    (site / INFO / "RECORD").write_text("\n".join(rows), encoding="utf-8")
    alone = "include-system-site-packages = false\n"
    (env / "pyvenv.cfg").write_text(alone, encoding="utf-8")
    (tmp_path / "empty").mkdir()
    return env


def run(environment: Path, *arguments: str) -> Result:
    command, *more = arguments
    target = str(environment.parent / "empty")
    options = ["--environment", str(environment), *more]
    return CliRunner().invoke(main, [command, target, *options])


def test_an_installed_file_that_was_changed_is_said_and_denied(
    environment: Path,
) -> None:
    module = environment / "lib/python3.11/site-packages/files/__init__.py"
    said = "was changed after it was installed"
    honest = run(environment, "gate", "--offline", "--verify-installed")
    assert said not in honest.output
    module.write_text("import 0s\n", encoding="utf-8")
    gate = run(environment, "gate", "--offline", "--verify-installed")
    assert gate.exit_code == 10
    assert f"deny[gap]: not verified: {said}" in gate.output
    assert "--> environment/lib/python3.11/site-packages/files/__init__.py" in (
        gate.output
    )
    sbom = run(environment, "sbom", "--verify-installed", "-o", "-")
    place = "environment/lib/python3.11/site-packages/files/__init__.py"
    assert f"gap: {place}: {said}\n" in sbom.stderr
    assert said not in run(environment, "gate", "--offline").output


def test_without_an_environment_there_is_nothing_to_verify(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["sbom", str(tmp_path), "--verify-installed", "-o-"]
    )
    assert result.exit_code == 2
    assert "`--verify-installed` needs an environment" in result.output


def test_licence_texts_are_in_the_bom_if_they_are_asked_for(environment: Path) -> None:
    plain = run(environment, "sbom", "-o", "-")
    assert "be nice" not in plain.stdout
    (component,) = json.loads(
        run(environment, "sbom", "--license-texts", "-o", "-").stdout
    )["components"]
    (text,) = component["evidence"]["licenses"]
    assert text["license"]["name"] == "LICENSE"
    assert text["license"]["text"]["content"] == "be nice\n"
