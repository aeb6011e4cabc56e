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
        if name not in self._projects:
            project = PypiProject(self._server, name)
            self._projects[name] = project
            self._server.place(f"/pypi/{self._folder}/{name}/", project)
        return self._projects[name].upload(filename, data)

    def beside(self, folder: str) -> "PypiWorld":
        """Return a second index on the same server."""
        return PypiWorld(self._server, folder)
