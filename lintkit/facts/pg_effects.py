"""What one change of pools would do to predicted PG counts: facts for the messages of fixes.

They give null, or nothing at all, where the plan of the cluster is not known: a policy speaks without them too.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Any, Final

from lintkit.facts.ceph.autoscaler import plan
from lintkit.facts.ceph.model import ModuleError, Plan
from lintkit.facts.pg_plan import ClusterPlan, Declared, cluster_plan
from lintkit.facts.storage import cluster_of, external
from lintkit.records import NamedTuple, replace
from lintkit.subjects.environment import Environment, Fact, once_each
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json

Changes = Dict[str, Dict[str, Any]]
"""Fields of :class:`PoolInput` to replace, by the id of the subject that declares a pool; an empty id: pools nobody declares."""


def with_changes(made: ClusterPlan, changes: Changes) -> tuple[Declared, ...]:
    """The pools of a plan with some of them changed."""
    return tuple(replace(p, input=p.input._replace(**changes[_id(p)])) if _id(p) in changes else p for p in made.pools)


def changed(made: ClusterPlan, changes: Changes) -> Plan | None:
    """The prediction with some pools changed, for the canonical order; None where Ceph's module fails on them."""
    try:
        return plan(made.input._replace(pools=tuple(p.input for p in with_changes(made, changes))))
    except ModuleError:
        return None


def _id(pool: Declared) -> str:
    return pool.subject.id if pool.subject is not None else ""


def effects(made: ClusterPlan, then: Plan) -> dict[str, Json]:
    """``before`` and ``after``: PGs of the pools whose count another plan changes, by id of what declares them."""
    found: dict[str, Json] = {}
    for pool, old, new in zip(made.pools, made.plan.pools, then.pools, strict=True):
        if old.pg_num_accepted != new.pg_num_accepted:
            found.setdefault(_id(pool), {"before": old.pg_num_accepted, "after": new.pg_num_accepted})
    return found


def if_bulk(subject: Subject, environment: Environment) -> Json:
    """``before`` and ``after``: PGs of a pool as it is and marked as bulk; null where that is the same, or not known."""
    if subject.facts["role"] != "data" or external(subject, environment):
        return None
    cluster = cluster_of(subject, environment)
    made = cluster_plan(cluster, environment) if cluster is not None else None
    if not isinstance(made, ClusterPlan):
        return None
    own = next((p.input for p in made.pools if _id(p) == subject.id), None)
    if own is None or own.bulk or own.target_size_ratio or own.target_size_bytes or own.mode != "on":
        return None
    then = changed(made, {subject.id: {"bulk": True}})
    return effects(made, then).get(subject.id) if then else None


class Classed(NamedTuple):
    """What becomes of a cluster when its pools without a device class get one.

    ``pools`` is ``before`` and ``after`` (PGs) of those whose count changes, by id; ``scaled`` how many pools get more PGs.
    """

    pools: Dict[str, Json]
    scaled: int


@once_each
def if_classed(cluster: Subject, environment: Environment) -> Classed | None:
    """The pools of the default root with the class that most of them have; None where the plan is not known."""
    made = None if external(cluster, environment) else cluster_plan(cluster, environment)
    if not isinstance(made, ClusterPlan):
        return None
    here = [p for p in made.pools if p.input.root == "default"]
    used = [p.input.device_class for p in here if p.input.device_class]
    if not used:
        return None
    usual = max(sorted(set(used)), key=used.count)
    then = changed(made, {_id(p): {"device_class": usual} for p in here if not p.input.device_class})
    if then is None:
        return None
    scaled = sum(b.pg_num_accepted > a.pg_num_accepted for a, b in zip(made.plan.pools, then.pools, strict=True))
    return Classed(effects(made, then), scaled)


def if_one_class(subject: Subject, environment: Environment) -> Json:
    """``before`` and ``after``: PGs of an object store's data pool as it is, and when all its pools have one class.

    That of the pools which have one. Null where none or all of them have, where that changes nothing, or is not known.
    """
    cluster = cluster_of(subject, environment)
    made = cluster_plan(cluster, environment) if cluster is not None and not external(subject, environment) else None
    if not isinstance(made, ClusterPlan):
        return None
    own = [p for p in made.pools if p.subject is not None and p.subject.resource == subject.resource]
    classes = {p.input.device_class for p in own if p.input.device_class}
    without = [p for p in own if not p.input.device_class]
    if len(classes) != 1 or not without:
        return None
    then = changed(made, {_id(p): {"device_class": next(iter(classes))} for p in without})
    data = next((_id(p) for p in own if p.subject is not None and p.subject.facts["role"] == "data"), "")
    return effects(made, then).get(data) if then else None


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Pool": {"if_bulk": if_bulk},
    "CephObjectStore": {"if_one_class": if_one_class},
    "CephObjectZone": {"if_one_class": if_one_class},
}
