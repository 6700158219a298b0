"""Before and after the suggested fixes: what PG plans become, which fixes give it, and what stays open."""

from __future__ import annotations

from pathlib import Path

import pytest

from lintkit.facts.pg_plan import ClusterPlan
from lintkit.forecast import Forecast, forecasts
from lintkit.run import Options, load
from lintkit.subjects.environment import NotKnown

ROOT = Path(__file__).resolve().parents[1]

CLUSTER = """apiVersion: ceph.rook.io/v1
kind: CephCluster
metadata: {name: rook-ceph, namespace: rook-ceph}
spec:
  cephVersion: {image: "quay.io/ceph/ceph:v19.2.3"}
  mon: {count: 3}
  mgr: {count: 2}
  dataDirHostPath: /var/lib/rook
  storage:
    useAllNodes: false
    useAllDevices: false
    config: {deviceClass: nvme}
    nodes:
      - {name: one, devices: [{name: a}, {name: b}, {name: c}, {name: d}]}
      - {name: two, devices: [{name: a}, {name: b}, {name: c}, {name: d}]}
      - {name: three, devices: [{name: a}, {name: b}, {name: c}, {name: d}]}
"""


def pool(name: str, parameters: str = '{bulk: "true"}', classed: bool = True) -> str:
    """A CephBlockPool of size 3."""
    device_class = "  deviceClass: nvme\n  enableCrushUpdates: true\n" if classed else ""
    ceph_name = f"  name: {name}\n" if name.startswith(".") else ""
    return (
        f"---\napiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata:\n  name: {name.replace('.', 'builtin-')}\n"
        f"  namespace: rook-ceph\nspec:\n{ceph_name}  failureDomain: host\n{device_class}  replicated:\n    size: 3\n"
        f"  parameters: {parameters}\n"
    )


def of(folder: Path) -> list[Forecast]:
    """The forecasts of a repository, in order."""
    options = Options(paths=(folder,))
    return list(forecasts(load(options), options))


def one(folder: Path, text: str) -> Forecast:
    """The only forecast of a repository with one file."""
    (folder / "ceph.yaml").write_text(text, "utf-8")
    (found,) = of(folder)
    return found


def made(forecast: Forecast) -> list[tuple[str, str, int]]:
    """The fixes of a forecast: policy, path and line."""
    return [(f.policy, f.span.path, f.span.start.line) for f in forecast.fixes]


def counts(forecast: Forecast) -> dict[str, tuple[int | None, int | None]]:
    """PGs before and after of the pools that change."""
    return {
        c.name: (c.before.pg_num_accepted if c.before else None, c.after.pg_num_accepted if c.after else None)
        for c in forecast.pools
        if c.changed
    }


def test_a_pool_that_gets_the_class_of_the_others_frees_them_all(tmp_path: Path) -> None:
    found = one(tmp_path, CLUSTER + pool(".mgr", "{}") + pool("volumes") + pool("images", classed=False))
    assert made(found) == [("overlapping-crush-roots", "ceph.yaml", 50)]
    assert found.freed == ("default", "default~nvme")
    assert counts(found) == {"volumes": (1, 256), "images": (1, 256)}
    assert [(c.root, c.before, c.after) for c in found.roots] == [
        ("default~nvme", (0.75, 0.75), (128.25, 128.25)),
        ("default", (0.75, 0.75), None),
    ]


def test_a_fix_that_declares_a_pool_brings_it_in(tmp_path: Path) -> None:
    found = one(tmp_path, CLUSTER + pool("volumes"))
    assert [name for name, _, _ in made(found)] == ["classless-mgr-pool"]
    (mgr,) = [c for c in found.pools if c.name == ".mgr"]
    assert mgr.before
    assert mgr.after
    assert (mgr.before.root, mgr.after.root) == ("default", "default~nvme")
    assert isinstance(found.after, ClusterPlan)
    assert found.after.pools[0].subject is not None
    assert counts(found)["volumes"] == (1, 512)


