"""Facts about failure domains above the host: topology labels of the nodes that hold a pool's OSDs."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.osds import Osds
from lintkit.facts.pools import cluster_osds, needed_domains, shape
from lintkit.sources.inventory.model import ClusterNode, same_node
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, text

KUBERNETES_LABELS: Final = {"region": "topology.kubernetes.io/region", "zone": "topology.kubernetes.io/zone"}
ROOK_PREFIX: Final = "topology.rook.io/"
"""Rook puts a CRUSH bucket of type t above a host whose node carries ``topology.rook.io/t`` (region, zone: Kubernetes')."""


def storage_labels(subject: Subject, environment: Environment) -> Json | NotKnown:
    """Topology labels of the nodes with OSDs of the pool's class: label to its distinct values, sorted.

    ``needed`` is how many failure domains the pool spans. NotKnown without labels or without knowing the nodes.
    """
    form = shape(subject)
    if isinstance(form, NotKnown):
        return form
    if environment.evidence.get("nodes"):
        return NotKnown(environment.evidence["nodes"])
    osds = cluster_osds(subject, environment)
    if isinstance(osds, NotKnown):
        return osds
    nodes = _nodes(osds, text(subject.object.get("deviceClass")) or "", environment)
    labels: dict[str, set[str]] = {}
    for node in nodes:
        for key, value in node.labels.items():
            if not key.startswith((ROOK_PREFIX, "topology.kubernetes.io/")) and "topology" not in key:
                continue
            if value is None:
                return NotKnown(f"label {key} of node {node.name} is not known")
            labels.setdefault(key, set()).add(value)
    found: dict[str, Json] = {key: [*sorted(values)] for key, values in sorted(labels.items())}
    return {"labels": found, "needed": needed_domains(subject, form.width), "nodes": [n.name for n in nodes]}


def _nodes(osds: Osds, device_class: str, environment: Environment) -> list[ClusterNode]:
    groups = [g for g in osds.groups if g.may_have(device_class) and g.count != 0]
    if any(not g.hosts for g in groups):
        return list(environment.nodes)
    names = {host for g in groups for host in g.hosts}
    return [n for n in environment.nodes if any(same_node(n.name, name) for name in names)]


def topology_room(subject: Subject, environment: Environment) -> Json | NotKnown:
    """The label that decides the pool's failure domain: ``label``, ``values`` among its storage nodes, ``needed`` domains.

    For host and osd the label is empty and the values are none.
    """
    domain = text(subject.object.get("failureDomain")) or "host"
    if domain in ("host", "osd"):
        return {"label": "", "values": [], "needed": 0}
    found = storage_labels(subject, environment)
    if isinstance(found, NotKnown):
        return found
    assert isinstance(found, dict)
    label = KUBERNETES_LABELS.get(domain, ROOK_PREFIX + domain)
    labels = found["labels"]
    values: Json = labels.get(label, []) if isinstance(labels, dict) else []
    return {"label": label, "values": values, "needed": found["needed"]}


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Pool": {"storage_labels": storage_labels, "topology_room": topology_room}}
