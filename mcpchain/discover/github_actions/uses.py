"""What `uses` names: an action or workflow of a repository, or one of our own."""

import posixpath
import re
from typing import Final

from packageurl import PackageURL

from mcpchain.build_step import partial, shown, unreadable
from mcpchain.component import BuildFacts, Component, Kind, Location, Pin, Role
from mcpchain.inventory import Collector
from mcpchain.tree import File, UnreadableError

_USES: Final = re.compile(
    r"(?P<owner>[A-Za-z0-9][A-Za-z0-9_-]{0,99})/(?P<repo>[A-Za-z0-9_.-]{1,100})"
    r"(?P<folder>(?:/[A-Za-z0-9_.+ -]++)*+)@(?P<ref>[^\s@~^:?*\[\\]{1,250})"
)
_COMMIT: Final = re.compile(r"[0-9a-fA-F]{40}")
"""GitHub lets no branch or tag be called like this, and knows no longer ids: what has
64 digits is a branch."""
_FILES: Final = ("action.yml", "action.yaml", "Dockerfile")


def add_action(
    text: str, claim: str, place: Location, found: Collector, role: Role
) -> None:
    """Declare the action or workflow `owner/repository/folder@ref`.

    Args:
        text: As written.
        claim: Which version a comment says that it is; empty if none does.
        place: Where it stands.
        found: Where to keep it.
        role: What it is used as.
    """
    match = _USES.fullmatch(text)
    folder = match["folder"].strip("/") if match else ""
    dots = {".", ".."}
    if match is None or match["repo"] in dots or dots & {*folder.split("/")}:
        hint = "name it as `owner/repository@commit`"
        problem = f"`{shown(text)}` is no action that GitHub finds"
        unreadable(found, place, problem, hint)
        return
    ref = match["ref"]
    pinned = _COMMIT.fullmatch(ref) is not None
    found.add(
        Component(
            kind=Kind.BUILD,
            name="/".join(filter(None, (match["owner"], match["repo"], folder))),
            version=ref.lower() if pinned else None,
            purl=PackageURL(
                type="github",
                namespace=match["owner"],
                name=match["repo"],
                version=ref.lower() if pinned else ref,
                subpath=folder or None,
            ),
            pin=Pin.COMMIT if pinned else Pin.TAG,
            requested=claim if pinned else ref,
            facts=BuildFacts(role=role),
            locations=(place,),
        )
    )


def check_local(
    path: str, file: File, place: Location, found: Collector, role: Role
) -> None:
    """Leave a gap if what is used from the repository itself is not there.

    Where it is, it is read by its own name.
    """
    root = f"/{file.path}".rpartition("/.github/")[0].lstrip("/")
    wanted = posixpath.join(root, path)
    names = [wanted] if role is Role.WORKFLOW else []
    names += [posixpath.join(wanted, each) for each in _FILES if not names]
    for name in names:
        try:
            file.tree.file(name)
        except UnreadableError:
            continue
        return
    partial(
        found,
        place,
        f"`{shown(path) or '.'}` is used from the repository itself, and is not there",
        "examine the folder that holds it; if a step puts it there, use it from its "
        "own repository at a commit",
    )
