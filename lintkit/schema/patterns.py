"""Patterns of schemas: Go RE2 regular expressions, searched in strings of bounded length.

Most run in Python's ``re``, when both engines read them alike and they cannot run away; the others go
through CEL, whose ``matches`` is RE2 itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from lintkit.schema.cel_rules import CelFailure, program
from lintkit.text.regex import regex

LONGEST: Final = 1024
_SHORT: Final = 128

QUANTITY: Final = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
"""The pattern of apimachinery's resource.Quantity: by far the most frequent one, and harmless in Python."""

_TOKEN: Final = regex(
    r"\\(?P<escape>.)|(?P<set>\[\^?\]?(?:\\[^a-zA-Z]|\\[dwsDWSnrt]|[^\]\[\\])*\])|(?P<open>\((?:\?:)?(?!\?))|(?P<close>\))"
    r"|(?P<repeat>[*+]|\{\d+(?:,\d*)?\})\??(?![*+?{])|(?P<maybe>\?)\??(?![*+?{])|(?P<other>[^\[\]()*+?{}\\])",
    re.DOTALL,
)
_SAME_ESCAPES: Final = frozenset("dDwWsSbBnrtfv")
_ODD_SETS: Final = regex(r"--|&&|~~|\|\|")
_MANY: Final = 2


def matches(pattern: str, text: str) -> bool | None:
    """Whether RE2 finds ``pattern`` in ``text``; None where that cannot be told (no RE2, or a text too long)."""
    if len(text) > LONGEST:
        return None
    compiled = _compiled(pattern) if len(text) <= _SHORT else None
    if compiled is not None:
        return compiled.search(text) is not None
    return _by_re2(pattern, text)


@lru_cache(maxsize=1024)
def _by_re2(pattern: str, text: str) -> bool | None:
    try:
        found = program("self.matches(pattern)").evaluate({"self": text, "pattern": pattern})
    except CelFailure:
        return None
    return found if isinstance(found, bool) else None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """``pattern`` for Python's engine, when it means the same there and takes polynomial time of low degree."""
    translated = _translated(pattern)
    if translated is None:
        return None
    try:
        return re.compile(translated, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return None


def _translated(pattern: str) -> str | None:
    parts: list[str] = []
    repeating: list[bool] = [False]  # whether the pattern, and every open group, holds a repetition or a choice
    repeats, at, closed = 0, 0, False
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None or not _same_meaning(token):
            return None
        kind, after_group = token.lastgroup, closed
        closed = False
        if kind == "open":
            repeating.append(False)
        elif kind == "close":
            closed = repeating.pop()
            if not repeating:
                return None
            repeating[-1] |= closed
        elif kind == "repeat":
            # a repeated group that repeats or chooses inside may take exponential time
            if after_group:
                return None
            repeats += 1
            repeating[-1] = True
        elif kind == "maybe" or token.group() == "|":
            repeating[-1] = True
        parts.append(r"\Z" if token.group() == "$" else token.group())
        at = token.end()
    return "".join(parts) if len(repeating) == 1 and (repeats <= _MANY or pattern == QUANTITY) else None


def _same_meaning(token: re.Match[str]) -> bool:
    escape, chars = token["escape"], token["set"]
    if escape is not None:
        return escape in _SAME_ESCAPES or not escape.isalnum()
    return chars is None or not _ODD_SETS.search(chars)
