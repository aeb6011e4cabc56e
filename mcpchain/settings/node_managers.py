"""The configuration files of yarn, pnpm and bun, as far as they choose registries.

Each answers with the registries, and with the names of the settings that may change
whom the program asks, what it believes, or what it runs (their manuals, "Settings").
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from mcpchain.document import Node, decode
from mcpchain.settings.npmrc import Registries

Read = tuple[Registries, list[str]]
"""The registries, and the settings that matter."""

_SCOPE: Final = re.compile(r"@?([^/:]+)")
_YARNRC: Final = re.compile(r'\s*"?(?P<key>[^"\s]+)"?\s+"?(?P<value>[^"]*?)"?\s*')
_YARN: Final = frozenset(
    {
        "caFilePath",
        "checksumBehavior",
        "enableStrictSsl",
        "httpProxy",
        "httpsCaFilePath",
        "httpsProxy",
        "networkSettings",
        "plugins",
        "unsafeHttpWhitelist",
        "yarnPath",
    }
)
_YARN_1: Final = frozenset(
    {
        "cafile",
        "https-proxy",
        "proxy",
        "strict-ssl",
        "yarn-offline-mirror",
        "yarn-path",
    }
)
_PNPM: Final = frozenset(
    {
        "ca",
        "cafile",
        "configDependencies",
        "globalPnpmfile",
        "httpProxy",
        "httpsProxy",
        "namedRegistries",
        "noProxy",
        "nodeOptions",
        "pnpmfile",
        "proxy",
        "strictSsl",
        "verifyStoreIntegrity",
    }
)
_BUN: Final = frozenset({"ca", "cafile"})
_ON: Final = frozenset({"enableStrictSsl", "strictSsl", "verifyStoreIntegrity"})


def read_yarnrc_yml(data: bytes, source: str) -> Read:
    """Read the `.yarnrc.yml` of yarn 2 and later.

    Raises:
        MalformedError: It is not YAML, or a registry is no text.
    """
    settings = Node.from_yaml(data, source=source)
    scopes = {}
    for name, scope in _members(settings, "npmScopes"):
        if (url := scope.at("npmRegistryServer").optional_text()) is not None:
            scopes[name] = url
    default = settings.at("npmRegistryServer") if settings.exists else settings
    return _chosen(default.optional_text(), scopes), _found(settings, _YARN)


def read_yarnrc(data: bytes, source: str) -> Read:
    """Read the `.yarnrc` of yarn 1.

    Raises:
        MalformedError: It is no text.
    """
    values = {}
    for line in decode(data, source=source).split("\n"):
        match = _YARNRC.fullmatch(line)
        if match is not None and not match["key"].startswith("#"):
            values[match["key"]] = match["value"]
    matter = sorted(_YARN_1 & {*values})
    return Registries.chosen(values), matter


def read_pnpm_workspace(data: bytes, source: str) -> Read:
    """Read the settings in a `pnpm-workspace.yaml`.

    Raises:
        MalformedError: It is not YAML, or a registry is no text.
    """
    settings = Node.from_yaml(data, source=source)
    scopes = {name: url.text() for name, url in _members(settings, "registries")}
    default = scopes.pop("default", None)
    if settings.exists and "registry" in settings:
        default = settings.at("registry").optional_text()
    return _chosen(default, scopes), _found(settings, _PNPM)


def read_bunfig(data: bytes, source: str) -> Read:
    """Read the `bunfig.toml` of bun.

    Raises:
        MalformedError: It is not TOML, or a registry is none.
    """
    install = Node.from_toml(data, source=source).at("install")
    scopes = {name: _address(node) for name, node in _members(install, "scopes")}
    default = _address(install.at("registry")) if install.exists else None
    named = {name: url for name, url in scopes.items() if url is not None}
    return _chosen(default, named), _found(install, _BUN)


def _address(node: Node) -> str | None:
    return (node.at("url") if node.is_object() else node).optional_text()


def _members(node: Node, key: str) -> Iterator[tuple[str, Node]]:
    if node.exists:
        yield from node.at(key).items()


def _found(node: Node, matter: frozenset[str]) -> list[str]:
    value: Any = node.value
    members = value if isinstance(value, dict) else {}
    # What is on by itself matters when it is off, and the rest when it is there.
    return sorted(
        key
        for key in matter & {*members}
        if (members[key] is not True if key in _ON else members[key])
    )


def _chosen(default: str | None, scopes: Mapping[str, str]) -> Registries:
    values = {"registry": default} if default else {}
    for name, url in scopes.items():
        scope = _SCOPE.match(name)
        if scope is not None:
            values[f"@{scope[1]}:registry"] = url
    return Registries.chosen(values)


READERS: Final[Mapping[str, Callable[[bytes, str], Read]]] = {
    ".yarnrc.yml": read_yarnrc_yml,
    ".yarnrc": read_yarnrc,
    "pnpm-workspace.yaml": read_pnpm_workspace,
    "bunfig.toml": read_bunfig,
}
"""By the names of the files."""
