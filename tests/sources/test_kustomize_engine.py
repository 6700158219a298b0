"""The build against kustomize itself, where kubectl or kustomize is installed."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from lintkit.sources.kustomize.build import build
from lintkit.text.source import Source
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Node
from lintkit.yamldoc.plain import plain

Body: TypeAlias = "dict[str, Any]"

SHARED = Path(__file__).resolve().parents[3] / "shared"
KUBECTL, KUSTOMIZE = shutil.which("kubectl"), shutil.which("kustomize")
COMMAND = [KUSTOMIZE, "build"] if KUSTOMIZE else [KUBECTL or "kubectl", "kustomize"]
HASH = re.compile(r"-[2456789bcdfghkmt]{10}$")

pytestmark = pytest.mark.skipif(not (KUBECTL or KUSTOMIZE), reason="neither kubectl nor kustomize is installed")

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, labels: {tier: web}}
spec:
  replicas: 1
  strategy: {type: Recreate}
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      serviceAccountName: runner
      nodeSelector: {a: b}
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - {topologyKey: zone, labelSelector: {matchLabels: {app: api}}}
      initContainers:
      - {name: init, image: "registry:5000/tools/init:1"}
      containers:
      - {name: one, image: nginx, envFrom: [{configMapRef: {name: settings}}]}
      - {name: gone, image: "nginx:1"}
      - name: two
        image: nginx@sha256:aaaa
        env: [{name: A, value: "1"}, {name: B, value: "2"}]
        volumeMounts: [{name: v, mountPath: /v}]
      tolerations: [{key: why}]
      volumes:
      - {name: v, secret: {secretName: credentials}}
      - {name: w, emptyDir: {}}
"""
OTHERS = """
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: api}, ports: [{port: 80, name: http}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner}
---
apiVersion: v1
kind: Namespace
metadata: {name: old}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects:
- {kind: ServiceAccount, name: runner, namespace: default}
- {kind: ServiceAccount, name: default, namespace: elsewhere}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: []
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}, maxReplicas: 3}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api}
spec: {minAvailable: 1, selector: {matchLabels: {app: api}}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: listed}, data: {k: v}}
"""
CUSTOM = """
apiVersion: example.org/v1
kind: Queue
metadata: {name: q, finalizers: [a, b]}
spec:
  list: [{name: a, x: 1}]
  m: {a: 1}
  gone: {x: 1}
  containers: [{name: c, image: nginx:1}]
  s: 4
  quoted: "1"
  number: 1
  block: |
    text
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 0 * * *"
  jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: "nginx:1"}], restartPolicy: Never}}}}
"""
BASE = {
    "base/kustomization.yaml": "resources: [deployment.yaml, others.yaml, custom.yaml]\n"
    "configMapGenerator:\n"
    "- {name: settings, literals: [A=1, 'B=\"two\"'], files: [app.conf, other.conf=app.conf], envs: [s.env]}\n"
    "secretGenerator: [{name: credentials, literals: [password=x], type: Opaque}]\n"
    "generatorOptions: {labels: {made: here}}\n",
    "base/deployment.yaml": DEPLOYMENT,
    "base/others.yaml": OTHERS,
    "base/custom.yaml": CUSTOM,
    "base/app.conf": "[a]\nb = c\n",
    "base/s.env": "# comment\nC=3\nD=a=b\n",
}
OVERLAYS = {
    "nothing": "resources: [../base]",
    "namespace": "resources: [../base]\nnamespace: prod",
    "names": "resources: [../base]\nnamePrefix: x-\nnameSuffix: -y",
    "names-and-namespace": "resources: [../base]\nnamePrefix: x-\nnamespace: prod",
    "common-labels": "resources: [../base]\ncommonLabels: {team: infra}",
    "labels": "resources: [../base]\nlabels: [{pairs: {team: infra}}]",
    "labels-templates": "resources: [../base]\nlabels: [{pairs: {team: infra}, includeTemplates: true}]",
    "labels-selectors": "resources: [../base]\nlabels: [{pairs: {team: infra}, includeSelectors: true}]",
    "labels-fields": "resources: [../base]\nlabels: [{pairs: {t: i}, fields: [{path: spec/marks, kind: Queue, create: true}]}]",
    "annotations": "resources: [../base]\ncommonAnnotations: {why: because}",
    "images": "resources: [../base]\nimages: [{name: nginx, newName: mirror/nginx, newTag: '2'}, "
    "{name: 'registry:5000/tools/init', digest: 'sha256:bbb'}]",
    "image-name": "resources: [../base]\nimages: [{name: nginx, newName: mirror/nginx}]",
    "replicas": "resources: [../base]\nreplicas: [{name: api, count: 5}]",
    "replicas-renamed": "resources: [../base]\nnamePrefix: x-\nreplicas: [{name: api, count: 5}]",
    "merge-core": """
resources: [../base]
patches:
- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: api}
    spec:
      made: {a: null, b: 1, c: {d: null}}
      strategy: {type: null}
      template:
        spec:
          nodeSelector: {}
          initContainers: [{name: second, image: busybox}]
          containers:
          - {name: two, image: changed, env: [{name: B, value: "3"}, {name: C, value: "4"}, {name: A, $patch: delete}]}
          - {name: new, image: new, env: null}
          - {name: gone, $patch: delete}
          tolerations: [{key: z}]
          volumes: [{name: w, emptyDir: {medium: Memory}}, {name: z, emptyDir: {}}]
          imagePullSecrets: [{name: q}]
""",
    "replace-directives": """
resources: [../base]
patches:
- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: api}
    spec:
      strategy: {$patch: replace, type: RollingUpdate}
      template: {spec: {containers: [{$patch: replace}, {name: only, image: one}], volumes: null}}
- patch: |
    apiVersion: v1
    kind: Service
    metadata: {name: api}
    $patch: delete
""",
    "merge-custom": """
resources: [../base]
patches:
- patch: |
    apiVersion: example.org/v1
    kind: Queue
    metadata: {name: q, finalizers: [c]}
    spec:
      list: [{name: z}]
      m: {$patch: replace, q: 1}
      gone: {x: null}
      e: {}
      s: 5
- target: {kind: Q.*, name: "q|w"}
  patch: |
    kind: ignored
    metadata: {name: ignored, labels: {l: "1"}}
""",
    "quotes-of-the-base": """
resources: [../base]
patches:
- patch: |
    apiVersion: example.org/v1
    kind: Queue
    metadata: {name: q}
    spec: {quoted: 2, block: true, number: "2"}
""",
    "several-in-one": """
resources: [../base]
patches:
- patch: |
    apiVersion: example.org/v1
    kind: Queue
    metadata: {name: q}
    spec: {one: 1}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: api}
    spec: {two: 2}
patchesStrategicMerge:
- |-
  apiVersion: example.org/v1
  kind: Queue
  metadata: {name: q}
  spec: {three: 3}
- patch.yaml
""",
    "json": """
resources: [../base]
patches:
- target: {kind: Queue}
  patch: |
    - {op: add, path: /spec/list/-, value: {k: 1}}
    - {op: add, path: /spec/list/0, value: 1}
    - {op: copy, from: /spec/m, path: /spec/m2}
    - {op: move, from: /spec/m/a, path: /spec/moved}
    - {op: test, path: /spec/s, value: 4}
    - {op: add, path: /metadata/annotations, value: {"a~b/c": x}}
    - {op: replace, path: /metadata/annotations/a~0b~1c, value: yy}
    - {op: remove, path: /spec/list/-1}
    - {op: replace, path: /spec/gone, value: {new: [1, 2]}}
- target: {labelSelector: "tier in (web, db),!absent"}
  patch: '[{"op": "replace", "path": "/spec/replicas", "value": 7}]'
patchesJson6902:
- target: {group: apps, version: v1, kind: Deployment, name: api}
  patch: |
    - {op: add, path: /spec/template/spec/containers/0/args, value: [a]}
""",
    "generators": """
resources: [../base]
configMapGenerator:
- {name: settings, behavior: merge, literals: [A=changed, N=new]}
- {name: third, namespace: other, literals: [x=y]}
secretGenerator:
- {name: credentials, behavior: replace, literals: [token=z]}
""",
    "component": "resources: [../base]\ncomponents: [../part]\nnamespace: prod\n",
    "twice": "resources: [../named, ../other]\nnamespace: prod\n",
    "old-names-after-rename": """
resources: [../named]
patches:
- patch: |
    apiVersion: example.org/v1
    kind: Queue
    metadata: {name: q}
    spec: {late: true}
- target: {kind: Deployment, name: api}
  patch: '[{"op": "replace", "path": "/spec/replicas", "value": 9}]'
""",
}
EXTRA = {
    "part/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [extra.yaml]\n"
    'namePrefix: part-\npatches: [{target: {kind: Queue}, patch: \'[{"op": "add", "path": "/spec/part", "value": 1}]\'}]\n',
    "part/extra.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n",
    "named/kustomization.yaml": "resources: [../base]\nnamePrefix: n-\n",
    "other/kustomization.yaml": "resources: [../base]\nnamePrefix: o-\n"
    "patches: [{target: {kind: Namespace|ClusterRole.*}, patch: '{kind: x, metadata: {name: x}, $patch: delete}'}]\n",
}


