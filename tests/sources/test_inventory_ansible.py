"""Ansible inventories in YAML: members, precedence, names, labels, taints, spans."""

from __future__ import annotations

import pytest

from lintkit.sources.inventory.find import find_inventories, load_inventory
from lintkit.sources.inventory.model import ClusterNode, Inventory, Taint
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Node


def only(texts: dict[str, str], **options: object) -> Inventory:
    (found,) = find_inventories(Reader(Files(texts, texts.get)), **options)  # type: ignore[arg-type]
    return found


def by_name(inventory: Inventory) -> dict[str, ClusterNode]:
    return {node.name: node for node in inventory.nodes}


def written(node: Node) -> str:
    place = place_of(node)
    return place.source.text[place.start : place.end]


KUBESPRAY = """\
all:
  hosts:
    ctl-1:
      ansible_host: 10.0.0.1
      node_labels: {rack: a}
    work-1:
      ip: 10.0.0.2
      node_labels:
        rack: "b"
        tier: storage
      node_taints:
        - tier=storage:NoSchedule
        - lonely:NoExecute
    etcd-1:
    jump: {ansible_host: 10.0.0.9}
  children:
    kube_control_plane:
      hosts: {ctl-1: null}
    kube_node:
      hosts:
        work-1:
    etcd:
      hosts:
        etcd-1:
    k8s_cluster:
      children:
        kube_control_plane:
        kube_node:
"""


def test_labels_of_a_host_are_known_and_point_at_their_values() -> None:
    inventory = only({"inventory/hosts.yaml": KUBESPRAY})
    node = by_name(inventory)["work-1"]
    assert inventory.level == "labels"
    assert node.labels == {"kubernetes.io/hostname": "work-1", "rack": "b", "tier": "storage"}
    assert {key: written(home) for key, home in node.label_homes.items()} == {"rack": '"b"', "tier": "storage"}
    assert node.address == "10.0.0.2"


def test_home_is_the_key_that_has_a_body() -> None:
    node = by_name(only({"inventory/hosts.yaml": KUBESPRAY}))["ctl-1"]
    assert written(node.home) == "ctl-1"
    assert place_of(node.home).first.line == 3


def test_taints_are_read_with_and_without_value() -> None:
    node = by_name(only({"inventory/hosts.yaml": KUBESPRAY}))["work-1"]
    assert node.taints == (Taint("tier", "storage", "NoSchedule"), Taint("lonely", "", "NoExecute"))


def test_taints_may_be_mappings() -> None:
    text = (
        "kube_node:\n  hosts:\n    a:\n      node_taints: [{key: k, value: v, effect: NoSchedule}, {key: x, effect: NoExecute}]\n"
    )
    assert by_name(only({"hosts.yml": text}))["a"].taints == (Taint("k", "v", "NoSchedule"), Taint("x", "", "NoExecute"))


def test_control_plane_host_has_kubeadm_label_and_taint() -> None:
    node = by_name(only({"inventory/hosts.yaml": KUBESPRAY}))["ctl-1"]
    assert node.labels["node-role.kubernetes.io/control-plane"] == ""
    assert node.taints == (Taint("node-role.kubernetes.io/control-plane", "", "NoSchedule"),)


def test_control_plane_host_that_is_a_worker_too_has_no_taint() -> None:
    text = "kube_control_plane:\n  hosts:\n    a:\nkube_node:\n  hosts:\n    a:\n"
    node = by_name(only({"hosts.yaml": text}))["a"]
    assert node.taints == ()
    assert node.labels["node-role.kubernetes.io/control-plane"] == ""


def test_hosts_outside_the_cluster_groups_are_no_nodes() -> None:
    inventory = only({"inventory/hosts.yaml": KUBESPRAY})
    assert [n.name for n in inventory.nodes] == ["ctl-1", "work-1"]
    assert [n.name for n in inventory.others] == ["etcd-1", "jump"]


def test_etcd_hosts_below_k8s_cluster_are_no_nodes() -> None:
    text = "k8s_cluster:\n  children:\n    etcd:\n      hosts: {e: }\n    kube_node:\n      hosts: {w: }\n"
    inventory = only({"hosts.yaml": text})
    assert [n.name for n in inventory.nodes] == ["w"]
    assert [n.name for n in inventory.others] == ["e"]


def test_without_cluster_groups_every_host_but_localhost_is_a_node() -> None:
    inventory = only({"hosts.yaml": "all:\n  hosts:\n    localhost:\n    a:\n  children:\n    web:\n      hosts:\n        b:\n"})
    assert [n.name for n in inventory.nodes] == ["a", "b"]
    assert inventory.level == "names"


