"""npm's configuration files as they are written, by whomever (npm docs, npmrc)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mcpchain.address import public

_VARIABLE: Final = re.compile(r"(\\*)\$\{([^${}]+?)(\?)?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registries:
    """Whom npm asks for what."""

    default: str | None = None
    """Without credentials. `None`: npm's default."""
    scopes: tuple[tuple[str, str], ...] = ()
    """(`@scope`, its registry)."""

    @classmethod
    def chosen(cls, values: Mapping[str, str]) -> "Registries":
        """Return what *values*, as `parse` returns them, choose."""
        default = values.get("registry")
        scopes = {
            key.removesuffix(":registry"): public(value)
            for key, value in values.items()
            if key.startswith("@") and key.endswith(":registry")
        }
        return cls(
            default=public(default) if default else None,
            scopes=tuple(sorted(scopes.items())),
        )

    def of(self, name: str) -> str | None:
        """Return the registry for the package *name*; `None`: npm's default."""
        scope = name.partition("/")[0] if name.startswith("@") else ""
        return dict(self.scopes).get(scope, self.default)


def parse(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Read `key = value` lines; `;` and `#` begin comments, as in npm's ini format.

    A key alone is true. A section's keys are taken for keys of the file.

    Args:
        text: The content of the file.
        environ: What `${NAME}` stands for; empty for a file that is not the user's.
    """
    values: dict[str, str] = {}
    for line in re.split(r"[\r\n]+", text):
        key, equals, value = line.strip().partition("=")
        if not key or key.startswith((";", "#", "[")):
            continue
        value = _unquote(value) if equals else "true"
        values[_expand(_unquote(key), environ)] = _expand(value, environ)
    return values


def _unquote(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return re.split(r"(?<!\\)[;#]", text, maxsplit=1)[0].strip()


def _expand(text: str, environ: Mapping[str, str]) -> str:
    """Put in environment variables as npm does: `${NAME}`, unknown ones left alone."""

    def value(found: re.Match[str]) -> str:
        if len(found[1]) % 2:
            return found[0]
        unknown = "" if found[3] else f"${{{found[2]}}}"
        return found[1] + environ.get(found[2], unknown)

    return _VARIABLE.sub(value, text)
