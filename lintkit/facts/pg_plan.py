"""The PG autoscaler on what Git declares: every pool of a cluster in one order, and what becomes of it.

Ceph numbers pools in the order of their creation, and up to generation A the numbers decide who gets which part of
the budget. Rook's controllers create pools side by side, so the order cannot be known from Git. Plans use this one:
``.mgr``; CephBlockPools as listed; each CephFilesystem's metadata and data pools; each object store's seven metadata
pools and its data pool; ``.nfs``. Loads and PG counts are given as a range over the orders of ``ceph/orders.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from functools import lru_cache
from typing import Final, TypeVar

from lintkit.errors import LintkitError
from lintkit.facts.ceph.autoscaler import generation, plan
from lintkit.facts.ceph.crush import Root, root_name, used_roots
from lintkit.facts.ceph.implicit import RGW_PG_NUM, cephfs_metadata, mgr_pool, nfs_pool, rgw_metadata_pools
from lintkit.facts.ceph.model import (
    DEFAULT_MAX_PG_PER_OSD,
    DEFAULT_OSD_BYTES,
    DEFAULT_POOL_PG_NUM,
    DEFAULT_TARGET_PG_PER_OSD,
    ClusterInput,
    ModuleError,
    OsdGroup,
    Plan,
    PoolInput,
    PoolPlan,
)
from lintkit.facts.ceph.orders import creation_orders
from lintkit.facts.ceph_settings import setting
from lintkit.facts.osds import Osds, osds_of
from lintkit.facts.pools import Shape, Sizing, replica_default, rule_class, shape, sizing
from lintkit.facts.storage import external
from lintkit.records import NamedTuple, dataclass, replace
from lintkit.subjects.environment import Environment, NotKnown, once_each
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import text
from lintkit.yamldoc.unknowns import unknown_reason

Number = TypeVar("Number", int, float)

CLASSIC_VERSION: Final = "19.2.3"
BUDGET_VERSION: Final = "20.2.5"
"""Versions that stand for the two algorithms where the cluster's is not known."""


@dataclass(frozen=True)
class Declared:
    """A pool of a cluster: what the autoscaler sees, and the subject that declares it (None: Ceph makes it itself)."""

    input: PoolInput
    subject: Subject | None
    sizing: Sizing | None

    @property
    def application(self) -> str:
        """``rbd``, ``cephfs``, ``rgw`` or ``nfs``; ``mgr`` for the pool of the managers."""
        if self.input.name in (".mgr", ".nfs"):
            return self.input.name[1:]
        return str(self.subject.facts["application"]) if self.subject is not None else ""


@dataclass(frozen=True)
class ClusterPlan:
    """The prediction for one CephCluster.

    ``plan`` is for the canonical order and the cluster's Ceph version (generation A where it is unknown, then
    ``assumed``). ``loads`` is, by root, the least and most PG replicas per OSD over the orders tried, and over both
    generations where the version is unknown. Pools that share OSDs through another root count. ``counts`` is the same
    for the PGs that each pool is given, before the mon refuses any. ``swayed`` are the roots whose loads the order
    decides. ``target`` and ``limit`` are ``mon_target_pg_per_osd`` and ``mon_max_pg_per_osd`` where the cluster sets them.
    """

    cluster: Subject
    pools: tuple[Declared, ...]
    input: ClusterInput
    plan: Plan
    loads: Dict[str, tuple[float, float]]
    counts: Dict[str, tuple[int, int]]
    swayed: frozenset[str]
    roots: Dict[str, Root]
    assumed: bool
    target: int | None = None
    limit: int | None = None

    @property
    def osds(self) -> int:
        """OSDs of the cluster."""
        return sum(group.count for group in self.input.osds)

    @property
    def pairs(self) -> tuple[tuple[Declared, PoolPlan], ...]:
        """Every pool with what becomes of it."""
        return tuple(zip(self.pools, self.plan.pools, strict=True))


def plans(environment: Environment) -> Iterator[tuple[Subject, ClusterPlan | NotKnown]]:
    """The prediction for every CephCluster that is run here."""
    for cluster in environment.by_kind.get("CephCluster", ()):
        if not external(cluster, environment):
            yield cluster, cluster_plan(cluster, environment)


@once_each
def declared_pools(cluster: Subject, environment: Environment) -> tuple[Declared, ...] | NotKnown:
    """Every pool of a cluster in the order above, those that exist without being declared included."""
    namespace = cluster.resource.namespace
    own = [p for p in environment.by_kind.get("Pool", ()) if p.resource.namespace == namespace]
    size = replica_default(environment, cluster)
    found: list[Declared] = []
    for subject in own:
        made = _declared(subject, environment, size)
        if isinstance(made, NotKnown):
            return made
        found += made
    names = {d.input.name for d in found}
    if ".mgr" not in names:
        found.append(Declared(mgr_pool(size), None, None))
    if ".nfs" not in names and any(n.resource.namespace == namespace for n in environment.by_kind.get("CephNFS", ())):
        found.append(Declared(nfs_pool(size), None, None))
    unique: dict[str, Declared] = {}
    for pool in found:
        unique.setdefault(pool.input.name, pool)
    return tuple(sorted(unique.values(), key=_rank))


