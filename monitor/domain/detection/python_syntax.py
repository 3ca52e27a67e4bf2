"""Small questions about Python's syntax tree: which statements are the module's own, what is assigned, which port."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The module's statements, those inside `try`, `with` and `if` included (not below `__main__`)."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            if not is_main(node.test):
                yield from statements(node.body)
            yield from statements(node.orelse)
        elif isinstance(node, ast.Try):
            for part in (node.body, *(h.body for h in node.handlers), node.orelse, node.finalbody):
                yield from statements(part)
        elif isinstance(node, ast.With):
            yield from statements(node.body)


def targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    """The plain names an assignment gives a value to."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    flat = [e for t in targets for e in (t.elts if isinstance(t, ast.Tuple) else [t])]
    return [t.id for t in flat if isinstance(t, ast.Name)]


def is_main(test: ast.expr) -> bool:
    """Whether this is `__name__ == "__main__"`."""
    if not isinstance(test, ast.Compare):
        return False
    sides = [test.left, *test.comparators]
    return any(isinstance(s, ast.Constant) and s.value == "__main__" for s in sides)


def port_default(node: ast.FunctionDef) -> list[ast.expr]:
    """The default of a function's argument `port`."""
    given = zip(reversed(node.args.args), reversed(node.args.defaults), strict=False)
    return [value for argument, value in given if argument.arg == "port"]


def attribute(node: ast.Call) -> str:
    """The method a call is made by, "" for a plain function."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def port_in_node(node: ast.expr, numbers: Mapping[str, ast.expr]) -> int | None:
    """A port written as a number, alone or in an address pair."""
    last = node.elts[1] if isinstance(node, ast.Tuple) and len(node.elts) == 2 else node
    last = numbers.get(last.id, last) if isinstance(last, ast.Name) else last
    value: object = last.value if isinstance(last, ast.Constant) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 80 <= value < 65536 else None
