"""The JSON question of ``pgs --what-if`` and its answer."""

from __future__ import annotations

from typing import Any

import pytest

from lintkit.errors import LintkitError
from lintkit.facts.ceph.whatif import answer, parse


def question(**more: Any) -> Any:
    return {
        "ceph_version": "20.2.4",
        "mon_target_pg_per_osd": None,
        "osds": [{"count": 12, "device_class": "hdd", "hosts": 4, "size_bytes": 1 << 40}],
        "pools": [
            {"name": ".mgr", "type": "replicated", "size": 3, "pg_num_created": 1, "pg_num_min": 1, "pg_num_max": 32},
            {"name": "rbd", "type": "replicated", "size": 3, "target_size_ratio": 0.5},
        ],
        **more,
    }


def test_the_answer_has_the_promised_shape() -> None:
    assert answer(question()) == {
        "pools": {
            ".mgr": {
                "pg_num_final": 1,
                "would_adjust": False,
                "pg_num_wanted": 1,
                "effective_target_ratio": 0.0,
                "capacity_ratio": 0.0,
                "bias": 1.0,
                "bulk": False,
                "skipped": None,
            },
            "rbd": {
                "pg_num_final": 512,
                "would_adjust": True,
                "pg_num_wanted": 512,
                "effective_target_ratio": 1.0,
                "capacity_ratio": 1.0,
                "bias": 1.0,
                "bulk": False,
                "skipped": None,
            },
        },
        "overlapping_roots": [],
        "mean_pg_replicas_per_osd": 128.25,
        "warnings": {},
    }


def test_skipped_pools_say_why() -> None:
    pools = [{"name": "a", "size": 3}, {"name": "b", "size": 3, "device_class": "hdd"}]
    got: Any = answer(question(pools=pools))
    assert got["overlapping_roots"] == ["default", "default~hdd"]
    assert [(pool["skipped"], pool["pg_num_final"]) for pool in got["pools"].values()] == [("overlapping roots", None)] * 2


def test_warnings_are_keyed_by_code() -> None:
    got: Any = answer(question(pools=[{"name": "a", "size": 3, "pg_autoscale_mode": "warn"}]))
    assert got["warnings"] == {
        "POOL_TOO_FEW_PGS": {
            "summary": "1 pools have too few placement groups",
            "detail": ["Pool a has 1 placement groups, should have 32"],
        }
    }


def test_an_input_on_which_ceph_raises_is_answered_with_the_error() -> None:
    got: Any = answer(question(ceph_version="main-2026", pools=[{"name": "a", "size": 3, "pg_num_min": 100}]))
    assert got == {"error": "AssertionError: pool a would get pg_num 100, which is not a power of two"}


POOL = {"name": "a", "size": 3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ceph_version": None}, "ceph_version: missing"),
        ({"ceph_version": "newest"}, "'newest' is not a Ceph version"),
        ({"ceph_version": 20}, "ceph_version: a text is expected, not the number 20"),
        ({"osd": []}, "the input: unknown key 'osd'; did you mean 'osds'?"),
        ({"osds": None}, "osds: missing; a list is expected"),
        ({"osds": {}}, "osds: a list is expected, not an object"),
        ({"osds": [{"device_class": "ssd"}]}, "osds[0].count: missing"),
        ({"osds": [{"count": -1}]}, "osds[0].count: -1 is below 0"),
        ({"osds": [{"count": 1.5}]}, "osds[0].count: a whole number is expected, not the number 1.5"),
        ({"osds": [3]}, "osds[0]: an object is expected, not the number 3"),
        ({"pools": None}, "pools: missing"),
        ({"pools": [{"size": 3}]}, "pools[0].name: a pool needs a name"),
        ({"pools": [POOL, POOL]}, "pools[1].name: 'a' is used twice"),
        ({"pools": [{"name": "a"}]}, "pools[0].size: missing"),
        ({"pools": [{"name": "a", "size": 0}]}, "pools[0].size: 0 is below 1"),
        ({"pools": [{"name": "a", "size": True}]}, "pools[0].size: a whole number is expected, not true or false"),
        ({"pools": [{"name": "a", "type": "mirror"}]}, "pools[0].type: 'mirror' is none of replicated, erasure"),
        ({"pools": [{**POOL, "type": "erasure"}]}, "pools[0].size: not a key of an erasure pool"),
        ({"pools": [{"name": "a", "type": "erasure", "k": 0, "m": 1}]}, "pools[0].k: 0 is below 1"),
        ({"pools": [{**POOL, "k": 4}]}, "pools[0].k: not a key of a replicated pool"),
        (
            {"pools": [{**POOL, "targetSizeRatio": 1}]},
            "pools[0]: unknown key 'targetSizeRatio'; did you mean 'target_size_ratio'?",
        ),
        ({"pools": [{**POOL, "zzz": 1}]}, "pools[0]: unknown key 'zzz'; known keys: bulk, device_class"),
        ({"pools": [{**POOL, "target_size_ratio": "0.5"}]}, "pools[0].target_size_ratio: a number is expected, not a text"),
        ({"pools": [{**POOL, "target_size_ratio": -0.5}]}, "pools[0].target_size_ratio: -0.5 is below 0"),
        ({"pools": [{**POOL, "target_size_ratio": float("nan")}]}, "pools[0].target_size_ratio: a finite number is expected"),
        ({"pools": [{**POOL, "bulk": "true"}]}, "pools[0].bulk: true or false is expected, not a text"),
        ({"pools": [{**POOL, "pg_autoscale_mode": "ON"}]}, "pools[0].pg_autoscale_mode: 'ON' is none of on, warn, off"),
        ({"mon_target_pg_per_osd": 0}, "mon_target_pg_per_osd: 0 is below 1"),
        ({"threshold": 0.5}, "threshold: 0.5 is below 1"),
        (
            {"osds": [{"count": 3}], "pools": [{**POOL, "target_size_bytes": 5}]},
            "osds[0].size_bytes: missing, and pools[0].target_size_bytes is part of what default holds",
        ),
    ],
)
def test_bad_input_is_named_by_its_place(change: dict[str, Any], message: str) -> None:
    with pytest.raises(LintkitError) as caught:
        answer(question(**change))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("data", [None, [], "x", 3])
def test_an_input_that_is_no_object_is_said(data: Any) -> None:
    with pytest.raises(LintkitError, match="the input: an object is expected"):
        parse(data)


def test_absent_options_take_their_defaults() -> None:
    cluster = parse(
        {"ceph_version": "20.2.4", "osds": [{"count": 3}], "pools": [{"name": "a", "type": "erasure", "k": 2, "m": 1}]}
    )
    assert (cluster.mon_target_pg_per_osd, cluster.mon_max_pg_per_osd, cluster.osd_pool_default_pg_num) == (100, 250, 32)
    (pool,) = cluster.pools
    assert (pool.width, pool.bias, pool.mode, pool.root, pool.device_class, pool.pg_num_start) == (
        3,
        1.0,
        "on",
        "default",
        None,
        1,
    )
