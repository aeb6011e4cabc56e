"""A policy that extends one in a repository, at a commit."""

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mcpchain.errors import PolicyError
from mcpchain.finding import Level
from mcpchain.pipeline.circumstances import Circumstances
from mcpchain.pipeline.policies import load_policy
from tests.making import NOW, finding

HEAD = "apiVersion: mcpchain/policy/v1\nname: house\n"
BASE = HEAD + "rules: {unpinned-server: warn}\n"


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    command = ["git", "-C", str(folder), *who, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def house(tmp_path: Path) -> tuple[str, str]:
    """Return the address of a repository with policies, and its first commit."""
    folder = tmp_path / "house"
    (folder / "policies").mkdir(parents=True)
    git(folder, "init", "--quiet")
    (folder / "policies" / "base.yaml").write_text(BASE, encoding="utf-8")
    digest = hashlib.sha256(BASE.encode()).hexdigest()
    middle = f"{HEAD}extends: {{file: policies/base.yaml, sha256: '{digest}'}}\n"
    (folder / "middle.yaml").write_text(middle, encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "policies")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    commit = git(folder, "rev-parse", "HEAD")
    (folder / "middle.yaml").write_text("looser\n", encoding="utf-8")
    git(folder, "commit", "--quiet", "-a", "-m", "looser")
    return folder.as_uri(), commit


def ask(tmp_path: Path, *, offline: bool = False) -> Circumstances:
    return Circumstances(
        now=NOW,
        version="1",
        environ={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        home=tmp_path,
        cache=tmp_path / "cache",
        projects=(tmp_path,),
        trust=tmp_path,
        offline=offline,
    )


def own(tmp_path: Path, address: str, commit: str, rest: str = "") -> str:
    digest = hashlib.sha256(BASE.encode()).hexdigest()
    middle = f"{HEAD}extends: {{file: policies/base.yaml, sha256: '{digest}'}}\n"
    path = tmp_path / "own.yaml"
    path.write_text(
        f"{HEAD}extends:\n  git: {address}\n  commit: '{commit}'\n  file: middle.yaml\n"
        f"  sha256: '{hashlib.sha256(middle.encode()).hexdigest()}'\n{rest}",
        encoding="utf-8",
    )
    return str(path)


def test_a_policy_is_read_at_its_commit_and_kept_under_its_digest(
    tmp_path: Path, house: tuple[str, str]
) -> None:
    path = own(tmp_path, *house)
    with pytest.raises(PolicyError, match="in a repository, and `--offline` is given"):
        load_policy(path, ask(tmp_path, offline=True))
    online = load_policy(path, ask(tmp_path))
    assert online.level(finding()) is Level.WARN
    assert load_policy(path, ask(tmp_path, offline=True)) == online
    with pytest.raises(PolicyError, match="loosens `unpinned-server`"):
        load_policy(
            own(tmp_path, *house, "rules: {unpinned-server: allow}\n"), ask(tmp_path)
        )


def test_what_was_kept_is_compared_with_the_digest_again(
    tmp_path: Path, house: tuple[str, str]
) -> None:
    path = own(tmp_path, *house)
    load_policy(path, ask(tmp_path))
    for each in (tmp_path / "cache" / "policies").iterdir():
        each.write_text(HEAD + "rules: {gap: allow}\n", encoding="utf-8")
    with pytest.raises(PolicyError, match="has the SHA-256 "):
        load_policy(path, ask(tmp_path))


@pytest.mark.parametrize(
    ("address", "commit", "complaint"),
    [
        ("{}", "1" * 40, "git said: "),
        ("--upload-pack=x", None, "`git` is an address"),
        ("ext::sh -c x", None, "`git` is an address"),
        ("https://user:word@host.example/x", None, "`git` is an address"),
        ("{}/gone", None, "git said: "),
    ],
)
def test_says_why_a_commit_cannot_be_had(
    tmp_path: Path,
    house: tuple[str, str],
    address: str,
    commit: str | None,
    complaint: str,
) -> None:
    path = own(tmp_path, f"'{address.format(house[0])}'", commit or house[1])
    with pytest.raises(PolicyError) as caught:
        load_policy(path, ask(tmp_path))
    assert complaint in str(caught.value)


def test_git_is_needed(tmp_path: Path, house: tuple[str, str]) -> None:
    without = replace(ask(tmp_path), environ={"PATH": str(tmp_path)})
    with pytest.raises(PolicyError, match="there is no git here"):
        load_policy(own(tmp_path, *house), without)


def test_git_works_in_its_own_folder_whatever_a_hook_is_told(
    tmp_path: Path, house: tuple[str, str]
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    git(mine, "init", "--quiet")
    before = sorted((mine / ".git").rglob("*"))
    told = {"GIT_DIR": str(mine / ".git"), "GIT_INDEX_FILE": "x", "GIT_PREFIX": ""}
    asked = ask(tmp_path)
    load_policy(
        own(tmp_path, *house), replace(asked, environ={**asked.environ, **told})
    )
    assert sorted((mine / ".git").rglob("*")) == before


def test_a_commit_may_have_a_sha256(tmp_path: Path) -> None:
    folder = tmp_path / "house"
    folder.mkdir()
    git(folder, "init", "--quiet", "--object-format=sha256")
    (folder / "base.yaml").write_text(BASE, encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "policies")
    path = tmp_path / "own.yaml"
    path.write_text(
        f"{HEAD}extends:\n  git: {folder.as_uri()}\n  file: base.yaml\n"
        f"  commit: '{git(folder, 'rev-parse', 'HEAD')}'\n"
        f"  sha256: '{hashlib.sha256(BASE.encode()).hexdigest()}'\n",
        encoding="utf-8",
    )
    assert load_policy(str(path), ask(tmp_path)).level(finding()) is Level.WARN
