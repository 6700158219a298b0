"""Facts about topology labels of storage nodes: the CRUSH buckets they become.

Rook makes a CRUSH bucket of every topology label value of a node; a bucket name may stand once in the whole map
(rook pkg/operator/ceph/cluster/osd/topology/topology.go).
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.storage import external
from lintkit.records import NamedTuple
from lintkit.sources.inventory.model import ClusterNode, same_node
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, boolean, items, lookup, text

LEVELS: Final = (
    ("topology.kubernetes.io/region", "region"),
    ("topology.kubernetes.io/zone", "zone"),
    ("topology.rook.io/datacenter", "datacenter"),
    ("topology.rook.io/room", "room"),
    ("topology.rook.io/pod", "pod"),
    ("topology.rook.io/pdu", "pdu"),
    ("topology.rook.io/row", "row"),
    ("topology.rook.io/rack", "rack"),
    ("topology.rook.io/chassis", "chassis"),
)
"""Labels that become CRUSH buckets, widest level first, with the name of the level."""


class _Bucket(NamedTuple):
    """A label value of a node. ``parent`` is the value of the next wider level the node has."""

    node: str
    label: str
    level: str
    value: str
    parent: str


def topology_conflicts(_subject: Subject, environment: Environment) -> Json:
    """Topology label values of storage nodes that cannot all be CRUSH buckets.

    One item a value: ``of`` and ``path`` (the node and label that come later), ``node``, ``value``, ``level``
    and ``parent`` there, ``first_node``, ``first_level``, ``first_parent``, ``first`` and ``first_path`` (the
    earlier place), ``levels`` (true when the levels differ, false when only the parents do), ``nodes`` (how
    many nodes carry the later pair).
    """
    buckets = [b for node in _storage_nodes(environment) for b in _buckets(node)]
    first: dict[str, _Bucket] = {}
    found: dict[tuple[str, str, str], dict[str, Json]] = {}
    for bucket in buckets:
        earlier = first.setdefault(bucket.value, bucket)
        parted = earlier.parent and bucket.parent and earlier.parent != bucket.parent
        if earlier.level == bucket.level and not parted:
            continue
        key = (bucket.value, bucket.level, bucket.parent)
        if key in found:
            found[key]["nodes"] = int(str(found[key]["nodes"])) + 1
        else:
            found[key] = _item(bucket, earlier)
    return [*found.values()]


def _item(bucket: _Bucket, earlier: _Bucket) -> dict[str, Json]:
    return {
        "of": f"Node/{bucket.node}",
        "path": _path(bucket.label),
        "node": bucket.node,
        "value": bucket.value,
        "level": bucket.level,
        "parent": bucket.parent,
        "first": f"Node/{earlier.node}",
        "first_path": _path(earlier.label),
        "first_node": earlier.node,
        "first_level": earlier.level,
        "first_parent": earlier.parent,
        "levels": bucket.level != earlier.level,
        "nodes": 1,
    }


def _path(label: str) -> str:
    return "labels." + label.replace(".", "\\.")


def _storage_nodes(environment: Environment) -> Iterable[ClusterNode]:
    """Nodes that a CephCluster of the environment puts OSDs on; all of them with useAllNodes."""
    names: list[str] = []
    for cluster in environment.by_kind.get("CephCluster", ()):
        if external(cluster, environment):
            continue
        storage = lookup(cluster.object, "spec", "storage")
        if boolean(lookup(storage, "useAllNodes")) is True or items(lookup(storage, "storageClassDeviceSets")):
            return environment.nodes
        names += [name for node in items(lookup(storage, "nodes")) if (name := text(lookup(node, "name")))]
    return [node for node in environment.nodes if any(same_node(node.name, name) for name in names)]


def _buckets(node: ClusterNode) -> list[_Bucket]:
    found: list[_Bucket] = []
    parent = ""
    for label, level in LEVELS:
        value = node.labels.get(label)
        if value:
            found.append(_Bucket(node.name, label, level, value, parent))
            parent = value
    return found


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Environment": {"topology_conflicts": topology_conflicts}}
