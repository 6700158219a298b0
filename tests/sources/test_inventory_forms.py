"""Nodes from Talos, talhelper, Kubernetes and Cluster API documents, and names that mean one node."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.sources.inventory.find import find_inventories, load_inventory
from lintkit.sources.inventory.model import ClusterNode, Inventory, Taint, parse_taint, same_node
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Node

CONTROL = "node-role.kubernetes.io/control-plane"
CONTROL_TAINT = Taint(CONTROL, "", "NoSchedule")


def only(texts: dict[str, str]) -> Inventory:
    (found,) = find_inventories(Reader(Files(texts, texts.get)))
    return found


def by_name(inventory: Inventory) -> dict[str, ClusterNode]:
    return {node.name: node for node in inventory.nodes}


def written(node: Node) -> str:
    place = place_of(node)
    return place.source.text[place.start : place.end]


MACHINE = """\
version: v1alpha1
machine:
  type: {type}
  network:
    hostname: {name}
  nodeLabels:
    rack: "r1"
    on: true
    gone: {{$patch: delete}}
  nodeTaints:
    tier: storage:NoSchedule
    bare: NoExecute
cluster:
  allowSchedulingOnControlPlanes: {schedule}
"""


def test_talos_machine_files_of_a_directory_are_one_inventory() -> None:
    texts = {
        "talos/clusterconfig/c1.yaml": MACHINE.format(type="controlplane", name="c1", schedule="false"),
        "talos/clusterconfig/w1.yaml": MACHINE.format(type="worker", name="w1", schedule="false"),
        "talos/patches/all.yaml": "machine:\n  sysctls: {}\n",
    }
    inventory = only(texts)
    nodes = by_name(inventory)
    assert (inventory.path, inventory.form, inventory.level) == ("talos/clusterconfig", "talos", "labels")
    assert nodes["w1"].labels == {"kubernetes.io/hostname": "w1", "rack": "r1", "true": "true"}
    assert nodes["w1"].taints == (Taint("tier", "storage", "NoSchedule"), Taint("bare", "", "NoExecute"))
    assert nodes["c1"].labels[CONTROL] == ""
    assert nodes["c1"].taints[0] == CONTROL_TAINT
    assert written(nodes["c1"].home) == "c1"
    assert place_of(nodes["c1"].home).source.path == "talos/clusterconfig/c1.yaml"


def test_talos_control_plane_that_may_be_scheduled_on_has_no_taint() -> None:
    inventory = only({"talos/c1.yaml": MACHINE.format(type="controlplane", name="c1", schedule="true")})
    assert CONTROL_TAINT not in inventory.nodes[0].taints
    assert inventory.nodes[0].labels[CONTROL] == ""


def test_talos_documents_of_a_file_are_one_machine() -> None:
    text = """\
machine:
  type: controlplane
---
apiVersion: v1alpha1
kind: HostnameConfig
hostname: c1
---
apiVersion: v1alpha1
kind: KubeNodeConfig
labels:
  zone: z1
taints:
  node-role.kubernetes.io/control-plane:
    $patch: delete
"""
    node = only({"talos/c1.yaml": text}).nodes[0]
    assert node.labels == {"kubernetes.io/hostname": "c1", CONTROL: "", "zone": "z1"}
    assert node.taints == ()
    assert written(node.label_homes["zone"]) == "z1"


def test_talos_patch_without_machine_type_is_incomplete() -> None:
    node = only({"talos/nodes/a.yaml": "machine:\n  network:\n    hostname: a\n"}).nodes[0]
    assert node.unknown == "the base of this machine configuration is kept elsewhere"


TALHELPER = """\
clusterName: home
allowSchedulingOnMasters: false
controlPlane:
  nodeLabels: {role: cp}
worker:
  nodeLabels: {role: worker, disk: ssd}
