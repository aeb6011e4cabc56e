"""What the libraries that make data sets write beside them.

Hugging Face's `datasets` writes `dataset_info.json` and `state.json`, or one
`dataset_dict.json` around several of them (`save_to_disk`), and of old
`dataset_infos.json`; TensorFlow Datasets writes `dataset_info.json` too.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

INFO: Final = "dataset_info.json"
INFOS: Final = "dataset_infos.json"
SPLITS: Final = "dataset_dict.json"
STATE: Final = "state.json"
_SIGN: Final = b'"_data_files"'
"""The first key of a `state.json` that is about data; others may be about anything."""


class DatasetInfo:
    """Reads what is written beside the data."""

    id: ClassVar[str] = "dataset-info"

    def wants(self, file: File) -> bool:
        """Say whether it is one of those files."""
        name = file.name.casefold()
        return name in {INFO, INFOS, SPLITS} or (name == STATE and _SIGN in file.head)

    def discover(self, file: File, found: Collector) -> None:
        """Declare the data set."""
        from mcpchain.discover.dataset_info.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = DatasetInfo()
