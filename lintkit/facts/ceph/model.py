"""What the PG autoscaler is asked and what it answers: plain frozen data.

Nothing here knows about YAML; the facts layer builds a :class:`ClusterInput` from subjects, ``whatif``
builds one from JSON. Sizes are bytes, ratios are fractions (1.0 = all), PG counts are PGs of a pool;
"PG replicas" are PGs times the pool's size, which is what an OSD holds.
"""

from __future__ import annotations

from typing import Final

from lintkit.records import NamedTuple, dataclass

DEFAULT_TARGET_PG_PER_OSD: Final = 100
"""``mon_target_pg_per_osd`` of 16.2.15, 18.2.7 and 20.2.4, measured; no upstream default above it was ever released."""

DEFAULT_MAX_PG_PER_OSD: Final = 250
"""``mon_max_pg_per_osd``: 250 since Luminous (ceph PR 23251); measured up to 20.2.4."""

DEFAULT_POOL_PG_NUM: Final = 32
"""``osd_pool_default_pg_num``, and the classic module's own floor ``PG_NUM_MIN`` (16 after ceph PR 31636, 32 since)."""

DEFAULT_THRESHOLD: Final = 3.0
"""The module's ``threshold``: a new pg_num must differ by more than this factor before it is set."""

DEFAULT_OSD_BYTES: Final = 1 << 40
"""Capacity of an OSD nobody told about (1 TiB). Capacity decides only what ``target_size_bytes`` is worth."""

CEPHFS_METADATA_BIAS: Final = 4.0
"""``mds_metadata`` bias that ``ceph fs new`` sets on the metadata pool; measured on 20.2.4 and 18.2.7."""

CEPHFS_METADATA_PG_NUM_MIN: Final = 16
"""``pg_num_min`` that ``ceph fs new`` sets on the metadata pool; measured on 20.2.4 and 18.2.7."""


class ModuleError(Exception):
    """Ceph's own module raises on this input, so its whole cycle ends and no pool of the cluster is scaled."""


@dataclass(frozen=True, slots=True)
class OsdGroup:
    """``count`` equal OSDs below CRUSH root ``root``. ``hosts`` is for placement only; the autoscaler never looks at hosts."""

    count: int
    device_class: str | None = None
    root: str = "default"
    size_bytes: int = DEFAULT_OSD_BYTES
    hosts: int | None = None
    host_prefix: str = "host"


class PoolInput(NamedTuple):
    """One pool; the order of pools is their creation order (= pool id), which generation A depends on.

    ``type`` is ``replicated`` (``size`` copies) or ``erasure`` (``k`` data, ``m`` coding chunks). None is
    "not set": no device class means the bare root, no ``pg_num_created`` means the mon chose it.
    ``mode`` is ``pg_autoscale_mode``: on, warn or off.
    """

    name: str
    type: str = "replicated"
    size: int = 3
    k: int = 0
    m: int = 0
    root: str = "default"
    device_class: str | None = None
    pg_num_created: int | None = None
    target_size_ratio: float = 0.0
    target_size_bytes: int = 0
    bulk: bool = False
    bias: float = 1.0
    pg_num_min: int | None = None
    pg_num_max: int | None = None
    mode: str = "on"
    failure_domain: str = "host"

    @property
    def width(self) -> int:
        """OSDs one PG occupies: copies of a replicated pool, k+m of an erasure-coded one (Ceph's ``pool.size``)."""
        return self.k + self.m if self.type == "erasure" else self.size

    @property
    def raw_used_rate(self) -> float:
        """Raw bytes per stored byte: size, or (k+m)/k (``OSDMap::pool_raw_used_rate``)."""
        return (self.k + self.m) / self.k if self.type == "erasure" else float(self.size)

    @property
    def pg_num_start(self) -> int:
        """PGs right after creation: 1 when none were asked for and autoscaling is on by default (measured, 20.2.4).

        The mon refuses a ``pg_num_min`` above the current pg_num, so a pool that has one began with at least
        that many. ``ceph fs new`` sets its two options without that test: CephFS metadata begins where it was created.
        """
        asked = self.pg_num_created or 1
        if self.bias == CEPHFS_METADATA_BIAS and self.pg_num_min == CEPHFS_METADATA_PG_NUM_MIN:
            return asked
        return max(asked, self.pg_num_min or 0)


