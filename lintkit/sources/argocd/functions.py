"""The functions of Go templates and sprig that ApplicationSets use, over plain data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from lintkit.sources.argocd.params import Opaque, Value, go_text, normalized
from lintkit.text.regex import regex
from lintkit.yamldoc.scalars import plain_value

Function: TypeAlias = Callable[..., Value]

MAX_TEXT: Final = 1_000_000
_MAX_INDENT: Final = 200
_VERB: Final = regex(r"%([-+ 0]*)(\d{0,3})(?:\.(\d{1,2}))?([a-zA-Z%])")
_SAFE: Final = regex(r"[A-Za-z_/][A-Za-z0-9_./@+-]*")


class TemplateError(Exception):
    """A template that cannot be rendered here; the message completes "unknown: ..."."""


def truth(value: Value) -> bool:
    """Whether Go's templates take ``value`` for true: not nil, not zero, not empty."""
    if isinstance(value, Opaque):
        raise TemplateError(value.reason)
    return bool(value)


def shown(value: Value) -> str:
    """The text an action prints; nothing to print is not a text anyone wants."""
    if value is None:
        raise TemplateError("a parameter that is not given")
    known(value)
    return go_text(value)


def known(value: Value) -> None:
    """Raise when ``value`` or anything in it cannot be read here."""
    if isinstance(value, Opaque):
        raise TemplateError(value.reason)
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            known(item)


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise TemplateError(f"a function of texts is given a {_kind(value)}")
    return value


def _number(value: Value) -> int:
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d{1,18}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TemplateError(f"a {_kind(value)} where a number is needed")
    return int(value)


def _boolean(value: Value) -> bool:
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise TemplateError(f"a {_kind(value)} where a bool is needed")
    return value


def _kind(value: Value) -> str:
    if value is None:
        return "invalid"
    names = ((bool, "bool"), (str, "string"), (dict, "map"), (list, "slice"), (int, "int"), (float, "float64"))
    return next((name for kind, name in names if isinstance(value, kind)), "")


def _same(left: Value, right: Value) -> bool:
    if isinstance(left, dict | list) or isinstance(right, dict | list):
        raise TemplateError("maps and lists cannot be compared")
    if left is None or right is None:
        return left is right
    numbers = _kind(left) in ("int", "float64") and _kind(right) in ("int", "float64")
    if not numbers and _kind(left) != _kind(right):
        raise TemplateError(f"{_kind(left)} and {_kind(right)} cannot be compared")
    return left == right


def _less(left: Value, right: Value) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left < right
    raise TemplateError(f"{_kind(left)} and {_kind(right)} have no order")


def _index(value: Value, *keys: Value) -> Value:
    for key in keys:
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and 0 <= _number(key) < len(value):
            value = value[_number(key)]
        else:
            raise TemplateError(f"nothing at index {go_text(key)}")
    return value


def _dig(*args: Value) -> Value:
    if len(args) < 3:
        raise TemplateError("dig needs keys, a default and a map")
    *keys, default, value = args
    for key in keys:
        if not isinstance(value, dict) or _text(key) not in value:
            return default
        value = value[_text(key)]
    return value


def _quote(*args: Value) -> Value:
    return " ".join(json.dumps(go_text(a), ensure_ascii=False) for a in args if a is not None)


def _indent(width: Value, text: Value) -> Value:
    pad = " " * _width(width)
    return pad + _text(text).replace("\n", "\n" + pad)


def _width(value: Value) -> int:
    width = _number(value)
    if not 0 <= width <= _MAX_INDENT:
        raise TemplateError(f"an indentation of {width}")
    return width


def _printf(layout: Value, *args: Value) -> Value:
    rest = list(args)

    def verb(match: re.Match[str]) -> str:
        flags, width, precision, kind = match.groups()
        if kind == "%":
            return "%"
        if not rest:
            raise TemplateError("printf has too few values")
        return _verb(flags, int(width or 0), precision, kind, rest.pop(0))

    text = _VERB.sub(verb, _text(layout))
    if rest:
        raise TemplateError("printf has too many values")
    return text


