"""When and where a run asks, by itself: a verification needs no more than this."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """When and where a question is asked, and what may be used to answer it."""

    now: dt.datetime
    version: str
    """Of mcpchain."""
    environ: Mapping[str, str]
    home: Path
    cache: Path
    projects: tuple[Path, ...]
    """The folder that the target is in, and the one that we were started in."""
    trust: Path
    """The folder for what this user trusts of signatures."""
    root: str | None = None
    """The name of the trusted root. `None`: that of the public instance."""
    trusted_root: Path | None = None
    """A file with a trusted root, in place of those that have names."""
    registry_keys: Path | None = None
    """A file with the keys of a registry of npm's kind. `None`: those of npm."""
    advisories: tuple[Path, ...] = ()
    """OSV records: folders, archives or indexes."""
    pip_audit: bool | None = None
    """`None`: only where no other source covers Python packages."""
    offline: bool = False
    download: bool = False
