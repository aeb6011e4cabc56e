"""Say whether a call switches something on, by whatever way the option reaches it."""

import ast
from collections.abc import Iterator
from typing import Final

from mcpchain.discover.python_code.module import Called, Module, Scope, last

_STEPS: Final = 32
"""How many expressions are looked at to find what an option is."""
_GETTERS: Final = frozenset({"get", "pop", "getattr", "setdefault"})
"""What returns its last argument, where nothing else is known."""
_MERGERS: Final = frozenset({"update", "setdefault"})
_OFF: Final = frozenset({"false", "False", "0", "no", "off"})
_Places = list[tuple[ast.expr | str, Scope]]


def switches_on(module: Module, called: Called, key: str) -> bool:
    """Say whether the argument *key* of a call may be true, as far as it is written.

    It may be named, or come out of what is unpacked: `**options`. What is chosen
    elsewhere, such as on a command line, is not written.
    """
    if key in called.keywords:
        return _may_be_true(module, [(called.keywords[key], called.scope)])
    unpacked = (each.value for each in called.node.keywords if each.arg is None)
    options: _Places = [(each, called.scope) for each in unpacked]
    return _may_be_true(module, list(_entries(module, options, key)))


def _may_be_true(  # noqa: C901, PLR0912  (a table)
    module: Module, places: _Places
) -> bool:
    stack = places
    for _ in range(_STEPS):
        if not stack:
            break
        node, scope = stack.pop()
        match node:
            case ast.Constant(value=value):
                if value and value not in _OFF:
                    return True
            case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=value)):
                if not value:
                    return True
            case ast.BoolOp(values=values):
                stack.extend((each, scope) for each in values[:_STEPS])
            case ast.IfExp(body=body, orelse=other):
                stack += [(body, scope), (other, scope)]
            case ast.NamedExpr(value=value):
                stack.append((value, scope))
            case ast.Call(func=func, args=[*_, default]):
                if last(func) in _GETTERS | {"bool"}:
                    stack.append((default, scope))
            case ast.Name() | ast.Attribute():
                stack.extend(module.meanings(node, scope))
            case _:
                continue
    return False


def _entries(  # noqa: C901, PLR0912  (a table)
    module: Module, options: _Places, key: str
) -> Iterator[tuple[ast.expr | str, Scope]]:
    """Yield what *key* may be in *options*, dictionaries that are unpacked."""
    stack = options
    for _ in range(_STEPS):
        if not stack:
            return
        node, scope = stack.pop()
        match node:
            case ast.Dict(keys=keys, values=values):
                module.left -= len(keys)
                if module.left < 0:
                    return
                for name, value in zip(keys, values, strict=True):
                    if name is None:
                        stack.append((value, scope))
                    elif isinstance(name, ast.Constant) and name.value == key:
                        yield value, scope
            case ast.Call():
                yield from ((k.value, scope) for k in node.keywords if k.arg == key)
                stack.extend((k.value, scope) for k in node.keywords if k.arg is None)
                stack.extend((each, scope) for each in node.args[:_STEPS])
                if isinstance(node.func, ast.Attribute):
                    stack.append((node.func.value, scope))  # `options.copy()`
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                stack += [(left, scope), (right, scope)]
            case ast.BoolOp(values=values):
                stack.extend((each, scope) for each in values[:_STEPS])
            case ast.IfExp(body=body, orelse=other):
                stack += [(body, scope), (other, scope)]
            case ast.Name() | ast.Attribute():
                stack.extend(module.meanings(node, scope))
                yield from module.entries.get((last(node), key), ())
            case _:
                continue


def put_in(called: Called) -> Iterator[tuple[str, str, ast.expr]]:
    """Yield what a call puts into a dictionary: its name, the key, and the value."""
    func, node = called.node.func, called.node
    if not isinstance(func, ast.Attribute) or func.attr not in _MERGERS:
        return
    name = last(func.value)
    for key, value in called.keywords.items():
        yield name, key, value
    match node.args:
        case [ast.Constant(value=str() as key), value]:
            yield name, key, value
        case [ast.Dict(keys=keys, values=values)]:
            for each, value in zip(keys, values, strict=True):
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield name, each.value, value
        case _:
            return
