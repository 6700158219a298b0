"""HTML from values. Text is escaped wherever it enters, so that nothing of a repository can become markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from lintkit.report.plain import visible, visible_lines
from lintkit.report.tally import many
from lintkit.text.regex import regex

_VOID = frozenset({"input", "link", "meta"})
_SAFE_URL = regex(r"https?://[!-;=?-~]+")
_NOT_NAME = regex(r"[^A-Za-z0-9_-]+")


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


Child = str | Iterable[str] | None
"""What may stand in an element: text (escaped), markup (as it is), several of them, or nothing."""


def el(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """An element. Attributes are named with ``_`` for ``-`` and ``class_`` for ``class``; None and False leave one out."""
    said = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None and value is not False)
    if name in _VOID:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{join(*children)}</{name}>")


def _attribute(key: str, value: str | float | bool) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f' {name}="{escape(visible(text))}"'


def join(*children: Child) -> Markup:
    """Children one after the other."""
    parts: list[str] = []
    for child in children:
        if isinstance(child, Markup):
            parts.append(child)
        elif isinstance(child, str):
            parts.append(escape(visible_lines(child)))
        elif child is not None:
            parts.append(join(*child))
    return Markup("".join(parts))


def paragraphs(text: str, class_: str | None = None) -> list[Markup]:
    """Prose of several paragraphs; what stands between backticks is code."""
    parts = (" ".join(part.split()) for part in re.split(r"\n\s*\n", visible_lines(text)))
    return [el("p", *_codes(part), class_=class_) for part in parts if part]


def _codes(text: str) -> list[str]:
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return [text]
    return [el("code", piece) if at % 2 else piece for at, piece in enumerate(pieces)]


def link(text: str, url: str, class_: str | None = None) -> Markup:
    """A link to an ``http(s)`` address; only its text where the address is another."""
    return el("a", text, href=url, rel="noreferrer", class_=class_) if is_web(url) else el("span", text, class_=class_)


def is_web(url: str) -> bool:
    """Whether ``url`` may be linked to."""
    return _SAFE_URL.fullmatch(url) is not None


def anchor(prefix: str, name: str) -> str:
    """An id that an address can end with."""
    return f"{prefix}-{_NOT_NAME.sub('-', name)}"


def counts(found: dict[str, int]) -> list[Markup]:
    """Badges ``2 errors``, ``1 warning`` for the severities that occur."""
    said = {"error": "error", "warning": "warning"}
    return [el("span", many(n, said[s]) if s in said else f"{n} {s}", class_=f"badge {s}") for s, n in found.items() if n]


def hidden(text: str) -> Markup:
    """Text for those who hear the page."""
    return el("span", text, class_="sr")


def scroller(label: str, *children: Child) -> Markup:
    """A part that may be wider than the page and then scrolls by itself, by keyboard too."""
    return el("div", *children, class_="scroll", role="region", aria_label=label, tabindex=0)
