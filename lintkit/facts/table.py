"""Every fact by subject kind and name. Facts are computed when a policy reads them, once a subject.

A module of facts lists its own in ``FACTS``; this table joins them. A name may occur once a kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from lintkit.facts import (
    ceph_config,
    ceph_settings,
    change_disks,
    change_services,
    changes,
    chart_values,
    classes,
    compute,
    connections,
    databases,
    deliveries,
    devices,
    disruption,
    domains,
    erasure,
    images,
    openstack,
    ordering,
    osds,
    overlap,
    ownership,
    parameter_domains,
    parameters,
    pg_changes,
    pg_effects,
    pg_ratios,
    pg_roots,
    pinning,
    placement,
    pool_users,
    pools,
    rbd,
    releases,
    removals,
    requests,
    revisions,
    rights,
    roles,
    rook_placement,
    rook_resources,
    rook_versions,
    scheduling,
    secrets,
    shared_storage,
    storage,
    topology,
)
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json

_MODULES = (
    ceph_config,
    ceph_settings,
    change_disks,
    change_services,
    changes,
    chart_values,
    classes,
    compute,
    connections,
    databases,
    deliveries,
    devices,
    disruption,
    domains,
    erasure,
    images,
    openstack,
    ordering,
    osds,
    overlap,
    ownership,
    parameter_domains,
    parameters,
    pg_changes,
    pg_effects,
    pg_ratios,
    pg_roots,
    pinning,
    placement,
    pool_users,
    pools,
    rbd,
    releases,
    removals,
    requests,
    revisions,
    rights,
    roles,
    rook_placement,
    rook_resources,
    rook_versions,
    scheduling,
    secrets,
    shared_storage,
    storage,
    topology,
)


@lru_cache(maxsize=1)
def facts_table() -> Mapping[str, Mapping[str, Fact]]:
    """Subject kind to fact name to the function that computes it."""
    joined: dict[str, dict[str, Fact]] = {}
    for module in _MODULES:
        for kind, facts in module.FACTS.items():
            joined.setdefault(kind, {}).update(facts)
    return joined


def fact(name: str, subject: Subject, environment: Environment) -> Json | NotKnown:
    """The value of a fact; NotKnown when the kind has none of that name (a kind of several that a policy judges)."""
    compute = facts_table().get(subject.kind, {}).get(name)
    return compute(subject, environment) if compute else NotKnown(f"{subject.kind} has no fact {name}")
