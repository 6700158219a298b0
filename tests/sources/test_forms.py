"""Every form in which a repository may deliver a resource: what reaches which environment, and where a finding points.

Each test is a small repository. ``# finds: ENVIRONMENT`` marks a line where one copy per pool (or QEMU without KVM) is
planted; the findings are exactly those lines, each for those environments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from functools import lru_cache
from pathlib import Path
from textwrap import dedent

from lintkit.config import Config
from lintkit.policy.load import all_policies
from lintkit.policy.model import Policy
from lintkit.run import judge
from lintkit.sources.world import World, load_world
from lintkit.tree.files import Files

MARK = re.compile(r"# finds: ([\w, -]+)$")
HERE = "https://git.example/cloud.git"
PRODUCTION = "{name: prod, namespace: rook-ceph}"
APPLICATION = "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
POOL = "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: %s, namespace: rook-ceph}\n"
SPEC = "spec: {failureDomain: host, replicated: {size: %s}}%s\n"
KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
RELEASE = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: ceph, namespace: rook-ceph}\n"
ROOK = "chart: {spec: {chart: rook-ceph-cluster, version: v1.19.5, sourceRef: {kind: HelmRepository, name: rook}}}"


def pool(name: str, size: str = "3", mark: str = "") -> str:
    return POOL % name + SPEC % (size, f"  # finds: {mark}" if mark else "")


@lru_cache(maxsize=1)
def policies() -> dict[str, Policy]:
    return {p.id: p for p in all_policies(Path(), ())}


def cleaned(files: Dict[str, str]) -> dict[str, str]:
    return {path: dedent(text) for path, text in files.items()}


def tree(files: Dict[str, str]) -> Files:
    texts = cleaned(files)
    return Files(texts, texts.__getitem__)


def world(files: Dict[str, str], config: Config | None = None) -> World:
    return load_world(tree(files), config or Config())


def marked(files: Dict[str, str]) -> set[tuple[str, int, str]]:
    return {
        (path, number, name.strip())
        for path, text in cleaned(files).items()
        for number, line in enumerate(text.split("\n"), 1)
        if (match := MARK.search(line))
        for name in match[1].split(",")
    }


def found(files: Dict[str, str], *names: str, config: Config | None = None) -> set[tuple[str, int, str]]:
    chosen = [policies()[name] for name in names or ("pool-size-one", "emulated-virt-type")]
    findings, _ = judge(tree(files), chosen, config)
    return {(f.span.path, f.place.first.line, environment) for f in findings for environment in f.environments}


def holds(files: Dict[str, str], config: Config | None = None) -> None:
    assert found(files, config=config) == marked(files)


def test_l1_plain_resources_of_one_file_and_of_a_list() -> None:
    holds(
        {
            "clusters/prod/pools.yaml": pool("images") + "---\n" + pool("volumes", "1", "prod") + "---\n" + pool("vms"),
            "clusters/lab/all.yaml": """\
                apiVersion: v1
                kind: List
                items:
                  - apiVersion: ceph.rook.io/v1
                    kind: CephBlockPool
                    metadata: {name: images, namespace: rook-ceph}
                    spec:
                      failureDomain: host
                      replicated:
                        size: 1  # finds: lab
                """,
        }
    )


def test_l2_top_level_values_of_rook_ceph_cluster() -> None:
    holds(
        {
            "clusters/prod/rook/values.yaml": """\
                cephClusterSpec: {mon: {count: 3}}
                cephBlockPools:
                  - name: images
                    spec:
                      replicated:
                        size: 1  # finds: prod
                """
        }
    )


def test_l3_a_wrapper_chart_with_an_alias_below_another_wrapper() -> None:
    files = {
        "apps/storage.yaml": APPLICATION
        + f"metadata: {{name: storage}}\nspec:\n  destination: {PRODUCTION}\n  source: {{repoURL: {HERE}, path: umbrella}}\n",
        "umbrella/Chart.yaml": "name: umbrella\nversion: 1.0.0\n"
        "dependencies:\n- {name: inner, repository: 'file://../inner', version: 1.0.0, condition: inner.enabled}\n",
        "umbrella/values.yaml": "inner:\n  enabled: true\n  storage:\n    cephBlockPools:\n"
        "    - name: images\n      spec:\n        replicated:\n          size: 1  # finds: prod\n",
        "inner/Chart.yaml": "name: inner\nversion: 1.0.0\n"
        "dependencies:\n- {name: rook-ceph-cluster, alias: storage, version: v1.19.5, repository: 'https://charts.rook.io/release'}\n",
        "inner/values.yaml": "storage:\n  cephBlockPools: []\n",
    }
    holds(files)
    off = {
        **files,
        "umbrella/values.yaml": "inner:\n  enabled: false\n  storage: {cephBlockPools: [{name: a, spec: {replicated: {size: 1}}}]}\n",
    }
    assert found(off) == set()


def test_l4_overlay_values_merge_maps_replace_lists_and_delete_with_null() -> None:
    holds(
        {
            "storage/Chart.yaml": "name: storage\nversion: 1.0.0\ndependencies:\n- {name: rook-ceph-cluster, version: v1.19.5}\n",
            "storage/values.yaml": """\
                rook-ceph-cluster:
                  cephFileSystems: []
                  cephObjectStores: []
                  cephBlockPools:
                    - name: images
                      spec:
                        replicated:
                          size: 1  # finds: prod
                """,
            "storage/values-prod.yaml": "rook-ceph-cluster:\n  cephClusterSpec: {mon: {count: 5}}\n",
            "storage/values-stage.yaml": "rook-ceph-cluster:\n  cephBlockPools: null\n",
            "storage/values-lab.yaml": """\
                rook-ceph-cluster:
                  cephBlockPools:
                    - name: scratch
                      spec: {replicated: {size: 1}}  # finds: lab
                """,
        }
    )


def application(sources: str, name: str = "ceph", destination: str = PRODUCTION) -> str:
    return f"{APPLICATION}metadata: {{name: {name}}}\nspec:\n  destination: {destination}\n" + "".join(
        f"  {line}\n" if line else "\n" for line in dedent(sources).strip("\n").split("\n")
    )


POOL_VALUES = """\
cephBlockPools:
  - name: images
    spec:
      replicated:
        size: %s
