"""From a node of a merged tree to the very place a user wrote it, or the reason nothing may be changed there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TypeAlias

from lintkit.fix.intent import Blocked
from lintkit.records import NamedTuple
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Alias, Entry, Mapping, Node, Scalar, Sequence, Unknown, is_null


class Step(NamedTuple):
    """A node as its document holds it; ``entry`` or ``number`` says where in the container before it."""

    node: Node
    entry: Entry | None = None
    number: int | None = None


Trail: TypeAlias = "tuple[Step, ...]"


def trail_to(node: Node) -> Trail:
    """The nodes from the root of its document down to ``node``, as the document has them; Blocked where none may change."""
    doc = node.doc
    if doc.source.builtin:
        raise Blocked("the value is a default of the chart")
    trail = _descend(doc, node)
    _allow_document(doc)
    _allow(doc, trail)
    return trail


def alias_at(node: Node) -> Alias | None:
    """The use of an alias that ``node`` stands at, None for a value written in its place."""
    alias = node.doc.aliases.get(id(node))
    # the span too: an alias that a merge key used up may have left its id to another node
    return alias if alias is not None and (alias.start, alias.end) == (node.start, node.end) else None


def _descend(doc: Document, node: Node) -> Trail:
    at = doc.root
    trail: list[Step] = []
    step = Step(at) if at is not None else None
    while step is not None:
        trail.append(step)
        if _same(step.node, node):
            return tuple(trail)
        step = None if alias_at(step.node) else _towards(step.node, node)
    raise Blocked("the value is computed from what is written here")


def _same(real: Node, node: Node) -> bool:
    if real is node:
        return True
    if (real.start, real.end) != (node.start, node.end) or type(real) is not type(node):
        return False
    if isinstance(real, Scalar) and isinstance(node, Scalar):
        return real.text == node.text and real.style == node.style
    return True


def _towards(at: Node, node: Node) -> Step | None:
    if isinstance(at, Mapping):
        own = bisect_left(at.entries, True, key=lambda e: not e.via)
        i = bisect_right(at.entries, node.start, own, key=lambda e: e.key.start) - 1
        if i >= own and _holds(at.entries[i].value, node):
            return Step(at.entries[i].value, at.entries[i])
    elif isinstance(at, Sequence):
        i = bisect_right(at.items, node.start, key=lambda n: n.start) - 1
        if i >= 0 and _holds(at.items[i], node):
            return Step(at.items[i], None, i)
    return None


def _holds(outer: Node, inner: Node) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _allow_document(doc: Document) -> None:
    if isinstance(doc.root, Mapping):
        sops = doc.root.get("sops")
        if isinstance(sops, Mapping) and "mac" in sops:
            raise Blocked("the file is encrypted with sops, which signs all of it")
    if doc.segments is not None and doc.segments.locked:
        raise Blocked(doc.segments.locked)
    if doc.host is not None:
        host = doc.host
        _allow_document(host.doc)
        _allow(host.doc, _descend(host.doc, host))


def _allow(doc: Document, trail: Trail) -> None:
    for step in trail:
        node = step.node
        alias = alias_at(node)
        if alias is not None:
            raise Blocked(f"the value comes through the alias {doc.text[alias.start : alias.end]}")
        if isinstance(node, Unknown):
            raise Blocked(f"the value is unknown: {node.reason}")
        if node.anchor and any(use.target is node for use in doc.aliases.values()):
            raise Blocked(f"anchored: changing &{node.anchor} changes every alias of it")


def allow_removal(doc: Document, start: int, end: int) -> None:
    """Blocked where ``[start, end)`` holds an anchor that something outside it uses."""
    for alias in doc.aliases.values():
        if start <= alias.target.start and alias.target.end <= end and not (start <= alias.start < end):
            raise Blocked(f"{doc.text[alias.start : alias.end]} elsewhere needs an anchor in it")


def real_mapping(node: Mapping) -> tuple[Trail, Mapping]:
    """Where a mapping of a merged tree is written, so that keys can be added there."""
    trail = trail_to(node)
    real = trail[-1].node
    if not isinstance(real, Mapping):
        raise Blocked("the value is computed from what is written here")
    made = any(e.key.start == e.key.end == node.start and e.key.style for e in node.entries)
    lost = not node.entries and any(not is_null(e.value) for e in real.entries)
    if made or lost:
        raise Blocked("the mapping is computed from what is written here")
    return trail, real


def own_entries(node: Mapping) -> list[tuple[int, Entry]]:
    """The entries written in the mapping itself, not merged in, with their numbers."""
    return [(i, entry) for i, entry in enumerate(node.entries) if not entry.via]


def in_flow(trail: Trail) -> bool:
    """Whether the last node stands inside a flow collection."""
    return any(isinstance(s.node, Mapping | Sequence) and s.node.flow for s in trail[:-1])
