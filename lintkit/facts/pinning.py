"""Facts about what ties or scatters pods: topology keys, open tolerations, single hosts, the nodes of a role."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.disruption import budgeted
from lintkit.facts.placement import escaped
from lintkit.facts.scheduling import ceph_daemons, operator_pods, pod_selectors, tolerations
from lintkit.facts.workloads import HOSTNAME, bounds, workloads
from lintkit.sources.inventory.model import CONTROL_PLANE
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, lookup, text

# labels that stand for the control plane (kubeadm; OpenStack-Helm installation guide)
_CONTROL: Final = (CONTROL_PLANE, "openstack-control-plane")
_HARMLESS: Final = "PreferNoSchedule"


def topology_keys(subject: Subject, environment: Environment) -> Json:
    """Topology keys of anti-affinities and spreads: ``of``, ``path``, ``title`` and ``key`` (none where PXC switches it off)."""
    found: list[Json] = []
    charts: set[tuple[str, str]] = set()
    for workload in workloads(environment):
        owner = workload.subject
        component = owner.kind == "Component"
        for rule in workload.rules or ():
            chart = (owner.id.rpartition("/")[0], rule.key)
            if not rule.key or not rule.key_path or (component and chart in charts):
                continue
            charts.add(chart)
            title = f"chart {text(owner.object.get('chart'))}" if component else workload.title
            found.append({"of": owner.id, "path": escaped(rule.key_path), "title": title, "key": rule.key})
        switch = (*workload.pods[0], "affinity", "antiAffinityTopologyKey")
        if not component and text(lookup(owner.object, *switch)) == "none":
            found.append({"of": owner.id, "path": escaped(switch), "title": workload.title, "key": "none"})
    return found


def open_tolerations(subject: Subject, environment: Environment) -> Json:
    """Tolerations of every taint: ``of``, ``path``, ``title``, ``effect`` (empty for all) and ``daemon``."""
    found: dict[tuple[str, str], Json] = {}
    pods = [(w.subject, w.title, w.daemon, tolerations(w) or ()) for w in (*workloads(environment), *ceph_daemons(environment))]
    pods += [(p.subject, p.title, p.daemon, p.tolerated) for p in operator_pods(environment)]
    for owner, title, daemon, tolerated in pods:
        for toleration in tolerated:
            if not toleration.key and toleration.operator == "Exists" and toleration.effect != _HARMLESS:
                path = escaped(toleration.path)
                said = f"placement.all of {owner.kind} {owner.resource.name}" if toleration.path[2:3] == ("all",) else title
                item: Json = {"of": owner.id, "path": path, "title": said, "effect": toleration.effect, "daemon": daemon}
                found.setdefault((owner.id, path), item)
    return [*found.values()]


def pinned(subject: Subject, environment: Environment) -> Json:
    """Workloads that select a single host by name: ``of``, ``path``, ``title`` and ``host``. Jobs and DaemonSets do not count."""
    found: list[Json] = []
    for workload in workloads(environment):
        if workload.daemon or workload.role == "run" or workload.subject.kind in ("Deployment", "StatefulSet"):
            continue
        for selector in pod_selectors(workload) or ():
            terms = selector.alternatives[0] if len(selector.alternatives) == 1 else ()
            term = next((t for t in terms if t.key == HOSTNAME and t.operator == "In" and len(t.values) == 1), None)
            if term is not None:
                item = {"of": workload.subject.id, "path": escaped(term.path), "title": workload.title, "host": term.values[0]}
                found.append({**item})
    return found


def roles(subject: Subject, environment: Environment) -> Json:
    """Nodes of the control and storage roles: ``role``, ``label``, ``of`` (the first node) and ``nodes`` (``of`` and ``name``).

    The control role is told by well-known labels, the storage role by the only label key that names storage.
    """
    keys = sorted({key for node in environment.nodes for key in node.labels})
    storage = [key for key in keys if "storage" in key]
    chosen = {"control": next((key for key in _CONTROL if key in keys), ""), "storage": storage[0] if len(storage) == 1 else ""}
    found: list[Json] = []
    for role, label in chosen.items():
        nodes = [node for node in environment.nodes if label in node.labels] if label else []
        if nodes:
            members: list[Json] = [{"of": f"Node/{node.name}", "name": node.name} for node in nodes]
            found.append({"role": role, "label": label, "of": f"Node/{nodes[0].name}", "nodes": members})
    return found


def unbudgeted(subject: Subject, environment: Environment) -> Json:
    """Databases and queues that no disruption budget protects: ``of``, ``path``, ``title`` and ``members`` (the fewest).

    Operators that make a budget by themselves (Percona: maxUnavailable 1, mariadb-operator: minAvailable 50 %) do not count.
    """
    protected = budgeted(environment)
    found: list[Json] = []
    for workload in workloads(environment):
        least = bounds(workload, environment)[0]
        if workload.role not in ("database", "queue") or least is None or protected.get(workload.title) is not False:
            continue
        if workload.subject.kind in ("PerconaXtraDBCluster", "MariaDB"):
            continue
        path = escaped(workload.replicas_path)
        found.append({"of": workload.subject.id, "path": path, "title": workload.title, "members": least})
    return found


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Environment": {
        "topology_keys": topology_keys,
        "open_tolerations": open_tolerations,
        "pinned": pinned,
        "roles": roles,
        "unbudgeted": unbudgeted,
    }
}
