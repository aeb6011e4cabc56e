"""Cards of data sets: a `README.md` whose front matter is that of a data set.

The reference is the Hugging Face Hub's "Dataset Cards" and its template
(`datasetcard.md`); `mcpchain.hub_card` tells them from cards of models.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class DatasetCard:
    """Reads what the maker of a data set says of it."""

    id: ClassVar[str] = "dataset-card"

    def wants(self, file: File) -> bool:
        """Say whether it can be a card: a `README.md` that starts with dashes."""
        if file.name.casefold() != "readme.md":
            return False
        return file.head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"---")

    def discover(self, file: File, found: Collector) -> None:
        """Declare the data set, if the card is about one."""
        from mcpchain.discover.dataset_card.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = DatasetCard()
