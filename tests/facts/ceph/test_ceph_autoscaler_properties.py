"""What holds for any cluster the PG autoscaler is asked about."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lintkit.facts.ceph.autoscaler import plan
from lintkit.facts.ceph.model import ClusterInput, ModuleError, OsdGroup, Plan, PoolInput

A, SQUID, B, BETWEEN = "20.2.4", "19.2.3", "21.1.0", "main-2026"

sixteenths = st.integers(0, 32).map(lambda number: number / 16)  # exact, so that sums do not depend on order
any_pool = st.builds(
    PoolInput,
    name=st.just(""),
    size=st.just(3),
    pg_num_created=st.sampled_from([None, 8, 32, 100, 512]),
    target_size_ratio=sixteenths,
    bulk=st.booleans(),
    device_class=st.sampled_from([None, "ssd", "hdd"]),
    mode=st.sampled_from(["on", "warn", "off"]),
)


def named(pools: list[PoolInput]) -> tuple[PoolInput, ...]:
    return tuple(pool._replace(name=f"p{number}") for number, pool in enumerate(pools))


OSDS = (OsdGroup(7, "ssd"), OsdGroup(20, "hdd"))


@settings(max_examples=150, deadline=None)
@given(st.lists(any_pool, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_pools_never_matters_in_the_budget_generation(pools: list[PoolInput], random: object) -> None:
    """Equal totals at equal cost reached by different groups are settled by order; then only the totals are compared."""
    ordered = list(named(pools))
    shuffled = list(ordered)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (planned(ClusterInput(OSDS, tuple(order), B)) for order in (ordered, shuffled))
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    first = {pool.name: (pool.pg_num_final, pool.would_adjust) for pool in one.pools}
    second = {pool.name: (pool.pg_num_final, pool.would_adjust) for pool in other.pools}
    if first != second:
        assert sum(number or 0 for number, _ in first.values()) == sum(number or 0 for number, _ in second.values())


def planned(given_cluster: ClusterInput) -> Plan | str:
    try:
        return plan(given_cluster)
    except ModuleError as problem:
        return str(problem).partition(":")[0]


@settings(max_examples=150, deadline=None)
@given(st.lists(any_pool, max_size=6), st.sampled_from([SQUID, A, B, BETWEEN]), st.sampled_from([2, 4, 8]))
def test_scaling_every_ratio_by_a_power_of_two_changes_nothing(pools: list[PoolInput], version: str, factor: int) -> None:
    """Ratios are divided by their sum whatever it is."""
    one = planned(ClusterInput(OSDS, named(pools), version))
    scaled = [pool._replace(target_size_ratio=pool.target_size_ratio * factor) for pool in pools]
    other = planned(ClusterInput(OSDS, named(scaled), version))
    if isinstance(one, Plan) and isinstance(other, Plan):
        assert [pool.pg_num_wanted for pool in one.pools] == [pool.pg_num_wanted for pool in other.pools]
    else:
        assert one == other


wild_pool = st.builds(
    PoolInput,
    name=st.just(""),
    type=st.sampled_from(["replicated", "erasure"]),
    size=st.integers(1, 10),
    k=st.integers(1, 12),
    m=st.integers(0, 6),
    root=st.sampled_from(["default", "other", "absent"]),
    device_class=st.sampled_from([None, "ssd", "hdd"]),
    pg_num_created=st.none() | st.integers(1, 70000),
    target_size_ratio=st.just(0.0) | st.floats(0, 1e6),
    target_size_bytes=st.just(0) | st.integers(0, 1 << 60),
    bulk=st.booleans(),
    bias=st.just(1.0) | st.floats(0, 1000),
    pg_num_min=st.none() | st.integers(0, 70000) | st.sampled_from([1, 64, 1024]),
    pg_num_max=st.none() | st.integers(0, 70000) | st.sampled_from([16, 256]),
    mode=st.sampled_from(["on", "warn", "off"]),
)
wild_osds = st.builds(
    OsdGroup,
    count=st.integers(0, 2000),
    device_class=st.sampled_from([None, "ssd", "hdd"]),
    root=st.sampled_from(["default", "other"]),
    size_bytes=st.integers(0, 1 << 45),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(wild_osds, max_size=4),
    st.lists(wild_pool, max_size=8),
    st.sampled_from([SQUID, A, B, BETWEEN]),
    st.integers(1, 500),
)
def test_any_valid_cluster_gets_an_answer(osds: list[OsdGroup], pools: list[PoolInput], version: str, target: int) -> None:
    result = planned(ClusterInput(tuple(osds), named(pools), version, mon_target_pg_per_osd=target))
    if isinstance(result, str):
        assert version in (B, BETWEEN)
        return
    for pool in result.pools:
        assert pool.pg_num_wanted in (pool.pg_num_created, pool.pg_num_final)
        assert pool.pg_num_accepted in (pool.pg_num_created, pool.pg_num_wanted)
        assert (pool.pg_num_final is None) == bool(pool.skipped)


@pytest.mark.parametrize("version", [SQUID, B, BETWEEN])
def test_a_thousand_pools_on_ten_thousand_osds_are_planned_at_once(version: str) -> None:
    pools = tuple(PoolInput(f"p{i}", size=2 + i % 3, target_size_ratio=1 + i * 7919 % 1000, bulk=i % 4 == 0) for i in range(1000))
    result = plan(ClusterInput((OsdGroup(10000),), pools, version))
    assert len(result.pools) == 1000
