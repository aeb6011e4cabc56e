"""`mcpchain policy init`: a first policy, which holds at once."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from mcpchain.pipeline.policies import load_policy, shipped

EXAMPLE = Path(__file__).parents[2] / "examples" / "support-agent"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("VIRTUAL_ENV", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, args)])


@pytest.mark.parametrize("base", [*shipped()])
@pytest.mark.parametrize("more", [(), ("--licenses", "--stages", "dev,staging,prod")])
def test_it_has_the_levels_of_its_base_and_nothing_odd(
    base: str, more: tuple[str, ...]
) -> None:
    result = run("policy", "init", EXAMPLE, "--base", base, *more)
    assert result.exit_code == 0, result.output
    made, like = load_policy("policy.yaml"), load_policy(base)
    assert (made.name, made.levels) == ("support-agent", like.levels)
    assert (made.rules, made.scoped) == (like.rules, like.scoped)
    assert made.limits.approvers
    result = run("policy", "lint", "policy.yaml")
    assert (result.exit_code, "0 warnings" in result.output) == (0, True)


def test_it_says_what_is_found_today_and_the_gate_takes_it() -> None:
    run("policy", "init", EXAMPLE, "--stages", "dev,prod", "--licenses")
    text = Path("policy.yaml").read_text()
    assert "  # Today 1 denied: `router.pkl` is pickle" in text
    for stage, code in (("dev", 0), ("prod", 10)):
        args = ("--policy", "policy.yaml", "--stage", stage, "--offline")
        assert run("gate", EXAMPLE, *args).exit_code == code


def test_its_examples_can_be_taken_as_they_are() -> None:
    run("policy", "init", EXAMPLE)
    path = Path("policy.yaml")
    text = re.sub(r"(?m)^# (?=  |[a-z]+:$)", "", path.read_text())
    path.write_text(text.replace("2027-01-31", "2099-01-31").replace("days: 90", ""))
    path.write_text(path.read_text().replace("  max-waiver-\n", ""))
    made = load_policy("policy.yaml")
    assert len(made.publishers) == len(made.waivers) == 1
    assert [each.name for each in made.stages] == ["staging", "production"]


def licensed(folder: Path) -> None:
    packages = {
        f"node_modules/{name}": {"version": "1.0.0", "license": license_}
        for name, license_ in (("a", "MIT"), ("b", "GPL-3.0-only OR ISC"))
    }
    lock = {"name": "x", "lockfileVersion": 3, "packages": packages}
    (folder / "package-lock.json").write_text(json.dumps(lock))


def test_only_permissive_licences_are_accepted_and_only_if_asked(folder: Path) -> None:
    licensed(folder)
    assert run("policy", "init").exit_code == 0
    assert load_policy("policy.yaml").licenses is None
    assert "#     - MIT  # Permissive" in Path("policy.yaml").read_text()
    assert run("policy", "init", "--force", "--licenses").exit_code == 0
    terms = load_policy("policy.yaml").licenses
    assert terms is not None
    assert terms.allow == {"ISC", "MIT"}
    assert "  #   - GPL-3.0-only  # Copyleft" in Path("policy.yaml").read_text()


def test_registries_of_the_user_are_named_without_what_is_secret(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "u:pa55word"  # noqa: S105 - nobody's
    token = "Zx81kQ7vR2mN9tLw4Yb6"  # noqa: S105 - nobody's
    monkeypatch.setenv("PIP_INDEX_URL", f"https://{secret}@pip.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"https://x.example/{token}/simple")
    licensed(folder)
    result = run("policy", "init", "-o", "-")
    assert '\n  - "https://pip.example/simple"\n' in result.stdout
    assert "pa55word" not in result.output
    assert token not in result.output
    assert "left out" in result.stderr


@pytest.mark.parametrize(
    "name", ["x\n- evil", "x\u2028rules: {gap: allow}", "\u0085gap: allow"]
)
def test_what_a_project_calls_itself_is_no_line_of_the_policy(
    folder: Path, name: str
) -> None:
    servers = {"mcpServers": {name: {"command": "npx", "args": ["-y", "files"]}}}
    (folder / ".mcp.json").write_text(json.dumps(servers))
    result = run("policy", "init", "-o", "-")
    assert result.exit_code == 0, result.output
    for line in re.split("[\n\r\x85\u2028\u2029]", result.stdout):
        assert "evil" not in line or line.startswith("  # Today")
        assert not line.startswith(("gap:", "rules: {"))


def test_nothing_to_read_leaves_the_base_alone() -> None:
    result = run("policy", "init")
    assert result.exit_code == 0
    assert "note: no package" in result.stderr
    assert "Nothing was judged" in Path("policy.yaml").read_text()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--base", "lax"), "no policy `lax`"),
        (("--name", "a b"), "no name for a policy"),
        (("--stages", "dev,,prod"), "no name of a stage"),
        (("--stages", "dev,dev"), "there twice"),
    ],
)
def test_what_cannot_be_is_refused(args: tuple[str, ...], said: str) -> None:
    result = run("policy", "init", *args)
    assert (result.exit_code, said in result.output) == (2, True)
    assert not Path("policy.yaml").exists()


def test_a_file_is_not_overwritten() -> None:
    path = Path("policy.yaml")
    path.write_text("mine")
    assert run("policy", "init").exit_code == 2
    assert path.read_text() == "mine"
    assert run("policy", "init", "--force").exit_code == 0


def test_words_that_yaml_takes_for_others_stay_names() -> None:
    run("policy", "init", "--name", "true", "--stages", "no,1")
    made = load_policy("policy.yaml")
    assert (made.name, [e.name for e in made.stages]) == ("true", ["no", "1"])


def test_a_terminal_is_asked_what_no_option_says() -> None:
    primary, secondary = pty.openpty()
    command = [sys.executable, "-m", "mcpchain", "policy", "init", "--base", "strict"]
    with subprocess.Popen(
        command,
        stdin=secondary,
        stdout=secondary,
        stderr=secondary,
        start_new_session=True,
    ) as process:
        os.close(secondary)
        shown = b""
        for prompt, answer in (
            (b"Name [", b"acme"),
            (b"Stages", b"staging"),
            (b"[y/N]", b""),
        ):
            while prompt not in shown:
                shown += os.read(primary, 1024)
            os.write(primary, answer + b"\n")
        while b"next:" not in shown:
            shown += os.read(primary, 1024)
    os.close(primary)
    assert (process.returncode, b"Like which" in shown) == (0, False)
    made = load_policy("policy.yaml")
    assert (made.name, [e.name for e in made.stages]) == ("acme", ["staging"])
