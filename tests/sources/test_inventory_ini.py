"""Ansible inventories in INI: sections, quoting, ranges, spans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.sources.inventory.find import find_inventories, load_inventory
from lintkit.sources.inventory.groups import MAX_HOSTS, expand_range
from lintkit.sources.inventory.ini import looks_ini, read_ini
from lintkit.sources.inventory.model import ClusterNode, Inventory, Taint
from lintkit.text.source import Source
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Node


def only(text: str, path: str = "inventory/inventory.ini", **more: str) -> Inventory:
    texts = {path: text, **more}
    (found,) = find_inventories(Reader(Files(texts, texts.get)))
    return found


def by_name(inventory: Inventory) -> dict[str, ClusterNode]:
    return {node.name: node for node in inventory.nodes}


def written(node: Node) -> str:
    place = place_of(node)
    return place.source.text[place.start : place.end]


def test_expanded_hosts_point_at_the_range_as_written() -> None:
    inventory = only("[kube_node]\r\nnode[01:03].x:22 ansible_host=10.0.0.1\r\n")
    assert [n.name for n in inventory.nodes] == ["node01.x", "node02.x", "node03.x"]
    assert {written(n.home) for n in inventory.nodes} == {"node[01:03].x"}
    assert place_of(inventory.nodes[0].home).first.line == 2
    assert inventory.nodes[0].address == "10.0.0.1"


@pytest.mark.parametrize(
    "setting",
    [
        "node_labels=\"{'rack': 'r1', 'tier': 'fast'}\"",
        'node_labels=\'{"rack": "r1", "tier": "fast"}\'',
        "node_labels=\"{'rack':'r1','tier':'fast'}\"",
        'node_labels="{\\"rack\\": \\"r1\\", \\"tier\\": \\"fast\\"}"',
    ],
)
def test_labels_on_a_host_line_may_be_python_or_json(setting: str) -> None:
    node = only(f"[kube_node]\na ip=10.0.0.1 {setting} # more\n").nodes[0]
    assert node.labels == {"kubernetes.io/hostname": "a", "rack": "r1", "tier": "fast"}
    assert node.address == "10.0.0.1"


def test_a_label_in_ini_keeps_its_own_span() -> None:
    text = "[kube_node]\na node_labels=\"{'rack': 'r1'}\"\n\n[kube_node:vars]\nnode_taints = [\"a=b:NoSchedule\"]\n"
    node = only(text).nodes[0]
    assert written(node.label_homes["rack"]) == "'r1'"
    assert place_of(node.label_homes["rack"]).locked is None
    assert written(node.settings["node_taints"]) == '["a=b:NoSchedule"]'
    assert node.taints == (Taint("a", "b", "NoSchedule"),)


def test_a_label_behind_escapes_points_at_the_whole_value_and_is_locked() -> None:
    node = only('[kube_node]\na node_labels="{\\"rack\\": \\"r1\\"}"\n').nodes[0]
    assert written(node.label_homes["rack"]) == '"{\\"rack\\": \\"r1\\"}"'
    assert place_of(node.label_homes["rack"]).locked == "a quoted string holds this text"


def test_unquoted_braces_on_a_host_line_lose_their_quotes_as_in_a_shell() -> None:
    node = only('[kube_node]\na node_labels={"rack":"r1"}\n').nodes[0]
    assert "rack" not in node.labels
    assert node.unknown == "node_labels: not a mapping"


def test_group_variables_and_children_hold_for_members() -> None:
    text = """\
[all]
m[1:2]
w1

[storage]
m[1:2]

[storage:vars]
node_labels={"tier": "storage"}

