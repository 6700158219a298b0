"""What inputs are made of: the cases of the policies, the example cloud, and a few forms that neither has.

A repository is one text, its files under lines of ``=== path``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from lintkit.harness.cases import cases_of, policies_of

ROOT: Final = Path(__file__).resolve().parents[2]
_HEAD: Final = re.compile(r"^=== (.*)$", re.MULTILINE)
_MARKS: Final = ("kustomization.yaml", "ApplicationSet", "toolkit.fluxcd.io", "fleet.yaml", "templates/", "{{", "patches", ".ini")


def joined(files: Mapping[str, str]) -> str:
    """A repository as one text."""
    return "".join(f"=== {path}\n{text}" + ("" if text.endswith("\n") else "\n") for path, text in files.items())


def files_of(text: str) -> dict[str, str]:
    """The files of a repository that is one text; those that no tree can hold are left out."""
    parts = _HEAD.split(text)
    found = {"pool.yaml": parts[0]} if parts[0].strip() else {}
    for path, content in zip(parts[1::2], parts[2::2], strict=True):
        names = path.split("/")
        if 0 < len(path) < 200 and not {"", ".", "..", ".git"}.intersection(names) and "\0" not in path:
            found[path] = content.removeprefix("\n")
    return found


@lru_cache(maxsize=1)
def repositories() -> tuple[str, ...]:
    """Every case of every policy, and every part of the example cloud."""
    found = [joined(case.files) for policy, home in policies_of(None) for case in cases_of(policy, home)]
    example = ROOT / "examples"
    for part in sorted(p for p in example.iterdir() if p.is_dir()):
        files = sorted(f for f in part.rglob("*") if f.is_file())
        found.append(joined({f.relative_to(example).as_posix(): f.read_text("utf-8") for f in files}))
    return (*dict.fromkeys(found), *FORMS)


@lru_cache(maxsize=1)
def deliveries() -> tuple[str, ...]:
    """Repositories that templates, patches, generators or substitutions make something of."""
    return tuple(text for text in repositories() if any(mark in text for mark in _MARKS))


@lru_cache(maxsize=1)
def fixable() -> tuple[str, ...]:
    """Repositories that have something to fix."""
    return tuple(joined(c.files) for policy, home in policies_of(None) for c in cases_of(policy, home) if c.fixed)


@lru_cache(maxsize=1)
def policy_files() -> tuple[str, ...]:
    """Every policy that ships with lintkit."""
    return tuple(f.read_text("utf-8") for f in sorted((ROOT / "policies").glob("*/*/policy.yaml")))


@lru_cache(maxsize=1)
def expressions() -> tuple[str, ...]:
    """Every expression of them."""
    from lintkit.policy.compiled import expressions as expressions_of

    return tuple(dict.fromkeys(e.text for policy, _ in policies_of(None) for e in expressions_of(policy)))


_POOL: Final = """\
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata: {name: images, namespace: rook-ceph, labels: {a: b}}
spec: {failureDomain: host, replicated: {size: 1, requireSafeReplicaSize: false}}
"""
FORMS: Final = (
    joined(
        {
            "base/kustomization.yaml": "resources: [pool.yaml]\n",
            "base/pool.yaml": _POOL,
            "prod/kustomization.yaml": """\
resources: [../base]
namespace: rook-ceph
namePrefix: a-
commonLabels: {x: y}
components: [../part]
patches:
  - target: {kind: CephBlockPool, name: '.*', labelSelector: a=b}
    patch: |-
      - {op: replace, path: /spec/replicated/size, value: 3}
      - {op: add, path: /metadata/annotations, value: {a~1b: c}}
      - {op: copy, from: /spec/replicated, path: /spec/erasureCoded}
      - {op: move, from: /metadata/labels, path: /spec/labels}
      - {op: test, path: /spec/failureDomain, value: host}
      - {op: remove, path: /spec/labels/a}
  - path: patch.yaml
