"""Facts about RBD pools that OpenStack services use, against the pools of the same environment."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.compute import charts, enabled_backends, rbd_backends, values_of, word, written
from lintkit.facts.storage import external
from lintkit.facts.words import nearest
from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, Fact, once
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, boolean, lookup, text
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.unknowns import unknown_reason

# what the templates read of an entry (OpenStack-Helm cinder 2024.2 to 2026.1, job-storage-init)
_ENTRY: Final = ("replication", "crush_rule", "chunk_size", "app_name")


class _Use(NamedTuple):
    """A pool that a service names: ``use`` is cinder, backup, glance or nova, ``name`` the backend or store."""

    use: str
    name: str
    path: Path
    node: Node


def uses(subject: Subject) -> Iterator[_Use]:
    """Pools that the values of a cinder, glance or nova release use."""
    chart = text(subject.object.get("chart"))
    if chart == "cinder":
        yield from _cinder(subject)
    elif chart == "glance":
        yield from _glance(subject)
    elif chart == "nova" and word(values_of(subject, "conf", "nova", "libvirt", "images_type")) == "rbd":
        path: Path = ("conf", "nova", "libvirt", "images_rbd_pool")
        yield from _use(subject, "nova", "", path)


def _use(subject: Subject, use: str, name: str, path: Path) -> Iterator[_Use]:
    node = lookup(subject.object, "values", *path)
    if node is not None:
        yield _Use(use, name, ("values", *path), node)


def _cinder(subject: Subject) -> Iterator[_Use]:
    manifests = values_of(subject, "manifests")
    if boolean(lookup(manifests, "deployment_volume")) is not False:
        for name, _ in rbd_backends(subject):
            yield from _use(subject, "cinder", name, ("conf", "backends", name, "rbd_pool"))
    driver = word(values_of(subject, "conf", "cinder", "DEFAULT", "backup_driver"))
    if ".ceph" in driver and boolean(lookup(manifests, "deployment_backup")) is not False:
        yield from _use(subject, "backup", "", ("conf", "cinder", "DEFAULT", "backup_ceph_pool"))


def _glance(subject: Subject) -> Iterator[_Use]:
    stores = glance_stores(subject)
    if stores:
        for name, kind in stores:
            if kind == "rbd":
                yield from _use(subject, "glance", name, ("conf", "glance", name, "rbd_store_pool"))
    elif word(values_of(subject, "storage")) == "rbd":
        for name in ("glance_store", "rbd"):
            yield from _use(subject, "glance", name, ("conf", "glance", name, "rbd_store_pool"))


def glance_stores(subject: Subject) -> list[tuple[str, str]]:
    """Glance's enabled multi-stores as name and kind (``enabled_backends: fast:rbd,slow:rbd``)."""
    listed = word(values_of(subject, "conf", "glance", "DEFAULT", "enabled_backends"))
    pairs = (part.strip().partition(":") for part in listed.split(",") if ":" in part)
    return [(name.strip(), kind.strip()) for name, _, kind in pairs]


