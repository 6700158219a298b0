"""Nodes as plain data, for CEL and JSON Schema."""

from __future__ import annotations

from lintkit.yamldoc.node import Json, Mapping, Node, Scalar, Sequence, is_null


def plain(node: Node | None) -> Json:
    """Dicts, lists and scalars; an unknown becomes None (callers ask for unknowns before they read)."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Mapping):
        return {name: plain(entry.value) for name, entry in node.index.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return None


def served(node: Node | None) -> Json:
    """Like ``plain`` without null values of mappings: the API server and Helm treat them as absent."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Mapping):
        return {name: served(e.value) for name, e in node.index.items() if not is_null(e.value)}
    if isinstance(node, Sequence):
        return [served(item) for item in node.items]
    return None


def settings(node: Node | None) -> Json:
    """A node of lintkit's own files (configuration, policies) as plain data: there ``on``, ``off``, ``yes`` are words."""
    if isinstance(node, Scalar):
        value = node.value
        return node.text if isinstance(value, bool) and node.text.lower() not in ("true", "false") else value
    if isinstance(node, Mapping):
        return {entry.key.text: settings(entry.value) for entry in node.entries}
    if isinstance(node, Sequence):
        return [settings(item) for item in node.items]
    return None
