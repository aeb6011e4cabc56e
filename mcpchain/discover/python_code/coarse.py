"""What code imports that cannot be parsed, such as that of a newer Python."""

import re
from typing import Final

from mcpchain.discover.python_code.module import Module
from mcpchain.discover.python_code.source import Code

_OPAQUE: Final = re.compile(
    r"\#[^\n]*+"
    r'|"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)'
    r"|'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*+"?'
    r"|'(?:[^'\\\n]|\\.)*+'?",
    re.DOTALL,
)
_IMPORT: Final = re.compile(
    r"^[ \t]*+(?:import[ \t]++(?P<whole>[\w.]+)(?:[ \t]++as[ \t]++(?P<name>\w+))?"
    r"|from[ \t]++(?P<module>[\w.]+)[ \t]++import[ \t(]*+(?P<first>\w+))",
    re.MULTILINE,
)
_MOST: Final = 1_000


def imported(code: Code, module: Module) -> None:
    """Note in *module* what *code* imports at the beginnings of its lines."""
    text = _OPAQUE.sub(_lines, code.text)
    line, seen = 1, 0
    for count, match in enumerate(_IMPORT.finditer(text)):
        if count >= _MOST:
            return
        line += text.count("\n", seen, match.start())
        seen = match.start()
        whole = match["whole"]
        origin = whole or f"{match['module']}.{match['first']}"
        if origin.startswith("."):
            continue
        local = match["name"] or (whole.partition(".")[0] if whole else match["first"])
        module.imports.append((local, origin, code, line))
        # Whether it is used cannot be told.
        module.loads[local] = 1


def _lines(match: re.Match[str]) -> str:
    """Keep nothing but the ends of lines, so that the next have their numbers."""
    return "\n" * match[0].count("\n")
