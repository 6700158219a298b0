"""Cluster API: machines by count, with the labels and taints their kubeadm configuration gives them.

A machine's name is made when the machine is, so names hold a placeholder. Of a MachineDeployment's template
labels only those count that Cluster API passes on to nodes (its book, "Metadata propagation"):
``node-role.kubernetes.io/``, ``node-restriction.kubernetes.io`` and ``node.cluster.x-k8s.io`` with subdomains.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from lintkit.sources.inventory.kubernetes import labels_of, taint_list
from lintkit.sources.inventory.model import CONTROL_PLANE, CONTROL_PLANE_TAINT, ClusterNode, Taint, first_reason, parse_taint
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping as YamlMapping
from lintkit.yamldoc.node import Node, Scalar, is_null, items, lookup, text
from lintkit.yamldoc.unknowns import placeholder, unknown_reason

KINDS: Final = ("MachineDeployment", "KubeadmControlPlane", "KubeadmConfigTemplate")
MAX_MACHINES: Final = 1000
"""More replicas than this are not listed one by one."""

_GENERATED: Final = "Cluster API makes the names of its machines"
_PASSED_ON: Final = ("node-restriction.kubernetes.io", "node.cluster.x-k8s.io")
_ROLE: Final = "node-role.kubernetes.io"


def machine_nodes(docs: Iterable[Document]) -> tuple[list[ClusterNode], tuple[str, ...]]:
    """The machines that these documents ask for, and notes on counts that are not known."""
    by_kind: dict[str, list[YamlMapping]] = {kind: [] for kind in KINDS}
    for doc in docs:
        kind = text(lookup(doc.root, "kind")) or ""
        if kind in by_kind and isinstance(doc.root, YamlMapping) and ".x-k8s.io/" in (text(doc.root.get("apiVersion")) or ""):
            by_kind[kind].append(doc.root)
    templates = {text(lookup(t, "metadata", "name")) or "": t for t in by_kind["KubeadmConfigTemplate"]}
    nodes: list[ClusterNode] = []
    notes: list[str] = []
    for body in by_kind["KubeadmControlPlane"]:
        nodes += _control_plane(body, notes)
    for body in by_kind["MachineDeployment"]:
        nodes += _workers(body, templates, notes)
    return nodes, tuple(notes)


def _control_plane(body: YamlMapping, notes: list[str]) -> list[ClusterNode]:
    registration = lookup(body, "spec", "kubeadmConfigSpec", "initConfiguration", "nodeRegistration")
    labels, homes, taints, reason = _registration(registration)
    labels[CONTROL_PLANE] = ""
    if lookup(registration, "taints") is None:
        taints = (CONTROL_PLANE_TAINT, *taints)  # kubeadm's default; an empty list means none
    return _machines(body, labels, homes, taints, reason, notes)


def _workers(body: YamlMapping, templates: Mapping[str, YamlMapping], notes: list[str]) -> list[ClusterNode]:
    written, homes, odd = labels_of(lookup(body, "spec", "template", "metadata", "labels"))
    labels = {key: value for key, value in written.items() if _passed_on(key)}
    ref = text(lookup(body, "spec", "template", "spec", "bootstrap", "configRef", "name")) or ""
    template = templates.get(ref)
    more, where, taints, reason = _registration(
        lookup(template, "spec", "template", "spec", "joinConfiguration", "nodeRegistration")
    )
    missing = "" if template is not None else f"bootstrap template {ref or '(none)'} is not here"
    homes = {key: home for key, home in homes.items() if key in labels}
    return _machines(body, {**more, **labels}, {**where, **homes}, taints, first_reason(odd, reason, missing), notes)


def _passed_on(key: str) -> bool:
    domain = key.partition("/")[0]
    return domain == _ROLE or any(domain == d or domain.endswith("." + d) for d in _PASSED_ON)


def _registration(node: Node | None) -> tuple[dict[str, str | None], dict[str, Node], tuple[Taint, ...], str]:
    """Labels, where they are, taints and a reason from kubeadm's ``nodeRegistration``."""
    labels: dict[str, str | None] = {}
    homes: dict[str, Node] = {}
    taints, reason = taint_list(lookup(node, "taints"))
    written, registered = (_argument(node, name) for name in ("node-labels", "register-with-taints"))
    for part in _words(written):
        if placeholder(part) and "=" not in part:
            reason = first_reason(reason, f"labels: {placeholder(part)}")
            continue
        key, _, value = part.partition("=")
        labels[key] = None if placeholder(value) else value
        if written is not None:
            homes[key] = written
    taints += tuple(t for part in _words(registered) if (t := parse_taint(part)))
    return labels, homes, taints, reason


def _words(node: Node | None) -> list[str]:
    return [part.strip() for part in (text(node) or "").split(",") if part.strip()]


def _argument(registration: Node | None, name: str) -> Node | None:
    # v1beta1: a mapping; v1beta2: a list of {name, value}
    written = lookup(registration, "kubeletExtraArgs")
    if isinstance(written, YamlMapping):
        return written.get(name)
    return next((lookup(item, "value") for item in items(written) if text(lookup(item, "name")) == name), None)


def _machines(
    body: YamlMapping,
    labels: dict[str, str | None],
    homes: dict[str, Node],
    taints: tuple[Taint, ...],
    reason: str,
    notes: list[str],
) -> list[ClusterNode]:
    home = lookup(body, "metadata", "name")
    if not isinstance(home, Scalar) or is_null(home):
        return []
    count = _replicas(lookup(body, "spec", "replicas"))
    if count is None:
        notes.append(f"number of machines of {home.text} is not known")
        return []
    why = first_reason(reason, _GENERATED)
    return [
        ClusterNode(f"{home.text}-${{machine_{i}}}", dict(labels), taints, home, homes, unknown=why) for i in range(1, count + 1)
    ]


def _replicas(node: Node | None) -> int | None:
    if node is None or is_null(node):
        return 1
    if unknown_reason(node) or not isinstance(node, Scalar) or not isinstance(node.value, int):
        return None
    return node.value if 0 <= node.value <= MAX_MACHINES else None