"""


def test_l5_value_files_are_relative_to_the_path_and_the_later_wins() -> None:
    holds(
        {
            "apps/ceph.yaml": application(
                f"""
                source:
                  repoURL: {HERE}
                  path: charts/ceph
                  helm: {{valueFiles: [values.yaml, ../../env/prod.yaml, gone.yaml], ignoreMissingValueFiles: true}}
                """
            ),
            "charts/ceph/Chart.yaml": "name: rook-ceph-cluster\nversion: v1.19.5\n",
            "charts/ceph/values.yaml": POOL_VALUES % "2",
            "env/prod.yaml": POOL_VALUES % "1  # finds: prod",
        }
    )


def test_l6_a_ref_is_the_root_of_its_repository() -> None:
    sources = """
        sources:
          - {repoURL: 'https://charts.rook.io/release', chart: rook-ceph-cluster, targetRevision: v1.19.5,
             helm: {valueFiles: [$vals/env/prod.yaml, $far/secret.yaml]}}
          - {repoURL: 'git@git.example:cloud.git', path: deploy, ref: vals}
          - {repoURL: 'https://elsewhere.example/x.git', ref: far}
        """
    files = {
        "apps/ceph.yaml": application(sources),
        "env/prod.yaml": POOL_VALUES % "1  # finds: prod",
        "deploy/pool.yaml": pool("plain"),
    }
    holds(files)
    assert [(p.kind, p.message) for p in world(files).problems] == [
        ("unknown", "values of https://elsewhere.example/x.git ($far/secret.yaml)")
    ]


def helm(block: str) -> str:
    head = "source:\n  repoURL: https://charts.rook.io/release\n  chart: rook-ceph-cluster\n  targetRevision: v1.19.5\n  helm:\n"
    return application(head + "".join(f"    {line}\n" for line in dedent(block).strip("\n").split("\n")))


def test_l7_values_in_a_literal_or_folded_string() -> None:
    literal = helm(
        "values: |-\n  cephBlockPools:\n    - name: images\n      spec:\n        replicated:\n          size: 1  # finds: prod\n"
    )
    folded = helm("values: >\n\n  cephBlockPools: [{name: images, spec: {replicated: {size: 1}}}]  # finds: prod\n")
    holds({"apps/ceph.yaml": literal})
    holds({"apps/ceph.yaml": folded})


def test_l8_a_values_object_wins_over_values() -> None:
    holds(
        {
            "apps/ceph.yaml": helm(
                """
                values: |
                  cephBlockPools: [{name: images, spec: {replicated: {size: 3}}}]
                valuesObject:
                  cephBlockPools:
                    - {name: images, spec: {replicated: {size: 1}}}  # finds: prod
                """
            )
        }
    )


def test_l9_parameters_win_over_everything_and_reach_into_lists() -> None:
    holds(
        {
            "apps/ceph.yaml": helm(
                """
                valuesObject:
                  cephBlockPools:
                    - {name: images, spec: {replicated: {size: 3}}}
                    - {name: vms, spec: {replicated: {size: 3}}}
                parameters:
                  - {name: 'cephBlockPools[1].spec.replicated.size', value: "1"}  # finds: prod
                """
            )
        }
    )


APPSET = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: ceph}\nspec:\n"


def test_l10_generators_of_an_application_set_make_an_environment_each() -> None:
    template = f"""\
  template:
    metadata: {{name: "ceph-{{{{.path.basename}}}}"}}
    spec:
      source: {{repoURL: {HERE}, path: "{{{{.path.path}}}}"}}
      destination: {{name: "{{{{.path.basename}}}}", namespace: rook-ceph}}
