"""Facts about workloads: labels, selectors, tolerations, budgets, images."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.config import Config
from lintkit.facts.disruption import budget_facts, missed_rules, orphan_budgets, workload_facts
from lintkit.facts.images import reference
from lintkit.facts.scheduling import Toleration, kept_off
from lintkit.facts.workloads import matches, read_selector, workloads
from lintkit.run import Options, _environment
from lintkit.sources.inventory.model import Taint
from lintkit.sources.world import load_world
from lintkit.subjects.environment import Environment, Fact
from lintkit.text.source import Source
from lintkit.tree.files import Files
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Json, Node

RABBIT = """\
apiVersion: rabbitmq.com/v1beta1
kind: RabbitmqCluster
metadata: {name: mq, namespace: db, labels: {team: blue, app.kubernetes.io/name: ignored}}
spec:
  replicas: 3
"""
PXC = """\
apiVersion: pxc.percona.com/v1
kind: PerconaXtraDBCluster
metadata: {name: shop, namespace: db}
spec:
  pxc: {size: 3}
  haproxy: {enabled: true, size: 2}
  proxysql: {enabled: false, size: 2}
"""
INVENTORY = """\
all:
  hosts:
    a: {node_labels: {disk: ssd}, node_taints: ["disk=only:NoSchedule"]}
    b: {node_labels: {rack: r1}}
  children:
    kube_node:
      hosts: {a: , b: }
