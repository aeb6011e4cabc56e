import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mcpchain.cli import main

LOCK = """{"lockfileVersion": 3, "packages": {
  "": {"name": "app"},
  "node_modules/x": {"version": "1.0.0", "integrity": "sha512-%s"}
}}""" % ("A" * 86 + "==")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "package-lock.json").write_text(LOCK)
    return tmp_path


def sbom(project: Path, *options: str) -> tuple[int, str, bytes]:
    output = project / "bom.out"
    command = ["sbom", str(project), "-o", str(output), "--no-environment", *options]
    done = CliRunner().invoke(main, command)
    return done.exit_code, done.stderr, output.read_bytes()


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_the_version_of_the_specification_is_a_choice(
    project: Path, version: str
) -> None:
    code, _, data = sbom(project, "--spec-version", version)
    assert code == 0
    assert json.loads(data)["specVersion"] == version


def test_xml_comes_with_a_warning_of_what_it_leaves_out(project: Path) -> None:
    code, said, data = sbom(project, "--output-format", "xml")
    assert code == 0
    assert "warning: XML leaves out `compositions`: " in said
    assert data.startswith(b"<?xml")
    again, *_ = sbom(project, "--output-format", "xml")
    assert again == 0


def test_xml_is_said_to_be_a_bom_that_is_not_read(project: Path) -> None:
    sbom(project, "--output-format", "xml")
    written = project / "bom.out"
    for command in (
        ["bom", "validate", str(written)],
        ["bom", "diff", str(written), str(written)],
        ["sbom", str(written), "-o", "-"],
        ["gate", str(written)],
    ):
        told = CliRunner().invoke(main, command)
        assert told.exit_code not in {0, 1}, told.output
        assert "CycloneDX as XML" in told.output


def test_a_signature_of_the_bom_that_was_read_is_said_to_hold_no_longer(
    project: Path,
) -> None:
    bom = project / "in.json"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [{"type": "library", "name": "x", "purl": "pkg:npm/x@1.0.0"}],
        "signature": {"algorithm": "ES256", "value": "x"},
    }
    bom.write_text(json.dumps(document))
    output = project / "out.json"
    done = CliRunner().invoke(main, ["sbom", str(bom), "-o", str(output)])
    assert done.exit_code == 0
    assert "a signature in the BOM that was read does not hold" in done.stderr
    assert "signature" not in json.loads(output.read_bytes())
