"""Talos machine configs (one file per machine, several documents each) and talhelper's ``talconfig.yaml``.

Facts: Talos ``v1alpha1`` configuration reference (``machine.type``, ``machine.network.hostname``, ``machine.nodeLabels``,
``machine.nodeTaints``, ``cluster.allowSchedulingOnControlPlanes`` and its old name ``...OnMasters``), the documents
``HostnameConfig`` and ``KubeNodeConfig``; talhelper ``pkg/config/nodeconfigs.go``: what a node sets replaces what
``controlPlane:`` or ``worker:`` sets for all, patches add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lintkit.sources.inventory.kubernetes import labels_of
from lintkit.sources.inventory.model import (
    CONTROL_PLANE,
    CONTROL_PLANE_TAINT,
    EFFECTS,
    HOSTNAME_LABEL,
    ClusterNode,
    Taint,
    first_reason,
)
from lintkit.tree.files import Reader
from lintkit.tree.paths import join, parent
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping, Node, Scalar, boolean, is_null, items, lookup, string, text
from lintkit.yamldoc.unknowns import placeholder, unknown_reason

_TYPES: Final = {"controlplane": True, "init": True, "worker": False, "join": False}
_SCHEDULING: Final = ("allowSchedulingOnControlPlanes", "allowSchedulingOnMasters")
_PATCHED: Final = ("nodeLabels", "nodeTaints", "KubeNodeConfig", "node-labels", "register-with-taints")
_PATCH_LABELS: Final = "patches set labels or taints"
_NO_BASE: Final = "the base of this machine configuration is kept elsewhere"


def machine_node(docs: Iterable[Document]) -> ClusterNode | None:
    """The node that one file of Talos documents configures; None when it names no machine."""
    roots = [doc.root for doc in docs if isinstance(doc.root, Mapping)]
    main = next((root for root in roots if "machine" in root and "kind" not in root), None)
    home = lookup(main, "machine", "network", "hostname")
    for root in roots:
        if text(root.get("kind")) == "HostnameConfig" and "hostname" in root:
            home = root.get("hostname")
    if not isinstance(home, Scalar) or is_null(home):
        return None
    label_nodes = [lookup(main, "machine", "nodeLabels")]
    taint_nodes = [lookup(main, "machine", "nodeTaints")]
    for root in roots:
        if text(root.get("kind")) == "KubeNodeConfig":
            label_nodes.append(root.get("labels"))
            taint_nodes.append(root.get("taints"))
    control = _TYPES.get(text(lookup(main, "machine", "type")) or "")
    scheduling = _schedulable(lookup(main, "cluster"))
    return _node(home, control, scheduling, label_nodes, taint_nodes, "" if control is not None else _NO_BASE)


def is_talconfig(root: Node | None) -> bool:
    """Whether a root is a talhelper configuration: a cluster name and nodes with host names."""
    return "clusterName" in _keys(root) and any("hostname" in _keys(n) for n in items(lookup(root, "nodes")))


def talhelper_nodes(doc: Document, reader: Reader) -> list[ClusterNode]:
    """The nodes of a ``talconfig.yaml``; patch files beside it are looked at for labels."""
    found: list[ClusterNode] = []
    root = doc.root
    scheduling = _schedulable(root)
    for body in items(lookup(root, "nodes")):
        for home in _hostnames(body):
            control = boolean(lookup(body, "controlPlane")) is True
            shared = lookup(root, "controlPlane" if control else "worker")
            patches = [lookup(root, "patches"), lookup(shared, "patches"), lookup(body, "patches")]
            reason = _PATCH_LABELS if any(_sets_labels(p, reader, parent(doc.source.path)) for p in patches) else ""
            found.append(
                _node(
                    home,
                    control,
                    scheduling,
                    [lookup(body, "nodeLabels") or lookup(shared, "nodeLabels")],
                    [lookup(body, "nodeTaints") or lookup(shared, "nodeTaints")],
                    first_reason(unknown_reason(lookup(body, "controlPlane")), reason),
                    text(lookup(body, "ipAddress")) or "",
                )
            )
    return found


def _keys(node: Node | None) -> frozenset[str]:
    return frozenset(node.index) if isinstance(node, Mapping) else frozenset()


def _hostnames(body: Node) -> Iterator[Scalar]:
    home = lookup(body, "hostname")
    if isinstance(home, Scalar) and not is_null(home):
        yield home


def _schedulable(cluster: Node | None) -> bool:
    return any(boolean(lookup(cluster, key)) is True for key in _SCHEDULING)


def _sets_labels(patches: Node | None, reader: Reader, directory: str) -> bool:
    for patch in items(patches):
        written = string(patch) or ""
        if written.startswith("@"):
            path = join(directory, written[1:])
            source = reader.source(path) if path is not None else None
            written = source.text if source is not None else ""
        if any(word in written for word in _PATCHED):
            return True
    return False


def _node(
    home: Scalar,
    control: bool | None,
    scheduling: bool,
    label_nodes: Iterable[Node | None],
    taint_nodes: Iterable[Node | None],
    reason: str,
    address: str = "",
) -> ClusterNode:
    odd = placeholder(home.text)
    labels: dict[str, str | None] = {HOSTNAME_LABEL: None if odd else home.text}
    homes: dict[str, Node] = {}
    reasons = [odd, reason]
    if control:
        labels[CONTROL_PLANE] = ""
    for node in label_nodes:
        more, where, why = labels_of(node)
        labels |= more
        homes |= where
        reasons.append(why)
    taints = [CONTROL_PLANE_TAINT] if control and not scheduling else []
    reasons += [_taints(node, taints) for node in taint_nodes]
    return ClusterNode(
        home.text, labels, tuple(dict.fromkeys(taints)), home, homes, unknown=first_reason(*reasons), address=address
    )


def _taints(node: Node | None, taints: list[Taint]) -> str:
    """Add ``key: value:effect`` or ``key: effect``; ``$patch: delete`` takes a taint away. Why it is incomplete."""
    if node is None or is_null(node):
        return ""
    if not isinstance(node, Mapping):
        return f"taints: {unknown_reason(node) or 'not a mapping'}"
    reason = ""
    for key, entry in node:
        if isinstance(entry.value, Mapping):
            taints[:] = [t for t in taints if t.key != key]
            continue
        written = text(entry.value) or ""
        value, _, effect = written.rpartition(":")
        if placeholder(key) or unknown_reason(entry.value):
            reason = f"taints: {placeholder(key) or unknown_reason(entry.value)}"
        elif effect in EFFECTS:
            taints.append(Taint(key, value, effect))
    return reason