"""


def environment(**texts: str) -> Environment:
    files = {name.replace("__", "/") + ".yaml": text for name, text in texts.items()}
    world = load_world(Files(files, files.__getitem__), Config())
    return _environment(world, next(iter(world.environments)), Options())


def listed(fact: Fact, found: Environment) -> list[dict[str, Json]]:
    """The items of an Environment fact."""
    (subject,) = found.by_kind["Environment"]
    value = fact(subject, found)
    assert isinstance(value, list)
    return [item for item in value if isinstance(item, dict)]


def selector(text: str) -> Node | None:
    return documents(Source("s.yaml", text))[0].root


def test_operators_pods_carry_the_labels_their_operators_set() -> None:
    labels = {w.title: w.labels or {} for w in workloads(environment(a=RABBIT, b=PXC))}
    assert labels["RabbitmqCluster mq"] == {
        "team": "blue",
        "app.kubernetes.io/name": "mq",
        "app.kubernetes.io/component": "rabbitmq",
        "app.kubernetes.io/part-of": "rabbitmq",
    }
    assert labels["PerconaXtraDBCluster shop"]["app.kubernetes.io/instance"] == "shop"
    assert labels["haproxy of PerconaXtraDBCluster shop"]["app.kubernetes.io/component"] == "haproxy"
    assert "proxysql of PerconaXtraDBCluster shop" not in labels


def test_pxc_keeps_members_apart_without_being_told() -> None:
    items = {str(item["title"]): item for item in listed(workload_facts, environment(a=RABBIT, b=PXC))}
    assert items["PerconaXtraDBCluster shop"]["apart"] is True
    assert items["RabbitmqCluster mq"]["apart"] is False
    assert items["RabbitmqCluster mq"]["nodes"] is None


@pytest.mark.parametrize(
    ("text", "labels", "verdict"),
    [
        ("matchLabels: {a: x}", {"a": "x", "b": "y"}, True),
        ("matchLabels: {a: x, b: z}", {"a": "x", "b": "y"}, False),
        ("matchExpressions: [{key: a, operator: In, values: [x, z]}]", {"a": "x"}, True),
        ("matchExpressions: [{key: a, operator: NotIn, values: [x]}]", {"a": "x"}, False),
        ("matchExpressions: [{key: b, operator: DoesNotExist}]", {"a": "x"}, True),
        ("{}", {"a": "x"}, True),
        ("matchLabels: {a: '${NAME}'}", {"a": "x"}, None),
    ],
)
def test_a_label_selector_finds_pods_as_the_api_server_does(text: str, labels: dict[str, str], verdict: bool | None) -> None:
    assert matches(read_selector(selector(text)), labels) is verdict


def test_an_absent_label_selector_finds_no_pod() -> None:
    assert matches(read_selector(None), {"a": "x"}) is False


@pytest.mark.parametrize(
    ("toleration", "covered"),
    [
        (Toleration("disk", "Equal", "only", "NoSchedule"), True),
        (Toleration("disk", "Exists", "", ""), True),
        (Toleration("", "Exists", "", ""), True),
        (Toleration("", "Equal", "", ""), False),
        (Toleration("disk", "Equal", "other", "NoSchedule"), False),
        (Toleration("disk", "Equal", "only", "NoExecute"), False),
    ],
)
def test_a_toleration_covers_a_taint_by_key_value_and_effect(toleration: Toleration, covered: bool) -> None:
    assert toleration.covers(Taint("disk", "only", "NoSchedule")) is covered


def test_pods_that_only_tainted_nodes_would_take_are_kept_off() -> None:
    text = (
        RABBIT
        + """\
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: In, values: [ssd]}]}]
"""
    )
    (item,) = listed(kept_off, environment(mq=text, inventory__hosts=INVENTORY))
    assert item["title"] == "RabbitmqCluster mq"
    assert item["taints"] == ["disk=only:NoSchedule"]
    assert item["toleration"] == {"key": "disk", "operator": "Equal", "value": "only", "effect": "NoSchedule"}
    assert listed(kept_off, environment(mq=RABBIT, inventory__hosts=INVENTORY)) == []


def budget(**spec: str) -> str:
    lines = "".join(f"  {key}: {value}\n" for key, value in spec.items())
    head = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: mq, namespace: db}\nspec:\n"
    return head + lines


@pytest.mark.parametrize(
    ("kind", "value", "evictions"),
    [
        ("minAvailable", "2", 1),
        ("minAvailable", "3", 0),
        ("minAvailable", "50%", 1),
        ("minAvailable", "67%", 0),
        ("maxUnavailable", "1%", 1),
    ],
)
def test_percentages_of_a_budget_round_up(kind: str, value: str, evictions: int) -> None:
    text = budget(**{kind: value, "selector": "{matchLabels: {app.kubernetes.io/name: mq}}"})
    (item,) = listed(budget_facts, environment(a=RABBIT, b=text))
    assert (item["evictions"], item["replicas"], item["kind"]) == (evictions, 3, kind)


def test_a_budget_beside_a_resource_with_unknown_pods_is_no_orphan() -> None:
    text = budget(maxUnavailable="1", selector="{matchLabels: {app: other}}")
    stranger = "apiVersion: ceph.rook.io/v1\nkind: CephCluster\nmetadata: {name: c, namespace: db}\nspec: {}\n"
    assert [item["labels"] for item in listed(orphan_budgets, environment(a=RABBIT, b=text))] == ["app=other"]
    assert listed(orphan_budgets, environment(a=RABBIT, b=text, c=stranger)) == []


def test_a_rule_for_another_workload_is_foreign() -> None:
    text = (
        RABBIT
        + """\
  affinity:
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        - topologyKey: kubernetes.io/hostname
          labelSelector: {matchLabels: {app.kubernetes.io/instance: shop}}
"""
    )
    assert [item["foreign"] for item in listed(missed_rules, environment(a=text, b=PXC))] == [True]
    assert [item["foreign"] for item in listed(missed_rules, environment(a=text))] == [False]


NAME = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)


@given(
    st.sampled_from(["", "quay.io/", "localhost:5000/", "10.0.0.1:80/"]),
    st.lists(NAME, min_size=1, max_size=3),
    NAME | st.just(""),
    st.booleans(),
)
def test_the_parts_of_a_reference_make_it_again(registry: str, path: list[str], tag: str, digest: bool) -> None:
    image = registry + "/".join(path) + (f":{tag}" if tag else "") + ("@sha256:0a1b" if digest else "")
    found = reference(image)
    assert found.tag == tag
    assert found.repository == "/".join(path)
    assert found.registry == (registry.rstrip("/") or "docker.io")
    assert bool(found.digest) is digest


@given(st.text(max_size=30))
def test_no_text_makes_a_reference_fail(image: str) -> None:
    assert not re.search(r"@", reference(image).tag)
