"""Lines and columns of a document's text, the style it is written in, and changes in the coordinates of the file."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from lintkit.fix.emit import Style, plain_ok
from lintkit.fix.intent import Blocked
from lintkit.fix.locate import Trail, alias_at, own_entries
from lintkit.records import NamedTuple
from lintkit.text.regex import regex
from lintkit.text.source import Source
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Entry, Mapping, Node, Scalar, Sequence

_BLOCK_PREFIX: Final = regex(r" *(?:- +)*")
# neighbours whose style counts: enough to see it, few enough for a list of thousands
_SOME: Final = 100


class Change(NamedTuple):
    """Replace ``[start, end)`` of the file by ``text``; of changes at one place the deeper ``rank`` comes first."""

    source: Source
    start: int
    end: int
    text: str
    rank: int


def change(doc: Document, start: int, end: int, text: str, rank: int) -> Change:
    """A replacement in the text of ``doc`` (lines end in ``\\n``) as one of its file: offsets, margin and line ends."""
    source, segments = doc.source, doc.segments
    margin = "" if segments is None else segments.indent
    first, *rest = text.split("\n")
    text = first + "".join(source.newline + (margin + line if line else "") for line in rest)
    if segments is not None:
        start, end = segments.offset(start), segments.offset(end)
    return Change(source, start, max(start, end), text, rank + 1000 * _nesting(doc))


def _nesting(doc: Document) -> int:
    """How many texts hold this one."""
    return 0 if doc.host is None else 1 + _nesting(doc.host.doc)


def below(lines: list[str] | tuple[str, ...]) -> str:
    """Whole lines as text to be put at the end of a line."""
    return "".join("\n" + line for line in lines)


def line_start(text: str, at: int) -> int:
    """Offset of the first character of the line that holds ``at``."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Offset of the line end at or after ``at``."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if end > at and text[end - 1] == "\r" else end


def column(text: str, at: int) -> int:
    """Column (from 0) of a key or dash at ``at``; Blocked where other lines cannot be aligned with it."""
    prefix = text[line_start(text, at) : at]
    if "\t" in prefix:
        raise Blocked("tabs indent this line")
    if not _BLOCK_PREFIX.fullmatch(prefix):
        raise Blocked(f"{prefix.strip()} stands before it on its line")
    return len(prefix)


def last_block(node: Node) -> Scalar | None:
    """The block scalar (``|``, ``>``) that ends a node's text, None where something else does."""
    leaf: Node | None = node
    while isinstance(leaf, Mapping | Sequence) and not leaf.flow:
        if isinstance(leaf, Sequence):
            leaf = leaf.items[-1] if leaf.items else None
        else:
            last = leaf.entries[-1] if leaf.entries else None
            leaf = last.value if last is not None and not last.via else None
    return leaf if isinstance(leaf, Scalar) and leaf.style in ("|", ">") and leaf.end >= node.end else None


def tail(text: str, node: Node) -> int:
    """Where a block node's text ends; trailing blank lines count where they are part of its last value."""
    leaf = last_block(node)
    if leaf is None:
        return node.end
    keep = "+" in text[leaf.start : line_end(text, leaf.start)].partition("#")[0]
    end = found = line_end(text, leaf.end)
    while end < len(text):
        start = text.find("\n", end) + 1
        end = line_end(text, start)
        blank = text[start:end]
        if blank.strip() or start == len(text):
            break
        if keep or blank:
            found = end
    return found if keep or found > line_end(text, leaf.end) else leaf.end


def entry_end(text: str, key: Scalar, value: Node) -> int:
    """Where a mapping's entry ends."""
    return max(key.end, tail(text, value))


def after_line(text: str, at: int) -> int:
    """The end of the line of ``at``, behind its comment; Blocked where something else follows."""
    end = line_end(text, at)
    rest = text[at:end].strip()
    if rest and not rest.startswith("#"):
        raise Blocked("something else follows on its line")
    return end


def style_of(trail: Trail) -> Style:
    """How the text around the last node (a container, or the parent of what is replaced) is written."""
    node = trail[-1].node
    doc = node.doc
    found = _first(_indents(doc.text, [node, *(s.node for s in reversed(trail[:-1]))]), _document_indents(doc))
    host = doc.host
    while None in found and host is not None:
        found = _first(found, _document_indents(host.doc))
        host = host.doc.host
    step, offset = found[0] or 2, found[1]
    quote, force = _quotes(node)
    return Style(
        step=step,
        list_offset=step if offset is None else offset,
        quote=quote,
        force=force,
        key_quote=_key_quote(node),
        json=doc.source.path.endswith(".json"),
        literal=doc.text.endswith("\n"),
    )


def _first(a: tuple[int | None, int | None], b: tuple[int | None, int | None]) -> tuple[int | None, int | None]:
    return (b[0] if a[0] is None else a[0]), (b[1] if a[1] is None else a[1])


@lru_cache(maxsize=32)
def _document_indents(doc: Document) -> tuple[int | None, int | None]:
    found: tuple[int | None, int | None] = (None, None)
    todo: list[Node] = [doc.root] if doc.root is not None else []
    while todo and None in found:
        node = todo.pop()
        if alias_at(node):
            continue
        found = _first(found, _indents(doc.text, [node]))
        if isinstance(node, Mapping) and not node.flow:
            todo += [entry.value for _, entry in reversed(own_entries(node))]
        elif isinstance(node, Sequence) and not node.flow:
            todo += reversed(node.items)
    return found


def _indents(text: str, nodes: list[Node]) -> tuple[int | None, int | None]:
    """Indentation of nested mappings and of lists that the entries of ``nodes`` show, the first that does."""
    step: int | None = None
    offset: int | None = None
    for node in nodes:
        if not isinstance(node, Mapping) or node.flow:
            continue
        for entry in _some_entries(node):
            value = entry.value
            if not isinstance(value, Mapping | Sequence) or value.flow or "\n" not in text[entry.key.end : value.start]:
                continue
            width = _width(text, value.start) - _width(text, entry.key.start)
            if isinstance(value, Mapping) and step is None and width > 0:
                step = width
            elif isinstance(value, Sequence) and offset is None and width >= 0:
                offset = width
        if step is not None and offset is not None:
            break
    return step, offset


def _width(text: str, at: int) -> int:
    return at - line_start(text, at)


def _quotes(node: Node) -> tuple[str, bool]:
    """Quotes of the strings beside, and whether all of them have some without need."""
    values = [e.value for e in _some_entries(node)] if isinstance(node, Mapping) else getattr(node, "items", ())[:_SOME]
    strings = [v for v in values if isinstance(v, Scalar) and isinstance(v.value, str) and v.style not in ("|", ">")]
    styles = [v.style for v in strings if v.style]
    needless = [v.style for v in strings if v.style and plain_ok(v.text)]
    quote = (needless or styles or ['"'])[0]
    return quote, bool(needless) and len(styles) == len(strings)


def _key_quote(node: Node) -> str:
    keys = [e.key for e in _some_entries(node)] if isinstance(node, Mapping) else []
    needless = any(key.style and plain_ok(key.text) for key in keys)
    return keys[0].style if needless and all(key.style in ("'", '"') for key in keys) else ""


def _some_entries(node: Mapping) -> list[Entry]:
    return [entry for entry in node.entries[:_SOME] if not entry.via]
