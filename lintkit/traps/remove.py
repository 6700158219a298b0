"""The edit that removes a mapping's entry which another one follows."""

from __future__ import annotations

from lintkit.finding import Fix
from lintkit.fix.layout import entry_end, line_end, line_start
from lintkit.text.edits import Edit
from lintkit.text.source import Place
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Entry, Mapping


def removal(node: Mapping, entry: Entry, following: Entry, *, safe: bool) -> Fix | None:
    """A fix that takes ``entry`` away; None where the text of ``node`` cannot be cut.

    Whole lines where the entry has them for itself, else up to the entry that follows. An anchor is never removed:
    an alias may use it.
    """
    doc, text = node.doc, node.doc.text
    start, end = entry.key.start, max(entry_end(text, entry.key, entry.value), entry.key.end)
    if following.key.start < end or "&" in text[start:end]:
        return None
    span = _lines(doc, start, end, following.key.start) if not node.flow else None
    if span is None:
        between = text[end : following.key.start]
        if between.strip(" \t\r\n,") or ("\n" in text[start : following.key.start] and doc.segments is not None):
            return None
        span = doc.place(start, following.key.start)
    if span.locked:
        return None
    title = "remove this one, which says the same" if safe else "remove this one, which has no effect"
    why = "" if safe else "what is written here is lost"
    return Fix(title, safe, (Edit(span.source, span.start, span.end, ""),), why)


def _lines(doc: Document, start: int, end: int, limit: int) -> Place | None:
    """The whole lines of ``[start, end)`` in the file, the comment behind the last included; None where others share them."""
    text = doc.text
    rest = text[end : line_end(text, end)].strip()
    if text[line_start(text, start) : start].strip() or (rest and not rest.startswith("#")):
        return None
    place = doc.place(start, end)
    outer = place.source.text
    begin, stop = line_start(outer, place.start), outer.find("\n", place.end) + 1
    if outer[begin : place.start].strip() or not 0 < stop <= doc.place(limit, limit + 1).start:
        return None
    return Place(place.source, begin, stop, place.locked)