def files_of(root: Path) -> Files:
    paths = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]

    def load(path: str) -> str | None:
        try:
            return (root / path).read_bytes().decode()
        except UnicodeDecodeError:
            return None

    return Files(paths, load)


def bodied(node: Node | None) -> Body:
    """An object as plain data."""
    body = plain(node)
    assert isinstance(body, dict)
    return body


def their_objects(root: Path, directory: str) -> list[Body] | None:
    run = subprocess.run(
        [*COMMAND, "--load-restrictor=LoadRestrictionsNone", str(root / directory)], capture_output=True, text=True, check=False
    )
    if run.returncode:
        return None
    return [bodied(doc.root) for doc in documents(Source("out", run.stdout)) if doc.root is not None]


def comparable(bodies: list[Body], generated: set[str]) -> dict[tuple[Any, ...], Body]:
    return {identity(body): body for body in (without_hash(readable(body), generated) for body in bodies)}


def readable(body: Body) -> Body:
    """A Secret with its data as text, under ``stringData``; type Opaque is what it is without one."""
    if body.get("kind") != "Secret":
        return body
    encoded = {k: base64.b64decode(v or "").decode("utf-8", "replace") for k, v in (body.get("data") or {}).items()}
    rest = {k: v for k, v in body.items() if k not in ("data", "stringData", "type")}
    return {**rest, "stringData": {**encoded, **(body.get("stringData") or {})}}


