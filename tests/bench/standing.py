"""The gate on packages of registries that are 20 ms away, attested or not."""

import hashlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.world.npm import sri
from tests.world.signed import INSTANCE, Signed, registry_keys
from tests.world.world import World, open_world

Pair = Callable[[str, Callable[[], float], Callable[[], float]], None]
PACKAGES = 150
POLICY = """\
apiVersion: mcpchain/policy/v1
name: bench
rules: {gap: {level: {no-source: allow, other: deny}}}
"""


def parts(pair: Pair, mcpchain: list[str]) -> dict[str, Callable[[Path], None]]:
    """Return the parts of this benchmark by name; each takes an empty folder."""
    return {"standing": partial(standing, pair=pair, mcpchain=mcpchain)}


def standing(folder: Path, *, pair: Pair, mcpchain: list[str]) -> None:
    """Judge the same packages, of which some, all and none are attested."""
    (folder / "root.json").write_bytes(INSTANCE.trusted_root())
    (folder / "keys.json").write_bytes(registry_keys())
    (folder / "policy.yaml").write_text(POLICY)
    given = ["--policy", "policy.yaml", "--no-pip-audit"]
    given += ["--trusted-root", "root.json", "--registry-keys", "keys.json"]

    def judge(world: World, project: Path) -> float:
        # With nothing at hand: what is known already is not asked for again.
        with tempfile.TemporaryDirectory() as cache:
            environ = {**os.environ, **world.environ, "XDG_CACHE_HOME": cache}
            command = [*mcpchain, "gate", *given, str(project)]
            start = time.perf_counter()
            done = subprocess.run(
                command, cwd=folder, env=environ, capture_output=True, check=False
            )
            seconds = time.perf_counter() - start
        if done.returncode:
            raise RuntimeError((done.stdout + done.stderr).decode())
        return seconds

    with ExitStack() as opened:
        runs = []
        for share in (0, 15, 100):
            world = opened.enter_context(open_world(folder))
            project = publish(world, folder / str(share), PACKAGES * share // 200)
            runs.append(partial(judge, world, project))
        title = f"gate of {PACKAGES} packages 20 ms away, {{}} % attested, against none"
        pair(title.format(15), runs[1], runs[0])
        pair(title.format(100), runs[2], runs[0])


def publish(world: World, project: Path, attested: int) -> Path:
    """Publish two releases of each package, of which a project locks the newer one.

    Args:
        world: Whose registries they are on.
        project: The folder of the project.
        attested: How many on each registry somebody stands for.
    """
    signed, lines = Signed(world), []
    packages: dict[str, object] = {"": {"name": "p"}}
    for n in range(PACKAGES // 2):
        wheel = f"p{n}-1.1.0-py3-none-any.whl"
        for version in ("1.0.0", "1.1.0"):
            if n < attested:
                signed.upload(f"p{n}", version)
            else:
                world.pypi.upload(f"p{n}", wheel.replace("1.1.0", version))
            signed.publish(f"p{n}", version, attested=n < attested)
        digest = hashlib.sha256(wheel.encode()).hexdigest()
        lines.append(f"p{n}==1.1.0 --hash=sha256:{digest}\n")
        integrity = sri(f"p{n}@1.1.0".encode())
        packages[f"node_modules/p{n}"] = {"version": "1.1.0", "integrity": integrity}
    project.mkdir()
    (project / "requirements.txt").write_text("".join(lines))
    lock = json.dumps({"lockfileVersion": 3, "packages": packages})
    (project / "package-lock.json").write_text(lock)
    world.server.delay = 0.02
    return project
