"""Facts about CRUSH roots that share OSDs: pools with and without a device class on one root."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping as Dict
from typing import Any, Final

from lintkit.facts.pg_effects import if_classed
from lintkit.facts.pools import rule_class
from lintkit.facts.storage import external
from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.subjects.project import ceph_version
from lintkit.yamldoc.node import Json, Sequence, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason


class _Placed(NamedTuple):
    """A pool on its root. ``subject`` is None for a pool that Ceph makes by itself."""

    name: str
    root: str
    device_class: str
    subject: Subject | None


def _own_clusters(environment: Environment) -> list[tuple[str, Subject | None, list[_Placed]]] | NotKnown:
    """Namespace, CephCluster and pools of every cluster that runs here; what is external is laid out elsewhere."""
    found: list[tuple[str, Subject | None, list[_Placed]]] = []
    for namespace, cluster in _clusters(environment).items():
        pools = _pools(environment, namespace)
        if isinstance(pools, NotKnown):
            return pools
        if cluster is None or not external(cluster, environment):
            found.append((namespace, cluster, pools))
    return found


def classless_pools(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """Declared pools without a device class whose CRUSH root also carries pools with one.

    One item a pool: ``of`` (its id), ``name``, ``root``, ``cluster``, ``classes`` (device classes on that
    root, most used first), ``classed`` (items with ``of``, ``name``, ``class``), ``implicit`` (pools that Ceph
    makes there without a class), ``only_mgr`` (never true here), ``ceph_version``. Implicit pools: ``.mgr``
    in every cluster, ``.nfs`` with a CephNFS; RGW's belong to the store's metadata pool. ``effect`` is ``before`` and
    ``after``: its PGs, as it is and when every such pool has the class of the others; null where that is not known.
    """
    found: list[Json] = []
    own = _own_clusters(environment)
    if isinstance(own, NotKnown):
        return own
    for namespace, cluster, pools in own:
        version = ceph_version(text(lookup(cluster.object, "spec", "cephVersion", "image")) or "") if cluster else ""
        given = if_classed(cluster, environment) if cluster is not None else None
        found += [
            {**item, "effect": given.pools.get(item["of"]) if given else None} for item in _items(pools, namespace, version)
        ]
    return found


def classless_mgr(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """Clusters whose ``.mgr`` pool stays without a class although other pools have one.

    One item a cluster: ``of`` and ``path`` (where to say so: the declared ``.mgr`` pool, the list of pools in the values
    of a chart, or the first classed pool), ``form`` (``declared``, ``chart`` or ``resource``, likewise), ``classes``
    (most used first), ``classed`` (names), ``cluster``, ``failure_domain`` (the commonest of the classed pools),
    ``scaled`` (how many pools get more PGs when no pool lacks a class; 0 where that is not known).
    """
    found: list[Json] = []
    own = _own_clusters(environment)
    if isinstance(own, NotKnown):
        return own
    for namespace, cluster, pools in own:
        mgr = next((p for p in pools if p.name == ".mgr"), None)
        classed = [p.subject for p in pools if p.device_class and p.root == "default" and p.subject is not None]
        if mgr is None or mgr.device_class or not classed:
            continue
        form = "declared" if mgr.subject else "chart" if cluster is not None and _from_chart(cluster) else "resource"
        given = if_classed(cluster, environment) if cluster is not None else None
        place = mgr.subject or (cluster if form == "chart" and cluster is not None else classed[0])
        found.append(
            {
                "of": place.id,
                "path": "cephBlockPools" if form == "chart" else "deviceClass",
                "form": form,
                "classes": _by_use(pools),
                "classed": [str(p.facts["ceph_name"]) for p in classed],
                "cluster": namespace,
                "failure_domain": _usual_domain(classed),
                "scaled": given.scaled if given else 0,
            }
        )
    return found


def classless_nfs(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """Clusters with a CephNFS whose ``.nfs`` pool nobody declares although other pools have a class.

    One item a cluster: ``of`` (the first CephNFS), ``chart`` (id of the CephCluster whose pools stand in the values of a
    chart; empty for none), ``classes``, ``failure_domain``, ``cluster``.
    """
    found: list[Json] = []
    own = _own_clusters(environment)
    if isinstance(own, NotKnown):
        return own
    for namespace, cluster, pools in own:
        server = next((s for s in environment.by_kind.get("CephNFS", ()) if s.resource.namespace == namespace), None)
        classed = [p.subject for p in pools if p.device_class and p.subject is not None]
        if server is None or not classed or any(p.name == ".nfs" and p.subject for p in pools):
            continue
        found.append(
            {
                "of": server.id,
                "chart": cluster.id if cluster is not None and _from_chart(cluster) else "",
                "classes": _by_use(pools),
                "failure_domain": _usual_domain(classed),
                "cluster": namespace,
            }
        )
    return found


def _from_chart(cluster: Subject) -> bool:
    """Whether the values that make a CephCluster also hold a list of block pools (the rook-ceph-cluster chart)."""
    root, path = cluster.binding(("cephBlockPools",))
    return isinstance(lookup(root, *path), Sequence)


def _usual_domain(pools: list[Subject]) -> str:
    domains = Counter(text(p.object.get("failureDomain")) or "host" for p in pools)
    return max(domains, key=lambda name: (domains[name], name == "host"))


def _clusters(environment: Environment) -> dict[str, Subject | None]:
    """Namespaces that hold pools, with their CephCluster where it is here."""
    found: dict[str, Subject | None] = {}
    for pool in environment.by_kind.get("Pool", ()):
        found.setdefault(pool.resource.namespace, None)
    for cluster in environment.by_kind.get("CephCluster", ()):
        if cluster.resource.namespace in found:
            found[cluster.resource.namespace] = cluster
    return found


def _pools(environment: Environment, namespace: str) -> list[_Placed] | NotKnown:
    """Declared and implicit pools of a cluster; NotKnown where alternatives of one thing stand side by side."""
    found: list[_Placed] = []
    clusters = [c for c in environment.by_kind.get("CephCluster", ()) if c.resource.namespace == namespace]
    if len(clusters) > 1:
        return NotKnown(f"several files define CephCluster {namespace}/{clusters[0].resource.name}")
    for pool in environment.by_kind.get("Pool", ()):
        if pool.resource.namespace != namespace:
            continue
        if "#" in pool.id:
            return NotKnown(f"several files define {pool.resource.kind} {pool.resource.name}")
        root, device_class = pool.object.get("crushRoot"), rule_class(pool)
        reason = unknown_reason(root) or unknown_reason(device_class)
        if reason:
            return NotKnown(f"the device class of pool {pool.facts['ceph_name']} is unknown: {reason}")
        found.append(_Placed(str(pool.facts["ceph_name"]), text(root) or "default", text(device_class) or "", pool))
    names = {p.name for p in found}
    if ".mgr" not in names:
        found.append(_Placed(".mgr", "default", "", None))
    if ".nfs" not in names and any(s.resource.namespace == namespace for s in environment.by_kind.get("CephNFS", ())):
        found.append(_Placed(".nfs", "default", "", None))
    return found


def _by_use(pools: list[_Placed]) -> list[Json]:
    counted = Counter(p.device_class for p in pools if p.device_class)
    return [name for name, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))]


def _items(pools: list[_Placed], namespace: str, version: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for root in dict.fromkeys(p.root for p in pools):
        here = [p for p in pools if p.root == root]
        classed = [p for p in here if p.device_class]
        classless = [p for p in here if not p.device_class]
        if not classed or {p.name for p in classless} <= {".mgr"}:
            continue
        for pool in classless:
            if pool.subject is None:
                continue
            found.append(
                {
                    "of": pool.subject.id,
                    "name": pool.name,
                    "root": root,
                    "cluster": namespace,
                    "classes": _by_use(classed),
                    "classed": [{"of": p.subject.id, "name": p.name, "class": p.device_class} for p in classed if p.subject],
                    "implicit": [p.name for p in classless if p.subject is None],
                    "ceph_version": version,
                }
            )
    return found


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Environment": {"classless_pools": classless_pools, "classless_mgr": classless_mgr, "classless_nfs": classless_nfs},
}
