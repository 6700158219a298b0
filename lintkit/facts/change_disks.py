"""Facts about changes of the disks that a CephCluster takes: what is gone, and what is set differently.

Nodes are paired by name, devices by name within their node, device sets by name. Settings of a device count before those
of its node, these before those of the cluster (rook pkg/operator/ceph/cluster/osd, v1.16 to v1.20).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.changes import before
from lintkit.facts.data_moves import share, weight_by_class
from lintkit.facts.osds import Group, Osds, groups_in, osds_of
from lintkit.facts.pools import shape
from lintkit.facts.reading import unknown_below, words, written
from lintkit.records import NamedTuple, replace
from lintkit.sources.inventory.model import same_node
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Node, Path, Scalar, boolean, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

_STORAGE: Final[Path] = ("spec", "storage")
_SETS: Final[Path] = (*_STORAGE, "storageClassDeviceSets")
# what OSDs get where nothing is set
_SETTINGS: Final = {
    "deviceClass": "",
    "encryptedDevice": "false",
    "osdsPerDevice": "1",
    "metadataDevice": "",
    "crushRoot": "default",
}


class _Named(NamedTuple):
    name: str
    path: Path
    entry: Node


def _nodes(subject: Subject) -> list[_Named]:
    base: Path = (*_STORAGE, "nodes")
    listed = items(lookup(subject.object, *base))
    return [_Named(name, (*base, i), node) for i, node in enumerate(listed) if (name := text(lookup(node, "name")))]


def _devices(holder: Node | None, path: Path) -> list[_Named]:
    found: list[_Named] = []
    for i, entry in enumerate(items(lookup(holder, "devices"))):
        name = text(lookup(entry, "name")) or text(lookup(entry, "fullpath"))
        if name:
            found.append(_Named(name.removeprefix("/dev/"), (*path, "devices", i), entry))
    return found


def _sets(subject: Subject) -> list[_Named]:
    listed = items(lookup(subject.object, *_SETS))
    return [_Named(name, (*_SETS, i), entry) for i, entry in enumerate(listed) if (name := text(lookup(entry, "name")))]


def _find(named: list[_Named], name: str, *, host: bool = False) -> _Named | None:
    return next((n for n in named if n.name == name or (host and same_node(n.name, name))), None)


def removed_storage(subject: Subject, environment: Environment) -> Json | NotKnown:
    """What of the storage of a CephCluster is gone.

    ``items``: ``what`` (node, device, device set, count), ``name``, ``node`` (of a device), ``path``, ``before`` and ``after``
    (of a count), ``holds`` (``class`` and ``percent``: the share of the weight of a class that its OSDs have; none where that is
    not known). ``hosts_left`` (storage nodes in head; null where Rook chooses), ``needed`` (hosts that the widest pool
    needs; 0 when not known), ``removes`` (Rook purges OSDs that are out: removeOSDsIfOutAndSafeToRemove).
    """
    old = before(subject, environment)
    storage = lookup(subject.object, *_STORAGE)
    if old is None:
        return {"items": [], "hosts_left": None, "needed": 0, "removes": False}
    for side in (storage, lookup(old.object, *_STORAGE)):
        if reason := unknown_reason(side) or unknown_reason(lookup(side, "nodes")) or _unnamed(side):
            return NotKnown(f"the storage nodes are not known: {reason}")
    sets = items(lookup(storage, "storageClassDeviceSets"))
    every = boolean(lookup(storage, "useAllNodes")) is True
    gone = (*_gone_nodes(subject, old, environment, every=every), *_gone_sets(subject, old, environment))
    pools = (shape(p) for p in environment.by_kind.get("Pool", ()) if p.resource.namespace == subject.resource.namespace)
    return {
        "items": [{**item, "holds": _holds(lost, old, environment)} for item, lost in gone],
        "hosts_left": None if every or sets else len(_nodes(subject)),
        "needed": max((p.width for p in pools if not isinstance(p, NotKnown)), default=0),
        "removes": boolean(lookup(subject.object, "spec", "removeOSDsIfOutAndSafeToRemove")) is True,
    }


def _holds(lost: Iterable[Group], old: Subject, environment: Environment) -> Json:
    base = environment.base
    osds = osds_of(old, base) if base is not None else None
    if not isinstance(osds, Osds):
        return []
    whole, parts = weight_by_class(osds), weight_by_class(Osds(tuple(lost)))
    shares = {name: share(part, whole.get(name, 0)) for name, part in parts.items()}
    return [{"class": name, "percent": percent} for name, percent in shares.items() if percent]


def _unnamed(storage: Node | None) -> str:
    """Why a node or device of the list has no name that can be read; empty when all have one."""
    for node in items(lookup(storage, "nodes")):
        parts = (lookup(node, "name"), lookup(node, "devices"), *(lookup(d, "name") for d in items(lookup(node, "devices"))))
        if reason := next((r for part in parts if (r := unknown_reason(part))), ""):
            return reason
    return ""


def _item(what: str, name: str, path: Path, node: str = "", was: int = 0, now: int = 0) -> dict[str, Json]:
    return {"what": what, "name": name, "node": node, "path": written(path), "before": was, "after": now}


_Gone = Iterator[tuple[dict[str, Json], tuple[Group, ...]]]
"""What is gone, and the OSDs of it."""


def _gone_nodes(subject: Subject, old: Subject, environment: Environment, *, every: bool) -> _Gone:
    if every or boolean(lookup(old.object, *_STORAGE, "useAllNodes")) is True:
        return
    now = _nodes(subject)
    for node in _nodes(old):
        here = _find(now, node.name, host=True)
        if here is None:
            yield _item("node", node.name, (*_STORAGE, "nodes")), groups_in(node.entry, old, environment)
        elif not _takes_any(here.entry, subject):
            left = {d.name for d in _devices(here.entry, here.path)}
            gone = [d for d in _devices(node.entry, node.path) if d.name not in left]
            osds = groups_in(node.entry, old, environment) if gone else ()
            for device in gone:
                yield _item("device", device.name, (*here.path, "devices"), node.name), (osds[int(device.path[-1])],)


def _takes_any(node: Node, cluster: Subject) -> bool:
    """Whether a node takes disks that no list names."""
    if items(lookup(node, "devices")):
        return False
    for holder in (node, lookup(cluster.object, *_STORAGE)):
        filters = (lookup(holder, "deviceFilter"), lookup(holder, "devicePathFilter"))
        if boolean(lookup(holder, "useAllDevices")) is True or any(words(f) or unknown_reason(f) for f in filters):
            return True
    return False


def _gone_sets(subject: Subject, old: Subject, environment: Environment) -> _Gone:
    now = _sets(subject)
    for entry in _sets(old):
        here = _find(now, entry.name)
        if here is None:
            yield _item("device set", entry.name, _SETS), groups_in(entry.entry, old, environment)
            continue
        was, left = (_count(lookup(e.entry, "count")) for e in (entry, here))
        if was is not None and left is not None and left < was:
            lost = (replace(group, count=was - left) for group in groups_in(entry.entry, old, environment))
            yield _item("count", entry.name, (*here.path, "count"), was=was, now=left), tuple(lost)


def _count(node: Node | None) -> int | None:
    return node.value if isinstance(node, Scalar) and type(node.value) is int else None


def osd_changes(subject: Subject, environment: Environment) -> Json:
    """Settings of OSDs that exist on both sides and differ.

    One item a place: ``key`` (deviceClass, encryptedDevice, osdsPerDevice, metadataDevice, crushRoot), ``path``, ``whose``
    (the device, node or device set), ``before``, ``after`` (empty for none), ``allowed`` (``allowDeviceClassUpdate``).
    """
    old = before(subject, environment)
    if old is None:
        return []
    allowed = boolean(lookup(subject.object, *_STORAGE, "allowDeviceClassUpdate")) is True
    found: dict[str, Json] = {}
    for whose, levels, past in _slots(subject, old):
        for key, default in _SETTINGS.items():
            was, now = _effective(past, key, default), _effective(levels, key, default)
            if was is None or now is None or was[0] == now[0]:
                continue
            place = now[1] or was[1]
            of = _holder(place, subject if now[1] else old, whose)
            found.setdefault(written(place), _osd_item(key, written(place), of, was[0], now[0], allowed=allowed))
    for item in _set_changes(subject, old, allowed=allowed):
        found.setdefault(str(item["path"]), item)
    return [*found.values()]


def _holder(place: Path, cluster: Subject, whose: str) -> str:
    """Whose setting stands at a place: one OSD's, a node's, or that of all that say nothing of their own."""
    if "devices" in place:
        return whose
    name = words(lookup(cluster.object, *place[:4], "name")) if "nodes" in place else ""
    return f"node {name}" if name else "OSDs"


def _osd_item(key: str, path: str, whose: str, was: str, now: str, *, allowed: bool) -> dict[str, Json]:
    return {"key": key, "path": path, "whose": whose, "before": was, "after": now, "allowed": allowed}


_Levels = list[tuple[Node | None, Path]]


def _slots(subject: Subject, old: Subject) -> Iterator[tuple[str, _Levels, _Levels]]:
    """Devices, nodes without a list of devices, or the whole cluster: each with the levels of its settings on both sides."""
    top: _Levels = [(lookup(subject.object, *_STORAGE), _STORAGE)]
    past: _Levels = [(lookup(old.object, *_STORAGE), _STORAGE)]
    then, pairs = _nodes(old), _nodes(subject)
    if not pairs or boolean(lookup(top[0][0], "useAllNodes")) is True:
        yield "OSDs", top, past
        return
    for node in pairs:
        was = _find(then, node.name, host=True)
        if was is None:
            continue
        levels, below = [(node.entry, node.path), *top], [(was.entry, was.path), *past]
        devices, there = _devices(node.entry, node.path), _devices(was.entry, was.path)
        if not devices and not there:
            yield f"node {node.name}", levels, below
        for device in devices:
            same = _find(there, device.name)
            if same is not None:
                now: _Levels = [(device.entry, device.path), *levels]
                yield f"{device.name} of {node.name}", now, [(same.entry, same.path), *below]


def _effective(levels: _Levels, key: str, default: str) -> tuple[str, Path] | None:
    """The value that counts and where it stands (an empty path for a default); None when it cannot be read."""
    for holder, path in levels:
        config = lookup(holder, "config")
        node = lookup(config, key)
        if unknown_reason(holder) or unknown_reason(config) or unknown_reason(node):
            return None
        if node is not None:
            return words(node), (*path, "config", key)
    return default, ()


def _set_changes(subject: Subject, old: Subject, *, allowed: bool) -> Iterator[dict[str, Json]]:
    now = _sets(subject)
    for entry in _sets(old):
        here = _find(now, entry.name)
        if here is None or unknown_below(entry.entry) or unknown_below(here.entry):
            continue
        was, is_now = (boolean(lookup(e.entry, "encrypted")) is True for e in (entry, here))
        if was != is_now:
            shown = ("true" if was else "false", "true" if is_now else "false")
            yield _osd_item("encrypted", written((*here.path, "encrypted")), f"device set {entry.name}", *shown, allowed=allowed)
        for i, (then, template) in enumerate(zip(_claims(entry.entry), _claims(here.entry), strict=False)):
            classes = [words(lookup(t, "metadata", "annotations", "crushDeviceClass")) for t in (then, template)]
            if classes[0] != classes[1]:
                path: Path = (*here.path, "volumeClaimTemplates", i, "metadata", "annotations", "crushDeviceClass")
                whose = f"device set {entry.name}"
                yield _osd_item("deviceClass", written(path), whose, classes[0], classes[1], allowed=allowed)


def _claims(entry: Node) -> tuple[Node, ...]:
    return items(lookup(entry, "volumeClaimTemplates"))


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"CephCluster": {"removed_storage": removed_storage, "osd_changes": osd_changes}}
