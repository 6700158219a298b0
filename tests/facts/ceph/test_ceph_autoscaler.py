"""What the PG autoscaler does with whole clusters, from worked examples and hand-made ones."""

from __future__ import annotations

import pytest

from lintkit.errors import LintkitError
from lintkit.facts.ceph.autoscaler import NO_CAPACITY, OVERLAPPING, generation, plan
from lintkit.facts.ceph.implicit import cephfs_metadata, mgr_pool, nfs_pool, rgw_metadata_pools
from lintkit.facts.ceph.model import ClusterInput, ModuleError, OsdGroup, Plan, PoolInput

A, SQUID, B, BETWEEN = "20.2.4", "19.2.3", "21.1.0", "main-2026"
TIB = 1 << 40


def cluster(*pools: PoolInput, version: str = A, osds: int = 24, **more: int) -> ClusterInput:
    return ClusterInput((OsdGroup(osds, "ssd", size_bytes=TIB),), pools, version, **more)


def cloud(version: str, /, *names: str, **options: dict[str, object]) -> Plan:
    """.mgr, four OpenStack pools, CephFS and an object store on 24 OSDs."""
    openstack = [PoolInput(name)._replace(**options.get(name, {})) for name in names or OPENSTACK]  # type: ignore[arg-type]
    data = PoolInput("store.rgw.buckets.data")._replace(**options.get("data", {}))  # type: ignore[arg-type]
    pools = (
        mgr_pool(),
        *openstack,
        cephfs_metadata(PoolInput("fs-metadata")),
        PoolInput("fs-data0"),
        *rgw_metadata_pools("store"),
        data,
    )
    return plan(cluster(*pools, version=version))


def finals(result: Plan, *names: str) -> list[int | None]:
    return [pool.pg_num_final for pool in result.pools if pool.name in names]


def final(result: Plan, name: str) -> int | None:
    pool = result.pool(name)
    assert pool is not None
    return pool.pg_num_final


OPENSTACK = ("volumes", "images", "vms", "backups")
RATIOS: dict[str, dict[str, object]] = {
    "volumes": {"target_size_ratio": 0.6},
    "images": {"target_size_ratio": 0.2},
    "vms": {"target_size_ratio": 0.15},
    "backups": {"target_size_ratio": 0.05},
}


@pytest.mark.parametrize("version", [A, B])
def test_pools_without_hints_are_lifted_to_their_minimum_and_no_further(version: str) -> None:
    result = cloud(version)
    assert finals(result, *OPENSTACK) == [32, 32, 32, 32]
    assert (final(result, ".mgr"), final(result, "fs-metadata"), final(result, "store.rgw.meta")) == (1, 16, 8)
    assert round(result.mean_pg_replicas_per_osd) == 33


def test_later_pools_get_a_share_of_what_is_left_in_the_classic_generation() -> None:
    result = cloud(A, **RATIOS)
    assert [final(result, name) for name in OPENSTACK] == [512, 64, 32, 32]
    assert round(result.mean_pg_replicas_per_osd) == 97


def test_creating_the_same_pools_in_reverse_order_changes_classic_results() -> None:
    result = cloud(A, *OPENSTACK[::-1], **RATIOS)
    assert [final(result, name) for name in OPENSTACK] == [256, 128, 128, 32]
    assert round(result.mean_pg_replicas_per_osd) == 85


@pytest.mark.parametrize("order", [OPENSTACK, OPENSTACK[::-1]])
def test_floors_after_the_solve_overdraw_the_budget_and_silence_every_pool(order: tuple[str, ...]) -> None:
    result = cloud(B, *order, **RATIOS)
    assert [final(result, name) for name in OPENSTACK] == [512, 128, 128, 32]
    assert all(pool.overdrawn and not pool.would_adjust and pool.pg_num_wanted == pool.pg_num_created for pool in result.pools)
    assert round(sum((pool.pg_num_final or 0) * pool.size for pool in result.pools) / 24) == 117


@pytest.mark.parametrize(("version", "images", "mean"), [(A, 1024, 157), (B, 512, 93)])
def test_a_lone_small_ratio_takes_the_whole_root(version: str, images: int, mean: int) -> None:
    result = cloud(version, images={"target_size_ratio": 0.1})
    assert final(result, "images") == images
    assert result.pool("images").effective_target_ratio == 1.0  # type: ignore[union-attr]
    assert round(result.mean_pg_replicas_per_osd) == mean


