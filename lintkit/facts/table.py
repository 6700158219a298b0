"""Every fact by subject kind and name. Facts are computed when a policy reads them, once a subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from lintkit.facts.openstack import hpa_minimum, pool_users
from lintkit.facts.overlap import classless_mgr, classless_pools
from lintkit.facts.parameters import parameters
from lintkit.facts.placement import all_selectors, matching_nodes
from lintkit.facts.storage import external, node_count, storage_nodes
from lintkit.subjects.environment import Environment, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json

Fact: TypeAlias = "Callable[[Subject, Environment], Json | NotKnown]"

FACTS: Final[Mapping[str, Mapping[str, Fact]]] = {
    "Environment": {"classless_pools": classless_pools, "classless_mgr": classless_mgr, "selectors": all_selectors},
    "Pool": {"parameters": parameters, "external": external, "users": pool_users},
    "CephCluster": {"external": external, "storage_nodes": storage_nodes, "node_count": node_count},
    "Component": {"hpa_minimum": hpa_minimum, "matching_nodes": matching_nodes},
    "MessageQueue": {"node_count": node_count},
}


def fact(name: str, subject: Subject, environment: Environment) -> Json | NotKnown:
    """The value of a fact; NotKnown when the kind has none of that name (a kind of several that a policy judges)."""
    compute = FACTS.get(subject.kind, {}).get(name)
    return compute(subject, environment) if compute else NotKnown(f"{subject.kind} has no fact {name}")
