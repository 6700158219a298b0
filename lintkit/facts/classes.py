"""Facts about storage classes: who asks for which, and which of them exist."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.reading import nameless
from lintkit.facts.storage import external
from lintkit.facts.words import nearest
from lintkit.subjects.environment import Environment, Fact, once
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Node, Path, boolean, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

_RBD: Final = ".rbd.csi.ceph.com"
_CEPHFS: Final = ".cephfs.csi.ceph.com"


def storage_classes(subject: Subject, environment: Environment) -> Json:
    """Storage classes that the volumes of a Database, MessageQueue or chart ask for.

    One item a class: ``name``, ``path``, ``defined`` (a StorageClass of the environment has the name),
    ``default`` (nobody wrote it, it is the chart's default), ``nearest`` (defined names close to it).
    Unset and unknown ones are left out.
    """
    defined = _defined(environment)
    found: list[Json] = []
    for path, node in _asked(subject):
        name = text(node)
        if not name or unknown_reason(node) or node is None:
            continue
        found.append(
            {
                "name": name,
                "path": ".".join(str(key) for key in path),
                "defined": name in defined,
                "default": node.doc.source.builtin,
                "nearest": list(nearest(name, defined, max(2, len(name) // 4))),
            }
        )
    return found


def classes_known(subject: Subject, environment: Environment) -> Json:
    """What is known of the environment's storage classes: ``count``, and ``complete`` (sources and names could be read)."""
    return {"count": len(_defined(environment)), "complete": not environment.unread and not nameless(environment, "StorageClass")}


@once
def _defined(environment: Environment) -> list[str]:
    return sorted({s.resource.name for s in environment.by_kind.get("StorageClass", ()) if s.resource.name})


def _asked(subject: Subject) -> Iterator[tuple[Path, Node | None]]:
    if subject.kind in ("Database", "MessageQueue"):
        yield ("storageClass",), subject.object.get("storageClass")
        return
    values, chart = lookup(subject.object, "values"), text(subject.object.get("chart"))
    for path in _VOLUMES.get(chart or "", ()):
        if _mounted(values, chart or ""):
            yield ("values", *path), lookup(values, *path)


# OpenStack-Helm 2024.2 to 2026.1: volumes that a chart's own claims use (databases and queues speak for themselves)
_VOLUMES: Final[Dict[str, tuple[Path, ...]]] = {
    "glance": (("volume", "class_name"),),
    "cinder": (("backup", "posix", "volume", "class_name"),),
    "etcd": (("volume", "class_name"),),
    "ovn": (("volume", "ovn_ovsdb_nb", "class_name"), ("volume", "ovn_ovsdb_sb", "class_name")),
}


def _mounted(values: Node | None, chart: str) -> bool:
    if chart == "glance":
        return text(lookup(values, "storage")) == "pvc" and boolean(lookup(values, "manifests", "pvc_images")) is not False
    if chart == "cinder":
        driver = text(lookup(values, "conf", "cinder", "DEFAULT", "backup_driver")) or ""
        return "posix" in driver and boolean(lookup(values, "manifests", "pvc_backup")) is not False
    return boolean(lookup(values, "volume", "enabled")) is not False


def class_references(_subject: Subject, environment: Environment) -> Json:
    """What the Ceph CSI storage classes of the environment name, against the Rook resources of their cluster.

    One item a reference: ``of``, ``path``, ``name`` (of the class), ``what`` (pool, data pool, file system,
    cluster or driver prefix), ``value``, ``exists``, ``known`` (names there are), ``wanted`` (what to write
    instead, empty when that is not clear). Classes of external clusters and of clusters that are not here are left out.
    """
    found: list[Json] = []
    clusters = {c.resource.namespace: c for c in environment.by_kind.get("CephCluster", ())}
    if not clusters:
        return found
    for owner in environment.by_kind.get("StorageClass", ()):
        provisioner = text(lookup(owner.object, "provisioner")) or ""
        if provisioner.endswith((_RBD, _CEPHFS)):
            found += _references(owner, provisioner, clusters, environment)
    return found


def _references(owner: Subject, provisioner: str, clusters: Dict[str, Subject], environment: Environment) -> list[Json]:
    found: list[Json] = []
    cluster = text(lookup(owner.object, "parameters", "clusterID")) or ""
    if unknown_reason(lookup(owner.object, "parameters", "clusterID")):
        return found
    home = clusters.get(cluster)
    if home is None:
        # a clusterID may also be the id of a RADOS namespace or subvolume group
        derived = any(k in environment.by_kind for k in ("CephBlockPoolRadosNamespace", "CephFilesystemSubVolumeGroup"))
        outside = any(external(c, environment) for c in clusters.values())
        if cluster and not derived and not outside and not environment.unread:
            found.append(_reference(owner, ("parameters", "clusterID"), "cluster", cluster, sorted(clusters)))
        return found
    if external(home, environment) or home.origin.hidden:
        return found
    pools = [p for p in environment.by_kind.get("Pool", ()) if p.resource.namespace == cluster]
    if any(p.origin.hidden or not p.resource.name for p in pools):
        return found
    system = text(lookup(owner.object, "parameters", "fsName")) or ""
    wanted = "rbd" if provisioner.endswith(_RBD) else "cephfs"
    owners = [p for p in pools if p.facts["application"] == wanted and (wanted == "rbd" or p.resource.name == system)]
    names = sorted({str(p.facts["ceph_name"]) for p in owners if wanted == "rbd" or p.facts["role"] == "data"})
    if wanted == "cephfs":
        systems = sorted(
            {s.resource.name for s in environment.by_kind.get("CephFilesystem", ()) if s.resource.namespace == cluster}
        )
        found += _named(owner, ("parameters", "fsName"), "file system", systems)
        names = names if system in systems else []
    if names or wanted == "rbd":
        found += _named(owner, ("parameters", "pool"), "pool", names)
        found += _named(owner, ("parameters", "dataPool"), "data pool", names)
    prefixes = _prefixes(environment, home)
    prefix = provisioner.removesuffix(_RBD).removesuffix(_CEPHFS)
    if prefixes and not unknown_reason(owner.object.get("provisioner")):
        found.append(_reference(owner, ("provisioner",), "driver prefix", prefix, prefixes))
    return found


def _named(owner: Subject, path: Path, what: str, names: list[str]) -> list[Json]:
    node = lookup(owner.object, *path)
    value = text(node)
    if not value or unknown_reason(node):
        return []
    return [_reference(owner, path, what, value, names)]


def _reference(owner: Subject, path: Path, what: str, value: str, names: list[str]) -> Json:
    close = list(nearest(value, names, max(2, len(value) // 4))) or (names if len(names) == 1 else [])
    wanted = close[0] if len(close) == 1 else ""
    root, bound = owner.binding(path)
    written = text(lookup(root, *bound)) or ""
    if wanted and written and written != value and value.endswith(written):
        # chart values hold the last part of the name only
        start = value[: len(value) - len(written)]
        wanted = wanted.removeprefix(start) if wanted.startswith(start) else ""
    return {
        "of": owner.id,
        "path": ".".join(str(key) for key in path),
        "name": owner.resource.shown,
        "what": what,
        "value": value,
        "exists": value in names,
        "known": list(names),
        "wanted": wanted if what != "driver prefix" else "",
    }


def _prefixes(environment: Environment, cluster: Subject) -> list[str]:
    """Driver name prefixes that the operator may use: its namespace, or one set for it; empty without an operator here."""
    found: set[str] = set()
    for use in environment.by_kind.get("ChartValues", ()):
        if text(use.object.get("chart")) == "rook-ceph":
            for node in (use.object.get("namespace"), lookup(use.object, "values", "csi", "csiDriverNamePrefix")):
                found |= {t} if (t := text(node)) and not unknown_reason(node) else set()
        elif text(use.object.get("chart")) == "rook-ceph-cluster":
            node = lookup(use.object, "values", "csiDriverNamePrefix")
            found |= {t} if (t := text(node)) and not unknown_reason(node) else set()
    operator = any(text(u.object.get("chart")) == "rook-ceph" for u in environment.by_kind.get("ChartValues", ()))
    return sorted(found) if operator and _operators_known(environment) else []


@once
def _operators_known(environment: Environment) -> bool:
    """Whether the namespace of every Rook operator release of the environment is known."""
    releases = [u for u in environment.by_kind.get("ChartValues", ()) if text(u.object.get("chart")) == "rook-ceph"]
    return all(text(u.object.get("namespace")) for u in releases)


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Database": {"storage_classes": storage_classes, "classes_known": classes_known},
    "MessageQueue": {"storage_classes": storage_classes, "classes_known": classes_known},
    "ChartValues": {"storage_classes": storage_classes, "classes_known": classes_known},
    "Environment": {"class_references": class_references},
}