[kube_control_plane]
m[1:2]
[kube_node]
w1
[etcd:children]
kube_control_plane
[k8s_cluster:children]
kube_control_plane  # control
kube_node
"""
    inventory = only(text)
    nodes = by_name(inventory)
    assert {name: node.labels.get("tier") for name, node in nodes.items()} == {"m1": "storage", "m2": "storage", "w1": None}
    assert nodes["m1"].taints == (Taint("node-role.kubernetes.io/control-plane", "", "NoSchedule"),)
    assert nodes["m1"].groups == ("etcd", "k8s_cluster", "storage", "kube_control_plane")
    assert written(nodes["m2"].label_homes["tier"]) == '"storage"'


def test_vars_files_hold_for_ini_too() -> None:
    texts = {"inventory/group_vars/kube_node.yml": "node_labels: {rack: r9}\n"}
    inventory = only("[kube_node]\na\n", **texts)
    assert inventory.nodes[0].labels["rack"] == "r9"


@pytest.mark.parametrize("path", ["hosts", "inventory.ini", "hosts.ini", "inventory/prod/cluster", "inventories/prod/all.ini"])
def test_ini_inventories_are_found_by_name(path: str) -> None:
    assert [n.name for n in only("[kube_node]\na\n", path).nodes] == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        "[defaults]\ninventory = hosts\n",
        "127.0.0.1 localhost\n10.0.0.1 a\n",
        "#!/usr/bin/env python3\nx = '''\n[kube_node]\na\n'''\n",
        "[unit:odd]\na\n",
        "",
    ],
)
def test_other_text_is_no_ini_inventory(text: str) -> None:
    assert find_inventories(Reader(Files(["inventory/hosts"], {"inventory/hosts": text}.get))) == []


def test_a_script_is_not_run() -> None:
    inventory = load_inventory(Reader(Files(["inv.py"], {"inv.py": "#!/bin/sh\nrm -rf /\n"}.get)), "inv.py")
    assert inventory is not None
    assert inventory.notes == ("an inventory script is not run",)


def test_odd_lines_are_notes() -> None:
    hosts = read_ini(Source("hosts", "[a:odd]\nx\n[b]\n'never closed\n"))
    assert hosts.notes == ("section [a:odd] is unknown to Ansible", "line 4 cannot be read")


@given(st.text(alphabet="[]:='\"\\#; \nab{}1,", max_size=60))
def test_no_text_breaks_the_ini_reader(text: str) -> None:
    for part in read_ini(Source("hosts", text)).parts:
        for mention in part.hosts:
            assert mention.home.end <= len(text)
    looks_ini(text)


@given(st.integers(0, 500), st.integers(0, 60), st.integers(1, 7), st.sampled_from(["", ".x.example"]))
def test_a_numeric_range_is_a_python_range(first: int, count: int, step: int, tail: str) -> None:
    last = first + count
    expected = [f"n{i}{tail}" for i in range(first, last + 1, step)]
    assert expand_range(f"n[{first}:{last}:{step}]{tail}") == expected


@given(st.integers(0, 99), st.integers(0, 99))
def test_leading_zeros_fix_the_width(first: int, last: int) -> None:
    expected = [f"n{i:03}" for i in range(first, last + 1)] or [f"n[{first:03}:{last:03}]"]
    assert expand_range(f"n[{first:03}:{last:03}]") == expected


@pytest.mark.parametrize(
    ("pattern", "hosts"),
    [
        ("n[a:c]", ["na", "nb", "nc"]),
        ("n[a:e:2]", ["na", "nc", "ne"]),
        ("[1:2]-[a:b]", ["1-a", "1-b", "2-a", "2-b"]),
        ("n[:2]", ["n0", "n1", "n2"]),
        ("n", ["n"]),
        ("n[1:]", ["n[1:]"]),
        ("n[01:100]", ["n[01:100]"]),
        ("n[a:9]", ["n[a:9]"]),
        ("n[1:3:0]", ["n[1:3:0]"]),
        ("n[1:99999999]", ["n[1:99999999]"]),
        ("n[1:999][1:999]", ["n[1:999][1:999]"]),
        ("[", ["["]),
    ],
)
def test_ranges_expand_as_ansible_expands_them(pattern: str, hosts: list[str]) -> None:
    assert expand_range(pattern) == hosts


@given(st.text(alphabet="[]:019ac", max_size=30))
def test_no_pattern_expands_without_bound(pattern: str) -> None:
    assert 1 <= len(expand_range(pattern)) <= MAX_HOSTS
