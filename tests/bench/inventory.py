"""The inventory against what others list, side by side.

Each peer is run only where it is installed, and said to be missing where it is not:

    npm install --global @cyclonedx/cdxgen          cdxgen
    pip install cyclonedx-bom agent-bom             cyclonedx-py, agent-bom

BENCH_ENVIRONMENT names the interpreter of the environment to list; one of some
270 distributions comes of `pip install -r tests/bench/environment.txt`.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.world.mcp_project import make_mcp_project

DEPENDENCIES = {
    "react-scripts": "5.0.1",
    "@angular-devkit/build-angular": "17.3.8",
    "@nestjs/cli": "10.4.5",
    "express": "4.21.0",
    "aws-sdk": "2.1692.0",
    "webpack-dev-server": "5.1.0",
}
"""They come to some 1,700 packages."""
Pair = Callable[[str, Callable[[], float], Callable[[], float]], None]
Seconds = Callable[[list[str]], float]


def parts(pair: Pair, mcpchain: list[str]) -> dict[str, Callable[[Path], None]]:
    """Return the parts of this benchmark by name; each takes an empty folder."""
    return {
        "environment": partial(environment, pair=pair, mcpchain=mcpchain),
        "lock": partial(lock, pair=pair, mcpchain=mcpchain),
        "servers": partial(servers, pair=pair, mcpchain=mcpchain),
        "large": large,
    }


def environment(folder: Path, *, pair: Pair, mcpchain: list[str]) -> None:
    python = os.environ.get("BENCH_ENVIRONMENT", sys.executable)
    empty, ours = folder / "empty", folder / "ours.json"
    empty.mkdir()
    command = [*mcpchain, "sbom", str(empty), "--environment", python, "-o", str(ours)]
    run(command, folder)
    print(f"environment of {python}: {count(ours)} components, validated")
    whole = partial(run, [*command, "--verify-installed"], folder)
    pair("  with every RECORD digest checked, against without", whole, again(command))
    peer = known("cyclonedx-py")
    if peer:
        theirs = folder / "theirs.json"
        other = [peer, "environment", python, "--no-validate", "-o", str(theirs)]
        pair(
            "  against cyclonedx-py without validation",
            partial(run, command, folder),
            partial(run, other, folder),
        )
        print(f"  cyclonedx-py: {count(theirs)} components")


def lock(folder: Path, *, pair: Pair, mcpchain: list[str]) -> None:
    npm = known("npm")
    if npm is None:
        return
    manifest = {"name": "app", "version": "1.0.0", "dependencies": DEPENDENCIES}
    (folder / "package.json").write_text(json.dumps(manifest))
    quiet = ["--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"]
    run([npm, "install", "--package-lock-only", *quiet], folder)
    locked = folder / "package-lock.json"
    entries = len(json.loads(locked.read_bytes())["packages"])
    ours = folder / "ours.json"
    command = [*mcpchain, "sbom", "--no-environment", str(locked), "-o", str(ours)]
    theirs = [npm, "sbom", "--package-lock-only", "--legacy-peer-deps"]
    run(command, folder)
    print(f"package-lock.json of {entries:,} entries: {count(ours)} components")
    pair(
        "  against npm sbom",
        partial(run, command, folder),
        partial(run, [*theirs, "--sbom-format", "cyclonedx"], folder),
    )


def servers(folder: Path, *, pair: Pair, mcpchain: list[str]) -> None:
    project, ours = folder / "project", folder / "ours.json"
    project.mkdir()
    expected = make_mcp_project(project)
    command = [*mcpchain, "sbom", "--no-environment", str(project), "-o", str(ours)]
    run(command, folder)
    listed = len(json.loads(ours.read_bytes())["services"])
    formats = len({each.client for each in expected})
    print(f"{len(expected)} servers of {formats} clients: {listed} listed")
    peers = {
        "cdxgen": ["-t", "mcp", "-t", "ai", "--no-install-deps", "-o", "o.json"],
        "agent-bom": ["scan", "--offline", "--no-scan", "--format", "cyclonedx"],
    }
    for name, arguments in peers.items():
        peer = known(name)
        if peer is None:
            continue
        target = [str(project)]
        if name == "agent-bom":
            target = ["-p", str(project), "--output", str(folder / "o.json")]
        pair(
            f"  against {name}",
            partial(run, command, folder),
            partial(run, [peer, *arguments, *target], folder),
        )
        found = [folder / "o.json", project / "o.json"]
        print(f"  {name}: {next((count(each) for each in found if each.exists()), 0)}")


def large(folder: Path) -> None:
    """Write and validate, at three sizes, each in a process of its own."""
    sizes = ["1000", "10000", "100000"]
    subprocess.run([sys.executable, "-m", "tests.bom.large", *sizes], check=True)


def again(command: list[str]) -> Callable[[], float]:
    return partial(run, command, Path.cwd())


def known(peer: str) -> str | None:
    """Return where *peer* is, and say so if it is not installed."""
    found = shutil.which(peer)
    if found is None:
        print(f"  ({peer} is not installed; see tests/bench/inventory.py)")
    return found


def run(command: list[str], folder: Path) -> float:
    """Return the wall time of *command*, which must end well."""
    silent = {"VIRTUAL_ENV": "", "NO_UPDATE_NOTIFIER": "1"}
    environ = {**os.environ, **silent, "PYTHONDONTWRITEBYTECODE": ""}
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=True)
    return time.perf_counter() - start


def count(bom: Path) -> int:
    """Count the components of a BOM, nested ones too."""
    pending, found = [json.loads(bom.read_bytes())], 0
    while pending:
        inner = pending.pop().get("components", [])
        found += len(inner)
        pending += inner
    return found
