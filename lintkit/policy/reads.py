"""What an expression reads: the select chains rooted at object, facts, env, ... of its tree.

Known when a policy loads. A chain that ends in a list, an index that is no constant or a
comprehension counts with all below it; ``has(a.b)`` only asks for ``a.b`` itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from lintkit.policy.ast import Build, Call, Const, Expr, Fold, Ident, Select
from lintkit.policy.cel import ROOTS
from lintkit.policy.chains import Read

_ITEM = "[]"


def reads_of(tree: Expr) -> frozenset[Read]:
    """Every chain ``tree`` reads."""
    found: set[Read] = set()
    _visit(tree, {}, found)
    return frozenset(found)


def _visit(expr: Expr, scope: Mapping[str, Read | None], found: set[Read]) -> None:
    chain = _chain(expr, scope)
    if chain is not None:
        found.add(chain)
        _visit_keys(expr, scope, found)
        return
    if isinstance(expr, Select):
        _visit(expr.operand, scope, found)
    elif isinstance(expr, Call):
        for part in (*((expr.target,) if expr.target else ()), *expr.args):
            _visit(part, scope, found)
    elif isinstance(expr, Build):
        for part in expr.parts:
            _visit(part, scope, found)
    elif isinstance(expr, Fold):
        _visit_fold(expr, scope, found)


def _visit_keys(expr: Expr, scope: Mapping[str, Read | None], found: set[Read]) -> None:
    """Computed keys along a chain (``a[b.c]``) are read too."""
    while True:
        if isinstance(expr, Select):
            expr = expr.operand
        elif isinstance(expr, Call) and expr.args:
            if len(expr.args) == 2 and not isinstance(expr.args[1], Const):
                _visit(expr.args[1], scope, found)
            expr = expr.args[0]
        else:
            return


def _visit_fold(expr: Fold, scope: Mapping[str, Read | None], found: set[Read]) -> None:
    _visit(expr.over, scope, found)
    _visit(expr.start, scope, found)
    over = _chain(expr.over, scope)
    inner: dict[str, Read | None] = dict(scope)
    inner[expr.accumulator] = _chain(expr.start, scope)
    for i, name in enumerate(expr.variables):
        # with two variables (transformList) the first is the index or key
        item = i == len(expr.variables) - 1
        inner[name] = over._replace(path=(*over.path, _ITEM)) if over and item else None
    for part in expr.rest:
        _visit(part, inner, found)


def _chain(expr: Expr, scope: Mapping[str, Read | None]) -> Read | None:
    """``expr`` as a chain from a root or a loop variable; None for anything else."""
    if isinstance(expr, Ident):
        if expr.name in scope:
            return scope[expr.name]
        return Read(expr.name, ()) if expr.name in ROOTS else None
    if isinstance(expr, Select):
        base = _chain(expr.operand, scope)
        return Read(base.root, (*base.path, expr.field), not expr.test) if base else None
    if isinstance(expr, Call) and expr.function in ("_[_]", "_[?_]", "_?._") and len(expr.args) == 2:
        base = _chain(expr.args[0], scope)
        if base is None:
            return None
        key = expr.args[1]
        if isinstance(key, Const) and isinstance(key.value, str):
            return Read(base.root, (*base.path, key.value))
        return Read(base.root, (*base.path, _ITEM))
    return None
