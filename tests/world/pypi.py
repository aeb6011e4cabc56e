"""A Python index: pages in JSON (PEP 691), and files."""

import hashlib
from typing import Any

from tests.world.server import Place, Server

UPLOADED = "2024-03-01T10:20:30.456789Z"
_MEDIA = "application/vnd.pypi.simple.v1+json"


class PypiProject(Place):
    """One project. Its fields are the page, for a test to change."""

    def __init__(self, server: Server, name: str) -> None:
        super().__init__(media=_MEDIA)
        self._server = server
        self.document: dict[str, Any] = {
            "meta": {"api-version": "1.1"},
            "name": name,
            "files": [],
            "versions": [],
        }
        self.answer_json(self.document)

    def upload(self, filename: str, data: bytes | None = None) -> "PypiProject":
        content = data or filename.encode()
        path = f"/files/{filename}"
        self._server.place(path, Place(lambda: content, "application/octet-stream"))
        self.document["files"].append(
            {
                "filename": filename,
                "url": f"../../../files/{filename}",
                "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
                "size": len(content),
                "upload-time": UPLOADED,
                "yanked": False,
            }
        )
        return self

    def release(
        self, version: str, *needs: str, metadata: bytes | None = None
    ) -> "PypiProject":
        """Upload a wheel for every Python, with its metadata beside it (PEP 658)."""
        name = self.document["name"]
        filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        self.upload(filename)
        data = core_metadata(name, version, *needs) if metadata is None else metadata
        self._server.place(f"/files/{filename}.metadata", Place(lambda: data, "text"))
        digest = hashlib.sha256(data).hexdigest()
        self.file(filename)["core-metadata"] = {"sha256": digest}
        return self

    def metadata(self, version: str) -> Place:
        name = self.document["name"].replace("-", "_")
        path = f"/files/{name}-{version}-py3-none-any.whl.metadata"
        return self._server.places[path]

    def file(self, filename: str) -> dict[str, Any]:
        found: dict[str, Any] = next(
            each for each in self.document["files"] if each["filename"] == filename
        )
        return found

    def swap_file(self, filename: str, data: bytes = b"evil") -> None:
        """Deliver other bytes than the page promises."""
        self._server.places[f"/files/{filename}"].answer(200, data)

    def other_package(self, name: str = "evil") -> None:
        self.document["name"] = name


class PypiWorld:
    def __init__(self, server: Server, folder: str = "simple") -> None:
        self._server = server
        self._folder = folder
        self._projects: dict[str, PypiProject] = {}
        self.address = f"{server.address}/pypi/{folder}"

    def __getitem__(self, name: str) -> PypiProject:
        return self._projects[name]

    def upload(
        self, name: str, filename: str, data: bytes | None = None
    ) -> PypiProject:
        return self._project(name).upload(filename, data)

    def release(
        self, name: str, version: str, *needs: str, metadata: bytes | None = None
    ) -> PypiProject:
        return self._project(name).release(version, *needs, metadata=metadata)

    def _project(self, name: str) -> PypiProject:
        if name not in self._projects:
            project = PypiProject(self._server, name)
            self._projects[name] = project
            self._server.place(f"/pypi/{self._folder}/{name}/", project)
        return self._projects[name]

    def beside(self, folder: str) -> "PypiWorld":
        """Return a second index on the same server."""
        return PypiWorld(self._server, folder)


def core_metadata(name: str, version: str, *needs: str) -> bytes:
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {each}" for each in needs]
    return ("\n".join(lines) + "\n\nRequires-Dist: not-a-header\n").encode()
