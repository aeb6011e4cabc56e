"""Find out where DVC keeps what it keeps."""

import re
from pathlib import PurePosixPath
from typing import Final

from mcpchain.naming import bare_url
from mcpchain.tree import File, UnreadableError

_CONFIG: Final = ".dvc/config"
_LIMIT: Final = 1 << 20
_SECTION: Final = re.compile(r"""\[\s*'?(\w+)(?:\s+"([^"]*)")?'?\s*\]""")
_PAIR: Final = re.compile(r"([\w.-]+)\s*=\s*(.*)")


class Remotes:
    """The remotes of the project that a file belongs to, by name."""

    def __init__(self, file: File) -> None:
        self._default = ""
        self._urls: dict[str, str] = {}
        if config := _config(file):
            self._read(config)

    def url(self, name: str) -> str | None:
        """Return the address of the remote *name*, of the default one if empty.

        `None`: there is none, or it is a folder of somebody's machine.
        """
        address = self._urls.get(name or self._default, "")
        elsewhere = "://" in address and not address.lower().startswith("file:")
        return bare_url(address).rstrip("/") if elsewhere else None

    def _read(self, config: str) -> None:
        section, name = "", ""
        for line in config.splitlines():
            text = line.strip()
            if match := _SECTION.fullmatch(text):
                section, name = match[1], match[2] or ""
            elif match := _PAIR.fullmatch(text):
                key, value = match[1], match[2].strip().strip("'\"")
                if (section, key) == ("core", "remote"):
                    self._default = value
                elif (section, key) == ("remote", "url"):
                    self._urls[name] = value


def _config(file: File) -> str:
    """Return the configuration of the nearest project around *file*; empty if none.

    One that cannot be read only leaves it open whence the data come.
    """
    for folder in PurePosixPath(file.path).parents:
        try:
            config = file.tree.file(str(folder / _CONFIG))
            return config.read(_LIMIT).decode("utf-8", "replace")
        except UnreadableError:
            continue
    return ""
