"""Files that change what a launcher runs, though no command line names them.

A launcher looks for them in the folder that it is started in, and above: a copy of the
package that it would run instead, or settings with another source.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from mcpchain.launch.record import Requested

_LOCAL_FIRST: Final = frozenset({"npx", "npm", "bunx", "bun", "deno"})
"""Launchers that run what lies in `node_modules`, if its version fits."""
_NUGET: Final = ("nuget.config", "NuGet.config", "NuGet.Config", "global.json")
_SETTINGS: Final = {
    "bun": ("bunfig.toml",),
    "bunx": ("bunfig.toml",),
    "deno": ("deno.json", "deno.jsonc", "deno.lock", "package.json"),
    "dnx": _NUGET,
    "dotnet": _NUGET,
    "pnpm": ("pnpm-workspace.yaml",),
    "pnpx": ("pnpm-workspace.yaml",),
    "yarn": (".yarnrc.yml",),
    "jbang": ("jbang.properties", ".jbang/jbang.properties"),
}
"""Settings of the project that name other sources, versions or programs."""
_SUFFIXES: Final = (".exe", ".cmd", ".bat", ".com")
"""Windows starts a program of that name in the folder before any other."""


def nearby(chain: Sequence[str], packages: Sequence[Requested]) -> Iterator[str]:
    """Yield the paths of such files, from the folder or one above it.

    Args:
        chain: The launchers, outermost first.
        packages: What they are asked for.
    """
    for launcher in dict.fromkeys(chain):
        yield from (launcher + suffix for suffix in _SUFFIXES)
        # A program that is built already needs neither sources nor tools of .NET.
        if launcher != "dotnet" or packages:
            yield from _SETTINGS.get(launcher, ())
    if _LOCAL_FIRST.isdisjoint(chain):
        return
    for package in packages:
        if package.purl is not None and package.purl.type == "npm":
            name = package.alias or package.name
            yield f"node_modules/{name}/package.json"
            yield f"node_modules/.bin/{name.rpartition('/')[2]}"