@pytest.mark.parametrize(("version", "each", "mean"), [(A, 256, 145), (B, 128, 81)])
def test_bulk_pools_divide_the_rest_evenly(version: str, each: int, mean: int) -> None:
    bulk: dict[str, object] = {"bulk": True}
    result = cloud(version, volumes=bulk, images=bulk, vms=bulk, data=bulk)
    assert finals(result, "volumes", "images", "vms", "store.rgw.buckets.data") == [each] * 4
    assert round(result.mean_pg_replicas_per_osd) == mean


@pytest.mark.parametrize("version", [SQUID, A, BETWEEN])
def test_a_classless_mgr_pool_freezes_every_classed_pool(version: str) -> None:
    result = plan(cluster(mgr_pool(), PoolInput("rbd", device_class="ssd", target_size_ratio=1.0), version=version))
    assert result.overlapping_roots == ("default", "default~ssd")
    assert [(pool.skipped, pool.pg_num_final, pool.pg_num_wanted) for pool in result.pools] == [(OVERLAPPING, None, 1)] * 2


def test_the_budget_generation_shares_osds_between_overlapping_roots() -> None:
    result = plan(cluster(mgr_pool(), PoolInput("rbd", device_class="ssd", target_size_ratio=1.0), version=B))
    assert {root.name: root.pg_budget for root in result.roots} == {"default": 1200, "default~ssd": 1200}
    assert result.overlapping_roots == ("default", "default~ssd")
    assert final(result, "rbd") == 256
    assert result.pool("rbd").pg_num_wanted == 256  # type: ignore[union-attr]


def test_only_the_first_matching_root_is_noticed_by_the_classic_generation() -> None:
    osds = (OsdGroup(8, "nvme"), OsdGroup(16, "hdd"))
    pools = (PoolInput("fast", device_class="nvme"), PoolInput("slow", device_class="hdd"), PoolInput("legacy"))
    result = plan(ClusterInput(osds, pools, A))
    assert result.overlapping_roots == ("default", "default~nvme")
    assert [pool.skipped for pool in result.pools] == [OVERLAPPING, "", OVERLAPPING]


def test_classes_and_roots_without_common_osds_do_not_overlap() -> None:
    osds = (OsdGroup(8, "nvme"), OsdGroup(16, "hdd"), OsdGroup(4, "hdd", root="other"))
    pools = (PoolInput("fast", device_class="nvme"), PoolInput("slow", device_class="hdd"), PoolInput("far", root="other"))
    result = plan(ClusterInput(osds, pools, A))
    assert result.overlapping_roots == ()
    assert [root.pg_budget for root in result.roots] == [800, 1600, 400]


@pytest.mark.parametrize(
    ("version", "start", "expected"),
    [(SQUID, 512, False), (A, 512, True), (SQUID, 256, True), (B, 512, True)],
)
def test_growing_to_1024_needs_any_increase_since_tentacle_and_a_factor_before(version: str, start: int, expected: bool) -> None:
    pool = PoolInput("rbd", size=1, pg_num_created=start, target_size_ratio=1.0)
    result = plan(cluster(pool, version=version, osds=11))
    assert (result.pools[0].pg_num_final, result.pools[0].would_adjust) == (1024, expected)


def test_growing_to_512_needs_any_increase() -> None:
    result = plan(cluster(PoolInput("rbd", size=1, pg_num_created=256, target_size_ratio=1.0), osds=5))
    assert (result.pools[0].pg_num_final, result.pools[0].would_adjust) == (512, True)


@pytest.mark.parametrize(("start", "expected"), [(1024, False), (1000, True)])
def test_growing_to_2048_needs_more_than_a_factor_of_two(start: int, expected: bool) -> None:
    result = plan(cluster(PoolInput("rbd", size=1, pg_num_created=start, target_size_ratio=1.0), osds=21))
    assert (result.pools[0].pg_num_final, result.pools[0].would_adjust) == (2048, expected)


@pytest.mark.parametrize(("start", "expected"), [(96, False), (97, True)])
def test_shrinking_needs_more_than_the_threshold(start: int, expected: bool) -> None:
    result = plan(cluster(PoolInput("rbd", pg_num_created=start)))
    assert (result.pools[0].pg_num_final, result.pools[0].would_adjust) == (32, expected)


