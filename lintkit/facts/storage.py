"""Facts about Rook storage nodes and clusters."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.words import nearest
from lintkit.sources.inventory.model import same_node
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, boolean, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason


def external(subject: Subject, environment: Environment) -> Json:
    """Whether the Ceph cluster that a subject belongs to is managed elsewhere (``spec.external.enable``)."""
    cluster = cluster_of(subject, environment)
    return cluster is not None and boolean(lookup(cluster.object, "spec", "external", "enable")) is True


def cluster_of(subject: Subject, environment: Environment) -> Subject | None:
    """The CephCluster of a subject: the subject itself, or the one in its namespace."""
    if subject.kind == "CephCluster":
        return subject
    return next(
        (c for c in environment.by_kind.get("CephCluster", ()) if c.resource.namespace == subject.resource.namespace), None
    )


def storage_nodes(subject: Subject, environment: Environment) -> Json:
    """``spec.storage.nodes`` of a CephCluster against the inventory.

    One item a name: ``name``, ``path``, ``placeholder`` (cannot be read here), ``address`` (it is an IP
    address), ``again`` (an earlier item has the name), ``known`` (a node of the inventory; true without
    one), ``nearest`` (inventory names close to it, each in full).
    """
    names = [node.name for node in environment.nodes]
    found: list[Json] = []
    seen: set[str] = set()
    for i, item in enumerate(items(lookup(subject.object, "spec", "storage", "nodes"))):
        node = lookup(item, "name")
        name = text(node)
        if name is None and not unknown_reason(node):
            continue
        hidden = bool(unknown_reason(node))
        known = hidden or not names or any(same_node(name or "", other) for other in names)
        found.append(
            {
                "name": name or "",
                "path": f"spec.storage.nodes[{i}].name",
                "placeholder": hidden,
                "address": not hidden and _is_address(name or ""),
                "again": not hidden and name in seen,
                "known": known,
                "nearest": [] if known else [*nearest(name or "", names, 3)],
            }
        )
        seen.add(name or "")
    return found


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def node_count(subject: Subject, environment: Environment) -> Json:
    """How many nodes the inventory has; null without one."""
    return len(environment.nodes) if environment.nodes else None


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Pool": {"external": external},
    "CephCluster": {"external": external, "storage_nodes": storage_nodes, "node_count": node_count},
    "MessageQueue": {"node_count": node_count},
}
