"""Plain scalars typed as Helm and the API server type them.

Both read YAML with sigs.k8s.io/yaml, whose resolver is go-yaml v2: YAML 1.1 booleans (``y``, ``on``),
octal ``0777`` and ``0o17``, ``1_000``, ``1e3`` as numbers; ``1:30`` and dates stay strings. No Python
parser has this mix. Checked against the real engine in ``tests/yamldoc/test_scalars_engine.py``.
"""

from __future__ import annotations

import base64
import math
import re
import struct
from functools import lru_cache
from typing import Final

from lintkit.text.regex import regex

_WORDS: Final[dict[str, bool | float | None]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
_GO_EXPONENT: Final = 6
_NUMERIC_START: Final = frozenset("+-.0123456789")
_FLOAT: Final = regex(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INT: Final = regex(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9][0-9]*|0))|0b([-+][01]+)")
_UNDERSCORE: Final = regex(r"(?<=[0-9])_(?=[0-9])")

_MOST_DIGITS: Final = 1024
"""More make no number of 64 bits, and Python refuses to read 4,300."""
TAG_STR: Final = "tag:yaml.org,2002:str"
TAG_BINARY: Final = "tag:yaml.org,2002:binary"
TAG_MERGE: Final = "tag:yaml.org,2002:merge"
_TYPE_TAGS: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null"))
_STRING_TAGS: Final = frozenset(("!", TAG_STR, "tag:yaml.org,2002:timestamp"))
KNOWN_TAGS: Final = frozenset(
    (TAG_BINARY, TAG_MERGE, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", *_TYPE_TAGS, *_STRING_TAGS)
)
"""Tags that change nothing but the type of a value; any other makes it unknown."""


@lru_cache(maxsize=8192)
def plain_value(text: str) -> bool | int | float | str | None:
    """The value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC_START:
        return text
    digits = _UNDERSCORE.sub("", text) if text[0] == "." else text.replace("_", "")
    number: int | float
    match = _INT.fullmatch(digits)
    if match and len(digits) <= _MOST_DIGITS:
        number = _integer(match)
        if -(2**63) <= number < (2**63 if text[0] == "+" else 2**64):
            return number
    if _FLOAT.fullmatch(digits):
        number = float(digits)
        return text if math.isinf(number) else number
    return text


def _integer(match: re.Match[str]) -> int:
    sign, hexa, binary, octal, decimal, odd = match.groups()
    if odd:  # 0b-1: go-yaml gives what follows the prefix to a parser that takes a sign
        return int(odd, 2)
    base, digits = next((b, d) for b, d in ((16, hexa), (2, binary), (8, octal), (10, decimal)) if d)
    return int(sign + digits, base)


def typed_scalar(text: str, style: str, tag: str | None) -> bool | int | float | str | None:
    """The value of a scalar of any style; a tag (``!!str``, ``!!int``, ``!!binary``) decides before the quotes do."""
    if tag is None:
        return text if style else plain_value(text)
    if tag == TAG_BINARY:
        return _decoded(text)
    if tag in _TYPE_TAGS:
        return plain_value(text)
    return text if style or tag in _STRING_TAGS else plain_value(text)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except ValueError:  # bytes that are no text: no policy reads them
        return text


def float_name(number: float) -> str:
    """A float as a mapping's key: sigs.k8s.io/yaml prints it as Go's ``strconv.FormatFloat(n, 'g', -1, 32)``."""
    if math.isnan(number):
        return ".nan"
    try:
        packed = struct.pack("<f", number)
    except OverflowError:
        number, packed = math.copysign(math.inf, number), b""
    if math.isinf(number):
        return ".inf" if number > 0 else "-.inf"
    (single,) = struct.unpack("<f", packed)
    candidates = (f"{single:.{places}e}" for places in range(9))
    shortest = next(text for text in candidates if struct.pack("<f", float(text)) == packed)
    mantissa, _, exponent = shortest.partition("e")
    power, digits = int(exponent), len(mantissa.lstrip("-").replace(".", ""))
    if -4 <= power < _GO_EXPONENT:
        return f"{float(shortest):.{max(digits - 1 - power, 0)}f}"
    return f"{mantissa}e{power:+03d}"