"""
    directories = (
        "  goTemplate: true\n  generators:\n    - git:\n        repoURL: %s\n        directories: [{path: 'ceph/*'}]\n" % HERE
    )
    holds(
        {
            "sets/ceph.yaml": APPSET + directories + template,
            "ceph/north/pool.yaml": pool("images", "1", "north"),
            "ceph/south/pool.yaml": pool("images", "3"),
        }
    )
    elements = (
        "  generators:\n    - matrix:\n        generators:\n          - list: {elements: [{site: north}, {site: south}]}\n"
        "          - git: {repoURL: %s, files: [{path: 'sites/{{site}}.yaml'}]}\n"
        "  template:\n    metadata: {name: 'ceph-{{site}}'}\n    spec:\n"
        "      source: {repoURL: %s, path: '{{folder}}'}\n      destination: {name: '{{site}}', namespace: rook-ceph}\n"
    ) % (HERE, HERE)
    holds(
        {
            "sets/ceph.yaml": APPSET + elements,
            "sites/north.yaml": "folder: a\n",
            "sites/south.yaml": "folder: b\n",
            "a/pool.yaml": pool("images", "1", "north"),
            "b/pool.yaml": pool("images", "1", "south"),
        }
    )


def test_l10_a_template_patch_is_part_of_every_application() -> None:
    holds(
        {
            "sets/ceph.yaml": APPSET
            + "  goTemplate: true\n  generators: [{list: {elements: [{site: north, file: north.yaml}]}}]\n"
            + f"""\
  template:
    metadata: {{name: "ceph-{{{{.site}}}}"}}
    spec:
      source: {{repoURL: {HERE}, path: chart}}
      destination: {{name: "{{{{.site}}}}", namespace: rook-ceph}}
  templatePatch: |
    spec:
      source:
        helm:
          valueFiles:
            - ../{{{{.file}}}}
""",
            "chart/Chart.yaml": "name: rook-ceph-cluster\nversion: v1.19.5\n",
            "north.yaml": POOL_VALUES % "1  # finds: north",
        }
    )


def test_l10_clusters_that_nobody_names_are_said_to_be_unknown() -> None:
    files = {
        "sets/ceph.yaml": APPSET
        + "  generators: [{clusters: {}}]\n"
        + f"  template:\n    metadata: {{name: 'ceph-{{{{name}}}}'}}\n    spec:\n      source: {{repoURL: {HERE}, path: ceph}}\n"
        + "      destination: {name: '{{name}}', namespace: rook-ceph}\n",
        "ceph/pool.yaml": pool("images", "1", "east"),
    }
    assert found(files) == set()
    (problem,) = world(files).problems
    assert (problem.kind, problem.path) == ("unknown", "sets/ceph.yaml")
    holds(files, Config(clusters=({"name": "east", "server": "https://10.0.0.1:6443"},)))


def test_l11_an_application_in_a_chart_template_counts_as_far_as_it_is_plain() -> None:
    holds(
        {
            "apps/Chart.yaml": "name: apps\nversion: 1.0.0\n",
            "apps/templates/ceph.yaml": APPLICATION
            + """\
