"""Facts about the disks a CephCluster takes: devices, OSD settings, device sets.

Node entries, device entries and their ``config`` follow Rook's storage selection (rook pkg/operator/ceph/cluster/osd,
pkg/operator/ceph/cluster/osd/config/config.go, v1.16 to v1.20).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.reading import type_word, unknown_below, words, written
from lintkit.facts.words import nearest
from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, boolean, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

STORAGE: Final[Path] = ("spec", "storage")
OSD_KEYS: Final = (
    "osdsPerDevice",
    "deviceClass",
    "metadataDevice",
    "databaseSizeMB",
    "walSizeMB",
    "encryptedDevice",
    "initialWeight",
    "primaryAffinity",
    "crushRoot",
)
"""Keys of a ``config`` mapping that Rook reads (pkg/operator/ceph/cluster/osd/config/config.go)."""
_PARTITION: Final = regex(r"^(/dev/)?(sd[a-z]+\d+|vd[a-z]+\d+|xvd[a-z]+\d+|nvme\d+n\d+p\d+|.*-part\d+)$")
_VOLUME: Final = regex(r"^/dev/mapper/.+|^/dev/(?!disk/|mapper/)[\w.+-]+/[\w.+-]+$|/dm-(name|uuid-LVM)-.+")


class _Device(NamedTuple):
    """An entry of a list of devices. ``name`` is empty when it cannot be read."""

    node: str
    name: str
    path: Path
    entry: Node


def _devices(subject: Subject) -> Iterator[_Device]:
    storage = lookup(subject.object, *STORAGE)
    yield from _listed(storage, "", STORAGE)
    for i, node in enumerate(items(lookup(storage, "nodes"))):
        yield from _listed(node, text(lookup(node, "name")) or f"number {i + 1}", (*STORAGE, "nodes", i))


def _listed(node: Node | None, name: str, path: Path) -> Iterator[_Device]:
    for i, entry in enumerate(items(lookup(node, "devices"))):
        key = "name" if lookup(entry, "name") is not None else "fullpath"
        label = lookup(entry, key)
        known = "" if unknown_reason(label) else text(label) or ""
        yield _Device(name, known, (*path, "devices", i, key), entry)


def devices(subject: Subject, environment: Environment) -> Json:
    """Every entry of a list of devices.

    ``node`` (empty for the list of the whole cluster), ``name`` (as written; empty when it cannot be read),
    ``path``.
    """
    return [{"node": d.node, "name": d.name, "path": written(d.path)} for d in _devices(subject)]


def greedy_nodes(subject: Subject, environment: Environment) -> Json:
    """Entries of ``storage.nodes`` that say ``useAllDevices: true`` themselves and are not narrowed: ``name``, ``path``."""
    return [
        {"name": text(lookup(node, "name")) or f"number {i + 1}", "path": written((*STORAGE, "nodes", i, "useAllDevices"))}
        for i, node in enumerate(items(lookup(subject.object, *STORAGE, "nodes")))
        if boolean(lookup(node, "useAllDevices")) is True and not _narrowed(node)
    ]


def _narrowed(node: Node | None) -> bool:
    filters = (lookup(node, "deviceFilter"), lookup(node, "devicePathFilter"))
    return any(text(f) or unknown_reason(f) for f in filters) or bool(items(lookup(node, "devices")))


def osd_settings(subject: Subject, environment: Environment) -> Json:
    """Every entry of the ``config`` mappings of cluster, nodes and devices.

    One item a key: ``key``, ``path``, ``parent`` (path of its mapping), ``taken`` (keys beside it), ``type``
    (as in ``parameters`` of a Pool), ``text`` (the value as written), ``unknown`` (why it cannot be read),
    ``similar`` (the keys Rook reads within two edits).
    """
    found: list[Json] = []
    for config, path in _configs(subject):
        for key, entry in config:
            found.append(
                {
                    "key": key,
                    "path": written((*path, key)),
                    "parent": written(path),
                    "taken": list(config.index),
                    "type": type_word(entry.value),
                    "text": entry.value.text if isinstance(entry.value, Scalar) else "",
                    "unknown": unknown_reason(entry.value) or unknown_reason(entry.key),
                    "similar": list(nearest(key, OSD_KEYS, 2)) if key not in OSD_KEYS else [],
                }
            )
    return found


def _configs(subject: Subject) -> Iterator[tuple[Mapping, Path]]:
    storage = lookup(subject.object, *STORAGE)
    places: list[tuple[Node | None, Path]] = [(storage, STORAGE)]
    places += [(node, (*STORAGE, "nodes", i)) for i, node in enumerate(items(lookup(storage, "nodes")))]
    places += [(device.entry, device.path[:-1]) for device in _devices(subject)]
    for holder, path in places:
        config = lookup(holder, "config")
        if isinstance(config, Mapping):
            yield config, (*path, "config")


def filters(subject: Subject, environment: Environment) -> Json:
    """Every ``deviceFilter`` and ``devicePathFilter`` that can be read.

    One item each: ``text``, ``path``, ``kind`` (the key), ``valid`` (false when RE2 certainly refuses it),
    ``matches_empty``, ``matches_sda`` (the name, or ``/dev/sda`` for a path filter, is found by it),
    ``anchored`` (at both ends), ``wanted`` (the anchored form).
    """
    storage = lookup(subject.object, *STORAGE)
    holders: list[tuple[Node | None, Path]] = [(storage, STORAGE)]
    holders += [(node, (*STORAGE, "nodes", i)) for i, node in enumerate(items(lookup(storage, "nodes")))]
    return [
        _filter(kind, words(node), (*path, kind))
        for holder, path in holders
        for kind in ("deviceFilter", "devicePathFilter")
        if words(node := lookup(holder, kind)) and not unknown_reason(node)
    ]


def _filter(kind: str, pattern: str, path: Path) -> Json:
    disk = "sda" if kind == "deviceFilter" else "/dev/sda"
    compiled = _compiled(pattern)
    return {
        "text": pattern,
        "path": written(path),
        "kind": kind,
        "valid": compiled is not None,
        "matches_empty": compiled is not None and compiled.search("") is not None,
        "matches_sda": compiled is not None and compiled.search(disk) is not None,
        "anchored": pattern.startswith("^") and pattern.endswith("$"),
        "wanted": f"^{pattern}$" if "|" not in pattern else f"^({pattern})$",
    }


def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern, or None when Go refuses it: what Python refuses, lookarounds, backreferences, possessive forms."""
    if re.search(r"\\(?!\\)[1-9]|\(\?(?:[=!(>]|<[=!])", pattern):
        return None
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None


