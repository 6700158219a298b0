"""``plan``: what the PG autoscaler of a Ceph version makes of an empty cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from lintkit.errors import LintkitError
from lintkit.facts.ceph import budget, classic, limits
from lintkit.facts.ceph.crush import Root, overlapping_classic, overlapping_exact, root_name, shared_budgets, used_roots
from lintkit.facts.ceph.health import warnings
from lintkit.facts.ceph.model import ClusterInput, Demand, Plan, PoolInput, PoolPlan, RootPlan, Target
from lintkit.facts.ceph.powers import effective_ratio
from lintkit.records import NamedTuple
from lintkit.text.regex import regex

CLASSIC: Final = "A"
BUDGET: Final = "B"
INTERMEDIATE: Final = "main-2026"

OVERLAPPING: Final = "overlapping roots"
NO_CAPACITY: Final = "no capacity"

_VERSION: Final = regex(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-+~_ ].*)?", re.ASCII)
_FIRST_BUDGET: Final = (20, 2, 5)
_FIRST_DYNAMIC: Final = (20, 0, 0)


def version_key(version: str) -> tuple[int, int, int]:
    """``20.2.4``, ``v20.2.4-20260818`` or ``v19`` as numbers, missing ones 0. Raises LintkitError on anything else."""
    match = _VERSION.fullmatch(version.strip())
    if match is None:
        raise LintkitError(f"'{version}' is not a Ceph version; write it like 20.2.4 (or main-2026)")
    major, minor, patch = (int(part or 0) for part in match.groups())
    return major, minor, patch


def generation(version: str) -> str:
    """Which algorithm a Ceph version has: ``A`` (classic), ``B`` (budgeted) or ``main-2026`` (budgeted, skips overlaps).

    20.2.4 behaves as A (measured). B is on main since 2026 with a Tentacle backport (ceph PR 70730) not released
    with 20.2.4, so it is taken to begin with 20.2.5; that release is not confirmed.
    """
    if version.strip() == INTERMEDIATE:
        return INTERMEDIATE
    return BUDGET if version_key(version) >= _FIRST_BUDGET else CLASSIC


class _Share(NamedTuple):
    """A pool's part of its root before any pass."""

    effective: float
    by_bytes: float
    target_bytes: int


class _View(NamedTuple):
    """The cluster as one generation sees it: used roots, their budgets, those sharing OSDs, roots whose pools are skipped."""

    roots: dict[str, Root]
    budgets: dict[str, int]
    overlapping: set[str]
    skipped: set[str]


def plan(cluster: ClusterInput) -> Plan:
    """Predict every pool's pg_num on a fresh, empty cluster, as ``generation(cluster.ceph_version)`` computes it.

    Raises :class:`~lintkit.facts.ceph.model.ModuleError` where Ceph's own module raises, LintkitError on a version that is none.
    """
    kind = generation(cluster.ceph_version)
    view = _view(cluster, kind)
    demands, shares = _demands(cluster, view)
    targets = _targets(cluster, kind, view, demands)
    adjust = _adjusted(cluster, kind, demands, targets)
    drafts = [_pool_plan(pool, kind, view, shares, targets, adjust) for pool in cluster.pools]
    plans = _limited(cluster, view, drafts)
    osds = sum(group.count for group in cluster.osds)
    return Plan(
        generation=kind,
        pools=plans,
        roots=_root_plans(view, plans),
        overlapping_roots=tuple(sorted(view.overlapping)),
        mean_pg_replicas_per_osd=sum(item.pg_num_wanted * item.size for item in plans) / osds if osds else 0.0,
        mean_pg_replicas_accepted=sum(item.pg_num_accepted * item.size for item in plans) / osds if osds else 0.0,
        warnings=warnings(cluster.pools, plans),
        mon_target_pg_per_osd=cluster.mon_target_pg_per_osd,
    )


def _view(cluster: ClusterInput, kind: str) -> _View:
    roots = used_roots(cluster)
    masks = {name: root.mask for name, root in roots.items()}
    if kind == BUDGET:
        budgets = shared_budgets(masks, [group.count for group in cluster.osds], cluster.mon_target_pg_per_osd)
        return _View(roots, budgets, overlapping_exact(masks), set())
    budgets = {name: root.osds * cluster.mon_target_pg_per_osd for name, root in roots.items()}
    overlapping = overlapping_classic((place, masks[place]) for place in map(_place, cluster.pools))
    return _View(roots, budgets, overlapping, overlapping)


def _place(pool: PoolInput) -> str:
    return root_name(pool.root, pool.device_class)


