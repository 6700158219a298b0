"""YAML inside YAML: a string scalar read as a document whose every character maps to the file.

A literal block (``|``) maps line by line and may be edited. Folded and quoted scalars map as well as
their text can be followed, so lines are right; they are locked, because a change of the inner text is
not a change of the same characters outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lintkit.records import NamedTuple
from lintkit.text.regex import regex
from lintkit.text.segments import Segment, SegmentMap
from lintkit.yamldoc.compose import embedded
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.layout import BREAKS
from lintkit.yamldoc.node import Scalar

_LOCKS: Final = {
    "": "a plain scalar holds this text",
    ">": "a folded block holds this text",
    "'": "a quoted string holds this text",
    '"': "a quoted string holds this text",
}
_ESCAPES: Final = {
    "'": regex("''"),
    '"': regex(r"\\(?:x..|u.{4}|U.{8}|.)", re.DOTALL),
}
_BREAK: Final = regex(f"\r\n|[{BREAKS}]")
_KEPT_BREAKS: Final = ("\n", "\u2028", "\u2029")


def embed(scalar: Scalar) -> Document:
    """The YAML document that ``scalar`` holds; its nodes' places are places in the file.

    A text of several documents has ``trouble``: values are one document.
    """
    inner = segment_map(scalar)
    outer = scalar.doc.segments
    segments = inner if outer is None else inner.compose(outer)
    doc = embedded(Document(scalar.doc.source, scalar.doc.number, text=scalar.text, segments=segments, host=scalar))
    scalar.doc.inner.append(doc)
    return doc


def detached(scalar: Scalar, text: str, locked: str) -> Document:
    """A document of ``text`` computed from ``scalar`` (a rendered template): everything maps to the whole scalar."""
    segments = SegmentMap((_whole(scalar),), "", locked)
    if scalar.doc.segments is not None:
        segments = segments.compose(scalar.doc.segments)
    return embedded(Document(scalar.doc.source, scalar.doc.number, text=text, segments=segments, host=scalar))


def segment_map(scalar: Scalar) -> SegmentMap:
    """Where the characters of a scalar's value stand in its document's text."""
    text = scalar.doc.text
    if text.startswith("*", scalar.start):  # no scalar that stands here itself begins so
        return _aliased(scalar)
    if scalar.style == "|":
        found = _literal(scalar)
        if found is not None:
            return found
    lock = _LOCKS.get(scalar.style, "the layout of this block cannot be followed")
    return SegmentMap(tuple(_follow(scalar)), "", lock)


def _aliased(scalar: Scalar) -> SegmentMap:
    for use in scalar.doc.aliases.values():
        if use.start == scalar.start and isinstance(use.target, Scalar):
            found = segment_map(use.target)
            return SegmentMap(found.segments, found.indent, "an alias repeats this text")
    return SegmentMap((_whole(scalar),), "", _LOCKS[""])


def _whole(scalar: Scalar) -> Segment:
    return Segment(0, scalar.start, scalar.end - scalar.start, exact=False)


def _literal(scalar: Scalar) -> SegmentMap | None:
    text = scalar.doc.text
    head = text.find("\n", scalar.start, scalar.end)
    if head < 0 or not scalar.text:
        return SegmentMap((Segment(0, scalar.end, 0),), "", "the block is empty")
    indent: str | None = None
    segments: list[Segment] = []
    at = head + 1
    inner = 0
    for line in scalar.text.split("\n"):
        if at > len(text):
            if line:
                return None  # a text that was changed
            break
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        body_end = end - 1 if end > at and text[end - 1] == "\r" else end
        if line:
            start = body_end - len(line)
            margin = text[at:start]
            if start < at or not text.startswith(line, start) or margin.strip(" ") or margin != (indent or margin):
                return None  # line ends other than \n, or a text that was changed
            indent = margin
        elif inner < len(scalar.text) and text[at:body_end].strip(" "):
            return None
        else:
            start = min(at + len(indent or ""), body_end)
        # the segment takes the line end along, so that positions after the last character stay on their line
        segments.append(Segment(inner, start, len(line) + 1))
        inner += len(line) + 1
        at = end + 1
    return SegmentMap(tuple(segments), indent or "")


class _Line(NamedTuple):
    """One line of a scalar as it stands in the file; ``joined``: an escaped line end leaves no trace of the break."""

    start: int
    text: str
    joined: bool = False


def _follow(scalar: Scalar) -> Iterator[Segment]:
    """Segments of a quoted, folded or plain scalar: its lines are found in the value, one after the other."""
    value = scalar.text
    at, gap = 0, scalar.start
    for line, runs in _placed(scalar):
        begin = runs[0].inner
        if begin > at:
            yield Segment(at, gap, line.start - gap, exact=False)
        if runs[0].exact and not value.startswith(line.text[: runs[0].length], begin):
            yield Segment(begin, line.start, max(scalar.end - line.start, 0), exact=False)  # the value is not what stands here
            return
        yield from runs
        at = _inner_end(runs)
        gap = line.start + len(line.text) + line.joined
    if at < len(value) or at == 0:
        yield Segment(at, gap, max(scalar.end - gap, 0), exact=False)


def _placed(scalar: Scalar) -> Iterator[tuple[_Line, list[Segment]]]:
    """Lines that hold something, each with its segments.

    Folding changes nothing but breaks: two lines of a flow scalar have a blank between them, or a line end for
    each empty line, or nothing where the break is escaped. In a block it depends on indentation, but lines are plain there.
    """
    block = scalar.style in {"|", ">"}
    at, empty, joined = 0, 0, True
    for number, line in enumerate(_lines(scalar)):
        if not line.text and not line.joined:
            empty += number > 0 or block
            joined = joined and block
            continue
        if block:
            at = _after_break(scalar.text, at, first=joined)
        elif not joined or empty:
            at += empty or 1
        if line.text:
            runs = list(_runs(line, at, scalar.style))
            yield line, runs
            at = _inner_end(runs)
        empty, joined = 0, line.joined


def _after_break(value: str, at: int, *, first: bool) -> int:
    if not first and value.startswith(" ", at):
        return at + 1
    while value.startswith(_KEPT_BREAKS, at):
        at += 1
    return at


def _inner_end(runs: list[Segment]) -> int:
    last = runs[-1]
    return last.inner + (last.length if last.exact else 1)


def _runs(line: _Line, inner: int, style: str) -> Iterator[Segment]:
    """Runs of characters that stand for themselves, and one inexact segment for each escape."""
    at = 0
    for escape in _ESCAPES[style].finditer(line.text) if style in _ESCAPES else ():
        if escape.start() > at:
            yield Segment(inner, line.start + at, escape.start() - at)
            inner += escape.start() - at
        yield Segment(inner, line.start + escape.start(), len(escape.group()), exact=False)
        inner += 1
        at = escape.end()
    if at < len(line.text):
        yield Segment(inner, line.start + at, len(line.text) - at)


def _lines(scalar: Scalar) -> Iterator[_Line]:
    text, style = scalar.doc.text, scalar.style
    block = style in {"|", ">"}
    start, stop = (scalar.start, scalar.end) if block or not style else (scalar.start + 1, scalar.end - 1)
    bounds = [start, *(at for found in _BREAK.finditer(text, start, stop) for at in found.span()), stop]
    spans = list(zip(bounds[::2], bounds[1::2], strict=True))
    if block:
        margin = _margin(scalar.text, [text[a:b] for a, b in spans[1:]])
        for begin, end in spans[1:]:
            yield _Line(min(begin + margin, end), text[begin + margin : end])
        return
    for number, (begin, end) in enumerate(spans):
        body = text[begin:end]
        lead = len(body) - len(body.lstrip(" \t")) if number else 0
        yield _stripped(begin + lead, body[lead:], style, last=number == len(spans) - 1)


def _stripped(start: int, body: str, style: str, *, last: bool) -> _Line:
    if last:
        return _Line(start, body)
    kept = body.rstrip(" \t")
    if style != '"' or (len(kept) - len(kept.rstrip("\\"))) % 2 == 0:
        return _Line(start, kept)
    if kept == body:  # a backslash ends the line
        return _Line(start, kept[:-1], joined=True)
    return _Line(start, body[: len(kept) + 1])  # an escaped blank


def _margin(value: str, lines: list[str]) -> int:
    """How many blanks of every line are not part of the value."""
    first = next((line for line in lines if line.strip()), "")
    shown = next((line for line in value.split("\n") if line.strip()), "")
    return max(len(first) - len(first.lstrip(" ")) - (len(shown) - len(shown.lstrip(" "))), 0)
