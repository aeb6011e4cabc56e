"""How the Hugging Face Hub names models and data sets.

The reference are the Hub's rules for repositories, and the type `huggingface` of the
purl specification, which names models only: a data set is told by a qualifier.
"""

import re
from typing import Final

from packageurl import PackageURL

from mcpchain.naming import bare_url

_PART: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_-])?"
_NAME: Final = re.compile(rf"(?:{_PART}/)?{_PART}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_HOSTS: Final = (["huggingface", "co"], ["hf", "co"])
ADDRESS: Final = f"https://{'.'.join(_HOSTS[0])}"
"""Of the Hub itself."""
_DATASETS: Final = "datasets"
_FOLDER: Final = re.compile(r"models--(?:(?P<owner>[^/]+?)--)?(?P<name>[^/]+)")
_PARTS: Final = 2
_SUFFIXES: Final = (".bin", ".ggml", ".gguf", ".git", ".ipynb", ".json", ".safetensors")


def is_name(text: str) -> bool:
    """Say whether *text* can be a repository: `organisation/name`, or an old `name`."""
    known = _NAME.fullmatch(text) is not None
    odd = "--" in text or ".." in text or text.lower().endswith(_SUFFIXES)
    return known and not odd


def is_commit(text: str) -> bool:
    """Say whether *text* is a commit of the Hub, which nobody can move."""
    return _COMMIT.fullmatch(text) is not None


def model(name: str, commit: str | None = None) -> PackageURL:
    """Name the model *name*, which `is_name`."""
    owner, _, bare = name.rpartition("/")
    return PackageURL(
        type="huggingface", namespace=owner or None, name=bare, version=commit
    )


def data_set(name: str) -> PackageURL:
    """Name the data set *name*, which `is_name`."""
    return model(name)._replace(qualifiers={"repo_type": "dataset"})


def from_address(url: str, *, of_data: bool = False) -> str | None:
    """Return the model that *url* is the page of, if it is on the Hub.

    Args:
        url: Any address.
        of_data: Whether it is the page of a data set.
    """
    _, slash, rest = bare_url(url).partition("://")
    host, _, path = rest.partition("/")
    parts = [each for each in path.split("/") if each]
    if not slash or host.split(".") not in _HOSTS:
        return None
    if parts[:1] == [_DATASETS]:
        del parts[0]
        parts = parts if of_data else []
    name = "/".join(parts[:_PARTS])
    return name if parts[:1] != ["spaces"] and is_name(name) else None


def from_cache(folder: str) -> str | None:
    """Return the model that *folder* is the cache of: `models--organisation--name`."""
    match = _FOLDER.fullmatch(folder)
    if match is None:
        return None
    name = f"{match['owner']}/{match['name']}" if match["owner"] else match["name"]
    return name if is_name(name) else None