metadata:
  name: {{ printf "%s-rook" .Release.Name }}
spec:
  destination: {name: prod, namespace: rook-ceph}
  {{- if .Values.ceph }}
  sources:
    - repoURL: https://charts.rook.io/release
      chart: rook-ceph-cluster
      targetRevision: v1.19.5
      helm:
        valueFiles: [$here/env/prod.yaml]
    - {repoURL: {{ .Values.repo }}, ref: here}
  {{- end }}
""",
            "env/prod.yaml": POOL_VALUES % "1  # finds: prod",
        }
    )


def test_l12_applications_in_the_values_of_the_argocd_apps_chart() -> None:
    apps = f"""\
applications:
  ceph:
    namespace: argocd
    project: default
    destination: {{name: prod, namespace: rook-ceph}}
    source: {{repoURL: {HERE}, path: ceph}}
applicationsets:
  sites:
    generators: [{{list: {{elements: [{{site: north}}]}}}}]
    template:
      metadata: {{name: 'ceph-{{{{site}}}}'}}
      spec:
        source: {{repoURL: {HERE}, path: 'sites/{{{{site}}}}'}}
        destination: {{name: '{{{{site}}}}', namespace: rook-ceph}}
"""
    pools = {"ceph/pool.yaml": pool("images", "1", "prod"), "sites/north/pool.yaml": pool("images", "1", "north")}
    holds({"bootstrap/apps.yaml": apps, **pools})
    below = "argocd-apps:\n" + "".join(f"  {line}\n" for line in apps.rstrip("\n").split("\n"))
    holds({"bootstrap/values.yaml": below, **pools})
    root = application(
        f"""
        sources:
          - {{repoURL: 'https://argoproj.github.io/argo-helm', chart: argocd-apps, targetRevision: 2.0.0,
             helm: {{valueFiles: [$v/bootstrap/apps.yaml]}}}}
          - {{repoURL: {HERE}, ref: v}}
        """,
        "root",
        "{name: in-cluster}",
    )
    holds({"root.yaml": root, "bootstrap/apps.yaml": apps, **pools})


def test_l13_a_partial_application_is_a_patch_not_a_delivery() -> None:
    holds(
        {
            "argocd/base/kustomization.yaml": KUSTOMIZATION + "resources: [app.yaml]\n",
            "argocd/base/app.yaml": application(f"source: {{repoURL: {HERE}, path: ceph/base}}"),
            "argocd/overlays/prod/kustomization.yaml": KUSTOMIZATION + "resources: [../../base]\npatches: [{path: path.yaml}]\n",
            "argocd/overlays/prod/path.yaml": APPLICATION + "metadata: {name: ceph}\nspec: {source: {path: ceph/prod}}\n",
            "root.yaml": application(
                f"source: {{repoURL: {HERE}, path: argocd/overlays/prod}}", "root", "{name: in-cluster, namespace: argocd}"
            ),
            "ceph/base/pool.yaml": pool("images", "1"),
            "ceph/prod/pool.yaml": pool("images", "1", "prod"),
        }
    )


def test_l14_patches_of_a_kustomization_point_at_the_patch() -> None:
    holds(
        {
            "ceph/base/kustomization.yaml": KUSTOMIZATION + "resources: [pool.yaml]\n",
            "ceph/base/pool.yaml": pool("images"),
            "ceph/overlays/prod/kustomization.yaml": KUSTOMIZATION
            + "resources: [../../base]\npatches:\n- target: {kind: CephBlockPool, name: ima.*}\n  patch: |-\n"
            "    - op: replace\n      path: /spec/replicated/size\n      value: 1  # finds: prod\n",
            "ceph/overlays/lab/kustomization.yaml": KUSTOMIZATION + "resources: [../../base]\ncomponents: [../../small]\n",
            "ceph/small/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: size.yaml}]\n",
            "ceph/small/size.yaml": POOL % "images" + "spec:\n  replicated:\n    size: 1  # finds: lab\n",
            "ceph/overlays/none/kustomization.yaml": KUSTOMIZATION + "resources: [../../base]\npatches:\n"
            "- patch: '{apiVersion: ceph.rook.io/v1, kind: CephBlockPool, metadata: {name: images, namespace: rook-ceph}, $patch: delete}'\n",
        }
    )


def test_a_finding_on_a_patch_relates_the_layers_it_overrides() -> None:
    files = {
        "base/kustomization.yaml": KUSTOMIZATION + "resources: [pool.yaml]\n",
        "base/pool.yaml": pool("images"),
        "overlays/prod/kustomization.yaml": KUSTOMIZATION + "resources: [../../base]\npatches: [{path: size.yaml}]\n",
        "overlays/prod/size.yaml": pool("images", "1", "prod"),
    }
    holds(files)
    findings, _ = judge(tree(files), [policies()["pool-size-one"]])
    (finding,) = findings
    assert [(r.place.source.path, r.place.first.line, r.message) for r in finding.related] == [
        ("base/pool.yaml", 4, "overrides 3 here")
    ]


def test_l15_a_chart_that_kustomize_inflates_and_then_patches() -> None:
    holds(
        {
            "overlays/prod/kustomization.yaml": KUSTOMIZATION
            + """\
