"""rook-ceph-cluster values as the resources the chart makes of them, exactly as if written as CRs.

Follows the chart's templates (rook/rook deploy/charts/rook-ceph-cluster/templates, v1.16 to v1.20).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lintkit.records import NamedTuple, replace
from lintkit.sources.charts import ChartUse
from lintkit.sources.model import Resource, resource_of
from lintkit.subjects.model import Binding
from lintkit.yamldoc.node import Key, Mapping, Node, Path, Scalar, boolean, items, lookup, text
from lintkit.yamldoc.transform import make_mapping, make_string, merge, without_key
from lintkit.yamldoc.unknowns import unknown_reason

API: Final = "ceph.rook.io/v1"
_LISTS: Final = (
    ("cephBlockPools", "CephBlockPool"),
    ("cephFileSystems", "CephFilesystem"),
    ("cephObjectStores", "CephObjectStore"),
    ("cephObjectRealms", "CephObjectRealm"),
    ("cephObjectZoneGroups", "CephObjectZoneGroup"),
    ("cephObjectZones", "CephObjectZone"),
    ("cephObjectStoreUsers", "CephObjectStoreUser"),
)


class Projected(NamedTuple):
    """A resource that a chart makes, and where its paths are written in the release's values."""

    resource: Resource
    bindings: tuple[Binding, ...]


def rook_cluster_resources(use: ChartUse) -> list[Projected]:
    """CephCluster, pools, filesystems, object stores and StorageClasses of a rook-ceph-cluster release."""
    found = [_cluster(use), _config_override(use)]
    for key, kind in _LISTS:
        for i, item in enumerate(items(use.values.get(key))):
            found.append(_custom(use, kind, item, (key, i)))
            found += _storage_class(use, kind, item, (key, i))
    for i, item in enumerate(items(use.values.get("cephECBlockPools"))):
        path: Path = ("cephECBlockPools", i)
        found.append(_custom(use, "CephBlockPool", item, path, inside=("spec", "dataPool")))
        found.append(_custom(use, "CephBlockPool", item, path, inside=("spec", "metadataPool"), suffix="-metadata"))
        found += _storage_class(use, "CephECBlockPool", item, path)
    return [p for p in found if p is not None]


def _namespace(use: ChartUse) -> str:
    return use.namespace or "rook-ceph"


def _cluster(use: ChartUse) -> Projected | None:
    values = use.values
    spec = values.get("cephClusterSpec")
    if not isinstance(spec, Mapping):
        return None
    written = spec if not spec.doc.source.builtin else values
    name = text(values.get("clusterName")) or _namespace(use)
    version = _ceph_version(values.get("cephImage"))
    monitoring = values.get("monitoring")
    extra = make_mapping(spec, (("cephVersion", version), ("monitoring", _monitoring(monitoring))))
    own = lookup(spec, "cephVersion")
    if version is not None and own is not None and own.doc.source.builtin and not version.doc.source.builtin:
        spec = without_key(spec, "cephVersion")
        own = None
    body = _body(written, "CephCluster", name, _namespace(use), merge(extra, spec) or spec)
    base = use.prefix
    image = (*base, "cephImage")
    bindings = (
        Binding(("spec",), use.root, (*base, "cephClusterSpec")),
        *(
            (
                Binding(("spec", "cephVersion"), use.root, image),
                Binding(("spec", "cephVersion", "image"), use.root, (*image, "tag")),
            )
            if version is not None and own is None
            else ()
        ),
        *((Binding(("spec", "monitoring"), use.root, (*base, "monitoring")),) if lookup(spec, "monitoring") is None else ()),
        Binding(("metadata", "name"), use.root, (*base, "clusterName")),
        Binding((), use.root, base),
    )
    return _projected(use, body, bindings)


def _config_override(use: ChartUse) -> Projected | None:
    """The ConfigMap whose text Rook puts into ceph.conf (templates/configmap.yaml)."""
    written = use.values.get("configOverride")
    if written is None:
        return None
    body = make_mapping(
        written,
        (
            ("apiVersion", make_string(written, "v1")),
            ("kind", make_string(written, "ConfigMap")),
            ("metadata", make_mapping(written, (("name", make_string(written, "rook-config-override")),))),
            ("data", make_mapping(written, (("config", written),))),
        ),
    )
    path = (*use.prefix, "configOverride")
    return _projected(use, body, (Binding(("data", "config"), use.root, path), Binding((), use.root, use.prefix)))


