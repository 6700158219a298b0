"""Text from a repository made harmless and visible: no byte of it may steer a terminal, a CI log or a page."""

from __future__ import annotations

import json
import re
from typing import Any

from lintkit.text.regex import regex

# C0 and C1 controls, soft hyphen, zero-width spaces, directional marks and overrides, line and paragraph
# separators, interlinear and tag characters, lone surrogates. Joiners (U+200C, U+200D) stay: scripts and emoji need them.
_UNSEEN = "\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
_SURROGATES = "\ud800-\udfff"
_ESCAPED = regex(f"[{_UNSEEN}{_SURROGATES}]")
_ESCAPED_BUT_LINES = regex(f"(?![\n\t])[{_UNSEEN}{_SURROGATES}]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# in JSON the same characters may be written as escapes without changing the value
_JSON_ESCAPED = regex(f"(?!\n)[{_UNSEEN}{_SURROGATES}]")


def escape(character: str) -> str:
    r"""One character as a visible escape: ``\n``, ``\x1b``, ``\u202e``, ``\U000e0041``."""
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    """``text`` on one line, every control or invisible character as a visible escape."""
    if text.isascii() and text.isprintable():
        return text
    return _ESCAPED.sub(lambda m: escape(m[0]), text)


def visible_lines(text: str) -> str:
    """As ``visible``, keeping line ends (as ``\\n``) and turning tabs into spaces: for prose of several lines."""
    return _ESCAPED_BUT_LINES.sub(lambda m: escape(m[0]), text.replace("\r\n", "\n")).replace("\t", "    ")


def is_unseen(character: str) -> bool:
    """Whether ``visible`` would replace this character."""
    return _ESCAPED.match(character) is not None


def dump(value: Any) -> str:
    """``value`` as compact JSON on one line that is safe to print and to encode; any reader gets the same value back."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return json_escaped(text)


def json_escaped(text: str) -> str:
    """JSON with every control or invisible character of its strings as an escape of JSON's own."""
    return _JSON_ESCAPED.sub(_json_escape, text)


def _json_escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]
