"""What the names in Python code stand for, as far as that is written there."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mcpchain.discover.python_code.source import Code

_BINDINGS: Final = 8
"""How many meanings of one name are looked at."""
_STEPS: Final = 64
"""How many names are followed to find what one stands for."""
_KEYS: Final = 1_000_000
_READERS: Final = frozenset(
    {"os.getenv", "os.environ.get", "os.environ.setdefault", "decouple.config"}
)
_SAME: Final = frozenset({"str", "SecretStr", "pydantic.SecretStr", "Secret"})
"""What returns its first argument, for us."""
_ALIKE: Final = frozenset({"strip", "rstrip", "lstrip", "lower", "format"})
_SELF: Final = frozenset({"self", "cls"})
_BLANK: Final = "{}"
"""Stands for what is not written."""


@dataclass(slots=True, kw_only=True)
class Words:
    """What an expression may be: texts, variables of the environment, or else."""

    texts: list[str] = field(default_factory=list)
    env: list[str] = field(default_factory=list)
    opaque: bool = False
    """Whether it may be something that is not written."""


class Scope:
    """The names of a module, a class or a function."""

    __slots__ = ("names", "parent")

    def __init__(self, parent: "Scope | None" = None) -> None:
        self.parent = parent
        self.names: dict[str, list[ast.expr | str]] = {}

    def bind(self, name: str, value: ast.expr | str) -> None:
        """Let *name* mean *value* too: code, or the name of what is imported."""
        known = self.names.setdefault(name, [])
        if len(known) < _BINDINGS:
            known.append(value)

    def lookup(self, name: str) -> "tuple[list[ast.expr | str], Scope] | None":
        """Return what *name* means here, and the scope that says so."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name], scope
            scope = scope.parent
        return None


@dataclass(slots=True, kw_only=True)
class Called:
    """A call, and where it is."""

    node: ast.Call
    scope: Scope
    code: Code
    keywords: dict[str, ast.expr] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keywords = {k.arg: k.value for k in self.node.keywords if k.arg}


@dataclass(slots=True, kw_only=True)
class Traced:
    """What an expression stands for."""

    name: str
    """`openai.OpenAI().chat.completions.create`."""
    made_by: ast.Call | None = None
    """The call that made the object on which something is called."""


