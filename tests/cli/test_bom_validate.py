import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from mcpchain.completeness import PROFILES
from tests.bom.spdx.documents import package, purl, spdx
from tests.completeness.boms import entry, whole

LOOSE: dict[str, Any] = {"dependencies": [], "compositions": []}


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(each) for each in args])


def validated(folder: Path, document: object, *options: str) -> Result:
    file = folder / "b.json"
    text = document if isinstance(document, str) else json.dumps(document)
    file.write_text(text, encoding="utf-8")
    return run("bom", "validate", file, *options)


def test_a_valid_bom_ends_with_0_and_its_scores(tmp_path: Path) -> None:
    result = validated(tmp_path, whole())
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith(
        "b.json: CycloneDX 1.6, 3 components, 1 service: valid; ntia 100, cisa 100, "
        "bsi 100, cra 100, g7-ai 100\n"
    )


def test_what_is_incomplete_is_valid_unless_more_is_required(tmp_path: Path) -> None:
    document = whole(entry(version=""))
    assert validated(tmp_path, document).exit_code == 0
    assert validated(tmp_path, document, "--require", "ntia").exit_code == 10
    other = validated(tmp_path, whole(entry()), "--require", "cra")
    assert other.exit_code == 0, other.output


def test_what_fails_is_said_first_and_only_what_is_required_is_shown(
    tmp_path: Path,
) -> None:
    document = whole(entry(version=""))
    told = validated(tmp_path, document, "--require", "cra").stdout.splitlines()
    assert told[0] == "fails: `cra` is required, and 1 of 8 requirements is not met"
    assert told[2] == "cra 93/100: EU Cyber Resilience Act"
    assert not any(line.startswith("ntia") for line in told)
    form = ("--format", "json")
    data = json.loads(validated(tmp_path, document, "--require", "cra", *form).stdout)
    assert [each["id"] for each in data["profiles"]] == ["cra"]
    assert data["failures"] == [told[0].removeprefix("fails: ")]


def test_what_cannot_be_assessed_is_not_complete(tmp_path: Path) -> None:
    result = validated(tmp_path, "[" + '"bomFormat"', "--require", "cra")
    assert (result.exit_code, result.stdout.splitlines()[1]) == (
        10,
        "fails: `cra` is required, and cannot be assessed",
    )


@pytest.mark.parametrize("id_", PROFILES)
def test_a_profile_is_a_choice_and_a_required_one_is_shown_too(
    tmp_path: Path, id_: str
) -> None:
    result = validated(tmp_path, whole(), "--profile", "ntia", "--require", id_)
    assert result.exit_code == 0
    shown = [line for line in result.stdout.splitlines() if "100/100" in line]
    assert len(shown) == len({"ntia", id_})


@pytest.mark.parametrize(
    ("document", "told"),
    [
        pytest.param(
            whole(entry(), entry(name="b"), **LOOSE),
            "`a` is that of",
            id="equal bom-refs",
        ),
        pytest.param(
            whole(dependencies=[{"ref": "gone"}]), "is the `bom-ref` of nothing", id="?"
        ),
        pytest.param(whole(entry(purl="x")), "`x` is not a purl", id="purl"),
        pytest.param(
            whole(entry(hashes=[{"alg": "SHA-512", "content": "ab" * 32}])),
            "a SHA-512 has 128 hexadecimal digits",
            id="length of a hash",
        ),
        pytest.param(whole(entry(licenses=5)), "invalid: ", id="schema"),
        pytest.param(whole(specVersion="1.3"), "`1.3` is not a version", id="version"),
        pytest.param(whole(spdxVersion="SPDX-2.3"), "cannot be both", id="two formats"),
        pytest.param(spdx(package(name="")), "missing, empty", id="SPDX"),
        pytest.param('{"bomFormat": ', "not JSON", id="half a document"),
        pytest.param('["bomFormat"', "not JSON", id="half a list"),
        pytest.param('["bomFormat"]', "expected an object", id="a list"),
        pytest.param(
            json.dumps(whole()).replace('"version": 1,', '"version": 1, "version": 1,'),
            "`version` appears twice",
            id="a key twice",
        ),
        pytest.param(
            json.dumps(whole()).replace('"version": 1,', '"version": NaN,'),
            "`NaN` is no number",
            id="NaN",
        ),
    ],
)
def test_what_is_not_valid_ends_with_10(
    tmp_path: Path, document: object, told: str
) -> None:
    result = validated(tmp_path, document)
    assert (result.exit_code, told in result.stdout) == (10, True), result.output


