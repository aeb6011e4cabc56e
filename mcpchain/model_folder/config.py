"""What the documents of transformers, diffusers and PEFT say of a model."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mcpchain.component import Location
from mcpchain.document import Node
from mcpchain.model_folder.shelf import Shelf, shown

_NAMES: Final = {
    "activation_dropout": ("activation_dropout",),
    "context_length": ("context_length", "max_sequence_length", "seq_length"),
    "hidden_act": ("hidden_act", "hidden_activation", "activation_function"),
    "hidden_size": ("hidden_size", "d_model", "n_embd", "dim"),
    "intermediate_size": ("intermediate_size", "ffn_dim", "d_ff", "n_inner"),
    "layer_norm_epsilon": ("layer_norm_epsilon", "layer_norm_eps", "rms_norm_eps"),
    "layer_norm_type": ("layer_norm_type",),
    "max_position_embeddings": ("max_position_embeddings", "n_positions", "n_ctx"),
    "num_attention_heads": ("num_attention_heads", "n_head", "num_heads", "n_heads"),
    "num_hidden_layers": ("num_hidden_layers", "n_layer", "num_layers", "n_layers"),
    "num_key_value_heads": ("num_key_value_heads", "multi_query_group_num"),
    "vocab_size": ("vocab_size",),
}
"""The official names, and what models call that."""
_INNER: Final = ("text_config", "llm_config", "language_config")
"""Where the language model is configured that is part of a larger one."""
_DTYPES: Final = {
    "bfloat16": "BF16",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "int8": "I8",
    "half": "F16",
    "float": "F32",
}
_PAIR: Final = 2


@dataclass(slots=True)
class Said:
    """What all the documents of one folder say."""

    architecture: str | None = None
    family: str = ""
    method: str = ""
    """The quantization method."""
    dtype: str = ""
    hyperparameters: dict[str, str] = field(default_factory=dict)
    code: dict[str, Location] = field(default_factory=dict)
    """What is imported from the folder or from another repository, and who says so."""
    imports: set[str] = field(default_factory=set)
    """What is imported from elsewhere, because a document says so."""
    license: list[tuple[str, Location]] = field(default_factory=list)
    templates: list[tuple[bytes, Location]] = field(default_factory=list)
    bases: list["Base"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Base:
    """A model that an adapter is loaded onto."""

    name: str
    revision: str
    location: Location


def read(shelf: Shelf, documents: dict[str, str]) -> Said:
    """Read every document that says something.

    Args:
        shelf: Where they are read.
        documents: Their paths by name in lower case.
    """
    said = Said()
    for name, path in sorted(documents.items()):
        if name == "chat_template.jinja":
            data = shelf.data(path)
            if data is not None:
                said.templates.append((data, Location(path=path)))
            continue
        if name == "modules.json":
            _modules(shelf, path, said)
            continue
        reader = _READERS.get(name)
        if name.endswith("processor_config.json"):
            reader = _coded
        node = shelf.json(path) if reader else None
        if reader and node is not None:
            reader(shelf, node, said)
    return said


def _config(shelf: Shelf, node: Node, said: Said) -> None:
    entry = shelf.found.entry
    with entry():
        names = [each.text() for each in node.at("architectures").elements()]
        said.architecture = shown(names[0]) if names else said.architecture
    with entry():
        said.family = shown(node.at("model_type").optional_text() or said.family)
    with entry():
        # Of diffusers; a pipeline names its class with its module, if it has one.
        if (named := node.at("_class_name")).is_text():
            said.architecture = said.architecture or shown(named.text())
    with entry():
        _quantized(node, said)
    with entry():
        if (licence := node.at("license")).is_text():
            place = _place(licence)
            said.license.append((licence.text(), place))
    inner = [node, *(e for key in _INNER if (e := node.at(key)).is_object())]
    for name, keys in _NAMES.items():
        values = (_plain(each.at(key)) for each in inner for key in keys)
        if value := next(filter(None, values), ""):
            said.hyperparameters.setdefault(name, value)
    _coded(shelf, node, said)


def _quantized(node: Node, said: Said) -> None:
    quantization = node.at("quantization_config")
    if quantization.is_object():
        said.method = shown(quantization.at("quant_method").optional_text() or "")
    dtype = node.at("dtype" if "dtype" in node else "torch_dtype").value
    if isinstance(dtype, str):
        bare = dtype.removeprefix("torch.")
        said.dtype = _DTYPES.get(bare, shown(bare))


def _place(node: Node) -> Location:
    return Location(path=node.source, pointer=node.pointer)


def _plain(node: Node) -> str:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    return shown(str(value))


def _coded(shelf: Shelf, node: Node, said: Said) -> None:
    """Keep what is imported because `auto_map` or `custom_pipelines` names it."""
    for _, value in _items(shelf, node, "auto_map"):
        with shelf.found.entry():
            several = value.elements() if value.is_list() else iter((value,))
            for each in several:
                if each.exists:
                    said.code.setdefault(shown(each.text()), _place(each))
    for _, value in _items(shelf, node, "custom_pipelines"):
        with shelf.found.entry():
            named = value.at("impl")
            said.code.setdefault(shown(named.text()), _place(named))


def _items(shelf: Shelf, node: Node, key: str) -> Iterator[tuple[str, Node]]:
    with shelf.found.entry():
        yield from node.at(key).items()


def _tokenizer(shelf: Shelf, node: Node, said: Said) -> None:
    with shelf.found.entry():
        if name := node.at("tokenizer_class").optional_text():
            said.hyperparameters["tokenizer_class"] = shown(name)
    _template(shelf, node, said)
    _coded(shelf, node, said)


def _template(shelf: Shelf, node: Node, said: Said) -> None:
    """Keep the template; of several the default one, else the first."""
    with shelf.found.entry():
        template = node.at("chat_template")
        if template.is_list():
            several = {
                e.at("name").text(): e.at("template") for e in template.elements()
            }
            if not several:
                return
            template = several.get("default") or several[min(several)]
        text = template.optional_text()
        if text is not None:
            place = _place(template)
            said.templates.append((text.encode(), place))


def _adapter(shelf: Shelf, node: Node, said: Said) -> None:
    with shelf.found.entry():
        base = node.at("base_model_name_or_path")
        revision = node.at("revision").optional_text() or ""
        if name := base.optional_text():
            place = _place(base)
            said.bases.append(Base(name, shown(revision), place))
    with shelf.found.entry():
        said.family = said.family or shown(node.at("peft_type").optional_text() or "")
    with shelf.found.entry():
        mapping = node.at("auto_mapping")
        if mapping.is_object():
            library = mapping.at("parent_library").optional_text() or ""
            name = mapping.at("base_model_class").optional_text() or ""
            if library.partition(".")[0] not in {"", "transformers", "diffusers"}:
                said.imports.add(shown(f"{library}.{name}".rstrip(".")))


def _pipeline(shelf: Shelf, node: Node, said: Said) -> None:
    """Keep what a pipeline of diffusers imports from its own folders."""
    folder = node.source.rpartition("/")[0]
    for key, value in node.items():
        with shelf.found.entry():
            if key == "_class_name":
                if value.is_list():
                    module, name = _couple(value)
                    said.code.setdefault(shown(f"{module}.{name}"), _place(value))
                elif value.is_text():
                    said.architecture = shown(value.text())
            elif value.is_list() and (couple := _couple(value)) != ("", ""):
                module, name = couple
                path = "/".join(filter(None, (folder, key, f"{module}.py")))
                if module.isidentifier() and shelf.exists(path):
                    said.code.setdefault(shown(f"{key}.{module}.{name}"), _place(value))


def _modules(shelf: Shelf, path: str, said: Said) -> None:
    """Keep the modules of a sentence-transformers model that are not the library's.

    Other programs have files of this name, which hold no list of such.
    """
    data = shelf.data(path)
    with shelf.found.entry():
        node = Node.from_json(data or b"[]", source=path)
        for each in node.elements() if node.is_list() else ():
            kind = each.at("type") if each.is_object() else each
            if kind.is_text() and "." in kind.text():
                name = kind.text()
                if not name.startswith("sentence_transformers."):
                    said.code.setdefault(shown(name), _place(kind))


def _couple(node: Node) -> tuple[str, str]:
    """Return the module and the class in a list of two; nothing for two nulls."""
    parts = [each.optional_text() or "" for each in node.elements()]
    return (parts[0], parts[1]) if len(parts) == _PAIR else ("", "")


_READERS: Final = {
    "adapter_config.json": _adapter,
    "chat_template.json": _template,
    "config.json": _config,
    "model_index.json": _pipeline,
    "tokenizer_config.json": _tokenizer,
}
