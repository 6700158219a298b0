"""OpenAPI v3 schemas (as CRDs and Kubernetes publish them) as shapes. A ref is the raw schema itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lintkit.schema.model import ANYTHING, EMPTY, CelRule, Ref, Shape

_TYPES: Final = frozenset({"object", "array", "string", "integer", "number", "boolean"})
_ANY_OF: Final = ("oneOf", "anyOf")


def shape_of(raw: Ref, *, loose: bool = False) -> Shape:
    """The shape that a raw schema describes; anything where it is no mapping.

    Value validations in ``anyOf``, ``oneOf``, ``allOf`` and ``not`` are not read, save a choice of plain types.
    ``loose``: no object is closed (``preserveUnknownFields`` of CRDs of ``apiextensions.k8s.io/v1beta1``).
    """
    if not isinstance(raw, Mapping):
        return ANYTHING
    types, nullable = _types(raw)
    properties = raw.get("properties")
    properties = properties if isinstance(properties, Mapping) else EMPTY
    extra = raw.get("additionalProperties")
    free = bool(extra) or isinstance(extra, Mapping) or raw.get("x-kubernetes-preserve-unknown-fields") is True
    kind = types[0] if len(types) == 1 else ""
    least, most = _sizes(raw, kind)
    return Shape(
        types=types,
        properties=properties,
        extra=extra if isinstance(extra, Mapping) and extra else None,
        closed=bool(properties) and not free and not loose,
        items=raw.get("items") if isinstance(raw.get("items"), Mapping) else None,
        required=_words(raw.get("required")),
        nullable=nullable or raw.get("nullable") is True,
        enum=tuple(raw["enum"]) if isinstance(raw.get("enum"), list) else (),
        minimum=_number(raw.get("minimum")),
        maximum=_number(raw.get("maximum")),
        above=raw.get("exclusiveMinimum") is True,
        below=raw.get("exclusiveMaximum") is True,
        multiple=_number(raw.get("multipleOf")),
        least=least,
        most=most,
        pattern=raw["pattern"] if isinstance(raw.get("pattern"), str) else "",
        format=raw["format"] if raw.get("format") in ("int32", "int64") else "",
        unique=_unique(raw),
        default=(raw["default"],) if raw.get("default") is not None else (),
        rules=_rules(raw.get("x-kubernetes-validations")),
    )


def remembered(build: Callable[[Ref], Shape]) -> Callable[[Ref], Shape]:
    """``build``, done once for every raw schema (by identity: the schema must live as long as the function)."""
    known: dict[int, Shape] = {}

    def resolve(raw: Ref) -> Shape:
        shape = known.get(id(raw))
        if shape is None:
            shape = known[id(raw)] = build(raw)
        return shape

    return resolve


def _types(raw: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    """Accepted types, and whether null is one of them."""
    if raw.get("x-kubernetes-int-or-string") is True:
        return ("integer", "string"), False
    found = _listed(raw.get("type"))
    if not found:
        for word in _ANY_OF:
            choices = raw.get(word)
            if isinstance(choices, list) and choices and all(isinstance(c, Mapping) and c.get("type") for c in choices):
                found = [t for c in choices for t in _listed(c["type"])]
    nullable = "null" in found
    known = tuple(sorted({t for t in found if t != "null"}))
    return (known if all(t in _TYPES for t in known) else ()), nullable


def _listed(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _sizes(raw: Mapping[str, Any], kind: str) -> tuple[int | None, int | None]:
    noun = {"string": "Length", "array": "Items", "object": "Properties"}.get(kind, "Length")
    least, most = raw.get(f"min{noun}"), raw.get(f"max{noun}")
    return (least if isinstance(least, int) else None), (most if isinstance(most, int) else None)


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _words(value: object) -> tuple[str, ...]:
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def _unique(raw: Mapping[str, Any]) -> tuple[str, ...] | None:
    kind = raw.get("x-kubernetes-list-type")
    if kind == "set":
        return ()
    names = _words(raw.get("x-kubernetes-list-map-keys"))
    return names if kind == "map" and names else None


def _rules(value: object) -> tuple[CelRule, ...]:
    if not isinstance(value, list):
        return ()
    found: list[CelRule] = []
    for item in value:
        if isinstance(item, Mapping) and isinstance(item.get("rule"), str):
            words = [item.get(name) for name in ("message", "messageExpression", "fieldPath")]
            found.append(CelRule(item["rule"], *(w if isinstance(w, str) else "" for w in words)))
    return tuple(found)
