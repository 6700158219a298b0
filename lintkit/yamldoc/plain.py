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
    """Like ``plain`` as it is served: without null values of mappings (absent to the API server and to Helm), and
    whole numbers as integers (``3.0`` reaches JSON as ``3``: sigs.k8s.io/yaml, in the range of int64).
    """
    if isinstance(node, Scalar):
        value = node.value
        return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else value
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
