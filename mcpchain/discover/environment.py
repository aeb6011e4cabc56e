"""What is installed in a Python environment, read without starting its interpreter.

Every distribution leaves a `*.dist-info` folder (PEP 376, PEP 427) whose METADATA says
what it is, and whose `direct_url.json` (PEP 610) where it came from if not an index.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

from packaging.version import InvalidVersion, Version

from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    Origin,
    PackageFacts,
    Pin,
)
from mcpchain.discover import Discoverer
from mcpchain.document import Node
from mcpchain.errors import MalformedError, UsageError
from mcpchain.inventory import Collector, Gap, Inventory, State
from mcpchain.naming import bare_url, is_commit, pypi_purl, vcs_purl
from mcpchain.tree import File, Tree, UnreadableError

_LIMIT: Final = 4 << 20
_SHORT: Final = 100
"""A longer `License` is the text of one."""
_METADATA: Final = ".dist-info/METADATA"
_INTERPRETER: Final = re.compile(r"(?:python|pypy)[\d.]*(?:\.exe)?")
_PREFIX: Final = "environment"
"""Stands before the paths in an environment, whose own path says who works where."""


class InstalledDistribution:
    """Reads the METADATA of a distribution that lies in a project."""

    id: ClassVar[str] = "environment"

    def wants(self, file: File) -> bool:
        """Say whether it is the METADATA of a distribution."""
        return file.path.endswith(_METADATA)

    def discover(self, file: File, found: Collector) -> None:
        """Declare the distribution.

        Raises:
            MalformedError: It names no distribution.
            UnreadableError: It cannot be read.
        """
        found.add(_distribution(file, file.path))


def read_environment(location: Path) -> Inventory:
    """Return the distributions of the environment at *location*.

    Args:
        location: An interpreter, or the folder of a virtual environment. A link to an
            interpreter is not followed: it stands in the environment that it means.

    Raises:
        UsageError: There is no environment there.
    """
    found = Collector(_PREFIX)
    root = environment_root(location)
    folders = sorted(_site_packages(root))
    if not folders:
        raise UsageError(
            f"`{location}` belongs to no Python environment that can be read",
            hint="name the interpreter in the environment, such as .venv/bin/python",
        )
    seen: dict[str, str] = {}
    for folder in folders:
        shown = folder.relative_to(root).as_posix()
        for name, file in _files(folder, f"{_PREFIX}/{shown}", found):
            place = f"{_PREFIX}/{shown}/{name}"
            with _gaps(found, place):
                component = _distribution(file, place)
                ref = found.add(component)
                first = seen.setdefault(component.name, ref)
                if first != ref:
                    reason = f"`{component.name}` is installed twice"
                    found.gap(_gap(place, reason, State.PARTIAL))
    return found.inventory()


def environment_root(location: Path) -> Path:
    """Return the folder of the environment at *location*, as `read_environment` does.

    Raises:
        UsageError: It is neither an interpreter nor a folder.
    """
    absolute = Path(os.path.abspath(location))
    for folder in (absolute, *absolute.parents[:2]):
        if (folder / "pyvenv.cfg").is_file():
            return folder
    if absolute.is_dir():
        return absolute
    if not _INTERPRETER.fullmatch(absolute.name.lower()):
        raise UsageError(
            f"`{location}` is neither a Python interpreter nor an environment",
            hint="name the interpreter in the environment, such as .venv/bin/python",
        )
    # No virtual environment: the interpreter itself may be a link into its prefix.
    return Path(os.path.realpath(absolute)).parent.parent


def _site_packages(root: Path) -> Iterator[Path]:
    patterns = (
        "lib/python3*/site-packages",
        "lib/python3*/dist-packages",
        "lib/python3/dist-packages",
        "local/lib/python3*/dist-packages",
        "Lib/site-packages",
    )
    seen: set[str] = set()
    for pattern in patterns:
        for folder in root.glob(pattern):
            real = os.path.realpath(folder)
            if folder.is_dir() and real not in seen:
                seen.add(real)
                yield folder


def _files(folder: Path, shown: str, found: Collector) -> Iterator[tuple[str, File]]:
    tree = Tree(folder)
    for entry in sorted(os.listdir(folder)):
        if entry.endswith(".dist-info"):
            name = f"{entry}/METADATA"
        elif entry.endswith(".egg-info"):
            name = f"{entry}/PKG-INFO" if (folder / entry).is_dir() else entry
        else:
            continue
        try:
            yield name, tree.file(name)
        except UnreadableError as error:
            found.gap(_gap(f"{shown}/{name}", error.reason, error.state))


@contextlib.contextmanager
def _gaps(found: Collector, place: str) -> Iterator[None]:
    try:
        yield
    except MalformedError as error:
        found.gap(_gap(place, error.problem, State.UNREADABLE))
    except UnreadableError as error:
        found.gap(_gap(place, error.reason, error.state))


def _gap(place: str, reason: str, state: State) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=place),
        reason=reason,
        state=state,
        hint="reinstall the distribution",
    )


def _distribution(file: File, place: str) -> Component:
    head = _headers(file.read(_LIMIT), place)
    try:
        name = pypi_purl(head.get("name", [""])[0]).name
        version = str(Version(head.get("version", [""])[0]))
    except (ValueError, InvalidVersion) as error:
        raise MalformedError(str(error)[:200], source=place) from None
    purl, pin, origin = pypi_purl(name, version), Pin.EXACT, Origin.REGISTRY
    direct = _direct_url(file)
    if direct is not None:
        url = direct.at("url").text()
        if direct.at("vcs_info").exists:
            commit = direct.at("vcs_info").at("commit_id").text()
            pin = Pin.COMMIT if is_commit(commit) else Pin.TAG
            purl, origin = vcs_purl(url, commit, purl), Origin.VCS
        elif url.startswith("file:"):
            origin, pin = Origin.PATH, Pin.LOCAL
        else:
            purl = pypi_purl(name, version, download_url=bare_url(url))
            origin = Origin.URL
    return Component(
        kind=Kind.LIBRARY,
        name=name,
        version=version,
        purl=purl if origin is not Origin.PATH else None,
        pin=pin,
        locations=(Location(path=place),),
        basis=Basis.OBSERVED,
        licenses=tuple(_licenses(head)),
        facts=PackageFacts(origin=origin),
    )


def _direct_url(file: File) -> Node | None:
    if not file.path.endswith(_METADATA):
        return None
    try:
        record = file.beside("direct_url.json")
    except UnreadableError:
        return None  # most distributions come from an index and have none
    return Node.from_json(record.read(_LIMIT), source=record.path)


def _headers(data: bytes, place: str) -> dict[str, list[str]]:
    """Return the headers (RFC 822 style), by name in lower case."""
    head = data.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("METADATA is not UTF-8", source=place) from error
    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        key, colon, value = line.partition(":")
        if colon and line[:1] not in {" ", "\t"}:
            found.setdefault(key.lower(), []).append(value.strip())
    return found


def _licenses(head: dict[str, list[str]]) -> Iterator[str]:
    """Yield the licence: an expression (PEP 639), else the field, else classifiers."""
    if expression := head.get("license-expression"):
        yield expression[0]
        return
    short = head.get("license", [""])[0]
    if short and len(short) <= _SHORT and short.upper() != "UNKNOWN":
        yield short
        return
    for each in head.get("classifier", []):
        if each.startswith("License ::"):
            yield each.rpartition(" :: ")[2]


DISCOVERER: Final[Discoverer] = InstalledDistribution()
