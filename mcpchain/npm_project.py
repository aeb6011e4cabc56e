"""What the `.npmrc` files of an examined project would have npm do, and its kin.

npm reads the one in the folder of the project (npm docs, npmrc); pnpm, yarn and bun
have files of their own besides. They are not the user's word, so they are never
followed: the registries that they name are told of each package that would come from
there, and what else they change is a gap.
"""

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from mcpchain.component import Component, Kind, Location, Origin, PackageFacts
from mcpchain.document import decode
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, Inventory, State
from mcpchain.tree import File, Tree, UnreadableError

if TYPE_CHECKING:
    from mcpchain.settings.npmrc import Registries

_BYTES: Final = 1 << 20
_FOLDERS: Final = 100
_GAPS: Final = 50
"""Limits: bytes of a file, folders upwards in which one is looked for, gaps of it."""

_HARMLESS: Final = r"""
      (?:@[^:/]+:)?registry                # told of each package
    | //[^\s]+:(?:_authToken|_auth|username|_password|email|always-auth)
    | _auth | _authToken | always-auth | email | username | _password | access
    | audit(?:-level)? | color | colou?rs? | commit-hooks | depth | description
    | also | dev | only | omit | optional | production | include | force
    | engine-strict | fetch-(?:retries|retry-\w+|retry-[\w-]+|timeout)
    | foreground-scripts | format-package-lock | fund | heading | git-tag-version
    | (?:public-)?hoist(?:-pattern)? | shamefully-hoist | ignore-scripts
    | init[.-](?:author|license|version)[\w.-]* | install-(?:links|strategy)
    | legacy-(?:bundling|peer-deps) | link-workspace-packages | lockfile-version
    | loglevel | logs-max | long | maxsockets | message | min-release-age
    | minimum-release-age | network-concurrency | node-linker | auto-install-peers
    | lockfile-include-tarball-url | package-lock-only | package-manager-strict
    | prefer-(?:dedupe|workspace-packages)
    | dedupe-peer-dependents | progress | provenance | resolution-mode
    | save(?:-[a-z]+)* | scope | shared-workspace-lockfile | sign-git-(?:commit|tag)
    | side-effects-cache | strict-peer-(?:deps|dependencies) | tag-version-prefix
    | timing | umask | unicode | update-notifier | verify-store-integrity
    | workspace-concurrency | workspaces-update
    """