@pytest.mark.parametrize("mode", ["off", "warn"])
def test_tentacle_reports_but_does_not_act_on_pools_that_are_not_in_mode_on(mode: str) -> None:
    pool = PoolInput("rbd", target_size_ratio=1.0, mode=mode)
    old, new = plan(cluster(pool, version=SQUID)).pools[0], plan(cluster(pool)).pools[0]
    assert (old.would_adjust, new.would_adjust) == (False, True)
    assert (old.pg_num_wanted, new.pg_num_wanted) == (1, 1)


def test_a_pool_in_mode_off_keeps_its_part_of_the_budget_in_the_budget_generation() -> None:
    kept = PoolInput("kept", pg_num_created=256, mode="off")
    alone = plan(cluster(PoolInput("rbd", bulk=True), PoolInput("other"), version=B))
    beside = plan(cluster(PoolInput("rbd", bulk=True), kept, version=B))
    assert final(alone, "rbd") == 512  # 2304 of 2400 left for 3 x 768; 1024 would cost 3072
    assert final(beside, "rbd") == 512  # 1632 left: 544 PGs
    assert final(beside, "kept") == 256


def test_target_size_bytes_counts_raw_bytes_and_yields_to_a_ratio() -> None:
    by_bytes = PoolInput("b", target_size_bytes=2 * TIB)
    both = PoolInput("r", target_size_bytes=2 * TIB, target_size_ratio=1.0)
    result = plan(cluster(by_bytes, both))
    assert result.pools[0].capacity_ratio == pytest.approx(6 / 24)
    assert result.pools[1].effective_target_ratio == pytest.approx(18 / 24)
    assert [warning.code for warning in result.warnings] == ["POOL_HAS_TARGET_SIZE_BYTES_AND_RATIO"]


def test_a_ratio_beats_bytes_even_where_the_bytes_are_more() -> None:
    small = PoolInput("small", target_size_bytes=7 * TIB, target_size_ratio=1.0)
    result = plan(cluster(small, PoolInput("large", target_size_ratio=9.0)))
    assert (result.pools[0].target_bytes, result.pools[0].pg_num_ideal) == (0, 80)


@pytest.mark.parametrize(("version", "ratio"), [(A, 0.75), (B, 0.0), (BETWEEN, 0.0)])
def test_the_capacity_ratio_counts_the_target_ratio_in_only_in_the_classic_table(version: str, ratio: float) -> None:
    result = plan(cluster(PoolInput("a", target_size_ratio=3.0), PoolInput("b", target_size_ratio=1.0), version=version))
    assert (result.pools[0].capacity_ratio, result.pools[0].effective_target_ratio) == (ratio, 0.75)


def test_reserving_more_bytes_than_there_are_is_warned_about() -> None:
    result = plan(cluster(PoolInput("big", target_size_bytes=10 * TIB)))
    (warning,) = result.warnings
    assert warning.code == "POOL_TARGET_SIZE_BYTES_OVERCOMMITTED"
    assert warning.detail == ("Pools ['big'] overcommit available storage by 1.250x due to target_size_bytes",)


def test_mode_warn_raises_health_on_any_difference() -> None:
    result = plan(cluster(PoolInput("rbd", mode="warn", pg_num_created=16), PoolInput("obj", mode="warn", pg_num_created=64)))
    assert [(warning.code, warning.detail) for warning in result.warnings] == [
        ("POOL_TOO_FEW_PGS", ("Pool rbd has 16 placement groups, should have 32",)),
        ("POOL_TOO_MANY_PGS", ("Pool obj has 64 placement groups, should have 32",)),
    ]


def test_erasure_pools_count_every_chunk_as_a_replica_and_bytes_by_their_rate() -> None:
    pool = PoolInput("ec", type="erasure", k=4, m=2, target_size_bytes=8 * TIB)
    planned = plan(cluster(pool)).pools[0]
    assert (planned.size, planned.raw_used_rate) == (6, 1.5)
    assert (planned.capacity_ratio, planned.pg_num_ideal, planned.pg_num_final) == (0.5, 200, 256)


def test_a_maximum_that_is_no_power_of_two_is_used_as_it_is_by_the_classic_generation_and_raises_later() -> None:
    pool = PoolInput("rbd", pg_num_max=100, target_size_ratio=1.0)
    assert plan(cluster(pool)).pools[0].pg_num_accepted == 100
    assert [warning.code for warning in plan(cluster(pool)).warnings] == ["POOL_PG_NUM_NOT_POWER_OF_TWO"]
    for version in (B, BETWEEN):
        with pytest.raises(ModuleError, match="pool rbd would get pg_num 100, which is not a power of two"):
            plan(cluster(pool, version=version))


