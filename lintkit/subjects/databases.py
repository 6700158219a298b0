"""Databases: Percona XtraDB and MariaDB clusters under one shape, whichever operator or chart runs them."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Final

from lintkit.finding import ResourceId
from lintkit.sources.charts import ChartUse
from lintkit.subjects.model import Binding, Subject
from lintkit.yamldoc.node import Mapping, Node, Path, Scalar, boolean, lookup, text
from lintkit.yamldoc.transform import make_mapping, make_string
from lintkit.yamldoc.unknowns import unknown_reason

# path in the Database -> path in the resource or in the chart's values (Percona operator 1.13 to 1.18 and its
# pxc-db chart; mariadb-operator v1alpha1; OpenStack-Helm mariadb and mariadb-cluster 2024.2 to 2026.1)
_PXC: Final[Dict[str, Path]] = {
    "size": ("spec", "pxc", "size"),
    "paused": ("spec", "pause"),
    "haproxy": ("spec", "haproxy"),
    "proxysql": ("spec", "proxysql"),
    "unsafeFlags": ("spec", "unsafeFlags"),
    "allowUnsafe": ("spec", "allowUnsafeConfigurations"),
    "storageClass": ("spec", "pxc", "volumeSpec", "persistentVolumeClaim", "storageClassName"),
    "storageSize": ("spec", "pxc", "volumeSpec", "persistentVolumeClaim", "resources", "requests", "storage"),
    "upgrade": ("spec", "upgradeOptions", "apply"),
    "configuration": ("spec", "pxc", "configuration"),
    "schedule": ("spec", "backup", "schedule"),
    "finalizers": ("metadata", "finalizers"),
}
_PXC_CHART: Final[Dict[str, Path]] = {
    **{name: path[1:] for name, path in _PXC.items() if path[0] == "spec"},
    "storageClass": ("pxc", "persistence", "storageClass"),
    "storageSize": ("pxc", "persistence", "size"),
    "finalizers": ("finalizers",),
}
_MARIADB: Final[Dict[str, Path]] = {
    "size": ("spec", "replicas"),
    "paused": ("spec", "suspend"),
    "galera": ("spec", "galera", "enabled"),
    "replication": ("spec", "replication", "enabled"),
    "storageClass": ("spec", "storage", "storageClassName"),
    "storageSize": ("spec", "storage", "size"),
    "configuration": ("spec", "myCnf"),
}
_MARIADB_CHART: Final[Dict[str, Path]] = {
    "size": ("pod", "replicas", "server"),
    "storageClass": ("volume", "class_name"),
    "storageSize": ("volume", "size"),
    "baseConfiguration": ("conf", "database", "my"),
    "configuration": ("conf", "database", "config_override"),
}
# false where a chart's pods get no claim, so that neither class nor size counts
_CLAIMS: Final[tuple[Path, ...]] = (("volume", "enabled"), ("pxc", "persistence", "enabled"))
_MARIADB_CLUSTER: Final[Dict[str, Path]] = {**_MARIADB_CHART, "galera": ("conf", "galera", "enabled")}


def database_of_resource(owner: Subject) -> Subject | None:
    """The Database that a PerconaXtraDBCluster or MariaDB resource declares; None without a spec."""
    if not isinstance(lookup(owner.object, "spec"), Mapping):
        return None
    pxc = owner.kind == "PerconaXtraDBCluster"
    paths = _PXC if pxc else _MARIADB
    bindings = [Binding((), *owner.binding(("spec",)))]
    bindings += [Binding((name,), *owner.binding(path)) for name, path in paths.items()]
    found = {name: lookup(owner.object, *path) for name, path in paths.items()}
    return Subject(
        kind="Database",
        id=f"Database/{owner.kind}/{owner.resource.namespace}/{owner.resource.name}",
        object=_shape(owner.home, owner.kind, "pxc" if pxc else "mariadb", found),
        home=owner.home,
        resource=ResourceId(*owner.resource),
        bindings=tuple(bindings),
        origin=owner.origin,
        facts={"owner": owner.id, "chart": "", "name": owner.resource.name},
    )


def database_of_chart(use: ChartUse) -> Subject | None:
    """The Database of a pxc-db, mariadb or mariadb-cluster release; None for other charts and one that is switched off."""
    if use.chart == "pxc-db":
        paths, kind, engine = _PXC_CHART, "PerconaXtraDBCluster", "pxc"
    elif use.chart in ("mariadb", "mariadb-cluster"):
        paths, kind, engine = (_MARIADB_CHART if use.chart == "mariadb" else _MARIADB_CLUSTER), "MariaDB", "mariadb"
        switch = lookup(use.values, "manifests", "statefulset" if use.chart == "mariadb" else "mariadb")
        if isinstance(switch, Scalar) and switch.value is False:
            return None
    else:
        return None
    values, anchor = use.values, use.anchor
    found = {name: lookup(values, *path) for name, path in paths.items()}
    if any(boolean(lookup(values, *path)) is False for path in _CLAIMS) or text(lookup(values, "pxc", "persistence", "hostPath")):
        found = {name: node for name, node in found.items() if name not in ("storageClass", "storageSize")}
    backups = lookup(values, "backup", "enabled")
    if use.chart == "pxc-db" and boolean(backups) is not True:
        # the chart then writes no backup section (charts/pxc-db/templates/cluster.yaml)
        paths = {**paths, "schedule": ("backup", "enabled")}
        found["schedule"] = backups if unknown_reason(backups) else None
    bindings = [Binding((), use.root, use.prefix)]
    bindings += [Binding((name,), use.root, (*use.prefix, *path)) for name, path in paths.items()]
    release = use.release or use.chart
    return Subject(
        kind="Database",
        id=f"Database/{use.chart}/{use.namespace}/{release}",
        object=_shape(anchor, f"{use.chart} chart", engine, found),
        home=anchor,
        resource=ResourceId(kind, use.namespace, release),
        bindings=tuple(bindings),
        origin=use.origin,
        facts={"owner": "", "chart": use.chart, "name": release},
    )


def _shape(home: Node, form: str, engine: str, parts: Dict[str, Node | None]) -> Mapping:
    return make_mapping(home, (("form", make_string(home, form)), ("engine", make_string(home, engine)), *parts.items()))
