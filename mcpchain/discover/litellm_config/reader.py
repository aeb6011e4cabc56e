"""Read the configuration of LiteLLM's proxy."""

import re
from typing import Final

from mcpchain.ai_providers import by_model
from mcpchain.component import Basis, Component, Location
from mcpchain.document import Node
from mcpchain.inventory import Collector
from mcpchain.tree import File
from mcpchain.used_services import Client, Use, read_address

_BYTES: Final = 4 << 20
_MOST: Final = 10_000
_SIGN: Final = re.compile(rb"^[ \t\"']*model_list[ \t\"']*:", re.MULTILINE)
_PARAMS: Final = b"litellm_params"
_VARIABLE: Final = re.compile(r"os\.environ/([A-Za-z_]\w{0,99})", re.ASCII)
_CREDENTIALS: Final = (
    *("api_key", "aws_access_key_id", "aws_secret_access_key", "azure_ad_token"),
    *("vertex_credentials", "aws_bearer_token_bedrock", "client_secret"),
)
_CLOUDS: Final = frozenset({"Azure OpenAI", "Amazon Bedrock", "Google Vertex AI"})


def discover(file: File, found: Collector) -> None:
    """Declare the services of all models that it lists.

    Raises:
        MalformedError: It lists models, and is not YAML that we read.
        UnreadableError: It cannot be read.
    """
    data = file.read(_BYTES)
    if not _SIGN.search(data) or _PARAMS not in data:
        return
    document = Node.from_yaml(data, source=file.path)
    for count, entry in enumerate(document.at("model_list").elements()):
        if count >= _MOST:
            raise entry.malformed(f"one more than the {_MOST:,} that are read")
        with found.entry():
            found.add(_service(entry))


def _service(entry: Node) -> Component:
    """Return the service that one entry of `model_list` names."""
    params = entry.at("litellm_params")
    if not params.exists:
        raise entry.malformed("names no `litellm_params`")
    given = params.at("model").text()
    vendor = params.at("custom_llm_provider").optional_text()
    provider, model = by_model(f"{vendor}/{given}" if vendor else given)
    base = params.at("api_base" if "api_base" in params else "base_url")
    address = base.optional_text() or ""
    variables = {
        match[1]
        for _, value in params.items()
        if value.is_text() and (match := _VARIABLE.fullmatch(value.text()))
    }
    name = provider.name if provider else "LiteLLM"
    where = None if _VARIABLE.fullmatch(address) else read_address(address)
    use = Use(
        client=Client(product=name, own=name in _CLOUDS, package="litellm"),
        address=where,
        opaque=where is None and (bool(address) or provider is None),
        models=(model,),
        env=tuple(variables),
        authenticated=any(params.at(key).exists for key in _CREDENTIALS),
    )
    place = Location(path=entry.source, pointer=entry.pointer)
    return use.component(place, Basis.CONFIGURED)
