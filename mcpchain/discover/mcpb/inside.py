"""The packages that a bundle brings with it, by what they say of themselves.

A bundle holds what would otherwise be installed: `node_modules` of npm, or a folder
with the distributions of pip. Nothing is unpacked to disk.
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from packageurl import PackageURL

from mcpchain import supplier
from mcpchain.artifact import Artifact
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    Origin,
    PackageFacts,
    Pin,
)
from mcpchain.core_metadata import CoreMetadata
from mcpchain.discover.mcpb.zipped import Archive, ArchiveError, Doubt
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import State
from mcpchain.license import concluded
from mcpchain.naming import npm_purl, pypi_purl
from mcpchain.tree.paths import shown

_BYTES: Final = 1 << 20
_PACKAGES: Final = 20_000
_NATIVES: Final = 1_000
_SHORT: Final = 100
_SHOWN: Final = 3
_LONGEST: Final = 255
_MODULES: Final = "/node_modules/"
_DISTRIBUTION: Final = re.compile(
    r"(?:.*/)?[^/]+\.(?:dist-info/METADATA|egg-info/PKG-INFO)", re.DOTALL
)
_NATIVE: Final = re.compile(
    r".*\.(?:node|so(?:\.[\d.]+)?|dylib|dll|exe|wasm|pyd)", re.IGNORECASE | re.DOTALL
)
_PACKED: Final = re.compile(
    r".*\.(?:zip|whl|egg|jar|mcpb|dxt|tar|tgz|gz|bz2|xz|7z|asar)",
    re.IGNORECASE | re.DOTALL,
)
_NPM_LISTS: Final = frozenset(
    {
        *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"),
        *("bun.lock", "bun.lockb"),
    }
)
_PYTHON_LISTS: Final = re.compile(
    r"uv\.lock|poetry\.lock|pdm\.lock|pipfile(?:\.lock)?|pylock.*\.toml|pyproject\.toml"
    r"|setup\.(?:py|cfg)|.*requirements.*\.txt"
)


class Inside:
    """What an archive holds.

    Args:
        place: The path of the archive, for a reader.
        archive: It, open.
    """

    def __init__(self, place: str, archive: Archive) -> None:
        self.libraries: list[Component] = []
        self.natives: list[Component] = []
        self.doubts = [*archive.doubts]
        self._place = place
        self._archive = archive
        self._folders: dict[str, bool] = {}

    def look(self) -> None:
        """Look at every member."""
        names = sorted(self._archive.members)
        for name in names:
            for part in (self._npm, self._python, self._native):
                with self._noted(name):
                    part(name)
        unsaid = [each for each, told in self._folders.items() if not told]
        self._tell("modules that say of no package whose they are", unsaid)
        packed = [each for each in names if _PACKED.fullmatch(each)]
        self._tell("archives, which were not opened", packed)

    def unread(self, kind: str) -> None:
        """Doubt lists of what is to be installed, unless it is here.

        Args:
            kind: The kind of server: for `uv` it is installed in any case.
        """
        types = {each.purl.type for each in self.libraries if each.purl}
        python = kind == "uv" or "pypi" not in types
        lists = [
            name
            for name in sorted(self._archive.members)
            if _folder(name) is None and ".dist-info/" not in name
            and (
                (_end(name) in _NPM_LISTS and "npm" not in types)
                or (python and _PYTHON_LISTS.fullmatch(_end(name)))
            )
        ]  # fmt: skip
        self._tell("lists of packages that are not in it, which were not read", lists)

    @contextlib.contextmanager
    def _noted(self, name: str) -> Iterator[None]:
        """Turn what is wrong with a member into a doubt, so that others are read."""
        try:
            yield
        except ArchiveError as error:
            reason, state = error.reason, error.state
        except MalformedError as error:
            where = f" ({error.pointer})" if error.pointer else ""
            reason, state = f"{error.problem}{where}", State.UNREADABLE
        else:
            return
        self.doubts.append(Doubt(reason=reason, state=state, member=shown(name)))

    def _tell(self, what: str, names: list[str]) -> None:
        if names:
            some = ", ".join(f"`{shown(each)[:_SHORT]}`" for each in names[:_SHOWN])
            more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
            reason = f"holds {what}: {some}{more}"
            self.doubts.append(Doubt(reason=reason, state=State.PARTIAL))

    def _npm(self, name: str) -> None:
        folder = _folder(name)
        if folder is None:
            return
        told = name == f"{folder}/package.json"
        self._folders[folder] = self._folders.get(folder, False) or told
        if not told:
            return
        place = f"{self._place}!/{shown(name)}"
        package = Node.from_json(self._archive.read(name, _BYTES), source=place)
        called, version = package.at("name").text(), package.at("version").text()
        if not 0 < len(version) <= _LONGEST or not version.isprintable():
            raise package.at("version").malformed("is no version")
        try:
            purl = npm_purl(called, version)
        except ValueError as error:
            raise package.at("name").malformed(str(error)) from None
        installed = f"/{folder}".rpartition(_MODULES)[2]
        alias = "" if installed == called else installed
        self._add(
            purl,
            called,
            place,
            licenses=tuple(_npm_licenses(package)),
            maker=supplier.of_manifest(package.value),
            alias=alias,
        )

    def _python(self, name: str) -> None:
        if not _DISTRIBUTION.fullmatch(name):
            return
        place = f"{self._place}!/{shown(name)}"
        data = self._archive.read(name, _BYTES)
        told = CoreMetadata.parse(data, source=place)
        purl = pypi_purl(told.name, told.version)
        self._add(purl, told.name, place, licenses=told.licenses, maker=told.supplier)

    def _add(
        self,
        purl: PackageURL,
        name: str,
        place: str,
        *,
        licenses: tuple[str, ...],
        maker: str,
        alias: str = "",
    ) -> None:
        if len(self.libraries) >= _PACKAGES:
            raise ArchiveError(f"more than {_PACKAGES:,} packages", State.LIMIT)
        component = Component(
            kind=Kind.LIBRARY,
            name=name,
            version=purl.version,
            purl=purl,
            pin=Pin.EXACT,
            basis=Basis.OBSERVED,
            licenses=licenses,
            concluded=concluded(licenses),
            supplier=maker,
            facts=PackageFacts(origin=Origin.BUNDLED, alias=alias),
            locations=(Location(path=place),),
        )
        self.libraries.append(component)

    def _native(self, name: str) -> None:
        """List a program or library of the machine, by its bytes."""
        if not _NATIVE.fullmatch(name):
            return
        if len(self.natives) >= _NATIVES:
            raise ArchiveError(f"more than {_NATIVES:,} programs", State.LIMIT)
        digest = self._archive.digest(name)
        end = PurePosixPath(name).name
        component = Component(
            kind=Kind.OTHER,
            name=end,
            purl=PackageURL(
                type="generic", name=end, qualifiers={"checksum": str(digest)}
            ),
            pin=Pin.DIGEST,
            basis=Basis.OBSERVED,
            artifacts=(
                Artifact(
                    name=end,
                    digests=(digest,),
                    size=self._archive.members[name].file_size,
                ),
            ),
            facts=PackageFacts(origin=Origin.BUNDLED),
            locations=(Location(path=f"{self._place}!/{shown(name)}"),),
        )
        self.natives.append(component)


def _end(name: str) -> str:
    return PurePosixPath(name).name.casefold()


def _folder(name: str) -> str | None:
    """Return the folder in `node_modules` that a member is in, if it is in one.

    Where a file lies in `node_modules` itself, that is what Node.js finds by its name.
    What begins with a dot is no package's.
    """
    head, modules, rest = f"/{name}".rpartition(_MODULES)
    parts = rest.split("/")
    if not modules or parts[0].startswith("."):
        return None
    kept = parts[: 2 if parts[0].startswith("@") else 1]
    return f"{head}{modules}{'/'.join(kept)}"[1:]


def _npm_licenses(package: Node) -> Iterator[str]:
    """Yield the licence of a package, in the old form of a list or object, too."""
    value = package.value.get("license") or package.value.get("licenses")
    for each in value if isinstance(value, list) else [value]:
        text = each.get("type") if isinstance(each, dict) else each
        if isinstance(text, str) and 0 < len(text) <= _LONGEST:
            yield text
