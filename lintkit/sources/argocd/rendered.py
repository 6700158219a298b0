"""Embedded values whose text a template has made: the place of each line is still its line in the template."""

from __future__ import annotations

from typing import Final

from lintkit.sources.argocd.gotemplate import Rendered, file_map
from lintkit.sources.argocd.traced import traced_to_parameters
from lintkit.text.segments import Segment, SegmentMap
from lintkit.yamldoc.compose import embedded
from lintkit.yamldoc.document import Document, path_of
from lintkit.yamldoc.embed import detached, embed
from lintkit.yamldoc.node import Scalar, lookup

_LOCK: Final = "a template makes this text"


def embed_values(scalar: Scalar) -> Document:
    """The document that the text of ``scalar`` holds, whether the file holds that text or a template of it.

    A rendered text with as many lines as its template is mapped line by line; any other maps to the
    whole scalar. Both are locked. A value that is a parameter of the template stands where that is written.
    """
    doc = _embedded(scalar)
    if isinstance(scalar, Rendered) and doc.root is not None:
        doc.root = traced_to_parameters(doc.root, scalar.pieces)
    return doc


def _embedded(scalar: Scalar) -> Document:
    raw = scalar.doc.text[scalar.start : scalar.end]
    if "{{" not in raw:
        return embed(scalar)
    template = lookup(scalar.doc.root, *path_of(scalar))
    if not isinstance(template, Scalar) or (template.start, template.end) != (scalar.start, scalar.end):
        return detached(scalar, scalar.text, _LOCK)
    if template.text == scalar.text:
        return embed(scalar)
    before, after = template.text.split("\n"), scalar.text.split("\n")
    if len(before) != len(after):
        return detached(scalar, scalar.text, _LOCK)
    segments = SegmentMap(tuple(_aligned(before, after)), "", _LOCK).compose(file_map(template))
    return embedded(Document(scalar.doc.source, scalar.doc.number, text=scalar.text, segments=segments, host=scalar))


def _aligned(before: list[str], after: list[str]) -> list[Segment]:
    found: list[Segment] = []
    inner = outer = 0
    for old, new in zip(before, after, strict=True):
        same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        if old == new:
            found.append(Segment(inner, outer, len(new) + 1))
        else:
            if same:
                found.append(Segment(inner, outer, same))
            found.append(Segment(inner + same, outer + same, len(old) - same, exact=False))
        inner += len(new) + 1
        outer += len(old) + 1
    return found
