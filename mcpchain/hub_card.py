"""The card of a model or data set: a `README.md` that starts with YAML.

Of both kinds the Hugging Face Hub keeps one, under the same name and with keys in
common; what the card is about can only be told from the keys that are not. The
reference is the Hub's own ("Model cards" and "Dataset cards").
"""

import re
from typing import Final

from mcpchain.document import Node
from mcpchain.errors import MalformedError

LIMIT: Final = 4 << 20
"""How many bytes of YAML a card may have. Each subset of a data set takes some."""
_START: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?[ \t\r\n]{0,1000}---[ \t]{0,100}(?=[\r\n])"
)
_KEY: Final = re.compile(rb"[\r\n]{1,1000}[A-Za-z_][\w-]{0,99}[ \t]{0,100}:(?=\s)")
"""How YAML begins, and not the text under a rule of dashes."""
_END: Final = re.compile(rb"[\r\n]---[ \t]*+(?=[\r\n]|\Z)")
_DATA_ALONE: Final = frozenset({"configs", "dataset_info", "size_categories"})
"""What no card of a model has any use for."""
_DATA: Final = _DATA_ALONE | {
    *("annotations_creators", "language_creators", "multilinguality"),
    *("source_datasets", "task_categories", "task_ids"),
}
_MODEL: Final = frozenset(
    {"base_model", "base_model_relation", "library_name", "model-index", "model_name"}
) | {"pipeline_tag", "quantized_by"}


def front_matter(data: bytes, source: str) -> Node | None:
    """Return the YAML in front of a Markdown document; `None` if there is none.

    Args:
        data: The document.
        source: Its path.

    Raises:
        MalformedError: There is, and it is not YAML that we read.
    """
    text = _split(data)[0]
    if text is None:
        start = _START.match(data)
        if start and _KEY.match(data, start.end()):
            problem = "the front matter has no end: a line `---`"
            raise MalformedError(problem, source=source)
        return None
    if len(text) > LIMIT:
        problem = f"more than {LIMIT:,} bytes of front matter"
        raise MalformedError(problem, source=source)
    return Node.from_yaml(text, source=source, merging=True)


def body(data: bytes) -> bytes:
    """Return what follows the YAML in front of a Markdown document."""
    return _split(data)[1]


def is_dataset(card: Node) -> bool:
    """Say whether *card* is about a data set, and not about a model."""
    return _has(card, _DATA_ALONE) or (_has(card, _DATA) and not _has(card, _MODEL))


def is_model(card: Node) -> bool:
    """Say whether *card* is about a model, and not about a data set."""
    return _has(card, _MODEL) and not _has(card, _DATA_ALONE)


def _has(card: Node, keys: frozenset[str]) -> bool:
    return card.is_object() and not keys.isdisjoint(card.value)


def _split(data: bytes) -> tuple[bytes | None, bytes]:
    """Return the YAML, if any, and all that follows it."""
    start = _START.match(data)
    end = _END.search(data, start.end()) if start else None
    if start is None or end is None:
        return None, data
    return data[start.end() : end.start()], data[end.end() :]