def without_hash(value: Any, generated: set[str]) -> Any:
    if isinstance(value, dict):
        return {k: without_hash(v, generated) for k, v in value.items()}
    if isinstance(value, list):
        return [without_hash(v, generated) for v in value]
    if isinstance(value, str):
        bare = HASH.sub("", value)
        # block scalars with leading blank lines come back changed from kustomize's own YAML writer
        return bare if bare in generated else re.sub(r"\n\s*\n", "\n", value)
    return value


def differences(ours: object, theirs: object, path: str = "") -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in [*ours, *(k for k in theirs if k not in ours)]:
            if key in ours and key in theirs:
                yield from differences(ours[key], theirs[key], f"{path}/{key}")
            else:
                yield f"{path}/{key} only in {'ours' if key in ours else 'theirs'}"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(a, b, f"{path}/{i}")
    elif ours != theirs:
        yield f"{path}: {ours!r} != {theirs!r}"


def identity(body: Body) -> tuple[Any, ...]:
    meta = body.get("metadata") or {}
    return body.get("apiVersion"), body.get("kind"), meta.get("namespace"), meta.get("name")


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_yields_what_kustomize_yields(name: str, tmp_path: Path) -> None:
    tree = {**BASE, **EXTRA, "over/kustomization.yaml": "sortOptions: {order: fifo}\n" + OVERLAYS[name].lstrip()}
    tree["over/patch.yaml"] = "apiVersion: example.org/v1\nkind: Queue\nmetadata: {name: q}\nspec: {four: 4}\n"
    for path, content in tree.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    theirs = their_objects(tmp_path, "over")
    assert theirs is not None, "kustomize refuses the case itself"
    ours = build(Reader(files_of(tmp_path)), "over")
    generated = {body.get("metadata", {}).get("name") for body in (bodied(o) for o in ours.objects)}
    expected = comparable(theirs, generated)
    made = comparable([bodied(body) for body in ours.objects], generated)
    assert [t for t in ours.troubles if t.kind != "unsupported"] == []
    assert list(differences(made, expected)) == []
    order = [(kind, name) for _, kind, _, name in made]
    assert order == [(kind, name) for _, kind, _, name in expected]


@pytest.mark.skipif(not SHARED.is_dir(), reason="no corpus beside the repository")
@pytest.mark.parametrize(
    "repository",
    ["corpus/genestack", "corpus/understack", "corpus/xunholy-k8s-gitops/kubernetes/apps/base/rook-ceph", "cloud/clean"],
)
def test_a_corpus_kustomization_yields_what_kustomize_yields(repository: str) -> None:
    files = files_of(SHARED / repository)
    wanted = [path.rpartition("/")[0] for path in files.paths if path.rpartition("/")[2] == "kustomization.yaml"]
    compared = 0
    for directory in wanted:
        ours = build(Reader(files), directory)
        if ours.releases or any(t.kind in ("missing", "remote") for t in ours.troubles):
            continue  # kustomize would need the network, Helm or files that are not here
        theirs = their_objects(SHARED / repository, directory)
        assert theirs is not None, directory
        generated = {body["metadata"]["name"] for body in (bodied(o) for o in ours.objects)}
        made = comparable([bodied(o) for o in ours.objects], generated)
        assert list(differences(made, comparable(theirs, generated))) == [], directory
        compared += 1
    assert compared