def test_nothing_is_written(tmp_path: Path) -> None:
    text = CLUSTER + pool("volumes")
    one(tmp_path, text)
    assert (tmp_path / "ceph.yaml").read_text("utf-8") == text
    assert [p.name for p in tmp_path.iterdir()] == ["ceph.yaml"]


def test_where_nothing_is_suggested_the_plan_stays_the_same(tmp_path: Path) -> None:
    found = one(tmp_path, CLUSTER + pool(".mgr", "{}") + pool("volumes"))
    assert (found.fixes, found.left, found.open) == ((), (), ())
    assert found.after is found.before
    assert counts(found) == {}


def test_what_is_not_known_has_a_reason_before_and_after(tmp_path: Path) -> None:
    text = CLUSTER.replace(
        "    useAllNodes: false\n    useAllDevices: false\n", "    useAllNodes: true\n    useAllDevices: true\n"
    )
    found = one(tmp_path, text.partition("    nodes:")[0] + pool("volumes"))
    assert isinstance(found.before, NotKnown)
    assert isinstance(found.after, NotKnown)
    assert "useAllNodes" in found.before.reason
    assert (found.pools, found.roots, found.freed) == ((), (), ())
    assert [name for name, _, _ in made(found)] == ["classless-mgr-pool"]


def test_a_fix_that_would_make_another_finding_is_left_with_the_reason(tmp_path: Path) -> None:
    parameters = '{bulk: "true", target_size_ration: "0.5"}'
    found = one(tmp_path, CLUSTER + pool(".mgr", "{}") + pool("volumes", parameters) + pool("images"))
    assert [(f.policy, why) for f, why in found.left] == [("unknown-pool-parameter", "it would make partial-size-ratios speak")]
    assert found.fixes == ()


def test_a_finding_without_a_fix_is_open(tmp_path: Path) -> None:
    found = one(tmp_path, CLUSTER + pool(".mgr", "{}") + pool("volumes", '{bulk: "true", nonsense_key: "1"}'))
    assert [(f.policy, f.span.start.line) for f in found.open] == [("unknown-pool-parameter", 43)]


def test_naming_a_path_narrows_nothing(tmp_path: Path) -> None:
    (tmp_path / ".lintkit.yaml").write_text("profile: production\n", "utf-8")
    (tmp_path / "ceph.yaml").write_text(CLUSTER + pool("volumes"), "utf-8")
    (tmp_path / "other").mkdir()
    options = Options(paths=(tmp_path / "other",))
    (found,) = forecasts(load(options), options)
    assert [name for name, _, _ in made(found)] == ["classless-mgr-pool"]


def test_the_example_cloud_before_and_after() -> None:
    lab, prod = of(ROOT / "examples")
    assert made(lab) == [("classless-mgr-pool", "argocd/lab/ceph-cluster.yaml", 38)]
    assert set(made(prod)) == {
        ("unquoted-pool-parameter", "ceph/extra/backups.yaml", 16),
        ("data-pool-unsized", "ceph/cluster/common.yaml", 178),
        ("overlapping-crush-roots", "ceph/extra/registry.yaml", 7),
    }
    assert counts(prod)["registry"] == (1, 128)
    assert prod.freed == ("default", "default~hdd", "default~nvme")
    assert [f.policy for f, _ in prod.left] == ["unknown-pool-parameter"]


@pytest.mark.parametrize("version", ["v19.2.3", "v20.2.5"])
def test_both_generations_are_predicted(tmp_path: Path, version: str) -> None:
    text = (CLUSTER + pool(".mgr", "{}") + pool("volumes") + pool("images", classed=False)).replace("v19.2.3", version)
    found = one(tmp_path, text)
    assert isinstance(found.after, ClusterPlan)
    assert found.after.plan.overlapping_roots == ()
