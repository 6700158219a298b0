"""Facts about databases, OpenStack services and deliveries, from trees in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.config import Config
from lintkit.facts.classes import storage_classes
from lintkit.facts.compute import libvirt, rbd_secrets
from lintkit.facts.databases import servers, settings
from lintkit.facts.deliveries import prune, resources
from lintkit.facts.ordering import too_late
from lintkit.facts.rbd import backends, rbd_pools
from lintkit.facts.revisions import chart_looseness, git_looseness
from lintkit.facts.secrets import plaintext
from lintkit.run import Options, _environment
from lintkit.sources.world import load_world
from lintkit.subjects.environment import Environment
from lintkit.subjects.model import Subject
from lintkit.tree.files import Files


def environment(files: Mapping[str, str], name: str = "default") -> Environment:
    return _environment(load_world(Files(files, files.__getitem__), Config()), name, Options())


def chart(name: str, values: str) -> dict[str, str]:
    return {f"{name}/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 2025.2.1\n", f"{name}/values.yaml": values}


def values(env: Environment, name: str) -> Subject:
    return next(s for s in env.by_kind["ChartValues"] if s.id.endswith(f"/{name}"))


PXC = """apiVersion: pxc.percona.com/v1
kind: PerconaXtraDBCluster
metadata: {name: db, namespace: cloud}
spec:
  pxc:
    size: 3
    configuration: |
      [mysqld]
      # sync_binlog = 7
      sync-binlog = 0
    volumeSpec:
      persistentVolumeClaim:
        storageClassName: fast
"""


def test_a_database_keeps_the_span_of_what_its_resource_says() -> None:
    env = environment({"db.yaml": PXC})
    database = env.by_kind["Database"][0]
    _, path = database.binding(("storageClass",))
    assert path == ("spec", "pxc", "volumeSpec", "persistentVolumeClaim", "storageClassName")
    assert storage_classes(database, env) == [
        {"name": "fast", "path": "storageClass", "defined": False, "default": False, "nearest": []}
    ]


def test_a_comment_in_the_server_configuration_sets_nothing() -> None:
    env = environment({"db.yaml": PXC})
    found = settings(env.by_kind["Database"][0], env)
    assert found == [{"key": "sync_binlog", "value": "0", "path": "configuration[2]"}]


def test_a_database_resource_of_the_mariadb_operator_is_no_database_of_ours() -> None:
    text = "apiVersion: k8s.mariadb.com/v1alpha1\nkind: Database\nmetadata: {name: nova}\nspec: {name: nova}\n"
    env = environment({"db.yaml": text, "other.yaml": PXC})
    assert [d.resource.kind for d in env.by_kind["Database"]] == ["PerconaXtraDBCluster"]


def test_a_node_override_starts_from_the_common_libvirt_settings() -> None:
    text = """conf:
  nova:
    libvirt: {virt_type: kvm, cpu_mode: host-model}
  overrides:
    nova_compute:
      hosts:
        - name: n1
          conf: {nova: {libvirt: {cpu_mode: none}}}