helmCharts:
- name: rook-ceph-cluster
  repo: https://charts.rook.io/release
  version: v1.19.5
  releaseName: ceph
  namespace: rook-ceph
  valuesFile: values.yaml
  valuesInline:
    cephFileSystems: []
patches:
- target: {kind: CephBlockPool, name: vms}
  patch: |-
    - {op: replace, path: /spec/replicated/size, value: 1}  # finds: prod
""",
            "overlays/prod/values.yaml": POOL_VALUES % "1  # finds: prod" + "  - name: vms\n    spec: {replicated: {size: 3}}\n",
        }
    )


FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: %s, namespace: flux-system}
spec:
  path: ./%s
  prune: false
  sourceRef: {kind: GitRepository, name: flux-system}
"""


def test_l16_generated_config_maps_carry_the_values_of_a_release() -> None:
    holds(
        {
            "clusters/prod/ceph.yaml": FLUX % ("ceph", "ceph"),
            "ceph/kustomization.yaml": "resources: [release.yaml]\n"
            "configMapGenerator: [{name: open, files: [values.yaml]}]\nsecretGenerator: [{name: nova-static, files: [values.yaml=static.yaml]}]\n",
            "ceph/release.yaml": RELEASE
            + f"spec:\n  {ROOK}\n  valuesFrom: [{{kind: ConfigMap, name: open}}, {{kind: Secret, name: nova-static}}]\n",
            "ceph/values.yaml": POOL_VALUES % "3" + "cephFileSystems: []\n",
            "ceph/static.yaml": POOL_VALUES % "1  # finds: prod",
        }
    )


def test_l17_inline_values_of_a_helm_release_and_a_chart_from_an_oci_repository() -> None:
    values = "  values:\n    cephBlockPools:\n      - {name: images, spec: {replicated: {size: 1}}}  # finds: prod\n"
    holds({"clusters/prod/release.yaml": RELEASE + f"spec:\n  {ROOK}\n{values}"})
    oci = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: rook, namespace: rook-ceph}\n"
    oci += "spec: {url: 'oci://ghcr.io/rook/rook-ceph-cluster', ref: {tag: v1.19.5}, interval: 1h}\n"
    files = {
        "clusters/prod/release.yaml": RELEASE + f"spec:\n  chartRef: {{kind: OCIRepository, name: rook}}\n{values}",
        "clusters/prod/oci.yaml": oci,
    }
    holds(files)
    (use,) = world(files).environments["prod"].charts
    assert (use.chart, use.version) == ("rook-ceph-cluster", "v1.19.5")


def test_l18_values_from_come_in_order_and_below_the_inline_values() -> None:
    config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: rook-ceph}\ndata:\n"
    holds(
        {
            "clusters/prod/release.yaml": RELEASE
            + f"spec:\n  {ROOK}\n  valuesFrom:\n  - {{kind: ConfigMap, name: base, valuesKey: v.yaml}}\n"
            + "  - {kind: ConfigMap, name: size, valuesKey: size, targetPath: 'cephBlockPools[0].spec.replicated.size'}\n"
            + "  values: {cephFileSystems: []}\n",
            "clusters/prod/base.yaml": config_map % "base"
            + "  v.yaml: |\n    cephBlockPools:\n      - {name: images, spec: {replicated: {size: 3}}}\n",
            "clusters/prod/size.yaml": config_map % "size" + '  size: "1"  # finds: prod\n',
        }
    )


