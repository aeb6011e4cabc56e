"""Find in a module of Python which models and data sets it loads from a hub."""

import ast
import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from packageurl import PackageURL

from mcpchain import hub_name
from mcpchain.component import (
    ANY_CODE,
    Component,
    DataFacts,
    Kind,
    Location,
    ModelFacts,
    Pin,
)
from mcpchain.discover.python_code.hub_names import HUB_ROOTS
from mcpchain.discover.python_code.module import Called, Module, Scope, last
from mcpchain.discover.python_code.trust import put_in, switches_on
from mcpchain.tree import File, Tree, UnreadableError
from mcpchain.tree.named import folders

_FOLDERS: Final = frozenset(
    {
        *("model", "models", "output", "outputs", "out", "result", "results"),
        *("checkpoint", "checkpoints", "ckpt", "ckpts", "weights", "data", "dataset"),
        *("datasets", "runs", "cache", "tmp", "artifacts", "saved_models", "assets"),
        *("trained_models", "pretrained", "pretrained_models", "experiments", "logs"),
        *("saved_model", "saved", "src", "resources", "lora", "adapters", "path"),
    }
)
"""What projects call their own folders: a name below one is a path."""
_BUILDERS: Final = frozenset(
    {
        *("csv", "json", "parquet", "text", "arrow", "pandas", "xml", "sql", "spark"),
        *("imagefolder", "audiofolder", "videofolder", "webdataset", "generator"),
        *("hdf5", "pdffolder", "lance", "cache"),
    }
)
"""Formats of `load_dataset`, which read files that are given besides."""
_PARTIAL: Final = frozenset({"partial", "partialmethod"})
_WRITERS: Final = frozenset(
    {"save_pretrained", "save_model", "save", "makedirs", "save_to_disk", "mkdir"}
)
_PLACES: Final = frozenset({"output_dir", "local_dir", "save_dir", "cache_dir"})
_ROOTS: Final = frozenset(each.decode() for each in HUB_ROOTS) | {"torch"}
_SHORT: Final = "sentence-transformers"
"""Whose models its library finds without the owner's name."""
_REFERENCE: Final = re.compile(
    r"(?P<owner>[\w.-]{1,100})/(?P<name>[\w.-]{1,100}?)(?:\.git)?"
    r"(?::(?P<ref>[\w./-]{1,200}))?",
    re.ASCII,
)