def device_conflicts(subject: Subject, environment: Environment) -> Json:
    """Devices of one node that Rook cannot use as listed.

    One item each: ``path``, ``node``, ``name``, ``problem`` (``twice``, ``data and metadata``, ``split`` for several
    OSDs or encryption on a partition or volume, ``shared metadata`` for one partition or volume under several devices).
    """
    found: list[Json] = []
    storage = lookup(subject.object, *STORAGE)
    by_node: dict[str, list[_Device]] = {}
    for device in _devices(subject):
        by_node.setdefault(device.node, []).append(device)
    entries = {text(lookup(n, "name")) or f"number {i + 1}": n for i, n in enumerate(items(lookup(storage, "nodes")))}
    for name, listed in by_node.items():
        found += _conflicts_of(name, listed, entries.get(name), storage)
    return found


def _conflicts_of(node: str, listed: list[_Device], entry: Node | None, storage: Node | None) -> Iterator[Json]:
    def setting(device: _Device, key: str) -> str:
        levels = (device.entry, entry, storage)
        return next((words(n) for level in levels if (n := lookup(level, "config", key)) is not None), "")

    def item(device: _Device, problem: str, name: str = "") -> Json:
        return {"path": written(device.path), "node": node, "name": name or device.name, "problem": problem}

    seen: set[str] = set()
    metadata = [_bare(setting(d, "metadataDevice")) for d in listed]
    shared = Counter(m for m in metadata if m)
    for device, meta in zip(listed, metadata, strict=True):
        name = _bare(device.name)
        if not name:
            continue
        if name in seen:
            yield item(device, "twice")
        elif name in shared:
            yield item(device, "data and metadata")
        elif _is_part(device.name) and (
            setting(device, "osdsPerDevice") not in ("", "0", "1") or setting(device, "encryptedDevice") == "true"
        ):
            yield item(device, "split")
        elif meta and shared[meta] > 1 and _is_part(setting(device, "metadataDevice")) and meta not in seen:
            seen.add(meta)
            yield item(device, "shared metadata", setting(device, "metadataDevice"))
        seen.add(name)


