"""Run pip-audit, in an empty folder and a bare environment, for a limited time."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mcpchain.audit.advisories import Package
from mcpchain.audit.advisories.pip_audit.answer import (
    Answer,
    asked_version,
    read,
    shown,
)

_ANSWER_LIMIT: Final = 64 << 20
_TAIL: Final = 4096
_POLL: Final = 0.2
"""Seconds between looks at how much a run has written."""
_PASSED: Final = (
    "ALL_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    # What a program needs to start at all.
    "APPDATA",
    "COMSPEC",
    "HOME",
    "LANG",
    "LC_ALL",
    "LOCALAPPDATA",
    "PATH",
    "PATHEXT",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "USERPROFILE",
    "WINDIR",
)
"""What is handed on: the way out to the network, and nothing that steers pip-audit, pip
or Python."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs pip-audit."""

    python: Path
    """Absolute: it is started from another folder."""
    environ: Mapping[str, str]
    cache: Path

    def ask(self, group: Mapping[str, Package], deadline: float) -> Answer:
        """Ask about *group*, packages by normal name, until *deadline* (monotonic)."""
        try:
            self.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(
                prefix="mcpchain-", ignore_cleanup_errors=True
            ) as folder:
                return self._ask(group, Path(folder), deadline)
        except OSError as error:
            why = error.strerror or type(error).__name__
            return Answer(failure=f"pip-audit could not be run: {why}")

    def _ask(
        self, group: Mapping[str, Package], folder: Path, deadline: float
    ) -> Answer:
        pins, answer, words = (folder / n for n in ("pins.txt", "answer", "words"))
        lines = (f"{name}=={asked_version(p)}\n" for name, p in group.items())
        pins.write_text("".join(lines), encoding="ascii")
        # A folder of its own to start in: nothing of the project can be imported.
        start = folder / "start"
        start.mkdir()
        with open(words, "wb") as stderr:
            process = subprocess.Popen(  # noqa: S603 - a fixed command, and no shell
                self._command(pins, answer),
                cwd=start,
                env=self._environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=os.name == "posix",
            )
        failure = _wait(process, (answer, words), deadline)
        if failure:
            return Answer(failure=failure)
        if _size(answer) > _ANSWER_LIMIT:
            return Answer(failure="pip-audit's answer is too large")
        data = answer.read_bytes() if answer.exists() else b""
        return read(data, group, process.returncode, _last_line(words))

    def _command(self, pins: Path, answer: Path) -> list[str]:
        return [
            str(self.python),
            "-P",
            "-m",
            "pip_audit",
            "--requirement",
            str(pins),
            "--no-deps",
            "--disable-pip",
            "--progress-spinner=off",
            "--vulnerability-service=pypi",
            "--format=json",
            "--aliases=on",
            "--desc=on",
            f"--cache-dir={self.cache.absolute()}",
            f"--output={answer}",
        ]

    def _environment(self, folder: Path) -> dict[str, str]:
        passed = {
            key: value
            for key, value in self.environ.items()
            if key.upper() in _PASSED and value
        }
        return passed | {
            # Neither pip's configuration nor a password file may steer it.
            "PIP_CONFIG_FILE": os.devnull,
            "NETRC": os.devnull,
            "PYTHONSAFEPATH": "1",
            "PYTHONUTF8": "1",
            "TMPDIR": str(folder),
            "TEMP": str(folder),
            "TMP": str(folder),
        }


def _wait(
    process: "subprocess.Popen[bytes]", files: Sequence[Path], deadline: float
) -> str:
    """Wait until *process* ends, or end it; return why if it was us."""
    try:
        while True:
            left = deadline - time.monotonic()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.0, min(_POLL, left)))
                return ""
            if left <= 0:
                return "pip-audit took too long and was stopped"
            if any(_size(each) > _ANSWER_LIMIT for each in files):
                return "pip-audit said too much and was stopped"
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process, if it still runs, and whatever it has started."""
    if process.poll() is None:
        if os.name == "posix":
            # Not yet waited for, so its number is still its own.
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _last_line(file: Path) -> str:
    """Return the last words in *file*, fit to be shown."""
    with open(file, "rb") as stream:
        stream.seek(max(0, _size(file) - _TAIL))
        lines = stream.read(_TAIL).decode("utf-8", "replace").strip().splitlines()
    return shown(lines[-1]) if lines else "it said nothing"