_RANKS: Final = {"CephBlockPool": 1, "CephFilesystem": 2, "CephObjectStore": 3, "CephObjectZone": 3}


def _rank(pool: Declared) -> int:
    if pool.input.name == ".mgr":
        return 0
    return _RANKS.get(str(pool.subject.facts["owner_kind"]), 4) if pool.subject is not None else 5


def _declared(pool: Subject, environment: Environment, size: int) -> list[Declared] | NotKnown:
    name = str(pool.facts["ceph_name"])
    root, device_class = pool.object.get("crushRoot"), rule_class(pool)
    reason = unknown_reason(root) or unknown_reason(device_class)
    if "#" in pool.id:
        reason = "several files define it"
    if reason:
        return NotKnown(f"pool {name}: {reason}")
    form, wishes = shape(pool), sizing(pool, environment)
    if isinstance(form, NotKnown):
        return form
    if isinstance(wishes, NotKnown):
        return wishes
    made = _input(name, form, wishes, text(root) or "default", text(device_class))
    if name == ".mgr":
        made = made._replace(pg_num_created=made.pg_num_created or 1, pg_num_min=made.pg_num_min or 1, pg_num_max=32)
    if pool.facts["role"] != "metadata":
        return [Declared(made, pool, wishes)]
    if pool.facts["application"] == "cephfs":
        return [Declared(cephfs_metadata(made), pool, wishes)]
    if pool.facts["application"] == "rgw":
        return [Declared(p, pool, wishes) for p in _rgw(pool, made)]
    return [Declared(made, pool, wishes)]


def _input(name: str, form: Shape, wishes: Sizing, root: str, device_class: str | None) -> PoolInput:
    return PoolInput(
        name,
        type="replicated" if form.size else "erasure",
        size=form.size,
        k=form.k,
        m=form.m,
        root=root,
        device_class=device_class or None,
        pg_num_created=wishes.pg_num or None,
        target_size_ratio=wishes.ratio or 0.0,
        target_size_bytes=wishes.bytes or 0,
        bulk=wishes.bulk,
        bias=wishes.bias,
        pg_num_min=wishes.pg_num_min,
        pg_num_max=wishes.pg_num_max or None,
        mode=wishes.mode,
    )


def _rgw(pool: Subject, made: PoolInput) -> list[PoolInput]:
    """The seven pools of one metadata spec, with what it asks for; Rook sets ``pg_num_min`` 8 over it."""
    names = rgw_metadata_pools(pool.resource.name)
    return [made._replace(name=p.name, pg_num_created=made.pg_num_created or RGW_PG_NUM, pg_num_min=RGW_PG_NUM) for p in names]


def cluster_input(
    cluster: Subject, environment: Environment, pools: tuple[Declared, ...]
) -> tuple[ClusterInput, bool] | NotKnown:
    """What the autoscaler sees, and whether the Ceph version is assumed; NotKnown without OSD counts or classes."""
    osds = osds_of(cluster, environment)
    if isinstance(osds, NotKnown):
        return osds
    obstacle = osds.open_reason or _unplaced(osds, pools)
    if obstacle:
        return NotKnown(obstacle)
    groups = tuple(
        OsdGroup(g.count or 0, g.classes[0] if len(g.classes) == 1 else None, size_bytes=g.size or DEFAULT_OSD_BYTES)
        for g in osds.groups
    )
    if not any(group.count for group in groups):
        return NotKnown(f"CephCluster {cluster.resource.name} lists no devices")
    version = environment.versions.get("ceph", "")
    assumed = not _version_known(version)
    return (
        ClusterInput(
            osds=_joined(groups),
            pools=tuple(p.input for p in pools),
            ceph_version=CLASSIC_VERSION if assumed else version,
            mon_target_pg_per_osd=_option(cluster, environment, "mon_target_pg_per_osd", DEFAULT_TARGET_PG_PER_OSD),
            mon_max_pg_per_osd=_option(cluster, environment, "mon_max_pg_per_osd", DEFAULT_MAX_PG_PER_OSD),
            osd_pool_default_pg_num=_option(cluster, environment, "osd_pool_default_pg_num", DEFAULT_POOL_PG_NUM),
        ),
        assumed,
    )


def _joined(groups: tuple[OsdGroup, ...]) -> tuple[OsdGroup, ...]:
    """Groups that nothing tells apart as one, so that a thousand devices cost no more than one."""
    counts: dict[OsdGroup, int] = {}
    for group in groups:
        key = replace(group, count=0)
        counts[key] = counts.get(key, 0) + group.count
    return tuple(replace(key, count=count) for key, count in counts.items())


