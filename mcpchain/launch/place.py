"""Where a program lies: which folders are the system's own, and which may be anybody's.

A launcher that is named by a path is that launcher only where the system keeps it; at
any other place a file of that name can be anything.
"""

import re
from typing import Final

_SYSTEM: Final = re.compile(
    r"/(?:usr/)?s?bin|/usr/local/s?bin|/opt/homebrew/s?bin|/opt/local/bin|/snap/bin"
    r"|/run/current-system/sw/bin"
    r"|[a-z]:/program files(?: \(x86\))?(?:/[a-z0-9 ._-]+){0,4}"
    r"|[a-z]:/windows(?:/system32)?",
    re.IGNORECASE,
)
_USER: Final = re.compile(
    r"(?:/home/[^/]+|/users/(?!shared/)[^/]+|/root|[a-z]:/users/(?!public/)[^/]+"
    r"|~|\$home|\$\{(?:env:)?home\}|\$\{userhome\}|%userprofile%)"
    r"/(?:\.local/bin|\.cargo/bin|\.bun/bin|\.deno/bin|\.volta/bin|\.pyenv/shims"
    r"|\.asdf/shims|\.local/share/mise/shims|\.nvm/versions/node/v[0-9.]+/bin"
    r"|\.dotnet(?:/tools)?|\.jbang/bin|go/bin|library/pnpm|\.local/share/pnpm"
    r"|scoop/shims|appdata/roaming/npm|\.npm-global/bin)",
    re.IGNORECASE,
)
"""Where installers put the launchers of one user, by their manuals."""
_NPM: Final = re.compile(
    r"(?:/usr(?:/local)?/lib|/opt/homebrew/lib"
    r"|[a-z]:/program files/nodejs)/node_modules/npm/bin",
    re.IGNORECASE,
)


def is_system_folder(folder: str) -> bool:
    """Say whether only the administrator of a usual machine writes to *folder*."""
    plain = folder.replace("\\", "/").rstrip("/")
    return ".." not in plain and _SYSTEM.fullmatch(plain) is not None


def is_launcher_folder(folder: str) -> bool:
    """Say whether the system, or an installer for its user, keeps launchers there."""
    plain = folder.replace("\\", "/").rstrip("/")
    known = ".." not in plain and _USER.fullmatch(plain) is not None
    return known or is_system_folder(folder)


def is_npm_folder(folder: str) -> bool:
    """Say whether npm keeps its own programs in *folder*."""
    return _NPM.fullmatch(folder.replace("\\", "/")) is not None


def folder_of(program: str) -> str:
    """Return the folder in the path *program*; empty if it is a bare name."""
    return program.replace("\\", "/").rpartition("/")[0] or (
        "/" if program[:1] in {"/", "\\"} else ""
    )
