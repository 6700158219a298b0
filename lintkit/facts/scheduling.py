"""Facts about scheduling: the nodes that may take the pods of a workload, and the taints that keep them off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.placement import Selector, escaped, fits, pod_selectors_below, selectors
from lintkit.facts.workloads import Workload, workloads
from lintkit.records import NamedTuple
from lintkit.sources.inventory.model import ClusterNode, Taint, same_node
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Mapping, Node, Path, boolean, is_null, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

_REPELLING: Final = ("NoSchedule", "NoExecute")
_DAEMONS: Final = ("mon", "mgr", "osd", "prepareosd")


class Toleration(NamedTuple):
    """A toleration as the API server reads it; ``key`` empty stands for every key, ``effect`` empty for every effect."""

    key: str
    operator: str
    value: str
    effect: str
    path: Path = ()

    def covers(self, taint: Taint) -> bool:
        """Whether it lets a pod onto a node with ``taint`` (k8s.io/component-helpers, corev1 helpers)."""
        if self.effect and self.effect != taint.effect:
            return False
        if not self.key:
            return self.operator == "Exists"
        return self.key == taint.key and (self.operator == "Exists" or self.value == taint.value)


class OperatorPods(NamedTuple):
    """Pods that the values of Rook's operator chart place: what they ask of a node, and where their tolerations stand."""

    subject: Subject
    title: str
    daemon: bool
    wanted: tuple[Selector, ...]
    tolerated: tuple[Toleration, ...]
    path: Path


class Reach(NamedTuple):
    """Nodes by what they mean to a workload: ``free`` take its pods, ``tainted`` would but for a taint."""

    free: tuple[ClusterNode, ...]
    tainted: tuple[tuple[ClusterNode, Taint], ...]


def tolerations(workload: Workload) -> tuple[Toleration, ...] | None:
    """What the pods of a workload tolerate; None when it cannot be read."""
    body = workload.subject.object
    if workload.subject.kind == "Component":
        switch = lookup(body, "tolerations", "enabled")
        if unknown_reason(switch):
            return None
        if boolean(switch) is not True:
            return ()
        return _tolerations(lookup(body, "tolerations", "list"), ("tolerations", "list"))
    found: list[Toleration] = []
    for pod in workload.pods:
        part = _tolerations(lookup(body, *pod, "tolerations"), (*pod, "tolerations"))
        if part is None:
            return None
        found += part
    return tuple(found)


def _tolerations(node: Node | None, path: Path) -> tuple[Toleration, ...] | None:
    if unknown_reason(node):
        return None
    found: list[Toleration] = []
    for i, item in enumerate(items(node)):
        words = [lookup(item, key) for key in ("key", "operator", "value", "effect")]
        if unknown_reason(item) or any(unknown_reason(word) for word in words):
            return None
        key, operator, value, effect = (text(word) or "" for word in words)
        found.append(Toleration(key, operator or "Equal", value, effect, (*path, i)))
    return tuple(found)


def pod_selectors(workload: Workload) -> list[Selector] | None:
    """What the pods ask of a node; None when a part of it cannot be read. The most specific affinity counts."""
    body = workload.subject.object
    found: list[Selector] = []
    affinity: list[Selector] = []
    for pod in workload.pods:
        below = pod_selectors_below(workload.subject, pod)
        if below is None:
            return None
        here = [s for s in below if "nodeAffinity" in s.path]
        found += [s for s in below if "nodeAffinity" not in s.path]
        if here or lookup(body, *pod, "nodeAffinity") is not None:
            affinity = here
    return found + affinity


def reach(workload: Workload, environment: Environment) -> Reach | None:
    """The nodes of the inventory a workload may use; None when its selectors, tolerations or the nodes are not known."""
    if environment.evidence.get("nodes"):
        return None
    wanted, tolerated = pod_selectors(workload), tolerations(workload)
    if wanted is None or tolerated is None:
        return None
    return _sorted(_storage_nodes(workload, environment.nodes), wanted, tolerated)


