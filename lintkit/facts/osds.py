"""OSDs of a CephCluster: how many, how large, of which class, on which hosts.

Rook makes ``osdsPerDevice`` OSDs of every listed device and ``count`` OSDs of every device set. Settings of a
device count before those of its node, these before those of the cluster; a list of devices counts before a
filter, a filter before ``useAllDevices``; with ``useAllNodes`` the list of nodes is not read (rook/rook
pkg/operator/ceph/cluster/osd, pkg/apis/ceph.rook.io/v1/storage.go, v1.16 to v1.20).
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from functools import lru_cache
from typing import Final

from lintkit.facts.placement import matching, selectors
from lintkit.facts.storage import cluster_of, external
from lintkit.facts.units import byte_count
from lintkit.records import NamedTuple, dataclass, replace
from lintkit.subjects.environment import Environment, Fact, NotKnown, OsdEntry, once_each
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Mapping, Node, Scalar, boolean, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

BUILTIN_CLASSES: Final = ("hdd", "ssd", "nvme")
"""Classes that are detected where none is configured."""

_MANY_DEVICES: Final = "the number of OSDs is not in the repository: {} takes whatever disks there are"


@dataclass(frozen=True, slots=True)
class Group:
    """Equal OSDs of one storage node, device set or configured entry.

    ``count`` is None where a filter or ``useAllDevices`` decides. ``classes`` has one name, or every class the
    OSDs may get where none is configured. ``hosts`` are names; a group without names lies on
    ``least_hosts`` to ``most_hosts`` hosts (None: no limit is known). ``size`` is bytes of one OSD, None when unknown.
    """

    count: int | None
    classes: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    least_hosts: int = 0
    most_hosts: int | None = 0
    size: int | None = None

    def may_have(self, device_class: str) -> bool:
        """Whether these OSDs may be of the class; empty asks for any."""
        return not device_class or device_class in self.classes

    def has(self, device_class: str) -> bool:
        """Whether these OSDs are certainly of the class; empty asks for any."""
        return not device_class or self.classes == (device_class,)


class Osds(NamedTuple):
    """The OSDs of a cluster. ``open_reason`` says why their number is not known, empty when it is."""

    groups: tuple[Group, ...]
    open_reason: str = ""

    def total(self, device_class: str = "") -> int:
        """OSDs that may be of the class, as far as they are known."""
        return sum(g.count or 0 for g in self.groups if g.may_have(device_class))


class Room(NamedTuple):
    """How many hosts or OSDs a pool can use: at least ``least``, at most ``most`` (None: no limit is known)."""

    least: int
    most: int | None


@once_each
def osds_of(cluster: Subject, environment: Environment) -> Osds | NotKnown:
    """The OSDs of a CephCluster; what the configuration says of the environment replaces what cannot be counted."""
    declared = _declared(cluster, environment)
    if environment.osds and (isinstance(declared, NotKnown) or declared.open_reason):
        return Osds(_configured(environment))
    return declared if isinstance(declared, NotKnown) else _sized(declared, environment)


def osd_entries(node: Node | None) -> tuple[OsdEntry, ...]:
    """The ``osds:`` list of an environment in the configuration, which its schema has checked."""
    found: list[OsdEntry] = []
    for item in items(node):
        hosts = text(lookup(item, "hosts"))
        size = text(lookup(item, "size")) or ""
        found.append(
            OsdEntry(
                text(lookup(item, "class")) or "", int(text(lookup(item, "count")) or 0), int(hosts) if hosts else None, size
            )
        )
    return tuple(found)


def with_osds(environment: Environment, entries: tuple[OsdEntry, ...]) -> Environment:
    """The environment with what the configuration says of its OSDs, and whether their number is evident."""
    told = replace(environment, osds=entries)
    return replace(told, evidence={**environment.evidence, "osds": osd_obstacle(told)})


def groups_in(entry: Node, cluster: Subject, environment: Environment) -> tuple[Group, ...]:
    """The OSDs of one storage node or device set of a CephCluster."""
    storage = lookup(cluster.object, "spec", "storage")
    if storage is None:
        return ()
    if lookup(entry, "volumeClaimTemplates") is not None:
        return (_device_set(entry, environment),)
    return _sized(Osds(tuple(_of_node(entry, storage))), environment).groups


def _sized(osds: Osds, environment: Environment) -> Osds:
    """Sizes that Git lacks, from the configured entry of the class."""
    sizes = {entry.device_class: byte_count(entry.size) for entry in environment.osds if entry.size}
    if not sizes:
        return osds
    groups = (g if g.size is not None or len(g.classes) > 1 else replace(g, size=sizes.get(g.classes[0])) for g in osds.groups)
    return osds._replace(groups=tuple(groups))


def osd_obstacle(environment: Environment) -> str:
    """Why some OSD count of the environment is unknown; empty when all are known or no cluster is run here."""
    for cluster in environment.by_kind.get("CephCluster", ()):
        if external(cluster, environment):
            continue
        found = osds_of(cluster, environment)
        if isinstance(found, NotKnown):
            return found.reason
        if found.open_reason:
            return found.open_reason
    return ""


def _configured(environment: Environment) -> tuple[Group, ...]:
    found: list[Group] = []
    for entry in environment.osds:
        count = entry.count
        hosts = min(count, entry.hosts) if entry.hosts is not None else None
        least = hosts if hosts is not None else min(1, count)
        most = hosts if hosts is not None else count
        found.append(Group(count, (entry.device_class,), (), least, most, byte_count(entry.size)))
    return tuple(found)


def _declared(cluster: Subject, environment: Environment) -> Osds | NotKnown:
    storage = lookup(cluster.object, "spec", "storage")
    if storage is None:
        return NotKnown(f"CephCluster {cluster.resource.name} declares no storage")
    reason = _unreadable(storage)
    if reason:
        return NotKnown(f"the storage of CephCluster {cluster.resource.name} is unknown: {reason}")
    groups = list(_device_sets(storage, environment))
    if boolean(lookup(storage, "useAllNodes")) is True:
        groups.append(_all_nodes(cluster, storage, environment))
    else:
        groups += _listed(storage)
    return Osds(tuple(groups), _open_reason(storage, groups))


@lru_cache(maxsize=64)
def _listed(storage: Node) -> tuple[Group, ...]:
    """Groups of the listed nodes, equal OSDs of one node as one; kept, because every pool of the cluster asks."""
    counts: dict[Group, int | None] = {}
    for node in items(lookup(storage, "nodes")):
        for group in _of_node(node, storage):
            key = replace(group, count=0)
            before = counts.get(key, 0)
            counts[key] = None if group.count is None or before is None else before + group.count
    return tuple(replace(key, count=count) for key, count in counts.items())


@lru_cache(maxsize=64)
def _unreadable(storage: Node) -> str:
    if isinstance(storage, Mapping):
        for name in ("nodes", "useAllNodes", "useAllDevices", "storageClassDeviceSets", "config", "devices"):
            reason = unknown_reason(storage.get(name))
            if reason:
                return reason
        for node in items(storage.get("nodes")):
            parts = [node, lookup(node, "name"), lookup(node, "devices"), lookup(node, "config"), *items(lookup(node, "devices"))]
            reason = next((r for part in parts if (r := unknown_reason(part))), "")
            if reason:
                return reason
        return ""
    return unknown_reason(storage)


def _open_reason(storage: Node, groups: list[Group]) -> str:
    if all(group.count is not None for group in groups):
        return ""
    if boolean(lookup(storage, "useAllNodes")) is True:
        return _MANY_DEVICES.format("storage.useAllNodes")
    filtered = any(_filter_of(part) for part in (storage, *items(lookup(storage, "nodes"))))
    return _MANY_DEVICES.format("a device filter" if filtered else "useAllDevices")


def _filter_of(node: Node | None) -> str:
    return text(lookup(node, "deviceFilter")) or text(lookup(node, "devicePathFilter")) or ""


def _all_nodes(cluster: Subject, storage: Node, environment: Environment) -> Group:
    """Every node that OSD placement admits; a device list of the cluster would be on each, but names differ by node."""
    names = _eligible(cluster, environment)
    classes = _classes(lookup(storage, "config"))
    if names is None:
        return Group(None, classes, (), 0, None)
    return Group(None, classes, (), 0, len(names))


def _eligible(cluster: Subject, environment: Environment) -> tuple[str, ...] | None:
    """Nodes of the inventory that the placement of OSDs admits; None without an inventory."""
    if not environment.nodes:
        return None
    names = tuple(node.name for node in environment.nodes)
    if environment.evidence.get("nodes"):
        return names
    for key in ("osd", "all"):
        found = [s for s in selectors(cluster) if s.path[:3] == ("spec", "placement", key)]
        if found:
            return tuple(matching(environment.nodes, found[0]))
    return names


def _of_node(node: Node, storage: Node) -> Iterator[Group]:
    name = text(lookup(node, "name"))
    if not name:
        return
    own = items(lookup(node, "devices")) or items(lookup(storage, "devices"))
    configs = (lookup(node, "config"), lookup(storage, "config"))
    if own:
        for device in own:
            levels = (lookup(device, "config"), *configs)
            yield Group(_per_device(*levels), _classes(*levels), (name,))
        return
    everything = boolean(lookup(node, "useAllDevices"))
    if everything is None:
        everything = boolean(lookup(storage, "useAllDevices"))
    if everything or _filter_of(node) or _filter_of(storage):
        yield Group(None, _classes(*configs), (name,))


def _per_device(*levels: Node | None) -> int:
    """``osdsPerDevice`` of the first level that sets it; Rook takes 1 for none and for what is no number."""
    for level in levels:
        written = text(lookup(level, "osdsPerDevice"))
        if written is not None:
            return max(1, int(written)) if written.isdecimal() else 1
    return 1


def _classes(*levels: Node | None) -> tuple[str, ...]:
    for level in levels:
        written = text(lookup(level, "deviceClass"))
        if written:
            return (written,)
    return BUILTIN_CLASSES


def _device_sets(storage: Node, environment: Environment) -> Iterator[Group]:
    for device_set in items(lookup(storage, "storageClassDeviceSets")):
        yield _device_set(device_set, environment)


def _device_set(device_set: Node, environment: Environment) -> Group:
    number = lookup(device_set, "count")
    count = number.value if isinstance(number, Scalar) and type(number.value) is int else None
    if count is None:
        return Group(None, BUILTIN_CLASSES, (), 0, None)
    template = _data_template(device_set)
    chosen = text(lookup(template, "metadata", "annotations", "crushDeviceClass"))
    classes = (chosen,) if chosen else _classes(lookup(device_set, "config"))
    portable = boolean(lookup(device_set, "portable")) is True
    nodes = len(environment.nodes)
    most = min(count, nodes) if nodes and not portable else count
    least = count if portable else min(1, count)
    size = byte_count(text(lookup(template, "spec", "resources", "requests", "storage")) or "")
    return Group(count, classes, (), least, most, size)


def _data_template(device_set: Node) -> Node | None:
    """The claim of the OSD's data: the one called ``data``, else the first (Rook has metadata and wal beside it)."""
    claims = items(lookup(device_set, "volumeClaimTemplates"))
    named = (c for c in claims if text(lookup(c, "metadata", "name")) == "data")
    return next(named, claims[0] if claims else None)


