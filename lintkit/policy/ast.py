"""The syntax tree of a compiled CEL expression.

The runtime hands out no tree, but serialises one: a ``cel.expr.CheckedExpr`` message
(google/cel-spec, proto/cel/expr/checked.proto and syntax.proto). Field numbers below are theirs.
Reading the engine's own tree keeps lintkit from having a second idea of the language.
"""

from __future__ import annotations

import struct
from typing import Final, TypeAlias

from lintkit.records import dataclass

Raw: TypeAlias = "dict[int, list[int | bytes]]"

_CHECKED_EXPR: Final = 4
_DOUBLE, _STRING, _BYTES = 5, 6, 7


@dataclass(frozen=True, slots=True)
class Const:
    """A literal."""

    value: bool | int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Ident:
    """A name."""

    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """``operand.field``; ``test`` for ``has(operand.field)``."""

    operand: Expr
    field: str
    test: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A function, operator or method call."""

    function: str
    target: Expr | None
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Build:
    """A list or map literal."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """A comprehension (``all``, ``exists``, ``map``, ``filter``) or a ``cel.bind``."""

    variables: tuple[str, ...]
    over: Expr
    accumulator: str
    start: Expr
    rest: tuple[Expr, ...]


Expr: TypeAlias = "Const | Ident | Select | Call | Build | Fold"


def parse(serialized: bytes) -> Expr:
    """The tree of an expression that the runtime serialised."""
    checked = _fields(_bytes(_fields(serialized), 2))
    return _expr(_bytes(checked, _CHECKED_EXPR))


def _fields(data: bytes) -> Raw:
    """The fields of a message by number. Most tags and sizes are one byte: those are read in place."""
    found: Raw = {}
    at, end = 0, len(data)
    while at < end:
        tag = data[at]
        at += 1
        if tag >= 0x80:
            tag, at = _varint(data, at - 1)
        kind = tag & 7
        if kind == 0:
            number, at = _varint(data, at)
            found.setdefault(tag >> 3, []).append(number)
            continue
        size = 8 if kind == 1 else 4
        if kind == 2:
            size = data[at]
            at += 1
            if size >= 0x80:
                size, at = _varint(data, at - 1)
        found.setdefault(tag >> 3, []).append(data[at : at + size])
        at += size
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _bytes(fields: Raw, number: int) -> bytes:
    value = fields.get(number, [b""])[-1]
    return value if isinstance(value, bytes) else b""


def _text(fields: Raw, number: int) -> str:
    return _bytes(fields, number).decode()


def _all(fields: Raw, number: int) -> list[bytes]:
    return [value for value in fields.get(number, []) if isinstance(value, bytes)]


def _expr(data: bytes) -> Expr:
    fields = _fields(data)
    if 4 in fields:
        return Ident(_text(_fields(_bytes(fields, 4)), 1))
    if 5 in fields:
        select = _fields(_bytes(fields, 5))
        return Select(_expr(_bytes(select, 1)), _text(select, 2), bool(select.get(3, [0])[-1]))
    if 6 in fields:
        call = _fields(_bytes(fields, 6))
        target = _expr(_bytes(call, 1)) if 1 in call else None
        return Call(_text(call, 2), target, tuple(_expr(arg) for arg in _all(call, 3)))
    if 7 in fields:
        return Build(tuple(_expr(part) for part in _all(_fields(_bytes(fields, 7)), 1)))
    if 8 in fields:
        entries = [_fields(entry) for entry in _all(_fields(_bytes(fields, 8)), 2)]
        return Build(tuple(_expr(_bytes(e, n)) for e in entries for n in (3, 4) if n in e))
    if 9 in fields:
        return _fold(_fields(_bytes(fields, 9)))
    return Const(_constant(_fields(_bytes(fields, 3))))


def _fold(fields: Raw) -> Fold:
    names = tuple(name for name in (_text(fields, 1), _text(fields, 8)) if name)
    rest = tuple(_expr(_bytes(fields, n)) for n in (5, 6, 7) if n in fields)
    return Fold(names, _expr(_bytes(fields, 2)), _text(fields, 3), _expr(_bytes(fields, 4)), rest)


def _constant(fields: Raw) -> bool | int | float | str | bytes | None:
    for number, values in fields.items():
        value = values[-1]
        if isinstance(value, int):
            if number == 2:
                return bool(value)
            signed = value - (1 << 64) if number == 3 and value >> 63 else value
            return None if number == 1 else signed
        if number == _DOUBLE:
            return float(struct.unpack("<d", value)[0])
        return value.decode() if number == _STRING else value
    return None