def test_l18_values_from_an_encrypted_secret_may_override_what_is_written() -> None:
    files = {
        "clusters/prod/release.yaml": RELEASE
        + f"spec:\n  {ROOK}\n  valuesFrom: [{{kind: Secret, name: s}}]\n  values: {{cephClusterSpec: {{mon: {{count: 3}}}}}}\n",
        "clusters/prod/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: rook-ceph}\n"
        "stringData: {values.yaml: 'ENC[AES256_GCM,data:x,type:str]'}\nsops: {mac: 'ENC[x]', version: 3.9.0}\n",
    }
    (use,) = world(files).environments["prod"].charts
    assert "Secret s" in use.origin.hidden


def test_l19_variables_of_flux_are_substituted_where_they_are_known() -> None:
    holds(
        {
            "clusters/prod/ceph.yaml": FLUX % ("ceph", "ceph")
            + "  postBuild:\n    substitute:\n      COPIES: '1'\n    substituteFrom: [{kind: ConfigMap, name: settings}]\n",
            "clusters/prod/settings.yaml": "apiVersion: v1\nkind: ConfigMap\n"
            "metadata: {name: settings, namespace: flux-system}\ndata: {COPIES: '3'}\n",
            "ceph/pool.yaml": pool("images", "'${COPIES}'", "prod")
            + "---\n"
            + pool("vms", "'${FEW:=1}'", "prod")
            + "---\n"
            + pool("x", "'${WHO}'"),
        }
    )


def test_l20_patches_of_a_parent_reach_its_children() -> None:
    files = {
        "clusters/prod/apps.yaml": FLUX % ("apps", "apps") + "  patches:\n  - target: {kind: Kustomization}\n    patch: |\n"
        "      - {op: replace, path: /spec/path, value: ./ceph/small}\n",
        "apps/ceph.yaml": FLUX % ("ceph", "ceph/big"),
        "ceph/big/pool.yaml": pool("images", "1"),
        "ceph/small/pool.yaml": pool("images", "1", "prod"),
    }
    holds(files)


def test_l21_a_fleet_bundle_is_delivered_once_for_each_customization() -> None:
    holds(
        {
            "rook/fleet.yaml": """\
                defaultNamespace: rook-ceph
                helm:
                  chart: rook-ceph-cluster
                  repo: https://charts.rook.io/release
                  version: v1.19.5
                  valuesFiles: [base.yaml]
                targetCustomizations:
                  - {name: north, clusterName: north, helm: {valuesFiles: [overlays/north.yaml]}}
                  - {name: south, clusterName: south}
                """,
            "rook/base.yaml": POOL_VALUES % "3",
            "rook/overlays/north.yaml": POOL_VALUES % "1  # finds: north",
        }
    )


def test_l21_what_a_target_does_not_get_is_said_and_what_a_patch_changes_stands_in_the_patch() -> None:
    pools = {
        "pools/fleet.yaml": """\
            namespace: rook-ceph
            targetCustomizations:
              - {name: prod, clusterName: prod, yaml: {overlays: [prod]}}
              - {name: lab, clusterName: lab, yaml: {overlays: [lab]}}
              - {name: old, clusterName: old, doNotDeploy: true, yaml: {overlays: [lab]}}
            """,
        "pools/pool.yaml": pool("images") + "---\n" + pool("volumes"),
        "pools/overlays/prod/pool_patch.yaml": "metadata: {name: volumes}\nspec: {replicated: {size: 1}}  # finds: prod\n",
        "pools/overlays/lab/pool_patch.yaml": "- op: replace\n  path: /spec/replicated/size\n  value: 1  # finds: lab\n",
    }
    holds(pools)
    assert world(pools).skipped["paused, or not deployed to its target (Fleet)"] == 1
    paused = {**pools, "pools/fleet.yaml": "paused: true\nnamespace: rook-ceph\nyaml: {overlays: [lab]}\n"}
    assert found(paused) == set()
    assert world(paused).skipped["paused, or not deployed to its target (Fleet)"] == 1


def test_l22_a_loose_override_belongs_to_the_chart_its_path_names() -> None:
    values = "pod:\n  replicas: {osapi: 3}\nconf:\n  nova:\n    libvirt:\n      virt_type: qemu  # finds: default\n"
    holds({"base-helm-configs/nova/nova-helm-overrides.yaml": values})
    holds({"etc/compute.yaml": values}, Config(charts={"etc/compute*.yaml": "nova"}))
    assert found({"etc/compute.yaml": values}) == set()


