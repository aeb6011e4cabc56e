"""What an environment, an index or an advisory may try: none of it is a yes."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from tests.world.world import World

SITE = "env/lib/python3.11/site-packages"
ALONE = "home = /usr\ninclude-system-site-packages = false\n"
EVIL = "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n"
GOOD = EVIL.replace("evil", "good")
WHEEL = "good-1.0-py3-none-any.whl"
Judge = Callable[..., Result]


def advisory(name: str, id: str, **more: object) -> dict[str, object]:  # noqa: A002 - the word of OSV
    package = {"ecosystem": "PyPI", "name": name}
    return {
        "id": id,
        "modified": dt.datetime.now(dt.UTC).isoformat(),
        "affected": [{"package": package, "versions": ["1.0", "2.0"]}],
        **more,
    }


@pytest.fixture
def judge(world: World, tmp_path: Path) -> Judge:
    """Lay out files, and ask the baseline policy about the project among them."""
    world.pypi.upload("good", WHEEL)
    records = [
        advisory("evil", "MAL-2026-9"),
        advisory("future", "MAL-2026-8", withdrawn="2999-01-01T00:00:00Z"),
        advisory("past", "MAL-2026-7", withdrawn="2024-01-01T00:00:00Z"),
    ]
    (tmp_path / "osv").mkdir()
    for record in records:
        (tmp_path / f"osv/{record['id']}.json").write_text(json.dumps(record))

    def run(files: dict[str, str], *args: str) -> Result:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        options = ("--no-pip-audit", "--advisories", str(tmp_path / "osv"), *args)
        return CliRunner().invoke(
            main,
            ["gate", *options, str(tmp_path / "app")],
            env={
                "VIRTUAL_ENV": None,
                "HOME": str(tmp_path),
                "XDG_CACHE_HOME": str(tmp_path / "cache"),
                **world.environ,
            },
        )

    return run


def told(result: Result) -> list[str]:
    assert result.exit_code == 10, result.output
    return [line for line in result.output.splitlines() if line.startswith("deny[")]


@pytest.fixture
def examine(judge: Judge, tmp_path: Path) -> Judge:
    """Lay out what is installed, and ask about that."""

    def run(files: dict[str, str]) -> Result:
        installed = {f"{SITE}/{name}": text for name, text in files.items()}
        locked = hashlib.sha256(WHEEL.encode()).hexdigest()
        return judge(
            {
                "app/requirements.txt": f"good==1.0 --hash=sha256:{locked}\n",
                "env/pyvenv.cfg": ALONE,
                **installed,
            },
            "--environment",
            str(tmp_path / "env"),
        )

    return run


def test_an_honest_environment_is_allowed(examine: Judge) -> None:
    record = "good/__init__.py,,\n"
    files = {"METADATA": GOOD, "RECORD": record, "INSTALLER": "pip"}
    result = examine(
        {f"good-1.0.dist-info/{name}": text for name, text in files.items()}
        | {"good/__init__.py": ""}
    )
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "direct",
    [
        None,
        {"url": "file:///srv/x", "dir_info": {}},
        {"url": "file:///srv/x", "dir_info": {"editable": True}},
        {"url": "https://evil.example/evil-1.0.whl", "archive_info": {}},
        {"url": "https://github.com/e/r", "vcs_info": {"commit_id": "a" * 40}},
        {"url": "https://evil.example/r", "vcs_info": {"commit_id": "a" * 40}},
        {"url": ""},
        {},
    ],
)
def test_malware_is_met_wherever_it_says_it_comes_from(
    examine: Judge, direct: object
) -> None:
    files = {"evil-1.0.dist-info/METADATA": EVIL}
    if direct is not None:
        files["evil-1.0.dist-info/direct_url.json"] = json.dumps(direct)
    assert any("malicious-release" in line for line in told(examine(files)))


def test_nobody_is_asked_for_what_comes_from_a_folder(
    examine: Judge, world: World
) -> None:
    direct = '{"url": "file:///srv/app", "dir_info": {"editable": true}}'
    files = {"METADATA": EVIL.replace("evil", "app"), "direct_url.json": direct}
    result = examine({f"app-1.0.dist-info/{name}": x for name, x in files.items()})
    assert result.exit_code == 0, result.output
    assert not any("/app/" in str(each) for each in world.server.asked)


@pytest.mark.parametrize(
    "files",
    [
        {"evil-1.0-py3.11.egg/EGG-INFO/PKG-INFO": EVIL},
        {"evil-1.0-py3.11.egg": "PK"},
        {"evil.egg-link": "/srv/evil\n"},
        {"x.pth": "import os; os.system('x')\n"},
        {"x.pth": "/srv/evil\n"},
        {"bare/__init__.py": ""},
        {"sitecustomize.py": ""},
        {"evil-1.0.dist-info/METADATA": GOOD},
        {"good-2.0.dist-info/METADATA": GOOD},
        {"../../../pyvenv.cfg": "include-system-site-packages = true\n"},
        {"../../../pyvenv.cfg": "home = /usr\n"},
    ],
)
def test_what_an_environment_hides_is_denied(
    examine: Judge, files: dict[str, str]
) -> None:
    assert told(examine({"good-1.0.dist-info/METADATA": GOOD, **files}))


def test_an_advisory_counts_until_it_is_withdrawn(judge: Judge, world: World) -> None:
    digests = {}
    for name in ("future", "past"):
        wheel = f"{name}-1.0-py3-none-any.whl"
        world.pypi.upload(name, wheel)
        digests[name] = hashlib.sha256(wheel.encode()).hexdigest()
    lines = [f"{name}==1.0 --hash=sha256:{x}\n" for name, x in digests.items()]
    (line,) = told(judge({"app/requirements.txt": "".join(lines)}))
    assert line.startswith("deny[malicious-release]: `future==1.0`")


@pytest.mark.parametrize("suffix", ["tar.gz", "tar.bz2", "tar.xz", "tgz", "tar", "zip"])
def test_the_release_is_judged_that_pip_would_take(
    judge: Judge, world: World, suffix: str
) -> None:
    world.pypi.upload("evil", "evil-0.9.tar.gz").upload(f"evil-2.0.{suffix}")
    lines = told(judge({"app/requirements.txt": "evil>=0.5\n"}))
    assert any("malicious-release" in line for line in lines)


def test_a_release_without_files_is_missing(judge: Judge, world: World) -> None:
    world.pypi.upload("ghost", "ghost-0.1.tar.gz").document["versions"] = ["0.1", "1.0"]
    lines = told(judge({"app/requirements.txt": "ghost==1.0\n"}))
    assert any(line.startswith("deny[withdrawn-release]") for line in lines)