"""Settings that change neither whom npm asks nor what it runs, as a pattern."""
_ON: Final = frozenset({"package-lock", "shrinkwrap", "strict-ssl"})
"""Settings that are harmless as long as they are on."""
_FILES: Final = {
    "pnpm-lock.yaml": (".npmrc", "pnpm-workspace.yaml"),
    "yarn.lock": (".npmrc", ".yarnrc.yml", ".yarnrc"),
    "bun.lock": (".npmrc", "bunfig.toml"),
    "package.json": (
        ".npmrc",
        ".yarnrc.yml",
        ".yarnrc",
        "pnpm-workspace.yaml",
        "bunfig.toml",
    ),
}
"""The configuration that counts for a file, where that is more than npm's."""
_PROGRAMS: Final = frozenset({"yarnPath", "yarn-path"})
"""Settings of yarn with which it hands over to a program that they name."""
_SECRET: Final = re.compile(r"[@?:=\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Project:
    """A folder's `.npmrc`, or another such file, read."""

    registries: "Registries | None" = None
    gaps: tuple[Gap, ...] = ()


class NpmProjects:
    """The `.npmrc` files of a tree, and those of its kin, each read once.

    Args:
        tree: Where they are.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[str, _Project | None] = {}

    def attribute(self, inventory: Inventory, path: str) -> Inventory:
        """Tell of each npm package in *inventory* whence the project would take it.

        Args:
            inventory: What the file at *path* declares.
            path: Of that file. The nearest `.npmrc` in its folder or above counts:
                npm reads but one, in a folder that its user chooses.
        """
        if not any(map(_is_npm, inventory.components)):
            return inventory
        file = PurePosixPath(path)
        names = _FILES.get(file.name.casefold(), (".npmrc",))
        nearest = (self._nearest(file.parent, name) for name in names)
        projects = [each for each in nearest if each is not None]
        if not projects:
            return inventory
        components = [*inventory.components]
        gaps = [*inventory.gaps]
        for project in projects:
            if (chosen := project.registries) is not None:
                components = [_attributed(each, chosen) for each in components]
            gaps += project.gaps
        found = Collector(inventory.name)
        found.include(
            replace(inventory, components=tuple(components), gaps=tuple(gaps))
        )
        return found.inventory()

    def _nearest(self, folder: PurePosixPath, name: str) -> _Project | None:
        for each in (folder, *folder.parents[:_FOLDERS]):
            path = str(each / name)
            if path not in self._known:
                self._known[path] = _read(self._tree, path, name)
            if (project := self._known[path]) is not None:
                return project
        return None


def _is_npm(component: Component) -> bool:
    return (
        isinstance(component.facts, PackageFacts)
        and component.facts.origin is Origin.REGISTRY
        and component.purl is not None
        and component.purl.type == "npm"
    )


def _attributed(component: Component, registries: "Registries") -> Component:
    facts, theirs = component.facts, registries.of(component.name)
    if not _is_npm(component) or not isinstance(facts, PackageFacts) or theirs is None:
        return component
    if facts.registry is None:
        return replace(component, facts=replace(facts, registry=theirs))
    # npm puts the configured registry in the place of its own default in a lock
    # (`replace-registry-host`). A command line that names one is obeyed.
    if facts.registry == theirs or component.kind is not Kind.LIBRARY:
        return component
    extra = dict.fromkeys([*facts.extra_registries, theirs])
    return replace(component, facts=replace(facts, extra_registries=tuple(extra)))


def _read(tree: Tree, path: str, name: str) -> _Project | None:
    """Read one file; `None` if there is none."""
    try:
        file: File = tree.file(path)
        registries, settings = _choices(file.read(_BYTES), path, name)
    except UnreadableError as error:
        absent = isinstance(error.__cause__, FileNotFoundError | NotADirectoryError)
        return None if absent else _Project(gaps=(error.gap(),))
    except MalformedError as error:
        return _Project(gaps=(_gap(path, error.problem, State.UNREADABLE),))
    gaps = [_doubt(path, key) for key in settings]
    if len(gaps) > _GAPS:
        more = _gap(path, f"more than {_GAPS} settings that matter", State.LIMIT)
        gaps = [*gaps[:_GAPS], more]
    return _Project(registries=registries, gaps=tuple(gaps))


def _doubt(path: str, key: str) -> Gap:
    """Say what is not known because of a setting."""
    if key in _PROGRAMS:
        reason = f"sets `{key}`: a program in the project runs in the place of yarn"
        return Gap(
            stage="discover",
            location=Location(path=path),
            reason=reason,
            state=State.PARTIAL,
            hint="review that file, or name the release in `packageManager` instead",
        )
    reason = f"sets `{_shown(key)}`, which may change whom npm asks or what it runs"
    return _gap(path, reason, State.UNSUPPORTED)


def _choices(data: bytes, path: str, name: str) -> "tuple[Registries, list[str]]":
    """Return the registries that a file names, and the settings that matter."""
    from mcpchain.settings.node_managers import READERS
    from mcpchain.settings.npmrc import Registries, parse

    if (reader := READERS.get(name)) is not None:
        return reader(data, path)
    values = parse(decode(data, source=path), {})
    harmless = re.compile(_HARMLESS, re.VERBOSE)
    settings = [
        key
        for key, value in values.items()
        if not (harmless.fullmatch(key) or (key in _ON and value == "true"))
    ]
    return Registries.chosen(values), settings


def _shown(key: str) -> str:
    """Return so much of a key as cannot be a secret."""
    head = _SECRET.split(key, maxsplit=1)[0][:40]
    return head if head == key and key.isprintable() else f"{ascii(head)[1:-1]}…"


def _gap(path: str, reason: str, state: State) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=path),
        reason=reason,
        state=state,
        hint="keep this setting in your own configuration, or remove it",
    )
