"""OSDs of a CephCluster, as Git and the configuration tell of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lintkit.config import Config, EnvironmentConfig
from lintkit.facts.osds import Osds, Room, host_room, osd_room, osds_of
from lintkit.run import Options, _environment
from lintkit.sources.world import load_world
from lintkit.subjects.environment import Environment, NotKnown
from lintkit.text.source import Source
from lintkit.tree.files import Files
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Node, lookup

HEAD = "apiVersion: ceph.rook.io/v1\nkind: CephCluster\nmetadata: {name: rook-ceph, namespace: rook-ceph}\nspec:\n  storage:\n"


def environment(storage: str, *, osds: str = "", nodes: str = "") -> Environment:
    """The one environment of a tree that holds a CephCluster with ``storage`` (indented by four)."""

    def configured(key: str, text: str) -> Node | None:
        return lookup(documents(Source("c", f"{key}: {text}"))[0].root, key) if text else None

    own = EnvironmentConfig("default", osds=configured("osds", osds), nodes=configured("nodes", nodes))
    files = {"cluster.yaml": HEAD + storage}
    world = load_world(Files(files, files.__getitem__), Config(environments=(own,)))
    return _environment(world, "default", Options())


def found(storage: str, **more: str) -> Osds | NotKnown:
    """The OSDs of that cluster."""
    made = environment(storage, **more)
    return osds_of(made.by_kind["CephCluster"][0], made)


def known(storage: str, **more: str) -> Osds:
    """The OSDs of that cluster, which must be known."""
    osds = found(storage, **more)
    assert isinstance(osds, Osds)
    return osds


LISTED = """    useAllNodes: false
    config: {osdsPerDevice: "2", deviceClass: ssd}
    nodes:
      - name: one
        devices: [{name: sda}, {name: sdb, config: {osdsPerDevice: "4", deviceClass: nvme}}]
      - name: two
        config: {osdsPerDevice: "3", deviceClass: hdd}
        devices: [{name: sda}]
"""


def test_a_devices_settings_count_before_its_nodes_and_the_clusters() -> None:
    osds = known(LISTED)
    assert [(g.count, g.classes, g.hosts) for g in osds.groups] == [
        (2, ("ssd",), ("one",)),
        (4, ("nvme",), ("one",)),
        (3, ("hdd",), ("two",)),
    ]
    assert osds.total() == 9


def test_hosts_are_counted_by_class() -> None:
    osds = known(LISTED)
    assert host_room(osds, "") == Room(2, 2)
    assert host_room(osds, "hdd") == Room(1, 1)
    assert osd_room(osds, "nvme") == Room(4, 4)
    assert host_room(osds, "tape") == Room(0, 0)


def test_without_a_configured_class_hosts_are_a_range() -> None:
    osds = known("    nodes:\n      - {name: one, devices: [{name: sda}]}\n      - {name: two, devices: [{name: sdb}]}\n")
    assert host_room(osds, "ssd") == Room(0, 2)
    assert host_room(osds, "") == Room(2, 2)
    assert host_room(osds, "tape") == Room(0, 0)


def test_a_filter_leaves_the_count_open_but_not_the_hosts() -> None:
    osds = known("    deviceFilter: ^sd.\n    nodes: [{name: one}, {name: two}]\n")
    assert "a device filter" in osds.open_reason
    assert host_room(osds, "").most == 2


def test_use_all_nodes_reads_no_list_of_nodes() -> None:
    storage = "    useAllNodes: true\n    useAllDevices: true\n    nodes: [{name: one}]\n"
    assert host_room(known(storage), "").most is None
    assert host_room(known(storage, nodes="[{name: a}, {name: b}]"), "").most == 2


def test_the_configuration_fills_in_what_cannot_be_counted() -> None:
    storage = "    useAllNodes: true\n    useAllDevices: true\n"
    osds = known(storage, osds="[{class: nvme, count: 12, hosts: 3, size: 2Ti}]")
    assert (osds.total("nvme"), host_room(osds, "nvme"), osds.groups[0].size) == (12, Room(3, 3), 2 * 1024**4)
    assert environment(storage).evidence["osds"]
    assert environment(storage, osds="[{class: nvme, count: 12}]").evidence["osds"] == ""


def test_the_configuration_does_not_override_a_list_of_devices() -> None:
    osds = known(LISTED, osds="[{class: hdd, count: 100, size: 1T}]")
    assert osds.total() == 9
    assert [g.size for g in osds.groups] == [None, None, 10**12]


def test_device_sets_bring_their_count_size_and_class() -> None:
    osds = known(
        """    storageClassDeviceSets:
      - name: fast
        count: 3
        portable: true
        volumeClaimTemplates:
          - metadata: {name: data, annotations: {crushDeviceClass: nvme}}
            spec: {resources: {requests: {storage: 500Gi}}}
"""
    )
    assert (osds.total("nvme"), osds.groups[0].size, host_room(osds, "nvme")) == (3, 500 * 1024**3, Room(3, 3))


def test_a_placeholder_makes_the_storage_unknown() -> None:
    reason = found("    nodes: ${storage_nodes}\n")
    assert isinstance(reason, NotKnown)
    assert "unknown" in reason.reason


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["", "hdd", "ssd"])), max_size=5))
def test_room_never_says_less_than_it_knows(nodes: list[tuple[int, str]]) -> None:
    lines = "".join(
        f"      - name: n{i}\n        config: {{deviceClass: '{cls}'}}\n        devices: {[{'name': f'sd{d}'} for d in range(count)]}\n"
        for i, (count, cls) in enumerate(nodes)
    )
    osds = known("    nodes:\n" + lines if lines else "    nodes: []\n")
    assert osds.total() == sum(count for count, _ in nodes)
    for device_class in ("", "hdd", "ssd", "nvme"):
        for room in (host_room(osds, device_class), osd_room(osds, device_class)):
            assert room.most is not None
            assert 0 <= room.least <= room.most