replacements:
  - source: {kind: CephBlockPool, fieldPath: metadata.name}
    targets: [{select: {kind: CephBlockPool}, fieldPaths: [spec.failureDomain], options: {delimiter: '-', index: 1, create: true}}]
configMapGenerator:
  - {name: c, literals: [a=b, 'c=d e'], files: [x=pool.env], envs: [pool.env], behavior: create}
generatorOptions: {disableNameSuffixHash: true, labels: {g: h}}
images: [{name: a, newName: b, newTag: '1', digest: 'sha256:0'}]
replicas: [{name: images, count: 3}]
vars: [{name: X, objref: {kind: CephBlockPool, name: images, apiVersion: ceph.rook.io/v1}, fieldref: {fieldpath: spec.failureDomain}}]
helmCharts: [{name: rook-ceph-cluster, repo: 'https://charts.rook.io/release', version: v1.18.8, releaseName: r, valuesInline: {cephBlockPools: []}, additionalValuesFiles: [v.yaml]}]
""",
            "prod/patch.yaml": "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: images}\nspec: {replicated: {size: 2}, mirroring: {$patch: delete}}\n",
            "prod/pool.env": "a=b\n# c\nd='e f'\n",
            "part/kustomization.yaml": "kind: Component\npatches: [{path: p.yaml, target: {group: ceph.rook.io, version: v1}}]\n",
            "part/p.yaml": '[{"op": "add", "path": "/spec/parameters", "value": {"pg_num_min": "32"}}]\n',
        }
    ),
    joined(
        {
            "set.yaml": """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: s}
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators:
    - matrix:
        generators:
          - git: {repoURL: 'https://git.example/x.git', revision: HEAD, directories: [{path: 'apps/*'}, {path: apps/no, exclude: true}]}
          - list: {elements: [{name: a, n: 1}, {name: b, n: {x: [1, 2]}}]}
    - merge:
        mergeKeys: [name]
        generators:
          - clusters: {selector: {matchLabels: {a: b}, matchExpressions: [{key: c, operator: In, values: [d]}]}, values: {v: '{{.name}}'}}
          - list: {elementsYaml: '{{ .a | toJson }}', elements: [{name: a}]}
    - git: {repoURL: 'https://git.example/x.git', files: [{path: 'apps/*/config.yaml'}], pathParamPrefix: p}
  templatePatch: |
    spec:
      syncPolicy: {{ if eq .name "a" }}{automated: {prune: true}}{{ else }}{}{{ end }}
  template:
    metadata: {name: '{{ .name | default "x" | trunc 5 | upper }}-{{ index .path.segments 1 }}'}
    spec:
      project: default
      destination: {name: '{{ .name }}', namespace: rook-ceph}
      sources:
        - {repoURL: 'https://git.example/x.git', path: '{{ .path.path }}', targetRevision: HEAD, ref: values}
        - repoURL: https://charts.rook.io/release
          chart: rook-ceph-cluster
          targetRevision: v1.18.8
          helm:
            valueFiles: [$values/apps/a/values.yaml, 'apps/*/x.yaml']
            parameters: [{name: 'cephBlockPools[0].spec.replicated.size', value: '1'}, {name: 'a\\.b', value: '{{ .n }}', forceString: true}]
            values: |
              cephBlockPools:
              {{- range $i, $e := (list 1 2) }}
                - {name: p{{ $i }}, spec: {replicated: {size: {{ $e }}}}}
              {{- end }}
""",
            "apps/a/values.yaml": "cephBlockPools: [{name: images, spec: {replicated: {size: 1}}}]\n",
            "apps/a/config.yaml": "name: c\npath: {x: y}\n",
            "apps/b/pool.yaml": _POOL,
        }
    ),
    joined(
        {
            "flux/k.yaml": """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ceph, namespace: flux-system}
