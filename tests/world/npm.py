"""An npm registry: packuments and tarballs."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import quote

from tests.world.server import Place, Server

UPLOADED = "2024-03-01T10:20:30.456Z"


class NpmPackage(Place):
    """One package. Its fields are the packument, for a test to change."""

    def __init__(self, server: Server, name: str) -> None:
        super().__init__()
        self._server = server
        self._name = name
        self.document: dict[str, Any] = {
            "name": name,
            "dist-tags": {},
            "versions": {},
            "time": {},
        }
        self.answer_json(self.document)

    def publish(
        self,
        version: str,
        tarball: bytes | None = None,
        **manifest: Any,  # noqa: ANN401 - members of a package.json
    ) -> "NpmPackage":
        data = tarball or f"{self._name}@{version}".encode()
        bare = self._name.rpartition("/")[2]
        path = f"/npm/{self._name}/-/{bare}-{version}.tgz"
        self._server.place(path, Place(lambda: data, "application/octet-stream"))
        self.document["versions"][version] = {
            "name": self._name,
            "version": version,
            "dist": {
                "tarball": f"{self._server.address}{path}",
                "integrity": sri(data),
                "shasum": hashlib.sha1(data).hexdigest(),  # noqa: S324 - npm's own
            },
            **manifest,
        }
        versions = self.document["versions"]
        self._server.place(
            f"/npm/{quote(self._name, safe='@')}/{version}",
            Place(lambda: json.dumps(versions[version]).encode(), "application/json"),
        )
        self.document["dist-tags"]["latest"] = version
        self.document["time"][version] = UPLOADED
        return self

    def version(self, version: str) -> dict[str, Any]:
        found: dict[str, Any] = self.document["versions"][version]
        return found

    def tarball(self, version: str) -> Place:
        url: str = self.version(version)["dist"]["tarball"]
        return self._server.places[url.removeprefix(self._server.address)]

    def swap_tarball(self, data: bytes = b"evil") -> None:
        """Deliver other bytes for every version than the packument promises."""
        for version in self.document["versions"]:
            self.tarball(version).answer(200, data)

    def republish(self, version: str, data: bytes = b"evil") -> None:
        """Replace a version together with what the packument says of it."""
        self.version(version)["dist"]["integrity"] = sri(data)
        self.swap_tarball(data)

    def other_package(self, name: str = "evil") -> None:
        self.document["name"] = name


class NpmWorld:
    def __init__(self, server: Server) -> None:
        self._server = server
        self._packages: dict[str, NpmPackage] = {}
        self.address = f"{server.address}/npm"

    def __getitem__(self, name: str) -> NpmPackage:
        return self._packages[name]

    def publish(
        self,
        name: str,
        version: str,
        tarball: bytes | None = None,
        **manifest: Any,  # noqa: ANN401 - members of a package.json
    ) -> NpmPackage:
        if name not in self._packages:
            package = NpmPackage(self._server, name)
            self._packages[name] = package
            self._server.place(f"/npm/{quote(name, safe='@')}", package)
        return self._packages[name].publish(version, tarball, **manifest)


def sri(data: bytes, algorithm: str = "sha512") -> str:
    digest = hashlib.new(algorithm, data).digest()
    return f"{algorithm}-{base64.b64encode(digest).decode()}"
