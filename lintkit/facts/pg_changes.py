"""What a change does to predicted PG counts."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.ceph.model import PoolPlan
from lintkit.facts.pg_plan import ClusterPlan, Declared, plans
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json


def pg_shifts(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """Pools whose predicted PG count differs from the base revision's, and what that adds up to.

    One item a pool: ``of`` (the pool), ``name``, ``before`` and ``after`` (PGs), ``factor`` (the larger by the smaller),
    ``root``, ``percent`` (by how much the PG replicas of all pools of that root that both have change), ``most`` (of
    the changed pools of the root it changes most). New clusters and pools are left out, as are pools that nobody declares.
    """
    if environment.base is None:
        return NotKnown("no base revision")
    before: dict[str, ClusterPlan] = {}
    for cluster, made in plans(environment.base):
        if isinstance(made, NotKnown):
            return NotKnown(f"before this change, {made.reason}")
        before[cluster.id] = made
    found: list[Json] = []
    for cluster, made in plans(environment):
        if cluster.id not in before:
            continue
        if isinstance(made, NotKnown):
            return made
        found += _shifts(before[cluster.id], made)
    return found


def _shifts(before: ClusterPlan, after: ClusterPlan) -> list[Json]:
    old = {plan.name: plan for plan in before.plan.pools}
    both = [(d, old[p.name], p) for d, p in zip(after.pools, after.plan.pools, strict=True) if p.name in old]
    found: list[Json] = []
    for root in dict.fromkeys(p.root for _, _, p in both):
        here = [(d, a, b) for d, a, b in both if b.root == root]
        changed = [(d, a, b) for d, a, b in here if a.pg_num_wanted != b.pg_num_wanted and d.subject]
        was, now = (sum(p.pg_num_wanted * p.size for p in side) for side in ([a for _, a, _ in here], [b for _, _, b in here]))
        percent = round(100 * abs(now - was) / was) if was else 0
        most = max((_step(a, b) for _, a, b in changed), default=0)
        found += [_item(d, a, b, root, percent, first=_step(a, b) == most) for d, a, b in changed]
    return found


def _step(before: PoolPlan, after: PoolPlan) -> int:
    return abs(after.pg_num_wanted * after.size - before.pg_num_wanted * before.size)


def _item(pool: Declared, before: PoolPlan, after: PoolPlan, root: str, percent: int, *, first: bool) -> Json:
    low, high = sorted((before.pg_num_wanted, after.pg_num_wanted))
    assert pool.subject is not None
    return {
        "of": pool.subject.id,
        "name": after.name,
        "before": before.pg_num_wanted,
        "after": after.pg_num_wanted,
        "factor": high / max(low, 1),
        "root": root,
        "percent": percent,
        "most": first,
    }


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Environment": {"pg_shifts": pg_shifts}}