def _sorted(nodes: Iterable[ClusterNode], wanted: Iterable[Selector], tolerated: tuple[Toleration, ...]) -> Reach:
    free: list[ClusterNode] = []
    tainted: list[tuple[ClusterNode, Taint]] = []
    for node in nodes:
        if not all(any(all(fits(node, t) for t in terms) for terms in s.alternatives) for s in wanted):
            continue
        keeping = next((t for t in node.taints if t.effect in _REPELLING and not any(x.covers(t) for x in tolerated)), None)
        if keeping is None:
            free.append(node)
        else:
            tainted.append((node, keeping))
    return Reach(tuple(free), tuple(tainted))


def _storage_nodes(workload: Workload, nodes: tuple[ClusterNode, ...]) -> Iterable[ClusterNode]:
    """OSDs go to the nodes that ``storage.nodes`` names."""
    storage = lookup(workload.subject.object, "spec", "storage")
    if workload.name not in ("osd", "prepareosd") or boolean(lookup(storage, "useAllNodes")) is True:
        return nodes
    names = [text(lookup(item, "name")) or "" for item in items(lookup(storage, "nodes"))]
    return [n for n in nodes if any(same_node(n.name, name) for name in names)] if names else nodes


def ceph_daemons(environment: Environment) -> Iterator[Workload]:
    """Rook's daemons: those of a CephCluster (``all`` below their own placement), MDS, RGW and NFS."""
    for subject in environment.subjects:
        body = subject.object
        if subject.kind == "CephCluster" and not boolean(lookup(body, "spec", "external", "enable")):
            base: Path = ("spec", "placement")
            for name in _DAEMONS:
                yield _daemon(subject, name, ((*base, "all"), (*base, name)))
        elif subject.kind == "CephFilesystem":
            yield _daemon(subject, "mds", (("spec", "metadataServer", "placement"),))
        elif subject.kind == "CephObjectStore" and isinstance(lookup(body, "spec", "gateway"), Mapping):
            yield _daemon(subject, "rgw", (("spec", "gateway", "placement"),))
        elif subject.kind == "CephNFS":
            yield _daemon(subject, "nfs", (("spec", "server", "placement"),))


# what places the pods of Rook's operator chart: name, DaemonSet, tolerations, node affinity, switches of which one is enough
# (rook-ceph values 1.16 to 1.20; from 1.20 on the CSI drivers are another chart's)
_OPERATOR_PODS: Final[tuple[tuple[str, bool, Path, Path, tuple[Path, ...]], ...]] = (
    ("operator", False, ("tolerations",), (), ()),
    (
        "CSI provisioner",
        False,
        ("csi", "provisionerTolerations"),
        ("csi", "provisionerNodeAffinity"),
        (("csi", "enableRbdDriver"), ("csi", "enableCephfsDriver")),
    ),
    (
        "CSI plugin",
        True,
        ("csi", "pluginTolerations"),
        ("csi", "pluginNodeAffinity"),
        (("csi", "enableRbdDriver"), ("csi", "enableCephfsDriver")),
    ),
    ("discovery", True, ("discover", "tolerations"), ("discover", "nodeAffinity"), (("enableDiscoveryDaemon",),)),
)


def operator_pods(environment: Environment) -> Iterator[OperatorPods]:
    """Pods of Rook's operator chart whose placement can be read."""
    for subject in environment.by_kind.get("ChartValues", ()):
        if text(subject.object.get("chart")) != "rook-ceph":
            continue
        values, asked = subject.object.get("values"), selectors(subject)
        for name, daemon, path, affinity, switches in _OPERATOR_PODS:
            if switches and not any(boolean(lookup(values, *switch)) is True for switch in switches):
                continue
            where: Path = ("values", *(affinity or ("nodeSelector",)))
            tolerated = _tolerations(lookup(values, *path), ("values", *path))
            wanted = tuple(s for s in asked if s.path[: len(where)] == where)
            if tolerated is None or not (wanted or is_null(lookup(values, *where[1:])) or _empty(lookup(values, *where[1:]))):
                continue
            if name != "discovery" or not text(lookup(values, "discover", "toleration")):
                yield OperatorPods(subject, f"{name} of chart rook-ceph", daemon, wanted, tolerated, ("values", *path))


def _empty(node: Node | None) -> bool:
    return node is None or (isinstance(node, Mapping) and not node.entries)


def _daemon(subject: Subject, name: str, pods: tuple[Path, ...]) -> Workload:
    title = f"{name} of {subject.resource.title}"
    return Workload(subject, title, name, "ceph", False, None, (), None, pods, None)