def rbd_pools(subject: Subject, environment: Environment) -> Json:
    """Pools that the values of a release use.

    One item a place: ``use`` (cinder, backup, glance, nova), ``name`` (backend or store), ``path``, ``pool``,
    ``exists`` (a pool of the environment has the name), ``nearest`` (pool names close to it, or what the same
    service uses elsewhere). Unknown values are left out.
    """
    names = pool_names(environment)
    listed = [u for u in uses(subject) if isinstance(u.node, Scalar) and not unknown_reason(u.node) and word(u.node)]
    used = {word(u.node) for u in listed if word(u.node) in names}
    found: list[Json] = []
    for use in listed:
        pool = word(use.node)
        close = nearest(pool, names, max(2, len(pool) // 4)) or _related(
            pool, used if use.use == "glance" and not glance_stores(subject) else set(), names
        )
        found.append(
            {
                "use": use.use,
                "name": use.name,
                "path": written(use.path),
                "pool": pool,
                "exists": pool in names,
                "nearest": [] if pool in names else list(close),
            }
        )
    return found


def glance_copies(subject: Subject, environment: Environment) -> Json:
    """Pools of the environment that the two copies of ``rbd_store_pool`` name, sorted; ``path`` is the copy that the
    storage-init job does not read. Empty with several stores, and where a copy is unknown or names no pool."""
    if text(subject.object.get("chart")) != "glance" or glance_stores(subject):
        return {"pools": [], "path": ""}
    copies = [u for u in uses(subject) if not unknown_reason(u.node)]
    names = {word(u.node) for u in copies}
    known = len(copies) == 2 and names <= set(pool_names(environment))
    return {"pools": [*sorted(names)] if known else [], "path": written(copies[0].path) if copies else ""}


def _related(pool: str, used: set[str], names: list[str]) -> tuple[str, ...]:
    """What the same service uses in another place, or the names that have ``pool`` as one of their dotted parts."""
    return tuple(sorted(used)) or tuple(n for n in names if pool in n.split("."))


@once
def pool_names(environment: Environment) -> list[str]:
    """Names of the pools of the environment as Ceph knows them, sorted."""
    return sorted({str(p.facts["ceph_name"]) for p in environment.by_kind.get("Pool", ()) if p.resource.name})


def rook_pools(subject: Subject, environment: Environment) -> Json:
    """What is known of the environment's pools: ``names``, ``complete`` (no external cluster, no layer or name unread)."""
    return {"names": list(pool_names(environment)), "complete": _complete(environment)}


@once
def _complete(environment: Environment) -> bool:
    pools = environment.by_kind.get("Pool", ())
    clusters = environment.by_kind.get("CephCluster", ())
    rook = [c for c in environment.by_kind.get("ChartValues", ()) if text(c.object.get("chart")) == "rook-ceph-cluster"]
    lists = ("cephBlockPools", "cephFileSystems", "cephObjectStores")
    blurred = any(unknown_reason(values_of(c, key)) for c in rook for key in lists)
    outside = any(external(c, environment) for c in clusters)
    return not blurred and not outside and not any(s.origin.hidden or not s.resource.name for s in (*pools, *clusters))


def pool_map(subject: Subject, environment: Environment) -> Json:
    """Entries of ``conf.ceph.pools`` that the storage-init job of the cinder chart reads.

    One item an entry: ``name`` (the key), ``why`` (backend or backup driver), ``path`` (where the pool is
    named), ``entry_path``, ``present``, ``like`` (another entry to copy, null when there is none). Empty when the job is off.
    """
    values = subject.object.get("values")
    if text(subject.object.get("chart")) != "cinder" or boolean(lookup(values, "manifests", "job_storage_init")) is False:
        return []
    pools = lookup(values, "conf", "ceph", "pools")
    if unknown_reason(pools):
        return []
    wanted = [
        (word(u.node), f"backend {u.name}", u.path) for u in _cinder(subject) if u.use == "cinder" and not unknown_reason(u.node)
    ]
    driver = word(values_of(subject, "conf", "cinder", "DEFAULT", "backup_driver"))
    if ".ceph" in driver and boolean(lookup(values, "manifests", "deployment_backup")) is not False:
        wanted.append(("backup", "the Ceph backup driver", ("values", "conf", "ceph", "pools", "backup")))
    listed = [e.value for _, e in pools if isinstance(e.value, Mapping)] if isinstance(pools, Mapping) else []
    like = [{key: plain(lookup(node, key)) for key in _ENTRY} for node in listed if all(lookup(node, key) for key in _ENTRY)]
    return [
        {
            "name": name,
            "why": why,
            "path": written(path),
            "entry_path": written(("values", "conf", "ceph", "pools", name)),
            "present": isinstance(lookup(pools, name), Mapping),
            "like": like[-1] if like else None,
        }
        for name, why, path in wanted
        if name
    ]


def backends(subject: Subject, environment: Environment) -> Json:
    """Backends of a cinder release: ``enabled`` (items with ``name``, ``defined``), ``idle`` (items with ``name``, ``path``:
    written here, not enabled), ``shared`` (items with ``name``, ``path``, ``backend_name``, ``other``), ``types`` (names a
    volume type may have), ``nearest``: nothing when ``enabled_backends`` is unknown (then ``known`` is false).
    """
    empty: dict[str, Json] = {"known": False, "enabled": [], "idle": [], "shared": [], "types": [], "default_type": ""}
    listed = values_of(subject, "conf", "cinder", "DEFAULT", "enabled_backends")
    defined = values_of(subject, "conf", "backends")
    if text(subject.object.get("chart")) != "cinder" or unknown_reason(listed) or not isinstance(defined, Mapping):
        return empty
    names = enabled_backends(subject)
    enabled: list[Json] = [{"name": n, "defined": lookup(defined, n) is not None} for n in names]
    idle: list[Json] = [
        {"name": n, "path": written(("values", "conf", "backends", n))}
        for n, e in defined
        if n not in names and not e.key.doc.source.builtin
    ]
    bootstrap = values_of(subject, "bootstrap", "volume_types")
    labels = [word(lookup(defined, n, "volume_backend_name")) for n in names]
    made = [n for n, _ in bootstrap] if isinstance(bootstrap, Mapping) else []
    default = values_of(subject, "conf", "cinder", "DEFAULT", "default_volume_type")
    return {
        "known": True,
        "enabled": enabled,
        "idle": idle,
        "shared": _shared(names, labels),
        # Cinder makes a type __DEFAULT__ by itself
        "types": [*dict.fromkeys(("__DEFAULT__", *names, *(label for label in labels if label), *made))],
        "default_type": "" if unknown_reason(default) else word(default),
    }


def _shared(names: list[str], labels: list[str]) -> list[Json]:
    first: dict[str, str] = {}
    found: list[Json] = []
    for name, label in zip(names, labels, strict=True):
        if label and label in first:
            path = written(("values", "conf", "backends", name, "volume_backend_name"))
            found.append({"name": name, "path": path, "backend_name": label, "other": first[label]})
        first.setdefault(label, name)
    return found


def image_clones(subject: Subject, environment: Environment) -> Json:
    """For a glance release: ``rbd`` (images are in RBD), ``multi`` (several stores are enabled), ``users`` (services of the
    environment that clone from RBD: nova, cinder)."""
    rbd = any(use.use == "glance" for use in uses(subject))
    return {"rbd": rbd, "multi": bool(glance_stores(subject)), "users": [*_cloning(environment)]}


@once
def _cloning(environment: Environment) -> tuple[str, ...]:
    novas = charts(environment, "nova")
    nova = any(word(values_of(n, "conf", "nova", "libvirt", "images_type")) == "rbd" for n in novas)
    cinder = any(rbd_backends(c) for c in charts(environment, "cinder"))
    return (*(("nova",) if nova else ()), *(("cinder",) if cinder else ()))


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "ChartValues": {
        "rbd_pools": rbd_pools,
        "rook_pools": rook_pools,
        "glance_copies": glance_copies,
        "pool_map": pool_map,
        "backends": backends,
        "image_clones": image_clones,
    },
}
