"""Charts of the repository itself: what their templates make, and the deliveries among it, with the place in the values."""

from __future__ import annotations

from lintkit.sources.world import DEFAULT
from tests.sources.test_forms import APPLICATION, HERE, POOL_VALUES, RELEASE, application, found, holds, world

POOL_TEMPLATE = """\
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata: {name: "{{ .Chart.Name }}", namespace: "{{ .Release.Namespace }}"}
spec:
  failureDomain: {{ .Values.global.domain | default "host" }}
  replicated:
    size: {{ .Values.size }}
"""


def chart(name: str, *dependencies: str) -> str:
    wanted = "dependencies:\n" + "".join(f"- {each}\n" for each in dependencies) if dependencies else ""
    return f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n{wanted}"


def root(path: str, name: str = "root", values: str = "", cluster: str = "{name: in-cluster}") -> str:
    helm = f"    helm: {{valueFiles: [{values}]}}\n" if values else ""
    body = f"spec:\n  project: default\n  destination: {cluster}\n  source:\n    repoURL: {HERE}\n    path: {path}\n{helm}"
    return APPLICATION + f"metadata: {{name: {name}, namespace: argocd}}\n" + body


RANGE = """\
{{- range $name, $app := .Values.apps }}
{{- if $app.enabled }}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: {{ $name }}, namespace: argocd}
spec:
  destination: {name: {{ $.Values.cluster }}, namespace: rook-ceph}
  sources:
    - repoURL: https://charts.rook.io/release
      chart: {{ $app.chart }}
      targetRevision: {{ $app.version }}
      helm:
        valueFiles:
          - $values/values/{{ $name }}/{{ $.Values.cluster }}.yaml
    - {repoURL: {{ $.Values.repo }}, ref: values}
{{- end }}
{{- end }}
"""


def test_a_loop_over_values_makes_applications_of_the_cluster_that_values_name() -> None:
    holds(
        {
            "root.yaml": root("apps", values="prod.yaml"),
            "apps/Chart.yaml": chart("apps"),
            "apps/values.yaml": f"repo: {HERE}\ncluster: none\napps: {{}}\n",
            "apps/prod.yaml": """\
                cluster: prod
                apps:
                  rook: {chart: rook-ceph-cluster, version: v1.19.5, enabled: true}
                  other: {chart: rook-ceph-cluster, version: v1.19.5, enabled: false}
                """,
            "apps/templates/apps.yaml": RANGE,
            "values/rook/prod.yaml": POOL_VALUES % "1  # finds: prod",
            "values/rook/lab.yaml": POOL_VALUES % "1",
            "values/other/prod.yaml": POOL_VALUES % "1",
        }
    )


def test_one_chart_of_applications_is_rendered_for_each_of_its_roots() -> None:
    template = application(
        """
        source:
          repoURL: https://charts.rook.io/release
          chart: rook-ceph-cluster
          targetRevision: v1.19.5
          helm:
            valuesObject:
              {{- toYaml .Values.rook | nindent 8 }}
        """,
        "rook",
        "{server: 'https://kubernetes.default.svc', namespace: rook-ceph}",
    )
    holds(
        {
            "clusters/prod/root.yaml": root("apps", values="prod.yaml"),
            "clusters/lab/root.yaml": root("apps", values="lab.yaml"),
            "apps/Chart.yaml": chart("apps"),
            "apps/prod.yaml": "rook:\n  cephBlockPools: [{name: a, spec: {replicated: {size: 3}}}]\n",
            "apps/lab.yaml": "rook:\n  cephBlockPools: [{name: a, spec: {replicated: {size: 1}}}]  # finds: lab\n",
            "apps/templates/rook.yaml": template,
        }
    )


def test_plain_applications_of_a_shared_directory_belong_to_the_cluster_of_each_root() -> None:
    child = application(
        f"\nsource: {{repoURL: {HERE}, path: pools}}\n",
        "rook",
        "{server: 'https://kubernetes.default.svc', namespace: rook-ceph}",
    )
    holds(
        {
            "clusters/prod/root.yaml": root("apps"),
            "clusters/lab/root.yaml": root("apps"),
            "apps/rook.yaml": child,
            "pools/pool.yaml": "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: a, namespace: rook-ceph}\n"
            "spec: {failureDomain: host, replicated: {size: 1}}  # finds: prod, lab\n",
        }
    )


