"""Any document, from libyaml's events: every anchor, alias, tag and merge key keeps its place."""

from __future__ import annotations

from typing import Any, Final, cast

import yaml
from yaml._yaml import CParser

from lintkit.records import NamedTuple
from lintkit.yamldoc.document import Document, Trouble
from lintkit.yamldoc.layout import MAX_DEPTH, after_properties, block_end, empty_value_at
from lintkit.yamldoc.merges import hidden_by_merges
from lintkit.yamldoc.node import Alias, Entry, Mapping, Node, Scalar, Sequence, Unknown, key_name, quick_scalar
from lintkit.yamldoc.scalars import KNOWN_TAGS, TAG_MERGE

MAX_ALIASED: Final = 200_000
"""How many nodes the documents of a file that use aliases may come to, with the aliases followed."""
_MERGE_TAGS: Final = (None, TAG_MERGE)


class BrokenError(Exception):
    """The document cannot be read; ``trouble`` says why and where."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.trouble = Trouble(message, offset)


class _Open(NamedTuple):
    """A container that has begun: its start event, and the children of the container it is in."""

    event: Any
    siblings: list[Node]


def compose(doc: Document, text: str, base: int) -> Node | None:
    """The root node of ``text``, which starts at ``base`` of ``doc.text``; None when it holds no document.

    Raises BrokenError, yaml.YAMLError and UnicodeEncodeError.
    """
    parser: Any = CParser(text)
    root: Node | None = None
    while type(event := parser.get_event()) is not yaml.StreamEndEvent:
        if type(event) is yaml.DocumentStartEvent:
            if root is not None:
                raise BrokenError("a second document starts here", base + cast(Any, event).start_mark.index)
            root = _Composer(doc, base).run(parser)
    return root


class _Weight(NamedTuple):
    """What a node comes to with its aliases followed: how many nodes, how many levels. It keeps the node, whose id is the key."""

    nodes: int
    levels: int
    node: Node | None


_LEAF: Final = _Weight(1, 0, None)


class _Composer:
    """Builds one document's nodes. ``base`` is the offset of the parsed text in the document's."""

    __slots__ = ("anchors", "base", "doc", "weights")

    def __init__(self, doc: Document, base: int) -> None:
        self.doc = doc
        self.base = base
        self.anchors: dict[str, Node | None] = {}
        self.weights: dict[int, _Weight] = {}

    def run(self, parser: Any) -> Node | None:
        """The root node; reads up to the document's end event."""
        doc, base, get = self.doc, self.base, parser.get_event
        scalar_event, alias_event, map_start, map_end = (
            yaml.ScalarEvent,
            yaml.AliasEvent,
            yaml.MappingStartEvent,
            yaml.MappingEndEvent,
        )
        stack: list[_Open] = []
        into: list[Node] = []
        while True:
            event = get()
            kind = type(event)
            if kind is scalar_event:
                if event.anchor or event.tag or not event.value or event.style in {"|", ">"}:
                    key = into[-1] if len(into) % 2 and type(stack[-1].event) is map_start else None
                    into.append(self._scalar(event, key))
                else:
                    start, end = base + event.start_mark.index, base + event.end_mark.index
                    into.append(quick_scalar(doc, start, end, event.value, event.style))
            elif kind is map_start or kind is yaml.SequenceStartEvent:
                stack.append(_Open(event, into))
                if event.anchor:
                    self.anchors[event.anchor] = None
                if len(stack) > MAX_DEPTH:
                    raise BrokenError(f"nested more than {MAX_DEPTH} levels deep", base + event.start_mark.index)
                into = []
            elif kind is map_end or kind is yaml.SequenceEndEvent:
                start_event, siblings = stack.pop()
                siblings.append(self._container(start_event, event, into))
                into = siblings
            elif kind is alias_event:
                into.append(self._alias(event))
            else:  # DocumentEnd: the parser never ends a document inside a container
                if doc.aliases and into and doc.host is None:
                    doc.source.expanded += self.weights.get(id(into[0]), _LEAF).nodes
                return into[0] if into else None

    def _start(self, event: Any) -> int:
        start: int = self.base + event.start_mark.index
        return after_properties(self.doc.text, start) if event.anchor or event.tag else start

    def _scalar(self, event: Any, key: Node | None) -> Node:
        style: str = event.style or ""
        end: int = self.base + event.end_mark.index
        start = min(self._start(event), end)
        value: str = event.value
        if style in {"|", ">"}:
            end = block_end(self.doc.text, start, end, value)
        elif not value and not style and key is not None and not event.anchor and not event.tag:
            start = end = empty_value_at(self.doc.text, key.end, start)
        node: Node
        if event.tag and event.tag not in KNOWN_TAGS:
            node = Unknown(self.doc, start, end, f"custom tag {_short_tag(event.tag)}")
        else:
            node = Scalar(self.doc, start, end, value, style, event.tag, event.anchor)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _container(self, start_event: Any, end_event: Any, children: list[Node]) -> Node:
        flow = bool(start_event.flow_style)
        mapping = type(start_event) is yaml.MappingStartEvent
        anchor, tag = start_event.anchor, start_event.tag
        start = self._start(start_event)
        last = max((child.end for child in children[-2:]), default=start)
        end: int = self.base + end_event.end_mark.index if flow else last
        if children and mapping:
            if not flow:
                start = children[0].start
            elif self.doc.text[start] != "{":  # one pair in a sequence: [a: b]
                end = last
        node: Node
        if tag and tag not in KNOWN_TAGS:
            node = Unknown(self.doc, start, end, f"custom tag {_short_tag(tag)}")
        elif mapping:
            node = Mapping(self.doc, start, end, _entries(children, self.doc), flow=flow, anchor=anchor)
        else:
            node = Sequence(self.doc, start, end, tuple(children), flow=flow, anchor=anchor)
        if self.anchors:
            self._weigh(node, children)
        if anchor:
            self.anchors[anchor] = node
        return node

    def _weigh(self, node: Node, children: list[Node]) -> None:
        weights = [self.weights.get(id(child), _LEAF) for child in children]
        weight = _Weight(1 + sum(w.nodes for w in weights), 1 + max((w.levels for w in weights), default=0), node)
        self.weights[id(node)] = weight
        if weight.nodes + self.doc.source.expanded > MAX_ALIASED:
            raise BrokenError(f"aliases expand to more than {MAX_ALIASED:,} nodes", node.start)
        if weight.levels > MAX_DEPTH:
            raise BrokenError(f"nested more than {MAX_DEPTH} levels deep", node.start)

    def _alias(self, event: Any) -> Node:
        doc, name = self.doc, event.anchor
        start, end = self.base + event.start_mark.index, self.base + event.end_mark.index
        if name not in self.anchors:
            raise BrokenError(f"alias *{name} has no anchor before it", start)
        target = self.anchors[name]
        if target is None:
            return Unknown(doc, start, end, f"alias *{name} holds itself")
        node: Node
        if isinstance(target, Scalar):
            node = Scalar(doc, start, end, target.text, target.style, target.tag)
        elif isinstance(target, Mapping):
            node = Mapping(doc, start, end, target.entries, flow=target.flow)
        elif isinstance(target, Sequence):
            node = Sequence(doc, start, end, target.items, flow=target.flow)
        else:
            node = Unknown(doc, start, end, target.reason if isinstance(target, Unknown) else "an alias")
        doc.aliases[id(node)] = Alias(start, end, target, node)
        self.weights[id(node)] = self.weights.get(id(target), _LEAF)._replace(node=node)
        return node


