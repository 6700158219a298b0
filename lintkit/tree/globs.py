"""Globs over repository paths, as regular expressions that take quadratic time at worst: patterns come from repositories."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product
from typing import Final

from lintkit.text.regex import regex

MAX_ALTERNATIVES: Final = 256
_BRACE: Final = regex(r"\{([^{}]*)\}")
_TOKEN: Final = regex(
    r"(?P<dirs>(?:(?<![^/])\*\*/)+)|(?P<any>\*\*+)|(?P<star>\*)|(?P<one>\?)|\[(?P<set>[^\]][^\]]*)\]|(?P<text>.)", re.DOTALL
)


@lru_cache(maxsize=1024)
def glob_regex(pattern: str) -> re.Pattern[str]:
    """A glob over repository paths as a regular expression: ``*``, ``?``, ``[...]``, ``**`` and ``{a,b}``.

    Any text is a glob: a set that is none (``[z-a]``) matches nothing, nor does one of too many alternatives.
    """
    parts = _BRACE.split(pattern)
    options = [part.split(",") if number % 2 else [part] for number, part in enumerate(parts)]
    count = 1
    for option in options:
        count *= len(option)
    if count > MAX_ALTERNATIVES:
        return re.compile("(?!)")
    return re.compile("|".join(_translated("".join(choice)) for choice in product(*options)), re.DOTALL)


def _translated(pattern: str) -> str:
    """One glob without braces.

    What stands between two parts that match across directories is tried at its first place only (an atomic
    group): the part after it takes up whatever a later place would have skipped.
    """
    blocks: list[tuple[str, list[str]]] = [("", [""])]  # what leads a block, and its texts between single stars
    for match in _TOKEN.finditer(pattern):
        kind = match.lastgroup
        if kind == "dirs":
            blocks.append(("(?:[^/]+/)*?", [""]))
        elif kind == "any":
            blocks.append((".*?", [""]))
        elif kind == "star":
            blocks[-1][1].append("")
        else:
            blocks[-1][1][-1] += "[^/]" if kind == "one" else _set(match["set"]) if kind == "set" else re.escape(match[0])
    last = blocks.pop()
    return "".join(f"(?>{lead}{_stars(texts, more=True)})" for lead, texts in blocks) + last[0] + _stars(last[1], more=False)


def _stars(texts: list[str], *, more: bool) -> str:
    first, *rest = texts
    loose = 0 if more else 1
    atomic = rest[: len(rest) - loose]
    return first + "".join(f"(?>[^/]*?{text})" for text in atomic) + "".join(f"[^/]*?{text}" for text in rest[len(atomic) :])


def _set(inside: str) -> str:
    if inside == "/":
        return inside
    # any other set stands for a character of a name
    negated = inside[0] in "!^"
    body = re.sub(r"([\\\[&~|^])", r"\\\1", inside[1:] if negated else inside)
    try:
        re.compile(text := f"[{'^' if negated else ''}{body}]")
    except re.error:
        return "(?!)"
    return "(?!/)" + text
