"""Small values as YAML text: scalars that read back as what they are, blocks and flow collections."""

from __future__ import annotations

import json
import math
from typing import Final

from lintkit.records import NamedTuple
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json
from lintkit.yamldoc.scalars import plain_value


class Style(NamedTuple):
    """How the text around writes YAML.

    ``step``: columns a nested mapping is indented by; ``list_offset``: columns ``-`` stands right of
    its key; ``quote``: the quotes for strings that need some, ``force``: for every string;
    ``key_quote``: quotes of every key, or empty; ``json``: only what JSON knows; ``literal``: whether
    ``|`` may be used (it would lose its last line end in a text that ends without one).
    """

    step: int = 2
    list_offset: int = 2
    quote: str = '"'
    force: bool = False
    key_quote: str = ""
    json: bool = False
    literal: bool = True


class Rendered(NamedTuple):
    """A value for a place after ``key:``: what stands on that line, and the whole lines below it."""

    head: str
    lines: tuple[str, ...] = ()


_INDICATORS: Final = frozenset("-?:,[]{}#&*!|>'\"%@`=<")
_FLOW_INDICATORS: Final = frozenset(",[]{}")
# read as numbers or dates by other YAML 1.1 parsers than the cluster's: quoted, so that everybody agrees
_ELSEWHERE: Final = regex(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*")
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def plain_ok(text: str, *, flow: bool = False) -> bool:
    """Whether ``text`` without quotes is read back as this very string."""
    if not text or text != text.strip() or not text.isprintable() or plain_value(text) != text:
        return False
    if text[0] in _INDICATORS and not (text[0] == "-" and len(text) > 1 and text[1] not in " " and not flow):
        return False
    if text.startswith(("---", "...")) or ": " in text or " #" in text or text.endswith(":"):
        return False
    if flow and not _FLOW_INDICATORS.isdisjoint(text):
        return False
    return _ELSEWHERE.fullmatch(text) is None


def string_text(text: str, quote: str, *, force: bool = False, flow: bool = False) -> str:
    """A string as one line of YAML: plain where that is enough and not ``force``, else in ``quote`` if it can be."""
    if not force and plain_ok(text, flow=flow):
        return text
    if quote == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def scalar_text(value: bool | int | float | str | None, style: Style, *, flow: bool = False) -> str:
    """A scalar as one line of YAML."""
    if isinstance(value, str):
        if style.json:
            return _json_string(value)
        return string_text(value, style.quote, force=style.force, flow=flow)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return repr(value)


def _json_string(text: str) -> str:
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else json.dumps(c)[1:-1] for c in text) + '"'


def key_text(key: str, style: Style, *, flow: bool = False) -> str:
    """A mapping key as YAML."""
    if style.json:
        return _json_string(key)
    return string_text(key, style.key_quote or style.quote, force=bool(style.key_quote), flow=flow)


def flow_text(value: Json, style: Style) -> str:
    """A value in flow style on one line."""
    if isinstance(value, dict):
        return "{" + flow_entries(value, style) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow_text(item, style) for item in value) + "]"
    return scalar_text(value, style, flow=True)


def flow_entries(value: dict[str, Json], style: Style) -> str:
    """The inside of a flow mapping."""
    return ", ".join(f"{key_text(key, style, flow=True)}: {flow_text(item, style)}" for key, item in value.items())


def render(value: Json, column: int, style: Style) -> Rendered:
    """A value for a key that stands at ``column`` (from 0), in block style where it is a filled collection."""
    if isinstance(value, dict) and value:
        return Rendered("", tuple(mapping_lines(value, column + style.step, style)))
    if isinstance(value, list) and value:
        return Rendered("", tuple(list_lines(value, column + style.list_offset, style)))
    if isinstance(value, dict | list):
        return Rendered("{}" if isinstance(value, dict) else "[]")
    block = _literal(value, column + style.step) if style.literal else None
    return block or Rendered(scalar_text(value, style))


def _literal(value: object, column: int) -> Rendered | None:
    if not isinstance(value, str) or "\n" not in value or value.endswith("\n\n"):
        return None
    lines = value.removesuffix("\n").split("\n")
    if not all(line.isprintable() and (line.strip() or not line) for line in lines) or lines[0][:1] in ("", " "):
        return None
    return Rendered("|" if value.endswith("\n") else "|-", tuple(" " * column + line if line else "" for line in lines))


def mapping_lines(value: dict[str, Json], column: int, style: Style) -> list[str]:
    """The lines of a block mapping whose keys stand at ``column``."""
    lines: list[str] = []
    for key, item in value.items():
        head, below = render(item, column, style)
        lines.append(f"{' ' * column}{key_text(key, style)}:{' ' if head else ''}{head}")
        lines += below
    return lines


def list_lines(value: list[Json], column: int, style: Style) -> list[str]:
    """The lines of a block list whose dashes stand at ``column``."""
    lines: list[str] = []
    for item in value:
        first, *rest = item_lines(item, column + 2, style)
        lines.append(f"{' ' * column}- {first.lstrip(' ')}")
        lines += rest
    return lines


def item_lines(value: Json, column: int, style: Style) -> list[str]:
    """The lines of a value that starts at ``column`` itself: after a dash, or as a whole document."""
    if isinstance(value, dict) and value:
        return mapping_lines(value, column, style)
    if isinstance(value, list) and value:
        return list_lines(value, column, style)
    head, below = render(value, column - style.step, style)
    return [" " * column + head, *below]
