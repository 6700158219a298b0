"""The compact form of bundled schemas: a table of distinct shapes (docs/crds.md).

A shape that is nothing but one type is written as that type's name (``"string"``); any other stands once
in the table and is named by its number. So everything that kinds, releases and places share is shared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lintkit.schema.model import EMPTY, CelRule, Ref, Shape

PLAIN: Final = ("boolean", "integer", "number", "string", "object", "array", "any")

_FIELDS: Final = (
    ("props", "properties"),
    ("need", "required"),
    ("extra", "extra"),
    ("items", "items"),
    ("null", "nullable"),
    ("enum", "enum"),
    ("min", "minimum"),
    ("max", "maximum"),
    ("above", "above"),
    ("below", "below"),
    ("multiple", "multiple"),
    ("least", "least"),
    ("most", "most"),
    ("pattern", "pattern"),
    ("format", "format"),
    ("unique", "unique"),
    ("default", "default"),
)


def pack(shape: Shape) -> dict[str, Any] | str:
    """A shape, whose refs are those of the table, as JSON; the name of its type when it says nothing else."""
    packed: dict[str, Any] = {}
    for short, name in _FIELDS:
        value = getattr(shape, name)
        if value is None or value is False or value in ("", EMPTY) or (value == () and name != "unique"):
            continue
        packed[short] = dict(value) if isinstance(value, Mapping) else list(value) if isinstance(value, tuple) else value
    if shape.properties and not shape.closed:
        packed["open"] = True
    if shape.rules:
        packed["rules"] = [_trimmed(rule) for rule in shape.rules]
    implied = _implied(packed)
    if not packed:
        return (shape.types[0] if shape.types else "any") if len(shape.types) < 2 else {"type": list(shape.types)}
    if shape.types != implied:
        packed = {"type": shape.types[0] if len(shape.types) == 1 else list(shape.types), **packed}
    return packed


def _trimmed(rule: CelRule) -> list[str]:
    words = list(rule)
    while words and not words[-1]:
        words.pop()
    return words


def _implied(packed: Mapping[str, Any]) -> tuple[str, ...]:
    """The types of a packed shape that names none."""
    if "props" in packed or "extra" in packed:
        return ("object",)
    return ("array",) if "items" in packed else ("string",)


def unpack(packed: dict[str, Any] | str) -> Shape:
    """The shape of one packed entry."""
    if isinstance(packed, str):
        return Shape() if packed == "any" else Shape(types=(packed,))
    get = packed.get
    named = get("type")
    props = get("props", EMPTY)
    unique = get("unique")
    return Shape(
        types=_implied(packed) if named is None else (named,) if isinstance(named, str) else tuple(named),
        properties=props,
        extra=get("extra"),
        closed=bool(props) and not get("open", False),
        items=get("items"),
        required=tuple(get("need", ())),
        nullable=get("null", False),
        enum=tuple(get("enum", ())),
        minimum=get("min"),
        maximum=get("max"),
        above=get("above", False),
        below=get("below", False),
        multiple=get("multiple"),
        least=get("least"),
        most=get("most"),
        pattern=get("pattern", ""),
        format=get("format", ""),
        unique=None if unique is None else tuple(unique),
        default=tuple(get("default", ())),
        rules=tuple(CelRule(*words) for words in get("rules", ())),
    )


def resolver(table: list[Any]) -> Callable[[Ref], Shape]:
    """Refs of ``table`` to shapes, each unpacked once and only when asked for."""
    known: dict[Ref, Shape] = {name: unpack(name) for name in PLAIN}

    def resolve(ref: Ref) -> Shape:
        shape = known.get(ref)
        if shape is None:
            shape = known[ref] = unpack(table[ref])
        return shape

    return resolve