def _verb(flags: str, width: int, precision: str | None, kind: str, value: Value) -> str:
    if kind == "d" and isinstance(value, int) and not isinstance(value, bool):
        text = str(value)
    elif kind == "s" and isinstance(value, str):
        text = value if precision is None else value[: int(precision)]
    elif kind == "q" and isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    elif kind == "t" and isinstance(value, bool):
        text = go_text(value)
    elif kind == "f" and isinstance(value, float):
        text = f"{value:.{precision or 6}f}"
    elif kind == "v" and precision is None:
        text = shown(value)
    else:
        raise TemplateError(f"printf cannot write a {_kind(value)} as %{kind}")
    if "-" in flags:
        return text.ljust(width)
    return text.zfill(width) if "0" in flags and kind in "df" else text.rjust(width)


def to_yaml(value: Value) -> str:
    """``value`` as Go's YAML writer lays it out: sorted keys, two spaces, list items at their key's column."""
    return "\n".join(_lines(value))


def _lines(value: Value) -> list[str]:
    if isinstance(value, dict) and value:
        found: list[str] = []
        for key in sorted(value):
            below = value[key]
            inner = _lines(below)
            name = _scalar(key)
            if isinstance(below, dict) and below:
                found += [f"{name}:", *("  " + line for line in inner)]
            elif isinstance(below, list) and below:
                found += [f"{name}:", *inner]
            else:
                found.append(f"{name}: {inner[0]}")
        return found
    if isinstance(value, list) and value:
        return [("  " if i else "- ") + line for item in value for i, line in enumerate(_lines(item))]
    return [_scalar(value)]


def _scalar(value: Value) -> str:
    if isinstance(value, str):
        plain = _SAFE.fullmatch(value) and plain_value(value) == value
        return value if plain else json.dumps(value, ensure_ascii=False)
    return _json(value)


