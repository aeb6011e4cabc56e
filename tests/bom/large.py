"""An inventory of any size, as a large project has it, and what a BOM of it costs.

python -m tests.bom.large 1000 10000 100000
"""

import datetime as dt
import resource
import subprocess
import sys
import time
from pathlib import Path

from packageurl import PackageURL

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.bom.validate import validate
from mcpchain.bom.write import compose
from mcpchain.component import Component, Kind, Location, PackageFacts, Pin
from mcpchain.inventory import Inventory, Relation

NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
_EDGES = 3


def large(count: int) -> Inventory:
    """Make an inventory of *count* packages, each with what a good lock says."""
    components = []
    for number in range(count):
        purl = PackageURL("npm", "@acme", f"package-{number:06}", f"1.{number}.0")
        digest = Digest(algorithm=Algorithm.SHA512, value=f"{number:0128x}")
        place = Location(path="package-lock.json", pointer=f"/packages/x{number}")
        address = f"https://packages.example/package-{number}-1.{number}.0.tgz"
        components.append(
            Component(
                kind=Kind.LIBRARY,
                name=f"@acme/package-{number:06}",
                version=f"1.{number}.0",
                purl=purl,
                pin=Pin.EXACT,
                locations=(place,),
                artifacts=(Artifact(digests=(digest,), url=address),),
                licenses=("MIT",),
                concluded=("MIT",),
                graph=True,
                facts=PackageFacts(development=number % 3 == 0),
                ref=f"pkg:npm/@acme/package-{number:06}@1.{number}.0",
            )
        )
    refs = [each.ref for each in components]
    relations = tuple(
        Relation(source=ref, target=target)
        for number, ref in enumerate(refs)
        for target in sorted(refs[number + 1 : number + 1 + _EDGES])
    )
    return Inventory(name="large", components=tuple(components), relations=relations)


def cost(count: int) -> tuple[float, float, int, int]:
    """Write and validate a large inventory in this process.

    Returns:
        Seconds of this process and of the clock, the bytes of the BOM, and the largest
        resident size of the process in MiB, inventory included.
    """
    inventory = large(count)
    clock, own = time.perf_counter(), time.process_time()
    made = compose(inventory, timestamp=NOW, version="1", reproducible=True)
    validate(made.document)
    own, clock = time.process_time() - own, time.perf_counter() - clock
    largest = _largest()
    return own, clock, len(made.data), largest


def _largest() -> int:
    """Return the largest resident size so far, in MiB.

    What `getrusage` tells on Linux is that of the parent too, before it started us.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    lines = status.read_text(encoding="ascii").splitlines()
    return next(int(each.split()[1]) >> 10 for each in lines if "VmHWM" in each)


def main() -> None:
    """Print a line for each size, each measured in a process of its own."""
    if sys.argv[1] == "-":
        own, clock, size, largest = cost(int(sys.argv[2]))
        sys.stdout.write(
            f"{sys.argv[2]:>8} components: {own:6.2f} s cpu, {clock:6.2f} s wall, "
            f"{size / 1e6:7.1f} MB, {largest} MiB resident\n"
        )
        return
    for each in sys.argv[1:]:
        again = [sys.executable, "-m", "tests.bom.large", "-", each]
        subprocess.run(again, check=True)


if __name__ == "__main__":
    main()
