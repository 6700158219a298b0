"""A repository read the way its clusters will: which resources reach which environment, from which file."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from textwrap import dedent

import pytest

from lintkit.config import Config, EnvironmentConfig
from lintkit.run import judge
from lintkit.sources.world import World, environment_from_path, inventories_of, load_world
from lintkit.tree.files import Files

POOL = """\
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata: {name: %s, namespace: rook-ceph}
spec: {failureDomain: host, replicated: {size: 3}}
"""
VALUES = "cephClusterSpec: {mon: {count: 3}}\ncephBlockPools: []\n"


def world(files: Dict[str, str], config: Config | None = None) -> World:
    texts = {path: dedent(text) for path, text in files.items()}
    return load_world(Files(texts, texts.__getitem__), config or Config())


def resources(read: World, environment: str) -> dict[str, str]:
    """Kind/name of what reaches an environment, with the file each stands in."""
    gathered = read.environments[environment]
    return {f"{r.kind}/{r.name}": r.home.doc.source.path for r in gathered.resources}


def application(name: str, body: str, destination: str = "{name: prod, namespace: rook-ceph}") -> str:
    indented = "\n".join("  " + line for line in dedent(body).strip("\n").split("\n"))
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\n"
        f"spec:\n  destination: {destination}\n{indented}\n"
    )


def test_an_application_reaches_the_cluster_it_names() -> None:
    read = world(
        {
            "apps/ceph.yaml": application("ceph", "source: {repoURL: https://git.example/r.git, path: ceph}"),
            "ceph/pool.yaml": POOL % "images",
        }
    )
    assert resources(read, "prod") == {"CephBlockPool/images": "ceph/pool.yaml"}


def test_what_no_delivery_reaches_is_not_live_and_said_so() -> None:
    read = world(
        {
            "apps/ceph.yaml": application("ceph", "source: {repoURL: https://git.example/r.git, path: ceph}"),
            "ceph/pool.yaml": POOL % "images",
            "old/pool.yaml": POOL % "forgotten",
        }
    )
    assert "CephBlockPool/forgotten" not in resources(read, "prod")
    assert read.skipped["not reached by any delivery"] == 1


def test_without_any_delivery_every_file_counts() -> None:
    read = world({"a/pool.yaml": POOL % "images", "b/pool.yaml": POOL % "volumes"})
    assert resources(read, "default") == {"CephBlockPool/images": "a/pool.yaml", "CephBlockPool/volumes": "b/pool.yaml"}


@pytest.mark.parametrize("start", ["", "---\n", "# of the hypervisors\n"])
def test_a_values_file_that_begins_with_its_settings_counts(start: str) -> None:
    read = world({"overrides/libvirt.yaml": f"{start}conf:\n  libvirt:\n    listen_tcp: '1'\n"})
    assert [use.chart for use in read.environments["default"].charts] == ["libvirt"]


def test_an_app_of_apps_leads_to_its_children() -> None:
    child = application("child", "source: {repoURL: https://git.example/r.git, path: ceph}")
    read = world(
        {
            "root.yaml": application("root", "source: {repoURL: https://git.example/r.git, path: apps}", "{name: in-cluster}"),
            "apps/child.yaml": child,
            "ceph/pool.yaml": POOL % "images",
        }
    )
    assert resources(read, "prod") == {"CephBlockPool/images": "ceph/pool.yaml"}


def test_applications_that_contain_each_other_end() -> None:
    read = world(
        {
            "a/b.yaml": application("b", "source: {repoURL: https://git.example/r.git, path: b}"),
            "b/a.yaml": application("a", "source: {repoURL: https://git.example/r.git, path: a}"),
            "b/pool.yaml": POOL % "images",
        }
    )
    assert resources(read, "prod") == {"CephBlockPool/images": "b/pool.yaml"}


def test_value_files_of_a_second_source_are_layers_in_their_order() -> None:
    read = world(
        {
            "apps/ceph.yaml": application(
                "ceph",
                """
                sources:
                  - repoURL: https://charts.example
                    chart: rook-ceph-cluster
                    targetRevision: v1.19.5
                    helm: {valueFiles: [$v/ceph/base.yaml, $v/ceph/prod.yaml]}
                  - {repoURL: https://git.example/r.git, ref: v}
                """,
            ),
            "ceph/base.yaml": VALUES,
            "ceph/prod.yaml": "cephClusterSpec: {mon: {count: 5}}\n",
        }
    )
    (use,) = read.environments["prod"].charts
    assert use.origin.layers == ("ceph/base.yaml", "ceph/prod.yaml")
    from lintkit.yamldoc.node import Scalar, lookup

    count = lookup(use.values, "cephClusterSpec", "mon", "count")
    assert isinstance(count, Scalar)
    assert (count.value, count.doc.source.path) == (5, "ceph/prod.yaml")
    assert count.under is not None
    assert count.under.doc.source.path == "ceph/base.yaml"


def test_a_source_in_another_repository_is_unknown_not_missing() -> None:
    read = world(
        {
            "apps/ceph.yaml": application("ceph", "source: {repoURL: https://git.example/r.git, path: ceph}"),
            "apps/other.yaml": application("other", "source: {repoURL: https://elsewhere.example/x.git, path: deploy}"),
            "ceph/pool.yaml": POOL % "images",
        }
    )
    problems = {(p.kind, p.path, p.message) for p in read.problems}
    assert problems == {("unknown", "apps/other.yaml", "repository https://elsewhere.example/x.git cannot be read here")}


def test_a_configured_checkout_of_another_repository_is_read() -> None:
    read = world(
        {
            "apps/other.yaml": application("other", "source: {repoURL: https://elsewhere.example/x.git, path: deploy}"),
            "vendor-repos/x/deploy/pool.yaml": POOL % "images",
        },
        Config(repositories={"https://elsewhere.example/x.git": "vendor-repos/x"}),
    )
    assert resources(read, "prod") == {"CephBlockPool/images": "vendor-repos/x/deploy/pool.yaml"}


def test_a_missing_values_file_is_said_with_its_place() -> None:
    read = world(
        {
            "apps/ceph.yaml": application(
                "ceph",
                """
                sources:
                  - {repoURL: https://c.example, chart: rook-ceph-cluster, targetRevision: v1.19.5,
                     helm: {valueFiles: [$v/base.yaml, $v/gone.yaml]}}
                  - {repoURL: https://git.example/r.git, ref: v}
                """,
            ),
            "base.yaml": VALUES,
        }
    )
    (problem,) = [p for p in read.problems if p.kind == "missing"]
    assert problem.message == "values file gone.yaml does not exist"
    assert problem.home is not None
    place = problem.home.doc.place(problem.home.start, problem.home.end)
    assert place.source.text[place.start : place.end] == "$v/gone.yaml"


def test_an_application_set_makes_one_environment_a_list_element() -> None:
    read = world(
        {
            "sets/ceph.yaml": """\
                apiVersion: argoproj.io/v1alpha1
                kind: ApplicationSet
                metadata: {name: ceph}
                spec:
                  goTemplate: true
                  generators:
                    - list: {elements: [{cluster: north}, {cluster: south}]}
                  template:
                    metadata: {name: "ceph-{{.cluster}}"}
                    spec:
                      source: {repoURL: https://git.example/r.git, path: "ceph/{{.cluster}}"}
                      destination: {name: "{{.cluster}}", namespace: rook-ceph}
                """,
            "ceph/north/pool.yaml": POOL % "images",
            "ceph/south/pool.yaml": POOL % "volumes",
        }
    )
    assert resources(read, "north") == {"CephBlockPool/images": "ceph/north/pool.yaml"}
    assert resources(read, "south") == {"CephBlockPool/volumes": "ceph/south/pool.yaml"}


def test_a_kustomize_overlay_is_an_environment_and_its_base_is_not_judged_alone() -> None:
    kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [%s]\n"
    read = world(
        {
            "ceph/base/kustomization.yaml": kustomization % "pool.yaml",
            "ceph/base/pool.yaml": POOL % "images",
            "ceph/overlays/prod/kustomization.yaml": (kustomization % "../../base")
            + "patches:\n- target: {kind: CephBlockPool}\n  patch: |-\n    - {op: replace, path: /spec/replicated/size, value: 2}\n",
            "ceph/overlays/lab/kustomization.yaml": (kustomization % "../../base") + "patches: [{path: size.yaml}]\n",
            "ceph/overlays/lab/size.yaml": POOL.replace("size: 3", "size: 1") % "images",
        }
    )
    assert set(read.environments) == {"prod", "lab"}
    assert resources(read, "prod") == {"CephBlockPool/images": "ceph/base/pool.yaml"}
    assert list(resources(read, "lab")) == ["CephBlockPool/images"]


def test_a_flux_helm_release_takes_values_from_a_generated_config_map() -> None:
    read = world(
        {
            "clusters/north/ks.yaml": """\
                apiVersion: kustomize.toolkit.fluxcd.io/v1
                kind: Kustomization
                metadata: {name: ceph, namespace: flux-system}
                spec:
                  path: ./ceph
                  prune: false
                  sourceRef: {kind: GitRepository, name: flux-system}
                """,
            "ceph/kustomization.yaml": "resources: [release.yaml]\nconfigMapGenerator:\n- {name: v, files: [values.yaml]}\n",
            "ceph/release.yaml": """\
                apiVersion: helm.toolkit.fluxcd.io/v2
                kind: HelmRelease
                metadata: {name: ceph, namespace: rook-ceph}
                spec:
                  chart: {spec: {chart: rook-ceph-cluster, version: v1.19.5, sourceRef: {kind: HelmRepository, name: rook}}}
                  valuesFrom: [{kind: ConfigMap, name: v}]
                """,
            "ceph/values.yaml": VALUES,
        }
    )
    (use,) = read.environments["north"].charts
    assert use.chart == "rook-ceph-cluster"
    assert use.values.doc.source.path == "ceph/values.yaml"


def test_a_wrapper_chart_with_values_of_several_environments_is_one_release_each() -> None:
    read = world(
        {
            "storage/Chart.yaml": "name: storage\nversion: 1.0.0\ndependencies:\n- {name: rook-ceph-cluster, version: v1.19.5}\n",
            "storage/values.yaml": "rook-ceph-cluster:\n  cephBlockPools: []\n",
            "storage/values-prod.yaml": "rook-ceph-cluster:\n  cephClusterSpec: {mon: {count: 5}}\n",
            "storage/values-lab.yaml": "rook-ceph-cluster:\n  cephClusterSpec: {mon: {count: 1}}\n",
        }
    )
    assert {name: [use.chart for use in e.charts] for name, e in read.environments.items()} == {
        "prod": ["rook-ceph-cluster"],
        "lab": ["rook-ceph-cluster"],
    }


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("clusters/fra1/rook/values.yaml", "fra1"),
        ("deploy/overlays/prod/kustomization.yaml", "prod"),
        ("overlays/base/kustomization.yaml", ""),
        ("rook/prod.yaml", ""),
        ("envs/lab/a/b.yaml", "lab"),
    ],
)
def test_a_path_may_name_its_environment(path: str, name: str) -> None:
    assert environment_from_path(path) == name


def test_an_inventory_belongs_to_the_environment_its_path_names() -> None:
    hosts = "all:\n  hosts:\n    a:\n  children:\n    kube_node:\n      hosts:\n        a:\n"
    read = world(
        {
            "clusters/prod/pool.yaml": POOL % "images",
            "clusters/lab/pool.yaml": POOL % "images",
            "inventory/prod/hosts.yaml": hosts,
        }
    )
    assert [i.path for i in inventories_of(read, "prod")] == ["inventory/prod/hosts.yaml"]
    assert inventories_of(read, "lab") == []


def test_the_configuration_says_which_files_are_an_environment() -> None:
    read = world(
        {"site-7/pool.yaml": POOL % "images"},
        Config(environments=(EnvironmentConfig("berlin", paths=("site-7/**",)),)),
    )
    assert resources(read, "berlin") == {"CephBlockPool/images": "site-7/pool.yaml"}


def test_templates_and_archives_are_counted_not_read() -> None:
    read = world(
        {
            "chart/Chart.yaml": "name: chart\nversion: 1.0.0\n",
            "chart/templates/pool.yaml": "{{- if .Capabilities.KubeVersion }}\n" + POOL % "images" + "{{- end }}\n",
            ".archive/pool.yaml": POOL % "old",
            "pool.yaml": POOL % "live",
        }
    )
    assert resources(read, "default") == {"CephBlockPool/live": "pool.yaml"}
    assert read.skipped == {"chart template": 1, "archive, draft, example, CRD or test data": 1}


def test_a_list_is_opened() -> None:
    one = (POOL % "images").replace("\n", "\n    ").rstrip()
    read = world({"all.yaml": f"apiVersion: v1\nkind: List\nitems:\n  - {one}\n"})
    assert resources(read, "default") == {"CephBlockPool/images": "all.yaml"}


def test_a_helm_release_without_a_kustomization_finds_its_config_map_beside_it() -> None:
    read = world(
        {
            "ceph/release.yaml": """\
                apiVersion: helm.toolkit.fluxcd.io/v2
                kind: HelmRelease
                metadata: {name: ceph, namespace: rook-ceph}
                spec:
                  chart: {spec: {chart: rook-ceph-cluster, version: v1.19.5, sourceRef: {kind: HelmRepository, name: rook}}}
                  valuesFrom: [{kind: ConfigMap, name: v}]
                """,
            "ceph/values.yaml": """\
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: v, namespace: rook-ceph}
                data:
                  values.yaml: |
                    cephBlockPools: []
                """,
        }
    )
    (use,) = read.environments["default"].charts
    assert "cephBlockPools" in use.values
    assert use.origin.layers != ()


def test_resources_written_as_json_are_read() -> None:
    text = '{"apiVersion": "ceph.rook.io/v1", "kind": "CephBlockPool", "metadata": {"name": "images"}, "spec": {}}\n'
    assert resources(world({"pool.yaml": text}), "default") == {"CephBlockPool/images": "pool.yaml"}


def test_a_number_that_helm_rounds_is_found_in_values_wherever_they_stand_and_nowhere_else() -> None:
    number = "9007199254740993"
    application = APPLICATION_VALUES % (number, number)
    files = {
        "apps/ceph.yaml": application,
        "pools/map.yaml": f"apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {{name: a}}\nspec: {{quotas: {{maxObjects: {number}}}}}\n",
    }
    texts = Files(files, files.__getitem__)
    findings, _ = judge(texts, [])
    found = [(f.span.path, f.place.first.line, f.message) for f in findings if f.policy == "oversized-integer"]
    message = f"{number} has more digits than Helm keeps: 9007199254740992 arrives"
    assert found == [("apps/ceph.yaml", 12, message), ("apps/ceph.yaml", 22, message)]


APPLICATION_VALUES = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: ceph}
spec:
  destination: {name: prod, namespace: rook-ceph}
  sources:
    - repoURL: https://charts.rook.io/release
      chart: rook-ceph-cluster
      targetRevision: v1.19.5
      helm:
        valuesObject:
          monitoring: {id: %s}
    - repoURL: https://git.example/cloud.git
      path: pools
    - repoURL: https://charts.example
      chart: other
      targetRevision: 1.0.0
      helm:
        values: |
          # the account
          a: 9007199254740992
          id: %s
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a, annotations: {generation: "1"}}
"""