nodes:
  - hostname: c1
    ipAddress: 10.0.0.1
    controlPlane: true
  - hostname: w1
    controlPlane: false
    nodeLabels: {role: storage}
    nodeTaints: {role: storage:NoSchedule}
  - hostname: w2.${DOMAIN}
  - hostname: w3
    patches:
      - "@./patches/labels.yaml"
  - hostname: w4
    patches:
      - |-
        machine:
          sysctls: {a: "1"}
"""


def test_talhelper_node_settings_replace_those_of_its_role() -> None:
    texts = {"talos/talconfig.yaml": TALHELPER, "talos/patches/labels.yaml": "machine:\n  nodeLabels:\n    x: y\n"}
    inventory = only(texts)
    nodes = by_name(inventory)
    assert inventory.form == "talhelper"
    assert nodes["c1"].labels == {"kubernetes.io/hostname": "c1", CONTROL: "", "role": "cp"}
    assert nodes["c1"].taints == (CONTROL_TAINT,)
    assert nodes["c1"].address == "10.0.0.1"
    assert nodes["w1"].labels == {"kubernetes.io/hostname": "w1", "role": "storage"}
    assert nodes["w1"].taints == (Taint("role", "storage", "NoSchedule"),)
    assert nodes["w2.${DOMAIN}"].unknown == "variable that is substituted later"
    assert nodes["w3"].unknown == "patches set labels or taints"
    assert (nodes["w4"].unknown, nodes["w4"].labels["disk"]) == ("", "ssd")


NODES = """\
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Node
    metadata:
      name: a.example.net
      labels:
        kubernetes.io/hostname: a
        role: storage-node
    spec:
      taints:
        - {key: role, value: storage-node, effect: NoSchedule}
        - {key: node.kubernetes.io/unschedulable, effect: NoSchedule}
    status:
      addresses:
        - {type: Hostname, address: a}
        - {type: InternalIP, address: 10.0.0.1}
  - apiVersion: v1
    kind: Pod
    metadata: {name: p}
"""


def test_a_saved_node_list_is_an_inventory() -> None:
    inventory = only({"cluster/nodes.yaml": NODES})
    (node,) = inventory.nodes
    assert (inventory.form, inventory.level) == ("kubernetes", "labels")
    assert (node.name, node.address, written(node.home)) == ("a.example.net", "10.0.0.1", "a.example.net")
    assert node.labels == {"kubernetes.io/hostname": "a", "role": "storage-node"}
    assert node.taints == (
        Taint("role", "storage-node", "NoSchedule"),
        Taint("node.kubernetes.io/unschedulable", "", "NoSchedule"),
    )


def test_node_documents_and_node_lists_are_read() -> None:
    listed = "apiVersion: v1\nkind: NodeList\nitems:\n  - metadata: {name: b, labels: {x: }}\n"
    text = f"apiVersion: v1\nkind: Node\nmetadata:\n  name: a\n---\n{listed}"
    nodes = by_name(only({"nodes/all.yaml": text}))
    assert nodes["a"].labels == {"kubernetes.io/hostname": "a"}
    assert nodes["b"].labels == {"x": "", "kubernetes.io/hostname": "b"}


def test_a_node_list_in_json_is_loaded_when_it_is_named() -> None:
    text = '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1",\n "kind": "Node", "metadata": {"name": "a"}}]}'
    inventory = load_inventory(Reader(Files(["dump.json"], {"dump.json": text}.get)), "dump.json")
    assert inventory is not None
    assert [n.name for n in inventory.nodes] == ["a"]


def test_node_documents_without_labels_give_names_only() -> None:
    assert only({"nodes/a.yaml": "apiVersion: v1\nkind: Node\nmetadata:\n  name: a\n"}).level == "names"


CAPI = """\
apiVersion: cluster.x-k8s.io/v1beta1
kind: MachineDeployment
metadata: {name: md}
spec:
  replicas: 2
  template:
    metadata:
      labels:
        node-role.kubernetes.io/storage: ""
        team: storage
    spec:
      bootstrap:
        configRef: {kind: KubeadmConfigTemplate, name: md-config}