def _ceph_version(image: Node | None) -> Mapping | None:
    if not isinstance(image, Mapping):
        return None
    repository, tag = image.get("repository"), image.get("tag")
    whole: Node | None = None
    if isinstance(tag, Scalar) and isinstance(repository, Scalar):
        whole = make_string(tag, f"{repository.text}:{tag.text}")
    elif tag is not None and unknown_reason(tag):
        whole = tag
    return make_mapping(image, (("image", whole), ("allowUnsupported", image.get("allowUnsupported"))))


def _monitoring(node: Node | None) -> Mapping | None:
    if not isinstance(node, Mapping):
        return None
    return make_mapping(node, (("enabled", node.get("enabled")),))


def _custom(
    use: ChartUse, kind: str, item: Node, path: Path, *, inside: tuple[Key, ...] = ("spec",), suffix: str = ""
) -> Projected | None:
    name = text(lookup(item, "name"))
    spec = lookup(item, *inside)
    if name is None or not isinstance(item, Mapping):
        return None
    body = _body(item, kind, name + suffix, _namespace(use), spec)
    bindings = (
        Binding(("spec",), use.root, (*use.prefix, *path, *inside)),
        Binding(("metadata", "name"), use.root, (*use.prefix, *path, "name")),
        Binding((), use.root, (*use.prefix, *path)),
    )
    return _projected(use, body, bindings)


def _storage_class(use: ChartUse, kind: str, item: Node, path: Path) -> Iterator[Projected]:
    settings = lookup(item, "storageClass")
    name = text(lookup(settings, "name"))
    if not isinstance(settings, Mapping) or boolean(settings.get("enabled")) is not True or not name:
        return
    pool = text(lookup(item, "name")) or ""
    parameters: list[tuple[str, Node | None]] = []
    if kind in ("CephBlockPool", "CephECBlockPool"):
        suffix = "-metadata" if kind == "CephECBlockPool" else ""
        parameters = [("pool", make_string(settings, pool + suffix)), ("clusterID", make_string(settings, _namespace(use)))]
    elif kind == "CephFilesystem":
        chosen = settings.get("pool")
        label = f"{pool}-{text(chosen) or 'data0'}"
        parameters = [
            ("fsName", make_string(settings, pool)),
            ("pool", make_string(chosen or settings, label)),
            ("clusterID", make_string(settings, _namespace(use))),
        ]
    else:
        parameters = [("objectStoreName", make_string(settings, pool))]
    domain = {"CephFilesystem": "cephfs.csi.ceph.com", "CephObjectStore": "ceph.rook.io/bucket"}.get(kind, "rbd.csi.ceph.com")
    operator = text(use.values.get("csiDriverNamePrefix")) or text(use.values.get("operatorNamespace")) or "rook-ceph"
    written = settings.get("parameters")
    body = make_mapping(
        settings,
        (
            ("apiVersion", make_string(settings, "storage.k8s.io/v1")),
            ("kind", make_string(settings, "StorageClass")),
            ("metadata", make_mapping(settings, (("name", settings.get("name")),))),
            ("provisioner", make_string(settings, f"{operator}.{domain}")),
            ("parameters", merge(make_mapping(settings, parameters), written if isinstance(written, Mapping) else None)),
            ("reclaimPolicy", settings.get("reclaimPolicy")),
            ("allowVolumeExpansion", settings.get("allowVolumeExpansion")),
            ("volumeBindingMode", settings.get("volumeBindingMode")),
        ),
    )
    base = (*use.prefix, *path, "storageClass")
    bindings = [Binding(("metadata", "name"), use.root, (*base, "name")), Binding((), use.root, base)]
    if kind == "CephFilesystem":
        bindings.append(Binding(("parameters", "pool"), use.root, (*base, "pool")))
    found = _projected(use, body, tuple(bindings))
    if found is not None:
        yield found


def _body(home: Node, kind: str, name: str, namespace: str, spec: Node | None) -> Mapping:
    return make_mapping(
        home,
        (
            ("apiVersion", make_string(home, API)),
            ("kind", make_string(home, kind)),
            (
                "metadata",
                make_mapping(home, (("name", make_string(home, name)), ("namespace", make_string(home, namespace)))),
            ),
            ("spec", spec),
        ),
    )


def _projected(use: ChartUse, body: Mapping, bindings: tuple[Binding, ...]) -> Projected | None:
    resource = resource_of(body, use.origin, _namespace(use))
    if resource is None:
        return None
    # a default stands in no file of the repository
    return Projected(replace(resource, home=use.anchor) if resource.home.doc.source.builtin else resource, bindings)
