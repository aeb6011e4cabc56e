"""What makes a launcher choose other versions than npm or pip would by themselves.

Such an option leaves no doubt about the package that a command names. What that one
pulls in is chosen in another way, or for another system.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mcpchain.launch.words import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sway:
    """What sways one family of launchers."""

    options: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()
    """In lower case, with underscores."""


_NPM: Final = _Sway(
    options=frozenset(
        {
            *("--before", "--min-release-age", "--tag", "--omit", "--include"),
            *("--production", "--legacy-peer-deps", "--force", "-f", "--global", "-g"),
            *("--offline", "--prefer-offline"),
        }
    ),
    variables=frozenset(
        f"npm_config_{name}"
        for name in (
            *("before", "min_release_age", "omit", "include", "legacy_peer_deps"),
            *("offline", "prefer_offline"),
        )
    ),
)
# Of several indexes uv takes a package from the first that has it.
_UV: Final = _Sway(
    options=frozenset(
        {
            *("--exclude-newer", "--exclude-newer-package", "--resolution", "--pre"),
            *("--prerelease", "--prerelease-package", "--fork-strategy", "--offline"),
            *("--python", "-p", "--python-platform", "--python-preference"),
            *("--managed-python", "--no-managed-python", "--torch-backend"),
            *("--no-build", "--no-build-package", "--no-binary", "--no-binary-package"),
            *("--index", "--extra-index-url", "--find-links", "-f", "--no-index"),
            *("--index-strategy", "--with-editable"),
        }
    ),
    variables=frozenset(
        f"uv_{name}"
        for name in (
            *("exclude_newer", "resolution", "prerelease", "offline", "python"),
            *("python_preference", "no_build", "index", "extra_index_url"),
            *("find_links", "index_strategy"),
        )
    ),
)
_PIPX: Final = _Sway(
    options=frozenset(
        {
            *("--python", "--backend", "--pypackages", "--system-site-packages"),
            *("--pre", "--no-index", "--find-links", "-f"),
        }
    ),
    variables=frozenset({"pip_pre", "pip_no_index", "pip_find_links"}),
)
_FAMILIES: Final = {
    **dict.fromkeys(("npx", "npm"), _NPM),
    **dict.fromkeys(("uvx", "uv"), _UV),
    "pipx": _PIPX,
}


def swayed_by(launcher: str, line: Line, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of all that sways *launcher*, sorted.

    One that is neither npm's nor of the Python world sways by itself.

    Args:
        launcher: The program that installs.
        line: Its options.
        env: The variables that are set for it.
    """
    family = _FAMILIES.get(launcher)
    if family is None:
        return (launcher,)
    given = {*line.switches, *(name for name, _ in line.options)}
    variables = (each for each in env if _folded(each) in family.variables)
    return tuple(sorted({*(given & family.options), *variables}))


def _folded(name: str) -> str:
    return name.lower().replace("-", "_")