"""
    env = environment(chart("nova", text))
    found: Any = libvirt(values(env, "nova"), env)
    common, own = found
    assert (common["cpu_mode"], own["cpu_mode"], own["virt_type"], own["set"]) == ("host-model", "none", "kvm", ["cpu_mode"])


def test_an_unknown_secret_makes_the_comparison_unknown() -> None:
    files = chart("nova", "conf: {nova: {libvirt: {rbd_secret_uuid: '<path:a/b#c>'}}}\n")
    env = environment(files)
    assert "unknown" in str(rbd_secrets(env.by_kind["Environment"][0], env))


def test_a_null_backend_counts_as_not_defined() -> None:
    text = "conf:\n  cinder: {DEFAULT: {enabled_backends: 'rbd1, b'}}\n  backends: {rbd1: null, b: {volume_driver: x}}\n"
    env = environment(chart("cinder", text))
    found = backends(values(env, "cinder"), env)
    assert isinstance(found, dict)
    assert found["enabled"] == [{"name": "rbd1", "defined": False}, {"name": "b", "defined": True}]


def test_the_pool_of_a_service_is_compared_with_the_names_ceph_uses() -> None:
    pool = (
        "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: vms, namespace: r}\nspec: {replicated: {size: 3}}\n"
    )
    env = environment({**chart("nova", "conf: {nova: {libvirt: {images_type: rbd}}}\n"), "pool.yaml": pool})
    assert [(p["pool"], p["exists"]) for p in rbd_pools(values(env, "nova"), env)] == [("vms", True)]  # type: ignore[union-attr,index,call-overload]


def test_servers_are_found_by_the_name_of_their_stateful_set() -> None:
    queue = "apiVersion: rabbitmq.com/v1beta1\nkind: RabbitmqCluster\nmetadata: {name: mq, namespace: c}\nspec: {replicas: 3}\n"
    text = "endpoints:\n  oslo_messaging:\n    statefulset: {name: mq-server, replicas: 2}\n"
    env = environment({**chart("heat", text), "mq.yaml": queue})
    found = servers(values(env, "heat"), env)
    assert [(s["count"], s["replicas"], s["at"]) for s in found] == [(2, 3, "spec.replicas")]  # type: ignore[union-attr,index,call-overload]


APP = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {name}
  annotations: {{argocd.argoproj.io/sync-wave: "{wave}"}}
spec:
  source: {{repoURL: "https://git.example.org/c.git", path: {path}, targetRevision: v1.0.0}}
  destination: {{server: "https://kubernetes.default.svc", namespace: c}}
  syncPolicy: {{automated: {{prune: true}}}}
"""
QUEUE = "apiVersion: rabbitmq.com/v1beta1\nkind: RabbitmqCluster\nmetadata: {name: mq}\nspec: {replicas: 3}\n"


def test_a_delivery_knows_what_it_brings_and_that_it_prunes() -> None:
    env = environment({"apps/q.yaml": APP.format(name="q", wave=1, path="queues"), "queues/mq.yaml": QUEUE})
    delivery = env.by_kind["Delivery"][0]
    assert [(r["kind"], r["name"]) for r in resources(delivery, env)] == [("RabbitmqCluster", "mq")]  # type: ignore[union-attr,index,call-overload]
    assert prune(delivery, env) == {"on": True, "path": "spec.syncPolicy.automated.prune", "literal": True}


def test_applications_without_a_common_parent_are_not_ordered() -> None:
    files = {"apps/q.yaml": APP.format(name="q", wave=9, path="queues"), "queues/mq.yaml": QUEUE}
    env = environment({**files, "apps/k.yaml": APP.format(name="k", wave=1, path="keystone"), **chart("keystone", "{}\n")})
    assert too_late(env.by_kind["Environment"][0], env) == []


def test_no_secret_value_is_part_of_a_fact() -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter-of-snarks}\n"
    env = environment({"s.yaml": secret})
    found = plaintext(env.by_kind["Environment"][0], env)
    assert "hunter" not in str(found)
    assert [(s["name"], s["key"]) for s in found] == [("s", "password")]  # type: ignore[union-attr,index,call-overload]


@pytest.mark.parametrize(
    ("version", "what"),
    [
        ("1.2.3", ""),
        ("v1.19.5", ""),
        ("2026.1.8+a659ab8a2", ""),
        ("", "missing"),
        ("*", "range"),
        ("1.x", "range"),
        (">=1.2", "range"),
    ],
)
def test_one_chart_version_is_not_loose(version: str, what: str) -> None:
    assert chart_looseness(version) == what


@pytest.mark.parametrize(
    ("revision", "what"), [("v2026.11.1", ""), ("", "head"), ("main", "branch"), ("site-2", ""), ("deadbee", "")]
)
def test_a_revision_that_may_be_a_tag_is_not_called_a_branch(revision: str, what: str) -> None:
    assert git_looseness(revision) == what


@given(st.text(max_size=30))
def test_any_text_is_a_revision_and_a_version(text: str) -> None:
    assert git_looseness(text) in ("", "head", "branch")
    assert chart_looseness(text) in ("", "missing", "latest", "range")
