"""Every trap of one document."""

from __future__ import annotations

from collections.abc import Iterator

from lintkit.finding import Finding
from lintkit.traps.look import look
from lintkit.traps.merges import hidden_overrides
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping, Node, Sequence


def traps(doc: Document) -> Iterator[Finding]:
    """Findings about the traps of a document that can be read, and of the documents that its scalars hold."""
    for inner in doc.inner:
        yield from traps(inner)
    if doc.root is None:
        return
    if doc.hidden:
        yield from hidden_overrides(doc)
    seen = look(doc.text)
    if any(seen):
        from lintkit.traps.keys import odd_words
        from lintkit.traps.values import odd_values

        if seen.odd:
            yield from odd_words(doc, doc.root)
        if seen.changed or seen.large:
            yield from odd_values(doc, doc.root, seen)
    yield from _alike(doc, doc.root)


def _alike(doc: Document, root: Node) -> Iterator[Finding]:
    """Keys of one mapping that are the same, but for their case at most."""
    todo = [root]
    while todo:
        node = todo.pop()
        if id(node) in doc.aliases:
            continue
        if isinstance(node, Sequence):
            todo += node.items
        elif isinstance(node, Mapping) and node.doc is doc:
            names = node.names()
            if len({name.lower() for name in names}) < len(names):
                from lintkit.traps.keys import case_variants, repeated

                yield from repeated(doc, node)
                yield from case_variants(doc, node)
            todo += [entry.value for entry in node.entries if not entry.via]
