"""Every trap of one document."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from lintkit.finding import Finding
from lintkit.traps.look import look
from lintkit.traps.merges import hidden_overrides
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping, Node, Scalar, Sequence, key_name

if TYPE_CHECKING:
    from lintkit.traps.values import Layers


def traps(doc: Document, *, reached: bool = True, layers: Layers = MappingProxyType({})) -> Iterator[Finding]:
    """Findings about the traps of a document that can be read, and of the documents that its scalars hold.

    Of one that is neither ``reached`` by a delivery nor an object nobody knows who reads it: what only Helm and the API
    server read otherwise than it is written says nothing there. ``layers`` says where values of Helm releases stand.
    """
    for inner in doc.inner:
        yield from traps(inner, layers=layers)
    root = doc.root
    if root is None:
        return
    seen = look(doc.text)
    if seen.odd:
        from lintkit.traps.keys import odd_words

        yield from odd_words(doc, root)
    reached = reached or (isinstance(root, Mapping) and "apiVersion" in root and "kind" in root)
    if reached and doc.hidden:
        yield from hidden_overrides(doc)
    if reached and (seen.changed or seen.large):
        from lintkit.traps.values import odd_values

        yield from odd_values(doc, root, seen, layers)
    yield from _keys(doc, root, reached=reached)


def _keys(doc: Document, root: Node, *, reached: bool) -> Iterator[Finding]:
    """Keys of one mapping that are the same, but for their case at most, and keys that arrive as others."""
    todo = [root]
    while todo:
        node = todo.pop()
        if id(node) in doc.aliases:
            continue
        if isinstance(node, Sequence):
            todo += [item for item in node.items if type(item) is not Scalar]
        elif isinstance(node, Mapping) and node.doc is doc:
            keys = node.written()
            names = [key_name(key) for key in keys]
            if len(set(map(str.lower, names))) < len(names):
                from lintkit.traps.keys import case_variants, repeated

                yield from repeated(doc, node)
                yield from case_variants(doc, node)
            if reached and names != [key.text for key in keys]:
                from lintkit.traps.values import changed_keys

                yield from changed_keys(doc, node)
            todo += [entry.value for entry in node.entries if type(entry.value) is not Scalar and not entry.via]
