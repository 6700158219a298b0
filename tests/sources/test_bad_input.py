"""Deliveries that cannot be built: a finding or one clear sentence each, through the command line, never a crash."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping as Dict
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest

from lintkit.config import Config
from lintkit.sources.world import load_world
from lintkit.tree.files import Files

HERE = "https://git.example/cloud.git"
POOL = (
    "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: images, namespace: rook-ceph}\n"
    "spec: {failureDomain: host, replicated: {size: 1}}\n"
)


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def run(root: Path, files: Dict[str, str], *arguments: str) -> Ran:
    for path, text in {".lintkit.yaml": "profile: production\n", **files}.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text), encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "lintkit",
            "check",
            str(root),
            "--select",
            "gitops,durability,yaml",
            "--color",
            "never",
            *arguments,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def application(name: str, source: str) -> str:
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec:\n"
        f"  project: default\n  destination: {{name: prod, namespace: rook-ceph}}\n  source: {source}\n"
    )


def rook(values: str) -> str:
    return f"{{repoURL: {HERE}, path: chart, targetRevision: v1, helm: {{valueFiles: [{values}]}}}}"


CHART = {"chart/Chart.yaml": "name: rook-ceph-cluster\nversion: v1.19.5\n"}


def test_a_missing_values_file_is_a_finding_where_it_is_named(tmp_path: Path) -> None:
    ran = run(tmp_path, {**CHART, "app.yaml": application("ceph", rook("gone.yaml"))})
    assert (ran.code, ran.err) == (1, "")
    assert "app.yaml:7:" in ran.out
    assert "values file chart/gone.yaml does not exist" in ran.out


def test_a_values_file_that_is_a_list_is_a_finding_where_it_is_named(tmp_path: Path) -> None:
    ran = run(
        tmp_path, {**CHART, "app.yaml": application("ceph", rook("list.yaml")), "chart/list.yaml": "- cephBlockPools: []\n"}
    )
    assert (ran.code, ran.err) == (1, "")
    assert "values file chart/list.yaml holds a list where a mapping is needed" in ran.out


def test_apps_of_apps_that_lead_back_to_themselves_are_judged_once(tmp_path: Path) -> None:
    files = {
        "a/b.yaml": application("b", f"{{repoURL: {HERE}, path: b, targetRevision: v1}}"),
        "b/a.yaml": application("a", f"{{repoURL: {HERE}, path: a, targetRevision: v1}}"),
        "b/pool.yaml": POOL,
    }
    ran = run(tmp_path, files)
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.count("keeps 1 copy") == 1


def test_an_application_that_holds_itself_is_judged_once(tmp_path: Path) -> None:
    files = {"a/a.yaml": application("a", f"{{repoURL: {HERE}, path: a, targetRevision: v1}}"), "a/pool.yaml": POOL}
    ran = run(tmp_path, files)
    assert ran.err == ""
    assert ran.out.count("keeps 1 copy") == 1


def test_a_kustomization_that_includes_itself_is_one_sentence(tmp_path: Path) -> None:
    files = {
        "a/kustomization.yaml": "resources: [../b]\n",
        "b/kustomization.yaml": "resources: [../a, pool.yaml]\n",
        "b/pool.yaml": POOL,
    }
    files["c/kustomization.yaml"] = "resources: [../a]\n"
    ran = run(tmp_path, files)
    assert ran.err == ""
    assert "kustomization that leads back to itself" in ran.out


def test_a_cycle_without_a_way_in_is_not_skipped_silently(tmp_path: Path) -> None:
    files = {
        "a/kustomization.yaml": "resources: [../b]\n",
        "b/kustomization.yaml": "resources: [../a, pool.yaml]\n",
        "b/pool.yaml": POOL,
    }
    ran = run(tmp_path, files)
    assert ran.err == ""
    assert "kustomization that leads back to itself" in ran.out


def test_a_template_that_is_no_yaml_is_counted(tmp_path: Path) -> None:
    ran = run(tmp_path, {"pool.yaml": "{% if x %}\n" + POOL + "{% endif %}\n", "other.yaml": POOL})
    assert ran.err == ""
    assert "template that is no YAML" in ran.out
    assert "invalid-yaml" not in ran.out


def test_a_patch_without_a_target_is_one_sentence(tmp_path: Path) -> None:
    files = {
        "kustomization.yaml": 'resources: [pool.yaml]\npatches:\n- target: {kind: CephCluster}\n  patch: \'[{"op": "remove", "path": "/spec"}]\'\n'
        "- path: other.yaml\n",
        "other.yaml": POOL.replace("images", "absent"),
        "pool.yaml": POOL,
    }
    ran = run(tmp_path, files)
    assert (ran.code, ran.err) == (1, "")
    assert "patch that matches nothing: kustomization.yaml:3: " in ran.out
    assert "patch that matches nothing: kustomization.yaml:5: " in ran.out
    assert "could not be built" not in ran.out


def test_a_configured_checkout_that_does_not_exist_is_one_sentence(tmp_path: Path) -> None:
    files = {
        ".lintkit.yaml": "repositories:\n  https://elsewhere.example/x.git: gone\n",
        "app.yaml": application("x", "{repoURL: 'https://elsewhere.example/x.git', path: deploy, targetRevision: v1}"),
    }
    ran = run(tmp_path, files)
    assert ran.err == ""
    assert (
        "the checkout of https://elsewhere.example/x.git should be at gone, which is no directory of this repository" in ran.out
    )


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x}\nspec: {source: [], destination: 3}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: []\nspec: {}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: x}\nspec: {generators: {a: 1}, template: 4}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: x}\nspec: {generators: [{matrix: {generators: [3]}}], template: {}}\n",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\nspec: {path: [], sourceRef: 1, patches: 2}\n",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x}\nspec: {chart: 1, values: [], valuesFrom: {}}\n",
        "argocd-apps: {applications: {x: {source: 1}, y: [], z: {sources: {}}}, applicationsets: [1, {name: [], template: 2}]}\n",
    ],
)
def test_a_delivery_of_the_wrong_shape_stops_nothing(tmp_path: Path, text: str) -> None:
    ran = run(tmp_path, {"delivery.yaml": text, "fleet/fleet.yaml": "helm: []\ntargetCustomizations: {a: 1}\n"})
    assert ran.code in (0, 1)
    assert ran.err == ""


def test_ten_thousand_applications_of_one_set_each_reach_their_directory() -> None:
    elements = "".join(f"          - {{name: a{i}}}\n" for i in range(10_000))
    texts = {f"a{i}/pool.yaml": POOL.replace("images", f"p{i}") for i in range(10_000)}
    texts |= {f"a{i}/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n" for i in range(10_000)}
    texts["set.yaml"] = (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s}\nspec:\n  generators:\n    - list:\n        elements:\n"
        + elements
        + "  template:\n    metadata: {name: '{{name}}'}\n    spec:\n"
        + f"      source: {{repoURL: {HERE}, path: '{{{{name}}}}'}}\n      destination: {{name: prod, namespace: rook-ceph}}\n"
    )
    read = load_world(Files(texts, texts.__getitem__), Config())
    assert sum(r.kind == "CephBlockPool" for r in read.environments["prod"].resources) == 10_000
    assert read.problems == []


def test_more_applications_than_the_limit_is_said() -> None:
    elements = "".join(f"          - {{name: a{i}}}\n" for i in range(20_005))
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s}\nspec:\n  generators:\n    - list:\n        elements:\n"
        + elements
        + "  template:\n    metadata: {name: '{{name}}'}\n    spec:\n"
        + "      source: {repoURL: 'https://charts.example', chart: x, targetRevision: v1}\n      destination: {name: prod}\n"
    )
    read = load_world(Files(["set.yaml"], lambda _: text), Config())
    assert any("more than 20,000" in p.message or "more than 20000" in p.message for p in read.problems)


def test_a_path_that_is_named_counts_even_in_an_archive(tmp_path: Path) -> None:
    files = {"ci/pool.yaml": POOL, "ci/drafts/pool.yaml": POOL, "live.yaml": POOL.replace("images", "live")}
    assert "ci/" not in run(tmp_path, files).out.split("skipped")[0]
    for name, seen in (("ci/pool.yaml", "ci/pool.yaml"), ("ci", "ci/pool.yaml"), ("ci/drafts", "ci/drafts/pool.yaml")):
        done = subprocess.run(
            [sys.executable, "-m", "lintkit", "check", str(tmp_path / name), "--select", "pool-size-one", "--format", "json"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert [f["path"] for f in json.loads(done.stdout)["findings"]] == [seen]
