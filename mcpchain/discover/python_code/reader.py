"""Read code in Python: which services it asks, and what it loads from a hub."""

from typing import Final

from mcpchain.component import Location
from mcpchain.discover.python_code.clients import ROOTS
from mcpchain.discover.python_code.coarse import imported
from mcpchain.discover.python_code.hub import loads
from mcpchain.discover.python_code.module import Module
from mcpchain.discover.python_code.source import PARSED, Code, codes, read
from mcpchain.discover.python_code.uses import services
from mcpchain.discover.python_code.walk import collect
from mcpchain.inventory import Collector, Gap, State
from mcpchain.tree import File, UnreadableError

_TRUSTS: Final = "trust_remote_code"


def discover(file: File, found: Collector) -> None:
    """Declare every service, model and data set that the code asks for.

    Raises:
        MalformedError: A notebook is not JSON.
        UnreadableError: It cannot be read.
    """
    data = read(file)
    if not data:
        return
    module = Module()
    left = PARSED
    for code in codes(file, data):
        left -= len(code.text)
        _take(code, module, found, large=left < 0)
    module.own = _own(module, file)
    components, complete = services(module)
    for component in (*components, *loads(module, file)):
        found.add(component)
    if not complete:
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=file.path),
                reason="asks more services than are listed of one file",
                state=State.LIMIT,
                hint="divide the file",
            )
        )


def _own(module: Module, file: File) -> frozenset[str]:
    """Return which of the modules that it imports are at the root of the project."""
    names = {origin.partition(".")[0] for _, origin, *_ in module.imports}
    known = {name for name in names if name.encode() in ROOTS}
    return frozenset(name for name in known if _is_own(name, file))


def _is_own(name: str, file: File) -> bool:
    for place in ("{}.py", "{}/__init__.py", "src/{}/__init__.py"):
        path = place.format(name)
        if path != file.path:
            try:
                file.tree.file(path)
            except UnreadableError:
                continue
            return True
    return False


def _take(code: Code, module: Module, found: Collector, *, large: bool) -> None:
    """Note in *module* what one piece of code does; of some only what it imports."""
    problem, hint = f"more than {PARSED:,} characters", "divide the file"
    if not large:
        try:
            collect(code.parse(), code, module)
        except ValueError as error:
            problem = str(error)
            hint = "mend it, or run mcpchain with the Python that it is written for"
        else:
            return
    imported(code, module)
    # Whether code of models runs is no question to leave open.
    state = State.LIMIT if large and _TRUSTS in code.text else State.PARTIAL
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=code.path, pointer=code.pointer),
            reason=f"code that was not parsed ({problem}): of what it asks only "
            "imports were read",
            state=state,
            hint=hint,
        )
    )
