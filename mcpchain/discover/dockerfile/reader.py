"""Read a Dockerfile that lies in the tree."""

from mcpchain.component import Location, Role
from mcpchain.dockerfile import BYTES, read_dockerfile
from mcpchain.document import decode
from mcpchain.inventory import Collector
from mcpchain.tree import File


def discover(file: File, found: Collector) -> None:
    """Declare what the Dockerfile is built from.

    Raises:
        MalformedError: It is no UTF-8 text.
        UnreadableError: It cannot be read.
    """
    text = decode(file.read(BYTES), source=file.path)
    inside = ".devcontainer" in file.path.split("/")
    role = Role.DEVELOPMENT_IMAGE if inside else Role.BASE_IMAGE
    read_dockerfile(text, Location(path=file.path), found, role)
