"""Pools: a pool spec wherever it lives, under the name Ceph gives it.

Names follow Rook v1.16 to v1.20 (pkg/operator/ceph/{pool,file,object}).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lintkit.finding import ResourceId
from lintkit.records import NamedTuple
from lintkit.subjects.model import Binding, Subject
from lintkit.yamldoc.node import Json, Mapping, Path, boolean, items, lookup, string, text

_RGW_METADATA: Final = ("control", "meta", "log", "buckets.index", "buckets.non-ec", "otp")
_OBJECT_STORES: Final = ("CephObjectStore", "CephObjectZone")
BUILTIN_NAMES: Final = frozenset({".mgr", ".nfs", ".rgw.root", ".nvmeof"})


class _Spec(NamedTuple):
    """A pool spec at ``path`` of its resource; ``role`` is data, metadata or builtin."""

    name: str
    path: Path
    role: str
    application: str


def metadata_pools(owners: Iterable[Subject]) -> frozenset[tuple[str, str]]:
    """Namespace and name of block pools that hold only metadata.

    A StorageClass with ``dataPool`` says so of its ``pool`` (ceph-csi, RBD parameters), an object store or zone with
    ``sharedPools`` of its ``metadataPoolName`` and those of its placements; the pools of a store's metadata have its name.
    """
    found: set[tuple[str, str]] = set()
    for owner in owners:
        parameters = lookup(owner.object, "parameters")
        if owner.kind == "StorageClass" and text(lookup(parameters, "dataPool")):
            found.add((text(lookup(parameters, "clusterID")) or "", text(lookup(parameters, "pool")) or ""))
        if owner.kind in _OBJECT_STORES:
            found |= {(owner.resource.namespace, f"{owner.resource.name}.rgw.{use}") for use in _RGW_METADATA}
        shared = lookup(owner.object, "spec", "sharedPools") if owner.kind in _OBJECT_STORES else None
        for holder in (shared, *items(lookup(shared, "poolPlacements"))):
            if name := text(lookup(holder, "metadataPoolName")):
                found.add((owner.resource.namespace, name))
    return frozenset(found)


def pool_subjects(owner: Subject, metadata: frozenset[tuple[str, str]] = frozenset()) -> list[Subject]:
    """The pools that a CephBlockPool, CephFilesystem, CephObjectStore or CephObjectZone declares.

    ``metadata`` are block pools known to hold only metadata (see ``metadata_pools``).
    """
    return [subject for spec in _specs(owner, metadata) if (subject := _pool(owner, spec)) is not None]


def _specs(owner: Subject, metadata: frozenset[tuple[str, str]]) -> Iterator[_Spec]:
    spec, name = lookup(owner.object, "spec"), owner.resource.shown
    if owner.kind == "CephBlockPool":
        inner = string(lookup(spec, "name"))
        role = "builtin" if inner in BUILTIN_NAMES else "metadata" if _is_metadata(owner, metadata) else "data"
        yield _Spec(inner or name, ("spec",), role, "rbd")
    elif owner.kind == "CephFilesystem":
        literal = boolean(lookup(spec, "preservePoolNames")) is True
        yield _Spec(f"{name}-metadata", ("spec", "metadataPool"), "metadata", "cephfs")
        for i, pool in enumerate(items(lookup(spec, "dataPools"))):
            own = text(lookup(pool, "name"))
            shown = own if own and literal else f"{name}-{own or f'data{i}'}"
            yield _Spec(shown, ("spec", "dataPools", i), "data", "cephfs")
    elif owner.kind in _OBJECT_STORES:
        yield _Spec(f"{name}.rgw.meta", ("spec", "metadataPool"), "metadata", "rgw")
        yield _Spec(f"{name}.rgw.buckets.data", ("spec", "dataPool"), "data", "rgw")


def _is_metadata(owner: Subject, metadata: frozenset[tuple[str, str]]) -> bool:
    """Whether another resource says so, or the chart that makes it (the replicated pool of ``cephECBlockPools``)."""
    _, path = owner.binding(("spec",))
    return path[-1:] == ("metadataPool",) or (owner.resource.namespace, owner.resource.name) in metadata


def _pool(owner: Subject, spec: _Spec) -> Subject | None:
    body = lookup(owner.object, *spec.path)
    if not isinstance(body, Mapping) or not (body.entries or owner.kind == "CephBlockPool"):
        return None
    facts: dict[str, Json] = {
        "ceph_name": spec.name,
        "role": spec.role,
        "application": spec.application,
        "owner": owner.id,
        "owner_kind": owner.kind,
        "cluster": owner.resource.namespace,
    }
    depth = len(spec.path)
    inside = tuple(
        Binding(b.prefix[depth:], b.root, b.path)
        for b in owner.bindings
        if len(b.prefix) > depth and b.prefix[:depth] == spec.path
    )
    root, path = owner.binding(spec.path)
    bindings = (*inside, Binding((), root, path))
    return Subject(
        kind="Pool",
        id=f"Pool/{owner.resource.namespace}/{spec.name}",
        object=body,
        home=owner.home,
        resource=ResourceId(owner.resource.kind, owner.resource.namespace, owner.resource.name),
        bindings=bindings,
        prefix=spec.path,
        origin=owner.origin,
        facts=facts,
    )