class ClusterInput(NamedTuple):
    """Everything the autoscaler of an empty cluster sees. ``ceph_version`` as ``20.2.4``, ``v19`` or ``main-2026``."""

    osds: tuple[OsdGroup, ...]
    pools: tuple[PoolInput, ...]
    ceph_version: str
    mon_target_pg_per_osd: int = DEFAULT_TARGET_PG_PER_OSD
    mon_max_pg_per_osd: int = DEFAULT_MAX_PG_PER_OSD
    osd_pool_default_pg_num: int = DEFAULT_POOL_PG_NUM
    threshold: float = DEFAULT_THRESHOLD


class Demand(NamedTuple):
    """A pool as the passes see it: ``capacity_ratio`` is the larger of its bytes' and its ratio's share of the root."""

    name: str
    size: int
    capacity_ratio: float
    bias: float
    bulk: bool
    mode: str
    pg_num: int
    pg_num_min: int | None
    pg_num_max: int | None


class Target(NamedTuple):
    """What the passes decide for a pool.

    ``final_ratio`` is the share of its root, ``ideal`` the target before rounding (generation A only);
    ``overdrawn`` says that the pass used more than the root's budget, which silences all of its pools (generation B).
    """

    pg_num: int
    final_ratio: float
    ideal: int | None = None
    overdrawn: bool = False


class PoolPlan(NamedTuple):
    """What becomes of one pool. The columns of ``ceph osd pool autoscale-status``, and what follows from them.

    ``pg_num_final`` is the table's NEW PG_NUM before the threshold, None when ``skipped`` says why the pool is
    left out of the table. ``pg_num_wanted`` is what the autoscaler will set (the start value when it sets nothing),
    ``pg_num_accepted`` what remains of it when the mon ``refused`` an increase. ``capacity_ratio`` is the table's RATIO
    for this version: generation A counts the effective ratio in, later ones count bytes only.
    """

    name: str
    root: str
    size: int
    mode: str
    bias: float
    bulk: bool
    pg_num_created: int
    pg_num_final: int | None = None
    pg_num_ideal: int | None = None
    would_adjust: bool = False
    pg_num_wanted: int = 1
    pg_num_accepted: int = 1
    refused: bool = False
    skipped: str = ""
    overdrawn: bool = False
    final_ratio: float | None = None
    effective_target_ratio: float | None = None
    capacity_ratio: float | None = None
    target_ratio: float = 0.0
    target_bytes: int = 0
    raw_used_rate: float = 1.0
    subtree_capacity: int = 0


class RootPlan(NamedTuple):
    """A CRUSH root that pools use (``default``, or a class of it: ``default~ssd``).

    ``pg_budget`` is its share of PG replicas, ``pg_replicas`` what its own pools will occupy if the mon accepts.
    """

    name: str
    osds: int
    capacity: int
    pg_budget: int
    pools: tuple[str, ...]
    pg_replicas: int
    overlapping: bool


class HealthWarning(NamedTuple):
    """A Ceph health warning: ``code`` as Ceph names it, one ``detail`` line per pool or root."""

    code: str
    summary: str
    detail: tuple[str, ...]


class Plan(NamedTuple):
    """The answer for a cluster: ``generation`` A, B or main-2026; ``pools`` in the order given.

    ``overlapping_roots`` are sorted; the older generations skip their pools, B divides the budget of shared OSDs instead.
    The means are PG replicas per OSD of the cluster (0 without OSDs), as wanted and as the mon accepts.
    """

    generation: str
    pools: tuple[PoolPlan, ...]
    roots: tuple[RootPlan, ...]
    overlapping_roots: tuple[str, ...]
    mean_pg_replicas_per_osd: float
    mean_pg_replicas_accepted: float
    warnings: tuple[HealthWarning, ...]
    mon_target_pg_per_osd: int

    def pool(self, name: str) -> PoolPlan | None:
        """The plan of the pool called ``name``; None when there is none."""
        return next((pool for pool in self.pools if pool.name == name), None)
