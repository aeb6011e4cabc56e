"""Pointers of Git LFS: text that stands where a model or a table should be.

The reference is Git LFS's `docs/spec.md`. Whoever clones a repository without Git LFS
gets these, and nothing that could be checked or loaded.
"""

from typing import ClassVar, Final

from mcpchain.discover import LFS_POINTER, Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_MEDIA: Final = frozenset(
    {
        *(".avif", ".bmp", ".gif", ".heic", ".ico", ".jpeg", ".jpg", ".png", ".psd"),
        *(".svg", ".tif", ".tiff", ".webp"),
        *(".avi", ".flac", ".m4a", ".mkv", ".mov", ".mp3", ".mp4", ".mpeg", ".ogg"),
        *(".wav", ".webm"),
        *(".eot", ".otf", ".pdf", ".ttf", ".woff", ".woff2"),
    }
)
"""What no reader wants when it is there."""


class GitLfs:
    """Reads what stands in place of a file."""

    id: ClassVar[str] = "git-lfs"

    def wants(self, file: File) -> bool:
        """Say whether it is a pointer, and not to a picture, a sound or a font."""
        return file.head.startswith(LFS_POINTER) and file.suffix not in _MEDIA

    def discover(self, file: File, found: Collector) -> None:
        """Say that the file is not here, and what is known of it."""
        from mcpchain.discover.git_lfs.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = GitLfs()
