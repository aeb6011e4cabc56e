"""`gate --log` and `mcpchain log verify`."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from mcpchain.pipeline.decision_logs import append
from tests.sign.keys import lay_key

POLICY = """\
apiVersion: mcpchain/policy/v1
name: acme
rules: {gap: allow, unpinned-server: allow}
"""
VERDICT = ("--verdict", "v.json", "--key", "release.key", "--verifier")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay_key(tmp_path)
    Path("acme.yaml").write_text(POLICY)
    Path("agent").mkdir()
    servers = {"files": {"command": "npx", "args": ["files@1.2.0"]}}
    Path("agent/.mcp.json").write_text(json.dumps({"mcpServers": servers}))
    return tmp_path


def run(*args: str) -> Result:
    return CliRunner(env={"VIRTUAL_ENV": ""}).invoke(main, args)


def gate(*args: str, policy: str = "acme.yaml", log: str = "log.jsonl") -> Result:
    return run("gate", "--offline", "--policy", policy, "--log", log, *args, "agent")


def test_each_decision_is_a_line() -> None:
    assert gate(*VERDICT, "https://gate.example").exit_code == 0
    assert gate(policy="strict").exit_code == 4
    first, second = map(json.loads, Path("log.jsonl").read_text().splitlines())
    assert set(first) == {
        *("number", "previous", "time", "target", "policy", "decision", "counts"),
        *("verdict", "version"),
    }
    assert first["target"] == second["target"]
    assert (first["decision"], second["decision"]) == ("allow", "undecided")
    assert len(first["verdict"]) == len(first["policy"]["sha256"]) == 64
    assert second["verdict"] is None
    assert second["counts"]["denied"] > 0
    told = run("log", "verify", "log.jsonl")
    whole, head = told.stdout.splitlines()
    assert (told.exit_code, whole) == (0, "whole: 2 lines")
    assert gate().exit_code == 0
    digest = head.removeprefix("head: ")
    assert run("log", "verify", "log.jsonl", "--head", digest).exit_code == 0
    kept = Path("log.jsonl").read_bytes().splitlines(keepends=True)
    Path("log.jsonl").write_bytes(b"".join(kept[:1]))
    assert run("log", "verify", "log.jsonl").exit_code == 0
    cut = run("log", "verify", "log.jsonl", "--head", digest)
    assert (cut.exit_code, "no line has the digest" in cut.stdout) == (10, True)
    Path("log.jsonl").write_bytes(b"".join([kept[0], kept[2]]))
    broken = run("log", "verify", "log.jsonl")
    assert broken.exit_code == 10
    assert broken.stdout.startswith("broken: log.jsonl, line 2: has the number 3")


@pytest.mark.parametrize(
    ("data", "head", "code"),
    [(b"", (), 3), (b"x\n", (), 10), (None, (), 2), (b"", ("--head", ""), 2)],
    ids=["empty", "no log", "no file", "an empty head"],
)
def test_what_is_no_log_is_not_whole(
    data: bytes | None, head: tuple[str, ...], code: int
) -> None:
    if data is not None:
        Path("log.jsonl").write_bytes(data)
    assert run("log", "verify", "log.jsonl", *head).exit_code == code


UNFIT: dict[str, tuple[bytes | None, str, int, str]] = {
    "no log": (b"a line\n", "log.jsonl", 4, "nothing was added"),
    "a line that is cut off": (b'{"number":1', "log.jsonl", 4, "is cut off"),
    "no folder": (None, "none/log.jsonl", 2, "cannot be written"),
    "a device": (None, "/dev/full", 2, "is no file"),
    "a folder": (None, "agent", 2, "is a directory"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_cannot_be_logged_is_not_allowed_and_leaves_no_verdict(case: str) -> None:
    data, log, code, told = UNFIT[case]
    if data is not None:
        Path("log.jsonl").write_bytes(data)
    done = gate(*VERDICT, "https://gate.example", log=log)
    assert (done.exit_code, told in done.output) == (code, True), done.output
    assert not Path("v.json").exists()
    assert data is None or Path("log.jsonl").read_bytes() == data


def test_a_full_disk_leaves_the_log_as_it_was() -> None:
    assert gate().exit_code == 0
    size = Path("log.jsonl").stat().st_size
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size + 40},) * 2); "
        "from mcpchain.pipeline.decision_logs import append; from pathlib import Path; "
        "append(Path('log.jsonl'), {'decision': 'allow' * 100})"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited], capture_output=True, check=False
    )
    assert b"cannot be written" in done.stderr
    assert Path("log.jsonl").stat().st_size == size
    assert run("log", "verify", "log.jsonl").exit_code == 0


def test_several_writers_at_once_make_one_chain() -> None:
    program = (
        "from mcpchain.pipeline.decision_logs import append; from pathlib import Path\n"
        "for n in range(50): append(Path('log.jsonl'), {'n': n})"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        numbers = pool.map(lambda n: append(Path("log.jsonl"), {"n": n}), range(50))
        assert len({each.lines for each in numbers}) == 50
    assert [each.wait() for each in writers] == [0, 0, 0]
    told = run("log", "verify", "log.jsonl")
    assert (told.exit_code, "whole: 200 lines" in told.stdout) == (0, True)


def test_what_changes_between_judging_and_signing_is_not_signed() -> None:
    """The gate is stopped as it tells its report, by a reader that does not read."""
    import fcntl

    for n in range(80):
        Path(f"agent/m{n}.pkl").write_bytes(b"\x80\x04N.")
    args = ("--policy", "strict", "--format", "json", *VERDICT, "https://gate.example")
    command = ("-m", "mcpchain", "gate", "--offline", "--log", "log.jsonl", *args)
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    gate = subprocess.Popen(
        [sys.executable, *command, "agent"], stdout=write, stderr=subprocess.PIPE
    )
    os.close(write)
    with os.fdopen(read, "rb", buffering=0) as report:
        assert report.read(1) == b"{"
        Path("agent/m0.pkl").write_bytes(b"\x80\x04T.")
        while report.read(1 << 16):
            pass
    stderr = gate.communicate()[1].decode()
    assert gate.returncode == 4, stderr
    assert "error: `agent`, or its subject, changed while it was judged" in stderr
    assert not Path("v.json").exists()
    assert not Path("log.jsonl").exists()
