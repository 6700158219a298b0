"""YAML inside YAML: a string scalar read as a document whose every character maps to the file.

A literal block (``|``) maps line by line and may be edited. Folded and quoted scalars map as well as
their text can be followed, so lines are right; they are locked, because a change of the inner text is
not a change of the same characters outside.
"""

from __future__ import annotations

from typing import Final

from lintkit.text.segments import Segment, SegmentMap
from lintkit.yamldoc.compose import embedded
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Scalar

_LOCKS: Final = {
    "": "a plain scalar holds this text",
    ">": "a folded block holds this text",
    "'": "a quoted string holds this text",
    '"': "a quoted string holds this text",
}
_ESCAPES: Final = {"x": 2, "u": 4, "U": 8}


def embed(scalar: Scalar) -> Document:
    """The YAML document that ``scalar`` holds; its nodes' places are places in the file.

    A text of several documents has ``trouble``: values are one document.
    """
    inner = segment_map(scalar)
    outer = scalar.doc.segments
    segments = inner if outer is None else inner.compose(outer)
    return embedded(Document(scalar.doc.source, scalar.doc.number, text=scalar.text, segments=segments, host=scalar))


def detached(scalar: Scalar, text: str, locked: str) -> Document:
    """A document of ``text`` computed from ``scalar`` (a rendered template): everything maps to the whole scalar."""
    segments = SegmentMap((Segment(0, scalar.start, scalar.end - scalar.start, exact=False),), "", locked)
    if scalar.doc.segments is not None:
        segments = segments.compose(scalar.doc.segments)
    return embedded(Document(scalar.doc.source, scalar.doc.number, text=text, segments=segments, host=scalar))


def segment_map(scalar: Scalar) -> SegmentMap:
    """Where the characters of a scalar's value stand in its document's text."""
    raw = scalar.doc.text[scalar.start : scalar.end]
    if scalar.style == "|":
        found = _literal(scalar, raw)
        if found is not None:
            return found
    lock = _LOCKS.get(scalar.style, "the layout of this block cannot be followed")
    return SegmentMap(_follow(scalar, raw), "", lock)


def _literal(scalar: Scalar, raw: str) -> SegmentMap | None:
    head = raw.find("\n")
    if head < 0:
        return SegmentMap((), "", "the block is empty")
    lines = scalar.text.split("\n")
    indent: str | None = None
    segments: list[Segment] = []
    at = scalar.start + head + 1
    inner = 0
    text = scalar.doc.text
    for line in lines:
        if at > len(text):
            break
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        body_end = end - 1 if end > at and text[end - 1] == "\r" else end
        if line:
            body = text[at:body_end]
            if not body.endswith(line):
                return None
            margin = body[: len(body) - len(line)]
            if indent is None:
                indent = margin
            elif margin != indent:
                return None
            start = at + len(margin)
        else:
            start = min(at + len(indent or ""), body_end)
        # the segment takes the line end along, so that positions after the last character stay on their line
        segments.append(Segment(inner, start, len(line) + 1))
        inner += len(line) + 1
        at = end + 1
    return SegmentMap(tuple(segments), indent or "")


def _follow(scalar: Scalar, raw: str) -> tuple[Segment, ...]:
    """Segments of a quoted, folded or plain scalar, by walking the raw and the read text side by side."""
    text = scalar.text
    segments: list[Segment] = []
    raw_at = 1 if scalar.style in ("'", '"') else max(raw.find("\n") + 1, 0) if scalar.style in ("|", ">") else 0
    at = 0
    while at < len(text) and raw_at < len(raw):
        step, width = _step(raw, raw_at, text, at, scalar.style)
        if width == 0:
            raw_at += step
            continue
        last = segments[-1] if segments else None
        start = scalar.start + raw_at
        exact = step == width and raw[raw_at : raw_at + step] == text[at : at + width]
        if exact and last and last.exact and last.inner + last.length == at and last.outer + last.length == start:
            segments[-1] = last._replace(length=last.length + width)
        else:
            segments.append(Segment(at, start, width if exact else step, exact))
        at += width
        raw_at += step
    if at < len(text):
        segments.append(Segment(at, scalar.start + min(raw_at, len(raw)), 0, exact=False))
    return tuple(segments)


def _step(raw: str, raw_at: int, text: str, at: int, style: str) -> tuple[int, int]:
    """How many raw and read characters stand for each other here; (n, 0) skips raw layout."""
    char = raw[raw_at]
    if style == "'" and raw.startswith("''", raw_at):
        return 2, 1
    if style == '"' and char == "\\":
        kind = raw[raw_at + 1 : raw_at + 2]
        if kind in ("\n", "\r"):
            return _blank_run(raw, raw_at + 1) - raw_at, 0
        return 2 + _ESCAPES.get(kind, 0), 1
    if char in " \t\r\n":
        run = _blank_run(raw, raw_at)
        if "\n" in raw[raw_at:run]:
            width = 0
            while at + width < len(text) and text[at + width] in " \n" and width < run - raw_at:
                width += 1
                if text[at + width - 1] == " ":
                    break
            if style in ("|", ">"):
                line = raw.rfind("\n", raw_at, run) + 1
                lead = len(raw[line:run]) and _kept_indent(text, at + width, raw, line, run)
                return run - lead - raw_at, width
            return run - raw_at, width
        if at < len(text) and text[at] == char:
            return 1, 1
        return 1, 0
    return 1, 1


def _kept_indent(text: str, at: int, raw: str, line: int, run: int) -> int:
    kept = 0
    while kept < run - line and at + kept < len(text) and text[at + kept] == " ":
        kept += 1
    return kept


def _blank_run(raw: str, at: int) -> int:
    while at < len(raw) and raw[at] in " \t\r\n":
        at += 1
    return at
