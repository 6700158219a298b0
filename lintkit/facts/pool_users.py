"""Facts about who uses a pool, and whether both sides agree: services, storage classes, Ceph users, the storage-init job."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.compute import charts, rbd_backends, values_of, word, written
from lintkit.facts.rbd import uses
from lintkit.subjects.environment import Environment, Fact, once
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, boolean, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

_SERVICES: Final = ("cinder", "glance", "nova")
_POOL: Final = regex(r"pool\s*=\s*([\w.:-]+)")


@once
def _pools_used(environment: Environment) -> list[tuple[Subject, frozenset[str], bool]]:
    """Releases of storage services, the pools that each names, and whether it can be told which they are."""
    found: list[tuple[Subject, frozenset[str], bool]] = []
    for release in (r for chart in _SERVICES for r in charts(environment, chart)):
        nodes = [use.node for use in uses(release)]
        found.append((release, frozenset(map(word, nodes)), not any(unknown_reason(node) for node in nodes)))
    return found


def services(subject: Subject, environment: Environment) -> Json:
    """Who uses a pool: ``services`` (OpenStack charts), ``classes`` (StorageClasses), ``clients`` (CephClients whose
    capabilities name it), ``readable`` (the values of an OpenStack storage service are known here)."""
    name = str(subject.facts["ceph_name"])
    releases = _pools_used(environment)
    used = [word(r.object.get("chart")) for r, pools, _ in releases if name in pools]
    classes = [
        c.resource.name
        for c in environment.by_kind.get("StorageClass", ())
        if name in (word(lookup(c.object, "parameters", "pool")), word(lookup(c.object, "parameters", "dataPool")))
    ]
    clients = [c.resource.name for c in environment.by_kind.get("CephClient", ()) if name in _POOL.findall(_caps(c))]
    blurred = any(r.origin.hidden or not known for r, _, known in releases)
    return {
        "services": [*dict.fromkeys(used)],
        "classes": [*dict.fromkeys(classes)],
        "clients": list(clients),
        "readable": bool(releases) and not blurred,
    }


def _caps(client: Subject) -> str:
    return text(lookup(client.object, "spec", "caps", "osd")) or ""


def _pool(environment: Environment, name: str) -> Subject | None:
    found = [p for p in environment.by_kind.get("Pool", ()) if p.facts["ceph_name"] == name]
    return found[0] if len(found) == 1 else None


def init_job(_subject: Subject, environment: Environment) -> Json:
    """What storage-init jobs would set on a pool that Rook declares with something else.

    One item a setting: ``of``, ``path``, ``pool``, ``what`` (replication, application), ``value``, ``rook``, ``pool_of``.
    """
    found: list[Json] = []
    for release, path, name, what in _settings(environment):
        node, pool = lookup(release.object, *path), _pool(environment, name)
        if pool is None or not isinstance(node, Scalar) or unknown_reason(node):
            continue
        if what == "replication":
            size = lookup(pool.object, "replicated", "size")
            mine, rook = word(node), word(size) if word(size).isdecimal() else ""
        else:
            mine, rook = word(node), word(pool.object.get("application")) or str(pool.facts["application"])
        if rook and mine and mine != rook:
            item = {"of": release.id, "path": written(path), "pool": name, "what": what, "value": mine, "rook": rook}
            found.append({**item, "pool_of": pool.id})
    return found


def _settings(environment: Environment) -> Iterator[tuple[Subject, Path, str, str]]:
    for release in charts(environment, "cinder"):
        if boolean(values_of(release, "manifests", "job_storage_init")) is False:
            continue
        pools = values_of(release, "conf", "ceph", "pools")
        for key, entry in pools if isinstance(pools, Mapping) else ():
            name = word(values_of(release, "conf", "cinder", "DEFAULT", "backup_ceph_pool")) if key == "backup" else key
            if isinstance(entry.value, Mapping):
                base: Path = ("values", "conf", "ceph", "pools", key)
                yield release, (*base, "replication"), name, "replication"
                yield release, (*base, "app_name"), name, "application"
    for release in charts(environment, "glance"):
        if boolean(values_of(release, "manifests", "job_storage_init")) is False or word(values_of(release, "storage")) != "rbd":
            continue
        name = word(values_of(release, "conf", "glance", "rbd", "rbd_store_pool"))
        yield release, ("values", "conf", "glance", "rbd", "rbd_store_replication"), name, "replication"
        yield release, ("values", "conf", "software", "rbd", "rbd_store_pool_app_name"), name, "application"


def ceph_users(_subject: Subject, environment: Environment) -> Json:
    """Ceph users that services name, where the environment declares CephClients.

    One item a use: ``of``, ``path``, ``user``, ``pool``, ``declared``,
    ``covers`` (its OSD capability names the pool, or no pool at all; true for a pool that is none of the environment's).
    """
    pools = {str(p.facts["ceph_name"]) for p in environment.by_kind.get("Pool", ())}
    clients = {text(lookup(c.object, "spec", "name")) or c.resource.name: c for c in environment.by_kind.get("CephClient", ())}
    found: list[Json] = []
    for release, path, pool in _users(environment) if clients else ():
        node = lookup(release.object, *path)
        user = word(node)
        if not user or unknown_reason(node) or release.origin.hidden:
            continue
        caps = _caps(clients[user]) if user in clients else ""
        named = _POOL.findall(caps)
        covers = (
            pool in named
            or not pool
            or bool(pools and pool not in pools)
            or (not named and ("profile rbd" in caps or "allow" in caps))
            or any("pool" not in part and ("profile rbd" in part or "allow" in part) for part in caps.split(","))
        )
        found.append(
            {"of": release.id, "path": written(path), "user": user, "pool": pool, "declared": user in clients, "covers": covers}
        )
    return found


def _users(environment: Environment) -> Iterator[tuple[Subject, Path, str]]:
    for chart in _SERVICES:
        for release in charts(environment, chart):
            for use in uses(release):
                key = {"cinder": "rbd_user", "nova": "rbd_user", "glance": "rbd_store_user", "backup": "backup_ceph_user"}[
                    use.use
                ]
                if not unknown_reason(use.node):
                    yield release, (*use.path[:-1], key), word(use.node)


def backup_pool(_subject: Subject, environment: Environment) -> Json:
    """Backup pools that lie where all volume pools of their cluster lie: ``of``, ``path``, ``pool``, ``volumes``, ``root``."""
    found: list[Json] = []
    for release in charts(environment, "cinder"):
        listed = [(u, _pool(environment, word(u.node))) for u in uses(release) if not unknown_reason(u.node)]
        backups = [(u, p) for u, p in listed if u.use == "backup" and p is not None]
        volumes = [p for u, p in listed if u.use == "cinder"]
        for use, pool in backups:
            if volumes and all(v is not None and _where(v) == _where(pool) for v in volumes) and not _blurred(pool):
                names: list[Json] = [str(v.facts["ceph_name"]) for v in volumes if v is not None]
                item: dict[str, Json] = {"of": release.id, "path": written(use.path), "pool": word(use.node), "volumes": names}
                found.append({**item, "root": "/".join(_where(pool)[1:])})
    return found


def _where(pool: Subject) -> tuple[str, str, str]:
    return (
        pool.resource.namespace,
        word(pool.object.get("crushRoot")) or "default",
        word(pool.object.get("deviceClass")) or "any class",
    )


def _blurred(pool: Subject) -> bool:
    return bool(unknown_reason(pool.object.get("crushRoot")) or unknown_reason(pool.object.get("deviceClass")))


def discard(subject: Subject, environment: Environment) -> Json:
    """``rbd`` (guest disks or volumes of the environment are in RBD), ``refused`` (paths of enabled RBD backends of a cinder
    release that set report_discard_supported false)."""
    cinders = charts(environment, "cinder")
    nova = any(word(values_of(n, "conf", "nova", "libvirt", "images_type")) == "rbd" for n in charts(environment, "nova"))
    refused: list[Json] = []
    if subject in cinders:
        for name, backend in rbd_backends(subject):
            if boolean(lookup(backend, "report_discard_supported")) is False:
                refused.append({"name": name, "path": written(("values", "conf", "backends", name, "report_discard_supported"))})
    return {"rbd": nova or any(rbd_backends(c) for c in cinders), "refused": refused}


def dpdk(_subject: Subject, environment: Environment) -> Json:
    """Open vSwitch releases with DPDK: ``of``, ``path``, ``prepared`` (nova or libvirt values set huge pages or pinned CPUs)."""
    found: list[Json] = []
    computes = [*charts(environment, "nova"), *charts(environment, "libvirt")]
    for release in charts(environment, "openvswitch") if computes else ():
        if boolean(values_of(release, "conf", "ovs_dpdk", "enabled")) is True:
            prepared = any(_prepared(lookup(c.object, "values")) or c.origin.hidden for c in computes)
            found.append({"of": release.id, "path": "values.conf.ovs_dpdk.enabled", "prepared": prepared})
    return found


def _prepared(node: Node | None) -> bool:
    if not isinstance(node, Mapping):
        return False
    for key, entry in node:
        if "huge" in key.lower() or key in ("vcpu_pin_set", "cpu_dedicated_set"):
            return True
        if isinstance(entry.value, Mapping) and not entry.value.doc.source.builtin and _prepared(entry.value):
            return True
    return False


def omitted(subject: Subject, environment: Environment) -> Json:
    """Keys of a rook-ceph-cluster release that nobody wrote, so that the chart's own pools, nodes and devices count:
    ``key``, ``path``, ``list`` (it holds a list). Empty for an external cluster."""
    values = subject.object.get("values")
    if word(subject.object.get("chart")) != "rook-ceph-cluster" or subject.origin.hidden:
        return []
    if boolean(lookup(values, "cephClusterSpec", "external", "enable")) is True:
        return []
    found: list[Json] = []
    lists: tuple[Path, ...] = (("cephBlockPools",), ("cephFileSystems",), ("cephObjectStores",))
    storage: tuple[Path, ...] = tuple(("cephClusterSpec", "storage", key) for key in ("useAllNodes", "useAllDevices"))
    for path in (*lists, *storage):
        node = lookup(values, *path)
        if node is not None and node.doc.source.builtin:
            found.append({"key": str(path[-1]), "path": written(("values", *path)), "list": len(path) == 1})
    return found


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Pool": {"services": services},
    "ChartValues": {"discard": discard, "omitted": omitted},
    "Environment": {"init_job": init_job, "ceph_users": ceph_users, "backup_pool": backup_pool, "dpdk": dpdk},
}
