"""Pools of a cluster as the PG autoscaler sees them, and ``lintkit pgs`` on a repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lintkit.config import Config
from lintkit.facts.pg_plan import ClusterPlan, cluster_plan, declared_pools
from lintkit.pgs import repository_answer
from lintkit.run import Options, _environment, load
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
    loaded = load(Options(paths=(tmp_path,)))
    text = repository_answer(loaded, as_json=False)
    assert "CephCluster rook-ceph/rook-ceph: 12 OSDs, Ceph 19.2.3" in text
    assert any(line.split()[:4] == ["volumes", "default", "3", "512"] and "bulk" in line for line in text.splitlines())
    (cluster,) = json.loads(repository_answer(loaded, as_json=True))["clusters"]
    assert cluster["pools"]["volumes"]["pg_num_wanted"] == 512
    assert cluster["pools"][".mgr"]["declared"] is False
    assert cluster["roots"]["default"]["osds"] == 12


def test_a_repository_without_ceph_says_so(tmp_path: Path) -> None:
    assert "no CephCluster" in repository_answer(load(Options(paths=(tmp_path,))), as_json=False)
