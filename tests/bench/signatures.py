"""Bundles: verified, against sigstore-python on the same ones, and signed."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench.models import HASH
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import ARTIFACT, ISSUER, WORKFLOW, Minter

Pair = Callable[[str, Callable[[], float], Callable[[], float]], None]
BUNDLES = 500
ARTIFACTS = 100
THEIRS = """\
import sys
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity
root, data, bundle, san, issuer = sys.argv[1:]
verifier = Verifier(trusted_root=TrustedRoot.from_file(root))
found = Bundle.from_json(open(bundle, "rb").read())
policy = Identity(identity=san, issuer=issuer)
verifier.verify_artifact(open(data, "rb").read(), found, policy)
"""
"""One bundle with sigstore-python's library, which is less than its own program."""


def parts(pair: Pair, mcpchain: list[str]) -> dict[str, Callable[[Path], None]]:
    """Return the parts of this benchmark by name; each takes an empty folder."""
    return {
        "verify-file": partial(verify_file, pair=pair, mcpchain=mcpchain),
        "verify-many": partial(verify_many, pair=pair),
        "sign-many": partial(sign_many, pair=pair, mcpchain=mcpchain),
        "sign-memory": partial(sign_memory, mcpchain=mcpchain),
    }


def verify_file(folder: Path, *, pair: Pair, mcpchain: list[str]) -> None:
    """Verify one file as a whole process."""
    instance = Instance()
    root, data = folder / "root.json", folder / "a.txt"
    bundle = folder / "a.txt.sigstore.json"
    root.write_bytes(instance.trusted_root())
    data.write_bytes(ARTIFACT)
    bundle.write_text(json.dumps(Minter(instance=instance).sign()))
    who = ["--identity", WORKFLOW, "--issuer", ISSUER]
    ours = [*mcpchain, "verify", str(data), *who, "--trusted-root", str(root)]
    names = [str(each) for each in (root, data, bundle)]
    theirs = [sys.executable, "-c", THEIRS, *names, WORKFLOW, ISSUER]
    pair(
        "verify FILE as a process, against sigstore-python's library in one",
        partial(run, ours),
        partial(run, theirs),
    )


def verify_many(folder: Path, *, pair: Pair) -> None:
    """Verify many attestations in one process."""
    from sigstore.models import Bundle as TheirBundle
    from sigstore.models import TrustedRoot
    from sigstore.verify import Verifier
    from sigstore.verify.policy import Identity

    from mcpchain.bundle.parse import parse
    from mcpchain.bundle.policy import Expected
    from mcpchain.bundle.root import parse as parse_root
    from mcpchain.bundle.verify import Artifact, Trust, verify

    instance = Instance()
    minter = Minter(instance=instance, entries=("dsse/0.0.1",))
    made = [json.dumps(minter.attest()) for _ in range(BUNDLES)]
    file = folder / "root.json"
    file.write_bytes(instance.trusted_root())
    root = parse_root(file.read_bytes(), name="bench")
    trust = Trust(root=root, expected=Expected(issuer=ISSUER, san=WORKFLOW))
    what = Artifact(digests={"sha256": hashlib.sha256(ARTIFACT).digest()})
    verifier = Verifier(trusted_root=TrustedRoot.from_file(str(file)))
    policy = Identity(identity=WORKFLOW, issuer=ISSUER)

    def ours() -> float:
        start = time.process_time()
        for text in made:
            assert verify(parse(text.encode(), source="bench"), what, trust)
        return time.process_time() - start

    def theirs() -> float:
        start = time.process_time()
        for text in made:
            verifier.verify_dsse(TheirBundle.from_json(text), policy)
        return time.process_time() - start

    pair(f"{BUNDLES} attestations (CPU), against sigstore-python", ours, theirs)


def sign_many(folder: Path, *, pair: Pair, mcpchain: list[str]) -> None:
    """Sign many files with a key in one process."""
    names = [str(folder / f"{n}.whl") for n in range(ARTIFACTS)]
    for each in names:
        Path(each).write_bytes(os.urandom(1 << 20))
    command = signing(folder, mcpchain)

    def ours() -> float:
        for each in folder.glob("*.sigstore.json"):
            each.unlink()
        return run([*command, *names])

    pair(
        f"sign {ARTIFACTS} files of 1 MiB, against hashing them",
        ours,
        partial(run, [sys.executable, "-c", HASH, *names]),
    )


def sign_memory(folder: Path, *, mcpchain: list[str]) -> None:
    """Print how much memory it takes to sign files of two sizes."""
    command = signing(folder, mcpchain)
    for size in (1 << 20, 4 << 30):
        file = folder / f"{size}.bin"
        with file.open("wb") as stream:
            stream.truncate(size)
        with subprocess.Popen([*command, str(file)], stdout=subprocess.DEVNULL) as it:
            _, status, used = os.wait4(it.pid, 0)
            it.returncode = os.waitstatus_to_exitcode(status)
        assert it.returncode == 0
        print(f"sign {size >> 20:,} MiB: {used.ru_maxrss >> 10} MiB of memory")


def signing(folder: Path, mcpchain: list[str]) -> list[str]:
    """Make a key, and return the command that signs with it."""
    key = folder / "k"
    run([*mcpchain, "key", "generate", "-o", str(key), "--unencrypted"])
    return [*mcpchain, "sign", "--key", f"{key}.key"]


def run(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - start
