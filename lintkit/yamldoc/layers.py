"""Where a key that no layer writes belongs."""

from __future__ import annotations

from lintkit.yamldoc.node import Key, Mapping, Node


def home_of(node: Node, key: Key) -> Node:
    """The layer of a merged mapping in which a person would write ``key``: the one with most keys, of equals the winner.

    An overlay that sets one node's disks is no place for what the whole file below it leaves out. Where a lower layer has
    the key (a null took it away), the winner is the place.
    """
    layers: list[Mapping] = []
    layer: Node | None = node
    while isinstance(layer, Mapping):
        there = layer.index.get(str(key))
        if layer is not node and there is not None and not there.value.doc.source.builtin:
            return node
        if not layer.doc.source.builtin and id(layer) not in layer.doc.aliases:
            layers.append(layer)
        layer = layer.under
    return max(layers, key=_own, default=node)


def _own(layer: Mapping) -> int:
    return sum(entry.key.doc is layer.doc and not entry.via for entry in layer.entries)
