"""A TUF repository of our own, for a Sigstore of our own (python-tuf's metadata)."""

import datetime as dt
import json
from dataclasses import dataclass, field
from functools import partial

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    T,
    TargetFile,
    Targets,
    Timestamp,
)

from tests.world.server import Place, Server
from tests.world.sigstore.instance import Instance, Json, b64, spki

NPM = "registry.example"
ROLES = ("root", "timestamp", "snapshot", "targets")


def npm_keys(instance: Instance) -> bytes:
    """Return the keys of a registry, as TUF delivers npm's."""
    raw = b64(spki(instance.rekor.key.public_key()))
    public: Json = {"rawBytes": raw, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
    public["validFor"] = {"start": "2024-01-01T00:00:00Z"}
    keys = [
        {"keyId": "SHA256:ours", "keyUsage": usage, "publicKey": public}
        for usage in ("npm:signatures", "npm:attestations")
    ]
    return json.dumps({"keys": keys}).encode()


@dataclass
class Repository:
    """Consistent snapshots: each version of each file has a name of its own."""

    files: dict[str, bytes]
    now: dt.datetime
    days: int = 7
    sparse: bool = False
    """Whether one key signs for all, and metadata are named by their version alone, as
    a part of those of the public instance are."""
    signers: dict[str, CryptoSigner] = field(init=False)
    versions: dict[str, int] = field(init=False)
    meta: dict[str, MetaFile] = field(init=False)
    published: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.signers = {role: CryptoSigner.generate_ecdsa() for role in (*ROLES, NPM)}
        if self.sparse:
            self.signers = dict.fromkeys(self.signers, self.signers["root"])
        self.versions = dict.fromkeys((*ROLES, NPM), 0)
        self._root(self.signers["root"])
        self.publish()

    @property
    def bootstrap(self) -> bytes:
        """The first root: what a client comes with."""
        return self.published["1.root.json"]

    def rotate(self, *roles: str, by: str = "both") -> None:
        """Give *roles* new keys, in a new version of the root.

        It is signed by the old and the new keys of roots, or by *by* of them alone.
        """
        old = self.signers["root"]
        for role in roles:
            self.signers[role] = CryptoSigner.generate_ecdsa()
        new = self.signers["root"]
        self._root(*{"both": (old, new), "old": (old,), "new": (new,)}[by])

    def publish(self) -> None:
        """Sign all but the root anew, with what is in `files` now."""
        below = Targets(expires=self._end(), targets=self._under(NPM))
        delegated = self._sign(NPM, below)
        key = self.signers[NPM].public_key
        role = DelegatedRole(NPM, [key.keyid], 1, terminating=True, paths=[f"{NPM}/*"])
        top = Targets(
            expires=self._end(),
            targets=self._under(""),
            delegations=Delegations({key.keyid: key}, {NPM: role}),
        )
        targets = self._sign("targets", top)
        self.meta = {
            f"{NPM}.json": self._meta(NPM, delegated),
            "targets.json": self._meta("targets", targets),
        }
        self.snap()

    def snap(self) -> None:
        """Sign the snapshot anew, of the same targets, and the timestamp."""
        meta = self.meta
        snapshot = self._sign("snapshot", Snapshot(expires=self._end(), meta=meta))
        timestamp = Timestamp(
            expires=self._end(), snapshot_meta=self._meta("snapshot", snapshot)
        )
        self._sign("timestamp", timestamp)

    def place(self, server: Server) -> None:
        """Serve what is published now."""
        for path, data in self.published.items():
            server.places[f"/{path}"] = Place(partial(bytes, data))

    def target(self, path: str) -> str:
        """Return where the target *path* is published."""
        folder, _, name = path.rpartition("/")
        return next(
            each
            for each in reversed(self.published)
            if each.startswith(f"targets/{folder}") and each.endswith(f".{name}")
        )

    def _end(self) -> dt.datetime:
        return (self.now + dt.timedelta(days=self.days)).replace(microsecond=0)

    def _meta(self, role: str, data: bytes) -> MetaFile:
        if self.sparse:
            return MetaFile(self.versions[role])
        return MetaFile.from_data(self.versions[role], data, ["sha256"])

    def _under(self, folder: str) -> dict[str, TargetFile]:
        found = {}
        for path, data in self.files.items():
            if path.rpartition("/")[0] != folder:
                continue
            found[path] = TargetFile.from_data(path, data, ["sha256"])
            (prefixed,) = found[path].get_prefixed_paths()
            self.published[f"targets/{prefixed}"] = data
        return found

    def _root(self, *signers: CryptoSigner) -> None:
        root = Root(expires=self._end(), consistent_snapshot=True)
        for role in ROLES:
            root.add_key(self.signers[role].public_key, role)
        self._sign("root", root, *signers)

    def _sign(
        self,
        role: str,
        signed: T,
        *signers: CryptoSigner,
    ) -> bytes:
        self.versions[role] += 1
        signed.version = self.versions[role]
        metadata = Metadata(signed)
        for signer in signers or (self.signers[role],):
            metadata.sign(signer, append=True)
        data = metadata.to_bytes()
        name = role if role == "timestamp" else f"{signed.version}.{role}"
        self.published[f"{name}.json"] = data
        return data


def repository(
    instance: Instance, *, days: int = 7, sparse: bool = False
) -> Repository:
    """Return one with the roots of *instance*."""
    files = {
        "trusted_root.json": instance.trusted_root(),
        f"{NPM}/keys.json": npm_keys(instance),
    }
    return Repository(files=files, now=instance.now, days=days, sparse=sparse)