def _demands(cluster: ClusterInput, view: _View) -> tuple[dict[str, list[Demand]], dict[str, _Share]]:
    """The pools that take part, by root in pool order, and every such pool's share."""
    ratio_total = dict.fromkeys(view.roots, 0.0)
    bytes_total = dict.fromkeys(view.roots, 0.0)
    for pool in cluster.pools:
        if pool.target_size_ratio:
            ratio_total[_place(pool)] += pool.target_size_ratio
        elif pool.target_size_bytes:
            bytes_total[_place(pool)] += pool.target_size_bytes * pool.raw_used_rate
    demands: dict[str, list[Demand]] = {}
    shares: dict[str, _Share] = {}
    for pool in cluster.pools:
        place = _place(pool)
        capacity = view.roots[place].capacity
        if place in view.skipped or not capacity:
            continue
        target_bytes = 0 if pool.target_size_ratio else pool.target_size_bytes
        effective = effective_ratio(pool.target_size_ratio, ratio_total[place], bytes_total[place], capacity)
        share = _Share(effective, target_bytes * pool.raw_used_rate / capacity, target_bytes)
        shares[pool.name] = share
        demands.setdefault(place, []).append(_demand(pool, max(share.by_bytes, share.effective)))
    return demands, shares


def _demand(pool: PoolInput, ratio: float) -> Demand:
    return Demand(
        pool.name, pool.width, ratio, pool.bias, pool.bulk, pool.mode, pool.pg_num_start, pool.pg_num_min, pool.pg_num_max
    )


def _targets(cluster: ClusterInput, kind: str, view: _View, demands: Mapping[str, Sequence[Demand]]) -> dict[str, Target]:
    if kind == CLASSIC:
        found: dict[str, Target] = {}
        for name, pools in demands.items():
            found.update(classic.assign(pools, view.budgets[name], len(pools)))
        return found
    roots = {name: budget.RootDemand(tuple(pools), view.budgets[name], len(pools)) for name, pools in demands.items()}
    variant = budget.FINAL if kind == BUDGET else budget.INTERMEDIATE
    return budget.assign(roots, cluster.osd_pool_default_pg_num, variant)


def _adjusted(
    cluster: ClusterInput, kind: str, demands: Mapping[str, Sequence[Demand]], targets: Mapping[str, Target]
) -> dict[str, bool]:
    """Whether each pool passes the threshold (the table's view, before its mode is asked)."""
    fixed = kind == CLASSIC and version_key(cluster.ceph_version) < _FIRST_DYNAMIC
    passes = classic.would_adjust if fixed else classic.would_adjust_dynamic
    return {
        demand.name: not targets[demand.name].overdrawn and passes(demand, targets[demand.name], cluster.threshold)
        for pools in demands.values()
        for demand in pools
    }


def _pool_plan(
    pool: PoolInput,
    kind: str,
    view: _View,
    shares: Mapping[str, _Share],
    targets: Mapping[str, Target],
    adjust: Mapping[str, bool],
) -> PoolPlan:
    place = _place(pool)
    start = pool.pg_num_start
    base = PoolPlan(
        name=pool.name,
        root=place,
        size=pool.width,
        mode=pool.mode,
        bias=pool.bias,
        bulk=pool.bulk,
        pg_num_created=start,
        pg_num_wanted=start,
        pg_num_accepted=start,
        target_ratio=pool.target_size_ratio,
        raw_used_rate=pool.raw_used_rate,
        subtree_capacity=view.roots[place].capacity,
    )
    target = targets.get(pool.name)
    if target is None:
        return base._replace(skipped=OVERLAPPING if place in view.skipped else NO_CAPACITY)
    share = shares[pool.name]
    moves = adjust[pool.name] and pool.mode == "on"
    return base._replace(
        pg_num_final=target.pg_num,
        pg_num_ideal=target.ideal,
        would_adjust=adjust[pool.name],
        pg_num_wanted=target.pg_num if moves else start,
        overdrawn=target.overdrawn,
        final_ratio=target.final_ratio,
        effective_target_ratio=share.effective,
        capacity_ratio=max(share.by_bytes, share.effective) if kind == CLASSIC else share.by_bytes,
        target_bytes=share.target_bytes,
    )


def _limited(cluster: ClusterInput, view: _View, plans: Sequence[PoolPlan]) -> tuple[PoolPlan, ...]:
    """The plans with what the mon accepts of them."""
    steps = [limits.Step(item.name, item.root, item.size, item.pg_num_created, item.pg_num_wanted) for item in plans]
    cells = [group.count for group in cluster.osds]
    granted = limits.accepted(steps, view.roots, cells, cluster.mon_max_pg_per_osd)
    return tuple(
        item
        if granted[item.name] == item.pg_num_created == item.pg_num_wanted
        else item._replace(pg_num_accepted=granted[item.name], refused=granted[item.name] != item.pg_num_wanted)
        for item in plans
    )


def _root_plans(view: _View, plans: Sequence[PoolPlan]) -> tuple[RootPlan, ...]:
    pools: dict[str, list[PoolPlan]] = {name: [] for name in view.roots}
    for item in plans:
        pools[item.root].append(item)
    return tuple(
        RootPlan(
            name=name,
            osds=root.osds,
            capacity=root.capacity,
            pg_budget=view.budgets[name],
            pools=tuple(item.name for item in pools[name]),
            pg_replicas=sum(item.pg_num_accepted * item.size for item in pools[name]),
            overlapping=name in view.overlapping,
        )
        for name, root in view.roots.items()
    )
