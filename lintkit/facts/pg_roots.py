"""Facts about the pools of a CRUSH root together: ratios, reserved bytes, quotas, PG replicas on its OSDs."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.ceph.autoscaler import BUDGET
from lintkit.facts.ceph.model import PoolPlan
from lintkit.facts.ceph.powers import power_down
from lintkit.facts.osds import Osds, osds_of
from lintkit.facts.pg_effects import with_changes
from lintkit.facts.pg_groups import clusters, each_root, one_each, roots
from lintkit.facts.pg_plan import ClusterPlan, Declared, plans, replanned
from lintkit.facts.units import byte_count
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

_LEAST: Final = 16
"""PGs below which a suggestion would not go."""


def reserved_bytes(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """CRUSH roots with ``target_size_bytes`` and the raw capacity of their OSDs.

    One item a root: ``of`` and ``path`` (the pool that reserves most), ``root``, ``pools`` (names), ``wanted`` (raw
    bytes reserved), ``osds``, ``capacity`` (bytes). NotKnown where an OSD count or size is not known.
    """
    return _reserved(environment, sized=True)


def reserved_unsized(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """:func:`reserved_bytes` of roots whose OSD sizes are not known: ``capacity`` is 0 there."""
    return _reserved(environment, sized=False)


def _reserved(environment: Environment, *, sized: bool) -> Json | NotKnown:
    found: list[Json] = []
    for cluster, pools in clusters(environment):
        if isinstance(pools, NotKnown):
            return pools
        for root, members in roots(pools):
            asking = [p for p in one_each(members) if p.input.target_size_bytes]
            if not asking:
                continue
            room = _capacity(cluster, environment, asking[0].input.device_class, sized=sized)
            if isinstance(room, NotKnown):
                return room
            count, capacity = room
            if bool(capacity) == sized:
                found.append(_reserved_item(root, asking, count, capacity))
    return found


def _reserved_item(root: str, asking: list[Declared], count: int, capacity: int) -> Json:
    most = max(asking, key=lambda p: p.input.target_size_bytes * p.input.raw_used_rate)
    assert most.subject is not None
    return {
        "of": most.subject.id,
        "path": "parameters.target_size_bytes",
        "root": root,
        "pools": [p.input.name for p in asking],
        "wanted": sum(p.input.target_size_bytes * p.input.raw_used_rate for p in asking),
        "osds": count,
        "capacity": capacity,
    }


def _capacity(
    cluster: Subject | None, environment: Environment, device_class: str | None, *, sized: bool
) -> tuple[int, int] | NotKnown:
    """OSDs and bytes of a class; no bytes when sizes are not known and not ``sized``."""
    osds: Osds | NotKnown = osds_of(cluster, environment) if cluster else NotKnown("no CephCluster is declared here")
    if isinstance(osds, NotKnown):
        return osds
    if osds.open_reason:
        return NotKnown(osds.open_reason)
    groups = [g for g in osds.groups if g.may_have(device_class or "")]
    if any(not g.has(device_class or "") for g in groups):
        return NotKnown("the device class of some OSDs is detected in the cluster")
    count = sum(g.count or 0 for g in groups)
    if any(g.size is None for g in groups):
        return NotKnown("the size of the OSDs is not known") if sized else (count, 0)
    return count, sum((g.count or 0) * (g.size or 0) for g in groups)


def pool_quotas(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """CRUSH roots whose pools have quotas, and the raw capacity of their OSDs.

    One item a root: ``of`` and ``path`` (the largest quota), ``root``, ``pools`` (names), ``wanted`` (raw bytes of all
    quotas), ``osds``, ``capacity`` (bytes). NotKnown where an OSD count or size is not known.
    """
    return _quotas(environment, sized=True)


def pool_quotas_unsized(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """:func:`pool_quotas` of roots whose OSD sizes are not known: ``capacity`` is 0 there."""
    return _quotas(environment, sized=False)


def _quotas(environment: Environment, *, sized: bool) -> Json | NotKnown:
    found: list[Json] = []
    for cluster, pools in clusters(environment):
        if isinstance(pools, NotKnown):
            return pools
        for root, members in roots(pools):
            limited = [(p, size) for p in one_each(members) if (size := _quota(p))]
            if not limited:
                continue
            room = _capacity(cluster, environment, limited[0][0].input.device_class, sized=sized)
            if isinstance(room, NotKnown):
                return room
            if bool(room[1]) == sized:
                found.append(_quota_item(root, limited, *room))
    return found


def _quota_item(root: str, limited: list[tuple[Declared, int]], osds: int, capacity: int) -> Json:
    most = max(limited, key=lambda pair: pair[1])[0]
    assert most.subject is not None
    field = "maxSize" if lookup(most.subject.object, "quotas", "maxSize") is not None else "maxBytes"
    return {
        "of": most.subject.id,
        "path": f"quotas.{field}",
        "root": root,
        "pools": [p.input.name for p, _ in limited],
        "wanted": sum(size * p.input.raw_used_rate for p, size in limited),
        "osds": osds,
        "capacity": capacity,
    }


def _quota(pool: Declared) -> int:
    quotas = pool.subject.object.get("quotas") if pool.subject else None
    for field in ("maxSize", "maxBytes"):
        node = lookup(quotas, field)
        if node is not None and not unknown_reason(node):
            return byte_count(text(node) or "") or 0
    return 0


def pg_loads(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """PG replicas that the OSDs of each used CRUSH root will hold.

    One item a root: ``of`` and ``path`` (the declared pool that brings most), ``root``, ``osds``, ``low`` and ``high``
    (PG replicas per OSD, over orders of creation and, where the version is unknown, generations), ``target`` and
    ``limit`` (``mon_target_pg_per_osd``, ``mon_max_pg_per_osd`` where the cluster sets them, else null), ``fixed``
    (every pool of the root has mode off), ``assumed`` (Ceph's version is not known), ``ordered`` (the order of creation
    makes ``low`` and ``high`` differ, not only the version), ``top`` (items with ``of``,
    ``name``, ``pgs``, ``size`` and ``path`` of the declared pools, the largest first), ``lowered`` (``path`` and ``value``: a
    power of two for the count or minimum of the largest that brings the load to the target, ``load`` and ``pgs`` with it;
    null when that alone cannot).
    """
    found: list[Json] = []
    for _, made in plans(environment):
        if isinstance(made, NotKnown):
            return made
        found += [item for root in made.loads if (item := _load_item(made, root)) is not None]
    return found


def _load_item(made: ClusterPlan, root: str) -> Json | None:
    members = [(d, p) for d, p in zip(made.pools, made.plan.pools, strict=True) if p.root == root]
    declared = sorted(((d, p) for d, p in members if d.subject), key=lambda pair: -pair[1].pg_num_wanted * pair[1].size)
    if not declared:
        return None
    first, plan = declared[0]
    assert first.subject is not None
    low, high = made.loads[root]
    return {
        "of": first.subject.id,
        "path": _path(first),
        "root": root,
        "osds": made.roots[root].osds,
        "low": round(low, 1),
        "high": round(high, 1),
        "target": made.target,
        "limit": made.limit,
        "fixed": all(d.input.mode == "off" for d, _ in members if d.subject) and bool(declared),
        "assumed": made.assumed,
        "ordered": root in made.swayed,
        "top": [
            {"of": d.subject.id, "name": p.name, "pgs": p.pg_num_wanted, "size": p.size, "path": _path(d)}
            for d, p in declared[:5]
            if d.subject
        ],
        "lowered": _lowered(first, plan, made, root),
    }


def _path(pool: Declared) -> str:
    wishes = pool.sizing
    if wishes and wishes.pg_num:
        return "parameters.pg_num"
    return "parameters.pg_num_min" if wishes and wishes.pg_num_min else "parameters"


def _lowered(pool: Declared, plan: PoolPlan, made: ClusterPlan, root: str) -> Json:
    wishes = pool.sizing
    if wishes is None or pool.subject is None or (wishes.pg_num and wishes.pg_num_min):
        return None
    field = "pg_num" if wishes.pg_num and pool.input.mode != "on" else "pg_num_min"
    written = getattr(wishes, field)
    value = power_down(written) if written else 0
    while value >= _LEAST:
        new = {"pg_num_created" if field == "pg_num" else field: value}
        then = replanned(made, with_changes(made, {pool.subject.id: new})) if value < written else None
        if isinstance(then, ClusterPlan) and then.loads[root][1] <= made.input.mon_target_pg_per_osd:
            pgs = next(p.pg_num_wanted for p in then.plan.pools if p.name == plan.name)
            return {"path": f"parameters.{field}", "value": value, "load": round(then.loads[root][1], 1), "pgs": pgs}
        value //= 2
    return None


def overdrawn_roots(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """CRUSH roots on which generation B gives out more PG replicas than the budget, so that a pass is silenced.

    One item a root: ``of`` (the CephCluster), ``path``, ``root``, ``pools`` (silenced names), ``budget``, ``wanted`` (PG
    replicas of all pools of the root as computed), ``generation`` (``A`` never has any), ``assumed``.
    """
    found: list[Json] = []
    for cluster, made in plans(environment):
        if isinstance(made, NotKnown):
            return made
        if made.plan.generation != BUDGET:
            continue
        for root in made.plan.roots:
            silenced = [p for p in made.plan.pools if p.root == root.name and p.overdrawn]
            if silenced:
                members = [p for p in made.plan.pools if p.root == root.name]
                found.append(
                    {
                        "of": cluster.id,
                        "path": "spec.cephConfig",
                        "root": root.name,
                        "pools": [p.name for p in silenced],
                        "budget": root.pg_budget,
                        "wanted": sum((p.pg_num_final or p.pg_num_created) * p.size for p in members),
                    }
                )
    return found


def mixed_domains(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """Pools whose failure domain differs from that of most pools on the same CRUSH root.

    One item a pool: ``of``, ``name``, ``root``, ``domain``, ``usual``, ``others`` (how many pools have the usual one).
    Pools that Ceph makes by itself have ``host``.
    """
    return each_root(environment, _mixed)


def _mixed(root: str, members: list[Declared]) -> list[Json]:
    domains: dict[str, int] = {}
    own = one_each(members)
    for pool in own:
        domains[_domain(pool)] = domains.get(_domain(pool), 0) + 1
    if len(domains) < 2:
        return []
    usual = max(domains, key=lambda name: (domains[name], name == "host"))
    return [
        {"of": p.subject.id, "name": p.input.name, "root": root, "domain": _domain(p), "usual": usual, "others": domains[usual]}
        for p in own
        if p.subject and _domain(p) != usual
    ]


def _domain(pool: Declared) -> str:
    return (text(pool.subject.object.get("failureDomain")) if pool.subject else None) or "host"


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Environment": {
        "reserved_bytes": reserved_bytes,
        "reserved_unsized": reserved_unsized,
        "pool_quotas": pool_quotas,
        "pool_quotas_unsized": pool_quotas_unsized,
        "pg_loads": pg_loads,
        "overdrawn_roots": overdrawn_roots,
        "mixed_domains": mixed_domains,
    },
}
