"""What a scalar may be: type, enum, bounds, length and pattern against a shape."""

from __future__ import annotations

from typing import Final

from lintkit.facts.words import nearest
from lintkit.records import NamedTuple
from lintkit.schema.model import FindingKind, Shape
from lintkit.schema.patterns import matches
from lintkit.yamldoc.node import Mapping, Node, Scalar, Sequence

_RANGES: Final = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_NAMES: Final = {"object": "a mapping", "array": "a list", "string": "a string", "integer": "an integer", "number": "a number"}
_SHOWN: Final = 60
_LISTED: Final = 12


class Fault(NamedTuple):
    """What is wrong with a value: ``message`` completes "PATH ...", ``suggestion`` is YAML to write instead."""

    kind: FindingKind
    message: str
    suggestion: str = ""


def scalar_fault(node: Scalar, shape: Shape) -> Fault | None:
    """The first thing wrong with a scalar that is neither null nor a placeholder."""
    value = node.value
    if shape.types and not any(_is(value, kind) for kind in shape.types):
        return _wrong_type(node, shape)
    if shape.enum and not any(_same(value, choice) for choice in shape.enum):
        return _not_in_enum(node, shape)
    if isinstance(value, str):
        return _string_fault(value, shape)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number_fault(value, shape)
    return None


def container_fault(node: Node, shape: Shape) -> Fault | None:
    """What is wrong with the kind or the size of a mapping or list."""
    kind = "object" if isinstance(node, Mapping) else "array"
    if shape.types and kind not in shape.types:
        return Fault("wrong-type", f"is {_NAMES[kind]}, its type is {type_words(shape)}")
    if shape.least is None and shape.most is None:
        return None
    size = len(node.index) if isinstance(node, Mapping) else len(node.items) if isinstance(node, Sequence) else 0
    return _size_fault(size, shape, "keys" if kind == "object" else "items")


def type_words(shape: Shape) -> str:
    """The accepted types in words: "a string or an integer"."""
    return " or ".join(_NAMES.get(kind, kind) for kind in shape.types)


def shown(node: Scalar) -> str:
    """A scalar in words: ``the string 'x'``, ``the number 1.5``, ``true``."""
    value = node.value
    if value is None:
        return "null"
    short = node.text if len(node.text) <= _SHOWN else node.text[: _SHOWN - 3] + "..."
    if isinstance(value, bool):
        plain = "true" if value else "false"
        return plain if plain == node.text else f"the boolean {plain} (written {short})"
    if isinstance(value, int | float):
        return f"the number {short}"
    return f"the string {short!r}"


def _is(value: object, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return kind == "number" and isinstance(value, int | float)


def _same(value: object, choice: object) -> bool:
    return value == choice and isinstance(value, bool) == isinstance(choice, bool)


def _wrong_type(node: Scalar, shape: Shape) -> Fault:
    words = "an empty string" if node.style and not node.text else shown(node)
    suggestion = ""
    if "string" in shape.types and not node.style and '"' not in node.text and "\\" not in node.text:
        suggestion = f'"{node.text}"'
    elif isinstance(node.value, str) and node.style:
        # the text without its quotes may be what was meant
        bare = Scalar(node.doc, node.start, node.end, node.text)
        if node.text and bare.value is not None and any(_is(bare.value, kind) for kind in shape.types):
            suggestion = node.text
    hint = f"; did you mean {suggestion}?" if suggestion else ""
    return Fault("wrong-type", f"is {words}, its type is {type_words(shape)}{hint}", suggestion)


def _not_in_enum(node: Scalar, shape: Shape) -> Fault:
    choices = [choice for choice in shape.enum if isinstance(choice, str) and choice]
    same = tuple(choice for choice in choices if choice.lower() == node.text.lower())
    close = same or nearest(node.text, choices, max(1, len(node.text) // 3))
    suggestion = close[0] if close else ""
    listed = ", ".join(_choice(choice) for choice in shape.enum[:_LISTED])
    more = f" and {len(shape.enum) - _LISTED} more" if len(shape.enum) > _LISTED else ""
    hint = f"; did you mean {suggestion!r}?" if suggestion else ""
    return Fault("bad-value", f"is {shown(node)}, possible values are {listed}{more}{hint}", suggestion)


def _choice(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if value == "" else str(value)


def _string_fault(value: str, shape: Shape) -> Fault | None:
    fault = _size_fault(len(value), shape, "characters")
    if fault is None and shape.pattern and matches(shape.pattern, value) is False:
        short = value if len(value) <= _SHOWN else value[: _SHOWN - 3] + "..."
        return Fault("bad-value", f"is {short!r}, which does not match the pattern {shape.pattern}")
    return fault


def _size_fault(size: int, shape: Shape, unit: str) -> Fault | None:
    if shape.least is not None and size < shape.least:
        if size == 0:
            return Fault("bad-value", "is empty")
        return Fault("bad-value", f"has {size} {unit}, the least is {shape.least}")
    if shape.most is not None and size > shape.most:
        return Fault("bad-value", f"has {size} {unit}, the most is {shape.most}")
    return None


def _number_fault(value: float, shape: Shape) -> Fault | None:
    low, high = shape.minimum, shape.maximum
    if low is not None and (value < low or (shape.above and value == low)):
        return Fault("bad-value", f"is {value}, {'its exclusive' if shape.above else 'its'} minimum is {low}")
    if high is not None and (value > high or (shape.below and value == high)):
        return Fault("bad-value", f"is {value}, {'its exclusive' if shape.below else 'its'} maximum is {high}")
    if shape.multiple and isinstance(value, int) and isinstance(shape.multiple, int) and value % shape.multiple:
        return Fault("bad-value", f"is {value}, which is no multiple of {shape.multiple}")
    bounds = _RANGES.get(shape.format)
    if bounds and not bounds[0] <= value <= bounds[1]:
        return Fault("bad-value", f"is {value}, which does not fit {shape.format}")
    return None
