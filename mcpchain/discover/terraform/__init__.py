"""Terraform and OpenTofu: `.terraform.lock.hcl`, and what `*.tf` asks for."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

LOCK: Final = ".terraform.lock.hcl"
CACHE: Final = ".terraform"
"""The folder in which the program keeps what it has fetched."""


class Terraform:
    """Reads the providers and modules that infrastructure is made with."""

    id: ClassVar[str] = "terraform"

    def wants(self, file: File) -> bool:
        """Say whether it is a lock or a configuration."""
        if file.name.casefold() == LOCK:
            return True
        own = CACHE not in file.path.split("/")
        return file.suffix in {".tf", ".tofu"} and own

    def discover(self, file: File, found: Collector) -> None:
        """Declare the providers of the lock, or the modules that are used."""
        from mcpchain.discover.terraform.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Terraform()
