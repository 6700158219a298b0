"""Every fact by subject kind and name. Facts are computed when a policy reads them, once a subject.

A module of facts lists its own in ``FACTS``, by kind; this table joins them. A name may occur once a kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Final

from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json

_MODULES: Final = {
    "ceph_config": ("Environment",),
    "ceph_settings": ("CephCluster",),
    "change_disks": ("CephCluster",),
    "change_services": (
        "CephCluster",
        "ChartValues",
        "Environment",
    ),
    "changes": (
        "CephCluster",
        "CephFilesystem",
        "Component",
        "Database",
        "MessageQueue",
        "Pool",
    ),
    "chart_values": ("Environment",),
    "classes": (
        "ChartValues",
        "Database",
        "Environment",
        "MessageQueue",
    ),
    "compute": (
        "ChartValues",
        "Environment",
    ),
    "connections": ("Environment",),
    "databases": (
        "ChartValues",
        "Database",
        "MessageQueue",
    ),
    "deliveries": (
        "Delivery",
        "Environment",
    ),
    "devices": ("CephCluster",),
    "disruption": ("Environment",),
    "domains": ("Pool",),
    "erasure": ("Environment",),
    "images": (
        "Container",
        "Environment",
    ),
    "openstack": (
        "Component",
        "Pool",
    ),
    "ordering": ("Environment",),
    "osds": ("CephCluster",),
    "overlap": ("Environment",),
    "ownership": (
        "Delivery",
        "Environment",
    ),
    "parameter_domains": ("Pool",),
    "parameters": ("Pool",),
    "pg_changes": ("Environment",),
    "pg_effects": (
        "CephObjectStore",
        "CephObjectZone",
        "Pool",
    ),
    "pg_ratios": ("Environment",),
    "pg_roots": ("Environment",),
    "pinning": ("Environment",),
    "placement": (
        "Component",
        "Environment",
    ),
    "pool_users": (
        "ChartValues",
        "Environment",
        "Pool",
    ),
    "pools": (
        "CephFilesystem",
        "CephObjectStore",
        "CephObjectZone",
        "Pool",
    ),
    "rbd": ("ChartValues",),
    "releases": ("Environment",),
    "removals": ("Environment",),
    "requests": ("Environment",),
    "revisions": ("Delivery",),
    "rights": ("Environment",),
    "roles": (
        "CephCluster",
        "Component",
        "Environment",
        "Node",
    ),
    "rook_placement": (
        "CephBlockPool",
        "CephCluster",
        "CephNFS",
        "Environment",
    ),
    "rook_resources": (
        "CephCluster",
        "CephFilesystem",
    ),
    "rook_versions": (
        "CephCluster",
        "ChartValues",
        "Environment",
    ),
    "scheduling": ("Environment",),
    "secrets": ("Environment",),
    "shared_storage": (
        "CephCluster",
        "Environment",
    ),
    "storage": (
        "CephCluster",
        "MessageQueue",
        "Pool",
    ),
    "topology": ("Environment",),
}
"""Modules with the kinds of subjects whose facts they give: those of kinds that a repository has none of are not imported."""


@lru_cache(maxsize=64)
def facts_of(kind: str) -> Mapping[str, Fact]:
    """Fact name to the function that computes it, for subjects of one kind."""
    joined: dict[str, Fact] = {}
    for module, kinds in _MODULES.items():
        if kind in kinds:
            joined.update(import_module(f"lintkit.facts.{module}").FACTS[kind])
    return joined


def fact(name: str, subject: Subject, environment: Environment) -> Json | NotKnown:
    """The value of a fact; NotKnown when the kind has none of that name (a kind of several that a policy judges)."""
    compute = facts_of(subject.kind).get(name)
    return compute(subject, environment) if compute else NotKnown(f"{subject.kind} has no fact {name}")
