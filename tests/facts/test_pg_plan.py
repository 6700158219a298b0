"""Pools of a cluster as the PG autoscaler sees them, and ``lintkit pgs`` on a repository."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pytest

from lintkit.config import Config
from lintkit.facts.ceph.autoscaler import plan
from lintkit.facts.ceph.orders import creation_orders
from lintkit.facts.pg_plan import ClusterPlan, cluster_plan, declared_pools
from lintkit.pgs import repository_answer
from lintkit.run import Options, _environment, check, load
from lintkit.sources.world import load_world
from lintkit.subjects.environment import Environment, NotKnown
from lintkit.tree.files import Files

CLUSTER = """apiVersion: ceph.rook.io/v1
kind: CephCluster
metadata: {name: rook-ceph, namespace: rook-ceph}
spec:
  cephVersion: {image: "quay.io/ceph/ceph:v19.2.3"}
  storage:
    config: {deviceClass: nvme}
    nodes:
      - {name: one, devices: [{name: a}, {name: b}, {name: c}, {name: d}]}
      - {name: two, devices: [{name: a}, {name: b}, {name: c}, {name: d}]}
      - {name: three, devices: [{name: a}, {name: b}, {name: c}, {name: d}]}
"""


def pool(name: str, parameters: str = "{}", spec: str = "deviceClass: nvme") -> str:
    """A CephBlockPool of size 3."""
    return (
        "---\napiVersion: ceph.rook.io/v1\nkind: CephBlockPool\n"
        f"metadata: {{name: {name}, namespace: rook-ceph}}\nspec:\n  {spec}\n  replicated: {{size: 3}}\n  parameters: {parameters}\n"
    )


STORE = """---
apiVersion: ceph.rook.io/v1
kind: CephObjectStore
metadata: {name: s3, namespace: rook-ceph}
spec:
  metadataPool: {replicated: {size: 3}}
  dataPool: {erasureCoded: {dataChunks: 2, codingChunks: 1}}
---
apiVersion: ceph.rook.io/v1
kind: CephFilesystem
metadata: {name: fs, namespace: rook-ceph}
spec:
  metadataPool: {replicated: {size: 3}}
  dataPools: [{replicated: {size: 3}}]