def test_the_budget_generation_raises_when_bulk_pools_meet_an_exhausted_budget() -> None:
    pools = (PoolInput("a", size=1, target_size_ratio=1.0), PoolInput("b", bulk=True))
    with pytest.raises(ModuleError, match="division by zero"):
        plan(ClusterInput((OsdGroup(1),), pools, B, mon_target_pg_per_osd=32))


def test_a_pg_num_min_above_the_start_means_that_the_pool_began_there() -> None:
    assert plan(cluster(PoolInput("rbd", pg_num_min=128))).pools[0].pg_num_created == 128
    assert plan(cluster(cephfs_metadata(PoolInput("fs")))).pools[0].pg_num_created == 1


def test_the_mon_refuses_what_would_pass_its_maximum_and_the_pool_stays() -> None:
    small = cluster(mgr_pool(), PoolInput("rbd", target_size_ratio=1.0), osds=3, mon_target_pg_per_osd=200)
    result = plan(small)
    assert [(pool.pg_num_wanted, pool.pg_num_accepted, pool.refused) for pool in result.pools] == [(1, 1, False), (256, 1, True)]
    assert (result.mean_pg_replicas_per_osd, result.mean_pg_replicas_accepted) == (257.0, 2.0)
    assert not plan(small._replace(mon_max_pg_per_osd=257)).pools[1].refused


def test_an_increase_refused_now_is_granted_after_other_pools_have_shrunk() -> None:
    pools = (
        PoolInput("shrinks", pg_num_created=512),
        PoolInput("grows", pg_num_created=128, target_size_ratio=1.0, pg_num_max=512),
    )
    result = plan(cluster(*pools, osds=12, mon_max_pg_per_osd=150))
    assert [pool.pg_num_accepted for pool in result.pools] == [32, 512]


def test_a_root_without_osds_or_capacity_is_left_out() -> None:
    pools = (PoolInput("nowhere", device_class="nvme"), PoolInput("empty", root="empty"), PoolInput("rbd"))
    osds = (OsdGroup(3, "ssd"), OsdGroup(3, "hdd", root="empty", size_bytes=0), OsdGroup(0, "nvme"))
    for version in (A, B, BETWEEN):
        assert [pool.skipped for pool in plan(ClusterInput(osds, pools, version)).pools] == [NO_CAPACITY, NO_CAPACITY, ""]


@pytest.mark.parametrize("version", [A, B, BETWEEN])
def test_a_cluster_without_osds_or_pools_has_an_empty_answer(version: str) -> None:
    assert plan(ClusterInput((), (), version)).mean_pg_replicas_per_osd == 0.0
    assert plan(ClusterInput((), (PoolInput("rbd"),), version)).pools[0].skipped == NO_CAPACITY
    assert plan(ClusterInput((OsdGroup(3),), (), version)).pools == ()


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("16.2.15", "A"),
        ("v19", "A"),
        ("20.2.4", "A"),
        ("v20.2.4-20260818", "A"),
        ("20.2.5", "B"),
        ("20.3.0", "B"),
        ("21", "B"),
        ("main-2026", "main-2026"),
    ],
)
def test_the_generation_follows_the_version(version: str, expected: str) -> None:
    assert generation(version) == expected


@pytest.mark.parametrize("version", ["", "latest", "twenty", "20.2.4x", "-1"])
def test_a_version_that_is_none_is_said(version: str) -> None:
    with pytest.raises(LintkitError, match="is not a Ceph version"):
        generation(version)


def test_implicit_pools_are_what_ceph_and_rook_create() -> None:
    assert [pool.name for pool in rgw_metadata_pools("s")] == [
        ".rgw.root",
        "s.rgw.control",
        "s.rgw.meta",
        "s.rgw.log",
        "s.rgw.buckets.index",
        "s.rgw.buckets.non-ec",
        "s.rgw.otp",
    ]
    assert {(pool.pg_num_created, pool.pg_num_min) for pool in rgw_metadata_pools("s")} == {(8, 8)}
    assert (mgr_pool().pg_num_min, mgr_pool().pg_num_max, nfs_pool(device_class="ssd").device_class) == (1, 32, "ssd")