class Module:
    """One module: its calls, and what its names stand for."""

    def __init__(self) -> None:
        self.top = Scope()
        self.calls: list[Called] = []
        self.texts: list[tuple[ast.Constant, Code]] = []
        """Texts that are addresses."""
        self.set: list[tuple[ast.Attribute, ast.expr, Scope, Code]] = []
        """Attributes of a name, to which something is assigned."""
        self.imports: list[tuple[str, str, Code, int]] = []
        """Local name, imported name, and where."""
        self.variables: set[str] = set()
        """Variables of the environment that are read by subscription."""
        self.loads: dict[str, int] = {}
        self.parts: dict[str, set[str]] = {}
        """Attributes of plain names that are read."""
        self.own: frozenset[str] = frozenset()
        """Names of modules that are the project's, whatever library is called so."""
        self.attributes: dict[str, tuple[list[ast.expr], Scope]] = {}
        """What is assigned to attributes of `self`, and to names in classes."""
        self.entries: dict[tuple[str, str], list[tuple[ast.expr, Scope]]] = {}
        """What is put into dictionaries, by their names and the key."""
        self.left = _KEYS
        """How many keys of dictionaries may still be looked at."""

    def put(self, name: str, key: str, value: ast.expr, scope: Scope) -> None:
        """Note that a dictionary of this *name* holds *value* under *key*."""
        known = self.entries.setdefault((name, key), [])
        if len(known) < _BINDINGS:
            known.append((value, scope))

    def trace(self, expression: ast.expr, scope: Scope) -> Traced | None:
        """Return what *expression* stands for, if that is of a library."""
        traced = self._followed(expression, scope)
        if traced is None or traced.name.partition(".")[0] in self.own:
            return None
        return traced

    def _followed(self, expression: ast.expr, scope: Scope) -> Traced | None:
        after: list[str] = []
        maker: ast.Call | None = None
        node: ast.expr | str = expression
        for _ in range(_STEPS):
            match node:
                case str():
                    return Traced(name=node + "".join(reversed(after)), made_by=maker)
                case ast.Attribute():
                    after.append(f".{node.attr}")
                    node = node.value
                case ast.Call():
                    if imported := _by_name(node):
                        node = imported
                        continue
                    after.append("()")
                    maker, node = node, node.func
                case ast.Subscript():
                    after.append("[]")
                    node = node.value
                case ast.Await() | ast.NamedExpr():
                    node = node.value
                case ast.Name():
                    found = self._meaning(node, after, scope)
                    if found is None:
                        return None
                    node, scope = found
                case _:
                    return None
        return None

    def _meaning(
        self, name: ast.Name, after: list[str], scope: Scope
    ) -> tuple[ast.expr | str, Scope] | None:
        if name.id in _SELF and after:
            known = self.attributes.get(after[-1].lstrip("."))
            if known is None:
                return None
            after.pop()
            return known[0][0], known[1]
        found = scope.lookup(name.id)
        if found is None:
            return None
        values, owner = found
        texts = [each for each in values if isinstance(each, str)]
        followed = (ast.Name, ast.Attribute, ast.Call, ast.Await)
        plain = [_chosen(e) for e in values if not isinstance(e, str)]
        codes = [each for each in plain if isinstance(each, followed)]
        best = (*texts, *codes)
        return (best[0], owner) if best else None

    def words(self, expression: ast.expr, scope: Scope) -> Words:
        """Return what text *expression* may be."""
        words = Words()
        stack: list[tuple[ast.expr | str, Scope]] = [(expression, scope)]
        for _ in range(_STEPS):
            if not stack:
                return words
            node, where = stack.pop()
            stack.extend(reversed(list(self._word(node, where, words))))
        words.opaque = True
        return words

    def _word(
        self, node: ast.expr | str, scope: Scope, words: Words
    ) -> Iterator[tuple[ast.expr | str, Scope]]:
        """Read one expression into *words*; yield those that it consists of."""
        match node:
            case ast.Constant(value=str() as text):
                words.texts.append(text)
            case ast.Constant(value=None):
                pass
            case ast.JoinedStr() | ast.BinOp():
                self._joined(node, scope, words)
            case ast.BoolOp():
                yield from ((each, scope) for each in node.values)
            case ast.IfExp():
                yield from ((each, scope) for each in (node.body, node.orelse))
            case ast.List() | ast.Tuple() | ast.Set():
                yield from ((each, scope) for each in node.elts[:_STEPS])
            case ast.Name() | ast.Attribute():
                yield from self._known(node, scope, words)
            case ast.Call() | ast.Subscript():
                yield from self._asked(node, scope, words)
            case _:
                words.opaque = True

    def _known(
        self, node: ast.Name | ast.Attribute, scope: Scope, words: Words
    ) -> Iterator[tuple[ast.expr | str, Scope]]:
        found = self.meanings(node, scope)
        if not found or any(isinstance(each, str) for each, _ in found):
            words.opaque = True
            return
        yield from found

    def meanings(
        self, node: ast.Name | ast.Attribute, scope: Scope
    ) -> list[tuple[ast.expr | str, Scope]]:
        """Return what a name, or an attribute of `self`, is assigned, and where."""
        if isinstance(node, ast.Name):
            found = scope.lookup(node.id)
            return [(each, found[1]) for each in found[0]] if found else []
        if isinstance(node.value, ast.Name) and node.value.id in _SELF:
            known = self.attributes.get(node.attr)
            return [(each, known[1]) for each in known[0]] if known else []
        return []

    def _asked(
        self, node: ast.Call | ast.Subscript, scope: Scope, words: Words
    ) -> Iterator[tuple[ast.expr | str, Scope]]:
        """Read what comes out of the environment, or of a method of a text."""
        if isinstance(node, ast.Subscript):
            traced = self.trace(node.value, scope)
            if traced is not None and traced.name == "os.environ":
                self._variable(node.slice, scope, words)
            words.opaque = True
            return
        traced = self.trace(node.func, scope)
        if traced is not None and traced.name in _READERS and node.args:
            self._variable(node.args[0], scope, words)
            defaults = [*node.args[1:2]]
            defaults += [k.value for k in node.keywords if k.arg == "default"]
            words.opaque = words.opaque or not defaults
            yield from ((each, scope) for each in defaults)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _ALIKE:
            yield node.func.value, scope
        elif node.args and last(node.func) in _SAME:
            yield node.args[0], scope
        else:
            words.opaque = True

    def _variable(self, node: ast.expr, scope: Scope, words: Words) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.env.append(node.value)
        elif isinstance(node, ast.Name) and (found := scope.lookup(node.id)):
            for each in found[0]:
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    words.env.append(each.value)

    def _joined(
        self, node: ast.JoinedStr | ast.BinOp, scope: Scope, words: Words
    ) -> None:
        """Read the beginning of a text that is put together."""
        parts = list(_pieces(node))
        text = ""
        for part in parts:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                text += part.value
                continue
            inner = Words()
            if isinstance(part, ast.Name):
                inner = self.words_once(part, scope)
            text += inner.texts[0] if len(inner.texts) == 1 else _BLANK
        if text.strip("{}/"):
            words.texts.append(text)
        else:
            words.opaque = True

    def words_once(self, name: ast.Name, scope: Scope) -> Words:
        """Return the texts that *name* is itself assigned, without going further."""
        words = Words()
        found = scope.lookup(name.id)
        for each in found[0] if found else ():
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                words.texts.append(each.value)
        return words


def _chosen(node: ast.expr) -> ast.expr:
    """Return what is meant by `a if b else None` and by `a or b`."""
    match node:
        case ast.IfExp(body=ast.Constant(), orelse=other):
            return other
        case ast.IfExp(body=body):
            return body
        case ast.BoolOp(values=[first, *_]):
            return first
        case _:
            return node


def _pieces(node: ast.JoinedStr | ast.BinOp) -> Iterator[ast.expr]:
    """Yield the pieces of a text, in their order, so far as they are few."""
    stack: list[ast.expr] = [node]
    for _ in range(_STEPS):
        if not stack:
            return
        match stack.pop():
            case ast.JoinedStr(values=values):
                stack.extend(reversed(values[:_STEPS]))
            case ast.FormattedValue(value=value):
                stack.append(value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                stack.extend((right, left))
            case ast.BinOp(left=left, op=ast.Mod()):
                stack.append(left)
            case other:
                yield other


def _by_name(node: ast.Call) -> str | None:
    """Return what a call imports whose argument is the name of a module."""
    if last(node.func) not in {"import_module", "__import__"} or not node.args:
        return None
    first = node.args[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value
    return None


def last(node: ast.expr) -> str:
    """Return the last part of a dotted name; empty for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