def _unplaced(osds: Osds, pools: tuple[Declared, ...]) -> str:
    """Why the OSDs of some pool cannot be told; empty when they can."""
    detected = any(len(g.classes) > 1 and g.count for g in osds.groups)
    unsized = any(g.size is None for g in osds.groups)
    for pool in pools:
        if pool.input.root != "default":
            return f"the OSDs below CRUSH root {pool.input.root} are not in the repository"
        if pool.input.device_class and detected:
            return "the device class of some OSDs is detected in the cluster"
        if pool.input.target_size_bytes and not pool.input.target_size_ratio and unsized:
            return "the size of the OSDs is not in the repository"
    return ""


def _version_known(version: str) -> bool:
    try:
        generation(version)
    except LintkitError:
        return False
    return True


def _option(cluster: Subject, environment: Environment, key: str, default: int) -> int:
    return _set(cluster, environment, key) or default


def _set(cluster: Subject, environment: Environment, key: str) -> int | None:
    found = setting(cluster, environment, key)
    return int(found.value) if found and found.value.isdecimal() and int(found.value) > 0 else None


@once_each
def cluster_plan(cluster: Subject, environment: Environment) -> ClusterPlan | NotKnown:
    """The prediction for one CephCluster; NotKnown with the reason where something it needs is not known."""
    pools = declared_pools(cluster, environment)
    if isinstance(pools, NotKnown):
        return pools
    seen = cluster_input(cluster, environment, pools)
    if isinstance(seen, NotKnown):
        return seen
    target, limit = (_set(cluster, environment, f"mon_{key}_pg_per_osd") for key in ("target", "max"))
    return _planned(cluster, pools, *seen, target, limit)


def replanned(made: ClusterPlan, pools: tuple[Declared, ...]) -> ClusterPlan | NotKnown:
    """The prediction for the same cluster with other pools."""
    given = made.input._replace(pools=tuple(p.input for p in pools))
    return _planned(made.cluster, pools, given, made.assumed, made.target, made.limit)


def _planned(
    cluster: Subject, pools: tuple[Declared, ...], given: ClusterInput, assumed: bool, target: int | None, limit: int | None
) -> ClusterPlan | NotKnown:
    try:
        first, reach = plan(given), _reach(given, assumed=assumed)
    except ModuleError as error:
        return NotKnown(f"Ceph's autoscaler fails on these pools: {error}")
    roots = used_roots(given)
    return ClusterPlan(cluster, pools, given, first, reach.loads, reach.counts, reach.swayed, roots, assumed, target, limit)


class _Reach(NamedTuple):
    """What the orders of creation make possible: ranges by root and by pool, and the roots they matter to."""

    loads: dict[str, tuple[float, float]]
    counts: dict[str, tuple[int, int]]
    swayed: frozenset[str]


@lru_cache(maxsize=64)
def _reach(given: ClusterInput, *, assumed: bool) -> _Reach:
    loads: dict[str, tuple[float, float]] = {}
    counts: dict[str, tuple[int, int]] = {}
    swayed: set[str] = set()
    for version in (given.ceph_version, *((BUDGET_VERSION,) if assumed else ())):
        own: dict[str, tuple[float, float]] = {}
        for order in creation_orders(given.pools):
            ordered = given._replace(pools=order, ceph_version=version)
            made = plan(ordered)
            for root, load in _loads(ordered, made).items():
                own[root] = _widened(own.get(root), load)
                loads[root] = _widened(loads.get(root), load)
            for pool in made.pools:
                counts[pool.name] = _widened(counts.get(pool.name), pool.pg_num_wanted)
        swayed |= {root for root, (low, high) in own.items() if round(low, 1) != round(high, 1)}
    return _Reach(loads, counts, frozenset(swayed))


def _widened(known: tuple[Number, Number] | None, value: Number) -> tuple[Number, Number]:
    return (value, value) if known is None else (min(known[0], value), max(known[1], value))


def _loads(given: ClusterInput, made: Plan) -> dict[str, float]:
    """PG replicas per OSD of each root, as wanted, those of pools on overlapping roots counted in."""
    roots = used_roots(given)
    counts = [group.count for group in given.osds]
    replicas = dict.fromkeys(roots, 0)
    for pool in made.pools:
        replicas[pool.root] += pool.pg_num_wanted * pool.size
    loads: dict[str, float] = {}
    for name, root in roots.items():
        if not root.osds:
            continue
        total = 0.0
        for other, place in roots.items():
            common = place.mask & root.mask
            shared = sum(count for bit, count in enumerate(counts) if common >> bit & 1)
            total += replicas[other] * shared / place.osds if place.osds else 0.0
        loads[name] = total / root.osds
    return loads


def root_of(pool: PoolInput) -> str:
    """Name of the CRUSH root a pool uses: ``default``, or its shadow ``default~ssd``."""
    return root_name(pool.root, pool.device_class)
