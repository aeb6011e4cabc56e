"""The front door: exit codes, words, and what start-up may cost."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain import __version__
from mcpchain.cli import main
from mcpchain.report import all_formats
from mcpchain.rules import all_rules
from tests.model_folder.making import put, weights

HEAVY = {
    "cryptography",
    "cvss",
    "cyclonedx",
    "jsonschema_rs",
    "mcp",
    "packageurl",
    "pip_audit",
    "pypi_simple",
    "requests",
    "rich",
    "sigstore",
    "sqlite3",
    "tuf",
    "urllib3",
    "yaml",
}


def run(*args: str, **environ: str) -> Result:
    return CliRunner().invoke(main, args, env={"VIRTUAL_ENV": None, **environ})


def modules(code: str, *args: str) -> set[str]:
    """Return the top-level modules that *code* leaves imported."""
    script = (
        "import sys\n"
        "try:\n"
        f"    {code}\n"
        "except SystemExit: pass\n"
        "print(' '.join(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *args],
        capture_output=True,
        check=True,
        text=True,
    )
    return {name.partition(".")[0] for name in done.stderr.split()}


def servers(folder: Path, *args: str) -> Path:
    config = {"mcpServers": {"files": {"command": "npx", "args": args}}}
    file = folder / ".mcp.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    return file


@pytest.mark.parametrize("args", [["--help"], ["gate", "--help"], ["--version"]])
def test_help_and_version_import_nothing_heavy(args: list[str]) -> None:
    ours = modules("from mcpchain.cli import main; main(sys.argv[1:])", *args)
    # What measures the coverage of this test is not ours to answer for.
    assert not (ours - modules("import click")) & HEAVY


def test_help_teaches_by_example_and_names_the_exit_codes() -> None:
    told = run("--help").output
    assert "mcpchain gate --offline" in told
    assert "3 nothing to check" in told
    for command in ("gate", "sbom", "explain"):
        assert "Examples:" in run(command, "--help").output


def test_says_its_version() -> None:
    assert run("--version").output == f"mcpchain, version {__version__}\n"


def test_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "mcpchain", "--version"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert __version__ in done.stdout


def test_completes_in_a_shell() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mcpchain"],
        capture_output=True,
        check=True,
        text=True,
        env={"_MCPCHAIN_COMPLETE": "zsh_source", "PATH": ""},
    )
    assert "_MCPCHAIN_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    "args", [["--nonsense"], ["gate", "--nonsense"], ["gate", "/no/such"], ["sbom"]]
)
def test_a_wrong_command_line_is_a_usage_error(args: list[str]) -> None:
    assert run(*args).exit_code == 2


def test_explains_every_rule() -> None:
    listed = run("explain").output
    for rule in all_rules():
        assert rule in listed
        told = run("explain", rule)
        assert told.exit_code == 0
        assert "Why it matters:" in told.output


def test_a_rule_that_does_not_exist_is_a_usage_error() -> None:
    told = run("explain", "unheard-of")
    assert told.exit_code == 2
    assert told.output == (
        "error: `unheard-of` is no rule of mcpchain\n"
        "hint: `mcpchain explain` lists the rules\n"
    )


@pytest.mark.parametrize("command", [["gate"], ["sbom", "-o", "-"]])
def test_an_empty_folder_is_nothing_to_check(
    tmp_path: Path, command: list[str]
) -> None:
    told = run(*command, str(tmp_path))
    assert told.exit_code == 3
    assert "nothing to check" in told.output
    assert "hint: " in told.output


def test_a_file_that_nobody_reads_is_nothing_to_check(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("hello", encoding="utf-8")
    assert run("gate", str(file)).exit_code == 3


def test_a_folder_with_nothing_but_installed_packages_does_not_pass(
    tmp_path: Path,
) -> None:
    (tmp_path / "node_modules").mkdir()
    assert run("gate", "--offline", str(tmp_path)).exit_code == 3


@pytest.mark.parametrize("policy", ["/no/such.yaml", "lenient"])
def test_a_policy_that_is_not_there_is_a_usage_error(
    tmp_path: Path, policy: str
) -> None:
    told = run("gate", "--policy", policy, str(tmp_path))
    assert told.exit_code == 2
    assert f"error: `{policy}` cannot be read" in told.output
    assert "`air-gapped`, `baseline`, `mcp-servers`, `models`" in told.output


def test_a_broken_policy_names_its_line(tmp_path: Path) -> None:
    policy = tmp_path / "p.yaml"
    policy.write_text("apiVersion: mcpchain/policy/v1\nname: x\nrule: {}\n")
    told = run("gate", "--policy", str(policy), str(tmp_path))
    assert told.exit_code == 2
    assert "p.yaml:3: `rule`: `rule` is no key here" in told.output


def test_a_source_date_that_is_no_number_is_a_usage_error(tmp_path: Path) -> None:
    servers(tmp_path, "files")
    told = run("sbom", "-o", "-", str(tmp_path), SOURCE_DATE_EPOCH="yesterday")
    assert told.exit_code == 2
    assert "is no count of seconds" in told.output


PLAIN = """\
apiVersion: mcpchain/policy/v1
name: plain
rules:
  gap: {level: {offline: allow, no-source: allow, other: deny}}
