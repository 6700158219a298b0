"""Segment maps: where each character of an embedded text stands in the file that holds it.

A ``values: |`` block is a YAML text of its own inside another. Its map has one segment per run of
characters that stand side by side in both texts. Maps compose, so YAML in a ConfigMap in YAML works.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from lintkit.records import NamedTuple


class Segment(NamedTuple):
    """``length`` characters from ``inner`` stand at ``outer``.

    Not ``exact``: they are escaped or folded there; ``length`` then counts the characters outside, and inside the
    segment goes on to the next one.
    """

    inner: int
    outer: int
    length: int
    exact: bool = True


class SegmentMap:
    """Maps offsets of an inner text to offsets of the outer one.

    ``indent`` is what starts every line of the outer block; ``locked`` says why nothing in it may be
    edited (a folded or quoted scalar), None for a literal block.
    """

    __slots__ = ("_starts", "indent", "locked", "segments")

    def __init__(self, segments: tuple[Segment, ...], indent: str = "", locked: str | None = None) -> None:
        self.segments = segments
        self.indent = indent
        self.locked = locked
        self._starts = [s.inner for s in segments]

    def _segment(self, offset: int) -> Segment:
        return self.segments[max(bisect_right(self._starts, offset) - 1, 0)]

    def offset(self, inner: int) -> int:
        """Outer offset of the character at ``inner``."""
        if not self.segments:
            return 0
        seg = self._segment(inner)
        return seg.outer + (min(inner - seg.inner, seg.length) if seg.exact else 0)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Outer span of the inner ``[start, end)``; an empty span stays empty."""
        if not self.segments:
            return 0, 0
        first = self.offset(start)
        if end <= start:
            if start:
                before = self._segment(start - 1)
                if before.exact and before.inner + before.length == start:
                    first = before.outer + before.length
            return first, first
        seg = self._segment(end - 1)
        if seg.exact:
            return first, seg.outer + min(end - seg.inner, seg.length)
        return first, max(first, seg.outer + seg.length)

    def compose(self, outer: SegmentMap) -> SegmentMap:
        """This map followed by ``outer``: inner text to the file of ``outer``."""
        parts: list[Segment] = []
        for seg in self.segments:
            if seg.exact:
                parts += outer._cut(seg)
            else:
                start, end = outer.span(seg.outer, seg.outer + seg.length)
                parts.append(Segment(seg.inner, start, end - start, exact=False))
        return SegmentMap(tuple(parts), outer.indent + self.indent, self.locked or outer.locked)

    def _cut(self, seg: Segment) -> Iterator[Segment]:
        """An exact segment that ends in this map's text, cut where this map has its own borders."""
        if not self.segments:
            yield Segment(seg.inner, 0, 0, exact=False)
            return
        at, stop = seg.outer, seg.outer + max(seg.length, 1)
        number = max(bisect_right(self._starts, at) - 1, 0)
        while at < stop:
            host = self.segments[number]
            number += 1
            # an inexact host is as wide inside as the way to the next one; its length is that of what it stands for
            border = min(self._starts[number], stop) if number < len(self._starts) else stop
            if host.exact:
                skipped = min(at - host.inner, host.length)
                length = min(border - at, host.length - skipped)
                yield Segment(seg.inner + at - seg.outer, host.outer + skipped, min(length, seg.length))
            else:
                yield Segment(seg.inner + at - seg.outer, host.outer, host.length, exact=False)
            at = border