def _entries(children: list[Node], doc: Document) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    merges: list[tuple[Scalar, Node, list[Entry]]] = []
    for key, value in zip(children[::2], children[1::2], strict=True):
        if not isinstance(key, Scalar):
            reason = f"this key is unknown: {key.reason}" if isinstance(key, Unknown) else "is this a template?"
            raise BrokenError(f"a mapping key must be a scalar ({reason})", key.start)
        if key.text == "<<" and not key.style and key.tag in _MERGE_TAGS:
            brought = _merged(value)
            entries += brought
            merges.append((key, value, brought))
        else:
            entries.append(Entry(key, value))
    if not merges:
        return tuple(entries)
    doc.hidden += hidden_by_merges([e for e in entries if not e.via], merges, cast(Scalar, children[0]), doc)
    return _effective(entries)


def _effective(entries: list[Entry]) -> tuple[Entry, ...]:
    """Merged entries first, without those that another overrides, then the mapping's own.

    In go-yaml v2, which Helm and the API server read with, the place decides: a ``<<`` below a key replaces
    its value. Such an entry comes last, so that looking up finds it.
    """
    last = {key_name(entry.key): entry for entry in entries}
    own = [entry for entry in entries if not entry.via]
    names = {key_name(entry.key) for entry in own}
    before: list[Entry] = []
    after: list[Entry] = []
    for name, entry in last.items():
        if entry.via:
            (after if name in names else before).append(entry)
    return (*before, *own, *after)


def _merged(value: Node) -> list[Entry]:
    """The entries that ``<<: value`` brings; of several mappings the first wins."""
    found: dict[str, Entry] = {}
    for source in value.items if isinstance(value, Sequence) else (value,):
        if not isinstance(source, Mapping):
            raise BrokenError("a merge key (<<) needs a mapping", source.start)
        for name, entry in source:
            found.setdefault(name, entry._replace(via="merge"))
    return list(found.values())


def _short_tag(tag: str) -> str:
    return "!!" + tag.rsplit(":", 1)[1] if tag.startswith("tag:yaml.org,2002:") else tag
