"""Text from a repository as Markdown that shows it literally."""

from __future__ import annotations

from lintkit.report.plain import visible
from lintkit.text.regex import regex

_SPECIAL = regex(r"[\\`*_\[\]{}<>|~$&#!]")
_MENTION = regex(r"@(?=\w)")


def escape(text: str) -> str:
    """``text`` on one line, as Markdown that shows it literally, in a table cell or out of one."""
    return _MENTION.sub("&#64;", _SPECIAL.sub(lambda m: "\\" + m[0] if m[0] not in "<>&#" else f"&#{ord(m[0])};", visible(text)))


def code(text: str) -> str:
    """``text`` on one line in a code span that no backtick in it can end; ``|`` is escaped as table cells need."""
    shown = visible(text).replace("|", "\\|")
    fence = "`"
    while fence in shown:
        fence += "`"
    pad = " " if shown[:1] == "`" or shown[-1:] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
