"""Ansible inventories: YAML hosts files, group_vars and host_vars, and kubespray's node variables."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from typing import Final

from lintkit.records import NamedTuple
from lintkit.sources.inventory.groups import (
    ALL,
    WANTED,
    Host,
    Mention,
    Part,
    Variables,
    VarsFiles,
    expand_range,
    host_pattern,
    wanted,
)
from lintkit.sources.inventory.model import (
    CONTROL_PLANE,
    CONTROL_PLANE_TAINT,
    HOSTNAME_LABEL,
    ClusterNode,
    Taint,
    first_reason,
    parse_taint,
)
from lintkit.tree.files import Reader
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping as YamlMapping
from lintkit.yamldoc.node import Node, Scalar, Sequence, Unknown, is_null, key_name, string, text
from lintkit.yamldoc.scalars import TAG_STR
from lintkit.yamldoc.unknowns import placeholder, unknown_reason

CONTROL_GROUPS: Final = frozenset({"kube_control_plane", "kube-control-plane", "kube_master", "kube-master"})
WORKER_GROUPS: Final = frozenset({"kube_node", "kube-node"})
CLUSTER_GROUPS: Final = CONTROL_GROUPS | WORKER_GROUPS | {"k8s_cluster", "k8s-cluster"}
"""Groups whose hosts are nodes of the cluster (kubespray, old and new spelling)."""
OTHER_GROUPS: Final = frozenset({"etcd", "bastion", "calico_rr", "calico-rr"})
"""Groups whose hosts are no nodes for being in them, even where the group is a child of k8s_cluster."""

_BODY_KEYS: Final = frozenset({"hosts", "children", "vars"})
_VARS_ENDINGS: Final = ("", ".yml", ".yaml", ".json")
_LOCALHOST: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_TRUE: Final = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE: Final = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
_OWN_NAME: Final = frozenset({"{{inventory_hostname}}", "{{inventory_hostname|string}}"})


class Hosts(NamedTuple):
    """What an inventory file says before anything is merged."""

    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()


def is_inventory(root: Node | None) -> bool:
    """Whether a YAML root has the shape of an inventory: groups at the top, with hosts, children or vars below."""
    if not isinstance(root, YamlMapping) or "apiVersion" in root or not root.entries:
        return False
    if _is_group(root.get(ALL)) or any(_is_group(root.get(g)) for g in CLUSTER_GROUPS):
        return True
    found = False
    for _, entry in root:
        if is_null(entry.value):
            continue
        if not (isinstance(entry.value, YamlMapping) and _BODY_KEYS.issuperset(entry.value.index)):
            return False
        found = found or _is_group(entry.value)
    return found


def _is_group(node: Node | None) -> bool:
    if not isinstance(node, YamlMapping):
        return False
    return any(isinstance(below := node.get(key), YamlMapping) or is_null(below) for key in ("hosts", "children"))


def read_yaml(doc: Document) -> Hosts:
    """The groups of a YAML inventory document."""
    parts: list[Part] = []
    notes: list[str] = []
    root = doc.root
    stack = [(name, entry.value) for name, entry in reversed(list(root))] if isinstance(root, YamlMapping) else []
    while stack:
        group, body = stack.pop()
        if not isinstance(body, YamlMapping):
            parts.append(Part(group))
            continue
        children = body.get("children")
        below = list(children) if isinstance(children, YamlMapping) else []
        hosts = tuple(_mentions(body.get("hosts"), group, notes))
        parts.append(Part(group, hosts, tuple(name for name, _ in below), wanted(body.get("vars"))))
        stack += [(name, entry.value) for name, entry in reversed(below)]
    return Hosts(tuple(parts), tuple(notes))


def _mentions(hosts: Node | None, group: str, notes: list[str]) -> Iterable[Mention]:
    pairs: list[tuple[Scalar, Node | None]] = []
    if isinstance(hosts, YamlMapping):
        pairs = [(entry.key, entry.value) for _, entry in hosts]
    elif isinstance(hosts, Scalar) and not is_null(hosts):
        pairs = [(hosts, None)]
    elif isinstance(hosts, Sequence):
        notes.append(f"hosts of group {group} are a list, Ansible needs a mapping")
        pairs = [(item, None) for item in hosts.items if isinstance(item, Scalar)]
    for key, body in pairs:
        has_body = isinstance(body, YamlMapping) and bool(body.entries)
        for name in expand_range(host_pattern(key_name(key))):
            yield Mention(name, key, wanted(body), has_body)


def read_vars(reader: Reader, directory: str, groups: Iterable[str], hosts: Iterable[str]) -> tuple[VarsFiles, tuple[str, ...]]:
    """``group_vars`` and ``host_vars`` in ``directory`` for these names, and notes on what cannot be read."""
    notes: list[str] = []
    return (
        VarsFiles(
            _vars_of(reader, posixpath.join(directory, "group_vars"), groups, notes),
            _vars_of(reader, posixpath.join(directory, "host_vars"), hosts, notes),
        ),
        tuple(notes),
    )


def _vars_of(reader: Reader, directory: str, names: Iterable[str], notes: list[str]) -> dict[str, Variables]:
    there = set(reader.children(directory))
    found: dict[str, Variables] = {}
    if not there:
        return found
    for name in names:
        paths: list[str] = []
        if name in there and reader.is_directory(f"{directory}/{name}"):
            paths = [p for p in reader.under(f"{directory}/{name}") if _is_vars_file(p)]
        file = next((name + end for end in _VARS_ENDINGS if name + end in there and (end or not paths)), None)
        if file is not None:
            paths.append(f"{directory}/{file}")
        if paths:
            merged: dict[str, Node] = {}
            for path in paths:
                merged.update(_vars_file(reader, path, notes))
            found[name] = merged
    return found


def _is_vars_file(path: str) -> bool:
    name = posixpath.basename(path)
    return not name.startswith(".") and posixpath.splitext(name)[1] in _VARS_ENDINGS


def _vars_file(reader: Reader, path: str, notes: list[str]) -> dict[str, Node]:
    source = reader.source(path)
    if source is None:
        return {}
    if source.text.startswith("$ANSIBLE_VAULT"):
        notes.append(f"{path} is encrypted")
        return {}
    if not any(name in source.text for name in WANTED):
        return {}
    merged: dict[str, Node] = {}
    for doc in reader.documents(path):
        if doc.trouble is not None:
            notes.append(f"{path} cannot be read: {doc.trouble.message}")
            lost = (name for name in ("node_labels", "node_taints") if name in source.text)
            merged.update({name: Unknown(doc, 0, 0, f"{path} cannot be read") for name in lost})
        merged.update(wanted(doc.root))
    return merged


def cluster_nodes(
    hosts: Iterable[Host], role_groups: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[tuple[ClusterNode, ...], tuple[ClusterNode, ...], tuple[str, ...]]:
    """Cluster nodes, the other hosts, and notes.

    Nodes are the hosts of kubespray's cluster groups where there are any (but not those that are only in ``etcd``
    or the like), else every host but localhost.
    """
    everyone = list(hosts)
    clustered = any(not CLUSTER_GROUPS.isdisjoint(h.groups) for h in everyone)
    nodes: list[ClusterNode] = []
    others: list[ClusterNode] = []
    notes: list[str] = []
    for host in everyone:
        member = _is_member(host.groups) if clustered else host.name not in _LOCALHOST
        (nodes if member else others).append(_node(host, role_groups or {}, notes))
    return tuple(nodes), tuple(others), tuple(dict.fromkeys(notes))


def _is_member(groups: tuple[str, ...]) -> bool:
    if not (CONTROL_GROUPS | WORKER_GROUPS).isdisjoint(groups):
        return True
    return not CLUSTER_GROUPS.isdisjoint(groups) and OTHER_GROUPS.isdisjoint(groups)


def _node(host: Host, role_groups: Mapping[str, Mapping[str, str]], notes: list[str]) -> ClusterNode:
    name, odd_name = _name(host)
    labels: dict[str, str | None] = {HOSTNAME_LABEL: None if odd_name else name}
    homes: dict[str, Node] = {}
    taints: list[Taint] = []
    if not CONTROL_GROUPS.isdisjoint(host.groups):
        labels[CONTROL_PLANE] = ""
        if WORKER_GROUPS.isdisjoint(host.groups):
            taints.append(CONTROL_PLANE_TAINT)
    for group in host.groups:
        for key, value in role_groups.get(group, {}).items():
            labels[key] = value
            homes[key] = host.home
    odd_labels = _add_labels(host.variables.get("node_labels"), labels, homes)
    odd_taints = _add_taints(host.variables.get("node_taints"), taints, notes, name)
    if odd_labels:
        notes.append(f"labels of {name}: {odd_labels}")
    return ClusterNode(
        name,
        labels,
        tuple(dict.fromkeys(taints)),
        host.home,
        homes,
        host.groups,
        first_reason(odd_name, odd_labels, odd_taints),
        text(host.variables.get("ansible_host")) or text(host.variables.get("ip")) or "",
        host.variables,
        host.defined,
    )


def _name(host: Host) -> tuple[str, str]:
    override = host.variables.get("kube_override_hostname")
    written = text(override) or ""
    if isinstance(override, Unknown):
        return host.name, f"kube_override_hostname: {override.reason}"
    name = host.name if not written or written.replace(" ", "") in _OWN_NAME else written
    return name, placeholder(name)


def _add_labels(node: Node | None, labels: dict[str, str | None], homes: dict[str, Node]) -> str:
    """Add what ``node_labels`` says; why it is not fully known, else an empty string."""
    if node is None or is_null(node):
        return ""
    if not isinstance(node, YamlMapping):
        return f"node_labels: {unknown_reason(node) or 'not a mapping'}"
    reason = ""
    for key, entry in node:
        if placeholder(key):
            reason = f"node_labels: {placeholder(key)}"
            continue
        labels[key] = ansible_text(entry.value)
        homes[key] = entry.value
    return reason


def _add_taints(node: Node | None, taints: list[Taint], notes: list[str], host: str) -> str:
    if node is None or is_null(node):
        return ""
    if not isinstance(node, Sequence):
        return f"node_taints: {unknown_reason(node) or 'not a list'}"
    reason = ""
    for item in node.items:
        taint = _taint(item)
        if taint is not None:
            taints.append(taint)
        elif unknown := unknown_reason(item):
            reason = f"node_taints: {unknown}"
        else:
            notes.append(f"taint of {host} is not key=value:effect")
    return reason


def _taint(item: Node) -> Taint | None:
    # newer kubespray takes {key, value, effect} as well (roles/kubernetes/node-taint)
    if isinstance(item, YamlMapping):
        key, value, effect = (text(item.get(k)) for k in ("key", "value", "effect"))
        return parse_taint(f"{key}={value or ''}:{effect}") if key and not placeholder(f"{key}{value}{effect}") else None
    written = string(item)
    return parse_taint(written) if written and not placeholder(written) else None


def ansible_text(node: Node) -> str | None:
    """A label value as Ansible passes it to kubectl (``'%s=%s' | format``): ``true`` is ``True``, ``1.10`` is ``1.1``.

    None when it cannot be known. Source: kubespray, roles/kubernetes/node-label; PyYAML's YAML 1.1 scalars.
    """
    if not isinstance(node, Scalar) or placeholder(node.text):
        return None
    written = node.text
    if node.style or node.tag == TAG_STR:
        return written
    if written in _TRUE:
        return "True"
    if written in _FALSE:
        return "False"
    value = node.value
    if value is None:
        return "None"
    if isinstance(value, bool) or "0o" in written or (isinstance(value, float) and "." not in written):
        return written  # y, n, 0o17 and 1e3 are strings to PyYAML
    return str(value)
