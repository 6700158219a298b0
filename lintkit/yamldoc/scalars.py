"""Plain scalars typed as Helm and the API server type them.

Both read YAML with sigs.k8s.io/yaml, whose resolver is go-yaml v2: YAML 1.1 booleans (``y``, ``on``),
octal ``0777`` and ``0o17``, ``1_000``, ``1e3`` as numbers; ``1:30`` and dates stay strings. No Python
parser has this mix. Checked against the real engine in ``tests/yamldoc/test_scalars_engine.py``.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Final

_WORDS: Final[dict[str, bool | float | None]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
_NUMERIC_START: Final = frozenset("+-.0123456789")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INT: Final = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9][0-9]*|0))")

TAG_STR: Final = "tag:yaml.org,2002:str"
TAG_BINARY: Final = "tag:yaml.org,2002:binary"
KNOWN_TAGS: Final = frozenset(
    {"!", TAG_STR, TAG_BINARY, *(f"tag:yaml.org,2002:{t}" for t in ("int", "float", "bool", "null", "map", "seq"))}
)
"""Tags that change nothing but the type of a value; any other makes it unknown."""


@lru_cache(maxsize=8192)
def plain_value(text: str) -> bool | int | float | str | None:
    """The value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC_START:
        return text
    digits = text.replace("_", "")
    number: int | float
    match = _INT.fullmatch(digits)
    if match:
        number = _integer(match)
        if -(2**63) <= number < 2**64:
            return number
    if _FLOAT.fullmatch(digits):
        number = float(digits)
        return text if math.isinf(number) else number
    return text


def _integer(match: re.Match[str]) -> int:
    sign, hexa, binary, octal, decimal = match.groups()
    base, digits = next((b, d) for b, d in ((16, hexa), (2, binary), (8, octal), (10, decimal)) if d)
    return int(sign + digits, base)


def typed_scalar(text: str, style: str, tag: str | None) -> bool | int | float | str | None:
    """The value of a scalar of any style; an explicit ``!!str`` keeps the text."""
    if style or tag in (TAG_STR, TAG_BINARY, "!"):
        return text
    return plain_value(text)
