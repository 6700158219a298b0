"""Health warnings about pools that the autoscaler and the mon would raise."""

from __future__ import annotations

from collections.abc import Sequence

from lintkit.facts.ceph.model import HealthWarning, PoolInput, PoolPlan
from lintkit.facts.ceph.powers import is_power_of_two


def warnings(pools: Sequence[PoolInput], plans: Sequence[PoolPlan]) -> tuple[HealthWarning, ...]:
    """Warnings in the order of their codes' first appearance in Ceph; skipped pools raise none of the module's.

    Sources: ``_maybe_adjust``, src/pybind/mgr/pg_autoscaler/module.py@2065a5e5 (all but the last); the mon's
    ``mon_warn_on_pool_pg_num_not_power_of_two`` (the last, measured on 18.2.7 and 20.2.4).
    """
    pairs = [(pool, plan) for pool, plan in zip(pools, plans, strict=True) if not plan.skipped]
    few, many = _wrong_count(plans)
    both = [
        f"Pool {pool.name} has target_size_bytes and target_size_ratio set"
        for pool, _ in pairs
        if pool.target_size_ratio > 0 and pool.target_size_bytes > 0
    ]
    odd = [
        f"pool '{plan.name}' pg_num {plan.pg_num_accepted} is not a power of two"
        for plan in plans
        if not is_power_of_two(plan.pg_num_accepted)
    ]
    over = _overcommitted(plans)
    found = (
        HealthWarning("POOL_TOO_FEW_PGS", f"{len(few)} pools have too few placement groups", tuple(few)),
        HealthWarning("POOL_TOO_MANY_PGS", f"{len(many)} pools have too many placement groups", tuple(many)),
        HealthWarning(
            "POOL_TARGET_SIZE_BYTES_OVERCOMMITTED", f"{len(over)} subtrees have overcommitted pool target_size_bytes", tuple(over)
        ),
        HealthWarning(
            "POOL_HAS_TARGET_SIZE_BYTES_AND_RATIO",
            f"{len(both)} pools have both target_size_bytes and target_size_ratio set",
            tuple(both),
        ),
        HealthWarning("POOL_PG_NUM_NOT_POWER_OF_TWO", f"{len(odd)} pool(s) have non-power-of-two pg_num", tuple(odd)),
    )
    return tuple(warning for warning in found if warning.detail)


def _wrong_count(plans: Sequence[PoolPlan]) -> tuple[list[str], list[str]]:
    """Lines for pools in mode warn: any difference counts, no threshold."""
    few: list[str] = []
    many: list[str] = []
    for plan in plans:
        final = plan.pg_num_final
        if plan.mode != "warn" or final is None or final == plan.pg_num_created:
            continue
        line = f"Pool {plan.name} has {plan.pg_num_created} placement groups, should have {final}"
        (few if final > plan.pg_num_created else many).append(line)
    return few, many


def _overcommitted(plans: Sequence[PoolPlan]) -> list[str]:
    """Lines for roots whose pools reserve more raw bytes with ``target_size_bytes`` than the root has."""
    wanted: dict[str, float] = {}
    capacity: dict[str, int] = {}
    names: dict[str, list[str]] = {}
    for plan in plans:
        if plan.skipped or not plan.target_bytes:
            continue
        wanted[plan.root] = wanted.get(plan.root, 0.0) + plan.target_bytes * plan.raw_used_rate
        capacity[plan.root] = plan.subtree_capacity
        names.setdefault(plan.root, []).append(plan.name)
    return [
        f"Pools {names[root]} overcommit available storage by {total / capacity[root]:.3f}x due to target_size_bytes"
        for root, total in wanted.items()
        if total > capacity[root]
    ]
