"""One YAML document: its text, its root node, and where its characters stand in the file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Items
from typing import Final, TypeVar

from lintkit.records import NamedTuple
from lintkit.text.segments import SegmentMap
from lintkit.text.source import Place, Source
from lintkit.yamldoc.node import Alias, Entry, Hidden, Key, Mapping, Node, Path, Scalar, Sequence, key_name

_Part = TypeVar("_Part")
_MANY: Final = 64


class Trouble(NamedTuple):
    """Why a document cannot be read: ``message`` and the offset in the document's text it was seen at."""

    message: str
    offset: int


class Document:
    """One document of a file, or of a text embedded in another document.

    ``number`` counts documents of the file from 0. ``text`` is what node offsets refer to: the
    file's text, or the embedded text, and then ``segments`` maps it to the file and ``host`` is the
    scalar that holds it. ``root`` is None for an empty document and for one with ``trouble``.
    ``inner`` are the documents that were read from scalars of this one. ``hidden`` is what merge keys keep from counting.
    """

    __slots__ = ("aliases", "hidden", "host", "inner", "number", "root", "segments", "source", "text", "trouble")

    def __init__(
        self,
        source: Source,
        number: int,
        *,
        text: str | None = None,
        segments: SegmentMap | None = None,
        host: Scalar | None = None,
    ) -> None:
        self.source = source
        self.number = number
        self.text = source.text if text is None else text
        self.segments = segments
        self.host = host
        self.root: Node | None = None
        self.trouble: Trouble | None = None
        self.aliases: dict[int, Alias] = {}
        self.inner: list[Document] = []
        self.hidden: list[Hidden] = []

    def place(self, start: int, end: int) -> Place:
        """The span ``[start, end)`` of this document's text, in the file."""
        if self.segments is None:
            return Place(self.source, start, end)
        first, last = self.segments.span(start, end)
        return Place(self.source, first, last, self.segments.locked)


def place_of(node: Node) -> Place:
    """Where ``node`` stands in its file."""
    return node.doc.place(node.start, node.end)


def pointer(doc: Document, path: Path) -> str:
    """RFC 6901 pointer of ``path`` in ``doc``; inside embedded text the outer pointer, ``#``, the inner one."""
    inner = "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)
    if doc.host is None:
        return inner
    return f"{pointer(doc.host.doc, path_of(doc.host))}#{inner}"


def path_of(node: Node) -> Path:
    """The path of ``node`` in its own document, found by its span; the deepest container holding it otherwise.

    A key has the path of its entry.
    """
    path: list[Key] = []
    at = node.doc.root
    while at is not None and not _stands_for(at, node):
        step = _towards(at, node)
        if step is None:
            break
        key, at = step
        path.append(key)
    return tuple(path)


def _towards(at: Node, node: Node) -> tuple[Key, Node | None] | None:
    if isinstance(at, Mapping):
        for entry in _near(at.entries, node, _key_start):
            if entry.via:
                continue
            if _stands_for(entry.key, node):
                return key_name(entry.key), None
            if _stands_for(entry.value, node) or _holds(entry.value, node):
                return key_name(entry.key), entry.value
    elif isinstance(at, Sequence):
        for item in _near(at.items, node, _start):
            if _stands_for(item, node) or _holds(item, node):
                return next(i for i, other in enumerate(at.items) if other is item), item
    return None


def _near(parts: Items[_Part], node: Node, start: Callable[[_Part], int]) -> Iterator[_Part]:
    """The parts of a container in order; of many the one that begins last before ``node`` comes first."""
    if len(parts) > _MANY and (at := bisect_right(parts, node.start, key=start)):
        yield parts[at - 1]
    yield from parts


def _key_start(entry: Entry) -> int:
    return entry.key.start


def _start(node: Node) -> int:
    return node.start


def _stands_for(real: Node, node: Node) -> bool:
    """Whether ``node`` is ``real``, or a scalar made of it (substituted, or remembering a lower layer)."""
    if real is node:
        return True
    if isinstance(real, Mapping | Sequence) or isinstance(node, Mapping | Sequence):
        return False
    return (real.start, real.end) == (node.start, node.end) and real.start < real.end


def _holds(outer: Node, inner: Node) -> bool:
    return isinstance(outer, Mapping | Sequence) and outer.start <= inner.start and inner.end <= outer.end
