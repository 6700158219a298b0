"""Nodes listed in the configuration."""

from __future__ import annotations

from lintkit.sources.inventory.model import ClusterNode, parse_taint
from lintkit.yamldoc.node import Mapping, Node, items, lookup, text


def configured_nodes(node: Node | None) -> tuple[ClusterNode, ...]:
    """The nodes of an environment's ``nodes:`` list."""
    found: list[ClusterNode] = []
    for item in items(node):
        name = lookup(item, "name")
        label_node = lookup(item, "labels")
        labels: dict[str, str | None] = {"kubernetes.io/hostname": text(name) or ""}
        homes: dict[str, Node] = {}
        if isinstance(label_node, Mapping):
            for key, entry in label_node:
                labels[key] = text(entry.value) or ""
                homes[key] = entry.value
        taints = tuple(t for i in items(lookup(item, "taints")) if (t := parse_taint(text(i) or "")))
        if name is not None:
            found.append(ClusterNode(text(name) or "", labels, taints, name, homes))
    return tuple(found)