def test_the_most_specific_variable_replaces_the_whole_mapping() -> None:
    text = """\
all:
  vars: {node_labels: {from: all, only: all}}
  children:
    outer:
      vars: {node_labels: {from: outer}}
      children:
        inner:
          vars: {node_labels: {from: inner}}
          hosts:
            c:
              node_labels: {from: host}
            b:
      hosts:
        a:
    other:
      hosts:
        z:
"""
    nodes = by_name(only({"hosts.yaml": text}))
    assert {name: node.labels["from"] for name, node in nodes.items()} == {"c": "host", "b": "inner", "a": "outer", "z": "all"}
    assert "only" not in nodes["c"].labels
    assert nodes["z"].labels["only"] == "all"
    assert nodes["b"].groups == ("outer", "inner")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("inventory/p/group_vars/storage.yml", "file"),
        ("inventory/p/group_vars/storage/labels.yaml", "file"),
        ("inventory/p/group_vars/all.yml", "file"),
        ("inventory/p/host_vars/s.yml", "file"),
        ("inventory/p/group_vars/compute.yml", "inline"),
        ("inventory/q/group_vars/storage.yml", "inline"),
        ("inventory/p/group_vars/storage.md", "inline"),
    ],
)
def test_vars_files_beside_the_inventory_win_over_inline_group_variables(path: str, value: str) -> None:
    hosts = "storage:\n  vars: {node_labels: {from: inline}}\n  hosts:\n    s:\n"
    inventory = only({"inventory/p/hosts.yaml": hosts, path: "node_labels:\n  from: file\n"})
    node = by_name(inventory)["s"]
    assert node.labels["from"] == value
    assert place_of(node.label_homes["from"]).source.path == (path if value == "file" else "inventory/p/hosts.yaml")


def test_host_vars_win_over_everything() -> None:
    hosts = "storage:\n  hosts:\n    s:\n      node_labels: {from: inline}\n"
    texts = {"inventory/hosts.yaml": hosts, "inventory/host_vars/s.yml": "node_labels: {from: host_vars}\n"}
    assert by_name(only(texts))["s"].labels["from"] == "host_vars"


def test_jinja_value_is_an_unknown_value_and_jinja_mapping_an_unknown_reason() -> None:
    a, b = '{zone: "{{ zone }}", rack: r1}', '"{{ labels }}"'
    text = f"kube_node:\n  hosts:\n    a:\n      node_labels: {a}\n    b:\n      node_labels: {b}\n"
    nodes = by_name(only({"hosts.yaml": text}))
    assert (nodes["a"].labels["zone"], nodes["a"].labels["rack"], nodes["a"].unknown) == (None, "r1", "")
    assert nodes["b"].unknown == "node_labels: template expression"


def test_a_list_of_labels_is_noted() -> None:
    inventory = only({"hosts.yaml": "kube_node:\n  hosts:\n    a:\n      node_labels: [rack=a]\n"})
    assert inventory.nodes[0].unknown == "node_labels: not a mapping"
    assert inventory.notes == ("labels of a: node_labels: not a mapping",)
    assert written(inventory.nodes[0].settings["node_labels"]) == "[rack=a]"


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("true", "True"),
        ("yes", "True"),
        ('"true"', "true"),
        ("enabled", "enabled"),
        ('""', ""),
        ("1", "1"),
        ("1.10", "1.1"),
        ("y", "y"),
    ],
)
def test_label_values_are_those_ansible_passes_to_kubectl(value: str, label: str) -> None:
    inventory = only({"hosts.yaml": f"kube_node:\n  hosts:\n    a:\n      node_labels:\n        k: {value}\n"})
    assert inventory.nodes[0].labels["k"] == label


def test_override_hostname_names_the_node_and_home_stays_the_host_key() -> None:
    a, b = "{kube_override_hostname: node-a}", "{kube_override_hostname: '{{ inventory_hostname }}'}"
    text = f"kube_node:\n  hosts:\n    a: {a}\n    b: {b}\n"
    inventory = only({"hosts.yaml": text})
    assert [n.name for n in inventory.nodes] == ["node-a", "b"]
    assert written(inventory.nodes[0].home) == "a"
    assert inventory.nodes[0].labels["kubernetes.io/hostname"] == "node-a"


def test_a_name_with_a_placeholder_keeps_unknown_set() -> None:
    inventory = only({"hosts.yaml": "kube_node:\n  hosts:\n    a.${DOMAIN}:\n"})
    assert inventory.nodes[0].name == "a.${DOMAIN}"
    assert inventory.nodes[0].unknown == "variable that is substituted later"
    assert inventory.nodes[0].labels["kubernetes.io/hostname"] is None


def test_role_groups_label_the_hosts_of_a_group() -> None:
    roles = {"ceph_nodes": {"role": "storage-node"}}
    inventory = only(
        {"hosts.yaml": "all:\n  children:\n    ceph_nodes:\n      hosts: {a: }\n    web:\n      hosts: {b: }\n"},
        role_groups=roles,
    )
    nodes = by_name(inventory)
    assert nodes["a"].labels["role"] == "storage-node"
    assert "role" not in nodes["b"].labels
    assert inventory.level == "labels"


def test_ranges_in_yaml_share_the_key_as_home() -> None:
    inventory = only({"hosts.yaml": "kube_node:\n  hosts:\n    n[1:3].x:\n"})
    assert [n.name for n in inventory.nodes] == ["n1.x", "n2.x", "n3.x"]
    assert {written(n.home) for n in inventory.nodes} == {"n[1:3].x"}


