"""Walk through the syntax of Python code, without recursion, and note what matters."""

import ast
from typing import Final

from mcpchain.discover.python_code.module import Called, Module, Scope, last
from mcpchain.discover.python_code.source import Code

_SCHEMES: Final = ("http://", "https://", "ws://", "wss://")
_ANYTHING: Final = ast.Yield()
"""Stands for what is assigned in a way that is not followed."""
_MATTERS: Final = frozenset(
    {
        *(ast.Call, ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Expr),
        *(ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef),
        *(ast.Lambda, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.NamedExpr),
        *(ast.withitem, ast.If),
    }
)
"""What is noted, or visited in a way of its own."""
_EMPTY: Final = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
"""What consists of nothing."""
_ASKING: Final = frozenset({"isinstance", "issubclass"})


def collect(tree: ast.Module, code: Code, module: Module) -> None:
    """Note the calls, names and addresses of one piece of code in *module*."""
    _Walk(module, code).all(tree)


class _Walk:
    def __init__(self, module: Module, code: Code) -> None:
        self._module = module
        self._code = code
        self._stack: list[tuple[ast.AST, Scope]] = []

    def all(self, tree: ast.Module) -> None:
        self._stack = [(tree, self._module.top)]
        while self._stack:
            node, scope = self._stack.pop()
            # Most nodes are none of these, and matching them takes long.
            if type(node) in _MATTERS:
                self._visit(node, scope)
            else:
                self._push(node, scope)

    def _visit(  # noqa: C901, PLR0912  (a table)
        self, node: ast.AST, scope: Scope
    ) -> None:
        match node:
            case ast.Call():
                self._call(node, scope)
            case ast.Name():
                loads = self._module.loads
                loads[node.id] = loads.get(node.id, 0) + 1
                if not isinstance(node.ctx, ast.Load):
                    # A loop, a part of a tuple: it may be anything from now on.
                    scope.bind(node.id, _ANYTHING)
            case ast.Attribute():
                self._attribute(node, scope)
            case ast.Subscript(
                value=ast.Attribute(attr="environ") | ast.Name(id="environ"),
                slice=ast.Constant(value=str() as name),
            ):
                self._module.variables.add(name)
            case ast.Constant():
                self._constant(node)
            case ast.Expr(value=ast.Constant()):
                pass  # a docstring
            case ast.Import() | ast.ImportFrom():
                self._import(node, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._function(node, scope)
            case ast.ClassDef():
                self._push(node, Scope(scope))
            case ast.Assign() | ast.AnnAssign() | ast.NamedExpr():
                self._assign(node, scope)
            case ast.withitem(context_expr=made, optional_vars=ast.Name(id=name)):
                scope.bind(name, made)
                self._push(node, scope)
            case ast.If() if _is_type_checking(node.test):
                self._stack.extend((each, scope) for each in reversed(node.orelse))
            case _:
                self._push(node, scope)

    def _push(self, node: ast.AST, scope: Scope) -> None:
        """Visit next what *node* consists of."""
        stack, start = self._stack, len(self._stack)
        for value in node.__dict__.values():
            if isinstance(value, list):
                stack += [(e, scope) for e in value if isinstance(e, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, _EMPTY):
                stack.append((value, scope))
        stack[start:] = stack[: start - 1 if start else None : -1]

    def _call(self, node: ast.Call, scope: Scope) -> None:
        self._module.calls.append(Called(node=node, scope=scope, code=self._code))
        if isinstance(node.func, ast.Name) and node.func.id in _ASKING:
            return
        self._push(node, scope)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> None:
        if isinstance(node.value, ast.Name):
            self._module.parts.setdefault(node.value.id, set()).add(node.attr)
            return
        self._push(node, scope)

    def _constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, str) and value.lower().startswith(_SCHEMES):
            self._module.texts.append((node, self._code))

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for each in node.names:
            if isinstance(node, ast.Import):
                origin, plain = each.name, each.name.partition(".")[0]
                local = each.asname or plain
                meant = origin if each.asname else plain
            elif node.level or node.module is None:
                continue  # of the project itself
            else:
                origin = meant = f"{node.module}.{each.name}"
                local = each.asname or each.name
            scope.bind(local, meant)
            self._module.imports.append((local, origin, self._code, node.lineno))

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope
    ) -> None:
        inner = Scope(scope)
        given = node.args
        ordered = [*given.posonlyargs, *given.args]
        late = ordered[len(ordered) - len(given.defaults) :]
        pairs = [*zip(late, given.defaults, strict=True)]
        pairs += [
            (name, value)
            for name, value in zip(given.kwonlyargs, given.kw_defaults, strict=True)
            if value is not None
        ]
        for name, value in pairs:
            inner.bind(name.arg, value)
        for each in (*ordered, *given.kwonlyargs):
            if isinstance(each.annotation, ast.Name | ast.Attribute):
                made = ast.Call(func=each.annotation, args=[], keywords=[])
                inner.bind(each.arg, made)
            elif each.arg not in inner.names:
                inner.names[each.arg] = []
        self._stack.extend((value, scope) for _, value in pairs)
        body = node.body if isinstance(node.body, list) else [node.body]
        self._stack.extend((each, inner) for each in reversed(body))
        self._stack.extend((e, scope) for e in getattr(node, "decorator_list", ()))

    def _assign(
        self, node: ast.Assign | ast.AnnAssign | ast.NamedExpr, scope: Scope
    ) -> None:
        value = node.value
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if value is None:
            return
        for target in targets:
            match target:
                case ast.Name(id=name):
                    scope.bind(name, value)
                    self._remember(name, value, scope)
                case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                    self._remember(name, value, scope)
                case ast.Attribute():
                    self._module.set.append((target, value, scope, self._code))
                case ast.Subscript(
                    value=ast.Name() | ast.Attribute() as base,
                    slice=ast.Constant(value=str() as key),
                ):
                    self._module.put(last(base), key, value, scope)
                    self._stack.append((target, scope))
                case _:
                    self._stack.append((target, scope))
        self._stack.append((value, scope))

    def _remember(self, name: str, value: ast.expr, scope: Scope) -> None:
        """Keep what an attribute of `self` is set to; a name in a class is one too."""
        values, _ = self._module.attributes.setdefault(name, ([], scope))
        if len(values) < _MEANINGS:
            values.append(value)


_MEANINGS: Final = 4


def _is_type_checking(test: ast.expr) -> bool:
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case _:
            return False
