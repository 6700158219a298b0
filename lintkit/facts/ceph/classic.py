"""Generation A: the classic autoscaler with three passes (Pacific to Tentacle 20.2.4).

Source: ``_calc_final_pg_target`` and ``_get_pool_pg_targets``, src/pybind/mgr/pg_autoscaler/module.py@2065a5e5;
16.2.15, 18.2.7 and 20.2.4 were measured and round alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from lintkit.facts.ceph.model import DEFAULT_POOL_PG_NUM, Demand, Target
from lintkit.facts.ceph.powers import nearest_power


def assign(demands: Sequence[Demand], budget: int, pool_count: int) -> dict[str, Target]:
    """Targets of the pools of one root, by name.

    ``demands`` are in pool order; ``budget`` is OSDs x ``mon_target_pg_per_osd``; ``pool_count`` counts every pool of
    the root in any mode. Pass 1 gives non-bulk pools their ratio of what is left, one after the other; pass 2 does
    so for bulk pools that are above an even share; pass 3 divides the rest evenly, and is not charged. Bias
    multiplies a pool's own target and is never charged; nor are minimum and maximum.
    """
    left, used = budget, 0
    targets: dict[str, Target] = {}
    for demand in demands:
        if not demand.bulk:
            share = demand.capacity_ratio * left
            left -= int(share)
            used += 1
            targets[demand.name] = _target(demand, demand.capacity_ratio, share)
    even: list[Demand] = []
    for demand in demands:
        if not demand.bulk:
            continue
        if demand.capacity_ratio <= 1 / (pool_count - used):
            even.append(demand)
            continue
        share = demand.capacity_ratio * left
        left -= int(share)
        used += 1
        targets[demand.name] = _target(demand, demand.capacity_ratio, share)
    for demand in even:
        ratio = 1 / (pool_count - used)
        targets[demand.name] = _target(demand, ratio, ratio * left)
    return targets


def _target(demand: Demand, ratio: float, share: float) -> Target:
    ideal = share / demand.size * demand.bias
    floor = DEFAULT_POOL_PG_NUM if demand.pg_num_min is None else demand.pg_num_min
    final = max(floor, nearest_power(ideal))
    if demand.pg_num_max and demand.pg_num_max < final:
        final = demand.pg_num_max
    return Target(final, ratio, int(ideal))


def would_adjust(demand: Demand, target: Target, threshold: float) -> bool:
    """Whether the table says so before Tentacle: mode on, share within 0..1, more than ``threshold`` up or down."""
    far = target.pg_num > demand.pg_num * threshold or target.pg_num < demand.pg_num / threshold
    return far and 0.0 <= target.final_ratio <= 1.0 and demand.mode == "on"


def would_adjust_dynamic(demand: Demand, target: Target, threshold: float) -> bool:
    """Whether the table says so on Tentacle and later: growing to 512 or 1024 needs any increase, to 2048 a factor above 2.

    Mode and share no longer count for the table (measured on 20.2.4 for off and warn; acting still needs mode on).
    Source: ``get_dynamic_threshold``, src/pybind/mgr/pg_autoscaler/module.py@17fde72d.
    """
    if target.pg_num > demand.pg_num:
        upward = 1.0 if target.pg_num in (512, 1024) else 2.0 if target.pg_num == 2048 else threshold
        return target.pg_num > demand.pg_num * upward
    return target.pg_num < demand.pg_num / threshold