_MISSING: Final = frozenset({errno.ENOENT, errno.ENOTDIR})
_NAMES: Final = 1_000
"""How many names are looked for among the files of the project."""
_ABOVE: Final = 12
"""How many folders around the code are looked into for what a name may mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loader:
    """A function that loads something from a hub."""

    key: tuple[str, ...]
    """The names of its argument that says what."""
    position: int | None = 0
    data: bool = False
    bare: bool = False
    """Whether a name without owner is one of the hub, of its first years."""
    owner: str = ""
    """Who is meant where no owner is named."""


_MODEL: Final = ("model", "model_name", "model_id", "model_name_or_path")
_LOADERS: Final = {
    "from_pretrained": _Loader(
        key=("pretrained_model_name_or_path", "repo_id", "model_id", *_MODEL),
        bare=True,
    ),
    "pipeline": _Loader(key=("model",), position=1, bare=True),
    "from_model_id": _Loader(key=("model_id",)),
    "hf_hub_download": _Loader(key=("repo_id",)),
    "snapshot_download": _Loader(key=("repo_id",)),
    "load_dataset": _Loader(key=("path",), data=True, bare=True),
    "load_dataset_builder": _Loader(key=("path",), data=True, bare=True),
    "SentenceTransformer": _Loader(key=("model_name_or_path",), owner=_SHORT),
    "CrossEncoder": _Loader(key=("model_name_or_path", "model_name"), owner=""),
    "SparseEncoder": _Loader(key=("model_name_or_path",)),
    "HuggingFaceEmbeddings": _Loader(key=("model_name", "model"), owner=_SHORT),
    "HuggingFaceBgeEmbeddings": _Loader(key=("model_name",)),
    "HuggingFaceEmbedding": _Loader(key=("model_name",)),
    "HuggingFaceCrossEncoder": _Loader(key=("model_name",), position=None),
    "LLM": _Loader(key=("model",), bare=False),
    "AsyncEngineArgs": _Loader(key=("model",)),
    "EngineArgs": _Loader(key=("model",)),
    "Engine": _Loader(key=("model_path",), position=None),
    "load": _Loader(key=("path_or_hf_repo",)),
    "BGEM3FlagModel": _Loader(key=("model_name_or_path",)),
    "FlagModel": _Loader(key=("model_name_or_path",)),
    "FlagReranker": _Loader(key=("model_name_or_path",)),
}
_UNNAMED: Final = "a {} that is chosen at run time"
_ONLY: Final = {
    "LLM": frozenset({"vllm"}),
    "AsyncEngineArgs": frozenset({"vllm"}),
    "EngineArgs": frozenset({"vllm"}),
    "Engine": frozenset({"sglang"}),
    "load": frozenset({"mlx_lm", "mlx_vlm"}),
}
"""Names that mean this only in one library."""


def loads(module: Module, file: File) -> Iterator[Component]:
    """Yield the models and data sets of a hub that *module* loads.

    Args:
        module: The code.
        file: Where it is: what lies beside it by that name comes from no hub.
    """
    reader = _Hub(module, file)
    for called in module.calls:
        yield from reader.read(called)


class _Hub:
    def __init__(self, module: Module, file: File) -> None:
        self._module = module
        self._file = file
        origins = {origin.partition(".")[0] for _, origin, *_ in module.imports}
        self._imports = any(_is_root(each) for each in origins)
        self._written: set[str] = set()
        self._known: dict[str, bool] = {}
        for called in module.calls:
            self._note(called)

    def _note(self, called: Called) -> None:
        """Remember the folders that the code itself writes, and what it puts where."""
        for name, key, value in put_in(called):
            self._module.put(name, key, value, called.scope)
        nodes = [v for k, v in called.keywords.items() if k in _PLACES]
        if last(called.node.func) in _WRITERS:
            nodes += called.node.args[:1]
        for node in nodes:
            texts = self._module.words(node, called.scope).texts
            self._written.update(each.strip("./") for each in texts)

    def read(self, called: Called) -> Iterator[Component]:
        """Yield what one call loads."""
        called, leaf = self._meant(called)
        if leaf not in _LOADERS:
            return
        traced = self._module.trace(called.node.func, called.scope)
        origin = traced.name if traced else ""
        root = origin.partition(".")[0]
        if origin == "torch.hub.load":
            yield from self._torch(called)
            return
        fitting = _ONLY.get(leaf)
        if fitting is not None and root not in fitting:
            return
        if not (_is_root(root) if root else self._imports and "_" in leaf):
            return
        loader = _LOADERS[leaf]
        texts = self._texts(called, loader)
        if not texts and self._trusts(called):
            yield self._unnamed(called, data=loader.data)
        for text in texts:
            component = self._component(called, loader, text)
            if component is not None:
                yield component

    def _meant(self, called: Called) -> tuple[Called, str]:
        """Return what is called by another name, or with arguments from before."""
        func, own = called.node.func, last(called.node.func)
        meanings: list[tuple[ast.expr | str, Scope]] = []
        if isinstance(func, ast.Name):
            meanings = self._module.meanings(func, called.scope)
        elif isinstance(func, ast.Call):
            meanings = [(func, called.scope)]
        for each, scope in meanings:
            match each:
                case str():
                    leaf = each.rpartition(".")[2]
                case ast.Attribute(attr=leaf):
                    pass
                case ast.Call(func=maker, args=[inner, *_]) if last(maker) in _PARTIAL:
                    leaf = last(inner)
                    if leaf in _LOADERS:
                        node = _with(each, called.node)
                        return Called(node=node, scope=scope, code=called.code), leaf
                case _:
                    leaf = ""
            if leaf in _LOADERS:
                return called, leaf
        return called, own

    def _texts(self, called: Called, loader: _Loader) -> list[str]:
        node = next(
            (called.keywords[k] for k in loader.key if k in called.keywords), None
        )
        position = loader.position
        if node is None and position is not None and len(called.node.args) > position:
            node = called.node.args[position]
        return self._module.words(node, called.scope).texts if node else []

    def _component(
        self, called: Called, loader: _Loader, text: str
    ) -> Component | None:
        text = text.removeprefix("hf-hub:").removeprefix("hf_hub:")
        if not hub_name.is_name(text) or self._is_here(text):
            return None
        if "/" not in text and loader.owner:
            text = f"{loader.owner}/{text}"
        if "/" not in text and not loader.bare:
            return None
        kind_of = self._word(called, "repo_type")
        if kind_of == "space":
            return None
        data = loader.data or kind_of == "dataset"
        if loader.data and text in _BUILDERS:
            return None
        trusts = self._trusts(called)
        pin, version, requested = self._revision(called)
        named = hub_name.data_set(text) if data else hub_name.model(text)
        code = (ANY_CODE,) if trusts else ()
        facts: DataFacts | ModelFacts
        facts = (DataFacts if data else ModelFacts)(
            format="hugging-face", remote_code=code
        )
        return Component(
            kind=Kind.DATA if data else Kind.MODEL,
            name=text,
            version=version,
            purl=named._replace(version=version),
            pin=pin,
            requested=requested,
            facts=facts,
            locations=(self._place(called),),
        )

    def _trusts(self, called: Called) -> bool:
        return switches_on(self._module, called, "trust_remote_code")

    def _unnamed(self, called: Called, *, data: bool) -> Component:
        """Return what is only known to have code that runs."""
        code = (ANY_CODE,)
        return Component(
            kind=Kind.DATA if data else Kind.MODEL,
            name=_UNNAMED.format("data set" if data else "model"),
            facts=DataFacts(remote_code=code)
            if data
            else ModelFacts(format="hugging-face", remote_code=code),
            locations=(self._place(called),),
        )

    def _revision(self, called: Called) -> tuple[Pin | None, str | None, str]:
        """Return how firmly a revision is named, its commit, and what is asked for."""
        node = called.keywords.get("revision")
        if node is None and self._may_be_unpacked(called):
            return None, None, ""
        if node is None or (isinstance(node, ast.Constant) and node.value is None):
            return Pin.FLOATING, None, ""
        words = self._module.words(node, called.scope)
        if len(words.texts) != 1 or words.opaque:
            # Chosen elsewhere: nothing here says how firmly.
            return None, None, ""
        (text,) = words.texts
        if hub_name.is_commit(text) and not words.env:
            return Pin.COMMIT, text, ""
        return Pin.TAG, None, text[:140]

    def _may_be_unpacked(self, called: Called) -> bool:
        """Say whether a revision may be among arguments that are unpacked."""
        more = any(each.arg is None for each in called.node.keywords)
        return more and "revision" in called.code.text

    def _torch(self, called: Called) -> Iterator[Component]:
        """Yield what `torch.hub.load` fetches: code of a repository, which it runs."""
        if self._word(called, "source") == "local" or not called.node.args:
            return
        second = called.node.args[1:2]
        names = self._module.words(second[0], called.scope).texts if second else []
        for text in self._module.words(called.node.args[0], called.scope).texts:
            match = _REFERENCE.fullmatch(text)
            if match is None or self._is_here(text):
                continue
            reference = match["ref"]
            commit = reference is not None and hub_name.is_commit(reference)
            pin = Pin.COMMIT if commit else Pin.TAG if reference else Pin.FLOATING
            inner = f":{names[0]}" if len(names) == 1 else ""
            yield Component(
                kind=Kind.MODEL,
                name=f"{match['owner']}/{match['name']}{inner}"[:200],
                version=reference if commit else None,
                purl=PackageURL(
                    type="github",
                    namespace=match["owner"],
                    name=match["name"],
                    version=reference,
                ),
                pin=pin,
                requested=reference if reference and not commit else "",
                facts=ModelFacts(format="torch-hub", remote_code=("hubconf",)),
                locations=(self._place(called),),
            )

    def _place(self, called: Called) -> Location:
        return called.code.place(called.node.lineno)

    def _word(self, called: Called, key: str) -> str:
        node = called.keywords.get(key)
        texts = self._module.words(node, called.scope).texts if node else []
        return texts[0] if len(texts) == 1 else ""

    def _is_here(self, text: str) -> bool:
        """Say whether *text* is the name of a file or folder of the project."""
        if text.partition("/")[0].lower() in _FOLDERS or text in self._written:
            return True
        if text not in self._known and len(self._known) < _NAMES:
            self._known[text] = any(
                _exists(self._file.tree, f"{folder}/{text}".lstrip("/"))
                for folder in folders(self._file.path)[:_ABOVE]
            )
        return self._known.get(text, False)


def _with(before: ast.Call, node: ast.Call) -> ast.Call:
    """Return a call with the arguments that `partial` was given *before*."""
    names = {each.arg for each in node.keywords if each.arg}
    kept = [each for each in before.keywords if each.arg not in names]
    return ast.Call(
        func=before.args[0],
        args=[*before.args[1:], *node.args],
        keywords=[*kept, *node.keywords],
        lineno=node.lineno,
        col_offset=node.col_offset,
    )


def _exists(tree: Tree, path: str) -> bool:
    try:
        tree.file(path)
    except UnreadableError as error:
        cause = error.__cause__
        return isinstance(cause, OSError) and cause.errno not in _MISSING
    return True


def _is_root(name: str) -> bool:
    return name in _ROOTS or name.startswith(("langchain", "llama_index", "haystack"))
