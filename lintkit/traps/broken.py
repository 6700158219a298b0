"""Documents that cannot be read, tabs that indent among the reasons."""

from __future__ import annotations

import re
from typing import Final

from lintkit.finding import Finding, Fix
from lintkit.shape import INVALID_YAML, shape_finding
from lintkit.text.edits import Edit, apply_edits
from lintkit.text.regex import regex
from lintkit.text.source import Place, Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.plain import plain

_NUMBER: Final = regex(r"\d+")
_MARGIN: Final = regex(r"^[ \t]*\t[ \t]*", re.MULTILINE)
_WIDTHS: Final = (2, 4, 8)


def invalid_yaml(doc: Document) -> Finding | None:
    """The finding for a document that cannot be read; None for one that can."""
    if doc.trouble is None:
        return None
    offset = min(doc.trouble.offset, len(doc.text))
    whole = doc.place(offset, offset)
    line_start, line_end = whole.source.line_span(whole.first.line)
    end = min(max(whole.start + 1, whole.start), line_end) if whole.start < line_end else whole.start
    start = whole.start if whole.start < line_end or line_start == line_end else line_start
    place = Place(whole.source, start, max(end, start))
    tab = doc.text.startswith("\t", offset)
    said = "a tab stands here, where YAML wants spaces" if tab else doc.trouble.message
    fix = _untabbed(doc) if tab and doc.host is None else None
    # no resource is known yet: what is wrong, and the line as it is written
    identity = f"{_NUMBER.sub('', doc.trouble.message)} {' '.join(place.source.line(place.first.line).split())}"
    return shape_finding(INVALID_YAML, place, doc.number, f"cannot be parsed: {said}", identity, fix=fix)


def _untabbed(doc: Document) -> Fix | None:
    """Spaces for the tabs that indent lines; None unless the file then reads the same however wide a tab is."""
    before = [None if d.trouble else plain(d.root) for d in documents(doc.source)]
    for width in _WIDTHS:
        made = documents(Source(doc.source.path, apply_edits(doc.text, _edits(doc.source, width))))
        if any(d.trouble for d in made) or len(made) != len(before):
            return None
        read = [plain(d.root) for d in made]
        if any(a is not None and a != b for a, b in zip(before, read, strict=True)):
            return None
        before = read
    return Fix("indent with spaces", False, tuple(_edits(doc.source, _WIDTHS[0])), "the document starts to count")


def _edits(source: Source, width: int) -> list[Edit]:
    return [Edit(source, m.start(), m.end(), m[0].replace("\t", " " * width)) for m in _MARGIN.finditer(source.text)]