def test_values_that_are_hidden_may_switch_on_what_known_ones_switch_off() -> None:
    hidden = APPLICATION + (
        "metadata: {name: root, namespace: argocd}\nspec:\n  destination: {name: in-cluster}\n  sources:\n"
        f"  - {{repoURL: {HERE}, path: apps, helm: {{valueFiles: [$site/a.yaml]}}}}\n"
        "  - {repoURL: 'https://git.example/site.git', ref: site}\n"
    )
    files = {
        "apps/Chart.yaml": chart("apps"),
        "apps/values.yaml": "rook: {enabled: false}\n",
        "apps/templates/rook.yaml": "{{- if .Values.rook.enabled }}\n"
        + application(
            "\nsource:\n  repoURL: https://charts.rook.io/release\n  chart: rook-ceph-cluster\n  targetRevision: v1.19.5\n"
            "  helm:\n    valuesObject:\n      cephBlockPools:\n      - name: a\n        spec: {replicated: {size: 1}}  # finds: prod\n",
            "rook",
            "{name: prod, namespace: rook-ceph}",
        )
        + "{{- end }}\n",
    }
    holds({**files, "root.yaml": hidden})
    assert found({**files, "root.yaml": root("apps")}) == set()


def test_templates_of_subcharts_are_rendered_with_their_part_of_the_values() -> None:
    holds(
        {
            "prod.yaml": root("site", "prod", cluster="{name: prod, namespace: rook-ceph}"),
            "lab.yaml": root("site", "lab", "lab.yaml", "{name: lab, namespace: rook-ceph}"),
            "site/Chart.yaml": chart(
                "site",
                "{name: pools, alias: fast, version: 0.1.0, repository: 'file://../pools'}",
                "{name: pools, alias: slow, version: 0.1.0, repository: 'file://../pools', condition: slow.enabled}",
                "{name: pools, alias: old, version: 0.1.0, repository: 'file://../pools', tags: [legacy]}",
            ),
            "site/values.yaml": "tags: {legacy: false}\nold: {size: 1}\nslow:\n  size: 1  # finds: lab\n",
            "site/lab.yaml": "slow: {enabled: true}\n",
            "pools/Chart.yaml": chart("pools"),
            "pools/values.yaml": "enabled: false\nsize: 1  # finds: prod, lab\nglobal: {}\n",
            "pools/templates/pool.yaml": POOL_TEMPLATE,
        }
    )


def test_a_chart_below_charts_counts_without_being_named_and_takes_globals() -> None:
    files = {
        "prod.yaml": root("site", "prod", cluster="{name: prod, namespace: rook-ceph}"),
        "site/Chart.yaml": chart("site"),
        "site/values.yaml": "global: {domain: host}\n",
        "site/charts/pools/Chart.yaml": chart("pools"),
        "site/charts/pools/values.yaml": "size: 1  # finds: prod\nglobal: {domain: osd}\n",
        "site/charts/pools/templates/pool.yaml": POOL_TEMPLATE,
    }
    holds(files)
    (pool,) = world(files).environments["prod"].resources
    assert (pool.name, pool.origin.layers) == ("pools", ("site/charts/pools/values.yaml",))
    assert found(files, "failure-domain-osd") == set()


APPS = f"""\
applications:
  ceph:
    namespace: argocd
    destination: {{name: prod, namespace: rook-ceph}}
    source:
      repoURL: https://charts.rook.io/release
      chart: rook-ceph-cluster
      targetRevision: v1.19.5
      helm:
        valuesObject:
          cephBlockPools:
          - name: a
            spec: {{replicated: {{size: 1}}}}  # finds: prod
  pools:
    namespace: argocd
    destination: {{server: 'https://kubernetes.default.svc', namespace: rook-ceph}}
    source: {{repoURL: {HERE}, path: pools}}
"""
POOL = "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: b, namespace: rook-ceph}\n"
POOL += "spec: {failureDomain: host, replicated: {size: 1}}  # finds: %s\n"


