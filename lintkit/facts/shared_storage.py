"""Facts about clusters that meet on the same nodes and disks, and about OSDs by host."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from itertools import combinations
from typing import Final

from lintkit.facts.devices import STORAGE
from lintkit.facts.osds import osds_of
from lintkit.facts.reading import unknown_below, words
from lintkit.facts.storage import external
from lintkit.sources.inventory.model import same_node
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Node, boolean, items, lookup, text


def _flag(subject: Subject, name: str) -> bool:
    return boolean(lookup(subject.object, *STORAGE, name)) is True


def _nodes(subject: Subject) -> dict[str, Node]:
    listed = items(lookup(subject.object, *STORAGE, "nodes"))
    return {name: node for node in listed if (name := text(lookup(node, "name"))) and not unknown_below(lookup(node, "name"))}


def _shared_nodes(a: Subject, b: Subject) -> list[tuple[str, str]]:
    """Pairs of node names (one as each cluster writes it) that mean one node."""
    return [(left, right) for left in _nodes(a) for right in _nodes(b) if same_node(left, right)]


def _share_hosts(a: Subject, b: Subject) -> bool:
    return _flag(a, "useAllNodes") or _flag(b, "useAllNodes") or bool(_shared_nodes(a, b))


def _device_names(node: Node) -> set[str]:
    found = {text(lookup(d, "name")) or text(lookup(d, "fullpath")) or "" for d in items(lookup(node, "devices"))}
    return {name.removeprefix("/dev/") for name in found if name}


def _own_clusters(environment: Environment) -> list[Subject]:
    """CephClusters of the environment; none when one of them is defined several times (alternatives, not neighbours)."""
    clusters = [c for c in environment.by_kind.get("CephCluster", ()) if not external(c, environment)]
    return [] if any("#" in c.id for c in clusters) else clusters


def cluster_collisions(_subject: Subject, environment: Environment) -> Json:
    """Pairs of CephClusters that take each other's disks.

    One item a pair: ``of`` and ``other`` (ids), ``name`` and ``other_name``, ``path``, ``problem``
    (``namespace``, ``device`` or ``all devices``), ``detail`` (the namespace, the device and node, or the
    node).
    """
    found: list[Json] = []
    for a, b in combinations(_own_clusters(environment), 2):
        problem = _problem(a, b)
        if problem is not None:
            kind, detail, path = problem
            names = {"of": b.id, "other": a.id, "name": b.resource.name, "other_name": a.resource.name}
            found.append({**names, "path": path, "problem": kind, "detail": detail})
    return found


def _problem(a: Subject, b: Subject) -> tuple[str, str, str] | None:
    if a.resource.namespace == b.resource.namespace:
        return "namespace", a.resource.namespace, "metadata.namespace"
    if _flag(a, "useAllDevices") and _flag(b, "useAllDevices"):
        shared = _shared_nodes(a, b)
        if shared or _flag(a, "useAllNodes") or _flag(b, "useAllNodes"):
            return "all devices", shared[0][0] if shared else "every node", "spec.storage.useAllDevices"
    for left, right in _shared_nodes(a, b):
        common = _device_names(_nodes(a)[left]) & _device_names(_nodes(b)[right])
        if common:
            index = list(_nodes(b)).index(right)
            return "device", f"{min(common)} of {left}", f"spec.storage.nodes[{index}].devices"
    return None


def same_data_dir(subject: Subject, environment: Environment) -> Json:
    """Names of other CephClusters that keep their data in the same directory of the same nodes."""
    mine = words(lookup(subject.object, "spec", "dataDirHostPath"))
    own = _own_clusters(environment)
    if not mine or subject.id not in {c.id for c in own}:
        return []
    others = (c for c in own if c.id != subject.id and words(lookup(c.object, "spec", "dataDirHostPath")) == mine)
    return [c.resource.name for c in others if _share_hosts(subject, c)]


def wipe_before(subject: Subject, environment: Environment) -> Json:
    """Settings of ``cleanupPolicy`` that were on before the change; null without a base."""
    base = environment.base
    if base is None:
        return None
    before = environment.before(subject)
    policy = lookup(before.object, "spec", "cleanupPolicy") if before is not None else None
    keys = ("confirmation", "allowUninstallWithVolumes", "wipeDevicesFromOtherClusters")
    return [key for key in keys if text(lookup(policy, key)) not in (None, "", "false")]


def osds_by_host(subject: Subject, environment: Environment) -> Json | NotKnown:
    """OSDs on each listed storage node and device class.

    One item each: ``node``, ``path``, ``class`` (empty when none is configured), ``count``, ``largest`` (the
    most any node has of that class).
    """
    found = osds_of(subject, environment)
    if isinstance(found, NotKnown):
        return found
    if found.open_reason:
        return NotKnown(found.open_reason)
    counts: dict[tuple[str, str], int] = {}
    for group in found.groups:
        name = group.classes[0] if len(group.classes) == 1 else ""
        for host in group.hosts[:1]:
            counts[host, name] = counts.get((host, name), 0) + (group.count or 0)
    largest: dict[str, int] = {}
    for (_, name), count in counts.items():
        largest[name] = max(count, largest.get(name, 0))
    paths = {name: f"spec.storage.nodes[{i}].name" for i, name in enumerate(_names(subject))}
    return [
        {"node": host, "path": paths[host], "class": name, "count": count, "largest": largest[name]}
        for (host, name), count in counts.items()
        if host in paths
    ]


def _names(subject: Subject) -> list[str]:
    return [text(lookup(node, "name")) or "" for node in items(lookup(subject.object, *STORAGE, "nodes"))]


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "CephCluster": {"same_data_dir": same_data_dir, "wipe_before": wipe_before, "osds_by_host": osds_by_host},
    "Environment": {"cluster_collisions": cluster_collisions},
}
