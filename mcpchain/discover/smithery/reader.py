"""Read Smithery's manifest."""

from typing import Final

from mcpchain.component import Location
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.tree import File

_BYTES: Final = 1 << 20


def discover(file: File, found: Collector) -> None:
    """Leave a gap where the command is the result of a program.

    Raises:
        MalformedError: It is not YAML, or no mapping.
        UnreadableError: It cannot be read.
    """
    document = Node.from_yaml(file.read(_BYTES), source=file.path)
    start = document.at("startCommand")
    if not start.exists or not start.at("commandFunction").exists:
        return
    function = start.at("commandFunction")
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=file.path, pointer=function.pointer),
            reason="the server is started by what a JavaScript function returns, "
            "which was not run",
            state=State.UNSUPPORTED,
            hint="see which command the function returns, and check what it names",
        )
    )
