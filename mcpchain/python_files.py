"""The files that a Python lock accepts for a package, each with its hash."""

from collections.abc import Iterator
from typing import Final

from packaging.utils import (
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from mcpchain.artifact import Artifact, Digest
from mcpchain.document import Node
from mcpchain.inventory import Collector
from mcpchain.requirement import public_address

_REPEATED: Final = 100_000
"""How many files of a lock are repeated, for further entries that share a list."""


def digest_of(node: Node, found: Collector) -> tuple[Digest, ...]:
    """Read a hash. A bad one is a gap, and what it stands for has no digest."""
    digests: tuple[Digest, ...] = ()
    with found.entry():
        text = node.optional_text()
        try:
            digests = (Digest.parse(text),) if text is not None else ()
        except ValueError as error:
            raise node.malformed(str(error)) from None
    return digests


def listed_files(files: Node, found: Collector) -> Iterator[Artifact]:
    """Read the files of a package: tables of `file` or `url`, and `hash`."""
    for each in files.elements():
        with found.entry():
            url = public_address(each.at("url").optional_text() or "")
            name = each.at("file").optional_text() or url
            yield Artifact(
                name=name.replace("\\", "/").rpartition("/")[2],
                digests=digest_of(each.at("hash"), found),
                url=url or None,
            )


class TabledFiles:
    """The files of an older lock, which stand in one table for all its packages.

    Args:
        table: Lists of files, each by the name of a package and what may follow it
            after a space: its version.
        found: Where gaps are left.
    """

    def __init__(self, table: Node, found: Collector) -> None:
        self._found = found
        self._nodes: dict[str, list[Node]] = {}
        self._lists: dict[str, tuple[Artifact, ...]] = {}
        self._shares: dict[str, dict[str, list[Artifact]]] = {}
        self._handed: set[str] = set()
        self._left = _REPEATED
        with found.entry():
            for key, node in table.items():
                self._keep(key, node)

    def _keep(self, key: str, node: Node) -> None:
        """Keep a list. Which of two for one package an installer takes is not known."""
        name, _, version = key.partition(" ")
        nodes = self._nodes.setdefault(_key(name, version), [])
        nodes.append(node)
        if len(nodes) > 1:
            with self._found.entry():
                raise node.malformed("is a second list of files for one package")

    def of(self, node: Node, name: str, version: str = "") -> tuple[Artifact, ...]:
        """Return the files under *name* and *version*, as they are written.

        Args:
            node: The entry that they are for.
            name: Of the package, in any spelling.
            version: As the table has it, if it has any.

        Raises:
            MalformedError: Too many files are repeated for entry after entry.
        """
        key = _key(name, version)
        listed = self._listed(key)
        self._spend(node, key, len(listed))
        return listed

    def share(
        self, node: Node, name: str, version: str | None, versions: frozenset[str]
    ) -> tuple[Artifact, ...]:
        """Return the files under *name* that may be of *version*, by their names.

        Args:
            node: The entry that they are for.
            name: Of the package, in any spelling.
            version: Its version.
            versions: All versions of it that share the list; always the same.

        Raises:
            MalformedError: Too many files are repeated for entry after entry.
        """
        key = _key(name, "")
        shares = self._shares.get(key)
        if shares is None:
            shares = self._shares[key] = {}
            for each in self._listed(key):
                told = _version_of(each.name)
                # A file of no version of the lock may be accepted for any of them.
                shares.setdefault(told if told in versions else "", []).append(each)
        own = shares.get(version, []) if version else []
        self._spend(node, f"{key} {version}", len(own))
        rest = shares.get("", [])
        self._spend(node, key, len(rest))
        return (*own, *rest)

    def _listed(self, key: str) -> tuple[Artifact, ...]:
        if key not in self._lists:
            self._lists[key] = tuple(
                artifact
                for node in self._nodes.get(key, ())
                for artifact in self._read(node)
            )
        return self._lists[key]

    def _read(self, node: Node) -> list[Artifact]:
        artifacts: list[Artifact] = []
        with self._found.entry():
            artifacts += listed_files(node, self._found)
        return artifacts

    def _spend(self, node: Node, key: str, files: int) -> None:
        """Count the files of a list, unless they are handed out for the first time."""
        if key in self._handed:
            self._left -= files
        self._handed.add(key)
        if self._left < 0:
            raise node.malformed(
                f"shares its files with so many entries that more than {_REPEATED:,} "
                "would be repeated"
            )


def _key(name: str, version: str) -> str:
    return f"{canonicalize_name(name)} {version}"


def _version_of(file: str) -> str:
    """Return the version that the name of a wheel or source archive tells."""
    wheel = file.lower().endswith(".whl")
    try:
        told = parse_wheel_filename(file)[1] if wheel else parse_sdist_filename(file)[1]
    except ValueError:
        return ""
    return str(told)
