"""Policies in a repository of git, at a commit, through the user's own git.

Git is asked for bytes, no more: nothing is checked out, and no hook of anybody runs.
What comes is compared with the digest that the policy names, so it is kept under that
digest and asked for once.
"""

import errno
import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from mcpchain.pipeline.circumstances import Circumstances
from mcpchain.pipeline.writing import write_all
from mcpchain.policy.reading import Around, Base

_LIMIT: Final = 2 << 20
_SECONDS: Final = 60
_ADDRESS: Final = re.compile(
    r"https://[^\s@]+|ssh://(?:[\w.-]+@)?[^\s@]+|file://\S+|[\w.-]+@[\w.-]+:[^\s@]+"
)
"""How repositories are named, without a password."""
_SHA1: Final = 40
_ELSEWHERE: Final = re.compile(
    "GIT_(?:DIR|WORK_TREE|COMMON_DIR|NAMESPACE|PREFIX|TEMPLATE_DIR|SHALLOW_FILE|"
    "DEFAULT_HASH|(?:INDEX|GRAFT)_FILE|.*OBJECT_DIRECTORY.*|.*REPLACE.*|.*TRACE.*)"
)
"""Variables that lead git to another repository, as those do that it gives to hooks."""
_ALLOWED: Final = "https:ssh:file"
_SETTINGS: Final = ("-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never")


@dataclass(frozen=True, slots=True)
class Repository:
    """What lies around a policy that was read from a commit."""

    of: Base
    ask: Circumstances

    def key(self, name: str) -> bytes:
        """Refuse: a key that no digest covers is none of such a policy."""
        raise OSError(errno.EPERM, f"`{name[:80]}` lies in a repository; write it down")

    def base(self, base: Base) -> tuple[bytes, str, Around]:
        """Return the policy that this one extends: of the same commit, or another."""
        within = replace(base, git=self.of.git, commit=self.of.commit)
        return fetch(base if base.git else within, self.ask)


def fetch(base: Base, ask: Circumstances) -> tuple[bytes, str, Around]:
    """Return the policy that *base* names, what it is called, and what lies around it.

    Raises:
        OSError: It cannot be had: there is no git, or no such commit or file.
    """
    source = f"{base.git}@{base.commit[:12]}:{base.file}"
    around = Repository(base, ask)
    kept = ask.cache / "policies" / base.sha256
    if kept.is_file():
        return kept.read_bytes(), source, around
    if ask.offline:
        raise OSError(errno.ENETDOWN, "it is in a repository, and `--offline` is given")
    if not _ADDRESS.fullmatch(base.git):
        raise OSError(errno.EINVAL, "`git` is an address: `https://HOST/OWNER/NAME`")
    data = _bytes(base, ask.environ)
    if hashlib.sha256(data).hexdigest() == base.sha256:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_all({kept: data}, replace=True)
    return data, source, around


def _bytes(base: Base, environ: Mapping[str, str]) -> bytes:
    git = shutil.which("git", path=environ.get("PATH"))
    if git is None:
        raise OSError(errno.ENOENT, "it is in a repository, and there is no git here")
    with tempfile.TemporaryDirectory(prefix="mcpchain-") as folder:
        run = partial(_run, git, folder, environ)
        form = "sha1" if len(base.commit) == _SHA1 else "sha256"
        run("init", "--quiet", "--bare", f"--object-format={form}")
        fetched = ("fetch", "--quiet", "--depth=1", "--no-tags", "--")
        run(*fetched, base.git, base.commit)
        found = run("rev-parse", "FETCH_HEAD").decode().strip()
        if found != base.commit:
            raise OSError(errno.EINVAL, f"git gave the commit {found[:40]!r} instead")
        name = f"{base.commit}:{base.file}"
        size = run("cat-file", "-s", name)
        if int(size) > _LIMIT:
            raise OSError(errno.EFBIG, f"it is larger than {_LIMIT:,} bytes")
        return run("cat-file", "blob", name)


def _run(git: str, folder: str, environ: Mapping[str, str], *arguments: str) -> bytes:
    # Who may ask for a password? Nobody: a gate runs where no one answers.
    around = {k: v for k, v in environ.items() if not _ELSEWHERE.fullmatch(k)}
    around |= {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": _ALLOWED}
    try:
        done = subprocess.run(  # noqa: S603 - see above
            [git, *_SETTINGS, "-C", folder, *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            env=around,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OSError(errno.ETIMEDOUT, f"git needed more than {_SECONDS} s") from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").split("\n")
        raise OSError(errno.EIO, f"git said: {lines[0][:140]}")
    return done.stdout
