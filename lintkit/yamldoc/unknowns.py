"""Values that cannot be read here: placeholders that something fills in later, encrypted text."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from lintkit.text.regex import regex
from lintkit.yamldoc.node import Node, Scalar, Unknown

_PLACEHOLDERS: Final = (
    (regex(r"\{\{"), "template expression"),
    (regex(r"ENC\[[A-Z0-9_]+,"), "encrypted value"),
    (regex(r"<(?:path|secret|vault|ssm|placeholder):[^>\n]*>"), "secret placeholder"),
    (regex(r"^<[A-Za-z][\w .-]*>$"), "placeholder"),
    (regex(r"\$\{[A-Za-z_][^}\n]*\}"), "variable that is substituted later"),
    (regex(r"(?<![\w.@])@[A-Z][A-Z0-9_]{2,}@"), "build placeholder"),
    (regex(r"%%%[A-Z0-9_]+%%%|\bREPLACE_[A-Z0-9_]+\b"), "build placeholder"),
    (regex(r"\$\((?:[a-z]+\.)+[\w.\-]+\)"), "pipeline parameter"),
)
_HINTS: Final = ("{{", "ENC[", "<", "${", "@", "%%%", "REPLACE_", "$(")


@lru_cache(maxsize=4096)
def placeholder(text: str) -> str:
    """What keeps ``text`` from being a value: a reason, or an empty string."""
    if not any(hint in text for hint in _HINTS):
        return ""
    return next((reason for pattern, reason in _PLACEHOLDERS if pattern.search(text)), "")


def unknown_reason(node: Node | None) -> str:
    """Why the value of ``node`` itself (not of what is below it) is unknown; empty when it is known."""
    if isinstance(node, Unknown):
        return node.reason
    if isinstance(node, Scalar):
        return placeholder(node.text)
    return ""
