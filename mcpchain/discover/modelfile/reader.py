"""Read the instructions of a `Modelfile`."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mcpchain import hub_name
from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.component import (
    BaseModel,
    Basis,
    Component,
    Kind,
    LicenseText,
    Location,
    ModelFacts,
    Pin,
)
from mcpchain.document import decode, without_secrets
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, RelationKind, State
from mcpchain.license import declared_expression
from mcpchain.tree import File, UnreadableError

_LIMIT: Final = 16 << 20
_MOST: Final = 10_000
_LICENSE: Final = 256 << 10
_SHOWN: Final = 140
"""Limits: bytes, instructions, characters of a licence, characters of a name."""
_KNOWN: Final = frozenset(
    {"adapter", "from", "license", "message", "parameter", "system", "template"}
) | {"requires", "renderer", "parser", "draft"}
_INSTRUCTION: Final = re.compile(r"[ \t]*([A-Za-z]+)[ \t]+(.*)", re.DOTALL)
_QUOTES: Final = '"""'
_HUB: Final = re.compile(r"(?:https?://)?((?:huggingface|hf)\.co/[^:]+)(?::(.*))?")
_PATH: Final = re.compile(
    r"(?:\.{0,2}|~|[A-Za-z]:)[/\\].*|\.{1,2}|.*\.(?:gguf|safetensors|bin)", re.DOTALL
)
_CONTEXT: Final = "num_ctx"


@dataclass(frozen=True, slots=True)
class _Said:
    """One instruction."""

    name: str
    value: str
    line: int


def discover(file: File, found: Collector) -> None:
    """Declare the model, and what it is made from.

    Raises:
        MalformedError: It is not such a file.
        UnreadableError: It cannot be read.
    """
    data = file.read(_LIMIT)
    said: list[_Said] = []
    try:
        for each in _instructions(decode(data, source=file.path), file.path):
            said.append(each)  # noqa: PERF402  (what is read before a flaw is kept)
    finally:
        bases = [each for each in said if each.name in {"from", "adapter"}]
        model = _model(file, len(data), said)
        ref = found.add(model)
        for each in bases:
            if (base := _base(each, file.path)) is not None:
                found.relate(ref, found.add(base), RelationKind.DEPENDS_ON)
    if not any(each.name == "from" for each in said):
        raise MalformedError("has no `FROM`", source=file.path)


def _instructions(text: str, path: str) -> Iterator[_Said]:
    """Yield the instructions; a value in three quotes may have several lines."""
    lines = text.split("\n")
    at = count = 0
    while at < len(lines):
        line, number = lines[at].rstrip("\r"), at + 1
        at += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _INSTRUCTION.fullmatch(line)
        name = match[1].lower() if match else ""
        if match is None or name not in _KNOWN:
            word = without_secrets(line.split()[0])[:_SHOWN]
            raise MalformedError(
                f"line {number}: `{word}` is no instruction", source=path
            )
        head, quotes, rest = match[2].partition(_QUOTES)
        if quotes and (not head.strip() or name == "message"):
            several = [rest]
            while _QUOTES not in several[-1] and at < len(lines):
                several.append(lines[at].rstrip("\r"))
                at += 1
            if _QUOTES not in several[-1]:
                problem = f"line {number}: a text that never ends"
                raise MalformedError(problem, source=path)
            several[-1] = several[-1].partition(_QUOTES)[0]
            value = head + "\n".join(several)
        else:
            value = match[2].strip()
            value = value[1:-1] if re.fullmatch(r'".*"', value) else value
        count += 1
        if count > _MOST:
            raise UnreadableError(
                path,
                f"more than {_MOST:,} instructions; the rest was not read",
                State.LIMIT,
                hint="check where the file comes from",
            )
        yield _Said(name, value, number)


def _model(file: File, size: int, said: list[_Said]) -> Component:
    parameters: dict[str, list[str]] = {}
    template: Digest | None = None
    licenses: list[str] = []
    texts: list[LicenseText] = []
    for each in said:
        if each.name == "parameter":
            name, _, value = each.value.partition(" ")
            parameters.setdefault(name[:_SHOWN], []).append(value.strip()[:_SHOWN])
        elif each.name == "template":
            value = hashlib.sha256(each.value.encode()).hexdigest()
            template = Digest(algorithm=Algorithm.SHA256, value=value)
        elif each.name == "license":
            text = each.value.strip()
            if "\n" in text or len(text) > _SHOWN:
                texts.append(LicenseText(name="LICENSE", text=text[:_LICENSE]))
            elif text:
                licenses.append(declared_expression(text) or text)
    hyperparameters = {
        "context_length" if name == _CONTEXT else f"_undefined:{name}": ", ".join(some)
        for name, some in parameters.items()
    }
    bases = {_named(each) for each in said if each.name in {"from", "adapter"}}
    return Component(
        kind=Kind.MODEL,
        name=file.name,
        locations=(Location(path=file.path),),
        basis=Basis.OBSERVED,
        artifacts=(Artifact(name=file.path, size=size),),
        licenses=tuple(licenses),
        license_texts=tuple(texts),
        facts=ModelFacts(
            format="modelfile",
            license=licenses[0] if licenses else None,
            hyperparameters=tuple(sorted(hyperparameters.items())),
            chat_template=template,
            bases=tuple(sorted(bases, key=lambda each: (each.name, each.relation))),
        ),
    )


def _named(said: _Said) -> BaseModel:
    """Name what the model is made from: a path, or a model in a registry."""
    relation = "adapter" if said.name == "adapter" else ""
    if hub := _hub(said.value):
        return BaseModel(name=hub[0], relation=relation, purl=hub_name.model(hub[0]))
    name = said.value
    if re.match(r"[/\\~]|[A-Za-z]:[/\\]", name):
        # Whose folder it was is nobody's business. That it leads out is told.
        name = "/" + re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    return BaseModel(name=without_secrets(name)[:_SHOWN], relation=relation)


def _hub(value: str) -> tuple[str, str] | None:
    """Return repository and tag, if *value* is fetched from the Hub."""
    match = _HUB.fullmatch(value)
    name = hub_name.from_address(f"https://{match[1]}") if match else None
    return (name, (match[2] or "")[:_SHOWN]) if match and name else None


def _base(said: _Said, path: str) -> Component | None:
    """Declare a model that is fetched by its name; nothing if it is a path."""
    place = Location(path=path, line=said.line)
    hub = _hub(said.value)
    if hub is None and _PATH.fullmatch(said.value):
        return None
    above, slash, last = without_secrets(said.value).rpartition("/")
    last, _, tag = last.partition(":")
    name, tag = f"{above}{slash}{last}"[:_SHOWN], tag[:_SHOWN]
    if hub is not None:
        name, tag = hub
    tag = "" if tag == "latest" else tag
    return Component(
        kind=Kind.MODEL,
        name=name,
        locations=(place,),
        purl=hub_name.model(name) if hub else None,
        pin=Pin.TAG if tag else Pin.FLOATING,
        requested=tag,
        facts=ModelFacts(format="hugging-face" if hub else "ollama"),
    )