def host_room(osds: Osds, device_class: str) -> Room:
    """On how many hosts OSDs of a class lie; empty asks for any class."""
    sure = {host for g in osds.groups if g.has(device_class) and g.count for host in g.hosts}
    maybe = {host for g in osds.groups if g.may_have(device_class) and g.count != 0 for host in g.hosts}
    unnamed = [g for g in osds.groups if g.may_have(device_class) and not g.hosts and g.count != 0]
    least = max((g.least_hosts for g in unnamed if g.has(device_class)), default=0)
    # OSDs without named hosts may lie on the named ones or beside them
    most = None if any(g.most_hosts is None for g in unnamed) else len(maybe) + sum(g.most_hosts or 0 for g in unnamed)
    return Room(max(len(sure), least), most)


def osd_room(osds: Osds, device_class: str) -> Room:
    """How many OSDs of a class there are; empty asks for any class."""
    least = sum(g.count or 0 for g in osds.groups if g.has(device_class))
    open_ended = any(g.count is None for g in osds.groups if g.may_have(device_class))
    return Room(least, None if open_ended else osds.total(device_class))


def osd_summary(subject: Subject, environment: Environment) -> Json | NotKnown:
    """OSDs of the subject's CephCluster: ``count``, ``hosts`` (names), ``classes`` (class to count), ``classes_known``."""
    cluster = cluster_of(subject, environment)
    if cluster is None:
        return NotKnown("no CephCluster is declared here")
    found = osds_of(cluster, environment)
    if isinstance(found, NotKnown):
        return found
    if found.open_reason:
        return NotKnown(found.open_reason)
    classes: dict[str, Json] = {}
    for group in found.groups:
        if len(group.classes) == 1:
            before = classes.get(group.classes[0], 0)
            classes[group.classes[0]] = (before if isinstance(before, int) else 0) + (group.count or 0)
    return {
        "count": found.total(),
        "hosts": [*dict.fromkeys(host for group in found.groups for host in group.hosts)],
        "classes": classes,
        "classes_known": all(len(group.classes) == 1 for group in found.groups),
    }


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"CephCluster": {"osds": osd_summary}}
