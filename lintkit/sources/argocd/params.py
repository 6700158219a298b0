"""Generator parameters: plain data made from nodes, as Argo CD hands it to templates."""

from __future__ import annotations

import math
import posixpath
from typing import TypeAlias

from lintkit.records import NamedTuple
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Mapping, Node, Scalar, Sequence, Unknown


class Opaque(NamedTuple):
    """A parameter whose value cannot be read here; ``reason`` completes "unknown: ..."."""

    reason: str


class Text(str):
    """A text parameter, and the node that holds it."""

    __slots__ = ("node",)
    node: Scalar


class Number(float):
    """A number parameter, and the node that holds it."""

    __slots__ = ("node",)
    node: Scalar


def text_of(text: str, node: Scalar | None) -> str:
    """``text`` that remembers where it is written."""
    if node is None:
        return text
    made = Text(text)
    made.node = node
    return made


def written_at(value: Value) -> Scalar | None:
    """The node that holds a parameter, as long as nothing is made of it; None for what is computed."""
    return value.node if isinstance(value, Text | Number) else None


Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | Opaque | None"
Params: TypeAlias = "dict[str, Value]"

_INVALID = regex(r"[^-a-z0-9.]")
_MAX_NAME = 253
# strconv: the shortest %g, which fmt uses for %v, switches to an exponent from 10**6 on
_BIG_EXPONENT = 6


def data(node: Node | None) -> Value:
    """A node as Go's JSON decoder would give it: every number a float, an unknown as ``Opaque``."""
    if isinstance(node, Scalar):
        value = node.value
        if isinstance(value, str):
            return text_of(value, node)
        if isinstance(value, bool) or value is None:
            return value
        number = Number(value)
        number.node = node
        return number
    if isinstance(node, Mapping):
        return {name: data(entry.value) for name, entry in node.index.items()}
    if isinstance(node, Sequence):
        return [data(item) for item in node.items]
    return Opaque(node.reason) if isinstance(node, Unknown) else None


def normalized(name: str) -> str:
    """A name as Argo CD makes DNS names of it: lower case, ``[-a-z0-9.]``, at most 253 characters."""
    return _INVALID.sub("-", name.lower())[:_MAX_NAME].strip("-.")


def go_float(value: float) -> str:
    """A float64 as Go's ``%v`` prints it: ``3``, ``0.5``, and ``1e+06`` from a million on."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "0"
    text = next(t for t in (f"{value:.{precision}e}" for precision in range(18)) if float(t) == value)
    mantissa, _, power = text.partition("e")
    exponent = int(power)
    if -4 <= exponent < _BIG_EXPONENT:
        decimals = len(mantissa.partition(".")[2]) - exponent
        return f"{value:.{max(decimals, 0)}f}"
    return f"{mantissa}e{exponent:+03d}"


def go_text(value: Value, nothing: str = "<nil>") -> str:
    """A value as Go's ``%v`` prints it; ``nothing`` stands for nil."""
    if value is None:
        return nothing
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return go_float(value)
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_text(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, Opaque):
        return ""
    if isinstance(value, list):
        return "[" + " ".join(go_text(item) for item in value) + "]"
    return str(value)


def flat(value: Value, prefix: str = "") -> Params:
    """Nested parameters with dotted names (``a.b``, ``list.0``) and texts, as fasttemplate and selectors see them."""
    found: Params = {}
    _flatten(value, prefix, found)
    return found


def _flatten(value: Value, prefix: str, found: Params) -> None:
    if isinstance(value, dict) and (value or not prefix):
        for key, item in value.items():
            _flatten(item, f"{prefix}.{key}" if prefix else key, found)
    elif isinstance(value, list) and value:
        for i, item in enumerate(value):
            _flatten(item, f"{prefix}.{i}" if prefix else str(i), found)
    else:
        found[prefix] = value if isinstance(value, Opaque) else text_of(go_text(value), written_at(value))


def combine(low: Params, high: Params) -> Params:
    """Both sets of parameters: maps merge, otherwise ``high`` wins."""
    found = dict(low)
    for key, value in high.items():
        below = found.get(key)
        found[key] = combine(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return found


def path_params(path: str, prefix: str, *, go: bool, file: bool) -> Params:
    """What the git generator says of a path, under ``prefix`` (pathParamPrefix) when there is one.

    For a file the parameters speak of its directory (``.`` at the root) and add its name.
    """
    directory = (posixpath.dirname(path) or ".") if file else path
    base = posixpath.basename(directory)
    named: dict[str, Value] = {"basename": base, "basenameNormalized": normalized(base)}
    if file:
        name = posixpath.basename(path)
        named |= {"filename": name, "filenameNormalized": normalized(name)}
    parts = directory.split("/")
    if go:
        segments: list[Value] = [*parts]
        whole: Params = {"path": {"path": directory, **named, "segments": segments}}
        return {prefix: whole} if prefix else whole
    label = f"{prefix}.path" if prefix else "path"
    return {
        label: directory,
        **{f"{label}.{key}": value for key, value in named.items()},
        **{f"{label}[{i}]": part for i, part in enumerate(parts)},
    }
