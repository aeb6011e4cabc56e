"""What lies around the weights of a model, as Hugging Face's libraries write it.

Configuration, tokenizers, templates, indexes of shards and model cards: each shapes
what the model does, so each is hashed. What they say is read later, together with the
weights that they are about (`model_folder`); without weights they are files.
"""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

ROLES: Final = {
    **dict.fromkeys(
        (
            *("adapter_config.json", "generation_config.json", "model_index.json"),
            *("preprocessor_config.json", "processor_config.json"),
            *("video_preprocessor_config.json", "scheduler_config.json"),
            *("config_sentence_transformers.json", "sentence_bert_config.json"),
            *("hf_quant_config.json", "quantize_config.json"),
        ),
        "configuration",
    ),
    **dict.fromkeys(
        (
            *(
                "added_tokens.json",
                "sentencepiece.bpe.model",
                "special_tokens_map.json",
            ),
            *("spiece.model", "tekken.json", "tokenizer.json", "tokenizer.model"),
            *("tokenizer_config.json", "tokenizer.model.v3"),
        ),
        "tokenizer",
    ),
    **dict.fromkeys(("chat_template.jinja", "chat_template.json"), "chat-template"),
}
"""Names that nothing else has, in lower case."""
INDEX: Final = re.compile(r".+\.index(?:\.\w+)?\.json", re.IGNORECASE)
CONFIGURATION: Final = "config.json"
CARD: Final = "readme.md"


class HuggingFace:
    """Declares the files around a model."""

    id: ClassVar[str] = "hugging-face"

    def wants(self, file: File) -> bool:
        """Say whether the name is one of theirs; of some names reading decides."""
        name = file.name.casefold()
        return (
            name in ROLES
            or name in {CONFIGURATION, CARD}
            or INDEX.fullmatch(name) is not None
        )

    def discover(self, file: File, found: Collector) -> None:
        """Declare the file, if it is about a model."""
        from mcpchain.discover.hugging_face.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = HuggingFace()
