"""Where libyaml's marks are not what a reader would point at: ends of blocks, places of empty values, properties."""

from __future__ import annotations

from typing import Final

from lintkit.text.regex import regex

MAX_DEPTH: Final = 400
"""How many containers may stand in each other before a document counts as broken."""

BREAKS: Final = "\n\r\x85\u2028\u2029"
"""What ends a line for libyaml (YAML 1.1)."""

_BREAK: Final = regex(f"[{BREAKS}]")
_GAP: Final = rf"(?>[ \t{BREAKS}]|(?<![^ \t{BREAKS}])#[^{BREAKS}]*)*+"
_COLON: Final = regex(_GAP + ":")
_BLANK: Final = regex(rf"(?>[ \t{BREAKS}\ufeff]++|#[^{BREAKS}]*+)*+")
_PROPERTIES: Final = regex(rf"(?>(?:!<[^>\s]*>|[&!][^\s,\[\]{{}}]*){_GAP})*+")


def block_end(text: str, start: int, end: int, value: str) -> int:
    """End of a block scalar: after its last line of content, blanks at its end included.

    libyaml's mark runs on over the blank lines below. Those of a keep indicator (``|+``) are left out too:
    their text is nothing but line ends. ``value`` is what the block says.
    """
    body = text[start:end]
    last = value.rstrip("\n")
    if last and last[-1] in " \t":
        tail = last.rpartition("\n")[2]
        if not tail.strip(" \t"):
            return start + len(body.rstrip("\r\n"))
    trimmed = len(body.rstrip(" \t\r\n"))
    if not last:  # the header alone
        return start + max(trimmed, 1)
    line_end = _BREAK.search(body, trimmed)
    return start + (line_end.start() if line_end else len(body))


def empty_value_at(text: str, key_end: int, marked: int) -> int:
    """Where the empty value of a key stands: after its colon, or after the key when it has none."""
    colon = _COLON.match(text, key_end, max(marked, key_end))
    return colon.end() if colon else key_end


def after_properties(text: str, start: int) -> int:
    """Offset of what follows the anchor and tag at ``start``."""
    found = _PROPERTIES.match(text, start)
    return found.end() if found else start


def has_content(text: str, start: int, end: int) -> bool:
    """Whether ``[start, end)`` holds anything but blanks and comments."""
    found = _BLANK.match(text, start, end)
    return found is None or found.end() < end
