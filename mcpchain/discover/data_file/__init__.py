"""Files of data sets that carry no description of themselves.

Arrow, TFRecord, Avro, ORC and WebDataset are made for nothing else. CSV and JSON are
only candidates: what makes data of them is decided once all files are known, and those
that nothing speaks for are dropped (`data_sets.folders`).
"""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_NAME: Final = re.compile(
    r".*\.(?:(?P<packed>csv|tsv|jsonl|ndjson|json)(?:\.(?:gz|bz2|xz|zst))?"
    r"|(?P<plain>arrow|feather|tar)"
    r"|(?P<shard>tfrecords?|array_record)(?:-\d+-of-\d+)?(?:\.gz)?)",
    re.IGNORECASE | re.DOTALL,
)
_FORMATS: Final = {
    "jsonl": "json-lines",
    "ndjson": "json-lines",
    "feather": "arrow",
    "tar": "webdataset",
    "tfrecords": "tfrecord",
    "array_record": "array-record",
}
_MAGIC: Final = {b"ARROW1": "arrow", b"FEA1": "arrow", b"Obj\x01": "avro"}
_JSON: Final = re.compile(
    r"(?:.*/)?(?:data|datasets?)/.*|.*(?<![a-z])(?:train|valid|val|dev|test|eval).*",
    re.IGNORECASE | re.DOTALL,
)
"""Where JSON may be data. Elsewhere it is configuration, and there is much of that."""
_MANIFESTS: Final = frozenset(
    {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"}
) | {"croissant.json"}
"""What describes data sets, and is none."""


def format_of(file: File) -> str | None:
    """Return the format that the name or the first bytes of *file* are in, if any."""
    for magic, name in _MAGIC.items():
        if file.head.startswith(magic):
            return name
    if file.suffix == ".orc" and file.head.startswith(b"ORC"):
        return "orc"
    match = _NAME.fullmatch(file.name)
    if match is None or match.lastgroup is None:
        return None
    suffix = match[match.lastgroup].lower()
    if suffix == "json" and (
        file.name.casefold() in _MANIFESTS or not _JSON.fullmatch(file.path)
    ):
        return None
    return _FORMATS.get(suffix, suffix)


class DataFile:
    """Reads nothing but how large they are, and the list in a WebDataset."""

    id: ClassVar[str] = "data-file"

    def wants(self, file: File) -> bool:
        """Say whether it is in one of the formats."""
        return format_of(file) is not None

    def discover(self, file: File, found: Collector) -> None:
        """Declare the file, unless it is an archive of something else."""
        from mcpchain.discover.data_file.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = DataFile()