def test_l22_a_smaller_override_of_the_same_chart_comes_on_top_of_the_one_that_says_most() -> None:
    files = {
        "base-helm-configs/nova/nova-helm-overrides.yaml": "conf:\n  nova: {libvirt: {virt_type: qemu}}  # finds: default\n"
        "pod:\n  replicas: {osapi: 3, conductor: 3}\n",
        "base-helm-configs/nova/nova-helm-multipath-overrides.yaml": "conf: {nova: {libvirt: {volume_use_multipath: true}}}\n",
    }
    holds(files)
    assert found(files, "too-few-worker-replicas", "resources-not-set") == {
        ("base-helm-configs/nova/nova-helm-overrides.yaml", line, "default") for line in (3, 4)
    }


def test_l23_ansible_variables_hold_values_and_jinja_in_them_is_unknown() -> None:
    files = {
        "roles/nova/vars/main.yml": """\
            _nova_helm_values:
              pod: {replicas: {osapi: "{{ nova_replicas }}"}}
              manifests: "{{ nova_manifests }}"
              conf:
                nova:
                  libvirt:
                    virt_type: qemu  # finds: default
            """
    }
    assert [use.chart for use in world(files).environments["default"].charts] == ["nova"]
    # whether nova-compute runs at all is not known with manifests from a variable: the policy does not speak
    assert found(files) == set()
    path = "roles/nova/vars/main.yml"
    holds({path: "\n".join(line for line in files[path].split("\n") if "nova_manifests" not in line)})


def test_l23_variables_of_an_inventory_belong_to_its_cluster() -> None:
    variable = "rook_ceph_cluster_helm_values:\n  cephBlockPools:\n  - {name: a, spec: {replicated: {size: 1}}}  # finds: %s\n"
    holds(
        {
            "inventory/prod/group_vars/all/rook.yml": variable % "prod",
            "inventory/group_vars/all/rook.yml": variable % "default",
        }
    )


def test_l24_a_jinja_file_that_is_plain_yaml_counts_and_one_that_is_not_is_said() -> None:
    files = {
        "clusters/prod/pool.yaml.j2": pool("images", "1", "prod"),
        "clusters/prod/other.yaml.j2": "{% for p in pools %}\n" + pool("{{ p }}", "1") + "{% endfor %}\n",
    }
    holds({**files, "clusters/prod/other.yaml.j2": files["clusters/prod/other.yaml.j2"].replace("# finds", "#")})
    assert world(files).skipped["Jinja template that is no YAML"] == 1


def test_l25_placeholders_of_other_tools_are_unknown() -> None:
    for written in (
        "@COPIES@",
        "REPLACE_COPIES",
        "<path:secret/data/ceph#copies>",
        "<secret:copies>",
        "${COPIES}",
        "{{ copies }}",
    ):
        files = {"clusters/prod/pool.yaml": pool("images", f'"{written}"') + "---\n" + pool("vms", "1", "prod")}
        holds(files)


def test_l26_sealed_documents_are_read_for_their_structure_only() -> None:
    files = {
        "clusters/prod/pool.yaml": pool("images", "'ENC[AES256_GCM,data:Mg==,type:int]'")
        + "sops: {mac: 'ENC[x]', version: 3.9.0}\n",
        "clusters/prod/vms.yaml": pool("vms", "1", "prod"),
    }
    holds(files)
    findings, verdicts = judge(tree(files), [policies()["pool-size-one"]])
    assert verdicts.unknown
    assert not any("ENC[" in f.message for f in findings)


def test_l27_resources_of_openstack_operators_are_said_to_be_not_judged() -> None:
    files = {
        "clusters/prod/plane.yaml": "apiVersion: core.openstack.org/v1beta1\nkind: OpenStackControlPlane\nmetadata: {name: o}\n"
        "spec: {nova: {template: {apiServiceTemplate: {replicas: 1}}}}\n",
        "clusters/prod/rockoon.yaml": "apiVersion: lcm.mirantis.com/v1alpha1\nkind: OpenStackDeployment\nmetadata: {name: o}\nspec: {}\n",
        "clusters/prod/pool.yaml": pool("vms", "1", "prod"),
    }
    holds(files)
    skipped = world(files).skipped
    assert skipped["resource of an OpenStack operator, which no policy knows (OpenStackControlPlane)"] == 1
    assert skipped["resource of an OpenStack operator, which no policy knows (OpenStackDeployment)"] == 1