def _bare(name: str) -> str:
    return name.removeprefix("/dev/")


def _is_part(name: str) -> bool:
    """Whether a name is a partition or logical volume."""
    return bool(_PARTITION.search(name) or _VOLUME.search(name))


def device_sets(subject: Subject, environment: Environment) -> Json | NotKnown:
    """Every item of ``storageClassDeviceSets``.

    One item a set: ``name``, ``path``, ``again`` (an earlier set has the name), ``count`` (null when absent), ``portable``,
    ``placed`` (has a placement), ``templates`` (items with ``name``, ``mode``, ``path``), ``local`` (its StorageClass has a
    provisioner of local disks), ``storage_class``.
    """
    found: list[Json] = []
    seen: set[str] = set()
    listed = lookup(subject.object, *STORAGE, "storageClassDeviceSets")
    reason = unknown_below(listed)
    if reason:
        return NotKnown(f"storageClassDeviceSets are unknown: {reason}")
    for i, entry in enumerate(items(listed)):
        path: Path = (*STORAGE, "storageClassDeviceSets", i)
        name = words(lookup(entry, "name"))
        templates = [_template(node, (*path, "volumeClaimTemplates", j)) for j, node in enumerate(_claims(entry))]
        classes = [words(lookup(node, "spec", "storageClassName")) for node in _claims(entry)]
        count = lookup(entry, "count")
        found.append(
            {
                "name": name or f"number {i + 1}",
                "path": written(path),
                "again": bool(name) and name in seen,
                "count": count.value if isinstance(count, Scalar) and type(count.value) is int else None,
                "portable": boolean(lookup(entry, "portable")) is True,
                "placed": isinstance(p := lookup(entry, "placement"), Mapping) and bool(p.entries),
                "templates": [*templates],
                "local": any(_local(name, environment) for name in classes if name),
                "storage_class": next((c for c in classes if c), ""),
            }
        )
        seen.add(name)
    return found


def _claims(entry: Node) -> tuple[Node, ...]:
    return items(lookup(entry, "volumeClaimTemplates"))


def _template(node: Node, path: Path) -> Json:
    return {
        "name": words(lookup(node, "metadata", "name")),
        "mode": words(lookup(node, "spec", "volumeMode")),
        "path": written(path),
    }


def _local(name: str, environment: Environment) -> bool:
    """Whether a StorageClass of the environment makes volumes of local disks (no-provisioner, or a known local one)."""
    for subject in environment.by_kind.get("StorageClass", ()):
        if subject.resource.name == name:
            provisioner = words(lookup(subject.object, "provisioner"))
            return provisioner in _LOCAL_PROVISIONERS
    return False


_LOCAL_PROVISIONERS: Final = frozenset(
    {
        "kubernetes.io/no-provisioner",
        "rancher.io/local-path",
        "local.csi.openebs.io",
        "openebs.io/local",
        "topolvm.io",
        "lvm.csi.metal-stack.io",
        "local.csi.storage.deckhouse.io",
    }
)


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "CephCluster": {
        "devices": devices,
        "greedy_nodes": greedy_nodes,
        "osd_settings": osd_settings,
        "filters": filters,
        "device_conflicts": device_conflicts,
        "device_sets": device_sets,
    },
}