spec:
  path: ./deploy
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
  targetNamespace: rook-ceph
  postBuild: {substitute: {size: '1', name: images, dom: '${x:=host}'}, substituteFrom: [{kind: ConfigMap, name: vars, optional: true}]}
  patches: [{patch: '[{"op": "replace", "path": "/spec/failureDomain", "value": "rack"}]', target: {kind: CephBlockPool}}]
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: rook-ceph-cluster, namespace: rook-ceph}
spec:
  chart: {spec: {chart: rook-ceph-cluster, version: v1.18.8, sourceRef: {kind: HelmRepository, name: rook}}}
  valuesFrom: [{kind: ConfigMap, name: vals, valuesKey: values.yaml, targetPath: 'a.b[0].c', optional: true}]
  values: {cephBlockPools: [{name: '${name}', spec: {replicated: {size: 1}}}]}
  postRenderers: [{kustomize: {patches: [{target: {kind: CephBlockPool}, patch: "- {op: remove, path: /spec/replicated}"}]}}]
""",
            "deploy/pool.yaml": _POOL.replace("size: 1", "size: ${size:-3}").replace(
                "images", "${name/a/b}${name:1:2}${#name}${name^^}"
            ),
            "deploy/vars.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars}\ndata: {x: rack}\n",
        }
    ),
    joined(
        {
            "chart/Chart.yaml": "apiVersion: v2\nname: mine\nversion: 1.0.0\ndependencies: [{name: mine, version: 1.0.0, repository: 'file://.', alias: x, condition: a.b}]\n",
            "chart/values.yaml": "pools: [{name: a, size: 1}]\nmine: {pools: []}\n",
            "chart/templates/pool.yaml": """\
{{- define "n" -}}{{ .Release.Name }}{{- end -}}
{{- range .Values.pools }}
---
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata:
  name: {{ include "n" $ | quote }}
  labels: {{- toYaml .labels | nindent 4 }}
spec: {failureDomain: {{ .dom | default "host" }}, replicated: {size: {{ .size }}}}
{{- end }}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {password: {{ randAlphaNum 10 | b64enc | quote }}}
{{ if and .Values.x (gt (len .Values.y) 3) }}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: {{ printf "%s-%d" "a" 1 }}}
spec: {project: default, source: {path: chart, repoURL: x}, destination: {name: prod, namespace: n}}
{{ end }}
""",
            "app.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: mine}\nspec: {project: default, source: {path: chart, repoURL: x, helm: {releaseName: r}}, destination: {name: prod, namespace: n}}\n",
            "inventory/prod/hosts.ini": "[control]\nnode-[1:3] ansible_host=10.0.0.1 x='a b' y=\"c\\\"d\"\n[all:vars]\nnode_labels={'a': 'b'}\n[k8s:children]\ncontrol\n",
            "fleet/fleet.yaml": "defaultNamespace: rook-ceph\nhelm: {chart: rook-ceph-cluster, repo: 'https://charts.rook.io/release', version: v1.18.8, values: {cephBlockPools: []}, valuesFiles: [v.yaml]}\ntargetCustomizations: [{name: prod, clusterSelector: {matchLabels: {env: prod}}, helm: {values: {a: b}}}]\n",
            "crd.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.example.com}\nspec:\n  group: example.com\n  names: {kind: X, plural: xs}\n  scope: Namespaced\n  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, required: [a], properties: {a: {type: string, pattern: '^(a+)+$', maxLength: 9}}, x-kubernetes-validations: [{rule: 'self.a != \"b\"', message: no}]}}}}}]\n",
            "x.yaml": "apiVersion: example.com/v1\nkind: X\nmetadata: {name: x}\nspec: {a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab}\n",
        }
    ),
)
"""Kustomize, Argo CD, Flux, charts, inventories, bundles and definitions, each with most of what they can say."""

CONFIGURATIONS: Final = (
    """\
required-version: '>=0.1'
profile: production
environments:
  prod:
    paths: ['clusters/prod/**', '{a,b}/*.yaml']
    profile: lab
    inventory: inventory/prod/hosts.ini
    nodes: [{name: a, count: 3, labels: {x: y}, devices: [{name: sda, size: 1Ti, type: ssd}]}]
    roles: {control-plane: {selector: {matchLabels: {a: b}}}}
    versions: {ceph: 19.2.3, rook: v1.18.8}
    osds: [{hosts: 3, per-host: 4, device-class: hdd, size: 4Ti}]