def kept_off(subject: Subject, environment: Environment) -> Json:
    """Workloads whose every possible node has a taint they do not tolerate.

    One item a workload (Ceph daemons of one place together): ``of`` and ``path``, ``title``, ``nodes``
    (``of``, ``name`` and ``taint`` of each), ``taints`` (as kubectl writes them), ``enable`` (turning on the
    tolerations that the chart's values already list is enough), ``list`` (path of a list of tolerations that
    can be added to, empty for none) and ``toleration`` (what to add, null when one is not enough).
    """
    found: dict[tuple[str, str], dict[str, Json]] = {}
    for workload in (*workloads(environment), *ceph_daemons(environment)):
        reached = reach(workload, environment)
        if reached is None or reached.free or not reached.tainted:
            continue
        item = _kept_off(workload, reached)
        key = (str(item["of"]), str(item["path"]))
        first = found.setdefault(key, item)
        if first is not item:
            head, _, tail = str(first["title"]).partition(" of ")
            first["title"] = f"{head}, {workload.name} of {tail}"
    return [*found.values(), *_operator_kept_off(environment)]


def _operator_kept_off(environment: Environment) -> Iterator[Json]:
    for pods in operator_pods(environment) if not environment.evidence.get("nodes") else ():
        reached = _sorted(environment.nodes, pods.wanted, pods.tolerated)
        if reached.tainted and not reached.free:
            at = pods.wanted[0].path if pods.wanted and not items(lookup(pods.subject.object, *pods.path)) else pods.path
            item: dict[str, Json] = {"of": pods.subject.id, "path": escaped(at), "title": pods.title, "enable": False}
            yield {**item, "list": escaped(pods.path), **_taints(reached)}


def ceph_nodes(subject: Subject, environment: Environment) -> Json:
    """Where placement puts monitors, managers and OSDs: ``of``, ``path``, ``title``, ``nodes`` (``of``, ``name``, ``labels``).

    Daemons without any selector are left out.
    """
    found: list[Json] = []
    for workload in ceph_daemons(environment):
        if workload.name not in ("mon", "mgr", "osd") or not pod_selectors(workload):
            continue
        reached = reach(workload, environment)
        if reached is not None:
            nodes: list[Json] = [{"of": f"Node/{n.name}", "name": n.name, "labels": [*n.labels]} for n in reached.free]
            path = escaped(_anchor(workload))
            found.append({"of": workload.subject.id, "path": path, "title": workload.title, "nodes": nodes})
    return found


def _kept_off(workload: Workload, reached: Reach) -> dict[str, Json]:
    component = workload.subject.kind == "Component"
    listed = _tolerations(lookup(workload.subject.object, "tolerations", "list"), ()) if component else None
    enable = (
        component
        and bool(listed)
        and any(all(t.covers(taint) for taint in n.taints) for n, _ in reached.tainted for t in listed or ())
    )
    return {
        "of": workload.subject.id,
        "path": f"tolerations.{'enabled' if enable else 'list'}" if component else escaped(_anchor(workload)),
        "title": workload.title,
        "enable": enable,
        "list": "" if component else escaped((*_anchor(workload), "tolerations")),
        **_taints(reached),
    }


def _taints(reached: Reach) -> dict[str, Json]:
    taints = list(dict.fromkeys(taint for _, taint in reached.tainted))
    return {
        "nodes": [{"of": f"Node/{n.name}", "name": n.name, "taint": taint_text(t)} for n, t in reached.tainted],
        "taints": [taint_text(t) for t in taints],
        "toleration": _toleration(taints[0]) if len(taints) == 1 else None,
    }


def _anchor(workload: Workload) -> Path:
    """Where placement of a workload is written: the least specific place that exists."""
    body = workload.subject.object
    return next((p for p in workload.pods if lookup(body, *p) is not None), workload.pods[0])


def _toleration(taint: Taint) -> Json:
    if taint.value:
        return {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
    return {"key": taint.key, "operator": "Exists", "effect": taint.effect}


def taint_text(taint: Taint) -> str:
    """A taint as kubectl writes it: ``key=value:effect``."""
    return f"{taint.key}{'=' + taint.value if taint.value else ''}:{taint.effect}"


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Environment": {"kept_off": kept_off, "ceph_nodes": ceph_nodes}}
