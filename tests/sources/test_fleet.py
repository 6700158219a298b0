"""fleet.yaml files become bundles: one for each target customization, layers in Fleet's order."""

from __future__ import annotations

from lintkit.sources.fleet import FleetBundle, read_fleet
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import lookup, text
from lintkit.yamldoc.transform import merge

FLEET = """\
defaultNamespace: rook-ceph
labels: {tier: storage}
helm:
  repo: https://charts.rook.io/release
  chart: rook-ceph-cluster
  version: v1.18.1
  releaseName: rook-cluster
  valuesFiles: [values.yaml]
  values:
    cephClusterSpec: {mon: {count: 3}}
dependsOn:
  - selector: {matchLabels: {tier: operator}}
diff:
  comparePatches:
    - {apiVersion: ceph.rook.io/v1, kind: CephCluster}
targetCustomizations:
  - name: east
    clusterSelector: {matchLabels: {site: east}}
    helm:
      valuesFiles: [overlays/east/values.yaml]
      values:
        cephClusterSpec: {mon: {count: 5}}
  - name: west
    namespace: storage
    clusterName: west-1
    helm: {version: v1.19.0}
"""


def bundles(files: dict[str, str], directory: str = "storage") -> list[FleetBundle]:
    return read_fleet(Reader(Files(files, files.get)), directory)


STORAGE = {
    "storage/fleet.yaml": FLEET,
    "storage/values.yaml": "toolbox: {enabled: true}\n",
    "storage/overlays/east/values.yaml": "toolbox: {enabled: false}\n",
}


def test_each_customization_is_an_environment_with_its_layers_over_the_base() -> None:
    east, west = bundles(STORAGE)
    assert (east.environment, west.environment) == ("east", "west")
    assert east.release is not None
    assert west.release is not None
    assert [layer.name for layer in east.release.layers] == [
        "storage/values.yaml",
        "storage/fleet.yaml values",
        "storage/overlays/east/values.yaml",
        "storage/fleet.yaml values",
    ]
    assert [layer.name for layer in west.release.layers] == ["storage/values.yaml", "storage/fleet.yaml values"]
    assert (east.release.chart, east.release.version, east.release.name) == ("rook-ceph-cluster", "v1.18.1", "rook-cluster")
    assert east.release.repository == "https://charts.rook.io/release"
    assert west.release.version == "v1.19.0"
    assert (east.namespace, west.namespace) == ("rook-ceph", "storage")
    assert west.release.namespace == "storage"


def test_the_value_of_a_customization_wins_and_keeps_its_place() -> None:
    east = bundles(STORAGE)[0]
    assert east.release is not None
    values = None
    for layer in east.release.layers:
        values = merge(values, layer.root)
    count = lookup(values, "cephClusterSpec", "mon", "count")
    assert text(count) == "5"
    assert count is not None
    assert place_of(count).first.line == 22
    assert text(lookup(values, "toolbox", "enabled")) == "false"


def test_dependencies_differences_and_selectors_are_kept_as_nodes() -> None:
    east, west = bundles(STORAGE)
    assert text(lookup(east.depends_on[0], "selector", "matchLabels", "tier")) == "operator"
    assert text(lookup(east.compare_patches[0], "kind")) == "CephCluster"
    assert text(lookup(east.selector, "clusterSelector", "matchLabels", "site")) == "east"
    assert text(lookup(west.selector, "clusterName")) == "west-1"


def test_without_customizations_there_is_one_environment_without_a_name() -> None:
    (bundle,) = bundles({"storage/fleet.yaml": "helm: {chart: 'oci://ghcr.io/rook/rook-ceph', version: v1}\n"})
    assert bundle.environment == ""
    assert bundle.namespace == "default"
    assert bundle.release is not None
    assert (bundle.release.chart, bundle.release.repository) == ("rook-ceph", "oci://ghcr.io/rook")


