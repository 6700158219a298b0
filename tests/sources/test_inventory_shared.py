"""Real and invented repositories beside this one, where they are present."""

from __future__ import annotations

from pathlib import Path

import pytest

from lintkit.sources.inventory.find import find_inventories, load_inventory
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.document import place_of

SHARED = Path(__file__).resolve().parents[3] / "shared"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="no shared material beside the repository")


def reader(*parts: str) -> Reader:
    root = SHARED.joinpath(*parts)

    def load(path: str) -> str | None:
        try:
            return (root / path).read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            return None

    return Reader(Files([p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()], load))


def test_the_clean_cloud_has_an_inventory_per_environment() -> None:
    found = find_inventories(reader("cloud", "clean"))
    assert [(i.path, i.level, i.notes) for i in found] == [
        ("inventory/prod/hosts.yaml", "labels", ()),
        ("inventory/staging/hosts.yaml", "labels", ()),
    ]
    for inventory in found:
        for node in inventory.nodes:
            place = place_of(node.home)
            assert place.source.text[place.start : place.end] == node.name
            assert node.unknown == ""


def test_the_ghost_node_is_not_in_the_ini_inventory() -> None:
    (inventory,) = find_inventories(reader("incidents", "cases", "40-ghost-storage-node", "bad"))
    names = {node.name for node in inventory.nodes}
    assert "worker-2.dc2.c12n.example" in names
    assert "worker-02.dc2.c12n.example" not in names
    role = "node-role.kubernetes.io/c12n-storage-controller"
    assert sum(node.labels.get(role) == "enabled" for node in inventory.nodes) == 5


def test_genestack_example_is_read_when_named_and_keeps_the_doubled_address() -> None:
    path = "ansible/inventory/genestack/inventory.yaml.example"
    tree = reader("corpus", "genestack")
    assert path not in {i.path for i in find_inventories(tree)}
    inventory = load_inventory(tree, path, role_groups={"ceph_storage_nodes": {"role": "storage-node"}})
    assert inventory is not None
    assert [n.name for n in inventory.others] == [f"etcd-0{i}.env1.example.local" for i in (1, 2, 3)]
    assert [n.name[:7] for n in inventory.nodes if n.labels.get("role") == "storage-node"] == ["ceph-01", "ceph-02", "ceph-03"]
    same = [n.name.partition(".")[0] for n in (*inventory.nodes, *inventory.others) if n.address == "10.74.8.114"]
    assert sorted(same) == ["etcd-01", "network-01"]


def test_talos_patches_in_the_corpus_name_four_machines() -> None:
    (inventory,) = find_inventories(reader("corpus", "mmalyska-home-ops"))
    assert inventory.path == "provision/talos/nodes"
    assert [n.name for n in inventory.nodes] == ["mc1", "mc2", "mc3", "nv1"]
    assert inventory.nodes[3].labels["accelerator"] == "jetson-orin"
