"""Generated GitOps repositories: Argo CD, Rook values, OpenStack-Helm values, inventories, and much that is neither."""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple

SERVICES = ("keystone", "glance", "cinder", "nova", "neutron", "placement", "heat", "horizon", "octavia", "barbican")


class Size(NamedTuple):
    """How much to write: environments, files that no policy concerns, nodes of each environment, pools of its cluster.

    ``regions`` is how often the first environment runs the services, each time in a namespace of its own.
    """

    environments: int
    others: int
    nodes: int = 6
    pools: int = 9
    regions: int = 1


SIZES = {"small": Size(1, 40), "openstack": Size(8, 1100), "large": Size(40, 6000)}
"""``openstack`` comes near the plain YAML of openstack-helm."""
SLOPES = {
    "files and environments": [Size(n, 77 * n) for n in (25, 50, 100, 200)],
    "nodes and pools": [Size(1, 40, n, n // 2) for n in (125, 250, 500, 1000)],
    "releases of one environment": [Size(1, 40, regions=n) for n in (25, 50, 100, 200)],
}
"""Repositories of growing size: the last of the first has 20,000 files."""


def generate(root: Path, size: Size, seed: int = 1) -> tuple[int, int]:
    """Write a repository below ``root``; returns the number of files and of bytes."""
    chance = random.Random(seed)
    _base(root, chance, size.pools)
    for number in range(size.environments):
        _environment(root, f"cloud-{number:02}", chance, size.nodes)
    for number in range(1, size.regions):
        for service in SERVICES:
            text = _application("cloud-00", service, f"openstack/{service}", "2025.2.6", f"region-{number:03}")
            _write(root / f"argocd/cloud-00/region-{number:03}/{service}.yaml", text)
    for number in range(size.others):
        _write(root / f"platform/team-{number % 37}/app-{number}.yaml", _workload(number, chance))
    files = [f for f in root.rglob("*") if f.is_file()]
    return len(files), sum(f.stat().st_size for f in files)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _base(root: Path, chance: random.Random, pools: int) -> None:
    for service in SERVICES:
        _write(root / f"openstack/{service}/values.yaml", _service(service, chance))
    _write(root / "ceph/values.yaml", _rook(pools))


def _service(service: str, chance: random.Random) -> str:
    component = {"nova": "osapi", "neutron": "server", "horizon": "server"}.get(service, "api")
    conf = "".join(f"      option_{i}: {chance.randrange(10_000)}\n" for i in range(120))
    images = "".join(f"    {service}_{i}: registry.example.org/{service}:2025.2-ubuntu_noble\n" for i in range(12))
    return f"""---
# values of {service}
images:
  tags:
{images}labels:
  {"osapi" if service == "nova" else component}:
    node_selector_key: node-role.kubernetes.io/control
    node_selector_value: enabled
pod:
  replicas:
    {component}: 3
  affinity:
    anti:
      type:
        default: requiredDuringSchedulingIgnoredDuringExecution
  lifecycle:
    disruption_budget:
      {component}:
        min_available: 2
conf:
  {service}:
    DEFAULT:
{conf}endpoints:
  oslo_messaging:
    statefulset:
      replicas: 3
"""


def _rook(count: int) -> str:
    pools = "".join(
        f"""  - name: pool-{i}
    spec:
      failureDomain: host
      deviceClass: nvme
      replicated: {{size: 3, requireSafeReplicaSize: true}}
      parameters: {{target_size_ratio: "{0.9 / count:.4f}"}}
    storageClass: {{enabled: false}}
"""
        for i in range(count)
    )
    return f"""cephClusterSpec:
  mon: {{count: 3}}
  storage:
    useAllNodes: false
    useAllDevices: false
cephBlockPools:
  - name: builtin-mgr
    spec:
      name: .mgr
      failureDomain: host
      deviceClass: nvme
      replicated: {{size: 3}}
    storageClass: {{enabled: false}}
{pools}cephFileSystems: []
cephObjectStores: []
"""


def _environment(root: Path, name: str, chance: random.Random, nodes: int) -> None:
    for service in (*SERVICES, "rook-ceph-cluster"):
        folder = "ceph" if service == "rook-ceph-cluster" else f"openstack/{service}"
        version = "v1.19.5" if service == "rook-ceph-cluster" else "2025.2.6"
        _write(root / f"argocd/{name}/{service}.yaml", _application(name, service, folder, version))
        overlay = f"pod:\n  replicas:\n    job: {chance.randrange(5)}\n"
        if service == "rook-ceph-cluster":
            overlay = _storage_nodes(name, nodes)
        _write(root / f"{folder}/{name}.yaml", overlay)
    labels = "      node_labels:\n        node-role.kubernetes.io/control: enabled\n"
    hosts = "".join(f"    node-{i}.{name}.example.org:\n{labels}" for i in range(nodes))
    groups = "  children:\n    kube_node:\n      hosts:\n" + _hosts(name, nodes)
    _write(root / f"inventory/{name}/hosts.yaml", f"all:\n  hosts:\n{hosts}{groups}")


def _hosts(name: str, nodes: int) -> str:
    return "".join(f"        node-{i}.{name}.example.org:\n" for i in range(nodes))


def _storage_nodes(name: str, count: int) -> str:
    nodes = "".join(
        f"      - name: node-{i}.{name}.example.org\n        devices:\n"
        + "".join(f"          - name: /dev/disk/by-id/nvme-{i}-{d}\n" for d in range(8))
        for i in range(count)
    )
    return f"cephClusterSpec:\n  storage:\n    nodes:\n{nodes}"


def _application(name: str, service: str, folder: str, version: str, namespace: str = "openstack") -> str:
    return f"""apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {name}-{namespace}-{service}
spec:
  project: default
  sources:
    - repoURL: https://charts.example.org
      chart: {service}
      targetRevision: {version}
      helm:
        valueFiles:
          - $values/{folder}/values.yaml
          - $values/{folder}/{name}.yaml
    - repoURL: https://git.example.org/cloud.git
      targetRevision: main
      ref: values
  destination:
    name: {name}
    namespace: {namespace}
"""


def _workload(number: int, chance: random.Random) -> str:
    count = chance.randrange(10, 60)
    lines = (f'            - name: SETTING_{i}\n              value: "{chance.randrange(10**6)}"\n' for i in range(count))
    env = "".join(lines)
    return f"""---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number}
  namespace: team-{number % 37}
  labels:
    app.kubernetes.io/name: app-{number}
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: app-{number}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-{number}
    spec:
      containers:
        - name: main
          image: registry.example.org/app-{number}:1.{number}
          env:
{env}---
apiVersion: v1
kind: ConfigMap
metadata:
  name: app-{number}
data:
  config.ini: |
    [main]
    workers = {number % 16}
    # nothing to see here
"""
