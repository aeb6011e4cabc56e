"""Read prompts, agents, skills and instructions: bytes and front matter."""

import json
import re
from collections.abc import Iterator
from typing import Final

from mcpchain.artifact import Artifact
from mcpchain.component import Basis, Component, FileFacts, Kind, Location
from mcpchain.discover.prompts.hooks import scripts
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.hub_card import front_matter
from mcpchain.inventory import Collector, Gap, State
from mcpchain.tree import File, UnreadableError

_BYTES: Final = 64 << 10
"""How many bytes of a file are looked at for front matter."""
_DESCRIPTION: Final = 1_024
_MOST: Final = 200
_ABOVE: Final = 6
"""How many folders above a file are looked into for the skill that it is part of."""
_SCRIPTS: Final = frozenset(
    {".bat", ".cjs", ".cmd", ".go", ".js", ".lua", ".mjs", ".php", ".pl", ".ps1", ".py"}
    | {".r", ".rb", ".rs", ".sh", ".bash", ".zsh", ".fish", ".ts", ".mts", ".exe", ""}
)
_TEXTS: Final = frozenset({".md", ".txt", ".rst", ".mdx"})
_LOOSE: Final = re.compile(
    rb"^(?P<key>globs|argument-hint|description|applyTo|(?:allowed-)?tools):[ \t]++"
    rb"(?P<value>[^\r\n]+?)[ \t]*(?=\r?$)",
    re.MULTILINE,
)
"""Keys whose values people write as they like, since clients take a line for a text."""
_STYLED: Final = (b'"', b"'", b"|", b">", b"[", b"{", b"&", b"*", b"!")
_WORDS: Final = re.compile(r"(?:[^\s,()]|\([^()]*\))+")
"""Names of tools, perhaps with what they may do in brackets."""
_TOOLS: Final = ("allowed-tools", "allowed_tools", "tools")
_MODELS: Final = ("model", "models")
_DEPLOYMENTS: Final = ("azure_deployment", "name", "model", "id")


def discover(file: File, found: Collector, role: str) -> None:
    """Declare the file, and what its front matter says.

    Args:
        file: What is read.
        found: Where it is declared.
        role: What its path makes of it. `hooks` and `part` are none by themselves.

    Raises:
        MalformedError: Its front matter is not YAML.
        UnreadableError: It cannot be read.
    """
    if role == "hooks":
        _hooks(file, found)
        return
    if role == "part":
        if not _skill_above(file):
            return
        role = _part(file)
    facts = FileFacts(role=role)
    try:
        if role not in {"code", "resource"}:
            facts = _facts(file, role)
    finally:
        found.add(_component(file, facts))


def _component(file: File, facts: FileFacts) -> Component:
    return Component(
        kind=Kind.FILE,
        name=file.name,
        basis=Basis.OBSERVED,
        artifacts=(Artifact(name=file.path, size=file.size()),),
        facts=facts,
        locations=(Location(path=file.path),),
    )


def _part(file: File) -> str:
    """Return what a file in the folder of a skill is."""
    if file.suffix in _TEXTS:
        return "instructions"
    code = file.suffix in _SCRIPTS or file.head.startswith((b"#!", b"\x7fELF", b"MZ"))
    return "code" if code else "resource"


def _skill_above(file: File) -> bool:
    """Say whether a folder around *file* is that of a skill."""
    folders = file.path.split("/")[:-1]
    for depth in range(len(folders), max(len(folders) - _ABOVE, 0) - 1, -1):
        start = "".join(f"{each}/" for each in folders[:depth])
        for name in ("SKILL.md", "skill.md"):
            try:
                file.tree.file(f"{start}{name}")
            except UnreadableError:
                continue
            return True
    return False


def _facts(file: File, role: str) -> FileFacts:
    with file.open() as stream:
        data = stream.read(_BYTES)
    whole = len(data) < _BYTES
    if file.suffix in {".yaml", ".yml"}:
        named = ".prompt." in file.name.lower() and whole
        node = Node.from_yaml(data, source=file.path) if named else None
    elif file.suffix in {".toml", ".j2", ".jinja", ".jinja2", ".hbs", ".mustache"}:
        node = None
    else:
        node = _front_matter(data, file.path)
        if node is None and not whole and data.lstrip().startswith(b"---\n"):
            raise UnreadableError(
                file.path,
                f"more than {_BYTES:,} bytes of front matter",
                State.LIMIT,
                hint="shorten it",
            )
    if node is None or not node.exists:
        return FileFacts(role=role)
    if not node.is_object():
        raise MalformedError("front matter that is no list of keys", source=file.path)
    return FileFacts(
        role=role,
        description=(_text(node.at("description")) or "")[:_DESCRIPTION],
        tools=tuple(sorted({e for key in _TOOLS for e in _listed(node.at(key))})),
        models=tuple(sorted({e for key in _MODELS for e in _models(node.at(key))})),
    )


def _front_matter(data: bytes, source: str) -> Node | None:
    """Read front matter as YAML, or else as clients do that take lines for texts."""
    try:
        return front_matter(data, source)
    except MalformedError:
        loose = _LOOSE.sub(_quoted, data, count=_MOST)
        if loose == data:
            raise
    return front_matter(loose, source)


def _quoted(match: re.Match[bytes]) -> bytes:
    """Make a text of a value that clients read as one, whatever YAML says."""
    value = match["value"]
    key = match["key"]
    if key.endswith(b"tools"):
        loose = value.startswith(b"*")
    elif key == b"description":
        loose = not value.startswith(_STYLED)
    else:
        loose = not value.startswith((b'"', b"'"))
    if not loose:
        return match[0]
    try:
        text = json.dumps(value.decode())
    except UnicodeDecodeError:
        return match[0]
    return key + b": " + text.encode()


def _text(node: Node) -> str | None:
    return node.optional_text()


def _listed(node: Node) -> Iterator[str]:
    """Yield names that stand in a list, or in a text one after another."""
    if node.is_text():
        yield from _WORDS.findall(node.text())[:_MOST]
    elif node.is_object():
        # `tools: {write: false}` of OpenCode.
        yield from (name for name, value in node.items() if value.value is not False)
    else:
        yield from node.texts()[:_MOST]


def _models(node: Node) -> Iterator[str]:
    """Yield names of models: a text, a list, or the table that Prompty has."""
    if node.is_object():
        inner = node.at("configuration")
        tables = [node, inner] if inner.is_object() else [node]
        for table in tables:
            for key in _DEPLOYMENTS:
                value = table.at(key)
                if value.is_text() and "{" not in value.text():
                    yield value.text()
    elif node.is_text():
        yield node.text()
    else:
        yield from node.texts()[:_MOST]


def _hooks(file: File, found: Collector) -> None:
    """Declare a file whose commands a client runs, and the scripts that these name."""
    commands, named = scripts(file)
    if not commands:
        return
    owner = found.add(_component(file, FileFacts(role="code")))
    for each in named:
        found.relate(owner, found.add(_component(each, FileFacts(role="code"))))
    if len(named) >= _MOST:
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=file.path),
                reason=f"names more than {_MOST} scripts",
                state=State.LIMIT,
                hint="examine them by themselves",
            )
        )