---
apiVersion: ceph.rook.io/v1
kind: CephNFS
metadata: {name: nfs, namespace: rook-ceph}
spec: {server: {active: 1}}
"""


def environment(text: str) -> Environment:
    """The environment of a tree with one file."""
    files = {"ceph.yaml": text}
    return _environment(load_world(Files(files, files.__getitem__), Config()), "default", Options())


def planned(text: str) -> ClusterPlan:
    """The plan of its cluster, which must be known."""
    made = environment(text)
    found = cluster_plan(made.by_kind["CephCluster"][0], made)
    assert isinstance(found, ClusterPlan), found
    return found


def test_pools_come_in_the_documented_order_with_those_nobody_declares() -> None:
    made = environment(STORE + CLUSTER.join(["---\n", ""]) + pool("volumes", spec="failureDomain: host"))
    pools = declared_pools(made.by_kind["CephCluster"][0], made)
    assert not isinstance(pools, NotKnown)
    assert [p.input.name for p in pools] == [
        ".mgr",
        "volumes",
        "fs-metadata",
        "fs-data0",
        ".rgw.root",
        *(f"s3.rgw.{name}" for name in ("control", "meta", "log", "buckets.index", "buckets.non-ec", "otp")),
        "s3.rgw.buckets.data",
        ".nfs",
    ]
    by_name = {p.input.name: p.input for p in pools}
    assert (by_name["fs-metadata"].bias, by_name["fs-metadata"].pg_num_min) == (4.0, 16)
    assert (by_name["s3.rgw.log"].pg_num_created, by_name["s3.rgw.log"].pg_num_min) == (8, 8)
    assert (by_name["s3.rgw.buckets.data"].k, by_name["s3.rgw.buckets.data"].m) == (2, 1)
    assert [p.input.name for p in pools if p.subject is None] == [".mgr", ".nfs"]


def test_a_lone_classless_pool_freezes_every_pool_of_the_overlapping_roots() -> None:
    made = planned(CLUSTER + pool("volumes", '{bulk: "true"}'))
    assert made.plan.overlapping_roots == ("default", "default~nvme")
    assert {p.pg_num_wanted for p in made.plan.pools} == {1}


def test_fixed_counts_are_taken_as_they_are() -> None:
    made = planned(CLUSTER + pool("volumes", '{pg_autoscale_mode: "off", pg_num: "256"}', "failureDomain: host"))
    assert made.loads["default"] == pytest.approx((64.25, 64.25))


def test_loads_of_disjoint_classes_do_not_mix() -> None:
    cluster = CLUSTER.replace("{name: three,", "{name: three, config: {deviceClass: hdd},")
    fixed = '{pg_autoscale_mode: "off", pg_num: "64"}'
    made = planned(cluster + pool(".mgr") + pool("fast", fixed) + pool("slow", fixed, "deviceClass: hdd"))
    assert made.loads["default~hdd"] == (48.0, 48.0)
    assert made.roots["default~nvme"].osds == 8


def test_another_order_of_creation_gives_a_range() -> None:
    wishes = (("a", "0.6"), ("b", "0.2"), ("c", "0.15"), ("d", "0.05"))
    ratios = "".join(pool(n, f'{{target_size_ratio: "{r}"}}', "failureDomain: host") for n, r in wishes)
    low, high = planned(CLUSTER + ratios).loads["default"]
    assert low < high


def test_every_order_of_a_few_pools_is_within_the_range() -> None:
    """The extremes of all 24 orders, found one by one, are the ends of the range."""
    wishes = {"a": 0.5, "b": 0.2, "c": 0.2, "d": 0.1}
    made = planned(CLUSTER + "".join(pool(n, f'{{target_size_ratio: "{r}"}}', "failureDomain: host") for n, r in wishes.items()))
    first, rest = made.input.pools[0], made.input.pools[1:]
    plans = [plan(made.input._replace(pools=(first, *order))) for order in permutations(rest)]
    loads = [sum(p.pg_num_wanted * p.size for p in found.pools) / 12 for found in plans]
    assert made.loads["default"] == (min(loads), max(loads))
    assert made.swayed == {"default"}
    counted = {name: [p.pg_num_wanted for found in plans for p in found.pools if p.name == name] for name in wishes}
    assert {name: made.counts[name] for name in wishes} == {name: (min(n), max(n)) for name, n in counted.items()}


def test_the_order_decides_which_of_three_overlapping_roots_is_noticed() -> None:
    """Generation A compares each pool with the first root that meets it: a class used before the whole root escapes."""
    cluster = CLUSTER.replace("{name: three,", "{name: three, config: {deviceClass: hdd},")
    made = planned(
        cluster + pool(".mgr") + pool("fast") + pool("slow", spec="deviceClass: hdd") + pool("wide", spec="crushRoot: default")
    )
    assert made.plan.overlapping_roots == ("default", "default~nvme")
    assert made.counts["slow"] == (1, 32)
    assert "default~hdd" in made.swayed


def test_pgs_shows_the_range_of_a_pool_whose_count_the_order_decides(tmp_path: Path) -> None:
    text = "".join(
        pool(n, f'{{target_size_ratio: "{r}"}}', "failureDomain: host") for n, r in (("a", 0.6), ("b", 0.2), ("c", 0.2))
    )
    (tmp_path / "ceph.yaml").write_text(CLUSTER + text, "utf-8")
    options = Options(paths=(tmp_path,))
    loaded = load(options)
    (cluster,) = json.loads(repository_answer(loaded, options, as_json=True))["clusters"]
    low, high = cluster["pools"]["a"]["pg_num_wanted_by_order"]
    assert low < high
    said = repository_answer(loaded, options, as_json=False)
    assert f" {low}..{high} " in next(line for line in said.splitlines() if line.startswith("  a "))
    assert ", by the order in which the pools are created" in said


def test_more_pools_than_are_tried_in_every_order_are_tried_first_and_last() -> None:
    made = planned(
        CLUSTER + "".join(pool(f"p{n}", f'{{target_size_ratio: "0.{n}"}}', "failureDomain: host") for n in range(1, 8))
    )
    orders = creation_orders(made.input.pools)
    assert len(orders) < 40
    assert {order[0].name for order in orders} == {".mgr"}
    for name in (f"p{n}" for n in range(1, 8)):
        assert {order[1].name == name for order in orders} == {True, False}
        assert any(order[-1].name == name for order in orders)


def test_an_unknown_version_is_said_and_both_generations_count() -> None:
    made = planned(CLUSTER.replace("v19.2.3", "latest") + pool("volumes", '{bulk: "true"}', "failureDomain: host"))
    assert made.assumed
    assert made.plan.generation == "A"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (CLUSTER.replace("config: {deviceClass: nvme}", "config: {}") + pool("volumes"), "device class of some OSDs is detected"),
        (CLUSTER + pool("volumes", '{bulk: "${BULK}"}'), "bulk of pool volumes is unknown"),
        (CLUSTER + pool("volumes", spec="crushRoot: archive"), "the OSDs below CRUSH root archive"),
        (CLUSTER + pool("volumes", '{target_size_bytes: "1T"}'), "the size of the OSDs"),
    ],
)
def test_what_is_not_known_is_named_instead_of_guessed(text: str, reason: str) -> None:
    made = environment(text)
    found = cluster_plan(made.by_kind["CephCluster"][0], made)
    assert isinstance(found, NotKnown)
    assert reason in found.reason


def test_the_answer_for_a_repository_says_how_many_and_why(tmp_path: Path) -> None:
    (tmp_path / "ceph.yaml").write_text(CLUSTER + pool("volumes", '{bulk: "true"}', "failureDomain: host"), "utf-8")
    options = Options(paths=(tmp_path,))
    loaded = load(options)
    text = repository_answer(loaded, options, as_json=False)
    assert "CephCluster rook-ceph/rook-ceph: 12 OSDs, Ceph 19.2.3" in text
    assert any(line.split()[:4] == ["volumes", "rbd", "3", "default"] and "bulk" in line for line in text.splitlines())
    (cluster,) = json.loads(repository_answer(loaded, options, as_json=True))["clusters"]
    assert cluster["pools"]["volumes"]["pg_num_wanted"] == 512
    assert cluster["pools"][".mgr"]["declared"] is False
    assert cluster["roots"]["default"]["osds"] == 12


def test_a_repository_without_ceph_says_so(tmp_path: Path) -> None:
    assert "no CephCluster" in repository_answer(load(Options(paths=(tmp_path,))), Options(paths=(tmp_path,)), as_json=False)


def fixes(folder: Path, text: str, policy: str) -> list[str]:
    """Titles of the fixes that a policy offers for a tree with one file."""
    (folder / "ceph.yaml").write_text(text, "utf-8")
    report, _ = check(Options(paths=(folder,), select=(policy,)))
    return [f.fix.title for f in report.findings if f.fix]


MGR = pool("builtin-mgr", spec="name: .mgr\n  deviceClass: nvme")
OFF = '{pg_autoscale_mode: "off", pg_num: "1024"}'


@pytest.mark.parametrize(
    ("policy", "pools", "title"),
    [
        ("data-pool-unsized", MGR + pool("volumes"), "mark the pool as bulk: 512 PGs instead of 32"),
        (
            "overlapping-crush-roots",
            MGR + pool("volumes", '{bulk: "true"}') + pool("images", '{bulk: "true"}', "failureDomain: host"),
            "put it on device class nvme: 256 PGs instead of 1",
        ),
        ("classless-mgr-pool", pool("volumes", '{bulk: "true"}'), "declare pool .mgr on device class nvme, and 1 pool is scaled"),
        (
            "partial-size-ratios",
            MGR + pool("volumes", '{target_size_ratio: "0.4"}') + pool("images"),
            "give it the ratio 0.6 that the others leave: 128 PGs instead of 32",
        ),
        (
            "partial-size-ratios",
            MGR + pool("volumes", '{target_size_ratio: "1.5"}') + pool("images"),
            "give it the ratio 0.5 and scale the others to a sum of 1: 128 PGs instead of 32",
        ),
        (
            "pgs-per-osd-exceeded",
            MGR + pool("volumes", OFF),
            "lower it to 256: 256 PGs of the pool, 64.2 PG replicas on each OSD",
        ),
    ],
)
def test_fixes_of_sizing_say_what_they_are_predicted_to_give(tmp_path: Path, policy: str, pools: str, title: str) -> None:
    assert fixes(tmp_path, CLUSTER + pools, policy) == [title]


def test_a_store_on_two_roots_is_told_what_one_class_gives_its_data(tmp_path: Path) -> None:
    store = STORE.partition("---\napiVersion: ceph.rook.io/v1\nkind: CephFilesystem")[0]
    store = store.replace("metadataPool: {", "metadataPool: {deviceClass: nvme, ")
    store = store.replace("codingChunks: 1}}", 'codingChunks: 1}, parameters: {bulk: "true"}}')
    titles = fixes(tmp_path, CLUSTER + MGR + store, "object-store-class-split")
    assert titles == ["put the data pool on nvme as well: 512 PGs for its data instead of 1"]


def test_without_a_plan_fixes_say_nothing_of_it(tmp_path: Path) -> None:
    cluster = CLUSTER.partition("    nodes:")[0] + "    useAllNodes: true\n"
    assert fixes(tmp_path, cluster + MGR + pool("volumes"), "data-pool-unsized") == ["mark the pool as bulk"]