def test_a_packed_chart_is_named_by_its_file() -> None:
    (bundle,) = bundles({"storage/fleet.yaml": "helm:\n  chart: https://x.org/rook-ceph-cluster-v1.18.1.tgz\n"})
    assert bundle.release is not None
    assert bundle.release.chart == "rook-ceph-cluster"


def test_a_chart_in_the_tree_is_a_path() -> None:
    files = {"storage/fleet.yaml": "helm: {chart: ./chart}\n", "storage/chart/Chart.yaml": "name: x\n"}
    (bundle,) = bundles(files)
    assert bundle.release is not None
    assert bundle.release.path == "storage/chart"


def test_a_directory_that_is_a_chart_needs_no_helm_options() -> None:
    (bundle,) = bundles({"fleet.yaml": "namespace: a\n", "Chart.yaml": "name: x\n"}, "")
    assert bundle.release is not None
    assert bundle.release.path == ""


def test_values_of_the_cluster_are_hidden_and_missing_files_are_named() -> None:
    fleet = (
        "helm:\n  chart: rook-ceph\n  repo: https://x\n  valuesFiles: [none.yaml, ../../../out.yaml]\n"
        "  valuesFrom:\n    - configMapKeyRef: {name: extra}\n    - secretKeyRef: {name: keys}\n"
    )
    (bundle,) = bundles({"storage/fleet.yaml": fleet})
    assert bundle.release is not None
    assert bundle.release.hidden == (
        "values file ../../../out.yaml (not in this tree); ConfigMap extra of the cluster (not readable); "
        "Secret keys of the cluster (not readable)"
    )
    assert [lost.message for lost in bundle.missing] == ["there is no values file storage/none.yaml"]
    assert place_of(bundle.missing[0].home).first.line == 4


def test_an_encrypted_values_file_is_hidden() -> None:
    files = {
        "storage/fleet.yaml": "helm: {chart: a, repo: b, valuesFiles: [v.yaml]}\n",
        "storage/v.yaml": "a: ENC[AES256_GCM,data:x]\nsops: {mac: m}\n",
    }
    (bundle,) = bundles(files)
    assert bundle.release is not None
    assert bundle.release.hidden == "storage/v.yaml (encrypted with SOPS)"


def test_overlays_replace_and_patch_plain_files() -> None:
    files = {
        "storage/fleet.yaml": "targetCustomizations:\n  - {name: prod, yaml: {overlays: [big]}}\n  - {name: lab}\n",
        "storage/pool.yaml": "kind: CephBlockPool\n",
        "storage/store.yaml": "kind: StorageClass\n",
        "storage/overlays/big/pool.yaml": "kind: CephBlockPool\n",
        "storage/overlays/big/store_patch.yaml": "kind: StorageClass\n",
    }
    prod, lab = bundles(files)
    assert prod.manifests == ("storage/overlays/big/pool.yaml", "storage/store.yaml")
    assert prod.patches == (("storage/store.yaml", "storage/overlays/big/store_patch.yaml"),)
    assert lab.manifests == ("storage/pool.yaml", "storage/store.yaml")


def test_a_customization_may_choose_another_kustomization() -> None:
    files = {
        "storage/fleet.yaml": "kustomize: {dir: base}\n"
        "targetCustomizations:\n  - {name: a, kustomize: {dir: east}}\n  - {doNotDeploy: true}\n",
        "storage/base/kustomization.yaml": "resources: []\n",
        "storage/east/kustomization.yaml": "resources: []\n",
    }
    first, second = bundles(files)
    assert (first.kustomize, second.kustomize) == ("storage/east", "storage/base")
    assert (first.deployed, second.deployed) == (True, False)
    assert second.environment == "target001"


def test_no_or_a_broken_fleet_file_gives_no_bundle() -> None:
    assert bundles({"storage/pool.yaml": "a: 1\n"}) == []
    assert bundles({"storage/fleet.yaml": "a: [\n"}) == []
    assert bundles({"storage/fleet.yaml": "- a\n"}) == []