repositories: {'https://git.example/x.git': .}
charts: {'apps/*/values.yaml': rook-ceph-cluster}
policies:
  pool-size-one: {severity: warning, overrides: [{paths: ['lab/**'], severity: off}]}
  too-few-api-replicas: {params: {min: 2}}
  data-pool-unsized: off
exclude: ['**/draft-*', 'old/**']
policy-folders: [house]
schemas: [crd.yaml]
ignore: [{policies: [pool-size-one], reason: scratch, paths: ['x/**'], resources: [CephBlockPool/*], until: 2030-01-01}]
""",
    "profile: lab\nextends: house.yaml\n",
    "role-groups: {prod: {a: b}}\nroles: {compute: {selector: {matchLabels: {x: y}}}}\nclusters: [{name: prod, server: 'https://x', labels: {a: b}}]\n",
)
BASELINES: Final = (
    '{"version": 1, "findings": [{"fingerprint": "abc", "policy": "pool-size-one", "resource": "CephBlockPool/x", "path": "pool.yaml", "also": ["d"]}]}\n',
    '{"findings": []}',
)
QUESTIONS: Final = (
    """\
{"ceph_version": "20.2.4", "mon_target_pg_per_osd": null, "threshold": 3.0, "osd_pool_default_pg_num": 32,
 "osds": [{"count": 12, "device_class": "hdd", "hosts": 4, "size_bytes": 1099511627776, "root": "default"},
          {"count": 3, "device_class": "ssd", "hosts": 3, "size_bytes": 1, "host_prefix": "s"}],
 "pools": [{"name": ".mgr", "type": "replicated", "size": 3, "pg_num_created": 1, "pg_num_min": 1, "pg_num_max": 32},
           {"name": "rbd", "type": "replicated", "size": 3, "target_size_ratio": 0.5, "bulk": true, "device_class": "hdd"},
           {"name": "ec", "type": "erasure", "k": 4, "m": 2, "failure_domain": "host", "pg_autoscale_bias": 4.0,
            "target_size_bytes": 1000000, "pg_autoscale_mode": "warn", "root": "default"}]}
""",
    '{"osds": [{"count": 1}], "pools": [{"name": "a", "size": 3}]}',
)
TEMPLATES: Final = (
    '{{ .name | default "x" | trunc 5 | upper }}-{{ index .path.segments 1 }}${a:-${b}}',
    '{{- if and (eq .name "a") (not .b) -}}{{ range $i, $e := .list }}{{ $i }}={{ $e.x }},{{ else }}none{{ end }}{{- else if .c -}}c{{ end }}',
    '{{ with .path }}{{ .basename | replace "-" "_" | quote }}{{ end }}{{ printf "%05d %s %v %q" .n .name .list .name }}',
    '{{ toYaml .path | nindent 2 }}{{ .list | join "," }}{{ splitList "/" .name | last }}{{ regexReplaceAll "(a+)+$" .name "b" }}',
    '{{name}} {{path.basename}} {{values.x}} {{ path[0] }} {{/* comment */}} {{ `raw` }} {{ dict "a" 1 | toJson }} {{ .n | add 1 | mul 2 }}',
    "${name} ${name:=x} ${name:-${b}} ${name/a/b} ${name//a*/b} ${name#a*} ${name%%b} ${name:1:2} ${#name} ${name^^} $${name} ${name,,} ${1}",
)
INVENTORIES: Final = (
    "[control]\nnode-[1:3] ansible_host=10.0.0.1 x='a b' y=\"c\\\"d\"\nnode-[a:c:2]\n[all:vars]\nnode_labels={'a': 'b'}\nz=[1, 2]\n[k8s:children]\ncontrol\n# note\n; other\n[k8s:vars]\n",
)