---
apiVersion: bootstrap.cluster.x-k8s.io/v1beta1
kind: KubeadmConfigTemplate
metadata: {name: md-config}
spec:
  template:
    spec:
      joinConfiguration:
        nodeRegistration:
          kubeletExtraArgs:
            node-labels: "disk=nvme,rack={{ ds.meta_data.rack }}"
          taints:
            - {key: role, value: storage, effect: NoSchedule}
---
apiVersion: controlplane.cluster.x-k8s.io/v1beta2
kind: KubeadmControlPlane
metadata: {name: cp}
spec:
  replicas: 3
  kubeadmConfigSpec:
    initConfiguration:
      nodeRegistration:
        kubeletExtraArgs:
          - {name: node-labels, value: zone=z1}
"""


def test_cluster_api_machines_have_labels_and_generated_names() -> None:
    inventory = only({"capi/cluster.yaml": CAPI})
    cp, md = inventory.nodes[0], inventory.nodes[-1]
    assert [written(n.home) for n in inventory.nodes] == ["cp"] * 3 + ["md"] * 2
    assert cp.labels == {"zone": "z1", CONTROL: ""}
    assert cp.taints == (CONTROL_TAINT,)
    assert md.labels == {"disk": "nvme", "rack": None, "node-role.kubernetes.io/storage": ""}
    assert md.taints == (Taint("role", "storage", "NoSchedule"),)
    assert md.unknown == "Cluster API makes the names of its machines"


def test_an_unknown_replica_count_is_a_note() -> None:
    inventory = only({"capi/md.yaml": CAPI.replace("replicas: 2", "replicas: ${WORKERS}")})
    assert inventory.notes == ("number of machines of md is not known",)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("talos/a.yaml", "machine:\n  network:\n    hostname: [\n"),
        ("talos/talconfig.yaml", "clusterName: x\nnodes: [{hostname: }, 1, null]\n"),
        ("nodes.yaml", "apiVersion: v1\nkind: Node\nmetadata: x\n"),
        ("capi/a.yaml", "apiVersion: cluster.x-k8s.io/v1beta1\nkind: MachineDeployment\nspec: 3\n"),
        ("nodes.yaml", "kind: Node\n--- [\n"),
        ("hosts.yaml", "all:\n  hosts: 3\n  children: [a]\n"),
    ],
)
def test_odd_files_give_no_nodes(path: str, text: str) -> None:
    assert all(i.nodes == () or i.form.startswith("ansible") for i in find_inventories(Reader(Files([path], {path: text}.get))))


@given(st.text(alphabet="allhosts: {}[]-\n'\"", max_size=80))
def test_no_text_breaks_finding(text: str) -> None:
    texts = {"hosts.yaml": "all:\n  hosts:\n" + text, "talos/a.yaml": "machine:\n hostname:" + text, "hosts": "[all]\n" + text}
    find_inventories(Reader(Files(texts, texts.get)))


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("node-0", "node-0.example.net", True),
        ("Node-0", "node-0", True),
        ("node-0.a.net", "node-0.b.net", False),
        ("node-0.a.net", "NODE-0.A.NET", True),
        ("node-0", "node-00", False),
        ("10", "10.0.0.1", False),
    ],
)
def test_names_are_compared_by_first_label_unless_both_are_full(a: str, b: str, same: bool) -> None:
    assert same_node(a, b) is same
    assert same_node(b, a) is same


@pytest.mark.parametrize(
    ("text", "taint"),
    [
        ("a=b:NoSchedule", Taint("a", "b", "NoSchedule")),
        ("a:NoExecute", Taint("a", "", "NoExecute")),
        ("a=:PreferNoSchedule", Taint("a", "", "PreferNoSchedule")),
        ("a=b", None),
        ("a=b:Never", None),
        ("=b:NoSchedule", None),
        ("a=b=c:NoSchedule", None),
    ],
)
def test_taints_are_read_as_kubectl_reads_them(text: str, taint: Taint | None) -> None:
    assert parse_taint(text) == taint