def test_a_host_that_only_a_child_group_mentions_is_not_defined() -> None:
    hosts = "{a: , ghost: , own: {ip: 10.0.0.1}}"
    text = f"all:\n  hosts:\n    a:\n  children:\n    kube_node:\n      hosts: {hosts}\n"
    nodes = by_name(only({"hosts.yaml": text}))
    assert {name: node.defined for name, node in nodes.items()} == {"a": True, "ghost": False, "own": True}


def test_without_hosts_under_all_every_host_is_defined() -> None:
    assert only({"hosts.yaml": "kube_node:\n  hosts:\n    a:\n"}).nodes[0].defined


def test_groups_that_contain_each_other_are_noted() -> None:
    text = "a:\n  children:\n    b:\nb:\n  children:\n    a:\n  hosts:\n    h:\n"
    inventory = only({"hosts.yaml": text})
    assert inventory.notes == ("groups contain each other: a, b",)
    assert [n.name for n in inventory.nodes] == ["h"]


def test_a_broken_hosts_file_is_a_note() -> None:
    inventory = only({"inventory/hosts.yaml": "all:\n  hosts:\n    a: [\n"})
    assert inventory.nodes == ()
    assert inventory.notes[0].startswith("inventory/hosts.yaml cannot be read: ")


def test_a_broken_vars_file_makes_labels_unknown() -> None:
    texts = {"hosts.yaml": "kube_node:\n  hosts:\n    a:\n", "group_vars/kube_node.yml": "node_labels: {rack: [\n"}
    inventory = only(texts)
    assert inventory.nodes[0].unknown == "node_labels: group_vars/kube_node.yml cannot be read"


def test_an_encrypted_vars_file_is_a_note() -> None:
    texts = {"hosts.yaml": "kube_node:\n  hosts:\n    a:\n", "group_vars/all/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n"}
    assert only(texts).notes == ("group_vars/all/vault.yml is encrypted",)


def test_an_inventory_plugin_is_not_run() -> None:
    inventory = only({"inventory/cloud.yaml": "plugin: openstack.cloud.openstack\nexpand_hostvars: true\n"})
    assert inventory.notes == ("inventory plugin openstack.cloud.openstack is not run",)


@pytest.mark.parametrize(
    "path",
    [
        ".archive/hosts.yaml",
        "molecule/default/inventory/hosts.yml",
        "tests/hosts.yaml",
        "roles/x/hosts.yaml",
        "inventory/group_vars/hosts.yaml",
        "inventory/hosts.yaml.example",
        "inventory/sample/hosts.yaml",
        "apps/values.yaml",
    ],
)
def test_some_paths_are_no_inventories(path: str) -> None:
    assert find_inventories(Reader(Files([path], {path: KUBESPRAY}.get))) == []


@pytest.mark.parametrize(
    "text",
    [
        "hosts:\n  - a.example.com\n",
        "apiVersion: v1\nkind: X\nspec:\n  hosts: {}\n",
        "- hosts: all\n  tasks: []\n",
        "ingress:\n  enabled: true\n  hosts: {}\n",
        "hosts: x\n",
    ],
)
def test_other_yaml_named_hosts_is_no_inventory(text: str) -> None:
    assert find_inventories(Reader(Files(["hosts.yaml"], {"hosts.yaml": text}.get))) == []


def test_only_likely_files_are_parsed() -> None:
    texts = {f"apps/a{i}/values.yaml": "hosts:\n  a:\n" for i in range(5)} | {"hosts.yaml": KUBESPRAY, "nodes/x.yaml": "a: 1\n"}
    files = Files(texts, texts.get)
    find_inventories(Reader(files))
    assert [path for path, _ in files.parsed()] == ["hosts.yaml"]


def test_an_example_is_loaded_when_it_is_named() -> None:
    path = "inventory/x/inventory.yaml.example"
    inventory = load_inventory(Reader(Files([path], {path: KUBESPRAY}.get)), path)
    assert inventory is not None
    assert [n.name for n in inventory.nodes] == ["ctl-1", "work-1"]


def test_a_directory_is_one_inventory() -> None:
    texts = {
        "inv/a.yaml": "kube_node:\n  hosts:\n    a:\n",
        "inv/b.ini": "[kube_control_plane]\nb\n",
        "inv/group_vars/kube_node.yml": "node_labels: {rack: r}\n",
        "inv/README.md": "hosts: none\n",
    }
    inventory = load_inventory(Reader(Files(texts, texts.get)), "inv")
    assert inventory is not None
    assert inventory.form == "ansible"
    assert {n.name: n.labels.get("rack") for n in inventory.nodes} == {"a": "r", "b": None}


def test_a_path_without_inventory_gives_none() -> None:
    texts = {"inv/values.yaml": "a: 1\n", "README": "text\n"}
    tree = Reader(Files(texts, texts.get))
    assert load_inventory(tree, "inv") is None
    assert load_inventory(tree, "inv/values.yaml") is None
    assert load_inventory(tree, "README") is None
    assert load_inventory(tree, "absent.yaml") is None
