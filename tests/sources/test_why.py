"""`lintkit env --why`: every layer that decides a value, the winner first, each with its file and line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping as Dict
from pathlib import Path
from textwrap import dedent

import pytest

HEAD = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: ceph}\nspec:\n"
CHART = """\
  destination: {name: prod, namespace: rook-ceph}
  sources:
    - repoURL: https://charts.rook.io/release
      chart: rook-ceph-cluster
      targetRevision: v1.19.5
      helm:
"""
REF = "    - {repoURL: https://git.example/cloud.git, ref: v}\n"
POOL = "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: %s, namespace: rook-ceph}\nspec:\n  replicated:\n    size: %s\n"
FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ceph, namespace: flux-system}
spec:
  path: ./ceph
  prune: false
  sourceRef: {kind: GitRepository, name: flux-system}
  postBuild:
    substitute:
      COPIES: "2"
    substituteFrom: [{kind: ConfigMap, name: settings}]
"""
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: flux-system}\ndata:\n  MORE: '3'\n"


def why(root: Path, files: Dict[str, str], question: str) -> str:
    for path, text in {".lintkit.yaml": "profile: production\n", **files}.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text), encoding="utf-8")
    command = [sys.executable, "-m", "lintkit", "env", str(root), "--why", question]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


VALUES = {
    "base.yaml": "cephClusterSpec:\n  mon:\n    count: 1\n",
    "prod.yaml": "cephClusterSpec:\n  mon:\n    count: 3\n",
    "app.yaml": HEAD
    + CHART
    + "        valueFiles: [$v/base.yaml, $v/prod.yaml]\n"
    + "        valuesObject:\n          cephClusterSpec: {mon: {count: 5}}\n"
    + '        parameters: [{name: cephClusterSpec.mon.count, value: "7"}]\n'
    + REF,
}


def test_values_files_inline_values_and_parameters_are_layers_over_the_chart(tmp_path: Path) -> None:
    assert why(tmp_path, VALUES, "CephCluster/rook-ceph:spec.mon.count") == (
        "prod: CephCluster rook-ceph spec.mon.count\n"
        "  = 7   app.yaml:14\n"
        "  overrides 5   app.yaml:13\n"
        "  overrides 3   prod.yaml:3\n"
        "  overrides 1   base.yaml:3\n"
        "  overrides 3   chart default\n"
    )


def test_a_value_that_nobody_wrote_is_the_charts_default(tmp_path: Path) -> None:
    assert why(tmp_path, VALUES, "CephCluster/rook-ceph:spec.mgr.count") == (
        "prod: CephCluster rook-ceph spec.mgr.count\n  = 2   chart default\n"
    )


def test_patches_are_layers_over_the_base(tmp_path: Path) -> None:
    files = {
        "base/kustomization.yaml": "resources: [pool.yaml]\n",
        "base/pool.yaml": POOL % ("images", "3"),
        "overlays/prod/kustomization.yaml": "resources: [../../base]\npatches:\n- target: {kind: CephBlockPool}\n  patch: |-\n"
        "    - op: replace\n      path: /spec/replicated/size\n      value: 2\n- path: size.yaml\n",
        "overlays/prod/size.yaml": POOL % ("images", "1"),
    }
    assert why(tmp_path, files, "CephBlockPool/images:spec.replicated.size") == (
        "prod: CephBlockPool images spec.replicated.size\n"
        "  = 1   overlays/prod/size.yaml:6\n"
        "  overrides 2   overlays/prod/kustomization.yaml:7\n"
        "  overrides 3   base/pool.yaml:6\n"
    )


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a", "  = 2   ceph/a.yaml:6\n    variable COPIES: 2   clusters/prod/ceph.yaml:10\n"),
        ("b", "  = 3   ceph/b.yaml:6\n    variable MORE: 3   clusters/prod/settings.yaml:5\n"),
        ("c", "  = 4   ceph/c.yaml:6\n"),
        ("d", "  = unknown (variable WHO is not known here)   ceph/d.yaml:6\n"),
    ],
)
def test_a_substituted_value_names_its_variable(tmp_path: Path, name: str, lines: str) -> None:
    written = {"a": "${COPIES}", "b": "${MORE}", "c": "${NONE:=4}", "d": "${WHO}"}
    files = {f"ceph/{each}.yaml": POOL % (each, text) for each, text in written.items()}
    files |= {"clusters/prod/ceph.yaml": FLUX, "clusters/prod/settings.yaml": SETTINGS}
    assert why(tmp_path, files, f"CephBlockPool/{name}:spec.replicated.size") == (
        f"prod: CephBlockPool {name} spec.replicated.size\n{lines}"
    )


def test_a_value_of_an_umbrella_charts_values_overrides_those_of_the_chart_below(tmp_path: Path) -> None:
    files = {
        "storage/Chart.yaml": "name: storage\nversion: 1.0.0\ndependencies:\n- {name: rook-ceph-cluster, alias: ceph, version: v1.19.5}\n",
        "storage/values.yaml": "ceph:\n  cephClusterSpec:\n    mon: {count: 3}\n",
        "storage/values-prod.yaml": "ceph:\n  cephClusterSpec:\n    mon: {count: 5}\n",
    }
    said = why(tmp_path, files, "CephCluster/rook-ceph:spec.mon.count")
    assert said.endswith(
        "  = 5   storage/values-prod.yaml:3\n  overrides 3   storage/values.yaml:3\n  overrides 3   chart default\n"
    )