"""


@pytest.fixture
def plain(tmp_path: Path) -> str:
    policy = tmp_path / "plain.yaml"
    policy.write_text(PLAIN, encoding="utf-8")
    return str(policy)


def test_a_pinned_server_is_allowed(tmp_path: Path, plain: str) -> None:
    servers(tmp_path, "-y", "files@1.2.0")
    told = run("gate", "--offline", "--policy", plain, str(tmp_path))
    assert told.exit_code == 0, told.output
    assert "verdict: allow (0 denied" in told.output


@pytest.mark.parametrize(
    "args",
    [["files"], ["files@latest"], ["--package=evil", "files@1.2.0"], ["o/r@1.2.0"]],
)
def test_a_server_that_floats_is_denied(
    tmp_path: Path, plain: str, args: list[str]
) -> None:
    servers(tmp_path, *args)
    told = run("gate", "--offline", "--policy", plain, str(tmp_path))
    assert told.exit_code == 10, told.output
    assert "--> .mcp.json#/mcpServers/files" in told.output


def test_what_could_not_be_asked_leaves_it_undecided(tmp_path: Path) -> None:
    file = servers(tmp_path, "files@1.2.0")
    told = run("gate", "--offline", str(file))
    assert told.exit_code == 4, told.output
    assert "verdict: undecided" in told.output


def test_a_broken_file_is_denied_and_loses_no_other(tmp_path: Path, plain: str) -> None:
    servers(tmp_path, "files")
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode/mcp.json").write_text("{", encoding="utf-8")
    told = run("gate", "--offline", "--policy", plain, str(tmp_path))
    assert told.exit_code == 10
    assert "deny[gap]: not read: not JSON" in told.output
    assert "deny[unpinned-server]" in told.output


def test_json_on_stdout_is_nothing_but_json(tmp_path: Path, plain: str) -> None:
    servers(tmp_path, "files")
    told = run("gate", "--offline", "--policy", plain, "--format=json", str(tmp_path))
    assert json.loads(told.stdout)["decision"] == "deny"
    assert told.exit_code == 10


def test_the_gate_offers_every_format() -> None:
    for name in all_formats():
        assert name in run("gate", "--help").output


def test_a_bom_is_written_and_judged_like_its_target(
    tmp_path: Path, plain: str
) -> None:
    servers(tmp_path, "files")
    bom = tmp_path / "bom.cdx.json"
    options = ("--offline", "--policy", plain)
    first = run("gate", *options, "--bom", str(bom), str(tmp_path))
    second = run("gate", *options, str(bom))
    assert (first.exit_code, second.exit_code) == (10, 10)
    assert json.loads(bom.read_bytes())["specVersion"] == "1.6"
    shown = [each.stdout.partition("looked at")[0] for each in (first, second)]
    assert shown[0] == shown[1]


def test_the_same_target_gives_the_same_bytes(tmp_path: Path) -> None:
    servers(tmp_path, "files")
    folder = str(tmp_path)
    one = run("sbom", "-o", "-", folder, SOURCE_DATE_EPOCH="0").stdout_bytes
    two = run("sbom", "-o", "-", folder, SOURCE_DATE_EPOCH="0").stdout_bytes
    assert one == two
    assert str(tmp_path.parent).encode() not in one


def test_a_bom_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    servers(tmp_path, "files")
    told = run("sbom", "-o", str(tmp_path / "no/such/bom.json"), str(tmp_path))
    assert told.exit_code == 2
    assert "cannot be written: No such file" in told.output


def test_what_could_not_be_read_is_said_beside_the_bom(tmp_path: Path) -> None:
    servers(tmp_path, "files")
    (tmp_path / "uv.lock").write_text("{", encoding="utf-8")
    told = run("sbom", "-o", str(tmp_path / "bom.json"), str(tmp_path))
    assert told.exit_code == 0
    assert told.stdout == ""
    wrote, gap = told.stderr.splitlines()
    assert wrote.endswith("bom.json: 1 component and 1 service")
    assert gap.startswith("gap: uv.lock: not TOML")


def test_a_pickle_can_be_waived_as_long_as_it_stays_the_same(tmp_path: Path) -> None:
    model = tmp_path / "m.pkl"
    model.write_bytes(b"\x80\x04K\x01.")
    report = json.loads(run("gate", "--offline", "--format=json", str(model)).stdout)
    (finding,) = report["findings"]
    assert finding["rule"] == "unsafe-model-format"
    policy = tmp_path / "p.yaml"
    policy.write_text(
        "apiVersion: mcpchain/policy/v1\nname: x\nrules: {gap: deny}\nwaivers:\n"
        f"  - {{rule: unsafe-model-format, purl: '{finding['component']['purl']}', "
        "reason: ours, owner: us, expires: 2099-12-31}\n",
        encoding="utf-8",
    )
    options = ("gate", "--offline", "--policy", str(policy), str(model))
    assert run(*options).exit_code == 0
    model.write_bytes(b"\x80\x04K\x02.")
    assert run(*options).exit_code == 10


def test_a_folder_of_a_model_can_be_waived_as_long_as_it_stays_the_same(
    tmp_path: Path,
) -> None:
    config = {"model_type": "x", "auto_map": {"AutoModel": "own.X"}}
    model = tmp_path / "tiny"
    put(
        model,
        {
            "config.json": config,
            "own.py": "x = 1\n",
            "model-00001-of-00002.safetensors": weights("a"),
            "model-00002-of-00002.safetensors": weights("b"),
        },
    )
    report = json.loads(run("gate", "--offline", "--format=json", str(model)).stdout)
    (finding,) = report["findings"]
    assert finding["rule"] == "remote-model-code"
    purl = finding["component"]["purl"]
    assert purl.startswith("pkg:generic/tiny?checksum=sha256:")
    policy = tmp_path / "p.yaml"
    policy.write_text(
        "apiVersion: mcpchain/policy/v1\nname: x\nrules: {gap: deny}\nwaivers:\n"
        f"  - {{rule: remote-model-code, purl: '{purl}', "
        "reason: read it, owner: us, expires: 2099-12-31}\n",
        encoding="utf-8",
    )
    options = ("gate", "--offline", "--policy", str(policy), str(model))
    assert run(*options).exit_code == 0
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    assert run("sbom", "-o", str(old), str(model)).exit_code == 0
    (model / "own.py").write_text("x = 2\n")
    told = run(*options)
    assert told.exit_code == 10
    assert "remote-model-code" in told.output
    assert run("sbom", "-o", str(new), str(model)).exit_code == 0
    assert purl.partition("sha256:")[2] in run("bom", "diff", str(old), str(new)).output


def test_the_environment_that_is_examined_leaves_no_gap(
    tmp_path: Path, plain: str
) -> None:
    servers(tmp_path, "files@1.2.0")
    site = tmp_path / ".venv/lib/python3.11/site-packages/flask-3.0.0.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text("Name: flask\nVersion: 3.0.0\n", encoding="utf-8")
    (tmp_path / ".venv/pyvenv.cfg").write_text("include-system-site-packages = false")
    (tmp_path / ".venv/bin").mkdir()
    (tmp_path / ".venv/bin/python").touch()
    options = ("gate", "--offline", "--policy", plain, str(tmp_path))
    assert run(*options).exit_code == 10
    assert run(*options, "--environment", str(tmp_path / ".venv")).exit_code == 0


@pytest.mark.parametrize("name", ["yarn.lock", "poetry.lock", "model.onnx"])
def test_what_is_not_read_never_passes(tmp_path: Path, plain: str, name: str) -> None:
    servers(tmp_path, "files@1.2.0")
    (tmp_path / name).touch()
    told = run("gate", "--offline", "--policy", plain, str(tmp_path))
    assert told.exit_code == 10
    assert f"--> {name}" in told.output


@pytest.mark.parametrize("text", ["{}", '{"spdxVersion": 5}', "{", "<bom/>"])
def test_a_file_that_is_no_bom_is_denied_with_a_reason(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "x.json"
    file.write_text(text, encoding="utf-8")
    told = run("gate", "--offline", str(file))
    assert told.exit_code == 10, told.output
    assert "is not read; SPDX-2.2" in told.output or "hint: name a BOM" in told.output


@pytest.mark.parametrize("other", ["--download", "--pip-audit"])
def test_offline_contradicts_what_needs_the_network(tmp_path: Path, other: str) -> None:
    servers(tmp_path, "files@1.2.0")
    told = run("gate", "--offline", other, str(tmp_path))
    assert told.exit_code == 2
    assert f"`--offline` and `{other}` contradict each other" in told.output


@pytest.mark.parametrize("name", ["package.json", "pyproject.toml"])
def test_a_manifest_is_no_target(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}", encoding="utf-8")
    told = run("gate", str(tmp_path / name))
    assert told.exit_code == 3
    assert "hint: name its lock, or the folder" in told.output


def test_a_bom_overwrites_nothing_but_a_bom(tmp_path: Path) -> None:
    file = servers(tmp_path, "files@1.2.0")
    before = file.read_bytes()
    told = run("sbom", "-o", str(file), str(tmp_path))
    assert told.exit_code == 2
    assert file.read_bytes() == before
    bom = str(tmp_path / "b.json")
    for _ in range(2):
        assert run("sbom", "-o", bom, str(tmp_path)).exit_code == 0


def test_a_link_that_lies_in_wait_is_not_written_through(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    servers(project, "files@1.2.0")
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    bom = project / "bom.json"
    for number in range(os.getpid() - 2, os.getpid() + 60):
        (project / f".bom.json.part{number}").symlink_to(victim)
    told = run("sbom", "-o", str(bom), str(project))
    assert told.exit_code == 0, told.output
    assert victim.read_text(encoding="utf-8") == "mine"
    assert not bom.is_symlink()
    assert bom.stat().st_mode & 0o777 == 0o644


def test_explain_prints_a_policy_to_copy(tmp_path: Path) -> None:
    copy = tmp_path / "acme.yaml"
    copy.write_text(run("explain", "baseline").stdout, encoding="utf-8")
    servers(tmp_path, "files")
    told = run("gate", "--offline", "--policy", str(copy), str(tmp_path))
    assert "policy: baseline" in told.output


def test_an_empty_source_of_advisories_is_said(tmp_path: Path) -> None:
    servers(tmp_path, "files@1.2.0")
    (tmp_path / "osv").mkdir()
    source = ("--advisories", str(tmp_path / "osv"))
    told = run("gate", "--offline", *source, str(tmp_path))
    assert told.exit_code == 4
    assert "`osv` holds no advisory for PyPI or npm" in told.output


def test_an_interpreter_is_a_python(tmp_path: Path) -> None:
    servers(tmp_path, "files@1.2.0")
    told = run("gate", "--environment", "/usr/bin/env", str(tmp_path))
    assert told.exit_code == 2
    assert "is neither a Python interpreter nor an environment" in told.output


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_no_answer(tmp_path: Path) -> None:
    servers(tmp_path, "files")
    command = [sys.executable, "-m", "mcpchain", "gate", "--offline", str(tmp_path)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 4
    assert done.stderr.startswith(b"error: No space left")


def test_an_environment_is_examined_too_unless_that_is_declined(
    tmp_path: Path, plain: str
) -> None:
    site = tmp_path / "venv/lib/python3.11/site-packages"
    info = site / "flask-3.0.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: flask\nVersion: 3.0.0\n", encoding="utf-8")
    (tmp_path / "venv/pyvenv.cfg").touch()
    project = tmp_path / "project"
    project.mkdir()
    servers(project, "files@1.2.0")
    options = ("gate", "--offline", "--policy", plain, str(project))
    venv = str(tmp_path / "venv")
    with_env = run(*options, VIRTUAL_ENV=venv)
    assert "project: 1 package, 1 server package" in with_env.output
    named = run(*options, "--environment", venv)
    assert with_env.stderr == (
        f"note: `{venv}` is read too, since VIRTUAL_ENV names it; `--no-environment` "
        "leaves it out\n"
    )
    assert (named.stdout, named.stderr) == (with_env.stdout, "")
    gone = run(*options, VIRTUAL_ENV=f"{venv}/gone")
    assert "which is not there" in gone.stderr
    one_file = run(*options[:-1], str(project / ".mcp.json"), VIRTUAL_ENV=venv)
    assert "looked at: .mcp.json: 1 server package" in one_file.stdout
    without = run(*options, "--no-environment", VIRTUAL_ENV=venv)
    assert "project: 1 server package" in without.output


@pytest.mark.parametrize("no_colour", [True, False])
def test_a_terminal_gets_colour_and_a_bar_and_a_pipe_neither(
    tmp_path: Path, plain: str, *, no_colour: bool
) -> None:
    servers(tmp_path, "files")
    command = [sys.executable, "-m", "mcpchain", "gate", "--offline"]
    command += ["--no-environment", "--policy", plain, str(tmp_path)]
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "xterm"}
    environ |= {"NO_COLOR": "1"} if no_colour else {}
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            command, stdout=theirs, stderr=theirs, env=environ, check=False
        )
        os.set_blocking(ours, False)
        shown = os.read(ours, 1 << 20)
    finally:
        os.close(theirs)
        os.close(ours)
    piped = subprocess.run(command, capture_output=True, env=environ, check=False)
    assert done.returncode == piped.returncode == 10
    assert b"\x1b" not in piped.stdout
    assert piped.stderr == b""
    assert (b"\x1b[1;31mdeny" in shown) is not no_colour


def test_no_secret_of_a_server_is_shown(tmp_path: Path, plain: str) -> None:
    config = {
        "mcpServers": {
            "a": {
                "command": "npx",
                "args": ["files", "--key", "s3cr3t-arg"],
                "env": {"TOKEN": "s3cr3t-env"},
            },
            "b": {
                "url": "http://u:s3cr3t-user@mcp.example/mcp?key=s3cr3t-query",
                "headers": {"Authorization": "Bearer s3cr3t-header"},
            },
        }
    }
    (tmp_path / ".mcp.json").write_text(json.dumps(config), encoding="utf-8")
    for extra in ([], ["--format=json"]):
        told = run("gate", "--offline", "--policy", plain, *extra, str(tmp_path))
        assert "s3cr3t" not in told.output
    assert "s3cr3t" not in run("sbom", "-o", "-", str(tmp_path)).output
