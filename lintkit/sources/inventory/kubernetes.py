"""Nodes as Kubernetes objects: ``kind: Node`` documents and lists saved from ``kubectl get nodes -o yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lintkit.sources.inventory.model import EFFECTS, HOSTNAME_LABEL, ClusterNode, Taint, first_reason
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping, Node, Scalar, is_null, items, lookup, text
from lintkit.yamldoc.unknowns import placeholder, unknown_reason

_ADDRESSES: Final = ("InternalIP", "ExternalIP")
_DEFAULT_KIND: Final = {"List": "", "NodeList": "Node"}


def kubernetes_nodes(doc: Document) -> list[ClusterNode]:
    """The nodes of a document: itself, or the Node items of a List or NodeList."""
    return [node for body in _bodies(doc.root) if (node := _node(body)) is not None]


def _bodies(root: Node | None) -> Iterator[Mapping]:
    kind = text(lookup(root, "kind"))
    if kind == "Node" and text(lookup(root, "apiVersion")) == "v1" and isinstance(root, Mapping):
        yield root
    elif kind in ("List", "NodeList"):
        for item in items(lookup(root, "items")):
            if isinstance(item, Mapping) and (text(item.get("kind")) or _DEFAULT_KIND[kind]) == "Node":
                yield item


def _node(body: Mapping) -> ClusterNode | None:
    home = lookup(body, "metadata", "name")
    if not isinstance(home, Scalar) or is_null(home):
        return None
    labels, homes, odd_labels = labels_of(lookup(body, "metadata", "labels"))
    labels.setdefault(HOSTNAME_LABEL, home.text)
    written = lookup(body, "spec", "taints")
    taints, odd_taints = taint_list(written)
    reason = first_reason(placeholder(home.text), odd_labels, odd_taints)
    offered = lookup(body, "status", "allocatable")
    sizes = {key: words for key, e in offered if (words := text(e.value))} if isinstance(offered, Mapping) else {}
    return ClusterNode(home.text, labels, taints, home, homes, unknown=reason, address=_address(body), allocatable=sizes)


def _address(body: Mapping) -> str:
    found = {text(lookup(a, "type")): text(lookup(a, "address")) or "" for a in items(lookup(body, "status", "addresses"))}
    return next((found[kind] for kind in _ADDRESSES if kind in found), "")


def labels_of(node: Node | None) -> tuple[dict[str, str | None], dict[str, Node], str]:
    """A mapping of labels as Go reads it into strings: values, where they are, and why they are incomplete.

    A null value is the empty string; a mapping (``$patch: delete``) takes the label away.
    """
    labels: dict[str, str | None] = {}
    homes: dict[str, Node] = {}
    if node is None or is_null(node):
        return labels, homes, ""
    if not isinstance(node, Mapping):
        return labels, homes, f"labels: {unknown_reason(node) or 'not a mapping'}"
    reason = ""
    for key, entry in node:
        if placeholder(key):
            reason = f"labels: {placeholder(key)}"
        elif not isinstance(entry.value, Mapping):
            labels[key] = label_text(entry.value)
            homes[key] = entry.value
    return labels, homes, reason


def label_text(node: Node) -> str | None:
    """The string Go makes of a label value; None when it cannot be known."""
    if not isinstance(node, Scalar) or placeholder(node.text):
        return None
    return "" if is_null(node) else node.text


def taint_list(node: Node | None) -> tuple[tuple[Taint, ...], str]:
    """Taints written as a list of ``{key, value, effect}``, and why they are incomplete."""
    if unknown_reason(node):
        return (), f"taints: {unknown_reason(node)}"
    found: list[Taint] = []
    reason = ""
    for item in items(node):
        key, value, effect = (text(lookup(item, name)) or "" for name in ("key", "value", "effect"))
        odd = unknown_reason(item) or placeholder(f"{key} {value} {effect}")
        if odd:
            reason = f"taints: {odd}"
        elif key and effect in EFFECTS:
            found.append(Taint(key, value, effect))
    return tuple(found), reason
