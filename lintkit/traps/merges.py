"""Traps of merge keys: what is written and never counts."""

from __future__ import annotations

from collections.abc import Iterator

from lintkit.finding import Finding, Fix, Related
from lintkit.fix.layout import line_end, line_start
from lintkit.shape import HIDDEN_OVERRIDE, shape_finding, whose
from lintkit.text.edits import Edit
from lintkit.yamldoc.document import Document, path_of, place_of, pointer
from lintkit.yamldoc.node import Hidden, Scalar


def hidden_overrides(doc: Document) -> Iterator[Finding]:
    """What merge keys keep from counting, at what is written in vain."""
    for hidden in doc.hidden:
        lost, winner = place_of(hidden.lost), place_of(hidden.winner)
        path = pointer(doc, path_of(hidden.lost))
        yield shape_finding(
            HIDDEN_OVERRIDE,
            lost,
            doc.number,
            _message(hidden),
            f"{whose(doc, path_of(hidden.lost))} {hidden.name}",
            path,
            related=(Related(winner, f"the {hidden.name} that counts"),),
            fix=_merge_first(hidden),
        )


def _message(hidden: Hidden) -> str:
    name, merge = hidden.name, hidden.merge
    if merge is None:
        return f"{name} has no effect: an earlier mapping of this << list has one, which counts"
    line = place_of(merge).first.line
    if hidden.lost.text == "<<":
        return f"{name} of this << has no effect: << in line {line} replaces it"
    return f"{name} has no effect: << in line {line} comes later and replaces it"


def _merge_first(hidden: Hidden) -> Fix | None:
    """The ``<<`` moved above every key of its mapping; None unless it is one line of its own in a file."""
    merge, value, first = hidden.merge, hidden.value, hidden.first
    if merge is None or value is None or hidden.lost.text == "<<" or not _own_line(merge, value.end):
        return None
    doc, text = merge.doc, merge.doc.text
    margin = line_start(text, first.start)
    if doc.segments is not None or text[margin : first.start].strip(" -"):
        return None
    start, end = line_start(text, merge.start), line_end(text, value.end)
    stop = text.find("\n", end) + 1 or len(text)
    if stop == len(text) and not text.endswith("\n"):
        return None
    indent = " " * (first.start - margin)
    put = Edit(doc.source, first.start, first.start, text[merge.start : end] + doc.source.newline + indent)
    cut = Edit(doc.source, start, stop, "")
    return Fix("merge first", False, (put, cut), f"{hidden.name} as it is written here starts to count")


def _own_line(merge: Scalar, end: int) -> bool:
    text = merge.doc.text
    start = line_start(text, merge.start)
    rest = text[end : line_end(text, end)].strip()
    return not text[start : merge.start].strip() and "\n" not in text[merge.start : end] and (not rest or rest.startswith("#"))
