"""What a chart's template takes from values as it is stands where the values are written: that is the line to edit."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable

from lintkit.records import NamedTuple
from lintkit.sources.argocd.gotemplate import Piece
from lintkit.yamldoc.node import Entry, Mapping, Node, Scalar, Sequence, items, lookup
from lintkit.yamldoc.transform import with_entries, with_items


class _Mark(NamedTuple):
    """A run of rendered text, and the value of which it is the text."""

    start: int
    end: int
    source: Node


def traced(root: Node, start: int, pieces: Iterable[Piece], values: Mapping, name: str = "Values") -> Node:
    """``root``, parsed from the text of ``pieces`` from offset ``start`` on, with the nodes of ``values`` it is made of.

    ``name`` is the parameter that holds ``values``. A scalar takes the place of the value it is; keys and items that
    ``toYaml`` wrote are those of the values themselves.
    """
    return _traced(root, start, pieces, lambda p: lookup(values, *p.path[1:]) if p.path and p.path[0] == name else None)


def traced_to_parameters(root: Node, pieces: Iterable[Piece]) -> Node:
    """``root``, parsed from the text of ``pieces``, with the nodes of the parameters that were put in as they stand."""
    return _traced(root, 0, pieces, lambda piece: piece.written)


def _traced(root: Node, start: int, pieces: Iterable[Piece], source_of: Callable[[Piece], Node | None]) -> Node:
    marks: list[_Mark] = []
    at = -start
    for piece in pieces:
        source = source_of(piece)
        if source is not None:
            blank = len(piece.text) - len(piece.text.lstrip())
            marks.append(_Mark(at + blank, at + len(piece.text.rstrip()), source))
        at += len(piece.text)
    return _Tracer(marks).node(root) if marks else root


class _Tracer:
    """Walks a parsed document with the marks of its text."""

    def __init__(self, marks: list[_Mark]) -> None:
        self.marks = marks
        self.starts = [mark.start for mark in marks]

    def mark(self, offset: int) -> _Mark | None:
        """The mark that holds the character at ``offset``."""
        found = bisect_right(self.starts, offset) - 1
        return self.marks[found] if found >= 0 and offset < self.marks[found].end else None

    def node(self, node: Node) -> Node:
        if isinstance(node, Scalar):
            return self.scalar(node)
        whole = self.mark(node.start)
        if whole is not None and type(whole.source) is type(node) and whole.start == node.start and self.fills(node, whole):
            return whole.source
        if isinstance(node, Mapping):
            return self.mapping(node)
        return self.sequence(node) if isinstance(node, Sequence) else node

    def fills(self, node: Node, mark: _Mark) -> bool:
        """Whether nothing of a container stands outside of ``mark``."""
        return not node.doc.text[mark.end : node.end].strip()

    def scalar(self, node: Scalar) -> Scalar:
        quoted = node.style in ("'", '"') and node.doc.text[node.start : node.start + 1] == node.style
        mark = self.mark(node.start) or (self.mark(node.start + 1) if quoted else None)
        source = mark.source if mark else None
        if mark is None or not isinstance(source, Scalar) or mark.end + quoted < node.end or node.end < mark.end:
            return node
        if node.text != source.text and (node.value != source.value or type(node.value) is not type(source.value)):
            return node
        return Scalar(source.doc, source.start, source.end, node.text, node.style, None, source.anchor, source.under)

    def mapping(self, node: Mapping) -> Mapping:
        entries = [self.entry(entry) for entry in node.entries]
        return with_entries(node, entries) if any(a is not b for a, b in zip(entries, node.entries, strict=True)) else node

    def entry(self, entry: Entry) -> Entry:
        mark = self.mark(entry.key.start)
        if mark is not None and isinstance(mark.source, Mapping):
            return mark.source.index.get(entry.key.text, entry)
        value = self.node(entry.value)
        return entry if value is entry.value else Entry(entry.key, value, entry.via)

    def sequence(self, node: Sequence) -> Sequence:
        made: list[Node] = []
        counts: dict[int, int] = {}
        for item in node.items:
            mark = self.mark(item.start)
            if mark is None or not isinstance(mark.source, Sequence):
                made.append(self.node(item))
                continue
            number = counts.get(mark.start, 0)
            counts[mark.start] = number + 1
            held = items(mark.source)
            made.append(held[number] if number < len(held) else item)
        return with_items(node, made) if any(a is not b for a, b in zip(made, node.items, strict=True)) else node
