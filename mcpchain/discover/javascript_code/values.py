"""What values in JavaScript may be: texts, variables of the environment, or else."""

from typing import Final

from mcpchain.discover.javascript_code.tokens import Token

_ENDS: Final = frozenset({")", ",", ";", "]", "}"})


class Values:
    """The texts that the names of one file are bound to.

    Args:
        found: The tokens of the file.
    """

    def __init__(self, found: list[Token]) -> None:
        self._found = found
        self.texts = self._constants()

    def _word(self, index: int) -> str:
        return self._found[index].text if 0 <= index < len(self._found) else ""

    def _constants(self) -> dict[str, str]:
        """Return the texts that names are bound to, each to one only."""
        texts: dict[str, str] = {}
        twice: set[str] = set()
        for index in range(1, len(self._found) - 1):
            mark, value = self._found[index], self._found[index + 1]
            name = self._found[index - 1]
            if self._word(index - 2) == ":" and index > 2:  # noqa: PLR2004  (`a: T =`)
                name = self._found[index - 3]
            if mark.text != "=" or mark.kind != "mark" or name.kind != "word":
                continue
            plain = value.kind == "text" and self._word(index + 2) not in {"+", "."}
            if name.text in texts or not plain:
                twice.add(name.text)
            else:
                texts[name.text] = value.text
        return {name: text for name, text in texts.items() if name not in twice}

    def of(self, index: int) -> tuple[list[str], list[str], bool]:
        """Return the texts and variables that a value may be, and whether else."""
        texts: list[str] = []
        env: list[str] = []
        opaque = False
        while index < len(self._found):
            token = self._found[index]
            following = self._word(index + 1)
            if token.kind in {"text", "open"}:
                texts.append(
                    token.text if token.kind == "text" else f"{token.text}{{}}"
                )
                if token.kind == "open":
                    return texts, env, opaque
                index += 1
            elif name := variable(self._found, index):
                env.append(name[0])
                index = name[1]
                opaque = self._word(index) not in {"??", "||"}
                index += not opaque
                if not opaque:
                    continue
            elif token.kind == "word" and token.text in self.texts:
                texts.append(self.texts[token.text])
                index += 1
            elif token.text in {"undefined", "null"} and following in _ENDS:
                return texts, env, opaque
            elif token.text in {"??", "||", "!"}:
                index += 1
            else:
                return texts, env, opaque or token.text not in _ENDS
            if self._word(index) not in {"??", "||", "!"}:
                return texts, env, opaque
        return texts, env, opaque


def variable(found: list[Token], index: int) -> tuple[str, int] | None:
    """Return the variable of the environment that is read at *index*, and what follows.

    `process.env.X`, `process.env["X"]`, `import.meta.env.X`, `Deno.env.get("X")`.
    """
    words = [each.text for each in found[index : index + 8]]
    if words[:1] == ["import"] and words[1:4] == [".", "meta", "."]:
        index, words = index + 2, words[2:]
    if len(words) < 5 or words[0] not in {"process", "meta", "Deno", "Bun"}:  # noqa: PLR2004  (`a.b.c`)
        return None
    if words[1:3] not in ([".", "env"], ["?.", "env"]):
        return None
    match words[3:]:
        case [".", "get", "(", name, ")"]:
            return name, index + 8
        case ["." | "?.", name, *_]:
            return name, index + 5
        case ["[", name, "]", *_]:
            return name, index + 6
        case _:
            return None
