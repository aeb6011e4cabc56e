"""pip's configuration: which indexes it asks (pip's user guide, Configuration).

Files from the whole system, the user and the environment, then `PIP_CONFIG_FILE`, then
`PIP_` variables; the later wins. `[global]` counts for every command, and `[install]`
and `[download]` for those that fetch.
"""

import ast
import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from mcpchain.address import Credential, is_http, normalise, public
from mcpchain.settings.problem import Problem, read

_SECTIONS: Final = ("global", "download", "install")
_SWAYING: Final = frozenset(
    {
        *("pre", "uploaded-prior-to", "constraint", "no-binary", "only-binary"),
        *("prefer-binary", "no-deps", "platform", "python-version", "implementation"),
        *("abi", "use-deprecated", "ignore-requires-python", "all-releases"),
        "only-final",
    }
)
"""Settings that change which versions are chosen, or which of them are installed."""
_KEYS: Final = _SWAYING | {
    *("index-url", "extra-index-url", "no-index", "cert", "proxy", "find-links")
}
_FALSE: Final = frozenset({"", "n", "no", "f", "false", "off", "0"})
_TRUE: Final = frozenset({"y", "yes", "t", "true", "on", "1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PipSettings:
    """What pip would do."""

    index: str | None = None
    """Without credentials. `None`: pip's default."""
    extra_indexes: tuple[str, ...] = ()
    no_index: bool = False
    local_sources: tuple[str, ...] = ()
    cert: str | None = None
    proxy: str | None = None
    credentials: tuple[Credential, ...] = ()
    swayed_by: tuple[str, ...] = ()
    """The names of what changes which versions are chosen, sorted."""


@cache
def default_index() -> str:
    """Return the index that is asked where none is configured.

    pypi-simple knows it. It is read in its source where it can be: to import it takes a
    third of a second, for an HTTP client that is not asked for.
    """
    spec = find_spec("pypi_simple")
    source = Path(spec.origin).read_bytes() if spec and spec.origin else b""
    for each in ast.parse(source).body:
        match each:
            case ast.AnnAssign(
                target=ast.Name(id="PYPI_SIMPLE_ENDPOINT"),
                value=ast.Constant(value=str(address)),
            ):
                return normalise(address)
            case _:
                pass
    import pypi_simple

    return normalise(pypi_simple.PYPI_SIMPLE_ENDPOINT)


def load(
    environ: Mapping[str, str], home: Path, problems: list[Problem]
) -> PipSettings:
    """Read what pip would read, in its order."""
    values: dict[str, str] = {}
    for path in _files(environ, home):
        if (text := read(path, problems)) is not None:
            values.update(_parse(text, path.name, problems))
    for key in _KEYS:
        # pip takes an empty variable for one that is not set.
        if value := environ.get(f"PIP_{key.upper().replace('-', '_')}"):
            values[key] = value
    return _settings(values)


def _settings(values: Mapping[str, str]) -> PipSettings:
    index = values.get("index-url", "").strip()
    extra = values.get("extra-index-url", "").split()
    # pip takes a user name in an index for every file of that server; we take it for
    # what lies beside the index, where its files are.
    logins = [
        Credential.of(each, scope=normalise(each).removesuffix("/simple"))
        for each in (index, *extra)
    ]
    local = [public(each) for each in (index, *extra) if each and not is_http(each)]
    return PipSettings(
        index=public(index) if index else None,
        extra_indexes=tuple(public(each) for each in extra),
        no_index=values.get("no-index", "").strip().lower() in _TRUE,
        local_sources=(*local, *map(public, values.get("find-links", "").split())),
        cert=values.get("cert", "").strip() or None,
        proxy=values.get("proxy", "").strip() or None,
        credentials=tuple(each for each in logins if each),
        swayed_by=tuple(
            key
            for key in sorted(_SWAYING & values.keys())
            if values[key].strip().lower() not in _FALSE
        ),
    )


def _files(environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    """Yield the files that pip reads, weakest first."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    name = "pip.ini" if sys.platform == "win32" else "pip.conf"
    for folder in _site_folders(environ):
        yield folder / name
    if not (named and Path(named).exists()):
        yield home / ("pip" if sys.platform == "win32" else ".pip") / name
        yield _user_folder(environ, home) / name
    if environment := environ.get("VIRTUAL_ENV"):
        yield Path(environment) / name
    if named:
        yield Path(named)


def _site_folders(environ: Mapping[str, str]) -> list[Path]:
    if sys.platform == "win32":
        return [Path(environ.get("PROGRAMDATA", r"C:\ProgramData")) / "pip"]
    if sys.platform == "darwin":
        return [Path("/Library/Application Support/pip")]
    folders = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    return [*(Path(each) / "pip" for each in folders.split(os.pathsep)), Path("/etc")]


def _user_folder(environ: Mapping[str, str], home: Path) -> Path:
    if sys.platform == "win32":
        return Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "pip"
    mac = home / "Library" / "Application Support" / "pip"
    if sys.platform == "darwin" and mac.is_dir():
        return mac
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip"


def _parse(text: str, where: str, problems: list[Problem]) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error as error:
        # Not its message, which quotes lines: a line may hold a password.
        reason = f"not a pip configuration ({type(error).__name__})"
        problems.append(Problem(where=where, reason=reason))
        return {}
    values: dict[str, str] = {}
    for section in _SECTIONS:
        if parser.has_section(section):
            for key, value in parser.items(section):
                name = key.lower().replace("_", "-").removeprefix("--")
                if name in _KEYS:
                    values[name] = value
    return values