def test_many_problems_are_told_in_part(tmp_path: Path) -> None:
    document = whole(*(entry(f"c{n}", purl="x") for n in range(99)))
    result = validated(tmp_path, document)
    assert result.stdout.count("is not a purl") == 50
    assert "invalid: and more" in result.stdout


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(whole(components=[], **LOOSE), id="an empty list"),
        pytest.param({"bomFormat": "CycloneDX", "specVersion": "1.6"}, id="no list"),
        pytest.param(spdx(), id="SPDX"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--require", "cra")])
def test_a_bom_of_nothing_is_nothing_to_check(
    tmp_path: Path, document: dict[str, Any], options: tuple[str, ...]
) -> None:
    result = validated(tmp_path, document, *options)
    assert (result.exit_code, "lists no component" in result.output) == (3, True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "is no BOM that is read"),
        ("", "is no BOM that is read"),
        ('{"name": "x"}', "is no BOM that is read"),
        ("SPDXVersion: SPDX-2.3\n", "SPDX as tag-value"),
        ("<bom/>", "is no BOM that is read"),
    ],
)
def test_what_is_no_bom_is_a_mistake_in_the_command(
    tmp_path: Path, text: str, told: str
) -> None:
    result = validated(tmp_path, text)
    assert (result.exit_code, told in result.output) == (2, True), result.output


def test_a_folder_or_nothing_is_a_mistake_in_the_command(tmp_path: Path) -> None:
    assert run("bom", "validate", tmp_path).exit_code == 2
    assert run("bom", "validate", tmp_path / "gone").exit_code == 2
    assert validated(tmp_path, whole(), "--profile", "x").exit_code == 2


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_other_formats_are_on_standard_output_alone(tmp_path: Path, form: str) -> None:
    result = validated(tmp_path, whole(), "--format", form)
    assert (result.exit_code, result.stderr) == (0, "")
    if form == "json":
        assert json.loads(result.stdout)["profiles"][4]["score"] == 100


def test_what_mcpchain_writes_is_valid_in_every_format(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("requests==2.32.5\n")
    for form in ("json", "spdx"):
        out = tmp_path / f"out.{form}.json"
        options = ["--no-environment", "--format", form, "-o", out]
        assert run("sbom", tmp_path / "requirements.txt", *options).exit_code == 0
        assert run("bom", "validate", out).exit_code == 0


def test_every_command_counts_the_same(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "requirements.txt").write_text("requests==2.32.5\nflask==3.1.0\n")
    (project / "Dockerfile").write_text("FROM a AS b\nFROM c\nCOPY --from=b /x /x\n")
    server = {"mcpServers": {"x": {"type": "http", "url": "https://x.example"}}}
    (project / ".mcp.json").write_text(json.dumps(server))
    told = {
        "json": "3 components and 1 in `formulation`, 1 service",
        "spdx": "5 elements",
    }
    for form, counted in told.items():
        out = tmp_path / f"out.{form}.json"
        options = ("--no-environment", "--format", form, "-o", out)
        wrote = run("sbom", project, *options).stderr
        assert f"{out}: 4 components and 1 service\n" in wrote
        last = run("bom", "validate", out).stdout.splitlines()[-1]
        assert f", {counted}: valid; " in last


def test_an_spdx_document_is_examined_like_any_bom(tmp_path: Path) -> None:
    file = tmp_path / "b.spdx.json"
    refs = [purl("pkg:npm/x@1.0.0")]
    file.write_text(json.dumps(spdx(package(externalRefs=refs))))
    out = tmp_path / "out.json"
    assert run("sbom", file, "-o", out).exit_code == 0
    assert json.loads(out.read_text())["components"][0]["purl"] == "pkg:npm/x@1.0.0"
    same = run("bom", "diff", out, file)
    assert (same.exit_code, same.stdout) == (0, "no changes\n")
    assert run("bom", "merge", out, file, "-o", tmp_path / "m.json").exit_code == 0


def test_spdx_overwrites_a_bom_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("requests==2.32.5\n")
    command: list[str | Path] = [
        "sbom",
        tmp_path / "requirements.txt",
        "--format",
        "spdx",
        "-o",
    ]
    out = tmp_path / "b.json"
    assert run(*command, out).exit_code == 0
    assert run(*command, out).exit_code == 0
    out.write_text("notes")
    assert run(*command, out).exit_code == 2


def test_spdx_comes_with_a_warning_of_what_it_leaves_out(tmp_path: Path) -> None:
    lock = "x==1 --hash=sha256:" + "a" * 64 + " --hash=sha256:" + "b" * 64
    (tmp_path / "requirements.txt").write_text(lock + "\n")
    out = tmp_path / "b.json"
    result = run("sbom", tmp_path / "requirements.txt", "--format", "spdx", "-o", out)
    assert "warning: SPDX 2.3 has no members for pins: " in result.stderr
    assert "which digest is of which file: 1" in result.stderr
