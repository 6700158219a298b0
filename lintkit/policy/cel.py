"""CEL behind one door: compiling, evaluating, and what an expression is made of.

Google's runtime returns errors as values and checks names only at the root. Here an error value
raises ``CelError`` and a result that is not of the wanted type does too, so neither is read as a verdict.
"""

from __future__ import annotations

import re
import sys
from binascii import a2b_base64
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_math, ext_optional, ext_strings

from lintkit.facts.units import quantity
from lintkit.yamldoc.node import Json

if TYPE_CHECKING:
    from lintkit.policy import ast

ROOTS: Final = ("object", "oldObject", "params", "variables", "facts", "env", "item")

MAX_SIZE: Final = 1_000_000
_WITHOUT_NULL: Final = frozenset({"BOOL", "INT", "STRING", "DOUBLE"})


class CelError(Exception):
    """An expression does not compile, or failed when evaluated."""


def _is_quantity(text: str) -> bool:
    try:
        quantity(text)
    except ValueError:
        return False
    return True


def compare_versions(a: str, b: str) -> int:
    """-1, 0 or 1 as dotted version ``a`` is older than, equal to or newer than ``b``; missing parts count as 0."""
    left, right = ([int(part) for part in re.findall(r"\d+", text)] for text in (a, b))
    width = max(len(left), len(right))
    left += [0] * (width - len(left))
    right += [0] * (width - len(right))
    return (left > right) - (left < right)


def _sum(values: list[float]) -> float | int:
    return sum(values)


def _distinct(values: list[Json]) -> list[Json]:
    found: list[Json] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


@lru_cache(maxsize=1)
def _keep_none() -> None:
    """Make None immortal, as it is since Python 3.12.

    The runtime hands out null without owning it: after enough of them the interpreter, which counts references to
    None, would abort (seen with cel-expr-python 0.1.3).
    """
    if sys.implementation.name == "cpython" and sys.version_info < (3, 12):
        import ctypes

        ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40


@lru_cache(maxsize=1)
def _environment() -> cel.Env:
    kind = cel.Type
    anything = kind.DYN

    def overload(name: str, result: cel.Type, parameters: list[cel.Type], impl: object, *, member: bool = False) -> cel.Overload:
        return cel.Overload(name, return_type=result, parameters=parameters, is_member=member, impl=impl)

    functions = [
        cel.FunctionDecl("quantity", [overload("quantity_string", kind.DOUBLE, [kind.STRING], quantity)]),
        cel.FunctionDecl("isQuantity", [overload("is_quantity_string", kind.BOOL, [kind.STRING], _is_quantity)]),
        cel.FunctionDecl(
            "compareVersions", [overload("compare_versions", kind.INT, [kind.STRING, kind.STRING], compare_versions)]
        ),
        cel.FunctionDecl("sum", [overload("list_sum", anything, [kind.List(anything)], _sum, member=True)]),
        cel.FunctionDecl("max", [overload("list_max", anything, [kind.List(anything)], max, member=True)]),
        cel.FunctionDecl("min", [overload("list_min", anything, [kind.List(anything)], min, member=True)]),
        cel.FunctionDecl("distinct", [overload("list_distinct", anything, [kind.List(anything)], _distinct, member=True)]),
    ]
    extensions = [ext_strings.ExtStrings(), ext_optional.ExtOptional(), ext_math.ExtMath(), ext_bindings.ExtBindings()]
    return cel.NewEnv(variables=dict.fromkeys(ROOTS, anything), extensions=extensions, functions=functions)


def _compiled(source: str) -> Any:
    try:
        return _environment().compile(source)
    except RuntimeError as error:
        raise CelError(_first_lines(str(error))) from None


class Program:
    """A compiled expression. Raises CelError when ``source`` is no CEL.

    One that was compiled before (``code``, in base64) is taken up again, six times as fast, when it is first needed:
    an expression that only names a place is looked up without it. It is compiled where ``code`` is not usable.
    """

    def __init__(self, source: str, code: str | None = None) -> None:
        self.source = source
        self._code = code
        if code is None:
            self._expression = _compiled(source)

    @cached_property
    def _expression(self) -> Any:
        assert self._code is not None
        try:
            return _environment().deserialize(a2b_base64(self._code))
        except (RuntimeError, ValueError):
            return _compiled(self.source)

    def serialized(self) -> bytes:
        """The compiled expression as the runtime writes it, for ``restored``."""
        code: bytes = self._expression.serialize()
        return code

    @cached_property
    def tree(self) -> ast.Expr:
        """The syntax tree."""
        from lintkit.policy import ast

        return ast.parse(self.serialized())

    def _result(self, data: Mapping[str, Json]) -> Any:
        try:
            return self._expression.eval(data=data)
        except (RuntimeError, ValueError, OverflowError, TypeError) as error:
            raise CelError(_first_lines(str(error))) from None

    def evaluate(self, data: Mapping[str, Json]) -> Json:
        """The value over ``data`` (root name to plain data); CelError when it failed."""
        return _value(self._result(data))


def _value(result: Any) -> Json:
    kind = result.type().name()
    if kind == "ERROR":
        raise CelError(_first_lines(str(_plain(result))))
    if kind not in _WITHOUT_NULL:
        _keep_none()
    return _plain(result)


def _plain(result: Any) -> Json:
    try:
        value: Json = result.plain_value()
    except TypeError:
        raise CelError("gives an optional value: `.orValue(...)` makes a plain one of it") from None
    return value


def bounded(value: Json) -> Json:
    """``value``; CelError when it is larger than any value of a resource: variables made of variables may double each time."""
    todo, size = [value], 0
    while todo:
        at = todo.pop()
        size += len(at) if isinstance(at, str) else 1
        if size > MAX_SIZE:
            raise CelError(f"gives more than {MAX_SIZE:,} characters and values")
        todo += at.values() if isinstance(at, dict) else at if isinstance(at, list) else ()
    return value


@lru_cache(maxsize=4096)
def program(source: str) -> Program:
    """``source`` compiled, once for a run."""
    return Program(source)


@lru_cache(maxsize=4096)
def restored(source: str, code: str) -> Program:
    """``source`` from what ``Program.serialized`` gave (in base64), once for a run."""
    return Program(source, code)


def runtime_file() -> str:
    """The file of the runtime: what a serialised expression depends on."""
    return str(cel.__file__)


def _first_lines(message: str) -> str:
    text = message.removeprefix("INVALID_ARGUMENT: ").replace("ERROR: <input>:", "at ")
    return " ".join(part.strip() for part in text.split("\n")[:1])
