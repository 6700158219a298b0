"""What a change summary tells of storage: pools with their predicted PGs, the load on OSDs, CephClusters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lintkit.facts.osds import osds_of
from lintkit.facts.pg_changes import standing_plan
from lintkit.facts.pg_plan import ClusterPlan, plans
from lintkit.facts.pools import shape
from lintkit.facts.reading import words
from lintkit.facts.storage import external
from lintkit.facts.summary_effects import CLASS, DOMAIN, ROOT, SIZE, pool_effects
from lintkit.facts.summary_pairs import Pair, Sides, others, text_of, things
from lintkit.finding import Changed, Turn
from lintkit.subjects.environment import Environment, NotKnown, once
from lintkit.subjects.model import Subject
from lintkit.subjects.project import ceph_version
from lintkit.yamldoc.node import Path, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

PGS: Final = "PGs"
POOL: Final = "pool"
LOAD: Final = "PG replicas per OSD"
# what a row says, where the pool says it, and what it means where the pool says nothing
_SETTINGS: Final[tuple[tuple[str, Path, str], ...]] = (
    (DOMAIN, ("failureDomain",), "host"),
    (CLASS, ("deviceClass",), ""),
    (ROOT, ("crushRoot",), "default"),
    ("ratio", ("parameters", "target_size_ratio"), ""),
    ("target bytes", ("parameters", "target_size_bytes"), ""),
    ("bulk", ("parameters", "bulk"), ""),
    ("autoscale mode", ("parameters", "pg_autoscale_mode"), ""),
    ("pg_num", ("parameters", "pg_num"), ""),
    ("pg_num_min", ("parameters", "pg_num_min"), ""),
    ("pg_num_max", ("parameters", "pg_num_max"), ""),
)
_LEGACY_RATIO: Final[Path] = ("replicated", "targetSizeRatio")
_FORM: Final[tuple[Path, ...]] = (("replicated", "size"), ("erasureCoded", "dataChunks"), ("erasureCoded", "codingChunks"))
_COVERED: Final = (*_FORM, _LEGACY_RATIO, *(path for _, path, _ in _SETTINGS))


def pool_changes(sides: Sides) -> Iterator[Changed]:
    """Pools that are new, gone, or differ in what they ask for or in the PGs that the autoscaler will choose."""
    told: set[str] = set()
    for pair in things(sides, "Pool", _ceph_name):
        name = _ceph_name(pair.any)
        told.add(name)
        if any(external(s, e) is True for s, e in zip(pair[:2], sides, strict=True) if s is not None):
            continue
        pgs = Turn(PGS, *(_pgs(side, s, name) for side, s in zip(sides, pair[:2], strict=True)))
        also = others(pair.before, pair.after, 2, _COVERED) if pair.before and pair.after else ()
        found = pair.changed(POOL, (*_pool_turns(pair), pgs), also)
        if found is not None:
            unknown = found.state == "changed" and pgs.before is None and pgs.after is None
            found = found._replace(effects=pool_effects(pair, found, tuple(_plan(side, pair.any) for side in sides)))
            yield found._replace(turns=(*found.turns, pgs)) if unknown else found
    yield from _implicit(sides, told)


def _ceph_name(pool: Subject) -> str:
    return str(pool.facts["ceph_name"])


def _pool_turns(pair: Pair) -> list[Turn]:
    turns = [Turn(SIZE, _form(pair.before), _form(pair.after))]
    for name, path, default in _SETTINGS:
        turns.append(Turn(name, _setting(pair.before, path, default), _setting(pair.after, path, default)))
    return turns


def _form(pool: Subject | None) -> str | None:
    """``3`` or ``4+2``; empty where a pool has no valid size."""
    if pool is None:
        return ""
    form = shape(pool)
    if not isinstance(form, NotKnown):
        return str(form.size) if form.size else f"{form.k}+{form.m}"
    nodes = [lookup(pool.object, *path[:n]) for path in _FORM for n in (1, 2)]
    return None if any(unknown_reason(node) for node in nodes) else ""


def _setting(pool: Subject | None, path: Path, default: str) -> str | None:
    if pool is None:
        return ""
    nodes = [lookup(pool.object, *path[:n]) for n in range(1, len(path) + 1)]
    if any(unknown_reason(node) for node in nodes):
        return None
    if path[-1] == "target_size_ratio" and nodes[-1] is None:
        nodes.append(lookup(pool.object, *_LEGACY_RATIO))
        if unknown_reason(nodes[-1]):
            return None
    return words(nodes[-1]) or default


@once
def _predicted(environment: Environment) -> dict[str, tuple[Subject, ClusterPlan | NotKnown]]:
    """The prediction for the cluster of each namespace, as it stands there."""
    return {cluster.resource.namespace: (cluster, standing_plan(cluster, environment)) for cluster, _ in plans(environment)}


def _plan(environment: Environment, pool: Subject) -> ClusterPlan | NotKnown | None:
    return _predicted(environment).get(pool.resource.namespace, (None, None))[1]


def _pgs(environment: Environment, pool: Subject | None, name: str) -> str | None:
    """PGs that the pool will have, those of all pools together where one spec makes several; None when not known."""
    if pool is None:
        return ""
    made = _plan(environment, pool)
    if not isinstance(made, ClusterPlan):
        return None
    own = [plan for d, plan in zip(made.pools, made.plan.pools, strict=True) if d.subject is not None and d.subject.id == pool.id]
    return str(sum(plan.pg_num_accepted for plan in own)) if own else None


def _implicit(sides: Sides, told: set[str]) -> Iterator[Changed]:
    """Pools that Ceph makes itself and whose PGs differ."""
    counts: list[dict[str, str]] = []
    for side in sides:
        made = [plan for _, plan in _predicted(side).values() if isinstance(plan, ClusterPlan)]
        pairs = [pair for plan in made for pair in zip(plan.pools, plan.plan.pools, strict=True)]
        counts.append({p.name: str(p.pg_num_accepted) for d, p in pairs if d.subject is None and p.name not in told})
    before, after = counts
    for name in before:
        if name in after and before[name] != after[name]:
            yield Changed(POOL, name, "changed", (Turn(PGS, before[name], after[name]),))


def load_changes(sides: Sides) -> Iterator[Changed]:
    """CRUSH roots whose OSDs will hold another number of PG replicas than before."""
    before, after = (_loads(side) for side in sides)
    for name in dict.fromkeys((*after, *before)):
        turn = Turn("", _load(before, name, sides.before), _load(after, name, sides.after))
        if turn.before != turn.after:
            yield Changed(LOAD, name, "changed", (turn,))


def _loads(environment: Environment) -> dict[str, str]:
    found: dict[str, str] = {}
    known = _predicted(environment)
    for namespace, (_, made) in known.items():
        if isinstance(made, ClusterPlan):
            for root, (low, high) in made.loads.items():
                ends = dict.fromkeys(f"{load:.1f}" for load in (low, high))
                found[f"{namespace}: {root}" if len(known) > 1 else root] = " to ".join(ends)
    return found


def _load(loads: dict[str, str], name: str, environment: Environment) -> str | None:
    unknown = any(isinstance(made, NotKnown) for _, made in _predicted(environment).values())
    return loads.get(name, None if unknown else "")


def prediction_notes(sides: Sides, found: Iterable[Changed]) -> Iterator[str]:
    """Why PGs that a summary speaks of are unknown."""
    turns = [turn for changed in found for turn in changed.turns if turn.name == PGS or changed.kind == LOAD]
    for side, when, values in zip(sides, ("before", "after"), zip(*[t[1:] for t in turns], strict=True), strict=False):
        if None not in values:
            continue
        reasons = [made.reason for _, made in _predicted(side).values() if isinstance(made, NotKnown)]
        yield f"PGs {when} the change are unknown: {reasons[0] if reasons else 'no CephCluster of these pools is declared here'}"


def cluster_turns(pair: Pair, sides: Sides) -> list[Turn]:
    """What a row says of a CephCluster: its Ceph version, daemons and OSDs."""
    turns = [Turn("Ceph", _version(pair.before), _version(pair.after))]
    for name, path in (("mons", ("spec", "mon", "count")), ("mgrs", ("spec", "mgr", "count"))):
        turns.append(Turn(name, *(text_of(s, path) for s in pair[:2])))
    osds = Turn("OSDs", _osds(pair.before, sides.before), _osds(pair.after, sides.after))
    return [*turns, osds]


def _version(cluster: Subject | None) -> str | None:
    if cluster is None:
        return ""
    node = lookup(cluster.object, "spec", "cephVersion", "image")
    image = text(node) or ""
    return None if unknown_reason(node) else ceph_version(image) or image.rpartition(":")[2]


def _osds(cluster: Subject | None, environment: Environment) -> str | None:
    if cluster is None or external(cluster, environment) is True:
        return ""
    found = osds_of(cluster, environment)
    return None if isinstance(found, NotKnown) or found.open_reason else str(found.total())