def test_the_argocd_apps_chart_is_read_whoever_delivers_it() -> None:
    inline = "".join(f"    {line}\n" for line in APPS.rstrip("\n").split("\n"))
    flux = RELEASE.replace("ceph,", "apps,") + (
        "spec:\n  chart: {spec: {chart: argocd-apps, version: 2.0.2, sourceRef: {kind: HelmRepository, name: argo}}}\n"
        f"  values:\n{inline}"
    )
    holds({"clusters/hub/apps.yaml": flux, "pools/p.yaml": POOL % "hub"})
    fleet = (
        "helm: {repo: 'https://argoproj.github.io/argo-helm', chart: argocd-apps, version: 2.0.2, valuesFiles: [values.yaml]}\n"
    )
    customized = fleet + "targetCustomizations: [{name: hub, clusterName: hub}]\n"
    holds({"apps/fleet.yaml": customized, "apps/values.yaml": APPS, "pools/p.yaml": POOL % "hub"})
    assert DEFAULT in world({"apps/fleet.yaml": fleet, "apps/values.yaml": APPS, "pools/p.yaml": POOL % "x"}).environments


def test_helm_releases_in_templates_of_a_chart_are_followed() -> None:
    inner = RELEASE + (
        "spec:\n  chart: {spec: {chart: rook-ceph-cluster, version: v1.19.5, sourceRef: {kind: HelmRepository, name: rook}}}\n"
        "  values:\n    {{- toYaml .Values.rook | nindent 4 }}\n"
    )
    holds(
        {
            "clusters/prod/hr.yaml": RELEASE.replace("ceph,", "stack,")
            + "spec:\n  chart: {spec: {chart: ./stack, sourceRef: {kind: GitRepository, name: flux-system}}}\n"
            + "  values:\n    rook:\n      cephBlockPools:\n      - name: a\n        spec: {replicated: {size: 1}}  # finds: prod\n",
            "stack/Chart.yaml": chart("stack"),
            "stack/templates/rook.yaml": inner,
        }
    )


def test_charts_that_make_releases_of_themselves_end() -> None:
    application = APPLICATION + (
        "metadata: {name: '{{ .Release.Name }}-again'}\nspec:\n  destination: {name: prod}\n"
        f"  source: {{repoURL: {HERE}, path: apps, helm: {{releaseName: '{{{{ .Release.Name }}}}-again'}}}}\n"
    )
    files = {"root.yaml": root("apps"), "apps/Chart.yaml": chart("apps"), "apps/templates/again.yaml": application}
    assert [p.message for p in world(files).problems] == [
        "Applications of charts more than 8 deep in each other: the rest is not judged"
    ]
    release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: '%s', namespace: x}\n"
    release += "spec:\n  chart: {spec: {chart: ./stack, sourceRef: {kind: GitRepository, name: flux-system}}}\n"
    files = {
        "clusters/prod/hr.yaml": release % "stack",
        "stack/Chart.yaml": chart("stack"),
        "stack/templates/again.yaml": release % "{{ .Release.Name }}-again",
    }
    assert [p.message for p in world(files).problems] == [
        "charts that make deliveries of charts without end: the rest is not judged"
    ]


def test_values_that_a_subchart_hands_up_are_not_known() -> None:
    dependency = "{name: pools, version: 0.1.0, repository: 'file://../pools'%s}"
    files = {
        "root.yaml": root("site", cluster="{name: prod, namespace: rook-ceph}"),
        "pools/Chart.yaml": chart("pools"),
        "pools/values.yaml": "size: 3\nglobal: {}\n",
        "pools/templates/pool.yaml": POOL_TEMPLATE,
    }
    handing = chart("site", dependency % ", import-values: [data]")
    assert world({**files, "site/Chart.yaml": handing}).environments["prod"].blind == {"rook-ceph"}
    assert world({**files, "site/Chart.yaml": chart("site", dependency % "")}).environments["prod"].blind == set()
