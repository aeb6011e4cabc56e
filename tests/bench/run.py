"""Measure mcpchain against something that everybody has, in turn, on this machine.

    make bench            everything
    python -m tests.bench.run advisories hashing

Prints medians and the ratio of each pair; machines differ, ratios less so.
"""

import datetime as dt
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench import inventory, models, policy, signatures, standing

HERE = Path(__file__).resolve().parent
ROUNDS = 7
# Installed programs have their bytecode at hand; so has ours after its first run.
ENVIRON = {**os.environ, "VIRTUAL_ENV": "", "PYTHONDONTWRITEBYTECODE": ""}
MCPCHAIN = [sys.executable, "-m", "mcpchain"]
POLICY = """\
apiVersion: mcpchain/policy/v1
name: bench
rules: {gap: {level: {offline: warn, no-source: warn, other: deny}}}
"""


def seconds(command: list[str]) -> float:
    """Return the wall time of a command that may exit with any of our codes."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False, env=ENVIRON)
    if done.returncode not in {0, 4, 10}:
        raise RuntimeError(done.stderr.decode())
    return time.perf_counter() - start


def pair(title: str, ours: Callable[[], float], other: Callable[[], float]) -> None:
    """Run both in turn and print medians, the ratio and the difference."""
    ours(), other()
    times = [(ours(), other()) for _ in range(ROUNDS)]
    mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(a / b for a, b in times)
    print(
        f"{title}: {mine:.3f} s against {theirs:.3f} s; "
        f"ratio {ratio:.2f}, difference {mine - theirs:+.3f} s"
    )


def start_up(folder: Path) -> None:
    hello = folder / "hello.py"
    hello.write_text(
        "import click\n@click.command()\ndef main(): click.echo('hello')\nmain()\n"
    )
    pair(
        "mcpchain --help, against a click hello",
        lambda: seconds([*MCPCHAIN, "--help"]),
        lambda: seconds([sys.executable, str(hello), "--help"]),
    )


def components(count: int) -> dict[str, object]:
    listed = [
        {
            "type": "library",
            "bom-ref": f"pkg:npm/package-{n}@1.{n}.0",
            "name": f"package-{n}",
            "version": f"1.{n}.0",
            "purl": f"pkg:npm/package-{n}@1.{n}.0",
            "hashes": [
                {
                    "alg": "SHA-512",
                    "content": hashlib.sha512(str(n).encode()).hexdigest(),
                }
            ],
        }
        for n in range(count)
    ]
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": listed}


def gate(folder: Path) -> None:
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    for count in (1_000, 4_000):
        bom = folder / f"{count}.cdx.json"
        bom.write_text(json.dumps(components(count)))
        command = [*MCPCHAIN, "gate", "--offline", "--policy", str(policy), str(bom)]
        pair(
            f"gate --offline on a BOM of {count:,}, against python -c pass",
            partial(seconds, command),
            lambda: seconds([sys.executable, "-c", "pass"]),
        )


def advisories(folder: Path) -> None:
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    archive = folder / "npm.zip"
    now = dt.datetime.now(tz=dt.UTC)
    with zipfile.ZipFile(archive, "w") as records:
        for n in range(5_000):
            record = {
                "id": f"x_BENCH-{n}",
                "modified": f"{now:%Y-%m-%dT%H:%M:%SZ}",
                "affected": [
                    {
                        "package": {"ecosystem": "npm", "name": f"package-{n}"},
                        "ranges": [
                            {
                                "type": "SEMVER",
                                "events": [{"introduced": "0"}, {"fixed": "1.50.0"}],
                            }
                        ],
                    }
                ],
            }
            records.writestr(f"x_BENCH-{n}.json", json.dumps(record))
    bom = folder / "150.cdx.json"
    bom.write_text(json.dumps(components(150)))
    command = [*MCPCHAIN, "gate", "--offline", "--policy", str(policy)]
    pair(
        "150 packages looked up among 5,000 records, against the gate without them",
        lambda: seconds([*command, "--advisories", str(archive), str(bom)]),
        lambda: seconds([*command, str(bom)]),
    )


def network(folder: Path) -> None:
    """Ask a server of another process, 20 ms away, for 300 pages of 10 kB."""
    from mcpchain.fetch import Fetcher, Request

    server = subprocess.Popen(
        [sys.executable, str(HERE / "slow_server.py"), "0.02"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    port = server.stdout.readline().strip()
    urls = [f"http://127.0.0.1:{port}/simple/package-{n}/" for n in range(300)]

    def ours() -> float:
        start = time.perf_counter()
        with Fetcher(cache=None) as fetcher:
            requests = [Request(url=url) for url in urls]
            found = fetcher.fetch_all(requests, lambda _, answer: len(answer.body))
        assert all(isinstance(size, int) for size in found)
        return time.perf_counter() - start

    def plain() -> float:
        import requests

        start = time.perf_counter()
        with requests.Session() as session:
            for url in urls[:30]:
                assert session.get(url, timeout=10).status_code == 200
        return (time.perf_counter() - start) * 10

    try:
        pair("300 pages of a registry, against a requests.Session", ours, plain)
    finally:
        server.kill()
        server.wait()


def hashing(folder: Path) -> None:
    from mcpchain.tree import Tree, digest_all

    file = folder / "model.safetensors"
    with file.open("wb") as stream:
        block = os.urandom(1 << 20)
        for _ in range(2 << 10):
            stream.write(block)
    opened = Tree(folder).file(file.name)

    def ours() -> float:
        start = time.perf_counter()
        digest_all([opened])
        return time.perf_counter() - start

    def plain() -> float:
        start = time.perf_counter()
        state, buffer = hashlib.sha256(), bytearray(1 << 20)
        view = memoryview(buffer)
        with file.open("rb", buffering=0) as stream:
            while read := stream.readinto(buffer):
                state.update(view[:read])
        return time.perf_counter() - start

    pair("SHA-256 of 2 GiB, against a plain hashlib loop", ours, plain)


PARTS = {
    "start-up": start_up,
    "gate": gate,
    "advisories": advisories,
    "network": network,
    "hashing": hashing,
    **inventory.parts(pair, MCPCHAIN),
    **models.parts(pair, MCPCHAIN),
    **signatures.parts(pair, MCPCHAIN),
    **standing.parts(pair, MCPCHAIN),
    **policy.parts(pair),
}


def main(names: list[str]) -> None:
    for name in names or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            ENVIRON["XDG_CACHE_HOME"] = folder
            PARTS[name](Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
