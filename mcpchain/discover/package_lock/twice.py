"""The second list of a lock of version 2, `dependencies`, which npm 6 installs from.

It has to say the same as `packages`: what stands only there would be seen by nobody.
"""

from collections.abc import Iterator, Mapping

from mcpchain.component import Location
from mcpchain.discover.package_lock.entry import PATH_LENGTH, Entry
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.npm_lock.name import SHOWN


def compare(lock: Node, entries: Mapping[str, Entry], found: Collector) -> None:
    """Leave a gap where `dependencies` says something that `packages` does not."""
    first: tuple[Node, str] | None = None
    count = 0
    try:
        for node, problem in _differences(lock.at("dependencies"), entries):
            first = first or (node, problem)
            count += 1
    except MalformedError as error:
        with found.entry():
            raise error from None
    if first is None:
        return
    node, problem = first
    more = f" (and {count - 1} more)" if count > 1 else ""
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=node.source, pointer=node.pointer),
            reason=f"{problem}{more}",
            state=State.UNREADABLE,
            hint="run `npm install --package-lock-only` to write both lists anew",
        )
    )


def _differences(
    dependencies: Node, entries: Mapping[str, Entry]
) -> Iterator[tuple[Node, str]]:
    """Yield each entry that `packages` does not hold, or holds otherwise."""
    levels = [("", dependencies.items())]
    while levels:
        above, members = levels[-1]
        name, node = next(members, (None, dependencies))
        if name is None:
            levels.pop()
            continue
        path = f"{above}node_modules/{name}"
        entry = entries.get(path)
        if entry is None:
            yield node, f"`{name[:SHOWN]}` is in `dependencies`, but not in `packages`"
        elif key := _differing(node, entry.node):
            yield node, f"`{name[:SHOWN]}` has another `{key}` than in `packages`"
        if "dependencies" not in node:
            continue
        if len(path) > PATH_LENGTH:
            yield node, f"`{name[:SHOWN]}` is nested too deeply to be followed"
            continue
        inside = entry.link if entry is not None and entry.link is not None else path
        levels.append((f"{inside}/", node.at("dependencies").items()))


def _differing(node: Node, other: Node) -> str | None:
    """Return the member that names other bytes, if one does."""
    for key in ("resolved", "integrity", "version"):
        node.at(key).optional_text()
        other.at(key).optional_text()
    theirs = other.value.get
    for key in ("resolved", "integrity"):
        if node.value.get(key) not in {None, theirs(key)}:
            return key
    resolved, version = theirs("resolved"), theirs("version")
    same = {None, version, resolved, f"npm:{theirs('name')}@{version}"}
    ours = node.value.get("version")
    if ours in same:
        return None
    # A path is seen from the package that asks here, and from the lock there.
    local = "link" in other or str(resolved).startswith("file:")
    end = str(ours).rpartition("/")[2].removeprefix("file:")
    if str(ours).startswith("file:") and local and str(resolved).endswith(end):
        return None
    return "version"
