"""Take trust roots out of the packages of their owners, into the wheel of ours.

    python .github/scripts/take_trust.py

The public instance comes from the wheel of sigstore; npm's keys from `@sigstore/tuf`,
which comes with npm. Both are verified there by TUF before they are released. What is
taken is recorded with its date, its origin and its SHA-256.
"""

import base64
import datetime as dt
import hashlib
import importlib.metadata
import json
import subprocess
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "mcpchain" / "trust" / "data"
TUF = "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"


def sigstore() -> dict[str, tuple[bytes, str]]:
    version = importlib.metadata.version("sigstore")
    found = importlib.metadata.files("sigstore") or ()
    wanted = {"trusted_root.json": "sigstore.json", "root.json": "sigstore.tuf.json"}
    return {
        wanted[file.name]: (file.read_binary(), f"sigstore {version}")
        for file in found
        if file.parent.name == TUF and file.name in wanted
    }


def npm() -> dict[str, tuple[bytes, str]]:
    modules = subprocess.run(
        ["npm", "root", "--global"], capture_output=True, text=True, check=True
    ).stdout.strip()
    package = Path(modules) / "npm" / "node_modules" / "@sigstore" / "tuf"
    version = json.loads((package / "package.json").read_bytes())["version"]
    (seed,) = json.loads((package / "seeds.json").read_bytes()).values()
    (keys,) = (v for k, v in seed["targets"].items() if k.endswith("keys.json"))
    return {"npm.json": (base64.b64decode(keys), f"@sigstore/tuf {version}")}


def main() -> None:
    today = dt.datetime.now(dt.UTC).date().isoformat()
    index_file = DATA / "index.json"
    known = json.loads(index_file.read_bytes()) if index_file.exists() else {}
    index = {}
    for name, (data, origin) in sorted((sigstore() | npm()).items()):
        digest = hashlib.sha256(data).hexdigest()
        entry = {"sha256": digest, "date": today, "origin": origin}
        old = known.get(name)
        same = old is not None and old["sha256"] == digest
        index[name] = old if same else entry
        (DATA / name).write_bytes(data)
    index_file.write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    main()