def _json(value: Value) -> str:
    return json.dumps(_whole(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _whole(value: Value) -> Value:
    """Floats without a fraction as integers, as Go's encoders write them."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _list(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise TemplateError(f"a {_kind(value)} where a list is needed")
    return value


def _dict(value: Value) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise TemplateError(f"a {_kind(value)} where a map is needed")
    return value


def _pairs(*args: Value) -> Value:
    return {go_text(args[i]): args[i + 1] if i + 1 < len(args) else "" for i in range(0, len(args), 2)}


def _length(value: Value) -> Value:
    if isinstance(value, str | list | dict):
        return len(value)
    raise TemplateError(f"the length of a {_kind(value)}")


def _fail(*args: Value) -> Value:
    raise TemplateError(f"the template gives up: {' '.join(go_text(a) for a in args)}")


def _strip(text: Value) -> str:
    return _text(text).strip(" \t\n\v\f\r")


def _join(glue: Value, value: Value) -> Value:
    return _text(glue).join(go_text(item) for item in (value if isinstance(value, list) else [value]))


def _title(text: Value) -> Value:
    return re.sub(r"(^|\s)(\w)", lambda m: m[1] + m[2].upper(), _text(text))


_TEXT: Final[dict[str, Function]] = {
    "quote": _quote,
    "squote": lambda *a: " ".join(f"'{go_text(x)}'" for x in a if x is not None),
    "lower": lambda s: _text(s).lower(),
    "upper": lambda s: _text(s).upper(),
    "title": _title,
    "trim": _strip,
    "trimAll": lambda cut, s: _text(s).strip(_text(cut)),
    "trimPrefix": lambda cut, s: _text(s).removeprefix(_text(cut)),
    "trimSuffix": lambda cut, s: _text(s).removesuffix(_text(cut)),
    "replace": lambda old, new, s: _text(s).replace(_text(old), _text(new)),
    "contains": lambda part, s: _text(part) in _text(s),
    "hasPrefix": lambda part, s: _text(s).startswith(_text(part)),
    "hasSuffix": lambda part, s: _text(s).endswith(_text(part)),
    "trunc": lambda n, s: _text(s)[: _number(n)] if _number(n) >= 0 else _text(s)[_number(n) :],
    "nospace": lambda s: re.sub(r"\s", "", _text(s)),
    "normalize": lambda s: normalized(_text(s)),
    "toString": go_text,
    "indent": _indent,
    "nindent": lambda n, s: f"\n{_indent(n, s)}",
    "join": _join,
    "splitList": lambda glue, s: [*_text(s).split(_text(glue))],
    "split": lambda glue, s: {f"_{i}": part for i, part in enumerate(_text(s).split(_text(glue)))},
    "printf": _printf,
    "print": lambda *a: "".join(shown(x) for x in a) if all(isinstance(x, str) for x in a) else _fail("print"),
    "toYaml": to_yaml,
    "toJson": _json,
    "fail": _fail,
}
_DATA: Final[dict[str, Function]] = {
    "default": lambda other, *v: v[0] if v and v[0] else other,
    "coalesce": lambda *a: next((x for x in a if x), None),
    "ternary": lambda yes, no, test: yes if test is True else no,
    "empty": lambda v: not v,
    "required": lambda message, v: v if v not in (None, "") else _fail(message),
    "eq": lambda left, *rest: any(_same(left, right) for right in rest),
    "ne": lambda left, right: not _same(left, right),
    "lt": _less,
    "le": lambda left, right: not _less(right, left),
    "gt": lambda left, right: _less(right, left),
    "ge": lambda left, right: not _less(left, right),
    "not": lambda v: not v,
    "index": _index,
    "dig": _dig,
    "get": lambda d, key: _dict(d).get(_text(key), ""),
    "hasKey": lambda d, key: _text(key) in _dict(d),
    "keys": lambda d: [*_dict(d)],
    "list": lambda *a: [*a],
    "dict": _pairs,
    "len": _length,
    "first": lambda v: _list(v)[0] if _list(v) else None,
    "last": lambda v: _list(v)[-1] if _list(v) else None,
    "has": lambda v, seq: v in _list(seq),
    "append": lambda seq, v: [*_list(seq), v],
    "without": lambda seq, *v: [x for x in _list(seq) if x not in v],
    "uniq": lambda seq: [x for i, x in enumerate(_list(seq)) if x not in _list(seq)[:i]],
    "kindIs": lambda kind, v: _kind(v) == kind,
    "kindOf": _kind,
    "int": _number,
    "bool": _boolean,
    "int64": _number,
    "add": lambda *a: sum(_number(x) for x in a),
    "add1": lambda v: _number(v) + 1,
    "sub": lambda a, b: _number(a) - _number(b),
    "mul": lambda a, b: _number(a) * _number(b),
    "until": lambda n: [*range(min(_number(n), _MAX_INDENT))],
}
FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType({**_TEXT, **_DATA})
_LOOKS_INSIDE: Final = frozenset(
    {"hasKey", "index", "dig", "get", "keys", "len", "first", "last", "list", "dict", "append", "empty"}
)


def call(name: str, args: list[Value]) -> Value:
    """The result of function ``name``; raises TemplateError when lintkit has no such function or it fails."""
    function = FUNCTIONS.get(name)
    if function is None:
        raise TemplateError(f"function {name} of the template")
    for arg in args:
        if isinstance(arg, Opaque):
            raise TemplateError(arg.reason)
        if name not in _LOOKS_INSIDE:
            known(arg)
    try:
        found = function(*args)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise TemplateError(f"function {name} with these arguments") from None
    size = len(found) if isinstance(found, str | list) else 0
    if size > MAX_TEXT or (isinstance(found, int) and abs(found) > 2**63):
        raise TemplateError(f"the size of what {name} makes")
    return found
