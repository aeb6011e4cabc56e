import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main

SERVERS = {"mcpServers": {"files": {"command": "npx", "args": ["-y", "files@1.2.0"]}}}


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(each) for each in args])


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return bom_of(tmp_path / "old", "requests==2.32.5 --hash=sha256:" + "a" * 64)


def bom_of(folder: Path, requirements: str) -> Path:
    project = folder / "app"
    project.mkdir(parents=True)
    (project / "requirements.txt").write_text(requirements + "\n")
    (project / ".mcp.json").write_text(json.dumps(SERVERS))
    out = folder / "bom.cdx.json"
    result = run("sbom", "--no-environment", "-o", out, project)
    assert result.exit_code == 0, result.output
    return out


def test_the_same_project_twice_has_no_difference(old: Path) -> None:
    result = run("bom", "diff", old, old, "--exit-code")
    assert (result.exit_code, result.stdout) == (0, "no changes\n")


def test_a_bom_is_compared_with_the_folder_that_it_was_made_from(old: Path) -> None:
    result = run("bom", "diff", old, old.parent / "app", "--exit-code")
    assert (result.exit_code, result.stdout) == (0, "no changes\n")


def test_a_bom_becomes_another_version_of_the_same(old: Path, tmp_path: Path) -> None:
    newer, back = tmp_path / "1.7.json", tmp_path / "1.6.json"
    result = run("sbom", old, "--no-environment", "--spec-version", "1.7", "-o", newer)
    assert result.exit_code == 0, result.output
    assert json.loads(newer.read_bytes())["specVersion"] == "1.7"
    assert run("sbom", newer, "--no-environment", "-o", back).exit_code == 0
    documents = [json.loads(each.read_bytes()) for each in (old, back)]
    for each in documents:
        del each["serialNumber"], each["metadata"]["timestamp"]
    assert documents[0] == documents[1]


def test_a_pipe_is_written_into_and_stays_one(old: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # Open at both ends: neither side waits, and what was not written is an error.
    end = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        result = run("sbom", old, "--no-environment", "-o", pipe)
        assert result.exit_code == 0, result.output
        assert json.loads(os.read(end, 1 << 16))["bomFormat"] == "CycloneDX"
    finally:
        os.close(end)
    assert pipe.is_fifo()


def test_alarms_end_with_10_only_if_that_is_asked_for(
    old: Path, tmp_path: Path
) -> None:
    new = bom_of(tmp_path / "new", "requests==2.32.5 --hash=sha256:" + "b" * 64)
    result = run("bom", "diff", old, new)
    assert result.exit_code == 0
    assert result.stdout.startswith("alarm[other-bytes]: library requests==2.32.5")
    assert run("bom", "diff", old, new, "--exit-code").exit_code == 10
    told = json.loads(run("bom", "diff", old, new, "--format", "json").stdout)
    assert told["format"] == "mcpchain/bom-diff/v1"
    assert [each["alarm"] for each in told["alarms"]] == ["other-bytes"]
    assert "### Alarms" in run("bom", "diff", old, new, "--format", "markdown").stdout


def test_merged_boms_make_one_with_the_gap_of_their_contradiction(
    old: Path, tmp_path: Path
) -> None:
    new = bom_of(tmp_path / "new", "requests==2.32.5 --hash=sha256:" + "b" * 64)
    out = tmp_path / "all.cdx.json"
    result = run("bom", "merge", old, new, "-o", out)
    assert result.exit_code == 0, result.output
    assert "has other bytes in another place" in result.stderr
    document = json.loads(out.read_bytes())
    names = [each["name"] for each in document["components"]]
    assert sorted(names) == ["app", "app", "files", "requests"]
    assert len(document["services"]) == 2
    again = tmp_path / "again.cdx.json"
    assert run("bom", "merge", new, old, "-o", again).exit_code == 0
    assert json.loads(again.read_bytes())["serialNumber"] == document["serialNumber"]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("{}", 3, "nothing could be read"),
        ('{"bomFormat": "CycloneDX", "specVersion": "9"}', 2, "is not read"),
        ('{"bomFormat": "CycloneDX"', 2, "not JSON"),
    ],
    ids=["no BOM", "a later version", "half a BOM"],
)
def test_what_is_no_bom_is_refused_with_its_reason(
    text: str, code: int, said: str, old: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(text)
    result = run("bom", "diff", old, bad, "--exit-code")
    assert (result.exit_code, said in result.output) == (code, True), result.output
    result = run("bom", "merge", old, bad, "-o", "-")
    assert (result.exit_code, "CycloneDX" in result.output) == (2, True), result.output


def test_an_empty_folder_is_no_new_state_of_a_project(
    old: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    result = run("bom", "diff", old, empty)
    assert (result.exit_code, "nothing" in result.output) == (3, True), result.output


def test_what_could_not_be_read_leaves_the_question_open(old: Path) -> None:
    project = old.parent / "app"
    (project / "package-lock.json").write_text("{")
    result = run("bom", "diff", old, project, "--exit-code")
    assert (result.exit_code, "+ gap: package-lock.json" in result.stdout) == (4, True)


def test_what_is_written_through_a_link_leaves_the_link(
    old: Path, tmp_path: Path
) -> None:
    link, there = tmp_path / "link.json", tmp_path / "there.json"
    link.symlink_to(there)
    assert run("sbom", old, "--no-environment", "-o", link).exit_code == 0
    assert link.is_symlink()
    assert json.loads(there.read_bytes())["bomFormat"] == "CycloneDX"
