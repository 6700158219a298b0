"""What a change does to the PG counts of a running cluster.

Pools that are there keep the PGs they have until the autoscaler finds them far enough off (its ``threshold``); switching it off,
or taking ``pg_num`` back, changes nothing. Only new pools begin as a plan of the cluster alone lets them begin.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.ceph.model import PoolPlan
from lintkit.facts.data_moves import moved_by_pgs
from lintkit.facts.pg_plan import ClusterPlan, Declared, cluster_plan, plans, replanned
from lintkit.records import replace
from lintkit.subjects.environment import Environment, Fact, NotKnown, once_each
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, boolean


@once_each
def standing_plan(cluster: Subject, environment: Environment) -> ClusterPlan | NotKnown:
    """The prediction for a cluster as it stands after the change; as of a new one where it was not there before."""
    made, base = cluster_plan(cluster, environment), environment.base
    old = base.by_id.get(cluster.id) if base is not None else None
    if base is None or old is None or isinstance(made, NotKnown):
        return made
    before = cluster_plan(old, base)
    if isinstance(before, NotKnown):
        return made
    known = {pool.input.name: (pool, plan) for pool, plan in before.pairs}
    pools = tuple(_standing(pool, *known[pool.input.name]) if pool.input.name in known else pool for pool in made.pools)
    return replanned(made, pools) if pools != made.pools else made


def _standing(pool: Declared, old: Declared, plan: PoolPlan) -> Declared:
    """A pool with the PGs it has, unless it asks for a number, and in the place it keeps where Rook ignores another one.

    Rook moves a replicated pool only with ``enableCrushUpdates``; a ``pg_num_min`` above what the pool has is refused.
    """
    given, was = pool.input, old.input
    asked = pool.sizing.pg_num if pool.sizing is not None else None
    given = given._replace(pg_num_created=asked or plan.pg_num_accepted)
    if given.pg_num_min and given.pg_num_min > max(given.pg_num_created or 0, was.pg_num_min or 0):
        given = given._replace(pg_num_min=was.pg_num_min)
    follows = pool.subject is None or boolean(pool.subject.object.get("enableCrushUpdates")) is True
    if given.type == was.type == "replicated" and not follows:
        given = given._replace(root=was.root, device_class=was.device_class)
    return replace(pool, input=given)


def pg_shifts(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """Pools whose PG count will differ from the base revision's, and what that adds up to.

    One item a pool: ``of`` (the pool), ``name``, ``before`` and ``after`` (PGs), ``factor`` (the larger by the smaller),
    ``moves`` (about how many percent of its data move; 0 when none do, or where Ceph places all of it anew), ``root``,
    ``percent`` (by how much the PG replicas of all pools of that root that both have change), ``most`` (of the changed pools of
    the root it changes most). New clusters and pools are left out, as are pools that nobody declares.
    """
    if environment.base is None:
        return NotKnown("no base revision")
    before: dict[str, ClusterPlan] = {}
    for cluster, made in plans(environment.base):
        if isinstance(made, NotKnown):
            return NotKnown(f"before this change, {made.reason}")
        before[cluster.id] = made
    found: list[Json] = []
    for cluster, _ in plans(environment):
        if cluster.id not in before:
            continue
        made = standing_plan(cluster, environment)
        if isinstance(made, NotKnown):
            return made
        found += _shifts(before[cluster.id], made)
    return found


def moved(before: PoolPlan, after: PoolPlan, plan: ClusterPlan) -> int:
    """About how many percent of a pool's data its new PG count moves; 0 where its place is another one altogether."""
    if before.root != after.root:
        return 0
    return moved_by_pgs(before.pg_num_accepted, after.pg_num_accepted, after.size, plan.roots[after.root].osds)


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
        found += [_item(d, a, b, percent, moved(a, b, after), first=_step(a, b) == most) for d, a, b in changed]
    return found


def _step(before: PoolPlan, after: PoolPlan) -> int:
    return abs(after.pg_num_wanted * after.size - before.pg_num_wanted * before.size)


def _item(pool: Declared, before: PoolPlan, after: PoolPlan, percent: int, moves: int, *, first: bool) -> Json:
    low, high = sorted((before.pg_num_wanted, after.pg_num_wanted))
    assert pool.subject is not None
    return {
        "of": pool.subject.id,
        "name": after.name,
        "before": before.pg_num_wanted,
        "after": after.pg_num_wanted,
        "factor": high / max(low, 1),
        "moves": moves,
        "root": after.root,
        "percent": percent,
        "most": first,
    }


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Environment": {"pg_shifts": pg_shifts}}