def test_l28_what_a_script_writes_is_out_of_scope() -> None:
    script = "#!/bin/sh\ntee /tmp/pool.yaml <<EOF\n" + pool("images", "1") + "EOF\nkubectl apply -f /tmp/pool.yaml\n"
    holds({"tools/ceph.sh": script, "clusters/prod/pool.yaml": pool("vms", "1", "prod")})


def test_l29_a_merge_key_points_at_its_use_and_relates_the_anchored_value() -> None:
    files = {
        "clusters/prod/values.yaml": """\
            shared: &small
              failureDomain: host
              replicated:
                size: 1
            cephBlockPools:
              - name: images
                spec:  # finds: prod
                  <<: *small
              - name: vms
                spec:
                  <<: *small
                  replicated: {size: 3}
            """
    }
    holds(files)
    findings, _ = judge(tree(files), [policies()["pool-size-one"]])
    (finding,) = findings
    assert finding.fix is not None
    assert not finding.fix.edits
    assert finding.fix.blocked
    assert [(r.place.first.line, r.message) for r in finding.related] == [(4, "the value comes from here")]


def test_l30_templates_of_a_delivered_chart_are_resources_where_they_are_plain() -> None:
    store = pool("images", "1", "prod")
    files = {
        "apps/site.yaml": application(f"source: {{repoURL: {HERE}, path: charts/site-a}}", "site"),
        "charts/site-a/Chart.yaml": "name: site-a\nversion: 1.0.0\n",
        "charts/site-a/values.yaml": "lab: false\n",
        "charts/site-a/templates/pool.yaml": store,
        "charts/site-a/templates/lab.yaml": "{{- if .Values.lab }}\n" + pool("lab", "1") + "{{- end }}\n",
        "charts/site-a/templates/named.yaml": pool("{{ .Release.Name }}", "3"),
        "charts/site-b/Chart.yaml": "name: site-b\nversion: 1.0.0\n",
        "charts/site-b/templates/pool.yaml": pool("unused", "1"),
    }
    holds(files)
    on = {**files, "charts/site-a/values.yaml": "lab: true\n"}
    on["charts/site-a/templates/lab.yaml"] = "{{- if .Values.lab }}\n" + pool("lab", "1", "prod") + "{{- end }}\n"
    holds(on)


def test_l30_a_chart_that_nothing_delivers_stands_for_itself_with_each_of_its_values_files() -> None:
    files = {
        "charts/pools/Chart.yaml": "apiVersion: v2\nname: pools\nversion: 0.1.0\n",
        "charts/pools/values.yaml": "size: 3\n",
        "charts/pools/values-lab.yaml": "size: 1  # finds: lab\n",
        "charts/pools/values-prod.yaml": "other: 1\n",
        "charts/pools/templates/pool.yaml": pool("images").replace("size: 3", "size: {{ .Values.size }}"),
        "site/Chart.yaml": "apiVersion: v2\nname: site\nversion: 0.1.0\n"
        "dependencies: [{name: pools, version: 0.1.0, repository: 'file://../charts/pools'}]\n",
        "site/values.yaml": "pools: {size: 3}\n",
    }
    alone = {path: text for path, text in files.items() if not path.startswith("site/")}
    holds(alone)
    assert found(files) == set()


def test_l31_archives_drafts_tests_and_definitions_are_not_live() -> None:
    dead = [
        ".archive/pool.yaml",
        "ceph/pool-draft.yaml",
        "ci/pool.yaml",
        "roles/ceph/molecule/default/pool.yaml",
        "charts/x/charts/y/pool.yaml",
        "charts/x/tests/pool.yaml",
    ]
    files = {**{path: pool("old", "1") for path in dead}, "charts/x/Chart.yaml": "name: x\nversion: 1.0.0\n"}
    files["crds.yaml"] = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\n# ceph.rook.io/\n"
    )
    files["live.yaml"] = pool("live", "1", "default")
    holds(files)
    assert sum(n for reason, n in world(files).skipped.items() if reason.startswith("archive")) == len(dead)
