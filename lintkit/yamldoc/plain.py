"""Nodes as plain data, for CEL and JSON Schema."""

from __future__ import annotations

from lintkit.yamldoc.node import Json, Mapping, Node, Scalar, Sequence, Unknown, is_null
from lintkit.yamldoc.unknowns import placeholder


def plain(node: Node | None) -> Json:
    """Dicts, lists and scalars; an unknown becomes None (callers ask for unknowns before they read)."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Mapping):
        return {name: plain(entry.value) for name, entry in node.index.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return None


def served(node: Node | None, unsure: list[str] | None = None) -> Json:
    """Like ``plain`` as it is served: without null values of mappings (absent to the API server and to Helm), and
    whole numbers as integers (``3.0`` reaches JSON as ``3``: sigs.k8s.io/yaml, in the range of int64).

    ``unsure`` takes the reason of every value that is unknown.
    """
    kind = type(node)
    if kind is Mapping:
        found: dict[str, Json] = {}
        for name, entry in node.index.items():  # type: ignore[union-attr]
            value = served(entry.value, unsure)
            if value is not None or not is_null(entry.value):
                found[name] = value
        return found
    if kind is Scalar:
        value = node.value  # type: ignore[union-attr]
        if unsure is not None and (reason := placeholder(node.text)):  # type: ignore[union-attr]
            unsure.append(reason)
        return int(value) if type(value) is float and value.is_integer() and abs(value) < 2**63 else value
    if kind is Sequence:
        return [served(item, unsure) for item in node.items]  # type: ignore[union-attr]
    if unsure is not None and kind is Unknown:
        unsure.append(node.reason)  # type: ignore[union-attr]
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
